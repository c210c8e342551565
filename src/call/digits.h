/*
 * digits.h - talking to people: prompts that a digit breaks off, and digits they press. The base of menus, mailboxes
 * and conferences.
 *
 * Digits count from the first call of these functions on (or leg_keys_open()): what is pressed while a prompt plays is
 * kept for the question that follows.
 * Thread: loop, on the fiber of the inside party, unless said. After hang-up all of them return ECANCELED.
 */
#ifndef OFFHOOK_CALL_DIGITS_H
#define OFFHOOK_CALL_DIGITS_H

#include "call/sounds.h"

struct leg_keys; /**< digits of a leg */
enum { KEYS_MAX = 32 /**< pressed and not asked for yet; further ones are dropped */, DIGITS_MAX = 32 };

/** From now on digits are kept. Not for fibers only. ENOMEM. */
int leg_keys_open(struct leg *l) MUST_CHECK;
/** Forget those that were pressed and not asked for. */
void leg_keys_clear(struct leg *l);
/** Tell each digit to `fn` at once, from the loop, in place of keeping it; NULL: keep them again. ENOMEM. */
int leg_on_key(struct leg *l, void (*fn)(struct leg *l, char digit, void *arg), void *arg) MUST_CHECK;

/** Prompts that play one after the other, by names; no digit breaks them. A call without sound that we can make, or a
 * system without sounds, goes on at once. 0, ECANCELED. */
int leg_prompts(struct leg *l, const char *const *name, size_t n) MUST_CHECK;
int leg_prompt(struct leg *l, const char *name) MUST_CHECK;
/** The same from digits, "*" and "#": "one" "two". */
int leg_say_digits(struct leg *l, const char *digits) MUST_CHECK;

/** A question. */
struct ask {
	const char *const *prompt; /**< names, played in a row; the first digit breaks them off */
	size_t nprompt;
	size_t max;        /**< digits that are enough, 1 to DIGITS_MAX */
	char end;          /**< ends the answer, is no part of it: '#'; 0: none */
	uint32_t first_ms; /**< wait for the first digit after the prompts; 0: 7000 */
	uint32_t next_ms;  /**< wait for each further one; 0: 4000 */
};
/** Ask; what was pressed comes to `dst` (DIGITS_MAX + 1 bytes), "" when it was the end sign alone. 0; ETIMEDOUT:
 * nothing was pressed; ECANCELED. What comes too slowly is the answer as far as it goes. */
int leg_ask(struct leg *l, const struct ask *q, char dst[DIGITS_MAX + 1]) MUST_CHECK;

/** A digit of this leg, for leg_ev_dtmf(): true when it was meant for an inside party. */
bool leg_key(struct leg *l, char digit);

#endif
