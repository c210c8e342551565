/*
 * jbuf_test.c - the jitter buffer against seeded networks.
 */
#include "jbuf_sim.h"

static void show(const char *name, const struct sim_out *o)
{
	if (getenv("JBUF_SHOW"))
		printf("%-22s lost %5.2f %% concealed %5.2f %% silent %llu late %u dup %u over %u times %u +%llu -%llu "
		       "delay %.1f ms target %u\n",
		       name, 100.0 * (double)o->lost / (double)o->sent, 100 * o->concealed,
		       (unsigned long long)o->st.silent, o->st.late, o->st.dup, o->st.overflow, o->st.concealments,
		       (unsigned long long)o->st.inserted, (unsigned long long)o->st.removed, o->delay_ms,
		       o->st.target_us / 1000);
}

/* What each network may cost: concealment above what was lost, and delay above the constant one. */
static void test_networks(void **state)
{
	static const struct {
		const char *name;
		struct sim c;
		double most; /* concealed, share */
		double delay_ms;
	} v[] = {
		{"clean", {.seconds = 20}, 0, 30},
		{"clean, far", {.seconds = 20, .delay_ms = 300}, 0, 30},
		{"jitter 10", {.jitter = SIM_UNIFORM, .jitter_ms = 10}, 0.005, 40},
		{"jitter 40", {.jitter = SIM_UNIFORM, .jitter_ms = 40}, 0.01, 70},
		{"jitter 40 in order", {.jitter = SIM_UNIFORM, .jitter_ms = 40, .in_order = true}, 0.01, 70},
		{"jitter 100", {.jitter = SIM_UNIFORM, .jitter_ms = 100}, 0.015, 130},
		{"gamma 10", {.jitter = SIM_GAMMA, .jitter_ms = 10}, 0.01, 60},
		{"gamma 40", {.jitter = SIM_GAMMA, .jitter_ms = 40}, 0.02, 180},
		{"gamma 100", {.jitter = SIM_GAMMA, .jitter_ms = 100}, 0.04, 360},
		{"spikes", {.spike = 0.002, .spike_ms = 200}, 0.05, 260},
		{"loss 1", {.loss = 0.01}, 0.013, 30},
		{"loss 5", {.loss = 0.05}, 0.055, 30},
		{"loss 20", {.loss = 0.2}, 0.22, 30},
		{"bursts 10", {.loss = 0.1, .burst = 3}, 0.13, 30},
		{"loss 5 jitter 40", {.loss = 0.05, .jitter = SIM_UNIFORM, .jitter_ms = 40}, 0.065, 75},
		{"swapped", {.swap = 0.05}, 0.01, 60},
		{"doubled", {.dup = 0.3}, 0, 30},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		for (uint32_t seed = 1; seed <= 3; seed++) {
			struct sim c = v[i].c;
			struct sim_out o;
			c.seed = seed;
			sim_run(&c, &o, NULL, 0);
			show(v[i].name, &o);
			assert_true(o.concealed <= v[i].most);
			assert_true(o.delay_ms <= v[i].delay_ms);
			if (v[i].most == 0)
				assert_true(o.st.concealed == 0);
		}
}

/* The sender's clock runs away for an hour: the delay stays, nothing is made up. */
static void test_drift(void **state)
{
	static const int ppm[] = {-200, 200, -50};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(ppm); i++) {
		struct sim c = {.seconds = 3600, .ppm = ppm[i], .seed = 3};
		struct sim_out o;
		sim_run(&c, &o, NULL, 0);
		show("drift", &o);
		assert_true(o.st.concealed == 0);
		assert_true(o.st.late == 0 && o.st.overflow == 0);
		assert_true(o.delay_ms < 35);
		/* 200 ppm are 720 ms, 5760 samples */
		if (ppm[i] == 200)
			assert_in_range(o.st.removed - o.st.inserted, 5300, 6200);
		if (ppm[i] == -200)
			assert_in_range(o.st.inserted - o.st.removed, 5300, 6200);
	}
}

/* Packets and steps of all lengths, clean. */
static void test_lengths(void **state)
{
	static const unsigned ms[] = {10, 20, 30, 40, 60};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(ms); i++)
		for (size_t k = 0; k < ARRAY_LEN(ms); k++)
			for (uint32_t seed = 1; seed <= 2; seed++) {
				struct sim c = {.ptime = ms[i], .get_ms = ms[k], .seconds = 10, .seed = seed};
				struct sim_out o;
				sim_run(&c, &o, NULL, 0);
				show("lengths", &o);
				assert_true(o.st.concealed == 0);
				assert_true(o.delay_ms <= 15 + 2 * ms[k]);
			}
}

/* Pauses in which nothing is sent, with and without comfort noise: nothing is made up, whatever the clock. */
static void test_pauses(void **state)
{
	static const struct sim v[] = {
		{.talk_ms = 1000, .pause_ms = 700},
		{.talk_ms = 1000, .pause_ms = 700, .noise = true},
		{.talk_ms = 200, .pause_ms = 40},
		{.talk_ms = 500, .pause_ms = 3000, .noise = true, .ppm = 100},
		{.talk_ms = 500, .pause_ms = 3000, .ppm = -100, .jitter = SIM_UNIFORM, .jitter_ms = 3},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		for (uint32_t seed = 1; seed <= 3; seed++) {
			struct sim c = v[i];
			struct sim_out o;
			c.seed = seed;
			sim_run(&c, &o, NULL, 0);
			show("pauses", &o);
			assert_true(o.st.concealed == 0);
			assert_true(o.st.late == 0);
			/* comfort noise is heard, a pause without it is silence */
			double heard = (double)o.sound / (double)o.gets;
			if (c.noise)
				assert_true(heard > 0.97);
			else if (c.pause_ms > 500)
				assert_true(heard < 0.8);
		}
}

static const uint8_t all_codecs[] = {CODEC_PCMU, CODEC_PCMA,  CODEC_G722,    CODEC_GSM,
				     CODEC_OPUS, CODEC_SPEEX, CODEC_G726_32, CODEC_L16};

/* Every codec at every rate: clean is clean, loss is hidden. */
static void test_codecs(void **state)
{
	static const uint32_t rates[] = {8000, 16000, 32000, 48000};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(all_codecs); i++)
		for (size_t k = 0; k < ARRAY_LEN(rates); k++)
			for (int lossy = 0; lossy < 2; lossy++) {
				struct sim c = {.codec = all_codecs[i], .rate = rates[k], .seconds = 8, .seed = 5};
				struct sim_out o;
				const struct codec_ops *ops = NULL;
				for (size_t n = 0; n < codec_table_n && !ops; n++)
					if (codec_table[n]->id == c.codec)
						ops = codec_table[n];
				assert_non_null(ops);
				c.clock = ops->clock;
				c.loss = lossy ? 0.1 : 0;
				sim_run(&c, &o, NULL, 0);
				show(ops->name, &o);
				if (!lossy)
					assert_true(o.st.concealed == 0);
				assert_true(o.concealed < (lossy ? 0.16 : 0.0001));
				assert_true((double)o.sound > 0.9 * (double)o.gets);
			}
}

/* Numbers and timestamps that wrap make no difference. */
static void test_wraps(void **state)
{
	struct sim c = {.seconds = 20, .loss = 0.05, .jitter = SIM_UNIFORM, .jitter_ms = 30, .seed = 9};
	struct sim_out a, b;
	(void)state;

	sim_run(&c, &a, NULL, 0);
	c.seq0 = 65300;
	c.ts0 = 0xffffffffu - 30000;
	sim_run(&c, &b, NULL, 0);
	assert_memory_equal(&a.st, &b.st, sizeof(a.st));
}

/* A fixed delay stays what it is: late packets are lost, nothing is stretched. */
static void test_fixed(void **state)
{
	struct sim c = {.seconds = 20, .fixed = true, .min_ms = 60, .seed = 2};
	struct sim_out o;
	(void)state;

	sim_run(&c, &o, NULL, 0);
	show("fixed, clean", &o);
	assert_true(o.st.concealed == 0 && o.st.inserted == 0 && o.st.removed == 0);
	assert_true(o.delay_ms >= 60 && o.delay_ms < 85);
	c.jitter = SIM_GAMMA;
	c.jitter_ms = 40;
	sim_run(&c, &o, NULL, 0);
	show("fixed, gamma 40", &o);
	assert_true(o.st.inserted == 0 && o.st.removed == 0);
	assert_true(o.concealed > 0.05 && o.concealed < 0.5);
	c = (struct sim){.seconds = 3600, .fixed = true, .min_ms = 60, .seed = 2, .ppm = -200};
	sim_run(&c, &o, NULL, 0);
	show("fixed, slow clock", &o);
	assert_true(o.concealed < 0.002);
	c.ppm = 200;
	sim_run(&c, &o, NULL, 0);
	show("fixed, fast clock", &o);
	assert_true(o.concealed < 0.002);
}

/* Share of the power of x that lies at hz. */
static double share(const int16_t *x, size_t n, double hz, double rate)
{
	double re = 0, im = 0, all = 0;

	for (size_t i = 0; i < n; i++) {
		re += x[i] * cos(2 * M_PI * hz * (double)i / rate);
		im += x[i] * sin(2 * M_PI * hz * (double)i / rate);
		all += (double)x[i] * x[i];
	}
	return all > 0 ? 2 * (re * re + im * im) / ((double)n * all) : 0;
}

/* ------------------------------------------------------------------ by hand, packet by packet */

struct hand {
	struct jbuf *j;
	uint64_t us;
	uint16_t seq;
	uint32_t ts, ssrc;
	uint64_t n; /* samples of the tone so far */
	struct jbuf_stats st;
	int16_t out[480];
	bool sound;
};

static void hand_open(struct hand *h)
{
	struct jbuf_cfg c = {.rate = 8000};

	memset(h, 0, sizeof(*h));
	assert_int_equal(jbuf_alloc(&h->j, &c), 0);
	h->us = 5000000;
	h->ssrc = 1;
}

/* 20 ms of 300 Hz, sent now. */
static void hand_put(struct hand *h, uint8_t id)
{
	const struct codec_ops *ops = codec_find(id, id == CODEC_OPUS ? 48000 : 8000, 0);
	uint8_t p[200];
	int16_t pcm[960];
	size_t n = ops->rate / 50;
	void *enc;
	struct coder_cfg cc = {.ptime = 20};

	for (size_t i = 0; i < n; i++)
		pcm[i] = (int16_t)(8000 * sin(2 * M_PI * 300 * ((double)h->n / 8000 + (double)i / ops->rate)));
	h->n += 160;
	assert_int_equal(ops->enc_new(&enc, ops, &cc), 0);
	int l = ops->encode(enc, p, sizeof(p), pcm, n);
	assert_true(l > 0);
	struct jbuf_pkt k = {.codec = ops, .seq = h->seq++, .ts = h->ts, .ssrc = h->ssrc, .p = p, .l = (size_t)l};
	h->ts += ops->clock / 50;
	jbuf_put(h->j, &k, h->us);
	mem_deref(enc);
}

static void hand_get(struct hand *h)
{
	h->sound = jbuf_get(h->j, h->out, 160, h->us + 10000);
	jbuf_stats(h->j, &h->st);
	h->us += 20000;
}

static void hand_run(struct hand *h, uint8_t id, unsigned packets)
{
	while (packets--) {
		hand_put(h, id);
		hand_get(h);
	}
}

static void test_begin_and_end(void **state)
{
	struct hand h;
	(void)state;

	hand_open(&h);
	for (int i = 0; i < 50; i++) {
		hand_get(&h);
		assert_false(h.sound);
		assert_int_equal(h.out[0] | h.out[159], 0);
	}
	hand_put(&h, CODEC_PCMU);
	hand_get(&h);
	assert_true(h.sound);
	hand_run(&h, CODEC_PCMU, 50);
	assert_true(share(h.out, 160, 300, 8000) > 0.95);
	/* it stops: faded out, then silence; nothing of it counts */
	for (int i = 0; i < 200; i++)
		hand_get(&h);
	assert_false(h.sound);
	assert_int_equal(h.out[0] | h.out[159], 0);
	assert_true(h.st.concealed == 0);
	/* and goes on with its numbers, time having passed */
	h.ts += 200 * 160;
	hand_run(&h, CODEC_PCMU, 20);
	assert_true(h.sound && h.st.concealed == 0);
	/* two minutes of nothing with a timestamp that stood still */
	for (int i = 0; i < 6000; i++)
		hand_get(&h);
	hand_run(&h, CODEC_PCMU, 20);
	assert_true(h.sound && h.st.concealed == 0 && h.st.late == 0);
	mem_deref(h.j);
}

/* A coder that makes up whole frames only, asked for halves of them: none of a gap is silent. */
static void test_whole_frames(void **state)
{
	struct hand h;
	(void)state;

	hand_open(&h);
	for (int i = 0; i < 30; i++) {
		if (i == 20) {
			h.seq++;
			h.ts += 160;
			h.n += 160;
		} else {
			hand_put(&h, CODEC_SPEEX);
		}
		for (int k = 0; k < 2; k++) {
			double e = 0;
			bool sound = jbuf_get(h.j, h.out, 80, h.us + 10000 + (uint64_t)k * 10000);
			for (int n = 0; n < 80; n++)
				e += (double)h.out[n] * h.out[n];
			if (i >= 5)
				assert_true(sound && e > 80.0 * 100 * 100);
		}
		h.us += 20000;
	}
	jbuf_stats(h.j, &h.st);
	assert_true(h.st.concealments == 1);
	mem_deref(h.j);
}

/* One packet is missing: exactly its length is made up, and it sounds like what was before. */
static void test_one_missing(void **state)
{
	struct hand h;
	double worst = 1;
	(void)state;

	hand_open(&h);
	hand_run(&h, CODEC_PCMU, 20);
	h.seq++;
	h.ts += 160;
	h.n += 160;
	for (int i = 0; i < 4; i++) {
		hand_get(&h);
		double s = share(h.out, 160, 300, 8000);
		worst = s < worst ? s : worst;
		hand_put(&h, CODEC_PCMU);
	}
	assert_true(worst > 0.85);
	assert_true(h.st.concealed == 160 && h.st.concealments == 1 && h.st.silent == 0);
	mem_deref(h.j);
}

static void test_late_and_double(void **state)
{
	struct hand h, old;
	(void)state;

	hand_open(&h);
	hand_run(&h, CODEC_PCMU, 20);
	old = h;
	h.seq++;
	h.ts += 160;
	hand_run(&h, CODEC_PCMU, 5);
	/* the missing one comes when its sound has long been made up, then once more, then an old one */
	old.us = h.us;
	hand_put(&old, CODEC_PCMU);
	jbuf_stats(h.j, &h.st);
	assert_int_equal(h.st.late, 1);
	old.seq--;
	hand_put(&old, CODEC_PCMU);
	old.seq -= 5;
	hand_put(&old, CODEC_PCMU);
	jbuf_stats(h.j, &h.st);
	assert_int_equal(h.st.late, 1);
	assert_int_equal(h.st.dup, 2);
	hand_run(&h, CODEC_PCMU, 5);
	assert_true(h.sound && h.st.concealed == 160);
	mem_deref(h.j);
}

/* Another codec in mid-stream, there and back; other SSRCs; jumps of number and time: never concealment. */
static void test_changes(void **state)
{
	struct hand h;
	(void)state;

	hand_open(&h);
	hand_run(&h, CODEC_PCMU, 20);
	hand_run(&h, CODEC_PCMA, 20);
	hand_run(&h, CODEC_OPUS, 20);
	assert_true(h.sound && share(h.out, 160, 300, 8000) > 0.5); /* coders that are new for each packet */
	hand_run(&h, CODEC_PCMU, 20);
	h.ssrc = 2;
	hand_run(&h, CODEC_PCMU, 20);
	h.ssrc = 3;
	h.seq = 40000;
	h.ts = 77;
	hand_run(&h, CODEC_PCMU, 20);
	h.seq = (uint16_t)(h.seq + 20000);
	hand_run(&h, CODEC_PCMU, 20);
	h.ts += 1 << 30;
	hand_run(&h, CODEC_PCMU, 20);
	h.ts -= 8000;
	hand_run(&h, CODEC_PCMU, 20);
	assert_true(h.sound && share(h.out, 160, 300, 8000) > 0.9);
	assert_true(h.st.concealed == 0 && h.st.late == 0 && h.st.overflow == 0);
	assert_true(h.st.delay_us < 60000);
	mem_deref(h.j);
}

/* Digits take numbers: they are not missing, and what comes after them is heard. */
static void test_digits(void **state)
{
	struct hand h;
	(void)state;

	hand_open(&h);
	hand_run(&h, CODEC_PCMU, 20);
	for (int digit = 0; digit < 5; digit++) {
		for (int i = 0; i < 8; i++) {
			jbuf_skip(h.j, h.seq++, h.ts, h.ssrc);
			hand_get(&h);
		}
		h.ts += 8 * 160;
		hand_run(&h, CODEC_PCMU, 10);
		assert_true(h.sound);
	}
	assert_true(h.st.concealed == 0 && h.st.late == 0);
	mem_deref(h.j);
}

/* An outage, then everything at once: nothing is left out, and the delay comes down again. */
static void test_outage(void **state)
{
	struct hand h;
	(void)state;

	hand_open(&h);
	hand_run(&h, CODEC_PCMU, 50);
	for (int i = 0; i < 15; i++)
		hand_get(&h);
	for (int i = 0; i < 15; i++)
		hand_put(&h, CODEC_PCMU);
	hand_run(&h, CODEC_PCMU, 15);
	assert_true(h.st.delay_us > 100000);
	hand_run(&h, CODEC_PCMU, 150);
	assert_true(h.st.concealed <= 15 * 160 && h.st.removed > 8 * 160);
	assert_true(h.st.delay_us < 60000);
	assert_int_equal(h.st.overflow, 0);
	assert_true(share(h.out, 160, 300, 8000) > 0.9);
	mem_deref(h.j);
}

/* More than fits: the oldest go, the delay keeps its limit. */
static void test_flood(void **state)
{
	struct hand h;
	(void)state;

	hand_open(&h);
	for (int i = 0; i < 3000; i++)
		hand_put(&h, CODEC_PCMU);
	hand_run(&h, CODEC_PCMU, 200);
	assert_true(h.sound && h.st.overflow > 2900);
	assert_true(h.st.delay_us < 520000);
	mem_deref(h.j);
}

static void test_flush(void **state)
{
	struct hand h;
	(void)state;

	hand_open(&h);
	hand_run(&h, CODEC_PCMU, 20);
	jbuf_flush(h.j);
	hand_get(&h);
	assert_false(h.sound);
	h.seq = 5;
	h.ts = 5;
	hand_run(&h, CODEC_PCMU, 20);
	assert_true(h.sound && h.st.concealed == 0 && h.st.played > 35 * 160);
	mem_deref(h.j);
}

/* Opus with in-band redundancy, every eighth packet lost: most of them are restored from the next one. */
static void test_redundancy(void **state)
{
	const struct codec_ops *ops = codec_find(CODEC_OPUS, 48000, 0);
	struct jbuf_cfg c = {.rate = 16000, .min_ms = 40};
	struct coder_cfg cc = {.rate = 16000, .ptime = 20, .par = codec_par(ops, slice_str("useinbandfec=1"))};
	const int16_t *voice = sim_voice_at(16000);
	struct jbuf_stats st;
	struct jbuf *j;
	unsigned lost = 0;
	void *enc;
	(void)state;

	assert_int_equal(jbuf_alloc(&j, &c), 0);
	assert_int_equal(ops->enc_new(&enc, ops, &cc), 0);
	ops->enc_loss(enc, 20);
	for (uint32_t i = 0; i < 400; i++) {
		uint8_t p[1000];
		int16_t out[320];
		int l = ops->encode(enc, p, sizeof(p), voice + i * 320 % 160000, 320);
		assert_true(l > 0);
		struct jbuf_pkt k = {
			.codec = ops, .seq = (uint16_t)i, .ts = i * 960, .ssrc = 1, .p = p, .l = (size_t)l};
		if (i % 8 == 7)
			lost++;
		else
			jbuf_put(j, &k, 1000000 + i * 20000ULL);
		(void)jbuf_get(j, out, 320, 1009000 + i * 20000ULL);
	}
	jbuf_stats(j, &st);
	assert_true(st.fec > lost / 2 && st.fec <= lost);
	assert_true(st.concealed + st.fec * 320 >= (lost - 2) * 320 && st.concealed + st.fec * 320 <= lost * 320);
	mem_deref(enc);
	mem_deref(j);
}

/* Opus that sends a packet of one or two bytes and then nothing: its decoder makes the noise, nothing is concealed. */
static void test_coder_pauses(void **state)
{
	static const uint8_t dtx[] = {0x08}; /* SILK, narrow band, 20 ms, no frame */
	const struct codec_ops *ops = codec_find(CODEC_OPUS, 48000, 0);
	struct hand h;
	(void)state;

	hand_open(&h);
	hand_run(&h, CODEC_OPUS, 30);
	for (int i = 0; i < 5; i++) {
		struct jbuf_pkt k = {.codec = ops, .seq = h.seq++, .ts = h.ts, .ssrc = h.ssrc, .p = dtx, .l = 1};
		jbuf_put(h.j, &k, h.us);
		for (int n = 0; n < 20; n++) {
			hand_get(&h);
			assert_true(h.sound);
		}
		h.ts += 20 * 960;
	}
	hand_run(&h, CODEC_OPUS, 30);
	assert_true(h.sound && h.st.concealed == 0 && h.st.late == 0);
	mem_deref(h.j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_networks),        cmocka_unit_test(test_drift),
		cmocka_unit_test(test_lengths),         cmocka_unit_test(test_pauses),
		cmocka_unit_test(test_codecs),          cmocka_unit_test(test_wraps),
		cmocka_unit_test(test_fixed),           cmocka_unit_test(test_begin_and_end),
		cmocka_unit_test(test_whole_frames),    cmocka_unit_test(test_one_missing),
		cmocka_unit_test(test_late_and_double), cmocka_unit_test(test_changes),
		cmocka_unit_test(test_digits),          cmocka_unit_test(test_outage),
		cmocka_unit_test(test_flood),           cmocka_unit_test(test_flush),
		cmocka_unit_test(test_redundancy),      cmocka_unit_test(test_coder_pauses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
