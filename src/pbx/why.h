/*
 * why.h - which field a sentence is about that says why a change is refused.
 *
 * Thread: any. Ownership: none.
 */
#ifndef OFFHOOK_PBX_WHY_H
#define OFFHOOK_PBX_WHY_H

#include "base/buf.h"

/** Mark the sentence in `why` as one about `field`; one that is marked already stays. Returns `err`. */
int why_at(int err, struct buf *why, const char *field);
/** The sentence without its mark; the name of the field into `field`, "" for none. NULL stays NULL. */
const char *pbx_why(const char *why, char *field, size_t size);

#endif
