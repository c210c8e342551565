/*
 * oa_sdp.c - descriptions made from descriptions (RFC 3264, RFC 8866): our identity, our addresses, our ports;
 * directions as the other side said them. Which codecs of sound are named is decided in oa_choose.c; all other lines
 * say what the other side said, payload types and all. A line that we do not carry keeps its place with port 0.
 */
#include <string.h>
#include "call/oa_crypto.h"
#include "call/oa_priv.h"

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
	/* T38FaxVersion, T38MaxBitRate ... (T.38 D.2.3); some write t38... */
	return name.l > 3 && slice_ieqs(slice_mem(name.p, 3), "T38");
}

bool oa_is_fax(const struct sdp_media *m)
{
	return slice_ieqs(m->type, "image") && slice_ieqs(m->proto, "udptl") && m->nfmt && slice_ieqs(m->fmt[0], "t38");
}

bool oa_proto_ok(const struct sdp_media *m)
{
	return slice_ieqs(m->proto, "RTP/AVP") || slice_ieqs(m->proto, "RTP/AVPF") ||
	       slice_ieqs(m->proto, "RTP/SAVP") || slice_ieqs(m->proto, "RTP/SAVPF") || oa_is_fax(m);
}

bool oa_line_ok(const struct sdp *d, size_t i)
{
	return i < d->nm && i < LEG_MEDIA_MAX && d->m[i].port && oa_proto_ok(&d->m[i]) && oa_crypto_usable(d, &d->m[i]);
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
	const struct sdp *d;

	if (oa_read(&d, offer))
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

/* Video is cut to what a trunk is limited to; all other lines pass as they are. */
static bool cut_video(struct oa_list *l, const struct oa_policy *px, const struct leg *x, const struct oa_policy *py,
		      const struct leg *y, const struct sdp *d, const struct sdp_media *m)
{
	bool of_x = x->trunk && px->n, of_y = y->trunk && py->n;

	if (!slice_eqs(m->type, "video") || (!of_x && !of_y))
		return false;
	oa_list_read(l, d, m);
	if (of_x)
		oa_list_cut(l, px);
	if (of_y)
		oa_list_cut(l, py);
	return true;
}

/* The description being written. */
struct writing {
	struct oa_say s;
	struct buf *b;
	const struct sdp *had;         /* what we said to it last; NULL: nothing */
	struct oa_policy mine, theirs; /* of `to`, of `from` */
	struct sa bind;
	unsigned sounds; /* lines of sound so far */
};

/* The formats of line i; false: as `in` has them. */
static bool choose(struct oa_list *out, struct writing *w, size_t i)
{
	const struct sdp_media *m = &w->s.in->m[i];
	struct oa_list room_in, room_other;
	const struct oa_list *in, *other = NULL;

	if (!w->s.from)
		return false;
	if (!slice_eqs(m->type, "audio"))
		return !w->s.offer && cut_video(out, &w->theirs, w->s.from, &w->mine, w->s.to, w->s.in, m);
	in = oa_formats(&room_in, w->s.in, i);
	if (w->s.offer) {
		other = oa_formats(&room_other, w->s.offer, i);
		oa_choose_answer(out, other, &w->mine, in);
		return true;
	}
	if (w->had && i < w->had->nm && slice_eqs(w->had->m[i].type, "audio"))
		other = oa_formats(&room_other, w->had, i);
	/* one line with all that we can do is enough: a description should fit into one packet */
	oa_choose_offer(out, &(struct oa_offer){.in = in,
						.px = &w->theirs,
						.py = &w->mine,
						.had = other,
						.shared = w->s.shared || w->sounds++});
	return true;
}

/* In an answer no more than the offer allows (RFC 3264 6.1). Who is put on hold may hear our music. */
static enum sdp_dir direction(const struct writing *w, size_t i)
{
	unsigned dir = oa_dir(&w->s.in->m[i]);

	if (w->s.offer)
		return (enum sdp_dir)(dir & sdp_dir_swap(oa_dir(&w->s.offer->m[i])));
	if (w->s.from && hold_has_music(w->s.to) && !(dir & SDP_RECVONLY) && slice_eqs(w->s.in->m[i].type, "audio"))
		dir |= SDP_SENDONLY;
	return (enum sdp_dir)dir;
}

/* May line `i` live? */
static bool wanted(const struct writing *w, size_t i)
{
	if (!oa_line_ok(w->s.in, i))
		return false;
	return !w->s.offer || (oa_line_ok(w->s.offer, i) && slice_eq(w->s.offer->m[i].type, w->s.in->m[i].type) &&
			       oa_crypto_allows(w->s.to, w->s.offer, i));
}

/* ENOTSUP: the line cannot live. */
static int write_line(struct writing *w, size_t i)
{
	const struct sdp_media *m = &w->s.in->m[i];
	struct oa_list list;
	bool own;
	int err;

	if (!wanted(w, i))
		return ENOTSUP;
	own = choose(&list, w, i);
	if (own && !list.n)
		return ENOTSUP;
	err = bridge_stream(w->s.to, i, m->type, &w->bind);
	if (err)
		return err;
	oa_line_write(w->b, &(struct oa_line){.to = w->s.to,
					      .i = i,
					      .proto = w->s.offer ? w->s.offer->m[i].proto : m->proto,
					      .d = w->s.in,
					      .m = m,
					      .list = own ? &list : NULL,
					      .dir = direction(w, i),
					      .offer = w->s.offer});
	return 0;
}

static int write_lines(struct writing *w)
{
	size_t n = w->s.offer ? w->s.offer->nm : w->s.in->nm, live = 0, alive = 0;
	int err = 0;

	for (size_t i = 0; i < n; i++) {
		int e = write_line(w, i);

		alive += oa_line_ok(w->s.in, i);
		live += !e;
		if (!e)
			continue;
		if (e != ENOTSUP)
			err = e;
		oa_line_refuse(w->b, w->s.offer ? &w->s.offer->m[i] : &w->s.in->m[i]);
	}
	/* an answer may refuse all, but not because we found nothing in common */
	if (!live && (err || !w->s.offer || alive))
		return err ? err : ENOTSUP;
	return 0;
}

int oa_write(struct rbuf **out, const struct oa_say *say)
{
	char block[8192];
	struct writing w = {.s = *say};
	struct leg *to = say->to;
	struct sa adv;
	struct buf b;
	int err;

	to->ops->sdp_ip(to, &adv, &w.bind);
	if (say->from) {
		oa_policy_of(&w.mine, to);
		oa_policy_of(&w.theirs, say->from);
	}
	if (!say->offer && say->from && to->local && oa_read(&w.had, rbuf_slice(to->local)))
		w.had = NULL;
	buf_init_fixed(&b, block, sizeof(block));
	w.b = &b;
	oa_begin(&b, to, &adv);
	err = write_lines(&w);
	return err ? err : oa_finish(out, to, &b);
}
