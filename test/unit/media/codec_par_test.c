/*
 * codec_par_test.c - format parameters (RFC 7587 6.1, RFC 5574 4.1.1) and what coders make of them; in-band FEC,
 * DTX, concealment.
 */
#include <math.h>
#include <stdlib.h>
#include <opus/opus.h>
#include "fixture.h"
#include "media/codec.h"
#include "tools/speech.h"

static const struct codec_ops *opus(void)
{
	return codec_find(CODEC_OPUS, 48000, 2);
}

static uint16_t par_of(const char *fmtp)
{
	return codec_par(opus(), slice_str(fmtp));
}

/* ------------------------------------------------------------------ reading */

static void test_opus_fmtp(void **state)
{
	static const struct {
		const char *a, *same_as;
	} same[] = {
		{"useinbandfec=1", "minptime=10;useinbandfec=1"},
		{"useinbandfec=1", " UseInBandFec = 1 ; "},
		{"usedtx=1; cbr=1", "cbr=1;;usedtx=1"},
		{"maxplaybackrate=8000", "maxplaybackrate=11999"},
		{"maxplaybackrate=16000", "maxplaybackrate=16000;stereo=1;sprop-stereo=1"},
		{"maxaveragebitrate=20000", "maxaveragebitrate=20999"},
		{"", "maxplaybackrate=48000"},
		{"", "maxplaybackrate=7999"},
		{"", "maxplaybackrate=99999999999"},
		{"", "maxaveragebitrate=5999"},
		{"", "maxaveragebitrate=510001"},
		{"", "maxaveragebitrate=-1"},
		{"", "usedtx=0;useinbandfec=0;cbr=0"},
		{"", "usedtx"},
		{"", "usedtx=2"},
		{"", "=1;;;=;"},
		{"", "xusedtx=1"},
		{"", "\"usedtx=1"},
	};
	static const char *const differ[] = {"",
					     "usedtx=1",
					     "useinbandfec=1",
					     "cbr=1",
					     "maxplaybackrate=8000",
					     "maxplaybackrate=12000",
					     "maxplaybackrate=16000",
					     "maxplaybackrate=24000",
					     "maxaveragebitrate=6000",
					     "maxaveragebitrate=510000"};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		if (par_of(same[i].a) != par_of(same[i].same_as))
			fail_msg("\"%s\" is not \"%s\"", same[i].a, same[i].same_as);
	for (size_t i = 0; i < ARRAY_LEN(differ); i++)
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(par_of(differ[i]), par_of(differ[j]));
	assert_int_equal(par_of(""), 0);
	/* ours is understood by ourselves */
	assert_int_equal(par_of(opus()->fmtp), par_of("useinbandfec=1"));
	assert_int_equal(codec_par(codec_find(CODEC_PCMU, 8000, 0), SLICE("useinbandfec=1")), 0);
}

/* ------------------------------------------------------------------ what the coder makes of it */

struct made {
	uint32_t bytes, packets, sent, least, most;
	int band; /**< widest that was used */
};

/* Five seconds of a voice that pauses, at 48 kHz. */
static struct made make(const struct codec_ops *c, const char *fmtp, double share, unsigned ms)
{
	static int16_t pcm[CODEC_FRAME_MAX];
	uint8_t p[CODEC_PAYLOAD_MAX];
	struct made m = {.least = UINT32_MAX};
	struct speech s;
	void *e = NULL;

	speech_init(&s, c->rate, 4, share);
	assert_int_equal(
		c->enc_new(&e, c, &(struct coder_cfg){.par = codec_par(c, slice_str(fmtp)), .ptime = (uint16_t)ms}), 0);
	for (; m.packets * ms < 5000; m.packets++) {
		speech_make(&s, pcm, c->rate / 1000 * ms);
		int l = c->encode(e, p, sizeof(p), pcm, c->rate / 1000 * ms);
		assert_true(l >= 0);
		if (l == 0)
			continue;
		m.sent++;
		m.bytes += (uint32_t)l;
		m.least = (uint32_t)l < m.least ? (uint32_t)l : m.least;
		m.most = (uint32_t)l > m.most ? (uint32_t)l : m.most;
		if (c->id == CODEC_OPUS && opus_packet_get_bandwidth(p) > m.band)
			m.band = opus_packet_get_bandwidth(p);
		assert_int_equal(c->duration(c, p, (size_t)l), c->clock / 1000 * ms);
	}
	mem_deref(e);
	return m;
}

static void test_opus_bandwidth_and_bitrate(void **state)
{
	static const struct {
		const char *fmtp;
		int band;
		uint32_t bitrate; /**< at most */
	} v[] = {
		{"", OPUS_BANDWIDTH_FULLBAND, 34000},
		{"maxplaybackrate=8000", OPUS_BANDWIDTH_NARROWBAND, 18000},
		{"maxplaybackrate=12000", OPUS_BANDWIDTH_MEDIUMBAND, 22000},
		{"maxplaybackrate=16000", OPUS_BANDWIDTH_WIDEBAND, 26000},
		{"maxplaybackrate=24000", OPUS_BANDWIDTH_SUPERWIDEBAND, 30000},
		{"maxaveragebitrate=12000", OPUS_BANDWIDTH_FULLBAND, 13500},
		{"maxaveragebitrate=510000", OPUS_BANDWIDTH_FULLBAND, 34000},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct made m = make(opus(), v[i].fmtp, 1, 20);
		assert_int_equal(m.sent, m.packets);
		assert_true(m.bytes * 8 / 5 <= v[i].bitrate);
		assert_true(m.band <= v[i].band);
	}
	/* the default uses the whole of it */
	assert_int_equal(make(opus(), "", 1, 20).band, OPUS_BANDWIDTH_FULLBAND);
}

static void test_opus_cbr(void **state)
{
	(void)state;
	for (unsigned ms = 10; ms <= 60; ms += 10) {
		struct made m = make(opus(), "cbr=1", 1, ms);
		/* in 30 and 50 ms the packet counts its frames, too */
		assert_true(m.most - m.least <= 2);
		assert_int_equal(m.sent, m.packets);
	}
	assert_true(make(opus(), "", 1, 20).most - make(opus(), "", 1, 20).least > 20);
}

static void test_opus_dtx_only_when_asked(void **state)
{
	(void)state;
	for (unsigned ms = 10; ms <= 60; ms += 10) {
		struct made without = make(opus(), "", 0.3, ms), with = make(opus(), "usedtx=1", 0.3, ms);
		assert_int_equal(without.sent, without.packets);
		assert_true(with.sent < with.packets * 85 / 100);
		assert_true(with.sent > with.packets / 20);
	}
}

/* The sound is told to be narrow (it comes from a telephone): no bits above. */
static void test_opus_narrow(void **state)
{
	int16_t pcm[960];
	uint8_t p[CODEC_PAYLOAD_MAX];
	struct speech s;
	void *e = NULL;
	(void)state;

	speech_init(&s, 48000, 1, 1);
	assert_int_equal(opus()->enc_new(&e, opus(), &(struct coder_cfg){.narrow = true}), 0);
	for (int i = 0; i < 50; i++) {
		speech_make(&s, pcm, 960);
		assert_true(opus()->encode(e, p, sizeof(p), pcm, 960) > 0);
		assert_int_equal(opus_packet_get_bandwidth(p), OPUS_BANDWIDTH_NARROWBAND);
	}
	mem_deref(e);
}

/* ------------------------------------------------------------------ losses */

static double closeness(const int16_t *a, const int16_t *b, size_t n)
{
	double xy = 1, xx = 1, yy = 1;

	for (size_t i = 0; i < n; i++) {
		xy += (double)a[i] * b[i];
		xx += (double)a[i] * a[i];
		yy += (double)b[i] * b[i];
	}
	return xy / sqrt(xx * yy);
}

/* Every tenth packet is lost: how much like the undisturbed sound is what stands in its place, on average. */
static double heal(const char *fmtp, unsigned loss, uint32_t rate, unsigned *found)
{
	enum { PACKETS = 500 };
	int16_t pcm[960], whole[960], out[960];
	uint8_t p[2][CODEC_PAYLOAD_MAX];
	int l[2];
	const struct codec_ops *c = opus();
	struct coder_cfg cfg = {.rate = rate, .par = par_of(fmtp)};
	struct speech s;
	void *e = NULL, *clean = NULL, *d = NULL;
	size_t n = rate / 50;
	double sum = 0;
	int lost = 0;

	speech_init(&s, rate, 2, 1);
	assert_int_equal(c->enc_new(&e, c, &cfg) | c->dec_new(&d, c, &cfg) | c->dec_new(&clean, c, &cfg), 0);
	c->enc_loss(e, loss);
	*found = 0;
	for (int i = 0; i < PACKETS; i++) {
		for (int k = 0; k < 2; k++) {
			/* the packet, and in every tenth round the one behind it */
			if (k == 1 && i % 10 != 9)
				break;
			speech_make(&s, pcm, n);
			l[k] = c->encode(e, p[k], sizeof(p[k]), pcm, n);
			assert_true(l[k] > 0);
		}
		assert_int_equal(c->decode(clean, whole, n, p[0], (size_t)l[0]), n);
		if (i % 10 != 9) {
			assert_int_equal(c->decode(d, out, n, p[0], (size_t)l[0]), n);
			continue;
		}
		int got = c->fec(d, out, n, p[1], (size_t)l[1]);
		assert_true(got == 0 || got == (int)n);
		*found += got > 0;
		if (got == 0)
			assert_int_equal(c->conceal(d, out, n), n);
		sum += closeness(whole, out, n);
		lost++;
		assert_int_equal(c->decode(d, out, n, p[1], (size_t)l[1]), n);
		assert_int_equal(c->decode(clean, whole, n, p[1], (size_t)l[1]), n);
	}
	mem_deref(e);
	mem_deref(d);
	mem_deref(clean);
	return sum / lost;
}

static void test_opus_fec_brings_back_what_was_lost(void **state)
{
	static const uint32_t rates[] = {8000, 16000, 48000};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		unsigned none, some, deaf, unasked;
		double without = heal("useinbandfec=1", 0, rates[i], &none);
		double with = heal("useinbandfec=1", 20, rates[i], &some);
		(void)heal("", 20, rates[i], &unasked);
		(void)heal("useinbandfec=0", 20, rates[i], &deaf);
		assert_int_equal(none | deaf | unasked, 0);
		assert_true(some > 25);
		assert_true(with > without + 0.1);
	}
}

/* Redundancy adds a quarter, but never beyond what the other end allows. */
static void test_opus_fec_keeps_within_the_bitrate(void **state)
{
	static const struct {
		const char *fmtp;
		unsigned loss;
		uint32_t least, most;
	} v[] = {
		{"useinbandfec=1", 0, 20000, 26000},
		{"useinbandfec=1", 10, 26000, 32000},
		{"useinbandfec=1;maxaveragebitrate=24000", 10, 20000, 26000},
		{"useinbandfec=1;cbr=1", 10, 30000, 30400},
	};
	int16_t pcm[320];
	uint8_t p[CODEC_PAYLOAD_MAX];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct speech s;
		void *e = NULL;
		uint32_t bytes = 0;
		speech_init(&s, 16000, 3, 1);
		assert_int_equal(
			opus()->enc_new(&e, opus(), &(struct coder_cfg){.rate = 16000, .par = par_of(v[i].fmtp)}), 0);
		opus()->enc_loss(e, v[i].loss);
		for (int k = 0; k < 250; k++) {
			speech_make(&s, pcm, 320);
			int l = opus()->encode(e, p, sizeof(p), pcm, 320);
			assert_true(l > 0);
			bytes += (uint32_t)l;
		}
		assert_in_range(bytes * 8 / 5, v[i].least, v[i].most);
		mem_deref(e);
	}
}

static void test_steps_that_cannot_be_hidden(void **state)
{
	int16_t pcm[CODEC_FRAME_MAX];
	const struct codec_ops *c = opus();
	void *d = NULL;
	(void)state;

	assert_int_equal(c->dec_new(&d, c, &(struct coder_cfg){0}), 0);
	assert_int_equal(c->conceal(d, pcm, 0), 0);
	assert_int_equal(c->conceal(d, pcm, 961), 0);
	assert_int_equal(c->conceal(d, pcm, 120), 120);
	assert_int_equal(c->conceal(d, pcm, 2880), 2880);
	assert_int_equal(c->fec(d, pcm, 960, (const uint8_t *)"\x08", 1), 0);
	assert_int_equal(c->fec(d, pcm, 960, NULL, 0), 0);
	mem_deref(d);
}

/* ------------------------------------------------------------------ Speex */

static void test_speex_modes(void **state)
{
	/* bit rates of the modes (RFC 5574 3.1) */
	static const struct {
		uint32_t clock;
		const char *fmtp;
		uint32_t bitrate;
	} v[] = {
		{8000, "", 8000},
		{8000, "mode=\"any\"", 8000},
		{8000, "mode=\"1,any\"", 2150},
		{8000, "mode=2", 5950},
		{8000, "mode=\"3\"", 8000},
		{8000, "mode=\"4;any\"", 8000}, /* not a list: nonsense is ignored */
		{8000, "mode=\"4,any\"", 11000},
		{8000, "vbr=off;mode=\"5,any\";cng=on", 15000},
		{8000, "mode=\"6,any\"", 18200},
		{8000, "mode=\"7,any\"", 24600},
		{8000, "mode=\"8,any\"", 3950},
		{8000, "mode=\"9,any\"", 8000},
		{8000, "mode=\"11\"", 8000},
		{16000, "", 27800},
		{16000, "mode=\"0,any\"", 3950},
		{16000, "mode=\"10,any\"", 42200},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct made m = make(codec_find(CODEC_SPEEX, v[i].clock, 1), v[i].fmtp, 1, 20);
		/* frames are filled up to whole bytes */
		uint32_t bitrate = m.bytes * 8 / 5;
		if (bitrate < v[i].bitrate || bitrate > v[i].bitrate + 400)
			fail_msg("%s: %u bit/s", v[i].fmtp, bitrate);
		assert_int_equal(m.sent, m.packets);
	}
}

static void test_speex_vbr_and_vad(void **state)
{
	const struct codec_ops *c = codec_find(CODEC_SPEEX, 16000, 1);
	(void)state;

	struct made plain = make(c, "", 0.3, 20), vbr = make(c, "vbr=on", 0.3, 20), vad = make(c, "vbr=vad", 0.3, 20);
	assert_int_equal(plain.most, plain.least);
	assert_true(vbr.most > vbr.least + 20);
	assert_true(vad.bytes < plain.bytes * 8 / 10);
	assert_int_equal(vad.most, plain.most);
	/* several frames in a packet end where they end */
	for (unsigned ms = 20; ms <= 60; ms += 20)
		assert_int_equal(make(c, "vbr=on", 0.5, ms).sent * ms, (5000 + ms - 1) / ms * ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opus_fmtp),
		cmocka_unit_test(test_opus_bandwidth_and_bitrate),
		cmocka_unit_test(test_opus_cbr),
		cmocka_unit_test(test_opus_dtx_only_when_asked),
		cmocka_unit_test(test_opus_narrow),
		cmocka_unit_test(test_opus_fec_brings_back_what_was_lost),
		cmocka_unit_test(test_opus_fec_keeps_within_the_bitrate),
		cmocka_unit_test(test_steps_that_cannot_be_hidden),
		cmocka_unit_test(test_speex_modes),
		cmocka_unit_test(test_speex_vbr_and_vad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
