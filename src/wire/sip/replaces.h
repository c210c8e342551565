/*
 * replaces.h - Replaces (RFC 3891), which names a dialog, and Refer-To (RFC 3515), whose URI may carry a Replaces in
 * its header part.
 *
 * Thread: any. Ownership: slices of the caller's bytes, or of the block given for unescaping.
 */
#ifndef OFFHOOK_WIRE_SIP_REPLACES_H
#define OFFHOOK_WIRE_SIP_REPLACES_H

#include "wire/sip/addr.h"

/** A dialog by its name. The tags are as seen by the one who is asked: to-tag is its local tag. */
struct sip_replaces {
	struct slice callid;
	struct slice to_tag, from_tag;
	bool early_only;
};
/** One value. ERR_SYNTAX: a part is missing, given twice or broken. */
int sip_replaces_decode(struct sip_replaces *r, struct slice s) MUST_CHECK;
/** Write the value. */
void sip_replaces_encode(struct buf *b, const struct sip_replaces *r);

enum { SIP_REFER_TEXT_MAX = 512 /**< bytes of an unescaped Replaces */ };

/** Where a REFER sends somebody. */
struct sip_refer_to {
	struct sip_addr addr;
	struct slice method; /**< of the URI; empty: INVITE */
	bool has_replaces;
	struct sip_replaces replaces;
	char text[SIP_REFER_TEXT_MAX]; /**< what `replaces` points to */
};
/** One value. ERR_SYNTAX; ERR_LIMIT: its Replaces is too long. Other header parts of the URI are left out. */
int sip_refer_to_decode(struct sip_refer_to *r, struct slice s) MUST_CHECK;
/** Write "<uri?Replaces=...>"; `uri` without header part. `r` may be NULL. */
void sip_refer_to_encode(struct buf *b, struct slice uri, const struct sip_replaces *r);

#endif
