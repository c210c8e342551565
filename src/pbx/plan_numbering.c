/*
 * plan_numbering.c - where we are (country, area code, emergency numbers) and the brakes: the tables of one row.
 */
#include "base/mem.h"
#include "pbx/plan_priv.h"

void plan_emergency_list(json_t *row, struct buf *b)
{
	/* ITU-T E.161.1: the two that most of the world knows, as long as nobody has said where we are */
	static const char unknown[] = "112 911";
	const struct resource *r = &pbx_numbering_resource;
	const struct country *home = country_find(slice_str(plan_text(r, row, "country")));
	const char *lists[] = {home ? home->emergency : unknown, plan_text(r, row, "emergency_numbers")};
	char *not = NULL;

	if (plan_words(&not, r, row, "emergency_not"))
		not = NULL; /* no memory: rather one number too many */
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct slice s = slice_str(lists[i]);

		while (s.l) {
			struct slice w = slice_cut(&s, ' ');

			if (w.l && !(not &&country_list_has(not, w)) && !(i && country_list_has(lists[0], w)))
				buf_printf(b, "%s%.*s", b->l ? " " : "", SLICE_FMT(w));
		}
	}
	mem_deref(not );
}

int plan_numbering_take(struct plan *c, json_t *row)
{
	const struct resource *r = &pbx_numbering_resource;
	struct buf b;
	char *list;
	int err;

	buf_init(&b);
	plan_emergency_list(row, &b);
	err = buf_strdup(&b, &list);
	buf_free(&b);
	if (err)
		return err;
	mem_deref(c->emergency);
	c->emergency = list;
	plan_copy(c->area, sizeof(c->area), r, row, "area_code");
	c->home = (struct number_home){country_find(slice_str(plan_text(r, row, "country"))), c->area};
	plan_copy(c->emergency_test, sizeof(c->emergency_test), r, row, "emergency_test");
	c->callback_minutes = plan_number(r, row, "callback_minutes");
	json_decref(c->numbering_row);
	c->numbering_row = json_incref(row);
	err = plan_words(&c->emergency_trunks, r, row, "emergency_trunks");
	if (!err) {
		mem_deref(c->location);
		c->location = NULL;
		err = mem_strdup(&c->location, plan_text(r, row, "location"));
	}
	return err ? err : plan_did_again(c);
}

int plan_brakes_take(struct plan *c, json_t *row)
{
	const struct resource *r = &pbx_brakes_resource;
	struct plan_brakes *b = &c->brakes;

	b->international = plan_truth(r, row, "international");
	b->premium = plan_truth(r, row, "premium");
	b->satellite = plan_truth(r, row, "satellite");
	b->calls = plan_number(r, row, "calls");
	b->per_minute = plan_number(r, row, "per_minute");
	b->per_day = plan_number(r, row, "minutes_per_day");
	b->trunk_per_minute = plan_number(r, row, "trunk_per_minute");
	b->trunk_in_per_minute = plan_number(r, row, "trunk_in_per_minute");
	b->trunk_per_day = plan_number(r, row, "trunk_minutes_per_day");
	b->call_minutes = plan_number(r, row, "call_minutes");
	json_decref(c->brakes_row);
	c->brakes_row = json_incref(row);
	return plan_words(&b->countries, r, row, "countries");
}

static int only_check(const char *key, struct buf *why)
{
	if (!strcmp(key, PLAN_ONLY))
		return 0;
	buf_printf(why, "There is only one of these; its name is \"%s\".", PLAN_ONLY);
	return ERR_SYNTAX;
}

int plan_numbering_check(const struct plan *c, const char *key, json_t *row, struct buf *why)
{
	const char *iso = plan_text(&pbx_numbering_resource, row, "country");
	int err = only_check(key, why);

	if (err)
		return err;
	if (*iso && !country_find(slice_str(iso))) {
		buf_printf(why, "\"%s\" is no country. Give the two letters of ISO 3166: DE, US, CN ...", iso);
		return why_at(ERR_SYNTAX, why, "country");
	}
	if (!*iso && c->out.n) {
		buf_printf(why, "Routes to the outside need the country; it cannot be taken away while there are any.");
		return why_at(ERR_SYNTAX, why, "country");
	}
	return 0;
}

int plan_brakes_check(const char *key, json_t *row, struct buf *why)
{
	struct slice s = slice_str(plan_text(&pbx_brakes_resource, row, "countries"));
	int err = only_check(key, why);

	if (err)
		return err;
	while (s.l) {
		struct slice w = slice_cut(&s, ' ');

		if (!w.l || w.p[0] == '+' || country_find(w))
			continue;
		buf_printf(why, "\"%.*s\" is neither a country (two letters) nor a calling code (+33).", SLICE_FMT(w));
		return why_at(ERR_SYNTAX, why, "countries");
	}
	return 0;
}
