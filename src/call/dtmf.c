/*
 * dtmf.c - digits of a party: who gets them, and by which of three ways: telephone-event (RFC 4733), SIP INFO, tones in
 * the sound (ITU-T Q.23).
 *
 * From every party every way is understood. What goes by the way that the other one takes is left to the relay: events
 * to events, sound to sound. All else is converted here: a key that goes down is pressed at the other side at once, and
 * released when it goes up. INFO says how long a key was pressed, so it goes when that is known.
 *
 * Sound is listened to only where it must be: the party sends its digits in it (that is set for it, or it has agreed on
 * no telephone-event and names no INFO), and somebody wants them: an inside party, a party who takes digits by another
 * way or hears tones that the codec has spoiled, or, where it is set, the owner. When they go on by another way, the
 * rest of the tone is kept from the other party, or it would get them twice.
 *
 * A digit that comes by two ways counts once; of a party that does so, telephone-events count before INFO, and INFO
 * before sound.
 */
#include "call/call_priv.h"
#include "call/digits.h"
#include "call/dtmf.h"

enum { TWICE_MS = 500 /**< the same digit by another way within this is the same digit */ };
enum { BY_SOUND = 1, BY_INFO, BY_EVENT };

struct leg_dtmf {
	uint64_t at_ms; /**< of the last digit */
	char digit;
	uint8_t by;   /**< what it came by */
	uint8_t best; /**< of a party that sends each digit twice: the better way */
	bool down;    /**< a key is down, by its stream */
	bool twice;   /**< and was told of already */
	bool pressed; /**< the other side's stream holds it */
};

/* ------------------------------------------------------------------ to a party */

static enum dtmf_way policy_of(const struct leg *l)
{
	struct media_policy mp;

	leg_policy(l, &mp);
	return (enum dtmf_way)mp.dtmf;
}

static bool takes_info(const struct leg *l)
{
	return l->ops->digit && l->ops->takes_digits && l->ops->takes_digits(l);
}

bool dtmf_no_events(const struct leg *l)
{
	enum dtmf_way w = policy_of(l);

	return w == DTMF_INFO || w == DTMF_INBAND;
}

enum dtmf_way leg_dtmf_way(const struct leg *l)
{
	const struct mstream *s = leg_sound(l);
	enum dtmf_way w = policy_of(l);

	if ((w == DTMF_AUTO || w == DTMF_RFC4733) && s && mstream_takes_events(s))
		return DTMF_RFC4733;
	if ((w == DTMF_INFO && l->ops->digit) || (w == DTMF_AUTO && takes_info(l)))
		return DTMF_INFO;
	/* who takes nothing else hears */
	return DTMF_INBAND;
}

/* ENOTSUP: it has refused such requests. */
static int send_info(struct leg *l, struct slice digits, uint32_t ms)
{
	int err = 0;

	for (size_t i = 0; i < digits.l && !err; i++)
		err = l->ops->digit(l, digits.p[i], ms ? ms : 100);
	return err;
}

int leg_send_digits(struct leg *l, struct slice digits, uint32_t ms)
{
	enum dtmf_way way = leg_dtmf_way(l);
	struct mstream *s = leg_sound(l);

	if (way == DTMF_INFO) {
		int err = send_info(l, digits, ms);
		if (err != ENOTSUP)
			return err;
	}
	if (!s)
		return ERR_STATE;
	return mstream_digits(s, digits, way == DTMF_RFC4733 ? MDIGIT_EVENT : MDIGIT_TONES, ms);
}

/* ------------------------------------------------------------------ from one to the other */

/* Who gets its digits: not while one of the two holds the other. */
static struct leg *partner(const struct leg *l)
{
	struct leg *other = leg_other(l);

	return other && other->state != LEG_ENDED && !l->holds && !other->holds ? other : NULL;
}

/* Tones of this party reach that one so badly that new ones are better. */
static bool spoiled(const struct leg *from, const struct leg *to)
{
	const struct mstream *a = leg_sound(from), *b = leg_sound(to);

	return a && b && mstream_spoils_tones(a) && !mstream_spoils_tones(b);
}

/* What is pressed at the other side when a key of this one goes down; false: nothing. */
static bool press_how(const struct leg *l, const struct leg *other, bool sound, enum mdigit_way *how)
{
	enum dtmf_way way = leg_dtmf_way(other);

	*how = way == DTMF_RFC4733 ? MDIGIT_EVENT : MDIGIT_TONES;
	if (way == DTMF_INBAND)
		return !sound || spoiled(l, other);
	return way == DTMF_RFC4733 && sound;
}

static void key_down(struct leg *l, const struct mkey *k)
{
	struct leg *other = partner(l);
	enum mdigit_way how;

	l->dtmf->pressed = false;
	if (!other || l->keys || !press_how(l, other, k->sound, &how))
		return;
	struct mstream *s = leg_sound(other);
	int err = s ? mstream_press(s, k->digit, how) : ERR_STATE;
	if (err)
		log_debug("call", "%s: a digit could not be passed on: %s", l->call->id, err_str(err));
	l->dtmf->pressed = !err;
}

static void key_up(struct leg *l, const struct mkey *k)
{
	struct leg *other = partner(l);
	bool pressed = l->dtmf->pressed;

	l->dtmf->pressed = false;
	if (!other || l->keys)
		return;
	struct mstream *s = leg_sound(other);
	if (s && pressed)
		mstream_release(s, k->ms);
	if (leg_dtmf_way(other) == DTMF_INFO && other->ops->digit(other, k->digit, k->ms) == ENOTSUP && s &&
	    mstream_digits(s, slice_mem(&k->digit, 1), MDIGIT_TONES, k->ms))
		log_debug("call", "%s: a digit could not be passed on", l->call->id);
}

static bool state_of(struct leg *l)
{
	if (!l->dtmf)
		l->dtmf = mem_zalloc(sizeof(*l->dtmf), NULL);
	return l->dtmf != NULL;
}

/* A digit begins, or comes as a whole: is it another one than by another way just now? */
static bool is_new(struct leg *l, char digit, uint8_t by)
{
	struct leg_dtmf *d = l->dtmf;
	uint64_t now = loop_now_ms(l->call->calls->loop);

	if (d->digit == digit && d->by != by && now - d->at_ms < TWICE_MS) {
		/* it sends all of them so: from now on the better way alone counts */
		d->best = by > d->by ? by : d->by;
		return false;
	}
	if (by < d->best)
		return false;
	d->digit = digit;
	d->by = by;
	d->at_ms = now;
	return true;
}

static void tell(struct leg *l, char digit, uint32_t ms)
{
	const struct calls *cs = l->call->calls;

	if (!leg_key(l, digit) && cs->ops->dtmf)
		cs->ops->dtmf(l->call, l, digit, ms, cs->arg);
}

void dtmf_key(struct leg *l, const struct mkey *k)
{
	uint8_t by = k->sound ? BY_SOUND : BY_EVENT;

	if (l->state == LEG_ENDED || !state_of(l))
		return;
	/* the beginning may be missing */
	if (k->down || !l->dtmf->down)
		l->dtmf->twice = !is_new(l, k->digit, by);
	l->dtmf->down = k->down;
	if (l->dtmf->twice)
		return;
	if (k->down) {
		key_down(l, k);
		return;
	}
	l->dtmf->at_ms = loop_now_ms(l->call->calls->loop);
	key_up(l, k);
	tell(l, k->digit, k->ms);
}

void leg_ev_dtmf(struct leg *l, char digit, uint32_t ms)
{
	struct leg *other;

	if (l->state == LEG_ENDED || !state_of(l) || !is_new(l, digit, BY_INFO))
		return;
	other = partner(l);
	if (other && !l->keys && leg_send_digits(other, slice_mem(&digit, 1), ms))
		log_debug("call", "%s: a digit by INFO could not be passed on", l->call->id);
	tell(l, digit, ms);
}

/* ------------------------------------------------------------------ listening */

/* Its digits may be in its sound. */
static bool may_sound(const struct leg *l, const struct mstream *s)
{
	enum dtmf_way w = policy_of(l);

	return w == DTMF_INBAND || (w == DTMF_AUTO && !mstream_takes_events(s) && !takes_info(l));
}

static unsigned listen_for(const struct leg *l, const struct leg *other)
{
	if (other && (leg_dtmf_way(other) != DTMF_INBAND || spoiled(l, other)))
		return MDETECT_DIGITS | MDETECT_HUSH;
	/* an owner may want them of every call: for that alone not all sound is listened to */
	if (l->keys || (l->call->calls->ops->dtmf && policy_of(l) == DTMF_INBAND))
		return MDETECT_DIGITS;
	return 0;
}

void dtmf_listen(struct leg *l, const struct leg *other)
{
	struct mstream *s = leg_sound(l);

	/* another phone may be behind it now */
	if (l->dtmf)
		l->dtmf->best = 0;
	if (s && mstream_detect(s, may_sound(l, s) ? listen_for(l, other) : 0))
		log_warn("call", "%s: no memory to listen for digits", l->call->id);
}
