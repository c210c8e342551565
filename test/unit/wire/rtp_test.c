/*
 * rtp_test.c - RTP, RTCP, telephone-event.
 */
#include "edge.h"
#include "wire/rtp/rtp.h"

static const uint8_t *at(struct slice s)
{
	return (const uint8_t *)s.p;
}

static void decode_test(void **state)
{
	/* version 2, padding 4, extension of one word, two CSRCs, marker, type 111 */
	static const uint8_t full[] = {
		0xb2, 0xef, 0x12, 0x34, 0, 0, 1,    2,    0xde, 0xad, 0xbe, 0xef, 1,   1, 1, 1, 2, 2,
		2,    2,    0xbe, 0xde, 0, 1, 0x10, 0xff, 0,    0,    'a',  'b',  'c', 0, 0, 0, 4,
	};
	struct rtp_hdr h;

	(void)state;
	assert_int_equal(rtp_decode(&h, at(edge(full, sizeof(full))), sizeof(full)), 0);
	assert_true(h.marker && h.padding && h.ext);
	assert_int_equal(h.pt, 111);
	assert_int_equal(h.cc, 2);
	assert_int_equal(h.seq, 0x1234);
	assert_int_equal(h.ts, 0x102);
	assert_int_equal(h.ssrc, 0xdeadbeef);
	assert_int_equal(h.hdrlen, 28);
	assert_int_equal(h.payload, 3);
	/* every shorter piece is refused or holds together: its last byte is the length of the padding */
	for (size_t l = 0; l < sizeof(full); l++) {
		int err = rtp_decode(&h, at(edge(full, l)), l);

		assert_true(err == ERR_SYNTAX || h.hdrlen + h.payload <= l);
		assert_true(l >= 28 || err == ERR_SYNTAX);
	}
}

static void bad_test(void **state)
{
	static const struct {
		uint8_t p[16];
		size_t l;
		int err;
	} tab[] = {
		{{0x80}, 12, 0},
		{{0x80}, 11, ERR_SYNTAX},
		{{0x40}, 12, ERR_SYNTAX},
		{{0xc0}, 12, ERR_SYNTAX},
		{{0x81}, 12, ERR_SYNTAX},
		{{0x81}, 16, 0},
		{{0x90}, 12, ERR_SYNTAX},
		{{0x90}, 16, 0},
		{{0xa0}, 12, ERR_SYNTAX},
		{{0xa0}, 16, ERR_SYNTAX},
		{{0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4}, 16, 0},
		{{0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5}, 16, ERR_SYNTAX},
		{{0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 16, ERR_SYNTAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		struct rtp_hdr h;

		if (rtp_decode(&h, at(edge(tab[i].p, tab[i].l)), tab[i].l) != tab[i].err)
			fail_msg("packet %zu", i);
	}
}

static void patch_test(void **state)
{
	struct rtp_hdr h = {.marker = true, .pt = 96, .seq = 65535, .ts = 0x80000000u, .ssrc = 7}, g;
	uint8_t p[RTP_HDR];

	(void)state;
	rtp_encode(p, &h);
	assert_int_equal(rtp_decode(&g, p, sizeof(p)), 0);
	assert_true(g.marker && g.pt == 96 && g.seq == 65535 && g.ts == 0x80000000u && g.ssrc == 7 && !g.payload);
	rtp_patch(p, 1, 2, 3, false);
	assert_int_equal(rtp_decode(&g, p, sizeof(p)), 0);
	assert_true(!g.marker && g.pt == 96 && g.seq == 1 && g.ts == 2 && g.ssrc == 3);
}

static void classify_test(void **state)
{
	static const struct {
		uint8_t first, second;
		size_t l;
		enum rtp_kind kind;
	} tab[] = {
		{0, 1, 2, RTP_KIND_STUN},     {3, 0, 1, RTP_KIND_STUN},     {4, 0, 2, RTP_KIND_OTHER},
		{19, 0, 2, RTP_KIND_OTHER},   {20, 0, 2, RTP_KIND_DTLS},    {63, 0, 2, RTP_KIND_DTLS},
		{64, 0, 2, RTP_KIND_OTHER},   {127, 0, 2, RTP_KIND_OTHER},  {128, 0, 2, RTP_KIND_RTP},
		{191, 0x80, 2, RTP_KIND_RTP}, {192, 0, 2, RTP_KIND_OTHER},  {128, 200, 2, RTP_KIND_RTCP},
		{128, 192, 2, RTP_KIND_RTCP}, {128, 223, 2, RTP_KIND_RTCP}, {128, 224, 2, RTP_KIND_RTP},
		{128, 191, 2, RTP_KIND_RTP},  {129, 72, 2, RTP_KIND_RTCP},  {128, 0, 1, RTP_KIND_OTHER},
		{0, 0, 0, RTP_KIND_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		const uint8_t p[] = {tab[i].first, tab[i].second};

		if (rtp_classify(at(edge(p, tab[i].l)), tab[i].l) != tab[i].kind)
			fail_msg("%u %u", tab[i].first, tab[i].second);
	}
}

static void report_test(void **state)
{
	const struct rtcp_sr sr = {.ssrc = 9, .ntp_sec = 1, .ntp_frac = 2, .rtp_ts = 3, .packets = 4, .octets = 5};
	const struct rtcp_rb rb[] = {
		{.ssrc = 21, .fraction = 255, .lost = -3, .ext_seq = 1, .jitter = 2, .lsr = 3, .dlsr = 4},
		{.ssrc = 22, .lost = 0x7fffffff},
		{.ssrc = 23, .lost = -0x7fffffff},
	};
	struct rtcp_sr sr2;
	struct rtcp_rb b;
	struct rtcp_pkt pkt;
	uint8_t p[256];
	size_t n, off = 0;

	(void)state;
	n = rtcp_encode_report(p, sizeof(p), 9, &sr, rb, 3, "me@here", true);
	assert_int_equal(n, 28 + 3 * 24 + 20 + 8);
	assert_true(rtcp_valid(at(edge(p, n)), n));
	assert_true(rtcp_next(p, n, &off, &pkt));
	assert_int_equal(pkt.type, RTCP_SR);
	assert_int_equal(pkt.count, 3);
	assert_int_equal(rtcp_sr_decode(&sr2, &pkt), 0);
	assert_memory_equal(&sr, &sr2, sizeof(sr));
	assert_int_equal(rtcp_rb_decode(&b, &pkt, 0), 0);
	assert_true(b.ssrc == 21 && b.fraction == 255 && b.lost == -3 && b.ext_seq == 1 && b.jitter == 2 &&
		    b.lsr == 3 && b.dlsr == 4);
	assert_int_equal(rtcp_rb_decode(&b, &pkt, 1), 0);
	assert_int_equal(b.lost, 0x7fffff);
	assert_int_equal(rtcp_rb_decode(&b, &pkt, 2), 0);
	assert_int_equal(b.lost, -0x800000);
	assert_int_equal(rtcp_rb_decode(&b, &pkt, 3), ENOENT);
	b.ssrc = 77;
	rtcp_rb_patch(&pkt, 1, &b);
	assert_int_equal(rtcp_rb_decode(&b, &pkt, 1), 0);
	assert_int_equal(b.ssrc, 77);
	assert_true(rtcp_next(p, n, &off, &pkt));
	assert_int_equal(pkt.type, RTCP_SDES);
	assert_memory_equal(pkt.p + 8, "\1\7me@here\0", 10);
	assert_int_equal(rtcp_sr_decode(&sr2, &pkt), ERR_SYNTAX);
	assert_int_equal(rtcp_rb_decode(&b, &pkt, 0), ENOENT);
	assert_true(rtcp_next(p, n, &off, &pkt));
	assert_int_equal(pkt.type, RTCP_BYE);
	assert_false(rtcp_next(p, n, &off, &pkt));
	/* too small by one byte, too many blocks, too long a name */
	assert_int_equal(rtcp_encode_report(p, n - 1, 9, &sr, rb, 3, "me@here", true), 0);
	assert_int_equal(rtcp_encode_report(p, sizeof(p), 9, NULL, rb, 32, "x", false), 0);
	n = rtcp_encode_report(p, sizeof(p), 9, NULL, NULL, 0, NULL, false);
	assert_true(n && p[1] == RTCP_RR && rtcp_valid(p, n));
}

static void compound_test(void **state)
{
	static const struct {
		uint8_t p[20];
		size_t l;
		bool ok;
	} tab[] = {
		{{0x80, 201, 0, 1}, 8, true},
		{{0x80, 201, 0, 1}, 7, false},
		{{0x80, 201, 0, 2}, 8, false},
		{{0x80, 202, 0, 1}, 8, false},
		{{0x40, 201, 0, 1}, 8, false},
		{{0x81, 206, 0, 2}, 12, true},
		{{0x80, 201, 0, 1, 0, 0, 0, 0, 0x81, 203, 0, 1}, 16, true},
		{{0x80, 201, 0, 1, 0, 0, 0, 0, 0x81, 203, 0, 2}, 16, false},
		{{0x80, 201, 0, 1, 0, 0, 0, 0, 0x81}, 9, false},
		/* padding before the last packet */
		{{0xa0, 201, 0, 1, 0, 0, 0, 4, 0x81, 203, 0, 1}, 16, false},
		{{0x80, 201, 0, 1, 0, 0, 0, 0, 0xa1, 203, 0, 1}, 16, true},
		{{0}, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		if (rtcp_valid(at(edge(tab[i].p, tab[i].l)), tab[i].l) != tab[i].ok)
			fail_msg("compound %zu", i);
	}
}

/* A count that promises more blocks than the packet has. */
static void short_blocks_test(void **state)
{
	uint8_t p[32] = {0x9f, RTCP_RR, 0, 7};
	struct rtcp_pkt pkt;
	struct rtcp_rb rb;
	size_t off = 0;

	(void)state;
	assert_true(rtcp_next(p, sizeof(p), &off, &pkt));
	assert_int_equal(pkt.count, 31);
	assert_int_equal(rtcp_rb_decode(&rb, &pkt, 0), 0);
	assert_int_equal(rtcp_rb_decode(&rb, &pkt, 1), ENOENT);
	rtcp_rb_patch(&pkt, 1, &rb);
	off = sizeof(p) + 1;
	assert_false(rtcp_next(p, sizeof(p), &off, &pkt));
}

static void tev_test(void **state)
{
	static const uint8_t p[] = {11, 0x8a, 0x03, 0x20};
	struct rtp_tev t;
	uint8_t out[4];

	(void)state;
	assert_int_equal(rtp_tev_decode(&t, at(edge(p, 4)), 4), 0);
	assert_true(t.event == 11 && t.end && t.volume == 10 && t.duration == 800);
	rtp_tev_encode(out, &t);
	assert_memory_equal(out, p, 4);
	assert_int_equal(rtp_tev_decode(&t, at(edge(p, 3)), 3), ERR_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decode_test),       cmocka_unit_test(bad_test),    cmocka_unit_test(patch_test),
		cmocka_unit_test(classify_test),     cmocka_unit_test(report_test), cmocka_unit_test(compound_test),
		cmocka_unit_test(short_blocks_test), cmocka_unit_test(tev_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
