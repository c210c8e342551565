/*
 * password.c - what makes a SIP password weak, in one sentence.
 */
#include <ctype.h>
#include "pbx/pbx.h"

const char *pbx_password_weak(struct slice number, struct slice password)
{
	unsigned kinds = 0, digit = 0, lower = 0, upper = 0, other = 0, distinct = 0;
	bool seen[256] = {false};

	for (size_t i = 0; i < password.l; i++) {
		unsigned char c = (unsigned char)password.p[i];

		distinct += !seen[c];
		seen[c] = true;
		digit |= isdigit(c) != 0;
		lower |= islower(c) != 0;
		upper |= isupper(c) != 0;
		other |= !isalnum(c);
	}
	kinds = digit + lower + upper + other;
	if (slice_isset(number) && password.l < 24) {
		for (size_t i = 0; i + number.l <= password.l; i++) {
			if (slice_starts(slice_from(password, i), number) && password.l - number.l < 8)
				return "The password is little more than the number itself; attackers try that first.";
		}
	}
	if (distinct < 5)
		return "The password repeats a few characters; it is guessed within seconds.";
	if (kinds == 1 && digit)
		return "The password is all digits; add letters.";
	if (password.l < 12 && kinds < 3)
		return "The password is short; 12 characters or a mix of letters, digits and signs hold longer.";
	return NULL;
}
