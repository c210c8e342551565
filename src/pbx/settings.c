/*
 * settings.c - how calls are treated, for all: a table with one row. What it says holds at once, also for calls that
 * are up.
 */
#include <stdlib.h>
#include <string.h>
#include "pbx/pbx_priv.h"
#include "pbx/settings.h"

static const struct field settings_fields[] = {
	{"name", FIELD_TEXT, FIELD_KEY | FIELD_REQUIRED, 4, 4, NULL, NULL, "a-z", "Always \"main\"."},
	{"recall_seconds", FIELD_INT, 0, 5, 600, "30", NULL, NULL,
	 "When a transfer fails, the phone that asked for it and has hung up rings again for so long."},
	{"challenge_in_calls", FIELD_BOOL, 0, 0, 1, "false", NULL, NULL,
	 "On: phones give their password again for each change in a call (hold, codecs, transfer). Off: for transfers "
	 "that are asked for from elsewhere than the call came from."},
};
const struct resource pbx_settings_resource = {
	"settings", "settings", "How calls are treated.", settings_fields, ARRAY_LEN(settings_fields),
};

enum { RECALL_S = 30 };

void settings_use(struct pbx *p)
{
	if (p->calls)
		calls_set_recall(p->calls, p->settings.recall_s * 1000);
}

static void set(struct pbx *p, uint32_t recall_s, bool challenge, bool stored)
{
	p->settings = (struct settings){.recall_s = recall_s, .challenge = challenge, .stored = stored};
	settings_use(p);
}

int settings_check(const struct change_item *it, struct buf *why)
{
	if (it->r != &pbx_settings_resource || !strcmp(it->key, PLAN_ONLY))
		return 0;
	buf_printf(why, "There is only one of these; its name is \"%s\".", PLAN_ONLY);
	return ERR_SYNTAX;
}

bool settings_apply(const struct change_item *it, const json_t *row, struct pbx *p)
{
	const json_t *recall = json_object_get(row, "recall_seconds");

	if (it->r != &pbx_settings_resource)
		return false;
	set(p, recall ? (uint32_t)json_integer_value(recall) : RECALL_S,
	    json_is_true(json_object_get(row, "challenge_in_calls")), row != NULL);
	return true;
}

static void load_row(const char *const *col, const size_t *len, void *arg)
{
	(void)len;
	set(arg, col[1] ? (uint32_t)strtoul(col[1], NULL, 10) : RECALL_S, col[2] && !strcmp(col[2], "1"), true);
}

int settings_load(struct pbx *p)
{
	set(p, RECALL_S, false, false);
	return store_load(p->store, &pbx_settings_resource, load_row, p);
}

bool pbx_challenges(void *arg)
{
	return ((const struct pbx *)arg)->settings.challenge;
}
