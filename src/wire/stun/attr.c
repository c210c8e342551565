/*
 * attr.c - what STUN attributes hold (RFC 8489 14).
 */
#include "wire/stun/attr.h"

enum { FAMILY_IPV4 = 1, FAMILY_IPV6 = 2, UNKNOWN_MAX = 16 };

/* What an address is hidden with: the cookie, and for IPv6 the transaction id behind it. */
static void mask_of(uint8_t mask[16], const uint8_t tid[STUN_TID])
{
	for (int i = 0; i < 4; i++)
		mask[i] = (uint8_t)((uint32_t)STUN_COOKIE >> (24 - 8 * i));
	memcpy(mask + 4, tid, STUN_TID);
}

static int read_addr(struct sa *addr, struct slice v, const uint8_t mask[16])
{
	size_t n = v.l >= 4 && v.p[1] == FAMILY_IPV4 ? 4 : 16;
	uint8_t ip[16];
	uint16_t port;

	if (v.l != 4 + n || (v.p[1] != FAMILY_IPV4 && v.p[1] != FAMILY_IPV6))
		return ERR_SYNTAX;
	port = (uint16_t)(((uint8_t)v.p[2] ^ mask[0]) << 8 | ((uint8_t)v.p[3] ^ mask[1]));
	for (size_t i = 0; i < n; i++)
		ip[i] = (uint8_t)v.p[4 + i] ^ mask[i];
	sa_any(addr, n == 4 ? AF_INET : AF_INET6, port);
	if (n == 4)
		memcpy(&addr->u.in.sin_addr, ip, 4);
	else
		memcpy(&addr->u.in6.sin6_addr, ip, 16);
	return 0;
}

int stun_xor_addr(struct sa *addr, const struct stun_msg *m, const struct stun_attr *a)
{
	uint8_t mask[16];

	mask_of(mask, m->tid);
	return read_addr(addr, a->val, mask);
}

int stun_plain_addr(struct sa *addr, const struct stun_attr *a)
{
	static const uint8_t none[16];

	return read_addr(addr, a->val, none);
}

int stun_mapped(struct sa *addr, const struct stun_msg *m)
{
	struct stun_attr a;

	if (stun_find(m, STUN_ATTR_XOR_MAPPED_ADDRESS, &a))
		return stun_xor_addr(addr, m, &a);
	return stun_find(m, STUN_ATTR_MAPPED_ADDRESS, &a) ? stun_plain_addr(addr, &a) : ENOENT;
}

int stun_error(uint16_t *code, struct slice *reason, const struct stun_attr *a)
{
	unsigned class, number;

	if (a->val.l < 4)
		return ERR_SYNTAX;
	class = (uint8_t)a->val.p[2] & 7;
	number = (uint8_t)a->val.p[3];
	if (class < 3 || class > 6 || number > 99)
		return ERR_SYNTAX;
	*code = (uint16_t)(class * 100 + number);
	*reason = slice_from(a->val, 4);
	return 0;
}

void stun_enc_xor_addr(struct buf *b, uint16_t type, const struct sa *addr, const uint8_t tid[STUN_TID])
{
	bool v4 = sa_af(addr) == AF_INET;
	size_t n = v4 ? 4 : 16;
	uint8_t mask[16], v[20] = {0, v4 ? FAMILY_IPV4 : FAMILY_IPV6};

	mask_of(mask, tid);
	v[2] = (uint8_t)((uint8_t)(sa_port(addr) >> 8) ^ mask[0]);
	v[3] = (uint8_t)((uint8_t)sa_port(addr) ^ mask[1]);
	if (v4)
		memcpy(v + 4, &addr->u.in.sin_addr, 4);
	else
		memcpy(v + 4, &addr->u.in6.sin6_addr, 16);
	for (size_t i = 0; i < n; i++)
		v[4 + i] ^= mask[i];
	stun_enc_attr(b, type, slice_mem(v, 4 + n));
}

void stun_enc_error(struct buf *b, uint16_t code, const char *reason)
{
	uint8_t v[4 + 64] = {0, 0, (uint8_t)(code / 100), (uint8_t)(code % 100)};
	struct slice text = slice_first(slice_str(reason), sizeof(v) - 4);

	if (text.l)
		memcpy(v + 4, text.p, text.l);
	stun_enc_attr(b, STUN_ATTR_ERROR_CODE, slice_mem(v, 4 + text.l));
}

static bool is_in(uint16_t type, const uint16_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i] == type)
			return true;
	}
	return false;
}

size_t stun_unknown(const struct stun_msg *m, const uint16_t *known, size_t n, uint16_t *v, size_t max)
{
	struct stun_attr a;
	size_t at = 0, found = 0;

	while (stun_next(m, &at, &a)) {
		if (a.type >= 0x8000 || is_in(a.type, known, n))
			continue;
		if (found < max)
			v[found] = a.type;
		found++;
	}
	return found;
}

void stun_enc_unknown(struct buf *b, const uint16_t *v, size_t n)
{
	uint8_t p[2 * UNKNOWN_MAX];

	n = n < UNKNOWN_MAX ? n : UNKNOWN_MAX;
	for (size_t i = 0; i < n; i++) {
		p[2 * i] = (uint8_t)(v[i] >> 8);
		p[2 * i + 1] = (uint8_t)v[i];
	}
	stun_enc_attr(b, STUN_ATTR_UNKNOWN_ATTRIBUTES, slice_mem(p, 2 * n));
}
