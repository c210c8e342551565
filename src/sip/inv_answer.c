/*
 * inv_answer.c - the life of an INVITE of theirs: provisional answers, 2xx repeated until the ACK
 * (RFC 3261 13.3.1), CANCEL (9.2), and time-outs. Shared by first and repeated INVITEs.
 */
#include "sip/inv_priv.h"

static void sx_destroy(void *obj)
{
	struct inv_sx *sx = obj;

	mem_deref(sx->st);
}

void sx_close(struct inv_sx *sx)
{
	struct inv *in = sx->in;

	if (!in)
		return;
	sx->in = NULL;
	timer_stop(&sx->tm);
	sx_rel_free(sx);
	sip_strans_set_ops(sx->st, NULL, NULL);
	list_unlink(&sx->le);
	mem_deref(sx);
	mem_deref(in);
}

struct inv_sx *sx_open(const struct inv *in)
{
	LIST_EACH (&in->sxl, k) {
		struct inv_sx *sx = LINK_OBJ(k, struct inv_sx, le);

		if (!sx->answered)
			return sx;
	}
	return NULL;
}

/* ---- before the final answer ---- */

static void wait_h(void *arg);

/** Sleep until the next repetition of the provisional answer or the end of Expires, whichever comes first. */
static void wait_start(struct inv_sx *sx)
{
	struct loop *l = inv_sip(sx->in)->loop;
	uint64_t now = loop_now_ms(l), ms = INV_PROGRESS_MS;

	if (!sx->deadline && !sx->progress)
		return;
	if (sx->deadline && sx->deadline - now < ms)
		ms = sx->deadline - now;
	timer_start(&sx->tm, l, ms, wait_h, sx);
}

static void wait_h(void *arg)
{
	struct inv_sx *sx = arg;
	struct inv *in = mem_ref(sx->in);

	if (sx->deadline && loop_now_ms(inv_sip(in)->loop) >= sx->deadline) {
		sx_refuse(sx, 487, SLICE_NULL, SLICE_NULL); /* 13.3.1 */
		inv_end(in, 0, 487, NULL);
	} else {
		if (sx->progress)
			sip_strans_resend(sx->st);
		wait_start(sx);
	}
	mem_deref(in);
}

/** The user's re-INVITE to answer is no more. */
static void tell_gone(struct inv *in)
{
	if (inv_live(in) && in->ops->reoffer_gone)
		in->ops->reoffer_gone(in->h, in->arg);
}

static void cancelled_h(struct sip_strans *st, const struct sip_msg *cancel, void *arg)
{
	struct inv_sx *sx = arg;
	struct inv *in = mem_ref(sx->in);
	bool first = sx->first;

	if (!sip_strans_done(st)) {
		sx_refuse(sx, 487, SLICE_NULL, SLICE_NULL);
		if (first)
			inv_end(in, 0, 487, cancel);
		else
			tell_gone(in);
	}
	mem_deref(in);
}

static void ended_h(struct sip_strans *st, int err, void *arg)
{
	struct inv_sx *sx = arg;
	struct inv *in = mem_ref(sx->in);
	bool first = sx->first;

	(void)st;
	if (!sx->answered) { /* after a 2xx our own clock decides */
		sx_close(sx);
		if (first)
			inv_end(in, err ? err : ECANCELED, 503, NULL);
		else
			tell_gone(in);
	}
	mem_deref(in);
}

static const struct sip_strans_ops sx_ops = {.cancelled = cancelled_h, .ended = ended_h};

int sx_start(struct inv_sx **sp, struct inv *in, struct sip_strans *st, const struct sip_msg *req, bool first)
{
	struct slice expires = sip_msg_val(req, SIP_HDR_EXPIRES);
	struct inv_sx *sx = mem_zalloc(sizeof(*sx), sx_destroy);
	uint32_t sec;

	if (!sx)
		return ENOMEM;
	sx->in = mem_ref(in);
	sx->st = mem_ref(st);
	sx->cseq = req->cseq.num;
	sx->first = first;
	sx->offered = !slice_isset(req->body);
	if (first && sip_has_tag(inv_sip(in), SLICE("100rel"))) {
		sx->rel_must = sip_msg_has_token(req, SIP_HDR_REQUIRE, SLICE("100rel"));
		sx->rel_can = sip_msg_has_token(req, SIP_HDR_SUPPORTED, SLICE("100rel"));
	}
	if (first && !slice_u32(expires, &sec) && sec)
		sx->deadline = loop_now_ms(inv_sip(in)->loop) + 1000ULL * sec;
	list_append(&in->sxl, &sx->le);
	sip_strans_set_ops(st, &sx_ops, sx);
	wait_start(sx);
	*sp = sx;
	return 0;
}

/* ---- after a 2xx ---- */

/** No ACK for 64*T1 (13.3.1.4, 14.2): the dialog is ended by BYE. */
static void no_ack(struct inv_sx *sx)
{
	struct inv *in = mem_ref(sx->in);
	bool first = sx->first;

	sx_close(sx);
	if (!in->hung)
		inv_drop(in, ETIMEDOUT, 408, NULL);
	else if (first && !in->told)
		inv_bye_send(in); /* hung up meanwhile; the BYE waited */
	mem_deref(in);
}

static void repeat_h(void *arg)
{
	struct inv_sx *sx = arg;
	struct sip *s = inv_sip(sx->in);
	uint64_t now = loop_now_ms(s->loop), left;

	if (now >= sx->deadline) {
		no_ack(sx);
		return;
	}
	sip_strans_resend(sx->st);
	sx->interval = sx->interval * 2 < s->t2 ? sx->interval * 2 : s->t2;
	left = sx->deadline - now;
	timer_start(&sx->tm, s->loop, sx->interval < left ? sx->interval : left, repeat_h, sx);
}

int sx_reply(struct inv_sx *sx, uint16_t scode, struct slice hdrs, struct slice ctype, struct slice body)
{
	struct inv *in = sx->in;
	struct sip *s = inv_sip(in);
	struct buf *b = &s->lines;
	int err;

	buf_reset(b);
	dialog_enc_answer(b, in->d, sip_strans_msg(sx->st), scode);
	if (scode >= 200)
		inv_timer_enc_answer(b, in, sip_strans_msg(sx->st));
	buf_slice(b, hdrs);
	err = buf_err(b);
	if (!err)
		err = sip_reply(sx->st, scode, SLICE_NULL, buf_get(b), ctype, body);
	if (err)
		return err;
	if (scode < 200) {
		sx->progress = true;
		wait_start(sx);
		return 0;
	}
	sx->answered = true;
	sx->interval = s->t1;
	sx->deadline = loop_now_ms(s->loop) + 64ULL * s->t1;
	timer_start(&sx->tm, s->loop, sx->interval, repeat_h, sx);
	return 0;
}

void sx_refuse(struct inv_sx *sx, uint16_t scode, struct slice reason, struct slice hdrs)
{
	struct sip_strans *st = mem_ref(sx->st);
	struct buf lines;
	int err;

	buf_init(&lines);
	dialog_enc_lines(&lines, sx->in->d);
	buf_slice(&lines, hdrs);
	err = buf_err(&lines);
	if (!err)
		err = sip_reply(st, scode, reason, buf_get(&lines), SLICE_NULL, SLICE_NULL);
	buf_free(&lines);
	sx_close(sx);
	if (err)
		sip_reply_simple(st, scode, NULL); /* tries on its own until there is memory */
	mem_deref(st);
}
