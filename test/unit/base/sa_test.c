/*
 * sa_test.c - socket addresses and networks.
 */
#include "unit.h"
#include <arpa/inet.h>
#include "base/sa.h"

static const struct {
	const char *in, *out; /* out NULL: refused */
} parse_tab[] = {
	{"1.2.3.4:5060", "1.2.3.4:5060"},
	{"1.2.3.4", "1.2.3.4:99"},
	{"0.0.0.0:0", "0.0.0.0:0"},
	{"255.255.255.255:65535", "255.255.255.255:65535"},
	{"[::1]:5060", "[::1]:5060"},
	{"[::1]", "[::1]:99"},
	{"::1", "[::1]:99"},
	{"::", "[::]:99"},
	{"2001:DB8:0:0::5", "[2001:db8::5]:99"},
	{"[2001:db8::1:2]:1", "[2001:db8::1:2]:1"},
	{"[::ffff:10.0.0.1]:7", "10.0.0.1:7"},
	{"::ffff:a00:2", "10.0.0.2:99"},
	{"[fe80::1%1]:5060", "[fe80::1%lo]:5060"},
	{"fe80::1%lo", "[fe80::1%lo]:99"},
	{"fe80::1%4000000000", "[fe80::1%4000000000]:99"},
	{"", NULL},
	{":", NULL},
	{":5060", NULL},
	{"1.2.3", NULL},
	{"1.2.3.", NULL},
	{".1.2.3", NULL},
	{"1..2.3", NULL},
	{"1.2.3.4.5", NULL},
	{"1.2.3.256", NULL},
	{"1.2.3.-4", NULL},
	{"01.2.3.4", NULL},
	{"1.2.3.0004", NULL},
	{" 1.2.3.4", NULL},
	{"1.2.3.4 ", NULL},
	{"1.2.3.4:", NULL},
	{"1.2.3.4:x", NULL},
	{"1.2.3.4:65536", NULL},
	{"1.2.3.4:-1", NULL},
	{"[1.2.3.4]:5060", NULL},
	{"[::1", NULL},
	{"[::1]5060", NULL},
	{"[::1]:", NULL},
	{"[::1]:99999", NULL},
	{"[]", NULL},
	{"[", NULL},
	{"]", NULL},
	{"::1]", NULL},
	{"[[::1]]", NULL},
	{":::", NULL},
	{"1:2:3:4:5:6:7:8:9", NULL},
	{"fe80::1%", NULL},
	{"fe80::1%0", NULL},
	{"fe80::1%no-such-interface-here", NULL},
	{"::1%0123456789012345678901234567890123456789", NULL},
	{"example.com", NULL},
	{"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", NULL},
};

static void parsing(void **st)
{
	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(parse_tab); i++) {
		/* copied without a terminator, so that reading on is seen */
		size_t l = strlen(parse_tab[i].in);
		char text[SA_STRLEN], *in = malloc(l ? l : 1);
		struct sa a, back;
		int err;

		print_message("%s\n", parse_tab[i].in);
		memcpy(in, parse_tab[i].in, l);
		memset(&a, 0x55, sizeof(a));
		err = sa_parse(&a, slice_mem(in, l), 99);
		free(in);
		if (!parse_tab[i].out) {
			assert_int_equal(err, ERR_SYNTAX);
			assert_int_equal(((unsigned char *)&a)[0], 0x55);
			continue;
		}
		assert_int_equal(err, 0);
		assert_string_equal(sa_str(&a, text), parse_tab[i].out);
		assert_int_equal(sa_parse(&back, slice_str(text), 0), 0);
		assert_true(sa_eq(&a, &back));
		assert_int_equal(sa_hash(&a), sa_hash(&back));
		assert_int_equal(sa_set(&back, slice_str(sa_ntop(&a, text)), sa_port(&a)), 0);
		assert_true(sa_eq(&a, &back));
	}
}

static void nul_inside(void **st)
{
	struct sa a;

	(void)st;
	assert_int_equal(sa_parse(&a, SLICE("::1\0x"), 1), ERR_SYNTAX);
	assert_int_equal(sa_parse(&a, SLICE("1.2.3.4\0"), 1), ERR_SYNTAX);
	assert_int_equal(sa_parse(&a, SLICE("fe80::1%lo\0"), 1), ERR_SYNTAX);
}

static void kinds(void **st)
{
	enum { ANY = 1, LOOP = 2, LINK = 4, MCAST = 8, PRIV = 16 };
	static const struct {
		const char *ip;
		int is;
	} tab[] = {
		{"0.0.0.0", ANY},
		{"127.0.0.1", LOOP | PRIV},
		{"127.255.255.255", LOOP | PRIV},
		{"128.0.0.1", 0},
		{"169.254.1.1", LINK | PRIV},
		{"169.253.1.1", 0},
		{"224.0.0.1", MCAST},
		{"239.255.255.255", MCAST},
		{"240.0.0.1", 0},
		{"10.255.0.1", PRIV},
		{"11.0.0.1", 0},
		{"172.15.255.255", 0},
		{"172.16.0.0", PRIV},
		{"172.31.255.255", PRIV},
		{"172.32.0.0", 0},
		{"192.168.1.1", PRIV},
		{"192.169.1.1", 0},
		{"100.63.255.255", 0},
		{"100.64.0.0", PRIV},
		{"100.127.255.255", PRIV},
		{"100.128.0.0", 0},
		{"8.8.8.8", 0},
		{"::", ANY},
		{"::1", LOOP | PRIV},
		{"::2", 0},
		{"fe80::1", LINK | PRIV},
		{"febf::1", LINK | PRIV},
		{"fec0::1", 0},
		{"ff02::1", MCAST},
		{"fc00::1", PRIV},
		{"fdff::1", PRIV},
		{"fe00::1", 0},
		{"2001:db8::1", 0},
		{"::ffff:192.168.0.1", PRIV},
	};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		struct sa a;
		int is;

		print_message("%s\n", tab[i].ip);
		assert_int_equal(sa_set(&a, slice_str(tab[i].ip), 5060), 0);
		is = (sa_is_any(&a) ? ANY : 0) | (sa_is_loopback(&a) ? LOOP : 0) | (sa_is_linklocal(&a) ? LINK : 0) |
		     (sa_is_multicast(&a) ? MCAST : 0) | (sa_is_private(&a) ? PRIV : 0);
		assert_int_equal(is, tab[i].is);
	}
}

static void values(void **st)
{
	struct sa a, b, none;
	struct sockaddr_in6 os = {.sin6_family = AF_INET6, .sin6_port = htons(53)};
	struct sockaddr un = {.sa_family = AF_UNIX};
	char text[SA_STRLEN];

	(void)st;
	assert_int_equal(sizeof(struct sa), 28);
	sa_init(&none);
	assert_false(sa_isset(&none));
	assert_int_equal(sa_len(&none), 0);
	assert_int_equal(sa_port(&none), 0);
	assert_string_equal(sa_str(&none, text), "");
	assert_false(sa_is_any(&none));
	assert_true(sa_eq(&none, &none));
	sa_any(&a, AF_INET, 80);
	sa_any(&b, AF_INET6, 80);
	assert_int_equal(sa_len(&a), sizeof(struct sockaddr_in));
	assert_int_equal(sa_len(&b), sizeof(struct sockaddr_in6));
	assert_true(sa_is_any(&a) && sa_is_any(&b));
	assert_false(sa_eq_addr(&a, &b));
	assert_false(sa_eq(&a, &none));
	b = a;
	sa_set_port(&b, 81);
	assert_true(sa_eq_addr(&a, &b));
	assert_false(sa_eq(&a, &b));
	assert_int_equal(sa_hash_addr(&a), sa_hash_addr(&b));
	assert_true(sa_hash(&a) != sa_hash(&b));
	assert_int_equal(inet_pton(AF_INET6, "::ffff:1.2.3.4", &os.sin6_addr), 1);
	assert_int_equal(sa_from_os(&a, (struct sockaddr *)&os), 0);
	assert_string_equal(sa_str(&a, text), "1.2.3.4:53");
	assert_int_equal(inet_pton(AF_INET6, "fe80::9", &os.sin6_addr), 1);
	os.sin6_scope_id = 4000000000U;
	assert_int_equal(sa_from_os(&a, (struct sockaddr *)&os), 0);
	assert_string_equal(sa_str(&a, text), "[fe80::9%4000000000]:53");
	b = a;
	b.u.in6.sin6_scope_id = 2;
	assert_false(sa_eq_addr(&a, &b));
	assert_int_equal(sa_from_os(&a, &un), EAFNOSUPPORT);
}

static void nets(void **st)
{
	static const struct {
		const char *net, *ip;
		int has; /* -1: the network is refused */
	} tab[] = {
		{"10.0.0.0/8", "10.255.1.2", 1},
		{"10.0.0.0/8", "11.0.0.0", 0},
		{"10.9.9.9/8", "10.1.1.1", 1},
		{"0.0.0.0/0", "8.8.8.8", 1},
		{"0.0.0.0/0", "::1", 0},
		{"::/0", "::1", 1},
		{"::/0", "1.1.1.1", 0},
		{"192.168.1.7", "192.168.1.7", 1},
		{"192.168.1.7", "192.168.1.6", 0},
		{"192.168.1.6/31", "192.168.1.7", 1},
		{"192.168.1.8/29", "192.168.1.15", 1},
		{"192.168.1.8/29", "192.168.1.16", 0},
		{"2001:db8::/32", "2001:db8:ffff::1", 1},
		{"2001:db8::/32", "2001:db9::1", 0},
		{"2001:db8::/33", "2001:db8:8000::1", 0},
		{"::1", "::1", 1},
		{"::1/128", "::2", 0},
		{"::ffff:10.0.0.0/104", "10.1.2.3", 1},
		{"::ffff:10.0.0.0/104", "11.1.2.3", 0},
		{"10.0.0.0/8", "::ffff:10.1.1.1", 1},
		{"10.0.0.0/33", "1.1.1.1", -1},
		{"::/129", "::1", -1},
		{"10.0.0.0/", "1.1.1.1", -1},
		{"/8", "1.1.1.1", -1},
		{"10.0.0.0/x", "1.1.1.1", -1},
		{"10.0.0.0/8/8", "1.1.1.1", -1},
		{"10.0.0.0:80/8", "1.1.1.1", -1},
		{"::ffff:10.0.0.0/8", "1.1.1.1", -1},
		{"", "1.1.1.1", -1},
	};
	struct sa none;
	struct sa_net n;

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		struct sa a;

		print_message("%s %s\n", tab[i].net, tab[i].ip);
		assert_int_equal(sa_set(&a, slice_str(tab[i].ip), 1), 0);
		assert_int_equal(sa_net_parse(&n, slice_str(tab[i].net)), tab[i].has < 0 ? ERR_SYNTAX : 0);
		if (tab[i].has >= 0)
			assert_int_equal(sa_net_has(&n, &a), tab[i].has);
	}
	sa_init(&none);
	assert_int_equal(sa_net_parse(&n, SLICE("0.0.0.0/0")), 0);
	assert_false(sa_net_has(&n, &none));
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(parsing), cmocka_unit_test(nul_inside), cmocka_unit_test(kinds),
		cmocka_unit_test(values),  cmocka_unit_test(nets),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
