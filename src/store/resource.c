/*
 * resource.c - looking things up in a resource table.
 */
#include "store/resource.h"

const struct field *resource_field(const struct resource *r, struct slice name)
{
	for (size_t i = 0; i < r->nfield; i++)
		if (slice_eqs(name, r->field[i].name))
			return &r->field[i];
	return NULL;
}

const struct field *resource_key(const struct resource *r)
{
	for (size_t i = 0; i < r->nfield; i++)
		if (r->field[i].flags & FIELD_KEY)
			return &r->field[i];
	return &r->field[0];
}

const struct field *resource_name(const struct resource *r)
{
	for (size_t i = 0; i < r->nfield; i++)
		if (r->field[i].flags & FIELD_NAME)
			return &r->field[i];
	return resource_key(r);
}

const char *resource_noun(const struct resource *r, char dst[RESOURCE_NOUN])
{
	(void)slice_copy(dst, RESOURCE_NOUN, slice_str(r->name));
	for (char *p = dst; *p; p++) {
		if (*p == '_')
			*p = ' ';
	}
	return dst;
}
