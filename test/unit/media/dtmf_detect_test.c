/*
 * dtmf_detect_test.c - digits and fax tones found in sound: levels, twist, frequencies that are off, noise, dial tone,
 * lengths (ITU-T Q.24), and what is none: speech, silence, single tones.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "media/dtmf_detect.h"
#include "tools/speech.h"

enum { RATE = 8000, PCM = 2 * RATE };
static const char keys[] = "0123456789*#ABCD";

struct heard {
	char s[64];
	uint32_t ms[64];
	size_t downs, ups;
	bool down;
};

static void tell_h(char digit, bool down, uint32_t ms, void *arg)
{
	struct heard *h = arg;

	assert_true(down != h->down);
	h->down = down;
	if (down) {
		assert_true(h->downs + 1 < sizeof(h->s));
		h->s[h->downs++] = digit;
		return;
	}
	assert_int_equal(h->s[h->ups], digit);
	h->ms[h->ups++] = ms;
}

static uint32_t seed = 1;

static double noise(void)
{
	double v = 0;

	for (int i = 0; i < 12; i++) {
		seed = seed * 1664525 + 1013904223;
		v += (seed >> 8) / 16777216.0 - 0.5;
	}
	return v;
}

static double peak(double dbm0)
{
	return 22747 * pow(10, dbm0 / 20);
}

struct how {
	const char *name;
	double level, twist; /* dBm0 of the two on average, dB of the high one over the low one */
	double off;          /* of the frequencies */
	double snr, dial;    /* dB, dBm0 each; 0 none */
	unsigned ms;
	bool none;
};

static void add_digit(int16_t *pcm, size_t at, char digit, const struct how *h)
{
	double low = peak(h->level - h->twist / 2), high = peak(h->level + h->twist / 2);
	unsigned fl, fh;

	assert_true(dtmf_pair(digit, &fl, &fh));
	for (size_t i = at; i < at + h->ms * 8; i++) {
		double v = pcm[i] + low * sin(2 * M_PI * fl * (1 + h->off) * (double)i / RATE) +
			   high * sin(2 * M_PI * fh * (1 + h->off) * (double)i / RATE);
		pcm[i] = (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : v);
	}
}

static void ground(int16_t *pcm, size_t n, const struct how *h)
{
	double low = peak(h->level - h->twist / 2), high = peak(h->level + h->twist / 2);
	double rms = h->snr ? sqrt((low * low + high * high) / 2) * pow(10, -h->snr / 20) : 0;

	for (size_t i = 0; i < n; i++) {
		double dial = h->dial ? peak(h->dial) : 0;
		pcm[i] = (int16_t)(rms * noise() + dial * sin(2 * M_PI * 350 * (double)i / RATE) +
				   dial * sin(2 * M_PI * 440 * (double)i / RATE));
	}
}

/* Each digit, wherever its beginning lies in a block. */
static void test_tones(void **state)
{
	static const struct how t[] = {
		{"plain", -8, 0, 0, 0, 0, 40, false},
		{"soft", -30, 0, 0, 0, 0, 40, false},
		{"loud", -3, 0, 0, 0, 0, 40, false},
		{"high one 8 dB louder", -15, 8, 0, 0, 0, 40, false},
		{"low one 6 dB louder", -15, -6, 0, 0, 0, 40, false},
		{"1.5 % too high", -15, 0, 0.015, 0, 0, 40, false},
		{"1.5 % too low", -15, 0, -0.015, 0, 0, 40, false},
		{"noise", -15, 0, 0, 15, 0, 40, false},
		{"noise, off, twisted", -15, 8, 0.015, 15, 0, 50, false},
		{"noise, off, twisted the other way", -15, -4, -0.015, 15, 0, 50, false},
		{"dial tone", -12, 0, 0, 0, -16, 50, false},
		{"dial tone, noise, off", -10, 4, 0.015, 20, -13, 60, false},
		{"long", -10, 0, 0, 15, 0, 700, false},
		{"too short", -10, 0, 0, 0, 0, 12, true},
		{"too soft", -50, 0, 0, 0, 0, 80, true},
		{"3.5 % too high", -10, 0, 0.035, 0, 0, 80, true},
		{"3.5 % too low", -10, 0, -0.035, 0, 0, 80, true},
		{"high one 15 dB louder", -10, 15, 0, 0, 0, 80, true},
		{"low one 12 dB louder", -10, -12, 0, 0, 0, 80, true},
		{"more noise than tone", -15, 0, 0, -3, 0, 80, true},
	};
	static int16_t pcm[PCM];
	(void)state;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		for (size_t k = 0; k < 16 * 21; k++) {
			struct dtmf_detect d;
			struct heard h = {.downs = 0};
			char digit = keys[k / 21];
			size_t at = 1000 + k % 21 * 5;

			dtmf_detect_init(&d);
			ground(pcm, PCM / 2, &t[i]);
			add_digit(pcm, at, digit, &t[i]);
			/* in pieces of any length */
			for (size_t n = 0; n < PCM / 2; n += 160)
				dtmf_detect(&d, pcm + n, 160, tell_h, &h);
			if (h.downs != !t[i].none || h.ups != h.downs || (h.downs && h.s[0] != digit))
				fail_msg("%s: %c at %zu: \"%s\"", t[i].name, digit, at, h.s);
			if (h.downs)
				assert_in_range(h.ms[0], t[i].ms > 26 ? t[i].ms - 26 : 0, t[i].ms + 13);
		}
	}
}

/* 40 ms of digit, 40 ms of pause: all of them, also twice the same. */
static void test_row(void **state)
{
	static const struct how h40 = {"", -10, 0, 0, 0, 0, 40, false};
	static int16_t pcm[PCM];
	struct dtmf_detect d;
	struct heard h = {.downs = 0};
	(void)state;

	memset(pcm, 0, sizeof(pcm));
	for (size_t i = 0; i < 22; i++)
		add_digit(pcm, 100 + i * 641, "00123456789*#ABCDD5555"[i], &h40);
	dtmf_detect_init(&d);
	dtmf_detect(&d, pcm, PCM, tell_h, &h);
	assert_string_equal(h.s, "00123456789*#ABCDD5555");
	assert_int_equal(h.ups, 22);
}

static void test_break_and_end(void **state)
{
	static const struct how h200 = {"", -10, 0, 0, 0, 0, 200, false};
	static int16_t pcm[PCM];
	struct dtmf_detect d;
	struct heard h = {.downs = 0};
	(void)state;

	/* a hole of 10 ms does not make two of one */
	memset(pcm, 0, sizeof(pcm));
	add_digit(pcm, 500, '5', &h200);
	memset(pcm + 1300, 0, 80 * sizeof(*pcm));
	dtmf_detect_init(&d);
	dtmf_detect(&d, pcm, 1900, tell_h, &h);
	assert_int_equal(h.downs, 1);
	assert_int_equal(h.ups, 0);
	/* the sound stops while it plays */
	dtmf_detect_end(&d, tell_h, &h);
	assert_int_equal(h.ups, 1);
	assert_in_range(h.ms[0], 150, 190);
	dtmf_detect_end(&d, tell_h, &h);
	assert_int_equal(h.ups, 1);
	assert_false(dtmf_pair('E', &(unsigned){0}, &(unsigned){0}));
	assert_false(dtmf_pair(0, &(unsigned){0}, &(unsigned){0}));
}

/* Half an hour of voices, loud and soft. */
static void test_speech(void **state)
{
	static int16_t pcm[RATE];
	struct heard h = {.downs = 0};
	int fax = 0;
	(void)state;

	for (uint32_t voice = 0; voice < 30; voice++) {
		struct speech sp;
		struct dtmf_detect d;
		struct fax_detect f;

		speech_init(&sp, RATE, voice, 1);
		dtmf_detect_init(&d);
		fax_detect_init(&f);
		for (int s = 0; s < 60; s++) {
			speech_make(&sp, pcm, RATE);
			for (size_t i = 0; i < RATE; i++) {
				int v = pcm[i] * (int)(1 + voice % 4);
				pcm[i] = (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : v);
			}
			dtmf_detect(&d, pcm, RATE, tell_h, &h);
			fax += fax_detect(&f, pcm, RATE) != FAX_NONE;
		}
	}
	assert_int_equal(h.downs, 0);
	assert_int_equal(fax, 0);
}

/* A digit is heard while somebody talks softly behind it. */
static void test_digit_over_speech(void **state)
{
	static const struct how loud = {"", -8, 0, 0, 0, 0, 100, false};
	static int16_t pcm[PCM];
	struct speech sp;
	struct dtmf_detect d;
	struct heard h = {.downs = 0};
	(void)state;

	speech_init(&sp, RATE, 3, 1);
	speech_make(&sp, pcm, PCM);
	for (size_t i = 0; i < PCM; i++)
		pcm[i] /= 8;
	for (size_t i = 0; i < 6; i++)
		add_digit(pcm, 1000 + i * 2000, "159*0D"[i], &loud);
	dtmf_detect_init(&d);
	dtmf_detect(&d, pcm, PCM, tell_h, &h);
	assert_string_equal(h.s, "159*0D");
}

/* ------------------------------------------------------------------ fax */

static void tone(int16_t *pcm, size_t n, double hz, double dbm0)
{
	for (size_t i = 0; i < n; i++)
		pcm[i] = (int16_t)(peak(dbm0) * sin(2 * M_PI * hz * (double)i / RATE));
}

static void test_fax(void **state)
{
	static const struct {
		double hz, level;
		unsigned ms;
		enum fax_tone want;
	} t[] = {
		{1100, -10, 500, FAX_CNG},  {1062, -30, 500, FAX_CNG},   {1138, -10, 500, FAX_CNG},
		{2100, -10, 1000, FAX_CED}, {2085, -30, 600, FAX_CED},   {2115, -10, 600, FAX_CED},
		{1100, -10, 300, FAX_NONE}, {2100, -10, 350, FAX_NONE},  {1300, -10, 1000, FAX_NONE},
		{1100, -60, 800, FAX_NONE}, {2250, -10, 1000, FAX_NONE},
	};
	static int16_t pcm[PCM];
	(void)state;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct fax_detect f;

		memset(pcm, 0, sizeof(pcm));
		tone(pcm + 333, t[i].ms * 8, t[i].hz, t[i].level);
		fax_detect_init(&f);
		assert_int_equal(fax_detect(&f, pcm, PCM), t[i].want);
	}
}

/* ANSam turns its phase each 450 ms and swings by a fifth at 15 Hz (V.8); it is told once. */
static void test_ansam(void **state)
{
	static int16_t pcm[PCM];
	struct fax_detect f;
	int n = 0;
	(void)state;

	for (size_t i = 0; i < PCM; i++)
		pcm[i] = (int16_t)(peak(-12) * (1 + 0.2 * sin(2 * M_PI * 15 * (double)i / RATE)) *
				   sin(2 * M_PI * 2100 * (double)i / RATE + (i / 3600 % 2 ? M_PI : 0)));
	fax_detect_init(&f);
	for (size_t i = 0; i < PCM; i += 160)
		n += fax_detect(&f, pcm + i, 160) == FAX_CED;
	assert_int_equal(n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tones),
		cmocka_unit_test(test_row),
		cmocka_unit_test(test_break_and_end),
		cmocka_unit_test(test_speech),
		cmocka_unit_test(test_digit_over_speech),
		cmocka_unit_test(test_fax),
		cmocka_unit_test(test_ansam),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
