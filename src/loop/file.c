/*
 * file.c - the reader and the writer thread: jobs, and files that are appended to from another thread.
 *
 * Each file has a ring of bytes with one writer and one reader. Whoever puts wakes nobody: the writer thread
 * looks at all open files every TICK_MS, and earlier only when a ring is half full. It never asks the disk to
 * finish (fsync): what was written survives the end of the process, and a slow disk holds up no other file.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/log.h"
#include "loop/file.h"
#include "loop/loop_priv.h"

enum {
	TICK_MS = 200,
	SYNC_MS = 800, /**< with the tick, no more than a second of sound is on its way to the file */
	PATH_LEN = 4096,
	LINE = 64,
};

/** Messages to one thread. It lives on until the one node that wakes its loop has come back. */
struct box {
	_Atomic(struct loop_msg *) head; /**< newest first */
	atomic_bool posted;
	bool closed;
	struct loop *loop;
	struct loop_msg msg;
};

struct files {
	struct loop *loop;
	struct loop_thread *thread[2]; /**< by enum file_thread; NULL: not yet, or none can be made */
	struct box *in[2], *home;
	bool ending;
	/* the writer thread's */
	struct list open; /**< struct file_out */
	struct timer tick;
	uint8_t *line; /**< a ring's content in one piece */
	size_t line_size;
};

struct file_out {
	struct files *files;
	const struct file_out_ops *ops;
	void *arg;
	char *path;
	struct loop_msg open_msg, kick_msg, close_msg, failed_msg, home_msg;
	/* the writer thread's */
	struct link le;
	int fd; /**< -1: not open */
	int err;
	uint64_t sync_ms; /**< when headers are due */
	/* both sides' */
	size_t size; /**< of the ring, a power of two */
	uint8_t *ring;
	atomic_bool kicked;
	char pad0[LINE];
	_Atomic uint64_t head; /**< bytes put */
	_Atomic uint64_t lost;
	char pad1[LINE];
	_Atomic uint64_t tail; /**< bytes taken */
};

/* ------------------------------------------------------------------ boxes */

static void box_drain(struct box *b)
{
	loop_msgs_run(atomic_exchange(&b->head, NULL));
}

static void box_h(struct loop_msg *n)
{
	struct box *b = CONTAINER_OF(n, struct box, msg);

	atomic_store(&b->posted, false);
	if (b->closed)
		mem_deref(b);
	else
		box_drain(b);
}

static int box_alloc(struct box **bp, struct loop *l)
{
	struct box *b = mem_zalloc(sizeof(*b), NULL);

	if (!b)
		return ENOMEM;
	b->loop = l;
	b->msg.fn = box_h;
	*bp = b;
	return 0;
}

static void box_post(struct box *b, struct loop_msg *n)
{
	struct loop_msg *head = atomic_load_explicit(&b->head, memory_order_relaxed);

	do {
		n->next = head;
	} while (!atomic_compare_exchange_weak(&b->head, &head, n));
	if (!atomic_exchange(&b->posted, true))
		loop_post(b->loop, &b->msg);
}

/* On the loop thread; `here`: the node that wakes, if it is out, comes to a loop that still runs. */
static void box_close(struct box *b, bool here)
{
	if (!b)
		return;
	/* what runs may add to it */
	while (atomic_load(&b->head))
		box_drain(b);
	b->closed = true;
	if (!here || !atomic_load(&b->posted))
		mem_deref(b);
}

/* ------------------------------------------------------------------ threads */

static void tick_h(void *arg);
static void out_end(struct file_out *o);

static void writer_fini(struct files *f)
{
	timer_stop(&f->tick);
	LIST_EACH (&f->open, k)
		out_end(LINK_OBJ(k, struct file_out, le));
	f->line = mem_deref(f->line);
	f->line_size = 0;
}

static void fini_h(struct loop *l, void *arg)
{
	struct files *f = arg;

	(void)l;
	box_drain(f->in[FILE_WRITER]);
	writer_fini(f);
}

/* Sound that flows goes before sound that is coded for a file. */
static int writer_init(struct loop *l, void *arg)
{
	(void)l;
	(void)arg;
	loop_thread_lower();
	return 0;
}

/* The box of a thread, which is started when it is needed first. */
static struct box *box_of(struct files *f, enum file_thread t)
{
	static const char *const names[] = {"file reader", "file writer"};

	if (f->in[t]->loop)
		return f->in[t];
	f->in[t]->loop = f->loop;
	if (loop_is_virtual(f->loop))
		return f->in[t];
	bool writes = t == FILE_WRITER;
	int err = loop_thread_start(&f->thread[t], NULL, names[t], writes ? writer_init : NULL, writes ? fini_h : NULL,
				    f);
	if (err)
		log_error("loop", "no %s thread, files are served by the main one: %s", names[t], err_str(err));
	else
		f->in[t]->loop = loop_thread_loop(f->thread[t]);
	return f->in[t];
}

static void files_destroy(void *obj)
{
	struct files *f = obj;

	f->ending = true;
	for (int t = FILE_READER; t <= FILE_WRITER; t++)
		loop_thread_stop(f->thread[t]);
	/* files that the loop thread served itself */
	if (f->in[FILE_WRITER] && f->in[FILE_WRITER]->loop) {
		box_drain(f->in[FILE_WRITER]);
		writer_fini(f);
	}
	for (int t = FILE_READER; t <= FILE_WRITER; t++)
		box_close(f->in[t], !f->thread[t]);
	box_close(f->home, true);
}

int files_alloc(struct files **fp, struct loop *l)
{
	struct files *f = mem_zalloc(sizeof(*f), files_destroy);

	if (!f)
		return ENOMEM;
	f->loop = l;
	int err = box_alloc(&f->home, l);
	/* their loops come with their first work */
	for (int t = FILE_READER; t <= FILE_WRITER && !err; t++)
		err = box_alloc(&f->in[t], NULL);
	if (err) {
		mem_deref(f);
		return err;
	}
	*fp = f;
	return 0;
}

/* ------------------------------------------------------------------ jobs */

static void done_h(struct loop_msg *n)
{
	struct file_job *j = CONTAINER_OF(n, struct file_job, msg);

	j->done(j);
}

static void work_h(struct loop_msg *n)
{
	struct file_job *j = CONTAINER_OF(n, struct file_job, msg);

	j->work(j);
	n->fn = done_h;
	box_post(j->files->home, n);
}

void file_run(struct files *f, enum file_thread t, struct file_job *j)
{
	j->files = f;
	j->msg.fn = work_h;
	if (f->ending || loop_is_virtual(f->loop))
		work_h(&j->msg);
	else
		box_post(box_of(f, t), &j->msg);
}

/* ------------------------------------------------------------------ files on the writer thread */

int file_append(int fd, const void *p, size_t l)
{
	const uint8_t *at = p;

	while (l) {
		ssize_t n = write(fd, at, l);
		if (n < 0 && errno != EINTR)
			return errno;
		if (n > 0) {
			at += n;
			l -= (size_t)n;
		}
	}
	return 0;
}

int file_write_at(int fd, const void *p, size_t l, uint64_t at)
{
	const uint8_t *from = p;

	while (l) {
		ssize_t n = pwrite(fd, from, l, (off_t)at);
		if (n < 0 && errno != EINTR)
			return errno;
		if (n > 0) {
			from += n;
			at += (uint64_t)n;
			l -= (size_t)n;
		}
	}
	return 0;
}

int file_make_folders(const char *path)
{
	char dir[PATH_LEN];

	if (!slice_copy(dir, sizeof(dir), slice_str(path)))
		return ENAMETOOLONG;
	for (size_t i = 1; dir[i - 1] && dir[i]; i++) {
		if (dir[i] != '/')
			continue;
		dir[i] = '\0';
		if (mkdir(dir, 0700) && errno != EEXIST)
			return errno;
		dir[i] = '/';
	}
	return 0;
}

static void failed_h(struct loop_msg *n)
{
	struct file_out *o = CONTAINER_OF(n, struct file_out, failed_msg);

	if (o->ops->failed)
		o->ops->failed(o->arg, o->err);
}

static void closed_h(struct loop_msg *n)
{
	struct file_out *o = CONTAINER_OF(n, struct file_out, home_msg);

	if (o->ops->closed)
		o->ops->closed(o->arg, o->err, atomic_load(&o->lost));
	mem_deref(o);
}

/* The first error is told at once and ends the writing. */
static void out_fail(struct file_out *o, int err)
{
	if (!err || o->err)
		return;
	o->err = err;
	o->failed_msg.fn = failed_h;
	box_post(o->files->home, &o->failed_msg);
}

/* The ring's content is handed on in one piece, also where it goes over the end. */
static const uint8_t *one_piece(struct file_out *o, uint64_t tail, size_t n)
{
	struct files *f = o->files;
	size_t at = (size_t)(tail & (o->size - 1)), first = o->size - at;

	if (n <= first)
		return o->ring + at;
	memcpy(f->line, o->ring + at, first);
	memcpy(f->line + first, o->ring, n - first);
	return f->line;
}

static void out_drain(struct file_out *o)
{
	uint64_t tail = atomic_load_explicit(&o->tail, memory_order_relaxed);
	size_t n = (size_t)(atomic_load_explicit(&o->head, memory_order_acquire) - tail);

	if (!n)
		return;
	if (o->err)
		atomic_fetch_add(&o->lost, n);
	else
		out_fail(o, o->ops->write(o->arg, o->fd, one_piece(o, tail, n), n));
	atomic_store_explicit(&o->tail, tail + n, memory_order_release);
}

static void out_sync(struct file_out *o, bool end)
{
	if (o->ops->sync && o->fd >= 0 && (end || !o->err))
		out_fail(o, o->ops->sync(o->arg, o->fd, end));
	o->sync_ms = loop_now_ms(o->files->in[FILE_WRITER]->loop) + SYNC_MS;
}

static void out_end(struct file_out *o)
{
	list_unlink(&o->le);
	out_drain(o);
	out_sync(o, true);
	if (o->fd >= 0 && close(o->fd))
		out_fail(o, errno);
	o->fd = -1;
	o->home_msg.fn = closed_h;
	box_post(o->files->home, &o->home_msg);
}

static void tick_h(void *arg)
{
	struct files *f = arg;
	struct loop *l = f->in[FILE_WRITER]->loop;

	LIST_EACH (&f->open, k) {
		struct file_out *o = LINK_OBJ(k, struct file_out, le);
		out_drain(o);
		if (loop_now_ms(l) >= o->sync_ms)
			out_sync(o, false);
	}
	if (f->open.n)
		timer_start(&f->tick, l, TICK_MS, tick_h, f);
}

static int line_fit(struct files *f, size_t size)
{
	if (f->line_size >= size)
		return 0;
	uint8_t *p = mem_realloc(f->line, size);
	if (!p)
		return ENOMEM;
	f->line = p;
	f->line_size = size;
	return 0;
}

static void open_h(struct loop_msg *n)
{
	struct file_out *o = CONTAINER_OF(n, struct file_out, open_msg);
	struct files *f = o->files;

	list_append(&f->open, &o->le);
	int err = line_fit(f, o->size);
	if (!err)
		err = file_make_folders(o->path);
	if (!err) {
		o->fd = open(o->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		err = o->fd < 0 ? errno : 0;
	}
	out_fail(o, err);
	out_sync(o, false);
	if (!timer_running(&f->tick))
		timer_start(&f->tick, f->in[FILE_WRITER]->loop, TICK_MS, tick_h, f);
}

static void kick_h(struct loop_msg *n)
{
	struct file_out *o = CONTAINER_OF(n, struct file_out, kick_msg);

	/* only here, where the message is in no queue any more; and before the look at the ring, so that what is put
	 * from now on may ask again */
	atomic_store(&o->kicked, false);
	out_drain(o);
}

static void close_h(struct loop_msg *n)
{
	out_end(CONTAINER_OF(n, struct file_out, close_msg));
}

/* ------------------------------------------------------------------ files from outside */

static void out_destroy(void *obj)
{
	struct file_out *o = obj;

	mem_deref(o->path);
	mem_deref(o->ring);
}

int file_out_open(struct file_out **op, struct files *f, const char *path, size_t ring, const struct file_out_ops *ops,
		  void *arg)
{
	struct file_out *o = f->ending ? NULL : mem_zalloc(sizeof(*o), out_destroy);

	if (!o)
		return ENOMEM;
	o->files = f;
	o->ops = ops;
	o->arg = arg;
	o->fd = -1;
	for (o->size = LINE; o->size < ring;)
		o->size *= 2;
	o->ring = mem_alloc(o->size, NULL);
	int err = mem_strdup(&o->path, path);
	if (err || !o->ring) {
		mem_deref(o);
		return ENOMEM;
	}
	o->open_msg.fn = open_h;
	o->kick_msg.fn = kick_h;
	o->close_msg.fn = close_h;
	box_post(box_of(f, FILE_WRITER), &o->open_msg);
	*op = o;
	return 0;
}

bool file_out_put(struct file_out *o, const void *p, size_t l)
{
	uint64_t head = atomic_load_explicit(&o->head, memory_order_relaxed);
	size_t used = (size_t)(head - atomic_load_explicit(&o->tail, memory_order_acquire));
	size_t at = (size_t)(head & (o->size - 1)), first = o->size - at;
	const uint8_t *from = p;

	if (l > o->size - used) {
		atomic_fetch_add_explicit(&o->lost, l, memory_order_relaxed);
		return false;
	}
	if (first > l)
		first = l;
	memcpy(o->ring + at, from, first);
	memcpy(o->ring, from + first, l - first);
	atomic_store_explicit(&o->head, head + l, memory_order_release);
	if (used + l > o->size / 2 && !atomic_exchange(&o->kicked, true))
		box_post(o->files->in[FILE_WRITER], &o->kick_msg);
	return true;
}

void file_out_close(struct file_out *o)
{
	box_post(o->files->in[FILE_WRITER], &o->close_msg);
}
