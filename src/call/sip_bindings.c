/*
 * sip_bindings.c - the Contact list of a REGISTER (RFC 3261 10.2.1, 10.2.2, 10.3 steps 6 and 7): lifetimes and their
 * limits,
 * "*", q values, and whether the phone sits behind NAT.
 */
#include "call/sip_edge_priv.h"

struct reader {
	struct edge *e;
	const struct sip_msg *msg;
	struct contact *c; /* LOCATION_MAX */
	struct location_update *u;
	bool has_expires, star;
	uint32_t expires; /* of the Expires header, s */
	const char *why;
	struct slice path; /* of all contacts */
};

static uint16_t no(struct reader *r, uint16_t code, const char *why)
{
	r->why = why;
	return code;
}

/*
 * Seconds granted to a contact; 0 removes it. A header that cannot be read counts as absent. The limits are the
 * location's. Returns 0 or 423.
 */
static uint16_t lifetime(struct reader *r, const struct sip_contact *c, uint32_t *s)
{
	const struct location_ops *lo = r->e->location;

	*s = c->has_expires ? c->expires : r->has_expires ? r->expires : lo->def_expires;
	if (*s && *s < lo->min_expires)
		return no(r, 423, NULL);
	if (lo->max_expires && *s > lo->max_expires)
		*s = lo->max_expires;
	return 0;
}

/*
 * The contact cannot be reached as it is written: its host is a name (names are resolved for outside lines only), it is
 * not the address the REGISTER came from, or the port was changed on the way (RFC 3581: sent-by differs from the
 * source). A connection comes from a port of its own, so that only addresses tell; once it is closed, such a phone is
 * reached by a new one.
 */
static bool behind_nat(const struct sip_msg *msg, const struct sip_uri *uri)
{
	struct sa c, via;

	if (sip_uri_sa(uri, SIP_PORT, &c) || !sa_eq_addr(&c, &msg->src))
		return true;
	if (msg->tp != SIP_TRANSP_UDP)
		return false;
	if (sa_set(&via, msg->via.host, msg->via.port ? msg->via.port : SIP_PORT))
		return !sa_eq(&c, &msg->src);
	/* some phones learn what we see and say that: there is a NAT all the same */
	if (sa_eq(&c, &msg->src))
		return !sa_eq_addr(&via, &msg->src);
	return !sa_eq_addr(&via, &msg->src) || (sa_eq(&via, &c) && msg->via.rport);
}

/* "<urn:uuid:...>" of the quoted +sip.instance (RFC 5626 4.1). */
static struct slice instance(struct slice params)
{
	struct slice v;

	if (!sip_param_get(params, "+sip.instance", &v))
		return SLICE_NULL;
	return v.l >= 2 && v.p[0] == '"' ? slice_mem(v.p + 1, v.l - 2) : v;
}

static uint16_t add_contact(struct reader *r, const struct sip_contact *sc)
{
	const struct sip_msg *msg = r->msg;
	int64_t now = loop_wall_ms(r->e->loop);
	struct contact *c = &r->c[r->u->n];
	struct sip_dest d;
	uint32_t s;
	uint16_t code = lifetime(r, sc, &s);

	if (code)
		return code;
	if (r->u->n >= LOCATION_MAX)
		return no(r, 403, "Too Many Contacts");
	if (!slice_ieqs(sc->addr.uri.scheme, "sip") && !slice_ieqs(sc->addr.uri.scheme, "sips"))
		return no(r, 403, "Contact Is Not A SIP Address");
	if (sc->addr.auri.l > CONTACT_URI_MAX)
		return no(r, 403, "Contact Too Long");
	sip_dest_from_msg(&d, msg);
	*c = (struct contact){
		.uri = sc->addr.auri, .callid = msg->callid, .q = sc->q, .src = msg->src, .local = msg->dst};
	c->user_agent = slice_first(sip_msg_val(msg, SIP_HDR_USER_AGENT), 128);
	c->instance = slice_first(instance(sc->addr.params), 128);
	c->cseq = msg->cseq.num;
	c->transp = (uint8_t)msg->tp;
	c->flow = d.flow;
	c->path = r->path;
	c->natted = behind_nat(msg, &sc->addr.uri);
	c->since_ms = now;
	c->expires_ms = s ? now + (int64_t)s * 1000 : 0;
	r->u->v[r->u->n++] = c;
	return 0;
}

static uint16_t read_contacts(struct reader *r)
{
	struct sip_val_iter it = {0};
	struct sip_contact sc;
	struct slice val;
	uint16_t code;

	while (sip_msg_next_val(r->msg, SIP_HDR_CONTACT, &it, &val)) {
		if (sip_contact_decode(&sc, val))
			return no(r, 400, "Bad Contact");
		if (sc.star) {
			r->star = true;
			continue;
		}
		code = add_contact(r, &sc);
		if (code)
			return code;
	}
	/* "*" stands alone and means removal (RFC 3261 10.3 step 6). */
	if (r->star && (r->u->n || !r->has_expires || r->expires))
		return no(r, 400, "Bad Use Of Contact *");
	return 0;
}

uint16_t edge_bindings(struct edge *e, const struct sip_msg *msg, struct contact c[LOCATION_MAX],
		       struct location_update *u, const char **why, char path[EDGE_PATH_MAX])
{
	struct reader r = {.e = e, .msg = msg, .c = c, .u = u};
	struct slice exp = sip_msg_val(msg, SIP_HDR_EXPIRES);
	uint16_t code;

	u->n = 0;
	u->callid = msg->callid;
	u->cseq = msg->cseq.num;
	if (exp.l) {
		int err = slice_u32(exp, &r.expires);

		if (err == ERANGE)
			r.expires = UINT32_MAX;
		r.has_expires = !err || err == ERANGE;
	}
	code = edge_path_read(msg, path, &r.path) ? read_contacts(&r) : no(&r, 403, "Path Not Usable");
	u->star = r.star;
	*why = r.why;
	return code;
}
