/*
 * shape.c - what bodies and answers are made of, for the OpenAPI document: members, types, a few words on each; and the
 * parameters of queries.
 *
 * Rows of the configuration are described by the resource table; here stands everything else.
 */
#include <string.h>
#include "api/api_priv.h"

#define M(name) static const struct shape_member name##_members[]

M(status) = {
	{"version", "string", "Of the program"},
	{"started_ms", "time", NULL},
	{"uptime_s", "integer", NULL},
	{"extensions", "integer", "How many there are"},
	{"registered", "integer", "Extensions with a phone"},
	{"contacts", "integer", "Phones"},
	{"calls", "integer", "That go on"},
	{"recordings", "integer", "That go on"},
	{"alarms", "alarm[]", NULL},
	{"trunks", "object[]", "name, state and words of each"},
	{"data", "string", "Data directory"},
	{"pid", "integer", NULL},
	{"listeners", "string[]", NULL},
	{"sip_address", "string", "What phones register with"},
	{"external_ip", "string", NULL},
	{"rtp_ports", "string", NULL},
	{"realm", "string", NULL},
	{"invite_auth", "boolean", "False in benchmarks only"},
};
M(alarm) = {
	{"id", "string!", "disk, media.ports ..."}, {"since", "time", NULL},
	{"severity", "=critical warning!", NULL},   {"text", "string!", "What is wrong"},
	{"remedy", "string!", "What to do"},
};
M(registration) = {
	{"extension", "string!", NULL},
	{"name", "string", "Of the extension"},
	{"contact", "string!", "What the phone says of itself"},
	{"source", "string", "Where it is seen"},
	{"transport", "=udp tcp tls ws wss", NULL},
	{"user_agent", "string", NULL},
	{"q", "number", "Of several phones those with the greatest ring first"},
	{"expires_in_s", "integer", NULL},
	{"since_ms", "time", NULL},
	{"natted", "boolean", "It is called at its source"},
};
M(call) = {
	{"id", "string!", NULL},
	{"from", "string", NULL},
	{"to", "string", "As it was dialled"},
	{"state", "=routing ringing up ending!", NULL},
	{"seconds", "integer", NULL},
	{"talk_seconds", "integer", NULL},
	{"legs", "leg[]", NULL},
	{"diverted", "string", "Who passed it on"},
	{"recording", "=on paused", "Only while it is recorded"},
};
M(leg) = {
	{"number", "string", NULL},
	{"name", "string", NULL},
	{"hidden", "boolean", "It does not show its number"},
	{"device", "string", NULL},
	{"address", "string", NULL},
	{"state", "string", "new, ringing, talking, on hold, ended"},
	{"outgoing", "boolean", NULL},
	{"codec", "string", NULL},
	{"received", "integer", "Packets"},
	{"sent", "integer", "Packets"},
	{"lost", "integer", "Packets"},
	{"lost_percent_now", "number", NULL},
	{"jitter_ms", "number", NULL},
	{"rtt_ms", "number", NULL},
	{"mos", "number", "1 to 5; 0: not known"},
	{"mos_now", "number", NULL},
	{"mos_min", "number", NULL},
	{"far_mos", "number", NULL},
	{"buffer_ms", "number", NULL},
	{"concealed_percent", "number", NULL},
	{"bad_seconds", "integer", NULL},
	{"auth_failed", "integer", NULL},
	{"level_dbov", "integer", NULL},
	{"verdict", "string", "What is wrong, in words"},
};
M(originate) = {
	{"from", "string", "The extension whose phones ring; the role user calls as its own"},
	{"to", "string!", "The number that is called then"},
	{"caller_name", "string", "Shown on the phones that ring"},
	{"auto_answer", "boolean", "Ask the phone to answer by itself"},
};
M(id) = {{"id", "string!", NULL}};
M(by) = {{"by", "=caller callee", "In whose name"}};
M(transfer) = {
	{"to", "string!", "The number that the party is sent to"},
	{"by", "=caller callee", "Who leaves the call; callee if not given"},
};
M(record) = {{"action", "=start stop pause resume!", NULL}};
M(recording) = {
	{"id", "string!", NULL},        {"call", "string", "Id of the call"},
	{"start_ms", "time", NULL},     {"state", "=recording complete interrupted failed", NULL},
	{"file", "string", NULL},       {"from", "string?", NULL},
	{"to", "string?", NULL},        {"ms", "integer", "Length"},
	{"bytes", "integer", NULL},     {"lost", "integer", "Packets that are missing in it"},
	{"paused_ms", "integer", NULL},
};
M(cdr) = {
	{"id", "string!", "Of the call"},
	{"from", "string?", NULL},
	{"from_name", "string", NULL},
	{"to", "string?", "As it was dialled"},
	{"answered_by", "string?", NULL},
	{"start_ms", "time", NULL},
	{"answer_ms", "time?", NULL},
	{"end_ms", "time?", NULL},
	{"outcome", "string?", "answered, busy, no answer ..., in one word"},
	{"code", "integer?", "SIP status"},
	{"reason", "string?", "The same in plain words"},
	{"final", "boolean", "False: the call goes on"},
	{"duration_ms", "integer", NULL},
	{"talk_ms", "integer", NULL},
	{"ended_by", "string", NULL},
	{"diverted", "string", NULL},
	{"transfers", "object[]", NULL},
	{"recordings", "object[]", NULL},
	{"legs", "object[]", "Each with its quality"},
};
M(call_messages) = {
	{"legs", "call_leg[]!", "Whose messages they are"},
	{"messages", "call_message[]!", "In the order in which they came"},
	{"dropped", "boolean!", "Some are missing: overwritten by newer ones, or too many"},
};
M(call_quality) = {
	{"id", "string!", NULL},
	{"live", "boolean!", "False: it has ended"},
	{"legs", "quality_leg[]!", "With the same figures as in the list of calls, as far as they are known"},
};
M(quality_leg) = {
	{"number", "string", NULL},
	{"name", "string", NULL},
	{"device", "string", NULL},
	{"outgoing", "boolean", NULL},
	{"codec", "string", NULL},
	{"mos", "number", "1 to 5; 0: not known"},
	{"verdict", "string", "What is wrong, in words"},
	{"series", "quality_series", "Not of calls that are too short"},
};
M(quality_series) = {
	{"start_ms", "time!", "Of the first sample"},
	{"every_ms", "integer!", "Between two samples"},
	{"n", "integer!", "How many there are; a curve that is not there is 0 all the time"},
	{"mos", "number[]", "0: nothing came, or it is not known"},
	{"lost_percent", "number[]", NULL},
	{"jitter_ms", "integer[]", NULL},
	{"buffer_ms", "integer[]", "Delay of the jitter buffer"},
	{"rtt_ms", "integer[]", "0: not known"},
};
M(hour_counts) = {
	{"items", "hour_count[]!", "The oldest first; hours without calls are left out"},
	{"filling", "boolean!", "Calls of an earlier version are still being counted"},
};
M(hour_count) = {
	{"hour_ms", "time!", "Its beginning; hours are those of UTC"},
	{"direction", "=internal in out unknown!", "unknown: a crash ended them"},
	{"trunk", "string", "With by=trunk; empty: none"},
	{"calls", "integer!", "That began in this hour"},
	{"answered", "integer!", NULL},
	{"busy", "integer!", "Or declined"},
	{"no_answer", "integer!", "Or the caller gave up"},
	{"failed", "integer!", "All others"},
	{"talk_ms", "integer!", NULL},
	{"mos", "number?", "Mean of all parties whose sound was judged"},
	{"mos_n", "integer!", "How many these are"},
	{"bad", "integer!", "Calls with something wrong with the sound"},
};
M(call_leg) = {
	{"leg", "integer!", "Its number in the messages"},
	{"number", "string", NULL},
	{"device", "string", NULL},
	{"call_id", "string", "Of its SIP dialog"},
	{"outgoing", "boolean", "We called it"},
	{"peer", "string", "Where its messages came from or went to"},
};
M(call_message) = {
	{"at_ms", "time!", NULL},
	{"us", "integer", "Microseconds more"},
	{"leg", "integer!", NULL},
	{"kind", "=sip rtcp", NULL},
	{"direction", "=in out!", NULL},
	{"transport", "=udp tcp tls ws wss", NULL},
	{"from_addr", "string", NULL},
	{"to_addr", "string", NULL},
	{"summary", "string!", "INVITE sip:101@..., or 200 OK (INVITE)"},
	{"body", "string", "Type of its body; empty: it has none"},
	{"text", "string", "The message, without secrets"},
	{"cut", "boolean", "It was longer than what is kept"},
};
M(import) = {
	{"dry_run", "boolean", NULL},   {"created", "integer", NULL},
	{"updated", "integer", NULL},   {"removed", "integer", NULL},
	{"unchanged", "integer", NULL}, {"changes", "object[]", "op, resource, key, fields"},
	{"change_id", "integer", NULL},
};
M(sheet_import) = {
	{"dry_run", "boolean!", NULL},
	{"created", "integer!", NULL},
	{"changed", "integer!", NULL},
	{"unchanged", "integer!", NULL},
	{"items", "sheet_item[]!", "The first 1000 of those that are made or changed"},
	{"more", "boolean", "There are more than that"},
	{"change_id", "integer", "For undo; not in a dry run"},
};
M(sheet_item) = {
	{"line", "integer!", "Of the file"},
	{"op", "=create change!", NULL},
	{"key", "string!", NULL},
	{"fields", "object", "Of a change: old and new value by field"},
};
M(change) = {
	{"id", "integer!", NULL},         {"at_ms", "time!", NULL},     {"author", "string", NULL},
	{"text", "string", NULL},         {"undoes", "integer?", NULL}, {"undone_by", "integer?", NULL},
	{"items", "change_item[]", NULL},
};
M(change_item) = {
	{"op", "=create update delete!", NULL},
	{"resource", "string!", NULL},
	{"key", "string!", NULL},
	{"diff", "object", "Old and new value by field"},
};
M(change_id) = {{"change_id", "integer!", "For undo; 0: nothing was different"}};
M(backup_order) = {
	{"recordings", "boolean", "With the files of recordings"},
	{"passphrase", "string", "8 to 256 characters: the key of secrets goes into the backup, locked with it"},
	{"keep", "boolean", "Keep it on the server, in the folder backup of the data directory"},
};
M(backup) = {
	{"file", "string", "Its name in the folder backup"},
	{"path", "string", NULL},
	{"bytes", "integer", NULL},
	{"at", "time", NULL},
	{"version", "string", "Of the program"},
	{"passphrase", "boolean", "False: only the key of this system can restore it"},
	{"recordings", "boolean", NULL},
	{"counts", "object", "Rows and files"},
	{"skipped", "string[]", "What could not be taken along"},
};
M(restore_order) = {
	{"id", "string", "From the answer of the dry run"},
	{"file", "string", "Name of one in the folder backup of the data directory"},
	{"passphrase", "string", NULL},
	{"confirm", "boolean", "Carry it out"},
	{"certificate", "boolean", "Take its certificate as well"},
};
M(restored) = {
	{"id", "string", "To carry it out"},
	{"at", "time", "When the backup was made"},
	{"version", "string", "By which version of the program"},
	{"passphrase", "boolean", NULL},
	{"recordings", "boolean", NULL},
	{"counts", "object", NULL},
	{"dry_run", "boolean", NULL},
	{"created", "integer", NULL},
	{"updated", "integer", NULL},
	{"removed", "integer", NULL},
	{"unchanged", "integer", NULL},
	{"changes", "object[]", "op, resource, key, name, fields: {name: [old, new]}"},
	{"resources", "object", "By resource: created, changed, removed: what people call them"},
	{"change_id", "integer", "Undo this to take the configuration back"},
	{"added", "object", "cdr, recordings, files: that were missing"},
	{"certificate", "string", "What came of the certificate"},
};
M(log_level) = {{"level", "=error warn info debug!", NULL}};
M(dump) = {{"name", "string!", NULL}, {"text", "string!", NULL}};
M(metric) = {{"name", "string!", NULL},
	     {"value", "integer!", NULL},
	     {"type", "=gauge counter", NULL},
	     {"help", "string", NULL}};
M(certificate) = {
	{"subject", "string", NULL},      {"names", "string[]", NULL},     {"issuer", "string", NULL},
	{"self_signed", "boolean", NULL}, {"fingerprint", "string", NULL}, {"key", "string", "Its kind"},
	{"not_before", "time", NULL},     {"not_after", "time", NULL},     {"days_left", "integer", NULL},
};
M(new_certificate) = {{"certificate", "string!", "PEM, with those between it and the root"},
		      {"key", "string!", "Private key, PEM"}};
M(explanation) = {
	{"from", "string", NULL},          {"to", "string", NULL},
	{"trunk", "string", NULL},         {"at", "time", NULL},
	{"steps", "explain_step[]", NULL}, {"decision", "decision", NULL},
};
M(explain_step) = {
	{"rule", "string", NULL}, {"name", "string", NULL}, {"matched", "boolean", NULL}, {"text", "string", NULL}};
M(decision) = {
	{"kind", "string", NULL},        {"code", "integer", NULL},
	{"words", "string", NULL},       {"target", "string", NULL},
	{"route", "string", NULL},       {"e164", "string", NULL},
	{"caller_name", "string", NULL}, {"sentence", "string", "All of it in words"},
	{"attempts", "attempt[]", NULL},
};
M(attempt) = {
	{"trunk", "string", NULL},       {"number", "string", NULL},  {"caller_id", "string", NULL},
	{"caller_name", "string", NULL}, {"hidden", "boolean", NULL}, {"preempts", "boolean", NULL},
	{"down", "boolean", NULL},
};
M(brake_use) = {
	{"what", "=extension trunk", NULL},
	{"name", "string", NULL},
	{"calls", "integer", NULL},
	{"last_minute", "integer", NULL},
	{"last_minute_in", "integer", NULL},
	{"minutes_today", "integer", NULL},
	{"calls_max", "integer", "0: no limit"},
	{"per_minute_max", "integer", NULL},
	{"minutes_max", "integer", NULL},
};
M(trunk_status) = {
	{"name", "string!", NULL},
	{"enabled", "boolean", NULL},
	{"proven", "boolean", "It proves itself"},
	{"state", "=off starting up degraded down", NULL},
	{"words", "string", "The same in a sentence"},
	{"channels", "integer", "Calls at once; 0: no limit"},
	{"channels_in", "integer", NULL},
	{"channels_out", "integer", NULL},
	{"calls_in", "integer", NULL},
	{"calls_out", "integer", NULL},
	{"server", "string", NULL},
	{"rtt_ms", "integer", NULL},
	{"registered_until_ms", "time", NULL},
	{"checking", "boolean", NULL},
	{"history", "object[]", NULL},
	{"messages", "object", "Voice mail: new, old"},
};
M(member) = {
	{"conference", "string!", NULL},  {"name", "string", "Of the conference"},
	{"id", "string!", "Of the call"}, {"number", "string", NULL},
	{"caller_name", "string", NULL},  {"admin", "boolean", NULL},
	{"waiting", "boolean", NULL},     {"muted", "boolean", NULL},
	{"talking", "boolean", NULL},     {"recorded", "boolean", NULL},
	{"level_dbov", "integer", NULL},  {"since_ms", "time", NULL},
};
M(security) = {{"watched", "integer", "Addresses"},
	       {"bans", "integer", NULL},
	       {"dropped", "object", "Packets: banned, busy, scans"},
	       {"sign_in", "sign_in_failures", NULL}};
M(sign_in_failures) = {
	{"names", "object[]", "Users: name, failures, wait_s"},
	{"addresses", "object[]", "Where they came from: address, failures, wait_s"},
	{"unknown_names", "integer", "Names that nobody has"},
};
M(ban) = {
	{"address", "string!", "Or network"}, {"port", "integer", NULL},  {"user", "string", NULL},
	{"reason", "string", NULL},           {"since_ms", "time", NULL}, {"left_s", "integer", NULL},
	{"dropped", "integer", "Packets"},    {"times", "integer", NULL}, {"by_hand", "boolean", NULL},
};
M(new_ban) = {
	{"address", "string!", "Or network: 192.0.2.7, 198.51.100.0/24"},
	{"seconds", "integer", "0 or not given: as long as others"},
	{"reason", "string", NULL},
};
M(session) = {{"user", "me!", NULL}, {"csrf", "string", "For the header X-CSRF-Token of all that changes something"}};
M(sign_in) = {
	{"name", "string!", NULL},
	{"password", "string!", NULL},
	{"code", "string", "Of the second factor, when the answer has asked for it"},
};
M(setup_needed) = {{"needed", "boolean!", NULL}};
M(setup) = {{"token", "string!", "The end of the link"}, {"name", "string!", NULL}, {"password", "string!", NULL}};
M(me) = {
	{"name", "string!", NULL},
	{"display_name", "string", NULL},
	{"role", "string!", NULL},
	{"extension", "string", NULL},
	{"language", "=auto en zh", NULL},
	{"may_listen", "boolean", NULL},
	{"totp", "boolean", "The second factor is on"},
};
M(me_change) = {{"display_name", "string", NULL}, {"language", "=auto en zh", NULL}};
M(me_password) = {{"old", "string!", NULL}, {"password", "string!", "The new one"}};
M(totp) = {{"uri", "string!", "For a QR code"}, {"secret", "string!", "For typing"}};
M(totp_code) = {{"code", "string!", NULL}};
M(totp_off) = {{"password", "string!", NULL}};
M(me_session) = {
	{"id", "string!", NULL},     {"since_ms", "time", NULL},     {"seen_ms", "time", NULL},
	{"address", "string", NULL}, {"user_agent", "string", NULL}, {"current", "boolean", "It asks now"},
};
M(sessions_ended) = {{"ended", "integer!", NULL}};
M(token_use) = {{"name", "string!", NULL}, {"last_used_ms", "time?", NULL}, {"last_address", "string", NULL}};
M(found) = {
	{"kind", "string!", "extension, user, trunk, did, route_out, route_in, conference, call"},
	{"key", "string!", NULL},
	{"title", "string!", NULL},
	{"text", "string", "A few words more"},
};
#undef M

#define S(name, help)                                                                                                  \
	{                                                                                                              \
#name, help, name##_members, ARRAY_LEN(name##_members)                                                 \
	}
const struct shape api_shapes[] = {
	S(status, "What runs and how it is."),
	S(alarm, "A fault that people must know of."),
	S(registration, "A phone."),
	S(call, "A call that goes on."),
	S(leg, "A party of a call."),
	S(originate, "A call to be placed."),
	S(id, "What was made."),
	S(by, "Who does it."),
	S(transfer, "Where a party is sent."),
	S(record, "An order to the recorder."),
	S(recording, "A recording."),
	S(cdr, "A call record; of a call that goes on some members are not there yet."),
	S(call_messages, "What went over the wire for a call."),
	S(call_quality, "How a call sounds over time."),
	S(quality_leg, "How a party sounds."),
	S(quality_series, "Samples of how a party sounds."),
	S(hour_counts, "Calls by the hour."),
	S(hour_count, "Calls of an hour."),
	S(call_leg, "A party of a call, as its messages tell."),
	S(call_message, "A message."),
	{"configuration", "The whole configuration: \"offhook\": 1, and an array of rows for each table.", NULL, 0},
	S(import, "What an import did, or would do."),
	S(sheet_import, "What an import of CSV did, or would do."),
	S(sheet_item, "A row that is made or changed."),
	S(change, "A change of the configuration."),
	S(change_item, "What a change did to a row."),
	S(change_id, "The number of a change."),
	S(backup_order, "What a backup is to have."),
	S(backup, "A backup that is kept on the server."),
	S(restore_order, "Which backup, and whether to carry it out."),
	S(restored, "What a backup changes, or has changed."),
	S(log_level, "How much is logged."),
	S(dump, "A dump of the running system."),
	S(metric, "A counter or gauge."),
	S(certificate, "A certificate in words."),
	S(new_certificate, "A certificate and its key."),
	S(explanation, "Where a number leads."),
	S(explain_step, "A rule that was looked at."),
	S(decision, "What would be done."),
	S(attempt, "A trunk that would be tried."),
	S(brake_use, "What the brakes count for an extension or trunk."),
	S(trunk_status, "How a trunk is."),
	S(member, "Somebody in a conference."),
	S(security, "What the guard counts."),
	S(sign_in_failures, "Wrong passwords of the last hour: after some each further try waits longer."),
	S(ban, "A banned address or network."),
	S(new_ban, "An address or network to ban."),
	S(session, "Who has signed in."),
	S(sign_in, "Who signs in."),
	S(setup_needed, "Whether nobody can sign in yet."),
	S(setup, "The first administrator."),
	S(me, "One's own account."),
	S(me_change, "What everybody may change of their own account."),
	S(me_password, "A new password."),
	S(totp, "A secret for an authenticator app."),
	S(totp_code, "A code of an authenticator app."),
	S(totp_off, "The password, once more."),
	S(me_session, "Where one is signed in."),
	S(sessions_ended, "How many sessions were ended."),
	S(token_use, "When a token was used."),
	S(found, "Something that was found."),
};
const size_t api_nshapes = ARRAY_LEN(api_shapes);

const struct shape *api_shape(struct slice name)
{
	for (size_t i = 0; i < api_nshapes; i++)
		if (slice_eqs(name, api_shapes[i].name))
			return &api_shapes[i];
	return NULL;
}

static const struct shape_member parameters[] = {
	{"limit", "integer", "Rows of a page at most."},
	{"after", "string", "Go on behind this page: its `next`."},
	{"before", "string", "Go on behind this page: its `next`."},
	{"resource", "string", "Only changes of rows of this table, by its name in the singular: extension."},
	{"key", "string", "Together with `resource`: only changes of the row with this key."},
	{"sort", "string", "Order by this field; with - before it the greatest first."},
	{"q", "string", "Only what has this text in it."},
	{"live", "boolean", "With how each row is at this moment, as the member `live`."},
	{"secrets", "boolean", "With passwords, for an administrator; the log tells who asked."},
	{"header", "boolean", "CSV: 0 leaves out the line with the names."},
	{"format", "=json csv", "In place of the headers Accept and Content-Type."},
	{"dry_run", "boolean", "Change nothing: say what would be done."},
	{"recordings", "boolean", "With the files of recordings."},
	{"download", "boolean", "To be kept as a file, rather than heard at once."},
	{"replace", "boolean", "Rows that the file does not name are removed."},
	{"number", "string", "Only calls from, to or answered by this number."},
	{"name", "string", "Only calls of callers with this text in their name."},
	{"outcome", "string", "Only calls that ended so."},
	{"since", "string", "Not before this time: 2026-01-31, 2026-01-31T18:30, with Z for UTC, or ms since 1970."},
	{"until", "string", "Before this time."},
	{"extension", "string", "Only of this extension."},
	{"conference", "string", "Only of this conference."},
	{"from", "string", "Who calls: an extension, or the number of a caller from outside."},
	{"to", "string", "What is dialled."},
	{"at", "string", "When; now if not given."},
	{"trunk", "string", "It comes in by this trunk."},
	{"rtcp", "boolean", "With RTCP."},
	{"by", "=direction trunk", "What is counted apart."},
};

const char *api_parameter(const char *name, const char **type)
{
	for (size_t i = 0; i < ARRAY_LEN(parameters); i++) {
		if (strcmp(parameters[i].name, name))
			continue;
		*type = parameters[i].type;
		return parameters[i].help;
	}
	*type = "string";
	return NULL;
}
