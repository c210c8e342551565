/*
 * direct.c - the API in this process, on the data directory of a server that does not run.
 *
 * The directory's lock is held while the command works, so a server started at that
 * moment waits for nothing and says who has it.
 */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "app/cli.h"
#include "base/mem.h"
#include "pbx/account.h"

struct direct {
	struct loop *loop;
	struct store *store;
	struct pbx *pbx;
	struct api *api;
};

struct answer {
	struct loop *loop;
	bool done;
	unsigned status;
	json_t *body;
};

static void direct_destroy(void *obj)
{
	struct direct *d = obj;

	mem_deref(d->api);
	mem_deref(d->pbx);
	store_close(d->store);
	if (d->loop)
		loop_drain(d->loop);
	mem_deref(d->loop);
}

void direct_close(struct direct *d)
{
	mem_deref(d);
}

static int no_data(const struct cli *c)
{
	char path[1100];
	struct stat st;

	snprintf(path, sizeof(path), "%s/offhook.db", c->data);
	if (stat(path, &st) == 0)
		return CLI_OK;
	if (errno == EACCES)
		return cli_fail(CLI_FAILED,
				"you may not look into %s. Run the command as the user who runs the server.", c->data);
	return cli_fail(CLI_NO_SERVER,
			"there is no phone system in %s yet.\nMake one by starting the server: %s serve%s", c->data,
			c->prog, cli_data_hint(c));
}

int direct_open(struct direct **dp, const struct cli *c)
{
	int rc = no_data(c);
	struct buf why;

	if (rc)
		return rc;
	struct direct *d = mem_zalloc(sizeof(*d), direct_destroy);
	if (!d)
		return cli_fail(CLI_FAILED, "memory is out.");
	buf_init(&why);
	struct store_cfg cfg = {.dir = c->data};
	cfg.resource = pbx_resources(&cfg.nresource);
	int err = loop_alloc(&d->loop);
	cfg.loop = d->loop;
	if (!err)
		err = store_open(&d->store, &cfg, &why);
	if (!err) {
		const char *realm = store_setting(d->store, "realm");
		struct pbx_cfg pc = {.loop = d->loop, .store = d->store, .realm = realm ? realm : "offhook"};

		err = pbx_alloc(&d->pbx, &pc);
	}
	if (!err) {
		struct api_cfg ac = {.loop = d->loop, .pbx = d->pbx};

		err = api_alloc(&d->api, &ac);
	}
	if (err) {
		if (why.l)
			rc = cli_fail(CLI_FAILED, "%.*s", SLICE_FMT(buf_get(&why)));
		else
			rc = cli_fail(CLI_FAILED, "%s: %s.", c->data, err_str(err));
		mem_deref(d);
	} else {
		*dp = d;
	}
	buf_free(&why);
	return rc;
}

static void answered(const struct api_answer *r, void *arg)
{
	struct answer *a = arg;

	a->done = true;
	a->status = r->status;
	a->body = json_incref(r->json);
	loop_stop(a->loop);
}

void cli_author(char *dst, size_t size)
{
	const struct passwd *pw = getpwuid(getuid());

	if (pw)
		snprintf(dst, size, "%s via command line", pw->pw_name);
	else
		snprintf(dst, size, "uid %u via command line", (unsigned)getuid());
}

int direct_call(struct direct *d, const char *method, const char *path, const char *query, json_t *body,
		unsigned *status, json_t **res)
{
	struct answer a = {.loop = d->loop};
	struct principal who;
	char author[96], full[1100], *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	if (body && !text)
		return ENOMEM;
	cli_author(author, sizeof(author));
	principal_control(&who);
	snprintf(full, sizeof(full), "/api/v1%s", path);
	struct api_request rq = {.method = slice_str(method),
				 .path = slice_str(full),
				 .query = slice_str(query),
				 .body = slice_str(text),
				 .who = &who,
				 .author = author};
	api_handle(d->api, &rq, answered, &a);
	int err = a.done ? 0 : loop_run(d->loop);
	free(text);
	if (err)
		return err;
	*status = a.status;
	*res = a.body;
	return 0;
}
