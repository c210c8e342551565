/*
 * sip_headers.c - which headers of one side's INVITE the other side sees. One table; what it does not name is dropped,
 * and what belongs to a hop, a dialog or a transaction is written anew by the stack.
 */
#include "call/sip_edge_priv.h"

enum onward {
	ONWARD_DROP,
	ONWARD_PASS,    /* as it stands */
	ONWARD_TRUSTED, /* as it stands, between trusted legs only */
	ONWARD_REWRITE  /* written anew for the other side, elsewhere: From, To, Contact, Max-Forwards ... */
};

/* All others: ONWARD_DROP. */
static const struct {
	enum sip_hdr_id id;
	enum onward onward;
} table[] = {
	{SIP_HDR_SUBJECT, ONWARD_PASS},
	{SIP_HDR_PRIORITY, ONWARD_PASS},
	{SIP_HDR_ALERT_INFO, ONWARD_PASS},
	{SIP_HDR_ACCEPT_LANGUAGE, ONWARD_PASS},
	{SIP_HDR_FROM, ONWARD_REWRITE},
	{SIP_HDR_TO, ONWARD_REWRITE},
	{SIP_HDR_CONTACT, ONWARD_REWRITE},
	{SIP_HDR_MAX_FORWARDS, ONWARD_REWRITE},
	{SIP_HDR_REASON, ONWARD_REWRITE},
	/* who calls and how the call came here: sip_identity.c, sip_diverted.c, sip_session.c */
	{SIP_HDR_P_ASSERTED_IDENTITY, ONWARD_REWRITE},
	{SIP_HDR_P_PREFERRED_IDENTITY, ONWARD_REWRITE},
	{SIP_HDR_REMOTE_PARTY_ID, ONWARD_REWRITE},
	{SIP_HDR_PRIVACY, ONWARD_REWRITE},
	{SIP_HDR_DIVERSION, ONWARD_REWRITE},
	{SIP_HDR_HISTORY_INFO, ONWARD_REWRITE},
	{SIP_HDR_SESSION_ID, ONWARD_REWRITE},
	/* signed by a provider over number and date (RFC 8224): of use to another one, who can tell */
	{SIP_HDR_IDENTITY, ONWARD_TRUSTED},
	{SIP_HDR_DATE, ONWARD_TRUSTED},
};

enum { PASS_MAX = 1024 /* bytes of passed lines; a longer set is not passed at all */ };

struct rbuf *edge_pass_headers(const struct sip_msg *msg)
{
	char block[PASS_MAX];
	struct rbuf *r = NULL;
	struct buf b;

	buf_init_fixed(&b, block, sizeof(block));
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if ((table[i].onward == ONWARD_PASS || table[i].onward == ONWARD_TRUSTED) &&
		    sip_msg_hdr(msg, table[i].id))
			sip_enc_copy(&b, msg, table[i].id);
	if (!buf_get(&b).l || buf_rbuf(&b, &r))
		return NULL;
	return r;
}

static bool for_trusted(enum sip_hdr_id id)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].id == id)
			return table[i].onward == ONWARD_TRUSTED;
	return false;
}

void sip_headers_enc(struct buf *b, struct slice pass, bool trusted)
{
	while (pass.l) {
		struct slice line = slice_cut(&pass, '\n'), rest = line;

		if (!trusted && for_trusted(sip_hdr_find(slice_cut(&rest, ':'))))
			continue;
		buf_slice(b, line);
		buf_char(b, '\n');
	}
}
