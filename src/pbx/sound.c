/*
 * sound.c - what is set for the sound of a party: codecs, encryption, digits; of extensions and of trunks.
 *
 * Most extensions have nothing of the kind, and then no memory is spent on it.
 */
#include <string.h>
#include "base/mem.h"
#include "pbx/pbx_priv.h"
#include "pbx/trunk.h"

/* Place of a word among the choices of a field: the enums of struct media_policy have the same order. */
static uint8_t choice(const struct resource *r, const char *name, struct slice have)
{
	struct slice all = slice_str(resource_field(r, slice_str(name))->choices);

	for (uint8_t i = 0; all.l; i++)
		if (slice_eq(slice_cut(&all, ' '), have))
			return i;
	return 0;
}

static struct slice text(const json_t *row, const char *name)
{
	const char *s = json_string_value(json_object_get(row, name));

	return slice_str(s ? s : "");
}

/* `mp` is zero. */
static void policy_of(struct media_policy *mp, const struct resource *r, const json_t *row)
{
	(void)slice_copy(mp->codecs, sizeof(mp->codecs), text(row, "codecs"));
	mp->srtp = choice(r, "srtp", text(row, "srtp"));
	mp->dtmf = choice(r, "dtmf", text(row, "dtmf"));
}

int sound_take(struct extension *e, const json_t *row)
{
	struct media_policy mp = {0}, *own;

	policy_of(&mp, &pbx_extension_resource, row);
	if (!mp.codecs[0] && !mp.srtp && !mp.dtmf) {
		e->sound = mem_deref(e->sound);
		return 0;
	}
	own = mem_zalloc(sizeof(*own), NULL);
	if (!own)
		return ENOMEM;
	*own = mp;
	mem_deref(e->sound);
	e->sound = own;
	return 0;
}

int sound_check(const struct change_item *it, struct buf *why)
{
	if (it->op == CHANGE_DELETE || it->r != &pbx_extension_resource)
		return 0;
	return call_codecs_check(text(it->obj, "codecs"), why);
}

void sound_of_leg(const struct leg *l, struct media_policy *mp, void *arg)
{
	const struct pbx *p = arg;

	if (l->trunk) {
		const struct ptrunk *t = ptrunk_of(p, l);

		if (t)
			policy_of(mp, &pbx_trunk_resource, t->row);
	} else {
		const struct extension *e = extension_find(p, slice_str(l->party.number));

		if (e && e->sound)
			*mp = *e->sound;
	}
}
