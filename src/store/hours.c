/*
 * hours.c - calls by the hour: a table that is written with the call records, in their transactions, so that nobody
 * ever counts rows.
 *
 * A call counts in the hour in which it began, once: when its record becomes final. Records from before there was this
 * table are counted in the background, newest first, in steps that keep the database for some milliseconds; how far
 * that has come stands in the setting "hours_fill", "FROM" or "FROM MS ID": all that began before FROM is counted that
 * way and no other, down to the call MS ID so far.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "store/store_priv.h"

enum {
	FILL_ROWS = 200,      /**< of one step */
	FILL_FIRST_MS = 1000, /**< after the start, which has other things to do */
	FILL_PAUSE_MS = 20,
	HOURS_ROWS = 20000, /**< of one answer */
	BAD_X100 = 360      /**< MOS under which many are dissatisfied (G.107 annex B) */
};

static const char fill_name[] = "hours_fill";
static const char *const directions[] = {"internal", "in", "out", "unknown"};

/* ------------------------------------------------------------------ counting */

static void add(struct hour *h, const struct cdr_row *c)
{
	const struct slice o = c->outcome;

	h->calls++;
	if (c->answer_ms)
		h->answered++;
	else if (slice_eqs(o, "busy") || slice_eqs(o, "declined"))
		h->busy++;
	else if (slice_eqs(o, "no answer") || slice_eqs(o, "cancelled"))
		h->no_answer++;
	else
		h->failed++;
	h->talk_ms += c->talk_ms;
	h->mos_sum += c->mos_sum;
	h->mos_n += c->mos_n;
	h->bad += c->bad;
}

static int write_one(struct db *db, const struct hour *h)
{
	sqlite3_stmt *st;
	int err = db_stmt(db, &st,
			  "INSERT INTO cdr_hour (domain_id, hour_ms, trunk, direction, calls, answered, failed, busy, "
			  "no_answer, talk_ms, mos_sum, mos_n, bad) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
			  "ON CONFLICT (domain_id, hour_ms, trunk, direction) DO UPDATE SET "
			  "calls = calls + excluded.calls, answered = answered + excluded.answered, "
			  "failed = failed + excluded.failed, busy = busy + excluded.busy, "
			  "no_answer = no_answer + excluded.no_answer, talk_ms = talk_ms + excluded.talk_ms, "
			  "mos_sum = mos_sum + excluded.mos_sum, mos_n = mos_n + excluded.mos_n, "
			  "bad = bad + excluded.bad");

	if (err)
		return err;
	const int64_t v[] = {h->calls,   h->answered, h->failed, h->busy, h->no_answer,
			     h->talk_ms, h->mos_sum,  h->mos_n,  h->bad};
	db_int(st, 1, h->hour_ms);
	db_text(st, 2, slice_str(h->trunk));
	db_text(st, 3, slice_str(directions[h->direction]));
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		db_int(st, (int)i + 4, v[i]);
	return db_run(db, st);
}

int hours_write(struct db *db, struct hours *hs)
{
	int err = 0;

	for (size_t i = 0; i < hs->n && !err; i++)
		err = write_one(db, &hs->v[i]);
	hs->n = 0;
	return err;
}

int hours_add(struct db *db, struct hours *hs, const struct cdr_row *c)
{
	int64_t hour = c->start_ms - c->start_ms % HOUR_MS;
	struct slice trunk = slice_first(c->trunk, sizeof(hs->v[0].trunk) - 1);
	int err;

	for (size_t i = 0; i < hs->n; i++) {
		struct hour *h = &hs->v[i];

		if (h->hour_ms == hour && h->direction == c->direction && slice_eqs(trunk, h->trunk)) {
			add(h, c);
			return 0;
		}
	}
	if (hs->n == ARRAY_LEN(hs->v)) {
		err = hours_write(db, hs);
		if (err)
			return err;
	}
	struct hour *h = &hs->v[hs->n++];
	*h = (struct hour){.hour_ms = hour, .direction = c->direction};
	(void)slice_copy(h->trunk, sizeof(h->trunk), trunk);
	add(h, c);
	return 0;
}

/* Where it came from and went is lost with the crash that ended it. */
int hours_orphans(struct db *db, int64_t from_ms, int64_t alive_ms)
{
	sqlite3_stmt *st;
	int err = db_stmt(db, &st,
			  "INSERT INTO cdr_hour (domain_id, hour_ms, trunk, direction, calls, answered, failed, busy, "
			  "no_answer, talk_ms, mos_sum, mos_n, bad) SELECT 1, start_ms - start_ms % 3600000, '', "
			  "'unknown', count(*), count(answer_ms), count(*) - count(answer_ms), 0, 0, "
			  "coalesce(sum(CASE WHEN ?2 > answer_ms THEN ?2 - answer_ms END), 0), 0, 0, 0 FROM cdr WHERE "
			  "final = 0 AND start_ms >= ?1 "
			  "GROUP BY start_ms - start_ms % 3600000 "
			  "ON CONFLICT (domain_id, hour_ms, trunk, direction) DO UPDATE SET "
			  "calls = calls + excluded.calls, answered = answered + excluded.answered, "
			  "failed = failed + excluded.failed, talk_ms = talk_ms + excluded.talk_ms");

	if (err)
		return err;
	db_int(st, 1, from_ms);
	db_int(st, 2, alive_ms);
	return db_run(db, st);
}

/* ------------------------------------------------------------------ records from before */

struct mark {
	int64_t from_ms, ms;
	char id[256];
};

/* False: all is counted. */
static bool mark_read(struct mark *m, struct slice text)
{
	char mem[320], *end;

	if (!text.l || !slice_copy(mem, sizeof(mem), text))
		return false;
	m->from_ms = m->ms = strtoll(mem, &end, 10);
	m->id[0] = '\0';
	if (*end != ' ')
		return true;
	m->ms = strtoll(end + 1, &end, 10);
	if (*end == ' ')
		(void)slice_copy(m->id, sizeof(m->id), slice_str(end + 1));
	return true;
}

int64_t hours_from(const struct store *s)
{
	struct mark m;

	return mark_read(&m, slice_str(store_setting(s, fill_name))) ? m.from_ms : 0;
}

/* What the record of an older version says of it. */
static void read_detail(struct cdr_row *c, const json_t *o)
{
	const json_t *legs = json_object_get(o, "legs"), *l;
	const char *trunk = json_string_value(json_object_get(json_object_get(o, "outside"), "trunk"));
	size_t i;

	c->talk_ms = (uint32_t)json_integer_value(json_object_get(o, "talk_ms"));
	c->trunk = slice_str(trunk);
	c->direction = c->trunk.l ? CDR_OUT : CDR_INTERNAL;
	for (i = 0; i < json_array_size(legs); i++) {
		l = json_array_get(legs, i);
		const char *t = json_string_value(json_object_get(l, "trunk"));
		double mos = json_number_value(json_object_get(json_object_get(l, "quality"), "mos"));

		if (t && !json_is_true(json_object_get(l, "outgoing"))) {
			c->trunk = slice_str(t);
			c->direction = CDR_IN;
		}
		if (mos > 0) {
			c->mos_sum += (uint32_t)(mos * 100 + 0.5);
			c->mos_n++;
		}
		c->bad |= (mos > 0 && mos * 100 < BAD_X100) || json_object_get(l, "verdict");
	}
}

/* One record: id, start, answer, end, outcome, detail. */
static int count_row(struct db *db, struct hours *hs, sqlite3_stmt *st)
{
	struct cdr_row c = {
		.start_ms = sqlite3_column_int64(st, 1),
		.answer_ms = sqlite3_column_int64(st, 2),
		.end_ms = sqlite3_column_int64(st, 3),
		.outcome = db_col(st, 4),
	};
	struct slice detail = db_col(st, 5);
	json_t *o = detail.l ? json_loadb(detail.p, detail.l, 0, NULL) : NULL;
	int err;

	if (o)
		read_detail(&c, o);
	else
		c.direction = CDR_UNKNOWN;
	if (!c.talk_ms && c.answer_ms && c.end_ms > c.answer_ms)
		c.talk_ms = (uint32_t)(c.end_ms - c.answer_ms);
	err = hours_add(db, hs, &c);
	json_decref(o);
	return err;
}

struct fill {
	struct job j;
	bool more;
};

static int read_mark(struct db *db, struct mark *m)
{
	sqlite3_stmt *st;
	int err = db_stmt(db, &st, "SELECT value FROM setting WHERE domain_id = 1 AND name = ?");

	if (err)
		return err;
	db_text(st, 1, SLICE(fill_name));
	err = db_row(db, st);
	if (err)
		return err;
	if (!mark_read(m, db_col(st, 0)))
		err = ENOENT;
	sqlite3_reset(st);
	return err;
}

int hours_restored(struct db *db, struct hours *hs, int64_t rowid)
{
	struct mark m = {.ms = INT64_MIN};
	sqlite3_stmt *st;
	int err = read_mark(db, &m);

	if (err && err != ENOENT)
		return err;
	/* what the filling will come to is left to it */
	err = db_stmt(
		db, &st,
		"SELECT id, start_ms, answer_ms, end_ms, outcome, detail FROM cdr WHERE rowid = ? AND final = 1 AND "
		"(start_ms, id) >= (?, ?)");
	if (err)
		return err;
	db_int(st, 1, rowid);
	db_int(st, 2, m.ms);
	db_text(st, 3, slice_str(m.id));
	err = db_row(db, st);
	if (!err)
		err = count_row(db, hs, st);
	sqlite3_reset(st);
	return err == ENOENT ? 0 : err;
}

static int write_mark(struct db *db, const struct mark *m, bool more)
{
	char text[320];
	sqlite3_stmt *st;
	int err;

	if (more) {
		snprintf(text, sizeof(text), "%" PRId64 " %" PRId64 " %s", m->from_ms, m->ms, m->id);
		return setting_write(db, fill_name, slice_str(text));
	}
	err = db_stmt(db, &st, "DELETE FROM setting WHERE domain_id = 1 AND name = ?");
	if (err)
		return err;
	db_text(st, 1, SLICE(fill_name));
	return db_run(db, st);
}

/* A step, on the writer, in its transaction. */
static int fill_run(struct job *j, struct db *db)
{
	struct fill *f = CONTAINER_OF(j, struct fill, j);
	struct hours hs = {.n = 0};
	sqlite3_stmt *st;
	struct mark m;
	size_t n = 0;
	int err = read_mark(db, &m);

	if (err)
		return err == ENOENT ? 0 : err;
	err = db_stmt(db, &st,
		      "SELECT id, start_ms, answer_ms, end_ms, outcome, detail FROM cdr WHERE domain_id = 1 AND "
		      "(start_ms, id) < (?, ?) AND final = 1 ORDER BY start_ms DESC, id DESC LIMIT ?");
	if (err)
		return err;
	db_int(st, 1, m.ms);
	db_text(st, 2, slice_str(m.id));
	db_int(st, 3, FILL_ROWS);
	while (!err && !(err = db_row(db, st))) {
		n++;
		m.ms = sqlite3_column_int64(st, 1);
		(void)slice_copy(m.id, sizeof(m.id), db_col(st, 0));
		err = count_row(db, &hs, st);
	}
	if (err != ENOENT)
		return err;
	f->more = n == FILL_ROWS;
	err = hours_write(db, &hs);
	return err ? err : write_mark(db, &m, f->more);
}

static void fill_done(struct job *j)
{
	const struct fill *f = CONTAINER_OF(j, struct fill, j);
	struct store *s = j->s;

	s->filling = f->more || j->err;
	if (s->filling)
		timer_start(&s->fill, s->loop, j->err ? FILL_FIRST_MS * 60 : FILL_PAUSE_MS, hours_fill, s);
	else
		log_info("store", "call records of earlier versions are counted by the hour now");
}

void hours_fill(void *arg)
{
	struct store *s = arg;
	struct fill *f;
	void *v;

	if (job_alloc(&v, sizeof(*f), job_destroy, s)) {
		timer_start(&s->fill, s->loop, FILL_FIRST_MS, hours_fill, s);
		return;
	}
	f = v;
	f->j.run = fill_run;
	f->j.done = fill_done;
	job_write(&f->j);
}

void hours_start(struct store *s)
{
	s->filling = store_setting(s, fill_name) != NULL;
	if (s->filling)
		timer_start(&s->fill, s->loop, FILL_FIRST_MS, hours_fill, s);
}

/* ------------------------------------------------------------------ asking */

struct hours_query {
	struct job j;
	struct hours_filter f;
	char *trunk;
	bool filling;
	json_t *res;
	store_json_h *h;
	void *arg;
};

static void query_destroy(void *arg)
{
	struct hours_query *q = arg;

	mem_deref(q->trunk);
	json_decref(q->res);
	job_destroy(&q->j);
}

static json_t *text(struct slice s)
{
	return json_stringn(s.l ? s.p : "", s.l);
}

/* Columns: hour, direction, trunk, then the sums. */
static json_t *hour_json(sqlite3_stmt *st, bool trunks)
{
	static const char *const name[] = {"calls", "answered", "failed", "busy", "no_answer", "talk_ms"};
	json_t *o = json_object();
	int64_t mos_n = sqlite3_column_int64(st, 10);

	json_object_set_new(o, "hour_ms", json_integer(sqlite3_column_int64(st, 0)));
	json_object_set_new(o, "direction", text(db_col(st, 1)));
	if (trunks)
		json_object_set_new(o, "trunk", text(db_col(st, 2)));
	for (size_t i = 0; i < ARRAY_LEN(name); i++)
		json_object_set_new(o, name[i], json_integer(sqlite3_column_int64(st, (int)i + 3)));
	/* to two places */
	json_object_set_new(o, "mos",
			    mos_n ? json_real((double)(sqlite3_column_int64(st, 9) / mos_n) / 100.0) : json_null());
	json_object_set_new(o, "mos_n", json_integer(mos_n));
	json_object_set_new(o, "bad", json_integer(sqlite3_column_int64(st, 11)));
	return o;
}

static int query_stmt(const struct hours_query *q, struct db *db, sqlite3_stmt **stp)
{
	char sql[640];
	bool rows = q->f.trunks;
	int err;

	snprintf(
		sql, sizeof(sql),
		"SELECT hour_ms, direction, %s, sum(calls), sum(answered), sum(failed), sum(busy), sum(no_answer), "
		"sum(talk_ms), sum(mos_sum), sum(mos_n), sum(bad) FROM cdr_hour WHERE domain_id = 1 AND "
		"hour_ms >= ?1 AND hour_ms < ?2%s GROUP BY hour_ms, direction%s ORDER BY hour_ms, direction%s LIMIT ?4",
		rows ? "trunk" : "''", q->trunk ? " AND trunk = ?3" : "", rows ? ", trunk" : "", rows ? ", trunk" : "");
	err = db_stmt(db, stp, sql);
	if (err)
		return err;
	db_int(*stp, 1, q->f.since_ms - q->f.since_ms % HOUR_MS);
	db_int(*stp, 2, q->f.until_ms);
	if (q->trunk)
		db_text(*stp, 3, slice_str(q->trunk));
	db_int(*stp, 4, HOURS_ROWS + 1);
	return 0;
}

static int query_run(struct job *j, struct db *db)
{
	struct hours_query *q = CONTAINER_OF(j, struct hours_query, j);
	json_t *items = json_array();
	sqlite3_stmt *st;
	int err = items ? query_stmt(q, db, &st) : ENOMEM;

	while (!err && !(err = db_row(db, st))) {
		if (json_array_size(items) == HOURS_ROWS) {
			sqlite3_reset(st);
			err = ERR_LIMIT;
			buf_str(&q->j.why, "That are too many rows: ask for fewer days, or for one trunk.");
		} else if (json_array_append_new(items, hour_json(st, q->f.trunks))) {
			err = ENOMEM;
		}
	}
	if (err == ENOENT) {
		q->res = json_pack("{s:O, s:b}", "items", items, "filling", (int)q->filling);
		err = q->res ? 0 : ENOMEM;
	}
	json_decref(items);
	return err;
}

static void query_done(struct job *j)
{
	struct hours_query *q = CONTAINER_OF(j, struct hours_query, j);

	q->h(j->err, j->err ? job_why(j) : "", j->err ? NULL : q->res, q->arg);
}

void store_hours(struct store *s, const struct hours_filter *f, store_json_h *h, void *arg)
{
	struct hours_query *q;
	void *v;
	int err = job_alloc(&v, sizeof(*q), query_destroy, s);

	if (err) {
		h(err, "Memory is out.", NULL, arg);
		return;
	}
	q = v;
	q->j.run = query_run;
	q->j.done = query_done;
	q->j.after_records = true;
	q->h = h;
	q->arg = arg;
	q->f = *f;
	q->filling = s->filling;
	q->j.err = f->trunk ? mem_strdup(&q->trunk, f->trunk) : 0;
	if (q->j.err)
		job_answer(&q->j);
	else
		job_read(&q->j);
}
