/*
 * change.c - a change of the configuration: several items, one transaction, one entry in the history.
 *
 * The loop checks the values and copies them; the writer carries them out; the loop
 * swaps what is in memory and answers. JSON objects change threads whole, with the
 * job, because their counts are not atomic.
 */
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "store/store_priv.h"

enum { SECRET_CHARS = 16, TEXT_ITEMS = 3 };

static void destroy(void *arg)
{
	struct change_job *c = arg;

	for (size_t i = 0; i < c->n; i++) {
		json_decref(c->part[i].it.obj);
		json_decref(c->part[i].row);
		mem_deref(c->part[i].key);
	}
	mem_deref(c->part);
	mem_deref(c->author);
	mem_deref(c->text);
	json_decref(c->row);
	job_destroy(&c->j);
}

const char *change_op_name(enum change_op op)
{
	switch (op) {
	case CHANGE_CREATE:
		return "create";
	case CHANGE_UPDATE:
		return "update";
	default:
		return "delete";
	}
}

/* ---- on the writer */

static int next_id(struct db *db, int64_t *id, const char *sql)
{
	return *id ? 0 : db_get_int(db, sql, id);
}

static int load_counters(struct store *s, struct db *db)
{
	int err = next_id(db, &s->next_change, "SELECT coalesce(max(id), 0) + 1 FROM history");

	return err ? err : next_id(db, &s->next_item, "SELECT coalesce(max(id), 0) + 1 FROM history_item");
}

static int write_item(struct change_job *c, struct db *db, const struct change_part *p, int64_t item_id,
		      const json_t *diff)
{
	char *text = json_dumps(diff, JSON_COMPACT);
	sqlite3_stmt *st;
	int err;

	if (!text)
		return ENOMEM;
	err = db_stmt(db, &st,
		      "INSERT INTO history_item (id, domain_id, change_id, op, resource, row_id, row_key, diff) "
		      "VALUES (?, 1, ?, ?, ?, ?, ?, ?)");
	if (!err) {
		db_int(st, 1, item_id);
		db_int(st, 2, c->j.s->next_change);
		db_text(st, 3, slice_str(change_op_name(p->it.op)));
		db_text(st, 4, slice_str(p->it.r->name));
		db_int(st, 5, p->row_id);
		db_text(st, 6, slice_str(p->key));
		db_text(st, 7, slice_str(text));
		err = db_run(db, st);
	}
	free(text);
	return err;
}

static int write_change(struct change_job *c, struct db *db, struct slice what)
{
	sqlite3_stmt *st;
	int err = db_stmt(db, &st,
			  "INSERT INTO history (id, domain_id, at_ms, author, what, undoes) "
			  "VALUES (?, 1, ?, ?, ?, ?)");

	if (err)
		return err;
	db_int(st, 1, c->j.s->next_change);
	db_int(st, 2, c->at_ms);
	db_text(st, 3, slice_str(c->author));
	db_text(st, 4, c->text ? slice_str(c->text) : what);
	if (c->undo)
		db_int(st, 5, c->undo);
	return db_run(db, st);
}

/* "added extension 100", "changed name, password of extension 100" ... */
static void describe(struct buf *b, const struct change_part *p, json_t *diff)
{
	const char *name;
	json_t *v;
	bool first = true;

	if (p->it.op != CHANGE_UPDATE) {
		buf_printf(b, "%s %s %s", p->it.op == CHANGE_CREATE ? "added" : "removed", p->it.r->name, p->key);
		return;
	}
	buf_str(b, "changed ");
	json_object_foreach(diff, name, v)
	{
		buf_printf(b, "%s%s", first ? "" : ", ", name);
		first = false;
	}
	buf_printf(b, " of %s %s", p->it.r->name, p->key);
}

static int run_parts(struct change_job *c, struct db *db, struct buf *what, size_t *changed)
{
	struct store *s = c->j.s;

	for (size_t i = 0; i < c->n; i++) {
		struct change_part *p = &c->part[i];
		json_t *diff;
		int err = change_part_run(c, db, p, s->next_item, &diff);

		if (!err && diff) {
			err = write_item(c, db, p, s->next_item++, diff);
			if (++*changed <= TEXT_ITEMS) {
				buf_str(what, what->l ? "; " : "");
				describe(what, p, diff);
			}
		}
		json_decref(diff);
		if (err)
			return err;
	}
	if (*changed > TEXT_ITEMS)
		buf_printf(what, "; and %zu more", *changed - TEXT_ITEMS);
	return buf_err(what);
}

static int answer_row(struct change_job *c)
{
	if (!c->n || !c->part[0].row)
		return 0;
	c->row = json_deep_copy(c->part[0].row);
	if (json_object_set_new(c->row, STORE_VERSION, json_integer(c->part[0].version)))
		return ENOMEM;
	return row_reveal(c->j.s, c->part[0].it.r, c->row, REVEAL_NOTHING);
}

static int run(struct job *j, struct db *db)
{
	struct change_job *c = CONTAINER_OF(j, struct change_job, j);
	size_t changed = 0;
	struct buf what;
	int err = load_counters(j->s, db);

	buf_init(&what);
	if (!err && c->undo)
		err = undo_prepare(c, db);
	if (!err)
		err = run_parts(c, db, &what, &changed);
	if (!err && changed) {
		err = write_change(c, db, buf_get(&what));
		c->id = j->s->next_change++;
		if (!err && c->undo)
			err = undo_mark(c, db);
	}
	if (!err)
		err = answer_row(c);
	buf_free(&what);
	if (err == EEXIST && !j->why.l)
		buf_str(&j->why, "Another row has the same key or unique value.");
	return err;
}

/* ---- on the loop */

static void done(struct job *j)
{
	struct change_job *c = CONTAINER_OF(j, struct change_job, j);
	struct store *s = j->s;

	if (j->err) {
		c->h(j->err, job_why(j), NULL, 0, c->arg);
		return;
	}
	for (size_t i = 0; c->apply && i < c->n; i++)
		if (c->part[i].changed)
			c->apply(&c->part[i].it, c->part[i].row, c->apply_arg);
	if (c->id && s->change_fn)
		s->change_fn(c->id, s->change_arg);
	c->h(0, "", c->row, c->id, c->arg);
}

/* Secrets that the store makes for a new row. */
static int generate(const struct resource *r, json_t *obj)
{
	char text[SECRET_CHARS * 4 + 1];

	for (size_t i = 0; i < r->nfield; i++) {
		const struct field *f = &r->field[i];
		int64_t n = SECRET_CHARS;

		if (f->type != FIELD_SECRET || !(f->flags & FIELD_GENERATED) || json_object_get(obj, f->name))
			continue;
		n = n < f->min ? f->min : n;
		n = f->max && n > f->max ? f->max : n;
		n = n > (int64_t)sizeof(text) - 1 ? (int64_t)sizeof(text) - 1 : n;
		if (json_object_set_new(obj, f->name, json_string(rand_password(text, (size_t)n))))
			return ENOMEM;
	}
	mem_wipe(text, sizeof(text));
	return 0;
}

static int copy_part(struct change_job *c, struct change_part *p, const struct change_item *it)
{
	const char *key = it->key;
	int err = 0;

	p->it = *it;
	p->it.key = NULL;
	p->it.obj = it->op == CHANGE_DELETE ? NULL : json_deep_copy(it->obj);
	if (it->op != CHANGE_DELETE) {
		if (!p->it.obj)
			return it->obj ? ENOMEM : EINVAL;
		err = resource_check(it->r, p->it.obj, it->op == CHANGE_CREATE, NULL, &c->j.why);
	}
	if (!err && it->op == CHANGE_CREATE) {
		err = generate(it->r, p->it.obj);
		key = row_key(it->r, p->it.obj);
	}
	if (!err)
		err = key ? mem_strdup(&p->key, key) : EINVAL;
	p->it.key = p->key;
	return err;
}

static int copy_all(struct change_job *c, const struct store_change *ch, bool items)
{
	int err = mem_strdup(&c->author, ch->author ? ch->author : "unknown");

	c->at_ms = store_wall_ms(c->j.s);
	c->apply = ch->apply;
	c->apply_arg = ch->apply_arg;
	if (!err && ch->text)
		err = mem_strdup(&c->text, ch->text);
	if (err || !items)
		return err;
	c->part = mem_zalloc(ch->n * sizeof(*c->part) + 1, NULL);
	if (!c->part)
		return ENOMEM;
	for (size_t i = 0; !err && i < ch->n; i++) {
		c->n = i + 1;
		err = copy_part(c, &c->part[i], &ch->item[i]);
	}
	return err;
}

static void post(struct store *s, const struct store_change *ch, int64_t undo, store_change_h *h, void *arg)
{
	struct change_job *c;
	void *v;
	int err = job_alloc(&v, sizeof(*c), destroy, s);

	if (err) {
		h(err, "Memory is out.", NULL, 0, arg);
		return;
	}
	c = v;
	c->j.run = run;
	c->j.done = done;
	c->undo = undo;
	c->h = h;
	c->arg = arg;
	c->j.err = copy_all(c, ch, !undo);
	if (c->j.err)
		job_answer(&c->j);
	else
		job_write(&c->j);
}

void store_change(struct store *s, const struct store_change *c, store_change_h *h, void *arg)
{
	post(s, c, 0, h, arg);
}

void store_undo(struct store *s, int64_t id, const struct store_change *c, store_change_h *h, void *arg)
{
	struct store_change own = {.author = c->author, .apply = c->apply, .apply_arg = c->apply_arg};

	post(s, &own, id > 0 ? id : -1, h, arg);
}

void store_on_change(struct store *s, void (*fn)(int64_t change_id, void *arg), void *arg)
{
	s->change_fn = fn;
	s->change_arg = arg;
}
