/*
 * bridge.c - the streams of legs: opened, told what their parties said, joined line by line, closed.
 */
#include <string.h>
#include "call/dtmf.h"
#include "call/oa_crypto.h"
#include "call/oa_priv.h"

static void dead_h(struct mstream *s, void *arg)
{
	struct leg *l = arg;
	struct hangup h = {.code = 200, .text = "no sound arrived for too long"};

	(void)s;
	/* who stands aside in a transfer is not listened to */
	if (l->call->state == CALL_UP && (l == l->call->a || l == l->call->b))
		call_end(l->call, "system", &h);
}

static void key_h(struct mstream *s, const struct mkey *k, void *arg)
{
	(void)s;
	dtmf_key(arg, k);
}

static const struct mstream_ops stream_ops = {.dead = dead_h, .key = key_h};

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
	else if (slice_eqs(type, "text"))
		kind = MSTREAM_TEXT;
	else if (slice_eqs(type, "image"))
		kind = MSTREAM_UDPTL;
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

/* ------------------------------------------------------------------ what is in force */

/* A description that waits to be answered, or was just answered, goes before what is in force. */
static struct slice theirs(const struct leg *l)
{
	return rbuf_opt(l->offer ? l->offer : l->remote);
}

static struct slice ours(const struct leg *l)
{
	return rbuf_opt(l->sent ? l->sent : l->local);
}

static void add_codec(struct mstream_remote *r, const struct oa_codec *to, const struct oa_codec *from)
{
	struct mcodec *c = &r->codec[r->ncodec++];

	memset(c, 0, sizeof(*c));
	c->id = to->id;
	c->pt = to->pt;
	c->rate = to->clock;
	c->ch = to->ch;
	c->par = to->ops ? codec_par(to->ops, to->fmtp) : 0;
	if (from->pt != to->pt)
		c->rx_pt1 = (uint8_t)(from->pt + 1);
}

/* Codecs that both descriptions name, in the order of the one that was the answer. The party wants the numbers of its
 * own description, and sends those of ours. */
static void agreed_codecs(struct mstream_remote *r, const struct oa_list *its, const struct oa_list *our,
			  bool it_offered)
{
	const struct oa_list *answer = it_offered ? our : its, *offer = it_offered ? its : our;

	r->ncodec = 0;
	for (size_t i = 0; i < answer->n && r->ncodec < MCODEC_MAX; i++) {
		const struct oa_codec *a = &answer->v[i], *o = oa_list_find(offer, a);

		if (o)
			add_codec(r, it_offered ? o : a, it_offered ? a : o);
	}
}

static uint16_t ms_attr(const struct sdp *d, const struct sdp_media *m, const char *name)
{
	const struct sdp_attr *a = sdp_attr_find(d, m, name);
	uint32_t ms;

	return a && !slice_u32(a->val, &ms) && ms && ms <= 200 ? (uint16_t)ms : 0;
}

/* All that is read of a line for its stream: `d` is the party's description, `own` ours to it. */
static void fill_remote(struct mstream_remote *r, const struct leg *l, const struct sdp *d, const struct sdp *own,
			size_t i)
{
	const struct sdp_media *m = &d->m[i];
	unsigned its = oa_dir(m), our = oa_dir(&own->m[i]);
	struct oa_list room_a, room_b;

	memset(r, 0, sizeof(*r));
	r->udptl = oa_is_fax(m);
	if (sa_isset(&m->conn) && !sa_is_any(&m->conn)) {
		r->rtp = m->conn;
		r->rtcp = m->rtcp;
	}
	r->rtcp_mux = m->rtcp_mux && own->m[i].rtcp_mux;
	r->quiet = l->state == LEG_HELD;
	r->renewed = l->state == LEG_ANSWERED || l->state == LEG_HELD;
	r->we_send = (its & SDP_RECVONLY) && (our & SDP_SENDONLY);
	r->we_recv = (its & SDP_SENDONLY) && (our & SDP_RECVONLY);
	agreed_codecs(r, oa_formats(&room_a, d, i), oa_formats(&room_b, own, i), l->gave_offer);
	r->ptime_ms = ms_attr(d, m, "ptime");
	r->maxptime_ms = ms_attr(d, m, "maxptime");
	r->no_events = dtmf_no_events(l);
}

static bool agreed(const struct sdp *a, const struct sdp *b, size_t i)
{
	return oa_line_ok(a, i) && oa_line_ok(b, i);
}

static void set_remote(struct leg *l)
{
	const struct sdp *d, *own;
	struct mstream_remote r;

	if (oa_read(&d, theirs(l)) || oa_read(&own, ours(l)))
		return; /* it was read before: what the streams know still holds */
	for (size_t i = 0; i < LEG_MEDIA_MAX; i++) {
		if (!l->ms[i])
			continue;
		if (!agreed(d, own, i) || !oa_crypto_apply(l, i)) {
			bridge_drop(l, i);
			continue;
		}
		fill_remote(&r, l, d, own, i);
		if (l->ops->callid)
			mstream_mark(l->ms[i], trace_mark(l->ops->callid(l)));
		mstream_set_remote(l->ms[i], &r);
	}
	recordings_follow(l->call);
}

void bridge_set_remote(struct leg *l)
{
	set_remote(l);
	dtmf_listen(l, NULL);
}

void bridge_apply(struct leg *a, struct leg *b)
{
	set_remote(a);
	set_remote(b);
	for (size_t i = 0; i < LEG_MEDIA_MAX; i++) {
		if (a->ms[i] && b->ms[i]) {
			mstream_join(a->ms[i], b->ms[i]);
			continue;
		}
		bridge_drop(a, i);
		bridge_drop(b, i);
	}
	dtmf_listen(a, b);
	dtmf_listen(b, a);
}

/* ------------------------------------------------------------------ hold */

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
