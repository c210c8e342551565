/*
 * conference_seat.c - those who are in a conference, from outside of their fibers: digits they press, what people see
 * of them, orders of the administrator.
 */
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "call/digits.h"
#include "pbx/conference_priv.h"

struct looked {
	const struct leg *leg;
	struct room_member_view v; /* m NULL: not found */
};

static void look(const struct room_member_view *v, void *arg)
{
	struct looked *k = arg;

	if (v->leg == k->leg)
		k->v = *v;
}

static struct looked looked_at(const struct seat *s)
{
	struct looked k = {.leg = s->leg};

	if (s->f->room)
		room_each(s->f->room, look, &k);
	return k;
}

struct room_member *conference_member(const struct seat *s)
{
	return looked_at(s).v.m;
}

void conference_out(struct seat *s)
{
	struct room_member *m = conference_member(s);

	s->kicked = !s->left;
	event_set(&s->wake);
	if (m)
		room_kick(m);
}

static void mute(struct seat *s, bool muted)
{
	struct room_member *m = conference_member(s);

	if (!m)
		return;
	room_mute(m, muted);
	event_member(s, false);
	room_prompt(m, muted ? "conf-muted" : "conf-unmuted");
}

/* "*6": heard or not; "*1": recorded or not; "#": out. What means nothing is left alone: people press keys by accident.
 */
void conference_key(struct leg *l, char digit, void *arg)
{
	struct seat *s = arg;
	bool star = s->star;

	(void)l;
	s->star = digit == '*';
	if (star && digit == '6') {
		mute(s, !looked_at(s).v.muted);
	} else if (star && digit == '1') {
		conference_record_key(s);
	} else if (digit == '#' && !star) {
		s->left = true;
		conference_out(s);
	} else if (star && digit == '*' && conference_member(s)) {
		room_prompt(conference_member(s), "conf-usermenu");
		s->star = false;
	}
}

/* ------------------------------------------------------------------ views and orders */

json_t *conference_seat_json(const struct seat *s)
{
	struct looked k = looked_at(s);
	const struct leg *l = s->leg;

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:i, s:I}", "conference", s->f->number,
			 "name", s->f->name, "id", l->call->id, "number", l->party.number, "caller_name", l->party.name,
			 "admin", (int)s->admin, "waiting", (int)s->waits, "muted", (int)k.v.muted, "talking",
			 (int)k.v.talking, "recorded", (int)conference_recorded(s->f), "level_dbov",
			 k.v.m ? k.v.level_dbov : -127, "since_ms", (json_int_t)s->since_ms);
}

struct walk {
	struct slice number;
	json_t *v;
};

static int add_seats(struct hlink *h, void *arg)
{
	const struct conference *f = CONTAINER_OF(h, struct conference, le);
	struct walk *w = arg;

	if (w->number.l && !slice_eqs(w->number, f->number))
		return 0;
	LIST_EACH (&f->seats, k)
		(void)json_array_append_new(w->v, conference_seat_json(LINK_OBJ(k, struct seat, le)));
	return 0;
}

json_t *pbx_json_members(struct pbx *p, struct slice number)
{
	struct walk w = {.number = number, .v = json_array()};

	if (w.v)
		(void)hash_each(&p->conferences, add_seats, &w);
	return w.v;
}

int pbx_conference_order(struct pbx *p, struct slice number, struct slice call_id, enum conference_order o,
			 const char *who)
{
	static const char *const words[] = {"muted", "unmuted", "taken out"};
	struct conference *f = conference_find(p, number);

	if (!f)
		return ENOENT;
	LIST_EACH (&f->seats, k) {
		struct seat *s = LINK_OBJ(k, struct seat, le);

		if (!slice_eqs(call_id, s->leg->call->id))
			continue;
		log_info("pbx", "%s: conference %s: %s was %s by %s", s->leg->call->id, f->number, s->leg->party.number,
			 words[o], who);
		if (o == CONFERENCE_KICK)
			conference_out(s);
		else
			mute(s, o == CONFERENCE_MUTE);
		return 0;
	}
	return ENOENT;
}
