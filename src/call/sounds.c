/*
 * sounds.c - prompts kept decoded: looked up by language and name, loaded by the reader thread, the least used ones
 * dropped past a bound.
 *
 * A prompt that was loaded a while ago is given out at once and loaded again beside, so that a new recording is heard
 * without a restart.
 */
#include <stdio.h>
#include <string.h>
#include "call/call_priv.h"
#include "call/sounds_priv.h"

enum {
	CACHE_BYTES = 16 << 20,
	PROMPTS_MAX = 2000, /* names, found or not */
	FRESH_MS = 60000    /* then it is looked at again when it is used */
};

struct prompt {
	struct hlink hl;
	struct link le;      /* in sounds.recent */
	struct sounds *s;    /* NULL: it has ended, the job frees this */
	struct sound *sound; /* NULL: not loaded, or there is none */
	enum sound_origin origin;
	bool loading, known; /* known: a search came to its end */
	uint64_t loaded_ms;
	struct list waiters;   /* struct waiter */
	struct loop_tail tail; /* starts the job: never on the small stack of a fiber */
	struct file_job job;
	struct sound_search q;
};

struct waiter {
	struct link le;
	struct event ready;
};

bool sound_name_ok(const char *name, bool folder)
{
	size_t l = strlen(name);

	if (!l || l >= SOUND_NAME)
		return false;
	for (size_t i = 0; i < l; i++) {
		char c = name[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
			    c == '_';

		/* no dots at all: nothing leads out of the folder */
		if (!word && !(folder && c == '/' && i && i + 1 < l && name[i - 1] != '/'))
			return false;
	}
	return true;
}

static uint32_t key_of(const char *name, const char *lang)
{
	char key[SOUND_NAME + SOUND_LANG + 1];

	snprintf(key, sizeof(key), "%s/%s", lang, name);
	return hash_bytes(slice_str(key));
}

static struct prompt *find(const struct sounds *s, const char *name, const char *lang)
{
	struct hlink *k;

	for (k = hash_first(&s->prompts, key_of(name, lang)); k; k = hash_next(k)) {
		struct prompt *p = CONTAINER_OF(k, struct prompt, hl);

		if (!strcmp(p->q.name, name) && !strcmp(p->q.lang, lang))
			return p;
	}
	return NULL;
}

static size_t size_of(const struct prompt *p)
{
	return p->sound ? sizeof(*p->sound) + p->sound->n * sizeof(p->sound->s[0]) : 0;
}

static void prompt_destroy(void *obj)
{
	struct prompt *p = obj;

	mem_deref(p->sound);
	mem_deref(p->q.sound);
}

static void drop(struct prompt *p)
{
	struct sounds *s = p->s;

	hash_del(&s->prompts, &p->hl);
	list_unlink(&p->le);
	s->bytes -= size_of(p);
	p->s = NULL;
	loop_tail_cancel(&p->tail);
	/* a job that is out frees it when it is done */
	if (!p->q.paths)
		mem_deref(p);
}

/* What is waited for, and what was used just now, stays. */
static void shrink(struct sounds *s, const struct prompt *keep)
{
	LIST_EACH (&s->recent, k) {
		struct prompt *p = LINK_OBJ(k, struct prompt, le);

		if (s->bytes <= s->max && s->prompts.n <= PROMPTS_MAX)
			return;
		if (p != keep && !p->loading && !p->waiters.n)
			drop(p);
	}
}

/* ------------------------------------------------------------------ loading */

static void load_work(struct file_job *j)
{
	sound_find(&CONTAINER_OF(j, struct prompt, job)->q);
}

static void load_done(struct file_job *j)
{
	struct prompt *p = CONTAINER_OF(j, struct prompt, job);
	struct sounds *s = p->s;

	p->loading = false;
	p->q.paths = mem_deref((void *)(uintptr_t)p->q.paths);
	if (!s) {
		mem_deref(p);
		return;
	}
	s->bytes -= size_of(p);
	mem_deref(p->sound);
	p->sound = p->q.sound;
	p->q.sound = NULL;
	p->origin = p->q.origin;
	s->bytes += size_of(p);
	p->known = true;
	p->loaded_ms = loop_now_ms(s->loop);
	s->loads += p->origin == SOUND_OWN || p->origin == SOUND_INSTALLED;
	s->spoken += p->origin == SOUND_SPOKEN;
	LIST_EACH (&p->waiters, k)
		event_set(&LINK_OBJ(k, struct waiter, le)->ready);
	shrink(s, p);
}

static void load_start(void *arg)
{
	struct prompt *p = arg;

	p->q.paths = mem_ref(p->s->paths);
	p->job.work = load_work;
	p->job.done = load_done;
	file_run(p->s->files, FILE_READER, &p->job);
}

static void load(struct prompt *p)
{
	struct sounds *s = p->s;

	if (p->loading)
		return;
	p->loading = true;
	p->tail.fn = load_start;
	p->tail.arg = p;
	loop_at_tail(s->loop, &p->tail);
}

static int touch(struct prompt **pp, struct sounds *s, const char *name, const char *lang)
{
	struct prompt *p;
	int err;

	if (!lang || !*lang)
		lang = s->lang;
	if (!sound_name_ok(name, true) || !sound_name_ok(lang, false) || strlen(lang) >= SOUND_LANG)
		return EINVAL;
	p = find(s, name, lang);
	if (!p) {
		p = mem_zalloc(sizeof(*p), prompt_destroy);
		if (!p)
			return ENOMEM;
		p->s = s;
		(void)slice_copy(p->q.name, sizeof(p->q.name), slice_str(name));
		(void)slice_copy(p->q.lang, sizeof(p->q.lang), slice_str(lang));
		err = hash_add(&s->prompts, key_of(name, lang), &p->hl);
		if (err) {
			mem_deref(p);
			return err;
		}
		list_append(&s->recent, &p->le);
		shrink(s, p);
	}
	list_unlink(&p->le);
	list_append(&s->recent, &p->le);
	if (!p->known || loop_now_ms(s->loop) - p->loaded_ms > FRESH_MS)
		load(p);
	*pp = p;
	return 0;
}

struct sound *sounds_have(struct sounds *s, const char *name, const char *lang)
{
	struct prompt *p;

	return touch(&p, s, name, lang) ? NULL : mem_ref(p->sound);
}

int sounds_get(struct sounds *s, const char *name, const char *lang, struct sound **sp)
{
	struct waiter w = {0};
	struct event *ev[] = {&w.ready};
	struct prompt *p;
	int err = touch(&p, s, name, lang);

	if (!err && !p->known) {
		list_append(&p->waiters, &w.le);
		err = wait_any(ev, 1, UINT64_MAX, NULL);
		/* the prompt may be gone with its struct sounds; then so is the list */
		if (!w.le.list)
			return ECANCELED;
		list_unlink(&w.le);
	}
	if (err)
		return err;
	if (!p->sound)
		return ENOENT;
	*sp = mem_ref(p->sound);
	return 0;
}

/* ------------------------------------------------------------------ all of them */

static void end_prompt(struct prompt *p)
{
	LIST_EACH (&p->waiters, k) {
		struct waiter *w = LINK_OBJ(k, struct waiter, le);

		list_unlink(k);
		event_set(&w->ready);
	}
	drop(p);
}

static void sounds_destroy(void *obj)
{
	struct sounds *s = obj;

	inspect_del(&s->inspect);
	if (s->music)
		music_end(s->music);
	LIST_EACH (&s->recent, k)
		end_prompt(LINK_OBJ(k, struct prompt, le));
	hash_free(&s->prompts);
	mem_deref(s->paths);
}

static void dump(struct buf *b, void *arg)
{
	static const char *const origin[] = {"none", "own", "installed", "spoken", "tone"};
	const struct sounds *s = arg;
	struct sounds_stats st;

	sounds_stats(s, &st);
	buf_printf(b, "prompts %zu, %zu bytes; listeners of music %zu, dry %llu\n", st.prompts, st.bytes, st.listeners,
		   (unsigned long long)st.dry);
	LIST_EACH (&s->recent, k) {
		const struct prompt *p = LINK_OBJ(k, struct prompt, le);

		buf_printf(b, "%s/%s: %s, %zu bytes\n", p->q.lang, p->q.name, origin[p->origin], size_of(p));
	}
}

static int copy(char **dst, const char *src)
{
	return src && *src ? mem_strdup(dst, src) : 0;
}

static void paths_destroy(void *obj)
{
	struct sound_paths *p = obj;

	mem_deref(p->own);
	mem_deref(p->installed);
	mem_deref(p->music);
	mem_deref(p->speak);
}

static int make_paths(struct sound_paths **pp, const struct sounds_cfg *cfg)
{
	struct sound_paths *p = mem_zalloc(sizeof(*p), paths_destroy);
	int err = p ? copy(&p->own, cfg->own) : ENOMEM;

	if (!err)
		err = copy(&p->installed, cfg->installed);
	if (!err)
		err = copy(&p->music, cfg->music);
	if (!err)
		err = copy(&p->speak, cfg->speak);
	if (err)
		mem_deref(p);
	else
		*pp = p;
	return err;
}

int sounds_alloc(struct sounds **sp, const struct sounds_cfg *cfg)
{
	struct sounds *s = mem_zalloc(sizeof(*s), sounds_destroy);
	int err;

	if (!s)
		return ENOMEM;
	s->loop = cfg->loop;
	s->files = cfg->files;
	s->max = cfg->cache_bytes ? cfg->cache_bytes : CACHE_BYTES;
	hash_init(&s->prompts);
	sounds_set_language(s, cfg->language ? cfg->language : "en");
	s->inspect = (struct inspect){.name = "sounds", .fn = dump, .arg = s};
	inspect_add(&s->inspect);
	err = make_paths(&s->paths, cfg);
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}

void sounds_set_language(struct sounds *s, const char *lang)
{
	if (!sound_name_ok(lang, false) || !slice_copy(s->lang, sizeof(s->lang), slice_str(lang)))
		(void)slice_copy(s->lang, sizeof(s->lang), SLICE("en"));
}

int sounds_music(struct sounds *s, struct media_source **sp)
{
	return music_source(s, sp);
}

void sounds_stats(const struct sounds *s, struct sounds_stats *st)
{
	*st = (struct sounds_stats){.bytes = s->bytes, .loads = s->loads, .spoken = s->spoken};
	LIST_EACH (&s->recent, k)
		st->prompts += LINK_OBJ(k, struct prompt, le)->sound != NULL;
	if (s->music) {
		st->listeners = music_listeners(s->music);
		st->dry = music_dry(s->music);
	}
}

void calls_set_sounds(struct calls *cs, struct sounds *s)
{
	cs->sounds = s;
}

struct sounds *calls_sounds(const struct calls *cs)
{
	return cs->sounds;
}
