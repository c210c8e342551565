/*
 * call_sdp.c - descriptions of the user agent: which lines of an offer it takes, and how it writes its own
 * (RFC 8866, RFC 3264 5, 6 and 8).
 *
 * Payload types of an offer are kept. The number and order of m-lines never change
 * but at the end; what we do not carry keeps its place with port 0.
 */
#include <string.h>
#include "ua/ua_priv.h"

enum { SDP_TEXT_MAX = 4096 };

struct sdp *ua_sdp_scratch(void)
{
	static _Thread_local struct sdp scratch;

	return &scratch;
}

/* ------------------------------------------------------------------ codecs */

enum fmt_kind { FMT_NONE, FMT_SOUND, FMT_DIGITS, FMT_H264 };

/* What a format of a line is to us. */
static enum fmt_kind fmt_kind(const struct sdp *d, const struct sdp_media *m, struct slice fmt,
			      const struct ua_codecs *codecs)
{
	struct slice enc;
	uint32_t rate;
	uint8_t ch;

	if (sdp_rtpmap(d, m, fmt, &enc, &rate, &ch))
		return FMT_NONE;
	if (slice_ieqs(enc, "telephone-event"))
		return ua_clock(rate) >= 0 && (rate == 8000 || ua_codecs_clock(codecs, rate)) ? FMT_DIGITS : FMT_NONE;
	if (slice_ieqs(enc, "H264") && rate == 90000)
		return FMT_H264;
	return ua_codecs_find(codecs, enc, rate, ch) ? FMT_SOUND : FMT_NONE;
}

/* ------------------------------------------------------------------ their offer */

static bool line_ok(const struct oh_call *c, const struct sdp *d, size_t i, const char *type, enum fmt_kind kind)
{
	if (i >= d->nm)
		return false;
	const struct sdp_media *m = &d->m[i];
	if (!m->port || !slice_ieqs(m->type, type) || !ua_crypto_proto_ok(c, m->proto))
		return false;
	for (size_t f = 0; f < m->nfmt; f++)
		if (fmt_kind(d, m, m->fmt[f], &c->codecs) == kind)
			return true;
	return false;
}

bool ua_sdp_possible(const struct sdp *d, size_t i)
{
	const struct sdp_media *m = &d->m[i];
	struct slice enc;
	uint32_t rate;
	uint8_t ch;

	if (!m->port || !slice_ieqs(m->type, "audio") || !slice_starts(m->proto, SLICE("RTP/")))
		return false;
	for (size_t f = 0; f < m->nfmt; f++)
		if (!sdp_rtpmap(d, m, m->fmt[f], &enc, &rate, &ch) && codec_find_name(enc, rate, ch))
			return true;
	return false;
}

bool ua_sdp_audio_ok(const struct oh_call *c, const struct sdp *d, size_t i)
{
	return line_ok(c, d, i, "audio", FMT_SOUND);
}

bool ua_sdp_video_ok(const struct oh_call *c, const struct sdp *d, size_t i)
{
	return c->want_video && line_ok(c, d, i, "video", FMT_H264);
}

/* The line in use stays, else the first that fits. */
static int8_t choose(const struct oh_call *c, const struct sdp *d, int8_t now,
		     bool (*ok)(const struct oh_call *, const struct sdp *, size_t))
{
	if (now >= 0 && ok(c, d, (size_t)now))
		return now;
	for (size_t i = 0; i < d->nm && i < UA_LINES; i++)
		if (ok(c, d, i))
			return (int8_t)i;
	return -1;
}

static void note_line(struct ua_line *l, const struct sdp_media *m)
{
	(void)slice_copy(l->type, sizeof(l->type), m->type);
	(void)slice_copy(l->proto, sizeof(l->proto), m->proto);
	(void)slice_copy(l->fmt, sizeof(l->fmt), m->nfmt ? m->fmt[0] : SLICE("0"));
}

int ua_sdp_pick(struct oh_call *c, const struct sdp *d)
{
	int8_t a = choose(c, d, c->audio_line, ua_sdp_audio_ok);

	if (a < 0)
		return ENOTSUP;
	c->audio_line = a;
	c->video_line = choose(c, d, c->video_line, ua_sdp_video_ok);
	c->nline = (uint8_t)(d->nm < UA_LINES ? d->nm : UA_LINES);
	for (uint8_t i = 0; i < c->nline; i++)
		note_line(&c->line[i], &d->m[i]);
	return 0;
}

/* ------------------------------------------------------------------ our own */

struct formats {
	struct slice v[SDP_FMT_MAX];
	size_t n;
	char text[UA_CODECS + UA_CLOCKS][4]; /**< those that we number */
	size_t ntext;
};

static struct slice fmt_number(struct formats *f, uint8_t pt)
{
	char *p = f->text[f->ntext++];
	struct buf b;

	buf_init_fixed(&b, p, sizeof(f->text[0]));
	buf_u64(&b, pt);
	return f->v[f->n++] = buf_get(&b);
}

static void enc_map(struct buf *b, struct slice fmt, const char *map)
{
	buf_printf(b, "a=rtpmap:%.*s %s\r\n", SLICE_FMT(fmt), map);
}

/* A format that lives in this line of an answer; `pt` of digits and video is remembered for later offers. */
static void enc_taken(struct buf *b, struct oh_call *c, const struct sdp *d, const struct sdp_media *m,
		      struct slice fmt)
{
	struct slice enc, par = sdp_fmtp(d, m, fmt);
	const struct ua_codec *mine;
	uint32_t rate, pt;
	uint8_t ch;

	if (sdp_rtpmap(d, m, fmt, &enc, &rate, &ch) || slice_u32(fmt, &pt))
		return;
	buf_printf(b, ch > 1 ? "a=rtpmap:%u %.*s/%u/%u\r\n" : "a=rtpmap:%u %.*s/%u\r\n", pt, SLICE_FMT(enc), rate, ch);
	mine = ua_codecs_find(&c->codecs, enc, rate, ch);
	if (mine) {
		char text[128] = "";

		if (mine->ops->answer)
			mine->ops->answer(text, sizeof(text), par);
		else if (mine->ops->fmtp)
			(void)slice_copy(text, sizeof(text), slice_str(mine->ops->fmtp));
		if (*text)
			buf_printf(b, "a=fmtp:%u %s\r\n", pt, text);
		ua_codecs_number(&c->codecs, mine->ops, (uint8_t)pt);
	} else if (slice_ieqs(enc, "telephone-event")) {
		c->tev_pt[ua_clock(rate)] = (uint8_t)pt;
		buf_printf(b, "a=fmtp:%u 0-15\r\n", pt);
	} else if (slice_ieqs(enc, "H264")) {
		c->h264_pt = (uint8_t)pt;
		if (par.l)
			buf_printf(b, "a=fmtp:%u %.*s\r\n", pt, SLICE_FMT(par));
	}
}

static void enc_line(struct buf *b, const struct ua_line *l, uint16_t port, const struct formats *f)
{
	sdp_enc_media(b, slice_str(l->type), port, slice_str(l->proto), f->v, f->n, NULL);
}

static void answer_line(struct buf *b, struct oh_call *c, const struct sdp *d, size_t i, uint16_t port,
			const struct ua_codecs *codecs)
{
	const struct sdp_media *m = &d->m[i];
	bool sound = (int)i == c->audio_line;
	struct formats f = {.n = 0};

	for (size_t k = 0; k < m->nfmt; k++) {
		enum fmt_kind kind = fmt_kind(d, m, m->fmt[k], codecs);
		if (kind == FMT_DIGITS && c->no_events)
			continue;
		if (sound ? kind == FMT_SOUND || kind == FMT_DIGITS : kind == FMT_H264)
			f.v[f.n++] = m->fmt[k];
	}
	enc_line(b, &c->line[i], port, &f);
	for (size_t k = 0; k < f.n; k++)
		enc_taken(b, c, d, m, f.v[k]);
}

/* Its a=rtpmap and a=fmtp. */
static void enc_offered(struct buf *b, const struct ua_codec *c)
{
	const struct codec_ops *o = c->ops;

	buf_printf(b, o->ch > 1 ? "a=rtpmap:%u %s/%u/%u\r\n" : "a=rtpmap:%u %s/%u\r\n", c->pt, o->name, o->clock,
		   o->ch);
	if (o->fmtp)
		buf_printf(b, "a=fmtp:%u %s\r\n", c->pt, o->fmtp);
}

static void offer_sound(struct buf *b, struct oh_call *c, uint16_t port, const struct ua_codecs *codecs)
{
	struct formats f = {.n = 0};

	for (uint8_t i = 0; i < codecs->n; i++)
		(void)fmt_number(&f, codecs->v[i].pt);
	for (unsigned i = 0; i < UA_CLOCKS && !c->no_events; i++)
		if (!i || ua_codecs_clock(codecs, ua_clocks[i]))
			(void)fmt_number(&f, c->tev_pt[i]);
	enc_line(b, &c->line[c->audio_line], port, &f);
	for (uint8_t i = 0; i < codecs->n; i++)
		enc_offered(b, &codecs->v[i]);
	for (unsigned i = 0; i < UA_CLOCKS && !c->no_events; i++)
		if (!i || ua_codecs_clock(codecs, ua_clocks[i]))
			buf_printf(b, "a=rtpmap:%u telephone-event/%u\r\na=fmtp:%u 0-15\r\n", c->tev_pt[i],
				   ua_clocks[i], c->tev_pt[i]);
}

static void offer_video(struct buf *b, struct oh_call *c, uint16_t port)
{
	struct formats f = {.n = 0};

	(void)fmt_number(&f, c->h264_pt);
	enc_line(b, &c->line[c->video_line], port, &f);
	enc_map(b, f.v[0], "H264/90000");
	buf_printf(b, "a=fmtp:%u packetization-mode=1\r\n", c->h264_pt);
}

static void refuse_line(struct buf *b, const struct ua_line *l)
{
	struct formats f = {.n = 1, .v = {slice_str(l->fmt)}};

	enc_line(b, l, 0, &f);
}

/* Our direction in a line: in an answer no more than the offer allows (RFC 3264 6.1). */
static enum sdp_dir line_dir(const struct sdp *offer, size_t i, enum sdp_dir dir)
{
	return offer ? (enum sdp_dir)(dir & sdp_dir_swap(ua_sdp_dir(&offer->m[i]))) : dir;
}

static void enc_own_line(struct buf *b, struct oh_call *c, const struct sdp *offer, size_t i,
			 const struct ua_codecs *codecs, enum sdp_dir dir)
{
	bool sound = (int)i == c->audio_line;
	struct mstream *s = sound ? c->audio : c->video;
	struct sa local;

	mstream_local(s, &local);
	if (offer)
		answer_line(b, c, offer, i, sa_port(&local), codecs);
	else if (sound)
		offer_sound(b, c, sa_port(&local), codecs);
	else
		offer_video(b, c, sa_port(&local));
	if (sound && c->ptime)
		buf_printf(b, "a=ptime:%u\r\n", c->ptime);
	if (sound)
		ua_crypto_write(b, c, offer);
	sdp_enc_attr(b, slice_str(sdp_dir_name(line_dir(offer, i, dir))), SLICE_NULL);
}

/* What follows the o= line. */
static struct slice behind_origin(struct slice s)
{
	(void)slice_cut(&s, '\n');
	(void)slice_cut(&s, '\n');
	return s;
}

int ua_sdp_write(struct oh_call *c, const struct sdp *offer, const struct ua_codecs *codecs, enum sdp_dir dir)
{
	char text[SDP_TEXT_MAX];
	struct rbuf *new;
	struct buf b;
	int err;

	buf_init_fixed(&b, text, sizeof(text));
	sdp_enc_session(&b, c->sdp_id, c->sdp_version + 1, &c->ip);
	for (size_t i = 0; i < c->nline; i++) {
		if (((int)i == c->audio_line && c->audio) || ((int)i == c->video_line && c->video))
			enc_own_line(&b, c, offer, i, codecs, dir);
		else
			refuse_line(&b, &c->line[i]);
	}
	/* lines beyond those we keep are refused as well: an answer has as many as the offer */
	for (size_t i = c->nline; offer && i < offer->nm; i++)
		sdp_enc_media(&b, offer->m[i].type, 0, offer->m[i].proto, offer->m[i].fmt, offer->m[i].nfmt ? 1 : 0,
			      NULL);
	c->dir = offer ? line_dir(offer, (size_t)c->audio_line, dir) : dir;
	if (c->local && slice_eq(behind_origin(rbuf_slice(c->local)), behind_origin(buf_get(&b))))
		return 0;
	err = buf_rbuf(&b, &new);
	if (err)
		return err;
	mem_deref(c->local);
	c->local = new;
	c->sdp_version++;
	return 0;
}

/* ------------------------------------------------------------------ for the streams */

enum sdp_dir ua_sdp_dir(const struct sdp_media *m)
{
	unsigned d = m->dir;

	if (sa_isset(&m->conn) && sa_is_any(&m->conn))
		d &= ~(unsigned)SDP_RECVONLY;
	return (enum sdp_dir)d;
}

static void add_codec(struct mstream_remote *r, const struct ua_codecs *codecs, const struct sdp *d,
		      const struct sdp_media *m, struct slice fmt)
{
	struct mcodec *c = &r->codec[r->ncodec];
	const struct ua_codec *mine;
	struct slice enc;
	uint32_t pt;

	if (r->ncodec == MCODEC_MAX || fmt_kind(d, m, fmt, codecs) == FMT_NONE || slice_u32(fmt, &pt) || pt > 127 ||
	    sdp_rtpmap(d, m, fmt, &enc, &c->rate, &c->ch))
		return;
	c->pt = (uint8_t)pt;
	(void)slice_copy(c->name, sizeof(c->name), enc);
	for (char *p = c->name; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	mine = ua_codecs_find(codecs, enc, c->rate, c->ch);
	if (mine) {
		c->par = codec_par(mine->ops, sdp_fmtp(d, m, fmt));
		/* it sends with the number of our own description (RFC 3264 5.1) */
		if (mine->pt != c->pt)
			c->rx_pt1 = (uint8_t)(mine->pt + 1);
	}
	r->ncodec++;
}

void ua_sdp_remote(struct mstream_remote *r, const struct oh_call *c, const struct sdp *d, size_t i, enum sdp_dir dir)
{
	memset(r, 0, sizeof(*r));
	if (i >= d->nm || !d->m[i].port)
		return;
	const struct sdp_media *m = &d->m[i];
	const struct ua_codecs *codecs = c->change == UA_CHANGE_CODECS ? &c->new_codecs : &c->codecs;
	enum sdp_dir theirs = ua_sdp_dir(m);
	const struct sdp_attr *a = sdp_attr_find(d, m, "ptime");
	uint32_t ptime;

	r->rtp = m->conn;
	r->rtcp = m->rtcp;
	r->we_send = (dir & SDP_SENDONLY) && (theirs & SDP_RECVONLY) && sa_isset(&m->conn);
	r->we_recv = (dir & SDP_RECVONLY) && (theirs & SDP_SENDONLY);
	for (size_t f = 0; f < m->nfmt; f++)
		add_codec(r, codecs, d, m, m->fmt[f]);
	if (a && !slice_u32(a->val, &ptime) && ptime <= 200)
		r->ptime_ms = (uint16_t)ptime;
}
