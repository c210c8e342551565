/*
 * rtcp_own.c - reports of our own, where we are the end point: echo, player, tap,
 * conference, and between parties whose sound is converted (RFC 3550 section 6.2,
 * 6.3: five seconds on average, spread by half).
 */
#include "media/media_priv.h"
#include "media/second.h"

/* Made when first needed: two parties of one codec talk without. */
struct own {
	struct timer tm;
	uint64_t packets; /**< out.packets at the last report */
};

/* seconds from 1900 to 1970 */
static const uint64_t ntp_epoch = 2208988800ULL;

uint32_t rtcp_interval_ms(void)
{
	/* 5 s * [0.5, 1.5) / (e - 3/2) */
	return (2500 + rand_below(5000)) * 1000 / 1218;
}

static void sr_make(struct wstream *w, struct rtcp_sr *sr, uint64_t us)
{
	struct outstream *o = &w->out;
	uint64_t ms = (uint64_t)loop_wall_ms(w->wk->loop);

	sr->ssrc = o->ssrc;
	sr->ntp_sec = (uint32_t)(ms / 1000 + ntp_epoch);
	sr->ntp_frac = (uint32_t)((ms % 1000 << 32) / 1000);
	sr->rtp_ts = o->ts + (uint32_t)((us > o->us ? us - o->us : 0) * o->rate / 1000000);
	sr->packets = (uint32_t)o->packets;
	sr->octets = (uint32_t)o->bytes;
	o->sr_mid = ntp_mid(sr->ntp_sec, sr->ntp_frac);
	o->sr_us = us;
}

static void report(struct wstream *w, bool bye)
{
	uint8_t *p = w->wk->scratch;
	uint64_t us = loop_now_us(w->wk->loop);
	struct rtcp_sr sr;
	struct rtcp_rb rb;
	bool sender = w->out.packets != (w->own ? w->own->packets : 0), receiver = w->q.any;

	if (!sender && !receiver && !bye)
		return;
	if (sender)
		sr_make(w, &sr, us);
	if (receiver)
		rxq_report(&w->q, &rb, us);
	if (w->own)
		w->own->packets = w->out.packets;
	size_t n = rtcp_encode_report(p, SCRATCH, w->out.ssrc, sender ? &sr : NULL, &rb, receiver ? 1 : 0, w->cname,
				      false);
	if (!n)
		return;
	struct rtcp_voip v;
	if (receiver && second_voip(w, &v)) {
		rtcp_xr_voip_encode(p + n, w->out.ssrc, &v);
		n += RTCP_XR_VOIP_LEN;
	}
	/* BYE ends the compound (RFC 3550 6.6) */
	if (bye) {
		rtcp_bye_encode(p + n, w->out.ssrc);
		n += RTCP_BYE_LEN;
	}
	send_rtcp(w, p, n);
}

static void report_h(void *arg)
{
	struct wstream *w = arg;

	report(w, false);
	timer_start(&w->own->tm, w->wk->loop, rtcp_interval_ms(), report_h, w);
}

void rtcp_own_start(struct wstream *w)
{
	if (!w->own)
		w->own = mem_zalloc(sizeof(*w->own), NULL);
	if (w->own && !timer_running(&w->own->tm))
		/* RFC 3550 6.2: the first one after half the time */
		timer_start(&w->own->tm, w->wk->loop, rtcp_interval_ms() / 2, report_h, w);
}

void rtcp_own_stop(struct wstream *w)
{
	if (w->own)
		timer_stop(&w->own->tm);
}

void rtcp_own_bye(struct wstream *w)
{
	report(w, true);
}
