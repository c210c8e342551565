/*
 * pbx.c - the phone system as a whole: made from the store, ended in order.
 */
#include "base/log.h"
#include "base/mem.h"
#include "call/series.h"
#include "pbx/account_priv.h"
#include "pbx/conference.h"
#include "pbx/network.h"
#include "pbx/recording.h"
#include "pbx/security.h"
#include "pbx/trunk.h"

static void dump(struct buf *b, void *arg)
{
	const struct pbx *p = arg;

	buf_printf(b, "extensions %zu, registered %zu, contacts %zu, alarms %zu\n", p->extensions.n, p->registered,
		   p->contacts, p->alarms.n);
	buf_printf(b,
		   "routes out %zu, rules in %zu, numbers %zu, meters %zu, outside calls %zu, notes for records %zu\n",
		   p->plan.out.n, p->plan.in.n, p->plan.dids.n, p->meters.n, p->outside.n, p->routed.n);
}

static void trouble(void *arg)
{
	alarm_watch(arg);
}

static void pbx_destroy(void *obj)
{
	struct pbx *p = obj;

	event_close(p);
	store_on_trouble(p->store, NULL, NULL);
	timer_stop(&p->auth_log);
	inspect_del(&p->dump);
	account_flush(p);
	record_flush(p);
	emergency_flush(p);
	routed_flush(p);
	brake_flush(p);
	network_flush(p);
	p->disk = mem_deref(p->disk);
	plan_free(&p->plan);
	ptrunk_flush(p);
	conference_flush(p);
	p->security = mem_deref(p->security);
	extension_flush(p);
	hash_free(&p->flows);
	alarm_flush(p);
	json_decref(p->about);
	mem_deref(p->capture);
	mem_deref(p->realm);
}

int pbx_alloc(struct pbx **pp, const struct pbx_cfg *cfg)
{
	struct pbx *p = mem_zalloc(sizeof(*p), pbx_destroy);
	int err;

	if (!p)
		return ENOMEM;
	p->loop = cfg->loop;
	p->store = cfg->store;
	p->started_ms = loop_wall_ms(cfg->loop);
	hash_init(&p->extensions);
	hash_init(&p->flows);
	hash_init(&p->meters);
	hash_init(&p->conferences);
	hash_init(&p->routed);
	p->dump = (struct inspect){.name = "pbx", .fn = dump, .arg = p};
	inspect_add(&p->dump);
	err = mem_strdup(&p->realm, cfg->realm);
	if (!err)
		err = security_alloc(p);
	if (!err)
		err = extension_load(p);
	if (!err)
		err = registrar_load(p);
	if (!err)
		err = ptrunk_load(p);
	if (!err)
		err = conference_load(p);
	if (!err)
		err = plan_load(p);
	if (!err)
		err = brake_load(p);
	if (!err)
		err = settings_load(p);
	if (!err)
		err = network_load(p);
	if (!err)
		err = account_load(p);
	if (err) {
		mem_deref(p);
		return err;
	}
	store_on_trouble(p->store, trouble, p);
	alarm_watch(p);
	*pp = p;
	return 0;
}

void pbx_set_calls(struct pbx *p, struct calls *cs)
{
	p->calls = cs;
	if (cs)
		calls_keep_series(cs);
	settings_use(p);
}

void pbx_lines(struct pbx *p, bool on)
{
	p->lines = on;
	if (on)
		ptrunk_start(p);
	else
		ptrunk_stop(p);
}

struct calls *pbx_calls(const struct pbx *p)
{
	return p->calls;
}

struct store *pbx_store(const struct pbx *p)
{
	return p->store;
}

struct loop *pbx_loop(const struct pbx *p)
{
	return p->loop;
}

void pbx_set_about(struct pbx *p, json_t *about)
{
	json_decref(p->about);
	p->about = json_incref(about);
}

void pbx_counts(const struct pbx *p, size_t *extensions, size_t *registered, size_t *contacts)
{
	*extensions = p->extensions.n;
	*registered = p->registered;
	*contacts = p->contacts;
}

const struct call_ops *pbx_call_ops(void)
{
	static const struct call_ops ops = {.incoming = route_incoming,
					    .record = cdr_record,
					    .changed = route_changed,
					    .no_port = alarm_no_port,
					    .dtmf = record_dtmf,
					    .transfer = route_transfer,
					    .redirect = route_redirect,
					    .media = sound_of_leg,
					    .next = route_next,
					    .hold_music = settings_hold_music,
					    .merged = route_merged};

	return &ops;
}

int pbx_hangup(struct pbx *p, struct slice call_id, const char *who)
{
	static const struct hangup h = {.code = 200, .text = "ended by the administrator"};
	struct call *c = p->calls ? calls_find(p->calls, call_id) : NULL;

	if (!c)
		return ENOENT;
	log_info("pbx", "%s: hung up by %s", c->id, who);
	call_hangup(c, &h);
	return 0;
}
