/*
 * latch_test.c - from where a party may send: each rule alone, then RTP bleed and
 * injection against a running call.
 */
#include "fixture.h"

static const uint64_t sec = 1000000;

struct lt {
	struct latch la;
	struct sa sdp, nat, evil;
	uint64_t us;
};

static enum latch_result hit(struct lt *t, const struct sa *src, uint32_t ssrc, uint16_t seq)
{
	struct rtp_hdr h = {.ssrc = ssrc, .seq = seq};

	return latch_rtp(&t->la, &t->sdp, src, &h, t->us, 2 * sec);
}

static struct lt make(void)
{
	struct lt t = {.la = {.state = LATCH_OPEN}, .us = 1000 * sec};

	t.sdp = fx_sa("10.0.0.1", 4000);
	t.nat = fx_sa("192.0.2.1", 40000);
	t.evil = fx_sa("203.0.113.66", 666);
	return t;
}

static void test_nothing_before_a_description(void **state)
{
	struct lt t = make();
	(void)state;

	t.la.state = LATCH_SHUT;
	assert_int_equal(hit(&t, &t.sdp, 1, 1), LATCH_DROP);
	assert_int_equal(hit(&t, &t.nat, 1, 1), LATCH_DROP);
}

static void test_sdp_address_locks_for_good(void **state)
{
	struct lt t = make();
	(void)state;

	assert_int_equal(hit(&t, &t.sdp, 1, 1), LATCH_MOVED);
	assert_int_equal(t.la.state, LATCH_SDP);
	assert_int_equal(hit(&t, &t.nat, 1, 2), LATCH_DROP);
	assert_int_equal(hit(&t, &t.sdp, 1, 2), LATCH_SAME);
}

static void test_nat_is_learnt(void **state)
{
	struct lt t = make();
	(void)state;

	assert_int_equal(hit(&t, &t.nat, 1, 1), LATCH_MOVED);
	assert_int_equal(t.la.state, LATCH_LEARNT);
	assert_int_equal(hit(&t, &t.nat, 1, 2), LATCH_SAME);
}

static void test_sdp_address_wins_over_what_was_learnt(void **state)
{
	struct lt t = make();
	(void)state;

	(void)hit(&t, &t.nat, 1, 1);
	assert_int_equal(hit(&t, &t.sdp, 2, 900), LATCH_MOVED);
	assert_true(sa_eq(&t.la.src, &t.sdp));
	assert_int_equal(hit(&t, &t.nat, 1, 2), LATCH_DROP);
}

static void test_no_relearning_while_alive(void **state)
{
	struct lt t = make();
	(void)state;

	(void)hit(&t, &t.nat, 1, 1);
	for (uint16_t i = 2; i < 500; i++) {
		t.us += 20000;
		assert_int_equal(hit(&t, &t.nat, 1, i), LATCH_SAME);
		/* right SSRC, right sequence, wrong place */
		assert_int_equal(hit(&t, &t.evil, 1, (uint16_t)(i + 1)), LATCH_DROP);
	}
}

static void test_moves_after_silence_in_sequence(void **state)
{
	struct lt t = make();
	(void)state;

	(void)hit(&t, &t.sdp, 1, 65530);
	t.us += 2 * sec - 1;
	assert_int_equal(hit(&t, &t.nat, 1, 65531), LATCH_DROP);
	t.us += 1;
	assert_int_equal(hit(&t, &t.nat, 2, 65531), LATCH_DROP);
	assert_int_equal(hit(&t, &t.nat, 1, 65530), LATCH_DROP);
	assert_int_equal(hit(&t, &t.nat, 1, 65000), LATCH_DROP);
	assert_int_equal(hit(&t, &t.nat, 1, 20000), LATCH_DROP);
	/* over the wrap of the sequence */
	assert_int_equal(hit(&t, &t.nat, 1, 94), LATCH_MOVED);
	assert_int_equal(t.la.state, LATCH_LEARNT);
	/* and back, for the SDP's address wins */
	assert_int_equal(hit(&t, &t.sdp, 1, 95), LATCH_MOVED);
}

static void test_new_ssrc_from_the_locked_address(void **state)
{
	struct lt t = make();
	(void)state;

	(void)hit(&t, &t.nat, 1, 1);
	assert_int_equal(hit(&t, &t.nat, 77, 30000), LATCH_SAME);
	t.us += 3 * sec;
	/* what may move now is the new SSRC, not the old one */
	assert_int_equal(hit(&t, &t.evil, 1, 2), LATCH_DROP);
	assert_int_equal(hit(&t, &t.evil, 77, 30001), LATCH_MOVED);
}

static void test_late_packets_do_not_turn_the_sequence_back(void **state)
{
	struct lt t = make();
	(void)state;

	(void)hit(&t, &t.nat, 1, 100);
	(void)hit(&t, &t.nat, 1, 90);
	t.us += 3 * sec;
	assert_int_equal(hit(&t, &t.evil, 1, 95), LATCH_DROP);
}

static enum latch_result hit_rtcp(struct lt *t, struct latch *rtcp, const struct sa *src)
{
	struct sa sdp = t->sdp;

	sa_set_port(&sdp, 4001);
	return latch_rtcp(rtcp, &sdp, &t->la, src, t->us, 2 * sec);
}

static void test_rtcp_only_from_the_host_of_the_sound(void **state)
{
	struct lt t = make();
	struct latch rtcp = {.state = LATCH_OPEN};
	struct sa a = fx_sa("192.0.2.1", 40123), b = fx_sa("192.0.2.1", 41000), s = fx_sa("10.0.0.1", 4001);
	(void)state;

	/* before any sound only the address of the SDP */
	assert_int_equal(hit_rtcp(&t, &rtcp, &a), LATCH_DROP);
	(void)hit(&t, &t.nat, 1, 1);
	assert_int_equal(hit_rtcp(&t, &rtcp, &t.evil), LATCH_DROP);
	assert_int_equal(hit_rtcp(&t, &rtcp, &a), LATCH_MOVED);
	assert_int_equal(hit_rtcp(&t, &rtcp, &a), LATCH_SAME);
	assert_int_equal(hit_rtcp(&t, &rtcp, &b), LATCH_DROP);
	t.us += 9 * sec;
	assert_int_equal(hit_rtcp(&t, &rtcp, &b), LATCH_MOVED);
	assert_int_equal(hit_rtcp(&t, &rtcp, &s), LATCH_MOVED);
	assert_int_equal(rtcp.state, LATCH_SDP);
}

/* ------------------------------------------------------------------ in a call */

struct call {
	struct fx f;
	struct phone *a, *b, *evil;
	struct mstream *sa, *sb;
};

static void call_init(struct call *c)
{
	fx_init(&c->f);
	c->a = fx_phone(&c->f, "10.0.0.1", 4000);
	c->b = fx_phone(&c->f, "10.0.0.2", 4000);
	c->evil = fx_phone(&c->f, "203.0.113.66", 6666);
	c->sa = fx_stream(&c->f, c->a);
	c->sb = fx_stream(&c->f, c->b);
	c->evil->to = c->a->to;
	mstream_join(c->sa, c->sb);
	vnet_run(c->f.net, 10);
}

/* A stranger sprays packets at our port to get the sound of the call (ES2017-04, ES2025-01). */
static void test_rtp_bleed(void **state)
{
	struct call c;
	(void)state;

	call_init(&c);
	for (int i = 0; i < 20; i++) {
		phone_talk(&c.f, c.a, 1);
		phone_talk(&c.f, c.b, 1);
		phone_talk(&c.f, c.evil, 3);
	}
	assert_int_equal(c.evil->ngot, 0);
	assert_int_equal(c.b->ngot, 20);
	assert_int_equal(c.a->ngot, 20);
	/* it was first: the owner of the port gets it back with its first packet */
	struct mstream_remote r = fx_remote(&c.a->addr);
	mstream_set_remote(c.sa, &r);
	vnet_run(c.f.net, 1);
	phone_talk(&c.f, c.evil, 1);
	phone_talk(&c.f, c.a, 1);
	phone_talk(&c.f, c.evil, 5);
	phone_talk(&c.f, c.b, 5);
	assert_int_equal(c.evil->ngot, 0);
	/* after silence too, without the call's SSRC and sequence */
	vnet_run(c.f.net, 5000);
	phone_talk(&c.f, c.evil, 5);
	phone_talk(&c.f, c.b, 5);
	assert_int_equal(c.evil->ngot, 0);
	assert_int_equal(c.a->ngot, 30);
	struct mstream_stats st = fx_stats(&c.f, c.sa);
	assert_int_equal(st.rx_dropped, 70);
	fx_free(&c.f);
}

/* A stranger who knows SSRC and sequence puts sound into a living call. */
static void test_rtp_injection(void **state)
{
	struct call c;
	(void)state;

	call_init(&c);
	phone_talk(&c.f, c.a, 5);
	c.evil->ssrc = c.a->ssrc;
	for (int i = 0; i < 20; i++) {
		c.evil->seq = (uint16_t)(c.a->seq + 1);
		c.evil->ts = c.a->ts + 160;
		phone_raw(c.evil, "evil", 4);
		phone_talk(&c.f, c.a, 1);
	}
	assert_int_equal(c.b->ngot, 25);
	phone_assert_continuous(c.b);
	for (size_t i = 0; i < c.b->ngot; i++)
		assert_int_equal(c.b->got[i].h.payload, 160);
	assert_int_equal(fx_stats(&c.f, c.sa).rx_dropped, 20);
	fx_free(&c.f);
}

static void test_nat_end_to_end(void **state)
{
	struct fx f;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000);
	struct mstream *sa = fx_stream(&f, a), *sb = fx_stream(&f, b);
	/* what a says in its SDP is an address behind its NAT */
	struct sa lie = fx_sa("192.168.1.9", 7000);
	struct mstream_remote r = fx_remote(&lie);
	mstream_set_remote(sa, &r);
	mstream_join(sa, sb);
	vnet_run(f.net, 10);
	phone_talk(&f, b, 5);
	assert_int_equal(a->ngot, 0);
	phone_talk(&f, a, 1);
	phone_talk(&f, b, 5);
	assert_int_equal(a->ngot, 5);
	struct mstream_stats st = fx_stats(&f, sa);
	assert_true(st.moved);
	assert_true(sa_eq(&st.remote, &a->addr));
	/* a re-INVITE with the same address: sound goes on to where it went */
	mstream_set_remote(sa, &r);
	vnet_run(f.net, 5);
	phone_talk(&f, b, 5);
	assert_int_equal(a->ngot, 10);
	/* another address in the new SDP: there at once */
	r = fx_remote(&a->addr);
	sa_set_port(&r.rtp, 5000);
	mstream_set_remote(sa, &r);
	vnet_run(f.net, 5);
	phone_talk(&f, b, 5);
	assert_int_equal(a->ngot, 10);
	fx_free(&f);
}

/* Two echoes whose descriptions name each other's port: a packet must not run in a circle for ever. */
static void test_circle_of_echoes_is_bounded(void **state)
{
	struct fx f;
	struct sa local = fx_sa("10.1.0.1", 0), pa, pb;
	struct mstream *a, *b;
	struct media_stats st;
	(void)state;

	fx_init(&f);
	assert_int_equal(mstream_alloc(&a, f.m, 0, MSTREAM_AUDIO, &local, NULL, NULL), 0);
	assert_int_equal(mstream_alloc(&b, f.m, 0, MSTREAM_AUDIO, &local, NULL, NULL), 0);
	mstream_local(a, &pa);
	mstream_local(b, &pb);
	struct mstream_remote ra = fx_remote(&pb), rb = fx_remote(&pa);
	mstream_set_remote(a, &ra);
	mstream_set_remote(b, &rb);
	mstream_echo(a);
	mstream_echo(b);
	const struct vnet_path path = {.delay_ms = 1};
	assert_int_equal(vnet_set_path(f.net, &local, &local, &path), 0);
	vnet_run(f.net, 10);
	uint8_t p[RTP_HDR + 160] = {0x80};
	for (int i = 0; i < 50; i++)
		assert_int_equal(vnet_inject(f.net, &pb, &pa, slice_mem(p, sizeof(p))), 0);
	vnet_run(f.net, 5000);
	media_stats(f.m, &st);
	/* the circle breaks in the first second */
	assert_in_range(st.packets, 500, 2100);
	fx_free(&f);
}

static void test_junk_is_counted(void **state)
{
	struct call c;
	static const char *const junk[] = {"",
					   "x",
					   "GET / HTTP/1.0\r\n\r\n",
					   "\x80",
					   "\x80\x00\x00\x01\x00\x00",
					   "\x80\xc8\x00\xff"
					   "aaaaaaaa",
					   "\x16\xfe\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"};
	static const size_t len[] = {0, 1, 18, 1, 6, 12, 14};
	(void)state;

	call_init(&c);
	for (size_t i = 0; i < ARRAY_LEN(junk); i++) {
		(void)udp_send_now(c.a->rtp, &c.a->to, junk[i], len[i]);
		struct sa rtcp = c.a->to;
		sa_set_port(&rtcp, (uint16_t)(sa_port(&rtcp) + 1));
		(void)udp_send_now(c.a->rtcp, &rtcp, junk[i], len[i]);
	}
	vnet_run(c.f.net, 10);
	assert_int_equal(c.b->ngot, 0);
	assert_int_equal(fx_stats(&c.f, c.sa).rx_dropped, 2 * ARRAY_LEN(junk));
	fx_free(&c.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_before_a_description),
		cmocka_unit_test(test_sdp_address_locks_for_good),
		cmocka_unit_test(test_nat_is_learnt),
		cmocka_unit_test(test_sdp_address_wins_over_what_was_learnt),
		cmocka_unit_test(test_no_relearning_while_alive),
		cmocka_unit_test(test_moves_after_silence_in_sequence),
		cmocka_unit_test(test_new_ssrc_from_the_locked_address),
		cmocka_unit_test(test_late_packets_do_not_turn_the_sequence_back),
		cmocka_unit_test(test_rtcp_only_from_the_host_of_the_sound),
		cmocka_unit_test(test_rtp_bleed),
		cmocka_unit_test(test_rtp_injection),
		cmocka_unit_test(test_nat_end_to_end),
		cmocka_unit_test(test_circle_of_echoes_is_bounded),
		cmocka_unit_test(test_junk_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
