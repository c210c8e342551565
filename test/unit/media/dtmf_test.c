/*
 * dtmf_test.c - digits of streams: telephone-events at every clock and with every habit of senders, digits sent for as
 * long as a key is held, by event and as tones beside what else is sent, digits found in the sound and kept from the
 * other party.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "fixture.h"
#include "media/dtmf_detect.h"

struct told {
	char text[256];
	size_t l;
	uint32_t ms; /* of the last end */
	int fax[2];
};

/* "5+ 5-100 ": by event; "~5+": in the sound. */
static void key_h(struct mstream *s, const struct mkey *k, void *arg)
{
	struct told *t = arg;

	(void)s;
	t->l += (size_t)snprintf(t->text + t->l, sizeof(t->text) - t->l, "%s%c%s ", k->sound ? "~" : "", k->digit,
				 k->down ? "+" : "-");
	assert_true(t->l < sizeof(t->text));
	if (!k->down)
		t->ms = k->ms;
}

static void tone_h(struct mstream *s, enum mtone tone, void *arg)
{
	(void)s;
	((struct told *)arg)->fax[tone == MTONE_CED]++;
}

static const struct mstream_ops ops = {.key = key_h, .tone = tone_h};

static void assert_told(struct told *t, const char *want)
{
	if (t->l)
		t->text[t->l - 1] = 0;
	assert_string_equal(t->text, want);
	t->l = 0;
	t->text[0] = 0;
}

struct one {
	struct fx f;
	struct told t;
	struct phone *a, *b;
	struct mstream *sa, *sb;
};

static void one_open(struct one *o)
{
	memset(o, 0, sizeof(*o));
	fx_init(&o->f);
	o->a = fx_phone(&o->f, "10.0.0.1", 4000);
	o->b = fx_phone(&o->f, "10.0.0.2", 4000);
	o->sa = fx_stream_on(&o->f, 0, o->a, "10.1.0.1", MSTREAM_AUDIO, &ops, &o->t);
	o->sb = fx_stream(&o->f, o->b);
	mstream_join(o->sa, o->sb);
	vnet_run(o->f.net, 10);
}

static void one_close(struct one *o)
{
	fx_free(&o->f);
}

/* ------------------------------------------------------------------ telephone-events that come */

static void send_ev(struct one *o, uint8_t event, bool end, uint32_t dur, bool marker)
{
	uint8_t b[PKT_MAX];
	struct rtp_tev t = {.event = event, .end = end, .volume = 10, .duration = (uint16_t)dur};
	struct rtp_hdr h = {.pt = 101, .seq = o->a->seq++, .ts = o->a->ts, .ssrc = o->a->ssrc, .marker = marker};

	rtp_encode(b, &h);
	rtp_tev_encode(b + RTP_HDR, &t);
	assert_int_equal(udp_send_now(o->a->rtp, &o->a->to, b, RTP_HDR + 4), 0);
	vnet_run(o->f.net, 20);
}

static void at_clock(struct one *o, uint32_t clock)
{
	struct mstream_remote r = fx_remote(&o->a->addr);

	if (clock == 48000)
		r.codec[0] = (struct mcodec){111, "OPUS", 48000, 2, 0, 0};
	r.codec[2].rate = clock;
	mstream_set_remote(o->sa, &r);
	vnet_run(o->f.net, 10);
}

static void test_clocks(void **state)
{
	static const uint32_t clock[] = {8000, 16000, 48000};
	struct one o;
	(void)state;

	one_open(&o);
	for (size_t i = 0; i < ARRAY_LEN(clock); i++) {
		uint32_t step = clock[i] / 50;

		at_clock(&o, clock[i]);
		for (uint32_t k = 1; k <= 5; k++)
			send_ev(&o, 11, false, k * step, k == 1);
		assert_told(&o.t, "#+");
		for (int k = 0; k < 3; k++)
			send_ev(&o, 11, true, 6 * step, false);
		assert_told(&o.t, "#-");
		assert_int_equal(o.t.ms, 120);
		o.a->ts += clock[i];
	}
	one_close(&o);
}

/* At 48 kHz a duration says 1.36 s at most: longer ones go on in segments (RFC 4733 2.5.1.3). */
static void test_segments(void **state)
{
	struct one o;
	(void)state;

	one_open(&o);
	at_clock(&o, 48000);
	uint32_t all = 0, dur = 0;
	for (int k = 0; k < 200; k++) {
		all += 960;
		dur += 960;
		if (dur > 0xffff) {
			send_ev(&o, 3, false, 0xffff, false);
			o.a->ts += 0xffff;
			dur -= 0xffff;
		}
		send_ev(&o, 3, false, dur, k == 0);
	}
	assert_told(&o.t, "3+");
	for (int k = 0; k < 3; k++)
		send_ev(&o, 3, true, dur, false);
	assert_told(&o.t, "3-");
	assert_in_range(o.t.ms, all / 48 - 1, all / 48);
	one_close(&o);
}

static void test_habits(void **state)
{
	struct one o;
	(void)state;

	one_open(&o);
	/* no marker, the same duration all the time */
	for (int k = 0; k < 4; k++)
		send_ev(&o, 1, false, 400, false);
	send_ev(&o, 1, true, 400, false);
	/* the end alone, three times */
	o.a->ts += 800;
	for (int k = 0; k < 3; k++)
		send_ev(&o, 2, true, 640, k == 0);
	assert_told(&o.t, "1+ 1- 2+ 2-");
	/* a new timestamp in each packet */
	o.a->ts += 800;
	for (uint32_t k = 1; k <= 4; k++, o.a->ts += 160)
		send_ev(&o, 3, k == 4, k * 160, k == 1);
	assert_told(&o.t, "3+ 3-");
	/* the same digit twice, whose first end was lost */
	o.a->ts += 800;
	send_ev(&o, 4, false, 160, true);
	o.a->ts += 1600;
	send_ev(&o, 4, false, 160, true);
	send_ev(&o, 4, true, 320, false);
	assert_told(&o.t, "4+ 4- 4+ 4-");
	/* packets of an event that is over, late */
	o.a->ts -= 1600;
	send_ev(&o, 4, false, 160, false);
	o.a->ts += 1600;
	assert_told(&o.t, "");
	/* all ends lost: time ends it, once */
	o.a->ts += 1600;
	send_ev(&o, 5, false, 480, true);
	vnet_run(o.f.net, 5000);
	assert_told(&o.t, "5+ 5-");
	send_ev(&o, 5, true, 640, false);
	assert_told(&o.t, "");
	/* several in one packet (2.5.1.5), the last one goes on */
	o.a->ts += 8000;
	o.a->pt = 101;
	phone_raw(o.a, "\x06\x0a\x01\x90\x07\x0a\x01\x90\x08\x0a\x00\xa0", 12);
	o.a->seq++;
	o.a->ts += 800;
	vnet_run(o.f.net, 20);
	assert_told(&o.t, "6+ 6- 7+ 7- 8+");
	send_ev(&o, 8, true, 480, false);
	assert_told(&o.t, "8-");
	/* half a payload, flash, other events */
	o.a->ts += 8000;
	o.a->pt = 101;
	phone_raw(o.a, "\x01\x8a\x01", 3);
	o.a->seq++;
	send_ev(&o, 16, true, 800, true);
	send_ev(&o, 255, true, 800, true);
	assert_told(&o.t, "");
	one_close(&o);
}

/* ------------------------------------------------------------------ digits that go */

/* Telephone-events that a phone got: of the last timestamp the duration, and how many had the end. */
static uint32_t last_event(const struct phone *p, size_t from, int *ends, int *events)
{
	uint32_t all = 0, ts = 0, first = 0;
	bool any = false;

	*ends = *events = 0;
	for (size_t i = from; i < p->ngot; i++) {
		struct rtp_tev t;
		if (p->got[i].h.pt != 101)
			continue;
		assert_int_equal(rtp_tev_decode(&t, p->got[i].p + RTP_HDR, p->got[i].h.payload), 0);
		if (p->got[i].h.marker) {
			first = p->got[i].h.ts;
			++*events;
		}
		ts = p->got[i].h.ts;
		*ends += t.end;
		all = ts - first + t.duration;
		any = true;
	}
	return any ? all : 0;
}

static void test_held_key(void **state)
{
	struct one o;
	int ends, events;
	(void)state;

	one_open(&o);
	assert_int_equal(mstream_press(o.sb, '5', MDIGIT_EVENT), 0);
	phone_talk(&o.f, o.a, 20);
	size_t sound = 0;
	for (size_t i = 0; i < o.b->ngot; i++)
		sound += o.b->got[i].h.pt == 0;
	assert_true(sound <= 1); /* it waits while the key is held */
	mstream_release(o.sb, 410);
	phone_talk(&o.f, o.a, 10);
	assert_int_equal(last_event(o.b, 0, &ends, &events), 420 * 8);
	assert_int_equal(ends, 3);
	assert_int_equal(events, 1);
	assert_int_equal(o.b->got[o.b->ngot - 1].h.pt, 0);
	/* pressed and released before the worker hears of it: as long as it was */
	size_t from = o.b->ngot;
	assert_int_equal(mstream_press(o.sb, '7', MDIGIT_EVENT), 0);
	mstream_release(o.sb, 90);
	assert_int_equal(mstream_press(o.sb, '8', MDIGIT_EVENT), 0);
	mstream_release(o.sb, 5);
	vnet_run(o.f.net, 1000);
	assert_int_equal(last_event(o.b, from, &ends, &events), 40 * 8);
	assert_int_equal(events, 2);
	assert_int_equal(ends, 6);
	/* nobody releases it */
	from = o.b->ngot;
	assert_int_equal(mstream_press(o.sb, '9', MDIGIT_EVENT), 0);
	vnet_run(o.f.net, 12000);
	assert_int_equal(last_event(o.b, from, &ends, &events), 10000 * 8);
	assert_int_equal(ends, 3);
	mstream_release(o.sb, 10);
	assert_int_equal(mstream_press(o.sb, 'x', MDIGIT_EVENT), EINVAL);
	one_close(&o);
}

static void test_segments_go(void **state)
{
	struct one o;
	struct told t = {.l = 0};
	int ends, events;
	(void)state;

	one_open(&o);
	struct mstream_remote r = fx_remote(&o.b->addr);
	r.codec[0] = (struct mcodec){111, "OPUS", 48000, 2, 0, 0};
	r.codec[2].rate = 48000;
	mstream_set_remote(o.sb, &r);
	assert_int_equal(mstream_digits(o.sb, SLICE("3"), MDIGIT_EVENT, 4000), 0);
	vnet_run(o.f.net, 5000);
	assert_int_equal(last_event(o.b, 0, &ends, &events), 4000 * 48);
	assert_int_equal(ends, 3);
	assert_int_equal(events, 1);
	/* what one stream sends, another understands */
	struct mstream *back = fx_stream_on(&o.f, 0, o.b, "10.1.0.1", MSTREAM_AUDIO, &ops, &t);
	mstream_set_remote(back, &r);
	vnet_run(o.f.net, 10);
	for (size_t i = 0; i < o.b->ngot; i++)
		assert_int_equal(udp_send_now(o.b->rtp, &o.b->to, o.b->got[i].p, o.b->got[i].l), 0);
	vnet_run(o.f.net, 100);
	assert_told(&t, "3+ 3-");
	assert_in_range(t.ms, 3999, 4000);
	one_close(&o);
}

static void heard_h(char digit, bool down, uint32_t ms, void *arg)
{
	struct told *t = arg;

	if (down) {
		t->text[t->l++] = digit;
		t->text[t->l] = 0;
	} else {
		t->ms = ms;
	}
}

/* Digits in the u-law that a phone got. */
static void hear(const struct phone *p, size_t from, struct told *t)
{
	struct dtmf_detect d;
	int16_t pcm[PKT_MAX];

	memset(t, 0, sizeof(*t));
	dtmf_detect_init(&d);
	for (size_t i = from; i < p->ngot; i++) {
		if (p->got[i].h.pt != 0)
			continue;
		g711_ulaw_decode(pcm, p->got[i].p + RTP_HDR, p->got[i].h.payload);
		dtmf_detect(&d, pcm, p->got[i].h.payload, heard_h, t);
	}
	dtmf_detect_end(&d, heard_h, t);
}

/* Tones in a relayed call: numbers and times go on evenly, and so does the sound behind them. */
static void test_tones_in_relay(void **state)
{
	struct one o;
	struct told t;
	(void)state;

	one_open(&o);
	phone_talk(&o.f, o.a, 10);
	assert_int_equal(mstream_digits(o.sb, SLICE("159*0D"), MDIGIT_TONES, 0), 0);
	phone_talk(&o.f, o.a, 60);
	assert_true(o.b->ngot >= 65 && o.b->ngot <= 71);
	for (size_t i = 1; i < o.b->ngot; i++) {
		const struct rtp_hdr *x = &o.b->got[i - 1].h, *y = &o.b->got[i].h;
		assert_int_equal((uint16_t)(y->seq - x->seq), 1);
		assert_in_range(y->ts - x->ts, 80, 480);
		assert_int_equal(y->ssrc, x->ssrc);
	}
	hear(o.b, 0, &t);
	assert_string_equal(t.text, "159*0D");
	assert_in_range(t.ms, 76, 115);
	/* it is the sender's again */
	const struct got *g = &o.b->got[o.b->ngot - 1];
	assert_int_equal(g->p[RTP_HDR], (uint8_t)(o.a->seq - 1));
	/* while a player plays */
	const struct tone_step st = {.f1 = 440, .level_dbm0 = -10};
	struct media_source *src;
	size_t from = o.b->ngot;
	assert_int_equal(tone_source(&src, &st, 1, 0, NULL, NULL), 0);
	assert_int_equal(mstream_play(o.sb, src), 0);
	vnet_run(o.f.net, 200);
	assert_int_equal(mstream_press(o.sb, '#', MDIGIT_TONES), 0);
	vnet_run(o.f.net, 300);
	mstream_release(o.sb, 300);
	vnet_run(o.f.net, 500);
	hear(o.b, from, &t);
	assert_string_equal(t.text, "#");
	assert_in_range(t.ms, 270, 330);
	for (size_t i = from + 1; i < o.b->ngot; i++)
		assert_true((int32_t)(o.b->got[i].h.ts - o.b->got[i - 1].h.ts) > 0);
	/* nothing that we could code it in */
	struct mstream_remote r = fx_remote(&o.b->addr);
	r.ncodec = 1;
	r.codec[0] = (struct mcodec){96, "X-OTHER", 8000, 1, 0, 0};
	mstream_set_remote(o.sb, &r);
	assert_int_equal(mstream_digits(o.sb, SLICE("1"), MDIGIT_TONES, 0), ENOTSUP);
	assert_int_equal(mstream_digits(o.sb, SLICE("1"), MDIGIT_EVENT, 0), ENOTSUP);
	/* digits under way when the stream ends */
	assert_int_equal(mstream_digits(o.sa, SLICE("1111"), MDIGIT_TONES, 0), 0);
	vnet_run(o.f.net, 50);
	mstream_close(o.sa, NULL, NULL);
	assert_int_equal(mstream_press(o.sa, '1', MDIGIT_TONES), ERR_STATE);
	one_close(&o);
}

/* ------------------------------------------------------------------ digits in the sound */

/* `digit` for `ms`, as the phone says it; 0: silence. */
static void say(struct one *o, char digit, unsigned ms)
{
	static unsigned at;
	uint8_t p[160];
	unsigned low = 0, high = 0;

	if (digit)
		assert_true(dtmf_pair(digit, &low, &high));
	for (; ms; ms -= 20) {
		for (size_t i = 0; i < sizeof(p); i++, at++)
			p[i] = g711_ulaw_enc((int16_t)(digit ? 7000 * sin(2 * M_PI * low * at / 8000) +
								       7000 * sin(2 * M_PI * high * at / 8000)
							     : 0));
		o->a->pt = 0;
		phone_raw(o->a, p, sizeof(p));
		o->a->seq++;
		o->a->ts += 160;
		vnet_run(o->f.net, 20);
	}
}

static void test_heard(void **state)
{
	struct one o;
	struct told t;
	(void)state;

	one_open(&o);
	say(&o, '1', 100);
	say(&o, 0, 100);
	assert_told(&o.t, ""); /* nobody has asked */
	assert_int_equal(mstream_detect(o.sa, MDETECT_DIGITS), 0);
	say(&o, 0, 40);
	for (const char *c = "159D"; *c; c++) {
		say(&o, *c, 100);
		say(&o, 0, 80);
	}
	assert_told(&o.t, "~1+ ~1- ~5+ ~5- ~9+ ~9- ~D+ ~D-");
	assert_in_range(o.t.ms, 75, 115);
	hear(o.b, 0, &t);
	assert_string_equal(t.text, "1159D");
	/* the sound stops in the middle: it ends */
	say(&o, '7', 100);
	assert_told(&o.t, "~7+");
	vnet_run(o.f.net, 4000);
	assert_told(&o.t, "~7-");
	say(&o, 0, 100);
	assert_told(&o.t, "");
	/* told by event as well, a little later: once, and from then on events alone */
	o.a->ts += 800;
	say(&o, '4', 60);
	send_ev(&o, 4, false, 160, true);
	send_ev(&o, 4, true, 320, false);
	say(&o, 0, 100);
	assert_told(&o.t, "~4+ ~4-");
	o.a->ts += 800;
	say(&o, '6', 100);
	say(&o, 0, 100);
	send_ev(&o, 6, false, 160, true);
	send_ev(&o, 6, true, 320, false);
	assert_told(&o.t, "6+ 6-");
	assert_int_equal(mstream_detect(o.sa, 0), 0);
	say(&o, 0, 100);
	one_close(&o);
}

/* What goes on another way is not heard at the other end, and nothing is missing behind it. */
static void test_hush(void **state)
{
	struct one o;
	struct told t;
	(void)state;

	one_open(&o);
	assert_int_equal(mstream_detect(o.sa, MDETECT_DIGITS | MDETECT_HUSH), 0);
	for (int k = 0; k < 24; k++) {
		/* the beginning lies anywhere in a block */
		say(&o, 0, 100 + 20 * (k % 5));
		say(&o, "0123456789*#ABCD"[k % 16], 120);
	}
	say(&o, 0, 200);
	hear(o.b, 0, &t);
	assert_string_equal(t.text, "");
	size_t energy = 0;
	for (size_t i = 1; i < o.b->ngot; i++) {
		int16_t pcm[160];
		assert_int_equal((uint16_t)(o.b->got[i].h.seq - o.b->got[i - 1].h.seq), 1);
		g711_ulaw_decode(pcm, o.b->got[i].p + RTP_HDR, 160);
		energy += abs(pcm[80]) + abs(pcm[81]) + abs(pcm[82]) > 100;
	}
	assert_true(energy <= 24); /* of each digit the first packet at most */
	one_close(&o);
}

static void test_fax_tones(void **state)
{
	struct one o;
	uint8_t p[160];
	(void)state;

	one_open(&o);
	assert_int_equal(mstream_detect(o.sa, MDETECT_FAX), 0);
	for (unsigned hz = 1100, at = 0; hz <= 2100; hz += 1000) {
		for (int k = 0; k < 30; k++) {
			for (size_t i = 0; i < sizeof(p); i++, at++)
				p[i] = g711_ulaw_enc((int16_t)(6000 * sin(2 * M_PI * hz * at / 8000)));
			phone_raw(o.a, p, sizeof(p));
			o.a->seq++;
			o.a->ts += 160;
			vnet_run(o.f.net, 20);
		}
	}
	assert_int_equal(o.t.fax[0], 1);
	assert_int_equal(o.t.fax[1], 1);
	assert_told(&o.t, "");
	one_close(&o);
}

/* Without memory nothing is lost but the digit. */
static void test_oom(void **state)
{
	struct one o;
	(void)state;

	one_open(&o);
	for (int n = 1; n < 40; n++) {
		mem_fail_at(n - 1);
		int e1 = mstream_detect(o.sa, n % 2 ? MDETECT_DIGITS : 0);
		int e2 = mstream_digits(o.sb, SLICE("12"), n % 3 ? MDIGIT_TONES : MDIGIT_EVENT, 40);
		vnet_run(o.f.net, 300);
		(void)mem_fail_off();
		assert_true(!e1 || e1 == ENOMEM);
		assert_true(!e2 || e2 == ENOMEM);
		say(&o, 0, 40);
	}
	one_close(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clocks),      cmocka_unit_test(test_segments),
		cmocka_unit_test(test_habits),      cmocka_unit_test(test_held_key),
		cmocka_unit_test(test_segments_go), cmocka_unit_test(test_tones_in_relay),
		cmocka_unit_test(test_heard),       cmocka_unit_test(test_hush),
		cmocka_unit_test(test_fax_tones),   cmocka_unit_test(test_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
