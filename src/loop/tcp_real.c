/*
 * tcp_real.c - the system's TCP connections and listeners.
 *
 * One read of up to 64 kB for each readiness, into the area that the loop's
 * sockets share; output of a turn goes out in one sendmsg at its end.
 */
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/log.h"
#include "loop/tcp_priv.h"

enum {
	MAX_IOV = 64,
	MAX_ACCEPT = 64,     /**< new connections in a turn */
	ACCEPT_REST_MS = 100 /**< pause when descriptors run out, or readiness would spin */
};

struct tcp_real {
	struct tcp t;
	struct watch w;
	struct loop_tail tail;
	int fd;
	int err;  /**< found where no call-back is allowed; told at the tail */
	bool up;  /**< the system's connection is made (also while lingering) */
	bool fin; /**< our side is shut down */
	bool eof; /**< lingering: the peer's side is, and output is not done */
};

struct tcp_real_listener {
	struct tcp_listener l;
	struct watch w;
	struct timer rest;
	int fd;
	int pending; /**< descriptor that is announced, or -1 */
};

static struct tcp_real *real_of(struct tcp *t)
{
	return CONTAINER_OF(t, struct tcp_real, t);
}

static void set_flags(int fd)
{
	int on = 1;

	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
#ifdef SO_NOSIGPIPE
	(void)setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#endif
}

static void real_release(struct tcp *t)
{
	struct tcp_real *r = real_of(t);

	loop_tail_cancel(&r->tail);
	watch_stop(&r->w);
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

static void update_watch(struct tcp_real *r)
{
	unsigned ev = 0;

	if (!r->up)
		ev = WATCH_WRITE;
	else
		ev = (r->t.paused ? 0 : WATCH_READ) | (r->t.bytes ? WATCH_WRITE : 0);
	watch_change(&r->w, ev);
}

/* Write until the queue is empty or the system's buffer full; 0 or the error that ends the connection. */
static int out_write(struct tcp_real *r)
{
	struct iovec iov[MAX_IOV];

	while (r->t.bytes) {
		struct msghdr m = {.msg_iov = iov};
		m.msg_iovlen = tcp_out_iov(&r->t, iov, MAX_IOV);
		ssize_t n = sendmsg(r->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n >= 0)
			tcp_out_done(&r->t, (size_t)n);
		else if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
			break;
		else if (errno != EINTR)
			return errno;
	}
	if (!r->t.bytes && r->t.st == ST_LINGER && !r->fin) {
		/* the peer's end of stream is awaited: closing with unread input would reset what is on its way */
		r->fin = true;
		if (shutdown(r->fd, SHUT_WR))
			return errno;
	}
	return 0;
}

/* Output and what follows from it; false when the connection is gone or nobody holds it. */
static bool out_turn(struct tcp_real *r)
{
	int err = r->err ? r->err : out_write(r);

	if (err || (r->eof && r->fin)) {
		tcp_finish(&r->t, err);
		return false;
	}
	update_watch(r);
	return tcp_check_drained(&r->t);
}

static void tail_h(void *arg)
{
	struct tcp_real *r = arg;

	tcp_hold(&r->t);
	if (r->up || r->err)
		(void)out_turn(r);
	tcp_unhold(&r->t);
}

static void real_kick(struct tcp *t)
{
	loop_at_tail(t->loop, &real_of(t)->tail);
}

static void real_push(struct tcp *t)
{
	struct tcp_real *r = real_of(t);

	if (!r->up || r->err)
		return;
	r->err = out_write(r);
	if (r->err)
		real_kick(t);
	else
		update_watch(r);
}

static void real_pause(struct tcp *t)
{
	update_watch(real_of(t));
}

/* The peer sends no more. What is queued when we linger still goes to it: it may have closed only one half. */
static void in_end(struct tcp_real *r)
{
	if (r->t.st == ST_LINGER && r->t.bytes) {
		r->eof = true;
		r->t.paused = true;
		update_watch(r);
		return;
	}
	tcp_finish(&r->t, 0);
}

/* One read. */
static void in_turn(struct tcp_real *r)
{
	uint8_t *area = r->t.loop->rx;

	ssize_t n = recv(r->fd, area, RX_SIZE, MSG_DONTWAIT);
	if (n > 0)
		(void)tcp_deliver(&r->t, slice_mem(area, (size_t)n));
	else if (n == 0)
		in_end(r);
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		tcp_finish(&r->t, errno);
}

/* The attempt to connect has an outcome; false when the connection is gone. */
static bool connect_turn(struct tcp_real *r)
{
	int err = 0;
	socklen_t l = sizeof(err);

	if (getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &err, &l))
		err = errno;
	if (err) {
		tcp_finish(&r->t, err);
		return false;
	}
	r->up = true;
	l = sizeof(r->t.local.u);
	(void)getsockname(r->fd, &r->t.local.u.sa, &l);
	if (r->t.st == ST_LINGER)
		return true;
	return tcp_up(&r->t);
}

static void on_ready(void *arg, unsigned ev)
{
	struct tcp_real *r = arg;
	bool live = true;

	tcp_hold(&r->t);
	if (!r->up) {
		live = connect_turn(r);
		if (live)
			(void)out_turn(r);
	} else {
		if (ev & WATCH_WRITE)
			live = out_turn(r);
		/* a lingering connection has no owner but reads on */
		if (!live)
			live = r->t.st == ST_LINGER;
		if (live && (ev & WATCH_READ) && !r->t.paused)
			in_turn(r);
	}
	tcp_unhold(&r->t);
}

static int real_fd(const struct tcp *t)
{
	return CONTAINER_OF((struct tcp *)(uintptr_t)t, struct tcp_real, t)->fd;
}

static const struct tcp_impl real_impl = {
	.release = real_release,
	.kick = real_kick,
	.push = real_push,
	.pause = real_pause,
	.fd = real_fd,
};

static struct tcp_real *real_new(struct loop *l, int fd, enum tcp_st st)
{
	struct tcp_real *r = mem_zalloc(sizeof(*r), tcp_destroy);

	if (!r)
		return NULL;
	tcp_setup(&r->t, &real_impl, l, st);
	r->fd = fd;
	r->up = st == ST_UP;
	r->tail.fn = tail_h;
	r->tail.arg = r;
	r->w.fn = on_ready;
	r->w.arg = r;
	return r;
}

static int connect_start(struct tcp_real *r, const struct sa *local, const struct sa *dst)
{
	int on = 1;

	if (!loop_rx(r->t.loop))
		return ENOMEM;
	r->fd = socket(sa_af(dst), SOCK_STREAM, 0);
	if (r->fd < 0)
		return errno;
	set_flags(r->fd);
	if (local && sa_port(local))
		(void)setsockopt(r->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (local && bind(r->fd, &local->u.sa, sa_len(local)))
		return errno;
	if (connect(r->fd, &dst->u.sa, sa_len(dst)) && errno != EINPROGRESS) {
		if (errno != ECONNREFUSED)
			return errno;
		/* told by call-back, as when the answer takes a moment */
		r->err = errno;
		real_kick(&r->t);
	}
	socklen_t sl = sizeof(r->t.local.u);
	(void)getsockname(r->fd, &r->t.local.u.sa, &sl);
	return watch_start(&r->w, r->t.loop->poll, r->fd, r->err ? 0 : WATCH_WRITE);
}

int tcp_real_connect(struct tcp **tp, struct loop *l, const struct sa *local, const struct sa *dst)
{
	struct tcp_real *r = real_new(l, -1, ST_CONNECTING);

	if (!r)
		return ENOMEM;
	r->t.peer = *dst;
	int err = connect_start(r, local, dst);
	if (err) {
		mem_deref(r);
		return err;
	}
	*tp = &r->t;
	return 0;
}

/* ------------------------------------------------------------------ listeners */

static void rest_over(void *arg)
{
	struct tcp_real_listener *r = arg;

	watch_change(&r->w, WATCH_READ);
}

static void on_incoming(void *arg, unsigned ev)
{
	struct tcp_real_listener *r = arg;

	(void)ev;
	mem_ref(r);
	for (int i = 0; i < MAX_ACCEPT && r->fd >= 0; i++) {
		socklen_t sl = sizeof(r->l.peer.u);
		sa_init(&r->l.peer);
		r->pending = accept(r->fd, &r->l.peer.u.sa, &sl);
		if (r->pending < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
				log_warn("loop", "cannot take a connection: %s", err_str(errno));
				watch_change(&r->w, 0);
				timer_start(&r->rest, r->l.loop, ACCEPT_REST_MS, rest_over, r);
			}
			break;
		}
		set_flags(r->pending);
		if (sa_af(&r->l.peer) == AF_UNIX)
			sa_init(&r->l.peer);
		struct sa peer = r->l.peer;
		r->l.ah(&r->l, &peer, r->l.arg);
		if (r->pending >= 0)
			close(r->pending);
		r->pending = -1;
		if (mem_nrefs(r) == 1)
			break;
	}
	mem_deref(r);
}

static void listener_release(struct tcp_listener *tl)
{
	struct tcp_real_listener *r = CONTAINER_OF(tl, struct tcp_real_listener, l);

	timer_stop(&r->rest);
	watch_stop(&r->w);
	if (r->fd >= 0)
		close(r->fd);
	if (r->pending >= 0)
		close(r->pending);
}

static int listener_accept(struct tcp **tp, struct tcp_listener *tl)
{
	struct tcp_real_listener *r = CONTAINER_OF(tl, struct tcp_real_listener, l);

	if (r->pending < 0)
		return ERR_STATE;
	struct tcp_real *c = real_new(tl->loop, r->pending, ST_UP);
	if (!c)
		return ENOMEM;
	/* from here on the descriptor is the connection's, also when it fails */
	r->pending = -1;
	int err = watch_start(&c->w, tl->loop->poll, c->fd, WATCH_READ);
	if (err) {
		mem_deref(c);
		return err;
	}
	socklen_t sl = sizeof(c->t.local.u);
	if (sa_isset(&tl->local))
		(void)getsockname(c->fd, &c->t.local.u.sa, &sl);
	c->t.peer = tl->peer;
	*tp = &c->t;
	return 0;
}

static const struct tcp_listener_impl listener_impl = {
	.release = listener_release,
	.accept = listener_accept,
};

static int listener_open(struct tcp_real_listener *r, const struct sa *local)
{
	int on = 1;

	if (!loop_rx(r->l.loop))
		return ENOMEM;
	r->fd = socket(sa_af(local), SOCK_STREAM, 0);
	if (r->fd < 0)
		return errno;
	set_flags(r->fd);
	(void)setsockopt(r->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (sa_af(local) == AF_INET6 && setsockopt(r->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)))
		return errno;
	if (bind(r->fd, &local->u.sa, sa_len(local)) || listen(r->fd, 512))
		return errno;
	socklen_t sl = sizeof(r->l.local.u);
	if (getsockname(r->fd, &r->l.local.u.sa, &sl))
		return errno;
	r->w.fn = on_incoming;
	r->w.arg = r;
	return watch_start(&r->w, r->l.loop->poll, r->fd, WATCH_READ);
}

/* Bound under another name and renamed when its mode is right: at no moment could somebody else open it. */
static int listener_open_unix(struct tcp_real_listener *r, const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	if (!loop_rx(r->l.loop))
		return ENOMEM;
	int n = snprintf(un.sun_path, sizeof(un.sun_path), "%s.new", path);
	if (n < 0 || (size_t)n >= sizeof(un.sun_path))
		return ENAMETOOLONG;
	r->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (r->fd < 0)
		return errno;
	set_flags(r->fd);
	(void)unlink(un.sun_path);
	if (bind(r->fd, (struct sockaddr *)&un, sizeof(un)))
		return errno;
	if (chmod(un.sun_path, 0600) || listen(r->fd, 512) || rename(un.sun_path, path)) {
		int err = errno;

		(void)unlink(un.sun_path);
		return err;
	}
	r->w.fn = on_incoming;
	r->w.arg = r;
	int err = watch_start(&r->w, r->l.loop->poll, r->fd, WATCH_READ);
	if (err)
		(void)unlink(path);
	return err;
}

static int real_listen(struct tcp_listener **lp, struct loop *l, const struct sa *local, const char *path)
{
	struct tcp_real_listener *r = mem_zalloc(sizeof(*r), tcp_listener_destroy);

	if (!r)
		return ENOMEM;
	r->l.impl = &listener_impl;
	r->l.loop = l;
	r->fd = r->pending = -1;
	int err = path ? listener_open_unix(r, path) : listener_open(r, local);
	if (err) {
		mem_deref(r);
		return err;
	}
	*lp = &r->l;
	return 0;
}

int tcp_real_listen(struct tcp_listener **lp, struct loop *l, const struct sa *local)
{
	return real_listen(lp, l, local, NULL);
}

int tcp_real_listen_unix(struct tcp_listener **lp, struct loop *l, const char *path)
{
	return real_listen(lp, l, NULL, path);
}
