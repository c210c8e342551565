/*
 * event.c - the event bus: events with their numbers, the newest of each object; who wants what; what is forgotten.
 *
 * Numbers begin at the start's time in microseconds, so that those from before a restart are always lower.
 */
#include <string.h>
#include "base/buf_json.h"
#include "base/mem.h"
#include "pbx/event_priv.h"
#include "pbx/pbx_priv.h"

static const char *const names[EVENT_TOPICS] = {"call",   "registration", "trunk",     "quality", "alarm",
						"config", "conference",   "recording", "system"};

const char *event_topic_name(enum event_topic t)
{
	return names[t];
}

int event_topic_read(enum event_topic *t, struct slice name)
{
	for (unsigned i = 0; i < EVENT_TOPICS; i++) {
		if (!slice_eqs(name, names[i]))
			continue;
		*t = (enum event_topic)i;
		return 0;
	}
	return ENOENT;
}

bool event_wanted(const struct pbx *p, enum event_topic t)
{
	return p->events && (p->events->wanted & 1u << t);
}

uint64_t event_seq(const struct pbx *p)
{
	return p->events ? p->events->seq : 0;
}

/* ------------------------------------------------------------------ events */

static const char *key_of(const struct event_kept *e)
{
	return e->mem + e->textlen + 1;
}

static const char *exts_of(const struct event_kept *e)
{
	return key_of(e) + e->keylen + 1;
}

bool event_is_about(const struct event_kept *e, const char *number)
{
	const char *s = exts_of(e);

	for (unsigned i = 0; i < e->next; i++, s += strlen(s) + 1)
		if (!strcmp(s, number))
			return true;
	return false;
}

static uint32_t object_hash(enum event_topic t, const char *key)
{
	return hash_bytes(slice_str(key)) + (uint32_t)t;
}

static struct event_kept *find(const struct event_bus *b, enum event_topic t, const char *key)
{
	struct hlink *k;

	for (k = hash_first(&b->objects, object_hash(t, key)); k; k = hash_next(k)) {
		struct event_kept *e = CONTAINER_OF(k, struct event_kept, obj);

		if (e->topic == t && !strcmp(key_of(e), key))
			return e;
	}
	return NULL;
}

void event_forget(struct event_bus *b, struct event_kept *e)
{
	b->bytes -= e->le.list == &b->kept ? e->textlen : 0;
	list_unlink(&e->le);
	hash_del(&b->objects, &e->obj);
	mem_deref(e);
}

/* The oldest go; who has not had them must read anew. */
static void make_room(struct event_bus *b)
{
	while (b->kept.n > EVENT_KEPT_MAX || b->bytes > EVENT_KEPT_BYTES) {
		struct event_kept *e = LINK_OBJ(b->kept.head, struct event_kept, le);

		b->gone = e->seq;
		event_forget(b, e);
	}
	while (b->fleeting.n > EVENT_FLEETING_MAX)
		event_forget(b, LINK_OBJ(b->fleeting.head, struct event_kept, le));
}

/* Extensions of an event: those given, and those of the one that it replaces. */
struct exts {
	const char *v[EVENT_EXTS];
	size_t n, bytes;
};

static void exts_add(struct exts *x, const char *s)
{
	if (!*s || x->n == EVENT_EXTS)
		return;
	for (size_t i = 0; i < x->n; i++)
		if (!strcmp(x->v[i], s))
			return;
	x->v[x->n++] = s;
	x->bytes += strlen(s) + 1;
}

static void collect(struct exts *x, const char *const *ext, const struct event_kept *old)
{
	*x = (struct exts){.n = 0};
	for (; ext && *ext; ext++)
		exts_add(x, *ext);
	if (!old)
		return;
	const char *s = exts_of(old);
	for (unsigned i = 0; i < old->next; i++, s += strlen(s) + 1)
		exts_add(x, s);
}

static void entry_destroy(void *obj)
{
	mem_deref(((struct event_kept *)obj)->guest);
}

static struct event_kept *entry(enum event_topic t, struct slice text, const char *key, const struct exts *x)
{
	size_t keylen = strlen(key);
	struct event_kept *e = mem_zalloc(sizeof(*e) + text.l + 1 + keylen + 1 + x->bytes, entry_destroy);
	char *s;

	if (!e)
		return NULL;
	e->topic = (uint8_t)t;
	e->textlen = (uint32_t)text.l;
	e->keylen = (uint16_t)keylen;
	e->next = (uint8_t)x->n;
	memcpy(e->mem, text.p, text.l);
	memcpy(e->mem + text.l + 1, key, keylen);
	s = e->mem + text.l + 1 + keylen + 1;
	for (size_t i = 0; i < x->n; i++) {
		size_t l = strlen(x->v[i]) + 1;

		memcpy(s, x->v[i], l);
		s += l;
	}
	return e;
}

static void write_text(struct buf *text, const struct event_bus *b, enum event_topic t, const char *key,
		       struct slice body)
{
	buf_reset(text);
	buf_char(text, '{');
	buf_json_u64(text, "seq", b->seq + 1);
	buf_json_u64(text, "at_ms", (uint64_t)loop_wall_ms(b->pbx->loop));
	buf_json_str(text, "topic", names[t]);
	buf_json_str(text, "key", key);
	buf_json_key(text, "data");
	buf_slice(text, body);
	buf_char(text, '}');
}

/* NULL: memory is out. */
static struct event_kept *make(const struct event_bus *b, enum event_topic t, const char *key, const struct exts *x,
			       const struct event_body *body)
{
	struct event_kept *e = NULL;
	struct buf text;

	buf_init(&text);
	write_text(&text, b, t, key, body->all);
	if (!buf_err(&text))
		e = entry(t, buf_get(&text), key, x);
	if (e && body->guest.l) {
		write_text(&text, b, t, key, body->guest);
		if (buf_rbuf(&text, &e->guest))
			e = mem_deref(e);
	}
	buf_free(&text);
	return e;
}

/* An event could not be kept: who wants its topic must read anew. */
static void missed(struct event_bus *b, enum event_topic t)
{
	if (EVENT_FLEETING & 1u << t)
		return;
	b->gap[t] = ++b->seq;
	b->shout = true;
	event_soon(b);
}

void event_publish_text(struct pbx *p, enum event_topic t, const char *key, const char *const *ext,
			const struct event_body *body)
{
	enum { KEY_MAX = 512 };
	struct event_bus *b = p->events;
	struct event_kept *old, *e;
	struct exts x;

	if (!event_wanted(p, t))
		return;
	if (!body->all.l || strlen(key) > KEY_MAX) {
		missed(b, t);
		return;
	}
	old = find(b, t, key);
	collect(&x, ext, old);
	e = make(b, t, key, &x, body);
	if (!e || hash_add(&b->objects, object_hash(t, key), &e->obj)) {
		mem_deref(e);
		missed(b, t);
		return;
	}
	if (old)
		event_forget(b, old);
	e->seq = ++b->seq;
	list_append(EVENT_FLEETING & 1u << t ? &b->fleeting : &b->kept, &e->le);
	if (e->le.list == &b->kept)
		b->bytes += e->textlen;
	make_room(b);
	event_soon(b);
}

static int dump_h(const char *s, size_t l, void *arg)
{
	buf_mem(arg, s, l);
	return buf_err(arg) ? -1 : 0;
}

/* False: memory is out. */
static bool dump(struct buf *b, const json_t *o)
{
	return o && !json_dump_callback(o, dump_h, b, JSON_COMPACT);
}

bool event_has_guests(const struct pbx *p)
{
	return p->events && p->events->nguests;
}

void event_publish_both(struct pbx *p, enum event_topic t, const char *key, const char *const *ext, json_t *body,
			json_t *guest)
{
	struct buf all, own;

	buf_init(&all);
	buf_init(&own);
	if (event_wanted(p, t)) {
		if (!dump(&all, body) || (guest && !dump(&own, guest)))
			buf_reset(&all);
		event_publish_text(p, t, key, ext, &(struct event_body){.all = buf_get(&all), .guest = buf_get(&own)});
	}
	buf_free(&all);
	buf_free(&own);
	json_decref(body);
	json_decref(guest);
}

void event_publish(struct pbx *p, enum event_topic t, const char *key, const char *const *ext, json_t *body)
{
	event_publish_both(p, t, key, ext, body, NULL);
}

/* ------------------------------------------------------------------ who wants what */

/* Nobody came back: what happens from now on is kept for nobody. */
static void linger_h(void *arg)
{
	struct event_bus *b = arg;

	for (unsigned t = 0; t < EVENT_TOPICS; t++) {
		if (!(b->lingering & 1u << t) || b->subs[t])
			continue;
		b->wanted &= ~(1u << t);
	}
	b->lingering = 0;
	if (b->nsubs)
		return;
	LIST_EACH (&b->kept, k)
		event_forget(b, LINK_OBJ(k, struct event_kept, le));
	timer_stop(&b->flush);
}

static void want(struct event_bus *b, uint32_t topics)
{
	for (unsigned t = 0; t < EVENT_TOPICS; t++) {
		if (!(topics & 1u << t))
			continue;
		b->subs[t]++;
		/* what has happened before was told to nobody */
		if (!((b->wanted | EVENT_FLEETING) & 1u << t))
			b->gap[t] = ++b->seq;
	}
	b->wanted |= topics;
	event_watch(b);
}

static void want_no_more(struct event_bus *b, uint32_t topics)
{
	uint32_t over = 0;

	for (unsigned t = 0; t < EVENT_TOPICS; t++)
		if ((topics & 1u << t) && !--b->subs[t])
			over |= 1u << t;
	b->wanted &= ~(over & EVENT_FLEETING);
	b->lingering |= over & ~EVENT_FLEETING;
	if (b->lingering)
		timer_start(&b->linger, b->pbx->loop, EVENT_LINGER_MS, linger_h, b);
	event_watch(b);
}

static void ext_destroy(void *obj)
{
	struct event_ext *x = obj;

	hash_del(&x->bus->exts, &x->le);
	list_unlink(&x->due);
	for (size_t i = 0; i < x->npending && i < EVENT_PENDING; i++)
		mem_deref(x->pending[i]);
}

static struct event_ext *ext_of(struct event_bus *b, const char *number)
{
	uint32_t h = hash_bytes(slice_str(number));
	struct event_ext *x;
	struct hlink *k;

	for (k = hash_first(&b->exts, h); k; k = hash_next(k)) {
		x = CONTAINER_OF(k, struct event_ext, le);
		if (!strcmp(x->number, number))
			return mem_ref(x);
	}
	x = mem_zalloc(sizeof(*x) + strlen(number) + 1, ext_destroy);
	if (!x)
		return NULL;
	x->bus = b;
	memcpy(x->number, number, strlen(number) + 1);
	return hash_add(&b->exts, h, &x->le) ? mem_deref(x) : x;
}

static void sub_destroy(void *obj)
{
	struct event_sub *s = obj;
	struct event_bus *b = s->bus;

	if (!s->le.list) /* it never came to be, or the bus has gone before */
		return;
	list_unlink(&s->le);
	mem_deref(s->ext);
	b->nsubs--;
	b->nguests -= s->guest;
	want_no_more(b, s->topics);
}

static struct event_bus *bus_of(struct pbx *p)
{
	struct event_bus *b = p->events;

	if (b)
		return b;
	b = mem_zalloc(sizeof(*b), NULL);
	if (!b)
		return NULL;
	b->pbx = p;
	b->seq = (uint64_t)loop_wall_ms(p->loop) * 1000;
	b->flushed = b->gone = b->seq;
	b->all_ms = b->sweep_ms = loop_now_ms(p->loop);
	for (unsigned t = 0; t < EVENT_TOPICS; t++)
		b->gap[t] = b->seq;
	hash_init(&b->objects);
	hash_init(&b->exts);
	p->events = b;
	return b;
}

int event_subscribe(struct event_sub **sp, struct pbx *p, const struct event_want *w, event_batch_h *h, void *arg)
{
	struct event_bus *b = bus_of(p);
	struct event_sub *s;

	if (!b)
		return ENOMEM;
	if (b->nsubs >= EVENT_SUBS_MAX)
		return ERR_LIMIT;
	s = mem_zalloc(sizeof(*s), sub_destroy);
	if (!s)
		return ENOMEM;
	s->bus = b;
	s->topics = w->topics & ((1u << EVENT_TOPICS) - 1);
	s->h = h;
	s->arg = arg;
	if (w->extension && *w->extension) {
		s->ext = ext_of(b, w->extension);
		if (!s->ext) {
			mem_deref(s);
			return ENOMEM;
		}
	}
	want(b, s->topics);
	list_append(s->ext ? &s->ext->subs : &b->all, &s->le);
	b->nsubs++;
	s->guest = w->guest;
	b->nguests += s->guest;
	s->at = s->told = b->seq;
	if (w->since) {
		s->behind = w->since < b->seq;
		s->lost = w->since > b->seq;
		s->at = s->told = s->behind ? w->since : b->seq;
		event_soon(b);
	}
	if ((s->behind || s->lost) && s->ext && !s->ext->due.list)
		list_append(&b->due, &s->ext->due);
	*sp = s;
	return 0;
}

/* ------------------------------------------------------------------ end */

static void orphan(struct list *l)
{
	LIST_EACH (l, k) {
		struct event_sub *s = LINK_OBJ(k, struct event_sub, le);

		list_unlink(k);
		s->bus = NULL;
		s->ext = NULL;
	}
}

static int drop_ext(struct hlink *k, void *arg)
{
	struct event_ext *x = CONTAINER_OF(k, struct event_ext, le);
	size_t n = x->subs.n;

	(void)arg;
	orphan(&x->subs);
	while (n--)
		mem_deref(x);
	return 0;
}

void event_close(struct pbx *p)
{
	struct event_bus *b = p->events;

	if (!b)
		return;
	p->events = NULL;
	timer_stop(&b->flush);
	timer_stop(&b->linger);
	event_watch_stop(b);
	orphan(&b->all);
	(void)hash_each(&b->exts, drop_ext, NULL);
	LIST_EACH (&b->kept, k)
		event_forget(b, LINK_OBJ(k, struct event_kept, le));
	LIST_EACH (&b->fleeting, k)
		event_forget(b, LINK_OBJ(k, struct event_kept, le));
	LIST_EACH (&b->dirty, k)
		list_unlink(k);
	hash_free(&b->objects);
	hash_free(&b->exts);
	mem_deref(b);
}
