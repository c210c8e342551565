/*
 * srtp_rtcp.c - SRTCP packets (RFC 3711 3.4; RFC 7714 9): header of 8 bytes in the clear, index and E bit behind.
 */
#include <string.h>
#include "media/srtp_priv.h"

enum { HEAD = 8, WORD = 4 };
static const uint32_t E_BIT = 0x80000000;

int srtcp_seal_to(struct srtp_tx *t, uint8_t *dst, const uint8_t *p, size_t *l)
{
	size_t n = *l, at;
	uint8_t word[WORD];
	uint32_t index = t->rtcp_next;
	int err;

	if (n < HEAD)
		return EINVAL;
	if (index & E_BIT)
		return ERR_LIMIT;
	put32(word, index | E_BIT);
	if (dst != p)
		memcpy(dst, p, HEAD);
	if (t->s->gcm) {
		struct srtp_gcm g = {get32(p + 4), index, dst, HEAD, word};

		err = srtp_gcm_seal(&t->rtcp, &g, dst + HEAD, p + HEAD, n - HEAD);
		at = n + SRTP_GCM_TAG;
		memcpy(dst + at, word, WORD);
		n = at + WORD;
	} else {
		uint8_t mac[SHA_DIGEST_LENGTH];

		err = srtp_cm(&t->rtcp, get32(p + 4), index, dst + HEAD, p + HEAD, n - HEAD);
		srtp_mac(&t->rtcp, mac, dst, n, index | E_BIT);
		memcpy(dst + n, word, WORD);
		memcpy(dst + n + WORD, mac, t->rtcp.tag);
		n += WORD + t->rtcp.tag;
	}
	if (err)
		return err;
	t->rtcp_next++;
	*l = n;
	return 0;
}

int srtcp_seal(struct srtp_tx *t, uint8_t *p, size_t *l)
{
	return srtcp_seal_to(t, p, p, l);
}

static int open_gcm(struct srtp_rx *r, uint8_t *p, size_t n, uint32_t word)
{
	uint8_t plain[SRTP_PACKET_MAX + SRTP_GCM_TAG], after[WORD];
	struct srtp_gcm g = {get32(p + 4), word & ~E_BIT, p, word & E_BIT ? HEAD : n, after};
	size_t secret = word & E_BIT ? n - HEAD : 0;
	int err;

	put32(after, word);
	err = srtp_gcm_open(&r->rtcp, &g, plain, p + n - secret, secret);
	if (!err)
		memcpy(p + n - secret, plain, secret);
	return err;
}

static int open_cm(struct srtp_rx *r, uint8_t *p, size_t n, uint32_t word)
{
	uint8_t mac[SHA_DIGEST_LENGTH];

	srtp_mac(&r->rtcp, mac, p, n, word);
	if (CRYPTO_memcmp(mac, p + n + WORD + r->mki_len, r->rtcp.tag))
		return EBADMSG;
	if (!(word & E_BIT))
		return 0;
	return srtp_cm(&r->rtcp, get32(p + 4), word & ~E_BIT, p + HEAD, p + HEAD, n - HEAD);
}

int srtcp_open(struct srtp_rx *r, uint8_t *p, size_t *l)
{
	size_t tail = (size_t)r->rtcp.tag + WORD + r->mki_len, n;
	struct srtp_rx_stream *s;
	uint32_t word;
	int err;

	if (*l < HEAD + tail || *l > SRTP_PACKET_MAX || p[0] >> 6 != 2)
		return ERR_SYNTAX;
	n = *l - tail;
	word = get32(p + n + (r->s->gcm ? SRTP_GCM_TAG : 0));
	if (r->mki_len && !srtp_mki_is(r, p + n + WORD + (r->s->gcm ? SRTP_GCM_TAG : 0)))
		return EBADMSG;
	s = srtp_rx_find(r, get32(p + 4));
	if (s && !srtp_window_new(&s->rtcp, word & ~E_BIT))
		return EALREADY;
	err = r->s->gcm ? open_gcm(r, p, n, word) : open_cm(r, p, n, word);
	if (err)
		return err;
	s = srtp_rx_take(r, get32(p + 4));
	srtp_window_note(&s->rtcp, word & ~E_BIT);
	*l = n;
	return 0;
}
