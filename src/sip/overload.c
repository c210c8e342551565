/*
 * overload.c - more to do than can be done: new calls are turned away early, so that calls in progress and
 * registrations go on (RFC 3261 21.5.4; RFC 6357 tells why early).
 *
 * How late we are is measured: a timer that comes late, a socket that is never found empty, three times in a row, so
 * that a machine that stood still for a moment is not taken for a busy one. Level 1 keeps strangers short
 * (loop/guard.h) and leaves OPTIONS without an answer; level 2 refuses new calls. It ends after a second without lag.
 * Retry-After is random, so that all do not come again at once; trunks get none: it would be about the whole server,
 * and stop the line.
 */
#include <stdio.h>
#include "base/log.h"
#include "base/rand.h"
#include "sip/sip_priv.h"

enum {
	TICK_MS = 100,
	LATE_MS = 120,     /* level 1 */
	TOO_LATE_MS = 300, /* level 2 */
	EASY_MS = 40,      /* below: calm */
	LATE_TICKS = 3,
	CALM_TICKS = 10,
	RETRY_MAX_S = 10
};

static struct metric m_refused = {.name = "sip_overload_refused_total", .help = "New calls refused in overload."};
static struct metric m_dropped = {.name = "sip_overload_dropped_total", .help = "OPTIONS left unanswered in overload."};
static struct metric m_level = {.name = "sip_overload_level",
				.help = "0 none, 1 strangers are kept short, 2 new calls are refused.",
				.gauge = true};

static void set_level(struct sip *s, uint8_t level)
{
	if (level == s->over.level)
		return;
	if (level > s->over.level)
		log_warn("sip", "overload %u: %u ms late", level, s->over.lag_ms);
	else
		log_info("sip", "overload %u", level);
	metric_reg(&m_level);
	metric_add(&m_level, (int64_t)level - s->over.level);
	s->over.level = level;
	if (s->guard)
		guard_set_pressed(s->guard, level > 0);
	if (s->ops.overload)
		s->ops.overload(level, s->over.lag_ms, s->arg);
}

void sip_overload_note(struct sip *s, uint32_t lag_ms)
{
	uint8_t level;

	s->over.lag_ms = lag_ms;
	s->over.calm = lag_ms < EASY_MS ? s->over.calm + 1 : 0;
	s->over.late = lag_ms >= LATE_MS ? s->over.late + 1 : 0;
	s->over.too_late = lag_ms >= TOO_LATE_MS ? s->over.too_late + 1 : 0;
	level = s->over.too_late >= LATE_TICKS ? 2 : s->over.late >= LATE_TICKS ? 1 : 0;
	if (level > s->over.level)
		set_level(s, level);
	else if (s->over.calm >= CALM_TICKS)
		set_level(s, 0);
}

static uint32_t backlog_ms(const struct sip *s)
{
	uint32_t max = 0;

	LIST_EACH (&s->listeners, k) {
		const struct sip_listener *ln = LINK_OBJ(k, struct sip_listener, le);
		uint32_t ms = ln->udp ? udp_backlog_ms(ln->udp) : 0;

		max = ms > max ? ms : max;
	}
	return max;
}

static void start(struct sip *s);

static void tick(void *arg)
{
	struct sip *s = arg;
	uint64_t now = loop_now_us_fresh(s->loop);
	uint32_t lag = now > s->over.due_us ? (uint32_t)((now - s->over.due_us) / 1000) : 0, behind = backlog_ms(s);

	sip_overload_note(s, behind > lag ? behind : lag);
	/* a system at rest is not woken for this */
	if (s->over.traffic || s->over.level)
		start(s);
}

static void start(struct sip *s)
{
	s->over.traffic = false;
	s->over.due_us = loop_now_us_fresh(s->loop) + 1000ULL * TICK_MS;
	timer_start(&s->over.tick, s->loop, TICK_MS, tick, s);
}

void sip_overload_watch(struct sip *s)
{
	s->over.traffic = true;
	if (!timer_running(&s->over.tick))
		start(s);
}

void sip_overload_end(struct sip *s)
{
	timer_stop(&s->over.tick);
	metric_add(&m_level, -(int64_t)s->over.level);
	s->over.level = 0;
}

static void refuse(struct sip *s, const struct sip_msg *msg, enum sip_weight w)
{
	char line[32] = "";

	metric_reg(&m_refused);
	metric_add(&m_refused, 1);
	if (w != SIP_WEIGHT_TRUNK)
		snprintf(line, sizeof(line), "Retry-After: %u\r\n", 1 + rand_below(RETRY_MAX_S));
	sip_reply_stateless(s, msg, 503, NULL, slice_str(line));
}

bool sip_overload_takes(struct sip *s, const struct sip_msg *msg)
{
	bool call = msg->m == SIP_INVITE && !msg->to.tag.l;
	size_t n = s->strans.n + s->ctrans.n;
	enum sip_weight w = SIP_WEIGHT_PHONE;

	if (s->over.level && msg->m == SIP_OPTIONS && !msg->to.tag.l) {
		metric_reg(&m_dropped);
		metric_add(&m_dropped, 1);
		s->st.dropped++;
		return false;
	}
	/* of the table of transactions the last fifth is for what goes on already */
	if (n < s->max_trans - (call ? s->max_trans / 5 : 0) && (!call || s->over.level < 2))
		return true;
	if (call && s->ops.weigh)
		w = s->ops.weigh(msg, s->arg);
	if (w == SIP_WEIGHT_ALWAYS && n < s->max_trans)
		return true;
	refuse(s, msg, w);
	return false;
}
