/*
 * oa_local.c - descriptions towards a party whose other end is inside: one line of sound, in
 * any codec that we can code.
 */
#include "call/oa_crypto.h"
#include "call/oa_priv.h"

static int write_sound(struct buf *b, struct leg *l, size_t i, const struct sdp *d, const struct sa *bind)
{
	const struct sdp_media *m = &d->m[i];
	struct oa_policy p;
	struct oa_list room, list;
	int err;

	oa_policy_of(&p, l);
	oa_choose_inside(&list, oa_formats(&room, d, i), &p);
	if (!list.n)
		return ENOTSUP;
	err = bridge_stream(l, i, m->type, bind);
	if (err)
		return err;
	oa_line_write(b, &(struct oa_line){.to = l,
					   .i = i,
					   .proto = m->proto,
					   .d = d,
					   .m = m,
					   .list = &list,
					   .dir = sdp_dir_swap(oa_dir(m)),
					   .offer = d,
					   .inside = true});
	return 0;
}

static int answer_desc(struct leg *l, struct buf *b, const struct sa *bind)
{
	const struct sdp *d;
	bool have = false;
	int err = oa_read(&d, rbuf_slice(l->offer));

	if (err)
		return err;
	for (size_t i = 0; i < d->nm; i++) {
		const struct sdp_media *m = &d->m[i];

		if (!have && oa_line_ok(d, i) && slice_eqs(m->type, "audio") && oa_crypto_allows(l, d, i)) {
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
	const struct oa_list *bound = NULL;
	const struct sdp *had;
	struct oa_policy p;
	struct oa_list list, room;
	int err = bridge_stream(l, 0, SLICE("audio"), bind);

	if (err)
		return err;
	if (l->local && !oa_read(&had, rbuf_slice(l->local)) && had->nm)
		bound = oa_formats(&room, had, 0);
	oa_policy_of(&p, l);
	oa_choose_own(&list, &p, bound);
	if (!list.n)
		return ENOTSUP;
	oa_line_write(b, &(struct oa_line){.to = l, .proto = SLICE("RTP/AVP"), .list = &list, .dir = SDP_SENDRECV});
	return 0;
}

static int local_desc(struct leg *l, struct rbuf **out)
{
	char block[4096];
	struct sa adv, bind;
	struct buf b;
	int err;

	l->ops->sdp_ip(l, &adv, &bind);
	buf_init_fixed(&b, block, sizeof(block));
	oa_begin(&b, l, &adv);
	err = l->offer ? answer_desc(l, &b, &bind) : offer_desc(l, &b, &bind);
	return err ? err : oa_finish(out, l, &b);
}

int oa_local_offer(struct leg *l, struct rbuf **out)
{
	int err = local_desc(l, out);

	if (!err)
		oa_note_sent(l, *out);
	return err;
}

int oa_local_apply(struct leg *l)
{
	const struct sdp *d;
	int err = oa_read(&d, rbuf_opt(l->remote));

	if (err)
		return err;
	bridge_hold_state(l, d);
	bridge_set_remote(l);
	room_leg_changed(l->call->calls, l);
	transfer_sound(l->call);
	originate_sound(l->call);
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
	l->gave_offer = true;
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
