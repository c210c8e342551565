/*
 * dns_priv.h - inside of the resolver: answers, the cache, questions on their way, and what a source of answers
 * (c-ares, the zone of a vnet) does.
 */
#ifndef OFFHOOK_LOOP_DNS_PRIV_H
#define OFFHOOK_LOOP_DNS_PRIV_H

#include "base/hash.h"
#include "loop/dns.h"
#include "loop/loop_priv.h"

enum {
	DNS_TTL_MIN = 5,     /**< s; less is rounded up, lest each call asks */
	DNS_TTL_MAX = 86400, /**< s */
	DNS_NEG_MAX = 60,    /**< s that "there is no such name" is believed */
	DNS_STALE_S = 86400  /**< s after its end in which an answer may still be served */
};

/** An answer, refcounted; its texts belong to it. */
struct dns_set {
	uint32_t ttl_s; /**< clamped */
	size_t n;       /**< 0: there is no such record */
	size_t cap;
	struct dns_rr v[];
};
/** New empty set with room for `cap` records; NULL when memory is out. */
struct dns_set *dns_set_new(size_t cap) MUST_CHECK;
/** Free its texts. */
void dns_rr_clear(struct dns_rr *rr);
/** The smallest time to live of its records, clamped; `neg_s` for an empty set. */
void dns_set_ttl(struct dns_set *s, uint32_t neg_s);

/**
 * Read an answer as it came from a name server: the records of `type` that belong to the name of the question, aliases
 * followed. A set without records is "no such record". ERR_SYNTAX: not an answer; EIO: the server says that it failed;
 * ENOMEM.
 */
int dns_msg_decode(struct dns_set **sp, struct slice msg, enum dns_type type) MUST_CHECK;

/** A question: name in lower case without the last dot, and type. */
struct dns_key {
	enum dns_type type;
	uint32_t hash;
	size_t l;
	char name[DNS_NAME_MAX + 1];
};
/** False: there can be no such name. */
bool dns_key_set(struct dns_key *k, enum dns_type type, struct slice name);

/** A cached answer. */
struct dns_entry {
	struct hlink he;
	struct link lru; /**< the oldest first */
	struct dns_set *set;
	uint64_t until; /**< ms */
	enum dns_type type;
	char name[];
};
struct dns_cache {
	struct hash tab;
	struct list lru;
	size_t max;
};
void dns_cache_init(struct dns_cache *c, size_t max);
void dns_cache_flush(struct dns_cache *c);
/** Keep an answer for its time to live; without memory it is not kept. */
void dns_cache_put(struct dns_cache *c, const struct dns_key *k, struct dns_set *set, uint64_t now);
/** The entry, fresh or with its time over (never beyond DNS_STALE_S, and then with records only), or NULL. */
struct dns_entry *dns_cache_get(struct dns_cache *c, const struct dns_key *k, uint64_t now);

/** A question on its way; several queries may wait for it. */
struct dns_pending {
	struct hlink he;
	struct dns *dns;
	struct list queries; /**< struct dns_query */
	struct dns_key key;
	struct timer tmr; /**< the virtual source's */
	uint64_t since;   /**< ms */
};

/** Where answers come from. */
struct dns_source {
	/** Ask; dns_answered() tells the result, now or later, exactly once unless `close` comes first. */
	int (*ask)(struct dns *d, struct dns_pending *p);
	/** The end: no more answers. */
	void (*close)(struct dns *d);
};
extern const struct dns_source dns_ares, dns_zone;

struct dns_ares_state;
struct dns_hosts;
struct dns {
	struct loop *loop;
	const struct dns_source *src;
	struct dns_ares_state *ares;
	struct dns_hosts *hosts;
	struct dns_cache cache;
	struct hash pending;
	struct list done; /**< struct dns_query that have their answer */
	struct list told; /**< those whose users know it */
	struct loop_tail tail;
	size_t queries;
	uint32_t try_ms, timeout_ms, stale_ms;
	bool dead;
	uint64_t answered; /**< ms of the last answer of any kind */
	uint64_t logged;   /**< ms of the last line about it; 0 = never */
};
/** The source's result: a set (its reference passes over), or an error and NULL. `p` is gone afterwards. */
void dns_answered(struct dns_pending *p, int err, struct dns_set *set);

/** Tells whether a file has changed: its time, size and number. */
struct dns_file {
	int64_t mtime;
	int64_t size;
	uint64_t ino;
};
/** Look; true if it is a plain file and not the one that `f` saw last. */
bool dns_file_changed(struct dns_file *f, const char *path);

/** Start c-ares. ENOMEM, ERR_SYNTAX. */
int dns_ares_open(struct dns *d, const struct dns_cfg *cfg) MUST_CHECK;

/** The names of a file like /etc/hosts; read again when it changes. ENOMEM. */
int dns_hosts_alloc(struct dns_hosts **hp, const char *path) MUST_CHECK;
/** NULL: the file does not know the name; else a new set, empty when there is no address of this type. */
struct dns_set *dns_hosts_find(struct dns_hosts *h, const struct dns_key *k, uint64_t now_ms);

#endif
