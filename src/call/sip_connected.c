/*
 * sip_connected.c - the connected line: a phone's display follows whom it really talks to. In answers to its INVITE,
 * and later in a request of its own, as P-Asserted-Identity (RFC 3325) and Remote-Party-ID, for phones know one or the
 * other.
 */
#include "call/sip_identity.h"

#define CT_SDP SLICE("application/sdp")

/* Somebody who is not shown, so that the display forgets who was there before. */
static void enc_nobody(struct buf *b, bool called)
{
	buf_printf(b,
		   "Remote-Party-ID: \"Anonymous\" <sip:anonymous@anonymous.invalid>;party=%s;privacy=full;screen=no"
		   "\r\n",
		   called ? "called" : "calling");
}

static void enc(struct buf *b, struct leg *l, const struct party *with, bool called)
{
	struct sip_leg *sl = l->proto;
	struct sip_identity_out o = {.who = with, .kind = TRUNK_ID_PAI, .trusted = l->trusted, .called = called};
	char mem[SA_STRLEN];
	struct buf host;
	struct sa us;

	/* a provider that is not trusted need not know the numbers of this house */
	if ((l->trunk && !l->trusted) || !sl->edge->sip || sip_local_for(sl->edge->sip, sip_inv_dest(sl->inv), &us))
		return;
	if (with->hidden && !l->trusted) {
		enc_nobody(b, called);
		return;
	}
	buf_init_fixed(&host, mem, sizeof(mem));
	sip_identity_host(&host, &us);
	o.host = buf_get(&host);
	(void)sip_identity_enc(b, &o);
	if (l->trunk)
		return;
	o.kind = TRUNK_ID_RPID;
	sip_identity_enc_one(b, &o);
}

void sip_connected_enc(struct buf *b, struct leg *l)
{
	const struct leg *with = leg_connected(l);

	if (with)
		enc(b, l, &with->party, true);
}

/* The description in force again, with new headers. */
static void reinvite(struct sip_leg *sl, struct slice lines)
{
	struct leg *l = sl->leg;

	if (l->trunk || !l->local || l->offered || l->offer_open || !sip_inv_can_offer(sl->inv))
		return;
	sl->renaming = !sip_inv_reinvite(sl->inv, lines, CT_SDP, rbuf_opt(l->local));
}

void sip_connected(struct leg *l, const struct party *with)
{
	struct sip_leg *sl = l->proto;
	struct buf b;

	if (!sl->inv || l->state == LEG_ENDED)
		return;
	buf_init(&b);
	enc(&b, l, with, !l->outgoing);
	if (!buf_err(&b) && b.l)
		reinvite(sl, buf_get(&b));
	buf_free(&b);
}
