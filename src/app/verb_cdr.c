/*
 * verb_cdr.c - `cdr`: call records, newest first.
 */
#include <string.h>
#include "app/cli.h"
#include "app/out.h"
#include "base/clock.h"

/* ": PCMU, 405 packets, 0.0 % lost, jitter 1 ms, MOS 4.4" */
static void put_sound(const json_t *leg, const json_t *q)
{
	int64_t got = ji(q, "received"), lost = ji(q, "lost");
	double mos = json_number_value(json_object_get(q, "mos"));

	if (!got) {
		printf(": nothing arrived");
		return;
	}
	printf(": %s, %lld packets, %.1f %% lost, jitter %.0f ms", *js(leg, "codec") ? js(leg, "codec") : "sound",
	       (long long)got, 100.0 * (double)lost / (double)(got + lost),
	       json_number_value(json_object_get(q, "jitter_ms")));
	if (mos > 0)
		printf(", MOS %.1f", mos);
}

static void put_legs(const json_t *row)
{
	json_t *l;
	size_t i;

	json_array_foreach(json_object_get(row, "legs"), i, l)
	{
		const json_t *q = json_object_get(l, "quality");

		printf("    %s %s", json_is_true(json_object_get(l, "outgoing")) ? "to  " : "from", js(l, "number"));
		if (*js(l, "device"))
			printf(", %s", js(l, "device"));
		if (q)
			put_sound(l, q);
		/* what a leg that talked ended with is no news */
		if (ji(l, "code") && ji(l, "code") != 200)
			printf(", ended with %lld", (long long)ji(l, "code"));
		printf("\n");
		if (*js(l, "verdict"))
			printf("        %s%s%s\n", out_style(STYLE_YELLOW), js(l, "verdict"), out_style(STYLE_OFF));
	}
}

static void row_cells(struct table *t, const json_t *row)
{
	char when[32], time[32];
	int64_t talk = ji(row, "talk_ms"), answer = ji(row, "answer_ms"), end = ji(row, "end_ms");

	if (!talk && answer && end > answer)
		talk = end - answer;
	table_cell(t, clock_local(ji(row, "start_ms"), when));
	table_cell(t, js(row, "from"));
	table_cell(t, js(row, "to"));
	table_cell(t, answer ? out_seconds((talk + 500) / 1000, time) : "-");
	if (ji(row, "code"))
		table_cellf(t, "%lld", (long long)ji(row, "code"));
	else
		table_cell(t, "");
	table_cell(t, end ? js(row, "outcome") : "in progress");
	table_cell(t, js(row, "reason"));
}

static const char *const title[] = {"TIME", "FROM", "TO", "TALKED", "CODE", "OUTCOME", "HOW IT ENDED"};

static void print_rows(const struct cli *c, const json_t *items)
{
	struct table t;
	json_t *row;
	size_t i;

	table_init(&t, title, ARRAY_LEN(title), 1u << 3 | 1u << 4);
	if (!cli_flag(c, "legs")) {
		json_array_foreach(items, i, row) row_cells(&t, row);
		table_print(&t);
		return;
	}
	json_array_foreach(items, i, row)
	{
		char when[32], time[32];
		int64_t talk = ji(row, "talk_ms");

		printf("%s  %s%s to %s%s: %s", clock_local(ji(row, "start_ms"), when), out_style(STYLE_BOLD),
		       js(row, "from"), js(row, "to"), out_style(STYLE_OFF),
		       ji(row, "end_ms") ? js(row, "outcome") : "in progress");
		if (talk)
			printf(", talked %s", out_seconds((talk + 500) / 1000, time));
		printf("%s%s\n", *js(row, "reason") ? ", " : "", js(row, "reason"));
		put_legs(row);
	}
}

int verb_cdr(struct cli *c)
{
	static const char *const pass[] = {"number", "outcome", "since", "until", "before"};
	json_t *o = NULL;
	struct buf b;
	char limit[16], *path = NULL;
	uint32_t n = 20;
	bool chosen = false;

	if (!cli_number(c, "limit", 1, 1000, &n))
		return CLI_USAGE;
	snprintf(limit, sizeof(limit), "%u", n);
	buf_init(&b);
	buf_str(&b, "/cdr");
	client_param(&b, "limit", limit);
	for (size_t i = 0; i < ARRAY_LEN(pass); i++) {
		chosen = chosen || cli_opt(c, pass[i]);
		client_param(&b, pass[i], cli_opt(c, pass[i]));
	}
	int rc = buf_strdup(&b, &path) ? cli_fail(CLI_FAILED, "memory is out.") : client_call(c, "GET", path, NULL, &o);
	buf_free(&b);
	mem_deref(path);
	if (rc)
		return rc;
	const json_t *items = json_object_get(o, "items");
	const char *next = json_string_value(json_object_get(o, "next"));
	if (c->json) {
		out_json(o);
	} else if (json_array_size(items) == 0) {
		printf("No call records%s.\n", chosen ? " match" : " yet");
	} else {
		print_rows(c, items);
		if (next)
			printf("There are more: --before %s\n", next);
	}
	json_decref(o);
	return CLI_OK;
}
