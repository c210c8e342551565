/*
 * msg.h - STUN messages (RFC 8489 5, 14): header, attributes, FINGERPRINT. What attributes mean is in attr.h.
 *
 * Thread: any. Ownership: slices of the caller's bytes.
 */
#ifndef OFFHOOK_WIRE_STUN_MSG_H
#define OFFHOOK_WIRE_STUN_MSG_H

#include "base/buf.h"

enum { STUN_HDR = 20, STUN_TID = 12, STUN_MAX = 1500 };
enum { STUN_COOKIE = 0x2112A442 };

enum stun_class { STUN_REQUEST, STUN_INDICATION, STUN_SUCCESS, STUN_ERROR };
enum { STUN_BINDING = 1 /**< the method (RFC 8489 18.2) */ };

/** Types of attributes (RFC 8489 18.3); below 0x8000 the reader must understand them. */
enum {
	STUN_ATTR_MAPPED_ADDRESS = 0x0001,
	STUN_ATTR_USERNAME = 0x0006,
	STUN_ATTR_MESSAGE_INTEGRITY = 0x0008,
	STUN_ATTR_ERROR_CODE = 0x0009,
	STUN_ATTR_UNKNOWN_ATTRIBUTES = 0x000A,
	STUN_ATTR_REALM = 0x0014,
	STUN_ATTR_NONCE = 0x0015,
	STUN_ATTR_MESSAGE_INTEGRITY_SHA256 = 0x001C,
	STUN_ATTR_XOR_MAPPED_ADDRESS = 0x0020,
	STUN_ATTR_SOFTWARE = 0x8022,
	STUN_ATTR_FINGERPRINT = 0x8028
};

struct stun_msg {
	enum stun_class cls;
	uint16_t method;
	uint8_t tid[STUN_TID];
	struct slice whole; /**< header and attributes */
	struct slice attrs;
};
struct stun_attr {
	uint16_t type;
	struct slice val; /**< without padding */
};

/** Could this be STUN, on a port that carries another protocol too? First byte 0 to 3, the magic cookie, the length. */
bool stun_is(struct slice data);
/** Header and the frame of all attributes; a FINGERPRINT must stand last and be right. ERR_SYNTAX. */
int stun_decode(struct stun_msg *m, struct slice data) MUST_CHECK;
/** The next attribute; `*at` begins with 0. False at the end. */
bool stun_next(const struct stun_msg *m, size_t *at, struct stun_attr *a);
/** The first attribute of a type; false if there is none. */
bool stun_find(const struct stun_msg *m, uint16_t type, struct stun_attr *a);

/** Begin a message in `b`, which must be empty. */
void stun_enc_begin(struct buf *b, enum stun_class cls, uint16_t method, const uint8_t tid[STUN_TID]);
/** Append an attribute, padded. */
void stun_enc_attr(struct buf *b, uint16_t type, struct slice val);
/** Append FINGERPRINT: the last attribute. */
void stun_enc_fingerprint(struct buf *b);
/** Write the length: the end. ENOMEM or ERR_LIMIT from the buffer. */
int stun_enc_end(struct buf *b) MUST_CHECK;

#endif
