/*
 * detect.c - a listener on what a party says, for digits and fax tones in the sound. It is there only when asked for;
 * packets have left before it hears them, unless it is to keep digits from the other party (MDETECT_HUSH).
 *
 * A digit is told of once, though it may come twice: a party that sends telephone-events is believed in these alone
 * from the first one on, and a first one that the listener was faster with is left out (dtmf.c).
 */
#include "media/dtmf_detect.h"
#include "media/media_priv.h"

enum {
	PAUSE_US = 60000, /**< nothing was sent for so long: what was under way has ended */
	LEAK_MS = 250,    /**< an event may come so long after its sound */
};

struct detect {
	struct media_sink sink;
	uint8_t what; /**< MDETECT_ bits */
	uint64_t next_us;
	struct dtmf_detect digits;
	struct fax_detect fax;
};

static void tell_h(char digit, bool down, uint32_t ms, void *arg)
{
	struct wstream *w = arg;

	/* an end may have been told by detect_second() */
	if (down ? w->tev_seen : !w->key)
		return;
	w->key_ms = (uint32_t)loop_now_ms(w->wk->loop);
	w->key_last = digit;
	w->key = down ? digit : 0;
	w->key_quiet = 0;
	/* so that somebody looks whether it ends */
	if (down && !w->touched.list)
		wstream_touch(w);
	wstream_digit(w, digit, (uint8_t)((down ? MKEY_DOWN : MKEY_UP) | MKEY_SOUND), ms);
}

bool detect_heard(const struct wstream *w, char digit)
{
	return w->key_last == digit && (w->key == digit || (uint32_t)loop_now_ms(w->wk->loop) - w->key_ms < LEAK_MS);
}

bool detect_second(struct wstream *w)
{
	if (w->key && ++w->key_quiet >= 2)
		tell_h(w->key, false, (uint32_t)loop_now_ms(w->wk->loop) - w->key_ms, w);
	return w->key != 0;
}

static void write_h(struct media_sink *sink, const int16_t *pcm, size_t n, uint64_t us)
{
	struct detect *d = CONTAINER_OF(sink, struct detect, sink);
	struct wstream *w = &sink->stream->w;

	if (us > d->next_us + PAUSE_US)
		dtmf_detect_end(&d->digits, tell_h, w);
	d->next_us = us + n * 125;
	w->key_quiet = 0;
	if (d->what & MDETECT_DIGITS)
		dtmf_detect(&d->digits, pcm, n, tell_h, w);
	/* one block of it is not believed yet, but twice as long would be heard as a digit at the other end, too */
	if (d->what & MDETECT_HUSH)
		w->hush = !w->tev_seen && (d->digits.now || d->digits.last) ? HUSH_NOW : HUSH_READY;
	if (!(d->what & MDETECT_FAX))
		return;
	enum fax_tone t = fax_detect(&d->fax, pcm, n);
	if (t)
		wstream_event(w, t == FAX_CNG ? EV_CNG : EV_CED);
}

static void done_h(struct media_sink *sink)
{
	mem_deref(CONTAINER_OF(sink, struct detect, sink));
}

int mstream_detect(struct mstream *s, unsigned what)
{
	struct detect *d = s->detect;

	if (s->closed)
		return ERR_STATE;
	if (what == (d ? d->what : 0))
		return 0;
	if (what) {
		struct detect *now = mem_zalloc(sizeof(*now), NULL);
		if (!now)
			return ENOMEM;
		now->what = (uint8_t)what;
		dtmf_detect_init(&now->digits);
		fax_detect_init(&now->fax);
		now->sink = (struct media_sink){.rate = 8000, .dir = MSINK_RX, .write = write_h, .done = done_h};
		int err = mstream_tap(s, &now->sink);
		if (err) {
			mem_deref(now);
			return err;
		}
		s->detect = now;
	} else {
		s->detect = NULL;
	}
	if (d)
		mstream_untap(s, &d->sink);
	return 0;
}
