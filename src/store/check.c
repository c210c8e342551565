/*
 * check.c - is a JSON object a proper row of a resource? The sentences go to people as they are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/utf8.h"
#include "store/resource.h"

enum { TEXT_MAX = 4096 }; /* characters, where the table gives no limit */

struct check {
	const struct resource *r;
	const struct field *f;
	json_t *obj;
	/* of the first that is wrong, or of all */
	const char **field;
	struct buf *why;
	json_t *errors; /* array; NULL: the check ends at the first */
};

static int refuse(struct check *c, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);

static int refuse(struct check *c, const char *name, const char *fmt, ...)
{
	va_list ap;

	if (c->errors) {
		va_start(ap, fmt);
		json_t *text = json_vsprintf(fmt, ap);
		va_end(ap);
		json_t *e = json_pack("{s:s, s:o*}", "field", name, "message", text);
		return json_array_append_new(c->errors, e) ? ENOMEM : ERR_SYNTAX;
	}
	if (c->field)
		*c->field = name;
	if (c->why) {
		va_start(ap, fmt);
		buf_vprintf(c->why, fmt, ap);
		va_end(ap);
	}
	return ERR_SYNTAX;
}

/* Replace the member by a new value; takes the reference. */
static int put(struct check *c, json_t *v)
{
	if (!v)
		return ENOMEM;
	return json_object_set_new(c->obj, c->f->name, v) ? ENOMEM : 0;
}

/* Is byte `b` in a set of ranges like "0-9*#"? A '-' at either end means itself. */
static bool in_set(const char *set, char b)
{
	size_t l = strlen(set);

	for (size_t i = 0; i < l; i++) {
		if (i + 2 < l && set[i + 1] == '-') {
			if (b >= set[i] && b <= set[i + 2])
				return true;
			i += 2;
		} else if (b == set[i]) {
			return true;
		}
	}
	return false;
}

static size_t utf8_chars(const char *s, size_t l)
{
	size_t n = 0;

	for (size_t i = 0; i < l; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

static int check_length(struct check *c, size_t n)
{
	const struct field *f = c->f;
	size_t min = f->min > 0 ? (size_t)f->min : 0, max = f->max > 0 ? (size_t)f->max : TEXT_MAX;

	if (!min && (f->flags & (FIELD_REQUIRED | FIELD_KEY)))
		min = 1;
	if (n >= min && n <= max)
		return 0;
	if (!n)
		return refuse(c, f->name, "\"%s\" may not be empty.", f->name);
	if (min == max)
		return refuse(c, f->name, "\"%s\" must have %zu characters; this has %zu.", f->name, min, n);
	if (n < min)
		return refuse(c, f->name, "\"%s\" needs at least %zu characters; this has %zu.", f->name, min, n);
	return refuse(c, f->name, "\"%s\" may have at most %zu characters; this has %zu.", f->name, max, n);
}

static int check_text(struct check *c, json_t *v)
{
	const struct field *f = c->f;
	char num[24];
	const char *s;
	size_t l;
	int err;

	if (json_is_integer(v)) {
		/* {"number": 100}: what is meant is plain */
		snprintf(num, sizeof(num), "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		err = put(c, json_string(num));
		if (err)
			return err;
		v = json_object_get(c->obj, f->name);
	}
	if (!json_is_string(v))
		return refuse(c, f->name, "\"%s\" must be a text in quotation marks.", f->name);
	s = json_string_value(v);
	l = json_string_length(v);
	err = check_length(c, utf8_chars(s, l));
	if (err)
		return err;
	for (size_t i = 0; i < l; i++) {
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return refuse(c, f->name, "\"%s\" may not contain line breaks or other control characters.",
				      f->name);
		if (!f->pattern || in_set(f->pattern, s[i]))
			continue;
		if (field_hidden(f) || (unsigned char)s[i] >= 0x80)
			return refuse(c, f->name, "\"%s\" may contain only these characters: %s", f->name, f->pattern);
		return refuse(c, f->name, "\"%s\" may contain only these characters: %s - but here is a \"%c\".",
			      f->name, f->pattern, s[i]);
	}
	return 0;
}

static int check_int(struct check *c, json_t *v)
{
	const struct field *f = c->f;
	json_int_t n = 0;
	bool ok = false, limited = f->min || f->max;

	if (json_is_integer(v)) {
		n = json_integer_value(v);
		ok = true;
	} else if (json_is_string(v) && f->type == FIELD_TIME) {
		int64_t ms = 0;

		ok = json_string_length(v) && !resource_time(json_string_value(v), &ms);
		n = ms;
	} else if (json_is_string(v)) {
		char *end;

		errno = 0;
		n = strtoll(json_string_value(v), &end, 10);
		ok = json_string_length(v) && !*end && !errno;
	} else if (json_is_real(v)) {
		double d = json_real_value(v);

		ok = d > -1e15 && d < 1e15;
		n = ok ? (json_int_t)d : 0;
		ok = ok && (double)n == d;
	}
	if (limited && (!ok || n < f->min || n > f->max))
		return refuse(c, f->name, "\"%s\" must be a whole number from %lld to %lld.", f->name,
			      (long long)f->min, (long long)f->max);
	if (!ok && f->type == FIELD_TIME)
		return refuse(c, f->name,
			      "\"%s\" must be a time: 2026-01-31, 2026-01-31T18:30, or milliseconds since 1970.",
			      f->name);
	if (!ok)
		return refuse(c, f->name, "\"%s\" must be a whole number.", f->name);
	return json_is_integer(v) ? 0 : put(c, json_integer(n));
}

static int check_bool(struct check *c, json_t *v)
{
	static const char *const word[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};

	if (json_is_boolean(v))
		return 0;
	if (json_is_integer(v) && (json_integer_value(v) == 0 || json_integer_value(v) == 1))
		return put(c, json_boolean(json_integer_value(v) == 1));
	for (size_t i = 0; json_is_string(v) && i < ARRAY_LEN(word); i++)
		if (slice_ieqs(slice_str(json_string_value(v)), word[i]))
			return put(c, json_boolean(i & 1));
	return refuse(c, c->f->name, "\"%s\" must be true or false.", c->f->name);
}

static int check_enum(struct check *c, json_t *v)
{
	struct slice all = slice_str(c->f->choices), one, have;
	struct buf list;
	int err;

	have = json_is_string(v) ? slice_mem(json_string_value(v), json_string_length(v)) : SLICE_NULL;
	while (slice_isset(all)) {
		one = slice_cut(&all, ' ');
		if (slice_isset(one) && slice_eq(one, have))
			return 0;
	}
	buf_init(&list);
	for (all = slice_str(c->f->choices); slice_isset(all);) {
		one = slice_cut(&all, ' ');
		if (slice_isset(one))
			buf_printf(&list, "%s\"%.*s\"", list.l ? ", " : "", SLICE_FMT(one));
	}
	err = refuse(c, c->f->name, "\"%s\" must be one of %.*s.", c->f->name, SLICE_FMT(buf_get(&list)));
	buf_free(&list);
	return err;
}

static json_t *default_value(const struct field *f)
{
	switch (f->type) {
	case FIELD_INT:
		return json_integer(strtoll(f->def, NULL, 10));
	case FIELD_BOOL:
		return json_boolean(!strcmp(f->def, "true") || !strcmp(f->def, "1"));
	default:
		return json_string(f->def);
	}
}

static bool has_default(const struct field *f)
{
	return f->def && f->type != FIELD_SECRET && f->type != FIELD_TIME;
}

static int check_value(struct check *c, json_t *v)
{
	const struct field *f = c->f;

	if (json_is_null(v)) {
		if (f->flags & (FIELD_REQUIRED | FIELD_KEY | FIELD_GENERATED))
			return refuse(c, f->name, "\"%s\" may not be empty.", f->name);
		return has_default(f) ? put(c, default_value(f)) : 0;
	}
	if (f->type == FIELD_PASSWORD && json_is_boolean(v)) {
		/* as it was read: there is one, or none, and so it stays */
		json_object_del(c->obj, f->name);
		return 0;
	}
	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_SECRET:
	case FIELD_PASSWORD:
		return check_text(c, v);
	case FIELD_INT:
	case FIELD_TIME:
		return check_int(c, v);
	case FIELD_BOOL:
		return check_bool(c, v);
	case FIELD_ENUM:
		return check_enum(c, v);
	}
	return 0;
}

static int unknown(struct check *c, const char *name)
{
	const struct resource *r = c->r;
	const char *like = NULL;
	char shown[68];
	size_t best = 3;

	utf8_copy(shown, sizeof(shown), slice_str(name));
	for (size_t i = 0; i < r->nfield; i++) {
		size_t d = slice_distance(slice_str(name), slice_str(r->field[i].name));

		if (d < best && !(r->field[i].flags & FIELD_READONLY)) {
			best = d;
			like = r->field[i].name;
		}
	}
	if (like)
		return refuse(c, name, "There is no field \"%s\" here. Did you mean \"%s\"?", shown, like);
	return refuse(c, name, "There is no field \"%s\" here.", shown);
}

/* Take out what only the system writes, so that an object can be read, changed and sent back. */
static void drop_readonly(struct check *c)
{
	for (size_t i = 0; i < c->r->nfield; i++)
		if (c->r->field[i].flags & FIELD_READONLY)
			json_object_del(c->obj, c->r->field[i].name);
}

static int fill(struct check *c)
{
	for (size_t i = 0; i < c->r->nfield; i++) {
		const struct field *f = c->f = &c->r->field[i];
		int err = 0;

		if (json_object_get(c->obj, f->name))
			continue;
		if (has_default(f))
			err = put(c, default_value(f));
		else if ((f->flags & (FIELD_REQUIRED | FIELD_KEY)) && !(f->flags & (FIELD_GENERATED | FIELD_READONLY)))
			err = refuse(c, f->name, "\"%s\" is missing. %s", f->name, f->help ? f->help : "");
		if (err && !(err == ERR_SYNTAX && c->errors))
			return err;
	}
	return 0;
}

static int check_row(struct check *c, bool create)
{
	const struct resource *r = c->r;
	const char *name;
	json_t *v;
	void *tmp;
	int err;

	if (!json_is_object(c->obj))
		return refuse(c, "", "Give the %s as a JSON object: {\"%s\": ...}.", r->name, resource_key(r)->name);
	drop_readonly(c);
	json_object_foreach_safe(c->obj, tmp, name, v)
	{
		c->f = resource_field(r, slice_str(name));
		err = c->f ? check_value(c, v) : unknown(c, name);
		if (err && !(err == ERR_SYNTAX && c->errors))
			return err;
	}
	return create ? fill(c) : 0;
}

int resource_check(const struct resource *r, json_t *obj, bool create, const char **field, struct buf *why)
{
	struct check c = {.r = r, .obj = obj, .field = field, .why = why};

	return check_row(&c, create);
}

int resource_check_all(const struct resource *r, json_t *obj, bool create, json_t **errors)
{
	struct check c = {.r = r, .obj = obj, .errors = json_array()};
	int err = c.errors ? check_row(&c, create) : ENOMEM;

	if (err && err != ERR_SYNTAX) {
		json_decref(c.errors);
		return err;
	}
	if (!json_array_size(c.errors)) {
		json_decref(c.errors);
		return 0;
	}
	*errors = c.errors;
	return ERR_SYNTAX;
}

int resource_value(const struct field *f, const char *text, json_t **vp, struct buf *why)
{
	/* what is looked for need not be what may be written */
	struct field any = {.name = f->name, .type = f->type, .choices = f->choices};
	const struct resource one = {.name = "", .plural = "", .field = &any, .nfield = 1};
	json_t *o;
	int err;

	if (field_hidden(f)) {
		buf_printf(why, "\"%s\" is secret: nobody can look for it.", f->name);
		return ERR_SYNTAX;
	}
	o = json_pack("{s:s}", f->name, text);
	if (!o) {
		buf_printf(why, "The value of \"%s\" is not text in UTF-8.", f->name);
		return ERR_SYNTAX;
	}
	err = resource_check(&one, o, false, NULL, why);
	if (!err)
		*vp = json_incref(json_object_get(o, f->name));
	json_decref(o);
	return err;
}
