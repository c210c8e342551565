/*
 * refer_test.c - the far end sends us elsewhere (RFC 3515): followed, refused, and what becomes of the two calls.
 *
 * Each agent is the other one's server, so that whoever is sent to "alice" rings at the agent that sent it.
 */
#include "fix.h"

/* Alice sends Bob to another phone of hers. */
static struct oh_call *send_away(struct fix *f)
{
	struct oh_call *first;

	talk(f);
	first = f->a.call;
	f->b.follow = true;
	assert_int_equal(oh_call_transfer(first, "alice"), 0);
	run(f, 500);
	return first;
}

static void followed(void **state)
{
	struct fix *f = *state;
	struct oh_call *first;

	f->a.auto_answer = true;
	first = send_away(f);
	assert_log(&f->a, "incoming transfer:202 transfer:100 answered transfer:200");
	assert_log(&f->b, "referred:sip:alice@10.0.0.2 answered");
	assert_string_equal(f->a.peer, "sip:bob@10.0.0.1");
	assert_ptr_not_equal(f->b.followed, f->b.call);
	/* only within the event */
	assert_int_equal(oh_call_follow(f->b.call, NULL, NULL), OH_ERR_STATE);
	oh_call_hangup(first);
	run(f, 3000);
	assert_true(oh_call_heard(f->b.followed, 440, 1000) > 0.9);
	assert_log(&f->a, "ended:0");
	assert_log(&f->b, "ended:200");
	oh_call_hangup(f->b.followed);
	run(f, 500);
	assert_log(&f->a, "ended:200");
	assert_log(&f->b, "ended:0");
}

static void not_followed(void **state)
{
	struct fix *f = *state;

	talk(f);
	assert_int_equal(oh_call_transfer(f->a.call, "alice"), 0);
	run(f, 500);
	assert_log(&f->a, "transfer:603");
	assert_log(&f->b, "referred:sip:alice@10.0.0.2");
	assert_non_null(f->b.call);
}

static void target_is_busy(void **state)
{
	struct fix *f = *state;

	(void)send_away(f);
	assert_int_equal(oh_call_ring(f->a.call), 0);
	run(f, 100);
	assert_int_equal(oh_call_reject(f->a.call, 486, NULL), 0);
	run(f, 500);
	assert_log(&f->a, "incoming transfer:202 transfer:100 transfer:180 transfer:486 ended:486");
	assert_log(&f->b, "referred:sip:alice@10.0.0.2 ringing:180 ended:486");
	assert_null(f->b.followed);
	/* the first call goes on, and may be sent elsewhere again */
	assert_non_null(f->b.call);
	assert_int_equal(oh_call_hold(f->b.call, true), 0);
}

/* Who sent us away leaves before the other one has answered: nobody is told, the new call goes on. */
static void sender_leaves(void **state)
{
	struct fix *f = *state;
	struct oh_call *first = send_away(f);

	oh_call_hangup(first);
	run(f, 500);
	assert_int_equal(oh_call_answer(f->a.call, &f->a.opt), 0);
	run(f, 500);
	assert_log(&f->a, "incoming transfer:202 transfer:100 ended:0 answered");
	assert_log(&f->b, "referred:sip:alice@10.0.0.2 ended:200 answered");
}

/* The new call is given up, and both ends vanish, at any moment. */
static void given_up(void **state)
{
	struct fix *f = *state;

	(void)send_away(f);
	oh_call_hangup(f->b.followed);
	run(f, 500);
	assert_log(&f->b, "referred:sip:alice@10.0.0.2 ended:0");
	f->a.l = 0;
	assert_int_equal(oh_call_transfer(f->b.call, "alice"), 0);
	who_close(f, &f->b);
	run(f, 100);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fix_open, fix_close)
	const struct CMUnitTest tests[] = {T(followed), T(not_followed), T(target_is_busy), T(sender_leaves),
					   T(given_up)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
