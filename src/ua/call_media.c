/*
 * call_media.c - offers and answers of a call (RFC 3264, RFC 6337) and the streams that carry out what was agreed.
 */
#include "ua/ua_priv.h"

static void digit_h(struct mstream *s, char digit, uint32_t ms, void *arg)
{
	struct oh_call *c = arg;

	(void)s;
	(void)ms;
	if (!c->ended)
		ua_tell_digit(c, digit);
}

static const struct mstream_ops stream_ops = {.dtmf = digit_h};

static int open_stream(struct oh_call *c, struct mstream **sp, enum mstream_kind kind)
{
	if (*sp)
		return 0;
	return mstream_alloc(sp, c->ua->media, c->worker, kind, &c->ip, &stream_ops, c);
}

/* Streams for the lines that have been chosen. */
static int open_streams(struct oh_call *c)
{
	int err = open_stream(c, &c->audio, MSTREAM_AUDIO);

	if (!err && c->video_line >= 0)
		err = open_stream(c, &c->video, MSTREAM_VIDEO);
	return err;
}

void ua_media_close(struct oh_call *c)
{
	if (c->audio)
		mstream_close(c->audio, NULL, NULL);
	if (c->video)
		mstream_close(c->video, NULL, NULL);
	c->audio = c->video = NULL;
}

/* ------------------------------------------------------------------ what was agreed */

static void keep_codec(struct oh_call *c, const struct mstream_remote *r)
{
	for (uint8_t i = 0; i < r->ncodec; i++) {
		if (slice_eqs(slice_str(r->codec[i].name), "TELEPHONE-EVENT"))
			continue;
		(void)slice_copy(c->codec, sizeof(c->codec), slice_str(r->codec[i].name));
		return;
	}
}

static void begin_sound(struct oh_call *c)
{
	int err = 0;

	if (!c->playing)
		err = ua_play_start(c);
	if (err)
		log_warn("ua", "nothing is sent: %s", err_str(err));
	if (!c->record || c->rec)
		return;
	err = recorder_alloc(&c->rec);
	if (!err) {
		struct media_sink *sink = recorder_sink(c->rec);

		err = mstream_tap(c->audio, sink);
		if (err) {
			sink->done(sink);
			c->rec = mem_deref(c->rec);
		}
	}
	if (err)
		log_warn("ua", "nothing is recorded: %s", err_str(err));
}

/* The streams follow their description and our direction in ours. */
static void apply(struct oh_call *c, const struct sdp *d)
{
	struct mstream_remote r;

	ua_sdp_remote(&r, c, d, (size_t)c->audio_line, c->dir);
	int err = ua_crypto_apply(c);
	/* nothing goes out plain that was to be protected: the stream stays as it was */
	if (err)
		log_error("ua", "the keys of a call are not in force, it has no sound: %s", err_str(err));
	else
		mstream_set_remote(c->audio, &r);
	if (mstream_detect(c->audio, c->hear_digits ? MDETECT_DIGITS : 0))
		log_warn("ua", "no memory to listen for digits");
	if (r.ncodec && !err) {
		keep_codec(c, &r);
		begin_sound(c);
	}
	if (c->video) {
		ua_sdp_remote(&r, c, d, c->video_line < 0 ? SDP_MEDIA_MAX : (size_t)c->video_line, c->dir);
		mstream_set_remote(c->video, &r);
		mstream_echo(c->video);
	}
}

/* The far end's hold shows in what it wants to receive. */
static void note_hold(struct oh_call *c, const struct sdp *d)
{
	size_t i = (size_t)c->audio_line;
	bool held = i < d->nm && d->m[i].port && !(ua_sdp_dir(&d->m[i]) & SDP_RECVONLY);

	if (held == c->held)
		return;
	c->held = held;
	ua_tell_call(c, held ? OH_CALL_HELD : OH_CALL_RESUMED, 0, NULL);
}

/* ------------------------------------------------------------------ offers */

static void first_lines(struct oh_call *c)
{
	if (c->nline)
		return;
	c->line[0] = (struct ua_line){"audio", "", "0"};
	(void)slice_copy(c->line[0].proto, sizeof(c->line[0].proto), slice_str(ua_crypto_proto(c)));
	c->audio_line = 0;
	c->nline = 1;
	if (!c->want_video)
		return;
	c->line[1] = (struct ua_line){"video", "RTP/AVP", "96"};
	c->video_line = 1;
	c->nline = 2;
}

int ua_media_offer(struct oh_call *c)
{
	bool hold = c->change == UA_CHANGE_HOLD ? c->new_hold : c->hold;
	const struct ua_codecs *codecs = c->change == UA_CHANGE_CODECS ? &c->new_codecs : &c->codecs;
	int err;

	first_lines(c);
	err = open_streams(c);
	if (!err)
		err = ua_sdp_write(c, NULL, codecs, hold ? ua_hold_dir(c) : SDP_SENDRECV);
	if (!err)
		c->offered = true;
	return err;
}

int ua_media_check(struct slice offer)
{
	struct sdp *d = ua_sdp_scratch();

	if (sdp_decode(d, offer))
		return ERR_SYNTAX;
	for (size_t i = 0; i < d->nm; i++)
		if (ua_sdp_possible(d, i))
			return 0;
	return ENOTSUP;
}

int ua_media_answer(struct oh_call *c, struct slice offer)
{
	struct sdp *d = ua_sdp_scratch();
	int err;

	if (sdp_decode(d, offer))
		return ERR_SYNTAX;
	err = ua_sdp_pick(c, d);
	if (!err)
		err = ua_crypto_take(c, d, (size_t)c->audio_line);
	if (!err)
		err = open_streams(c);
	if (!err)
		err = ua_sdp_write(c, d, &c->codecs, c->hold ? ua_hold_dir(c) : SDP_SENDRECV);
	if (err)
		return err;
	c->offered = false;
	apply(c, d);
	note_hold(c, d);
	return 0;
}

int ua_media_answered(struct oh_call *c, struct slice answer)
{
	struct sdp *d = ua_sdp_scratch();
	int err;

	if (!c->audio || sdp_decode(d, answer))
		return ERR_SYNTAX;
	/* An answer has the lines of the offer; a refused sound line leaves a call without sense. */
	if (c->audio_line < 0 || (size_t)c->audio_line >= d->nm || !d->m[c->audio_line].port)
		return ENOTSUP;
	err = ua_crypto_answered(c, d, (size_t)c->audio_line);
	if (err)
		return err;
	c->offered = false;
	apply(c, d);
	if (c->answered)
		note_hold(c, d);
	return 0;
}
