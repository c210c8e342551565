/*
 * media_priv.h - what the files of this room share.
 *
 * Two halves. The loop's half (struct media, pool, mstream) is touched by the loop
 * thread alone; the worker's half (struct worker, wstream and what hangs on it) by
 * its worker alone. They meet in messages only, through two kinds of mailbox
 * (mail.c): one for each worker, one for the way back. Moves of ports alone go by
 * loop_post(), because they must not run inside a port's own call-back.
 * A struct wstream is plain data that can be saved: no closures, pointers only to
 * its port, its peer and what plays or taps it.
 */
#ifndef OFFHOOK_MEDIA_PRIV_H
#define OFFHOOK_MEDIA_PRIV_H

#include <stdatomic.h>
#include "base/inspect.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/ring.h"
#include "base/sa.h"
#include "loop/loop.h"
#include "loop/udp.h"
#include "media/codec.h"
#include "media/crypt.h"
#include "media/media.h"
#include "wire/rtp/rtp.h"

struct worker;
struct wstream;
struct second;
struct mlink;
struct player;
struct tap;
struct tx;
struct xcode;
struct rx;
struct dtmf_tx;
struct detect;
struct own;
struct mixer_member;

enum {
	DEAD_SLOTS = 64, /**< seconds of the wheel that finds dead streams */
	SCRATCH = 2048,  /**< longest packet that we build or that crosses between workers */
	SEAL_TAIL = 20,  /**< what protection adds at most: SRTP_TAIL_MAX */
	CNAME_LEN = 16,
	DTMF_QUEUE = 8,     /**< digits on their way to the loop thread */
	TAP_PAYLOAD = 1764, /**< longer payloads are silence to a tap; 10 ms of L16 in stereo at 44.1 kHz */
	WCODECS_RECENT = 8,
	WCODEC_MAX = 16, /**< codecs of a remote that are remembered; browsers name 14 */
};

/* ------------------------------------------------------------------ codecs (codec.c) */

/** A codec of the remote in eight bytes. */
struct wcodec {
	uint8_t pt, id;  /**< id: enum codec_id */
	uint16_t rate25; /**< clock rate / 25 */
	uint16_t par;    /**< codec_par() of its fmtp */
	uint8_t ch;      /**< channels, 0 or 1: one */
	uint8_t rx;      /**< payload type that the party sends it with: mostly pt */
};
_Static_assert(sizeof(struct wcodec) == 8, "entries are compared as bytes");
/** A remote's list: made by the loop thread, never changed, lent to the worker. */
struct wcodecs {
	uint8_t n;
	struct wcodec v[];
};
static inline uint32_t wcodec_rate(const struct wcodec *c)
{
	return c->rate25 ? c->rate25 * 25U : 8000U;
}

/** Lists made lately: phones of one make say the same, so their streams share one list. NULL is no cache. */
struct wcodecs_cache {
	const struct wcodecs *v[WCODECS_RECENT];
	unsigned next; /**< whose place is taken next */
};

/** struct mstream_remote in a fraction of its size. */
struct wremote {
	struct sa rtp, rtcp; /**< port 0: nowhere */
	bool set : 1, mux : 1, we_send : 1, we_recv : 1, strict : 1, udptl : 1;
	bool no_events : 1;           /**< digits go to it another way */
	bool quiet : 1;               /**< mstream_remote.quiet */
	bool again : 1;               /**< mstream_remote.renewed */
	uint8_t ptime, maxptime;      /**< ms; maxptime 0: any */
	const struct wcodecs *codecs; /**< NULL: none */
};
/** Everything but the list is set in any case; ENOMEM: the list stays what it was. A new list takes the place of the
 * old one, which is the caller's to drop. */
int wremote_make(struct wremote *w, const struct mstream_remote *r, struct wcodecs_cache *cache) MUST_CHECK;
/** Drop what it holds. */
void wcodecs_cache_clear(struct wcodecs_cache *c);
/** Entry i of the list, NULL at its end. */
static inline const struct wcodec *wremote_codec(const struct wremote *w, size_t i)
{
	return w->codecs && i < w->codecs->n ? &w->codecs->v[i] : NULL;
}
/** What the party means by a payload type that it sends, NULL. */
const struct wcodec *wremote_find(const struct wremote *w, uint8_t pt);
/** What it means by one that it receives. */
const struct wcodec *wremote_find_tx(const struct wremote *w, uint8_t pt);
/** Its entry in the table of codecs, NULL: not ours. */
const struct codec_ops *wcodec_ops(const struct wcodec *c);
/** First of its codecs that we can code; `fmt` (may be NULL) gets the entry. NULL. */
const struct codec_ops *wremote_ops(const struct wremote *w, const struct wcodec **fmt);
/** The rate of a codec's PCM for sound of rate `want`: that one, where the codec takes several. */
uint32_t codec_pcm_rate(const struct codec_ops *c, uint32_t want);
/** Telephone-event of that clock rate (or the first one), NULL. */
const struct wcodec *wremote_tev(const struct wremote *w, uint32_t rate);
/** Payload type that the party sends as a codec, by its list or the static types of RFC 3551. */
struct wcodec codec_of_pt(const struct wremote *w, uint8_t pt);
/** Name of a codec, "PT96" style for unknown ones; `dst` of 16 bytes; returns dst. */
char *codec_name(uint8_t id, uint8_t pt, char *dst);
/** E-model of a codec by id, see media_mos. */
uint16_t emodel_mos(uint8_t id, double loss_pct, double delay_ms);

/* ------------------------------------------------------------------ mail (mail.c) */

/** Messages for one thread. That of the loop thread outlives the engine when its node is still queued on the loop. */
struct mailbox {
	struct loop_msg msg;
	_Atomic(struct loop_msg *) head;
	atomic_bool posted;
	struct media *m; /**< NULL: the engine is gone */
	struct loop *loop;
};
int mailbox_alloc(struct mailbox **bp, struct media *m, struct loop *l) MUST_CHECK;
void mailbox_init(struct mailbox *b, struct media *m, struct loop *l);
/** Run `n->fn(n)` on the box's thread, in the order of posting and leaving per thread. Any thread. */
void mail_post(struct mailbox *b, struct loop_msg *n);
/** As mail_post, but wake nobody: it runs when the box is emptied next. */
void mail_leave(struct mailbox *b, struct loop_msg *n);
/** Wake the box's thread if something waits. Any thread. */
void mail_wake(struct mailbox *b);
/** Run what waits now (the box's thread). */
void mail_drain(struct mailbox *b);
/** Does anything wait? */
static inline bool mail_waits(struct mailbox *b)
{
	/* the plain load keeps an empty box's cache line shared */
	return atomic_load_explicit(&b->head, memory_order_relaxed) != NULL;
}
/** The engine goes: the box frees itself as soon as nothing points to it. */
void mailbox_close(struct mailbox *b);

/* ------------------------------------------------------------------ ports (pool.c) */

/** A pair of bound sockets. */
struct port {
	/* the worker's, what packets touch first */
	struct worker *wk;
	struct wstream *w; /**< NULL: what arrives is dropped */
	struct link wle;   /**< in worker.ports while attached */
	bool attached;
	/* the loop's */
	struct link le; /**< in one of the pool's lists */
	struct pool *pool;
	struct udp *rtp, *rtcp;
	uint16_t nr;     /**< RTP port */
	uint16_t worker; /**< whose loop reads it */
	uint16_t from;   /**< worker that must let go of it first */
	bool moving;
	uint64_t ms; /**< when it came to rest or became free */
	struct loop_msg msg;
	struct mstream *taker; /**< stream that waits for the move */
	atomic_bool busy;      /**< msg is on its way */
	atomic_bool heard;     /**< worker: something came while it had no stream */
};

/** The ports of one local address. */
struct pool {
	struct link le;
	struct media *m;
	struct sa ip;
	uint8_t *open;   /**< one bit per pair of the range: opened by us */
	uint32_t npairs; /**< in the range */
	uint32_t nopen;
	uint32_t at, stride; /**< next pair to try, and the way through the range */
	uint32_t step;       /**< pairs of the next growth */
	uint32_t grow_left;  /**< still to open in the present growth */
	unsigned grow_for;   /**< the worker that needs them */
	struct list resting; /**< oldest first */
	struct list quiet;   /**< as resting, for ports at which nothing ever arrived: a short rest */
	struct list used, closing;
	struct list *free; /**< one list per worker; taken from the front, returned to the back */
	uint32_t nfree, nused, nclosing;
	struct timer grow, shrink;
};
/** A free port for a stream on that worker. EADDRNOTAVAIL, EMFILE, ENOMEM, ERR_LIMIT. */
int pool_take(struct port **pp, struct media *m, const struct sa *ip, unsigned worker) MUST_CHECK;
/** The worker let go of it: it rests, then is free. `heard`: something arrived at it, so more may be on its way. */
void pool_give(struct port *p, bool heard);
/** A port that pool_take took from another worker: that one lets go and opens the taker's stream. */
void port_leave(struct port *p);
/** Add its figures. */
void pool_count(struct pool *p, struct media_stats *st);
/** Free all pools and their sockets (workers have stopped). */
void pools_free(struct media *m);
/** On the worker: read the sockets here. */
int port_attach(struct port *p, struct worker *wk) MUST_CHECK;
/** On the worker: read them no more. */
void port_detach(struct port *p);

/* ------------------------------------------------------------------ parts of a worker's stream */

enum latch_state { LATCH_SHUT, LATCH_OPEN, LATCH_LEARNT, LATCH_SDP };
enum latch_result { LATCH_DROP, LATCH_SAME, LATCH_MOVED };
/** Where a party really sends from (latch.c). */
struct latch {
	struct sa src;
	uint8_t state; /**< enum latch_state */
	bool again;    /**< described anew without news: learning opens when the locked source is silent */
	uint16_t seq;
	uint32_t ssrc;
	uint64_t us; /**< last accepted packet */
};
/** A description is in force; `live`: it names an address. `again`: the one that was in force already. */
void latch_described(struct latch *la, bool live, bool again);
/** A packet of RTP came: may it in? `sdp` is the address of the current description. */
enum latch_result latch_rtp(struct latch *la, const struct sa *sdp, const struct sa *src, const struct rtp_hdr *h,
			    uint64_t us, uint64_t relearn_us);
/** A packet that was authenticated came: it may move the source at once, unless a later one came from elsewhere. */
enum latch_result latch_rtp_genuine(struct latch *la, const struct sa *sdp, const struct sa *src,
				    const struct rtp_hdr *h, uint64_t us);
/** The same of RTCP on its port. */
enum latch_result latch_rtcp_genuine(struct latch *la, const struct sa *sdp, const struct sa *src, uint64_t us);
/** A datagram without numbers came (UDPTL): by address alone. */
enum latch_result latch_raw(struct latch *la, const struct sa *sdp, const struct sa *src, uint64_t us,
			    uint64_t relearn_us);
/** A packet of RTCP came on the RTCP port: as latch_rtp, but what is learnt must have the host of the RTP source. */
enum latch_result latch_rtcp(struct latch *la, const struct sa *sdp, const struct latch *rtp, const struct sa *src,
			     uint64_t us, uint64_t relearn_us);

/** What we know of the packets that arrive (quality.c). */
struct rxq {
	uint64_t dropped, late;
	int64_t lost;
	uint64_t first_us;
	/* for our own reports about this SSRC */
	uint64_t sr_us;  /**< when its last SR came */
	uint32_t sr_mid; /**< middle 32 bits of the NTP time of that */
	uint32_t cycles, base;
	uint32_t expected_prior, received_prior;
	/* what every packet touches */
	uint32_t received;
	uint32_t ssrc;
	uint16_t max_seq;
	struct wcodec cur;       /**< of the last packet */
	uint8_t pt, codec;       /**< the same */
	uint8_t audio_pt, audio; /**< of the last one that was neither a digit nor comfort noise */
	bool any;                /**< a packet of this SSRC came */
	bool dtx;                /**< the last packet said that silence follows */
	uint32_t rate;
	int32_t transit;
	uint32_t jitter; /**< timestamp units * 16 */
	uint64_t win;    /**< bit i: max_seq - i arrived */
	uint64_t packets, bytes, last_us;
};
void rxq_packet(struct rxq *q, const struct wremote *r, const struct rtp_hdr *h, size_t len, uint64_t us);
uint32_t rxq_jitter_us(const struct rxq *q);
/** A report block about what arrived since the last one. */
void rxq_report(struct rxq *q, struct rtcp_rb *rb, uint64_t us);

/** The one stream that goes out to a party (outstream.c). */
struct outstream {
	uint32_t ssrc;
	uint32_t seq;  /**< highest sent, with its cycles */
	uint32_t ts;   /**< of that packet */
	uint32_t rate; /**< its clock */
	uint64_t us;   /**< when it went */
	bool started;
	bool synced;              /**< the offsets below belong to src */
	uint16_t guard;           /**< packets for which sequence numbers from before the change are refused */
	uint32_t src;             /**< SSRC of the present source */
	uint32_t base;            /**< first sequence number of the present source, ours */
	uint32_t seq_off, ts_off; /**< ours - the source's */
	uint32_t seq0;            /**< number before the first one */
	uint64_t packets, bytes;
	/* reports of the party about this stream */
	uint32_t sr_mid;   /**< of the last SR that went to the party */
	uint32_t seq_seen; /**< seq at its last report */
	uint64_t sr_us;
	uint32_t rtt_us;
	int32_t lost_base; /**< what it had reported lost before the present source */
	int32_t lost;      /**< last report */
	uint16_t lost_pm;
	uint16_t way_pm;    /**< of lost_pm: on the way from us; the rest was missing before */
	uint32_t gaps_seen; /**< numbers that never went, at the last report */
};
/** New random stream. */
void out_init(struct outstream *o);
/** Another source follows: continue from what was sent last. */
void out_unsync(struct outstream *o);
/** Rewrite a packet of another sender into this stream; false: drop it (it is older than the change of source). */
bool out_translate(struct outstream *o, uint8_t *p, const struct rtp_hdr *h, uint32_t rate, uint64_t us);
/** Number a packet that we made of a source's: the next number, `skip` behind. `h` has the source's SSRC and number and
 * a timestamp in the party's clock; the marker is set at a beginning. */
void out_follow(struct outstream *o, struct rtp_hdr *h, uint32_t rate, uint32_t skip, uint64_t us);
/** A packet of the source does not go, and nobody shall miss it: the numbers after it close up. */
void out_omit(struct outstream *o, const struct rtp_hdr *h);
/** Account a packet that went. */
void out_sent(struct outstream *o, size_t payload, uint64_t us);
/** A packet of our own: next sequence number. `ts` is out_time() or the time of the running sound. */
void out_own(struct outstream *o, struct rtp_hdr *h, uint32_t ts, uint32_t rate, uint64_t us);
/** The stream's timestamp at `us` in a clock of `rate`. */
uint32_t out_time(const struct outstream *o, uint32_t rate, uint64_t us);

/* ------------------------------------------------------------------ a worker's stream (wstream.c) */

enum hush { HUSH_OFF, HUSH_READY, HUSH_NOW };
enum tev_state { TEV_NONE, TEV_DOWN, TEV_TOLD };
enum wmode { W_IDLE, W_RELAY, W_ECHO, W_PLAY, W_MIX };

/** What becomes of a packet that is relayed to a stream. */
enum relay_act {
	RELAY_PASS,  /**< with another payload type at most */
	RELAY_DROP,  /**< the party would not understand it */
	RELAY_CODE,  /**< decoded and coded */
	RELAY_CUT,   /**< its codec passes, its length may not */
	RELAY_EVENT, /**< telephone-event in another clock, or beside sound that is converted */
	RELAY_NOISE, /**< comfort noise beside sound that is converted */
};
/** That of the last payload type that came: a packet like the one before costs one comparison. */
struct ptmap {
	struct wcodec key; /**< the source's entry */
	uint8_t act;       /**< enum relay_act */
	uint8_t pt;        /**< the party's payload type */
};

/* In the order in which packets touch it: one that arrives `q` to `alive_us`, one that goes `touched` to `r`. */
struct wstream {
	struct rxq q;
	struct latch rtp;
	uint64_t flood_us; /**< beginning of the second in which flood_n packets came */
	uint32_t flood_n, flood_max;
	uint64_t alive_us; /**< last accepted packet of either kind */
	struct port *port;
	struct worker *wk;
	struct link touched;  /**< worker.touched: to be reported this second */
	struct wstream *peer; /**< W_RELAY: where what arrives goes */
	struct mlink *link;   /**< W_RELAY to a stream of another worker */
	struct tap *taps;
	struct rx *rx;         /**< its sound as an even flow (rx.h); NULL: nobody wants it */
	struct second *second; /**< how it sounds by the second; NULL until there was one */
	struct dtmf_tx *dtmf;
	struct udp *sock;    /**< RTP socket of the port */
	struct crypt *crypt; /**< its keys; NULL: plain RTP */
	uint8_t mode;        /**< enum wmode */
	uint8_t tap_dirs;    /**< who listens: 1 << enum msink_dir */
	uint8_t hush;        /**< enum hush: digits in the sound are not relayed */
	uint8_t r_gen;       /**< counts its remote descriptions */
	bool opened, closing;
	bool first_told, dead_told;
	bool we_recv;                 /**< r.we_recv */
	bool to_latch, to_latch_rtcp; /**< send to where the party sends from, not to where its SDP says */
	struct outstream out;
	struct ptmap map;
	struct wremote r;
	struct xcode *xc; /**< what arrives for the party is converted */
	/* seldom */
	struct mstream *s;
	struct wstream *fed_by; /**< the stream whose packets go out here */
	struct mlink *link_in;  /**< the link that feeds this one */
	struct player *player;
	struct tx *tx;            /**< coder of our own sound */
	struct mixer_member *mix; /**< W_MIX */
	struct latch rtcp;
	struct link le;      /**< worker.streams */
	struct link dead;    /**< worker.dead[...] */
	struct own *own;     /**< our own RTCP; NULL: there was none yet */
	uint32_t tev_ts;     /**< timestamp of the digit under way */
	uint32_t tev_before; /**< units that its segments before have lasted */
	uint32_t key_ms;     /**< when a digit in its sound began or ended */
	uint16_t tev_dur;
	uint8_t tev_event;
	uint8_t tev_state; /**< enum tev_state */
	uint8_t tev_quiet; /**< seconds without a packet of it */
	bool tev_seen;     /**< the party sends telephone-events: digits in its sound are theirs */
	char key;          /**< digit in its sound now, 0 = none */
	char key_last;     /**< that one, or the last */
	uint8_t key_quiet; /**< seconds without sound meanwhile */
	char cname[CNAME_LEN + 1];
};

/** What the loop thread wants of a stream; also what is sent to the worker. */
struct order {
	uint8_t set; /**< ORDER_ bits */
	uint8_t mode;
	uint16_t release_ms; /**< how long the key was held */
	struct wremote r;
	struct wstream *peer;
	struct mlink *link;
	struct player *player;
	struct mixer_member *mix; /**< stays after it was sent: whose member the stream is */
	struct tap *tap;          /**< chain of those to begin */
	struct tap *untap;        /**< chain of those to end */
	struct dtmf_tx *dtmf;
	struct crypt *crypt; /**< the receiver takes it and leaves NULL */
};
enum {
	ORDER_REMOTE = 1,
	ORDER_MODE = 2,
	ORDER_TAP = 4,
	ORDER_DTMF = 8,
	ORDER_OPEN = 16,
	ORDER_KEYS = 32,
	ORDER_RELEASE = 64
};

/** Worker: the stream is on. Its first order opens it, or the worker that had its port before. */
void wstream_open(struct wstream *w);
void wstream_apply(struct wstream *w, const struct order *o);
void wstream_close(struct wstream *w);
/** Everything that feeds, plays to or hears it goes home; also for a stream that was never opened (workers stopped). */
void wstream_let_go(struct wstream *w);
/** Packets come for it, and go to `peer`: tell the sockets what to fetch. */
void wstream_near(struct wstream *w);
/** Leave relay, echo or play. */
void wstream_idle(struct wstream *w);
/** Note that its figures changed. */
void wstream_touch(struct wstream *w);
/** Tell the loop thread: EV_ bits. */
void wstream_event(struct wstream *w, uint8_t bits);
/** Tell of a digit: MKEY_ bits. */
void wstream_digit(struct wstream *w, char digit, uint8_t what, uint32_t ms);
/** Relayed, but what comes or goes is coded anew or cut: reports of one side do not fit the other. */
bool wstream_converts(const struct wstream *w);
/** Our own reports run while we are an end point of RTCP. */
void wstream_reports(struct wstream *w);
enum { EV_FIRST = 1, EV_DEAD = 2, EV_CNG = 4, EV_CED = 8 };
enum { MKEY_DOWN = 1, MKEY_UP = 2, MKEY_SOUND = 4 };

/** Send a finished packet to the party by its RTP socket. */
void send_rtp(struct wstream *w, const uint8_t *p, size_t l, size_t payload, uint64_t us);
void send_rtcp(struct wstream *w, const uint8_t *p, size_t l);

void port_rtp_h(struct udp *u, const struct udp_rx *rx, void *arg);
void port_rtcp_h(struct udp *u, const struct udp_rx *rx, void *arg);

/** Where RTP goes; port 0: nowhere. */
static inline const struct sa *dst_of(const struct wstream *w)
{
	return w->to_latch ? &w->rtp.src : &w->r.rtp;
}
/** Stream is on, its party wants packets and we know where. */
bool can_send(const struct wstream *w);
/** Put a packet that arrived elsewhere out to the party of `to` (relay.c), as that party takes it. `c`: what its
 * payload type means there. Changes the bytes. */
void relay_rtp(struct wstream *to, uint8_t *p, size_t l, const struct rtp_hdr *h, const struct wcodec *c, uint64_t us);
/** The same, whatever it is and whatever the party takes. */
void relay_pass(struct wstream *to, uint8_t *p, size_t l, const struct rtp_hdr *h, uint32_t rate, uint64_t us);
/** What that packet becomes (ptmap.c): fills to->map. */
void ptmap_make(struct wstream *to, const struct wcodec *c);
/** A packet that cannot pass as it is (xcode.c): by to->map. */
void xcode_rtp(struct wstream *to, uint8_t *p, size_t l, const struct rtp_hdr *h, const struct wcodec *c, uint64_t us);
/** A packet of the source is kept from the party. */
void xcode_drop(struct wstream *to, const struct rtp_hdr *h);
/** Another source or description follows. */
void xcode_stop(struct wstream *to);
/** What the party of `to` wants after decoding, in RTP's clock (xcode.c has one). 0: nothing is converted. */
uint32_t xcode_clock(const struct wstream *to);

/** More packets in a second than any codec sends. */
bool wstream_flooded(struct wstream *w, uint64_t us);
/** Count a packet that may not come in. */
void wstream_refuse(struct wstream *w);
/** A datagram of fax arrived; one goes out (udptl.c). */
void udptl_in(struct wstream *w, const struct udp_rx *rx);
void udptl_out(struct wstream *to, const uint8_t *p, size_t l, uint64_t us);
/** Turn a packet round to its sender (echo.c). */
void echo_rtp(struct wstream *w, uint8_t *p, size_t l, const struct rtp_hdr *h, uint64_t us);

/** A valid compound came from the party: read it, and translate it in place as far as this side knows (rtcp.c). */
void rtcp_arrived(struct wstream *w, uint8_t *p, size_t l, uint64_t us);
/** Tell who captures; only when there is somebody. `muxed`: by the RTP port. */
void rtcp_trace(const struct wstream *w, bool out, bool muxed, const struct sa *peer, const uint8_t *p, size_t l);
/** Send what rtcp_arrived left, as the party of `to` may see it. */
void rtcp_relay(struct wstream *to, uint8_t *p, size_t l, uint64_t us);
/** We are an end point of RTCP: begin our own reports (rtcp_own.c), or go on. Without memory there are none. */
void rtcp_own_start(struct wstream *w);
void rtcp_own_stop(struct wstream *w);
/** The last report, with BYE. */
void rtcp_own_bye(struct wstream *w);
/** Ms to the next own report (RFC 3550 6.2, 6.3.1). */
uint32_t rtcp_interval_ms(void);
/** Middle 32 bits of an NTP time. */
static inline uint32_t ntp_mid(uint32_t sec, uint32_t frac)
{
	return sec << 16 | frac >> 16;
}

/** Telephone-event of the party (dtmf.c). */
void tev_rx(struct wstream *w, const struct rtp_hdr *h, const uint8_t *payload, size_t l);
/** Once a second while a digit is under way: end one whose end was lost. */
void tev_rx_second(struct wstream *w);
/** Digit `d` was heard in the party's sound a moment ago (detect.c). */
bool detect_heard(const struct wstream *w, char digit);
/** Once a second: end a digit in the sound when no sound comes any more; true while one is under way. */
bool detect_second(struct wstream *w);
/** Loop thread: digits as a job for the worker, `ms` each; 0: until dtmf_tx_up(). EINVAL: not digits. */
int dtmf_tx_alloc(struct dtmf_tx **dp, struct slice digits, enum mdigit_way way, uint32_t ms) MUST_CHECK;
/** Of a chain: the key that is held was pressed for `ms`. False: there is none. */
bool dtmf_tx_up(struct dtmf_tx *chain, uint32_t ms);
/** At the end of a chain. */
void dtmf_tx_append(struct dtmf_tx **dp, struct dtmf_tx *d);
/** On the worker: send them, after those that are under way. */
void dtmf_tx_start(struct wstream *w, struct dtmf_tx *d);
/** On the worker: stop; the object goes home. */
void dtmf_tx_stop(struct wstream *w);
/** Loop thread: an object that never got to the worker. */
void dtmf_tx_drop(struct dtmf_tx *d);

int player_alloc(struct player **pp, struct mstream *s, struct media_source *src) MUST_CHECK;
void player_start(struct wstream *w, struct player *p);
void player_stop(struct wstream *w);
void player_drop(struct player *p, struct mailbox *b);

int tap_alloc(struct tap **tp, struct mstream *s, struct media_sink *sink) MUST_CHECK;
/** Put one into a chain of an order (to begin: by `next`). */
void tap_chain(struct tap **chain, struct tap *t);
/** Take it out of a chain of taps that have not begun; false: it is not there. */
bool tap_unchain(struct tap **chain, struct tap *t);
/** Loop thread: put one that began into the chain of those to end; twice is once. */
void tap_chain_end(struct tap **chain, struct tap *t);
/** Loop thread: chain of taps that never got to the worker. */
void tap_drop(struct tap *chain, struct mailbox *b);
/** Worker: begin all of a chain, end all of a chain. */
void tap_start(struct wstream *w, struct tap *chain);
void tap_end(struct wstream *w, struct tap *chain);
/** Worker: end all. */
void tap_stop(struct wstream *w);
/** A packet passed that somebody hears (w->tap_dirs): after it went, so that no listener delays it. `c`: what its
 * payload type means. */
void tap_rtp(struct wstream *w, enum msink_dir dir, const struct rtp_hdr *h, const uint8_t *payload,
	     const struct wcodec *c, uint64_t us);

/** Wheel of streams that must show life (dead.c). */
void dead_watch(struct wstream *w);
void dead_second(struct worker *wk, uint64_t sec);

/* ------------------------------------------------------------------ link between two workers (link.c) */

int mlink_alloc(struct mlink **lp, struct wstream *to) MUST_CHECK;
/** Loop thread: nobody will order it again. It is freed when both workers let go. */
void mlink_release(struct mlink *l);
/** Loop thread: an order with it goes to the sending worker now. */
void mlink_sent(struct mlink *l);
/** Sending worker: lets go of it. */
void mlink_leave(struct mlink *l);
/** Sending worker. */
enum mlink_kind { MLINK_RTP, MLINK_RTCP, MLINK_UDPTL };
void mlink_put(struct mlink *l, enum mlink_kind kind, const uint8_t *p, size_t n, const struct wcodec *c, uint64_t us);
/** What it carries is converted at its end; told by the receiving worker. */
void mlink_tell(struct mlink *l, bool converts);
bool mlink_converts(const struct mlink *l);
/** Receiving worker: its stream ends or is fed by something else. */
void mlink_cut(struct mlink *l);
/** Loop thread, workers stopped: free at once. */
void mlinks_free(struct media *m);

/* ------------------------------------------------------------------ worker (worker.c) */

/** Figures of one stream on their way to the loop thread. */
struct snap {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes, rx_lost, rx_late, rx_dropped, rx_failed, rx_replayed;
	uint64_t first_ms, last_ms;
	uint32_t jitter_us, rtt_us, rx_strangers, far_lost;
	uint16_t lost_pm, mos;
	uint8_t codec, pt;
	uint32_t played_ms, concealed_ms, buffer_us;
	uint16_t sec_lost_pm, sec_mos, min_mos, bad_s, silent_s, clipped_s;
	int8_t level;
	uint8_t far_mos_x10;
	bool latched, moved, pauses, strange;
	struct sa remote;
};
void snap_make(struct snap *n, const struct wstream *w);

struct batch_entry {
	struct mstream *s;
	struct snap snap;
};
/** One message a second: the streams that changed. */
struct batch {
	struct loop_msg msg;
	struct worker *wk;
	struct batch_entry *v;
	uint32_t n, cap;
	uint64_t packets, dropped; /**< of the worker since its start */
	atomic_bool out;           /**< the loop thread has it */
};

struct worker {
	struct media *m;
	struct loop *loop;
	struct loop_thread *thread;
	unsigned nr;
	uint64_t relearn_us;
	uint32_t dead_s;
	struct mailbox *mail; /**< to the loop thread */
	struct mailbox in;    /**< to this worker; emptied before each packet, so that an order need not wake it */
	struct list streams, touched, ports;
	struct list dead[DEAD_SLOTS];
	uint64_t sec;  /**< last second of the wheel that was looked at */
	size_t mixing; /**< streams that are members of rooms */
	struct timer tick;
	uint64_t packets, dropped; /**< received and relayed or played; refused */
	struct batch batch;
	struct loop_msg barrier;
	uint8_t scratch[SCRATCH];
	uint8_t sealed[SCRATCH + SEAL_TAIL];
	/* the loop thread's */
	uint32_t load; /**< streams */
	uint64_t seen_packets, seen_dropped;
};
int worker_start(struct worker *wk, struct media *m, unsigned nr) MUST_CHECK;
/** First stream: the second tick runs while there is one. */
void worker_tick_start(struct worker *wk);

/* ------------------------------------------------------------------ loop thread (engine.c, stream.c) */

struct media {
	struct media_cfg cfg;
	struct loop *loop;
	struct mailbox *mail;
	struct worker *wk; /**< array */
	unsigned nwk;
	struct list streams, pools, dirty, links, mixers;
	struct loop_tail tail; /**< sends the orders of this turn */
	struct wcodecs_cache codecs;
	bool lazy;          /**< orders that only matter when a packet comes wake nobody */
	struct timer nudge; /**< wakes the workers for what was left to them */
	atomic_bool stopping;
	struct inspect inspect;
	struct loop_msg reserve; /**< to the first worker, at the start */
	struct barrier *barrier; /**< at the end */
};

enum order_state { ORDER_IDLE, ORDER_POSTED, ORDER_AGAIN };

struct digit {
	char c;
	uint8_t what; /**< MKEY_ bits */
	uint16_t ms;
};

struct mstream {
	struct media *m;
	unsigned worker;
	const struct mstream_ops *ops;
	void *arg;
	uint8_t kind;
	bool closed;
	bool told;             /**< the worker knows of it, or will by what is on its way */
	bool linked;           /**< a link was made that feeds it: its worker may have to let go of that */
	bool busy;             /**< it plays, is heard or sends digits: orders wake the worker */
	_Atomic uint32_t mark; /**< mstream_mark() */
	struct link le, dirty;
	struct port *port;
	struct mstream *peer;  /**< joined with */
	struct detect *detect; /**< who listens for tones, NULL */
	struct mkeys *keys;    /**< what was ordered last; NULL: plain RTP all its life */
	struct order want, order;
	uint64_t expects_ms;       /**< since when the party should send, loop's ms; 0: it need not */
	const struct wcodecs *old; /**< list of the order before, which the worker may use until it has this one */
	atomic_int state;          /**< enum order_state */
	struct loop_msg order_msg, close_msg, ev_msg;
	void (*closed_fn)(struct loop_msg *n); /**< what close_msg does on its way back */
	void (*done)(const struct mstream_stats *st, void *arg);
	void *done_arg;
	/* events, worker to loop */
	atomic_bool ev_posted;
	_Atomic uint8_t ev_bits, dq_head, dq_tail;
	struct digit dq[DTMF_QUEUE];
	/* figures */
	struct snap *st;  /**< last snapshot; NULL: nothing has moved yet */
	struct wstream w; /**< the worker's half */
};

/** Loop thread: it becomes a member (mixer.c). */
void mstream_mix(struct mstream *s, struct mixer_member *m);
/** Loop thread: it is that member no more, if it still is. */
void mstream_unmix(struct mstream *s, const struct mixer_member *m);

/** Loop thread: orders of this turn. */
void media_flush_orders(void *arg);
/** Loop thread: a message to a worker; without `now` it may wait for a packet, some ms at most. */
void media_tell(struct media *m, unsigned worker, struct loop_msg *n, bool now);

extern struct metric media_m_packets, media_m_dropped, media_m_streams, media_m_ports;

#endif
