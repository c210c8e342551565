/*
 * contact.c - copies of contacts: one block each, its strings behind the struct.
 */
#include <string.h>
#include "base/mem.h"
#include "call/location.h"

static struct slice put(char **p, struct slice s)
{
	struct slice r = {*p, s.l};

	if (s.l)
		memcpy(*p, s.p, s.l);
	*p += s.l;
	return r;
}

int contact_dup(struct contact **cp, const struct contact *c)
{
	size_t l = c->uri.l + c->callid.l + c->user_agent.l + c->instance.l + c->path.l;
	struct contact *n = mem_alloc(sizeof(*n) + l, NULL);
	char *p;

	if (!n)
		return ENOMEM;
	memcpy(n, c, sizeof(*n));
	memset(&n->le, 0, sizeof(n->le));
	p = n->strings;
	n->uri = put(&p, c->uri);
	n->callid = put(&p, c->callid);
	n->user_agent = put(&p, c->user_agent);
	n->instance = put(&p, c->instance);
	n->path = put(&p, c->path);
	*cp = n;
	return 0;
}
