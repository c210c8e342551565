/*
 * metrics.c - what the phone system has at this moment, for Prometheus: what is no counter of a room.
 */
#include "pbx/pbx_priv.h"
#include "pbx/account_priv.h"
#include "pbx/recording.h"

static void gauge(struct buf *b, const char *name, const char *help, size_t v)
{
	buf_printf(b, "# HELP offhook_%s %s\n# TYPE offhook_%s gauge\noffhook_%s %zu\n", name, help, name, name, v);
}

void pbx_metrics(const struct pbx *p, struct buf *b)
{
	buf_printf(b, "# HELP offhook_info Version of the program.\n# TYPE offhook_info gauge\n"
		      "offhook_info{version=\"" OFFHOOK_VERSION "\"} 1\n");
	gauge(b, "start_time_seconds", "When it was started, in seconds since 1970.", (size_t)(p->started_ms / 1000));
	gauge(b, "extensions", "Extensions.", p->extensions.n);
	gauge(b, "extensions_registered", "Extensions with a phone that is registered.", p->registered);
	gauge(b, "contacts", "Phones that are registered.", p->contacts);
	gauge(b, "trunks", "Trunks.", p->trunks.n);
	gauge(b, "alarms", "Faults that people must know of.", p->alarms.n);
	gauge(b, "recordings_running", "Recordings that go on.", record_count(p));
	gauge(b, "sessions", "Sessions of people on the page.", p->accounts->sessions.n);
}

bool pbx_metrics_open(const struct pbx *p)
{
	return p->settings.metrics_open;
}
