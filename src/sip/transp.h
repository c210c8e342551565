/*
 * transp.h - byte streams that carry SIP: TCP and TLS connections of this room, and streams
 * that another room joins (WebSocket).
 *
 * A stream has a 64-bit flow id that is never used again (struct sip_dest). Messages are
 * framed by Content-Length (RFC 3261 18.3), but for WebSockets, where each block fed is one
 * message (RFC 7118 5).
 * Thread: the stack's loop. Ownership: the stack holds a stream from sip_stream_add() until it
 * closes; the joiner's pointer stays good until it has called sip_stream_closed(), or until
 * ops->close was called.
 */
#ifndef OFFHOOK_SIP_TRANSP_H
#define OFFHOOK_SIP_TRANSP_H

#include "sip/sip.h"

struct sip_stream;

enum {
	SIP_STREAM_MSG_S =
		30 /**< s within which a message must be whole, and a new connection must have said something */
};

/** What the carrier of a stream does; none may call back into the stack. */
struct sip_stream_ops {
	/** Queue a shared block. ENOBUFS (the peer does not read: the stack closes the stream), ENOTCONN. */
	int (*send)(void *conn, struct rbuf *b);
	/** The stack closes: send what is queued, close, and forget the stream. Last call. */
	void (*close)(void *conn);
	/** Has the peer proved to be this host (RFC 5922)? NULL: it proves nothing. */
	bool (*proves)(void *conn, struct slice host);
};
/**
 * Join an open stream. `incoming` streams must send a first message within SIP_STREAM_MSG_S. ERR_LIMIT: too many
 * streams; EPERM: the application does not admit the peer; ENOMEM.
 */
int sip_stream_add(struct sip_stream **stp, struct sip *s, enum sip_transp tp, const struct sa *local,
		   const struct sa *peer, bool incoming, const struct sip_stream_ops *ops, void *conn) MUST_CHECK;
/** Bytes arrived (a whole message each time on WebSockets). The stream may be closed by the stack (ops->close) within.
 */
void sip_stream_recv(struct sip_stream *st, struct slice data);
/** The carrier closed (err 0) or broke (errno). The stack forgets the stream; ops->close is not called. */
void sip_stream_closed(struct sip_stream *st, int err);
/** Its flow id. */
uint64_t sip_stream_flow(const struct sip_stream *st);

#endif
