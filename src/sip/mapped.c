/*
 * mapped.c - what servers say our address is (Via received and rport: RFC 3261 18.2.1, RFC 3581; STUN): behind a NAT
 * our Contact must say that, as phones' do. A small table; UDP only, since nobody can connect to a mapped TCP port.
 */
#include "sip/sip_priv.h"

enum { MAPPED_MAX = 64 };

struct sip_mapped {
	struct {
		struct sa server, we;
	} v[MAPPED_MAX];
};

static size_t slot(const struct sa *server)
{
	return sa_hash(server) % MAPPED_MAX;
}

bool sip_mapped_get(const struct sip *s, const struct sip_dest *d, struct sa *we)
{
	size_t i = slot(&d->addr);

	if (!s->mapped || d->tp != SIP_TRANSP_UDP || !sa_eq(&s->mapped->v[i].server, &d->addr))
		return false;
	*we = s->mapped->v[i].we;
	return true;
}

void sip_mapped_set(struct sip *s, const struct sip_dest *d, const struct sa *we)
{
	size_t i = slot(&d->addr);

	if (d->tp != SIP_TRANSP_UDP || (!we && !s->mapped))
		return;
	if (!s->mapped)
		s->mapped = mem_zalloc(sizeof(*s->mapped), NULL);
	if (!s->mapped)
		return;
	if (we) {
		s->mapped->v[i].server = d->addr;
		s->mapped->v[i].we = *we;
	} else if (sa_eq(&s->mapped->v[i].server, &d->addr)) {
		sa_init(&s->mapped->v[i].server);
	}
}

bool sip_mapped_learn(struct sip *s, const struct sip_dest *d, const struct sa *we)
{
	struct sa plain, before;

	if (d->tp != SIP_TRANSP_UDP || sip_local_for(s, d, &plain))
		return false;
	before = plain;
	(void)sip_mapped_get(s, d, &before);
	if (sa_eq(&before, we))
		return false;
	/* the plain address: not behind a NAT (any more) */
	sip_mapped_set(s, d, sa_eq(&plain, we) ? NULL : we);
	return true;
}

bool sip_mapped_of(const struct sip_msg *rsp, struct sa *we)
{
	const struct sip_via *v = &rsp->via;
	struct sa a;

	if (rsp->tp != SIP_TRANSP_UDP || !v->rport_val)
		return false;
	if (sa_set(&a, v->received.l ? v->received : v->host, v->rport_val) || sa_af(&a) != sa_af(&rsp->src) ||
	    sa_is_any(&a) || sa_is_multicast(&a))
		return false;
	*we = a;
	return true;
}
