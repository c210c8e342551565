/*
 * buf_json.c - JSON (RFC 8259) written straight into a buffer.
 */
#include "base/buf_json.h"
#include "base/utf8.h"

/* Bytes that stand for themselves, as almost all do. */
static size_t plain_len(const unsigned char *p, size_t l)
{
	size_t n = 0;

	while (n < l && p[n] >= ' ' && p[n] < 0x80 && p[n] != '"' && p[n] != '\\')
		n++;
	return n;
}

/* One character that does not, or is none. Returns its bytes. */
static size_t put_odd(struct buf *b, const unsigned char *p, size_t l)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = utf8_next(p, l, NULL);

	if (!n) {
		buf_str(b, UTF8_UNKNOWN);
	} else if (*p < ' ') {
		buf_str(b, "\\u00");
		buf_char(b, hex[*p >> 4]);
		buf_char(b, hex[*p & 15]);
	} else {
		if (*p == '"' || *p == '\\')
			buf_char(b, '\\');
		buf_mem(b, p, n);
	}
	return n ? n : 1;
}

void buf_json_text(struct buf *b, const char *text)
{
	struct slice s = slice_str(text);

	buf_char(b, '"');
	for (size_t i = 0; i < s.l;) {
		const unsigned char *p = (const unsigned char *)s.p + i;
		size_t n = plain_len(p, s.l - i);

		if (n)
			buf_mem(b, p, n);
		else
			n = put_odd(b, p, s.l - i);
		i += n;
	}
	buf_char(b, '"');
}

void buf_json_comma(struct buf *b)
{
	if (b->l && b->p[b->l - 1] != '{' && b->p[b->l - 1] != '[')
		buf_char(b, ',');
}

void buf_json_key(struct buf *b, const char *name)
{
	buf_json_comma(b);
	buf_char(b, '"');
	buf_str(b, name);
	buf_str(b, "\":");
}

void buf_json_str(struct buf *b, const char *name, const char *text)
{
	buf_json_key(b, name);
	buf_json_text(b, text);
}

void buf_json_u64(struct buf *b, const char *name, uint64_t v)
{
	buf_json_key(b, name);
	buf_u64(b, v);
}

void buf_json_bool(struct buf *b, const char *name, bool v)
{
	buf_json_key(b, name);
	buf_str(b, v ? "true" : "false");
}

void buf_json_decimal(struct buf *b, const char *name, uint32_t units, uint32_t scale)
{
	buf_json_key(b, name);
	buf_u64(b, units / scale);
	buf_char(b, '.');
	for (scale /= 10; scale; scale /= 10)
		buf_char(b, (char)('0' + units / scale % 10));
}
