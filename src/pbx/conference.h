/*
 * conference.h - conferences: numbers where people talk together.
 *
 * Thread: loop. Ownership: a conference is referenced by the phone system and by everybody in it; one that was removed
 * lives until the last has left.
 */
#ifndef OFFHOOK_PBX_CONFERENCE_H
#define OFFHOOK_PBX_CONFERENCE_H

#include "pbx/pbx.h"

struct conference;

extern const struct resource pbx_conference_resource;

/** Load at start. */
int conference_load(struct pbx *p) MUST_CHECK;
/** What the table cannot say: the number means something else already, both PINs are the same. EEXIST or ERR_SYNTAX
 * with a sentence. */
int conference_check(struct pbx *p, const struct change_item *item, size_t n, size_t i, struct buf *why) MUST_CHECK;
/** Take over a committed row (NULL: removed); false: not of this table. */
bool conference_apply(const struct change_item *it, json_t *row, struct pbx *p);
void conference_flush(struct pbx *p);

/** By number; NULL. */
struct conference *conference_find(const struct pbx *p, struct slice number);
/** "Team", or its number. */
const char *conference_name(const struct conference *f);
/** Is it switched on? */
bool conference_enabled(const struct conference *f);
/** The inside party (call_inside): its call's owner says which conference. `arg`: the pbx. */
void conference_run(struct call *c, struct leg *l, void *arg);

/** Who is in which conference now: [{conference, name, id, number, caller_name, admin, waiting, muted, talking,
 * recorded,
 * level_dbov, since_ms}]; `number` empty: of all. NULL: no memory. */
json_t *pbx_json_members(struct pbx *p, struct slice number);
enum conference_order { CONFERENCE_MUTE, CONFERENCE_UNMUTE, CONFERENCE_KICK };
/** Do that to the member whose call has this id. ENOENT. */
int pbx_conference_order(struct pbx *p, struct slice number, struct slice call_id, enum conference_order o,
			 const char *who) MUST_CHECK;

/** Record the meeting that goes on in a conference, or end, pause, resume that. ENOENT: no such conference; else a
 * sentence in `why`: EALREADY, ERR_STATE (nobody talks, nothing is recorded) ... */
int pbx_conference_record(struct pbx *p, struct slice number, enum pbx_record_op op, const char *who,
			  struct buf *why) MUST_CHECK;

#endif
