/*
 * mix_priv.h - what the files of the mixer share.
 *
 * struct mixer is the user's handle. Behind it stands a struct mixroom, which lives until all that it gave to workers
 * is home again: its parts (one for each worker that has members), its members, what plays in it and hears it. Each of
 * those holds a reference; references are counted on the loop thread alone.
 * A member's lower half, like a player, goes to the worker with an order (W_MIX) and comes home by message when its
 * stream does something else.
 */
#ifndef OFFHOOK_MEDIA_MIX_PRIV_H
#define OFFHOOK_MEDIA_MIX_PRIV_H

#include "media/media_priv.h"
#include "media/mixer.h"
#include "media/resample.h"

enum {
	MIX_FRAME_MAX = CODEC_FRAME_MAX, /**< samples of a frame: 60 ms at 48 kHz */
	MIX_SCORES = 16,                 /**< loudest speakers that workers tell each other of */
	MIX_SLOTS = 10,                  /**< into how many pieces the sends of a frame are spread */
	MIX_SLOT_MEMBERS = 50,           /**< members of a slot before there is another one */
	MIX_KNEE = 30000,                /**< above it the limiter works */
	MIX_HOT_MS = 1000,               /**< how long a member without packets is looked after */
	MIX_TOLD_MS = 200,               /**< between two call-backs about speakers */
};

/* ------------------------------------------------------------------ arithmetic (mix_math.c) */

/** acc += p. */
void mix_add(int32_t *restrict acc, const int16_t *restrict p, size_t n);
void mix_add32(int32_t *restrict acc, const int32_t *restrict p, size_t n);
/** dst = acc - p. */
void mix_sub(int32_t *restrict dst, const int32_t *restrict acc, const int16_t *restrict p, size_t n);
/** Greatest absolute value. */
int32_t mix_peak(const int32_t *acc, size_t n);
/** Times a gain that goes from g0 to g1 over the first `ramp` samples. Saturates. */
void mix_gain(int16_t *p, size_t n, float g0, float g1, size_t ramp);
/** To 16 bits with a gain that goes evenly from g0 to g1; what lies above MIX_KNEE is bent so that it never clips. */
void mix_pack(int16_t *restrict dst, const int32_t *restrict acc, size_t n, float g0, float g1);
/** Level in dBov (RFC 6464: 0 dBov is a square wave of full scale), -127 to 0. */
float mix_level(const int16_t *p, size_t n);
float mix_db(int db);

/** Gain that keeps sums within 16 bits: down at once, up slowly. */
struct mix_limiter {
	float g0, g1; /**< at the beginning and at the end of the present frame */
};
void mix_limit(struct mix_limiter *l, int32_t peak, unsigned ms);

/* ------------------------------------------------------------------ who speaks (mix_vad.c) */

struct mix_vad {
	float floor;   /**< noise, dBov */
	float level;   /**< smoothed, dBov */
	uint16_t hang; /**< ms that its voice lasts still */
};
void mix_vad_init(struct mix_vad *v);
/** A frame of `ms` with that level: does it speak, a pause of 300 ms included? */
bool mix_vad_frame(struct mix_vad *v, float dbov, unsigned ms);

/* ------------------------------------------------------------------ sums between workers (mixlink.c) */

struct mixlink {
	struct link out, in; /**< in the lists of its two parts */
	struct mixpart *from, *to;
	struct ring *ring;
	struct loop_msg from_msg, to_msg;
	struct link le; /**< mixroom.links */
};
/** One frame of a part. */
struct mixsum {
	uint16_t nscore;
	int16_t score[MIX_SCORES]; /**< of its speakers, dBov * 8, loudest first */
	int32_t acc[];
};
/** Loop thread: sums of `from` shall go to `to`; its two messages tell both workers. ENOMEM. */
int mixlink_alloc(struct mixpart *from, struct mixpart *to) MUST_CHECK;
void mixlink_put(struct mixlink *l, const struct mixsum *s);
/** The next sum; false: silence. */
bool mixlink_get(struct mixlink *l, struct mixsum *s);

/* ------------------------------------------------------------------ what plays and hears (mix_src.c) */

/** A source that plays in a room or to a member. */
struct mixplay {
	struct link rle; /**< mixroom.plays; loop thread */
	struct mixroom *r;
	struct mixer_member *m; /**< NULL: to the room; referenced */
	struct mixpart *part;
	struct media_source *src;
	struct loop_msg msg;
	/* the worker's */
	struct link le;
	struct resampler *rs; /**< NULL: it has the room's rate */
	uint32_t phase;       /**< of samples that do not divide evenly */
	bool ended;
	size_t have; /**< samples in `pcm` */
	int16_t pcm[];
};
int mixplay_alloc(struct mixplay **pp, struct mixpart *part, struct mixer_member *m,
		  struct media_source *src) MUST_CHECK;
/** Worker: add its next frame; false: it has ended. */
bool mixplay_read(struct mixplay *p, int32_t *acc, size_t n);
/** Worker: all of a list go home. */
void mixplay_home(struct list *l);

struct mixtap {
	struct link rle; /**< mixroom.taps; loop thread */
	struct mixroom *r;
	struct media_sink *sink;
	struct mixpart *part;
	bool leaving; /**< loop thread: it was told to come home */
	struct loop_msg msg, stop_msg;
	struct link le; /**< mixpart.taps */
	struct resampler *rs;
};
int mixtap_alloc(struct mixtap **tp, struct mixpart *part, struct media_sink *sink) MUST_CHECK;
/** Loop thread: it shall come home. Nothing happens if it was told so. */
void mixtap_stop(struct mixtap *t);
void mixtap_write(struct mixtap *t, const int16_t *pcm, size_t n, uint64_t us);
void mixtap_home(struct list *l);

/* ------------------------------------------------------------------ shared encodings (mix_group.c) */

/** Listeners that get the same bytes. */
struct mixgroup {
	struct link le; /**< mixpart.groups */
	const struct codec_ops *c;
	uint16_t par;
	uint8_t ch;
	uint16_t ptime;
	uint32_t clock; /**< of RTP */
	unsigned users; /**< members */
	void *enc;
	struct resampler *rs; /**< NULL: the coder takes the room's rate */
	size_t need;          /**< samples of a packet at the coder's rate */
	size_t have;          /**< samples in `pcm` */
	bool done;            /**< this frame is coded */
	uint8_t npkt;
	size_t cap; /**< bytes for a packet */
	int16_t *pcm;
	uint8_t *buf;   /**< npkt * cap */
	uint16_t len[]; /**< 0: nothing to send */
};
/** The group for what the stream wants, made if there is none. NULL: it cannot share (codec, ptime, memory). */
struct mixgroup *mixgroup_get(struct mixpart *p, const struct wstream *w);
void mixgroup_put(struct mixgroup *g);
/** Code the present frame, once. */
void mixgroup_encode(struct mixgroup *g, const struct mixpart *p);

/* ------------------------------------------------------------------ a worker's part (mixpart.c) */

/** The worker's half of a room. */
struct mixpart {
	struct mixroom *r;
	struct worker *wk;
	struct loop_msg ctl_msg, close_msg, ev_msg;
	atomic_bool ctl_posted, ev_posted;
	bool over; /**< loop thread: its worker is done with it */
	/* the worker's */
	struct list slots[MIX_SLOTS]; /**< its members, by when they are sent to */
	struct list hot;              /**< those of them whose packets arrive */
	struct list groups, plays, taps, in, out;
	unsigned nmembers;
	struct timer timer;
	uint64_t due_us; /**< of the present frame */
	uint64_t told_us;
	bool running, closing, acked;
	bool changed;          /**< the set of those who talk */
	unsigned slot, nslots; /**< the next one of this frame */
	struct mix_limiter lim;
	bool tail_used;
	bool said;                 /**< this worker adds something to the present frame */
	bool quiet;                /**< nobody adds anything */
	struct mixsum *sum;        /**< what this worker adds */
	int32_t *total, *scratch;  /**< n samples each: of all workers; of one member */
	int32_t *tail;             /**< faded ends of those who left */
	int16_t *mix, *prev, *tmp; /**< the full mix of this frame and of the one before */
};

struct mixer_member {
	/* the loop's */
	struct link le;
	struct mixroom *r;
	struct mstream *s;
	void *arg;
	struct mixpart *part;
	bool removed; /**< its user let go of it */
	struct loop_msg msg;
	/* both: flags, and gains + 64 */
	_Atomic uint32_t ctl;
	_Atomic uint32_t talked_ms;
	_Atomic int8_t level;
	atomic_bool talking;
	/* the worker's */
	struct link ple, hle; /**< mixpart.slots, mixpart.hot */
	struct wstream *w;
	struct mixgroup *group; /**< NULL: it cannot share */
	struct list plays;
	struct mix_vad vad;
	bool rx;      /**< its jitter buffer is open */
	bool voice;   /**< it speaks */
	bool heard;   /**< it is mixed */
	bool contrib; /**< pcm has its share of this frame */
	bool was_own; /**< the frame before was its own */
	bool left;    /**< it is no member any more */
	bool paused;  /**< it was told that nothing comes */
	uint8_t slot;
	uint16_t own;  /**< ms that it still gets a mix of its own */
	uint16_t cold; /**< ms without packets */
	uint16_t talk; /**< ms that it still counts as talking */
	float gain;    /**< at the end of its last share */
	float to_room, from_room;
	uint32_t ctl_seen;
	int16_t score; /**< level in 1/8 dBov, with the bonus of those who are heard */
	int16_t pcm[]; /**< n samples */
};

/** Loop thread: for a worker. */
int mixpart_alloc(struct mixpart **pp, struct mixroom *r, struct worker *wk) MUST_CHECK;
/** Loop thread: look whether there is anything to do. */
void mixpart_poke(struct mixpart *p);
/** Worker: the same. */
void mixpart_check(struct mixpart *p);
/** Worker: `w` has become / is no longer a member (wstream.c). */
void mix_enter(struct wstream *w, struct mixer_member *m);
void mix_leave(struct wstream *w);
/** Worker: its party wants something else. */
void mix_remote(struct wstream *w);
/** Worker: a packet of a member is there: it goes into its jitter buffer next, if anybody is to hear it (recv.c). */
void mix_rtp(struct wstream *w);
/** Worker: nobody talks any more, as far as anybody can see. */
void mix_member_quiet(struct mixer_member *m);
/** Worker: flags and gains as they are now; returns MIXER_ bits. */
unsigned mix_member_ctl(struct mixer_member *m);
/** Worker: one frame of what members of this part say, into p->sum (mix_hear.c). */
void mix_hear(struct mixpart *p);
/** Worker: the present frame goes to a member (mix_tell.c). */
void mix_tell(struct mixpart *p, struct mixer_member *m);

/* ------------------------------------------------------------------ loop thread (mixer.c) */

struct mixroom {
	struct link le;  /**< media.mixers */
	struct media *m; /**< NULL: the engine is gone */
	struct mixer *x; /**< NULL: its user let go */
	struct mixer_ops ops;
	void *arg;
	uint32_t rate;
	uint16_t ptime, speakers;
	uint16_t n;                  /**< samples of a frame */
	atomic_uint nmembers, nbusy; /**< members; sources and sinks */
	struct list mbs, plays, taps, links;
	struct mixpart **part; /**< by worker */
	unsigned nparts;       /**< workers of the engine */
	struct mixpart *home;
	struct timer told;
	uint64_t told_ms;
};

/** Loop thread: an order with it will never reach the worker. */
void mix_drop(struct mixer_member *m);
/** Loop thread, workers stopped: all rooms lose their engine. */
void mixers_end(struct media *m);
/** Loop thread: all rooms, a line each. */
void mixers_dump(const struct media *m, struct buf *b);
/** Handlers on the loop thread. */
void mix_member_home_h(struct loop_msg *n);
void mixpart_home_h(struct loop_msg *n);
void mixpart_event_h(struct loop_msg *n);
void mixplay_home_h(struct loop_msg *n);
void mixtap_home_h(struct loop_msg *n);
void mixtap_stopped_h(struct loop_msg *n);

#endif
