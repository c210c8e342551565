/*
 * srtp.c - suites, senders and receivers, and SRTP packets (RFC 3711 3.3; RFC 7714 8).
 *
 * What is opened is checked first and changed only when it is genuine, so that another key may try its luck.
 */
#include <string.h>
#include "media/srtp_priv.h"

static const struct srtp_suite_def suites[SRTP_SUITE_COUNT] = {
	[SRTP_AES_CM_128_HMAC_SHA1_80] = {"AES_CM_128_HMAC_SHA1_80", 16, 14, 10, false},
	[SRTP_AES_CM_128_HMAC_SHA1_32] = {"AES_CM_128_HMAC_SHA1_32", 16, 14, 4, false},
	[SRTP_AES_256_CM_HMAC_SHA1_80] = {"AES_256_CM_HMAC_SHA1_80", 32, 14, 10, false},
	[SRTP_AES_256_CM_HMAC_SHA1_32] = {"AES_256_CM_HMAC_SHA1_32", 32, 14, 4, false},
	[SRTP_AEAD_AES_128_GCM] = {"AEAD_AES_128_GCM", 16, 12, SRTP_GCM_TAG, true},
	[SRTP_AEAD_AES_256_GCM] = {"AEAD_AES_256_GCM", 32, 12, SRTP_GCM_TAG, true},
};

const struct srtp_suite_def *srtp_suite_def(unsigned suite)
{
	return suite > SRTP_NONE && suite < SRTP_SUITE_COUNT ? &suites[suite] : NULL;
}

const char *srtp_suite_name(enum srtp_suite s)
{
	const struct srtp_suite_def *d = srtp_suite_def(s);

	return d ? d->name : NULL;
}

enum srtp_suite srtp_suite_of(struct slice name)
{
	for (unsigned i = SRTP_NONE + 1; i < SRTP_SUITE_COUNT; i++)
		if (slice_ieqs(name, suites[i].name))
			return (enum srtp_suite)i;
	return SRTP_NONE;
}

size_t srtp_suite_key_len(enum srtp_suite s)
{
	const struct srtp_suite_def *d = srtp_suite_def(s);

	return d ? (size_t)d->key + d->salt : 0;
}

bool srtp_key_eq(const struct srtp_key *a, const struct srtp_key *b)
{
	return a->suite == b->suite && a->mki_len == b->mki_len && !memcmp(a->mki, b->mki, sizeof(a->mki)) &&
	       !CRYPTO_memcmp(a->key, b->key, srtp_suite_key_len(a->suite));
}

/* ------------------------------------------------------------------ life */

static void tx_destroy(void *obj)
{
	struct srtp_tx *t = obj;

	srtp_half_close(&t->rtp);
	srtp_half_close(&t->rtcp);
}

static void rx_destroy(void *obj)
{
	struct srtp_rx *r = obj;

	srtp_half_close(&r->rtp);
	srtp_half_close(&r->rtcp);
}

int srtp_tx_alloc(struct srtp_tx **tp, const struct srtp_key *k)
{
	struct srtp_tx *t = mem_zalloc(sizeof(*t), tx_destroy);
	int err;

	if (!t)
		return ENOMEM;
	t->s = srtp_suite_def(k->suite);
	err = srtp_halves(&t->rtp, &t->rtcp, k, true);
	if (err) {
		mem_deref(t);
		return err;
	}
	*tp = t;
	return 0;
}

int srtp_rx_alloc(struct srtp_rx **rp, const struct srtp_key *k)
{
	struct srtp_rx *r;
	int err;

	if (k->mki_len > SRTP_MKI_MAX)
		return EINVAL;
	r = mem_zalloc(sizeof(*r), rx_destroy);
	if (!r)
		return ENOMEM;
	r->s = srtp_suite_def(k->suite);
	r->mki_len = k->mki_len;
	memcpy(r->mki, k->mki, sizeof(r->mki));
	err = srtp_halves(&r->rtp, &r->rtcp, k, false);
	if (err) {
		mem_deref(r);
		return err;
	}
	*rp = r;
	return 0;
}

void srtp_rx_follow(struct srtp_rx *r, const struct srtp_rx *old)
{
	const struct srtp_rx_stream *last = NULL;

	for (size_t i = 0; i < SRTP_STREAMS; i++) {
		const struct srtp_rx_stream *s = &old->stream[i];

		if (s->used && srtp_window_any(&s->rtp) && (!last || s->used > last->used))
			last = s;
	}
	if (last && last->rtp.top > 0xffff) {
		r->hint = true;
		r->hint_ssrc = last->ssrc;
		r->hint_top = last->rtp.top;
	}
}

/* ------------------------------------------------------------------ streams of a receiver */

struct srtp_rx_stream *srtp_rx_find(struct srtp_rx *r, uint32_t ssrc)
{
	for (size_t i = 0; i < SRTP_STREAMS; i++)
		if (r->stream[i].ssrc == ssrc && r->stream[i].used)
			return &r->stream[i];
	return NULL;
}

struct srtp_rx_stream *srtp_rx_take(struct srtp_rx *r, uint32_t ssrc)
{
	struct srtp_rx_stream *s = srtp_rx_find(r, ssrc);

	if (!s) {
		s = &r->stream[0];
		for (size_t i = 1; i < SRTP_STREAMS; i++)
			if (r->stream[i].used < s->used)
				s = &r->stream[i];
		*s = (struct srtp_rx_stream){.ssrc = ssrc};
	}
	/* after 2^32 packets every stream is as old as the others: harmless */
	if (!++r->clock)
		r->clock = 1;
	s->used = r->clock;
	return s;
}

bool srtp_mki_is(const struct srtp_rx *r, const uint8_t *p)
{
	return r->mki_len > sizeof(r->mki) || !memcmp(p, r->mki + sizeof(r->mki) - r->mki_len, r->mki_len);
}

/* ------------------------------------------------------------------ packets */

int srtp_seal_to(struct srtp_tx *t, uint8_t *dst, const uint8_t *p, size_t *l, size_t hdrlen, uint64_t ext_seq)
{
	uint32_t ssrc;
	int err;

	if (hdrlen < 12 || hdrlen > *l)
		return EINVAL;
	/* RFC 3711 9.2; and a keystream used twice is worse than a lost packet */
	if (ext_seq >> 48)
		return ERR_LIMIT;
	if (!srtp_window_new(&t->sent, ext_seq))
		return EALREADY;
	ssrc = get32(p + 8);
	if (dst != p)
		memcpy(dst, p, hdrlen);
	if (t->s->gcm) {
		struct srtp_gcm g = {.ssrc = ssrc, .index = ext_seq, .aad = dst, .naad = hdrlen};

		err = srtp_gcm_seal(&t->rtp, &g, dst + hdrlen, p + hdrlen, *l - hdrlen);
	} else {
		uint8_t mac[SHA_DIGEST_LENGTH];

		err = srtp_cm(&t->rtp, ssrc, ext_seq, dst + hdrlen, p + hdrlen, *l - hdrlen);
		if (!err) {
			srtp_mac(&t->rtp, mac, dst, *l, (uint32_t)(ext_seq >> 16));
			memcpy(dst + *l, mac, t->rtp.tag);
		}
	}
	if (err)
		return err;
	srtp_window_note(&t->sent, ext_seq);
	*l += t->rtp.tag;
	return 0;
}

int srtp_seal(struct srtp_tx *t, uint8_t *p, size_t *l, size_t hdrlen, uint64_t ext_seq)
{
	return srtp_seal_to(t, p, p, l, hdrlen, ext_seq);
}

/* Bytes of the header with CSRCs and extension; 0: it is not whole. */
static size_t header_len(const uint8_t *p, size_t l)
{
	size_t n;

	if (l < 12 || p[0] >> 6 != 2)
		return 0;
	n = 12 + 4U * (p[0] & 15);
	if (p[0] & 0x10) {
		if (l < n + 4)
			return 0;
		n += 4 + 4U * (size_t)(p[n + 2] << 8 | p[n + 3]);
	}
	return n <= l ? n : 0;
}

static int open_gcm(struct srtp_rx *r, uint8_t *p, size_t body, size_t hdrlen, uint64_t index)
{
	struct srtp_gcm g = {.ssrc = get32(p + 8), .index = index, .aad = p, .naad = hdrlen};
	uint8_t plain[SRTP_PACKET_MAX + SRTP_GCM_TAG];
	size_t n = body - hdrlen;
	int err = srtp_gcm_open(&r->rtp, &g, plain, p + hdrlen, n);

	if (!err)
		memcpy(p + hdrlen, plain, n);
	return err;
}

static int open_cm(struct srtp_rx *r, uint8_t *p, size_t body, size_t hdrlen, uint64_t index)
{
	uint8_t mac[SHA_DIGEST_LENGTH];

	srtp_mac(&r->rtp, mac, p, body, (uint32_t)(index >> 16));
	if (CRYPTO_memcmp(mac, p + body + r->mki_len, r->rtp.tag))
		return EBADMSG;
	return srtp_cm(&r->rtp, get32(p + 8), index, p + hdrlen, p + hdrlen, body - hdrlen);
}

static int open_as(struct srtp_rx *r, uint8_t *p, size_t body, size_t hdrlen, uint64_t index)
{
	return r->s->gcm ? open_gcm(r, p, body, hdrlen, index) : open_cm(r, p, body, hdrlen, index);
}

int srtp_open(struct srtp_rx *r, uint8_t *p, size_t *l)
{
	size_t tail = (size_t)r->rtp.tag + r->mki_len, body, hdrlen;
	struct srtp_window none = {0};
	struct srtp_rx_stream *s;
	uint64_t index;
	uint32_t ssrc;
	int err;

	if (*l < 12 + tail || *l > SRTP_PACKET_MAX)
		return ERR_SYNTAX;
	body = *l - tail;
	hdrlen = header_len(p, body);
	if (!hdrlen)
		return ERR_SYNTAX;
	/* the MKI stands before the tag of HMAC, behind that of GCM */
	if (r->mki_len && !srtp_mki_is(r, p + body + (r->s->gcm ? SRTP_GCM_TAG : 0)))
		return EBADMSG;
	ssrc = get32(p + 8);
	s = srtp_rx_find(r, ssrc);
	index = srtp_window_guess(s ? &s->rtp : &none, get16(p + 2));
	if (s && !srtp_window_new(&s->rtp, index))
		return EALREADY;
	err = open_as(r, p, body, hdrlen, index);
	if (err == EBADMSG && r->hint && (!s || !srtp_window_any(&s->rtp)) && ssrc == r->hint_ssrc) {
		/* some count on where the key before had got to, others begin at 0 */
		index = srtp_window_guess(&(struct srtp_window){.top = r->hint_top, .seen = {1, 0}}, get16(p + 2));
		err = open_as(r, p, body, hdrlen, index);
	}
	if (err)
		return err;
	s = srtp_rx_take(r, ssrc);
	srtp_window_note(&s->rtp, index);
	*l = body;
	return 0;
}
