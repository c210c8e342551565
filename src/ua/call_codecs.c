/*
 * call_codecs.c - the codecs of a user agent's call: names of the application, payload types of our offers.
 */
#include "ua/ua_priv.h"

const uint32_t ua_clocks[UA_CLOCKS] = {8000, 16000, 32000, 48000};

int ua_clock(uint32_t clock)
{
	for (int i = 0; i < UA_CLOCKS; i++)
		if (ua_clocks[i] == clock)
			return i;
	return -1;
}

static int add(struct ua_codecs *c, const struct codec_ops *ops)
{
	uint8_t pt = ops->pt;

	for (uint8_t i = 0; i < c->n; i++)
		if (c->v[i].ops == ops)
			return 0;
	if (c->n == UA_CODECS)
		return ERR_SYNTAX;
	if (pt == CODEC_PT_DYNAMIC)
		pt = (uint8_t)(UA_DYN_PT + c->n);
	c->v[c->n++] = (struct ua_codec){ops, pt};
	return 0;
}

/* The best entry of our table for what was written: the first, unless a clock was named. */
static const struct codec_ops *find(const struct codec_wish *w)
{
	uint32_t usual = w->id == CODEC_SPEEX || w->id == CODEC_L16 ? 16000 : 0;

	for (size_t i = 0; i < codec_table_n; i++) {
		const struct codec_ops *o = codec_table[i];
		uint32_t clock = w->clock ? w->clock : usual;

		/* no number of channels is one (RFC 8866 6.6), but Opus has always two in its name */
		if (o->id == w->id && (!clock || o->clock == clock) &&
		    (w->ch ? o->ch == w->ch : o->ch == 1 || o->id == CODEC_OPUS))
			return o;
	}
	return NULL;
}

int ua_codecs_parse(struct ua_codecs *c, const char *names)
{
	struct slice rest = slice_trim(slice_str(names));
	struct ua_codecs v = {0};

	if (!rest.l)
		rest = SLICE("PCMU PCMA");
	while (rest.l) {
		const struct codec_ops *ops;
		struct codec_wish w;

		if (!codec_wish_read(&w, slice_cut(&rest, ' ')))
			return ERR_SYNTAX;
		rest = slice_trim(rest);
		ops = find(&w);
		if (!ops || add(&v, ops))
			return ERR_SYNTAX;
	}
	*c = v;
	return 0;
}

const struct ua_codec *ua_codecs_find(const struct ua_codecs *c, struct slice name, uint32_t clock, uint8_t ch)
{
	const struct codec_ops *ops = codec_find_name(name, clock, ch);

	for (uint8_t i = 0; ops && i < c->n; i++)
		if (c->v[i].ops == ops)
			return &c->v[i];
	return NULL;
}

void ua_codecs_number(struct ua_codecs *c, const struct codec_ops *ops, uint8_t pt)
{
	struct ua_codec *mine = NULL;

	for (uint8_t i = 0; i < c->n; i++)
		if (c->v[i].ops == ops)
			mine = &c->v[i];
	if (!mine || mine->pt == pt)
		return;
	/* the number may have been another codec's in our list: they change places */
	for (uint8_t i = 0; i < c->n; i++)
		if (c->v[i].pt == pt)
			c->v[i].pt = mine->pt;
	mine->pt = pt;
}

bool ua_codecs_clock(const struct ua_codecs *c, uint32_t clock)
{
	for (uint8_t i = 0; i < c->n; i++)
		if (c->v[i].ops->clock == clock)
			return true;
	return false;
}
