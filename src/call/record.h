/*
 * record.h - the call record (CDR): opened at INVITE, updated at answer, closed at the end.
 *
 * Thread: loop. Ownership: flat structs; the receiver copies.
 */
#ifndef OFFHOOK_CALL_RECORD_H
#define OFFHOOK_CALL_RECORD_H

#include "base/handle.h"
#include "media/media.h"

enum record_phase { RECORD_OPEN, RECORD_ANSWER, RECORD_CLOSE };
enum { RECORD_LEGS = 8 };

/** One leg of a call. */
struct leg_record {
	char number[64], name[96], device[64];
	bool outgoing;
	char callid[96];
	uint16_t code;                 /**< final status of this leg */
	int64_t start_ms, answer_ms, end_ms; /**< wall clock, 0 = never */
	char codec[16];
	struct mstream_stats q;        /**< of its first audio stream, final */
	bool has_q;
};

struct call_record {
	char id[24];
	char from[64], from_name[96];
	char to[64];                   /**< as dialled */
	char answered_by[64];          /**< number that answered, "" if none */
	int64_t start_ms, answer_ms, end_ms; /**< wall clock; 0 = not yet */
	uint32_t duration_ms, talk_ms; /**< by the monotonic clock */
	uint16_t code;                 /**< 200 answered, else the answer that the caller got */
	char outcome[24];              /**< "answered" "busy" "no answer" "cancelled" "failed" "declined" "unreachable" */
	char words[96];                /**< plain words: "100 hung up", "nobody answered in 30 s" */
	char ended_by[16];             /**< "caller" "callee" "system" */
	struct leg_record leg[RECORD_LEGS];
	size_t nlegs;
};

#endif
