/*
 * inspect.c - the lists of dumps and counters, kept in the order of their names.
 */
#include <string.h>
#include "base/inspect.h"

static struct list dumps, metrics;

void inspect_add(struct inspect *i)
{
	if (i->le.list)
		return;
	LIST_EACH (&dumps, k) {
		if (strcmp(LINK_OBJ(k, struct inspect, le)->name, i->name) > 0) {
			list_insert_before(k, &i->le);
			return;
		}
	}
	list_append(&dumps, &i->le);
}

void inspect_del(struct inspect *i)
{
	list_unlink(&i->le);
}

/* Several objects may share a name (two agents in one process): all of them are shown. */
int inspect_run(struct slice name, struct buf *b)
{
	int err = ENOENT;

	LIST_EACH (&dumps, k) {
		struct inspect *i = LINK_OBJ(k, struct inspect, le);

		if (slice_eqs(name, i->name)) {
			i->fn(b, i->arg);
			err = 0;
		}
	}
	return err;
}

void inspect_each(void (*fn)(const char *name, void *arg), void *arg)
{
	const char *last = NULL;

	LIST_EACH (&dumps, k) {
		const char *name = LINK_OBJ(k, struct inspect, le)->name;

		if (!last || strcmp(last, name) != 0)
			fn(name, arg);
		last = name;
	}
}

void metric_reg(struct metric *m)
{
	if (m->le.list)
		return;
	LIST_EACH (&metrics, k) {
		if (strcmp(LINK_OBJ(k, struct metric, le)->name, m->name) > 0) {
			list_insert_before(k, &m->le);
			return;
		}
	}
	list_append(&metrics, &m->le);
}

void metric_each(void (*fn)(struct metric *m, void *arg), void *arg)
{
	LIST_EACH (&metrics, k)
		fn(LINK_OBJ(k, struct metric, le), arg);
}
