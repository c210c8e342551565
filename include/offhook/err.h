/*
 * err.h - error numbers of liboffhook: 0, a positive errno value, or one of these.
 */
#ifndef OFFHOOK_ERR_H
#define OFFHOOK_ERR_H

#ifdef __cplusplus
extern "C" {
#endif

enum {
	OH_ERR_SYNTAX = 10001, /**< text or packet breaks its grammar */
	OH_ERR_AUTH = 10002,   /**< credentials are missing or wrong */
	OH_ERR_LIMIT = 10003,  /**< a configured limit is reached */
	OH_ERR_STATE = 10004   /**< not allowed in the present state */
};

/** The text of an error; never NULL, static. */
const char *oh_strerror(int err);

#ifdef __cplusplus
}
#endif

#endif
