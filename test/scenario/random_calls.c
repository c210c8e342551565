/*
 * random_calls.c - four phones do whatever they like in bad weather, then all hang up: nothing may be left. The seed
 * makes a run repeatable: SCENARIO_SEED=n SCENARIO_STEPS=n to look for more.
 */
#include "scenario.h"

enum { STEPS = 300, SEEDS = 3 };

static struct oh_call *any_call(const struct agent *a)
{
	size_t n = a->ua->calls.n, i = n ? rand_below((uint32_t)n) : 0;

	LIST_EACH (&a->ua->calls, k)
		if (!i--)
			return LINK_OBJ(k, struct oh_call, le);
	return NULL;
}

static void start_call(struct agent *a)
{
	static const char *const to[] = {"100", "101", "102", "*43", "999", "sip:101@" SERVER4, "sip:x@192.0.2.77"};
	static const char *const codecs[] = {NULL, "PCMA", "PCMU", "PCMA PCMU"};

	if (a->ua->calls.n > 3)
		return;
	a->opt.delayed_offer = rand_below(4) == 0;
	a->opt.video = rand_below(4) == 0;
	a->opt.codecs = codecs[rand_below(4)];
	agent_call(a, to[rand_below(ARRAY_LEN(to))]);
}

/* What is not allowed in the state says so; that is all that is asked of it here. */
static void change_call(struct agent *a, struct oh_call *c)
{
	switch (rand_below(11)) {
	case 0:
	case 1:
		oh_call_hangup(c);
		break;
	case 2:
		(void)!oh_call_hold(c, rand_below(2));
		break;
	case 3:
		(void)!oh_call_reoffer(c, rand_below(2) ? "PCMA" : "PCMU");
		break;
	case 4:
		(void)!oh_call_reoffer(c, NULL);
		break;
	case 5:
		(void)!oh_call_dtmf(c, "12");
		break;
	case 6:
		(void)!oh_call_ring(c);
		break;
	case 7:
		(void)!oh_call_early(c, &a->opt);
		break;
	case 8:
	case 9:
		(void)!oh_call_answer(c, &a->opt);
		break;
	default:
		(void)!oh_call_reject(c, rand_below(2) ? 486 : 302, rand_below(2) ? "sip:102@" SERVER4 : NULL);
		break;
	}
}

static void hangup_h(struct call *c, void *arg)
{
	struct scene *s = arg;

	if (rand_below(3) == 0)
		assert_int_equal(pbx_hangup(s->pbx, slice_str(c->id), "somebody"), 0);
}

/* What people do at the server. */
static void administrate(struct scene *s)
{
	switch (rand_below(3)) {
	case 0:
		calls_each(s->calls, hangup_h, s);
		break;
	case 1:
		extension_set(s, "102", json_pack("{s:b}", "enabled", (int)rand_below(2)));
		break;
	default:
		extension_set(s, "101", json_pack("{s:i}", "call_limit", (int)(1 + rand_below(10))));
		break;
	}
}

static void step(struct scene *s)
{
	struct agent *v[AGENTS] = {&s->a, &s->b, &s->c, &s->d}, *a = v[rand_below(AGENTS)];
	struct oh_call *c = any_call(a);

	log_clear(a);
	a->mood = rand_below(3) ? RING : ANSWER;
	if (!c || rand_below(6) == 0)
		start_call(a);
	else
		change_call(a, c);
	if (rand_below(20) == 0)
		weather(s, (uint16_t)rand_below(300), (uint16_t)rand_below(200), (uint16_t)rand_below(200),
			rand_below(80));
	if (rand_below(40) == 0)
		administrate(s);
	scene_run(s, rand_below(4) ? rand_below(300) : rand_below(4000));
}

/* A run that did nothing would prove nothing: calls of every outcome were among them. */
static void check_variety(struct scene *s)
{
	static const char *const outcomes[] = {"answered", "cancelled", "busy", "unreachable"};

	for (size_t o = 0; o < ARRAY_LEN(outcomes); o++) {
		size_t n = scene_cdr_count(s), seen = 0;

		for (size_t i = 0; i < n; i++) {
			const char *v = json_string_value(json_object_get(json_array_get(s->cdrs, i), "outcome"));

			assert_non_null(v); /* every record is closed */
			seen += !strcmp(v, outcomes[o]);
		}
		if (!seen)
			fail_msg("no call was %s", outcomes[o]);
	}
}

static void one_run(struct scene *s, uint64_t seed, unsigned steps)
{
	struct agent *v[AGENTS] = {&s->a, &s->b, &s->c, &s->d};

	rand_seed(seed);
	for (unsigned i = 0; i < steps; i++)
		step(s);
	weather(s, 0, 0, 0, 0);
	for (size_t i = 0; i < AGENTS; i++) {
		v[i]->mood = REJECT;
		v[i]->reject_code = 480;
		v[i]->redirect = NULL;
		LIST_EACH (&v[i]->ua->calls, k)
			oh_call_hangup(LINK_OBJ(k, struct oh_call, le));
	}
	scene_run(s, 200000);
	for (size_t i = 0; i < AGENTS; i++)
		log_clear(v[i]);
	scene_check_idle(s);
	extension_set(s, "102", json_pack("{s:b}", "enabled", 1));
	check_variety(s);
}

void random_calls_leave_nothing(void **state)
{
	const char *seed = getenv("SCENARIO_SEED"), *steps = getenv("SCENARIO_STEPS");
	unsigned n = steps ? (unsigned)atoi(steps) : STEPS;
	struct scene *s = *state;

	agent_open(s, &s->a, "100", "10.0.0.11", OH_UDP);
	agent_open(s, &s->b, "101", "10.0.0.12", OH_TCP);
	agent_open(s, &s->c, "102", "fd00::13", OH_UDP);
	agent_open(s, &s->d, "101", "10.0.0.14", OH_UDP);
	agent_register(&s->a);
	agent_register(&s->b);
	agent_register(&s->c);
	agent_register(&s->d);
	tones(s);
	s->a.opt.record = s->b.opt.record = s->c.opt.record = s->d.opt.record = false;
	extension_set(s, "101", json_pack("{s:i}", "call_limit", 10));
	if (seed) {
		one_run(s, (uint64_t)atoll(seed), n);
		return;
	}
	for (uint64_t i = 1; i <= SEEDS; i++)
		one_run(s, i, n);
}
