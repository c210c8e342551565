/*
 * backup.c - making a backup: a copy of the database of one moment, then all files into one archive, the manifest last.
 *
 * Side thread. The copy is made by SQLite's backup interface within a read transaction, so nobody waits for it. What
 * lies in tls/ is sealed like the secrets of the database: who finds a backup is not this server.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/log.h"
#include "base/rand.h"
#include "store/backup_priv.h"

enum { DEPTH_MAX = 8, CHUNK = 32768, COPY_PAGES = 1024 };

struct backup {
	struct job j;
	bool recordings, keep;
	char *pass; /* NULL: none */
	json_t *res;
	store_json_h *h;
	void *arg;
};

/* While it is made. */
struct work {
	struct store *s;
	struct backup *b;
	struct tar t;
	json_t *members, *skipped, *counts;
	int64_t at_ms;
	char name[64], path[BACKUP_PATH], tmp[BACKUP_PATH], copy[BACKUP_PATH];
	char chunk[CHUNK];
};

/* ------------------------------------------------------------------ members */

static void skip(struct work *w, const char *name)
{
	json_t *v = json_string(name);

	log_warn("store", "not in the backup: %s", name);
	(void)json_array_append_new(w->skipped, v ? v : json_string("a file with a strange name"));
}

static int add_member(struct work *w, const char *name, uint64_t bytes, const char *hex)
{
	json_t *o = json_pack("{s:s, s:I, s:s}", "name", name, "bytes", (json_int_t)bytes, "sha256", hex);

	return json_array_append_new(w->members, o) ? ENOMEM : 0;
}

static int add_bytes(struct work *w, const char *name, struct slice data)
{
	char hex[SUM_HEX];
	struct sum m;
	int err = tar_begin(&w->t, name, data.l, w->at_ms / 1000);

	if (err == ENAMETOOLONG) {
		skip(w, name);
		return 0;
	}
	if (!err)
		err = tar_put(&w->t, data.p, data.l);
	if (err)
		return err;
	err = sum_begin(&m);
	if (!err)
		sum_add(&m, data.p, data.l);
	sum_end(&m, hex);
	return err ? err : add_member(w, name, data.l, hex);
}

/* `size` bytes of a file; one that has become shorter meanwhile is filled with zeros. */
static int copy_bytes(struct work *w, int fd, uint64_t size, struct sum *m)
{
	int err = 0;

	while (size && !err) {
		size_t want = size < CHUNK ? (size_t)size : CHUNK;
		ssize_t n = read(fd, w->chunk, want);

		if (n < 0)
			return errno;
		if (!n)
			memset(w->chunk, 0, (size_t)(n = (ssize_t)want));
		sum_add(m, w->chunk, (size_t)n);
		err = side_stopped(w->s) ? ECANCELED : tar_put(&w->t, w->chunk, (size_t)n);
		size -= (size_t)n;
	}
	return err;
}

static int add_fd(struct work *w, const char *name, int fd, const struct stat *st)
{
	uint64_t size = (uint64_t)st->st_size;
	char hex[SUM_HEX];
	struct sum m;
	int err = tar_begin(&w->t, name, size, st->st_mtim.tv_sec);

	if (err == ENAMETOOLONG) {
		skip(w, name);
		return 0;
	}
	if (err)
		return err;
	err = sum_begin(&m);
	if (!err)
		err = copy_bytes(w, fd, size, &m);
	sum_end(&m, hex);
	return err ? err : add_member(w, name, size, hex);
}

static int add_sealed(struct work *w, const char *name, const char *path)
{
	struct buf plain, b;

	buf_init(&plain);
	buf_init(&b);
	int err = read_whole(path, 60000, &plain);
	if (!err)
		err = store_seal(w->s, buf_get(&plain), &b);
	if (!err)
		err = add_bytes(w, name, buf_get(&b));
	if (plain.p)
		mem_wipe(plain.p, plain.l);
	buf_free(&plain);
	buf_free(&b);
	return err;
}

static int add_file(struct work *w, const char *name, const char *path)
{
	struct stat st;

	if (!member_name_ok(name)) {
		skip(w, name);
		return 0;
	}
	if (!strncmp(name, "tls/", 4))
		return add_sealed(w, name, path);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		if (errno != ENOENT) /* else it was removed since we looked */
			skip(w, name);
		return 0;
	}
	int err = 0;
	if (fstat(fd, &st))
		err = errno;
	else if (S_ISREG(st.st_mode))
		err = add_fd(w, name, fd, &st);
	else
		skip(w, name);
	close(fd);
	return err;
}

static int add_dir(struct work *w, const char *rel, int depth);

static int add_entry(struct work *w, const char *rel, const char *entry, int depth)
{
	char name[BACKUP_PATH], path[2 * BACKUP_PATH];
	struct stat st;
	int n = snprintf(name, sizeof(name), "%s/%s", rel, entry);

	snprintf(path, sizeof(path), "%s/%s", w->s->dir, name);
	if (n >= BACKUP_PATH || lstat(path, &st))
		return 0;
	if (S_ISDIR(st.st_mode))
		return add_dir(w, name, depth + 1);
	if (S_ISREG(st.st_mode))
		return add_file(w, name, path);
	skip(w, name);
	return 0;
}

/* In order of names, so that two backups of the same are alike. */
static int add_dir(struct work *w, const char *rel, int depth)
{
	char path[2 * BACKUP_PATH];
	struct dirent **v = NULL;
	int err = 0;

	if (depth > DEPTH_MAX) {
		skip(w, rel);
		return 0;
	}
	snprintf(path, sizeof(path), "%s/%s", w->s->dir, rel);
	int n = scandir(path, &v, NULL, alphasort);
	if (n < 0)
		return errno == ENOENT ? 0 : errno;
	for (int i = 0; i < n; i++) {
		if (!err && v[i]->d_name[0] != '.')
			err = add_entry(w, rel, v[i]->d_name, depth);
		free(v[i]);
	}
	free(v);
	return err;
}

/* ------------------------------------------------------------------ the database */

static int count(struct work *w, struct db *db, const char *name, const char *table)
{
	char sql[128];
	int64_t n = 0;

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM \"%s\"", table);
	int err = db_get_int(db, sql, &n);

	return err ? err : json_object_set_new(w->counts, name, json_integer(n)) ? ENOMEM : 0;
}

static int counts(struct work *w, struct db *db)
{
	int err = count(w, db, "cdr", "cdr");

	if (!err)
		err = count(w, db, "recordings", "recording");
	for (size_t i = 0; !err && i < w->s->nresource; i++)
		err = count(w, db, w->s->resource[i]->plural, w->s->resource[i]->plural);
	return err;
}

static int copy_pages(struct work *w, struct db *from, struct db *to)
{
	sqlite3_backup *bk = sqlite3_backup_init(to->h, "main", from->h, "main");
	int rc = SQLITE_OK, err = 0;

	if (!bk)
		return db_errno(to, sqlite3_errcode(to->h));
	while (!err && rc == SQLITE_OK) {
		rc = sqlite3_backup_step(bk, COPY_PAGES);
		err = side_stopped(w->s) ? ECANCELED : 0;
	}
	if (!err && rc != SQLITE_DONE)
		err = db_errno(to, rc);
	rc = sqlite3_backup_finish(bk);
	return err ? err : db_errno(to, rc);
}

static int copy_db(struct work *w)
{
	struct db from, to = {0};
	int err = write_new(w->copy, "", 0);

	if (err)
		return err;
	err = db_open(&from, w->s->path, true, 500);
	if (err)
		return err;
	if (sqlite3_open_v2(w->copy, &to.h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		err = EIO;
	/* counts and pages of the same moment */
	if (!err)
		err = db_exec(&from, "BEGIN");
	if (!err)
		err = counts(w, &from);
	if (!err)
		err = copy_pages(w, &from, &to);
	if (sqlite3_close(to.h) != SQLITE_OK && !err)
		err = EIO;
	db_rollback(&from);
	db_close(&from);
	return err;
}

static int add_db(struct work *w)
{
	int err = copy_db(w);

	if (!err)
		err = add_file(w, BACKUP_DB, w->copy);
	unlink(w->copy);
	return err;
}

/* ------------------------------------------------------------------ the whole */

static int add_manifest(struct work *w)
{
	json_t *key = w->b->pass ? wrap_key(w->s, slice_str(w->b->pass)) : json_null(), *o = NULL;
	char *text = NULL;

	(void)json_object_set_new(w->counts, "files", json_integer((json_int_t)json_array_size(w->members)));
	if (key)
		o = json_pack("{s:i, s:s, s:I, s:b, s:o, s:O, s:O, s:O}", "format", BACKUP_FORMAT, "version",
			      OFFHOOK_VERSION, "at", (json_int_t)w->at_ms, "recordings", (int)w->b->recordings, "key",
			      key, "counts", w->counts, "skipped", w->skipped, "members", w->members);
	text = o ? json_dumps(o, JSON_INDENT(1)) : NULL;
	json_decref(o);
	int err = text ? add_bytes(w, BACKUP_MANIFEST, slice_str(text)) : ENOMEM;

	free(text);
	return err;
}

static int add_all(struct work *w)
{
	static const char *const folders[] = {"tls", "sounds", "voicemail", "recordings"};
	char mark[32];

	snprintf(mark, sizeof(mark), "offhook backup %d\n", BACKUP_FORMAT);
	int err = add_bytes(w, BACKUP_MARK, slice_str(mark));

	if (!err)
		err = add_db(w);
	for (size_t i = 0; !err && i < ARRAY_LEN(folders) - !w->b->recordings; i++)
		err = add_dir(w, folders[i], 0);
	return err ? err : add_manifest(w);
}

static int to_disk(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = fd < 0 || fsync(fd) ? errno : 0;

	if (fd >= 0)
		close(fd);
	return err;
}

static int write_archive(struct work *w)
{
	int fd = open(w->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int err = fd < 0 ? errno : tar_create(&w->t, fd), end;

	if (fd < 0 || err)
		return err;
	err = add_all(w);
	end = tar_close(&w->t);
	if (!err)
		err = end;
	if (!err)
		err = to_disk(w->tmp);
	if (!err && rename(w->tmp, w->path))
		err = errno;
	return err;
}

static void set_names(struct work *w)
{
	time_t t = (time_t)(w->at_ms / 1000);
	char chance[9];
	struct tm tm;

	rand_text(chance, 8);
	if (!localtime_r(&t, &tm))
		memset(&tm, 0, sizeof(tm));
	if (w->b->keep)
		snprintf(w->name, sizeof(w->name), "offhook-%04d%02d%02d-%02d%02d%02d-%.4s.tar.gz",
			 (tm.tm_year + 1900) % 10000, (tm.tm_mon + 1) % 100, tm.tm_mday % 100, tm.tm_hour % 100,
			 tm.tm_min % 100, tm.tm_sec % 100, chance);
	else
		snprintf(w->name, sizeof(w->name), "tmp-%s.tar.gz", chance);
	snprintf(w->path, sizeof(w->path), "%s/backup/%s", w->s->dir, w->name);
	snprintf(w->tmp, sizeof(w->tmp), "%s/backup/new-%s", w->s->dir, chance);
	snprintf(w->copy, sizeof(w->copy), "%s/backup/db-%s", w->s->dir, chance);
}

static json_t *result(const struct work *w)
{
	struct stat st = {0};

	(void)!stat(w->path, &st);
	return json_pack("{s:s, s:s, s:I, s:I, s:s, s:b, s:b, s:O, s:O}", "file", w->name, "path", w->path, "bytes",
			 (json_int_t)st.st_size, "at", (json_int_t)w->at_ms, "version", OFFHOOK_VERSION, "passphrase",
			 w->b->pass != NULL, "recordings", (int)w->b->recordings, "counts", w->counts, "skipped",
			 w->skipped);
}

static int run(struct job *j, struct db *none)
{
	struct backup *b = CONTAINER_OF(j, struct backup, j);
	struct work *w = mem_zalloc(sizeof(*w), NULL);
	struct store *s = j->s;
	int err = w ? 0 : ENOMEM;

	(void)none;
	if (err)
		return err;
	store_backup_tidy(s->dir);
	w->s = s;
	w->b = b;
	w->at_ms = store_wall_ms(s);
	w->members = json_array();
	w->skipped = json_array();
	w->counts = json_object();
	set_names(w);
	err = make_dirs(s->dir, "backup/x");
	if (!err)
		err = write_archive(w);
	if (err) {
		unlink(w->tmp);
		unlink(w->copy);
	} else {
		b->res = result(w);
		err = b->res ? 0 : ENOMEM;
		log_info("store", "backup %s: %lld bytes, %zu files", w->name,
			 (long long)json_integer_value(json_object_get(b->res, "bytes")), json_array_size(w->members));
	}
	json_decref(w->members);
	json_decref(w->skipped);
	json_decref(w->counts);
	mem_deref(w);
	return err;
}

/* ------------------------------------------------------------------ asking for one */

static void destroy(void *arg)
{
	struct backup *b = arg;

	if (b->pass)
		mem_wipe(b->pass, strlen(b->pass));
	mem_deref(b->pass);
	json_decref(b->res);
	job_destroy(&b->j);
}

static void done(struct job *j)
{
	struct backup *b = CONTAINER_OF(j, struct backup, j);

	b->h(j->err, j->err ? job_why(j) : "", j->err ? NULL : b->res, b->arg);
}

/* On the reader, after what waited was written: the copy has all that has happened. */
static int written(struct job *j, struct db *db)
{
	(void)j;
	(void)db;
	return 0;
}

static void begin(struct job *j)
{
	struct backup *b = CONTAINER_OF(j, struct backup, j);

	if (j->err) {
		done(j);
		return;
	}
	/* the same job goes on; who posted it drops its reference now */
	j->run = run;
	j->done = done;
	mem_ref(b);
	job_side(j);
}

void store_backup(struct store *s, const struct store_backup *cfg, store_json_h *h, void *arg)
{
	struct backup *b;
	void *v;
	int err = job_alloc(&v, sizeof(*b), destroy, s);

	if (err) {
		h(err, "Memory is out.", NULL, arg);
		return;
	}
	b = v;
	b->j.run = written;
	b->j.done = begin;
	b->j.after_records = true;
	b->recordings = cfg->recordings;
	b->keep = cfg->keep;
	b->h = h;
	b->arg = arg;
	b->j.err = cfg->passphrase.l ? slice_dup(&b->pass, cfg->passphrase) : 0;
	if (b->j.err)
		job_answer(&b->j);
	else
		job_read(&b->j);
}
