/*
 * verbs.c - the table of verbs: parsing, help and completion come from it.
 */
#include "app/cli.h"
#include "base/err.h"
#include "pbx/account.h"
#include "pbx/conference.h"
#include "pbx/network.h"
#include "pbx/plan.h"
#include "pbx/trunk.h"
#include "pbx/security.h"
#include "pbx/settings.h"

static const struct resource *const extension = &pbx_extension_resource;
static const struct resource *const trunk = &pbx_trunk_resource;
static const struct resource *const allowed = &pbx_allowed_resource;
static const struct resource *const limit = &pbx_limit_resource;
static const struct resource *const route_out = &pbx_route_out_resource;
static const struct resource *const route_in = &pbx_route_in_resource;
static const struct resource *const did = &pbx_did_resource;
static const struct resource *const numbering = &pbx_numbering_resource;
static const struct resource *const brakes = &pbx_brakes_resource;
static const struct resource *const settings = &pbx_settings_resource;
static const struct resource *const conference = &pbx_conference_resource;
static const struct resource *const network = &pbx_network_resource;
static const struct resource *const user = &pbx_user_resource;
static const struct resource *const token = &pbx_token_resource;

#define OPTS(v) (v), ARRAY_LEN(v)
#define NO_OPTS NULL, 0

static const struct opt show_opts[] = {
	{.name = "password", .help = "show the password or PINs too"},
};
static const struct opt set_opts[] = {
	{.name = "new-password", .help = "make a new password and print it"},
};
static const struct opt calls_opts[] = {
	{.name = "sound", .help = "how each party sounds, and what is wrong"},
	{.name = "watch", .help = "the same, again each second until Ctrl-C"},
};
static const struct opt hangup_opts[] = {
	{.name = "all", .help = "hang up all calls"},
};
static const struct opt cdr_opts[] = {
	{.name = "number", .arg = "NUMBER", .help = "calls from, to or answered by this number"},
	{.name = "outcome",
	 .arg = "WORD",
	 .words = "answered busy cancelled declined failed interrupted unreachable",
	 .help = "answered, busy, \"no answer\", cancelled, declined, failed, unreachable, interrupted"},
	{.name = "since", .arg = "TIME", .help = "from this time on: 2026-01-31 or 2026-01-31T18:30"},
	{.name = "until", .arg = "TIME", .help = "before this time"},
	{.name = "limit", .arg = "N", .def = "20", .help = "how many, newest first"},
	{.name = "before", .arg = "CURSOR", .help = "go on where an earlier list ended"},
	{.name = "legs", .help = "each party of a call with its phone, codec and quality"},
};
static const struct opt export_opts[] = {
	{.name = "passwords", .help = "with passwords in plain text; without, an import elsewhere makes new ones"},
};
static const struct opt network_opts[] = {
	{.name = "confirm", .help = "it need not be confirmed afterwards: I can reach this machine otherwise"},
};
static const struct opt backup_opts[] = {
	{.name = "recordings", .help = "with the files of recordings, which may be large"},
	{.name = "passphrase",
	 .arg = "-",
	 .help = "put the key of passwords into it, locked with a passphrase; - asks for it"},
};
static const struct opt restore_opts[] = {
	{.name = "dry-run", .help = "check it and say what would change"},
	{.name = "passphrase", .arg = "-", .help = "the one of the backup; - asks for it"},
	{.name = "certificate", .help = "take its certificate as well"},
};
static const struct opt import_opts[] = {
	{.name = "dry-run", .help = "only say what would change"},
	{.name = "replace", .help = "remove what the file does not name"},
};
static const struct opt history_opts[] = {
	{.name = "limit", .arg = "N", .def = "20", .help = "how many, newest first"},
	{.name = "before", .arg = "ID", .help = "only changes before this one"},
};

static const struct opt trace_opts[] = {
	{.name = "full", .help = "with each message in full"},
	{.name = "rtcp", .help = "with reports on the sound (RTCP)"},
};
static const struct opt transfer_opts[] = {
	{.name = "by", .arg = "WHO", .help = "who leaves the call: caller or callee (as without this option)"},
};

static const struct opt call_opts[] = {
	{.name = "name", .arg = "TEXT", .help = "shown on the phones of FROM while they ring"},
	{.name = "auto-answer", .help = "ask these phones to answer by themselves; many do when they are set up so"},
};
static const struct opt hold_opts[] = {
	{.name = "by", .arg = "WHO", .help = "in whose name: caller or callee (as without this option)"},
};

static const struct opt recordings_opts[] = {
	{.name = "number", .arg = "NUMBER", .help = "calls from or to this number"},
	{.name = "since", .arg = "TIME", .help = "from this time on: 2026-01-31 or 2026-01-31T18:30"},
	{.name = "until", .arg = "TIME", .help = "before this time"},
	{.name = "limit", .arg = "N", .def = "20", .help = "how many, newest first"},
	{.name = "before", .arg = "CURSOR", .help = "go on where an earlier list ended"},
};

static const struct opt ban_opts[] = {
	{.name = "seconds", .arg = "N", .help = "for how long; else as long as a first ban"},
	{.name = "reason", .arg = "TEXT", .help = "what the list of bans shows"},
};

static const struct opt explain_opts[] = {
	{.name = "at", .arg = "TIME", .help = "as if it were then: 2026-01-31T18:30"},
	{.name = "trunk", .arg = "NAME", .help = "the call comes in by this trunk; FROM is the caller's number"},
};

static const struct verb verbs[] = {
	{"serve", "", 0, 0, 0, "Server", "run the phone system in the foreground",
	 "Starts the server and stays in the foreground; Ctrl-C ends its calls and then the server. At the first start "
	 "it makes\n"
	 "the data directory with two extensions, 100 and 101, and shows their passwords.",
	 "%s serve\n%s serve --data /srv/phone --listen 192.168.1.20 --rtp-ports 20000-29999\n"
	 "OFFHOOK_LOG_LEVEL=debug %s serve --external-ip 203.0.113.7 --local-net 192.168.0.0/16",
	 serve_opts, 0, NULL, verb_serve},
	{"status", "", 0, 0, VERB_CLIENT | VERB_LIVE, "Server", "is it running, how is it", NULL,
	 "%s status\n%s status --json", NO_OPTS, NULL, verb_status},
	{"log-level", "[LEVEL]", 0, 1, VERB_CLIENT | VERB_LIVE, "Server",
	 "show or change how much the running server logs", NULL, "%s log-level debug", NO_OPTS, NULL, verb_log_level},

	{"certificate show", "", 0, 0, VERB_CLIENT | VERB_LIVE, "Server",
	 "what the server shows to those who connect by TLS", NULL, "%s certificate show", NO_OPTS, NULL,
	 verb_certificate_show},
	{"certificate set", "CERT KEY", 2, 2, VERB_CLIENT | VERB_LIVE, "Server",
	 "replace the certificate, without a restart",
	 "CERT is a PEM file with the certificate, and behind it those that signed it; KEY is its private key. Both "
	 "are\n"
	 "checked and copied into the data directory. Open connections go on with the old one.",
	 "%s certificate set fullchain.pem privkey.pem", NO_OPTS, NULL, verb_certificate_set},

	{"extension add", "NUMBER", 1, 1, VERB_CLIENT | VERB_FIELDS, "Extensions",
	 "make an extension; prints its password",
	 "The new extension works at once. Without --password a good one is made and printed. --password - reads it "
	 "from\n"
	 "standard input, so that it does not show in the list of processes.",
	 "%s extension add 102 --name \"Front desk\"\n%s extension add 103 --name Kitchen --ring-seconds 60", NO_OPTS,
	 &extension, verb_resource_add},
	{"extension list", "", 0, 0, VERB_CLIENT, "Extensions", "all extensions; never shows passwords", NULL,
	 "%s extension list", NO_OPTS, &extension, verb_resource_list},
	{"extension show", "NUMBER", 1, 1, VERB_CLIENT | VERB_KEY, "Extensions", "one extension and its phones", NULL,
	 "%s extension show 100\n%s extension show 100 --password", OPTS(show_opts), &extension, verb_resource_show},
	{"extension set", "NUMBER", 1, 1, VERB_CLIENT | VERB_FIELDS | VERB_KEY, "Extensions", "change an extension",
	 "Takes effect at once. A phone with the old password stays registered until its registration runs out.",
	 "%s extension set 100 --name \"Front desk\" --call-limit 4\n%s extension set 100 --enabled false\n"
	 "%s extension set 100 --new-password",
	 OPTS(set_opts), &extension, verb_resource_set},
	{"extension remove", "NUMBER", 1, 1, VERB_CLIENT | VERB_KEY, "Extensions", "remove an extension",
	 "`config undo` brings it back, with its password.", "%s extension remove 102", NO_OPTS, &extension,
	 verb_resource_remove},

	{"registrations", "[NUMBER]", 0, 1, VERB_CLIENT | VERB_LIVE, "Calls", "phones that are registered now", NULL,
	 "%s registrations\n%s registrations 100", NO_OPTS, NULL, verb_registrations},
	{"calls", "", 0, 0, VERB_CLIENT | VERB_LIVE, "Calls", "calls of this moment",
	 "--sound shows each party: codec, loss, jitter, level, and what is wrong in words; --watch does so each "
	 "second.",
	 "%s calls\n%s calls --watch", OPTS(calls_opts), NULL, verb_calls},
	{"calls transfer", "ID NUMBER", 2, 2, VERB_CLIENT | VERB_LIVE, "Calls",
	 "send a party of a call to another number",
	 "The called one leaves and the caller goes to NUMBER, unless --by caller turns that round. Whoever leaves has "
	 "the\n"
	 "other one back when nobody answers there. Of the id the first characters are enough.",
	 "%s calls transfer c7k2m9 102\n%s calls transfer c7k2m9 102 --by caller", OPTS(transfer_opts), NULL,
	 verb_transfer},
	{"call", "FROM TO", 2, 2, VERB_CLIENT | VERB_LIVE, "Calls", "place a call in the name of an extension",
	 "The phones of FROM ring first; who answers there calls TO, with all rights and limits of FROM.",
	 "%s call 100 101\n%s call 100 +442079460000 --auto-answer", OPTS(call_opts), NULL, verb_call},
	{"calls hold", "ID", 1, 1, VERB_CLIENT | VERB_LIVE, "Calls", "put a party of a call on hold",
	 "The caller hears music, in the name of the called one; --by caller turns that round. Of the id the first\n"
	 "characters are enough.",
	 "%s calls hold c7k2m9\n%s calls hold c7k2m9 --by caller", OPTS(hold_opts), NULL, verb_hold},
	{"calls resume", "ID", 1, 1, VERB_CLIENT | VERB_LIVE, "Calls", "end a hold that `calls hold` began", NULL,
	 "%s calls resume c7k2m9", OPTS(hold_opts), NULL, verb_resume},
	{"calls record", "ID ACTION", 2, 2, VERB_CLIENT | VERB_LIVE, "Calls", "record a call, from now on",
	 "ACTION is start, stop, pause or resume. Of the id the first characters are enough. In many countries all who "
	 "are\n"
	 "recorded must know of it.",
	 "%s calls record c7k2m9 start\n%s calls record c7k2m9 stop", NO_OPTS, NULL, verb_record},
	{"calls trace", "ID", 1, 1, VERB_CLIENT | VERB_LIVE, "Calls", "the SIP messages of a call, as a ladder",
	 "Also of a call that has ended (`cdr --json` shows ids), as long as the server keeps its messages; passwords "
	 "and "
	 "keys are\n"
	 "left out. Of the id of a call that goes on the first characters are enough.",
	 "%s calls trace c7k2m9\n%s calls trace c7k2m9 --full", OPTS(trace_opts), NULL, verb_calls_trace},
	{"calls pcap", "ID FILE", 2, 2, VERB_CLIENT | VERB_LIVE, "Calls",
	 "the same with RTCP into a new file, for Wireshark or tcpdump", NULL, "%s calls pcap c7k2m9 call.pcapng",
	 NO_OPTS, NULL, verb_calls_pcap},
	{"recordings list", "", 0, 0, VERB_CLIENT, "Calls", "recorded calls, newest first", NULL,
	 "%s recordings list\n%s recordings list --number 100 --since 2026-01-31", OPTS(recordings_opts), NULL,
	 verb_recordings},
	{"recordings show", "ID", 1, 1, VERB_CLIENT, "Calls", "one recording, or all of a call, and where the file is",
	 NULL, "%s recordings show c7k2m9ab12cd34ef56gh-1", NO_OPTS, NULL, verb_recording_show},
	{"recordings export", "ID FILE", 2, 2, VERB_CLIENT, "Calls", "copy a recording to a new file", NULL,
	 "%s recordings export c7k2m9ab12cd34ef56gh-1 call.wav", NO_OPTS, NULL, verb_recording_export},
	{"recordings remove", "ID", 1, 1, VERB_CLIENT | VERB_LIVE, "Calls",
	 "remove a recording, or all of a call: the files are gone for good", NULL,
	 "%s recordings remove c7k2m9ab12cd34ef56gh-1", NO_OPTS, NULL, verb_recording_remove},
	{"hangup", "[ID]", 0, 1, VERB_CLIENT | VERB_LIVE, "Calls", "end a call",
	 "The id stands in the list that `calls` shows; its first characters are enough if no other call begins so.",
	 "%s hangup c7k2m9\n%s hangup --all", OPTS(hangup_opts), NULL, verb_hangup},
	{"settings show", "", 0, 0, VERB_CLIENT, "Calls",
	 "how calls are treated: transfers, music on hold, language, recordings", NULL, "%s settings show", NO_OPTS,
	 &settings, verb_only_show},
	{"settings set", "", 0, 0, VERB_CLIENT | VERB_FIELDS, "Calls", "change how calls are treated, from now on",
	 NULL, "%s settings set --language de\n%s settings set --record-format opus --record-days 90", NO_OPTS,
	 &settings, verb_only_set},
	{"cdr", "", 0, 0, VERB_CLIENT, "Calls", "call records: who called whom, when, how it ended", NULL,
	 "%s cdr\n%s cdr --number 100 --since 2026-01-31 --legs\n%s cdr --outcome busy --limit 100", OPTS(cdr_opts),
	 NULL, verb_cdr},

	{"conference add", "NUMBER", 1, 1, VERB_CLIENT | VERB_FIELDS, "Conferences",
	 "make a number where people talk together",
	 "Phones dial it; a number of yours (did) or a rule (route in) may lead to it. In it *6 makes one unheard and "
	 "heard\n"
	 "again, ** says so, # leaves. --pin - reads the PIN from standard input.",
	 "%s conference add 800 --name Team --pin 1234\n"
	 "%s conference add 801 --pin 1234 --admin-pin 9876 --wait-for-admin true",
	 NO_OPTS, &conference, verb_resource_add},
	{"conference list", "", 0, 0, VERB_CLIENT, "Conferences", "all conferences; never shows PINs", NULL,
	 "%s conference list", NO_OPTS, &conference, verb_resource_list},
	{"conference show", "NUMBER", 1, 1, VERB_CLIENT | VERB_KEY, "Conferences", "the settings of a conference", NULL,
	 "%s conference show 800\n%s conference show 800 --password", OPTS(show_opts), &conference, verb_resource_show},
	{"conference set", "NUMBER", 1, 1, VERB_CLIENT | VERB_FIELDS | VERB_KEY, "Conferences", "change a conference",
	 "Takes effect at once; who is in it stays.", "%s conference set 800 --muted-on-entry true --max-members 20",
	 NO_OPTS, &conference, verb_resource_set},
	{"conference remove", "NUMBER", 1, 1, VERB_CLIENT | VERB_KEY, "Conferences", "remove a conference",
	 "Who is in it is taken out. `config undo` brings it back, with its PINs.", "%s conference remove 800", NO_OPTS,
	 &conference, verb_resource_remove},
	{"conference members", "[NUMBER]", 0, 1, VERB_CLIENT | VERB_LIVE | VERB_KEY, "Conferences",
	 "who is in a conference now, who talks, who is muted", NULL,
	 "%s conference members\n%s conference members 800", NO_OPTS, &conference, verb_conference_members},
	{"conference mute", "NUMBER WHO", 2, 2, VERB_CLIENT | VERB_LIVE | VERB_KEY, "Conferences",
	 "nobody hears a member until it is unmuted or presses *6",
	 "WHO is the number of a member, or its id as `conference members` shows it; the first characters are enough.",
	 "%s conference mute 800 102", NO_OPTS, &conference, verb_conference_mute},
	{"conference unmute", "NUMBER WHO", 2, 2, VERB_CLIENT | VERB_LIVE | VERB_KEY, "Conferences",
	 "let a member be heard again", NULL, "%s conference unmute 800 102", NO_OPTS, &conference,
	 verb_conference_unmute},
	{"conference kick", "NUMBER WHO", 2, 2, VERB_CLIENT | VERB_LIVE | VERB_KEY, "Conferences",
	 "take a member out of a conference", NULL, "%s conference kick 800 102", NO_OPTS, &conference,
	 verb_conference_kick},
	{"conference record", "NUMBER ACTION", 2, 2, VERB_CLIENT | VERB_LIVE | VERB_KEY, "Conferences",
	 "record the meeting that goes on in a conference",
	 "ACTION is start, stop, pause or resume. All who talk hear of it, and who comes later too. `recordings list "
	 "--number\n"
	 "800` shows the file. To record all meetings: `conference set 800 --record always`.",
	 "%s conference record 800 start\n%s conference record 800 stop", NO_OPTS, &conference, verb_conference_record},

	{"trunk add", "NAME", 1, 1, VERB_CLIENT | VERB_FIELDS, "Trunks", "connect a provider or another phone system",
	 "Registers at once and says how it went. --password - reads the password from standard input, so that it does "
	 "not\n"
	 "show in the list of processes. A provider that knows you by your address wants --register no.",
	 "%s trunk add provider --server sip.example.com --user 4930123 --password SECRET\n"
	 "%s trunk add office2 --register no --server 192.0.2.10 --channels 4\n"
	 "%s trunk add branch --register no --password-in SECRET",
	 NO_OPTS, &trunk, verb_trunk_add},
	{"trunk list", "", 0, 0, VERB_CLIENT, "Trunks", "all trunks and how they are", NULL, "%s trunk list", NO_OPTS,
	 &trunk, verb_trunk_list},
	{"trunk status", "[NAME]", 0, 1, VERB_CLIENT | VERB_LIVE | VERB_KEY, "Trunks",
	 "how a trunk is, in words; its server, calls, last events", NULL, "%s trunk status\n%s trunk status provider",
	 NO_OPTS, &trunk, verb_trunk_status},
	{"trunk history", "NAME", 1, 1, VERB_CLIENT | VERB_LIVE | VERB_KEY, "Trunks",
	 "the last checks, registrations and failures of a trunk", NULL, "%s trunk history provider", NO_OPTS, &trunk,
	 verb_trunk_history},
	{"trunk test", "NAME", 1, 1, VERB_CLIENT | VERB_LIVE | VERB_KEY, "Trunks",
	 "ask its servers now, and say how it went", "Exit status: 0 calls can be made by it; 1 they cannot.",
	 "%s trunk test provider", NO_OPTS, &trunk, verb_trunk_test},
	{"trunk show", "NAME", 1, 1, VERB_CLIENT | VERB_KEY, "Trunks", "the settings of a trunk", NULL,
	 "%s trunk show provider\n%s trunk show provider --password", OPTS(show_opts), &trunk, verb_resource_show},
	{"trunk set", "NAME", 1, 1, VERB_CLIENT | VERB_FIELDS | VERB_KEY, "Trunks", "change a trunk",
	 "Takes effect at once. Calls go on; a registration that stays the same is kept.",
	 "%s trunk set provider --password SECRET\n%s trunk set provider --codecs PCMA,PCMU --channels 2", NO_OPTS,
	 &trunk, verb_resource_set},
	{"trunk remove", "NAME", 1, 1, VERB_CLIENT | VERB_KEY, "Trunks", "remove a trunk",
	 "Unregisters; calls on it go on. `config undo` brings it back, with its password.", "%s trunk remove provider",
	 NO_OPTS, &trunk, verb_resource_remove},

	{"route explain", "FROM TO", 2, 2, VERB_CLIENT, "Numbers and routes",
	 "where a call would go, rule by rule, and why",
	 "Asks the very code that routes calls, with the lines and counters of this moment. FROM is an extension.",
	 "%s route explain 100 00493012345\n%s route explain 100 0301234 --at 2026-01-31T18:30\n"
	 "%s route explain +4930999 +49301234 --trunk provider",
	 OPTS(explain_opts), NULL, verb_route_explain},
	{"route out add", "NAME", 1, 1, VERB_CLIENT | VERB_FIELDS, "Numbers and routes", "make a route to the outside",
	 "Patterns: 00 (a beginning), =112233 (a number), NXXXXXX (X 0-9, Z 1-9, N 2-9, [1-5]), \".\" one or more of "
	 "anything,\n"
	 "\"!\" anything or nothing, 9|. (a 9 that is not sent), +44 (the international form), ~^0[1-9] (a regular "
	 "expression).",
	 "%s route out add all --pattern . --trunks \"provider backup\"\n"
	 "%s route out add abroad --order 50 --pattern 00 --trunks cheap --extensions \"10X 200\"\n"
	 "%s route out add prefix --pattern \"9|.\" --trunks provider --send e164",
	 NO_OPTS, &route_out, verb_resource_add},
	{"route out list", "", 0, 0, VERB_CLIENT, "Numbers and routes", "routes to the outside", NULL,
	 "%s route out list", NO_OPTS, &route_out, verb_resource_list},
	{"route out show", "NAME", 1, 1, VERB_CLIENT | VERB_KEY, "Numbers and routes", "one route", NULL,
	 "%s route out show all", OPTS(show_opts), &route_out, verb_resource_show},
	{"route out set", "NAME", 1, 1, VERB_CLIENT | VERB_FIELDS | VERB_KEY, "Numbers and routes", "change a route",
	 NULL, "%s route out set all --hours \"mon-fri 08:00-18:00\"", NO_OPTS, &route_out, verb_resource_set},
	{"route out remove", "NAME", 1, 1, VERB_CLIENT | VERB_KEY, "Numbers and routes", "remove a route", NULL,
	 "%s route out remove all", NO_OPTS, &route_out, verb_resource_remove},
	{"route in add", "NAME", 1, 1, VERB_CLIENT | VERB_FIELDS, "Numbers and routes",
	 "make a rule for calls that come in", "These rules are looked at before the numbers (did).",
	 "%s route in add nobody --callers anonymous --target refuse\n"
	 "%s route in add night --hours \"mon-fri 18:00-08:00\" --target 150",
	 NO_OPTS, &route_in, verb_resource_add},
	{"route in list", "", 0, 0, VERB_CLIENT, "Numbers and routes", "rules for calls that come in", NULL,
	 "%s route in list", NO_OPTS, &route_in, verb_resource_list},
	{"route in show", "NAME", 1, 1, VERB_CLIENT | VERB_KEY, "Numbers and routes", "one rule", NULL,
	 "%s route in show night", NO_OPTS, &route_in, verb_resource_show},
	{"route in set", "NAME", 1, 1, VERB_CLIENT | VERB_FIELDS | VERB_KEY, "Numbers and routes", "change a rule",
	 NULL, "%s route in set night --target 151", NO_OPTS, &route_in, verb_resource_set},
	{"route in remove", "NAME", 1, 1, VERB_CLIENT | VERB_KEY, "Numbers and routes", "remove a rule", NULL,
	 "%s route in remove night", NO_OPTS, &route_in, verb_resource_remove},
	{"did add", "NUMBER", 1, 1, VERB_CLIENT | VERB_FIELDS, "Numbers and routes",
	 "say where a number of yours leads", NULL,
	 "%s did add +49301234 --target 100\n%s did add +49301235 --target 101 --name-prefix Sales:", NO_OPTS, &did,
	 verb_resource_add},
	{"did list", "", 0, 0, VERB_CLIENT, "Numbers and routes", "your numbers", NULL, "%s did list", NO_OPTS, &did,
	 verb_resource_list},
	{"did show", "NUMBER", 1, 1, VERB_CLIENT | VERB_KEY, "Numbers and routes", "one number", NULL,
	 "%s did show +49301234", NO_OPTS, &did, verb_resource_show},
	{"did set", "NUMBER", 1, 1, VERB_CLIENT | VERB_FIELDS | VERB_KEY, "Numbers and routes",
	 "change where a number leads", NULL, "%s did set +49301234 --target 102", NO_OPTS, &did, verb_resource_set},
	{"did remove", "NUMBER", 1, 1, VERB_CLIENT | VERB_KEY, "Numbers and routes", "remove a number", NULL,
	 "%s did remove +49301234", NO_OPTS, &did, verb_resource_remove},
	{"numbering show", "", 0, 0, VERB_CLIENT, "Numbers and routes", "country, area code, emergency numbers", NULL,
	 "%s numbering show", NO_OPTS, &numbering, verb_only_show},
	{"numbering set", "", 0, 0, VERB_CLIENT | VERB_FIELDS, "Numbers and routes",
	 "set country, area code, emergency numbers, location",
	 "The country says how numbers are dialled, which are emergency numbers, and which are abroad.",
	 "%s numbering set --country DE --area-code 30 --location \"Main Street 1, 10115 Berlin\"", NO_OPTS, &numbering,
	 verb_only_set},

	{"security", "", 0, 0, VERB_CLIENT | VERB_LIVE, "Security",
	 "who is banned: why, for how long, what was dropped", NULL, "%s security", NO_OPTS, NULL, verb_security},
	{"security ban", "ADDRESS", 1, 1, VERB_CLIENT | VERB_LIVE, "Security", "ban an address or network",
	 "Its phones are banned too, unlike with bans that the server makes by itself. IPv6 addresses stand for their "
	 "/64.",
	 "%s security ban 192.0.2.7\n%s security ban 198.51.100.0/24 --seconds 86400 --reason \"scans\"",
	 OPTS(ban_opts), NULL, verb_ban},
	{"security lift", "ADDRESS", 1, 1, VERB_CLIENT | VERB_LIVE, "Security",
	 "lift the bans of an address or network, or of all", NULL, "%s security lift 192.0.2.7\n%s security lift all",
	 NO_OPTS, NULL, verb_lift},
	{"security allow add", "NETWORK", 1, 1, VERB_CLIENT | VERB_FIELDS, "Security",
	 "never ban nor limit an address or network", "Bans of it that are in force end.",
	 "%s security allow add 192.168.0.0/16 --note office", NO_OPTS, &allowed, verb_resource_add},
	{"security allow list", "", 0, 0, VERB_CLIENT, "Security", "networks that are never banned", NULL,
	 "%s security allow list", NO_OPTS, &allowed, verb_resource_list},
	{"security allow remove", "NETWORK", 1, 1, VERB_CLIENT | VERB_KEY, "Security", "take a network off that list",
	 NULL, "%s security allow remove 192.168.0.0/16", NO_OPTS, &allowed, verb_resource_remove},
	{"security limit add", "NAME", 1, 1, VERB_CLIENT | VERB_FIELDS, "Security",
	 "set a limit in place of the built-in one",
	 "Names: failures (10), window-seconds (600), ban-seconds (3600), and for each address registers-per-second "
	 "(50),\n"
	 "invites-per-second (20), others-per-second (100), connections-per-second (10).",
	 "%s security limit add failures --value 20", NO_OPTS, &limit, verb_resource_add},
	{"security limit set", "NAME", 1, 1, VERB_CLIENT | VERB_FIELDS | VERB_KEY, "Security", "change such a limit",
	 NULL, "%s security limit set failures --value 5", NO_OPTS, &limit, verb_resource_set},
	{"security limit list", "", 0, 0, VERB_CLIENT, "Security", "limits that differ from the built-in ones", NULL,
	 "%s security limit list", NO_OPTS, &limit, verb_resource_list},
	{"security limit remove", "NAME", 1, 1, VERB_CLIENT | VERB_KEY, "Security", "go back to the built-in limit",
	 NULL, "%s security limit remove failures", NO_OPTS, &limit, verb_resource_remove},
	{"brakes show", "", 0, 0, VERB_CLIENT, "Security", "which calls are closed, and the limits against fraud", NULL,
	 "%s brakes show", NO_OPTS, &brakes, verb_only_show},
	{"brakes set", "", 0, 0, VERB_CLIENT | VERB_FIELDS, "Security", "open or close numbers, change the limits",
	 "International, premium and satellite numbers are closed until they are opened here or for an extension.",
	 "%s brakes set --countries \"AT CH +33\"\n%s brakes set --international true --minutes-per-day 120", NO_OPTS,
	 &brakes, verb_only_set},
	{"brakes use", "", 0, 0, VERB_CLIENT | VERB_LIVE, "Security", "what extensions and trunks have used today",
	 NULL, "%s brakes use", NO_OPTS, NULL, verb_brakes_use},

	{"user add", "NAME", 1, 1, VERB_CLIENT | VERB_FIELDS, "Users", "let somebody sign in to the page",
	 "--password - asks for the password, or reads it from standard input. Without one they cannot sign in.",
	 "%s user add maria --role administrator --password -\n"
	 "%s user add tom --extension 102 --display-name \"Tom Baker\" --password -",
	 NO_OPTS, &user, verb_resource_add},
	{"user list", "", 0, 0, VERB_CLIENT, "Users", "who may sign in to the page, and what they may do", NULL,
	 "%s user list", NO_OPTS, &user, verb_resource_list},
	{"user show", "NAME", 1, 1, VERB_CLIENT | VERB_KEY, "Users", "one user", NULL, "%s user show maria", NO_OPTS,
	 &user, verb_resource_show},
	{"user set", "NAME", 1, 1, VERB_CLIENT | VERB_FIELDS | VERB_KEY, "Users", "change a user",
	 "Who has forgotten their password gets another one here, with the server running or not. A new password ends "
	 "all\n"
	 "sessions. --totp \"\" takes away a second factor that is lost.",
	 "%s user set maria --password -\n%s user set tom --role manager\n%s user set tom --totp \"\"", NO_OPTS, &user,
	 verb_resource_set},
	{"user remove", "NAME", 1, 1, VERB_CLIENT | VERB_KEY, "Users", "remove a user",
	 "Their sessions end. `config undo` brings them back, with their password.", "%s user remove tom", NO_OPTS,
	 &user, verb_resource_remove},
	{"token add", "NAME", 1, 1, VERB_CLIENT | VERB_FIELDS, "Users", "let a program use the API; prints its token",
	 "The token is shown this once; the system keeps only its hash.",
	 "%s token add prometheus --scopes metrics\n"
	 "%s token add crm --role manager --scopes \"read calls\" --expires-ms 2027-01-31",
	 NO_OPTS, &token, verb_resource_add},
	{"token list", "", 0, 0, VERB_CLIENT, "Users", "programs that may use the API", NULL, "%s token list", NO_OPTS,
	 &token, verb_resource_list},
	{"token show", "NAME", 1, 1, VERB_CLIENT | VERB_KEY, "Users", "one token, but not the token itself", NULL,
	 "%s token show prometheus", NO_OPTS, &token, verb_resource_show},
	{"token set", "NAME", 1, 1, VERB_CLIENT | VERB_FIELDS | VERB_KEY, "Users", "change what a token may do", NULL,
	 "%s token set crm --enabled false", NO_OPTS, &token, verb_resource_set},
	{"token remove", "NAME", 1, 1, VERB_CLIENT | VERB_KEY, "Users", "remove a token", "It is refused at once.",
	 "%s token remove crm", NO_OPTS, &token, verb_resource_remove},

	{"config export", "[FILE]", 0, 1, VERB_CLIENT, "Configuration", "the whole configuration as one readable file",
	 "Writes to standard output, or to FILE, which only you may read then. Without --passwords PINs of conferences "
	 "and\n"
	 "routes are left out as well: on another system they have none until you set one.",
	 "%s config export > phone-system.json\n%s config export --passwords backup.json", OPTS(export_opts), NULL,
	 verb_config_export},
	{"config import", "FILE", 1, 1, VERB_CLIENT, "Configuration", "bring the configuration to what a file says",
	 "All changes are one transaction: all of them or none. Rows that the file does not name stay, unless "
	 "--replace is\n"
	 "given. FILE may be - for standard input.",
	 "%s config import --dry-run phone-system.json\n%s config import --replace backup.json", OPTS(import_opts),
	 NULL, verb_config_import},
	{"network show", "", 0, 0, VERB_CLIENT, "Configuration", "addresses and ports of this machine",
	 "Options of the command line (--sip-port ...) win over what is set here.", "%s network show", NO_OPTS,
	 &network, verb_network_show},
	{"network set", "", 0, 0, VERB_CLIENT | VERB_FIELDS, "Configuration", "change addresses and ports",
	 "They work at once, beside the old ones, and are taken back by themselves unless `network confirm` follows "
	 "within\n"
	 "60 seconds. Ports of the page and of sound hold from the next start on.",
	 "%s network set --external-ip 198.51.100.7 --local-net 192.168.0.0/16\n%s network set --sip-port 5070 "
	 "--confirm",
	 OPTS(network_opts), &network, verb_network_set},
	{"network confirm", "", 0, 0, VERB_CLIENT | VERB_LIVE, "Configuration", "keep a change of addresses and ports",
	 NULL, "%s network confirm", NO_OPTS, NULL, verb_network_confirm},
	{"backup", "FILE", 1, 1, VERB_CLIENT, "Configuration", "everything as one file: settings, records, sounds",
	 "Calls go on meanwhile. Without a passphrase only the key of this system (the file \"key\" of the data "
	 "directory)\n"
	 "can restore it: keep a copy of that file elsewhere. FILE may be - for standard output.",
	 "%s backup --passphrase - phone-system.tar.gz\n%s backup --recordings /mnt/backup/offhook.tar.gz",
	 OPTS(backup_opts), NULL, verb_backup},
	{"restore", "FILE", 1, 1, VERB_CLIENT, "Configuration", "bring a backup back",
	 "The configuration becomes as it was then, in one change that `config undo` takes back; only the addresses of "
	 "this\n"
	 "machine stay. Call records, recordings and sounds that are missing are added, none is removed. Into a data\n"
	 "directory without a database all of it is restored.",
	 "%s restore --dry-run phone-system.tar.gz\n%s restore --passphrase - phone-system.tar.gz", OPTS(restore_opts),
	 NULL, verb_restore},
	{"config history", "", 0, 0, VERB_CLIENT, "Configuration", "changes: when, by whom, what", NULL,
	 "%s config history --limit 5", OPTS(history_opts), NULL, verb_config_history},
	{"config undo", "ID", 1, 1, VERB_CLIENT, "Configuration", "take a change back by a new change",
	 "Refused where later changes touch the same fields; undo those first.", "%s config undo 17", NO_OPTS, NULL,
	 verb_config_undo},

	{"phone", "", 0, 0, 0, "Tools", "a phone without sound devices: makes and answers calls with files and tones",
	 "Registers, then calls (--call) or waits for calls (--answer), sends a file or a tone, and says what it "
	 "heard.\n"
	 "Exit status: 0 all went as asked; 1 the call failed or the tone was not heard; "
	 "3 there is no such number; 5 it could not register.",
	 "%s phone --headless --user 100 --password SECRET --call *43 --tone 440 --expect-tone 440 --seconds 5\n"
	 "%s phone --headless --user 101 --password SECRET --answer --play hello.wav --record heard.wav",
	 phone_opts, 0, NULL, verb_phone},
	{"inspect", "[NAME]", 0, 1, VERB_CLIENT | VERB_LIVE, "Tools", "look at the inner state of the running server",
	 NULL, "%s inspect\n%s inspect pbx", NO_OPTS, NULL, verb_inspect},
	{"metrics", "", 0, 0, VERB_CLIENT | VERB_LIVE, "Tools", "counters of the running server", NULL, "%s metrics",
	 NO_OPTS, NULL, verb_metrics},
	{"completion", "bash", 1, 1, VERB_CLIENT, "Tools", "print the completion script for a shell", NULL,
	 "source <(%s completion bash)", NO_OPTS, NULL, verb_completion},
	{"version", "", 0, 0, 0, "Tools", "print the version", NULL, NULL, NO_OPTS, NULL, verb_version},
	{"help", "[VERB]", 0, 3, VERB_HIDDEN, "Tools", "print help", NULL, NULL, NO_OPTS, NULL, verb_help},
};

const struct verb *cli_verbs(size_t *n)
{
	*n = ARRAY_LEN(verbs);
	return verbs;
}
