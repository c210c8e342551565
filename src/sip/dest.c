/*
 * dest.c - where messages go and what we call ourselves there (RFC 3261 18.1, 18.2.2, 19.1.1;
 * RFC 3581; RFC 3263 4 for literal addresses).
 */
#include "sip/sip_priv.h"

enum { ROUTE_MS = 10000 /* how long "which local address reaches this peer" is believed */ };

void sip_dest_from_msg(struct sip_dest *d, const struct sip_msg *msg)
{
	*d = (struct sip_dest){.tp = msg->tp};
	d->addr = msg->src;
	d->local = msg->dst;
	d->flow = msg->flow ? sip_stream_flow(msg->flow) : 0;
}

/*
 * RFC 3261 18.2.2: to the source address, at the port of sent-by; with rport to the source port (RFC 3581 4). `maddr`
 * is not obeyed: it would let a stranger aim our answers at others.
 */
void sip_reply_dest(struct sip_dest *d, const struct sip_msg *msg)
{
	sip_dest_from_msg(d, msg);
	if (msg->tp == SIP_TRANSP_UDP && msg->via.rport)
		return;
	sa_set_port(&d->addr, msg->via.port ? msg->via.port : msg->tp == SIP_TRANSP_TLS ? SIPS_PORT : SIP_PORT);
}

static int transp_of(const struct sip_uri *uri, enum sip_transp *tp)
{
	struct slice val;

	bool sips = slice_ieqs(uri->scheme, "sips");

	*tp = sips ? SIP_TRANSP_TLS : SIP_TRANSP_UDP;
	if (!sip_param_get(uri->params, "transport", &val))
		return 0;
	/* with sips: the parameter names what TLS runs on (RFC 5630 3.1.4, RFC 3261 26.2.2) */
	if (slice_ieqs(val, "tls"))
		*tp = SIP_TRANSP_TLS;
	else if (slice_ieqs(val, "tcp"))
		*tp = sips ? SIP_TRANSP_TLS : SIP_TRANSP_TCP;
	else if (sips || !slice_ieqs(val, "udp"))
		return ENOTSUP;
	return 0;
}

int sip_dest_from_uri(struct sip_dest *d, const struct sip *s, const struct sip_uri *uri)
{
	enum sip_transp tp;
	int err;

	(void)s;
	if (!slice_ieqs(uri->scheme, "sip") && !slice_ieqs(uri->scheme, "sips"))
		return ENOTSUP;
	err = transp_of(uri, &tp);
	if (err)
		return err;
	*d = (struct sip_dest){.tp = tp, .sips = slice_ieqs(uri->scheme, "sips")};
	return sip_uri_sa(uri, tp == SIP_TRANSP_TLS ? SIPS_PORT : SIP_PORT, &d->addr);
}

/* Asking the system takes some system calls; it is asked once per peer and 10 s. */
static bool route_to(struct sip *s, const struct sa *dst, struct sa *local)
{
	size_t i = sa_hash_addr(dst) % SIP_ROUTE_CACHE;
	uint64_t now = loop_now_ms(s->loop);

	if (s->routes[i].until <= now || !sa_eq_addr(&s->routes[i].dst, dst)) {
		if (udp_local_for(s->loop, dst, &s->routes[i].local))
			return false;
		s->routes[i].dst = *dst;
		s->routes[i].until = now + ROUTE_MS;
	}
	*local = s->routes[i].local;
	return true;
}

static bool fits(const struct sip_listener *ln, const struct sip_dest *d)
{
	return ln->tp == d->tp && sa_af(&ln->local) == sa_af(&d->addr);
}

/* How well a listener goes with an address of ours: the socket bound to it, then one bound to all, then any. */
static int match(const struct sip_listener *ln, const struct sa *local)
{
	int port = sa_port(local) && sa_port(local) == sa_port(&ln->local);

	if (sa_eq_addr(&ln->local, local))
		return 5 + port;
	return ln->any ? 3 + port : 1 + port;
}

struct sip_listener *sip_listener_for(struct sip *s, const struct sip_dest *d, struct sa *src)
{
	struct sip_listener *best = NULL;
	size_t n = 0;
	int m = 0;

	*src = d->local;
	LIST_EACH (&s->listeners, k)
		n += fits(LINK_OBJ(k, struct sip_listener, le), d);
	if (n > 1 && !sa_isset(src) && !route_to(s, &d->addr, src))
		sa_init(src);
	LIST_EACH (&s->listeners, k) {
		struct sip_listener *ln = LINK_OBJ(k, struct sip_listener, le);
		int now = fits(ln, d) ? match(ln, src) : 0;

		if (now > m) {
			m = now;
			best = ln;
		}
	}
	/* An address of another family, or another socket's, is no source. */
	if (best && (!best->any || sa_af(src) != sa_af(&best->local) || sa_is_any(src)))
		sa_init(src);
	return best;
}

static bool is_ours(const struct sip *s, const struct sa *peer)
{
	/* private addresses are on our side of any NAT, named or not (call/sip_leg's SDP says the same) */
	if (sa_is_private(peer))
		return true;
	for (size_t i = 0; i < s->netc; i++)
		if (sa_net_has(&s->nets[i], peer))
			return true;
	return false;
}

int sip_local_for(struct sip *s, const struct sip_dest *dest, struct sa *addr)
{
	const struct sip_stream *st = dest->tp == SIP_TRANSP_UDP ? NULL : sip_stream_find(s, dest);
	struct sa src;
	const struct sip_listener *ln = sip_listener_for(s, dest, &src);
	uint16_t port;

	if (ln)
		port = sa_port(&ln->local);
	else if (st)
		port = sa_port(&st->local);
	else if (dest->tp == SIP_TRANSP_TLS && s->tls)
		port = SIPS_PORT; /* we only call out by TLS; what comes back uses the connection */
	else
		return EADDRNOTAVAIL;
	if (sa_isset(&src))
		*addr = src;
	else if (ln && !ln->any)
		*addr = ln->local;
	else if (st && !sa_is_any(&st->local))
		*addr = st->local;
	else if (!route_to(s, &dest->addr, addr))
		return EADDRNOTAVAIL;
	if (sa_isset(&s->external) && sa_af(&s->external) == sa_af(&dest->addr) && !is_ours(s, &dest->addr))
		*addr = s->external;
	sa_set_port(addr, port);
	if (sa_af(addr) == AF_INET6)
		addr->u.in6.sin6_scope_id = 0; /* means nothing to the peer */
	return 0;
}

int sip_contact_for(struct sip *s, const struct sip_dest *dest, struct sa *addr)
{
	int err = sip_local_for(s, dest, addr);

	/* behind a NAT: what the server itself says */
	if (!err)
		(void)sip_mapped_get(s, dest, addr);
	return err;
}

int sip_enc_contact(struct buf *b, struct sip *s, const struct sip_dest *dest, struct slice user)
{
	char txt[SA_STRLEN];
	struct sa local;
	int err = sip_contact_for(s, dest, &local);

	if (err)
		return err;
	buf_str(b, dest->sips && dest->tp == SIP_TRANSP_TLS ? "<sips:" : "<sip:");
	if (user.l) {
		sip_enc_user(b, user);
		buf_char(b, '@');
	}
	buf_str(b, sa_str(&local, txt));
	if (dest->tp != SIP_TRANSP_UDP && !(dest->sips && dest->tp == SIP_TRANSP_TLS)) {
		buf_str(b, ";transport=");
		buf_slice(b, sip_transp_param(dest->tp));
	}
	buf_char(b, '>');
	return buf_err(b);
}
