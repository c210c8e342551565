/*
 * quality_test.c - loss, order, jitter, reports (RFC 3550), and the E-model against
 * published values (G.107 Annex B, G.113 Appendix I).
 */
#include <math.h>
#include <stdlib.h>
#include "fixture.h"

/* G.107 Annex B, independent of the code under test. */
static int mos_x100(double r)
{
	return (int)lrint(100 * (1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6));
}

static void test_emodel_table(void **state)
{
	static const struct {
		const char *codec;
		double loss, delay;
		int mos; /**< as published */
	} v[] = {
		/* G.107: all defaults, R 93.2 */
		{"PCMU", 0, 0, 441},
		{"PCMA", 0, 0, 441},
		{"pcmu", 0, 0, 441},
		/* G.107 Annex B table: R 90, 80, 70, 60, 50, by delay alone */
		{"PCMU", 0, 133.3, 434},
		{"PCMU", 0, 244.1, 403},
		{"PCMU", 0, 318.7, 360},
		{"PCMU", 0, 393.3, 310},
		{"PCMU", 0, 467.9, 258},
		/* the end of the scale */
		{"PCMU", 0, 5000, 100},
		{"PCMU-NOPLC", 100, 1000, 100},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		assert_in_range(media_mos(v[i].codec, v[i].loss, v[i].delay), v[i].mos - 1, v[i].mos + 1);
}

static void test_emodel_impairments_of_g113(void **state)
{
	/* Ie,eff as G.113 tabulates or its Ie and Bpl give */
	static const struct {
		const char *codec;
		double loss, ie_eff;
	} v[] = {
		{"PCMU", 1, 3.64}, {"PCMU", 2, 7.01}, {"PCMU", 5, 15.78}, {"PCMU-NOPLC", 2, 30.16},
		{"G729", 0, 11},   {"G729", 2, 19},   {"G729", 4, 25.6},  {"G723", 0, 15},
		{"G723", 2, 23.8}, {"GSM", 0, 20},    {"AMR", 0, 5},      {"AMR", 2, 20},
		{"G726-32", 0, 7}, {"G726-40", 0, 2}, {"G726-16", 0, 50}, {"AAL2-G726-24", 0, 25},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		int want = mos_x100(93.2 - v[i].ie_eff);
		assert_in_range(media_mos(v[i].codec, v[i].loss, 0), want - 1, want + 1);
	}
}

static void test_emodel_is_sane(void **state)
{
	static const char *const codecs[] = {"PCMU", "PCMA", "G722",  "G729", "GSM",
					     "ILBC", "OPUS", "SPEEX", "",     "NOBODY-KNOWS"};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(codecs); i++) {
		uint16_t before = 500;
		for (double loss = 0; loss <= 100; loss += 5) {
			uint16_t mos = media_mos(codecs[i], loss, 50);
			assert_in_range(mos, 100, 450);
			assert_true(mos <= before);
			before = mos;
		}
	}
	assert_int_equal(media_mos("PCMU", -5, -5), 441);
	assert_int_equal(media_mos("PCMU", NAN, NAN), 441);
	assert_true(media_mos("PCMU", 1e30, 1e30) >= 100);
}

struct q {
	struct rxq q;
	struct wremote r;
	uint64_t us;
	uint32_t ssrc;
};

static void feed(struct q *q, uint16_t seq, uint32_t ts)
{
	struct rtp_hdr h = {.seq = seq, .ts = ts, .ssrc = q->ssrc, .payload = 160};

	rxq_packet(&q->q, &q->r, &h, 172, q->us);
}

static void test_loss_table(void **state)
{
	static const struct {
		uint16_t seq[10];
		size_t n;
		int lost, late;
	} v[] = {
		{{1, 2, 3, 4}, 4, 0, 0},
		{{1, 2, 4, 5}, 4, 1, 0},
		{{1, 2, 4, 3, 5}, 5, 0, 1},
		{{1, 2, 2, 3}, 4, 0, 1},
		{{1, 2, 4, 3, 3}, 5, 0, 2},
		{{65534, 65535, 0, 1, 3}, 5, 1, 0},
		{{65535, 1, 0}, 3, 0, 1},
		/* a jump is a new beginning, not a loss */
		{{1, 2, 9000, 9001}, 4, 0, 0},
		{{9000, 9001, 1, 2}, 4, 0, 0},
		{{1, 2, 2900}, 3, 2897, 0},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct q q = {.us = 1000000, .ssrc = 5};
		for (size_t k = 0; k < v[i].n; k++)
			feed(&q, v[i].seq[k], v[i].seq[k] * 160U);
		assert_int_equal(q.q.lost, v[i].lost);
		assert_int_equal(q.q.late, v[i].late);
		assert_int_equal(q.q.packets, v[i].n);
	}
}

static void test_jitter(void **state)
{
	struct q q = {.us = 1000000, .ssrc = 5};
	(void)state;

	for (uint16_t i = 0; i < 500; i++) {
		feed(&q, i, i * 160U);
		q.us += 20000;
	}
	assert_int_equal(rxq_jitter_us(&q.q), 0);
	/* 10 ms early and late by turns: the difference of neighbours is 20 ms */
	for (uint16_t i = 500; i < 1500; i++) {
		feed(&q, i, i * 160U);
		q.us += i & 1 ? 40000 : 0;
	}
	assert_in_range(rxq_jitter_us(&q.q), 19000, 20500);
	/* a jump of the sender's clock is not the network's */
	feed(&q, 1500, 0x70000000);
	assert_in_range(rxq_jitter_us(&q.q), 17000, 20500);
	/* nor is half a round of it, which has no opposite */
	q.us += 20000;
	feed(&q, 1501, 0x70000000 + 160 + 0x80000000U);
	assert_in_range(rxq_jitter_us(&q.q), 17000, 20500);
}

static void test_report_block(void **state)
{
	struct q q = {.us = 1000000, .ssrc = 5};
	struct rtcp_rb rb;
	(void)state;

	for (uint32_t i = 65530; i < 65630; i++)
		if (i % 4)
			feed(&q, (uint16_t)i, i * 160);
	rxq_report(&q.q, &rb, q.us);
	assert_int_equal(rb.ssrc, 5);
	assert_int_equal(rb.ext_seq, 65629);
	/* 99 expected (the first lost one is unknown), 74 came */
	assert_in_range(rb.lost, 24, 25);
	assert_in_range(rb.fraction, 60, 66);
	assert_int_equal(rb.lsr, 0);
	q.q.sr_mid = 0x12345678;
	q.q.sr_us = q.us - 500000;
	rxq_report(&q.q, &rb, q.us);
	assert_int_equal(rb.fraction, 0);
	assert_int_equal(rb.dlsr, 32768);
	/* all lost but one */
	feed(&q, (uint16_t)(65629 + 2900), 0);
	rxq_report(&q.q, &rb, q.us);
	assert_int_equal(rb.fraction, 255);
}

static void test_codecs(void **state)
{
	struct mstream_remote r = {.ncodec = 30};
	struct wremote w = {0};
	char name[16];
	(void)state;

	for (int i = 0; i < MCODEC_MAX; i++)
		r.codec[i] = (struct mcodec){(uint8_t)(96 + i), "X-UNKNOWN", 90000, 1, 0};
	r.codec[2] = (struct mcodec){98, "opus", 48000, 2, 0};
	r.codec[3] = (struct mcodec){99, "TELEPHONE-EVENT", 48000, 1, 0};
	r.codec[4] = (struct mcodec){101, "TELEPHONE-EVENT", 8000, 1, 0};
	r.codec[5] = (struct mcodec){8, "PCMA", 8000, 1, 0};
	r.codec[6] = (struct mcodec){0, "PCMU", 8000, 1, 0};
	r.codec[7] = (struct mcodec){77, "H264", 4000000000U, 1, 0};
	assert_int_equal(wremote_make(&w, &r, NULL), 0);
	assert_int_equal(w.codecs->n, WCODEC_MAX);
	const struct wcodec *fmt;
	assert_non_null(wremote_ops(&w, &fmt));
	assert_int_equal(fmt->pt, 98);
	assert_null(wremote_codec(&w, WCODEC_MAX));
	assert_int_equal(wremote_find_tx(&w, 8)->id, CODEC_PCMA);
	assert_int_equal(wremote_tev(&w, 8000)->pt, 101);
	assert_int_equal(wremote_tev(&w, 16000)->pt, 99);
	struct wcodec c = codec_of_pt(&w, 98);
	assert_string_equal(codec_name(c.id, 98, name), "OPUS");
	assert_int_equal(wcodec_rate(&c), 48000);
	c = codec_of_pt(&w, 96);
	assert_string_equal(codec_name(c.id, 96, name), "PT96");
	assert_int_equal(wcodec_rate(&c), 90000);
	/* static types need no rtpmap */
	c = codec_of_pt(&w, 18);
	assert_string_equal(codec_name(c.id, 18, name), "G729");
	c = codec_of_pt(&w, 77);
	assert_int_equal(wcodec_rate(&c), 8000);
	/* it sends by our numbers, and receives by its own */
	r.codec[2].rx_pt1 = 1 + 112;
	const struct wcodecs *old = w.codecs;
	assert_int_equal(wremote_make(&w, &r, NULL), 0);
	mem_deref((void *)old);
	assert_int_equal(wremote_find(&w, 112)->pt, 98);
	assert_null(wremote_find(&w, 98));
	assert_int_equal(wremote_find_tx(&w, 98)->rx, 112);
	mem_deref((void *)w.codecs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_emodel_table),   cmocka_unit_test(test_emodel_impairments_of_g113),
		cmocka_unit_test(test_emodel_is_sane), cmocka_unit_test(test_loss_table),
		cmocka_unit_test(test_jitter),         cmocka_unit_test(test_report_block),
		cmocka_unit_test(test_codecs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
