/*
 * crypto.c - a=crypto:<tag> <suite> inline:<key||salt>[|lifetime][|MKI:length] [session parameters] (RFC
 * 4568 9.1, 9.2).
 */
#include <string.h>
#include "base/mem.h"
#include "wire/sdp/crypto.h"

enum { TAG_MAX = 999999999 /* 1*9DIGIT */, WSH_MIN = 64 };

/* ------------------------------------------------------------------ base64 (RFC 4648 4) */

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Some phones leave the padding out. */
static int key_decode(struct sdp_crypto *c, struct slice s)
{
	uint32_t bits = 0;
	unsigned n = 0;

	for (unsigned pad = 0; pad < 2 && s.l && s.p[s.l - 1] == '='; pad++)
		s.l--;
	if (!s.l || s.l % 4 == 1)
		return ERR_SYNTAX;
	c->key_len = 0;
	for (size_t i = 0; i < s.l; i++) {
		int d = digit(s.p[i]);

		if (d < 0 || c->key_len == SDP_CRYPTO_KEY_MAX)
			return ERR_SYNTAX;
		bits = bits << 6 | (uint32_t)d;
		n += 6;
		if (n >= 8) {
			n -= 8;
			c->key[c->key_len++] = (uint8_t)(bits >> n);
		}
	}
	return 0;
}

static void key_encode(struct buf *b, const uint8_t *p, size_t l)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < l; i += 3) {
		size_t left = l - i;
		uint32_t v = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
			     (left > 2 ? p[i + 2] : 0);

		buf_char(b, set[v >> 18]);
		buf_char(b, set[v >> 12 & 63]);
		buf_char(b, left > 1 ? set[v >> 6 & 63] : '=');
		buf_char(b, left > 2 ? set[v & 63] : '=');
	}
}

/* ------------------------------------------------------------------ key parameters */

/* "2^20" or "1048576"; 0 is nothing that a key could live for. */
static int lifetime(struct sdp_crypto *c, struct slice s)
{
	uint32_t n;

	if (slice_starts(s, SLICE("2^"))) {
		if (slice_u32(slice_from(s, 2), &n) || n > 48)
			return ERR_SYNTAX;
		c->lifetime = UINT64_C(1) << n;
		return 0;
	}
	return slice_u64(s, &c->lifetime) || !c->lifetime || c->lifetime > UINT64_C(1) << 48 ? ERR_SYNTAX : 0;
}

/* "1:4": a decimal number, and the bytes it takes in a packet. */
static int mki(struct sdp_crypto *c, struct slice s)
{
	struct slice value = slice_cut(&s, ':');
	uint64_t v = 0;
	uint32_t n;

	if (slice_u32(s, &n) || !n || n > SDP_CRYPTO_MKI_MAX || !value.l)
		return ERR_SYNTAX;
	for (size_t i = 0; i < value.l; i++)
		if (value.p[i] < '0' || value.p[i] > '9')
			return ERR_SYNTAX;
	c->mki_len = (uint8_t)n;
	if (n > sizeof(c->mki))
		return 0;
	if (slice_u64(value, &v) || v >> 8 * n)
		return ERR_SYNTAX;
	for (unsigned i = 0; i < sizeof(c->mki); i++)
		c->mki[i] = (uint8_t)(v >> (24 - 8 * i));
	return 0;
}

static int key_params(struct sdp_crypto *c, struct slice s)
{
	struct slice method, part;
	int err;

	if (slice_chr(s, ';') >= 0)
		return ENOTSUP;
	method = slice_cut(&s, ':');
	if (!slice_ieqs(method, "inline"))
		return s.l ? ENOTSUP : ERR_SYNTAX;
	err = key_decode(c, slice_cut(&s, '|'));
	for (unsigned n = 0; !err && s.l; n++) {
		part = slice_cut(&s, '|');
		if (n > 1 || c->mki_len)
			return ERR_SYNTAX;
		err = slice_chr(part, ':') >= 0 ? mki(c, part) : lifetime(c, part);
	}
	return err;
}

/* ------------------------------------------------------------------ session parameters */

static int session_param(struct sdp_crypto *c, struct slice s)
{
	struct slice name;
	uint32_t n;

	/* RFC 4568 6.3.7: those with a dash may be ignored */
	if (s.p[0] == '-')
		return 0;
	name = slice_cut(&s, '=');
	if (slice_ieqs(name, "WSH")) {
		if (slice_u32(s, &n) || n < WSH_MIN || n > UINT16_MAX)
			return ERR_SYNTAX;
		c->window = (uint16_t)n;
		return 0;
	}
	if (slice_ieqs(name, "KDR")) {
		if (slice_u32(s, &n) || n > 24)
			return ERR_SYNTAX;
		/* RFC 4568 6.3.1: a rate of 2^n packets */
		return ENOTSUP;
	}
	return ENOTSUP;
}

static struct slice word(struct slice *s)
{
	while (s->l && (*s->p == ' ' || *s->p == '\t'))
		*s = slice_from(*s, 1);
	return slice_cut(s, ' ');
}

int sdp_crypto_decode(struct sdp_crypto *c, struct slice val)
{
	struct slice tag, keys, part;
	int err;

	memset(c, 0, sizeof(*c));
	tag = word(&val);
	c->suite = word(&val);
	keys = word(&val);
	if (slice_u32(tag, &c->tag) || c->tag > TAG_MAX || !c->suite.l || !keys.l)
		return ERR_SYNTAX;
	err = key_params(c, keys);
	while (!err && (part = slice_trim(word(&val))).l)
		err = session_param(c, part);
	if (err)
		mem_wipe(c->key, sizeof(c->key));
	return err;
}

void sdp_crypto_encode(struct buf *b, uint32_t tag, const char *suite, const uint8_t *key, size_t l)
{
	buf_str(b, "a=crypto:");
	buf_u64(b, tag);
	buf_char(b, ' ');
	buf_str(b, suite);
	buf_str(b, " inline:");
	key_encode(b, key, l);
	buf_str(b, "\r\n");
}
