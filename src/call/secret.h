/*
 * secret.h - the noun "what proves who you are": digest secrets by user, whoever keeps them.
 *
 * Thread: loop. Secrets are never logged.
 */
#ifndef OFFHOOK_CALL_SECRET_H
#define OFFHOOK_CALL_SECRET_H

#include "base/sa.h"
#include "base/slice.h"

/** HA1 in lower-case hex with terminators (RFC 7616 3.4.2). */
struct secret {
	char md5[33], sha256[65];
};
/** From user, realm, password. */
void secret_make(struct secret *s, struct slice user, struct slice realm, struct slice password);

struct secret_ops {
	/** ENOENT: unknown user. */
	int (*lookup)(struct slice user, struct secret *s, void *arg);
	/** A failure that counts (nonce was ours, for this address): budgets, bans, log. May be NULL. */
	void (*failed)(struct slice user, const struct sa *src, void *arg);
};

#endif
