/*
 * srtp_kdf.c - session keys from a master key and salt (RFC 3711 4.3; RFC 6188 3 for 256 bits; RFC 7714 11 for GCM).
 *
 * The key derivation rate is 0: one set of keys for the life of a master key.
 */
#include <string.h>
#include "media/srtp_priv.h"

int srtp_derive(uint8_t *out, size_t n, const uint8_t *key, size_t keylen, const uint8_t *salt, enum srtp_label label)
{
	uint8_t block[64] = {0};
	EVP_CIPHER_CTX *c;
	int got, ok;

	if (n > sizeof(block))
		return EINVAL;
	c = EVP_CIPHER_CTX_new();
	if (!c)
		return ENOMEM;
	for (size_t i = 0; i < sizeof(block); i += 16) {
		memcpy(block + i, salt, SRTP_SALT);
		block[i + 7] ^= (uint8_t)label;
		block[i + 15] = (uint8_t)(i / 16);
	}
	ok = EVP_EncryptInit_ex2(c, keylen == 32 ? EVP_aes_256_ecb() : EVP_aes_128_ecb(), key, NULL, NULL) &&
	     EVP_CIPHER_CTX_set_padding(c, 0) && EVP_EncryptUpdate(c, block, &got, block, sizeof(block));
	EVP_CIPHER_CTX_free(c);
	if (ok)
		memcpy(out, block, n);
	mem_wipe(block, sizeof(block));
	return ok ? 0 : EIO;
}

static int half(struct srtp_half *h, const struct srtp_suite_def *s, const uint8_t *master, enum srtp_label first,
		bool seal)
{
	uint8_t key[32], auth[SRTP_AUTH_KEY], salt[SRTP_SALT] = {0}, msalt[SRTP_SALT] = {0};
	int err;

	memcpy(msalt, master + s->key, s->salt);
	err = srtp_derive(key, s->key, master, s->key, msalt, first);
	if (!err)
		err = srtp_derive(auth, sizeof(auth), master, s->key, msalt, first + 1);
	if (!err)
		err = srtp_derive(salt, s->salt, master, s->key, msalt, first + 2);
	if (!err)
		err = srtp_half_init(h, s, key, salt, auth, seal);
	mem_wipe(key, sizeof(key));
	mem_wipe(auth, sizeof(auth));
	mem_wipe(salt, sizeof(salt));
	mem_wipe(msalt, sizeof(msalt));
	return err;
}

int srtp_halves(struct srtp_half *rtp, struct srtp_half *rtcp, const struct srtp_key *k, bool seal)
{
	const struct srtp_suite_def *s = srtp_suite_def(k->suite);
	int err;

	if (!s)
		return EINVAL;
	err = half(rtp, s, k->key, SRTP_LABEL_RTP_KEY, seal);
	if (err)
		return err;
	err = half(rtcp, s, k->key, SRTP_LABEL_RTCP_KEY, seal);
	if (err) {
		srtp_half_close(rtp);
		return err;
	}
	if (!s->gcm)
		rtcp->tag = SRTP_TAG_RTCP;
	return 0;
}
