/*
 * event_watch.c - what has to be looked at again and again while somebody wants it: how running calls sound, each
 * second; load, memory and disk, every two.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "base/mem.h"
#include "pbx/event_priv.h"
#include "pbx/pbx_priv.h"

struct event_load {
	uint64_t wall_us, cpu_us; /* at the last look */
	uint64_t due_ms;          /* when the timer should have come */
	uint32_t lag_ms;          /* how late it was, the worst since the last look */
};

/* ------------------------------------------------------------------ quality */

static void quality_h(void *arg)
{
	struct event_bus *b = arg;

	timer_start(&b->quality, b->pbx->loop, EVENT_QUALITY_MS, quality_h, b);
	if (b->pbx->calls)
		calls_each(b->pbx->calls, event_quality_of, b->pbx);
}

/* ------------------------------------------------------------------ the system */

static uint64_t cpu_us(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u))
		return 0;
	return ((uint64_t)u.ru_utime.tv_sec + (uint64_t)u.ru_stime.tv_sec) * 1000000 + (uint64_t)u.ru_utime.tv_usec +
	       (uint64_t)u.ru_stime.tv_usec;
}

/* Resident memory: now where /proc tells (Linux), else the most it ever was. */
static uint64_t resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long long size, rss = 0;
	struct rusage u;

	if (f) {
		if (fscanf(f, "%llu %llu", &size, &rss) != 2)
			rss = 0;
		(void)fclose(f);
	}
	if (rss)
		return rss * (uint64_t)sysconf(_SC_PAGESIZE);
	if (getrusage(RUSAGE_SELF, &u))
		return 0;
#ifdef __APPLE__
	return (uint64_t)u.ru_maxrss;
#else
	return (uint64_t)u.ru_maxrss * 1024;
#endif
}

static void add_disk(json_t *o, const char *dir)
{
	struct statvfs v;

	if (!dir || statvfs(dir, &v))
		return;
	uint64_t block = v.f_frsize, left = v.f_bavail * block, all = v.f_blocks * block;

	json_object_set_new(o, "disk_free", json_integer((json_int_t)left));
	json_object_set_new(o, "disk_total", json_integer((json_int_t)all));
}

static json_t *system_json(struct event_bus *b)
{
	struct pbx *p = b->pbx;
	struct event_load *l = b->load;
	uint64_t wall = loop_now_us(p->loop), cpu = cpu_us();
	double percent = l->wall_us && wall > l->wall_us
				 ? 100.0 * (double)(cpu - l->cpu_us) / (double)(wall - l->wall_us)
				 : 0;
	json_t *o = json_pack("{s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:I}", "calls",
			      (json_int_t)(p->calls ? calls_count(p->calls) : 0), "extensions",
			      (json_int_t)p->extensions.n, "registered", (json_int_t)p->registered, "contacts",
			      (json_int_t)p->contacts, "alarms", (json_int_t)p->alarms.n, "cpu_percent",
			      (double)(int)(percent * 10 + 0.5) / 10, "rss", (json_int_t)resident(), "loop_lag_ms",
			      (json_int_t)l->lag_ms, "uptime_s",
			      (json_int_t)((loop_wall_ms(p->loop) - p->started_ms) / 1000));

	l->wall_us = wall;
	l->cpu_us = cpu;
	l->lag_ms = 0;
	if (o)
		add_disk(o, store_dir(p->store));
	return o;
}

static void system_h(void *arg)
{
	struct event_bus *b = arg;
	uint64_t now = loop_now_ms(b->pbx->loop);

	if (b->load->due_ms && now > b->load->due_ms)
		b->load->lag_ms = (uint32_t)(now - b->load->due_ms);
	timer_start(&b->system, b->pbx->loop, EVENT_SYSTEM_MS, system_h, b);
	b->load->due_ms = now + EVENT_SYSTEM_MS;
	event_publish(b->pbx, EVENT_SYSTEM, "system", NULL, system_json(b));
}

static void watch(struct event_bus *b, enum event_topic t, struct timer *tm, void (*fn)(void *arg))
{
	if (!b->subs[t])
		timer_stop(tm);
	else if (!timer_running(tm))
		timer_start(tm, b->pbx->loop, 0, fn, b);
}

void event_watch(struct event_bus *b)
{
	if (b->subs[EVENT_SYSTEM] && !b->load) {
		b->load = mem_zalloc(sizeof(*b->load), NULL);
		if (!b->load)
			return;
	}
	if (!b->subs[EVENT_SYSTEM])
		b->load = mem_deref(b->load);
	watch(b, EVENT_QUALITY, &b->quality, quality_h);
	watch(b, EVENT_SYSTEM, &b->system, system_h);
}

void event_watch_stop(struct event_bus *b)
{
	timer_stop(&b->quality);
	timer_stop(&b->system);
	b->load = mem_deref(b->load);
}
