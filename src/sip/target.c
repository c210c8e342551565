/*
 * target.c - the memory of targets that did not answer (RFC 3263 4.3): a small table in which the ones that come back
 * first give way.
 */
#include "sip/locate.h"
#include "sip/sip_priv.h"

enum { SETS = 64, WAYS = 4, FIRST_MS = 60000, MAX_MS = 600000 };

struct target {
	struct sa addr;
	enum sip_transp tp;
	uint32_t ms;    /* how long it is dead this time */
	uint64_t until; /* ms; 0: unused */
};

struct sip_dead {
	struct target v[SETS][WAYS];
};

static struct target *set_of(const struct sip *s, const struct sip_dest *d)
{
	return s->dead->v[(sa_hash(&d->addr) + (uint32_t)d->tp) % SETS];
}

static struct target *find(const struct sip *s, const struct sip_dest *d)
{
	struct target *t = s->dead ? set_of(s, d) : NULL;

	for (size_t i = 0; t && i < WAYS; i++) {
		if (t[i].until && t[i].tp == d->tp && sa_eq(&t[i].addr, &d->addr))
			return &t[i];
	}
	return NULL;
}

static struct target *take(const struct sip *s, const struct sip_dest *d)
{
	struct target *t = set_of(s, d), *best = t;

	for (size_t i = 1; i < WAYS; i++) {
		if (t[i].until < best->until)
			best = &t[i];
	}
	*best = (struct target){.addr = d->addr, .tp = d->tp};
	return best;
}

void sip_target_dead(struct sip *s, const struct sip_dest *d, uint32_t ms)
{
	uint64_t now = loop_now_ms(s->loop);
	struct target *t;

	if (!sa_isset(&d->addr))
		return;
	if (!s->dead)
		s->dead = mem_zalloc(sizeof(*s->dead), NULL);
	if (!s->dead)
		return;
	t = find(s, d);
	/* dead again soon after its time was over: twice as long; told twice about one failure: once */
	if (t && now < t->until)
		return;
	if (t && now - t->until < t->ms)
		ms = t->ms < MAX_MS / 2 ? t->ms * 2 : MAX_MS;
	if (!t)
		t = take(s, d);
	t->ms = !ms ? FIRST_MS : ms < MAX_MS ? ms : MAX_MS;
	t->until = now + t->ms;
}

void sip_target_alive(struct sip *s, const struct sip_dest *d)
{
	struct target *t = find(s, d);

	if (t)
		t->until = 0;
}

bool sip_target_is_dead(const struct sip *s, const struct sip_dest *d)
{
	const struct target *t = find(s, d);

	return t && loop_now_ms(s->loop) < t->until;
}
