/*
 * inv_find.c - which session is it that somebody names from outside (Replaces, RFC 3891 3; Target-Dialog, RFC 4538)?
 *
 * All three parts of the name are compared in full, so that knowing one of them is of no use.
 */
#include "sip/inv_priv.h"

static bool same_peer(const struct dialog *d, struct slice tag)
{
	if (d->confirmed)
		return slice_eq(dialog_text(d, DIALOG_RTAG), tag);
	return d->ops->early && d->ops->early(d, tag, d->arg);
}

struct sip_inv *sip_inv_find(struct sip *s, struct slice callid, struct slice local_tag, struct slice remote_tag)
{
	if (!slice_isset(local_tag))
		return NULL;
	for (struct hlink *k = hash_first(&s->dialogs, hash_bytes(local_tag)); k; k = hash_next(k)) {
		struct dialog *d = CONTAINER_OF(k, struct dialog, hl);
		struct inv *in = d->arg;

		if (d->ops != &inv_dialog_ops || !slice_eq(dialog_text(d, DIALOG_LTAG), local_tag) ||
		    !slice_eq(dialog_text(d, DIALOG_CALLID), callid) || !same_peer(d, remote_tag))
			continue;
		return inv_live(in) ? in->h : NULL;
	}
	return NULL;
}

const struct sip_inv_ops *sip_inv_user_ops(const struct sip_inv *i)
{
	return i->in->ops;
}

void *sip_inv_arg(const struct sip_inv *i)
{
	return i->in->arg;
}
