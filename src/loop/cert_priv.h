/*
 * cert_priv.h - what cert_*.c and tls_*.c share: the OpenSSL objects of a certificate, and its names.
 */
#ifndef OFFHOOK_LOOP_CERT_PRIV_H
#define OFFHOOK_LOOP_CERT_PRIV_H

#include "base/mem.h"
#include "loop/cert.h"
#include "loop/ssl.h"

struct cert {
	X509 *x;
	EVP_PKEY *key;
	STACK_OF(X509) * chain; /**< those that signed it, NULL: none */
};

/** New object around these; takes them over also when it fails. ENOMEM. */
int cert_new(struct cert **cp, X509 *x, EVP_PKEY *key, STACK_OF(X509) * chain) MUST_CHECK;
/** Call `fn` for each name of a certificate as cert_names() does. */
void cert_x509_names(const X509 *x, void (*fn)(const char *name, void *arg), void *arg);
/** s since 1970 of an ASN.1 time. */
int64_t cert_time(const ASN1_TIME *t);
/**
 * Does it prove to be `host` (RFC 5922 7.2; a literal address is proved by an IP name)? No wildcards. Without a
 * subjectAltName that names a host, the CN counts.
 */
bool cert_x509_proves(const X509 *x, struct slice host);
/** The hosts that it proves to be, one a line. */
void cert_x509_hosts(const X509 *x, struct buf *b);
/** Its names for a sentence: "a.example, b.example". */
void cert_x509_list(const X509 *x, struct buf *b);

#endif
