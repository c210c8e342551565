/*
 * account_role.c - roles: what they are called, and the machine's own administrator.
 */
#include <string.h>
#include "base/slice.h"
#include "pbx/account.h"

static const char *const names[] = {"none", "user", "read_only", "manager", "administrator"};

const char *role_name(enum role r)
{
	return names[r];
}

enum role role_read(struct slice name)
{
	for (size_t i = ROLE_USER; i < ARRAY_LEN(names); i++)
		if (slice_eqs(name, names[i]))
			return (enum role)i;
	return ROLE_NONE;
}

void principal_control(struct principal *w)
{
	memset(w, 0, sizeof(*w));
	w->role = ROLE_ADMIN;
	w->scopes = SCOPE_ALL;
	w->control = true;
}
