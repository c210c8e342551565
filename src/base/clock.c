/*
 * clock.c - the system's clocks and dates.
 */
#include <stdio.h>
#include <time.h>
#include "base/clock.h"

enum { TEXT_SIZE = 32 };

uint64_t clock_mono_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Seconds and the milliseconds on top; times before 1970 round down too. */
static time_t split_ms(int64_t ms, int *rest)
{
	int64_t s = ms / 1000;

	*rest = (int)(ms % 1000);
	if (*rest < 0) {
		*rest += 1000;
		s--;
	}
	return (time_t)s;
}

char *clock_iso(int64_t wall_ms, char *dst)
{
	struct tm tm = {0};
	int ms;
	time_t s = split_ms(wall_ms, &ms);
	size_t n;

	gmtime_r(&s, &tm);
	n = strftime(dst, TEXT_SIZE - 5, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(dst + n, TEXT_SIZE - n, ".%03dZ", ms);
	return dst;
}

char *clock_local(int64_t wall_ms, char *dst)
{
	struct tm tm = {0};
	int ms;
	time_t s = split_ms(wall_ms, &ms);
	size_t n;

	localtime_r(&s, &tm);
	n = strftime(dst, TEXT_SIZE, "%Y-%m-%d %H:%M:%S", &tm);
	dst[n] = '\0';
	return dst;
}
