/*
 * restore.c - checking a backup, and bringing in what is missing. Side thread; all it unpacks lies in restore/ID.
 *
 * Rows of calls and recordings are added in small transactions between those of the writer: a crash leaves some
 * of them there, and doing it again adds the rest.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/log.h"
#include "base/rand.h"
#include "store/backup_priv.h"

enum { ROWS = 500, PEM_FILES = 2 };

struct restore {
	struct job j;
	struct buf data;
	char *file, *id, *pass;
	bool checked; /* an id that is there is read, not made */
	json_t *res;
	store_json_h *h;
	void *arg;
};

/* ------------------------------------------------------------------ places */

static bool id_ok(const char *id)
{
	return strlen(id) == RESTORE_ID && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789") == RESTORE_ID;
}

static void places(struct unpacked *u, struct store *s, const char *id)
{
	memset(u, 0, sizeof(*u));
	u->dir = s->dir;
	u->owner = s;
	u->stop = side_stopped;
	snprintf(u->base, sizeof(u->base), "%.4000s/restore/%s", s->dir, id);
	snprintf(u->tree, sizeof(u->tree), "%.4000s/restore/%s/data", s->dir, id);
}

static int nothing_there(struct restore *r)
{
	buf_str(&r->j.why, "This backup is not there any more: send it again.");
	return ENOENT;
}

/* The archive that was sent, or is named, under restore/ID. */
static int take_archive(struct restore *r, const struct unpacked *u, const char *archive)
{
	struct store *s = r->j.s;
	char from[2 * BACKUP_PATH], rel[64];

	snprintf(from, sizeof(from), "%.4000s/restore", s->dir);
	remove_tree(from); /* what was checked before */
	snprintf(rel, sizeof(rel), "restore/%s/x", r->id);
	int err = make_dirs(s->dir, rel);
	if (err)
		return err;
	(void)u;
	if (!r->file) {
		err = write_new(archive, r->data.p, r->data.l);
		buf_free(&r->data);
		return err;
	}
	snprintf(from, sizeof(from), "%.4000s/backup/%s", s->dir, r->file);
	if (strchr(r->file, '/') || r->file[0] == '.' || link(from, archive)) {
		buf_printf(&r->j.why, "There is no file %.200s in the folder \"backup\" of the data directory.",
			   r->file);
		return ENOENT;
	}
	return 0;
}

/* ------------------------------------------------------------------ what it says */

static void copy_member(json_t *to, const json_t *from, const char *name)
{
	json_t *v = json_object_get(from, name);

	if (v)
		(void)json_object_set(to, name, v);
}

static json_t *about(const struct unpacked *u)
{
	json_t *o = json_object();

	copy_member(o, u->manifest, "at");
	copy_member(o, u->manifest, "version");
	copy_member(o, u->manifest, "recordings");
	copy_member(o, u->manifest, "counts");
	(void)json_object_set_new(o, "passphrase", json_boolean(json_is_object(json_object_get(u->manifest, "key"))));
	return o;
}

/* Kept beside the tree, for the second half. */
static int keep_about(const struct unpacked *u, const json_t *o)
{
	char path[2 * BACKUP_PATH];

	snprintf(path, sizeof(path), "%s/checked.json", u->base);
	unlink(path);
	return json_dump_file(o, path, 0) ? EIO : 0;
}

static int export_unpacked(struct unpacked *u, json_t *o)
{
	json_t *conf = NULL;
	int err = export_all(u->s, &u->s->w, REVEAL_ALL, &conf);

	if (err)
		json_decref(conf);
	else if (json_object_set_new(o, "configuration", conf))
		err = ENOMEM;
	return err;
}

static int check_archive(struct restore *r, struct unpacked *u, const char *archive)
{
	struct store *s = r->j.s;
	struct store_cfg like = {.loop = s->loop, .resource = s->resource, .nresource = s->nresource};

	remove_tree(u->tree);
	int err = make_dirs(u->base, "data/x");
	if (!err)
		err = unpack(u, archive, &r->j.why);
	if (!err)
		err = unpacked_open(u, &like, slice_str(r->pass), &r->j.why);
	if (err)
		return err;
	r->res = about(u);
	err = r->res ? keep_about(u, r->res) : ENOMEM;
	if (!err)
		err = export_unpacked(u, r->res);
	if (!err)
		err = json_object_set_new(r->res, "id", json_string(r->id)) ? ENOMEM : 0;
	return err;
}

static int check_run(struct job *j, struct db *none)
{
	struct restore *r = CONTAINER_OF(j, struct restore, j);
	bool again = r->id != NULL;
	char archive[2 * BACKUP_PATH], id[RESTORE_ID + 1];
	struct unpacked u;
	int err = 0;

	(void)none;
	if (again && !id_ok(r->id))
		return nothing_there(r);
	if (!again)
		err = mem_strdup(&r->id, rand_text(id, RESTORE_ID));
	if (err)
		return err;
	places(&u, j->s, r->id);
	snprintf(archive, sizeof(archive), "%s/backup.tar.gz", u.base);
	if (!again)
		err = take_archive(r, &u, archive);
	else if (access(archive, R_OK))
		err = nothing_there(r);
	if (!err)
		err = check_archive(r, &u, archive);
	unpacked_close(&u);
	if (err) {
		json_decref(r->res);
		/* the archive is good: another passphrase may be tried */
		bool pass = err == ERR_AUTH || err == ERR_STATE;
		r->res = pass ? json_pack("{s:s}", "id", r->id) : NULL;
		remove_tree(pass ? u.tree : u.base);
	}
	return err;
}

/* ------------------------------------------------------------------ what was checked, again */

static int reopen(struct restore *r, struct unpacked *u)
{
	struct store *s = r->j.s;
	struct store_cfg cfg = {.dir = u->tree, .loop = s->loop, .resource = s->resource, .nresource = s->nresource};
	char path[2 * BACKUP_PATH];

	snprintf(path, sizeof(path), "%s/checked.json", u->base);
	r->res = json_load_file(path, 0, NULL);
	if (!r->res)
		return nothing_there(r);
	return store_open_aside(&u->s, &cfg, &r->j.why);
}

static int read_run(struct job *j, struct db *none)
{
	struct restore *r = CONTAINER_OF(j, struct restore, j);
	struct unpacked u;

	(void)none;
	if (!id_ok(r->id))
		return nothing_there(r);
	places(&u, j->s, r->id);
	int err = reopen(r, &u);
	if (!err)
		err = export_unpacked(&u, r->res);
	if (!err)
		err = json_object_set_new(r->res, "id", json_string(r->id)) ? ENOMEM : 0;
	unpacked_close(&u);
	return err;
}

/* ------------------------------------------------------------------ rows */

/* Values of a row as they are. The row stays where it is until the other statement ran. */
static void copy_row(sqlite3_stmt *from, sqlite3_stmt *to, int n)
{
	sqlite3_reset(to);
	for (int i = 0; i < n; i++)
		(void)sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
}

struct rows {
	const char *table;
	bool no_rowid;    /* it has none: pages are counted */
	bool hours;       /* calls: they are counted by the hour */
	const char *file; /* column that names a file of recordings; NULL: none */
	/* made of the columns that the table has here */
	struct buf read, add;
	int ncol, file_col;
};

static bool file_there(const struct store *s, struct slice file)
{
	char path[BACKUP_PATH];

	snprintf(path, sizeof(path), "%.4000s/%.*s", s->dir, SLICE_FMT(file));
	return recording_file_ok(file) && access(path, F_OK) == 0;
}

/* A few rows, in one transaction of the present database. *more: there are others. */
static int add_some(struct store *s, struct db *from, const struct rows *w, int64_t *last, bool *more, uint64_t *added)
{
	struct hours hs = {.n = 0};
	sqlite3_stmt *rd, *wr;
	uint64_t took = 0;
	int n = 0, err = db_stmt(from, &rd, w->read.p);

	if (err)
		return err;
	db_int(rd, 1, *last);
	db_int(rd, 2, ROWS);
	pthread_mutex_lock(&s->db_lock);
	err = db_exec(&s->w, "BEGIN IMMEDIATE");
	if (!err)
		err = db_stmt(&s->w, &wr, w->add.p);
	while (!err && !(err = db_row(from, rd))) {
		n++;
		*last = w->no_rowid ? *last + 1 : sqlite3_column_int64(rd, w->ncol);
		if (w->file && !file_there(s, db_col(rd, w->file_col)))
			continue;
		copy_row(rd, wr, w->ncol);
		err = db_run(&s->w, wr);
		if (err || !sqlite3_changes(s->w.h))
			continue;
		took++;
		if (w->hours)
			err = hours_restored(&s->w, &hs, sqlite3_last_insert_rowid(s->w.h));
	}
	if (err == ENOENT)
		err = hours_write(&s->w, &hs);
	if (!err)
		err = db_exec(&s->w, "COMMIT");
	if (err)
		db_rollback(&s->w);
	else
		*added += took;
	pthread_mutex_unlock(&s->db_lock);
	sqlite3_reset(rd);
	*more = n == ROWS;
	return err;
}

/* Both databases are of this version: they have the same columns. */
static int read_columns(struct db *db, struct rows *w, struct buf *cols, struct buf *marks)
{
	sqlite3_stmt *st;
	int err = db_stmt(db, &st, "SELECT name FROM pragma_table_info(?)");

	if (err)
		return err;
	db_text(st, 1, slice_str(w->table));
	while (!(err = db_row(db, st))) {
		struct slice name = db_col(st, 0);

		if (w->file && slice_eqs(name, w->file))
			w->file_col = w->ncol;
		buf_printf(cols, "%s\"%.*s\"", w->ncol ? ", " : "", SLICE_FMT(name));
		buf_str(marks, w->ncol++ ? ", ?" : "?");
	}
	return err == ENOENT && w->ncol ? 0 : err;
}

static int make_sql(struct db *db, struct rows *w)
{
	struct buf cols, marks;

	buf_init(&cols);
	buf_init(&marks);
	int err = read_columns(db, w, &cols, &marks);
	if (w->no_rowid)
		buf_printf(&w->read, "SELECT %.*s FROM %s ORDER BY %.*s LIMIT ?2 OFFSET ?1", SLICE_FMT(buf_get(&cols)),
			   w->table, SLICE_FMT(buf_get(&cols)));
	else
		buf_printf(&w->read, "SELECT %.*s, rowid FROM %s WHERE rowid > ?1 ORDER BY rowid LIMIT ?2",
			   SLICE_FMT(buf_get(&cols)), w->table);
	buf_printf(&w->add, "INSERT OR IGNORE INTO %s (%.*s) VALUES (%.*s)", w->table, SLICE_FMT(buf_get(&cols)),
		   SLICE_FMT(buf_get(&marks)));
	buf_char(&w->read, '\0');
	buf_char(&w->add, '\0');
	if (!err)
		err = buf_err(&w->read) ? buf_err(&w->read) : buf_err(&w->add);
	buf_free(&cols);
	buf_free(&marks);
	return err;
}

static int add_rows(struct store *s, struct db *from, struct rows w, uint64_t *added)
{
	int64_t last = w.no_rowid ? 0 : INT64_MIN;
	bool more = true;

	buf_init(&w.read);
	buf_init(&w.add);
	int err = make_sql(from, &w);
	while (more && !err)
		err = side_stopped(s) ? ECANCELED : add_some(s, from, &w, &last, &more, added);
	buf_free(&w.read);
	buf_free(&w.add);
	return err;
}

/* ------------------------------------------------------------------ bringing in */

static void add_certificate(const struct unpacked *u, json_t *res)
{
	struct buf cert, key;

	buf_init(&cert);
	buf_init(&key);
	if (!unseal_file(u, "tls/cert.pem", &cert) && !unseal_file(u, "tls/key.pem", &key))
		(void)json_object_set_new(
			res, "certificate",
			json_pack("{s:s%, s:s%}", "certificate", cert.p, cert.l, "key", key.p, key.l));
	if (key.p)
		mem_wipe(key.p, key.l);
	buf_free(&cert);
	buf_free(&key);
}

static int merge(struct restore *r, struct unpacked *u)
{
	struct store *s = r->j.s;
	uint64_t files = 0, cdr = 0, rec = 0, names = 0;
	int err = place_files(u, "sounds", &files);

	if (!err)
		err = place_files(u, "voicemail", &files);
	if (!err)
		err = place_files(u, "recordings", &files);
	if (!err)
		err = add_rows(s, &u->s->w, (struct rows){.table = "cdr", .hours = true}, &cdr);
	if (!err)
		err = add_rows(s, &u->s->w, (struct rows){.table = "caller_name", .no_rowid = true}, &names);
	if (!err)
		err = add_rows(s, &u->s->w, (struct rows){.table = "recording", .file = "file"}, &rec);
	if (err)
		return err;
	json_decref(r->res);
	r->res = json_pack("{s:I, s:I, s:I}", "cdr", (json_int_t)cdr, "recordings", (json_int_t)rec, "files",
			   (json_int_t)files);
	if (!r->res)
		return ENOMEM;
	add_certificate(u, r->res);
	log_info("store", "restored: %llu call records, %llu recordings, %llu files were missing",
		 (unsigned long long)cdr, (unsigned long long)rec, (unsigned long long)files);
	return 0;
}

static int merge_run(struct job *j, struct db *none)
{
	struct restore *r = CONTAINER_OF(j, struct restore, j);
	struct unpacked u;

	(void)none;
	if (!id_ok(r->id))
		return nothing_there(r);
	places(&u, j->s, r->id);
	int err = reopen(r, &u);
	if (!err)
		err = merge(r, &u);
	unpacked_close(&u);
	if (!err)
		remove_tree(u.base);
	return err;
}

/* ------------------------------------------------------------------ asking */

static void destroy(void *arg)
{
	struct restore *r = arg;

	if (r->pass)
		mem_wipe(r->pass, strlen(r->pass));
	mem_deref(r->pass);
	mem_deref(r->file);
	mem_deref(r->id);
	buf_free(&r->data);
	json_decref(r->res);
	job_destroy(&r->j);
}

static void done(struct job *j)
{
	struct restore *r = CONTAINER_OF(j, struct restore, j);

	r->h(j->err, j->err ? job_why(j) : "", r->res, r->arg);
}

static void post(struct store *s, int (*run)(struct job *j, struct db *db), const struct store_restore *what,
		 store_json_h *h, void *arg)
{
	struct restore *r;
	void *v;
	int err = job_alloc(&v, sizeof(*r), destroy, s);

	if (err) {
		h(err, "Memory is out.", NULL, arg);
		return;
	}
	r = v;
	r->j.run = run;
	r->j.done = done;
	r->h = h;
	r->arg = arg;
	buf_init(&r->data);
	buf_slice(&r->data, what->data);
	err = buf_err(&r->data);
	if (!err && what->file)
		err = mem_strdup(&r->file, what->file);
	if (!err && what->id)
		err = mem_strdup(&r->id, what->id);
	if (!err && what->passphrase.l)
		err = slice_dup(&r->pass, what->passphrase);
	r->j.err = err;
	if (err)
		job_answer(&r->j);
	else
		job_side(&r->j);
}

void store_restore_check(struct store *s, const struct store_restore *r, store_json_h *h, void *arg)
{
	post(s, check_run, r, h, arg);
}

void store_restore_read(struct store *s, const char *id, store_json_h *h, void *arg)
{
	post(s, read_run, &(struct store_restore){.id = id}, h, arg);
}

void store_restore_merge(struct store *s, const char *id, store_json_h *h, void *arg)
{
	post(s, merge_run, &(struct store_restore){.id = id}, h, arg);
}
