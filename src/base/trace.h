/*
 * trace.h - a capture point: rooms that send and receive messages tell a sink of each, so that whoever captures needs
 * no arrow to them, nor they to it.
 *
 * A room has a pointer to a sink; without one it costs the test of a pointer. The sink copies what it wants within the
 * call and never calls back.
 * Thread: any; a sink that is given to media workers is called on them.
 */
#ifndef OFFHOOK_BASE_TRACE_H
#define OFFHOOK_BASE_TRACE_H

#include "base/sa.h"

enum trace_kind {
	TRACE_SIP, /**< a whole SIP message, as it is on the wire */
	TRACE_RTCP /**< a compound RTCP packet, without encryption */
};

/** One message. What it points to is valid during the call only. */
struct trace_note {
	enum trace_kind kind;
	bool out;                      /**< sent by us */
	uint8_t transp;                /**< TRACE_SIP: enum sip_transp (wire/sip/msg.h); else 0, UDP */
	uint32_t mark;                 /**< TRACE_RTCP: trace_mark() of what it belongs to; 0: not known */
	uint64_t us;                   /**< when: loop's us */
	const struct sa *local, *peer; /**< our address and theirs; the local one may be unset or of any address */
	struct slice data;
};

/** Who is told. */
struct trace_sink {
	void (*fn)(const struct trace_note *n, void *arg);
	void *arg;
};

/** Bytes of a name that count, of a Call-ID for instance: call records keep no more of it. */
enum { TRACE_NAME_MAX = 95 };

/** Tell the sink; NULL: nobody. */
static inline void trace_tell(const struct trace_sink *t, const struct trace_note *n)
{
	if (t)
		t->fn(n, t->arg);
}
/** A number for a name (the Call-ID of a dialog), never 0. Of a long name the first TRACE_NAME_MAX bytes count. */
uint32_t trace_mark(struct slice name);

#endif
