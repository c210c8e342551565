/*
 * verdict.c - the common faults of sound, found in the figures of one party: nothing arrives, keys do not match,
 * another codec than agreed on, a silent microphone, a poor network, an address that differs from what was said.
 *
 * The worst comes first: who hears nothing does not ask about jitter.
 */
#include <stdio.h>
#include "call/verdict.h"

enum {
	GRACE_MS = 3000,   /**< sound may take so long to begin */
	PAUSE_MS = 5000,   /**< and may stop so long */
	SILENT_S = 10,     /**< seconds of a silent microphone until it is one */
	KEYS_MANY = 10,    /**< packets that no key opens: one or two may be strangers */
	LOST_PM = 30,      /**< 3 % lost is heard in spite of concealment */
	JITTER_US = 60000, /**< more than usual buffers hold */
	RTT_US = 500000,   /**< people begin to interrupt each other */
	CLIP_S = 5,        /**< seconds of clipping */
	ENOUGH = 250       /**< packets before loss is judged: 5 s */
};

static unsigned seconds(uint64_t ms)
{
	return (unsigned)((ms + 500) / 1000);
}

/* Nothing opens, or only now and then. */
static bool keys(char *dst, size_t size, const struct mstream_stats *st, const struct verdict_in *in)
{
	uint64_t failed = st->rx_auth_failed > st->rx_strangers ? st->rx_auth_failed - st->rx_strangers : 0;

	if (failed < KEYS_MANY || failed < st->rx_packets / 10)
		return false;
	/* it was so, and is put right */
	if (!in->over && st->last_rx_ms && in->now_ms < st->last_rx_ms + GRACE_MS)
		return false;
	snprintf(dst, size, "the keys of %.40s do not match: %llu of its packets cannot be opened", in->who,
		 (unsigned long long)failed);
	return true;
}

static bool nothing(char *dst, size_t size, const struct mstream_stats *st, const struct verdict_in *in)
{
	uint64_t since = st->expects_ms > in->up_ms ? st->expects_ms : in->up_ms;

	if (!st->expects || !in->up_ms || in->now_ms < since + GRACE_MS)
		return false;
	const char *way = in->other ? ": one way only" : "";
	char said[SA_STRLEN];
	if (!st->last_rx_ms) {
		snprintf(dst, size, "nothing has ever arrived from %.40s at %s%s", in->who, sa_str(&st->said, said),
			 way);
		return true;
	}
	uint64_t quiet = in->now_ms > st->last_rx_ms ? in->now_ms - st->last_rx_ms : 0;
	if (st->pauses || quiet < PAUSE_MS || in->now_ms < since + PAUSE_MS)
		return false;
	snprintf(dst, size,
		 in->over ? "nothing arrived from %.40s in the last %u s%s" : "nothing arrives from %.40s for %u s%s",
		 in->who, seconds(quiet), way);
	return true;
}

static bool network(char *dst, size_t size, const struct mstream_stats *st, const struct verdict_in *in)
{
	uint64_t all = st->rx_packets + st->rx_lost;

	if (all >= ENOUGH && st->rx_lost * 1000 / all >= LOST_PM) {
		snprintf(dst, size, "%.1f %% of the packets of %.40s %s lost",
			 100.0 * (double)st->rx_lost / (double)all, in->who, in->over ? "were" : "are");
		return true;
	}
	/* of a call that is over not its last report, but all of it */
	double far = !in->over        ? st->remote_lost_pm
		     : st->tx_packets ? 1000.0 * st->remote_lost / (double)st->tx_packets
				      : 0;
	if (st->tx_packets >= ENOUGH && far >= LOST_PM) {
		snprintf(dst, size,
			 in->over ? "%.40s lost %.1f %% of what it was sent" : "%.40s loses %.1f %% of what it is sent",
			 in->who, far / 10.0);
		return true;
	}
	if (st->rx_jitter_us >= JITTER_US) {
		snprintf(dst, size, "packets of %.40s come very unevenly: jitter %u ms", in->who,
			 st->rx_jitter_us / 1000);
		return true;
	}
	if (st->rtt_us >= RTT_US) {
		snprintf(dst, size, "the way to %.40s and back takes %u ms", in->who, st->rtt_us / 1000);
		return true;
	}
	return false;
}

/* Of a call that is over only if nothing was ever said: many switch their microphone off to listen. */
static bool silent(const struct mstream_stats *st, const struct verdict_in *in)
{
	if (st->silent_s < SILENT_S)
		return false;
	return !in->over || st->silent_s * 1000ULL + GRACE_MS >= st->last_rx_ms - st->first_rx_ms;
}

/* Not through a router that its signalling passes as well: that is how most phones at home are. */
static bool elsewhere(const struct mstream_stats *st, const struct verdict_in *in)
{
	return st->latched && st->moved && sa_isset(&st->said) &&
	       !(in->signals && sa_isset(in->signals) && sa_eq_addr(in->signals, &st->remote));
}

bool verdict_of(char *dst, size_t size, const struct mstream_stats *st, const struct verdict_in *in)
{
	char from[SA_STRLEN], said[SA_STRLEN];

	if (keys(dst, size, st, in) || nothing(dst, size, st, in))
		return true;
	if (st->strange && st->rx_packets) {
		snprintf(dst, size, "%.40s sends %s, which was not agreed on", in->who, st->codec);
		return true;
	}
	if (silent(st, in)) {
		snprintf(dst, size,
			 in->over ? "the microphone of %.40s was silent" : "the microphone of %.40s is silent for %u s",
			 in->who, st->silent_s);
		return true;
	}
	if (network(dst, size, st, in))
		return true;
	if (st->clipped_s >= CLIP_S) {
		snprintf(dst, size, "%.40s is too loud: its sound is clipped", in->who);
		return true;
	}
	if (elsewhere(st, in)) {
		snprintf(dst, size, "the sound of %.40s comes from %s, not from %s as it said", in->who,
			 sa_str(&st->remote, from), sa_str(&st->said, said));
		return true;
	}
	return false;
}
