/*
 * log.c - one line per event.
 *
 * A line is made whole on the stack and leaves with a single write, so that lines
 * of several threads (or of a child process) do not mix. What strangers sent may
 * be in a line: control characters are shown, never passed to a terminal.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"

enum { LINE_MAX_BYTES = 2048 }; /* with newline and terminator */

static const char *const level_name[] = {"error", "warn", "info", "debug"};
static _Atomic int level = LOG_INFO;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void (*handler)(enum log_level lvl, const char *line, void *arg);
static void *handler_arg;

void log_set_level(enum log_level lvl)
{
	atomic_store_explicit(&level, (int)lvl, memory_order_relaxed);
}

enum log_level log_level(void)
{
	return (enum log_level)atomic_load_explicit(&level, memory_order_relaxed);
}

bool log_on(enum log_level lvl)
{
	return (int)lvl <= atomic_load_explicit(&level, memory_order_relaxed);
}

int log_level_parse(enum log_level *lvl, struct slice s)
{
	for (size_t i = 0; i < ARRAY_LEN(level_name); i++) {
		if (slice_ieqs(s, level_name[i])) {
			*lvl = (enum log_level)i;
			return 0;
		}
	}
	return ERR_SYNTAX;
}

void log_set_handler(void (*h)(enum log_level lvl, const char *line, void *arg), void *arg)
{
	pthread_mutex_lock(&lock);
	handler = h;
	handler_arg = arg;
	pthread_mutex_unlock(&lock);
}

/* How many bytes at the end of `line` begin a UTF-8 character that goes on with `next`. */
static size_t partial_utf8(const char *line, size_t n, unsigned char next)
{
	if ((next & 0xc0) != 0x80)
		return 0;
	for (size_t k = 1; k <= 3 && k <= n; k++) {
		unsigned char c = (unsigned char)line[n - k];

		if ((c & 0xc0) == 0xc0)
			return k;
		if (c < 0x80)
			break;
	}
	return 0; /* not UTF-8 at all */
}

/* Append `s` to `line` with control characters shown as \xNN; a line that gets too long ends in "...". */
static size_t add_escaped(char *line, size_t n, const char *s)
{
	static const char hex[] = "0123456789abcdef";
	const size_t end = LINE_MAX_BYTES - 2 - 3; /* newline, terminator, dots */

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		bool ctl = c < 0x20 || c == 0x7f;

		if (n + (ctl ? 4 : 1) > end) {
			n -= partial_utf8(line, n, c);
			memcpy(line + n, "...", 3);
			return n + 3;
		}
		if (ctl) {
			line[n++] = '\\';
			line[n++] = 'x';
			line[n++] = hex[c >> 4];
			line[n++] = hex[c & 15];
		} else {
			line[n++] = (char)c;
		}
	}
	return n;
}

static size_t add_stamp(char *line, enum log_level lvl)
{
	int64_t now = clock_wall_ms();
	time_t s = (time_t)(now / 1000);
	struct tm tm = {0};
	size_t n;

	localtime_r(&s, &tm);
	n = strftime(line, 16, "%H:%M:%S", &tm);
	return n + (size_t)snprintf(line + n, 16, ".%03d %-5s ", (int)(now % 1000), level_name[lvl]);
}

static void write_all(const char *p, size_t l)
{
	while (l) {
		ssize_t n = write(STDERR_FILENO, p, l);

		if (n > 0) {
			p += n;
			l -= (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			return; /* nowhere to complain to */
		}
	}
}

static void emit(enum log_level lvl, char *line, size_t n)
{
	pthread_mutex_lock(&lock);
	if (handler) {
		line[n] = '\0';
		handler(lvl, line, handler_arg);
	} else {
		line[n] = '\n';
		write_all(line, n + 1);
	}
	pthread_mutex_unlock(&lock);
}

void log_print(enum log_level lvl, const char *room, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES], line[LINE_MAX_BYTES];
	int saved = errno;
	va_list ap;
	size_t n;

	if ((unsigned)lvl >= ARRAY_LEN(level_name) || !log_on(lvl))
		return;
	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	n = add_stamp(line, lvl);
	n = add_escaped(line, n, room);
	n = add_escaped(line, n, ": ");
	n = add_escaped(line, n, text);
	emit(lvl, line, n);
	errno = saved; /* a log line must not change what its caller is about to look at */
}
