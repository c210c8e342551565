/*
 * rfc4475.h - the 49 torture messages of RFC 4475 section 3, and what each must lead to.
 *
 * The messages are in test/fuzz/corpus/sip_msg (paths from the root of the tree). Two layers are described: what the
 * decoder says, and what a server (user agent or registrar) answers.
 */
#ifndef OFFHOOK_TEST_RFC4475_H
#define OFFHOOK_TEST_RFC4475_H

#include <stdbool.h>
#include <stdint.h>

enum rfc4475_parse {
	RFC4475_ACCEPT, /**< sip_msg_decode gives 0 */
	RFC4475_REJECT, /**< ERR_SYNTAX, with the answer that it deserves */
	RFC4475_DROP    /**< ERR_SYNTAX, no answer is possible or allowed */
};

struct rfc4475 {
	const char *name;
	const char *file;
	bool is_request;
	enum rfc4475_parse parse;
	/**
	 * Final answer of a server: the exact code; 0 when the message is accepted, so that the usual course decides
	 * (200, 401, 404 ... but never 400 or 5xx), or when it gets no answer (responses, RFC4475_DROP).
	 */
	uint16_t scode;
	uint16_t also[3]; /**< other codes that the RFC allows here, or that come first (authentication); 0 ends */
};

/* clang-format off */
#define RFC4475_FILE(name)            "test/fuzz/corpus/sip_msg/rfc4475_" name
#define RFC4475_REQ(name, parse, ...) {name, RFC4475_FILE(name), true, parse, __VA_ARGS__}
#define RFC4475_RES(name, parse)      {name, RFC4475_FILE(name), false, parse, 0, {0}}
/* clang-format on */

static const struct rfc4475 rfc4475[] = {
	/* 3.1.1 valid messages */

	/* folding, white space and odd case everywhere; escaped quotes in the display name */
	RFC4475_REQ("wsinv", RFC4475_ACCEPT, 0, {0}),
	/* every character that a method, user part, token, word and UTF-8 text may hold; the method is unknown */
	RFC4475_REQ("intmeth", RFC4475_ACCEPT, 501, {405}),
	/* %-escapes in user parts and parameter names; "sips:user@example.com" is a mere user name here */
	RFC4475_REQ("esc01", RFC4475_ACCEPT, 0, {0}),
	/* %00 in user parts: must not end the text early, or bindings of different users become one */
	RFC4475_REQ("escnull", RFC4475_ACCEPT, 0, {0}),
	/* % in a method and in a header name is no escape: this is no REGISTER, and has two Contacts, not three */
	RFC4475_REQ("esc02", RFC4475_ACCEPT, 501, {405}),
	/* no blank between display name and < */
	RFC4475_REQ("lwsdisp", RFC4475_ACCEPT, 0, {0}),
	/* long values, 34 Via lines in every spelling */
	RFC4475_REQ("longreq", RFC4475_ACCEPT, 0, {0}),
	/* a REGISTER, then bytes beyond Content-Length that look like an INVITE: ignore them */
	RFC4475_REQ("dblreq", RFC4475_ACCEPT, 0, {0}),
	/* ; in the user part of the Request-URI */
	RFC4475_REQ("semiuri", RFC4475_ACCEPT, 0, {0}),
	/* Via with transports that nobody has */
	RFC4475_REQ("transports", RFC4475_ACCEPT, 0, {0}),
	/* MESSAGE with a multipart body that holds NULs */
	RFC4475_REQ("mpart01", RFC4475_ACCEPT, 0, {415}),
	/* reason phrase with odd characters and UTF-8 */
	RFC4475_RES("unreason", RFC4475_ACCEPT),
	/* empty reason phrase */
	RFC4475_RES("noreason", RFC4475_ACCEPT),

	/* 3.1.2 invalid messages */

	/* ;; and ,, in Via and Contact */
	RFC4475_REQ("badinv01", RFC4475_REJECT, 400, {0}),
	/* Content-Length beyond the datagram */
	RFC4475_REQ("clerr", RFC4475_REJECT, 400, {0}),
	/* negative Content-Length */
	RFC4475_REQ("ncl", RFC4475_REJECT, 400, {0}),
	/* CSeq, Max-Forwards, Expires beyond their ranges */
	RFC4475_REQ("scalar02", RFC4475_REJECT, 400, {0}),
	/* the same in a response */
	RFC4475_RES("scalarlg", RFC4475_DROP),
	/* a quote that is never closed */
	RFC4475_REQ("quotbal", RFC4475_REJECT, 400, {0}),
	/* Request-URI in <> */
	RFC4475_REQ("ltgtruri", RFC4475_REJECT, 400, {0}),
	/* blank in the Request-URI */
	RFC4475_REQ("lwsruri", RFC4475_REJECT, 400, {0}),
	/* two blanks between the parts of the request line */
	RFC4475_REQ("lwsstart", RFC4475_REJECT, 400, {0}),
	/* blanks at the end of the request line */
	RFC4475_REQ("trws", RFC4475_REJECT, 400, {0}),
	/* headers in the Request-URI */
	RFC4475_REQ("escruri", RFC4475_REJECT, 400, {0}),
	/* Date in a zone other than GMT: nobody needs the date, so it is let through */
	RFC4475_REQ("baddate", RFC4475_ACCEPT, 0, {400}),
	/* Contact with ? but without <>: read lazily, so the registrar says it */
	RFC4475_REQ("regbadct", RFC4475_ACCEPT, 400, {401}),
	/* blanks within <> */
	RFC4475_REQ("badaspec", RFC4475_REJECT, 400, {0}),
	/* comma in a display name without quotes */
	RFC4475_REQ("baddn", RFC4475_REJECT, 400, {0}),
	/* SIP/7.0 */
	RFC4475_REQ("badvers", RFC4475_REJECT, 505, {0}),
	/* OPTIONS with the CSeq of an INVITE */
	RFC4475_REQ("mismatch01", RFC4475_REJECT, 400, {0}),
	/* the same with an unknown method */
	RFC4475_REQ("mismatch02", RFC4475_REJECT, 400, {501}),
	/* status code that would wrap to 5 in 32 bits */
	RFC4475_RES("bigcode", RFC4475_DROP),

	/* 3.2 transaction layer */

	/* the branch is the cookie alone: matched as RFC 2543 did */
	RFC4475_REQ("badbranch", RFC4475_ACCEPT, 0, {0}),

	/* 3.3 application layer */

	/* no Call-ID, From and To */
	RFC4475_REQ("insuf", RFC4475_REJECT, 400, {0}),
	/* Request-URI of an unknown scheme */
	RFC4475_REQ("unkscm", RFC4475_ACCEPT, 416, {0}),
	/* Request-URI of a known scheme that is not ours */
	RFC4475_REQ("novelsc", RFC4475_ACCEPT, 416, {0}),
	/* unknown schemes in To, From, Contact of a REGISTER: such an address of record cannot be */
	RFC4475_REQ("unksm2", RFC4475_ACCEPT, 400, {404, 416, 401}),
	/* Require of unknown extensions */
	RFC4475_REQ("bext01", RFC4475_ACCEPT, 420, {0}),
	/* unknown body type */
	RFC4475_REQ("invut", RFC4475_ACCEPT, 415, {401, 407, 404}),
	/* unknown authorization scheme: as if there were none */
	RFC4475_REQ("regaut01", RFC4475_ACCEPT, 401, {0}),
	/* From, To, Call-ID, CSeq, Max-Forwards twice */
	RFC4475_REQ("multi01", RFC4475_REJECT, 400, {0}),
	/* Content-Length twice, and not the same */
	RFC4475_REQ("mcl01", RFC4475_REJECT, 400, {0}),
	/* response whose second Via is the broadcast address: must not be sent on */
	RFC4475_RES("bcast", RFC4475_ACCEPT),
	/* Max-Forwards 0: the end point answers as always, a proxy would say 483 */
	RFC4475_REQ("zeromf", RFC4475_ACCEPT, 0, {483}),
	/* unknown Contact parameter: a header parameter, as there is no <> */
	RFC4475_REQ("cparam01", RFC4475_ACCEPT, 0, {0}),
	/* the same as a URI parameter: kept with the binding */
	RFC4475_REQ("cparam02", RFC4475_ACCEPT, 0, {0}),
	/* Contact with escaped headers within <> */
	RFC4475_REQ("regescrt", RFC4475_ACCEPT, 0, {0}),
	/* INVITE that accepts no type we can send */
	RFC4475_REQ("sdp01", RFC4475_ACCEPT, 406, {401, 407, 404}),

	/* 3.4 backward compatibility */

	/* no branch, no tag, no Max-Forwards, no Content-Length */
	RFC4475_REQ("inv2543", RFC4475_ACCEPT, 0, {0}),
};

enum { RFC4475_COUNT = sizeof(rfc4475) / sizeof(rfc4475[0]) };

#endif
