/*
 * codec_table.c - the codecs that we code ourselves, and questions to the table.
 */
#include "media/codec_priv.h"

/* By what is heard through them: bandwidth first, then what they lose. */
const struct codec_ops *const codec_table[] = {
	&codec_l16_48_2, &codec_l16_48,  &codec_l16_44_2, &codec_l16_44,   &codec_opus,    &codec_speex_32,
	&codec_l16_16_2, &codec_l16_16,  &codec_g722,     &codec_speex_16, &codec_l16_8,   &codec_pcma,
	&codec_pcmu,     &codec_g726_40, &codec_aal2_40,  &codec_g726_32,  &codec_aal2_32, &codec_speex_8,
	&codec_g726_24,  &codec_aal2_24, &codec_gsm,      &codec_g726_16,  &codec_aal2_16,
};
const size_t codec_table_n = ARRAY_LEN(codec_table);

/* RFC 7587 7 wants two channels for Opus; those that write none mean the same codec. */
static bool fits(const struct codec_ops *c, uint32_t clock, uint8_t ch)
{
	return c->clock == clock && (ch == 0 || ch == c->ch || (c->id == CODEC_OPUS && ch == 1));
}

const struct codec_ops *codec_find(uint8_t id, uint32_t clock, uint8_t ch)
{
	for (size_t i = 0; i < codec_table_n; i++)
		if (codec_table[i]->id == id && fits(codec_table[i], clock, ch))
			return codec_table[i];
	return NULL;
}

const struct codec_ops *codec_find_name(struct slice name, uint32_t clock, uint8_t ch)
{
	for (size_t i = 0; i < codec_table_n; i++)
		if (slice_ieqs(name, codec_table[i]->name) && fits(codec_table[i], clock, ch))
			return codec_table[i];
	return NULL;
}

uint16_t codec_par(const struct codec_ops *c, struct slice fmtp)
{
	return c->par ? c->par(fmtp) : 0;
}

/* Up to the next semicolon that stands in no quotes; RFC 5574 quotes lists. */
static struct slice cut_param(struct slice *rest)
{
	bool quoted = false;
	size_t i = 0;

	for (; i < rest->l; i++) {
		if (rest->p[i] == '"')
			quoted = !quoted;
		else if (rest->p[i] == ';' && !quoted)
			break;
	}
	struct slice one = slice_first(*rest, i);
	*rest = slice_from(*rest, i < rest->l ? i + 1 : i);
	return slice_trim(one);
}

bool codec_fmtp_next(struct slice *rest, struct slice *name, struct slice *val)
{
	while (rest->l) {
		struct slice one = cut_param(rest);

		*name = slice_trim(slice_cut(&one, '='));
		*val = slice_trim(one);
		if (val->l >= 2 && val->p[0] == '"' && val->p[val->l - 1] == '"')
			*val = (struct slice){val->p + 1, val->l - 2};
		if (name->l)
			return true;
	}
	return false;
}
