/*
 * server.c - the HTTP server: a thread with a loop of its own, on which libwebsockets runs by its libuv plug-in.
 *
 * The control socket is bound under another name and renamed when its mode is 0600, so
 * that no moment exists at which somebody else could open it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>
#include "base/log.h"
#include "http/http_priv.h"

struct http_core *http_core_ref(struct http_core *c)
{
	atomic_fetch_add(&c->refs, 1);
	return c;
}

void http_core_deref(struct http_core *c)
{
	if (c && atomic_fetch_sub(&c->refs, 1) == 1)
		mem_deref(c);
}

/* ------------------------------------------------------------------ libwebsockets' own log */

static void lws_line(int level, const char *line)
{
	size_t l = strlen(line);

	while (l && (line[l - 1] == '\n' || line[l - 1] == '\r'))
		l--;
	if (level & LLL_ERR)
		log_warn("http", "%.*s", (int)l, line);
	else
		log_debug("http", "%.*s", (int)l, line);
}

/* ------------------------------------------------------------------ web thread */

static const struct lws_protocols protocols[] = {
	{.name = "http", .callback = http_conn_event, .per_session_data_size = sizeof(struct http_conn)},
	{.name = NULL},
};

static void fill_info(struct http_server *s, struct lws_context_creation_info *info, void **loops)
{
	info->options = LWS_SERVER_OPTION_UNIX_SOCK | LWS_SERVER_OPTION_LIBUV |
			LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME | LWS_SERVER_OPTION_DISABLE_IPV6;
	info->iface = s->tmp;
	info->protocols = protocols;
	info->foreign_loops = loops;
	info->pcontext = &s->ctx;
	info->user = s->core;
	info->gid = info->uid = (gid_t)-1;
	/* frugal: tables for the connections that we allow and no more, small buffers, no session cache */
	info->fd_limit_per_thread = HTTP_MAX_CONNS + 8;
	info->max_http_header_data = HTTP_MAX_HEADER;
	info->max_http_header_pool = HTTP_MAX_CONNS;
	info->pt_serv_buf_size = 4096;
	info->keepalive_timeout = HTTP_IDLE_S;
	info->timeout_secs = HTTP_IDLE_S;
	info->timeout_secs_ah_idle = HTTP_IDLE_S;
	info->server_string = "offhook";
}

/* libwebsockets closes its handles in later turns of the loop and wants to be asked again after them. */
static void destroy_context(struct http_server *s, uv_loop_t *uv)
{
	struct lws_context *ctx = s->ctx;

	if (!ctx)
		return;
	lws_context_destroy(ctx);
	for (int i = 0; i < 100 && s->ctx; i++) {
		uv_run(uv, UV_RUN_NOWAIT);
		if (i == 2 && s->ctx)
			lws_context_destroy(s->ctx);
	}
	if (s->ctx)
		log_warn("http", "the control socket's server did not end cleanly");
}

static int web_init(struct loop *l, void *arg)
{
	struct http_server *s = arg;
	struct lws_context_creation_info info;
	void *loops[1] = {loop_uv(l)};

	if (!loops[0])
		return ENOMEM;
	memset(&info, 0, sizeof(info));
	fill_info(s, &info, loops);
	lws_set_log_level(LLL_ERR | LLL_WARN, lws_line);
	(void)unlink(s->tmp);
	errno = 0;
	s->ctx = lws_create_context(&info);
	if (!s->ctx)
		return errno ? errno : ENOMEM;
	if (chmod(s->tmp, 0600) || rename(s->tmp, s->path)) {
		int err = errno;

		(void)unlink(s->tmp);
		destroy_context(s, loops[0]);
		return err;
	}
	s->core->web = l;
	return 0;
}

static void web_fini(struct loop *l, void *arg)
{
	struct http_server *s = arg;

	(void)unlink(s->path);
	destroy_context(s, loop_uv(l));
}

/* ------------------------------------------------------------------ loop thread */

static void server_destroy(void *obj)
{
	struct http_server *s = obj;

	if (s->core) {
		s->core->closed = true;
		loop_thread_stop(s->thread);
		s->core->web = NULL;
	}
	http_core_deref(s->core);
}

int http_server_alloc(struct http_server **sp, const struct http_server_cfg *cfg, struct buf *why)
{
	struct http_server *s = mem_zalloc(sizeof(*s), server_destroy);
	int n;

	(void)why;
	if (!s)
		return ENOMEM;
	s->core = mem_zalloc(sizeof(*s->core), NULL);
	if (!s->core) {
		mem_deref(s);
		return ENOMEM;
	}
	atomic_init(&s->core->refs, 1);
	s->core->loop = cfg->loop;
	s->core->h = cfg->h;
	s->core->arg = cfg->arg;
	s->core->max_body = cfg->max_body ? cfg->max_body : HTTP_MAX_BODY;
	n = snprintf(s->tmp, sizeof(s->tmp), "%s.new", cfg->unix_path);
	int err = n > 0 && (size_t)n < sizeof(s->tmp) ? 0 : ENAMETOOLONG;
	if (!err) {
		(void)slice_copy(s->path, sizeof(s->path), slice_str(cfg->unix_path));
		err = loop_thread_start(&s->thread, NULL, "offhook-web", web_init, web_fini, s);
	}
	if (err) {
		mem_deref(s);
		return err;
	}
	*sp = s;
	return 0;
}
