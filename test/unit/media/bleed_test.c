/*
 * bleed_test.c - RTP bleed and injection against everything that a stream can do: a stranger who knows the port, the
 * SSRC and the sequence of a party gets nothing, is not heard, changes no figure and ends nothing, whatever he sends.
 */
#include <stdlib.h>
#include "media/mixer.h"
#include "srtp_fixture.h"

enum what { RELAY, XCODE, ECHO, PLAY, MIX, TAP, WHATS };
static const char *const names[] = {"relay", "transcoding", "echo", "player", "mixer", "tap"};

enum { QUIET = 0xff /* silence in u-law */, LIMIT = 400 };

struct scene {
	struct fx f;
	struct phone *a, *b, *evil;
	struct mstream *sa, *sb;
	struct mixer *x;
	struct mixer_member *ma, *mb;
	struct media_source src;
	struct media_sink sink;
	struct sphone key; /* of a, if it has one */
	bool keyed;
	enum what what;
	unsigned digits, dead;
	int sunk; /* loudest sample that the tap got */
};

static void dtmf_h(struct mstream *s, char digit, uint32_t ms, void *arg)
{
	struct scene *c = arg;

	(void)s;
	(void)digit;
	(void)ms;
	c->digits++;
}

static void dead_h(struct mstream *s, void *arg)
{
	struct scene *c = arg;

	(void)s;
	c->dead++;
}

static size_t read_h(struct media_source *src, int16_t *pcm, size_t n)
{
	(void)src;
	memset(pcm, 0, n * sizeof(*pcm));
	return n;
}

static void sink_h(struct media_sink *sink, const int16_t *pcm, size_t n, uint64_t us)
{
	struct scene *c = CONTAINER_OF(sink, struct scene, sink);

	(void)us;
	for (size_t i = 0; i < n; i++)
		c->sunk = abs(pcm[i]) > c->sunk ? abs(pcm[i]) : c->sunk;
}

static const struct mstream_ops ops = {.dtmf = dtmf_h, .dead = dead_h};

static struct mstream_remote says(const struct phone *p, uint8_t pt)
{
	struct mstream_remote r = fx_remote(&p->addr);

	r.codec[0] = (struct mcodec){pt, "", 8000, 1, 0, 0};
	strcpy(r.codec[0].name, pt ? "PCMA" : "PCMU");
	r.codec[1] = (struct mcodec){101, "TELEPHONE-EVENT", 8000, 1, 0, 0};
	r.ncodec = 2;
	return r;
}

static void scene_begin(struct scene *c)
{
	switch (c->what) {
	case ECHO:
		mstream_echo(c->sa);
		break;
	case PLAY:
		c->src.read = read_h;
		assert_int_equal(mstream_play(c->sa, &c->src), 0);
		break;
	case MIX:
		assert_int_equal(mixer_alloc(&c->x, &(struct mixer_cfg){.media = c->f.m}, &(struct mixer_ops){0}, NULL),
				 0);
		assert_int_equal(mixer_add(&c->ma, c->x, c->sa, 0, NULL), 0);
		assert_int_equal(mixer_add(&c->mb, c->x, c->sb, 0, NULL), 0);
		break;
	case TAP:
		c->sink.write = sink_h;
		assert_int_equal(mstream_tap(c->sa, &c->sink), 0);
		break;
	default:
		mstream_join(c->sa, c->sb);
		break;
	}
}

static void scene_init(struct scene *c, enum what what, unsigned workers, bool keyed)
{
	memset(c, 0, sizeof(*c));
	c->what = what;
	c->keyed = keyed;
	fx_init_cfg(&c->f, (struct media_cfg){.workers = workers, .dead_s = 10});
	c->a = fx_phone(&c->f, "10.0.0.1", 4000);
	c->b = fx_phone(&c->f, "10.0.0.2", 4000);
	c->evil = fx_phone(&c->f, "203.0.113.66", 6666);
	c->sa = fx_stream_on(&c->f, 0, c->a, "10.1.0.1", MSTREAM_AUDIO, &ops, c);
	c->sb = fx_stream_on(&c->f, workers - 1, c->b, "10.1.0.1", MSTREAM_AUDIO, NULL, NULL);
	struct mstream_remote ra = says(c->a, 0), rb = says(c->b, what == XCODE ? 8 : 0);
	mstream_set_remote(c->sa, &ra);
	mstream_set_remote(c->sb, &rb);
	c->b->pt = what == XCODE ? 8 : 0;
	c->evil->to = c->a->to;
	if (keyed) {
		struct srtp_key from = key_of(SRTP_AES_CM_128_HMAC_SHA1_80, 1), to = key_of(from.suite, 2);
		sphone_init(&c->key, c->a, &from, &to);
		assert_int_equal(mstream_set_keys(c->sa, &to, &from), 0);
	}
	scene_begin(c);
	vnet_run(c->f.net, 20);
}

static void scene_free(struct scene *c)
{
	mixer_remove(c->ma);
	mixer_remove(c->mb);
	mem_deref(c->x);
	if (c->keyed)
		sphone_free(&c->key);
	fx_free(&c->f);
}

/* A packet of a, 20 ms: silence, or loud. */
static void party(struct scene *c, bool loud)
{
	uint8_t pay[160];

	for (size_t i = 0; i < sizeof(pay); i++)
		pay[i] = (uint8_t)(loud ? (i % 8 < 4 ? 0x10 : 0x90) : QUIET);
	if (c->keyed) {
		uint8_t b[PKT_MAX];
		size_t l = RTP_HDR + sizeof(pay);
		struct rtp_hdr h = {.seq = c->a->seq, .ts = c->a->ts, .ssrc = c->a->ssrc};

		rtp_encode(b, &h);
		memcpy(b + RTP_HDR, pay, sizeof(pay));
		assert_int_equal(srtp_seal(c->key.tx, b, &l, RTP_HDR, h.seq), 0);
		assert_int_equal(udp_send_now(c->a->rtp, &c->a->to, b, l), 0);
	} else {
		phone_raw(c->a, pay, sizeof(pay));
	}
	c->a->seq++;
	c->a->ts += 160;
	memset(pay, c->b->pt ? 0xd5 : QUIET, sizeof(pay));
	phone_raw(c->b, pay, sizeof(pay));
	c->b->seq++;
	c->b->ts += 160;
	vnet_run(c->f.net, 20);
}

static int loudest(const struct phone *p, size_t from)
{
	int max = 0;

	for (size_t i = from; i < p->ngot; i++)
		for (size_t k = 0; k < p->got[i].h.payload; k++) {
			uint8_t v = p->got[i].p[p->got[i].h.hdrlen + k];
			int s = abs(p->got[i].h.pt == 8 ? g711_alaw_dec(v) : g711_ulaw_dec(v));
			max = s > max ? s : max;
		}
	return max;
}

/* ------------------------------------------------------------------ what he sends */

static void evil_rtp(struct scene *c, bool knows)
{
	uint8_t pay[160];

	for (size_t i = 0; i < sizeof(pay); i++)
		pay[i] = (uint8_t)(i % 8 < 4 ? 0x10 : 0x90);
	c->evil->pt = 0;
	if (knows) {
		c->evil->ssrc = c->a->ssrc;
		c->evil->seq = c->a->seq;
		c->evil->ts = c->a->ts;
	} else {
		c->evil->ssrc = 0xbad;
		c->evil->seq++;
		c->evil->ts += 160;
	}
	phone_raw(c->evil, pay, sizeof(pay));
}

/* The digit 5, from its beginning to its end. */
static void evil_digit(struct scene *c)
{
	uint8_t ev[] = {5, 10, 0, 160};

	c->evil->pt = 101;
	c->evil->ssrc = c->a->ssrc;
	c->evil->seq = c->a->seq;
	c->evil->ts = c->a->ts;
	phone_raw(c->evil, ev, sizeof(ev));
	ev[1] = 0x8a;
	c->evil->seq++;
	phone_raw(c->evil, ev, sizeof(ev));
}

/* All kinds of reports: how the party sends and hears, voice metrics, its end, on either port. */
static void evil_rtcp(struct scene *c, bool mux)
{
	uint8_t b[300];
	struct sa to = c->evil->to;
	struct rtcp_sr sr = {.ssrc = c->a->ssrc, .ntp_sec = 77, .rtp_ts = c->a->ts, .packets = 9};
	uint32_t out = c->a->ngot ? c->a->got[0].h.ssrc : 1;
	struct rtcp_rb rb = {.ssrc = out, .fraction = 200, .lost = 5000, .jitter = 90000, .lsr = 1, .dlsr = 1};
	struct rtcp_voip v = {.ssrc = out, .mos_lq_x10 = 11};

	size_t l = rtcp_encode_report(b, sizeof(b), c->a->ssrc, &sr, &rb, 1, "evil", false);
	rtcp_xr_voip_encode(b + l, c->a->ssrc, &v);
	l += RTCP_XR_VOIP_LEN;
	rtcp_bye_encode(b + l, c->a->ssrc);
	l += RTCP_BYE_LEN;
	if (!mux)
		sa_set_port(&to, (uint16_t)(sa_port(&to) + 1));
	assert_int_equal(udp_send_now(c->evil->rtcp, &to, b, l), 0);
	l = rtcp_encode_report(b, sizeof(b), c->a->ssrc, NULL, &rb, 1, "evil", true);
	assert_int_equal(udp_send_now(c->evil->rtcp, &to, b, l), 0);
}

static unsigned spray(struct scene *c)
{
	unsigned n = 0;

	for (int i = 0; i < 100; i++) {
		evil_rtp(c, false);
		evil_rtp(c, true);
		evil_digit(c);
		evil_rtcp(c, i & 1);
		n += 6;
		party(c, false);
	}
	return n;
}

static void against(enum what what, unsigned workers, bool keyed)
{
	static struct scene c;

	scene_init(&c, what, workers, keyed);
	for (int i = 0; i < 20; i++)
		party(&c, false);
	struct mstream_stats was = fx_stats(&c.f, c.sa), is;
	c.digits = 0;
	/* the pause of a second is no silence that lets anybody else in */
	party(&c, false);
	unsigned n = spray(&c);
	is = fx_stats(&c.f, c.sa);
	if (is.rx_dropped - was.rx_dropped < n)
		fail_msg("%s: of %u packets %u were dropped", names[what], n,
			 (unsigned)(is.rx_dropped - was.rx_dropped));
	assert_int_equal(is.rx_packets - was.rx_packets, 101);
	assert_int_equal(is.rx_lost, 0);
	assert_int_equal(is.remote_lost_pm, 0);
	assert_int_equal(is.rtt_us, was.rtt_us);
	assert_int_equal(is.far_mos_x10, 0);
	assert_true(is.rx_jitter_us < 60000);
	assert_true(sa_eq(&is.remote, &c.a->addr));
	assert_false(is.moved);
	assert_int_equal(c.evil->ngot, 0);
	assert_int_equal(c.evil->nrtcp, 0);
	assert_int_equal(c.digits, 0);
	assert_int_equal(c.dead, 0);
	if (loudest(c.a, 0) > LIMIT || loudest(c.b, 0) > LIMIT || c.sunk > LIMIT)
		fail_msg("%s: the stranger is heard", names[what]);
	/* the party still is */
	size_t na = c.a->ngot, nb = c.b->ngot;
	for (int i = 0; i < 50; i++)
		party(&c, true);
	if ((what == ECHO && loudest(c.a, na) < 5000) ||
	    ((what == RELAY || what == XCODE || what == MIX) && loudest(c.b, nb) < 2000) ||
	    (what == TAP && c.sunk < 5000))
		fail_msg("%s: the party is not heard any more", names[what]);
	scene_free(&c);
}

static void test_stranger_gets_nothing_and_is_not_heard(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WHATS; i++) {
		against((enum what)i, 1, false);
		against((enum what)i, 2, false);
	}
}

static void test_stranger_without_the_key_does_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WHATS; i++) {
		against((enum what)i, 1, true);
		against((enum what)i, 2, true);
	}
}

/* ------------------------------------------------------------------ floods */

/* More than a stream may bring, from elsewhere: what the party sends is not cut. */
static void flood(enum what what, bool rtcp)
{
	static struct scene c;

	scene_init(&c, what, 1, false);
	party(&c, false);
	for (int i = 0; i < 50; i++) {
		for (int k = 0; k < 60; k++) {
			if (rtcp)
				evil_rtcp(&c, k & 1);
			else
				evil_rtp(&c, k & 1);
		}
		party(&c, false);
	}
	assert_int_equal(fx_stats(&c.f, c.sa).rx_packets, 51);
	if (what == RELAY)
		assert_int_equal(c.b->ngot, 51);
	scene_free(&c);
}

static void test_flood_of_a_stranger_drowns_nobody(void **state)
{
	(void)state;
	flood(RELAY, false);
	flood(RELAY, true);
	flood(MIX, false);
}

static void test_flood_of_the_party_is_cut(void **state)
{
	static struct scene c;
	(void)state;

	scene_init(&c, RELAY, 1, false);
	for (int i = 0; i < 3000; i++) {
		phone_raw(c.a, "x", 1);
		c.a->seq++;
		if (i % 100 == 99)
			vnet_run(c.f.net, 5);
	}
	assert_in_range(c.b->ngot, 900, 1000);
	scene_free(&c);
}

/* ------------------------------------------------------------------ a description in mid-call */

/* Behind a router: what its description says is not where it sends from. */
static void behind_nat(struct scene *c, struct mstream_remote *r)
{
	struct sa lie = fx_sa("192.168.1.9", 7000);

	scene_init(c, RELAY, 1, false);
	*r = says(c->a, 0);
	r->rtp = lie;
	sa_set_port(&lie, 7001);
	r->rtcp = lie;
	mstream_set_remote(c->sa, r);
	vnet_run(c->f.net, 5);
	for (int i = 0; i < 10; i++)
		party(c, false);
	r->renewed = true;
}

/* A session is refreshed: the stranger who sprays all the time does not take the phone's place. */
static void test_refreshed_session_is_not_taken_over(void **state)
{
	static struct scene c;
	struct mstream_remote r;
	(void)state;

	behind_nat(&c, &r);
	for (int i = 0; i < 50; i++) {
		mstream_set_remote(c.sa, &r);
		evil_rtp(&c, false);
		vnet_run(c.f.net, 1);
		evil_rtp(&c, true);
		vnet_run(c.f.net, 1);
		party(&c, false);
	}
	assert_int_equal(c.evil->ngot, 0);
	assert_int_equal(c.a->ngot, 60);
	assert_int_equal(loudest(c.b, 0), 0);
	/* without a refresh it would have to go on in sequence; with one it may be new altogether, but not at once */
	mstream_set_remote(c.sa, &r);
	vnet_run(c.f.net, 1500);
	evil_rtp(&c, false);
	vnet_run(c.f.net, 5);
	assert_int_equal(c.b->ngot, 60);
	vnet_run(c.f.net, 600);
	evil_rtp(&c, false);
	vnet_run(c.f.net, 5);
	assert_int_equal(c.b->ngot, 61);
	scene_free(&c);
}

/* Another address, or the answer: learning opens at once. */
static void test_news_open_learning(void **state)
{
	static struct scene c;
	struct mstream_remote r;
	(void)state;

	behind_nat(&c, &r);
	struct phone *moved = fx_phone(&c.f, "198.51.100.4", 5000);
	moved->to = c.a->to;
	sa_set_port(&r.rtp, 7004);
	mstream_set_remote(c.sa, &r);
	vnet_run(c.f.net, 5);
	phone_talk(&c.f, moved, 3);
	assert_int_equal(c.b->ngot, 13);
	/* an order that opens, and one that does not, in one turn */
	r.renewed = false;
	mstream_set_remote(c.sa, &r);
	r.renewed = true;
	mstream_set_remote(c.sa, &r);
	vnet_run(c.f.net, 5);
	party(&c, false);
	assert_int_equal(c.b->ngot, 14);
	scene_free(&c);
}

/* ------------------------------------------------------------------ reports */

/* Who reports to the RTCP port from elsewhere does not get ours. */
static void test_reports_go_to_the_party_alone(void **state)
{
	static struct scene c;
	(void)state;

	scene_init(&c, ECHO, 1, false);
	for (int i = 0; i < 1000; i++) {
		party(&c, false);
		evil_rtcp(&c, false);
	}
	assert_true(c.a->nrtcp >= 2);
	assert_int_equal(c.evil->nrtcp, 0);
	scene_free(&c);
}

/* "I am gone" by RTCP is no hang-up, not even of the party: its sound goes on, or a BYE of SIP follows. */
static void test_rtcp_bye_ends_nothing(void **state)
{
	static struct scene c;
	uint8_t b[100];
	(void)state;

	for (unsigned i = 0; i < WHATS; i++) {
		scene_init(&c, (enum what)i, 1, false);
		for (int k = 0; k < 10; k++)
			party(&c, false);
		struct sa to = c.a->to;
		sa_set_port(&to, (uint16_t)(sa_port(&to) + 1));
		size_t l = rtcp_encode_report(b, sizeof(b), c.a->ssrc, NULL, NULL, 0, "a", true);
		assert_int_equal(udp_send_now(c.a->rtcp, &to, b, l), 0);
		vnet_run(c.f.net, 20);
		for (int k = 0; k < 500; k++)
			party(&c, false);
		assert_int_equal(fx_stats(&c.f, c.sa).rx_packets, 510);
		assert_int_equal(c.dead, 0);
		scene_free(&c);
	}
}

/* A minute of packets that no key opens: counted, and that is all. */
static void test_wrong_keys_end_nothing(void **state)
{
	static struct scene c;
	(void)state;

	scene_init(&c, RELAY, 1, true);
	struct srtp_key wrong = key_of(SRTP_AES_CM_128_HMAC_SHA1_80, 99), to = key_of(wrong.suite, 2);
	party(&c, false);
	sphone_keys(&c.key, &wrong, &to);
	for (int i = 0; i < 3000; i++)
		party(&c, false);
	struct mstream_stats st = fx_stats(&c.f, c.sa);
	assert_int_equal(st.rx_packets, 1);
	assert_int_equal(st.rx_auth_failed, 3000);
	assert_int_equal(st.rx_strangers, 0);
	assert_int_equal(c.dead, 0);
	assert_true(c.key.opened >= 2000); /* what it is sent it still gets */
	struct srtp_key right = key_of(SRTP_AES_CM_128_HMAC_SHA1_80, 1);
	sphone_keys(&c.key, &right, &to);
	for (int i = 0; i < 5; i++)
		party(&c, true);
	assert_int_equal(fx_stats(&c.f, c.sa).rx_packets, 6);
	scene_free(&c);
}

/* What was sent while its direction was off is not missed afterwards. */
static void test_numbers_while_held_are_no_loss(void **state)
{
	static struct scene c;
	(void)state;

	scene_init(&c, RELAY, 1, false);
	struct mstream_remote r = says(c.a, 0);
	for (int i = 0; i < 100; i++)
		party(&c, false);
	r.we_recv = false;
	mstream_set_remote(c.sa, &r);
	vnet_run(c.f.net, 5);
	for (int i = 0; i < 500; i++)
		party(&c, false);
	r.we_recv = true;
	mstream_set_remote(c.sa, &r);
	vnet_run(c.f.net, 5);
	for (int i = 0; i < 100; i++)
		party(&c, false);
	struct mstream_stats st = fx_stats(&c.f, c.sa);
	assert_int_equal(st.rx_packets, 200);
	assert_int_equal(st.rx_lost, 0);
	scene_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stranger_gets_nothing_and_is_not_heard),
		cmocka_unit_test(test_stranger_without_the_key_does_nothing),
		cmocka_unit_test(test_flood_of_a_stranger_drowns_nobody),
		cmocka_unit_test(test_flood_of_the_party_is_cut),
		cmocka_unit_test(test_refreshed_session_is_not_taken_over),
		cmocka_unit_test(test_news_open_learning),
		cmocka_unit_test(test_reports_go_to_the_party_alone),
		cmocka_unit_test(test_rtcp_bye_ends_nothing),
		cmocka_unit_test(test_wrong_keys_end_nothing),
		cmocka_unit_test(test_numbers_while_held_are_no_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
