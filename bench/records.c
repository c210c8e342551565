/*
 * records.c - how long the first page of millions takes: call records by time, number, name and outcome; extensions in
 * any order, with how they are at the moment. Asks the API in this process, on a directory that it fills.
 *
 * records DIR [CALLS] [EXTENSIONS] prints "name milliseconds", the worst of five; filling is not measured.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/api.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "pbx/account.h"

struct asked {
	struct loop *loop;
	unsigned status;
	size_t items;
};

static void answer(const struct api_answer *a, void *arg)
{
	struct asked *q = arg;
	char *text = a->json ? json_dumps(a->json, JSON_COMPACT) : NULL; /* as who asks gets it */

	q->status = a->status;
	q->items = json_array_size(json_object_get(a->json, "items"));
	free(text);
	loop_stop(q->loop);
}

static void ask(struct api *api, struct loop *loop, const char *name, const char *url)
{
	struct slice query = slice_str(url), path = slice_cut(&query, '?');
	struct principal who;
	struct asked q = {.loop = loop};
	double worst = 0;

	principal_control(&who);
	for (int i = 0; i < 5; i++) {
		struct api_request rq = {
			.method = SLICE("GET"), .path = path, .query = query, .who = &who, .author = "bench"};
		uint64_t t0 = clock_mono_us();

		api_handle(api, &rq, answer, &q);
		loop_run(loop);
		double ms = (double)(clock_mono_us() - t0) / 1000;
		worst = ms > worst ? ms : worst;
	}
	printf("%-60s %8.2f ms  (status %u, %zu rows)\n", name, worst, q.status, q.items);
	fflush(stdout);
}

static void sql(const char *dir, const char *text)
{
	char path[1100], *why = NULL;
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/offhook.db", dir);
	if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK) {
		fprintf(stderr, "records: %s: %s\n", path, why ? why : "cannot be opened");
		exit(1);
	}
	sqlite3_close(db);
}

/* Twenty thousand numbers outside, a thousand extensions, five thousand names; one call in a hundred is from somebody
 * who is rare. */
static void fill(const char *dir, long calls, long extensions)
{
	char text[3000];

	snprintf(text, sizeof(text),
		 "PRAGMA synchronous = OFF; PRAGMA cache_size = -300000; BEGIN; "
		 "DROP INDEX cdr_start; DROP INDEX cdr_from; DROP INDEX cdr_to; DROP INDEX cdr_answered; "
		 "DROP INDEX cdr_outcome; "
		 "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %ld) "
		 "INSERT INTO cdr (domain_id, id, start_ms, answer_ms, end_ms, final, code, from_number, to_number, "
		 "answered_by, outcome, reason, detail, from_name) SELECT 1, printf('%%016x', i * 2654435761 %% "
		 "4294967296), "
		 "1700000000000 + i * 6000, 1700000004000 + i * 6000, 1700000090000 + i * 6000, 1, 200, "
		 "printf('+4930%%06d', i * 7919 %% 20000), 1000 + i %% 1000, 1000 + i %% 1000, "
		 "CASE WHEN i %% 100000 = 7 THEN 'failed' WHEN i %% 9 = 0 THEN 'busy' ELSE 'answered' END, "
		 "'The call ended as calls do.', "
		 "'{\"duration_ms\":90000,\"talk_ms\":86000,\"ended_by\":\"caller\",\"legs\":[]}', "
		 "CASE WHEN i %% 1000003 = 5 THEN 'Rare Person' ELSE 'Caller ' || (i * 31 %% 5000) END FROM n; "
		 "CREATE INDEX cdr_start ON cdr (domain_id, start_ms, id);"
		 "CREATE INDEX cdr_from ON cdr (from_number, start_ms);"
		 "CREATE INDEX cdr_to ON cdr (to_number, start_ms);"
		 "CREATE INDEX cdr_answered ON cdr (answered_by, start_ms) WHERE answered_by <> to_number;"
		 "CREATE INDEX cdr_outcome ON cdr (outcome, start_ms) WHERE outcome <> 'answered';"
		 "INSERT INTO caller_name SELECT DISTINCT 1, from_name, from_number FROM cdr; COMMIT",
		 calls);
	sql(dir, text);
	snprintf(text, sizeof(text),
		 "BEGIN; WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %ld - 1) "
		 "INSERT INTO extensions (id, domain_id, number, name) SELECT 100000 + i, 1, 10000 + i, "
		 "'Person ' || (i * 7919 %% 10000) FROM n; COMMIT; ANALYZE",
		 extensions);
	sql(dir, text);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name, *url;
	} v[] = {
		{"calls, newest", "/api/v1/cdr?limit=100"},
		{"calls of a month", "/api/v1/cdr?limit=100&since=1705000000000&until=1708000000000"},
		{"calls of an extension", "/api/v1/cdr?limit=100&number=1007"},
		{"calls of a number outside", "/api/v1/cdr?limit=100&number=%2B4930000042"},
		{"calls of a number nobody has", "/api/v1/cdr?limit=100&number=99999"},
		{"calls by a name", "/api/v1/cdr?limit=100&name=Caller+77"},
		{"calls by a rare name", "/api/v1/cdr?limit=100&name=rare"},
		{"calls by half of all names", "/api/v1/cdr?limit=100&name=caller"},
		{"calls by a name that nobody has", "/api/v1/cdr?limit=100&name=zzz"},
		{"calls that failed, one in 100,000", "/api/v1/cdr?limit=100&outcome=failed"},
		{"calls as CSV, 10,000", "/api/v1/cdr?limit=10000&format=csv"},
		{"extensions, live", "/api/v1/extensions?limit=100&live=1"},
		{"extensions by name, live", "/api/v1/extensions?limit=100&live=1&sort=-name"},
		{"extensions with a text", "/api/v1/extensions?limit=100&live=1&q=person+99"},
		{"registrations", "/api/v1/registrations"},
		{"search, a number", "/api/v1/search?q=1007"},
		{"search, a text", "/api/v1/search?q=person+99"},
	};
	long calls = argc > 2 ? atol(argv[2]) : 5000000, extensions = argc > 3 ? atol(argv[3]) : 10000;
	struct loop *loop;
	struct store *s;
	struct pbx *pbx;
	struct api *api;
	struct buf why;

	if (argc < 2) {
		fprintf(stderr, "usage: records DIR [CALLS] [EXTENSIONS]\n");
		return 2;
	}
	log_set_level(LOG_WARN);
	buf_init(&why);
	struct store_cfg sc = {.dir = argv[1]};
	sc.resource = pbx_resources(&sc.nresource);
	for (int round = 0; round < 2; round++) {
		if (loop_alloc(&loop))
			return 1;
		sc.loop = loop;
		if (store_open(&s, &sc, &why)) {
			fprintf(stderr, "records: %.*s\n", SLICE_FMT(buf_get(&why)));
			return 1;
		}
		if (round || !store_is_new(s))
			break;
		store_close(s);
		loop_drain(loop);
		mem_deref(loop);
		fill(argv[1], calls, extensions);
	}
	struct pbx_cfg pc = {.loop = loop, .store = s, .realm = "bench"};
	struct api_cfg ac = {.loop = loop};
	if (pbx_alloc(&pbx, &pc))
		return 1;
	ac.pbx = pbx;
	if (api_alloc(&api, &ac))
		return 1;
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		ask(api, loop, v[i].name, v[i].url);
	mem_deref(api);
	mem_deref(pbx);
	store_close(s);
	mem_deref(loop);
	return 0;
}
