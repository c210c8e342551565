/*
 * speech.h - sound like speech, made by arithmetic: syllables of a voice (pulses through moving formants), hissing
 * consonants and pauses, for tests and measurements that need what coders and detectors are made for.
 *
 * The same seed gives the same sound; different seeds are different voices. Plain state, no memory of its own.
 */
#ifndef OFFHOOK_TEST_SPEECH_H
#define OFFHOOK_TEST_SPEECH_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { SPEECH_FORMANTS = 4, SPEECH_VOWELS = 6 };

enum speech_part { SPEECH_VOICED, SPEECH_HISS, SPEECH_PAUSE };

struct speech {
	uint32_t rate, seed;
	double base;  /**< pitch of this voice, Hz */
	double pitch; /**< now */
	double phase; /**< of the pulses, 0..1 */
	double clock; /**< seconds since the begin */
	enum speech_part part;
	uint32_t left, length;                          /**< samples of this part */
	double f[SPEECH_FORMANTS], to[SPEECH_FORMANTS]; /**< formants now and where they go, Hz */
	double y1[SPEECH_FORMANTS], y2[SPEECH_FORMANTS];
	double cosine[SPEECH_FORMANTS], radius[SPEECH_FORMANTS];
	double tilt;   /**< low-pass of the pulses */
	double breath; /**< noise in the voice, as much in each Hz at any rate */
	bool talking;
	double until; /**< end of this turn of talking or listening, seconds */
	double talk_share;
};

/* 0..1 */
static inline double speech_rand(struct speech *s)
{
	s->seed = s->seed * 1664525 + 1013904223;
	return (s->seed >> 8) / 16777216.0;
}

/** A voice at `rate` samples a second; it talks for about `share` of the time (1: all the time, with short pauses). */
static inline void speech_init(struct speech *s, uint32_t rate, uint32_t seed, double share)
{
	memset(s, 0, sizeof(*s));
	s->rate = rate;
	s->seed = seed * 2654435761U + 12345;
	s->talk_share = share;
	s->seed ^= s->seed >> 15;
	speech_rand(s);
	s->breath = 1.2 * sqrt(rate / 8000.0);
	s->base = 90 + 130 * speech_rand(s);
	s->pitch = s->base;
	s->talking = speech_rand(s) < share;
	s->until = 1 + 2 * speech_rand(s);
	s->part = SPEECH_PAUSE;
	for (int i = 0; i < SPEECH_FORMANTS; i++)
		s->f[i] = s->to[i] = 500 + 1000 * i;
}

static inline void speech_next_part(struct speech *s)
{
	/* formants of a, e, i, o, u and a neutral one, Hz */
	static const double vowel[SPEECH_VOWELS][SPEECH_FORMANTS] = {
		{750, 1200, 2500, 3500}, {450, 1900, 2600, 3600}, {280, 2250, 2950, 3700},
		{450, 850, 2500, 3400},  {300, 750, 2300, 3300},  {500, 1500, 2500, 3500},
	};

	if (s->clock >= s->until) {
		if (s->talk_share < 1)
			s->talking = !s->talking;
		double share = s->talking ? s->talk_share : 1 - s->talk_share;
		s->until = s->clock + 4 * share * (0.5 + speech_rand(s));
	}
	double r = speech_rand(s), ms;
	if (!s->talking) {
		s->part = SPEECH_PAUSE;
		ms = 60;
	} else if (s->part == SPEECH_VOICED && r < 0.35) {
		s->part = SPEECH_HISS;
		ms = 40 + 70 * speech_rand(s);
	} else if (s->part != SPEECH_PAUSE && r < 0.5) {
		s->part = SPEECH_PAUSE;
		ms = 20 + 120 * speech_rand(s);
	} else {
		s->part = SPEECH_VOICED;
		ms = 90 + 160 * speech_rand(s);
		memcpy(s->to, vowel[(int)(speech_rand(s) * SPEECH_VOWELS) % SPEECH_VOWELS], sizeof(s->to));
	}
	s->left = s->length = (uint32_t)(ms * s->rate / 1000);
}

/* Formants and pitch move 200 times a second. */
static inline void speech_move(struct speech *s)
{
	static const double width[SPEECH_FORMANTS] = {70, 90, 140, 200};

	s->pitch += (s->base * (0.85 + 0.3 * speech_rand(s)) - s->pitch) * 0.05;
	for (int i = 0; i < SPEECH_FORMANTS; i++) {
		s->f[i] += (s->to[i] - s->f[i]) * 0.12;
		s->radius[i] = exp(-M_PI * width[i] / s->rate);
		s->cosine[i] = 2 * s->radius[i] * cos(2 * M_PI * s->f[i] / s->rate);
	}
}

/* What excites the formants: pulses of the voice with some breath, or hiss. */
static inline double speech_source(struct speech *s)
{
	double noise = 2 * speech_rand(s) - 1, shape = sin(M_PI * s->left / s->length), x = 0;

	if (s->part == SPEECH_VOICED) {
		s->phase += s->pitch / s->rate;
		if (s->phase >= 1) {
			s->phase -= 1;
			x = 60;
		}
		s->tilt += (x - s->tilt) * 6000 / (s->rate + 6000);
		return (s->tilt + noise * s->breath) * sqrt(shape);
	}
	s->tilt = 0;
	return s->part == SPEECH_HISS ? noise * shape : 0;
}

/** The next `n` samples, about -26 dB below full scale while it talks. */
static inline void speech_make(struct speech *s, int16_t *pcm, size_t n)
{
	for (size_t t = 0; t < n; t++) {
		if (s->left == 0)
			speech_next_part(s);
		if (s->left-- % (s->rate / 200) == 0 || s->clock == 0)
			speech_move(s);
		s->clock += 1.0 / s->rate;
		double x = speech_source(s), out = 0;
		for (int i = 0; i < SPEECH_FORMANTS; i++) {
			double y = x * (1 - s->radius[i]) + s->cosine[i] * s->y1[i] -
				   s->radius[i] * s->radius[i] * s->y2[i];
			s->y2[i] = s->y1[i];
			s->y1[i] = y;
			out += i % 2 ? -y : y;
		}
		/* hiss goes around the formants; a room is never quite silent */
		double v = out * 900 + (s->part == SPEECH_HISS ? x * 1500 : 0) + 8 * speech_rand(s) - 4;
		pcm[t] = (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : v);
	}
}

#endif
