/*
 * tap_test.c - listeners in both directions, in any codec and rate, beside whatever feeds the stream.
 */
#include "voice_fixture.h"

struct ear {
	struct media_sink sink;
	int16_t s[48000 * 8];
	size_t n, writes;
	uint64_t first_us, next_us;
	uint64_t jump_us; /* longest difference between two writes and their samples */
	int done;
};

static void ear_write(struct media_sink *sink, const int16_t *pcm, size_t n, uint64_t us)
{
	struct ear *e = CONTAINER_OF(sink, struct ear, sink);

	assert_true(n > 0);
	if (!e->writes++)
		e->first_us = us;
	else if (us != e->next_us) {
		uint64_t d = us > e->next_us ? us - e->next_us : e->next_us - us;
		if (d > e->jump_us)
			e->jump_us = d;
	}
	e->next_us = us + (uint64_t)n * 1000000 / sink->rate;
	if (e->n + n <= ARRAY_LEN(e->s))
		memcpy(e->s + e->n, pcm, n * sizeof(*pcm));
	e->n += n;
}

static void ear_done(struct media_sink *sink)
{
	CONTAINER_OF(sink, struct ear, sink)->done++;
}

static struct ear *ear_new(uint32_t rate, enum msink_dir dir)
{
	struct ear *e = mem_zalloc(sizeof(*e), NULL);

	assert_non_null(e);
	e->sink = (struct media_sink){.rate = rate, .dir = (uint8_t)dir, .write = ear_write, .done = ear_done};
	return e;
}

static void assert_heard(const struct ear *e, unsigned hz, unsigned ms)
{
	uint32_t rate = e->sink.rate;
	size_t skip = rate / 5;

	assert_in_range(e->n, rate / 1000 * (ms - 45), rate / 1000 * (ms + 45));
	double share = tone_share(e->s + skip, e->n - skip, hz, rate);
	double db = level_db(e->s + skip, e->n - skip);
	if (share < 0.85 || db < -3 || db > 3)
		print_error("%u Hz at %u: %.2f of the energy, %.1f dB\n", hz, rate, share, db);
	assert_true(share >= 0.85 && db > -3 && db < 3);
}

/* a: G.722, b: by the test; both directions of a are heard, in several rates. */
static void both_ways(const struct codec_ops *cb, unsigned workers)
{
	struct fx f;
	struct voice va, vb;
	static const uint32_t rates[] = {8000, 16000, 48000};
	struct ear *rx[3], *tx[3];

	fx_init_cfg(&f, (struct media_cfg){.workers = workers});
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000);
	struct mstream *sa = fx_stream_on(&f, 0, a, "10.1.0.1", MSTREAM_AUDIO, NULL, NULL);
	struct mstream *sb = fx_stream_on(&f, workers - 1, b, "10.1.0.1", MSTREAM_AUDIO, NULL, NULL);
	voice_open(&va, a, codec_find(CODEC_G722, 8000, 1), 9, 700);
	voice_open(&vb, b, cb, 110, 1100);
	remote_of(sa, &va);
	remote_of(sb, &vb);
	mstream_join(sa, sb);
	for (int i = 0; i < 3; i++) {
		rx[i] = ear_new(rates[i], MSINK_RX);
		tx[i] = ear_new(rates[i], MSINK_TX);
		assert_int_equal(mstream_tap(sa, &rx[i]->sink), 0);
		assert_int_equal(mstream_tap(sa, &tx[i]->sink), 0);
	}
	vnet_run(f.net, 10);
	talk(&f, &va, &vb, 1000);
	mstream_close(sa, NULL, NULL);
	vnet_run(f.net, 10);
	for (int i = 0; i < 3; i++) {
		assert_heard(rx[i], 700, 1000);
		assert_heard(tx[i], 1100, 1000);
		assert_in_range(rx[i]->jump_us, 0, 2000);
		assert_int_equal(rx[i]->done, 1);
		assert_int_equal(tx[i]->done, 1);
		mem_deref(rx[i]);
		mem_deref(tx[i]);
	}
	/* nobody's packet was delayed or lost for it */
	assert_in_range(a->ngot, 1000 / vb.ms - 1, 1000 / vb.ms + 1);
	assert_in_range(b->ngot, 1000 / vb.ms - 1, 1000 / vb.ms + 1);
	for (size_t i = 1; i < b->ngot && vb.ms == 20; i++)
		assert_in_range(b->got[i].us - b->got[i - 1].us, 19000, 21000);
	voice_close(&va);
	voice_close(&vb);
	fx_free(&f);
}

static void test_relay_and_transcoding(void **state)
{
	(void)state;
	for (size_t i = 0; i < codec_table_n; i++)
		if (codec_table[i]->clock != 44100)
			both_ways(codec_table[i], 1);
	both_ways(codec_find(CODEC_G722, 8000, 1), 2);
	both_ways(codec_find(CODEC_PCMU, 8000, 1), 2);
}

static void test_player_is_heard(void **state)
{
	struct fx f;
	const struct tone_step st = {.f1 = 440, .ms = 1000, .level_dbm0 = -6};
	struct media_source *src;
	struct ear *tx = ear_new(16000, MSINK_TX), *rx = ear_new(8000, MSINK_RX);
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = fx_stream(&f, a);
	assert_int_equal(mstream_tap(s, &tx->sink), 0);
	assert_int_equal(mstream_tap(s, &rx->sink), 0);
	assert_int_equal(tone_source(&src, &st, 1, 1, NULL, NULL), 0);
	uint64_t t0 = loop_now_us(f.l);
	assert_int_equal(mstream_play(s, src), 0);
	vnet_run(f.net, 1500);
	assert_int_equal(tx->n, 16000);
	assert_true(tone_share(tx->s, tx->n, 440, 16000) > 0.95);
	assert_in_range(tx->first_us, t0, t0 + 5000);
	assert_int_equal(tx->jump_us, 0);
	assert_int_equal(rx->n, 0);
	/* the second sound, half a second later: the pause is silence */
	assert_int_equal(tone_source(&src, &st, 1, 1, NULL, NULL), 0);
	assert_int_equal(mstream_play(s, src), 0);
	vnet_run(f.net, 1500);
	assert_in_range(tx->n, 16000 * 2.5 - 400, 16000 * 2.5 + 400);
	assert_true(tone_share(tx->s + 17000, 6000, 440, 16000) < 0.1);
	assert_in_range(tx->jump_us, 0, 100);
	fx_free(&f);
	mem_deref(tx);
	mem_deref(rx);
}

static void test_losses_and_order(void **state)
{
	struct fx f;
	struct voice va;
	struct ear *rx = ear_new(8000, MSINK_RX), *wide = ear_new(16000, MSINK_RX);
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = fx_stream(&f, a);
	voice_open(&va, a, codec_find(CODEC_PCMU, 8000, 1), 0, 700);
	remote_of(s, &va);
	assert_int_equal(mstream_tap(s, &rx->sink), 0);
	assert_int_equal(mstream_tap(s, &wide->sink), 0);
	vnet_run(f.net, 10);
	for (int i = 0; i < 100; i++) {
		voice_say(&va, i % 10 != 5);
		vnet_run(f.net, 20);
	}
	mstream_untap(s, &wide->sink);
	mstream_untap(s, &rx->sink);
	vnet_run(f.net, 10);
	/* an even flow: all the time there is something, and little of it is not the tone */
	assert_int_equal(rx->n, 100 * 160);
	assert_in_range(wide->n, 100 * 320 - 32, 100 * 320);
	assert_in_range(rx->jump_us, 0, 100);
	assert_true(tone_share(rx->s, rx->n, 700, 8000) > 0.75);
	voice_close(&va);
	fx_free(&f);
	mem_deref(rx);
	mem_deref(wide);
}

/* The sender's clock is 0.2 per cent slow: the times follow ours. */
/* Coders that hide gaps themselves, some in whole frames only: the tone goes on through a gap. */
static void test_gaps_of_coders(void **state)
{
	static const struct {
		uint8_t id;
		uint32_t clock;
	} v[] = {{CODEC_SPEEX, 8000}, {CODEC_SPEEX, 32000}, {CODEC_OPUS, 48000}};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct fx f;
		struct voice va;
		const struct codec_ops *c = codec_find(v[i].id, v[i].clock, 0);
		struct ear *e = ear_new(c->rate, MSINK_RX);
		size_t block = c->rate / 50;
		fx_init(&f);
		struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
		struct mstream *s = fx_stream(&f, a);
		voice_open(&va, a, c, 97, 700);
		remote_of(s, &va);
		assert_int_equal(mstream_tap(s, &e->sink), 0);
		vnet_run(f.net, 10);
		for (int k = 0; k < 100; k++) {
			voice_say(&va, k % 10 != 5);
			vnet_run(f.net, 20);
		}
		mstream_untap(s, &e->sink);
		vnet_run(f.net, 10);
		assert_int_equal(e->n, 100 * block);
		for (size_t at = 10 * block; at < e->n; at += block) {
			double db = level_db(e->s + at, block);
			if (db < -25 || db > 4)
				print_error("%s/%u: %.1f dB at %zu\n", c->name, c->clock, db, at / block);
			assert_true(db >= -25 && db <= 4);
		}
		voice_close(&va);
		fx_free(&f);
		mem_deref(e);
	}
}

/* Timestamps that say of each packet that ten seconds have passed: silence is made for no more time than there was. */
static void test_times_that_run_away(void **state)
{
	struct fx f;
	struct ear *e = ear_new(8000, MSINK_RX);
	(void)state;

	fx_init(&f);
	struct phone *p = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = fx_stream(&f, p);
	assert_int_equal(mstream_tap(s, &e->sink), 0);
	vnet_run(f.net, 30);
	for (int i = 0; i < 100; i++) {
		phone_talk(&f, p, 1);
		p->ts += 79000;
	}
	assert_in_range(e->n, 100 * 160, 5 * 8000);
	assert_in_range(e->next_us, 0, loop_now_us(f.l) + 2000000);
	mstream_close(s, NULL, NULL);
	vnet_run(f.net, 10);
	assert_int_equal(e->done, 1);
	mem_deref(e);
	fx_free(&f);
}

static void test_drift(void **state)
{
	struct fx f;
	struct voice va;
	struct ear *rx = ear_new(8000, MSINK_RX);
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = fx_stream(&f, a);
	voice_open(&va, a, codec_find(CODEC_PCMU, 8000, 1), 0, 700);
	remote_of(s, &va);
	assert_int_equal(mstream_tap(s, &rx->sink), 0);
	vnet_run(f.net, 10);
	uint64_t t0 = loop_now_us(f.l);
	for (int i = 0; i < 3000; i++) {
		voice_say(&va, true);
		vnet_run(f.net, i % 25 ? 20 : 21);
	}
	assert_int_equal(rx->n, 3000 * 160);
	uint64_t span = loop_now_us(f.l) - t0, heard_us = rx->next_us - rx->first_us;
	assert_in_range(span, heard_us - 40000, heard_us + 40000);
	assert_in_range(rx->jump_us, 15000, 40000);
	voice_close(&va);
	fx_free(&f);
	mem_deref(rx);
}

static void test_no_memory(void **state)
{
	(void)state;
	void *p = mem_alloc(1, NULL);
	size_t live = mem_live();
	mem_deref(p);
	if (!live)
		skip();
	for (long n = 0; n < 4; n++) {
		struct fx f;
		struct voice va;
		struct ear *rx = ear_new(48000, MSINK_RX);
		fx_init(&f);
		struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
		struct mstream *s = fx_stream(&f, a);
		voice_open(&va, a, codec_find(CODEC_G722, 8000, 1), 9, 700);
		remote_of(s, &va);
		if (n == 0) {
			mem_fail_at(0);
			assert_int_equal(mstream_tap(s, &rx->sink), ENOMEM);
			(void)mem_fail_off();
		}
		assert_int_equal(mstream_tap(s, &rx->sink), 0);
		vnet_run(f.net, 10);
		voice_say(&va, true);
		mem_fail_at(n);
		vnet_run(f.net, 10);
		(void)mem_fail_off();
		talk(&f, &va, NULL, 100);
		fx_free(&f);
		voice_close(&va);
		assert_int_equal(rx->done, 1);
		mem_deref(rx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relay_and_transcoding),
		cmocka_unit_test(test_player_is_heard),
		cmocka_unit_test(test_losses_and_order),
		cmocka_unit_test(test_gaps_of_coders),
		cmocka_unit_test(test_times_that_run_away),
		cmocka_unit_test(test_drift),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
