/*
 * plan_resource.c - the tables of routes, our numbers, numbering and brakes. SQL, REST, command line and documentation
 * come from here.
 */
#include "pbx/plan.h"

static const struct field route_out_fields[] = {
	{"name", FIELD_TEXT, FIELD_KEY | FIELD_REQUIRED, 1, 40, NULL, NULL, "a-zA-Z0-9_.-", "What people call it.",
	 .group = "General"},
	{"order", FIELD_INT, 0, 0, 9999, "100", NULL, NULL,
	 "Routes are looked at from the lowest; the first that fits is taken."},
	{"pattern", FIELD_TEXT, FIELD_REQUIRED, 1, 1000, NULL, NULL, NULL,
	 "Numbers it is for, separated by spaces: 00 (a beginning), =112233, NXXXXXX, 9|., +44, ~^0[1-9]"},
	{"trunks", FIELD_TEXT, FIELD_REQUIRED | FIELD_LIST, 1, 400, NULL, NULL, NULL,
	 "Trunks in the order in which they are tried, separated by spaces.", .ref = "trunk"},
	{"strip", FIELD_INT, 0, 0, 20, "0", NULL, NULL, "Digits taken away from the front.", .group = "Number",
	 .unit = "digits"},
	{"prepend", FIELD_TEXT, 0, 0, 20, "", NULL, "0-9+*#", "Digits put in front after that."},
	{"replace", FIELD_TEXT, 0, 0, 60, "", NULL, NULL,
	 "What a regular expression makes of the number: 0049$1. In place of strip."},
	{"send", FIELD_ENUM, 0, 0, 0, "dialled", "dialled e164 digits national", NULL,
	 "Form that is sent: as dialled (after strip and prepend), +4930.., 4930.., or as dialled in the trunk's "
	 "country."},
	{"extensions", FIELD_TEXT, FIELD_LIST, 0, 1000, "", NULL, NULL,
	 "Extensions it is for: numbers or patterns. Empty: all.", .group = "Who and when", .ref = "extension"},
	{"hours", FIELD_TEXT, 0, 0, 300, "", NULL, NULL,
	 "When it is open: mon-fri 08:00-18:00, sat 09:00-12:00. Empty: always."},
	{"pin", FIELD_SECRET, 0, 3, 20, NULL, NULL, "0-9", "Asked for: dial the number, * and the PIN."},
	{"caller_id", FIELD_TEXT, 0, 0, 30, "", NULL, NULL, "Number shown in place of the extension's or the trunk's.",
	 .group = "Caller", .ref = "did"},
	{"keep_caller", FIELD_BOOL, 0, 0, 1, "false", NULL, NULL,
	 "Calls passed on from outside show their caller; the provider must allow it."},
	{"tries", FIELD_INT, 0, 1, 8, "4", NULL, NULL, "How many trunks are tried at most.", .group = "More",
	 .unit = "trunks"},
	{"enabled", FIELD_BOOL, 0, 0, 1, "true", NULL, NULL, "Off: it is passed over."},
};
const struct resource pbx_route_out_resource = {"route_out",
						"routes_out",
						"A way for calls to the outside.",
						route_out_fields,
						ARRAY_LEN(route_out_fields),
						"Outgoing route",
						"Outgoing routes"};

static const struct field route_in_fields[] = {
	{"name", FIELD_TEXT, FIELD_KEY | FIELD_REQUIRED, 1, 40, NULL, NULL, "a-zA-Z0-9_.-", "What people call it.",
	 .group = "General"},
	{"order", FIELD_INT, 0, 0, 9999, "100", NULL, NULL,
	 "Rules are looked at from the lowest; the first that fits is taken."},
	{"target", FIELD_TEXT, FIELD_REQUIRED, 1, 40, NULL, NULL, NULL,
	 "Where to: an extension, a feature code, \"refuse\" or \"refuse 486\", \"dialled\" (as a phone here dials "
	 "it).",
	 .ref = "extension conference"},
	{"numbers", FIELD_TEXT, FIELD_LIST, 0, 1000, "", NULL, NULL, "Called numbers it is for: patterns. Empty: all.",
	 .group = "Which calls", .ref = "did"},
	{"callers", FIELD_TEXT, 0, 0, 1000, "", NULL, NULL,
	 "Callers it is for: patterns, and \"anonymous\". Empty: all."},
	{"trunks", FIELD_TEXT, FIELD_LIST, 0, 400, "", NULL, NULL, "Trunks it is for. Empty: all.", .ref = "trunk"},
	{"hours", FIELD_TEXT, 0, 0, 300, "", NULL, NULL, "When it holds: mon-fri 08:00-18:00. Empty: always."},
	{"name_prefix", FIELD_TEXT, 0, 0, 20, "", NULL, NULL, "Put before the caller's name: Sales:", .group = "More"},
	{"enabled", FIELD_BOOL, 0, 0, 1, "true", NULL, NULL, "Off: it is passed over."},
};
const struct resource pbx_route_in_resource = {"route_in",
					       "routes_in",
					       "A rule for calls that come in, before the numbers.",
					       route_in_fields,
					       ARRAY_LEN(route_in_fields),
					       "Incoming rule",
					       "Incoming rules"};

static const struct field did_fields[] = {
	{"number", FIELD_TEXT, FIELD_KEY | FIELD_REQUIRED, 2, 30, NULL, NULL, "0-9+()/. -",
	 "The number, in any form: +49 30 1234, 030 1234.", .group = "General"},
	{"target", FIELD_TEXT, FIELD_REQUIRED, 1, 40, NULL, NULL, NULL,
	 "Where it leads: an extension, a feature code, \"refuse\" or \"refuse 486\".", .ref = "extension conference"},
	{"name_prefix", FIELD_TEXT, 0, 0, 20, "", NULL, NULL, "Put before the caller's name: Sales:", .group = "More"},
	{"trunks", FIELD_TEXT, FIELD_LIST, 0, 400, "", NULL, NULL, "Trunks by which it comes. Empty: any.",
	 .ref = "trunk"},
	{"enabled", FIELD_BOOL, 0, 0, 1, "true", NULL, NULL, "Off: its callers are told that there is no such number."},
};
const struct resource pbx_did_resource = {
	"did", "dids", "A number of ours and where it leads.", did_fields, ARRAY_LEN(did_fields), "Number", "Numbers"};

static const struct field numbering_fields[] = {
	{"name", FIELD_TEXT, FIELD_KEY | FIELD_REQUIRED, 4, 4, NULL, NULL, "a-z", "Always \"main\".",
	 .group = "Country"},
	{"country", FIELD_TEXT, 0, 0, 2, "", NULL, "a-zA-Z", "Where the phones are, two letters: DE, US, CN."},
	{"area_code", FIELD_TEXT, 0, 0, 8, "", NULL, "0-9", "Own area code without the leading 0: 30."},
	{"emergency_numbers", FIELD_TEXT, 0, 0, 200, "", NULL, "0-9 ", "Emergency numbers beside those of the country.",
	 .group = "Emergency calls"},
	{"emergency_not", FIELD_TEXT, FIELD_LIST, 0, 200, "", NULL, "0-9 ",
	 "Emergency numbers of the country that are extensions here and do not reach the centre.", .ref = "extension"},
	{"emergency_trunks", FIELD_TEXT, FIELD_LIST, 0, 400, "", NULL, NULL,
	 "Trunks for emergency calls before all others, in order.", .ref = "trunk"},
	{"emergency_test", FIELD_TEXT, 0, 0, 10, "933", NULL, "0-9*#",
	 "Calls nobody: answers with a tone and writes the location into the call record."},
	{"callback_minutes", FIELD_INT, 0, 0, 1440, "30", NULL, NULL,
	 "After an emergency call, calls to its extension pass all limits for so long.", .unit = "minutes"},
	{"location", FIELD_TEXT, 0, 0, 200, "", NULL, NULL, "Where the phones are that have no location of their own."},
};
const struct resource pbx_numbering_resource = {"numbering",
						"numbering",
						"Country, area code, emergency numbers.",
						numbering_fields,
						ARRAY_LEN(numbering_fields),
						"Numbering",
						"Numbering"};

static const struct field brakes_fields[] = {
	{"name", FIELD_TEXT, FIELD_KEY | FIELD_REQUIRED, 4, 4, NULL, NULL, "a-z", "Always \"main\".",
	 .group = "What is open"},
	{"international", FIELD_BOOL, 0, 0, 1, "false", NULL, NULL, "Calls to all other countries are open."},
	{"countries", FIELD_TEXT, 0, 0, 1000, "", NULL, "a-zA-Z0-9+ ", "Countries that are open: AT CH +33."},
	{"premium", FIELD_BOOL, 0, 0, 1, "false", NULL, NULL, "Calls to premium-rate numbers are open."},
	{"satellite", FIELD_BOOL, 0, 0, 1, "false", NULL, NULL, "Calls to satellite numbers are open."},
	{"calls", FIELD_INT, 0, 0, 1000, "2", NULL, NULL, "Outside calls of an extension at once, 0 = any number.",
	 .group = "Limits of extensions", .unit = "calls"},
	{"per_minute", FIELD_INT, 0, 0, 1000, "10", NULL, NULL,
	 "New outside calls of an extension in a minute, 0 = any number.", .unit = "calls"},
	{"minutes_per_day", FIELD_INT, 0, 0, 100000, "300", NULL, NULL,
	 "Minutes of outside calls of an extension in a day, 0 = any number.", .unit = "minutes"},
	{"trunk_per_minute", FIELD_INT, 0, 0, 10000, "60", NULL, NULL,
	 "New calls to the outside by a trunk in a minute, 0 = any number.", .group = "Limits of trunks",
	 .unit = "calls"},
	{"trunk_in_per_minute", FIELD_INT, 0, 0, 100000, "600", NULL, NULL,
	 "New calls that come in by a trunk in a minute, 0 = any number.", .unit = "calls"},
	{"trunk_minutes_per_day", FIELD_INT, 0, 0, 1000000, "6000", NULL, NULL,
	 "Minutes of calls to the outside by a trunk in a day, 0 = any number.", .unit = "minutes"},
	{"call_minutes", FIELD_INT, 0, 0, 10000, "240", NULL, NULL, "An outside call is ended after this, 0 = never.",
	 .group = "All calls", .unit = "minutes"},
};
const struct resource pbx_brakes_resource = {
	"brakes", "brakes", "The fraud brakes: what is closed, and limits.", brakes_fields, ARRAY_LEN(brakes_fields),
	"Brakes", "Brakes"};
