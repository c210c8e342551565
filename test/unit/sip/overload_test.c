/*
 * overload_test.c - what is refused, dropped and served when there is too much to do; what a stranger is answered.
 */
#include "fix.h"
#include "loop/guard.h"
#include "sip/sip_priv.h"

static enum sip_weight weight;

static enum sip_weight weigh(const struct sip_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return weight;
}

static void say(struct fix *f, const char *method)
{
	static unsigned n;
	char id[32];

	snprintf(id, sizeof(id), "z9hG4bKo%u", n++);
	peer_say(&f->a, REQ(method, .branch = id, .callid = id));
}

/* As late as this, again and again. */
static void late(struct fix *f, uint32_t ms)
{
	for (int i = 0; i < 3; i++)
		sip_overload_note(f->sip, ms);
}

static void levels(void **state)
{
	struct fix f;
	size_t before;

	(void)state;
	fix_open(&f);
	f.sip->ops.weigh = weigh;
	weight = SIP_WEIGHT_PHONE;
	late(&f, 119);
	say(&f, "INVITE");
	assert_int_equal(f.requests, 1);
	/* once is a hiccup */
	sip_overload_note(f.sip, 5000);
	sip_overload_note(f.sip, 50);
	sip_overload_note(f.sip, 5000);
	sip_overload_note(f.sip, 50);
	assert_int_equal(f.sip->over.level, 0);
	late(&f, 120);
	say(&f, "INVITE");
	assert_int_equal(f.requests, 2);
	before = f.a.n;
	say(&f, "OPTIONS");
	assert_int_equal(f.a.n, before);
	late(&f, 300);
	say(&f, "INVITE");
	assert_int_equal(f.requests, 2);
	assert_code(&f.a, 503);
	say(&f, "REGISTER");
	assert_int_equal(f.requests, 3);
	/* it is over after ten quiet looks, not before */
	for (int i = 0; i < 9; i++)
		sip_overload_note(f.sip, 0);
	say(&f, "INVITE");
	assert_int_equal(f.requests, 3);
	sip_overload_note(f.sip, 0);
	say(&f, "INVITE");
	assert_int_equal(f.requests, 4);
	fix_close(&f);
}

/* Retry-After to a trunk would stop the whole line; an emergency is served. */
static void weights(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	f.sip->ops.weigh = weigh;
	late(&f, 300);
	weight = SIP_WEIGHT_PHONE;
	say(&f, "INVITE");
	assert_code(&f.a, 503);
	assert_has(&f.a.v[f.a.n - 1], "Retry-After: ");
	weight = SIP_WEIGHT_TRUNK;
	say(&f, "INVITE");
	assert_code(&f.a, 503);
	assert_null(strstr(f.a.v[f.a.n - 1].txt, "Retry-After"));
	weight = SIP_WEIGHT_ALWAYS;
	say(&f, "INVITE");
	assert_int_equal(f.requests, 1);
	fix_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(levels), cmocka_unit_test(weights)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
