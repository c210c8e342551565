/*
 * rtcp_trace.c - RTCP is told to who captures (base/trace.h): plain, as it came or before it is encrypted.
 */
#include "media/media_priv.h"

void rtcp_trace(const struct wstream *w, bool out, bool muxed, const struct sa *peer, const uint8_t *p, size_t l)
{
	struct sa local = w->port->pool->ip;

	sa_set_port(&local, (uint16_t)(w->port->nr + !muxed));
	trace_tell(w->wk->m->cfg.trace, &(struct trace_note){
						.kind = TRACE_RTCP,
						.out = out,
						.mark = atomic_load_explicit(&w->s->mark, memory_order_relaxed),
						.us = loop_now_us(w->wk->loop),
						.local = &local,
						.peer = peer,
						.data = slice_mem(p, l),
					});
}

void mstream_mark(struct mstream *s, uint32_t mark)
{
	atomic_store_explicit(&s->mark, mark, memory_order_relaxed);
}
