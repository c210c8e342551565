/*
 * message_summary.h - body of type application/simple-message-summary (RFC 3842 5): messages that wait.
 *
 * Thread: any. Ownership: none.
 */
#ifndef OFFHOOK_WIRE_SIP_MESSAGE_SUMMARY_H
#define OFFHOOK_WIRE_SIP_MESSAGE_SUMMARY_H

#include "base/buf.h"

struct sip_message_summary {
	bool waiting;                  /**< Messages-Waiting: yes */
	bool has_voice;                /**< Voice-Message was there: the counts are known */
	uint32_t voice_new, voice_old; /**< without the urgent counts, which these hold already */
	uint32_t urgent_new, urgent_old;
};

/** ERR_SYNTAX: without a good Messages-Waiting line, which must be the first one. Lines that are not known are left
 * out. */
int sip_message_summary_decode(struct sip_message_summary *m, struct slice body) MUST_CHECK;
/** The same as text; `account` (a URI, may be empty) becomes Message-Account. */
void sip_message_summary_encode(struct buf *b, const struct sip_message_summary *m, struct slice account);

#endif
