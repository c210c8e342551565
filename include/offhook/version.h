/*
 * version.h - version of liboffhook.
 */
#ifndef OFFHOOK_VERSION_H
#define OFFHOOK_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

/** Version text, "0.1.0". Static. */
const char *oh_version(void);

#ifdef __cplusplus
}
#endif

#endif
