/*
 * trunk_text.c - the settings of a trunk as people write them, read and checked, with sentences for what is wrong.
 */
#include <ctype.h>
#include "pbx/pbx_priv.h"
#include "pbx/trunk.h"

static bool name_ok(struct slice s)
{
	for (size_t i = 0; i < s.l; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (!isalnum(c) && c != '.' && c != '-' && c != '_')
			return false;
	}
	return s.l && s.l <= 255 && s.p[0] != '.' && s.p[0] != '-';
}

/* "name:port", "1.2.3.4:port", "[v6]:port", "v6" */
static int host_port(struct slice s, struct trunk_server *v, struct buf *why)
{
	struct slice port = SLICE_NULL;
	struct sa a;
	uint32_t n;

	v->host = s;
	if (s.l && s.p[0] == '[') {
		ptrdiff_t end = slice_chr(s, ']');

		if (end > 0) {
			v->host = slice_mem(s.p + 1, (size_t)end - 1);
			port = slice_from(s, (size_t)end + 1);
		}
	} else if (sa_set(&a, s, 0)) {
		ptrdiff_t at = slice_chr(s, ':');

		if (at >= 0) {
			v->host = slice_first(s, (size_t)at);
			port = slice_from(s, (size_t)at);
		}
	}
	if (sa_set(&a, v->host, 0) && !name_ok(v->host)) {
		buf_printf(why, "\"%.*s\" is neither a host name nor an address.", SLICE_FMT(s));
		return ERR_SYNTAX;
	}
	if (!port.l)
		return 0;
	if (port.p[0] != ':' || slice_u32(slice_from(port, 1), &n) || !n || n > 65535) {
		buf_printf(why, "The port of \"%.*s\" must be a number from 1 to 65535.", SLICE_FMT(s));
		return ERR_SYNTAX;
	}
	v->port = (uint16_t)n;
	return 0;
}

static int server_param(struct slice p, struct trunk_server *v, struct buf *why)
{
	struct slice name = slice_trim(slice_cut(&p, '=')), val = slice_trim(p);
	uint16_t *to = slice_ieqs(name, "priority") ? &v->priority : slice_ieqs(name, "weight") ? &v->weight : NULL;
	uint32_t n;

	if (!to) {
		buf_printf(why, "\"%.*s\" is not known behind a server; priority=N and weight=N are.", SLICE_FMT(name));
		return ERR_SYNTAX;
	}
	if (slice_u32(val, &n) || n > 65534) {
		buf_printf(why, "The %.*s of a server must be a number from 0 to 65534.", SLICE_FMT(name));
		return ERR_SYNTAX;
	}
	*to = (uint16_t)n;
	return 0;
}

static int one_server(struct slice s, struct trunk_server *v, struct buf *why)
{
	struct slice host = slice_trim(slice_cut(&s, ';'));
	int err;

	*v = (struct trunk_server){0};
	if (slice_starts(host, SLICE("sip:")) || slice_starts(host, SLICE("sips:")))
		(void)slice_cut(&host, ':');
	err = host_port(host, v, why);
	while (!err && s.l)
		err = server_param(slice_trim(slice_cut(&s, ';')), v, why);
	return err;
}

int ptrunk_servers(struct slice text, struct trunk_server v[TRUNK_SERVERS_MAX], size_t *n, struct buf *why)
{
	*n = 0;
	while (text.l) {
		struct slice s = slice_trim(slice_cut(&text, ','));
		int err;

		if (!s.l)
			continue;
		if (*n == TRUNK_SERVERS_MAX) {
			buf_printf(why, "A trunk may have %d servers at most.", TRUNK_SERVERS_MAX);
			return ERR_SYNTAX;
		}
		err = one_server(s, &v[*n], why);
		if (err)
			return err;
		(*n)++;
	}
	return 0;
}

int ptrunk_networks(struct slice text, struct sa_net *v, size_t max, size_t *n, struct buf *why)
{
	*n = 0;
	while (text.l) {
		struct slice s = slice_trim(slice_cut(&text, ','));

		if (!s.l)
			continue;
		if (*n == max) {
			buf_printf(why, "There may be %zu addresses and networks at most.", max);
			return ERR_SYNTAX;
		}
		if (sa_net_parse(&v[*n], s)) {
			buf_printf(why, "\"%.*s\" is not an address like 203.0.113.5 or a network like 203.0.113.0/24.",
				   SLICE_FMT(s));
			return ERR_SYNTAX;
		}
		/* the whole world is not a provider */
		if (v[*n].bits < (sa_af(&v[*n].addr) == AF_INET ? 8 : 16)) {
			buf_printf(why, "%.*s is too wide: anybody could call as this trunk.", SLICE_FMT(s));
			return ERR_SYNTAX;
		}
		(*n)++;
	}
	return 0;
}

static const char *text_of(const json_t *row, const char *name)
{
	const char *s = json_string_value(json_object_get(row, name));

	return s ? s : "";
}

static bool flag_of(const json_t *row, const char *name)
{
	return json_is_true(json_object_get(row, name));
}

static uint32_t number_of(const json_t *row, const char *name)
{
	return (uint32_t)json_integer_value(json_object_get(row, name));
}

static struct slice slice_of(const json_t *row, const char *name)
{
	return slice_str(text_of(row, name));
}

/* A text that becomes part of a SIP URI or header. */
static int plain(const json_t *row, const char *name, struct buf *why)
{
	for (const char *s = text_of(row, name); *s; s++) {
		if (!strchr(" <>\"@;,?&", *s) && (unsigned char)*s > ' ' && (unsigned char)*s < 0x7f)
			continue;
		buf_printf(why, "\"%s\" may not contain blanks, <>\"@;,?& or letters beyond ASCII.", name);
		return ERR_SYNTAX;
	}
	return 0;
}

int ptrunk_row_ok(const json_t *row, struct buf *why)
{
	const char *name = text_of(row, "name");
	struct slice domain = slice_of(row, "domain");
	struct trunk_cfg cfg;
	struct sa a;
	int err;

	if (!islower((unsigned char)name[0])) {
		buf_str(why, "The name of a trunk begins with a small letter.");
		return why_at(ERR_SYNTAX, why, "name");
	}
	err = why_at(ptrunk_servers(slice_of(row, "server"), cfg.server, &cfg.nservers, why), why, "server");
	if (!err)
		err = why_at(
			ptrunk_networks(slice_of(row, "addresses"), cfg.from, ARRAY_LEN(cfg.from), &cfg.nfrom, why),
			why, "addresses");
	if (!err)
		err = why_at(plain(row, "user", why), why, "user");
	if (!err)
		err = why_at(plain(row, "from_user", why), why, "from_user");
	if (!err)
		err = why_at(call_codecs_check(slice_of(row, "codecs"), why), why, "codecs");
	if (err)
		return err;
	if (domain.l && !name_ok(domain) && sa_set(&a, domain, 0)) {
		buf_printf(why, "\"%.*s\" is not a domain: a host name without port is wanted.", SLICE_FMT(domain));
		return why_at(ERR_SYNTAX, why, "domain");
	}
	if (flag_of(row, "register") && !cfg.nservers) {
		buf_str(why, "A trunk that registers needs a server: --server sip.provider.example. "
			     "One that only takes calls is made with --register no.");
		return why_at(ERR_SYNTAX, why, "server");
	}
	if (flag_of(row, "register") && !*text_of(row, "user")) {
		buf_str(why, "A trunk that registers needs the account's name: --user NAME. "
			     "One that is known by its address is made with --register no.");
		return why_at(ERR_SYNTAX, why, "user");
	}
	if (strlen(text_of(row, "country")) == 1) {
		buf_str(why, "A country has two letters: DE, GB, US ...");
		return why_at(ERR_SYNTAX, why, "country");
	}
	return 0;
}

/* Place of a word among the choices of an enum field. */
static unsigned choice(const json_t *row, const char *name)
{
	const struct field *f = resource_field(&pbx_trunk_resource, slice_str(name));
	struct slice all = slice_str(f->choices), have = slice_of(row, name);

	for (unsigned i = 0; all.l; i++)
		if (slice_eq(slice_cut(&all, ' '), have))
			return i;
	return 0;
}

int ptrunk_cfg(struct trunk_cfg *cfg, const json_t *row, struct slice password, struct slice password_in)
{
	struct buf why;
	int err;

	*cfg = (struct trunk_cfg){
		.name = slice_of(row, "name"),
		.transp = choice(row, "transport") ? slice_of(row, "transport") : SLICE_NULL,
		.domain = slice_of(row, "domain"),
		.registers = flag_of(row, "register"),
		.expires_s = number_of(row, "expires"),
		.user = slice_of(row, "user"),
		.auth_user = slice_of(row, "auth_user"),
		.password = password,
		.from_user = slice_of(row, "from_user"),
		.identity = (enum trunk_identity)choice(row, "identity"),
		.trusted = flag_of(row, "trusted"),
		.tls = flag_of(row, "tls_verify") ? TRUNK_TLS_VERIFY : TRUNK_TLS_ANY,
		.codecs = slice_of(row, "codecs"),
		.accepts = flag_of(row, "incoming"),
		.secret_in = password_in,
		.number_from = (enum trunk_number)choice(row, "number_from"),
		.check_s = number_of(row, "check_seconds"),
		.answer_ms = number_of(row, "answer_ms"),
	};
	buf_init(&why);
	err = ptrunk_servers(slice_of(row, "server"), cfg->server, &cfg->nservers, &why);
	if (!err)
		err = ptrunk_networks(slice_of(row, "addresses"), cfg->from, ARRAY_LEN(cfg->from), &cfg->nfrom, &why);
	buf_free(&why);
	if (!cfg->nservers) {
		cfg->registers = false;
		cfg->check_s = 0;
	}
	return err;
}
