/*
 * capture_pcap.c - messages as a pcapng file (draft-ietf-opsawg-pcapng): raw IP packets with headers of our own
 * (RFC 791, RFC 8200, RFC 768).
 *
 * What came by TCP, TLS or WebSocket is written as UDP, since there are no segments to show; a comment at the packet
 * says what it was.
 */
#include <string.h>
#include "pbx/capture_priv.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	OPT_COMMENT = 1,
	OPT_USERAPPL = 4,
	LINK_RAW = 101, /**< LINKTYPE_RAW: begins with the IP header */
	IP4 = 20,
	IP6 = 40,
	UDP = 8,
	PROTO_UDP = 17
};

/* In the byte order of this machine, which readers see by the magic number. */
static void put16(struct buf *b, uint16_t v)
{
	buf_mem(b, &v, sizeof(v));
}

static void put32(struct buf *b, uint32_t v)
{
	buf_mem(b, &v, sizeof(v));
}

static void pad(struct buf *b, size_t l)
{
	buf_mem(b, "\0\0\0", (4 - l % 4) % 4);
}

static void put_option(struct buf *b, uint16_t code, const char *text)
{
	size_t l = strlen(text);

	put16(b, code);
	put16(b, (uint16_t)l);
	buf_mem(b, text, l);
	pad(b, l);
}

/* A block begins with its type and length, and ends with the length. */
static size_t block_begin(struct buf *b, uint32_t type)
{
	size_t at = b->l;

	put32(b, type);
	put32(b, 0);
	return at;
}

static void block_end(struct buf *b, size_t at)
{
	uint32_t l = (uint32_t)(b->l + 4 - at);

	put32(b, l);
	if (!buf_err(b))
		memcpy(b->p + at + 4, &l, sizeof(l));
}

void pcap_begin(struct buf *b)
{
	size_t at = block_begin(b, BLOCK_SECTION);

	put32(b, 0x1a2b3c4d);
	put16(b, 1);
	put16(b, 0);
	put32(b, UINT32_MAX); /* length of the section: not said */
	put32(b, UINT32_MAX);
	put_option(b, OPT_USERAPPL, "offhook");
	put32(b, 0);
	block_end(b, at);
	at = block_begin(b, BLOCK_INTERFACE);
	put16(b, LINK_RAW);
	put16(b, 0);
	put32(b, 0); /* no limit of length; times are in us, as is usual */
	block_end(b, at);
}

/* ------------------------------------------------------------------ packets */

static void be16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* RFC 1071 */
static uint32_t sum(uint32_t s, const void *data, size_t l)
{
	const uint8_t *p = data;

	for (size_t i = 0; i + 1 < l; i += 2)
		s += (uint32_t)(p[i] << 8 | p[i + 1]);
	if (l % 2)
		s += (uint32_t)p[l - 1] << 8;
	return s;
}

static uint16_t fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

/* An address of either family as one of `six`; what is not set is all zeros. */
static void put_ip(uint8_t *p, const struct sa *a, bool six)
{
	memset(p, 0, six ? 16 : 4);
	if (sa_af(a) == AF_INET6 && six) {
		memcpy(p, &a->u.in6.sin6_addr, 16);
	} else if (sa_af(a) == AF_INET && six) {
		/* RFC 4291 2.5.5.2 */
		p[10] = p[11] = 0xff;
		memcpy(p + 12, &a->u.in.sin_addr, 4);
	} else if (sa_af(a) == AF_INET) {
		memcpy(p, &a->u.in.sin_addr, 4);
	}
}

static size_t ip_header(uint8_t *h, const struct sa *src, const struct sa *dst, size_t l)
{
	bool six = sa_af(src) == AF_INET6 || sa_af(dst) == AF_INET6;

	memset(h, 0, IP6);
	if (six) {
		h[0] = 0x60;
		be16(h + 4, UDP + l);
		h[6] = PROTO_UDP;
		h[7] = 64;
		put_ip(h + 8, src, true);
		put_ip(h + 24, dst, true);
		return IP6;
	}
	h[0] = 0x45;
	be16(h + 2, IP4 + UDP + l);
	h[8] = 64;
	h[9] = PROTO_UDP;
	put_ip(h + 12, src, false);
	put_ip(h + 16, dst, false);
	be16(h + 10, fold(sum(0, h, IP4)));
	return IP4;
}

static void udp_header(uint8_t *h, const uint8_t *ip, size_t ipl, const struct sa *src, const struct sa *dst,
		       struct slice data)
{
	uint16_t check;

	memset(h, 0, UDP);
	be16(h, sa_isset(src) ? sa_port(src) : 0);
	be16(h + 2, sa_isset(dst) ? sa_port(dst) : 0);
	be16(h + 4, UDP + data.l);
	/* with both addresses, protocol and length (RFC 768; RFC 8200 8.1) */
	uint32_t s = ipl == IP4 ? sum(0, ip + 12, 8) : sum(0, ip + 8, 32);
	s = sum(s + PROTO_UDP + (uint32_t)(UDP + data.l), h, UDP);
	check = fold(sum(s, data.p, data.l));
	be16(h + 6, check ? check : 0xffff);
}

static const char *comment(const struct capture_msg *m)
{
	static const char *const words[] = {NULL, "SIP over TCP, written as UDP", "SIP over TLS, written as UDP",
					    "SIP over WebSocket, written as UDP",
					    "SIP over WebSocket and TLS, written as UDP"};

	if (m->cut)
		return "cut: it was longer than what is captured";
	return m->transp < ARRAY_LEN(words) ? words[m->transp] : NULL;
}

void pcap_add(struct buf *b, const struct capture_msg *m, int64_t wall_us)
{
	const struct sa *src = m->out ? &m->local : &m->peer, *dst = m->out ? &m->peer : &m->local;
	uint8_t ip[IP6], udp[UDP];
	size_t at = block_begin(b, BLOCK_PACKET), l, ipl = ip_header(ip, src, dst, m->data.l);
	uint64_t us = wall_us > 0 ? (uint64_t)wall_us : 0;
	const char *text = comment(m);

	udp_header(udp, ip, ipl, src, dst, m->data);
	l = ipl + UDP + m->data.l;
	put32(b, 0);
	put32(b, (uint32_t)(us >> 32));
	put32(b, (uint32_t)us);
	put32(b, (uint32_t)l);
	put32(b, (uint32_t)l);
	buf_mem(b, ip, ipl);
	buf_mem(b, udp, UDP);
	buf_slice(b, m->data);
	pad(b, l);
	if (text) {
		put_option(b, OPT_COMMENT, text);
		put32(b, 0);
	}
	block_end(b, at);
}
