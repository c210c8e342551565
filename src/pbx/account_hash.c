/*
 * account_hash.c - how passwords, tokens and codes are computed: scrypt (RFC 7914) in the PHC text form, SHA-256, HOTP
 * (RFC 4226) for TOTP (RFC 6238), base32 and base64url (RFC 4648). Pure functions, any thread.
 */
/* OpenSSL has a type of the name of our ERR_STATE */
#define ERR_STATE openssl_err_state
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#undef ERR_STATE
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "base/rand.h"
#include "pbx/account_priv.h"

enum { SALT = 16, HASH = 32, COST_MIN = 4, COST_MAX = 17, R = 8 };
static const char scrypt_prefix[] = "$scrypt$ln=", scrypt_rest[] = ",r=8,p=1$", token_prefix[] = "$sha256$";

void account_sha256(struct slice s, uint8_t id[ACCOUNT_ID])
{
	if (EVP_Digest(s.p ? s.p : "", s.l, id, NULL, EVP_sha256(), NULL) != 1)
		rand_bytes(id, ACCOUNT_ID); /* memory is out: it matches nothing */
}

bool account_same(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

static const char url_set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *account_base64url(const uint8_t *p, size_t n, char *dst)
{
	uint32_t v = 0;
	unsigned bits = 0;
	size_t o = 0;

	for (size_t i = 0; i < n; i++) {
		v = v << 8 | p[i];
		for (bits += 8; bits >= 6; bits -= 6)
			dst[o++] = url_set[v >> (bits - 6) & 63];
	}
	if (bits)
		dst[o++] = url_set[v << (6 - bits) & 63];
	dst[o] = '\0';
	return dst;
}

/* The other way; only what base64url above makes of `n` bytes. */
static bool base64url_read(struct slice s, uint8_t *p, size_t n)
{
	uint32_t v = 0;
	unsigned bits = 0;
	size_t o = 0;

	if (s.l != (n * 4 + 2) / 3)
		return false;
	for (size_t i = 0; i < s.l; i++) {
		const char *at = s.p[i] ? strchr(url_set, s.p[i]) : NULL;

		if (!at)
			return false;
		v = v << 6 | (uint32_t)(at - url_set);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			p[o++] = (uint8_t)(v >> bits);
		}
	}
	return o == n && !(v & ((1U << bits) - 1));
}

/* ------------------------------------------------------------------ passwords */

struct kept {
	unsigned cost;
	uint8_t salt[SALT], hash[HASH];
};

static bool kept_read(struct slice s, struct kept *k)
{
	struct slice cost;

	if (!slice_starts(s, SLICE(scrypt_prefix)))
		return false;
	s = slice_from(s, sizeof(scrypt_prefix) - 1);
	cost = slice_first(s, s.l && slice_chr(s, ',') > 0 ? (size_t)slice_chr(s, ',') : 0);
	s = slice_from(s, cost.l);
	if (slice_u32(cost, &k->cost) || k->cost < COST_MIN || k->cost > COST_MAX ||
	    !slice_starts(s, SLICE(scrypt_rest)))
		return false;
	s = slice_from(s, sizeof(scrypt_rest) - 1);
	return base64url_read(slice_cut(&s, '$'), k->salt, SALT) && base64url_read(s, k->hash, HASH);
}

bool account_is_kept(struct slice text)
{
	struct kept k;

	return kept_read(text, &k);
}

static int scrypt(struct slice password, const struct kept *k, uint8_t hash[HASH])
{
	uint64_t n = 1ULL << k->cost;

	return EVP_PBE_scrypt(password.p ? password.p : "", password.l, k->salt, SALT, n, R, 1, 160 * n * R + (1 << 20),
			      hash, HASH) == 1
		       ? 0
		       : ENOMEM;
}

int account_scrypt_make(struct slice password, unsigned cost, char out[ACCOUNT_KEPT])
{
	char salt[SALT * 2], hash[HASH * 2];
	struct kept k = {.cost = cost};
	int err;

	rand_bytes(k.salt, SALT);
	err = scrypt(password, &k, k.hash);
	if (!err)
		snprintf(out, ACCOUNT_KEPT, "%s%u%s%s$%s", scrypt_prefix, cost, scrypt_rest,
			 account_base64url(k.salt, SALT, salt), account_base64url(k.hash, HASH, hash));
	mem_wipe(&k, sizeof(k));
	return err;
}

int account_scrypt_check(struct slice password, const char *kept)
{
	uint8_t hash[HASH];
	struct kept k;
	int err;

	if (!kept_read(slice_str(kept), &k))
		return ERR_SYNTAX;
	err = scrypt(password, &k, hash);
	if (!err && !account_same(hash, k.hash, HASH))
		err = ERR_AUTH;
	mem_wipe(hash, sizeof(hash));
	return err;
}

/* ------------------------------------------------------------------ tokens */

void account_keep_token(const uint8_t id[ACCOUNT_ID], char kept[ACCOUNT_KEPT])
{
	char text[ACCOUNT_ID * 2];

	snprintf(kept, ACCOUNT_KEPT, "%s%s", token_prefix, account_base64url(id, ACCOUNT_ID, text));
}

bool account_is_kept_token(struct slice text, uint8_t id[ACCOUNT_ID])
{
	return slice_starts(text, SLICE(token_prefix)) &&
	       base64url_read(slice_from(text, sizeof(token_prefix) - 1), id, ACCOUNT_ID);
}

int account_token_make(char token[ACCOUNT_TOKEN], char kept[ACCOUNT_KEPT])
{
	uint8_t b[ACCOUNT_ID], id[ACCOUNT_ID];

	rand_bytes(b, sizeof(b));
	memcpy(token, "oh_", 3);
	account_base64url(b, sizeof(b), token + 3);
	if (EVP_Digest(token, strlen(token), id, NULL, EVP_sha256(), NULL) != 1)
		return ENOMEM;
	account_keep_token(id, kept);
	mem_wipe(b, sizeof(b));
	return 0;
}

/* ------------------------------------------------------------------ codes */

uint32_t account_hotp(const uint8_t *key, size_t n, uint64_t counter, unsigned digits)
{
	uint8_t c[8], mac[EVP_MAX_MD_SIZE] = {0};
	uint32_t mod = 1, v;

	for (int i = 7; i >= 0; i--, counter >>= 8)
		c[i] = (uint8_t)counter;
	if (!HMAC(EVP_sha1(), key, (int)n, c, sizeof(c), mac, NULL))
		return UINT32_MAX; /* memory is out: no code is this one */
	/* dynamic truncation, RFC 4226 5.3 */
	const uint8_t *at = mac + (mac[19] & 15);
	v = (uint32_t)(at[0] & 127) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	for (unsigned i = 0; i < digits; i++)
		mod *= 10;
	return v % mod;
}

void account_base32(const uint8_t key[ACCOUNT_TOTP], char dst[33])
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint32_t v = 0;
	unsigned bits = 0;
	size_t o = 0;

	for (size_t i = 0; i < ACCOUNT_TOTP; i++) {
		v = v << 8 | key[i];
		for (bits += 8; bits >= 5; bits -= 5)
			dst[o++] = set[v >> (bits - 5) & 31];
	}
	dst[o] = '\0';
}
