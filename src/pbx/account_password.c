/*
 * account_password.c - what makes a password for the page weak, in one sentence. Longer ones need no mixture of
 * characters (NIST SP 800-63B 5.1.1.2): what counts is that nobody tries it first.
 */
#include <ctype.h>
#include <string.h>
#include "pbx/account_priv.h"

enum { SHORTEST = 10, DISTINCT = 5, BESIDE_NAME = 6 };

/* Those of ten characters and more that are tried first everywhere. */
static const char *const common[] = {
	"0123456789",       "0987654321",       "1234567890",
	"1234567891",       "12345678910",      "123456789a",
	"123456789q",       "1234512345",       "123123123123",
	"1123456789",       "1029384756",       "147258369a",
	"1357924680",       "1q2w3e4r5t",       "1q2w3e4r5t6y",
	"1qaz2wsx3edc",     "1qazxsw23edc",     "3.1415926535",
	"5201314520",       "9876543210",       "a123456789",
	"a1b2c3d4e5",       "aa123456789",      "abc1234567",
	"abc123456789",     "abcd123456",       "abcdefghij",
	"abcdefghijk",      "admin12345",       "admin123456",
	"admin123456789",   "adminadmin",       "administrator",
	"administrator1",   "alexander1",       "asdfasdfasdf",
	"asdfghjkl1",       "asdfghjkl;",       "asterisk123",
	"baseball123",      "basketball",       "batman12345",
	"blink182blink",    "butterfly1",       "california",
	"changeme12",       "changeme123",      "charlie123",
	"chocolate1",       "computer123",      "correcthorsebatterystaple",
	"daniel12345",      "default123",       "dragon12345",
	"football123",      "freepbx123",       "fuckyou123",
	"guest12345",       "hello12345",       "helloworld",
	"iloveyou12",       "iloveyou123",      "internet123",
	"jordan12345",      "letmein123",       "letmein1234",
	"letmeinnow",       "liverpool1",       "manchester",
	"master12345",      "michael123",       "monkey12345",
	"mustang123",       "offhook123",       "offhookoffhook",
	"p@ssw0rd12",       "p@ssw0rd123",      "p@ssword123",
	"passw0rd12",       "passw0rd123",      "password00",
	"password01",       "password10",       "password11",
	"password12",       "password123",      "password1234",
	"password12345",    "password99",       "password1!",
	"passwordpassword", "princess123",      "q1w2e3r4t5",
	"qazwsxedc1",       "qazwsxedc123",     "qazwsxedcr",
	"qwer1234qwer",     "qwerty1234",       "qwerty12345",
	"qwerty123456",     "qwertyqwerty",     "qwertyuiop",
	"qwertyuiop1",      "qwertyuiop123",    "qwertzuiop",
	"root123456",       "rootroot12",       "secret12345",
	"shadow12345",      "starwars123",      "sunshine123",
	"superman123",      "telephone1",       "telephone123",
	"test123456",       "test1234567",      "testtest12",
	"toor123456",       "trustno1trustno1", "unknown123",
	"voipvoip12",       "welcome123",       "welcome1234",
	"welcome12345",     "whatever123",      "woaini1314520",
	"woaini5201314",    "zaq12wsxcde3",     "zxcvbnm123",
	"zxcvbnm1234",      "zxcvbnmasd",       "geheim1234",
	"hallo12345",       "passwort12",       "passwort123",
	"mima123456",
};

static size_t chars(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.l; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static bool is_common(struct slice password)
{
	for (size_t i = 0; i < ARRAY_LEN(common); i++)
		if (slice_ieqs(password, common[i]))
			return true;
	return false;
}

static unsigned distinct(struct slice s)
{
	bool seen[256] = {false};
	unsigned n = 0;

	for (size_t i = 0; i < s.l; i++) {
		n += !seen[(unsigned char)s.p[i]];
		seen[(unsigned char)s.p[i]] = true;
	}
	return n;
}

/* What is left without the name, as often as it stands there. */
static size_t beside(struct slice password, struct slice name)
{
	size_t n = 0;

	for (size_t i = 0; i < password.l;) {
		if (slice_ieq(slice_first(slice_from(password, i), name.l), name)) {
			i += name.l;
		} else {
			n++;
			i++;
		}
	}
	return n;
}

const char *account_password_weak(struct slice name, struct slice password)
{
	if (chars(password) < SHORTEST)
		return "The password is too short: take at least 10 characters, three or four words for instance.";
	if (chars(password) > ACCOUNT_PASSWORD)
		return "The password is too long: 256 characters are the most.";
	if (distinct(password) < DISTINCT)
		return "The password repeats a few characters; it is guessed within seconds.";
	if (is_common(password))
		return "The password is one of those that attackers try first; take another.";
	if (name.l > 1 && beside(password, name) < BESIDE_NAME && beside(password, name) < password.l)
		return "The password is little more than the name; attackers try that first.";
	return NULL;
}
