/*
 * cert_live.h - the certificate of a running server: read or made at the start, replaced while it serves.
 *
 * Thread: the loop's. Files are read and written by cert_live_open() at the start, and on a crypto thread later.
 * Ownership: mem_deref; the struct tls must outlive it.
 */
#ifndef OFFHOOK_LOOP_CERT_LIVE_H
#define OFFHOOK_LOOP_CERT_LIVE_H

#include "loop/tls.h"

struct cert_live;

/** A certificate is in use: at the start, and each time it was replaced. */
typedef void(cert_live_h)(const struct cert *c, void *arg);
/** New holder of the certificate in `dir` (copied). ENOMEM. */
int cert_live_alloc(struct cert_live **lp, struct tls *t, const char *dir, cert_live_h *h, void *arg) MUST_CHECK;
/** Read it from the directory; where there is none, make one as `m` says and write it. `why` gets a sentence. */
int cert_live_open(struct cert_live *l, const struct cert_make *m, struct buf *why) MUST_CHECK;
/** err 0: in use and written; else `why` says what is wrong: ERR_SYNTAX, EINVAL (not a pair), ETIMEDOUT (expired),
 * EBUSY (another is being written), or what writing said. */
typedef void(cert_live_set_h)(int err, const char *why, void *arg);
/** Replace it by PEM text, checked and written first. Answers by call-back, never within the call. */
int cert_live_set(struct cert_live *l, struct slice cert_pem, struct slice key_pem, cert_live_set_h *h,
		  void *arg) MUST_CHECK;
/** The one in use, or NULL. */
const struct cert *cert_live_now(const struct cert_live *l);

#endif
