/*
 * guard_test.c - bans and budgets: what bans, what is spared, what is forgotten, what memory it takes.
 */
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "loop/guard_priv.h"
#include "loop/vnet.h"
#include "unit.h"

struct fix {
	struct vnet *net;
	struct loop *l;
	struct guard *g;
	unsigned began, ended;
	struct guard_ban_info last;
};

static void on_ban(const struct guard_ban_info *b, bool on, void *arg)
{
	struct fix *f = arg;

	if (on)
		f->began++;
	else
		f->ended++;
	f->last = *b;
}

static void open_with(struct fix *f, const struct guard_cfg *c)
{
	struct guard_cfg cfg = *c;

	cfg.loop = f->l;
	mem_deref(f->g);
	assert_int_equal(guard_alloc(&f->g, &cfg), 0);
	guard_on_ban(f->g, on_ban, f);
}

static int setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));

	assert_int_equal(vnet_alloc(&f->net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&f->l, f->net), 0);
	open_with(f, &(struct guard_cfg){.fails = 3});
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	mem_deref(f->g);
	mem_deref(f->l);
	mem_deref(f->net);
	free(f);
	return 0;
}

static struct sa at(const char *text)
{
	struct sa a;

	assert_int_equal(sa_parse(&a, slice_str(text), 5060), 0);
	return a;
}

static struct sa_net net(const char *text)
{
	struct sa_net n;

	assert_int_equal(sa_net_parse(&n, slice_str(text)), 0);
	return n;
}

static bool admit(struct fix *f, const char *text)
{
	struct sa a = at(text);

	return guard_admit(f->g, &a);
}

static unsigned fail_n(struct fix *f, const char *text, const char *user, unsigned n)
{
	struct sa a = at(text);
	unsigned bans = 0;

	for (unsigned i = 0; i < n; i++)
		bans += guard_fail(f->g, &a, slice_str(user), "wrong password");
	return bans;
}

static void good(struct fix *f, const char *text, uint32_t seconds)
{
	struct sa a = at(text);

	guard_good(f->g, &a, loop_now_ms(f->l) + 1000ULL * seconds);
}

static void pass_s(struct fix *f, uint32_t s)
{
	vnet_run(f->net, 1000ULL * s);
}

static void test_first_ban_is_of_the_port(void **state)
{
	struct fix *f = *state;

	assert_int_equal(fail_n(f, "192.0.2.1:5060", "100", 2), 0);
	assert_true(admit(f, "192.0.2.1:5060"));
	assert_int_equal(fail_n(f, "192.0.2.1:5060", "100", 1), 1);
	assert_false(admit(f, "192.0.2.1:5060"));
	assert_true(admit(f, "192.0.2.1:5061"));
	assert_true(admit(f, "192.0.2.2:5060"));
	assert_int_equal(f->last.port, 5060);
	assert_int_equal(f->last.left_s, 3600);
	assert_non_null(strstr(f->last.reason, "wrong password"));
	/* who goes on from another port loses the address, for twice as long */
	assert_int_equal(fail_n(f, "192.0.2.1:6000", "100", 3), 1);
	assert_false(admit(f, "192.0.2.1:7000"));
	assert_int_equal(f->last.port, 0);
	assert_int_equal(f->last.left_s, 7200);
}

static void test_several_ports_ban_the_address(void **state)
{
	struct fix *f = *state;

	fail_n(f, "192.0.2.1:1001", "100", 1);
	fail_n(f, "192.0.2.1:1002", "100", 1);
	assert_int_equal(fail_n(f, "192.0.2.1:1003", "100", 1), 1);
	assert_false(admit(f, "192.0.2.1:9999"));
}

static void test_window(void **state)
{
	struct fix *f = *state;

	for (int i = 0; i < 10; i++) {
		assert_int_equal(fail_n(f, "192.0.2.1", "100", 2), 0);
		pass_s(f, 601);
	}
	assert_true(admit(f, "192.0.2.1"));
}

static void test_ban_ends_and_doubles_up_to_a_week(void **state)
{
	struct fix *f = *state;
	uint32_t want = 3600;

	fail_n(f, "192.0.2.1", "100", 3);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(f->last.left_s, want);
		assert_false(admit(f, "192.0.2.1"));
		pass_s(f, want + 1);
		assert_int_equal(f->ended, i + 1);
		assert_true(admit(f, "192.0.2.1"));
		want = want * 2 < GUARD_WEEK_S ? want * 2 : GUARD_WEEK_S;
		assert_int_equal(fail_n(f, "192.0.2.1", "100", 3), 1);
	}
	/* a good week, and it is forgotten */
	pass_s(f, want + GUARD_WEEK_S + 2);
	assert_int_equal(fail_n(f, "192.0.2.1", "100", 3), 1);
	assert_int_equal(f->last.left_s, 3600);
}

/* The office: one wrong phone costs the others nothing, by port or by name, however it goes on. */
static void test_office(void **state)
{
	struct fix *f = *state;
	struct sa bad = at("192.0.2.1:2000"), nat = at("192.0.2.1:4444"), known = at("192.0.2.1:1001");
	char text[40];

	good(f, "192.0.2.1:1001", 3600);
	good(f, "192.0.2.1:1002", 3600);
	assert_int_equal(fail_n(f, "192.0.2.1:2000", "105", 3), 1);
	assert_int_equal(f->last.port, 2000);
	assert_false(guard_admit(f->g, &bad));
	assert_true(admit(f, "192.0.2.1:1001"));
	assert_true(admit(f, "192.0.2.1:3000"));
	/* a new port each time: the name is banned there */
	for (int i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "192.0.2.1:%d", 3000 + i);
		fail_n(f, text, "105", 1);
	}
	assert_string_equal(f->last.user, "105");
	assert_false(guard_user_ok(f->g, &nat, SLICE("105")));
	assert_true(guard_user_ok(f->g, &nat, SLICE("106")));
	assert_true(guard_admit(f->g, &nat));
	/* a new port and a new name each time: all but the live registrations are banned */
	for (int i = 0; i < 20; i++) {
		char user[12];

		snprintf(text, sizeof(text), "192.0.2.1:%d", 20000 + i);
		snprintf(user, sizeof(user), "%d", 500 + i);
		fail_n(f, text, user, 1);
	}
	assert_false(guard_admit(f->g, &nat));
	assert_true(guard_admit(f->g, &known));
	assert_true(admit(f, "192.0.2.1:1002"));
	/* ... as long as they live */
	good(f, "192.0.2.1:1002", 7000);
	pass_s(f, 3700);
	assert_true(admit(f, "192.0.2.1:1002"));
	assert_false(guard_admit(f->g, &known));
}

static void test_port_of_a_friend_is_not_banned(void **state)
{
	struct fix *f = *state;
	struct sa a = at("192.0.2.1:1001");

	good(f, "192.0.2.1:1001", 3600); /* a phone with two accounts, one of them wrong */
	assert_int_equal(fail_n(f, "192.0.2.1:1001", "105", 3), 1);
	assert_true(guard_admit(f->g, &a));
	assert_false(guard_user_ok(f->g, &a, SLICE("105")));
	assert_true(guard_user_ok(f->g, &a, SLICE("100")));
}

static void test_ipv6_by_64(void **state)
{
	struct fix *f = *state;

	fail_n(f, "[2001:db8:1:2::1]:5060", "100", 1);
	fail_n(f, "[2001:db8:1:2::2]:5061", "100", 1);
	assert_int_equal(fail_n(f, "[2001:db8:1:2:ffff::3]:5062", "100", 1), 1);
	assert_false(admit(f, "[2001:db8:1:2:a:b:c:d]:1"));
	assert_true(admit(f, "[2001:db8:1:3::1]:5060"));
	assert_int_equal(f->last.net.bits, 64);
	/* link-local addresses share their first half */
	fail_n(f, "[fe80::1]:5060", "100", 3);
	fail_n(f, "[fe80::1]:5061", "100", 3);
	assert_false(admit(f, "[fe80::1]:1"));
	assert_true(admit(f, "[fe80::2]:5060"));
}

static unsigned spend_n(struct fix *f, const char *text, enum guard_kind k, unsigned n)
{
	struct sa a = at(text);
	unsigned ok = 0;

	for (unsigned i = 0; i < n; i++)
		ok += guard_spend(f->g, &a, k) == GUARD_PASS;
	return ok;
}

static void test_budget(void **state)
{
	struct fix *f = *state;

	open_with(f, &(struct guard_cfg){.rate = {10, 5, 20, 2}});
	assert_in_range(spend_n(f, "192.0.2.1", GUARD_REGISTER, 1000), 39, 41); /* a burst of 4 s */
	assert_in_range(spend_n(f, "192.0.2.1", GUARD_INVITE, 1000), 19, 21);
	assert_in_range(spend_n(f, "192.0.2.2", GUARD_REGISTER, 1000), 39, 41);
	pass_s(f, 1);
	assert_in_range(spend_n(f, "192.0.2.1", GUARD_REGISTER, 1000), 9, 11);
	/* a registration makes ten times as much, */
	good(f, "192.0.2.1:7000", 3600);
	pass_s(f, 10);
	assert_in_range(spend_n(f, "192.0.2.1", GUARD_REGISTER, 5000), 395, 405);
	/* and its own port has something even then */
	assert_in_range(spend_n(f, "192.0.2.1:7000", GUARD_REGISTER, 5000), 195, 205);
}

static void test_strangers_leave_room_for_friends(void **state)
{
	struct fix *f = *state;
	unsigned ok = 0;
	char text[40];

	good(f, "192.0.2.1:7000", 3600);
	for (int i = 0; i < 4000; i++) {
		snprintf(text, sizeof(text), "10.%d.%d.1", i / 250, i % 250);
		ok += spend_n(f, text, GUARD_INVITE, 2);
	}
	assert_in_range(ok, 595, 605); /* 300 a second, bursts of 2 s */
	assert_int_equal(spend_n(f, "192.0.2.1:7000", GUARD_INVITE, 50), 50);
	assert_int_equal(spend_n(f, "192.0.2.1:7001", GUARD_INVITE, 50), 50);
	pass_s(f, 4);
	guard_set_pressed(f->g, true);
	ok = 0;
	for (int i = 0; i < 4000; i++) {
		snprintf(text, sizeof(text), "10.%d.%d.1", i / 250, i % 250);
		ok += spend_n(f, text, GUARD_INVITE, 2);
	}
	assert_in_range(ok, 145, 155);
}

static void test_memory_is_bounded(void **state)
{
	struct fix *f = *state;
	struct guard_stats st;
	char text[40];

	open_with(f, &(struct guard_cfg){.max_entries = 1000, .fails = 3});
	good(f, "192.0.2.1:7000", 1000000);
	fail_n(f, "192.0.2.9:5060", "100", 3);
	for (int i = 0; i < 100000; i++) {
		snprintf(text, sizeof(text), "%d.%d.%d.1", 11 + i / 62500, i / 250 % 250, i % 250);
		spend_n(f, text, GUARD_OTHER, 1);
	}
	guard_stats(f->g, &st);
	assert_int_equal(st.watched, 1000);
	/* friends and bans outlast strangers */
	assert_false(admit(f, "192.0.2.9:5060"));
	struct sa a = at("192.0.2.1:7000");
	assert_true(guard_friend(f->g, &a));
	/* ports of one address too */
	for (int i = 1; i < 65536; i++) {
		sa_set_port(&a, (uint16_t)i);
		guard_good(f->g, &a, loop_now_ms(f->l) + 3600000);
	}
	assert_true(guard_friend(f->g, &a));
}

static void test_scanner(void **state)
{
	struct fix *f = *state;
	struct sa a = at("192.0.2.1:5060"), b = at("192.0.2.1:5061"), c = at("192.0.2.2:5060");
	char user[12];
	int i;

	for (i = 0; i < 300 && !guard_scanning(f->g, &a); i++) {
		snprintf(user, sizeof(user), "%d", 100 + i);
		guard_challenged(f->g, &a, slice_str(user));
	}
	assert_in_range(i, 41, 130); /* about 63 names; a bit set is not exact */
	assert_false(guard_scanning(f->g, &b));
	assert_false(guard_scanning(f->g, &c));
	assert_true(guard_admit(f->g, &a)); /* its source may be forged: no ban */
	assert_int_equal(f->began, 0);
	pass_s(f, 31);
	assert_false(guard_scanning(f->g, &a));
	/* one name: so many questions a minute */
	for (i = 0; i < 1000 && !guard_scanning(f->g, &c); i++)
		guard_challenged(f->g, &c, SLICE("100"));
	assert_int_equal(i, 200);
	/* from port to port: all of them */
	for (int p = 0; p < 3; p++) {
		sa_set_port(&a, (uint16_t)(7000 + p));
		for (i = 0; i < 200; i++)
			guard_challenged(f->g, &a, SLICE("100"));
	}
	assert_true(guard_scanning(f->g, &b));
}

/* 500 phones behind one address come at once after a power cut; each answers its challenge. */
static void test_office_wakes_up(void **state)
{
	struct fix *f = *state;
	struct sa a = at("192.0.2.1:5060");
	char user[12];

	for (int i = 0; i < 500; i++) {
		sa_set_port(&a, (uint16_t)(10000 + i));
		snprintf(user, sizeof(user), "%d", 100 + i);
		guard_challenged(f->g, &a, slice_str(user));
		if (i >= 20) {
			sa_set_port(&a, (uint16_t)(10000 + i - 20));
			assert_false(guard_scanning(f->g, &a));
			guard_good(f->g, &a, loop_now_ms(f->l) + 3600000);
		}
	}
	assert_int_equal(f->began, 0);
}

static void test_allowed(void **state)
{
	struct fix *f = *state;
	struct sa_net v[] = {net("192.0.2.0/24"), net("2001:db8::/32")};
	struct sa_net one = net("192.0.2.7");

	fail_n(f, "192.0.2.1", "100", 3);
	assert_false(admit(f, "192.0.2.1"));
	assert_int_equal(guard_set_allowed(f->g, v, 2), 0);
	assert_true(admit(f, "192.0.2.1"));
	assert_int_equal(f->ended, 1);
	assert_int_equal(fail_n(f, "192.0.2.1", "100", 100), 0);
	assert_int_equal(spend_n(f, "192.0.2.5", GUARD_INVITE, 10000), 10000);
	assert_int_equal(guard_ban(f->g, &one, 0, NULL), EPERM);
	assert_int_equal(guard_set_allowed(f->g, NULL, 0), 0);
	assert_int_equal(fail_n(f, "192.0.2.1", "100", 3), 1);
}

static void test_by_hand(void **state)
{
	struct fix *f = *state;
	struct sa_net n = net("198.51.100.0/24"), host = net("192.0.2.1"), all = net("0.0.0.0/0");
	struct sa_net six = net("2001:db8::1");

	good(f, "192.0.2.1:7000", 3600);
	assert_int_equal(guard_ban(f->g, &host, 60, "noise"), 0);
	assert_int_equal(guard_ban(f->g, &n, 60, NULL), 0);
	assert_int_equal(guard_ban(f->g, &six, 60, NULL), 0);
	assert_int_equal(f->last.net.bits, 64);
	assert_false(admit(f, "192.0.2.1:7000")); /* friends too */
	assert_false(admit(f, "198.51.100.77"));
	assert_false(admit(f, "[2001:db8::2]:1"));
	assert_int_equal(guard_lift(f->g, &six), 0);
	assert_true(admit(f, "[2001:db8::2]:1"));
	assert_int_equal(guard_lift(f->g, &six), ENOENT);
	assert_int_equal(guard_lift(f->g, &host), 0);
	assert_true(admit(f, "192.0.2.1:7000"));
	assert_int_equal(guard_lift(f->g, &all), 0);
	assert_true(admit(f, "198.51.100.77"));
	assert_int_equal(guard_ban(f->g, &n, 60, NULL), 0);
	pass_s(f, 62);
	assert_true(admit(f, "198.51.100.77"));
}

static void count_h(const struct guard_ban_info *b, void *arg)
{
	(void)b;
	++*(unsigned *)arg;
}

static void test_restored(void **state)
{
	struct fix *f = *state;
	struct guard_ban_info b;
	unsigned n = 0;

	fail_n(f, "192.0.2.1", "100", 3);
	fail_n(f, "192.0.2.1:6", "100", 3);
	b = f->last;
	open_with(f, &(struct guard_cfg){.fails = 3});
	assert_true(admit(f, "192.0.2.1"));
	b.left_s = 100;
	assert_int_equal(guard_restore(f->g, &b), 0);
	assert_false(admit(f, "192.0.2.1"));
	guard_bans(f->g, count_h, &n);
	assert_int_equal(n, 1);
	pass_s(f, 101);
	assert_true(admit(f, "192.0.2.1"));
	fail_n(f, "192.0.2.1", "100", 3);
	assert_int_equal(f->last.left_s, 4 * 3600); /* its third */
}

static void test_connections(void **state)
{
	struct fix *f = *state;
	struct sa a = at("192.0.2.1:1"), b = at("192.0.2.2:1");
	unsigned n = 0;

	for (int i = 0; i < 1000; i++) {
		sa_set_port(&a, (uint16_t)(1000 + i));
		n += guard_open(f->g, &a) == GUARD_PASS;
		vnet_run(f->net, 200);
	}
	assert_int_equal(n, 64);
	assert_int_equal(guard_open(f->g, &b), GUARD_PASS);
	for (n = 0; n < 10; n++)
		guard_close(f->g, &a);
	for (n = 0; guard_open(f->g, &a) == GUARD_PASS; n++)
		;
	assert_int_equal(n, 10);
	guard_close(f->g, &b);
	guard_close(f->g, &b); /* once too often does no harm */
	fail_n(f, "192.0.2.3:1", "100", 3);
	a = at("192.0.2.3:1");
	assert_int_equal(guard_open(f->g, &a), GUARD_DROP);
}

static void test_out_of_memory(void **state)
{
	struct fix *f = *state;

	for (long i = 0; i < 12; i++) {
		struct sa a = at("192.0.2.1:5060");
		struct sa_net n = net("198.51.100.0/24");
		struct guard_cfg cfg = {.loop = f->l, .fails = 2};
		struct guard *g;

		mem_fail_at(i);
		if (!guard_alloc(&g, &cfg)) {
			(void)guard_admit(g, &a);
			(void)guard_spend(g, &a, GUARD_REGISTER);
			guard_challenged(g, &a, SLICE("100"));
			guard_good(g, &a, loop_now_ms(f->l) + 60000);
			sa_set_port(&a, 7);
			for (int k = 0; k < 3; k++)
				(void)guard_fail(g, &a, SLICE("100"), "wrong password");
			(void)guard_open(g, &a);
			guard_close(g, &a);
			if (guard_ban(g, &n, 0, NULL) == 0)
				assert_int_equal(guard_lift(g, &n), 0);
			mem_deref(g);
		}
		(void)mem_fail_off();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_first_ban_is_of_the_port, setup, teardown),
		cmocka_unit_test_setup_teardown(test_several_ports_ban_the_address, setup, teardown),
		cmocka_unit_test_setup_teardown(test_window, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ban_ends_and_doubles_up_to_a_week, setup, teardown),
		cmocka_unit_test_setup_teardown(test_office, setup, teardown),
		cmocka_unit_test_setup_teardown(test_port_of_a_friend_is_not_banned, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ipv6_by_64, setup, teardown),
		cmocka_unit_test_setup_teardown(test_budget, setup, teardown),
		cmocka_unit_test_setup_teardown(test_strangers_leave_room_for_friends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scanner, setup, teardown),
		cmocka_unit_test_setup_teardown(test_office_wakes_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_allowed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_by_hand, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restored, setup, teardown),
		cmocka_unit_test_setup_teardown(test_connections, setup, teardown),
		cmocka_unit_test_setup_teardown(test_out_of_memory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
