/*
 * codec.c - fuzz target: payloads of every codec, comfort noise, format parameters; the first byte says which. Then
 * come packets, each behind two bytes: 12 bits of its length, and what is done to it.
 *
 * Rules: no more samples than there is room for, as many as duration() says; what hides a loss keeps to its length.
 */
#include "base/mem.h"
#include "fuzz.h"
#include "media/cn.h"
#include "media/codec.h"

enum { GUARD = 0x5a5a, HIDE = 1, TIGHT = 2, FEC = 4 };

static int16_t pcm[CODEC_FRAME_MAX + 1];

static int guarded(int n, size_t room)
{
	FUZZ_ASSERT(pcm[room] == GUARD);
	FUZZ_ASSERT(n <= (int)room);
	return n;
}

static void feed(const struct codec_ops *c, void *d, uint8_t what, const uint8_t *p, size_t l)
{
	size_t room = what & TIGHT ? c->rate / 50 : CODEC_FRAME_MAX, step = c->rate / 50;

	pcm[room] = GUARD;
	if (what & HIDE && c->conceal)
		guarded(c->conceal(d, pcm, step), room);
	if (what & FEC && c->fec)
		guarded(c->fec(d, pcm, step, p, l), room);
	uint64_t dur = c->duration(c, p, l);
	int n = guarded(c->decode(d, pcm, room, p, l), room);
	if (n <= 0)
		return;
	/* a clock of 8000 stands for 16000 samples in G.722; a resampler may hold back one sample */
	uint64_t want = dur * c->rate / c->clock;
	FUZZ_ASSERT((uint64_t)n == want || (c->id == CODEC_L16 && (uint64_t)n + 1 >= want && (uint64_t)n <= want + 1));
}

static void fuzz_decoder(const struct codec_ops *c, const uint8_t *p, size_t l)
{
	void *d = NULL;

	FUZZ_ASSERT(c->dec_new(&d, c, &(struct coder_cfg){0}) == 0);
	for (int i = 0; l >= 2 && i < 20; i++) {
		uint8_t what = p[1] & 0xf;
		size_t n = (size_t)(p[1] >> 4) << 8 | p[0];
		p += 2;
		l -= 2;
		n = n < l ? n : l;
		feed(c, d, what, p, n);
		p += n;
		l -= n;
	}
	mem_deref(d);
}

static void fuzz_cn(const uint8_t *p, size_t l)
{
	struct cn c;

	cn_init(&c, 1);
	pcm[160] = GUARD;
	for (int i = 0; l && i < 20; i++) {
		size_t n = p[0] % 32 < l ? p[0] % 32 : l;
		cn_set(&c, p, n, p[0] & 0x80 ? 8000 : 16000, 16000);
		cn_make(&c, pcm, 160);
		FUZZ_ASSERT(pcm[160] == GUARD);
		p += n ? n : 1;
		l -= n ? n : 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	size_t which = data[0] % (codec_table_n + 2);
	if (which < codec_table_n)
		fuzz_decoder(codec_table[which], data + 1, size - 1);
	else if (which == codec_table_n)
		fuzz_cn(data + 1, size - 1);
	else
		for (size_t i = 0; i < codec_table_n; i++)
			(void)codec_par(codec_table[i], slice_mem(data + 1, size - 1));
	return 0;
}
