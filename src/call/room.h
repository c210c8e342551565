/*
 * room.h - conference rooms as the phone system knows them: legs that talk together.
 *
 * A member is the leg of an inside party (call_inside); it enters on its fiber and
 * stays until it hangs up, is taken out, or leaves by a digit.
 * Thread: loop. Ownership: the owner of a room holds a reference; members hold one as well.
 */
#ifndef OFFHOOK_CALL_ROOM_H
#define OFFHOOK_CALL_ROOM_H

#include "call/call.h"

struct room;
struct room_member;
struct recording;
struct recording_cfg;
struct recording_ops;

struct room_cfg {
	uint32_t rate;   /**< Hz; 0 = 16000 */
	bool join_tones; /**< a short tone when somebody comes or leaves */
};
struct room_ops {
	/** Somebody came, left, began or stopped talking, was muted. */
	void (*changed)(struct room *r, void *arg);
	/** The last member left. */
	void (*empty)(struct room *r, void *arg);
};
int room_alloc(struct room **rp, struct calls *cs, const struct room_cfg *cfg, const struct room_ops *ops,
	       void *arg) MUST_CHECK;
/** On the leg's fiber: be in the room until hang-up (ECANCELED) or until taken out (0). Answers the leg when it is not.
 * ENOTSUP: no codec that we can code. */
int leg_enter_room(struct leg *l, struct room *r, bool muted) MUST_CHECK;

/** A member as shown. */
struct room_member_view {
	const struct leg *leg;
	struct room_member *m;
	bool muted, talking;
	int level_dbov;
	int64_t since_ms; /**< wall clock */
};
/** Walk the members. */
void room_each(struct room *r, void (*fn)(const struct room_member_view *v, void *arg), void *arg);
size_t room_count(const struct room *r);
void room_mute(struct room_member *m, bool muted);
/** Play a prompt (sounds.h) to this member alone, over what it hears. One that is not decoded yet is left out. */
void room_prompt(struct room_member *m, const char *name);
/** Play a prompt to all members, over what is said; a tone instead where it is NULL or not decoded yet. */
void room_announce(struct room *r, const char *name);

/** Record all that is said in the room (recording.h); ends with the room at the latest. Nobody is told by this. A
 * room's recording is stopped, paused and looked at as one of a call. ENOMEM, EINVAL (path), EALREADY, ERR_STATE (the
 * engine ends). */
int room_record_start(struct recording **rp, struct room *r, const struct recording_cfg *cfg,
		      const struct recording_ops *ops, void *arg) MUST_CHECK;
/** The recording that goes on; NULL. */
struct recording *room_recording(const struct room *r);

/** Take out: its leg_enter_room() returns 0. */
void room_kick(struct room_member *m);

#endif
