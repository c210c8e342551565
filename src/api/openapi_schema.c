/*
 * openapi_schema.c - JSON Schema (2020-12, as OpenAPI 3.1 has it) of fields, resources and shapes.
 */
#include <string.h>
#include "api/openapi_priv.h"

static json_t *ref(const char *name)
{
	return json_pack("{s:o}", "$ref", json_sprintf("#/components/schemas/%s", name));
}

static json_t *time_type(void)
{
	return json_pack("{s:s, s:s, s:s}", "type", "integer", "format", "int64", "description", "ms since 1970, UTC");
}

static json_t *base_type(const char *t)
{
	static const char *const plain[] = {"string", "integer", "number", "boolean", "object"};

	if (*t == '=')
		return json_pack("{s:s, s:o}", "type", "string", "enum", api_words(t + 1));
	if (!strcmp(t, "time"))
		return time_type();
	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		if (!strcmp(t, plain[i]))
			return json_pack("{s:s}", "type", t);
	return api_shape(slice_str(t)) ? ref(t) : json_pack("{s:s}", "type", "object");
}

json_t *openapi_type(const char *type, bool *required)
{
	char t[80];
	bool null = false, array;
	json_t *s;
	size_t l;

	(void)slice_copy(t, sizeof(t), slice_str(type));
	for (l = strlen(t), *required = false; l && (t[l - 1] == '!' || t[l - 1] == '?'); t[--l] = '\0') {
		*required |= t[l - 1] == '!';
		null |= t[l - 1] == '?';
	}
	array = l > 2 && !strcmp(t + l - 2, "[]");
	if (array)
		t[l - 2] = '\0';
	s = base_type(t);
	if (array)
		s = json_pack("{s:s, s:o}", "type", "array", "items", s);
	return null ? json_pack("{s:[o, {s:s}]}", "anyOf", s, "type", "null") : s;
}

/* ------------------------------------------------------------------ resources */

json_t *openapi_field_type(const struct field *f)
{
	switch (f->type) {
	case FIELD_INT:
		return json_pack("{s:s}", "type", "integer");
	case FIELD_TIME:
		return time_type();
	case FIELD_BOOL:
		return json_pack("{s:s}", "type", "boolean");
	case FIELD_ENUM:
		return json_pack("{s:s, s:o}", "type", "string", "enum", api_words(f->choices));
	default:
		return json_pack("{s:s}", "type", "string");
	}
}

/* May the field be null? It may where nothing has to stand and no default takes its place. */
static bool may_be_null(const struct field *f)
{
	return !(f->flags & (FIELD_REQUIRED | FIELD_KEY | FIELD_GENERATED)) && !f->def;
}

static json_t *field_schema(const struct field *f)
{
	json_t *s = openapi_field_type(f), *def = api_default(f);

	if (f->type == FIELD_INT && (f->min || f->max)) {
		(void)json_object_set_new(s, "minimum", json_integer(f->min));
		(void)json_object_set_new(s, "maximum", json_integer(f->max));
	}
	if (f->type == FIELD_TEXT || field_hidden(f)) {
		if (f->min > 0 || f->flags & (FIELD_REQUIRED | FIELD_KEY))
			(void)json_object_set_new(s, "minLength", json_integer(f->min > 0 ? f->min : 1));
		if (f->max > 0)
			(void)json_object_set_new(s, "maxLength", json_integer(f->max));
	}
	if (may_be_null(f))
		s = json_pack("{s:[o, {s:s}]}", "anyOf", s, "type", "null");
	if (f->type == FIELD_PASSWORD) /* read: is there one? */
		s = json_pack("{s:[o, {s:s}]}", "anyOf", s, "type", "boolean");
	if (f->help)
		(void)json_object_set_new(s, "description", json_string(f->help));
	if (def)
		(void)json_object_set_new(s, "default", def);
	if (f->flags & FIELD_READONLY)
		(void)json_object_set_new(s, "readOnly", json_true());
	return s;
}

static void add_named(json_t *all, const char *name, const char *suffix, json_t *schema)
{
	char text[80];

	snprintf(text, sizeof(text), "%s%s", name, suffix);
	(void)json_object_set_new(all, text, schema);
}

/* A row; a new one, with what it needs; a changed one, as it is answered. */
static void add_resource(json_t *all, const struct resource *r)
{
	json_t *props = json_object(), *need = json_array();

	for (size_t i = 0; i < r->nfield; i++) {
		const struct field *f = &r->field[i];

		(void)json_object_set_new(props, f->name, field_schema(f));
		if (f->flags & (FIELD_REQUIRED | FIELD_KEY) && !(f->flags & (FIELD_GENERATED | FIELD_READONLY)))
			(void)json_array_append_new(need, json_string(f->name));
	}
	(void)json_object_set_new(props, "live",
				  json_pack("{s:s, s:s, s:b}", "type", "object", "description",
					    "How it is at this moment; with the parameter `live`.", "readOnly", 1));
	add_named(all, r->name, "",
		  json_pack("{s:s, s:s, s:o}", "type", "object", "description", r->help, "properties", props));
	add_named(all, r->name, "_new", json_pack("{s:[o], s:o}", "allOf", ref(r->name), "required", need));
	add_named(all, r->name, "_changed", json_pack("{s:[o, o]}", "allOf", ref(r->name), ref("change_note")));
}

/* ------------------------------------------------------------------ shapes */

static json_t *shape_schema(const struct shape *s)
{
	json_t *props = json_object(), *need = json_array(), *o;

	for (size_t i = 0; i < s->n; i++) {
		bool required;
		json_t *t = openapi_type(s->member[i].type, &required);

		if (s->member[i].help)
			(void)json_object_set_new(t, "description", json_string(s->member[i].help));
		(void)json_object_set_new(props, s->member[i].name, t);
		if (required)
			(void)json_array_append_new(need, json_string(s->member[i].name));
	}
	o = json_pack("{s:s, s:s}", "type", "object", "description", s->help);
	if (json_object_size(props))
		(void)json_object_set(o, "properties", props);
	if (json_array_size(need))
		(void)json_object_set(o, "required", need);
	json_decref(props);
	json_decref(need);
	return o;
}

static json_t *error_schema(void)
{
	json_t *field = json_pack("{s:s, s:{s:{s:s}, s:{s:s}, s:{s:s}}}", "type", "object", "properties", "line",
				  "type", "integer", "field", "type", "string", "message", "type", "string");
	json_t *error = json_pack("{s:s, s:[s, s], s:{s:{s:s, s:s}, s:{s:s, s:s}, s:{s:s}, s:{s:s, s:s, s:o}}}", "type",
				  "object", "required", "code", "message", "properties", "code", "type", "string",
				  "description", "For programs.", "message", "type", "string", "description",
				  "For people: what is wrong and what to do.", "field", "type", "string", "fields",
				  "type", "array", "description", "All that is wrong; `field` is the first of them.",
				  "items", field);

	return json_pack("{s:s, s:[s], s:{s:o}}", "type", "object", "required", "error", "properties", "error", error);
}

json_t *openapi_schemas(void)
{
	json_t *all = json_object();
	size_t n = 0;
	const struct resource *const *v = pbx_resources(&n);

	add_named(all, "error", "", error_schema());
	add_named(all, "change_note", "",
		  json_pack("{s:s, s:{s:{s:s, s:s}, s:{s:s, s:s, s:{s:s}}}}", "type", "object", "properties",
			    "change_id", "type", "integer", "description", "For undo; 0: nothing was different.",
			    "warnings", "type", "array", "description", "Sentences for people.", "items", "type",
			    "string"));
	for (size_t i = 0; i < n; i++)
		add_resource(all, v[i]);
	for (size_t i = 0; i < api_nshapes; i++)
		add_named(all, api_shapes[i].name, "", shape_schema(&api_shapes[i]));
	return all;
}
