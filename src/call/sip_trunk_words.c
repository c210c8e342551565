/*
 * sip_trunk_words.c - what providers say, and that they say nothing, in sentences that tell what to do about it.
 *
 * What comes from the network is shown as printable ASCII only.
 */
#include <stdio.h>
#include <string.h>
#include "call/sip_trunk_priv.h"

static const char *transp_name(enum sip_transp tp)
{
	static const char *const names[] = {"udp", "tcp", "tls", "ws", "wss"};

	return tp >= 0 && (size_t)tp < ARRAY_LEN(names) ? names[tp] : "?";
}

const char *strunk_where_words(const struct strunk_target *g, char *dst, size_t size)
{
	char a[SA_STRLEN];
	struct slice host = g->server ? g->server->host : SLICE_NULL;
	const char *addr = sa_port(&g->dest.addr) == SIP_PORT ? sa_ntop(&g->dest.addr, a) : sa_str(&g->dest.addr, a);
	struct sa lit;

	if (!host.l || !sa_set(&lit, host, 0))
		snprintf(dst, size, "%s (%s)", addr, transp_name(g->dest.tp));
	else
		snprintf(dst, size, "%.*s (%s, %s)", SLICE_FMT(host), addr, transp_name(g->dest.tp));
	return dst;
}

static void printable(char *dst, size_t size, struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.l && n + 1 < size; i++)
		dst[n++] = s.p[i] >= ' ' && s.p[i] < 0x7f ? s.p[i] : '?';
	dst[n] = '\0';
}

const char *strunk_code_words(uint16_t scode, const struct sip_msg *rsp, char *dst, size_t size)
{
	char phrase[48];

	printable(phrase, sizeof(phrase), rsp && rsp->reason.l ? rsp->reason : slice_str(sip_reason(scode)));
	snprintf(dst, size, "%u %s", scode, phrase);
	return dst;
}

/* What TLS says of the last connection to it, as the end of "sip.example (...) is not connected: ...". */
static const char *tls_words(const struct strunk_target *g)
{
	static char text[200];
	const char *why = g->st && g->st->edge ? sip_tls_why(g->st->edge->sip, &g->dest) : NULL;
	size_t l;

	if (!why || g->dest.tp != SIP_TRANSP_TLS)
		return NULL;
	snprintf(text, sizeof(text), "is not connected: %s", why);
	l = strlen("is not connected: ");
	if (!strncmp(text + l, "The ", 4))
		text[l] = 't';
	l = strlen(text);
	if (text[l - 1] == '.')
		text[l - 1] = '\0';
	return text;
}

const char *strunk_fail_words(const struct strunk_target *g, int err)
{
	const char *tls = tls_words(g);

	if (tls)
		return tls;
	switch (err) {
	case ETIMEDOUT:
		return "does not answer";
	case ECONNREFUSED:
		return "refuses the connection";
	case ECONNRESET:
	case EPIPE:
		return "breaks the connection";
	case EHOSTUNREACH:
	case ENETUNREACH:
		return "cannot be reached: there is no way to its address";
	case EADDRNOTAVAIL:
		return "cannot be reached: no address of this machine fits its transport";
	case ENOTSUP:
		return "cannot be reached: its transport is not available here";
	default:
		return err_str(err);
	}
}

/* Where a 3xx points. */
static void redirect_words(const struct sip_msg *rsp, char *dst, size_t size)
{
	struct sip_val_iter it = {0};
	struct sip_contact c;
	struct slice val;

	dst[0] = '\0';
	if (rsp && sip_msg_next_val(rsp, SIP_HDR_CONTACT, &it, &val) && !sip_contact_decode(&c, val) && !c.star)
		printable(dst, size, c.addr.uri.host);
}

struct reg_case {
	const char *who, *user, *code;
	uint16_t scode;
	const struct sip_msg *rsp;
	bool wrong; /* our answer to its challenge was refused */
};

static void refusal_words(const struct strunk *st, const struct reg_case *c, char *dst, size_t size)
{
	char at[80];
	uint32_t min;

	switch (c->scode) {
	case 401:
	case 407:
		if (!st->cfg.password.l)
			snprintf(dst, size, "%s asks for a password, and none is set (%s)", c->who, c->code);
		else if (c->wrong)
			snprintf(dst, size, "%s refuses the password of user %s (%s)", c->who, c->user, c->code);
		else
			snprintf(dst, size, "%s asks for a password in a way that is not known here (%s)", c->who,
				 c->code);
		return;
	case 403:
		snprintf(dst, size, "%s refuses user %s or its password, or has closed the account (%s)", c->who,
			 c->user, c->code);
		return;
	case 404:
		snprintf(dst, size, "%s does not know user %s (%s)", c->who, c->user, c->code);
		return;
	case 423:
		if (c->rsp && !slice_u32(sip_msg_val(c->rsp, SIP_HDR_MIN_EXPIRES), &min))
			snprintf(dst, size, "%s wants registrations of %u s or more (%s)", c->who, min, c->code);
		else
			snprintf(dst, size, "%s wants longer registrations and does not say how long (%s)", c->who,
				 c->code);
		return;
	case 503:
		snprintf(dst, size, "%s cannot work now (%s)", c->who, c->code);
		return;
	default:
		break;
	}
	if (c->scode < 400) {
		redirect_words(c->rsp, at, sizeof(at));
		snprintf(dst, size, "%s sends us elsewhere (%s)%s%s", c->who, c->code,
			 at[0] ? "; if that is right, make this the server: " : "", at);
	} else if (c->scode < 500) {
		snprintf(dst, size, "%s refuses the registration (%s)", c->who, c->code);
	} else if (c->scode < 600) {
		snprintf(dst, size, "%s has trouble of its own (%s)", c->who, c->code);
	} else {
		snprintf(dst, size, "%s declines the registration altogether (%s)", c->who, c->code);
	}
}

void strunk_reg_words(struct strunk *st, int err, uint16_t scode, const struct sip_msg *rsp, char *dst, size_t size)
{
	char where[80] = "the provider", code[64], user[48];
	struct reg_case c = {.who = where, .user = user, .code = code, .scode = scode, .rsp = rsp};

	if (st->reg_at)
		strunk_where_words(st->reg_at, where, sizeof(where));
	if (!scode) {
		snprintf(dst, size, "%s %s", where, st->reg_at ? strunk_fail_words(st->reg_at, err) : err_str(err));
		return;
	}
	strunk_code_words(scode, rsp, code, sizeof(code));
	printable(user, sizeof(user), st->cfg.auth_user.l ? st->cfg.auth_user : st->cfg.user);
	c.wrong = err == ERR_AUTH;
	refusal_words(st, &c, dst, size);
}

const char *strunk_call_words(uint16_t scode)
{
	static const struct {
		uint16_t code;
		const char *words;
	} v[] = {
		{401, "the provider refused the password: 401 Unauthorized"},
		{402, "the provider refused: 402 Payment Required (is the account paid?)"},
		{403, "the provider refused: 403 Forbidden (number, caller id or account)"},
		{404, "the provider does not know the number: 404 Not Found"},
		{407, "the provider refused the password: 407"},
		{408, "the provider had no answer in time: 408 Request Timeout"},
		{410, "the provider says that the number is gone: 410 Gone"},
		{415, "the provider refused: 415 Unsupported Media Type"},
		{420, "the provider refused: 420 Bad Extension"},
		{422, "the provider refused: 422 Session Interval Too Small"},
		{480, "the called party cannot be reached now: 480 from the provider"},
		{482, "the provider found a loop: 482 Loop Detected"},
		{483, "the provider found a loop: 483 Too Many Hops"},
		{484, "the number is not complete: 484 from the provider"},
		{486, "busy"},
		{488, "the provider refused the codecs: 488 Not Acceptable Here"},
		{500, "the provider has trouble of its own: 500 Server Internal Error"},
		{501, "the provider refused: 501 Not Implemented"},
		{502, "the provider has trouble of its own: 502 Bad Gateway"},
		{503, "the provider cannot work now: 503 Service Unavailable"},
		{504, "the provider has trouble of its own: 504 Server Time-out"},
		{600, "busy"},
		{603, "declined"},
		{604, "the number does not exist anywhere: 604 from the provider"},
		{606, "the provider refused the codecs: 606 Not Acceptable"},
		{607, "the called party does not want the call: 607 Unwanted"},
		{608, "the call was rejected on the way: 608 Rejected"},
	};

	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		if (v[i].code == scode)
			return v[i].words;
	if (scode < 400)
		return "the provider sends calls elsewhere (3xx), which is not followed";
	return scode < 500   ? "the provider refused the call (4xx)"
	       : scode < 600 ? "the provider has trouble of its own (5xx)"
			     : "the provider declined the call (6xx)";
}
