/*
 * resource.h - one table describes each resource: its SQL schema, the check of its values, REST, command line,
 * OpenAPI and later the page's forms all come from it.
 *
 * Thread: any; tables are constant. Ownership: none.
 */
#ifndef OFFHOOK_STORE_RESOURCE_H
#define OFFHOOK_STORE_RESOURCE_H

#include <jansson.h>
#include "base/buf.h"

enum field_type {
	FIELD_TEXT, /**< min..max characters (UTF-8) */
	FIELD_INT,  /**< min..max */
	FIELD_BOOL,
	FIELD_ENUM,   /**< one of `choices`, space separated */
	FIELD_TIME,   /**< ms since 1970; with `def` "create" or "change" the store writes it then */
	FIELD_SECRET, /**< stored encrypted, shown only on request; min..max characters */
	/** Write-only, min..max characters: kept as somebody who knows how turns it into (a hash) before it gets here.
	 * Answers show `true` where there is one; only an export with secrets has it, as it is kept */
	FIELD_PASSWORD
};
enum field_flag {
	FIELD_KEY = 1, /**< the name of the row in URLs; exactly one field */
	FIELD_REQUIRED = 2,
	FIELD_READONLY = 4,  /**< set by the system; what people send for it is ignored */
	FIELD_GENERATED = 8, /**< made at creation when not given (secrets) */
	FIELD_UNIQUE = 16,
	FIELD_NAME = 32,   /**< what people call the row, shown beside or in place of the key */
	FIELD_LIST = 64,   /**< of `ref`: several of them, separated by spaces */
	FIELD_SYSTEM = 128 /**< its value is made by the system, never typed: people can only empty it */
};
struct field {
	const char *name; /**< snake_case: column, JSON member, --name-with-dashes */
	enum field_type type;
	unsigned flags;
	int64_t min, max;
	const char *def;     /**< default as text, or NULL */
	const char *choices; /**< FIELD_ENUM */
	const char *pattern; /**< characters allowed, e.g. "0-9*#" as a set of ranges, or NULL */
	const char *help;    /**< one sentence for people */
	/* for forms; mostly named where they are set */
	const char *group; /**< heading under which it stands; those after it stand there too, until another is named */
	const char *unit;  /**< "seconds", "calls": what a number counts */
	const char *ref;   /**< resources whose keys are taken, space separated ("extension conference"): suggestions,
			      other   values may be allowed as well */
};
struct resource {
	const char *name;   /**< singular: "extension" */
	const char *plural; /**< "extensions": URL and table name */
	const char *help;
	const struct field *field;
	size_t nfield;
	const char *title;  /**< for people: "Extension", "Outgoing route" */
	const char *titles; /**< several of them: "Extensions" */
};

/** Not for everybody's eyes: FIELD_SECRET, FIELD_PASSWORD. */
static inline bool field_hidden(const struct field *f)
{
	return f->type == FIELD_SECRET || f->type == FIELD_PASSWORD;
}
/** Field by name; NULL. */
const struct field *resource_field(const struct resource *r, struct slice name);
/** The key field. */
const struct field *resource_key(const struct resource *r);
enum { RESOURCE_NOUN = 40 /**< room for resource_noun() */ };
/** The field that people know a row by: FIELD_NAME, or the key. */
const struct field *resource_name(const struct resource *r);
/** Its name as it stands in a sentence: "route out" for "route_out", into `dst`, which is returned. */
const char *resource_noun(const struct resource *r, char dst[RESOURCE_NOUN]);
/**
 * Check the members of a JSON object against the table; `create` also asks for required fields and fills defaults
 * (not secrets). Text input such as "30" or "true" is taken for numbers and booleans (command line), and obj is changed
 * to the proper type; read-only members are taken out; null means "none" where a value is not required.
 * On ERR_SYNTAX `why` (may be NULL) holds one sentence and `field` (may be NULL) the member's name. ENOMEM.
 */
int resource_check(const struct resource *r, json_t *obj, bool create, const char **field, struct buf *why) MUST_CHECK;
/**
 * As resource_check(), but all that is wrong is told: on ERR_SYNTAX `*errors` is a new array of
 * {"field": name, "message": sentence}, at least one; members that are right are converted all the same.
 */
int resource_check_all(const struct resource *r, json_t *obj, bool create, json_t **errors) MUST_CHECK;
/** The text of a query for a field ("true", "30") as a value of its type: a new reference in `*vp`. ERR_SYNTAX with a
 * sentence: it cannot be, or the field is a secret. */
int resource_value(const struct field *f, const char *text, json_t **vp, struct buf *why) MUST_CHECK;
/** "2026-01-31", "2026-01-31T12:00[:00][Z]" (without Z: local time) or ms since 1970. ERR_SYNTAX. */
int resource_time(const char *s, int64_t *ms) MUST_CHECK;
/** CREATE TABLE and CREATE INDEX text for SQLite and PostgreSQL (with id, domain_id and version columns). */
void resource_sql_create(const struct resource *r, struct buf *b);

#endif
