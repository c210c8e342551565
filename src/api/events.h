/*
 * events.h - live events for pages and programs: the WebSocket /api/v1/events.
 *
 * The client's first message says what it wants, a later one changes that; the server sends batches as event.h makes
 * them. Who asks is asked again every few seconds: it is closed with 4401 when its session has ended.
 * Thread: loop.
 */
#ifndef OFFHOOK_API_EVENTS_H
#define OFFHOOK_API_EVENTS_H

#include "api/web.h"

enum {
	API_LISTENERS_MAX = 10000,
	API_LISTENERS_OF_USER = 20, /**< of one account with the role user; others may have them all */
	API_EVENTS_QUEUE = 1 << 20  /**< bytes that may wait for a slow listener; more, and it is closed with 1013 */
};

struct api_events;
/** Ready for listeners. ENOMEM. mem_deref closes all. */
int api_events_alloc(struct api_events **ep, struct api_web *w, struct pbx *p) MUST_CHECK;
/** Serve them on this server. ERR_LIMIT. */
int api_events_serve(struct api_events *e, struct http_server *s) MUST_CHECK;
/** What the server calls, for tests. */
const struct http_ws_ops *api_events_ops(const struct api_events *e);

#endif
