/*
 * options.c - the options of `serve`, from the command line or OFFHOOK_ variables: one table, one check each.
 */
#include <string.h>
#include "app/serve.h"
#include "pbx/capture.h"

const struct opt serve_opts[] = {
	{.name = "data",
	 .arg = "DIR",
	 .env = "OFFHOOK_DATA",
	 .words = "@dir",
	 .def = "./data if it exists, else /var/lib/offhook",
	 .help = "directory for database, keys and control socket; made if missing"},
	{.name = "listen",
	 .arg = "ADDR",
	 .env = "OFFHOOK_LISTEN",
	 .def = "all addresses, IPv4 and IPv6",
	 .help = "address to listen on; may be given several times"},
	{.name = "sip-port", .arg = "PORT", .env = "OFFHOOK_SIP_PORT", .def = "5060", .help = "SIP over UDP and TCP"},
	{.name = "sips-port",
	 .arg = "PORT",
	 .env = "OFFHOOK_SIPS_PORT",
	 .def = "the one after --sip-port: 5061",
	 .help = "SIP over TLS; 0: off"},
	{.name = "http-port",
	 .arg = "PORT",
	 .env = "OFFHOOK_HTTP_PORT",
	 .def = "8080",
	 .help = "page and API over HTTP; 0: off"},
	{.name = "https-port",
	 .arg = "PORT",
	 .env = "OFFHOOK_HTTPS_PORT",
	 .def = "8443",
	 .help = "page and API over HTTPS; 0: off"},
	{.name = "tls-ca",
	 .arg = "FILE",
	 .env = "OFFHOOK_TLS_CA",
	 .words = "@file",
	 .help = "PEM file of certificates to trust beside the system's, for providers"},
	{.name = "tls-client-ca",
	 .arg = "FILE",
	 .env = "OFFHOOK_TLS_CLIENT_CA",
	 .words = "@file",
	 .help = "ask phones for a certificate, signed by one of this PEM file"},
	{.name = "tls-client-required",
	 .env = "OFFHOOK_TLS_CLIENT_REQUIRED",
	 .help = "with --tls-client-ca: turn phones away that have none"},
	{.name = "rtp-ports",
	 .arg = "LOW-HIGH",
	 .env = "OFFHOOK_RTP_PORTS",
	 .def = "10000-20000",
	 .help = "UDP ports for sound and video"},
	{.name = "external-ip",
	 .arg = "ADDR",
	 .env = "OFFHOOK_EXTERNAL_IP",
	 .def = "none",
	 .help = "address that phones outside reach this machine at, behind a router"},
	{.name = "local-net",
	 .arg = "NET",
	 .env = "OFFHOOK_LOCAL_NET",
	 .help = "network of your own, as 192.168.0.0/16: no external address towards it; may be given several times"},
	{.name = "dns",
	 .arg = "ADDR[:PORT]",
	 .env = "OFFHOOK_DNS",
	 .def = "those of /etc/resolv.conf",
	 .help = "name server to ask; may be given several times"},
	{.name = "capture-mb",
	 .arg = "N",
	 .env = "OFFHOOK_CAPTURE_MB",
	 .def = "16",
	 .help = "memory for the last SIP and RTCP messages of calls, in MB; 0: none are kept"},
	{.name = "log-level",
	 .arg = "LEVEL",
	 .env = "OFFHOOK_LOG_LEVEL",
	 .def = "info",
	 .words = "error warn info debug",
	 .help = "error, warn, info or debug"},
	{.name = "bench-no-auth",
	 .env = "OFFHOOK_BENCH_NO_AUTH",
	 .hidden = true,
	 .help = "calls need no password: anybody who reaches the port can call"},
};
const size_t serve_nopts = ARRAY_LEN(serve_opts);

/* Call `fn` for each value: every --NAME given, or the words of the environment variable. */
static int each_value(const struct cli *c, const char *name,
		      int (*fn)(struct serve_options *o, const struct cli *c, struct slice v), struct serve_options *o)
{
	bool given = false;
	int rc = CLI_OK;

	for (size_t i = 0; i < c->nset && !rc; i++) {
		if (strcmp(c->set[i].o->name, name))
			continue;
		given = true;
		rc = fn(o, c, slice_str(c->set[i].value));
	}
	const char *env = given ? NULL : cli_opt(c, name);
	struct slice rest = slice_str(env);
	while (rest.l && !rc) {
		size_t n = 0;

		while (n < rest.l && rest.p[n] != ',' && rest.p[n] != ' ')
			n++;
		if (n)
			rc = fn(o, c, slice_first(rest, n));
		rest = slice_from(rest, n + 1);
	}
	return rc;
}

static int add_listen(struct serve_options *o, const struct cli *c, struct slice v)
{
	struct sa a;

	if (sa_set(&a, v, 0)) {
		if (sa_parse(&a, v, 0) == 0)
			return cli_usage(c, "--listen takes an address alone; give the port with --sip-port.");
		return cli_usage(c, "--listen: \"%.*s\" is not an IP address.", SLICE_FMT(v));
	}
	if (o->nlisten == LISTEN_MAX)
		return cli_usage(c, "--listen: at most %d addresses.", LISTEN_MAX);
	o->listen[o->nlisten++] = a;
	return CLI_OK;
}

static int add_net(struct serve_options *o, const struct cli *c, struct slice v)
{
	if (o->nlocal_net == LOCAL_NET_MAX)
		return cli_usage(c, "--local-net: at most %d networks.", LOCAL_NET_MAX);
	if (sa_net_parse(&o->local_net[o->nlocal_net], v))
		return cli_usage(c, "--local-net: \"%.*s\" is not a network. Write it as 192.168.0.0/16.",
				 SLICE_FMT(v));
	o->nlocal_net++;
	return CLI_OK;
}

static int add_dns(struct serve_options *o, const struct cli *c, struct slice v)
{
	size_t l = strlen(o->dns);
	char txt[SA_STRLEN];
	struct sa a;

	if (sa_parse(&a, v, 53) || !sa_port(&a))
		return cli_usage(c, "--dns: \"%.*s\" is not an IP address, with or without a port.", SLICE_FMT(v));
	sa_str(&a, txt);
	if (l + strlen(txt) + 2 > sizeof(o->dns))
		return cli_usage(c, "--dns: at most %d name servers.", DNS_MAX);
	if (l)
		o->dns[l++] = ',';
	memcpy(o->dns + l, txt, strlen(txt) + 1);
	return CLI_OK;
}

static int read_rtp_ports(struct serve_options *o, const struct cli *c)
{
	const char *v = cli_opt(c, "rtp-ports");
	struct slice hi = slice_str(v), lo = slice_cut(&hi, '-');
	uint32_t l, h;

	if (!v)
		return CLI_OK;
	if (slice_u32(lo, &l) || slice_u32(hi, &h) || l < 1024 || h > 65535 || l % 2)
		return cli_usage(c,
				 "--rtp-ports: write an even first port from 1024 on and a last one, as 10000-20000.");
	if (h < l + 7)
		return cli_usage(c, "--rtp-ports: a call needs four ports; give at least eight.");
	o->rtp_lo = (uint16_t)l;
	o->rtp_hi = (uint16_t)h;
	return CLI_OK;
}

static int read_addresses(struct serve_options *o, const struct cli *c)
{
	const char *ext = cli_opt(c, "external-ip");
	int rc = each_value(c, "listen", add_listen, o);

	if (rc)
		return rc;
	rc = each_value(c, "local-net", add_net, o);
	if (rc)
		return rc;
	rc = each_value(c, "dns", add_dns, o);
	if (rc)
		return rc;
	if (ext && (sa_set(&o->external_ip, slice_str(ext), 0) || sa_is_any(&o->external_ip)))
		return cli_usage(c, "--external-ip: \"%s\" is not an IP address.", ext);
	if (!o->nlisten) {
		o->listen_all = true;
		o->nlisten = 2;
		sa_any(&o->listen[0], AF_INET, 0);
		sa_any(&o->listen[1], AF_INET6, 0);
	}
	return CLI_OK;
}

static int read_tls(struct serve_options *o, const struct cli *c)
{
	uint32_t port = o->sip_port < 65535 ? o->sip_port + 1U : 5061;

	if (!cli_number(c, "sips-port", 0, 65535, &port))
		return CLI_USAGE;
	if (port == o->sip_port)
		return cli_usage(c, "--sips-port and --sip-port must differ: TLS and plain TCP cannot share a port.");
	o->sips_port = (uint16_t)port;
	o->tls_ca = cli_opt(c, "tls-ca");
	o->tls_client_ca = cli_opt(c, "tls-client-ca");
	o->tls_client_required = cli_flag(c, "tls-client-required");
	if (o->tls_client_required && !o->tls_client_ca)
		return cli_usage(c, "--tls-client-required needs --tls-client-ca FILE: who may sign them?");
	return CLI_OK;
}

static int read_web(struct serve_options *o, const struct cli *c)
{
	uint32_t http = 8080, https = 8443;

	if (!cli_number(c, "http-port", 0, 65535, &http) || !cli_number(c, "https-port", 0, 65535, &https))
		return CLI_USAGE;
	if (http && http == https)
		return cli_usage(c, "--http-port and --https-port must differ: a port speaks one of both.");
	const uint32_t web[] = {http, https};
	for (size_t i = 0; i < ARRAY_LEN(web); i++)
		if (web[i] && (web[i] == o->sip_port || web[i] == o->sips_port))
			return cli_usage(c, "--%s %u is a port of SIP already; choose another.",
					 i ? "https-port" : "http-port", (unsigned)web[i]);
	o->http_port = (uint16_t)http;
	o->https_port = (uint16_t)https;
	return CLI_OK;
}

static void note_held(struct serve_options *o, const struct cli *c)
{
	static const char *const name[] = {"external-ip", "local-net", "listen",     "sip-port",
					   "sips-port",   "http-port", "https-port", "rtp-ports"};

	for (unsigned i = 0; i < ARRAY_LEN(name); i++)
		if (cli_opt(c, name[i]))
			o->held |= 1u << i;
}

int serve_options_read(struct serve_options *o, const struct cli *c)
{
	const char *level = cli_opt(c, "log-level");
	uint32_t port = 5060;
	int rc;

	memset(o, 0, sizeof(*o));
	o->log_level = LOG_INFO;
	o->rtp_lo = 10000;
	o->rtp_hi = 20000;
	if (!cli_number(c, "sip-port", 1, 65535, &port))
		return CLI_USAGE;
	o->sip_port = (uint16_t)port;
	o->capture_mb = CAPTURE_MB_DEFAULT;
	if (!cli_number(c, "capture-mb", 0, CAPTURE_MB_MAX, &o->capture_mb))
		return CLI_USAGE;
	if (level && log_level_parse(&o->log_level, slice_str(level)))
		return cli_usage(c, "--log-level is error, warn, info or debug, not \"%s\".", level);
	rc = read_tls(o, c);
	if (!rc)
		rc = read_web(o, c);
	if (rc)
		return rc;
	o->bench_no_auth = cli_flag(c, "bench-no-auth");
	note_held(o, c);
	rc = read_rtp_ports(o, c);
	if (!rc)
		rc = read_addresses(o, c);
	for (size_t i = 0; i < o->nlisten; i++)
		sa_set_port(&o->listen[i], o->sip_port);
	return rc;
}
