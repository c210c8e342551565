/*
 * best.c - the best answer of several branches (RFC 3261 16.7 step 6).
 */
#include "call/call_priv.h"

/* Within 4xx the standard leaves the choice: what tells the caller most about the people comes first. */
static unsigned worth(uint16_t code)
{
	static const uint16_t order[] = {486, 483, 403, 488, 415, 420, 484, 480, 408, 410, 404};

	if (code >= 600)
		return 1000;
	if (code >= 500)
		return 1;
	for (unsigned i = 0; i < ARRAY_LEN(order); i++)
		if (order[i] == code)
			return 900 - i;
	return 500;
}

/* What belongs to the hop between us and a phone does not go on to the caller. */
static uint16_t for_caller(uint16_t code)
{
	if (code == 503)
		return 500; /* the phone's overload is not ours */
	if (code == 401 || code == 407 || code == 487 || code < 400)
		return 480; /* asks us for a password, lost its call, or led nowhere */
	if (code == 481 || code == 482)
		return 500;
	return code;
}

void best_take(struct hangup *best, const struct hangup *h)
{
	struct hangup now = *h;

	now.code = for_caller(h->code);
	now.elsewhere = false;
	if (!best->code || worth(now.code) > worth(best->code) ||
	    (now.code == best->code && best->silent && !now.silent))
		*best = now;
}
