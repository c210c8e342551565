/*
 * session.c - signing in and out, and the first administrator: /session and /setup. Tokens shown once.
 *
 * The session's id goes into a cookie that scripts cannot read; by TLS its name begins with __Host- (RFC 6265bis
 * 4.1.3.2), so that nobody on the way can plant one by plain HTTP.
 */
#include <string.h>
#include "api/api_priv.h"
#include "api/web.h"

enum { COOKIE_S = 30 * 24 * 3600 };

const char *api_cookie_name(bool secure)
{
	return secure ? "__Host-offhook_session" : "offhook_session";
}

static void set_cookie(struct job *j, const char *value)
{
	job_header(j, "Set-Cookie", "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s",
		   api_cookie_name(j->secure), value, *value ? COOKIE_S : 0, j->secure ? "; Secure" : "");
}

/* Who one is. Programs have no account, only a name and a role. */
static json_t *who_json(const struct job *j, const struct principal *w)
{
	json_t *o = w->session.l ? account_json(j->api->pbx, w->name) : NULL;

	return o ? o
		 : json_pack("{s:s, s:s, s:s}", "name", w->name, "role", role_name(w->role), "extension", w->extension);
}

static void answer(struct job *j, const struct principal *w, const char *csrf)
{
	json_t *o = json_pack("{s:o}", "user", who_json(j, w));

	if (o && csrf)
		(void)json_object_set_new(o, "csrf", json_string(csrf));
	if (o)
		job_reply(j, 200, o);
	else
		job_fail(j, ENOMEM, NULL);
}

void api_session_get(struct job *j)
{
	struct principal who;
	char csrf[48];

	if (!j->who.session.l)
		answer(j, &j->who, NULL);
	else if (account_session(j->api->pbx, j->who.session, j->has_peer ? &j->peer : NULL, &who, csrf))
		answer(j, &who, csrf);
	else
		job_error(j, 401, "sign_in", NULL, "The session has ended: sign in again.");
}

static void too_many(struct job *j, uint32_t s)
{
	job_header(j, "Retry-After", "%u", s);
	job_error(j, 429, "later", NULL, "Too many failures. Try again in %u second%s.", s, s == 1 ? "" : "s");
}

/* A text of the body; NULL: it is missing or something else, and the job is ended. */
static const char *need_text(struct job *j, const char *name)
{
	const char *s = j->body ? json_text(j->body, name) : NULL;

	if (!s)
		job_error(j, 422, "missing_field", name, "\"%s\" is needed.", name);
	return s;
}

static bool only(struct job *j, const char *const *names)
{
	const char *name;
	json_t *v;

	json_object_foreach(j->body, name, v)
	{
		size_t i = 0;

		while (names[i] && strcmp(names[i], name))
			i++;
		if (names[i] && json_is_string(v))
			continue;
		job_error(j, 422, "invalid", name,
			  names[i] ? "\"%s\" must be a text in quotation marks." : "There is no field \"%.64s\" here.",
			  name);
		return false;
	}
	return true;
}

bool api_texts(struct job *j, const char *const *names, const char **v, size_t need)
{
	if (!only(j, names))
		return false;
	for (size_t i = 0; names[i]; i++) {
		v[i] = i < need ? need_text(j, names[i]) : json_text(j->body, names[i]);
		if (i < need && !v[i])
			return false;
	}
	return true;
}

/* The id of before is void from now on: nobody who knew it knows the new one. */
static void welcome(struct job *j, const struct signin_result *r)
{
	if (j->who.session.l)
		account_sign_out(j->api->pbx, j->who.session);
	set_cookie(j, r->session);
	answer(j, &r->who, r->csrf);
}

static void signed_in(const struct signin_result *r, void *arg)
{
	struct job *j = arg;
	bool code = j->body && json_text(j->body, "code") && *json_text(j->body, "code");

	switch (r->what) {
	case SIGNIN_OK:
		welcome(j, r);
		break;
	case SIGNIN_CODE:
		job_error(j, 401, code ? "wrong_code" : "code_needed", "code",
			  code ? "That is not the code of this moment, or it was used already."
			       : "Type the code that your authenticator app shows.");
		break;
	case SIGNIN_LATER:
		too_many(j, r->retry_s);
		break;
	default:
		job_error(j, 401, "wrong_credentials", NULL, "Name or password is wrong.");
	}
}

void api_session_post(struct job *j)
{
	static const char *const names[] = {"name", "password", "code", NULL};
	const char *v[3];

	if (api_texts(j, names, v, 2))
		account_sign_in(j->api->pbx, slice_str(v[0]), slice_str(v[1]), slice_str(v[2]),
				j->has_peer ? &j->peer : NULL, j->agent, signed_in, j);
}

void api_session_delete(struct job *j)
{
	if (j->who.session.l)
		account_sign_out(j->api->pbx, j->who.session);
	set_cookie(j, "");
	job_reply(j, 204, NULL);
}

/* ------------------------------------------------------------------ first start */

void api_setup_get(struct job *j)
{
	job_reply(j, 200, json_pack("{s:b}", "needed", (int)account_setup_needed(j->api->pbx)));
}

static void set_up(int err, const char *why, const struct signin_result *r, void *arg)
{
	struct job *j = arg;
	const char *name = json_text(j->body, "name"), *password = json_text(j->body, "password");

	if (!err)
		welcome(j, r);
	else if (err == ERR_AUTH)
		job_error(j, 403, "wrong_setup_token", NULL, "%s", why);
	else if (err == ERR_LIMIT)
		job_error(j, 429, "later", NULL, "%s", why);
	else if (err == ERR_SYNTAX)
		job_error(j, 422, "invalid",
			  account_password_weak(slice_str(name), slice_str(password)) ? "password" : "name", "%s", why);
	else
		job_fail(j, err, why);
}

void api_setup_post(struct job *j)
{
	static const char *const names[] = {"token", "name", "password", NULL};
	const char *v[3];

	if (api_texts(j, names, v, 3))
		account_setup(j->api->pbx, slice_str(v[0]), slice_str(v[1]), slice_str(v[2]),
			      j->has_peer ? &j->peer : NULL, j->agent, set_up, j);
}

/* ------------------------------------------------------------------ tokens */

void api_token_use(struct job *j)
{
	job_items(j, account_tokens_json(j->api->pbx));
}

bool api_token_prepare(struct job *j)
{
	char kept[ACCOUNT_KEPT];

	if (j->r != &pbx_token_resource || !j->body || json_object_get(j->body, "token"))
		return true;
	if (account_token_make(j->once, kept) || json_object_set_new(j->body, "token", json_string(kept))) {
		job_fail(j, ENOMEM, NULL);
		return false;
	}
	return true;
}
