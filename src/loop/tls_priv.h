/*
 * tls_priv.h - what tls_*.c share: the context, a connection, and the handshake while there is one.
 *
 * An SSL object belongs to the crypto thread while its step is out (struct tls_hand, `out`), and to the loop otherwise.
 * The connection may go meanwhile: the step then comes back to nobody and is freed.
 */
#ifndef OFFHOOK_LOOP_TLS_PRIV_H
#define OFFHOOK_LOOP_TLS_PRIV_H

#include "base/hash.h"
#include "loop/cert_priv.h"
#include "loop/crypto.h"
#include "loop/tcp_priv.h"
#include "loop/tls.h"

enum {
	TLS_RECORD = 16384,      /**< bytes of plain text in a record at most (RFC 8446 5.1) */
	TLS_HELLO_MAX = 16384,   /**< bytes of the first message of a client */
	TLS_FLIGHT_MAX = 131072, /**< bytes of input of a whole handshake */
	TLS_EARLY_MAX = 32768,   /**< input that is kept while a step is out; beyond it reading waits */
	TLS_LOW_LIMIT = 32768,   /**< encrypted bytes that wait in the connection below */
	TLS_WHY_MAX = 256,       /**< bytes of a sentence */
	TLS_HALF = 1024,
	TLS_HALF_SRC = 256,
	TLS_HANDSHAKE_MS = 10000,
	TLS_STEPS_PER_THREAD = 4, /**< steps that are out at once; the others take turns by source */
};

/** Addresses that have handshakes going on. */
struct tls_src {
	struct hlink he;
	struct link ready_le; /**< in tls.ready while a handshake of it waits for its turn */
	struct sa addr;
	struct list half;  /**< struct tls_conn, the oldest first */
	struct list ready; /**< struct tls_conn that have input for the next step */
};

struct tls {
	struct loop *loop;
	struct crypto *crypto;
	SSL_CTX *server, *client; /**< server NULL: no certificate yet */
	const struct cert *cert;
	X509_STORE *client_store; /**< who may sign clients; NULL: they are not asked */
	STACK_OF(X509_NAME) * client_names;
	bool client_required;
	uint32_t max_half, max_half_src, handshake_ms;
	struct list conns;     /**< struct tls_conn, all */
	struct list listeners; /**< struct tls_listener */
	struct hash srcs;      /**< struct tls_src by address */
	struct list ready;     /**< struct tls_src: their turns */
	struct list ready_out; /**< struct tls_conn: outgoing handshakes, which go first */
	struct list hands;     /**< struct tls_hand, those without connection too */
	size_t half;
	uint8_t *plain; /**< TLS_RECORD bytes: what is decrypted, during the call-back */
	struct tls_stats st;
};

struct tls_listener {
	struct tcp_listener l;
	struct link le;
	struct tls *tls;
	struct tcp_listener *low;
	struct tls_conn *pending; /**< announced */
	bool (*admit)(const struct sa *peer, void *arg);
	void (*left)(const struct sa *peer, void *arg);
	void *admit_arg;
};

/** Bytes between OpenSSL and the world. */
struct tls_io {
	struct slice in; /**< what is left to read */
	struct buf *out; /**< handshake: what is written gathers here */
	struct tcp *low; /**< open connection: what is written goes here */
	int err;         /**< of writing */
};

enum tls_step { STEP_MORE, STEP_DONE, STEP_FAILED };

/** A handshake. */
struct tls_hand {
	struct crypto_job job;
	struct link le;        /**< in tls.hands */
	struct tls *tls;       /**< loop only; NULL: gone */
	struct tls_conn *conn; /**< loop only; NULL: the connection is gone */
	SSL_CTX *ctx;          /**< the one it began with */
	SSL *ssl;              /**< made by the first step */
	struct tls_io io;
	struct buf in, out;
	size_t in_total;
	bool out_now; /**< the step is out: all but `conn` belongs to the crypto thread */
	bool client, any;
	int64_t now_s; /**< wall clock for the checks of certificates; 0: the system's */
	char *host;    /**< to prove */
	bool literal;  /**< host is an address: no SNI */
	enum tls_step result;
	char *names; /**< that the peer proved, one a line; NULL: none */
	char why[TLS_WHY_MAX];
};

struct tls_conn {
	struct tcp t;
	struct tls *tls; /**< NULL: gone */
	struct tcp *low;
	SSL *ssl; /**< the loop's, once the handshake is done */
	struct tls_io io;
	struct tls_hand *hand; /**< NULL when done */
	struct buf in;         /**< input that waits: reading is paused, or a step is out */
	struct loop_tail tail;
	struct link le;       /**< in tls.conns */
	struct link half_le;  /**< incoming: in src.half */
	struct link ready_le; /**< in src.ready or tls.ready_out */
	struct tls_src *src;  /**< incoming handshake, NULL: none */
	struct tls_listener *tl;
	char *names; /**< that the peer proved, one a line; NULL: none */
	char *why;
	bool blocked; /**< the connection below takes no more now */
	bool low_paused;
	bool said_bye; /**< close_notify is sent */
	bool low_gone; /**< the connection below has ended while input was being worked on */
	int low_err;   /**< how */
	int broken;    /**< found where no call-back is allowed; told at the tail */
};

static inline struct tls_conn *tls_of(const struct tcp *t)
{
	return CONTAINER_OF((struct tcp *)(uintptr_t)t, struct tls_conn, t);
}

/** Counters of the room, registered by the first context. */
extern struct metric tls_done, tls_failed, tls_half_open;

/* ---- context (tls.c) ---- */
/** New SSL object of a handshake, on the crypto thread; NULL: memory is out. */
SSL *tls_ssl_new(struct tls_hand *h);

/* ---- connections (tls_conn.c) ---- */
extern const struct tcp_impl tls_impl;
/** New connection object over nothing yet; in tls.conns. ENOMEM. */
int tls_conn_new(struct tls_conn **cp, struct tls *t, bool client) MUST_CHECK;
extern const struct tcp_ops tls_low_ops;
/** The handshake is over: the SSL object is the connection's. */
void tls_conn_open(struct tls_conn *c, SSL *ssl);
/** Has the connection below ended, and is all that it brought delivered? Then this one ends. The caller holds it. */
void tls_conn_check_gone(struct tls_conn *c);
/** It failed: keep the sentence, end it. The caller holds it. */
void tls_conn_fail(struct tls_conn *c, int err, const char *why);
/** Take what arrived and what waits. The caller holds it. */
void tls_conn_input(struct tls_conn *c, struct slice data);

/* ---- handshakes (tls_hand.c) ---- */
/** Input for it, or, for a client, the beginning. The caller holds the connection. */
void tls_hand_input(struct tls_conn *c, struct slice data);
/** The connection goes: free it, or let the step come back to nobody. */
void tls_hand_drop(struct tls_hand *h);
/** Incoming: is there room for one more from here? Makes room. Adds it to its source. ENOMEM. */
int tls_half_add(struct tls_conn *c) MUST_CHECK;
void tls_half_del(struct tls_conn *c);
/** Hand over steps while threads are free. */
void tls_hand_next(struct tls *t);

/* ---- listeners (tls_listen.c) ---- */
/** An incoming handshake is done: tell the owner. The caller holds the connection. */
void tls_announce(struct tls_conn *c);
/** One that was let in ends before it is announced. */
void tls_left(const struct tls_listener *tl, const struct sa *peer);
/** The context goes. */
void tls_listener_orphan(struct tls_listener *tl);

/* ---- input and output of OpenSSL (tls_bio.c) ---- */
BIO *tls_bio_new(struct tls_io *io);
void tls_bio_set(SSL *ssl, struct tls_io *io);

/* ---- checks (tls_verify.c) ---- */
/** Call-back of SSL_CTX_set_cert_verify_callback(). */
int tls_verify_h(X509_STORE_CTX *ctx, void *arg);
/** The error that OpenSSL has queued, in words. */
void tls_error_text(char *dst, size_t size);
/** One of these names, one a line, is `host`. */
bool tls_names_have(const char *names, struct slice host);

#endif
