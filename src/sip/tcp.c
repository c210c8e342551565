/*
 * tcp.c - TCP and TLS as carriers of streams (RFC 3261 18.2, 18.4, 26.2; RFC 5922): incoming and outgoing connections.
 *
 * A TLS connection is a struct tcp like the other; only its beginning differs, and it may say why it ended.
 */
#include "base/log.h"
#include "sip/sip_priv.h"

/* A connection: the loop's object and the stack's stream point to each other until one of them closes. */
struct conn {
	struct tcp *tcp;
	struct sip_stream *stream; /**< not referenced; gone when the stack closes it */
	struct guard *guard;       /**< it is counted there; referenced; NULL: our own connection */
};

static void conn_destroy(void *obj)
{
	struct conn *c = obj;
	struct sa peer;

	if (c->guard && c->tcp) {
		tcp_peer(c->tcp, &peer);
		sip_conn_left(c->guard, &peer);
	}
	mem_deref(c->guard);
	mem_deref(c->tcp);
}

static int conn_send(void *arg, struct rbuf *b)
{
	struct conn *c = arg;

	return tcp_send(c->tcp, b);
}

static void conn_close(void *arg)
{
	struct conn *c = arg;

	c->stream = NULL;
	tcp_shutdown(c->tcp);
	mem_deref(c);
}

static bool conn_proves(void *arg, struct slice host)
{
	struct conn *c = arg;

	return tls_proves(c->tcp, host);
}

static const struct sip_stream_ops stream_ops = {conn_send, conn_close, conn_proves};

static void on_connected(struct tcp *t, void *arg)
{
	struct conn *c = arg;

	tcp_local(t, &c->stream->local);
	if (c->stream->tp == SIP_TRANSP_TLS)
		sip_tls_why_set(c->stream->sip, &c->stream->peer, c->stream->host, NULL);
	c->stream->up = true;
	sip_race_up(c->stream->sip, c->stream->id);
}

static void on_recv(struct tcp *t, struct slice data, void *arg)
{
	struct conn *c = arg;

	(void)t;
	sip_stream_recv(c->stream, data);
}

static void on_drained(struct tcp *t, void *arg)
{
	(void)t;
	(void)arg;
}

static void on_closed(struct tcp *t, int err, void *arg)
{
	struct conn *c = arg;
	struct sip_stream *st = c->stream;

	if (tls_why(t) && !st->incoming)
		sip_tls_why_set(st->sip, &st->peer, st->host, tls_why(t));
	c->stream = NULL;
	sip_stream_closed(st, err);
	mem_deref(c);
}

static const struct tcp_ops tcp_conn_ops = {on_connected, on_recv, on_drained, on_closed};

static void on_accept(struct tcp_listener *tl, const struct sa *peer, void *arg)
{
	struct sip_listener *ln = arg;
	struct conn *c;
	struct sa local;
	char txt[SA_STRLEN];
	int err;

	/* a TLS connection entered before its handshake */
	if (ln->tp != SIP_TRANSP_TLS && !sip_conn_enter(ln->sip, peer))
		return;
	c = mem_zalloc(sizeof(*c), conn_destroy);
	err = c ? tcp_accept(&c->tcp, tl, &tcp_conn_ops, c) : ENOMEM;
	if (err) {
		sip_conn_left(ln->sip->guard, peer);
	} else {
		c->guard = mem_ref(ln->sip->guard);
		tcp_local(c->tcp, &local);
		err = sip_stream_add(&c->stream, ln->sip, ln->tp, &local, peer, true, &stream_ops, c);
	}
	if (err) {
		log_debug("sip", "connection from %s refused: %s", sa_str(peer, txt), err_str(err));
		mem_deref(c);
	}
}

/* Before any work is done for a stranger's handshake. */
static bool on_admit(const struct sa *peer, void *arg)
{
	struct sip_listener *ln = arg;
	struct sip *s = ln->sip;

	return (!s->ops.admit || s->ops.admit(SIP_TRANSP_TLS, peer, s->arg)) && sip_conn_enter(s, peer);
}

static void on_left(const struct sa *peer, void *arg)
{
	struct sip_listener *ln = arg;

	sip_conn_left(ln->sip->guard, peer);
}

int sip_tcp_listen(struct sip_listener *ln)
{
	struct sip *s = ln->sip;
	int err = ln->tp == SIP_TRANSP_TLS ? tls_listen(&ln->tcp, s->tls, &ln->local, on_accept, ln)
					   : tcp_listen(&ln->tcp, s->loop, &ln->local, on_accept, ln);

	if (err)
		return err;
	tcp_listener_local(ln->tcp, &ln->local);
	if (ln->tp == SIP_TRANSP_TLS)
		tls_listener_admit(ln->tcp, on_admit, on_left, ln);
	return 0;
}

static int connect_tls(struct conn *c, struct sip *s, const struct sip_dest *d)
{
	struct tls_to to = {.host = sip_host_name(s, d->host), .any = d->tls_any};

	return tls_connect(&c->tcp, s->tls, NULL, &d->addr, &to, &tcp_conn_ops, c);
}

int sip_tcp_connect(struct sip_stream **stp, struct sip *s, const struct sip_dest *d)
{
	struct conn *c = mem_zalloc(sizeof(*c), conn_destroy);
	struct sa local;
	int err;

	if (!c)
		return ENOMEM;
	err = d->tp == SIP_TRANSP_TLS ? connect_tls(c, s, d)
				      : tcp_connect(&c->tcp, s->loop, NULL, &d->addr, 0, &tcp_conn_ops, c);
	if (!err) {
		sa_any(&local, sa_af(&d->addr), 0);
		err = sip_stream_add(&c->stream, s, d->tp, &local, &d->addr, false, &stream_ops, c);
	}
	if (err) {
		mem_deref(c);
		return err;
	}
	c->stream->host = d->host;
	c->stream->tls_any = d->tls_any;
	*stp = c->stream;
	return 0;
}
