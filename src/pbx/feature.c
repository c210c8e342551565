/*
 * feature.c - dialled feature codes. Each is straight-line code on a fiber.
 */
#include <string.h>
#include "call/tones.h"
#include "pbx/pbx_priv.h"

/* *43: hear yourself. A short tone says that it has begun. */
static void echo(struct call *c, struct leg *l, void *arg)
{
	int err;

	(void)c;
	(void)arg;
	if (leg_answer(l))
		return;
	err = leg_tone(l, TONE_GREETING);
	if (err && err != ENOTSUP)
		return;
	leg_echo(l);
	(void)!leg_wait(l, UINT64_MAX);
}

static const struct feature features[] = {
	{"*43", "echo", "Hear yourself: what you say comes back.", echo},
};

const struct feature *feature_find(struct slice dialled)
{
	for (size_t i = 0; i < ARRAY_LEN(features); i++) {
		if (slice_eqs(dialled, features[i].code))
			return &features[i];
	}
	return NULL;
}
