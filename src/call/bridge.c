/*
 * bridge.c - the streams of legs: opened, told what their parties said, joined line by line, closed.
 */
#include <string.h>
#include "call/call_priv.h"

static void dead_h(struct mstream *s, void *arg)
{
	struct leg *l = arg;
	struct hangup h = {.code = 200, .text = "no sound arrived for too long"};

	(void)s;
	/* who stands aside in a transfer is not listened to */
	if (l->call->state == CALL_UP && (l == l->call->a || l == l->call->b))
		call_end(l->call, "system", &h);
}

static void dtmf_h(struct mstream *s, char digit, uint32_t ms, void *arg)
{
	(void)s;
	leg_ev_dtmf(arg, digit, ms);
}

static const struct mstream_ops stream_ops = {.dead = dead_h, .dtmf = dtmf_h};

int bridge_stream(struct leg *l, size_t i, struct slice type, const struct sa *bind)
{
	enum mstream_kind kind = MSTREAM_OTHER;
	const struct calls *cs = l->call->calls;
	int err;

	if (l->ms[i])
		return 0;
	if (slice_eqs(type, "audio"))
		kind = MSTREAM_AUDIO;
	else if (slice_eqs(type, "video"))
		kind = MSTREAM_VIDEO;
	err = mstream_alloc(&l->ms[i], cs->media, l->call->worker, kind, bind, &stream_ops, l);
	if (err) {
		l->ms[i] = NULL;
		log_warn("call", "%s: no port for the sound of %s: %s", l->call->id, l->party.number, err_str(err));
		if (cs->ops->no_port)
			cs->ops->no_port(l->call, err, cs->arg);
	}
	return err == ENOTSUP ? EINVAL : err;
}

void bridge_drop(struct leg *l, size_t i)
{
	if (l->ms[i])
		mstream_close(l->ms[i], NULL, NULL);
	l->ms[i] = NULL;
}

/* The codecs of a line. */
static size_t codecs(struct mcodec v[MCODEC_MAX], const struct sdp *d, const struct sdp_media *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->nfmt && n < MCODEC_MAX; i++) {
		struct mcodec *c = &v[n];
		struct slice name;
		uint32_t pt;

		if (slice_u32(m->fmt[i], &pt) || pt > 127 || sdp_rtpmap(d, m, m->fmt[i], &name, &c->rate, &c->ch))
			continue;
		(void)slice_copy(c->name, sizeof(c->name), name);
		for (char *p = c->name; *p; p++)
			if (*p >= 'a' && *p <= 'z')
				*p = (char)(*p - 32);
		c->pt = (uint8_t)pt;
		n++;
	}
	return n;
}

static bool has_codec(const struct mcodec *v, size_t n, const struct mcodec *c)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].rate == c->rate && v[i].ch == c->ch && !strcmp(v[i].name, c->name))
			return true;
	return false;
}

/* What `m` says that the other side said, too; all of it if they share nothing that we know. */
static void shared_codecs(struct mstream_remote *r, const struct sdp *d, size_t i, const struct sdp *other)
{
	struct mcodec theirs[MCODEC_MAX];
	size_t all = codecs(r->codec, d, &d->m[i]), n = codecs(theirs, other, &other->m[i]), k = 0;

	for (size_t j = 0; j < all; j++)
		if (has_codec(theirs, n, &r->codec[j]))
			r->codec[k++] = r->codec[j];
	r->ncodec = (uint8_t)(k ? k : all);
}

static uint16_t ptime(const struct sdp *d, const struct sdp_media *m)
{
	const struct sdp_attr *a = sdp_attr_find(d, m, "ptime");
	uint32_t ms;

	return a && !slice_u32(a->val, &ms) && ms && ms <= 200 ? (uint16_t)ms : 0;
}

static void fill_remote(struct mstream_remote *r, const struct sdp *d, size_t i, const struct sdp *other, bool inside)
{
	const struct sdp_media *m = &d->m[i];
	unsigned mine = oa_dir(m), theirs = oa_dir(&other->m[i]);

	memset(r, 0, sizeof(*r));
	if (sa_isset(&m->conn) && !sa_is_any(&m->conn)) {
		r->rtp = m->conn;
		r->rtcp = m->rtcp;
	}
	r->rtcp_mux = m->rtcp_mux && other->m[i].rtcp_mux;
	if (inside)
		theirs = SDP_SENDRECV;
	r->we_send = (mine & SDP_RECVONLY) && (theirs & SDP_SENDONLY);
	r->we_recv = (mine & SDP_SENDONLY) && (theirs & SDP_RECVONLY);
	shared_codecs(r, d, i, other);
	r->ptime_ms = ptime(d, m);
}

static bool agreed(const struct sdp *a, const struct sdp *b, size_t i)
{
	return oa_line_ok(a, i) && oa_line_ok(b, i);
}

void bridge_set_remote(struct leg *l, const struct sdp *d, const struct sdp *other, bool inside)
{
	struct mstream_remote r;

	for (size_t i = 0; i < LEG_MEDIA_MAX; i++) {
		if (!l->ms[i])
			continue;
		if (!agreed(d, other, i)) {
			bridge_drop(l, i);
			continue;
		}
		fill_remote(&r, d, i, other, inside);
		mstream_set_remote(l->ms[i], &r);
	}
}

void bridge_apply(struct leg *a, const struct sdp *da, struct leg *b, const struct sdp *db)
{
	bridge_set_remote(a, da, db, false);
	bridge_set_remote(b, db, da, false);
	for (size_t i = 0; i < LEG_MEDIA_MAX; i++) {
		if (a->ms[i] && b->ms[i]) {
			mstream_join(a->ms[i], b->ms[i]);
			continue;
		}
		bridge_drop(a, i);
		bridge_drop(b, i);
	}
}

void bridge_hold_state(struct leg *l, const struct sdp *d)
{
	bool held = d->nm > 0;

	if (l->state != LEG_ANSWERED && l->state != LEG_HELD)
		return;
	for (size_t i = 0; i < d->nm; i++)
		if (oa_line_ok(d, i) && (oa_dir(&d->m[i]) & SDP_RECVONLY))
			held = false;
	l->state = held ? LEG_HELD : LEG_ANSWERED;
}
