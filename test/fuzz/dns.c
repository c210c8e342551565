/*
 * dns.c - fuzz target: answers of name servers; the first byte says which type was asked for.
 *
 * Rules: bounded numbers of records, names that are names, texts that end, times within their limits.
 */
#include "fuzz.h"
#include "loop/dns_priv.h"

static void check(const struct dns_rr *rr, enum dns_type type)
{
	FUZZ_ASSERT(rr->type == type && rr->ttl <= INT32_MAX);
	if (type == DNS_A || type == DNS_AAAA) {
		FUZZ_ASSERT(sa_af(&rr->addr) == (type == DNS_A ? AF_INET : AF_INET6) && !rr->name);
		return;
	}
	FUZZ_ASSERT(rr->name && strlen(rr->name) <= DNS_NAME_MAX);
	for (const char *p = rr->name; *p; p++)
		FUZZ_ASSERT(*p > ' ' && *p < 127);
	FUZZ_ASSERT((type == DNS_NAPTR) == (rr->flags && rr->service && rr->regexp));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = {DNS_A, DNS_AAAA, DNS_SRV, DNS_NAPTR};
	struct dns_set *s;
	enum dns_type type;

	if (!size)
		return 0;
	type = types[data[0] % ARRAY_LEN(types)];
	if (dns_msg_decode(&s, slice_mem(data + 1, size - 1), type))
		return 0;
	FUZZ_ASSERT(s->n <= DNS_RR_MAX && s->ttl_s >= DNS_TTL_MIN && s->ttl_s <= DNS_TTL_MAX);
	for (size_t i = 0; i < s->n; i++)
		check(&s->v[i], type);
	mem_deref(s);
	return 0;
}
