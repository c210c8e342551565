/*
 * call.c - a call of the user agent from its making to its end, and what an application asks of it in any state.
 */
#include "base/rand.h"
#include "ua/ua_priv.h"

/* ------------------------------------------------------------------ life */

static void call_destroy(void *obj)
{
	struct oh_call *c = obj;

	list_unlink(&c->le);
	timer_stop(&c->end_tmr);
	ua_refer_forget(c);
	ua_media_close(c);
	mem_deref(c->inv);
	mem_deref(c->rec);
	mem_deref(c->info);
	mem_deref(c->local);
	mem_deref(c->offer);
	mem_deref(c->crypto);
	mem_deref(c->play_file);
	mem_deref(c->replaces);
	mem_deref(c->early_tag);
	mem_deref(c->callid);
	mem_deref(c->peer);
	mem_deref(c->peer_name);
	mem_deref(c->acct);
}

int ua_call_options(struct oh_call *c, const struct oh_call_options *o)
{
	static const struct oh_call_options none;
	struct ua_codecs codecs;
	char *file = NULL;
	int err;

	if (!o)
		o = &none;
	err = ua_codecs_parse(&codecs, o->codecs);
	if (err)
		return err;
	if (o->ptime_ms && (o->ptime_ms < 10 || o->ptime_ms > 60))
		return ERR_SYNTAX;
	err = ua_crypto_options(c, o);
	if (err)
		return err;
	if (o->play_file) {
		err = mem_strdup(&file, o->play_file);
		if (err)
			return err;
	}
	mem_deref(c->play_file);
	c->play_file = file;
	c->tone_hz = o->play_tone_hz;
	c->once = o->play_once;
	c->record = o->record;
	c->codecs = codecs;
	c->delayed = o->delayed_offer;
	c->hold_inactive = o->hold_inactive;
	c->hide = o->hide;
	c->want_video = o->video;
	c->no_events = o->no_events;
	c->hear_digits = o->hear_digits;
	c->ptime = o->ptime_ms;
	return 0;
}

int ua_call_alloc(struct oh_call **cp, struct oh_account *a, const struct oh_call_options *o)
{
	struct oh_call *c = mem_zalloc(sizeof(*c), call_destroy);
	int err;

	if (!c)
		return ENOMEM;
	c->ua = a->ua;
	c->acct = mem_ref(a);
	c->audio_line = c->video_line = -1;
	for (unsigned i = 0; i < UA_CLOCKS; i++)
		c->tev_pt[i] = (uint8_t)(i ? UA_TEV_MORE + i : UA_TEV_PT);
	c->h264_pt = UA_H264_PT;
	c->sdp_id = rand_u64() >> 2; /* fits a signed number, as some peers read it */
	c->worker = media_pick_worker(a->ua->media);
	err = ua_call_options(c, o);
	if (err) {
		mem_deref(c);
		return err;
	}
	list_append(&a->ua->calls, &c->le);
	*cp = c;
	return 0;
}

void ua_call_abort(struct oh_call *c)
{
	c->ended = true;
	mem_deref(c);
}

/* ------------------------------------------------------------------ the end */

void ua_call_end(struct oh_call *c, unsigned code, const char *text)
{
	struct oh_ua *ua = c->ua;

	if (c->ended)
		return;
	ua_referred(c, code >= 300 ? (uint16_t)code : 487);
	c->ended = true;
	timer_stop(&c->end_tmr);
	/* a mail of the worker may still wait; after this nothing of the call is told */
	ua_tell_call(c, OH_CALL_ENDED, code, text);
	mem_deref(c);
	ua_check_left(ua);
}

static void end_h(void *arg)
{
	struct oh_call *c = arg;

	ua_call_end(c, c->end_code, c->end_text);
}

void ua_call_end_later(struct oh_call *c, uint16_t code, const char *text)
{
	if (timer_running(&c->end_tmr))
		return;
	c->end_code = code;
	(void)slice_copy(c->end_text, sizeof(c->end_text), slice_str(text));
	timer_start(&c->end_tmr, c->ua->loop, 0, end_h, c);
}

void ua_call_fail(struct oh_call *c, uint16_t code, const char *text)
{
	char reason[UA_TEXT];
	struct buf b;

	c->end_code = code;
	(void)slice_copy(c->end_text, sizeof(c->end_text), slice_str(text));
	buf_init_fixed(&b, reason, sizeof(reason));
	buf_printf(&b, "SIP;cause=%u;text=\"%s\"", code, text);
	sip_inv_hangup(c->inv, code, buf_err(&b) ? SLICE_NULL : buf_get(&b));
}

/* The words of the far end: the phrase of its answer, or the Reason of its CANCEL or BYE (RFC 3326). */
static const char *end_words(const struct oh_call *c, char *dst, int err, uint16_t scode, const struct sip_msg *msg)
{
	if (msg && !msg->req && msg->reason.l)
		return ua_text(dst, msg->reason);
	if (msg && msg->req && sip_msg_hdr(msg, SIP_HDR_REASON))
		return ua_text(dst, sip_msg_val(msg, SIP_HDR_REASON));
	if (err)
		return ua_err_text(c->acct, err);
	return scode == 200 ? "hung up" : scode == 487 ? "cancelled" : scode ? sip_reason(scode) : "";
}

static void closed_h(struct sip_inv *i, int err, uint16_t scode, const struct sip_msg *msg, void *arg)
{
	struct oh_call *c = arg;
	char text[UA_TEXT];

	(void)i;
	if (timer_running(&c->end_tmr))
		return; /* refused: that end is on its way */
	if (c->end_code)
		ua_call_end(c, c->end_code, c->end_text);
	else
		ua_call_end(c, scode, end_words(c, text, err, scode, msg));
}

/* ------------------------------------------------------------------ requests within the call */

static void request_h(struct sip_inv *i, struct sip_strans *st, const struct sip_msg *req, void *arg)
{
	(void)i;
	if (req->m == SIP_INFO)
		ua_info_in(arg, st, req);
	else if (req->m == SIP_OPTIONS)
		sip_reply_simple(st, 200, NULL);
	else if (req->m == SIP_REFER)
		ua_refer_in(arg, st, req);
	else if (req->m == SIP_NOTIFY)
		ua_notify_in(arg, st, req);
	else
		sip_reply_simple(st, 501, NULL);
}

const struct sip_inv_ops ua_inv_ops = {
	.progress = ua_out_progress,
	.answered = ua_out_answered,
	.reoffer = ua_change_reoffer,
	.reanswered = ua_change_reanswered,
	.acked = ua_in_acked,
	.request = request_h,
	.closed = closed_h,
	.renew = ua_change_renew,
	.reoffer_gone = ua_change_gone,
	.current = ua_change_current,
};

/* ------------------------------------------------------------------ the application */

void oh_call_hangup(struct oh_call *c)
{
	if (c->ended || timer_running(&c->end_tmr))
		return;
	if (c->inv)
		sip_inv_hangup(c->inv, 0, SLICE_NULL);
	else
		ua_call_end_later(c, 0, "");
}

void oh_call_get_stats(const struct oh_call *c, struct oh_call_stats *st)
{
	struct mstream_stats m;

	*st = (struct oh_call_stats){0};
	if (c->audio) {
		mstream_stats(c->audio, &m);
		st->sent = m.tx_packets;
		st->received = m.rx_packets;
		st->lost = m.rx_lost;
		st->jitter_us = m.rx_jitter_us;
		st->rtt_us = m.rtt_us;
		st->mos = m.mos_x100 / 100.0;
	}
	if (c->video) {
		mstream_stats(c->video, &m);
		st->video_received = m.rx_packets;
	}
	(void)slice_copy(st->codec, sizeof(st->codec), slice_str(c->codec));
	st->encrypted = ua_crypto_on(c);
}

const char *oh_call_id(const struct oh_call *c)
{
	return c->callid ? c->callid : "";
}

void oh_call_set_user(struct oh_call *c, void *user)
{
	c->user = user;
}

void *oh_call_user(const struct oh_call *c)
{
	return c->user;
}
