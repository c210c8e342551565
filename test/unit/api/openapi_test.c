/*
 * openapi_test.c - the OpenAPI document: every route is in it, every reference leads somewhere, every shape and
 * parameter that the tables name is described; and the schema for the page has every field.
 *
 * With OFFHOOK_OPENAPI_OUT in the environment the document is written there, for validators from outside
 * (test/api/openapi.sh).
 */
#include "fix.h"

/* The route's path with {} for all variables. */
static void plain(char *dst, size_t size, const char *path)
{
	size_t n = 0;

	for (; *path && n < size - 1; path++) {
		dst[n++] = *path;
		if (*path == '{')
			path = strchr(path, '}') - 1;
	}
	dst[n] = '\0';
}

static json_t *operation(json_t *paths, const char *method, const char *path)
{
	const char *name;
	json_t *item;

	json_object_foreach(paths, name, item)
	{
		char text[160], low[8];
		size_t i = 0;

		plain(text, sizeof(text), name);
		if (strcmp(text, path))
			continue;
		for (; method[i]; i++)
			low[i] = (char)(method[i] | 0x20);
		low[i] = '\0';
		if (json_object_get(item, low))
			return json_object_get(item, low);
	}
	return NULL;
}

static json_t *follow(json_t *doc, const char *ref)
{
	struct slice rest = slice_from(slice_str(ref), 2);

	assert_true(slice_starts(slice_str(ref), SLICE("#/")));
	while (doc && slice_isset(rest)) {
		char name[80];

		assert_true(slice_copy(name, sizeof(name), slice_cut(&rest, '/')));
		doc = json_object_get(doc, name);
	}
	return doc;
}

static size_t check_refs(json_t *doc, json_t *at)
{
	const char *name, *ref = json_string_value(json_object_get(at, "$ref"));
	size_t n = 0, i;
	json_t *v;

	if (ref) {
		if (!follow(doc, ref))
			fail_msg("%s leads nowhere", ref);
		n++;
	}
	json_object_foreach(at, name, v)
	{
		if (!v)
			fail_msg("an empty member %s", name);
		n += check_refs(doc, v);
	}
	json_array_foreach(at, i, v) n += check_refs(doc, v);
	return n;
}

static void check_operation(json_t *doc, const char *method, const char *path, const struct route *t, json_t *ids)
{
	json_t *op = operation(json_object_get(doc, "paths"), method, path);
	const char *id = json_string_value(json_object_get(op, "operationId"));
	size_t vars = 0, got = 0, i;
	json_t *p;

	if (!op)
		fail_msg("%s %s is not in the document", method, path);
	assert_non_null(json_string_value(json_object_get(op, "summary")));
	if (json_object_get(ids, id))
		fail_msg("two operations are called %s", id);
	json_object_set_new(ids, id, json_true());
	for (const char *s = path; (s = strstr(s, "{}")); s++)
		vars++;
	json_array_foreach(json_object_get(op, "parameters"), i, p)
	{
		const char *in = json_string_value(json_object_get(p, "in"));

		if (in && !strcmp(in, "path")) {
			got++;
			assert_true(json_is_true(json_object_get(p, "required")));
		}
	}
	assert_int_equal(got, vars);
	assert_true(json_object_size(json_object_get(op, "responses")) >= 3);
	if (t->body && !json_object_get(op, "requestBody"))
		fail_msg("%s %s has no body", method, path);
}

static void test_document(void **state)
{
	struct fix *f = *state;
	const char *out = getenv("OFFHOOK_OPENAPI_OUT");
	size_t n;
	const struct resource *const *v = pbx_resources(&n);
	json_t *doc, *ids = json_object();
	json_error_t e;

	assert_int_equal(ask(f, "GET", "/api/v1/openapi.json", NULL), 200);
	assert_string_equal(f->ctype, "application/json");
	doc = json_loads(f->text, JSON_REJECT_DUPLICATES, &e);
	if (!doc)
		fail_msg("line %d: %s", e.line, e.text);
	if (out) {
		FILE *fp = fopen(out, "w");

		assert_non_null(fp);
		fputs(f->text, fp);
		fclose(fp);
	}
	assert_string_equal(json_string_value(json_object_get(doc, "openapi")), "3.1.0");
	assert_true(check_refs(doc, doc) > 100);
	for (size_t i = 0; i < api_nfixed_routes; i++) {
		char path[160];

		snprintf(path, sizeof(path), "/%s", api_fixed_routes[i].path);
		check_operation(doc, api_fixed_routes[i].method, path, &api_fixed_routes[i], ids);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < api_nresource_routes; k++) {
			const struct route *t = &api_resource_routes[k];
			char path[160];

			snprintf(path, sizeof(path), "/%s%s%s", v[i]->plural, *t->path ? "/" : "", t->path);
			check_operation(doc, t->method, path, t, ids);
		}
	/* and once more: the text that is kept */
	assert_int_equal(ask(f, "GET", "/api/v1/openapi.json", NULL), 200);
	json_decref(ids);
	json_decref(doc);
}

/* A type of a table without its marks. */
static struct slice bare(const char *type)
{
	struct slice s = slice_str(type);

	while (s.l && strchr("+!?", s.p[s.l - 1]))
		s.l--;
	if (s.l > 2 && s.p[s.l - 1] == ']')
		s.l -= 2;
	return s;
}

static void check_type(const char *type, const char *where)
{
	static const char *const known[] = {"string", "integer", "number", "boolean", "object", "time", "row"};
	struct slice s = bare(type);

	/* one of some words; bytes of a media type */
	if (slice_starts(s, SLICE("=")) || slice_starts(s, SLICE("@")) || api_shape(s))
		return;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (slice_eqs(s, known[i]))
			return;
	fail_msg("%s: src/api/shape.c has no shape \"%.*s\"", where, SLICE_FMT(s));
}

static void check_route(const struct route *t)
{
	struct slice q = slice_str(t->query);

	if (t->body)
		check_type(t->body, t->path);
	if (t->answer)
		check_type(t->answer, t->path);
	assert_true(t->help && strlen(t->help) > 4 && strchr(".?", t->help[strlen(t->help) - 1]));
	while (slice_isset(q)) {
		char name[40];
		const char *type;

		slice_copy(name, sizeof(name), slice_cut(&q, ' '));
		if (!api_parameter(name, &type))
			fail_msg("%s %s: src/api/shape.c does not describe the parameter %s", t->method, t->path, name);
	}
}

static void test_tables(void **state)
{
	size_t n;
	const struct resource *const *v = pbx_resources(&n);

	(void)state;
	for (size_t i = 0; i < api_nfixed_routes; i++)
		check_route(&api_fixed_routes[i]);
	for (size_t i = 0; i < api_nresource_routes; i++)
		check_route(&api_resource_routes[i]);
	for (size_t i = 0; i < api_nshapes; i++) {
		for (size_t k = 0; k < api_shapes[i].n; k++)
			check_type(api_shapes[i].member[k].type, api_shapes[i].name);
		for (size_t k = 0; k < n; k++)
			assert_string_not_equal(api_shapes[i].name, v[k]->name);
	}
	/* a parameter of lists is no name of a field: it would not filter by it */
	for (size_t i = 0; i < n; i++) {
		struct slice q = slice_str(api_resource_routes[0].query);

		while (slice_isset(q)) {
			struct slice one = slice_cut(&q, ' ');

			if (resource_field(v[i], one))
				fail_msg("%s has a field \"%.*s\"", v[i]->name, SLICE_FMT(one));
		}
		assert_non_null(v[i]->title);
		assert_non_null(v[i]->titles);
		for (size_t k = 0; k < v[i]->nfield; k++) {
			struct slice refs = slice_str(v[i]->field[k].ref);

			assert_non_null(v[i]->field[k].help);
			while (slice_isset(refs)) {
				struct slice one = slice_cut(&refs, ' ');
				bool there = false;

				for (size_t m = 0; m < n; m++)
					there |= slice_eqs(one, v[m]->name);
				if (!there)
					fail_msg("%s.%s refers to %.*s", v[i]->name, v[i]->field[k].name,
						 SLICE_FMT(one));
			}
		}
	}
}

static void test_schema(void **state)
{
	struct fix *f = *state;
	size_t n, i, k;
	const struct resource *const *v = pbx_resources(&n);
	json_t *list, *r, *d;

	assert_int_equal(ask(f, "GET", "/api/v1/schema", NULL), 200);
	list = json_object_get(f->body, "resources");
	assert_int_equal(json_array_size(list), n);
	json_array_foreach(list, i, r)
	{
		assert_string_equal(json_text(r, "name"), v[i]->name);
		assert_int_equal(json_array_size(json_object_get(r, "fields")), v[i]->nfield);
		json_array_foreach(json_object_get(r, "fields"), k, d)
		{
			assert_string_equal(json_text(d, "name"), v[i]->field[k].name);
			assert_non_null(json_text(d, "type"));
			assert_string_equal(json_text(d, "help"), v[i]->field[k].help);
		}
	}
	r = json_array_get(list, 0);
	assert_string_equal(json_text(r, "display"), "name");
	assert_string_equal(json_text(r, "key"), "number");
	assert_string_equal(json_text(r, "write"), "manager");
	d = json_array_get(json_object_get(r, "fields"), 4);
	assert_string_equal(json_text(d, "unit"), "seconds");
	assert_string_equal(json_text(d, "group"), "Calls");
	assert_int_equal(json_integer_value(json_object_get(d, "default")), 30);
	assert_int_equal(json_integer_value(json_object_get(d, "min")), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_document, fix_setup, fix_teardown),
		cmocka_unit_test(test_tables),
		cmocka_unit_test_setup_teardown(test_schema, fix_setup, fix_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
