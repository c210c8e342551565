/*
 * verb_certificate.c - `certificate show`, `certificate set`: what the server shows to those who connect by TLS.
 */
#include <string.h>
#include "app/cli.h"
#include "app/out.h"
#include "base/clock.h"
#include "loop/cert.h"

enum { W = 13 };

static void put_names(const json_t *names)
{
	size_t i;
	json_t *n;

	json_array_foreach(names, i, n) out_pair(i ? "" : "names", W, "%s", json_string_value(n));
}

static void put(const json_t *o)
{
	long long days = ji(o, "days_left");
	char from[11], to[11];

	out_pair("subject", W, "%s", js(o, "subject"));
	put_names(json_object_get(o, "names"));
	out_pair("issuer", W, "%s%s", js(o, "issuer"),
		 json_is_true(json_object_get(o, "self_signed")) ? " (signed by itself)" : "");
	out_pair("key", W, "%s", js(o, "key"));
	out_pair("fingerprint", W, "%s", js(o, "fingerprint"));
	cert_date(ji(o, "not_before") / 1000, from);
	cert_date(ji(o, "not_after") / 1000, to);
	if (days < 0)
		out_pair("valid", W, "%s to %s: %sexpired%s", from, to, out_style(STYLE_RED), out_style(STYLE_OFF));
	else
		out_pair("valid", W, "%s to %s, %lld day%s left", from, to, days, days == 1 ? "" : "s");
}

int verb_certificate_show(struct cli *c)
{
	json_t *o = NULL;
	int rc = client_call(c, "GET", "/certificate", NULL, &o);

	if (rc)
		return rc;
	if (c->json)
		out_json(o);
	else
		put(o);
	json_decref(o);
	return CLI_OK;
}

static int read_pem(const char *path, struct buf *b)
{
	int err = cert_read_file(b, path);

	if (err)
		return cli_fail(err == ENOENT ? CLI_NOT_FOUND : CLI_FAILED, "%s cannot be read: %s.", path,
				err_str(err));
	if (b->l > CERT_PEM_MAX || (b->l && memchr(b->p, 0, b->l)))
		return cli_fail(CLI_FAILED, "%s is no PEM file.", path);
	buf_char(b, '\0');
	return buf_err(b) ? cli_fail(CLI_FAILED, "memory is out.") : CLI_OK;
}

int verb_certificate_set(struct cli *c)
{
	struct buf cert, key;
	json_t *o = NULL, *body = NULL;

	buf_init(&cert);
	buf_init(&key);
	int rc = read_pem(c->arg[0], &cert);
	if (!rc)
		rc = read_pem(c->arg[1], &key);
	if (!rc) {
		body = json_pack("{s:s, s:s}", "certificate", cert.p, "key", key.p);
		rc = body ? client_call(c, "PUT", "/certificate", body, &o)
			  : cli_fail(CLI_FAILED, "%s or %s is no PEM file.", c->arg[0], c->arg[1]);
	}
	if (key.p)
		mem_wipe(key.p, key.cap);
	buf_free(&key);
	buf_free(&cert);
	json_decref(body);
	if (rc)
		return rc;
	if (c->json) {
		out_json(o);
	} else {
		printf("The new certificate is in use for all new connections; open ones go on.\n\n");
		put(o);
	}
	json_decref(o);
	return CLI_OK;
}
