/*
 * sounds_text.c - what prompts say, in English, for those that have no recording. Names follow the recorded sets that
 * Debian has (asterisk-core-sounds), so that either can take the place of the other.
 */
#include <string.h>
#include "call/sounds.h"

static const struct {
	const char *name, *text;
} texts[] = {
	{"activated", "activated"},
	{"auth-thankyou", "Thank you."},
	{"conf-full", "This conference is full."},
	{"conf-getpin", "Please enter the pin of the conference, then press the hash key."},
	{"conf-hasjoin", "has joined the conference."},
	{"conf-hasleft", "has left the conference."},
	{"conf-invalid", "There is no such conference."},
	{"conf-invalidpin", "That pin is not right."},
	{"conf-kicked", "You have been taken out of this conference."},
	{"conf-leaderhasleft", "The leader has left the conference."},
	{"conf-locked", "This conference is locked."},
	{"conf-lockednow", "The conference is locked now."},
	{"conf-muted", "You are muted now."},
	{"conf-now-recording", "This conference is being recorded."},
	{"conf-onlyone", "There is one other person in the conference."},
	{"conf-onlyperson", "You are the only person in this conference."},
	{"conf-otherinparty", "other people in the conference."},
	{"conf-placeintoconf", "You are being put into the conference."},
	{"conf-thereare", "There are"},
	{"conf-unlockednow", "The conference is open again."},
	{"conf-unmuted", "You are heard again."},
	{"conf-usermenu", "Press star 6 to mute yourself or to be heard again, or hash to leave the conference."},
	{"conf-waitforleader", "The conference begins when its leader comes."},
	{"confbridge-conf-end", "The conference has ended."},
	{"confbridge-pin-bad", "Too many wrong pins."},
	{"de-activated", "deactivated"},
	{"digits/0", "zero"},
	{"digits/1", "one"},
	{"digits/2", "two"},
	{"digits/3", "three"},
	{"digits/4", "four"},
	{"digits/5", "five"},
	{"digits/6", "six"},
	{"digits/7", "seven"},
	{"digits/8", "eight"},
	{"digits/9", "nine"},
	{"digits/pound", "hash"},
	{"digits/star", "star"},
	{"goodbye", "Goodbye."},
	{"invalid", "That is not a number that can be reached. Please try again."},
	{"one-moment-please", "One moment, please."},
	{"please-try-again", "Please try again."},
	{"vm-goodbye", "Goodbye."},
};

const char *sounds_text(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (!strcmp(texts[i].name, name))
			return texts[i].text;
	return NULL;
}
