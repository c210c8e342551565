/*
 * trim.c - memory goes back to the system after a busy time. The C library keeps its peak otherwise: a storm of an
 * hour ago would still be counted against a small machine.
 */
#include "app/serve.h"
#include "base/mem.h"
#include "sip/sip.h"

enum {
	LOOK_MS = 10000,
	BUSY = 256, /* transactions at once: less leaves nothing worth the walk through the heap */
	QUIET = 16
};

static void look(void *arg)
{
	struct server *s = arg;
	struct sip_stats st;
	size_t n;

	sip_stats(s->sip, &st);
	n = st.server_trans + st.client_trans;
	if (n > s->busiest)
		s->busiest = n;
	if (s->busiest >= BUSY && n <= QUIET) {
		mem_trim();
		s->busiest = n;
	}
	timer_start(&s->trim, s->loop, LOOK_MS, look, s);
}

void trim_start(struct server *s)
{
	timer_start(&s->trim, s->loop, LOOK_MS, look, s);
}
