/*
 * recorder.h - what a party says and hears, into a file: WAV (16-bit PCM) or Ogg Opus (RFC 7845), both sides mixed or
 * in a channel each.
 *
 * The recorder is two sinks. Whoever is tapped copies samples into a ring and goes on; putting the two sides in step,
 * mixing, coding and writing are the writer thread's (loop/file.h). The file is playable at every moment: its headers
 * are brought up to date, and pages written out, several times a second.
 * Thread: loop. Ownership: mrecorder_stop() is the end for its user; closed() follows.
 */
#ifndef OFFHOOK_MEDIA_RECORDER_H
#define OFFHOOK_MEDIA_RECORDER_H

#include "loop/file.h"
#include "media/media.h"

enum mrecorder_format { MREC_WAV, MREC_OPUS };
/** ".wav" ".opus"; static. */
const char *mrecorder_suffix(enum mrecorder_format f);

enum mrecorder_side { MREC_SAID /**< left channel */, MREC_HEARD /**< right channel */, MREC_SIDES };

struct mrecorder_cfg {
	struct loop *loop;
	struct files *files;
	const char *path; /**< must not exist; its folders are made */
	uint8_t format;   /**< enum mrecorder_format */
	uint8_t sides;    /**< 2; 1: only MREC_SAID is used (a room) */
	bool stereo;      /**< a channel for each side; else both are added */
	uint32_t rate;    /**< 8000 (0) or 16000 samples a second */
};

/** How far it is; at the end of the recording it is exact. */
struct mrecorder_info {
	uint64_t ms;        /**< length of the sound in the file */
	uint64_t bytes;     /**< of the file */
	uint64_t lost;      /**< bytes of sound that were not written: the writer was late, or the disk failed */
	uint64_t paused_ms; /**< cut out by pauses */
	uint32_t pauses;
	bool paused; /**< now */
	int err;     /**< the first error of the file, 0 = none */
};

struct mrecorder;
struct mrecorder_ops {
	/** The file cannot be written any more: nothing more is recorded. Once; stop it. May be NULL. */
	void (*failed)(struct mrecorder *r, int err, void *arg);
	/** The stream that was tapped is gone, and it was not stopped: mrecorder_tap() another one, or stop it. May be
	 * NULL. */
	void (*untapped)(struct mrecorder *r, void *arg);
	/** The file is closed. Freed after it. May be NULL. */
	void (*closed)(const struct mrecorder_info *i, void *arg);
};

/** Begin a file; time begins now. ENOMEM, EINVAL (rate, sides); errors of the file come by failed(). */
int mrecorder_alloc(struct mrecorder **rp, const struct mrecorder_cfg *cfg, const struct mrecorder_ops *ops,
		    void *arg) MUST_CHECK;
/** Hear both directions of a stream; `swapped`: what its party says is MREC_HEARD. EALREADY: it hears one still;
 * ENOMEM.
 */
int mrecorder_tap(struct mrecorder *r, struct mstream *s, bool swapped) MUST_CHECK;
/** The sink of a side, for what is no stream (mixer_tap). It is in use until its done(). */
struct media_sink *mrecorder_sink(struct mrecorder *r, enum mrecorder_side side);
/** What is said from now on is left out, or taken again; the file goes on without a gap. */
void mrecorder_pause(struct mrecorder *r, bool paused);
void mrecorder_info(const struct mrecorder *r, struct mrecorder_info *i);
/** End: no more calls but closed(), which comes when the file is. */
void mrecorder_stop(struct mrecorder *r);

/**
 * A file that a crash left behind: bring header and end in order (what was written stays), and say how long it is.
 * Blocks: for the writer thread. ENOENT ..., ERR_SYNTAX: no sound in it.
 */
int mrecorder_repair(const char *path, uint64_t *ms, uint64_t *bytes) MUST_CHECK;

#endif
