/*
 * capture.c - what went over the wire for a call: its messages for a ladder, or all of it as a file.
 */
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
