/*
 * request.c - a request on its way between the web thread and the loop thread.
 */
#include <string.h>
#include "http/http_priv.h"

void http_req_free(struct http_req *rq)
{
	if (!rq)
		return;
	buf_free(&rq->method);
	buf_free(&rq->path);
	buf_free(&rq->query);
	if (rq->body.p)
		mem_wipe(rq->body.p, rq->body.l); /* may hold passwords */
	buf_free(&rq->body);
	if (rq->reply.p)
		mem_wipe(rq->reply.p, rq->reply.l);
	buf_free(&rq->reply);
	http_core_deref(rq->core);
	mem_deref(rq);
}

/* Loop thread. */
static void request_arrived(struct loop_msg *m)
{
	struct http_req *rq = CONTAINER_OF(m, struct http_req, msg);

	if (rq->core->closed)
		http_req_free(rq);
	else
		rq->core->h(rq, rq->core->arg);
}

void http_req_submit(struct http_req *rq)
{
	rq->msg.fn = request_arrived;
	loop_post(rq->core->loop, &rq->msg);
}

/* Web thread. */
static void reply_arrived(struct loop_msg *m)
{
	struct http_req *rq = CONTAINER_OF(m, struct http_req, msg);

	if (!rq->conn) {
		http_req_free(rq); /* the client has gone */
		return;
	}
	rq->conn->waiting = false;
	lws_set_timeout(rq->conn->wsi, PENDING_TIMEOUT_HTTP_CONTENT, HTTP_IDLE_S);
	lws_callback_on_writable(rq->conn->wsi);
}

void http_reply(struct http_req *rq, unsigned status, const char *ctype, struct slice body)
{
	if (rq->answered)
		return;
	rq->answered = true;
	if (rq->core->closed) {
		http_req_free(rq);
		return;
	}
	rq->status = status;
	(void)slice_copy(rq->ctype, sizeof(rq->ctype), slice_str(ctype));
	rq->reply.max = SIZE_MAX / 2;
	buf_slice(&rq->reply, body);
	if (buf_err(&rq->reply)) {
		buf_reset(&rq->reply);
		rq->status = 503;
	}
	rq->msg.fn = reply_arrived;
	loop_post(rq->core->web, &rq->msg);
}

struct slice http_req_method(const struct http_req *rq)
{
	return buf_get(&rq->method);
}

struct slice http_req_path(const struct http_req *rq)
{
	return buf_get(&rq->path);
}

struct slice http_req_query(const struct http_req *rq)
{
	return buf_get(&rq->query);
}

struct slice http_req_body(const struct http_req *rq)
{
	return buf_get(&rq->body);
}

const char *http_req_peer_user(const struct http_req *rq)
{
	return rq->user;
}
