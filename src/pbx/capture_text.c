/*
 * capture_text.c - what people see of a captured message: its first line, in the words of a ladder, and its body; RTCP
 * in a few words (RFC 3550 6.4, RFC 3611).
 */
#include "pbx/capture_priv.h"
#include "wire/rtp/rtp.h"

/* ------------------------------------------------------------------ SIP */

/* Value of the first header line with this name, or its short form. */
static struct slice header(struct slice msg, const char *name, const char *brief)
{
	struct slice line;

	(void)slice_cut(&msg, '\n');
	for (line = slice_trim(slice_cut(&msg, '\n')); line.l; line = slice_trim(slice_cut(&msg, '\n'))) {
		struct slice v = line, n = slice_trim(slice_cut(&v, ':'));

		if (slice_ieqs(n, name) || (brief && slice_ieqs(n, brief)))
			return slice_trim(v);
	}
	return SLICE_NULL;
}

static void sip_summary(struct buf *b, struct slice msg)
{
	struct slice rest = msg, line = slice_trim(slice_cut(&rest, '\n'));

	if (slice_starts(line, SLICE("SIP/2.0 "))) {
		struct slice method = header(msg, "CSeq", NULL);

		(void)slice_cut(&method, ' ');
		buf_slice(b, slice_from(line, 8));
		if (method.l)
			buf_printf(b, " (%.*s)", SLICE_FMT(slice_trim(method)));
		return;
	}
	buf_slice(b, slice_cut(&line, ' '));
	buf_char(b, ' ');
	buf_slice(b, slice_cut(&line, ' '));
}

struct slice capture_body(const struct capture_msg *m, struct slice *type)
{
	struct slice rest = m->data;

	*type = SLICE_NULL;
	if (m->kind != TRACE_SIP)
		return SLICE_NULL;
	while (rest.l)
		if (!slice_trim(slice_cut(&rest, '\n')).l)
			break;
	if (rest.l)
		*type = header(m->data, "Content-Type", "c");
	return rest;
}

/* ------------------------------------------------------------------ RTCP */

static const char *const names[] = {"sender report", "receiver report", "description", "bye",
				    "application",   "feedback",        "feedback",    "extended report"};

static void put_reports(struct buf *b, const struct rtcp_pkt *k)
{
	struct rtcp_rb rb;

	if ((k->type != RTCP_SR && k->type != RTCP_RR) || !k->count || rtcp_rb_decode(&rb, k, 0))
		return;
	buf_printf(b, " (lost %d, %.1f %% of late, jitter %u)", (int)rb.lost, rb.fraction * 100.0 / 256,
		   (unsigned)rb.jitter);
}

static void rtcp_summary(struct buf *b, struct slice data)
{
	uint8_t mem[CAPTURE_TEXT_MAX];
	struct rtcp_pkt k;
	size_t off = 0, l = data.l < sizeof(mem) ? data.l : sizeof(mem);
	const char *sep = "RTCP ";

	/* the decoder wants what may be written to */
	memcpy(mem, data.p, l);
	while (rtcp_next(mem, l, &off, &k)) {
		if (k.type < RTCP_SR || k.type > RTCP_XR)
			continue;
		buf_str(b, sep);
		buf_str(b, names[k.type - RTCP_SR]);
		put_reports(b, &k);
		sep = ", ";
	}
}

void capture_summary(struct buf *b, const struct capture_msg *m)
{
	if (m->kind == TRACE_SIP)
		sip_summary(b, m->data);
	else
		rtcp_summary(b, m->data);
}
