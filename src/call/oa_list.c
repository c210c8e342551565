/*
 * oa_list.c - the formats of an m-line as a list of codecs (RFC 8866 6.6, RFC 3551 6): read, compared, cut.
 *
 * Encodings are compared by name, clock and channels; numbers belong to one description alone (RFC 3264 5.1).
 */
#include <string.h>
#include "call/oa_priv.h"

static void read_one(struct oa_codec *c, const struct sdp *d, const struct sdp_media *m, struct slice fmt)
{
	const struct sdp_attr *a = &d->attr[m->attr0];

	if (sdp_rtpmap(d, m, fmt, &c->name, &c->clock, &c->ch)) {
		/* nobody knows what it is: its number is its name */
		c->name = fmt;
		c->clock = 8000;
		c->ch = 1;
		return;
	}
	for (size_t i = 0; i < m->nattr && !c->map; i++) {
		struct slice v = a[i].val;

		c->map = slice_eqs(a[i].name, "rtpmap") && slice_eq(slice_cut(&v, ' '), fmt);
	}
	c->id = codec_id_of(c->name);
	c->fmtp = sdp_fmtp(d, m, fmt);
	c->ops = codec_find(c->id, c->clock, c->ch);
}

void oa_list_read(struct oa_list *l, const struct sdp *d, const struct sdp_media *m)
{
	uint32_t pt;

	l->n = l->used = 0;
	l->coded = false;
	for (size_t i = 0; i < m->nfmt && l->n < OA_LIST_MAX; i++) {
		struct oa_codec *c = &l->v[l->n];

		if (slice_u32(m->fmt[i], &pt) || pt > 127)
			continue;
		*c = (struct oa_codec){.pt = (uint8_t)pt};
		read_one(c, d, m, m->fmt[i]);
		l->n++;
	}
}

bool oa_is(const struct oa_codec *c, uint8_t id)
{
	return c->id == id;
}

bool oa_is_sound(const struct oa_codec *c)
{
	return c->id != CODEC_TEV && c->id != CODEC_CN && c->id != CODEC_RED;
}

bool oa_same(const struct oa_codec *a, const struct oa_codec *b)
{
	return a->id == b->id && a->clock == b->clock && a->ch == b->ch &&
	       (a->id != CODEC_OTHER || slice_ieq(a->name, b->name));
}

const struct oa_codec *oa_list_find(const struct oa_list *l, const struct oa_codec *c)
{
	const struct oa_codec *best = NULL;
	unsigned worth = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct oa_codec *v = &l->v[i];
		unsigned w;

		if (!oa_same(v, c))
			continue;
		w = 1 + (slice_eq(v->fmtp, c->fmtp) ? 1u : 0) + (v->pt == c->pt ? 2u : 0);
		if (w > worth) {
			worth = w;
			best = v;
		}
	}
	return best;
}

bool oa_list_codable(const struct oa_list *l, const struct oa_policy *p)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].ops && (!p || oa_policy_rank(p, &l->v[i]) >= 0))
			return true;
	return false;
}

struct oa_codec *oa_list_add(struct oa_list *l, const struct oa_codec *c)
{
	for (size_t i = 0; i < l->n; i++)
		if (oa_same(&l->v[i], c) && l->v[i].pt == c->pt)
			return NULL;
	if (l->n == OA_LIST_MAX)
		return NULL;
	l->v[l->n] = *c;
	return &l->v[l->n++];
}

/* As everybody writes it: some phones do not know OPUS. */
static const char *written(const struct codec_ops *ops)
{
	return ops->id == CODEC_OPUS ? "opus" : ops->id == CODEC_SPEEX ? "speex" : ops->name;
}

struct oa_codec *oa_list_add_ops(struct oa_list *l, const struct codec_ops *ops)
{
	struct oa_codec c = {.id = ops->id,
			     .ch = ops->ch ? ops->ch : 1,
			     .map = true,
			     .clock = ops->clock,
			     .name = slice_str(written(ops)),
			     .fmtp = slice_str(ops->fmtp ? ops->fmtp : ""),
			     .pt = ops->pt,
			     .ops = ops};

	for (size_t i = 0; i < l->n; i++)
		if (oa_same(&l->v[i], &c))
			return NULL;
	return oa_list_add(l, &c);
}

bool oa_list_clock(const struct oa_list *l, uint32_t clock)
{
	for (size_t i = 0; i < l->n; i++)
		if (oa_is_sound(&l->v[i]) && l->v[i].clock == clock)
			return true;
	return false;
}

void oa_list_cut(struct oa_list *l, const struct oa_policy *p)
{
	struct oa_codec kept[OA_LIST_MAX];
	size_t n = 0;

	if (!p->n)
		return;
	for (size_t rank = 0; rank < p->n; rank++)
		for (size_t i = 0; i < l->n; i++)
			if (oa_policy_rank(p, &l->v[i]) == (int)rank)
				kept[n++] = l->v[i];
	memcpy(l->v, kept, n * sizeof(kept[0]));
	l->n = n;
}
