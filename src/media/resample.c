/*
 * resample.c - speexdsp's resampler in an object of ours.
 */
#include <speex/speex_resampler.h>
#include "base/slice.h"
#include "media/resample.h"

enum {
	/* what speexdsp calls VoIP: 3 ms of filter at 8 kHz, 3.5 kHz passed */
	QUALITY = SPEEX_RESAMPLER_QUALITY_VOIP,
	RATE_MIN = 8000,
	RATE_MAX = 48000,
};

struct resampler {
	SpeexResamplerState *st; /**< NULL: equal rates */
};

static void resampler_destroy(void *arg)
{
	struct resampler *r = arg;

	if (r->st)
		speex_resampler_destroy(r->st);
}

int resampler_alloc(struct resampler **rp, uint32_t from, uint32_t to)
{
	if (from < RATE_MIN || from > RATE_MAX || to < RATE_MIN || to > RATE_MAX)
		return EINVAL;
	struct resampler *r = mem_zalloc(sizeof(*r), resampler_destroy);
	if (!r)
		return ENOMEM;
	if (from != to) {
		r->st = speex_resampler_init(1, from, to, QUALITY, NULL);
		if (!r->st) {
			mem_deref(r);
			return ENOMEM;
		}
	}
	*rp = r;
	return 0;
}

size_t resample(struct resampler *r, int16_t *out, size_t max, const int16_t *in, size_t n)
{
	size_t done = 0;

	if (!r->st) {
		if (n > max)
			n = max;
		memcpy(out, in, n * sizeof(*out));
		return n;
	}
	/* the library takes a part at a time; whatever has no room in `out` is lost */
	while (n && done < max) {
		spx_uint32_t ni = (spx_uint32_t)n, no = (spx_uint32_t)(max - done);

		speex_resampler_process_int(r->st, 0, in, &ni, out + done, &no);
		if (ni == 0 && no == 0)
			break;
		in += ni;
		n -= ni;
		done += no;
	}
	return done;
}

size_t resampler_delay(const struct resampler *r)
{
	return r->st ? (size_t)speex_resampler_get_output_latency(r->st) : 0;
}
