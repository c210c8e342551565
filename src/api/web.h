/*
 * web.h - requests of the web server and of the control socket become requests of the API, and answers go back:
 * who asks (session cookie, token, control socket), CSRF, health and metrics without a session.
 *
 * Thread: loop. Ownership: one struct api_web per server, mem_deref before the http server's end.
 */
#ifndef OFFHOOK_API_WEB_H
#define OFFHOOK_API_WEB_H

#include "api/api.h"
#include "http/http.h"

struct api_web;
/** ENOMEM. */
int api_web_alloc(struct api_web **wp, struct api *a, struct pbx *p) MUST_CHECK;
/** For http_server_cfg.h; `arg`: the struct api_web. */
void api_web_request(struct http_req *rq, void *arg);
/** Serve its WebSockets: /api/v1/events. */
int api_web_serve(struct api_web *w, struct http_server *s) MUST_CHECK;
/** Who is behind a request: its cookie or "Authorization: Bearer" token; the control socket is an administrator.
 * False: nobody. Does not look at CSRF. */
bool api_web_who(struct api_web *w, const struct http_req *rq, struct principal *who);

#endif
