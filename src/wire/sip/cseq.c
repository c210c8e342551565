/*
 * cseq.c - the CSeq header (RFC 3261 20.16).
 */
#include "wire/sip/cseq.h"
#include "wire/sip/lex.h"

/* Digits and the white space behind them: the byte that follows, or NULL. */
static const char *number_decode(const char *p, const char *e, uint32_t *n)
{
	const char *q = sip_span(p, e, CC_DIGIT), *r = sip_skip_ws(q, e);

	if (r == q || slice_u32(sip_between(p, q), n))
		return NULL;
	return r;
}

static int method_decode(struct sip_cseq *c, const char *p, const char *e)
{
	c->method = sip_between(p, e);
	c->m = sip_method_id(c->method);
	return sip_is_token(c->method) && c->num < 0x80000000u ? 0 : ERR_SYNTAX;
}

int sip_cseq_decode(struct sip_cseq *c, struct slice s)
{
	const char *p, *e;

	*c = (struct sip_cseq){0};
	s = sip_trim(s);
	e = sip_end(s);
	p = number_decode(s.p, e, &c->num);
	return p ? method_decode(c, p, e) : ERR_SYNTAX;
}
