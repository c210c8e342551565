/*
 * recording_keep.c - recordings after their end: what a crash left is brought in order, old files are removed, and the
 * room on the disk is watched while calls are recorded.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "base/log.h"
#include "base/mem.h"
#include "call/recording.h"
#include "loop/file.h"
#include "pbx/recording.h"

enum {
	PATH_LEN = 1400,
	WATCH_MS = 10000,
	SWEEP_FIRST_MS = 60000,
	SWEEP_MS = 24 * 3600 * 1000,
	SWEEP_NEXT_MS = 500, /* between pages: the disk has other things to do */
	PAGE = 100,
};
static const int64_t day_ms = 24 * 3600 * 1000;

/* ------------------------------------------------------------------ left by a crash */

struct repair {
	struct file_job j;
	struct pbx *pbx;
	struct recording_row row;
	char path[PATH_LEN];
	uint64_t ms, bytes;
	int err;
	char text[]; /* what the row points to */
};

/* On the writer thread. */
static void repair_work(struct file_job *j)
{
	struct repair *r = CONTAINER_OF(j, struct repair, j);

	r->err = recording_repair(r->path, &r->ms, &r->bytes);
}

static void repair_done(struct file_job *j)
{
	struct repair *r = CONTAINER_OF(j, struct repair, j);

	if (r->err)
		log_warn("pbx", "the recording %s, open when the server stopped, cannot be read: %s", r->path,
			 err_str(r->err));
	else
		log_info("pbx", "the recording %s was open when the server stopped; it is %llu s long", r->path,
			 (unsigned long long)r->ms / 1000);
	r->row.state = r->err ? SLICE("failed") : SLICE("interrupted");
	r->row.ms = (int64_t)r->ms;
	r->row.bytes = (int64_t)r->bytes;
	store_recording(r->pbx->store, &r->row);
	mem_deref(r);
}

static struct slice keep(char **at, struct slice s)
{
	char *p = *at;

	if (s.l)
		memcpy(p, s.p, s.l);
	*at += s.l;
	return slice_mem(p, s.l);
}

static void left_row(const struct recording_row *w, void *arg)
{
	struct pbx *p = arg;
	struct repair *r = mem_zalloc(sizeof(*r) + w->id.l + w->call_id.l + w->file.l + w->from.l + w->to.l, NULL);
	char *at;

	if (!r)
		return;
	at = r->text;
	r->pbx = p;
	r->row = *w;
	r->row.id = keep(&at, w->id);
	r->row.call_id = keep(&at, w->call_id);
	r->row.file = keep(&at, w->file);
	r->row.from = keep(&at, w->from);
	r->row.to = keep(&at, w->to);
	(void)snprintf(r->path, sizeof(r->path), "%s/%.*s", store_dir(p->store), SLICE_FMT(w->file));
	r->j.work = repair_work;
	r->j.done = repair_done;
	file_run(p->records->files, FILE_WRITER, &r->j);
}

/* ------------------------------------------------------------------ removing */

/** Files to remove with their rows. */
struct removal {
	struct file_job j;
	struct pbx *pbx;
	json_t *items;
	bool more; /* of the sweep */
	int err;
	pbx_removed_h *h;
	void *arg;
	size_t n;
	struct {
		int err;
		char path[512];
	} v[];
};

/* The folders of a day, a month, a year go when they are empty. */
static void remove_folders(char *path)
{
	for (int i = 0; i < 3; i++) {
		char *slash = strrchr(path, '/');

		if (!slash)
			return;
		*slash = '\0';
		if (rmdir(path))
			return;
	}
}

/* On the writer thread. */
static void removal_work(struct file_job *j)
{
	struct removal *r = CONTAINER_OF(j, struct removal, j);

	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].err)
			continue;
		if (unlink(r->v[i].path) && errno != ENOENT)
			r->v[i].err = errno;
		else
			remove_folders(r->v[i].path);
	}
}

static void sweep(void *arg);

static void removal_done(struct file_job *j)
{
	struct removal *r = CONTAINER_OF(j, struct removal, j);
	struct pbx *p = r->pbx;
	size_t gone = 0;

	for (size_t i = 0; i < r->n; i++) {
		const char *id = json_string_value(json_object_get(json_array_get(r->items, i), "id"));

		if (r->v[i].err) {
			r->err = r->v[i].err;
			log_warn("pbx", "the file of recording %s cannot be removed: %s", id, err_str(r->err));
			continue;
		}
		gone++;
		store_recording(p->store, &(struct recording_row){.id = slice_str(id)});
	}
	json_decref(r->items);
	if (r->h)
		r->h(r->err, r->arg);
	else if (gone)
		log_info("pbx", "%zu recordings older than %u days are removed", gone, p->settings.record_days);
	/* what cannot be removed is tried again tomorrow */
	if (r->more && !r->err)
		timer_start(&p->records->daily, p->loop, SWEEP_NEXT_MS, sweep, p);
	mem_deref(r);
}

/* Takes a reference of `items`. */
static int removal_start(struct pbx *p, json_t *items, bool more, pbx_removed_h *h, void *arg)
{
	size_t n = json_array_size(items);
	struct removal *r;

	if (!p->records || !p->records->files)
		return ERR_STATE;
	r = mem_zalloc(sizeof(*r) + n * sizeof(r->v[0]), NULL);
	if (!r)
		return ENOMEM;
	r->pbx = p;
	r->items = json_incref(items);
	r->more = more;
	r->h = h;
	r->arg = arg;
	r->n = n;
	for (size_t i = 0; i < n; i++) {
		int l = snprintf(r->v[i].path, sizeof(r->v[i].path), "%s/%s", store_dir(p->store),
				 json_string_value(json_object_get(json_array_get(items, i), "file")));

		/* a name that was cut is that of another file, or of none */
		if (l < 0 || (size_t)l >= sizeof(r->v[i].path))
			r->v[i].err = ENAMETOOLONG;
	}
	r->j.work = removal_work;
	r->j.done = removal_done;
	file_run(p->records->files, FILE_WRITER, &r->j);
	return 0;
}

static void sweep_page(int err, const char *why, json_t *res, void *arg)
{
	struct pbx *p = arg;
	json_t *items = json_object_get(res, "items");

	/* a call may last longer than its recording is kept */
	for (size_t i = json_array_size(items); i-- > 0;) {
		const char *state = json_string_value(json_object_get(json_array_get(items, i), "state"));

		if (state && !strcmp(state, "recording"))
			(void)json_array_remove(items, i);
	}
	if (err)
		log_warn("pbx", "old recordings could not be looked for: %s", why);
	else if (json_array_size(items) &&
		 removal_start(p, items, json_is_string(json_object_get(res, "next")), NULL, NULL))
		log_warn("pbx", "old recordings could not be removed now");
}

static void sweep(void *arg)
{
	struct pbx *p = arg;
	struct recording_filter f = {.limit = PAGE};

	if (!p->records->files)
		return;
	timer_start(&p->records->daily, p->loop, SWEEP_MS, sweep, p);
	if (!p->settings.record_days)
		return;
	f.until_ms = loop_wall_ms(p->loop) - (int64_t)p->settings.record_days * day_ms;
	store_recording_list(p->store, &f, sweep_page, p);
}

void record_settings(struct pbx *p)
{
	if (p->records)
		timer_start(&p->records->daily, p->loop, SWEEP_FIRST_MS, sweep, p);
}

struct asked {
	struct pbx *pbx;
	pbx_removed_h *h;
	void *arg;
};

static void remove_found(int err, const char *why, json_t *res, void *arg)
{
	struct asked *a = arg;
	json_t *items = json_object_get(res, "items"), *v;
	size_t i;

	(void)why;
	if (!err && !json_array_size(items))
		err = ENOENT;
	json_array_foreach(items, i, v)
	{
		const char *state = json_string_value(json_object_get(v, "state"));

		if (!err && state && !strcmp(state, "recording"))
			err = EBUSY;
	}
	if (!err)
		err = removal_start(a->pbx, items, false, a->h, a->arg);
	if (err)
		a->h(err, a->arg);
	mem_deref(a);
}

void pbx_recording_remove(struct pbx *p, const char *id, pbx_removed_h *h, void *arg)
{
	struct recording_filter f = {.id = id};
	struct asked *a = mem_alloc(sizeof(*a), NULL);

	if (!a) {
		h(ENOMEM, arg);
		return;
	}
	*a = (struct asked){p, h, arg};
	store_recording_list(p->store, &f, remove_found, a);
}

/* ------------------------------------------------------------------ room */

struct record_space {
	struct file_job j;
	struct pbx *pbx;
	char path[PATH_LEN];
	uint64_t mb;
	int err;
};

/* On the writer thread. */
static void space_work(struct file_job *j)
{
	struct record_space *s = CONTAINER_OF(j, struct record_space, j);
	struct statvfs v;
	int rc = statvfs(s->path, &v);

	/* recordings may lie on a disk of their own; before the first one there is no folder */
	if (rc && errno == ENOENT) {
		*strrchr(s->path, '/') = '\0';
		rc = statvfs(s->path, &v);
	}
	if (rc)
		s->err = errno;
	else
		s->mb = (uint64_t)v.f_bavail * v.f_frsize >> 20;
}

static void stop_all(struct pbx *p)
{
	LIST_EACH (&p->records->open, k)
		recording_stop(LINK_OBJ(k, struct record_note, le)->rec);
}

static void space_done(struct file_job *j)
{
	struct record_space *s = CONTAINER_OF(j, struct record_space, j);
	struct pbx *p = s->pbx;
	struct records *r = p->records;
	char line[160];

	r->space = NULL;
	if (!s->err && s->mb < p->settings.record_min_free_mb) {
		(void)snprintf(line, sizeof(line), "Calls are not recorded: %llu MB are left on the disk.",
			       (unsigned long long)s->mb);
		pbx_alarm_raise(p, "recording", "critical", line,
				"Make room: offhook recordings remove, or settings set --record-days; calls go on.");
		r->low = true;
		stop_all(p);
	} else if (!s->err && r->low) {
		r->low = false;
		pbx_alarm_clear(p, "recording");
	}
	mem_deref(s);
}

static void watch(void *arg)
{
	struct pbx *p = arg;
	struct records *r = p->records;
	struct record_space *s = r->space ? NULL : mem_zalloc(sizeof(*s), NULL);

	if (!r->files) {
		mem_deref(s);
		return;
	}
	/* nobody is recorded and there is room: nothing to watch */
	if (r->open.n || r->low)
		timer_start(&r->watch, p->loop, WATCH_MS, watch, p);
	if (!s)
		return;
	s->pbx = p;
	(void)snprintf(s->path, sizeof(s->path), "%s/recordings", store_dir(p->store));
	s->j.work = space_work;
	s->j.done = space_done;
	r->space = s;
	file_run(r->files, FILE_WRITER, &s->j);
}

void record_watch(struct pbx *p)
{
	if (!timer_running(&p->records->watch))
		timer_start(&p->records->watch, p->loop, 0, watch, p);
}

void record_keep_start(struct pbx *p)
{
	int err = store_load_recordings(p->store, left_row, p);

	if (err)
		log_error("pbx", "recordings left open could not be looked for: %s", err_str(err));
	record_settings(p);
}
