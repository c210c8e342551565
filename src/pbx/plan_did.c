/*
 * plan_did.c - our numbers (DIDs): found by the key they were given and by their E.164 form.
 */
#include "base/mem.h"
#include "pbx/plan_priv.h"

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

int plan_did_take(struct plan *c, const char *key, json_t *row)
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
	plan_copy(d->target, sizeof(d->target), r, row, "target");
	plan_copy(d->name_prefix, sizeof(d->name_prefix), r, row, "name_prefix");
	d->enabled = plan_truth(r, row, "enabled");
	err = plan_words(&d->trunks, r, row, "trunks");
	if (!err)
		err = hash_add(&c->dids, hash_bytes(slice_str(d->key)), &d->by_key);
	if (!err)
		err = hash_add(&c->did_numbers, hash_bytes(slice_str(d->number)), &d->by_number);
	if (err)
		did_drop(c, d);
	return err;
}

static int did_again(struct hlink *k, void *arg)
{
	struct plan *c = arg;
	struct plan_did *d = CONTAINER_OF(k, struct plan_did, by_key);

	hash_del(&c->did_numbers, &d->by_number);
	did_number(d->number, d->key, &c->home);
	return hash_add(&c->did_numbers, hash_bytes(slice_str(d->number)), &d->by_number);
}

int plan_did_again(struct plan *c)
{
	return hash_each(&c->dids, did_again, c);
}

int plan_did_check(const struct plan *c, const struct number_home *home, const char *key, json_t *row, struct buf *why)
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
		return why_at(ERR_SYNTAX, why, "number");
	}
	did_number(n, key, home);
	other = did_by_number(c, n);
	if (other && strcmp(other->key, key)) {
		buf_printf(why, "%s is the same number as %s, which exists already.", key, other->key);
		return why_at(EEXIST, why, "number");
	}
	return why_at(plan_target_sound(plan_text(&pbx_did_resource, row, "target"), why), why, "target");
}

json_t *plan_did_row(const struct plan *c, const char *key)
{
	const struct plan_did *d = did_by_key(c, key);

	if (!d)
		return NULL;
	return json_pack("{s:s, s:s, s:s, s:s, s:b}", "number", d->key, "target", d->target, "name_prefix",
			 d->name_prefix, "trunks", d->trunks, "enabled", (int)d->enabled);
}

static int did_gone(struct hlink *k, void *arg)
{
	did_drop(arg, CONTAINER_OF(k, struct plan_did, by_key));
	return 0;
}

void plan_did_free(struct plan *c)
{
	(void)hash_each(&c->dids, did_gone, c);
	hash_free(&c->dids);
	hash_free(&c->did_numbers);
}
