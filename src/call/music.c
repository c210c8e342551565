/*
 * music.c - music on hold: one stream for all who wait, decoded by the reader thread a little ahead of the clock.
 *
 * It begins with the first listener, somewhere in a piece, and ends with the last one. Pieces are the files in the
 * folder "moh" of people's own recordings, else those that are installed, else a melody of our own. A hundred listeners
 * cost one decoder.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/rand.h"
#include "call/sounds_priv.h"

enum {
	RING_MS = 6000,
	AHEAD_MS = 1500, /* the disk may be slow for so long */
	STEP_MS = 250,
	FILES_MAX = 200,
	PATH = 1200,
	SEEK_S = 120, /* it begins somewhere in the first two minutes */
	PIECE = 4096
};

struct music {
	struct sounds *s; /* NULL: no sounds any more */
	struct loop *loop;
	struct files *files;
	struct sound_feed *feed;
	struct sound_paths *paths;
	size_t listeners;
	struct timer timer;
	uint64_t start_ms;
	bool busy; /* the job is out */
	struct file_job job;
	/* the reader's, while it is busy */
	size_t want; /* samples to be made */
	uint32_t seed;
	bool begun, none; /* none: there are no files that can be read */
	struct sound_file *file;
	char *piece[FILES_MAX];
	size_t n, i;
	uint64_t melody;
};

static void forget_pieces(struct music *m)
{
	for (size_t i = 0; i < m->n; i++)
		m->piece[i] = mem_deref(m->piece[i]);
	m->n = m->i = 0;
}

static void music_destroy(void *obj)
{
	struct music *m = obj;

	timer_stop(&m->timer);
	forget_pieces(m);
	mem_deref(m->file);
	mem_deref(m->feed);
	mem_deref(m->paths);
}

/* ------------------------------------------------------------------ the reader's part */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_folder(struct music *m, const char *dir)
{
	char path[PATH];
	struct dirent *e;
	DIR *d = opendir(dir);

	if (!d)
		return;
	while (m->n < FILES_MAX && (e = readdir(d))) {
		int l = snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);

		if (e->d_name[0] != '.' && l > 0 && (size_t)l < sizeof(path) && sound_file_known(slice_str(path)) &&
		    !mem_strdup(&m->piece[m->n], path))
			m->n++;
	}
	closedir(d);
	qsort(m->piece, m->n, sizeof(m->piece[0]), by_name);
}

static void list_pieces(struct music *m)
{
	char own[PATH];

	forget_pieces(m);
	if (m->paths->own && snprintf(own, sizeof(own), "%s/moh", m->paths->own) < (int)sizeof(own))
		list_folder(m, own);
	if (!m->n && m->paths->music)
		list_folder(m, m->paths->music);
}

/* The next piece that can be opened; the list is looked at again after a round. */
static bool next_piece(struct music *m)
{
	if (m->i >= m->n)
		list_pieces(m);
	if (!m->begun && m->n)
		m->i = m->seed % m->n;
	while (m->i < m->n && sound_file_open(&m->file, m->piece[m->i], SOUNDS_RATE))
		m->i++;
	m->i++;
	if (m->file && !m->begun)
		(void)sound_file_seek(m->file, m->seed / 7 % SEEK_S);
	m->begun = true;
	return m->file != NULL;
}

static size_t fill(struct music *m, int16_t *pcm, size_t n)
{
	size_t got = 0;

	/* files of nothing must come to an end: two rounds through the list */
	for (size_t empty = 0; got < n && !m->none && empty <= 2 * FILES_MAX;) {
		if (!m->file && !next_piece(m)) {
			m->none = !m->n || empty;
			empty++;
			continue;
		}
		size_t l = sound_file_read(m->file, pcm + got, n - got);

		got += l;
		empty = l ? 0 : empty + 1;
		if (!l)
			m->file = mem_deref(m->file);
		m->none = empty > 2 * m->n;
	}
	if (got < n) {
		music_melody(m->melody, pcm + got, n - got);
		m->melody += n - got;
	}
	return n;
}

static void work(struct file_job *j)
{
	struct music *m = CONTAINER_OF(j, struct music, job);
	int16_t pcm[PIECE];

	while (m->want) {
		size_t n = m->want < PIECE ? m->want : PIECE;

		sound_feed_put(m->feed, pcm, fill(m, pcm, n));
		m->want -= n;
	}
}

/* ------------------------------------------------------------------ the loop's part */

static void done(struct file_job *j)
{
	struct music *m = CONTAINER_OF(j, struct music, job);

	m->busy = false;
	mem_deref(m);
}

/* As much as the clock says, and what is to lie ahead; late is late: what was missed is not made up for. */
static void tick(void *arg)
{
	struct music *m = arg;
	uint64_t now = loop_now_ms(m->loop), total, due;

	timer_start(&m->timer, m->loop, STEP_MS, tick, m);
	if (m->busy)
		return;
	total = sound_feed_total(m->feed);
	due = (now - m->start_ms + AHEAD_MS) * SOUNDS_RATE / 1000;
	if (due > total + (uint64_t)RING_MS / 2 * SOUNDS_RATE / 1000) {
		m->start_ms = now - total * 1000 / SOUNDS_RATE;
		due = total + (uint64_t)AHEAD_MS * SOUNDS_RATE / 1000;
	}
	if (due <= total)
		return;
	m->want = (size_t)(due - total);
	m->busy = true;
	m->job.work = work;
	m->job.done = done;
	mem_ref(m);
	file_run(m->files, FILE_READER, &m->job);
}

static void listener_done(void *arg)
{
	struct music *m = arg;

	if (!--m->listeners) {
		timer_stop(&m->timer);
		if (m->s)
			m->s->music = NULL;
		m->s = NULL;
	}
	mem_deref(m);
}

static int music_alloc(struct music **mp, struct sounds *s)
{
	struct music *m = mem_zalloc(sizeof(*m), music_destroy);
	int err;

	if (!m)
		return ENOMEM;
	err = sound_feed_alloc(&m->feed, SOUNDS_RATE, RING_MS);
	if (err) {
		mem_deref(m);
		return err;
	}
	m->s = s;
	m->loop = s->loop;
	m->files = s->files;
	m->paths = mem_ref(s->paths);
	m->seed = (uint32_t)rand_u64();
	m->start_ms = loop_now_ms(s->loop);
	*mp = m;
	return 0;
}

int music_source(struct sounds *s, struct media_source **sp)
{
	struct music *m = s->music ? mem_ref(s->music) : NULL;
	int err = m ? 0 : music_alloc(&m, s);

	if (err)
		return err;
	err = sound_feed_source(sp, m->feed, (size_t)AHEAD_MS * SOUNDS_RATE / 1000, listener_done, m);
	if (err) {
		mem_deref(m);
		return err;
	}
	s->music = m;
	/* soon, and not on the stack of a fiber */
	if (!m->listeners++)
		timer_start(&m->timer, m->loop, 0, tick, m);
	return 0;
}

void music_end(struct music *m)
{
	timer_stop(&m->timer);
	m->s = NULL;
}

size_t music_listeners(const struct music *m)
{
	return m->listeners;
}

uint64_t music_dry(const struct music *m)
{
	return sound_feed_dry(m->feed);
}
