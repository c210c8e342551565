/*
 * client.c - asking /api/v1: over the control socket of the running server, or in this process when there is none.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "app/cli.h"
#include "app/out.h"
#include "http/http.h"

/* ------------------------------------------------------------------ paths */

static void put_escaped(struct buf *b, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || strchr("-._~*", c))
			buf_char(b, (char)c);
		else
			buf_printf(b, "%%%02X", c);
	}
}

char *client_path(const char *dir, const char *name)
{
	struct buf b;
	char *s = NULL;

	buf_init(&b);
	buf_str(&b, dir);
	put_escaped(&b, name);
	if (buf_strdup(&b, &s))
		s = NULL;
	buf_free(&b);
	return s;
}

void client_param(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return;
	buf_char(b, b->l && memchr(b->p, '?', b->l) ? '&' : '?');
	buf_str(b, name);
	buf_char(b, '=');
	put_escaped(b, value);
}

/* ------------------------------------------------------------------ answers */

static int status_exit(unsigned status)
{
	switch (status) {
	case 400:
	case 405:
	case 413:
	case 422:
		return CLI_USAGE;
	case 404:
		return CLI_NOT_FOUND;
	case 409:
		return CLI_CONFLICT;
	default:
		return CLI_FAILED;
	}
}

/* An error of the API for people; as JSON where that was asked for. */
static int refused(const struct cli *c, unsigned status, const json_t *res)
{
	const json_t *e = json_object_get(res, "error");
	const char *msg = json_string_value(json_object_get(e, "message"));

	if (c->json && res)
		out_json(res);
	return cli_fail(status_exit(status), "%s", msg ? msg : "the server answered with an error and gave no reason.");
}

/* Process that holds the lock of the data directory, 0 if none does. */
static long lock_holder(const char *data)
{
	char path[1100], text[24] = "";
	long pid = 0;

	snprintf(path, sizeof(path), "%s/lock", data);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK && read(fd, text, sizeof(text) - 1) > 0)
		pid = strtol(text, NULL, 10);
	close(fd);
	return pid;
}

static int no_server(const struct cli *c, const char *sock, int err)
{
	struct stat st;
	long pid = lock_holder(c->data);

	if (c->json)
		printf("{\"error\": {\"code\": \"no_server\", \"message\": \"The server is not running.\"}}\n");
	if (err == EACCES && stat(c->data, &st) == 0 && st.st_uid != geteuid())
		return cli_fail(CLI_NO_SERVER,
				"%s belongs to another user. Run the command as that user, or with sudo.", c->data);
	if (err == EACCES)
		return cli_fail(CLI_NO_SERVER, "you may not open %s. Run the command as the user who runs the server.",
				sock);
	if (err == ETIMEDOUT)
		return cli_fail(CLI_NO_SERVER, "the server of %s does not answer.", c->data);
	if (pid > 0)
		return cli_fail(CLI_NO_SERVER,
				"process %ld works on %s but does not answer on its control socket. If it is a server, "
				"start it anew.",
				pid, c->data);
	if (stat(c->data, &st))
		return cli_fail(
			CLI_NO_SERVER,
			"the server is not running, and there is no data directory %s.\nStart it with: %s serve%s",
			c->data, c->prog, cli_data_hint(c));
	return cli_fail(CLI_NO_SERVER, "the server is not running (data directory %s).\nStart it with: %s serve%s",
			c->data, c->prog, cli_data_hint(c));
}

/* ------------------------------------------------------------------ the running server */

static int ask_server(const struct cli *c, const char *method, const char *path, const json_t *body, unsigned *status,
		      json_t **res)
{
	struct buf url, out;
	char sock[1100], *u = NULL, *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	buf_init(&url);
	buf_init(&out);
	snprintf(sock, sizeof(sock), "%s/control.sock", c->data);
	buf_printf(&url, "/api/v1%s", path);
	int err = body && !text ? ENOMEM : buf_strdup(&url, &u);
	if (!err)
		err = http_unix_request(sock, method, u, slice_str(text), status, &out);
	if (!err && out.l) {
		*res = json_loadb(out.p, out.l, 0, NULL);
		if (!*res)
			err = EPROTO;
	}
	mem_deref(u);
	free(text);
	buf_free(&url);
	if (out.p)
		mem_wipe(out.p, out.l);
	buf_free(&out);
	return err;
}

int client_try(struct cli *c, const char *path, json_t **res)
{
	unsigned status = 0;
	json_t *o = NULL;

	if (c->direct)
		return CLI_NO_SERVER;
	int err = ask_server(c, "GET", path, NULL, &status, &o);
	if (err || status != 200) {
		json_decref(o);
		return err ? CLI_NO_SERVER : CLI_FAILED;
	}
	*res = o;
	return CLI_OK;
}

static int ask_direct(struct cli *c, const char *method, const char *path, json_t *body, unsigned *status, json_t **res)
{
	char *p = NULL, *q;

	if (!c->direct) {
		int rc = direct_open(&c->direct, c);

		if (rc)
			return rc;
	}
	if (mem_strdup(&p, path))
		return cli_fail(CLI_FAILED, "memory is out.");
	q = strchr(p, '?');
	if (q)
		*q++ = '\0';
	int err = direct_call(c->direct, method, p, q ? q : "", body, status, res);
	mem_deref(p);
	return err ? cli_fail(CLI_FAILED, "%s.", err_str(err)) : CLI_OK;
}

int client_call(struct cli *c, const char *method, const char *path, json_t *body, json_t **res)
{
	unsigned status = 0;
	json_t *o = NULL;
	char sock[1100];
	int err = c->direct ? ECONNREFUSED : ask_server(c, method, path, body, &status, &o);

	snprintf(sock, sizeof(sock), "%s/control.sock", c->data);
	c->live = !err;
	if ((err == ENOENT || err == ECONNREFUSED || err == ENAMETOOLONG) && !(c->verb->flags & VERB_LIVE)) {
		int rc = ask_direct(c, method, path, body, &status, &o);

		if (rc)
			return rc;
	} else if (err == ENOENT || err == ECONNREFUSED || err == EACCES || err == ETIMEDOUT) {
		return no_server(c, sock, err);
	} else if (err == ENOTDIR) {
		return cli_fail(CLI_FAILED, "%s is not a data directory.", c->data);
	} else if (err == ENAMETOOLONG) {
		return cli_fail(CLI_FAILED, "the path of the data directory is too long for a socket in it: %s",
				c->data);
	} else if (err) {
		return cli_fail(CLI_FAILED, "asking the server failed: %s.", err_str(err));
	}
	if (status < 200 || status > 299) {
		int rc = refused(c, status, o);

		json_decref(o);
		return rc;
	}
	out_warnings(o);
	if (res)
		*res = o;
	else
		json_decref(o);
	return CLI_OK;
}

/* The path of a page. NULL: memory is out. */
static char *page_path(const char *path, const char *after)
{
	char *s = NULL;
	struct buf b;

	buf_init(&b);
	buf_str(&b, path);
	client_param(&b, "after", after);
	if (buf_strdup(&b, &s))
		s = NULL;
	buf_free(&b);
	return s;
}

int client_list(struct cli *c, const char *path, json_t **res)
{
	json_t *all = json_array(), *page = NULL;
	const char *next = NULL;
	int rc;

	do {
		char *url = page_path(path, next);

		json_decref(page); /* `next` lived in it */
		page = NULL;
		rc = url && all ? client_call(c, "GET", url, NULL, &page) : cli_fail(CLI_FAILED, "memory is out.");
		mem_deref(url);
		(void)json_array_extend(all, json_object_get(page, "items"));
		next = json_string_value(json_object_get(page, "next"));
	} while (!rc && next);
	json_decref(page);
	if (!rc)
		*res = json_pack("{s:O}", "items", all);
	json_decref(all);
	return rc;
}

int client_bytes(struct cli *c, const char *path, struct buf *out)
{
	char sock[1100], url[1100];
	unsigned status = 0;

	snprintf(sock, sizeof(sock), "%s/control.sock", c->data);
	snprintf(url, sizeof(url), "/api/v1%s", path);
	int err = http_unix_request(sock, "GET", url, SLICE_NULL, &status, out);
	if (err == ENOENT || err == ECONNREFUSED || err == EACCES || err == ETIMEDOUT)
		return no_server(c, sock, err);
	if (err)
		return cli_fail(CLI_FAILED, "asking the server failed: %s.", err_str(err));
	if (status == 200)
		return CLI_OK;
	json_t *o = json_loadb(out->p, out->l, 0, NULL);
	int rc = refused(c, status, o);

	json_decref(o);
	return rc;
}

int client_show(struct cli *c, const char *path, json_t **res)
{
	json_t *o = NULL;
	int rc = client_call(c, "GET", path, NULL, &o);

	if (!rc && c->json) {
		out_json(o);
		json_decref(o);
		o = NULL;
	}
	*res = rc ? NULL : o;
	return rc;
}
