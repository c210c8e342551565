/*
 * record_sheet.c - call records and recordings as CSV.
 */
#include <string.h>
#include <time.h>
#include "api/api_priv.h"
#include "api/csv.h"

enum kind { TEXT, NUMBER, TIME, SECONDS };
struct column {
	const char *title, *member;
	enum kind kind;
};

static void put_time(struct buf *b, bool first, int64_t ms)
{
	time_t s = (time_t)(ms / 1000);
	char text[40];
	struct tm tm;

	if (!ms || !gmtime_r(&s, &tm) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		text[0] = '\0';
	csv_put(b, first, slice_str(text));
}

static void put_cell(struct buf *b, bool first, const struct column *c, const json_t *v)
{
	int64_t n = json_integer_value(v);

	switch (c->kind) {
	case TIME:
		put_time(b, first, n);
		break;
	case SECONDS:
		csv_put_int(b, first, (n + 500) / 1000);
		break;
	case NUMBER:
		if (json_is_integer(v))
			csv_put_int(b, first, n);
		else
			csv_put(b, first, SLICE_NULL);
		break;
	default:
		csv_put(b, first, slice_mem(json_string_value(v), json_string_length(v)));
		break;
	}
}

static int render(const struct column *col, size_t n, const json_t *items, const struct sheet *s, struct buf *out)
{
	json_t *row;
	size_t k;

	for (size_t i = 0; s->header && i < n; i++)
		csv_put(out, i == 0, slice_str(col[i].title));
	if (s->header)
		csv_end(out);
	json_array_foreach(items, k, row)
	{
		for (size_t i = 0; i < n; i++)
			put_cell(out, i == 0, &col[i], json_object_get(row, col[i].member));
		csv_end(out);
	}
	return buf_err(out);
}

int api_cdr_render(const json_t *items, const void *arg, struct buf *out)
{
	static const struct column col[] = {
		{"id", "id", TEXT},
		{"start", "start_ms", TIME},
		{"answer", "answer_ms", TIME},
		{"end", "end_ms", TIME},
		{"from", "from", TEXT},
		{"from_name", "from_name", TEXT},
		{"to", "to", TEXT},
		{"answered_by", "answered_by", TEXT},
		{"outcome", "outcome", TEXT},
		{"code", "code", NUMBER},
		{"reason", "reason", TEXT},
		{"duration_seconds", "duration_ms", SECONDS},
		{"talk_seconds", "talk_ms", SECONDS},
	};

	return render(col, ARRAY_LEN(col), items, arg, out);
}

int api_recording_render(const json_t *items, const void *arg, struct buf *out)
{
	static const struct column col[] = {
		{"id", "id", TEXT},         {"call", "call", TEXT},     {"start", "start_ms", TIME},
		{"state", "state", TEXT},   {"from", "from", TEXT},     {"to", "to", TEXT},
		{"seconds", "ms", SECONDS}, {"bytes", "bytes", NUMBER}, {"lost", "lost", NUMBER},
	};

	return render(col, ARRAY_LEN(col), items, arg, out);
}
