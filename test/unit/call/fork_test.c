/*
 * fork_test.c - several contacts: one winner, the others told so; groups of q; early media with one branch and with
 * several; redirections with their guards; the best of several refusals.
 */
#include "fix.h"

static void winner(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0];

	for (int i = 1; i <= 3; i++) {
		f->p[i].final = i == 2 ? 200 : 0;
		phone_register_q(&f->p[i], "500", 1000);
	}
	phone_call(a, "500");
	run(f, 2000);
	a->log[0] = 0;
	a->l = 0;
	assert_log(&f->p[2], "invite acked");
	for (int i = 1; i <= 3; i += 2) {
		assert_log(&f->p[i], "invite closed:487");
		assert_has(f->p[i].heard, "CANCEL ");
		assert_has(f->p[i].heard, "Reason: SIP;cause=200;text=\"Call completed elsewhere\"");
	}
	assert_lacks(f->p[2].heard, "Reason:");
	assert_true(sound(a, &f->p[2]));
	assert_true(sound(&f->p[2], a));
	phone_hangup(a);
	run(f, 3000);
	assert_string_equal(f->rec.answered_by, "500");
	assert_int_equal(f->rec.nlegs, 4);
	assert_int_equal(f->rec.leg[0].code, 200);
	assert_int_equal(f->rec.leg[1].code, 200);
	assert_string_equal(f->rec.leg[1].device, "phone-102");
	assert_int_equal(f->rec.leg[2].code, 487);
	assert_int_equal(f->rec.leg[3].code, 487);
}

/* Both answer in the same moment: the second gets its ACK and a BYE. */
static void two_answers(void **state)
{
	struct fix *f = *state;

	phone_register_q(&f->p[1], "500", 1000);
	phone_register_q(&f->p[2], "500", 1000);
	f->p[1].ring = f->p[2].ring = 0;
	f->p[1].after_ms = f->p[2].after_ms = 0;
	phone_call(&f->p[0], "500");
	run(f, 3000);
	assert_log(&f->p[0], "answered:200");
	assert_int_equal(!f->p[1].inv + !f->p[2].inv, 1);
	assert_int_equal(calls_count(f->calls), 1);
}

static void groups_of_q(void **state)
{
	struct fix *f = *state;

	f->ring_ms = 30000;
	for (int i = 1; i <= 3; i++)
		f->p[i].final = 0;
	phone_register_q(&f->p[1], "500", 900);
	phone_register_q(&f->p[2], "500", 900);
	phone_register_q(&f->p[3], "500", 100);
	f->p[3].final = 200;
	phone_call(&f->p[0], "500");
	run(f, 14000);
	assert_log(&f->p[1], "invite");
	assert_log(&f->p[2], "invite");
	assert_log(&f->p[3], "");
	run(f, 2000);
	assert_log(&f->p[1], "closed:487");
	assert_log(&f->p[2], "closed:487");
	assert_log(&f->p[3], "invite acked");
}

static void next_group_after_refusal(void **state)
{
	struct fix *f = *state;

	f->p[1].final = 486;
	phone_register_q(&f->p[1], "500", 900);
	phone_register_q(&f->p[2], "500", 100);
	phone_call(&f->p[0], "500");
	run(f, 1000);
	assert_log(&f->p[2], "invite acked");
}

static void all_at_once(void **state)
{
	struct fix *f = *state;

	f->q_parallel = 1;
	f->p[1].final = f->p[2].final = 0;
	phone_register_q(&f->p[1], "500", 900);
	phone_register_q(&f->p[2], "500", 100);
	phone_call(&f->p[0], "500");
	run(f, 1000);
	assert_log(&f->p[1], "invite");
	assert_log(&f->p[2], "invite");
}

static void declined_everywhere(void **state)
{
	struct fix *f = *state;

	f->p[1].final = 0;
	f->p[2].final = 603;
	phone_register_q(&f->p[1], "500", 1000);
	phone_register_q(&f->p[2], "500", 1000);
	phone_register_q(&f->p[3], "500", 100);
	phone_call(&f->p[0], "500");
	run(f, 2000);
	assert_log(&f->p[0], "ring:180 ring:180 closed:603");
	assert_log(&f->p[1], "invite closed:487");
	assert_log(&f->p[3], "");
}

/* Two answers in either order: the same one reaches the caller. */
static void best_of_two(void **state)
{
	static const struct {
		uint16_t x, y, want;
	} t[] = {
		{486, 480, 486}, {486, 404, 486}, {408, 404, 408}, {500, 486, 486}, {503, 500, 500}, {603, 486, 603},
		{401, 486, 486}, {488, 480, 488}, {302, 500, 480}, {483, 480, 483}, {482, 500, 500}, {600, 603, 600},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct hangup one = {0}, two = {0};

		best_take(&one, &(struct hangup){.code = t[i].x});
		best_take(&one, &(struct hangup){.code = t[i].y});
		best_take(&two, &(struct hangup){.code = t[i].y});
		best_take(&two, &(struct hangup){.code = t[i].x});
		assert_int_equal(one.code, t[i].want);
		if (t[i].x != 600)
			assert_int_equal(two.code, t[i].want);
	}
}

/* ---- early media */

static void early_single(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	b->ring = 183;
	b->early = true;
	b->after_ms = 3000;
	phone_register(b);
	phone_call(a, "101");
	run(f, 1000);
	assert_log(a, "early:183");
	assert_true(sound(b, a));
	assert_true(sound(a, b));
	run(f, 4000);
	assert_log(a, "answered:200");
	assert_true(sound(b, a));
	assert_true(sound(a, b));
}

static void early_several(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1], *c = &f->p[2];

	b->ring = c->ring = 183;
	b->early = c->early = true;
	b->after_ms = 3000;
	c->final = 0;
	phone_register_q(b, "500", 1000);
	phone_register_q(c, "500", 1000);
	phone_call(a, "500");
	run(f, 1000);
	assert_log(a, "ring:180 ring:180");
	assert_true(!a->got[0]);
	run(f, 4000);
	assert_log(a, "answered:200");
	assert_true(sound(b, a));
	assert_false(sound(c, a));
}

/* One of two refuses at once: the other's early media passes. */
static void early_after_one_left(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1], *c = &f->p[2];

	b->ring = 0;
	b->final = 486;
	b->after_ms = 0;
	c->ring = 183;
	c->early = true;
	c->final = 0;
	phone_register_q(b, "500", 1000);
	phone_register_q(c, "500", 100);
	phone_call(a, "500");
	run(f, 1000);
	assert_log(a, "early:183");
}

/* The answer was in the 183 only. */
static void answer_without_sdp(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	b->ring = 183;
	b->early = true;
	b->after_ms = 500;
	phone_register(b);
	phone_call(a, "101");
	run(f, 200);
	b->sdp = NULL;
	run(f, 1000);
	assert_log(a, "early:183 answered:200");
	assert_true(sound(a, b));
}

static void answer_without_any_sdp(void **state)
{
	struct fix *f = *state;

	f->p[1].sdp = NULL;
	phone_register(&f->p[1]);
	phone_call(&f->p[0], "101");
	run(f, 1000);
	assert_log(&f->p[0], "ring:180 closed:488");
	assert_log(&f->p[1], "invite acked closed:200");
	run(f, 1000);
	assert_string_equal(f->rec.outcome, "failed");
}

/* ---- redirections */

static void redirect_to_number(void **state)
{
	struct fix *f = *state;

	f->p[1].final = 302;
	f->p[1].contact = "<sip:102@10.0.0.1>";
	phone_register(&f->p[1]);
	phone_register(&f->p[2]);
	phone_call(&f->p[0], "101");
	run(f, 2000);
	assert_log(&f->p[0], "ring:180 ring:180 answered:200");
	assert_log(&f->p[2], "invite acked");
	phone_hangup(&f->p[0]);
	run(f, 3000);
	assert_string_equal(f->rec.answered_by, "102");
	assert_int_equal(f->rec.leg[2].code, 302);
}

static void redirect_to_contacts(void **state)
{
	struct fix *f = *state;

	f->p[1].final = 302;
	f->p[1].contact = "<sip:x@10.0.0.12>, <sip:y@10.0.0.13:5060>;q=0.5, <mailto:a@b>";
	f->p[2].final = 486;
	phone_register(&f->p[1]);
	phone_call(&f->p[0], "101");
	run(f, 2000);
	assert_log(&f->p[2], "invite");
	assert_log(&f->p[3], "invite acked");
}

static void redirect_in_circle(void **state)
{
	struct fix *f = *state;

	f->p[1].final = f->p[2].final = 302;
	f->p[1].contact = "<sip:102@10.0.0.1>";
	f->p[2].contact = "<sip:101@10.0.0.1>";
	phone_register(&f->p[1]);
	phone_register(&f->p[2]);
	phone_call(&f->p[0], "101");
	run(f, 2000);
	assert_log(&f->p[0], "ring:180 ring:180 closed:480");
	run(f, 1000);
	assert_int_equal(calls_count(f->calls), 0);
}

static void redirect_to_nowhere(void **state)
{
	struct fix *f = *state;

	f->p[1].final = 302;
	phone_register(&f->p[1]);
	phone_call(&f->p[0], "101");
	run(f, 2000);
	assert_log(&f->p[0], "ring:180 closed:480");
}

/* Each number leads to the next; the chain is cut. */
static void redirect_too_deep(void **state)
{
	static const char *const next[] = {"<sip:201@10.0.0.1>", "<sip:202@10.0.0.1>", "<sip:203@10.0.0.1>",
					   "<sip:204@10.0.0.1>", "<sip:205@10.0.0.1>", "<sip:206@10.0.0.1>",
					   "<sip:207@10.0.0.1>"};
	struct fix *f = *state;
	struct phone *b = &f->p[1];
	char aor[8], uri[64];
	size_t n = 0;

	b->final = 302;
	b->ring = 0;
	b->after_ms = 0;
	for (unsigned i = 0; i < 9; i++) {
		struct contact c = {.q = 1000, .src = b->addr, .local = f->addr};

		snprintf(aor, sizeof(aor), "%u", 200 + i);
		snprintf(uri, sizeof(uri), "sip:d%u@10.0.0.11", i);
		c.uri = slice_str(uri);
		reg_put(f, aor, &c);
	}
	phone_call(&f->p[0], "200");
	for (int i = 0; i < 500; i++) {
		b->contact = next[n < ARRAY_LEN(next) ? n : 0];
		run(f, 1);
		n = 0;
		for (const char *p = b->log; (p = strstr(p, "invite")); p++)
			n++;
	}
	assert_int_equal(n, 1 + DIAL_DEPTH_MAX);
	assert_log(&f->p[0], "closed:480");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, fix_open, fix_close)
		T(winner),
		T(two_answers),
		T(groups_of_q),
		T(next_group_after_refusal),
		T(all_at_once),
		T(declined_everywhere),
		cmocka_unit_test(best_of_two),
		T(early_single),
		T(early_several),
		T(early_after_one_left),
		T(answer_without_sdp),
		T(answer_without_any_sdp),
		T(redirect_to_number),
		T(redirect_to_contacts),
		T(redirect_in_circle),
		T(redirect_to_nowhere),
		T(redirect_too_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
