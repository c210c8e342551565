/*
 * small_test.c - the small pieces: copies of contacts, words, secrets; and memory that runs out anywhere in a call.
 */
#include "fix.h"

static void contact_copy(void **state)
{
	char uri[] = "sip:a@b", ua[] = "phone";
	struct contact c = {.uri = slice_str(uri), .user_agent = slice_str(ua), .q = 500, .cseq = 7, .natted = true},
		       *d;

	(void)state;
	assert_int_equal(contact_dup(&d, &c), 0);
	uri[0] = ua[0] = 'X';
	assert_true(slice_eqs(d->uri, "sip:a@b"));
	assert_true(slice_eqs(d->user_agent, "phone"));
	assert_int_equal(d->callid.l, 0);
	assert_int_equal(d->q, 500);
	assert_int_equal(d->cseq, 7);
	assert_true(d->natted);
	mem_deref(d);
}

static void words(void **state)
{
	static const struct {
		uint16_t code;
		const char *text;
	} t[] = {
		{486, "busy"},           {408, "no answer"},          {487, "cancelled"}, {603, "declined"},
		{404, "unknown number"}, {488, "no sound in common"}, {499, "refused"},   {599, "fault"},
		{699, "declined"},       {302, "diverted"},           {0, "normal end"},  {200, "normal end"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		assert_string_equal(hangup_words(t[i].code), t[i].text);
}

/* RFC 7616 3.9.1 has this user, realm and password. */
static void secret(void **state)
{
	struct secret s;

	(void)state;
	secret_make(&s, SLICE("Mufasa"), SLICE("http-auth@example.org"), SLICE("Circle of Life"));
	assert_string_equal(s.md5, "3d78807defe7de2157e2b0b6573a855f");
	assert_string_equal(s.sha256, "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232");
}

static void echo(struct call *c, struct leg *l, void *arg)
{
	(void)c;
	(void)arg;
	if (leg_answer(l))
		return;
	leg_echo(l);
	(void)!leg_wait(l, 2000);
}

/* One call of each kind with memory gone from the n-th allocation on, for a while. Nothing may be left over, nothing
 * may fall. */
static void no_memory(void **state)
{
	static const struct {
		const char *number;
		uint16_t final;
		bool early, reoffer;
	} t[] = {{"101", 200, false, true},
		 {"101", 486, true, false},
		 {"500", 200, true, false},
		 {"*43", 0, false, false}};
	struct fix *f = *state;
	struct phone *a = &f->p[0];

	if (!f->live && !mem_live())
		skip(); /* only the debug build can fail allocations */
	f->oom = true;
	f->inside = echo;
	phone_register(&f->p[1]);
	phone_register_q(&f->p[1], "500", 1000);
	phone_register_q(&f->p[2], "500", 500);
	for (size_t k = 0; k < ARRAY_LEN(t); k++) {
		for (int n = 0; n < 300; n++) {
			for (int i = 1; i <= 2; i++) {
				f->p[i].final = t[k].final;
				f->p[i].early = t[k].early;
				f->p[i].ring = t[k].early ? 183 : 180;
			}
			phone_call(a, t[k].number);
			mem_fail_at(n);
			run(f, 3);
			(void)mem_fail_off();
			run(f, 1000);
			if (t[k].reoffer && a->inv && sip_inv_can_offer(a->inv)) {
				phone_sdp(a, "sendonly", n & 1 ? "0 101" : "8 101");
				phone_reoffer(a);
				mem_fail_at(n / 2);
				run(f, 1);
				(void)mem_fail_off();
				run(f, 1000);
			}
			if (a->inv)
				phone_hangup(a);
			run(f, 80000);
			assert_int_equal(calls_count(f->calls), 0);
			assert_int_equal(calls_ending(f->calls), 0);
			assert_int_equal(f->nopen, f->nclose);
			for (int i = 0; i < 3; i++) {
				f->p[i].inv = mem_deref(f->p[i].inv);
				f->p[i].l = f->p[i].nheard = 0;
			}
			run(f, 40000);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contact_copy),
		cmocka_unit_test(words),
		cmocka_unit_test(secret),
		cmocka_unit_test_setup_teardown(no_memory, fix_open, fix_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
