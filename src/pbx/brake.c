/*
 * brake.c - counters against fraud: outside calls at once, new ones in a minute, minutes in a day, for each extension
 * and trunk. Minutes of the day are kept in the store.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "base/log.h"
#include "base/mem.h"
#include "pbx/brake.h"
#include "pbx/trunk.h"

enum { MINUTE_MS = 60000, ALARM_MS = 3600000, SWEEP_MS = 60000 };

static const char table[] = "brakes";

static int64_t today(const struct pbx *p)
{
	time_t t = (time_t)(loop_wall_ms(p->loop) / 1000);
	struct tm tm;

	return localtime_r(&t, &tm) ? tm.tm_year * 366 + tm.tm_yday : 0;
}

static void meter_key(char *dst, size_t size, bool trunk, const char *name)
{
	snprintf(dst, size, "%s.%s", trunk ? "trunk" : "ext", name);
}

static struct brake_meter *find(const struct pbx *p, const char *key)
{
	struct hlink *k;

	for (k = hash_first(&p->meters, hash_bytes(slice_str(key))); k; k = hash_next(k))
		if (!strcmp(CONTAINER_OF(k, struct brake_meter, le)->key, key))
			return CONTAINER_OF(k, struct brake_meter, le);
	return NULL;
}

static struct brake_meter *add(struct pbx *p, const char *key)
{
	struct brake_meter *m = mem_zalloc(sizeof(*m), NULL);

	if (!m)
		return NULL;
	m->pbx = p;
	m->day = today(p);
	(void)slice_copy(m->key, sizeof(m->key), slice_str(key));
	if (hash_add(&p->meters, hash_bytes(slice_str(m->key)), &m->le))
		return mem_deref(m);
	return m;
}

struct brake_meter *brake_meter(struct pbx *p, bool trunk, const char *name, bool make)
{
	char key[80];
	struct brake_meter *m;

	meter_key(key, sizeof(key), trunk, name);
	m = find(p, key);
	return m || !make ? m : add(p, key);
}

/* ------------------------------------------------------------------ the store */

static void save(const struct brake_meter *m)
{
	char text[64];
	int l = snprintf(text, sizeof(text), "%lld %llu", (long long)m->day, (unsigned long long)m->used_ms);

	store_put_lazy(m->pbx->store, table, slice_str(m->key), slice_mem(text, (size_t)l));
}

static void load_row(struct slice key, struct slice val, void *arg)
{
	struct pbx *p = arg;
	struct brake_meter *m;
	char name[80], text[64];
	long long day;
	unsigned long long used;

	if (!slice_copy(name, sizeof(name), key) || !slice_copy(text, sizeof(text), val) ||
	    sscanf(text, "%lld %llu", &day, &used) != 2)
		return;
	if (day != today(p)) {
		store_put_lazy(p->store, table, key, SLICE_NULL);
		return;
	}
	m = add(p, name);
	if (m)
		m->used_ms = used;
}

int brake_load(struct pbx *p)
{
	return store_load_state(p->store, table, load_row, p);
}

static int drop_one(struct hlink *k, void *arg)
{
	struct pbx *p = arg;

	hash_del(&p->meters, k);
	mem_deref(CONTAINER_OF(k, struct brake_meter, le));
	return 0;
}

void brake_flush(struct pbx *p)
{
	timer_stop(&p->brake_sweep);
	(void)hash_each(&p->meters, drop_one, p);
	hash_free(&p->meters);
}

/* ------------------------------------------------------------------ counting */

/* A new day begins at zero, also for calls that run on. */
static void turn_day(struct brake_meter *m)
{
	int64_t day = today(m->pbx);

	if (m->day == day)
		return;
	m->day = day;
	m->used_ms = 0;
	m->talk_since_ms = (uint64_t)m->talking * loop_now_ms(m->pbx->loop);
}

static uint64_t used_ms(struct brake_meter *m)
{
	uint64_t all;

	turn_day(m);
	all = (uint64_t)m->talking * loop_now_ms(m->pbx->loop);
	return m->used_ms + (all > m->talk_since_ms ? all - m->talk_since_ms : 0);
}

static uint32_t in_minute(const struct brake_meter *m, uint64_t since_ms, uint32_t n)
{
	return loop_now_ms(m->pbx->loop) - since_ms < MINUTE_MS ? n : 0;
}

static uint32_t last_minute(const struct brake_meter *m)
{
	return in_minute(m, m->minute_ms, m->minute_n);
}

static void count(const struct brake_meter *m, uint64_t *since_ms, uint32_t *n)
{
	if (!in_minute(m, *since_ms, *n)) {
		*since_ms = loop_now_ms(m->pbx->loop);
		*n = 0;
	}
	(*n)++;
}

void brake_try(struct brake_meter *m)
{
	if (m)
		count(m, &m->minute_ms, &m->minute_n);
}

void brake_came(struct pbx *p, const char *trunk)
{
	struct brake_meter *m = brake_meter(p, true, trunk, true);

	if (m)
		count(m, &m->in_ms, &m->in_n);
}

void brake_begin(struct brake_meter *m)
{
	if (!m)
		return;
	brake_try(m);
	m->calls++;
}

void brake_answer(struct brake_meter *m)
{
	if (!m)
		return;
	turn_day(m);
	m->talking++;
	m->talk_since_ms += loop_now_ms(m->pbx->loop);
}

void brake_end(struct brake_meter *m, uint64_t since_ms)
{
	uint64_t now;

	if (!m)
		return;
	now = loop_now_ms(m->pbx->loop);
	if (m->calls)
		m->calls--;
	if (!since_ms || !m->talking)
		return;
	m->used_ms = used_ms(m);
	m->talking--;
	/* those that run on begin anew: what they have used so far is counted */
	m->talk_since_ms = (uint64_t)m->talking * now;
	save(m);
}

/* ------------------------------------------------------------------ limits */

struct limits {
	uint32_t calls, per_minute, per_day;
};

static struct limits limits_of(const struct pbx *p, const char *name, bool trunk)
{
	const struct plan_brakes *b = &p->plan.brakes;
	struct limits l = {b->calls, b->per_minute, b->per_day};
	const struct extension *e = trunk ? NULL : extension_find(p, slice_str(name));
	const struct ptrunk *t = trunk ? ptrunk_find(p, slice_str(name)) : NULL;

	/* channels of a trunk are its own limit */
	if (trunk)
		return (struct limits){0, t && t->per_minute ? t->per_minute : b->trunk_per_minute,
				       t && t->per_day ? t->per_day : b->trunk_per_day};
	if (e && e->outside) {
		l.calls = e->outside->calls ? e->outside->calls : l.calls;
		l.per_minute = e->outside->per_minute ? e->outside->per_minute : l.per_minute;
		l.per_day = e->outside->per_day ? e->outside->per_day : l.per_day;
	}
	return l;
}

const char *brake_limit(struct pbx *p, const char *name, bool trunk)
{
	static char words[96];
	struct brake_meter *m = brake_meter(p, trunk, name, false);
	struct limits l = limits_of(p, name, trunk);

	if (!m)
		return NULL;
	if (l.calls && m->calls >= l.calls)
		snprintf(words, sizeof(words), "brake: %u outside calls at once are allowed", l.calls);
	else if (l.per_minute && last_minute(m) >= l.per_minute)
		snprintf(words, sizeof(words), "brake: %u new outside calls in a minute are allowed", l.per_minute);
	else if (l.per_day && used_ms(m) >= (uint64_t)l.per_day * MINUTE_MS)
		snprintf(words, sizeof(words), "brake: %u minutes of outside calls a day are allowed", l.per_day);
	else
		return NULL;
	return words;
}

const char *brake_tried(struct pbx *p, const char *extension)
{
	static char words[96];
	struct brake_meter *m = brake_meter(p, false, extension, false);
	uint32_t max = limits_of(p, extension, false).per_minute;

	if (!m || !max || last_minute(m) < max)
		return NULL;
	snprintf(words, sizeof(words), "brake: %u tries of a PIN in a minute are allowed", max);
	return words;
}

const char *brake_limit_in(struct pbx *p, const char *trunk)
{
	static char words[96];
	const struct brake_meter *m = brake_meter(p, true, trunk, false);
	uint32_t max = p->plan.brakes.trunk_in_per_minute;

	if (!m || !max || in_minute(m, m->in_ms, m->in_n) < max)
		return NULL;
	snprintf(words, sizeof(words), "brake: %u new calls in a minute may come in by a trunk", max);
	return words;
}

/* ------------------------------------------------------------------ alarms */

struct sweep {
	struct pbx *pbx;
	bool alarms;
};

static void alarm_id(char *id, size_t size, const struct brake_meter *m)
{
	snprintf(id, size, "brake.%.56s", m->key);
}

static int sweep_one(struct hlink *k, void *arg)
{
	struct sweep *s = arg;
	struct brake_meter *m = CONTAINER_OF(k, struct brake_meter, le);
	char id[64];

	if (m->alarm_ms && loop_now_ms(s->pbx->loop) - m->alarm_ms >= ALARM_MS) {
		alarm_id(id, sizeof(id), m);
		pbx_alarm_clear(s->pbx, id);
		m->alarm_ms = 0;
	}
	s->alarms = s->alarms || m->alarm_ms;
	if (!m->alarm_ms && !m->calls && m->day != today(s->pbx)) {
		hash_del(&s->pbx->meters, k);
		store_put_lazy(s->pbx->store, table, slice_str(m->key), SLICE_NULL);
		mem_deref(m);
	}
	return 0;
}

static void sweep(void *arg)
{
	struct sweep s = {.pbx = arg};

	(void)hash_each(&s.pbx->meters, sweep_one, &s);
	if (s.alarms)
		timer_start(&s.pbx->brake_sweep, s.pbx->loop, SWEEP_MS, sweep, s.pbx);
}

void brake_alarm(struct pbx *p, const char *name, bool trunk, const char *words)
{
	struct brake_meter *m = brake_meter(p, trunk, name, true);
	const char *what = trunk ? "a call that came in was refused" : "a call or a PIN was refused";
	char id[64], text[160];

	log_warn("pbx", "%s %s: %s: %s", trunk ? "trunk" : "extension", name, what, words);
	if (!m)
		return;
	m->alarm_ms = loop_now_ms(p->loop);
	alarm_id(id, sizeof(id), m);
	snprintf(text, sizeof(text), "%s %s: %s: %s.", trunk ? "Trunk" : "Extension", name, what, words);
	pbx_alarm_raise(p, id, "warning", text,
			"Look at its calls (offhook cdr). If they are wanted, raise the limit: offhook brakes set.");
	if (!timer_running(&p->brake_sweep))
		timer_start(&p->brake_sweep, p->loop, SWEEP_MS, sweep, p);
}

/* ------------------------------------------------------------------ view */

static int add_json(struct hlink *k, void *arg)
{
	struct brake_meter *m = CONTAINER_OF(k, struct brake_meter, le);
	const char *name = strchr(m->key, '.') + 1;
	bool trunk = m->key[0] == 't';
	struct limits l = limits_of(m->pbx, name, trunk);

	(void)json_array_append_new(arg, json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "what",
						   trunk ? "trunk" : "extension", "name", name, "calls", (int)m->calls,
						   "last_minute", (int)last_minute(m), "last_minute_in",
						   (int)in_minute(m, m->in_ms, m->in_n), "minutes_today",
						   (int)(used_ms(m) / MINUTE_MS), "calls_max", (int)l.calls,
						   "per_minute_max", (int)l.per_minute, "minutes_max", (int)l.per_day));
	return 0;
}

json_t *pbx_json_brakes(struct pbx *p)
{
	json_t *v = json_array();

	(void)hash_each(&p->meters, add_json, v);
	return v;
}
