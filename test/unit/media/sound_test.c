/*
 * sound_test.c - G.711 against the formulas of the Recommendation, tones, finding
 * tones, WAV files.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "fixture.h"

/* ------------------------------------------------------------------ G.711 */

/* Tables 2a and 2b: value of a mu-law code, on the 14-bit scale times four. */
static int ulaw_value(uint8_t u)
{
	int seg = (~u >> 4) & 7, q = ~u & 15, v = ((2 * q + 33) << seg) - 33;

	return (u & 0x80 ? v : -v) * 4;
}

/* Tables 1a and 1b: value of an A-law code, on the 13-bit scale times eight. */
static int alaw_value(uint8_t a)
{
	int c = a ^ 0x55, seg = (c >> 4) & 7, q = c & 15, v = seg ? (2 * q + 33) << (seg - 1) : 2 * q + 1;

	return (c & 0x80 ? v : -v) * 8;
}

static void test_g711_decodes_by_the_formulas(void **state)
{
	(void)state;
	for (int i = 0; i < 256; i++) {
		assert_int_equal(g711_ulaw_dec((uint8_t)i), ulaw_value((uint8_t)i));
		assert_int_equal(g711_alaw_dec((uint8_t)i), alaw_value((uint8_t)i));
	}
	/* the codes of silence and of the loudest */
	assert_int_equal(g711_ulaw_dec(0xff), 0);
	assert_int_equal(g711_ulaw_dec(0x80), 32124);
	assert_int_equal(g711_alaw_dec(0xd5), 8);
	assert_int_equal(g711_alaw_dec(0xaa), 32256);
}

/* A value lies in the middle between its decision values: half a step of its segment to each side. */
static void test_g711_encodes_within_the_decision_values(void **state)
{
	int last_u = -40000, last_a = -40000;
	(void)state;

	for (int s = -32768; s <= 32767; s++) {
		uint8_t u = g711_ulaw_enc((int16_t)s), a = g711_alaw_enc((int16_t)s);
		int su = (~u >> 4) & 7, sa = ((a ^ 0x55) >> 4) & 7;
		/* mu-law ends at 8159 of the 14-bit scale */
		int in = s > 32635 ? 32635 : s < -32635 ? -32635 : s;
		assert_true(abs(ulaw_value(u) - in) <= 4 << su);
		assert_true(abs(alaw_value(a) - s) <= 8 << (sa ? sa - 1 : 0));
		assert_true(ulaw_value(u) >= last_u && alaw_value(a) >= last_a);
		last_u = ulaw_value(u);
		last_a = alaw_value(a);
	}
}

static void test_g711_codes_survive(void **state)
{
	(void)state;
	for (int i = 0; i < 256; i++) {
		/* 0x7f is minus zero */
		if (i != 0x7f)
			assert_int_equal(g711_ulaw_enc(g711_ulaw_dec((uint8_t)i)), i);
		assert_int_equal(g711_alaw_enc(g711_alaw_dec((uint8_t)i)), i);
	}
}

/* ------------------------------------------------------------------ tones */

static void test_tone_share(void **state)
{
	static int16_t s[8000];
	(void)state;

	for (int i = 0; i < 8000; i++)
		s[i] = (int16_t)(10000 * sin(2 * M_PI * 440 * i / 8000) + 5000 * sin(2 * M_PI * 1000 * i / 8000));
	assert_true(fabs(tone_share(s, 8000, 440, 8000) - 0.8) < 0.01);
	assert_true(fabs(tone_share(s, 8000, 1000, 8000) - 0.2) < 0.01);
	assert_true(tone_share(s, 8000, 700, 8000) < 0.001);
	assert_true(tone_share(s, 0, 440, 8000) == 0);
	memset(s, 0, sizeof(s));
	assert_true(tone_share(s, 8000, 440, 8000) == 0);
}

static void test_tone_steps(void **state)
{
	struct media_source *src;
	const struct tone_step v[] = {{.f1 = 350, .f2 = 440, .ms = 100, .level_dbm0 = -13},
				      {.ms = 50},
				      {.f1 = 1000, .ms = 25, .level_dbm0 = 0}};
	static int16_t s[8000];
	(void)state;

	assert_int_equal(tone_source(&src, v, 3, 2, NULL, NULL), 0);
	/* in odd pieces, to the end: 2 * 175 ms */
	size_t n = 0, got;
	while ((got = src->read(src, s + n, 37)) > 0)
		n += got;
	assert_int_equal(n, 2800);
	assert_true(tone_share(s, 800, 350, 8000) > 0.45);
	assert_true(tone_share(s, 800, 440, 8000) > 0.45);
	for (size_t i = 800; i < 1200; i++)
		assert_int_equal(s[i], 0);
	assert_true(tone_share(s + 1200, 200, 1000, 8000) > 0.98);
	/* 0 dBm0 is 3.17 dB below full scale */
	int peak = 0;
	for (size_t i = 1200; i < 1400; i++)
		peak = s[i] > peak ? s[i] : peak;
	assert_in_range(peak, 22500, 22800);
	assert_int_equal(src->read(src, s, 10), 0);
	src->done(src);
	/* nothing but empty steps: an end, not a hang */
	const struct tone_step none[] = {{.f1 = 1}};
	assert_int_equal(tone_source(&src, none, 0, 0, NULL, NULL), 0);
	assert_int_equal(src->read(src, s, 10), 0);
	src->done(src);
	/* a step without an end */
	assert_int_equal(tone_source(&src, none, 1, 1, NULL, NULL), 0);
	assert_int_equal(src->read(src, s, 8000), 8000);
	src->done(src);
}

static void test_pcm_source(void **state)
{
	struct media_source *src;
	struct pcm *p = mem_alloc(sizeof(*p) + 5 * sizeof(p->s[0]), NULL);
	int16_t s[12];
	(void)state;

	p->n = 5;
	for (int i = 0; i < 5; i++)
		p->s[i] = (int16_t)(i + 1);
	assert_int_equal(pcm_source(&src, p, true, NULL, NULL), 0);
	assert_int_equal(src->read(src, s, 12), 12);
	assert_int_equal(s[4], 5);
	assert_int_equal(s[5], 1);
	assert_int_equal(s[11], 2);
	src->done(src);
	assert_int_equal(pcm_source(&src, p, false, NULL, NULL), 0);
	assert_int_equal(src->read(src, s, 3), 3);
	assert_int_equal(src->read(src, s, 12), 2);
	assert_int_equal(src->read(src, s, 12), 0);
	src->done(src);
	assert_int_equal(mem_nrefs(p), 1);
	p->n = 0;
	assert_int_equal(pcm_source(&src, p, true, NULL, NULL), 0);
	assert_int_equal(src->read(src, s, 12), 0);
	src->done(src);
	mem_deref(p);
}

/* ------------------------------------------------------------------ WAV */

static char path[64];

static int path_make(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/offhook-wav-XXXXXX");
	int fd = mkstemp(path);
	if (fd < 0)
		return 1;
	close(fd);
	return 0;
}

static int path_remove(void **state)
{
	(void)state;
	return unlink(path);
}

static void file_put(const void *p, size_t l)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, l, f), l);
	fclose(f);
}

static void test_wav_round_trip(void **state)
{
	static int16_t s[1000];
	struct pcm *p;
	(void)state;

	for (int i = 0; i < 1000; i++)
		s[i] = (int16_t)(i * 65 - 32000);
	assert_int_equal(wav_write(path, s, 1000), 0);
	assert_int_equal(wav_read(&p, path), 0);
	assert_int_equal(p->n, 1000);
	assert_memory_equal(p->s, s, sizeof(s));
	mem_deref(p);
}

/* A file with any format and one tone in every channel. */
static size_t wav_make(uint8_t *b, unsigned format, unsigned ch, unsigned rate, size_t frames, double hz, bool extra)
{
	unsigned bits = format == 1 ? 16 : 8;
	size_t bytes = frames * ch * bits / 8;
	const uint32_t head[] = {rate, rate * ch * bits / 8};
	uint8_t *p = b;

	memcpy(p, "RIFF\0\0\0\0WAVE", 12);
	p += 12;
	if (extra) {
		/* an odd chunk that nobody knows, with its byte of padding */
		memcpy(p, "LIST\x03\0\0\0abc", 12);
		p += 12;
	}
	memcpy(p, "fmt \x10\0\0\0", 8);
	p[8] = (uint8_t)format;
	p[9] = 0;
	p[10] = (uint8_t)ch;
	p[11] = 0;
	memcpy(p + 12, head, 8);
	p[20] = (uint8_t)(ch * bits / 8);
	p[21] = 0;
	p[22] = (uint8_t)bits;
	p[23] = 0;
	memcpy(p + 24, "data", 4);
	p[28] = (uint8_t)bytes;
	p[29] = (uint8_t)(bytes >> 8);
	p[30] = (uint8_t)(bytes >> 16);
	p[31] = 0;
	p += 32;
	for (size_t i = 0; i < frames; i++)
		for (unsigned c = 0; c < ch; c++) {
			int16_t v = (int16_t)(12000 * sin(2 * M_PI * hz * (double)i / rate));
			if (format == 1) {
				memcpy(p, &v, 2);
				p += 2;
			} else {
				*p++ = format == 6 ? g711_alaw_enc(v) : g711_ulaw_enc(v);
			}
		}
	return (size_t)(p - b);
}

static void test_wav_formats(void **state)
{
	static const struct {
		unsigned format, ch, rate;
		bool extra;
	} v[] = {{1, 1, 8000, true},   {1, 2, 8000, false},  {6, 1, 8000, false}, {7, 2, 8000, true},
		 {1, 1, 16000, false}, {1, 2, 44100, false}, {1, 1, 48000, true}, {1, 1, 11025, false}};
	static uint8_t b[200000];
	struct pcm *p;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		size_t l = wav_make(b, v[i].format, v[i].ch, v[i].rate, v[i].rate / 2, 440, v[i].extra);
		file_put(b, l);
		assert_int_equal(wav_read(&p, path), 0);
		assert_in_range(p->n, 3999, 4000);
		assert_true(tone_share(p->s, p->n, 440, 8000) > 0.97);
		int peak = 0;
		for (size_t k = 500; k < 3500; k++)
			peak = p->s[k] > peak ? p->s[k] : peak;
		assert_in_range(peak, 11500, 12500);
		mem_deref(p);
	}
	/* 6 kHz does not exist at a rate of 8,000: it must not come back as 2 kHz */
	file_put(b, wav_make(b, 1, 1, 48000, 24000, 6000, false));
	assert_int_equal(wav_read(&p, path), 0);
	for (size_t k = 100; k < p->n - 100; k++)
		assert_true(abs(p->s[k]) < 1200);
	mem_deref(p);
}

static void test_wav_broken(void **state)
{
	static uint8_t b[2000], c[2000];
	struct pcm *p;
	(void)state;

	size_t l = wav_make(b, 1, 1, 8000, 800, 440, true);
	/* cut anywhere: an error or less sound, never more */
	for (size_t n = 0; n < l; n += n < 60 ? 1 : 97) {
		file_put(b, n);
		int err = wav_read(&p, path);
		if (!err) {
			assert_true(p->n <= 800);
			mem_deref(p);
		} else {
			assert_int_equal(err, ERR_SYNTAX);
		}
	}
	/* every byte of the head wrong */
	for (size_t i = 0; i < 56; i++) {
		memcpy(c, b, l);
		c[i] ^= 0xff;
		file_put(c, l);
		if (!wav_read(&p, path))
			mem_deref(p);
	}
	assert_int_equal(wav_read(&p, "/nonexistent/x.wav"), ENOENT);
	assert_int_equal(wav_write("/nonexistent/x.wav", NULL, 0), ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_g711_decodes_by_the_formulas),
		cmocka_unit_test(test_g711_encodes_within_the_decision_values),
		cmocka_unit_test(test_g711_codes_survive),
		cmocka_unit_test(test_tone_share),
		cmocka_unit_test(test_tone_steps),
		cmocka_unit_test(test_pcm_source),
		cmocka_unit_test(test_wav_round_trip),
		cmocka_unit_test(test_wav_formats),
		cmocka_unit_test(test_wav_broken),
	};

	return cmocka_run_group_tests(tests, path_make, path_remove);
}
