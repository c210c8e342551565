/*
 * net.c - sockets of the load generator: batched both ways, so that the ruler costs little.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include "load.h"

static struct {
	int fd;
	unsigned n;
	struct mmsghdr mm[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_in to[BATCH];
	char data[BATCH][MSG_MAX];
} out = {.fd = -1};

uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

int net_socket(unsigned port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = 16 << 20;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a))) {
		fprintf(stderr, "load: port %u: %s\n", port, strerror(errno));
		exit(2);
	}
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return fd;
}

unsigned net_port(int fd)
{
	struct sockaddr_in a;
	socklen_t l = sizeof(a);

	return getsockname(fd, (struct sockaddr *)&a, &l) ? 0 : ntohs(a.sin_port);
}

void net_flush(void)
{
	unsigned done = 0;

	while (done < out.n) {
		int n = sendmmsg(out.fd, out.mm + done, out.n - done, 0);

		if (n > 0)
			done += (unsigned)n;
		else if (errno != EAGAIN && errno != EINTR)
			done++;
	}
	out.n = 0;
}

void net_queue(int fd, const struct sockaddr_in *to, const void *p, size_t l)
{
	unsigned i;

	if (out.fd != fd || out.n == BATCH)
		net_flush();
	out.fd = fd;
	i = out.n++;
	if (l > MSG_MAX)
		l = MSG_MAX;
	memcpy(out.data[i], p, l);
	out.to[i] = *to;
	out.iov[i] = (struct iovec){out.data[i], l};
	out.mm[i].msg_hdr = (struct msghdr){
		.msg_name = &out.to[i], .msg_namelen = sizeof(out.to[i]), .msg_iov = &out.iov[i], .msg_iovlen = 1};
}

bool net_take(int fd, void (*fn)(char *p, size_t l, const struct sockaddr_in *from))
{
	static char data[BATCH][MSG_MAX + 1];
	static struct sockaddr_in from[BATCH];
	struct mmsghdr mm[BATCH];
	struct iovec iov[BATCH];
	int n;

	for (unsigned i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){data[i], MSG_MAX};
		mm[i].msg_hdr = (struct msghdr){
			.msg_name = &from[i], .msg_namelen = sizeof(from[i]), .msg_iov = &iov[i], .msg_iovlen = 1};
	}
	n = recvmmsg(fd, mm, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		data[i][mm[i].msg_len] = '\0';
		fn(data[i], mm[i].msg_len, &from[i]);
	}
	return n > 0;
}

void net_wait(int a, int b, unsigned us)
{
	struct pollfd p[2] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};
	struct timespec t = {.tv_nsec = (long)us * 1000};

	ppoll(p, 2, &t, NULL);
}
