/*
 * strans_other.c - the non-INVITE server transaction (RFC 3261 17.2.2, figure 8).
 *
 *	Trying -1xx-> Proceeding;  Trying, Proceeding -final-> Completed -J-> end
 *
 * Timer J: repeat the answer to retransmitted requests (64*T1; 0 on streams). A request that is
 * never answered ends as well after 64*T1: its sender has given up by then (timer F).
 *
 * A challenge leaves nothing behind (8.2.7): a flood of requests without credentials must not fill
 * memory, and a repeated request is simply challenged again.
 *
 * Two thousand registrations a second are 128,000 transactions in Completed. So that they shut out
 * nobody, the oldest end before timer J when there are many: the answer to almost every request
 * arrives, and what is repeated late is judged anew.
 */
#include "base/log.h"
#include "sip/sip_priv.h"

enum state { TRYING, PROCEEDING, COMPLETED };

static const char *const names[] = {"trying", "proceeding", "completed"};

const char *sip_ns_state(const struct sip_strans *st)
{
	return names[st->state];
}

static void set_state(struct sip_strans *st, enum state state)
{
	log_debug("sip", "server %p: %s -> %s (%u)", (void *)st, names[st->state], names[state], st->scode);
	st->state = (uint8_t)state;
}

static void timer_j(void *arg)
{
	struct sip_strans *st = arg;

	sip_strans_end(st, st->state == COMPLETED ? 0 : ETIMEDOUT);
}

static void start_j(struct sip_strans *st, uint64_t ms)
{
	timer_start(&st->tmr, st->sip->loop, ms, timer_j, st);
}

void sip_ns_relieve(struct sip *s)
{
	/* one comes: two go, until it is enough */
	for (int i = 0; i < 2 && s->done.head && s->strans.n + s->ctrans.n >= s->max_trans / 2; i++)
		sip_strans_end(LINK_OBJ(s->done.head, struct sip_strans, done_le), 0);
}

void sip_ns_start(struct sip_strans *st)
{
	start_j(st, 64ULL * st->sip->t1);
}

void sip_ns_later(struct sip_strans *st)
{
	start_j(st, 0);
}

/* The user's answer; st->last holds it. */
void sip_ns_answer(struct sip_strans *st, uint16_t scode)
{
	sip_strans_send(st);
	if (scode < 200) {
		set_state(st, PROCEEDING);
		return;
	}
	set_state(st, COMPLETED);
	sip_strans_slim(st);
	list_append(&st->sip->done, &st->done_le);
	start_j(st, st->reliable || st->brief ? 0 : sip_rest_ms(st->sip, 64ULL * st->sip->t1));
}

/* The request again: dropped while there is no answer. */
void sip_ns_retransmit(struct sip_strans *st)
{
	if (st->state != TRYING)
		sip_strans_resend(st);
}
