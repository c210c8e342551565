/*
 * open.c - opening and closing the data directory, in the order that keeps half-made things harmless.
 *
 * Lock, database, key, upgrade, settings, orphaned call records. The key is made only
 * for an empty database: a missing key beside a full one is an accident to tell of.
 */
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "store/backup.h"
#include "store/store_priv.h"

enum { MAX_QUEUE = 10000, CLOSE_MS = 5000 };

static void dump(struct buf *b, void *arg)
{
	struct store *s = arg;

	store_lock(s);
	buf_printf(b, "directory %s\nwaiting %u (lazy %zu, open calls %zu, rest %zu), lost %llu\ntrouble %s\n", s->dir,
		   s->rec.n, s->rec.q[QUEUE_LAZY].n, s->rec.q[QUEUE_OPEN].n, s->rec.q[QUEUE_FIRM].n,
		   (unsigned long long)s->rec.lost, s->trouble.err ? err_str(s->trouble.err) : "none");
	store_unlock(s);
}

static void destroy(void *arg)
{
	struct store *s = arg;

	setting_free(s);
	for (int i = 0; i < QUEUES; i++)
		records_free(&s->rec.q[i]);
	hash_free(&s->rec.by_id);
	db_close(&s->w);
	dir_close(s);
	EVP_CIPHER_free(s->gcm);
	mem_wipe(s->key, sizeof(s->key));
	if (s->locks)
		locks_free(s);
	mem_deref(s->dir);
	mem_deref(s->path);
}

static int alloc(struct store **sp, const struct store_cfg *cfg)
{
	struct store *s = mem_zalloc(sizeof(*s), destroy);
	char path[4096];
	int err;

	if (!s)
		return ENOMEM;
	s->lock_fd = -1;
	s->batch = BATCH_RECORDS;
	s->loop = cfg->loop;
	s->virt = loop_is_virtual(cfg->loop);
	s->resource = cfg->resource;
	s->nresource = cfg->nresource;
	s->rec.max = cfg->max_queue ? cfg->max_queue : MAX_QUEUE;
	hash_init(&s->rec.by_id);
	jobs_init(&s->write_jobs);
	jobs_init(&s->read_jobs);
	jobs_init(&s->after_jobs);
	err = locks_init(s);
	if (!err)
		err = strlen(cfg->dir) > 4000 ? ENAMETOOLONG : mem_strdup(&s->dir, cfg->dir);
	if (!err) {
		snprintf(path, sizeof(path), "%s/offhook.db", cfg->dir);
		err = mem_strdup(&s->path, path);
	}
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}

static int open_all(struct store *s, struct buf *why)
{
	int64_t step = 0;
	int err = dir_open(s, why);

	if (!err)
		err = db_open(&s->w, s->path, false, WRITER_CACHE_KIB);
	if (!err)
		err = migrate_step(&s->w, &step);
	if (!err)
		err = key_open(s, !step, why);
	if (!err)
		err = migrate_run(s, why);
	if (!err)
		err = setting_load(s);
	if (!err)
		err = key_check(s, why);
	if (!err)
		err = cdr_close_orphans(&s->w, s->hours_from = hours_from(s));
	return err;
}

int store_bare(struct store **sp, const struct store_cfg *cfg)
{
	return alloc(sp, cfg);
}

void store_shut(struct store *s)
{
	mem_deref(s);
}

int store_open_aside(struct store **sp, const struct store_cfg *cfg, struct buf *why)
{
	struct store *s;
	struct buf text;
	int err;

	err = alloc(&s, cfg);
	if (err) {
		buf_printf(why, "The data directory cannot be opened: %s.", err_str(err));
		return err;
	}
	buf_init(&text);
	err = open_all(s, &text);
	if (err && text.l)
		buf_slice(why, buf_get(&text));
	else if (err)
		buf_printf(why, "The database %s cannot be used. %s %s", s->path, fault_text(err), fault_remedy(err));
	buf_free(&text);
	if (err) {
		mem_deref(s);
		return err;
	}
	*sp = s;
	return 0;
}

int store_open(struct store **sp, const struct store_cfg *cfg, struct buf *why)
{
	struct store *s;
	int err = store_open_aside(&s, cfg, why);

	if (err)
		return err;
	store_backup_tidy(s->dir);
	sqlite3_db_release_memory(s->w.h);
	hours_start(s);
	s->inspect = (struct inspect){.name = "store", .fn = dump, .arg = s};
	inspect_add(&s->inspect);
	*sp = s;
	return 0;
}

void store_close(struct store *s)
{
	int err;

	if (!s || s->closed)
		return;
	err = store_flush(s, CLOSE_MS);
	if (err)
		log_error("store", "%u records could not be written before the end: %s", s->rec.n, fault_text(err));
	timer_stop(&s->fill);
	threads_stop(s);
	store_lock(s);
	s->closed = true;
	store_unlock(s);
	inspect_del(&s->inspect);
	db_close(&s->w);
	dir_close(s);
	if (!s->notice.queued)
		mem_deref(s);
	/* else notice_h drops it; answers under way hold references of their own */
}

bool store_is_new(const struct store *s)
{
	return s->is_new;
}

const char *store_dir(const struct store *s)
{
	return s->dir;
}

const struct resource *store_resource(const struct store *s, struct slice name)
{
	for (size_t i = 0; i < s->nresource; i++)
		if (slice_eqs(name, s->resource[i]->name))
			return s->resource[i];
	return NULL;
}
