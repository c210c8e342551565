/*
 * codec.h - codecs as table entries: what a codec is called, how it codes and
 * decodes, how long a payload is. To add one: write its functions in a file of its
 * own, add its entries to the table in codec_table.c and its name to enum codec_id.
 *
 * Sound inside is mono, 16 bits, at any of 8000, 16000, 24000, 32000 or 48000 samples a second
 * (what a codec codes: codec_ops.rate). Coders and decoders are plain state without threads or clocks.
 * Thread: the table is constant; a coder belongs to whoever made it. Ownership: mem_deref frees a coder.
 */
#ifndef OFFHOOK_MEDIA_CODEC_H
#define OFFHOOK_MEDIA_CODEC_H

#include "base/slice.h"

/** Known codecs, coded by us or only relayed and measured; codec.c has their names in this order. */
enum codec_id {
	CODEC_OTHER,
	CODEC_PCMU,
	CODEC_PCMA,
	CODEC_G722,
	CODEC_G729,
	CODEC_G723,
	CODEC_G728,
	CODEC_GSM,
	CODEC_ILBC,
	CODEC_OPUS,
	CODEC_SPEEX,
	CODEC_AMR,
	CODEC_AMRWB,
	CODEC_L16,
	CODEC_CN,
	CODEC_TEV,
	CODEC_G726_16,
	CODEC_G726_24,
	CODEC_G726_32,
	CODEC_G726_40,
	CODEC_AAL2_16, /**< G.726 with the bit order of I.366.2 (RFC 3551 4.5.4) */
	CODEC_AAL2_24,
	CODEC_AAL2_32,
	CODEC_AAL2_40,
	CODEC_H261,
	CODEC_H263,
	CODEC_H264,
	CODEC_H265,
	CODEC_VP8,
	CODEC_VP9,
	CODEC_AV1,
	CODEC_T140,
	CODEC_RED,
	CODEC_COUNT
};

enum {
	CODEC_PT_DYNAMIC = 255,
	CODEC_FRAME_MAX = 60 * 48,   /**< samples of the longest packet, 60 ms at 48 kHz */
	CODEC_PAYLOAD_MAX = 60 * 96, /**< bytes of the longest payload: L16 */
};

/** What a coder is made for. */
struct coder_cfg {
	uint32_t rate;  /**< samples a second of its PCM; 0: codec_ops.rate. Others than that only where any_rate */
	uint8_t ch;     /**< channels on the wire; PCM is mono: sent on all, received mixed. 0: codec_ops.ch */
	uint16_t ptime; /**< ms of a packet, for coders that choose by it; 0: 20 */
	uint16_t par;   /**< codec_par() of the other end's fmtp, 0: defaults */
	bool narrow;    /**< the sound has nothing above 4 kHz: spend no bits there */
};

struct codec_ops {
	const char *name; /**< encoding name, upper case */
	uint8_t id;       /**< enum codec_id */
	uint8_t pt;       /**< static payload type (RFC 3551 6) or CODEC_PT_DYNAMIC */
	uint8_t ch;       /**< channels as rtpmap says them; Opus 2 */
	bool any_rate;    /**< codes 8, 16, 24 and 48 kHz by itself (Opus) */
	bool stateless;   /**< each packet stands alone: may be decoded late or twice */
	uint32_t clock;   /**< RTP clock, Hz; G.722 says 8000 (RFC 3551 4.5.2) */
	uint32_t rate;    /**< samples a second that it codes best */
	uint16_t step_us; /**< a packet is a multiple of so much: 125, 10000, 20000 */
	uint16_t max_ms;  /**< longest packet it can make, up to 60 */
	uint32_t bitrate; /**< bit/s of the payload, about */
	const char *fmtp; /**< for our offers; NULL: none */

	/** fmtp of the other end -> coder_cfg.par; NULL: none. Nonsense is ignored. */
	uint16_t (*par)(struct slice fmtp);
	/** Fmtp for our answer to an offer with that fmtp. NULL: `fmtp`. Writes a string of less than `size`. */
	void (*answer)(char *dst, size_t size, struct slice offered);

	/** New coder. ENOMEM, ENOTSUP (rate). */
	int (*enc_new)(void **ep, const struct codec_ops *c, const struct coder_cfg *cfg);
	/** `n` samples, a multiple of step_us, as a payload. Bytes; 0: silence, nothing to send (DTX); < 0: an error.
	 */
	int (*encode)(void *e, uint8_t *dst, size_t size, const int16_t *pcm, size_t n);
	/** The party loses so many per cent: spend bits on that. NULL: cannot. */
	void (*enc_loss)(void *e, unsigned pct);

	/** New decoder. ENOMEM, ENOTSUP. */
	int (*dec_new)(void **dp, const struct codec_ops *c, const struct coder_cfg *cfg);
	/** Samples; < 0: not a payload of this codec. */
	int (*decode)(void *d, int16_t *pcm, size_t max, const uint8_t *p, size_t l);
	/** The packet before this one is lost: what this one says of it (in-band FEC), `n` samples. 0: nothing. NULL:
	 * never. */
	int (*fec)(void *d, int16_t *pcm, size_t n, const uint8_t *p, size_t l);
	/** Nothing arrived: `n` samples that hide it. NULL: the codec has no way of its own (plc.h). */
	int (*conceal)(void *d, int16_t *pcm, size_t n);
	/** Duration of a payload in RTP clock units; 0: not a payload of this codec. */
	uint32_t (*duration)(const struct codec_ops *c, const uint8_t *p, size_t l);
};

/** What we code ourselves, best first; sorted by sound quality. */
extern const struct codec_ops *const codec_table[];
extern const size_t codec_table_n;

/** Entry of an encoding; `ch` 0: any. NULL: not coded by us (telephone-event and CN are not in the table either). */
const struct codec_ops *codec_find(uint8_t id, uint32_t clock, uint8_t ch);
/** The same by name, upper or lower case. */
const struct codec_ops *codec_find_name(struct slice name, uint32_t clock, uint8_t ch);
/** Codec id of a name in any case; CODEC_OTHER. */
uint8_t codec_id_of(struct slice name);
/** Its name, upper case: "PCMU"; "": CODEC_OTHER or no id. */
const char *codec_id_name(uint8_t id);
/** A codec as people write it. */
struct codec_wish {
	uint8_t id;        /**< enum codec_id; CODEC_OTHER: not known */
	uint8_t ch;        /**< 0: any */
	uint32_t clock;    /**< RTP clock, 0: any */
	struct slice name; /**< as written */
};
/** "opus", "alaw", "speex/16000". False: the form is broken (the name may be known all the same). */
bool codec_wish_read(struct codec_wish *w, struct slice one) MUST_CHECK;
/** fmtp -> coder_cfg.par. */
uint16_t codec_par(const struct codec_ops *c, struct slice fmtp);

#endif
