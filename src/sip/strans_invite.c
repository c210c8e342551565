/*
 * strans_invite.c - the INVITE server transaction (RFC 3261 17.2.1, figure 7; RFC 6026 7.1).
 *
 *	Proceeding -2xx-> Accepted -L-> end
 *	Proceeding -300..699-> Completed -ACK-> Confirmed -I-> end;  Completed -H-> end with ETIMEDOUT
 *
 * Timers: G our answer again (T1, doubling up to T2, not on streams), H wait for ACK (64*T1),
 * I absorb further ACKs (T4, 0 on streams), L absorb INVITEs after a 2xx (64*T1).
 */
#include "base/log.h"
#include "sip/sip_priv.h"

enum state { PROCEEDING, COMPLETED, CONFIRMED, ACCEPTED };

static const char *const names[] = {"proceeding", "completed", "confirmed", "accepted"};

const char *sip_is_state(const struct sip_strans *st)
{
	return names[st->state];
}

static void set_state(struct sip_strans *st, enum state state)
{
	log_debug("sip", "invite server %p: %s -> %s (%u)", (void *)st, names[st->state], names[state], st->scode);
	st->state = (uint8_t)state;
}

static void on_timer(void *arg);

static void start(struct sip_strans *st, uint64_t ms)
{
	timer_start(&st->tmr, st->sip->loop, ms, on_timer, st);
}

/* Timer G, or H when it comes first. */
static void start_g(struct sip_strans *st)
{
	uint64_t now = loop_now_ms(st->sip->loop), left = st->due > now ? st->due - now : 0;

	start(st, !st->reliable && st->interval < left ? st->interval : left);
}

static void timer_g(struct sip_strans *st)
{
	struct sip *s = st->sip;

	st->interval = st->interval * 2 < s->t2 ? st->interval * 2 : s->t2;
	sip_strans_resend(st);
	start_g(st);
}

static void on_timer(void *arg)
{
	struct sip_strans *st = arg;

	if (st->state == PROCEEDING)
		sip_reply_simple(st, st->retry, NULL);
	else if (st->state != COMPLETED)
		sip_strans_end(st, 0); /* timers I and L */
	else if (loop_now_ms(st->sip->loop) >= st->due)
		sip_strans_end(st, ETIMEDOUT); /* timer H */
	else
		timer_g(st);
}

void sip_is_later(struct sip_strans *st, uint16_t scode)
{
	st->retry = scode;
	start(st, st->sip->t1);
}

/* The user's answer; st->last holds it. */
void sip_is_answer(struct sip_strans *st, uint16_t scode)
{
	uint64_t t64 = 64ULL * st->sip->t1;

	sip_strans_send(st);
	if (scode < 200)
		return;
	sip_strans_slim(st);
	if (scode < 300) {
		set_state(st, ACCEPTED);
		start(st, sip_rest_ms(st->sip, t64));
		return;
	}
	set_state(st, COMPLETED);
	st->due = loop_now_ms(st->sip->loop) + t64;
	st->interval = st->sip->t1;
	start_g(st);
}

/* The INVITE again. After a 2xx it is absorbed: the user repeats the 2xx until the ACK (RFC 6026 7.1). */
void sip_is_retransmit(struct sip_strans *st)
{
	if (st->state == PROCEEDING && !st->last)
		sip_reply_simple(st, 100, NULL); /* there was no memory for it */
	else if (st->state == PROCEEDING || st->state == COMPLETED)
		sip_strans_resend(st);
}

bool sip_is_ack(struct sip_strans *st)
{
	switch ((enum state)st->state) {
	case COMPLETED:
		set_state(st, CONFIRMED);
		st->last = mem_deref(st->last);
		start(st, st->reliable ? 0 : sip_rest_ms(st->sip, st->sip->t4));
		return true;
	case CONFIRMED:
		return true;
	case PROCEEDING: /* nothing to acknowledge yet */
		return true;
	case ACCEPTED:
		break;
	}
	return false;
}
