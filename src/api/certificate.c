/*
 * certificate.c - /certificate: what the server shows to those who connect by TLS, and its replacement.
 */
#include "api/api_priv.h"
#include "loop/cert_live.h"

enum { DAY = 86400 };

static void name_h(const char *name, void *arg)
{
	(void)json_array_append_new(arg, json_string(name));
}

static json_t *certificate_json(const struct api *a, const struct cert *c)
{
	int64_t now = loop_wall_ms(a->loop) / 1000;
	json_t *names = json_array();
	struct cert_info i;

	cert_info(c, &i);
	cert_names(c, name_h, names);
	/* whole days, rounded down: -1 is "expired yesterday or today" */
	int64_t left = i.not_after - now, days = left < 0 ? -((-left + DAY - 1) / DAY) : left / DAY;
	return json_pack("{s:s, s:o, s:s, s:b, s:s, s:s, s:I, s:I, s:I}", "subject", i.subject, "names", names,
			 "issuer", i.issuer, "self_signed", (int)i.self_signed, "fingerprint", i.fingerprint, "key",
			 i.key, "not_before", (json_int_t)i.not_before * 1000, "not_after",
			 (json_int_t)i.not_after * 1000, "days_left", (json_int_t)days);
}

void api_certificate_get(struct job *j)
{
	if (!j->api->cert || !cert_live_now(j->api->cert))
		job_error(j, 503, "no_server", NULL, "The certificate is known while the server runs.");
	else
		job_reply(j, 200, certificate_json(j->api, cert_live_now(j->api->cert)));
}

static void set_h(int err, const char *why, void *arg)
{
	struct job *j = arg;

	if (!err)
		job_reply(j, 200, certificate_json(j->api, cert_live_now(j->api->cert)));
	else if (err == ERR_SYNTAX || err == EINVAL || err == ETIMEDOUT)
		job_error(j, 422, "invalid", err == ERR_SYNTAX ? NULL : "certificate", "%s",
			  why ? why : "The certificate is not accepted.");
	else
		job_fail(j, err, why);
}

/* What it is, or why it would not be taken. */
static void look(struct job *j, const char *cert, const char *key)
{
	struct cert *c = NULL;
	char text[320];
	struct buf why;

	buf_init_fixed(&why, text, sizeof(text) - 1);
	int err = cert_parse(&c, slice_str(cert), slice_str(key), &why);
	struct cert_info i;

	if (!err) {
		cert_info(c, &i);
		err = i.not_after < loop_wall_ms(j->api->loop) / 1000 ? ETIMEDOUT : 0;
	}
	text[why.l] = '\0';
	if (err)
		set_h(err, err == ETIMEDOUT ? "The certificate has expired." : *text ? text : NULL, j);
	else
		job_reply(j, 200, certificate_json(j->api, c));
	mem_deref(c);
}

void api_certificate_put(struct job *j)
{
	const char *cert = j->body ? json_text(j->body, "certificate") : NULL;
	const char *key = j->body ? json_text(j->body, "key") : NULL;

	if (!j->api->cert) {
		job_error(j, 503, "no_server", NULL, "The certificate is replaced while the server runs.");
		return;
	}
	if (!cert || !key) {
		job_error(j, 422, "missing_field", cert ? "key" : "certificate",
			  "Give \"certificate\" and \"key\", both as PEM text.");
		return;
	}
	if (job_flag(j, "dry_run")) {
		look(j, cert, key);
		return;
	}
	int err = cert_live_set(j->api->cert, slice_str(cert), slice_str(key), set_h, j);
	if (err)
		job_fail(j, err, NULL);
}
