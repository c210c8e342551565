/*
 * udp_ctl.c - control data of datagrams: at which local address one arrived and when,
 * from which one is to be sent (RFC 3542 for IPv6; IP_PKTINFO or its BSD relatives for
 * IPv4).
 */
#include <string.h>
#include <sys/time.h>
#include "loop/udp_priv.h"

void udp_ctl_enable(int fd, int af)
{
	int on = 1;

	if (af == AF_INET6) {
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
		return;
	}
#if defined(IP_PKTINFO)
	(void)setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
#elif defined(IP_RECVDSTADDR)
	(void)setsockopt(fd, IPPROTO_IP, IP_RECVDSTADDR, &on, sizeof(on));
#endif
}

void udp_ctl_read(struct msghdr *m, struct sa *dst)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO && sa_af(dst) == AF_INET6) {
			struct in6_pktinfo pi;
			memcpy(&pi, CMSG_DATA(c), sizeof(pi));
			dst->u.in6.sin6_addr = pi.ipi6_addr;
			if (IN6_IS_ADDR_LINKLOCAL(&pi.ipi6_addr))
				dst->u.in6.sin6_scope_id = (uint32_t)pi.ipi6_ifindex;
		}
		if (c->cmsg_level != IPPROTO_IP || sa_af(dst) != AF_INET)
			continue;
#if defined(IP_PKTINFO)
		if (c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo pi;
			memcpy(&pi, CMSG_DATA(c), sizeof(pi));
			dst->u.in.sin_addr = pi.ipi_addr;
		}
#elif defined(IP_RECVDSTADDR)
		if (c->cmsg_type == IP_RECVDSTADDR)
			memcpy(&dst->u.in.sin_addr, CMSG_DATA(c), sizeof(dst->u.in.sin_addr));
#endif
	}
}

int udp_ctl_stamps(int fd, bool on)
{
	int v = on;

	return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &v, sizeof(v)) ? errno : 0;
}

/* The stamp is of the wall clock, which may be set meanwhile: what cannot be is not believed. */
uint64_t udp_ctl_age_us(struct msghdr *m)
{
	enum { AGE_MAX_US = 100000 };
	struct timeval came, now;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMP)
			continue;
		memcpy(&came, CMSG_DATA(c), sizeof(came));
		(void)gettimeofday(&now, NULL);
		int64_t us = (int64_t)(now.tv_sec - came.tv_sec) * 1000000 + (now.tv_usec - came.tv_usec);
		return us > 0 && us < AGE_MAX_US ? (uint64_t)us : 0;
	}
	return 0;
}

static void put(struct msghdr *m, union udp_ctl *ctl, int level, int type, const void *p, size_t l)
{
	memset(ctl, 0, sizeof(*ctl));
	m->msg_control = ctl->b;
	m->msg_controllen = CMSG_SPACE(l);
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(l);
	memcpy(CMSG_DATA(c), p, l);
}

void udp_ctl_write(struct msghdr *m, union udp_ctl *ctl, const struct sa *src)
{
	if (sa_af(src) == AF_INET6) {
		struct in6_pktinfo pi = {.ipi6_addr = src->u.in6.sin6_addr};
		if (IN6_IS_ADDR_LINKLOCAL(&pi.ipi6_addr))
			pi.ipi6_ifindex = src->u.in6.sin6_scope_id;
		put(m, ctl, IPPROTO_IPV6, IPV6_PKTINFO, &pi, sizeof(pi));
	} else if (sa_af(src) == AF_INET) {
#if defined(IP_PKTINFO)
		struct in_pktinfo pi = {.ipi_spec_dst = src->u.in.sin_addr};
		put(m, ctl, IPPROTO_IP, IP_PKTINFO, &pi, sizeof(pi));
#elif defined(IP_SENDSRCADDR)
		put(m, ctl, IPPROTO_IP, IP_SENDSRCADDR, &src->u.in.sin_addr, sizeof(src->u.in.sin_addr));
#endif
	}
}
