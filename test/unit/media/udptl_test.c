/*
 * udptl_test.c - fax by UDPTL: datagrams pass as they are, from the right address alone.
 */
#include "fixture.h"

static struct mstream_remote fax(const struct sa *a)
{
	struct mstream_remote r = fx_remote(a);

	r.ncodec = 0;
	r.udptl = true;
	return r;
}

static void raw(struct fx *f, struct phone *p, const void *b, size_t l)
{
	assert_int_equal(udp_send_now(p->rtp, &p->to, b, l), 0);
	vnet_run(f->net, 10);
}

static struct {
	uint8_t p[2000];
	size_t l, n;
	struct sa src;
} got;

static void got_h(struct udp *u, const struct udp_rx *rx, void *arg)
{
	(void)u;
	(void)arg;
	got.n++;
	got.l = rx->data.l;
	got.src = rx->src;
	memcpy(got.p, rx->data.p, rx->data.l < sizeof(got.p) ? rx->data.l : sizeof(got.p));
}

/* A fax machine instead of a phone's RTP socket. */
static struct phone *machine(struct fx *f, const char *ip, uint16_t port)
{
	struct phone *p = fx_phone(f, ip, port);

	p->rtp = mem_deref(p->rtp);
	assert_int_equal(udp_open(&p->rtp, p->l, &p->addr, NULL, got_h, p), 0);
	return p;
}

static void call(unsigned workers, enum mstream_kind kind)
{
	struct fx f;
	uint8_t big[400];

	fx_init_cfg(&f, (struct media_cfg){.workers = workers, .dead_s = 10});
	struct phone *a = machine(&f, "10.0.0.1", 4000), *b = machine(&f, "10.0.0.2", 4000);
	struct mstream *sa = fx_stream_on(&f, 0, a, "10.1.0.1", kind, NULL, NULL);
	struct mstream *sb = fx_stream_on(&f, workers - 1, b, "10.1.0.1", kind, NULL, NULL);
	struct mstream_remote ra = fax(&a->addr), rb = fax(&b->addr);
	mstream_set_remote(sa, &ra);
	mstream_set_remote(sb, &rb);
	mstream_join(sa, sb);
	vnet_run(f.net, 10);
	memset(&got, 0, sizeof(got));
	memset(big, 0x81, sizeof(big));
	/* anything: it need not look like RTP, and what does is not rewritten */
	raw(&f, a, "\x00\x01\x06\xc0\x01\x80\x00\x00\xff", 9);
	assert_int_equal(got.n, 1);
	assert_int_equal(got.l, 9);
	assert_memory_equal(got.p, "\x00\x01\x06\xc0\x01\x80\x00\x00\xff", 9);
	assert_true(sa_eq(&got.src, &b->to));
	raw(&f, b, big, sizeof(big));
	assert_int_equal(got.n, 2);
	assert_memory_equal(got.p, big, sizeof(big));
	assert_true(sa_eq(&got.src, &a->to));
	/* a stranger; too short */
	struct phone *evil = machine(&f, "203.0.113.66", 6666);
	evil->to = a->to;
	raw(&f, evil, big, 100);
	raw(&f, a, "\x00", 1);
	assert_int_equal(got.n, 2);
	struct mstream_stats st = fx_stats(&f, sa);
	assert_int_equal(st.rx_packets, 1);
	assert_int_equal(st.tx_packets, 1);
	assert_int_equal(st.rx_dropped, 2);
	/* a flood has an end */
	for (int i = 0; i < 1500; i++)
		assert_int_equal(udp_send_now(a->rtp, &a->to, big, 50), 0);
	vnet_run(f.net, 20);
	assert_in_range(got.n, 500, 1002);
	fx_free(&f);
}

static void test_datagrams(void **state)
{
	(void)state;
	call(1, MSTREAM_UDPTL);
	call(2, MSTREAM_UDPTL);
	/* fax on the port where sound was */
	call(1, MSTREAM_AUDIO);
}

static void test_from_sound_to_fax_and_back(void **state)
{
	struct fx f;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000);
	struct mstream *sa = fx_stream(&f, a), *sb = fx_stream(&f, b);
	mstream_join(sa, sb);
	vnet_run(f.net, 5);
	phone_talk(&f, a, 10);
	struct mstream_remote ra = fax(&a->addr), rb = fax(&b->addr);
	/* one leg is still sound: fax would be noise to it */
	mstream_set_remote(sa, &ra);
	vnet_run(f.net, 5);
	phone_talk(&f, a, 3);
	assert_int_equal(b->ngot, 10);
	mstream_set_remote(sb, &rb);
	vnet_run(f.net, 5);
	/* our phones read RTP, so fax looks like it here: nothing is rewritten */
	phone_talk(&f, a, 3);
	assert_int_equal(b->ngot, 13);
	assert_int_equal(b->got[12].h.ssrc, a->ssrc);
	/* back to sound: the stream goes on where it was */
	ra = fx_remote(&a->addr);
	rb = fx_remote(&b->addr);
	mstream_set_remote(sa, &ra);
	mstream_set_remote(sb, &rb);
	vnet_run(f.net, 5);
	phone_talk(&f, a, 3);
	assert_int_equal(b->ngot, 16);
	assert_int_equal(b->got[13].h.ssrc, b->got[0].h.ssrc);
	assert_int_equal((uint16_t)(b->got[15].h.seq - b->got[9].h.seq), 9);
	fx_free(&f);
}

static void test_learns_by_address(void **state)
{
	struct fx f;
	(void)state;

	fx_init_cfg(&f, (struct media_cfg){.relearn_ms = 1000});
	struct phone *nat = machine(&f, "198.51.100.7", 7000), *port = machine(&f, "198.51.100.7", 7100);
	struct phone *b = machine(&f, "10.0.0.2", 4000), *evil = machine(&f, "203.0.113.66", 6666);
	struct mstream *sa = fx_stream(&f, nat), *sb = fx_stream(&f, b);
	struct sa inside = fx_sa("192.168.1.2", 5000);
	struct mstream_remote ra = fax(&inside), rb = fax(&b->addr);
	mstream_set_remote(sa, &ra);
	mstream_set_remote(sb, &rb);
	mstream_join(sa, sb);
	vnet_run(f.net, 5);
	memset(&got, 0, sizeof(got));
	raw(&f, nat, "abcd", 4);
	assert_int_equal(got.n, 1);
	/* answers go where it sends from */
	raw(&f, b, "efgh", 4);
	assert_int_equal(got.n, 2);
	port->to = evil->to = nat->to;
	raw(&f, evil, "ijkl", 4);
	raw(&f, port, "ijkl", 4);
	assert_int_equal(got.n, 2);
	/* after silence another port of the same host may follow, another host may not */
	vnet_run(f.net, 1500);
	raw(&f, evil, "ijkl", 4);
	assert_int_equal(got.n, 2);
	raw(&f, port, "ijkl", 4);
	assert_int_equal(got.n, 3);
	fx_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_from_sound_to_fax_and_back),
		cmocka_unit_test(test_learns_by_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
