/*
 * jbuf_attack_test.c - the jitter buffer against those who mean harm, and without memory.
 */
#include "jbuf_sim.h"

static uint32_t seed = 4711;

static size_t below(size_t n)
{
	return sim_rand(&seed) % n;
}

static const struct codec_ops *any_codec(void)
{
	return below(8) ? codec_table[below(codec_table_n)] : NULL;
}

/* Anything at any time: it always writes all samples, and the delay keeps its limit. */
static void storm(struct jbuf *j, unsigned steps, unsigned per_step, bool same_ssrc)
{
	static uint8_t p[CODEC_PAYLOAD_MAX + 100];
	static int16_t pcm[48 * 60];
	uint64_t us = 1000;
	struct jbuf_stats st;

	for (size_t i = 0; i < sizeof(p); i++)
		p[i] = (uint8_t)sim_rand(&seed);
	for (unsigned i = 0; i < steps; i++) {
		for (size_t k = below(per_step + 1); k; k--) {
			struct jbuf_pkt b = {.codec = any_codec(),
					     .par = (uint16_t)sim_rand(&seed),
					     .ch = (uint8_t)below(4),
					     .marker = below(2),
					     .seq = (uint16_t)sim_rand(&seed),
					     .ts = sim_rand(&seed),
					     .ssrc = same_ssrc ? 1 : (uint32_t)below(3),
					     .p = p};
			b.l = below(4) ? below(400) : below(sizeof(p));
			if (below(3)) {
				b.seq = (uint16_t)(i + below(5));
				b.ts = i * 160 + (uint32_t)below(320);
			}
			if (below(10))
				jbuf_put(j, &b, us);
			else
				jbuf_skip(j, b.seq, b.ts, b.ssrc);
		}
		us += below(50) ? 20000 : sim_rand(&seed);
		size_t n = 80 * (1 + below(6));
		pcm[n] = 0x5a5a;
		jbuf_get(j, pcm, n, us);
		assert_int_equal(pcm[n], 0x5a5a);
		jbuf_stats(j, &st);
		assert_true(st.concealed <= st.played && st.silent <= st.concealed);
		assert_true(st.target_us <= 500000);
	}
}

static void test_storm(void **state)
{
	static const uint32_t rates[] = {8000, 16000, 48000};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rates); i++)
		for (int k = 0; k < 4; k++) {
			struct jbuf_cfg c = {.rate = rates[i], .fixed = k == 3, .min_ms = k == 3 ? 40 : 0};
			struct jbuf *j;
			assert_int_equal(jbuf_alloc(&j, &c), 0);
			storm(j, 1500, k == 1 ? 40 : 3, k != 2);
			mem_deref(j);
		}
}

/* Each packet is half a round of the timestamps ahead: the sum of them has no end. */
static void test_far_ahead(void **state)
{
	struct jbuf_cfg c = {.rate = 8000};
	const struct codec_ops *ulaw = codec_find(CODEC_PCMU, 8000, 1);
	uint8_t p[160] = {0};
	int16_t pcm[160];
	struct jbuf *j;
	uint64_t us = 1000000;

	(void)state;
	assert_int_equal(jbuf_alloc(&j, &c), 0);
	for (uint32_t i = 0; i < 20000; i++, us += 20000) {
		struct jbuf_pkt b = {
			.codec = ulaw, .seq = (uint16_t)i, .ts = i * 0x7fffffffU, .ssrc = 1, .p = p, .l = sizeof(p)};
		jbuf_put(j, &b, us);
		(void)jbuf_get(j, pcm, 160, us);
	}
	mem_deref(j);
}

/* The largest payloads, as many as come: memory has a limit, and sound goes on after it. */
static void test_large(void **state)
{
	struct jbuf_cfg c = {.rate = 48000};
	const struct codec_ops *l16 = codec_find(CODEC_L16, 48000, 1);
	static uint8_t p[CODEC_PAYLOAD_MAX];
	static int16_t pcm[960];
	struct jbuf_stats st;
	struct jbuf *j;
	uint16_t seq = 0;
	(void)state;

	if (!l16)
		l16 = codec_find(CODEC_L16, 44100, 1);
	if (!l16)
		skip();
	assert_int_equal(jbuf_alloc(&j, &c), 0);
	size_t l = l16->clock / 1000 * 60 * 2;
	for (int i = 0; i < 2000; i++) {
		struct jbuf_pkt b = {.codec = l16,
				     .seq = seq++,
				     .ts = (uint32_t)i * l16->clock / 1000 * 60,
				     .ssrc = 1,
				     .p = p,
				     .l = l};
		jbuf_put(j, &b, 1000000);
	}
	jbuf_stats(j, &st);
	assert_true(st.overflow > 1900);
	bool sound = false;
	for (int i = 0; i < 30; i++)
		sound |= jbuf_get(j, pcm, 960, 1000000 + (uint64_t)i * 20000);
	assert_true(sound);
	mem_deref(j);
}

static void feed(struct jbuf *j, unsigned n)
{
	static uint8_t p[160];
	static int16_t pcm[160];
	static const uint8_t ids[] = {CODEC_PCMU, CODEC_OPUS, CODEC_G722};

	for (unsigned i = 0; i < n; i++) {
		const struct codec_ops *ops = codec_find(ids[i / 10 % 3], i / 10 % 3 == 1 ? 48000 : 8000, 0);
		struct jbuf_pkt b = {.codec = ops,
				     .seq = (uint16_t)i,
				     .ts = i * ops->clock / 50,
				     .ssrc = i / 10,
				     .p = p,
				     .l = ops->id == CODEC_OPUS ? 40 : 160};
		p[0] = ops->id == CODEC_OPUS ? 0x08 : 0xff; /* SILK, 20 ms */
		if (i % 7)
			jbuf_put(j, &b, 1000000 + i * 20000ULL);
		(void)jbuf_get(j, pcm, 160, 1009000 + i * 20000ULL);
	}
}

/* Without memory nothing is heard, nothing breaks, and sound comes when there is some again. */
static void test_no_memory(void **state)
{
	struct jbuf_cfg c = {.rate = 8000};
	(void)state;

#ifdef OH_DEBUG
	for (long n = 0; n < 40; n++) {
		struct jbuf *j = NULL;
		mem_fail_at(n);
		int err = jbuf_alloc(&j, &c);
		if (!err)
			feed(j, 60);
		mem_fail_off();
		if (err) {
			assert_int_equal(err, ENOMEM);
			assert_null(j);
			continue;
		}
		feed(j, 60);
		mem_deref(j);
	}
	assert_int_equal(mem_live(), 0);
#else
	struct jbuf *j;
	assert_int_equal(jbuf_alloc(&j, &c), 0);
	feed(j, 60);
	mem_deref(j);
#endif
}

static void test_bad_settings(void **state)
{
	static const uint32_t rates[] = {0, 4000, 11025, 96000};
	struct jbuf *j = NULL;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rates); i++)
		assert_int_equal(jbuf_alloc(&j, &(struct jbuf_cfg){.rate = rates[i]}), EINVAL);
	assert_null(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_storm),     cmocka_unit_test(test_far_ahead),    cmocka_unit_test(test_large),
		cmocka_unit_test(test_no_memory), cmocka_unit_test(test_bad_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
