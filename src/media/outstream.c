/*
 * outstream.c - the one stream that a party gets for the whole life of its m-line:
 * our SSRC, sequence and timestamp, whatever feeds it (RFC 3550 section 5.1, 7.1).
 *
 * While one source feeds it, sequence and timestamp keep a constant distance, so
 * losses, order and pauses of the source show through unchanged. When the source
 * changes (another SSRC, another leg, a player, or a jump that no network makes)
 * the numbers go on where they were.
 */
#include "media/media_priv.h"

enum {
	JUMP_AHEAD = 3000, /**< RFC 3550 A.1 MAX_DROPOUT */
	JUMP_BACK = 512,   /**< reordering that we believe */
	GUARD = 1000,      /**< packets after a change during which older numbers are refused */
};

void out_init(struct outstream *o)
{
	*o = (struct outstream){.ssrc = rand_u32(), .ts = rand_u32(), .rate = 8000};
	/* in the lower half, so that a short test or a phone with a naive buffer meets no wrap in the first minutes */
	o->seq = o->seq0 = o->seq_seen = rand_below(0x7fff) + 1;
}

void out_unsync(struct outstream *o)
{
	o->synced = false;
}

uint32_t out_time(const struct outstream *o, uint32_t rate, uint64_t us)
{
	if (!o->started)
		return o->ts;
	uint64_t gone = us > o->us ? us - o->us : 0;
	uint32_t ticks = (uint32_t)(gone * rate / 1000000);
	/* never the same time twice: two packets of one timestamp are one frame to a phone */
	uint32_t least = rate / 100;
	return o->ts + (ticks > least ? ticks : least);
}

static void sync_to(struct outstream *o, const struct rtp_hdr *h, uint32_t rate, uint64_t us)
{
	o->base = o->seq + 1;
	o->seq_off = o->base - h->seq;
	o->ts_off = out_time(o, rate, us) - h->ts;
	o->src = h->ssrc;
	o->guard = o->started ? GUARD : 0;
	o->lost_base = o->lost;
	o->synced = true;
}

/* Our number for one of the source, with cycles. */
static uint32_t ext_of(const struct outstream *o, uint16_t seq)
{
	uint16_t low = (uint16_t)(seq + o->seq_off);

	return o->seq + (uint32_t)(int32_t)(int16_t)(uint16_t)(low - (uint16_t)o->seq);
}

bool out_translate(struct outstream *o, uint8_t *p, const struct rtp_hdr *h, uint32_t rate, uint64_t us)
{
	bool marker = h->marker;
	uint32_t ext = ext_of(o, h->seq);

	if (o->synced && o->src == h->ssrc) {
		int32_t d = (int32_t)(ext - o->seq);
		if (o->guard) {
			o->guard--;
			if ((int32_t)(ext - o->base) < 0 && d > -JUMP_BACK)
				return false;
		}
		if (d > JUMP_AHEAD || d < -JUMP_BACK)
			o->synced = false;
	} else {
		o->synced = false;
	}
	if (!o->synced) {
		sync_to(o, h, rate, us);
		ext = o->base;
		marker = true;
	}
	uint32_t ts = h->ts + o->ts_off;
	if ((int32_t)(ext - o->seq) > 0) {
		o->seq = ext;
		o->ts = ts;
		o->rate = rate;
		o->us = us;
	}
	o->started = true;
	rtp_patch(p, (uint16_t)ext, ts, o->ssrc, marker);
	return true;
}

void out_follow(struct outstream *o, struct rtp_hdr *h, uint32_t rate, uint32_t skip, uint64_t us)
{
	if (!o->synced || o->src != h->ssrc) {
		o->ts_off = out_time(o, rate, us) - h->ts;
		o->src = h->ssrc;
		o->guard = 0;
		o->lost_base = o->lost;
		o->synced = true;
		h->marker = true;
		skip = 0;
	}
	uint16_t seq = h->seq;
	out_own(o, h, h->ts + o->ts_off, rate, us);
	o->seq += skip;
	h->seq = (uint16_t)o->seq;
	/* for reports: our last number is made of the source's last one */
	o->seq_off = o->seq - seq;
	o->base = o->seq;
}

void out_omit(struct outstream *o, const struct rtp_hdr *h)
{
	if (!o->synced || o->src != h->ssrc || (int32_t)(ext_of(o, h->seq) - o->seq) <= 0)
		return;
	/* late packets from before it would now get numbers that are taken: they are refused for a while */
	o->seq_off--;
	o->base = o->seq + 1;
	o->guard = GUARD;
}

void out_sent(struct outstream *o, size_t payload, uint64_t us)
{
	(void)us;
	o->packets++;
	o->bytes += payload;
}

void out_own(struct outstream *o, struct rtp_hdr *h, uint32_t ts, uint32_t rate, uint64_t us)
{
	o->seq++;
	o->ts = ts;
	o->rate = rate;
	o->us = us;
	o->started = true;
	h->seq = (uint16_t)o->seq;
	h->ts = ts;
	h->ssrc = o->ssrc;
}
