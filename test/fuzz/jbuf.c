/*
 * jbuf.c - fuzz target: the jitter buffer. The input is a list of what happens: packets, digits, steps out, time.
 *
 * Rules: no more samples are written than asked for; figures add up; the delay aimed at keeps its limit.
 */
#include "fuzz.h"
#include "media/jbuf.h"

enum { STEP = 160 };

struct in {
	const uint8_t *p;
	size_t l;
};

static uint32_t take(struct in *in, unsigned n)
{
	uint32_t v = 0;

	for (; n && in->l; n--, in->l--)
		v = v << 8 | *in->p++;
	return v;
}

static void packet(struct jbuf *j, struct in *in, uint64_t us, uint32_t *ts, uint16_t *seq)
{
	uint8_t kind = (uint8_t)take(in, 1);
	size_t c = take(in, 1) % (codec_table_n + 1), l = take(in, 1);
	struct jbuf_pkt p = {.codec = c < codec_table_n ? codec_table[c] : NULL, .marker = kind & 1, .ssrc = kind >> 6};

	if (kind & 2)
		*seq = (uint16_t)take(in, 2);
	else
		(*seq)++;
	*ts = kind & 4 ? take(in, 4) : *ts + STEP;
	p.seq = *seq;
	p.ts = *ts;
	if (kind & 8)
		p.par = (uint16_t)take(in, 2);
	if (kind & 16)
		l *= 23;
	/* a copy of the exact size: whoever reads too far is found */
	uint8_t *b = malloc(l ? l : 1);
	if (!b)
		return;
	for (size_t i = 0; i < l; i++)
		b[i] = in->l ? (uint8_t)take(in, 1) : (uint8_t)(i * 31);
	p.p = b;
	p.l = l;
	if (kind & 32)
		jbuf_skip(j, p.seq, p.ts, p.ssrc);
	else
		jbuf_put(j, &p, us);
	free(b);
}

static void step(struct jbuf *j, size_t n, uint64_t us)
{
	int16_t *pcm = malloc(n * sizeof(*pcm));
	struct jbuf_stats st;

	if (!pcm)
		return;
	bool sound = jbuf_get(j, pcm, n, us);
	for (size_t i = 0; !sound && i < n; i++)
		FUZZ_ASSERT(pcm[i] == 0);
	free(pcm);
	jbuf_stats(j, &st);
	FUZZ_ASSERT(st.concealed <= st.played && st.silent <= st.concealed);
	FUZZ_ASSERT(st.target_us <= 500000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t rates[] = {8000, 16000, 32000, 48000};
	struct in in = {data, size};
	uint32_t ts = 0, head = take(&in, 1);
	struct jbuf_cfg c = {.rate = rates[head & 3], .fixed = head & 4, .min_ms = head & 8 ? 60 : 0};
	uint64_t us = 1000000;
	uint16_t seq = 0;
	struct jbuf *j;

	if (jbuf_alloc(&j, &c))
		return 0;
	for (unsigned steps = 0; in.l && steps < 400; steps++) {
		uint8_t what = (uint8_t)take(&in, 1);

		if (what < 110) {
			packet(j, &in, us, &ts, &seq);
		} else if (what < 220) {
			us += 20000;
			step(j, c.rate / 100 * (1 + what % 6), us);
		} else if (what < 250) {
			us += take(&in, 3);
		} else {
			jbuf_flush(j);
		}
	}
	mem_deref(j);
	FUZZ_ASSERT(mem_live() == 0);
	return 0;
}
