/*
 * capture.c - what is kept of a call beside its record: the messages of its legs while it goes on and after its end,
 * how it sounded over time, the counts by the hour.
 */
#include "scenario.h"
#include "pbx/capture.h"

struct got {
	bool any;
	int err;
	json_t *res;
	size_t file;
};

static void json_h(int err, const char *why, json_t *res, void *arg)
{
	struct got *g = arg;

	(void)why;
	g->any = true;
	g->err = err;
	json_decref(g->res);
	g->res = json_incref(res);
}

static void file_h(int err, const char *why, struct slice file, void *arg)
{
	struct got *g = arg;

	(void)why;
	g->any = true;
	g->err = err;
	g->file = file.l;
}

static void messages(struct scene *s, const char *id, bool rtcp, struct got *g)
{
	g->any = false;
	pbx_call_messages(s->pbx, slice_str(id), rtcp, json_h, g);
	for (int i = 0; i < 100 && !g->any; i++)
		scene_run(s, 1);
	assert_true(g->any);
}

static const char *text(const json_t *o, const char *name)
{
	const char *t = json_string_value(json_object_get(o, name));

	return t ? t : "";
}

static size_t legs(const struct got *g)
{
	return json_array_size(json_object_get(g->res, "legs"));
}

/* How many messages of a leg begin so; -1: of any. */
static size_t seen(const struct got *g, int leg, const char *direction, const char *summary)
{
	json_t *m;
	size_t i, n = 0;

	json_array_foreach(json_object_get(g->res, "messages"), i, m)
	{
		if (leg >= 0 && json_integer_value(json_object_get(m, "leg")) != leg)
			continue;
		n += !strcmp(text(m, "direction"), direction) && !strncmp(text(m, "summary"), summary, strlen(summary));
	}
	return n;
}

static void no_secret(const struct got *g)
{
	json_t *m;
	size_t i;

	json_array_foreach(json_object_get(g->res, "messages"), i, m)
	{
		assert_null(strstr(text(m, "text"), "response="));
		assert_null(strstr(text(m, "text"), PASSWORD));
	}
}

static void one(struct call *c, void *arg)
{
	memcpy(arg, c->id, sizeof(c->id));
}

/* The messages of a call that goes on, and of the same one when it is over, are the same but for its end. */
void captured_call(void **state)
{
	struct scene *s = *state;
	struct got g = {0};
	char id[24] = "";

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	scene_run(s, 12000);
	calls_each(s->calls, one, id);
	messages(s, id, false, &g);
	assert_int_equal(g.err, 0);
	assert_int_equal(legs(&g), 2);
	assert_true(json_is_false(json_object_get(g.res, "dropped")));
	/* with and without the password, then onward */
	assert_int_equal(seen(&g, 0, "in", "INVITE sip:101@"), 2);
	assert_int_equal(seen(&g, 0, "out", "407 "), 1);
	assert_int_equal(seen(&g, 1, "out", "INVITE sip:101@"), 1);
	assert_int_equal(seen(&g, 1, "in", "200 OK (INVITE)"), 1);
	assert_int_equal(seen(&g, -1, "in", "RTCP"), 0);
	assert_int_equal(seen(&g, -1, "in", "REGISTER"), 0);
	no_secret(&g);
	messages(s, id, true, &g);
	for (int leg = 0; leg < 2; leg++) {
		assert_true(seen(&g, leg, "in", "RTCP") >= 1);
		assert_true(seen(&g, leg, "out", "RTCP") >= 1);
	}
	end_call(&s->a, &s->b);
	scene_run(s, 1000);
	messages(s, id, false, &g);
	assert_int_equal(g.err, 0);
	assert_int_equal(legs(&g), 2);
	assert_int_equal(seen(&g, 0, "in", "INVITE"), 2);
	assert_int_equal(seen(&g, -1, "in", "BYE") + seen(&g, -1, "out", "BYE"), 2);
	no_secret(&g);
	g.any = false;
	pbx_call_pcap(s->pbx, slice_str(id), file_h, &g);
	scene_run(s, 100);
	assert_true(g.any && !g.err && g.file > 5000);
	messages(s, "cnothing", false, &g);
	assert_int_equal(g.err, ENOENT);
	json_decref(g.res);
	scene_check_idle(s);
}

/* Who was there before a transfer, who came by it: all of them. */
void captured_transfer(void **state)
{
	struct scene *s = *state;
	struct got g = {0};
	char id[24];

	agents_ready(s, 3);
	talk(&s->a, &s->b, "101");
	s->c.mood = ANSWER;
	assert_int_equal(oh_call_transfer(s->b.call, "102"), 0);
	agent_wait(&s->c, "answered", 5000);
	scene_run(s, 2000);
	log_clear(&s->a);
	log_clear(&s->c);
	end_call(&s->a, &s->c);
	scene_run(s, 1000);
	(void)slice_copy(id, sizeof(id), slice_str(text(scene_cdr(s, 0), "id")));
	messages(s, id, false, &g);
	assert_int_equal(legs(&g), 3);
	assert_int_equal(seen(&g, -1, "in", "REFER"), 1);
	assert_int_equal(seen(&g, -1, "out", "INVITE sip:102@"), 1);
	json_decref(g.res);
	scene_check_idle(s);
}

static const json_t *series(struct got *g, struct scene *s, const char *id, size_t leg)
{
	g->any = false;
	pbx_call_quality(s->pbx, slice_str(id), json_h, g);
	for (int i = 0; i < 100 && !g->any; i++)
		scene_run(s, 1);
	assert_true(g->any && !g->err);
	return json_object_get(json_array_get(json_object_get(g->res, "legs"), leg), "series");
}

static double point(const json_t *x, const char *name, size_t i)
{
	return json_number_value(json_array_get(json_object_get(x, name), i));
}

/* A curve while the call goes on and in the record; it stays bounded, however long the call. */
void captured_sound(void **state)
{
	struct scene *s = *state;
	struct got g = {0};
	const json_t *x;
	char id[24] = "";

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	calls_each(s->calls, one, id);
	scene_run(s, 62000);
	x = series(&g, s, id, 0);
	assert_true(json_is_true(json_object_get(g.res, "live")));
	assert_int_equal(json_integer_value(json_object_get(x, "every_ms")), 5000);
	assert_in_range(json_integer_value(json_object_get(x, "n")), 12, 13);
	for (size_t i = 0; i < 12; i++)
		assert_true(point(x, "mos", i) > 4);
	/* nothing was lost: not written down */
	assert_null(json_object_get(x, "lost_percent"));
	scene_run(s, 540000);
	x = series(&g, s, id, 1);
	assert_int_equal(json_integer_value(json_object_get(x, "every_ms")), 10000);
	assert_in_range(json_integer_value(json_object_get(x, "n")), 59, 62);
	assert_true(point(x, "mos", 58) > 4);
	end_call(&s->a, &s->b);
	scene_run(s, 1000);
	for (size_t leg = 0; leg < 2; leg++) {
		x = json_object_get(json_array_get(json_object_get(scene_cdr(s, 0), "legs"), leg), "series");
		assert_in_range(json_integer_value(json_object_get(x, "n")), 59, 62);
		assert_int_equal(json_array_size(json_object_get(x, "mos")),
				 json_integer_value(json_object_get(x, "n")));
		x = series(&g, s, id, leg);
		assert_in_range(json_integer_value(json_object_get(x, "n")), 59, 62);
	}
	assert_true(json_is_false(json_object_get(g.res, "live")));
	/* a short one has none */
	talk(&s->a, &s->b, "101");
	scene_run(s, 6000);
	end_call(&s->a, &s->b);
	scene_run(s, 1000);
	assert_null(json_object_get(json_array_get(json_object_get(scene_cdr(s, 0), "legs"), 0), "series"));
	json_decref(g.res);
	scene_check_idle(s);
}

static void hours(struct scene *s, struct got *g)
{
	int64_t now = loop_wall_ms(s->loop);

	g->any = false;
	store_hours(s->store, &(struct hours_filter){.since_ms = now - 86400000, .until_ms = now + 1}, json_h, g);
	for (int i = 0; i < 100 && !g->any; i++)
		scene_run(s, 1);
	assert_true(g->any && !g->err);
}

static int64_t sum(const struct got *g, const char *name)
{
	json_t *h;
	size_t i;
	int64_t n = 0;

	json_array_foreach(json_object_get(g->res, "items"), i, h)
	{
		assert_string_equal(text(h, "direction"), "internal");
		n += json_integer_value(json_object_get(h, name));
	}
	return n;
}

/* An answered call, a busy one, one that nobody takes, one to nowhere. */
void captured_hours(void **state)
{
	struct scene *s = *state;
	struct got g = {0};

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	scene_run(s, 5000);
	end_call(&s->a, &s->b);
	s->b.mood = REJECT;
	s->b.reject_code = 486;
	agent_call(&s->a, "101");
	agent_wait(&s->a, "ended:486", 5000);
	agent_call(&s->a, "199");
	scene_run(s, 2000);
	hours(s, &g);
	assert_int_equal(sum(&g, "calls"), 3);
	assert_int_equal(sum(&g, "answered"), 1);
	assert_int_equal(sum(&g, "busy"), 1);
	assert_int_equal(sum(&g, "failed"), 1);
	assert_int_equal(sum(&g, "mos_n"), 2);
	assert_in_range(sum(&g, "talk_ms"), 5000, 6500);
	json_decref(g.res);
	scene_check_idle(s);
}
