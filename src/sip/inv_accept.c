/*
 * inv_accept.c - taking a call: progress, answer, refusal (RFC 3261 13.3).
 */
#include "sip/inv_priv.h"

int sip_inv_accept(struct sip_inv **ip, struct sip_strans *st, const struct sip_msg *invite, struct slice contact_user,
		   const struct sip_inv_ops *ops, void *arg)
{
	struct sip_inv *i;
	struct inv_sx *sx;
	int err;

	if (invite->m != SIP_INVITE || sip_strans_done(st))
		return EINVAL;
	err = inv_alloc(&i, ops, arg);
	if (err)
		return err;
	i->in->state = SIP_INV_INCOMING;
	err = dialog_accept(&i->in->d, st, invite, contact_user, &inv_dialog_ops, i->in);
	if (!err)
		err = sx_start(&sx, i->in, st, invite, true);
	if (err) {
		i->in->told = i->in->hung = true;
		mem_deref(i);
		return err;
	}
	inv_attach(i->in);
	inv_note_peer(i->in, invite);
	*ip = i;
	return 0;
}

/** The first INVITE, while it may be answered. */
static struct inv_sx *incoming(const struct sip_inv *i)
{
	return inv_live(i->in) && i->in->state == SIP_INV_INCOMING ? sx_open(i->in) : NULL;
}

int sip_inv_progress(struct sip_inv *i, uint16_t scode, struct slice hdrs, struct slice ctype, struct slice sdp)
{
	struct inv_sx *sx = incoming(i);

	if (scode <= 100 || scode >= 200)
		return EINVAL;
	return sx && !sx->held ? sx_progress(sx, scode, hdrs, ctype, sdp) : ERR_STATE;
}

int sip_inv_answer(struct sip_inv *i, struct slice hdrs, struct slice ctype, struct slice sdp)
{
	struct inv_sx *sx = incoming(i);

	return sx && !sx->held ? sx_answer(sx, hdrs, ctype, sdp) : ERR_STATE;
}

int sip_inv_reject(struct sip_inv *i, uint16_t scode, struct slice reason, struct slice hdrs)
{
	struct inv_sx *sx = incoming(i);

	if (scode < 300 || scode > 699)
		return EINVAL;
	if (!sx)
		return ERR_STATE;
	i->in->told = i->in->hung = true;
	i->in->state = SIP_INV_CLOSED;
	inv_timer_stop(i->in);
	inv_ux_close(i->in, true);
	sx_refuse(sx, scode, reason, hdrs);
	inv_requests_close(i->in);
	return 0;
}
