/*
 * real_test.c - real sockets on loopback and real worker threads: orders, figures
 * and closes while packets flow. What a thread sanitizer is to look at.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>
#include "fixture.h"

enum { CALLS = 8, BOUND_MS = 20000 };

struct rphone {
	struct udp *u;
	struct sa addr, to;
	uint16_t seq;
	unsigned got;
	struct mstream *s;
	struct rear *ear;
};

/* Somebody who hears a phone. */
struct rear {
	struct media_sink sink;
	struct rphone *p;
};

struct rt {
	struct loop *l;
	struct media *m;
	struct rphone p[2 * CALLS];
	struct timer pace, bound;
	unsigned turns, closing, ended, first, done;
	bool over;
};

static void got_h(struct udp *u, const struct udp_rx *rx, void *arg)
{
	struct rphone *p = arg;
	struct rtp_hdr h;

	(void)u;
	if (!rtp_decode(&h, (const uint8_t *)rx->data.p, rx->data.l))
		p->got++;
}

static void first_h(struct mstream *s, void *arg)
{
	struct rt *t = arg;

	(void)s;
	t->first++;
}

static void bound_h(void *arg)
{
	struct rt *t = arg;

	t->over = true;
	loop_stop(t->l);
}

static void rt_init(struct rt *t, unsigned workers)
{
	memset(t, 0, sizeof(*t));
	assert_int_equal(loop_alloc(&t->l), 0);
	const struct media_cfg cfg = {
		.loop = t->l, .workers = workers, .port_lo = 31000, .port_hi = 31999, .quarantine_ms = 1};
	assert_int_equal(media_alloc(&t->m, &cfg), 0);
	timer_start(&t->bound, t->l, BOUND_MS, bound_h, t);
}

static void rt_free(struct rt *t)
{
	timer_stop(&t->bound);
	timer_stop(&t->pace);
	mem_deref(t->m);
	loop_drain(t->l);
	for (size_t i = 0; i < ARRAY_LEN(t->p); i++)
		mem_deref(t->p[i].u);
	mem_deref(t->l);
}

static void rphone_open(struct rt *t, struct rphone *p, const char *ip)
{
	struct sa a = fx_sa(ip, 0);

	assert_int_equal(udp_open(&p->u, t->l, &a, NULL, got_h, p), 0);
	udp_local(p->u, &p->addr);
}

static void rphone_stream(struct rt *t, struct rphone *p, const char *ip, unsigned worker)
{
	static const struct mstream_ops ops = {.first_packet = first_h};
	struct sa a = fx_sa(ip, 0);

	assert_int_equal(mstream_alloc(&p->s, t->m, worker, MSTREAM_AUDIO, &a, &ops, t), 0);
	mstream_local(p->s, &p->to);
	struct mstream_remote r = fx_remote(&p->addr);
	mstream_set_remote(p->s, &r);
}

static void rphone_send(struct rphone *p, uint32_t ssrc)
{
	uint8_t b[RTP_HDR + 160];
	struct rtp_hdr h = {.seq = p->seq, .ts = p->seq * 160U, .ssrc = ssrc};

	memset(b, 0x55, sizeof(b));
	rtp_encode(b, &h);
	p->seq++;
	(void)udp_send_now(p->u, &p->to, b, sizeof(b));
}

/* ------------------------------------------------------------------ a call over IPv4 and IPv6 */

static void relay_turn(void *arg)
{
	struct rt *t = arg;
	struct mstream_stats st;

	for (int i = 0; i < 2; i++)
		rphone_send(&t->p[i], 7 + (uint32_t)i);
	mstream_stats(t->p[0].s, &st);
	/* until both sides heard enough and a report came by */
	if (t->p[0].got >= 20 && t->p[1].got >= 20 && st.rx_packets) {
		loop_stop(t->l);
		return;
	}
	timer_start(&t->pace, t->l, 20, relay_turn, t);
}

static void test_relay_on_loopback(void **state)
{
	struct rt t;
	struct mstream_stats st;
	(void)state;

	rt_init(&t, 1);
	rphone_open(&t, &t.p[0], "127.0.0.1");
	rphone_open(&t, &t.p[1], "::1");
	rphone_stream(&t, &t.p[0], "127.0.0.1", 0);
	rphone_stream(&t, &t.p[1], "::1", 0);
	mstream_join(t.p[0].s, t.p[1].s);
	timer_start(&t.pace, t.l, 1, relay_turn, &t);
	assert_int_equal(loop_run(t.l), 0);
	assert_false(t.over);
	assert_int_equal(t.first, 2);
	mstream_stats(t.p[0].s, &st);
	assert_true(st.latched);
	assert_true(sa_eq(&st.remote, &t.p[0].addr));
	rt_free(&t);
}

/* ------------------------------------------------------------------ everything at once on two workers */

static void closed_h(const struct mstream_stats *st, void *arg)
{
	struct rt *t = arg;

	(void)st;
	t->closing--;
	t->ended++;
}

static void src_done(void *arg)
{
	struct rt *t = arg;

	t->done++;
}

static void sink_write(struct media_sink *sink, const int16_t *pcm, size_t n, uint64_t us)
{
	(void)us;
	(void)sink;
	(void)pcm;
	(void)n;
}

static void sink_done(struct media_sink *sink)
{
	struct rear *e = CONTAINER_OF(sink, struct rear, sink);

	if (e->p->ear == e)
		e->p->ear = NULL;
	mem_deref(e);
}

static void hear(struct rphone *p)
{
	static const uint32_t rates[] = {8000, 16000, 48000};
	struct rear *e = mem_zalloc(sizeof(*e), NULL);

	assert_non_null(e);
	e->p = p;
	e->sink.rate = rates[rand_below(3)];
	e->sink.dir = rand_below(2) ? MSINK_TX : MSINK_RX;
	e->sink.write = sink_write;
	e->sink.done = sink_done;
	p->ear = e;
	assert_int_equal(mstream_tap(p->s, &e->sink), 0);
}

/* The phone wants something else from now on: another codec, longer packets, fax. */
static void another_remote(struct rphone *p)
{
	struct mstream_remote r = fx_remote(&p->addr);

	switch (rand_below(4)) {
	case 0:
		r.codec[0] = (struct mcodec){9, "G722", 8000, 1, 0, 1};
		r.codec[1] = (struct mcodec){101, "TELEPHONE-EVENT", 8000, 1, 0, 0};
		r.ncodec = 2;
		break;
	case 1:
		r.ptime_ms = 30;
		r.ptime_strict = true;
		break;
	case 2:
		r.udptl = rand_below(4) == 0;
		break;
	default:
		break;
	}
	mstream_set_remote(p->s, &r);
}

static void something(struct rt *t, struct rphone *a, struct rphone *b)
{
	const struct tone_step tone = {.f1 = 440, .ms = 100, .level_dbm0 = -10};
	struct media_source *src;

	switch (rand_below(9)) {
	case 0:
		mstream_echo(a->s);
		break;
	case 1:
		assert_int_equal(tone_source(&src, &tone, 1, 1, src_done, t), 0);
		assert_int_equal(mstream_play(a->s, src), 0);
		break;
	case 2:
		if (!a->ear)
			hear(a);
		break;
	case 3:
		assert_int_equal(mstream_dtmf(a->s, SLICE("19")), 0);
		break;
	case 8:
		if (a->ear)
			mstream_untap(a->s, &a->ear->sink);
		break;
	case 4:
		mstream_idle(a->s);
		break;
	case 5:
		another_remote(a);
		break;
	case 6:
		mstream_close(a->s, closed_h, t);
		t->closing++;
		rphone_stream(t, a, "127.0.0.1", rand_below(2));
		break;
	default:
		mstream_join(a->s, b->s);
		break;
	}
}

static void storm_turn(void *arg)
{
	struct rt *t = arg;
	struct media_stats ms;
	struct mstream_stats st;

	for (size_t i = 0; i < ARRAY_LEN(t->p); i++) {
		rphone_send(&t->p[i], (uint32_t)i);
		mstream_stats(t->p[i].s, &st);
	}
	for (int i = 0; i < 4; i++)
		something(t, &t->p[rand_below(2 * CALLS)], &t->p[rand_below(2 * CALLS)]);
	media_stats(t->m, &ms);
	if (++t->turns >= 1500) {
		loop_stop(t->l);
		return;
	}
	timer_start(&t->pace, t->l, 1, storm_turn, t);
}

static void quiet_turn(void *arg)
{
	struct rt *t = arg;
	struct media_stats ms;

	media_stats(t->m, &ms);
	if (!t->closing && ms.ports_free == ms.ports_open) {
		loop_stop(t->l);
		return;
	}
	timer_start(&t->pace, t->l, 5, quiet_turn, t);
}

static void test_storm_on_two_workers(void **state)
{
	struct rt t;
	(void)state;

	rt_init(&t, 2);
	for (size_t i = 0; i < ARRAY_LEN(t.p); i++) {
		rphone_open(&t, &t.p[i], "127.0.0.1");
		rphone_stream(&t, &t.p[i], "127.0.0.1", i % 2);
	}
	timer_start(&t.pace, t.l, 1, storm_turn, &t);
	assert_int_equal(loop_run(t.l), 0);
	assert_false(t.over);
	assert_true(t.ended > 0);
	for (size_t i = 0; i < ARRAY_LEN(t.p); i++) {
		mstream_close(t.p[i].s, closed_h, &t);
		t.closing++;
	}
	timer_start(&t.pace, t.l, 1, quiet_turn, &t);
	assert_int_equal(loop_run(t.l), 0);
	assert_false(t.over);
	assert_int_equal(t.closing, 0);
	rt_free(&t);
}

static void test_engine_ends_in_mid_flow(void **state)
{
	struct rt t;
	(void)state;

	for (int round = 0; round < 5; round++) {
		rt_init(&t, 2);
		for (size_t i = 0; i < ARRAY_LEN(t.p); i++) {
			rphone_open(&t, &t.p[i], "127.0.0.1");
			rphone_stream(&t, &t.p[i], "127.0.0.1", i % 2);
		}
		for (size_t i = 0; i < ARRAY_LEN(t.p); i += 2)
			mstream_join(t.p[i].s, t.p[i + 1].s);
		t.turns = 1480;
		timer_start(&t.pace, t.l, 1, storm_turn, &t);
		assert_int_equal(loop_run(t.l), 0);
		rt_free(&t);
	}
}

#ifdef __linux__
/* The process has room for the descriptors of all ports before the first call: growing the table stops a thread. */
static void test_room_for_descriptors(void **state)
{
	char line[128];
	unsigned long size = 0;
	struct rlimit lim;
	struct rt t;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &lim), 0);
	rt_init(&t, 1);
	rt_free(&t);
	FILE *f = fopen("/proc/self/status", "r");
	assert_non_null(f);
	while (!size && fgets(line, sizeof(line), f))
		(void)sscanf(line, "FDSize: %lu", &size);
	assert_int_equal(fclose(f), 0);
	assert_true(size >= (lim.rlim_cur < 1000 ? lim.rlim_cur : 1000));
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relay_on_loopback),
		cmocka_unit_test(test_storm_on_two_workers),
		cmocka_unit_test(test_engine_ends_in_mid_flow),
#ifdef __linux__
		cmocka_unit_test(test_room_for_descriptors),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
