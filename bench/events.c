/*
 * events.c - listeners to live events: WebSockets (RFC 6455) that are opened, say what they want, and count what comes.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "load.h"

enum { IN_MAX = 1 << 20 };

/** A listener. */
struct ear {
	int fd;
	bool open;
	uint8_t *in; /* what is not a whole frame yet */
	size_t l, cap;
};
static struct {
	const struct opts *o;
	struct ear *v;
	int ep;
	unsigned open, closed, code;
	uint64_t batches, events, bytes;
} g;

static int send_all(int fd, const void *p, size_t l)
{
	const char *s = p;

	while (l) {
		ssize_t n = send(fd, s, l, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return errno;
		if (n > 0) {
			s += n;
			l -= (size_t)n;
		}
	}
	return 0;
}

/* A client's frame is masked; a mask of zero is one. */
static int frame(int fd, unsigned op, const char *p, size_t l)
{
	uint8_t b[512];

	if (l > 125 || l + 6 > sizeof(b))
		return EMSGSIZE;
	b[0] = (uint8_t)(0x80 | op);
	b[1] = (uint8_t)(0x80 | l);
	memset(b + 2, 0, 4);
	memcpy(b + 6, p, l);
	return send_all(fd, b, l + 6);
}

static int ear_open(struct ear *e, unsigned i)
{
	const struct opts *o = g.o;
	char text[512], want[125];
	struct epoll_event ev = {.events = EPOLLIN, .data.u32 = i};
	size_t n = 0;
	int one = 1;

	e->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (e->fd < 0 || connect(e->fd, (const struct sockaddr *)&o->target, sizeof(o->target)))
		return errno;
	setsockopt(e->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	snprintf(text, sizeof(text),
		 "GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		 "Sec-WebSocket-Protocol: offhook.events.v1\r\nAuthorization: Bearer %s\r\n\r\n",
		 o->password);
	if (send_all(e->fd, text, strlen(text)))
		return errno;
	/* byte by byte: what follows the head is a frame */
	while (n < sizeof(text) - 1 && (n < 4 || memcmp(text + n - 4, "\r\n\r\n", 4)))
		if (recv(e->fd, text + n++, 1, 0) != 1)
			return EPROTO;
	if (memcmp(text, "HTTP/1.1 101", 12)) {
		fprintf(stderr, "events: %.*s\n", (int)strcspn(text, "\r"), text);
		return EPROTO;
	}
	if (o->users)
		snprintf(want, sizeof(want), "{\"topics\":[\"call\",\"registration\"],\"extension\":\"%u\"}",
			 o->base + i % o->users);
	else
		snprintf(want, sizeof(want),
			 "{\"topics\":[\"call\",\"registration\",\"trunk\",\"quality\",\"alarm\",\"config\",\"system\"]"
			 "}");
	e->open = true;
	g.open++;
	if (frame(e->fd, 1, want, strlen(want)) || fcntl(e->fd, F_SETFL, O_NONBLOCK))
		return errno;
	return epoll_ctl(g.ep, EPOLL_CTL_ADD, e->fd, &ev) ? errno : 0;
}

static void count(const uint8_t *p, size_t l)
{
	static const char word[] = "\"topic\":";
	const uint8_t *end = p + l, *at = p;

	g.batches++;
	g.bytes += l;
	while ((at = memmem(at, (size_t)(end - at), word, sizeof(word) - 1))) {
		g.events++;
		at += sizeof(word) - 1;
	}
}

/* Whole frames are taken off; how many bytes they were. */
static size_t frames(struct ear *e)
{
	size_t done = 0;

	while (e->l - done >= 2) {
		const uint8_t *p = e->in + done;
		size_t head = 2, l = p[1] & 0x7f;

		if (l == 126) {
			head = 4;
			if (e->l - done < head)
				break;
			l = (size_t)p[2] << 8 | p[3];
		} else if (l == 127) {
			head = 10;
			if (e->l - done < head)
				break;
			l = (size_t)p[6] << 24 | (size_t)p[7] << 16 | (size_t)p[8] << 8 | p[9];
		}
		if (e->l - done < head + l)
			break;
		if ((p[0] & 15) == 1)
			count(p + head, l);
		else if ((p[0] & 15) == 9)
			(void)frame(e->fd, 10, (const char *)p + head, l);
		else if ((p[0] & 15) == 8 && l >= 2)
			g.code = (unsigned)p[head] << 8 | p[head + 1];
		done += head + l;
	}
	return done;
}

static void take(struct ear *e)
{
	ssize_t n;
	size_t done;

	if (e->cap - e->l < 16384 && e->cap < IN_MAX) {
		size_t cap = e->cap ? e->cap * 2 : 32768;
		uint8_t *in = realloc(e->in, cap);

		if (!in)
			return;
		e->in = in;
		e->cap = cap;
	}
	n = recv(e->fd, e->in + e->l, e->cap - e->l, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close(e->fd);
		e->fd = -1;
		g.closed++;
		return;
	}
	e->l += (size_t)n;
	done = frames(e);
	e->l -= done;
	memmove(e->in, e->in + done, e->l);
}

int run_events(const struct opts *o)
{
	uint64_t end;
	unsigned i;

	g.o = o;
	g.ep = epoll_create1(0);
	g.v = calloc(o->count, sizeof(*g.v));
	if (!g.v || g.ep < 0 || !o->password)
		return 1;
	for (i = 0; i < o->count; i++)
		if (ear_open(&g.v[i], i))
			break;
	/* who starts the load waits for this line */
	fprintf(stderr, "listening=%u\n", g.open);
	end = now_us() + (uint64_t)o->seconds * 1000000;
	while (now_us() < end) {
		struct epoll_event ev[64];
		int n = epoll_wait(g.ep, ev, 64, 100);

		for (int k = 0; k < n; k++)
			if (g.v[ev[k].data.u32].fd >= 0)
				take(&g.v[ev[k].data.u32]);
	}
	printf("listeners=%u closed=%u code=%u batches=%llu events=%llu bytes=%llu\n", g.open, g.closed, g.code,
	       (unsigned long long)g.batches, (unsigned long long)g.events, (unsigned long long)g.bytes);
	for (i = 0; i < o->count; i++) {
		if (g.v[i].open && g.v[i].fd >= 0)
			close(g.v[i].fd);
		free(g.v[i].in);
	}
	free(g.v);
	close(g.ep);
	return g.open == o->count && !g.closed ? 0 : 1;
}
