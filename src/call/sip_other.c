/*
 * sip_other.c - requests beside INVITE and REGISTER, outside of dialogs and within them (RFC 3261 11).
 *
 * Outside of dialogs the answer is the same whoever is asked for, so that nobody learns which numbers exist.
 */
#include "call/sip_trunk_priv.h"
#include "call/sip_edge_priv.h"

static void reply_methods(struct sip_strans *st, uint16_t scode)
{
	char block[256];
	struct buf b;

	buf_init_fixed(&b, block, sizeof(block));
	sip_enc_hdr(&b, SIP_HDR_ALLOW,
		    SLICE("INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, PRACK, UPDATE, INFO, REFER, NOTIFY"));
	if (scode == 200)
		sip_enc_hdr(&b, SIP_HDR_ACCEPT, SLICE("application/sdp"));
	if (sip_reply(st, scode, SLICE_NULL, buf_get(&b), SLICE_NULL, SLICE_NULL))
		log_debug("call", "an answer %u could not be sent", scode);
}

void edge_other(struct edge *e, struct sip_strans *st, const struct sip_msg *msg)
{
	const struct strunk *trunk;
	bool proven;

	if (msg->m == SIP_NOTIFY && strunk_notify(e, st, msg))
		return;
	trunk = strunk_of(e, msg, &proven);
	if (msg->uri.user.l && !trunk)
		edge_asked(e, msg, &msg->uri);
	if (msg->m == SIP_OPTIONS && (trunk || edge_is_ours(e, msg, &msg->uri)))
		reply_methods(st, 200);
	else if (msg->m == SIP_OPTIONS)
		sip_reply_simple(st, 404, NULL);
	else if (msg->m == SIP_BYE || msg->m == SIP_PRACK || msg->m == SIP_UPDATE || msg->m == SIP_INFO ||
		 msg->m == SIP_NOTIFY || (msg->m == SIP_REFER && msg->to.tag.l))
		sip_reply_simple(st, 481, NULL);
	else if (msg->m == SIP_REFER)
		sip_reply_simple(st, 403, NULL); /* nobody is called because of it: only a party of a call may ask */
	else
		reply_methods(st, 405);
}

void edge_in_dialog(struct sip_leg *sl, struct sip_strans *st, const struct sip_msg *msg)
{
	if (msg->m == SIP_INFO)
		sip_info_in(sl, st, msg);
	else if (msg->m == SIP_REFER)
		edge_refer(sl, st, msg);
	else if (msg->m == SIP_NOTIFY)
		sip_reply_simple(st, 481, NULL); /* of a subscription that we do not have */
	else if (msg->m == SIP_OPTIONS)
		reply_methods(st, 200);
	else
		reply_methods(st, 405);
}
