/*
 * dns_hosts.c - /etc/hosts: names of the neighbourhood that no name server knows. Read at start, and again when the
 * file has changed. "localhost" is always ourselves (RFC 6761 6.3).
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/log.h"
#include "loop/dns_priv.h"

enum {
	FILE_MAX = 1 << 20, /* bytes that are read */
	NAMES_MAX = 8192,
	LOOK_MS = 5000, /* between looks at the file's time */
	TTL_S = 5
};

struct host {
	struct hlink he;
	struct sa addr;
	struct dns_key key; /* with the type of the address; hashed by name alone */
};

struct dns_hosts {
	struct hash tab;
	char *path;
	struct dns_file file;
	uint64_t looked;
};

static uint32_t name_hash(const struct dns_key *k)
{
	return hash_bytes(slice_mem(k->name, k->l));
}

static int drop(struct hlink *k, void *arg)
{
	struct dns_hosts *h = arg;

	hash_del(&h->tab, k);
	mem_deref(CONTAINER_OF(k, struct host, he));
	return 0;
}

static void hosts_destroy(void *obj)
{
	struct dns_hosts *h = obj;

	(void)hash_each(&h->tab, drop, h);
	hash_free(&h->tab);
	mem_deref(h->path);
}

static void add(struct dns_hosts *h, const struct sa *a, struct slice name)
{
	struct host *x;

	if (h->tab.n >= NAMES_MAX)
		return;
	x = mem_zalloc(sizeof(*x), NULL);
	if (!x)
		return;
	x->addr = *a;
	if (!dns_key_set(&x->key, sa_af(a) == AF_INET ? DNS_A : DNS_AAAA, name) ||
	    hash_add(&h->tab, name_hash(&x->key), &x->he))
		mem_deref(x);
}

static bool next_word(struct slice *line, struct slice *word)
{
	size_t n = 0;

	*line = slice_trim(*line);
	while (n < line->l && line->p[n] != ' ' && line->p[n] != '\t')
		n++;
	*word = slice_first(*line, n);
	*line = slice_from(*line, n);
	return n > 0;
}

static void read_line(struct dns_hosts *h, struct slice line)
{
	struct slice text = slice_cut(&line, '#'), word;
	struct sa a;

	if (!next_word(&text, &word) || sa_set(&a, word, 0))
		return;
	while (next_word(&text, &word))
		add(h, &a, word);
}

static void read_file(struct dns_hosts *h, int fd)
{
	char *p = mem_alloc(FILE_MAX, NULL);
	struct slice all;
	size_t l = 0;
	ssize_t n;

	if (!p)
		return;
	while (l < FILE_MAX && (n = read(fd, p + l, FILE_MAX - l)) > 0)
		l += (size_t)n;
	all = slice_mem(p, l);
	while (all.l)
		read_line(h, slice_cut(&all, '\n'));
	mem_deref(p);
}

/* Only a plain file: reading must not wait. */
bool dns_file_changed(struct dns_file *f, const char *path)
{
	struct dns_file now;
	struct stat st;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return false;
	now = (struct dns_file){(int64_t)st.st_mtime, (int64_t)st.st_size, (uint64_t)st.st_ino};
	if (now.mtime == f->mtime && now.size == f->size && now.ino == f->ino)
		return false;
	*f = now;
	return true;
}

static void look(struct dns_hosts *h)
{
	int fd;

	if (!dns_file_changed(&h->file, h->path))
		return;
	fd = open(h->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	(void)hash_each(&h->tab, drop, h);
	read_file(h, fd);
	close(fd);
}

int dns_hosts_alloc(struct dns_hosts **hp, const char *path)
{
	struct dns_hosts *h = mem_zalloc(sizeof(*h), hosts_destroy);
	int err;

	if (!h)
		return ENOMEM;
	hash_init(&h->tab);
	err = mem_strdup(&h->path, path);
	if (err) {
		mem_deref(h);
		return err;
	}
	look(h);
	*hp = h;
	return 0;
}

static void put(struct dns_set *s, const struct dns_key *k, const struct sa *a)
{
	if (s->n < s->cap && (k->type == DNS_A ? AF_INET : AF_INET6) == sa_af(a))
		s->v[s->n++] = (struct dns_rr){.type = k->type, .ttl = TTL_S, .addr = *a};
}

static bool is_localhost(const struct dns_key *k)
{
	struct slice name = slice_mem(k->name, k->l);

	return slice_eqs(name, "localhost") || (name.l > 10 && slice_eqs(slice_from(name, name.l - 10), ".localhost"));
}

struct dns_set *dns_hosts_find(struct dns_hosts *h, const struct dns_key *k, uint64_t now_ms)
{
	struct dns_set *s = NULL;
	struct sa self;

	if (k->type != DNS_A && k->type != DNS_AAAA)
		return NULL;
	if (now_ms - h->looked >= LOOK_MS) {
		h->looked = now_ms;
		look(h);
	}
	for (struct hlink *l = hash_first(&h->tab, name_hash(k)); l; l = hash_next(l)) {
		struct host *x = CONTAINER_OF(l, struct host, he);

		if (x->key.l != k->l || memcmp(x->key.name, k->name, k->l) != 0)
			continue;
		if (!s)
			s = dns_set_new(DNS_RR_MAX);
		if (s)
			put(s, k, &x->addr);
	}
	if (!s && is_localhost(k) && (s = dns_set_new(1)) != NULL &&
	    !sa_set(&self, k->type == DNS_A ? SLICE("127.0.0.1") : SLICE("::1"), 0))
		put(s, k, &self);
	if (s)
		dns_set_ttl(s, TTL_S);
	return s;
}
