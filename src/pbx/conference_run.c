/*
 * conference_run.c - somebody in a conference: in by the PIN, told who is there, waiting for an admin, talking, out. As
 * it reads, on the fiber of the call.
 */
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "call/digits.h"
#include "pbx/conference_priv.h"
#include "pbx/routed.h"

enum {
	ALL_MAX = 10000, /* seats of one conference in any case */
	AGAIN_MS = 1000
};

/* Room for one more? An admin always finds it. */
static bool full(const struct conference *f, bool admin)
{
	return f->seats.n >= (admin ? ALL_MAX : f->max);
}

static void sit(struct seat *s)
{
	struct conference *f = s->f;

	list_append(&f->seats, &s->le);
	event_member(s, false);
	if (!s->admin)
		return;
	f->admins++;
	LIST_EACH (&f->seats, k)
		event_set(&LINK_OBJ(k, struct seat, le)->wake);
}

static void stand_up(struct seat *s)
{
	struct conference *f = s->f;

	(void)!leg_on_key(s->leg, NULL, NULL);
	list_unlink(&s->le);
	event_member(s, true);
	f->admins -= s->admin;
	if (f->room && !room_count(f->room)) {
		f->room = mem_deref(f->room);
		f->recorded = false;
	}
}

/* ------------------------------------------------------------------ words */

static int say_count(const struct conference *f, struct leg *l)
{
	size_t n = f->room ? room_count(f->room) : 0;
	char digits[24];
	int err;

	if (!f->announce)
		return 0;
	if (n < 2)
		return leg_prompt(l, n ? "conf-onlyone" : "conf-onlyperson");
	snprintf(digits, sizeof(digits), "%zu", n);
	err = leg_prompt(l, "conf-thereare");
	if (!err)
		err = leg_say_digits(l, digits);
	return err ? err : leg_prompt(l, "conf-otherinparty");
}

/* Music until an admin comes, or nobody has to be waited for any more. */
static int wait_for_admin(struct seat *s)
{
	struct conference *f = s->f;
	struct media_source *src;
	int err = 0;

	if (!f->wait_for_admin || s->admin || f->admins)
		return 0;
	s->waits = true;
	err = leg_prompt(s->leg, "conf-waitforleader");
	while (!err && f->wait_for_admin && !f->admins && !s->kicked && !s->left) {
		struct sounds *sounds = calls_sounds(s->leg->call->calls);
		struct event *ev[] = {&s->wake};

		event_clear(&s->wake);
		if (sounds && !sounds_music(sounds, &src))
			err = leg_play_until(s->leg, src, &s->wake);
		else
			err = wait_any(ev, 1, UINT64_MAX, NULL);
		/* no music for its codec, or the stream went another way: silence, then */
		if (err != ECANCELED && !s->wake.set)
			err = wait_any(ev, 1, AGAIN_MS, NULL);
		if (err == ETIMEDOUT)
			err = 0;
	}
	s->waits = false;
	return err;
}

/* ------------------------------------------------------------------ talking */

static void room_changed_h(struct room *r, void *arg)
{
	struct conference *f = arg;

	/* the room may outlive its conference by a moment */
	if (f->room == r)
		conference_record_policy(f);
}

static int talk(struct seat *s)
{
	static const struct room_ops room_ops = {.changed = room_changed_h};
	struct conference *f = s->f;
	struct room_cfg cfg = {.join_tones = f->join_tones};
	struct room *room;
	int err;

	if (!f->room) {
		err = room_alloc(&f->room, s->leg->call->calls, &cfg, &room_ops, f);
		if (err) {
			f->room = NULL;
			return err;
		}
	}
	room = mem_ref(f->room);
	err = leg_enter_room(s->leg, room, f->muted_on_entry && !s->admin);
	mem_deref(room);
	return err;
}

/* Everything past the PIN. */
static int attend(struct seat *s)
{
	static const char *const soon[] = {"conf-muted", "conf-unmuted", "conf-usermenu", "conf-now-recording"};
	struct sounds *sounds = calls_sounds(s->leg->call->calls);
	int err = leg_on_key(s->leg, conference_key, s);

	/* decoded before somebody presses a key */
	for (size_t i = 0; i < ARRAY_LEN(soon) && sounds; i++)
		mem_deref(sounds_have(sounds, soon[i], NULL));
	if (!err)
		err = wait_for_admin(s);
	if (!err && !s->kicked && !s->left)
		err = say_count(s->f, s->leg);
	if (!err && !s->kicked && !s->left && (s->f->record == RECORD_ALWAYS || conference_recorded(s->f)))
		err = leg_prompt(s->leg, "conf-now-recording");
	if (!err && !s->kicked && !s->left)
		err = talk(s);
	return err;
}

static void visit(struct conference *f, struct leg *l)
{
	struct seat s = {.f = f, .leg = l, .since_ms = loop_wall_ms(f->pbx->loop)};
	int err = conference_admit(f, l, &s.admin);

	if (err)
		return;
	/* it may have been removed or switched off meanwhile */
	if (!f->pbx || !f->enabled) {
		(void)!leg_prompt(l, "conf-invalid");
		return;
	}
	if (full(f, s.admin)) {
		(void)!leg_prompt(l, "conf-full");
		return;
	}
	log_info("pbx", "%s: %s is in conference %s%s", l->call->id, l->party.number, f->number,
		 s.admin ? " as admin" : "");
	sit(&s);
	err = attend(&s);
	stand_up(&s);
	if (err && err != ECANCELED)
		log_warn("pbx", "%s: %s cannot take part in conference %s: %s", l->call->id, l->party.number, f->number,
			 err_str(err));
	if (!err && s.kicked)
		(void)!leg_prompt(l, "conf-kicked");
	else if (!err && s.left)
		(void)!leg_prompt(l, "goodbye");
}

static void unref(void *arg)
{
	mem_deref(arg);
}

void conference_run(struct call *c, struct leg *l, void *arg)
{
	const struct pbx_call *pc = c->owner;
	struct conference *f;

	(void)arg;
	/* the call may have ended, or the conference been removed, before the first turn */
	if (!pc || !pc->conference || !pc->conference->pbx)
		return;
	f = mem_ref(pc->conference);
	if (fiber_defer(unref, f)) {
		mem_deref(f);
		return;
	}
	if (!leg_answer(l) && f->pbx)
		visit(f, l);
}
