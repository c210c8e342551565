/*
 * oa_list.c - the formats of an m-line as a list of codecs (RFC 8866 6.6, RFC 3551 6): read, compared, cut.
 *
 * Encodings are compared by name, clock and channels; numbers belong to one description alone (RFC 3264 5.1).
 */
#include <string.h>
#include "call/oa_priv.h"

/* What the attributes of the line say of formats, each looked at once; the first of a kind counts. A format whose
 * a=rtpmap says nothing that can be used keeps its place without a clock. */
static void read_attrs(struct oa_list *l, const struct sdp *d, const struct sdp_media *m)
{
	const struct sdp_attr *a = &d->attr[m->attr0];
	uint32_t pt;

	for (size_t n = m->nattr; n; n--, a++) {
		bool map = slice_eqs(a->name, "rtpmap");
		struct slice v = a->val;

		if ((!map && !slice_eqs(a->name, "fmtp")) || slice_u32(slice_cut(&v, ' '), &pt))
			continue;
		v = slice_trim(v);
		for (size_t i = 0; i < l->n; i++) {
			struct oa_codec *c = &l->v[i];

			if (c->pt != pt)
				continue;
			if (!map)
				c->fmtp = c->fmtp.p ? c->fmtp : v;
			else if (!c->map && sdp_rtpmap_read(v, &c->name, &c->clock, &c->ch))
				c->clock = 0;
			c->map |= map;
		}
	}
}

/* What format it is, after all that was said of it. */
static void name_it(struct oa_codec *c, struct slice fmt)
{
	if (c->map ? !c->clock : sdp_rtpmap_static(c->pt, &c->name, &c->clock, &c->ch)) {
		/* nobody knows what it is: its number is its name */
		*c = (struct oa_codec){.pt = c->pt, .name = fmt, .clock = 8000, .ch = 1};
		return;
	}
	c->id = codec_id_of(c->name);
	c->ops = codec_find(c->id, c->clock, c->ch);
}

void oa_list_read(struct oa_list *l, const struct sdp *d, const struct sdp_media *m)
{
	struct slice fmt[OA_LIST_MAX];
	uint32_t pt;

	l->n = l->used = 0;
	l->coded = false;
	for (size_t i = 0; i < m->nfmt && l->n < OA_LIST_MAX; i++) {
		if (slice_u32(m->fmt[i], &pt) || pt > 127)
			continue;
		fmt[l->n] = m->fmt[i];
		l->v[l->n++] = (struct oa_codec){.pt = (uint8_t)pt};
	}
	read_attrs(l, d, m);
	for (size_t i = 0; i < l->n; i++)
		name_it(&l->v[i], fmt[i]);
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
