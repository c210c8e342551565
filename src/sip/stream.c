/*
 * stream.c - streams: the table of flows, framing of messages (RFC 3261 18.3), keep-alives
 * (RFC 5626 4.4.1), and closing of what is idle, slow or broken.
 */
#include <string.h>
#include "base/log.h"
#include "sip/sip_priv.h"

enum { RX_SMALL = 4096 /* bytes of an unfinished message that is never too much */ };

static uint32_t addr_key(enum sip_transp tp, const struct sa *peer)
{
	return sa_hash(peer) + (uint32_t)tp;
}

static void stream_destroy(void *obj)
{
	struct sip_stream *st = obj;

	timer_stop(&st->tmr);
	buf_free(&st->rx);
}

uint64_t sip_stream_flow(const struct sip_stream *st)
{
	return st->id;
}

static struct sip_stream *by_flow(const struct sip *s, uint64_t flow)
{
	for (struct hlink *k = flow ? hash_first(&s->streams, hash_u64(flow)) : NULL; k; k = hash_next(k)) {
		struct sip_stream *st = CONTAINER_OF(k, struct sip_stream, id_he);

		if (st->id == flow)
			return st;
	}
	return NULL;
}

/*
 * May a request for `d` go by this stream? A flow that is named is meant. Else TLS asks for the name (RFC 5923 9): the
 * stream was made for the same one, under a policy no laxer, or its peer proved that name.
 */
static bool fits(const struct sip *s, const struct sip_stream *st, const struct sip_dest *d)
{
	char ip[SA_STRLEN];
	struct slice host;

	if (st->tp != d->tp || st->broken)
		return false;
	if (st->tp != SIP_TRANSP_TLS || d->tls_any)
		return true;
	if (!st->incoming && !st->tls_any && st->host == d->host)
		return true;
	host = d->host ? sip_host_name(s, d->host) : slice_str(sa_ntop(&d->addr, ip));
	return st->ops->proves && st->ops->proves(st->conn, host);
}

bool sip_msg_proves(const struct sip_msg *m, struct slice host)
{
	const struct sip_stream *st = m->flow;

	return m->tp == SIP_TRANSP_TLS && st && !st->broken && st->ops->proves && st->ops->proves(st->conn, host);
}

void sip_stream_alias(struct sip_stream *st, const struct sip_via *via)
{
	struct sa a = st->peer;

	if (!st->sip || st->alias_set || !st->incoming || st->tp != SIP_TRANSP_TLS ||
	    !sip_param_get(via->params, "alias", NULL) || !st->ops->proves || !st->ops->proves(st->conn, via->host))
		return;
	sa_set_port(&a, via->port ? via->port : SIPS_PORT);
	if (hash_add(&st->sip->stream_aliases, addr_key(st->tp, &a), &st->alias_he))
		return;
	st->alias = a;
	st->alias_set = true;
}

static struct sip_stream *by_alias(const struct sip *s, const struct sip_dest *d)
{
	for (struct hlink *k = hash_first(&s->stream_aliases, addr_key(d->tp, &d->addr)); k; k = hash_next(k)) {
		struct sip_stream *st = CONTAINER_OF(k, struct sip_stream, alias_he);
		if (sa_eq(&st->alias, &d->addr) && fits(s, st, d))
			return st;
	}
	return NULL;
}

struct sip_stream *sip_stream_find(const struct sip *s, const struct sip_dest *d)
{
	struct sip_stream *st = by_flow(s, d->flow);

	if (st && st->tp == d->tp && !st->broken)
		return st;
	for (struct hlink *k = hash_first(&s->stream_addrs, addr_key(d->tp, &d->addr)); k; k = hash_next(k)) {
		st = CONTAINER_OF(k, struct sip_stream, addr_he);
		if (sa_eq(&st->peer, &d->addr) && fits(s, st, d))
			return st;
	}
	return d->tp == SIP_TRANSP_TLS ? by_alias(s, d) : NULL;
}

void sip_flow_hold(struct sip *s, uint64_t flow)
{
	struct sip_stream *st = by_flow(s, flow);

	if (st)
		st->holds++;
}

void sip_flow_release(struct sip *s, uint64_t flow)
{
	struct sip_stream *st = by_flow(s, flow);

	if (st && st->holds)
		st->holds--;
}

int sip_flow_ping(struct sip *s, uint64_t flow)
{
	struct sip_stream *st = by_flow(s, flow);

	if (!st || st->broken)
		return ENOTCONN;
	st->pinged = true;
	return sip_stream_send(st, s->ping);
}

bool sip_flow_heard(const struct sip *s, uint64_t flow, uint64_t since)
{
	const struct sip_stream *st = by_flow(s, flow);

	return st && st->heard >= since;
}

void sip_flow_drop_unused(struct sip *s, uint64_t flow)
{
	struct sip_stream *st = by_flow(s, flow);

	if (st && !st->holds && !st->clients.head)
		sip_stream_close(st, 0);
}

void sip_flow_fail(struct sip *s, uint64_t flow)
{
	struct sip_stream *st = by_flow(s, flow);

	if (st)
		sip_stream_close(st, ETIMEDOUT);
}

/* Unfinished messages of all streams together are bounded, or a crowd of slow senders could eat all memory. */
static void recount(struct sip_stream *st)
{
	st->sip->rx_bytes += st->rx.cap - st->rx_counted;
	st->rx_counted = st->rx.cap;
}

/* Out of the tables; the carrier is told unless it told us. */
static void forget(struct sip_stream *st, bool tell_carrier)
{
	struct sip *s = st->sip;

	timer_stop(&st->tmr);
	hash_del(&s->streams, &st->id_he);
	hash_del(&s->stream_addrs, &st->addr_he);
	if (st->alias_set)
		hash_del(&s->stream_aliases, &st->alias_he);
	buf_free(&st->rx);
	recount(st);
	st->sip = NULL;
	if (tell_carrier)
		st->ops->close(st->conn);
}

/* After forget(): tell those who used it, then drop the table's reference. */
static void tell_and_deref(struct sip_stream *st, struct sip *s, int err)
{
	char peer[SA_STRLEN];

	log_debug("sip", "stream %llu to %s closed: %s", (unsigned long long)st->id, sa_str(&st->peer, peer),
		  err ? err_str(err) : "end");
	mem_ref(s);
	while (st->clients.head) {
		struct sip_ctrans *ct = LINK_OBJ(st->clients.head, struct sip_ctrans, stream_le);

		list_unlink(&ct->stream_le);
		sip_ctrans_broken(ct, err ? err : ECONNRESET);
	}
	sip_flow_gone(s, st->id);
	if (s->ops.flow_closed)
		s->ops.flow_closed(st->id, &st->peer, s->arg);
	mem_deref(s);
	mem_deref(st);
}

void sip_stream_close(struct sip_stream *st, int err)
{
	struct sip *s = st->sip;

	if (!s)
		return;
	forget(st, true);
	tell_and_deref(st, s, err);
}

void sip_stream_closed(struct sip_stream *st, int err)
{
	struct sip *s = st->sip;

	if (!s)
		return;
	forget(st, false);
	tell_and_deref(st, s, err);
}

static int flush_one(struct hlink *k, void *arg)
{
	struct sip_stream *st = CONTAINER_OF(k, struct sip_stream, id_he);

	(void)arg;
	while (st->clients.head)
		list_unlink(st->clients.head);
	forget(st, true);
	mem_deref(st);
	return 0;
}

void sip_streams_flush(struct sip *s)
{
	(void)hash_each(&s->streams, flush_one, NULL);
}

static void arm(struct sip_stream *st);

/* One timer serves the unfinished message, idleness and delayed closing; it looks what is due. */
static void on_timer(void *arg)
{
	struct sip_stream *st = arg;
	uint64_t now = loop_now_ms(st->sip->loop);

	if (st->broken)
		sip_stream_close(st, st->broken);
	else if (st->msg_due && now >= st->msg_due)
		sip_stream_close(st, ETIMEDOUT);
	else if (!st->holds && !st->clients.head && now >= st->last + st->sip->idle_ms)
		sip_stream_close(st, 0);
	else
		arm(st);
}

/* Held streams are looked at again after a whole idle time. */
static void arm(struct sip_stream *st)
{
	uint64_t now = loop_now_ms(st->sip->loop);
	uint64_t due = st->last + st->sip->idle_ms;

	if (due <= now)
		due = now + st->sip->idle_ms;
	if (st->msg_due && st->msg_due < due)
		due = st->msg_due;
	if (!timer_running(&st->tmr) || due < st->tmr.due)
		timer_start(&st->tmr, st->sip->loop, due > now ? due - now : 0, on_timer, st);
}

static int check_admission(struct sip *s, enum sip_transp tp, const struct sa *peer, bool incoming)
{
	if (s->streams.n >= s->max_conns)
		return ERR_LIMIT;
	if (incoming && s->ops.admit && !s->ops.admit(tp, peer, s->arg))
		return EPERM;
	if (incoming && s->guard && !guard_admit(s->guard, peer))
		return EPERM;
	return 0;
}

/* The last quarter of the connections is for those that we know. */
bool sip_conn_enter(struct sip *s, const struct sa *peer)
{
	if (s->streams.n >= s->max_conns)
		return false;
	if (!s->guard)
		return true;
	if (s->streams.n >= s->max_conns - s->max_conns / 4 && !guard_friend(s->guard, peer))
		return false;
	return guard_open(s->guard, peer) == GUARD_PASS;
}

void sip_conn_left(struct guard *g, const struct sa *peer)
{
	if (g)
		guard_close(g, peer);
}

int sip_stream_add(struct sip_stream **stp, struct sip *s, enum sip_transp tp, const struct sa *local,
		   const struct sa *peer, bool incoming, const struct sip_stream_ops *ops, void *conn)
{
	struct sip_stream *st;
	int err = check_admission(s, tp, peer, incoming);

	if (err)
		return err;
	st = mem_zalloc(sizeof(*st), stream_destroy);
	if (!st)
		return ENOMEM;
	st->id = s->next_flow;
	st->tp = tp;
	st->local = *local;
	st->peer = *peer;
	st->ops = ops;
	st->conn = conn;
	st->incoming = st->up = incoming;
	st->last = loop_now_ms(s->loop);
	st->msg_due = incoming ? st->last + 1000ULL * SIP_STREAM_MSG_S : 0;
	buf_init(&st->rx);
	err = hash_add(&s->streams, hash_u64(st->id), &st->id_he);
	if (!err)
		err = hash_add(&s->stream_addrs, addr_key(tp, peer), &st->addr_he);
	if (err) {
		hash_del(&s->streams, &st->id_he);
		mem_deref(st);
		return err;
	}
	s->next_flow++;
	st->sip = s;
	arm(st);
	*stp = st;
	return 0;
}

/* The stream is closed from its timer, never inside the call that found it broken. */
static void break_soon(struct sip_stream *st, int err)
{
	st->broken = err;
	timer_start(&st->tmr, st->sip->loop, 0, on_timer, st);
}

int sip_stream_send(struct sip_stream *st, struct rbuf *b)
{
	int err = st->ops->send(st->conn, b);

	if (err)
		break_soon(st, err);
	else
		st->last = loop_now_ms(st->sip->loop);
	return err;
}

/* A whole message or keep-alive: the peer is alive and owes nothing. */
static void touch(struct sip_stream *st)
{
	st->last = st->heard = loop_now_ms(st->sip->loop);
	st->msg_due = 0;
}

static void recv_msg(struct sip_stream *st, struct slice data)
{
	struct sip_rx rx = {.tp = st->tp,
			    .src = st->peer,
			    .dst = st->local,
			    .stream = st,
			    .us = loop_now_us(st->sip->loop),
			    .data = data};

	/* banned in mid-connection: all of it goes */
	if (st->sip->guard && !guard_admit(st->sip->guard, &st->peer)) {
		sip_stream_close(st, EPERM);
		return;
	}
	touch(st);
	sip_recv(st->sip, &rx);
}

/* No way to find the next message: answer if possible, then close (RFC 3261 18.3). */
static void recv_bad(struct sip_stream *st, struct slice data, uint16_t scode, const char *reason)
{
	struct sip_rx rx = {.tp = st->tp,
			    .src = st->peer,
			    .dst = st->local,
			    .stream = st,
			    .us = loop_now_us(st->sip->loop),
			    .data = data};

	sip_recv_bad(st->sip, &rx, scode, reason);
	sip_stream_close(st, EBADMSG);
}

static void ping(struct sip_stream *st)
{
	touch(st);
	if (sip_stream_send(st, st->sip->pong))
		log_debug("sip", "keep-alive could not be answered");
}

/* Handle whole messages at the front of `data`; returns what is left over, or nothing when the stream closed. */
static struct slice consume(struct sip_stream *st, struct slice data)
{
	while (st->sip && !st->broken && data.l) {
		size_t len = 0;

		switch (sip_framer_next(&st->framer, data, &len)) {
		case SIP_FRAME_MSG:
			recv_msg(st, slice_first(data, len));
			break;
		case SIP_FRAME_PING:
			ping(st);
			break;
		case SIP_FRAME_PONG:
			touch(st);
			/* the answer to our ping is not the first half of another */
			if (st->pinged)
				st->framer.crlf = st->pinged = false;
			break;
		case SIP_FRAME_MORE:
			return data;
		case SIP_FRAME_TOO_LARGE:
			recv_bad(st, data, 513, "Message Too Large");
			return SLICE_NULL;
		case SIP_FRAME_BAD:
			recv_bad(st, data, 400, "Bad Content-Length");
			return SLICE_NULL;
		}
		data = slice_from(data, len);
	}
	return SLICE_NULL;
}

/* Keep the beginning of a message; `rest` may lie in st->rx itself. */
static int keep(struct sip_stream *st, struct slice rest, bool in_rx)
{
	if (in_rx) {
		memmove(st->rx.p, rest.p, rest.l);
		st->rx.l = rest.l;
	} else {
		buf_mem(&st->rx, rest.p, rest.l);
	}
	if (!st->msg_due) {
		st->msg_due = loop_now_ms(st->sip->loop) + 1000ULL * SIP_STREAM_MSG_S;
		arm(st);
	}
	return buf_err(&st->rx);
}

static void recv_framed(struct sip_stream *st, struct slice data)
{
	bool in_rx = st->rx.l > 0;
	struct slice rest;
	int err = 0;

	if (in_rx) {
		buf_mem(&st->rx, data.p, data.l);
		err = buf_err(&st->rx);
		data = buf_get(&st->rx);
	}
	rest = err ? SLICE_NULL : consume(st, data);
	if (!st->sip)
		return;
	if (!err && rest.l)
		err = keep(st, rest, in_rx);
	else if (in_rx)
		buf_free(&st->rx);
	recount(st);
	if (!err && st->rx.cap > RX_SMALL && st->sip->rx_bytes > SIP_RX_TOTAL)
		err = ERR_LIMIT;
	if (err)
		sip_stream_close(st, err);
}

void sip_stream_recv(struct sip_stream *st, struct slice data)
{
	if (!st->sip || st->broken || !data.l)
		return;
	mem_ref(st);
	if (st->tp == SIP_TRANSP_WS || st->tp == SIP_TRANSP_WSS) {
		/* RFC 7118 5; blocks of line ends alone are keep-alives (RFC 7118 6). */
		if (data.l <= 4 && !slice_trim(data).l)
			ping(st);
		else if (data.l > SIP_MSG_MAX)
			recv_bad(st, data, 513, "Message Too Large");
		else
			recv_msg(st, data);
	} else {
		recv_framed(st, data);
	}
	mem_deref(st);
}
