/*
 * sip_priv.h - what the files of this room share: the stack itself, the two transaction
 * objects, and the calls between transports, transactions and dialogs.
 *
 * A received message goes transp -> recv.c -> strans/ctrans -> dialog.c -> application.
 */
#ifndef OFFHOOK_SIP_PRIV_H
#define OFFHOOK_SIP_PRIV_H

#include "base/hash.h"
#include "base/inspect.h"
#include "base/list.h"
#include "base/mem.h"
#include "loop/guard.h"
#include "loop/tcp.h"
#include "loop/tls.h"
#include "loop/udp.h"
#include "sip/sip.h"
#include "sip/trans.h"
#include "sip/transp.h"

enum {
	SIP_SDP_MAX = 16384,     /**< bytes of an SDP body; more is answered 513 */
	SIP_RX_TOTAL = 32 << 20, /**< bytes of unfinished messages of all streams */
	SIP_TAGS_MAX = 16,       /**< option tags of sip_support() */
	SIP_ROUTE_CACHE = 64,    /**< remembered "which local address reaches this peer" */
	SIP_BRANCH_LEN = 23,     /**< "z9hG4bK" and 16 random characters */
	SIP_TAG_LEN = 12,        /**< our tags */
	SIP_TLS_WHYS = 64        /**< remembered failures of TLS */
};

/** A socket we receive on. */
struct sip_listener {
	struct link le;
	struct sip *sip;
	enum sip_transp tp;
	struct sa local; /**< bound address with its port; may be "any" */
	bool any;        /**< bound to the unspecified address */
	struct udp *udp;
	struct tcp_listener *tcp;
};

/** How busy it is with what can wait (calm.c). */
struct sip_calm {
	uint64_t window, hurry; /**< ms: when the window began; calls need haste until */
	uint32_t n, rate;       /**< REGISTERs in this window; in the last one */
};

/** The stack. */
struct sip {
	struct loop *loop;
	struct guard *guard; /**< or NULL */
	struct sip_ops ops;  /**< copied; NULL members are fine */
	void *arg;
	char *software;      /**< NULL when not set */
	uint32_t t1, t2, t4; /**< ms */
	uint32_t max_conns, max_trans;
	uint64_t idle_ms;
	struct list listeners;      /**< struct sip_listener */
	struct hash streams;        /**< struct sip_stream by flow id */
	struct hash stream_addrs;   /**< the same by transport and peer */
	struct hash stream_aliases; /**< TLS streams by the address that they stand for (RFC 5923) */
	size_t rx_bytes;            /**< memory of unfinished messages */
	uint64_t next_flow;
	struct hash strans;         /**< server transactions by their key (RFC 3261 17.2.3) */
	struct list done;           /**< answered ones that wait for timer J only, the oldest first */
	struct hash merge;          /**< the same by Call-ID, From tag and CSeq (RFC 3261 8.2.2.2) */
	struct hash ctrans;         /**< client transactions by branch (RFC 3261 17.1.3) */
	struct hash dialogs;        /**< owned by dialog.c; its count is stats.dialogs */
	struct list users;          /**< struct sip_user: sessions and registrations, told when the stack ends */
	struct inspect dialog_dump; /**< "sip.dialogs" */
	struct list flow_users;     /**< struct sip_flow_user: told when a flow closes */
	struct buf scratch; /**< messages are built here by this room's request.c and reply.c, then copied once */
	struct buf lines; /**< header lines to hand to sip_request() and sip_reply(): buf_reset() it, fill it, use it at
			     once */
	struct rbuf *pong;   /**< CRLF, answer to stream keep-alives */
	struct rbuf *ping;   /**< CRLF CRLF, our own */
	struct sa external;  /**< unset = none */
	struct sa_net *nets; /**< ours; no external address towards them */
	size_t netc;
	struct sip_calm calm;
	uint32_t allow; /**< bit per enum sip_method */
	const char *tags[SIP_TAGS_MAX];
	size_t tagc;
	struct sip_stats st;            /**< counters; the sizes are read from the tables */
	const struct trace_sink *trace; /**< NULL: nobody captures */
	struct {
		struct sa dst, local;
		uint64_t until; /**< ms */
	} routes[SIP_ROUTE_CACHE];
	struct dns *dns;           /**< sip_set_dns(), or made when first needed */
	struct sip_hosts *hosts;   /**< names of sip_host_intern() */
	struct sip_dead *dead;     /**< targets that did not answer */
	struct sip_mapped *mapped; /**< what servers say our address is */
	struct list stuns;         /**< struct sip_stun on their way */
	struct list races;         /**< struct sip_race on their way */
	struct {
		struct timer tick;
		uint64_t due_us;         /**< when the tick should come */
		uint32_t lag_ms;         /**< at the last tick */
		uint16_t calm;           /**< ticks in a row without lag */
		uint16_t late, too_late; /**< ticks in a row with lag, with much of it */
		uint8_t level;
		bool traffic; /**< since the last tick */
	} over;
	struct inspect dumps[3];
	struct tls *tls; /**< not referenced; NULL: none */
	struct {
		struct sa addr; /**< unset: free */
		uint16_t host;
		char *why;
	} whys[SIP_TLS_WHYS];
	size_t why_next; /**< the oldest */
};

/** The failures that a stack remembers (tls_why.c). */
void sip_tls_whys_free(struct sip *s);
/** Remember, or forget (NULL), why TLS with `addr` failed. Without memory nothing is remembered. */
void sip_tls_why_set(struct sip *s, const struct sa *addr, uint16_t host, const char *why);

/** The resolver, made now if there was none. ENOMEM. */
int sip_dns(struct dns **dp, struct sip *s) MUST_CHECK;

/** Register and take back what can be looked at (dump.c). */
void sip_dumps_add(struct sip *s);
void sip_dumps_del(struct sip *s);

/* ---- dialogs (dialog.c) ---- */

/**
 * A request with a tag in To, for which `st` was made and which passed the checks of RFC 3261 8.2. 0: a dialog took it
 * (it answers, now or later). ENOENT: no dialog of ours; the caller answers 481. Other errors: the caller answers 500.
 */
int sip_dialog_route(struct sip *s, struct sip_strans *st, const struct sip_msg *msg) MUST_CHECK;
/** An ACK that belongs to no non-2xx answer (no transaction, no answer). True if a dialog took it. */
bool sip_dialog_ack(struct sip *s, const struct sip_msg *ack);
/** The stack ends: every dialog and session forgets it and makes no more call-backs. `s->dialogs` is empty afterwards.
 */
void sip_dialog_flush(struct sip *s);

/** A new stack: its dialogs can be looked at as "sip.dialogs". */
void sip_dialog_init(struct sip *s);
/** A stream closed: registrations that used it register again. Called beside ops.flow_closed. */
void sip_flow_gone(struct sip *s, uint64_t flow);

/* ---- for dialogs: small helpers ---- */

/** "Allow: INVITE, ACK, ..." line of what this stack answers for. */
void sip_enc_allow(struct buf *b, const struct sip *s);
/** "Supported: ..." line without `but` (NULL: all); nothing when no option is supported. */
void sip_enc_supported(struct buf *b, const struct sip *s, const char *but);
/** Is this option tag supported (sip_support)? */
bool sip_has_tag(const struct sip *s, struct slice tag);
/** May this method be used with this stack (sip_allow)? */
static inline bool sip_has_method(const struct sip *s, enum sip_method m)
{
	return s->allow & 1U << m;
}
enum { SIP_REST_STEP = 128, SIP_REST_LEAST = 4000 };
/** How long a transaction that has done its work is kept for copies: `ms` or a little longer, so that the loop wakes
 * once for many that end (RFC 3261 17: the times are the least ones). Short times are kept as they are. */
static inline uint64_t sip_rest_ms(const struct sip *s, uint64_t ms)
{
	uint64_t over = (loop_now_ms(s->loop) + ms) % SIP_REST_STEP;

	return ms < SIP_REST_LEAST || !over ? ms : ms + SIP_REST_STEP - over;
}
/** Answer and forget, as a stateless server would (RFC 3261 8.2.7): the tag is the same for each copy of the request.
 */
void sip_strans_brief(struct sip_strans *st);
/** A new branch of ours, terminated (RFC 3261 8.1.1.7). */
void sip_make_branch(char dst[SIP_BRANCH_LEN + 1]);
/** SIP_TAG_LEN random characters and a terminator. */
void sip_make_tag(char tag[SIP_TAG_LEN + 1]);

/* ---- transports ---- */

/** A stream in the tables of the stack. */
struct sip_stream {
	struct hlink id_he, addr_he;
	struct hlink alias_he; /**< by `alias`, where that is set */
	struct sip *sip;       /**< NULL when closed */
	uint64_t id;
	enum sip_transp tp;
	struct sa local, peer;
	const struct sip_stream_ops *ops;
	void *conn;
	struct list clients; /**< struct sip_ctrans that sent by it and wait */
	size_t rx_counted;   /**< of rx, in sip.rx_bytes */
	struct buf rx;       /**< an unfinished message */
	struct sip_framer framer;
	struct timer tmr;
	uint64_t msg_due; /**< ms; the unfinished message must be whole by then; 0 = none */
	uint64_t last;    /**< ms of the last whole message or keep-alive, either way */
	bool up;          /**< its connection is made */
	bool pinged;      /**< our ping waits for its answer */
	uint64_t heard;   /**< the same, what came in alone */
	uint32_t holds;   /**< registrations and dialogs that need it */
	int broken;       /**< errno: to be closed from the timer */
	bool incoming, alias_set;
	uint16_t host;   /**< outgoing TLS: whom it was made for, 0: the address */
	bool tls_any;    /**< outgoing TLS: made without looking at the certificate */
	struct sa alias; /**< the peer takes requests for this address here (RFC 5923 8) */
};

/** A message as it arrived. */
struct sip_rx {
	enum sip_transp tp;
	struct sa src, dst;
	struct sip_stream *stream; /**< NULL for UDP */
	uint64_t us;
	struct slice data;
};
/** May a message be read? Bans, budgets, scanners; a look at its first line and no more (peek.c). */
bool sip_peek(struct sip *s, const struct sip_rx *rx);
/** A request was handled: what was refused at once to a stranger is not said twice (peek.c). */
void sip_peek_refused(struct sip_strans *st, const struct sip_msg *msg);
/** A message came: see to it that the lag is watched (overload.c). */
void sip_overload_watch(struct sip *s);
/** How late we are now; the level follows. */
void sip_overload_note(struct sip *s, uint32_t lag_ms);
void sip_overload_end(struct sip *s);
/** May this new request be served? False: it was refused or is to be dropped. */
bool sip_overload_takes(struct sip *s, const struct sip_msg *msg);
/** 2xx to something we asked: who sent it is no stranger (peek.c). */
void sip_peek_answered(struct sip *s, const struct sip_msg *rsp);
/** Whole message from any transport: decode, check, hand over (recv.c). */
void sip_recv(struct sip *s, const struct sip_rx *rx);
/** A message is about to be served: may the loop rest after this turn? (calm.c) */
void sip_calm_note(struct sip *s, const struct sip_msg *msg);
/** Bytes that are too long or cannot be framed: answer `scode` if the headers can be read, nothing else (recv.c). */
void sip_recv_bad(struct sip *s, const struct sip_rx *rx, uint16_t scode, const char *reason);

/**
 * Send to a destination. `stp` (may be NULL) gets the stream used, or NULL for UDP. Errors are those known at once:
 * EADDRNOTAVAIL no listener of that kind, ENOTCONN the flow is gone and cannot be made anew, ENOBUFS, ERR_LIMIT,
 * ENOMEM, or from connecting.
 */
int sip_send(struct sip *s, const struct sip_dest *d, struct rbuf *b, struct sip_stream **stp) MUST_CHECK;
/** The listener to send to `d` from, or NULL. `src` gets the address to send from where that is known, else stays
 * unset. */
struct sip_listener *sip_listener_for(struct sip *s, const struct sip_dest *d, struct sa *src);
/** The stream of a destination: by flow, else one that is open to the same address, else NULL. */
struct sip_stream *sip_stream_find(const struct sip *s, const struct sip_dest *d);
/** Queue on a stream; a stream that cannot take it is closed soon. */
int sip_stream_send(struct sip_stream *st, struct rbuf *b) MUST_CHECK;
/** Close: tells waiting client transactions and the application. */
void sip_stream_close(struct sip_stream *st, int err);
/** Close all, telling nobody. */
void sip_streams_flush(struct sip *s);
/**
 * A connection from `peer` wants in: asked before it is accepted, and before any handshake. True: it is counted until
 * sip_conn_left() is called once with the same guard (the stack may be gone by then: hold s->guard).
 */
bool sip_conn_enter(struct sip *s, const struct sa *peer);
void sip_conn_left(struct guard *g, const struct sa *peer);
/** A request came by this TLS stream with `alias` in its Via (RFC 5923 9): believed if the peer proved its name. */
void sip_stream_alias(struct sip_stream *st, const struct sip_via *via);
/** Listen on TCP or TLS; connect by TCP or TLS. */
int sip_tcp_listen(struct sip_listener *ln) MUST_CHECK;
int sip_tcp_connect(struct sip_stream **stp, struct sip *s, const struct sip_dest *d) MUST_CHECK;
/** Streams are carried by this transport. */
static inline bool sip_transp_reliable(enum sip_transp tp)
{
	return tp != SIP_TRANSP_UDP;
}
/** "UDP" ... as in Via; "udp" ... as in URIs. */
struct slice sip_transp_name(enum sip_transp tp);
struct slice sip_transp_param(enum sip_transp tp);

/** Ping a stream (RFC 5626 4.4.1). ENOTCONN: it is gone. */
int sip_flow_ping(struct sip *s, uint64_t flow) MUST_CHECK;
/** Something came by the stream at `since` (ms) or later. */
bool sip_flow_heard(const struct sip *s, uint64_t flow, uint64_t since);
/** Close a stream unless somebody needs it. */
void sip_flow_drop_unused(struct sip *s, uint64_t flow);
/** A connection of ours is made (race.c). */
void sip_race_up(struct sip *s, uint64_t flow);
/** Close a stream that does not answer. */
void sip_flow_fail(struct sip *s, uint64_t flow);

/** A datagram that stun_is() (stun.c). */
void sip_stun_recv(struct sip_listener *ln, const struct udp_rx *rx);

/* ---- our address as servers see it (mapped.c) ---- */

/** What a response says that our address is (Via received and rport), UDP only. */
bool sip_mapped_of(const struct sip_msg *rsp, struct sa *we);
/** The server at `d` sees us at `we`: from now on our Contact says so. True if that is news. */
bool sip_mapped_learn(struct sip *s, const struct sip_dest *d, const struct sa *we);
/** NULL forgets. */
void sip_mapped_set(struct sip *s, const struct sip_dest *d, const struct sa *we);
bool sip_mapped_get(const struct sip *s, const struct sip_dest *d, struct sa *we);

/* ---- server transactions ---- */

struct sip_strans {
	struct hlink he, merge_he;
	struct link done_le; /**< in sip.done */
	struct sip *sip;     /**< NULL when over */
	struct sip_msg *msg; /**< NULL after a final answer */
	struct rbuf *last;   /**< last answer */
	struct timer tmr;
	uint64_t due;         /**< ms: timer H */
	uint32_t interval;    /**< ms: timer G */
	struct sip_dest dest; /**< where answers go (RFC 3261 18.2.2, RFC 3581 4) */
	const struct sip_strans_ops *ops;
	void *arg;
	uint16_t scode; /**< of the last answer */
	uint16_t retry; /**< answer that had no memory and is tried again */
	uint8_t state;  /**< private to the machine */
	bool invite, reliable, rfc2543, own_tag;
	bool brief; /**< ends with its answer: a challenge (RFC 3261 8.2.7) */
	enum sip_method m;
	uint16_t key_l, merge_l, tag_l;
	char tag[SIP_TAG_LEN + 1]; /**< ours, when the request had none */
	char tail[];               /**< key, merge key, To tag of the request */
};

/** New transaction for a request, in the tables. ENOMEM. The table holds the reference. */
int sip_strans_new(struct sip_strans **stp, struct sip *s, struct sip_msg *msg) MUST_CHECK;
/** The transaction of a request, as if its method were `m` (ACK and CANCEL look for their INVITE), or NULL. */
struct sip_strans *sip_strans_find(const struct sip *s, const struct sip_msg *msg, enum sip_method m);
/** Another transaction is busy with the same request that came another way (RFC 3261 8.2.2.2). */
bool sip_strans_merged(const struct sip_strans *st);
/** Forget the request (final answer); the message of a merged copy is no longer refused when `scode` is 300 or more. */
void sip_strans_slim(struct sip_strans *st);
/** Out of the tables, `ended` is called, the table's reference goes: the last thing a machine does. */
void sip_strans_end(struct sip_strans *st, int err);
/** Send `last`, counting. */
void sip_strans_send(struct sip_strans *st);
/** End all, telling nobody. */
void sip_strans_flush(struct sip *s);
/** A CANCEL: answers it, tells the INVITE's user (strans.c). */
void sip_strans_cancel(struct sip_strans *st, struct sip_strans *invite);
const char *sip_strans_state(const struct sip_strans *st);

/* INVITE server machine (strans_invite.c) */
void sip_is_answer(struct sip_strans *st, uint16_t scode);
void sip_is_retransmit(struct sip_strans *st);
/** There was no memory for this final answer: try again soon. */
void sip_is_later(struct sip_strans *st, uint16_t scode);
/** True if the machine took the ACK; false: it belongs to a 2xx. */
bool sip_is_ack(struct sip_strans *st);
const char *sip_is_state(const struct sip_strans *st);
/* non-INVITE server machine (strans_other.c) */
void sip_ns_start(struct sip_strans *st);
void sip_ns_answer(struct sip_strans *st, uint16_t scode);
void sip_ns_retransmit(struct sip_strans *st);
/** More than half of the transactions that there may be: those that are done end early, the oldest first. */
void sip_ns_relieve(struct sip *s);
/** There was no memory for the final answer: the request is judged anew when it comes again. */
void sip_ns_later(struct sip_strans *st);
const char *sip_ns_state(const struct sip_strans *st);

/** sip_reply with header lines; without memory for them, a bare 500. */
void sip_reply_lines(struct sip_strans *st, uint16_t scode, const struct buf *lines);
/** Where the answers to a request go. */
void sip_reply_dest(struct sip_dest *d, const struct sip_msg *msg);

/* ---- client transactions ---- */

struct sip_ctrans {
	struct hlink he;
	struct link stream_le; /**< in the stream's clients */
	struct sip *sip;       /**< NULL when over */
	struct rbuf *req;      /**< NULL once nothing more can need it */
	struct rbuf *ack;      /**< ACK to a non-2xx answer */
	char *cancel_reason;   /**< Reason value of a CANCEL that waits for a provisional answer; NULL = none */
	struct timer tmr;
	uint64_t due;      /**< ms: timers B, F, D, K, M */
	uint32_t interval; /**< ms: timers A, E */
	struct sip_dest dest;
	struct sa sentby;                 /**< what our Via says */
	const struct sip_ctrans_ops *ops; /**< NULL when detached */
	void *arg;
	uint16_t scode; /**< of the last response */
	uint8_t state;  /**< private to the machine */
	bool reliable, cancel_wait, cancelled;
	enum sip_method m;
	char branch[SIP_BRANCH_LEN + 2];
};

/** The transaction of a response (RFC 3261 17.1.3), or NULL. */
struct sip_ctrans *sip_ctrans_find(const struct sip *s, const struct sip_msg *rsp);
/** A response for the transaction. */
void sip_ctrans_recv(struct sip_ctrans *ct, const struct sip_msg *rsp);
/** The stream broke. */
void sip_ctrans_broken(struct sip_ctrans *ct, int err);
/** Send `b` (its request, ACK or CANCEL) and follow the stream it went by. */
int sip_ctrans_send(struct sip_ctrans *ct, struct rbuf *b) MUST_CHECK;
/** Tell the user, if any. */
void sip_ctrans_tell(struct sip_ctrans *ct, const struct sip_msg *rsp);
/** Out of the tables; `failed` is called when err is not 0; the table's reference goes: the last thing a machine does.
 */
void sip_ctrans_end(struct sip_ctrans *ct, int err);
/** End all, telling nobody. */
void sip_ctrans_flush(struct sip *s);
const char *sip_ctrans_state(const struct sip_ctrans *ct);

/* INVITE client machine (ctrans_invite.c) */
void sip_ic_start(struct sip_ctrans *ct);
void sip_ic_response(struct sip_ctrans *ct, const struct sip_msg *rsp);
void sip_ic_broken(struct sip_ctrans *ct, int err);
/** A CANCEL went out: the final answer must come within 64*T1 (RFC 3261 9.1). */
void sip_ic_cancelled(struct sip_ctrans *ct);
bool sip_ic_provisional(const struct sip_ctrans *ct);
const char *sip_ic_state(const struct sip_ctrans *ct);
/* non-INVITE client machine (ctrans_other.c) */
void sip_nc_start(struct sip_ctrans *ct);
void sip_nc_response(struct sip_ctrans *ct, const struct sip_msg *rsp);
void sip_nc_broken(struct sip_ctrans *ct, int err);
const char *sip_nc_state(const struct sip_ctrans *ct);

/** The ACK of RFC 3261 17.1.1.3 for a non-2xx answer, or the CANCEL of 9.1, made of the INVITE we sent (request.c). */
int sip_enc_ack(struct rbuf **bp, const struct sip_ctrans *ct, const struct sip_msg *rsp) MUST_CHECK;
int sip_enc_cancel(struct rbuf **bp, const struct sip_ctrans *ct, struct slice reason) MUST_CHECK;

#endif
