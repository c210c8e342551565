/*
 * tls_why.c - why TLS with a destination failed last: the sentence for whoever asks (a trunk's status).
 */
#include "sip/sip_priv.h"

void sip_tls_whys_free(struct sip *s)
{
	for (size_t i = 0; i < SIP_TLS_WHYS; i++)
		s->whys[i].why = mem_deref(s->whys[i].why);
}

static size_t why_find(const struct sip *s, const struct sa *addr, uint16_t host)
{
	for (size_t i = 0; i < SIP_TLS_WHYS; i++)
		if (s->whys[i].why && s->whys[i].host == host && sa_eq(&s->whys[i].addr, addr))
			return i;
	return SIP_TLS_WHYS;
}

void sip_tls_why_set(struct sip *s, const struct sa *addr, uint16_t host, const char *why)
{
	size_t i = why_find(s, addr, host);
	char *copy = NULL;

	if (i < SIP_TLS_WHYS)
		s->whys[i].why = mem_deref(s->whys[i].why);
	if (!why || mem_strdup(&copy, why))
		return;
	if (i == SIP_TLS_WHYS) {
		i = s->why_next;
		s->why_next = (i + 1) % SIP_TLS_WHYS;
		mem_deref(s->whys[i].why);
	}
	s->whys[i].addr = *addr;
	s->whys[i].host = host;
	s->whys[i].why = copy;
}

const char *sip_tls_why(const struct sip *s, const struct sip_dest *d)
{
	size_t i = why_find(s, &d->addr, d->host);

	return i < SIP_TLS_WHYS ? s->whys[i].why : NULL;
}
