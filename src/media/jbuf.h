/*
 * jbuf.h - the jitter buffer: packets in as they arrive, an even flow of sound out.
 *
 * It holds packets of a party, decodes them when their sound is due, hides what is
 * missing, and stretches or shortens speech so that its delay follows the network.
 * The interface is all that the mixer, taps and the phone know of it, so that another
 * one can take its place.
 * Thread: the worker (or a test). No clock: times are given. Ownership: mem_deref frees.
 */
#ifndef OFFHOOK_MEDIA_JBUF_H
#define OFFHOOK_MEDIA_JBUF_H

#include "base/mem.h"
#include "media/codec.h"

struct jbuf;

struct jbuf_cfg {
	uint32_t rate;   /**< of what comes out: 8000, 16000, 32000 or 48000 samples a second */
	uint16_t min_ms; /**< never less delay than this; 0: 0 */
	uint16_t max_ms; /**< never more; 0: 500 */
	bool fixed;      /**< no stretching: min_ms of delay all the time (fax, modems) */
};
int jbuf_alloc(struct jbuf **jp, const struct jbuf_cfg *cfg) MUST_CHECK;

/** A packet on its way in. */
struct jbuf_pkt {
	const struct codec_ops *codec; /**< NULL: comfort noise (RFC 3389) */
	uint16_t par;                  /**< codec_par() of the sender's fmtp */
	uint8_t ch;                    /**< channels on the wire; 0: codec->ch */
	bool marker;
	uint16_t seq;
	uint32_t ts, ssrc;
	const uint8_t *p; /**< payload; copied */
	size_t l;
};
/** Any packet but telephone-event, which needs no buffer. Never fails: what does not fit is dropped and counted. */
void jbuf_put(struct jbuf *j, const struct jbuf_pkt *p, uint64_t us);
/** A packet took its number but carries no sound (telephone-event): it is not missing. */
void jbuf_skip(struct jbuf *j, uint16_t seq, uint32_t ts, uint32_t ssrc);
/** The next `n` samples (10, 20 ... 60 ms); always writes all. Call it at an even pace, `us` is now. True: there is
 * sound of the party or its concealment; false: silence (it has not begun, or pauses), and `pcm` is zero. */
bool jbuf_get(struct jbuf *j, int16_t *pcm, size_t n, uint64_t us);

/** Counted in samples of the output rate since the start, but for the delay. */
struct jbuf_stats {
	uint64_t played;       /**< all that jbuf_get gave while the party was talking to us, concealment included */
	uint64_t concealed;    /**< of it: made up because packets were missing or late */
	uint64_t silent;       /**< of concealed: faded out to silence */
	uint64_t inserted;     /**< added by stretching */
	uint64_t removed;      /**< taken out by stretching */
	uint32_t concealments; /**< how often concealment began */
	uint32_t late;         /**< packets that came after their time */
	uint32_t dup;          /**< the same packet again */
	uint32_t overflow;     /**< packets dropped because the buffer was full or jumped */
	uint32_t fec;          /**< packets restored by in-band FEC */
	uint32_t delay_us;     /**< present time from arrival to sound, of the sound that goes out now */
	uint32_t target_us;    /**< what it aims at */
	uint32_t rate;         /**< of the samples that are counted here */
};
void jbuf_stats(const struct jbuf *j, struct jbuf_stats *st);
/** Forget everything but the figures (hold, another source). */
void jbuf_flush(struct jbuf *j);

#endif
