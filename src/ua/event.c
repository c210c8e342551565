/*
 * event.c - what the application is told.
 */
#include "ua/ua_priv.h"

static void tell(struct oh_ua *ua, const struct oh_event *ev)
{
	if (ua && ua->on_event)
		ua->on_event(ua, ev, ua->arg);
}

void ua_tell_account(struct oh_account *a, enum oh_event_type t, unsigned code, const char *text, uint32_t expires)
{
	const struct oh_event ev = {
		.type = t, .account = a, .code = code, .text = text ? text : "", .expires = expires};

	tell(a->ua, &ev);
}

static struct oh_event call_event(struct oh_call *c, enum oh_event_type t)
{
	return (struct oh_event){.type = t,
				 .account = c->acct,
				 .call = c,
				 .text = "",
				 .peer = c->peer ? c->peer : "",
				 .peer_name = c->peer_name ? c->peer_name : ""};
}

void ua_tell_call(struct oh_call *c, enum oh_event_type t, unsigned code, const char *text)
{
	struct oh_event ev = call_event(c, t);

	ev.code = code;
	if (text)
		ev.text = text;
	tell(c->ua, &ev);
}

void ua_tell_digit(struct oh_call *c, char digit)
{
	struct oh_event ev = call_event(c, OH_CALL_DTMF);

	ev.digit = digit;
	tell(c->ua, &ev);
}

const char *ua_text(char *dst, struct slice s)
{
	(void)slice_copy(dst, UA_TEXT, s);
	return dst;
}
