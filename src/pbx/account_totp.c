/*
 * account_totp.c - codes of the second factor: TOTP (RFC 6238) with SHA-1, six digits, steps of 30 s, which is what all
 * apps know. One step to either side is taken (5.2); a code that was taken once is not taken again (5.2).
 */
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "pbx/account_priv.h"

enum { STEP_MS = 30000, DIGITS = 6, AROUND = 1 };
static const char table[] = "codes";

/* The step that `code` is of; 0: none. */
static uint64_t step_of(const struct user *u, const uint8_t key[ACCOUNT_TOTP], struct slice code)
{
	uint64_t now = (uint64_t)loop_wall_ms(u->all->pbx->loop) / STEP_MS, found = 0;
	char text[16];

	if (code.l != DIGITS)
		return 0;
	for (uint64_t s = now - AROUND; s <= now + AROUND; s++) {
		snprintf(text, sizeof(text), "%0*u", DIGITS, account_hotp(key, ACCOUNT_TOTP, s, DIGITS));
		if (strlen(text) == DIGITS && account_same(text, code.p, DIGITS) && s > u->totp_step)
			found = found ? found : s;
	}
	mem_wipe(text, sizeof(text));
	return found;
}

static void used(struct user *u, uint64_t step)
{
	char val[24];

	u->totp_step = step;
	snprintf(val, sizeof(val), "%llu", (unsigned long long)step);
	store_put(u->all->pbx->store, table, slice_str(u->name), slice_str(val));
}

bool totp_take(struct user *u, struct slice code)
{
	uint64_t step = 0;
	struct buf key;

	buf_init(&key);
	if (!store_unseal(u->all->pbx->store, slice_str(u->totp), &key) && key.l == ACCOUNT_TOTP)
		step = step_of(u, (const uint8_t *)key.p, code);
	if (key.p)
		mem_wipe(key.p, key.cap);
	buf_free(&key);
	if (step)
		used(u, step);
	return step != 0;
}

bool totp_confirms(struct user *u, struct slice code)
{
	uint64_t step;

	u->totp_step = 0; /* those were of another secret */
	step = step_of(u, u->pending, code);
	if (step)
		used(u, step);
	return step != 0;
}

static void load_row(struct slice key, struct slice val, void *arg)
{
	struct accounts *a = arg;
	struct user *u = account_user(a->pbx, key);
	uint64_t step;

	if (u && !slice_u64(val, &step))
		u->totp_step = step;
}

int totp_load(struct accounts *a)
{
	return store_load_state(a->pbx->store, table, load_row, a);
}
