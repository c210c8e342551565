/*
 * file.h - files without waiting for the disk: a reader thread and a writer thread of
 * a loop, and appending to a file from any thread.
 *
 * On a virtual loop the work is done at once on the same thread, its answer comes as a message.
 * Thread: loop, unless said. Ownership: a job is the caller's until done().
 */
#ifndef OFFHOOK_LOOP_FILE_H
#define OFFHOOK_LOOP_FILE_H

#include "loop/loop.h"

struct files; /**< the two threads; they start with their first work */
int files_alloc(struct files **fp, struct loop *l) MUST_CHECK;

/** Something that may wait for a disk. */
struct file_job {
	void (*work)(struct file_job *j); /**< on the reader or writer thread */
	void (*done)(
		struct file_job *j); /**< on the loop thread; may free it. Called during mem_deref(files) as well */
	struct loop_msg msg;
	struct file_job *next;
};
enum file_thread { FILE_READER, FILE_WRITER };
void file_run(struct files *f, enum file_thread t, struct file_job *j);

/** A file being written by the writer thread. */
struct file_out;
struct file_out_ops {
	/** On the writer thread: bytes of the ring arrived; append what they become to the file (fd). 0 or errno. */
	int (*write)(void *arg, int fd, const uint8_t *p, size_t l);
	/** On the writer thread, about once a second and at the end: bring headers up to date. May be NULL. */
	int (*sync)(void *arg, int fd, bool end);
	/** On the loop thread: closed. `err`: the first error, `lost`: bytes that did not fit into the ring. */
	void (*closed)(void *arg, int err, uint64_t lost);
};
/** Create (0600, with its folders 0700; EEXIST if there is one) and keep a ring of `ring` bytes. The file is opened by
 * the writer thread: an error shows in closed(). ENOMEM. */
int file_out_open(struct file_out **op, struct files *f, const char *path, size_t ring, const struct file_out_ops *ops,
		  void *arg) MUST_CHECK;
/** Append a record, whole or not at all; one thread (any) per file. False: the ring is full, it is counted. Never
 * waits. */
bool file_out_put(struct file_out *o, const void *p, size_t l);
/** Loop thread: no more puts; closed() follows, then it is freed. */
void file_out_close(struct file_out *o);

#endif
