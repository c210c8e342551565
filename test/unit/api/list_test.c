/*
 * list_test.c - lists filtered, sorted, searched and in pages; ETags; all that is wrong with a row; CSV; search.
 */
#include "api/csv.h"
#include "fix.h"

static void make(struct fix *f, const char *obj)
{
	if (ask(f, "POST", "/api/v1/extensions", obj) != 201)
		fail_msg("%s: %s", obj, at(f, "error.message"));
}

static void fill(struct fix *f)
{
	make(f, "{\"number\": \"100\", \"name\": \"Kitchen\", \"ring_seconds\": 20}");
	make(f, "{\"number\": \"101\", \"name\": \"attic 50%\", \"ring_seconds\": 30, \"record\": \"always\"}");
	make(f, "{\"number\": \"102\", \"name\": \"Attic_two\", \"ring_seconds\": 20, \"enabled\": false}");
	make(f, "{\"number\": \"103\", \"name\": \"\", \"ring_seconds\": 10}");
	make(f, "{\"number\": \"104\", \"name\": \"kitchen\", \"ring_seconds\": 20}");
}

/* Numbers of the answer, in order: "100 101". */
static const char *numbers(struct fix *f)
{
	static char text[200];
	json_t *row;
	size_t i, n = 0;

	text[0] = '\0';
	json_array_foreach(json_object_get(f->body, "items"), i, row)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? " " : "", json_text(row, "number"));
	return text;
}

static void test_lists(void **state)
{
	static const struct {
		const char *query, *want;
	} v[] = {
		{"", "100 101 102 103 104"},
		{"sort=number", "100 101 102 103 104"},
		{"sort=-number", "104 103 102 101 100"},
		{"sort=name", "103 101 102 100 104"},
		{"sort=-name", "104 100 102 101 103"},
		{"sort=ring_seconds", "103 100 102 104 101"},
		{"sort=-ring_seconds", "101 104 102 100 103"},
		{"sort=enabled", "102 100 101 103 104"},
		{"q=kitchen", "100 104"},
		{"q=ATTIC", "101 102"},
		{"q=50%25", "101"},
		{"q=%25", "101"},
		{"q=_", "102"},
		{"q=10", "100 101 102 103 104"},
		{"q=nobody", ""},
		{"q=%27+OR+1=1", ""},
		{"enabled=false", "102"},
		{"enabled=no", "102"},
		{"ring_seconds=20", "100 102 104"},
		{"ring_seconds=20&enabled=true&sort=-name", "104 100"},
		{"record=always", "101"},
		{"name=Kitchen", "100"},
		{"name=", "103"},
		{"q=kitchen&ring_seconds=20&sort=-number&limit=1", "104"},
	};
	struct fix *f = *state;

	fill(f);
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		char url[200];

		snprintf(url, sizeof(url), "/api/v1/extensions?%s", v[i].query);
		if (ask(f, "GET", url, NULL) != 200 || strcmp(numbers(f), v[i].want))
			fail_msg("%s: %u %s, \"%s\"", url, f->status, at(f, "error.message"), numbers(f));
	}
}

static void test_bad_questions(void **state)
{
	static const struct {
		const char *query;
		unsigned status;
		const char *field;
	} v[] = {
		{"sort=colour", 400, "sort"},
		{"sort=password", 400, "sort"},
		{"ring_seconds=x", 400, "ring_seconds"},
		{"enabled=perhaps", 400, "enabled"},
		{"record=loud", 400, "record"},
		{"password=secret", 400, "password"},
		{"colour=red", 400, "colour"},
		{"format=xml", 400, "format"},
		{"sort=name&after=100", 422, "(none)"},
		{"sort=name&after=%5B1,2%5D", 422, "(none)"},
		{"sort=name&after=%5B%22a%22%5D", 422, "(none)"},
	};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		char url[200];

		snprintf(url, sizeof(url), "/api/v1/extensions?%s", v[i].query);
		if (ask(f, "GET", url, NULL) != v[i].status || strcmp(at(f, "error.field"), v[i].field))
			fail_msg("%s: %u %s", url, f->status, at(f, "error.message"));
	}
}

/* Each row comes once, whatever the order, one row a page. */
static void test_pages(void **state)
{
	static const char *const sorts[] = {"number", "-number", "name", "-name", "ring_seconds", "-enabled", "record"};
	struct fix *f = *state;

	fill(f);
	for (size_t i = 0; i < ARRAY_LEN(sorts); i++) {
		char url[400], after[200] = "", seen[100] = "";
		size_t n = 0;

		do {
			snprintf(url, sizeof(url), "/api/v1/extensions?sort=%s&limit=1%s%s", sorts[i],
				 *after ? "&after=" : "", after);
			assert_int_equal(ask(f, "GET", url, NULL), 200);
			assert_int_equal(items(f), 1);
			assert_null(strstr(seen, numbers(f)));
			strcat(seen, numbers(f));
			strcat(seen, " ");
			n++;
			/* the cursors have quotation marks and a per cent sign */
			after[0] = '\0';
			for (const char *s = at(f, "next"); *s && strcmp(at(f, "next"), "null"); s++)
				snprintf(after + strlen(after), sizeof(after) - strlen(after), "%%%02X",
					 (unsigned char)*s);
		} while (*after);
		assert_int_equal(n, 5);
	}
}

static void test_live(void **state)
{
	struct fix *f = *state;

	fill(f);
	assert_int_equal(ask(f, "GET", "/api/v1/extensions?live=1&limit=1", NULL), 200);
	AT(f, "items.0.live.phones", "0");
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/100?live=1", NULL), 200);
	AT(f, "live.calls", "0");
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/100", NULL), 200);
	AT(f, "live", "(none)");
	assert_int_equal(ask(f, "GET", "/api/v1/calls?extension=100&limit=3", NULL), 200);
	AT(f, "next", "null");
	assert_int_equal(ask(f, "GET", "/api/v1/registrations?extension=100", NULL), 200);
	assert_int_equal(ask(f, "GET", "/api/v1/registrations", NULL), 200);
	AT(f, "next", "null");
}

/* ------------------------------------------------------------------ ETags */

static void test_etag(void **state)
{
	struct fix *f = *state;

	make(f, "{\"number\": \"100\"}");
	assert_string_equal(header(f, "ETag"), "\"v1\"");
	AT(f, STORE_VERSION, "(none)");
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/100", NULL), 200);
	assert_string_equal(header(f, "ETag"), "\"v1\"");
	AT(f, STORE_VERSION, "(none)");
	f->if_none_match = "\"v1\"";
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/100", NULL), 304);
	assert_null(f->body);
	/* maria is first */
	f->author = "maria from 192.0.2.7";
	f->if_match = "\"v1\"";
	assert_int_equal(ask(f, "PATCH", "/api/v1/extensions/100", "{\"name\": \"M\"}"), 200);
	assert_string_equal(header(f, "ETag"), "\"v2\"");
	AT(f, STORE_VERSION, "(none)");
	f->author = NULL;
	f->if_match = "\"v1\"";
	assert_int_equal(ask(f, "PATCH", "/api/v1/extensions/100", "{\"name\": \"T\"}"), 412);
	AT(f, "error.code", "changed_meanwhile");
	assert_non_null(strstr(at(f, "error.message"), "by maria from 192.0.2.7 just now"));
	f->if_match = "\"v1\"";
	assert_int_equal(ask(f, "DELETE", "/api/v1/extensions/100", NULL), 412);
	f->if_none_match = "\"v1\", \"v2\"";
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/100", NULL), 304);
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/100", NULL), 200);
	AT(f, "name", "M");
	/* nothing different: the version stays */
	f->if_match = "\"v2\"";
	assert_int_equal(ask(f, "PATCH", "/api/v1/extensions/100", "{\"name\": \"M\"}"), 200);
	assert_string_equal(header(f, "ETag"), "\"v2\"");
	f->if_match = "nonsense";
	assert_int_equal(ask(f, "PATCH", "/api/v1/extensions/100", "{\"name\": \"X\"}"), 412);
	f->if_match = "*";
	assert_int_equal(ask(f, "PATCH", "/api/v1/extensions/100", "{\"name\": \"X\"}"), 200);
	f->if_match = "W/\"v3\"";
	assert_int_equal(ask(f, "DELETE", "/api/v1/extensions/100", NULL), 200);
	f->if_match = "\"v3\"";
	assert_int_equal(ask(f, "PATCH", "/api/v1/extensions/100", "{\"name\": \"X\"}"), 404);
	assert_non_null(strstr(at(f, "error.message"), "It was removed by tester just now."));
	/* made anew it is another row */
	make(f, "{\"number\": \"100\"}");
	assert_string_equal(header(f, "ETag"), "\"v1\"");
}

/* The only row of a table is there before anybody has changed it. */
static void test_etag_only(void **state)
{
	struct fix *f = *state;

	assert_int_equal(ask(f, "GET", "/api/v1/settings/main", NULL), 200);
	assert_string_equal(header(f, "ETag"), "\"v0\"");
	f->if_match = "\"v0\"";
	assert_int_equal(ask(f, "PATCH", "/api/v1/settings/main", "{\"recall_seconds\": 40}"), 200);
	assert_string_equal(header(f, "ETag"), "\"v1\"");
	f->if_match = "\"v0\"";
	assert_int_equal(ask(f, "PATCH", "/api/v1/settings/main", "{\"recall_seconds\": 50}"), 412);
	f->if_match = "\"v1\"";
	assert_int_equal(ask(f, "PATCH", "/api/v1/settings/main", "{\"recall_seconds\": 50}"), 200);
	assert_string_equal(header(f, "ETag"), "\"v2\"");
}

static void test_all_errors(void **state)
{
	struct fix *f = *state;

	assert_int_equal(ask(f, "POST", "/api/v1/extensions",
			     "{\"name\": 5.5, \"call_limit\": 0, \"colour\": \"red\", \"srtp\": \"maybe\"}"),
			 422);
	AT(f, "error.code", "invalid");
	AT(f, "error.field", "name");
	assert_int_equal(json_array_size(json_object_get(json_object_get(f->body, "error"), "fields")), 5);
	AT(f, "error.fields.0.field", "name");
	AT(f, "error.fields.1.field", "call_limit");
	AT(f, "error.fields.2.field", "colour");
	AT(f, "error.fields.3.field", "srtp");
	AT(f, "error.fields.4.field", "number");
	assert_string_equal(at(f, "error.message"), at(f, "error.fields.0.message"));
	assert_int_equal(ask(f, "GET", "/api/v1/extensions", NULL), 200);
	assert_int_equal(items(f), 0);
}

/* ------------------------------------------------------------------ CSV */

static unsigned sheet(struct fix *f, const char *method, const char *url, const char *text)
{
	f->ctype_in = "text/csv; charset=utf-8";
	return ask(f, method, url, text);
}

static void test_sheet(void **state)
{
	struct fix *f = *state;
	char *text;

	assert_int_equal(sheet(f, "POST", "/api/v1/extensions?dry_run=1",
			       "\xef\xbb\xbfNumber;Name;Ring seconds\r\n200;\"A; \"\"B\"\"\";25\r\n\r\n201;=1+1;\r\n"),
			 200);
	AT(f, "dry_run", "true");
	AT(f, "created", "2");
	AT(f, "items.0.line", "2");
	AT(f, "items.1.line", "4");
	AT(f, "change_id", "(none)");
	assert_int_equal(ask(f, "GET", "/api/v1/extensions", NULL), 200);
	assert_int_equal(items(f), 0);
	assert_int_equal(sheet(f, "POST", "/api/v1/extensions",
			       "number,name,ring_seconds\n200,\"A; \"\"B\"\"\",25\n201,=1+1,\n"),
			 200);
	AT(f, "change_id", "1");
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/201?secrets=1", NULL), 200);
	AT(f, "name", "=1+1");
	AT(f, "ring_seconds", "30");
	assert_int_equal(strlen(at(f, "password")), 16);
	/* out and in again: nothing is different */
	f->accept = "text/csv";
	assert_int_equal(ask(f, "GET", "/api/v1/extensions", NULL), 200);
	assert_string_equal(f->ctype, "text/csv; charset=utf-8");
	assert_non_null(strstr(f->text, "\r\n200,\"A; \"\"B\"\"\",2,25,true,"));
	assert_non_null(strstr(f->text, "\r\n201,'=1+1,"));
	assert_null(strstr(f->text, "password"));
	text = strdup(f->text);
	assert_int_equal(sheet(f, "PUT", "/api/v1/extensions", text), 200);
	AT(f, "unchanged", "2");
	AT(f, "changed", "0");
	free(text);
	assert_int_equal(sheet(f, "PUT", "/api/v1/extensions", "number,name\n200,\n202,new\n201,=1+1\n"), 200);
	AT(f, "created", "1");
	AT(f, "changed", "1");
	AT(f, "unchanged", "1");
	AT(f, "items.0.fields", "{\"name\":[\"A; \\\"B\\\"\",\"\"]}");
	/* one change undoes it all */
	assert_int_equal(ask(f, "POST", "/api/v1/config/undo/2", NULL), 200);
	assert_int_equal(ask(f, "GET", "/api/v1/extensions", NULL), 200);
	assert_int_equal(items(f), 2);
}

static void test_sheet_errors(void **state)
{
	static const struct {
		const char *text, *line, *field;
		size_t n;
	} v[] = {
		{"", "1", "(none)", 1},
		{"\r\n\r\n", "1", "(none)", 1},
		{"name\nx\n", "1", "number", 1},
		{"number,colour\n100,red\n", "1", "(none)", 1},
		{"number,name,number\n", "1", "number", 1},
		{"number,name\n100,a\n100,b\n", "3", "number", 1},
		{"number,name\n,a\n", "2", "number", 1},
		{"number,name\n100,a,b\n", "2", "(none)", 1},
		{"number,name\n\"100,a\n", "2", "(none)", 1},
		{"number,name\n100,\"a\"b\n", "2", "(none)", 1},
		{"number,name\n100,a\"b\n", "2", "(none)", 1},
		{"number,name\n100,\xff\n", "2", "(none)", 1},
		{"number,ring_seconds,srtp\n100,1,x\n10a,30,off\n1,2,off\n", "2", "ring_seconds", 5},
		{"number,name\n\"100\",\"a\nb\"\n101,ok\n1,\n", "2", "name", 2},
	};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		size_t n;

		/* an empty body is no file */
		sheet(f, "PUT", "/api/v1/extensions", v[i].text);
		n = json_array_size(json_object_get(json_object_get(f->body, "error"), "fields"));
		if (f->status != 422 || strcmp(at(f, "error.fields.0.line"), v[i].line) ||
		    strcmp(at(f, "error.field"), v[i].field) || n != v[i].n)
			fail_msg("%s: %u %zu %s %s", v[i].text, f->status, n, at(f, "error.fields.0.line"),
				 at(f, "error"));
	}
	assert_int_equal(ask(f, "GET", "/api/v1/config/history", NULL), 200);
	assert_int_equal(items(f), 0);
	/* what only the phone system knows is found in a dry run too */
	assert_int_equal(sheet(f, "POST", "/api/v1/extensions?dry_run=1", "number\n*43\n"), 422);
	make(f, "{\"number\": \"100\"}");
	assert_int_equal(sheet(f, "POST", "/api/v1/extensions", "number\n101\n100\n"), 422);
	AT(f, "error.line", "3");
	assert_int_equal(sheet(f, "PATCH", "/api/v1/extensions/100", "number\n101\n"), 415);
	assert_int_equal(sheet(f, "POST", "/api/v1/security/bans", "address\n"), 415);
}

/* Pages of CSV put together are the whole. */
static void test_sheet_pages(void **state)
{
	struct fix *f = *state;
	char url[1200] = "/api/v1/extensions?format=csv&limit=2&sort=-name", all[6000] = "", *end;

	fill(f);
	for (int i = 0; i < 3; i++) {
		const char *link;

		assert_int_equal(ask(f, "GET", url, NULL), 200);
		strcat(all, f->text);
		link = header(f, "Link");
		assert_int_equal(i < 2, *link == '<');
		snprintf(url, sizeof(url), "/api/v1/extensions%s", *link ? link + 1 : "");
		end = strchr(url, '>');
		if (end)
			*end = '\0';
	}
	assert_int_equal(ask(f, "GET", "/api/v1/extensions?format=csv&sort=-name", NULL), 200);
	assert_string_equal(all, f->text);
}

static void test_search(void **state)
{
	struct fix *f = *state;
	struct cdr_row row = {.id = SLICE("c1"), .from = SLICE("100"), .to = SLICE("555"), .start_ms = 1000};

	fill(f);
	assert_int_equal(ask(f, "POST", "/api/v1/conferences", "{\"number\": \"800\", \"name\": \"Kitchen talk\"}"),
			 201);
	store_cdr(f->store, &row, false);
	assert_int_equal(ask(f, "GET", "/api/v1/search?q=kitchen", NULL), 200);
	assert_int_equal(items(f), 3);
	AT(f, "items.0.kind", "extension");
	AT(f, "items.0.title", "Kitchen");
	AT(f, "items.2.kind", "conference");
	AT(f, "items.2.key", "800");
	assert_int_equal(ask(f, "GET", "/api/v1/search?q=555", NULL), 200);
	AT(f, "items.0.kind", "call");
	AT(f, "items.0.key", "c1");
	assert_int_equal(ask(f, "GET", "/api/v1/search?q=zzz", NULL), 200);
	assert_int_equal(items(f), 0);
	assert_int_equal(ask(f, "GET", "/api/v1/search", NULL), 400);
}

static void test_cdr(void **state)
{
	struct fix *f = *state;

	for (int i = 0; i < 9; i++) {
		char id[16], name[32];

		snprintf(id, sizeof(id), "c%d", i);
		snprintf(name, sizeof(name), i % 3 ? "Anna %d" : "", i);
		struct cdr_row row = {.id = slice_str(id),
				      .from = i % 2 ? SLICE("100") : SLICE("200"),
				      .to = i % 3 ? SLICE("=cmd") : SLICE("100"),
				      .from_name = slice_str(name),
				      .start_ms = 1000000 + i};
		store_cdr(f->store, &row, true);
	}
	assert_int_equal(ask(f, "GET", "/api/v1/cdr?number=100&limit=3", NULL), 200);
	AT(f, "items.0.id", "c7");
	AT(f, "items.1.id", "c6");
	AT(f, "items.2.id", "c5");
	AT(f, "next", "1000005-c5");
	assert_int_equal(ask(f, "GET", "/api/v1/cdr?number=100&before=1000005-c5", NULL), 200);
	assert_int_equal(items(f), 3);
	AT(f, "next", "null");
	assert_int_equal(ask(f, "GET", "/api/v1/cdr?name=ANNA", NULL), 200);
	assert_int_equal(items(f), 6);
	AT(f, "items.0.from_name", "Anna 8");
	assert_int_equal(ask(f, "GET", "/api/v1/cdr?name=anna&number=100", NULL), 200);
	assert_int_equal(items(f), 3);
	assert_int_equal(ask(f, "GET", "/api/v1/cdr?name=nobody", NULL), 200);
	assert_int_equal(items(f), 0);
	assert_int_equal(ask(f, "GET", "/api/v1/cdr?format=csv&name=nna+8", NULL), 200);
	assert_string_equal(f->text,
			    "id,start,answer,end,from,from_name,to,answered_by,outcome,code,reason,duration_seconds,"
			    "talk_seconds\r\nc8,1970-01-01T00:16:40Z,,,200,Anna 8,'=cmd,,,,,0,0\r\n");
	assert_int_equal(ask(f, "GET", "/api/v1/recordings?format=csv", NULL), 200);
	assert_string_equal(f->text, "id,call,start,state,from,to,seconds,bytes,lost\r\n");
}

/* Memory that ends at any point: an answer all the same, and nothing is changed by a file that was not taken whole. */
static void test_memory(void **state)
{
	static const struct {
		const char *method, *url, *csv;
	} v[] = {
		{"GET", "/api/v1/extensions?sort=-name&q=a&enabled=true&limit=1", NULL},
		{"GET", "/api/v1/extensions?format=csv&limit=1", NULL},
		{"GET", "/api/v1/cdr?name=a&format=csv", NULL},
		{"GET", "/api/v1/calls?limit=1", NULL},
		{"GET", "/api/v1/search?q=100", NULL},
		{"PUT", "/api/v1/extensions?dry_run=1", "number,name\n100,\"x\"\n300,y\n"},
	};
	struct fix *f = *state;

	fill(f);
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		long asked = 1;

		for (long n = 0; n < asked && n < 400; n++) {
			f->ctype_in = v[i].csv ? "text/csv" : NULL;
			mem_fail_at(n);
			ask(f, v[i].method, v[i].url, v[i].csv);
			asked = mem_fail_off();
			if (f->status != 200 && f->status < 400)
				fail_msg("%s, allocation %ld: %u", v[i].url, n, f->status);
		}
	}
	assert_int_equal(ask(f, "GET", "/api/v1/extensions", NULL), 200);
	assert_int_equal(items(f), 5);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, fix_setup, fix_teardown)
	const struct CMUnitTest tests[] = {
		T(test_lists),     T(test_bad_questions), T(test_pages),  T(test_live),         T(test_etag),
		T(test_etag_only), T(test_all_errors),    T(test_sheet),  T(test_sheet_errors), T(test_sheet_pages),
		T(test_search),    T(test_cdr),           T(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
