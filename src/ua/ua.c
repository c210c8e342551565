/*
 * ua.c - the user agent: loop, SIP stack and media together, their beginning and their end.
 */
#include "ua/ua_priv.h"

enum { RTP_LO = 20000, RTP_HI = 29999, CONNS = 64, MS_PER_S = 1000 };

/* ------------------------------------------------------------------ SIP */

static void request_h(struct sip_strans *st, const struct sip_msg *msg, void *arg)
{
	if (msg->m == SIP_INVITE)
		ua_in_invite(arg, st, msg);
	else if (msg->m == SIP_OPTIONS)
		sip_reply_simple(st, 200, NULL);
	else
		sip_reply_simple(st, 405, NULL);
}

static const struct sip_ops sip_ops = {.request = request_h};

static void note_port(enum sip_transp tp, const struct sa *local, void *arg)
{
	struct oh_ua *ua = arg;

	ua->port[tp == SIP_TRANSP_UDP ? OH_UDP : tp == SIP_TRANSP_TLS ? OH_TLS : OH_TCP] = sa_port(local);
}

void ua_note_ports(struct oh_ua *ua)
{
	sip_listeners(ua->sip, note_port, ua);
}

static int listen_on(struct oh_ua *ua, uint16_t port)
{
	struct sa local = ua->ip;
	int err;

	sa_set_port(&local, port);
	err = sip_listen(ua->sip, SIP_TRANSP_UDP, &local);
	if (err)
		return err;
	sip_listeners(ua->sip, note_port, ua);
	/* the same number for both where it is free */
	sa_set_port(&local, ua->port[OH_UDP]);
	err = sip_listen(ua->sip, SIP_TRANSP_TCP, &local);
	if (err == EADDRINUSE && !port) {
		sa_set_port(&local, 0);
		err = sip_listen(ua->sip, SIP_TRANSP_TCP, &local);
	}
	sip_listeners(ua->sip, note_port, ua);
	return err;
}

static int open_sip(struct oh_ua *ua, const struct oh_ua_config *cfg)
{
	struct sip_cfg sc = {.loop = ua->loop,
			     .max_conns = CONNS,
			     .software = cfg->user_agent ? cfg->user_agent : "offhook phone " OFFHOOK_VERSION};
	int err = sip_alloc(&ua->sip, &sc, &sip_ops, ua);

	if (err)
		return err;
	sip_allow(ua->sip, SIP_INFO);
	sip_allow(ua->sip, SIP_PRACK);
	sip_allow(ua->sip, SIP_UPDATE);
	sip_support(ua->sip, "100rel");
	sip_support(ua->sip, "timer");
	sip_allow(ua->sip, SIP_REFER);
	sip_allow(ua->sip, SIP_NOTIFY);
	return listen_on(ua, cfg->sip_port);
}

/* ------------------------------------------------------------------ life */

/* Something of the application's that waits: embedded in the agent's list, or on its way from another thread. */
struct after {
	struct link le;
	struct timer tmr;
	struct loop_msg msg;
	void (*fn)(void *arg);
	void *arg;
};

static void after_destroy(void *obj)
{
	struct after *a = obj;

	timer_stop(&a->tmr);
	list_unlink(&a->le);
}

static void ua_destroy(void *obj)
{
	struct oh_ua *ua = obj;

	LIST_EACH (&ua->afters, k)
		mem_deref(LINK_OBJ(k, struct after, le));
	while (ua->calls.head)
		ua_call_end(LINK_OBJ(ua->calls.head, struct oh_call, le), 0, "the agent ends");
	while (ua->accounts.head)
		oh_account_remove(LINK_OBJ(ua->accounts.head, struct oh_account, le));
	/* what was sent last, leaves */
	if (ua->loop)
		loop_drain(ua->loop);
	ua->sip = mem_deref(ua->sip);
	ua->tls = mem_deref(ua->tls);
	ua->tls_ca = mem_deref(ua->tls_ca);
	ua->media = mem_deref(ua->media);
	if (ua->loop)
		loop_drain(ua->loop);
	mem_deref(ua->loop);
}

int ua_new_on(struct oh_ua **uap, const struct oh_ua_config *cfg, struct loop *l)
{
	struct oh_ua *ua = mem_zalloc(sizeof(*ua), ua_destroy);
	struct media_cfg mc = {.loop = l,
			       .workers = 1,
			       .port_lo = cfg->rtp_lo ? cfg->rtp_lo : RTP_LO,
			       .port_hi = cfg->rtp_hi ? cfg->rtp_hi : RTP_HI};
	int err;

	if (!ua)
		return ENOMEM;
	ua->loop = mem_ref(l);
	ua->on_event = cfg->on_event;
	ua->arg = cfg->arg;
	err = cfg->tls_ca ? mem_strdup(&ua->tls_ca, cfg->tls_ca) : 0;
	if (!err)
		err = sa_set(&ua->ip, slice_str(cfg->listen ? cfg->listen : "0.0.0.0"), 0);
	if (!err)
		err = media_alloc(&ua->media, &mc);
	if (!err)
		err = open_sip(ua, cfg);
	if (err) {
		mem_deref(ua);
		return err;
	}
	*uap = ua;
	return 0;
}

int oh_ua_new(struct oh_ua **uap, const struct oh_ua_config *cfg)
{
	struct loop *l;
	int err = loop_alloc(&l);

	if (err)
		return err;
	err = ua_new_on(uap, cfg, l);
	mem_deref(l);
	return err;
}

static bool is_idle(const struct oh_ua *ua)
{
	LIST_EACH (&ua->accounts, k)
		if (LINK_OBJ(k, struct oh_account, le)->stopping)
			return false;
	return !ua->calls.head;
}

void ua_check_left(struct oh_ua *ua)
{
	if (ua->leaving && is_idle(ua) && !loop_is_virtual(ua->loop))
		loop_stop(ua->loop);
}

static void stop_h(void *arg)
{
	loop_stop(arg);
}

/* BYE and REGISTER get their answers, or a second. A virtual loop is run by its net, not here. */
static void leave(struct oh_ua *ua)
{
	uint64_t until = loop_now_ms(ua->loop) + UA_LEAVE_MS;
	struct timer tmr = {0};

	ua->leaving = true;
	LIST_EACH (&ua->calls, k)
		oh_call_hangup(LINK_OBJ(k, struct oh_call, le));
	LIST_EACH (&ua->accounts, k)
		(void)oh_account_register(LINK_OBJ(k, struct oh_account, le), false);
	if (loop_is_virtual(ua->loop))
		return;
	while (!is_idle(ua) && loop_now_ms(ua->loop) < until) {
		timer_start(&tmr, ua->loop, until - loop_now_ms(ua->loop), stop_h, ua->loop);
		if (loop_run(ua->loop))
			break;
		timer_stop(&tmr);
	}
}

void oh_ua_free(struct oh_ua *ua)
{
	if (!ua || ua->leaving)
		return;
	leave(ua);
	mem_deref(ua);
}

/* ------------------------------------------------------------------ running */

int oh_ua_run(struct oh_ua *ua)
{
	return loop_run(ua->loop);
}

void oh_ua_stop(struct oh_ua *ua)
{
	loop_wake_stop(ua->loop);
}

static int after_new(struct after **ap, void (*fn)(void *arg), void *arg)
{
	struct after *a = mem_zalloc(sizeof(*a), after_destroy);

	if (!a)
		return ENOMEM;
	a->fn = fn;
	a->arg = arg;
	*ap = a;
	return 0;
}

static void after_run(struct after *a)
{
	void (*fn)(void *) = a->fn;
	void *arg = a->arg;

	mem_deref(a);
	fn(arg);
}

static void timer_h(void *arg)
{
	after_run(arg);
}

static void msg_h(struct loop_msg *m)
{
	after_run(CONTAINER_OF(m, struct after, msg));
}

int oh_ua_wake(struct oh_ua *ua, void (*fn)(void *arg), void *arg)
{
	struct after *a;
	int err = after_new(&a, fn, arg);

	if (err)
		return err;
	a->msg.fn = msg_h;
	loop_post(ua->loop, &a->msg);
	return 0;
}

int oh_ua_after(struct oh_ua *ua, uint32_t ms, void (*fn)(void *arg), void *arg)
{
	struct after *a;
	int err = after_new(&a, fn, arg);

	if (err)
		return err;
	list_append(&ua->afters, &a->le);
	timer_start(&a->tmr, ua->loop, ms, timer_h, a);
	return 0;
}

uint16_t oh_ua_port(const struct oh_ua *ua, enum oh_transport tp)
{
	return tp == OH_TCP ? ua->port[OH_TCP] : ua->port[OH_UDP];
}
