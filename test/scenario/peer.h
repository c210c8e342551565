/*
 * peer.h - SIP endpoints that do what a table says: providers on trunks, and many phones behind one socket. Cheaper
 * than agents, and everything they get is written down.
 */
#ifndef TEST_SCENARIO_PEER_H
#define TEST_SCENARIO_PEER_H

#include "scenario.h"

enum { PEER_GOT = 64, PEER_CALLS = 32 };

/** An INVITE that came. */
struct arrival {
	char to[64];   /**< user of its request-URI */
	char from[64]; /**< user of From */
};
/** A call that the peer made. */
struct peer_call {
	bool used, ended; /**< ended: BYE came or went */
	char id[104], from[64], to[64];
	unsigned code; /**< final answer, 0 = none yet */
	char to_line[300], contact[200];
};
struct peer {
	struct scene *s;
	struct loop *loop;
	struct udp *u;
	struct sa addr;
	char ip[SA_STRLEN];
	unsigned answer;    /**< to INVITEs; 180: rings for ever; 0: says nothing */
	bool unchecked;     /**< says nothing to OPTIONS */
	char redirect[200]; /**< Contact of its 3xx */
	struct arrival got[PEER_GOT];
	size_t n;
	char ringing[6][2000]; /**< INVITEs that ring */
	struct peer_call call[PEER_CALLS];
	unsigned serial;
	void (*on_invite)(struct peer *p, const struct arrival *a, void *arg);
	void *arg;
};
void peer_open(struct scene *s, struct peer *p, const char *ip);
/** An office whose phones need no password (10.0.0.11), and two providers (10.0.0.50 and 51), at a server begun anew.
 */
void peer_open_office(struct scene *s, struct peer *phones, struct peer *a, struct peer *b);
void peer_close(struct peer *p);
/** Call; runs until the final answer, or for `ms`. */
struct peer_call *peer_invite(struct peer *p, const char *from, const char *to, uint64_t ms);
/** End it by BYE, or by CANCEL while it has no answer. */
void peer_bye(struct peer *p, struct peer_call *c);
/** A contact of an extension at this peer, as if it had registered. */
void peer_register(struct peer *p, const char *extension);
/** One row of a resource, carried out when it returns; `json` NULL: removed. The error, 0 if none. */
int row_set(struct scene *s, const struct resource *r, const char *key, const char *json);
/** row_set() that must work, with printf's arguments; a row that is there is changed. */
void row(struct scene *s, const struct resource *r, const char *key, const char *fmt, ...) PRINTF_LIKE(4, 5);

#endif
