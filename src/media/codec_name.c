/*
 * codec_name.c - codecs as people write them: "opus", "alaw", "G726-32", "speex/16000", "L16/48000/2".
 */
#include "media/codec.h"

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
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (slice_ieqs(name, aliases[i].said))
			return aliases[i].id;
	return codec_id_of(name);
}

bool codec_wish_read(struct codec_wish *w, struct slice one)
{
	struct slice rest = slice_trim(one), name = slice_trim(slice_cut(&rest, '/')), rate = slice_cut(&rest, '/');
	uint32_t ch = 0;

	*w = (struct codec_wish){.id = id_of(name), .name = name};
	if ((rate.l && (slice_u32(rate, &w->clock) || !w->clock)) || (rest.l && (slice_u32(rest, &ch) || ch > 8)))
		return false;
	w->ch = (uint8_t)ch;
	/* its clock says 8000, its sound is 16000 (RFC 3551 4.5.2) */
	if (w->id == CODEC_G722)
		w->clock = 0;
	return true;
}
