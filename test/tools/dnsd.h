/*
 * dnsd.h - the heart of the tests' name server: a zone, and answers to questions by it, honest or not. No room of
 * `src` is used. dnsd.c puts it on sockets; unit tests on a loop of their own.
 *
 * A zone is lines "NAME TTL TYPE RDATA" (A, AAAA, CNAME, SRV, NAPTR) and "$MODE MODE [MS]"; '#' begins a comment.
 */
#ifndef OFFHOOK_TEST_DNSD_H
#define OFFHOOK_TEST_DNSD_H

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DNSD_RECORDS = 2048, DNSD_UDP_MAX = 512, DNSD_MSG_MAX = 65535 };
enum { DNSD_A = 1, DNSD_CNAME = 5, DNSD_SOA = 6, DNSD_AAAA = 28, DNSD_SRV = 33, DNSD_NAPTR = 35 };

/** How it answers. */
enum dnsd_mode {
	DNSD_OK,
	DNSD_SILENT,     /**< not at all */
	DNSD_REFUSE,     /**< REFUSED */
	DNSD_FAIL,       /**< SERVFAIL */
	DNSD_TRUNCATE,   /**< by UDP only that it is too long */
	DNSD_WRONG_ID,   /**< as if to another question */
	DNSD_WRONG_NAME, /**< the question that comes back is another one */
	DNSD_GARBAGE,    /**< a header, then noise */
	DNSD_LOOP,       /**< aliases in a circle, and names that point at themselves */
	DNSD_MANY,       /**< 1000 records for each name */
	DNSD_SHORT       /**< cut in the middle */
};
static const char *const dnsd_modes[] = {"ok",         "silent",  "refuse", "fail", "truncate", "wrong-id",
					 "wrong-name", "garbage", "loop",   "many", "short"};

struct dnsd_rr {
	char name[256];
	unsigned type;
	uint32_t ttl;
	size_t l;
	uint8_t data[1100];
};

struct dnsd {
	struct dnsd_rr *v;
	size_t n;
	enum dnsd_mode mode;
	unsigned delay_ms;
	size_t asked, by_tcp;
};

static inline void dnsd_put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/** A name as labels; its length, 0 when it is none. */
static inline size_t dnsd_put_name(uint8_t *p, const char *name)
{
	size_t l = 0;

	while (*name && strcmp(name, ".") != 0) {
		size_t n = strcspn(name, ".");

		if (!n || n > 63 || l + n > 250)
			return 0;
		p[l++] = (uint8_t)n;
		memcpy(p + l, name, n);
		l += n;
		name += n + (name[n] == '.');
	}
	p[l++] = 0;
	return l;
}

/** The next word or quoted text of *s, NULL at the end. */
static inline char *dnsd_word(char **s)
{
	char *p = *s + strspn(*s, " \t\r\n"), *end;

	if (!*p || *p == '#')
		return NULL;
	if (*p == '"') {
		p++;
		end = strchr(p, '"');
	} else {
		end = p + strcspn(p, " \t\r\n");
	}
	if (!end)
		end = p + strlen(p);
	*s = *end ? end + 1 : end;
	*end = 0;
	return p;
}

static inline bool dnsd_rdata(struct dnsd_rr *r, char *rest)
{
	unsigned numbers = r->type == DNSD_SRV ? 3 : r->type == DNSD_NAPTR ? 2 : 0;
	unsigned texts = r->type == DNSD_NAPTR ? 3 : 0;
	char *w;
	size_t n;

	for (; numbers; numbers--, r->l += 2) {
		w = dnsd_word(&rest);
		if (!w)
			return false;
		dnsd_put16(r->data + r->l, (unsigned)atoi(w));
	}
	for (; texts; texts--) {
		w = dnsd_word(&rest);
		n = w ? strlen(w) : 256;
		if (n > 255)
			return false;
		r->data[r->l++] = (uint8_t)n;
		memcpy(r->data + r->l, w, n);
		r->l += n;
	}
	w = dnsd_word(&rest);
	if (!w)
		return false;
	if (r->type == DNSD_A || r->type == DNSD_AAAA) {
		r->l = r->type == DNSD_A ? 4 : 16;
		return inet_pton(r->type == DNSD_A ? AF_INET : AF_INET6, w, r->data) == 1;
	}
	n = dnsd_put_name(r->data + r->l, w);
	r->l += n;
	return n > 0;
}

static inline bool dnsd_set_mode(struct dnsd *d, const char *mode)
{
	for (unsigned i = 0; i < sizeof(dnsd_modes) / sizeof(*dnsd_modes); i++) {
		if (!strcmp(mode, dnsd_modes[i])) {
			d->mode = (enum dnsd_mode)i;
			return true;
		}
	}
	return false;
}

/** Add a line of a zone file; false when it cannot be read. */
static inline bool dnsd_add(struct dnsd *d, const char *text)
{
	static const struct {
		const char *name;
		unsigned type;
	} types[] = {
		{"A", DNSD_A}, {"AAAA", DNSD_AAAA}, {"CNAME", DNSD_CNAME}, {"SRV", DNSD_SRV}, {"NAPTR", DNSD_NAPTR}};
	char line[2048], *rest = line, *w;
	struct dnsd_rr *r;

	snprintf(line, sizeof(line), "%s", text);
	w = dnsd_word(&rest);
	if (!w)
		return true;
	if (!strcmp(w, "$MODE")) {
		char *mode = dnsd_word(&rest), *ms = mode ? dnsd_word(&rest) : NULL;

		d->delay_ms = ms ? (unsigned)atoi(ms) : 0;
		return mode && dnsd_set_mode(d, mode);
	}
	if (!d->v)
		d->v = calloc(DNSD_RECORDS, sizeof(*d->v));
	if (!d->v || d->n == DNSD_RECORDS)
		return false;
	r = &d->v[d->n];
	memset(r, 0, sizeof(*r));
	snprintf(r->name, sizeof(r->name), "%s", w);
	if (r->name[0] && r->name[strlen(r->name) - 1] == '.')
		r->name[strlen(r->name) - 1] = 0;
	w = dnsd_word(&rest);
	r->ttl = w ? (uint32_t)strtoul(w, NULL, 10) : 0;
	w = w ? dnsd_word(&rest) : NULL;
	for (size_t i = 0; w && i < sizeof(types) / sizeof(*types); i++)
		r->type = !strcasecmp(w, types[i].name) ? types[i].type : r->type;
	if (!r->type || !dnsd_rdata(r, rest))
		return false;
	d->n++;
	return true;
}

static inline void dnsd_end(struct dnsd *d)
{
	free(d->v);
	memset(d, 0, sizeof(*d));
}

/* ---- answering ---- */

struct dnsd_out {
	uint8_t *p;
	size_t l, cap;
	unsigned count;
	bool over;
};

static inline void dnsd_put_rr(struct dnsd_out *o, const char *name, const struct dnsd_rr *r)
{
	uint8_t owner[256];
	size_t n = dnsd_put_name(owner, name);

	if (o->over || o->l + n + 10 + r->l > o->cap) {
		o->over = true;
		return;
	}
	memcpy(o->p + o->l, owner, n);
	o->l += n;
	dnsd_put16(o->p + o->l, r->type);
	dnsd_put16(o->p + o->l + 2, 1);
	dnsd_put16(o->p + o->l + 4, r->ttl >> 16);
	dnsd_put16(o->p + o->l + 6, r->ttl & 0xffff);
	dnsd_put16(o->p + o->l + 8, (unsigned)r->l);
	memcpy(o->p + o->l + 10, r->data, r->l);
	o->l += 10 + r->l;
	o->count++;
}

static inline void dnsd_rdata_name(const struct dnsd_rr *r, char out[256])
{
	size_t o = 0;

	for (size_t i = 0; i < r->l && r->data[i]; i += 1 + (size_t)r->data[i]) {
		if (o)
			out[o++] = '.';
		memcpy(out + o, r->data + i + 1, r->data[i]);
		o += r->data[i];
	}
	out[o] = 0;
}

/* Records of the name and its aliases; true if the name is known at all. */
static inline bool dnsd_lookup(const struct dnsd *d, struct dnsd_out *o, const char *qname, unsigned type)
{
	char name[256];
	bool known = false;

	snprintf(name, sizeof(name), "%s", qname);
	for (int hop = 0; hop < 6; hop++) {
		const struct dnsd_rr *alias = NULL;

		for (size_t i = 0; i < d->n; i++) {
			if (strcasecmp(d->v[i].name, name) != 0)
				continue;
			known = true;
			if (d->v[i].type == type)
				dnsd_put_rr(o, name, &d->v[i]);
			else if (d->v[i].type == DNSD_CNAME)
				alias = &d->v[i];
		}
		if (!alias)
			break;
		dnsd_put_rr(o, name, alias);
		dnsd_rdata_name(alias, name);
	}
	return known;
}

static inline void dnsd_many(struct dnsd_out *o, const char *name, unsigned type)
{
	struct dnsd_rr r = {.type = type, .ttl = 60};

	for (unsigned i = 0; i < 1000; i++) {
		char host[32];

		r.l = type == DNSD_AAAA ? 16 : type == DNSD_A ? 4 : 0;
		memset(r.data, 0x20, 16);
		dnsd_put16(r.data + (r.l == 16 ? 14 : 2), i + 1);
		if (r.l == 4)
			r.data[0] = 10;
		if (type == DNSD_SRV) {
			snprintf(host, sizeof(host), "h%u.example", i);
			dnsd_put16(r.data, 1);
			dnsd_put16(r.data + 4, 5060);
			r.l = 6 + dnsd_put_name(r.data + 6, host);
		}
		if (r.l)
			dnsd_put_rr(o, name, &r);
	}
}

static inline void dnsd_loop(struct dnsd_out *o, const char *name)
{
	struct dnsd_rr r = {.type = DNSD_CNAME, .ttl = 60};

	r.l = dnsd_put_name(r.data, "round.example");
	dnsd_put_rr(o, name, &r);
	r.l = dnsd_put_name(r.data, name);
	dnsd_put_rr(o, "round.example", &r);
	/* a name that points at itself */
	r.l = 2;
	dnsd_put16(r.data, 0xC000 | (unsigned)(o->l + strlen(name) + 2 + 10));
	dnsd_put_rr(o, name, &r);
}

/** The name of the question in `q` (a message without compression); bytes up to its type, 0 when it is broken. */
static inline size_t dnsd_question(const uint8_t *q, size_t ql, char name[256])
{
	size_t at = 12, o = 0;

	while (at < ql && q[at] && q[at] < 64 && at + q[at] < ql && o + q[at] < 254) {
		if (o)
			name[o++] = '.';
		memcpy(name + o, q + at + 1, q[at]);
		o += q[at];
		at += 1 + (size_t)q[at];
	}
	name[o] = 0;
	return at < ql && !q[at] && at + 5 <= ql ? at + 1 : 0;
}

/** Answer `q` into `out` (DNSD_MSG_MAX bytes); the length, 0 for silence. */
static inline size_t dnsd_answer(struct dnsd *d, const uint8_t *q, size_t ql, uint8_t *out, bool tcp)
{
	struct dnsd_out o = {.p = out, .cap = tcp ? DNSD_MSG_MAX : DNSD_UDP_MAX};
	char name[256];
	size_t end = ql >= 12 ? dnsd_question(q, ql, name) : 0;
	unsigned type, rcode = 0;

	d->asked++;
	d->by_tcp += tcp;
	if (!end || d->mode == DNSD_SILENT)
		return 0;
	type = (unsigned)q[end] << 8 | q[end + 1];
	memcpy(out, q, end + 4);
	o.l = end + 4;
	if (d->mode == DNSD_REFUSE || d->mode == DNSD_FAIL)
		rcode = d->mode == DNSD_REFUSE ? 5 : 2;
	else if (d->mode == DNSD_TRUNCATE && !tcp)
		o.over = true;
	else if (d->mode == DNSD_MANY)
		dnsd_many(&o, name, type);
	else if (d->mode == DNSD_LOOP)
		dnsd_loop(&o, name);
	else if (d->mode != DNSD_GARBAGE && !dnsd_lookup(d, &o, name, type))
		rcode = 3;
	if (d->mode == DNSD_GARBAGE) {
		for (size_t i = 0; i < 200; i++)
			out[o.l++] = (uint8_t)(i * 89 + d->asked * 31);
		o.count = 40000;
	}
	if (d->mode == DNSD_WRONG_ID)
		out[0] ^= 0x55;
	if (d->mode == DNSD_WRONG_NAME && out[12])
		out[13] = out[13] == 'x' ? 'y' : 'x';
	out[2] = (uint8_t)(0x84 | (q[2] & 1) | (o.over ? 2 : 0));
	out[3] = (uint8_t)(0x80 | rcode);
	dnsd_put16(out + 6, o.count);
	dnsd_put16(out + 8, 0);
	dnsd_put16(out + 10, 0);
	return d->mode == DNSD_SHORT ? o.l - 3 : o.l;
}

#endif
