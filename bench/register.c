/*
 * register.c - REGISTER with digest, at a given rate: 401, then with credentials, 200. Each user again and again.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "load.h"

/** One user's registration under way. */
struct reg {
	unsigned cseq;
	bool busy;
};
static struct {
	const struct opts *o;
	struct reg *v;
	int fd;
	unsigned ok, bad, sent, busy;
} g;

static void send_register(unsigned i, const char *auth)
{
	const struct opts *o = g.o;
	unsigned num = o->base + i, n;
	char m[MSG_MAX];

	g.v[i].cseq++;
	n = (unsigned)snprintf(
		m, sizeof(m),
		"REGISTER sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bKr%u-%u;rport\r\nMax-Forwards: "
		"70\r\n"
		"From: <sip:%u@%s>;tag=f%u\r\nTo: <sip:%u@%s>\r\nCall-ID: reg-%u@127.0.0.1\r\nCSeq: %u REGISTER\r\n"
		"Contact: <sip:%u@127.0.0.1:%u>\r\nExpires: 3600\r\nUser-Agent: offhook-load\r\n%sContent-Length: "
		"0\r\n\r\n",
		o->realm_host, o->uac_port, i, g.v[i].cseq, num, o->realm_host, i, num, o->realm_host, i, g.v[i].cseq,
		num, o->uas_port, auth);
	net_queue(g.fd, &o->target, m, n);
	g.sent++;
}

static void finish(unsigned i, bool ok)
{
	if (!g.v[i].busy)
		return;
	g.v[i].busy = false;
	g.busy--;
	*(ok ? &g.ok : &g.bad) += 1;
}

static void on_packet(char *p, size_t l, const struct sockaddr_in *from)
{
	char id[128], cseq[64], line[1024], user[16], uri[64];
	unsigned i, s = status(p, l);

	(void)from;
	if (hdr(p, l, "Call-ID", 0, id, sizeof(id)) < 0 || sscanf(id, "reg-%u@", &i) != 1 || i >= g.o->users)
		return;
	hdr(p, l, "CSeq", 0, cseq, sizeof(cseq));
	if ((unsigned)atoi(cseq) != g.v[i].cseq)
		return;
	snprintf(user, sizeof(user), "%u", g.o->base + i);
	snprintf(uri, sizeof(uri), "sip:%s", g.o->realm_host);
	if (s == 401 && !strstr(p, "stale=true") && g.v[i].busy &&
	    digest_line(g.o, p, l, user, "REGISTER", uri, line, sizeof(line)))
		send_register(i, line);
	else if (s >= 200)
		finish(i, s == 200);
}

int run_register(const struct opts *o)
{
	uint64_t t0, cpu0, due = 0, wall, mem0 = pss_kb(o), mem;

	g.o = o;
	g.v = calloc(o->users, sizeof(*g.v));
	/* CSeq goes on from run to run, as a phone's does */
	for (unsigned i = 0; i < o->users; i++)
		g.v[i].cseq = (unsigned)(now_us() / 1000000) % 100000000 * 10;
	g.fd = net_socket(o->uac_port);
	cpu0 = cpu_us(o);
	t0 = now_us();
	while (g.ok + g.bad < o->count && now_us() - t0 < 30000000ull + (uint64_t)o->count * 1000000 / o->rate) {
		uint64_t want = (now_us() - t0) * o->rate / 1000000;

		for (; due < want && due < o->count; due++) {
			unsigned i = (unsigned)(due % o->users);

			if (!g.v[i].busy)
				g.busy++;
			else
				g.bad++; /* its last one was never answered */
			g.v[i].busy = true;
			send_register(i, "");
		}
		net_flush();
		if (!net_take(g.fd, on_packet))
			net_wait(g.fd, g.fd, 500);
		net_flush();
	}
	wall = now_us() - t0;
	cpu0 = cpu_us(o) - cpu0;
	sleep(o->settle);
	mem = pss_kb(o);
	printf("ok=%u bad=%u rate=%.0f cpu_us=%.2f rss_kb=%llu anon_kb=%llu kb_each=%.3f\n", g.ok, g.bad,
	       g.ok * 1e6 / (double)wall, (double)cpu0 / (g.ok ? g.ok : 1), (unsigned long long)rss_kb(o),
	       (unsigned long long)rss_anon_kb(o), (double)(mem > mem0 ? mem - mem0 : 0) / o->users);
	return g.bad ? 1 : 0;
}
