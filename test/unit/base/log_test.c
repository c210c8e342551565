/*
 * log_test.c - log lines, clocks, and the texts of errors.
 */
#include "unit.h"
#include <time.h>
#include "base/clock.h"
#include "base/log.h"

static char last[4096];
static enum log_level last_lvl;
static int lines;

static void take(enum log_level lvl, const char *line, void *arg)
{
	assert_ptr_equal(arg, last);
	last_lvl = lvl;
	lines++;
	snprintf(last, sizeof(last), "%s", line);
}

/* "12:00:00.123 " */
static int is_stamp(const char *s)
{
	return strspn(s, "0123456789:. ") == 13 && s[2] == ':' && s[5] == ':' && s[8] == '.' && s[12] == ' ';
}

static int setup(void **st)
{
	(void)st;
	lines = 0;
	log_set_level(LOG_INFO);
	log_set_handler(take, last);
	return 0;
}

static int teardown(void **st)
{
	(void)st;
	log_set_handler(NULL, NULL);
	log_set_level(LOG_INFO);
	return 0;
}

static int arg_calls;

static int costly(void)
{
	return ++arg_calls;
}

static void levels(void **st)
{
	enum log_level l = LOG_DEBUG;

	(void)st;
	assert_int_equal(log_level(), LOG_INFO);
	assert_true(log_on(LOG_WARN) && !log_on(LOG_DEBUG));
	errno = EPIPE;
	log_info("sip", "call %d", 5);
	assert_int_equal(errno, EPIPE);
	assert_true(is_stamp(last));
	assert_string_equal(last + 13, "info  sip: call 5");
	log_error("media", "x");
	assert_string_equal(last + 13, "error media: x");
	assert_int_equal(last_lvl, LOG_ERROR);
	log_debug("sip", "%d", costly());
	assert_int_equal(arg_calls, 0);
	assert_int_equal(lines, 2);
	log_set_level(LOG_ERROR);
	log_warn("sip", "x");
	assert_int_equal(lines, 2);
	log_set_level(LOG_DEBUG);
	log_debug("sip", "%d", costly());
	assert_int_equal(lines, 3);
	assert_string_equal(last + 13, "debug sip: 1");
	assert_int_equal(log_level_parse(&l, SLICE("Warn")), 0);
	assert_int_equal(l, LOG_WARN);
	assert_int_equal(log_level_parse(&l, SLICE("warning")), ERR_SYNTAX);
	assert_int_equal(log_level_parse(&l, SLICE_NULL), ERR_SYNTAX);
	assert_int_equal(l, LOG_WARN);
}

static void escaping(void **st)
{
	char longer[3000];

	(void)st;
	log_info("sip", "%s", "a\r\nb\x1b[1m\x7f\tc \xe4\xb8\xad");
	assert_string_equal(last + 13, "info  sip: a\\x0d\\x0ab\\x1b[1m\\x7f\\x09c \xe4\xb8\xad");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	log_info("sip", "%s", longer);
	assert_in_range(strlen(last), 2000, 2047);
	assert_string_equal(last + strlen(last) - 4, "x...");
	memset(longer, '\n', sizeof(longer) - 1);
	log_info("sip", "%s", longer);
	assert_in_range(strlen(last), 2000, 2047);
	assert_string_equal(last + strlen(last) - 7, "\\x0a...");
}

/* Wherever the cut falls, only whole characters are left before the dots. */
static void cut_utf8(void **st)
{
	(void)st;
	for (int pad = 0; pad < 4; pad++) {
		char text[2400] = "";
		size_t n;

		memset(text, 'x', (size_t)pad);
		for (n = (size_t)pad; n < 2390; n += 3)
			memcpy(text + n, "\xe4\xb8\xad", 4);
		log_info("t", "%s", text);
		n = strlen(last) - 3;
		assert_string_equal(last + n, "...");
		assert_int_equal((n - 22 - (size_t)pad) % 3, 0);
	}
}

static void to_stderr(void **st)
{
	char line[256] = "";
	FILE *f = tmpfile();
	int old = dup(STDERR_FILENO);

	(void)st;
	assert_non_null(f);
	log_set_handler(NULL, NULL);
	dup2(fileno(f), STDERR_FILENO);
	log_warn("pbx", "two");
	log_warn("pbx", "three");
	dup2(old, STDERR_FILENO);
	close(old);
	rewind(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_true(is_stamp(line));
	assert_string_equal(line + 13, "warn  pbx: two\n");
	assert_non_null(fgets(line, sizeof(line), f));
	assert_string_equal(line + 13, "warn  pbx: three\n");
	assert_null(fgets(line, sizeof(line), f));
	fclose(f);
}

static void clocks(void **st)
{
	static const struct {
		int64_t ms;
		const char *iso;
	} tab[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{1769860800123, "2026-01-31T12:00:00.123Z"},
		{951782399999, "2000-02-28T23:59:59.999Z"},
		{951782400000, "2000-02-29T00:00:00.000Z"},
		{-1, "1969-12-31T23:59:59.999Z"},
		{-1000, "1969-12-31T23:59:59.000Z"},
	};
	char t[32];
	uint64_t a;

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++)
		assert_string_equal(clock_iso(tab[i].ms, t), tab[i].iso);
	setenv("TZ", "XXX-2", 1);
	tzset();
	assert_string_equal(clock_local(1769860800123, t), "2026-01-31 14:00:00");
	assert_true(strlen(clock_iso(INT64_MAX, t)) < sizeof(t));
	assert_true(strlen(clock_iso(INT64_MIN, t)) < sizeof(t));
	a = clock_mono_us();
	assert_true(a > 0 && clock_mono_us() >= a);
	assert_true(clock_wall_ms() / 1000 - (int64_t)time(NULL) <= 1);
}

static void errors(void **st)
{
	static const int known[] = {0,       ENOMEM,     EINVAL,   ETIMEDOUT, ECONNREFUSED,
				    ENOTSUP, ERR_SYNTAX, ERR_AUTH, ERR_LIMIT, ERR_STATE};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		assert_string_not_equal(err_str(known[i]), "unknown error");
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(err_str(known[i]), err_str(known[j]));
	}
	assert_string_equal(err_str(-1), "unknown error");
	assert_string_equal(err_str(ERR_LAST), "unknown error");
	assert_string_equal(err_str(123456), "unknown error");
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test_setup_teardown(levels, setup, teardown),
		cmocka_unit_test_setup_teardown(escaping, setup, teardown),
		cmocka_unit_test_setup_teardown(cut_utf8, setup, teardown),
		cmocka_unit_test_setup_teardown(to_stderr, setup, teardown),
		cmocka_unit_test(clocks),
		cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
