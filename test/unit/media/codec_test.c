/*
 * codec_test.c - every codec of the table there and back: how much like the original, at each packet length,
 * as one long sound; durations; bytes that are no payload; no memory.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <spandsp/telephony.h>
#include <spandsp/bit_operations.h>
#include <spandsp/g711.h>
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

/* ------------------------------------------------------------------ the table */

static void test_the_table_is_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < codec_table_n; i++) {
		const struct codec_ops *c = codec_table[i];
		assert_int_equal(codec_id_of(slice_str(c->name)), c->id);
		assert_ptr_equal(codec_find(c->id, c->clock, c->ch), c);
		assert_ptr_equal(codec_find_name(slice_str(c->name), c->clock, c->ch), c);
		assert_true(c->step_us && (c->max_ms * 1000) % c->step_us == 0 && c->max_ms <= 60);
		assert_true(c->rate * c->max_ms / 1000 <= CODEC_FRAME_MAX);
		assert_true(c->clock / 1000.0 * c->max_ms <= 2880);
		assert_int_equal((uint64_t)c->clock * c->step_us % 1000000, 0);
		assert_int_equal((uint64_t)c->rate * c->step_us % 1000000, 0);
		if (c->pt != CODEC_PT_DYNAMIC) {
			struct wcodec w = codec_of_pt(&(struct wremote){0}, c->pt);
			assert_int_equal(w.id, c->id);
			assert_int_equal(wcodec_rate(&w), c->clock);
			assert_int_equal(w.ch, c->id == CODEC_OPUS ? 2 : c->ch);
		}
	}
	assert_non_null(codec_find_name(SLICE("opus"), 48000, 2));
	assert_ptr_equal(codec_find_name(SLICE("Opus"), 48000, 1), codec_find(CODEC_OPUS, 48000, 2));
	assert_null(codec_find(CODEC_OPUS, 8000, 0));
	assert_null(codec_find(CODEC_L16, 44100, 3));
	assert_null(codec_find(CODEC_G729, 8000, 0));
	assert_null(codec_find(CODEC_TEV, 8000, 0));
	assert_null(codec_find_name(SLICE("PCM"), 8000, 0));
}

/* Only Opus codes at other rates than its own. */
static void test_rates_that_are_not_coded(void **state)
{
	(void)state;
	for (size_t i = 0; i < codec_table_n; i++) {
		const struct codec_ops *c = codec_table[i];
		void *p = NULL;
		if (c->any_rate)
			continue;
		assert_int_equal(c->enc_new(&p, c, &(struct coder_cfg){.rate = 24000}), ENOTSUP);
		assert_int_equal(c->dec_new(&p, c, &(struct coder_cfg){.rate = 24000}), ENOTSUP);
		assert_null(p);
	}
}

/* ------------------------------------------------------------------ bytes on the wire */

static void enc_once(const struct codec_ops *c, uint8_t *p, size_t want, const int16_t *pcm, size_t n)
{
	void *e = NULL;

	assert_int_equal(c->enc_new(&e, c, &(struct coder_cfg){0}), 0);
	assert_int_equal(c->encode(e, p, CODEC_PAYLOAD_MAX, pcm, n), want);
	mem_deref(e);
}

static void test_l16_is_big_endian(void **state)
{
	static const int16_t pcm[] = {0x1234, -2, 0, 32767};
	static const uint8_t mono[] = {0x12, 0x34, 0xff, 0xfe, 0, 0, 0x7f, 0xff};
	static const uint8_t left_right[] = {0x00, 0x10, 0x00, 0x20, 0x80, 0x00, 0x80, 0x00, 0x7f, 0xff, 0x7f, 0xff};
	uint8_t p[CODEC_PAYLOAD_MAX];
	int16_t out[8];
	void *d = NULL;
	(void)state;

	enc_once(codec_find(CODEC_L16, 16000, 1), p, 8, pcm, 4);
	assert_memory_equal(p, mono, 8);
	const struct codec_ops *st = codec_find(CODEC_L16, 48000, 2);
	enc_once(st, p, 16, pcm, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_memory_equal(p + i * 4, mono + i * 2, 2);
		assert_memory_equal(p + i * 4 + 2, mono + i * 2, 2);
	}
	/* two channels are mixed, without overflow */
	assert_int_equal(st->dec_new(&d, st, &(struct coder_cfg){0}), 0);
	assert_int_equal(st->decode(d, out, 8, left_right, sizeof(left_right)), 3);
	assert_int_equal(out[0], 0x18);
	assert_int_equal(out[1], -32768);
	assert_int_equal(out[2], 32767);
	assert_true(st->decode(d, out, 8, left_right, 6) < 0);
	assert_true(st->decode(d, out, 2, left_right, 12) < 0);
	mem_deref(d);
}

/* RFC 3551 4.5.4: the same codes, but the first one in the low bits; AAL2 has it in the high bits. */
static void test_g726_bit_order(void **state)
{
	static const uint8_t pair[][2] = {{CODEC_G726_16, CODEC_AAL2_16},
					  {CODEC_G726_24, CODEC_AAL2_24},
					  {CODEC_G726_32, CODEC_AAL2_32},
					  {CODEC_G726_40, CODEC_AAL2_40}};
	int16_t pcm[160];
	(void)state;

	sound(pcm, 160, 8000);
	for (size_t i = 0; i < ARRAY_LEN(pair); i++) {
		size_t bits = i + 2, l = 20 * bits;
		uint8_t le[CODEC_PAYLOAD_MAX], be[CODEC_PAYLOAD_MAX];
		enc_once(codec_find(pair[i][0], 8000, 1), le, l, pcm, 160);
		enc_once(codec_find(pair[i][1], 8000, 1), be, l, pcm, 160);
		unsigned seen = 0;
		for (size_t s = 0; s < 160; s++) {
			unsigned a = 0, b = 0;
			for (size_t k = 0; k < bits; k++) {
				size_t at = s * bits + k;
				a |= (unsigned)(le[at / 8] >> at % 8 & 1) << k;
				b = b << 1 | (be[at / 8] >> (7 - at % 8) & 1);
			}
			assert_int_equal(a, b);
			seen |= 1U << a;
		}
		/* at least half of the codes stand for something here */
		assert_true(__builtin_popcount(seen) * 2 >= 1 << bits);
	}
}

/* G.711 by an implementation of others. Theirs leaves the last bit of very soft A-law to chance of rounding. */
static void test_g711_as_others_code_it(void **state)
{
	uint8_t u[8], a[8];
	int16_t pcm[8], du[256], da[256];
	uint8_t all[256];
	(void)state;

	for (int s = -32768; s < 32768; s += 8) {
		for (int k = 0; k < 8; k++)
			pcm[k] = (int16_t)(s + k);
		g711_ulaw_encode(u, pcm, 8);
		g711_alaw_encode(a, pcm, 8);
		for (int k = 0; k < 8; k++) {
			assert_int_equal(u[k], g711_ulaw_enc(pcm[k]));
			assert_int_equal(a[k], g711_alaw_enc(pcm[k]));
			/* theirs is ours for values that lie on no border */
			if (s + k > -32635 && s + k < 32635)
				assert_true(abs(ulaw_to_linear(linear_to_ulaw(pcm[k])) - g711_ulaw_dec(u[k])) <=
					    8 << ((~u[k] >> 4) & 7));
		}
	}
	for (int i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	g711_ulaw_decode(du, all, 256);
	g711_alaw_decode(da, all, 256);
	for (int i = 0; i < 256; i++) {
		assert_int_equal(du[i], ulaw_to_linear((uint8_t)i));
		assert_int_equal(da[i], alaw_to_linear((uint8_t)i));
		assert_int_equal(linear_to_alaw(da[i]), g711_alaw_enc(da[i]));
		if (i != 0x7f)
			assert_int_equal(linear_to_ulaw(du[i]), g711_ulaw_enc(du[i]));
	}
}

/* ------------------------------------------------------------------ strangers, no memory, no room */

static void test_bytes_that_are_no_payload(void **state)
{
	static int16_t pcm[CODEC_FRAME_MAX + 1];
	static uint8_t p[2000];
	uint32_t seed = 9;
	(void)state;

	for (size_t i = 0; i < codec_table_n; i++) {
		const struct codec_ops *c = codec_table[i];
		void *d = NULL;
		assert_int_equal(c->dec_new(&d, c, &(struct coder_cfg){0}), 0);
		assert_true(c->decode(d, pcm, CODEC_FRAME_MAX, p, 0) < 0);
		for (int round = 0; round < 400; round++) {
			size_t l = (size_t)round * 7 % 1500, max = (size_t)round % 3 ? CODEC_FRAME_MAX : (size_t)round;
			for (size_t k = 0; k < l; k++) {
				seed = seed * 1664525 + 1013904223;
				p[k] = (uint8_t)(seed >> 24);
			}
			pcm[max] = 12345;
			int n = c->decode(d, pcm, max, p, l);
			assert_true(n <= (int)max);
			assert_int_equal(pcm[max], 12345);
			uint32_t dur = c->duration(c, p, l);
			/* what is decoded lasts as long as was said before; a resampler may hold back a sample */
			if (n > 0 && c->id != CODEC_GSM)
				assert_true(fabs((double)dur * c->rate / (c->id == CODEC_G722 ? 8000 : c->clock) - n) <=
					    1);
			if (n > 0 && c->fec)
				assert_true(c->fec(d, pcm, c->rate / 50, p, l) <= (int)c->rate / 50);
			if (c->conceal)
				assert_true(c->conceal(d, pcm, c->rate / 50) <= (int)c->rate / 50);
		}
		mem_deref(d);
	}
}

static void test_payloads_that_do_not_fit(void **state)
{
	static int16_t pcm[CODEC_FRAME_MAX];
	uint8_t p[16];
	(void)state;

	for (size_t i = 0; i < codec_table_n; i++) {
		const struct codec_ops *c = codec_table[i];
		void *e = NULL;
		assert_int_equal(c->enc_new(&e, c, &(struct coder_cfg){0}), 0);
		p[10] = 0xa5;
		int l = c->encode(e, p, 10, pcm, c->rate * 20 / 1000);
		/* Opus makes it fit */
		assert_true(c->any_rate ? l <= 10 : l < 0);
		assert_int_equal(p[10], 0xa5);
		mem_deref(e);
	}
}

static void test_no_memory(void **state)
{
	(void)state;
	void *live = mem_alloc(1, NULL);
	bool debug = mem_live() > 0;
	mem_deref(live);
	if (!debug)
		skip();
	size_t before = mem_live();
	for (size_t i = 0; i < codec_table_n; i++) {
		const struct codec_ops *c = codec_table[i];
		for (int dec = 0; dec < 2; dec++) {
			int err = ENOMEM;
			for (long n = 0; err; n++) {
				void *p = NULL;
				assert_true(n < 5);
				mem_fail_at(n);
				err = dec ? c->dec_new(&p, c, &(struct coder_cfg){0})
					  : c->enc_new(&p, c, &(struct coder_cfg){0});
				(void)mem_fail_off();
				assert_int_equal(err, p ? 0 : ENOMEM);
				mem_deref(p);
				assert_int_equal(mem_live(), before);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_codec_at_every_packet_length),
		cmocka_unit_test(test_opus_at_every_rate),
		cmocka_unit_test(test_the_table_is_sound),
		cmocka_unit_test(test_rates_that_are_not_coded),
		cmocka_unit_test(test_l16_is_big_endian),
		cmocka_unit_test(test_g726_bit_order),
		cmocka_unit_test(test_g711_as_others_code_it),
		cmocka_unit_test(test_bytes_that_are_no_payload),
		cmocka_unit_test(test_payloads_that_do_not_fit),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
