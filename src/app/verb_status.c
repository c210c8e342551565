/*
 * verb_status.c - `status`, `log-level`, `inspect`, `metrics`: what the running server says of itself.
 */
#include <string.h>
#include "app/cli.h"
#include "app/out.h"
#include "base/clock.h"

enum { W = 14 };

static void put_alarms(const json_t *alarms)
{
	size_t i;
	json_t *a;
	char when[32];

	if (json_array_size(alarms) == 0) {
		out_pair("alarms", W, "none");
		return;
	}
	printf("\n");
	json_array_foreach(alarms, i, a)
	{
		printf("  %s%s%s since %s: %s\n",
		       out_style(strcmp(js(a, "severity"), "critical") == 0 ? STYLE_RED : STYLE_YELLOW),
		       js(a, "severity"), out_style(STYLE_OFF), clock_local(ji(a, "since"), when), js(a, "text"));
		printf("  What to do: %s\n", js(a, "remedy"));
	}
}

int verb_status(struct cli *c)
{
	json_t *o = NULL, *l;
	char span[64], when[32];
	size_t i;
	int rc = client_show(c, "/status", &o);

	if (rc || !o)
		return rc;
	printf("%soffhook %s is running.%s\n\n", out_style(STYLE_GREEN), js(o, "version"), out_style(STYLE_OFF));
	out_pair("up for", W, "%s (since %s)", out_span(ji(o, "uptime_s"), span),
		 clock_local(ji(o, "started_ms"), when));
	out_pair("extensions", W, "%lld, registered: %lld", (long long)ji(o, "extensions"),
		 (long long)ji(o, "registered"));
	if (ji(o, "recordings"))
		out_pair("calls", W, "%lld, recorded: %lld", (long long)ji(o, "calls"), (long long)ji(o, "recordings"));
	else
		out_pair("calls", W, "%lld", (long long)ji(o, "calls"));
	json_array_foreach(json_object_get(o, "trunks"), i, l)
		out_pair(i ? "" : "trunks", W, "%s: %s, %s", js(l, "name"), js(l, "state"), js(l, "words"));
	if (*js(o, "sip_address"))
		out_pair("SIP server", W, "%s", js(o, "sip_address"));
	if (*js(o, "page"))
		out_pair("page", W, "%s", js(o, "page"));
	json_array_foreach(json_object_get(o, "listeners"), i, l)
		out_pair(i ? "" : "listens on", W, "%s", json_string_value(l));
	if (*js(o, "rtp_ports"))
		out_pair("RTP ports", W, "%s", js(o, "rtp_ports"));
	if (*js(o, "external_ip"))
		out_pair("external IP", W, "%s", js(o, "external_ip"));
	out_pair("data", W, "%s", *js(o, "data") ? js(o, "data") : c->data);
	if (ji(o, "pid"))
		out_pair("process", W, "%lld", (long long)ji(o, "pid"));
	put_alarms(json_object_get(o, "alarms"));
	json_decref(o);
	return CLI_OK;
}

int verb_log_level(struct cli *c)
{
	json_t *o = NULL, *body = c->narg ? json_pack("{s:s}", "level", c->arg[0]) : NULL;
	int rc = client_call(c, c->narg ? "PUT" : "GET", "/log-level", body, &o);

	json_decref(body);
	if (rc)
		return rc;
	if (c->json)
		out_json(o);
	else
		printf("log level: %s\n", js(o, "level"));
	json_decref(o);
	return CLI_OK;
}

static int inspect_names(struct cli *c)
{
	json_t *o = NULL, *v;
	size_t i;
	int rc = client_call(c, "GET", "/inspect", NULL, &o);

	if (rc)
		return rc;
	if (c->json)
		out_json(o);
	else
		json_array_foreach(json_object_get(o, "items"), i, v) puts(json_string_value(v));
	json_decref(o);
	return CLI_OK;
}

int verb_inspect(struct cli *c)
{
	json_t *o = NULL;

	if (!c->narg)
		return inspect_names(c);
	char *path = client_path("/inspect/", c->arg[0]);
	int rc = client_call(c, "GET", path ? path : "/inspect", NULL, &o);
	mem_deref(path);
	if (rc)
		return rc;
	if (c->json)
		out_json(o);
	else
		fputs(js(o, "text"), stdout);
	json_decref(o);
	return CLI_OK;
}

int verb_metrics(struct cli *c)
{
	static const char *const title[] = {"NAME", "VALUE", "MEANING"};
	struct table t;
	json_t *o = NULL, *m;
	size_t i;
	int rc = client_call(c, "GET", "/metrics", NULL, &o);

	if (rc)
		return rc;
	if (c->json) {
		out_json(o);
	} else {
		table_init(&t, title, ARRAY_LEN(title), 1u << 1);
		json_array_foreach(json_object_get(o, "items"), i, m)
		{
			table_cell(&t, js(m, "name"));
			table_cellf(&t, "%lld", (long long)ji(m, "value"));
			table_cell(&t, js(m, "help"));
		}
		table_print(&t);
	}
	json_decref(o);
	return CLI_OK;
}
