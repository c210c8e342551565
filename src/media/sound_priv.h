/*
 * sound_priv.h - what the readers of sound files share.
 *
 * Thread: of whoever reads the file. A reader owns its state, not the stream of bytes.
 */
#ifndef OFFHOOK_MEDIA_SOUND_PRIV_H
#define OFFHOOK_MEDIA_SOUND_PRIV_H

#include <stdio.h>
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"

/** A kind of file, opened. */
struct sound_reader {
	uint32_t rate; /**< of what read() gives */
	/** Mono samples; fewer than `n`: the end. */
	size_t (*read)(struct sound_reader *r, int16_t *pcm, size_t n);
	/** Go to that sample; false: not possible. NULL: never. */
	bool (*seek)(struct sound_reader *r, uint64_t sample);
};

/** Readers; mem_deref frees. The file stands at its beginning. ERR_SYNTAX, ENOMEM, EIO. */
int sound_wav_open(struct sound_reader **rp, FILE *f) MUST_CHECK;
int sound_opus_open(struct sound_reader **rp, FILE *f) MUST_CHECK;
/** By its ending; ERR_SYNTAX: none of ours. */
int sound_raw_open(struct sound_reader **rp, FILE *f, struct slice ending) MUST_CHECK;
/** Is it the ending of a raw file? */
bool sound_raw_known(struct slice ending);

#endif
