/*
 * calm.c - REGISTERs by the thousand are served together: when nothing else comes, the loop rests a few milliseconds
 * after each turn, and one wake then serves what cost a dozen before. To sleep and wake is a third of the cost of a
 * REGISTER, and nobody notices when its answer comes three milliseconds later.
 *
 * A single message of a call ends it for a while: calls are set up without delay.
 */
#include "sip/sip_priv.h"

enum {
	WINDOW_MS = 16,
	RATE_MIN = 16, /* REGISTERs of a window: below, each is served at once */
	GATHER = 14,   /* as many should come together */
	REST_MAX_US = 3500,
	HURRY_MS = 50
};

static void next_window(struct sip_calm *c, uint64_t now)
{
	c->rate = now - c->window < 2 * WINDOW_MS ? c->n : 0;
	c->n = 0;
	c->window = now;
}

/* As long as GATHER of them take to come. */
static uint32_t rest_us(const struct sip_calm *c)
{
	uint32_t us = GATHER * WINDOW_MS * 1000 / c->rate;

	return us < REST_MAX_US ? us : REST_MAX_US;
}

void sip_calm_note(struct sip *s, const struct sip_msg *msg)
{
	struct sip_calm *c = &s->calm;
	uint64_t now = loop_now_ms(s->loop);

	if (!msg->req || msg->m != SIP_REGISTER) {
		c->hurry = now + HURRY_MS;
		loop_rest(s->loop, 0);
		return;
	}
	if (now - c->window >= WINDOW_MS)
		next_window(c, now);
	c->n++;
	if (c->rate >= RATE_MIN && now >= c->hurry)
		loop_rest(s->loop, rest_us(c));
}
