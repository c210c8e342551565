/*
 * reg_priv.h - inside of a client registration: its machine (reg.c), its servers (reg_where.c), what keeps the way to
 * the server open (reg_keep.c).
 */
#ifndef OFFHOOK_SIP_REG_PRIV_H
#define OFFHOOK_SIP_REG_PRIV_H

#include "sip/cred.h"
#include "sip/dialog.h"
#include "sip/locate.h"
#include "sip/race.h"
#include "sip/reg.h"
#include "sip/sip_priv.h"
#include "sip/stun.h"

enum { REG_CALLID_LEN = 22, REG_WHY_MAX = 400 };

struct sip_reg {
	struct sip_user user;
	struct sip_flow_user flow_user;
	struct sip *sip; /**< NULL when the stack has ended */
	sip_reg_h *h;
	void *arg;
	struct cred *cred;
	struct sip_ctrans *ct;
	struct timer tm;
	struct sip_dest dest; /**< its flow is the one registered over */
	uint64_t held;        /**< flow held, 0 = none */
	char *mem;
	struct slice registrar, aor, cuser, cparams;
	char callid[REG_CALLID_LEN + 1], tag[SIP_TAG_LEN + 1];
	uint32_t cseq, expires;
	uint32_t failures; /**< in a row */
	uint8_t auths, toobrief;
	bool bound; /**< the server has our Contact */
	bool stopping;
	bool leaving; /**< its owner is gone: it ends when the registrar has answered */
	/* servers */
	struct {
		bool find; /**< by RFC 3263 from the registrar's URI */
		struct sip_locate_opts opts;
		struct sip_locate *lk;
		struct sip_race *race; /**< connections to several addresses */
		struct sip_targets t;
		size_t at;                   /**< the one in use */
		uint64_t until;              /**< ms: look up again after this */
		char *redirect;              /**< Request-URI that a 3xx named, until something fails */
		struct sip_dest home;        /**< where we were before it, without `find` */
		const struct sip_msg *moved; /**< that 3xx, while its place is looked up; referenced */
		bool redirected;             /**< once only */
		char why[REG_WHY_MAX];
	} where;
	/* keep-alives */
	struct {
		struct timer tm;
		struct sip_stun *stun;
		uint64_t pinged;  /**< ms of the ping whose answer is awaited, 0 = none */
		uint32_t flow_s;  /**< Flow-Timer of the server, 0 = none */
		uint8_t rewrites; /**< of our Contact, in a row */
		bool answers;     /**< the server has answered a keep-alive, so silence means something */
		bool deaf;        /**< it knows no STUN */
		struct sa was;    /**< the address of our Contact before the last change; unset = none to take back */
	} keep;
};

/** Send a REGISTER now. `listen` false: nobody waits for the answer any more. */
int reg_send(struct sip_reg *r, bool listen) MUST_CHECK;
/** Register again after `ms`. */
void reg_schedule(struct sip_reg *r, uint64_t ms);
/** The server did not answer, or its connection broke: the next server, or a wait; tells the user. */
void reg_failed(struct sip_reg *r, int err);
/** Tell the user; it may deref the registration. */
void reg_tell(struct sip_reg *r, int err, uint16_t scode, uint32_t expires, const struct sip_msg *rsp);
/** The wait after a failure; `first_ms` doubles up to `max_ms`. */
void reg_back_off(struct sip_reg *r, uint32_t first_ms, uint32_t max_ms, uint32_t at_least_s);

/** The time for a request has come: true when the server must be found first (and then reg_send() follows). */
bool reg_where_first(struct sip_reg *r);
/** Is there another server to try now? */
bool reg_where_more(const struct sip_reg *r);
/** Go to the next server; false: all were tried. */
bool reg_where_next(struct sip_reg *r);
/** The server answered. */
void reg_where_alive(struct sip_reg *r);
/** It did not, or says that it cannot work (for `ms`, 0 = as usual). */
void reg_where_dead(struct sip_reg *r, uint32_t ms);
/** 3xx (RFC 3261 8.1.3.4): follow the first contact, once. True: on its way. */
bool reg_where_redirect(struct sip_reg *r, const struct sip_msg *rsp);
void reg_where_end(struct sip_reg *r);
/** The Request-URI now. */
struct slice reg_where_uri(const struct sip_reg *r);

/** Registered: keep the way open. */
void reg_keep_start(struct sip_reg *r, const struct sip_msg *rsp);
void reg_keep_stop(struct sip_reg *r);
/** Learn from any answer where the server sees us. True: our Contact has changed by it. */
bool reg_keep_learn(struct sip_reg *r, const struct sip_msg *rsp);

#endif
