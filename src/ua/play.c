/*
 * play.c - what a call sends: a file, a tone, or silence.
 *
 * Silence is sent as packets too: NATs and relays then learn our address.
 */
#include "ua/ua_priv.h"

enum { LEVEL_DBM0 = -10, ONCE_MS = 1000 };

/* The end of a source that plays once; it may come after the call. */
struct play_end {
	struct oh_ua *ua;
	struct oh_call *call;
	uint32_t nr;
};

static bool call_lives(const struct oh_ua *ua, const struct oh_call *c)
{
	LIST_EACH (&ua->calls, k)
		if (LINK_OBJ(k, struct oh_call, le) == c)
			return true;
	return false;
}

static void done_h(void *arg)
{
	struct play_end *e = arg;
	struct oh_call *c = e->call;
	/* the number tells a new call at an old address apart as well: numbers are never used again */
	bool told = call_lives(e->ua, c) && c->play_nr == e->nr && !c->ended;

	mem_deref(e);
	if (!told)
		return;
	c->play_file = mem_deref(c->play_file);
	c->tone_hz = 0;
	if (ua_play_start(c)) /* silence */
		log_warn("ua", "no memory to go on with silence");
	ua_tell_call(c, OH_CALL_PLAYED, 0, NULL);
}

static int tone(struct media_source **sp, unsigned hz, bool once, void (*done)(void *), void *arg)
{
	struct tone_step st = {.f1 = (uint16_t)hz, .ms = once ? ONCE_MS : 0, .level_dbm0 = LEVEL_DBM0};

	return tone_source(sp, &st, 1, 1, done, arg);
}

static int file(struct media_source **sp, const char *path, bool once, void (*done)(void *), void *arg)
{
	struct pcm *p;
	int err = wav_read(&p, path);

	if (err)
		return err;
	err = pcm_source(sp, p, !once, done, arg);
	mem_deref(p);
	return err;
}

static int source(struct media_source **sp, struct oh_call *c)
{
	struct play_end *e = NULL;
	bool once = c->once && (c->play_file || c->tone_hz);
	int err;

	c->play_nr = ++c->ua->play_nr;
	if (once) {
		e = mem_zalloc(sizeof(*e), NULL);
		if (!e)
			return ENOMEM;
		*e = (struct play_end){.ua = c->ua, .call = c, .nr = c->play_nr};
	}
	if (c->play_file)
		err = file(sp, c->play_file, once, once ? done_h : NULL, e);
	else
		err = tone(sp, c->tone_hz, once, once ? done_h : NULL, e);
	if (err)
		mem_deref(e);
	return err;
}

int ua_play_start(struct oh_call *c)
{
	struct media_source *src;
	int err;

	if (!c->audio || !mstream_can_play(c->audio))
		return 0;
	err = source(&src, c);
	if (err)
		return err;
	err = mstream_play(c->audio, src);
	if (err) {
		c->play_nr = 0;
		src->done(src);
		return err;
	}
	c->playing = true;
	return 0;
}

int oh_call_play(struct oh_call *c, const struct oh_call_options *o)
{
	char *was_file = c->play_file, *new_file = NULL;
	unsigned was_hz = c->tone_hz;
	bool was_once = c->once;
	int err;

	if (c->ended)
		return OH_ERR_STATE;
	if (o && o->play_file) {
		err = mem_strdup(&new_file, o->play_file);
		if (err)
			return err;
	}
	c->play_file = new_file;
	c->tone_hz = o ? o->play_tone_hz : 0;
	c->once = o && o->play_once;
	err = ua_play_start(c);
	if (err) {
		c->play_file = was_file;
		c->tone_hz = was_hz;
		c->once = was_once;
		was_file = new_file;
	}
	mem_deref(was_file);
	return err;
}
