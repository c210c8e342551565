/*
 * head.h - the head of a request: request line and fields as slices of what was received (RFC 9112 2 to 7).
 *
 * Strict: whatever two programs could read in two ways is refused, so that nothing can be smuggled past a proxy.
 * Pure functions, any thread. Ownership: a head points into nothing; its spans are places in the bytes it came from.
 */
#ifndef OFFHOOK_HTTP_HEAD_H
#define OFFHOOK_HTTP_HEAD_H

#include <stdbool.h>
#include "base/slice.h"

enum {
	HTTP_HEAD_MAX = 65536, /**< bytes of request line and fields */
	HTTP_TARGET_MAX = 16384,
	HTTP_FIELDS_MAX = 100
};
struct http_span {
	uint32_t at, l;
};
struct http_field {
	struct http_span name, value;
};
struct http_head {
	struct http_span method, path, query;
	struct http_field field[HTTP_FIELDS_MAX];
	uint32_t nfield;
	uint32_t l; /**< bytes of all of it, with the empty line */
	uint8_t minor;
	bool close; /**< the connection ends after the answer */
	bool chunked;
	bool expect;     /**< "100-continue" */
	uint64_t length; /**< bytes of the body, when not chunked */
};
/**
 * Read a head. 0: it is whole; EAGAIN: bytes are missing; else the status that refuses it: 400, 414, 417, 431, 501,
 * 505. `from` keeps how far an earlier call has looked: 0 at first.
 */
unsigned http_head_read(struct http_head *h, struct slice in, size_t *from);
/** A piece of the bytes that the head was read from. */
static inline struct slice http_span_of(const char *p, struct http_span s)
{
	return (struct slice){p + s.at, s.l};
}
/** First field of this lower-case name, or empty. */
struct slice http_head_field(const struct http_head *h, const char *p, const char *name);
/** Is `word` an element of a comma list, case ignored? Parameters (";q=0") are cut off. */
bool http_list_has(struct slice list, const char *word);

/** Decoder of the chunked coding (RFC 9112 7.1), all zero at first. */
struct http_chunk {
	uint8_t st;
	uint64_t left; /**< of the present chunk */
	uint32_t line; /**< bytes of the present line, or of the trailer */
};
/** Read on: `*in` moves behind what was used, `*data` gets a piece of the body (may be empty). 0: at the end of the
 * body, EAGAIN: go on, when `*in` is empty with more bytes; ERR_SYNTAX. */
int http_chunk_read(struct http_chunk *c, struct slice *in, struct slice *data);

/** What a Range field asks for. */
enum http_range {
	HTTP_RANGE_ALL,  /**< nothing that is understood, or several pieces: all of it (RFC 9110 14.2 allows that) */
	HTTP_RANGE_PART, /**< `*off` and `*l` */
	HTTP_RANGE_NONE  /**< 416 */
};
/** Read a Range field (RFC 9110 14.1.2) of something of `size` bytes. */
enum http_range http_range_read(struct slice range, uint64_t size, uint64_t *off, uint64_t *l);
/** Does a list of If-None-Match name this entity tag (weak comparison, RFC 9110 8.8.3.2)? */
bool http_etag_in(struct slice list, struct slice etag);

#endif
