/*
 * settings.c - how calls are treated, for all: a table with one row. What it says holds at once, also for calls that
 * are up.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "call/sounds.h"
#include "call/tones.h"
#include "pbx/pbx_priv.h"
#include "pbx/recording.h"
#include "pbx/settings.h"

static const struct field settings_fields[] = {
	{"name", FIELD_TEXT, FIELD_KEY | FIELD_REQUIRED, 4, 4, NULL, NULL, "a-z", "Always \"main\".", .group = "Calls"},
	{"recall_seconds", FIELD_INT, 0, 5, 600, "30", NULL, NULL,
	 "When a transfer fails, the phone that asked for it and has hung up rings again for so long.",
	 .unit = "seconds"},
	{"challenge_in_calls", FIELD_BOOL, 0, 0, 1, "false", NULL, NULL,
	 "On: phones give their password again for each change in a call (hold, codecs, transfer). Off: for transfers "
	 "that are asked for from elsewhere than the call came from."},
	{"hold_music", FIELD_BOOL, 0, 0, 1, "true", NULL, NULL,
	 "Who is put on hold hears music. Off: what the phone that holds plays, or nothing."},
	{"language", FIELD_TEXT, 0, 2, 15, "en", NULL, "a-zA-Z0-9_-",
	 "Language of what the system says: en, de, es_MX. What it does not have is said in English.",
	 .group = "Sound"},
	{"record_format", FIELD_ENUM, 0, 0, 0, "wav", "wav opus", NULL,
	 "Recordings: wav (58 MB for an hour and channel at 8 kHz), or opus (9 MB for an hour).",
	 .group = "Recordings"},
	{"record_stereo", FIELD_BOOL, 0, 0, 1, "true", NULL, NULL,
	 "On: each party in a channel of its own; off: both in one."},
	{"record_days", FIELD_INT, 0, 0, 36500, "0", NULL, NULL,
	 "Recordings older than so many days are removed; 0: they are kept.", .unit = "days"},
	{"record_min_free_mb", FIELD_INT, 0, 0, 1000000, "200", NULL, NULL,
	 "With less room on the disk nothing is recorded; calls go on.", .unit = "MB"},
	{"metrics_open", FIELD_BOOL, 0, 0, 1, "false", NULL, NULL,
	 "On: /metrics answers everybody. Off: it takes a token with the scope metrics, or somebody who has signed "
	 "in.",
	 .group = "Watching"},
	{"time_zone", FIELD_TEXT, 0, 0, 60, "", NULL, "a-zA-Z0-9_/+-",
	 "Where the clock is read, for hours of routes and times in the log: Europe/Berlin. Empty: as the machine.",
	 .group = "Place"},
	{"first_steps", FIELD_ENUM, 0, 0, 0, "place", "place phones provider numbers route try done", NULL,
	 "How far the guide for a new phone system has come; done: it is not offered any more."},
};
const struct resource pbx_settings_resource = {
	"settings", "settings", "How calls are treated.", settings_fields, ARRAY_LEN(settings_fields),
	"Settings", "Settings"};

enum { RECALL_S = 30, MIN_FREE_MB = 200 };

/* The clock of the process. Its place in the environment is made once; later only the value is another. */
static void use_zone(const char *zone)
{
	static bool ours;

	if (!*zone && !ours)
		return;
	ours = true;
	(void)setenv("TZ", *zone ? zone : ":/etc/localtime", 1);
	tzset();
}

void settings_use(struct pbx *p)
{
	if (p->calls)
		calls_set_recall(p->calls, p->settings.recall_s * 1000);
	if (p->calls)
		calls_set_country(p->calls, p->plan.home.country ? p->plan.home.country->iso : "");
	if (p->calls && calls_sounds(p->calls))
		sounds_set_language(calls_sounds(p->calls), p->settings.language);
	record_settings(p);
}

static void defaults(struct settings *s)
{
	*s = (struct settings){.recall_s = RECALL_S,
			       .hold_music = true,
			       .language = "en",
			       .record_stereo = true,
			       .record_min_free_mb = MIN_FREE_MB};
}

static void set(struct pbx *p, const struct settings *s)
{
	p->settings = *s;
	use_zone(s->time_zone);
	settings_use(p);
}

static uint32_t number(const json_t *row, const char *name, uint32_t def)
{
	const json_t *v = json_object_get(row, name);

	return json_is_integer(v) ? (uint32_t)json_integer_value(v) : def;
}

/* Zones are files of the system's; a name that has none would silently be UTC. */
static int check_zone(const char *zone, struct buf *why)
{
	char path[128];

	if (!zone || !*zone)
		return 0;
	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone);
	if (*zone != '/' && !access(path, R_OK))
		return 0;
	buf_printf(why,
		   "There is no time zone \"%s\" on this machine. Write it so: Europe/Berlin, America/New_York, UTC.",
		   zone);
	return why_at(ERR_SYNTAX, why, "time_zone");
}

int settings_check(const struct change_item *it, struct buf *why)
{
	if (it->r != &pbx_settings_resource)
		return 0;
	if (!strcmp(it->key, PLAN_ONLY))
		return check_zone(json_string_value(json_object_get(it->obj, "time_zone")), why);
	buf_printf(why, "There is only one of these; its name is \"%s\".", PLAN_ONLY);
	return ERR_SYNTAX;
}

bool settings_apply(const struct change_item *it, const json_t *row, struct pbx *p)
{
	const char *format = json_string_value(json_object_get(row, "record_format"));
	const char *lang = json_string_value(json_object_get(row, "language"));
	const char *zone = json_string_value(json_object_get(row, "time_zone"));
	struct settings s;

	if (it->r != &pbx_settings_resource)
		return false;
	defaults(&s);
	s.recall_s = number(row, "recall_seconds", RECALL_S);
	s.challenge = json_is_true(json_object_get(row, "challenge_in_calls"));
	s.hold_music = !json_is_false(json_object_get(row, "hold_music"));
	if (lang && *lang)
		(void)slice_copy(s.language, sizeof(s.language), slice_str(lang));
	s.record_opus = format && !strcmp(format, "opus");
	s.record_stereo = !json_is_false(json_object_get(row, "record_stereo"));
	s.record_days = number(row, "record_days", 0);
	s.record_min_free_mb = number(row, "record_min_free_mb", MIN_FREE_MB);
	s.metrics_open = json_is_true(json_object_get(row, "metrics_open"));
	(void)slice_copy(s.time_zone, sizeof(s.time_zone), slice_str(zone ? zone : ""));
	s.stored = row != NULL;
	set(p, &s);
	return true;
}

static uint32_t column(const char *text, uint32_t def)
{
	return text ? (uint32_t)strtoul(text, NULL, 10) : def;
}

/* Columns as in the table. */
static void load_row(const char *const *col, const size_t *len, void *arg)
{
	struct settings s;

	(void)len;
	defaults(&s);
	s.recall_s = column(col[1], RECALL_S);
	s.challenge = column(col[2], 0);
	s.hold_music = column(col[3], 1);
	if (col[4] && *col[4])
		(void)slice_copy(s.language, sizeof(s.language), slice_str(col[4]));
	s.record_opus = col[5] && !strcmp(col[5], "opus");
	s.record_stereo = column(col[6], 1);
	s.record_days = column(col[7], 0);
	s.record_min_free_mb = column(col[8], MIN_FREE_MB);
	s.metrics_open = column(col[9], 0);
	(void)slice_copy(s.time_zone, sizeof(s.time_zone), slice_str(col[10] ? col[10] : ""));
	s.stored = true;
	set(arg, &s);
}

int settings_load(struct pbx *p)
{
	struct settings s;

	defaults(&s);
	set(p, &s);
	return store_load(p->store, &pbx_settings_resource, load_row, p);
}

bool pbx_challenges(void *arg)
{
	return ((const struct pbx *)arg)->settings.challenge;
}

bool settings_hold_music(const struct leg *l, struct media_source **sp, void *arg)
{
	const struct pbx *p = arg;
	struct sounds *s = p->calls ? calls_sounds(p->calls) : NULL;

	(void)l;
	return s && p->settings.hold_music && (!sp || !sounds_music(s, sp));
}
