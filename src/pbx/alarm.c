/*
 * alarm.c - faults that people must know of: raised once, shown until they are over.
 */
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "pbx/pbx_priv.h"

static struct alarm *find(const struct pbx *p, const char *id)
{
	LIST_EACH (&p->alarms, k) {
		struct alarm *a = LINK_OBJ(k, struct alarm, le);

		if (!strcmp(a->id, id))
			return a;
	}
	return NULL;
}

void pbx_alarm_raise(struct pbx *p, const char *id, const char *severity, const char *text, const char *remedy)
{
	struct alarm *a = find(p, id);
	bool news = !a || strcmp(a->severity, severity) || strcmp(a->text, text);

	if (!a) {
		a = mem_zalloc(sizeof(*a), NULL);
		if (!a)
			return;
		(void)slice_copy(a->id, sizeof(a->id), slice_str(id));
		a->since_ms = loop_wall_ms(p->loop);
		list_append(&p->alarms, &a->le);
		log_warn("pbx", "alarm %s: %s %s", id, text, remedy);
	}
	(void)slice_copy(a->severity, sizeof(a->severity), slice_str(severity));
	(void)slice_copy(a->text, sizeof(a->text), slice_str(text));
	(void)slice_copy(a->remedy, sizeof(a->remedy), slice_str(remedy));
	if (news)
		event_alarm(p, a, false);
}

void pbx_alarm_clear(struct pbx *p, const char *id)
{
	struct alarm *a = find(p, id);

	if (!a)
		return;
	log_info("pbx", "alarm %s is over", id);
	list_unlink(&a->le);
	event_alarm(p, a, true);
	mem_deref(a);
}

void alarm_watch(void *arg)
{
	struct pbx *p = arg;
	struct store_health h;
	char line[160];

	if (!store_trouble(p->store, &h)) {
		pbx_alarm_clear(p, "disk");
		return;
	}
	(void)snprintf(line, sizeof(line), "%s (%u records wait, %llu lost)", h.text, h.waiting,
		       (unsigned long long)h.lost);
	pbx_alarm_raise(p, "disk", "critical", line, h.remedy);
}

static void ports_over(void *arg)
{
	pbx_alarm_clear(arg, "media.ports");
}

void alarm_no_port(struct call *c, int err, void *arg)
{
	enum { CALM_MS = 60000 }; /* over when no call went without for a minute */
	struct pbx *p = arg;

	(void)c;
	if (err == ERR_LIMIT)
		pbx_alarm_raise(p, "media.ports", "critical", "All RTP ports are in use: calls fail for lack of one.",
				"Give a wider range with --rtp-ports, and open it in the firewall.");
	else if (err == EMFILE || err == ENFILE)
		pbx_alarm_raise(p, "media.ports", "critical", "The limit of open files is reached: calls get no ports.",
				"Raise it: LimitNOFILE= in the service file, or ulimit -n before the start.");
	else
		pbx_alarm_raise(p, "media.ports", "critical", "Ports for sound cannot be opened on this address.",
				"See the log for the reason; check --listen against the addresses of the machine.");
	timer_start(&p->ports, p->loop, CALM_MS, ports_over, p);
}

void pbx_overload(unsigned level, uint32_t lag_ms, void *arg)
{
	char line[160];

	if (!level) {
		pbx_alarm_clear(arg, "overload");
		return;
	}
	(void)snprintf(line, sizeof(line), "There is more to do than can be done (%u ms late): %s.", lag_ms,
		       level > 1 ? "new calls are refused" : "strangers are kept short");
	pbx_alarm_raise(
		arg, "overload", level > 1 ? "critical" : "warning", line,
		"See who sends so much: offhook security, offhook metrics. More processors help against honest load.");
}

void alarm_flush(struct pbx *p)
{
	timer_stop(&p->ports);
	LIST_EACH (&p->alarms, k) {
		list_unlink(k);
		mem_deref(LINK_OBJ(k, struct alarm, le));
	}
}

json_t *alarm_one(const struct alarm *a)
{
	return json_pack("{s:s, s:I, s:s, s:s, s:s}", "id", a->id, "since", (json_int_t)a->since_ms, "severity",
			 a->severity, "text", a->text, "remedy", a->remedy);
}

json_t *alarm_json(const struct pbx *p)
{
	json_t *v = json_array();

	LIST_EACH (&p->alarms, k)
		json_array_append_new(v, alarm_one(LINK_OBJ(k, struct alarm, le)));
	return v;
}
