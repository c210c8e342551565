/*
 * msg.c - bytes to message (RFC 3261 7, 8.1.1, 18.3, 20, 25).
 *
 * One allocation holds the struct, the header lines and the bytes. A first pass counts lines; the second works on the
 * copy: it unfolds, splits and types what every element needs. The first thing that is wrong decides the answer.
 */
#include <string.h>
#include "base/mem.h"
#include "wire/sip/lex.h"
#include "wire/sip/msg.h"
#include "wire/sip/via_priv.h"

enum { MAXFWD_DEFAULT = 70, MAXFWD_MAX = 255 };

/* State of one decoding. */
struct dec {
	struct sip_msg *m;
	char *p; /* next byte of the copy */
	char *e;
	size_t cap;       /* room in m->hdrv */
	uint64_t seen[2]; /* headers met, by id */
	bool via_ok;      /* the topmost Via says where an answer goes */
	bool ended;       /* the empty line was met */
	bool no_answer;   /* not even that it is a SIP request is sure */
	bool crlf;        /* every line ends as RFC 3261 7 says */
	size_t clen;
	struct sip_msg_err err;
};

static void bad(struct dec *d, uint16_t scode, const char *reason)
{
	if (!d->err.scode)
		d->err = (struct sip_msg_err){scode, reason};
}

static bool seen(const struct dec *d, enum sip_hdr_id id)
{
	return d->seen[id >> 6] >> (id & 63) & 1;
}

static void destroy_h(void *obj)
{
	struct sip_msg *m = obj;

	if (m->flow && m->flow_release)
		m->flow_release(m->flow);
}

/* ------------------------------------------------------------------ lines */

/* Lines up to the empty one, the start line included; *crlf: does every one end with CR LF? */
static size_t lines_count(const char *p, const char *e, bool *crlf)
{
	size_t n = 0;

	*crlf = true;
	while (p < e) {
		const char *q = memchr(p, '\n', (size_t)(e - p));

		if (!q)
			return n + 1;
		*crlf &= q > p && q[-1] == '\r';
		if (q == p || (q == p + 1 && *p == '\r'))
			return n;
		n++;
		p = q + 1;
	}
	return n;
}

/*
 * End of the line at `p`, its LF, or NULL; *stop: behind its last character. A carriage return that ends no line
 * becomes white space: nothing behind us may take it for a line end.
 */
static char *line_end(const struct dec *d, char *p, char **stop)
{
	char *e = d->e, *q, *cr = p;

	if (d->crlf) {
		/* one search finds both */
		for (; (cr = memchr(cr, '\r', (size_t)(e - cr))); cr++) {
			*stop = cr;
			if (cr + 1 < e && cr[1] == '\n')
				return cr + 1;
			*cr = ' ';
		}
		*stop = e;
		return NULL;
	}
	q = memchr(p, '\n', (size_t)(e - p));
	*stop = !q ? e : q > p && q[-1] == '\r' ? q - 1 : q;
	while (cr < *stop && (cr = memchr(cr, '\r', (size_t)(*stop - cr))))
		*cr++ = ' ';
	return q;
}

/* Next line with its continuation lines, which are joined by blanks in place; false at the empty line or the end. */
static bool line_next(struct dec *d, bool fold, struct slice *line)
{
	char *b = d->p, *q, *stop;

	if (b == d->e)
		return false;
	for (;;) {
		q = line_end(d, d->p, &stop);
		if (!q) {
			bad(d, 400, "Incomplete Message");
			d->p = d->e;
			break;
		}
		d->p = q + 1;
		if (stop == b) {
			d->ended = true;
			return false;
		}
		if (!fold || d->p == d->e || !sip_is_ws(*d->p))
			break;
		*stop = *q = ' ';
	}
	*line = sip_between(b, stop);
	return true;
}

/* ------------------------------------------------------------------ start line */

/* "SIP/" digits "." digits, any case. */
static bool version_like(struct slice s)
{
	const char *p = s.p + 4, *e = sip_end(s), *q;

	if (s.l < 7 || !slice_ieq(slice_first(s, 4), SLICE("SIP/")))
		return false;
	q = sip_span(p, e, CC_DIGIT);
	if (q == p || q == e || *q != '.')
		return false;
	p = sip_span(q + 1, e, CC_DIGIT);
	return p > q + 1 && p == e;
}

static void status_line(struct dec *d, struct slice s)
{
	struct sip_msg *m = d->m;
	struct slice version = slice_cut(&s, ' '), code = slice_first(s, 3), rest = slice_from(s, 3);
	uint32_t n;

	d->no_answer = true;
	if (!slice_ieqs(version, "SIP/2.0") || code.l != 3 || slice_u32(code, &n) || n < 100 || n > 699 ||
	    (rest.l && rest.p[0] != ' ')) {
		bad(d, 400, "Bad Status Line");
		return;
	}
	m->scode = (uint16_t)n;
	m->reason = slice_from(rest, 1);
}

/* method SP Request-URI SP SIP-Version. Blanks too many are an error that can be answered. */
static void request_line(struct dec *d, struct slice s)
{
	struct sip_msg *m = d->m;
	const char *p = sip_span(s.p, sip_end(s), CC_TOKEN), *e = sip_end(s), *q;
	struct slice version;

	m->req = true;
	m->method = sip_between(s.p, p);
	m->m = sip_method_id(m->method);
	while (e > p && sip_is_ws(e[-1]))
		e--;
	for (q = e; q > p && !sip_is_ws(q[-1]); q--)
		;
	version = sip_between(q, e);
	if (!m->method.l || p == e || *p != ' ' || q < p + 2 || !version_like(version)) {
		d->no_answer = true;
		bad(d, 400, "Bad Request Line");
		return;
	}
	if (!slice_ieqs(version, "SIP/2.0"))
		bad(d, 505, "Version Not Supported");
	m->ruri = sip_between(p + 1, q - 1);
	m->uri_err = sip_uri_decode(&m->uri, m->ruri);
	if (!m->uri_err && m->uri.headers.l)
		m->uri_err = ERR_SYNTAX;
	if (m->uri_err)
		bad(d, 400, "Bad Request-URI");
	if (e != sip_end(s))
		bad(d, 400, "Bad Request Line");
}

/* ------------------------------------------------------------------ headers */

static void via_take(struct dec *d, struct slice val)
{
	struct slice rest = val, first = sip_list_cut(&rest);

	if (sip_via_decode_part(&d->m->via, first, &d->via_ok))
		bad(d, 400, "Bad Via");
	/* a list with a hole in it is as bad as a Via that is */
	while (d->via_ok && rest.p) {
		if (!sip_list_cut(&rest).l)
			bad(d, 400, "Bad Via");
	}
}

static void maxfwd_take(struct dec *d, struct slice val)
{
	struct sip_msg *m = d->m;

	if (!m->req)
		return;
	if (slice_u32(val, &m->maxfwd) || m->maxfwd > MAXFWD_MAX) {
		m->maxfwd = 0;
		bad(d, 400, "Bad Max-Forwards");
	}
	m->has_maxfwd = true;
}

static void clen_take(struct dec *d, struct slice val)
{
	uint32_t n = 0;

	if (slice_u32(val, &n))
		bad(d, 400, "Bad Content-Length");
	d->clen = n;
}

static void callid_take(struct dec *d, struct slice val)
{
	for (size_t i = 0; i < val.l; i++) {
		if ((uint8_t)val.p[i] <= ' ' || val.p[i] == 0x7f) {
			bad(d, 400, "Bad Call-ID");
			return;
		}
	}
	if (!val.l)
		bad(d, 400, "Bad Call-ID");
	d->m->callid = val;
}

/* The headers that every element needs, each but Via once only. */
static void hdr_take(struct dec *d, const struct sip_hdr *h)
{
	struct sip_msg *m = d->m;
	bool again = seen(d, h->id);

	d->seen[h->id >> 6] |= (uint64_t)1 << (h->id & 63);
	switch (h->id) {
	case SIP_HDR_VIA:
		if (!again)
			via_take(d, h->val);
		return;
	case SIP_HDR_FROM:
	case SIP_HDR_TO:
	case SIP_HDR_CALL_ID:
	case SIP_HDR_CSEQ:
	case SIP_HDR_MAX_FORWARDS:
	case SIP_HDR_CONTENT_LENGTH:
		break;
	default:
		return;
	}
	if (again)
		bad(d, 400, "Header Field Repeated");
	else if (h->id == SIP_HDR_FROM && sip_addr_decode(&m->from, h->val))
		bad(d, 400, "Bad From");
	else if (h->id == SIP_HDR_TO && sip_addr_decode(&m->to, h->val))
		bad(d, 400, "Bad To");
	else if (h->id == SIP_HDR_CALL_ID)
		callid_take(d, h->val);
	else if (h->id == SIP_HDR_CSEQ && sip_cseq_decode(&m->cseq, h->val))
		bad(d, 400, "Bad CSeq");
	else if (h->id == SIP_HDR_MAX_FORWARDS)
		maxfwd_take(d, h->val);
	else if (h->id == SIP_HDR_CONTENT_LENGTH)
		clen_take(d, h->val);
}

static void hdr_line(struct dec *d, struct slice line)
{
	const char *p = line.p, *e = sip_end(line), *q = sip_span(p, e, CC_TOKEN), *c = sip_skip_ws(q, e);
	struct sip_hdr *h;

	if (q == p || c == e || *c != ':') {
		bad(d, 400, "Bad Header Line");
		return;
	}
	if (d->m->hdrc == d->cap) {
		bad(d, 400, "Too Many Header Lines");
		return;
	}
	h = &d->m->hdrv[d->m->hdrc++];
	h->name = sip_between(p, q);
	h->id = sip_hdr_find(h->name);
	h->val = sip_trim(sip_between(c + 1, e));
	hdr_take(d, h);
}

/* ------------------------------------------------------------------ whole */

static void required_check(struct dec *d)
{
	static const struct {
		enum sip_hdr_id id;
		const char *reason;
	} tab[] = {
		{SIP_HDR_VIA, "Missing Via"},         {SIP_HDR_FROM, "Missing From"}, {SIP_HDR_TO, "Missing To"},
		{SIP_HDR_CALL_ID, "Missing Call-ID"}, {SIP_HDR_CSEQ, "Missing CSeq"},
	};
	struct sip_msg *m = d->m;

	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		if (!seen(d, tab[i].id))
			bad(d, 400, tab[i].reason);
	}
	if (!m->req)
		m->m = m->cseq.m;
	else if (seen(d, SIP_HDR_CSEQ) && !slice_eq(m->method, m->cseq.method))
		bad(d, 400, "CSeq Method Mismatch");
}

static void body_take(struct dec *d)
{
	size_t rest = (size_t)(d->e - d->p);

	if (!d->ended)
		rest = 0;
	if (seen(d, SIP_HDR_CONTENT_LENGTH)) {
		if (d->clen > rest)
			bad(d, 400, "Content-Length Too Large");
		else
			rest = d->clen;
	}
	d->m->body = rest ? slice_mem(d->p, rest) : SLICE_NULL;
}

static void decode(struct dec *d)
{
	struct slice line;

	if (!line_next(d, false, &line)) {
		d->no_answer = true;
		bad(d, 400, "Empty Message");
		return;
	}
	if (line.l >= 4 && slice_ieq(slice_first(line, 4), SLICE("SIP/")))
		status_line(d, line);
	else
		request_line(d, line);
	if (d->no_answer && d->err.scode)
		return;
	while (line_next(d, true, &line))
		hdr_line(d, line);
	required_check(d);
	body_take(d);
}

int sip_msg_decode(struct sip_msg **mp, const void *p, size_t l, struct sip_msg_err *e)
{
	const char *b = p, *end;
	struct sip_msg *m;
	struct dec d = {0};
	size_t n;

	*mp = NULL;
	if (e)
		*e = (struct sip_msg_err){0};
	for (; l && (*b == '\r' || *b == '\n'); b++, l--)
		;
	if (!l || l > SIP_MSG_MAX)
		return ERR_SYNTAX;
	end = b + l;
	n = lines_count(b, end, &d.crlf);
	d.cap = n > SIP_HDR_LINES_MAX ? SIP_HDR_LINES_MAX : n;
	m = mem_alloc(sizeof(*m) + d.cap * sizeof(*m->hdrv) + l, destroy_h);
	if (!m)
		return ENOMEM;
	memset(m, 0, sizeof(*m));
	m->tp = SIP_TRANSP_NONE;
	m->maxfwd = MAXFWD_DEFAULT;
	m->hdrv = (struct sip_hdr *)(void *)(m + 1);
	d.m = m;
	d.p = (char *)(m->hdrv + d.cap);
	d.e = d.p + l;
	memcpy(d.p, b, l);
	m->raw = sip_between(d.p, d.e);
	decode(&d);
	if (!d.err.scode) {
		*mp = m;
		return 0;
	}
	/* an ACK is never answered, a response neither; without a Via nobody knows where to */
	if (d.no_answer || !d.via_ok || m->m == SIP_ACK) {
		mem_deref(m);
		return ERR_SYNTAX;
	}
	if (e)
		*e = d.err;
	*mp = m;
	return ERR_SYNTAX;
}
