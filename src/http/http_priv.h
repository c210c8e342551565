/*
 * http_priv.h - what the files of this room share: the server's core, a request and a connection's state.
 * Nobody outside src/http reads it.
 *
 * A request is made on the web thread, goes to the loop thread by its message node and
 * comes back by the same node with its answer. Whoever holds it last frees it.
 */
#ifndef OFFHOOK_HTTP_PRIV_H
#define OFFHOOK_HTTP_PRIV_H

/* OpenSSL, which libwebsockets brings along, has a type of the name of one of our error numbers */
#define ERR_STATE openssl_err_state
#include <libwebsockets.h>
#undef ERR_STATE
#include <stdatomic.h>
#include "base/mem.h"
#include "http/http.h"

enum {
	HTTP_MAX_BODY = 16 << 20, /**< bytes, when the configuration says nothing */
	HTTP_MAX_CONNS = 64,      /**< connections at once; more wait in the listen queue */
	HTTP_MAX_HEADER = 8192,   /**< bytes of request line and headers */
	HTTP_IDLE_S = 20,         /**< for a request to arrive, for bytes of a body, for an answer to be taken */
	HTTP_ANSWER_S = 120,      /**< for the loop thread to answer */
	HTTP_SWALLOW = 4,         /**< times max_body: a longer body is not even read to its end */
	HTTP_CHUNK = 16384        /**< bytes written at once */
};

/** What outlives the server while requests are on their way; counted atomically since both threads hold it. */
struct http_core {
	atomic_uint refs;
	struct loop *loop; /**< loop thread */
	bool closed;       /**< loop thread: the server is gone */
	http_request_h *h;
	void *arg;
	struct loop *web; /**< web thread's loop, valid while not closed */
	size_t max_body;
};
struct http_core *http_core_ref(struct http_core *c);
void http_core_deref(struct http_core *c);

struct http_server {
	struct http_core *core;
	struct loop_thread *thread;
	/* web thread */
	struct lws_context *ctx;
	char path[108]; /**< the socket's name for clients */
	char tmp[108];  /**< its name while it is made */
	int err;        /**< why the start failed */
};

struct http_conn;
struct http_req {
	struct loop_msg msg;
	struct http_core *core;
	struct http_conn *conn; /**< web thread: who waits for the answer, or NULL */
	struct buf method, path, query, body;
	char user[64];
	bool oversize; /**< its body is read and thrown away, then refused */
	bool answered; /**< loop thread */
	unsigned status;
	char ctype[64];
	struct buf reply;
	size_t sent; /**< bytes of the reply written */
	bool headers_sent;
};
void http_req_free(struct http_req *rq);
/** Hand a complete request to the loop thread. Web thread. */
void http_req_submit(struct http_req *rq);

/** State of one connection, in the memory that libwebsockets keeps for it. */
struct http_conn {
	struct lws *wsi;
	struct http_req *rq; /**< present request, or NULL */
	bool waiting;        /**< the loop thread has it */
};
/** libwebsockets' call-back for the one protocol of the server. */
int http_conn_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);

#endif
