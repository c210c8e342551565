/*
 * sip_connected.c - the connected line: a phone's display follows whom it really talks to. In answers to its INVITE,
 * and later by UPDATE (RFC 3311), re-INVITE or a new From (RFC 4916), as P-Asserted-Identity (RFC 3325) and
 * Remote-Party-ID, for phones know one or the other.
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

/* Our host as the peer knows it; false: it is not to be told anything. `mem` holds the text. */
static bool host_of(const struct leg *l, struct sip_identity_out *o, char mem[SA_STRLEN])
{
	const struct sip_leg *sl = l->proto;
	struct buf host;
	struct sa us;

	/* a provider that is not trusted need not know the numbers of this house */
	if ((l->trunk && !l->trusted) || !sl->edge->sip || sip_local_for(sl->edge->sip, sip_inv_dest(sl->inv), &us))
		return false;
	buf_init_fixed(&host, mem, SA_STRLEN);
	sip_identity_host(&host, &us);
	o->host = buf_get(&host);
	return true;
}

static void enc(struct buf *b, const struct leg *l, const struct sip_identity_out *with, bool called)
{
	struct sip_identity_out o = *with;

	if (o.who->hidden && !l->trusted) {
		enc_nobody(b, called);
		return;
	}
	o.called = called;
	o.kind = TRUNK_ID_PAI;
	(void)sip_identity_enc(b, &o);
	if (l->trunk)
		return;
	o.kind = TRUNK_ID_RPID;
	sip_identity_enc_one(b, &o);
}

void sip_connected_enc(struct buf *b, struct leg *l)
{
	const struct leg *with = leg_connected(l);
	struct sip_identity_out o = {.trusted = l->trusted};
	char mem[SA_STRLEN];

	if (!with || !host_of(l, &o, mem))
		return;
	o.who = &with->party;
	enc(b, l, &o, true);
}

/* The description in force again, with new headers. */
static void reinvite(struct sip_leg *sl, struct slice lines)
{
	struct leg *l = sl->leg;

	if (l->trunk || !l->local || l->offered || l->offer_open || !sip_inv_can_offer(sl->inv))
		return;
	sl->renaming = !sip_inv_reinvite(sl->inv, lines, CT_SDP, rbuf_opt(l->local));
}

/* Where From may change, it does (RFC 4916 4.4). */
static void change_from(struct sip_leg *sl, const struct party *with, const struct sip_identity_out *o)
{
	struct sip_identity_out from = *o;
	struct slice display;
	char mem[320];
	struct buf uri;
	int err;

	from.who = with;
	buf_init_fixed(&uri, mem, sizeof(mem));
	err = sip_identity_from(&uri, &display, &from);
	if (!err)
		err = sip_inv_set_from(sl->inv, display, buf_get(&uri));
	if (err && err != ENOTSUP && err != ERR_STATE)
		log_debug("call", "%s: From stays as it was: %s", sl->leg->call->id, err_str(err));
}

void sip_connected(struct leg *l, const struct party *with)
{
	struct sip_identity_out o = {.who = with, .trusted = l->trusted};
	struct sip_leg *sl = l->proto;
	char mem[SA_STRLEN];
	struct buf b;
	int err;

	if (!sl->inv || l->state == LEG_ENDED || !host_of(l, &o, mem))
		return;
	buf_init(&b);
	enc(&b, l, &o, !l->outgoing);
	err = buf_err(&b);
	if (!err && b.l) {
		change_from(sl, with, &o);
		err = sip_inv_update(sl->inv, buf_get(&b));
		if (err == ENOTSUP)
			reinvite(sl, buf_get(&b));
		else if (err)
			log_debug("call", "%s: the other side is not told who it talks to: %s", l->call->id,
				  err_str(err));
	}
	buf_free(&b);
}
