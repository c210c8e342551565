/*
 * backup.c - /backup and /restore: everything as one file, and back in two steps: what it would change, then the
 * change.
 *
 * The configuration goes the way of an import that replaces all, so it is one change that can be undone; the addresses
 * of this machine ("network") stay. Call records, recordings and sounds are added where they are missing.
 */
#include <string.h>
#include <time.h>
#include "api/api_priv.h"
#include "base/log.h"
#include "loop/cert_live.h"
#include "store/backup.h"

/** A restore under way. */
struct restore {
	json_t *about;  /**< what the check said */
	json_t *result; /**< of the import */
	char id[RESTORE_ID + 1];
	char text[80];
	bool certificate;
};

static struct store *store_of(const struct job *j)
{
	return pbx_store(j->api->pbx);
}

void restore_free(struct restore *r)
{
	if (!r)
		return;
	json_decref(r->about);
	json_decref(r->result);
	mem_deref(r);
}

/* ------------------------------------------------------------------ backup */

static void send_backup(int err, const char *why, json_t *res, void *arg)
{
	struct job *j = arg;
	const char *path = json_text(res, "path"), *name = json_text(res, "file");
	char day[32] = "";
	time_t t = (time_t)(json_integer_value(json_object_get(res, "at")) / 1000);
	struct tm tm;

	if (err || !path) {
		job_fail(j, err ? err : ENOMEM, why);
		return;
	}
	if (gmtime_r(&t, &tm))
		(void)strftime(day, sizeof(day), "-%Y%m%d-%H%M%S", &tm);
	log_info("api", "backup %s made for %s", name, j->author);
	job_header(j, "Content-Disposition", "attachment; filename=\"offhook%s.tar.gz\"", day);
	job_file_once(j, "application/gzip", path);
}

static void tell_backup(int err, const char *why, json_t *res, void *arg)
{
	struct job *j = arg;

	if (err) {
		job_fail(j, err, why);
		return;
	}
	log_info("api", "backup %s made for %s", json_text(res, "file"), j->author);
	job_reply(j, 201, json_incref(res));
}

void api_backup_get(struct job *j)
{
	const struct store_backup b = {.recordings = job_flag(j, "recordings")};

	store_backup(store_of(j), &b, send_backup, j);
}

/* A passphrase of the body: true with an empty one when there is none. False: the job is ended. */
static bool take_passphrase(struct job *j, bool fresh, struct slice *p)
{
	json_t *v = json_object_get(j->body, "passphrase");
	size_t l = json_string_length(v);

	*p = SLICE_NULL;
	if (!v || json_is_null(v) || (json_is_string(v) && !l))
		return true;
	if (!json_is_string(v) || l > BACKUP_PASSPHRASE_MAX || (fresh && l < BACKUP_PASSPHRASE_MIN)) {
		job_error(j, 422, "invalid", "passphrase", "A passphrase has %d to %d characters.",
			  BACKUP_PASSPHRASE_MIN, BACKUP_PASSPHRASE_MAX);
		return false;
	}
	*p = slice_mem(json_string_value(v), l);
	return true;
}

/* Members of the body that are not known, or of another type, are refused. */
static bool only(struct job *j, const char *flags, const char *texts)
{
	const char *name;
	json_t *v;

	json_object_foreach(j->body, name, v)
	{
		struct slice l = slice_str(flags), t = slice_str(texts);
		bool flag = false, text = false;

		while (l.l && !flag)
			flag = slice_eqs(slice_cut(&l, ' '), name);
		while (t.l && !text)
			text = slice_eqs(slice_cut(&t, ' '), name);
		if ((flag && json_is_boolean(v)) || (text && (json_is_string(v) || json_is_null(v))))
			continue;
		job_error(j, 422, "invalid", name,
			  flag   ? "\"%s\" must be true or false."
			  : text ? "\"%s\" must be text."
				 : "There is no member \"%s\" here.",
			  name);
		return false;
	}
	return true;
}

void api_backup_post(struct job *j)
{
	struct store_backup b = {.recordings = json_is_true(json_object_get(j->body, "recordings")),
				 .keep = json_is_true(json_object_get(j->body, "keep"))};

	if (only(j, "recordings keep", "passphrase") && take_passphrase(j, true, &b.passphrase))
		store_backup(store_of(j), &b, b.keep ? tell_backup : send_backup, j);
}

/* ------------------------------------------------------------------ restore: what it would change */

/* ["100 Front desk", ...] for each resource and kind of change, out of the plan. */
static json_t *by_resource(const json_t *changes)
{
	json_t *o = json_object(), *ch;
	size_t i;

	json_array_foreach(changes, i, ch)
	{
		const char *op = json_text(ch, "op"), *name = json_text(ch, "name"), *res = json_text(ch, "resource");
		const char *kind = !strcmp(op, "create") ? "created" : !strcmp(op, "delete") ? "removed" : "changed";
		json_t *r = json_object_get(o, res);

		if (!r) {
			r = json_pack("{s:[], s:[], s:[]}", "created", "changed", "removed");
			(void)json_object_set_new(o, res, r);
		}
		(void)json_array_append_new(
			json_object_get(r, kind),
			json_sprintf("%s%s%s", json_text(ch, "key"), name && *name ? " " : "", name ? name : ""));
	}
	return o;
}

static void fail_check(struct job *j, int err, const char *why, const json_t *res)
{
	const char *id = json_text(res, "id");

	if ((err == ERR_AUTH || err == ERR_STATE) && id) {
		json_t *e = json_pack("{s:{s:s, s:s, s:s, s:s}}", "error", "code",
				      err == ERR_AUTH ? "wrong_passphrase" : "passphrase_needed", "field", "passphrase",
				      "message", why, "id", id);

		job_reply(j, 422, e);
	} else if (err == ERR_SYNTAX) {
		job_error(j, 422, "bad_backup", NULL, "%s", why);
	} else {
		job_fail(j, err, why);
	}
}

static void have_backup(int err, const char *why, json_t *res, void *arg)
{
	struct job *j = arg;
	struct restore *r = j->restore;
	json_t *conf = json_object_get(res, "configuration");
	time_t t = (time_t)(json_integer_value(json_object_get(res, "at")) / 1000);
	struct tm tm;

	if (err) {
		fail_check(j, err, why, res);
		return;
	}
	json_decref(j->body);
	j->body = json_incref(conf);
	r->about = json_incref(res);
	(void)json_object_del(r->about, "configuration");
	(void)json_object_del(j->body, "network"); /* addresses are of the machine, not of the phone system */
	(void)slice_copy(r->id, sizeof(r->id), slice_str(json_text(res, "id")));
	(void)slice_copy(r->text, sizeof(r->text), SLICE("restore"));
	if (gmtime_r(&t, &tm))
		(void)strftime(r->text, sizeof(r->text), "restore of the backup of %Y-%m-%d %H:%M UTC", &tm);
	j->text = r->text;
	j->replace = true;
	api_import_body(j);
}

/* ------------------------------------------------------------------ restore: carried out */

static void certificate_set(int err, const char *why, void *arg)
{
	struct job *j = arg;
	struct restore *r = j->restore;
	json_t *res = json_incref(r->result);

	(void)json_object_set_new(res, "certificate",
				  err ? json_sprintf("not replaced: %s", why ? why : err_str(err))
				      : json_string("replaced"));
	job_reply(j, 200, res);
}

static void merged(int err, const char *why, json_t *added, void *arg)
{
	struct job *j = arg;
	struct restore *r = j->restore;
	json_t *cert = json_incref(json_object_get(added, "certificate"));

	if (err) {
		/* the configuration is restored; what was added is there */
		job_fail(j, err, why);
		return;
	}
	(void)json_object_del(added, "certificate");
	(void)json_object_set(r->result, "added", added);
	if (r->certificate && cert && j->api->cert) {
		err = cert_live_set(j->api->cert, slice_str(json_text(cert, "certificate")),
				    slice_str(json_text(cert, "key")), certificate_set, j);
		if (err)
			certificate_set(err, NULL, j);
	} else {
		if (r->certificate)
			(void)json_object_set_new(
				r->result, "certificate",
				json_string(cert ? "not replaced: the server does not run" : "the backup has none"));
		job_reply(j, 200, json_incref(r->result));
	}
	json_decref(cert);
}

void restore_imported(struct job *j, json_t *res)
{
	struct restore *r = j->restore;

	(void)json_object_update(res, r->about);
	(void)json_object_set_new(res, "resources", by_resource(json_object_get(res, "changes")));
	if (j->dry) {
		job_reply(j, 200, res);
		return;
	}
	log_info("api", "%s by %s", r->text, j->author);
	r->result = res;
	store_restore_merge(store_of(j), r->id, merged, j);
}

/* ------------------------------------------------------------------ the request */

static void check(struct job *j)
{
	struct store_restore r = {.data = j->gzip, .file = json_text(j->body, "file"), .id = json_text(j->body, "id")};

	if (j->gzip.p ? !j->gzip.l : !r.file == !r.id) {
		job_error(
			j, 422, "missing_field", "file",
			"Send a backup as application/gzip, or give \"file\", the name of one in the folder \"backup\" "
			"of the data directory, or the \"id\" of one that was sent before.");
		return;
	}
	if (!take_passphrase(j, false, &r.passphrase))
		return;
	j->dry = true;
	store_restore_check(store_of(j), &r, have_backup, j);
}

void api_restore(struct job *j)
{
	bool dry = job_flag(j, "dry_run");

	if (!only(j, "confirm certificate", "id file passphrase"))
		return;
	j->restore = mem_zalloc(sizeof(*j->restore), NULL);
	if (!j->restore) {
		job_fail(j, ENOMEM, NULL);
		return;
	}
	if (dry) {
		check(j);
		return;
	}
	const char *id = json_text(j->body, "id");
	if (!id || !json_is_true(json_object_get(j->body, "confirm"))) {
		job_error(
			j, 422, "missing_field", id ? "confirm" : "id",
			"First send the backup with dry_run=1; the answer says what would change, and has an id. Then "
			"send {\"id\": ID, \"confirm\": true}.");
		return;
	}
	j->restore->certificate = json_is_true(json_object_get(j->body, "certificate"));
	store_restore_read(store_of(j), id, have_backup, j);
}
