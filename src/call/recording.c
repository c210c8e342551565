/*
 * recording.c - recordings of calls and of conference rooms: what is heard, and what the record says of the file.
 */
#include <stdio.h>
#include <string.h>
#include "call/call_priv.h"
#include "call/recording.h"
#include "media/mixer.h"
#include "media/recorder.h"

enum { PATH_LEN = 1400, WIDE_RATE = 16000, NARROW_RATE = 8000 };

struct recording {
	struct link le;        /* in call->recordings */
	struct call *call;     /* NULL: freed, or of a room */
	struct mixer *mixer;   /* of a room; NULL: of a call, or no longer heard */
	struct leg *leg;       /* who is heard; only compared, it may be gone */
	struct mrecorder *rec; /* NULL: its file is closed, or about to be */
	bool swapped;          /* who is heard now is in the right channel */
	bool stopping, over, counted;
	const struct recording_ops *ops;
	void *arg;
	int64_t start_ms;
	struct mrecorder_info end;
	char file[256];
};

/* ------------------------------------------------------------------ whom to hear */

static bool lives(const struct call *c, const struct leg *l)
{
	LIST_EACH (&c->legs, k)
		if (LINK_OBJ(k, struct leg, le) == l)
			return l->state != LEG_ENDED;
	return false;
}

/* Its party; when that is gone, who it talked to, and that one keeps its channel. */
static struct leg *whom(struct recording *r)
{
	const struct call *c = r->call;
	struct leg *other;

	if (lives(c, r->leg))
		return r->leg;
	other = c->a && c->a->state != LEG_ENDED ? c->a : c->b;
	if (!other || other->state == LEG_ENDED)
		return NULL;
	r->leg = other;
	r->swapped = !r->swapped;
	return other;
}

static void follow(struct recording *r)
{
	struct leg *l = whom(r);
	struct mstream *ms = l ? leg_sound(l) : NULL;
	int err = ms ? mrecorder_tap(r->rec, ms, r->swapped) : 0;

	if (err && err != EALREADY)
		log_warn("call", "%s: the sound of %s cannot be recorded: %s", r->call->id, l->party.number,
			 err_str(err));
}

void recordings_follow(struct call *c)
{
	struct recording *r = call_recording(c);

	if (r)
		follow(r);
}

/* ------------------------------------------------------------------ what the recorder tells */

static void stop(struct recording *r)
{
	struct mrecorder *rec = r->rec;

	if (r->stopping)
		return;
	mrecorder_info(rec, &r->end);
	r->stopping = true;
	r->rec = NULL;
	mrecorder_stop(rec);
	/* without memory it goes with the room */
	if (r->mixer && mixer_tap(r->mixer, NULL))
		log_debug("call", "a recording hears its room until that ends");
	r->mixer = NULL;
}

static void failed_h(struct mrecorder *rec, int err, void *arg)
{
	struct recording *r = arg;

	(void)rec;
	log_error("call", "%s: recording ends, its file cannot be written: %s", r->call ? r->call->id : r->file,
		  err_str(err));
	r->end.err = err;
	stop(r);
	if (r->ops->failed)
		r->ops->failed(r, err, r->arg);
}

static void untapped_h(struct mrecorder *rec, void *arg)
{
	struct recording *r = arg;

	(void)rec;
	if (r->call && r->call->state != CALL_ENDING)
		follow(r);
	else if (r->mixer)
		stop(r);
}

static void closed_h(const struct mrecorder_info *i, void *arg)
{
	struct recording *r = arg;
	struct recording_info ri;

	r->end = *i;
	r->over = true;
	/* ended with the files themselves */
	r->rec = NULL;
	r->stopping = true;
	if (r->call && r->counted && r->call->closing && !--r->call->closing)
		calls_reap_later(r->call->calls);
	recording_info(r, &ri);
	if (r->ops->ended)
		r->ops->ended(r, &ri, r->arg);
	mem_deref(r);
}

static const struct mrecorder_ops rec_ops = {failed_h, untapped_h, closed_h};

/* ------------------------------------------------------------------ orders */

static int begin(struct recording *r, struct loop *loop, const struct recording_cfg *cfg, uint8_t sides, uint32_t rate)
{
	enum mrecorder_format fmt = cfg->opus ? MREC_OPUS : MREC_WAV;
	char path[PATH_LEN];
	struct mrecorder_cfg mc = {.loop = loop,
				   .files = cfg->files,
				   .path = path,
				   .format = (uint8_t)fmt,
				   .sides = sides,
				   .stereo = cfg->stereo,
				   .rate = rate};
	size_t n = (size_t)snprintf(r->file, sizeof(r->file), "%s%s", cfg->file, mrecorder_suffix(fmt));
	size_t k = (size_t)snprintf(path, sizeof(path), "%s/%s", cfg->dir, r->file);

	if (n >= sizeof(r->file) || k >= sizeof(path))
		return EINVAL;
	return mrecorder_alloc(&r->rec, &mc, &rec_ops, r);
}

int call_record_start(struct recording **rp, struct call *c, struct leg *l, const struct recording_cfg *cfg,
		      const struct recording_ops *ops, void *arg)
{
	struct mstream *ms = leg_sound(l);
	struct recording *r;
	int err;

	if (c->state != CALL_UP || l->call != c || l->state == LEG_ENDED)
		return ERR_STATE;
	if (call_recording(c))
		return EALREADY;
	if (!c->recordings)
		c->recordings = mem_zalloc(sizeof(*c->recordings), NULL);
	r = c->recordings ? mem_zalloc(sizeof(*r), NULL) : NULL;
	if (!r)
		return ENOMEM;
	r->call = c;
	r->leg = l;
	r->ops = ops;
	r->arg = arg;
	r->start_ms = loop_wall_ms(c->calls->loop);
	err = begin(r, c->calls->loop, cfg, MREC_SIDES, ms && mstream_rate(ms) > NARROW_RATE ? WIDE_RATE : NARROW_RATE);
	if (err) {
		mem_deref(r);
		return err;
	}
	/* one reference is the recorder's until its file is closed, one the call's */
	list_append(c->recordings, &((struct recording *)mem_ref(r))->le);
	c->closing++;
	r->counted = true;
	follow(r);
	log_info("call", "%s: %s is recorded", c->id, l->party.number);
	*rp = r;
	return 0;
}

int recording_of_mixer(struct recording **rp, struct mixer *x, struct loop *loop, const struct recording_cfg *cfg,
		       const struct recording_ops *ops, void *arg)
{
	static const struct recording_ops unheard = {NULL, NULL};
	struct recording *r = mem_zalloc(sizeof(*r), NULL);
	struct media_sink *sink;
	int err;

	if (!r)
		return ENOMEM;
	r->ops = ops;
	r->arg = arg;
	r->start_ms = loop_wall_ms(loop);
	err = begin(r, loop, cfg, 1, WIDE_RATE);
	if (err) {
		mem_deref(r);
		return err;
	}
	sink = mrecorder_sink(r->rec, MREC_SAID);
	err = mixer_tap(x, sink);
	if (err) {
		/* the reference goes when the file is closed */
		r->ops = &unheard;
		stop(r);
		sink->done(sink);
		return err;
	}
	r->mixer = x;
	*rp = mem_ref(r);
	return 0;
}

bool recording_goes_on(const struct recording *r)
{
	return !r->stopping;
}

struct recording *call_recording(const struct call *c)
{
	struct recording *r = c->recordings && c->recordings->tail ? LINK_OBJ(c->recordings->tail, struct recording, le)
								   : NULL;

	return r && !r->stopping ? r : NULL;
}

void recording_pause(struct recording *r, bool paused)
{
	if (r->rec)
		mrecorder_pause(r->rec, paused);
}

void recording_stop(struct recording *r)
{
	stop(r);
}

void recording_info(const struct recording *r, struct recording_info *i)
{
	struct mrecorder_info m = r->end;

	if (r->rec)
		mrecorder_info(r->rec, &m);
	*i = (struct recording_info){
		.file = r->file,
		.start_ms = r->start_ms,
		.ms = m.ms,
		.bytes = m.bytes,
		.lost = m.lost,
		.paused_ms = m.paused_ms,
		.pauses = m.pauses,
		.paused = r->rec && m.paused,
		.over = r->over,
		.err = m.err,
	};
}

int recording_repair(const char *path, uint64_t *ms, uint64_t *bytes)
{
	return mrecorder_repair(path, ms, bytes);
}

/* ------------------------------------------------------------------ the call's end */

void recordings_end(struct call *c)
{
	struct recording *r = call_recording(c);

	if (r)
		stop(r);
}

void recordings_free(struct call *c)
{
	if (!c->recordings)
		return;
	LIST_EACH (c->recordings, k) {
		struct recording *r = LINK_OBJ(k, struct recording, le);

		list_unlink(k);
		stop(r);
		r->call = NULL;
		mem_deref(r);
	}
	c->recordings = mem_deref(c->recordings);
}

void recordings_record(struct call_record *r, const struct call *c)
{
	struct recording_info i;

	r->nfiles = 0;
	if (!c->recordings)
		return;
	LIST_EACH (c->recordings, k) {
		struct file_record *f = &r->file[r->nfiles];

		if (r->nfiles == RECORD_FILES)
			return;
		recording_info(LINK_OBJ(k, struct recording, le), &i);
		(void)slice_copy(f->file, sizeof(f->file), slice_str(i.file));
		f->start_ms = i.start_ms;
		f->ms = i.ms;
		f->lost = i.lost;
		f->paused_ms = i.paused_ms;
		f->over = i.over;
		r->nfiles++;
	}
}
