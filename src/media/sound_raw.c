/*
 * sound_raw.c - files of bare codec data, known by their endings alone: G.711, G.722 (64 kbit/s), GSM 06.10 and
 * signed linear samples, least significant byte first.
 */
#include <gsm.h>
#include <spandsp.h>
#include <string.h>
#include "media/sound_priv.h"
#include "media/tone.h"

enum raw_kind { RAW_ULAW, RAW_ALAW, RAW_SLIN, RAW_G722, RAW_GSM };
enum { BLOCK = 1024, GSM_FRAME = 33, GSM_SAMPLES = 160 };

struct raw {
	struct sound_reader r;
	FILE *f;
	enum raw_kind kind;
	g722_decode_state_t *g722;
	struct gsm_state *gsm;
	size_t at, have; /* decoded samples that were not taken yet */
	int16_t pcm[2 * BLOCK];
};

static const struct {
	const char *ending;
	enum raw_kind kind;
	uint32_t rate;
} kinds[] = {
	{"ulaw", RAW_ULAW, 8000},   {"ul", RAW_ULAW, 8000},     {"pcm", RAW_ULAW, 8000},    {"mu", RAW_ULAW, 8000},
	{"alaw", RAW_ALAW, 8000},   {"al", RAW_ALAW, 8000},     {"g722", RAW_G722, 16000},  {"gsm", RAW_GSM, 8000},
	{"sln", RAW_SLIN, 8000},    {"raw", RAW_SLIN, 8000},    {"sln8", RAW_SLIN, 8000},   {"sln12", RAW_SLIN, 12000},
	{"sln16", RAW_SLIN, 16000}, {"sln24", RAW_SLIN, 24000}, {"sln32", RAW_SLIN, 32000}, {"sln44", RAW_SLIN, 44100},
	{"sln48", RAW_SLIN, 48000},
};

/* The next piece of the file into r->pcm; false: the end. */
static bool refill(struct raw *r)
{
	uint8_t b[BLOCK];
	size_t n,
		unit = r->kind == RAW_GSM    ? GSM_FRAME
		       : r->kind == RAW_SLIN ? 2
					     : 1,
		room = unit > 1 ? BLOCK / 32 : BLOCK;

	r->at = r->have = 0;
	if (r->kind == RAW_GSM)
		room = 4;
	n = fread(b, unit, room, r->f);
	switch (r->kind) {
	case RAW_ULAW:
	case RAW_ALAW:
		for (size_t i = 0; i < n; i++)
			r->pcm[i] = r->kind == RAW_ULAW ? g711_ulaw_dec(b[i]) : g711_alaw_dec(b[i]);
		r->have = n;
		break;
	case RAW_SLIN:
		for (size_t i = 0; i < n; i++)
			r->pcm[i] = (int16_t)(b[2 * i] | b[2 * i + 1] << 8);
		r->have = n;
		break;
	case RAW_G722: {
		int got = n ? g722_decode(r->g722, r->pcm, b, (int)n) : 0;

		r->have = got > 0 ? (size_t)got : 0;
		break;
	}
	case RAW_GSM:
		for (size_t i = 0; i < n; i++) {
			/* a damaged frame is silence */
			if (gsm_decode(r->gsm, b + i * GSM_FRAME, r->pcm + i * GSM_SAMPLES))
				memset(r->pcm + i * GSM_SAMPLES, 0, GSM_SAMPLES * sizeof(int16_t));
		}
		r->have = n * GSM_SAMPLES;
		break;
	}
	return r->have > 0;
}

static size_t raw_next(struct sound_reader *sr, int16_t *pcm, size_t n)
{
	struct raw *r = CONTAINER_OF(sr, struct raw, r);
	size_t got = 0;

	while (got < n && (r->at < r->have || refill(r))) {
		size_t l = r->have - r->at < n - got ? r->have - r->at : n - got;

		memcpy(pcm + got, r->pcm + r->at, l * sizeof(*pcm));
		r->at += l;
		got += l;
	}
	return got;
}

static bool raw_seek(struct sound_reader *sr, uint64_t sample)
{
	struct raw *r = CONTAINER_OF(sr, struct raw, r);
	uint64_t at = sample;
	long now = ftell(r->f), end;

	if (r->kind == RAW_SLIN)
		at = sample * 2;
	else if (r->kind == RAW_G722)
		at = sample / 2;
	else if (r->kind == RAW_GSM)
		at = sample / GSM_SAMPLES * GSM_FRAME;
	if (now < 0 || fseek(r->f, 0, SEEK_END))
		return false;
	end = ftell(r->f);
	if (end < 0 || at >= (uint64_t)end || fseek(r->f, (long)at, SEEK_SET)) {
		(void)fseek(r->f, now, SEEK_SET);
		return false;
	}
	r->at = r->have = 0;
	return true;
}

static void raw_destroy(void *obj)
{
	struct raw *r = obj;

	if (r->g722)
		(void)g722_decode_free(r->g722);
	if (r->gsm)
		gsm_destroy(r->gsm);
}

static size_t find(struct slice ending)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(kinds); i++)
		if (slice_ieqs(ending, kinds[i].ending))
			break;
	return i;
}

bool sound_raw_known(struct slice ending)
{
	return find(ending) < ARRAY_LEN(kinds);
}

int sound_raw_open(struct sound_reader **rp, FILE *f, struct slice ending)
{
	size_t i = find(ending);
	struct raw *r;

	if (i == ARRAY_LEN(kinds))
		return ERR_SYNTAX;
	r = mem_zalloc(sizeof(*r), raw_destroy);
	if (!r)
		return ENOMEM;
	r->f = f;
	r->kind = kinds[i].kind;
	r->r.rate = kinds[i].rate;
	r->r.read = raw_next;
	r->r.seek = raw_seek;
	if (r->kind == RAW_G722)
		r->g722 = g722_decode_init(NULL, 64000, 0);
	else if (r->kind == RAW_GSM)
		r->gsm = gsm_create();
	if ((r->kind == RAW_G722 && !r->g722) || (r->kind == RAW_GSM && !r->gsm)) {
		mem_deref(r);
		return ENOMEM;
	}
	*rp = &r->r;
	return 0;
}
