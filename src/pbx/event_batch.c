/*
 * event_batch.c - events are handed over: what is new since the last time, as texts that are made once for all who want
 * the same.
 *
 * Subscribers of an extension are found by the extensions of the new events, so that their number does not matter. Who
 * goes on where it was, or falls behind, looks through all that is kept, a portion at a time.
 */
#include "base/mem.h"
#include "pbx/event_priv.h"
#include "pbx/pbx_priv.h"

void event_soon(struct event_bus *b)
{
	if (!timer_running(&b->flush))
		timer_start(&b->flush, b->pbx->loop, EVENT_BATCH_MS, event_flush, b);
}

/* ------------------------------------------------------------------ texts */

static void text_begin(struct buf *t)
{
	buf_str(t, "{\"events\":[");
}

static int text_end(struct buf *t, uint64_t seq, bool lost, struct rbuf **rp)
{
	buf_printf(t, "],%s\"seq\":%llu}", lost ? "\"lost\":true," : "", (unsigned long long)seq);
	return buf_rbuf(t, rp);
}

static void text_add(struct buf *t, const struct event_kept *e, bool guest)
{
	if (t->l && t->p[t->l - 1] == '}')
		buf_char(t, ',');
	if (guest && e->guest)
		buf_slice(t, rbuf_slice(e->guest));
	else
		buf_mem(t, e->mem, e->textlen);
}

/* What is looked for in a list. */
struct look {
	uint32_t topics;
	bool guest;
	const char *number; /* NULL: any */
	uint64_t from, to;
};

static bool wants(const struct look *k, const struct event_kept *e)
{
	return e->seq > k->from && e->seq <= k->to && (k->topics & 1u << e->topic) &&
	       (!k->number || event_is_about(e, k->number));
}

/* The first element after a number; it is near the end. */
static struct link *after(const struct list *l, uint64_t seq)
{
	struct link *k = l->tail, *first = NULL;

	for (; k && LINK_OBJ(k, struct event_kept, le)->seq > seq; k = k->prev)
		first = k;
	return first;
}

/* Add what is wanted; the number up to which that is all. `n` counts. */
static uint64_t add_list(struct buf *t, const struct list *l, const struct look *k, size_t *n)
{
	for (struct link *at = after(l, k->from); at; at = at->next) {
		const struct event_kept *e = LINK_OBJ(at, struct event_kept, le);

		if (!wants(k, e))
			continue;
		text_add(t, e, k->guest);
		++*n;
		if (t->l > EVENT_PORTION)
			return e->seq;
	}
	return k->to;
}

/* A batch of what is wanted; *to is the number up to which it goes. *rp NULL: there is nothing. ENOMEM. */
static int scan(struct event_bus *b, const struct look *k, bool fleeting, uint64_t *to, struct rbuf **rp)
{
	struct buf t;
	size_t n = 0;
	int err = 0;

	buf_init(&t);
	text_begin(&t);
	*to = add_list(&t, &b->kept, k, &n);
	if (fleeting && *to == k->to)
		(void)add_list(&t, &b->fleeting, k, &n);
	*rp = NULL;
	if (n)
		err = text_end(&t, *to, false, rp);
	buf_free(&t);
	return err;
}

static int empty_text(uint64_t seq, bool lost, struct rbuf **rp)
{
	char mem[96];
	struct buf t;

	buf_init_fixed(&t, mem, sizeof(mem));
	text_begin(&t);
	return text_end(&t, seq, lost, rp);
}

/* ------------------------------------------------------------------ handing over */

/* The text goes to its subscriber, which may end itself. */
static void give(struct event_sub *s, struct rbuf *text, uint64_t seq, bool lost)
{
	s->told = seq;
	s->h(text, lost, s->arg);
}

/* Numbers up to this one may be missing for these topics. */
static uint64_t missing(const struct event_bus *b, uint32_t topics)
{
	uint64_t m = topics & ~EVENT_FLEETING ? b->gone : 0;

	for (unsigned t = 0; t < EVENT_TOPICS; t++)
		if ((topics & 1u << t) && b->gap[t] > m)
			m = b->gap[t];
	return m;
}

static void tell_lost(struct event_sub *s)
{
	struct event_bus *b = s->bus;
	struct rbuf *text;

	s->lost = true;
	s->at = b->seq;
	s->behind = false;
	if (empty_text(b->seq, true, &text)) {
		b->shout = true; /* again, when there is memory */
		event_soon(b);
		return;
	}
	s->lost = false;
	give(s, text, b->seq, true);
	mem_deref(text);
}

/* One portion of what it missed. True: that was all. */
static void catch_up(struct event_sub *s)
{
	struct event_bus *b = s->bus;
	struct look k = {.topics = s->topics,
			 .guest = s->guest,
			 .number = s->ext ? s->ext->number : NULL,
			 .from = s->at,
			 .to = b->seq};
	struct rbuf *text;
	uint64_t to;

	if (scan(b, &k, false, &to, &text)) {
		tell_lost(s);
		return;
	}
	s->at = to;
	s->behind = to < b->seq;
	if (s->behind) {
		b->shout = b->shout || s->ext;
		event_soon(b);
	}
	if (text)
		give(s, text, to, false);
	mem_deref(text);
}

static void forget_texts(struct event_bus *b)
{
	for (size_t i = 0; i < EVENT_TEXTS; i++) {
		mem_deref(b->text[i].text);
		b->text[i] = (struct event_text){0};
	}
}

/* The text for this wish, if somebody had the same. */
static struct event_text *text_find(struct event_bus *b, const struct event_sub *s)
{
	for (size_t i = 0; i < EVENT_TEXTS; i++) {
		struct event_text *t = &b->text[i];

		if (t->to && t->topics == s->topics && t->guest == s->guest && t->from == s->at)
			return t;
	}
	return NULL;
}

static void text_keep(struct event_bus *b, const struct event_text *t)
{
	mem_deref(b->text[EVENT_TEXTS - 1].text);
	for (size_t i = EVENT_TEXTS - 1; i > 0; i--)
		b->text[i] = b->text[i - 1];
	b->text[0] = *t;
}

/* ------------------------------------------------------------------ subscribers of an extension */

static int text_of_ext(const struct event_sub *s, uint64_t to, struct rbuf **rp)
{
	const struct event_ext *x = s->ext;
	struct look k = {.topics = s->topics, .guest = s->guest, .number = x->number, .from = s->at, .to = to};
	struct buf t;
	size_t n = 0;
	int err = 0;

	if (x->npending > EVENT_PENDING)
		return scan(x->bus, &k, true, &to, rp);
	buf_init(&t);
	text_begin(&t);
	for (size_t i = 0; i < x->npending; i++) {
		if (x->pending[i]->seq <= s->at || !(s->topics & 1u << x->pending[i]->topic))
			continue;
		text_add(&t, x->pending[i], s->guest);
		n++;
	}
	*rp = NULL;
	if (n)
		err = text_end(&t, to, false, rp);
	buf_free(&t);
	return err;
}

static void give_ext(struct event_sub *s, uint64_t from, uint64_t to)
{
	struct event_bus *b = s->bus;
	struct event_text *t, made;

	if (!s->behind && s->at < from)
		s->at = from; /* there was nothing for it */
	if (s->lost || s->at < missing(b, s->topics)) {
		tell_lost(s);
		return;
	}
	if (s->behind) {
		catch_up(s);
		return;
	}
	if (s->at >= to)
		return;
	t = text_find(b, s);
	if (!t) {
		made = (struct event_text){.topics = s->topics, .guest = s->guest, .from = s->at, .to = to};
		if (text_of_ext(s, to, &made.text)) {
			tell_lost(s);
			return;
		}
		text_keep(b, &made);
		t = &b->text[0];
	}
	s->at = to;
	if (t->text) {
		struct rbuf *text = mem_ref(t->text);

		give(s, text, to, false);
		mem_deref(text);
	}
}

/* Each once: those that were served go to the end, since handlers may end any of them. */
static void give_exts(struct event_ext *x, uint64_t from, uint64_t to)
{
	for (size_t n = x->subs.n; n && x->subs.head; n--) {
		struct event_sub *s = mem_ref(LINK_OBJ(x->subs.head, struct event_sub, le));

		list_unlink(&s->le);
		list_append(&x->subs, &s->le);
		give_ext(s, from, to);
		mem_deref(s);
	}
}

static void mark(struct event_bus *b, struct event_kept *e)
{
	const char *s = e->mem + e->textlen + 1 + e->keylen + 1;

	for (unsigned i = 0; i < e->next; i++, s += strlen(s) + 1) {
		struct hlink *k = hash_first(&b->exts, hash_bytes(slice_str(s)));

		for (; k; k = hash_next(k)) {
			struct event_ext *x = CONTAINER_OF(k, struct event_ext, le);

			if (strcmp(x->number, s))
				continue;
			if (x->npending < EVENT_PENDING)
				x->pending[x->npending++] = mem_ref(e);
			else
				x->npending = EVENT_PENDING + 1;
			if (!x->due.list)
				list_append(&b->due, &x->due);
		}
	}
}

static int mark_ext(struct hlink *k, void *arg)
{
	struct event_ext *x = CONTAINER_OF(k, struct event_ext, le);

	if (!x->due.list)
		list_append(&((struct event_bus *)arg)->due, &x->due);
	return 0;
}

static void mark_list(struct event_bus *b, const struct list *l)
{
	for (struct link *k = after(l, b->flushed); k; k = k->next)
		mark(b, LINK_OBJ(k, struct event_kept, le));
}

static void unmark(struct event_ext *x)
{
	for (size_t i = 0; i < x->npending && i < EVENT_PENDING; i++)
		x->pending[i] = mem_deref(x->pending[i]);
	x->npending = 0;
}

static void flush_exts(struct event_bus *b)
{
	uint64_t from = b->flushed, to = b->seq;
	struct list due = {0};

	if (b->exts.n) {
		mark_list(b, &b->kept);
		mark_list(b, &b->fleeting);
	}
	if (b->shout)
		(void)hash_each(&b->exts, mark_ext, b);
	b->shout = false;
	b->flushed = to;
	/* what becomes due from now on waits for the next time */
	LIST_EACH (&b->due, k) {
		list_unlink(k);
		list_append(&due, k);
	}
	while (due.head) {
		struct event_ext *x = mem_ref(LINK_OBJ(due.head, struct event_ext, due));

		list_unlink(&x->due);
		give_exts(x, from, to);
		forget_texts(b);
		unmark(x);
		mem_deref(x);
	}
}

/* ------------------------------------------------------------------ those that see everything */

static void give_all(struct event_sub *s)
{
	struct event_bus *b = s->bus;
	struct event_text *t, made;

	if (s->lost || s->at < missing(b, s->topics)) {
		tell_lost(s);
		return;
	}
	if (s->behind) {
		catch_up(s);
		return;
	}
	if (s->at >= b->seq)
		return;
	t = text_find(b, s);
	if (!t) {
		struct look k = {.topics = s->topics, .guest = s->guest, .from = s->at, .to = b->seq};

		made = (struct event_text){.topics = s->topics, .guest = s->guest, .from = s->at};
		if (scan(b, &k, true, &made.to, &made.text)) {
			tell_lost(s);
			return;
		}
		text_keep(b, &made);
		t = &b->text[0];
	}
	s->at = t->to;
	s->behind = t->to < b->seq; /* the rest of a large batch comes in portions */
	if (s->behind)
		event_soon(b);
	if (t->text) {
		struct rbuf *text = mem_ref(t->text);

		give(s, text, t->to, false);
		mem_deref(text);
	}
}

static bool all_have(const struct event_bus *b)
{
	LIST_EACH (&b->all, k) {
		const struct event_sub *s = LINK_OBJ(k, struct event_sub, le);

		if (s->at < b->seq || s->lost)
			return false;
	}
	return true;
}

static void flush_all(struct event_bus *b)
{
	uint64_t now = loop_now_ms(b->pbx->loop), upto = b->seq;

	if (now - b->all_ms < EVENT_BATCH_ALL_MS) {
		if (!all_have(b))
			event_soon(b);
		return;
	}
	b->all_ms = now;
	for (size_t n = b->all.n; n && b->all.head; n--) {
		struct event_sub *s = mem_ref(LINK_OBJ(b->all.head, struct event_sub, le));

		list_unlink(&s->le);
		list_append(&b->all, &s->le);
		give_all(s);
		mem_deref(s);
	}
	forget_texts(b);
	LIST_EACH (&b->fleeting, k) {
		struct event_kept *e = LINK_OBJ(k, struct event_kept, le);

		if (e->seq <= upto)
			event_forget(b, e);
	}
}

/* ------------------------------------------------------------------ who hears nothing */

struct sweep {
	uint64_t before;
	struct rbuf *text;
};

static int sweep_ext(struct hlink *k, void *arg)
{
	struct event_ext *x = mem_ref(CONTAINER_OF(k, struct event_ext, le));
	struct sweep *w = arg;

	for (size_t n = x->subs.n; n && x->subs.head; n--) {
		struct event_sub *s = mem_ref(LINK_OBJ(x->subs.head, struct event_sub, le));

		list_unlink(&s->le);
		list_append(&x->subs, &s->le);
		if (s->told < w->before && !s->behind && !s->lost) {
			s->at = x->bus->flushed;
			give(s, w->text, s->at, false);
		}
		mem_deref(s);
	}
	mem_deref(x);
	return 0;
}

/* Its number grows old; if it were cut off now, it could go on nowhere. */
static void sweep(struct event_bus *b)
{
	uint64_t now = loop_now_ms(b->pbx->loop);
	struct sweep w = {.before = b->gone + (b->flushed - b->gone) / 2};

	if (now - b->sweep_ms < EVENT_SWEEP_MS || b->kept.n < EVENT_KEPT_MAX / 2)
		return;
	b->sweep_ms = now;
	if (empty_text(b->flushed, false, &w.text))
		return;
	(void)hash_each(&b->exts, sweep_ext, &w);
	mem_deref(w.text);
}

void event_flush(void *bus)
{
	struct event_bus *b = bus;

	event_calls(b);
	timer_stop(&b->flush); /* what it published goes now */
	flush_exts(b);
	flush_all(b);
	sweep(b);
}
