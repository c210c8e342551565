/*
 * history_info.h - one entry of the History-Info header (RFC 7044 5): a target the request was sent to, where it
 * stands in the tree of retargeting, and why it did not end there.
 *
 * Thread: any. Ownership: slices.
 */
#ifndef OFFHOOK_WIRE_SIP_HISTORY_INFO_H
#define OFFHOOK_WIRE_SIP_HISTORY_INFO_H

#include "wire/sip/addr.h"

/** How the entry came to be from the one it names (RFC 7044 5.2). */
enum sip_history_how {
	SIP_HISTORY_PLAIN, /**< not said */
	SIP_HISTORY_RC,    /**< another address of the same user */
	SIP_HISTORY_MP,    /**< another user */
	SIP_HISTORY_NP     /**< passed on without change */
};
struct sip_history {
	struct sip_addr addr; /**< its URI headers hold Reason and Privacy */
	struct slice index;   /**< "1.2.1" */
	enum sip_history_how how;
	struct slice from; /**< index of the entry it came from, with `how` */
};
enum { SIP_HISTORY_URI_MAX = 512 /**< bytes of a decoded Reason or Privacy that are looked at */ };

/** One entry; ERR_SYNTAX: also where the index is missing or not numbers with dots. */
int sip_history_decode(struct sip_history *h, struct slice s) MUST_CHECK;
/** Status code in the Reason (RFC 3326) that its URI carries, 0 without one. */
uint16_t sip_history_cause(const struct sip_history *h);
/** It may not be shown to people: Privacy=history in its URI (RFC 7044 10.1). */
bool sip_history_hidden(const struct sip_history *h);

/** An entry to write. */
struct sip_history_out {
	struct slice display, uri; /**< unquoted UTF-8; URI without headers */
	uint16_t cause;            /**< status code of the Reason, 0: none */
	bool hidden;               /**< Privacy=history */
	unsigned depth;            /**< index: this many "1", counted from 1 */
	enum sip_history_how how;  /**< from the entry before it */
};
void sip_history_encode(struct buf *b, const struct sip_history_out *o);

#endif
