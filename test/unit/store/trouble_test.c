/*
 * trouble_test.c - a disk that is full, a file system that cannot be written, a database that others
 * lock: calls go on, records wait, people are told, and all is written afterwards.
 *
 * A full disk is made with a limit on the size of files, in a process of its own.
 */
#include <sys/resource.h>
#include "unit.h"

#define EXPECT(c)                                                                                                      \
	do {                                                                                                           \
		if (!(c)) {                                                                                            \
			print_error("%s:%d: %s - %s\n", __FILE__, __LINE__, #c, f->why);                               \
			_exit(1);                                                                                      \
		}                                                                                                      \
	} while (0)

static void in_child(struct fix *f, void (*fn)(struct fix *f))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		fn(f);
		fix_close(f);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* No file may become larger than it is now; 0 ends it. */
static void limit(off_t bytes)
{
	struct rlimit rl;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &rl);
	rl.rlim_cur = bytes ? (rlim_t)bytes : rl.rlim_max;
	setrlimit(RLIMIT_FSIZE, &rl);
}

static void put_cdr(struct fix *f, int n)
{
	char id[24], detail[1100];
	struct cdr_row row = {
		.from = SLICE("100"), .to = SLICE("101"), .start_ms = 1 + n, .outcome = SLICE("answered")};

	snprintf(id, sizeof(id), "c%05d", n);
	snprintf(detail, sizeof(detail), "{\"note\":\"%01000d\"}", 7);
	row.id = slice_str(id);
	row.detail = slice_str(detail);
	store_cdr(f->s, &row, true);
}

static unsigned told;

static void tell(void *arg)
{
	(void)arg;
	told++;
}

/* Wait for the threads, in steps; the condition decides. */
static bool wait_for(struct fix *f, bool trouble)
{
	for (int i = 0; i < 400; i++) {
		if (store_trouble(f->s, NULL) == trouble)
			return true;
		usleep(50000);
	}
	return false;
}

static void full(struct fix *f)
{
	struct store_health h;
	char big[300];
	int err, n = 0, made = 0;

	fix_open(f);
	told = 0;
	store_on_trouble(f->s, tell, NULL);
	EXPECT(!fix_change(f, CHANGE_CREATE, NULL, "{\"number\":\"1\"}"));
	limit(200 * 1024);
	while (n < 2000)
		put_cdr(f, n++);
	err = store_flush(f->s, 10000);
	EXPECT(err == ENOSPC);
	EXPECT(store_trouble(f->s, &h));
	EXPECT(!strcmp(h.text, "The disk that holds the data directory is full."));
	EXPECT(strstr(h.remedy, "Free some space"));
	EXPECT(h.since_ms && h.waiting > 500 && !h.lost);
	/* changes are refused with the reason, and change nothing */
	do
		snprintf(big, sizeof(big), "{\"number\":\"2%d\",\"password\":\"%064d\"}", made, 1);
	while (!(err = fix_change(f, CHANGE_CREATE, NULL, big)) &&
	       ++made < 1000); /* little ones may go through for a while */
	EXPECT(err == ENOSPC);
	EXPECT(store_trouble(f->s, &h) && h.waiting > 500);
	EXPECT(!strcmp(f->why, "Nothing was changed. The disk that holds the data directory is full. "
			       "Free some space there. What waits is then written by itself."));
	EXPECT(!f->applied[0]);
	/* reading goes on */
	EXPECT(!fix_get(f, "1", true));
	EXPECT(fix_get(f, "2", false) == ENOENT);
	store_cdr_list(f->s, NULL, fix_json_h, f);
	fix_wait(f);
	EXPECT(!f->err);
	limit(0);
	if (f->virt) {
		vnet_run(f->net, 10000);
		put_cdr(f, 0);
		EXPECT(!fix_change(f, CHANGE_CREATE, NULL, "{\"number\":\"3\"}"));
	}
	EXPECT(wait_for(f, false));
	EXPECT(!store_flush(f->s, 10000));
	store_trouble(f->s, &h);
	EXPECT(!h.waiting && !h.lost && !h.text);
	EXPECT(!fix_change(f, CHANGE_CREATE, NULL, big));
	EXPECT(told == 2);
	EXPECT(!strcmp(fix_sql(f, "SELECT count(*) FROM cdr"), "2000"));
	EXPECT(!strcmp(fix_sql(f, "PRAGMA integrity_check"), "ok"));
}

static void disk_full(void **st)
{
	in_child(*st, full);
}

/* The file system is full already at the start. */
static void full_start(struct fix *f)
{
	limit(8192);
	EXPECT(fix_try_open(f) == ENOSPC);
	EXPECT(strstr(f->why,
		      "cannot be used. The disk that holds the data directory is full. Free some space there."));
	limit(0);
	fix_open(f);
	EXPECT(store_is_new(f->s));
}

static void disk_full_at_start(void **st)
{
	in_child(*st, full_start);
}

/* No room for the copy: nothing is upgraded, and the next start does it. */
static const struct field few[] = {{"number", FIELD_TEXT, FIELD_KEY | FIELD_REQUIRED, 1, 20}};
static const struct resource few_resource = {"extension", "extensions", "", few, 1};
static const struct resource *const few_resources[] = {&few_resource};

static void full_upgrade(struct fix *f)
{
	f->resource = few_resources;
	f->nresource = 1;
	fix_open(f);
	fix_close(f);
	f->resource = NULL;
	limit(40000);
	EXPECT(fix_try_open(f) == ENOSPC);
	EXPECT(strstr(f->why, "The database must be upgraded, and the copy to be made before that, "));
	EXPECT(strstr(f->why, "offhook.db.before-2, failed: "));
	limit(0);
	EXPECT(!fix_exists(f, "offhook.db.before-2") && !fix_exists(f, "offhook.db.before-2.new"));
	fix_open(f);
	EXPECT(fix_exists(f, "offhook.db.before-2"));
}

static void disk_full_at_upgrade(void **st)
{
	in_child(*st, full_upgrade);
}

/* Another program holds the database; SQLite waits five seconds, then people are told. */
static void locked(void **st)
{
	struct fix *f = *st;
	struct store_health h;
	char path[100];
	sqlite3 *other;

	sqlite3_busy_timeout(f->s->w.h, 50);
	snprintf(path, sizeof(path), "%s/offhook.db", f->dir);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	put_cdr(f, 1);
	assert_int_equal(store_flush(f->s, 10000), EBUSY);
	assert_true(store_trouble(f->s, &h));
	assert_string_equal(h.text, "Another program keeps the database locked.");
	assert_int_equal(fix_change(f, CHANGE_CREATE, NULL, "{\"number\":\"1\"}"), EBUSY);
	assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	/* a change that gets through shows that all may be well */
	assert_int_equal(fix_change(f, CHANGE_CREATE, NULL, "{\"number\":\"1\"}"), 0);
	assert_int_equal(store_flush(f->s, 10000), 0);
	assert_false(store_trouble(f->s, NULL));
	assert_string_equal(fix_sql(f, "SELECT count(*) FROM cdr"), "1");
}

/* Read-only for a while; the end of the trouble is found by trying again, with a new connection if need be. */
static void read_only(void **st)
{
	struct fix *f = *st;
	struct store_health h;

	sqlite3_exec(f->s->w.h, "PRAGMA query_only = 1", NULL, NULL, NULL);
	put_cdr(f, 1);
	assert_int_equal(store_flush(f->s, 10000), EROFS);
	assert_true(store_trouble(f->s, &h));
	assert_string_equal(h.text, "The database cannot be written: it or its file system is read-only.");
	assert_int_equal(fix_change(f, CHANGE_CREATE, NULL, "{\"number\":\"1\"}"), EROFS);
	assert_int_equal(fix_change(f, CHANGE_CREATE, NULL, "{\"number\":\"x\"}"), ERR_SYNTAX);
	for (int i = 0; i < 12 && store_trouble(f->s, NULL); i++)
		(void)!store_flush(f->s, 10000); /* the pragma is gone with the old connection */
	assert_false(store_trouble(f->s, NULL));
	assert_int_equal(store_flush(f->s, 10000), 0);
	assert_int_equal(fix_change(f, CHANGE_CREATE, NULL, "{\"number\":\"1\"}"), 0);
}

/* The end comes while the disk is full: it does not take for ever, and says so. */
static void full_close(struct fix *f)
{
	fix_open(f);
	limit(64 * 1024);
	for (int i = 0; i < 500; i++)
		put_cdr(f, i);
	fix_close(f);
	limit(0);
	fix_open(f);
	EXPECT(!strcmp(fix_sql(f, "PRAGMA integrity_check"), "ok"));
}

static void disk_full_at_close(void **st)
{
	in_child(*st, full_close);
}

#define VIRT(fn)                                                                                                       \
	{                                                                                                              \
#fn "_virtual", fn, fix_setup_closed, fix_teardown, NULL                                               \
	}
#define THREADS(fn)                                                                                                    \
	{                                                                                                              \
#fn "_threads", fn, fix_setup_closed_threads, fix_teardown, NULL                                       \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VIRT(disk_full),
		THREADS(disk_full),
		VIRT(disk_full_at_start),
		VIRT(disk_full_at_upgrade),
		VIRT(disk_full_at_close),
		THREADS(disk_full_at_close),
		{"locked_virtual", locked, fix_setup_virtual, fix_teardown, NULL},
		{"locked_threads", locked, fix_setup_threads, fix_teardown, NULL},
		{"read_only_virtual", read_only, fix_setup_virtual, fix_teardown, NULL},
		{"read_only_threads", read_only, fix_setup_threads, fix_teardown, NULL},
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
