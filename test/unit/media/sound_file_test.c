/*
 * sound_file_test.c - sound files of every kind: what they decode to, at which rate, cut short and damaged; sounds and
 * feeds as sources.
 */
#include <gsm.h>
#include <math.h>
#include <opusenc.h>
#include <spandsp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "fixture.h"
#include "media/sound.h"
#include "media/tone.h"

enum { SECOND = 48000, BYTES = 400000 };
static uint8_t file[BYTES];
static char path[64];

static int16_t tone_at(size_t i, unsigned rate)
{
	return (int16_t)lrint(10000 * sin(2 * M_PI * 440 * (double)i / rate));
}

static void le(uint8_t *p, uint32_t v, int n)
{
	while (n--) {
		*p++ = (uint8_t)v;
		v >>= 8;
	}
}

/* One second of 440 Hz in all channels. */
static size_t make_wav(unsigned format, unsigned bits, unsigned ch, unsigned rate)
{
	size_t frame = (size_t)bits / 8 * ch, bytes = frame * rate / 2;
	uint8_t *p = file;

	memcpy(p, "RIFF\0\0\0\0WAVEfmt ", 16);
	le(p + 16, 16, 4);
	le(p + 20, format, 2);
	le(p + 22, ch, 2);
	le(p + 24, rate, 4);
	le(p + 28, (uint32_t)(rate * frame), 4);
	le(p + 32, (uint32_t)frame, 2);
	le(p + 34, bits, 2);
	memcpy(p + 36, "data", 4);
	le(p + 40, (uint32_t)bytes, 4);
	p += 44;
	assert_true(bytes + 44 <= BYTES);
	for (size_t i = 0; i < rate / 2; i++) {
		int v = tone_at(i, rate);

		for (unsigned c = 0; c < ch; c++, p += bits / 8) {
			float f = (float)v / 32768.0f;

			if (format == 3)
				memcpy(p, &f, 4);
			else if (format == 6 || format == 7)
				*p = format == 6 ? g711_alaw_enc((int16_t)v) : g711_ulaw_enc((int16_t)v);
			else if (bits == 8)
				*p = (uint8_t)(v / 256 + 128);
			else
				le(p, (uint32_t)v << (bits - 16), (int)bits / 8);
		}
	}
	return (size_t)(p - file);
}

static size_t make_raw(const char *ending, unsigned rate)
{
	static int16_t pcm[SECOND];
	size_t n = rate / 2, l = 0;

	for (size_t i = 0; i < n; i++)
		pcm[i] = tone_at(i, rate);
	if (!strcmp(ending, "gsm")) {
		gsm g = gsm_create();

		for (size_t i = 0; i + 160 <= n; i += 160, l += 33)
			gsm_encode(g, pcm + i, file + l);
		gsm_destroy(g);
	} else if (!strcmp(ending, "g722")) {
		g722_encode_state_t *g = g722_encode_init(NULL, 64000, 0);

		l = (size_t)g722_encode(g, file, pcm, (int)n);
		(void)g722_encode_free(g);
	} else if (!strcmp(ending, "ulaw") || !strcmp(ending, "alaw")) {
		for (size_t i = 0; i < n; i++)
			file[l++] = *ending == 'u' ? g711_ulaw_enc(pcm[i]) : g711_alaw_enc(pcm[i]);
	} else {
		for (size_t i = 0; i < n; i++, l += 2)
			le(file + l, (uint16_t)pcm[i], 2);
	}
	return l;
}

static int opus_put(void *arg, const unsigned char *p, opus_int32 l)
{
	size_t *at = arg;

	assert_true(*at + (size_t)l <= BYTES);
	memcpy(file + *at, p, (size_t)l);
	*at += (size_t)l;
	return 0;
}

static int opus_shut(void *arg)
{
	(void)arg;
	return 0;
}

static size_t make_opus(unsigned ch)
{
	static const OpusEncCallbacks cb = {opus_put, opus_shut};
	static opus_int16 pcm[SECOND * 2];
	OggOpusComments *c = ope_comments_create();
	size_t l = 0;
	OggOpusEnc *e = ope_encoder_create_callbacks(&cb, &l, c, 48000, (int)ch, 0, NULL);

	for (size_t i = 0; i < SECOND / 2; i++)
		for (unsigned k = 0; k < ch; k++)
			pcm[i * ch + k] = tone_at(i, 48000);
	assert_int_equal(ope_encoder_write(e, pcm, SECOND / 2), 0);
	assert_int_equal(ope_encoder_drain(e), 0);
	ope_encoder_destroy(e);
	ope_comments_destroy(c);
	return l;
}

/* Half a second of the tone, loud as it was, at that rate. */
static void check(const char *name, size_t l, uint32_t rate, size_t slack)
{
	static const uint32_t to[] = {0, 8000, 16000, 48000};
	struct sound *s;

	for (size_t i = 0; i < ARRAY_LEN(to); i++) {
		int err = sound_decode(&s, name, file, l, to[i]), peak = 0;

		if (err)
			fail_msg("%s at %u: %s", name, to[i], err_str(err));
		assert_int_equal(s->rate, to[i] ? to[i] : rate);
		if (s->n + slack < s->rate / 2 || s->n > s->rate / 2 + slack)
			fail_msg("%s at %u: %zu samples", name, to[i], s->n);
		assert_true(tone_share(s->s + s->n / 8, s->n / 2, 440, s->rate) > 0.95);
		for (size_t k = s->n / 8; k < s->n / 2; k++)
			peak = s->s[k] > peak ? s->s[k] : peak;
		if (peak < 8800 || peak > 11500)
			fail_msg("%s at %u: peak %d", name, to[i], peak);
		mem_deref(s);
	}
}

static void test_wav_kinds(void **state)
{
	static const struct {
		unsigned format, bits, ch, rate, native;
	} v[] = {{1, 8, 1, 8000, 8000},    {1, 16, 1, 8000, 8000},   {1, 16, 2, 16000, 16000}, {1, 24, 1, 44100, 44100},
		 {1, 24, 2, 48000, 48000}, {1, 32, 1, 22050, 22050}, {3, 32, 1, 32000, 32000}, {6, 8, 1, 8000, 8000},
		 {7, 8, 2, 8000, 8000},    {7, 8, 8, 11025, 11025},  {1, 16, 1, 96000, 48000}, {1, 16, 1, 4000, 8000}};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		check("x.wav", make_wav(v[i].format, v[i].bits, v[i].ch, v[i].rate), v[i].native, 3);
	/* known by what it holds, whatever it is called */
	check("x.gsm", make_wav(1, 16, 1, 8000), 8000, 1);
}

static void test_raw_kinds(void **state)
{
	static const struct {
		const char *ending;
		unsigned rate, slack;
	} v[] = {{"ulaw", 8000, 1},   {"alaw", 8000, 1},   {"gsm", 8000, 170},  {"g722", 16000, 30}, {"sln", 8000, 1},
		 {"sln16", 16000, 1}, {"sln24", 24000, 1}, {"sln44", 44100, 1}, {"sln48", 48000, 1}};
	char name[16];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		snprintf(name, sizeof(name), "x.%s", v[i].ending);
		assert_true(sound_file_known(slice_str(name)));
		check(name, make_raw(v[i].ending, v[i].rate), v[i].rate, v[i].slack * 6);
	}
	assert_false(sound_file_known(SLICE("x.mp3")));
	assert_false(sound_file_known(SLICE("wav")));
	assert_false(sound_file_known(SLICE("a.wav/b")));
	assert_true(sound_file_known(SLICE("a.b/c.WAV")));
}

static void test_opus(void **state)
{
	(void)state;
	check("x.opus", make_opus(1), 48000, 400);
	check("x.ogg", make_opus(2), 48000, 400);
}

/* Cut anywhere, and with any byte of the beginning wrong: less sound or an error. */
static void damage(const char *name, size_t l, size_t head)
{
	static uint8_t keep[BYTES];
	struct sound *s;

	memcpy(keep, file, l);
	for (size_t n = 0; n < l; n += n < head ? 1 : l / 23) {
		int err = sound_decode(&s, name, file, n, 16000);

		if (!err) {
			assert_in_range(s->n, 0, 8000 + 600);
			mem_deref(s);
		} else {
			assert_int_equal(err, ERR_SYNTAX);
		}
	}
	for (size_t i = 0; i < head; i++) {
		memcpy(file, keep, l);
		file[i] ^= 0xff;
		if (!sound_decode(&s, name, file, l, 8000))
			mem_deref(s);
	}
}

static void test_damaged(void **state)
{
	struct sound *s;
	(void)state;

	damage("x.wav", make_wav(1, 16, 1, 8000), 48);
	damage("x.wav", make_wav(1, 24, 2, 8000), 48);
	damage("x.opus", make_opus(1), 120);
	damage("x.gsm", make_raw("gsm", 8000), 40);
	damage("x.g722", make_raw("g722", 16000), 10);
	assert_int_equal(sound_decode(&s, "x.mp3", file, 100, 0), ERR_SYNTAX);
	assert_int_equal(sound_decode(&s, "x.wav", file, 0, 0), ERR_SYNTAX);
	assert_int_equal(sound_read(&s, "/nonexistent/x.wav"), ENOENT);
	assert_int_equal(sound_read(&s, "/dev/zero"), ERR_SYNTAX);
	assert_int_equal(sound_read(&s, "/tmp"), ERR_SYNTAX);
}

static void put_file(const char *ending, size_t l)
{
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/offhook-sound-%d.%s", (int)getpid(), ending);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(file, 1, l, f), l);
	fclose(f);
}

/* Longer than sounds in memory may be; read piece by piece it goes on. */
static void test_too_long(void **state)
{
	struct sound *s;
	(void)state;

	memset(file, 0x7f, 80000);
	snprintf(path, sizeof(path), "/tmp/offhook-sound-%d.ulaw", (int)getpid());
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	for (int i = 0; i < 61; i++)
		assert_int_equal(fwrite(file, 1, 80000, f), 80000);
	fclose(f);
	assert_int_equal(sound_read(&s, path), EFBIG);
	unlink(path);
}

static void test_pieces_and_seek(void **state)
{
	static int16_t a[8000], b[8000];
	struct sound_file *f;
	size_t n = 0;
	(void)state;

	/* two seconds, the second one louder */
	for (size_t i = 0; i < 16000; i++)
		file[i] = g711_ulaw_enc((int16_t)(i < 8000 ? 1000 : 8000));
	put_file("ulaw", 16000);
	assert_int_equal(sound_file_open(&f, path, 16000), 0);
	assert_int_equal(sound_file_rate(f), 16000);
	for (size_t got; (got = sound_file_read(f, a, 777)) > 0;)
		n += got;
	assert_int_equal(n, 32000);
	assert_true(sound_file_seek(f, 1));
	assert_int_equal(sound_file_read(f, b, 8000), 8000);
	for (size_t i = 200; i < 7800; i++)
		assert_in_range(b[i], 7000, 9000);
	assert_false(sound_file_seek(f, 2));
	assert_int_equal(sound_file_read(f, b, 100), 100);
	mem_deref(f);
	unlink(path);
	make_wav(1, 16, 2, 16000);
	put_file("wav", 44 + 32000);
	assert_int_equal(sound_file_open(&f, path, 0), 0);
	assert_true(sound_file_seek(f, 0));
	assert_false(sound_file_seek(f, 1));
	assert_int_equal(sound_file_read(f, a, 8000), 8000);
	mem_deref(f);
	unlink(path);
	size_t l = make_opus(1);
	put_file("opus", l);
	assert_int_equal(sound_file_open(&f, path, 16000), 0);
	assert_int_equal(sound_file_read(f, a, 1000), 1000);
	assert_true(sound_file_seek(f, 0));
	assert_int_equal(sound_file_read(f, b, 1000), 1000);
	assert_false(sound_file_seek(f, 1));
	mem_deref(f);
	unlink(path);
}

/* ------------------------------------------------------------------ sources */

static struct sound *make_sound(uint32_t rate, size_t n, int16_t v)
{
	struct sound *s = mem_alloc(sizeof(*s) + n * sizeof(s->s[0]), NULL);

	assert_non_null(s);
	s->rate = rate;
	s->n = n;
	for (size_t i = 0; i < n; i++)
		s->s[i] = v;
	return s;
}

static void count_h(void *arg)
{
	++*(int *)arg;
}

static void test_source(void **state)
{
	struct sound *v[] = {make_sound(16000, 100, 1), make_sound(16000, 0, 9), make_sound(16000, 50, 2)};
	struct sound *odd[] = {v[0], make_sound(8000, 10, 3)};
	struct media_source *src;
	int16_t pcm[400];
	int ended = 0;
	(void)state;

	assert_int_equal(sound_source(&src, odd, 2, 1, NULL, NULL), EINVAL);
	assert_int_equal(sound_source(&src, v, 3, 2, count_h, &ended), 0);
	assert_int_equal(src->rate, 16000);
	assert_int_equal(src->read(src, pcm, 120), 120);
	assert_true(pcm[99] == 1 && pcm[100] == 2);
	assert_int_equal(src->read(src, pcm, 400), 180);
	assert_true(pcm[29] == 2 && pcm[30] == 1 && pcm[179] == 2);
	assert_int_equal(src->read(src, pcm, 400), 0);
	src->done(src);
	assert_int_equal(ended, 1);
	/* for ever, and of nothing at all */
	assert_int_equal(sound_source(&src, v, 3, 0, NULL, NULL), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(src->read(src, pcm, 400), 400);
	src->done(src);
	assert_int_equal(sound_source(&src, v + 1, 1, 0, NULL, NULL), 0);
	assert_int_equal(src->read(src, pcm, 400), 0);
	src->done(src);
	assert_int_equal(sound_source(&src, v, 0, 0, NULL, NULL), 0);
	assert_int_equal(src->read(src, pcm, 400), 0);
	src->done(src);
	for (size_t i = 0; i < 3; i++)
		mem_deref(v[i]);
	mem_deref(odd[1]);
}

static void put_ramp(struct sound_feed *f, int16_t *next, size_t n)
{
	int16_t pcm[1000];

	for (size_t i = 0; i < n; i++)
		pcm[i] = (*next)++;
	sound_feed_put(f, pcm, n);
}

static void test_feed(void **state)
{
	struct media_source *a, *b;
	struct sound_feed *f;
	int16_t pcm[1000], next = 1;
	(void)state;

	assert_int_equal(sound_feed_alloc(&f, 8000, 250), 0); /* 2000 samples */
	assert_int_equal(sound_feed_source(&a, f, 400, NULL, NULL), 0);
	/* nothing there yet: silence, and counted */
	assert_int_equal(a->read(a, pcm, 160), 160);
	assert_true(pcm[0] == 0 && pcm[159] == 0);
	assert_int_equal(sound_feed_dry(f), 160);
	put_ramp(f, &next, 1000);
	assert_int_equal(a->read(a, pcm, 160), 160);
	assert_true(pcm[0] == 601 && pcm[159] == 760);
	/* another one hears the same, from where it comes in */
	assert_int_equal(sound_feed_source(&b, f, 100, NULL, NULL), 0);
	assert_int_equal(b->read(b, pcm, 100), 100);
	assert_true(pcm[0] == 901 && pcm[99] == 1000);
	/* dry in the middle: what there is, then silence; on again when there is enough */
	assert_int_equal(a->read(a, pcm, 300), 300);
	assert_true(pcm[239] == 1000 && pcm[240] == 0);
	put_ramp(f, &next, 100);
	assert_int_equal(a->read(a, pcm, 160), 160);
	assert_true(pcm[0] == 0);
	put_ramp(f, &next, 500);
	assert_int_equal(a->read(a, pcm, 160), 160);
	assert_int_equal(pcm[0], 1600 - 400 + 1);
	/* overtaken: a moment of silence, then in the middle again */
	for (int i = 0; i < 5; i++)
		put_ramp(f, &next, 1000);
	assert_int_equal(b->read(b, pcm, 100), 100);
	assert_int_equal(b->read(b, pcm, 100), 100);
	assert_int_equal(pcm[0], 6600 - 100 + 1);
	assert_int_equal(sound_feed_total(f), 6600);
	a->done(a);
	mem_deref(f);
	b->done(b);
}

static void test_out_of_memory(void **state)
{
	size_t l = make_wav(1, 16, 1, 48000);
	struct sound *s;
	int err;
	(void)state;

	for (long n = 0;; n++) {
		mem_fail_at(n);
		err = sound_decode(&s, "x.wav", file, l, 8000);
		(void)mem_fail_off();
		if (!err)
			break;
		assert_int_equal(err, ENOMEM);
		assert_true(n < 50);
	}
	mem_deref(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wav_kinds),     cmocka_unit_test(test_raw_kinds),
		cmocka_unit_test(test_opus),          cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_too_long),      cmocka_unit_test(test_pieces_and_seek),
		cmocka_unit_test(test_source),        cmocka_unit_test(test_feed),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
