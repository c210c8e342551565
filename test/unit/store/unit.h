/*
 * unit.h - cmocka and what the unit tests of store share: a directory of their own, a loop of
 * either kind, waiting for answers, a small resource table.
 */
#ifndef UNIT_STORE_UNIT_H
#define UNIT_STORE_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "loop/vnet.h"
#include "store/store_priv.h"

#if defined(__SANITIZE_THREAD__)
/* SQLite reads its shared WAL index without locks, and checks it afterwards. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "called_from_lib:libsqlite3.so\nrace:libsqlite3.so\n";
}
#endif

static const struct field extension_fields[] = {
	{"number", FIELD_TEXT, FIELD_KEY | FIELD_REQUIRED, 1, 20, NULL, NULL, "0-9*#", "The number to dial."},
	{"name", FIELD_TEXT, 0, 0, 20, "", NULL, NULL, "Who it is."},
	{"password", FIELD_SECRET, FIELD_GENERATED, 8, 64, NULL, NULL, NULL, "For the phone."},
	{"ring_seconds", FIELD_INT, 0, 5, 600, "30", NULL, NULL, "How long it rings."},
	{"enabled", FIELD_BOOL, 0, 0, 0, "true", NULL, NULL, "May it be used?"},
	{"transport", FIELD_ENUM, 0, 0, 0, "udp", "udp tcp tls", NULL, "How it is reached."},
	{"mac", FIELD_TEXT, FIELD_UNIQUE, 0, 12, NULL, NULL, "0-9a-f", "The device."},
	{"order", FIELD_INT, 0, 0, 0, NULL, NULL, NULL, "A name that SQL knows too."},
	{"created_ms", FIELD_TIME, FIELD_READONLY, 0, 0, "create", NULL, NULL, "Since when."},
	{"changed_ms", FIELD_TIME, FIELD_READONLY, 0, 0, "change", NULL, NULL, "Last change."},
};
static const struct resource extension_resource = {"extension", "extensions", "A phone.", extension_fields,
						   ARRAY_LEN(extension_fields)};
static const struct resource *const test_resources[] = {&extension_resource};

/* A store in a directory of its own. */
struct fix {
	char dir[64];
	bool virt;
	struct vnet *net;
	struct loop *loop;
	struct store *s;
	uint32_t max_queue;
	const struct resource *const *resource;
	size_t nresource;
	struct timer guard;
	/* the last answer */
	bool answered;
	int err;
	char why[600];
	json_t *res;
	int64_t id;
	/* calls of apply, as text */
	char applied[600];
};

static inline void fix_remove_dir(const char *dir)
{
	char path[600];
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

static inline void fix_dir(struct fix *f)
{
	snprintf(f->dir, sizeof(f->dir), "%s/offhook-store-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	assert_non_null(mkdtemp(f->dir));
}

/* Try to open; the sentence is in f->why. */
static inline int fix_try_open(struct fix *f)
{
	struct store_cfg cfg = {.dir = f->dir,
				.loop = f->loop,
				.resource = test_resources,
				.nresource = ARRAY_LEN(test_resources),
				.max_queue = f->max_queue};
	struct buf why;
	int err;

	if (f->resource) {
		cfg.resource = f->resource;
		cfg.nresource = f->nresource;
	}
	buf_init(&why);
	err = store_open(&f->s, &cfg, &why);
	snprintf(f->why, sizeof(f->why), "%.*s", SLICE_FMT(buf_get(&why)));
	buf_free(&why);
	if (err)
		f->s = NULL;
	return err;
}

static inline void fix_open(struct fix *f)
{
	if (fix_try_open(f))
		print_error("%s\n", f->why);
	assert_non_null(f->s);
}

static inline void fix_quiet(enum log_level lvl, const char *line, void *arg)
{
	(void)lvl;
	(void)line;
	(void)arg;
}

static inline struct fix *fix_new(bool virt)
{
	struct fix *f = calloc(1, sizeof(*f));

	log_set_handler(fix_quiet, NULL);
	f->virt = virt;
	if (virt) {
		assert_int_equal(vnet_alloc(&f->net, 1), 0);
		assert_int_equal(loop_alloc_virtual(&f->loop, f->net), 0);
	} else {
		assert_int_equal(loop_alloc(&f->loop), 0);
	}
	fix_dir(f);
	return f;
}

static inline void fix_close(struct fix *f)
{
	store_close(f->s);
	f->s = NULL;
	loop_drain(f->loop);
}

static inline void fix_free(struct fix *f)
{
	fix_close(f);
	json_decref(f->res);
	mem_deref(f->loop);
	mem_deref(f->net);
	fix_remove_dir(f->dir);
	free(f);
}

static inline int fix_setup_virtual(void **st)
{
	struct fix *f = *st = fix_new(true);

	fix_open(f);
	return 0;
}

static inline int fix_setup_threads(void **st)
{
	struct fix *f = *st = fix_new(false);

	fix_open(f);
	return 0;
}

static inline int fix_setup_closed(void **st)
{
	*st = fix_new(true);
	return 0;
}

static inline int fix_setup_closed_threads(void **st)
{
	*st = fix_new(false);
	return 0;
}

static inline int fix_teardown(void **st)
{
	fix_free(*st);
	return 0;
}

static inline void fix_late(void *arg)
{
	loop_stop(((struct fix *)arg)->loop);
}

/* Run until an answer is there, or fail. */
static inline void fix_wait(struct fix *f)
{
	if (f->virt) {
		vnet_run(f->net, 1);
	} else if (!f->answered) {
		timer_start(&f->guard, f->loop, 60000, fix_late, f);
		loop_run(f->loop);
		timer_stop(&f->guard);
	}
	assert_true(f->answered);
	f->answered = false;
}

static inline void fix_answer(struct fix *f, int err, const char *why, json_t *res)
{
	json_incref(res);
	json_decref(f->res);
	f->res = res;
	f->err = err;
	snprintf(f->why, sizeof(f->why), "%s", why);
	assert_false(f->answered);
	f->answered = true;
	if (!f->virt)
		loop_stop(f->loop);
}

static inline void fix_json_h(int err, const char *why, json_t *res, void *arg)
{
	fix_answer(arg, err, why, res);
}

static inline void fix_change_h(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	struct fix *f = arg;

	f->id = id;
	fix_answer(f, err, why, row);
}

static inline void fix_apply(const struct change_item *it, json_t *row, void *arg)
{
	struct fix *f = arg;
	size_t n = strlen(f->applied);
	const char *pw = json_string_value(json_object_get(row, "password"));

	snprintf(f->applied + n, sizeof(f->applied) - n, "%c%s%s%s ", "+=-"[it->op], it -> key, pw ? ":" : "",
		 pw ? pw : "");
}

/* One change of one item; `obj` is JSON text. Returns the error; the answer is in f. */
static inline int fix_change(struct fix *f, enum change_op op, const char *key, const char *obj)
{
	struct change_item it = {op, &extension_resource, key, obj ? json_loads(obj, 0, NULL) : NULL};
	struct store_change c = {.item = &it, .n = 1, .author = "tester", .apply = fix_apply, .apply_arg = f};

	f->applied[0] = '\0';
	store_change(f->s, &c, fix_change_h, f);
	json_decref(it.obj); /* the store has its copy */
	assert_false(f->answered);
	fix_wait(f);
	return f->err;
}

static inline int fix_undo(struct fix *f, int64_t id)
{
	struct store_change c = {.author = "undoer", .apply = fix_apply, .apply_arg = f};

	f->applied[0] = '\0';
	store_undo(f->s, id, &c, fix_change_h, f);
	fix_wait(f);
	return f->err;
}

static inline int fix_get(struct fix *f, const char *key, bool secrets)
{
	store_get(f->s, &extension_resource, key, secrets, fix_json_h, f);
	fix_wait(f);
	return f->err;
}

/* A member of the last answer by a path of names and numbers: "items.0.name"; as text ("null" ...). Static. */
static inline const char *fix_str(const json_t *v, const char *path)
{
	static char text[4][600];
	static unsigned at;
	char *out = text[at++ % 4];
	struct slice rest = slice_str(path), one;
	char *dump;

	while (v && slice_isset(rest)) {
		char name[64];

		one = slice_cut(&rest, '.');
		slice_copy(name, sizeof(name), one);
		v = json_is_array(v) ? json_array_get(v, strtoul(name, NULL, 10)) : json_object_get(v, name);
	}
	if (!v)
		return "(none)";
	if (json_is_string(v)) {
		snprintf(out, sizeof(text[0]), "%s", json_string_value(v));
		return out;
	}
	dump = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	snprintf(out, sizeof(text[0]), "%s", dump);
	free(dump);
	return out;
}
#define RES(f, path, want) assert_string_equal(fix_str((f)->res, path), want)

/* Run SQL on the closed database with a connection of its own; the first column of the first row. */
static inline const char *fix_sql(struct fix *f, const char *sql)
{
	static char text[400];
	char path[100];
	sqlite3 *h;
	sqlite3_stmt *st;
	const char *tail = sql;

	snprintf(path, sizeof(path), "%s/offhook.db", f->dir);
	assert_int_equal(sqlite3_open(path, &h), SQLITE_OK);
	sqlite3_busy_timeout(h, 5000);
	text[0] = '\0';
	while (*tail) {
		const char *v;

		if (sqlite3_prepare_v2(h, tail, -1, &st, &tail) != SQLITE_OK)
			fail_msg("%s", sqlite3_errmsg(h));
		if (sqlite3_step(st) == SQLITE_ROW && (v = (const char *)sqlite3_column_text(st, 0)))
			snprintf(text, sizeof(text), "%s", v);
		sqlite3_finalize(st);
	}
	sqlite3_close(h);
	return text;
}

static inline bool fix_exists(struct fix *f, const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	return !access(path, F_OK);
}

static inline void fix_write(struct fix *f, const char *name, const void *p, size_t n)
{
	char path[200];
	FILE *fp;

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	fp = fopen(path, "wb");
	assert_non_null(fp);
	assert_int_equal(fwrite(p, 1, n, fp), n);
	fclose(fp);
	chmod(path, 0600);
}

#endif
