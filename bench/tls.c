/*
 * tls.c - TLS connections: made at a steady rate, each proves that it works by an OPTIONS with its answer, then all are
 * held. What a handshake costs the server in CPU time, and an idle connection in memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "load.h"

enum state { IDLE, HANDSHAKE, ASKED, UP, BROKEN };

struct conn {
	int fd;
	SSL *ssl;
	enum state state;
};

static struct {
	const struct opts *o;
	SSL_CTX *ctx;
	struct conn *v;
	int ep;
	unsigned up, bad;
} g;

static void end(struct conn *c, bool good)
{
	c->state = good ? UP : BROKEN;
	good ? g.up++ : g.bad++;
}

static void ask(struct conn *c)
{
	char m[512];
	unsigned i = (unsigned)(c - g.v);
	int l = snprintf(m, sizeof(m),
			 "OPTIONS sip:%s;transport=tls SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:%u;branch=z9hG4bKtls%u\r\n"
			 "From: <sip:load@127.0.0.1>;tag=t%u\r\nTo: <sip:%s>\r\nCall-ID: tls-%u@127.0.0.1\r\n"
			 "CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
			 g.o->realm_host, 20000 + i, i, i, g.o->realm_host, i);

	if (SSL_write(c->ssl, m, l) == l)
		c->state = ASKED;
	else
		end(c, false);
}

static void answer(struct conn *c)
{
	char m[MSG_MAX];
	int l = SSL_read(c->ssl, m, sizeof(m));

	if (l > 0)
		end(c, !strncmp(m, "SIP/2.0 2", 9) || !strncmp(m, "SIP/2.0 4", 9));
	else if (SSL_get_error(c->ssl, l) != SSL_ERROR_WANT_READ)
		end(c, false);
}

static void step(struct conn *c)
{
	int r;

	if (c->state == ASKED) {
		answer(c);
		return;
	}
	if (c->state != HANDSHAKE)
		return;
	r = SSL_connect(c->ssl);
	if (r == 1) {
		struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};

		epoll_ctl(g.ep, EPOLL_CTL_MOD, c->fd, &e);
		ask(c);
		return;
	}
	r = SSL_get_error(c->ssl, r);
	if (r != SSL_ERROR_WANT_READ && r != SSL_ERROR_WANT_WRITE) {
		end(c, false);
		return;
	}
	struct epoll_event e = {.events = r == SSL_ERROR_WANT_READ ? EPOLLIN : EPOLLOUT, .data.ptr = c};

	epoll_ctl(g.ep, EPOLL_CTL_MOD, c->fd, &e);
}

static void begin(struct conn *c)
{
	struct epoll_event e = {.events = EPOLLOUT, .data.ptr = c};

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	c->ssl = SSL_new(g.ctx);
	if (c->fd < 0 || !c->ssl ||
	    (connect(c->fd, (const struct sockaddr *)&g.o->target, sizeof(g.o->target)) && errno != EINPROGRESS)) {
		end(c, false);
		return;
	}
	SSL_set_fd(c->ssl, c->fd);
	c->state = HANDSHAKE;
	epoll_ctl(g.ep, EPOLL_CTL_ADD, c->fd, &e);
}

static void drive(const struct opts *o)
{
	uint64_t t0 = now_us();
	unsigned due = 0;

	while (g.up + g.bad < o->count && now_us() - t0 < 20000000ull + (uint64_t)o->count * 1000000 / o->rate) {
		uint64_t want = (now_us() - t0) * o->rate / 1000000;
		struct epoll_event ev[BATCH];

		for (; due < want && due < o->count; due++)
			begin(&g.v[due]);
		int n = epoll_wait(g.ep, ev, BATCH, 1);

		for (int i = 0; i < n; i++)
			step(ev[i].data.ptr);
	}
}

int run_tls(const struct opts *o)
{
	struct rlimit rl = {o->count + 100, o->count + 100};
	uint64_t cpu0, mem0, t0;

	(void)setrlimit(RLIMIT_NOFILE, &rl);
	g.o = o;
	g.ep = epoll_create1(0);
	g.ctx = SSL_CTX_new(TLS_client_method());
	g.v = calloc(o->count, sizeof(*g.v));
	if (!g.ctx || !g.v)
		return 1;
	SSL_CTX_set_verify(g.ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_session_cache_mode(g.ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(g.ctx, SSL_MODE_RELEASE_BUFFERS);
	cpu0 = cpu_us(o);
	mem0 = pss_kb(o);
	t0 = now_us();
	drive(o);
	uint64_t wall = now_us() - t0, cpu = cpu_us(o) - cpu0;

	sleep(o->seconds);
	uint64_t mem = pss_kb(o);

	printf("ok=%u bad=%u rate=%.0f cpu_us=%.1f per_cpu_s=%.0f kb_per_conn=%.2f pss_kb=%llu\n", g.up,
	       o->count - g.up, g.up * 1e6 / (double)wall, (double)cpu / (g.up ? g.up : 1),
	       g.up * 1e6 / (double)(cpu ? cpu : 1), g.up ? (double)(mem > mem0 ? mem - mem0 : 0) / g.up : 0,
	       (unsigned long long)mem);
	return g.up == o->count ? 0 : 1;
}
