/*
 * calls.c - what people and programs do with calls: place one, hang up, put on hold, send a party elsewhere.
 *
 * Below the role manager a person does all that for its own extension only: its calls are those that its phones take
 * part in. With the role user it is told that there are no others; read_only sees them, and is told that it may not.
 */
#include <string.h>
#include "api/api_priv.h"

/* ------------------------------------------------------------------ whose call is it? */

/* Calls of others do not exist for it. False: the job is ended. */
static bool own_call(struct job *j, bool *caller, bool *callee)
{
	bool is_caller, is_callee;
	bool mine = pbx_call_of(j->api->pbx, slice_str(j->seg[1]), j->who.extension, &is_caller, &is_callee);

	*caller = is_caller;
	*callee = is_callee;
	j->noun = "call";
	if (mine || j->who.role >= ROLE_MANAGER)
		return true;
	if (j->who.role == ROLE_READONLY && pbx_call_exists(j->api->pbx, slice_str(j->seg[1])))
		job_error(j, 403, "forbidden", NULL,
			  "That takes the role manager: it is not a call of your own extension.");
	else
		job_error(j, 404, "not_found", NULL, "There is no call %s.", j->seg[1]);
	return false;
}

/* Which of the two does it? "by" says so; a person's own phone, where it says nothing. False: the job is ended. */
static bool by_whom(struct job *j, bool *by_caller)
{
	const json_t *v = json_object_get(j->body, "by");
	const char *by = json_string_value(v);
	bool caller, callee;

	if (!own_call(j, &caller, &callee))
		return false;
	if (v && (!by || (strcmp(by, "caller") && strcmp(by, "callee")))) {
		job_error(j, 422, "invalid", "by", "\"by\" says in whose name that is done: \"caller\" or \"callee\".");
		return false;
	}
	*by_caller = by ? !strcmp(by, "caller") : caller && !callee;
	if (j->who.role >= ROLE_MANAGER || (*by_caller ? caller : callee))
		return true;
	job_error(j, 403, "forbidden", "by", "You may do that in the name of %s only.", j->who.extension);
	return false;
}

/* ------------------------------------------------------------------ verbs */

void api_hangup(struct job *j)
{
	bool caller, callee;
	int err;

	if (!own_call(j, &caller, &callee))
		return;
	err = pbx_hangup(j->api->pbx, slice_str(j->seg[1]), j->author);
	if (err)
		job_fail(j, err, NULL);
	else
		job_reply(j, 204, NULL);
}

/* A text member that must be there; NULL: the job is ended. */
static const char *needed(struct job *j, const char *name, const char *what)
{
	const char *s = json_text(j->body, name);

	if (s && *s)
		return s;
	job_error(j, 422, "invalid", name, "\"%s\" is needed: %s.", name, what);
	return NULL;
}

static bool flag(struct job *j, const char *name, bool *on)
{
	const json_t *v = json_object_get(j->body, name);

	*on = json_is_true(v);
	if (!v || json_is_boolean(v))
		return true;
	job_error(j, 422, "invalid", name, "\"%s\" must be true or false.", name);
	return false;
}

static const char *caller_of(struct job *j)
{
	const char *from = json_text(j->body, "from");

	if (j->who.role >= ROLE_MANAGER)
		return needed(j, "from", "the extension whose phone calls");
	if (!j->who.extension[0])
		job_error(j, 403, "forbidden", NULL, "You have no extension that could call.");
	else if (from && *from && strcmp(from, j->who.extension))
		job_error(j, 403, "forbidden", "from", "You may call as %s only.", j->who.extension);
	else
		return j->who.extension;
	return NULL;
}

void api_originate(struct job *j)
{
	struct pbx_originate o = {.who = j->author};
	const char *from = caller_of(j), *to = from ? needed(j, "to", "the number to call") : NULL;
	char id[24];
	struct buf why;
	int err;

	if (!to || !flag(j, "auto_answer", &o.answers_itself))
		return;
	o.from = slice_str(from);
	o.to = slice_str(to);
	o.caller_name = slice_str(json_text(j->body, "caller_name"));
	buf_init(&why);
	err = pbx_originate(j->api->pbx, &o, id, &why);
	if (!err)
		job_reply(j, 201, json_pack("{s:s}", "id", id));
	else if (!why.l)
		job_fail(j, err, NULL);
	else
		job_error(j, err == ENOENT ? 422 : 409, err == ENOENT ? "invalid" : "conflict",
			  err == EACCES ? "to" : "from", "%.*s", SLICE_FMT(buf_get(&why)));
	buf_free(&why);
}

static void hold(struct job *j, bool on)
{
	bool by_caller;
	uint16_t code;

	if (!by_whom(j, &by_caller))
		return;
	code = pbx_hold(j->api->pbx, slice_str(j->seg[1]), by_caller, on, j->author);
	if (!code)
		job_reply(j, 204, NULL);
	else if (code == 404)
		job_error(j, 404, "not_found", NULL, "There is no call %s.", j->seg[1]);
	else
		job_error(j, 409, "conflict", NULL, "The call cannot be put on hold: %s.",
			  code == 491   ? "a transfer is in progress"
			  : code == 403 ? "its other end is no phone"
			  : code == 481 ? "it is not answered"
					: hangup_words(code));
}

void api_hold(struct job *j)
{
	hold(j, true);
}

void api_resume(struct job *j)
{
	hold(j, false);
}

void api_transfer(struct job *j)
{
	bool by_caller;
	const char *to;
	uint16_t code;

	if (!by_whom(j, &by_caller))
		return;
	to = needed(j, "to", "the number that the party is sent to");
	if (!to)
		return;
	code = pbx_transfer(j->api->pbx, slice_str(j->seg[1]), by_caller, to, j->author);
	if (!code)
		job_reply(j, 204, NULL);
	else if (code == 481)
		job_error(j, 404, "not_found", NULL, "There is no call %s.", j->seg[1]);
	else
		job_error(j, 409, "conflict", NULL, "The call cannot be transferred to %s: %s.", to,
			  code == 491 ? "another transfer is in progress" : hangup_words(code));
}
