/*
 * auth_nonce.c - nonces without state, and the counts of those in use (RFC 7616 3.3, 3.4, 5.12).
 *
 * A nonce is its own time and serial number with an HMAC-SHA-256, cut to 16 bytes, over these and
 * the address and port it was given to, under a key of this process. Counts are kept in two
 * generations: when the younger is full, or a lifetime has passed, the older is thrown away. What
 * was thrown away too young raises a floor below which unknown nonces count as old: so a replay is
 * refused whatever happens, and memory stays bounded.
 */
#include <string.h>
#include "base/hash.h"
#include "base/mem.h"
#include "base/rand.h"
#include "sip/auth_priv.h"

enum { MAC_LEN = 16, BLOCK = 64, SERIAL_BITS = 20, GEN_MIN = 64 };

struct nonce_count {
	uint64_t id;   /* 0 = free */
	uint32_t nc;   /* highest count used */
	uint32_t mark; /* of the answer that used it */
};

/* ---- HMAC ---- */

static EVP_MD_CTX *keyed(const EVP_MD *md, const uint8_t key[BLOCK], uint8_t pad)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t k[BLOCK];

	for (size_t i = 0; i < BLOCK; i++)
		k[i] = key[i] ^ pad;
	if (ctx && (EVP_DigestInit_ex2(ctx, md, NULL) != 1 || EVP_DigestUpdate(ctx, k, BLOCK) != 1)) {
		EVP_MD_CTX_free(ctx);
		ctx = NULL;
	}
	mem_wipe(k, sizeof(k));
	return ctx;
}

int nonces_init(struct nonces *n, uint32_t life_s, uint32_t max_counts, uint64_t now)
{
	uint8_t key[BLOCK];
	EVP_MD *md = EVP_MD_fetch(NULL, "SHA2-256", NULL);

	memset(n, 0, sizeof(*n));
	if (!md)
		return ENOTSUP;
	rand_bytes(key, sizeof(key));
	n->inner = keyed(md, key, 0x36);
	n->outer = keyed(md, key, 0x5c);
	n->work = EVP_MD_CTX_new();
	EVP_MD_free(md);
	mem_wipe(key, sizeof(key));
	n->life = 1000ULL * life_s;
	n->max = max_counts / 2 ? max_counts / 2 : 1;
	n->turned = now;
	n->serial = rand_u32();
	return n->inner && n->outer && n->work ? 0 : ENOMEM;
}

void nonces_free(struct nonces *n)
{
	EVP_MD_CTX_free(n->inner);
	EVP_MD_CTX_free(n->outer);
	EVP_MD_CTX_free(n->work);
	mem_deref(n->cur.v);
	mem_deref(n->old.v);
}

static bool mac(struct nonces *n, uint64_t id, const struct sa *peer, uint8_t out[MAC_LEN])
{
	uint8_t in[8 + 2 + 16] = {0}, md[EVP_MAX_MD_SIZE];
	uint16_t port = sa_port(peer);

	memcpy(in, &id, 8);
	memcpy(in + 8, &port, 2);
	if (sa_af(peer) == AF_INET)
		memcpy(in + 10, &peer->u.in.sin_addr, 4);
	else
		memcpy(in + 10, &peer->u.in6.sin6_addr, 16);
	if (EVP_MD_CTX_copy_ex(n->work, n->inner) != 1 || EVP_DigestUpdate(n->work, in, sizeof(in)) != 1 ||
	    EVP_DigestFinal_ex(n->work, md, NULL) != 1)
		return false;
	if (EVP_MD_CTX_copy_ex(n->work, n->outer) != 1 || EVP_DigestUpdate(n->work, md, 32) != 1 ||
	    EVP_DigestFinal_ex(n->work, md, NULL) != 1)
		return false;
	memcpy(out, md, MAC_LEN);
	return true;
}

static void put_id(uint8_t p[8], uint64_t id)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(id >> (56 - 8 * i));
}

static uint64_t get_id(const uint8_t p[8])
{
	uint64_t id = 0;

	for (int i = 0; i < 8; i++)
		id = id << 8 | p[i];
	return id;
}

void nonce_make(struct nonces *n, uint64_t now, const struct sa *peer, char txt[NONCE_LEN + 1])
{
	uint64_t id = now << SERIAL_BITS | (n->serial++ & ((1U << SERIAL_BITS) - 1));
	uint8_t raw[8 + MAC_LEN];

	put_id(raw, id);
	/* A nonce that could not be signed is random: it will be refused. */
	if (!mac(n, id, peer, raw + 8))
		rand_bytes(raw, sizeof(raw));
	digest_to_hex(txt, raw, sizeof(raw));
}

bool nonce_read(struct nonces *n, struct slice txt, const struct sa *peer, uint64_t *id)
{
	uint8_t raw[8 + MAC_LEN], want[MAC_LEN];

	if (digest_from_hex(raw, sizeof(raw), txt))
		return false;
	*id = get_id(raw);
	return mac(n, *id, peer, want) && !CRYPTO_memcmp(want, raw + 8, MAC_LEN);
}

bool nonce_expired(const struct nonces *n, uint64_t id, uint64_t now)
{
	return now > (id >> SERIAL_BITS) + n->life;
}

/* ---- counts ---- */

static struct nonce_count *find(const struct nonce_gen *g, uint64_t id)
{
	if (!g->cap)
		return NULL;
	for (uint32_t i = hash_u64(id) & (g->cap - 1); g->v[i].id; i = (i + 1) & (g->cap - 1))
		if (g->v[i].id == id)
			return &g->v[i];
	return NULL;
}

static void put(struct nonce_gen *g, uint64_t id, uint32_t nc, uint32_t mark)
{
	uint32_t i = hash_u64(id) & (g->cap - 1);

	while (g->v[i].id)
		i = (i + 1) & (g->cap - 1);
	g->v[i].id = id;
	g->v[i].nc = nc;
	g->v[i].mark = mark;
	g->n++;
}

static int grow(struct nonce_gen *g)
{
	struct nonce_gen big = {.cap = g->cap ? g->cap * 2 : GEN_MIN};

	big.v = mem_zalloc(big.cap * sizeof(*big.v), NULL);
	if (!big.v)
		return ENOMEM;
	for (uint32_t i = 0; i < g->cap; i++)
		if (g->v[i].id)
			put(&big, g->v[i].id, g->v[i].nc, g->v[i].mark);
	mem_deref(g->v);
	*g = big;
	return 0;
}

static void turn(struct nonces *n, uint64_t now, bool too_young)
{
	for (uint32_t i = 0; too_young && i < n->old.cap; i++)
		if (n->old.v[i].id > n->floor)
			n->floor = n->old.v[i].id;
	mem_deref(n->old.v);
	n->old = n->cur;
	memset(&n->cur, 0, sizeof(n->cur));
	n->turned = now;
}

static int insert(struct nonces *n, uint64_t id, const struct nonce_use *use, uint64_t now)
{
	int err = 0;

	if (n->cur.n >= n->max)
		turn(n, now, true);
	if ((n->cur.n + 1) * 4 > n->cur.cap * 3)
		err = grow(&n->cur);
	if (!err)
		put(&n->cur, id, use->nc, use->mark);
	return err;
}

/* Used before: by the very same answer? */
static int used(const struct nonce_count *c, const struct nonce_use *use)
{
	return use->nc == c->nc && use->mark == c->mark ? EALREADY : EEXIST;
}

int nonce_use(struct nonces *n, uint64_t id, const struct nonce_use *use, uint64_t now)
{
	struct nonce_count *c;

	if (now - n->turned > n->life)
		turn(n, now, false);
	c = find(&n->cur, id);
	if (c) {
		if (use->nc <= c->nc)
			return used(c, use);
		c->nc = use->nc;
		c->mark = use->mark;
		return 0;
	}
	c = find(&n->old, id);
	if (c && use->nc <= c->nc)
		return used(c, use);
	if (!c && id <= n->floor)
		return ESTALE;
	return insert(n, id, use, now);
}
