/*
 * why.c - which field a sentence is about. Checks write one sentence into a buffer; the name of the field stands before
 * it between two unit separators (US, 0x1f), which no sentence holds. Who shows the sentence takes the mark away.
 */
#include <errno.h>
#include <string.h>
#include "pbx/why.h"

enum { MARK = 0x1f };

int why_at(int err, struct buf *why, const char *field)
{
	struct buf b;

	if (!err || err == ENOMEM || !why || !why->l || why->p[0] == MARK)
		return err;
	buf_init(&b);
	buf_printf(&b, "%c%s%c%.*s", MARK, field, MARK, SLICE_FMT(buf_get(why)));
	if (!buf_err(&b)) {
		buf_reset(why);
		buf_slice(why, buf_get(&b));
	}
	buf_free(&b);
	return err;
}

const char *pbx_why(const char *why, char *field, size_t size)
{
	const char *end = why && why[0] == MARK ? strchr(why + 1, MARK) : NULL;

	field[0] = '\0';
	if (!end)
		return why;
	if (!slice_copy(field, size, slice_mem(why + 1, (size_t)(end - why - 1))))
		field[0] = '\0';
	return end + 1;
}
