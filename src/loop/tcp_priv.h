/*
 * tcp_priv.h - the parts of TCP that real and virtual connections share: the
 * bounded output queue, state, timers and the rules for call-backs.
 */
#ifndef OFFHOOK_LOOP_TCP_PRIV_H
#define OFFHOOK_LOOP_TCP_PRIV_H

#include <sys/uio.h>
#include "loop/loop_priv.h"
#include "loop/tcp.h"

enum {
	TCP_LIMIT = 256 * 1024,
	TCP_CONNECT_MS = 10000,
	TCP_LINGER_MS = 5000,
};

enum tcp_st {
	ST_CONNECTING,
	ST_UP,
	ST_LINGER, /**< tcp_shutdown: output goes on, input is thrown away */
	ST_CLOSED,
};

/** What a kind of connection does. */
struct tcp_impl {
	/** Release descriptor or peer; also called when the state becomes ST_CLOSED. May be called twice. */
	void (*release)(struct tcp *t);
	/** Output was queued: send it by the end of the turn. */
	void (*kick)(struct tcp *t);
	/** Send now what can be sent, without call-backs. */
	void (*push)(struct tcp *t);
	/** t->paused has changed. */
	void (*pause)(struct tcp *t);
	/** The descriptor of a real connection; NULL: there is none, or none of its own. */
	int (*fd)(const struct tcp *t);
};

/** Beginning of every connection object. */
struct tcp {
	const struct tcp_impl *impl;
	struct loop *loop;
	const struct tcp_ops *ops;
	void *arg;
	struct sa local, peer;
	enum tcp_st st;
	bool paused;
	bool starved;     /**< ENOBUFS was returned; `drained` is owed */
	bool self;        /**< holds a reference of its own while it lingers */
	uint32_t guards;  /**< references held around call-backs (tcp_hold) */
	struct link le;   /**< in loop.lingering */
	struct timer tmr; /**< connecting, lingering */
	/* output: a ring of shared blocks */
	struct rbuf **q;
	uint32_t head, n, cap; /**< first, number, size (a power of two) */
	size_t off;            /**< bytes of the first block that are sent */
	size_t bytes;          /**< bytes that wait */
	size_t limit;
};

/** What a kind of listener does. */
struct tcp_listener_impl {
	void (*release)(struct tcp_listener *tl);
	int (*accept)(struct tcp **tp, struct tcp_listener *tl);
};
/** Beginning of every listener object. */
struct tcp_listener {
	const struct tcp_listener_impl *impl;
	struct loop *loop;
	struct sa local;
	tcp_accept_h *ah;
	void *arg;
	struct sa peer; /**< of the connection that is announced */
};

/** Destructors. */
void tcp_destroy(void *obj);
void tcp_listener_destroy(void *obj);

/** Fill the shared part of a new connection. */
void tcp_setup(struct tcp *t, const struct tcp_impl *impl, struct loop *l, enum tcp_st st);
/** Start the timer of a connection that is being made. */
void tcp_connect_timer(struct tcp *t, uint32_t timeout_ms);
/** First bytes of the queue as at most `max` pieces; returns their number. */
int tcp_out_iov(const struct tcp *t, struct iovec *iov, int max);
/** `l` bytes are sent. */
void tcp_out_done(struct tcp *t, size_t l);

/** Keep the object over call-backs; counted, so that one sees whether its owner has let go. */
void tcp_hold(struct tcp *t);
void tcp_unhold(struct tcp *t);

/*
 * Call-backs. The caller holds the object around them; each returns false when the connection is closed or nobody
 * else holds it any more.
 */
bool tcp_up(struct tcp *t);
bool tcp_deliver(struct tcp *t, struct slice data);
bool tcp_check_drained(struct tcp *t);
/** The connection is over: release it and say so, once. */
void tcp_finish(struct tcp *t, int err);

int tcp_real_listen_unix(struct tcp_listener **lp, struct loop *l, const char *path);
int tcp_real_listen(struct tcp_listener **lp, struct loop *l, const struct sa *local);
int tcp_real_connect(struct tcp **tp, struct loop *l, const struct sa *local, const struct sa *dst);
int tcp_virtual_listen(struct tcp_listener **lp, struct loop *l, const struct sa *local);
int tcp_virtual_connect(struct tcp **tp, struct loop *l, const struct sa *local, const struct sa *dst);

#endif
