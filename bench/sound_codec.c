/*
 * sound_codec.c - CPU that each codec takes for a second of speech, in packets of 20 ms; Opus through our table beside
 * its bare library with the same settings, turn by turn, so that both see the same machine.
 */
#include <opus/opus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "media/codec.h"
#include "media/resample.h"
#include "sound.h"

enum { PACKETS_A_SECOND = 50, ROUNDS = 5, OPUS_ROUNDS = 15, OPUS_PACKETS = 100 };

struct kept {
	uint8_t p[CODEC_PAYLOAD_MAX];
	int l;
};

struct cost {
	double encode, decode; /**< ns for all packets */
	double bytes;
};

static int measure(const struct codec_ops *c, const struct coder_cfg *cfg, unsigned loss, const int16_t *pcm,
		   unsigned packets, struct kept *kept, struct cost *cost)
{
	static int16_t out[CODEC_FRAME_MAX];
	size_t n = cfg->rate / PACKETS_A_SECOND;
	void *e = NULL, *d = NULL;
	int err = c->enc_new(&e, c, cfg);

	if (!err)
		err = c->dec_new(&d, c, cfg);
	if (err)
		goto out;
	if (loss && c->enc_loss)
		c->enc_loss(e, loss);
	cost->bytes = 0;
	uint64_t t0 = sound_cpu_ns();
	for (unsigned i = 0; i < packets && !err; i++) {
		kept[i].l = c->encode(e, kept[i].p, sizeof(kept[i].p), pcm + i * n, n);
		err = kept[i].l > 0 ? 0 : EIO;
	}
	uint64_t t1 = sound_cpu_ns();
	for (unsigned i = 0; i < packets && !err; i++)
		err = c->decode(d, out, CODEC_FRAME_MAX, kept[i].p, (size_t)kept[i].l) == (int)n ? 0 : EIO;
	cost->decode = (double)(sound_cpu_ns() - t1);
	cost->encode = (double)(t1 - t0);
	for (unsigned i = 0; i < packets && !err; i++)
		cost->bytes += kept[i].l;
out:
	mem_deref(e);
	mem_deref(d);
	return err;
}

/* One line: per cent of a core for a second of sound each way, median of the rounds. */
static int row(const struct codec_ops *c, uint32_t rate, unsigned loss, unsigned seconds)
{
	struct coder_cfg cfg = {.rate = rate, .par = codec_par(c, SLICE("useinbandfec=1"))};
	unsigned packets = seconds * PACKETS_A_SECOND;
	struct kept *kept = calloc(packets, sizeof(*kept));
	int16_t *pcm = sound_voice(rate, seconds, 1);
	double enc[ROUNDS], dec[ROUNDS];
	struct cost cost = {0};
	int err = kept ? 0 : ENOMEM;

	for (int i = 0; i < ROUNDS && !err; i++) {
		err = measure(c, &cfg, loss, pcm, packets, kept, &cost);
		enc[i] = cost.encode;
		dec[i] = cost.decode;
	}
	free(kept);
	free(pcm);
	if (err) {
		fprintf(stderr, "%s/%u: %s\n", c->name, c->clock, strerror(err));
		return 1;
	}
	double scale = 1e-7 / seconds; /* ns of so many seconds -> per cent */
	printf("codec=%s/%u/%u pcm=%u loss=%u encode_pct=%.4f decode_pct=%.4f bitrate=%.0f\n", c->name, c->clock, c->ch,
	       rate, loss, sound_median(enc, ROUNDS) * scale, sound_median(dec, ROUNDS) * scale,
	       cost.bytes * 8 / seconds);
	return 0;
}

static int resample_row(uint32_t from, uint32_t to, unsigned seconds)
{
	static int16_t out[CODEC_FRAME_MAX];
	struct resampler *r = NULL;
	size_t n = from / PACKETS_A_SECOND;
	double v[ROUNDS];

	if (resampler_alloc(&r, from, to)) {
		fprintf(stderr, "no memory\n");
		return 1;
	}
	int16_t *pcm = sound_voice(from, seconds, 1);
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t t0 = sound_cpu_ns();
		for (unsigned k = 0; k < seconds * PACKETS_A_SECOND; k++)
			(void)resample(r, out, ARRAY_LEN(out), pcm + k * n, n);
		v[i] = (double)(sound_cpu_ns() - t0);
	}
	mem_deref(r);
	free(pcm);
	printf("resample=%u-%u pct=%.4f\n", from, to, sound_median(v, ROUNDS) * 1e-7 / seconds);
	return 0;
}

/* ------------------------------------------------------------------ Opus beside the bare library */

static OpusEncoder *bare_new(uint32_t rate, int bitrate, int band)
{
	int err;
	OpusEncoder *e = opus_encoder_create((opus_int32)rate, 1, OPUS_APPLICATION_VOIP, &err);

	if (!e)
		return NULL;
	opus_encoder_ctl(e, OPUS_SET_BITRATE(bitrate));
	opus_encoder_ctl(e, OPUS_SET_COMPLEXITY(5));
	opus_encoder_ctl(e, OPUS_SET_MAX_BANDWIDTH(band));
	return e;
}

/* Both code the same sound, a hundred packets each in turn; the bytes must be the same, too. */
static int beside(uint32_t rate, int bitrate, int band)
{
	const struct codec_ops *c = codec_find(CODEC_OPUS, 48000, 0);
	struct coder_cfg cfg = {.rate = rate};
	size_t n = rate / PACKETS_A_SECOND;
	int16_t *pcm = sound_voice(rate, OPUS_ROUNDS * OPUS_PACKETS / PACKETS_A_SECOND, 2), *at = pcm;
	OpusEncoder *bare = bare_new(rate, bitrate, band);
	double ours_ns[OPUS_ROUNDS], bare_ns[OPUS_ROUNDS], ratio[OPUS_ROUNDS];
	static uint8_t p[2][OPUS_PACKETS][1500];
	static int l[2][OPUS_PACKETS];
	void *ours = NULL;
	int err = bare ? c->enc_new(&ours, c, &cfg) : ENOMEM;

	for (int r = 0; r < OPUS_ROUNDS && !err; r++, at += n * OPUS_PACKETS) {
		/* who goes first takes turns: the second one finds the sound in the cache */
		for (int k = 0; k < 2; k++) {
			bool mine = (r + k) % 2;
			uint64_t t0 = sound_cpu_ns();
			for (size_t i = 0; i < OPUS_PACKETS; i++)
				l[mine][i] = mine ? c->encode(ours, p[1][i], sizeof(p[1][i]), at + i * n, n)
						  : opus_encode(bare, at + i * n, (int)n, p[0][i], sizeof(p[0][i]));
			*(mine ? &ours_ns[r] : &bare_ns[r]) = (double)(sound_cpu_ns() - t0);
		}
		ratio[r] = ours_ns[r] / bare_ns[r];
		for (size_t i = 0; i < OPUS_PACKETS && !err; i++)
			if (l[0][i] <= 0 || l[0][i] != l[1][i] || memcmp(p[0][i], p[1][i], (size_t)l[0][i]))
				err = EIO;
	}
	mem_deref(ours);
	if (bare)
		opus_encoder_destroy(bare);
	free(pcm);
	if (err) {
		fprintf(stderr, "opus %u: the bare library does something else: %s\n", rate, strerror(err));
		return 1;
	}
	double us = OPUS_PACKETS * 1e3;
	printf("opus_pcm=%u ours_us=%.1f bare_us=%.1f ratio=%.3f\n", rate, sound_median(ours_ns, OPUS_ROUNDS) / us,
	       sound_median(bare_ns, OPUS_ROUNDS) / us, sound_median(ratio, OPUS_ROUNDS));
	return 0;
}

int sound_codec(int argc, char **argv)
{
	static const uint32_t rates[] = {8000, 16000, 48000};
	unsigned seconds = sound_arg(argc, argv, 1, 4, 1, 60);
	int err = 0;

	for (size_t i = 0; i < codec_table_n; i++) {
		const struct codec_ops *c = codec_table[i];
		if (!c->any_rate) {
			err |= row(c, c->rate, 0, seconds);
			continue;
		}
		for (size_t k = 0; k < ARRAY_LEN(rates); k++)
			err |= row(c, rates[k], 0, seconds) | row(c, rates[k], 10, seconds);
	}
	for (size_t i = 0; i < ARRAY_LEN(rates); i++)
		for (size_t k = 0; k < ARRAY_LEN(rates); k++)
			err |= i == k ? 0 : resample_row(rates[i], rates[k], seconds);
	err |= beside(8000, 16000, OPUS_BANDWIDTH_NARROWBAND);
	err |= beside(16000, 24000, OPUS_BANDWIDTH_WIDEBAND);
	err |= beside(48000, 32000, OPUS_BANDWIDTH_FULLBAND);
	return err;
}
