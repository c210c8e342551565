/*
 * tls.c - TLS of a user agent: made when the first account asks for it.
 *
 * The agent listens too, so that it has a port to name in Via and Contact (RFC 3261 18.1.1), with a certificate that
 * lives as long as the agent; calls come by the connection that registered (RFC 5626).
 */
#include "loop/tls.h"
#include "ua/ua_priv.h"

enum { DAY = 86400 };

static int own_cert(struct oh_ua *ua)
{
	int64_t now = loop_wall_ms(ua->loop) / 1000;
	struct cert_make m = {.cn = "offhook phone", .not_before = now - DAY, .not_after = now + 3650LL * DAY};
	struct cert *c;

	if (!sa_is_any(&ua->ip))
		m.addr[m.naddr++] = ua->ip;
	int err = cert_make(&c, &m);
	if (err)
		return err;
	err = tls_set_cert(ua->tls, c);
	mem_deref(c);
	return err;
}

int ua_tls_open(struct oh_ua *ua)
{
	struct tls_cfg cfg = {.loop = ua->loop, .ca_file = ua->tls_ca, .threads = 1};
	struct sa local = ua->ip;
	struct buf why;

	if (ua->tls)
		return 0;
	buf_init(&why);
	int err = tls_alloc(&ua->tls, &cfg, &why);
	if (why.l)
		log_warn("ua", "%.*s", SLICE_FMT(buf_get(&why)));
	buf_free(&why);
	if (!err)
		err = own_cert(ua);
	if (!err) {
		sip_set_tls(ua->sip, ua->tls);
		sa_set_port(&local, 0);
		err = sip_listen(ua->sip, SIP_TRANSP_TLS, &local);
	}
	if (err) {
		sip_set_tls(ua->sip, NULL);
		ua->tls = mem_deref(ua->tls);
		return err;
	}
	ua_note_ports(ua);
	return 0;
}

const char *ua_transport_param(const struct oh_account *a)
{
	switch (a->dest.tp) {
	case SIP_TRANSP_TCP:
		return ";transport=tcp";
	case SIP_TRANSP_TLS:
		return ";transport=tls";
	default:
		return "";
	}
}

const char *ua_err_text(const struct oh_account *a, int err)
{
	const char *why = a->ua && a->dest.tp == SIP_TRANSP_TLS && err ? sip_tls_why(a->ua->sip, &a->dest) : NULL;

	return why ? why : err_str(err);
}
