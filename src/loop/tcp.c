/*
 * tcp.c - TCP: what is the same for the system's connections and the vnet's.
 *
 * Rule of call-backs: whoever calls one holds the object (tcp_hold). When only
 * such references are left afterwards, the owner has let go and hears nothing more.
 */
#include <unistd.h>
#include "loop/tcp_priv.h"

void tcp_setup(struct tcp *t, const struct tcp_impl *impl, struct loop *l, enum tcp_st st)
{
	t->impl = impl;
	t->loop = l;
	t->st = st;
	t->limit = TCP_LIMIT;
}

/* ------------------------------------------------------------------ output queue */

static int out_add(struct tcp *t, struct rbuf *b)
{
	if (t->n == t->cap) {
		uint32_t cap = t->cap ? t->cap * 2 : 8;
		struct rbuf **q = mem_alloc(cap * sizeof(struct rbuf *), NULL);
		if (!q)
			return ENOMEM;
		for (uint32_t i = 0; i < t->n; i++)
			q[i] = t->q[(t->head + i) & (t->cap - 1)];
		mem_deref(t->q);
		t->q = q;
		t->cap = cap;
		t->head = 0;
	}
	t->q[(t->head + t->n) & (t->cap - 1)] = mem_ref(b);
	t->n++;
	t->bytes += b->l;
	return 0;
}

int tcp_out_iov(const struct tcp *t, struct iovec *iov, int max)
{
	int k = 0;

	for (uint32_t i = 0; i < t->n && k < max; i++, k++) {
		struct rbuf *b = t->q[(t->head + i) & (t->cap - 1)];
		size_t off = i ? 0 : t->off;
		iov[k] = (struct iovec){b->data + off, b->l - off};
	}
	return k;
}

void tcp_out_done(struct tcp *t, size_t l)
{
	t->bytes -= l;
	t->off += l;
	while (t->n) {
		struct rbuf *b = t->q[t->head];
		if (t->off < b->l)
			break;
		t->off -= b->l;
		t->head = (t->head + 1) & (t->cap - 1);
		t->n--;
		mem_deref(b);
	}
}

static void out_clear(struct tcp *t)
{
	while (t->n)
		mem_deref(t->q[(t->head + --t->n) & (t->cap - 1)]);
	t->q = mem_deref(t->q);
	t->head = t->cap = 0;
	t->off = t->bytes = 0;
}

/* ------------------------------------------------------------------ life */

void tcp_destroy(void *obj)
{
	struct tcp *t = obj;

	t->st = ST_CLOSED;
	timer_stop(&t->tmr);
	t->impl->release(t);
	out_clear(t);
}

void tcp_hold(struct tcp *t)
{
	mem_ref(t);
	t->guards++;
}

void tcp_unhold(struct tcp *t)
{
	t->guards--;
	mem_deref(t);
}

/* Does anybody but ourselves hold it? */
static bool has_owner(const struct tcp *t)
{
	return mem_nrefs(t) > t->guards + (t->self ? 1 : 0);
}

/* A lingering connection's own reference; it may be the last. */
static void drop_self(struct tcp *t)
{
	if (!t->self)
		return;
	t->self = false;
	list_unlink(&t->le);
	mem_deref(t);
}

void tcp_finish(struct tcp *t, int err)
{
	if (t->st == ST_CLOSED)
		return;
	tcp_hold(t);
	t->st = ST_CLOSED;
	timer_stop(&t->tmr);
	t->impl->release(t);
	out_clear(t);
	drop_self(t);
	if (t->ops && has_owner(t))
		t->ops->closed(t, err, t->arg);
	tcp_unhold(t);
}

void loop_lingering_drop(struct loop *l)
{
	while (l->lingering.head)
		drop_self(LINK_OBJ(l->lingering.head, struct tcp, le));
}

/* ------------------------------------------------------------------ call-backs */

static bool owned(const struct tcp *t)
{
	return t->st != ST_CLOSED && has_owner(t);
}

bool tcp_up(struct tcp *t)
{
	timer_stop(&t->tmr);
	if (t->st == ST_CONNECTING) {
		t->st = ST_UP;
		t->ops->connected(t, t->arg);
	}
	return owned(t);
}

bool tcp_deliver(struct tcp *t, struct slice data)
{
	if (t->st == ST_UP)
		t->ops->recv(t, data, t->arg);
	return owned(t);
}

bool tcp_check_drained(struct tcp *t)
{
	if (t->st == ST_UP && t->starved && t->bytes < t->limit / 2) {
		t->starved = false;
		t->ops->drained(t, t->arg);
	}
	return owned(t);
}

/* ------------------------------------------------------------------ interface */

static void connect_timeout(void *arg)
{
	tcp_finish(arg, ETIMEDOUT);
}

void tcp_connect_timer(struct tcp *t, uint32_t timeout_ms)
{
	timer_start(&t->tmr, t->loop, timeout_ms ? timeout_ms : TCP_CONNECT_MS, connect_timeout, t);
}

int tcp_connect(struct tcp **tp, struct loop *l, const struct sa *local, const struct sa *dst, uint32_t timeout_ms,
		const struct tcp_ops *ops, void *arg)
{
	struct tcp *t;

	if (!sa_isset(dst) || !sa_port(dst) || (local && sa_isset(local) && sa_af(local) != sa_af(dst)))
		return EINVAL;
	if (local && !sa_isset(local))
		local = NULL;
	int err = l->net ? tcp_virtual_connect(&t, l, local, dst) : tcp_real_connect(&t, l, local, dst);
	if (err)
		return err;
	t->ops = ops;
	t->arg = arg;
	tcp_connect_timer(t, timeout_ms);
	*tp = t;
	return 0;
}

int tcp_send(struct tcp *t, struct rbuf *b)
{
	if (t->st == ST_LINGER || t->st == ST_CLOSED)
		return ENOTCONN;
	if (!b->l)
		return 0;
	if (t->bytes + b->l > t->limit && t->st == ST_UP)
		t->impl->push(t);
	if (t->bytes + b->l > t->limit) {
		t->starved = true;
		return ENOBUFS;
	}
	int err = out_add(t, b);
	if (!err)
		t->impl->kick(t);
	return err;
}

void tcp_set_limit(struct tcp *t, size_t bytes)
{
	t->limit = bytes;
}

void tcp_read_pause(struct tcp *t, bool pause)
{
	if (t->paused == pause)
		return;
	t->paused = pause;
	if (t->st == ST_UP)
		t->impl->pause(t);
}

static void linger_timeout(void *arg)
{
	tcp_finish(arg, 0);
}

void tcp_shutdown(struct tcp *t)
{
	if (t->st == ST_LINGER || t->st == ST_CLOSED)
		return;
	t->self = true;
	mem_ref(t);
	list_append(&t->loop->lingering, &t->le);
	timer_start(&t->tmr, t->loop, TCP_LINGER_MS, linger_timeout, t);
	/* while it is being connected, output waits; the 5 s bound that too */
	if (t->st == ST_UP) {
		t->st = ST_LINGER;
		t->paused = false;
		t->impl->pause(t);
	} else {
		t->st = ST_LINGER;
		t->paused = false;
	}
	t->impl->kick(t);
}

void tcp_local(const struct tcp *t, struct sa *a)
{
	*a = t->local;
}

void tcp_peer(const struct tcp *t, struct sa *a)
{
	*a = t->peer;
}

void tcp_set_ops(struct tcp *t, const struct tcp_ops *ops, void *arg)
{
	t->ops = ops;
	t->arg = arg;
}

/* ------------------------------------------------------------------ listeners */

void tcp_listener_destroy(void *obj)
{
	struct tcp_listener *tl = obj;

	tl->impl->release(tl);
}

int tcp_listen(struct tcp_listener **lp, struct loop *l, const struct sa *local, tcp_accept_h *ah, void *arg)
{
	struct tcp_listener *tl;

	if (!sa_isset(local))
		return EINVAL;
	int err = l->net ? tcp_virtual_listen(&tl, l, local) : tcp_real_listen(&tl, l, local);
	if (err)
		return err;
	tl->ah = ah;
	tl->arg = arg;
	*lp = tl;
	return 0;
}

int tcp_listen_unix(struct tcp_listener **lp, struct loop *l, const char *path, tcp_accept_h *ah, void *arg)
{
	struct tcp_listener *tl;

	if (l->net)
		return ENOTSUP;
	int err = tcp_real_listen_unix(&tl, l, path);
	if (err)
		return err;
	tl->ah = ah;
	tl->arg = arg;
	*lp = tl;
	return 0;
}

int tcp_peer_uid(const struct tcp *t, uid_t *uid)
{
	int fd = t->impl->fd ? t->impl->fd(t) : -1;

	if (fd < 0)
		return ENOTSUP;
#ifdef SO_PEERCRED
	struct ucred cr;
	socklen_t l = sizeof(cr);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cr, &l))
		return errno;
	*uid = cr.uid;
	return 0;
#else
	gid_t gid;

	return getpeereid(fd, uid, &gid) ? errno : 0;
#endif
}

void tcp_listener_local(const struct tcp_listener *tl, struct sa *a)
{
	*a = tl->local;
}

int tcp_accept(struct tcp **tp, struct tcp_listener *tl, const struct tcp_ops *ops, void *arg)
{
	struct tcp *t;

	int err = tl->impl->accept(&t, tl);
	if (err)
		return err;
	t->ops = ops;
	t->arg = arg;
	*tp = t;
	return 0;
}
