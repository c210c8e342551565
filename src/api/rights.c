/*
 * rights.c - who may do what: a role for each line of the tables of routes, two for each resource, secrets for
 * administrators alone.
 */
#include "api/api_priv.h"
#include "base/log.h"
#include "pbx/conference.h"
#include "pbx/plan.h"
#include "pbx/security.h"
#include "pbx/settings.h"
#include "pbx/trunk.h"

/* What a manager changes from day to day; all else that is configured is the administrator's. */
static const struct resource *const managed[] = {&pbx_extension_resource, &pbx_conference_resource, &pbx_did_resource,
						 &pbx_route_out_resource, &pbx_route_in_resource};

enum role rights_resource(const struct resource *r, bool change)
{
	if (!change)
		return ROLE_READONLY;
	for (size_t i = 0; i < ARRAY_LEN(managed); i++)
		if (managed[i] == r)
			return ROLE_MANAGER;
	return ROLE_ADMIN;
}

static enum role needed(const struct job *j)
{
	if (j->r)
		return rights_resource(j->r, strcmp(j->route->method, "GET") != 0);
	return j->route->least;
}

static const char *scope_name(uint32_t scope)
{
	return scope == SCOPE_READ      ? "read"
	       : scope == SCOPE_WRITE   ? "write"
	       : scope == SCOPE_CALLS   ? "calls"
	       : scope == SCOPE_RECORDS ? "records"
					: "metrics";
}

static bool refuse_scope(struct job *j)
{
	if (j->route->scope)
		job_error(j, 403, "forbidden", NULL, "This token may not do that: it needs the scope \"%s\".",
			  scope_name(j->route->scope));
	else
		job_error(j, 403, "forbidden", NULL, "No token may do that: it is for people who have signed in.");
	return false;
}

/* An administrator sees secrets, and it can be found out later who did. */
static bool secrets_allowed(struct job *j)
{
	if (!job_flag(j, "secrets"))
		return true;
	if (j->who.role < ROLE_ADMIN) {
		job_error(j, 403, "forbidden", "secrets", "Passwords are shown to an administrator only; you are %s.",
			  role_name(j->who.role));
		return false;
	}
	log_info("api", "secrets of %s%s%s shown to %s", j->r ? j->r->plural : "the configuration",
		 j->nseg > 1 && j->r ? " " : "", j->nseg > 1 && j->r ? j->seg[1] : "", j->author);
	return true;
}

bool rights_allow(struct job *j)
{
	enum role least = needed(j);

	if (least == ROLE_NONE)
		return true;
	if (j->who.role == ROLE_NONE) {
		job_error(j, 401, "sign_in", NULL, "Sign in first, or send a token: Authorization: Bearer ...");
		return false;
	}
	if (j->who.role < least) {
		job_error(j, 403, "forbidden", NULL, "That takes the role %s; yours is %s.", role_name(least),
			  role_name(j->who.role));
		return false;
	}
	/* who has neither session nor control socket is a program with a token */
	if (!j->who.control && !j->who.session.l && !(j->who.scopes & j->route->scope))
		return refuse_scope(j);
	return secrets_allowed(j);
}
