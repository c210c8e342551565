/*
 * oa_priv.h - what the files of offer and answer (oa_*.c) share: what people have set, lists of codecs, the writer of
 * an m-line.
 *
 * Thread: loop. Slices are of the descriptions or lists they were read from.
 */
#ifndef OFFHOOK_CALL_OA_PRIV_H
#define OFFHOOK_CALL_OA_PRIV_H

#include "call/call_priv.h"
#include "media/codec.h"

enum {
	OA_PREFS_MAX = 24, /**< codecs of a policy */
	OA_LIST_MAX = 32,  /**< formats of a line; further ones are left out */
	OA_OFFER_MAX = 16, /**< codecs of our own are added up to here: a description should fit into one packet */
	OA_TEXT_MAX = 512
};

/** One codec of media_policy.codecs. */
struct oa_pref {
	uint8_t id;        /**< enum codec_id; CODEC_OTHER: only its name is known */
	uint8_t ch;        /**< 0: any */
	uint32_t clock;    /**< RTP clock, 0: any */
	struct slice name; /**< as written */
};
/** What is set for the sound of a party. */
struct oa_policy {
	struct media_policy mp;
	struct oa_pref v[OA_PREFS_MAX]; /**< best first; n 0: all */
	size_t n;
};

/** A format of an m-line. */
struct oa_codec {
	uint8_t pt;
	uint8_t id;                  /**< enum codec_id */
	uint8_t ch;                  /**< channels, 1 at least */
	bool map;                    /**< it has an a=rtpmap */
	uint32_t clock;              /**< RTP clock, Hz */
	struct slice name;           /**< encoding name as written */
	struct slice fmtp;           /**< may be empty */
	const struct codec_ops *ops; /**< NULL: only relayed */
};
struct oa_list {
	struct oa_codec v[OA_LIST_MAX];
	size_t n;
	bool coded;             /**< an answer that shares no codec with what the other side says: we translate */
	char text[OA_TEXT_MAX]; /**< fmtp values of ours */
	size_t used;
};

/* oa_names.c */
/** Read one name: "opus", "speex/16000". False: not a codec that is known. */
bool oa_pref_read(struct oa_pref *p, struct slice one) MUST_CHECK;
/** Read a list; names that nobody knows are kept by name, broken ones are left out. */
size_t oa_prefs(struct oa_pref v[OA_PREFS_MAX], const char *list);
/** What the owner has set for the party of a leg; NULL: nothing. */
void oa_policy_of(struct oa_policy *p, const struct leg *l);
/** Place of a codec in the wishes, from 0; -1: it is not wanted. */
int oa_policy_rank(const struct oa_policy *p, const struct oa_codec *c);

/* oa_read.c */
/** The formats of line `i`: as they were read before where `d` is of oa_read(), else read into `room`. */
const struct oa_list *oa_formats(struct oa_list *room, const struct sdp *d, size_t i);

/* oa_list.c */
/** The formats of a line, in its order. `l` may be uninitialised. */
void oa_list_read(struct oa_list *l, const struct sdp *d, const struct sdp_media *m);
/** A codec of sound, not events, noise or redundancy. */
bool oa_is_sound(const struct oa_codec *c);
bool oa_is(const struct oa_codec *c, uint8_t id);
/** The same encoding, whatever its number. */
bool oa_same(const struct oa_codec *a, const struct oa_codec *b);
/** The one that `c` is in a list: by number and encoding, else with the same parameters, else the first; NULL. */
const struct oa_codec *oa_list_find(const struct oa_list *l, const struct oa_codec *c);
/** A codec of sound in the list that we can code. */
bool oa_list_codable(const struct oa_list *l, const struct oa_policy *p);
/** Append unless it is there or the list is full. */
struct oa_codec *oa_list_add(struct oa_list *l, const struct oa_codec *c);
/** Append a codec of our table without a number. */
struct oa_codec *oa_list_add_ops(struct oa_list *l, const struct codec_ops *ops);
/** Does a codec of sound in the list have this RTP clock? */
bool oa_list_clock(const struct oa_list *l, uint32_t clock);
/** Formats as the policy wants them, in its order; the others are dropped. */
void oa_list_cut(struct oa_list *l, const struct oa_policy *p);

/* oa_choose.c */
/** What an offer is made of. */
struct oa_offer {
	const struct oa_list *in;        /**< what the other side says */
	const struct oa_policy *px, *py; /**< of the other side, of who gets the offer */
	const struct oa_list *had;       /**< numbers that are bound by our earlier descriptions to it, or NULL */
	bool shared;                     /**< nothing that we would have to translate */
};
/** What an offer says of sound: what the other side says and the party may have, in the party's order, then what we can
 * translate to. Empty: nothing that it may have. */
void oa_choose_offer(struct oa_list *out, const struct oa_offer *o);
/** What we answer to `offer`, whose other side answers (or has) `in`: what both have, else what we can translate. */
void oa_choose_answer(struct oa_list *out, const struct oa_list *offer, const struct oa_policy *px,
		      const struct oa_list *in);
/** What an inside party answers: all that we can code, wideband first where nothing is set; else everything. */
void oa_choose_inside(struct oa_list *out, const struct oa_list *offer, const struct oa_policy *p);
/** What an inside party offers. */
void oa_choose_own(struct oa_list *out, const struct oa_policy *p, const struct oa_list *had);

/* oa.c: steps of an exchange */
/** Before the answer the caller's offer, or what took its place, goes on to whoever is called next. */
void oa_keep_first(struct leg *l);
/** An exchange is complete: `remote` and `local` of a leg are in force. Either may be NULL: as it was. */
void oa_commit(struct leg *l, struct rbuf *remote, struct rbuf *local);
/** An offer of ours was refused: lines opened for it are closed again. */
void oa_undo(struct leg *y);
/** Refuse the open offer of a leg; ends the call where its protocol cannot. */
void oa_refuse(struct leg *x, uint16_t code);
/** Nothing can be agreed on: the call ends. */
void oa_broken(struct call *c);
/** It answered, but not as it must: without encryption, or with it. Ends the call. */
bool oa_bad_answer(const struct leg *l, struct slice sdp);
/** Our offer to the leg is on its way. */
void oa_note_sent(struct leg *y, struct rbuf *sdp);
/** Answer `in` of `from`, written for `to`, whose offer is open. */
int oa_make_answer(struct rbuf **out, struct leg *to, const struct leg *from, struct slice in) MUST_CHECK;
/** An offer of ours to one leg alone was answered. */
void oa_solo_result(struct leg *l, uint16_t code, struct slice sdp, bool is_offer);

/* oa_line.c */
/** An m-line of our description towards a leg. */
struct oa_line {
	struct leg *to;             /**< its stream for the line exists */
	size_t i;                   /**< which line */
	struct slice proto;         /**< "RTP/AVP" ... */
	const struct sdp *d;        /**< whose attributes are passed on, or NULL */
	const struct sdp_media *m;  /**< the line of `d`, or NULL: an offer of our own */
	const struct oa_list *list; /**< its formats; NULL: as in `m` */
	enum sdp_dir dir;
	const struct sdp *offer; /**< what is answered, whose profile `proto` is; NULL: an offer (oa_crypto.c) */
	bool inside; /**< the other end is ours: `d` is the offer that is answered, and most of it is not for us to say
		      */
};
/** Write it. All that a leg is told of a stream is written here. */
void oa_line_write(struct buf *b, const struct oa_line *o);
/** A line that is not carried keeps its place. */
void oa_line_refuse(struct buf *b, const struct sdp_media *m);

#endif
