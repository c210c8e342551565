/*
 * hostname.c - host names as small numbers, so that a destination stays a plain value (struct sip_dest).
 */
#include <string.h>
#include "sip/sip_priv.h"

enum { NAMES_MAX = 65535, NAME_LEN_MAX = 255 };

struct name {
	struct hlink he;
	uint16_t no;
	size_t l;
	char text[];
};

struct sip_hosts {
	struct hash tab;
	struct name **v; /* by number, from 1 */
	size_t n, cap;
};

static void hosts_destroy(void *obj)
{
	struct sip_hosts *h = obj;

	for (size_t i = 0; i < h->n; i++)
		mem_deref(h->v[i]);
	mem_deref(h->v);
	hash_free(&h->tab);
}

static struct name *find(const struct sip_hosts *h, uint32_t key, struct slice name)
{
	for (struct hlink *k = hash_first(&h->tab, key); k; k = hash_next(k)) {
		struct name *x = CONTAINER_OF(k, struct name, he);

		if (slice_ieq(slice_mem(x->text, x->l), name))
			return x;
	}
	return NULL;
}

static bool make_room(struct sip_hosts *h)
{
	size_t cap = h->cap ? h->cap * 2 : 8;
	struct name **v;

	if (h->n >= NAMES_MAX)
		return false;
	if (h->n < h->cap)
		return true;
	v = mem_realloc(h->v, cap * sizeof(struct name *));
	if (!v)
		return false;
	h->v = v;
	h->cap = cap;
	return true;
}

static uint16_t add(struct sip_hosts *h, uint32_t key, struct slice name)
{
	struct name *x = make_room(h) ? mem_zalloc(sizeof(*x) + name.l, NULL) : NULL;

	if (!x)
		return 0;
	if (hash_add(&h->tab, key, &x->he)) {
		mem_deref(x);
		return 0;
	}
	memcpy(x->text, name.p, name.l);
	x->l = name.l;
	h->v[h->n++] = x;
	x->no = (uint16_t)h->n;
	return x->no;
}

uint16_t sip_host_intern(struct sip *s, struct slice name)
{
	const struct name *x;
	uint32_t key;

	/* the dot at the end of a full name is no part of what a certificate says */
	if (name.l && name.p[name.l - 1] == '.')
		name.l--;
	if (!name.l || name.l > NAME_LEN_MAX)
		return 0;
	if (!s->hosts) {
		s->hosts = mem_zalloc(sizeof(*s->hosts), hosts_destroy);
		if (!s->hosts)
			return 0;
		hash_init(&s->hosts->tab);
	}
	key = hash_ibytes(name);
	x = find(s->hosts, key, name);
	return x ? x->no : add(s->hosts, key, name);
}

struct slice sip_host_name(const struct sip *s, uint16_t host)
{
	if (!host || !s->hosts || host > s->hosts->n)
		return SLICE_NULL;
	return slice_mem(s->hosts->v[host - 1]->text, s->hosts->v[host - 1]->l);
}
