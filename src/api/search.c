/*
 * search.c - one search over everything, for the page's search box: rows of the configuration that have the text in
 * them, and calls of a number.
 *
 * The tables are asked one after the other by the reader thread, a few rows each; what somebody may not read is not
 * looked through.
 */
#include <string.h>
#include "api/api_priv.h"
#include "pbx/conference.h"
#include "pbx/plan.h"
#include "pbx/trunk.h"

enum { EACH = 6, TEXT_MAX = 64 };

static const struct resource *const searched[] = {
	&pbx_extension_resource, &pbx_user_resource,      &pbx_conference_resource, &pbx_did_resource,
	&pbx_trunk_resource,     &pbx_route_out_resource, &pbx_route_in_resource,
};

static void next_table(struct job *j);

static void add(struct job *j, const char *kind, const char *key, const char *title, const char *text)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s}", "kind", kind, "key", key ? key : "", "title",
			      title && *title ? title
			      : key           ? key
					      : "",
			      "text", text ? text : "");

	(void)json_array_append_new(j->plan, o);
}

/* What says most of a row beside its name: where it leads, what it is for. */
static const char *words_of(const struct resource *r, const json_t *row)
{
	static const char *const members[] = {"target", "pattern", "server", "role", "location"};
	const char *key = json_text(row, resource_key(r)->name);

	if (resource_name(r) != resource_key(r))
		return key;
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const char *s = json_text(row, members[i]);

		if (s && *s)
			return s;
	}
	return "";
}

static void found_rows(int err, const char *why, json_t *res, void *arg)
{
	struct job *j = arg;
	const struct resource *r = searched[j->turn];
	json_t *row;
	size_t i;

	if (err) {
		job_fail(j, err, why);
		return;
	}
	json_array_foreach(json_object_get(res, "items"), i, row)
		add(j, r->name, json_text(row, resource_key(r)->name), json_text(row, resource_name(r)->name),
		    words_of(r, row));
	j->turn++;
	next_table(j);
}

static void found_calls(int err, const char *why, json_t *res, void *arg)
{
	struct job *j = arg;
	json_t *row, *items;
	size_t i;

	if (err) {
		job_fail(j, err, why);
		return;
	}
	json_array_foreach(json_object_get(res, "items"), i, row)
	{
		const char *from = json_text(row, "from"), *to = json_text(row, "to");
		json_t *title = json_sprintf("%s \xe2\x86\x92 %s", from ? from : "", to ? to : "");

		add(j, "call", json_text(row, "id"), json_string_value(title), json_text(row, "outcome"));
		json_decref(title);
	}
	items = json_incref(j->plan);
	job_items(j, items);
}

/* A number as it may stand in a record: its digits, with + or * before them. */
static bool is_number(const char *q)
{
	return strlen(q) >= 2 && strspn(q, "0123456789+*#") == strlen(q);
}

static void next_table(struct job *j)
{
	const char *q = job_param(j, "q");
	struct store_page page = {.q = q, .limit = EACH};
	struct cdr_filter calls = {.number = q, .limit = EACH};
	bool records = j->who.control || j->who.scopes & SCOPE_RECORDS;

	if (j->turn < ARRAY_LEN(searched)) {
		store_list(pbx_store(j->api->pbx), searched[j->turn], &page, found_rows, j);
	} else if (is_number(q) && records) {
		store_cdr_list(pbx_store(j->api->pbx), &calls, found_calls, j);
	} else {
		json_t *items = json_incref(j->plan);

		job_items(j, items);
	}
}

void api_search(struct job *j)
{
	const char *q = job_param(j, "q");

	if (!q || !*q || strlen(q) > TEXT_MAX) {
		job_error(j, 400, "bad_parameter", "q", "Say what to look for: ?q=TEXT, %d bytes at most.", TEXT_MAX);
		return;
	}
	j->plan = json_array();
	if (j->plan)
		next_table(j);
	else
		job_fail(j, ENOMEM, NULL);
}
