/*
 * inside.c - inside parties: applications that read as they run, on a fiber that the caller's hang-up cancels.
 */
#include "call/call_priv.h"

enum { ACK_MS = 40000 /* a session without its ACK ends itself after 32 s (RFC 3261 13.3.1.4) */ };

struct inside {
	struct call *call;
	void (*fn)(struct call *c, struct leg *l, void *arg);
	void *arg;
};

/* Runs at the end of the fiber, however it ends. */
static void inside_done(void *arg)
{
	struct inside *in = arg;
	struct call *c = in->call;
	struct hangup h = {.code = 200};

	mem_deref(in);
	c->fiber = NULL;
	if (c->state < CALL_UP) {
		h.code = c->inside_code ? c->inside_code : 480;
		h.text = h.code == 488 ? "no sound in common" : "the application did not answer";
	}
	call_end(c, "system", &h);
	calls_reap_later(c->calls);
}

static void inside_main(void *arg)
{
	struct inside *in = arg;

	if (fiber_defer(inside_done, in)) {
		inside_done(in);
		return;
	}
	in->fn(in->call, in->call->a, in->arg);
}

int call_inside(struct call *c, const char *name, void (*fn)(struct call *c, struct leg *l, void *arg), void *arg)
{
	struct inside *in;
	int err;

	if (c->dial || c->fiber || c->b || !c->a || c->state == CALL_ENDING)
		return ERR_STATE;
	in = mem_zalloc(sizeof(*in), NULL);
	if (!in)
		return ENOMEM;
	*in = (struct inside){.call = c, .fn = fn, .arg = arg};
	err = fiber_start(&c->fiber, c->calls->loop, name, inside_main, in);
	if (err) {
		c->fiber = NULL;
		mem_deref(in);
		return err;
	}
	c->inside = name;
	if (transfer_seeks(c))
		transfer_inside(c);
	return 0;
}

void inside_cancel(struct call *c)
{
	if (c->fiber && c->fiber != fiber_self())
		fiber_cancel(c->fiber);
}

/* ------------------------------------------------------------------ on the fiber */

static bool over(const struct leg *l)
{
	return l->state == LEG_ENDED;
}

/* Its INVITE had no offer: nothing can be sent before its ACK says where to. */
static int wait_ready(struct leg *l)
{
	struct event *ev[] = {&l->ready};
	int err = wait_any(ev, 1, ACK_MS, NULL);

	return err || over(l) ? ECANCELED : 0;
}

int leg_answer(struct leg *l)
{
	struct call *c = l->call;
	bool wait = !l->offer;
	int err;

	if (over(l))
		return ECANCELED;
	if (l->state == LEG_ANSWERED || l->state == LEG_HELD) {
		if (originate_seeks(c))
			originate_inside(c);
		return 0;
	}
	err = oa_local_answer(l, l->ops->answer);
	if (err) {
		c->inside_code = err == ENOTSUP ? 488 : 500;
		return err;
	}
	l->state = LEG_ANSWERED;
	l->answer_ms = loop_wall_ms(c->calls->loop);
	(void)slice_copy(c->answered_by, sizeof(c->answered_by), slice_str(c->inside));
	call_set_state(c, CALL_UP);
	return wait ? wait_ready(l) : 0;
}

/* A source around a source, so that its end can be waited for. */
struct played {
	struct media_source src;
	struct media_source *inner;
	struct event *ended; /**< on the waiting fiber's stack; NULL when it has gone on */
};

static size_t played_read(struct media_source *src, int16_t *pcm, size_t n)
{
	struct played *p = CONTAINER_OF(src, struct played, src);

	return p->inner->read(p->inner, pcm, n);
}

static void played_done(struct media_source *src)
{
	struct played *p = CONTAINER_OF(src, struct played, src);

	p->inner->done(p->inner);
	if (p->ended)
		event_set(p->ended);
	mem_deref(p);
}

static int play_start(struct leg *l, struct media_source *src, struct event *ended, struct played **pp)
{
	struct mstream *ms = leg_sound(l);
	struct played *p;
	int err;

	if (over(l))
		return ECANCELED;
	if (!ms)
		return ENOTSUP;
	p = mem_zalloc(sizeof(*p), NULL);
	if (!p)
		return ENOMEM;
	p->src.read = played_read;
	p->src.done = played_done;
	p->src.rate = src->rate;
	p->inner = src;
	p->ended = ended;
	err = mstream_play(ms, &p->src);
	if (err) {
		mem_deref(p);
		return err;
	}
	*pp = p;
	return 0;
}

int leg_play_until(struct leg *l, struct media_source *src, struct event *stop)
{
	struct event ended = {0}, *ev[] = {&ended, stop};
	struct played *p;
	int err = play_start(l, src, &ended, &p);

	if (err) {
		src->done(src);
		return err;
	}
	err = wait_any(ev, stop ? 2 : 1, UINT64_MAX, NULL);
	if (!ended.set) {
		p->ended = NULL;
		/* unless it was broken off by the end of the leg itself: then there is no stream any more */
		if (!err && leg_sound(l))
			mstream_idle(leg_sound(l));
	}
	return err || over(l) ? ECANCELED : 0;
}

int leg_play(struct leg *l, struct media_source *src)
{
	return leg_play_until(l, src, NULL);
}

void leg_echo(struct leg *l)
{
	for (size_t i = 0; i < LEG_MEDIA_MAX; i++)
		if (l->ms[i])
			mstream_echo(l->ms[i]);
}

int leg_wait(struct leg *l, uint64_t ms)
{
	int err = over(l) ? ECANCELED : fiber_sleep(ms);

	if (err)
		return err;
	return over(l) ? ECANCELED : ETIMEDOUT;
}
