/*
 * country.h - countries as telephone numbers see them: calling codes, prefixes, emergency numbers, costly ranges.
 *
 * Facts are those of ITU-T E.164 (assigned country codes), E.129 and the ITU operational bulletins (national numbering
 * plans, dialling procedures), E.161.1 (emergency numbers). What is not known for certain is left empty.
 * Thread: any; the table is constant. Ownership: none.
 */
#ifndef OFFHOOK_PBX_COUNTRY_H
#define OFFHOOK_PBX_COUNTRY_H

#include "base/slice.h"

/** A country or territory. Lists are separated by single spaces; "" = none or not known. */
struct country {
	const char *iso;       /**< ISO 3166-1 alpha-2 */
	const char *cc;        /**< calling code without plus: "49" */
	const char *area;      /**< where the code is shared: beginnings of national numbers that are of this country;
				  "" = of the main country of the code */
	const char *name;      /**< in English */
	const char *idd;       /**< international prefixes as dialled: "00" */
	const char *trunk;     /**< national (trunk) prefix, dropped after the calling code: "0" or "" */
	const char *emergency; /**< emergency numbers */
	uint8_t min, max;      /**< digits of a national significant number, 0 = not known */
	const char *premium;   /**< beginnings of national significant numbers that cost more than a call */
};

/** Ranges of E.164 that belong to no country. */
enum code_kind {
	CODE_NONE,      /**< not assigned, or nothing special */
	CODE_SATELLITE, /**< +870, +881, +882, +883 */
	CODE_PREMIUM,   /**< +979 and the like */
	CODE_FREE       /**< +800 */
};

/** By ISO code, letters of either case; NULL. */
const struct country *country_find(struct slice iso);
/** The country of an international number without plus ("4930123"): longest match. NULL: none known. */
const struct country *country_of(struct slice digits);
/** What an international number without plus is when it is of no country. */
enum code_kind country_code_kind(struct slice digits);
/** Does it begin as one of the list does? Length of the longest such beginning, 0 = none. */
size_t country_list_match(const char *list, struct slice digits);
/** Is it one of the list, in full? */
bool country_list_has(const char *list, struct slice word);
/** All countries, for listings. */
const struct country *country_all(size_t *n);

#endif
