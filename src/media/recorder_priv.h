/*
 * recorder_priv.h - what the recorder's files share: a file format as a table entry, and the two sides in step.
 *
 * Everything here is the writer thread's.
 */
#ifndef OFFHOOK_MEDIA_RECORDER_PRIV_H
#define OFFHOOK_MEDIA_RECORDER_PRIV_H

#include "base/mem.h"
#include "media/recorder.h"

/** A file that is written. */
struct mrec_out {
	int fd;
	uint8_t ch;
	uint32_t rate;
	uint64_t frames; /**< written or waiting */
	uint64_t bytes;  /**< of the file */
	void *state;     /**< the format's own; mem_deref frees it */
};
struct mrec_format {
	const char *suffix;
	/** The file is open: headers. ENOMEM or what writing says. */
	int (*begin)(struct mrec_out *o);
	/** Append `n` frames, interleaved. */
	int (*write)(struct mrec_out *o, const int16_t *v, size_t n);
	/** Bring the file up to date. */
	int (*sync)(struct mrec_out *o, bool end);
	/** As mrecorder_repair(). */
	int (*repair)(int fd, uint64_t size, uint64_t *ms, uint64_t *bytes);
};
extern const struct mrec_format mrec_wav, mrec_opus;

/** Two sides on one time line (recorder_align.c). */
struct align;
/** Frames in step: `v[i]` of n samples for each side. 0 or errno. */
typedef int(align_h)(const int16_t *const *v, size_t n, void *arg);
/** Time begins at `start_us`. ENOMEM. */
int align_alloc(struct align **ap, uint32_t rate, uint8_t sides, uint64_t start_us, align_h *h, void *arg) MUST_CHECK;
/** `n` samples of a side of which the first was due at `us`. */
int align_put(struct align *a, uint8_t side, uint64_t us, const int16_t *pcm, size_t n) MUST_CHECK;
/** The end, at `us`: all that waits, and silence up to there. */
int align_end(struct align *a, uint64_t us) MUST_CHECK;

#endif
