/*
 * ws_conn.c - the web thread's half of a WebSocket: the upgrade and who may have it (RFC 6455 4.2), life signs, the
 * end.
 */
/* OpenSSL has a type of the name of one of our error numbers */
#define ERR_STATE openssl_err_state
#include <openssl/evp.h>
#undef ERR_STATE
#include <string.h>
#include "http/http_priv.h"

/* ------------------------------------------------------------------ upgrade */

int http_ws_accept_key(char *dst, struct slice key)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455 1.3 */
	char text[64];
	uint8_t md[EVP_MAX_MD_SIZE];
	unsigned l = 0;

	/* 16 bytes in base64 */
	if (key.l != 24 || !slice_eqs(slice_from(key, 22), "=="))
		return ERR_SYNTAX;
	for (size_t i = 0; i < 22; i++) {
		char c = key.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
		      c == '/'))
			return ERR_SYNTAX;
	}
	memcpy(text, key.p, 24);
	memcpy(text + 24, guid, sizeof(guid) - 1);
	if (EVP_Digest(text, 24 + sizeof(guid) - 1, md, &l, EVP_sha1(), NULL) != 1 || l != 20)
		return ENOMEM;
	EVP_EncodeBlock((unsigned char *)dst, md, 20);
	return 0;
}

static bool path_known(struct http_core *core, struct slice path)
{
	unsigned n = atomic_load(&core->nkind);

	for (unsigned i = 0; i < n; i++)
		if (slice_eqs(path, core->kind[i]->path))
			return true;
	return false;
}

/* Names of protocols are told apart by case. */
static bool asks_for(struct slice list, const char *protocol)
{
	while (list.l)
		if (slice_eqs(slice_trim(slice_cut(&list, ',')), protocol))
			return true;
	return false;
}

/* All fields of this name as one list. */
static const struct http_ws_ops *find_kind(const struct http_req *rq)
{
	unsigned n = atomic_load(&rq->core->nkind);

	for (unsigned i = 0; i < n; i++) {
		const struct http_ws_ops *k = rq->core->kind[i];

		if (!slice_eqs(http_req_path(rq), k->path))
			continue;
		for (uint32_t f = 0; f < rq->head.nfield; f++)
			if (slice_ieqs(http_span_of(rq->text, rq->head.field[f].name), "sec-websocket-protocol") &&
			    asks_for(http_span_of(rq->text, rq->head.field[f].value), k->protocol))
				return k;
	}
	return NULL;
}

/* A page of somebody else's may open a WebSocket to us with the cookies of whoever looks at it: only ours may. */
static bool origin_ours(const struct http_conn *c, const struct http_req *rq)
{
	struct slice origin = http_req_header(rq, "origin"), host = http_req_header(rq, "host");
	struct slice scheme = c->tls ? SLICE("https://") : SLICE("http://");

	if (!slice_isset(origin))
		return true;
	return host.l && origin.l == scheme.l + host.l && slice_ieq(slice_first(origin, scheme.l), scheme) &&
	       slice_ieq(slice_from(origin, scheme.l), host);
}

static void make_ws(struct http_conn *c, const struct http_ws_ops *k, const char *key)
{
	struct http_req *rq = c->rq;
	struct http_ws *w = mem_zalloc(sizeof(*w), NULL);
	struct ws_conn *wc = mem_zalloc(sizeof(*wc), NULL);
	struct rbuf *head = NULL;
	struct buf b;

	buf_init(&b);
	buf_printf(&b,
		   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		   "Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: %s\r\n\r\n",
		   key, k->protocol);
	int err = w && wc ? buf_rbuf(&b, &head) : ENOMEM;
	buf_free(&b);
	if (!err)
		err = http_conn_upgrade(c);
	if (err) {
		mem_deref(head);
		mem_deref(w);
		mem_deref(wc);
		http_refuse(c, 503, "busy", "The server has too many connections. Try again later.", NULL, true);
		return;
	}
	atomic_init(&w->refs, 2);
	atomic_init(&w->queued, 0);
	atomic_init(&w->dead, false);
	w->core = http_core_ref(c->s->core);
	w->ops = k;
	w->peer = c->peer;
	w->conn = c;
	wc->ws = w;
	wc->msg.max = k->max_message;
	c->ws = wc;
	c->rq = NULL;
	rq->conn = NULL;
	rq->ws = w;
	rq->msg.fn = http_ws_opened;
	loop_post(w->core->loop, &rq->msg);
	tcp_set_limit(c->t, k->max_queue + HTTP_WS_ROOM);
	if (tcp_send(c->t, head))
		http_conn_end(c, false);
	mem_deref(head);
}

bool http_ws_upgrade(struct http_conn *c)
{
	struct http_req *rq = c->rq;
	const struct http_ws_ops *k;
	char key[32];

	if (!path_known(rq->core, http_req_path(rq)))
		return false;
	if (!http_list_has(http_req_header(rq, "upgrade"), "websocket") ||
	    !http_list_has(http_req_header(rq, "connection"), "upgrade")) {
		http_refuse(c, 426, "websocket_only", "This address speaks WebSocket alone.",
			    "Upgrade: websocket\r\nConnection: Upgrade", rq->head.chunked || rq->head.length);
	} else if (!slice_eqs(http_span_of(rq->text, rq->head.method), "GET") || !rq->head.minor || rq->head.chunked ||
		   rq->head.length || http_ws_accept_key(key, http_req_header(rq, "sec-websocket-key"))) {
		http_refuse_status(c, 400);
	} else if (!slice_eqs(http_req_header(rq, "sec-websocket-version"), "13")) {
		http_refuse(c, 426, "unknown_version", "The server speaks version 13 of WebSocket.",
			    "Sec-WebSocket-Version: 13", true);
	} else if (!origin_ours(c, rq)) {
		http_refuse(c, 403, "foreign_origin", "Only pages of this server may open this.", NULL, true);
	} else if (!(k = find_kind(rq))) {
		http_refuse(c, 400, "unknown_subprotocol", "The server does not speak that subprotocol here.", NULL,
			    true);
	} else {
		make_ws(c, k, key);
	}
	return true;
}

/* ------------------------------------------------------------------ life and end */

void http_ws_timer(struct http_conn *c)
{
	static const uint8_t ping[] = {0x89, 0};
	struct ws_conn *wc = c->ws;
	struct rbuf *b;

	if (wc->heard) {
		wc->heard = wc->asked = false;
		return;
	}
	if (wc->asked) {
		http_conn_end(c, false);
		return;
	}
	wc->asked = true;
	int err = rbuf_alloc(&b, ping, sizeof(ping));
	if (!err) {
		err = tcp_send(c->t, b);
		mem_deref(b);
	}
	if (err)
		http_conn_end(c, false);
}

void http_ws_lost(struct http_conn *c)
{
	struct ws_conn *wc = c->ws;
	struct http_ws *w = wc->ws;

	c->ws = NULL;
	buf_free(&wc->msg);
	mem_deref(wc);
	w->conn = NULL;
	atomic_store(&w->dead, true);
	w->end_msg.fn = http_ws_ended;
	loop_post(w->core->loop, &w->end_msg);
}

void http_ws_bye(struct http_conn *c, uint16_t code)
{
	uint8_t f[4] = {0x88, 2, (uint8_t)(code >> 8), (uint8_t)code};
	struct rbuf *b;

	if (rbuf_alloc(&b, f, sizeof(f)) == 0) {
		(void)!tcp_send(c->t, b); /* who takes nothing hears nothing */
		mem_deref(b);
	}
	http_conn_end(c, true);
}

/* ------------------------------------------------------------------ orders of the loop thread */

void http_ws_batch_arrived(struct loop_msg *m)
{
	struct ws_batch *b = CONTAINER_OF(m, struct ws_batch, msg);

	for (size_t i = 0; i < b->n; i++) {
		struct http_ws *w = b->to[i];

		atomic_fetch_sub(&w->queued, b->frame->l);
		if (w->conn) {
			int err = tcp_send(w->conn->t, b->frame);

			if (err == ENOBUFS)
				http_ws_bye(w->conn, 1013);
			else if (err)
				http_conn_end(w->conn, false);
		}
		http_ws_deref(w);
	}
	mem_deref(b->to);
	mem_deref(b->frame);
	mem_deref(b);
}

void http_ws_close_arrived(struct loop_msg *m)
{
	struct http_ws *w = CONTAINER_OF(m, struct http_ws, close_msg);

	if (w->conn)
		http_ws_bye(w->conn, w->code);
	http_ws_deref(w);
}

void http_ws_seen(struct loop_msg *m)
{
	struct ws_in *in = CONTAINER_OF(m, struct ws_in, msg);
	struct http_conn *c = in->ws->conn; /* NULL once the web thread has ended */

	if (c) {
		c->ws->ahead--;
		if (c->ws->resume && c->ws->ahead < HTTP_WS_AHEAD / 2) {
			c->ws->resume = false;
			tcp_read_pause(c->t, false);
		}
	}
	mem_deref(in->b);
	http_ws_deref(in->ws);
	mem_deref(in);
}
