/*
 * oa_priv.h - what the files of offer and answer (oa_*.c) share: lists of codecs.
 *
 * Thread: loop. Slices are of the descriptions or lists they were read from.
 */
#ifndef OFFHOOK_CALL_OA_PRIV_H
#define OFFHOOK_CALL_OA_PRIV_H

#include "call/call_priv.h"
#include "media/codec.h"

enum { OA_PREFS_MAX = 24 };

/** One codec of media_policy.codecs. */
struct oa_pref {
	uint8_t id;        /**< enum codec_id; CODEC_OTHER: only its name is known */
	uint8_t ch;        /**< 0: any */
	uint32_t clock;    /**< RTP clock, 0: any */
	struct slice name; /**< as written */
};

/* oa_names.c */
/** Read one name: "opus", "speex/16000". False: not a codec that is known. */
bool oa_pref_read(struct oa_pref *p, struct slice one) MUST_CHECK;
/** Read a list; names that nobody knows are kept by name, broken ones are left out. */
size_t oa_prefs(struct oa_pref v[OA_PREFS_MAX], const char *list);

#endif
