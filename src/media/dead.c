/*
 * dead.c - calls whose party vanished: no RTP and no RTCP for dead_s although it
 * should send, and it did not say that silence follows.
 *
 * A wheel of one-second slots: a stream is looked at once in dead_s, not once a
 * second, so streams without traffic cost next to nothing.
 */
#include "media/media_priv.h"

static void file(struct wstream *w, uint64_t in_s)
{
	/* slots further away than the wheel is round are looked at early and filed again */
	uint64_t ahead = in_s == 0 ? 1 : in_s > DEAD_SLOTS - 2 ? DEAD_SLOTS - 2 : in_s;

	list_unlink(&w->dead);
	list_append(&w->wk->dead[(w->wk->sec + ahead) % DEAD_SLOTS], &w->dead);
}

static bool expected(const struct wstream *w)
{
	/* fax may say nothing for as long as a page takes, and who holds for as long as he likes */
	return w->r.set && !w->r.udptl && !w->r.quiet && w->r.we_recv && sa_isset(&w->r.rtp) && sa_port(&w->r.rtp) &&
	       !w->dead_told;
}

void dead_watch(struct wstream *w)
{
	list_unlink(&w->dead);
	w->alive_us = loop_now_us(w->wk->loop);
	if (expected(w))
		file(w, w->wk->dead_s);
}

static void look(struct wstream *w, uint64_t now_us)
{
	uint64_t quiet_s = now_us > w->alive_us ? (now_us - w->alive_us) / 1000000 : 0;

	list_unlink(&w->dead);
	if (!expected(w))
		return;
	if (w->q.dtx) {
		file(w, w->wk->dead_s);
		return;
	}
	if (quiet_s < w->wk->dead_s) {
		file(w, w->wk->dead_s - quiet_s);
		return;
	}
	w->dead_told = true;
	wstream_event(w, EV_DEAD);
}

void dead_second(struct worker *wk, uint64_t sec)
{
	uint64_t now_us = loop_now_us(wk->loop);

	/* after a long stop every slot once is enough */
	if (sec > wk->sec + DEAD_SLOTS)
		wk->sec = sec - DEAD_SLOTS;
	while (wk->sec < sec) {
		wk->sec++;
		struct list *slot = &wk->dead[wk->sec % DEAD_SLOTS];
		/* what is filed again goes to other slots */
		LIST_EACH (slot, k)
			look(LINK_OBJ(k, struct wstream, dead), now_us);
	}
}
