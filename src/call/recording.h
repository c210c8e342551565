/*
 * recording.h - recordings into files: what one party of a call says and hears, or a whole conference (room.h).
 *
 * A recording follows its party through hold and transfers; when the party leaves, it goes on with those who talk, each
 * of them in the channel it had. It ends with the call at the latest. The record of the call names it.
 * Thread: loop. Ownership: the call's; a pointer is good until ended().
 */
#ifndef OFFHOOK_CALL_RECORDING_H
#define OFFHOOK_CALL_RECORDING_H

#include "call/call.h"

struct files;
struct recording;

struct recording_cfg {
	struct files *files;
	const char *dir;  /**< data directory */
	const char *file; /**< path in it, without ending; must not exist. The record has it with its ending */
	bool opus;        /**< Ogg Opus; else WAV */
	bool stereo;      /**< the party left, who it talks to right; else both in one channel. Not for rooms */
};

/** As it is, and in ended() as it became. */
struct recording_info {
	const char *file; /**< with its ending */
	int64_t start_ms; /**< wall clock */
	uint64_t ms;      /**< length of the sound */
	uint64_t bytes;   /**< of the file */
	uint64_t lost;    /**< bytes of sound that could not be written */
	uint64_t paused_ms;
	uint32_t pauses;
	bool paused; /**< now */
	bool over;
	int err; /**< the first error of the file */
};

struct recording_ops {
	/** The file cannot be written any more; the recording ends by itself. May be NULL. */
	void (*failed)(struct recording *r, int err, void *arg);
	/** The file is closed. Comes once for every recording, also after the call is gone. May be NULL. */
	void (*ended)(struct recording *r, const struct recording_info *i, void *arg);
};

/** Record `l` of a call that is up. ENOMEM, EINVAL (path), ERR_STATE (not up), EALREADY (it is being recorded). */
int call_record_start(struct recording **rp, struct call *c, struct leg *l, const struct recording_cfg *cfg,
		      const struct recording_ops *ops, void *arg) MUST_CHECK;
/** The recording that goes on; NULL. */
struct recording *call_recording(const struct call *c);
void recording_pause(struct recording *r, bool paused);
/** End it before the call does. */
void recording_stop(struct recording *r);
void recording_info(const struct recording *r, struct recording_info *i);

/** A file that a crash left open: bring its header and end in order and say how long it is. Blocks: for the writer
 * thread. ENOENT ..., ERR_SYNTAX: there is no sound in it. */
int recording_repair(const char *path, uint64_t *ms, uint64_t *bytes) MUST_CHECK;

#endif
