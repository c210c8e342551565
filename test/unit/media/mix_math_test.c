/*
 * mix_math_test.c - sums, gains, the limiter and the noise floor of the mixer, alone.
 */
#include <math.h>
#include <stdlib.h>
#include "fixture.h"
#include "media/mix_priv.h"

enum { N = 160 };

static void tone(int16_t *p, size_t n, double hz, double amp)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (int16_t)lrint(amp * sin(2 * M_PI * hz * (double)i / 8000));
}

static void test_room_without_one_is_exact(void **state)
{
	int16_t a[N], b[N], c[N], out[N];
	int32_t sum[N] = {0}, rest[N];
	(void)state;

	tone(a, N, 300, 9000);
	tone(b, N, 700, 8000);
	tone(c, N, 1900, 7000);
	mix_add(sum, a, N);
	mix_add(sum, b, N);
	mix_add(sum, c, N);
	mix_sub(rest, sum, b, N);
	mix_pack(out, rest, N, 1, 1);
	for (int i = 0; i < N; i++)
		assert_int_equal(out[i], a[i] + c[i]);
	/* odd lengths, too */
	memset(sum, 0, sizeof(sum));
	mix_add(sum, a, 13);
	assert_int_equal(sum[12], a[12]);
	assert_int_equal(sum[13], 0);
}

static void test_levels(void **state)
{
	static const struct {
		double amp;
		int dbov;
	} v[] = {{32767, -3}, {16384, -9}, {3277, -23}, {328, -43}, {33, -63}};
	int16_t p[N];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		tone(p, N, 500, v[i].amp);
		assert_int_equal((int)lrintf(mix_level(p, N)), v[i].dbov);
		assert_int_equal((int)lrintf(mix_level(p, 157)), v[i].dbov);
	}
	for (int i = 0; i < N; i++)
		p[i] = i & 1 ? 32767 : -32767;
	assert_int_equal((int)lrintf(mix_level(p, N)), 0);
	memset(p, 0, sizeof(p));
	assert_int_equal((int)mix_level(p, N), -127);
	assert_int_equal((int)mix_level(p, 0), -127);
}

static void test_peak(void **state)
{
	int32_t v[N] = {0};
	(void)state;

	assert_int_equal(mix_peak(v, N), 0);
	v[N - 1] = -90000;
	v[3] = 80000;
	assert_int_equal(mix_peak(v, N), 90000);
}

static void test_gain_ramps(void **state)
{
	int16_t p[N];
	(void)state;

	for (int i = 0; i < N; i++)
		p[i] = 10000;
	mix_gain(p, N, 0, 1, 80);
	assert_int_equal(p[0], 0);
	for (int i = 1; i < 80; i++)
		assert_true(p[i] > p[i - 1]);
	assert_int_equal(p[80], 10000);
	mix_gain(p, N, 1, 0, 80);
	for (int i = 80; i < N; i++)
		assert_int_equal(p[i], 0);
	for (int i = 0; i < N; i++)
		p[i] = i & 1 ? 10000 : -10000;
	/* +20 dB does not turn over */
	mix_gain(p, N, mix_db(20), mix_db(20), N);
	assert_int_equal(p[1], 32767);
	assert_int_equal(p[0], -32768);
	p[0] = 10000;
	mix_gain(p, 1, mix_db(-40), mix_db(-40), 1);
	assert_in_range(p[0], 99, 100);
}

/* Loud sums are bent, never clipped or turned over; order is kept; the loudness comes down and back. */
static void test_limiter(void **state)
{
	struct mix_limiter l = {1, 1};
	int32_t in[N];
	int16_t out[N];
	(void)state;

	for (int i = 0; i < N; i++)
		in[i] = i * 1000 - 80000;
	mix_pack(out, in, N, 1, 1);
	for (int i = 1; i < N; i++)
		assert_true(out[i] >= out[i - 1]);
	assert_true(out[0] >= -32767 && out[0] < -31500);
	assert_true(out[N - 1] <= 32767 && out[N - 1] > 31500);
	/* what is below the knee is untouched */
	for (int i = 0; i < N; i++)
		if (abs(in[i]) <= MIX_KNEE)
			assert_in_range(abs(out[i] - in[i]), 0, 1);
	mix_limit(&l, 90000, 20);
	assert_true(l.g0 == 1 && l.g1 > 0.32F && l.g1 < 0.34F);
	mix_limit(&l, 90000, 20);
	assert_true(l.g0 <= 0.34F && l.g1 * 90000 <= MIX_KNEE + 1);
	/* within a frame the way down has no step */
	for (int i = 0; i < N; i++)
		in[i] = 20000;
	mix_pack(out, in, N, 1, 0.33F);
	assert_int_equal(out[0], 20000);
	for (int i = 1; i < N; i++)
		assert_true(out[i] <= out[i - 1] && out[i] > out[i - 1] - 200);
	/* and up again: not at once, but within a few seconds */
	mix_limit(&l, 100, 20);
	assert_true(l.g1 < 0.36F);
	for (int i = 0; i < 200; i++)
		mix_limit(&l, 100, 20);
	assert_true(l.g1 == 1);
}

static unsigned voiced(struct mix_vad *v, float dbov, unsigned frames)
{
	unsigned n = 0;

	for (unsigned i = 0; i < frames; i++)
		n += mix_vad_frame(v, dbov, 20);
	return n;
}

static void test_voice(void **state)
{
	struct mix_vad v;
	(void)state;

	mix_vad_init(&v);
	assert_int_equal(voiced(&v, -127, 50), 0);
	assert_int_equal(voiced(&v, -30, 10), 10);
	/* 300 ms of pause belong to it */
	assert_in_range(voiced(&v, -127, 50), 14, 15);
	/* a noisy room: after some seconds it is no voice any more, and speech above it is */
	mix_vad_init(&v);
	(void)voiced(&v, -52, 500);
	assert_int_equal(voiced(&v, -52, 50), 0);
	assert_int_equal(voiced(&v, -52 + 12, 5), 5);
	(void)voiced(&v, -52, 16);
	assert_int_equal(voiced(&v, -52, 10), 0);
	/* a tone for ever is heard for ever */
	mix_vad_init(&v);
	(void)voiced(&v, -25, 5000);
	assert_int_equal(voiced(&v, -25, 50), 50);
	/* a whisper in silence */
	mix_vad_init(&v);
	(void)voiced(&v, -80, 100);
	assert_int_equal(voiced(&v, -54, 10), 10);
	/* nothing at all below the least */
	mix_vad_init(&v);
	(void)voiced(&v, -90, 100);
	assert_int_equal(voiced(&v, -60, 10), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_room_without_one_is_exact),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_peak),
		cmocka_unit_test(test_gain_ramps),
		cmocka_unit_test(test_limiter),
		cmocka_unit_test(test_voice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
