/*
 * oa_read.c - descriptions as they are read (RFC 8866): the steps of an exchange look at the same few again and again,
 * so those read lately are kept decoded. Beside them two scratches, for descriptions that are changed before they are
 * passed on.
 *
 * What is kept is found by its bytes and has a copy of them: it does not matter whose they were and what became of
 * them.
 */
#include "call/oa_priv.h"

enum { SCRATCHES = 2, TEXT_MAX = 2048 /**< longer ones are not kept: hardly any is */ };

struct reading {
	uint64_t turn;       /* when it was asked for last, by count; 0: there is nothing in it */
	size_t l;            /* bytes of `text`; 0: it was too long to be kept */
	size_t line;         /* whose formats `list` has; SDP_MEDIA_MAX: none are read */
	struct oa_list list; /* they point into `text` */
	char text[TEXT_MAX];
	struct sdp d;
};

/* Of the loop's thread: too much for the stacks of fibers, and for what every thread gets. */
static _Thread_local struct {
	struct sdp *v;
	struct reading *known; /* OA_READ_MAX of them */
	uint64_t turns;
	unsigned users;
} scratch;

static void forget(void)
{
	scratch.v = mem_deref(scratch.v);
	scratch.known = mem_deref(scratch.known);
}

int oa_scratch_open(void)
{
	if (!scratch.users) {
		/* not cleared: most of it is never touched, and costs nothing then */
		scratch.v = mem_alloc(SCRATCHES * sizeof(*scratch.v), NULL);
		scratch.known = mem_alloc(OA_READ_MAX * sizeof(*scratch.known), NULL);
	}
	if (!scratch.v || !scratch.known) {
		forget();
		return ENOMEM;
	}
	for (size_t i = 0; !scratch.users && i < OA_READ_MAX; i++)
		scratch.known[i].turn = 0;
	scratch.users++;
	return 0;
}

void oa_scratch_close(void)
{
	if (!--scratch.users)
		forget();
}

struct sdp *oa_scratch(unsigned n)
{
	return &scratch.v[n];
}

static struct reading *find(struct slice text)
{
	for (size_t i = 0; i < OA_READ_MAX; i++) {
		struct reading *r = &scratch.known[i];

		if (r->turn && r->l && slice_eq(slice_mem(r->text, r->l), text))
			return r;
	}
	return NULL;
}

/* The place of the one that nobody has asked for longest. */
static struct reading *oldest(void)
{
	struct reading *r = scratch.known;

	for (size_t i = 1; i < OA_READ_MAX; i++)
		if (scratch.known[i].turn < r->turn)
			r = &scratch.known[i];
	return r;
}

int oa_read(const struct sdp **d, struct slice text)
{
	struct reading *r = find(text);
	int err;

	if (!r) {
		r = oldest();
		r->turn = 0;
		r->line = SDP_MEDIA_MAX;
		r->l = text.l <= TEXT_MAX ? text.l : 0;
		if (r->l) {
			memcpy(r->text, text.p, text.l);
			text.p = r->text;
		}
		err = sdp_decode(&r->d, text);
		if (err)
			return err;
	}
	r->turn = ++scratch.turns;
	*d = &r->d;
	return 0;
}

const struct oa_list *oa_formats(struct oa_list *room, const struct sdp *d, size_t i)
{
	struct reading *r = NULL;

	for (size_t k = 0; k < OA_READ_MAX && !r; k++)
		if (&scratch.known[k].d == d)
			r = &scratch.known[k];
	if (!r) {
		oa_list_read(room, d, &d->m[i]);
		return room;
	}
	if (r->line != i) {
		oa_list_read(&r->list, d, &d->m[i]);
		r->line = i;
	}
	return &r->list;
}
