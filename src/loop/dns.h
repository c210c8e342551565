/*
 * dns.h - asking the name servers: A, AAAA, SRV (RFC 2782) and NAPTR (RFC 3403) on a loop, without threads and without
 * waiting. Equal questions are asked once; answers are kept for their time to live, and served stale while no name
 * server answers (after the idea of RFC 8767).
 *
 * Real loops ask by c-ares (dns_ares.c), after /etc/hosts. Virtual loops ask the scripted zone of their vnet, which is
 * declared at the end.
 *
 * Thread: the loop's. Ownership: a query is the caller's; mem_deref cancels it, and nothing is called then. Answers
 * come by call-back from the end of a turn of the loop, never within the call that asked.
 */
#ifndef OFFHOOK_LOOP_DNS_H
#define OFFHOOK_LOOP_DNS_H

#include "base/sa.h"
#include "loop/loop.h"

struct dns;
struct dns_query;

/** Types of records (their numbers on the wire). */
enum dns_type { DNS_A = 1, DNS_CNAME = 5, DNS_SOA = 6, DNS_AAAA = 28, DNS_SRV = 33, DNS_NAPTR = 35 };

enum {
	DNS_RR_MAX = 64,       /**< records of one answer that are kept */
	DNS_NAME_MAX = 253,    /**< characters of a name, without the last dot */
	DNS_ASKS_MAX = 256,    /**< questions on their way at once */
	DNS_QUERIES_MAX = 8192 /**< queries of users at once */
};

/** One record. */
struct dns_rr {
	enum dns_type type;
	uint32_t ttl;        /**< s */
	struct sa addr;      /**< A, AAAA; port 0 */
	uint16_t prio;       /**< SRV priority; NAPTR order */
	uint16_t weight;     /**< SRV weight; NAPTR preference */
	uint16_t port;       /**< SRV */
	const char *name;    /**< SRV target, NAPTR replacement; "" is the root: "no such service". No dot at its end */
	const char *flags;   /**< NAPTR; NULL for others, as the next two */
	const char *service; /**< NAPTR */
	const char *regexp;  /**< NAPTR */
};

/** What was found; belongs to the resolver and lives during the call. */
struct dns_answer {
	const struct dns_rr *v;
	size_t n;
	uint32_t ttl_s; /**< how long it may be kept */
	bool stale;     /**< its time is over, but no name server answers */
};
/**
 * err 0: `a` has at least one record of the type that was asked for (aliases are followed). ENOENT: there is no such
 * name or no such record; ETIMEDOUT: no name server answered; EIO: they answered that they cannot tell. `a` is NULL
 * with errors.
 */
typedef void(dns_h)(int err, const struct dns_answer *a, void *arg);

struct dns_cfg {
	const char *servers; /**< "ADDR[:PORT],..."; NULL or "": those of /etc/resolv.conf */
	const char *hosts;   /**< NULL: /etc/hosts; "": none */
	uint32_t try_ms;     /**< for the first try, 0 = 2000; the second has twice as long */
	uint32_t timeout_ms; /**< for a query in all, 0 = 5000 */
	uint32_t stale_ms;   /**< after this a stale answer is given, if there is one; 0 = 1800 */
	uint32_t cache_max;  /**< answers kept, 0 = 2048 */
};

/** New resolver on `l`; `cfg` may be NULL. ENOMEM; ERR_SYNTAX: `servers` cannot be read. mem_deref ends it: open
 * queries are never answered then. */
int dns_alloc(struct dns **dp, struct loop *l, const struct dns_cfg *cfg) MUST_CHECK;
/** Ask. Case and a dot at the end of `name` do not matter. ENOMEM; ERR_LIMIT: too many questions at once. */
int dns_ask(struct dns_query **qp, struct dns *d, enum dns_type type, struct slice name, dns_h *h,
	    void *arg) MUST_CHECK;
/** No name server has answered of late. */
bool dns_is_dead(const struct dns *d);
/** Forget what is cached. */
void dns_flush(struct dns *d);

/* ---- the scripted zone of a vnet ---- */

/**
 * Add a record. `rdata` is written as in a zone file: "192.0.2.1", "2001:db8::1", "10 60 5060 a.example.com",
 * "10 50 \"s\" \"SIP+D2U\" \"\" _sip._udp.example.com", a name for DNS_CNAME. ERR_SYNTAX, ENOMEM.
 */
int vnet_dns_add(struct vnet *n, const char *name, enum dns_type type, const char *rdata, uint32_t ttl) MUST_CHECK;
/** Take all records of a name away. */
void vnet_dns_del(struct vnet *n, const char *name);
/** What the name servers do from now on. */
enum vnet_dns_mode {
	VNET_DNS_OK,     /**< answer at once, or `ms` later */
	VNET_DNS_REFUSE, /**< say that they cannot tell */
	VNET_DNS_SILENT  /**< say nothing */
};
void vnet_dns_fail(struct vnet *n, enum vnet_dns_mode mode, uint32_t ms);
/** Questions that reached the zone so far. */
size_t vnet_dns_asked(const struct vnet *n);

#endif
