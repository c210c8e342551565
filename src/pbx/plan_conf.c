/*
 * plan_conf.c - the numbering plan in memory, compiled from the rows of its resources: patterns parsed, hours parsed,
 * routes in their order, our numbers by their E.164 form.
 */
#include "base/mem.h"
#include "pbx/plan.h"

/* ------------------------------------------------------------------ reading rows */

static const char *text(const struct resource *r, const json_t *row, const char *name)
{
	const char *v = json_string_value(json_object_get(row, name));
	const struct field *f = resource_field(r, slice_str(name));

	return v ? v : f && f->def ? f->def : "";
}

static uint32_t number(const struct resource *r, const json_t *row, const char *name)
{
	json_t *v = json_object_get(row, name);
	const struct field *f = resource_field(r, slice_str(name));
	uint32_t n = 0;

	if (json_is_integer(v))
		return (uint32_t)json_integer_value(v);
	return f && f->def && !slice_u32(slice_str(f->def), &n) ? n : 0;
}

static bool truth(const struct resource *r, const json_t *row, const char *name)
{
	json_t *v = json_object_get(row, name);

	return json_is_boolean(v) ? json_is_true(v) : !strcmp(text(r, row, name), "true");
}

static void copy(char *dst, size_t size, const struct resource *r, const json_t *row, const char *name)
{
	(void)slice_copy(dst, size, slice_trim(slice_str(text(r, row, name))));
}

/* People write lists with commas, spaces or both; inside, single spaces separate. */
static int words(char **dst, const char *list)
{
	struct slice s = slice_str(list);
	struct buf b;
	char *made;
	int err;

	buf_init(&b);
	while (s.l) {
		struct slice part = slice_cut(&s, ',');

		while (part.l) {
			struct slice w = slice_trim(slice_cut(&part, ' '));

			if (w.l)
				buf_printf(&b, "%s%.*s", b.l ? " " : "", SLICE_FMT(w));
		}
	}
	err = buf_strdup(&b, &made);
	buf_free(&b);
	if (err)
		return err;
	mem_deref(*dst);
	*dst = made;
	return 0;
}

/* ------------------------------------------------------------------ routes to the outside */

static void out_destroy(void *obj)
{
	struct plan_out *o = obj;

	list_unlink(&o->le);
	pattern_list_free(&o->patterns);
	pattern_list_free(&o->extensions);
	mem_deref(o->trunks);
	mem_deref(o->hours_text);
	json_decref(o->row);
}

static enum plan_send send_of(const char *s)
{
	return !strcmp(s, "e164")       ? SEND_E164
	       : !strcmp(s, "digits")   ? SEND_DIGITS
	       : !strcmp(s, "national") ? SEND_NATIONAL
					: SEND_DIALLED;
}

static int out_fill(struct plan_out *o, json_t *row, struct buf *why)
{
	const struct resource *r = &pbx_route_out_resource;
	int err = pattern_list_parse(&o->patterns, slice_str(text(r, row, "pattern")), why);

	if (!err)
		err = pattern_list_parse(&o->extensions, slice_str(text(r, row, "extensions")), why);
	if (!err)
		err = plan_hours_parse(&o->hours, slice_str(text(r, row, "hours")), why);
	if (!err)
		err = words(&o->trunks, text(r, row, "trunks"));
	if (!err)
		err = mem_strdup(&o->hours_text, text(r, row, "hours"));
	o->order = number(r, row, "order");
	o->strip = number(r, row, "strip");
	o->tries = number(r, row, "tries");
	o->send = send_of(text(r, row, "send"));
	o->keep_caller = truth(r, row, "keep_caller");
	o->enabled = truth(r, row, "enabled");
	copy(o->prepend, sizeof(o->prepend), r, row, "prepend");
	copy(o->replace, sizeof(o->replace), r, row, "replace");
	copy(o->caller_id, sizeof(o->caller_id), r, row, "caller_id");
	copy(o->pin, sizeof(o->pin), r, row, "pin");
	if (!err && *o->replace && !pattern_list_has_regex(&o->patterns)) {
		buf_printf(why, "\"replace\" needs a pattern that is a regular expression (~...).");
		err = ERR_SYNTAX;
	}
	o->row = json_incref(row);
	return err;
}

static int out_make(struct plan_out **op, const char *key, json_t *row, struct buf *why)
{
	struct plan_out *o = mem_zalloc(sizeof(*o), out_destroy);
	int err;

	if (!o)
		return ENOMEM;
	(void)slice_copy(o->name, sizeof(o->name), slice_str(key));
	err = out_fill(o, row, why);
	if (err)
		mem_deref(o);
	else
		*op = o;
	return err;
}

static void out_insert(struct plan *c, struct plan_out *o)
{
	LIST_EACH (&c->out, k) {
		const struct plan_out *x = LINK_OBJ(k, struct plan_out, le);

		if (x->order > o->order || (x->order == o->order && strcmp(x->name, o->name) > 0)) {
			list_insert_before(k, &o->le);
			return;
		}
	}
	list_append(&c->out, &o->le);
}

static struct plan_out *out_find(const struct plan *c, const char *key)
{
	LIST_EACH (&c->out, k)
		if (!strcmp(LINK_OBJ(k, struct plan_out, le)->name, key))
			return LINK_OBJ(k, struct plan_out, le);
	return NULL;
}

/* ------------------------------------------------------------------ rules for calls that come in */

static void in_destroy(void *obj)
{
	struct plan_in *o = obj;

	list_unlink(&o->le);
	pattern_list_free(&o->numbers);
	pattern_list_free(&o->callers);
	mem_deref(o->trunks);
	mem_deref(o->hours_text);
	json_decref(o->row);
}

/* "anonymous" among the callers is no pattern. */
static int callers(struct plan_in *o, const char *list, struct buf *why)
{
	struct slice s = slice_str(list);
	struct buf b;
	int err;

	buf_init(&b);
	while (s.l) {
		struct slice w = slice_cut(&s, ' '), bare = w;

		while (bare.l && bare.p[bare.l - 1] == ',')
			bare.l--;
		if (slice_ieqs(bare, "anonymous"))
			o->anonymous = true;
		else
			buf_printf(&b, "%.*s ", SLICE_FMT(w));
	}
	err = buf_err(&b) ? buf_err(&b) : pattern_list_parse(&o->callers, buf_get(&b), why);
	buf_free(&b);
	return err;
}

static int target_sound(const char *t, struct buf *why)
{
	struct slice s = slice_str(t), w = slice_cut(&s, ' ');
	char clean[NUMBER_MAX];
	uint32_t code;

	if (slice_ieqs(w, "refuse") && (!s.l || (!slice_u32(s, &code) && code >= 400 && code < 700)))
		return 0;
	if (!strcmp(t, "hangup") || !strcmp(t, "dialled") || number_clean(clean, sizeof(clean), slice_str(t)))
		return 0;
	buf_printf(why,
		   "\"%s\" is not understood as a target: an extension, a feature code, \"refuse\", \"refuse 486\" "
		   "(400 to 699) or \"dialled\".",
		   t);
	return ERR_SYNTAX;
}

static int in_fill(struct plan_in *o, json_t *row, struct buf *why)
{
	const struct resource *r = &pbx_route_in_resource;
	int err = pattern_list_parse(&o->numbers, slice_str(text(r, row, "numbers")), why);

	if (!err)
		err = callers(o, text(r, row, "callers"), why);
	if (!err)
		err = plan_hours_parse(&o->hours, slice_str(text(r, row, "hours")), why);
	if (!err)
		err = words(&o->trunks, text(r, row, "trunks"));
	if (!err)
		err = mem_strdup(&o->hours_text, text(r, row, "hours"));
	if (!err)
		err = target_sound(text(r, row, "target"), why);
	o->order = number(r, row, "order");
	o->enabled = truth(r, row, "enabled");
	copy(o->target, sizeof(o->target), r, row, "target");
	copy(o->name_prefix, sizeof(o->name_prefix), r, row, "name_prefix");
	o->row = json_incref(row);
	return err;
}

static int in_make(struct plan_in **op, const char *key, json_t *row, struct buf *why)
{
	struct plan_in *o = mem_zalloc(sizeof(*o), in_destroy);
	int err;

	if (!o)
		return ENOMEM;
	(void)slice_copy(o->name, sizeof(o->name), slice_str(key));
	err = in_fill(o, row, why);
	if (err)
		mem_deref(o);
	else
		*op = o;
	return err;
}

static void in_insert(struct plan *c, struct plan_in *o)
{
	LIST_EACH (&c->in, k) {
		const struct plan_in *x = LINK_OBJ(k, struct plan_in, le);

		if (x->order > o->order || (x->order == o->order && strcmp(x->name, o->name) > 0)) {
			list_insert_before(k, &o->le);
			return;
		}
	}
	list_append(&c->in, &o->le);
}

static struct plan_in *in_find(const struct plan *c, const char *key)
{
	LIST_EACH (&c->in, k)
		if (!strcmp(LINK_OBJ(k, struct plan_in, le)->name, key))
			return LINK_OBJ(k, struct plan_in, le);
	return NULL;
}

/* ------------------------------------------------------------------ our numbers */

static void did_destroy(void *obj)
{
	mem_deref(((struct plan_did *)obj)->trunks);
}

static void did_number(char *dst, const char *key, const struct number_home *home)
{
	struct number n;

	number_read(&n, slice_str(key), home);
	(void)slice_copy(dst, NUMBER_MAX, slice_str(n.e164[0] ? n.e164 : n.dialled));
}

static struct plan_did *did_by_key(const struct plan *c, const char *key)
{
	struct hlink *k;

	for (k = hash_first(&c->dids, hash_bytes(slice_str(key))); k; k = hash_next(k))
		if (!strcmp(CONTAINER_OF(k, struct plan_did, by_key)->key, key))
			return CONTAINER_OF(k, struct plan_did, by_key);
	return NULL;
}

static const struct plan_did *did_by_number(const struct plan *c, const char *num)
{
	struct hlink *k;

	for (k = hash_first(&c->did_numbers, hash_bytes(slice_str(num))); k; k = hash_next(k))
		if (!strcmp(CONTAINER_OF(k, struct plan_did, by_number)->number, num))
			return CONTAINER_OF(k, struct plan_did, by_number);
	return NULL;
}

const struct plan_did *plan_did_find(const struct plan *c, const char *num)
{
	char n[NUMBER_MAX];

	did_number(n, num, &c->home);
	return *n ? did_by_number(c, n) : NULL;
}

static void did_drop(struct plan *c, struct plan_did *d)
{
	hash_del(&c->dids, &d->by_key);
	hash_del(&c->did_numbers, &d->by_number);
	mem_deref(d);
}

static int did_take(struct plan *c, const char *key, json_t *row)
{
	const struct resource *r = &pbx_did_resource;
	struct plan_did *d = did_by_key(c, key);
	int err;

	if (d)
		did_drop(c, d);
	if (!row)
		return 0;
	d = mem_zalloc(sizeof(*d), did_destroy);
	if (!d)
		return ENOMEM;
	(void)slice_copy(d->key, sizeof(d->key), slice_str(key));
	did_number(d->number, key, &c->home);
	copy(d->target, sizeof(d->target), r, row, "target");
	copy(d->name_prefix, sizeof(d->name_prefix), r, row, "name_prefix");
	d->enabled = truth(r, row, "enabled");
	err = words(&d->trunks, text(r, row, "trunks"));
	if (!err)
		err = hash_add(&c->dids, hash_bytes(slice_str(d->key)), &d->by_key);
	if (!err)
		err = hash_add(&c->did_numbers, hash_bytes(slice_str(d->number)), &d->by_number);
	if (err)
		did_drop(c, d);
	return err;
}

/* The country has changed: local forms mean other numbers now. */
static int did_again(struct hlink *k, void *arg)
{
	struct plan *c = arg;
	struct plan_did *d = CONTAINER_OF(k, struct plan_did, by_key);

	hash_del(&c->did_numbers, &d->by_number);
	did_number(d->number, d->key, &c->home);
	return hash_add(&c->did_numbers, hash_bytes(slice_str(d->number)), &d->by_number);
}

static int did_check(const struct plan *c, const struct number_home *home, const char *key, json_t *row,
		     struct buf *why)
{
	const struct plan_did *other;
	char n[NUMBER_MAX];
	struct number read;

	number_read(&read, slice_str(key), home);
	if (!read.e164[0] && !home->country) {
		buf_printf(why,
			   "Set the country first, so that %s can be understood: numbering set --country DE. Or "
			   "write the number as +49...",
			   key);
		return ERR_SYNTAX;
	}
	did_number(n, key, home);
	other = did_by_number(c, n);
	if (other && strcmp(other->key, key)) {
		buf_printf(why, "%s is the same number as %s, which exists already.", key, other->key);
		return EEXIST;
	}
	return target_sound(text(&pbx_did_resource, row, "target"), why);
}

static json_t *did_row(const struct plan_did *d)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:b}", "number", d->key, "target", d->target, "name_prefix",
			 d->name_prefix, "trunks", d->trunks, "enabled", (int)d->enabled);
}

/* ------------------------------------------------------------------ numbering and brakes */

void plan_emergency_list(json_t *row, struct buf *b)
{
	/* ITU-T E.161.1: the two that most of the world knows, as long as nobody has said where we are */
	static const char unknown[] = "112 911";
	const struct resource *r = &pbx_numbering_resource;
	const struct country *home = country_find(slice_str(text(r, row, "country")));
	const char *lists[] = {home ? home->emergency : unknown, text(r, row, "emergency_numbers")};
	char *not = NULL;

	if (words(&not, text(r, row, "emergency_not")))
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

static int numbering_take(struct plan *c, json_t *row)
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
	copy(c->area, sizeof(c->area), r, row, "area_code");
	c->home = (struct number_home){country_find(slice_str(text(r, row, "country"))), c->area};
	copy(c->emergency_test, sizeof(c->emergency_test), r, row, "emergency_test");
	c->callback_minutes = number(r, row, "callback_minutes");
	json_decref(c->numbering_row);
	c->numbering_row = json_incref(row);
	err = words(&c->emergency_trunks, text(r, row, "emergency_trunks"));
	if (!err) {
		mem_deref(c->location);
		c->location = NULL;
		err = mem_strdup(&c->location, text(r, row, "location"));
	}
	return err ? err : hash_each(&c->dids, did_again, c);
}

static int brakes_take(struct plan *c, json_t *row)
{
	const struct resource *r = &pbx_brakes_resource;
	struct plan_brakes *b = &c->brakes;

	b->international = truth(r, row, "international");
	b->premium = truth(r, row, "premium");
	b->satellite = truth(r, row, "satellite");
	b->calls = number(r, row, "calls");
	b->per_minute = number(r, row, "per_minute");
	b->per_day = number(r, row, "minutes_per_day");
	b->trunk_per_minute = number(r, row, "trunk_per_minute");
	b->trunk_in_per_minute = number(r, row, "trunk_in_per_minute");
	b->trunk_per_day = number(r, row, "trunk_minutes_per_day");
	b->call_minutes = number(r, row, "call_minutes");
	json_decref(c->brakes_row);
	c->brakes_row = json_incref(row);
	return words(&b->countries, text(r, row, "countries"));
}

static int numbering_check(const struct plan *c, json_t *row, struct buf *why)
{
	const char *iso = text(&pbx_numbering_resource, row, "country");

	if (*iso && !country_find(slice_str(iso))) {
		buf_printf(why, "\"%s\" is no country. Give the two letters of ISO 3166: DE, US, CN ...", iso);
		return ERR_SYNTAX;
	}
	if (!*iso && c->out.n) {
		buf_printf(why, "Routes to the outside need the country; it cannot be taken away while there are any.");
		return ERR_SYNTAX;
	}
	return 0;
}

static int only_check(const char *key, struct buf *why)
{
	if (!strcmp(key, PLAN_ONLY))
		return 0;
	buf_printf(why, "There is only one of these; its name is \"%s\".", PLAN_ONLY);
	return ERR_SYNTAX;
}

static int countries_check(json_t *row, struct buf *why)
{
	struct slice s = slice_str(text(&pbx_brakes_resource, row, "countries"));

	while (s.l) {
		struct slice w = slice_cut(&s, ' ');

		if (!w.l || w.p[0] == '+' || country_find(w))
			continue;
		buf_printf(why, "\"%.*s\" is neither a country (two letters) nor a calling code (+33).", SLICE_FMT(w));
		return ERR_SYNTAX;
	}
	return 0;
}

/* ------------------------------------------------------------------ the whole */

int plan_init(struct plan *c)
{
	int err;

	memset(c, 0, sizeof(*c));
	hash_init(&c->dids);
	hash_init(&c->did_numbers);
	err = numbering_take(c, NULL);
	return err ? err : brakes_take(c, NULL);
}

static int did_gone(struct hlink *k, void *arg)
{
	did_drop(arg, CONTAINER_OF(k, struct plan_did, by_key));
	return 0;
}

void plan_free(struct plan *c)
{
	LIST_EACH (&c->out, k)
		mem_deref(LINK_OBJ(k, struct plan_out, le));
	LIST_EACH (&c->in, k)
		mem_deref(LINK_OBJ(k, struct plan_in, le));
	(void)hash_each(&c->dids, did_gone, c);
	hash_free(&c->dids);
	hash_free(&c->did_numbers);
	json_decref(c->numbering_row);
	json_decref(c->brakes_row);
	mem_deref(c->emergency);
	mem_deref(c->emergency_trunks);
	mem_deref(c->location);
	mem_deref(c->brakes.countries);
	memset(c, 0, sizeof(*c));
}

bool plan_resource(const struct resource *r)
{
	return r == &pbx_route_out_resource || r == &pbx_route_in_resource || r == &pbx_did_resource ||
	       r == &pbx_numbering_resource || r == &pbx_brakes_resource;
}

static int out_take(struct plan *c, const char *key, json_t *row, struct buf *why)
{
	struct plan_out *o = NULL;
	int err = row ? out_make(&o, key, row, why) : 0;

	if (err)
		return err;
	mem_deref(out_find(c, key));
	if (o)
		out_insert(c, o);
	return 0;
}

static int in_take(struct plan *c, const char *key, json_t *row, struct buf *why)
{
	struct plan_in *o = NULL;
	int err = row ? in_make(&o, key, row, why) : 0;

	if (err)
		return err;
	mem_deref(in_find(c, key));
	if (o)
		in_insert(c, o);
	return 0;
}

int plan_take(struct plan *c, const struct resource *r, const char *key, json_t *row)
{
	struct buf why;
	int err = 0;

	buf_init(&why);
	if (r == &pbx_route_out_resource)
		err = out_take(c, key, row, &why);
	else if (r == &pbx_route_in_resource)
		err = in_take(c, key, row, &why);
	else if (r == &pbx_did_resource)
		err = did_take(c, key, row);
	else if (r == &pbx_numbering_resource)
		err = numbering_take(c, row);
	else if (r == &pbx_brakes_resource)
		err = brakes_take(c, row);
	buf_free(&why);
	return err;
}

int plan_check(const struct plan *c, const struct number_home *home, const struct resource *r, const char *key,
	       json_t *row, struct buf *why)
{
	struct plan_out *o = NULL;
	struct plan_in *i = NULL;
	int err = 0;

	if (r == &pbx_route_out_resource && !home->country) {
		buf_printf(why, "Set the country first, so that numbers can be understood: numbering set --country DE");
		err = ERR_SYNTAX;
	} else if (r == &pbx_route_out_resource) {
		err = out_make(&o, key, row, why);
	} else if (r == &pbx_route_in_resource) {
		err = in_make(&i, key, row, why);
	} else if (r == &pbx_did_resource) {
		err = did_check(c, home, key, row, why);
	} else if (r == &pbx_numbering_resource) {
		err = only_check(key, why);
		err = err ? err : numbering_check(c, row, why);
	} else if (r == &pbx_brakes_resource) {
		err = only_check(key, why);
		err = err ? err : countries_check(row, why);
	}
	mem_deref(o);
	mem_deref(i);
	return err;
}

json_t *plan_row(const struct plan *c, const struct resource *r, const char *key)
{
	if (r == &pbx_route_out_resource)
		return out_find(c, key) ? json_incref(out_find(c, key)->row) : NULL;
	if (r == &pbx_route_in_resource)
		return in_find(c, key) ? json_incref(in_find(c, key)->row) : NULL;
	if (r == &pbx_did_resource)
		return did_by_key(c, key) ? did_row(did_by_key(c, key)) : NULL;
	if (r == &pbx_numbering_resource)
		return json_incref(c->numbering_row);
	return r == &pbx_brakes_resource ? json_incref(c->brakes_row) : NULL;
}
