/*
 * number.h - dialled numbers: taking them apart, E.164 form by country, what kind of number it is.
 *
 * ITU-T E.164 (international numbers, at most 15 digits), E.123 (how people write them), RFC 3966 2 (visual
 * separators). Thread: any. Ownership: plain structs.
 */
#ifndef OFFHOOK_PBX_NUMBER_H
#define OFFHOOK_PBX_NUMBER_H

#include "pbx/country.h"

enum { NUMBER_MAX = 64, E164_DIGITS = 15 };

/** Where a number was dialled: decides what a national or local form means. */
struct number_home {
	const struct country *country; /**< NULL: not set; then only "+" numbers are international */
	const char *area;              /**< own area code without trunk prefix, or "" */
};

enum number_class {
	NUMBER_SHORT,    /**< a few digits that are no subscriber's number: services */
	NUMBER_NATIONAL, /**< in the own country, local ones too */
	NUMBER_INTERNATIONAL,
	NUMBER_PREMIUM, /**< a costly range, at home or abroad */
	NUMBER_SATELLITE,
	NUMBER_UNKNOWN /**< cannot be read: handled as carefully as an international one */
};

struct number {
	char dialled[NUMBER_MAX];      /**< without separators: digits, *, #, a leading + */
	char e164[E164_DIGITS + 2];    /**< "+4930123", or "" when there is no such form */
	const struct country *country; /**< of the E.164 form; NULL: none */
	enum number_class class;
};

/** Take separators off ("+49 (0)30 12-34" gives "+493012 34" without the space). False: it is no telephone number
 * (letters, too long); `dst` then holds it as it is. `size` at least NUMBER_MAX. */
bool number_clean(char *dst, size_t size, struct slice s);
/** Read a number as dialled at `home`. */
void number_read(struct number *n, struct slice dialled, const struct number_home *home);
/** How `n` is dialled at `home`: "030123" at home, "0044..." elsewhere; the dialled form when there is no E.164 one. */
void number_national(char *dst, size_t size, const struct number *n, const struct number_home *home);
/** "national", "international" ...; static. */
const char *number_class_name(enum number_class c);
/** The costlier of two. */
enum number_class number_class_worse(enum number_class a, enum number_class b);

#endif
