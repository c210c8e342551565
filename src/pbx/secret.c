/*
 * secret.c - what proves an extension: HA1 for the digest check, and word of failures.
 */
#include "base/log.h"
#include "pbx/pbx_priv.h"
#include "pbx/security.h"

enum { AUTH_LOG_BUDGET = 10 }; /* lines in ten seconds: an attacker must not fill the disk */

static struct metric auth_failed = {.name = "auth_failures_total",
				    .help = "Requests with a wrong password or unknown user."};

static int lookup(struct slice user, struct secret *s, void *arg)
{
	struct pbx *p = arg;
	struct extension *e = extension_find(p, user);
	const struct secret *own;
	int err;

	/* one that is switched off still proves who it is: it may call for help */
	if (!e)
		return ENOENT;
	err = extension_secret(e, &own);
	if (!err)
		*s = *own;
	return err;
}

static void open_budget(void *arg)
{
	struct pbx *p = arg;

	if (p->auth_logged > AUTH_LOG_BUDGET)
		log_warn("pbx", "%u more wrong passwords in the last 10 s", p->auth_logged - AUTH_LOG_BUDGET);
	p->auth_logged = 0;
}

static void failed(struct slice user, const struct sa *src, void *arg)
{
	struct pbx *p = arg;
	char t[SA_STRLEN];

	metric_reg(&auth_failed);
	metric_add(&auth_failed, 1);
	if (!timer_running(&p->auth_log))
		timer_start(&p->auth_log, p->loop, 10000, open_budget, p);
	if (++p->auth_logged <= AUTH_LOG_BUDGET)
		log_warn("pbx", "wrong password or unknown user \"%.*s\" from %s", SLICE_FMT(user), sa_str(src, t));
	(void)security_failed(p, user, src);
}

const struct secret_ops *pbx_secret_ops(void)
{
	static const struct secret_ops ops = {.lookup = lookup, .failed = failed};

	return &ops;
}
