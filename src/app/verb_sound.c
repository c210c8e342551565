/*
 * verb_sound.c - `calls --sound` and `calls --watch`: how each party of the calls of this moment sounds, and what is
 * wrong with it, once or by the second.
 */
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "app/cli.h"
#include "app/out.h"

enum { SILENCE = -127 /**< dBov: nothing but zeros */ };

static double jr(const json_t *o, const char *name)
{
	return json_number_value(json_object_get(o, name));
}

static void mos_cell(struct table *t, double mos)
{
	if (mos > 0)
		table_cellf(t, "%.1f", mos);
	else
		table_cell(t, "");
}

static void put_leg(struct table *t, const json_t *call, const json_t *leg)
{
	const json_t *level = json_object_get(leg, "level_dbov");
	int64_t lost = ji(leg, "lost"), all = ji(leg, "received") + lost;

	table_cellf(t, "%.6s", js(call, "id"));
	table_cell(t, js(leg, "number"));
	table_cell(t, js(leg, "state"));
	table_cell(t, *js(leg, "codec") ? js(leg, "codec") : "-");
	mos_cell(t, jr(leg, "mos_now"));
	mos_cell(t, jr(leg, "mos_min"));
	table_cellf(t, "%.1f %%", all ? 100.0 * (double)lost / (double)all : 0);
	table_cellf(t, "%.0f ms", jr(leg, "jitter_ms"));
	if (jr(leg, "rtt_ms") > 0)
		table_cellf(t, "%.0f ms", jr(leg, "rtt_ms"));
	else
		table_cell(t, "");
	if (jr(leg, "buffer_ms") > 0)
		table_cellf(t, "%.0f ms", jr(leg, "buffer_ms"));
	else
		table_cell(t, "");
	if (level && json_integer_value(level) <= SILENCE)
		table_cell(t, "silent");
	else if (level)
		table_cellf(t, "%lld dB", (long long)json_integer_value(level));
	else
		table_cell(t, "");
}

/* One line each: in a column of its own it would be cut, and it is what people look for. */
void calls_verdicts(const json_t *items)
{
	json_t *call, *leg;
	char id[7];
	size_t i, k;
	bool any = false;

	json_array_foreach(items, i, call)
	{
		json_array_foreach(json_object_get(call, "legs"), k, leg)
		{
			if (!*js(leg, "verdict"))
				continue;
			(void)snprintf(id, sizeof(id), "%.6s", js(call, "id"));
			if (!any)
				printf("\n");
			out_pair(id, sizeof(id) + 1, "%s", js(leg, "verdict"));
			any = true;
		}
	}
}

static void print_sound(const json_t *items)
{
	static const char *const title[] = {"CALL", "PARTY",  "STATE", "CODEC",  "MOS",  "WORST",
					    "LOST", "JITTER", "RTT",   "BUFFER", "LEVEL"};
	struct table t;
	json_t *call, *leg;
	size_t i, k;

	if (!json_array_size(items)) {
		printf("No calls at the moment.\n");
		return;
	}
	table_init(&t, title, ARRAY_LEN(title), 0x7f0);
	json_array_foreach(items, i, call)
	{
		json_array_foreach(json_object_get(call, "legs"), k, leg) put_leg(&t, call, leg);
	}
	table_print(&t);
	calls_verdicts(items);
}

static int once(struct cli *c, bool clear)
{
	json_t *o = NULL;
	int rc = client_list(c, "/calls", &o);

	if (rc)
		return rc;
	/* cursor home, the rest of the screen away */
	if (clear)
		fputs("\033[H\033[2J", stdout);
	if (c->json)
		out_json(o);
	else
		print_sound(json_object_get(o, "items"));
	fflush(stdout);
	json_decref(o);
	return CLI_OK;
}

static volatile sig_atomic_t stopped;

static void stop_h(int sig)
{
	(void)sig;
	stopped = 1;
}

int calls_sound(struct cli *c)
{
	const struct timespec second = {.tv_sec = 1};
	struct sigaction sa = {.sa_handler = stop_h};
	bool watch = cli_flag(c, "watch"), clear = watch && !c->json && isatty(STDOUT_FILENO);
	int rc = once(c, clear);

	if (!watch)
		return rc;
	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
	while (!rc && !stopped && !ferror(stdout)) {
		(void)nanosleep(&second, NULL);
		if (stopped)
			break;
		if (!clear && !c->json)
			printf("\n");
		rc = once(c, clear);
	}
	return rc;
}
