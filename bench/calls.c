/*
 * calls.c - calls from a caller's end through the server to the called end: INVITE 100 180 200 ACK BYE 200, on two
 * sockets.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "load.h"

enum cstate { C_FREE, C_INVITED, C_UP, C_BYE };

/** A call as the caller sees it. */
struct ccall {
	enum cstate state;
	unsigned serial, cseq;
	bool authed;
	uint64_t t0;
	char totag[80], target[256], route[512];
	uint16_t a_port, b_port; /**< server's RTP ports: towards caller, towards called */
};
static struct {
	const struct opts *o;
	struct ccall *v;
	unsigned n, live, ok, bad, up;
	int uac, uas;
	bool keep; /**< hold calls instead of BYE */
	const unsigned *a_rtp, *b_rtp;
	unsigned nrtp;
	uint64_t setup_us;
	unsigned slow;
} g;

static unsigned caller(unsigned i)
{
	return g.o->base + i % g.o->users;
}
static unsigned callee(unsigned i)
{
	return g.o->base + g.o->users + i % g.o->users;
}

/* Every description has an id of its own, as those of phones do. */
static unsigned sdp(char *out, size_t size, unsigned port, bool called)
{
	static unsigned id = 0;

	id++;
	if (g.o->xcode)
		return (unsigned)snprintf(out, size,
					  "v=0\r\no=- %u 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
					  "m=audio %u RTP/AVP %u\r\na=rtpmap:%u %s/8000\r\na=sendrecv\r\n",
					  id, port, called ? 9 : 0, called ? 9 : 0, called ? "G722" : "PCMU");
	if (g.o->srtp && !called)
		return (unsigned)snprintf(out, size,
					  "v=0\r\no=- %u 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
					  "m=audio %u RTP/SAVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
					  "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n%sa=sendrecv\r\n",
					  id, port, srtp_line);
	return (unsigned)snprintf(
		out, size,
		"v=0\r\no=- %u 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %u "
		"RTP/AVP 0 8 101\r\n"
		"a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 "
		"telephone-event/8000\r\na=fmtp:101 0-16\r\na=sendrecv\r\n",
		id, port);
}

static void send_request(unsigned i, const char *method, const char *auth, unsigned cseq, bool with_sdp)
{
	struct ccall *c = &g.v[i];
	const struct opts *o = g.o;
	char m[MSG_MAX], body[512], uri[300];
	unsigned bl = with_sdp ? sdp(body, sizeof(body), g.a_rtp ? g.a_rtp[i % g.nrtp] : 40000, false) : 0, n;

	if (c->target[0])
		snprintf(uri, sizeof(uri), "%s", c->target);
	else
		snprintf(uri, sizeof(uri), "sip:%u@%s", callee(i), o->realm_host);
	n = (unsigned)snprintf(
		m, sizeof(m),
		"%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bKc%u-%u-%u-%s;rport\r\nMax-Forwards: "
		"70\r\n%s"
		"From: <sip:%u@%s>;tag=a%u-%u\r\nTo: <sip:%u@%s>%s%s\r\nCall-ID: c%u-%u@127.0.0.1\r\nCSeq: %u %s\r\n"
		"Contact: <sip:%u@127.0.0.1:%u>\r\nUser-Agent: offhook-load\r\n%s%sContent-Length: %u\r\n\r\n%.*s",
		method, uri, o->uac_port, i, c->serial, cseq, method[0] == 'A' && !c->totag[0] ? "INVITE" : method,
		c->route, caller(i), o->realm_host, i, c->serial, callee(i), o->realm_host, c->totag[0] ? ";tag=" : "",
		c->totag, i, c->serial, cseq, method, caller(i), o->uac_port, auth,
		with_sdp ? "Content-Type: application/sdp\r\n" : "", bl, (int)bl, body);
	net_queue(g.uac, &o->target, m, n);
}

static void start(unsigned i)
{
	struct ccall *c = &g.v[i];

	c->state = C_INVITED;
	c->serial++;
	c->cseq = 1;
	c->authed = false;
	c->totag[0] = c->target[0] = c->route[0] = '\0';
	c->t0 = now_us();
	g.live++;
	send_request(i, "INVITE", "", 1, true);
}

static void end(unsigned i, bool ok)
{
	g.v[i].state = C_FREE;
	g.live--;
	*(ok ? &g.ok : &g.bad) += 1;
}

/* ACK to a non-2xx: the INVITE's branch, no route. */
static void ack_refusal(unsigned i, const char *p, size_t l)
{
	char to[256], tag[80];
	struct ccall *c = &g.v[i];
	char m[MSG_MAX];
	unsigned n;

	hdr(p, l, "To", 0, to, sizeof(to));
	if (!param(to, "tag", tag, sizeof(tag)))
		tag[0] = '\0';
	n = (unsigned)snprintf(m, sizeof(m),
			       "ACK sip:%u@%s SIP/2.0\r\nVia: SIP/2.0/UDP "
			       "127.0.0.1:%u;branch=z9hG4bKc%u-%u-%u-INVITE;rport\r\nMax-Forwards: 70\r\n"
			       "From: <sip:%u@%s>;tag=a%u-%u\r\nTo: <sip:%u@%s>;tag=%s\r\nCall-ID: "
			       "c%u-%u@127.0.0.1\r\nCSeq: %u ACK\r\nContent-Length: 0\r\n\r\n",
			       callee(i), g.o->realm_host, g.o->uac_port, i, c->serial, c->cseq, caller(i),
			       g.o->realm_host, i, c->serial, callee(i), g.o->realm_host, tag, i, c->serial, c->cseq);
	net_queue(g.uac, &g.o->target, m, n);
}

/* Record-Route in reverse order as Route (RFC 3261 12.1.2). */
static void learn_dialog(struct ccall *c, const char *p, size_t l)
{
	char v[256];
	unsigned n = 0;
	size_t at = 0;

	hdr(p, l, "To", 0, v, sizeof(v));
	if (!param(v, "tag", c->totag, sizeof(c->totag)))
		c->totag[0] = '\0';
	if (hdr(p, l, "Contact", 0, v, sizeof(v)) >= 0) {
		const char *b = strchr(v, '<');

		snprintf(c->target, sizeof(c->target), "%s", b ? b + 1 : v);
		c->target[strcspn(c->target, b ? ">" : ";")] = '\0';
	}
	while (hdr(p, l, "Record-Route", n, v, sizeof(v)) >= 0)
		n++;
	c->route[0] = '\0';
	while (n-- > 0) {
		hdr(p, l, "Record-Route", n, v, sizeof(v));
		at += (size_t)snprintf(c->route + at, sizeof(c->route) - at, "Route: %s\r\n", v);
	}
}

static void on_answer(unsigned i, const char *p, size_t l)
{
	struct ccall *c = &g.v[i];

	learn_dialog(c, p, l);
	send_request(i, "ACK", "", c->cseq, false);
	if (c->state != C_INVITED)
		return;
	g.setup_us += now_us() - c->t0;
	g.slow += now_us() - c->t0 > 200000;
	g.up++;
	c->a_port = (uint16_t)sdp_port(p, l, "audio");
	c->state = C_UP;
	c->t0 = now_us();
	if (g.keep || g.o->talk)
		return;
	c->state = C_BYE;
	send_request(i, "BYE", "", ++c->cseq, false);
}

static void uac_packet(char *p, size_t l, const struct sockaddr_in *from)
{
	char id[64], cseq[64], line[1024], user[16], uri[64];
	unsigned i, serial, s = status(p, l);
	struct ccall *c;

	(void)from;
	if (s < 200 || hdr(p, l, "Call-ID", 0, id, sizeof(id)) < 0 || sscanf(id, "c%u-%u@", &i, &serial) != 2 ||
	    i >= g.n)
		return;
	c = &g.v[i];
	if (c->serial != serial || c->state == C_FREE)
		return;
	hdr(p, l, "CSeq", 0, cseq, sizeof(cseq));
	if (strstr(cseq, "BYE")) {
		if (c->state == C_BYE)
			end(i, s == 200);
	} else if (s == 200) {
		on_answer(i, p, l);
	} else if (c->state == C_INVITED && (unsigned)atoi(cseq) == c->cseq) {
		ack_refusal(i, p, l);
		snprintf(user, sizeof(user), "%u", caller(i));
		snprintf(uri, sizeof(uri), "sip:%u@%s", callee(i), g.o->realm_host);
		if ((s == 407 || s == 401) && !c->authed && g.o->password &&
		    digest_line(g.o, p, l, user, "INVITE", uri, line, sizeof(line))) {
			c->authed = true;
			send_request(i, "INVITE", line, ++c->cseq, true);
		} else {
			fprintf(stderr, "load: call %u refused: %.40s\n", i, p);
			end(i, false);
		}
	}
}

/* ---- called end: answers are made of the request ---- */

static void reply(const char *p, size_t l, const struct sockaddr_in *to, unsigned code, const char *phrase,
		  bool with_sdp, unsigned rtp)
{
	char m[MSG_MAX], v[512], body[512];
	size_t at = (size_t)snprintf(m, sizeof(m), "SIP/2.0 %u %s\r\n", code, phrase);
	static const char *const copy[] = {"Via", "Record-Route", "From", "Call-ID", "CSeq"};
	unsigned bl = with_sdp ? sdp(body, sizeof(body), rtp, true) : 0;

	for (unsigned k = 0; k < 5; k++) {
		for (unsigned i = 0; hdr(p, l, copy[k], i, v, sizeof(v)) >= 0; i++)
			at += (size_t)snprintf(m + at, sizeof(m) - at, "%s: %s\r\n", copy[k], v);
	}
	hdr(p, l, "To", 0, v, sizeof(v));
	at += (size_t)snprintf(m + at, sizeof(m) - at,
			       "To: %s%s\r\nContact: <sip:b@127.0.0.1:%u>\r\n%sContent-Length: %u\r\n\r\n%.*s", v,
			       strstr(v, "tag=") ? "" : ";tag=b1", g.o->uas_port,
			       with_sdp ? "Content-Type: application/sdp\r\n" : "", bl, (int)bl, body);
	net_queue(g.uas, to, m, at);
}

/* The called number tells which call it is, so that the server's port towards the called end is known. */
static void note_b_port(const char *p, size_t l)
{
	unsigned num = 0, port = sdp_port(p, l, "audio");
	const char *at = strstr(p, "sip:");
	static unsigned next;

	if (!g.keep || !at)
		return;
	(void)num;
	/* held calls are made one after another (see calls_hold), so the one being set up is `next` */
	next = g.up;
	if (next < g.n)
		g.v[next].b_port = (uint16_t)port;
}

static void uas_packet(char *p, size_t l, const struct sockaddr_in *from)
{
	if (!memcmp(p, "INVITE", 6)) {
		unsigned rtp = g.b_rtp ? g.b_rtp[g.up % g.nrtp] : 40002;

		note_b_port(p, l);
		reply(p, l, from, 180, "Ringing", false, 0);
		reply(p, l, from, 200, "OK", true, rtp);
	} else if (!memcmp(p, "BYE", 3)) {
		reply(p, l, from, 200, "OK", false, 0);
	} else if (!memcmp(p, "OPTIONS", 7)) {
		reply(p, l, from, 200, "OK", false, 0);
	}
}

static void turn(void)
{
	bool a, b;

	net_flush();
	a = net_take(g.uas, uas_packet);
	b = net_take(g.uac, uac_packet);
	net_flush();
	if (!a && !b)
		net_wait(g.uac, g.uas, 500);
}

static void open_sockets(const struct opts *o, unsigned n)
{
	g.o = o;
	g.n = n;
	g.v = calloc(n, sizeof(*g.v));
	/* no Call-ID of an earlier run comes again */
	for (unsigned i = 0; i < n; i++)
		g.v[i].serial = (unsigned)(now_us() / 1000) % 100000000 * 10;
	if (!g.uac) {
		g.uac = net_socket(o->uac_port);
		g.uas = net_socket(o->uas_port);
	}
}

/* Calls that have lasted for as long as they are to. */
static void hang_up(void)
{
	static uint64_t last;
	uint64_t now = now_us();

	if (now - last < 5000)
		return;
	last = now;
	for (unsigned i = 0; i < g.n; i++) {
		struct ccall *c = &g.v[i];

		if (c->state != C_UP || now - c->t0 < g.o->talk * 1000ull)
			continue;
		c->state = C_BYE;
		send_request(i, "BYE", "", ++c->cseq, false);
	}
}

int run_calls(const struct opts *o)
{
	uint64_t t0, cpu0, due = 0, wall;
	unsigned slot = 0;

	open_sockets(o, 4000);
	cpu0 = cpu_us(o);
	t0 = now_us();
	while (g.ok + g.bad < o->count && now_us() - t0 < 30000000ull + (uint64_t)o->count * 1000000 / o->rate) {
		uint64_t want = (now_us() - t0) * o->rate / 1000000;

		while (due < want && due < o->count && g.live < g.n - 1) {
			while (g.v[slot % g.n].state != C_FREE)
				slot++;
			start(slot++ % g.n);
			due++;
		}
		if (o->talk)
			hang_up();
		turn();
	}
	wall = now_us() - t0;
	printf("ok=%u bad=%u unfinished=%u rate=%.0f cpu_us=%.2f setup_ms=%.2f slow=%u rss_kb=%llu anon_kb=%llu\n",
	       g.ok, g.bad, g.live, g.ok * 1e6 / (double)wall, (double)(cpu_us(o) - cpu0) / (g.ok ? g.ok : 1),
	       (double)g.setup_us / (g.up ? g.up : 1) / 1000, g.slow, (unsigned long long)rss_kb(o),
	       (unsigned long long)rss_anon_kb(o));
	return g.bad || g.live ? 1 : 0;
}

int calls_hold(const struct opts *o, struct media_leg *v, unsigned n, const unsigned *a_rtp, const unsigned *b_rtp,
	       unsigned nrtp)
{
	open_sockets(o, n);
	g.keep = true;
	g.a_rtp = a_rtp;
	g.b_rtp = b_rtp;
	g.nrtp = nrtp;
	for (unsigned i = 0; i < n; i++) {
		uint64_t t0 = now_us();

		start(i);
		while (g.up == i && g.bad == 0 && now_us() - t0 < 5000000)
			turn();
		if (g.up != i + 1)
			return 1;
		v[i].a_port = g.v[i].a_port;
		v[i].b_port = g.v[i].b_port;
	}
	return 0;
}

int calls_release(const struct opts *o, unsigned n)
{
	uint64_t t0 = now_us();

	(void)o;
	for (unsigned i = 0; i < n; i++) {
		g.v[i].state = C_BYE;
		send_request(i, "BYE", "", ++g.v[i].cseq, false);
		if (i % 50 == 49)
			turn();
	}
	while (g.live && now_us() - t0 < 10000000)
		turn();
	return g.live ? 1 : 0;
}
