/*
 * recording.h - which calls are recorded, where the files lie, how long they are kept.
 *
 * Thread: loop; files are opened, repaired and removed on the file threads.
 */
#ifndef OFFHOOK_PBX_RECORDING_H
#define OFFHOOK_PBX_RECORDING_H

#include "pbx/routed.h"

/** When calls of an extension are recorded. */
enum record_when { RECORD_NEVER, RECORD_ALWAYS, RECORD_ON_DEMAND };
/** "never" "always" "on_demand"; anything else: never. */
enum record_when record_when(struct slice s);

struct room; /* call/room.h */
/** Begin to record a conference room. The recording that goes on stands in `*rp`; its row names `number`. ENOSPC: there
 * is too little room on the disk; ERR_STATE: no files can be written; else as room_record_start(). */
int record_room(struct pbx *p, struct room *r, const char *number, struct recording **rp) MUST_CHECK;
/** A call is up, or its legs have changed: begin what is always recorded. */
void record_policy(struct call *c, struct pbx_call *pc);
/** As struct call_ops.dtmf: *1 begins and ends a recording. */
void record_dtmf(struct call *c, struct leg *from, char digit, uint32_t ms, void *arg);
/** Settings have changed. */
void record_settings(struct pbx *p);
/** Recordings that go on. */
size_t record_count(const struct pbx *p);
/** The end: timers stop. */
void record_flush(struct pbx *p);

/* recording_keep.c: files and rows after the end */
/** Files that a crash left are brought in order, old ones are removed from now on. */
void record_keep_start(struct pbx *p);
/** Row of a recording, as JSON or from here, to the store. */
struct record_note {
	struct pbx *pbx;
	struct link le; /**< in records.open */
	char id[48], call_id[24], from[64], to[64];
	bool from_ours; /**< the caller is an extension, no number that a line shows */
	int64_t start_ms;
	struct recording *rec;
};

struct records {
	struct pbx *pbx;
	struct files *files;
	struct list open; /**< struct record_note */
	struct timer watch, daily;
	struct record_space *space; /**< a look at the disk; NULL: none is under way */
	bool low;                   /**< there is too little room */
};
/** Look how much room there is, soon and while it matters. */
void record_watch(struct pbx *p);

#endif
