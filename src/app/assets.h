/*
 * assets.h - the page, as it is embedded in the program: build/web/assets.c, made of web/ by tools/web-build.
 *
 * Thread: any; constant. Ownership: none. For http_server_cfg.asset.
 */
#ifndef OFFHOOK_APP_ASSETS_H
#define OFFHOOK_APP_ASSETS_H

#include "http/http.h"

/** The files of the page, sorted by their path in web/dist. */
extern const struct http_asset web_assets[];
/** How many. */
extern const size_t web_nassets;

#endif
