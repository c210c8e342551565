/*
 * trunk_fields.c - the fields of the resource "trunk": what people can set on a line to a provider or another phone
 * system.
 */
#include "pbx/trunk.h"

#define PASSWORD_HELP "The password that goes with it."

static const struct field fields[] = {
	{"name", FIELD_TEXT, FIELD_KEY | FIELD_REQUIRED, 1, 32, NULL, NULL, "a-z0-9_-",
	 "What it is called here: small letters, digits, - and _, with a letter first."},
	{"server", FIELD_TEXT, 0, 0, 800, "", NULL, NULL,
	 "Servers, with commas: a name or address, :PORT, ;priority=1 (lower first) and ;weight=2 (shares of equals)."},
	{"transport", FIELD_ENUM, 0, 0, 0, "auto", "auto udp tcp tls", NULL,
	 "udp, tcp or tls; auto: as the DNS says, UDP without a word."},
	{"tls_verify", FIELD_BOOL, 0, 0, 1, "true", NULL, NULL,
	 "With TLS: the certificate must be good for the server's name. Off: any one is taken."},
	{"domain", FIELD_TEXT, 0, 0, 200, "", NULL, NULL,
	 "The provider's domain in our addresses, where it is not the server's name."},
	{"register", FIELD_BOOL, 0, 0, 1, "true", NULL, NULL,
	 "Register with the provider, so that it knows where to send calls."},
	{"user", FIELD_TEXT, 0, 0, 100, "", NULL, NULL, "The account: user name or number, as the provider gave it."},
	{"auth_user", FIELD_TEXT, 0, 0, 100, "", NULL, NULL, "User name for the password, where it is not `user`."},
	{"password", FIELD_SECRET, 0, 0, 128, NULL, NULL, NULL, PASSWORD_HELP},
	{"from_user", FIELD_TEXT, 0, 0, 100, "", NULL, NULL,
	 "User name in From of registrations, where it is not `user`; of calls too, unless identity is from."},
	{"identity", FIELD_ENUM, 0, 0, 0, "from", "from pai ppi rpid", NULL,
	 "Where our number stands: from, pai (P-Asserted-Identity), ppi (P-Preferred-Identity), rpid "
	 "(Remote-Party-ID)."},
	{"caller_id", FIELD_TEXT, 0, 0, 40, "", NULL, "0-9+*#",
	 "The number shown by calls of extensions that have none of their own: +493012345."},
	{"trusted", FIELD_BOOL, 0, 0, 1, "false", NULL, NULL,
	 "Believe what it says of callers, and tell it who calls even if the caller wants to be hidden."},
	{"incoming", FIELD_BOOL, 0, 0, 1, "true", NULL, NULL, "Calls may come in by it."},
	{"addresses", FIELD_TEXT, 0, 0, 400, "", NULL, NULL,
	 "Addresses and networks its calls come from, with commas, beside those of its servers."},
	{"password_in", FIELD_SECRET, 0, 8, 128, NULL, NULL, NULL,
	 "The other phone system may prove itself with this password; its user name is the trunk's name."},
	{"number_from", FIELD_ENUM, 0, 0, 0, "auto", "auto request-uri to p-called-party-id", NULL,
	 "Where an incoming call names the number that is called: request-uri, to, p-called-party-id; auto finds out."},
	{"reaches_outside", FIELD_BOOL, 0, 0, 1, "false", NULL, NULL,
	 "Calls that come in by it may go out by other trunks; only where it proves itself."},
	{"codecs", FIELD_TEXT, 0, 0, 120, "", NULL, "A-Za-z0-9, /._-",
	 "Codecs for it, best first, and no others: PCMA,PCMU. Empty: all, the caller's first."},
	{"srtp", FIELD_ENUM, 0, 0, 0, "best_effort", "best_effort off offered required", NULL,
	 "Encrypted sound: best_effort (offered beside plain), off, offered (plain where refused), required."},
	{"dtmf", FIELD_ENUM, 0, 0, 0, "auto", "auto rfc4733 info inband", NULL,
	 "How digits are sent to it: auto, rfc4733, info, inband; from it every way is understood."},
	{"channels", FIELD_INT, 0, 0, 10000, "0", NULL, NULL, "Calls at once; 0: no limit."},
	{"channels_in", FIELD_INT, 0, 0, 10000, "0", NULL, NULL, "Of these coming in; 0: no limit."},
	{"channels_out", FIELD_INT, 0, 0, 10000, "0", NULL, NULL, "Of these going out; 0: no limit."},
	{"calls_per_minute", FIELD_INT, 0, 0, 100000, "0", NULL, NULL,
	 "New outgoing calls in a minute, against fraud; 0: as `brakes` says for trunks."},
	{"minutes_per_day", FIELD_INT, 0, 0, 1000000, "0", NULL, NULL,
	 "Minutes of outgoing calls a day, against fraud; 0: as `brakes` says for trunks."},
	{"country", FIELD_TEXT, 0, 0, 2, "", NULL, "A-Za-z",
	 "Country of numbers in national form (DE, GB, US ...); empty: that of the phone system."},
	{"check_seconds", FIELD_INT, 0, 0, 3600, "60", NULL, NULL,
	 "Ask the servers this often whether they are there (OPTIONS); 0: never."},
	{"expires", FIELD_INT, 0, 60, 86400, "3600", NULL, NULL,
	 "Registrations last so many seconds, if the provider agrees."},
	{"answer_ms", FIELD_INT, 0, 500, 32000, "4000", NULL, NULL,
	 "A server that gives no sign for so long is left for the next one."},
	{"enabled", FIELD_BOOL, 0, 0, 1, "true", NULL, NULL, "Off: no calls, no registration."},
};

const struct resource pbx_trunk_resource = {
	"trunk", "trunks", "A line to a provider or another phone system.", fields, ARRAY_LEN(fields),
};
