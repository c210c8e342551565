/*
 * capture.c - one call in detail: what went over the wire, for a ladder or as a file; how it sounded over time; and
 * calls by the hour.
 */
#include <string.h>
#include "api/api_priv.h"
#include "pbx/capture.h"

/* True: there is something to show; else the job is ended. */
static bool fine(struct job *j, int err, const char *why)
{
	if (err == ENOENT)
		job_error(j, 404, "not_found", NULL, "There is no call %s.", j->seg[1]);
	else if (err == ENOTSUP)
		job_error(j, 409, "conflict", NULL, "Nothing is captured: the server was started with --capture-mb 0.");
	else if (err)
		job_fail(j, err, why);
	return !err;
}

static void messages_h(int err, const char *why, json_t *res, void *arg)
{
	if (fine(arg, err, why))
		job_reply(arg, 200, json_incref(res));
}

void api_call_messages(struct job *j)
{
	pbx_call_messages(j->api->pbx, slice_str(j->seg[1]), job_flag(j, "rtcp"), messages_h, j);
}

static void quality_h(int err, const char *why, json_t *res, void *arg)
{
	if (fine(arg, err, why))
		job_reply(arg, 200, json_incref(res));
}

void api_call_quality(struct job *j)
{
	pbx_call_quality(j->api->pbx, slice_str(j->seg[1]), quality_h, j);
}

static void pcap_h(int err, const char *why, struct slice file, void *arg)
{
	struct job *j = arg;

	if (!fine(j, err, why))
		return;
	job_header(j, "Content-Disposition", "attachment; filename=\"%s.pcapng\"", j->seg[1]);
	job_bytes(j, 200, "application/vnd.tcpdump.pcap", file);
}

void api_call_pcap(struct job *j)
{
	pbx_call_pcap(j->api->pbx, slice_str(j->seg[1]), pcap_h, j);
}

/* ------------------------------------------------------------------ calls by the hour */

enum { HOURS_DAYS = 31, DAY_MS = 86400000 };

void api_stats_hours(struct job *j)
{
	struct hours_filter f = {.until_ms = loop_wall_ms(j->api->loop), .trunk = job_param(j, "trunk")};
	const char *by = job_param(j, "by");

	if (!job_time(j, "until", &f.until_ms))
		return;
	f.since_ms = f.until_ms - DAY_MS;
	if (!job_time(j, "since", &f.since_ms))
		return;
	if (by && strcmp(by, "trunk") && strcmp(by, "direction")) {
		job_error(j, 400, "bad_parameter", "by", "\"by\" is trunk or direction.");
		return;
	}
	if (f.since_ms < 0 || f.until_ms - f.since_ms > (int64_t)HOURS_DAYS * DAY_MS) {
		job_error(j, 400, "bad_parameter", "since", "From \"since\" to \"until\" may be %d days at most.",
			  HOURS_DAYS);
		return;
	}
	f.trunks = by && !strcmp(by, "trunk");
	store_hours(pbx_store(j->api->pbx), &f, job_store_h, j);
}
