/*
 * oa_names.c - codecs as people write them: "opus", "alaw", "G726-32", "speex/16000".
 *
 * What is known is what media/codec.c names: codecs that offhook codes, and those that it only passes on.
 */
#include "call/oa_priv.h"

static const struct {
	const char *said;
	uint8_t id;
} aliases[] = {
	{"ALAW", CODEC_PCMA},  {"G711A", CODEC_PCMA},  {"ULAW", CODEC_PCMU},
	{"MULAW", CODEC_PCMU}, {"G711U", CODEC_PCMU},  {"G726", CODEC_G726_32},
	{"SLIN", CODEC_L16},   {"AMRWB", CODEC_AMRWB}, {"LINEAR", CODEC_L16},
};

static uint8_t id_of(struct slice name)
{
	char text[16];

	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (slice_ieqs(name, aliases[i].said))
			return aliases[i].id;
	return name.l && slice_copy(text, sizeof(text), name) ? codec_id_of(text) : CODEC_OTHER;
}

/* They follow the codecs by themselves. */
static bool stands_alone(uint8_t id)
{
	return id != CODEC_OTHER && id != CODEC_CN && id != CODEC_TEV && id != CODEC_RED;
}

bool oa_pref_read(struct oa_pref *p, struct slice one)
{
	struct slice rest = slice_trim(one), name = slice_trim(slice_cut(&rest, '/')), rate = slice_cut(&rest, '/');
	uint32_t ch = 0;

	*p = (struct oa_pref){.id = id_of(name), .name = name};
	if ((rate.l && (slice_u32(rate, &p->clock) || !p->clock)) || (rest.l && (slice_u32(rest, &ch) || ch > 8)))
		return false;
	p->ch = (uint8_t)ch;
	/* its clock says 8000, its sound is 16000 (RFC 3551 4.5.2) */
	if (p->id == CODEC_G722)
		p->clock = 0;
	return stands_alone(p->id);
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

static void list_ids(struct buf *b, const uint8_t *id, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s%s", i ? ", " : "", codec_id_name(id[i]));
}

/* What is known, those that we code first. */
static void list_known(struct buf *b)
{
	static const uint8_t coded[] = {CODEC_OPUS, CODEC_G722, CODEC_PCMU,    CODEC_PCMA,
					CODEC_GSM,  CODEC_L16,  CODEC_G726_32, CODEC_SPEEX};
	static const uint8_t relayed[] = {CODEC_G729, CODEC_G723, CODEC_G728, CODEC_ILBC, CODEC_AMR, CODEC_AMRWB};

	list_ids(b, coded, ARRAY_LEN(coded));
	buf_str(b, "; passed on only: ");
	list_ids(b, relayed, ARRAY_LEN(relayed));
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
