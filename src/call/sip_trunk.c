/*
 * sip_trunk.c - a trunk that speaks SIP: made from its settings, changed, ended.
 */
#include <string.h>
#include "base/rand.h"
#include "call/sip_trunk_priv.h"

static void destroy(void *obj)
{
	struct strunk *st = obj;

	loop_tail_cancel(&st->judge);
	if (st->ha1_in)
		mem_wipe(st->ha1_in, sizeof(*st->ha1_in));
	mem_deref(st->ha1_in);
	if (st->mem)
		mem_wipe(st->mem, strlen(st->mem));
	mem_deref(st->mem);
}

/* All texts of the settings, in the order in which they lie in the block. */
static size_t texts(struct trunk_cfg *c, struct slice *v[24])
{
	struct slice *all[] = {&c->name,     &c->transp,    &c->domain, &c->user,     &c->auth_user,
			       &c->password, &c->from_user, &c->codecs, &c->secret_in};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		v[n++] = all[i];
	for (size_t i = 0; i < c->nservers; i++)
		v[n++] = &c->server[i].host;
	return n;
}

static int cfg_copy(struct trunk_cfg *dst, char **mem, const struct trunk_cfg *src)
{
	struct slice *v[24];
	size_t l = 0, n;
	char *p;

	*dst = *src;
	n = texts(dst, v);
	for (size_t i = 0; i < n; i++)
		l += v[i]->l;
	p = *mem = mem_alloc(l + 1, NULL);
	if (!p)
		return ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (v[i]->l)
			memcpy(p, v[i]->p, v[i]->l);
		*v[i] = slice_mem(p, v[i]->l);
		p += v[i]->l;
	}
	*p = '\0';
	return 0;
}

static int make_secret_in(struct strunk *st)
{
	if (st->ha1_in)
		mem_wipe(st->ha1_in, sizeof(*st->ha1_in));
	st->ha1_in = mem_deref(st->ha1_in);
	if (!st->cfg.secret_in.l)
		return 0;
	st->ha1_in = mem_zalloc(sizeof(*st->ha1_in), NULL);
	if (!st->ha1_in)
		return ENOMEM;
	secret_make(st->ha1_in, st->cfg.name, slice_str(st->edge->realm), st->cfg.secret_in);
	return 0;
}

static void start(struct strunk *st)
{
	for (size_t i = 0; i < st->cfg.nservers; i++) {
		const struct trunk_server *s = &st->cfg.server[i];

		st->server[i] = (struct strunk_server){.st = st,
						       .host = s->host,
						       .port = s->port,
						       .priority = s->priority,
						       .weight = s->weight ? s->weight : 1};
	}
	strunk_where_start(st);
	strunk_check_start(st);
	strunk_reg_start(st);
	strunk_judge(st);
}

static void stop(struct strunk *st)
{
	strunk_reg_stop(st);
	strunk_check_stop(st);
	strunk_where_stop(st);
}

static int open_h(struct trunk *t, const struct trunk_cfg *cfg, void *arg)
{
	struct edge *e = arg;
	struct strunk *st;
	int err;

	if (!e->sip)
		return ERR_STATE;
	st = mem_zalloc(sizeof(*st), destroy);
	if (!st)
		return ENOMEM;
	st->edge = e;
	st->judge = (struct loop_tail){.fn = strunk_judge_now, .arg = st};
	rand_text(st->token, sizeof(st->token) - 1);
	err = cfg_copy(&st->cfg, &st->mem, cfg);
	if (!err)
		err = make_secret_in(st);
	if (err) {
		mem_deref(st);
		return err;
	}
	st->t = t;
	t->proto = st;
	list_append(&e->trunks, &st->le);
	start(st);
	return 0;
}

static bool same_servers(const struct trunk_cfg *a, const struct trunk_cfg *b)
{
	if (a->nservers != b->nservers)
		return false;
	for (size_t i = 0; i < a->nservers; i++) {
		const struct trunk_server *x = &a->server[i], *y = &b->server[i];

		if (!slice_eq(x->host, y->host) || x->port != y->port || x->priority != y->priority ||
		    x->weight != y->weight)
			return false;
	}
	return true;
}

/* Nothing that registration and checks depend on differs. */
static bool same_line(const struct trunk_cfg *a, const struct trunk_cfg *b)
{
	return same_servers(a, b) && slice_eq(a->transp, b->transp) && slice_eq(a->domain, b->domain) &&
	       a->registers == b->registers && a->expires_s == b->expires_s && slice_eq(a->user, b->user) &&
	       slice_eq(a->auth_user, b->auth_user) && slice_eq(a->password, b->password) &&
	       slice_eq(a->from_user, b->from_user) && a->tls == b->tls;
}

static int set_h(struct trunk *t, const struct trunk_cfg *cfg)
{
	struct strunk *st = t->proto;
	struct trunk_cfg now;
	char *mem = NULL, *old;
	bool same;
	int err = st ? cfg_copy(&now, &mem, cfg) : ERR_STATE; /* none: the edge is gone */

	if (err)
		return err;
	same = same_line(&st->cfg, cfg);
	strunk_check_stop(st);
	if (!same)
		stop(st);
	old = st->mem;
	st->cfg = now;
	st->mem = mem;
	mem_wipe(old, strlen(old));
	mem_deref(old);
	for (size_t i = 0; i < now.nservers; i++)
		st->server[i].host = now.server[i].host;
	err = make_secret_in(st);
	if (same)
		strunk_check_start(st);
	else
		start(st);
	strunk_judge(st);
	return err;
}

static void close_h(struct trunk *t)
{
	struct strunk *st = t->proto;

	t->proto = NULL;
	stop(st);
	loop_tail_cancel(&st->judge);
	list_unlink(&st->le);
	st->edge = NULL;
	st->t = NULL;
	mem_deref(st);
}

static void test_h(struct trunk *t)
{
	struct strunk *st = t->proto;

	if (!st)
		return;
	strunk_check_now(st);
	if (st->cfg.registers)
		strunk_reg_now(st);
}

void strunks_end(struct edge *e)
{
	LIST_EACH (&e->trunks, k) {
		struct strunk *st = LINK_OBJ(k, struct strunk, le);

		close_h(st->t);
	}
}

const struct trunk_driver strunk_driver = {
	.proto = "sip",
	.open = open_h,
	.set = set_h,
	.close = close_h,
	.leg = strunk_leg,
	.invite = strunk_invite,
	.status = strunk_status,
	.test = test_h,
};

void strunk_enc_domain(const struct strunk *st, const struct strunk_target *g, struct buf *b)
{
	const struct strunk_server *s = g ? g->server : &st->server[0];
	struct slice host = st->cfg.domain.l ? st->cfg.domain : s->host;
	bool v6 = slice_chr(host, ':') >= 0 && host.l && host.p[0] != '[';

	buf_printf(b, v6 ? "[%.*s]" : "%.*s", SLICE_FMT(host));
	if (!st->cfg.domain.l && s->port && s->port != SIP_PORT)
		buf_printf(b, ":%u", s->port);
}

struct slice strunk_from_user(const struct strunk *st)
{
	return st->cfg.from_user.l ? st->cfg.from_user : st->cfg.user;
}

void strunk_cred(const struct strunk *st, struct sip_cred *c)
{
	*c = (struct sip_cred){.user = st->cfg.auth_user.l ? st->cfg.auth_user : st->cfg.user,
			       .password = st->cfg.password};
}
