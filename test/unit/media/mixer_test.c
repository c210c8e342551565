/*
 * mixer_test.c - conference rooms on a virtual network: who hears whom, how loud, in
 * which codec; members, sources and sinks that come and go at every moment; memory.
 */
#include <stdlib.h>
#include "mix_fixture.h"

enum { PHONES = 8 };

struct mt {
	struct fx f;
	struct mphone p[PHONES];
	size_t n;
	struct mixer *x;
	unsigned spoke, gone, done, sink_done;
	size_t sunk;
	int16_t sink_pcm[KEEP];
	struct media_sink sink;
	bool remove_in_gone;
	size_t live; /* objects before it */
};

static void spoke_h(struct mixer *x, void *arg)
{
	struct mt *t = arg;

	assert_ptr_equal(x, t->x);
	t->spoke++;
}

static void gone_h(struct mixer *x, struct mixer_member *mb, void *member_arg, void *arg)
{
	struct mphone *p = member_arg;
	struct mt *t = arg;

	assert_ptr_equal(x, t->x);
	assert_ptr_equal(mb, p->m);
	p->gone = true;
	p->m = NULL;
	t->gone++;
	if (t->remove_in_gone)
		t->x = mem_deref(t->x);
}

static void src_done(void *arg)
{
	struct mt *t = arg;

	t->done++;
}

static const struct mixer_ops ops = {.speakers = spoke_h, .gone = gone_h};

static void mt_init(struct mt *t, const struct mixer_cfg *mc, unsigned workers)
{
	struct mixer_cfg c = *mc;

	memset(t, 0, sizeof(*t));
	t->live = mem_live();
	fx_init_cfg(&t->f, (struct media_cfg){.workers = workers, .port_lo = 10000, .port_hi = 11999});
	c.media = t->f.m;
	assert_int_equal(mixer_alloc(&t->x, &c, &ops, t), 0);
}

static struct mphone *mt_phone(struct mt *t, uint8_t codec, double hz, unsigned worker)
{
	struct mphone *p = &t->p[t->n];
	struct sa at = fx_sa("10.1.0.9", (uint16_t)(4000 + 2 * t->n));

	t->n++;
	mphone_open(p, t->f.phones, &at, codec, hz);
	mphone_stream(p, t->f.m, worker, "10.1.0.1");
	return p;
}

static struct mphone *mt_member(struct mt *t, uint8_t codec, double hz, unsigned worker)
{
	struct mphone *p = mt_phone(t, codec, hz, worker);

	assert_int_equal(mixer_add(&p->m, t->x, p->s, 0, p), 0);
	return p;
}

/* All phones say a packet each 20 ms. */
static void mt_run(struct mt *t, unsigned ms)
{
	for (unsigned at = 0; at < ms; at += 20) {
		for (size_t i = 0; i < t->n; i++)
			if (!t->p[i].silent && t->p[i].s && !(at % t->p[i].ptime))
				mphone_say(&t->p[i]);
		vnet_run(t->f.net, 20);
	}
}

static void mt_free(struct mt *t)
{
	t->x = mem_deref(t->x);
	for (size_t i = 0; i < t->n; i++)
		if (t->p[i].s)
			mstream_close(t->p[i].s, NULL, NULL);
	vnet_run(t->f.net, 50);
	for (size_t i = 0; i < t->n; i++)
		mphone_close(&t->p[i]);
	fx_free(&t->f);
	assert_int_equal(mem_live(), t->live);
}

static void assert_hears_all_but_itself(struct mt *t)
{
	for (size_t i = 0; i < t->n; i++) {
		for (size_t k = 0; k < t->n; k++) {
			double s = mphone_share(&t->p[i], t->p[k].hz, 500);
			if (i == k && s > 0.01)
				fail_msg("%zu hears itself: %.3f", i, s);
			if (i != k && s < 0.6 / (double)(t->n - 1))
				fail_msg("%zu hears %.3f of %zu", i, s, k);
		}
	}
}

/* ------------------------------------------------------------------ who hears whom */

static void everybody(uint32_t rate, unsigned workers)
{
	static const uint8_t codec[] = {CODEC_PCMU, CODEC_PCMA, CODEC_G722, CODEC_OPUS, CODEC_G726_32, CODEC_PCMU};
	const struct mixer_cfg mc = {.rate = rate};
	static struct mt t;

	mt_init(&t, &mc, workers);
	for (size_t i = 0; i < ARRAY_LEN(codec); i++)
		mt_member(&t, codec[i], 400 + 350 * (double)i, (unsigned)i % workers);
	assert_int_equal(mixer_members(t.x), ARRAY_LEN(codec));
	mt_run(&t, 2000);
	assert_hears_all_but_itself(&t);
	for (size_t i = 0; i < t.n; i++) {
		struct mixer_member_info in;
		/* one packet each 20 ms, without gaps */
		assert_in_range(t.p[i].got, 95, 102);
		assert_int_equal(t.p[i].breaks, 0);
		mixer_member_info(t.p[i].m, &in);
		assert_true(in.talking);
		assert_in_range(in.talked_ms, 1500, 2000);
		/* a sine of 6000 is 17.8 dB below a full square */
		assert_in_range(-in.level_dbov, 16, 20);
	}
	assert_true(t.spoke >= 1 && t.spoke <= 10);
	mt_free(&t);
}

static void test_everybody_hears_all_others(void **state)
{
	(void)state;
	everybody(0, 1);
	everybody(8000, 1);
	everybody(48000, 1);
}

static void test_members_on_several_workers(void **state)
{
	(void)state;
	everybody(0, 2);
	everybody(8000, 3);
}

static void test_two_have_each_other(void **state)
{
	static struct mt t;
	const struct mixer_cfg mc = {.rate = 8000};
	(void)state;

	mt_init(&t, &mc, 1);
	mt_member(&t, CODEC_PCMU, 440, 0);
	mt_member(&t, CODEC_PCMU, 1000, 0);
	mt_run(&t, 1000);
	assert_hears_all_but_itself(&t);
	/* as loud as it was said */
	assert_in_range((int)mphone_rms(&t.p[0], 400), 4000, 4500);
	mt_free(&t);
}

/* ------------------------------------------------------------------ nobody to hear: nothing runs */

static void test_idle_rooms_have_no_timers(void **state)
{
	static struct mt t;
	const struct mixer_cfg mc = {0};
	(void)state;

	mt_init(&t, &mc, 2);
	struct mphone *a = mt_member(&t, CODEC_PCMU, 440, 0);
	mt_run(&t, 300);
	assert_int_equal(a->got, 0);
	struct mphone *b = mt_member(&t, CODEC_PCMU, 900, 1);
	mt_run(&t, 300);
	assert_in_range(a->got, 13, 16);
	assert_in_range(b->got, 13, 16);
	mixer_remove(b->m);
	mt_run(&t, 40);
	unsigned got = a->got;
	mt_run(&t, 300);
	assert_int_equal(a->got, got);
	assert_int_equal(mixer_members(t.x), 1);
	/* the one that is left hears what plays, and no longer */
	const struct tone_step tone = {.f1 = 600, .ms = 400, .level_dbm0 = -10};
	struct media_source *src;
	assert_int_equal(tone_source(&src, &tone, 1, 1, src_done, &t), 0);
	assert_int_equal(mixer_play(t.x, src), 0);
	mt_run(&t, 400);
	assert_true(mphone_share(a, 600, 300) > 0.9);
	mt_run(&t, 100);
	assert_int_equal(t.done, 1);
	got = a->got;
	mt_run(&t, 200);
	assert_int_equal(a->got, got);
	mt_free(&t);
}

/* ------------------------------------------------------------------ flags and gains */

static void test_mute_deaf_gain(void **state)
{
	static struct mt t;
	const struct mixer_cfg mc = {.rate = 8000};
	struct mixer_member_info in;
	(void)state;

	mt_init(&t, &mc, 1);
	struct mphone *a = mt_member(&t, CODEC_PCMU, 440, 0), *b = mt_member(&t, CODEC_PCMU, 900, 0),
		      *c = mt_member(&t, CODEC_PCMU, 1500, 0);
	mt_run(&t, 600);
	assert_hears_all_but_itself(&t);
	mixer_set_flags(a->m, MIXER_MUTED);
	mt_run(&t, 1200);
	assert_true(mphone_share(b, 440, 400) < 0.01);
	assert_true(mphone_share(a, 900, 400) > 0.4);
	mixer_member_info(a->m, &in);
	assert_false(in.talking);
	assert_int_equal(in.level_dbov, -127);
	mixer_set_flags(a->m, 0);
	mt_run(&t, 800);
	assert_hears_all_but_itself(&t);
	mixer_set_flags(a->m, MIXER_DEAF);
	mt_run(&t, 60);
	unsigned got = a->got;
	mt_run(&t, 400);
	assert_int_equal(a->got, got);
	assert_true(mphone_share(b, 440, 300) > 0.4);
	mixer_set_flags(a->m, 0);
	mt_run(&t, 400);
	assert_true(a->got > got + 15);
	/* 6 dB less of a; c hears all 6 dB louder */
	mixer_set_gain(a->m, -6, 0);
	mixer_set_gain(c->m, 0, 6);
	a->silent = false;
	b->silent = true;
	mt_run(&t, 1600);
	assert_in_range((int)mphone_rms(b, 300), 4600, 4900); /* of a at half, and c */
	assert_in_range((int)mphone_rms(c, 300), 4000, 4500);
	mt_free(&t);
}

static void test_loudest_speakers(void **state)
{
	static struct mt t;
	const struct mixer_cfg mc = {.rate = 8000, .speakers = 2};
	(void)state;

	for (unsigned workers = 1; workers <= 2; workers++) {
		mt_init(&t, &mc, workers);
		for (unsigned i = 0; i < 6; i++) {
			mt_member(&t, CODEC_PCMU, 400 + 350 * i, i % workers);
			t.p[i].amp = 2000 + 1500 * i;
		}
		mt_run(&t, 2000);
		/* 4 and 5 are the loudest; a listener hears both and nobody else */
		for (unsigned i = 0; i < 4; i++)
			assert_true(mphone_share(&t.p[0], t.p[i].hz, 500) < 0.02);
		assert_true(mphone_share(&t.p[0], t.p[4].hz, 500) > 0.3);
		assert_true(mphone_share(&t.p[0], t.p[5].hz, 500) > 0.4);
		assert_true(mphone_share(&t.p[4], t.p[5].hz, 500) > 0.95);
		/* a little louder is not enough to take a place; much louder is */
		t.p[3].amp = 10000;
		mt_run(&t, 1000);
		assert_true(mphone_share(&t.p[0], t.p[3].hz, 500) < 0.02);
		t.p[3].amp = 32000;
		mt_run(&t, 1000);
		assert_true(mphone_share(&t.p[0], t.p[3].hz, 500) > 0.7);
		assert_true(mphone_share(&t.p[0], t.p[4].hz, 500) < 0.05);
		mt_free(&t);
	}
}

/* ------------------------------------------------------------------ coming and going */

static void test_members_come_and_go(void **state)
{
	static struct mt t;
	const struct mixer_cfg mc = {0};
	(void)state;

	mt_init(&t, &mc, 1);
	struct mphone *a = mt_member(&t, CODEC_G722, 440, 0), *b = mt_member(&t, CODEC_PCMA, 900, 0);
	mt_run(&t, 400);
	/* in the middle of a frame */
	vnet_run(t.f.net, 7);
	struct mphone *c = mt_member(&t, CODEC_OPUS, 1400, 0);
	mt_run(&t, 1000);
	assert_hears_all_but_itself(&t);
	vnet_run(t.f.net, 13);
	mixer_remove(b->m);
	b->m = NULL;
	mt_run(&t, 1000);
	assert_true(mphone_share(a, 900, 400) < 0.01);
	assert_true(mphone_share(a, 1400, 400) > 0.9);
	assert_int_equal(t.gone, 0);
	/* its stream is closed */
	mstream_close(c->s, NULL, NULL);
	c->s = NULL;
	mt_run(&t, 100);
	assert_int_equal(t.gone, 1);
	assert_true(c->gone);
	/* its stream gets something else to do */
	mstream_echo(a->s);
	mt_run(&t, 100);
	assert_int_equal(t.gone, 2);
	assert_int_equal(mixer_members(t.x), 0);
	/* and back; put in twice, taken out at once */
	assert_int_equal(mixer_add(&a->m, t.x, a->s, 0, a), 0);
	mixer_remove(a->m);
	assert_int_equal(mixer_add(&a->m, t.x, a->s, 0, a), 0);
	assert_int_equal(mixer_add(&b->m, t.x, b->s, 0, b), 0);
	mt_run(&t, 1000);
	assert_int_equal(t.gone, 2);
	assert_true(mphone_share(a, 900, 400) > 0.9);
	/* joined: the engine relays, the room has lost both */
	mstream_join(a->s, b->s);
	mt_run(&t, 60);
	assert_int_equal(t.gone, 4);
	mt_free(&t);
}

static void test_room_ends_in_its_call_back(void **state)
{
	static struct mt t;
	const struct mixer_cfg mc = {0};
	(void)state;

	mt_init(&t, &mc, 2);
	mt_member(&t, CODEC_PCMU, 440, 0);
	mt_member(&t, CODEC_PCMU, 900, 1);
	mt_run(&t, 100);
	t.remove_in_gone = true;
	mstream_close(t.p[0].s, NULL, NULL);
	t.p[0].s = NULL;
	mt_run(&t, 100);
	assert_int_equal(t.gone, 1);
	assert_null(t.x);
	mt_free(&t);
}

static void test_new_codec_in_the_room(void **state)
{
	static struct mt t;
	const struct mixer_cfg mc = {0};
	(void)state;

	mt_init(&t, &mc, 1);
	struct mphone *a = mt_member(&t, CODEC_PCMU, 440, 0);
	mt_member(&t, CODEC_G722, 900, 0);
	mt_member(&t, CODEC_PCMU, 1400, 0);
	mt_run(&t, 500);
	/* a re-INVITE: from PCMU to G.722 */
	const struct coder_cfg cfg = {0};
	mem_deref(a->enc);
	mem_deref(a->dec);
	a->c = codec_find(CODEC_G722, 8000, 0);
	assert_int_equal(a->c->enc_new(&a->enc, a->c, &cfg), 0);
	assert_int_equal(a->c->dec_new(&a->dec, a->c, &cfg), 0);
	struct mstream_remote r = mphone_remote(a);
	mstream_set_remote(a->s, &r);
	a->n = 0;
	mt_run(&t, 1000);
	assert_hears_all_but_itself(&t);
	mt_free(&t);
}

/* Greatest distance of what was heard from a pure tone of `hz`, `ms` to the end. */
static double roughness(const struct mphone *p, double hz, unsigned ms)
{
	size_t n = ms * p->c->rate / 1000;
	double w = 2 * cos(2 * M_PI * hz / p->c->rate), worst = 0;

	for (size_t i = p->n - n; i < p->n; i++) {
		double r = p->heard[i % KEEP] - w * p->heard[(i - 1) % KEEP] + p->heard[(i - 2) % KEEP];
		worst = fabs(r) > worst ? fabs(r) : worst;
	}
	return worst;
}

/* A listener begins to speak and gets a coder of its own: nobody hears the seam. */
static void speak_up(uint8_t codec)
{
	static struct mt t;
	const struct mixer_cfg mc = {.rate = 16000};

	mt_init(&t, &mc, 1);
	mt_member(&t, CODEC_PCMU, 440, 0);
	struct mphone *b = mt_member(&t, codec, 900, 0);
	b->silent = true;
	mt_run(&t, 1500);
	double calm = roughness(b, 440, 400);
	b->silent = false;
	mt_run(&t, 500);
	double seam = roughness(b, 440, 500);
	if (seam > 2 * calm)
		fail_msg("%s: %.0f at the seam, %.0f before", b->c->name, seam, calm);
	/* and back: its own coder stays for a while, then the shared one goes on */
	b->silent = true;
	mt_run(&t, 4000);
	/* by then both coders have heard the same for two seconds, and are nearly alike */
	seam = roughness(b, 440, 3500);
	if (seam > 12 * calm)
		fail_msg("%s: %.0f at the second seam, %.0f before", b->c->name, seam, calm);
	assert_int_equal(b->breaks, 0);
	assert_true(mphone_share(b, 440, 400) > 0.95);
	mt_free(&t);
}

static void test_who_speaks_up_hears_no_seam(void **state)
{
	(void)state;
	speak_up(CODEC_PCMA);
	speak_up(CODEC_G722);
}

/* From the packet that brings the first word to the one that takes it on: a jitter buffer on an even network, a frame.
 */
static void word_takes(unsigned workers, unsigned most_ms)
{
	static struct mt t;
	const struct mixer_cfg mc = {.rate = 8000};
	unsigned ms = 0;

	mt_init(&t, &mc, workers);
	struct mphone *a = mt_member(&t, CODEC_PCMU, 440, 0), *b = mt_member(&t, CODEC_PCMU, 900, workers - 1);
	b->silent = true;
	a->amp = 0;
	mt_run(&t, 3007);
	a->amp = 8000;
	for (; mphone_rms(b, 10) < 500 && ms < 300; ms++) {
		if (ms % 20 == 0)
			mphone_say(a);
		vnet_run(t.f.net, 1);
	}
	if (ms > most_ms)
		fail_msg("%u ms from word to ear with %u workers", ms, workers);
	mt_free(&t);
}

static void test_a_word_takes_little_time(void **state)
{
	(void)state;
	word_takes(1, 50);
	word_takes(2, 70);
}

/* ------------------------------------------------------------------ sources and sinks */

static void sink_write(struct media_sink *sink, const int16_t *pcm, size_t n, uint64_t us)
{
	struct mt *t = CONTAINER_OF(sink, struct mt, sink);

	(void)us;
	for (size_t i = 0; i < n; i++)
		t->sink_pcm[t->sunk++ % KEEP] = pcm[i];
}

static void sink_done(struct media_sink *sink)
{
	struct mt *t = CONTAINER_OF(sink, struct mt, sink);

	t->sink_done++;
}

static void test_play_and_tap(void **state)
{
	static struct mt t;
	const struct mixer_cfg mc = {0};
	const struct tone_step f1 = {.f1 = 600, .level_dbm0 = -12}, f2 = {.f1 = 2000, .ms = 300, .level_dbm0 = -12};
	struct media_source *s1, *s2;
	(void)state;

	mt_init(&t, &mc, 2);
	struct mphone *a = mt_member(&t, CODEC_PCMU, 440, 0), *b = mt_member(&t, CODEC_PCMU, 900, 1);
	t.sink = (struct media_sink){.rate = 16000, .write = sink_write, .done = sink_done};
	assert_int_equal(mixer_tap(t.x, &t.sink), 0);
	mt_run(&t, 1000);
	assert_in_range(t.sunk, 15680, 16320);
	assert_true(tone_share(t.sink_pcm + 8000, 8000, 440, 16000) > 0.4);
	assert_true(tone_share(t.sink_pcm + 8000, 8000, 900, 16000) > 0.4);
	assert_int_equal(tone_source(&s1, &f1, 1, 1, src_done, &t), 0);
	assert_int_equal(tone_source(&s2, &f2, 1, 1, src_done, &t), 0);
	assert_int_equal(mixer_play(t.x, s1), 0);
	assert_int_equal(mixer_play_to(b->m, s2), 0);
	mt_run(&t, 300);
	assert_true(mphone_share(a, 600, 200) > 0.4);
	assert_true(mphone_share(b, 600, 200) > 0.25);
	assert_true(mphone_share(b, 2000, 200) > 0.25);
	assert_true(mphone_share(a, 2000, 200) < 0.01);
	mt_run(&t, 200);
	assert_int_equal(t.done, 1);
	assert_int_equal(mixer_tap(t.x, NULL), 0);
	assert_int_equal(mixer_tap(t.x, NULL), 0);
	mt_run(&t, 60);
	assert_int_equal(t.sink_done, 1);
	assert_int_equal(mixer_tap(t.x, &t.sink), 0);
	/* a tone for ever ends with the room */
	t.x = mem_deref(t.x);
	mt_run(&t, 60);
	assert_int_equal(t.done, 2);
	assert_int_equal(t.sink_done, 2);
	mt_free(&t);
}

static void test_engine_ends_with_rooms_in_use(void **state)
{
	static struct mt t;
	const struct mixer_cfg mc = {0};
	const struct tone_step f1 = {.f1 = 600, .level_dbm0 = -12};
	struct media_source *src;
	(void)state;

	for (int run = 0; run < 3; run++) {
		mt_init(&t, &mc, 2);
		mt_member(&t, CODEC_PCMU, 440, 0);
		mt_member(&t, CODEC_OPUS, 900, 1);
		t.sink = (struct media_sink){.write = sink_write, .done = sink_done};
		if (run)
			mt_run(&t, 100);
		assert_int_equal(mixer_tap(t.x, &t.sink), 0);
		assert_int_equal(tone_source(&src, &f1, 1, 1, src_done, &t), 0);
		assert_int_equal(mixer_play(t.x, src), 0);
		assert_int_equal(tone_source(&src, &f1, 1, 1, src_done, &t), 0);
		assert_int_equal(mixer_play_to(t.p[1].m, src), 0);
		if (run == 2)
			mt_run(&t, 100);
		t.f.m = mem_deref(t.f.m);
		assert_int_equal(t.done, 2);
		assert_int_equal(t.sink_done, 1);
		assert_int_equal(t.gone, 2);
		assert_int_equal(mixer_members(t.x), 0);
		assert_int_equal(mixer_tap(t.x, &t.sink), ERR_STATE);
		t.p[0].s = t.p[1].s = NULL;
		mt_free(&t);
	}
}

/* ------------------------------------------------------------------ many; little memory */

static void test_three_hundred(void **state)
{
	enum { N = 300 };
	const struct mixer_cfg mc = {.rate = 8000};
	static struct mt t;
	(void)state;

	mt_init(&t, &mc, 2);
	struct mphone *v = mem_zalloc(N * sizeof(*v), NULL);
	assert_non_null(v);
	for (unsigned i = 0; i < N; i++) {
		struct sa at = fx_sa("10.1.0.9", (uint16_t)(4000 + 2 * i));
		mphone_open(&v[i], t.f.phones, &at, i % 3 ? CODEC_PCMU : CODEC_PCMA, 440 + 500 * i);
		mphone_stream(&v[i], t.f.m, i % 2, "10.1.0.1");
		assert_int_equal(mixer_add(&v[i].m, t.x, v[i].s, 0, &v[i]), 0);
	}
	for (unsigned k = 0; k < 50; k++) {
		for (unsigned i = 0; i < 3; i++)
			mphone_say(&v[i]);
		vnet_run(t.f.net, 20);
	}
	uint64_t least = UINT64_MAX, most = 0;
	for (unsigned i = 0; i < N; i++) {
		assert_in_range(v[i].got, 45, 52);
		assert_int_equal(v[i].breaks, 0);
		for (unsigned k = 0; k < 3; k++)
			assert_true(i == k ? mphone_share(&v[i], v[k].hz, 300) < 0.01
					   : mphone_share(&v[i], v[k].hz, 300) > 0.25);
		least = v[i].last_us < least ? v[i].last_us : least;
		most = v[i].last_us > most ? v[i].last_us : most;
	}
	/* sends are spread over the frame */
	assert_true(most - least >= 8000);
	t.x = mem_deref(t.x);
	for (unsigned i = 0; i < N; i++)
		mstream_close(v[i].s, NULL, NULL);
	vnet_run(t.f.net, 50);
	for (unsigned i = 0; i < N; i++)
		mphone_close(&v[i]);
	mem_deref(v);
	mt_free(&t);
}

static void test_without_memory(void **state)
{
	static struct mt t;
	const struct mixer_cfg mc = {0};
	const struct tone_step f1 = {.f1 = 600, .ms = 60, .level_dbm0 = -12};
	(void)state;

	for (long at = 0;; at++) {
		assert_true(at < 500);
		mt_init(&t, &mc, 2);
		struct mphone *a = mt_phone(&t, CODEC_PCMU, 440, 0), *b = mt_phone(&t, CODEC_G722, 900, 1);
		struct media_source *src = NULL;
		vnet_run(t.f.net, 20);
		t.sink = (struct media_sink){.write = sink_write, .done = sink_done};
		assert_int_equal(tone_source(&src, &f1, 1, 1, src_done, &t), 0);
		struct mixer *y = NULL;
		struct mixer_cfg c = mc;
		c.media = t.f.m;
		mem_fail_at(at);
		int e1 = mixer_alloc(&y, &c, NULL, NULL), e2 = mixer_add(&a->m, t.x, a->s, 0, a),
		    e3 = mixer_add(&b->m, t.x, b->s, 0, b), e4 = mixer_play(t.x, src), e5 = mixer_tap(t.x, &t.sink);
		mt_run(&t, 200);
		long asked = mem_fail_off();
		assert_true(!e1 || e1 == ENOMEM);
		assert_true(!e2 || e2 == ENOMEM);
		assert_true(!e3 || e3 == ENOMEM);
		assert_true(!e5 || e5 == ENOMEM);
		if (e4)
			src->done(src);
		mem_deref(y);
		mt_free(&t);
		if (at >= asked)
			break;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_have_each_other),
		cmocka_unit_test(test_everybody_hears_all_others),
		cmocka_unit_test(test_members_on_several_workers),
		cmocka_unit_test(test_idle_rooms_have_no_timers),
		cmocka_unit_test(test_mute_deaf_gain),
		cmocka_unit_test(test_loudest_speakers),
		cmocka_unit_test(test_members_come_and_go),
		cmocka_unit_test(test_room_ends_in_its_call_back),
		cmocka_unit_test(test_new_codec_in_the_room),
		cmocka_unit_test(test_who_speaks_up_hears_no_seam),
		cmocka_unit_test(test_a_word_takes_little_time),
		cmocka_unit_test(test_play_and_tap),
		cmocka_unit_test(test_engine_ends_with_rooms_in_use),
		cmocka_unit_test(test_three_hundred),
		cmocka_unit_test(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
