/*
 * oa_codecs.c - an offer cut to the codecs that a trunk takes, in its order. telephone-event and comfort noise are no
 * codecs of their own: they stay, each at a clock rate that is left.
 */
#include "call/trunk_priv.h"

enum { KEPT_LAST = 250, DROPPED = 255 };

/* Name and rate of a format; false: not known. */
static bool codec_of(const struct sdp *d, const struct sdp_media *m, struct slice fmt, struct slice *name,
		     uint32_t *rate)
{
	static const struct {
		const char *fmt, *name;
		uint32_t rate;
	} fixed[] = {{"0", "PCMU", 8000}, {"3", "GSM", 8000}, {"4", "G723", 8000},  {"8", "PCMA", 8000},
		     {"9", "G722", 8000}, {"13", "CN", 8000}, {"15", "G728", 8000}, {"18", "G729", 8000}};
	uint8_t ch;

	if (!sdp_rtpmap(d, m, fmt, name, rate, &ch))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
		if (!slice_eqs(fmt, fixed[i].fmt))
			continue;
		*name = slice_str(fixed[i].name);
		*rate = fixed[i].rate;
		return true;
	}
	return false;
}

/* Place of a format in the list. */
static unsigned place(const struct sdp *d, const struct sdp_media *m, struct slice fmt, const char *list)
{
	struct slice rest = slice_str(list), name;
	uint32_t rate;

	if (!codec_of(d, m, fmt, &name, &rate))
		return DROPPED;
	if (slice_ieqs(name, "telephone-event") || slice_ieqs(name, "CN"))
		return KEPT_LAST;
	for (unsigned i = 0; rest.l && i < KEPT_LAST; i++) {
		struct slice one = slice_trim(slice_cut(&rest, ','));

		/* "opus/48000" is taken as "opus" */
		one = slice_cut(&one, '/');
		if (slice_ieq(one, name))
			return i;
	}
	return DROPPED;
}

static bool of_dropped(const struct sdp_attr *a, const struct slice *v, size_t n)
{
	struct slice val = a->val, fmt;

	if (!slice_eqs(a->name, "rtpmap") && !slice_eqs(a->name, "fmtp") && !slice_eqs(a->name, "rtcp-fb"))
		return false;
	fmt = slice_trim(slice_cut(&val, ' '));
	for (size_t i = 0; i < n; i++)
		if (slice_eq(v[i], fmt))
			return true;
	return false;
}

/* Is this event or noise at a clock rate that no codec left has? */
static bool rate_is_lost(const struct sdp *d, const struct sdp_media *m, struct slice fmt, const struct slice *kept,
			 size_t n)
{
	struct slice name;
	uint32_t rate, other;

	if (!codec_of(d, m, fmt, &name, &rate))
		return true;
	for (size_t i = 0; i < n; i++)
		if (codec_of(d, m, kept[i], &name, &other) && other == rate)
			return false;
	return true;
}

/* Formats by their place in the list; the others into `out`. */
static void sort(const struct sdp *d, struct sdp_media *m, const char *list, struct slice out[SDP_FMT_MAX],
		 size_t *nout)
{
	struct slice kept[SDP_FMT_MAX];
	unsigned at[SDP_FMT_MAX];
	size_t n = 0, codecs;

	*nout = 0;
	for (size_t i = 0; i < m->nfmt; i++) {
		at[i] = place(d, m, m->fmt[i], list);
		if (at[i] == DROPPED)
			out[(*nout)++] = m->fmt[i];
	}
	for (unsigned p = 0; p < KEPT_LAST; p++)
		for (size_t i = 0; i < m->nfmt; i++)
			if (at[i] == p)
				kept[n++] = m->fmt[i];
	codecs = n;
	for (size_t i = 0; i < m->nfmt; i++) {
		if (at[i] != KEPT_LAST)
			continue;
		if (rate_is_lost(d, m, m->fmt[i], kept, codecs))
			out[(*nout)++] = m->fmt[i];
		else
			kept[n++] = m->fmt[i];
	}
	for (size_t i = 0; i < n; i++)
		m->fmt[i] = kept[i];
	m->nfmt = n;
}

void oa_codecs(struct sdp *d, const struct leg *l)
{
	const char *list = l->trunk ? trunk_codecs(l->trunk) : NULL;

	if (!list || !*list)
		return;
	for (size_t i = 0; i < d->nm; i++) {
		struct sdp_media *m = &d->m[i];
		struct slice first = m->fmt[0], out[SDP_FMT_MAX];
		size_t nout;

		if (!m->port || !m->nfmt)
			continue;
		sort(d, m, list, out, &nout);
		for (size_t k = m->attr0; k < m->attr0 + m->nattr; k++)
			if (of_dropped(&d->attr[k], out, nout))
				d->attr[k].name = SLICE_NULL;
		if (m->nfmt)
			continue;
		/* nothing that the trunk takes: the line is refused, and keeps one format, as the grammar wants */
		m->fmt[0] = first;
		m->nfmt = 1;
		m->port = 0;
	}
}
