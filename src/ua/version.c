/*
 * version.c - the version of the library, as the build says.
 */
#include "offhook/version.h"

const char *oh_version(void)
{
	return OFFHOOK_VERSION;
}
