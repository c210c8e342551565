/*
 * tls.c - the server's TLS: its certificate, made at the first start with the names of this machine, and the alarm
 * before it expires.
 */
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>
#include "app/serve.h"
#include "loop/cert_live.h"
#include "pbx/pbx.h"

enum { DAY = 86400, WARN_DAYS = 14, YEARS = 10, WATCH_MS = 6 * 3600 * 1000 };

/* ------------------------------------------------------------------ the alarm */

static void watch(void *arg);

static void look(struct server *s)
{
	const struct cert *c = tls_cert(s->tls);
	int64_t now = loop_wall_ms(s->loop) / 1000;
	char day[11], text[128];
	struct cert_info i;

	if (!c)
		return;
	cert_info(c, &i);
	timer_start(&s->cert_watch, s->loop, WATCH_MS, watch, s);
	if (i.not_after - now > WARN_DAYS * DAY) {
		pbx_alarm_clear(s->pbx, "certificate");
		return;
	}
	bool over = now > i.not_after;
	snprintf(text, sizeof(text), "The server's certificate %s on %s.", over ? "expired" : "expires",
		 cert_date(i.not_after, day));
	pbx_alarm_raise(s->pbx, "certificate", over ? "critical" : "warning", text,
			"Replace it: offhook certificate set CERT KEY");
}

static void watch(void *arg)
{
	look(arg);
}

static void changed(const struct cert *c, void *arg)
{
	struct server *s = arg;
	struct cert_info i;

	cert_info(c, &i);
	log_info("app", "certificate %s, SHA-256 %s", i.subject, i.fingerprint);
	server_web_cert(s, c);
	look(s);
}

/* ------------------------------------------------------------------ the first certificate */

static void add_addr(struct cert_make *m, const struct sa *a)
{
	if (m->naddr == CERT_NAMES_MAX || !sa_isset(a) || sa_is_any(a))
		return;
	for (size_t i = 0; i < m->naddr; i++)
		if (sa_eq_addr(&m->addr[i], a))
			return;
	m->addr[m->naddr++] = *a;
}

static void add_interfaces(struct cert_make *m)
{
	struct ifaddrs *list = NULL;
	struct sa a;

	if (getifaddrs(&list))
		return;
	for (struct ifaddrs *i = list; i; i = i->ifa_next) {
		if (i->ifa_addr && (i->ifa_flags & IFF_UP) &&
		    (i->ifa_addr->sa_family == AF_INET || i->ifa_addr->sa_family == AF_INET6) &&
		    sa_from_os(&a, i->ifa_addr) == 0 && !sa_is_linklocal(&a))
			add_addr(m, &a);
	}
	freeifaddrs(list);
}

/* Host names that can stand in a certificate: letters, digits, '-' and '.'. */
static bool host_ok(const char *s)
{
	return *s && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") == strlen(s);
}

static int open_cert(struct server *s, struct buf *why)
{
	int64_t now = loop_wall_ms(s->loop) / 1000;
	struct cert_make m = {.not_before = now - DAY, .not_after = now + (int64_t)YEARS * 365 * DAY};
	char host[256] = "", uri[264];

	if (gethostname(host, sizeof(host) - 1) || !host_ok(host))
		(void)slice_copy(host, sizeof(host), SLICE("offhook"));
	snprintf(uri, sizeof(uri), "sip:%s", host);
	m.cn = m.dns[m.ndns++] = host;
	m.uri[m.nuri++] = uri;
	add_addr(&m, &s->opt->external_ip);
	for (size_t i = 0; i < s->opt->nlisten; i++)
		add_addr(&m, &s->opt->listen[i]);
	add_interfaces(&m);
	return cert_live_open(s->cert, &m, why);
}

int server_tls_open(struct server *s, struct buf *why)
{
	const struct serve_options *o = s->opt;
	struct tls_cfg cfg = {.loop = s->loop,
			      .ca_file = o->tls_ca,
			      .client_ca_file = o->tls_client_ca,
			      .client_required = o->tls_client_required};
	char dir[1100];
	int err = tls_alloc(&s->tls, &cfg, why);

	snprintf(dir, sizeof(dir), "%s/tls", s->data);
	if (!err)
		err = cert_live_alloc(&s->cert, s->tls, dir, changed, s);
	if (!err)
		err = open_cert(s, why);
	return err;
}

void server_tls_close(struct server *s)
{
	timer_stop(&s->cert_watch);
	s->cert = mem_deref(s->cert);
	s->tls = mem_deref(s->tls);
}
