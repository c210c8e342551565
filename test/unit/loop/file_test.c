/*
 * file_test.c - jobs of the reader and the writer thread, and files that another thread appends to: order, wrap of
 * the ring, what is lost and counted, errors told once, the end.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "loop/file.h"
#include "loop/vnet.h"
#include "unit.h"

static char dir[64], path[256];
static struct vnet *net;
static struct loop *l;
static struct files *f;

/** What a file's user sees. */
struct seen {
	int failed, closed, syncs, err, write_err;
	uint64_t lost;
	bool end;
};

static int write_h(void *arg, int fd, const uint8_t *p, size_t n)
{
	struct seen *s = arg;

	return s->write_err ? s->write_err : file_append(fd, p, n);
}

static int sync_h(void *arg, int fd, bool end)
{
	struct seen *s = arg;

	(void)fd;
	s->syncs++;
	s->end = end;
	return 0;
}

static void failed_h(void *arg, int err)
{
	struct seen *s = arg;

	s->failed++;
	s->err = err;
}

static void closed_h(void *arg, int err, uint64_t lost)
{
	struct seen *s = arg;

	s->closed++;
	s->err = err;
	s->lost = lost;
	if (!loop_is_virtual(l))
		loop_stop(l);
}

static const struct file_out_ops ops = {write_h, sync_h, failed_h, closed_h};

static void remove_all(void)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	assert_int_equal(system(cmd), 0);
}

static int setup(void **state)
{
	bool virtual = *(const char *)*state == 'v';

	snprintf(dir, sizeof(dir), "/tmp/offhook-file-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/2026/01/x.bin", dir);
	net = NULL;
	if (virtual) {
		assert_int_equal(vnet_alloc(&net, 1), 0);
		assert_int_equal(loop_alloc_virtual(&l, net), 0);
	} else {
		assert_int_equal(loop_alloc(&l), 0);
	}
	assert_int_equal(files_alloc(&f, l), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	f = mem_deref(f);
	loop_drain(l);
	l = mem_deref(l);
	net = mem_deref(net);
	remove_all();
	return 0;
}

/* Until closed() of a file, or some time on a virtual loop. */
static void go(void)
{
	if (net)
		vnet_run(net, 3000);
	else
		run_bounded(l);
}

static size_t content(uint8_t *p, size_t max)
{
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	ssize_t n = read(fd, p, max);
	assert_true(n >= 0);
	close(fd);
	return (size_t)n;
}

static void test_append(void **state)
{
	struct seen s = {0};
	struct file_out *o;
	struct stat st;
	uint8_t got[32];

	(void)state;
	assert_int_equal(file_out_open(&o, f, path, 100, &ops, &s), 0);
	assert_true(file_out_put(o, "one ", 4));
	assert_true(file_out_put(o, "two ", 4));
	file_out_close(o);
	assert_int_equal(s.closed, 0);
	go();
	assert_int_equal(s.closed, 1);
	assert_int_equal(s.err, 0);
	assert_int_equal(s.failed, 0);
	assert_int_equal(s.lost, 0);
	assert_true(s.end);
	assert_true(s.syncs >= 2);
	assert_int_equal(content(got, sizeof(got)), 8);
	assert_memory_equal(got, "one two ", 8);
	/* nobody else may read it, or the folders */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	*strrchr(path, '/') = '\0';
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

enum { RECORDS = 20000 };
static uint64_t refused;

static void *producer(void *arg)
{
	struct file_out *o = arg;
	uint8_t rec[64];

	/* lengths that come to every place of the ring */
	for (uint32_t i = 0; i < RECORDS; i++) {
		uint8_t n = (uint8_t)(5 + i % 50);
		rec[0] = n;
		memcpy(rec + 1, &i, 4);
		memset(rec + 5, (int)(i & 0xff), (size_t)n - 5);
		while (!file_out_put(o, rec, n)) {
			refused += n;
			usleep(100);
		}
	}
	return NULL;
}

/* Another thread writes as fast as it can into a small ring: what was taken is in the file, whole and in order. */
static void test_thread(void **state)
{
	struct seen s = {0};
	struct file_out *o;
	pthread_t id;
	size_t size = RECORDS * 64, at = 0;
	uint8_t *p = malloc(size);

	(void)state;
	refused = 0;
	assert_int_equal(file_out_open(&o, f, path, 8192, &ops, &s), 0);
	assert_int_equal(pthread_create(&id, NULL, producer, o), 0);
	pthread_join(id, NULL);
	file_out_close(o);
	go();
	assert_int_equal(s.err, 0);
	assert_int_equal(s.lost, refused);
	size = content(p, size);
	for (uint32_t i = 0; i < RECORDS; i++) {
		uint32_t nr;
		assert_true(at < size);
		assert_int_equal(p[at], 5 + i % 50);
		memcpy(&nr, p + at + 1, 4);
		assert_int_equal(nr, i);
		at += p[at];
	}
	assert_int_equal(at, size);
	free(p);
}

/* A full ring refuses, counts, and goes on with what fits. */
static void test_full(void **state)
{
	struct seen s = {0};
	struct file_out *o;
	uint8_t rec[100] = {0}, got[512];

	(void)state;
	assert_int_equal(file_out_open(&o, f, path, 256, &ops, &s), 0);
	assert_true(file_out_put(o, rec, 100));
	assert_true(file_out_put(o, rec, 100));
	/* the virtual writer is this thread */
	assert_false(file_out_put(o, rec, 100));
	assert_true(file_out_put(o, rec, 56));
	assert_false(file_out_put(o, rec, 1));
	go();
	assert_true(file_out_put(o, rec, 100));
	file_out_close(o);
	go();
	assert_int_equal(s.lost, 101);
	assert_int_equal(s.err, 0);
	assert_int_equal(content(got, sizeof(got)), 356);
}

/** A file in whose write() something is put into another one. */
struct feeder {
	struct seen s;
	struct file_out *to;
	uint8_t rec[200];
};

static int feed_h(void *arg, int fd, const uint8_t *p, size_t n)
{
	struct feeder *x = arg;

	assert_true(file_out_put(x->to, x->rec, sizeof(x->rec)));
	return file_append(fd, p, n);
}

/* A ring is emptied by the tick while the message that it is half full is still on its way, and fills again. */
static void test_half_full_twice(void **state)
{
	static const struct file_out_ops feeds = {feed_h, sync_h, failed_h, closed_h};
	struct feeder x[2] = {0};
	struct seen s = {0};
	struct file_out *o[3];
	char name[3][sizeof(path) + 2];
	uint8_t got[512];

	(void)state;
	for (int i = 0; i < 3; i++)
		snprintf(name[i], sizeof(name[i]), "%s%s", path, i == 1 ? "" : i ? "c" : "a");
	assert_int_equal(file_out_open(&o[0], f, name[0], 256, &feeds, &x[0]), 0);
	assert_int_equal(file_out_open(&o[1], f, name[1], 256, &ops, &s), 0);
	assert_int_equal(file_out_open(&o[2], f, name[2], 256, &feeds, &x[1]), 0);
	x[0].to = x[1].to = o[1];
	go();
	assert_true(file_out_put(o[0], "a", 1));
	assert_true(file_out_put(o[2], "c", 1));
	/* a message that is queued twice is a circle */
	alarm(20);
	go();
	alarm(0);
	for (int i = 0; i < 3; i++)
		file_out_close(o[i]);
	go();
	assert_int_equal(s.closed + x[0].s.closed + x[1].s.closed, 3);
	assert_int_equal(s.lost, 0);
	assert_int_equal(content(got, sizeof(got)), 400);
}

static void test_exists(void **state)
{
	struct seen s = {0};
	struct file_out *o;

	(void)state;
	assert_int_equal(file_make_folders(path), 0);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(file_out_open(&o, f, path, 100, &ops, &s), 0);
	file_out_put(o, "lost", 4);
	file_out_close(o);
	go();
	assert_int_equal(s.err, EEXIST);
	assert_int_equal(s.failed, 1);
	assert_int_equal(s.closed, 1);
	assert_int_equal(s.lost, 4);
	assert_int_equal(s.syncs, 0);
}

/* The first error is told once and at once; nothing more is written; the end is still told to sync(). */
static void test_error(void **state)
{
	struct seen s = {.write_err = ENOSPC};
	struct file_out *o;

	(void)state;
	assert_int_equal(file_out_open(&o, f, path, 100, &ops, &s), 0);
	file_out_put(o, "abcd", 4);
	go();
	assert_int_equal(s.failed, 1);
	assert_int_equal(s.closed, 0);
	s.write_err = EIO;
	file_out_put(o, "efgh", 4);
	file_out_close(o);
	go();
	assert_int_equal(s.err, ENOSPC);
	assert_int_equal(s.failed, 1);
	assert_int_equal(s.closed, 1);
	assert_int_equal(s.lost, 4);
	assert_true(s.end);
}

/* While it is open headers are brought up to date about once a second. */
static void test_sync(void **state)
{
	struct seen s = {0};
	struct file_out *o;

	(void)state;
	assert_int_equal(file_out_open(&o, f, path, 100, &ops, &s), 0);
	vnet_run(net, 10000);
	assert_in_range(s.syncs, 10, 14);
	assert_false(s.end);
	file_out_close(o);
	go();
	int n = s.syncs;
	vnet_run(net, 5000);
	assert_int_equal(s.syncs, n);
}

/* The room ends with a file still open: it is brought to its end, and closed() comes at once. */
static void test_end_open(void **state)
{
	struct seen s = {0};
	struct file_out *o;
	uint8_t got[16];

	(void)state;
	assert_int_equal(file_out_open(&o, f, path, 100, &ops, &s), 0);
	file_out_put(o, "rest", 4);
	f = mem_deref(f);
	assert_int_equal(s.closed, 1);
	assert_int_equal(s.err, 0);
	assert_int_equal(content(got, sizeof(got)), 4);
}

/* The same when nothing is on its way to the writer. */
static void test_end_open_long_since(void **state)
{
	struct seen s = {0};
	struct file_out *o;
	uint8_t got[16];

	(void)state;
	assert_int_equal(file_out_open(&o, f, path, 100, &ops, &s), 0);
	vnet_run(net, 1000);
	file_out_put(o, "rest", 4);
	f = mem_deref(f);
	assert_int_equal(s.closed, 1);
	assert_true(s.end);
	assert_int_equal(content(got, sizeof(got)), 4);
}

struct job {
	struct file_job j;
	int nr, *order;
	atomic_int *n;
	bool again;
};

static void job_work(struct file_job *j)
{
	struct job *k = CONTAINER_OF(j, struct job, j);

	k->order[(*k->n)++] = k->nr;
}

static void job_done(struct file_job *j)
{
	struct job *k = CONTAINER_OF(j, struct job, j);

	if (k->again) {
		k->again = false;
		file_run(j->files, FILE_READER, j);
		return;
	}
	k->nr = -1;
	if (*k->n == 4 && !loop_is_virtual(l))
		loop_stop(l);
}

static void test_jobs(void **state)
{
	int order[8];
	atomic_int n = 0;
	struct job k[3] = {0};

	(void)state;
	for (int i = 0; i < 3; i++) {
		k[i] = (struct job){.nr = i, .order = order, .n = &n, .again = i == 0};
		k[i].j.work = job_work;
		k[i].j.done = job_done;
		file_run(f, FILE_READER, &k[i].j);
	}
	go();
	assert_int_equal(n, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(order[i], i % 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(k[i].nr, -1);
}

/* done() comes for every job before mem_deref(files) returns, also for one that done() added. */
static void test_jobs_end(void **state)
{
	int order[8];
	atomic_int n = 0;
	struct job k = {.nr = 1, .order = order, .n = &n, .again = true};

	(void)state;
	k.j.work = job_work;
	k.j.done = job_done;
	file_run(f, FILE_WRITER, &k.j);
	f = mem_deref(f);
	assert_int_equal(n, 2);
	assert_int_equal(k.nr, -1);
}

static void test_oom(void **state)
{
	(void)state;
#ifdef OH_DEBUG
	struct seen s = {0};
	struct file_out *o = NULL;
	struct files *g = NULL;

	for (long i = 0;; i++) {
		mem_fail_at(i);
		int err = files_alloc(&g, l);
		mem_fail_off();
		if (!err)
			break;
		assert_int_equal(err, ENOMEM);
	}
	mem_deref(g);
	for (long i = 0;; i++) {
		mem_fail_at(i);
		int err = file_out_open(&o, f, path, 100, &ops, &s);
		mem_fail_off();
		if (!err)
			break;
		assert_int_equal(err, ENOMEM);
	}
	/* the writer has no place to bring a ring into one piece: an error, told as any other */
	mem_fail_at(0);
	vnet_run(net, 100);
	mem_fail_off();
	assert_int_equal(s.failed, 1);
	assert_int_equal(s.err, ENOMEM);
	file_out_close(o);
	go();
	assert_int_equal(s.closed, 1);
#endif
}

#define BOTH(t)                                                                                                        \
	{#t " virtual", t, setup, teardown, "v"},                                                                      \
	{                                                                                                              \
#t " real", t, setup, teardown, "r"                                                                    \
	}
#define VIRTUAL(t)                                                                                                     \
	{                                                                                                              \
#t, t, setup, teardown, "v"                                                                            \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_append),
		{"test_thread", test_thread, setup, teardown, "r"},
		VIRTUAL(test_full),
		VIRTUAL(test_half_full_twice),
		BOTH(test_exists),
		VIRTUAL(test_error),
		VIRTUAL(test_sync),
		BOTH(test_end_open),
		VIRTUAL(test_end_open_long_since),
		BOTH(test_jobs),
		BOTH(test_jobs_end),
		VIRTUAL(test_oom),
	};

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
