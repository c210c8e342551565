/*
 * attr.h - what STUN attributes hold (RFC 8489 14): addresses, errors, unknown attributes.
 *
 * Thread: any. Ownership: slices.
 */
#ifndef OFFHOOK_WIRE_STUN_ATTR_H
#define OFFHOOK_WIRE_STUN_ATTR_H

#include "base/sa.h"
#include "wire/stun/msg.h"

/** The address of XOR-MAPPED-ADDRESS and its kind (14.2). ERR_SYNTAX. */
int stun_xor_addr(struct sa *addr, const struct stun_msg *m, const struct stun_attr *a) MUST_CHECK;
/** The address of MAPPED-ADDRESS and its kind (14.1). ERR_SYNTAX. */
int stun_plain_addr(struct sa *addr, const struct stun_attr *a) MUST_CHECK;
/** Where an answer says that we are: XOR-MAPPED-ADDRESS, else MAPPED-ADDRESS. ENOENT, ERR_SYNTAX. */
int stun_mapped(struct sa *addr, const struct stun_msg *m) MUST_CHECK;
/** 300 to 699 and the reason of ERROR-CODE (14.8). ERR_SYNTAX. */
int stun_error(uint16_t *code, struct slice *reason, const struct stun_attr *a) MUST_CHECK;

/** Append an address hidden from routers that rewrite what looks like one. */
void stun_enc_xor_addr(struct buf *b, uint16_t type, const struct sa *addr, const uint8_t tid[STUN_TID]);
/** Append ERROR-CODE. */
void stun_enc_error(struct buf *b, uint16_t code, const char *reason);
/**
 * Attributes below 0x8000 that are not among `known` (n of them): their number; the first `max` go to `v`.
 */
size_t stun_unknown(const struct stun_msg *m, const uint16_t *known, size_t n, uint16_t *v, size_t max);
/** Append UNKNOWN-ATTRIBUTES (14.9). */
void stun_enc_unknown(struct buf *b, const uint16_t *v, size_t n);

#endif
