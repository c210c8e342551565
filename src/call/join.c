/*
 * join.c - two parties that came together without an offer of one to the other (after a transfer): what each was told
 * is compared with what the other said (RFC 3264); where that does not fit, one of them gets a re-INVITE; then their
 * streams are joined. No packet is touched: payload types must be those that the receiver named.
 */
#include <string.h>
#include "call/call_priv.h"

enum {
	ROUNDS_MAX = 6, /* re-INVITEs to bring two together */
	RETRY_MS = 100, /* an exchange of theirs is open: look again */
	WAIT_MAX = 400  /* times: a session without its ACK ends itself after 32 s */
};

struct join {
	struct call *call;
	struct timer timer;
	unsigned rounds, waits;
	bool refused_a, refused_b; /* the offer of the other's description */
	bool asked_a, asked_b;     /* for an offer of its own */
	bool asking;
	bool news; /* both must be told whom they talk to now */
};

static void next(struct join *j);

static void timer_h(void *arg)
{
	next(arg);
}

static void later(struct join *j, uint64_t ms)
{
	timer_start(&j->timer, j->call->calls->loop, ms, timer_h, j);
}

void join_stop(struct call *c)
{
	struct join *j = c->join;

	if (!j)
		return;
	c->join = NULL;
	timer_stop(&j->timer);
	mem_deref(j);
}

static void give_up(struct call *c)
{
	join_stop(c);
	call_end(c, "system", &(struct hangup){.code = 488, .text = "the sound could not be agreed on"});
}

void join_start(struct call *c, bool news)
{
	struct join *j;

	join_stop(c);
	j = mem_zalloc(sizeof(*j), NULL);
	if (!j) {
		give_up(c);
		return;
	}
	j->call = c;
	j->news = news;
	c->join = j;
	/* not within the call-back that led here: the session's exchange is still open */
	later(j, 0);
}

/* ------------------------------------------------------------------ does it fit? */

/* What a party wants of line `m`: only its own hold counts, not what it answered to a hold of somebody else. */
static unsigned wants(const struct leg *l, const struct sdp_media *m)
{
	return l->holds ? oa_dir(m) : SDP_SENDRECV;
}

/* Direction that `to` is to be told for a line, seen from us: its wish is `own`, that of the other party `other`. */
static enum sdp_dir told(unsigned own, unsigned other)
{
	unsigned d = 0;

	if ((other & SDP_SENDONLY) && (own & SDP_RECVONLY))
		d |= SDP_SENDONLY;
	if ((other & SDP_RECVONLY) && (own & SDP_SENDONLY))
		d |= SDP_RECVONLY;
	return (enum sdp_dir)d;
}

/* Lines of a description in a form that outlives the scratch. */
struct lines {
	uint64_t pt[LEG_MEDIA_MAX][2]; /* payload types it takes */
	uint8_t wants[LEG_MEDIA_MAX];
	bool live[LEG_MEDIA_MAX];
};

static int take_lines(struct lines *v, const struct leg *l)
{
	struct sdp *d = oa_scratch(0);
	int err = sdp_decode(d, rbuf_opt(l->remote));
	uint32_t pt;

	memset(v, 0, sizeof(*v));
	for (size_t i = 0; !err && i < LEG_MEDIA_MAX && i < d->nm; i++) {
		v->live[i] = oa_line_ok(d, i);
		v->wants[i] = (uint8_t)wants(l, &d->m[i]);
		for (size_t k = 0; k < d->m[i].nfmt; k++)
			if (!slice_u32(d->m[i].fmt[k], &pt) && pt < 128)
				v->pt[i][pt / 64] |= 1ull << pt % 64;
	}
	return err;
}

static bool same_map(const struct sdp *a, const struct sdp *b, size_t i, struct slice fmt)
{
	struct slice na, nb;
	uint32_t ra, rb;
	uint8_t ca, cb;

	for (size_t k = 0; k < b->m[i].nfmt; k++)
		if (slice_eq(b->m[i].fmt[k], fmt))
			return !sdp_rtpmap(a, &a->m[i], fmt, &na, &ra, &ca) &&
			       !sdp_rtpmap(b, &b->m[i], fmt, &nb, &rb, &cb) && slice_ieq(na, nb) && ra == rb &&
			       ca == cb;
	return false;
}

/* All that `p` may send on line i, by `ours` (which it was told) and `can` (which it can), is taken by `q`. */
static bool line_fits(const struct sdp *ours, const struct lines *can, const struct sdp *q, size_t i)
{
	const struct sdp_media *m = &ours->m[i];
	size_t n = 0;
	uint32_t pt;

	if (!slice_eq(m->type, q->m[i].type))
		return false;
	for (size_t k = 0; k < m->nfmt; k++) {
		if (slice_u32(m->fmt[k], &pt) || pt > 127 || !(can->pt[i][pt / 64] >> pt % 64 & 1))
			continue;
		if (!same_map(ours, q, i, m->fmt[k]))
			return false;
		n++;
	}
	return n > 0;
}

/* Was `p` told what `q` says? */
static bool fits(const struct leg *p, const struct leg *q)
{
	struct sdp *ours = oa_scratch(0), *theirs = oa_scratch(1);
	struct lines can;

	if (take_lines(&can, p) || sdp_decode(ours, rbuf_opt(p->local)) || sdp_decode(theirs, rbuf_opt(q->remote)))
		return false;
	for (size_t i = 0; i < LEG_MEDIA_MAX && i < ours->nm; i++) {
		if (!oa_line_ok(ours, i) || !can.live[i])
			continue;
		if (!oa_line_ok(theirs, i) || !line_fits(ours, &can, theirs, i))
			return false;
		if (ours->m[i].dir != told(can.wants[i], wants(q, &theirs->m[i])))
			return false;
	}
	return true;
}

static bool any_line(const struct leg *a, const struct leg *b)
{
	struct lines x, y;

	if (take_lines(&x, a) || take_lines(&y, b))
		return false;
	for (size_t i = 0; i < LEG_MEDIA_MAX; i++)
		if (x.live[i] && y.live[i])
			return true;
	return false;
}

/* ------------------------------------------------------------------ steps */

static bool busy(const struct leg *l)
{
	return l->offered || l->offer_open || l->solo;
}

static void done(struct call *c)
{
	struct sdp *da = oa_scratch(0), *db = oa_scratch(1);
	bool news = c->join->news;

	join_stop(c);
	if (sdp_decode(da, rbuf_opt(c->a->remote)) || sdp_decode(db, rbuf_opt(c->b->remote))) {
		give_up(c);
		return;
	}
	bridge_apply(c->a, da, c->b, db);
	c->a->state = c->a->holds ? LEG_HELD : LEG_ANSWERED;
	c->b->state = c->b->holds ? LEG_HELD : LEG_ANSWERED;
	if (news)
		call_connected(c);
	else
		call_changed(c);
}

/* Tell `p` what `q` says. */
static int tell(struct leg *p, const struct leg *q, bool *same)
{
	struct sdp *d = oa_scratch(0);
	struct lines own;
	int err = take_lines(&own, p);

	if (!err)
		err = sdp_decode(d, rbuf_opt(q->remote));
	if (err)
		return err;
	for (size_t i = 0; i < d->nm; i++) {
		unsigned theirs = wants(q, &d->m[i]);
		bool had = i < LEG_MEDIA_MAX && own.live[i];

		if (sa_is_any(&d->m[i].conn))
			memset(&d->m[i].conn, 0, sizeof(d->m[i].conn));
		d->m[i].dir = told(had ? own.wants[i] : (unsigned)SDP_SENDRECV, theirs);
	}
	return oa_solo(p, d, same);
}

static void wait(struct join *j)
{
	if (++j->waits > WAIT_MAX)
		give_up(j->call);
	else
		later(j, RETRY_MS);
}

/* One re-INVITE to `p`, if that can help. EINVAL: it cannot. */
static int step(struct leg *p, const struct leg *q, bool *refused)
{
	bool same;
	int err;

	if (*refused || fits(p, q))
		return EINVAL;
	err = tell(p, q, &same);
	if (err == ERR_STATE)
		return err;
	/* it knows all that, and does not take it */
	*refused = err || same;
	return *refused ? EINVAL : 0;
}

/* What they said before was for somebody else: perhaps there is more that they can do. */
static int ask(struct join *j)
{
	bool *asked = j->asked_a ? &j->asked_b : &j->asked_a;
	int err = *asked ? EINVAL : oa_solo_ask(j->asked_a ? j->call->b : j->call->a);

	if (err)
		return err;
	*asked = j->asking = true;
	later(j, RETRY_MS);
	return 0;
}

static void next(struct join *j)
{
	struct call *c = j->call;
	struct leg *a = c->a, *b = c->b;
	int err;

	if (c->state != CALL_UP || !a || !b) {
		join_stop(c);
		return;
	}
	if (busy(a) || busy(b)) {
		wait(j);
		return;
	}
	/* what was asked for has gone from one to the other, or else join_result() says so */
	if ((j->asking || (fits(a, b) && fits(b, a))) && any_line(a, b)) {
		done(c);
		return;
	}
	err = j->rounds++ < ROUNDS_MAX ? step(a, b, &j->refused_a) : EINVAL;
	if (err == EINVAL && j->rounds < ROUNDS_MAX)
		err = step(b, a, &j->refused_b);
	if (err == EINVAL)
		err = ask(j);
	if (err == ERR_STATE)
		wait(j);
	else if (err)
		give_up(c);
}

void join_result(struct leg *l, uint16_t code)
{
	struct call *c = l->call;
	struct join *j = c->join;

	if (!j) {
		/* nobody to be joined with yet: it hears us */
		if (code < 300 && oa_local_apply(l))
			log_debug("call", "%s: a description cannot be read any more", c->id);
		return;
	}
	if (code >= 300 && l == c->a)
		j->refused_a = true;
	else if (code >= 300)
		j->refused_b = true;
	j->asking = false;
	later(j, 0);
}
