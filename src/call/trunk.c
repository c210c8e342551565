/*
 * trunk.c - the noun "trunk": what all protocols share of lines to providers. The work is the driver's.
 */
#include "call/trunk_priv.h"

void calls_set_trunk_driver(struct calls *cs, const struct trunk_driver *d, void *arg)
{
	cs->trunk_driver = d;
	cs->trunk_driver_arg = arg;
}

static void forget_in(struct list *calls, const struct trunk *t)
{
	LIST_EACH (calls, k) {
		struct call *c = LINK_OBJ(k, struct call, le);

		LIST_EACH (&c->legs, m) {
			struct leg *l = LINK_OBJ(m, struct leg, le);

			if (l->trunk == t)
				l->trunk = NULL;
		}
		if (c->dial)
			dial_forget_trunk(c->dial, t);
	}
}

static void destroy(void *obj)
{
	struct trunk *t = obj;

	if (t->proto)
		t->drv->close(t);
	if (t->calls) {
		forget_in(&t->calls->live, t);
		forget_in(&t->calls->ending, t);
	}
	list_unlink(&t->le);
	mem_deref(t->name);
	mem_deref(t->codecs);
}

static int keep(char **dst, struct slice s)
{
	char *p;
	int err = slice_dup(&p, s);

	if (err)
		return err;
	mem_deref(*dst);
	*dst = p;
	return 0;
}

static bool cfg_ok(const struct trunk_cfg *cfg)
{
	return cfg->name.l && cfg->nservers <= TRUNK_SERVERS_MAX && cfg->nfrom <= ARRAY_LEN(cfg->from) &&
	       (cfg->nservers || (!cfg->registers && !cfg->check_s));
}

int trunk_alloc(struct trunk **tp, struct calls *cs, const struct trunk_cfg *cfg, const struct trunk_ops *ops,
		void *arg)
{
	struct trunk *t;
	int err;

	if (!cs->trunk_driver)
		return ENOTSUP;
	if (!cfg_ok(cfg))
		return EINVAL;
	t = mem_zalloc(sizeof(*t), destroy);
	if (!t)
		return ENOMEM;
	t->drv = cs->trunk_driver;
	t->drv_arg = cs->trunk_driver_arg;
	err = keep(&t->name, cfg->name);
	if (!err)
		err = keep(&t->codecs, cfg->codecs);
	if (!err)
		err = t->drv->open(t, cfg, t->drv_arg);
	if (err) {
		mem_deref(t);
		return err;
	}
	t->calls = cs;
	t->ops = ops;
	t->arg = arg;
	list_append(&cs->trunks, &t->le);
	*tp = t;
	return 0;
}

int trunk_set(struct trunk *t, const struct trunk_cfg *cfg)
{
	int err = cfg_ok(cfg) ? keep(&t->codecs, cfg->codecs) : EINVAL;

	return err ? err : t->drv->set(t, cfg);
}

void trunk_status(const struct trunk *t, struct trunk_status *st)
{
	*st = (struct trunk_status){.state = TRUNK_STARTING};
	t->drv->status(t, st);
}

void trunk_test(struct trunk *t)
{
	t->drv->test(t);
}

const char *trunk_name(const struct trunk *t)
{
	return t->name;
}

void *trunk_arg(const struct trunk *t)
{
	return t->arg;
}

const char *trunk_codecs(const struct trunk *t)
{
	return t->codecs;
}

void trunk_changed(struct trunk *t)
{
	if (t->ops && t->ops->changed)
		t->ops->changed(t, t->arg);
}
