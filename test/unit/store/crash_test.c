/*
 * crash_test.c - kill -9 at any moment: what was answered is there, the database is whole, calls are closed.
 *
 * A child makes changes and writes the number of each answered one into a pipe; it is
 * killed after some of them, at a moment that nobody chose.
 */
#include "unit.h"

struct child {
	struct fix *f;
	int fd;
	unsigned n;
};

static void next_change(struct child *c);

static void answered(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	struct child *c = arg;
	uint32_t n = c->n;

	(void)why;
	(void)row;
	(void)id;
	if (err || write(c->fd, &n, sizeof(n)) != sizeof(n))
		_exit(3);
	c->n++;
	next_change(c);
}

static void next_change(struct child *c)
{
	struct change_item it = {CHANGE_CREATE, &extension_resource, NULL, json_pack("{s:i}", "number", 1 + c->n)};
	struct store_change ch = {.item = &it, .n = 1, .author = "tester"};
	char id[24];

	snprintf(id, sizeof(id), "call%u", c->n);
	store_cdr(c->f->s, &(struct cdr_row){.id = slice_str(id), .start_ms = 1 + c->n}, false);
	store_put(c->f->s, "contacts", slice_str(id), SLICE("somewhere"));
	store_change(c->f->s, &ch, answered, c);
	json_decref(it.obj);
}

static void run_child(struct fix *f, int fd)
{
	struct child c = {.f = f, .fd = fd};

	alarm(60);
	if (loop_alloc(&f->loop) || fix_try_open(f))
		_exit(2);
	c.n = (uint32_t)strtoul(fix_sql(f, "SELECT count(*) FROM extensions"), NULL, 10);
	next_change(&c);
	loop_run(f->loop);
	_exit(4);
}

/* Let a child work until it has made `n` changes, kill it; the last number that was answered. */
static uint32_t kill_after(struct fix *f, unsigned n)
{
	uint32_t last = 0, got;
	int fd[2], status;
	pid_t pid;

	assert_int_equal(pipe(fd), 0);
	pid = fork();
	if (pid == 0) {
		close(fd[0]);
		run_child(f, fd[1]);
	}
	assert_true(pid > 0);
	close(fd[1]);
	while (n-- && read(fd[0], &got, sizeof(got)) == sizeof(got))
		last = got;
	usleep(rand_below(3000));
	kill(pid, SIGKILL);
	while (read(fd[0], &got, sizeof(got)) == sizeof(got))
		last = got;
	close(fd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	return last;
}

static void killed(void **st)
{
	struct fix *f = *st;
	struct loop *own = f->loop;
	char number[24];

	for (int round = 0; round < 8; round++) {
		uint32_t last;

		f->loop = NULL;
		last = kill_after(f, 1 + rand_below(40));
		f->loop = own;
		/* the lock went with the process */
		fix_open(f);
		for (uint32_t i = 0; i <= last; i++) {
			snprintf(number, sizeof(number), "%u", 1 + i);
			assert_int_equal(fix_get(f, number, true), 0);
		}
		store_history(f->s, 0, 1, fix_json_h, f);
		fix_wait(f);
		assert_true(atoll(fix_str(f->res, "items.0.id")) >= (long long)last + 1);
		fix_close(f);
		assert_string_equal(fix_sql(f, "SELECT count(*) FROM cdr WHERE final = 0"), "0");
		assert_string_equal(fix_sql(f, "SELECT count(*) FROM cdr WHERE outcome <> 'interrupted'"), "0");
		assert_string_equal(fix_sql(f, "PRAGMA integrity_check"), "ok");
		assert_string_equal(
			fix_sql(f, "SELECT (SELECT count(*) FROM history) = (SELECT count(*) FROM extensions)"), "1");
	}
}

/* Killed during the very first start: whatever is there, the next start makes it whole. */
static void killed_at_birth(void **st)
{
	struct fix *f = *st;

	for (unsigned us = 0; us < 12000; us += 600) {
		struct loop *own = f->loop;
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			if (fix_try_open(f))
				_exit(2);
			pause();
		}
		assert_true(pid > 0);
		usleep(us);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		f->loop = own;
		fix_open(f);
		assert_int_equal(fix_change(f, CHANGE_CREATE, NULL, "{\"number\":\"1\",\"password\":\"pass-word\"}"),
				 0);
		fix_close(f);
		fix_remove_dir(f->dir);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{"killed", killed, fix_setup_closed, fix_teardown, NULL},
		{"killed_at_birth", killed_at_birth, fix_setup_closed, fix_teardown, NULL},
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
