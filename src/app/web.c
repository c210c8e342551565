/*
 * web.c - the web server of the running program: its ports, the page's files, the control socket, who answers.
 */
#include <stdio.h>
#include <string.h>
#include "api/web.h"
#include "app/assets.h"
#include "app/serve.h"
#include "base/log.h"
#include "loop/cert_live.h"

/* ------------------------------------------------------------------ start and end */

static size_t ports(const struct serve_options *o, struct http_port *v)
{
	size_t n = 0;

	for (size_t i = 0; i < 2 * o->nlisten; i++) {
		bool tls = i % 2;
		uint16_t port = tls ? o->https_port : o->http_port;

		if (!port)
			continue;
		v[n] = (struct http_port){
			.at = o->listen[i / 2],
			.tls = tls,
			.optional = o->listen_all && sa_af(&o->listen[i / 2]) == AF_INET6,
			.option = tls ? "--https-port" : "--http-port",
		};
		sa_set_port(&v[n++].at, port);
	}
	return n;
}

int server_web_open(struct server *s, struct buf *why)
{
	struct api_cfg ac = {.loop = s->loop, .pbx = s->pbx, .cert = s->cert};
	struct http_port port[2 * LISTEN_MAX];
	char path[1100];
	int err = api_alloc(&s->api, &ac);

	if (!err)
		err = api_web_alloc(&s->web, s->api, s->pbx);
	struct http_server_cfg hc = {
		.loop = s->loop,
		.unix_path = path,
		.port = port,
		.nport = ports(s->opt, port),
		.asset = web_assets,
		.nasset = web_nassets,
		.h = api_web_request,
		.arg = s->web,
	};

	snprintf(path, sizeof(path), "%s/control.sock", s->data);
	if (!err)
		err = http_server_alloc(&s->http, &hc, why);
	if (!err)
		err = api_web_serve(s->web, s->http);
	if (!err && s->opt->https_port)
		err = http_server_set_cert(s->http, cert_live_now(s->cert));
	return err;
}

void server_web_close(struct server *s)
{
	s->http = mem_deref(s->http);
	s->web = mem_deref(s->web);
}

void server_web_cert(struct server *s, const struct cert *c)
{
	int err = s->http && s->opt->https_port ? http_server_set_cert(s->http, c) : 0;

	if (err)
		log_error("app", "the page keeps its old certificate: %s", err_str(err));
}

static void add(const struct sa *at, bool tls, void *arg)
{
	char text[SA_STRLEN + 8], addr[SA_STRLEN];

	snprintf(text, sizeof(text), "%s %s", tls ? "https" : "http", sa_str(at, addr));
	(void)json_array_append_new(arg, json_string(text));
}

void server_web_listeners(const struct server *s, json_t *v)
{
	http_server_listeners(s->http, add, v);
}
