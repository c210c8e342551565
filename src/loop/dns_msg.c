/*
 * dns_msg.c - answers of name servers (RFC 1035 4; SRV: RFC 2782; NAPTR: RFC 3403 4.1; AAAA: RFC 3596).
 *
 * Whatever a server sends, the work is bounded: names point backwards only, aliases are followed a few times, and of
 * the records a limited number is looked at.
 */
#include <string.h>
#include "loop/dns_priv.h"

enum {
	HEADER = 12,
	RECORDS_MAX = 512, /* looked at, of the answer and authority sections */
	ALIASES_MAX = 8,
	NEG_DEFAULT_S = 30, /* when the server does not say how long nothing is nothing */
	RCODE_NXDOMAIN = 3
};

struct reader {
	const uint8_t *p;
	size_t l, at;
	bool bad;
};

struct record {
	char owner[DNS_NAME_MAX + 1];
	uint16_t type;
	uint32_t ttl;
	size_t rdata, rdlen;
};

static uint32_t get(struct reader *r, size_t n)
{
	uint32_t v = 0;

	if (r->bad || r->l - r->at < n) {
		r->bad = true;
		return 0;
	}
	while (n--)
		v = v << 8 | r->p[r->at++];
	return v;
}

/* A compressed name (RFC 1035 4.1.4) in lower case. Each pointer must lead before the last one: no loops. */
static void get_name(struct reader *r, char out[DNS_NAME_MAX + 1])
{
	size_t at = r->at, low = r->at, o = 0;
	bool jumped = false;

	while (!r->bad) {
		uint8_t len = at < r->l ? r->p[at] : 0x80;

		if (len >= 0xC0 && at + 1 < r->l) {
			size_t to = (size_t)(len & 0x3F) << 8 | r->p[at + 1];

			if (!jumped)
				r->at = at + 2;
			jumped = true;
			r->bad = to >= low;
			at = low = to;
			continue;
		}
		if (len == 0)
			break;
		if (len > 63 || at + 1 + len > r->l || o + len + (o > 0) > DNS_NAME_MAX) {
			r->bad = true;
			break;
		}
		if (o)
			out[o++] = '.';
		for (size_t i = 0; i < len; i++) {
			char c = (char)r->p[at + 1 + i];

			r->bad = r->bad || c <= ' ' || c >= 127 || c == '.' || c == '\\';
			out[o++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
		}
		at += 1 + (size_t)len;
	}
	out[o] = 0;
	if (!jumped)
		r->at = at + 1;
}

static bool get_record(struct reader *r, struct record *rec)
{
	get_name(r, rec->owner);
	rec->type = (uint16_t)get(r, 2);
	uint16_t class = (uint16_t)get(r, 2);
	rec->ttl = get(r, 4);
	/* RFC 2181 8: with the highest bit set it means nothing */
	if (rec->ttl >> 31)
		rec->ttl = 0;
	rec->rdlen = get(r, 2);
	rec->rdata = r->at;
	if (r->bad || r->l - r->at < rec->rdlen) {
		r->bad = true;
		return false;
	}
	r->at += rec->rdlen;
	if (class != 1)
		rec->type = 0;
	return true;
}

static int dup_name(const char **sp, struct reader *r)
{
	char name[DNS_NAME_MAX + 1], *p;

	get_name(r, name);
	if (r->bad)
		return ERR_SYNTAX;
	if (mem_strdup(&p, name))
		return ENOMEM;
	*sp = p;
	return 0;
}

/* A character-string (RFC 1035 3.3). */
static int dup_text(const char **sp, struct reader *r)
{
	size_t l = get(r, 1);
	char *p;

	if (r->bad || r->l - r->at < l || memchr(r->p + r->at, 0, l))
		return ERR_SYNTAX;
	if (slice_dup(&p, slice_mem(r->p + r->at, l)))
		return ENOMEM;
	r->at += l;
	*sp = p;
	return 0;
}

static int get_addr(struct sa *a, const struct reader *r, const struct record *rec)
{
	size_t want = rec->type == DNS_A ? 4 : 16;

	if (rec->rdlen != want)
		return ERR_SYNTAX;
	sa_any(a, rec->type == DNS_A ? AF_INET : AF_INET6, 0);
	if (rec->type == DNS_A)
		memcpy(&a->u.in.sin_addr, r->p + rec->rdata, 4);
	else
		memcpy(&a->u.in6.sin6_addr, r->p + rec->rdata, 16);
	return 0;
}

/* The record's own data; nothing behind it is read. Texts that were made stay in `rr` when it fails. */
static int get_rdata(struct dns_rr *rr, const struct reader *whole, const struct record *rec)
{
	struct reader r = {.p = whole->p, .l = rec->rdata + rec->rdlen, .at = rec->rdata};
	int err = 0;

	rr->type = rec->type;
	rr->ttl = rec->ttl;
	if (rec->type == DNS_A || rec->type == DNS_AAAA)
		return get_addr(&rr->addr, whole, rec);
	rr->prio = (uint16_t)get(&r, 2);
	rr->weight = (uint16_t)get(&r, 2);
	if (rec->type == DNS_SRV) {
		rr->port = (uint16_t)get(&r, 2);
	} else {
		err = dup_text(&rr->flags, &r);
		if (!err)
			err = dup_text(&rr->service, &r);
		if (!err)
			err = dup_text(&rr->regexp, &r);
	}
	return err ? err : dup_name(&rr->name, &r);
}

/* Follow the aliases of `name` within the answer section; they may stand in any order. False: they do not end. */
static bool follow(struct reader r, size_t count, char name[DNS_NAME_MAX + 1], uint32_t *ttl)
{
	struct reader start = r;

	for (int i = 0; i < ALIASES_MAX; i++) {
		struct record rec;
		bool found = false;

		r = start;
		for (size_t k = 0; k < count && !found && get_record(&r, &rec); k++)
			found = rec.type == DNS_CNAME && !strcmp(rec.owner, name);
		if (!found)
			return true;
		struct reader at = {.p = r.p, .l = rec.rdata + rec.rdlen, .at = rec.rdata};
		get_name(&at, name);
		if (at.bad)
			return false;
		if (rec.ttl < *ttl)
			*ttl = rec.ttl;
	}
	return false;
}

/* How long "nothing" is believed (RFC 2308 5): the SOA's own time and its last field. */
static uint32_t negative_ttl(struct reader r, size_t count)
{
	struct record rec;

	for (size_t i = 0; i < count && get_record(&r, &rec); i++) {
		if (rec.type != DNS_SOA || rec.rdlen < 22)
			continue;
		struct reader at = {.p = r.p, .l = r.l, .at = rec.rdata + rec.rdlen - 4};
		uint32_t min = get(&at, 4);
		return min < rec.ttl ? min : rec.ttl;
	}
	return NEG_DEFAULT_S;
}

/* The records of `type` that belong to `name`. Those that cannot be read are left out. */
static int collect(struct dns_set *s, struct reader *r, size_t count, const char *name, enum dns_type type)
{
	struct record rec;

	for (size_t i = 0; i < count && get_record(r, &rec); i++) {
		if (rec.type != type || strcmp(rec.owner, name) != 0 || s->n == s->cap)
			continue;
		/* counted first: what was made of it is freed with the set */
		int err = get_rdata(&s->v[s->n++], r, &rec);
		if (err == ENOMEM)
			return err;
		if (err)
			dns_rr_clear(&s->v[--s->n]);
	}
	return 0;
}

/* The header and the question: the name asked for, and what is in the sections. */
static int open_msg(struct reader *r, char name[DNS_NAME_MAX + 1], uint32_t *rcode, size_t count[2])
{
	(void)get(r, 2);
	uint32_t flags = get(r, 2), questions = get(r, 2);

	count[0] = get(r, 2);
	count[1] = get(r, 2);
	r->at = HEADER;
	*rcode = flags & 0xF;
	if (r->bad || !(flags & 0x8000) || questions != 1)
		return ERR_SYNTAX;
	get_name(r, name);
	(void)get(r, 4);
	count[0] = count[0] < RECORDS_MAX ? count[0] : RECORDS_MAX;
	count[1] = count[1] < RECORDS_MAX ? count[1] : RECORDS_MAX;
	return r->bad ? ERR_SYNTAX : 0;
}

int dns_msg_decode(struct dns_set **sp, struct slice msg, enum dns_type type)
{
	struct reader r = {.p = (const uint8_t *)msg.p, .l = msg.l};
	char name[DNS_NAME_MAX + 1];
	uint32_t rcode, ttl = DNS_TTL_MAX;
	size_t count[2];
	struct dns_set *s;
	int err = open_msg(&r, name, &rcode, count);

	if (err)
		return err;
	if (rcode && rcode != RCODE_NXDOMAIN)
		return EIO;
	/* an alias without an end leads nowhere: no such record */
	bool whole = follow(r, count[0], name, &ttl);
	s = dns_set_new(count[0] < DNS_RR_MAX ? count[0] : DNS_RR_MAX);
	if (!s)
		return ENOMEM;
	err = whole ? collect(s, &r, count[0], name, type) : 0;
	if (err || (r.bad && !s->n)) {
		mem_deref(s);
		return err ? err : ERR_SYNTAX;
	}
	dns_set_ttl(s, s->n || !whole ? NEG_DEFAULT_S : negative_ttl(r, count[1]));
	if (s->n && s->ttl_s > ttl)
		s->ttl_s = ttl < DNS_TTL_MIN ? DNS_TTL_MIN : ttl;
	*sp = s;
	return 0;
}
