/*
 * sip_leg.c - a leg that is a SIP INVITE session: what the call room orders becomes messages, what messages say becomes
 * events.
 */
#include <stdio.h>
#include <string.h>
#include "base/utf8.h"
#include "call/sip_trunk_priv.h"

#define CT_SDP SLICE("application/sdp")

static void destroy(void *obj)
{
	struct sip_leg *sl = obj;

	sip_session_end(sl);
	mem_deref(sl->inv);
	mem_deref(sl->dest);
	mem_deref(sl->fix);
	mem_deref(sl->info);
	mem_deref(sl->servers);
	mem_deref(sl->trunk);
	mem_deref(sl->edge);
}

int sip_leg_new(struct sip_leg **sp, struct edge *e)
{
	struct sip_leg *sl = mem_zalloc(sizeof(*sl), destroy);

	if (!sl)
		return ENOMEM;
	sl->edge = mem_ref(e);
	*sp = sl;
	return 0;
}

int sip_leg_aim(struct sip_leg *sl, const struct sip_dest *d)
{
	sl->dest = mem_alloc(sizeof(*sl->dest), NULL);
	if (!sl->dest)
		return ENOMEM;
	*sl->dest = *d;
	return 0;
}

int sip_leg_connect(struct sip_leg *sl, struct sip_inv_call *call)
{
	int err;

	call->dest = *sl->dest;
	sl->delayed = !call->offer.l;
	err = sip_inv_connect(&sl->inv, sl->edge->sip, call, &sip_leg_inv_ops, sl);
	if (!err)
		sl->dest = mem_deref(sl->dest);
	return err;
}

void sip_leg_device(struct sip_leg *sl)
{
	struct leg *l = sl->leg;
	struct slice sw = sip_inv_peer_software(sl->inv);
	char txt[SA_STRLEN];

	if (sw.l)
		utf8_copy(l->device, sizeof(l->device), sw);
	else if (!l->device[0])
		(void)slice_copy(l->device, sizeof(l->device), slice_str(sa_ntop(&l->peer, txt)));
}

/* ------------------------------------------------------------------ orders */

static int op_progress(struct leg *l, uint16_t code, struct slice sdp)
{
	struct sip_leg *sl = l->proto;
	struct buf b;
	int err;

	buf_init(&b);
	sip_connected_enc(&b, l);
	err = sip_inv_progress(sl->inv, code, buf_get(&b), sdp.l ? CT_SDP : SLICE_NULL, sdp);
	if (!err && sdp.l)
		l->agreed = sip_inv_agreed(sl->inv);
	buf_free(&b);
	return err;
}

static int op_ring(struct leg *l)
{
	return op_progress(l, 180, SLICE_NULL);
}

static int op_answer(struct leg *l, struct slice sdp)
{
	struct sip_leg *sl = l->proto;
	struct buf b;
	int err;

	buf_init(&b);
	sip_connected_enc(&b, l);
	err = sip_inv_answer(sl->inv, buf_get(&b), CT_SDP, sip_leg_answer_sdp(sl, sdp));
	buf_free(&b);
	return err;
}

static void op_hangup(struct leg *l, const struct hangup *h)
{
	struct sip_leg *sl = l->proto;
	char mem[256];
	struct buf reason;

	sip_leg_refer_end(sl);
	buf_init_fixed(&reason, mem, sizeof(mem));
	sip_reason_enc(&reason, h, sip_inv_state(sl->inv) == SIP_INV_INCOMING);
	sip_inv_hangup(sl->inv, h->code >= 300 ? h->code : 0, buf_err(&reason) ? SLICE_NULL : buf_get(&reason));
}

static int op_offer(struct leg *l, struct slice sdp)
{
	struct sip_leg *sl = l->proto;

	if (!sip_inv_can_offer(sl->inv))
		return ERR_STATE;
	sl->asked = !sdp.l;
	return sip_inv_reinvite(sl->inv, SLICE_NULL, sdp.l ? CT_SDP : SLICE_NULL, sdp);
}

static int op_answer_offer(struct leg *l, struct slice sdp)
{
	struct sip_leg *sl = l->proto;

	if (!sl->ack_due)
		return sip_inv_reply_answer(sl->inv, CT_SDP, sdp);
	sl->ack_due = false;
	return sip_inv_ack_answer(sl->inv, CT_SDP, sdp);
}

static int op_reject_offer(struct leg *l, uint16_t code)
{
	struct sip_leg *sl = l->proto;

	return sl->ack_due ? ERR_STATE : sip_inv_reply_reject(sl->inv, code, SLICE_NULL);
}

static void op_sdp_ip(struct leg *l, struct sa *advertise, struct sa *bind)
{
	struct sip_leg *sl = l->proto;

	edge_sdp_ip(sl->edge, sl->inv ? sip_inv_dest(sl->inv) : sl->dest, advertise, bind);
}

static bool op_secure(const struct leg *l)
{
	const struct sip_leg *sl = l->proto;
	const struct sip_dest *d = sl->inv ? sip_inv_dest(sl->inv) : sl->dest;

	return d && (d->tp == SIP_TRANSP_TLS || d->tp == SIP_TRANSP_WSS);
}

static struct slice op_callid(const struct leg *l)
{
	const struct sip_leg *sl = l->proto;

	return sl->inv ? sip_inv_callid(sl->inv) : SLICE_NULL;
}

static void op_free(struct leg *l)
{
	l->proto = mem_deref(l->proto);
}

const struct leg_ops sip_leg_ops = {
	.proto = "sip",
	.ring = op_ring,
	.progress = op_progress,
	.answer = op_answer,
	.hangup = op_hangup,
	.offer = op_offer,
	.answer_offer = op_answer_offer,
	.reject_offer = op_reject_offer,
	.sdp_ip = op_sdp_ip,
	.secure = op_secure,
	.callid = op_callid,
	.connected = sip_connected,
	.transfer_state = sip_leg_transfer_state,
	.digit = sip_info_digit,
	.takes_digits = sip_info_takes,
	.free = op_free,
};

/* ------------------------------------------------------------------ events */

/* The description in a message; empty if there is none. */
static struct slice sdp_of(const struct sip_msg *msg)
{
	return msg && msg->body.l && sip_msg_ctype_is(msg, "application", "sdp") ? msg->body : SLICE_NULL;
}

static void progress_h(struct sip_inv *i, const struct sip_msg *rsp, void *arg)
{
	struct sip_leg *sl = arg;
	/* who gave no offer makes its own ringing tone, whatever is said here */
	struct slice sdp = sl->delayed ? sdp_of(rsp) : sip_leg_said(sl, rsp);

	if (sl->servers)
		strunk_answers(sl);
	if (rsp->scode == 199)
		return; /* one of several early dialogs behind the phone's own proxy ended */
	sip_identity_note(sl, rsp);
	if (sdp.l) {
		sl->leg->agreed = sip_inv_agreed(i);
		leg_ev_progress(sl->leg, rsp->scode, sdp);
	} else {
		leg_ev_ringing(sl->leg, rsp->scode);
	}
}

static void answered_h(struct sip_inv *i, const struct sip_msg *rsp, void *arg)
{
	struct sip_leg *sl = arg;

	(void)i;
	sip_leg_device(sl);
	sip_identity_note(sl, rsp);
	if (sl->servers)
		strunk_answers(sl);
	sl->ack_due = sl->delayed;
	leg_ev_answered(sl->leg, sip_leg_said(sl, rsp), sl->delayed);
}

static void reoffer_h(struct sip_inv *i, const struct sip_msg *req, void *arg)
{
	struct sip_leg *sl = arg;
	uint16_t code = 0;
	int err;

	sip_identity_note(sl, req);
	if (req->body.l && !sdp_of(req).l) {
		code = 415;
	} else if (req->body.l) {
		err = call_offer_check(req->body);
		code = err == ERR_SYNTAX ? 400 : err ? 488 : 0;
	}
	if (!code) {
		leg_ev_offer(sl->leg, req->body);
		return;
	}
	if (sip_inv_reply_reject(i, code, SLICE_NULL))
		log_debug("call", "%s: a re-INVITE could not be refused", sl->leg->call->id);
}

static void reanswered_h(struct sip_inv *i, const struct sip_msg *rsp, uint16_t scode, void *arg)
{
	struct sip_leg *sl = arg;

	(void)i;
	if (rsp && scode < 300)
		sip_identity_note(sl, rsp);
	if (sl->renaming) {
		sl->renaming = false;
		if (scode < 300)
			leg_ev_renewed(sl->leg, sdp_of(rsp));
		return;
	}
	sl->ack_due = sl->asked && scode < 300;
	leg_ev_offer_result(sl->leg, scode, sdp_of(rsp), sl->asked);
}

/* Our re-INVITE waited because theirs met it. If theirs was taken up meanwhile, ours is void. */
static int renew_h(struct sip_inv *i, struct buf *sdp, void *arg)
{
	const struct leg *l = ((struct sip_leg *)arg)->leg;

	(void)i;
	if (!l->offered || l->state == LEG_ENDED) {
		((struct sip_leg *)arg)->renaming = false;
		return ECANCELED;
	}
	buf_slice(sdp, rbuf_opt(l->sent));
	return 0;
}

static void acked_h(struct sip_inv *i, const struct sip_msg *ack, void *arg)
{
	struct sip_leg *sl = arg;

	(void)i;
	if (sl->leg->offered)
		leg_ev_answer(sl->leg, sdp_of(ack));
	else if (ack->m == SIP_ACK)
		sip_leg_fix(sl);
}

static void request_h(struct sip_inv *i, struct sip_strans *st, const struct sip_msg *req, void *arg)
{
	(void)i;
	edge_in_dialog(arg, st, req);
}

/* The address is that of the phone itself. A connection comes from a port of its own. */
static bool is_own(const struct sip_leg *sl, const struct sip_msg *msg, const struct sip_uri *u)
{
	struct sa a;

	if (sip_uri_sa(u, SIP_PORT, &a))
		return false;
	return msg->tp == SIP_TRANSP_UDP ? sa_eq(&a, &sl->leg->peer) : sa_eq_addr(&a, &sl->leg->peer);
}

/* One Contact of a 3xx: a number of ours, or a contact. */
static bool redirect_target(struct sip_leg *sl, const struct sip_msg *msg, const struct sip_contact *sc,
			    struct dial_target *t, struct contact *c, char number[64])
{
	const struct sip_uri *u = &sc->addr.uri;

	if ((slice_ieqs(u->scheme, "tel") ||
	     (edge_is_self(sl->edge, msg, u) && (!u->port || u->port == sa_port(&msg->dst)))) &&
	    edge_user(number, 64, u)) {
		*t = (struct dial_target){.number = slice_str(number)};
		return true;
	}
	if (!slice_ieqs(u->scheme, "sip"))
		return false;
	if (!edge_user(number, 64, u))
		number[0] = '\0';
	*c = (struct contact){.uri = sc->addr.auri, .q = sc->q};
	*t = (struct dial_target){.number = slice_str(number), .contact = c, .own = is_own(sl, msg, u)};
	return true;
}

static void redirected(struct sip_leg *sl, const struct sip_msg *msg)
{
	enum { MAX = 5 };
	struct dial_target t[MAX];
	struct contact c[MAX];
	char number[MAX][64];
	struct sip_val_iter it = {0};
	struct sip_contact sc;
	struct slice val;
	size_t n = 0;

	while (n < MAX && sip_msg_next_val(msg, SIP_HDR_CONTACT, &it, &val))
		if (!sip_contact_decode(&sc, val) && !sc.star && redirect_target(sl, msg, &sc, &t[n], &c[n], number[n]))
			n++;
	sl->leg->divert = (uint8_t)sip_diverted_why(msg);
	leg_ev_redirect(sl->leg, t, n);
}

static void reoffer_gone_h(struct sip_inv *i, void *arg)
{
	struct sip_leg *sl = arg;

	(void)i;
	leg_ev_offer_gone(sl->leg);
}

static void updated_h(struct sip_inv *i, const struct sip_msg *msg, void *arg)
{
	(void)i;
	sip_identity_note(arg, msg);
}

static void lines_h(struct sip_inv *i, struct buf *b, void *arg)
{
	(void)i;
	sip_session_enc(b, arg);
}

static void accepted_h(struct sip_inv *i, const struct sip_msg *rsp, void *arg)
{
	(void)i;
	sip_session_note(arg, rsp);
}

static void closed_h(struct sip_inv *i, int err, uint16_t scode, const struct sip_msg *msg, void *arg)
{
	struct sip_leg *sl = arg;
	struct hangup h = {.code = scode ? scode : 200};

	(void)i;
	if (sl->servers && strunk_closed(sl, err, scode, msg))
		return;
	if (sip_inv_expired(i)) {
		h.text = sl->leg->trunk ? "the provider vanished: it did not refresh the call"
					: "the phone vanished: it did not refresh the call";
		leg_ev_gone(sl->leg, &h);
		return;
	}
	if (scode >= 300 && scode < 400 && msg) {
		redirected(sl, msg);
		return;
	}
	if (err && sl->leg->outgoing) {
		h.code = msg ? scode : err == ETIMEDOUT ? 408 : 480;
		h.silent = !msg && !sl->leg->rang;
		h.text = "the phone did not respond";
	} else if (err) {
		h.code = 500;
		h.text = "the connection to the caller was lost";
	}
	if (msg)
		sip_reason_read(&h, msg);
	leg_ev_gone(sl->leg, &h);
}

const struct sip_inv_ops sip_leg_inv_ops = {
	.progress = progress_h,
	.answered = answered_h,
	.reoffer = reoffer_h,
	.reanswered = reanswered_h,
	.acked = acked_h,
	.request = request_h,
	.renew = renew_h,
	.reoffer_gone = reoffer_gone_h,
	.updated = updated_h,
	.admit = sip_leg_admit,
	.current = sip_leg_current,
	.refreshed = sip_leg_refreshed,
	.lines = lines_h,
	.accepted = accepted_h,
	.closed = closed_h,
};
