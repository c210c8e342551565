/*
 * sip_reauth.c - who may change a call: requests within the dialog of a phone, challenged as the policy says (RFC 3261
 * 22.2).
 *
 * The names of a dialog are secrets of a kind, but may travel in the clear. What comes from the address that proved
 * itself when the call began, or by TLS as all of the call, is taken for that phone.
 */
#include <string.h>
#include "call/sip_edge_priv.h"

static bool changes(enum sip_method m)
{
	return m == SIP_INVITE || m == SIP_UPDATE || m == SIP_REFER;
}

/* From where the call was proven: by its INVITE, or by the registration that it was placed to. Where all of the call is
 * by TLS nobody else knows its names; a call that is not does not get safer by a request that is. */
static bool same_place(const struct sip_leg *sl, const struct sip_msg *req)
{
	return (req->tp == SIP_TRANSP_TLS && sip_inv_dest(sl->inv)->tp == SIP_TRANSP_TLS) ||
	       sa_eq(&req->src, &sl->leg->peer);
}

bool sip_leg_admit(struct sip_inv *i, struct sip_strans *st, const struct sip_msg *req, void *arg)
{
	struct sip_leg *sl = arg;
	struct edge *e = sl->edge;
	char user[128];

	(void)i;
	if (sl->leg->trunk || !e->auth_invite || !changes(req->m))
		return true;
	if (!(e->auth_dialog && e->auth_dialog(e->auth_dialog_arg)) && (req->m != SIP_REFER || same_place(sl, req)))
		return true;
	if (!edge_auth(e, st, req, true, user))
		return false;
	if (!strcmp(user, sl->leg->party.number))
		return true;
	sip_reply_simple(st, 403, NULL);
	return false;
}
