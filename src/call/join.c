/*
 * join.c - two parties that came together without an offer of one to the other (after a transfer): what each was told
 * is compared with what the other said (RFC 3264); where that does not fit, one of them gets a re-INVITE; then their
 * streams are joined. A codec in common is looked for; where there is none we translate.
 */
#include <string.h>
#include "call/oa_priv.h"

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
	bool told_a, told_b;       /* it got such an offer */
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
	if (news && c->a && c->b)
		c->a->parks = c->b->parks = false;
	j->news = news;
	c->join = j;
	/* not within the call-back that led here: the session's exchange is still open */
	later(j, 0);
}

void join_back(struct leg *x)
{
	struct call *c = x->call;

	join_start(c, false);
	if (!c->join)
		return;
	if (x == c->a)
		c->join->refused_a = true;
	else
		c->join->refused_b = true;
}

/* ------------------------------------------------------------------ does it fit? */

enum fit { FIT_NOT, FIT_TRANSLATED, FIT_SAME };

/* What a party wants of line `m`: only its own hold counts, not what it answered to a hold of somebody else. */
static unsigned wants(const struct leg *l, const struct sdp_media *m)
{
	if (l->parks)
		return SDP_SENDONLY;
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

/* The same, with music for who is held. */
static enum sdp_dir told_with_music(const struct leg *p, unsigned own, unsigned other, const struct sdp_media *m)
{
	unsigned d = told(own, other);

	if (hold_has_music(p) && !(d & SDP_RECVONLY) && slice_eqs(m->type, "audio"))
		d |= SDP_SENDONLY;
	return (enum sdp_dir)d;
}

/* What a leg said and was told. */
struct side {
	const struct sdp *its, *our;
};

static int read_side(struct side *s, const struct leg *l)
{
	int err = oa_read(&s->its, rbuf_opt(l->remote));

	return err ? err : oa_read(&s->our, rbuf_opt(l->local));
}

static bool live(const struct side *s, size_t i)
{
	return oa_line_ok(s->its, i) && oa_line_ok(s->our, i);
}

/* The codecs that a leg and we agreed on for a line, events and noise left out. */
static void agreed(struct oa_list *l, const struct side *s, size_t i)
{
	struct oa_list room;
	const struct oa_list *our = oa_formats(&room, s->our, i);
	size_t n = 0;

	oa_list_read(l, s->its, &s->its->m[i]);
	for (size_t k = 0; k < l->n; k++)
		if (oa_is_sound(&l->v[k]) && oa_list_find(our, &l->v[k]))
			l->v[n++] = l->v[k];
	l->n = n;
}

/* All that `p` may send on line i is taken by `q`, or can be translated. *shared: they have a codec in common. */
static enum fit line_fits(const struct side *p, const struct side *q, size_t i, bool *shared)
{
	struct oa_list a, b;
	size_t n = 0;

	if (!slice_eq(p->its->m[i].type, q->its->m[i].type) || !slice_eq(p->our->m[i].type, q->its->m[i].type))
		return FIT_NOT;
	if (oa_is_fax(&p->its->m[i]) || oa_is_fax(&q->its->m[i]))
		return oa_is_fax(&p->its->m[i]) == oa_is_fax(&q->its->m[i]) ? FIT_SAME : FIT_NOT;
	agreed(&a, p, i);
	agreed(&b, q, i);
	for (size_t k = 0; k < a.n; k++)
		n += oa_list_find(&b, &a.v[k]) != NULL;
	*shared = *shared || n > 0;
	if (n && n == a.n)
		return FIT_SAME;
	if (!slice_eqs(p->its->m[i].type, "audio"))
		return FIT_NOT;
	return oa_list_codable(&a, NULL) && oa_list_codable(&b, NULL) ? FIT_TRANSLATED : FIT_NOT;
}

/* Was `p` told what `q` says? */
static enum fit fits(const struct leg *p, const struct leg *q, bool *shared)
{
	enum fit all = FIT_SAME;
	struct side a, b;
	bool any = false;

	*shared = false;
	if (read_side(&a, p) || read_side(&b, q))
		return FIT_NOT;
	for (size_t i = 0; i < LEG_MEDIA_MAX && i < a.our->nm; i++) {
		const struct sdp_media *m;
		enum fit f;

		if (!live(&a, i))
			continue;
		any = true;
		f = live(&b, i) ? line_fits(&a, &b, i, shared) : FIT_NOT;
		if (f < all)
			all = f;
		if (!f)
			continue;
		m = &a.our->m[i];
		if (m->dir != told_with_music(p, wants(p, &a.its->m[i]), wants(q, &b.its->m[i]), m))
			all = FIT_NOT;
	}
	return any ? all : FIT_NOT;
}

static bool any_line(const struct leg *p, const struct leg *q)
{
	struct side a, b;
	bool shared = false;

	if (read_side(&a, p) || read_side(&b, q))
		return false;
	for (size_t i = 0; i < LEG_MEDIA_MAX; i++)
		if (live(&a, i) && live(&b, i) && line_fits(&a, &b, i, &shared))
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
	bool news = c->join->news;

	join_stop(c);
	bridge_apply(c->a, c->b);
	c->a->state = c->a->holds || c->a->parks ? LEG_HELD : LEG_ANSWERED;
	c->b->state = c->b->holds || c->b->parks ? LEG_HELD : LEG_ANSWERED;
	hold_apply(c->a, c->b);
	if (news)
		call_connected(c);
	else
		call_changed(c);
}

/* Tell `p` what `q` says. */
static int tell(struct leg *p, const struct leg *q, bool shared, bool *same)
{
	struct sdp *d = oa_scratch(0);
	const struct sdp *own;
	int err = oa_read(&own, rbuf_opt(p->remote));

	if (!err)
		err = sdp_decode(d, rbuf_opt(q->remote));
	if (err)
		return err;
	for (size_t i = 0; i < d->nm; i++) {
		unsigned theirs = wants(q, &d->m[i]);
		unsigned its = oa_line_ok(own, i) ? wants(p, &own->m[i]) : (unsigned)SDP_SENDRECV;

		if (sa_is_any(&d->m[i].conn))
			memset(&d->m[i].conn, 0, sizeof(d->m[i].conn));
		d->m[i].dir = told(its, theirs);
	}
	return oa_solo(&(struct oa_say){.to = p, .from = q, .in = d, .shared = shared}, same);
}

static void wait(struct join *j)
{
	if (++j->waits > WAIT_MAX)
		give_up(j->call);
	else
		later(j, RETRY_MS);
}

/* One re-INVITE to `p`, if that can help; a second one where we can translate already would not. EINVAL: it cannot. */
static int step(struct leg *p, const struct leg *q, bool *refused, bool *told_once)
{
	bool same, shared;
	enum fit f = fits(p, q, &shared);
	int err;

	if (*refused || f == FIT_SAME || (f == FIT_TRANSLATED && *told_once))
		return EINVAL;
	err = tell(p, q, shared, &same);
	if (err == ERR_STATE)
		return err;
	*told_once = true;
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
	enum fit fit, back;
	bool shared;
	int err;

	if (c->state != CALL_UP || !a || !b) {
		join_stop(c);
		return;
	}
	if (busy(a) || busy(b)) {
		wait(j);
		return;
	}
	fit = fits(a, b, &shared);
	back = fits(b, a, &shared);
	/* what was asked for has gone from one to the other, or else join_result() says so */
	if ((j->asking || (fit == FIT_SAME && back == FIT_SAME)) && any_line(a, b)) {
		done(c);
		return;
	}
	err = j->rounds++ < ROUNDS_MAX ? step(a, b, &j->refused_a, &j->told_a) : EINVAL;
	if (err == EINVAL && j->rounds < ROUNDS_MAX)
		err = step(b, a, &j->refused_b, &j->told_b);
	if (err == EINVAL && fit && back && any_line(a, b)) {
		done(c);
		return;
	}
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
