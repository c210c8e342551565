/*
 * verb_backup.c - `backup` and `restore`: the whole phone system as one file, with the server running or not.
 *
 * The API makes and takes files in the folder backup/ of the data directory; what is elsewhere is moved or linked
 * there. Into a directory without a database a backup is restored in this process.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "app/cli.h"
#include "app/out.h"
#include "base/clock.h"
#include "base/rand.h"
#include "store/backup.h"

enum { PATH = 1300 };

/* ------------------------------------------------------------------ files */

static int copy_fd(int from, int to)
{
	static char chunk[65536];
	ssize_t n;

	while ((n = read(from, chunk, sizeof(chunk))) > 0)
		for (ssize_t at = 0, w; at < n; at += w) {
			w = write(to, chunk + at, (size_t)(n - at));
			if (w < 0)
				return errno;
		}
	return n < 0 ? errno : 0;
}

/* Copy to a new file for its owner alone. */
static int copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = -1, err = in < 0 ? errno : 0;

	if (!err) {
		out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		err = out < 0 ? errno : copy_fd(in, out);
	}
	if (!err && fsync(out))
		err = errno;
	if (out >= 0 && close(out) && !err)
		err = errno;
	if (in >= 0)
		close(in);
	if (err && out >= 0)
		unlink(to);
	return err;
}

/* Whole or not there: on another disk it is copied under another name first. */
static int move_file(const char *from, const char *to)
{
	char tmp[PATH];

	if (!rename(from, to))
		return 0;
	if (errno != EXDEV)
		return errno;
	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.new", to) >= sizeof(tmp))
		return ENAMETOOLONG;
	unlink(tmp);
	int err = copy_file(from, tmp);
	if (!err && rename(tmp, to)) {
		err = errno;
		unlink(tmp);
	}
	if (!err)
		unlink(from);
	return err;
}

static int take_passphrase(struct cli *c, bool twice, const char **p)
{
	*p = cli_opt(c, "passphrase");
	if (!*p)
		return CLI_OK;
	*p = cli_secret(*p, "passphrase", twice);
	if (!*p)
		return cli_usage(c, "what was typed was not the same twice.");
	size_t l = strlen(*p);
	if (l < (twice ? BACKUP_PASSPHRASE_MIN : 1) || l > BACKUP_PASSPHRASE_MAX)
		return cli_usage(c, "a passphrase has %d to %d characters.", BACKUP_PASSPHRASE_MIN,
				 BACKUP_PASSPHRASE_MAX);
	return CLI_OK;
}

/* ------------------------------------------------------------------ backup */

static void say_backup(const struct cli *c, const json_t *o, const char *file)
{
	json_t *n = json_object_get(o, "counts"), *v;
	size_t i;

	fprintf(stderr, "%s: %lld kB with %lld extensions, %lld call records", file, (long long)ji(o, "bytes") / 1024,
		(long long)ji(n, "extensions"), (long long)ji(n, "cdr"));
	if (json_is_true(json_object_get(o, "recordings")))
		fprintf(stderr, " and %lld recordings", (long long)ji(n, "recordings"));
	fprintf(stderr, ".\n");
	if (json_is_true(json_object_get(o, "passphrase")))
		fprintf(stderr,
			"It can be restored anywhere with the passphrase, and without it only on this system.\n");
	else
		fprintf(stderr,
			"It has no passphrase: only the key of this system (%s/key) can restore it. Keep that file "
			"elsewhere, or use --passphrase -.\n",
			c->data);
	json_array_foreach(json_object_get(o, "skipped"), i, v)
		fprintf(stderr, "Not in it: %s\n", json_string_value(v));
}

int verb_backup(struct cli *c)
{
	const char *file = c->arg[0], *pass;
	char from[PATH];
	json_t *o = NULL;
	int rc = take_passphrase(c, true, &pass), err;

	if (rc)
		return rc;
	json_t *body = json_pack("{s:b, s:b, s:s?}", "keep", 1, "recordings", (int)cli_flag(c, "recordings"),
				 "passphrase", pass);
	rc = body ? client_call(c, "POST", "/backup", body, &o) : cli_usage(c, "the passphrase is not text in UTF-8.");
	json_decref(body);
	if (rc)
		return rc;
	snprintf(from, sizeof(from), "%s/backup/%.200s", c->data, js(o, "file"));
	if (strcmp(file, "-") != 0) {
		err = move_file(from, file);
	} else {
		int fd = open(from, O_RDONLY | O_CLOEXEC);

		err = fd < 0 ? errno : copy_fd(fd, STDOUT_FILENO);
		if (fd >= 0)
			close(fd);
		unlink(from);
	}
	if (err)
		rc = cli_fail(CLI_FAILED, "the backup could not be written to %s: %s.\nIt is in %s.", file,
			      err_str(err), from);
	else if (c->json && strcmp(file, "-") != 0)
		out_json(o);
	else
		say_backup(c, o, file);
	json_decref(o);
	return rc;
}

/* ------------------------------------------------------------------ restore */

static int fresh(struct cli *c, const char *file, const char *pass)
{
	struct store_cfg cfg = {.dir = c->data};
	json_t *info = NULL;
	struct buf why;
	int rc = CLI_OK;

	if (cli_flag(c, "dry-run"))
		return cli_fail(CLI_FAILED, "there is no phone system in %s: all of the backup would be restored.",
				c->data);
	buf_init(&why);
	cfg.resource = pbx_resources(&cfg.nresource);
	int err = loop_alloc(&cfg.loop);
	if (!err)
		err = store_restore_fresh(&cfg, file, slice_str(pass), &info, &why);
	if (err)
		rc = cli_fail(err == EBUSY ? CLI_CONFLICT : CLI_FAILED, "%.*s", SLICE_FMT(buf_get(&why)));
	else if (c->json)
		out_json(info);
	else
		printf("Restored into %s: %lld extensions, %lld call records.\nStart it with: %s serve%s\n", c->data,
		       (long long)ji(json_object_get(info, "counts"), "extensions"),
		       (long long)ji(json_object_get(info, "counts"), "cdr"), c->prog, cli_data_hint(c));
	json_decref(info);
	mem_deref(cfg.loop);
	buf_free(&why);
	return rc;
}

/* The file under a name of chance in backup/, where the server finds it. */
static int hand_over(const struct cli *c, const char *file, char name[32], char path[PATH])
{
	char dir[PATH], chance[9];

	snprintf(dir, sizeof(dir), "%s/backup", c->data);
	if (mkdir(dir, 0700) && errno != EEXIST)
		return cli_fail(CLI_FAILED, "%s: %s.", dir, strerror(errno));
	snprintf(name, 32, "tmp-%s.tar.gz", rand_text(chance, 8));
	snprintf(path, PATH, "%s/backup/%s", c->data, name);
	int err = copy_file(file, path);
	if (err)
		return cli_fail(err == ENOENT ? CLI_NOT_FOUND : CLI_FAILED, "%s: %s.", file, err_str(err));
	return CLI_OK;
}

static void say_plan(const json_t *o)
{
	static const struct {
		const char *name, *mark;
	} kind[] = {{"created", "+"}, {"changed", "~"}, {"removed", "-"}};
	json_t *r, *v;
	const char *name;
	size_t i;
	char when[32];

	printf("Backup of %s, made by offhook %s.\n", clock_local(ji(o, "at"), when), js(o, "version"));
	json_object_foreach(json_object_get(o, "resources"), name, r)
	{
		for (size_t k = 0; k < ARRAY_LEN(kind); k++)
			json_array_foreach(json_object_get(r, kind[k].name), i, v)
				printf("  %s %s %s\n", kind[k].mark, name, json_string_value(v));
	}
}

static void say_done(const struct cli *c, const json_t *o)
{
	const json_t *a = json_object_get(o, "added");

	printf("Restored: %lld added, %lld changed, %lld removed, %lld as before; %lld call records and %lld "
	       "recordings "
	       "were missing.\n",
	       (long long)ji(o, "created"), (long long)ji(o, "updated"), (long long)ji(o, "removed"),
	       (long long)ji(o, "unchanged"), (long long)ji(a, "cdr"), (long long)ji(a, "recordings"));
	if (json_object_get(o, "certificate"))
		printf("Certificate: %s.\n", js(o, "certificate"));
	if (ji(o, "change_id"))
		printf("Take the configuration back with: %s config undo %lld%s\n", c->prog,
		       (long long)ji(o, "change_id"), cli_data_hint(c));
}

static int present(struct cli *c, const char *file, const char *pass)
{
	bool dry = cli_flag(c, "dry-run");
	char name[32], path[PATH];
	json_t *o = NULL, *body, *done = NULL;
	int rc = hand_over(c, file, name, path);

	if (rc)
		return rc;
	body = json_pack("{s:s, s:s?}", "file", name, "passphrase", pass);
	rc = body ? client_call(c, "POST", "/restore?dry_run=1", body, &o)
		  : cli_usage(c, "the passphrase is not text in UTF-8.");
	json_decref(body);
	unlink(path);
	if (rc)
		return rc;
	if (!c->json)
		say_plan(o);
	if (!dry) {
		body = json_pack("{s:s, s:b, s:b}", "id", js(o, "id"), "confirm", 1, "certificate",
				 (int)cli_flag(c, "certificate"));
		rc = client_call(c, "POST", "/restore", body, &done);
		json_decref(body);
	}
	if (!rc && c->json)
		out_json(dry ? o : done);
	else if (!rc && dry)
		printf("This would be done: %lld added, %lld changed, %lld removed, %lld as before.\n",
		       (long long)ji(o, "created"), (long long)ji(o, "updated"), (long long)ji(o, "removed"),
		       (long long)ji(o, "unchanged"));
	else if (!rc)
		say_done(c, done);
	json_decref(o);
	json_decref(done);
	return rc;
}

int verb_restore(struct cli *c)
{
	const char *file = c->arg[0], *pass;
	char db[PATH];
	struct stat st;
	int rc = take_passphrase(c, false, &pass);

	if (rc)
		return rc;
	if (stat(file, &st))
		return cli_fail(errno == ENOENT ? CLI_NOT_FOUND : CLI_FAILED, "%s: %s.", file, strerror(errno));
	snprintf(db, sizeof(db), "%s/offhook.db", c->data);
	if (stat(db, &st) && errno == ENOENT)
		return fresh(c, file, pass);
	return present(c, file, pass);
}
