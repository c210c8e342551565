/*
 * call_in.c - calls that come: INVITE, ringing, early media, the answer, refusals (RFC 3261 13.3, RFC 3264 6).
 */
#include "ua/ua_priv.h"

static const struct slice sdp_type = SLICE("application/sdp");

/* Whom is it for? Its Request-URI is the Contact we registered. With two servers for one name the sender decides. */
static struct oh_account *account_for(const struct oh_ua *ua, const struct sip_msg *msg)
{
	struct oh_account *found = NULL;

	LIST_EACH (&ua->accounts, k) {
		struct oh_account *a = LINK_OBJ(k, struct oh_account, le);

		if (!slice_eqs(msg->uri.user, a->user))
			continue;
		if (sa_eq_addr(&a->dest.addr, &msg->src))
			return a;
		if (!found)
			found = a;
	}
	return found;
}

/* Nothing to say against its description? Answers the request if there is. */
static bool offer_fits(struct sip_strans *st, const struct sip_msg *msg)
{
	int err;

	if (!msg->body.l)
		return true;
	if (!sip_msg_ctype_is(msg, "application", "sdp")) {
		int e = sip_reply(st, 415, SLICE_NULL, SLICE("Accept: application/sdp\r\n"), SLICE_NULL, SLICE_NULL);

		if (e)
			log_warn("ua", "no answer to an INVITE: %s", err_str(e));
		return false;
	}
	err = ua_media_check(msg->body);
	if (err)
		sip_reply_simple(st, err == ERR_SYNTAX ? 400 : 488, NULL);
	return !err;
}

static int note_peer(struct oh_call *c, const struct sip_msg *msg)
{
	char name[UA_TEXT];
	int err = slice_dup(&c->peer, msg->from.auri);

	(void)sip_unquote(name, sizeof(name), msg->from.display);
	if (!err)
		err = mem_strdup(&c->peer_name, name);
	if (!err)
		err = slice_dup(&c->callid, msg->callid);
	if (!err && msg->body.l)
		err = rbuf_alloc(&c->offer, msg->body.p, msg->body.l);
	return err;
}

static int local_ip(struct oh_call *c, const struct sip_msg *msg)
{
	struct sip_dest d;

	sip_dest_from_msg(&d, msg);
	return sip_local_for(c->ua->sip, &d, &c->ip);
}

static uint16_t code_of(int err)
{
	return err == ERR_SYNTAX ? 400 : 500;
}

/* A server may want to see who changes a call. */
static void know_password(struct oh_call *c, const struct oh_account *a)
{
	struct sip_cred cred = {.user = slice_str(a->auth_user ? a->auth_user : a->user),
				.password = slice_str(a->password)};

	if (a->password && sip_inv_set_cred(c->inv, &cred))
		log_warn("ua", "no memory for the password of a call");
}

void ua_in_invite(struct oh_ua *ua, struct sip_strans *st, const struct sip_msg *msg)
{
	struct oh_account *a = account_for(ua, msg);
	struct oh_call *c;
	int err;

	if (!a || ua->leaving || !ua->on_event) {
		sip_reply_simple(st, a ? 480 : 404, NULL);
		return;
	}
	if (ua->calls.n >= UA_CALLS_MAX) {
		sip_reply_simple(st, 486, NULL);
		return;
	}
	err = ua_call_alloc(&c, a, NULL);
	if (err) {
		sip_reply_simple(st, 500, NULL);
		return;
	}
	if (!offer_fits(st, msg)) {
		ua_call_abort(c);
		return;
	}
	err = note_peer(c, msg);
	if (!err)
		err = local_ip(c, msg);
	if (!err)
		err = sip_inv_accept(&c->inv, st, msg, slice_str(a->user), &ua_inv_ops, c);
	if (!err)
		know_password(c, a);
	if (err) {
		sip_reply_simple(st, code_of(err), NULL);
		ua_call_abort(c);
		return;
	}
	c->ringing = true;
	ua_tell_call(c, OH_CALL_INCOMING, 0, NULL);
}

/* ------------------------------------------------------------------ what the application says */

static bool may_answer(const struct oh_call *c)
{
	return c->ringing && !c->ended && !timer_running(&c->end_tmr);
}

int oh_call_ring(struct oh_call *c)
{
	return may_answer(c) ? sip_inv_progress(c->inv, 180, SLICE_NULL, SLICE_NULL, SLICE_NULL) : ERR_STATE;
}

/* Our description for the INVITE: the answer to its offer, made once, or an offer of ours. */
static int describe(struct oh_call *c)
{
	int err;

	if (!c->offer)
		return c->local ? 0 : ua_media_offer(c);
	err = ua_media_answer(c, rbuf_slice(c->offer));
	if (!err)
		c->offer = mem_deref(c->offer);
	return err;
}

int oh_call_early(struct oh_call *c, const struct oh_call_options *o)
{
	int err;

	/* an offer of ours would have to be reliable (RFC 3262 5) */
	if (!may_answer(c) || !c->offer)
		return ERR_STATE;
	err = ua_call_options(c, o);
	if (!err)
		err = describe(c);
	return err ? err : sip_inv_progress(c->inv, 183, SLICE_NULL, sdp_type, rbuf_slice(c->local));
}

int oh_call_answer(struct oh_call *c, const struct oh_call_options *o)
{
	bool early = c->local != NULL;
	int err;

	if (!may_answer(c))
		return ERR_STATE;
	/* after early media the description stands; what is sent may change */
	err = early ? (o ? oh_call_play(c, o) : 0) : ua_call_options(c, o);
	if (!err && !early)
		err = describe(c);
	if (err == ENOTSUP)
		(void)!oh_call_reject(c, 488, NULL);
	if (!err)
		err = sip_inv_answer(c->inv, SLICE_NULL, sdp_type, rbuf_slice(c->local));
	if (err)
		return err;
	c->ringing = false;
	c->answered = true;
	return 0;
}

int oh_call_reject(struct oh_call *c, unsigned code, const char *contact)
{
	struct buf b;
	int err;

	if (!may_answer(c))
		return ERR_STATE;
	if (code < 300 || code > 699)
		return EINVAL;
	buf_init(&b);
	if (contact)
		sip_enc_hdrf(&b, SIP_HDR_CONTACT, "<%s>", contact);
	err = buf_err(&b);
	if (!err)
		err = sip_inv_reject(c->inv, (uint16_t)code, SLICE_NULL, buf_get(&b));
	buf_free(&b);
	if (err)
		return err;
	c->ringing = false;
	ua_call_end_later(c, (uint16_t)code, sip_reason((uint16_t)code));
	return 0;
}

void ua_in_acked(struct sip_inv *i, const struct sip_msg *ack, void *arg)
{
	struct oh_call *c = arg;

	(void)i;
	if (c->offered && ua_media_answered(c, ack->body)) {
		ua_call_fail(c, 488, "no usable answer");
		return;
	}
	if (c->told)
		return;
	c->told = true;
	ua_tell_call(c, OH_CALL_ANSWERED, 200, NULL);
}
