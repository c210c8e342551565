/*
 * conference_pin.c - the PIN of a conference: three tries, and a bound on guessing.
 *
 * A wrong PIN of an extension counts as one of its tries to call outside, as wrong PINs of routes do; past as many as
 * it may have in a minute it is not asked any more until that is over. Callers from outside cannot be told apart by
 * what they say of themselves: their wrong PINs count together, and past a bound nobody from outside is asked any more
 * for a while, and an alarm says so.
 */
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "call/digits.h"
#include "pbx/brake.h"
#include "pbx/conference_priv.h"
#include "pbx/routed.h"

enum { TRIES = 3, WRONG_MAX = 20, WRONG_MS = 10 * 60 * 1000 };

/* In a time that says nothing of where they differ. */
static bool equal(const char a[DIGITS_MAX + 1], const char b[DIGITS_MAX + 1])
{
	unsigned diff = 0;

	for (size_t i = 0; i <= DIGITS_MAX; i++)
		diff |= (unsigned char)(a[i] ^ b[i]);
	return !diff;
}

static bool same(const char *typed, const char *pin)
{
	char a[DIGITS_MAX + 1] = {0}, b[DIGITS_MAX + 1] = {0};

	(void)slice_copy(a, sizeof(a), slice_str(typed));
	(void)slice_copy(b, sizeof(b), slice_str(pin));
	bool ok = *pin && equal(a, b);

	mem_wipe(a, sizeof(a));
	mem_wipe(b, sizeof(b));
	return ok;
}

/* Too many wrong ones of late? */
static bool closed(const struct conference *f, const struct leg *l)
{
	const char *why;

	if (!f->pbx)
		return false;
	if (l->trunk)
		return timer_running(&f->shut);
	why = brake_tried(f->pbx, l->party.number);
	if (why)
		brake_alarm(f->pbx, l->party.number, false, why);
	return why != NULL;
}

void conference_open(struct conference *f)
{
	char id[64];

	timer_stop(&f->shut);
	f->wrong = 0;
	(void)snprintf(id, sizeof(id), "conference.%s", f->number);
	pbx_alarm_clear(f->pbx, id);
}

static void opens(void *arg)
{
	conference_open(arg);
}

/* Nobody from outside is asked any more; people should know of it. */
static void shut(struct conference *f)
{
	char id[64], text[160];

	(void)snprintf(id, sizeof(id), "conference.%s", f->number);
	(void)snprintf(
		text, sizeof(text),
		"Somebody outside tries PINs of conference %s: %d wrong ones, nobody from outside is let in now.",
		f->number, WRONG_MAX);
	pbx_alarm_raise(f->pbx, id, "warning", text,
			"It opens by itself after ten minutes. Give it a longer PIN, or no number outside.");
	timer_start(&f->shut, f->pbx->loop, WRONG_MS, opens, f);
}

static void count_wrong(struct conference *f, const struct leg *l)
{
	uint64_t now;

	if (!f->pbx)
		return;
	now = loop_now_ms(f->pbx->loop);
	log_warn("pbx", "%s: wrong PIN for conference %s by %s", l->call->id, f->number, l->party.number);
	if (!l->trunk) {
		brake_try(brake_meter(f->pbx, false, l->party.number, true));
		return;
	}
	if (now - f->wrong_ms >= WRONG_MS) {
		f->wrong_ms = now;
		f->wrong = 0;
	}
	if (++f->wrong == WRONG_MAX)
		shut(f);
}

static int refuse(struct leg *l, const char *prompt)
{
	int err = leg_prompt(l, prompt);

	return err ? err : EACCES;
}

int conference_admit(struct conference *f, struct leg *l, bool *admin)
{
	static const char *const first[] = {"conf-getpin"}, *const again[] = {"conf-invalidpin", "conf-getpin"};
	char typed[DIGITS_MAX + 1];
	int err;

	*admin = false;
	/* an admin's PIN alone: others come in by "#" or by waiting */
	if (!*f->pin && !*f->admin_pin)
		return 0;
	for (int i = 0; i < TRIES && !closed(f, l); i++) {
		const struct ask q = {.prompt = i ? again : first, .nprompt = i ? 2 : 1, .max = DIGITS_MAX, .end = '#'};

		err = leg_ask(l, &q, typed);
		if (err == ECANCELED)
			return err;
		if (err && err != ETIMEDOUT)
			return err;
		*admin = !err && same(typed, f->admin_pin);
		if (*admin || (*f->pin ? !err && same(typed, f->pin) : !*typed)) {
			mem_wipe(typed, sizeof(typed));
			return 0;
		}
		/* silence is no guess */
		if (!err && *typed)
			count_wrong(f, l);
		mem_wipe(typed, sizeof(typed));
	}
	return refuse(l, closed(f, l) ? "confbridge-pin-bad" : "conf-invalidpin");
}
