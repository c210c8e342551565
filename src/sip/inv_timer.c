/*
 * inv_timer.c - session timers (RFC 4028): what is asked and agreed, who refreshes, 422, and the end of a session that
 * was not refreshed.
 *
 * The state is made only where a timer is asked for or agreed on. Each 2xx to an INVITE or UPDATE agrees anew.
 */
#include "sip/inv_priv.h"

#include "wire/sip/session_expires.h"

enum {
	LEAST_S = 90,      /* RFC 4028 5: the smallest Min-SE */
	CLAMP_S = 20,      /* a peer that agrees on less is taken at this */
	MOST_S = 30000000, /* s: about a year, so that ms stay small */
	AGAIN_MS = 5000    /* a refresh that was not possible is tried again */
};

struct inv_st {
	struct inv *in;
	struct sip_inv_timer cfg;
	uint32_t interval; /* s in force, 0 = none */
	uint32_t min_se;   /* the highest a 422 asked for */
	uint64_t end_ms;   /* not refreshed by then: the session is over */
	struct timer tm;
	bool ours; /* we refresh */
};

static bool enabled(const struct inv *in)
{
	return in->d->sip && sip_has_tag(in->d->sip, SLICE("timer"));
}

static int st_make(struct inv *in)
{
	if (in->st)
		return 0;
	in->st = mem_zalloc(sizeof(*in->st), NULL);
	if (!in->st)
		return ENOMEM;
	in->st->in = in;
	return 0;
}

static uint32_t our_min(const struct inv_st *st)
{
	return st && st->cfg.min_s > LEAST_S ? st->cfg.min_s : LEAST_S;
}

void inv_timer_stop(struct inv *in)
{
	if (!in->st)
		return;
	timer_stop(&in->st->tm);
	in->st = mem_deref(in->st);
}

void sip_inv_set_timer(struct sip_inv *i, const struct sip_inv_timer *t)
{
	struct inv *in = i->in;

	if (in->told || !in->d->sip || (!t->expires_s && !t->min_s))
		return;
	if (st_make(in)) {
		log_warn("sip", "no memory for a session timer");
		return;
	}
	in->st->cfg = *t;
	if (t->expires_s && t->expires_s < our_min(in->st))
		in->st->cfg.expires_s = our_min(in->st);
	if (in->st->cfg.expires_s > MOST_S)
		in->st->cfg.expires_s = MOST_S;
}

bool sip_inv_expired(const struct sip_inv *i)
{
	return i->in->expired;
}

/* ---- the time runs ---- */

static void expire(struct inv *in)
{
	in->expired = true;
	log_debug("sip", "session %.*s was not refreshed", SLICE_FMT(dialog_text(in->d, DIALOG_CALLID)));
	inv_keep_reason(in, SLICE("SIP;cause=408;text=\"Session expired\""));
	inv_drop(in, ETIMEDOUT, 408, NULL);
}

static void timer_h(void *arg)
{
	struct inv_st *st = arg;
	struct inv *in = st->in;
	uint64_t now = loop_now_ms(inv_sip(in)->loop);
	int err;

	mem_ref(in);
	if (now >= st->end_ms) {
		expire(in);
	} else {
		timer_start(&st->tm, inv_sip(in)->loop, st->end_ms - now, timer_h, st);
		err = inv_refresh(in);
		if (err == EAGAIN || err == ENOMEM)
			inv_timer_later(in);
		else if (err)
			log_debug("sip", "the session cannot be refreshed: %s", err_str(err));
	}
	mem_deref(in);
}

void inv_timer_later(struct inv *in)
{
	struct inv_st *st = in->st;
	uint64_t left;

	if (!st || !st->interval || !st->ours)
		return;
	left = timer_left(&st->tm);
	timer_start(&st->tm, inv_sip(in)->loop, left && left < AGAIN_MS ? left : AGAIN_MS, timer_h, st);
}

/** Agreed on: the refresher acts at half the interval, the other side gives up shortly before its end (RFC 4028 10). */
static void run(struct inv_st *st, uint32_t s, bool ours)
{
	struct sip *sip = inv_sip(st->in);
	uint64_t ms, before;

	s = s < CLAMP_S ? CLAMP_S : s > MOST_S ? MOST_S : s;
	st->interval = s;
	st->ours = ours;
	before = s / 3 < 32 ? s / 3 : 32;
	ms = 1000ULL * (s - before);
	st->end_ms = loop_now_ms(sip->loop) + ms;
	timer_start(&st->tm, sip->loop, ours ? 500ULL * s : ms, timer_h, st);
}

static void off(struct inv *in)
{
	if (!in->st)
		return;
	timer_stop(&in->st->tm);
	in->st->interval = 0;
}

/* ---- as the sender of a request ---- */

/** What to ask for: what is in force, or the wish, at least what a 422 asked for. */
static uint32_t asked(const struct inv_st *st)
{
	uint32_t s = st->interval ? st->interval : st->cfg.expires_s;

	return s && s < st->min_se ? st->min_se : s;
}

void inv_timer_enc_request(struct buf *b, const struct inv *in)
{
	const struct inv_st *st = in->st;
	struct sip_session_expires se = {0};
	uint32_t min;

	if (!st || !enabled(in) || !asked(st))
		return;
	se.s = asked(st);
	if (st->interval)
		se.refresher = st->ours ? SIP_REFRESHER_UAC : SIP_REFRESHER_UAS;
	else if (st->cfg.prefer_peer)
		se.refresher = SIP_REFRESHER_UAS;
	buf_str(b, "Session-Expires: ");
	sip_session_expires_encode(b, &se);
	min = st->min_se > our_min(st) ? st->min_se : our_min(st);
	if (min > LEAST_S) /* 90 is what its absence means */
		buf_printf(b, "\r\nMin-SE: %u", min);
	buf_str(b, "\r\n");
}

/** A caller that knows nothing of timers: we refresh, as our 2xx said, and its answers cannot speak of it. */
static bool unaware(const struct inv *in)
{
	const struct inv_st *st = in->st;

	return st && st->interval && st->ours && st->cfg.expires_s && in->h && !sip_inv_peer_supports(in->h, "timer");
}

void inv_timer_answered(struct inv *in, const struct sip_msg *rsp)
{
	struct sip_session_expires se;

	if (!enabled(in))
		return;
	if (!sip_msg_hdr(rsp, SIP_HDR_SESSION_EXPIRES) ||
	    sip_session_expires_decode(&se, sip_msg_val(rsp, SIP_HDR_SESSION_EXPIRES))) {
		if (unaware(in))
			run(in->st, in->st->interval, true);
		else
			off(in);
		return;
	}
	if (st_make(in)) {
		log_warn("sip", "no memory for a session timer");
		return;
	}
	run(in->st, se.s, se.refresher != SIP_REFRESHER_UAS);
}

bool inv_timer_raise(struct inv *in, const struct sip_msg *rsp)
{
	uint32_t s;

	if (!enabled(in) || sip_min_se_decode(&s, sip_msg_val(rsp, SIP_HDR_MIN_SE)) || s > MOST_S)
		return false;
	if (!in->st || !asked(in->st) || s <= asked(in->st))
		return false;
	in->st->min_se = s;
	return true;
}

/* ---- as its receiver ---- */

bool sip_inv_timer_admit(struct sip_strans *st, const struct sip_msg *req, uint32_t min_s)
{
	struct sip_session_expires se;
	char line[32];
	struct buf b;

	min_s = min_s > LEAST_S ? min_s : LEAST_S;
	if (!sip_has_tag(st->sip, SLICE("timer")) || !sip_msg_has_token(req, SIP_HDR_SUPPORTED, SLICE("timer")) ||
	    sip_session_expires_decode(&se, sip_msg_val(req, SIP_HDR_SESSION_EXPIRES)) || se.s >= min_s)
		return true;
	buf_init_fixed(&b, line, sizeof(line));
	buf_printf(&b, "Min-SE: %u\r\n", min_s);
	if (sip_reply(st, 422, SLICE_NULL, buf_get(&b), SLICE_NULL, SLICE_NULL))
		sip_reply_simple(st, 422, NULL);
	return false;
}

bool inv_timer_admit(const struct inv *in, struct sip_strans *st, const struct sip_msg *req)
{
	return sip_inv_timer_admit(st, req, our_min(in->st));
}

/** The interval for our 2xx, 0 = none (RFC 4028 9): ours if it is shorter, but not below their Min-SE. */
static uint32_t agree(const struct inv_st *st, const struct sip_session_expires *se, const struct sip_msg *req)
{
	uint32_t wish = st ? st->cfg.expires_s : 0, least;

	if (sip_min_se_decode(&least, sip_msg_val(req, SIP_HDR_MIN_SE)) || least < our_min(st))
		least = our_min(st);
	if (wish && wish < least)
		wish = least;
	if (!se->s)
		return wish;
	return wish && wish < se->s ? wish : se->s;
}

void inv_timer_enc_answer(struct buf *b, struct inv *in, const struct sip_msg *req)
{
	bool peer = sip_msg_has_token(req, SIP_HDR_SUPPORTED, SLICE("timer")) ||
		    sip_msg_has_token(req, SIP_HDR_REQUIRE, SLICE("timer"));
	struct sip_session_expires se;

	if (!enabled(in))
		return;
	if (sip_session_expires_decode(&se, sip_msg_val(req, SIP_HDR_SESSION_EXPIRES)))
		se = (struct sip_session_expires){0};
	se.s = agree(in->st, &se, req);
	if (!se.s || st_make(in)) {
		off(in);
		return;
	}
	if (!peer)
		se.refresher = SIP_REFRESHER_UAS;
	else if (!se.refresher)
		se.refresher = in->st->cfg.prefer_peer ? SIP_REFRESHER_UAC : SIP_REFRESHER_UAS;
	if (se.refresher == SIP_REFRESHER_UAC)
		buf_str(b, "Require: timer\r\n");
	buf_str(b, "Session-Expires: ");
	sip_session_expires_encode(b, &se);
	buf_str(b, "\r\n");
	run(in->st, se.s, se.refresher == SIP_REFRESHER_UAS);
}
