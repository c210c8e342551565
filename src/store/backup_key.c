/*
 * backup_key.c - the key file within a backup: sealed under a key that scrypt (RFC 7914) makes of a passphrase; and
 * SHA-256 of what passes.
 */
#include <string.h>
#include "base/rand.h"
#include "store/backup_priv.h"

enum { SCRYPT_N = 32768, SCRYPT_R = 8, SCRYPT_P = 1, SCRYPT_MEM = 64 * 1024 * 1024 };

/* ------------------------------------------------------------------ sums */

int sum_begin(struct sum *m)
{
	m->ctx = EVP_MD_CTX_new();
	if (!m->ctx)
		return ENOMEM;
	return EVP_DigestInit_ex(m->ctx, EVP_sha256(), NULL) == 1 ? 0 : ENOMEM;
}

void sum_add(struct sum *m, const void *p, size_t n)
{
	EVP_DigestUpdate(m->ctx, p, n);
}

void sum_end(struct sum *m, char hex[SUM_HEX])
{
	unsigned char bin[EVP_MAX_MD_SIZE] = {0};
	unsigned n = 0;

	if (m->ctx && hex)
		EVP_DigestFinal_ex(m->ctx, bin, &n);
	for (unsigned i = 0; hex && i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", bin[i]);
	EVP_MD_CTX_free(m->ctx);
	m->ctx = NULL;
}

/* ------------------------------------------------------------------ the key */

static int derive(struct slice pass, const uint8_t *salt, uint8_t key[KEY_BYTES])
{
	return EVP_PBE_scrypt(pass.p, pass.l, salt, WRAP_SALT, SCRYPT_N, SCRYPT_R, SCRYPT_P, SCRYPT_MEM, key,
			      KEY_BYTES) == 1
		       ? 0
		       : ENOMEM;
}

json_t *wrap_key(const struct store *s, struct slice pass)
{
	uint8_t salt[WRAP_SALT], key[KEY_BYTES];
	char text[2 * WRAP_SALT + 1];
	json_t *o = NULL;
	struct buf b;

	rand_bytes(salt, sizeof(salt));
	for (size_t i = 0; i < WRAP_SALT; i++)
		snprintf(text + 2 * i, 3, "%02x", salt[i]);
	buf_init(&b);
	if (!derive(pass, salt, key) && !seal_with(s->gcm, key, slice_mem((const char *)s->key, KEY_BYTES), &b))
		o = json_pack("{s:s, s:i, s:i, s:i, s:s, s:s%}", "kdf", "scrypt", "n", SCRYPT_N, "r", SCRYPT_R, "p",
			      SCRYPT_P, "salt", text, "sealed", b.p, b.l);
	mem_wipe(key, sizeof(key));
	buf_free(&b);
	return o;
}

static bool salt_of(const json_t *o, uint8_t salt[WRAP_SALT])
{
	const char *t = json_string_value(json_object_get(o, "salt"));

	if (!t || strlen(t) != 2 * (size_t)WRAP_SALT)
		return false;
	for (size_t i = 0; i < WRAP_SALT; i++) {
		int hi = slice_hex(t[2 * i]), lo = slice_hex(t[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		salt[i] = (uint8_t)(hi * 16 + lo);
	}
	return true;
}

int unwrap_key(const json_t *o, EVP_CIPHER *gcm, struct slice pass, uint8_t key[KEY_BYTES])
{
	const char *kdf = json_string_value(json_object_get(o, "kdf")),
		   *sealed = json_string_value(json_object_get(o, "sealed"));
	uint8_t salt[WRAP_SALT], own[KEY_BYTES];
	struct buf b;

	/* costs are ours: a file does not tell how much memory we spend */
	if (!kdf || strcmp(kdf, "scrypt") || !sealed || json_integer_value(json_object_get(o, "n")) != SCRYPT_N ||
	    json_integer_value(json_object_get(o, "r")) != SCRYPT_R ||
	    json_integer_value(json_object_get(o, "p")) != SCRYPT_P || !salt_of(o, salt))
		return ERR_SYNTAX;
	int err = derive(pass, salt, own);

	buf_init(&b);
	if (!err)
		err = unseal_with(gcm, own, slice_str(sealed), &b);
	if (!err && b.l != KEY_BYTES)
		err = ERR_SYNTAX;
	if (!err)
		memcpy(key, b.p, KEY_BYTES);
	if (b.p)
		mem_wipe(b.p, b.l);
	mem_wipe(own, sizeof(own));
	buf_free(&b);
	return err;
}
