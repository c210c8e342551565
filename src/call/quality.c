/*
 * quality.c - how a leg sounds: the figures of its first stream in units for people, and the verdict.
 */
#include "call/call_priv.h"
#include "call/quality.h"
#include "call/verdict.h"

/* Sound may flow since then (loop's ms), 0 = not yet. */
static uint64_t up_since(const struct leg *l)
{
	const struct call *c = l->call;

	if (l->state != LEG_ANSWERED && l->state != LEG_HELD)
		return 0;
	int64_t ago = loop_wall_ms(c->calls->loop) - l->answer_ms;
	uint64_t now = loop_now_ms(c->calls->loop);
	return ago < 0 || (uint64_t)ago > now ? now : now - (uint64_t)ago;
}

static struct mstream *sound_of(const struct leg *l)
{
	for (size_t i = 0; l && i < LEG_MEDIA_MAX; i++)
		if (l->ms[i])
			return l->ms[i];
	return NULL;
}

/* What can be said of a stream at this moment. */
static void judge(struct leg_quality *q, const struct leg *l, const struct mstream_stats *st)
{
	const struct mstream *other = sound_of(leg_other(l));
	struct mstream_stats far = {0};

	if (other)
		mstream_stats(other, &far);
	struct verdict_in in = {
		.who = l->party.number[0] ? l->party.number : "the caller",
		.now_ms = loop_now_ms(l->call->calls->loop),
		.up_ms = up_since(l),
		.other = far.rx_packets,
		.signals = &l->peer,
	};
	if (!verdict_of(q->verdict, sizeof(q->verdict), st, &in))
		q->verdict[0] = '\0';
}

bool leg_quality(const struct leg *l, struct leg_quality *q)
{
	const struct mstream *ms = sound_of(l);
	struct mstream_stats st;

	if (!ms)
		return false;
	mstream_stats(ms, &st);
	*q = (struct leg_quality){
		.received = st.rx_packets,
		.sent = st.tx_packets,
		.lost = st.rx_lost,
		.lost_now = st.sec_lost_pm / 10.0,
		.jitter_ms = st.rx_jitter_us / 1000.0,
		.rtt_ms = st.rtt_us / 1000.0,
		.mos = st.mos_x100 / 100.0,
		.mos_now = st.sec_mos_x100 / 100.0,
		.mos_min = st.min_mos_x100 / 100.0,
		.far_mos = st.far_mos_x10 / 10.0,
		.buffer_ms = st.buffer_us / 1000.0,
		.concealed = st.played_ms ? 100.0 * st.concealed_ms / st.played_ms : 0,
		.has_level = st.level_dbov > -128,
		.level_dbov = st.level_dbov,
		.auth_failed = st.rx_auth_failed,
		.bad_s = st.bad_s,
	};
	(void)slice_copy(q->codec, sizeof(q->codec), slice_str(st.codec));
	judge(q, l, &st);
	return true;
}
