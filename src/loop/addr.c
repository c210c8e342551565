/*
 * addr.c - which local address leads to a given one: the system's routing table
 * is asked by connecting a UDP socket, which sends nothing.
 */
#include <unistd.h>
#include "loop/udp_priv.h"

int udp_local_for(struct loop *l, const struct sa *dst, struct sa *local)
{
	struct sa to = *dst;
	socklen_t sl = sizeof(local->u);
	int err = 0;

	if (!sa_isset(dst))
		return EINVAL;
	if (l->net) {
		udp_virtual_local_for(l, dst, local);
		return 0;
	}
	/* BSDs refuse port 0; which port is asked for does not matter */
	if (!sa_port(&to))
		sa_set_port(&to, 9);
	int fd = socket(sa_af(dst), SOCK_DGRAM, 0);
	if (fd < 0)
		return errno;
	struct sa a;
	sa_init(&a);
	if (connect(fd, &to.u.sa, sa_len(&to)) || getsockname(fd, &a.u.sa, &sl))
		err = errno;
	close(fd);
	if (err)
		return err;
	sa_set_port(&a, 0);
	*local = a;
	return 0;
}
