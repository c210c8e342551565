/*
 * inv_early.c - early dialogs: reliable provisional answers taken in order and acknowledged by PRACK, what their
 * descriptions are (RFC 3262 4, 5; RFC 6337 2.2), and the PRACK of the other side.
 */
#include "sip/inv_priv.h"

#include "wire/sip/rack.h"

struct inv_branch *cx_answer_due(const struct inv_cx *cx)
{
	LIST_EACH (&cx->branches, k) {
		struct inv_branch *br = LINK_OBJ(k, struct inv_branch, le);

		if (br->answer_due)
			return br;
	}
	return NULL;
}

struct inv_branch *inv_branch_of(const struct inv *in, const struct dialog *d)
{
	LIST_EACH (&in->cxl, c) {
		struct inv_cx *cx = LINK_OBJ(c, struct inv_cx, le);

		LIST_EACH (&cx->branches, k) {
			struct inv_branch *br = LINK_OBJ(k, struct inv_branch, le);

			if (br->d == d)
				return br;
		}
	}
	return NULL;
}

struct dialog *inv_early_dialog(const struct inv *in, struct inv_branch **brp)
{
	struct inv_cx *cx = cx_first(in);
	struct inv_branch *found = NULL;

	*brp = NULL;
	if (in->state == SIP_INV_INCOMING)
		return in->d;
	if (in->state != SIP_INV_CALLING || !cx)
		return NULL;
	LIST_EACH (&cx->branches, k) {
		struct inv_branch *br = LINK_OBJ(k, struct inv_branch, le);

		if (br->d && found)
			return NULL; /* forked: which one is meant is not known before one has won */
		if (br->d)
			found = br;
	}
	*brp = found;
	return found ? found->d : NULL;
}

/* ---- our PRACK ---- */

static void prack_done(struct inv_req *r, int err, uint16_t scode, const struct sip_msg *rsp)
{
	(void)rsp;
	if (scode >= 300)
		log_debug("sip", "PRACK failed: %u %s", scode, err ? err_str(err) : "");
	inv_req_close(r);
}

static int prack_send(struct inv *in, struct dialog *d, uint32_t rseq, uint32_t cseq, struct slice ctype,
		      struct slice body)
{
	struct sip_rack rack = {.rseq = rseq, .cseq = {.num = cseq, .method = SLICE("INVITE")}};
	struct inv_req model = {.m = SIP_PRACK, .done = prack_done, .ctype = ctype, .body = body};
	char line[64];
	struct buf b;

	buf_init_fixed(&b, line, sizeof(line));
	buf_str(&b, "RAck: ");
	sip_rack_encode(&b, &rack);
	buf_str(&b, "\r\n");
	model.hdrs = buf_get(&b);
	return inv_req_start(in, d, &model);
}

static int take_body(struct inv_cx *cx, struct inv_branch *br, const struct sip_msg *rsp)
{
	int err;

	cx->said = SAID_VOID;
	if (!slice_isset(rsp->body) || br->settled || br->answer_due)
		return 0;
	err = rbuf_alloc(&br->agreed, rsp->body.p, rsp->body.l);
	if (err)
		return err;
	cx->said = slice_isset(cx->body) ? SAID_ANSWER : SAID_OFFER;
	return 0;
}

static int fork_dialog(struct inv_branch *br, struct inv *in, const struct sip_msg *rsp)
{
	int err = dialog_fork(&br->d, in->d, rsp);

	if (err)
		return err;
	br->d->ops = in->d->ops; /* for the lines that every request carries; nothing arrives in it */
	br->d->arg = in->d->arg;
	return 0;
}

/** A reliable one: true if it is new, in order, and acknowledged. It comes again if not. */
static bool take_reliable(struct inv_cx *cx, struct inv_branch *br, const struct sip_msg *rsp)
{
	struct inv *in = cx->in;
	uint32_t rseq;
	int err = 0;

	if (sip_rseq_decode(&rseq, sip_msg_val(rsp, SIP_HDR_RSEQ)) || (br->rseq && rseq != br->rseq + 1))
		return false;
	if (!br->d) {
		if (cx->first)
			err = fork_dialog(br, in, rsp);
		else
			br->d = mem_ref(in->d);
	}
	if (!err)
		err = take_body(cx, br, rsp);
	if (!err && cx->said != SAID_OFFER)
		err = prack_send(in, br->d, rseq, cx->cseq, SLICE_NULL, SLICE_NULL);
	if (err) {
		log_debug("sip", "a reliable answer is not acknowledged: %s", err_str(err));
		if (cx->said != SAID_VOID)
			br->agreed = mem_deref(br->agreed);
		return false;
	}
	br->rseq = rseq;
	br->rack_cseq = cx->cseq;
	br->settled |= cx->said == SAID_ANSWER;
	br->answer_due |= cx->said == SAID_OFFER;
	return true;
}

bool cx_early(struct inv_cx *cx, const struct sip_msg *rsp)
{
	bool reliable = sip_msg_has_token(rsp, SIP_HDR_REQUIRE, SLICE("100rel"));
	struct inv_branch *br = cx_branch(cx, rsp->to.tag);

	if (!br && slice_isset(rsp->to.tag) && (cx->first || reliable)) {
		br = cx_branch_add(cx, rsp->to.tag);
		if (!br)
			log_debug("sip", "an early dialog is not remembered");
	}
	if (reliable)
		return br && take_reliable(cx, br, rsp) && cx->first;
	/* an offer must be reliable (RFC 3261 13.2.1); after a reliable answer nothing more is said */
	cx->said = slice_isset(cx->body) && !(br && br->settled) ? SAID_ANSWER : SAID_VOID;
	return cx->first;
}

void cx_early_won(struct inv_cx *cx, const struct sip_msg *rsp)
{
	struct inv *in = cx->in;
	struct inv_branch *br = cx_branch(cx, rsp->to.tag);

	if (!br || !br->d)
		return;
	if (br->settled)
		cx->agreed = mem_ref(br->agreed);
	if (br->d == in->d)
		return;
	if (br->d->lcseq > in->d->lcseq)
		in->d->lcseq = br->d->lcseq;
	in->d->rcseq = br->d->rcseq;
	in->d->has_rcseq = br->d->has_rcseq;
	LIST_EACH (&in->reql, k) {
		struct inv_req *r = LINK_OBJ(k, struct inv_req, le);

		if (r->d != br->d)
			continue;
		mem_deref(r->d);
		r->d = mem_ref(in->d);
	}
}

/* ---- what the user sees and says ---- */

static struct inv_cx *cx_of(const struct inv *in, const struct sip_msg *rsp)
{
	LIST_EACH (&in->cxl, k) {
		struct inv_cx *cx = LINK_OBJ(k, struct inv_cx, le);

		if (cx->cseq == rsp->cseq.num)
			return cx;
	}
	return NULL;
}

struct slice sip_inv_body(const struct sip_inv *i, const struct sip_msg *rsp)
{
	const struct inv_cx *cx = rsp->m == SIP_INVITE && !rsp->req ? cx_of(i->in, rsp) : NULL;

	if (!cx)
		return rsp->body;
	if (rsp->scode < 200)
		return cx->said == SAID_VOID ? SLICE_NULL : rsp->body;
	return cx->agreed ? rbuf_slice(cx->agreed) : rsp->body;
}

bool sip_inv_ack_due(const struct sip_inv *i)
{
	const struct inv_cx *cx = cx_open(i->in);

	return inv_live(i->in) && cx && (cx->state == CX_ANSWERED || cx_answer_due(cx));
}

bool sip_inv_agreed(const struct sip_inv *i)
{
	const struct inv *in = i->in;
	struct inv_branch *br;
	struct inv_sx *sx;

	if (in->state == SIP_INV_INCOMING) {
		sx = sx_open(in);
		return sx && sx->settled;
	}
	return in->state == SIP_INV_CONNECTED || (inv_early_dialog(in, &br) && br && br->settled);
}

int sip_inv_ack_answer(struct sip_inv *i, struct slice ctype, struct slice sdp)
{
	struct inv_cx *cx = cx_open(i->in);
	struct inv_branch *br = cx ? cx_answer_due(cx) : NULL;
	int err;

	if (!inv_live(i->in) || !cx)
		return ERR_STATE;
	if (cx->state == CX_ANSWERED)
		return cx_ack(cx, ctype, sdp);
	if (cx->state != CX_CALLING || !br)
		return ERR_STATE;
	err = prack_send(i->in, br->d, br->rseq, br->rack_cseq, ctype, sdp);
	if (err)
		return err;
	br->answer_due = false;
	br->settled = true;
	return 0;
}

/* ---- their PRACK ---- */

/** An offer in a PRACK; after the first exchange only. */
static bool may_offer(struct inv *in, struct sip_strans *st)
{
	switch (inv_oa_state(in, NULL)) {
	case OA_FREE:
		return true;
	case OA_OURS:
		sip_reply_simple(st, 491, NULL);
		break;
	case OA_THEIRS:
		inv_refuse_for_now(st);
		break;
	}
	return false;
}

static void take_prack(struct inv *in, struct inv_sx *sx, struct sip_strans *st, const struct sip_msg *req)
{
	bool answer = sx_rel_offered(sx), offer = false;

	sx_rel_acked(sx);
	if (!answer && slice_isset(req->body)) {
		if (!may_offer(in, st))
			return;
		offer = !inv_ux_start(in, st, req, NULL);
		if (!offer)
			sip_reply_simple(st, 500, NULL);
	} else {
		sip_reply_simple(st, 200, NULL);
	}
	sx_rel_next(sx);
	if (!inv_live(in))
		return;
	if (answer)
		in->ops->acked(in->h, req, in->arg);
	else if (offer && in->ux)
		in->ops->reoffer(in->h, req, in->arg);
}

void inv_prack_in(struct inv *in, struct sip_strans *st, const struct sip_msg *req)
{
	struct inv_sx *sx = NULL;
	struct sip_rack r;

	if (sip_rack_decode(&r, sip_msg_val(req, SIP_HDR_RACK))) {
		sip_reply_simple(st, 400, "Bad RAck");
		return;
	}
	if (r.cseq.m == SIP_INVITE)
		sx = sx_of_rack(in, r.rseq, r.cseq.num);
	if (!sx) {
		sip_reply_simple(st, 481, NULL);
		return;
	}
	mem_ref(sx);
	take_prack(in, sx, st, req);
	mem_deref(sx);
}
