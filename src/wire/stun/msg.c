/*
 * msg.c - STUN messages: frame of header and attributes (RFC 8489 5, 14), FINGERPRINT (14.7).
 */
#include "wire/stun/msg.h"

enum { FINGERPRINT_LEN = 8, FINGERPRINT_XOR = 0x5354554E };

static uint32_t get16(const char *p)
{
	return (uint32_t)(uint8_t)p[0] << 8 | (uint8_t)p[1];
}

static uint32_t get32(const char *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static void put16(struct buf *b, uint32_t v)
{
	const uint8_t p[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	buf_mem(b, p, sizeof(p));
}

static void put32(struct buf *b, uint32_t v)
{
	put16(b, v >> 16);
	put16(b, v & 0xffff);
}

/* CRC-32 of ITU-T V.42, bit by bit: keep-alives are few and short. */
static uint32_t crc32(struct slice s)
{
	uint32_t c = 0xffffffff;

	for (size_t i = 0; i < s.l; i++) {
		c ^= (uint8_t)s.p[i];
		for (int k = 0; k < 8; k++)
			c = c >> 1 ^ (c & 1 ? 0xEDB88320 : 0);
	}
	return ~c;
}

bool stun_is(struct slice data)
{
	return data.l >= STUN_HDR && (uint8_t)data.p[0] < 4 && get32(data.p + 4) == STUN_COOKIE &&
	       get16(data.p + 2) == data.l - STUN_HDR && data.l % 4 == 0;
}

/* The class sits in two bits in the midst of the method (RFC 8489 5). */
static void split_type(struct stun_msg *m, uint32_t type)
{
	m->cls = (enum stun_class)((type >> 4 & 1) | (type >> 7 & 2));
	m->method = (uint16_t)((type & 0xf) | (type >> 1 & 0x70) | (type >> 2 & 0xf80));
}

bool stun_next(const struct stun_msg *m, size_t *at, struct stun_attr *a)
{
	struct slice rest = slice_from(m->attrs, *at);

	if (rest.l < 4)
		return false;
	a->type = (uint16_t)get16(rest.p);
	a->val = slice_first(slice_from(rest, 4), get16(rest.p + 2));
	*at += 4 + ((a->val.l + 3) & ~(size_t)3);
	return true;
}

bool stun_find(const struct stun_msg *m, uint16_t type, struct stun_attr *a)
{
	size_t at = 0;

	while (stun_next(m, &at, a)) {
		if (a->type == type)
			return true;
	}
	return false;
}

/* All attributes lie within the message; what stands behind a FINGERPRINT is an error. */
static int check_attrs(const struct stun_msg *m)
{
	size_t at = 0;

	while (at < m->attrs.l) {
		struct slice rest = slice_from(m->attrs, at);
		size_t l = rest.l >= 4 ? get16(rest.p + 2) : 0;

		if (rest.l < 4 || rest.l - 4 < l || rest.l - 4 < ((l + 3) & ~(size_t)3))
			return ERR_SYNTAX;
		if (get16(rest.p) == STUN_ATTR_FINGERPRINT) {
			struct slice before = slice_first(m->whole, STUN_HDR + at);

			return l == 4 && rest.l == FINGERPRINT_LEN &&
					       get32(rest.p + 4) == (crc32(before) ^ FINGERPRINT_XOR)
				       ? 0
				       : ERR_SYNTAX;
		}
		at += 4 + ((l + 3) & ~(size_t)3);
	}
	return 0;
}

int stun_decode(struct stun_msg *m, struct slice data)
{
	if (!stun_is(data))
		return ERR_SYNTAX;
	split_type(m, get16(data.p));
	memcpy(m->tid, data.p + 8, STUN_TID);
	m->whole = data;
	m->attrs = slice_from(data, STUN_HDR);
	return check_attrs(m);
}

/* ---- writing ---- */

static void set_length(struct buf *b, size_t l)
{
	if (buf_err(b) || b->l < STUN_HDR)
		return;
	b->p[2] = (char)(l >> 8);
	b->p[3] = (char)l;
}

void stun_enc_begin(struct buf *b, enum stun_class cls, uint16_t method, const uint8_t tid[STUN_TID])
{
	uint32_t c = (uint32_t)cls;

	put16(b, (method & 0xfU) | (method & 0x70U) << 1 | (method & 0xf80U) << 2 | (c & 1) << 4 | (c & 2) << 7);
	put16(b, 0);
	put32(b, STUN_COOKIE);
	buf_mem(b, tid, STUN_TID);
}

void stun_enc_attr(struct buf *b, uint16_t type, struct slice val)
{
	put16(b, type);
	put16(b, (uint32_t)val.l);
	buf_slice(b, val);
	buf_mem(b, "\0\0\0", (4 - val.l % 4) % 4);
}

void stun_enc_fingerprint(struct buf *b)
{
	if (buf_err(b))
		return;
	set_length(b, b->l - STUN_HDR + FINGERPRINT_LEN);
	uint32_t crc = crc32(buf_get(b)) ^ FINGERPRINT_XOR;
	put16(b, STUN_ATTR_FINGERPRINT);
	put16(b, 4);
	put32(b, crc);
}

int stun_enc_end(struct buf *b)
{
	if (!buf_err(b) && b->l > STUN_MAX)
		return ERR_LIMIT;
	set_length(b, b->l - STUN_HDR);
	return buf_err(b);
}
