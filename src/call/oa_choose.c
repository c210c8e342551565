/*
 * oa_choose.c - which codecs an offer or an answer names (RFC 3264 5.1, 6.1).
 *
 * What both parties have comes first, so that their sound is relayed; what we translate is named behind it, and in an
 * answer only when they share nothing. An answer keeps the numbers of its offer; an offer keeps those of the caller
 * where nothing of ours is bound to them (RFC 3264 8.3.2).
 */
#include <string.h>
#include "call/oa_priv.h"

enum { PT_DYNAMIC = 96, PT_MAX = 127, PT_TEV = 101, EVENT_CLOCKS = 4 };

/* ------------------------------------------------------------------ numbers */

/* What a number means to a party already: `had` are our earlier descriptions. */
static bool bound_otherwise(const struct oa_list *had, const struct oa_codec *c, uint8_t pt)
{
	for (size_t i = 0; had && i < had->n; i++)
		if (had->v[i].pt == pt && !oa_same(&had->v[i], c))
			return true;
	return false;
}

/* One of the first `n` of the list has it. */
static bool taken(const struct oa_list *l, size_t n, uint8_t pt)
{
	for (size_t i = 0; i < n; i++)
		if (l->v[i].pt == pt)
			return true;
	return false;
}

static bool free_pt(const struct oa_list *l, const struct oa_list *had, const struct oa_codec *c, uint8_t pt)
{
	return !taken(l, l->n, pt) && !bound_otherwise(had, c, pt);
}

static uint8_t pick_pt(const struct oa_list *l, const struct oa_list *had, const struct oa_codec *c)
{
	const struct oa_codec *before = had ? oa_list_find(had, c) : NULL;

	if (before && free_pt(l, had, c, before->pt))
		return before->pt;
	/* the usual one */
	if (c->id == CODEC_TEV && c->clock == 8000 && free_pt(l, had, c, PT_TEV))
		return PT_TEV;
	for (unsigned pt = PT_DYNAMIC; pt <= PT_MAX; pt++)
		if (pt != PT_TEV && free_pt(l, had, c, (uint8_t)pt))
			return (uint8_t)pt;
	return CODEC_PT_DYNAMIC;
}

/* The numbers of formats from `from` on; CODEC_PT_DYNAMIC means none yet. Those without a place go. */
static void number(struct oa_list *l, const struct oa_list *had)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct oa_codec *c = &l->v[i];
		const struct oa_codec *before = had ? oa_list_find(had, c) : NULL;

		if (before && before->pt != c->pt && !taken(l, l->n, before->pt))
			c->pt = before->pt;
		else if (c->pt == CODEC_PT_DYNAMIC || taken(l, n, c->pt) || bound_otherwise(had, c, c->pt)) {
			c->pt = CODEC_PT_DYNAMIC;
			c->pt = pick_pt(l, had, c);
			/* a static one has no rtpmap of its own */
			c->map = true;
		}
		if (c->pt <= PT_MAX)
			l->v[n++] = *c;
	}
	l->n = n;
}

/* ------------------------------------------------------------------ events and noise */

static const struct oa_codec *event_at(const struct oa_list *l, uint32_t clock)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].id == CODEC_TEV && (!clock || l->v[i].clock == clock))
			return &l->v[i];
	return NULL;
}

/* telephone-event at every clock in use (RFC 4733 2.5.1.2); those of `in`, then of our own. */
static void add_events(struct oa_list *out, const struct oa_list *in)
{
	const struct oa_codec *any = event_at(in, 0);
	size_t sounds = out->n, n = 0;

	for (size_t i = 0; i < sounds && n < EVENT_CLOCKS; i++) {
		uint32_t clock = out->v[i].clock;
		const struct oa_codec *c = event_at(in, clock);
		struct oa_codec own = {.pt = CODEC_PT_DYNAMIC,
				       .id = CODEC_TEV,
				       .ch = 1,
				       .map = true,
				       .clock = clock,
				       .name = SLICE("telephone-event"),
				       .fmtp = any && any->fmtp.l ? any->fmtp : SLICE("0-16")};

		if (!event_at(out, clock) && oa_list_add(out, c ? c : &own))
			n++;
	}
}

/* Comfort noise and redundancy go with codecs of their clock. */
static void add_others(struct oa_list *out, const struct oa_list *in, const struct oa_list *both)
{
	for (size_t i = 0; i < in->n; i++) {
		const struct oa_codec *c = &in->v[i];

		if ((c->id == CODEC_CN || c->id == CODEC_RED) && oa_list_clock(out, c->clock) &&
		    (!both || oa_list_find(both, c)))
			(void)oa_list_add(out, c);
	}
}

/* ------------------------------------------------------------------ offers */

static void add_default(struct oa_list *out, bool wide)
{
	static const uint8_t for_wide[] = {CODEC_OPUS, CODEC_G722, CODEC_PCMU, CODEC_PCMA, CODEC_GSM};
	static const uint8_t for_narrow[] = {CODEC_PCMU, CODEC_PCMA, CODEC_GSM, CODEC_G722, CODEC_OPUS};
	const uint8_t *id = wide ? for_wide : for_narrow;

	for (size_t i = 0; i < ARRAY_LEN(for_wide) && out->n < OA_OFFER_MAX; i++) {
		const struct codec_ops *ops = codec_find(id[i], id[i] == CODEC_OPUS ? 48000 : 8000, 0);

		if (ops)
			(void)oa_list_add_ops(out, ops);
	}
}

static void add_wanted(struct oa_list *out, const struct oa_policy *p)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < codec_table_n && out->n < OA_OFFER_MAX; k++) {
			const struct codec_ops *ops = codec_table[k];
			const struct oa_codec c = {.id = ops->id,
						   .ch = ops->ch ? ops->ch : 1,
						   .clock = ops->clock,
						   .name = slice_str(ops->name)};

			if (oa_policy_rank(p, &c) == (int)i)
				(void)oa_list_add_ops(out, ops);
		}
}

/* What we can translate to. First what the party has now: it will take that again. */
static void add_own(struct oa_list *out, const struct oa_policy *p, const struct oa_list *had, bool wide)
{
	for (size_t i = 0; had && i < had->n && out->n < OA_OFFER_MAX; i++)
		if (had->v[i].ops && oa_policy_rank(p, &had->v[i]) >= 0 && !oa_list_find(out, &had->v[i]))
			(void)oa_list_add(out, &had->v[i]);
	if (p->n)
		add_wanted(out, p);
	else
		add_default(out, wide);
}

static bool is_wide(const struct oa_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].ops && l->v[i].ops->rate > 8000)
			return true;
	return false;
}

static void add_sounds(struct oa_list *out, const struct oa_list *in, const struct oa_policy *px,
		       const struct oa_policy *py)
{
	for (size_t i = 0; i < in->n; i++)
		if (oa_is_sound(&in->v[i]) && oa_policy_rank(px, &in->v[i]) >= 0 && oa_policy_rank(py, &in->v[i]) >= 0)
			(void)oa_list_add(out, &in->v[i]);
	oa_list_cut(out, px);
	oa_list_cut(out, py);
}

static void clear(struct oa_list *l)
{
	l->n = l->used = 0;
	l->coded = false;
}

void oa_choose_offer(struct oa_list *out, const struct oa_offer *o)
{
	bool can = oa_list_codable(o->in, o->px);

	clear(out);
	add_sounds(out, o->in, o->px, o->py);
	if (can && !o->shared)
		add_own(out, o->py, o->had, is_wide(o->in));
	if (!out->n)
		return;
	if (can || event_at(o->in, 0))
		add_events(out, o->in);
	add_others(out, o->in, NULL);
	number(out, o->had);
}

void oa_choose_own(struct oa_list *out, const struct oa_policy *p, const struct oa_list *had)
{
	static const struct oa_list none;

	clear(out);
	add_own(out, p, had, true);
	add_events(out, &none);
	number(out, had);
}

/* ------------------------------------------------------------------ answers */

/* Parameters of ours in answer to those of the offer. */
static void own_fmtp(struct oa_list *l, struct oa_codec *c)
{
	char *dst = l->text + l->used;
	size_t left = sizeof(l->text) - l->used;

	if (!c->ops->answer) {
		c->fmtp = slice_str(c->ops->fmtp ? c->ops->fmtp : "");
		return;
	}
	if (left < 2) {
		c->fmtp = SLICE_NULL;
		return;
	}
	*dst = 0;
	c->ops->answer(dst, left, c->fmtp);
	c->fmtp = slice_str(dst);
	l->used += c->fmtp.l + 1;
}

/* Events of the offer at the clocks in use, or the first: many phones name 8000 only. */
static void answer_events(struct oa_list *out, const struct oa_list *offer, const struct oa_list *in)
{
	size_t sounds = out->n;
	const struct oa_codec *any = event_at(offer, 0);

	for (size_t i = 0; i < sounds; i++) {
		const struct oa_codec *c = event_at(offer, out->v[i].clock);

		if (c)
			(void)oa_list_add(out, c);
	}
	if (out->n == sounds && any)
		(void)oa_list_add(out, any);
	for (size_t i = sounds; i < out->n; i++) {
		const struct oa_codec *theirs = in ? event_at(in, out->v[i].clock) : NULL;

		if (theirs && theirs->fmtp.l)
			out->v[i].fmtp = theirs->fmtp;
	}
}

/* What the offer has that we can code, in the order of what is set, else of the offer. */
static void add_coded(struct oa_list *out, const struct oa_list *offer, const struct oa_policy *p)
{
	for (size_t i = 0; i < offer->n; i++)
		if (offer->v[i].ops && oa_policy_rank(p, &offer->v[i]) >= 0)
			(void)oa_list_add(out, &offer->v[i]);
	oa_list_cut(out, p);
	for (size_t i = 0; i < out->n; i++)
		own_fmtp(out, &out->v[i]);
}

void oa_choose_answer(struct oa_list *out, const struct oa_list *offer, const struct oa_policy *px,
		      const struct oa_list *in)
{
	clear(out);
	for (size_t i = 0; i < in->n; i++) {
		const struct oa_codec *c = oa_is_sound(&in->v[i]) ? oa_list_find(offer, &in->v[i]) : NULL;
		struct oa_codec *mine = c && oa_policy_rank(px, c) >= 0 ? oa_list_add(out, c) : NULL;

		if (mine)
			mine->fmtp = in->v[i].fmtp;
	}
	if (!out->n && oa_list_codable(in, NULL)) {
		out->coded = true;
		add_coded(out, offer, px);
	}
	if (!out->n)
		return;
	answer_events(out, offer, in);
	if (!out->coded)
		add_others(out, offer, in);
}

void oa_choose_inside(struct oa_list *out, const struct oa_list *offer, const struct oa_policy *p)
{
	struct oa_list all;

	clear(out);
	clear(&all);
	add_coded(&all, offer, p);
	memcpy(out->text, all.text, all.used);
	out->used = all.used;
	for (int wide = p->n ? 0 : 1; wide >= 0; wide--)
		for (size_t i = 0; i < all.n; i++) {
			struct oa_codec c = all.v[i];

			if (!p->n && (c.ops->rate > 8000) != (wide == 1))
				continue;
			/* the text has moved with the list */
			if (c.fmtp.p >= all.text && c.fmtp.p < all.text + sizeof(all.text))
				c.fmtp.p = out->text + (c.fmtp.p - all.text);
			(void)oa_list_add(out, &c);
		}
	/* an echo needs no decoder */
	for (size_t i = 0; !all.n && i < offer->n; i++)
		if (oa_is_sound(&offer->v[i]) && oa_policy_rank(p, &offer->v[i]) >= 0)
			(void)oa_list_add(out, &offer->v[i]);
	if (out->n)
		answer_events(out, offer, NULL);
}
