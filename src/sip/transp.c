/*
 * transp.c - listeners, and the one place where messages leave (RFC 3261 18).
 *
 * UDP sockets are batched; streams are in stream.c, TCP and TLS in tcp.c.
 */
#include "base/log.h"
#include "sip/sip_priv.h"
#include "wire/stun/msg.h"

enum { DSCP_CS3 = 24, UDP_BUF = 4 * 1024 * 1024 };

static const char *const names[] = {"UDP", "TCP", "TLS", "WS", "WSS"};
static const char *const params[] = {"udp", "tcp", "tls", "ws", "wss"};

struct slice sip_transp_name(enum sip_transp tp)
{
	return tp >= 0 && tp <= SIP_TRANSP_WSS ? slice_str(names[tp]) : SLICE_NULL;
}

struct slice sip_transp_param(enum sip_transp tp)
{
	return tp >= 0 && tp <= SIP_TRANSP_WSS ? slice_str(params[tp]) : SLICE_NULL;
}

static void listener_destroy(void *obj)
{
	struct sip_listener *ln = obj;

	list_unlink(&ln->le);
	mem_deref(ln->udp);
	mem_deref(ln->tcp);
}

/* Keep-alives of datagrams: CRLF, CRLFCRLF, zero bytes. */
static bool is_keepalive(struct slice d)
{
	if (d.l > 4)
		return false;
	for (size_t i = 0; i < d.l; i++)
		if (d.p[i] != '\r' && d.p[i] != '\n' && d.p[i] != 0)
			return false;
	return true;
}

static void udp_recv(struct udp *u, const struct udp_rx *urx, void *arg)
{
	struct sip_listener *ln = arg;
	struct sip_rx rx = {.tp = SIP_TRANSP_UDP, .src = urx->src, .dst = urx->dst, .us = urx->us, .data = urx->data};

	(void)u;
	if (stun_is(urx->data))
		sip_stun_recv(ln, urx);
	else if (!is_keepalive(urx->data))
		sip_recv(ln->sip, &rx);
}

static int open_udp(struct sip_listener *ln)
{
	const struct udp_opts o = {.batch = true, .rcvbuf = UDP_BUF, .sndbuf = UDP_BUF, .dscp = DSCP_CS3};
	int err = udp_open(&ln->udp, ln->sip->loop, &ln->local, &o, udp_recv, ln);

	if (!err)
		udp_local(ln->udp, &ln->local);
	return err;
}

int sip_listen(struct sip *s, enum sip_transp tp, const struct sa *local)
{
	struct sip_listener *ln;
	int err;

	if (tp != SIP_TRANSP_UDP && tp != SIP_TRANSP_TCP && (tp != SIP_TRANSP_TLS || !s->tls))
		return ENOTSUP;
	ln = mem_zalloc(sizeof(*ln), listener_destroy);
	if (!ln)
		return ENOMEM;
	ln->sip = s;
	ln->tp = tp;
	ln->local = *local;
	err = tp == SIP_TRANSP_UDP ? open_udp(ln) : sip_tcp_listen(ln);
	if (err) {
		mem_deref(ln);
		return err;
	}
	ln->any = sa_is_any(&ln->local);
	list_append(&s->listeners, &ln->le);
	return 0;
}

int sip_unlisten(struct sip *s, enum sip_transp tp, const struct sa *local)
{
	LIST_EACH (&s->listeners, k) {
		struct sip_listener *ln = LINK_OBJ(k, struct sip_listener, le);

		if (ln->tp != tp || !sa_eq(&ln->local, local))
			continue;
		mem_deref(ln);
		return 0;
	}
	return ENOENT;
}

void sip_listeners(const struct sip *s, void (*fn)(enum sip_transp tp, const struct sa *local, void *arg), void *arg)
{
	LIST_EACH (&s->listeners, k) {
		struct sip_listener *ln = LINK_OBJ(k, struct sip_listener, le);

		fn(ln->tp, &ln->local, arg);
	}
}

static void trace_tx(struct sip *s, const struct sip_dest *d, const struct sa *src, struct rbuf *b)
{
	s->st.tx++;
	if (!s->trace)
		return;
	trace_tell(s->trace, &(struct trace_note){.kind = TRACE_SIP,
						  .out = true,
						  .transp = (uint8_t)d->tp,
						  .us = loop_now_us(s->loop),
						  .local = src,
						  .peer = &d->addr,
						  .data = rbuf_slice(b)});
}

static int send_udp(struct sip *s, const struct sip_dest *d, struct rbuf *b)
{
	struct sa src;
	struct sip_listener *ln = sip_listener_for(s, d, &src);

	if (!ln)
		return EADDRNOTAVAIL;
	trace_tx(s, d, sa_isset(&src) ? &src : &ln->local, b);
	return udp_send(ln->udp, sa_isset(&src) ? &src : NULL, &d->addr, b);
}

void sip_ping(struct sip *s, const struct sip_dest *dest)
{
	struct sa src;
	struct sip_listener *ln = dest->tp == SIP_TRANSP_UDP ? sip_listener_for(s, dest, &src) : NULL;

	/* best effort: the next one comes soon */
	if (ln && udp_send(ln->udp, sa_isset(&src) ? &src : NULL, &dest->addr, s->ping))
		s->st.dropped++;
}

int sip_send(struct sip *s, const struct sip_dest *d, struct rbuf *b, struct sip_stream **stp)
{
	struct sip_stream *st;
	int err;

	if (stp)
		*stp = NULL;
	if (d->tp == SIP_TRANSP_UDP)
		return send_udp(s, d, b);
	st = sip_stream_find(s, d);
	if (!st) {
		if (d->tp != SIP_TRANSP_TCP && (d->tp != SIP_TRANSP_TLS || !s->tls))
			return ENOTCONN;
		err = sip_tcp_connect(&st, s, d);
		if (err)
			return err;
	}
	trace_tx(s, d, &st->local, b);
	err = sip_stream_send(st, b);
	if (!err && stp)
		*stp = st;
	return err;
}
