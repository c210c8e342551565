/*
 * peek.c - a look at the first bytes of a message, before it is decoded: may its sender be heard, and has he anything
 * left of his budget for this kind of thing? (loop/guard.h)
 */
#include <string.h>
#include "sip/sip_priv.h"

static bool begins(struct slice d, const char *word, size_t l)
{
	return d.l > l && !memcmp(d.p, word, l);
}

static enum guard_kind kind_of(struct slice d)
{
	if (begins(d, "REGISTER ", 9))
		return GUARD_REGISTER;
	return begins(d, "INVITE ", 7) ? GUARD_INVITE : GUARD_OTHER;
}

/* What asks to be answered by a challenge or tells whether something is there. */
static bool is_question(struct slice d)
{
	return !begins(d, "SIP/2.0 ", 8) && !begins(d, "ACK ", 4) && !begins(d, "BYE ", 4) && !begins(d, "CANCEL ", 7);
}

static bool has_credentials(struct slice d)
{
	return memmem(d.p, d.l, "uthorization:", 13) || memmem(d.p, d.l, "uthorization ", 13);
}

bool sip_peek(struct sip *s, const struct sip_rx *rx)
{
	struct guard *g = s->guard;

	if (!guard_admit(g, &rx->src) || guard_spend(g, &rx->src, kind_of(rx->data)))
		return false;
	return !guard_scanning(g, &rx->src) || !is_question(rx->data) || has_credentials(rx->data);
}

void sip_peek_answered(struct sip *s, const struct sip_msg *rsp)
{
	/* its branch was known to nobody but whom we asked, and it said yes */
	if (s->guard && rsp->scode >= 200 && rsp->scode < 300)
		guard_good(s->guard, &rsp->src, 0);
}

/*
 * The source of a datagram may be forged: an answer that is said again and again until it is acknowledged would
 * multiply what was sent. So a stranger's INVITE that was refused at once is forgotten, as a stateless server would
 * (RFC 3261 8.2.7); it comes again if the answer was lost.
 */
void sip_peek_refused(struct sip_strans *st, const struct sip_msg *msg)
{
	struct sip *s = st->sip;

	if (s && s->guard && st->invite && st->scode >= 300 && !st->reliable && !guard_friend(s->guard, &msg->src))
		sip_strans_end(st, 0);
}
