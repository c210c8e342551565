/*
 * digest.c - answers to digest challenges (RFC 7616), qop=auth.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "load.h"

static void hex_hash(bool sha256, const char *text, char *out)
{
	static EVP_MD_CTX *ctx;
	static EVP_MD *md5, *sha;
	unsigned char d[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (!ctx) {
		ctx = EVP_MD_CTX_new();
		md5 = EVP_MD_fetch(NULL, "MD5", NULL);
		sha = EVP_MD_fetch(NULL, "SHA256", NULL);
	}
	EVP_DigestInit_ex(ctx, sha256 ? sha : md5, NULL);
	EVP_DigestUpdate(ctx, text, strlen(text));
	EVP_DigestFinal_ex(ctx, d, &n);
	for (unsigned i = 0; i < n; i++)
		sprintf(out + 2 * i, "%02x", d[i]);
}

/* The challenge with the wanted algorithm. */
static bool find_challenge(const char *rsp, size_t l, const char *name, bool sha256, char *val, size_t size)
{
	char alg[32];

	for (unsigned i = 0; hdr(rsp, l, name, i, val, size) >= 0; i++) {
		bool is_sha = param(val, "algorithm", alg, sizeof(alg)) && !strcasecmp(alg, "SHA-256");

		if (is_sha == sha256)
			return true;
	}
	return false;
}

bool digest_line(const struct opts *o, const char *rsp, size_t l, const char *user, const char *method, const char *uri,
		 char *out, size_t size)
{
	bool proxy = status(rsp, l) == 407;
	char val[1024], realm[128], nonce[256], qop[32] = "", text[1024], ha1[129], ha2[129], resp[129];

	if (!find_challenge(rsp, l, proxy ? "Proxy-Authenticate" : "WWW-Authenticate", o->sha256, val, sizeof(val)))
		return false;
	if (!param(val, "realm", realm, sizeof(realm)) || !param(val, "nonce", nonce, sizeof(nonce)))
		return false;
	param(val, "qop", qop, sizeof(qop));
	snprintf(text, sizeof(text), "%s:%s:%s", user, realm, o->password);
	hex_hash(o->sha256, text, ha1);
	snprintf(text, sizeof(text), "%s:%s", method, uri);
	hex_hash(o->sha256, text, ha2);
	if (qop[0])
		snprintf(text, sizeof(text), "%s:%s:00000001:0a4f113b:auth:%s", ha1, nonce, ha2);
	else
		snprintf(text, sizeof(text), "%s:%s:%s", ha1, nonce, ha2);
	hex_hash(o->sha256, text, resp);
	snprintf(out, size,
		 "%s: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", response=\"%s\", "
		 "algorithm=%s%s\r\n",
		 proxy ? "Proxy-Authorization" : "Authorization", user, realm, nonce, uri, resp,
		 o->sha256 ? "SHA-256" : "MD5", qop[0] ? ", qop=auth, nc=00000001, cnonce=\"0a4f113b\"" : "");
	return true;
}
