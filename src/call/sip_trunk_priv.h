/*
 * sip_trunk_priv.h - a trunk that speaks SIP: its servers, the addresses they have, registration, checks, how it is.
 *
 * sip_trunk.c its life and settings; sip_trunk_where.c servers and addresses; sip_trunk_check.c OPTIONS;
 * sip_trunk_reg.c registration; sip_trunk_state.c state, history; sip_trunk_words.c sentences; sip_trunk_out.c calls
 * that go out; sip_trunk_in.c what comes in.
 * Thread: loop. Ownership: the trunk's (closed with it), and of the legs on it.
 */
#ifndef OFFHOOK_CALL_SIP_TRUNK_PRIV_H
#define OFFHOOK_CALL_SIP_TRUNK_PRIV_H

#include "call/sip_identity.h"
#include "call/trunk_priv.h"
#include "sip/locate.h"
#include "sip/reg.h"

enum {
	STRUNK_ANSWER_MS = 4000, /**< default of trunk_cfg.answer_ms, and the patience of a check */
	STRUNK_DEAD_MS = 60000   /**< a server that failed is tried last for so long, unless a check finds it well */
};

struct strunk;

/** One server of the settings. */
struct strunk_server {
	struct strunk *st;
	struct slice host; /**< in st->mem */
	uint16_t port, priority, weight;
	struct sip_locate *lk; /**< look-up on its way */
	struct timer again;    /**< next look-up */
	bool found;            /**< addresses were found once */
	bool failing;          /**< the last look-up found nothing */
	char why[120];         /**< then: the sentence */
};

enum strunk_health { ST_UNKNOWN, ST_ALIVE, ST_DEAD };

/** One address of a server. Referenced by the trunk's list and by what is on its way to it. */
struct strunk_target {
	struct link le;    /**< in st->targets, best first within a server */
	struct strunk *st; /**< NULL once dropped */
	struct strunk_server *server;
	struct sip_dest dest;
	enum strunk_health health;
	uint64_t hold_until;   /**< loop's ms: a refusal of work (503) counts at least so long */
	char why[180];         /**< dead: the sentence, without its name */
	struct sip_ctrans *ct; /**< check on its way */
	struct timer patience; /**< of that, then the end of `dead` where nothing is checked */
	uint64_t sent_ms;      /**< of the check */
	uint32_t rtt_ms;       /**< of the last answer, 0 unknown */
	bool mark;             /**< still found by the present look-up */
};

struct strunk {
	struct link le;       /**< in edge->trunks */
	struct edge *edge;    /**< NULL once closed */
	struct trunk *t;      /**< NULL once closed */
	struct trunk_cfg cfg; /**< slices in `mem` */
	char *mem;
	char token[17];        /**< user part of our contact: unguessable */
	struct secret *ha1_in; /**< what the peer may prove itself with; NULL: nothing */
	struct strunk_server server[TRUNK_SERVERS_MAX];
	struct list targets;
	struct timer check;
	/* registration */
	struct sip_reg *reg;
	struct strunk_target *reg_at; /**< where it registers, referenced */
	struct timer reg_timer;       /**< its start where nothing is known yet */
	int64_t reg_until;            /**< wall clock, 0 = not registered */
	uint64_t reg_sent_ms;
	unsigned reg_moves; /**< servers tried since the last success */
	bool reg_busy;      /**< a REGISTER has no answer yet */
	bool reg_failed;
	char reg_why[200]; /**< then: the sentence */
	/* how it is */
	enum trunk_state state;
	char words[200], in_use[80];
	uint32_t rtt_ms;
	uint32_t messages_new, messages_old;
	bool has_messages;
	struct trunk_event history[TRUNK_HISTORY];
	size_t nhistory, newest; /**< a ring */
	struct loop_tail judge;
};

/** What is left to try for one call. */
struct strunk_try {
	struct strunk_target *v[SIP_TARGETS_MAX]; /**< referenced */
	size_t n, at;                             /**< `at`: in use */
};

extern const struct trunk_driver strunk_driver;

/* sip_trunk.c */
/** The edge ends: so do its trunks. */
void strunks_end(struct edge *e);
/** Host part of our URIs and of the registrar's: domain, or the name of `g`'s server. */
void strunk_enc_domain(const struct strunk *st, const struct strunk_target *g, struct buf *b);
/** User part of From of registrations and checks. */
struct slice strunk_from_user(const struct strunk *st);
/** Credentials for 401 and 407. */
void strunk_cred(const struct strunk *st, struct sip_cred *c);

/* sip_trunk_where.c */
void strunk_where_start(struct strunk *st);
void strunk_where_stop(struct strunk *st);
/** Targets in the order to try, live ones first; each is referenced. Returns how many. */
size_t strunk_order(struct strunk *st, struct strunk_target *v[SIP_TARGETS_MAX]);
/** It answered `scode`; or failed with `why` (a sentence part: "does not answer"). */
void strunk_target_alive(struct strunk_target *g);
void strunk_target_dead(struct strunk_target *g, const char *why, bool hold);
/** Where nothing is checked only the next try can tell whether a dead one is well: after a while it is tried again. */
void strunk_target_unchecked(struct strunk_target *g);
/** Is this address one of its servers'? */
bool strunk_has_addr(const struct strunk *st, const struct sa *a);

/* sip_trunk_check.c */
void strunk_check_start(struct strunk *st);
void strunk_check_stop(struct strunk *st);
/** Ask every server now. */
void strunk_check_now(struct strunk *st);
void strunk_target_idle(struct strunk_target *g);

/* sip_trunk_reg.c */
void strunk_reg_start(struct strunk *st);
/** Unregister. */
void strunk_reg_stop(struct strunk *st);
void strunk_reg_now(struct strunk *st);
/** Targets changed, or one died: register elsewhere where that is better. */
void strunk_reg_look(struct strunk *st);

/* sip_trunk_state.c */
/** Something changed: state and words are made anew at the end of the turn. */
void strunk_judge(struct strunk *st);
void strunk_judge_now(void *arg);
void strunk_note(struct strunk *st, const char *what, uint16_t scode, uint32_t rtt_ms, const char *text);
void strunk_status(const struct trunk *t, struct trunk_status *out);

/* sip_trunk_words.c: dst is returned */
/** "sip.example (203.0.113.5:5060, udp)". */
const char *strunk_where_words(const struct strunk_target *g, char *dst, size_t size);
/** "403 Forbidden": the code with the phrase as sent, or the standard one. */
const char *strunk_code_words(uint16_t scode, const struct sip_msg *rsp, char *dst, size_t size);
/** "does not answer", "refuses the connection", "is not connected: the certificate ..."; good until the next call. */
const char *strunk_fail_words(const struct strunk_target *g, int err);
/** Why a registration failed, a whole sentence without full stop. */
void strunk_reg_words(struct strunk *st, int err, uint16_t scode, const struct sip_msg *rsp, char *dst, size_t size);
/** Why a call was refused, for the record; static. */
const char *strunk_call_words(uint16_t scode);

/* sip_trunk_out.c */
int strunk_leg(struct leg **lp, struct call *c, struct trunk *t, const struct trunk_call *tc);
int strunk_invite(struct leg *l, const struct trunk_call *tc, struct slice offer);
/** The server of an outgoing leg gave a sign. */
void strunk_answers(struct sip_leg *sl);
/** An outgoing leg on a trunk ended: true when it has been dealt with. */
bool strunk_closed(struct sip_leg *sl, int err, uint16_t scode, const struct sip_msg *msg);

/* sip_trunk_in.c */
/** The trunk that a request comes by, from its address and what it asks for; NULL: none. `proven`: it cannot be anybody
 * else. */
struct strunk *strunk_of(const struct edge *e, const struct sip_msg *msg, bool *proven);
/** The trunk whose peer proves itself by this user name (trunk_cfg.secret_in); NULL. */
struct strunk *strunk_by_name(const struct edge *e, struct slice name);
/** The number that an INVITE on it asks for. */
bool strunk_number(const struct strunk *st, const struct sip_msg *msg, char *dst, size_t size);
/** NOTIFY outside of dialogs: true when it was a trunk's word on messages, and has been answered. */
bool strunk_notify(struct edge *e, struct sip_strans *s, const struct sip_msg *msg);

#endif
