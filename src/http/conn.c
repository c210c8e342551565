/*
 * conn.c - one connection: heads and bodies are read, requests handed over, answers sent, one after the other.
 * Web thread.
 *
 * Every state has an end in time: a head, each piece of a body and all of it, an answer and its taking. When there are
 * too many connections one that waits for its next request makes room.
 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "http/http_priv.h"

static void work(struct http_conn *c);
static void timeout(void *arg);

/* ------------------------------------------------------------------ how many of whom */

/* IPv6: who has one address of a /64 has all of them. */
static struct sa counted(const struct sa *peer)
{
	struct sa a = *peer;

	if (sa_af(&a) == AF_INET6)
		memset(a.u.in6.sin6_addr.s6_addr + 8, 0, 8);
	sa_set_port(&a, 0);
	return a;
}

static struct http_addr *addr_find(struct http_server *s, const struct sa *a)
{
	for (struct hlink *k = hash_first(&s->addrs, sa_hash_addr(a)); k; k = hash_next(k)) {
		struct http_addr *h = CONTAINER_OF(k, struct http_addr, he);

		if (sa_eq_addr(&h->a, a))
			return h;
	}
	return NULL;
}

static void addr_check(struct http_server *s, struct http_addr *h)
{
	if (h->http || h->ws)
		return;
	hash_del(&s->addrs, &h->he);
	mem_deref(h);
}

/* The connection that has waited longest for its next request (of this address, or of all) goes. */
static bool make_room(struct http_server *s, const struct http_addr *of)
{
	LIST_EACH (&s->idle, k) {
		struct http_conn *c = LINK_OBJ(k, struct http_conn, idle_le);

		if (of && c->addr != of)
			continue;
		http_conn_end(c, false);
		return true;
	}
	return false;
}

bool http_conn_admit(const struct sa *peer, void *arg)
{
	struct http_listener *l = arg;
	struct http_server *s = l->s;
	struct sa a = counted(peer);
	struct http_addr *h = addr_find(s, &a);

	if (h && h->http >= HTTP_MAX_ADDR && !make_room(s, h))
		return false;
	if (s->nhttp >= HTTP_MAX_CONNS && !make_room(s, NULL))
		return false;
	/* it may have been the only one of this address */
	h = addr_find(s, &a);
	if (!h) {
		h = mem_zalloc(sizeof(*h), NULL);
		if (!h)
			return false;
		h->a = a;
		if (hash_add(&s->addrs, sa_hash_addr(&a), &h->he)) {
			mem_deref(h);
			return false;
		}
	}
	h->http++;
	s->nhttp++;
	return true;
}

void http_conn_left(const struct sa *peer, void *arg)
{
	struct http_listener *l = arg;
	struct sa a = counted(peer);
	struct http_addr *h = addr_find(l->s, &a);

	if (!h)
		return;
	l->s->nhttp--;
	h->http--;
	addr_check(l->s, h);
}

int http_conn_upgrade(struct http_conn *c)
{
	struct http_server *s = c->s;

	if (!c->addr || s->nws >= HTTP_MAX_WS || c->addr->ws >= HTTP_MAX_WS_ADDR)
		return ERR_LIMIT;
	c->addr->http--;
	s->nhttp--;
	c->addr->ws++;
	s->nws++;
	c->is_ws = true;
	c->st = HTTP_WS;
	timer_start(&c->tmr, s->web, HTTP_PING_MS, timeout, c);
	return 0;
}

static void uncount(struct http_conn *c)
{
	struct http_server *s = c->s;

	if (c->control) {
		s->ncontrol--;
		return;
	}
	if (c->is_ws) {
		s->nws--;
		c->addr->ws--;
	} else {
		s->nhttp--;
		c->addr->http--;
	}
	addr_check(s, c->addr);
	c->addr = NULL;
}

/* ------------------------------------------------------------------ life */

static void out_free(struct http_out *o)
{
	if (o->fd >= 0)
		close(o->fd);
	mem_deref(o->own);
	mem_deref(o->piece);
	*o = (struct http_out){.fd = -1};
}

/* The request is done, or the loop thread keeps it and will find nobody. */
static void req_drop(struct http_conn *c)
{
	struct http_req *rq = c->rq;

	c->rq = NULL;
	if (rq && c->st == HTTP_WAIT)
		rq->conn = NULL;
	else
		http_req_free(rq);
}

/* What is queued goes out, for 5 s at most. It counts until then: who is refused again and again has no more
 * connections than others. */
static void linger(struct http_conn *c)
{
	c->st = HTTP_LINGER;
	tcp_shutdown(c->t);
}

void http_conn_end(struct http_conn *c, bool polite)
{
	if (c->st == HTTP_DEAD || (polite && c->st == HTTP_LINGER))
		return;
	timer_stop(&c->tmr);
	req_drop(c);
	out_free(&c->out);
	buf_free(&c->in);
	list_unlink(&c->idle_le);
	if (c->ws)
		http_ws_lost(c);
	if (polite) {
		linger(c);
		return;
	}
	uncount(c);
	c->st = HTTP_DEAD;
	list_unlink(&c->le);
	c->t = mem_deref(c->t);
	mem_deref(c);
}

static void conn_destroy(void *obj)
{
	struct http_conn *c = obj;

	buf_free(&c->in);
}

static void timeout(void *arg)
{
	struct http_conn *c = arg;

	mem_ref(c);
	switch (c->st) {
	case HTTP_READ_HEAD:
		if (c->partial)
			http_refuse_status(c, 408);
		else
			http_conn_end(c, false);
		break;
	case HTTP_READ_BODY:
		http_refuse_status(c, 408);
		break;
	case HTTP_WAIT:
		req_drop(c);
		http_refuse_status(c, 504);
		break;
	case HTTP_WS:
		http_ws_timer(c);
		if (c->st == HTTP_WS)
			timer_start(&c->tmr, c->s->web, HTTP_PING_MS, timeout, c);
		break;
	default:
		http_conn_end(c, false);
	}
	mem_deref(c);
}

static void arm(struct http_conn *c, uint64_t ms)
{
	timer_start(&c->tmr, c->s->web, ms, timeout, c);
}

/* ------------------------------------------------------------------ reading */

/* Who is at the other end of the control socket. */
static void peer_user(const struct http_conn *c, char *dst, size_t size)
{
	uid_t uid;
	char tmp[1024];
	struct passwd pw, *found = NULL;

	if (tcp_peer_uid(c->t, &uid))
		return;
	if (getpwuid_r(uid, &pw, tmp, sizeof(tmp), &found) == 0 && found)
		(void)slice_copy(dst, size, slice_str(pw.pw_name));
	else
		snprintf(dst, size, "uid %u", (unsigned)uid);
}

static struct http_req *req_new(struct http_conn *c)
{
	struct http_req *rq = mem_zalloc(sizeof(*rq), NULL);

	if (!rq)
		return NULL;
	rq->core = http_core_ref(c->s->core);
	rq->conn = c;
	rq->peer = c->peer;
	rq->secure = c->tls || c->control;
	rq->control = c->control;
	rq->body.max = rq->core->max_body;
	return rq;
}

/* What was used is taken out of what was received. */
static void used(struct http_conn *c, size_t l)
{
	if (l < c->in.l)
		memmove(c->in.p, c->in.p + l, c->in.l - l);
	c->in.l -= l;
	if (!c->in.l)
		buf_free(&c->in);
}

static void submit(struct http_conn *c)
{
	c->st = HTTP_WAIT;
	arm(c, HTTP_ANSWER_MS);
	http_req_submit(c->rq);
}

/* The head is whole: who answers? */
static void route(struct http_conn *c)
{
	struct http_req *rq = c->rq;
	struct slice path = http_req_path(rq);
	bool body = rq->head.chunked || rq->head.length;

	c->head = slice_eqs(http_span_of(rq->text, rq->head.method), "HEAD");
	if (rq->head.length > rq->core->max_body) {
		http_refuse(c, 413, "too_large", "The request is larger than the server takes.", NULL, true);
		return;
	}
	if (!c->control && http_ws_upgrade(c))
		return;
	if (!c->control && !http_path_handled(path)) {
		/* nobody reads its body */
		c->out.close = body;
		http_asset_answer(c, rq);
		return;
	}
	if (c->control)
		peer_user(c, rq->user, sizeof(rq->user));
	if (!body) {
		submit(c);
		return;
	}
	c->st = HTTP_READ_BODY;
	c->body_left = rq->head.length;
	c->chunk = (struct http_chunk){0};
	uint64_t most = rq->head.chunked ? rq->core->max_body : rq->head.length;
	c->deadline = loop_now_ms(c->s->web) + HTTP_STALL_MS + most * 1000 / HTTP_BODY_RATE;
	arm(c, HTTP_STALL_MS);
	if (rq->head.expect && !c->in.l) {
		struct rbuf *b;

		if (rbuf_alloc(&b, "HTTP/1.1 100 Continue\r\n\r\n", 25) == 0) {
			(void)!tcp_send(c->t, b);
			mem_deref(b);
		}
	}
}

static bool read_head(struct http_conn *c)
{
	struct http_head h;

	unsigned rc = http_head_read(&h, buf_get(&c->in), &c->scanned);
	if (rc == EAGAIN) {
		if (c->in.l && !c->partial) {
			c->partial = true;
			list_unlink(&c->idle_le);
			arm(c, HTTP_HEAD_MS);
		}
		return false;
	}
	timer_stop(&c->tmr);
	list_unlink(&c->idle_le);
	c->partial = false;
	c->scanned = 0;
	if (rc) {
		http_refuse_status(c, rc);
		return false;
	}
	c->rq = req_new(c);
	if (c->rq)
		c->rq->text = mem_alloc(h.l, NULL);
	if (!c->rq || !c->rq->text) {
		http_conn_end(c, false);
		return false;
	}
	memcpy(c->rq->text, c->in.p, h.l);
	c->rq->head = h;
	used(c, h.l);
	route(c);
	return true;
}

static bool read_body(struct http_conn *c)
{
	struct http_req *rq = c->rq;
	struct slice in = buf_get(&c->in), data;
	int err = EAGAIN;

	if (!in.l)
		return false;
	if (!rq->head.chunked) {
		data = slice_first(in, c->body_left < in.l ? (size_t)c->body_left : in.l);
		buf_slice(&rq->body, data);
		in = slice_from(in, data.l);
		c->body_left -= data.l;
		err = c->body_left ? EAGAIN : 0;
	}
	while (rq->head.chunked && err == EAGAIN && in.l) {
		err = http_chunk_read(&c->chunk, &in, &data);
		buf_slice(&rq->body, data);
	}
	used(c, c->in.l - in.l);
	if (err && err != EAGAIN) {
		http_refuse_status(c, 400);
	} else if (buf_err(&rq->body) == ERR_LIMIT) {
		http_refuse(c, 413, "too_large", "The request is larger than the server takes.", NULL, true);
	} else if (buf_err(&rq->body)) {
		http_refuse(c, 503, "out_of_memory", "The server has not enough memory for this request.", NULL, true);
	} else if (!err) {
		submit(c);
	} else {
		uint64_t now = loop_now_ms(c->s->web), left = c->deadline > now ? c->deadline - now : 1;

		arm(c, left < HTTP_STALL_MS ? left : HTTP_STALL_MS);
		return false;
	}
	return true;
}

/* ------------------------------------------------------------------ sending */

/* The next bytes to send; 0, or why there are none. */
static int next_piece(struct http_out *o)
{
	size_t n = o->left < HTTP_CHUNK ? (size_t)o->left : HTTP_CHUNK;
	int err = rbuf_alloc(&o->piece, o->p ? o->p + o->off : NULL, n);

	for (size_t at = 0; !err && !o->p && at < n;) {
		ssize_t r = pread(o->fd, o->piece->data + at, n - at, (off_t)(o->off + at));

		if (r > 0)
			at += (size_t)r;
		else if (!r || errno != EINTR)
			err = r ? errno : EIO; /* it became shorter */
	}
	o->off += n;
	o->left -= n;
	return err;
}

/* Send what there is room for. True: all of it is on its way. */
static bool pump(struct http_conn *c)
{
	struct http_out *o = &c->out;

	for (;;) {
		int err = 0;

		if (!o->piece && !o->left)
			return true;
		if (!o->piece)
			err = next_piece(o);
		if (!err)
			err = tcp_send(c->t, o->piece);
		if (err == ENOBUFS) {
			arm(c, HTTP_STALL_MS);
			return false;
		}
		if (err) {
			/* the length is promised: all that can be said is that it ends here */
			http_conn_end(c, false);
			return false;
		}
		o->piece = mem_deref(o->piece);
	}
}

static void answer_done(struct http_conn *c)
{
	bool end = c->out.close;

	out_free(&c->out);
	req_drop(c);
	if (end) {
		http_conn_end(c, true);
		return;
	}
	c->st = HTTP_READ_HEAD;
	c->scanned = 0;
	arm(c, HTTP_IDLE_MS);
	if (!c->control)
		list_append(&c->s->idle, &c->idle_le);
	if (c->paused) {
		c->paused = false;
		tcp_read_pause(c->t, false);
	}
}

void http_conn_send(struct http_conn *c, struct buf *b, const struct http_out *out)
{
	struct http_out o = *out;

	o.close = o.close || c->out.close || (c->rq && c->rq->head.close);
	/* small answers leave in one piece */
	if (o.p && o.left <= HTTP_CHUNK && !c->head) {
		buf_mem(b, o.p + o.off, (size_t)o.left);
		o.left = 0;
	}
	if (c->head)
		o.left = 0;
	c->out = o;
	c->st = HTTP_SEND;
	int err = buf_rbuf(b, &c->out.piece);
	buf_free(b);
	if (err)
		http_conn_end(c, false);
	else if (pump(c))
		answer_done(c);
}

void http_conn_answered(struct http_conn *c)
{
	mem_ref(c);
	timer_stop(&c->tmr);
	c->st = HTTP_SEND;
	http_answer_send(c);
	work(c);
	mem_deref(c);
}

/* ------------------------------------------------------------------ what TCP tells */

/* As far as it goes. The caller holds the connection. */
static void work(struct http_conn *c)
{
	bool go = true;

	while (go) {
		switch (c->st) {
		case HTTP_READ_HEAD:
			go = read_head(c);
			break;
		case HTTP_READ_BODY:
			go = read_body(c);
			break;
		case HTTP_WS:
			if (c->in.l) {
				struct buf b = c->in;

				buf_init(&c->in);
				http_ws_input(c, buf_get(&b));
				buf_free(&b);
			}
			go = false;
			break;
		default:
			go = false;
		}
	}
	if (c->in.l >= HTTP_KEPT && (c->st == HTTP_WAIT || c->st == HTTP_SEND) && !c->paused) {
		c->paused = true;
		tcp_read_pause(c->t, true);
	}
}

static void on_recv(struct tcp *t, struct slice data, void *arg)
{
	struct http_conn *c = arg;

	(void)t;
	mem_ref(c);
	if (c->st == HTTP_WS) {
		http_ws_input(c, data);
	} else {
		buf_slice(&c->in, data);
		if (buf_err(&c->in))
			http_conn_end(c, false);
		else
			work(c);
	}
	mem_deref(c);
}

static void on_drained(struct tcp *t, void *arg)
{
	struct http_conn *c = arg;

	(void)t;
	if (c->st != HTTP_SEND)
		return;
	mem_ref(c);
	if (pump(c)) {
		answer_done(c);
		work(c);
	}
	mem_deref(c);
}

static void on_connected(struct tcp *t, void *arg)
{
	(void)t;
	(void)arg;
}

static void on_closed(struct tcp *t, int err, void *arg)
{
	(void)t;
	(void)err;
	http_conn_end(arg, false);
}

static const struct tcp_ops conn_ops = {on_connected, on_recv, on_drained, on_closed};

/* ------------------------------------------------------------------ new ones */

static struct http_conn *conn_new(struct http_server *s, struct tcp_listener *tl, const struct sa *peer)
{
	struct http_conn *c = mem_zalloc(sizeof(*c), conn_destroy);

	if (!c)
		return NULL;
	c->s = s;
	c->peer = *peer;
	c->out.fd = -1;
	if (tcp_accept(&c->t, tl, &conn_ops, c)) {
		mem_deref(c);
		return NULL;
	}
	tcp_set_limit(c->t, HTTP_OUT);
	list_append(&s->conns, &c->le);
	arm(c, HTTP_HEAD_MS);
	return c;
}

void http_conn_accept(struct tcp_listener *tl, const struct sa *peer, void *arg)
{
	struct http_listener *l = arg;
	struct sa a = counted(peer);

	/* those of TLS were counted before their handshake */
	if (!l->tls && !http_conn_admit(peer, l))
		return;
	struct http_conn *c = conn_new(l->s, tl, peer);
	if (!c) {
		http_conn_left(peer, l);
		return;
	}
	c->tls = l->tls;
	c->addr = addr_find(l->s, &a);
	list_append(&l->s->idle, &c->idle_le);
}

void http_conn_accept_control(struct tcp_listener *tl, const struct sa *peer, void *arg)
{
	struct http_server *s = arg;

	if (s->ncontrol >= HTTP_MAX_CONTROL)
		return;
	struct http_conn *c = conn_new(s, tl, peer);
	if (!c)
		return;
	c->control = true;
	s->ncontrol++;
}
