/*
 * oa_local.c - descriptions towards a party whose other end is inside: one line of sound, G.711 where it can be had.
 */
#include "call/call_priv.h"

enum { TEV_PT = 101 /* dynamic payload type of telephone-event in our own offers */ };

static bool fmt_named(const struct sdp *d, const struct sdp_media *m, struct slice fmt, const char *a, const char *b)
{
	struct slice name;
	uint32_t rate;
	uint8_t ch;

	return !sdp_rtpmap(d, m, fmt, &name, &rate, &ch) && rate == 8000 &&
	       (slice_ieqs(name, a) || (b && slice_ieqs(name, b)));
}

/* G.711 and telephone-event, or everything when there is no G.711: echo needs no decoder. */
static size_t choose(struct slice v[SDP_FMT_MAX], const struct sdp *d, const struct sdp_media *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->nfmt; i++)
		if (fmt_named(d, m, m->fmt[i], "PCMU", "PCMA"))
			v[n++] = m->fmt[i];
	if (!n) {
		for (size_t i = 0; i < m->nfmt; i++)
			v[n++] = m->fmt[i];
		return n;
	}
	for (size_t i = 0; i < m->nfmt; i++)
		if (fmt_named(d, m, m->fmt[i], "telephone-event", NULL))
			v[n++] = m->fmt[i];
	return n;
}

static bool chosen(const struct slice *v, size_t n, struct slice fmt)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(v[i], fmt))
			return true;
	return false;
}

static void write_attrs(struct buf *b, const struct sdp *d, const struct sdp_media *m, const struct slice *v, size_t n)
{
	for (size_t i = m->attr0; i < m->attr0 + m->nattr; i++) {
		const struct sdp_attr *a = &d->attr[i];
		struct slice val = a->val;
		bool of_fmt = slice_eqs(a->name, "rtpmap") || slice_eqs(a->name, "fmtp");

		if (of_fmt ? chosen(v, n, slice_cut(&val, ' '))
			   : slice_eqs(a->name, "ptime") || slice_eqs(a->name, "rtcp-mux"))
			sdp_enc_attr(b, a->name, a->val);
	}
	sdp_enc_attr(b, slice_str(sdp_dir_name(sdp_dir_swap(oa_dir(m)))), SLICE_NULL);
}

static int write_sound(struct buf *b, struct leg *l, size_t i, const struct sdp *d, const struct sa *bind)
{
	const struct sdp_media *m = &d->m[i];
	struct slice v[SDP_FMT_MAX];
	size_t n = choose(v, d, m);
	struct sa local;
	int err;

	if (!n)
		return ENOTSUP;
	err = bridge_stream(l, i, m->type, bind);
	if (err)
		return err;
	mstream_local(l->ms[i], &local);
	sdp_enc_media(b, m->type, sa_port(&local), m->proto, v, n, NULL);
	write_attrs(b, d, m, v, n);
	return 0;
}

static int answer_desc(struct leg *l, struct buf *b, const struct sa *bind)
{
	struct sdp *d = oa_scratch(0);
	bool have = false;
	int err = sdp_decode(d, rbuf_slice(l->offer));

	if (err)
		return err;
	for (size_t i = 0; i < d->nm; i++) {
		const struct sdp_media *m = &d->m[i];

		if (!have && oa_line_ok(d, i) && slice_eqs(m->type, "audio")) {
			err = write_sound(b, l, i, d, bind);
			if (err)
				return err;
			have = true;
			continue;
		}
		sdp_enc_media(b, m->type, 0, m->proto, m->fmt, m->nfmt, NULL);
	}
	return have ? 0 : ENOTSUP;
}

static int offer_desc(struct leg *l, struct buf *b, const struct sa *bind)
{
	static const struct slice fmt[] = {SLICE("0"), SLICE("8"), SLICE("101")};
	struct sa local;
	int err = bridge_stream(l, 0, SLICE("audio"), bind);

	if (err)
		return err;
	mstream_local(l->ms[0], &local);
	sdp_enc_media(b, SLICE("audio"), sa_port(&local), SLICE("RTP/AVP"), fmt, ARRAY_LEN(fmt), NULL);
	buf_printf(b,
		   "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:%d telephone-event/8000\r\na=fmtp:%d "
		   "0-16\r\n",
		   TEV_PT, TEV_PT);
	buf_str(b, "a=ptime:20\r\na=sendrecv\r\n");
	return 0;
}

static int local_desc(struct leg *l, struct rbuf **out)
{
	char block[2048];
	struct sa adv, bind;
	struct buf b;
	int err;

	l->ops->sdp_ip(l, &adv, &bind);
	buf_init_fixed(&b, block, sizeof(block));
	oa_begin(&b, l, &adv);
	err = l->offer ? answer_desc(l, &b, &bind) : offer_desc(l, &b, &bind);
	return err ? err : oa_finish(out, l, &b);
}

int oa_local_apply(struct leg *l)
{
	struct sdp *d = oa_scratch(0), *ours = oa_scratch(1);
	int err = sdp_decode(d, rbuf_opt(l->remote));

	if (!err)
		err = sdp_decode(ours, rbuf_opt(l->local));
	if (err)
		return err;
	bridge_set_remote(l, d, ours, true);
	bridge_hold_state(l, d);
	room_leg_changed(l->call->calls, l);
	transfer_sound(l->call);
	return 0;
}

/* What was given to the leg is in force, or waits for the answer in its ACK. */
static int given(struct leg *l, struct rbuf *out)
{
	struct rbuf **slot = l->offer ? &l->local : &l->sent;
	int err;

	mem_deref(*slot);
	*slot = mem_ref(out);
	l->offer_open = false;
	if (!l->offer) {
		l->offered = true;
		return 0;
	}
	mem_deref(l->remote);
	l->remote = l->offer;
	l->offer = NULL;
	err = oa_local_apply(l);
	l->holds = l->state == LEG_HELD;
	return err;
}

int oa_local_answer(struct leg *l, int (*send)(struct leg *l, struct slice sdp))
{
	struct rbuf *out = NULL;
	int err = local_desc(l, &out);

	if (!err)
		err = send(l, rbuf_slice(out));
	if (!err)
		err = given(l, out);
	mem_deref(out);
	return err;
}

void oa_local_reoffer(struct leg *l, struct slice sdp)
{
	int err = 0;

	if (l->offered || l->offer_open) {
		(void)l->ops->reject_offer(l, 491);
		return;
	}
	l->offer_open = true;
	if (sdp.l)
		err = leg_keep(&l->offer, sdp);
	if (!err)
		err = oa_local_answer(l, l->ops->answer_offer);
	if (err) {
		l->offer = mem_deref(l->offer);
		l->offer_open = false;
		(void)l->ops->reject_offer(l, err == ENOMEM ? 500 : 488);
	}
	call_changed(l->call);
}
