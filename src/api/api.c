/*
 * api.c - /api/v1: how a request finds its line in the tables of routes (routes.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/api_priv.h"
#include "pbx/security.h"

static const char prefix[] = "/api/v1";

static void api_destroy(void *obj)
{
	struct api *a = obj;

	api_walks_end(a);
	free(a->openapi);
}

int api_alloc(struct api **ap, const struct api_cfg *cfg)
{
	struct api *a = mem_zalloc(sizeof(*a), api_destroy);

	if (!a)
		return ENOMEM;
	a->loop = cfg->loop;
	a->pbx = cfg->pbx;
	a->cert = cfg->cert;
	*ap = a;
	return 0;
}

/* ------------------------------------------------------------------ splitting the request */

/* Take percent escapes off (RFC 3986 2.1), '+' too where forms use it. ERR_SYNTAX: bad escape, NUL. */
static int unescape(char **sp, struct slice s, bool form)
{
	int err = slice_dup(sp, s);
	size_t o = 0;

	if (err)
		return err;
	char *p = *sp;
	for (size_t i = 0; i < s.l; i++) {
		char c = s.p[i];

		if (c == '%') {
			int hi = i + 2 < s.l ? slice_hex(s.p[i + 1]) : -1,
			    lo = i + 2 < s.l ? slice_hex(s.p[i + 2]) : -1;

			if (hi < 0 || lo < 0)
				return ERR_SYNTAX;
			c = (char)(hi * 16 + lo);
			i += 2;
		} else if (c == '+' && form) {
			c = ' ';
		}
		if (!c)
			return ERR_SYNTAX;
		p[o++] = c;
	}
	p[o] = '\0';
	return 0;
}

static int split_path(struct job *j, struct slice path)
{
	while (path.l && path.p[path.l - 1] == '/')
		path.l--;
	while (path.l) {
		struct slice s = slice_cut(&path, '/');

		if (!s.l)
			continue;
		if (j->nseg == API_SEGMENTS)
			return ENOENT;
		int err = unescape(&j->seg[j->nseg++], s, false);
		if (err)
			return err;
	}
	return 0;
}

/*
 * Networks are names with a slash, which comes unescaped (the web server takes %2F off before it splits): their two
 * halves are put together again.
 */
static int join_network(struct job *j)
{
	bool net = (j->nseg == 3 && !strcmp(j->seg[0], pbx_allowed_resource.plural)) ||
		   (j->nseg == 4 && !strcmp(j->seg[0], "security") && !strcmp(j->seg[1], "bans"));
	char text[128], *s;
	int err;

	if (!net)
		return 0;
	snprintf(text, sizeof(text), "%s/%s", j->seg[j->nseg - 2], j->seg[j->nseg - 1]);
	err = mem_strdup(&s, text);
	if (err)
		return err;
	j->seg[j->nseg - 1] = mem_deref(j->seg[j->nseg - 1]);
	j->nseg--;
	mem_deref(j->seg[j->nseg - 1]);
	j->seg[j->nseg - 1] = s;
	return 0;
}

static int split_query(struct job *j, struct slice q)
{
	while (q.l) {
		struct slice pair = slice_cut(&q, '&'), name;

		if (!pair.l)
			continue;
		if (j->nparam == API_PARAMS)
			return ERR_SYNTAX;
		bool has = slice_chr(pair, '=') >= 0;
		name = slice_cut(&pair, '=');
		size_t i = j->nparam++;
		int err = unescape(&j->name[i], name, true);
		if (!err)
			err = unescape(&j->value[i], has ? pair : SLICE("1"), true);
		if (err)
			return err;
	}
	return 0;
}

/* ------------------------------------------------------------------ finding the route */

static bool path_matches(const struct job *j, size_t from, const char *path)
{
	struct slice p = slice_str(path);

	for (size_t i = from; i < j->nseg; i++) {
		if (!p.l)
			return false;
		struct slice want = slice_cut(&p, '/');
		if (!slice_eqs(want, "{}") && !slice_eqs(want, j->seg[i]))
			return false;
	}
	return p.l == 0;
}

/* The route for path and method; methods of the same path are collected in `allow`. */
static const struct route *find_in(const struct job *j, size_t from, const struct route *v, size_t n,
				   struct slice method, struct buf *allow)
{
	for (size_t i = 0; i < n; i++) {
		if (!path_matches(j, from, v[i].path))
			continue;
		if (slice_eqs(method, v[i].method))
			return &v[i];
		buf_printf(allow, "%s%s", allow->l ? ", " : "", v[i].method);
	}
	return NULL;
}

static const struct route *find_route(struct job *j, struct slice method, struct buf *allow)
{
	size_t n = 0;
	const struct resource *const *res = pbx_resources(&n);
	/* what lies below a row ("trunks/isp/status") is no verb of the table */
	size_t nres = j->nseg > 2 ? 0 : n;

	for (size_t i = 0; i < nres && j->nseg; i++) {
		if (strcmp(res[i]->plural, j->seg[0]))
			continue;
		if (j->nseg == 2 && pbx_resource_only(res[i]) && strcmp(j->seg[1], pbx_resource_only(res[i])))
			break; /* not the row: what is in use */
		j->r = res[i];
		j->noun = resource_noun(res[i], j->noun_of_row);
		return find_in(j, 1, api_resource_routes, api_nresource_routes, method, allow);
	}
	return j->nseg ? find_in(j, 0, api_fixed_routes, api_nfixed_routes, method, allow) : NULL;
}

/* A field of a list's rows filters it. */
static bool filters(const struct job *j, const char *name)
{
	return j->r && j->route->fn == api_resource_list && resource_field(j->r, slice_str(name));
}

/* Unknown parameters are refused: a misspelt one would silently mean something else. */
static bool params_known(struct job *j)
{
	for (size_t i = 0; i < j->nparam; i++) {
		const char *name = j->name[i];

		if (job_own_param(j, name) || filters(j, name))
			continue;
		if (*j->route->query)
			job_error(j, 400, "unknown_parameter", name,
				  "There is no parameter \"%s\" here. Known are: %s%s.", name, j->route->query,
				  j->r && j->route->fn == api_resource_list ? ", and the names of fields" : "");
		else
			job_error(j, 400, "unknown_parameter", name, "There is no parameter \"%s\" here.", name);
		return false;
	}
	return true;
}

static bool slice_has(struct slice s, const char *word)
{
	size_t l = strlen(word);

	for (size_t i = 0; i + l <= s.l; i++)
		if (slice_ieqs(slice_first(slice_from(s, i), l), word))
			return true;
	return false;
}

/* JSON, or CSV where that is spoken; "format" is for those who cannot set headers. False: the job is ended. */
static bool take_format(struct job *j, const struct api_request *rq)
{
	const char *format = job_param(j, "format");
	bool get = !strcmp(j->route->method, "GET"), csv = format && !strcmp(format, "csv"), body;

	if (format && !csv && strcmp(format, "json")) {
		job_error(j, 400, "bad_parameter", "format", "\"format\" must be json or csv.");
		return false;
	}
	j->csv = j->route->csv & CSV_OUT && (format ? csv : slice_has(rq->accept, "text/csv"));
	body = !get && (format ? csv : slice_has(rq->ctype, "text/csv"));
	if (!get && j->route->csv & GZIP_IN && slice_has(rq->ctype, "gzip")) {
		j->gzip = rq->body;
		return true;
	}
	if (body && j->route->csv & CSV_IN) {
		j->sheet = rq->body;
		return true;
	}
	if (!body && !(j->route->csv & CSV_ONLY))
		return true;
	job_error(j, 415, "unsupported_media_type", NULL, "%s",
		  body ? "CSV is not taken here; send JSON."
		       : "Send CSV here, with Content-Type: text/csv. One row as JSON is sent by POST or PATCH.");
	return false;
}

/* "v3", perhaps with W/ before it; a list of them never matches but by its first. */
static bool tag_version(struct slice tag, int64_t *v)
{
	uint64_t n;

	if (slice_starts(tag, SLICE("W/")))
		tag = slice_from(tag, 2);
	if (tag.l < 4 || !slice_starts(tag, SLICE("\"v")) || tag.p[tag.l - 1] != '"' ||
	    slice_u64(slice_mem(tag.p + 2, tag.l - 3), &n) || n > INT64_MAX)
		return false;
	*v = n ? (int64_t)n : STORE_ABSENT;
	return true;
}

/* If-Match (RFC 9110 13.1.1). False: the job is ended. */
static bool take_conditions(struct job *j, const struct api_request *rq)
{
	struct slice m = slice_trim(rq->if_match);

	(void)slice_copy(j->none_match, sizeof(j->none_match), slice_trim(rq->if_none_match));
	if (!m.l || !j->r || j->nseg != 2 || slice_eqs(m, "*") || tag_version(m, &j->version))
		return true;
	job_error(j, 412, "changed_meanwhile", NULL,
		  "If-Match takes one ETag as it was answered, like \"v3\". This one is of no version.");
	return false;
}

/* What is wrong, without the words of the body: they may be a password. */
static struct slice json_fault(const json_error_t *e)
{
	const char *near = strstr(e->text, " near ");
	struct slice text = slice_str(e->text);

	if (json_error_code(e) == json_error_duplicate_key)
		return slice_str("a member stands in it twice");
	return near ? slice_first(text, (size_t)(near - e->text)) : text;
}

static bool parse_body(struct job *j, struct slice body)
{
	json_error_t e;

	if (!slice_trim(body).l || j->sheet.p || j->gzip.p)
		return true;
	j->body = json_loadb(body.p, body.l, JSON_REJECT_DUPLICATES, &e);
	if (!j->body) {
		struct slice why = json_fault(&e);

		job_error(j, 400, "bad_json", NULL, "The body is not valid JSON: line %d, column %d: %.*s.", e.line,
			  e.column, SLICE_FMT(why));
	} else if (!json_is_object(j->body))
		job_error(j, 400, "bad_json", NULL, "The body must be a JSON object: {...}.");
	else
		return true;
	return false;
}

static void dispatch(struct job *j, const struct api_request *rq)
{
	struct buf allow;

	buf_init(&allow);
	j->route = find_route(j, rq->method, &allow);
	if (!j->route && allow.l)
		job_error(j, 405, "method_not_allowed", NULL, "%.*s is not possible here. Possible: %.*s.",
			  SLICE_FMT(rq->method), SLICE_FMT(buf_get(&allow)));
	else if (!j->route)
		job_error(j, 404, "no_such_path", NULL, "There is nothing at %.*s.", SLICE_FMT(rq->path));
	else if (rights_allow(j) && params_known(j) && take_format(j, rq) && take_conditions(j, rq) &&
		 parse_body(j, rq->body))
		j->route->fn(j);
	buf_free(&allow);
}

void api_handle(struct api *a, const struct api_request *rq, api_answer_h *h, void *arg)
{
	struct job *j = mem_zalloc(sizeof(*j), NULL);
	struct slice path = rq->path;

	if (!j) {
		h(&(struct api_answer){.status = 503}, arg);
		return;
	}
	j->api = a;
	j->h = h;
	j->arg = arg;
	if (rq->who)
		j->who = *rq->who;
	j->has_peer = rq->peer != NULL;
	if (rq->peer)
		j->peer = *rq->peer;
	j->secure = rq->secure;
	(void)slice_copy(j->agent, sizeof(j->agent), rq->user_agent);
	(void)slice_copy(j->author, sizeof(j->author), slice_str(rq->author && *rq->author ? rq->author : "unknown"));
	if (!slice_starts(path, SLICE(prefix)) || (path.l > sizeof(prefix) - 1 && path.p[sizeof(prefix) - 1] != '/')) {
		job_error(j, 404, "no_such_path", NULL, "There is nothing at %.*s. Paths begin with %s/.",
			  SLICE_FMT(path), prefix);
		return;
	}
	int err = split_path(j, slice_from(path, sizeof(prefix) - 1));
	if (!err)
		err = join_network(j);
	if (!err)
		err = split_query(j, rq->query);
	if (err == ERR_SYNTAX)
		job_error(j, 400, "bad_request", NULL, "The path or query has a bad %%-escape or too many parameters.");
	else if (err == ENOENT)
		job_error(j, 404, "no_such_path", NULL, "There is nothing at %.*s.", SLICE_FMT(path));
	else if (err)
		job_fail(j, err, NULL);
	else
		dispatch(j, rq);
}
