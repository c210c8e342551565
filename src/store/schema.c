/*
 * schema.c - SQL made from a resource table, in the subset that SQLite and PostgreSQL share.
 *
 * Every row has an id that is never used again, a domain and a version. The names of
 * columns are quoted: a field may be called "order".
 */
#include <string.h>
#include "store/store_priv.h"

void sql_name(struct buf *b, const char *name)
{
	buf_char(b, '"');
	for (; *name; name++) {
		if (*name == '"')
			buf_char(b, '"');
		buf_char(b, *name);
	}
	buf_char(b, '"');
}

static void sql_literal(struct buf *b, const char *text)
{
	buf_char(b, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			buf_char(b, '\'');
		buf_char(b, *text);
	}
	buf_char(b, '\'');
}

static const char *column_type(enum field_type t)
{
	switch (t) {
	case FIELD_INT:
	case FIELD_TIME:
		return "BIGINT";
	case FIELD_BOOL:
		return "SMALLINT";
	default:
		return "TEXT";
	}
}

void sql_column(struct buf *b, const struct field *f)
{
	sql_name(b, f->name);
	buf_printf(b, " %s", column_type(f->type));
	if (f->flags & FIELD_KEY)
		buf_str(b, " NOT NULL");
	if (!f->def || f->type == FIELD_SECRET || f->type == FIELD_TIME)
		return;
	buf_str(b, " DEFAULT ");
	if (f->type == FIELD_BOOL)
		buf_char(b, !strcmp(f->def, "true") || !strcmp(f->def, "1") ? '1' : '0');
	else if (f->type == FIELD_INT)
		buf_str(b, f->def);
	else
		sql_literal(b, f->def);
}

void sql_unique(struct buf *b, const struct resource *r, const struct field *f)
{
	buf_str(b, "CREATE UNIQUE INDEX IF NOT EXISTS \"");
	buf_printf(b, "%s_%s\" ON ", r->plural, f->name);
	sql_name(b, r->plural);
	buf_str(b, " (domain_id, ");
	sql_name(b, f->name);
	buf_str(b, ");\n");
}

void resource_sql_create(const struct resource *r, struct buf *b)
{
	buf_str(b, "CREATE TABLE ");
	sql_name(b, r->plural);
	buf_str(b, " (id BIGINT PRIMARY KEY, domain_id BIGINT NOT NULL, version BIGINT NOT NULL DEFAULT 1");
	for (size_t i = 0; i < r->nfield; i++) {
		buf_str(b, ", ");
		sql_column(b, &r->field[i]);
	}
	buf_str(b, ");\n");
	for (size_t i = 0; i < r->nfield; i++)
		if (r->field[i].flags & (FIELD_KEY | FIELD_UNIQUE))
			sql_unique(b, r, &r->field[i]);
}
