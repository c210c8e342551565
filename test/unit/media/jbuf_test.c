/*
 * jbuf_test.c - the jitter buffer against seeded networks.
 */
#include "jbuf_sim.h"

static void show(const char *name, const struct sim_out *o)
{
	if (getenv("JBUF_SHOW"))
		printf("%-22s lost %5.2f %% concealed %5.2f %% silent %llu late %u dup %u over %u times %u +%llu -%llu "
		       "delay %.1f ms target %u\n",
		       name, 100.0 * (double)o->lost / (double)o->sent, 100 * o->concealed,
		       (unsigned long long)o->st.silent, o->st.late, o->st.dup, o->st.overflow, o->st.concealments,
		       (unsigned long long)o->st.inserted, (unsigned long long)o->st.removed, o->delay_ms,
		       o->st.target_us / 1000);
}

/* What each network may cost: concealment above what was lost, and delay above the constant one. */
static void test_networks(void **state)
{
	static const struct {
		const char *name;
		struct sim c;
		double most; /* concealed, share */
		double delay_ms;
	} v[] = {
		{"clean", {.seconds = 20}, 0, 30},
		{"clean, far", {.seconds = 20, .delay_ms = 300}, 0, 30},
		{"jitter 10", {.jitter = SIM_UNIFORM, .jitter_ms = 10}, 0.005, 40},
		{"jitter 40", {.jitter = SIM_UNIFORM, .jitter_ms = 40}, 0.01, 70},
		{"jitter 40 in order", {.jitter = SIM_UNIFORM, .jitter_ms = 40, .in_order = true}, 0.01, 70},
		{"jitter 100", {.jitter = SIM_UNIFORM, .jitter_ms = 100}, 0.015, 130},
		{"gamma 10", {.jitter = SIM_GAMMA, .jitter_ms = 10}, 0.01, 60},
		{"gamma 40", {.jitter = SIM_GAMMA, .jitter_ms = 40}, 0.02, 180},
		{"gamma 100", {.jitter = SIM_GAMMA, .jitter_ms = 100}, 0.04, 360},
		{"spikes", {.spike = 0.002, .spike_ms = 200}, 0.05, 260},
		{"loss 1", {.loss = 0.01}, 0.013, 30},
		{"loss 5", {.loss = 0.05}, 0.055, 30},
		{"loss 20", {.loss = 0.2}, 0.22, 30},
		{"bursts 10", {.loss = 0.1, .burst = 3}, 0.13, 30},
		{"loss 5 jitter 40", {.loss = 0.05, .jitter = SIM_UNIFORM, .jitter_ms = 40}, 0.065, 75},
		{"swapped", {.swap = 0.05}, 0.01, 60},
		{"doubled", {.dup = 0.3}, 0, 30},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		for (uint32_t seed = 1; seed <= 3; seed++) {
			struct sim c = v[i].c;
			struct sim_out o;
			c.seed = seed;
			sim_run(&c, &o, NULL, 0);
			show(v[i].name, &o);
			assert_true(o.concealed <= v[i].most);
			assert_true(o.delay_ms <= v[i].delay_ms);
			if (v[i].most == 0)
				assert_true(o.st.concealed == 0);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
