/*
 * sa.c - socket addresses: making, comparing, reading and writing them.
 *
 * IPv4-mapped IPv6 addresses (RFC 4291, 2.5.5.2) become IPv4 wherever an address
 * is made, so that one peer has one address.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include "base/hash.h"
#include "base/sa.h"

void sa_init(struct sa *a)
{
	memset(a, 0, sizeof(*a));
}

static void set4(struct sa *a, const void *addr, uint16_t port)
{
	sa_init(a);
	a->u.in.sin_family = AF_INET;
	a->u.in.sin_port = htons(port);
	memcpy(&a->u.in.sin_addr, addr, 4);
}

static void set6(struct sa *a, const struct in6_addr *addr, uint16_t port, uint32_t scope)
{
	if (IN6_IS_ADDR_V4MAPPED(addr)) {
		set4(a, addr->s6_addr + 12, port);
		return;
	}
	sa_init(a);
	a->u.in6.sin6_family = AF_INET6;
	a->u.in6.sin6_port = htons(port);
	a->u.in6.sin6_addr = *addr;
	a->u.in6.sin6_scope_id = scope;
}

socklen_t sa_len(const struct sa *a)
{
	switch (sa_af(a)) {
	case AF_INET:
		return sizeof(a->u.in);
	case AF_INET6:
		return sizeof(a->u.in6);
	default:
		return 0;
	}
}

int sa_from_os(struct sa *a, const struct sockaddr *s)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	switch (s->sa_family) {
	case AF_INET:
		memcpy(&in, s, sizeof(in));
		set4(a, &in.sin_addr, ntohs(in.sin_port));
		return 0;
	case AF_INET6:
		memcpy(&in6, s, sizeof(in6));
		set6(a, &in6.sin6_addr, ntohs(in6.sin6_port), in6.sin6_scope_id);
		return 0;
	default:
		return EAFNOSUPPORT;
	}
}

/* "fe80::1%eth0" or "%2": a number or the name of an interface of this machine. */
static int parse_scope(struct slice s, uint32_t *scope)
{
	char name[IF_NAMESIZE];

	if (slice_u32(s, scope) == 0)
		return *scope ? 0 : ERR_SYNTAX;
	if (s.l == 0 || slice_chr(s, '\0') >= 0 || !slice_copy(name, sizeof(name), s))
		return ERR_SYNTAX;
	*scope = if_nametoindex(name);
	return *scope ? 0 : ERR_SYNTAX;
}

static int set6_text(struct sa *a, struct slice ip, uint16_t port)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr addr;
	uint32_t scope = 0;
	struct slice rest = ip;
	struct slice num = slice_cut(&rest, '%');

	if (num.l < ip.l && parse_scope(rest, &scope))
		return ERR_SYNTAX;
	if (slice_chr(num, '\0') >= 0 || !slice_copy(text, sizeof(text), num))
		return ERR_SYNTAX;
	if (inet_pton(AF_INET6, text, &addr) != 1)
		return ERR_SYNTAX;
	set6(a, &addr, port, scope);
	return 0;
}

static int set4_text(struct sa *a, struct slice ip, uint16_t port)
{
	uint8_t addr[4];
	size_t i = 0, part = 0;

	for (; part < 4; part++) {
		size_t from;
		unsigned v = 0;

		if (part && (i >= ip.l || ip.p[i] != '.'))
			return ERR_SYNTAX;
		from = part ? ++i : 0;
		for (; i < ip.l && i - from < 3 && ip.p[i] >= '0' && ip.p[i] <= '9'; i++)
			v = v * 10 + (unsigned)(ip.p[i] - '0');
		/* no leading zeros: some read them as octal */
		if (i == from || v > 255 || (ip.p[from] == '0' && i - from > 1))
			return ERR_SYNTAX;
		addr[part] = (uint8_t)v;
	}
	if (i != ip.l)
		return ERR_SYNTAX;
	set4(a, addr, port);
	return 0;
}

int sa_set(struct sa *a, struct slice ip, uint16_t port)
{
	if (ip.l >= 2 && ip.p[0] == '[' && ip.p[ip.l - 1] == ']')
		return set6_text(a, slice_mem(ip.p + 1, ip.l - 2), port);
	if (slice_chr(ip, ':') >= 0)
		return set6_text(a, ip, port);
	return set4_text(a, ip, port);
}

static int parse_port(struct slice s, uint16_t *port)
{
	uint32_t v;

	if (slice_u32(s, &v) || v > 65535)
		return ERR_SYNTAX;
	*port = (uint16_t)v;
	return 0;
}

int sa_parse(struct sa *a, struct slice s, uint16_t defport)
{
	uint16_t port = defport;
	struct slice ip = s, rest = s;

	if (s.l && s.p[0] == '[') {
		ptrdiff_t end = slice_chr(s, ']');

		if (end < 0)
			return ERR_SYNTAX;
		ip = slice_first(s, (size_t)end + 1);
		rest = slice_from(s, ip.l);
		if (rest.l && (rest.p[0] != ':' || parse_port(slice_from(rest, 1), &port)))
			return ERR_SYNTAX;
		return sa_set(a, ip, port);
	}
	ip = slice_cut(&rest, ':');
	if (ip.l == s.l)
		return set4_text(a, s, port);
	if (slice_chr(rest, ':') >= 0)
		return set6_text(a, s, port); /* two colons: all of it is IPv6 */
	return parse_port(rest, &port) ? ERR_SYNTAX : set4_text(a, ip, port);
}

void sa_any(struct sa *a, int af, uint16_t port)
{
	static const uint8_t zero[4];

	if (af == AF_INET6)
		set6(a, &in6addr_any, port, 0);
	else
		set4(a, zero, port);
}

/* The port has the same place in both kinds of address, but let the types say so. */
uint16_t sa_port(const struct sa *a)
{
	switch (sa_af(a)) {
	case AF_INET:
		return ntohs(a->u.in.sin_port);
	case AF_INET6:
		return ntohs(a->u.in6.sin6_port);
	default:
		return 0;
	}
}

void sa_set_port(struct sa *a, uint16_t port)
{
	switch (sa_af(a)) {
	case AF_INET:
		a->u.in.sin_port = htons(port);
		break;
	case AF_INET6:
		a->u.in6.sin6_port = htons(port);
		break;
	default:
		break;
	}
}

bool sa_eq_addr(const struct sa *a, const struct sa *b)
{
	if (sa_af(a) != sa_af(b))
		return false;
	switch (sa_af(a)) {
	case AF_INET:
		return a->u.in.sin_addr.s_addr == b->u.in.sin_addr.s_addr;
	case AF_INET6:
		return memcmp(&a->u.in6.sin6_addr, &b->u.in6.sin6_addr, 16) == 0 &&
		       a->u.in6.sin6_scope_id == b->u.in6.sin6_scope_id;
	default:
		return true;
	}
}

bool sa_eq(const struct sa *a, const struct sa *b)
{
	return sa_eq_addr(a, b) && sa_port(a) == sa_port(b);
}

static uint32_t hash_port(const struct sa *a, uint16_t port)
{
	uint8_t t[18];

	switch (sa_af(a)) {
	case AF_INET:
		return hash_u64((uint64_t)ntohl(a->u.in.sin_addr.s_addr) << 16 | port);
	case AF_INET6:
		memcpy(t, &a->u.in6.sin6_addr, 16);
		t[16] = (uint8_t)(port >> 8);
		t[17] = (uint8_t)port;
		return hash_bytes(slice_mem(t, sizeof(t)));
	default:
		return hash_u64(UINT64_MAX);
	}
}

uint32_t sa_hash(const struct sa *a)
{
	return hash_port(a, sa_port(a));
}

uint32_t sa_hash_addr(const struct sa *a)
{
	return hash_port(a, 0);
}

/* IPv4 address in host order; only for AF_INET. */
static uint32_t v4(const struct sa *a)
{
	return ntohl(a->u.in.sin_addr.s_addr);
}

static const uint8_t *v6(const struct sa *a)
{
	return a->u.in6.sin6_addr.s6_addr;
}

bool sa_is_any(const struct sa *a)
{
	switch (sa_af(a)) {
	case AF_INET:
		return v4(a) == 0;
	case AF_INET6:
		return IN6_IS_ADDR_UNSPECIFIED(&a->u.in6.sin6_addr);
	default:
		return false;
	}
}

bool sa_is_loopback(const struct sa *a)
{
	switch (sa_af(a)) {
	case AF_INET:
		return v4(a) >> 24 == 127;
	case AF_INET6:
		return IN6_IS_ADDR_LOOPBACK(&a->u.in6.sin6_addr);
	default:
		return false;
	}
}

bool sa_is_linklocal(const struct sa *a)
{
	switch (sa_af(a)) {
	case AF_INET:
		return v4(a) >> 16 == 0xa9fe;
	case AF_INET6:
		return v6(a)[0] == 0xfe && (v6(a)[1] & 0xc0) == 0x80;
	default:
		return false;
	}
}

bool sa_is_multicast(const struct sa *a)
{
	switch (sa_af(a)) {
	case AF_INET:
		return v4(a) >> 28 == 0xe;
	case AF_INET6:
		return v6(a)[0] == 0xff;
	default:
		return false;
	}
}

bool sa_is_private(const struct sa *a)
{
	if (sa_is_loopback(a) || sa_is_linklocal(a))
		return true;
	switch (sa_af(a)) {
	case AF_INET:
		return v4(a) >> 24 == 10 ||           /* 10/8, RFC 1918 */
		       v4(a) >> 20 == 0xac1 ||        /* 172.16/12 */
		       v4(a) >> 16 == 0xc0a8 ||       /* 192.168/16 */
		       v4(a) >> 22 == (100 << 2 | 1); /* 100.64/10, RFC 6598 */
	case AF_INET6:
		return (v6(a)[0] & 0xfe) == 0xfc; /* fc00::/7, RFC 4193 */
	default:
		return false;
	}
}

/* Decimal number with its terminator; returns where that is. Addresses are written for every message. */
static char *put_dec(char *dst, uint32_t v)
{
	char t[10];
	size_t n = sizeof(t);

	do {
		t[--n] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	memcpy(dst, t + n, sizeof(t) - n);
	dst += sizeof(t) - n;
	*dst = '\0';
	return dst;
}

static void put_ip4(uint32_t ip, char *dst)
{
	for (int shift = 24; shift >= 0; shift -= 8) {
		dst = put_dec(dst, ip >> shift & 0xff);
		if (shift)
			*dst++ = '.';
	}
}

/* Address text and, where there is one, its scope: an interface's name if it still exists. */
static void put_ip(const struct sa *a, char *dst, size_t size)
{
	char name[IF_NAMESIZE];
	uint32_t scope;
	size_t n;

	dst[0] = '\0';
	if (sa_af(a) == AF_INET)
		put_ip4(v4(a), dst);
	if (sa_af(a) != AF_INET6)
		return;
	inet_ntop(AF_INET6, &a->u.in6.sin6_addr, dst, (socklen_t)size);
	scope = a->u.in6.sin6_scope_id;
	if (!scope)
		return;
	n = strlen(dst);
	if (if_indextoname(scope, name))
		snprintf(dst + n, size - n, "%%%s", name);
	else
		snprintf(dst + n, size - n, "%%%u", (unsigned)scope);
}

char *sa_ntop(const struct sa *a, char *dst)
{
	put_ip(a, dst, SA_STRLEN);
	return dst;
}

char *sa_str(const struct sa *a, char *dst)
{
	size_t six = sa_af(a) == AF_INET6, n;

	dst[0] = '[';
	put_ip(a, dst + six, SA_STRLEN - six);
	n = strlen(dst);
	if (!sa_isset(a))
		return dst;
	if (six)
		dst[n++] = ']';
	dst[n++] = ':';
	put_dec(dst + n, sa_port(a));
	return dst;
}

static void mask_bits(uint8_t *p, size_t len, unsigned bits)
{
	for (size_t i = 0; i < len; i++) {
		unsigned keep = bits > i * 8 ? bits - (unsigned)i * 8 : 0;

		if (keep < 8)
			p[i] &= (uint8_t)(0xff00 >> keep);
	}
}

static uint8_t *addr_bytes(struct sa *a, size_t *len)
{
	bool six = sa_af(a) == AF_INET6;

	*len = six ? 16 : 4;
	return six ? a->u.in6.sin6_addr.s6_addr : (uint8_t *)&a->u.in.sin_addr;
}

int sa_net_parse(struct sa_net *n, struct slice s)
{
	struct slice rest = s, ip = slice_cut(&rest, '/');
	struct sa a;
	size_t len;
	uint32_t bits;
	uint8_t *p;

	if (sa_set(&a, ip, 0))
		return ERR_SYNTAX;
	p = addr_bytes(&a, &len);
	bits = (uint32_t)len * 8;
	if (ip.l < s.l) {
		/* a mapped address was written with the prefix of its IPv6 form */
		uint32_t extra = sa_af(&a) == AF_INET && slice_chr(ip, ':') >= 0 ? 96 : 0, v;

		if (slice_u32(rest, &v) || v < extra || v - extra > bits)
			return ERR_SYNTAX;
		bits = v - extra;
	}
	mask_bits(p, len, bits);
	n->addr = a;
	n->bits = (uint8_t)bits;
	return 0;
}

bool sa_net_has(const struct sa_net *n, const struct sa *a)
{
	struct sa t = *a, net = n->addr;
	size_t len;
	uint8_t *p;

	if (sa_af(a) != sa_af(&n->addr) || !sa_isset(a))
		return false;
	p = addr_bytes(&t, &len);
	mask_bits(p, len, n->bits);
	return memcmp(p, addr_bytes(&net, &len), len) == 0;
}
