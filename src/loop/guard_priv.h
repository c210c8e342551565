/*
 * guard_priv.h - what the files of the guard share: the table of addresses (guard.c), what is noted against them and
 * bans (guard_ban.c), what ports of friends are (guard_port.c).
 *
 * Thread: loop.
 */
#ifndef OFFHOOK_LOOP_GUARD_PRIV_H
#define OFFHOOK_LOOP_GUARD_PRIV_H

#include "base/hash.h"
#include "base/inspect.h"
#include "base/mem.h"
#include "loop/guard.h"

enum {
	GUARD_SUSPECTS = 8,      /**< ports and names noted at an address; the stalest goes first */
	GUARD_BANS_MAX = 16384,  /**< bans of addresses */
	GUARD_NETS_MAX = 64,     /**< bans of networks */
	GUARD_ALLOWED_MAX = 64,  /**< networks allowed for ever */
	GUARD_PORTS_MAX = 4096,  /**< ports of friends at one address */
	GUARD_FRIEND_TIMES = 10, /**< what an address with registrations may do more than a stranger */
	GUARD_WEEK_S = 7 * 24 * 3600
};

/** Addresses in use are kept in the order of their use, those that matter most in the last list. */
enum guard_rank { RANK_STRANGER, RANK_MARKED, RANK_FRIEND, RANKS };

/** A port with a live registration. */
struct guard_port {
	uint16_t port;
	uint32_t until_s;
	uint32_t tat_ms; /**< its own budget */
};
/** Sorted by port. */
struct guard_ports {
	uint16_t n, cap;
	struct guard_port v[];
};

/** Something noted: failures of a port or of a user name, questions of a port. */
struct guard_suspect {
	uint32_t what; /**< the port, or a hash of the name */
	uint32_t since_s, asked_s;
	uint32_t asked;
	uint64_t users; /**< bit set of hashes of the names it asked for */
	uint16_t fails;
	bool user, used;
};

struct guard_who;
struct guard_ban {
	struct link le; /**< in guard.bans, or guard.nets */
	struct guard_ban *next;
	struct guard_who *who; /**< NULL: a network */
	uint32_t until_s;
	struct guard_ban_info i; /**< left_s is filled when it is asked for */
};

/** An address. */
struct guard_who {
	struct hlink he;
	struct link le; /**< in guard.lru[rank] */
	uint64_t key;
	enum { KEY_V4, KEY_V6, KEY_LINK } kind;
	uint8_t rank, strikes, scans;
	bool allowed;
	uint16_t quiet_port; /**< 0: all */
	uint16_t fails;
	uint32_t used_s, friend_s, fails_s, scans_s, quiet_s, strike_s; /**< since, until */
	uint32_t conns;
	uint64_t tat[GUARD_KINDS]; /**< us: when the budget is whole again */
	struct guard_ports *ports;
	struct guard_suspect *suspects; /**< GUARD_SUSPECTS of them, or NULL */
	struct guard_ban *bans;
};

struct guard {
	struct loop *loop;
	struct guard_cfg cfg;
	struct hash who;
	struct list lru[RANKS];
	struct guard_who *last; /**< asked for last */
	uint64_t inc[GUARD_KINDS], inc_friend[GUARD_KINDS], inc_all[GUARD_KINDS];
	uint64_t tat_all[GUARD_KINDS];
	bool pressed;
	struct sa_net allowed[GUARD_ALLOWED_MAX];
	size_t nallowed;
	struct list bans, nets;
	struct timer expiry;
	void (*on_ban)(const struct guard_ban_info *b, bool on, void *arg);
	void *on_ban_arg;
	struct guard_stats st;
	struct inspect dump;
};

static inline uint32_t guard_now_s(const struct guard *g)
{
	return (uint32_t)(loop_now_ms(g->loop) / 1000);
}
static inline bool guard_is_friend(const struct guard_who *w, uint32_t now_s)
{
	return w->friend_s > now_s;
}

/* guard.c */
/** The entry of an address, or NULL. */
struct guard_who *guard_find(struct guard *g, const struct sa *src);
/** ... made if there is none; NULL: no memory. */
struct guard_who *guard_get(struct guard *g, const struct sa *src);
/** Put it into the list where it belongs now. */
void guard_rank(struct guard *g, struct guard_who *w);
bool guard_is_allowed(const struct guard *g, const struct sa *a);
/** The address or /64 that an entry stands for. */
void guard_net_of(const struct guard_who *w, struct sa_net *n);

/* guard_port.c */
/** The live registration of a port, or NULL. */
struct guard_port *guard_port_find(struct guard_who *w, uint16_t port, uint32_t now_s);
/** Note one; without memory it is left out. */
void guard_port_add(struct guard_who *w, uint16_t port, uint32_t until_s, uint32_t now_s);
/** One more from this port, out of its own budget? */
bool guard_port_spend(struct guard_port *p, uint32_t now_ms, uint32_t rate);

/* guard_ban.c */
/** Is it banned? Counts. `w` may be NULL. */
bool guard_banned(struct guard *g, struct guard_who *w, const struct sa *src);
/** An entry goes: its bans end. */
void guard_drop_bans(struct guard *g, struct guard_who *w);
/** End: forget all, tell nobody. */
void guard_flush_bans(struct guard *g);
void guard_suspects_clear(struct guard_who *w);
/** What is noted of a port or name, made if there is nothing; NULL: no memory. */
struct guard_suspect *guard_suspect(struct guard_who *w, uint32_t what, bool user, uint32_t now_s, uint32_t window_s);

#endif
