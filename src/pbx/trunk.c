/*
 * trunk.c - trunks in memory: loaded at start, swapped after each committed change; their lines, channels and alarms.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "pbx/pbx_priv.h"
#include "pbx/trunk.h"

static void destroy(void *obj)
{
	struct ptrunk *t = obj;

	mem_deref(t->line);
	mem_deref(t->name);
	mem_deref(t->caller_id);
	mem_deref(t->country);
	mem_deref(t->sealed);
	mem_deref(t->sealed_in);
	json_decref(t->row);
}

struct ptrunk *ptrunk_find(const struct pbx *p, struct slice name)
{
	LIST_EACH (&p->trunks, k) {
		struct ptrunk *t = LINK_OBJ(k, struct ptrunk, le);

		if (slice_eqs(name, t->name))
			return t;
	}
	return NULL;
}

struct ptrunk *ptrunk_of(const struct pbx *p, const struct leg *l)
{
	return l->trunk ? ptrunk_find(p, slice_str(trunk_name(l->trunk))) : NULL;
}

void ptrunk_each(const struct pbx *p, void (*fn)(struct ptrunk *t, void *arg), void *arg)
{
	LIST_EACH (&p->trunks, k)
		fn(LINK_OBJ(k, struct ptrunk, le), arg);
}

static int add(struct pbx *p, struct ptrunk **tp, struct slice name)
{
	struct ptrunk *t = mem_zalloc(sizeof(*t), destroy);
	int err;

	if (!t)
		return ENOMEM;
	err = slice_dup(&t->name, name);
	if (err) {
		mem_deref(t);
		return err;
	}
	t->pbx = p;
	*tp = t;
	LIST_EACH (&p->trunks, k) {
		if (strcmp(LINK_OBJ(k, struct ptrunk, le)->name, t->name) > 0) {
			list_insert_before(k, &t->le);
			return 0;
		}
	}
	list_append(&p->trunks, &t->le);
	return 0;
}

static void alarm_id(const struct ptrunk *t, char id[48])
{
	snprintf(id, 48, "trunk.%s", t->name);
}

static void drop(struct ptrunk *t)
{
	char id[48];

	alarm_id(t, id);
	pbx_alarm_clear(t->pbx, id);
	t->line = mem_deref(t->line);
	event_trunk(t, true);
	list_unlink(&t->le);
	t->pbx = NULL;
	mem_deref(t);
}

/* ------------------------------------------------------------------ lines and alarms */

static const char *remedy(const struct ptrunk *t, const struct trunk_status *st, char *dst, size_t size)
{
	const char *what;

	if (strstr(st->words, "password") || strstr(st->words, "not know user"))
		what = "Compare user, auth-user and password with what the provider gave: offhook trunk show ";
	else if (strstr(st->words, "certificate"))
		what = "Ask the provider. A box with a certificate of its own making is taken with --tls-verify no: "
		       "offhook trunk set ";
	else if (strstr(st->words, "no such host"))
		what = "Is the server's name spelled as the provider gave it? offhook trunk show ";
	else if (st->state == TRUNK_DEGRADED)
		what = "Calls go on. Ask the provider if it lasts: offhook trunk history ";
	else
		what = "Check the server's name and the way to it; then: offhook trunk test ";
	snprintf(dst, size, "%s%s", what, t->name);
	return dst;
}

static void changed(struct trunk *line, void *arg)
{
	struct ptrunk *t = arg;
	struct trunk_status st;
	char id[48], text[280], todo[200];

	if (!t->pbx)
		return;
	event_trunk(t, false);
	trunk_status(line, &st);
	alarm_id(t, id);
	if (st.state != TRUNK_DOWN && st.state != TRUNK_DEGRADED) {
		if (st.state == TRUNK_UP)
			pbx_alarm_clear(t->pbx, id);
		return;
	}
	snprintf(text, sizeof(text), "Trunk %s: %s.", t->name, st.words);
	pbx_alarm_raise(t->pbx, id, st.state == TRUNK_DOWN ? "critical" : "warning", text,
			remedy(t, &st, todo, sizeof(todo)));
}

static int unseal(const struct ptrunk *t, const char *sealed, struct buf *b)
{
	int err = sealed && *sealed ? store_unseal(t->pbx->store, slice_str(sealed), b) : 0;

	if (err)
		log_error("pbx", "a password of trunk %s cannot be read (%s): is data/key the one it was saved with?",
			  t->name, err_str(err));
	return err;
}

static void wipe(struct buf *b)
{
	if (b->p)
		mem_wipe(b->p, b->cap);
	buf_free(b);
}

/* The line as the settings say: opened, changed or ended. */
static void set_line(struct ptrunk *t)
{
	static const struct trunk_ops ops = {.changed = changed};
	struct buf pw, pw_in;
	struct trunk_cfg cfg;
	char id[48];
	int err;

	if (!t->enabled || !t->pbx->lines || !t->pbx->calls) {
		t->line = mem_deref(t->line);
		event_trunk(t, false);
		alarm_id(t, id);
		pbx_alarm_clear(t->pbx, id);
		return;
	}
	buf_init(&pw);
	buf_init(&pw_in);
	err = unseal(t, t->sealed, &pw);
	if (!err)
		err = unseal(t, t->sealed_in, &pw_in);
	if (!err)
		err = ptrunk_cfg(&cfg, t->row, buf_get(&pw), buf_get(&pw_in));
	if (!err)
		err = t->line ? trunk_set(t->line, &cfg) : trunk_alloc(&t->line, t->pbx->calls, &cfg, &ops, t);
	wipe(&pw);
	wipe(&pw_in);
	if (err)
		log_error("pbx", "trunk %s could not be opened: %s", t->name, err_str(err));
}

/* ------------------------------------------------------------------ rows */

static int replace_text(char **dst, const char *s)
{
	char *n;
	int err = slice_dup(&n, slice_str(s ? s : ""));

	if (err)
		return err;
	mem_deref(*dst);
	*dst = n;
	return 0;
}

static uint32_t number(const json_t *row, const char *name)
{
	json_int_t v = json_integer_value(json_object_get(row, name));

	return v > 0 && v <= UINT32_MAX ? (uint32_t)v : 0;
}

/* Can its calls be told from forged ones: by our secret contact, a password, a stream? */
static bool proves_itself(const struct ptrunk *t, const json_t *row)
{
	const char *tp = json_string_value(json_object_get(row, "transport"));

	return json_is_true(json_object_get(row, "register")) || (t->sealed_in && *t->sealed_in) ||
	       (tp && (!strcmp(tp, "tcp") || !strcmp(tp, "tls")));
}

/* `row` has no secrets; referenced. */
static int take_row(struct ptrunk *t, json_t *row)
{
	int err = replace_text(&t->caller_id, json_string_value(json_object_get(row, "caller_id")));

	if (!err)
		err = replace_text(&t->country, json_string_value(json_object_get(row, "country")));
	if (err)
		return err;
	json_incref(row);
	json_decref(t->row);
	t->row = row;
	t->max = number(row, "channels");
	t->max_in = number(row, "channels_in");
	t->max_out = number(row, "channels_out");
	t->per_minute = number(row, "calls_per_minute");
	t->per_day = number(row, "minutes_per_day");
	t->enabled = json_is_true(json_object_get(row, "enabled"));
	t->proven = proves_itself(t, row);
	t->reaches_outside = t->proven && json_is_true(json_object_get(row, "reaches_outside"));
	return 0;
}

static int seal_member(struct ptrunk *t, char **dst, const json_t *row, const char *name)
{
	const char *plain = json_string_value(json_object_get(row, name));
	struct buf b;
	char *now;
	int err = 0;

	buf_init(&b);
	if (plain && *plain)
		err = store_seal(t->pbx->store, slice_str(plain), &b);
	if (!err)
		err = slice_dup(&now, buf_get(&b));
	if (!err) {
		mem_deref(*dst);
		*dst = now;
	}
	buf_free(&b);
	return err;
}

void ptrunk_apply(const struct change_item *it, json_t *row, void *arg)
{
	struct pbx *p = arg;
	struct ptrunk *t = ptrunk_find(p, slice_str(it->key));
	json_t *own = NULL;
	int err = 0;

	if (!row) {
		if (t)
			drop(t);
		return;
	}
	if (!t)
		err = add(p, &t, slice_str(it->key));
	if (!err)
		err = seal_member(t, &t->sealed, row, "password");
	if (!err)
		err = seal_member(t, &t->sealed_in, row, "password_in");
	if (!err) {
		own = json_copy(row);
		err = own ? 0 : ENOMEM;
	}
	if (!err) {
		(void)json_object_del(own, "password");
		(void)json_object_del(own, "password_in");
		err = take_row(t, own);
	}
	json_decref(own);
	if (err)
		log_error("pbx", "trunk %s was saved, but this process could not take it over (%s); restart to use it",
			  it->key, err_str(err));
	else
		set_line(t);
}

/* A value of a loaded row as JSON. */
static json_t *column(const struct field *f, const char *col, size_t len)
{
	if (!col)
		return json_null();
	if (f->type == FIELD_INT || f->type == FIELD_TIME)
		return json_integer(atoll(col));
	if (f->type == FIELD_BOOL)
		return json_boolean(!strcmp(col, "1"));
	return json_stringn(col, len);
}

struct loading {
	struct pbx *pbx;
	int err;
};

static void load_row(const char *const *col, const size_t *len, void *arg)
{
	const struct resource *r = &pbx_trunk_resource;
	struct loading *ld = arg;
	json_t *row = json_object();
	struct ptrunk *t = NULL;
	int err = row ? 0 : ENOMEM;

	for (size_t i = 0; i < r->nfield && !err; i++) {
		const struct field *f = &r->field[i];

		if (f->flags & FIELD_KEY)
			err = add(ld->pbx, &t, slice_mem(col[i], len[i]));
		if (!err && f->type == FIELD_SECRET)
			err = t ? replace_text(strcmp(f->name, "password") ? &t->sealed_in : &t->sealed, col[i])
				: ERR_STATE;
		else if (!err)
			err = json_object_set_new(row, f->name, column(f, col[i], len[i])) ? ENOMEM : 0;
	}
	if (!err)
		err = take_row(t, row);
	json_decref(row);
	if (!ld->err)
		ld->err = err;
}

int ptrunk_load(struct pbx *p)
{
	struct loading ld = {.pbx = p};
	int err = store_load(p->store, &pbx_trunk_resource, load_row, &ld);

	return err ? err : ld.err;
}

void ptrunk_start(struct pbx *p)
{
	LIST_EACH (&p->trunks, k)
		set_line(LINK_OBJ(k, struct ptrunk, le));
}

void ptrunk_stop(struct pbx *p)
{
	ptrunk_start(p); /* p->lines says that there are none */
}

void ptrunk_flush(struct pbx *p)
{
	LIST_EACH (&p->trunks, k)
		drop(LINK_OBJ(k, struct ptrunk, le));
}

/* The whole row as it will be. */
static json_t *merged(const struct ptrunk *t, const struct change_item *it)
{
	json_t *row = t ? json_copy(t->row) : json_object();

	for (size_t i = 0; row && !t && i < pbx_trunk_resource.nfield; i++) {
		const struct field *f = &pbx_trunk_resource.field[i];

		if (f->def)
			(void)json_object_set_new(row, f->name,
						  column(f, strcmp(f->def, "true") ? f->def : "1", strlen(f->def)));
	}
	if (row)
		(void)json_object_update(row, it->obj);
	if (row)
		(void)json_object_set_new(row, "name", json_string(it->key));
	return row;
}

int ptrunk_check(struct pbx *p, const struct change_item *it, struct buf *why)
{
	json_t *row;
	int err;

	if (it->op == CHANGE_DELETE)
		return 0;
	row = merged(ptrunk_find(p, slice_str(it->key)), it);
	err = row ? ptrunk_row_ok(row, why) : ENOMEM;
	json_decref(row);
	return err;
}

/* ------------------------------------------------------------------ channels */

static const char *full(struct ptrunk *t, uint32_t max, const char *what)
{
	if (max == 1)
		snprintf(t->words, sizeof(t->words), "its only%s channel is in use", what);
	else
		snprintf(t->words, sizeof(t->words), "all %u%s channels are in use", max, what);
	return t->words;
}

const char *ptrunk_blocked(const struct ptrunk *ct, bool out)
{
	struct ptrunk *t = (struct ptrunk *)(uintptr_t)ct; /* its words */
	struct trunk_status st;

	if (!t->enabled)
		return "the trunk is switched off";
	if (!t->line)
		return "the trunk is not open";
	if (t->max && t->in + t->out >= t->max)
		return full(t, t->max, "");
	if (out && t->max_out && t->out >= t->max_out)
		return full(t, t->max_out, " outgoing");
	if (!out && t->max_in && t->in >= t->max_in)
		return full(t, t->max_in, " incoming");
	if (!out)
		return NULL;
	trunk_status(t->line, &st);
	if (st.state != TRUNK_DOWN)
		return NULL;
	snprintf(t->words, sizeof(t->words), "the trunk is down: %s", st.words);
	return t->words;
}

bool ptrunk_only_down(const struct ptrunk *t)
{
	struct trunk_status st;

	if (!t->enabled || !t->line || (t->max && t->in + t->out >= t->max) || (t->max_out && t->out >= t->max_out))
		return false;
	trunk_status(t->line, &st);
	return st.state == TRUNK_DOWN;
}

void ptrunk_take(struct ptrunk *t, bool out, bool emergency)
{
	if (out)
		t->out++;
	else
		t->in++;
	if (out && emergency)
		t->emergency_out++;
	event_trunk(t, false);
}

void ptrunk_give(struct ptrunk *t, bool out, bool emergency)
{
	uint32_t *n = out ? &t->out : &t->in;

	if (*n)
		(*n)--;
	if (out && emergency && t->emergency_out)
		t->emergency_out--;
	event_trunk(t, false);
}
