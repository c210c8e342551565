/*
 * oa_names.c - codecs as people write them: "opus", "alaw", "G726-32", "speex/16000".
 *
 * What is known is what media/codec.c names: codecs that offhook codes, and those that it only passes on.
 */
#include <string.h>
#include "call/oa_priv.h"
#include "call/trunk_priv.h"

/* They follow the codecs by themselves. */
static bool stands_alone(uint8_t id)
{
	return id != CODEC_OTHER && id != CODEC_CN && id != CODEC_TEV && id != CODEC_RED;
}

bool oa_pref_read(struct oa_pref *p, struct slice one)
{
	struct codec_wish w;
	bool whole = codec_wish_read(&w, one);

	*p = (struct oa_pref){.id = w.id, .ch = w.ch, .clock = w.clock, .name = w.name};
	return whole && stands_alone(p->id);
}

size_t oa_prefs(struct oa_pref v[OA_PREFS_MAX], const char *list)
{
	struct slice rest = slice_str(list);
	size_t n = 0;

	while (rest.l && n < OA_PREFS_MAX) {
		struct slice one = slice_trim(slice_cut(&rest, ','));

		if (one.l && (oa_pref_read(&v[n], one) || v[n].id == CODEC_OTHER))
			n++;
	}
	return n;
}

void oa_policy_of(struct oa_policy *p, const struct leg *l)
{
	memset(&p->mp, 0, sizeof(p->mp));
	if (l)
		leg_policy(l, &p->mp);
	if (l && l->trunk && !p->mp.codecs[0])
		(void)slice_copy(p->mp.codecs, sizeof(p->mp.codecs), slice_str(trunk_codecs(l->trunk)));
	p->n = oa_prefs(p->v, p->mp.codecs);
}

int oa_policy_rank(const struct oa_policy *p, const struct oa_codec *c)
{
	if (!p->n)
		return 0;
	for (size_t i = 0; i < p->n; i++) {
		const struct oa_pref *w = &p->v[i];
		bool named = w->id != CODEC_OTHER ? w->id == c->id : slice_ieq(w->name, c->name);

		if (named && (!w->clock || w->clock == c->clock) && (!w->ch || w->ch == c->ch))
			return (int)i;
	}
	return -1;
}

/* What is known, those that we code first. */
static void list_known(struct buf *b)
{
	static const uint8_t relayed[] = {CODEC_G729, CODEC_G723, CODEC_G728, CODEC_ILBC, CODEC_AMR, CODEC_AMRWB};
	uint64_t told = 0;

	for (size_t i = 0; i < codec_table_n; i++) {
		uint8_t id = codec_table[i]->id;

		/* AAL2-G726: the same with another bit order */
		if (!(told >> id & 1) && (id < CODEC_AAL2_16 || id > CODEC_AAL2_40))
			buf_printf(b, "%s%s", told ? ", " : "", codec_id_name(id));
		told |= 1ull << id;
	}
	buf_str(b, "; passed on only: ");
	for (size_t i = 0; i < ARRAY_LEN(relayed); i++)
		buf_printf(b, "%s%s", i ? ", " : "", codec_id_name(relayed[i]));
}

int call_codecs_check(struct slice list, struct buf *why)
{
	struct oa_pref p;

	while (list.l) {
		struct slice one = slice_trim(slice_cut(&list, ','));

		if (one.l && slice_chr(one, ' ') >= 0) {
			buf_printf(why, "Write commas between codecs: PCMA,PCMU - not \"%.*s\".", SLICE_FMT(one));
			return ERR_SYNTAX;
		}
		if (!one.l || oa_pref_read(&p, one))
			continue;
		buf_printf(why, "\"%.*s\" is not a codec known here. Known are ", SLICE_FMT(one));
		list_known(why);
		buf_char(why, '.');
		return ERR_SYNTAX;
	}
	return 0;
}
