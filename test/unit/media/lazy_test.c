/*
 * Orders that wake nobody: they hold from the next packet on, and reach a worker without packets soon.
 */
#include "fixture.h"

static void done_h(const struct mstream_stats *st, void *arg)
{
	(void)st;
	++*(int *)arg;
}

static void lazy_init(struct fx *f)
{
	fx_init(f);
	f->m->lazy = true;
}

static struct mstream *lazy_stream(struct fx *f, struct phone *p)
{
	struct mstream *s;
	struct sa local = fx_sa("10.1.0.1", 0);

	assert_int_equal(mstream_alloc(&s, f->m, 0, MSTREAM_AUDIO, &local, NULL, NULL), 0);
	mstream_local(s, &p->to);
	return s;
}

static void set_remote(struct mstream *s, const struct phone *p)
{
	struct mstream_remote r = fx_remote(&p->addr);

	mstream_set_remote(s, &r);
}

/* The first packet finds its stream open and joined, though nobody woke the worker. */
static void packet_brings_order(void **state)
{
	struct fx f;

	(void)state;
	lazy_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000);
	struct mstream *sa = lazy_stream(&f, a), *sb = lazy_stream(&f, b);
	set_remote(sa, a);
	set_remote(sb, b);
	mstream_join(sa, sb);
	vnet_run(f.net, 5);
	assert_false(sa->w.opened);
	phone_raw(a, "x", 1);
	vnet_run(f.net, 5);
	assert_true(sa->w.opened && sb->w.opened);
	assert_int_equal(b->ngot, 1);
	mstream_close(sa, NULL, NULL);
	mstream_close(sb, NULL, NULL);
	fx_free(&f);
}

/* Without packets the worker hears of it, too. */
static void nudge(void **state)
{
	struct fx f;

	(void)state;
	lazy_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = lazy_stream(&f, a);
	set_remote(s, a);
	vnet_run(f.net, 10);
	assert_false(s->w.opened);
	vnet_run(f.net, 20);
	assert_true(s->w.opened);
	mstream_close(s, NULL, NULL);
	fx_free(&f);
}

/* After the end nothing goes out any more, and the figures come although no packet does. */
static void closed_at_once(void **state)
{
	struct fx f;
	int done = 0;

	(void)state;
	lazy_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000);
	struct mstream *sa = lazy_stream(&f, a), *sb = lazy_stream(&f, b);
	set_remote(sa, a);
	set_remote(sb, b);
	mstream_join(sa, sb);
	phone_talk(&f, a, 3);
	assert_int_equal(b->ngot, 3);
	mstream_close(sa, done_h, &done);
	mstream_close(sb, done_h, &done);
	vnet_run(f.net, 5);
	assert_int_equal(done, 0);
	phone_raw(a, "x", 1);
	vnet_run(f.net, 5);
	assert_int_equal(b->ngot, 3);
	assert_int_equal(done, 2);

	struct mstream *sc = lazy_stream(&f, a);
	set_remote(sc, a);
	vnet_run(f.net, 5);
	mstream_close(sc, done_h, &done);
	vnet_run(f.net, 30);
	assert_int_equal(done, 3);
	fx_free(&f);
}

/* A stream that got no order ends without the worker, and not within the call that ends it. */
static void never_told(void **state)
{
	struct fx f;
	int done = 0;

	(void)state;
	lazy_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = lazy_stream(&f, a);
	vnet_run(f.net, 100);
	assert_false(s->w.opened);
	mstream_close(s, done_h, &done);
	assert_int_equal(done, 0);
	loop_drain(f.l);
	assert_int_equal(done, 1);
	assert_null(f.m->streams.head);
	fx_free(&f);
}

/* What comes for a stream that got no order is nobody's; its port rests as long as one that carried sound. */
static void heard_untold(void **state)
{
	static const struct {
		bool talk;
		uint32_t resting;
	} v[] = {{false, 0}, {true, 1}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct fx f;
		struct media_stats st;
		lazy_init(&f);
		struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
		struct mstream *s = lazy_stream(&f, a);
		vnet_run(f.net, 10);
		if (v[i].talk)
			phone_talk(&f, a, 1);
		mstream_close(s, NULL, NULL);
		vnet_run(f.net, 2000);
		media_stats(f.m, &st);
		assert_int_equal(st.ports_resting, v[i].resting);
		assert_int_equal(st.streams, 0);
		fx_free(&f);
	}
}

/* A second order while the first one waits for a packet does not wait, too. */
static void second_order(void **state)
{
	struct fx f;

	(void)state;
	lazy_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = lazy_stream(&f, a);
	set_remote(s, a);
	vnet_run(f.net, 2);
	mstream_echo(s);
	vnet_run(f.net, 2);
	assert_int_equal(s->w.mode, W_ECHO);
	mstream_close(s, NULL, NULL);
	fx_free(&f);
}

/* The engine ends with orders that nobody read. */
static void end_with_mail(void **state)
{
	struct fx f;
	int done = 0;

	(void)state;
	lazy_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000);
	struct mstream *sa = lazy_stream(&f, a), *sb = lazy_stream(&f, b);
	(void)lazy_stream(&f, a);
	set_remote(sa, a);
	set_remote(sb, b);
	mstream_join(sa, sb);
	vnet_run(f.net, 2);
	mstream_close(sa, done_h, &done);
	fx_free(&f);
	assert_int_equal(done, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packet_brings_order), cmocka_unit_test(nudge),        cmocka_unit_test(closed_at_once),
		cmocka_unit_test(never_told),          cmocka_unit_test(heard_untold), cmocka_unit_test(second_order),
		cmocka_unit_test(end_with_mail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
