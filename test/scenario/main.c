/*
 * main.c - all scenarios in one program, in the order of scenario.h, some once more over TCP and TLS. A name as
 * argument runs those that contain it.
 */
#include "scenario.h"

#define DECLARE(name)     void name(void **state);
#define DECLARE_RFC(name) void rfc4475_##name(void **state);
SCENARIOS(DECLARE)
RFC4475_NAMES(DECLARE_RFC)
#define ENTRY_RFC(name) cmocka_unit_test_setup_teardown(rfc4475_##name, scene_open, scene_close),
#define ENTRY(name)     cmocka_unit_test_setup_teardown(name, scene_open, scene_close),
#define ENTRY_TCP(name) {#name " over TCP", name, open_tcp, scene_close, NULL},
#define ENTRY_TLS(name) {#name " over TLS", name, open_tls, scene_close, NULL},

static int open_tcp(void **state)
{
	int err = scene_open(state);

	agents_transport = OH_TCP;
	return err;
}

static int open_tls(void **state)
{
	int err = scene_open(state);

	agents_transport = OH_TLS;
	return err;
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {SCENARIOS(ENTRY) SCENARIOS_STREAMS(ENTRY_TCP)
							  SCENARIOS_STREAMS(ENTRY_TLS) RFC4475_NAMES(ENTRY_RFC)};
	char pattern[128];

	if (argc > 1) {
		snprintf(pattern, sizeof(pattern), "*%s*", argv[1]);
		cmocka_set_test_filter(pattern);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
