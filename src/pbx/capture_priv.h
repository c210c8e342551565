/*
 * capture_priv.h - what the files of the capture share.
 */
#ifndef OFFHOOK_PBX_CAPTURE_PRIV_H
#define OFFHOOK_PBX_CAPTURE_PRIV_H

#include "base/buf.h"
#include "pbx/capture.h"

/** Find the Call-ID of a message, in `msg`. False: it has none, or its method is one of no call. */
bool capture_glance(struct slice msg, struct slice *callid) MUST_CHECK;
/** A SIP message as it may be shown. */
struct capture_text {
	struct buf text;     /**< over the caller's memory; what does not fit is missing */
	struct slice method; /**< of the request, or of the CSeq of a response */
};
/** Copy a message without its secrets: credentials (RFC 3261 22), keys in SDP (RFC 4568, RFC 3830, RFC 4566 5.12),
 * passwords of ICE (RFC 8839) and of URIs, PINs behind a number, digits in INFO. */
void capture_copy(struct capture_text *t, struct slice msg);

/** "INVITE sip:101@10.0.0.1" or "200 OK (INVITE)"; of RTCP "RTCP sender report ...". */
void capture_summary(struct buf *b, const struct capture_msg *m);
/** What follows the headers, and the Content-Type's value; empty if there is none. */
struct slice capture_body(const struct capture_msg *m, struct slice *type);

/** Begin a pcapng file, add a message (`wall_us`: us since 1970). */
void pcap_begin(struct buf *b);
void pcap_add(struct buf *b, const struct capture_msg *m, int64_t wall_us);

#endif
