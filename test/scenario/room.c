/*
 * room.c - conference rooms with phones: each hears all others and not itself, whatever happens to one of them: hold,
 * another codec, mute, kick, transfers into the conference, and the end of it all.
 */
#include "pbx/conference.h"
#include "peer.h"

/* Share of the tone of `b` in what `a` hears; a second passes for the first of several questions. */
static double share(struct agent *a, const struct agent *b)
{
	return oh_call_heard(a->call, tone_of(b), 800);
}

static void open_room(struct scene *s, const char *more)
{
	row(s, &pbx_conference_resource, "600", "{\"name\": \"Team\", \"announce_count\": false%s}", more);
}

static void enter(struct agent *a)
{
	agent_call(a, "600");
	agent_wait(a, "answered", 3000);
	log_clear(a);
}

/* Those of `v` that talk are heard by all others, nobody by itself, and nobody else is heard. */
static void assert_all_talk(struct scene *s, struct agent **v, size_t n, size_t heard)
{
	scene_run(s, 2000);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++) {
			double is = share(v[i], v[k]), want = 0.6 / (double)(heard - (i < heard));
			if (i == k || k >= heard ? is > 0.03 : is < want)
				fail_msg("%s hears %.3f of %s", v[i]->number, is, v[k]->number);
		}
	}
}

static size_t members(struct scene *s, const char *member, bool of_them)
{
	json_t *list = pbx_json_members(s->pbx, slice_str("600")), *m;
	size_t i, n = 0;

	json_array_foreach(list, i, m) n += !member || json_is_true(json_object_get(m, member)) == of_them;
	json_decref(list);
	return n;
}

static void three(struct scene *s, const char *more)
{
	agents_ready(s, 3);
	open_room(s, more);
	s->a.opt.codecs = "PCMU";
	s->b.opt.codecs = "PCMA";
	enter(&s->a);
	/* alone: nothing is sent to it but the prompts that are over by now */
	scene_run(s, 1000);
	tape_start(s);
	scene_run(s, 1000);
	assert_int_equal(tape_rtp(s, SERVER4, s->a.ip), 0);
	tape_stop(s);
	enter(&s->b);
	enter(&s->c);
}

static void over(struct scene *s)
{
	struct agent *v[] = {&s->a, &s->b, &s->c};

	for (size_t i = 0; i < 3; i++)
		if (v[i]->call)
			oh_call_hangup(v[i]->call);
	scene_run(s, 1000);
	for (size_t i = 0; i < 3; i++)
		log_clear(v[i]);
	assert_int_equal(members(s, NULL, false), 0);
	scene_check_idle(s);
}

void room_of_three(void **state)
{
	struct scene *s = *state;
	struct agent *all[] = {&s->a, &s->b, &s->c};

	three(s, "");
	assert_all_talk(s, all, 3, 3);
	assert_int_equal(members(s, "talking", true), 3);
	/* each packet of each second comes, also while others come and go */
	oh_call_hangup(s->b.call);
	agent_wait(&s->b, "ended:0", 2000);
	log_clear(&s->b);
	scene_run(s, 2000);
	assert_true(share(&s->a, &s->c) > 0.9);
	assert_true(share(&s->c, &s->a) > 0.9);
	enter(&s->b);
	assert_all_talk(s, all, 3, 3);
	over(s);
	assert_cdr(s, 0, "answered_by", "conference");
	assert_cdr(s, 0, "outcome", "answered");
}

void room_tells_who_comes(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	open_room(s, "");
	s->a.opt.play_tone_hz = s->b.opt.play_tone_hz = 0;
	enter(&s->a);
	scene_run(s, 2000);
	enter(&s->b);
	/* two notes */
	double low = 0, high = 0;
	for (int i = 0; i < 30; i++) {
		scene_run(s, 20);
		double l = oh_call_heard(s->a.call, 520, 60), h = oh_call_heard(s->a.call, 780, 60);
		low = l > low ? l : low;
		high = h > high ? h : high;
	}
	assert_true(low > 0.7);
	assert_true(high > 0.7);
	oh_call_hangup(s->b.call);
	scene_run(s, 1000);
	log_clear(&s->b);
	over(s);
}

/* Its music on hold would be heard by all. */
void room_with_one_on_hold(void **state)
{
	struct scene *s = *state;
	struct agent *all[] = {&s->a, &s->b, &s->c};

	three(s, "");
	assert_int_equal(oh_call_hold(s->c.call, true), 0);
	agent_wait(&s->c, "changed:200", 2000);
	scene_run(s, 1500);
	tape_start(s);
	scene_run(s, 1000);
	assert_true(share(&s->a, &s->c) < 0.03);
	assert_true(share(&s->a, &s->b) > 0.9);
	assert_int_equal(tape_rtp(s, SERVER4, s->c.ip), 0);
	assert_true(tape_rtp(s, s->c.ip, SERVER4) > 40);
	tape_stop(s);
	assert_int_equal(oh_call_hold(s->c.call, false), 0);
	scene_run(s, 1000);
	assert_all_talk(s, all, 3, 3);
	over(s);
}

void room_with_another_codec(void **state)
{
	struct scene *s = *state;
	struct agent *all[] = {&s->a, &s->b, &s->c};

	three(s, "");
	assert_int_equal(oh_call_reoffer(s->a.call, "PCMA"), 0);
	agent_wait(&s->a, "changed:200", 2000);
	assert_all_talk(s, all, 3, 3);
	over(s);
}

static void order(struct scene *s, const char *number, enum conference_order o)
{
	json_t *list = pbx_json_members(s->pbx, slice_str("600")), *m;
	size_t i;
	bool done = false;

	json_array_foreach(list, i, m)
	{
		if (strcmp(json_string_value(json_object_get(m, "number")), number) != 0)
			continue;
		const char *id = json_string_value(json_object_get(m, "id"));
		assert_int_equal(pbx_conference_order(s->pbx, slice_str("600"), slice_str(id), o, "test"), 0);
		done = true;
	}
	json_decref(list);
	assert_true(done);
}

void room_mute_and_kick(void **state)
{
	struct scene *s = *state;
	struct agent *all[] = {&s->a, &s->b, &s->c};

	three(s, "");
	order(s, "102", CONFERENCE_MUTE);
	assert_all_talk(s, all, 3, 2);
	assert_int_equal(members(s, "muted", true), 1);
	order(s, "102", CONFERENCE_UNMUTE);
	assert_all_talk(s, all, 3, 3);
	order(s, "102", CONFERENCE_KICK);
	agent_wait(&s->c, "ended:200", 5000);
	log_clear(&s->c);
	scene_run(s, 1500);
	assert_int_equal(members(s, NULL, false), 2);
	assert_true(share(&s->a, &s->b) > 0.9);
	over(s);
}

/* Who talks to another one sends it into the conference, and goes. */
void room_of_one_who_was_sent(void **state)
{
	struct scene *s = *state;
	struct agent *both[] = {&s->a, &s->c};

	agents_ready(s, 3);
	open_room(s, "");
	enter(&s->c);
	talk(&s->a, &s->b, "101");
	assert_int_equal(oh_call_transfer(s->b.call, "600"), 0);
	agent_wait(&s->b, "ended:200", 8000);
	log_clear(&s->a);
	log_clear(&s->b);
	assert_all_talk(s, both, 2, 2);
	over(s);
}

/* Somebody in it calls another one and joins the two: that one takes its place. The REFER comes in either call. */
static void brought(struct scene *s, bool from_the_room)
{
	struct agent *both[] = {&s->a, &s->c};

	agents_ready(s, 3);
	open_room(s, "");
	enter(&s->a);
	enter(&s->b);
	struct oh_call *room = s->b.call;
	assert_int_equal(oh_call_hold(room, true), 0);
	agent_wait(&s->b, "changed:200", 2000);
	s->c.mood = ANSWER;
	agent_call(&s->b, "102");
	agent_wait(&s->b, "answered", 5000);
	struct oh_call *asked = s->b.call;
	scene_run(s, 1000);
	log_clear(&s->b);
	log_clear(&s->c);
	assert_int_equal(from_the_room ? oh_call_transfer_to(room, asked) : oh_call_transfer_to(asked, room), 0);
	scene_run(s, 5000);
	assert_true(agent_has(&s->b, "transfer:200"));
	assert_true(agent_has(&s->b, "ended:200"));
	assert_null(s->b.call);
	assert_int_equal(members(s, NULL, false), 2);
	assert_all_talk(s, both, 2, 2);
	over(s);
}

void room_of_one_who_was_brought(void **state)
{
	brought(*state, true);
}

void room_of_one_who_was_brought_from_outside(void **state)
{
	brought(*state, false);
}

/* Phones vanish, the last one stays alone: nothing runs for it, and nothing is left. */
void room_of_phones_that_vanish(void **state)
{
	struct scene *s = *state;

	s->dead_s = 20;
	server_stop(s, true);
	server_start(s);
	three(s, "");
	agent_close(&s->b);
	agent_close(&s->c);
	scene_run(s, 90 * 1000);
	assert_int_equal(members(s, NULL, false), 1);
	over(s);
}

/* Whatever cannot be had while somebody enters: it is let in or not, and nothing is left of it. */
void room_without_memory(void **state)
{
	static struct peer phones, a, b;
	struct scene *s = *state;
	long n = 0, used;

	peer_open_office(s, &phones, &a, &b);
	open_room(s, "");
	weather(s, 0, 0, 0, 10);
	do {
		/* its INVITE is with us after 10 ms */
		struct peer_call *c = peer_invite(&phones, "100", "600", 8);

		assert_int_equal(c->code, 0);
		mem_fail_at(n);
		vnet_run(s->net, 9);
		used = mem_fail_off();
		vnet_run(s->net, 40000);
		phones.n = 0;
		if (c->code == 200)
			peer_bye(&phones, c);
		vnet_run(s->net, 2000);
		assert_int_equal(calls_count(s->calls), 0);
		assert_int_equal(members(s, NULL, false), 0);
		c->used = false;
	} while (used > n++ && n < 300);
	assert_in_range(n, 20, 299);
	weather(s, 0, 0, 0, 0);
	struct peer_call *c = peer_invite(&phones, "100", "600", 3000);
	assert_int_equal(c->code, 200);
	peer_bye(&phones, c);
	vnet_run(s->net, 1000);
	peer_close(&phones);
	peer_close(&a);
	peer_close(&b);
}
