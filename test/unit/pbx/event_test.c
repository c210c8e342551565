/*
 * event_test.c - the event bus: numbers in order, the newest state of each object, the index by extension, going on
 * after a break, what is lost, bounds, and memory that runs out.
 */
#include "pbx/event_priv.h"
#include "pbx_fixture.h"

enum { HEARD_MAX = 64 };

/** A subscriber and what it was given. */
struct ear {
	struct event_sub *sub;
	struct rbuf *text[HEARD_MAX]; /* referenced */
	size_t n, events;
	unsigned lost;
	uint64_t seq; /* of the last batch */
	bool leaves;  /* ends itself at the first batch */
	char keys[2000];
};

static void heard(struct rbuf *text, bool lost, void *arg)
{
	struct ear *e = arg;
	json_t *o = json_loadb((const char *)text->data, text->l, 0, NULL), *v;
	uint64_t before = 0;
	size_t i;

	assert_non_null(o);
	assert_int_equal(json_is_true(json_object_get(o, "lost")), lost);
	e->lost += lost;
	e->seq = (uint64_t)json_integer_value(json_object_get(o, "seq"));
	json_array_foreach(json_object_get(o, "events"), i, v)
	{
		uint64_t seq = (uint64_t)json_integer_value(json_object_get(v, "seq"));
		size_t l = strlen(e->keys);

		assert_true(seq <= e->seq);
		assert_true(seq > before);
		before = seq;
		e->events++;
		snprintf(e->keys + l, sizeof(e->keys) - l, "%s%s=%d", l ? " " : "",
			 json_string_value(json_object_get(v, "key")),
			 (int)json_integer_value(json_object_get(json_object_get(v, "data"), "n")));
	}
	json_decref(o);
	if (e->n < HEARD_MAX)
		e->text[e->n] = mem_ref(text);
	e->n++;
	if (e->leaves)
		e->sub = mem_deref(e->sub);
}

static void listen_to(struct fixture *f, struct ear *e, uint32_t topics, const char *ext, uint64_t since)
{
	struct event_want w = {.topics = topics, .extension = ext, .since = since};

	assert_int_equal(event_subscribe(&e->sub, f->pbx, &w, heard, e), 0);
}

static void ear_end(struct ear *e)
{
	e->sub = mem_deref(e->sub);
	for (size_t i = 0; i < e->n && i < HEARD_MAX; i++)
		mem_deref(e->text[i]);
	e->n = 0;
}

static void forget(struct ear *e)
{
	ear_end(e);
	*e = (struct ear){.seq = e->seq};
}

#define CALL   (1u << EVENT_CALL)
#define ALARM  (1u << EVENT_ALARM)
#define TRUNK  (1u << EVENT_TRUNK)
#define SYSTEM (1u << EVENT_SYSTEM)

static void say(struct fixture *f, enum event_topic t, const char *key, const char *ext, int n)
{
	const char *about[] = {ext, NULL};

	event_publish(f->pbx, t, key, about, json_pack("{s:i}", "n", n));
}

static void test_nobody(void **state)
{
	struct fixture *f = *state;
	struct ear a = {0};

	for (unsigned t = 0; t < EVENT_TOPICS; t++)
		assert_false(event_wanted(f->pbx, (enum event_topic)t));
	say(f, EVENT_CALL, "c1", NULL, 1);
	assert_int_equal(event_seq(f->pbx), 0);
	assert_null(f->pbx->events);
	listen_to(f, &a, CALL, NULL, 0);
	assert_true(event_wanted(f->pbx, EVENT_CALL));
	assert_false(event_wanted(f->pbx, EVENT_ALARM));
	say(f, EVENT_ALARM, "disk", NULL, 1);
	vnet_run(f->net, 300);
	assert_int_equal(a.n, 0);
	ear_end(&a);
}

static void test_order_and_newest(void **state)
{
	struct fixture *f = *state;
	struct ear a = {0};

	listen_to(f, &a, CALL | ALARM, NULL, 0);
	say(f, EVENT_CALL, "c1", NULL, 1);
	say(f, EVENT_CALL, "c2", NULL, 1);
	say(f, EVENT_ALARM, "c1", NULL, 7); /* another topic, another object */
	say(f, EVENT_CALL, "c1", NULL, 2);
	assert_int_equal(a.n, 0); /* never within the call */
	vnet_run(f->net, 300);
	assert_int_equal(a.n, 1);
	assert_string_equal(a.keys, "c2=1 c1=7 c1=2");
	assert_int_equal(a.seq, event_seq(f->pbx));
	say(f, EVENT_CALL, "c1", NULL, 3);
	vnet_run(f->net, 300);
	assert_string_equal(a.keys, "c2=1 c1=7 c1=2 c1=3");
	/* at rest nothing wakes */
	assert_false(timer_running(&f->pbx->events->flush));
	ear_end(&a);
}

static void test_names(void **state)
{
	enum event_topic t;

	(void)state;
	for (unsigned i = 0; i < EVENT_TOPICS; i++) {
		assert_int_equal(event_topic_read(&t, slice_str(event_topic_name((enum event_topic)i))), 0);
		assert_int_equal(t, i);
	}
	assert_int_equal(event_topic_read(&t, SLICE("calls")), ENOENT);
}

static void test_index(void **state)
{
	struct fixture *f = *state;
	struct ear x = {0}, y = {0}, x2 = {0}, all = {0};

	listen_to(f, &x, CALL, "100", 0);
	listen_to(f, &x2, CALL, "100", 0);
	listen_to(f, &y, CALL, "101", 0);
	listen_to(f, &all, CALL, NULL, 0);
	vnet_run(f->net, 300);
	say(f, EVENT_CALL, "c1", "100", 1);
	say(f, EVENT_CALL, "c2", "101", 1);
	say(f, EVENT_CALL, "c3", "1000", 1);
	vnet_run(f->net, 300);
	assert_string_equal(x.keys, "c1=1");
	assert_string_equal(y.keys, "c2=1");
	assert_string_equal(all.keys, "c1=1 c2=1 c3=1");
	/* one text for both */
	assert_int_equal(x2.n, 1);
	assert_ptr_equal(x.text[0], x2.text[0]);
	/* who was in it learns how it went on without it */
	say(f, EVENT_CALL, "c1", "102", 2);
	vnet_run(f->net, 300);
	assert_string_equal(x.keys, "c1=1 c1=2");
	/* more than the index holds between two batches */
	for (int i = 0; i < 2 * EVENT_PENDING; i++) {
		char key[16];

		snprintf(key, sizeof(key), "d%d", i);
		say(f, EVENT_CALL, key, i % 2 ? "100" : "101", i);
	}
	vnet_run(f->net, 300);
	assert_int_equal(x.events, 2 + EVENT_PENDING);
	assert_int_equal(y.events, 1 + EVENT_PENDING);
	ear_end(&x);
	ear_end(&x2);
	ear_end(&y);
	ear_end(&all);
	assert_int_equal(f->pbx->events->exts.n, 0);
	assert_int_equal(f->pbx->events->nsubs, 0);
}

static void test_resume(void **state)
{
	struct fixture *f = *state;
	struct ear a = {0}, b = {0}, x = {0};
	uint64_t at;

	listen_to(f, &a, CALL, NULL, 0);
	say(f, EVENT_CALL, "c1", "100", 1);
	vnet_run(f->net, 300);
	at = a.seq;
	forget(&a);
	/* nobody listens for a moment */
	say(f, EVENT_CALL, "c1", "100", 2);
	say(f, EVENT_CALL, "c2", "101", 1);
	vnet_run(f->net, 10000);
	listen_to(f, &a, CALL, NULL, at);
	listen_to(f, &x, CALL, "101", at);
	vnet_run(f->net, 300);
	assert_string_equal(a.keys, "c1=2 c2=1");
	assert_string_equal(x.keys, "c2=1");
	assert_int_equal(a.lost + x.lost, 0);
	/* it has all: nothing comes */
	listen_to(f, &b, CALL, NULL, event_seq(f->pbx));
	vnet_run(f->net, 300);
	assert_int_equal(b.n, 0);
	/* and then both go on */
	say(f, EVENT_CALL, "c3", "101", 1);
	vnet_run(f->net, 300);
	assert_string_equal(x.keys, "c2=1 c3=1");
	assert_string_equal(b.keys, "c3=1");
	ear_end(&a);
	ear_end(&b);
	ear_end(&x);
}

static void test_lost(void **state)
{
	struct fixture *f = *state;
	struct ear a = {0}, b = {0};
	uint64_t at;

	listen_to(f, &a, CALL, NULL, 0);
	say(f, EVENT_CALL, "c1", NULL, 1);
	vnet_run(f->net, 300);
	at = a.seq;
	/* numbers of another life */
	listen_to(f, &b, CALL, NULL, at + 100000);
	vnet_run(f->net, 300);
	assert_int_equal(b.lost, 1);
	forget(&b);
	listen_to(f, &b, CALL, "100", 5);
	vnet_run(f->net, 300);
	assert_int_equal(b.lost, 1);
	/* it goes on from now */
	say(f, EVENT_CALL, "c9", "100", 1);
	vnet_run(f->net, 300);
	assert_string_equal(b.keys, "c9=1");
	forget(&b);
	/* what nobody wanted was not kept */
	listen_to(f, &b, CALL | TRUNK, NULL, at);
	vnet_run(f->net, 300);
	assert_int_equal(b.lost, 1);
	forget(&b);
	/* away for too long */
	at = event_seq(f->pbx);
	forget(&a);
	vnet_run(f->net, EVENT_LINGER_MS + 1000);
	assert_false(event_wanted(f->pbx, EVENT_CALL));
	assert_int_equal(f->pbx->events->kept.n, 0);
	say(f, EVENT_CALL, "c2", NULL, 1);
	listen_to(f, &a, CALL, NULL, at);
	vnet_run(f->net, 300);
	assert_int_equal(a.lost, 1);
	ear_end(&a);
}

static void test_bounds(void **state)
{
	struct fixture *f = *state;
	struct ear a = {0}, x = {0};
	char key[16];
	uint64_t at;

	listen_to(f, &a, CALL, NULL, 0);
	listen_to(f, &x, CALL, "100", 0);
	say(f, EVENT_CALL, "first", "100", 1);
	vnet_run(f->net, 300);
	at = a.seq;
	for (int i = 0; i < 3 * EVENT_KEPT_MAX; i++) {
		snprintf(key, sizeof(key), "c%d", i);
		say(f, EVENT_CALL, key, "200", i);
		if (i % 1000 == 0)
			vnet_run(f->net, 200);
		assert_true(f->pbx->events->kept.n <= EVENT_KEPT_MAX);
	}
	vnet_run(f->net, 2000);
	assert_int_equal(a.events, 1 + 3 * EVENT_KEPT_MAX);
	assert_int_equal(a.lost, 0);
	assert_int_equal(f->pbx->events->objects.n, f->pbx->events->kept.n);
	/* who hears nothing is told the number now and then */
	vnet_run(f->net, EVENT_SWEEP_MS);
	say(f, EVENT_CALL, "c", "200", 1);
	vnet_run(f->net, 300);
	assert_int_equal(x.events, 1);
	assert_int_equal(x.n, 2);
	assert_true(x.seq > f->pbx->events->gone);
	forget(&x);
	listen_to(f, &x, CALL, "100", at);
	vnet_run(f->net, 300);
	assert_int_equal(x.lost, 1);
	ear_end(&x);
	ear_end(&a);
}

/* Few but large ones: the bytes are bounded, too, and go out in portions. */
static void test_bytes(void **state)
{
	enum { BIG = 20000 };
	struct fixture *f = *state;
	struct ear a = {0};
	char key[16], *big = malloc(BIG + 3);
	uint64_t at;

	memset(big, ' ', BIG + 2);
	big[0] = '{';
	big[BIG + 1] = '}';
	listen_to(f, &a, CALL, NULL, 0);
	at = event_seq(f->pbx);
	for (int i = 0; i < 200; i++) {
		snprintf(key, sizeof(key), "c%d", i);
		event_publish_text(f->pbx, EVENT_CALL, key, NULL, &(struct event_body){.all = slice_mem(big, BIG + 2)});
		assert_true(f->pbx->events->bytes <= EVENT_KEPT_BYTES);
	}
	vnet_run(f->net, 5000);
	assert_int_equal(a.events, 200);
	assert_true(a.n > 10);
	for (size_t i = 0; i < a.n; i++)
		assert_true(a.text[i]->l < EVENT_PORTION + 2 * BIG);
	forget(&a);
	listen_to(f, &a, CALL, NULL, at);
	vnet_run(f->net, 5000);
	assert_int_equal(a.events, 200);
	forget(&a);
	listen_to(f, &a, CALL, NULL, 0);
	for (int i = 0; i < 400; i++) {
		snprintf(key, sizeof(key), "d%d", i);
		event_publish_text(f->pbx, EVENT_CALL, key, NULL, &(struct event_body){.all = slice_mem(big, BIG + 2)});
	}
	assert_true(f->pbx->events->bytes <= EVENT_KEPT_BYTES);
	vnet_run(f->net, 5000);
	/* too much at once: it reads anew */
	assert_int_equal(a.lost, 1);
	free(big);
	ear_end(&a);
}

static void test_leaves_within(void **state)
{
	struct fixture *f = *state;
	struct ear v[4] = {{.leaves = true}, {0}, {.leaves = true}, {.leaves = true}};

	listen_to(f, &v[0], CALL, "100", 0);
	listen_to(f, &v[1], CALL, "100", 0);
	listen_to(f, &v[2], CALL, NULL, 0);
	listen_to(f, &v[3], CALL, "101", 0);
	for (int i = 0; i < 3; i++) {
		say(f, EVENT_CALL, "c1", "100", i);
		say(f, EVENT_CALL, "c2", "101", i);
		vnet_run(f->net, 300);
	}
	assert_int_equal(v[0].n, 1);
	assert_int_equal(v[1].n, 3);
	assert_int_equal(v[2].n, 1);
	assert_int_equal(v[3].n, 1);
	for (size_t i = 0; i < 4; i++)
		ear_end(&v[i]);
}

static void test_guest(void **state)
{
	struct fixture *f = *state;
	struct ear a = {0}, g = {0};
	struct event_want w = {.topics = CALL, .extension = "100", .guest = true};
	const char *about[] = {"100", NULL};

	assert_false(event_has_guests(f->pbx));
	assert_int_equal(event_subscribe(&g.sub, f->pbx, &w, heard, &g), 0);
	assert_true(event_has_guests(f->pbx));
	listen_to(f, &a, CALL, "100", 0);
	event_publish_both(f->pbx, EVENT_CALL, "c1", about, json_pack("{s:i}", "n", 1), json_pack("{s:i}", "n", 2));
	event_publish_both(f->pbx, EVENT_CALL, "c2", about, json_pack("{s:i}", "n", 1), NULL);
	vnet_run(f->net, 300);
	assert_string_equal(a.keys, "c1=1 c2=1");
	assert_string_equal(g.keys, "c1=2 c2=1");
	/* the same after a break */
	uint64_t since = 1;
	forget(&g);
	(void)since;
	assert_false(event_has_guests(f->pbx));
	ear_end(&g);
	ear_end(&a);
}

/* A call for guests shows neither addresses nor who hides. */
static void test_for_guests(void **state)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:[{s:s, s:s, s:b, s:b, s:s, s:s}, {s:s, s:b, s:b, s:s}]}", "id", "c1",
			      "from", "0441234", "words", "0441234 hung up", "legs", "number", "0441234", "name", "M",
			      "hidden", 1, "outgoing", 0, "address", "192.0.2.1:5060", "device", "x", "number", "100",
			      "hidden", 0, "outgoing", 1, "address", "192.0.2.2:5060");
	json_t *g = pbx_json_for_guest(o);
	char *text = json_dumps(g, JSON_COMPACT);

	(void)state;
	assert_null(strstr(text, "192.0.2"));
	assert_null(strstr(text, "0441234"));
	assert_non_null(strstr(text, "\"100\""));
	free(text);
	json_decref(g);
	json_decref(o);
}

static void test_system(void **state)
{
	struct fixture *f = *state;
	struct ear a = {0};

	listen_to(f, &a, SYSTEM, NULL, 0);
	vnet_run(f->net, 5000);
	assert_true(a.events >= 2 && a.events <= 4);
	assert_int_equal(f->pbx->events->kept.n, 0);
	assert_int_equal(f->pbx->events->fleeting.n, 0);
	forget(&a);
	assert_false(timer_running(&f->pbx->events->system));
	assert_false(event_wanted(f->pbx, EVENT_SYSTEM));
}

static bool has(const struct ear *e, size_t i, const char *what)
{
	size_t l = strlen(what);

	assert_true(e->n > i);
	for (size_t k = 0; k + l <= e->text[i]->l; k++)
		if (!memcmp(e->text[i]->data + k, what, l))
			return true;
	return false;
}

/* What the phone system itself tells. */
static void test_told(void **state)
{
	struct fixture *f = *state;
	struct ear a = {0};

	listen_to(f, &a, ALARM | 1u << EVENT_CONFIG, NULL, 0);
	pbx_alarm_raise(f->pbx, "test", "warning", "It is a test.", "Wait.");
	vnet_run(f->net, 300);
	pbx_alarm_raise(f->pbx, "test", "warning", "It is a test.", "Wait.");
	vnet_run(f->net, 300);
	assert_int_equal(a.events, 1); /* the same again is no news */
	pbx_alarm_clear(f->pbx, "test");
	vnet_run(f->net, 300);
	assert_int_equal(a.events, 2);
	assert_true(has(&a, 1, "\"cleared\":true"));
	add_extension(f, "100");
	vnet_run(f->net, 300);
	assert_int_equal(a.events, 3);
	assert_true(has(&a, 2, "{\"op\":\"create\",\"resource\":\"extension\",\"key\":\"100\"}"));
	assert_true(has(&a, 2, "\"author\":\"test\""));
	assert_false(has(&a, 2, "correct-horse"));
	ear_end(&a);
}

/* Whatever allocation fails: nothing crashes, and who missed something is told so. */
static void test_memory(void **state)
{
	struct fixture *f = *state;

	for (long n = 0; n < 60; n++) {
		struct ear a = {0}, x = {0};

		listen_to(f, &a, CALL, NULL, 0);
		listen_to(f, &x, CALL, "100", 0);
		mem_fail_at(n);
		say(f, EVENT_CALL, "c1", "100", 1);
		event_flush(f->pbx->events);
		mem_fail_off();
		vnet_run(f->net, 500);
		if (a.lost + a.events == 0 || x.lost + x.events == 0)
			fail_msg("allocation %ld: nobody was told", n);
		forget(&a);
		forget(&x);
		vnet_run(f->net, EVENT_LINGER_MS + 1000);
	}
	for (long n = 0; n < 10; n++) {
		struct event_want w = {.topics = CALL, .extension = "100"};
		struct ear a = {0};

		mem_fail_at(n);
		int err = event_subscribe(&a.sub, f->pbx, &w, heard, &a);
		mem_fail_off();
		assert_true(!err || err == ENOMEM);
		ear_end(&a);
		assert_int_equal(f->pbx->events->nsubs, 0);
	}
}

/* The phone system ends before its subscribers. */
static void test_end(void **state)
{
	struct fixture *f = *state;
	struct ear a = {0}, x = {0}, x2 = {0};

	listen_to(f, &a, CALL, NULL, 0);
	listen_to(f, &x, CALL, "100", 0);
	listen_to(f, &x2, CALL, "100", 0);
	say(f, EVENT_CALL, "c1", "100", 1);
	event_close(f->pbx);
	vnet_run(f->net, 500);
	assert_int_equal(a.n + x.n, 0);
	ear_end(&a);
	ear_end(&x);
	ear_end(&x2);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_nobody), T(test_order_and_newest), T(test_names), T(test_index),  T(test_resume),
		T(test_lost),   T(test_bounds),           T(test_bytes), T(test_guest),  T(test_for_guests),
		T(test_system), T(test_leaves_within),    T(test_told),  T(test_memory), T(test_end),
	};
	int n = cmocka_run_group_tests(tests, NULL, NULL);

	return n || mem_leaks() ? 1 : 0;
}
