/*
 * seal.c - secrets at rest: AES-256-GCM with a fresh nonce, as text "v1:" and base64 of nonce, ciphertext and tag.
 *
 * NIST SP 800-38D; random 96-bit nonces are good for 2^32 secrets under one key.
 * Thread: any; the key does not change after the start.
 */
#include <limits.h>
#include <string.h>
#include "base/mem.h"
#include "base/rand.h"
#include "store/store_priv.h"

enum { NONCE = 12, TAG = 16, PLAIN_MAX = 65536 };
static const char prefix[] = "v1:";

static int encrypt(EVP_CIPHER *gcm, const uint8_t *key, struct slice plain, unsigned char *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const void *in = plain.p ? plain.p : "";
	int l = 0, err = EPROTO;

	rand_bytes(out, NONCE);
	if (!ctx)
		return ENOMEM;
	if (EVP_EncryptInit_ex2(ctx, gcm, key, out, NULL) == 1 &&
	    EVP_EncryptUpdate(ctx, out + NONCE, &l, in, (int)plain.l) == 1 &&
	    EVP_EncryptFinal_ex(ctx, out + NONCE + l, &l) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, out + NONCE + plain.l) == 1)
		err = 0;
	EVP_CIPHER_CTX_free(ctx);
	return err;
}

/* `in` is nonce, ciphertext and tag; `out` has room for n - NONCE bytes. */
static int decrypt(EVP_CIPHER *gcm, const uint8_t *key, unsigned char *in, size_t n, unsigned char *out)
{
	size_t plain = n - NONCE - TAG;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int l = 0, err = ERR_AUTH;

	if (!ctx)
		return ENOMEM;
	if (EVP_DecryptInit_ex2(ctx, gcm, key, in, NULL) == 1 &&
	    EVP_DecryptUpdate(ctx, out, &l, in + NONCE, (int)plain) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, in + NONCE + plain) == 1 &&
	    EVP_DecryptFinal_ex(ctx, out + l, &l) == 1)
		err = 0;
	EVP_CIPHER_CTX_free(ctx);
	return err;
}

int seal_with(EVP_CIPHER *gcm, const uint8_t *key, struct slice plain, struct buf *b)
{
	size_t n = NONCE + plain.l + TAG, tl = (n + 2) / 3 * 4;
	unsigned char *bin, *text;
	int err;

	if (plain.l > PLAIN_MAX)
		return ERR_LIMIT;
	bin = mem_alloc(n + tl + 1, NULL);
	if (!bin)
		return ENOMEM;
	text = bin + n;
	err = encrypt(gcm, key, plain, bin);
	if (!err) {
		EVP_EncodeBlock(text, bin, (int)n);
		buf_str(b, prefix);
		buf_mem(b, text, tl);
		err = buf_err(b);
	}
	mem_deref(bin);
	return err;
}

/* Canonical base64 only: no white space, padding at the end alone, no bits in what the padding cuts off. */
static int decode(struct slice text, unsigned char *bin, size_t *n)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t pad = 0, last = 0;

	if (!text.l || text.l % 4 || text.l > INT_MAX / 2)
		return ERR_AUTH;
	while (pad < 2 && text.p[text.l - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; i < text.l - pad; i++) {
		const char *at = text.p[i] ? strchr(set, text.p[i]) : NULL;

		if (!at)
			return ERR_AUTH;
		last = (size_t)(at - set);
	}
	if (last & (pad == 2 ? 15U : pad == 1 ? 3U : 0U))
		return ERR_AUTH;
	if (EVP_DecodeBlock(bin, (const unsigned char *)text.p, (int)text.l) < 0)
		return ERR_AUTH;
	*n = text.l / 4 * 3 - pad;
	return 0;
}

int unseal_with(EVP_CIPHER *gcm, const uint8_t *key, struct slice sealed, struct buf *plain)
{
	struct slice text = slice_from(sealed, sizeof(prefix) - 1);
	unsigned char *bin, *out;
	size_t room = text.l / 4 * 3 + 4, n = 0;
	int err;

	if (!slice_starts(sealed, SLICE("v1:")))
		return ERR_AUTH;
	bin = mem_alloc(2 * room, NULL);
	if (!bin)
		return ENOMEM;
	out = bin + room;
	err = decode(text, bin, &n);
	if (!err && n < NONCE + TAG)
		err = ERR_AUTH;
	if (!err)
		err = decrypt(gcm, key, bin, n, out);
	if (!err) {
		buf_mem(plain, out, n - NONCE - TAG);
		err = buf_err(plain);
	}
	mem_wipe(bin, 2 * room);
	mem_deref(bin);
	return err;
}

int store_seal(struct store *s, struct slice plain, struct buf *b)
{
	return seal_with(s->gcm, s->key, plain, b);
}

int store_unseal(struct store *s, struct slice sealed, struct buf *plain)
{
	return unseal_with(s->gcm, s->key, sealed, plain);
}
