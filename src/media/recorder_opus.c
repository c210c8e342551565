/*
 * recorder_opus.c - recordings as Ogg Opus (RFC 7845): one stream, packets of 20 ms, a page at least as often as the
 * file is brought up to date, so that what was written can be played whatever happens next.
 */
#include <ogg/ogg.h>
#include <opus/opus.h>
#include <string.h>
#include <unistd.h>
#include "base/rand.h"
#include "media/le.h"
#include "media/recorder_priv.h"

enum {
	GRANULE_RATE = 48000, /* RFC 7845 4: whatever the sound's rate is */
	FRAME_MS = 20,
	FRAME_MAX = FRAME_MS * 16,
	PACKET_MAX = 1500,
	PAGE_MAX = 8192,
	TAIL = 192 << 10, /* of a file in which the last page is looked for; a page has 65307 bytes at most */
	COMPLEXITY = 1,   /* hundreds at once on one thread count more than the last bit of quality */
	BITRATE_8K = 20000,
	BITRATE_16K = 28000,
	EOS = 4,
};

struct opus_state {
	OpusEncoder *enc;
	ogg_stream_state og;
	bool og_init;
	uint32_t skip;    /* frames of the coder's delay */
	uint64_t encoded; /* frames */
	ogg_int64_t packets;
	size_t n; /* frames that wait for a whole packet */
	int16_t v[FRAME_MAX * 2];
};

static void opus_destroy(void *obj)
{
	struct opus_state *s = obj;

	if (s->enc)
		opus_encoder_destroy(s->enc);
	if (s->og_init)
		ogg_stream_clear(&s->og);
}

static int page_write(struct mrec_out *o, const ogg_page *pg)
{
	size_t hl = (size_t)pg->header_len, bl = (size_t)pg->body_len;
	uint8_t whole[PAGE_MAX];
	int err;

	/* in one piece, so that an end at any time leaves whole pages; over half a page of a disk that was full */
	if (hl + bl <= sizeof(whole)) {
		memcpy(whole, pg->header, hl);
		memcpy(whole + hl, pg->body, bl);
		err = file_write_at(o->fd, whole, hl + bl, o->bytes);
	} else {
		err = file_write_at(o->fd, pg->header, hl, o->bytes);
		if (!err)
			err = file_write_at(o->fd, pg->body, bl, o->bytes + hl);
	}
	if (!err)
		o->bytes += hl + bl;
	return err;
}

static int pages(struct mrec_out *o, bool all)
{
	struct opus_state *s = o->state;
	ogg_page pg;
	int err = 0;

	while (!err && (all ? ogg_stream_flush(&s->og, &pg) : ogg_stream_pageout(&s->og, &pg)))
		err = page_write(o, &pg);
	return err;
}

static int packet(struct opus_state *s, const uint8_t *p, size_t l, uint64_t granule, bool end)
{
	ogg_packet op = {
		.packet = (unsigned char *)(uintptr_t)p,
		.bytes = (long)l,
		.b_o_s = s->packets == 0,
		.e_o_s = end,
		.granulepos = (ogg_int64_t)granule,
		.packetno = s->packets++,
	};

	return ogg_stream_packetin(&s->og, &op) ? ENOMEM : 0;
}

/* RFC 7845 5.1: identification header, alone on its page; 5.2: comments, which end a page. */
static int headers(struct mrec_out *o)
{
	static const char vendor[] = "offhook";
	struct opus_state *s = o->state;
	uint8_t head[19] = "OpusHead", tags[8 + 4 + sizeof(vendor) - 1 + 4] = "OpusTags";

	head[8] = 1;
	head[9] = o->ch;
	le_put(head + 10, s->skip * (GRANULE_RATE / o->rate), 2);
	le_put(head + 12, o->rate, 4);
	le_put(tags + 8, sizeof(vendor) - 1, 4);
	memcpy(tags + 12, vendor, sizeof(vendor) - 1);
	int err = packet(s, head, sizeof(head), 0, false);
	if (!err)
		err = pages(o, true);
	if (!err)
		err = packet(s, tags, sizeof(tags), 0, false);
	return err ? err : pages(o, true);
}

static int begin(struct mrec_out *o)
{
	struct opus_state *s = mem_zalloc(sizeof(*s), opus_destroy);
	int e, err;
	opus_int32 skip = 0;

	if (!s)
		return ENOMEM;
	o->state = s;
	s->enc = opus_encoder_create((opus_int32)o->rate, o->ch, OPUS_APPLICATION_VOIP, &e);
	if (!s->enc || ogg_stream_init(&s->og, (int)rand_u32()))
		return ENOMEM;
	s->og_init = true;
	e = opus_encoder_ctl(s->enc, OPUS_SET_COMPLEXITY(COMPLEXITY));
	if (!e)
		e = opus_encoder_ctl(s->enc,
				     OPUS_SET_BITRATE((o->rate > 8000 ? BITRATE_16K : BITRATE_8K) * (o->ch + 1) / 2));
	if (!e)
		e = opus_encoder_ctl(s->enc, OPUS_GET_LOOKAHEAD(&skip));
	s->skip = (uint32_t)skip;
	err = e ? EINVAL : headers(o);
	return err;
}

/* A whole packet waits. `end_frames`: the file ends after so many frames, 0: it goes on. */
static int code(struct mrec_out *o, uint64_t end_frames)
{
	struct opus_state *s = o->state;
	size_t frame = o->rate / 1000 * FRAME_MS;
	uint64_t scale = GRANULE_RATE / o->rate;
	uint8_t p[PACKET_MAX];
	int l = opus_encode(s->enc, s->v, (int)frame, p, sizeof(p));

	if (l < 0)
		return EIO;
	s->n = 0;
	s->encoded += frame;
	/* the last granule position cuts the padding off (RFC 7845 4.4) */
	bool end = end_frames && s->encoded >= end_frames;
	int err = packet(s, p, (size_t)l, (end ? end_frames : s->encoded) * scale, end);
	return err ? err : pages(o, false);
}

static int opus_frames(struct mrec_out *o, const int16_t *v, size_t n)
{
	struct opus_state *s = o->state;
	size_t frame = o->rate / 1000 * FRAME_MS;

	o->frames += n;
	while (n) {
		size_t k = frame - s->n < n ? frame - s->n : n;
		memcpy(s->v + s->n * o->ch, v, k * o->ch * sizeof(*v));
		s->n += k;
		v += k * o->ch;
		n -= k;
		int err = s->n == frame ? code(o, 0) : 0;
		if (err)
			return err;
	}
	return 0;
}

/* The sound that is still in the coder comes out by silence behind it. */
static int finish(struct mrec_out *o)
{
	struct opus_state *s = o->state;
	size_t frame = o->rate / 1000 * FRAME_MS;
	uint64_t end = o->frames + s->skip;
	int err = 0;

	while (!err && s->encoded < end) {
		memset(s->v + s->n * o->ch, 0, (frame - s->n) * o->ch * sizeof(*s->v));
		err = code(o, end);
	}
	return err;
}

static int opus_sync(struct mrec_out *o, bool end)
{
	int err = 0;

	if (end)
		err = finish(o);
	if (!err)
		err = pages(o, true);
	/* half a page is of no use; nothing can be done if even that fails */
	if (err && end && ftruncate(o->fd, (off_t)o->bytes))
		return err;
	return err;
}

/* ------------------------------------------------------------------ after a crash */

struct last_page {
	uint64_t at, end; /* in the file */
	ogg_int64_t granule;
	bool eos;
	uint8_t header[282]; /* with the flag of the end */
	size_t header_len;
};

static void seen(struct last_page *l, ogg_page *pg, uint64_t at, long n)
{
	ogg_int64_t g = ogg_page_granulepos(pg);

	if (g < 0)
		return;
	l->at = at;
	l->end = at + (uint64_t)n;
	l->granule = g;
	l->eos = ogg_page_eos(pg) != 0;
	pg->header[5] |= EOS;
	ogg_page_checksum_set(pg);
	l->header_len = (size_t)pg->header_len;
	memcpy(l->header, pg->header, l->header_len);
}

/* The last whole page that lies behind `from`. */
static int find_last(int fd, uint64_t from, uint64_t size, struct last_page *l)
{
	size_t n = (size_t)(size - from);
	uint64_t at = from;
	ogg_sync_state oy;
	ogg_page pg;
	long k;

	ogg_sync_init(&oy);
	char *p = ogg_sync_buffer(&oy, (long)n);
	ssize_t got = p ? pread(fd, p, n, (off_t)from) : -1;
	if (got < 0) {
		ogg_sync_clear(&oy);
		return p ? errno : ENOMEM;
	}
	ogg_sync_wrote(&oy, (long)got);
	while ((k = ogg_sync_pageseek(&oy, &pg)) != 0) {
		if (k > 0)
			seen(l, &pg, at, k);
		at += (uint64_t)(k > 0 ? k : -k);
	}
	ogg_sync_clear(&oy);
	return l->end ? 0 : ERR_SYNTAX;
}

static int opus_repair(int fd, uint64_t size, uint64_t *ms, uint64_t *bytes)
{
	uint8_t h[28 + 19];
	struct last_page l = {0};

	if (pread(fd, h, sizeof(h), 0) != sizeof(h) || memcmp(h, "OggS", 4) || memcmp(h + 28, "OpusHead", 8))
		return ERR_SYNTAX;
	uint64_t skip = h[28 + 10] | (uint64_t)h[28 + 11] << 8;
	int err = find_last(fd, size > TAIL ? size - TAIL : 0, size, &l);
	if (err)
		return err;
	if (l.end < size && ftruncate(fd, (off_t)l.end))
		return errno;
	if (!l.eos)
		err = file_write_at(fd, l.header, l.header_len, l.at);
	*ms = (uint64_t)l.granule > skip ? ((uint64_t)l.granule - skip) * 1000 / GRANULE_RATE : 0;
	*bytes = l.end;
	return err;
}

const struct mrec_format mrec_opus = {".opus", begin, opus_frames, opus_sync, opus_repair};
