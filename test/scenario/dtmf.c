/*
 * dtmf.c - digits of a call: three ways in, three ways out, all nine conversions; digits for inside parties; phones
 * that send them twice, that refuse INFO, that change their way.
 */
#include "pbx/conference.h"
#include "scenario.h"
#include "wire/rtp/rtp.h"

static const char *const setting[] = {"auto", "rfc4733", "info", "inband"};

/* How an agent sends its digits, and what is set for it. */
static void sends_by(struct scene *s, struct agent *a, enum oh_dtmf_way way)
{
	a->opt.no_events = way != OH_DTMF_EVENT;
	extension_set(s, a->number, json_pack("{s:s}", "dtmf", way == OH_DTMF_SOUND ? "inband" : "auto"));
}

/* How digits come to it: what is set, and what it understands. */
static void takes_by(struct scene *s, struct agent *a, enum oh_dtmf_way way)
{
	a->opt.no_events = way == OH_DTMF_SOUND;
	/* whatever the way, digits in the sound would be heard as well */
	a->opt.hear_digits = true;
	extension_set(s, a->number, json_pack("{s:s}", "dtmf", setting[way]));
}

static size_t infos(const struct scene *s, const struct agent *to)
{
	return tape_count(s, NULL, to->ip, "INFO");
}

/* Telephone-events to the agent; how long the last one was, by its own words, ms. */
static size_t events(const struct scene *s, const struct agent *to, unsigned *ms)
{
	uint32_t ts = 0;
	size_t n = 0;

	for (size_t i = 0; i < s->ntape; i++) {
		struct slice p = rbuf_slice(s->tape[i].data);
		struct sa dst = address(to->ip);
		struct rtp_hdr h;
		struct rtp_tev t;

		if (!sa_eq_addr(&s->tape[i].dst, &dst) || is_sip(p) ||
		    rtp_classify((const uint8_t *)p.p, p.l) != RTP_KIND_RTP ||
		    rtp_decode(&h, (const uint8_t *)p.p, p.l) || h.pt != 101 ||
		    rtp_tev_decode(&t, (const uint8_t *)p.p + h.hdrlen, h.payload))
			continue;
		n += h.ts != ts || !n;
		ts = h.ts;
		if (ms)
			*ms = t.duration / 8;
	}
	return n;
}

static void convert(struct scene *s, enum oh_dtmf_way in, enum oh_dtmf_way out)
{
	unsigned ms = 0;

	sends_by(s, &s->a, in);
	takes_by(s, &s->b, out);
	talk(&s->a, &s->b, "101");
	tape_start(s);
	assert_int_equal(oh_call_dtmf_by(s->a.call, "159*0#DD", in), 0);
	scene_run(s, 3000);
	assert_log(&s->b, "dtmf:1 dtmf:5 dtmf:9 dtmf:* dtmf:0 dtmf:# dtmf:D dtmf:D");
	assert_int_equal(infos(s, &s->b), out == OH_DTMF_INFO ? 8 : 0);
	assert_int_equal(events(s, &s->b, &ms), out == OH_DTMF_EVENT ? 8 : 0);
	if (out == OH_DTMF_EVENT)
		assert_in_range(ms, 80, 120);
	if (out == OH_DTMF_INFO)
		assert_true(contains(tape_find(s, NULL, s->b.ip, "INFO", 0), "Signal=1\r\nDuration="));
	tape_stop(s);
	/* and the sound goes on behind it, both ways */
	assert_hears(&s->b, &s->a);
	assert_hears(&s->a, &s->b);
	end_call(&s->a, &s->b);
}

static void nine(void **state, enum oh_dtmf_way in, enum oh_dtmf_way out)
{
	agents_ready(*state, 2);
	convert(*state, in, out);
}

void dtmf_event_to_event(void **state)
{
	nine(state, OH_DTMF_EVENT, OH_DTMF_EVENT);
}

void dtmf_event_to_info(void **state)
{
	nine(state, OH_DTMF_EVENT, OH_DTMF_INFO);
}

void dtmf_event_to_sound(void **state)
{
	nine(state, OH_DTMF_EVENT, OH_DTMF_SOUND);
}

void dtmf_info_to_event(void **state)
{
	nine(state, OH_DTMF_INFO, OH_DTMF_EVENT);
}

void dtmf_info_to_info(void **state)
{
	nine(state, OH_DTMF_INFO, OH_DTMF_INFO);
}

void dtmf_info_to_sound(void **state)
{
	nine(state, OH_DTMF_INFO, OH_DTMF_SOUND);
}

void dtmf_sound_to_event(void **state)
{
	nine(state, OH_DTMF_SOUND, OH_DTMF_EVENT);
}

void dtmf_sound_to_info(void **state)
{
	nine(state, OH_DTMF_SOUND, OH_DTMF_INFO);
}

void dtmf_sound_to_sound(void **state)
{
	nine(state, OH_DTMF_SOUND, OH_DTMF_SOUND);
}

/* GSM spoils tones: they are found all the same, and made anew for who hears them. */
void dtmf_through_gsm(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->a.opt.codecs = "GSM";
	s->b.opt.codecs = "PCMU";
	convert(s, OH_DTMF_SOUND, OH_DTMF_INFO);
	convert(s, OH_DTMF_SOUND, OH_DTMF_SOUND);
}

/* The way back is the other party's own: from the one who was called. */
void dtmf_both_ways_differ(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->a.opt.no_events = true;
	s->a.opt.hear_digits = true;
	extension_set(s, "100", json_pack("{s:s}", "dtmf", "inband"));
	extension_set(s, "101", json_pack("{s:s}", "dtmf", "info"));
	talk(&s->a, &s->b, "101");
	assert_int_equal(oh_call_dtmf_by(s->a.call, "12", OH_DTMF_SOUND), 0);
	assert_int_equal(oh_call_dtmf_by(s->b.call, "34", OH_DTMF_EVENT), 0);
	scene_run(s, 2000);
	assert_log(&s->b, "dtmf:1 dtmf:2");
	assert_log(&s->a, "dtmf:3 dtmf:4");
	assert_int_equal(oh_call_dtmf_by(s->b.call, "5", OH_DTMF_INFO), 0);
	scene_run(s, 1000);
	assert_log(&s->a, "dtmf:5");
	end_call(&s->a, &s->b);
}

/* Without anything set: a phone that agrees on no telephone-event but names INFO gets its digits so. */
void dtmf_auto_takes_info(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->b.opt.no_events = true;
	talk(&s->a, &s->b, "101");
	tape_start(s);
	assert_int_equal(oh_call_dtmf(s->a.call, "42"), 0);
	scene_run(s, 1500);
	assert_log(&s->b, "dtmf:4 dtmf:2");
	assert_int_equal(infos(s, &s->b), 2);
	/* and its own, by INFO, come as telephone-events */
	assert_int_equal(oh_call_dtmf(s->b.call, "7"), 0);
	scene_run(s, 1500);
	assert_log(&s->a, "dtmf:7");
	assert_int_equal(infos(s, &s->a), 0);
	assert_int_equal(events(s, &s->a, NULL), 1);
	end_call(&s->a, &s->b);
}

/* Telephone-event, INFO and the tone itself at once: one digit. */
void dtmf_twice_is_once(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	extension_set(s, "100", json_pack("{s:s}", "dtmf", "inband"));
	extension_set(s, "101", json_pack("{s:s}", "dtmf", "info"));
	talk(&s->a, &s->b, "101");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(oh_call_dtmf_by(s->a.call, "8", OH_DTMF_SOUND), 0);
		assert_int_equal(oh_call_dtmf_by(s->a.call, "8", OH_DTMF_EVENT), 0);
		assert_int_equal(oh_call_dtmf_by(s->a.call, "8", OH_DTMF_INFO), 0);
		scene_run(s, 1500);
		assert_log(&s->b, "dtmf:8");
	}
	end_call(&s->a, &s->b);
}

static size_t members(struct scene *s)
{
	json_t *v = pbx_json_members(s->pbx, SLICE("800"));
	size_t n = json_array_size(v);

	json_decref(v);
	return n;
}

/* The PIN of a conference, by each way. */
void dtmf_to_inside_party(void **state)
{
	static const enum oh_dtmf_way way[] = {OH_DTMF_EVENT, OH_DTMF_INFO, OH_DTMF_SOUND};
	struct scene *s = *state;

	agents_ready(s, 2);
	json_t *o = json_pack("{s:s, s:s, s:s}", "number", "800", "name", "Team", "pin", "1234");
	assert_int_equal(scene_change(s, CHANGE_CREATE, &pbx_conference_resource, "800", o), 0);
	for (size_t i = 0; i < ARRAY_LEN(way); i++) {
		sends_by(s, &s->a, way[i]);
		agent_call(&s->a, "800");
		agent_wait(&s->a, "answered", 5000);
		scene_run(s, 500);
		assert_int_equal(oh_call_dtmf_by(s->a.call, "1234#", way[i]), 0);
		scene_run(s, 4000);
		assert_int_equal(members(s), 1);
		oh_call_hangup(s->a.call);
		scene_run(s, 1000);
		log_clear(&s->a);
	}
}

/* While the other side holds, nobody gets the digits; afterwards they pass again. */
void dtmf_while_held(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	sends_by(s, &s->a, OH_DTMF_SOUND);
	takes_by(s, &s->b, OH_DTMF_INFO);
	talk(&s->a, &s->b, "101");
	assert_int_equal(oh_call_hold(s->b.call, true), 0);
	agent_wait(&s->b, "changed:200", 2000);
	log_clear(&s->b);
	assert_int_equal(oh_call_dtmf_by(s->a.call, "1", OH_DTMF_INFO), 0);
	scene_run(s, 1000);
	assert_log(&s->b, "");
	assert_int_equal(oh_call_hold(s->b.call, false), 0);
	agent_wait(&s->b, "changed:200", 2000);
	scene_run(s, 500);
	log_clear(&s->b);
	assert_int_equal(oh_call_dtmf_by(s->a.call, "2", OH_DTMF_SOUND), 0);
	scene_run(s, 1000);
	assert_log(&s->b, "dtmf:2");
	log_clear(&s->a);
	end_call(&s->a, &s->b);
}
