/*
 * srtp_window.c - which packets were seen, and the 48-bit index of the next one from its 16-bit sequence number
 * (RFC 3711 3.3.1, 3.3.2, appendix A).
 */
#include "media/srtp_priv.h"

enum { WINDOW = 128, HALF = 0x8000 };

uint64_t srtp_window_guess(const struct srtp_window *w, uint16_t seq)
{
	if (!srtp_window_any(w))
		return seq;
	int64_t guess = (int64_t)(w->top & ~UINT64_C(0xffff)) | seq;
	int64_t d = guess - (int64_t)w->top;

	if (d > HALF && guess > 0xffff)
		guess -= 0x10000;
	else if (d <= -HALF)
		guess += 0x10000;
	return (uint64_t)guess;
}

bool srtp_window_new(const struct srtp_window *w, uint64_t index)
{
	if (!srtp_window_any(w) || index > w->top)
		return true;
	uint64_t back = w->top - index;

	return back < WINDOW && !(w->seen[back / 64] >> back % 64 & 1);
}

void srtp_window_note(struct srtp_window *w, uint64_t index)
{
	if (!srtp_window_any(w)) {
		*w = (struct srtp_window){.top = index, .seen = {1, 0}};
		return;
	}
	if (index <= w->top) {
		uint64_t back = w->top - index;

		if (back < WINDOW)
			w->seen[back / 64] |= UINT64_C(1) << back % 64;
		return;
	}
	uint64_t ahead = index - w->top;

	if (ahead >= WINDOW) {
		w->seen[1] = 0;
		w->seen[0] = 0;
	} else if (ahead >= 64) {
		w->seen[1] = w->seen[0] << (ahead - 64);
		w->seen[0] = 0;
	} else {
		w->seen[1] = w->seen[1] << ahead | w->seen[0] >> (64 - ahead);
		w->seen[0] <<= ahead;
	}
	w->seen[0] |= 1;
	w->top = index;
}
