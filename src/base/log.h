/*
 * log.h - one line per event, on stderr or where a handler takes it.
 *
 * Log once, where the decision is made. Never log secrets. Thread: any (one
 * lock inside). Lines look like "12:00:00.123 info  sip: text".
 */
#ifndef OFFHOOK_BASE_LOG_H
#define OFFHOOK_BASE_LOG_H

#include <stdarg.h>
#include "base/slice.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/** Lowest level that is shown (default LOG_INFO). */
void log_set_level(enum log_level lvl);
enum log_level log_level(void);
/** "error" "warn" "info" "debug"; ERR_SYNTAX. */
int log_level_parse(enum log_level *lvl, struct slice s) MUST_CHECK;
/** Take lines (without newline) instead of stderr; NULL gives stderr back. Called under the lock: it must not log. */
void log_set_handler(void (*h)(enum log_level lvl, const char *line, void *arg), void *arg);
/** `room` is "sip", "media" ...; `fmt` without newline. Control characters in the result are shown as \xNN. */
void log_print(enum log_level lvl, const char *room, const char *fmt, ...) PRINTF_LIKE(3, 4);
/** True if this level is shown: asked before costly arguments. */
bool log_on(enum log_level lvl);

#define log_error(room, ...) log_print(LOG_ERROR, room, __VA_ARGS__)
#define log_warn(room, ...)  log_print(LOG_WARN, room, __VA_ARGS__)
#define log_info(room, ...)  log_print(LOG_INFO, room, __VA_ARGS__)
#define log_debug(room, ...)                                                                                           \
	do {                                                                                                           \
		if (log_on(LOG_DEBUG))                                                                                 \
			log_print(LOG_DEBUG, room, __VA_ARGS__);                                                       \
	} while (0)

#endif
