/*
 * tones.c - named tones for inside parties, and a leg's quality in plain figures.
 */
#include "call/call_priv.h"
#include "call/tones_priv.h"

static const struct tone_step greeting[] = {{440, 0, 120, -16}, {0, 0, 40, 0}, {660, 0, 180, -16}};
static const struct tone_step confirm[] = {{660, 0, 150, -16}};
static const struct tone_step refused[] = {{300, 0, 150, -16}, {0, 0, 60, 0}, {250, 0, 250, -16}};
static const struct tone_step waiting[] = {{425, 0, 150, -24}, {0, 0, 2850, 0}};

static const struct {
	const struct tone_step *v;
	size_t n;
} tones[] = {
	[TONE_GREETING] = {greeting, ARRAY_LEN(greeting)},
	[TONE_CONFIRM] = {confirm, ARRAY_LEN(confirm)},
	[TONE_REFUSED] = {refused, ARRAY_LEN(refused)},
	[TONE_WAITING] = {waiting, ARRAY_LEN(waiting)},
};

void calls_set_country(struct calls *cs, const char *iso)
{
	if (!slice_copy(cs->country, sizeof(cs->country), slice_str(iso)))
		cs->country[0] = '\0';
}

static int source_of(struct media_source **sp, const struct leg *l, enum tone_name t, unsigned repeat)
{
	struct tone_step v[TONE_STEPS];

	if (t <= TONE_WAITING)
		return tone_source(sp, tones[t].v, tones[t].n, repeat, NULL, NULL);
	return tone_source(sp, v, tones_of_country(v, l->call->calls->country, t), repeat, NULL, NULL);
}

int leg_tone(struct leg *l, enum tone_name t)
{
	struct media_source *src;
	int err = source_of(&src, l, t, 1);

	return err ? err : leg_play(l, src);
}

bool leg_tone_start(struct leg *l, enum tone_name t)
{
	struct mstream *ms = leg_sound(l);
	struct media_source *src;

	if (!ms || source_of(&src, l, t, 0))
		return false;
	if (!mstream_play(ms, src))
		return true;
	src->done(src);
	return false;
}
