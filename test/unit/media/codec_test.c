/*
 * codec_test.c - every codec of the table there and back: how much like the original, at each packet length,
 * as one long sound; durations; bytes that are no payload; no memory.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fixture.h"
#include "media/codec.h"
#include "media/tone.h"

enum { SECONDS = 1, WINDOW = 6000 };

/* Two tones that glide, so that no delay looks like another, and a little noise; the same each time. */
static void sound(int16_t *pcm, size_t n, uint32_t rate)
{
	uint32_t seed = 1;

	for (size_t i = 0; i < n; i++) {
		double t = (double)i / rate, glide = 12 * sin(2 * M_PI * 2.3 * t);
		seed = seed * 1664525 + 1013904223;
		pcm[i] = (int16_t)(5000 * sin(2 * M_PI * 440 * t + glide) + 3000 * sin(2 * M_PI * 1100 * t - glide) +
				   (int)(seed >> 16) % 65 - 32);
	}
}

/* SNR in dB of `out` against `in` at the best delay up to 30 ms and gain, over the last WINDOW samples. */
static double snr(const int16_t *in, const int16_t *out, size_t n, uint32_t rate, int *delay)
{
	size_t skip = n > WINDOW + rate / 4 ? n - WINDOW : rate / 4;
	double best = -99;

	for (size_t d = 0; d < rate * 30 / 1000; d++) {
		double xy = 0, xx = 0, yy = 0;
		for (size_t i = skip; i < n; i++) {
			double x = in[i - d], y = out[i];
			xy += x * y;
			xx += x * x;
			yy += y * y;
		}
		double noise = yy - xy * xy / xx, db = 10 * log10((xy * xy / xx + 1) / (noise + 1));
		if (xy > 0 && db > best + 0.01) {
			best = db;
			*delay = (int)d;
		}
	}
	return best;
}

struct trip {
	double snr;
	int delay;
	uint32_t bytes, packets;
};

/* All of `in` through coder and decoder in packets of `ms`. */
static struct trip there_and_back(const struct codec_ops *c, uint32_t rate, unsigned ms, const struct coder_cfg *cfg)
{
	static int16_t in[SECONDS * 48000 + CODEC_FRAME_MAX], out[SECONDS * 48000 + CODEC_FRAME_MAX];
	uint8_t p[CODEC_PAYLOAD_MAX];
	struct trip t = {0};
	size_t total = (size_t)SECONDS * rate, step = rate * ms / 1000, at = 0;
	void *e = NULL, *d = NULL;

	sound(in, total, rate);
	assert_int_equal(c->enc_new(&e, c, cfg), 0);
	assert_int_equal(c->dec_new(&d, c, cfg), 0);
	for (; at + step <= total; at += step, t.packets++) {
		int l = c->encode(e, p, sizeof(p), in + at, step);
		assert_true(l > 0 && (size_t)l <= sizeof(p));
		assert_int_equal(c->duration(c, p, (size_t)l), c->clock / 1000.0 * ms);
		assert_int_equal(c->decode(d, out + at, CODEC_FRAME_MAX, p, (size_t)l), step);
		t.bytes += (uint32_t)l;
	}
	mem_deref(e);
	mem_deref(d);
	t.snr = snr(in, out, at, rate, &t.delay);
	return t;
}

static const struct bound {
	const char *name;
	uint32_t clock;
	double db;       /**< at least */
	double delay_ms; /**< coder and decoder together, at most */
} bounds[] = {
	{"OPUS", 48000, 14, 6.6},      {"SPEEX", 32000, 15, 16},      {"SPEEX", 16000, 12, 14},
	{"SPEEX", 8000, 6.5, 10},      {"G722", 8000, 43, 1.4},       {"PCMA", 8000, 36, 0},
	{"PCMU", 8000, 36, 0},         {"GSM", 8000, 20, 0},          {"G726-40", 8000, 41, 0},
	{"G726-32", 8000, 33, 0},      {"G726-24", 8000, 25, 0},      {"G726-16", 8000, 17, 0},
	{"AAL2-G726-40", 8000, 41, 0}, {"AAL2-G726-32", 8000, 33, 0}, {"AAL2-G726-24", 8000, 25, 0},
	{"AAL2-G726-16", 8000, 17, 0}, {"L16", 8000, 90, 0},          {"L16", 16000, 90, 0},
	{"L16", 44100, 37, 1.2},       {"L16", 48000, 90, 0},
};

static const struct bound *bound_of(const struct codec_ops *c)
{
	for (size_t i = 0; i < ARRAY_LEN(bounds); i++)
		if (strcmp(bounds[i].name, c->name) == 0 && bounds[i].clock == c->clock)
			return &bounds[i];
	fail_msg("%s/%u has no bound", c->name, c->clock);
	return NULL;
}

static void test_every_codec_at_every_packet_length(void **state)
{
	(void)state;
	for (size_t i = 0; i < codec_table_n; i++) {
		const struct codec_ops *c = codec_table[i];
		const struct bound *b = bound_of(c);
		for (unsigned ms = 10; ms <= c->max_ms; ms += 10) {
			if (ms * 1000 % c->step_us)
				continue;
			struct trip t = there_and_back(c, c->rate, ms, &(struct coder_cfg){.ptime = (uint16_t)ms});
			double delay = t.delay * 1000.0 / c->rate, rate = t.bytes * 8000.0 / (t.packets * ms);
			if (t.snr < b->db || delay > b->delay_ms)
				fail_msg("%s/%u/%u in %u ms: %.1f dB, %.2f ms", c->name, c->clock, c->ch, ms, t.snr,
					 delay);
			if (rate > c->bitrate * 1.05 || rate < c->bitrate * 0.85)
				fail_msg("%s/%u in %u ms: %.0f bit/s", c->name, c->clock, ms, rate);
		}
	}
}

static void test_opus_at_every_rate(void **state)
{
	static const struct {
		uint32_t rate;
		unsigned bitrate;
	} v[] = {{8000, 16000}, {12000, 20000}, {16000, 24000}, {24000, 28000}, {48000, 32000}};
	const struct codec_ops *c = codec_find(CODEC_OPUS, 48000, 0);
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct trip t = there_and_back(c, v[i].rate, 20, &(struct coder_cfg){.rate = v[i].rate});
		assert_true(t.snr > 11);
		assert_true(t.delay * 1000.0 / v[i].rate < 7);
		assert_true(t.bytes * 8 / SECONDS < v[i].bitrate * 1.1 && t.bytes * 8 / SECONDS > v[i].bitrate * 0.8);
	}
	void *p = NULL;
	assert_int_equal(c->enc_new(&p, c, &(struct coder_cfg){.rate = 44100}), ENOTSUP);
	assert_int_equal(c->dec_new(&p, c, &(struct coder_cfg){.rate = 32000}), ENOTSUP);
	assert_null(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_codec_at_every_packet_length),
		cmocka_unit_test(test_opus_at_every_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
