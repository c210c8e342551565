/*
 * oa_renew.c - the answer to an offer that changed nothing: if the peer took the chance to move its sound, the streams
 * follow (RFC 3264 8).
 */
#include "call/call_priv.h"

void leg_ev_renewed(struct leg *l, struct slice sdp)
{
	struct leg *other = leg_other(l);
	const struct sdp *mine;

	if (!sdp.l || l->state == LEG_ENDED || !l->remote || slice_eq(sdp, rbuf_slice(l->remote)))
		return;
	if (oa_read(&mine, sdp) || leg_keep(&l->remote, sdp))
		return; /* what was agreed before still holds */
	if (other && other->remote)
		bridge_apply(l, other);
	else if (!other && oa_local_apply(l))
		log_debug("call", "%s: a renewed description does not fit", l->call->id);
}
