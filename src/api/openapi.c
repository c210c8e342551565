/*
 * openapi.c - the OpenAPI 3.1 document, made of the tables of routes, the resource table and the shapes.
 *
 * It is the same for everybody and as long as the program runs: made when it is first asked for, kept as text.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/openapi_priv.h"

static json_t *ref(const char *kind, const char *name)
{
	return json_pack("{s:o}", "$ref", json_sprintf("#/components/%s/%s", kind, name));
}

static json_t *pages(json_t *items)
{
	return json_pack("{s:s, s:[s], s:{s:{s:s, s:o}, s:{s:[s, s, s], s:s}}}", "type", "object", "required", "items",
			 "properties", "items", "type", "array", "items", items, "next", "type", "string", "integer",
			 "null", "description", "Where the next page begins; null: this is the last one.");
}

/* ------------------------------------------------------------------ one operation */

/* "extensions/{}" becomes "/extensions/{number}"; the names of its variables go into `vars`. */
static void path_text(struct buf *b, const struct resource *r, const char *path, json_t *vars)
{
	struct slice p = slice_str(path), before = SLICE_NULL;

	if (r)
		buf_printf(b, "/%s", r->plural);
	while (slice_isset(p)) {
		struct slice s = slice_cut(&p, '/');
		char name[40];

		buf_char(b, '/');
		if (!slice_eqs(s, "{}")) {
			buf_slice(b, s);
			before = s;
			continue;
		}
		(void)slice_copy(name, sizeof(name), r ? slice_str(resource_key(r)->name) : before);
		/* of "calls/{}" a call */
		if (!r && *name && name[strlen(name) - 1] == 's')
			name[strlen(name) - 1] = '\0';
		buf_printf(b, "{%s}", name);
		(void)json_array_append_new(vars, json_string(name));
	}
	buf_char(b, '\0');
}

/* "get_extensions_number": one of a kind in the document. */
static json_t *operation_id(const char *method, const char *path)
{
	char text[160];
	size_t n = 0;

	for (const char *p = method; *p && n < sizeof(text) - 1; p++)
		text[n++] = (char)tolower((unsigned char)*p);
	for (const char *p = path; *p && n < sizeof(text) - 1; p++) {
		if (*p == '/' || *p == '-')
			text[n++] = '_';
		else if (*p != '{' && *p != '}')
			text[n++] = *p;
	}
	text[n] = '\0';
	return json_string(text);
}

static void add_parameter(json_t *v, const char *name, const char *in, const char *help, json_t *schema)
{
	json_t *o = json_pack("{s:s, s:s, s:s*, s:o}", "name", name, "in", in, "description", help, "schema", schema);

	if (o && !strcmp(in, "path"))
		(void)json_object_set_new(o, "required", json_true());
	(void)json_array_append_new(v, o);
}

static void add_query(json_t *v, const char *name)
{
	const char *type, *help = api_parameter(name, &type);
	bool required;

	add_parameter(v, name, "query", help, openapi_type(type, &required));
}

static json_t *parameters(const struct resource *r, const struct route *t, const json_t *vars)
{
	json_t *v = json_array(), *var;
	struct slice q = slice_str(t->query);
	bool get = !strcmp(t->method, "GET");
	size_t i;

	json_array_foreach(vars, i, var)
		add_parameter(v, json_string_value(var), "path", NULL, json_pack("{s:s}", "type", "string"));
	while (slice_isset(q)) {
		char name[32];

		(void)slice_copy(name, sizeof(name), slice_cut(&q, ' '));
		add_query(v, name);
	}
	if (t->csv)
		add_query(v, "format");
	for (i = 0; r && get && !*t->path && i < r->nfield; i++)
		if (!field_hidden(&r->field[i]))
			add_parameter(v, r->field[i].name, "query", "Only rows that have this value.",
				      openapi_field_type(&r->field[i]));
	if (r && *t->path)
		(void)json_array_append_new(v, ref("parameters", get ? "if_none_match" : "if_match"));
	if (!get)
		(void)json_array_append_new(v, ref("parameters", "csrf"));
	return v;
}

/* The schema of a body or an answer: "row" is the resource. */
static json_t *schema_of(const struct resource *r, const char *type, const char *suffix)
{
	char name[80];
	bool required;
	size_t l = strlen(type);
	bool list = l > 3 && !strcmp(type + l - 3, "[]+"), all = l > 2 && !strcmp(type + l - 2, "[]");

	if (list || all) {
		(void)slice_copy(name, sizeof(name), slice_first(slice_str(type), l - (list ? 3 : 2)));
		return pages(schema_of(r, name, suffix));
	}
	if (r && !strcmp(type, "row")) {
		snprintf(name, sizeof(name), "%s%s", r->name, suffix);
		return ref("schemas", name);
	}
	return openapi_type(type, &required);
}

static json_t *content(const char *json_or_null, json_t *schema, bool csv)
{
	json_t *o = json_object();

	if (json_or_null)
		(void)json_object_set_new(o, json_or_null, json_pack("{s:o}", "schema", schema));
	if (csv)
		(void)json_object_set_new(o, "text/csv", json_pack("{s:{s:s}}", "schema", "type", "string"));
	return o;
}

static json_t *body(const struct resource *r, const struct route *t)
{
	const char *suffix = strcmp(t->method, "POST") ? "" : "_new";
	bool json = t->body && !(t->csv & CSV_ONLY);

	json_t *c = content(json ? "application/json" : NULL, json ? schema_of(r, t->body, suffix) : NULL,
			    t->csv & CSV_IN);

	if (t->csv & GZIP_IN)
		(void)json_object_set_new(c, "application/gzip", json_object());
	return json_pack("{s:b, s:o}", "required", 1, "content", c);
}

static json_t *answers(const struct resource *r, const struct route *t)
{
	bool get = !strcmp(t->method, "GET"), made = r && !strcmp(t->method, "POST");
	bool other = !r && t->answer && !strcmp(t->answer, "id"); /* something was made that is no row */
	json_t *o = json_pack("{s:o, s:o}", "4XX", ref("responses", "error"), "5XX", ref("responses", "error"));
	json_t *ok;

	if (t->csv & FILE_OUT)
		(void)json_object_set_new(
			o, "200",
			json_pack("{s:s, s:{s:{}}}", "description", "The file.", "content", "application/gzip"));
	if (!t->answer && t->csv & FILE_OUT)
		return o;
	if (t->csv & SOUND_OUT) {
		(void)json_object_set_new(o, "200",
					  json_pack("{s:s, s:{s:{}, s:{}}}", "description", t->help, "content",
						    "audio/wav", "audio/ogg"));
		(void)json_object_set_new(o, "206", json_pack("{s:s}", "description", "The part that was asked for."));
		return o;
	}
	if (!t->answer) {
		(void)json_object_set_new(o, "204", json_pack("{s:s}", "description", "Done."));
		return o;
	}
	if (*t->answer == '@') {
		ok = json_pack("{s:s, s:{s:{}}}", "description", t->help, "content", t->answer + 1);
		(void)json_object_set_new(o, "200", ok);
		return o;
	}
	ok = json_pack("{s:s, s:o}", "description", t->help, "content",
		       content("application/json", schema_of(r, t->answer, get ? "" : "_changed"), t->csv & CSV_OUT));
	if (ok && r && !strcmp(t->answer, "row"))
		(void)json_object_set_new(ok, "headers",
					  json_pack("{s:{s:s, s:{s:s}}}", "ETag", "description",
						    "Version of the row, for If-Match and If-None-Match.", "schema",
						    "type", "string"));
	(void)json_object_set_new(o, made || other || t->csv & FILE_OUT ? "201" : "200", ok);
	if (made) /* by a file */
		(void)json_object_set_new(
			o, "200",
			json_pack("{s:s, s:o}", "description", "What a file of CSV did, or would do.", "content",
				  content("application/json", ref("schemas", "sheet_import"), false)));
	if (r && get && *t->path)
		(void)json_object_set_new(o, "304", json_pack("{s:s}", "description", "It is as If-None-Match says."));
	if (r && *t->path && !get)
		(void)json_object_set_new(o, "412", ref("responses", "error"));
	return o;
}

static json_t *tag_of(const char *path)
{
	struct slice p = slice_from(slice_str(path), 1);
	struct slice first = slice_cut(&p, '/');

	return json_stringn(first.p, first.l);
}

static json_t *operation(const struct resource *r, const struct route *t, const char *path, const json_t *vars)
{
	enum role least = r ? rights_resource(r, strcmp(t->method, "GET") != 0) : t->least;
	json_t *o = json_pack("{s:o, s:s, s:[o], s:o, s:o}", "operationId", operation_id(t->method, path), "summary",
			      t->help, "tags", tag_of(path), "parameters", parameters(r, t, vars), "responses",
			      answers(r, t));

	if (!o)
		return NULL;
	if (t->body || t->csv & CSV_IN)
		(void)json_object_set_new(o, "requestBody", body(r, t));
	if (least == ROLE_NONE) {
		(void)json_object_set_new(o, "security", json_array());
		return o;
	}
	(void)json_object_set_new(o, "x-role", json_string(role_name(least)));
	(void)json_object_set_new(o, "description",
				  json_sprintf("Needs the role \"%s\" or a greater one.", role_name(least)));
	return o;
}

/* ------------------------------------------------------------------ the document */

static void add_routes(json_t *paths, const struct resource *r, const struct route *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_t *vars = json_array(), *item, *id;
		char method[8];
		struct buf b;

		buf_init(&b);
		path_text(&b, r, t[i].path, vars);
		for (size_t k = 0; k < sizeof(method) && (!k || t[i].method[k - 1]); k++)
			method[k] = (char)tolower((unsigned char)t[i].method[k]);
		item = buf_err(&b) ? NULL : json_object_get(paths, b.p);
		if (!item && !buf_err(&b)) {
			item = json_object();
			(void)json_object_set_new(paths, b.p, item);
		}
		id = buf_err(&b) ? NULL : operation(r, &t[i], b.p, vars);
		(void)json_object_set_new(item, method, id);
		json_decref(vars);
		buf_free(&b);
	}
}

static json_t *all_paths(void)
{
	json_t *paths = json_object();
	size_t n = 0;
	const struct resource *const *v = pbx_resources(&n);

	add_routes(paths, NULL, api_fixed_routes, api_nfixed_routes);
	for (size_t i = 0; i < n; i++)
		add_routes(paths, v[i], api_resource_routes, api_nresource_routes);
	return paths;
}

static json_t *common_parameters(void)
{
	return json_pack("{s:{s:s, s:s, s:s, s:{s:s}}, s:{s:s, s:s, s:s, s:{s:s}}, s:{s:s, s:s, s:s, s:{s:s}}}",
			 "if_match", "name", "If-Match", "in", "header", "description",
			 "ETag of the row as it was read: 412 if somebody has changed it since.", "schema", "type",
			 "string", "if_none_match", "name", "If-None-Match", "in", "header", "description",
			 "ETag of the row as it was read: 304 if it is still like that.", "schema", "type", "string",
			 "csrf", "name", "X-CSRF-Token", "in", "header", "description",
			 "The session's `csrf`: needed with a session, not with a token.", "schema", "type", "string");
}

static json_t *security_schemes(void)
{
	return json_pack("{s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s, s:s}}", "token", "type", "http", "scheme", "bearer",
			 "description", "A token of `tokens`.", "session", "type", "apiKey", "in", "cookie", "name",
			 "offhook_session", "description",
			 "The cookie that a sign-in gave; by TLS its name is __Host-offhook_session.");
}

static json_t *document(void)
{
	json_t *error = json_pack("{s:{s:s, s:o}}", "error", "description", "What is wrong, and what to do.", "content",
				  content("application/json", ref("schemas", "error"), false));

	return json_pack(
		"{s:s, s:{s:s, s:s, s:s, s:{s:s, s:s}}, s:[{s:s}], s:[{s:[]}, {s:[]}], s:o, s:{s:o, s:o, s:o, s:o}}",
		"openapi", "3.1.0", "info", "title", "offhook", "version", OFFHOOK_VERSION, "description",
		"The phone system. Lists answer {\"items\", \"next\"}; times are milliseconds since 1970 in UTC; "
		"what is unknown is refused, not ignored.",
		"license", "name", "MIT License", "identifier", "MIT", "servers", "url", "/api/v1", "security", "token",
		"session", "paths", all_paths(), "components", "schemas", openapi_schemas(), "responses", error,
		"parameters", common_parameters(), "securitySchemes", security_schemes());
}

void api_openapi(struct job *j)
{
	struct api *a = j->api;

	if (!a->openapi) {
		json_t *doc = document();

		a->openapi = doc ? json_dumps(doc, JSON_COMPACT) : NULL;
		json_decref(doc);
	}
	if (a->openapi)
		job_bytes(j, 200, "application/json", slice_str(a->openapi));
	else
		job_fail(j, ENOMEM, NULL);
}
