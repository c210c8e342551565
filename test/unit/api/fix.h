/*
 * fix.h - cmocka and what unit tests of the API share: a virtual loop, a real store in a directory of its own, one
 * request at a time.
 */
#ifndef UNIT_API_FIX_H
#define UNIT_API_FIX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "api/api_priv.h"
#include "base/log.h"
#include "loop/vnet.h"
#include "pbx/account.h"

struct fix {
	char dir[64];
	struct vnet *net;
	struct loop *loop;
	struct store *store;
	struct pbx *pbx;
	struct api *api;
	/* headers of the next request */
	const char *ctype_in, *accept, *if_match, *if_none_match, *author;
	const struct principal *who; /* NULL: the machine's administrator */
	/* last answer */
	bool answered;
	unsigned status;
	json_t *body;
	char ctype[64];
	char *text; /* bytes, terminated */
	struct api_answer head;
};

static inline void fix_quiet(enum log_level lvl, const char *line, void *arg)
{
	(void)lvl;
	(void)line;
	(void)arg;
}

static inline int fix_setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));
	struct buf why;

	log_set_handler(fix_quiet, NULL);
	buf_init(&why);
	snprintf(f->dir, sizeof(f->dir), "%s/offhook-api-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	if (!mkdtemp(f->dir) || vnet_alloc(&f->net, 1) || loop_alloc_virtual(&f->loop, f->net))
		return -1;
	struct store_cfg sc = {.dir = f->dir, .loop = f->loop};
	sc.resource = pbx_resources(&sc.nresource);
	if (store_open(&f->store, &sc, &why)) {
		fprintf(stderr, "%.*s\n", SLICE_FMT(buf_get(&why)));
		return -1;
	}
	struct pbx_cfg pc = {.loop = f->loop, .store = f->store, .realm = "test"};
	struct api_cfg ac = {.loop = f->loop};
	if (pbx_alloc(&f->pbx, &pc))
		return -1;
	ac.pbx = f->pbx;
	if (api_alloc(&f->api, &ac))
		return -1;
	*state = f;
	return 0;
}

static inline int fix_teardown(void **state)
{
	struct fix *f = *state;
	char cmd[128];

	json_decref(f->body);
	free(f->text);
	mem_deref(f->api);
	mem_deref(f->pbx);
	store_close(f->store);
	mem_deref(f->loop);
	mem_deref(f->net);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", f->dir);
	int rc = system(cmd);
	log_set_handler(NULL, NULL);
	free(f);
	return rc;
}

static inline void fix_reply(const struct api_answer *a, void *arg)
{
	struct fix *f = arg;

	assert_false(f->answered);
	f->answered = true;
	f->status = a->status;
	json_decref(f->body);
	f->body = json_incref(a->json);
	snprintf(f->ctype, sizeof(f->ctype), "%s", a->ctype ? a->ctype : "");
	free(f->text);
	f->text = a->bytes.p ? strndup(a->bytes.p, a->bytes.l) : NULL;
	f->head = *a;
}

static inline bool fix_answered(void *arg)
{
	return ((struct fix *)arg)->answered;
}

/* One request; `url` may have a query. The headers of f are used once. */
static inline unsigned ask(struct fix *f, const char *method, const char *url, const char *body)
{
	struct slice q = slice_str(url), path = slice_cut(&q, '?');
	struct principal who;
	struct api_request rq = {.method = slice_str(method),
				 .path = path,
				 .query = q,
				 .body = slice_str(body),
				 .ctype = slice_str(f->ctype_in),
				 .accept = slice_str(f->accept),
				 .if_match = slice_str(f->if_match),
				 .if_none_match = slice_str(f->if_none_match),
				 .who = f->who ? f->who : &who,
				 .author = f->author ? f->author : "tester"};

	principal_control(&who);
	f->answered = false;
	api_handle(f->api, &rq, fix_reply, f);
	if (!vnet_run_until(f->net, fix_answered, f, 60000))
		fail_msg("%s %s: no answer", method, url);
	f->ctype_in = f->accept = f->if_match = f->if_none_match = NULL;
	return f->status;
}

/* A header of the last answer; "". */
static inline const char *header(const struct fix *f, const char *name)
{
	for (size_t i = 0; i < f->head.nheader; i++)
		if (!strcmp(f->head.header[i].name, name))
			return f->head.header[i].value;
	return "";
}

/* A member of the last answer by a path of names and numbers, "items.0.name", as text; static. */
static inline const char *at(const struct fix *f, const char *path)
{
	static char text[4][800];
	static unsigned turn;
	char *out = text[turn++ % 4];
	struct slice rest = slice_str(path);
	json_t *v = f->body;
	char *dump;

	while (v && slice_isset(rest)) {
		char name[64];

		slice_copy(name, sizeof(name), slice_cut(&rest, '.'));
		v = json_is_array(v) ? json_array_get(v, strtoul(name, NULL, 10)) : json_object_get(v, name);
	}
	if (!v)
		return "(none)";
	if (json_is_string(v)) {
		snprintf(out, sizeof(text[0]), "%s", json_string_value(v));
		return out;
	}
	dump = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	snprintf(out, sizeof(text[0]), "%s", dump);
	free(dump);
	return out;
}
#define AT(f, path, want) assert_string_equal(at(f, path), want)

static inline size_t items(const struct fix *f)
{
	return json_array_size(json_object_get(f->body, "items"));
}

#endif
