/*
 * route_view.c - the present, as the numbering plan asks for it: extensions, features, trunks and their channels,
 * counters, the time of day.
 */
#include <time.h>
#include "pbx/conference.h"
#include "pbx/routed.h"

static bool view_extension(void *arg, struct slice number, struct plan_ext *x)
{
	const struct extension *e = extension_find(arg, number);
	const struct extension_outside *o = e ? e->outside : NULL;

	memset(x, 0, sizeof(*x));
	if (!e)
		return false;
	(void)slice_copy(x->number, sizeof(x->number), slice_str(e->number));
	x->name = e->name;
	x->enabled = e->enabled;
	x->outside_number = o ? o->number : "";
	x->outside_name = o && *o->name ? o->name : e->name;
	x->location = o ? o->location : "";
	x->open = o ? o->open : "";
	x->locked = o && o->locked;
	x->hide = o && o->hide;
	return true;
}

static const char *view_feature(void *arg, struct slice dialled)
{
	const struct feature *f = feature_find(dialled);

	(void)arg;
	return f ? f->name : NULL;
}

static const char *view_conference(void *arg, struct slice number)
{
	const struct conference *f = conference_find(arg, number);

	return f && conference_enabled(f) ? conference_name(f) : NULL;
}

static bool is_full(const struct ptrunk *t, bool out)
{
	uint32_t own = out ? t->out : t->in, own_max = out ? t->max_out : t->max_in;

	return (t->max && t->in + t->out >= t->max) || (own_max && own >= own_max);
}

/* Ending a call on a line that does not work would help nobody. */
static bool is_down(const struct ptrunk *t)
{
	struct trunk_status st;

	trunk_status(t->line, &st);
	return st.state == TRUNK_DOWN;
}

static bool view_trunk(void *arg, const char *name, bool out, struct plan_trunk *x)
{
	const struct pbx *p = arg;
	const struct ptrunk *t = ptrunk_find(p, slice_str(name));

	memset(x, 0, sizeof(*x));
	if (!t)
		return false;
	x->blocked = ptrunk_blocked(t, out);
	x->full = x->blocked && t->enabled && t->line && is_full(t, out);
	if (!out && !x->blocked) {
		x->blocked = brake_limit_in(arg, name);
		x->braked = x->blocked != NULL;
	}
	x->cuttable = x->full && !is_down(t) && emergency_can_cut(p, t);
	x->down = x->blocked && out && ptrunk_only_down(t);
	x->caller_id = t->caller_id ? t->caller_id : "";
	x->country = t->country ? t->country : "";
	x->proven = t->proven;
	x->reaches_outside = t->reaches_outside;
	return true;
}

static const char *view_limit(void *arg, const char *name, bool trunk)
{
	return brake_limit(arg, name, trunk);
}

static void add_name(struct ptrunk *t, void *arg)
{
	if (t->enabled)
		buf_printf(arg, "%s ", t->name);
}

static const char *view_trunks(void *arg)
{
	static char names[2048];
	struct buf b;

	buf_init_fixed(&b, names, sizeof(names) - 1);
	ptrunk_each(arg, add_name, &b);
	names[b.l] = '\0';
	return names;
}

static bool view_callback(void *arg, const char *extension)
{
	return emergency_callback(arg, extension);
}

void route_view(struct pbx *p, struct plan_view *v, int64_t wall_ms)
{
	time_t t = (time_t)((wall_ms ? wall_ms : loop_wall_ms(p->loop)) / 1000);
	struct tm tm = {0};

	(void)localtime_r(&t, &tm);
	*v = (struct plan_view){
		.arg = p,
		.extension = view_extension,
		.feature = view_feature,
		.conference = view_conference,
		.trunk = view_trunk,
		.limit = view_limit,
		.trunks = view_trunks,
		.callback = view_callback,
		.weekday = (unsigned)tm.tm_wday,
		.minute = (unsigned)(tm.tm_hour * 60 + tm.tm_min),
	};
}
