/*
 * public_test.c - the library as others see it: programs in C and C++ built with include/ and liboffhook.a alone, each
 * header by itself, and no name in it but ours.
 */
#include <limits.h>
#include <unistd.h>
#include "fix.h"

static char build[PATH_MAX]; /* "build" or "build/asan" */
static char tmp[] = "/tmp/offhook-public-XXXXXX";

#define LIBS                                                                                                           \
	"$(pkg-config --libs libuv libssl libcrypto libcares opus opusfile libopusenc ogg speex speexdsp spandsp) "    \
	"-lgsm -lm -lpthread"

static void sh(const char *fmt, ...) PRINTF_LIKE(1, 2);
static void sh(const char *fmt, ...)
{
	char cmd[4000];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	assert_true(n > 0 && (size_t)n < sizeof(cmd));
	if (system(cmd))
		fail_msg("failed: %s", cmd);
}

/* This program is BUILD/unit/ua/public, and BUILD tells which sanitizer the library has in it. */
static const char *sanitizer(void)
{
	const char *name = strrchr(build, '/');

	return !name || !strcmp(name, "/build") ? "" : name + 1;
}

static const char *flags(void)
{
	const char *s = sanitizer();

	return !strcmp(s, "asan")    ? "-fsanitize=address,undefined"
	       : !strcmp(s, "tsan")  ? "-fsanitize=thread"
	       : !strcmp(s, "cover") ? "--coverage"
				     : "";
}

static int group_open(void **state)
{
	(void)state;
	ssize_t n = readlink("/proc/self/exe", build, sizeof(build) - 1);

	assert_true(n > 0);
	build[n] = 0;
	for (int i = 0; i < 3; i++)
		*strrchr(build, '/') = 0;
	assert_non_null(mkdtemp(tmp));
	sh("unset MAKEFLAGS MAKELEVEL; make --no-print-directory -s SAN=%s build%s%s/liboffhook.a >%s/make.log 2>&1 || "
	   "{ cat %s/make.log; exit 1; }",
	   sanitizer(), *sanitizer() ? "/" : "", sanitizer(), tmp, tmp);
	return 0;
}

static int group_close(void **state)
{
	(void)state;
	sh("rm -rf %s", tmp);
	return 0;
}

static void program_in_c(void **state)
{
	(void)state;
	sh("cc -std=c11 -Wall -Wextra -Werror %s -Iinclude -o %s/phone test/unit/ua/public/phone.c "
	   "%s/liboffhook.a " LIBS,
	   flags(), tmp, build);
	sh("timeout 60 %s/phone >%s/phone.log 2>&1 || { cat %s/phone.log; exit 1; }", tmp, tmp, tmp);
}

static void program_in_cpp(void **state)
{
	(void)state;
	sh("c++ -Wall -Wextra -Werror %s -Iinclude -o %s/header test/unit/ua/public/header.cc %s/liboffhook.a " LIBS,
	   flags(), tmp, build);
	sh("timeout 60 %s/header", tmp);
}

static void headers_alone(void **state)
{
	(void)state;
	sh("for h in include/offhook/*.h; do cc -std=c99 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -Iinclude -x c "
	   "$h || exit 1; done");
	sh("for h in include/offhook/*.h; do c++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only -Iinclude -x c++ $h || "
	   "exit 1; done");
}

/* The sanitizers add names of their own, so this is asked of the plain build alone. */
static void only_our_names(void **state)
{
	(void)state;
	if (*sanitizer())
		sh("nm -g --defined-only %s/liboffhook.a | awk 'NF == 3 {print $3}' | grep -q '^oh_ua_new$'", build);
	else
		sh("! nm -g --defined-only %s/liboffhook.a | awk 'NF == 3 {print $3}' | grep -v '^oh_'", build);
	/* whatever is declared is there */
	sh("sed 's,/[*].*,,' include/offhook/*.h | grep -o 'oh_[a-z_]*(' | tr -d '(' | sort -u >%s/declared; "
	   "nm -g --defined-only %s/liboffhook.a | awk '{print $3}' | sort -u >%s/defined; ! comm -23 %s/declared "
	   "%s/defined | grep .",
	   tmp, build, tmp, tmp, tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(program_in_c),
		cmocka_unit_test(program_in_cpp),
		cmocka_unit_test(headers_alone),
		cmocka_unit_test(only_our_names),
	};

	return cmocka_run_group_tests(tests, group_open, group_close);
}
