/*
 * rand.c - a ChaCha20 generator per thread (RFC 8439 block function), fed by
 * getentropy().
 *
 * Each refill makes four blocks; the first 32 bytes become the next key and what
 * is handed out is wiped, so that memory read later does not betray numbers given
 * out before. New entropy is mixed in after every 64 kB.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <sys/random.h>
#endif
#include "base/base_priv.h"
#include "base/mem.h"
#include "base/rand.h"

enum { KEY_BYTES = 32, POOL = 256, RESEED = 64 * 1024 };

static _Thread_local struct gen {
	uint32_t key[8];
	uint32_t run;  /* bytes since the last reseed */
	uint32_t left; /* unused bytes, at the end of pool */
	uint8_t pool[POOL];
	bool keyed; /* has had entropy */
	bool fixed; /* seeded by a test: no entropy */
} gen;

static inline uint32_t rotl(uint32_t v, int n)
{
	return v << n | v >> (32 - n);
}

static inline void quarter(uint32_t *x, int a, int b, int c, int d)
{
	x[a] += x[b];
	x[d] = rotl(x[d] ^ x[a], 16);
	x[c] += x[d];
	x[b] = rotl(x[b] ^ x[c], 12);
	x[a] += x[b];
	x[d] = rotl(x[d] ^ x[a], 8);
	x[c] += x[d];
	x[b] = rotl(x[b] ^ x[c], 7);
}

void chacha20_block(const uint32_t key[8], const uint32_t ctr_nonce[4], uint8_t out[64])
{
	uint32_t in[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
	uint32_t x[16];

	memcpy(in + 4, key, 32);
	memcpy(in + 12, ctr_nonce, 16);
	memcpy(x, in, sizeof(x));
	for (int i = 0; i < 10; i++) {
		quarter(x, 0, 4, 8, 12);
		quarter(x, 1, 5, 9, 13);
		quarter(x, 2, 6, 10, 14);
		quarter(x, 3, 7, 11, 15);
		quarter(x, 0, 5, 10, 15);
		quarter(x, 1, 6, 11, 12);
		quarter(x, 2, 7, 8, 13);
		quarter(x, 3, 4, 9, 14);
	}
	for (int i = 0; i < 16; i++) {
		uint32_t v = x[i] + in[i];

		out[4 * i] = (uint8_t)v;
		out[4 * i + 1] = (uint8_t)(v >> 8);
		out[4 * i + 2] = (uint8_t)(v >> 16);
		out[4 * i + 3] = (uint8_t)(v >> 24);
	}
}

void rand_entropy(void *p, size_t n)
{
	/* a phone system with guessable tags and keys is worse than none */
	if (getentropy(p, n) != 0)
		abort();
}

static void reseed(struct gen *g)
{
	uint32_t e[8];

	rand_entropy(e, sizeof(e));
	for (int i = 0; i < 8; i++)
		g->key[i] ^= e[i];
	mem_wipe(e, sizeof(e));
	g->run = 0;
	g->keyed = true;
}

static void refill(struct gen *g)
{
	uint32_t ctr[4] = {0};

	if (!g->fixed && (!g->keyed || g->run >= RESEED))
		reseed(g);
	for (; ctr[0] < POOL / 64; ctr[0]++)
		chacha20_block(g->key, ctr, g->pool + ctr[0] * 64);
	memcpy(g->key, g->pool, KEY_BYTES);
	memset(g->pool, 0, KEY_BYTES);
	g->left = POOL - KEY_BYTES;
	g->run += POOL - KEY_BYTES;
}

void rand_bytes(void *p, size_t n)
{
	struct gen *g = &gen;
	uint8_t *d = p;

	while (n) {
		size_t k;
		uint8_t *s;

		if (g->left == 0)
			refill(g);
		k = n < g->left ? n : g->left;
		s = g->pool + POOL - g->left;
		memcpy(d, s, k);
		memset(s, 0, k);
		g->left -= (uint32_t)k;
		d += k;
		n -= k;
	}
}

uint32_t rand_u32(void)
{
	uint32_t v;

	rand_bytes(&v, sizeof(v));
	return v;
}

uint64_t rand_u64(void)
{
	uint64_t v;

	rand_bytes(&v, sizeof(v));
	return v;
}

/*
 * The high half of a 32 x 32 bit product lies in [0, n). Some results would come up
 * once more often than others; products whose low half is below 2^32 mod n are the
 * surplus and are drawn again (Lemire 2019).
 */
uint32_t rand_below(uint32_t n)
{
	uint64_t m = (uint64_t)rand_u32() * n;

	if ((uint32_t)m < n) {
		uint32_t surplus = (0U - n) % n;

		while ((uint32_t)m < surplus)
			m = (uint64_t)rand_u32() * n;
	}
	return (uint32_t)(m >> 32);
}

char *rand_text(char *dst, size_t n)
{
	static const char set[36] = "abcdefghijklmnopqrstuvwxyz0123456789";
	uint8_t t[32];
	size_t i = 0;

	while (i < n) {
		size_t k = n - i < sizeof(t) ? n - i : sizeof(t);

		rand_bytes(t, k);
		/* 252 is the largest multiple of 36 in a byte; what lies above would favour some letters */
		for (size_t j = 0; j < k; j++) {
			if (t[j] < 252)
				dst[i++] = set[t[j] % 36];
		}
	}
	dst[n] = '\0';
	return dst;
}

char *rand_password(char *dst, size_t n)
{
	static const char set[32] = "abcdefghijkmnpqrstuvwxyz23456789";

	rand_bytes(dst, n);
	for (size_t i = 0; i < n; i++)
		dst[i] = set[(uint8_t)dst[i] & 31];
	dst[n] = '\0';
	return dst;
}

#ifdef OH_DEBUG
void rand_seed(uint64_t seed)
{
	struct gen *g = &gen;

	memset(g, 0, sizeof(*g));
	g->fixed = seed != 0;
	g->key[0] = (uint32_t)seed;
	g->key[1] = (uint32_t)(seed >> 32);
}
#else
void rand_seed(uint64_t seed)
{
	(void)seed;
}
#endif
