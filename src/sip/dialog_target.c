/*
 * dialog_target.c - route set, remote target and the address that requests in a dialog are sent to
 * (RFC 3261 12.1, 12.2.1.2; NATed peers: RFC 3581, RFC 5626).
 *
 * The Request-URI is always what the peer's Contact says. The address may be another
 * one: a peer behind a NAT is reached only where its messages come from.
 */

#include "sip/dialog_priv.h"

enum { ROUTES_MAX = 32 };

struct slice dialog_software(const struct sip_msg *msg)
{
	struct slice s = sip_msg_val(msg, SIP_HDR_USER_AGENT);

	return slice_isset(s) ? s : sip_msg_val(msg, SIP_HDR_SERVER);
}

int dialog_contact(struct slice *uri, const struct sip_msg *msg)
{
	struct sip_val_iter it = {0};
	struct sip_contact c;
	struct slice val;

	if (!sip_msg_next_val(msg, SIP_HDR_CONTACT, &it, &val) || sip_contact_decode(&c, val) || c.star ||
	    !slice_isset(c.addr.auri))
		return ERR_SYNTAX;
	*uri = c.addr.auri;
	return 0;
}

int dialog_enc_route_set(struct buf *b, const struct sip_msg *msg, bool reverse)
{
	struct slice v[ROUTES_MAX], val;
	struct sip_val_iter it = {0};
	size_t n = 0;

	while (sip_msg_next_val(msg, SIP_HDR_RECORD_ROUTE, &it, &val)) {
		struct sip_addr a;

		if (n == ROUTES_MAX)
			return ERR_LIMIT;
		if (sip_addr_decode(&a, val))
			return ERR_SYNTAX;
		v[n++] = a.auri;
	}
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_char(b, ',');
		buf_char(b, '<');
		buf_slice(b, v[reverse ? n - 1 - i : i]);
		buf_char(b, '>');
	}
	return 0;
}

struct slice dialog_first_route(const struct dialog *d, struct slice *rest)
{
	struct slice all = dialog_text(d, DIALOG_ROUTES), first;
	ptrdiff_t end = slice_chr(all, '>');

	if (end < 1) {
		*rest = SLICE_NULL;
		return SLICE_NULL;
	}
	first = slice_from(slice_first(all, (size_t)end), 1);
	*rest = slice_from(all, (size_t)end + 2);
	return first;
}

void dialog_set_dest(struct dialog *d, const struct sip_dest *nd)
{
	struct sip_dest old = d->dest;

	sip_flow_hold(d->sip, nd->flow);
	sip_flow_release(d->sip, old.flow);
	d->dest = *nd;
	d->dest.sips = d->secure;
	/* whom TLS must prove, and how strictly, does not change with the peer's Contact */
	if (nd->tp == SIP_TRANSP_TLS && old.tp == SIP_TRANSP_TLS) {
		d->dest.tls_any = nd->tls_any || old.tls_any;
		if (!nd->host && sa_eq_addr(&nd->addr, &old.addr))
			d->dest.host = old.host;
	}
}

/** Does this Contact name an address that the peer cannot be reached at? */
static bool contact_lies(const struct dialog *d, const struct sip_uri *u, const struct sip_msg *msg)
{
	struct sa a;

	if (sip_uri_sa(u, SIP_PORT, &a))
		return true; /* a name: only the flow is sure */
	if (sa_eq_addr(&a, &msg->src))
		return false;
	/* Who called us without a proxy's Record-Route came straight from its own address. An answer may have come
	 * through proxies. */
	return d->uac ? sa_is_private(&a) && !sa_is_private(&msg->src) : true;
}

/** Destination of a URI; the flow that `msg` came by is kept if the URI means the same host. */
static int dest_of_uri(struct sip_dest *nd, const struct dialog *d, const struct sip_uri *u,
		       const struct sip_dest *from)
{
	int err = sip_dest_from_uri(nd, d->sip, u);

	if (err)
		return err;
	if (!sa_eq_addr(&nd->addr, &from->addr))
		return 0;
	/* Many phones on TCP leave ";transport=tcp" out of their Contact. */
	if (from->tp != SIP_TRANSP_UDP && !sip_param_get(u->params, "transport", NULL))
		nd->tp = from->tp;
	if (nd->tp == from->tp) {
		nd->local = from->local;
		nd->flow = from->flow;
	}
	return 0;
}

void dialog_set_dest_from(struct dialog *d, const struct sip_msg *msg)
{
	struct slice rest, route = dialog_first_route(d, &rest), target = dialog_text(d, DIALOG_TARGET);
	struct sip_dest nd, from;
	struct sip_uri u;

	sip_dest_from_msg(&from, msg);
	if (slice_isset(route)) {
		if (sip_uri_decode(&u, route) || dest_of_uri(&nd, d, &u, &from))
			nd = from;
	} else if (d->follow) {
		/* An answer by UDP tells nothing better than the address that worked for the request. */
		nd = !msg->req && from.tp == SIP_TRANSP_UDP ? d->dest : from;
	} else if (sip_uri_decode(&u, target) || contact_lies(d, &u, msg) || dest_of_uri(&nd, d, &u, &from)) {
		nd = from;
	}
	dialog_set_dest(d, &nd);
}

int dialog_refresh(struct dialog *d, const struct sip_msg *msg)
{
	struct slice uri;
	int err;

	if (!d->sip || dialog_contact(&uri, msg))
		return 0;
	err = dialog_set_text(d, DIALOG_TARGET, uri);
	if (!err)
		dialog_set_dest_from(d, msg);
	return err;
}
