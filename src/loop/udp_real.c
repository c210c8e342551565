/*
 * udp_real.c - the system's UDP sockets.
 *
 * Immediate sockets (sound) cost two system calls for a relayed packet: one
 * receive for each readiness, one send; the poller is level-triggered, so there
 * is no second receive that only learns that nothing is left. Batched sockets
 * (signalling) take up to 32 datagrams in a call and send what a turn produced
 * in one. Both read into an area that all sockets of the loop share.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "loop/udp_priv.h"

enum {
	TX_MSGS = 64,        /**< datagrams of one sendmmsg */
	TX_QUEUE_MAX = 2048, /**< datagrams that may wait while the system's buffer is full */
};

#ifndef __linux__
/* The same shape elsewhere, filled and sent one by one; some systems have a struct of that name, with other calls. */
#define mmsghdr udp_mmsghdr
struct mmsghdr {
	struct msghdr msg_hdr;
	unsigned msg_len;
};
#endif

/* Arrays for system calls, one set for all batched sockets of a loop. */
struct udp_scratch {
	struct mmsghdr rm[RX_SLOTS], tm[TX_MSGS];
	struct iovec ri[RX_SLOTS], ti[TX_MSGS];
	union udp_ctl rc[RX_SLOTS], tc[TX_MSGS];
	struct sa src[RX_SLOTS];
};

struct udp_out {
	struct rbuf *b;
	struct sa dst, src;
};

/* What a datagram of an immediate socket touches lies close together: there are thousands of them. */
struct udp_real {
	struct udp u;
	struct watch w;
	int fd;
	bool any : 1;    /**< bound to the unspecified address: local addresses come with each datagram */
	bool stamps : 1; /**< the system tells when datagrams came */
	bool batch;
	bool blocked; /**< waiting for the system's buffer */
	uint8_t dscp;
	uint64_t logged_us; /**< of the last line about a failed send */
	/* batched only; the memory of an immediate socket ends here */
	struct loop_tail tail;
	struct udp_out *out;
	uint32_t n, cap;
	uint32_t expect;    /**< datagrams that the next receive makes room for */
	uint64_t behind_us; /**< since when no receive has found the system's queue empty; 0 = it was */
	uint64_t seen_us;   /**< the last receive */
};

static struct udp_real *real_of(struct udp *u)
{
	return CONTAINER_OF(u, struct udp_real, u);
}

/* Errors of earlier datagrams (ICMP) that some systems report on the next call: no fault of this one. */
static bool is_echo(int err)
{
	return err == ECONNREFUSED || err == ECONNRESET || err == EHOSTUNREACH || err == ENETUNREACH ||
	       err == EHOSTDOWN;
}

/* ------------------------------------------------------------------ receiving */

/*
 * Thousands of streams do not fit into the processor's caches: fetch while the system call runs. Macros, because the
 * compiler drops calls of a function that only does this.
 */
#define FETCH(p) __builtin_prefetch((p), 1)
#define FETCH_NEAR(p)                                                                                                  \
	do {                                                                                                           \
		const char *at_ = (p);                                                                                 \
		if (at_) {                                                                                             \
			FETCH(at_);                                                                                    \
			FETCH(at_ + 64);                                                                               \
			FETCH(at_ + 128);                                                                              \
			FETCH(at_ + 192);                                                                              \
		}                                                                                                      \
	} while (0)

static void recv_one(struct udp_real *r)
{
	struct udp_rx rx = {.dst = r->u.local};
	struct iovec iov = {.iov_len = RX_SIZE};
	union udp_ctl ctl;
	uint64_t came_us = UINT64_MAX;
	ssize_t n;

	iov.iov_base = r->u.loop->rx;
	sa_init(&rx.src);
	FETCH(r->u.arg);
	FETCH_NEAR(r->u.near[0]);
	FETCH_NEAR(r->u.near[1]);
	if (r->any || r->stamps) {
		struct msghdr m = {&rx.src.u, sizeof(rx.src.u), &iov, 1, ctl.b, sizeof(ctl.b), 0};
		n = recvmsg(r->fd, &m, MSG_DONTWAIT);
		if (n >= 0 && r->any)
			udp_ctl_read(&m, &rx.dst);
		if (n >= 0 && r->stamps)
			came_us = clock_mono_us() - udp_ctl_age_us(&m);
	} else {
		socklen_t sl = sizeof(rx.src.u);
		n = recvfrom(r->fd, iov.iov_base, iov.iov_len, MSG_DONTWAIT, &rx.src.u.sa, &sl);
	}
	if (n < 0 || !r->u.rh)
		return;
	rx.data = slice_mem(iov.iov_base, (size_t)n);
	rx.us = loop_now_us(r->u.loop);
	/* what came since then came now: no receiver meets a time to come */
	if (came_us < rx.us)
		rx.us = came_us;
	mem_ref(r);
	(void)udp_deliver(&r->u, &rx);
	mem_deref(r);
}

static int recv_many(int fd, struct mmsghdr *m, unsigned max)
{
#ifdef __linux__
	return recvmmsg(fd, m, max, MSG_DONTWAIT, NULL);
#else
	unsigned n = 0;
	for (; n < max; n++) {
		ssize_t l = recvmsg(fd, &m[n].msg_hdr, MSG_DONTWAIT);
		if (l < 0)
			break;
		m[n].msg_len = (unsigned)l;
	}
	return n ? (int)n : -1;
#endif
}

/* To ask for many when there is one costs a look at an empty queue and the preparation: so follow what comes. */
static uint32_t expect_next(uint32_t expected, uint32_t n)
{
	if (n < expected)
		return n ? n : 1;
	return n * 2 < RX_SLOTS ? n * 2 : RX_SLOTS;
}

static void recv_batch(struct udp_real *r)
{
	struct udp_scratch *s = r->u.loop->udp;
	uint8_t *area = r->u.loop->rx;

	for (size_t i = 0; i < r->expect; i++) {
		s->ri[i] = (struct iovec){area + i * RX_SIZE, RX_SIZE};
		s->rm[i].msg_hdr = (struct msghdr){&s->src[i].u, sizeof(s->src[i].u), &s->ri[i], 1, NULL, 0, 0};
		if (r->any) {
			s->rm[i].msg_hdr.msg_control = s->rc[i].b;
			s->rm[i].msg_hdr.msg_controllen = sizeof(s->rc[i].b);
		}
	}
	int n = recv_many(r->fd, s->rm, r->expect);
	if (n <= 0)
		return;
	uint64_t us = loop_now_us(r->u.loop);
	if ((uint32_t)n < r->expect)
		r->behind_us = 0;
	else if (!r->behind_us)
		r->behind_us = us;
	r->seen_us = us;
	r->expect = expect_next(r->expect, (uint32_t)n);
	mem_ref(r);
	for (int i = 0; i < n; i++) {
		struct udp_rx rx = {.src = s->src[i], .dst = r->u.local, .us = us};
		rx.data = slice_mem(s->ri[i].iov_base, s->rm[i].msg_len);
		if (r->any)
			udp_ctl_read(&s->rm[i].msg_hdr, &rx.dst);
		if (!udp_deliver(&r->u, &rx))
			break;
	}
	mem_deref(r);
}

/* ------------------------------------------------------------------ sending */

static void note_error(struct udp_real *r, const struct sa *dst, int err)
{
	char a[SA_STRLEN];
	uint64_t now = clock_mono_us();

	metric_add(&loop_udp_send_errors, 1);
	/* one line a second for a socket: an unreachable network fails for every packet */
	if (r->logged_us && now - r->logged_us < 1000000)
		return;
	r->logged_us = now;
	log_warn("loop", "cannot send to %s: %s", sa_str(dst, a), err_str(err));
}

static int send_many(int fd, struct mmsghdr *m, unsigned n)
{
#ifdef __linux__
	return sendmmsg(fd, m, n, MSG_DONTWAIT | MSG_NOSIGNAL);
#else
	unsigned i = 0;
	for (; i < n && sendmsg(fd, &m[i].msg_hdr, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0; i++)
		;
	return i ? (int)i : -1;
#endif
}

/* Hand the first datagrams to the system; the number that is done with, 0 when its buffer is full. */
static uint32_t send_some(struct udp_real *r, uint32_t from)
{
	struct udp_scratch *s = r->u.loop->udp;
	uint32_t n = r->n - from < TX_MSGS ? r->n - from : TX_MSGS;

	for (uint32_t i = 0; i < n; i++) {
		struct udp_out *o = &r->out[from + i];
		s->ti[i] = (struct iovec){o->b->data, o->b->l};
		s->tm[i].msg_hdr = (struct msghdr){&o->dst.u, sa_len(&o->dst), &s->ti[i], 1, NULL, 0, 0};
		if (r->any && sa_af(&o->src) == sa_af(&o->dst))
			udp_ctl_write(&s->tm[i].msg_hdr, &s->tc[i], &o->src);
	}
	for (int tries = 0;; tries++) {
		int done = send_many(r->fd, s->tm, n);
		if (done > 0)
			return (uint32_t)done;
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return 0;
		if ((is_echo(errno) && tries == 0) || errno == EINTR)
			continue;
		note_error(r, &r->out[from].dst, errno);
		return 1;
	}
}

static void out_flush(void *arg)
{
	struct udp_real *r = arg;
	uint32_t done = 0;

	r->blocked = false;
	while (done < r->n) {
		uint32_t k = send_some(r, done);
		r->blocked = k == 0;
		if (r->blocked)
			break;
		for (uint32_t i = 0; i < k; i++)
			mem_deref(r->out[done + i].b);
		done += k;
	}
	r->n -= done;
	if (r->n && done)
		memmove(r->out, r->out + done, r->n * sizeof(*r->out));
	watch_change(&r->w, WATCH_READ | (r->blocked ? WATCH_WRITE : 0));
}

static int out_grow(struct udp_real *r)
{
	uint32_t cap = r->cap ? r->cap * 2 : 16;
	struct udp_out *o = r->out ? mem_realloc(r->out, cap * sizeof(*o)) : mem_alloc(cap * sizeof(*o), NULL);

	if (!o)
		return ENOMEM;
	r->out = o;
	r->cap = cap;
	return 0;
}

/* One datagram at once. */
static int send_msg(struct udp_real *r, const struct sa *src, const struct sa *dst, const void *p, size_t l)
{
	struct iovec iov = {(void *)(uintptr_t)p, l};
	struct msghdr m = {(void *)(uintptr_t)&dst->u, sa_len(dst), &iov, 1, NULL, 0, 0};
	union udp_ctl ctl;

	if (src && r->any && sa_af(src) == sa_af(dst))
		udp_ctl_write(&m, &ctl, src);
	for (int tries = 0;; tries++) {
		ssize_t n = m.msg_control ? sendmsg(r->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL)
					  : sendto(r->fd, p, l, MSG_DONTWAIT | MSG_NOSIGNAL, &dst->u.sa, sa_len(dst));
		if (n >= 0)
			return 0;
		if ((is_echo(errno) && tries == 0) || errno == EINTR)
			continue;
		return errno == ECONNREFUSED ? 0 : errno == EWOULDBLOCK ? EAGAIN : errno;
	}
}

static int real_send(struct udp *u, const struct sa *src, const struct sa *dst, struct rbuf *b)
{
	struct udp_real *r = real_of(u);

	if (!r->batch || !u->loop) {
		int err = send_msg(r, src, dst, b->data, b->l);
		if (err)
			note_error(r, dst, err);
		return 0;
	}
	if (r->n >= TX_QUEUE_MAX) {
		if (!r->blocked)
			out_flush(r);
		if (r->n >= TX_QUEUE_MAX) {
			metric_add(&loop_udp_dropped, 1);
			return 0;
		}
	}
	if (r->n == r->cap && out_grow(r))
		return ENOMEM;
	struct udp_out *o = &r->out[r->n++];
	o->b = mem_ref(b);
	o->dst = *dst;
	if (src)
		o->src = *src;
	else
		sa_init(&o->src);
	if (!r->blocked)
		loop_at_tail(u->loop, &r->tail);
	return 0;
}

static int real_send_now(struct udp *u, const struct sa *dst, const void *p, size_t l)
{
	int err = send_msg(real_of(u), NULL, dst, p, l);

	if (err)
		metric_add(&loop_udp_send_errors, 1);
	return err;
}

static void on_ready(void *arg, unsigned ev)
{
	struct udp_real *r = arg;

	if (ev & WATCH_WRITE && r->batch)
		out_flush(r);
	if (!(ev & WATCH_READ))
		return;
	if (r->batch)
		recv_batch(r);
	else
		recv_one(r);
}

/* ------------------------------------------------------------------ life */

static void real_detach(struct udp *u)
{
	struct udp_real *r = real_of(u);

	watch_stop(&r->w);
	if (!r->batch)
		return;
	/* best effort for what waits: it cannot go along */
	if (r->n)
		out_flush(r);
	for (uint32_t i = 0; i < r->n; i++)
		mem_deref(r->out[i].b);
	r->n = 0;
	r->blocked = false;
	loop_tail_cancel(&r->tail);
}

static int real_attach(struct udp *u, struct loop *l)
{
	struct udp_real *r = real_of(u);

	if (l->net)
		return EINVAL;
	if (!loop_rx(l))
		return ENOMEM;
	if (r->batch && !l->udp) {
		l->udp = mem_alloc(sizeof(*l->udp), NULL);
		if (!l->udp)
			return ENOMEM;
	}
	r->w.fn = on_ready;
	r->w.arg = r;
	int err = watch_start(&r->w, l->poll, r->fd, WATCH_READ);
	if (!err)
		u->loop = l;
	return err;
}

static void real_close(struct udp *u)
{
	struct udp_real *r = real_of(u);

	udp_detach(u);
	if (r->batch)
		mem_deref(r->out);
	if (r->fd >= 0)
		close(r->fd);
}

static void real_set_dscp(struct udp *u, uint8_t dscp)
{
	struct udp_real *r = real_of(u);
	int tos = dscp << 2;

	if (r->dscp == dscp)
		return;
	r->dscp = dscp;
	if (sa_af(&u->local) == AF_INET6)
		(void)setsockopt(r->fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
	else
		(void)setsockopt(r->fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
}

static void real_set_stamps(struct udp *u, bool on)
{
	struct udp_real *r = real_of(u);

	if (r->batch || r->stamps == on || udp_ctl_stamps(r->fd, on))
		return;
	r->stamps = on;
}

static const struct udp_impl real_impl = {
	.close = real_close,
	.attach = real_attach,
	.detach = real_detach,
	.send = real_send,
	.send_now = real_send_now,
	.set_dscp = real_set_dscp,
	.set_stamps = real_set_stamps,
};

uint32_t udp_backlog_ms(const struct udp *u)
{
	enum { STALE_US = 200000 };
	const struct udp_real *r = CONTAINER_OF(u, const struct udp_real, u);

	if (u->impl != &real_impl || !r->batch || !r->behind_us || loop_now_us(u->loop) > r->seen_us + STALE_US)
		return 0;
	return (uint32_t)((r->seen_us - r->behind_us) / 1000);
}

/* In a flood the system's queue is what a moment's delay may cost: beyond its limit, where we may. */
static void set_rcvbuf(int fd, int bytes)
{
#ifdef SO_RCVBUFFORCE
	if (!setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		return;
#endif
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

static int make_socket(struct udp_real *r, const struct sa *local, const struct udp_opts *o)
{
	struct sa bound;
	socklen_t sl = sizeof(bound.u);
	int on = 1;

#ifdef SOCK_CLOEXEC
	r->fd = socket(sa_af(local), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
#else
	r->fd = socket(sa_af(local), SOCK_DGRAM, 0);
#endif
	if (r->fd < 0)
		return errno;
#ifndef SOCK_CLOEXEC
	(void)fcntl(r->fd, F_SETFD, FD_CLOEXEC);
	(void)fcntl(r->fd, F_SETFL, O_NONBLOCK);
#endif
	if (sa_af(local) == AF_INET6 && setsockopt(r->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)))
		return errno;
#ifdef SO_REUSEPORT
	if (o->reuseport && setsockopt(r->fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)))
		return errno;
#endif
	if (o->rcvbuf)
		set_rcvbuf(r->fd, o->rcvbuf);
	if (o->sndbuf)
		(void)setsockopt(r->fd, SOL_SOCKET, SO_SNDBUF, &o->sndbuf, sizeof(o->sndbuf));
	if (bind(r->fd, &local->u.sa, sa_len(local)))
		return errno;
	bound = *local;
	/* what was asked for is what there is, but for a port of the system's choice */
	if (!sa_port(local) && getsockname(r->fd, &bound.u.sa, &sl))
		return errno;
	r->u.local = bound;
	r->any = sa_is_any(&bound);
	if (r->any)
		udp_ctl_enable(r->fd, sa_af(&bound));
	real_set_dscp(&r->u, o->dscp);
	return 0;
}

int udp_real_open(struct udp **up, struct loop *l, const struct sa *local, const struct udp_opts *o)
{
	struct udp_real *r = mem_zalloc(o->batch ? sizeof(*r) : offsetof(struct udp_real, tail), udp_destroy);

	if (!r)
		return ENOMEM;
	r->u.impl = &real_impl;
	r->fd = -1;
	r->batch = o->batch;
	if (r->batch) {
		r->expect = 1;
		r->tail.fn = out_flush;
		r->tail.arg = r;
	}
	int err = make_socket(r, local, o);
	if (!err && !o->detached)
		err = real_attach(&r->u, l);
	if (err) {
		mem_deref(r);
		return err;
	}
	*up = &r->u;
	return 0;
}
