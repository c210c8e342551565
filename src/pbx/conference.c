/*
 * conference.c - conferences: the table, and what it says kept in memory.
 */
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "pbx/conference_priv.h"

static const struct field fields[] = {
	{"number", FIELD_TEXT, FIELD_KEY | FIELD_REQUIRED, 2, 15, NULL, NULL, "0-9", "The number that people dial.",
	 .group = "General"},
	{"name", FIELD_TEXT, FIELD_NAME, 0, 80, "", NULL, NULL, "What people call it."},
	{"pin", FIELD_SECRET, 0, 3, CONFERENCE_PIN, NULL, NULL, "0-9", "Asked for before anybody is let in.",
	 .group = "Who comes in"},
	{"admin_pin", FIELD_SECRET, 0, 3, CONFERENCE_PIN, NULL, NULL, "0-9",
	 "Who gives this one is an admin: others wait for them, and always find room."},
	{"max_members", FIELD_INT, 0, 2, 1000, "100", NULL, NULL, "How many are let in.", .unit = "people"},
	{"join_tones", FIELD_BOOL, 0, 0, 1, "true", NULL, NULL, "A short tone when somebody comes or leaves.",
	 .group = "In the conference"},
	{"announce_count", FIELD_BOOL, 0, 0, 1, "true", NULL, NULL, "Who comes is told how many are there already."},
	{"muted_on_entry", FIELD_BOOL, 0, 0, 1, "false", NULL, NULL,
	 "Who comes is not heard until they press *6; admins are heard."},
	{"wait_for_admin", FIELD_BOOL, 0, 0, 1, "false", NULL, NULL,
	 "Music for all until an admin comes; there must be an admin's PIN."},
	{"record", FIELD_ENUM, 0, 0, 0, "never", "never always on_demand", NULL,
	 "Record what is said: always, or when an admin (where admins have no PIN: anybody) presses *1.",
	 .group = "Recording"},
	{"enabled", FIELD_BOOL, 0, 0, 1, "true", NULL, NULL, "Off: callers are told that there is no such number."},
};
const struct resource pbx_conference_resource = {
	"conference", "conferences", "A number where people talk together.", fields, ARRAY_LEN(fields),
	"Conference", "Conferences"};

static void conference_destroy(void *obj)
{
	struct conference *f = obj;

	mem_wipe(f->pin, sizeof(f->pin));
	mem_wipe(f->admin_pin, sizeof(f->admin_pin));
	mem_deref(f->room);
}

struct conference *conference_find(const struct pbx *p, struct slice number)
{
	struct hlink *k;

	for (k = hash_first(&p->conferences, hash_bytes(number)); k; k = hash_next(k))
		if (slice_eqs(number, CONTAINER_OF(k, struct conference, le)->number))
			return CONTAINER_OF(k, struct conference, le);
	return NULL;
}

const char *conference_name(const struct conference *f)
{
	return *f->name ? f->name : f->number;
}

bool conference_enabled(const struct conference *f)
{
	return f->enabled;
}

static int add(struct pbx *p, struct conference **fp, const char *number)
{
	struct conference *f = mem_zalloc(sizeof(*f), conference_destroy);
	int err;

	if (!f)
		return ENOMEM;
	if (!slice_copy(f->number, sizeof(f->number), slice_str(number)))
		err = ERR_SYNTAX;
	else
		err = hash_add(&p->conferences, hash_bytes(slice_str(f->number)), &f->le);
	if (err) {
		mem_deref(f);
		return err;
	}
	f->pbx = p;
	*fp = f;
	return 0;
}

static void drop(struct conference *f)
{
	hash_del(&f->pbx->conferences, &f->le);
	conference_open(f);
	f->pbx = NULL;
	LIST_EACH (&f->seats, k)
		conference_out(LINK_OBJ(k, struct seat, le));
	mem_deref(f);
}

static void text(char *dst, size_t size, const json_t *row, const char *name)
{
	const char *v = json_string_value(json_object_get(row, name));

	(void)slice_copy(dst, size, slice_str(v ? v : ""));
}

static bool flag(const json_t *row, const char *name, bool def)
{
	json_t *v = json_object_get(row, name);

	return json_is_boolean(v) ? json_is_true(v) : def;
}

static void take(struct conference *f, const json_t *row)
{
	json_t *max = json_object_get(row, "max_members");
	const char *word = json_string_value(json_object_get(row, "record"));

	char pin[sizeof(f->pin)], admin_pin[sizeof(f->admin_pin)];

	memcpy(pin, f->pin, sizeof(pin));
	memcpy(admin_pin, f->admin_pin, sizeof(admin_pin));
	text(f->name, sizeof(f->name), row, "name");
	text(f->pin, sizeof(f->pin), row, "pin");
	text(f->admin_pin, sizeof(f->admin_pin), row, "admin_pin");
	/* guesses at the old one say nothing of the new one */
	if (strcmp(pin, f->pin) != 0 || strcmp(admin_pin, f->admin_pin) != 0)
		conference_open(f);
	mem_wipe(pin, sizeof(pin));
	mem_wipe(admin_pin, sizeof(admin_pin));
	f->max = json_is_integer(max) ? (uint32_t)json_integer_value(max) : 100;
	f->join_tones = flag(row, "join_tones", true);
	f->announce = flag(row, "announce_count", true);
	f->muted_on_entry = flag(row, "muted_on_entry", false);
	f->wait_for_admin = flag(row, "wait_for_admin", false);
	f->record = record_when(slice_str(word ? word : ""));
	f->enabled = flag(row, "enabled", true);
	conference_record_policy(f);
	if (f->wait_for_admin)
		return;
	/* nobody to wait for any more */
	LIST_EACH (&f->seats, k)
		event_set(&LINK_OBJ(k, struct seat, le)->wake);
}

/* ------------------------------------------------------------------ the store */

struct loading {
	struct pbx *pbx;
	int err;
};

static json_t *secret(struct pbx *p, const char *number, struct slice sealed)
{
	struct buf b;
	json_t *v = NULL;

	buf_init(&b);
	if (store_unseal(p->store, sealed, &b))
		log_error("pbx",
			  "a PIN of conference %s cannot be read: is data/key the one it was saved with? Nobody is let "
			  "in",
			  number);
	else
		v = json_stringn(b.p ? b.p : "", b.l);
	if (b.p)
		mem_wipe(b.p, b.cap);
	buf_free(&b);
	return v;
}

/* False: it holds a secret that cannot be read. */
static bool set_column(struct loading *ld, json_t *row, const struct field *f, struct slice v)
{
	const char *number = json_string_value(json_object_get(row, "number"));
	json_t *o;

	if (f->type == FIELD_SECRET)
		o = secret(ld->pbx, number ? number : "", v);
	else if (f->type == FIELD_BOOL)
		o = json_boolean(slice_eqs(v, "1"));
	else if (f->type == FIELD_INT)
		o = json_integer(atoi(v.p));
	else
		o = json_stringn(v.p, v.l);
	return !json_object_set_new(row, f->name, o);
}

static void load_row(const char *const *col, const size_t *len, void *arg)
{
	const struct resource *r = &pbx_conference_resource;
	struct loading *ld = arg;
	json_t *row = json_object();
	struct conference *f = NULL;
	bool readable = true;

	for (size_t i = 0; i < r->nfield; i++)
		if (col[i] && (r->field[i].type != FIELD_SECRET || len[i]))
			readable = set_column(ld, row, &r->field[i], slice_mem(col[i], len[i])) && readable;
	if (!ld->err)
		ld->err = row ? add(ld->pbx, &f, col[0] ? col[0] : "") : ENOMEM;
	if (f) {
		take(f, row);
		/* without its PIN it would be open for all */
		f->enabled = f->enabled && readable;
	}
	json_decref(row);
}

int conference_load(struct pbx *p)
{
	struct loading ld = {.pbx = p};
	int err = store_load(p->store, &pbx_conference_resource, load_row, &ld);

	return err ? err : ld.err;
}

bool conference_apply(const struct change_item *it, json_t *row, struct pbx *p)
{
	struct conference *f;
	int err = 0;

	if (it->r != &pbx_conference_resource)
		return false;
	f = conference_find(p, slice_str(it->key));
	if (!row) {
		if (f)
			drop(f);
		return true;
	}
	if (!f)
		err = add(p, &f, it->key);
	if (err)
		log_error("pbx",
			  "conference %s was saved, but this process could not take it over (%s); restart to use it",
			  it->key, err_str(err));
	else
		take(f, row);
	return true;
}

static int drop_one(struct hlink *k, void *arg)
{
	(void)arg;
	drop(CONTAINER_OF(k, struct conference, le));
	return 0;
}

void conference_flush(struct pbx *p)
{
	(void)hash_each(&p->conferences, drop_one, NULL);
	hash_free(&p->conferences);
}

/* ------------------------------------------------------------------ checks */

static int taken(struct buf *why, const char *number, const char *what)
{
	buf_printf(why, "%s is %s already; choose another number.", number, what);
	return EEXIST;
}

static bool in_change(const struct change_item *item, size_t n, const struct resource *r, const char *key,
		      enum change_op op)
{
	for (size_t i = 0; i < n; i++)
		if (item[i].r == r && item[i].op == op && !strcmp(item[i].key, key))
			return true;
	return false;
}

/* Is there a row of the other kind with this number, once the change is done? */
static bool clashes(const struct change_item *item, size_t n, const struct resource *r, const char *key, bool now)
{
	if (in_change(item, n, r, key, CHANGE_DELETE))
		return false;
	return now || in_change(item, n, r, key, CHANGE_CREATE);
}

static int check_row(struct pbx *p, const struct change_item *it, struct buf *why)
{
	const struct conference *f = conference_find(p, slice_str(it->key));
	const json_t *pin = json_object_get(it->obj, "pin"), *admin = json_object_get(it->obj, "admin_pin"),
		     *wait = json_object_get(it->obj, "wait_for_admin");
	const char *a = pin ? json_string_value(pin)
			: f ? f->pin
			    : "",
		   *b = admin ? json_string_value(admin)
			: f   ? f->admin_pin
			      : "";
	const char *word = json_string_value(wait);
	bool waits = wait ? json_is_true(wait) || (word && (!strcmp(word, "true") || !strcmp(word, "yes") ||
							    !strcmp(word, "on") || !strcmp(word, "1")))
			  : f && f->wait_for_admin;

	if (a && b && *a && !strcmp(a, b)) {
		buf_str(why, "The PIN and the PIN of admins must differ.");
		return ERR_SYNTAX;
	}
	if (waits && (!b || !*b)) {
		buf_str(why, "Nobody could be an admin: give --admin-pin as well.");
		return ERR_SYNTAX;
	}
	return 0;
}

int conference_check(struct pbx *p, const struct change_item *item, size_t n, size_t i, struct buf *why)
{
	const struct change_item *it = &item[i];
	struct slice key = slice_str(it->key);

	if (it->op == CHANGE_DELETE)
		return 0;
	if (it->r == &pbx_extension_resource && it->op == CHANGE_CREATE &&
	    clashes(item, n, &pbx_conference_resource, it->key, conference_find(p, key)))
		return taken(why, it->key, "a conference");
	if (it->r != &pbx_conference_resource)
		return 0;
	if (it->op == CHANGE_CREATE) {
		if (clashes(item, n, &pbx_extension_resource, it->key, extension_find(p, key)))
			return taken(why, it->key, "an extension");
		if (plan_is_emergency(&p->plan, it->key))
			return taken(why, it->key, "an emergency number");
		if (!strcmp(it->key, p->plan.emergency_test))
			return taken(why, it->key, "the emergency test number");
	}
	return check_row(p, it, why);
}
