/*
 * media.h - the media engine as the loop thread sees it: workers, ports and streams.
 *
 * A stream is one leg's m-line: an RTP and an RTCP port, what its party may send
 * and what it is sent. The loop thread makes and ends streams and gives orders; a
 * worker carries the packets. Orders are messages embedded in the stream, so giving
 * them cannot fail. Ports come from a pool of open sockets that grows in steps; a
 * port goes back after the worker's acknowledgement and 30 s.
 * Thread: loop thread for everything here; call-backs come on the loop thread.
 * Ownership: mstream_close() is the end of a stream for its user.
 */
#ifndef OFFHOOK_MEDIA_MEDIA_H
#define OFFHOOK_MEDIA_MEDIA_H

#include "base/sa.h"
#include "base/trace.h"
#include "loop/loop.h"

struct media;
struct mstream;
struct tap;
struct srtp_key; /* srtp.h */

struct media_cfg {
	struct loop *loop;              /**< a virtual loop makes virtual workers, stepped on the same thread */
	unsigned workers;               /**< 0 = cores - 1, at least 1 */
	uint16_t port_lo, port_hi;      /**< RTP ports, e.g. 10000 and 20000; even ports for RTP, odd for RTCP */
	uint32_t quarantine_ms;         /**< how long a freed port rests; 0 = 30000 */
	uint32_t dead_s;                /**< see mstream_ops.dead; 0 = 60 */
	uint32_t relearn_ms;            /**< silence of the locked source after which it may move, 0 = 2000 */
	const struct trace_sink *trace; /**< told of RTCP sent and received, on the workers (base/trace.h); outlives the
					   engine. NULL: nobody */
};
/**
 * New engine with its workers. ENOMEM, EINVAL (port range). mem_deref stops the workers and closes all; sources and
 * sinks get their done() during it. A message may still wait on the loop: run it (loop_drain) before the loop goes.
 */
int media_alloc(struct media **mp, const struct media_cfg *cfg) MUST_CHECK;
/** A worker for a new call (least loaded). All legs of a call should use one. */
unsigned media_pick_worker(struct media *m);

struct media_stats {
	uint32_t streams; /**< in use */
	uint32_t ports_free, ports_resting, ports_open;
	uint64_t packets, dropped; /**< all streams since start */
};
void media_stats(const struct media *m, struct media_stats *st);

enum mstream_kind {
	MSTREAM_AUDIO,
	MSTREAM_VIDEO,
	MSTREAM_OTHER,
	MSTREAM_TEXT, /**< RFC 4103, relayed */
	MSTREAM_UDPTL /**< T.38 fax over UDPTL: no RTP, datagrams are relayed as they are */
};

/** A codec of the remote or local description, as far as the media engine cares. */
struct mcodec {
	uint8_t pt;
	char name[16]; /**< encoding name, upper case: "PCMU" "OPUS" "TELEPHONE-EVENT"; not asked where `id` is set */
	uint32_t rate; /**< RTP clock, Hz */
	uint8_t ch;
	uint16_t par;   /**< codec_par() of its fmtp (codec.h), 0 = none */
	uint8_t rx_pt1; /**< 1 + the payload type that it sends with, when our own description names another (RFC
			   3264 5.1 allows both sides their own numbers); 0: it sends with `pt` */
	uint8_t id;     /**< enum codec_id (codec.h), CODEC_OTHER: known by its name alone */
};
enum { MCODEC_MAX = 24 };

/** What the stream's party said in its SDP. */
struct mstream_remote {
	struct sa rtp; /**< where it wants RTP; unset or port 0: nowhere */
	struct sa rtcp;
	bool rtcp_mux;
	bool renewed; /**< an answered call says it again: if the address is that of before, whoever is heard keeps his
			 place until he is silent. Otherwise learning opens */
	bool quiet;   /**< it holds the call: it may send, and need not */
	bool we_send, we_recv; /**< after both directions are taken together; RTCP flows in any case (RFC 3264 5.1) */
	/** What this leg's SDP and ours to it agreed on, by preference, as it wants to receive them. A packet of
	 * another leg passes unchanged only in a codec of this list. Empty: everything passes. */
	struct mcodec codec[MCODEC_MAX];
	uint8_t ncodec;
	uint16_t ptime_ms;    /**< wanted length of our own packets; 0 = 20 */
	uint16_t maxptime_ms; /**< it takes no longer packets: longer ones are cut; 0 = any */
	bool ptime_strict;    /**< relayed packets of another length than ptime_ms are cut and joined too */
	bool udptl; /**< T.38 over UDPTL on this port: datagrams are relayed as they are, whatever the stream's kind.
		       Fax machines change from sound to fax and back on one port */
	bool no_events; /**< its digits go another way: no telephone-event is sent to it, though it may send them */
};

/** Counted per direction and second by the worker; a snapshot. Times in ms, jitter in us. */
struct mstream_stats {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
	uint64_t rx_lost, rx_late_or_dup; /**< by sequence numbers of what the party sends */
	uint64_t rx_dropped;              /**< refused: wrong source, not RTP, wrong direction, the next two */
	uint64_t rx_auth_failed;          /**< on a stream with keys: not opened by them */
	uint64_t rx_replayed;             /**< on a stream with keys: seen before, or far too late */
	uint64_t rx_strangers;            /**< of rx_auth_failed and rx_replayed: not from where the party is */
	uint32_t rx_jitter_us;            /**< RFC 3550 6.4.1, of the party's stream */
	uint32_t rtt_us;                  /**< us <-> party, from its reports; 0 unknown */
	uint32_t remote_lost_pm; /**< what the party reports as lost on the way from us, per mille of the last report */
	uint32_t remote_lost;    /**< the same since the beginning, packets */
	uint16_t mos_x100;       /**< of what the party sends, E-model (G.107), 100-450; 0 = no audio yet */
	char codec[16];          /**< last payload name received */
	uint64_t first_rx_ms, last_rx_ms; /**< loop's ms, 0 = never */
	struct sa remote;                 /**< where it really sends from, once latched */
	struct sa said;                   /**< where its SDP wants sound, and should send from */
	bool latched;
	bool moved; /**< it sends from another address than its SDP says */
	/* how it sounds */
	bool expects;          /**< the party should send (direction, address) */
	uint64_t expects_ms;   /**< loop's ms: since when */
	bool pauses;           /**< its last packet said that silence follows (comfort noise, DTX) */
	bool strange;          /**< what it sends is of no codec that was agreed on; `codec` says what */
	uint16_t sec_lost_pm;  /**< of the last second with packets: lost, per mille */
	uint16_t sec_mos_x100; /**< of that second */
	uint16_t min_mos_x100; /**< of the worst second */
	uint16_t bad_s;        /**< seconds under MOS 3.60, at which people begin to complain (G.107 annex B) */
	uint16_t silent_s;     /**< seconds of silence up to now, though packets arrive */
	uint16_t clipped_s;    /**< seconds in which it was too loud for its own microphone */
	int8_t level_dbov;     /**< of the last second, 0 loudest; -127 silence; -128 not measured */
	uint8_t far_mos_x10;   /**< what the party says of the sound it gets (RFC 3611), 0 = nothing */
	uint32_t played_ms;    /**< sound that came out of our jitter buffer, 0 = there is none */
	uint32_t concealed_ms; /**< of it: made up for what was missing */
	uint32_t buffer_us;    /**< present delay of the jitter buffer */
};

/** A key that a party presses, as its stream tells of it. */
struct mkey {
	char digit;  /**< '0'-'9' '*' '#' 'A'-'D' */
	bool down;   /**< it begins; else it has ended. The end comes in any case, the beginning may be missing */
	bool sound;  /**< in the sound (mstream_detect), else by RFC 4733 */
	uint32_t ms; /**< at the end: how long it was */
};
enum mtone {
	MTONE_CNG, /**< a fax machine calls: 1100 Hz (T.30) */
	MTONE_CED  /**< a fax machine or modem answers: 2100 Hz (T.30, V.8) */
};

/** What a stream tells; members may be NULL. */
struct mstream_ops {
	/** No RTP and no RTCP for dead_s although the party should send, and no DTX was signalled. Once. */
	void (*dead)(struct mstream *s, void *arg);
	/** A digit by RFC 4733 (once per digit, at its end): '0'-'9' '*' '#' 'A'-'D', duration in ms. */
	void (*dtmf)(struct mstream *s, char digit, uint32_t ms, void *arg);
	/** The same and more: digits by either way, also when they begin. Each is told once, whatever it came by. */
	void (*key)(struct mstream *s, const struct mkey *k, void *arg);
	/** A fax tone (mstream_detect). */
	void (*tone)(struct mstream *s, enum mtone tone, void *arg);
	/** First packet of the present remote description arrived. */
	void (*first_packet)(struct mstream *s, void *arg);
};

/** New stream on `worker` with ports on local address `ip` (port ignored). EADDRNOTAVAIL, EMFILE, ERR_LIMIT (port range
 * used up), ENOMEM. `ops` (may be NULL) is not copied. */
int mstream_alloc(struct mstream **sp, struct media *m, unsigned worker, enum mstream_kind kind, const struct sa *ip,
		  const struct mstream_ops *ops, void *arg) MUST_CHECK;
/** What its RTCP belongs to when it is captured: trace_note.mark. */
void mstream_mark(struct mstream *s, uint32_t mark);
/** Its ports: what SDP says (RTP; RTCP is one above). */
void mstream_local(const struct mstream *s, struct sa *rtp);
/**
 * New remote description: the SDP's address wins, learning opens again. Call it once for each new SDP and at answer,
 * not for a refresh that changes nothing: while learning is open the first packet decides. The first 16 codecs are
 * remembered.
 */
void mstream_set_remote(struct mstream *s, const struct mstream_remote *r);
/**
 * Relay between two streams, both ways; ends what they did before. Video or audio alike. Streams of two workers are
 * linked by rings. Packets pass untouched where the other side takes their codec, with its payload type; otherwise
 * sound is decoded and coded again in the first codec of its list that we can code, packet by packet, without a jitter
 * buffer.
 */
void mstream_join(struct mstream *a, struct mstream *b);
/**
 * Keys for what we send and what we receive; NULL: plain RTP that way. As ordered together with mstream_set_remote(). A
 * new receive key is tried beside the present one and takes its place with the first packet that it opens; the send key
 * changes at once. Keys as they are change nothing. A send key that was replaced, or given up for plain RTP, must never
 * come back: its numbers would begin anew. ENOMEM, EINVAL (suite), EIO (OpenSSL refuses), ERR_STATE (closed).
 */
int mstream_set_keys(struct mstream *s, const struct srtp_key *tx, const struct srtp_key *rx) MUST_CHECK;
/** End relaying, echo or playing; the outbound stream keeps its SSRC, sequence and time. */
void mstream_idle(struct mstream *s);
/** Send everything that arrives back to its sender, payload untouched. */
void mstream_echo(struct mstream *s);

/** Where played sound comes from; called on the worker, mono 16-bit. */
struct media_source {
	uint32_t rate; /**< samples a second that read() gives, 8000 (0) to 48000; brought to the codec's by the engine
			*/
	/** Fill `n` samples; returns how many there were (fewer = the end). Never blocks, no file access. */
	size_t (*read)(struct media_source *src, int16_t *pcm, size_t n);
	/** Worker is done with it (end, replaced, stream closed); runs on the loop thread. */
	void (*done)(struct media_source *src);
	struct loop_msg msg;    /**< engine's */
	struct mstream *stream; /**< engine's */
};
/** Play, in the first codec of the remote that we can encode. `src->done` tells the end. ENOTSUP: no such codec; EINVAL
 * (rate), ENOMEM, ERR_STATE (closed). */
int mstream_play(struct mstream *s, struct media_source *src) MUST_CHECK;
/** Can we encode for this stream? True when its remote has a codec of ours. */
bool mstream_can_play(const struct mstream *s);
/** Samples a second of the first codec that we can code for it; 0: none. */
uint32_t mstream_rate(const struct mstream *s);
/** What a sink hears. */
enum msink_dir {
	MSINK_RX, /**< what the party says */
	MSINK_TX  /**< what it is sent, whatever feeds it */
};
/** Where sound goes; called on the worker with decoded mono samples in order, gaps filled. */
struct media_sink {
	uint32_t rate; /**< samples a second that it wants; 0 = 8000 */
	uint8_t dir;   /**< enum msink_dir */
	/** `us`: loop's time at which the first of them was due. The flow is even: pauses are filled with silence while
	 * packets of the stream go on, and longer ones show by `us`. */
	void (*write)(struct media_sink *sink, const int16_t *pcm, size_t n, uint64_t us);
	void (*done)(struct media_sink *sink); /**< loop thread: no more writes */
	struct loop_msg msg;                   /**< engine's */
	struct mstream *stream;                /**< engine's */
	struct tap *tap;                       /**< engine's */
};
/** Add a sink (a tap: relay, echo or mixing goes on undelayed); any number per stream. A codec that cannot be decoded
 * is silence. ENOMEM. */
int mstream_tap(struct mstream *s, struct media_sink *sink) MUST_CHECK;
/** Take a sink away; its done() follows. Nothing happens if it is gone already. */
void mstream_untap(struct mstream *s, struct media_sink *sink);
/** How digits go to a party. */
enum mdigit_way {
	MDIGIT_EVENT, /**< RFC 4733 */
	MDIGIT_TONES  /**< in its sound (Q.23) */
};
/** Send digits by RFC 4733 (if the remote takes it), 100 ms each with 60 ms gaps. ENOTSUP. */
int mstream_dtmf(struct mstream *s, struct slice digits) MUST_CHECK;
/** Send digits, `ms` each (40 to 10000; 0: 100) with 60 ms gaps. They take the place of what else the stream sends,
 * which goes on behind them, and wait for digits before them. ENOTSUP (MDIGIT_EVENT: the remote takes none;
 * MDIGIT_TONES: no codec of ours), EINVAL (not digits), ENOMEM, ERR_STATE (closed). */
int mstream_digits(struct mstream *s, struct slice digits, enum mdigit_way way, uint32_t ms) MUST_CHECK;
/** One digit, until mstream_release() (10 s at most). Errors of mstream_digits(). */
int mstream_press(struct mstream *s, char digit, enum mdigit_way way) MUST_CHECK;
/** It was pressed for `ms`: it ends once it has been sent for as long. Nothing happens if none is held. */
void mstream_release(struct mstream *s, uint32_t ms);
/** Does it take telephone-events? */
bool mstream_takes_events(const struct mstream *s);
/** Is it of a codec in which tones arrive spoiled (GSM, Speex)? By the first one of its list. */
bool mstream_spoils_tones(const struct mstream *s);
/** What a stream is listened to for: digits and tones in the sound of its party, beside what else is done with it. */
enum {
	MDETECT_DIGITS = 1,
	MDETECT_FAX = 2,
	MDETECT_HUSH = 4 /**< digits that are found are not relayed, but for the first 20 ms: they go on another way */
};
/** Listen for these (bits) from now on; 0: no more. The sound is decoded for it, and looking for digits costs 0.1 us
 * for each ms of it: ask only when somebody wants to know. ENOMEM, ERR_STATE (closed). */
int mstream_detect(struct mstream *s, unsigned what) MUST_CHECK;

/** Last snapshot (at most a second old while packets flow; `codec` leaves digits and comfort noise out). */
void mstream_stats(const struct mstream *s, struct mstream_stats *st);
/** End: packets stop at once; `done` (may be NULL) gets the final figures on the loop thread; no other call-back comes
 * after this call. */
void mstream_close(struct mstream *s, void (*done)(const struct mstream_stats *st, void *arg), void *arg);

/** MOS x100 by the E-model: codec name, loss in per cent, one-way delay in ms (G.107, G.113 Ie and Bpl). */
uint16_t media_mos(const char *codec, double loss_pct, double delay_ms);

#endif
