/*
 * conference_priv.h - what the files about conferences share.
 *
 * Thread: loop.
 */
#ifndef OFFHOOK_PBX_CONFERENCE_PRIV_H
#define OFFHOOK_PBX_CONFERENCE_PRIV_H

#include "call/room.h"
#include "pbx/conference.h"
#include "pbx/pbx_priv.h"
#include "pbx/recording.h"

enum { CONFERENCE_PIN = 20 };

struct conference {
	struct hlink le; /**< in pbx.conferences */
	struct pbx *pbx; /**< NULL once it is removed */
	char number[32], name[128];
	char pin[CONFERENCE_PIN + 1], admin_pin[CONFERENCE_PIN + 1]; /**< "": none */
	uint32_t max;
	bool join_tones, announce, muted_on_entry, wait_for_admin, enabled;
	enum record_when record;
	struct room *room; /**< NULL while nobody talks */
	bool recorded;     /**< this meeting was begun to be recorded, or was to be: not by itself once more */
	struct list seats; /**< struct seat: everybody past the PIN */
	uint32_t admins;   /**< of these */
	uint64_t wrong_ms; /**< when the present window of wrong PINs began */
	uint32_t wrong;    /**< in it, by callers from outside */
	struct timer shut; /**< runs while nobody from outside is asked for a PIN */
};

/** Somebody in it; lives on the stack of its fiber. */
struct seat {
	struct link le;
	struct conference *f;
	struct leg *leg;
	bool admin;
	bool waits;        /**< for an admin */
	bool kicked, left; /**< by others; by a digit */
	bool star;         /**< the last digit was "*" */
	struct event wake; /**< an admin came, or it was taken out while it waited */
	int64_t since_ms;
};

/** conference_pin.c; on the fiber. 0 and whether it is an admin; EACCES: not admitted, and it was told; ECANCELED. */
int conference_admit(struct conference *f, struct leg *l, bool *admin) MUST_CHECK;
/** The conference goes, or has a new PIN: those outside may try again. */
void conference_open(struct conference *f);
/** conference_seat.c: a digit of somebody in the conference; `arg`: its seat. */
void conference_key(struct leg *l, char digit, void *arg);
/** Its membership of the room; NULL: it is not in yet. */
struct room_member *conference_member(const struct seat *s);
/** conference_record.c: the room has changed, or its conference: what is always recorded begins. */
void conference_record_policy(struct conference *f);
/** Begin or end by a key of a member. */
void conference_record_key(struct seat *s);
/** Is the meeting recorded now? */
bool conference_recorded(const struct conference *f);
/** A member as in pbx_json_members(). */
json_t *conference_seat_json(const struct seat *s);
/** Out of the conference. */
void conference_out(struct seat *s);

#endif
