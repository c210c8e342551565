/*
 * locate_priv.h - a lookup on its way: the services that it found, the hosts behind them and their addresses.
 */
#ifndef OFFHOOK_SIP_LOCATE_PRIV_H
#define OFFHOOK_SIP_LOCATE_PRIV_H

#include "loop/dns.h"
#include "sip/dialog.h"
#include "sip/locate.h"
#include "sip/sip_priv.h"

enum {
	LOCATE_SERVICES_MAX = 6, /**< SRV names of a lookup */
	LOCATE_ADDRS_MAX = 8,    /**< addresses of a host and family */
	LOCATE_WHY_MAX = DNS_NAME_MAX + 96
};

/** One question; embedded in what it asks for. */
struct locate_ask {
	struct sip_locate *l;
	struct dns_query *q; /**< NULL when it is answered or was never asked */
	int err;             /**< of the answer */
};

/** A host of a service. */
struct locate_host {
	struct link le;
	enum sip_transp tp;
	uint16_t port;
	struct locate_ask ask[2]; /**< AAAA, A */
	struct sa v[2][LOCATE_ADDRS_MAX];
	size_t n[2];
	char name[DNS_NAME_MAX + 1];
};

/** A name with SRV records. */
struct locate_service {
	struct locate_ask ask;
	enum sip_transp tp;
	uint16_t order, pref; /**< of its NAPTR */
	bool none;            /**< "there is no such service here" (RFC 2782: target ".") */
	struct list hosts;    /**< struct locate_host, the first to try first */
	char name[DNS_NAME_MAX + 1];
};

struct sip_locate {
	struct sip_user user;
	struct sip *sip; /**< NULL when the stack has ended */
	struct dns *dns;
	sip_locate_h *h;
	void *arg;
	struct sip_locate_opts o;
	bool sips;
	uint16_t port;
	enum { LOCATE_SERVICES, LOCATE_SRV, LOCATE_HOSTS, LOCATE_DONE } stage;
	struct timer tmr;
	struct locate_ask naptr;
	struct locate_service svc[LOCATE_SERVICES_MAX], pick[LOCATE_SERVICES_MAX]; /**< by guess; by NAPTR */
	size_t svcs, picks;
	struct list hosts; /**< of all services, in order */
	uint32_t ttl_s;
	struct sip_targets t;
	int err;
	char why[LOCATE_WHY_MAX];
	char name[DNS_NAME_MAX + 2]; /**< the host of the URI */
};

/** Can we send by `tp` to an address of family `af`? */
bool locate_speaks_af(const struct sip *s, enum sip_transp tp, int af);
/** Would we choose `tp` when the URI leaves it to us? */
bool locate_speaks(const struct sip *s, enum sip_transp tp);
/** Ask, if there is a resolver and memory; else `err` says why not. */
void locate_ask(struct locate_ask *a, struct sip_locate *l, enum dns_type type, struct slice name, dns_h *h);
/** The SRV records of an answer into `sv->hosts`, ordered by priority and weight (RFC 2782). */
void locate_take_srv(struct locate_service *sv, const struct dns_answer *a);
/** The usable NAPTR records of an answer into l->pick, ordered (RFC 3263 4.1). */
void locate_take_naptr(struct sip_locate *l, const struct dns_answer *a);
/** Append a host; false without memory or when there are enough. */
bool locate_add_host(struct list *hosts, enum sip_transp tp, uint16_t port, const char *name);
/** Fill l->t from l->hosts: families in turn (RFC 8305 4), dead targets last. */
void locate_fill(struct sip_locate *l);
/** Append a target unless it is there. */
void locate_add_target(struct sip_locate *l, enum sip_transp tp, const struct sa *addr);
/** The port of a transport. */
static inline uint16_t locate_port(enum sip_transp tp)
{
	return tp == SIP_TRANSP_TLS ? SIPS_PORT : SIP_PORT;
}

#endif
