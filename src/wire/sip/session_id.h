/*
 * session_id.h - the Session-ID header (RFC 7989 5): one name for a session over all elements it passes, made of a
 * UUID for each end.
 *
 * Thread: any.
 */
#ifndef OFFHOOK_WIRE_SIP_SESSION_ID_H
#define OFFHOOK_WIRE_SIP_SESSION_ID_H

#include "wire/sip/msg.h"

struct sip_uuid {
	uint8_t b[16]; /**< all zero: the nil UUID, "not known" */
};
struct sip_session_id {
	struct sip_uuid local;  /**< of the end that sent it */
	bool has_remote;        /**< not in the form of RFC 7329 */
	struct sip_uuid remote; /**< of the other end as the sender knows it */
};

/** The value; ERR_SYNTAX. Capital letters are taken. */
int sip_session_id_decode(struct sip_session_id *id, struct slice s) MUST_CHECK;
/** Of a message; ERR_SYNTAX, ENOENT. */
int sip_session_id_get(struct sip_session_id *id, const struct sip_msg *m) MUST_CHECK;
/** 32 hexadecimal digits, and ";remote=" with 32 more. */
void sip_session_id_encode(struct buf *b, const struct sip_session_id *id);
static inline bool sip_uuid_isset(const struct sip_uuid *u)
{
	static const struct sip_uuid nil;

	return memcmp(u, &nil, sizeof(nil)) != 0;
}

#endif
