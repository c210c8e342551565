/*
 * record.c - call records and state that wait to be written: one per id, three queues, a limit.
 *
 * A newer record of the same id takes the place of the one that waits, which is
 * all the coalescing there is. When too many wait (the disk is full), the oldest
 * are given up: refreshes first, then calls that have not ended, then the rest.
 */
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/store_priv.h"

static struct metric lost_total = {.name = "store_records_lost_total",
				   .help = "Records given up because too many waited for the disk."};

static void destroy(void *arg)
{
	struct record *r = arg;

	list_unlink(&r->le);
}

/* Room for a record and `n` bytes of text. */
static struct record *record_new(enum record_kind kind, size_t n)
{
	struct record *r = mem_alloc(sizeof(*r) + n, destroy);

	if (r) {
		memset(r, 0, sizeof(*r));
		r->kind = kind;
	}
	return r;
}

static struct slice copy(char **p, struct slice s)
{
	char *at = *p;

	if (!s.l)
		return SLICE_NULL;
	memcpy(at, s.p, s.l);
	*p += s.l;
	return slice_mem(at, s.l);
}

static bool same(const struct record *a, const struct record *b)
{
	return a->kind == b->kind && slice_eq(a->id, b->id) && slice_eq(a->table, b->table);
}

static struct record *find(const struct records *rs, const struct record *r)
{
	for (struct hlink *k = hash_first(&rs->by_id, r->he.key); k; k = hash_next(k)) {
		struct record *have = CONTAINER_OF(k, struct record, he);

		if (same(have, r))
			return have;
	}
	return NULL;
}

static void take_out(struct records *rs, struct record *r)
{
	hash_del(&rs->by_id, &r->he);
	list_unlink(&r->le);
	rs->n--;
}

static void give_up(struct records *rs, struct record *r)
{
	take_out(rs, r);
	rs->lost++;
	metric_reg(&lost_total);
	metric_add(&lost_total, 1);
	mem_deref(r);
}

static void make_room(struct records *rs)
{
	for (int q = 0; q < QUEUES && rs->n >= rs->max; q++)
		while (rs->q[q].head && rs->n >= rs->max)
			give_up(rs, LINK_OBJ(rs->q[q].head, struct record, le));
}

void records_add(struct store *s, struct record *r)
{
	struct records *rs = &s->rec;
	struct record *old = find(rs, r);

	if (old) {
		/* the place in the queue stays, unless it becomes more important */
		if (old->queue > r->queue)
			r->queue = old->queue;
		take_out(rs, old);
		mem_deref(old);
	}
	make_room(rs);
	if (hash_add(&rs->by_id, r->he.key, &r->he)) {
		rs->lost++;
		mem_deref(r);
		return;
	}
	list_append(&rs->q[r->queue], &r->le);
	rs->n++;
	if (r->queue != QUEUE_LAZY && !rs->firm_due)
		rs->firm_due = store_mono_ms(s) + RECORD_DELAY_MS;
	if (r->queue == QUEUE_LAZY && !rs->lazy_due)
		rs->lazy_due = store_mono_ms(s) + LAZY_DELAY_MS;
}

bool records_due(const struct records *rs, uint64_t now_ms)
{
	return (rs->firm_due && now_ms >= rs->firm_due) || (rs->lazy_due && now_ms >= rs->lazy_due) ||
	       rs->n >= rs->max / 2;
}

static void take_queue(struct records *rs, enum record_queue q, struct list *out, size_t max)
{
	while (rs->q[q].head && out->n < max) {
		struct record *r = LINK_OBJ(rs->q[q].head, struct record, le);

		take_out(rs, r);
		list_append(out, &r->le);
	}
}

void records_take(struct records *rs, struct list *out, size_t max, bool all, uint64_t now_ms)
{
	take_queue(rs, QUEUE_FIRM, out, max);
	take_queue(rs, QUEUE_OPEN, out, max);
	if (all || rs->n >= rs->max / 2 || (rs->lazy_due && now_ms >= rs->lazy_due))
		take_queue(rs, QUEUE_LAZY, out, max);
	if (!rs->q[QUEUE_FIRM].head && !rs->q[QUEUE_OPEN].head)
		rs->firm_due = 0;
	if (!rs->q[QUEUE_LAZY].head)
		rs->lazy_due = 0;
}

void records_put_back(struct records *rs, struct list *in)
{
	while (in->tail) {
		struct record *r = LINK_OBJ(in->tail, struct record, le);

		list_unlink(&r->le);
		if (find(rs, r)) {
			mem_deref(r);
		} else if (rs->n >= rs->max || hash_add(&rs->by_id, r->he.key, &r->he)) {
			rs->lost++;
			mem_deref(r);
		} else {
			list_prepend(&rs->q[r->queue], &r->le);
			rs->n++;
		}
	}
	/* due at once: it is the time of the next try that counts */
	if (rs->q[QUEUE_FIRM].head || rs->q[QUEUE_OPEN].head)
		rs->firm_due = 1;
	if (rs->q[QUEUE_LAZY].head)
		rs->lazy_due = 1;
}

void records_free(struct list *l)
{
	while (l->head)
		mem_deref(LINK_OBJ(l->head, struct record, le));
}

static int order(const void *a, const void *b)
{
	const struct record *x = *(struct record *const *)a, *y = *(struct record *const *)b;

	return x->kind != y->kind ? (int)x->kind - (int)y->kind : slice_cmp(x->id, y->id);
}

struct record **records_sorted(const struct list *l)
{
	struct record **r = mem_alloc(l->n * sizeof(struct record *), NULL);
	size_t n = 0;

	if (!r)
		return NULL;
	LIST_EACH (l, k)
		r[n++] = LINK_OBJ(k, struct record, le);
	qsort(r, n, sizeof(struct record *), order);
	return r;
}

/* Is a new batch begun, or is it time to hurry? One signal for a whole batch: it costs more than all the rest. */
static bool wakes(const struct store *s, bool firm, bool lazy)
{
	const struct records *rs = &s->rec;

	return !s->trouble.err && ((!firm && rs->firm_due) || (!lazy && rs->lazy_due) || rs->n == rs->max / 2);
}

static void add(struct store *s, struct record *r)
{
	bool firm, lazy, now;

	if (r && writer_start(s) && !s->rec.n)
		log_error("store", "there is no thread to write records with; they wait");
	store_lock(s);
	if (!r || s->closed) {
		s->rec.lost++;
		store_unlock(s);
		mem_deref(r);
		return;
	}
	firm = s->rec.firm_due;
	lazy = s->rec.lazy_due;
	records_add(s, r);
	if (wakes(s, firm, lazy))
		pthread_cond_signal(&s->work);
	now = s->virt && s->rec.n >= VIRTUAL_RECORDS;
	store_unlock(s);
	if (now)
		writer_now(s, false);
}

void store_cdr(struct store *s, const struct cdr_row *row, bool final)
{
	struct record *r;
	char *p;

	if (!row->id.l)
		return;
	r = record_new(RECORD_CDR, row->id.l + row->from.l + row->from_name.l + row->trunk.l + row->to.l +
					   row->answered_by.l + row->outcome.l + row->reason.l + row->detail.l);
	if (r) {
		p = r->data;
		r->row = *row;
		r->id = r->row.id = copy(&p, row->id);
		r->row.from = copy(&p, row->from);
		r->row.to = copy(&p, row->to);
		r->row.from_name = copy(&p, row->from_name);
		r->row.trunk = copy(&p, row->trunk);
		r->row.answered_by = copy(&p, row->answered_by);
		r->row.outcome = copy(&p, row->outcome);
		r->row.reason = copy(&p, row->reason);
		r->row.detail = copy(&p, row->detail);
		r->final = final;
		r->queue = final ? QUEUE_FIRM : QUEUE_OPEN;
		r->he.key = hash_bytes(r->id);
	}
	add(s, r);
}

void store_recording(struct store *s, const struct recording_row *row)
{
	struct record *r;
	char *p;

	if (!row->id.l)
		return;
	r = record_new(RECORD_RECORDING,
		       row->id.l + row->call_id.l + row->state.l + row->file.l + row->from.l + row->to.l);
	if (r) {
		p = r->data;
		r->rec = *row;
		r->id = r->rec.id = copy(&p, row->id);
		r->rec.call_id = copy(&p, row->call_id);
		r->rec.state = copy(&p, row->state);
		r->rec.file = copy(&p, row->file);
		r->rec.from = copy(&p, row->from);
		r->rec.to = copy(&p, row->to);
		r->queue = QUEUE_FIRM;
		r->he.key = hash_bytes(r->id);
	}
	add(s, r);
}

static void put_state(struct store *s, const char *table, struct slice key, struct slice val, enum record_queue q)
{
	struct slice tab = slice_str(table);
	struct record *r;
	char *p;

	if (!key.l)
		return;
	r = record_new(RECORD_STATE, tab.l + key.l + val.l);
	if (r) {
		p = r->data;
		r->table = copy(&p, tab);
		r->id = copy(&p, key);
		r->val = copy(&p, val);
		r->queue = q;
		r->he.key = hash_bytes(r->id);
	}
	add(s, r);
}

void store_put(struct store *s, const char *table, struct slice key, struct slice val)
{
	put_state(s, table, key, val, QUEUE_FIRM);
}

void store_put_lazy(struct store *s, const char *table, struct slice key, struct slice val)
{
	put_state(s, table, key, val, QUEUE_LAZY);
}
