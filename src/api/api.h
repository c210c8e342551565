/*
 * api.h - /api/v1: REST resources from the resource table, independent of how requests arrive.
 *
 * The web thread's server, the control socket and the command line working on the
 * database directly all call api_handle(). Thread: loop. The answer may come later.
 */
#ifndef OFFHOOK_API_API_H
#define OFFHOOK_API_API_H

#include "pbx/pbx.h"

struct api;
struct cert_live;
struct api_cfg {
	struct loop *loop;
	struct pbx *pbx;
	struct cert_live *cert; /**< loop/cert_live.h: of the server that runs; NULL: it does not */
};
int api_alloc(struct api **ap, const struct api_cfg *cfg) MUST_CHECK;

struct api_request {
	struct slice method; /**< "GET" "POST" "PATCH" "PUT" "DELETE" */
	struct slice path;   /**< "/api/v1/extensions/100" */
	struct slice query;  /**< without '?' */
	struct slice body;
	const char *author; /**< "root via control socket" */
};
/** Status and JSON body (NULL for 204). Errors are {"error":{"code","message","field"}} with a sentence that says what
 * to do. */
typedef void(api_reply_h)(unsigned status, json_t *body, void *arg);
void api_handle(struct api *a, const struct api_request *rq, api_reply_h *h, void *arg);

#endif
