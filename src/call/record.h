/*
 * record.h - the call record (CDR): opened at INVITE, updated at answer, closed at the end.
 *
 * A live call keeps only what cannot be derived; the record is put together when it
 * is reported or asked for, so that an idle call stays small.
 * Thread: loop. Ownership: flat structs, valid during the call-back; the receiver copies.
 */
#ifndef OFFHOOK_CALL_RECORD_H
#define OFFHOOK_CALL_RECORD_H

#include "media/media.h"

enum record_phase { RECORD_OPEN, RECORD_ANSWER, RECORD_CLOSE };
enum { RECORD_MOVES = 4 /**< transfers written down per call: the first ones and the last */ };
enum { RECORD_FILES = 4 /**< recordings written down per call: the first ones */ };
enum { RECORD_LEGS = 8 /**< legs written down per call; the winner is always among them */ };

/** One leg of a call. */
struct leg_record {
	char number[64], name[96], device[64];
	bool outgoing;
	bool hidden; /**< it asked not to be shown to others */
	char callid[96];
	uint16_t code;                       /**< final status of this leg: 200 talked, else why not; 0 = still alive */
	int64_t start_ms, answer_ms, end_ms; /**< wall clock, 0 = never */
	char codec[16];
	struct mstream_stats q; /**< of its first audio stream; final in RECORD_CLOSE */
	bool has_q;
	char trunk[64];            /**< by which it came or went, "" = none */
	struct leg_series *series; /**< how it sounded over time (series.h); NULL: not known */
	char verdict[120];         /**< what was wrong with its sound, one sentence; "" = nothing; in RECORD_CLOSE */
};

/** One transfer of a call. */
struct move_record {
	const char *how;     /**< "blind", "attended", "pickup", "recall"; static */
	char by[64], to[64]; /**< who sent a party where */
	int64_t at_ms;       /**< wall clock */
	uint16_t code;       /**< 200 it worked, else why not; 0: still in progress */
};

/** One recording of a call. */
struct file_record {
	char file[256];     /**< as its owner named it */
	int64_t start_ms;   /**< wall clock */
	uint64_t ms, lost;  /**< length of the sound; bytes of it that could not be written */
	uint64_t paused_ms; /**< left out by pauses */
	bool over;          /**< the file is closed */
};

struct call_record {
	char id[24];
	char from[64], from_name[96];
	char to[64];                         /**< as dialled */
	char answered_by[64];                /**< number or inside party that answered, "" if none */
	int64_t start_ms, answer_ms, end_ms; /**< wall clock; 0 = not yet */
	uint32_t duration_ms, talk_ms;       /**< by the monotonic clock */
	uint16_t code;                       /**< 200 answered, else the answer that the caller got; 0 = not yet */
	char outcome[24]; /**< "answered" "busy" "no answer" "cancelled" "failed" "declined" "unreachable"; "" = not yet
			   */
	char words[160];  /**< plain words: "100 hung up", "nobody answered in 30 s" */
	char ended_by[16];  /**< "caller" "callee" "system"; "" = not yet */
	char diverted[160]; /**< who passed it on before, oldest first: "200 (busy), 201 (no answer)"; "" = nobody */
	size_t nmoves;
	struct move_record move[RECORD_MOVES];
	size_t nfiles;
	struct file_record file[RECORD_FILES];
	size_t nlegs;
	struct leg_record leg[RECORD_LEGS]; /**< the caller first; elements from nlegs on are not set */
};

struct call;
/** The record of a call as it is now, for live views; quality is at most a second old. */
void call_record_get(const struct call *c, struct call_record *r);

#endif
