/*
 * trouble.c - when the disk does not take what we write: one state, told to the loop when it changes.
 *
 * Records wait meanwhile and are tried again after 1, 2, 4 and then every 8 seconds;
 * changes of the configuration are tried at once and refused with the reason.
 */
#include "base/log.h"
#include "base/mem.h"
#include "store/store_priv.h"

static void notice_h(struct loop_msg *m)
{
	struct store *s = CONTAINER_OF(m, struct store, notice);
	bool closed = s->closed;

	store_lock(s);
	m->queued = false;
	store_unlock(s);
	if (!closed && s->trouble_fn)
		s->trouble_fn(s->trouble_arg);
	if (closed)
		mem_deref(s); /* store_close left a reference for us */
}

/* Under the lock. */
static void tell(struct store *s)
{
	if (s->notice.queued)
		return;
	s->notice.queued = true;
	s->notice.fn = notice_h;
	loop_post(s->loop, &s->notice);
}

void trouble_set(struct store *s, int err)
{
	struct trouble *t = &s->trouble;
	uint64_t wait = t->tries < 3 ? 1000U << t->tries : 8000;

	if (t->err != err) {
		log_error("store", "%s %s", fault_text(err), fault_remedy(err));
		if (!t->err)
			t->since_ms = store_wall_ms(s);
		t->err = err;
		tell(s);
	}
	t->tries++;
	t->next_try = store_mono_ms(s) + wait;
}

void trouble_clear(struct store *s)
{
	if (!s->trouble.err)
		return;
	s->trouble = (struct trouble){0};
	log_info("store", "the database can be written again; %u records wait, %llu were lost", s->rec.n,
		 (unsigned long long)s->rec.lost);
	tell(s);
}

bool store_trouble(struct store *s, struct store_health *h)
{
	int err;

	store_lock(s);
	err = s->trouble.err;
	if (h)
		*h = (struct store_health){
			.text = err ? fault_text(err) : NULL,
			.remedy = err ? fault_remedy(err) : NULL,
			.since_ms = s->trouble.since_ms,
			.waiting = s->rec.n,
			.lost = s->rec.lost,
		};
	store_unlock(s);
	return err != 0;
}

void store_on_trouble(struct store *s, void (*fn)(void *arg), void *arg)
{
	s->trouble_fn = fn;
	s->trouble_arg = arg;
}
