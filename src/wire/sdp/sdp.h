/*
 * sdp.h - session descriptions (RFC 8866), decoded into one flat struct of slices and back.
 *
 * Decoding allocates nothing; the struct is large (about 40 kB): keep it on the
 * stack of the loop thread or in one static scratch, not in objects and not on fibers.
 * Thread: any. Ownership: slices of the caller's bytes.
 */
#ifndef OFFHOOK_WIRE_SDP_SDP_H
#define OFFHOOK_WIRE_SDP_SDP_H

#include "base/buf.h"
#include "base/sa.h"

/** Most of a kind in one description; more is ERR_LIMIT. */
enum { SDP_MEDIA_MAX = 16, SDP_ATTR_MAX = 512, SDP_FMT_MAX = 64, SDP_BW_MAX = 8, SDP_TIME_MAX = 4 };

/** Direction as bits: SEND means the describer sends. */
enum sdp_dir { SDP_INACTIVE = 0, SDP_SENDONLY = 1, SDP_RECVONLY = 2, SDP_SENDRECV = 3 };

/** a=name:value (value empty for flags). */
struct sdp_attr {
	struct slice name, val;
};

struct sdp_media {
	struct slice type;             /**< "audio" "video" "text" "image" "application" */
	uint16_t port;                 /**< 0 = refused */
	uint16_t nports;               /**< "/n", 1 if absent */
	struct slice proto;            /**< "RTP/AVP" ... */
	struct slice fmt[SDP_FMT_MAX]; /**< payload types or formats */
	size_t nfmt;
	struct slice title;          /**< i= */
	struct sa conn;              /**< c= of the media, else of the session; port = port above; not set if a name */
	struct slice conn_addr;      /**< address as written in the c= that applies */
	struct slice bw[SDP_BW_MAX]; /**< b= values as written */
	size_t nbw;
	struct sa rtcp; /**< a=rtcp (RFC 3605) or conn with port + 1; same port with rtcp-mux when present */
	bool rtcp_mux;
	enum sdp_dir dir;    /**< of the media, else of the session */
	size_t attr0, nattr; /**< its attributes in sdp.attr, direction included */
};

struct sdp {
	struct slice o_user, o_sess_id, o_version, o_nettype, o_addrtype, o_addr;
	struct slice name;      /**< s= */
	struct slice conn_addr; /**< session c= address as written; may be empty */
	struct sa conn;
	struct slice bw[SDP_BW_MAX];
	size_t nbw;
	struct slice time[SDP_TIME_MAX]; /**< t= values */
	size_t ntime;
	enum sdp_dir dir;
	size_t nattr; /**< session attributes: attr[0 .. nattr-1] */
	struct sdp_media m[SDP_MEDIA_MAX];
	size_t nm;
	struct sdp_attr attr[SDP_ATTR_MAX];
	size_t nattr_all;
};

/** ERR_SYNTAX, ERR_LIMIT (too many lines of a kind). Lenient to bare LF and unknown lines. */
int sdp_decode(struct sdp *s, struct slice text) MUST_CHECK;
/** First attribute of a media section (m != NULL, session level is not asked) or of the session; NULL if none. */
const struct sdp_attr *sdp_attr_find(const struct sdp *s, const struct sdp_media *m, const char *name);
/**
 * rtpmap of a format: encoding name, clock rate in Hz, channels; static payload types (RFC 3551) are known without
 * a=rtpmap. ENOENT.
 */
int sdp_rtpmap(const struct sdp *s, const struct sdp_media *m, struct slice fmt, struct slice *enc, uint32_t *rate,
	       uint8_t *ch) MUST_CHECK;
/** The same of the value of an a=rtpmap, what stands behind the format: "opus/48000/2". ENOENT. */
int sdp_rtpmap_read(struct slice v, struct slice *enc, uint32_t *rate, uint8_t *ch) MUST_CHECK;
/** The same of a static payload type. ENOENT. */
int sdp_rtpmap_static(uint32_t pt, struct slice *enc, uint32_t *rate, uint8_t *ch) MUST_CHECK;
/** fmtp value of a format; empty if none. */
struct slice sdp_fmtp(const struct sdp *s, const struct sdp_media *m, struct slice fmt);
/** "sendrecv" ... */
const char *sdp_dir_name(enum sdp_dir d);
/** The same seen from the other end. */
enum sdp_dir sdp_dir_swap(enum sdp_dir d);

/* Encoding: the pieces, in the order of RFC 8866 section 5. */
/** v=, o= (user "-"), s=- , c=, t=0 0. */
void sdp_enc_session(struct buf *b, uint64_t sess_id, uint64_t version, const struct sa *addr);
/** m= with the formats given; a c= line when `conn` is not NULL. */
void sdp_enc_media(struct buf *b, struct slice type, uint16_t port, struct slice proto, const struct slice *fmt,
		   size_t nfmt, const struct sa *conn);
void sdp_enc_attr(struct buf *b, struct slice name, struct slice val);
/** Whole struct back to text, as decoded (tests: round trip). */
void sdp_encode(struct buf *b, const struct sdp *s);

#endif
