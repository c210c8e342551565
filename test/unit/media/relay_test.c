/*
 * relay_test.c - packets go from one party to the other, whatever they are, in one
 * outbound stream for each.
 */
#include "fixture.h"

static void test_both_ways(void **state)
{
	struct fx f;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000);
	struct mstream *sa = fx_stream(&f, a), *sb = fx_stream(&f, b);
	mstream_join(sa, sb);
	vnet_run(f.net, 10);
	for (int i = 0; i < 50; i++) {
		phone_talk(&f, a, 1);
		phone_talk(&f, b, 1);
	}
	assert_int_equal(a->ngot, 50);
	assert_int_equal(b->ngot, 50);
	phone_assert_continuous(a);
	phone_assert_continuous(b);
	/* symmetric: from the port that SDP names, with an SSRC of our own and the sender's payload */
	assert_true(sa_eq(&b->got[0].src, &b->to));
	assert_int_not_equal(b->got[0].h.ssrc, a->ssrc);
	assert_int_not_equal(b->got[0].h.ssrc, a->got[0].h.ssrc);
	for (size_t i = 0; i < 50; i++)
		assert_int_equal(b->got[i].p[RTP_HDR], (uint8_t)(100 + i));
	assert_int_equal(b->got[49].h.ts - b->got[0].h.ts, 49 * 160);
	struct mstream_stats st = fx_stats(&f, sa);
	assert_int_equal(st.rx_packets, 50);
	assert_int_equal(st.tx_packets, 50);
	assert_int_equal(st.rx_lost, 0);
	assert_int_equal(st.rx_dropped, 0);
	assert_string_equal(st.codec, "PCMU");
	assert_true(st.latched);
	assert_false(st.moved);
	assert_true(sa_eq(&st.remote, &a->addr));
	assert_in_range(st.mos_x100, 420, 450);
	struct media_stats ms;
	media_stats(f.m, &ms);
	assert_int_equal(ms.streams, 2);
	assert_int_equal(ms.packets, 100);
	fx_free(&f);
}

static void test_not_joined_is_counted(void **state)
{
	struct fx f;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *sa = fx_stream(&f, a);
	phone_talk(&f, a, 5);
	struct mstream_stats st = fx_stats(&f, sa);
	assert_int_equal(st.rx_packets, 5);
	assert_int_equal(st.rx_dropped, 5);
	assert_int_equal(a->ngot, 0);
	fx_free(&f);
}

static void test_continuity_over_joins(void **state)
{
	struct fx f;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000),
		     *c = fx_phone(&f, "10.0.0.3", 4000);
	struct mstream *sa = fx_stream(&f, a), *sb = fx_stream(&f, b), *sc = fx_stream(&f, c);
	b->seq = 65530;
	b->ts = 0xffffff00;
	c->seq = 7;
	c->ts = 0x80000000;
	mstream_join(sa, sb);
	vnet_run(f.net, 10);
	phone_talk(&f, b, 20);
	uint32_t ts = a->got[19].h.ts;
	/* a transfer: c takes the place of b after a second of silence */
	vnet_run(f.net, 1000);
	mstream_join(sa, sc);
	vnet_run(f.net, 10);
	phone_talk(&f, c, 20);
	assert_int_equal(a->ngot, 40);
	phone_assert_continuous(a);
	assert_true(a->got[20].h.marker);
	assert_false(a->got[21].h.marker);
	/* time went on as the clock did: 20 ms + 1,010 ms, within the tolerance of turns */
	assert_in_range(a->got[20].h.ts - ts, 1000 * 8, 1060 * 8);
	/* b is alone now */
	phone_talk(&f, b, 3);
	assert_int_equal(a->ngot, 40);
	/* the same source again, its packets from before the change are not let in */
	mstream_join(sa, sb);
	vnet_run(f.net, 10);
	phone_talk(&f, b, 3);
	b->seq -= 3 + 2;
	phone_talk(&f, b, 2);
	assert_int_equal(a->ngot, 43);
	phone_assert_continuous(a);
	fx_free(&f);
}

static void test_ssrc_change_of_source(void **state)
{
	struct fx f;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000);
	struct mstream *sa = fx_stream(&f, a), *sb = fx_stream(&f, b);
	mstream_join(sa, sb);
	vnet_run(f.net, 10);
	phone_talk(&f, b, 10);
	b->ssrc = 0xdeadbeef;
	b->seq = 40000;
	b->ts = 1;
	phone_talk(&f, b, 10);
	/* the same SSRC starts anew: a jump that no network makes */
	b->seq = 3;
	b->ts = 77;
	phone_talk(&f, b, 10);
	assert_int_equal(a->ngot, 30);
	phone_assert_continuous(a);
	struct mstream_stats st = fx_stats(&f, sb);
	assert_int_equal(st.rx_lost, 0);
	fx_free(&f);
}

static void test_loss_and_order_show_through(void **state)
{
	struct fx f;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000);
	struct mstream *sa = fx_stream(&f, a), *sb = fx_stream(&f, b);
	mstream_join(sa, sb);
	vnet_run(f.net, 10);
	phone_talk(&f, b, 2);
	b->seq += 3;
	b->ts += 3 * 160;
	phone_talk(&f, b, 1);
	b->seq -= 2;
	b->ts -= 2 * 160;
	phone_talk(&f, b, 1);
	assert_int_equal(a->ngot, 4);
	assert_int_equal((uint16_t)(a->got[2].h.seq - a->got[1].h.seq), 4);
	assert_int_equal((uint16_t)(a->got[3].h.seq - a->got[1].h.seq), 3);
	assert_int_equal(a->got[3].h.ts - a->got[1].h.ts, 3 * 160);
	struct mstream_stats st = fx_stats(&f, sb);
	assert_int_equal(st.rx_lost, 2);
	assert_int_equal(st.rx_late_or_dup, 1);
	fx_free(&f);
}

static void test_any_codec_and_video(void **state)
{
	struct fx f;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000);
	struct mstream *sa = fx_stream_on(&f, 0, a, "10.1.0.1", MSTREAM_VIDEO, NULL, NULL);
	struct mstream *sb = fx_stream_on(&f, 0, b, "10.1.0.1", MSTREAM_VIDEO, NULL, NULL);
	uint8_t big[1400];
	memset(big, 0x5a, sizeof(big));
	mstream_join(sa, sb);
	vnet_run(f.net, 10);
	a->pt = 99;
	for (int i = 0; i < 3; i++) {
		phone_raw(a, big, sizeof(big));
		a->seq++;
	}
	vnet_run(f.net, 10);
	assert_int_equal(b->ngot, 3);
	assert_int_equal(b->got[2].h.pt, 99);
	assert_int_equal(b->got[2].l, sizeof(big) + RTP_HDR);
	assert_int_equal(b->got[2].h.ts, b->got[0].h.ts);
	struct mstream_stats st = fx_stats(&f, sa);
	assert_string_equal(st.codec, "PT99");
	assert_int_equal(st.mos_x100, 0);
	fx_free(&f);
}

static void test_ipv4_to_ipv6(void **state)
{
	struct fx f;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "2001:db8::2", 4000);
	struct mstream *sa = fx_stream(&f, a);
	struct mstream *sb = fx_stream_on(&f, 0, b, "2001:db8::1", MSTREAM_AUDIO, NULL, NULL);
	mstream_join(sa, sb);
	vnet_run(f.net, 10);
	phone_talk(&f, a, 5);
	phone_talk(&f, b, 5);
	assert_int_equal(a->ngot, 5);
	assert_int_equal(b->ngot, 5);
	assert_int_equal(sa_af(&b->got[0].src), AF_INET6);
	fx_free(&f);
}

static void test_hold_directions(void **state)
{
	struct fx f;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000);
	struct mstream *sa = fx_stream(&f, a), *sb = fx_stream(&f, b);
	mstream_join(sa, sb);
	/* a holds: it sends, and wants nothing */
	struct mstream_remote r = fx_remote(&a->addr);
	r.we_send = false;
	mstream_set_remote(sa, &r);
	vnet_run(f.net, 10);
	phone_talk(&f, a, 5);
	phone_talk(&f, b, 5);
	assert_int_equal(a->ngot, 0);
	assert_int_equal(b->ngot, 5);
	/* the other way: what it sends is not wanted */
	r.we_send = true;
	r.we_recv = false;
	mstream_set_remote(sa, &r);
	vnet_run(f.net, 10);
	phone_talk(&f, a, 5);
	phone_talk(&f, b, 5);
	assert_int_equal(a->ngot, 5);
	assert_int_equal(b->ngot, 5);
	assert_int_equal(fx_stats(&f, sa).rx_dropped, 5);
	/* port 0: nowhere */
	r = fx_remote(&a->addr);
	sa_set_port(&r.rtp, 0);
	mstream_set_remote(sa, &r);
	vnet_run(f.net, 10);
	phone_talk(&f, b, 5);
	assert_int_equal(a->ngot, 5);
	fx_free(&f);
}

static void test_idle_and_close_while_joined(void **state)
{
	struct fx f;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000);
	struct mstream *sa = fx_stream(&f, a), *sb = fx_stream(&f, b);
	mstream_join(sa, sb);
	vnet_run(f.net, 10);
	phone_talk(&f, a, 1);
	mstream_idle(sb);
	vnet_run(f.net, 10);
	phone_talk(&f, a, 1);
	assert_int_equal(b->ngot, 1);
	mstream_join(sa, sb);
	mstream_close(sa, NULL, NULL);
	vnet_run(f.net, 10);
	phone_talk(&f, b, 3);
	assert_int_equal(a->ngot, 0);
	assert_int_equal(fx_stats(&f, sb).rx_dropped, 3);
	fx_free(&f);
}

struct final {
	int n;
	struct mstream_stats st;
};

static void final_h(const struct mstream_stats *st, void *arg)
{
	struct final *fin = arg;

	fin->n++;
	fin->st = *st;
}

static void first_h(struct mstream *s, void *arg)
{
	(void)s;
	++*(int *)arg;
}

static void test_final_figures_and_first_packet(void **state)
{
	static const struct mstream_ops ops = {.first_packet = first_h};
	struct fx f;
	struct final fin = {0};
	int first = 0;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *sa = fx_stream_on(&f, 0, a, "10.1.0.1", MSTREAM_AUDIO, &ops, &first);
	phone_talk(&f, a, 3);
	assert_int_equal(first, 1);
	struct mstream_remote r = fx_remote(&a->addr);
	mstream_set_remote(sa, &r);
	vnet_run(f.net, 5);
	phone_talk(&f, a, 3);
	assert_int_equal(first, 2);
	mstream_set_remote(sa, &r);
	vnet_run(f.net, 5);
	phone_raw(a, "x", 1);
	mstream_close(sa, final_h, &fin);
	assert_int_equal(fin.n, 0);
	vnet_run(f.net, 50);
	assert_int_equal(fin.n, 1);
	/* no call-back after the close, though the packet came */
	assert_int_equal(first, 2);
	assert_in_range(fin.st.rx_packets, 6, 7);
	fx_free(&f);
}

static void test_two_workers(void **state)
{
	struct fx f;
	(void)state;

	fx_init_cfg(&f, (struct media_cfg){.workers = 2});
	assert_int_equal(media_pick_worker(f.m), 0);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000),
		     *c = fx_phone(&f, "10.0.0.3", 4000);
	struct mstream *sa = fx_stream(&f, a);
	assert_int_equal(media_pick_worker(f.m), 1);
	struct mstream *sb = fx_stream_on(&f, 1, b, "10.1.0.1", MSTREAM_AUDIO, NULL, NULL), *sc = fx_stream(&f, c);
	mstream_join(sa, sb);
	vnet_run(f.net, 10);
	for (int i = 0; i < 10; i++) {
		phone_talk(&f, a, 1);
		phone_talk(&f, b, 1);
	}
	assert_int_equal(a->ngot, 10);
	assert_int_equal(b->ngot, 10);
	assert_int_equal(f.m->links.n, 2);
	/* other partners: the links go */
	mstream_join(sc, sa);
	vnet_run(f.net, 10);
	assert_int_equal(f.m->links.n, 0);
	phone_talk(&f, c, 10);
	assert_int_equal(a->ngot, 20);
	phone_assert_continuous(a);
	for (int i = 0; i < 20; i++) {
		mstream_join(i & 1 ? sa : sc, sb);
		if (i % 3)
			vnet_run(f.net, 1);
	}
	mstream_close(sb, NULL, NULL);
	vnet_run(f.net, 10);
	assert_int_equal(f.m->links.n, 0);
	mstream_join(sa, sc);
	mstream_close(sc, NULL, NULL);
	fx_free(&f);
}

/* Joined over two workers and closed before either worker has heard of it: the link's message must not find it gone. */
static void test_closed_before_its_link_opens(void **state)
{
	struct fx f;
	struct sa local = fx_sa("10.1.0.1", 0);
	(void)state;

	fx_init_cfg(&f, (struct media_cfg){.workers = 2});
	for (int i = 0; i < 8; i++) {
		struct mstream *a, *b;

		assert_int_equal(mstream_alloc(&a, f.m, 0, MSTREAM_AUDIO, &local, NULL, NULL), 0);
		assert_int_equal(mstream_alloc(&b, f.m, 1, MSTREAM_AUDIO, &local, NULL, NULL), 0);
		mstream_join(a, b);
		mstream_close(i & 1 ? a : b, NULL, NULL);
		vnet_run(f.net, i & 2 ? 0 : 100);
		mstream_close(i & 1 ? b : a, NULL, NULL);
		vnet_run(f.net, i & 4 ? 0 : 100);
	}
	vnet_run(f.net, 100);
	assert_int_equal(f.m->streams.n, 0);
	assert_int_equal(f.m->links.n, 0);
	fx_free(&f);
}

static void test_engine_ends_with_open_streams(void **state)
{
	struct fx f;
	(void)state;

	fx_init_cfg(&f, (struct media_cfg){.workers = 2});
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000);
	struct mstream *sa = fx_stream(&f, a), *sb = fx_stream_on(&f, 1, b, "10.1.0.1", MSTREAM_AUDIO, NULL, NULL);
	mstream_join(sa, sb);
	fx_free(&f);
}

static void test_idle_worker_sleeps(void **state)
{
	struct fx f;
	(void)state;

	fx_init_cfg(&f, (struct media_cfg){.quarantine_ms = 10});
	vnet_run(f.net, 100);
	assert_int_equal(vnet_pending(f.net), 0);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *sa = fx_stream(&f, a);
	vnet_run(f.net, 3000);
	/* one tick a second, nothing else */
	assert_int_equal(vnet_pending(f.net), 1);
	mstream_close(sa, NULL, NULL);
	vnet_run(f.net, 3000);
	assert_int_equal(vnet_pending(f.net), 0);
	fx_free(&f);
}

static void test_dump(void **state)
{
	struct fx f;
	struct buf b;
	char *text;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = fx_stream(&f, a);
	mstream_echo(s);
	phone_talk(&f, a, 10);
	(void)fx_stats(&f, s);
	buf_init(&b);
	assert_int_equal(inspect_run(SLICE("media.streams"), &b), 0);
	assert_int_equal(buf_strdup(&b, &text), 0);
	assert_non_null(strstr(text, "streams 1,"));
	assert_non_null(strstr(text, "-> 10.0.0.1:4000 worker 0 PCMU rx 10 tx 10 lost 0"));
	mem_deref(text);
	buf_free(&b);
	fx_free(&f);
	buf_init(&b);
	assert_int_equal(inspect_run(SLICE("media.streams"), &b), ENOENT);
	buf_free(&b);
}

static void test_memory_of_a_stream(void **state)
{
	(void)state;
	assert_true(sizeof(struct mstream) <= 1536);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_not_joined_is_counted),
		cmocka_unit_test(test_continuity_over_joins),
		cmocka_unit_test(test_ssrc_change_of_source),
		cmocka_unit_test(test_loss_and_order_show_through),
		cmocka_unit_test(test_any_codec_and_video),
		cmocka_unit_test(test_ipv4_to_ipv6),
		cmocka_unit_test(test_hold_directions),
		cmocka_unit_test(test_idle_and_close_while_joined),
		cmocka_unit_test(test_final_figures_and_first_packet),
		cmocka_unit_test(test_two_workers),
		cmocka_unit_test(test_closed_before_its_link_opens),
		cmocka_unit_test(test_engine_ends_with_open_streams),
		cmocka_unit_test(test_idle_worker_sleeps),
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_memory_of_a_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
