/*
 * trunk_priv.h - a trunk as the call room and its adapters see it.
 *
 * Thread: loop. The owner holds the only reference; legs and branches point to it without one and are told when it
 * goes.
 */
#ifndef OFFHOOK_CALL_TRUNK_PRIV_H
#define OFFHOOK_CALL_TRUNK_PRIV_H

#include "call/call_priv.h"
#include "call/trunk.h"

struct trunk {
	struct link le; /**< in calls->trunks */
	struct calls *calls;
	char *name, *codecs;
	const struct trunk_driver *drv;
	void *drv_arg;
	void *proto; /**< adapter's state, NULL once closed */
	const struct trunk_ops *ops;
	void *arg;
};

/** State or words changed: tell the owner. May end the trunk: last statement. */
void trunk_changed(struct trunk *t);
/** The codecs it is limited to, "" = none. */
const char *trunk_codecs(const struct trunk *t);

#endif
