/*
 * room.c - conference rooms: legs of inside parties in a mixer. Who is on hold, by its own wish or by that of its
 * phone, neither hears the room nor is heard in it: no music on hold for all.
 */
#include "call/call_priv.h"
#include "call/recording.h"
#include "call/room.h"
#include "call/sounds.h"
#include "media/mixer.h"
#include "media/sound.h"
#include "media/tone.h"

enum { TONE_GAP_MS = 600 /**< many who come at once make one tone */ };

struct room {
	struct link le; /* calls.rooms */
	struct calls *cs;
	struct room_cfg cfg;
	struct room_ops ops;
	void *arg;
	struct mixer *x;
	struct list members;
	uint64_t tone_ms;
	struct recording *rec; /* may be over */
};

struct room_member {
	struct link le;
	struct room *r;
	struct leg *leg;
	struct mixer_member *m; /* NULL: its stream does something else */
	struct event out;       /* taken out, or nothing left that could be mixed */
	bool muted;
	int64_t since_ms;
};

static const struct tone_step came[] = {{520, 0, 70, -22}, {0, 0, 20, 0}, {780, 0, 90, -22}};
/* what is known as the sign of a recording */
static const struct tone_step notice[] = {{1400, 0, 400, -22}, {0, 0, 20, 0}};
static const struct tone_step went[] = {{780, 0, 70, -22}, {0, 0, 20, 0}, {520, 0, 90, -22}};

/* Without memory there is no tone; nobody misses it. */
static void tone(struct room *r, const struct tone_step *v, size_t n)
{
	uint64_t now = loop_now_ms(r->cs->loop);
	struct media_source *src;

	if (!r->cfg.join_tones || !r->members.n || now - r->tone_ms < TONE_GAP_MS ||
	    tone_source(&src, v, n, 1, NULL, NULL))
		return;
	r->tone_ms = now;
	if (mixer_play(r->x, src))
		src->done(src);
}

static void changed(struct room *r)
{
	if (r->ops.changed)
		r->ops.changed(r, r->arg);
}

/* ------------------------------------------------------------------ mixer */

static unsigned flags_of(const struct room_member *rm)
{
	if (rm->leg->state == LEG_HELD)
		return MIXER_MUTED | MIXER_DEAF;
	return rm->muted ? MIXER_MUTED : 0;
}

static int put_in(struct room_member *rm)
{
	struct mstream *s = leg_sound(rm->leg);

	return s ? mixer_add(&rm->m, rm->r->x, s, flags_of(rm), rm) : ENOTSUP;
}

static void speakers_h(struct mixer *x, void *arg)
{
	(void)x;
	changed(arg);
}

/* A re-INVITE may have taken the stream away and given the leg another one. */
static void gone_h(struct mixer *x, struct mixer_member *mb, void *member_arg, void *arg)
{
	struct room_member *rm = member_arg;

	(void)x;
	(void)mb;
	(void)arg;
	rm->m = NULL;
	if (rm->leg->state == LEG_ENDED || put_in(rm))
		event_set(&rm->out);
}

void room_leg_changed(struct calls *cs, const struct leg *l)
{
	LIST_EACH (&cs->rooms, i) {
		struct room *r = LINK_OBJ(i, struct room, le);
		LIST_EACH (&r->members, k) {
			struct room_member *rm = LINK_OBJ(k, struct room_member, le);
			if (rm->leg != l || !rm->m)
				continue;
			mixer_set_flags(rm->m, flags_of(rm));
			changed(r);
			return;
		}
	}
}

/* ------------------------------------------------------------------ members */

static void leave(struct room_member *rm)
{
	struct room *r = rm->r;

	list_unlink(&rm->le);
	mixer_remove(rm->m);
	mem_deref(rm);
	tone(r, went, ARRAY_LEN(went));
	changed(r);
	if (!r->members.n && r->ops.empty)
		r->ops.empty(r, r->arg);
	mem_deref(r);
}

int leg_enter_room(struct leg *l, struct room *r, bool muted)
{
	struct room_member *rm;
	int err = leg_answer(l);

	if (err)
		return err;
	rm = mem_zalloc(sizeof(*rm), NULL);
	if (!rm)
		return ENOMEM;
	rm->r = r;
	rm->leg = l;
	rm->muted = muted;
	rm->since_ms = loop_wall_ms(r->cs->loop);
	err = put_in(rm);
	if (err) {
		mem_deref(rm);
		return err;
	}
	mem_ref(r);
	tone(r, came, ARRAY_LEN(came));
	list_append(&r->members, &rm->le);
	changed(r);
	struct event *ev[] = {&rm->out};
	err = wait_any(ev, 1, UINT64_MAX, NULL);
	leave(rm);
	return err || l->state == LEG_ENDED ? ECANCELED : 0;
}

void room_each(struct room *r, void (*fn)(const struct room_member_view *v, void *arg), void *arg)
{
	LIST_EACH (&r->members, k) {
		struct room_member *rm = LINK_OBJ(k, struct room_member, le);
		struct mixer_member_info i = {.level_dbov = -127};
		if (rm->m)
			mixer_member_info(rm->m, &i);
		const struct room_member_view v = {
			.leg = rm->leg,
			.m = rm,
			.muted = rm->muted,
			.talking = i.talking,
			.level_dbov = i.level_dbov,
			.since_ms = rm->since_ms,
		};
		fn(&v, arg);
	}
}

size_t room_count(const struct room *r)
{
	return r->members.n;
}

void room_mute(struct room_member *rm, bool muted)
{
	if (rm->muted == muted)
		return;
	rm->muted = muted;
	if (rm->m)
		mixer_set_flags(rm->m, flags_of(rm));
	changed(rm->r);
}

void room_prompt(struct room_member *rm, const char *name)
{
	struct sounds *all = rm->r->cs->sounds;
	struct sound *s = all && rm->m ? sounds_have(all, name, NULL) : NULL;
	struct media_source *src;

	if (!s)
		return;
	if (!sound_source(&src, &s, 1, 1, NULL, NULL) && mixer_play_to(rm->m, src))
		src->done(src);
	mem_deref(s);
}

void room_kick(struct room_member *rm)
{
	event_set(&rm->out);
}

/* ------------------------------------------------------------------ to all, of all */

void room_announce(struct room *r, const char *name)
{
	struct sound *s = name && r->cs->sounds ? sounds_have(r->cs->sounds, name, NULL) : NULL;
	struct media_source *src;
	int err = s ? sound_source(&src, &s, 1, 1, NULL, NULL)
		    : tone_source(&src, notice, ARRAY_LEN(notice), 1, NULL, NULL);

	if (!err && mixer_play(r->x, src))
		src->done(src);
	mem_deref(s);
}

int room_record_start(struct recording **rp, struct room *r, const struct recording_cfg *cfg,
		      const struct recording_ops *ops, void *arg)
{
	struct recording *rec;
	int err;

	if (room_recording(r))
		return EALREADY;
	err = recording_of_mixer(&rec, r->x, r->cs->loop, cfg, ops, arg);
	if (err)
		return err;
	mem_deref(r->rec);
	r->rec = rec;
	*rp = rec;
	return 0;
}

struct recording *room_recording(const struct room *r)
{
	return r->rec && recording_goes_on(r->rec) ? r->rec : NULL;
}

/* ------------------------------------------------------------------ life */

static void destroy(void *obj)
{
	struct room *r = obj;

	list_unlink(&r->le);
	if (room_recording(r))
		recording_stop(r->rec);
	mem_deref(r->rec);
	mem_deref(r->x);
}

int room_alloc(struct room **rp, struct calls *cs, const struct room_cfg *cfg, const struct room_ops *ops, void *arg)
{
	static const struct mixer_ops mixer_ops = {.speakers = speakers_h, .gone = gone_h};
	const struct mixer_cfg mc = {.media = cs->media, .rate = cfg->rate};
	struct room *r = mem_zalloc(sizeof(*r), destroy);

	if (!r)
		return ENOMEM;
	int err = mixer_alloc(&r->x, &mc, &mixer_ops, r);
	if (err) {
		r->x = NULL;
		mem_deref(r);
		return err;
	}
	r->cs = cs;
	r->cfg = *cfg;
	if (ops)
		r->ops = *ops;
	r->arg = arg;
	list_append(&cs->rooms, &r->le);
	*rp = r;
	return 0;
}
