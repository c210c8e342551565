/*
 * backup_test.c - backups: made, checked, brought in, restored whole; damaged, foreign and hostile ones; a kill in the
 * middle.
 */
#include "unit.h"
#include "store/backup_priv.h"

static void shell(const char *fmt, ...) PRINTF_LIKE(1, 2);
static void shell(const char *fmt, ...)
{
	char cmd[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	assert_int_equal(system(cmd), 0);
}

static int teardown(void **st)
{
	struct fix *f = *st;

	fix_close(f);
	shell("rm -rf %s", f->dir);
	assert_int_equal(mkdir(f->dir, 0700), 0);
	fix_free(f);
	return 0;
}

static const char *path(const struct fix *f, const char *rel)
{
	static char text[4][300];
	static unsigned at;
	char *out = text[at++ % 4];

	snprintf(out, sizeof(text[0]), "%s/%s", f->dir, rel);
	return out;
}

static void put_file(const struct fix *f, const char *rel, const char *text)
{
	assert_int_equal(make_dirs(f->dir, rel), 0);
	assert_int_equal(write_new(path(f, rel), text, strlen(text)), 0);
}

static bool there(const struct fix *f, const char *rel)
{
	return access(path(f, rel), F_OK) == 0;
}

static void put_call(struct fix *f, const char *id)
{
	const struct cdr_row row = {.id = slice_str(id), .from = SLICE("100"), .start_ms = 1000, .end_ms = 2000};

	store_cdr(f->s, &row, true);
}

static int backup(struct fix *f, const char *pass, bool recordings)
{
	const struct store_backup b = {.keep = true, .passphrase = slice_str(pass), .recordings = recordings};

	store_backup(f->s, &b, fix_json_h, f);
	fix_wait(f);
	return f->err;
}

static const char *made(const struct fix *f)
{
	return json_string_value(json_object_get(f->res, "path"));
}

static int check(struct fix *f, const char *file, const char *pass)
{
	const struct store_restore r = {.file = file, .passphrase = slice_str(pass)};

	store_restore_check(f->s, &r, fix_json_h, f);
	fix_wait(f);
	return f->err;
}

static int check_bytes(struct fix *f, const void *p, size_t n)
{
	const struct store_restore r = {.data = slice_mem(p, n)};

	store_restore_check(f->s, &r, fix_json_h, f);
	fix_wait(f);
	return f->err;
}

static int merge(struct fix *f, const char *id)
{
	store_restore_merge(f->s, id, fix_json_h, f);
	fix_wait(f);
	return f->err;
}

static int64_t sum_of(struct fix *f, const char *sql)
{
	int64_t n = -1;

	assert_int_equal(store_flush(f->s, 5000), 0);
	pthread_mutex_lock(&f->s->db_lock);
	assert_int_equal(db_get_int(&f->s->w, sql, &n), 0);
	pthread_mutex_unlock(&f->s->db_lock);
	return n;
}

static int64_t calls(struct fix *f)
{
	return sum_of(f, "SELECT count(*) FROM cdr");
}

static int fresh(struct fix *f, const char *dir, const char *file, const char *pass)
{
	struct store_cfg cfg = {
		.dir = dir, .loop = f->loop, .resource = test_resources, .nresource = ARRAY_LEN(test_resources)};
	struct buf why;

	buf_init(&why);
	int err = store_restore_fresh(&cfg, file, slice_str(pass), NULL, &why);
	snprintf(f->why, sizeof(f->why), "%.*s", SLICE_FMT(buf_get(&why)));
	buf_free(&why);
	return err;
}

/* A sentence with these words. */
static void says(const struct fix *f, const char *words)
{
	if (!strstr(f->why, words) || f->why[strlen(f->why) - 1] != '.')
		fail_msg("\"%s\" says nothing of \"%s\"", f->why, words);
}

/* ------------------------------------------------------------------ made and brought in */

static void contents(void **st)
{
	static const char *const want[] = {"offhook-backup",  "offhook.db",       "tls/key.pem",
					   "sounds/en/a.wav", "recordings/r.wav", "manifest.json"};
	struct fix *f = *st;
	char name[TAR_NAME_MAX + 1], text[64];
	uint64_t size;
	struct tar t;
	size_t n;

	put_file(f, "tls/key.pem", "private");
	put_file(f, "sounds/en/a.wav", "sound");
	put_file(f, "recordings/r.wav", "talk");
	assert_int_equal(symlink("/etc/passwd", path(f, "sounds/link")), 0);
	put_call(f, "one");
	assert_int_equal(fix_change(f, CHANGE_CREATE, "100", "{\"number\": \"100\"}"), 0);
	assert_int_equal(backup(f, NULL, true), 0);
	RES(f, "counts.cdr", "1");
	RES(f, "counts.extensions", "1");
	RES(f, "passphrase", "false");
	RES(f, "skipped.0", "sounds/link");
	assert_int_equal(tar_open(&t, open(made(f), O_RDONLY)), 0);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_int_equal(tar_next(&t, name, &size), 0);
		assert_string_equal(name, want[i]);
		if (!strcmp(name, "tls/key.pem")) {
			/* not for who finds the backup */
			assert_int_equal(tar_get(&t, text, sizeof(text), &n), 0);
			assert_memory_equal(text, "v1:", 3);
		}
	}
	assert_int_equal(tar_next(&t, name, &size), ENOENT);
	assert_int_equal(tar_close(&t), 0);
	/* without recordings */
	assert_int_equal(backup(f, NULL, false), 0);
	shell("test $(tar tzf %s | grep -c recordings) = 0", made(f));
}

static void comes_back(void **st)
{
	struct fix *f = *st;
	char id[32];

	assert_int_equal(fix_change(f, CHANGE_CREATE, "100", "{\"number\": \"100\", \"password\": \"secret-one\"}"), 0);
	put_call(f, "one");
	put_call(f, "two");
	put_file(f, "sounds/a.wav", "sound");
	assert_int_equal(backup(f, NULL, false), 0);
	snprintf(id, sizeof(id), "%s", "");
	char file[80];
	snprintf(file, sizeof(file), "%s", fix_str(f->res, "file"));
	fix_close(f);
	fix_sql(f, "DELETE FROM cdr WHERE id = 'two'");
	fix_open(f);
	put_call(f, "three");
	shell("rm %s", path(f, "sounds/a.wav"));
	assert_int_equal(check(f, file, NULL), 0);
	RES(f, "configuration.extensions.0.password", "secret-one");
	snprintf(id, sizeof(id), "%s", fix_str(f->res, "id"));
	/* nothing is changed yet */
	assert_int_equal(calls(f), 2);
	assert_false(there(f, "sounds/a.wav"));
	store_restore_read(f->s, id, fix_json_h, f);
	fix_wait(f);
	assert_int_equal(f->err, 0);
	RES(f, "configuration.extensions.0.number", "100");
	assert_int_equal(merge(f, id), 0);
	RES(f, "cdr", "1");
	RES(f, "files", "1");
	assert_int_equal(calls(f), 3);
	assert_true(there(f, "sounds/a.wav"));
	/* counted by the hour, once (the row that was taken away by hand had been as well) */
	assert_int_equal(sum_of(f, "SELECT sum(calls) FROM cdr_hour"), 4);
	/* and is forgotten */
	assert_int_equal(merge(f, id), ENOENT);
	says(f, "send it again");
	assert_int_equal(merge(f, "../../../etc"), ENOENT);
}

static void names(void **st)
{
	struct fix *f = *st;

	assert_int_equal(check(f, "../key", NULL), ENOENT);
	assert_int_equal(check(f, "/etc/passwd", NULL), ENOENT);
	assert_int_equal(check(f, "nothing.tar.gz", NULL), ENOENT);
	says(f, "There is no file nothing.tar.gz");
}

/* ------------------------------------------------------------------ keys */

static void keys(void **st)
{
	struct fix *f = *st;
	char plain[300], locked[300], id[32], dir[100];

	assert_int_equal(fix_change(f, CHANGE_CREATE, "100", "{\"number\": \"100\", \"password\": \"secret-one\"}"), 0);
	assert_int_equal(backup(f, NULL, false), 0);
	snprintf(plain, sizeof(plain), "%s", made(f));
	assert_int_equal(backup(f, "correct horse", false), 0);
	RES(f, "passphrase", "true");
	snprintf(locked, sizeof(locked), "%s", made(f));
	snprintf(dir, sizeof(dir), "%s/elsewhere", f->dir);
	assert_int_equal(fresh(f, dir, plain, NULL), ERR_STATE);
	says(f, "without a passphrase");
	assert_int_equal(fresh(f, dir, locked, NULL), ERR_STATE);
	says(f, "give it");
	assert_int_equal(fresh(f, dir, locked, "wrong horse"), ERR_AUTH);
	says(f, "wrong");
	assert_int_equal(access(path(f, "elsewhere/offhook.db"), F_OK), -1);
	assert_int_equal(access(path(f, "elsewhere/key"), F_OK), -1);
	assert_int_equal(fresh(f, dir, locked, "correct horse"), 0);
	shell("cmp %s %s", path(f, "key"), path(f, "elsewhere/key"));
	assert_int_equal(fresh(f, dir, locked, "correct horse"), EEXIST);
	/* another system: a wrong passphrase can be tried again without sending it all */
	shell("rm -rf %s && mkdir -p %s", dir, dir);
	fix_close(f);
	shell("rm %s/key %s/offhook.db*", f->dir, f->dir);
	fix_open(f);
	const char *file = strrchr(locked, '/') + 1;
	assert_int_equal(check(f, file, "wrong"), ERR_AUTH);
	snprintf(id, sizeof(id), "%s", fix_str(f->res, "id"));
	const struct store_restore again = {.id = id, .passphrase = SLICE("correct horse")};
	store_restore_check(f->s, &again, fix_json_h, f);
	fix_wait(f);
	assert_int_equal(f->err, 0);
	RES(f, "configuration.extensions.0.password", "secret-one");
	assert_int_equal(check(f, strrchr(plain, '/') + 1, NULL), ERR_STATE);
}

/* ------------------------------------------------------------------ damaged */

static void damaged(void **st)
{
	struct fix *f = *st;
	struct buf b;

	assert_int_equal(fix_change(f, CHANGE_CREATE, "100", "{\"number\": \"100\"}"), 0);
	assert_int_equal(backup(f, NULL, false), 0);
	buf_init(&b);
	assert_int_equal(read_whole(made(f), 1 << 20, &b), 0);
	assert_int_equal(check_bytes(f, b.p, b.l), 0);
	for (size_t cut = 0; cut < b.l; cut += 1 + b.l / 40) {
		assert_int_equal(check_bytes(f, b.p, cut), ERR_SYNTAX);
		says(f, cut > 2000 ? "damaged" : "backup");
	}
	for (size_t at = 10; at < b.l; at += 1 + b.l / 40) {
		b.p[at] ^= 0x10;
		if (check_bytes(f, b.p, b.l) != ERR_SYNTAX)
			fail_msg("byte %zu changed: %d %s", at, f->err, f->why);
		b.p[at] ^= 0x10;
	}
	/* nothing is left behind */
	shell("test -z \"$(ls %s)\"", path(f, "restore"));
	buf_free(&b);
}

/* ------------------------------------------------------------------ foreign and hostile */

struct part {
	const char *name, *text;
};

/* An archive of these, with a manifest that fits unless a part is one; its path. */
static const char *craft(struct fix *f, const struct part *v, size_t n)
{
	static unsigned number;
	static char file[40];
	json_t *members = json_array(), *o;
	bool own = false;
	struct tar t;
	char hex[SUM_HEX], rel[64];
	struct sum m;

	snprintf(file, sizeof(file), "crafted-%u.tar.gz", number++);
	snprintf(rel, sizeof(rel), "backup/%s", file);
	assert_int_equal(make_dirs(f->dir, rel), 0);
	assert_int_equal(tar_create(&t, open(path(f, rel), O_WRONLY | O_CREAT | O_TRUNC, 0600)), 0);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(tar_begin(&t, v[i].name, strlen(v[i].text), 0), 0);
		assert_int_equal(tar_put(&t, v[i].text, strlen(v[i].text)), 0);
		assert_int_equal(sum_begin(&m), 0);
		sum_add(&m, v[i].text, strlen(v[i].text));
		sum_end(&m, hex);
		json_array_append_new(members, json_pack("{s:s, s:s}", "name", v[i].name, "sha256", hex));
		own = own || !strcmp(v[i].name, "manifest.json");
	}
	o = json_pack("{s:i, s:o, s:n}", "format", 1, "members", members, "key");
	char *text = json_dumps(o, 0);
	if (!own) {
		assert_int_equal(tar_begin(&t, "manifest.json", strlen(text), 0), 0);
		assert_int_equal(tar_put(&t, text, strlen(text)), 0);
	}
	assert_int_equal(tar_close(&t), 0);
	free(text);
	json_decref(o);
	return file;
}

#define MARK                                                                                                           \
	{                                                                                                              \
		"offhook-backup", "offhook backup 1\n"                                                                 \
	}
#define CRAFT(f, ...)                                                                                                  \
	craft(f, (const struct part[]){__VA_ARGS__}, sizeof((const struct part[]){__VA_ARGS__}) / sizeof(struct part))

static void refused(struct fix *f, const char *file, const char *words)
{
	assert_int_equal(check(f, file, NULL), ERR_SYNTAX);
	says(f, words);
	assert_false(there(f, "evil"));
	assert_false(there(f, "restore/evil"));
}

static void hostile(void **st)
{
	struct fix *f = *st;

	refused(f, CRAFT(f, {"hello.txt", "hello"}), "no backup of offhook");
	refused(f, CRAFT(f, {"offhook-backup", "something else"}), "no backup of offhook");
	refused(f, CRAFT(f, {"offhook-backup", "offhook backup 2\n"}), "newer version");
	refused(f, CRAFT(f, MARK, {"sounds/../../../evil", "x"}), "leads out");
	refused(f, CRAFT(f, MARK, {"/evil", "x"}), "leads out");
	refused(f, CRAFT(f, MARK, {"../evil", "x"}), "leads out");
	refused(f, CRAFT(f, MARK, {"key", "x"}), "no backup has");
	refused(f, CRAFT(f, MARK, {"sounds/.bashrc", "x"}), "no backup has");
	refused(f, CRAFT(f, MARK, {"sounds/a\nb", "x"}), "no backup has");
	refused(f, CRAFT(f, MARK, {"sounds/a", "x"}, {"sounds/a", "y"}), "twice");
	refused(f, CRAFT(f, MARK, {"offhook.db", "no database"}), "database cannot be read");
	refused(f, CRAFT(f, MARK, {"sounds/a", "x"}), "no database");
	refused(f, CRAFT(f, MARK, {"offhook.db", "x"}, {"manifest.json", "{"}), "manifest");
	refused(f, CRAFT(f, MARK, {"offhook.db", "x"}, {"manifest.json", "{\"members\": []}"}), "does not name");
	refused(f, CRAFT(f, MARK, {"manifest.json", "{}"}, {"offhook.db", "x"}), "twice");
	/* a link instead of a file, made by another program */
	shell("cd %s/backup && mkdir x && cd x && printf 'offhook backup 1\\n' >offhook-backup && mkdir sounds && "
	      "ln -s /etc/passwd sounds/p && tar -czf ../link.tar.gz --format=ustar offhook-backup sounds/p",
	      f->dir);
	refused(f, "link.tar.gz", "no file");
	shell("head -c 3000 /dev/urandom >%s/backup/noise.tar.gz", f->dir);
	refused(f, "noise.tar.gz", "no backup of offhook");
	shell("head -c 3000 /dev/urandom | gzip >%s/backup/noise2.tar.gz", f->dir);
	refused(f, "noise2.tar.gz", "no backup of offhook");
}

/* A member that is said to be larger than any disk, and one that is. */
static void bomb(void **st)
{
	struct fix *f = *st;
	char zero[65536] = {0};
	struct tar t;

	assert_int_equal(make_dirs(f->dir, "backup/x"), 0);
	assert_int_equal(tar_create(&t, open(path(f, "backup/bomb.tar.gz"), O_WRONLY | O_CREAT, 0600)), 0);
	assert_int_equal(tar_begin(&t, "offhook-backup", 17, 0), 0);
	assert_int_equal(tar_put(&t, "offhook backup 1\n", 17), 0);
	assert_int_equal(tar_begin(&t, "sounds/large", (uint64_t)1 << 50, 0), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(tar_put(&t, zero, sizeof(zero)), 0);
	assert_int_not_equal(tar_close(&t), 0);
	assert_int_equal(check(f, "bomb.tar.gz", NULL), ENOSPC);
	says(f, "does not fit");
	shell("test -z \"$(ls %s)\"", path(f, "restore"));
}

/* What a database can hold beside tables would run within ours; a row may name a file that is not a recording. */
static void hostile_rows(void **st)
{
	struct fix *f = *st;
	char id[32];

	const struct recording_row bad = {.id = SLICE("r1"),
					  .call_id = SLICE("c"),
					  .state = SLICE("complete"),
					  .file = SLICE("recordings/../key")};
	const struct recording_row good = {.id = SLICE("r2"),
					   .call_id = SLICE("c"),
					   .state = SLICE("complete"),
					   .file = SLICE("recordings/a.wav")};
	put_file(f, "recordings/a.wav", "talk");
	store_recording(f->s, &bad);
	store_recording(f->s, &good);
	assert_int_equal(backup(f, NULL, true), 0);
	char file[80];
	snprintf(file, sizeof(file), "%s", fix_str(f->res, "file"));
	fix_close(f);
	fix_sql(f, "DELETE FROM recording");
	fix_open(f);
	shell("rm %s", path(f, "recordings/a.wav"));
	assert_int_equal(check(f, file, NULL), 0);
	snprintf(id, sizeof(id), "%s", fix_str(f->res, "id"));
	assert_int_equal(merge(f, id), 0);
	RES(f, "recordings", "1");
	RES(f, "files", "1");
	fix_close(f);
	fix_sql(f, "CREATE TRIGGER evil AFTER INSERT ON cdr BEGIN DELETE FROM extensions; END");
	fix_open(f);
	assert_int_equal(backup(f, NULL, false), 0);
	snprintf(file, sizeof(file), "%s", fix_str(f->res, "file"));
	assert_int_equal(check(f, file, NULL), ERR_SYNTAX);
	says(f, "damaged");
}

static void newer_database(void **st)
{
	struct fix *f = *st;
	char file[80], keep[300];

	assert_int_equal(backup(f, NULL, false), 0);
	fix_close(f);
	snprintf(keep, sizeof(keep), "cp %s %s.keep", path(f, "offhook.db"), path(f, "offhook.db"));
	shell("%s", keep);
	fix_open(f);
	pthread_mutex_lock(&f->s->db_lock);
	assert_int_equal(db_exec(&f->s->w, "UPDATE migration SET step = 9999"), 0);
	pthread_mutex_unlock(&f->s->db_lock);
	assert_int_equal(backup(f, NULL, false), 0);
	snprintf(file, sizeof(file), "%s", fix_str(f->res, "file"));
	assert_int_equal(check(f, file, NULL), ERR_SYNTAX);
	says(f, "newer version");
}

/* ------------------------------------------------------------------ at once, and cut short */

static void late(void *arg)
{
	loop_stop(((struct fix *)arg)->loop);
}

static void fix_run(struct fix *f)
{
	timer_start(&f->guard, f->loop, 60000, late, f);
	loop_run(f->loop);
	timer_stop(&f->guard);
}

static void busy(void **st)
{
	struct fix *f = *st;
	const struct store_backup b = {.keep = true};
	struct fix other = *f;

	other.answered = false;
	other.res = NULL;
	store_backup(f->s, &b, fix_json_h, f);
	store_backup(f->s, &b, fix_json_h, &other);
	for (int i = 0; i < 3 && !(f->answered && other.answered); i++)
		fix_run(f);
	assert_true(f->answered && other.answered);
	f->answered = false;
	/* the second one waits for nobody and says so, unless the first had ended */
	assert_true(f->err == 0 || other.err == 0);
	assert_true(f->err == 0 || f->err == EBUSY);
	assert_true(other.err == 0 || other.err == EBUSY);
	json_decref(other.res);
}

static void without_memory(void **st)
{
	struct fix *f = *st;
	bool all = false;
	char file[80];

	put_file(f, "sounds/a.wav", "sound");
	for (long n = 0; n < 400 && !all; n++) {
		const struct store_backup b = {.keep = true, .passphrase = SLICE("correct horse")};

		mem_fail_at(n);
		store_backup(f->s, &b, fix_json_h, f);
		vnet_run(f->net, 1);
		all = mem_fail_off() <= n;
		assert_true(f->answered);
		f->answered = false;
		assert_true(f->err == 0 || f->err == ENOMEM);
		all = all && !f->err;
	}
	assert_true(all);
	snprintf(file, sizeof(file), "%s", fix_str(f->res, "file"));
	all = false;
	for (long n = 0; n < 4000 && !all; n += n < 100 ? 1 : 7) {
		const struct store_restore r = {.file = file};

		mem_fail_at(n);
		store_restore_check(f->s, &r, fix_json_h, f);
		vnet_run(f->net, 1);
		all = mem_fail_off() <= n;
		assert_true(f->answered);
		f->answered = false;
		if (f->err && f->err != ENOMEM)
			fail_msg("allocation %ld: %d %s", n, f->err, f->why);
		all = all && !f->err;
	}
	assert_true(all);
}

enum { MANY = 3000 };

/* In a process of its own: bring in, and be killed on the way. */
static void bring_in(struct fix *f, const char *file)
{
	char id[32];

	if (check(f, file, NULL))
		_exit(1);
	snprintf(id, sizeof(id), "%s", fix_str(f->res, "id"));
	(void)merge(f, id);
	_exit(0);
}

static void killed(void **st)
{
	struct fix *f = *st;
	char file[80], name[16];

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		put_call(f, name);
	}
	put_file(f, "sounds/a.wav", "sound");
	assert_int_equal(fix_change(f, CHANGE_CREATE, "100", "{\"number\": \"100\"}"), 0);
	assert_int_equal(backup(f, NULL, false), 0);
	snprintf(file, sizeof(file), "%s", fix_str(f->res, "file"));
	fix_close(f);
	fix_sql(f, "DELETE FROM cdr WHERE id <> 'c7'");
	for (unsigned ms = 1; ms < 200; ms = ms * 2 + 1) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid) {
			struct fix *g = fix_new(false);

			rmdir(g->dir);
			memcpy(g->dir, f->dir, sizeof(g->dir));
			fix_open(g);
			bring_in(g, file);
		}
		usleep(ms * 1000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		/* what was there is there */
		fix_open(f);
		assert_true(calls(f) >= 1);
		assert_int_equal(fix_get(f, "100", false), 0);
		fix_close(f);
	}
	fix_open(f);
	assert_int_equal(check(f, file, NULL), 0);
	char id[32];
	snprintf(id, sizeof(id), "%s", fix_str(f->res, "id"));
	assert_int_equal(merge(f, id), 0);
	assert_int_equal(calls(f), MANY);
}

/* The same for a whole restore: until the database is there, there is none, and it can be done again. */
static void killed_fresh(void **st)
{
	struct fix *f = *st;
	char file[300], dir[100];

	assert_int_equal(fix_change(f, CHANGE_CREATE, "100", "{\"number\": \"100\"}"), 0);
	put_file(f, "tls/cert.pem", "certificate");
	assert_int_equal(backup(f, "correct horse", false), 0);
	snprintf(file, sizeof(file), "%s", made(f));
	snprintf(dir, sizeof(dir), "%s/elsewhere", f->dir);
	fix_close(f);
	for (unsigned ms = 20; ms < 400; ms = ms * 3 / 2) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid)
			_exit(fresh(f, dir, file, "correct horse") != 0);
		usleep(ms * 1000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		int err = fresh(f, dir, file, "correct horse");
		if (err && err != EEXIST)
			fail_msg("after %u ms: %s", ms, f->why);
		memcpy(f->dir + strlen(f->dir), "/elsewhere", sizeof("/elsewhere"));
		fix_open(f);
		assert_int_equal(fix_get(f, "100", false), 0);
		fix_close(f);
		f->dir[strlen(f->dir) - strlen("/elsewhere")] = '\0';
		shell("cmp %s %s", path(f, "tls/cert.pem"), path(f, "elsewhere/tls/cert.pem"));
		shell("rm -rf %s", dir);
	}
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, fix_setup_virtual, teardown)
#define TT(fn)                                                                                                         \
	{                                                                                                              \
#fn "_threads", fn, fix_setup_threads, teardown, NULL                                                  \
	}
	const struct CMUnitTest tests[] = {
		T(contents),       TT(contents),      T(comes_back), TT(comes_back), T(names),
		T(keys),           T(damaged),        T(hostile),    T(bomb),        T(hostile_rows),
		T(newer_database), T(without_memory), TT(busy),      TT(killed),     T(killed_fresh),
	};

	return cmocka_run_group_tests_name("store backup", tests, NULL, NULL);
}
