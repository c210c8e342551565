/*
 * disk.c - the alarm "disk.space": less than a twentieth, or less than 1 GB, is left where the data lie. Looked at once
 * a minute, by the file thread: a disk that hangs must not stop calls.
 */
#include <stdio.h>
#include <sys/statvfs.h>
#include "base/mem.h"
#include "loop/file.h"
#include "pbx/pbx_priv.h"

enum { DISK_EVERY_MS = 60000, DISK_PART = 20, DISK_DIR = 1024 };
#define DISK_LEAST    ((uint64_t)1 << 30)
#define DISK_CRITICAL ((uint64_t)100 << 20)

struct disk {
	struct pbx *pbx;
	struct files *files;
	struct timer timer;
	struct look *look; /* that is out */
};

struct look {
	struct file_job j;
	struct disk *disk; /* NULL: nobody wants to know any more */
	char dir[DISK_DIR];
	uint64_t left, all;
	int err;
};

static void disk_destroy(void *obj)
{
	struct disk *d = obj;

	timer_stop(&d->timer);
	if (d->look)
		d->look->disk = NULL;
}

void disk_say(struct pbx *p, uint64_t left, uint64_t all)
{
	char line[160];

	/* a small disk that is mostly empty is no reason to worry */
	if ((left >= DISK_LEAST && left >= all / DISK_PART) || left >= all / 2) {
		pbx_alarm_clear(p, "disk.space");
		return;
	}
	(void)snprintf(line, sizeof(line), "The disk is nearly full: %llu MB of %llu MB (%u %%) are left.",
		       (unsigned long long)(left >> 20), (unsigned long long)(all >> 20),
		       all ? (unsigned)(left * 100 / all) : 0);
	pbx_alarm_raise(
		p, "disk.space", left < DISK_CRITICAL ? "critical" : "warning", line,
		"Make room: remove old recordings, backups and logs, or give the data directory a larger disk.");
}

/* On the file thread. */
static void work(struct file_job *j)
{
	struct look *k = CONTAINER_OF(j, struct look, j);
	struct statvfs v;

	if (statvfs(k->dir, &v)) {
		k->err = errno;
		return;
	}
	k->left = (uint64_t)v.f_bavail * v.f_frsize;
	k->all = (uint64_t)v.f_blocks * v.f_frsize;
}

static void looked(struct file_job *j)
{
	struct look *k = CONTAINER_OF(j, struct look, j);

	if (k->disk) {
		k->disk->look = NULL;
		if (!k->err && k->all)
			disk_say(k->disk->pbx, k->left, k->all);
	}
	mem_deref(k);
}

static void look(void *arg)
{
	struct disk *d = arg;

	timer_start(&d->timer, d->pbx->loop, DISK_EVERY_MS, look, d);
	if (d->look)
		return;
	d->look = mem_zalloc(sizeof(*d->look), NULL);
	if (!d->look)
		return;
	d->look->disk = d;
	(void)slice_copy(d->look->dir, sizeof(d->look->dir), slice_str(store_dir(d->pbx->store)));
	d->look->j.work = work;
	d->look->j.done = looked;
	file_run(d->files, FILE_WRITER, &d->look->j);
}

int disk_watch(struct pbx *p, struct files *f)
{
	p->disk = mem_deref(p->disk);
	if (!f)
		return 0;
	p->disk = mem_zalloc(sizeof(*p->disk), disk_destroy);
	if (!p->disk)
		return ENOMEM;
	p->disk->pbx = p;
	p->disk->files = f;
	timer_start(&p->disk->timer, p->loop, 0, look, p->disk);
	return 0;
}
