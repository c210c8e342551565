/*
 * hold.c - music for a party that the other one has put on hold (RFC 3264 8.4, RFC 6337 5.3).
 *
 * Whoever holds says that it wants to hear nothing: sendonly, inactive, or the address 0.0.0.0. A phone that says
 * sendonly could play something itself, and few do: its party hears our music. A trunk that says sendonly plays its
 * own, which passes. "inactive" goes on as sendonly (oa_sdp.c), so that the held party listens.
 */
#include "call/call_priv.h"

bool hold_has_music(const struct leg *l)
{
	const struct calls *cs = l->call->calls;

	return leg_sound(l) && cs->ops->hold_music && cs->ops->hold_music(l, NULL, cs->arg);
}

bool hold_play(struct leg *l)
{
	const struct calls *cs = l->call->calls;
	struct mstream *ms = leg_sound(l);
	struct media_source *src;

	if (!ms || !cs->ops->hold_music || !cs->ops->hold_music(l, &src, cs->arg))
		return false;
	if (!mstream_play(ms, src))
		return true;
	src->done(src);
	return false;
}

/* Directions of the first line of sound that lives; 0: none. */
static unsigned sound_dir(const struct leg *l)
{
	const struct sdp *d;

	if (!l->remote || oa_read(&d, rbuf_slice(l->remote)))
		return 0;
	for (size_t i = 0; i < d->nm; i++)
		if (oa_line_ok(d, i) && slice_ieqs(d->m[i].type, "audio"))
			return oa_dir(&d->m[i]);
	return 0;
}

/* `l` is held by `by`, and listens to what is not the music of `by` itself. */
static bool hears(const struct leg *l, const struct leg *by)
{
	if (!(by->holds || by->parks) || l->holds || l->parks || !(sound_dir(l) & SDP_RECVONLY))
		return false;
	return by->parks || !(by->trunk && (sound_dir(by) & SDP_SENDONLY));
}

void hold_apply(struct leg *a, struct leg *b)
{
	/* who is not held any more was joined again */
	if (hears(a, b))
		(void)hold_play(a);
	else if (hears(b, a))
		(void)hold_play(b);
}

uint16_t call_hold(struct leg *by, bool on)
{
	struct call *c = by->call;
	struct leg *other = leg_other(by);

	if (c->state != CALL_UP || by->state == LEG_ENDED || !by->answer_ms)
		return 481;
	if (c->transfer)
		return 491;
	if (c->fiber)
		return 403;
	if (!other || other->state == LEG_ENDED || !other->answer_ms)
		return 481;
	if (by->parks == on)
		return 0;
	by->parks = on;
	log_info("call", "%s: %s %s in the name of %s", c->id, other->party.number,
		 on ? "is put on hold" : "is on hold no more", by->party.number);
	join_start(c, false);
	return 0;
}
