/*
 * http.h - the HTTP server (HTTP/1.1 on a thread of its own): control socket, web ports with the embedded page and
 * WebSockets; and the client for the control socket (libcurl).
 *
 * Requests cross to the loop thread as messages and their answers cross back.
 * Thread: loop thread, unless said. Ownership: struct http_req is valid until it is answered. mem_deref the server:
 * WebSockets that are open hear closed() within it. On a virtual loop the web thread is one too (no control socket).
 */
#ifndef OFFHOOK_HTTP_HTTP_H
#define OFFHOOK_HTTP_HTTP_H

#include "base/buf.h"
#include "base/rbuf.h"
#include "base/sa.h"
#include "loop/loop.h"

struct http_server;
struct http_req;
struct cert;
typedef void(http_request_h)(struct http_req *rq, void *arg);

/** A file of the page, embedded in the program. The web thread serves it without asking anybody. */
struct http_asset {
	const char *path;  /**< "/", "/assets/index-1a2b3c.js" */
	const char *ctype; /**< "text/html; charset=utf-8" */
	const char *etag;  /**< with its quotes */
	const uint8_t *gz; /**< gzip-compressed bytes; all browsers take them, for others they are unpacked */
	size_t ngz;
	bool immutable; /**< its name holds its hash: it may be kept for a year */
};
/** A port of the web. */
struct http_port {
	struct sa at;
	bool tls;           /**< with the certificate of http_server_set_cert() */
	bool optional;      /**< a machine that lacks this family of addresses is served without */
	const char *option; /**< how people choose another port, for the sentence: "--http-port"; NULL */
};

struct http_server_cfg {
	struct loop *loop;
	const char *unix_path; /**< control socket, made with mode 0600; a stale one is replaced; NULL: none */
	const struct http_port *port;
	size_t nport;
	const struct http_asset *asset; /**< constant. GET of a path that is none of them and has no dot in its last
					   part gets "/", unless it begins with one of `api` */
	size_t nasset;
	http_request_h *h; /**< requests below /api/, /healthz, /readyz, /metrics, /.well-known/ and of the control
			      socket; nothing else reaches it */
	void *arg;
	size_t max_body; /**< bytes, 0 = 16 MB */
};
/** New server; all ports listen when it returns. `why` (may be NULL) gets a sentence that names the port: EADDRINUSE,
 * EACCES, EADDRNOTAVAIL ... */
int http_server_alloc(struct http_server **sp, const struct http_server_cfg *cfg, struct buf *why) MUST_CHECK;
/** Certificate of the TLS ports from now on; connections that are open keep theirs. Before the first one they close
 * what connects. ENOMEM, EINVAL. */
int http_server_set_cert(struct http_server *s, const struct cert *c) MUST_CHECK;
/** Call `fn` for each port as it is bound. */
void http_server_listeners(const struct http_server *s, void (*fn)(const struct sa *at, bool tls, void *arg),
			   void *arg);

/* ---- requests ---- */
/** HEAD is shown as GET: the web thread leaves the body out. */
struct slice http_req_method(const struct http_req *rq);
struct slice http_req_path(const struct http_req *rq);
struct slice http_req_query(const struct http_req *rq);
struct slice http_req_body(const struct http_req *rq);
/** A header by its lower-case name, the first of those that may stand more than once; empty: it was not sent. Host,
 * Origin, Cookie, Authorization, Content-Type, Range, X-CSRF-Token and Sec-Fetch-Site never come twice (400). */
struct slice http_req_header(const struct http_req *rq, const char *name);
/** Value of a cookie; empty: none. */
struct slice http_req_cookie(const struct http_req *rq, const char *name);
/** Who sent it; unset for the control socket. */
const struct sa *http_req_peer(const struct http_req *rq);
/** It came by TLS, or by the control socket. */
bool http_req_secure(const struct http_req *rq);
/** It came by the control socket. */
bool http_req_control(const struct http_req *rq);
/** User name of the process at the other end of a Unix socket ("root"), or "". */
const char *http_req_peer_user(const struct http_req *rq);

/* ---- answers ---- */
enum { HTTP_HEADERS_MAX = 8 };
struct http_header {
	const char *name;   /**< static */
	struct slice value; /**< copied; one with control characters is left out */
};
/** An answer: bytes or a file. Security headers (CSP and the like, docs/security.md) are added to every one, and
 * "Cache-Control: no-store" (files: "private, no-cache", ETag, Last-Modified) where `header` says nothing. */
struct http_answer {
	unsigned status;
	const char *ctype; /**< NULL: no body */
	struct slice body; /**< copied */
	const char *file;  /**< path of a file that the web thread sends instead (status 200), with ranges (RFC 9110
			      14: one; for several all of it is sent) and 304; copied; NULL */
	bool file_once;    /**< it is for this answer alone: its name is removed when it is opened */
	struct http_header header[HTTP_HEADERS_MAX];
	size_t nheader;
};
/** Answer once. */
void http_answer(struct http_req *rq, const struct http_answer *a);
/** The same without headers. */
void http_reply(struct http_req *rq, unsigned status, const char *ctype, struct slice body);

/* ---- WebSocket (RFC 6455) ---- */
struct http_ws;
/** One kind of WebSocket: a path and a subprotocol. An upgrade is refused (403) unless its Origin is the page's own
 * (scheme, host and port as in Host; no Origin at all is taken, since only programs send none) and it asks for this
 * subprotocol (400). */
struct http_ws_ops {
	const char *path;     /**< "/api/v1/events" */
	const char *protocol; /**< "offhook.events.v1" */
	size_t max_message;   /**< bytes of an incoming message; a longer one closes with 1009, another kind 1003 */
	size_t max_queue;     /**< bytes that wait to be sent; more closes with 1013 */
	bool binary;          /**< its messages are binary, else text */
	/** Loop thread: it is open. `rq` is its request (headers, cookies, query), valid during the call. Return the
	 * argument of its further call-backs; NULL: refuse, it is closed with 4401. */
	void *(*open)(struct http_ws *ws, const struct http_req *rq, void *arg);
	/** Loop thread: a whole message arrived. */
	void (*message)(struct http_ws *ws, struct slice msg, void *own);
	/** Loop thread: it is gone (also after http_ws_close()); `ws` must be forgotten. Once. */
	void (*closed)(struct http_ws *ws, void *own);
	void *arg;
};
/** Serve this kind from now on; at most 4 kinds. `ops` stays as long as the server. ERR_LIMIT. */
int http_server_ws(struct http_server *s, const struct http_ws_ops *ops) MUST_CHECK;
/** Send a message whole. The buffer is shared, not copied: what goes to a thousand listeners stands once. Never waits;
 * false: too much waits already, and it is being closed. */
bool http_ws_send(struct http_ws *ws, struct rbuf *msg);
/** Close with a code (RFC 6455 7.4); closed() follows. */
void http_ws_close(struct http_ws *ws, uint16_t code);
/** Who is at the other end. */
const struct sa *http_ws_peer(const struct http_ws *ws);

/** Blocking request over a Unix socket (command line only). 0 with *status and body in `out`; ECONNREFUSED / ENOENT: no
 * server there; ETIMEDOUT. */
int http_unix_request(const char *path, const char *method, const char *url_path, struct slice body, unsigned *status,
		      struct buf *out) MUST_CHECK;

#endif
