/*
 * ws_frame.c - frames of a WebSocket (RFC 6455 5): read, unmasked, put together, answered. Web thread.
 */
#include <string.h>
#include "base/utf8.h"
#include "http/http_priv.h"

enum { OP_CONT = 0, OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

size_t http_ws_frame_head(uint8_t *dst, uint8_t op, uint64_t l)
{
	dst[0] = 0x80 | op;
	if (l < 126) {
		dst[1] = (uint8_t)l;
		return 2;
	}
	size_t n = l < 65536 ? 2 : 8;
	dst[1] = n == 2 ? 126 : 127;
	for (size_t i = 0; i < n; i++)
		dst[2 + i] = (uint8_t)(l >> 8 * (n - 1 - i));
	return 2 + n;
}

/* Bytes of the head as far as it is known. */
static size_t head_size(const struct ws_conn *w)
{
	if (w->nhdr < 2)
		return 2;
	unsigned l = w->hdr[1] & 0x7f;
	return 2 + (l == 126 ? 2 : l == 127 ? 8 : 0) + (w->hdr[1] & 0x80 ? 4 : 0);
}

/* The head is whole: may it be so? 0, or the code that ends the connection. */
static uint16_t check_head(struct http_conn *c)
{
	struct ws_conn *w = c->ws;
	uint8_t op = w->hdr[0] & 15, fin = w->hdr[0] & 0x80;
	unsigned l7 = w->hdr[1] & 0x7f;

	w->left = l7;
	if (l7 >= 126) {
		w->left = 0;
		for (size_t i = 0; i < (l7 == 126 ? 2U : 8U); i++)
			w->left = w->left << 8 | w->hdr[2 + i];
		if (w->left < (l7 == 126 ? 126U : 65536U) || w->left >> 63)
			return 1002;
	}
	/* clients mask what they send, and nobody asked for extensions */
	if (!(w->hdr[1] & 0x80) || (w->hdr[0] & 0x70))
		return 1002;
	if (op >= OP_CLOSE) {
		w->ncontrol = 0;
		return op > OP_PONG || !fin || w->left > 125 ? 1002 : 0;
	}
	if (op > OP_BINARY || (op == OP_CONT) != (w->op != 0))
		return 1002;
	if (op && (op == OP_BINARY) != w->ws->ops->binary)
		return 1003;
	if (op)
		w->op = op;
	return w->left + w->msg.l > w->ws->ops->max_message ? 1009 : 0;
}

static void take_payload(struct ws_conn *w, struct slice data)
{
	const uint8_t *mask = w->hdr + head_size(w) - 4;
	bool control = w->hdr[0] & 8;
	uint8_t *p;

	if (control) {
		p = w->control + w->ncontrol;
		memcpy(p, data.p, data.l);
		w->ncontrol = (uint8_t)(w->ncontrol + data.l);
	} else {
		buf_slice(&w->msg, data);
		if (buf_err(&w->msg))
			return;
		p = (uint8_t *)w->msg.p + w->msg.l - data.l;
	}
	for (size_t i = 0; i < data.l; i++)
		p[i] ^= mask[(w->mask_at + i) & 3];
	w->mask_at = (w->mask_at + data.l) & 3;
}

/* A message is whole: it goes to the loop thread. */
static uint16_t deliver(struct http_conn *c)
{
	struct ws_conn *w = c->ws;
	struct ws_in *in;

	if (w->op == OP_TEXT && !utf8_ok(buf_get(&w->msg)))
		return 1007;
	in = mem_zalloc(sizeof(*in), NULL);
	if (!in || buf_rbuf(&w->msg, &in->b)) {
		mem_deref(in);
		return 1011;
	}
	w->op = 0;
	buf_free(&w->msg);
	w->msg.max = w->ws->ops->max_message;
	in->ws = http_ws_ref(w->ws);
	in->msg.fn = http_ws_arrived;
	if (++w->ahead >= HTTP_WS_AHEAD && !w->resume) {
		w->resume = true;
		tcp_read_pause(c->t, true);
	}
	loop_post(w->ws->core->loop, &in->msg);
	return 0;
}

static uint16_t pong(struct http_conn *c)
{
	struct ws_conn *w = c->ws;
	struct rbuf *b;
	uint8_t f[2 + 125];
	size_t n = http_ws_frame_head(f, OP_PONG, w->ncontrol);

	memcpy(f + n, w->control, w->ncontrol);
	if (rbuf_alloc(&b, f, n + w->ncontrol))
		return 1011;
	int err = tcp_send(c->t, b);
	mem_deref(b);
	return err ? 1013 : 0;
}

/* What the other side closes with is said back (RFC 6455 5.5.1, 7.4). */
static uint16_t close_code(const struct ws_conn *w)
{
	if (!w->ncontrol)
		return 1000;
	unsigned code = w->ncontrol < 2 ? 0 : (unsigned)w->control[0] << 8 | w->control[1];
	bool known = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code < 5000);

	if (!known)
		return 1002;
	return utf8_ok(slice_mem(w->control + 2, w->ncontrol - 2U)) ? (uint16_t)code : 1007;
}

static uint16_t frame_done(struct http_conn *c)
{
	struct ws_conn *w = c->ws;

	w->in_payload = false;
	w->nhdr = 0;
	switch (w->hdr[0] & 15) {
	case OP_CLOSE:
		return close_code(w);
	case OP_PING:
		return pong(c);
	case OP_PONG:
		return 0;
	default:
		return w->hdr[0] & 0x80 ? deliver(c) : 0;
	}
}

void http_ws_input(struct http_conn *c, struct slice data)
{
	struct ws_conn *w = c->ws;
	uint16_t end = 0;

	w->heard = true;
	while (!end && data.l) {
		if (!w->in_payload) {
			w->hdr[w->nhdr++] = (uint8_t)data.p[0];
			data = slice_from(data, 1);
			if (w->nhdr < head_size(w))
				continue;
			end = check_head(c);
			w->in_payload = true;
			w->mask_at = 0;
		} else {
			struct slice s = slice_first(data, w->left < data.l ? (size_t)w->left : data.l);

			take_payload(w, s);
			data = slice_from(data, s.l);
			w->left -= s.l;
			if (buf_err(&w->msg))
				end = 1011;
		}
		if (!end && !w->left)
			end = frame_done(c);
	}
	if (end)
		http_ws_bye(c, end);
}
