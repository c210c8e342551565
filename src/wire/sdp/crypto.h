/*
 * crypto.h - a=crypto: keys for SRTP in session descriptions (RFC 4568; RFC 6188 4, 7714 14.1 for their suites).
 *
 * Suites are names here; how long their keys are is known to who uses them. Thread: any. Ownership: the suite is a
 * slice of the attribute; the key is a copy: wipe it.
 */
#ifndef OFFHOOK_WIRE_SDP_CRYPTO_H
#define OFFHOOK_WIRE_SDP_CRYPTO_H

#include "base/buf.h"

enum { SDP_CRYPTO_KEY_MAX = 64, SDP_CRYPTO_MKI_MAX = 128 };

struct sdp_crypto {
	uint32_t tag;
	struct slice suite;
	uint8_t key[SDP_CRYPTO_KEY_MAX]; /**< master key, then salt */
	size_t key_len;
	uint64_t lifetime; /**< packets; 0: as long as the suite allows */
	uint8_t mki_len;   /**< bytes of MKI in each packet of its sender, 0 = none */
	uint8_t mki[4];    /**< the last bytes of it, big end first; zeros in front of a shorter one */
	uint16_t window;   /**< WSH: size of the replay window that it advises; 0: nothing said */
};
/**
 * The value of an a=crypto attribute. ERR_SYNTAX. ENOTSUP: it asks for what we do not do (several keys, key derivation
 * more than once, streams without encryption or authentication, keys for FEC, parameters that nobody knows), or has a
 * key method other than "inline"; the attribute is to be left alone (RFC 4568 6.3.7).
 */
int sdp_crypto_decode(struct sdp_crypto *c, struct slice val) MUST_CHECK;
/** "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:..." with its end of line. */
void sdp_crypto_encode(struct buf *b, uint32_t tag, const char *suite, const uint8_t *key, size_t l);

#endif
