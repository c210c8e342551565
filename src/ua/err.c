/*
 * err.c - the library's error numbers: those of base, with names of their own outside.
 */
#include "base/err.h"
#include "offhook/err.h"

_Static_assert((int)OH_ERR_SYNTAX == (int)ERR_SYNTAX && (int)OH_ERR_AUTH == (int)ERR_AUTH &&
		       (int)OH_ERR_LIMIT == (int)ERR_LIMIT && (int)OH_ERR_STATE == (int)ERR_STATE,
	       "the public error numbers are those of base");

const char *oh_strerror(int err)
{
	return err_str(err);
}
