/*
 * sip_reason.c - Reason (RFC 3326, RFC 6432): why a peer ended a call, in words for the record, and passed on to the
 * other side. Causes are passed, texts are our own.
 */
#include "call/sip_identity.h"
#include "wire/sip/reason_value.h"

void sip_reason_read(struct hangup *h, const struct sip_msg *msg)
{
	struct sip_reason_causes c;
	const char *words;

	if (!sip_msg_hdr(msg, SIP_HDR_REASON))
		return;
	sip_reason_causes(msg, &c);
	/* "completed elsewhere" means that to a phone which is told to stop ringing, nowhere else */
	h->elsewhere = msg->req && msg->m == SIP_CANCEL && c.sip == 200;
	h->cause = c.sip >= 300 ? c.sip : 0;
	h->q850 = c.q850;
	words = q850_words(c.q850);
	if (words && !h->text)
		h->text = words;
	else if (h->cause && !h->text && h->code < 300)
		h->text = hangup_words(h->cause);
}

static void sep(struct buf *b)
{
	if (b->l)
		buf_str(b, ", ");
}

void sip_reason_enc(struct buf *b, const struct hangup *h, bool response)
{
	struct slice text = slice_str(h->text);

	if (h->elsewhere)
		sip_reason_value_encode(b, "SIP", 200, SLICE("Call completed elsewhere"));
	else if (!response && h->cause)
		sip_reason_value_encode(b, "SIP", h->cause, slice_str(sip_reason(h->cause)));
	else if (!response && h->code >= 300 && text.l)
		sip_reason_value_encode(b, "SIP", h->code, text);
	if (!h->q850)
		return;
	sep(b);
	sip_reason_value_encode(b, "Q.850", h->q850, slice_str(q850_words(h->q850)));
}
