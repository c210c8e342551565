/*
 * err.h - error numbers and compiler marks.
 *
 * Functions return 0 or a positive errno value. The few own codes below start
 * well above the system's. err_str() names both kinds.
 * Thread: any. Ownership: none.
 */
#ifndef OFFHOOK_BASE_ERR_H
#define OFFHOOK_BASE_ERR_H

#include <errno.h>

/** The result must be looked at. */
#define MUST_CHECK __attribute__((warn_unused_result))
/** printf-like: argument A is the format, B the first value. */
#define PRINTF_LIKE(a, b) __attribute__((format(printf, a, b)))
/** Number of elements of an array. */
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
/** The object that contains MEMBER at PTR. */
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

enum {
	ERR_BASE = 10000,
	ERR_SYNTAX, /**< text or packet breaks its grammar */
	ERR_AUTH,   /**< credentials are missing or wrong */
	ERR_LIMIT,  /**< a configured limit is reached */
	ERR_STATE,  /**< not allowed in the present state */
	ERR_LAST
};

/** The text of error `err` (errno value or own code); never NULL, static. */
const char *err_str(int err);

#endif
