/*
 * pool_test.c - ports: none lost, none given out twice, none too early.
 */
#include "fixture.h"

static int alloc_on(struct fx *f, unsigned worker, const char *ip, struct mstream **sp)
{
	struct sa a = fx_sa(ip, 0);

	return mstream_alloc(sp, f->m, worker, MSTREAM_AUDIO, &a, NULL, NULL);
}

static uint16_t port_of(const struct mstream *s)
{
	struct sa a;

	mstream_local(s, &a);
	return sa_port(&a);
}

static void test_ten_thousand_calls_leave_nothing(void **state)
{
	struct fx f;
	struct media_stats st;
	struct mstream *s[4];
	(void)state;

	fx_init_cfg(&f, (struct media_cfg){.quarantine_ms = 50, .port_lo = 20000, .port_hi = 20399});
	for (int i = 0; i < 10000; i += 4) {
		for (int k = 0; k < 4; k++)
			assert_int_equal(alloc_on(&f, 0, "10.1.0.1", &s[k]), 0);
		if (i % 3)
			mstream_join(s[0], s[1]);
		if (i % 5)
			vnet_run(f.net, 1);
		for (int k = 0; k < 4; k++)
			mstream_close(s[k], NULL, NULL);
		vnet_run(f.net, 2);
	}
	vnet_run(f.net, 60);
	media_stats(f.m, &st);
	assert_int_equal(st.streams, 0);
	assert_int_equal(st.ports_resting, 0);
	assert_int_equal(st.ports_free, st.ports_open);
	assert_true(st.ports_open <= 200);
	fx_free(&f);
}

static void test_range_exhausted_then_free_again(void **state)
{
	struct fx f;
	struct media_stats st;
	struct mstream *s[8], *more = NULL;
	uint16_t seen[8];
	(void)state;

	/* 10001-10017: the pairs are 10002 to 10016 */
	fx_init_cfg(&f, (struct media_cfg){.port_lo = 10001, .port_hi = 10017});
	for (int i = 0; i < 8; i++) {
		assert_int_equal(alloc_on(&f, 0, "10.1.0.1", &s[i]), 0);
		seen[i] = port_of(s[i]);
		assert_int_equal(seen[i] & 1, 0);
		assert_in_range(seen[i], 10002, 10016);
		for (int k = 0; k < i; k++)
			assert_int_not_equal(seen[i], seen[k]);
	}
	assert_int_equal(alloc_on(&f, 0, "10.1.0.1", &more), ERR_LIMIT);
	/* another address has ports of its own */
	struct mstream *other;
	assert_int_equal(alloc_on(&f, 0, "10.1.0.2", &other), 0);
	/* a freed port at which nothing arrived rests for a second */
	mstream_close(s[3], NULL, NULL);
	vnet_run(f.net, 900);
	assert_int_equal(alloc_on(&f, 0, "10.1.0.1", &more), ERR_LIMIT);
	media_stats(f.m, &st);
	assert_int_equal(st.ports_resting, 1);
	vnet_run(f.net, 200);
	assert_int_equal(alloc_on(&f, 0, "10.1.0.1", &more), 0);
	assert_int_equal(port_of(more), seen[3]);
	fx_free(&f);
}

/* A stream on `ip` to which something was sent, closed again. */
static uint16_t heard_and_closed(struct fx *f, const char *ip)
{
	struct sa from = fx_sa("10.9.0.9", 4000), to = fx_sa(ip, 0);
	struct mstream *s;

	assert_int_equal(alloc_on(f, 0, ip, &s), 0);
	sa_set_port(&to, port_of(s));
	vnet_run(f->net, 5);
	assert_int_equal(vnet_inject(f->net, &from, &to, SLICE("\x80 something")), 0);
	vnet_run(f->net, 5);
	sa_set_port(&from, port_of(s));
	mstream_close(s, NULL, NULL);
	vnet_run(f->net, 5);
	return sa_port(&from);
}

static void test_heard_port_rests_longer(void **state)
{
	struct fx f;
	struct media_stats st;
	struct mstream *s, *t;
	(void)state;

	/* with room to spare it rests for its 30 s */
	fx_init_cfg(&f, (struct media_cfg){.port_lo = 10000, .port_hi = 10999});
	(void)heard_and_closed(&f, "10.1.0.1");
	vnet_run(f.net, 29900);
	media_stats(f.m, &st);
	assert_int_equal(st.ports_resting, 1);
	vnet_run(f.net, 200);
	media_stats(f.m, &st);
	assert_int_equal(st.ports_resting, 0);
	fx_free(&f);
	/* in need, two seconds must do */
	fx_init_cfg(&f, (struct media_cfg){.port_lo = 10000, .port_hi = 10003});
	assert_int_equal(alloc_on(&f, 0, "10.1.0.1", &s), 0);
	uint16_t nr = heard_and_closed(&f, "10.1.0.1");
	vnet_run(f.net, 1900);
	assert_int_equal(alloc_on(&f, 0, "10.1.0.1", &t), ERR_LIMIT);
	vnet_run(f.net, 200);
	assert_int_equal(alloc_on(&f, 0, "10.1.0.1", &t), 0);
	assert_int_equal(port_of(t), nr);
	fx_free(&f);
}

static void test_freed_port_is_used_last(void **state)
{
	struct fx f;
	struct mstream *s;
	uint16_t seen[20];
	(void)state;

	fx_init_cfg(&f, (struct media_cfg){.port_lo = 10000, .port_hi = 10039, .quarantine_ms = 1});
	for (int i = 0; i < 20; i++) {
		assert_int_equal(alloc_on(&f, 0, "10.1.0.1", &s), 0);
		seen[i] = port_of(s);
		mstream_close(s, NULL, NULL);
		vnet_run(f.net, 20);
		for (int k = 0; k < i && i < 16; k++)
			assert_int_not_equal(seen[i], seen[k]);
	}
	fx_free(&f);
}

static void test_ports_of_others_are_passed_over(void **state)
{
	struct fx f;
	struct udp *u[2];
	struct mstream *s[3];
	(void)state;

	fx_init_cfg(&f, (struct media_cfg){.port_lo = 10000, .port_hi = 10009});
	struct sa a = fx_sa("10.1.0.1", 10002), b = fx_sa("10.1.0.1", 10007);
	assert_int_equal(udp_open(&u[0], f.phones, &a, NULL, NULL, NULL), 0);
	assert_int_equal(udp_open(&u[1], f.phones, &b, NULL, NULL, NULL), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(alloc_on(&f, 0, "10.1.0.1", &s[i]), 0);
		assert_int_not_equal(port_of(s[i]), 10002);
		assert_int_not_equal(port_of(s[i]), 10006);
	}
	assert_int_equal(alloc_on(&f, 0, "10.1.0.1", &s[0]), ERR_LIMIT);
	mem_deref(u[0]);
	assert_int_equal(alloc_on(&f, 0, "10.1.0.1", &s[0]), 0);
	assert_int_equal(port_of(s[0]), 10002);
	mem_deref(u[1]);
	fx_free(&f);
}

static void count_h(void *arg)
{
	++*(int *)arg;
}

static void test_borrowed_from_another_worker(void **state)
{
	struct fx f;
	struct mstream *s[8], *t[8];
	(void)state;

	fx_init_cfg(&f, (struct media_cfg){.workers = 2, .port_lo = 10000, .port_hi = 10015, .quarantine_ms = 1});
	for (int i = 0; i < 8; i++)
		assert_int_equal(alloc_on(&f, 0, "10.1.0.1", &s[i]), 0);
	for (int i = 0; i < 8; i++)
		mstream_close(s[i], NULL, NULL);
	vnet_run(f.net, 10);
	/* all are worker 0's now */
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	for (int i = 0; i < 7; i++)
		assert_int_equal(alloc_on(&f, 1, "10.1.0.1", &t[i]), 0);
	/* closed before the port arrived */
	for (int i = 0; i < 7; i++)
		mstream_close(t[i], NULL, NULL);
	struct mstream *e = fx_stream_on(&f, 1, a, "10.1.0.1", MSTREAM_AUDIO, NULL, NULL);
	mstream_echo(e);
	vnet_run(f.net, 10);
	phone_talk(&f, a, 5);
	assert_int_equal(a->ngot, 5);
	/* and the engine ends while some are on their way, with something to play and somebody to hear */
	int done = 0;
	for (int i = 0; i < 7; i++) {
		struct mstream_remote r = fx_remote(&a->addr);
		const struct tone_step step = {.f1 = 440};
		struct media_source *src;
		assert_int_equal(alloc_on(&f, 0, "10.1.0.1", &t[i]), 0);
		mstream_set_remote(t[i], &r);
		assert_int_equal(tone_source(&src, &step, 1, 1, count_h, &done), 0);
		assert_int_equal(mstream_play(t[i], src), 0);
	}
	media_flush_orders(f.m);
	fx_free(&f);
	assert_int_equal(done, 7);
}

static void test_grows_ahead_and_shrinks(void **state)
{
	struct fx f;
	struct media_stats st;
	struct mstream *s[200];
	(void)state;

	fx_init_cfg(&f, (struct media_cfg){.quarantine_ms = 100, .port_lo = 10000, .port_hi = 10999});
	assert_int_equal(alloc_on(&f, 0, "10.1.0.1", &s[0]), 0);
	vnet_run(f.net, 50);
	media_stats(f.m, &st);
	assert_in_range(st.ports_open, 16, 20);
	for (int i = 1; i < 200; i++) {
		assert_int_equal(alloc_on(&f, 0, "10.1.0.1", &s[i]), 0);
		vnet_run(f.net, 5);
	}
	media_stats(f.m, &st);
	assert_true(st.ports_open > 200);
	for (int i = 0; i < 200; i++)
		mstream_close(s[i], NULL, NULL);
	vnet_run(f.net, 120000);
	media_stats(f.m, &st);
	assert_int_equal(st.ports_open, 32);
	assert_int_equal(st.ports_free, 32);
	assert_int_equal(vnet_pending(f.net), 0);
	fx_free(&f);
}

static void test_late_packets_do_not_reach_the_next_call(void **state)
{
	struct fx f;
	(void)state;

	fx_init_cfg(&f, (struct media_cfg){.quarantine_ms = 1, .port_lo = 10000, .port_hi = 10001});
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000);
	struct mstream *s = fx_stream(&f, a);
	phone_talk(&f, a, 2);
	mstream_close(s, NULL, NULL);
	vnet_run(f.net, 10);
	phone_talk(&f, a, 20);
	s = fx_stream(&f, b);
	assert_true(sa_eq(&a->to, &b->to));
	struct mstream_stats st = fx_stats(&f, s);
	assert_int_equal(st.rx_packets + st.rx_dropped, 0);
	fx_free(&f);
}

static void test_wrong_ranges(void **state)
{
	struct fx f;
	struct media *m;
	(void)state;

	fx_init(&f);
	const struct media_cfg bad[] = {
		{.loop = f.l, .port_lo = 0, .port_hi = 100},
		{.loop = f.l, .port_lo = 200, .port_hi = 100},
		{.loop = f.l, .port_lo = 101, .port_hi = 102},
		{.port_lo = 100, .port_hi = 200},
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(media_alloc(&m, &bad[i]), EINVAL);
	const struct media_cfg top = {.loop = f.l, .workers = 1, .port_lo = 65534, .port_hi = 65535};
	assert_int_equal(media_alloc(&m, &top), 0);
	mem_deref(m);
	fx_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ten_thousand_calls_leave_nothing),
		cmocka_unit_test(test_range_exhausted_then_free_again),
		cmocka_unit_test(test_heard_port_rests_longer),
		cmocka_unit_test(test_freed_port_is_used_last),
		cmocka_unit_test(test_ports_of_others_are_passed_over),
		cmocka_unit_test(test_borrowed_from_another_worker),
		cmocka_unit_test(test_grows_ahead_and_shrinks),
		cmocka_unit_test(test_late_packets_do_not_reach_the_next_call),
		cmocka_unit_test(test_wrong_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
