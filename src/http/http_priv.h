/*
 * http_priv.h - what the files of this room share: the server's core, a request, a connection, a WebSocket.
 * Nobody outside src/http reads it.
 *
 * A request is made on the web thread, goes to the loop thread by its message node and
 * comes back by the same node with its answer. Whoever holds it last frees it.
 */
#ifndef OFFHOOK_HTTP_PRIV_H
#define OFFHOOK_HTTP_PRIV_H

#include <stdatomic.h>
#include "base/hash.h"
#include "base/mem.h"
#include "http/head.h"
#include "http/http.h"
#include "loop/tcp.h"
#include "loop/tls.h"

enum {
	HTTP_MAX_BODY = 16 << 20, /**< bytes, when the configuration says nothing */
	HTTP_MAX_CONNS = 1024,    /**< connections of plain HTTP at once, by all ports; an idle one makes room */
	HTTP_MAX_ADDR = 256,      /**< of these from one address */
	HTTP_MAX_CONTROL = 64,    /**< by the control socket */
	HTTP_MAX_WS = 16384,      /**< WebSockets */
	HTTP_MAX_WS_ADDR = 4096,  /**< of these from one address */
	HTTP_KEPT = 65536,        /**< bytes that are kept of requests sent ahead, then reading waits */
	HTTP_CHUNK = 16384,       /**< bytes written at once */
	HTTP_OUT = 65536,         /**< bytes that wait in a connection */
	HTTP_BODY_RATE = 4096,    /**< bytes a second that a body may take at the slowest */
	/* ms */
	HTTP_HEAD_MS =
		20000, /**< for the first request's head, from the beginning; for others, from their first byte */
	HTTP_IDLE_MS = 60000,    /**< between two requests */
	HTTP_STALL_MS = 20000,   /**< for more bytes of a body, for an answer to be taken */
	HTTP_ANSWER_MS = 120000, /**< for the loop thread to answer */
	HTTP_PING_MS = 30000,    /**< a WebSocket that is silent for so long is asked; again so long, and it goes */
	HTTP_WS_KINDS = 4,
	HTTP_WS_AHEAD = 16, /**< messages of a WebSocket that the loop thread has not seen yet; then reading waits */
	HTTP_WS_ROOM = 1024 /**< bytes beyond max_queue for pings and the end */
};

struct ws_batch;

/** What outlives the server while requests are on their way; counted atomically since both threads hold it. */
struct http_core {
	atomic_uint refs;
	struct loop *loop; /**< loop thread */
	bool closed;       /**< loop thread: the server is gone */
	http_request_h *h;
	void *arg;
	struct loop *web; /**< web thread's loop, valid while not closed */
	size_t max_body;
	const struct http_asset *asset;
	size_t nasset;
	/* kinds of WebSocket: written by the loop thread, then counted */
	const struct http_ws_ops *kind[HTTP_WS_KINDS];
	atomic_uint nkind;
	/* loop thread */
	struct list open;       /**< struct http_ws */
	struct ws_batch *batch; /**< a message that gathers its listeners until the turn ends */
	struct loop_tail tail;
};
struct http_core *http_core_ref(struct http_core *c);
void http_core_deref(struct http_core *c);

struct http_listener {
	struct http_server *s;
	struct tcp_listener *tl;
	struct sa at;
	bool tls;
};
/** An address that has connections; of IPv6 its first 64 bits. */
struct http_addr {
	struct hlink he;
	struct sa a;
	unsigned http, ws;
};
struct http_server {
	struct http_core *core;
	struct loop_thread *thread;
	const struct http_server_cfg *cfg; /**< during the start */
	struct buf *why;
	char path[108]; /**< control socket */
	/* web thread */
	struct loop *web;
	struct tls *tls;
	struct http_listener *listener;
	size_t nlistener;
	struct tcp_listener *control;
	struct list conns; /**< struct http_conn, all */
	struct list idle;  /**< struct http_conn of the ports between two requests, the oldest first */
	struct hash addrs;
	size_t nhttp, nws, ncontrol;
};

/* ---- requests (request.c) ---- */
struct http_conn;
struct http_req {
	struct loop_msg msg;
	struct http_core *core;
	struct http_conn *conn; /**< web thread: who waits for the answer, or NULL */
	struct http_ws *ws;     /**< it asks for this WebSocket; NULL: it does not */
	char *text;             /**< the head's bytes */
	struct http_head head;
	struct buf body;
	struct sa peer;
	bool secure, control;
	char user[64];
	bool answered; /**< loop thread */
	unsigned status;
	char ctype[96];
	struct buf fields; /**< of the answer, as they are sent */
	struct buf reply;
	char *file;
	bool file_once;
};
void http_req_free(struct http_req *rq);
/** Hand a complete request to the loop thread. Web thread. */
void http_req_submit(struct http_req *rq);
/** Is this a path that the handler answers? */
bool http_path_handled(struct slice path);

/* ---- connections (conn.c) ---- */
enum http_st { HTTP_READ_HEAD, HTTP_READ_BODY, HTTP_WAIT, HTTP_SEND, HTTP_WS, HTTP_LINGER, HTTP_DEAD };

/** An answer being sent: bytes of somebody, or a piece of a file. */
struct http_out {
	const uint8_t *p; /**< NULL: of the file */
	int fd;           /**< -1: none */
	uint64_t off, left;
	void *own;          /**< given back at the end */
	struct rbuf *piece; /**< waits for room */
	bool close;
};
struct http_conn {
	struct link le, idle_le;
	struct http_server *s;
	struct tcp *t;
	struct http_addr *addr; /**< NULL: control socket */
	struct sa peer;
	struct timer tmr;
	enum http_st st;
	bool tls, control, paused;
	bool partial; /**< bytes of a head are there */
	bool head;    /**< the request was HEAD */
	bool is_ws;   /**< counted as a WebSocket */
	struct buf in;
	size_t scanned;
	uint64_t deadline; /**< ms: the body must be there */
	uint64_t body_left;
	struct http_chunk chunk;
	struct http_req *rq;
	struct http_out out;
	struct ws_conn *ws;
};
/** A connection that a listener announces. */
void http_conn_accept(struct tcp_listener *tl, const struct sa *peer, void *arg);
/** The same for the control socket; `arg` is the server. */
void http_conn_accept_control(struct tcp_listener *tl, const struct sa *peer, void *arg);
/** Is there room for one more of this address? Counts it. */
bool http_conn_admit(const struct sa *peer, void *arg);
void http_conn_left(const struct sa *peer, void *arg);
/** Its answer has come. */
void http_conn_answered(struct http_conn *c);
/** Send this head and what `out` says, then go on. `b` is emptied. */
void http_conn_send(struct http_conn *c, struct buf *b, const struct http_out *out);
/** End it at once; `polite`: what is queued still goes out. The caller holds it. */
void http_conn_end(struct http_conn *c, bool polite);
/** It becomes a WebSocket: counted as such from here. ERR_LIMIT. */
int http_conn_upgrade(struct http_conn *c) MUST_CHECK;

/* ---- answers (answer.c, asset.c) ---- */
/** Begin the head of an answer: status line, date, security fields. `ctype` NULL: no body. */
void http_answer_head(struct buf *b, const struct http_conn *c, unsigned status);
/** Answer with a sentence, in the form of the API; `code` is a word for programs. The connection closes when `close`.
 */
void http_refuse(struct http_conn *c, unsigned status, const char *code, const char *text, const char *field,
		 bool close);
/** Refuse by status alone, with the words that belong to it, and close. */
void http_refuse_status(struct http_conn *c, unsigned status);
/** Send what the loop thread answered. */
void http_answer_send(struct http_conn *c);
/** Answer with a file of the page. */
void http_asset_answer(struct http_conn *c, const struct http_req *rq);
/** "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7) of s since 1970; `dst` of 32 bytes. Returns dst. */
char *http_date(char *dst, int64_t t);

/* ---- WebSockets (ws.c, ws_conn.c, ws_frame.c) ---- */
/** Loop and web thread each hold one reference, messages others. */
struct http_ws {
	atomic_uint refs;
	struct http_core *core;
	const struct http_ws_ops *ops;
	struct sa peer;
	atomic_size_t queued; /**< bytes on their way to the web thread */
	atomic_bool dead;     /**< nothing can be sent any more */
	/* loop thread */
	struct link le; /**< in core.open */
	void *own;
	bool closing;
	struct loop_msg close_msg, end_msg;
	uint16_t code;
	/* web thread */
	struct http_conn *conn; /**< NULL: gone */
};
struct http_ws *http_ws_ref(struct http_ws *w);
void http_ws_deref(struct http_ws *w);
/** A message that arrived. It goes to the loop thread and back. */
struct ws_in {
	struct loop_msg msg;
	struct http_ws *ws;
	struct rbuf *b;
};
/** One message to many. Loop thread until it is posted, then web thread. */
struct ws_batch {
	struct loop_msg msg;
	struct http_core *core;
	struct rbuf *src;   /**< loop thread: to recognise it */
	struct rbuf *frame; /**< with its head, as it is sent */
	bool binary;
	struct http_ws **to;
	size_t n, cap;
};
/** Loop thread's half: a new one is announced, a message came, it is gone. */
void http_ws_opened(struct loop_msg *m);
void http_ws_arrived(struct loop_msg *m);
void http_ws_ended(struct loop_msg *m);
/** Loop thread: messages that gather listeners leave. */
void http_ws_flush(struct http_core *c);
/** Server's end, loop thread: all are told. */
void http_ws_end_all(struct http_core *c);

/** Web thread's half of a WebSocket. */
struct ws_conn {
	struct http_ws *ws;
	uint8_t hdr[14];
	uint8_t nhdr;
	uint8_t op;       /**< of the message being put together: 1 or 2; 0: none */
	uint8_t mask_at;  /**< place in the mask */
	bool in_payload;  /**< of the present frame */
	bool heard;       /**< something came since the last look */
	bool asked;       /**< a ping is out */
	bool resume;      /**< reading waits for the loop thread */
	uint8_t ncontrol; /**< bytes of `control` */
	uint8_t control[125];
	unsigned ahead; /**< messages that the loop thread has not given back */
	uint64_t left;  /**< bytes of the present frame */
	struct buf msg;
};
/** Is this request an upgrade to a WebSocket? Answers it, or makes the connection one. */
bool http_ws_upgrade(struct http_conn *c);
void http_ws_input(struct http_conn *c, struct slice data);
/** Its timer. */
void http_ws_timer(struct http_conn *c);
/** The connection goes. */
void http_ws_lost(struct http_conn *c);
/** Say goodbye with this code, then close. */
void http_ws_bye(struct http_conn *c, uint16_t code);
/** A message came back from the loop thread. */
void http_ws_seen(struct loop_msg *m);
/** Orders of the loop thread. */
void http_ws_batch_arrived(struct loop_msg *m);
void http_ws_close_arrived(struct loop_msg *m);

/** Write the head of a frame from us (RFC 6455 5.2); returns its bytes, 10 at most. */
size_t http_ws_frame_head(uint8_t *dst, uint8_t op, uint64_t l);
/** Sec-WebSocket-Accept for a key; `dst` of 29 bytes. */
int http_ws_accept_key(char *dst, struct slice key) MUST_CHECK;

#endif
