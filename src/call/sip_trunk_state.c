/*
 * sip_trunk_state.c - how a trunk is: one state and one sentence made of what its servers and its registration say; and
 * the last events.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "call/sip_trunk_priv.h"

void strunk_note(struct strunk *st, const char *what, uint16_t scode, uint32_t rtt_ms, const char *text)
{
	struct trunk_event *e;

	st->newest = (st->newest + 1) % TRUNK_HISTORY;
	if (st->nhistory < TRUNK_HISTORY)
		st->nhistory++;
	e = &st->history[st->newest];
	*e = (struct trunk_event){.at_ms = loop_wall_ms(st->edge->loop), .scode = scode, .rtt_ms = rtt_ms};
	(void)slice_copy(e->what, sizeof(e->what), slice_str(what));
	(void)slice_copy(e->text, sizeof(e->text), slice_str(text));
}

/* ------------------------------------------------------------------ the judgement */

struct view {
	struct strunk_target *alive, *dead, *unknown; /* the best of each */
	const struct strunk_server *lost;             /* a server without any address */
	const struct strunk_server *sought;           /* one that is being looked up for the first time */
};

static void look(struct strunk *st, struct view *v)
{
	*v = (struct view){0};
	LIST_EACH (&st->targets, k) {
		struct strunk_target *g = LINK_OBJ(k, struct strunk_target, le);
		struct strunk_target **p = g->health == ST_ALIVE  ? &v->alive
					   : g->health == ST_DEAD ? &v->dead
								  : &v->unknown;

		if (!*p || g->server->priority < (*p)->server->priority)
			*p = g;
	}
	for (size_t i = 0; i < st->cfg.nservers; i++) {
		const struct strunk_server *s = &st->server[i];

		if (s->failing && !v->lost)
			v->lost = s;
		else if (!s->failing && !s->found && !v->sought)
			v->sought = s;
	}
}

/* What is wrong beside what works; false: nothing. */
static bool fault(const struct view *v, char *dst, size_t size)
{
	char where[80];

	if (v->dead)
		snprintf(dst, size, "%s %s", strunk_where_words(v->dead, where, sizeof(where)), v->dead->why);
	else if (v->lost)
		snprintf(dst, size, "%s", v->lost->why);
	return v->dead || v->lost;
}

static void clock_text(int64_t ms, char dst[16])
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	if (!localtime_r(&t, &tm) || !strftime(dst, 16, "%H:%M", &tm))
		strcpy(dst, "?");
}

/* Works: by `g`, and maybe not all of it. */
static enum trunk_state works(struct strunk *st, const struct view *v, const struct strunk_target *g, const char *how)
{
	char bad[280], where[80];

	snprintf(st->in_use, sizeof(st->in_use), "%s", strunk_where_words(g, where, sizeof(where)));
	st->rtt_ms = g->rtt_ms;
	if (!fault(v, bad, sizeof(bad))) {
		snprintf(st->words, sizeof(st->words), "%s", how);
		return TRUNK_UP;
	}
	snprintf(st->words, sizeof(st->words), "%.105s; calls go by %.79s", bad, where);
	return TRUNK_DEGRADED;
}

static enum trunk_state no_address(struct strunk *st, const struct view *v)
{
	if (v->sought) {
		snprintf(st->words, sizeof(st->words), "looking for %.*s", SLICE_FMT(v->sought->host));
		return TRUNK_STARTING;
	}
	if (v->lost) {
		snprintf(st->words, sizeof(st->words), "%s", v->lost->why);
		return TRUNK_DOWN;
	}
	snprintf(st->words, sizeof(st->words), "it has no servers: calls come in by it, but none goes out");
	return TRUNK_UP;
}

static enum trunk_state judge_registered(struct strunk *st, const struct view *v)
{
	char where[80], how[200], until[16];

	if (st->reg_until > loop_wall_ms(st->edge->loop) && st->reg_at) {
		const struct strunk_target *g = v->alive ? v->alive : st->reg_at;

		clock_text(st->reg_until, until);
		snprintf(how, sizeof(how), "registered with %s until %s",
			 strunk_where_words(st->reg_at, where, sizeof(where)), until);
		return works(st, v, g, how);
	}
	if (st->reg_failed) {
		snprintf(st->words, sizeof(st->words), "%s", st->reg_why);
		return TRUNK_DOWN;
	}
	snprintf(st->words, sizeof(st->words), "registering with %s",
		 st->reg_at ? strunk_where_words(st->reg_at, where, sizeof(where)) : "the provider");
	return TRUNK_STARTING;
}

static enum trunk_state judge_plain(struct strunk *st, const struct view *v)
{
	char where[80], how[200], bad[280];

	if (v->alive) {
		snprintf(how, sizeof(how), "%s answers", strunk_where_words(v->alive, where, sizeof(where)));
		return works(st, v, v->alive, how);
	}
	if (v->unknown && st->cfg.check_s) {
		snprintf(st->words, sizeof(st->words), "waiting for the first answer of %s",
			 strunk_where_words(v->unknown, where, sizeof(where)));
		return TRUNK_STARTING;
	}
	if (v->unknown) {
		snprintf(how, sizeof(how), "calls go by %s, which is not checked",
			 strunk_where_words(v->unknown, where, sizeof(where)));
		return works(st, v, v->unknown, how);
	}
	(void)fault(v, bad, sizeof(bad));
	snprintf(st->words, sizeof(st->words), "%.199s", bad);
	return TRUNK_DOWN;
}

static const char *state_name(enum trunk_state s)
{
	static const char *const names[] = {"starting", "up", "degraded", "down"};

	return names[s];
}

void strunk_judge_now(void *arg)
{
	struct strunk *st = arg;
	enum trunk_state was = st->state;
	char words[sizeof(st->words)];
	struct view v;

	if (!st->t)
		return;
	memcpy(words, st->words, sizeof(words));
	st->in_use[0] = '\0';
	st->rtt_ms = 0;
	look(st, &v);
	if (!st->targets.n)
		st->state = no_address(st, &v);
	else if (st->cfg.registers)
		st->state = judge_registered(st, &v);
	else
		st->state = judge_plain(st, &v);
	if (st->state == was && !strcmp(words, st->words))
		return;
	if (st->state != was)
		log_info("trunk", "%.*s is %s: %s", SLICE_FMT(st->cfg.name), state_name(st->state), st->words);
	trunk_changed(st->t);
}

void strunk_judge(struct strunk *st)
{
	if (st->edge)
		loop_at_tail(st->edge->loop, &st->judge);
}

/* ------------------------------------------------------------------ what the owner sees */

static bool checking(const struct strunk *st)
{
	LIST_EACH (&st->targets, k)
		if (LINK_OBJ(k, struct strunk_target, le)->ct)
			return true;
	return st->reg_busy;
}

void strunk_status(const struct trunk *t, struct trunk_status *out)
{
	struct strunk *st = t->proto;

	if (!st)
		return;
	strunk_judge_now(st);
	out->state = st->state;
	memcpy(out->words, st->words, sizeof(out->words));
	memcpy(out->server, st->in_use, sizeof(out->server));
	out->rtt_ms = st->rtt_ms;
	out->registered_ms = st->reg_until;
	out->registers = st->cfg.registers;
	out->messages_new = st->messages_new;
	out->messages_old = st->messages_old;
	out->has_messages = st->has_messages;
	out->checking = checking(st);
	out->nhistory = st->nhistory;
	for (size_t i = 0; i < st->nhistory; i++)
		out->history[i] = st->history[(st->newest + TRUNK_HISTORY - i) % TRUNK_HISTORY];
}
