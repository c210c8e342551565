/*
 * web.c - what arrives by HTTP becomes a request of the API: who asks, whether another site made the browser ask
 * (CSRF), and how the answer goes back. Health, readiness and metrics, which are no part of the API.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/api_priv.h"
#include "api/events.h"
#include "api/web.h"
#include "base/inspect.h"
#include "base/log.h"
#include "base/rand.h"

struct api_web {
	struct api *api;
	struct pbx *pbx;
	struct api_events *events; /* NULL: served nowhere */
};

static void web_destroy(void *obj)
{
	struct api_web *w = obj;

	w->events = mem_deref(w->events);
}

int api_web_alloc(struct api_web **wp, struct api *a, struct pbx *p)
{
	struct api_web *w = mem_zalloc(sizeof(*w), web_destroy);

	if (!w)
		return ENOMEM;
	w->api = a;
	w->pbx = p;
	*wp = w;
	return 0;
}

int api_web_serve(struct api_web *w, struct http_server *s)
{
	int err = w->events ? 0 : api_events_alloc(&w->events, w, w->pbx);

	return err ? err : api_events_serve(w->events, s);
}

/* ------------------------------------------------------------------ who asks */

static const struct sa *peer_of(const struct http_req *rq)
{
	const struct sa *a = http_req_peer(rq);

	return a && sa_isset(a) ? a : NULL;
}

/* The token of "Authorization: Bearer TOKEN" (RFC 6750 2.1); empty: none. */
static struct slice bearer_of(const struct http_req *rq)
{
	struct slice s = http_req_header(rq, "authorization");
	struct slice scheme = slice_cut(&s, ' ');

	return slice_ieqs(scheme, "bearer") ? slice_trim(s) : SLICE_NULL;
}

static struct slice cookie_of(const struct http_req *rq)
{
	return http_req_cookie(rq, api_cookie_name(http_req_secure(rq)));
}

/* `csrf` gets what must come with changes; empty: nothing must, since no browser sends tokens by itself. */
static bool who_is(struct api_web *w, const struct http_req *rq, struct principal *who, char csrf[48])
{
	struct slice auth = http_req_header(rq, "authorization");

	memset(who, 0, sizeof(*who));
	csrf[0] = '\0';
	if (http_req_control(rq)) {
		principal_control(who);
		return true;
	}
	/* who shows a token wants to be that, and nobody else where it is wrong */
	if (auth.l)
		return account_token(w->pbx, bearer_of(rq), peer_of(rq), who);
	return account_session(w->pbx, cookie_of(rq), peer_of(rq), who, csrf);
}

bool api_web_who(struct api_web *w, const struct http_req *rq, struct principal *who)
{
	char csrf[48];
	bool known = who_is(w, rq, who, csrf);

	mem_wipe(csrf, sizeof(csrf));
	return known;
}

/* ------------------------------------------------------------------ answers */

static void plain(struct http_req *rq, unsigned status, const char *text)
{
	http_reply(rq, status, "text/plain; charset=utf-8", slice_str(text));
}

static void error_of(struct http_req *rq, unsigned status, const char *code, const char *text)
{
	json_t *o = json_pack("{s:{s:s, s:s}}", "error", "code", code, "message", text);
	char *s = json_dumps(o, JSON_COMPACT);

	http_reply(rq, s ? status : 503, "application/json", slice_str(s));
	free(s);
	json_decref(o);
}

/* What went wrong here gets a number that stands in the log too: people can name it. */
static void name_fault(const struct http_req *rq, const struct api_answer *a)
{
	json_t *e = json_object_get(a->json, "error");
	char id[11];

	if (a->status != 500 || !e)
		return;
	rand_password(id, 10);
	(void)json_object_set_new(e, "request_id", json_string(id));
	log_error("api", "request %s, %.*s %.*s: %s", id, SLICE_FMT(http_req_method(rq)), SLICE_FMT(http_req_path(rq)),
		  json_text(e, "message") ? json_text(e, "message") : "failed");
}

static void answered(const struct api_answer *a, void *arg)
{
	struct http_req *rq = arg;
	struct http_answer h = {
		.status = a->status, .ctype = a->ctype, .body = a->bytes, .file = a->file, .file_once = a->file_once};
	char *text = NULL;

	name_fault(rq, a);
	if (a->json) {
		text = json_dumps(a->json, JSON_COMPACT | JSON_REAL_PRECISION(10));
		h.ctype = "application/json";
		h.body = slice_str(text);
	}
	if ((a->json && !text) || (!a->json && !a->ctype && !a->file && a->status == 200))
		h = (struct http_answer){.status = 503};
	for (size_t i = 0; i < a->nheader && h.nheader < HTTP_HEADERS_MAX; i++)
		h.header[h.nheader++] = (struct http_header){.name = a->header[i].name,
							     .value = slice_str(a->header[i].value)};
	http_answer(rq, &h);
	if (text)
		mem_wipe(text, strlen(text)); /* it may have shown a password */
	free(text);
}

/* ------------------------------------------------------------------ another site's requests */

static bool changes(const struct http_req *rq)
{
	struct slice m = http_req_method(rq);

	return !slice_eqs(m, "GET") && !slice_eqs(m, "HEAD");
}

/* Did another site make the browser send this? Browsers say so (Fetch Metadata; Origin, RFC 6454). */
static bool foreign(const struct http_req *rq)
{
	struct slice site = http_req_header(rq, "sec-fetch-site"), origin = http_req_header(rq, "origin");
	ptrdiff_t at;

	if (site.l && !slice_eqs(site, "same-origin") && !slice_eqs(site, "none"))
		return true;
	if (!origin.l)
		return false;
	at = slice_chr(origin, '/');
	/* "null", and what has no host */
	if (at < 0 || (size_t)at + 2 > origin.l || origin.p[at + 1] != '/')
		return true;
	return !slice_ieq(slice_from(origin, (size_t)at + 2), http_req_header(rq, "host"));
}

/* CRYPTO_memcmp in spirit: the same time wherever they differ. */
static bool same(struct slice a, const char *b)
{
	unsigned char d = a.l != strlen(b);

	for (size_t i = 0; i < a.l && b[i]; i++)
		d |= (unsigned char)(a.p[i] ^ b[i]);
	return !d;
}

/* Where nobody has a session yet there is no token either. */
static bool opens(const struct http_req *rq)
{
	return slice_eqs(http_req_method(rq), "POST") &&
	       (slice_eqs(http_req_path(rq), "/api/v1/session") || slice_eqs(http_req_path(rq), "/api/v1/setup"));
}

/* Is this change what whoever has the session meant? False: it is answered. */
static bool meant(struct http_req *rq, bool known, const char *csrf)
{
	if (!changes(rq) || http_req_control(rq) || (known && !*csrf))
		return true;
	if (foreign(rq)) {
		error_of(rq, 403, "cross_site", "Another site asked for this in your name; it was refused.");
		return false;
	}
	if (!known || opens(rq) || same(http_req_header(rq, "x-csrf-token"), csrf))
		return true;
	error_of(rq, 403, "csrf", "This request lacks the header X-CSRF-Token of the session. Load the page again.");
	return false;
}

/* ------------------------------------------------------------------ health and metrics */

static void put_metric(struct metric *m, void *arg)
{
	buf_printf(arg, "# HELP offhook_%s %s\n# TYPE offhook_%s %s\noffhook_%s %lld\n", m->name, m->help, m->name,
		   m->gauge ? "gauge" : "counter", m->name, (long long)metric_get(m));
}

/* Prometheus text format, version 0.0.4. */
static void metrics(struct api_web *w, struct http_req *rq)
{
	struct principal who;
	struct buf b;

	if (!pbx_metrics_open(w->pbx)) {
		if (!api_web_who(w, rq, &who)) {
			plain(rq, 401, "Send a token with the scope \"metrics\": Authorization: Bearer ...\n");
			return;
		}
		if (who.role < ROLE_READONLY || !(who.scopes & SCOPE_METRICS)) {
			plain(rq, 403, "That takes the role read_only, and of a token the scope \"metrics\".\n");
			return;
		}
	}
	buf_init(&b);
	metric_each(put_metric, &b);
	pbx_metrics(w->pbx, &b);
	if (buf_err(&b))
		plain(rq, 503, "Memory is out.\n");
	else
		http_reply(rq, 200, "text/plain; version=0.0.4; charset=utf-8", buf_get(&b));
	buf_free(&b);
}

/* Paths of no API; false: it is none of these. */
static bool outside(struct api_web *w, struct http_req *rq)
{
	struct slice path = http_req_path(rq);
	bool health = slice_eqs(path, "/healthz"), ready = slice_eqs(path, "/readyz");

	if (!health && !ready && !slice_eqs(path, "/metrics"))
		return false;
	if (changes(rq))
		plain(rq, 405, "Only GET is possible here.\n");
	else if (health)
		plain(rq, 200, "ok\n");
	else if (ready)
		plain(rq, pbx_calls(w->pbx) ? 200 : 503, pbx_calls(w->pbx) ? "ready\n" : "starting or stopping\n");
	else
		metrics(w, rq);
	return true;
}

/* ------------------------------------------------------------------ requests */

void api_web_request(struct http_req *rq, void *arg)
{
	struct api_web *w = arg;
	const struct sa *peer = peer_of(rq);
	char author[160], csrf[48], ip[SA_STRLEN];
	struct principal who;
	bool known;

	if (outside(w, rq))
		return;
	known = who_is(w, rq, &who, csrf);
	if (!known && http_req_header(rq, "authorization").l) {
		error_of(rq, 401, "bad_token", "This token is wrong, has expired or is switched off.");
		return;
	}
	if (!meant(rq, known, csrf))
		return;
	if (who.control)
		snprintf(author, sizeof(author), "%s via control socket", http_req_peer_user(rq));
	else
		snprintf(author, sizeof(author), "%s from %s", known ? who.name : "nobody",
			 peer ? sa_ntop(peer, ip) : "this machine");
	struct api_request ar = {.method = http_req_method(rq),
				 .path = http_req_path(rq),
				 .query = http_req_query(rq),
				 .body = http_req_body(rq),
				 .ctype = http_req_header(rq, "content-type"),
				 .accept = http_req_header(rq, "accept"),
				 .if_match = http_req_header(rq, "if-match"),
				 .if_none_match = http_req_header(rq, "if-none-match"),
				 .who = known ? &who : NULL,
				 .peer = peer,
				 .author = author,
				 .secure = http_req_secure(rq) && !who.control,
				 .user_agent = http_req_header(rq, "user-agent")};

	api_handle(w->api, &ar, answered, rq);
}
