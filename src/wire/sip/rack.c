/*
 * rack.c - the RSeq and RAck headers (RFC 3262 7.1, 7.2).
 */
#include "wire/sip/rack.h"
#include "wire/sip/lex.h"

int sip_rack_decode(struct sip_rack *r, struct slice s)
{
	const char *q, *p, *e;

	*r = (struct sip_rack){0};
	s = sip_trim(s);
	e = sip_end(s);
	q = sip_span(s.p, e, CC_DIGIT);
	p = sip_skip_ws(q, e);
	if (p == q || sip_rseq_decode(&r->rseq, sip_between(s.p, q)))
		return ERR_SYNTAX;
	return sip_cseq_decode(&r->cseq, sip_between(p, e));
}

void sip_rack_encode(struct buf *b, const struct sip_rack *r)
{
	buf_u64(b, r->rseq);
	buf_char(b, ' ');
	buf_u64(b, r->cseq.num);
	buf_char(b, ' ');
	buf_slice(b, r->cseq.method);
}

int sip_rseq_decode(uint32_t *rseq, struct slice s)
{
	return slice_u32(sip_trim(s), rseq) || !*rseq ? ERR_SYNTAX : 0;
}
