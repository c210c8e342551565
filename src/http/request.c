/*
 * request.c - a request on its way between the web thread and the loop thread.
 */
#include <stdio.h>
#include <string.h>
#include "http/http_priv.h"

struct http_core *http_core_ref(struct http_core *c)
{
	atomic_fetch_add(&c->refs, 1);
	return c;
}

void http_core_deref(struct http_core *c)
{
	if (c && atomic_fetch_sub(&c->refs, 1) == 1)
		mem_deref(c);
}

/* May hold passwords and people's records. */
static void wipe(struct buf *b)
{
	if (b->p)
		mem_wipe(b->p, b->l);
	buf_free(b);
}

void http_req_free(struct http_req *rq)
{
	if (!rq)
		return;
	if (rq->text)
		mem_wipe(rq->text, rq->head.l);
	mem_deref(rq->text);
	wipe(&rq->body);
	wipe(&rq->fields);
	wipe(&rq->reply);
	mem_deref(rq->file);
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

	if (rq->conn)
		http_conn_answered(rq->conn);
	else
		http_req_free(rq); /* the client has gone */
}

/* No field ends before its end: what cannot stand in one is left out. */
static void put_field(struct buf *b, const struct http_header *h)
{
	for (size_t i = 0; i < h->value.l; i++)
		if ((unsigned char)h->value.p[i] < ' ' || h->value.p[i] == 0x7f)
			return;
	buf_printf(b, "%s: %.*s\r\n", h->name, SLICE_FMT(h->value));
}

static int keep_answer(struct http_req *rq, const struct http_answer *a)
{
	rq->status = a->status;
	(void)slice_copy(rq->ctype, sizeof(rq->ctype), slice_str(a->ctype));
	for (size_t i = 0; i < a->nheader && i < HTTP_HEADERS_MAX; i++)
		put_field(&rq->fields, &a->header[i]);
	rq->reply.max = SIZE_MAX / 2;
	rq->file_once = a->file_once;
	if (a->file)
		return mem_strdup(&rq->file, a->file);
	buf_slice(&rq->reply, a->body);
	return buf_err(&rq->reply) ? buf_err(&rq->reply) : buf_err(&rq->fields);
}

void http_answer(struct http_req *rq, const struct http_answer *a)
{
	if (rq->answered)
		return;
	rq->answered = true;
	if (rq->core->closed) {
		http_req_free(rq);
		return;
	}
	if (keep_answer(rq, a)) {
		buf_free(&rq->reply);
		buf_free(&rq->fields);
		rq->ctype[0] = '\0';
		rq->status = 503;
	}
	rq->msg.fn = reply_arrived;
	loop_post(rq->core->web, &rq->msg);
}

void http_reply(struct http_req *rq, unsigned status, const char *ctype, struct slice body)
{
	http_answer(rq, &(struct http_answer){.status = status, .ctype = ctype, .body = body});
}

/* ------------------------------------------------------------------ questions */

struct slice http_req_method(const struct http_req *rq)
{
	struct slice m = http_span_of(rq->text, rq->head.method);

	/* the answer is the same, and only its head is sent (RFC 9110 9.3.2) */
	return slice_eqs(m, "HEAD") ? SLICE("GET") : m;
}

struct slice http_req_path(const struct http_req *rq)
{
	return http_span_of(rq->text, rq->head.path);
}

struct slice http_req_query(const struct http_req *rq)
{
	return http_span_of(rq->text, rq->head.query);
}

struct slice http_req_body(const struct http_req *rq)
{
	return buf_get(&rq->body);
}

struct slice http_req_header(const struct http_req *rq, const char *name)
{
	return http_head_field(&rq->head, rq->text, name);
}

struct slice http_req_cookie(const struct http_req *rq, const char *name)
{
	struct slice all = http_req_header(rq, "cookie");

	while (all.l) {
		struct slice value = slice_trim(slice_cut(&all, ';')), n = slice_cut(&value, '=');

		if (!slice_eqs(n, name))
			continue;
		if (value.l >= 2 && value.p[0] == '"' && value.p[value.l - 1] == '"')
			value = slice_first(slice_from(value, 1), value.l - 2);
		return value;
	}
	return SLICE_NULL;
}

const struct sa *http_req_peer(const struct http_req *rq)
{
	return &rq->peer;
}

bool http_req_secure(const struct http_req *rq)
{
	return rq->secure;
}

bool http_req_control(const struct http_req *rq)
{
	return rq->control;
}

const char *http_req_peer_user(const struct http_req *rq)
{
	return rq->user;
}

bool http_path_handled(struct slice path)
{
	static const char *const under[] = {"/api/", "/.well-known/"};
	static const char *const whole[] = {"/api", "/healthz", "/readyz", "/metrics"};

	for (size_t i = 0; i < ARRAY_LEN(under); i++)
		if (slice_starts(path, slice_str(under[i])))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(whole); i++)
		if (slice_eqs(path, whole[i]))
			return true;
	return false;
}
