/*
 * open_test.c - the data directory at the start: lock, key, damage, permissions, upgrades; what people are told.
 */
#include <linux/capability.h>
#include <sys/syscall.h>
#include "unit.h"

static void path_of(struct fix *f, char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/%s", f->dir, name);
}

static unsigned mode_of(struct fix *f, const char *name)
{
	char path[200];
	struct stat sb;

	path_of(f, path, sizeof(path), name);
	assert_int_equal(stat(path, &sb), 0);
	return sb.st_mode & 07777;
}

static void refused(struct fix *f, int err, const char *words)
{
	int got = fix_try_open(f);

	if (got != err || !strstr(f->why, words))
		print_error("%d: %s\n", got, f->why);
	assert_int_equal(got, err);
	assert_non_null(strstr(f->why, words));
	assert_int_equal(f->why[strlen(f->why) - 1], '.');
}

static void fresh(void **st)
{
	struct fix *f = *st;

	rmdir(f->dir);
	fix_open(f);
	assert_true(store_is_new(f->s));
	assert_string_equal(store_dir(f->s), f->dir);
	assert_int_equal(mode_of(f, ""), 0700);
	assert_int_equal(mode_of(f, "key"), 0600);
	assert_int_equal(mode_of(f, "offhook.db"), 0600);
	assert_int_equal(mode_of(f, "offhook.db-wal"), 0600);
	assert_false(fix_exists(f, "key.new"));
	fix_close(f);
	fix_open(f);
	assert_false(store_is_new(f->s));
	assert_false(fix_exists(f, "offhook.db.before-1"));
	assert_false(fix_exists(f, "offhook.db.before-2"));
}

static void no_parent(void **st)
{
	struct fix *f = *st;
	char keep[64];

	memcpy(keep, f->dir, sizeof(keep));
	snprintf(f->dir, sizeof(f->dir), "/nonexistent/offhook");
	refused(f, ENOENT, "/nonexistent/offhook cannot be made");
	snprintf(f->dir, sizeof(f->dir), "/dev/null");
	refused(f, ENOTDIR, "/dev/null cannot be used");
	memcpy(f->dir, keep, sizeof(keep));
}

static void locked(void **st)
{
	struct fix *f = *st;
	struct store *first;
	char pid[80];

	fix_open(f);
	first = f->s;
	snprintf(pid, sizeof(pid), "in use by another offhook, process %ld.", (long)getpid());
	refused(f, EBUSY, pid);
	f->s = first;
	fix_close(f);
	fix_open(f);
}

static void settings(void **st)
{
	struct fix *f = *st;

	fix_open(f);
	assert_null(store_setting(f->s, "realm"));
	assert_int_equal(store_setting_init(f->s, "realm", "offhook-1"), 0);
	assert_int_equal(store_setting_init(f->s, "realm", "offhook-2"), 0);
	assert_string_equal(store_setting(f->s, "realm"), "offhook-2");
	fix_close(f);
	fix_open(f);
	assert_string_equal(store_setting(f->s, "realm"), "offhook-2");
}

static void seal(void **st)
{
	static const char *const bad[] = {
		"",       "v1:",     "v1:AAAA", "v2:AAAA",
		"secret", "v1:!!!!", "v1:====", "v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
	struct fix *f = *st;
	struct buf a, b, p;
	char big[3000];

	fix_open(f);
	memset(big, 'x', sizeof(big));
	for (size_t n = 0; n < sizeof(big); n += n < 70 ? 1 : 977) {
		buf_init(&a);
		buf_init(&b);
		buf_init(&p);
		assert_int_equal(store_seal(f->s, slice_mem(big, n), &a), 0);
		assert_int_equal(store_seal(f->s, slice_mem(big, n), &b), 0);
		assert_memory_equal(a.p, "v1:", 3);
		assert_false(slice_eq(buf_get(&a), buf_get(&b)));
		assert_int_equal(store_unseal(f->s, buf_get(&a), &p), 0);
		assert_true(slice_eq(buf_get(&p), slice_mem(big, n)));
		/* any change is noticed */
		for (size_t i = 0; i < a.l; i += 1 + a.l / 20) {
			char keep = a.p[i];

			a.p[i] = keep == 'A' ? 'B' : 'A';
			buf_reset(&p);
			assert_int_equal(store_unseal(f->s, buf_get(&a), &p), ERR_AUTH);
			assert_int_equal(p.l, 0);
			a.p[i] = keep;
		}
		assert_int_equal(store_unseal(f->s, slice_first(buf_get(&a), a.l - 1), &p), ERR_AUTH);
		buf_free(&a);
		buf_free(&b);
		buf_free(&p);
	}
	buf_init(&p);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(store_unseal(f->s, slice_str(bad[i]), &p), ERR_AUTH);
	buf_free(&p);
}

static void key_file(void **st)
{
	struct fix *f = *st;
	uint8_t key[33] = {1}, mine[32];
	char path[200], moved[200];
	FILE *fp;

	/* a key that is there before the database is used, and not overwritten */
	fix_write(f, "key", key, 32);
	fix_open(f);
	fix_change(f, CHANGE_CREATE, NULL, "{\"number\":\"1\",\"password\":\"pass-word\"}");
	fix_close(f);
	path_of(f, path, sizeof(path), "key");
	path_of(f, moved, sizeof(moved), "key.moved");
	fp = fopen(path, "rb");
	assert_int_equal(fread(mine, 1, 32, fp), 32);
	fclose(fp);
	assert_memory_equal(mine, key, 32);

	assert_int_equal(rename(path, moved), 0);
	refused(f, ERR_AUTH, "/key is missing.");
	assert_false(fix_exists(f, "key"));
	fix_write(f, "key", key, 31);
	refused(f, ERR_AUTH, "/key is damaged: it must hold 32 bytes.");
	fix_write(f, "key", key, 33);
	refused(f, ERR_AUTH, "/key is damaged: it must hold 32 bytes.");
	key[5] = 9;
	fix_write(f, "key", key, 32);
	refused(f, ERR_AUTH, "/key belongs to another database.");
	assert_int_equal(rename(moved, path), 0);
	/* others could read it: mended */
	chmod(path, 0644);
	fix_open(f);
	assert_int_equal(mode_of(f, "key"), 0600);
	assert_int_equal(fix_get(f, "1", true), 0);
	RES(f, "password", "pass-word");
	fix_close(f);
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	refused(f, EIO, "/key is no ordinary file.");
	rmdir(path);
}

static void damaged(void **st)
{
	struct fix *f = *st;
	char page[4096], path[200];
	int fd;

	fix_open(f);
	fix_change(f, CHANGE_CREATE, NULL, "{\"number\":\"1\"}");
	fix_close(f);
	path_of(f, path, sizeof(path), "offhook.db");
	memset(page, 0x5a, sizeof(page));
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, page, 100, 0), 100);
	close(fd);
	refused(f, EBADMSG, "offhook.db cannot be used. The database is damaged. Stop offhook, move offhook.db away");
	/* the lock is free again, and what is there was not touched */
	refused(f, EBADMSG, "damaged");
	fix_write(f, "offhook.db", page, sizeof(page));
	refused(f, EBADMSG, "damaged");
	fix_write(f, "offhook.db", "SQLite format 3", 16);
	refused(f, EBADMSG, "damaged");
}

/* A page of a table is broken: the start finds it when it reads the rows. */
static void damaged_later(void **st)
{
	struct fix *f = *st;
	char page[4096], path[200];
	long root;
	int fd;

	fix_open(f);
	fix_change(f, CHANGE_CREATE, NULL, "{\"number\":\"1\"}");
	fix_close(f);
	root = atol(fix_sql(f, "SELECT rootpage FROM sqlite_master WHERE name = 'extensions'"));
	path_of(f, path, sizeof(path), "offhook.db");
	memset(page, 0x5a, sizeof(page));
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, page, sizeof(page), (root - 1) * 4096), sizeof(page));
	close(fd);
	fix_open(f);
	assert_int_equal(fix_change(f, CHANGE_UPDATE, "1", "{\"name\":\"x\"}"), EBADMSG);
	assert_non_null(strstr(f->why, "Nothing was changed. The database is damaged."));
	assert_true(store_trouble(f->s, NULL));
	assert_int_equal(fix_get(f, "1", false), EBADMSG);
}

/* Run `fn` in a process without the rights of root; its assertions count. */
static void as_nobody(struct fix *f, void (*fn)(struct fix *f))
{
	int status = 0;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		/* not as another user: that one may not be allowed to walk down to the directory */
		struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
		struct __user_cap_data_struct none[2] = {{0}};
		if (getuid() == 0 && syscall(SYS_capset, &h, none))
			_exit(9);
		fn(f);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define EXPECT(c)                                                                                                      \
	do {                                                                                                           \
		if (!(c)) {                                                                                            \
			print_error("%d: %s - %s\n", __LINE__, #c, f->why);                                            \
			_exit(1);                                                                                      \
		}                                                                                                      \
	} while (0)

static void unprivileged(struct fix *f)
{
	char path[200];

	chmod(f->dir, 0500);
	EXPECT(fix_try_open(f) == EACCES);
	EXPECT(strstr(f->why, "cannot be written: ") && strstr(f->why, "Give it to user number "));
	EXPECT(!fix_exists(f, "key") && !fix_exists(f, "offhook.db"));
	chmod(f->dir, 0700);
	EXPECT(fix_try_open(f) == 0);
	fix_close(f);
	path_of(f, path, sizeof(path), "offhook.db");
	chmod(path, 0400);
	EXPECT(fix_try_open(f) == EACCES);
	EXPECT(strstr(f->why, "offhook.db cannot be opened: "));
	chmod(path, 0600);
	path_of(f, path, sizeof(path), "key");
	chmod(path, 0);
	EXPECT(fix_try_open(f) == EACCES);
	EXPECT(strstr(f->why, "key cannot be read: "));
}

static void permissions(void **st)
{
	as_nobody(*st, unprivileged);
}

/* ---- upgrades */

static const struct field old_fields[] = {
	{"number", FIELD_TEXT, FIELD_KEY | FIELD_REQUIRED, 1, 20, NULL, NULL, "0-9*#", ""},
	{"password", FIELD_SECRET, FIELD_GENERATED, 8, 64, NULL, NULL, NULL, ""},
};
static const struct resource old_resource = {"extension", "extensions", "", old_fields, ARRAY_LEN(old_fields)};
static const struct resource *const old_resources[] = {&old_resource};

static void upgrade(void **st)
{
	struct fix *f = *st;
	struct change_item it = {CHANGE_CREATE, &old_resource, NULL, NULL};
	struct store_change c = {.item = &it, .n = 1, .author = "tester"};

	f->resource = old_resources;
	f->nresource = 1;
	fix_open(f);
	it.obj = json_loads("{\"number\":\"1\",\"password\":\"pass-word\"}", 0, NULL);
	store_change(f->s, &c, fix_change_h, f);
	json_decref(it.obj);
	fix_wait(f);
	assert_int_equal(f->err, 0);
	fix_close(f);

	/* the table grew: a copy is made, old rows have the defaults */
	f->resource = NULL;
	fix_open(f);
	assert_false(store_is_new(f->s));
	assert_true(fix_exists(f, "offhook.db.before-2"));
	assert_false(fix_exists(f, "offhook.db.before-2.new"));
	assert_int_equal(mode_of(f, "offhook.db.before-2"), 0600);
	assert_int_equal(fix_get(f, "1", true), 0);
	RES(f, "password", "pass-word");
	RES(f, "ring_seconds", "30");
	RES(f, "enabled", "true");
	RES(f, "transport", "udp");
	RES(f, "mac", "null");
	assert_int_equal(fix_change(f, CHANGE_UPDATE, "1", "{\"mac\":\"ab\"}"), 0);
	assert_int_equal(fix_change(f, CHANGE_CREATE, NULL, "{\"number\":\"2\",\"mac\":\"ab\"}"), EEXIST);
	fix_close(f);
	assert_string_equal(fix_sql(f, "SELECT what FROM migration WHERE number = 2"),
			    "field name, field ring_seconds, field enabled, field transport, field mac, field order, "
			    "field created_ms, field changed_ms");
	/* once is enough */
	fix_open(f);
	assert_false(fix_exists(f, "offhook.db.before-3"));
	fix_close(f);

	/* the copy is whole, and the older program works with it */
	{
		char from[200], to[200];

		path_of(f, from, sizeof(from), "offhook.db.before-2");
		path_of(f, to, sizeof(to), "offhook.db");
		assert_int_equal(rename(from, to), 0);
	}
	assert_string_equal(fix_sql(f, "PRAGMA integrity_check"), "ok");
	f->resource = old_resources;
	fix_open(f);
	store_get(f->s, &old_resource, "1", true, fix_json_h, f);
	fix_wait(f);
	RES(f, "password", "pass-word");
}

/* A table that is not known any more, or has more columns, does no harm. */
static void downgrade(void **st)
{
	struct fix *f = *st;

	fix_open(f);
	fix_change(f, CHANGE_CREATE, NULL, "{\"number\":\"1\"}");
	fix_close(f);
	f->resource = old_resources;
	f->nresource = 1;
	fix_open(f);
	assert_false(fix_exists(f, "offhook.db.before-2"));
	assert_int_equal(fix_get(f, "1", false), 0);
}

static void newer(void **st)
{
	struct fix *f = *st;

	fix_open(f);
	fix_close(f);
	fix_sql(f, "UPDATE migration SET step = 1000");
	refused(f, ERR_STATE, "was written by a newer version of offhook (step 1000; this one knows ");
}

/* A crash in the middle of an upgrade: nothing of it is there, the next start does it again. */
static void upgrade_again(void **st)
{
	struct fix *f = *st;

	f->resource = old_resources;
	f->nresource = 1;
	fix_open(f);
	fix_close(f);
	/* one of the new columns stands in the way of the last statement */
	fix_sql(f, "CREATE TABLE other (x BIGINT)");
	fix_sql(f, "CREATE UNIQUE INDEX extensions_mac ON other (x)");
	fix_sql(f, "INSERT INTO migration VALUES (2, 1, 1, 1, 'x', 'x')");
	fix_write(f, "offhook.db.before-3.new", "half", 4);
	f->resource = NULL;
	fix_open(f); /* CREATE INDEX IF NOT EXISTS leaves it alone */
	assert_true(fix_exists(f, "offhook.db.before-3"));
	assert_false(fix_exists(f, "offhook.db.before-3.new"));
}

/* The other program's lock is waited for, then named. */
static void foreign(void **st)
{
	struct fix *f = *st;

	fix_sql(f, "CREATE TABLE history (x TEXT)");
	refused(f, EPROTO, "does not have the tables that this version needs");
	/* nothing was made halfway */
	assert_string_equal(fix_sql(f, "SELECT count(*) FROM sqlite_master"), "1");
}

#define ONE(fn)                                                                                                        \
	{                                                                                                              \
#fn, fn, fix_setup_closed, fix_teardown, NULL                                                          \
	}
#define BOTH(fn)                                                                                                       \
	ONE(fn),                                                                                                       \
	{                                                                                                              \
#fn "_threads", fn, fix_setup_closed_threads, fix_teardown, NULL                                       \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(fresh),    ONE(no_parent), BOTH(locked),        ONE(settings),    ONE(seal),
		BOTH(key_file), ONE(damaged),   BOTH(damaged_later), ONE(permissions), BOTH(upgrade),
		ONE(downgrade), ONE(newer),     ONE(upgrade_again),  ONE(foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
