/*
 * me.c - one's own account, for everybody who signs in: name and language, password, second factor, sessions, and
 * phones, calls and recordings of one's own extension.
 */
#include <string.h>
#include "api/api_priv.h"

static const struct sa *peer_of(const struct job *j)
{
	return j->has_peer ? &j->peer : NULL;
}

/* Programs have no account of their own. False: the job is ended. */
static bool is_user(struct job *j)
{
	if (j->who.session.l)
		return true;
	job_error(j, 404, "not_found", NULL, "Only who has signed in to the page has an account here.");
	return false;
}

void api_me_get(struct job *j)
{
	json_t *o;

	if (!is_user(j))
		return;
	o = account_json(j->api->pbx, j->who.name);
	if (o)
		job_reply(j, 200, o);
	else
		job_fail(j, ENOMEM, NULL);
}

static void patched(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	struct job *j = arg;

	(void)row;
	(void)id;
	if (err)
		job_fail(j, err, why);
	else
		api_me_get(j);
}

void api_me_patch(struct job *j)
{
	const char *name, *field = NULL;
	struct buf why;
	json_t *v;
	int err;

	if (!is_user(j))
		return;
	json_object_foreach(j->body, name, v)
	{
		if (!strcmp(name, "display_name") || !strcmp(name, "language"))
			continue;
		job_error(j, 422, "invalid", name, "You can change \"display_name\" and \"language\" here.");
		return;
	}
	buf_init(&why);
	err = j->body ? resource_check(&pbx_user_resource, j->body, false, &field, &why) : ERR_SYNTAX;
	if (err)
		job_error(j, err == ERR_SYNTAX ? 422 : 503, "invalid", field, "%.*s",
			  SLICE_FMT(why.l ? buf_get(&why) : SLICE("Send \"display_name\" or \"language\".")));
	buf_free(&why);
	if (err)
		return;
	struct change_item it = {.op = CHANGE_UPDATE, .r = &pbx_user_resource, .key = j->who.name, .obj = j->body};

	pbx_change(j->api->pbx, &it, 1, j->author, NULL, patched, j);
}

/* ------------------------------------------------------------------ password and second factor */

static void done(int err, const char *why, void *arg)
{
	struct job *j = arg;

	if (!err)
		job_reply(j, 204, NULL);
	else if (err == ERR_AUTH)
		/* not 401: the session is good, what was typed is not */
		job_error(j, 403, "wrong_credentials", NULL, "%s", why);
	else if (err == ERR_LIMIT)
		job_error(j, 429, "later", NULL, "%s", why);
	else if (err == ERR_SYNTAX)
		job_error(j, 422, "invalid", "password", "%s", why);
	else
		job_fail(j, err, why);
}

void api_me_password(struct job *j)
{
	static const char *const names[] = {"old", "password", NULL};
	const char *v[2];

	if (is_user(j) && api_texts(j, names, v, 2))
		account_password(j->api->pbx, &j->who, slice_str(v[0]), slice_str(v[1]), peer_of(j), j->author, done,
				 j);
}

void api_me_totp(struct job *j)
{
	struct buf uri, secret;
	int err;

	if (!is_user(j))
		return;
	buf_init(&uri);
	buf_init(&secret);
	err = account_totp_begin(j->api->pbx, &j->who, &uri, &secret);
	if (err == EEXIST)
		job_error(j, 409, "conflict", NULL, "The second factor is on already. Switch it off first.");
	else if (err)
		job_fail(j, err, NULL);
	else
		job_reply(j, 200, json_pack("{s:s%, s:s%}", "uri", uri.p, uri.l, "secret", secret.p, secret.l));
	buf_free(&uri);
	buf_free(&secret);
}

void api_me_totp_confirm(struct job *j)
{
	static const char *const names[] = {"code", NULL};
	const char *v[1];

	if (is_user(j) && api_texts(j, names, v, 1))
		account_totp_confirm(j->api->pbx, &j->who, slice_str(v[0]), peer_of(j), j->author, done, j);
}

void api_me_totp_off(struct job *j)
{
	static const char *const names[] = {"password", NULL};
	const char *v[1];

	if (is_user(j) && api_texts(j, names, v, 1))
		account_totp_off(j->api->pbx, &j->who, slice_str(v[0]), peer_of(j), j->author, done, j);
}

/* ------------------------------------------------------------------ sessions */

void api_me_sessions(struct job *j)
{
	if (is_user(j))
		job_items(j, account_sessions_json(j->api->pbx, &j->who));
}

void api_me_sessions_end(struct job *j)
{
	if (is_user(j))
		job_reply(j, 200, json_pack("{s:i}", "ended", (int)account_sessions_end(j->api->pbx, &j->who, NULL)));
}

void api_me_session_end(struct job *j)
{
	if (!is_user(j))
		return;
	j->noun = "session";
	if (account_sessions_end(j->api->pbx, &j->who, j->seg[2]))
		job_reply(j, 204, NULL);
	else
		job_fail(j, ENOENT, NULL);
}

/* ------------------------------------------------------------------ of one's own extension */

static void nothing(struct job *j)
{
	job_reply(j, 200, json_pack("{s:[], s:n}", "items", "next"));
}

void api_me_devices(struct job *j)
{
	if (!is_user(j))
		return;
	if (*j->who.extension)
		job_items(j, pbx_json_devices(j->api->pbx, slice_str(j->who.extension)));
	else
		nothing(j);
}

void api_me_calls(struct job *j)
{
	struct cdr_filter f = {
		.number = j->who.extension, .outcome = job_param(j, "outcome"), .before = job_param(j, "before")};
	uint64_t limit;

	if (!is_user(j) || !job_number(j, "limit", API_LIMIT_MAX, &limit) || !job_time(j, "since", &f.since_ms) ||
	    !job_time(j, "until", &f.until_ms))
		return;
	f.limit = (uint32_t)limit;
	if (*j->who.extension)
		store_cdr_list(pbx_store(j->api->pbx), &f, job_store_h, j);
	else
		nothing(j);
}

/* Who may not listen is told so, rather than shown an empty list. */
bool job_may_listen(struct job *j)
{
	if (!is_user(j))
		return false;
	if (account_may_listen(j->api->pbx, j->who.name))
		return true;
	job_error(j, 403, "forbidden", NULL,
		  "You may not hear recordings. An administrator can allow it (\"may_listen\" of the user).");
	return false;
}

void api_me_recordings(struct job *j)
{
	struct recording_filter f = {.number = j->who.extension, .before = job_param(j, "before")};
	uint64_t limit;

	if (!job_may_listen(j) || !job_number(j, "limit", API_LIMIT_MAX, &limit) ||
	    !job_time(j, "since", &f.since_ms) || !job_time(j, "until", &f.until_ms))
		return;
	f.limit = (uint32_t)limit;
	if (*j->who.extension)
		store_recording_list(pbx_store(j->api->pbx), &f, job_store_h, j);
	else
		nothing(j);
}
