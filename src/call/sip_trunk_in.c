/*
 * sip_trunk_in.c - what comes in by a trunk: which trunk it is, how sure that is, the number that is called, messages
 * that wait (RFC 3842).
 *
 * Our contact with a provider is unguessable: a request to it, from one of the provider's addresses, proves itself. So
 * do a password, a TLS certificate for the provider's name, and a stream from such an address, which cannot be forged
 * from elsewhere. A datagram's address can.
 */
#include <string.h>
#include "call/sip_trunk_priv.h"
#include "wire/sip/message_summary.h"

static bool to_contact(const struct strunk *st, const struct sip_msg *msg)
{
	return slice_eqs(msg->uri.user, st->token);
}

/* Two accounts with one provider: the one that the request names. */
static bool names_account(const struct strunk *st, const struct sip_msg *msg)
{
	const struct trunk_cfg *c = &st->cfg;

	return c->user.l && (slice_eq(msg->uri.user, c->user) || slice_eq(msg->to.uri.user, c->user));
}

/* From where a server of it speaks: the address and port that we call, so that a phone beside it is not taken for it;
 * or a network that the settings name. On streams the port is that of the Via. */
static bool from_server(const struct strunk *st, const struct sip_msg *msg)
{
	struct sa src = msg->src;

	for (size_t i = 0; i < st->cfg.nfrom; i++)
		if (sa_net_has(&st->cfg.from[i], &src))
			return true;
	if (msg->tp != SIP_TRANSP_UDP)
		sa_set_port(&src, msg->via.port ? msg->via.port : msg->tp == SIP_TRANSP_TLS ? SIPS_PORT : SIP_PORT);
	LIST_EACH (&st->targets, k) {
		const struct strunk_target *g = LINK_OBJ(k, struct strunk_target, le);

		if (sa_eq(&g->dest.addr, &src) || sa_eq(&g->dest.addr, &msg->src))
			return true;
	}
	return false;
}

/* By TLS, with a certificate for the name of a server or the domain: its address does not matter. */
static bool proves_name(const struct strunk *st, const struct sip_msg *msg)
{
	if (msg->tp != SIP_TRANSP_TLS || st->cfg.tls == TRUNK_TLS_ANY)
		return false;
	if (st->cfg.domain.l && sip_msg_proves(msg, st->cfg.domain))
		return true;
	for (size_t i = 0; i < st->cfg.nservers; i++)
		if (sip_msg_proves(msg, st->server[i].host))
			return true;
	return false;
}

struct strunk *strunk_of(const struct edge *e, const struct sip_msg *msg, bool *proven)
{
	struct strunk *best = NULL;

	*proven = false;
	LIST_EACH (&e->trunks, k) {
		struct strunk *st = LINK_OBJ(k, struct strunk, le);

		bool named = proves_name(st, msg);

		if (!named && !strunk_has_addr(st, &msg->src))
			continue;
		if (to_contact(st, msg)) {
			*proven = true;
			return st;
		}
		if (!named && !from_server(st, msg))
			continue;
		if (!best || (!names_account(best, msg) && names_account(st, msg)))
			best = st;
	}
	if (best)
		*proven = msg->tp != SIP_TRANSP_UDP;
	return best;
}

struct strunk *strunk_by_name(const struct edge *e, struct slice name)
{
	LIST_EACH (&e->trunks, k) {
		struct strunk *st = LINK_OBJ(k, struct strunk, le);

		if (st->ha1_in && slice_eq(st->cfg.name, name))
			return st;
	}
	return NULL;
}

/* User part without escapes and without what follows a ';' in it ("+4930;phone-context=..."). */
static bool user_of(char *dst, size_t size, const struct sip_uri *uri)
{
	if (!edge_user(dst, size, uri))
		return false;
	dst[strcspn(dst, ";")] = '\0';
	return dst[0] != '\0';
}

static bool called_party_id(char *dst, size_t size, const struct sip_msg *msg)
{
	const struct sip_hdr *h = sip_msg_hdr_name(msg, SLICE("P-Called-Party-ID"));
	struct sip_addr a;

	return h && !sip_addr_decode(&a, h->val) && user_of(dst, size, &a.uri);
}

bool strunk_number(const struct strunk *st, const struct sip_msg *msg, char *dst, size_t size)
{
	enum trunk_number from = st->cfg.number_from;

	if (from == TRUNK_NUM_PCPID && called_party_id(dst, size, msg))
		return true;
	if (from == TRUNK_NUM_TO || (from != TRUNK_NUM_RURI && to_contact(st, msg))) {
		if (user_of(dst, size, &msg->to.uri) && strcmp(dst, st->token))
			return true;
	}
	return user_of(dst, size, &msg->uri);
}

static void messages(struct strunk *st, const struct sip_message_summary *m)
{
	st->has_messages = true;
	st->messages_new = m->has_voice ? m->voice_new : m->waiting;
	st->messages_old = m->voice_old;
	trunk_changed(st->t);
}

bool strunk_notify(struct edge *e, struct sip_strans *s, const struct sip_msg *msg)
{
	struct slice event = sip_msg_val(msg, SIP_HDR_EVENT);
	struct sip_message_summary m;
	struct strunk *st;
	bool proven;

	if (!slice_ieqs(slice_trim(slice_cut(&event, ';')), "message-summary"))
		return false;
	st = strunk_of(e, msg, &proven);
	if (!st)
		return false;
	if (!sip_msg_ctype_is(msg, "application", "simple-message-summary")) {
		edge_reply_hdr(s, 415, SIP_HDR_ACCEPT, "application/simple-message-summary");
		return true;
	}
	if (sip_message_summary_decode(&m, msg->body)) {
		sip_reply_simple(s, 400, "Bad Message Summary");
		return true;
	}
	sip_reply_simple(s, 200, NULL);
	messages(st, &m);
	return true;
}
