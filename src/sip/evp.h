/*
 * evp.h - OpenSSL's EVP interface beside our error codes, one of which has the name of a type of OpenSSL.
 */
#ifndef OFFHOOK_SIP_EVP_H
#define OFFHOOK_SIP_EVP_H

#define ERR_STATE openssl_err_state
#include <openssl/crypto.h>
#include <openssl/evp.h>
#undef ERR_STATE

#endif
