/*
 * oom_test.c - memory runs out at each allocation of a call, one after the other: nothing breaks, nothing is left, and
 * the next call works.
 */
#include "fix.h"

enum { MOST = 3000 };

/* A call with a hold in it, as far as it comes. */
static void try_call(struct fix *f)
{
	if (!oh_call_start(f->a.acct, &f->a.call, "bob", &f->a.opt)) {
		run(f, 300);
		if (f->a.call)
			(void)!oh_call_hold(f->a.call, true);
		run(f, 300);
		if (f->b.call)
			(void)!oh_call_dtmf(f->b.call, "1");
		run(f, 300);
	}
}

static void hang_all(struct fix *f)
{
	struct who *v[] = {&f->a, &f->b};

	for (size_t i = 0; i < 2; i++)
		LIST_EACH (&v[i]->ua->calls, k)
			oh_call_hangup(LINK_OBJ(k, struct oh_call, le));
	run(f, 100000);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(v[i]->ua->calls.n, 0);
		v[i]->l = 0;
	}
}

static void memory_runs_out_in_a_call(void **state)
{
	struct fix *f = *state;
	struct sip_stats st;
	long asked = MOST;

	f->b.lenient = f->b.auto_answer = true;
	for (long n = 0; n < asked; n += n < 200 ? 1 : 3) {
		mem_fail_at(n);
		try_call(f);
		long seen = mem_fail_off();
		if (seen < n)
			asked = seen; /* it came through without a failure */
		hang_all(f);
		sip_stats(f->a.ua->sip, &st);
		assert_int_equal(st.dialogs, 0);
	}
	assert_in_range(asked, 100, MOST - 1);
	f->b.lenient = false;
	talk(f);
}

static void memory_runs_out_at_the_beginning(void **state)
{
	struct fix *f = *state;
	struct oh_ua_config cfg = {.listen = "10.0.0.5", .on_event = event_h, .arg = &f->a};
	struct oh_account_config ac = {.user = "x", .password = "y", .server = "10.0.0.2", .contact_params = ";q=0.1"};
	bool done = false;

	for (long n = 0; !done; n++) {
		struct oh_ua *ua = NULL;
		struct oh_account *a = NULL;

		mem_fail_at(n);
		int err = ua_new_on(&ua, &cfg, f->a.loop);
		if (!err)
			err = oh_account_add(ua, &a, &ac);
		(void)mem_fail_off();
		assert_true(err == 0 || err == ENOMEM);
		done = !err;
		if (ua)
			oh_ua_free(ua);
		run(f, 10);
		assert_true(n < MOST);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(memory_runs_out_in_a_call),
		TEST(memory_runs_out_at_the_beginning),
	};

#ifndef OH_DEBUG
	(void)tests;
	return 0;
#else
	return cmocka_run_group_tests(tests, NULL, NULL);
#endif
}
