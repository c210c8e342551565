/*
 * auth_digest.c - the hashes of digest authentication (RFC 7616 3.4, RFC 8760), on OpenSSL.
 *
 * Algorithms are fetched once per process and contexts kept: a fetch costs more than twenty hashes.
 */
#include <pthread.h>
#include <string.h>
#include "base/mem.h"
#include "sip/auth_priv.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *mds[DIGEST_ALGS]; /* NULL where the library does not have it */

static void fetch(void)
{
	mds[SIP_DIGEST_MD5] = EVP_MD_fetch(NULL, "MD5", NULL);
	mds[SIP_DIGEST_SHA256] = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	mds[SIP_DIGEST_SHA512_256] = EVP_MD_fetch(NULL, "SHA2-512/256", NULL);
}

size_t digest_hex_len(enum sip_digest_alg alg)
{
	return alg == SIP_DIGEST_MD5 ? 32 : 64;
}

void digest_free(struct digest *d)
{
	for (size_t i = 0; i < DIGEST_ALGS; i++)
		EVP_MD_CTX_free(d->ctx[i]);
	memset(d, 0, sizeof(*d));
}

void digest_to_hex(char *dst, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		dst[2 * i] = digits[p[i] >> 4];
		dst[2 * i + 1] = digits[p[i] & 15];
	}
	dst[2 * n] = 0;
}

int digest_from_hex(uint8_t *p, size_t n, struct slice s)
{
	if (s.l != 2 * n)
		return ERR_SYNTAX;
	for (size_t i = 0; i < n; i++) {
		int hi = slice_hex(s.p[2 * i]), lo = slice_hex(s.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return ERR_SYNTAX;
		p[i] = (uint8_t)(hi << 4 | lo);
	}
	return 0;
}

static int begin(struct digest *d, enum sip_digest_alg alg, EVP_MD_CTX **ctx)
{
	(void)pthread_once(&once, fetch);
	if ((size_t)alg >= DIGEST_ALGS || !mds[alg])
		return ENOTSUP;
	if (!d->ctx[alg])
		d->ctx[alg] = EVP_MD_CTX_new();
	if (!d->ctx[alg])
		return ENOMEM;
	*ctx = d->ctx[alg];
	return EVP_DigestInit_ex2(*ctx, mds[alg], NULL) == 1 ? 0 : ENOTSUP;
}

static bool update(EVP_MD_CTX *ctx, struct slice s)
{
	return !s.l || EVP_DigestUpdate(ctx, s.p, s.l) == 1;
}

int digest_hex(struct digest *d, enum sip_digest_alg alg, const struct slice *v, size_t n, char hex[DIGEST_HEX + 1])
{
	uint8_t md[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *ctx;
	bool ok = true;
	int err = begin(d, alg, &ctx);

	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		ok = ok && (!i || update(ctx, SLICE(":"))) && update(ctx, v[i]);
	if (!ok || EVP_DigestFinal_ex(ctx, md, NULL) != 1)
		return ENOTSUP;
	digest_to_hex(hex, md, digest_hex_len(alg) / 2);
	return 0;
}

int digest_response(struct digest *d, const struct digest_in *in, char hex[DIGEST_HEX + 1])
{
	const struct slice a2[] = {in->method, in->uri};
	char ha2[DIGEST_HEX + 1];
	int err = digest_hex(d, in->alg, a2, ARRAY_LEN(a2), ha2);

	if (err)
		return err;
	if (in->qop.l) {
		const struct slice v[] = {in->ha1, in->nonce, in->nc, in->cnonce, in->qop, slice_str(ha2)};

		return digest_hex(d, in->alg, v, ARRAY_LEN(v), hex);
	}
	const struct slice v[] = {in->ha1, in->nonce, slice_str(ha2)};

	return digest_hex(d, in->alg, v, ARRAY_LEN(v), hex);
}

void sip_ha1_make(struct sip_ha1 *h, struct slice user, struct slice realm, struct slice password)
{
	const struct slice v[] = {user, realm, password};
	char hex[DIGEST_HEX + 1];
	struct digest d = {{NULL}};

	memset(h, 0, sizeof(*h));
	if (!digest_hex(&d, SIP_DIGEST_MD5, v, ARRAY_LEN(v), hex))
		memcpy(h->md5, hex, sizeof(h->md5));
	if (!digest_hex(&d, SIP_DIGEST_SHA256, v, ARRAY_LEN(v), hex))
		memcpy(h->sha256, hex, sizeof(h->sha256));
	mem_wipe(hex, sizeof(hex));
	digest_free(&d);
}

bool digest_unquote(char *dst, size_t size, struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.l && n < size; i++) {
		if (s.p[i] == '\\' && i + 1 < s.l)
			i++;
		dst[n++] = s.p[i];
	}
	if (n >= size) {
		dst[0] = 0;
		return false;
	}
	dst[n] = 0;
	return true;
}
