/*
 * words.c - status codes (RFC 3261 21) in words that people use.
 */
#include "call/call_priv.h"

const char *hangup_words(uint16_t code)
{
	switch (code) {
	case 200:
		return "normal end";
	case 403:
		return "not allowed";
	case 404:
		return "unknown number";
	case 408:
		return "no answer";
	case 410:
		return "number is no longer in use";
	case 415:
	case 488:
	case 606:
		return "no sound in common";
	case 480:
		return "not available";
	case 482:
	case 483:
		return "the call went in a circle";
	case 484:
		return "number is incomplete";
	case 486:
	case 600:
		return "busy";
	case 487:
		return "cancelled";
	case 491:
		return "both sides changed the call at the same time";
	case 500:
		return "internal fault";
	case 503:
		return "overloaded or shutting down";
	case 603:
		return "declined";
	case 604:
		return "does not exist anywhere";
	case 607:
	case 608:
		return "rejected";
	default:
		return code < 300   ? "normal end"
		       : code < 400 ? "diverted"
		       : code < 500 ? "refused"
		       : code < 600 ? "fault"
				    : "declined";
	}
}
