/*
 * plan_row.c - the fields of a row of the numbering plan, with the defaults of its table.
 */
#include "base/mem.h"
#include "pbx/plan_priv.h"

const char *plan_text(const struct resource *r, const json_t *row, const char *name)
{
	const char *v = json_string_value(json_object_get(row, name));
	const struct field *f = resource_field(r, slice_str(name));

	return v ? v : f && f->def ? f->def : "";
}

uint32_t plan_number(const struct resource *r, const json_t *row, const char *name)
{
	json_t *v = json_object_get(row, name);
	const struct field *f = resource_field(r, slice_str(name));
	uint32_t n = 0;

	if (json_is_integer(v))
		return (uint32_t)json_integer_value(v);
	return f && f->def && !slice_u32(slice_str(f->def), &n) ? n : 0;
}

bool plan_truth(const struct resource *r, const json_t *row, const char *name)
{
	json_t *v = json_object_get(row, name);

	return json_is_boolean(v) ? json_is_true(v) : !strcmp(plan_text(r, row, name), "true");
}

void plan_copy(char *dst, size_t size, const struct resource *r, const json_t *row, const char *name)
{
	(void)slice_copy(dst, size, slice_trim(slice_str(plan_text(r, row, name))));
}

/* People write lists with commas, spaces or both. */
int plan_words(char **dst, const struct resource *r, const json_t *row, const char *name)
{
	struct slice s = slice_str(plan_text(r, row, name));
	struct buf b;
	char *made;
	int err;

	buf_init(&b);
	while (s.l) {
		struct slice part = slice_cut(&s, ',');

		while (part.l) {
			struct slice w = slice_trim(slice_cut(&part, ' '));

			if (w.l)
				buf_printf(&b, "%s%.*s", b.l ? " " : "", SLICE_FMT(w));
		}
	}
	err = buf_strdup(&b, &made);
	buf_free(&b);
	if (err)
		return err;
	mem_deref(*dst);
	*dst = made;
	return 0;
}

int plan_target_sound(const char *target, struct buf *why)
{
	struct slice s = slice_str(target), w = slice_cut(&s, ' ');
	char clean[NUMBER_MAX];
	uint32_t code;

	if (slice_ieqs(w, "refuse") && (!s.l || (!slice_u32(s, &code) && code >= 400 && code < 700)))
		return 0;
	if (!strcmp(target, "hangup") || !strcmp(target, "dialled") ||
	    number_clean(clean, sizeof(clean), slice_str(target)))
		return 0;
	buf_printf(why,
		   "\"%s\" is not understood as a target: an extension, a feature code, \"refuse\", \"refuse 486\" "
		   "(400 to 699) or \"dialled\".",
		   target);
	return ERR_SYNTAX;
}
