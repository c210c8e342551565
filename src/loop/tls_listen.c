/*
 * tls_listen.c - TLS listeners and outgoing connections: where connections begin.
 */
#include "base/log.h"
#include "loop/tls_priv.h"

static void half_timeout(void *arg)
{
	struct tls_conn *c = arg;
	bool up = c->low && c->low->st == ST_UP;

	tcp_hold(&c->t);
	tls_conn_fail(c, ETIMEDOUT, up ? "The other side did not finish the TLS handshake in time." : NULL);
	tcp_unhold(&c->t);
}

/* ------------------------------------------------------------------ incoming */

void tls_left(const struct tls_listener *tl, const struct sa *peer)
{
	if (tl && tl->left)
		tl->left(peer, tl->admit_arg);
}

static void on_accept(struct tcp_listener *low, const struct sa *peer, void *arg)
{
	struct tls_listener *tl = arg;
	struct tls *t = tl->tls;
	struct tls_conn *c;

	if (!t->server || (tl->admit && !tl->admit(peer, tl->admit_arg)))
		return;
	int err = tls_conn_new(&c, t, false);
	if (err) {
		tls_left(tl, peer);
		return;
	}
	err = tcp_accept(&c->low, low, &tls_low_ops, c);
	if (!err) {
		tcp_local(c->low, &c->t.local);
		c->t.peer = *peer;
		c->tl = tl;
		tcp_set_limit(c->low, TLS_LOW_LIMIT);
		/* its source holds it from here on */
		err = tls_half_add(c);
	}
	if (err) {
		tls_left(tl, peer);
		mem_deref(c);
		return;
	}
	timer_start(&c->t.tmr, t->loop, t->handshake_ms, half_timeout, c);
}

void tls_announce(struct tls_conn *c)
{
	struct tls_listener *tl = c->tl;

	timer_stop(&c->t.tmr);
	c->t.st = ST_UP;
	/* the reference of the source is the announced one */
	tls_half_del(c);
	c->tl = NULL;
	if (!tl) {
		mem_deref(c);
		return;
	}
	mem_ref(tl);
	tl->pending = c;
	tl->l.peer = c->t.peer;
	struct sa peer = c->t.peer;
	tl->l.ah(&tl->l, &peer, tl->l.arg);
	if (tl->pending) {
		tl->pending = NULL;
		tcp_finish(&c->t, 0);
		mem_deref(c);
	}
	mem_deref(tl);
}

static int listener_accept(struct tcp **tp, struct tcp_listener *l)
{
	struct tls_listener *tl = CONTAINER_OF(l, struct tls_listener, l);

	if (!tl->pending)
		return ERR_STATE;
	*tp = &tl->pending->t;
	tl->pending = NULL;
	return 0;
}

/* Handshakes that began here have nobody to be announced to. */
static void drop_half(struct tls_listener *tl)
{
	LIST_EACH (&tl->tls->conns, k) {
		struct tls_conn *c = LINK_OBJ(k, struct tls_conn, le);
		if (c->tl != tl)
			continue;
		tcp_hold(&c->t);
		tls_conn_fail(c, ECANCELED, NULL);
		tcp_unhold(&c->t);
	}
}

void tls_listener_orphan(struct tls_listener *tl)
{
	list_unlink(&tl->le);
	tl->low = mem_deref(tl->low);
	tl->tls = NULL;
}

static void listener_release(struct tcp_listener *l)
{
	struct tls_listener *tl = CONTAINER_OF(l, struct tls_listener, l);

	if (!tl->tls)
		return;
	drop_half(tl);
	tls_listener_orphan(tl);
}

static const struct tcp_listener_impl listener_impl = {
	.release = listener_release,
	.accept = listener_accept,
};

int tls_listen(struct tcp_listener **lp, struct tls *t, const struct sa *local, tcp_accept_h *ah, void *arg)
{
	struct tls_listener *tl = mem_zalloc(sizeof(*tl), tcp_listener_destroy);

	if (!tl)
		return ENOMEM;
	tl->l.impl = &listener_impl;
	tl->l.loop = t->loop;
	tl->l.ah = ah;
	tl->l.arg = arg;
	tl->tls = t;
	list_append(&t->listeners, &tl->le);
	int err = tcp_listen(&tl->low, t->loop, local, on_accept, tl);
	if (err) {
		mem_deref(tl);
		return err;
	}
	tcp_listener_local(tl->low, &tl->l.local);
	*lp = &tl->l;
	return 0;
}

void tls_listener_admit(struct tcp_listener *l, bool (*fn)(const struct sa *peer, void *arg),
			void (*left)(const struct sa *peer, void *arg), void *arg)
{
	struct tls_listener *tl = CONTAINER_OF(l, struct tls_listener, l);

	tl->admit = fn;
	tl->left = left;
	tl->admit_arg = arg;
}

/* ------------------------------------------------------------------ outgoing */

static int set_host(struct tls_hand *h, const struct tls_to *to, const struct sa *dst)
{
	char ip[SA_STRLEN];
	struct sa a;

	h->any = to->any;
	h->literal = !to->host.l || !sa_set(&a, to->host, 0);
	if (!to->host.l)
		return mem_strdup(&h->host, sa_ntop(dst, ip));
	return h->literal ? mem_strdup(&h->host, sa_ntop(&a, ip)) : slice_dup(&h->host, to->host);
}

int tls_connect(struct tcp **tp, struct tls *t, const struct sa *local, const struct sa *dst, const struct tls_to *to,
		const struct tcp_ops *ops, void *arg)
{
	uint32_t ms = to->timeout_ms ? to->timeout_ms : TCP_CONNECT_MS;
	struct tls_conn *c = NULL;

	int err = tls_conn_new(&c, t, true);
	if (!err)
		err = set_host(c->hand, to, dst);
	if (!err)
		err = tcp_connect(&c->low, t->loop, local, dst, ms, &tls_low_ops, c);
	if (err) {
		mem_deref(c);
		return err;
	}
	tcp_local(c->low, &c->t.local);
	tcp_set_limit(c->low, TLS_LOW_LIMIT);
	c->t.peer = *dst;
	c->t.ops = ops;
	c->t.arg = arg;
	timer_start(&c->t.tmr, t->loop, ms, half_timeout, c);
	*tp = &c->t;
	return 0;
}
