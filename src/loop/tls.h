/*
 * tls.h - TLS 1.2 and 1.3 over TCP (RFC 8446, RFC 5246): a TLS connection is a struct tcp (tcp.h), and everything that
 * one can do with it works the same way: sending, limits, pausing, closing.
 *
 * Handshakes run on crypto threads (crypto.h); what an open connection sends and receives is encrypted on the loop.
 * New connections are contained: so many handshakes at once, so many of one address, so much time for each; when there
 * are too many the oldest of the address that has most goes first. Sources take turns on the crypto threads.
 * Not done: renegotiation, compression, early data, session resumption.
 *
 * Thread: the loop's. Ownership: as in tcp.h. Listeners and connections do not keep their struct tls: when it ends, all
 * of them are closed without a call-back.
 */
#ifndef OFFHOOK_LOOP_TLS_H
#define OFFHOOK_LOOP_TLS_H

#include "base/buf.h"
#include "loop/cert.h"
#include "loop/tcp.h"

struct tls;

struct tls_cfg {
	struct loop *loop;
	const char *ca_file; /**< PEM, trusted beside the system's; NULL: none */
	bool no_system_ca;   /**< trust ca_file alone */
	const char
		*client_ca_file; /**< ask who connects to us for a certificate, and take only those signed by these */
	bool client_required;    /**< with client_ca_file: who has none is turned away */
	uint32_t threads;        /**< crypto threads, 0 = cores - 1, at least 1 */
	uint32_t max_half;       /**< incoming handshakes at once, 0 = 1024 */
	uint32_t max_half_src;   /**< of these from one address, 0 = 256 */
	uint32_t handshake_ms;   /**< an incoming handshake must be done by then, 0 = 10,000 */
};
/** New context. Reads the CA files: `why` gets a sentence when that fails. ENOENT, EINVAL, ENOMEM. */
int tls_alloc(struct tls **tp, const struct tls_cfg *cfg, struct buf *why) MUST_CHECK;
/** Trust those who are signed by this one too (its certificate, not its key). ENOMEM. */
int tls_trust(struct tls *t, const struct cert *ca) MUST_CHECK;
/**
 * Our certificate from now on, for those who connect to us and for servers that ask for one; open connections and
 * handshakes that have begun keep what they have. ENOMEM, EINVAL: OpenSSL refuses it (a key too weak).
 */
int tls_set_cert(struct tls *t, const struct cert *c) MUST_CHECK;
/** What tls_set_cert() got last, NULL: nothing yet. */
const struct cert *tls_cert(const struct tls *t);

/** Listen as tcp_listen(). The accept call-back comes when the handshake is done. */
int tls_listen(struct tcp_listener **lp, struct tls *t, const struct sa *local, tcp_accept_h *ah, void *arg) MUST_CHECK;
/**
 * `fn` is asked for each new TCP connection before any work is done for it: false closes it. `left` (may be NULL) hears
 * of those that were let in and end before they are announced. `tl` is from tls_listen().
 */
void tls_listener_admit(struct tcp_listener *tl, bool (*fn)(const struct sa *peer, void *arg),
			void (*left)(const struct sa *peer, void *arg), void *arg);

/** Whom to connect to. */
struct tls_to {
	struct slice host;   /**< name to prove, and SNI; empty: the address itself must be proved */
	bool any;            /**< take any certificate */
	uint32_t timeout_ms; /**< for TCP and handshake together; 0 = 10,000 */
};
/** Connect as tcp_connect(); `connected` comes when the handshake is done and the certificate is good. */
int tls_connect(struct tcp **tp, struct tls *t, const struct sa *local, const struct sa *dst, const struct tls_to *to,
		const struct tcp_ops *ops, void *arg) MUST_CHECK;

/**
 * Why the connection failed, a sentence without name in front ("The certificate of sip.example expired on
 * 2026-01-02."); also inside the `closed` call-back and until the connection goes. NULL: no TLS, or no failure of TLS.
 */
const char *tls_why(const struct tcp *c);
/** Has the peer proved, by a certificate that we trust, to be this host (RFC 5922)? False for what is no TLS. */
bool tls_proves(const struct tcp *c, struct slice host);
/** "TLSv1.3", "TLS_AES_256_GCM_SHA384"; empty for what is no open TLS connection. */
const char *tls_version(const struct tcp *c);
const char *tls_cipher(const struct tcp *c);

struct tls_stats {
	uint64_t accepted, connected; /**< handshakes that were done, in and out */
	uint64_t failed;              /**< that were not */
	uint64_t dropped;             /**< half-open ones that had to make room */
	size_t half, conns;           /**< now: incoming handshakes, all connections */
};
void tls_stats(const struct tls *t, struct tls_stats *st);

#endif
