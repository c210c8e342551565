/*
 * dnsd.c - a small name server for tests: UDP and TCP on one address, answers from a zone file (dnsd.h).
 *
 *	dnsd [-v] ADDRESS PORT ZONEFILE
 *
 * Port 0 takes a free one; "ready PORT" is printed when it listens. SIGHUP reads the zone again. -v prints each
 * question. A zone that says "$MODE ok 500" answers half a second late. It ends with SIGTERM, or when its parent has
 * closed the pipe at its standard input (not if that is /dev/null or a terminal).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "dnsd.h"

enum { CLIENTS = 16, LATE = 256 };

struct client {
	int fd;
	size_t l;
	uint8_t in[4096];
};

/* An answer that waits for its time. */
struct late {
	uint64_t due; /* ms; 0 = free */
	int fd;       /* of a TCP client, or the UDP socket */
	struct sockaddr_storage to;
	socklen_t tolen; /* 0: TCP */
	size_t l;
	uint8_t *p;
};

static struct dnsd zone;
static const char *file;
static bool verbose;
static volatile sig_atomic_t again;
static struct client clients[CLIENTS];
static struct late late[LATE];

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void on_hup(int sig)
{
	(void)sig;
	again = 1;
}

static bool load(void)
{
	FILE *f = fopen(file, "r");
	char line[2048];
	unsigned no = 0;

	if (!f) {
		fprintf(stderr, "dnsd: cannot read %s: %s\n", file, strerror(errno));
		return false;
	}
	dnsd_end(&zone);
	while (fgets(line, sizeof(line), f)) {
		no++;
		if (!dnsd_add(&zone, line))
			fprintf(stderr, "dnsd: %s:%u: what is that?\n", file, no);
	}
	fclose(f);
	return true;
}

static void put_late(int fd, const struct sockaddr_storage *to, socklen_t tolen, const uint8_t *p, size_t l)
{
	for (size_t i = 0; i < LATE; i++) {
		struct late *x = &late[i];

		if (x->due)
			continue;
		x->p = malloc(l);
		if (!x->p)
			return;
		memcpy(x->p, p, l);
		*x = (struct late){.due = now_ms() + zone.delay_ms, .fd = fd, .tolen = tolen, .l = l, .p = x->p};
		if (tolen)
			x->to = *to;
		return;
	}
}

static void send_late(bool all)
{
	for (size_t i = 0; i < LATE; i++) {
		struct late *x = &late[i];

		if (!x->due || (!all && x->due > now_ms()))
			continue;
		if (sendto(x->fd, x->p, x->l, MSG_NOSIGNAL, x->tolen ? (struct sockaddr *)&x->to : NULL, x->tolen) < 0)
			perror("dnsd: send");
		free(x->p);
		x->due = 0;
	}
}

static void forget_fd(int fd)
{
	for (size_t i = 0; i < LATE; i++) {
		if (late[i].due && late[i].fd == fd && !late[i].tolen) {
			free(late[i].p);
			late[i].due = 0;
		}
	}
}

static void note(const uint8_t *q, size_t l, bool tcp)
{
	char name[256];
	size_t end = l >= 12 ? dnsd_question(q, l, name) : 0;

	if (verbose && end) {
		printf("%s %s type %u\n", tcp ? "tcp" : "udp", name, (unsigned)q[end] << 8 | q[end + 1]);
		fflush(stdout);
	}
}

static void on_udp(int fd)
{
	static uint8_t out[DNSD_MSG_MAX];
	struct sockaddr_storage from;
	socklen_t fl = sizeof(from);
	uint8_t q[1500];
	ssize_t n = recvfrom(fd, q, sizeof(q), 0, (struct sockaddr *)&from, &fl);

	if (n <= 0)
		return;
	note(q, (size_t)n, false);
	size_t l = dnsd_answer(&zone, q, (size_t)n, out, false);
	if (l)
		put_late(fd, &from, fl, out, l);
}

static void drop(struct client *c)
{
	forget_fd(c->fd);
	close(c->fd);
	c->fd = -1;
}

static void on_tcp(struct client *c)
{
	static uint8_t out[2 + DNSD_MSG_MAX];
	ssize_t n = recv(c->fd, c->in + c->l, sizeof(c->in) - c->l, 0);

	if (n <= 0) {
		drop(c);
		return;
	}
	c->l += (size_t)n;
	while (c->l >= 2) {
		size_t want = (size_t)c->in[0] << 8 | c->in[1];

		if (want + 2 > sizeof(c->in)) {
			drop(c);
			return;
		}
		if (c->l < want + 2)
			return;
		note(c->in + 2, want, true);
		size_t l = dnsd_answer(&zone, c->in + 2, want, out + 2, true);
		dnsd_put16(out, (unsigned)l);
		if (l)
			put_late(c->fd, NULL, 0, out, l + 2);
		c->l -= want + 2;
		memmove(c->in, c->in + want + 2, c->l);
	}
}

static void on_accept(int lfd)
{
	int fd = accept(lfd, NULL, NULL);

	for (size_t i = 0; fd >= 0 && i < CLIENTS; i++) {
		if (clients[i].fd < 0) {
			clients[i] = (struct client){.fd = fd};
			return;
		}
	}
	if (fd >= 0)
		close(fd);
}

static int open_socket(const char *ip, unsigned port, int type)
{
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	bool v6 = strchr(ip, ':') != NULL;
	int on = 1, fd = socket(v6 ? AF_INET6 : AF_INET, type, 0);

	if (fd < 0 || inet_pton(v6 ? AF_INET6 : AF_INET, ip, v6 ? (void *)&a6.sin6_addr : (void *)&a4.sin_addr) != 1)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, v6 ? (struct sockaddr *)&a6 : (struct sockaddr *)&a4, v6 ? sizeof(a6) : sizeof(a4)) ||
	    (type == SOCK_STREAM && listen(fd, 16)))
		return -1;
	return fd;
}

static unsigned port_of(int fd)
{
	struct sockaddr_storage a;
	socklen_t l = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &l))
		return 0;
	return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
					     : ((struct sockaddr_in *)&a)->sin_port);
}

static int next_due(void)
{
	uint64_t now = now_ms(), at = UINT64_MAX;

	for (size_t i = 0; i < LATE; i++)
		at = late[i].due && late[i].due < at ? late[i].due : at;
	return at == UINT64_MAX ? -1 : at > now ? (int)(at - now) : 0;
}

static int serve(int ufd, int tfd)
{
	bool watch_in = !isatty(0);

	for (;;) {
		struct pollfd p[3 + CLIENTS] = {{.fd = ufd, .events = POLLIN}, {.fd = tfd, .events = POLLIN}};

		p[2] = (struct pollfd){.fd = watch_in ? 0 : -1, .events = 0};
		for (size_t i = 0; i < CLIENTS; i++)
			p[3 + i] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
		if (again && load())
			again = 0;
		if (poll(p, 3 + CLIENTS, next_due()) < 0 && errno != EINTR)
			return 1;
		if (p[2].revents & POLLHUP)
			return 0;
		if (p[0].revents & POLLIN)
			on_udp(ufd);
		for (size_t i = 0; i < CLIENTS; i++) {
			if (p[3 + i].fd >= 0 && p[3 + i].revents & (POLLIN | POLLHUP | POLLERR))
				on_tcp(&clients[i]);
		}
		if (p[1].revents & POLLIN)
			on_accept(tfd);
		send_late(false);
	}
}

int main(int argc, char **argv)
{
	struct sigaction sa = {.sa_handler = on_hup};
	int a = 1, ufd, tfd;
	unsigned port;

	if (a < argc && !strcmp(argv[a], "-v")) {
		verbose = true;
		a++;
	}
	if (argc - a != 3) {
		fprintf(stderr, "usage: dnsd [-v] ADDRESS PORT ZONEFILE\n");
		return 2;
	}
	file = argv[a + 2];
	for (size_t i = 0; i < CLIENTS; i++)
		clients[i].fd = -1;
	sigaction(SIGHUP, &sa, NULL);
	if (!load())
		return 1;
	ufd = open_socket(argv[a], (unsigned)atoi(argv[a + 1]), SOCK_DGRAM);
	port = ufd >= 0 ? port_of(ufd) : 0;
	tfd = port ? open_socket(argv[a], port, SOCK_STREAM) : -1;
	if (tfd < 0) {
		perror("dnsd: cannot listen");
		return 1;
	}
	printf("ready %u\n", port);
	fflush(stdout);
	return serve(ufd, tfd);
}
