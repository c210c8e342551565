/*
 * ua_priv.h - what the files of the user agent share, and the way in for tests on a virtual loop.
 *
 * A user agent owns its accounts and calls. A call joins one SIP session (struct
 * sip_inv) with up to two media streams; its description of itself is written anew
 * for each offer and answer, from the state kept here.
 * Thread: the loop's. Ownership: calls hold their account; the agent's lists hold both.
 */
#ifndef OFFHOOK_UA_UA_PRIV_H
#define OFFHOOK_UA_UA_PRIV_H

#include "base/log.h"
#include "base/mem.h"
#include "loop/loop.h"
#include "media/codec.h"
#include "media/tone.h"
#include "offhook/ua.h"
#include "sip/inv.h"
#include "sip/reg.h"
#include "wire/sdp/sdp.h"

enum {
	UA_LINES = SDP_MEDIA_MAX, /**< m-lines of a call */
	UA_CODECS = 12,           /**< of a call */
	UA_CLOCKS = 4,            /**< RTP clocks of digits: 8000, 16000, 32000, 48000 Hz */
	UA_TEV_PT = 101,          /**< payload types that we propose: digits at 8 kHz */
	UA_TEV_MORE = 119,        /**< and one above at each other clock */
	UA_DYN_PT = 102,          /**< codecs without a number of their own begin here */
	UA_H264_PT = 96,
	UA_LEAVE_MS = 1000, /**< at the end, so long is waited for answers to BYE and REGISTER */
	UA_TEXT = 160,
	UA_REPLACES_MAX = 400,
	UA_LISTENERS = 3,  /**< one for each enum oh_transport */
	UA_CALLS_MAX = 256 /**< with so many calls, further ones that come are busy */
};

struct oh_ua {
	struct loop *loop;
	struct sip *sip;
	struct media *media;
	struct sa ip; /**< address it listens on, any allowed; no port */
	uint16_t port[UA_LISTENERS];
	struct tls *tls; /**< NULL until an account wants it */
	char *tls_ca;
	oh_event_h on_event;
	void *arg;
	struct list accounts, calls;
	struct list afters;
	uint32_t play_nr; /**< last source that was made */
	bool leaving;
};

/** As oh_ua_new() on a loop that exists: real or virtual. The loop is referenced. */
int ua_new_on(struct oh_ua **uap, const struct oh_ua_config *cfg, struct loop *l) MUST_CHECK;
/** Tell the loop that runs the end that a call or account is done. */
void ua_check_left(struct oh_ua *ua);

/** The bound ports, read again. */
void ua_note_ports(struct oh_ua *ua);
/** TLS, unless it is there. OH errors of sockets, EINVAL (certificates to trust), ENOMEM. */
int ua_tls_open(struct oh_ua *ua) MUST_CHECK;

struct oh_account {
	struct link le;
	struct oh_ua *ua; /**< NULL when the agent is gone */
	char *user, *password, *auth_user, *display, *contact_params;
	char *domain; /**< host and port of the server as URIs have it */
	bool named;   /**< the server is a name: `dest` is known once we are registered */
	struct sip_dest dest;
	uint32_t expires;
	struct sip_reg *reg;
	bool registered, stopping;
};

/** ";transport=tls" and so on, as the server's URIs carry it. */
const char *ua_transport_param(const struct oh_account *a);
/** An error in words: for TLS what was wrong with it. */
const char *ua_err_text(const struct oh_account *a, int err);

/** An m-line as it was last agreed or offered: its place stays for the whole session (RFC 3264 8). */
struct ua_line {
	char type[12], proto[24], fmt[24];
};

/** Codecs in order of preference, with the payload types of our offers. */
struct ua_codecs {
	struct ua_codec {
		const struct codec_ops *ops;
		uint8_t pt;
	} v[UA_CODECS];
	uint8_t n;
};
/** "OPUS PCMA PCMU"; NULL or "": PCMU and PCMA. OH_ERR_SYNTAX: a name we do not know or cannot code. */
int ua_codecs_parse(struct ua_codecs *c, const char *names) MUST_CHECK;
/** The entry of an encoding; NULL. */
const struct ua_codec *ua_codecs_find(const struct ua_codecs *c, struct slice name, uint32_t clock, uint8_t ch);
/** The far end's offer named codecs by numbers of its own: they stay as long as the session does (RFC 3264 8.3.2). */
void ua_codecs_number(struct ua_codecs *c, const struct codec_ops *ops, uint8_t pt);
/** Does one of them have this clock? */
bool ua_codecs_clock(const struct ua_codecs *c, uint32_t clock);
/** Place of a clock of digits, -1: none that we know. */
int ua_clock(uint32_t clock);
extern const uint32_t ua_clocks[UA_CLOCKS];

/** What our open re-INVITE asks for. */
enum ua_change { UA_CHANGE_NONE, UA_CHANGE_HOLD, UA_CHANGE_CODECS, UA_CHANGE_ASK };

struct recorder;
struct ua_crypto;
struct ua_info;
struct oh_call {
	struct link le;
	struct oh_ua *ua;
	struct oh_account *acct;
	struct sip_inv *inv;
	void *user;
	char *callid, *peer, *peer_name;
	bool outgoing, answered, ended;
	bool ringing; /**< incoming, ours to answer */
	bool told;    /**< OH_CALL_ANSWERED was told */
	/* wishes */
	char *play_file, *replaces;
	unsigned tone_hz;
	bool once, record, delayed, hold_inactive, hide, want_video, no_events, hear_digits;
	uint32_t ptime;
	struct ua_codecs codecs;
	enum oh_srtp srtp;
	struct ua_crypto *crypto; /**< NULL: plain RTP only */
	bool hold;
	/* our open re-INVITE */
	enum ua_change change;
	bool new_hold;
	struct ua_codecs new_codecs;
	/* description */
	struct ua_line line[UA_LINES];
	uint8_t nline;
	int8_t audio_line, video_line; /**< -1: none */
	uint8_t tev_pt[UA_CLOCKS];     /**< of digits at each clock */
	uint8_t h264_pt;
	uint64_t sdp_id, sdp_version;
	struct rbuf *local; /**< our last description */
	struct rbuf *offer; /**< theirs, while it waits for our answer */
	enum sdp_dir dir;   /**< of our last description */
	bool offered;       /**< our last description is an offer without answer yet */
	bool held;          /**< the far end holds us */
	/* sound */
	unsigned worker;
	struct sa ip; /**< of our streams, in SDP */
	struct mstream *audio, *video;
	char codec[16];
	bool playing;
	uint32_t play_nr; /**< which source plays: ends of older ones are not told */
	struct recorder *rec;
	struct ua_info *info; /**< digits by INFO; NULL: there were none */
	/* transfer */
	char *early_tag;          /**< of the phone that rings: names the call before its answer */
	bool referring;           /**< a REFER of ours is out: NOTIFYs may come */
	char *refer_to;           /**< of their REFER, while it is being told */
	uint32_t refer_id;        /**< its CSeq */
	struct oh_call *referred; /**< the call that it led to, until that has its final answer */
	struct oh_call *referrer; /**< that call's way back */
	/* the end */
	struct timer end_tmr;
	uint16_t end_code;
	char end_text[UA_TEXT];
};

/** How it says that it holds. */
static inline enum sdp_dir ua_hold_dir(const struct oh_call *c)
{
	return c->hold_inactive ? SDP_INACTIVE : SDP_SENDONLY;
}

/* digits.c */
/** INFO within the call. */
void ua_info_in(struct oh_call *c, struct sip_strans *st, const struct sip_msg *req);

/* event.c */
/** Tell the application. `code` 0 and `text` NULL where there is none. */
void ua_tell_account(struct oh_account *a, enum oh_event_type t, unsigned code, const char *text, uint32_t expires);
void ua_tell_call(struct oh_call *c, enum oh_event_type t, unsigned code, const char *text);
void ua_tell_digit(struct oh_call *c, char digit);
/** A reason phrase or header value as a terminated text; `dst` of UA_TEXT bytes. */
const char *ua_text(char *dst, struct slice s);

/* call.c */
extern const struct sip_inv_ops ua_inv_ops;
/** New call of an account, in the list. ENOMEM, OH_ERR_SYNTAX (options). */
int ua_call_alloc(struct oh_call **cp, struct oh_account *a, const struct oh_call_options *o) MUST_CHECK;
/** Take new wishes; the old ones stay on an error. ENOMEM, OH_ERR_SYNTAX. */
int ua_call_options(struct oh_call *c, const struct oh_call_options *o) MUST_CHECK;
/** Forget a call that was never told of. */
void ua_call_abort(struct oh_call *c);
/** It is over: OH_CALL_ENDED now, then it is freed. */
void ua_call_end(struct oh_call *c, unsigned code, const char *text);
/** The same in the next turn. */
void ua_call_end_later(struct oh_call *c, uint16_t code, const char *text);
/** Hang up for a reason of ours, which OH_CALL_ENDED will say. */
void ua_call_fail(struct oh_call *c, uint16_t code, const char *text);

/* call_out.c */
void ua_out_progress(struct sip_inv *i, const struct sip_msg *rsp, void *arg);
void ua_out_answered(struct sip_inv *i, const struct sip_msg *rsp, void *arg);

/* call_in.c */
/** An INVITE outside of a dialog. */
void ua_in_invite(struct oh_ua *ua, struct sip_strans *st, const struct sip_msg *msg);
void ua_in_acked(struct sip_inv *i, const struct sip_msg *ack, void *arg);

/* call_change.c */
void ua_change_reoffer(struct sip_inv *i, const struct sip_msg *req, void *arg);
void ua_change_reanswered(struct sip_inv *i, const struct sip_msg *rsp, uint16_t scode, void *arg);
int ua_change_renew(struct sip_inv *i, struct buf *sdp, void *arg);
void ua_change_gone(struct sip_inv *i, void *arg);
/** The description in force, for a refresh (RFC 4028). */
int ua_change_current(struct sip_inv *i, struct buf *sdp, void *arg);

/** Write what the application calls a number or URI as a URI of the account's server. */
void ua_enc_target(struct buf *b, const struct oh_account *a, struct slice to);

/* call_transfer.c */
void ua_refer_in(struct oh_call *c, struct sip_strans *st, const struct sip_msg *req);
void ua_notify_in(struct oh_call *c, struct sip_strans *st, const struct sip_msg *req);
/** A call made because of a REFER got an answer. */
void ua_referred(struct oh_call *n, uint16_t code);
/** The call ends: no more of that. */
void ua_refer_forget(struct oh_call *c);

/* call_media.c */
/** Our offer as the wishes are now, or as the open change asks. In c->local. ENOMEM, or what opening ports says. */
int ua_media_offer(struct oh_call *c) MUST_CHECK;
/** Our answer to an offer, in c->local; sound begins to flow as agreed. ERR_SYNTAX, ENOTSUP (nothing in common),
 * others. */
int ua_media_answer(struct oh_call *c, struct slice offer) MUST_CHECK;
/** Their answer to our last offer. ERR_SYNTAX, ENOTSUP: no sound was agreed. */
int ua_media_answered(struct oh_call *c, struct slice answer) MUST_CHECK;
/** Could this offer be answered, by some options that the application may choose? 0, ERR_SYNTAX, ENOTSUP. */
int ua_media_check(struct slice offer) MUST_CHECK;
/** Streams end. */
void ua_media_close(struct oh_call *c);

/* call_sdp.c */
/** A scratch for decoding (40 kB): good until the next use. */
struct sdp *ua_sdp_scratch(void);
/** Which lines of this offer we take: sets lines, audio_line, video_line. ENOTSUP: no sound. */
int ua_sdp_pick(struct oh_call *c, const struct sdp *d) MUST_CHECK;
/** Is it a line of sound with a codec that we know, whatever the call's options are? */
bool ua_sdp_possible(const struct sdp *d, size_t i);
/** May this line of an offer carry our sound, our video? */
bool ua_sdp_audio_ok(const struct oh_call *c, const struct sdp *d, size_t i);
bool ua_sdp_video_ok(const struct oh_call *c, const struct sdp *d, size_t i);
/** Write our description: an answer to `offer`, or an offer when NULL. The version counts only when the text is
 * another. ENOMEM. */
int ua_sdp_write(struct oh_call *c, const struct sdp *offer, const struct ua_codecs *codecs,
		 enum sdp_dir dir) MUST_CHECK;
/** Direction of a line as its describer means it; an address of 0.0.0.0 is the old way to hold (RFC 3264 8.4). */
enum sdp_dir ua_sdp_dir(const struct sdp_media *m);
/** Remote description of a line for a stream of the call, with our direction `dir`: what it takes of the codecs that we
 * named. */
void ua_sdp_remote(struct mstream_remote *r, const struct oh_call *c, const struct sdp *d, size_t i, enum sdp_dir dir);

/* call_crypto.c */
/** Keys as the options ask. ENOMEM, ERR_SYNTAX (suites). */
int ua_crypto_options(struct oh_call *c, const struct oh_call_options *o) MUST_CHECK;
/** Profile of our offers (RFC 4568 7.1: "RTP/SAVP"; beside plain RTP it stays "RTP/AVP"). */
const char *ua_crypto_proto(const struct oh_call *c);
/** A profile that we could answer. */
bool ua_crypto_proto_ok(const struct oh_call *c, struct slice proto);
/** Keys of an offer's line, and ours for it. ENOTSUP: none that we can use, and it may not be plain. */
int ua_crypto_take(struct oh_call *c, const struct sdp *d, size_t i) MUST_CHECK;
/** Keys of the answer to our offer. ENOTSUP as before. */
int ua_crypto_answered(struct oh_call *c, const struct sdp *d, size_t i) MUST_CHECK;
void ua_crypto_write(struct buf *b, const struct oh_call *c, bool answer);
/** What was agreed is in force. ENOMEM, EIO. */
int ua_crypto_apply(struct oh_call *c) MUST_CHECK;
/** Both ways are encrypted. */
bool ua_crypto_on(const struct oh_call *c);

/* play.c */
/** Begin to send what the options say, once the far end can hear something. ENOENT, ERR_SYNTAX (file), ENOMEM. */
int ua_play_start(struct oh_call *c) MUST_CHECK;

/* record.c */
int recorder_alloc(struct recorder **rp) MUST_CHECK;
/** Its sink, for mstream_tap; keeps the recorder alive until the stream lets go. */
struct media_sink *recorder_sink(struct recorder *r);
/** Copy the last `n` samples, fewer if there are not so many; returns how many. */
size_t recorder_last(const struct recorder *r, int16_t *dst, size_t n);
/** Samples it can give. */
size_t recorder_len(const struct recorder *r);

#endif
