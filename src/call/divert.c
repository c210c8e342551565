/*
 * divert.c - calls that were passed on: by whom and why, told to whoever is called next and written into the record.
 */
#include <string.h>
#include "call/call_priv.h"

int call_divert(struct call *c, const char *from, const char *name, enum divert_reason reason)
{
	struct diverted *d = c->diverted;
	struct diversion *v;

	if (!d) {
		d = mem_zalloc(sizeof(*d), NULL);
		if (!d)
			return ENOMEM;
		c->diverted = d;
	}
	if (d->n == DIVERTED_MAX) {
		/* the number that was dialled first stays */
		memmove(d->v + 1, d->v + 2, (DIVERTED_MAX - 2) * sizeof(d->v[0]));
		d->n--;
	}
	v = &d->v[d->n++];
	*v = (struct diversion){.reason = reason, .times = 1};
	(void)slice_copy(v->from.number, sizeof(v->from.number), slice_str(from));
	(void)slice_copy(v->from.name, sizeof(v->from.name), slice_str(name));
	log_info("call", "%s: diverted by %s (%s)", c->id, v->from.number, divert_words(reason));
	return 0;
}

const char *divert_words(enum divert_reason reason)
{
	static const char *const words[] = {
		[DIVERT_UNKNOWN] = "reason not known",  [DIVERT_BUSY] = "busy",
		[DIVERT_NO_ANSWER] = "no answer",       [DIVERT_ALWAYS] = "always",
		[DIVERT_UNAVAILABLE] = "not available", [DIVERT_DND] = "do not disturb",
		[DIVERT_DEFLECTED] = "sent on by hand",
	};

	return (unsigned)reason < ARRAY_LEN(words) ? words[reason] : words[DIVERT_UNKNOWN];
}

void diverted_text(char *dst, size_t size, const struct diverted *d)
{
	struct buf b;

	buf_init_fixed(&b, dst, size - 1);
	for (size_t i = 0; i < d->n; i++) {
		size_t whole = b.l;

		buf_printf(&b, "%s%s (%s)", i ? ", " : "", d->v[i].from.number, divert_words(d->v[i].reason));
		if (buf_err(&b)) {
			b.l = whole;
			break;
		}
	}
	dst[b.l] = '\0';
}
