/*
 * srtp.c - the callers' packets as SRTP (RFC 3711, AES_CM_128_HMAC_SHA1_80): one master key for all, for each has an
 * SSRC of its own. What comes back to them is counted and not opened, so that the ruler stays cheap.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include "load.h"

enum { SALT = 14, AUTH = 20, TAG = 10, HEAD = 12 };

/* bytes 1 to 30 */
const char *const srtp_line = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e\r\n";

static struct {
	EVP_CIPHER_CTX *c;
	unsigned char salt[SALT], auth[AUTH];
} g;

/* RFC 3711 4.3.3 */
static void derive(unsigned char *out, size_t n, unsigned char label)
{
	unsigned char key[16], iv[16] = {0}, zero[32] = {0}, block[32];
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int l;

	for (unsigned i = 0; i < 16; i++)
		key[i] = (unsigned char)(i + 1);
	for (unsigned i = 0; i < SALT; i++)
		iv[i] = (unsigned char)(i + 17);
	iv[7] ^= label;
	EVP_EncryptInit_ex(c, EVP_aes_128_ctr(), NULL, key, iv);
	EVP_EncryptUpdate(c, block, &l, zero, sizeof(zero));
	EVP_CIPHER_CTX_free(c);
	memcpy(out, block, n);
}

static void begin(void)
{
	unsigned char key[16];

	derive(key, sizeof(key), 0);
	derive(g.auth, AUTH, 1);
	derive(g.salt, SALT, 2);
	g.c = EVP_CIPHER_CTX_new();
	EVP_EncryptInit_ex(g.c, EVP_aes_128_ctr(), NULL, key, NULL);
}

size_t srtp_seal(unsigned char *p, size_t l)
{
	unsigned char iv[16] = {0}, mac[EVP_MAX_MD_SIZE];
	unsigned n;
	int k;

	if (!g.c)
		begin();
	memcpy(iv, g.salt, SALT);
	for (unsigned i = 0; i < 4; i++)
		iv[4 + i] ^= p[8 + i];
	iv[12] ^= p[2];
	iv[13] ^= p[3];
	EVP_EncryptInit_ex(g.c, NULL, NULL, NULL, iv);
	EVP_EncryptUpdate(g.c, p + HEAD, &k, p + HEAD, (int)(l - HEAD));
	/* the rollover counter is 0 as long as a measurement lasts */
	memset(p + l, 0, 4);
	HMAC(EVP_sha1(), g.auth, AUTH, p, l + 4, mac, &n);
	memcpy(p + l, mac, TAG);
	return l + TAG;
}
