/*
 * record.c - the call record, put together from the call, its live legs and what is kept of those that are gone:
 * outcome, who ended it, and plain words.
 */
#include <stdio.h>
#include <string.h>
#include "call/call_priv.h"
#include "call/trunk.h"
#include "call/verdict.h"

uint8_t record_rank(const struct leg *l)
{
	if (!l->outgoing)
		return 0;
	return l == l->call->b ? 1 : 2;
}

void record_leg(struct leg_record *r, const struct leg *l)
{
	memset(r, 0, sizeof(*r));
	memcpy(r->number, l->party.number, sizeof(r->number));
	memcpy(r->name, l->party.name, sizeof(r->name));
	memcpy(r->device, l->device, sizeof(r->device));
	r->outgoing = l->outgoing;
	r->hidden = l->party.hidden;
	if (l->ops->callid)
		(void)slice_copy(r->callid, sizeof(r->callid), l->ops->callid(l));
	if (l->trunk)
		(void)slice_copy(r->trunk, sizeof(r->trunk), slice_str(trunk_name(l->trunk)));
	r->series = l->series;
	r->code = l->code;
	r->start_ms = l->start_ms;
	r->answer_ms = l->answer_ms;
}

void record_quality(struct leg_record *r, const struct mstream_stats *st)
{
	r->q = *st;
	r->has_q = true;
	memcpy(r->codec, st->codec, sizeof(r->codec));
}

void record_verdict(struct leg_past *p, const struct mstream_stats *st, uint64_t now_ms)
{
	struct leg_record *r = &p->r;
	int64_t talk = r->answer_ms && r->end_ms > r->answer_ms ? r->end_ms - r->answer_ms : 0;
	struct verdict_in in = {
		.who = r->number[0] ? r->number : "the caller",
		.now_ms = now_ms,
		.up_ms = talk && (uint64_t)talk < now_ms ? now_ms - (uint64_t)talk : 0,
		.over = true,
		.signals = &p->signals,
	};
	if (!verdict_of(r->verdict, sizeof(r->verdict), st, &in))
		r->verdict[0] = '\0';
}

static void live_leg(struct leg_record *r, const struct leg *l)
{
	struct mstream_stats st;

	record_leg(r, l);
	for (size_t i = 0; i < LEG_MEDIA_MAX; i++) {
		if (!l->ms[i])
			continue;
		mstream_stats(l->ms[i], &st);
		record_quality(r, &st);
		return;
	}
}

static void put_legs(struct call_record *r, const struct call *c)
{
	r->nlegs = 0;
	for (uint8_t rank = 0; rank <= 2; rank++) {
		LIST_EACH (&c->past, k) {
			const struct leg_past *p = LINK_OBJ(k, struct leg_past, le);

			if (p->rank == rank && r->nlegs < RECORD_LEGS)
				r->leg[r->nlegs++] = p->r;
		}
		LIST_EACH (&c->legs, k) {
			const struct leg *l = LINK_OBJ(k, struct leg, le);

			if (l->state != LEG_ENDED && record_rank(l) == rank && r->nlegs < RECORD_LEGS)
				live_leg(&r->leg[r->nlegs++], l);
		}
	}
}

static const char *outcome(const struct call *c)
{
	if (c->answer_ms)
		return "answered";
	switch (c->end_code) {
	case 486:
	case 600:
		return "busy";
	case 487:
		return "cancelled";
	case 403:
	case 603:
	case 607:
	case 608:
		return "declined";
	case 408:
		return c->end_silent ? "unreachable" : "no answer";
	case 480:
		/* Many phones say 480 when nobody took the call. */
		return c->rang && !c->end_silent ? "no answer" : "unreachable";
	case 404:
	case 410:
	case 604:
		return "unreachable";
	default:
		return "failed";
	}
}

static void words_unanswered(char *dst, size_t size, const struct call *c, const char *from)
{
	const char *o = outcome(c), *to = c->dialled;

	if (!strcmp(o, "cancelled"))
		snprintf(dst, size, "%.30s hung up before anybody answered", from);
	else if (!strcmp(o, "busy") && !c->end_text)
		snprintf(dst, size, "%.30s was busy", to);
	else if (!strcmp(o, "declined") && !c->end_text)
		snprintf(dst, size, "%.30s declined", to);
	else if (!strcmp(o, "no answer") && c->end_code == 408)
		snprintf(dst, size, "nobody answered in %u s", c->ring_ms / 1000);
	else if (!strcmp(o, "no answer"))
		snprintf(dst, size, "nobody answered");
	else
		snprintf(dst, size, "%.24s: %.69s", to, c->end_text ? c->end_text : hangup_words(c->end_code));
}

/* With the reason that its BYE gave, if any. */
static void words_hung_up(char *dst, size_t size, const char *who, const char *why)
{
	snprintf(dst, size, why ? "%.30s hung up: %.50s" : "%.30s hung up", who, why);
}

static void words(char *dst, size_t size, const struct call *c, const char *from)
{
	dst[0] = '\0';
	if (!c->ended_by || moves_words(dst, size, c) || originate_words(dst, size, c))
		return;
	if (!c->answer_ms)
		words_unanswered(dst, size, c, from);
	else if (!strcmp(c->ended_by, "caller"))
		words_hung_up(dst, size, from, c->end_text);
	else if (!strcmp(c->ended_by, "callee"))
		words_hung_up(dst, size, c->answered_by, c->end_text);
	else
		snprintf(dst, size, "the system hung up: %.60s", c->end_text ? c->end_text : hangup_words(c->end_code));
}

static uint32_t span(uint64_t from, uint64_t to)
{
	return from && to > from ? (uint32_t)(to - from) : 0;
}

void call_record_get(const struct call *c, struct call_record *r)
{
	uint64_t end = c->end_ms ? c->end_ms : loop_now_ms(c->calls->loop);

	memset(r, 0, offsetof(struct call_record, leg));
	put_legs(r, c);
	moves_record(r, c);
	recordings_record(r, c);
	memcpy(r->id, c->id, sizeof(r->id));
	if (r->nlegs) {
		memcpy(r->from, r->leg[0].number, sizeof(r->from));
		memcpy(r->from_name, r->leg[0].name, sizeof(r->from_name));
	} else {
		(void)slice_copy(r->from, sizeof(r->from), slice_str(call_from(c)));
	}
	(void)slice_copy(r->to, sizeof(r->to), call_shown(c->dialled));
	memcpy(r->answered_by, c->answered_by, sizeof(r->answered_by));
	r->start_ms = c->start_wall;
	r->answer_ms = c->answer_wall;
	r->end_ms = c->end_wall;
	r->duration_ms = span(c->start_ms, end);
	r->talk_ms = span(c->answer_ms, end);
	r->code = c->answer_ms ? 200 : c->end_code;
	if (c->diverted)
		diverted_text(r->diverted, sizeof(r->diverted), c->diverted);
	if (c->answer_ms || c->ended_by)
		(void)slice_copy(r->outcome, sizeof(r->outcome), slice_str(outcome(c)));
	words(r->words, sizeof(r->words), c, r->from);
	(void)slice_copy(r->ended_by, sizeof(r->ended_by), slice_str(c->ended_by));
}

void record_report(struct call *c, enum record_phase phase)
{
	/* Some kilobytes: neither for the call nor for a fiber's stack. */
	static _Thread_local struct call_record r;
	const struct calls *cs = c->calls;

	if (!cs->ops->record)
		return;
	call_record_get(c, &r);
	cs->ops->record(phase, &r, cs->arg);
}
