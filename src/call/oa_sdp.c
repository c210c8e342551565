/*
 * oa_sdp.c - descriptions made from descriptions (RFC 3264, RFC 8866): our identity, our addresses, our ports; codecs,
 * their parameters and directions as the other side said them.
 *
 * Payload types are kept, so that packets pass unchanged. A line that we do not carry keeps its place with port 0.
 */
#include <string.h>
#include "call/call_priv.h"

struct sdp *oa_scratch(unsigned n)
{
	static _Thread_local struct sdp scratch[2];

	return &scratch[n];
}

/* All others stay behind: what belongs to one hop (candidates, keys, rtcp, groups of lines), and what nobody knows. */
bool oa_attr_pass(struct slice name)
{
	static const struct slice pass[] = {
		SLICE("rtpmap"),   SLICE("fmtp"),        SLICE("ptime"),     SLICE("maxptime"),  SLICE("rtcp-fb"),
		SLICE("rtcp-mux"), SLICE("rtcp-rsize"),  SLICE("framerate"), SLICE("framesize"), SLICE("imageattr"),
		SLICE("quality"),  SLICE("silenceSupp"), SLICE("content"),   SLICE("lang"),
	};

	for (size_t i = 0; i < ARRAY_LEN(pass); i++)
		if (slice_eq(pass[i], name))
			return true;
	return false;
}

bool oa_proto_ok(const struct sdp_media *m)
{
	return slice_ieqs(m->proto, "RTP/AVP") || slice_ieqs(m->proto, "RTP/AVPF");
}

bool oa_line_ok(const struct sdp *d, size_t i)
{
	return i < d->nm && i < LEG_MEDIA_MAX && d->m[i].port && oa_proto_ok(&d->m[i]);
}

enum sdp_dir oa_dir(const struct sdp_media *m)
{
	unsigned d = m->dir;

	if (sa_isset(&m->conn) && sa_is_any(&m->conn))
		d &= ~(unsigned)SDP_RECVONLY;
	return (enum sdp_dir)d;
}

int call_offer_check(struct slice offer)
{
	struct sdp *d = oa_scratch(0);

	if (sdp_decode(d, offer))
		return ERR_SYNTAX;
	for (size_t i = 0; i < d->nm; i++)
		if (oa_line_ok(d, i))
			return 0;
	return ENOTSUP;
}

void oa_begin(struct buf *b, struct leg *to, const struct sa *adv)
{
	sdp_enc_session(b, to->sdp_id, to->sdp_version + 1, adv);
}

/* What follows the o= line. */
static struct slice behind_origin(struct slice s)
{
	(void)slice_cut(&s, '\n');
	(void)slice_cut(&s, '\n');
	return s;
}

int oa_finish(struct rbuf **out, struct leg *to, struct buf *b)
{
	int err = buf_err(b);

	if (err)
		return err;
	if (to->local && !to->sdp_stale && slice_eq(behind_origin(rbuf_slice(to->local)), behind_origin(buf_get(b)))) {
		*out = mem_ref(to->local);
		return 0;
	}
	err = buf_rbuf(b, out);
	if (err)
		return err;
	to->sdp_version++;
	to->sdp_stale = false;
	return 0;
}

static void write_attrs(struct buf *b, const struct sdp *d, const struct sdp_media *m)
{
	for (size_t i = m->attr0; i < m->attr0 + m->nattr; i++)
		if (oa_attr_pass(d->attr[i].name))
			sdp_enc_attr(b, d->attr[i].name, d->attr[i].val);
	sdp_enc_attr(b, slice_str(sdp_dir_name(oa_dir(m))), SLICE_NULL);
}

static void write_bandwidth(struct buf *b, const struct sdp_media *m)
{
	for (size_t i = 0; i < m->nbw; i++) {
		buf_str(b, "b=");
		buf_slice(b, m->bw[i]);
		buf_str(b, "\r\n");
	}
}

static void write_line(struct buf *b, struct leg *to, size_t i, const struct sdp *d)
{
	const struct sdp_media *m = &d->m[i];
	struct sa local;

	mstream_local(to->ms[i], &local);
	sdp_enc_media(b, m->type, sa_port(&local), m->proto, m->fmt, m->nfmt, NULL);
	write_bandwidth(b, m);
	write_attrs(b, d, m);
}

/* May line `i` of `in` live? */
static bool wanted(const struct sdp *in, const struct sdp *offer, size_t i)
{
	if (!oa_line_ok(in, i))
		return false;
	return !offer || (oa_line_ok(offer, i) && slice_eq(offer->m[i].type, in->m[i].type));
}

int oa_write(struct rbuf **out, struct leg *to, const struct sdp *in, const struct sdp *offer)
{
	char block[8192];
	size_t n = offer ? offer->nm : in->nm, live = 0;
	struct sa adv, bind;
	struct buf b;
	int err = 0;

	to->ops->sdp_ip(to, &adv, &bind);
	buf_init_fixed(&b, block, sizeof(block));
	oa_begin(&b, to, &adv);
	for (size_t i = 0; i < n; i++) {
		const struct sdp_media *m = offer ? &offer->m[i] : &in->m[i];
		int e = wanted(in, offer, i) ? bridge_stream(to, i, m->type, &bind) : ENOTSUP;

		if (e) {
			if (e != ENOTSUP)
				err = e;
			sdp_enc_media(&b, m->type, 0, m->proto, m->fmt, m->nfmt, NULL);
			continue;
		}
		write_line(&b, to, i, in);
		live++;
	}
	if (!live && (err || !offer))
		return err ? err : ENOTSUP;
	return oa_finish(out, to, &b);
}
