/*
 * tone.h - tones and files as sources, tone finding, WAV reading and writing: what
 * greetings, the headless phone and the tests need.
 *
 * Thread: see each. Ownership: sources are freed by their done call-back.
 */
#ifndef OFFHOOK_MEDIA_TONE_H
#define OFFHOOK_MEDIA_TONE_H

#include "media/media.h"

/** One step of a tone: one or two frequencies in Hz (0 = none), for `ms` (0 = for ever). */
struct tone_step {
	uint16_t f1, f2;
	uint16_t ms;
	int16_t level_dbm0; /**< e.g. -13 */
};
/** New source playing steps in order, `repeat` times (0 = for ever). `done(arg)` on the loop thread at the end (may be
 * NULL); frees itself. ENOMEM. */
int tone_source(struct media_source **sp, const struct tone_step *v, size_t n, unsigned repeat, void (*done)(void *arg),
		void *arg) MUST_CHECK;

/** Sound in memory, 8 kHz mono. */
struct pcm {
	size_t n;
	int16_t s[];
};
/** Read a sound file of any kind (sound.h), brought to 8 kHz mono. Blocks: not on loop or worker of a server.
 * ERR_SYNTAX, ENOENT, EFBIG. */
int wav_read(struct pcm **pp, const char *path) MUST_CHECK;
/** Write a 16-bit mono WAV of rate 8000. */
int wav_write(const char *path, const int16_t *s, size_t n) MUST_CHECK;
/** New source playing `pcm` (referenced) once or for ever. */
int pcm_source(struct media_source **sp, const struct pcm *p, bool loop, void (*done)(void *arg), void *arg) MUST_CHECK;
/** Share of the energy of `n` samples that lies at `hz` (Goertzel), 0.0-1.0. */
double tone_share(const int16_t *s, size_t n, unsigned hz, unsigned rate);

/** G.711 (ITU-T G.711), by table. */
uint8_t g711_ulaw_enc(int16_t s);
int16_t g711_ulaw_dec(uint8_t u);
uint8_t g711_alaw_enc(int16_t s);
int16_t g711_alaw_dec(uint8_t a);
/** The same for `n` samples at once, several times as fast. */
void g711_ulaw_encode(uint8_t *restrict dst, const int16_t *restrict pcm, size_t n);
void g711_ulaw_decode(int16_t *restrict pcm, const uint8_t *restrict p, size_t n);
void g711_alaw_encode(uint8_t *restrict dst, const int16_t *restrict pcm, size_t n);
void g711_alaw_decode(int16_t *restrict pcm, const uint8_t *restrict p, size_t n);

#endif
