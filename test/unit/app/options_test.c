/*
 * options_test.c - the options of `serve`: command line, environment, limits; and where the data directory lies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "app/serve.h"

enum { WORDS = 8 };

/* The verb with "--name", "value" pairs already taken apart. */
static void prepare(struct cli *c, const char *const *word)
{
	size_t n;
	const struct verb *v = cli_verbs(&n);

	memset(c, 0, sizeof(*c));
	c->prog = "offhook";
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i].name, "serve") == 0)
			c->verb = &v[i];
	}
	cli_options(c);
	for (size_t i = 0; i + 1 < WORDS && word[i]; i += 2) {
		for (size_t k = 0; k < c->nopt; k++) {
			if (strcmp(c->opt[k].name, word[i]) == 0) {
				c->set[c->nset].o = &c->opt[k];
				c->set[c->nset++].value = word[i + 1];
			}
		}
	}
}

static void clear_env(void)
{
	static const char *const names[] = {"OFFHOOK_DATA",      "OFFHOOK_LISTEN",        "OFFHOOK_SIP_PORT",
					    "OFFHOOK_RTP_PORTS", "OFFHOOK_EXTERNAL_IP",   "OFFHOOK_LOCAL_NET",
					    "OFFHOOK_LOG_LEVEL", "OFFHOOK_BENCH_NO_AUTH", "OFFHOOK_DNS",
					    "OFFHOOK_SIPS_PORT", "OFFHOOK_TLS_CA",        "OFFHOOK_TLS_CLIENT_CA",
					    "OFFHOOK_HTTP_PORT", "OFFHOOK_HTTPS_PORT"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unsetenv(names[i]);
}

static int quiet(void **state)
{
	(void)state;
	clear_env();
	return freopen("/dev/null", "w", stderr) ? 0 : -1;
}

static void test_refused(void **state)
{
	static const char *const v[][WORDS] = {
		{"sip-port", "0"},
		{"sip-port", "65536"},
		{"sip-port", "sip"},
		{"listen", "localhost"},
		{"listen", "127.0.0.1:5060"},
		{"listen", ""},
		{"rtp-ports", "10000"},
		{"rtp-ports", "10000-10004"},
		{"rtp-ports", "10001-20000"},
		{"rtp-ports", "20000-10000"},
		{"rtp-ports", "80-20000"},
		{"rtp-ports", "10000-70000"},
		{"external-ip", "auto"},
		{"external-ip", "0.0.0.0"},
		{"local-net", "192.168.0.0/33"},
		{"local-net", "home"},
		{"log-level", "loud"},
		{"dns", "ns.example.com"},
		{"dns", "127.0.0.1:0"},
		{"sips-port", "65536"},
		{"sips-port", "5060"}, /* plain TCP is there */
		{"sip-port", "5061", "sips-port", "5061"},
		{"http-port", "65536"},
		{"https-port", "web"},
		{"http-port", "9000", "https-port", "9000"},
		{"http-port", "5060"},
		{"https-port", "5061"},
		{"tls-client-required", "1"}, /* signed by whom? */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct serve_options o;
		struct cli c;

		prepare(&c, v[i]);
		if (serve_options_read(&o, &c) != CLI_USAGE)
			fail_msg("--%s %s was taken", v[i][0], v[i][1]);
	}
}

static void test_defaults(void **state)
{
	static const char *const none[WORDS] = {NULL};
	struct serve_options o;
	struct cli c;

	(void)state;
	prepare(&c, none);
	assert_int_equal(serve_options_read(&o, &c), CLI_OK);
	assert_int_equal(o.sip_port, 5060);
	assert_int_equal(o.sips_port, 5061);
	assert_int_equal(o.http_port, 8080);
	assert_int_equal(o.https_port, 8443);
	assert_null(o.tls_ca);
	assert_int_equal(o.rtp_lo, 10000);
	assert_int_equal(o.rtp_hi, 20000);
	assert_true(o.listen_all);
	assert_int_equal(o.nlisten, 2);
	assert_true(sa_is_any(&o.listen[0]) && sa_af(&o.listen[0]) == AF_INET);
	assert_true(sa_is_any(&o.listen[1]) && sa_af(&o.listen[1]) == AF_INET6);
	assert_int_equal(sa_port(&o.listen[1]), 5060);
	assert_false(sa_isset(&o.external_ip));
	assert_int_equal(o.nlocal_net, 0);
	assert_int_equal(o.log_level, LOG_INFO);
	assert_false(o.bench_no_auth);
	assert_string_equal(o.dns, "");
	setenv("OFFHOOK_DNS", "127.0.0.1:5353 ::1", 1);
	assert_int_equal(serve_options_read(&o, &c), CLI_OK);
	assert_string_equal(o.dns, "127.0.0.1:5353,[::1]:53");
	unsetenv("OFFHOOK_DNS");
}

static void test_given(void **state)
{
	static const char *const words[WORDS] = {"listen", "127.0.0.1", "listen", "::1", "sip-port", "5070", NULL};
	struct serve_options o;
	struct cli c;

	(void)state;
	prepare(&c, words);
	assert_int_equal(serve_options_read(&o, &c), CLI_OK);
	assert_int_equal(o.nlisten, 2);
	assert_false(o.listen_all);
	assert_true(sa_is_loopback(&o.listen[0]) && sa_is_loopback(&o.listen[1]));
	assert_int_equal(sa_port(&o.listen[0]), 5070);
	static const char *const off[WORDS] = {"http-port", "0", "https-port", "0", NULL};
	prepare(&c, off);
	assert_int_equal(serve_options_read(&o, &c), CLI_OK);
	assert_int_equal(o.http_port, 0);
	assert_int_equal(o.https_port, 0);
}

static void test_environment(void **state)
{
	static const char *const words[WORDS] = {"sip-port", "5070", NULL};
	struct serve_options o;
	struct cli c;

	(void)state;
	setenv("OFFHOOK_SIP_PORT", "5090", 1);
	setenv("OFFHOOK_LISTEN", "127.0.0.1, ::1", 1);
	setenv("OFFHOOK_LOCAL_NET", "10.0.0.0/8 192.168.0.0/16", 1);
	setenv("OFFHOOK_EXTERNAL_IP", "203.0.113.7", 1);
	setenv("OFFHOOK_RTP_PORTS", "30000-30099", 1);
	setenv("OFFHOOK_LOG_LEVEL", "debug", 1);
	setenv("OFFHOOK_BENCH_NO_AUTH", "1", 1);
	prepare(&c, words);
	assert_int_equal(serve_options_read(&o, &c), CLI_OK);
	assert_int_equal(o.sip_port, 5070); /* the command line counts more */
	assert_int_equal(o.nlisten, 2);
	assert_int_equal(o.nlocal_net, 2);
	assert_int_equal(o.local_net[1].bits, 16);
	assert_true(sa_isset(&o.external_ip));
	assert_int_equal(o.rtp_hi, 30099);
	assert_int_equal(o.log_level, LOG_DEBUG);
	assert_true(o.bench_no_auth);
	setenv("OFFHOOK_BENCH_NO_AUTH", "0", 1);
	assert_int_equal(serve_options_read(&o, &c), CLI_OK);
	assert_false(o.bench_no_auth);
	clear_env();
}

static void test_data_dir(void **state)
{
	char dir[] = "/tmp/offhook-opt-XXXXXX", found[256], before[1024];

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(dir), 0);
	data_dir(found, sizeof(found), NULL);
	assert_string_equal(found, "/var/lib/offhook");
	assert_int_equal(mkdir("data", 0700), 0);
	data_dir(found, sizeof(found), NULL);
	assert_string_equal(found, "./data");
	setenv("OFFHOOK_DATA", "/srv/a", 1);
	data_dir(found, sizeof(found), NULL);
	assert_string_equal(found, "/srv/a");
	data_dir(found, sizeof(found), "/srv/b");
	assert_string_equal(found, "/srv/b");
	clear_env();

	/* commands that are shown to people name the directory only where it is needed */
	struct cli c = {.prog = "offhook"};
	strcpy(c.data, "./data");
	assert_string_equal(cli_data_hint(&c), "");
	snprintf(c.data, sizeof(c.data), "%s/data", dir);
	assert_string_equal(cli_data_hint(&c), "");
	strcpy(c.data, "/srv/my phone");
	assert_string_equal(cli_data_hint(&c), " --data '/srv/my phone'");
	assert_int_equal(rmdir("data"), 0);
	assert_int_equal(chdir(before), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),     cmocka_unit_test(test_defaults), cmocka_unit_test(test_given),
		cmocka_unit_test(test_environment), cmocka_unit_test(test_data_dir),
	};

	return cmocka_run_group_tests(tests, quiet, NULL);
}
