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
struct principal;
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
	struct slice ctype;    /**< Content-Type of the body; empty: JSON */
	struct slice accept;   /**< "text/csv" asks a list for CSV; empty: JSON */
	struct slice if_match; /**< If-Match (RFC 9110 13.1.1): a change is refused with 412 when the row is another
				  by now; empty: not asked */
	struct slice if_none_match;
	const struct principal *who; /**< pbx/account.h: whose rights count; copied */
	const struct sa *peer;       /**< where it came from; NULL: this machine */
	bool secure;                 /**< it came by TLS: cookies are for TLS alone */
	struct slice user_agent;
	const char *author; /**< for the history: "root via control socket", "maria from 192.0.2.7" */
};
enum { API_HEADERS_MAX = 4 };
/** What is answered. Valid during the call-back. */
struct api_answer {
	unsigned status;
	json_t *json; /**< or NULL: `bytes` of type `ctype`, or `file`, or nothing at all (204, 304) */
	const char *ctype;
	struct slice bytes;
	const char *file; /**< path of a file to be sent */
	bool file_once;   /**< and removed then */
	struct {
		const char *name; /**< "ETag", "Set-Cookie", "Content-Disposition", "Retry-After" */
		char value[1024];
	} header[API_HEADERS_MAX];
	size_t nheader;
};
/** The answer, perhaps later. Errors are {"error":{"code","message","field"}} with a sentence that says what to do. */
typedef void(api_answer_h)(const struct api_answer *a, void *arg);
void api_handle(struct api *a, const struct api_request *rq, api_answer_h *h, void *arg);

#endif
