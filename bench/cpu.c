/*
 * cpu.c - what the measured processes have used, from /proc.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "load.h"

static uint64_t one_cpu(int pid)
{
	char path[64], line[1024];
	unsigned long long ut = 0, st = 0;
	const char *p;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	if (fgets(line, sizeof(line), f) && (p = strrchr(line, ')')))
		sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &ut, &st);
	fclose(f);
	return (ut + st) * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

/* The scheduler's own count is finer than the ticks of /proc/PID/stat: sum over threads. */
static uint64_t one_sched(int pid)
{
	char path[96];
	uint64_t sum = 0;
	FILE *f, *t;
	unsigned tid;

	snprintf(path, sizeof(path), "ls /proc/%d/task 2>/dev/null", pid);
	f = popen(path, "r");
	if (!f)
		return 0;
	while (fscanf(f, "%u", &tid) == 1) {
		unsigned long long ns = 0;

		snprintf(path, sizeof(path), "/proc/%d/task/%u/schedstat", pid, tid);
		t = fopen(path, "r");
		if (!t)
			continue;
		if (fscanf(t, "%llu", &ns) == 1)
			sum += ns / 1000;
		fclose(t);
	}
	pclose(f);
	return sum;
}

uint64_t cpu_us(const struct opts *o)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < o->npid; i++) {
		uint64_t fine = one_sched(o->pid[i]);

		sum += fine ? fine : one_cpu(o->pid[i]);
	}
	return sum;
}

static uint64_t status_kb(const struct opts *o, const char *name, const char *key)
{
	char path[64], line[256];
	uint64_t sum = 0;

	for (unsigned i = 0; i < o->npid; i++) {
		FILE *f;
		unsigned long long v;

		snprintf(path, sizeof(path), "/proc/%d/%s", o->pid[i], name);
		f = fopen(path, "r");
		while (f && fgets(line, sizeof(line), f)) {
			if (!strncmp(line, key, strlen(key)) && sscanf(line + strlen(key), "%llu", &v) == 1)
				sum += v;
		}
		if (f)
			fclose(f);
	}
	return sum;
}

uint64_t rss_anon_kb(const struct opts *o)
{
	return status_kb(o, "status", "RssAnon:");
}

uint64_t rss_kb(const struct opts *o)
{
	return status_kb(o, "status", "VmRSS:");
}

uint64_t pss_kb(const struct opts *o)
{
	return status_kb(o, "smaps_rollup", "Pss:");
}
