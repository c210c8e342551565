/*
 * mixer_real_test.c - rooms on real sockets and real worker threads: members, sources,
 * sinks and whole rooms that come and go while packets flow. What a thread sanitizer
 * is to look at.
 */
#include "mix_fixture.h"

enum { PHONES = 8, BOUND_MS = 20000, TURNS = 1200 };

struct rt {
	struct loop *l;
	struct media *m;
	struct mphone p[PHONES];
	struct mixer *x[2];
	struct timer pace, bound;
	unsigned turns, max_turns, closing, done, sinks, gone, spoke;
	bool over;
};

static void bound_h(void *arg)
{
	struct rt *t = arg;

	t->over = true;
	loop_stop(t->l);
}

static void spoke_h(struct mixer *x, void *arg)
{
	struct rt *t = arg;

	(void)x;
	t->spoke++;
}

static void gone_h(struct mixer *x, struct mixer_member *mb, void *member_arg, void *arg)
{
	struct mphone *p = member_arg;
	struct rt *t = arg;

	(void)x;
	/* a newer membership may have taken its place */
	if (p->m == mb)
		p->m = NULL;
	t->gone++;
}

static void room_open(struct rt *t, size_t i)
{
	static const struct mixer_ops ops = {.speakers = spoke_h, .gone = gone_h};
	const struct mixer_cfg cfg = {.media = t->m, .rate = i ? 8000 : 16000, .speakers = i ? 3 : 0};

	assert_int_equal(mixer_alloc(&t->x[i], &cfg, &ops, t), 0);
}

static void rt_init(struct rt *t)
{
	memset(t, 0, sizeof(*t));
	assert_int_equal(loop_alloc(&t->l), 0);
	const struct media_cfg cfg = {
		.loop = t->l, .workers = 2, .port_lo = 32000, .port_hi = 32999, .quarantine_ms = 1};
	assert_int_equal(media_alloc(&t->m, &cfg), 0);
	timer_start(&t->bound, t->l, BOUND_MS, bound_h, t);
	room_open(t, 0);
	room_open(t, 1);
	for (size_t i = 0; i < PHONES; i++) {
		static const uint8_t codec[] = {CODEC_PCMU, CODEC_G722, CODEC_PCMA, CODEC_OPUS};
		struct sa at = fx_sa("127.0.0.1", 0);
		mphone_open(&t->p[i], t->l, &at, codec[i % 4], 400 + 200 * (double)i);
		mphone_stream(&t->p[i], t->m, i % 2, "127.0.0.1");
	}
}

static void rt_free(struct rt *t)
{
	timer_stop(&t->bound);
	timer_stop(&t->pace);
	mem_deref(t->x[0]);
	mem_deref(t->x[1]);
	mem_deref(t->m);
	loop_drain(t->l);
	for (size_t i = 0; i < PHONES; i++)
		mphone_close(&t->p[i]);
	mem_deref(t->l);
}

/* ------------------------------------------------------------------ one conference */

static void talk_turn(void *arg)
{
	struct rt *t = arg;
	bool all = true;

	for (size_t i = 0; i < PHONES; i++) {
		mphone_say(&t->p[i]);
		all = all && t->p[i].got >= 40;
	}
	/* until everybody heard enough */
	if (all) {
		loop_stop(t->l);
		return;
	}
	timer_start(&t->pace, t->l, 20, talk_turn, t);
}

static void test_conference_on_loopback(void **state)
{
	static struct rt t;
	(void)state;

	rt_init(&t);
	for (size_t i = 0; i < PHONES; i++)
		assert_int_equal(mixer_add(&t.p[i].m, t.x[0], t.p[i].s, 0, &t.p[i]), 0);
	timer_start(&t.pace, t.l, 1, talk_turn, &t);
	assert_int_equal(loop_run(t.l), 0);
	assert_false(t.over);
	for (size_t i = 0; i < PHONES; i++) {
		struct mixer_member_info in;
		mixer_member_info(t.p[i].m, &in);
		assert_true(in.talking);
		assert_int_equal(t.p[i].breaks, 0);
	}
	assert_true(t.spoke > 0);
	rt_free(&t);
}

/* ------------------------------------------------------------------ everything at once */

static void closed_h(const struct mstream_stats *st, void *arg)
{
	struct rt *t = arg;

	(void)st;
	t->closing--;
}

static void src_done(void *arg)
{
	struct rt *t = arg;

	t->done++;
}

static void sink_write(struct media_sink *sink, const int16_t *pcm, size_t n, uint64_t us)
{
	(void)sink;
	(void)pcm;
	(void)n;
	(void)us;
}

static void sink_done(struct media_sink *sink)
{
	mem_deref(sink);
}

static void play_something(struct rt *t, struct mixer *x, struct mphone *p)
{
	const struct tone_step tone = {.f1 = 440, .ms = 50, .level_dbm0 = -10};
	struct media_source *src;

	assert_int_equal(tone_source(&src, &tone, 1, 1, src_done, t), 0);
	int err = p ? mixer_play_to(p->m, src) : mixer_play(x, src);
	if (err)
		src->done(src);
}

static void tap_something(struct mixer *x)
{
	struct media_sink *sink = mem_zalloc(sizeof(*sink), NULL);

	sink->write = sink_write;
	sink->done = sink_done;
	assert_int_equal(mixer_tap(x, sink), 0);
}

static void something(struct rt *t)
{
	struct mphone *p = &t->p[rand_below(PHONES)];
	size_t room = rand_below(2);

	switch (rand_below(12)) {
	case 0:
		mixer_remove(p->m);
		p->m = NULL;
		break;
	case 1:
		if (p->m)
			mixer_set_flags(p->m, rand_below(4));
		break;
	case 2:
		if (p->m)
			mixer_set_gain(p->m, (int)rand_below(20) - 10, (int)rand_below(3) - 1);
		break;
	case 3:
		play_something(t, t->x[room], NULL);
		break;
	case 4:
		if (p->m)
			play_something(t, NULL, p);
		break;
	case 5:
		tap_something(t->x[room]);
		break;
	case 6:
		mstream_echo(p->s);
		break;
	case 7:
		mstream_close(p->s, closed_h, t);
		t->closing++;
		mphone_stream(p, t->m, rand_below(2), "127.0.0.1");
		break;
	case 8:
		if (rand_below(8))
			break;
		/* its members are nobody's now */
		for (size_t i = 0; i < PHONES; i++) {
			mixer_remove(t->p[i].m);
			t->p[i].m = NULL;
		}
		mem_deref(t->x[room]);
		room_open(t, room);
		break;
	default: {
		/* what it was before ends: nobody is told of that one any more */
		mixer_remove(p->m);
		p->m = NULL;
		assert_int_equal(mixer_add(&p->m, t->x[room], p->s, rand_below(4) ? 0 : MIXER_MUTED, p), 0);
		break;
	}
	}
}

static void storm_turn(void *arg)
{
	struct rt *t = arg;
	struct mixer_member_info in;

	for (size_t i = 0; i < PHONES; i++) {
		if (t->turns % 4 == i % 4)
			mphone_say(&t->p[i]);
		if (t->p[i].m)
			mixer_member_info(t->p[i].m, &in);
	}
	for (int i = 0; i < 2; i++)
		something(t);
	if (++t->turns >= t->max_turns) {
		loop_stop(t->l);
		return;
	}
	timer_start(&t->pace, t->l, 2, storm_turn, t);
}

static void quiet_turn(void *arg)
{
	struct rt *t = arg;

	if (!t->closing) {
		loop_stop(t->l);
		return;
	}
	timer_start(&t->pace, t->l, 5, quiet_turn, t);
}

static void test_storm_of_rooms(void **state)
{
	static struct rt t;
	(void)state;

	rt_init(&t);
	t.max_turns = TURNS;
	timer_start(&t.pace, t.l, 1, storm_turn, &t);
	assert_int_equal(loop_run(t.l), 0);
	assert_false(t.over);
	for (size_t i = 0; i < PHONES; i++) {
		mstream_close(t.p[i].s, closed_h, &t);
		t.closing++;
	}
	timer_start(&t.pace, t.l, 1, quiet_turn, &t);
	assert_int_equal(loop_run(t.l), 0);
	assert_false(t.over);
	assert_true(t.done > 0 && t.gone > 0);
	rt_free(&t);
}

static void test_engine_ends_in_mid_storm(void **state)
{
	static struct rt t;
	(void)state;

	for (int round = 0; round < 5; round++) {
		rt_init(&t);
		t.max_turns = 40;
		timer_start(&t.pace, t.l, 1, storm_turn, &t);
		assert_int_equal(loop_run(t.l), 0);
		if (round & 1) {
			/* the engine first, the rooms after it */
			t.m = mem_deref(t.m);
			loop_drain(t.l);
		}
		rt_free(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conference_on_loopback),
		cmocka_unit_test(test_storm_of_rooms),
		cmocka_unit_test(test_engine_ends_in_mid_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
