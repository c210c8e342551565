/*
 * plan_hours.c - weekly hours as text: "mon-fri 08:00-18:00, sat 9:00-12:00". Hours may pass midnight: "fri
 * 22:00-06:00" begins on Friday.
 */
#include "pbx/plan.h"

enum { DAY_MIN = 1440, ALL_DAYS = 0x7f };

static const char *const day_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

static int day_of(struct slice s)
{
	for (int i = 0; i < 7; i++)
		if (slice_ieqs(slice_first(s, 3), day_names[i]) && s.l >= 3)
			return i;
	return -1;
}

static bool parse_days(struct slice s, uint8_t *days)
{
	bool range = slice_chr(s, '-') >= 0;
	struct slice first = slice_cut(&s, '-');
	int a = day_of(first), b = range ? day_of(s) : a;

	if (slice_ieqs(first, "daily")) {
		*days = ALL_DAYS;
		return !range;
	}
	if (a < 0 || b < 0)
		return false;
	for (int d = a;; d = (d + 1) % 7) {
		*days |= (uint8_t)(1u << d);
		if (d == b)
			return true;
	}
}

static bool parse_time(struct slice s, uint16_t *minute)
{
	struct slice h = slice_cut(&s, ':');
	uint32_t hh, mm = 0;

	if (slice_u32(h, &hh) || (s.l && slice_u32(s, &mm)) || hh > 24 || mm > 59 || (hh == 24 && mm))
		return false;
	*minute = (uint16_t)(hh * 60 + mm);
	return true;
}

static bool parse_span(struct slice s, uint16_t *from, uint16_t *to)
{
	struct slice a = slice_cut(&s, '-');

	return parse_time(a, from) && parse_time(s, to) && *from < DAY_MIN && *from != *to;
}

static struct slice word(struct slice *s)
{
	*s = slice_trim(*s);
	return slice_cut(s, ' ');
}

static bool parse_one(struct plan_hours *h, struct slice s)
{
	uint8_t days = 0;
	uint16_t from = 0, to = DAY_MIN;
	struct slice w = word(&s);

	if (w.l && w.p[0] >= '0' && w.p[0] <= '9') {
		days = ALL_DAYS;
	} else {
		if (!parse_days(w, &days))
			return false;
		w = word(&s);
	}
	if (w.l && !parse_span(w, &from, &to))
		return false;
	if (slice_trim(s).l || h->n == PLAN_HOURS)
		return false;
	h->v[h->n].days = days;
	h->v[h->n].from = from;
	h->v[h->n++].to = to;
	return true;
}

int plan_hours_parse(struct plan_hours *h, struct slice text, struct buf *why)
{
	h->n = 0;
	while (text.l) {
		struct slice one = slice_trim(slice_cut(&text, ','));

		if (one.l && !parse_one(h, one)) {
			buf_printf(why,
				   "\"%.*s\" is not understood as hours. Write them so: mon-fri 08:00-18:00, sat "
				   "09:00-12:00 (%d entries at most).",
				   SLICE_FMT(one), PLAN_HOURS);
			return ERR_SYNTAX;
		}
	}
	return 0;
}

bool plan_hours_open(const struct plan_hours *h, unsigned weekday, unsigned minute)
{
	unsigned before = (weekday + 6) % 7;

	for (size_t i = 0; i < h->n; i++) {
		bool over = h->v[i].to < h->v[i].from; /* past midnight */

		if ((h->v[i].days >> weekday & 1) && minute >= h->v[i].from && (over || minute < h->v[i].to))
			return true;
		if (over && (h->v[i].days >> before & 1) && minute < h->v[i].to)
			return true;
	}
	return !h->n;
}
