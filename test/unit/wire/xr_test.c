/*
 * xr_test.c - voice metrics and BYE: bytes by RFC 3611 4.7 and RFC 3550 6.6, and back.
 */
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "wire/rtp/rtp.h"

/* Typed from the picture in RFC 3611 4.7. */
static const uint8_t packet[] = {
	0x80, 207, 0,   10, 0x11, 0x22, 0x33, 0x44,                  /* header, reporter */
	7,    0,   0,   8,  0xaa, 0xbb, 0xcc, 0xdd,                  /* block, source */
	13,   2,   128, 3,  0,    120,  0x10, 0x00,                  /* loss, discard, densities, durations */
	0,    45,  0,   80, 0xec, 0xbf, 127,  16,                    /* delays, levels, RERL, Gmin */
	88,   127, 41,  40, 0xb0, 0,    0,    60,   0, 120, 1, 0xf4, /* R, MOS, configuration, buffer */
};

static const struct rtcp_voip metrics = {
	.ssrc = 0xaabbccdd,
	.loss = 13,
	.discard = 2,
	.burst_density = 128,
	.gap_density = 3,
	.burst_ms = 120,
	.gap_ms = 4096,
	.rtt_ms = 45,
	.end_system_ms = 80,
	.signal_dbm0 = -20,
	.noise_dbm0 = -65,
	.rerl = 127,
	.gmin = 16,
	.r = 88,
	.ext_r = 127,
	.mos_lq_x10 = 41,
	.mos_cq_x10 = 40,
	.rx_config = 0xb0,
	.jb_ms = 60,
	.jb_max_ms = 120,
	.jb_abs_ms = 500,
};

static int decode(struct rtcp_voip *v, uint8_t *p, size_t l)
{
	struct rtcp_pkt k;
	size_t off = 0;

	assert_true(rtcp_next(p, l, &off, &k));
	return rtcp_xr_voip_decode(v, &k);
}

static void voip_test(void **state)
{
	uint8_t p[RTCP_XR_VOIP_LEN];
	struct rtcp_voip v;

	(void)state;
	assert_int_equal(sizeof(packet), RTCP_XR_VOIP_LEN);
	rtcp_xr_voip_encode(p, 0x11223344, &metrics);
	assert_memory_equal(p, packet, sizeof(packet));
	assert_int_equal(decode(&v, p, sizeof(p)), 0);
	uint8_t q[RTCP_XR_VOIP_LEN];
	rtcp_xr_voip_encode(q, 0x11223344, &v);
	assert_memory_equal(p, q, sizeof(p));
}

/* Another block goes before it. */
static void second_block_test(void **state)
{
	uint8_t p[RTCP_XR_VOIP_LEN + 12] = {0x80, 207, 0, 13, 0, 0, 0, 1, 4, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8};
	struct rtcp_voip v;

	(void)state;
	memcpy(p + 20, packet + 8, sizeof(packet) - 8);
	assert_int_equal(decode(&v, p, sizeof(p)), 0);
	assert_int_equal(v.ssrc, 0xaabbccdd);
	assert_int_equal(v.jb_abs_ms, 500);
}

static void bad_test(void **state)
{
	static const struct {
		uint8_t p[16];
		size_t l;
		int err;
	} tab[] = {
		{{0x80, 207, 0, 1, 0, 0, 0, 1}, 8, ENOENT},
		{{0x80, 207, 0, 0}, 4, ERR_SYNTAX},
		{{0x80, 201, 0, 1, 0, 0, 0, 1}, 8, ERR_SYNTAX},
		{{0x80, 207, 0, 2, 0, 0, 0, 1, 7, 0, 0, 8}, 12, ERR_SYNTAX},
		{{0x80, 207, 0, 2, 0, 0, 0, 1, 7, 0, 0, 0}, 12, ERR_SYNTAX},
		{{0x80, 207, 0, 2, 0, 0, 0, 1, 1, 0, 0xff, 0xff}, 12, ERR_SYNTAX},
	};
	struct rtcp_voip v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		uint8_t p[16];

		memcpy(p, tab[i].p, sizeof(p));
		if (decode(&v, p, tab[i].l) != tab[i].err)
			fail_msg("packet %zu", i);
	}
}

static void bye_test(void **state)
{
	static const uint8_t want[] = {0x81, 203, 0, 1, 1, 2, 3, 4};
	uint8_t p[RTCP_BYE_LEN];

	(void)state;
	rtcp_bye_encode(p, 0x01020304);
	assert_memory_equal(p, want, sizeof(p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(voip_test),
		cmocka_unit_test(second_block_test),
		cmocka_unit_test(bad_test),
		cmocka_unit_test(bye_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
