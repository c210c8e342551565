/*
 * oom_test.c - the Nth allocation fails, for N from 0 up: an error comes back,
 * nothing leaks, what was there goes on.
 */
#include "fixture.h"

/* All that allocates on the loop thread, for one stream of an engine. */
static int scenario(struct fx *f, struct media **mp)
{
	const struct media_cfg cfg = {.loop = f->l, .workers = 2, .port_lo = 12000, .port_hi = 12003};
	const struct tone_step st = {.f1 = 440, .ms = 20};
	struct sa ip = fx_sa("10.1.0.1", 0), rem = fx_sa("10.0.0.1", 4000);
	struct mstream_remote r = fx_remote(&rem);
	struct mstream *a, *b;
	struct media_source *src;
	struct media_sink sink = {0};

	int err = media_alloc(mp, &cfg);
	if (err)
		return err;
	err = mstream_alloc(&a, *mp, 0, MSTREAM_AUDIO, &ip, NULL, NULL);
	if (err)
		return err;
	mstream_set_remote(a, &r);
	err = mstream_alloc(&b, *mp, 1, MSTREAM_AUDIO, &ip, NULL, NULL);
	if (err)
		return err;
	/* without memory for the link one direction is silent, that is all */
	mstream_join(a, b);
	err = tone_source(&src, &st, 1, 1, NULL, NULL);
	if (err)
		return err;
	err = mstream_play(a, src);
	if (err) {
		src->done(src);
		return err;
	}
	err = mstream_dtmf(a, SLICE("1"));
	if (err)
		return err;
	err = mstream_tap(a, &sink);
	mstream_untap(a, &sink);
	return err;
}

static void test_every_allocation_may_fail(void **state)
{
	(void)state;
	if (!mem_live()) {
		/* the release build cannot fail on demand */
		void *p = mem_alloc(1, NULL);
		size_t live = mem_live();
		mem_deref(p);
		if (!live)
			skip();
	}
	int err = ENOMEM;
	for (long n = 0; err; n++) {
		struct fx f;
		struct media *m = NULL;
		assert_true(n < 200);
		fx_init(&f);
		/* the network keeps its table of sockets: have it made before counting */
		struct sa a = fx_sa("10.9.9.9", 9);
		struct udp *u;
		assert_int_equal(udp_open(&u, f.l, &a, NULL, NULL, NULL), 0);
		mem_deref(u);
		size_t live = mem_live();
		mem_fail_at(n);
		err = scenario(&f, &m);
		(void)mem_fail_off();
		if (err)
			assert_int_equal(err, ENOMEM);
		mem_deref(m);
		vnet_run(f.net, 50);
		assert_int_equal(mem_live(), live);
		fx_free(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
