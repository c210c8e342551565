/*
 * events.c - listeners to live events by WebSocket: what each may see and wants, who listens too slowly, whose session
 * has ended.
 *
 * Texts are those of the event bus and go out as they are, shared by all who get the same. Too slow: the queue of the
 * web server is full, the connection is closed with 1013, and the client comes again with the number that it has.
 */
#include <stdio.h>
#include <string.h>
#include "api/api_priv.h"
#include "api/events.h"
#include "base/log.h"
#include "base/inspect.h"
#include "pbx/event.h"

enum {
	MESSAGE_MAX = 4096,
	CREDENTIAL = 128,
	CHECK_MS = 250,
	CHECK_PARTS = 8, /* each listener is looked at every CHECK_MS * CHECK_PARTS */
	FIRST_MS = 20000 /* so long may the first message take */
};
/* RFC 6455 7.4.2: 4000 to 4999 are an application's own */
enum close_code { CLOSE_BAD = 1008, CLOSE_LATER = 1013, CLOSE_NOBODY = 4401, CLOSE_FORBIDDEN = 4403 };

struct api_events {
	struct api_web *web;
	struct pbx *pbx;
	struct loop *loop;
	struct http_ws_ops ops;
	struct list listeners;
	struct timer check;
	unsigned part;
};

struct listener {
	struct link le;
	struct api_events *all;
	struct http_ws *ws; /* NULL: it is gone */
	struct event_sub *sub;
	struct principal who;
	char credential[CREDENTIAL]; /* cookie, or token */
	bool token, closing;
	unsigned part;
	uint64_t since_ms;
};

static struct metric m_listeners = {.name = "event_listeners", .help = "Who listens to live events.", .gauge = true};
static struct metric m_slow = {.name = "event_listeners_slow_total",
			       .help = "Listeners that were cut off because they did not keep up."};

/* ------------------------------------------------------------------ one listener */

static void end(struct listener *l, enum close_code code)
{
	l->sub = mem_deref(l->sub);
	if (l->closing)
		return;
	l->closing = true;
	http_ws_close(l->ws, (uint16_t)code);
}

static void send_text(struct listener *l, struct rbuf *text)
{
	if (l->closing || http_ws_send(l->ws, text))
		return;
	/* it is being closed with 1013 */
	metric_add(&m_slow, 1);
	l->closing = true;
	l->sub = mem_deref(l->sub);
}

static void batch(struct rbuf *text, bool lost, void *arg)
{
	(void)lost;
	send_text(arg, text);
}

/* The number to begin with: who hears nothing for a while could go on nowhere else. */
static void greet(struct listener *l)
{
	char text[64];
	struct rbuf *r;
	int n = snprintf(text, sizeof(text), "{\"events\":[],\"seq\":%llu}",
			 (unsigned long long)event_seq(l->all->pbx));

	if (n < 0 || rbuf_alloc(&r, text, (size_t)n))
		return;
	send_text(l, r);
	mem_deref(r);
}

/* ------------------------------------------------------------------ what it wants */

/* What a person sees of its own extension, and what is for those who may see everything. */
enum {
	OWN_TOPICS = 1u << EVENT_CALL | 1u << EVENT_REGISTRATION | 1u << EVENT_QUALITY | 1u << EVENT_CONFERENCE |
		     1u << EVENT_RECORDING
};

static bool read_topics(const json_t *o, uint32_t *bits)
{
	const json_t *v = json_object_get(o, "topics"), *t;
	enum event_topic topic;
	size_t i;

	*bits = 0;
	if (!json_is_array(v))
		return false;
	json_array_foreach((json_t *)v, i, t)
	{
		const char *s = json_string_value(t);

		if (!s || event_topic_read(&topic, slice_str(s)))
			return false;
		*bits |= 1u << topic;
	}
	return true;
}

/* 0: it may have that; else the code to close with. */
static unsigned read_wish(struct listener *l, const json_t *o, struct event_want *w)
{
	const json_t *since = json_object_get(o, "since"), *ext = json_object_get(o, "extension");

	if (!json_is_object(o) || !read_topics(o, &w->topics) || (since && !json_is_integer(since)) ||
	    (ext && !json_is_null(ext) && !json_is_string(ext)))
		return CLOSE_BAD;
	w->since = since && json_integer_value(since) > 0 ? (uint64_t)json_integer_value(since) : 0;
	w->extension = json_string_value(ext);
	if (w->extension && !*w->extension)
		w->extension = NULL;
	if (l->who.role > ROLE_USER)
		return 0;
	if (!l->who.extension[0] || (w->extension && strcmp(w->extension, l->who.extension)))
		return CLOSE_FORBIDDEN;
	w->extension = l->who.extension;
	w->topics &= OWN_TOPICS;
	w->guest = true;
	return 0;
}

static void message_h(struct http_ws *ws, struct slice msg, void *own)
{
	struct listener *l = own;
	json_t *o = json_loadb(msg.p, msg.l, JSON_REJECT_DUPLICATES, NULL);
	struct event_want w = {0};
	unsigned code;
	int err;

	(void)ws;
	if (l->closing) {
		json_decref(o);
		return;
	}
	code = read_wish(l, o, &w);
	l->sub = mem_deref(l->sub);
	err = code ? 0 : event_subscribe(&l->sub, l->all->pbx, &w, batch, l);
	json_decref(o);
	if (code)
		end(l, (enum close_code)code);
	else if (err)
		end(l, CLOSE_LATER);
	else if (!w.since)
		greet(l);
}

/* ------------------------------------------------------------------ they come and go */

static void keep_credential(struct listener *l, const struct http_req *rq)
{
	struct slice auth = http_req_header(rq, "authorization");

	if (l->who.control)
		return;
	if (l->who.session.l) {
		(void)slice_copy(l->credential, sizeof(l->credential), l->who.session);
		return;
	}
	(void)slice_cut(&auth, ' ');
	l->token = true;
	(void)slice_copy(l->credential, sizeof(l->credential), slice_trim(auth));
}

static size_t count_of(const struct api_events *e, const char *name)
{
	size_t n = 0;

	LIST_EACH (&e->listeners, k)
		n += !strcmp(LINK_OBJ(k, struct listener, le)->who.name, name);
	return n;
}

static bool may_listen(const struct api_events *e, const struct principal *who)
{
	if (who->role == ROLE_NONE || (!who->control && !(who->scopes & SCOPE_READ)))
		return false;
	if (e->listeners.n >= API_LISTENERS_MAX)
		return false;
	return who->role > ROLE_USER || count_of(e, who->name) < API_LISTENERS_OF_USER;
}

static void check_h(void *arg);

static void *open_h(struct http_ws *ws, const struct http_req *rq, void *arg)
{
	struct api_events *e = arg;
	struct principal who;
	struct listener *l;

	memset(&who, 0, sizeof(who));
	if (!api_web_who(e->web, rq, &who) || !may_listen(e, &who))
		return NULL;
	l = mem_zalloc(sizeof(*l), NULL);
	if (!l)
		return NULL;
	l->all = e;
	l->ws = ws;
	l->who = who;
	l->since_ms = loop_now_ms(e->loop);
	l->part = e->part++ % CHECK_PARTS;
	keep_credential(l, rq);
	l->who.session = SLICE_NULL;
	list_append(&e->listeners, &l->le);
	metric_add(&m_listeners, 1);
	if (!timer_running(&e->check))
		timer_start(&e->check, e->loop, CHECK_MS, check_h, e);
	return l;
}

static void closed_h(struct http_ws *ws, void *own)
{
	struct listener *l = own;

	(void)ws;
	list_unlink(&l->le);
	mem_deref(l->sub);
	mem_wipe(l->credential, sizeof(l->credential));
	metric_add(&m_listeners, -1);
	mem_deref(l);
}

/* ------------------------------------------------------------------ is it still somebody? */

static bool still(const struct listener *l)
{
	struct principal now;
	bool known;

	if (l->who.control)
		return true;
	memset(&now, 0, sizeof(now));
	if (l->token)
		known = account_token(l->all->pbx, slice_str(l->credential), http_ws_peer(l->ws), &now);
	else
		known = account_session_still(l->all->pbx, slice_str(l->credential), &now);
	/* who is something else now must come again */
	return known && now.role == l->who.role && now.scopes == l->who.scopes &&
	       !strcmp(now.extension, l->who.extension);
}

static void check_h(void *arg)
{
	struct api_events *e = arg;
	uint64_t now = loop_now_ms(e->loop);
	unsigned part = e->part = (e->part + 1) % CHECK_PARTS;

	if (e->listeners.n)
		timer_start(&e->check, e->loop, CHECK_MS, check_h, e);
	LIST_EACH (&e->listeners, k) {
		struct listener *l = LINK_OBJ(k, struct listener, le);

		if (l->part != part || l->closing)
			continue;
		if (!still(l))
			end(l, CLOSE_NOBODY);
		else if (!l->sub && now - l->since_ms > FIRST_MS)
			end(l, CLOSE_BAD);
	}
}

/* ------------------------------------------------------------------ all of them */

static void destroy(void *obj)
{
	struct api_events *e = obj;

	timer_stop(&e->check);
	LIST_EACH (&e->listeners, k) {
		struct listener *l = LINK_OBJ(k, struct listener, le);

		list_unlink(k);
		end(l, CLOSE_LATER);
	}
}

int api_events_alloc(struct api_events **ep, struct api_web *w, struct pbx *p)
{
	struct api_events *e = mem_zalloc(sizeof(*e), destroy);

	if (!e)
		return ENOMEM;
	e->web = w;
	e->pbx = p;
	e->loop = pbx_loop(p);
	e->ops = (struct http_ws_ops){.path = "/api/v1/events",
				      .protocol = "offhook.events.v1",
				      .max_message = MESSAGE_MAX,
				      .max_queue = API_EVENTS_QUEUE,
				      .open = open_h,
				      .message = message_h,
				      .closed = closed_h,
				      .arg = e};
	metric_reg(&m_listeners);
	metric_reg(&m_slow);
	*ep = e;
	return 0;
}

int api_events_serve(struct api_events *e, struct http_server *s)
{
	return http_server_ws(s, &e->ops);
}

const struct http_ws_ops *api_events_ops(const struct api_events *e)
{
	return &e->ops;
}
