/*
 * file.h - files without waiting for the disk: a reader thread and a writer thread of
 * a loop, and appending to a file from any thread.
 *
 * On a virtual loop the work is done at once on the same thread, its answer comes as a message.
 * Thread: loop, unless said. Ownership: a job is the caller's until done().
 * mem_deref(files) finishes the jobs that are out and ends the files that are still open: done() and closed() run
 * within it, and nothing may be put any more; no file can be opened, a job that done() adds runs at once. A message may
 * still wait on the loop: run it (loop_drain) before the loop goes.
 */
#ifndef OFFHOOK_LOOP_FILE_H
#define OFFHOOK_LOOP_FILE_H

#include "loop/loop.h"

struct files; /**< the two threads; they start with their first work */
/** ENOMEM. */
int files_alloc(struct files **fp, struct loop *l) MUST_CHECK;

/** Something that may wait for a disk. */
struct file_job {
	void (*work)(struct file_job *j); /**< on the reader or writer thread */
	void (*done)(
		struct file_job *j); /**< on the loop thread; may free it. Called during mem_deref(files) as well */
	struct loop_msg msg;
	struct files *files; /**< where it runs */
};
enum file_thread { FILE_READER, FILE_WRITER };
/** Jobs of one thread run in the order of these calls. Cannot fail: where no thread can be made, the loop thread works
 * itself. */
void file_run(struct files *f, enum file_thread t, struct file_job *j);

/** A file being written by the writer thread. */
struct file_out;
struct file_out_ops {
	/** On the writer thread: these whole records arrived, in order, without anything between them; append what
	 * they become to the file (fd). 0 or errno: then nothing more is written. */
	int (*write)(void *arg, int fd, const uint8_t *p, size_t l);
	/** On the writer thread, as soon as it is open, then about once a second and at the end: bring headers up to
	 * date. The end is told after an error as well. May be NULL. */
	int (*sync)(void *arg, int fd, bool end);
	/** On the loop thread, once, when the first error shows; closed() still follows file_out_close(). May be NULL.
	 */
	void (*failed)(void *arg, int err);
	/** On the loop thread: closed. `err`: the first error, `lost`: bytes that did not fit into the ring, or came
	 * after the error. */
	void (*closed)(void *arg, int err, uint64_t lost);
};
/** Create (0600, with its folders 0700; EEXIST if there is one) and keep a ring of `ring` bytes (rounded up to a power
 * of two). The file is opened by the writer thread: an error shows in failed() and closed(). ENOMEM. */
int file_out_open(struct file_out **op, struct files *f, const char *path, size_t ring, const struct file_out_ops *ops,
		  void *arg) MUST_CHECK;
/** Append a record, whole or not at all; one thread (any) per file. False: the ring is full, it is counted. Never
 * waits. */
bool file_out_put(struct file_out *o, const void *p, size_t l);
/** Loop thread: no more puts; closed() follows, then it is freed. */
void file_out_close(struct file_out *o);

/** For file_out_ops: write all of it at the end, or at `at`. 0 or errno; a short write tries again. Any thread. */
int file_append(int fd, const void *p, size_t l) MUST_CHECK;
int file_write_at(int fd, const void *p, size_t l, uint64_t at) MUST_CHECK;
/** Make the folders above `path`, 0700. 0 or errno. Blocks. */
int file_make_folders(const char *path) MUST_CHECK;

#endif
