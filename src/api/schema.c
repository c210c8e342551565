/*
 * schema.c - the resource table for the page: all that its forms and lists are made of.
 */
#include "api/api_priv.h"

static const char *const types[] = {
	[FIELD_TEXT] = "text", [FIELD_INT] = "integer",   [FIELD_BOOL] = "boolean",     [FIELD_ENUM] = "choice",
	[FIELD_TIME] = "time", [FIELD_SECRET] = "secret", [FIELD_PASSWORD] = "password"};

json_t *api_words(const char *list)
{
	json_t *v = json_array();
	struct slice all = slice_str(list);

	while (slice_isset(all)) {
		struct slice one = slice_cut(&all, ' ');

		if (slice_isset(one))
			(void)json_array_append_new(v, json_stringn(one.p, one.l));
	}
	return v;
}

json_t *api_default(const struct field *f)
{
	json_t *v = NULL;

	if (!f->def || field_hidden(f) || f->type == FIELD_TIME || resource_value(f, f->def, &v, NULL))
		return NULL;
	return v;
}

static json_t *field_json(const struct field *f, const char *group)
{
	json_t *o = json_pack("{s:s, s:s, s:b, s:b, s:b, s:b}", "name", f->name, "type", types[f->type], "key",
			      f->flags & FIELD_KEY ? 1 : 0, "required", f->flags & (FIELD_REQUIRED | FIELD_KEY) ? 1 : 0,
			      "readonly", f->flags & FIELD_READONLY ? 1 : 0, "generated",
			      f->flags & FIELD_GENERATED ? 1 : 0);
	bool sized = f->type == FIELD_TEXT || field_hidden(f);

	if (!o)
		return NULL;
	if (f->flags & FIELD_UNIQUE)
		(void)json_object_set_new(o, "unique", json_true());
	if (f->min || (f->type == FIELD_INT && f->max))
		(void)json_object_set_new(o, sized ? "min_length" : "min", json_integer(f->min));
	if (f->max && f->type != FIELD_BOOL)
		(void)json_object_set_new(o, sized ? "max_length" : "max", json_integer(f->max));
	if (f->choices)
		(void)json_object_set_new(o, "choices", api_words(f->choices));
	if (f->pattern)
		(void)json_object_set_new(o, "characters", json_string(f->pattern));
	if (f->help)
		(void)json_object_set_new(o, "help", json_string(f->help));
	if (group)
		(void)json_object_set_new(o, "group", json_string(group));
	if (f->unit)
		(void)json_object_set_new(o, "unit", json_string(f->unit));
	if (f->ref) {
		(void)json_object_set_new(o, "ref", api_words(f->ref));
		(void)json_object_set_new(o, "list", json_boolean(f->flags & FIELD_LIST));
	}
	json_t *def = api_default(f);
	if (def)
		(void)json_object_set_new(o, "default", def);
	return o;
}

static json_t *resource_json(const struct resource *r)
{
	json_t *fields = json_array();
	const char *group = NULL, *only = pbx_resource_only(r);

	for (size_t i = 0; i < r->nfield; i++) {
		group = r->field[i].group ? r->field[i].group : group;
		(void)json_array_append_new(fields, field_json(&r->field[i], group));
	}
	return json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:s, s:s, s:s?, s:s, s:s, s:o}", "name", r->name, "plural",
			 r->plural, "title", r->title, "titles", r->titles, "help", r->help, "key",
			 resource_key(r)->name, "display", resource_name(r)->name, "only", only, "read",
			 role_name(rights_resource(r, false)), "write", role_name(rights_resource(r, true)), "fields",
			 fields);
}

void api_schema(struct job *j)
{
	size_t n = 0;
	const struct resource *const *v = pbx_resources(&n);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, resource_json(v[i]));
	json_t *o = json_pack("{s:s, s:o}", "version", OFFHOOK_VERSION, "resources", list);
	if (o)
		job_reply(j, 200, o);
	else
		job_fail(j, ENOMEM, NULL);
}
