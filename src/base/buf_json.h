/*
 * buf_json.h - JSON (RFC 8259) written straight into a buffer, for what is made too often for a tree of values.
 *
 * The writer knows from the last byte whether a comma is due: begin with buf_char(b, '{') or '[', add members, end with
 * the other bracket. Errors stick in the buffer.
 */
#ifndef OFFHOOK_BASE_BUF_JSON_H
#define OFFHOOK_BASE_BUF_JSON_H

#include "base/buf.h"

/** A text with its quotation marks; what is not UTF-8 becomes U+FFFD. */
void buf_json_text(struct buf *b, const char *text);
/** Comma, if one is due: before an element of an array. */
void buf_json_comma(struct buf *b);
/** `"name":`, with a comma before it if one is due. `name` needs no escapes. */
void buf_json_key(struct buf *b, const char *name);
/** Members of an object. */
void buf_json_str(struct buf *b, const char *name, const char *text);
void buf_json_u64(struct buf *b, const char *name, uint64_t v);
void buf_json_bool(struct buf *b, const char *name, bool v);
/** `units` parts of which `scale` (a power of ten) make one, with all decimals: 4409 of 1000 is 4.409. */
void buf_json_decimal(struct buf *b, const char *name, uint32_t units, uint32_t scale);

#endif
