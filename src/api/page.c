/*
 * page.c - calls and registrations in pages: made in steps, with other work of the loop between them.
 */
#include "api/api_priv.h"

enum { PAGE_LIMIT = 100 };

struct walk {
	struct link le; /* in api.walks */
	struct job *j;
	struct timer next;
	struct pbx_page page;
	bool (*step)(struct pbx *p, struct pbx_page *g);
};

static void walk_destroy(void *obj)
{
	struct walk *w = obj;

	list_unlink(&w->le);
	timer_stop(&w->next);
	json_decref(w->page.items);
}

static void walk_on(void *arg)
{
	struct walk *w = arg;
	struct job *j = w->j;

	if (w->step(j->api->pbx, &w->page)) {
		timer_start(&w->next, j->api->loop, 0, walk_on, w);
		return;
	}
	for (size_t i = 0; j->who.role == ROLE_USER && i < json_array_size(w->page.items); i++)
		(void)json_array_set_new(w->page.items, i, pbx_json_for_guest(json_array_get(w->page.items, i)));
	json_t *res = json_pack("{s:O, s:o}", "items", w->page.items, "next",
				w->page.cursor[0] ? json_string(w->page.cursor) : json_null());
	mem_deref(w);
	job_items(j, res);
}

static void walk(struct job *j, bool (*step)(struct pbx *p, struct pbx_page *g))
{
	const char *after = job_param(j, "after");
	struct walk *w;
	uint64_t limit;

	if (!job_number(j, "limit", API_LIMIT_MAX, &limit))
		return;
	w = mem_zalloc(sizeof(*w), walk_destroy);
	if (w)
		w->page.items = json_array();
	if (!w || !w->page.items) {
		mem_deref(w);
		job_fail(j, ENOMEM, NULL);
		return;
	}
	w->j = j;
	w->step = step;
	w->page.limit = limit ? (uint32_t)limit : PAGE_LIMIT;
	/* a person sees its own */
	w->page.extension = j->who.role == ROLE_USER ? j->who.extension : job_param(j, "extension");
	if (after && !slice_copy(w->page.cursor, sizeof(w->page.cursor), slice_str(after))) {
		mem_deref(w);
		job_error(j, 422, "invalid", "after", "The cursor is none that this list gave.");
		return;
	}
	list_append(&j->api->walks, &w->le);
	walk_on(w);
}

void api_walks_end(struct api *a)
{
	LIST_EACH (&a->walks, k) {
		struct walk *w = LINK_OBJ(k, struct walk, le);
		struct job *j = w->j;

		mem_deref(w);
		job_drop(j);
	}
}

void api_calls(struct job *j)
{
	if (j->who.role == ROLE_USER && !j->who.extension[0]) {
		job_error(j, 403, "forbidden", NULL, "You have no extension whose calls could be shown.");
		return;
	}
	walk(j, pbx_calls_step);
}

void api_registrations(struct job *j)
{
	walk(j, pbx_registrations_step);
}
