/*
 * msg.h - SIP messages: bytes to struct (RFC 3261 section 7 and 25).
 *
 * A message owns one copy of the received bytes; everything in it is a slice of
 * that copy. Folded lines are unfolded in it. Headers that every element needs
 * (Via, From, To, Call-ID, CSeq, Max-Forwards, Content-Length) are typed at
 * once; all others lazily by the decoders of their own files.
 * Thread: one at a time. Ownership: mem_ref/mem_deref.
 */
#ifndef OFFHOOK_WIRE_SIP_MSG_H
#define OFFHOOK_WIRE_SIP_MSG_H

#include "base/buf.h"
#include "base/sa.h"
#include "wire/sip/addr.h"
#include "wire/sip/cseq.h"
#include "wire/sip/hdr.h"
#include "wire/sip/uri.h"
#include "wire/sip/via.h"

enum {
	SIP_MSG_MAX = 65535,     /**< bytes of a message, either transport */
	SIP_HDR_LINES_MAX = 256, /**< header lines of a message */
	SIP_PORT = 5060,
	SIPS_PORT = 5061
};

/** Transport a message came by or goes by. Streams beyond TCP (TLS, WS, WSS) join in the same way. */
enum sip_transp { SIP_TRANSP_NONE = -1, SIP_TRANSP_UDP, SIP_TRANSP_TCP, SIP_TRANSP_TLS, SIP_TRANSP_WS, SIP_TRANSP_WSS };

/** One header line as it stands. */
struct sip_hdr {
	enum sip_hdr_id id; /**< SIP_HDR_OTHER for names not in the table */
	struct slice name;  /**< as written */
	struct slice val;   /**< trimmed, unfolded; may hold a comma list */
};

struct sip_msg {
	bool req;            /**< request, else response */
	enum sip_method m;   /**< method; of the CSeq in responses */
	struct slice method; /**< method as written (requests) */
	struct slice ruri;   /**< Request-URI as written */
	struct sip_uri uri;  /**< Request-URI parsed; scheme empty if it could not be (see uri_err) */
	int uri_err;         /**< 0 or why the Request-URI is bad */
	uint16_t scode;      /**< status code 100-699 */
	struct slice reason; /**< reason phrase */
	struct sip_via via;  /**< topmost Via */
	struct sip_addr from, to;
	struct slice callid;
	struct sip_cseq cseq;
	uint32_t maxfwd; /**< Max-Forwards, 70 if absent */
	bool has_maxfwd;
	struct slice body;
	struct sip_hdr *hdrv; /**< header lines in order */
	size_t hdrc;
	struct slice raw; /**< the whole copy; folded lines joined by blanks, so that lengths are as received */
	/* filled by the transport layer */
	enum sip_transp tp;
	struct sa src, dst; /**< where it came from, local address it came to */
	void *flow;         /**< transport's connection object, held while the message lives; may be NULL */
	void (*flow_release)(void *flow);
	uint64_t us; /**< arrival, loop's us */
};

/** Why a message is not good, when it could be read far enough to be answered. */
struct sip_msg_err {
	uint16_t scode;     /**< answer it deserves (400, 413, 505 ...); 0 = drop silently */
	const char *reason; /**< reason phrase for the answer, static */
};

/**
 * Decode a datagram: the body reaches to the end, or to Content-Length when that is less (RFC 3261 18.3). Copies the
 * bytes. 0 and *mp; ENOMEM; ERR_SYNTAX.
 *
 * With ERR_SYNTAX a request whose topmost Via says where an answer goes comes in *mp all the same, and `e` says what to
 * answer. From, To, Call-ID or CSeq may be empty in it: answer with those header lines that are there (RFC 4475 3.3.1).
 * For anything else (responses, ACK, noise) *mp is NULL and e->scode 0. `e` may be NULL.
 */
int sip_msg_decode(struct sip_msg **mp, const void *p, size_t l, struct sip_msg_err *e) MUST_CHECK;

/** State of a stream reader between calls. All zero when new. */
struct sip_framer {
	size_t scanned; /**< bytes already searched for the end of the headers */
	size_t need;    /**< length of the whole message once known, else 0 */
	bool crlf;      /**< a lone CRLF ended the data last time: another one makes it a ping */
};
enum sip_frame { SIP_FRAME_MORE, SIP_FRAME_MSG, SIP_FRAME_PING, SIP_FRAME_PONG, SIP_FRAME_BAD, SIP_FRAME_TOO_LARGE };
/**
 * What stands at the beginning of stream bytes (RFC 3261 18.3, RFC 5626 4.4.1 keep-alives): a whole message of *len
 * bytes, a CRLFCRLF ping or CRLF pong of *len bytes, or more is needed. Content-Length is required in streams (BAD
 * without). The caller drops the *len bytes before it asks again. Which half of a ping comes when is up to the network:
 * on a connection that we opened a PING stands for two pongs.
 */
enum sip_frame sip_framer_next(struct sip_framer *f, struct slice data, size_t *len);

/** First header line with this id, or NULL. */
const struct sip_hdr *sip_msg_hdr(const struct sip_msg *m, enum sip_hdr_id id);
/** First header line of this name (any case), known or not. */
const struct sip_hdr *sip_msg_hdr_name(const struct sip_msg *m, struct slice name);
/** Value of the first header line with this id; empty if absent. */
struct slice sip_msg_val(const struct sip_msg *m, enum sip_hdr_id id);

/** Walks the values of a header over all its lines and commas (quotes and <> respected). All zero when new. */
struct sip_val_iter {
	size_t line;
	struct slice rest;
};
/** Next value, trimmed; false at the end. */
bool sip_msg_next_val(const struct sip_msg *m, enum sip_hdr_id id, struct sip_val_iter *it, struct slice *val);
/** Number of values of a header. */
size_t sip_msg_count(const struct sip_msg *m, enum sip_hdr_id id);
/** A token list (Supported, Require, Allow ...) holds `token`, case ignored. */
bool sip_msg_has_token(const struct sip_msg *m, enum sip_hdr_id id, struct slice token);
/** Content-Type is `type`/`sub`, parameters ignored. */
bool sip_msg_ctype_is(const struct sip_msg *m, const char *type, const char *sub);
/** Standard reason phrase of a status code ("Busy Here"); never NULL. */
const char *sip_reason(uint16_t scode);

/* Encoding: header by header into a buf, beside the typed encoders. */
/** "METHOD uri SIP/2.0" */
void sip_enc_request_line(struct buf *b, struct slice method, struct slice uri);
/** "SIP/2.0 code reason"; empty reason gives the standard phrase. */
void sip_enc_status_line(struct buf *b, uint16_t scode, struct slice reason);
/** "Name: value". Bytes that would break the line (CR, LF, NUL) are left out of the value. */
void sip_enc_hdr(struct buf *b, enum sip_hdr_id id, struct slice val);
void sip_enc_hdr_name(struct buf *b, struct slice name, struct slice val);
void sip_enc_hdrf(struct buf *b, enum sip_hdr_id id, const char *fmt, ...) PRINTF_LIKE(3, 4);
/** Every line of a header of `m`, copied in order. */
void sip_enc_copy(struct buf *b, const struct sip_msg *m, enum sip_hdr_id id);
/** Content-Type (unless empty), Content-Length, empty line, body. */
void sip_enc_body(struct buf *b, struct slice ctype, struct slice body);

#endif
