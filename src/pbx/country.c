/*
 * country.c - looking numbers and countries up in the table (country_table.c). ITU-T E.164 6.2: a country code has one
 * to three digits; where several countries share one, the beginning of the national number tells.
 */
#include "pbx/country.h"

const struct country *country_find(struct slice iso)
{
	size_t n;
	const struct country *v = country_all(&n);

	for (size_t i = 0; i < n; i++)
		if (slice_ieqs(iso, v[i].iso))
			return &v[i];
	return NULL;
}

size_t country_list_match(const char *list, struct slice digits)
{
	struct slice l = slice_str(list);
	size_t best = 0;

	while (l.l) {
		struct slice w = slice_cut(&l, ' ');

		if (w.l > best && slice_starts(digits, w))
			best = w.l;
	}
	return best;
}

bool country_list_has(const char *list, struct slice word)
{
	struct slice l = slice_str(list);

	while (l.l)
		if (slice_eq(slice_cut(&l, ' '), word))
			return true;
	return false;
}

const struct country *country_of(struct slice digits)
{
	size_t n, best = 0;
	const struct country *v = country_all(&n), *found = NULL;

	for (size_t i = 0; i < n; i++) {
		struct slice cc = slice_str(v[i].cc);
		size_t len;

		if (!slice_starts(digits, cc))
			continue;
		len = cc.l;
		if (*v[i].area) {
			size_t more = country_list_match(v[i].area, slice_from(digits, cc.l));

			if (!more)
				continue;
			len += more;
		}
		/* the main country of a shared code stands first and is not displaced by an equal one */
		if (len > best) {
			best = len;
			found = &v[i];
		}
	}
	return found;
}

enum code_kind country_code_kind(struct slice digits)
{
	/* ITU-T E.164 annex D (list of assigned codes): shared codes for global services */
	static const char satellite[] = "870 881 882 883", premium[] = "979 808 878", free_phone[] = "800";

	if (country_list_match(satellite, digits))
		return CODE_SATELLITE;
	if (country_list_match(premium, digits))
		return CODE_PREMIUM;
	return country_list_match(free_phone, digits) ? CODE_FREE : CODE_NONE;
}
