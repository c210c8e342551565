/*
 * tls_hand.c - TLS handshakes: steps on the crypto threads, and how many of them there may be.
 *
 * A step takes all input there is, and comes back with output and an outcome. Nothing is done for a client before its
 * whole first record has arrived and looks like one of TLS. Handshakes that wait for a thread are served by turns of
 * their source addresses, so one address with a thousand of them delays another's by one step.
 */
#include "base/log.h"
#include "loop/tls_priv.h"

/* ------------------------------------------------------------------ a step */

static void hand_free(struct tls_hand *h)
{
	list_unlink(&h->le);
	SSL_free(h->ssl);
	SSL_CTX_free(h->ctx);
	buf_free(&h->in);
	buf_free(&h->out);
	mem_deref(h->host);
	mem_deref(h->names);
	mem_deref(h);
}

void tls_hand_drop(struct tls_hand *h)
{
	h->conn = NULL;
	if (!h->out_now)
		hand_free(h);
}

static void fail(struct tls_hand *h)
{
	h->result = STEP_FAILED;
	if (!h->why[0])
		tls_error_text(h->why, sizeof(h->why));
}

/* On the crypto thread. */
static void step_work(struct crypto_job *j)
{
	struct tls_hand *h = CONTAINER_OF(j, struct tls_hand, job);

	ERR_clear_error();
	if (!h->ssl)
		h->ssl = tls_ssl_new(h);
	if (!h->ssl) {
		(void)slice_copy(h->why, sizeof(h->why), SLICE("Memory is out."));
		fail(h);
		return;
	}
	h->io.in = buf_get(&h->in);
	int n = SSL_do_handshake(h->ssl);
	if (h->io.in.l && h->io.in.p != h->in.p)
		memmove(h->in.p, h->io.in.p, h->io.in.l);
	h->in.l = h->io.in.l;
	h->io.in = SLICE_NULL;
	if (n == 1)
		h->result = STEP_DONE;
	else if (SSL_get_error(h->ssl, n) == SSL_ERROR_WANT_READ && !h->io.err)
		h->result = STEP_MORE;
	else
		fail(h);
	ERR_clear_error();
}

static int send_out(struct tls_conn *c, struct tls_hand *h)
{
	struct rbuf *b;

	if (!h->out.l || c->low_gone)
		return 0;
	int err = buf_rbuf(&h->out, &b);
	if (err)
		return err;
	err = tcp_send(c->low, b);
	mem_deref(b);
	buf_free(&h->out);
	return err;
}

static void step_over(struct tls_conn *c, struct tls_hand *h)
{
	struct buf late = c->in;
	int err = send_out(c, h);

	buf_init(&c->in);
	if (c->low_paused && late.l) {
		c->low_paused = false;
		tcp_read_pause(c->low, false);
	}
	if (err || h->result == STEP_FAILED) {
		tls_conn_fail(c, err ? err : EPROTO, h->why);
	} else if (h->result == STEP_MORE) {
		if (late.l)
			tls_hand_input(c, buf_get(&late));
	} else {
		/* the SSL object is the connection's now */
		SSL *ssl = h->ssl;
		h->ssl = NULL;
		buf_mem(&h->in, late.p, late.l);
		if (buf_err(&h->in)) {
			SSL_free(ssl);
			tls_conn_fail(c, ENOMEM, NULL);
		} else {
			tls_conn_open(c, ssl);
		}
	}
	buf_free(&late);
}

static void step_done(struct crypto_job *j)
{
	struct tls_hand *h = CONTAINER_OF(j, struct tls_hand, job);
	struct tls_conn *c = h->conn;
	struct tls *t = h->tls;

	h->out_now = false;
	if (t)
		mem_ref(t);
	if (!c) {
		hand_free(h);
	} else {
		tcp_hold(&c->t);
		step_over(c, h);
		tls_conn_check_gone(c);
		tcp_unhold(&c->t);
	}
	if (t) {
		tls_hand_next(t);
		mem_deref(t);
	}
}

/* ------------------------------------------------------------------ turns */

static void submit(struct tls *t, struct tls_conn *c)
{
	struct tls_hand *h = c->hand;

	h->job.work = step_work;
	h->job.done = step_done;
	h->now_s = loop_wall_ms(t->loop) / 1000;
	h->out_now = true;
	int err = crypto_run(t->crypto, &h->job);
	if (!err)
		return;
	h->out_now = false;
	tcp_hold(&c->t);
	tls_conn_fail(c, err, NULL);
	tcp_unhold(&c->t);
}

static struct tls_conn *next_ready(struct tls *t)
{
	struct link *k = t->ready_out.head;

	if (!k && t->ready.head) {
		struct tls_src *src = LINK_OBJ(t->ready.head, struct tls_src, ready_le);
		k = src->ready.head;
		list_unlink(&src->ready_le);
		if (src->ready.n > 1)
			list_append(&t->ready, &src->ready_le);
	}
	if (!k)
		return NULL;
	list_unlink(k);
	return LINK_OBJ(k, struct tls_conn, ready_le);
}

void tls_hand_next(struct tls *t)
{
	unsigned max = TLS_STEPS_PER_THREAD * crypto_threads(t->crypto);

	while (crypto_out(t->crypto) < max) {
		struct tls_conn *c = next_ready(t);
		if (!c)
			break;
		submit(t, c);
	}
}

static void enqueue(struct tls_conn *c)
{
	struct tls *t = c->tls;

	if (c->ready_le.list)
		return;
	if (c->src) {
		list_append(&c->src->ready, &c->ready_le);
		if (!c->src->ready_le.list)
			list_append(&t->ready, &c->src->ready_le);
	} else {
		list_append(&t->ready_out, &c->ready_le);
	}
	tls_hand_next(t);
}

/* ------------------------------------------------------------------ input */

/* What somebody sent who did not send a ClientHello: a sentence, or NULL. */
static const char *not_tls(struct slice s)
{
	static const char *const words[] = {"GET ", "POST", "HEAD", "PUT ", "CONN"};

	if ((uint8_t)s.p[0] == 0x16 && (s.l < 2 || (uint8_t)s.p[1] == 3))
		return NULL;
	if (s.l < 4)
		return s.p[0] >= 'A' && s.p[0] <= 'Z' ? NULL : "The peer does not speak TLS on this port.";
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (slice_eqs(slice_first(s, 4), words[i]))
			return "The peer speaks HTTP where TLS is spoken.";
	if (slice_eqs(slice_first(s, 4), "REGI") || slice_eqs(slice_first(s, 4), "INVI") ||
	    slice_eqs(slice_first(s, 4), "OPTI"))
		return "The peer speaks SIP without TLS on the port for TLS.";
	return "The peer does not speak TLS on this port.";
}

/* Is the first record whole? */
static bool hello_whole(struct slice s)
{
	if (s.l < 5)
		return false;
	return s.l >= 5 + ((size_t)(uint8_t)s.p[3] << 8 | (uint8_t)s.p[4]);
}

static bool first_input(struct tls_conn *c)
{
	struct slice s = buf_get(&c->hand->in);
	const char *why = s.l ? not_tls(s) : NULL;

	if (!why && s.l > TLS_HELLO_MAX && !hello_whole(s))
		why = "The first message of the peer is too long.";
	if (!why)
		return hello_whole(s);
	tls_conn_fail(c, EPROTO, why);
	return false;
}

void tls_hand_input(struct tls_conn *c, struct slice data)
{
	struct tls_hand *h = c->hand;

	h->in_total += data.l;
	if (h->in_total > TLS_FLIGHT_MAX && h->result != STEP_DONE && !h->out_now) {
		tls_conn_fail(c, EPROTO, "The TLS handshake is too long.");
		return;
	}
	struct buf *b = h->out_now ? &c->in : &h->in;
	buf_mem(b, data.p, data.l);
	if (buf_err(b)) {
		tls_conn_fail(c, ENOMEM, NULL);
		return;
	}
	if (h->out_now) {
		if (c->in.l > TLS_EARLY_MAX && !c->low_paused) {
			c->low_paused = true;
			tcp_read_pause(c->low, true);
		}
		return;
	}
	/* the first word of a connection is the client's; a server is asked only for something that it may be */
	if (h->client || h->ssl || first_input(c))
		enqueue(c);
}

/* ------------------------------------------------------------------ half-open connections */

static struct tls_src *src_find(const struct tls *t, const struct sa *a)
{
	for (struct hlink *k = hash_first(&t->srcs, sa_hash_addr(a)); k; k = hash_next(k)) {
		struct tls_src *s = CONTAINER_OF(k, struct tls_src, he);
		if (sa_eq_addr(&s->addr, a))
			return s;
	}
	return NULL;
}

static void drop_oldest(struct tls *t, struct tls_src *s)
{
	struct tls_conn *c = LINK_OBJ(s->half.head, struct tls_conn, half_le);

	t->st.dropped++;
	tcp_hold(&c->t);
	tls_conn_fail(c, ERR_LIMIT, NULL);
	tcp_unhold(&c->t);
}

struct greedy {
	struct tls_src *s;
};

static int greedy_h(struct hlink *k, void *arg)
{
	struct greedy *g = arg;
	struct tls_src *s = CONTAINER_OF(k, struct tls_src, he);

	if (!g->s || s->half.n > g->s->half.n)
		g->s = s;
	return 0;
}

static void make_room(struct tls *t, const struct sa *peer)
{
	struct tls_src *s = src_find(t, peer);
	struct greedy g = {NULL};

	if (s && s->half.n >= t->max_half_src) {
		drop_oldest(t, s);
		return;
	}
	if (t->half < t->max_half)
		return;
	(void)hash_each(&t->srcs, greedy_h, &g);
	if (g.s)
		drop_oldest(t, g.s);
}

int tls_half_add(struct tls_conn *c)
{
	struct tls *t = c->tls;

	make_room(t, &c->t.peer);
	struct tls_src *s = src_find(t, &c->t.peer);
	if (!s) {
		s = mem_zalloc(sizeof(*s), NULL);
		if (!s)
			return ENOMEM;
		s->addr = c->t.peer;
		int err = hash_add(&t->srcs, sa_hash_addr(&s->addr), &s->he);
		if (err) {
			mem_deref(s);
			return err;
		}
	}
	c->src = s;
	list_append(&s->half, &c->half_le);
	t->half++;
	metric_add(&tls_half_open, 1);
	return 0;
}

void tls_half_del(struct tls_conn *c)
{
	struct tls_src *s = c->src;
	struct tls *t = c->tls;

	c->src = NULL;
	list_unlink(&c->half_le);
	list_unlink(&c->ready_le);
	t->half--;
	metric_add(&tls_half_open, -1);
	if (!s->ready.n)
		list_unlink(&s->ready_le);
	if (s->half.n)
		return;
	hash_del(&t->srcs, &s->he);
	mem_deref(s);
}
