/*
 * trim.c - memory goes back to the system after a busy time. The C library keeps its peak otherwise: a storm of an
 * hour ago would still be counted against a small machine.
 */
#include "app/serve.h"
#include "base/mem.h"
#include "loop/tls.h"
#include "sip/sip.h"

enum {
	LOOK_MS = 10000,
	BUSY = 256, /* transactions at once, or TLS handshakes: less leaves nothing worth the walk through the heap */
	QUIET = 16
};

/* TLS handshakes since the last look; a handshake takes ten times what its connection keeps. */
static uint64_t fresh_handshakes(struct server *s)
{
	struct tls_stats st;
	uint64_t all, fresh;

	tls_stats(s->tls, &st);
	all = st.accepted + st.connected + st.failed;
	fresh = all - s->handshakes;
	s->handshakes = all;
	s->untrimmed += fresh;
	return fresh;
}

static void look(void *arg)
{
	struct server *s = arg;
	struct sip_stats st;
	uint64_t fresh = fresh_handshakes(s);
	size_t n;

	sip_stats(s->sip, &st);
	n = st.server_trans + st.client_trans;
	if (n > s->busiest)
		s->busiest = n;
	if ((s->busiest >= BUSY || s->untrimmed >= BUSY) && n <= QUIET && fresh <= QUIET) {
		mem_trim();
		s->untrimmed = 0;
		s->busiest = n;
	}
	timer_start(&s->trim, s->loop, LOOK_MS, look, s);
}

void trim_start(struct server *s)
{
	timer_start(&s->trim, s->loop, LOOK_MS, look, s);
}
