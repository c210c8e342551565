/*
 * utf8.h - UTF-8 (RFC 3629) that comes from elsewhere and may be none.
 */
#ifndef OFFHOOK_BASE_UTF8_H
#define OFFHOOK_BASE_UTF8_H

#include "base/slice.h"

/** U+FFFD, which stands for what cannot be read. */
#define UTF8_UNKNOWN "\xef\xbf\xbd"

/** Bytes of the character at `p` (l > 0 bytes are there) and its code point; 0 if there is none. `cp` may be NULL. */
size_t utf8_next(const void *p, size_t l, uint32_t *cp);
/** Is all of it UTF-8? */
bool utf8_ok(struct slice s);
/** Copy what is UTF-8, with U+FFFD for each byte that is not; cut between characters if `size` is too small. */
void utf8_copy(char *dst, size_t size, struct slice s);

#endif
