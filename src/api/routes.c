/*
 * routes.c - the tables of routes: method, path, parameters, who answers, and what the OpenAPI document says of it.
 *
 * Routes of configuration tables come from the resource table: each has the same verbs.
 */
#include "api/api_priv.h"

const struct route api_fixed_routes[] = {
	{"GET", "status", "", api_status, "What runs here and how it is.", NULL, "status"},
	{"GET", "alarms", "", api_alarms, "Faults that people must know of, each with its remedy.", NULL, "alarm[]"},
	{"GET", "registrations", "", api_registrations, "Phones that are registered.", NULL, "registration[]"},
	{"GET", "calls", "", api_calls, "Calls that go on.", NULL, "call[]"},
	{"DELETE", "calls/{}", "", api_hangup, "Hang a call up.", NULL, NULL},
	{"POST", "calls/{}/transfer", "", api_transfer, "Send a party of a call to another number.", "transfer", NULL},
	{"POST", "calls/{}/record", "", api_record, "Begin, end, pause or go on with the recording of a call.",
	 "record", NULL},
	{"GET", "recordings", "limit before number since until", api_recordings, "Recordings, the newest first.", NULL,
	 "recording[]+"},
	{"GET", "recordings/{}", "", api_recording, "One recording, or all of a call.", NULL, "recording[]+"},
	{"DELETE", "recordings/{}", "", api_recording_remove, "Remove a recording, or all of a call: files and rows.",
	 NULL, NULL},
	{"GET", "cdr", "limit before number outcome since until", api_cdr, "Call records, the newest first.", NULL,
	 "cdr[]+"},
	{"GET", "config/export", "secrets", api_export, "The whole configuration as one object.", NULL,
	 "configuration"},
	{"POST", "config/import", "dry_run replace", api_import,
	 "Bring the configuration to what a file says, in one transaction.", "configuration", "import"},
	{"GET", "config/history", "limit before", api_history, "Changes of the configuration, the newest first.", NULL,
	 "change[]+"},
	{"POST", "config/undo/{}", "", api_undo, "Undo a change by a new one.", NULL, "change_id"},
	{"GET", "log-level", "", api_log_level_get, "How much is logged.", NULL, "log_level"},
	{"PUT", "log-level", "", api_log_level_put, "Log more or less.", "log_level", "log_level"},
	{"GET", "inspect", "", api_inspect_list, "Names of the dumps.", NULL, "string[]"},
	{"GET", "inspect/{}", "", api_inspect_one, "A dump of the running system, as text.", NULL, "dump"},
	{"GET", "metrics", "", api_metrics, "All counters and gauges.", NULL, "metric[]"},
	{"GET", "certificate", "", api_certificate_get, "What the server shows to those who connect by TLS.", NULL,
	 "certificate"},
	{"PUT", "certificate", "", api_certificate_put, "Replace it; connections stay.", "new_certificate",
	 "certificate"},
	{"GET", "routes/explain", "from to at trunk", api_explain, "Where a number leads and why, without calling it.",
	 NULL, "explanation"},
	{"GET", "brakes/use", "", api_brakes, "What the fraud brakes count at present.", NULL, "brake_use[]"},
	{"GET", "trunk-status", "", api_trunks, "How all trunks are.", NULL, "trunk_status[]"},
	{"GET", "trunks/{}/status", "", api_trunk_status, "How a trunk is, in words, and how it was.", NULL,
	 "trunk_status"},
	{"POST", "trunks/{}/test", "", api_trunk_test, "Check a trunk now; its status tells what came of it.", NULL,
	 "trunk_status"},
	{"GET", "conference-members", "conference", api_members, "Who is in conferences.", NULL, "member[]"},
	{"GET", "conferences/{}/members", "", api_conference_members, "Who is in a conference.", NULL, "member[]"},
	{"POST", "conferences/{}/record", "", api_conference_record,
	 "Begin, end, pause or go on with the recording of a conference.", "record", NULL},
	{"POST", "conferences/{}/members/{}/mute", "", api_member_mute, "Nobody hears this member any more.", NULL,
	 NULL},
	{"POST", "conferences/{}/members/{}/unmute", "", api_member_unmute, "The member is heard again.", NULL, NULL},
	{"POST", "conferences/{}/members/{}/kick", "", api_member_kick, "Send a member out.", NULL, NULL},
	{"GET", "security", "", api_security, "The guard against attacks: what it counts and has banned.", NULL,
	 "security"},
	{"GET", "security/bans", "", api_bans, "Banned addresses and networks.", NULL, "ban[]"},
	{"POST", "security/bans", "", api_ban, "Ban an address or network.", "new_ban", NULL},
	{"DELETE", "security/bans/{}", "", api_lift, "Lift a ban.", NULL, NULL},
};
const size_t api_nfixed_routes = ARRAY_LEN(api_fixed_routes);

const struct route api_resource_routes[] = {
	{"GET", "", "limit after secrets", api_resource_list, "List of %s.", NULL, "row[]+"},
	{"POST", "", "", api_resource_create, "Make one.", "row", "row"},
	{"GET", "{}", "secrets", api_resource_get, "One of the %s.", NULL, "row"},
	{"PATCH", "{}", "", api_resource_patch, "Change the fields that are given.", "row", "row"},
	{"DELETE", "{}", "", api_resource_delete, "Remove it.", NULL, "change_id"},
};
const size_t api_nresource_routes = ARRAY_LEN(api_resource_routes);
