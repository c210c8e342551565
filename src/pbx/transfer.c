/*
 * transfer.c - a transfer that the administrator asks for in the place of a party.
 */
#include "base/log.h"
#include "pbx/pbx_priv.h"

uint16_t pbx_transfer(struct pbx *p, struct slice call_id, bool by_caller, const char *number, const char *who)
{
	struct call *c = p->calls ? calls_find(p->calls, call_id) : NULL;
	struct leg *by = c ? (by_caller ? c->a : c->b) : NULL;

	if (!c)
		return 481;
	if (!by || call_transfer_check(by))
		return c->transfer ? 491 : 403;
	log_info("pbx", "%s: sent to %s by %s", c->id, number, who);
	return call_transfer(by, number);
}
