/*
 * extension.c - extensions in memory: loaded at start, swapped after each committed change.
 *
 * Passwords stay sealed; HA1 is computed when a phone first needs it, so that a start
 * with many thousand extensions does no cryptography.
 */
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "pbx/pbx_priv.h"
#include "pbx/recording.h"

static void extension_destroy(void *obj)
{
	struct extension *e = obj;

	mem_deref(e->number);
	mem_deref(e->name);
	mem_deref(e->sealed);
	mem_deref(e->aor);
	mem_deref(e->outside);
	mem_deref(e->sound);
	if (e->ha1)
		mem_wipe(e->ha1, sizeof(*e->ha1));
	mem_deref(e->ha1);
}

struct extension *extension_find(const struct pbx *p, struct slice number)
{
	struct hlink *k;

	for (k = hash_first(&p->extensions, hash_bytes(number)); k; k = hash_next(k)) {
		struct extension *e = CONTAINER_OF(k, struct extension, le);

		if (slice_eqs(number, e->number))
			return e;
	}
	return NULL;
}

static int extension_add(struct pbx *p, struct extension **ep, struct slice number)
{
	struct extension *e = mem_zalloc(sizeof(*e), extension_destroy);
	int err;

	if (!e)
		return ENOMEM;
	err = slice_dup(&e->number, number);
	if (!err)
		err = hash_add(&p->extensions, hash_bytes(number), &e->le);
	if (err) {
		mem_deref(e);
		return err;
	}
	e->pbx = p;
	*ep = e;
	return 0;
}

static void extension_drop(struct extension *e, bool keep_stored)
{
	registrar_clear(e, keep_stored);
	hash_del(&e->pbx->extensions, &e->le);
	e->pbx = NULL;
	mem_deref(e);
}

static int replace_text(char **dst, struct slice s)
{
	char *t;
	int err = slice_dup(&t, s);

	if (err)
		return err;
	mem_deref(*dst);
	*dst = t;
	return 0;
}

/* A value of the row in column order, as store_load() hands it over. */
static struct slice column(const char *const *col, const size_t *len, const char *name)
{
	const struct resource *r = &pbx_extension_resource;

	for (size_t i = 0; i < r->nfield; i++) {
		if (!strcmp(r->field[i].name, name))
			return col[i] ? slice_mem(col[i], len[i]) : SLICE_NULL;
	}
	return SLICE_NULL;
}

/* The fields that few extensions set. */
static int load_outside(struct extension *e, const char *const *col, const size_t *len)
{
	static const char *const text[] = {"outside_number", "outside_name", "location", "open",
					   "codecs",         "srtp",         "dtmf"};
	static const char *const number[] = {"outside_calls", "outside_per_minute", "outside_per_day"};
	static const char *const flag[] = {"hide_number", "locked"};
	json_t *row = NULL;
	int err = 0;

	for (size_t i = 0; i < ARRAY_LEN(text); i++) {
		struct slice s = column(col, len, text[i]);

		if (s.l && (row || (row = json_object())))
			(void)json_object_set_new(row, text[i], json_stringn(s.p, s.l));
	}
	for (size_t i = 0; i < ARRAY_LEN(number); i++) {
		uint32_t v = 0;

		if (!slice_u32(column(col, len, number[i]), &v) && v && (row || (row = json_object())))
			(void)json_object_set_new(row, number[i], json_integer(v));
	}
	for (size_t i = 0; i < ARRAY_LEN(flag); i++)
		if (slice_eqs(column(col, len, flag[i]), "1") && (row || (row = json_object())))
			(void)json_object_set_new(row, flag[i], json_true());
	if (row)
		err = extension_outside_take(e, row);
	if (row && !err)
		err = sound_take(e, row);
	json_decref(row);
	return err;
}

static bool column_bool(struct slice s)
{
	return slice_eqs(s, "1") || slice_eqs(s, "true");
}

struct loading {
	struct pbx *pbx;
	int err;
};

static void load_row(const char *const *col, const size_t *len, void *arg)
{
	struct loading *ld = arg;
	struct extension *e;
	uint32_t v;

	if (ld->err)
		return;
	ld->err = extension_add(ld->pbx, &e, column(col, len, "number"));
	if (ld->err)
		return;
	ld->err = replace_text(&e->name, column(col, len, "name"));
	if (!ld->err)
		ld->err = replace_text(&e->sealed, column(col, len, "password"));
	e->call_limit = slice_u32(column(col, len, "call_limit"), &v) ? 2 : v;
	e->ring_s = slice_u32(column(col, len, "ring_seconds"), &v) ? 30 : v;
	e->enabled = column_bool(column(col, len, "enabled"));
	e->record = record_when(column(col, len, "record"));
	if (!ld->err)
		ld->err = load_outside(e, col, len);
}

int extension_load(struct pbx *p)
{
	struct loading ld = {.pbx = p};
	int err = store_load(p->store, &pbx_extension_resource, load_row, &ld);

	return err ? err : ld.err;
}

static int take_password(struct extension *e, const char *plain)
{
	struct buf b;
	int err;

	buf_init(&b);
	err = store_seal(e->pbx->store, slice_str(plain), &b);
	if (!err)
		err = replace_text(&e->sealed, buf_get(&b));
	buf_free(&b);
	if (err)
		return err;
	if (e->ha1)
		mem_wipe(e->ha1, sizeof(*e->ha1));
	e->ha1 = mem_deref(e->ha1);
	return 0;
}

static int take_row(struct extension *e, json_t *row)
{
	const char *password = json_string_value(json_object_get(row, "password"));
	const char *name = json_string_value(json_object_get(row, "name"));
	json_t *limit = json_object_get(row, "call_limit"), *ring = json_object_get(row, "ring_seconds");
	int err = replace_text(&e->name, slice_str(name ? name : ""));

	if (!err && password)
		err = take_password(e, password);
	if (!err)
		err = extension_outside_take(e, row);
	if (!err)
		err = sound_take(e, row);
	if (json_is_integer(limit))
		e->call_limit = (uint32_t)json_integer_value(limit);
	if (json_is_integer(ring))
		e->ring_s = (uint32_t)json_integer_value(ring);
	e->enabled = !json_is_false(json_object_get(row, "enabled"));
	e->record = record_when(slice_str(json_string_value(json_object_get(row, "record"))));
	if (!e->enabled)
		registrar_clear(e, false);
	return err;
}

void extension_apply(const struct change_item *it, json_t *row, void *arg)
{
	struct pbx *p = arg;
	struct extension *e;
	int err = 0;

	if (it->r != &pbx_extension_resource)
		return;
	e = extension_find(p, slice_str(it->key));
	if (!row) {
		if (e)
			extension_drop(e, false);
		return;
	}
	if (!e)
		err = extension_add(p, &e, slice_str(it->key));
	if (!err)
		err = take_row(e, row);
	if (err)
		log_error("pbx",
			  "extension %s was saved, but this process could not take it over (%s); restart to use it",
			  it->key, err_str(err));
}

int extension_secret(struct extension *e, const struct secret **s)
{
	struct buf plain;
	int err;

	if (e->ha1) {
		*s = e->ha1;
		return 0;
	}
	buf_init(&plain);
	err = store_unseal(e->pbx->store, slice_str(e->sealed), &plain);
	if (err) {
		log_error("pbx",
			  "the password of extension %s cannot be read (%s): is data/key the one it was saved with?",
			  e->number, err_str(err));
		goto out;
	}
	e->ha1 = mem_zalloc(sizeof(*e->ha1), NULL);
	if (!e->ha1) {
		err = ENOMEM;
		goto out;
	}
	secret_make(e->ha1, slice_str(e->number), slice_str(e->pbx->realm), buf_get(&plain));
	*s = e->ha1;
out:
	if (plain.p)
		mem_wipe(plain.p, plain.cap);
	buf_free(&plain);
	return err;
}

static int drop_one(struct hlink *k, void *arg)
{
	(void)arg;
	extension_drop(CONTAINER_OF(k, struct extension, le), true);
	return 0;
}

void extension_flush(struct pbx *p)
{
	(void)hash_each(&p->extensions, drop_one, NULL);
	hash_free(&p->extensions);
}

int pbx_extension_password(struct pbx *p, struct slice number, struct buf *b)
{
	struct extension *e = extension_find(p, number);

	return e ? store_unseal(p->store, slice_str(e->sealed), b) : ENOENT;
}
