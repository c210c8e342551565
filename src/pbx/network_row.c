/*
 * network_row.c - the table "network": its fields, and what they mean together.
 */
#include <stdlib.h>
#include <string.h>
#include "pbx/network_priv.h"

static const struct field network_fields[] = {
	{"name", FIELD_TEXT, FIELD_KEY | FIELD_REQUIRED, 4, 4, NULL, NULL, "a-z", "Always \"main\".",
	 .group = "Addresses"},
	{"external_ip", FIELD_TEXT, 0, 0, 45, "", NULL, "0-9a-fA-F.:",
	 "Address that phones and providers outside reach this machine at, when it is behind a router. Empty: its "
	 "own."},
	{"local_net", FIELD_TEXT, 0, 0, 600, "", NULL, "0-9a-fA-F.:/ ",
	 "Networks of your own, as 192.168.0.0/16: the external address is not told there."},
	{"listen", FIELD_TEXT, 0, 0, 600, "", NULL, "0-9a-fA-F.: ",
	 "Addresses of this machine to listen on. Empty: all. For the page it holds from the next start on."},
	{"sip_port", FIELD_INT, 0, 1, 65535, NULL, NULL, NULL, "SIP over UDP and TCP. Not set: 5060.",
	 .group = "Ports"},
	{"sips_port", FIELD_INT, 0, 0, 65535, NULL, NULL, NULL,
	 "SIP over TLS; 0: off. Not set: the one after the port of SIP."},
	{"http_port", FIELD_INT, 0, 0, 65535, NULL, NULL, NULL,
	 "Page and API over HTTP; 0: off. Not set: 8080. Holds from the next start on."},
	{"https_port", FIELD_INT, 0, 0, 65535, NULL, NULL, NULL,
	 "Page and API over HTTPS; 0: off. Not set: 8443. Holds from the next start on."},
	{"rtp_first", FIELD_INT, 0, 1024, 65534, NULL, NULL, NULL,
	 "First UDP port for sound, an even one. Not set: 10000. Holds from the next start on."},
	{"rtp_last", FIELD_INT, 0, 1025, 65535, NULL, NULL, NULL,
	 "Last UDP port for sound. Not set: 20000. Holds from the next start on."},
};
const struct resource pbx_network_resource = {
	"network", "network", "Addresses and ports of this machine.", network_fields, ARRAY_LEN(network_fields),
	"Network", "Network"};

void network_defaults(struct network *n)
{
	*n = (struct network){
		.sip_port = -1, .sips_port = -1, .http_port = -1, .https_port = -1, .rtp_first = -1, .rtp_last = -1};
}

static void take_text(char *dst, size_t size, const json_t *row, const char *name)
{
	const json_t *v = json_object_get(row, name);

	if (v)
		(void)slice_copy(dst, size, slice_mem(json_string_value(v), json_string_length(v)));
}

static void take_port(int32_t *port, const json_t *row, const char *name)
{
	const json_t *v = json_object_get(row, name);

	if (v)
		*port = json_is_integer(v) ? (int32_t)json_integer_value(v) : -1;
}

void network_take(struct network *n, const json_t *row)
{
	take_text(n->external_ip, sizeof(n->external_ip), row, "external_ip");
	take_text(n->local_net, sizeof(n->local_net), row, "local_net");
	take_text(n->listen, sizeof(n->listen), row, "listen");
	take_port(&n->sip_port, row, "sip_port");
	take_port(&n->sips_port, row, "sips_port");
	take_port(&n->http_port, row, "http_port");
	take_port(&n->https_port, row, "https_port");
	take_port(&n->rtp_first, row, "rtp_first");
	take_port(&n->rtp_last, row, "rtp_last");
}

static json_t *port_json(int32_t port)
{
	return port < 0 ? json_null() : json_integer(port);
}

json_t *network_json(const struct network *n)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "external_ip", n->external_ip, "local_net",
			 n->local_net, "listen", n->listen, "sip_port", port_json(n->sip_port), "sips_port",
			 port_json(n->sips_port), "http_port", port_json(n->http_port), "https_port",
			 port_json(n->https_port), "rtp_first", port_json(n->rtp_first), "rtp_last",
			 port_json(n->rtp_last));
}

bool network_live_eq(const struct network *a, const struct network *b)
{
	return !strcmp(a->external_ip, b->external_ip) && !strcmp(a->local_net, b->local_net) &&
	       !strcmp(a->listen, b->listen) && a->sip_port == b->sip_port && a->sips_port == b->sips_port;
}

/* ------------------------------------------------------------------ what it may be */

static int bad(struct buf *why, const char *fmt, struct slice v)
{
	buf_printf(why, fmt, SLICE_FMT(v));
	return ERR_SYNTAX;
}

static int check_addresses(const struct network *n, struct buf *why)
{
	struct slice list = slice_str(n->listen), nets = slice_str(n->local_net);
	unsigned nlisten = 0, nnets = 0;
	struct sa_net net;
	struct sa a;

	if (*n->external_ip && (sa_set(&a, slice_str(n->external_ip), 0) || sa_is_any(&a)))
		return bad(why, "external_ip: \"%.*s\" is not an IP address.", slice_str(n->external_ip));
	while (list.l) {
		struct slice one = slice_cut(&list, ' ');

		if (one.l && (sa_set(&a, one, 0) || ++nlisten > NETWORK_LISTEN_MAX))
			return bad(why, "listen: \"%.*s\" is not an IP address, or there are more than 16.", one);
	}
	while (nets.l) {
		struct slice one = slice_cut(&nets, ' ');

		if (one.l && (sa_net_parse(&net, one) || ++nnets > NETWORK_NETS_MAX))
			return bad(why,
				   "local_net: \"%.*s\" is not a network as 192.168.0.0/16, or there are more than 32.",
				   one);
	}
	return 0;
}

static int32_t or (int32_t v, int32_t def)
{
	return v < 0 ? def : v;
}

static int check_ports(const struct network *n, struct buf *why)
{
	int32_t sip = or (n->sip_port, 5060);
	const struct {
		const char *name;
		int32_t port;
	} v[] = {{"sip_port", sip},
		 {"sips_port", or (n->sips_port, sip < 65535 ? sip + 1 : 5061)},
		 {"http_port", or (n->http_port, 8080)},
		 {"https_port", or (n->https_port, 8443)}};
	int32_t lo = or (n->rtp_first, 10000), hi = or (n->rtp_last, 20000);

	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		for (size_t k = 0; k < i; k++)
			if (v[i].port && v[i].port == v[k].port) {
				buf_printf(why, "%s and %s are the same, %d: each needs a port of its own.", v[k].name,
					   v[i].name, (int)v[i].port);
				return ERR_SYNTAX;
			}
	if (lo % 2 == 0 && hi >= lo + 7)
		return 0;
	buf_printf(why, "rtp_first (%d) must be even, and rtp_last (%d) at least seven more: a call needs four ports.",
		   (int)lo, (int)hi);
	return ERR_SYNTAX;
}

int network_row_check(const struct network *n, struct buf *why)
{
	int err = check_addresses(n, why);

	return err ? err : check_ports(n, why);
}
