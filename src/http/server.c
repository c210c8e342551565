/*
 * server.c - the web server: a thread with a loop of its own, its listeners, its certificate, its end.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "http/http_priv.h"

/* ------------------------------------------------------------------ web thread */

static void say_why(struct buf *why, const struct http_port *p, int err)
{
	const char *kind = p->tls ? "https" : "http";
	unsigned port = sa_port(&p->at), other = port <= 65525 ? port + 10 : 8080;
	char ip[SA_STRLEN];

	if (!why)
		return;
	sa_ntop(&p->at, ip);
	switch (err) {
	case EADDRINUSE:
		buf_printf(why, "Web port %u (%s, %s) is in use by another program. End that program", port, kind, ip);
		if (p->option)
			buf_printf(why, ", or choose another port: %s %u (0: none)", p->option, other);
		break;
	case EADDRNOTAVAIL:
		buf_printf(why,
			   "This machine has no address %s. `ip address` shows those it has; choose one with --listen.",
			   ip);
		break;
	case EACCES:
	case EPERM:
		buf_printf(why, "You may not listen on web port %u (%s, %s). Ports below 1024 need root", port, kind,
			   ip);
		if (p->option)
			buf_printf(why, "; choose another with %s.", p->option);
		break;
	default:
		buf_printf(why, "Listening on web port %u (%s, %s) failed: %s.", port, kind, ip, err_str(err));
	}
}

static int open_tls(struct http_server *s)
{
	struct tls_cfg cfg = {.loop = s->web, .no_system_ca = true, .threads = 1};

	return s->tls ? 0 : tls_alloc(&s->tls, &cfg, NULL);
}

static int open_port(struct http_server *s, const struct http_port *p)
{
	struct http_listener *l = &s->listener[s->nlistener];
	int err = p->tls ? open_tls(s) : 0;

	l->s = s;
	l->tls = p->tls;
	if (!err && p->tls)
		err = tls_listen(&l->tl, s->tls, &p->at, http_conn_accept, l);
	else if (!err)
		err = tcp_listen(&l->tl, s->web, &p->at, http_conn_accept, l);
	if (err)
		return err;
	if (p->tls)
		tls_listener_admit(l->tl, http_conn_admit, http_conn_left, l);
	tcp_listener_local(l->tl, &l->at);
	s->nlistener++;
	return 0;
}

static int open_ports(struct http_server *s)
{
	const struct http_server_cfg *cfg = s->cfg;

	if (cfg->nport) {
		s->listener = mem_zalloc(cfg->nport * sizeof(*s->listener), NULL);
		if (!s->listener)
			return ENOMEM;
	}
	for (size_t i = 0; i < cfg->nport; i++) {
		int err = open_port(s, &cfg->port[i]);

		if (err && cfg->port[i].optional && (err == EAFNOSUPPORT || err == EADDRNOTAVAIL))
			continue;
		if (err) {
			say_why(s->why, &cfg->port[i], err);
			return err;
		}
	}
	if (!s->path[0])
		return 0;
	int err = tcp_listen_unix(&s->control, s->web, s->path, http_conn_accept_control, s);
	if (err) {
		s->path[0] = '\0'; /* not ours to remove */
		if (err == ENAMETOOLONG && s->why)
			buf_printf(s->why,
				   "The path of the data directory is too long for a socket in it (90 characters at "
				   "most): %s",
				   cfg->unix_path);
		else if (s->why)
			buf_printf(s->why, "The control socket %s could not be made: %s.", cfg->unix_path,
				   err_str(err));
	}
	return err;
}

static void web_fini(struct loop *l, void *arg)
{
	struct http_server *s = arg;

	for (size_t i = 0; i < s->nlistener; i++)
		s->listener[i].tl = mem_deref(s->listener[i].tl);
	s->control = mem_deref(s->control);
	if (s->path[0])
		(void)unlink(s->path);
	LIST_EACH (&s->conns, k) {
		struct http_conn *c = LINK_OBJ(k, struct http_conn, le);

		if (c->ws)
			http_ws_bye(c, 1001);
		else
			http_conn_end(c, true);
	}
	loop_drain(l); /* last words leave */
	while (s->conns.head)
		http_conn_end(LINK_OBJ(s->conns.head, struct http_conn, le), false);
	s->tls = mem_deref(s->tls);
	s->listener = mem_deref(s->listener);
	hash_free(&s->addrs);
}

static int web_init(struct loop *l, void *arg)
{
	struct http_server *s = arg;

	s->web = l;
	hash_init(&s->addrs);
	int err = open_ports(s);
	if (err)
		web_fini(l, s);
	else
		s->core->web = l;
	return err;
}

struct new_cert {
	struct loop_msg msg;
	struct http_server *s;
	struct cert *c;
};

static void cert_arrived(struct loop_msg *m)
{
	struct new_cert *n = CONTAINER_OF(m, struct new_cert, msg);
	int err = n->s->tls ? tls_set_cert(n->s->tls, n->c) : 0;

	if (err)
		log_error("http", "the certificate cannot be used for the page: %s", err_str(err));
	mem_deref(n->c);
	mem_deref(n);
}

/* ------------------------------------------------------------------ loop thread */

static void server_destroy(void *obj)
{
	struct http_server *s = obj;

	if (s->core && s->thread) {
		http_ws_flush(s->core); /* the last messages go to the web thread before it ends */
		s->core->closed = true;
		loop_thread_stop(s->thread);
		s->core->web = NULL;
		http_ws_end_all(s->core);
	}
	http_core_deref(s->core);
}

static int core_alloc(struct http_core **cp, const struct http_server_cfg *cfg)
{
	struct http_core *c = mem_zalloc(sizeof(*c), NULL);

	if (!c)
		return ENOMEM;
	atomic_init(&c->refs, 1);
	atomic_init(&c->nkind, 0);
	c->loop = cfg->loop;
	c->h = cfg->h;
	c->arg = cfg->arg;
	c->max_body = cfg->max_body ? cfg->max_body : HTTP_MAX_BODY;
	c->asset = cfg->asset;
	c->nasset = cfg->nasset;
	*cp = c;
	return 0;
}

int http_server_alloc(struct http_server **sp, const struct http_server_cfg *cfg, struct buf *why)
{
	struct http_server *s = mem_zalloc(sizeof(*s), server_destroy);

	if (!s)
		return ENOMEM;
	int err = core_alloc(&s->core, cfg);
	s->cfg = cfg;
	s->why = why;
	if (!err && cfg->unix_path && !slice_copy(s->path, sizeof(s->path) - 4, slice_str(cfg->unix_path))) {
		err = ENAMETOOLONG;
		if (why)
			buf_printf(why,
				   "The path of the data directory is too long for a socket in it (90 characters at "
				   "most): %s",
				   cfg->unix_path);
	}
	if (!err)
		err = loop_thread_start(&s->thread, cfg->loop, "offhook-web", web_init, web_fini, s);
	s->cfg = NULL;
	s->why = NULL;
	if (err) {
		mem_deref(s);
		return err;
	}
	*sp = s;
	return 0;
}

int http_server_set_cert(struct http_server *s, const struct cert *c)
{
	struct buf pem, key, why;
	struct cert *own = NULL;
	struct new_cert *n = NULL;

	/* one of its own for the web thread: references are not counted for two */
	buf_init(&pem);
	buf_init(&key);
	buf_init(&why);
	int err = cert_pem(c, &pem, &key);
	if (!err)
		err = cert_parse(&own, buf_get(&pem), buf_get(&key), &why);
	buf_free(&why);
	if (key.p)
		mem_wipe(key.p, key.l);
	buf_free(&pem);
	buf_free(&key);
	if (!err)
		n = mem_zalloc(sizeof(*n), NULL);
	if (!n) {
		mem_deref(own);
		return err == ENOMEM || !err ? ENOMEM : EINVAL;
	}
	n->s = s;
	n->c = own;
	n->msg.fn = cert_arrived;
	loop_post(s->core->web, &n->msg);
	return 0;
}

void http_server_listeners(const struct http_server *s, void (*fn)(const struct sa *at, bool tls, void *arg), void *arg)
{
	for (size_t i = 0; i < s->nlistener; i++)
		fn(&s->listener[i].at, s->listener[i].tls, arg);
}

int http_server_ws(struct http_server *s, const struct http_ws_ops *ops)
{
	unsigned n = atomic_load(&s->core->nkind);

	if (n == HTTP_WS_KINDS)
		return ERR_LIMIT;
	s->core->kind[n] = ops;
	atomic_store(&s->core->nkind, n + 1);
	return 0;
}
