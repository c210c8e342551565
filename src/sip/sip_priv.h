/*
 * sip_priv.h - what the files of this room share: the stack itself, the two transaction
 * objects, and the calls between transports, transactions and dialogs.
 *
 * A received message goes transp -> recv.c -> strans/ctrans -> dialog.c -> application.
 */
#ifndef OFFHOOK_SIP_PRIV_H
#define OFFHOOK_SIP_PRIV_H

#include "base/hash.h"
#include "base/list.h"
#include "base/mem.h"
#include "loop/tcp.h"
#include "loop/udp.h"
#include "sip/sip.h"
#include "sip/trans.h"
#include "sip/transp.h"

enum {
	SIP_SDP_MAX = 16384,    /**< bytes of an SDP body; more is answered 513 */
	SIP_TAGS_MAX = 16,      /**< option tags of sip_support() */
	SIP_ROUTE_CACHE = 64,   /**< remembered "which local address reaches this peer" */
	SIP_BRANCH_LEN = 23,    /**< "z9hG4bK" and 16 random characters */
	SIP_TAG_LEN = 12        /**< our tags */
};

/** A socket we receive on. */
struct sip_listener {
	struct link le;
	struct sip *sip;
	enum sip_transp tp;
	struct sa local;           /**< bound address with its port; may be "any" */
	bool any;                  /**< bound to the unspecified address */
	struct udp *udp;
	struct tcp_listener *tcp;
};

/** The stack. */
struct sip {
	struct loop *loop;
	struct sip_ops ops;        /**< copied; NULL members are fine */
	void *arg;
	char *software;            /**< NULL when not set */
	uint32_t t1, t2, t4;       /**< ms */
	uint32_t max_conns, max_trans;
	uint64_t idle_ms;
	struct list listeners;     /**< struct sip_listener */
	struct hash streams;       /**< struct sip_stream by flow id */
	struct hash stream_addrs;  /**< the same by transport and peer */
	uint64_t next_flow;
	struct hash strans;        /**< server transactions by their key (RFC 3261 17.2.3) */
	struct hash merge;         /**< the same by Call-ID, From tag and CSeq (RFC 3261 8.2.2.2) */
	struct hash ctrans;        /**< client transactions by branch (RFC 3261 17.1.3) */
	struct hash dialogs;       /**< owned by dialog.c; its count is stats.dialogs */
	struct buf scratch;        /**< messages are built here, then copied once; emptied by its user before use */
	bool scratch_busy;
	struct rbuf *pong;         /**< CRLF, answer to stream keep-alives */
	struct sa external;        /**< unset = none */
	struct sa_net *nets;       /**< ours; no external address towards them */
	size_t netc;
	uint32_t allow;            /**< bit per enum sip_method */
	const char *tags[SIP_TAGS_MAX];
	size_t tagc;
	struct sip_stats st;       /**< counters; the sizes are read from the tables */
	void (*trace)(bool tx, enum sip_transp tp, const struct sa *src, const struct sa *dst, struct slice data, void *arg);
	void *trace_arg;
	struct {
		struct sa dst, local;
		uint64_t until;    /**< ms */
	} routes[SIP_ROUTE_CACHE];
};

/* ---- dialogs (dialog.c) ---- */

/**
 * A request with a tag in To, for which `st` was made and which passed the checks of RFC 3261 8.2. 0: a dialog took it (it answers,
 * now or later). ENOENT: no dialog of ours; the caller answers 481. Other errors: the caller answers 500.
 */
int sip_dialog_route(struct sip *s, struct sip_strans *st, const struct sip_msg *msg) MUST_CHECK;
/** An ACK that belongs to no non-2xx answer (no transaction, no answer). True if a dialog took it. */
bool sip_dialog_ack(struct sip *s, const struct sip_msg *ack);
/** The stack ends: every dialog and session forgets it and makes no more call-backs. `s->dialogs` is empty afterwards. */
void sip_dialog_flush(struct sip *s);

/* ---- for dialogs: small helpers ---- */

/** "Allow: INVITE, ACK, ..." line of what this stack answers for. */
void sip_enc_allow(struct buf *b, const struct sip *s);
/** "Supported: ..." line; nothing when no option is supported. */
void sip_enc_supported(struct buf *b, const struct sip *s);
/** SIP_TAG_LEN random characters and a terminator. */
void sip_make_tag(char tag[SIP_TAG_LEN + 1]);
/** Borrow the scratch buffer, empty. Give it back with sip_scratch_done() before anything else may be sent. */
struct buf *sip_scratch(struct sip *s);
void sip_scratch_done(struct sip *s);

#endif
