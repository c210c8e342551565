/*
 * web.c - the web server of the running program: its ports, the page's files, the control socket, who answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "app/assets.h"
#include "app/serve.h"
#include "base/log.h"
#include "loop/cert_live.h"
#include "pbx/account.h"

/* ------------------------------------------------------------------ requests */

static void reply(const struct api_answer *a, void *arg)
{
	struct http_req *rq = arg;
	char *text = a->json ? json_dumps(a->json, JSON_COMPACT | JSON_REAL_PRECISION(10)) : NULL;
	bool ok = a->json ? text != NULL : a->status == 204;

	http_reply(rq, ok ? a->status : 503, "application/json", slice_str(text));
	free(text);
}

static void request(struct http_req *rq, void *arg)
{
	struct server *s = arg;
	char author[96];
	struct principal who;

	if (!http_req_control(rq)) {
		http_reply(rq, 401, "application/json",
			   SLICE("{\"error\": {\"code\": \"unauthorised\", \"message\": \"Sign in first.\"}}\n"));
		return;
	}
	principal_control(&who);
	snprintf(author, sizeof(author), "%s via control socket", http_req_peer_user(rq));
	struct api_request ar = {.method = http_req_method(rq),
				 .path = http_req_path(rq),
				 .query = http_req_query(rq),
				 .body = http_req_body(rq),
				 .who = &who,
				 .author = author};
	api_handle(s->api, &ar, reply, rq);
}

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
	struct http_server_cfg hc = {
		.loop = s->loop,
		.unix_path = path,
		.port = port,
		.nport = ports(s->opt, port),
		.asset = web_assets,
		.nasset = web_nassets,
		.h = request,
		.arg = s,
	};
	int err = api_alloc(&s->api, &ac);

	snprintf(path, sizeof(path), "%s/control.sock", s->data);
	if (!err)
		err = http_server_alloc(&s->http, &hc, why);
	if (!err && s->opt->https_port)
		err = http_server_set_cert(s->http, cert_live_now(s->cert));
	return err;
}

void server_web_close(struct server *s)
{
	s->http = mem_deref(s->http);
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
