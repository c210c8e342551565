/*
 * tcp.h - TCP listeners and connections with bounded output.
 *
 * Thread: the loop's. Ownership: the caller holds listener and connection;
 * mem_deref closes at once without a call-back. Received bytes are valid during
 * the call-back only. A call-back may deref its own connection.
 */
#ifndef OFFHOOK_LOOP_TCP_H
#define OFFHOOK_LOOP_TCP_H

#include <sys/types.h>
#include "base/rbuf.h"
#include "base/sa.h"
#include "loop/loop.h"

struct tcp_listener;
struct tcp;

/** What a connection tells its owner; every member must be set. */
struct tcp_ops {
	/** Outgoing connection is up. */
	void (*connected)(struct tcp *t, void *arg);
	/** Bytes arrived. */
	void (*recv)(struct tcp *t, struct slice data, void *arg);
	/** Output fell below half its limit after tcp_send had returned ENOBUFS. */
	void (*drained)(struct tcp *t, void *arg);
	/** The peer closed (err 0), or it broke (errno; ETIMEDOUT: connecting took too long). It is the last call. */
	void (*closed)(struct tcp *t, int err, void *arg);
};

/** A new incoming connection: take it with tcp_accept within the call, or it is closed. */
typedef void(tcp_accept_h)(struct tcp_listener *tl, const struct sa *peer, void *arg);

/** Listen; IPv6 sockets are v6-only. EADDRINUSE ... */
int tcp_listen(struct tcp_listener **lp, struct loop *l, const struct sa *local, tcp_accept_h *ah,
	       void *arg) MUST_CHECK;
/** Listen on a Unix socket: a file of mode 0600, never open to others for a moment. A stale file is replaced. The peer
 * that is announced is unset. ENAMETOOLONG; ENOTSUP: a virtual loop. The caller removes the file at the end. */
int tcp_listen_unix(struct tcp_listener **lp, struct loop *l, const char *path, tcp_accept_h *ah, void *arg) MUST_CHECK;
/** User at the other end of a connection that came by a Unix socket: the kernel says so, not the peer. ENOTSUP. */
int tcp_peer_uid(const struct tcp *t, uid_t *uid) MUST_CHECK;
/** Bound address. */
void tcp_listener_local(const struct tcp_listener *tl, struct sa *a);
/** Take the connection that the accept call-back announces. */
int tcp_accept(struct tcp **tp, struct tcp_listener *tl, const struct tcp_ops *ops, void *arg) MUST_CHECK;
/** Connect, at most `timeout_ms` (0 = 10 s); `local` may be NULL. */
int tcp_connect(struct tcp **tp, struct loop *l, const struct sa *local, const struct sa *dst, uint32_t timeout_ms,
		const struct tcp_ops *ops, void *arg) MUST_CHECK;
/** Queue a shared block (also before the connection is up). ENOBUFS: the limit would be passed; ENOTCONN: closed. */
int tcp_send(struct tcp *t, struct rbuf *b) MUST_CHECK;
/** Output limit in bytes (default 256 kB). */
void tcp_set_limit(struct tcp *t, size_t bytes);
/** Stop / go on reading (back-pressure). */
void tcp_read_pause(struct tcp *t, bool pause);
/**
 * Send what is queued, then close (at most 5 s). The caller's reference may be dropped at once; who keeps it hears
 * `closed` at the end. What is received meanwhile is thrown away.
 */
void tcp_shutdown(struct tcp *t);
void tcp_local(const struct tcp *t, struct sa *a);
void tcp_peer(const struct tcp *t, struct sa *a);
/** New owner of the call-backs. */
void tcp_set_ops(struct tcp *t, const struct tcp_ops *ops, void *arg);

#endif
