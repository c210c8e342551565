/*
 * body.c - the chunked coding (RFC 9112 7.1), and what conditions and ranges say (RFC 9110 13 and 14).
 */
#include "base/err.h"
#include "http/head.h"

enum { CH_SIZE, CH_EXT, CH_SIZE_LF, CH_DATA, CH_DATA_CR, CH_DATA_LF, CH_TRAILER, CH_TRAILER_LF, CH_END_LF, CH_DONE };
enum { LINE_MAX = 256, TRAILER_MAX = 8192 };

/* One byte of what is around the data. */
static int framing(struct http_chunk *c, char ch)
{
	int digit = slice_hex(ch);

	switch (c->st) {
	case CH_SIZE:
		if (digit >= 0 && c->line < 15) {
			c->left = c->left * 16 + (unsigned)digit;
			c->line++;
			return 0;
		}
		if (!c->line || (ch != ';' && ch != '\r'))
			return ERR_SYNTAX;
		c->st = ch == ';' ? CH_EXT : CH_SIZE_LF;
		return 0;
	case CH_EXT:
		if (ch == '\r')
			c->st = CH_SIZE_LF;
		return ch == '\n' || ++c->line > LINE_MAX ? ERR_SYNTAX : 0;
	case CH_SIZE_LF:
		c->st = c->left ? CH_DATA : CH_TRAILER;
		c->line = 0;
		return ch == '\n' ? 0 : ERR_SYNTAX;
	case CH_DATA_CR:
		c->st = CH_DATA_LF;
		return ch == '\r' ? 0 : ERR_SYNTAX;
	case CH_DATA_LF:
		c->st = CH_SIZE;
		return ch == '\n' ? 0 : ERR_SYNTAX;
	case CH_TRAILER: /* at the beginning of a line when `left` is 0, which counts its bytes here */
		if (ch == '\r')
			c->st = c->left ? CH_TRAILER_LF : CH_END_LF;
		else
			c->left++;
		return ch == '\n' || ++c->line > TRAILER_MAX ? ERR_SYNTAX : 0;
	case CH_TRAILER_LF:
		c->st = CH_TRAILER;
		c->left = 0;
		return ch == '\n' ? 0 : ERR_SYNTAX;
	default: /* CH_END_LF */
		c->st = CH_DONE;
		return ch == '\n' ? 0 : ERR_SYNTAX;
	}
}

int http_chunk_read(struct http_chunk *c, struct slice *in, struct slice *data)
{
	*data = SLICE_NULL;
	while (in->l && c->st != CH_DONE) {
		if (c->st == CH_DATA) {
			*data = slice_first(*in, c->left < in->l ? (size_t)c->left : in->l);
			*in = slice_from(*in, data->l);
			c->left -= data->l;
			if (!c->left)
				c->st = CH_DATA_CR;
			return EAGAIN;
		}
		int err = framing(c, in->p[0]);
		if (err)
			return err;
		*in = slice_from(*in, 1);
	}
	return c->st == CH_DONE ? 0 : EAGAIN;
}

enum http_range http_range_read(struct slice range, uint64_t size, uint64_t *off, uint64_t *l)
{
	struct slice unit = slice_cut(&range, '='), last = slice_trim(range), first;
	uint64_t a, b = UINT64_MAX;

	if (!slice_ieqs(slice_trim(unit), "bytes") || slice_chr(last, ',') >= 0 || slice_chr(last, '-') < 0)
		return HTTP_RANGE_ALL;
	first = slice_cut(&last, '-');
	if (!first.l) {
		if (slice_u64(last, &b))
			return HTTP_RANGE_ALL;
		*l = b < size ? b : size;
		*off = size - *l;
		return *l ? HTTP_RANGE_PART : HTTP_RANGE_NONE;
	}
	if (slice_u64(first, &a) || (last.l && slice_u64(last, &b)) || b < a)
		return HTTP_RANGE_ALL;
	if (a >= size)
		return HTTP_RANGE_NONE;
	*off = a;
	*l = (b < size - 1 ? b : size - 1) - a + 1;
	return HTTP_RANGE_PART;
}

static struct slice strong(struct slice etag)
{
	etag = slice_trim(etag);
	return slice_starts(etag, SLICE("W/")) ? slice_from(etag, 2) : etag;
}

bool http_etag_in(struct slice list, struct slice etag)
{
	if (!etag.l)
		return false;
	if (slice_eqs(slice_trim(list), "*"))
		return true;
	while (list.l) {
		/* our own tags hold no comma */
		if (slice_eq(strong(slice_cut(&list, ',')), strong(etag)))
			return true;
	}
	return false;
}
