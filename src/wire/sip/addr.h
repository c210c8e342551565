/*
 * addr.h - name-addr and addr-spec headers: From, To, Contact, Route, Record-Route,
 * Refer-To, P-Asserted-Identity and their kind (RFC 3261 20.10, 20.20, 20.39).
 *
 * Thread: any. Ownership: slices.
 */
#ifndef OFFHOOK_WIRE_SIP_ADDR_H
#define OFFHOOK_WIRE_SIP_ADDR_H

#include "wire/sip/uri.h"

struct sip_addr {
	struct slice display; /**< display name as written, with quotes if quoted; sip_unquote() it */
	struct slice auri;    /**< URI as written */
	struct sip_uri uri;
	struct slice params; /**< header parameters from the first ';' */
	struct slice tag;    /**< tag parameter, often empty */
};

/** One value (not a comma list); ERR_SYNTAX. */
int sip_addr_decode(struct sip_addr *a, struct slice s) MUST_CHECK;
/** Writes "Display" <uri>;params. */
void sip_addr_encode(struct buf *b, const struct sip_addr *a);

/** Contact value: "*", or an address with q and expires (RFC 3261 20.10). */
struct sip_contact {
	bool star;
	struct sip_addr addr;
	bool has_expires;
	uint32_t expires; /**< seconds */
	uint16_t q;       /**< thousandths, 1000 if absent */
};
int sip_contact_decode(struct sip_contact *c, struct slice s) MUST_CHECK;

#endif
