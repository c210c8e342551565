/*
 * tls_conn.c - a TLS connection as a kind of TCP connection: what it sends and receives once the handshake is done.
 *
 * Output: the queue of tcp.c -> SSL_write -> the TCP connection below, which takes little at once, so that a slow
 * reader fills the queue above and its sender hears of it. Input: what TCP read -> SSL_read -> the owner, nothing kept
 * but when reading is paused.
 */
#include "base/log.h"
#include "loop/tls_priv.h"

static void low_pause(struct tls_conn *c, bool pause)
{
	if (c->low_paused == pause || !c->low)
		return;
	c->low_paused = pause;
	tcp_read_pause(c->low, pause);
}

/* ------------------------------------------------------------------ output */

static void say_bye(struct tls_conn *c)
{
	if (c->said_bye || !c->ssl)
		return;
	c->said_bye = true;
	ERR_clear_error();
	(void)SSL_shutdown(c->ssl);
	ERR_clear_error();
}

/* Encrypt what is queued until the connection below takes no more; 0 or the error that ends the connection. */
static int pump(struct tls_conn *c)
{
	while (c->t.bytes && !c->blocked) {
		struct iovec v;
		(void)tcp_out_iov(&c->t, &v, 1);
		ERR_clear_error();
		int n = SSL_write(c->ssl, v.iov_base, v.iov_len < TLS_RECORD ? (int)v.iov_len : TLS_RECORD);
		if (n > 0)
			tcp_out_done(&c->t, (size_t)n);
		else if (SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_WRITE)
			c->blocked = true;
		else
			return c->io.err ? c->io.err : EPROTO;
	}
	if (c->t.st != ST_LINGER || c->t.bytes || c->said_bye)
		return 0;
	say_bye(c);
	tcp_shutdown(c->low);
	return 0;
}

static void tls_kick(struct tcp *t)
{
	struct tls_conn *c = tls_of(t);

	if (c->ssl)
		loop_at_tail(t->loop, &c->tail);
}

static void tls_push(struct tcp *t)
{
	struct tls_conn *c = tls_of(t);

	if (!c->ssl || c->broken)
		return;
	c->broken = pump(c);
	if (c->broken)
		tls_kick(t);
}

static void tls_pause(struct tcp *t)
{
	struct tls_conn *c = tls_of(t);

	if (t->paused)
		low_pause(c, true);
	else
		tls_kick(t);
}

/* ------------------------------------------------------------------ input */

static int keep(struct tls_conn *c, struct slice data)
{
	if (!data.l)
		return 0;
	buf_mem(&c->in, data.p, data.l);
	low_pause(c, true);
	return buf_err(&c->in);
}

/* Nothing more came out: 0, or the error that ends it; ECONNRESET stands for an orderly end here. */
static int read_end(struct tls_conn *c, int n)
{
	switch (SSL_get_error(c->ssl, n)) {
	case SSL_ERROR_WANT_READ:
		return 0;
	case SSL_ERROR_WANT_WRITE:
		c->blocked = true;
		return 0;
	case SSL_ERROR_ZERO_RETURN:
		return ECONNRESET;
	default:
		return EPROTO;
	}
}

/* Decrypt and hand over. The caller holds it. */
static void take(struct tls_conn *c, struct slice data)
{
	char why[TLS_WHY_MAX];
	int err = 0;

	c->io.in = data;
	while (c->t.st == ST_UP && !c->t.paused) {
		ERR_clear_error();
		int n = SSL_read(c->ssl, c->tls->plain, TLS_RECORD);
		if (n <= 0) {
			err = read_end(c, n);
			break;
		}
		if (!tcp_deliver(&c->t, slice_mem(c->tls->plain, (size_t)n)) && c->t.st != ST_LINGER)
			return;
	}
	data = c->io.in;
	c->io.in = SLICE_NULL;
	if (err == ECONNRESET) {
		tcp_finish(&c->t, 0);
	} else if (err) {
		tls_error_text(why, sizeof(why));
		tls_conn_fail(c, err, why);
	} else if (c->t.st == ST_UP && keep(c, data)) {
		tls_conn_fail(c, ENOMEM, NULL);
	}
}

void tls_conn_input(struct tls_conn *c, struct slice data)
{
	if (c->hand) {
		tls_hand_input(c, data);
	} else if (c->t.st != ST_UP) {
		return; /* lingering: thrown away */
	} else if (!c->t.paused && !c->in.l) {
		take(c, data);
	} else if (keep(c, data)) {
		tls_conn_fail(c, ENOMEM, NULL);
	} else {
		tls_kick(&c->t);
	}
}

/* What waited because reading was paused. */
static void take_kept(struct tls_conn *c)
{
	struct buf b = c->in;

	if (c->t.paused)
		return;
	buf_init(&c->in);
	if (b.l && c->t.st == ST_UP)
		take(c, buf_get(&b));
	buf_free(&b);
	if (!c->in.l && !c->t.paused)
		low_pause(c, false);
	tls_conn_check_gone(c);
}

static void tail_h(void *arg)
{
	struct tls_conn *c = arg;
	bool live = true;

	tcp_hold(&c->t);
	int err = c->broken ? c->broken : pump(c);
	if (err)
		tls_conn_fail(c, err, NULL);
	else
		live = tcp_check_drained(&c->t);
	if (!err && live)
		take_kept(c);
	tcp_unhold(&c->t);
}

/* ------------------------------------------------------------------ life */

static void tls_release(struct tcp *t)
{
	struct tls_conn *c = tls_of(t);

	loop_tail_cancel(&c->tail);
	if (c->ssl)
		say_bye(c);
	if (c->low && c->low->bytes && c->low->st == ST_UP)
		c->low->impl->push(c->low);
	c->low = mem_deref(c->low);
	c->io.low = NULL;
	list_unlink(&c->ready_le);
	if (c->hand)
		tls_hand_drop(c->hand);
	c->hand = NULL;
	SSL_free(c->ssl);
	c->ssl = NULL;
	buf_free(&c->in);
	c->names = mem_deref(c->names);
	list_unlink(&c->le);
	if (c->src)
		tls_left(c->tl, &t->peer);
	c->tl = NULL;
	if (c->src) {
		/* a half-open connection belongs to its source */
		tls_half_del(c);
		mem_deref(c);
	}
}

const struct tcp_impl tls_impl = {
	.release = tls_release,
	.kick = tls_kick,
	.push = tls_push,
	.pause = tls_pause,
};

static void conn_destroy(void *obj)
{
	struct tls_conn *c = obj;

	tcp_destroy(&c->t);
	mem_deref(c->why);
}

int tls_conn_new(struct tls_conn **cp, struct tls *t, bool client)
{
	struct tls_conn *c = mem_zalloc(sizeof(*c), conn_destroy);
	struct tls_hand *h;

	if (!c)
		return ENOMEM;
	tcp_setup(&c->t, &tls_impl, t->loop, ST_CONNECTING);
	h = mem_zalloc(sizeof(*h), NULL);
	if (!h) {
		mem_deref(c);
		return ENOMEM;
	}
	c->tls = t;
	c->tail.fn = tail_h;
	c->tail.arg = c;
	buf_init(&c->in);
	buf_init(&h->in);
	buf_init(&h->out);
	h->tls = t;
	h->conn = c;
	h->client = client;
	h->ctx = client ? t->client : t->server;
	SSL_CTX_up_ref(h->ctx);
	c->hand = h;
	list_append(&t->hands, &h->le);
	list_append(&t->conns, &c->le);
	*cp = c;
	return 0;
}

void tls_conn_fail(struct tls_conn *c, int err, const char *why)
{
	char peer[SA_STRLEN];

	if (why && why[0] && !c->why && !mem_strdup(&c->why, why))
		log_debug("loop", "TLS with %s: %s", sa_str(&c->t.peer, peer), why);
	if (c->hand && c->tls) {
		c->tls->st.failed++;
		metric_add(&tls_failed, 1);
	}
	tcp_finish(&c->t, err);
}

void tls_conn_open(struct tls_conn *c, SSL *ssl)
{
	struct buf rest = c->hand->in;
	bool live;

	buf_init(&c->hand->in);
	metric_add(&tls_done, 1);
	c->ssl = ssl;
	c->io = (struct tls_io){.low = c->low};
	tls_bio_set(ssl, &c->io);
	c->names = c->hand->names;
	c->hand->names = NULL;
	bool client = c->hand->client;
	tls_hand_drop(c->hand);
	c->hand = NULL;
	if (client) {
		c->tls->st.connected++;
		live = tcp_up(&c->t);
	} else {
		c->tls->st.accepted++;
		tls_announce(c);
		live = c->t.st == ST_UP;
	}
	/* what came behind the handshake; then what came while it was away */
	if (live && rest.l)
		tls_conn_input(c, buf_get(&rest));
	buf_free(&rest);
	if (c->t.st == ST_UP || c->t.st == ST_LINGER)
		tls_kick(&c->t);
}

/* ------------------------------------------------------------------ the connection below */

static void low_connected(struct tcp *low, void *arg)
{
	struct tls_conn *c = arg;

	tcp_hold(&c->t);
	tcp_local(low, &c->t.local);
	tls_hand_input(c, SLICE_NULL);
	tcp_unhold(&c->t);
}

static void low_recv(struct tcp *low, struct slice data, void *arg)
{
	struct tls_conn *c = arg;

	(void)low;
	tcp_hold(&c->t);
	tls_conn_input(c, data);
	tcp_unhold(&c->t);
}

static void low_drained(struct tcp *low, void *arg)
{
	struct tls_conn *c = arg;

	(void)low;
	c->blocked = false;
	tls_kick(&c->t);
}

static void gone(struct tls_conn *c, int err)
{
	if (!c->hand)
		tcp_finish(&c->t, err);
	else if (c->hand->client && (err == ECONNREFUSED || err == ETIMEDOUT || !c->hand->ssl))
		tls_conn_fail(c, err ? err : ECONNRESET, NULL);
	else
		tls_conn_fail(c, err ? err : ECONNRESET,
			      "The connection was closed in the middle of the TLS handshake: does the other side speak "
			      "TLS on this port?");
}

void tls_conn_check_gone(struct tls_conn *c)
{
	if (c->low_gone && !c->in.l && !(c->hand && (c->hand->out_now || c->ready_le.list)))
		gone(c, c->low_err);
}

/* What came before the end is still worked on: a handshake's last message, and words that were sent right behind it. */
static void low_closed(struct tcp *low, int err, void *arg)
{
	struct tls_conn *c = arg;

	(void)low;
	tcp_hold(&c->t);
	c->low_gone = true;
	c->low_err = err;
	tls_conn_check_gone(c);
	tcp_unhold(&c->t);
}

const struct tcp_ops tls_low_ops = {low_connected, low_recv, low_drained, low_closed};

/* ------------------------------------------------------------------ questions */

static const struct tls_conn *conn_of(const struct tcp *t)
{
	return t && t->impl == &tls_impl ? tls_of(t) : NULL;
}

const char *tls_why(const struct tcp *t)
{
	const struct tls_conn *c = conn_of(t);

	return c ? c->why : NULL;
}

bool tls_proves(const struct tcp *t, struct slice host)
{
	const struct tls_conn *c = conn_of(t);

	return c && tls_names_have(c->names, host);
}

const char *tls_version(const struct tcp *t)
{
	const struct tls_conn *c = conn_of(t);

	return c && c->ssl ? SSL_get_version(c->ssl) : "";
}

const char *tls_cipher(const struct tcp *t)
{
	const struct tls_conn *c = conn_of(t);

	return c && c->ssl ? SSL_get_cipher_name(c->ssl) : "";
}
