/*
 * format.c - questions about a decoded description: attributes, formats, directions (RFC 8866 6, RFC 3551 6).
 */
#include "wire/sdp/sdp.h"

const struct sdp_attr *sdp_attr_find(const struct sdp *s, const struct sdp_media *m, const char *name)
{
	const struct sdp_attr *a = m ? &s->attr[m->attr0] : s->attr;
	struct slice want = slice_str(name);

	for (size_t n = m ? m->nattr : s->nattr; n; n--, a++) {
		if (slice_eq(a->name, want))
			return a;
	}
	return NULL;
}

/** Payload types that need no a=rtpmap (RFC 3551 table 4 and 5). */
struct static_pt {
	uint8_t pt, ch;
	uint32_t rate;
	const char *enc;
};
static const struct static_pt static_pts[] = {
	{0, 1, 8000, "PCMU"},   {3, 1, 8000, "GSM"},    {4, 1, 8000, "G723"},   {5, 1, 8000, "DVI4"},
	{6, 1, 16000, "DVI4"},  {7, 1, 8000, "LPC"},    {8, 1, 8000, "PCMA"},   {9, 1, 8000, "G722"},
	{10, 2, 44100, "L16"},  {11, 1, 44100, "L16"},  {12, 1, 8000, "QCELP"}, {13, 1, 8000, "CN"},
	{14, 1, 90000, "MPA"},  {15, 1, 8000, "G728"},  {16, 1, 11025, "DVI4"}, {17, 1, 22050, "DVI4"},
	{18, 1, 8000, "G729"},  {25, 1, 90000, "CelB"}, {26, 1, 90000, "JPEG"}, {28, 1, 90000, "nv"},
	{31, 1, 90000, "H261"}, {32, 1, 90000, "MPV"},  {33, 1, 90000, "MP2T"}, {34, 1, 90000, "H263"},
};

/* "<fmt> <value>" of the attribute `name` that speaks of this format. */
static bool fmt_attr(const struct sdp *s, const struct sdp_media *m, const char *name, struct slice fmt,
		     struct slice *val)
{
	const struct sdp_attr *a = &s->attr[m->attr0];
	struct slice want = slice_str(name);

	for (size_t n = m->nattr; n; n--, a++) {
		struct slice rest = a->val;

		if (!slice_eq(a->name, want) || !slice_eq(slice_cut(&rest, ' '), fmt))
			continue;
		*val = slice_trim(rest);
		return true;
	}
	return false;
}

int sdp_rtpmap_read(struct slice v, struct slice *enc, uint32_t *rate, uint8_t *ch)
{
	struct slice name = slice_cut(&v, '/'), clock = slice_cut(&v, '/');
	uint32_t n;

	if (!name.l || slice_u32(slice_trim(clock), rate) || !*rate)
		return ENOENT;
	*enc = name;
	*ch = v.l && !slice_u32(slice_trim(v), &n) && n > 0 && n < 256 ? (uint8_t)n : 1;
	return 0;
}

int sdp_rtpmap_static(uint32_t pt, struct slice *enc, uint32_t *rate, uint8_t *ch)
{
	for (size_t i = 0; i < ARRAY_LEN(static_pts); i++) {
		if (static_pts[i].pt == pt) {
			*enc = slice_str(static_pts[i].enc);
			*rate = static_pts[i].rate;
			*ch = static_pts[i].ch;
			return 0;
		}
	}
	return ENOENT;
}

int sdp_rtpmap(const struct sdp *s, const struct sdp_media *m, struct slice fmt, struct slice *enc, uint32_t *rate,
	       uint8_t *ch)
{
	struct slice v;
	uint32_t n;

	if (fmt_attr(s, m, "rtpmap", fmt, &v))
		return sdp_rtpmap_read(v, enc, rate, ch);
	return slice_u32(fmt, &n) ? ENOENT : sdp_rtpmap_static(n, enc, rate, ch);
}

struct slice sdp_fmtp(const struct sdp *s, const struct sdp_media *m, struct slice fmt)
{
	struct slice v;

	return fmt_attr(s, m, "fmtp", fmt, &v) ? v : SLICE_NULL;
}

const char *sdp_dir_name(enum sdp_dir d)
{
	static const char *const names[] = {"inactive", "sendonly", "recvonly", "sendrecv"};

	return names[d & SDP_SENDRECV];
}

enum sdp_dir sdp_dir_swap(enum sdp_dir d)
{
	return (enum sdp_dir)((d & SDP_SENDONLY ? SDP_RECVONLY : 0) | (d & SDP_RECVONLY ? SDP_SENDONLY : 0));
}
