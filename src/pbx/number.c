/*
 * number.c - dialled numbers and their E.164 form (ITU-T E.164, E.123; separators of RFC 3966).
 *
 * What cannot be read for certain gets no E.164 form and the class "unknown", which the brakes treat like an
 * international call: a mistake here must not open a costly way.
 */
#include "pbx/number.h"
#include <stdio.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "(0)" behind a calling code is for callers at home: E.123 has no such form, but people write it. */
static bool at_optional_zero(struct slice s, size_t i, const char *dst, size_t n)
{
	return n > 1 && dst[0] == '+' && s.l - i >= 3 && !memcmp(s.p + i, "(0)", 3);
}

bool number_clean(char *dst, size_t size, struct slice s)
{
	static const char separators[] = " -.()/\t";
	size_t n = 0;
	struct slice whole = s = slice_trim(s);

	if (slice_starts(s, SLICE("tel:")))
		s = slice_from(s, 4);
	for (size_t i = 0; i < s.l; i++) {
		char c = s.p[i];

		if (at_optional_zero(s, i, dst, n)) {
			i += 2;
			continue;
		}
		if (c && strchr(separators, c))
			continue;
		if ((!is_digit(c) && c != '*' && c != '#' && !(c == '+' && !n)) || n + 1 >= size) {
			(void)slice_copy(dst, size, whole);
			return false;
		}
		dst[n++] = c;
	}
	dst[n] = '\0';
	return n > 0;
}

static bool all_digits(struct slice s)
{
	for (size_t i = 0; i < s.l; i++)
		if (!is_digit(s.p[i]))
			return false;
	return s.l > 0;
}

/* "+" and digits, if they can be a number: 2 to 15 digits (E.164 6.1). */
static bool set_e164(struct number *n, struct slice cc, struct slice area, struct slice rest)
{
	size_t l = cc.l + area.l + rest.l;

	/* no country code begins with 0 */
	if (l < 2 || l > E164_DIGITS || cc.p[0] == '0')
		return false;
	snprintf(n->e164, sizeof(n->e164), "+%.*s%.*s%.*s", SLICE_FMT(cc), SLICE_FMT(area), SLICE_FMT(rest));
	return true;
}

static bool length_fits(const struct country *c, size_t l)
{
	return c->min ? l >= c->min && l <= c->max : l >= 6 && l <= 13;
}

/* A number of a plan without trunk prefix, or one that was dialled without it. */
static bool read_local(struct number *n, struct slice d, const struct number_home *home)
{
	const struct country *c = home->country;
	struct slice cc = slice_str(c->cc), area = slice_str(home->area);
	/* Europe's harmonised services (116xxx) and directory enquiries (118...) have no area code */
	bool service = slice_starts(d, SLICE("116")) || slice_starts(d, SLICE("118"));
	bool shared = !strcmp(c->cc, "1");

	if (!*c->trunk || shared) {
		if (length_fits(c, d.l))
			return set_e164(n, cc, SLICE_NULL, d);
		return shared && area.l == 3 && d.l == 7 && set_e164(n, cc, area, d);
	}
	if (!area.l || service || d.l < 4 || is_digit(d.p[0]) == false || !length_fits(c, area.l + d.l))
		return false;
	return set_e164(n, cc, area, d);
}

static void find_e164(struct number *n, const struct number_home *home)
{
	struct slice d = slice_str(n->dialled);
	const struct country *c = home->country;
	size_t idd, trunk;

	if (d.p[0] == '+') {
		if (all_digits(slice_from(d, 1)))
			(void)set_e164(n, slice_from(d, 1), SLICE_NULL, SLICE_NULL);
		return;
	}
	if (!c || !all_digits(d))
		return;
	idd = country_list_match(c->idd, d);
	trunk = country_list_match(c->trunk, d);
	if (idd && idd >= trunk)
		(void)set_e164(n, slice_from(d, idd), SLICE_NULL, SLICE_NULL);
	else if (trunk && length_fits(c, d.l - trunk))
		(void)set_e164(n, slice_str(c->cc), SLICE_NULL, slice_from(d, trunk));
	else if (!trunk || !strcmp(c->cc, "1") || !strcmp(c->cc, "7"))
		(void)read_local(n, d, home);
}

static enum number_class class_of_e164(const struct number *n, const struct number_home *home)
{
	struct slice d = slice_from(slice_str(n->e164), 1);
	enum code_kind kind = country_code_kind(d);

	if (kind == CODE_SATELLITE)
		return NUMBER_SATELLITE;
	if (kind == CODE_PREMIUM)
		return NUMBER_PREMIUM;
	if (!n->country)
		return kind == CODE_FREE ? NUMBER_INTERNATIONAL : NUMBER_UNKNOWN;
	if (country_list_match(n->country->premium, slice_from(d, strlen(n->country->cc))))
		return NUMBER_PREMIUM;
	/* free numbers of a shared plan (North America) are of all its countries */
	if (home->country && !strcmp(home->country->cc, "1") && d.p[0] == '1' &&
	    country_list_match("800 822 833 844 855 866 877 888", slice_from(d, 1)))
		return NUMBER_NATIONAL;
	return n->country == home->country ? NUMBER_NATIONAL : NUMBER_INTERNATIONAL;
}

/* Without an E.164 form: a service code, a costly one, or something that looks like a way abroad. */
static enum number_class class_of_rest(const struct number *n, const struct number_home *home)
{
	struct slice d = slice_str(n->dialled);

	if (!all_digits(d) || slice_starts(d, SLICE("00")) || slice_starts(d, SLICE("011")))
		return NUMBER_UNKNOWN;
	if (home->country && country_list_match(home->country->premium, d))
		return NUMBER_PREMIUM;
	return d.l <= 6 ? NUMBER_SHORT : NUMBER_UNKNOWN;
}

void number_read(struct number *n, struct slice dialled, const struct number_home *home)
{
	memset(n, 0, sizeof(*n));
	n->class = NUMBER_UNKNOWN;
	if (!number_clean(n->dialled, sizeof(n->dialled), dialled))
		return;
	find_e164(n, home);
	if (n->e164[0]) {
		n->country = country_of(slice_str(n->e164 + 1));
		n->class = class_of_e164(n, home);
	} else {
		n->class = class_of_rest(n, home);
	}
}

/* The first of a list. */
static struct slice first_word(const char *list)
{
	struct slice l = slice_str(list);

	return slice_cut(&l, ' ');
}

void number_national(char *dst, size_t size, const struct number *n, const struct number_home *home)
{
	const struct country *c = home->country;
	size_t cc = c ? strlen(c->cc) : 0;

	if (!n->e164[0] || !c)
		snprintf(dst, size, "%s", n->e164[0] ? n->e164 : n->dialled);
	else if (!strncmp(n->e164 + 1, c->cc, cc))
		snprintf(dst, size, "%.*s%s", SLICE_FMT(first_word(c->trunk)), n->e164 + 1 + cc);
	else
		snprintf(dst, size, "%.*s%s", SLICE_FMT(first_word(c->idd)), n->e164 + 1);
}

const char *number_class_name(enum number_class c)
{
	static const char *const names[] = {"short", "national", "international", "premium", "satellite", "unknown"};

	return names[c];
}

enum number_class number_class_worse(enum number_class a, enum number_class b)
{
	static const int cost[] = {[NUMBER_SHORT] = 0,         [NUMBER_NATIONAL] = 0, [NUMBER_UNKNOWN] = 1,
				   [NUMBER_INTERNATIONAL] = 2, [NUMBER_PREMIUM] = 3,  [NUMBER_SATELLITE] = 4};

	return cost[b] > cost[a] ? b : a;
}
