/*
 * ws.c - the loop thread's half of a WebSocket: opened, messages, sending, closing.
 *
 * A message to many is one message to the web thread: who sends the same buffer to a thousand listeners in one turn
 * makes one frame and one list of listeners.
 */
#include "http/http_priv.h"

struct http_ws *http_ws_ref(struct http_ws *w)
{
	atomic_fetch_add(&w->refs, 1);
	return w;
}

void http_ws_deref(struct http_ws *w)
{
	if (!w || atomic_fetch_sub(&w->refs, 1) != 1)
		return;
	http_core_deref(w->core);
	mem_deref(w);
}

/* ------------------------------------------------------------------ what the web thread tells */

void http_ws_opened(struct loop_msg *m)
{
	struct http_req *rq = CONTAINER_OF(m, struct http_req, msg);
	struct http_ws *w = rq->ws;

	if (w->core->closed) {
		http_req_free(rq);
		return;
	}
	/* in the list before, since it may be closed within the call */
	list_append(&w->core->open, &w->le);
	w->own = w->ops->open(w, rq, w->ops->arg);
	http_req_free(rq);
	if (w->own)
		return;
	list_unlink(&w->le);
	http_ws_close(w, 4401);
}

void http_ws_arrived(struct loop_msg *m)
{
	struct ws_in *in = CONTAINER_OF(m, struct ws_in, msg);
	struct http_ws *w = in->ws;

	if (w->le.list && !w->closing)
		w->ops->message(w, rbuf_slice(in->b), w->own);
	m->fn = http_ws_seen;
	if (w->core->closed)
		http_ws_seen(m);
	else
		loop_post(w->core->web, m);
}

static void tell_closed(struct http_ws *w)
{
	void *own = w->own;

	if (!w->le.list)
		return;
	list_unlink(&w->le);
	w->closing = true;
	w->ops->closed(w, own);
}

void http_ws_ended(struct loop_msg *m)
{
	struct http_ws *w = CONTAINER_OF(m, struct http_ws, end_msg);

	tell_closed(w);
	http_ws_deref(w); /* the web thread's */
	http_ws_deref(w); /* ours */
}

void http_ws_end_all(struct http_core *c)
{
	while (c->open.head)
		tell_closed(LINK_OBJ(c->open.head, struct http_ws, le));
}

/* ------------------------------------------------------------------ sending */

void http_ws_flush(struct http_core *c)
{
	struct ws_batch *b = c->batch;

	loop_tail_cancel(&c->tail);
	c->batch = NULL;
	if (!b)
		return;
	b->src = mem_deref(b->src);
	b->msg.fn = http_ws_batch_arrived;
	loop_post(c->web, &b->msg);
}

static void flush_h(void *arg)
{
	http_ws_flush(arg);
}

static struct ws_batch *batch_new(struct http_core *c, struct rbuf *msg, bool binary)
{
	struct ws_batch *b = mem_zalloc(sizeof(*b), NULL);
	uint8_t head[10];
	size_t l = http_ws_frame_head(head, binary ? 2 : 1, msg->l);

	if (!b)
		return NULL;
	if (rbuf_alloc(&b->frame, NULL, l + msg->l)) {
		mem_deref(b);
		return NULL;
	}
	memcpy(b->frame->data, head, l);
	memcpy(b->frame->data + l, msg->data, msg->l);
	b->core = c;
	b->binary = binary;
	b->src = mem_ref(msg);
	c->tail.fn = flush_h;
	c->tail.arg = c;
	return b;
}

static int batch_add(struct ws_batch *b, struct http_ws *w)
{
	if (b->n == b->cap) {
		size_t cap = b->cap ? b->cap * 4 : 1;
		struct http_ws **to = mem_realloc(b->to, cap * sizeof(struct http_ws *));

		if (!to)
			return ENOMEM;
		b->to = to;
		b->cap = cap;
	}
	b->to[b->n++] = http_ws_ref(w);
	return 0;
}

bool http_ws_send(struct http_ws *w, struct rbuf *msg)
{
	struct http_core *c = w->core;

	if (w->closing || c->closed || atomic_load(&w->dead))
		return false;
	if (atomic_load(&w->queued) + msg->l > w->ops->max_queue) {
		http_ws_close(w, 1013);
		return false;
	}
	if (c->batch && (c->batch->src != msg || c->batch->binary != w->ops->binary))
		http_ws_flush(c);
	if (!c->batch)
		c->batch = batch_new(c, msg, w->ops->binary);
	if (c->batch)
		loop_at_tail(c->loop, &c->tail);
	if (!c->batch || batch_add(c->batch, w)) {
		http_ws_close(w, 1013);
		return false;
	}
	atomic_fetch_add(&w->queued, c->batch->frame->l);
	return true;
}

void http_ws_close(struct http_ws *w, uint16_t code)
{
	struct http_core *c = w->core;

	if (w->closing || c->closed)
		return;
	w->closing = true;
	w->code = code;
	http_ws_flush(c);
	w->close_msg.fn = http_ws_close_arrived;
	http_ws_ref(w);
	loop_post(c->web, &w->close_msg);
}

const struct sa *http_ws_peer(const struct http_ws *w)
{
	return &w->peer;
}
