/*
 * sound_test.c - calls between two agents in every codec, and with SRTP in every suite; what happens when one side
 * insists and the other cannot.
 */
#include "fix.h"

static void with(struct fix *f, const char *codecs, enum oh_srtp a, enum oh_srtp b, const char *suites)
{
	f->a.opt.codecs = f->b.opt.codecs = codecs;
	f->a.opt.srtp = a;
	f->b.opt.srtp = b;
	f->a.opt.srtp_suites = suites;
}

static void heard(struct fix *f, const char *what)
{
	run(f, 2500);
	if (oh_call_heard(f->a.call, 660, 1000) < 0.8 || oh_call_heard(f->b.call, 440, 1000) < 0.8)
		fail_msg("%s: %.2f %.2f", what, oh_call_heard(f->a.call, 660, 1000),
			 oh_call_heard(f->b.call, 440, 1000));
}

static void end(struct fix *f)
{
	oh_call_hangup(f->a.call);
	run(f, 200);
	f->a.call = f->b.call = NULL;
	f->a.log[f->a.l = 0] = f->b.log[f->b.l = 0] = 0;
}

static void every_codec(void **state)
{
	static const char *const names[] = {"opus",       "g722",      "PCMU",        "alaw",       "gsm",
					    "g726-16",    "g726-24",   "g726-32",     "g726-40",    "speex",
					    "speex/8000", "L16",       "speex/32000", "L16/8000/1", "aal2-g726-32",
					    "L16/44100",  "L16/48000", "L16/44100/2", "L16/48000/2"};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct oh_call_stats st;

		with(f, names[i], OH_SRTP_OFF, OH_SRTP_OFF, NULL);
		talk(f);
		heard(f, names[i]);
		oh_call_get_stats(f->a.call, &st);
		assert_false(st.encrypted);
		end(f);
	}
}

/* The answer keeps the numbers of the offer; a later offer of the other side does, too. */
static void numbers_stay(void **state)
{
	struct fix *f = *state;

	f->a.opt.codecs = "PCMU gsm opus";
	f->b.opt.codecs = "opus g722";
	talk(f);
	heard(f, "opus");
	assert_int_equal(oh_call_reoffer(f->b.call, "g722 speex opus"), 0);
	run(f, 200);
	heard(f, "after the change");
	end(f);
}

static void every_suite(void **state)
{
	static const char *const names[] = {
		NULL,
		"AES_CM_128_HMAC_SHA1_80",
		"AES_CM_128_HMAC_SHA1_32",
		"AES_256_CM_HMAC_SHA1_80",
		"AES_256_CM_HMAC_SHA1_32",
		"AEAD_AES_128_GCM",
		"AEAD_AES_256_GCM",
	};
	struct fix *f = *state;

	f->b.opt.srtp_suites = "AES_CM_128_HMAC_SHA1_80 AES_CM_128_HMAC_SHA1_32 AES_256_CM_HMAC_SHA1_80 "
			       "AES_256_CM_HMAC_SHA1_32 AEAD_AES_128_GCM AEAD_AES_256_GCM";
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct oh_call_stats st;

		with(f, NULL, OH_SRTP_REQUIRED, OH_SRTP_REQUIRED, names[i]);
		talk(f);
		heard(f, names[i] ? names[i] : "default");
		oh_call_get_stats(f->a.call, &st);
		assert_true(st.encrypted);
		/* hold and resume keep what was agreed */
		assert_int_equal(oh_call_hold(f->a.call, true), 0);
		run(f, 500);
		assert_int_equal(oh_call_hold(f->a.call, false), 0);
		run(f, 500);
		heard(f, "after hold");
		assert_int_equal(oh_call_hold(f->b.call, true), 0);
		run(f, 500);
		assert_int_equal(oh_call_hold(f->b.call, false), 0);
		run(f, 500);
		heard(f, "after the other side's hold");
		end(f);
	}
}

static void policies(void **state)
{
	static const struct {
		enum oh_srtp a, b;
		bool call, encrypted;
	} tab[] = {
		{OH_SRTP_OFF, OH_SRTP_OFF, true, false},
		{OH_SRTP_OFF, OH_SRTP_BEST_EFFORT, true, false},
		{OH_SRTP_OFF, OH_SRTP_REQUIRED, false, false},
		{OH_SRTP_BEST_EFFORT, OH_SRTP_OFF, true, false},
		{OH_SRTP_BEST_EFFORT, OH_SRTP_BEST_EFFORT, true, true},
		{OH_SRTP_BEST_EFFORT, OH_SRTP_REQUIRED, true, true},
		{OH_SRTP_OFFERED, OH_SRTP_BEST_EFFORT, true, true},
		{OH_SRTP_OFFERED, OH_SRTP_OFF, false, false},
		{OH_SRTP_REQUIRED, OH_SRTP_OFF, false, false},
		{OH_SRTP_REQUIRED, OH_SRTP_OFFERED, true, true},
	};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		struct oh_call_stats st;

		with(f, NULL, tab[i].a, tab[i].b, NULL);
		f->b.auto_answer = false;
		f->a.log[f->a.l = 0] = f->b.log[f->b.l = 0] = 0;
		if (!tab[i].call) {
			assert_int_equal(oh_call_start(f->a.acct, &f->a.call, "bob", &f->a.opt), 0);
			run(f, 200);
			if (f->b.call)
				assert_int_equal(oh_call_answer(f->b.call, &f->b.opt), ENOTSUP);
			run(f, 500);
			if (!strstr(f->a.log, "ended:488"))
				fail_msg("row %zu: %s", i, f->a.log);
			f->a.call = f->b.call = NULL;
			continue;
		}
		talk(f);
		heard(f, "by policy");
		oh_call_get_stats(f->a.call, &st);
		if (st.encrypted != tab[i].encrypted)
			fail_msg("row %zu: encrypted %d", i, st.encrypted);
		end(f);
	}
}

/* The text of our first key. */
static void own_key(const struct oh_call *c, char *dst, size_t size)
{
	struct slice s = rbuf_slice(c->local);

	while (s.l) {
		struct slice one = slice_cut(&s, '\n');

		if (slice_starts(one, SLICE("a=crypto:1 "))) {
			assert_true(slice_copy(dst, size, one));
			return;
		}
	}
	*dst = '\0';
}

/* RFC 3711 9.1: packet numbers begin anew under a key only if it is a new one. */
static void given_up_keys_stay_away(void **state)
{
	struct fix *f = *state;
	char first[200], plain[200], again[200];
	struct oh_call_stats st;

	with(f, NULL, OH_SRTP_BEST_EFFORT, OH_SRTP_BEST_EFFORT, NULL);
	talk(f);
	own_key(f->a.call, first, sizeof(first));
	assert_true(*first);
	/* the far end goes on without encryption */
	struct ua_crypto *kept = f->b.call->crypto;
	f->b.call->crypto = NULL;
	assert_int_equal(oh_call_hold(f->a.call, true), 0);
	run(f, 500);
	own_key(f->a.call, plain, sizeof(plain));
	assert_string_equal(plain, first);
	oh_call_get_stats(f->a.call, &st);
	assert_false(st.encrypted);
	/* and with it once more */
	f->b.call->crypto = kept;
	assert_int_equal(oh_call_hold(f->a.call, false), 0);
	run(f, 500);
	own_key(f->a.call, again, sizeof(again));
	assert_true(*again);
	assert_string_not_equal(again, first);
	heard(f, "encrypted again");
	oh_call_get_stats(f->a.call, &st);
	assert_true(st.encrypted);
	end(f);
}

static void bad_names(void **state)
{
	struct fix *f = *state;
	struct oh_call *c;

	with(f, "opus g729", OH_SRTP_OFF, OH_SRTP_OFF, NULL);
	assert_int_equal(oh_call_start(f->a.acct, &c, "bob", &f->a.opt), OH_ERR_SYNTAX);
	with(f, NULL, OH_SRTP_REQUIRED, OH_SRTP_OFF, "AES_CM_128_HMAC_SHA1_80 ROT13");
	assert_int_equal(oh_call_start(f->a.acct, &c, "bob", &f->a.opt), OH_ERR_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_codec, fix_open, fix_close),
		cmocka_unit_test_setup_teardown(numbers_stay, fix_open, fix_close),
		cmocka_unit_test_setup_teardown(every_suite, fix_open, fix_close),
		cmocka_unit_test_setup_teardown(policies, fix_open, fix_close),
		cmocka_unit_test_setup_teardown(given_up_keys_stay_away, fix_open, fix_close),
		cmocka_unit_test_setup_teardown(bad_names, fix_open, fix_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
