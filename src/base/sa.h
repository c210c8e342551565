/*
 * sa.h - socket addresses, IPv4 and IPv6, in 28 bytes that compare and hash cheaply.
 *
 * Thread: any. Ownership: plain values. IPv4-mapped IPv6 addresses are turned
 * into IPv4 when made.
 */
#ifndef OFFHOOK_BASE_SA_H
#define OFFHOOK_BASE_SA_H

#include <netinet/in.h>
#include <sys/socket.h>
#include "base/slice.h"

struct sa {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} u; /**< sa_family 0 = not set */
};
/** Longest text of an address: "[ipv6%scope]:65535" and the terminator. */
enum { SA_STRLEN = 80 };

/** No address. */
void sa_init(struct sa *a);
/** Family, address and port set? */
static inline bool sa_isset(const struct sa *a)
{
	return a->u.sa.sa_family != 0;
}
/** AF_INET, AF_INET6 or 0. */
static inline int sa_af(const struct sa *a)
{
	return a->u.sa.sa_family;
}
/** Length of the socket address for system calls. */
socklen_t sa_len(const struct sa *a);
/** From a system call's result; EAFNOSUPPORT. */
int sa_from_os(struct sa *a, const struct sockaddr *s) MUST_CHECK;
/** Address text ("1.2.3.4", "::1", "[::1]") and port; ERR_SYNTAX if it is not a literal address. */
int sa_set(struct sa *a, struct slice ip, uint16_t port) MUST_CHECK;
/** "ip", "ip:port", "[ip6]:port", ":port" not allowed; port defaults to `defport`. ERR_SYNTAX. */
int sa_parse(struct sa *a, struct slice s, uint16_t defport) MUST_CHECK;
/** The unspecified address of a family. */
void sa_any(struct sa *a, int af, uint16_t port);
/** Port in host order. */
uint16_t sa_port(const struct sa *a);
void sa_set_port(struct sa *a, uint16_t port);
/** Same family and address, ports ignored. */
bool sa_eq_addr(const struct sa *a, const struct sa *b);
/** Same family, address and port. */
bool sa_eq(const struct sa *a, const struct sa *b);
/** Keyed hash of address and port. */
uint32_t sa_hash(const struct sa *a);
/** Keyed hash of the address alone. */
uint32_t sa_hash_addr(const struct sa *a);
bool sa_is_any(const struct sa *a);
bool sa_is_loopback(const struct sa *a);
bool sa_is_linklocal(const struct sa *a);
bool sa_is_multicast(const struct sa *a);
/** RFC 1918, RFC 4193, RFC 6598, loopback or link-local. */
bool sa_is_private(const struct sa *a);
/** Address text without port; IPv6 without brackets. `dst` of SA_STRLEN bytes; returns dst. */
char *sa_ntop(const struct sa *a, char *dst);
/** "ip:port" or "[ip6]:port"; `dst` of SA_STRLEN bytes; returns dst. */
char *sa_str(const struct sa *a, char *dst);

/** A network: address and prefix length. */
struct sa_net {
	struct sa addr;
	uint8_t bits; /**< 0-32 or 0-128 */
};
/** "10.0.0.0/8", "2001:db8::/32" or a bare address; ERR_SYNTAX. */
int sa_net_parse(struct sa_net *n, struct slice s) MUST_CHECK;
/** `a` lies in the network. */
bool sa_net_has(const struct sa_net *n, const struct sa *a);

#endif
