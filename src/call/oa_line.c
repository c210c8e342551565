/*
 * oa_line.c - an m-line of ours: port, protocol, formats with what belongs to them, the attributes that may pass,
 * direction (RFC 8866 5.14, 6).
 */
#include "call/oa_crypto.h"
#include "call/oa_priv.h"

static bool in_list(const struct oa_list *l, struct slice fmt)
{
	uint32_t pt;

	if (slice_u32(fmt, &pt))
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].pt == pt)
			return true;
	return false;
}

/* Does this attribute of the other side pass? What belongs to formats is written from the list, if there is one. */
static bool passes(const struct oa_line *o, const struct sdp_attr *a)
{
	struct slice v = a->val, fmt;

	if (o->inside)
		return slice_eqs(a->name, "ptime") || slice_eqs(a->name, "rtcp-mux");
	if (!oa_attr_pass(a->name))
		return false;
	if (!o->list)
		return true;
	if (slice_eqs(a->name, "rtpmap") || slice_eqs(a->name, "fmtp"))
		return false;
	if (!slice_eqs(a->name, "rtcp-fb"))
		return true;
	fmt = slice_cut(&v, ' ');
	return slice_eqs(fmt, "*") || in_list(o->list, fmt);
}

/* Not by buf_printf(): these lines are most of what is written when a call is set up. */
static void begin_format(struct buf *b, struct slice name, uint8_t pt, struct slice val)
{
	buf_slice(b, name);
	buf_u64(b, pt);
	buf_char(b, ' ');
	buf_slice(b, val);
}

static void write_formats(struct buf *b, const struct oa_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct oa_codec *c = &l->v[i];

		if (c->map) {
			begin_format(b, SLICE("a=rtpmap:"), c->pt, c->name);
			buf_char(b, '/');
			buf_u64(b, c->clock);
			if (c->ch > 1) {
				buf_char(b, '/');
				buf_u64(b, c->ch);
			}
			buf_str(b, "\r\n");
		}
		if (c->fmtp.l) {
			begin_format(b, SLICE("a=fmtp:"), c->pt, c->fmtp);
			buf_str(b, "\r\n");
		}
	}
}

static void write_m(struct buf *b, const struct oa_line *o, struct slice proto, uint16_t port)
{
	struct slice fmt[OA_LIST_MAX], type = o->m ? o->m->type : SLICE("audio");
	char text[OA_LIST_MAX][4];
	struct buf n;

	if (!o->list) {
		sdp_enc_media(b, type, port, proto, o->m->fmt, o->m->nfmt, NULL);
		return;
	}
	for (size_t i = 0; i < o->list->n; i++) {
		buf_init_fixed(&n, text[i], sizeof(text[i]));
		buf_u64(&n, o->list->v[i].pt);
		fmt[i] = buf_get(&n);
	}
	sdp_enc_media(b, type, port, proto, fmt, o->list->n, NULL);
}

void oa_line_write(struct buf *b, const struct oa_line *o)
{
	struct slice proto = o->offer ? o->proto : oa_crypto_proto(o->to, o->i, o->proto);
	const struct sdp_media *m = o->m;
	struct sa local;

	mstream_local(o->to->ms[o->i], &local);
	write_m(b, o, proto, sa_port(&local));
	/* how wide the other side's codec is says nothing about ours */
	for (size_t i = 0; m && i < m->nbw && !o->inside && !(o->list && o->list->coded); i++) {
		buf_str(b, "b=");
		buf_slice(b, m->bw[i]);
		buf_str(b, "\r\n");
	}
	if (o->list)
		write_formats(b, o->list);
	for (size_t i = 0; m && i < m->nattr; i++)
		if (passes(o, &o->d->attr[m->attr0 + i]))
			sdp_enc_attr(b, o->d->attr[m->attr0 + i].name, o->d->attr[m->attr0 + i].val);
	if (!m)
		buf_str(b, "a=ptime:20\r\n");
	if (o->offer)
		oa_crypto_answer(b, o->to, o->i, o->offer);
	else
		oa_crypto_offer(b, o->to, o->i, proto);
	sdp_enc_attr(b, slice_str(sdp_dir_name(o->dir)), SLICE_NULL);
}

void oa_line_refuse(struct buf *b, const struct sdp_media *m)
{
	sdp_enc_media(b, m->type, 0, m->proto, m->fmt, m->nfmt, NULL);
}
