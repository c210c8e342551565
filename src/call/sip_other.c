/*
 * sip_other.c - requests beside INVITE and REGISTER: OPTIONS outside of dialogs, INFO within them (RFC 3261 11, RFC
 * 6086).
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

/* "Signal=5" and "Duration=160" of application/dtmf-relay; application/dtmf holds the digit alone. */
static bool info_digit(const struct sip_msg *msg, char *digit, uint32_t *ms)
{
	struct slice rest = msg->body, line, key;

	*ms = 100;
	*digit = 0;
	if (sip_msg_ctype_is(msg, "application", "dtmf")) {
		line = slice_trim(rest);
		if (line.l)
			*digit = line.p[0];
		return *digit != 0;
	}
	while (rest.l) {
		line = slice_cut(&rest, '\n');
		key = slice_trim(slice_cut(&line, '='));
		line = slice_trim(line);
		if (slice_ieqs(key, "Signal") && line.l)
			*digit = line.p[0];
		else if (slice_ieqs(key, "Duration") && slice_u32(line, ms))
			*ms = 100;
	}
	return *digit != 0;
}

static bool is_digit(char c)
{
	return (c >= '0' && c <= '9') || c == '*' || c == '#' || (c >= 'A' && c <= 'D') || (c >= 'a' && c <= 'd');
}

/* We have named no package that we take (RFC 6086 4.2.2): the answer says so. */
static void bad_package(struct sip_strans *st)
{
	static const char lines[] = "Recv-Info: nil\r\n";

	if (sip_reply(st, 469, SLICE_NULL, slice_str(lines), SLICE_NULL, SLICE_NULL))
		sip_reply_simple(st, 469, NULL);
}

/* A phone that sends digits by INFO: the other side gets them in its sound, where it takes them so. */
static void info(struct sip_leg *sl, struct sip_strans *st, const struct sip_msg *msg)
{
	struct leg *other = leg_other(sl->leg);
	uint32_t ms;
	char digit;

	if (sip_msg_hdr_name(msg, SLICE("Info-Package"))) {
		bad_package(st);
		return;
	}
	if (!msg->body.l) {
		sip_reply_simple(st, 200, NULL);
		return;
	}
	if (!sip_msg_ctype_is(msg, "application", "dtmf-relay") && !sip_msg_ctype_is(msg, "application", "dtmf")) {
		edge_reply_hdr(st, 415, SIP_HDR_ACCEPT, "application/dtmf-relay, application/dtmf");
		return;
	}
	if (!info_digit(msg, &digit, &ms) || !is_digit(digit)) {
		sip_reply_simple(st, 400, "Bad Digit");
		return;
	}
	sip_reply_simple(st, 200, NULL);
	if (other && other->ms[0] && mstream_dtmf(other->ms[0], slice_mem(&digit, 1)))
		log_debug("call", "%s: a digit by INFO could not be passed on", sl->leg->call->id);
	leg_ev_dtmf(sl->leg, digit, ms);
}

void edge_in_dialog(struct sip_leg *sl, struct sip_strans *st, const struct sip_msg *msg)
{
	if (msg->m == SIP_INFO)
		info(sl, st, msg);
	else if (msg->m == SIP_REFER)
		edge_refer(sl, st, msg);
	else if (msg->m == SIP_NOTIFY)
		sip_reply_simple(st, 481, NULL); /* of a subscription that we do not have */
	else if (msg->m == SIP_OPTIONS)
		reply_methods(st, 200);
	else
		reply_methods(st, 405);
}
