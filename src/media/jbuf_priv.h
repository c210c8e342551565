/*
 * jbuf_priv.h - what the files of the jitter buffer share: the packets that wait
 * (jbuf_store.c), how late packets come (jbuf_hist.c), decoders and concealment
 * (jbuf_dec.c), time-stretching (jbuf_stretch.c).
 *
 * Times are microseconds. "Base" is when a packet would have arrived had the network
 * been as quick as it ever was of late; lateness and levels are counted from there.
 */
#ifndef OFFHOOK_MEDIA_JBUF_PRIV_H
#define OFFHOOK_MEDIA_JBUF_PRIV_H

#include "media/cn.h"
#include "media/jbuf.h"
#include "media/plc.h"
#include "media/resample.h"

/* ------------------------------------------------------------------ packets that wait (jbuf_store.c) */

enum {
	JSLOTS = 64,           /**< packets that wait at most */
	JBLOCK = 64,           /**< payloads are kept in pieces of so many bytes */
	JBLOCKS_FIRST = 64,    /**< 4 kB at first: half a second of G.711 */
	JBLOCKS_MAX = 96 * 16, /**< 96 kB at most */
	JNONE = UINT16_MAX,
};

enum jkind { JK_SOUND, JK_NOISE /**< RFC 3389 */, JK_SKIP /**< a number without sound */ };

struct jslot {
	const struct codec_ops *codec;
	uint64_t us;    /**< arrival */
	int64_t due_us; /**< arrival by the base */
	uint32_t ts, dur;
	uint16_t seq, par, l;
	uint16_t block; /**< first piece of the payload */
	uint8_t kind, ch;
	uint8_t epoch; /**< changes with SSRC and jumps */
};

struct jstore {
	struct jslot slot[JSLOTS]; /**< in order of epoch and number */
	unsigned n;
	uint8_t *bytes; /**< blocks, each with the index of the next one in `chain` */
	uint16_t *chain;
	uint16_t free, nblocks;
};
void jstore_free(struct jstore *s);
/** Put in its place. EALREADY: the same number is there; ENOSPC; ENOMEM. */
int jstore_put(struct jstore *s, const struct jslot *slot, const uint8_t *p) MUST_CHECK;
/** The oldest, NULL. */
static inline struct jslot *jstore_head(struct jstore *s)
{
	return s->n ? &s->slot[0] : NULL;
}
/** Its payload in one piece. */
void jstore_read(const struct jstore *s, const struct jslot *e, uint8_t *dst);
/** Drop the oldest. */
void jstore_drop(struct jstore *s);
void jstore_clear(struct jstore *s);

/* ------------------------------------------------------------------ how late packets come (jbuf_hist.c) */

enum {
	JH_STEP_US = 5000,
	JH_BUCKETS = 100,
	JH_PEAKS = 4,
};

struct jhist {
	float w[JH_BUCKETS]; /**< weight of each lateness; new packets weigh more instead of old ones less */
	float sum, unit;     /**< of all; of a new packet */
	uint32_t seen;       /**< packets, up to the memory's length */
	bool based;
	int64_t base_us;         /**< quickest way of late: arrival minus timestamp */
	int64_t now_us, prev_us; /**< the quickest of this and the last period */
	uint64_t period_us;      /**< began */
	uint8_t tick;
	uint32_t target_us;
	uint32_t max_us;
	/* spikes that come again and again */
	uint32_t peak_us;
	uint64_t peak_at_us;
	struct {
		uint32_t us, after_ms;
	} peak[JH_PEAKS];
	uint8_t npeaks;
};
void jhist_init(struct jhist *h, uint32_t max_us);
/** Another sender or clock: its first packet sets the base anew. What is known of the network stays. */
void jhist_rebase(struct jhist *h);
/** A packet with its time by timestamp and arrival. Returns how much later than the base it came; >= 0. */
int64_t jhist_packet(struct jhist *h, int64_t ts_us, uint64_t us);

/* ------------------------------------------------------------------ sound (jbuf_dec.c, jbuf_stretch.c) */

/** A decoder with what follows it up to the output rate. */
struct jdec {
	const struct codec_ops *codec;
	void *dec;
	struct plc *plc;      /**< NULL: the codec conceals by itself */
	struct resampler *rs; /**< NULL: same rate */
	uint32_t rate;        /**< of its PCM */
	uint16_t par;
	uint8_t ch;
	uint32_t made; /**< samples that hide a gap so far, at its rate */
};
/** For a packet; ENOMEM, ENOTSUP. */
int jdec_open(struct jdec *d, const struct jslot *e, uint32_t out_rate) MUST_CHECK;
void jdec_close(struct jdec *d);
static inline bool jdec_is(const struct jdec *d, const struct jslot *e)
{
	return d->codec == e->codec && d->par == e->par && d->ch == e->ch;
}
/** Decode; samples at the output rate, 0: not decodable. `dst` has room for JD_MAX. */
enum { JD_MAX = CODEC_FRAME_MAX + 8 };
size_t jdec_sound(struct jdec *d, int16_t *dst, const uint8_t *p, size_t l);
/** What a packet says of the one before it, `us` long. 0: nothing. */
size_t jdec_fec(struct jdec *d, int16_t *dst, const uint8_t *p, size_t l, uint32_t us);
/** Hide a gap of `us` (at most 20 ms); samples at the output rate. `noise`: it is a pause of the sender's coder, which
 * goes on for as long as it likes. */
size_t jdec_conceal(struct jdec *d, int16_t *dst, uint32_t us, bool noise);
/** Concealment has faded out, to the last sample. */
bool jdec_faded(const struct jdec *d);

/** What is played or waits for it, at the output rate: JL_KEEP_MS of what was given stay before it. */
enum { JL_KEEP_MS = 25, JL_ROOM_MS = 200 };
struct jline {
	uint32_t rate;
	size_t keep, room, n; /**< samples: kept, in all, waiting */
	float loud;           /**< mean square of what is spoken */
	int16_t *s;           /**< keep + room */
};
int jline_alloc(struct jline *o, uint32_t rate) MUST_CHECK;
/** Append; what does not fit is left out (never happens with calls of up to 60 ms). */
void jline_put(struct jline *o, const int16_t *pcm, size_t n);
/** Take n <= o->n samples out. */
void jline_get(struct jline *o, int16_t *pcm, size_t n);
/** Take a piece of up to `max` samples out of what waits, where it is not heard: at least `like` alike, or quiet.
 * Returns how much. */
size_t jline_shorten(struct jline *o, size_t max, float like);
/** Repeat a piece in what waits, as jline_shorten(). */
size_t jline_lengthen(struct jline *o, size_t max, float like);

/* ------------------------------------------------------------------ the whole (jbuf.c in, jbuf_get.c out) */

struct jbuf {
	struct jbuf_cfg cfg;
	struct jbuf_stats st;
	struct jhist hist;
	struct jstore store;
	struct jline line;
	struct jdec dec[2]; /**< the one in use, and one that may come back */
	unsigned cur;
	struct cn cn;
	/* in */
	bool got;         /**< hi_seq is valid */
	bool timed;       /**< hi_ts is valid */
	uint8_t epoch;    /**< of the newest packet */
	uint16_t hi_seq;  /**< newest */
	uint16_t old_seq; /**< newest of the epoch before */
	uint32_t ssrc, old_ssrc;
	uint32_t hi_ts, clock;
	int64_t hi_ext;      /**< hi_ts without wrap */
	uint64_t seen;       /**< bit i: hi_seq - i came */
	uint64_t changed_us; /**< beginning of the epoch */
	uint64_t last_us;    /**< last packet */
	/* out */
	bool began, playing;          /**< something was taken out; a spurt is under way */
	bool noise;                   /**< RFC 3389: `cn` has what the pause sounds like */
	bool dtx;                     /**< the coder pauses and conceal() gives its noise */
	uint8_t ep;                   /**< epoch of what is played */
	uint16_t seq;                 /**< last one taken out */
	uint16_t missing;             /**< numbers that were not there since the last sound */
	uint32_t ts, dur;             /**< timestamp that follows; length of the last packet */
	uint64_t hole_us;             /**< hidden since the last packet */
	uint64_t hole_n, hole_silent; /**< the same in samples: concealed if it turns out so */
	uint64_t idle_us;             /**< length of the present pause */
	int64_t level_us;             /**< of the last packet */
	uint64_t rest_us;             /**< since speed was changed */
	uint64_t put, heard;          /**< samples put into the line; of them up to where there is sound */
	uint64_t delay8;              /**< mean delay * 8 */
};
/** What the level should be, us. */
uint32_t jbuf_target(const struct jbuf *j);
/** Leave out the oldest packet as if it had been played. */
void jbuf_pass_over(struct jbuf *j);

#endif
