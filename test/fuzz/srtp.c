/*
 * srtp.c - fuzz target: SRTP, SRTCP and a=crypto; the first byte says which.
 *
 * The second byte chooses suite and MKI. Rules: what is not genuine is refused and left as it was; what we protect we
 * open, once; lengths stay within the packet.
 */
#include "fuzz.h"
#include "media/srtp.h"
#include "wire/sdp/crypto.h"

static const struct srtp_key *key_of(uint8_t how)
{
	static struct srtp_key k;

	memset(&k, 0, sizeof(k));
	k.suite = (uint8_t)(how % (SRTP_SUITE_COUNT - 1) + 1);
	k.mki_len = how & 0x80 ? (how >> 4) & 7 : 0;
	for (unsigned i = 0; i < SRTP_KEY_MAX; i++)
		k.key[i] = (uint8_t)(how + i);
	return &k;
}

/* Somebody else's packet. */
static void foreign(bool rtcp, uint8_t *p, size_t l, uint8_t how)
{
	uint8_t was[2048];
	struct srtp_rx *r;
	size_t n = l;

	if (srtp_rx_alloc(&r, key_of(how)))
		return;
	if (l <= sizeof(was))
		memcpy(was, p, l);
	int err = rtcp ? srtcp_open(r, p, &n) : srtp_open(r, p, &n);
	if (err)
		FUZZ_ASSERT(n == l && (l > sizeof(was) || !memcmp(was, p, l)));
	else
		FUZZ_ASSERT(n < l);
	mem_deref(r);
}

/* One of ours. */
static void own(bool rtcp, const uint8_t *p, size_t l, uint8_t how)
{
	struct srtp_key k = *key_of(how & 0x7f);
	uint8_t b[2048 + SRTP_TAIL_MAX], c[2048 + SRTP_TAIL_MAX];
	size_t n = l, m, hdrlen = l >= 12 ? 12 + 4U * (p[0] & 15) : 0;
	struct srtp_tx *t;
	struct srtp_rx *r;
	int err;

	if (l > 2048 - SRTP_TAIL_MAX || srtp_tx_alloc(&t, &k))
		return;
	if (srtp_rx_alloc(&r, &k)) {
		mem_deref(t);
		return;
	}
	memcpy(b, p, l);
	/* version 2, no extension */
	if (l)
		b[0] = (uint8_t)((b[0] & 0x0f) | 0x80);
	err = rtcp ? srtcp_seal(t, b, &n) : srtp_seal(t, b, &n, hdrlen, l >= 12 ? (uint64_t)(p[2] << 8 | p[3]) : 0);
	if (!err) {
		m = n;
		memcpy(c, b, n);
		FUZZ_ASSERT(n > l && n - l <= SRTP_TAIL_MAX);
		FUZZ_ASSERT(!(rtcp ? srtcp_open(r, b, &n) : srtp_open(r, b, &n)));
		FUZZ_ASSERT(n == l && (!l || !memcmp(b + 1, p + 1, l - 1)));
		FUZZ_ASSERT((rtcp ? srtcp_open(r, c, &m) : srtp_open(r, c, &m)) == EALREADY);
	}
	mem_deref(t);
	mem_deref(r);
}

static void attribute(struct slice s)
{
	struct sdp_crypto c, d;
	char suite[64], text[512];
	struct buf b;

	if (sdp_crypto_decode(&c, s))
		return;
	FUZZ_ASSERT(fuzz_inside(s, c.suite) && c.suite.l && c.key_len <= SDP_CRYPTO_KEY_MAX);
	FUZZ_ASSERT(c.mki_len <= SDP_CRYPTO_MKI_MAX);
	if (!slice_copy(suite, sizeof(suite), c.suite) || fuzz_has_nul(c.suite))
		return;
	buf_init_fixed(&b, text, sizeof(text));
	sdp_crypto_encode(&b, c.tag, suite, c.key, c.key_len);
	FUZZ_ASSERT(!buf_err(&b));
	FUZZ_ASSERT(!sdp_crypto_decode(&d, slice_trim(slice_from(buf_get(&b), 9))));
	FUZZ_ASSERT(d.tag == c.tag && d.key_len == c.key_len && !memcmp(d.key, c.key, c.key_len));
	FUZZ_ASSERT(slice_eq(c.suite, d.suite));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p;
	size_t l;

	if (size < 2)
		return 0;
	/* a copy of the exact size: packets are opened in place */
	l = size - 2;
	p = malloc(l ? l : 1);
	if (!p)
		return 0;
	memcpy(p, data + 2, l);
	switch (data[0]) {
	case 'r':
	case 'c':
		foreign(data[0] == 'c', p, l, data[1]);
		break;
	case 'R':
	case 'C':
		own(data[0] == 'C', p, l, data[1]);
		break;
	case 'a':
		attribute(slice_mem(p, l));
		break;
	default:
		break;
	}
	free(p);
	return 0;
}
