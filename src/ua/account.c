/*
 * account.c - accounts: who we are at a server, and the registration there.
 */
#include "ua/ua_priv.h"

static void account_destroy(void *obj)
{
	struct oh_account *a = obj;

	list_unlink(&a->le);
	mem_deref(a->reg);
	mem_deref(a->user);
	if (a->password)
		mem_wipe(a->password, slice_str(a->password).l);
	mem_deref(a->password);
	mem_deref(a->auth_user);
	mem_deref(a->display);
	mem_deref(a->contact_params);
	mem_deref(a->domain);
}

static int dup_opt(char **dst, const char *s)
{
	return s ? mem_strdup(dst, s) : 0;
}

/* "sip.example.com", "pbx:5080": found when we register (RFC 3263). */
static bool is_name(struct slice server)
{
	char text[300];
	struct sip_uri u;
	struct buf b;

	buf_init_fixed(&b, text, sizeof(text));
	buf_str(&b, "sip:");
	buf_slice(&b, server);
	return !buf_err(&b) && !sip_uri_decode(&u, buf_get(&b)) && u.host.l && !u.af && !u.user.l && !u.params.l &&
	       !u.headers.l;
}

static int server(struct oh_account *a, const struct oh_account_config *cfg)
{
	char text[SA_STRLEN + 4];
	struct sa addr;
	struct buf b;
	static const enum sip_transp tp[] = {
		[OH_UDP] = SIP_TRANSP_UDP, [OH_TCP] = SIP_TRANSP_TCP, [OH_TLS] = SIP_TRANSP_TLS};
	uint16_t port = cfg->transport == OH_TLS ? SIPS_PORT : SIP_PORT;
	int err = sa_parse(&addr, slice_str(cfg->server), port);

	a->named = err && is_name(slice_str(cfg->server));
	if (err && !a->named)
		return err;
	if (a->named)
		sa_init(&addr);
	if (cfg->transport > OH_TLS)
		return EINVAL;
	a->dest = (struct sip_dest){.tp = tp[cfg->transport], .addr = addr, .tls_any = cfg->tls_any};
	if (cfg->transport == OH_TLS) {
		err = ua_tls_open(a->ua);
		if (err)
			return err;
		if (cfg->tls_name)
			a->dest.host = sip_host_intern(a->ua->sip, slice_str(cfg->tls_name));
		if (cfg->tls_name && !a->dest.host)
			return ENOMEM;
	}
	if (a->named)
		return mem_strdup(&a->domain, cfg->server);
	buf_init(&b);
	if (sa_port(&addr) != port)
		buf_str(&b, sa_str(&addr, text));
	else if (sa_af(&addr) == AF_INET6)
		buf_printf(&b, "[%s]", sa_ntop(&addr, text));
	else
		buf_str(&b, sa_ntop(&addr, text));
	err = buf_strdup(&b, &a->domain);
	buf_free(&b);
	return err;
}

/* ------------------------------------------------------------------ registration */

static void result_h(struct sip_reg *r, int err, uint16_t scode, uint32_t expires, const struct sip_msg *rsp, void *arg)
{
	struct oh_account *a = mem_ref(arg);
	struct oh_ua *ua = a->ua;
	char text[UA_TEXT];

	a->registered = scode >= 200 && scode < 300 && expires > 0;
	if (a->registered && a->named)
		a->dest = *sip_reg_dest(r);
	if (a->registered) {
		ua_tell_account(a, OH_REGISTERED, scode, ua_text(text, rsp ? rsp->reason : SLICE_NULL), expires);
	} else if (a->stopping) {
		a->stopping = false;
		ua_tell_account(a, OH_UNREGISTERED, scode, rsp ? ua_text(text, rsp->reason) : err_str(err), 0);
	} else {
		ua_tell_account(a, OH_REGISTER_FAILED, scode,
				rsp && err != ERR_AUTH ? ua_text(text, rsp->reason)
				: *sip_reg_why(r)      ? sip_reg_why(r)
						       : ua_err_text(a, err),
				0);
	}
	mem_deref(a);
	if (ua)
		ua_check_left(ua);
}

static int start(struct oh_account *a)
{
	struct sip_reg_cfg rc = {
		.find = a->named,
		.dest = a->dest,
		.contact_user = slice_str(a->user),
		.contact_params = slice_str(a->contact_params),
		.expires = a->expires,
		.cred = {.user = slice_str(a->auth_user ? a->auth_user : a->user), .password = slice_str(a->password)}};
	char registrar[160], aor[256];
	struct buf r, b;

	buf_init_fixed(&r, registrar, sizeof(registrar));
	buf_printf(&r, "sip:%s%s", a->domain, ua_transport_param(a));
	buf_init_fixed(&b, aor, sizeof(aor));
	buf_str(&b, "sip:");
	sip_enc_user(&b, slice_str(a->user));
	buf_printf(&b, "@%s", a->domain);
	if (buf_err(&r) || buf_err(&b))
		return ERR_LIMIT;
	rc.registrar = buf_get(&r);
	rc.aor = buf_get(&b);
	return sip_reg_start(&a->reg, a->ua->sip, &rc, result_h, a);
}

int oh_account_register(struct oh_account *a, bool on)
{
	if (!a->ua)
		return ERR_STATE;
	if (on) {
		a->reg = mem_deref(a->reg);
		a->stopping = false;
		return start(a);
	}
	if (!a->reg || a->stopping)
		return 0;
	a->stopping = true;
	sip_reg_stop(a->reg);
	return 0;
}

/* ------------------------------------------------------------------ life */

int oh_account_add(struct oh_ua *ua, struct oh_account **ap, const struct oh_account_config *cfg)
{
	struct oh_account *a;
	int err;

	if (!cfg->user || !*cfg->user || !cfg->server)
		return EINVAL;
	a = mem_zalloc(sizeof(*a), account_destroy);
	if (!a)
		return ENOMEM;
	a->ua = ua;
	a->expires = cfg->expires;
	err = server(a, cfg);
	if (!err)
		err = mem_strdup(&a->user, cfg->user);
	if (!err)
		err = mem_strdup(&a->password, cfg->password ? cfg->password : "");
	if (!err)
		err = dup_opt(&a->auth_user, cfg->auth_user);
	if (!err)
		err = dup_opt(&a->display, cfg->display);
	if (!err)
		err = dup_opt(&a->contact_params, cfg->contact_params);
	if (!err && cfg->do_register)
		err = start(a);
	if (err) {
		mem_deref(a);
		return err;
	}
	list_append(&ua->accounts, &a->le);
	if (ap)
		*ap = a;
	return 0;
}

void oh_account_remove(struct oh_account *a)
{
	struct oh_ua *ua = a->ua;

	if (!ua)
		return;
	LIST_EACH (&ua->calls, k) {
		struct oh_call *c = LINK_OBJ(k, struct oh_call, le);

		if (c->acct == a)
			oh_call_hangup(c);
	}
	list_unlink(&a->le);
	a->registered = false;
	a->reg = mem_deref(a->reg); /* one try to unregister, which nobody waits for */
	a->ua = NULL;
	mem_deref(a);
}

bool oh_account_registered(const struct oh_account *a)
{
	return a->registered;
}
