/*
 * reason_value.h - values of the Reason header (RFC 3326 2; RFC 6432 in responses), and the causes of ISDN (ITU-T
 * Q.850) with what they are in SIP (RFC 3398 7.2.4.1, 8.2.6.1).
 *
 * Thread: any. Ownership: slices; constant tables.
 */
#ifndef OFFHOOK_WIRE_SIP_REASON_VALUE_H
#define OFFHOOK_WIRE_SIP_REASON_VALUE_H

#include "wire/sip/msg.h"

struct sip_reason_value {
	struct slice protocol; /**< "SIP" "Q.850" "Preemption" ... */
	bool has_cause;
	uint16_t cause;    /**< status code or ISDN cause; 0 if absent */
	struct slice text; /**< as written, with quotes; sip_unquote() it */
};

/** One value; ERR_SYNTAX. A cause that is no number counts as absent. */
int sip_reason_value_decode(struct sip_reason_value *r, struct slice s) MUST_CHECK;
/** protocol;cause=n;text="..." with `text` unquoted UTF-8, empty: none. */
void sip_reason_value_encode(struct buf *b, const char *protocol, uint16_t cause, struct slice text);

/** What the Reason lines of a message say: the first cause of each protocol. */
struct sip_reason_causes {
	uint16_t sip; /**< 100-699, 0 = none */
	uint8_t q850; /**< 1-127, 0 = none */
};
void sip_reason_causes(const struct sip_msg *m, struct sip_reason_causes *c);

/** Status code of a Q.850 cause that ended an attempt; 0 for normal clearing (16, 31) and for what has none. */
uint16_t q850_scode(uint8_t cause);
/** Cause of a status code; 31 where none fits, 16 below 300. */
uint8_t q850_of_scode(uint16_t scode);
/** Plain words of a cause, static; NULL for those that say nothing to people. */
const char *q850_words(uint8_t cause);

#endif
