/*
 * rx_test.c - a stream's packets on their way into its jitter buffer: which codec they are of, what has no sound, what
 * changes on the way.
 */
#include "media/rx.h"
#include "voice_fixture.h"

enum { RATE = 16000, STEP = RATE / 50 };

struct ears {
	struct fx f;
	struct phone *p;
	struct mstream *s;
	size_t n, loud; /* samples taken, and steps in which there was sound */
	int16_t pcm[RATE * 4];
};

static void ears_open(struct ears *e, const struct mcodec *c, size_t n)
{
	const struct jbuf_cfg cfg = {.rate = RATE};

	e->n = e->loud = 0;
	fx_init(&e->f);
	e->p = fx_phone(&e->f, "10.0.0.1", 4000);
	e->s = fx_stream(&e->f, e->p);
	struct mstream_remote r = fx_remote(&e->p->addr);
	memcpy(r.codec, c, n * sizeof(*c));
	r.ncodec = (uint8_t)n;
	mstream_set_remote(e->s, &r);
	vnet_run(e->f.net, 30);
	assert_int_equal(rx_open(&e->s->w, &cfg), 0);
}

static void ears_close(struct ears *e)
{
	mstream_close(e->s, NULL, NULL);
	vnet_run(e->f.net, 10);
	fx_free(&e->f);
}

/* 20 ms of it are taken out. */
static void take(struct ears *e)
{
	assert_true(e->n + STEP <= ARRAY_LEN(e->pcm));
	e->loud += rx_get(&e->s->w, e->pcm + e->n, STEP, loop_now_us(e->f.l));
	e->n += STEP;
}

static void hear(struct ears *e, struct voice *v, unsigned ms)
{
	for (unsigned t = 0; t < ms; t += 20) {
		voice_say(v, true);
		vnet_run(e->f.net, 20);
		take(e);
	}
}

static double share_from(const struct ears *e, size_t from, unsigned hz)
{
	return tone_share(e->pcm + from, e->n - from, hz, RATE);
}

/* As parties write them: Opus is Opus whatever it says of channels, and who says nothing has one. */
static void test_any_codec(void **state)
{
	static const struct mcodec v[] = {
		{96, "OPUS", 48000, 2, 0, 0}, {96, "OPUS", 48000, 1, 0, 0}, {96, "OPUS", 48000, 0, 0, 0},
		{9, "G722", 8000, 1, 0, 0},   {9, "G722", 8000, 0, 0, 0},   {3, "GSM", 8000, 1, 0, 0},
		{8, "PCMA", 8000, 0, 0, 0},   {97, "L16", 16000, 0, 0, 0},
	};
	struct ears *e = mem_zalloc(sizeof(*e), NULL);
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct voice w;
		const struct codec_ops *c = codec_find(codec_id_of(slice_str(v[i].name)), v[i].rate, i < 3 ? 2 : 1);
		ears_open(e, &v[i], 1);
		voice_open(&w, e->p, c, v[i].pt, 700);
		hear(e, &w, 1000);
		assert_in_range(e->loud, 44, 50);
		assert_true(share_from(e, RATE / 5, 700) > 0.85);
		voice_close(&w);
		ears_close(e);
	}
	mem_deref(e);
}

/* Digits and what we cannot decode take their numbers, but are no sound and no loss. */
static void test_what_has_no_sound(void **state)
{
	static const struct mcodec c[] = {
		{0, "PCMU", 8000, 1, 0, 0}, {101, "TELEPHONE-EVENT", 8000, 1, 0, 0}, {18, "G729", 8000, 1, 0, 0}};
	struct ears *e = mem_zalloc(sizeof(*e), NULL);
	struct jbuf_stats st;
	struct voice v;
	(void)state;

	ears_open(e, c, ARRAY_LEN(c));
	voice_open(&v, e->p, codec_find(CODEC_PCMU, 8000, 1), 0, 700);
	hear(e, &v, 500);
	for (int i = 0; i < 20; i++) {
		static const uint8_t event[] = {5, 10, 0, 160}, g729[10] = {1};
		e->p->pt = i % 2 ? 101 : 18;
		phone_raw(e->p, i % 2 ? event : g729, i % 2 ? sizeof(event) : sizeof(g729));
		e->p->seq++;
		e->p->ts += 160;
		vnet_run(e->f.net, 20);
		take(e);
	}
	e->p->pt = 0;
	size_t at = e->n + RATE / 5;
	hear(e, &v, 500);
	assert_true(share_from(e, at, 700) > 0.85);
	jbuf_stats(rx_jbuf(&e->s->w), &st);
	assert_int_equal(st.concealments, 0);
	assert_int_equal(st.late + st.dup + st.overflow, 0);
	voice_close(&v);
	ears_close(e);
	mem_deref(e);
}

/* Nothing is open: silence, and no figures. What was open leaves its figures behind. */
static void test_open_and_closed(void **state)
{
	static const struct mcodec c = {0, "PCMU", 8000, 1, 0, 0};
	const struct jbuf_cfg bad = {.rate = 44100}, cfg = {.rate = RATE};
	struct ears *e = mem_zalloc(sizeof(*e), NULL);
	struct voice v;
	int16_t pcm[4] = {1, 2, 3, 4};
	(void)state;

	ears_open(e, &c, 1);
	voice_open(&v, e->p, codec_find(CODEC_PCMU, 8000, 1), 0, 700);
	hear(e, &v, 2000);
	/* an error changes nothing, another buffer takes the place of the first */
	struct jbuf *j = rx_jbuf(&e->s->w);
	assert_int_equal(rx_open(&e->s->w, &bad), EINVAL);
	assert_ptr_equal(rx_jbuf(&e->s->w), j);
	assert_int_equal(rx_open(&e->s->w, &cfg), 0);
	rx_close(&e->s->w);
	rx_close(&e->s->w);
	assert_null(rx_jbuf(&e->s->w));
	assert_false(rx_get(&e->s->w, pcm, 4, loop_now_us(e->f.l)));
	for (int i = 0; i < 4; i++)
		assert_int_equal(pcm[i], 0);
	vnet_run(e->f.net, 1500);
	struct mstream_stats st = fx_stats(&e->f, e->s);
	assert_in_range(st.played_ms, 1800, 2000);
#ifdef OH_DEBUG
	for (long i = 0;; i++) {
		mem_fail_at(i);
		int err = rx_open(&e->s->w, &cfg);
		mem_fail_off();
		if (!err)
			break;
		assert_int_equal(err, ENOMEM);
		assert_null(rx_jbuf(&e->s->w));
	}
#endif
	voice_close(&v);
	ears_close(e);
	mem_deref(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_codec),
		cmocka_unit_test(test_what_has_no_sound),
		cmocka_unit_test(test_open_and_closed),
	};

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
