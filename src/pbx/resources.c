/*
 * resources.c - the configuration tables of the phone system. Everything that people can set on an extension
 * stands here once; SQL, REST, command line and documentation follow.
 */
#include "pbx/account.h"
#include "pbx/conference.h"
#include "pbx/network.h"
#include "pbx/plan.h"
#include "pbx/security.h"
#include "pbx/settings.h"
#include "pbx/trunk.h"

static const struct field extension_fields[] = {
	{"number", FIELD_TEXT, FIELD_KEY | FIELD_REQUIRED, 2, 15, NULL, NULL, "0-9",
	 "The number that others dial, and the user name of its phones.", .group = "General"},
	{"name", FIELD_TEXT, FIELD_NAME, 0, 80, "", NULL, NULL, "Who or what it is: shown on the phones it calls."},
	{"password", FIELD_SECRET, FIELD_GENERATED, 8, 128, NULL, NULL, NULL,
	 "The SIP password of its phones; generated when not given."},
	{"call_limit", FIELD_INT, 0, 1, 100, "2", NULL, NULL, "Calls at once before callers hear busy.",
	 .group = "Calls", .unit = "calls"},
	{"ring_seconds", FIELD_INT, 0, 5, 600, "30", NULL, NULL,
	 "How long it rings before the caller is told that nobody answers.", .unit = "seconds"},
	{"enabled", FIELD_BOOL, 0, 0, 1, "true", NULL, NULL, "Off: it can neither register nor call nor be called."},
	{"outside_number", FIELD_TEXT, 0, 0, 30, "", NULL, "0-9+()/. -",
	 "Shown by its calls to the outside; must be one of your numbers (did).", .group = "Outside", .ref = "did"},
	{"outside_name", FIELD_TEXT, 0, 0, 80, "", NULL, NULL, "Name shown outside; empty: its name."},
	{"hide_number", FIELD_BOOL, 0, 0, 1, "false", NULL, NULL, "Calls to the outside do not show who calls."},
	{"location", FIELD_TEXT, 0, 0, 190, "", NULL, NULL, "Where it is, for emergency calls: street, floor, room.",
	 .group = "Emergency"},
	{"locked", FIELD_BOOL, 0, 0, 1, "false", NULL, NULL, "On: it can call emergency numbers and nothing else.",
	 .group = "Limits"},
	{"open", FIELD_TEXT, 0, 0, 300, "", NULL, "a-zA-Z0-9+, ",
	 "Brakes open for it beside those of all: international premium satellite, or countries: AT +33."},
	{"outside_calls", FIELD_INT, 0, 0, 1000, "0", NULL, NULL,
	 "Outside calls at once; 0: as the brakes say for all.", .unit = "calls"},
	{"outside_per_minute", FIELD_INT, 0, 0, 1000, "0", NULL, NULL,
	 "New outside calls in a minute; 0: as the brakes say for all.", .unit = "calls"},
	{"outside_per_day", FIELD_INT, 0, 0, 100000, "0", NULL, NULL,
	 "Minutes of outside calls in a day; 0: as the brakes say for all.", .unit = "minutes"},
	{"codecs", FIELD_TEXT, 0, 0, 120, "", NULL, "A-Za-z0-9, /._-",
	 "Codecs for its phones, best first, and no others: OPUS,G722,PCMA. Empty: all.", .group = "Sound"},
	{"srtp", FIELD_ENUM, 0, 0, 0, "best_effort", "best_effort off offered required", NULL,
	 "Encrypted sound: best_effort (offered beside plain), off, offered (plain where refused), required."},
	{"dtmf", FIELD_ENUM, 0, 0, 0, "auto", "auto rfc4733 info inband", NULL,
	 "How digits are sent to its phones: auto, rfc4733, info, inband; from them every way is understood."},
	{"record", FIELD_ENUM, 0, 0, 0, "never", "never always on_demand", NULL,
	 "Its calls are recorded: never, always, or on_demand: when it presses *1 in a call.", .group = "Recording"},
};

const struct resource pbx_extension_resource = {"extension",
						"extensions",
						"A number that phones register with and others dial.",
						extension_fields,
						ARRAY_LEN(extension_fields),
						"Extension",
						"Extensions"};

const struct resource *const *pbx_resources(size_t *n)
{
	static const struct resource *const all[] = {
		&pbx_extension_resource, &pbx_trunk_resource,    &pbx_allowed_resource,    &pbx_limit_resource,
		&pbx_numbering_resource, &pbx_did_resource,      &pbx_route_out_resource,  &pbx_route_in_resource,
		&pbx_brakes_resource,    &pbx_settings_resource, &pbx_conference_resource, &pbx_user_resource,
		&pbx_token_resource,     &pbx_network_resource};

	*n = ARRAY_LEN(all);
	return all;
}
