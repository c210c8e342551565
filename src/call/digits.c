/*
 * digits.c - prompts that a digit breaks off, and digits that people press, for inside parties on their fibers.
 */
#include <stdio.h>
#include <string.h>
#include "call/call_priv.h"
#include "call/digits.h"
#include "call/dtmf.h"
#include "media/sound.h"

enum { PROMPTS_MAX = DIGITS_MAX, FIRST_MS = 7000, NEXT_MS = 4000 };

struct leg_keys {
	char key[KEYS_MAX];
	size_t n;
	struct event pressed;
	void (*fn)(struct leg *l, char digit, void *arg);
	void *arg;
};

int leg_keys_open(struct leg *l)
{
	if (l->keys)
		return 0;
	l->keys = mem_zalloc(sizeof(*l->keys), NULL);
	if (!l->keys)
		return ENOMEM;
	/* its digits may be in its sound */
	dtmf_listen(l, NULL);
	return 0;
}

void leg_keys_clear(struct leg *l)
{
	if (!l->keys)
		return;
	l->keys->n = 0;
	event_clear(&l->keys->pressed);
}

int leg_on_key(struct leg *l, void (*fn)(struct leg *l, char digit, void *arg), void *arg)
{
	int err = leg_keys_open(l);

	if (err)
		return err;
	l->keys->fn = fn;
	l->keys->arg = arg;
	return 0;
}

bool leg_key(struct leg *l, char digit)
{
	struct leg_keys *k = l->keys;

	if (!k)
		return false;
	if (k->fn) {
		k->fn(l, digit, k->arg);
		return true;
	}
	if (k->n < KEYS_MAX) {
		k->key[k->n++] = digit;
		event_set(&k->pressed);
	}
	return true;
}

static bool take(struct leg *l, char *digit)
{
	struct leg_keys *k = l->keys;

	if (!k->n)
		return false;
	*digit = k->key[0];
	memmove(k->key, k->key + 1, --k->n);
	if (!k->n)
		event_clear(&k->pressed);
	return true;
}

/* ------------------------------------------------------------------ prompts */

/* The sounds of the prompts; those that cannot be had are left out. */
static int fetch(struct leg *l, const char *const *name, size_t n, struct sound **v, size_t *got)
{
	struct sounds *s = l->call->calls->sounds;
	int err = 0;

	*got = 0;
	for (size_t i = 0; i < n && i < PROMPTS_MAX && s; i++) {
		err = sounds_get(s, name[i], NULL, &v[*got]);
		if (err == ECANCELED)
			break;
		if (err)
			log_info("call", "%s: no sound \"%s\": %s", l->call->id, name[i], err_str(err));
		else
			++*got;
		s = l->call->calls->sounds;
	}
	return err == ECANCELED ? err : 0;
}

/* Play until the end or until `stop` is set. */
static int play(struct leg *l, const char *const *name, size_t n, struct event *stop)
{
	struct sound *v[PROMPTS_MAX];
	struct media_source *src;
	size_t got;
	int err = fetch(l, name, n, v, &got);

	if (!err && got) {
		err = sound_source(&src, v, got, 1, NULL, NULL);
		if (!err)
			err = leg_play_until(l, src, stop);
	}
	for (size_t i = 0; i < got; i++)
		mem_deref(v[i]);
	/* without sound things go on all the same */
	return err == ECANCELED ? err : 0;
}

int leg_prompts(struct leg *l, const char *const *name, size_t n)
{
	int err = leg_keys_open(l);

	return err ? err : play(l, name, n, NULL);
}

int leg_prompt(struct leg *l, const char *name)
{
	return leg_prompts(l, &name, 1);
}

int leg_say_digits(struct leg *l, const char *digits)
{
	char text[DIGITS_MAX][16];
	const char *name[DIGITS_MAX];
	size_t n = 0;

	for (; *digits && n < DIGITS_MAX; digits++) {
		if (*digits >= '0' && *digits <= '9')
			snprintf(text[n], sizeof(text[n]), "digits/%c", *digits);
		else if (*digits == '*' || *digits == '#')
			snprintf(text[n], sizeof(text[n]), "digits/%s", *digits == '*' ? "star" : "pound");
		else
			continue;
		name[n] = text[n];
		n++;
	}
	return leg_prompts(l, name, n);
}

/* ------------------------------------------------------------------ questions */

int leg_ask(struct leg *l, const struct ask *q, char dst[DIGITS_MAX + 1])
{
	size_t n = 0, max = q->max && q->max < DIGITS_MAX ? q->max : DIGITS_MAX;
	struct event *ev[1];
	int err = leg_keys_open(l);
	char c;

	dst[0] = '\0';
	if (err)
		return err;
	ev[0] = &l->keys->pressed;
	if (!l->keys->n)
		err = play(l, q->prompt, q->nprompt, &l->keys->pressed);
	while (!err && n < max) {
		uint32_t ms = n ? q->next_ms ? q->next_ms : NEXT_MS : q->first_ms ? q->first_ms : FIRST_MS;

		err = wait_any(ev, 1, ms, NULL);
		if (!err && l->state == LEG_ENDED)
			err = ECANCELED;
		if (err || !take(l, &c))
			continue;
		if (q->end && c == q->end)
			return 0;
		dst[n++] = c;
		dst[n] = '\0';
	}
	return err == ETIMEDOUT && n ? 0 : err;
}
