/*
 * ssl.h - OpenSSL beside our error codes, one of which has the name of a type of OpenSSL. For files of this room only:
 * no other room sees OpenSSL's TLS.
 */
#ifndef OFFHOOK_LOOP_SSL_H
#define OFFHOOK_LOOP_SSL_H

#define ERR_STATE openssl_err_state
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#undef ERR_STATE

#endif
