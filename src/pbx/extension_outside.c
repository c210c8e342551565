/*
 * extension_outside.c - what an extension has to do with the world outside: its number there, its place, what is open
 * for it. Most extensions have nothing of the kind, and then no memory is spent on it.
 */
#include "base/mem.h"
#include "pbx/pbx_priv.h"

static void outside_destroy(void *obj)
{
	struct extension_outside *o = obj;

	mem_deref(o->number);
	mem_deref(o->name);
	mem_deref(o->location);
	mem_deref(o->open);
}

/* Commas are as good as spaces between words. */
static int keep(char **dst, const char *s, bool list)
{
	int err = mem_strdup(dst, s ? s : "");

	for (char *p = err || !list ? NULL : *dst; p && *p; p++)
		if (*p == ',')
			*p = ' ';
	return err;
}

static uint32_t count(const json_t *row, const char *name)
{
	json_int_t v = json_integer_value(json_object_get(row, name));

	return v > 0 && v < 1000000 ? (uint32_t)v : 0;
}

int extension_outside_take(struct extension *e, const json_t *row)
{
	const char *number = json_string_value(json_object_get(row, "outside_number"));
	const char *name = json_string_value(json_object_get(row, "outside_name"));
	const char *location = json_string_value(json_object_get(row, "location"));
	const char *open = json_string_value(json_object_get(row, "open"));
	struct extension_outside set = {
		.hide = json_is_true(json_object_get(row, "hide_number")),
		.locked = json_is_true(json_object_get(row, "locked")),
		.calls = count(row, "outside_calls"),
		.per_minute = count(row, "outside_per_minute"),
		.per_day = count(row, "outside_per_day"),
	};
	struct extension_outside *o;
	int err;

	if (!(number && *number) && !(name && *name) && !(location && *location) && !(open && *open) && !set.hide &&
	    !set.locked && !set.calls && !set.per_minute && !set.per_day) {
		e->outside = mem_deref(e->outside);
		return 0;
	}
	o = mem_zalloc(sizeof(*o), outside_destroy);
	if (!o)
		return ENOMEM;
	*o = set;
	err = keep(&o->number, number, false);
	if (!err)
		err = keep(&o->name, name, false);
	if (!err)
		err = keep(&o->location, location, false);
	if (!err)
		err = keep(&o->open, open, true);
	if (err) {
		mem_deref(o);
		return err;
	}
	mem_deref(e->outside);
	e->outside = o;
	return 0;
}
