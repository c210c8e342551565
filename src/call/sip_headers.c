/*
 * sip_headers.c - which headers of one side's INVITE the other side sees. One table; what it does not name is dropped,
 * and what belongs to a hop, a dialog or a transaction is written anew by the stack.
 */
#include "call/sip_edge_priv.h"

enum onward {
	ONWARD_DROP,
	ONWARD_PASS,   /* as it stands */
	ONWARD_REWRITE /* written anew for the other side, elsewhere: From, To, Contact, Max-Forwards ... */
};

/* All others: ONWARD_DROP. */
static const struct {
	enum sip_hdr_id id;
	enum onward onward;
} table[] = {
	{SIP_HDR_SUBJECT, ONWARD_PASS},    {SIP_HDR_PRIORITY, ONWARD_PASS},
	{SIP_HDR_ALERT_INFO, ONWARD_PASS}, {SIP_HDR_ACCEPT_LANGUAGE, ONWARD_PASS},
	{SIP_HDR_FROM, ONWARD_REWRITE},    {SIP_HDR_TO, ONWARD_REWRITE},
	{SIP_HDR_CONTACT, ONWARD_REWRITE}, {SIP_HDR_MAX_FORWARDS, ONWARD_REWRITE},
	{SIP_HDR_REASON, ONWARD_REWRITE},
};

enum { PASS_MAX = 1024 /* bytes of passed lines; a longer set is not passed at all */ };

struct rbuf *edge_pass_headers(const struct sip_msg *msg)
{
	char block[PASS_MAX];
	struct rbuf *r = NULL;
	struct buf b;

	buf_init_fixed(&b, block, sizeof(block));
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].onward == ONWARD_PASS && sip_msg_hdr(msg, table[i].id))
			sip_enc_copy(&b, msg, table[i].id);
	if (!buf_get(&b).l || buf_rbuf(&b, &r))
		return NULL;
	return r;
}
