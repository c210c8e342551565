/*
 * resources.c - the configuration tables of the phone system. Everything that people can set on an extension
 * stands here once; SQL, REST, command line and documentation follow.
 */
#include "pbx/security.h"
#include "pbx/trunk.h"

static const struct field extension_fields[] = {
	{"number", FIELD_TEXT, FIELD_KEY | FIELD_REQUIRED, 2, 15, NULL, NULL, "0-9",
	 "The number that others dial, and the user name of its phones."},
	{"name", FIELD_TEXT, 0, 0, 80, "", NULL, NULL, "Who or what it is: shown on the phones it calls."},
	{"password", FIELD_SECRET, FIELD_GENERATED, 8, 128, NULL, NULL, NULL,
	 "The SIP password of its phones; generated when not given."},
	{"call_limit", FIELD_INT, 0, 1, 100, "2", NULL, NULL, "Calls at once before callers hear busy."},
	{"ring_seconds", FIELD_INT, 0, 5, 600, "30", NULL, NULL,
	 "How long it rings before the caller is told that nobody answers."},
	{"enabled", FIELD_BOOL, 0, 0, 1, "true", NULL, NULL, "Off: it can neither register nor call nor be called."},
};

const struct resource pbx_extension_resource = {
	"extension",
	"extensions",
	"A number that phones register with and others dial.",
	extension_fields,
	ARRAY_LEN(extension_fields),
};

const struct resource *const *pbx_resources(size_t *n)
{
	static const struct resource *const all[] = {&pbx_extension_resource, &pbx_trunk_resource,
						     &pbx_allowed_resource, &pbx_limit_resource};

	*n = ARRAY_LEN(all);
	return all;
}
