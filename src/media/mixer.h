/*
 * mixer.h - conference rooms: every member hears all others.
 *
 * A room lives on as many workers as its members do: each mixes its own members
 * and gets one sum from each other worker. Members hear the room without themselves;
 * those who only listen share one mix, and one encoding for each codec. A room without
 * members, or with one, wakes nobody.
 * Thread: loop. Ownership: mem_deref of the room takes all members out.
 */
#ifndef OFFHOOK_MEDIA_MIXER_H
#define OFFHOOK_MEDIA_MIXER_H

#include "media/media.h"

struct mixer;
struct mixer_member;

struct mixer_cfg {
	struct media *media;
	uint32_t rate;     /**< samples a second: 8000, 16000 (0), 32000, 48000 */
	uint16_t ptime_ms; /**< one mix each: 10, 20 ... 60; 0 = 20 */
	uint16_t speakers; /**< loudest talkers that are mixed, 16 at most; 0 = all who talk */
};
struct mixer_ops {
	/** The set of those who talk changed (at most 5 times a second). */
	void (*speakers)(struct mixer *x, void *arg);
	/** A member's stream was closed or given something else to do: it is no member any more. */
	void (*gone)(struct mixer *x, struct mixer_member *mb, void *member_arg, void *arg);
};
/** New room; EINVAL (rate, ptime), ENOMEM. */
int mixer_alloc(struct mixer **xp, const struct mixer_cfg *cfg, const struct mixer_ops *ops, void *arg) MUST_CHECK;

enum { MIXER_MUTED = 1 /**< is not heard */, MIXER_DEAF = 2 /**< hears nothing */ };
/** Put a stream in: ends what it did before. It stays until mixer_remove(), its own end or another use of it. ENOTSUP:
 * no codec that we can code; ENOMEM. */
int mixer_add(struct mixer_member **mp, struct mixer *x, struct mstream *s, unsigned flags,
	      void *member_arg) MUST_CHECK;
/** Take out; `m` may not be used after it, and `gone` is not called. NULL is fine. */
void mixer_remove(struct mixer_member *m);
/** MIXER_ bits; from the next frame on. */
void mixer_set_flags(struct mixer_member *m, unsigned flags);
/** Loudness in both directions, dB, -40 to 20. */
void mixer_set_gain(struct mixer_member *m, int to_room_db, int from_room_db);
/** Play to the whole room, over what is said; several at once are added. `src->done` tells the end, also that of the
 * room. ENOMEM, ERR_STATE (the engine ends): `src` is still the caller's. */
int mixer_play(struct mixer *x, struct media_source *src) MUST_CHECK;
/** Play to one member only, over what it hears, also to a deaf one. As mixer_play(). */
int mixer_play_to(struct mixer_member *m, struct media_source *src) MUST_CHECK;
/** Hear the whole room (recording), silence included, in place of the sink before; `sink->done` tells the end. NULL
 * takes it away. ENOMEM, ERR_STATE. */
int mixer_tap(struct mixer *x, struct media_sink *sink) MUST_CHECK;

struct mixer_member_info {
	bool talking;       /**< within the last half second */
	int8_t level_dbov;  /**< of what it says, -127 silence to 0 (RFC 6464) */
	uint64_t talked_ms; /**< in all */
};
/** A snapshot, at most 200 ms old. */
void mixer_member_info(const struct mixer_member *m, struct mixer_member_info *i);
size_t mixer_members(const struct mixer *x);

#endif
