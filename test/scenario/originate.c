/*
 * originate.c - calls that somebody asks for in the name of an extension: its own phones ring, and who answers there
 * calls the number; what goes wrong on either side; holding in the name of a party.
 */
#include "scenario.h"
#include "pbx/event.h"

static int place(struct scene *s, const char *from, const char *to, char id[24], char why[200])
{
	struct pbx_originate o = {.from = slice_str(from), .to = slice_str(to), .who = "a test"};
	struct buf b;
	int err;

	buf_init(&b);
	err = pbx_originate(s->pbx, &o, id, &b);
	snprintf(why, 200, "%.*s", (int)b.l, b.p ? b.p : "");
	buf_free(&b);
	return err;
}

static void placed(struct scene *s, const char *from, const char *to, char id[24])
{
	char why[200];

	assert_int_equal(place(s, from, to, id, why), 0);
}

static void both_hear(struct agent *x, struct agent *y)
{
	scene_run(x->s, 1500);
	assert_hears(x, y);
	assert_hears(y, x);
}

static void hang_up(struct agent *x, struct agent *y)
{
	log_clear(x);
	log_clear(y);
	end_call(x, y);
}

void click_answered(void **state)
{
	struct scene *s = *state;
	char id[24];

	agents_ready(s, 2);
	s->a.mood = ANSWER;
	s->b.mood = RING_ANSWER;
	s->b.answer_ms = 3000;
	placed(s, "100", "101", id);
	agent_wait(&s->a, "answered", 3000);
	assert_string_equal(s->a.peer_name, "Call to Phone 101");
	agent_wait(&s->b, "incoming:100", 2000);
	/* who waits hears it ring */
	scene_run(s, 800);
	assert_true(oh_call_heard(s->a.call, 425, 400) > 0.8);
	agent_wait(&s->b, "answered", 5000);
	both_hear(&s->a, &s->b);
	hang_up(&s->a, &s->b);
	scene_run(s, 1000);
	assert_int_equal(scene_cdr_count(s), 1);
	assert_cdr(s, 0, "id", id);
	assert_cdr(s, 0, "from", "100");
	assert_cdr(s, 0, "to", "101");
	assert_cdr(s, 0, "outcome", "answered");
	assert_cdr(s, 0, "answered_by", "101");
	assert_cdr(s, 0, "reason", "100 hung up");
	assert_int_equal(json_array_size(json_object_get(scene_cdr(s, 0), "legs")), 2);
	scene_check_idle(s);
}

void click_caller_refuses(void **state)
{
	struct scene *s = *state;
	char id[24];

	agents_ready(s, 2);
	s->a.mood = REJECT;
	s->a.reject_code = 486;
	placed(s, "100", "101", id);
	scene_run(s, 2000);
	assert_log(&s->b, "");
	assert_cdr(s, 0, "from", "100");
	assert_cdr(s, 0, "outcome", "cancelled");
	assert_cdr(s, 0, "reason", "101 was not called: the caller's phone is busy");
	scene_check_idle(s);
}

void click_caller_silent(void **state)
{
	struct scene *s = *state;
	char id[24];

	agents_ready(s, 2);
	s->a.mood = RING;
	placed(s, "100", "101", id);
	scene_run(s, 90000);
	assert_log(&s->b, "");
	assert_cdr(s, 0, "outcome", "cancelled");
	assert_cdr(s, 0, "reason", "101 was not called: the caller's phone was not answered");
	scene_check_idle(s);
}

void click_caller_gives_up(void **state)
{
	struct scene *s = *state;
	char id[24];

	agents_ready(s, 2);
	s->a.mood = ANSWER;
	s->b.mood = RING;
	placed(s, "100", "101", id);
	agent_wait(&s->b, "incoming:100", 3000);
	scene_run(s, 500);
	oh_call_hangup(s->a.call);
	agent_wait(&s->b, "ended:487", 3000);
	scene_run(s, 1000);
	assert_cdr(s, 0, "outcome", "cancelled");
	assert_cdr(s, 0, "reason", "100 hung up before anybody answered");
	assert_cdr(s, 0, "ended_by", "caller");
	scene_check_idle(s);
}

void click_callee_busy(void **state)
{
	struct scene *s = *state;
	char id[24];

	agents_ready(s, 2);
	s->a.mood = ANSWER;
	s->b.mood = REJECT;
	s->b.reject_code = 486;
	placed(s, "100", "101", id);
	agent_wait(&s->a, "answered", 3000);
	agent_wait(&s->a, "ended:200", 8000);
	scene_run(s, 1000);
	assert_cdr(s, 0, "outcome", "busy");
	assert_cdr(s, 0, "reason", "101 was busy");
	scene_check_idle(s);
}

/* It ends while the caller's phone rings, as from the page. */
void click_stopped(void **state)
{
	struct scene *s = *state;
	char id[24];

	agents_ready(s, 2);
	s->a.mood = RING;
	placed(s, "100", "101", id);
	agent_wait(&s->a, "incoming:101", 3000);
	assert_int_equal(pbx_hangup(s->pbx, slice_str(id), "a test"), 0);
	agent_wait(&s->a, "ended:487", 3000);
	scene_check_idle(s);
}

void click_refused(void **state)
{
	static const struct {
		const char *from, *to;
		int err;
		const char *why;
	} v[] = {
		{"100", "555", EACCES, "100 cannot call 555: "},
		{"100", "", EACCES, "That is no number to call."},
		{"999", "101", ENOENT, "There is no extension 999."},
		{"102", "101", ERR_STATE, "No phone of 102 is registered: there is nobody to place the call."},
	};
	struct scene *s = *state;
	char id[24], why[200];

	agents_ready(s, 2);
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		assert_int_equal(place(s, v[i].from, v[i].to, id, why), v[i].err);
		if (strncmp(why, v[i].why, strlen(v[i].why)))
			fail_msg("%zu: %s", i, why);
	}
	extension_set(s, "100", json_pack("{s:b}", "enabled", 0));
	assert_int_equal(place(s, "100", "101", id, why), ERR_STATE);
	assert_string_equal(why, "Extension 100 is switched off.");
	assert_int_equal(scene_cdr_count(s), 0);
	scene_check_idle(s);
}

/* A feature code is called as any number. */
void click_inside(void **state)
{
	struct scene *s = *state;
	char id[24];

	agents_ready(s, 1);
	s->a.mood = ANSWER;
	placed(s, "100", "*43", id);
	agent_wait(&s->a, "answered", 3000);
	scene_run(s, 3000);
	oh_call_hangup(s->a.call);
	scene_run(s, 2000);
	assert_cdr(s, 0, "outcome", "answered");
	assert_cdr(s, 0, "answered_by", "echo");
	scene_check_idle(s);
}

void click_then_transfer(void **state)
{
	struct scene *s = *state;
	char id[24];

	agents_ready(s, 3);
	s->a.mood = s->b.mood = s->c.mood = ANSWER;
	placed(s, "100", "101", id);
	agent_wait(&s->b, "answered", 5000);
	both_hear(&s->a, &s->b);
	assert_int_equal(oh_call_transfer(s->a.call, "102"), 0);
	agent_wait(&s->c, "answered", 5000);
	both_hear(&s->b, &s->c);
	hang_up(&s->b, &s->c);
	scene_run(s, 1000);
	assert_cdr(s, 0, "reason", "transferred to 102 by 100; 101 hung up");
	scene_check_idle(s);
}

/* Two phones of the caller ring; the other one stops when the first is answered. */
void click_two_phones(void **state)
{
	struct scene *s = *state;
	char id[24];

	agents_ready(s, 2);
	agent_open(s, &s->d, "100", "10.0.0.14", OH_UDP);
	agent_register(&s->d);
	s->a.mood = RING;
	s->d.mood = RING_ANSWER;
	s->d.answer_ms = 1000;
	s->b.mood = ANSWER;
	placed(s, "100", "101", id);
	agent_wait(&s->b, "answered", 5000);
	agent_wait(&s->a, "ended:487", 2000);
	both_hear(&s->d, &s->b);
	hang_up(&s->b, &s->d);
	scene_check_idle(s);
}

void click_hold(void **state)
{
	struct scene *s = *state;
	char id[24];

	scene_sounds(s);
	agents_ready(s, 2);
	s->a.mood = s->b.mood = ANSWER;
	placed(s, "100", "101", id);
	agent_wait(&s->b, "answered", 5000);
	both_hear(&s->a, &s->b);
	log_clear(&s->b);
	assert_int_equal(pbx_hold(s->pbx, slice_str(id), true, true, "a test"), 0);
	agent_wait(&s->b, "held", 3000);
	scene_run(s, 1500);
	assert_int_equal(pbx_hold(s->pbx, slice_str(id), true, false, "a test"), 0);
	agent_wait(&s->b, "resumed", 3000);
	both_hear(&s->a, &s->b);
	assert_int_equal(pbx_hold(s->pbx, SLICE("nothing"), true, false, "a test"), 404);
	hang_up(&s->a, &s->b);
	scene_check_idle(s);
}

/* ------------------------------------------------------------------ what listeners are told */

struct told {
	char states[400];
	unsigned quality, lost;
};

static void told_h(struct rbuf *text, bool lost, void *arg)
{
	struct told *t = arg;
	json_t *o = json_loadb((const char *)text->data, text->l, 0, NULL), *e;
	size_t i;

	t->lost += lost;
	json_array_foreach(json_object_get(o, "events"), i, e)
	{
		const json_t *d = json_object_get(e, "data");
		const char *state = json_string_value(json_object_get(d, "state"));
		size_t l = strlen(t->states);

		if (!strcmp(json_string_value(json_object_get(e, "topic")), "quality"))
			t->quality += json_array_size(json_object_get(d, "legs")) == 2;
		else if (state)
			snprintf(t->states + l, sizeof(t->states) - l, "%s%s>%s:%s", l ? " " : "",
				 json_string_value(json_object_get(d, "from")),
				 json_string_value(json_object_get(d, "to")), state);
	}
	json_decref(o);
}

static void listen_as(struct scene *s, struct told *t, struct event_sub **sp, const char *ext)
{
	struct event_want w = {.topics = 1u << EVENT_CALL | 1u << EVENT_QUALITY, .extension = ext};

	memset(t, 0, sizeof(*t));
	assert_int_equal(event_subscribe(sp, s->pbx, &w, told_h, t), 0);
}

void click_events(void **state)
{
	struct scene *s = *state;
	struct event_sub *a, *b, *c, *all;
	struct told of_a, of_b, of_c, of_all;
	char id[24];

	agents_ready(s, 3);
	listen_as(s, &of_a, &a, "100");
	listen_as(s, &of_b, &b, "101");
	listen_as(s, &of_c, &c, "102");
	listen_as(s, &of_all, &all, NULL);
	s->a.mood = ANSWER;
	s->b.mood = RING_ANSWER;
	s->b.answer_ms = 2000;
	placed(s, "100", "101", id);
	agent_wait(&s->b, "answered", 5000);
	both_hear(&s->a, &s->b);
	hang_up(&s->a, &s->b);
	scene_run(s, 1000);
	assert_string_equal(of_a.states, "100>101:ringing 100>101:up 100>101:ended");
	assert_string_equal(of_all.states, of_a.states);
	assert_string_equal(of_b.states, of_a.states);
	assert_string_equal(of_c.states, "");
	assert_true(of_a.quality >= 1 && of_b.quality == of_a.quality && of_c.quality == 0);
	assert_int_equal(of_a.lost + of_b.lost + of_all.lost, 0);
	mem_deref(a);
	mem_deref(b);
	mem_deref(c);
	mem_deref(all);
	scene_check_idle(s);
}

void click_without_memory(void **state)
{
	struct scene *s = *state;
	char id[24], why[200];

	agents_ready(s, 2);
	s->a.mood = ANSWER;
	s->b.mood = REJECT;
	s->b.reject_code = 486;
	for (long n = 0; n < 40; n++) {
		mem_fail_at(n);
		int err = place(s, "100", "101", id, why);
		mem_fail_off();
		assert_true(!err || err == ENOMEM);
		scene_run(s, 3000);
		assert_int_equal(calls_count(s->calls), 0);
	}
	scene_check_idle(s);
}
