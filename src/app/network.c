/*
 * network.c - where SIP is listened for: the options of the command line and, where they say nothing, the table
 * "network"; and changing that while the server runs.
 *
 * A change opens what is new beside what is there. Only where the two cannot be together (all addresses and one of
 * them, on the same port) the old one goes first, and comes back if the new one cannot be had.
 */
#include <string.h>
#include "app/serve.h"
#include "call/edge.h"
#include "pbx/network.h"
#include "sip/sip.h"

enum { PLACES = 3 * LISTEN_MAX };

/** A socket to listen on. */
struct place {
	enum sip_transp tp;
	struct sa at;
	bool optional; /* a machine may lack IPv6 */
};
struct places {
	struct place v[PLACES];
	size_t n;
};

static const char *const names[] = {[SIP_TRANSP_UDP] = "UDP", [SIP_TRANSP_TCP] = "TCP", [SIP_TRANSP_TLS] = "TLS"};

/* ------------------------------------------------------------------ options and table */

static bool held(const struct serve_options *o, enum serve_held h)
{
	return o->held & h;
}

static void take_listen(struct serve_options *o, const char *list)
{
	struct slice rest = slice_str(list);
	size_t n = 0;

	while (rest.l && n < LISTEN_MAX) {
		struct slice one = slice_cut(&rest, ' ');

		if (one.l && !sa_set(&o->listen[n], one, 0))
			n++;
	}
	if (!n)
		return;
	o->nlisten = n;
	o->listen_all = false;
}

static void take_nets(struct serve_options *o, const char *list)
{
	struct slice rest = slice_str(list);

	o->nlocal_net = 0;
	while (rest.l && o->nlocal_net < LOCAL_NET_MAX) {
		struct slice one = slice_cut(&rest, ' ');

		if (one.l && !sa_net_parse(&o->local_net[o->nlocal_net], one))
			o->nlocal_net++;
	}
}

/* What holds from the next start on. */
static void merge_start(struct serve_options *o, const struct network *n)
{
	if (!held(o, HELD_HTTP_PORT) && n->http_port >= 0)
		o->http_port = (uint16_t)n->http_port;
	if (!held(o, HELD_HTTPS_PORT) && n->https_port >= 0)
		o->https_port = (uint16_t)n->https_port;
	if (held(o, HELD_RTP))
		return;
	if (n->rtp_first >= 0)
		o->rtp_lo = (uint16_t)n->rtp_first;
	if (n->rtp_last >= 0)
		o->rtp_hi = (uint16_t)n->rtp_last;
}

/* The given options, and the table where they are silent. */
static void merge(struct serve_options *o, const struct serve_options *given, const struct network *n)
{
	*o = *given;
	if (!held(o, HELD_EXTERNAL_IP) && *n->external_ip && sa_set(&o->external_ip, slice_str(n->external_ip), 0))
		sa_init(&o->external_ip);
	if (!held(o, HELD_LOCAL_NET))
		take_nets(o, n->local_net);
	if (!held(o, HELD_LISTEN))
		take_listen(o, n->listen);
	if (!held(o, HELD_SIP_PORT) && n->sip_port >= 0)
		o->sip_port = (uint16_t)n->sip_port;
	if (!held(o, HELD_SIPS_PORT))
		o->sips_port = n->sips_port >= 0     ? (uint16_t)n->sips_port
			       : o->sip_port < 65535 ? (uint16_t)(o->sip_port + 1)
						     : 5061;
	for (size_t i = 0; i < o->nlisten; i++)
		sa_set_port(&o->listen[i], o->sip_port);
}

void server_network_open(struct server *s)
{
	s->given = s->opt;
	merge(&s->use, s->given, pbx_network(s->pbx));
	merge_start(&s->use, pbx_network(s->pbx));
	s->opt = &s->use;
}

/* ------------------------------------------------------------------ places */

static void places_of(struct places *p, const struct serve_options *o)
{
	p->n = 0;
	for (size_t i = 0; i < o->nlisten; i++) {
		for (enum sip_transp tp = SIP_TRANSP_UDP; tp <= SIP_TRANSP_TLS; tp++) {
			struct place *w = &p->v[p->n];

			if (tp == SIP_TRANSP_TLS && !o->sips_port)
				continue;
			w->tp = tp;
			w->at = o->listen[i];
			w->optional = o->listen_all && sa_af(&w->at) == AF_INET6;
			if (tp == SIP_TRANSP_TLS)
				sa_set_port(&w->at, o->sips_port);
			p->n++;
		}
	}
}

static void add_place(enum sip_transp tp, const struct sa *at, void *arg)
{
	struct places *p = arg;

	if (p->n < PLACES)
		p->v[p->n++] = (struct place){.tp = tp, .at = *at};
}

/* Those that are listened on. */
static void places_now(struct places *p, const struct server *s)
{
	p->n = 0;
	sip_listeners(s->sip, add_place, p);
}

static bool has(const struct places *p, const struct place *w)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].tp == w->tp && sa_eq(&p->v[i].at, &w->at))
			return true;
	return false;
}

static void why_not(struct buf *why, const struct place *w, int err)
{
	const char *proto = names[w->tp], *opt = w->tp == SIP_TRANSP_TLS ? "sips-port" : "sip-port";
	unsigned port = sa_port(&w->at);
	char ip[SA_STRLEN];

	sa_ntop(&w->at, ip);
	switch (err) {
	case EADDRINUSE:
		buf_printf(why,
			   "SIP port %u (%s, %s) is in use by another program. End that program, or choose another "
			   "port: --%s %u",
			   port, proto, ip, opt,
			   port == 5060         ? 5070
			   : port + 10 <= 65535 ? port + 10
						: 5060);
		break;
	case EADDRNOTAVAIL:
		buf_printf(why,
			   "This machine has no address %s. `ip address` shows those it has; choose one with --listen.",
			   ip);
		break;
	case EACCES:
	case EPERM:
		buf_printf(why,
			   "You may not listen on port %u (%s, %s). Ports below 1024 need root; choose another with "
			   "--%s.",
			   port, proto, ip, opt);
		break;
	default:
		buf_printf(why, "Listening on port %u (%s, %s) failed: %s.", port, proto, ip, err_str(err));
	}
}

/* Can the two not be bound at once? */
static bool clash(const struct place *a, const struct place *b)
{
	bool udp = a->tp == SIP_TRANSP_UDP;

	return udp == (b->tp == SIP_TRANSP_UDP) && sa_port(&a->at) == sa_port(&b->at) &&
	       (sa_is_any(&a->at) || sa_is_any(&b->at) || sa_eq_addr(&a->at, &b->at));
}

static void listen_quiet(struct server *s, const struct place *w)
{
	int err = sip_listen(s->sip, w->tp, &w->at);

	if (err)
		log_error("app", "%s port %u cannot be opened again: %s", names[w->tp], sa_port(&w->at), err_str(err));
}

/* End what stands in the way of `w`; it is added to `gone`. */
static bool make_way(struct server *s, const struct place *w, struct places *gone)
{
	struct places now;
	bool any = false;

	places_now(&now, s);
	for (size_t i = 0; i < now.n; i++) {
		if (!clash(&now.v[i], w) || gone->n == PLACES || sip_unlisten(s->sip, now.v[i].tp, &now.v[i].at))
			continue;
		gone->v[gone->n++] = now.v[i];
		any = true;
	}
	return any;
}

/* Listen on all of `want` that is not there yet. */
static int open_places(struct server *s, const struct places *want, struct buf *why)
{
	struct places before, now, gone = {.n = 0};
	int err = 0;

	places_now(&before, s);
	for (size_t i = 0; i < want->n && !err; i++) {
		const struct place *w = &want->v[i];

		if (has(&before, w))
			continue;
		err = sip_listen(s->sip, w->tp, &w->at);
		if (err == EADDRINUSE && make_way(s, w, &gone))
			err = sip_listen(s->sip, w->tp, &w->at);
		if (w->optional && (err == EAFNOSUPPORT || err == EADDRNOTAVAIL))
			err = 0;
		else if (err)
			why_not(why, w, err);
	}
	if (!err)
		return 0;
	places_now(&now, s);
	for (size_t i = 0; i < now.n; i++)
		if (!has(&before, &now.v[i]))
			(void)!sip_unlisten(s->sip, now.v[i].tp, &now.v[i].at);
	for (size_t i = 0; i < gone.n; i++)
		listen_quiet(s, &gone.v[i]);
	return err;
}

/* ------------------------------------------------------------------ at the start */

int server_listen(struct server *s, struct buf *why)
{
	struct places want;

	places_of(&want, s->opt);
	int err = open_places(s, &want, why);
	if (!err || !pbx_network(s->pbx)->stored)
		return err;
	/* what was set once is no reason not to start: addresses of machines change */
	log_error("app", "%.*s", SLICE_FMT(buf_get(why)));
	pbx_alarm_raise(s->pbx, "network.start", "critical",
			"The addresses or ports that are set cannot be used: those of the command line are.",
			"See the log for the reason, and set others: offhook network set.");
	buf_reset(why);
	s->use = *s->given;
	places_of(&want, s->opt);
	return open_places(s, &want, why);
}

/* ------------------------------------------------------------------ while it runs */

static void use_addresses(struct server *s)
{
	const struct serve_options *o = s->opt;
	bool ext = sa_isset(&o->external_ip);
	int err = edge_set_addresses(s->edge, ext ? &o->external_ip : NULL, o->local_net, o->nlocal_net);

	sip_set_external(s->sip, ext ? &o->external_ip : NULL);
	if (!err)
		err = sip_set_local_nets(s->sip, o->local_net, o->nlocal_net);
	if (err)
		log_error("app", "the networks of our own could not be set: %s", err_str(err));
}

/* The ports of web and sound stay those of the start. */
static void target(const struct server *s, const struct network *n, struct serve_options *o)
{
	merge(o, s->given, n);
	o->http_port = s->use.http_port;
	o->https_port = s->use.https_port;
	o->rtp_lo = s->use.rtp_lo;
	o->rtp_hi = s->use.rtp_hi;
}

static int open_h(const struct network *n, struct buf *why, void *arg)
{
	struct server *s = arg;
	struct serve_options o;
	struct places want;

	target(s, n, &o);
	places_of(&want, &o);
	int err = open_places(s, &want, why);
	if (err)
		return err;
	s->use = o;
	use_addresses(s);
	server_about(s);
	return 0;
}

static void settle_h(const struct network *n, void *arg)
{
	struct server *s = arg;
	struct places want, now;
	struct serve_options o;
	size_t closed = 0;
	struct buf why;

	target(s, n, &o);
	places_of(&want, &o);
	places_now(&now, s);
	for (size_t i = 0; i < now.n; i++)
		if (!has(&want, &now.v[i]) && !sip_unlisten(s->sip, now.v[i].tp, &now.v[i].at))
			closed++;
	buf_init(&why);
	if (open_places(s, &want, &why))
		log_error("app", "%.*s", SLICE_FMT(buf_get(&why)));
	buf_free(&why);
	s->use = o;
	use_addresses(s);
	server_about(s);
	if (!closed)
		return;
	/* providers call us where we register from */
	pbx_lines(s->pbx, false);
	pbx_lines(s->pbx, true);
}

static const char *held_h(const char *field, void *arg)
{
	static const struct {
		const char *field;
		enum serve_held bit;
		const char *option;
	} v[] = {{"external_ip", HELD_EXTERNAL_IP, "--external-ip"},
		 {"local_net", HELD_LOCAL_NET, "--local-net"},
		 {"listen", HELD_LISTEN, "--listen"},
		 {"sip_port", HELD_SIP_PORT, "--sip-port"},
		 {"sips_port", HELD_SIPS_PORT, "--sips-port"},
		 {"http_port", HELD_HTTP_PORT, "--http-port"},
		 {"https_port", HELD_HTTPS_PORT, "--https-port"},
		 {"rtp_first", HELD_RTP, "--rtp-ports"},
		 {"rtp_last", HELD_RTP, "--rtp-ports"}};
	const struct server *s = arg;

	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		if (!strcmp(v[i].field, field))
			return held(s->given, v[i].bit) ? v[i].option : NULL;
	return NULL;
}

void server_network_live(struct server *s)
{
	const struct network_ops ops = {.open = open_h, .settle = settle_h, .held = held_h, .arg = s};

	pbx_set_network(s->pbx, &ops);
}
