/*
 * echo.c - everything that arrives goes back to its sender with its payload
 * untouched, in the outbound stream's own numbers.
 */
#include "media/media_priv.h"

void echo_rtp(struct wstream *w, uint8_t *p, size_t l, const struct rtp_hdr *h, uint64_t us)
{
	relay_pass(w, p, l, h, w->q.rate, us);
}
