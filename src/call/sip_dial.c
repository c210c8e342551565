/*
 * sip_dial.c - onward legs by SIP: where a contact is reached, and the INVITE to it, in which nothing of the caller's
 * side is seen but name, number, description and the headers that may pass.
 */
#include <stdio.h>
#include <string.h>
#include "base/utf8.h"
#include "call/sip_identity.h"

static void lookup(struct slice aor, location_lookup_h *h, void *harg, void *arg)
{
	struct edge *e = arg;

	e->location->lookup(aor, h, harg, e->location_arg);
}

int edge_contact_dest(const struct edge *e, const struct contact *c, struct sip_dest *d, bool *follow)
{
	struct sip_uri uri;
	int err;

	/* with a Path: the proxy that sent the REGISTER (RFC 3327) */
	*follow = c->natted || c->flow || c->path.l;
	if (*follow && sa_isset(&c->src)) {
		*d = (struct sip_dest){
			.tp = (enum sip_transp)c->transp, .addr = c->src, .local = c->local, .flow = c->flow};
		return 0;
	}
	*follow = false;
	err = sip_uri_decode(&uri, c->uri);
	if (err)
		return err;
	err = sip_dest_from_uri(d, e->sip, &uri);
	if (err)
		return err;
	if (sa_isset(&c->local) && sa_af(&c->local) == sa_af(&d->addr) && d->tp == (enum sip_transp)c->transp)
		d->local = c->local;
	return 0;
}

bool edge_secure_enough(const struct call *c, const struct sip_dest *d)
{
	return !c->secure || d->tp == SIP_TRANSP_TLS || d->tp == SIP_TRANSP_WSS;
}

static int leg(struct leg **lp, struct call *c, const struct dial_out *o, void *arg)
{
	struct edge *e = arg;
	struct sip_leg *sl;
	struct sip_dest d;
	char txt[SA_STRLEN];
	int err;

	if (!e->sip)
		return ERR_STATE;
	err = sip_leg_new(&sl, e);
	if (err)
		return err;
	err = edge_contact_dest(e, o->contact, &d, &sl->follow_dest);
	if (!err && !edge_secure_enough(c, &d))
		err = EHOSTUNREACH;
	if (!err)
		err = sip_leg_aim(sl, &d);
	if (!err)
		err = leg_new(&sl->leg, c, &sip_leg_ops, sl);
	if (err) {
		mem_deref(sl);
		return err;
	}
	sl->leg->peer = d.addr;
	utf8_copy(sl->leg->device, sizeof(sl->leg->device), o->contact->user_agent);
	if (!sl->leg->device[0])
		snprintf(sl->leg->device, sizeof(sl->leg->device), "%s", sa_ntop(&d.addr, txt));
	*lp = sl->leg;
	return 0;
}

/* The Request-URI: the contact as registered, without the headers a URI may carry (RFC 3261 19.1.5). */
static int enc_ruri(struct buf *b, struct slice contact)
{
	struct sip_uri u;
	int err = sip_uri_decode(&u, contact);

	if (err)
		return err;
	u.headers = SLICE_NULL;
	sip_uri_encode(b, &u);
	return buf_err(b);
}

static int enc_own_uri(struct buf *b, const char *user, struct slice host)
{
	buf_str(b, "sip:");
	sip_enc_user(b, slice_str(user));
	buf_char(b, '@');
	buf_slice(b, host);
	return buf_err(b);
}

/* The phone may know the caller's asserted identity only if it is trusted; From says what it may be shown. */
static int enc_lines(struct buf *b, const struct leg *l, const struct sip_identity_out *id, size_t ndiverted)
{
	struct sip_identity_out o = *id;

	o.kind = l->trusted ? TRUNK_ID_PAI : TRUNK_ID_FROM;
	return sip_identity_invite(b, l, &o, ndiverted);
}

static int invite(struct leg *l, const struct dial_out *o, struct slice offer, void *arg)
{
	char ruri_mem[CONTACT_URI_MAX + 64], from_mem[320], to_mem[320], host_mem[SA_STRLEN];
	struct sip_leg *sl = l->proto;
	struct edge *e = arg;
	struct sip_identity_out id = {.who = o->caller, .trusted = l->trusted};
	struct buf ruri, from, to, host, lines;
	struct slice display = SLICE_NULL;
	struct sa us;
	int err;

	buf_init_fixed(&ruri, ruri_mem, sizeof(ruri_mem));
	buf_init_fixed(&from, from_mem, sizeof(from_mem));
	buf_init_fixed(&to, to_mem, sizeof(to_mem));
	buf_init_fixed(&host, host_mem, sizeof(host_mem));
	buf_init(&lines);
	err = sip_local_for(e->sip, sl->dest, &us);
	if (!err)
		err = enc_ruri(&ruri, o->contact->uri);
	if (!err) {
		/* an address of record has no transport: the port of TLS would be taken for one of UDP (RFC
		 * 3261 19.1.1) */
		if (sl->dest->tp == SIP_TRANSP_TLS && sa_port(&us) == SIPS_PORT)
			sa_set_port(&us, SIP_PORT);
		sip_identity_host(&host, &us);
		id.host = buf_get(&host);
		err = sip_identity_from(&from, &display, &id);
	}
	if (!err)
		err = enc_own_uri(&to, o->number, id.host);
	edge_path_route(&lines, o->contact);
	/* both ways that phones know (RFC 5373 has a third that none does) */
	if (o->answers_itself)
		buf_printf(&lines,
			   "Call-Info: <sip:%.*s>;answer-after=0\r\n"
			   "Alert-Info: <http://%.*s>;info=alert-autoanswer;delay=0\r\n",
			   SLICE_FMT(id.host), SLICE_FMT(id.host));
	if (!err)
		err = enc_lines(&lines, l, &id, o->ndiverted);
	if (err) {
		buf_free(&lines);
		return err;
	}
	struct sip_inv_call call = {
		.uri = buf_get(&ruri),
		.from_display = display,
		.from_uri = buf_get(&from),
		.to_uri = o->number[0] ? buf_get(&to) : SLICE_NULL,
		.contact_user = sip_identity_contact_user(o->caller),
		.hdrs = buf_get(&lines),
		.ctype = offer.l ? SLICE("application/sdp") : SLICE_NULL,
		.offer = offer,
		.maxfwd = l->call->maxfwd,
		.follow_dest = sl->follow_dest,
		.rel100_off = !offer.l, /* its offer would be one to a caller who gets it with the answer only */
	};
	sip_leg_timer(e, &call.timer, sl->follow_dest);
	err = sip_leg_connect(sl, &call);
	buf_free(&lines);
	return err;
}

const struct calls_dialer edge_dialer = {.lookup = lookup, .leg = leg, .invite = invite};
