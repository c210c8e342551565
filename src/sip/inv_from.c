/*
 * inv_from.c - who we are in a session that is up changes (RFC 4916): later requests carry another From, the tag stays.
 */
#include "sip/dialog_priv.h"
#include "sip/inv_priv.h"

int sip_inv_set_from(struct sip_inv *i, struct slice display, struct slice uri)
{
	struct inv *in = i->in;
	struct buf b;
	int err;

	if (!inv_live(in) || in->state != SIP_INV_CONNECTED)
		return ERR_STATE;
	if (!sip_inv_peer_supports(i, "from-change"))
		return ENOTSUP;
	buf_init(&b);
	if (slice_isset(display)) {
		sip_enc_quoted(&b, display);
		buf_char(&b, ' ');
	}
	buf_char(&b, '<');
	buf_slice(&b, uri);
	buf_char(&b, '>');
	err = buf_err(&b);
	if (!err)
		err = dialog_set_text(in->d, DIALOG_LOCAL, buf_get(&b));
	buf_free(&b);
	return err;
}
