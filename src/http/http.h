/*
 * http.h - the HTTP server (libwebsockets on a thread of its own) and the client for the control socket (libcurl).
 *
 * Requests cross to the loop thread as messages and their answers cross back.
 * Thread: loop thread, unless said. Ownership: struct http_req is valid until http_reply.
 */
#ifndef OFFHOOK_HTTP_HTTP_H
#define OFFHOOK_HTTP_HTTP_H

#include "base/buf.h"
#include "loop/loop.h"

struct http_server;
struct http_req;
typedef void(http_request_h)(struct http_req *rq, void *arg);

struct http_server_cfg {
	struct loop *loop;
	const char *unix_path; /**< control socket, made with mode 0600; a stale one is replaced */
	http_request_h *h;
	void *arg;
	size_t max_body; /**< bytes, 0 = 16 MB */
};
int http_server_alloc(struct http_server **sp, const struct http_server_cfg *cfg) MUST_CHECK;
struct slice http_req_method(const struct http_req *rq);
struct slice http_req_path(const struct http_req *rq);
struct slice http_req_query(const struct http_req *rq);
struct slice http_req_body(const struct http_req *rq);
/** User name of the process at the other end of a Unix socket ("root"), or "". */
const char *http_req_peer_user(const struct http_req *rq);
/** Answer once; bytes are copied. */
void http_reply(struct http_req *rq, unsigned status, const char *ctype, struct slice body);

/** Blocking request over a Unix socket (command line only). 0 with *status and body in `out`; ECONNREFUSED / ENOENT: no
 * server there; ETIMEDOUT. */
int http_unix_request(const char *path, const char *method, const char *url_path, struct slice body, unsigned *status,
		      struct buf *out) MUST_CHECK;

#endif
