/*
 * cert.h - a certificate with its private key: made, read, checked, written, told in words.
 *
 * A struct cert never changes once it is made; who replaces a certificate makes a new one and hands it to
 * tls_set_cert() (tls.h): connections that are open keep the old one. Thread: any, one at a time. The functions with
 * paths read and write files: at the start, or on a crypto thread, never on a loop that serves. Ownership: mem_deref.
 */
#ifndef OFFHOOK_LOOP_CERT_H
#define OFFHOOK_LOOP_CERT_H

#include "base/buf.h"
#include "base/sa.h"

struct cert;

enum { CERT_NAMES_MAX = 32, CERT_PEM_MAX = 65536 };

/** What a new certificate says. Times are s since 1970. */
struct cert_make {
	const char *cn;                  /**< host name, or anything */
	const char *dns[CERT_NAMES_MAX]; /**< host names */
	const char *uri[CERT_NAMES_MAX]; /**< "sip:example.com" (RFC 5922 7.1) */
	struct sa addr[CERT_NAMES_MAX];  /**< addresses */
	size_t ndns, nuri, naddr;
	int64_t not_before, not_after;
	bool ca;                   /**< may sign others */
	const struct cert *issuer; /**< who signs; NULL: self-signed */
};
/** New EC P-256 key and a certificate for it (RFC 5280). ENOMEM, EINVAL: a name that cannot stand in one. */
int cert_make(struct cert **cp, const struct cert_make *m) MUST_CHECK;

/**
 * From PEM text: the certificate, behind it those that signed it, and the key. `why` gets a sentence. ERR_SYNTAX: not
 * PEM, or no certificate in it; EINVAL: key and certificate do not belong together; ENOMEM.
 */
int cert_parse(struct cert **cp, struct slice cert_pem, struct slice key_pem, struct buf *why) MUST_CHECK;
/** The same from `cert.pem` and `key.pem` of a directory. ENOENT: there is no cert.pem. */
int cert_load(struct cert **cp, const char *dir, struct buf *why) MUST_CHECK;
/** Write both files (key 0600), whole or not at all; makes the directory (0700). */
int cert_save(const struct cert *c, const char *dir, struct buf *why) MUST_CHECK;
/** A PEM file into `b`, a little more than CERT_PEM_MAX at most; wipe it if it may be a key. errno of the system. */
int cert_read_file(struct buf *b, const char *path) MUST_CHECK;
/** As PEM text. ENOMEM. */
int cert_pem(const struct cert *c, struct buf *cert, struct buf *key) MUST_CHECK;

/** One to look at. */
struct cert_info {
	char subject[256], issuer[256]; /**< "CN = pbx.example" */
	char fingerprint[96];           /**< SHA-256, "AB:CD:..." */
	char key[32];                   /**< "EC 256 bits" */
	int64_t not_before, not_after;  /**< s since 1970 */
	bool self_signed;
};
void cert_info(const struct cert *c, struct cert_info *i);
/** Call `fn` for each name of the subjectAltName: "DNS:a", "IP:1.2.3.4", "URI:sip:a"; for the CN when there is none. */
void cert_names(const struct cert *c, void (*fn)(const char *name, void *arg), void *arg);
/** Is it valid at `now` (s)? 0, or ETIMEDOUT (expired) or EAGAIN (not yet), with a sentence. */
int cert_check_time(const struct cert *c, int64_t now, struct buf *why) MUST_CHECK;
/** "2026-01-02" of s since 1970. `dst` of 11 bytes; returns dst. */
char *cert_date(int64_t t, char *dst);

#endif
