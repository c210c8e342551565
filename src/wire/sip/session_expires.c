/*
 * session_expires.c - the Session-Expires and Min-SE headers (RFC 4028 4, 5).
 */
#include "wire/sip/session_expires.h"
#include "wire/sip/lex.h"

/** The number before the parameters; `params` gets those. */
static int seconds(uint32_t *s, struct slice v, struct slice *params)
{
	const char *p, *q, *e;
	int err;

	v = sip_trim(v);
	e = sip_end(v);
	p = sip_span(v.p, e, CC_DIGIT);
	q = sip_skip_ws(p, e);
	if (p == v.p || (q < e && *q != ';'))
		return ERR_SYNTAX;
	*params = sip_between(q, e);
	err = slice_u32(sip_between(v.p, p), s);
	if (err == ERANGE) {
		*s = UINT32_MAX;
		err = 0;
	}
	return err;
}

int sip_session_expires_decode(struct sip_session_expires *se, struct slice s)
{
	struct slice params, who;
	int err;

	*se = (struct sip_session_expires){0};
	err = seconds(&se->s, s, &params);
	if (err || !sip_param_get(params, "refresher", &who))
		return err;
	if (slice_ieqs(who, "uac"))
		se->refresher = SIP_REFRESHER_UAC;
	else if (slice_ieqs(who, "uas"))
		se->refresher = SIP_REFRESHER_UAS;
	else
		return ERR_SYNTAX;
	return 0;
}

void sip_session_expires_encode(struct buf *b, const struct sip_session_expires *se)
{
	buf_u64(b, se->s);
	if (se->refresher)
		buf_str(b, se->refresher == SIP_REFRESHER_UAC ? ";refresher=uac" : ";refresher=uas");
}

int sip_min_se_decode(uint32_t *s, struct slice v)
{
	struct slice params;

	return seconds(s, v, &params);
}
