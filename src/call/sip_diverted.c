/*
 * sip_diverted.c - calls that were passed on, in Diversion (RFC 5806) and History-Info (RFC 7044), and calls that go in
 * a circle through other systems, where Max-Forwards counts for nothing.
 */
#include <string.h>
#include "call/sip_identity.h"
#include "wire/sip/diversion.h"
#include "wire/sip/history_info.h"
#include "wire/sip/reason_value.h"

enum {
	SELF_MAX = 5,   /* times that one number of ours may stand in History-Info */
	TIMES_MAX = 10, /* diversions that a call may have behind it */
	READ_MAX = 64   /* values that are looked at */
};

/* By enum divert_reason: word of Diversion, cause of History-Info (RFC 4458 3.2). */
static const struct {
	const char *word;
	uint16_t cause;
} reasons[] = {
	[DIVERT_UNKNOWN] = {"unknown", 404},         [DIVERT_BUSY] = {"user-busy", 486},
	[DIVERT_NO_ANSWER] = {"no-answer", 408},     [DIVERT_ALWAYS] = {"unconditional", 302},
	[DIVERT_UNAVAILABLE] = {"unavailable", 503}, [DIVERT_DND] = {"do-not-disturb", 480},
	[DIVERT_DEFLECTED] = {"deflection", 487},
};

static enum divert_reason of_word(struct slice word)
{
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (slice_ieqs(word, reasons[i].word))
			return (enum divert_reason)i;
	return slice_ieqs(word, "out-of-service") || slice_ieqs(word, "away") ? DIVERT_UNAVAILABLE : DIVERT_UNKNOWN;
}

static enum divert_reason of_cause(uint16_t cause)
{
	if (cause == 600)
		return DIVERT_BUSY;
	if (cause >= 300 && cause < 400)
		return DIVERT_ALWAYS;
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].cause == cause)
			return (enum divert_reason)i;
	return DIVERT_UNKNOWN;
}

/* ------------------------------------------------------------------ reading */

static void add(struct call *c, const struct sip_addr *a, enum divert_reason reason, uint32_t times, bool hidden)
{
	char number[64], name[96];
	struct diversion *v;

	if (!edge_user(number, sizeof(number), &a->uri))
		return;
	sip_identity_text(name, sizeof(name), a->display);
	if (call_divert(c, number, name, reason))
		return;
	v = &c->diverted->v[c->diverted->n - 1];
	v->times = times < UINT16_MAX ? (uint16_t)times : UINT16_MAX;
	v->from.hidden = hidden;
}

/* Newest first in the message, oldest first with us. */
static void read_diversion(struct call *c, const struct sip_msg *msg)
{
	struct sip_val_iter it = {0};
	struct slice v[DIVERTED_MAX];
	struct sip_diversion d;
	size_t n = 0;

	while (n < DIVERTED_MAX && sip_msg_next_val(msg, SIP_HDR_DIVERSION, &it, &v[n]))
		n++;
	while (n--)
		if (!sip_diversion_decode(&d, v[n]))
			add(c, &d.addr, of_word(d.reason), d.counter, sip_diversion_hidden(&d));
}

/* An entry with a cause is one that passed the call on; the others were merely on the way. */
static void read_history(struct call *c, const struct sip_msg *msg)
{
	struct sip_val_iter it = {0};
	struct sip_history h;
	struct slice v;

	for (int i = 0; i < READ_MAX && sip_msg_next_val(msg, SIP_HDR_HISTORY_INFO, &it, &v); i++) {
		if (sip_history_decode(&h, v))
			continue;
		uint16_t cause = sip_history_cause(&h);

		if (cause >= 300)
			add(c, &h.addr, of_cause(cause), 1, sip_history_hidden(&h));
	}
}

void sip_diverted_read(struct call *c, const struct sip_msg *msg)
{
	if (sip_msg_hdr(msg, SIP_HDR_DIVERSION))
		read_diversion(c, msg);
	else
		read_history(c, msg);
}

enum divert_reason sip_diverted_why(const struct sip_msg *rsp)
{
	struct sip_diversion d;
	struct sip_reason_causes rc;
	struct sip_val_iter it = {0};
	struct slice v;

	if (sip_msg_next_val(rsp, SIP_HDR_DIVERSION, &it, &v) && !sip_diversion_decode(&d, v) && d.reason.l)
		return of_word(d.reason);
	sip_reason_causes(rsp, &rc);
	return rc.sip >= 300 ? of_cause(rc.sip) : DIVERT_ALWAYS;
}

/* ------------------------------------------------------------------ writing */

static void enc_uri(struct buf *b, const char *number, struct slice host)
{
	buf_str(b, "sip:");
	sip_enc_user(b, slice_str(number));
	buf_char(b, '@');
	buf_slice(b, host);
}

/* One line each, newest first. */
static void enc_diversion(struct buf *b, const struct diversion *v, struct slice host)
{
	buf_str(b, "Diversion: ");
	if (v->from.name[0]) {
		sip_enc_quoted(b, slice_str(v->from.name));
		buf_char(b, ' ');
	}
	buf_char(b, '<');
	enc_uri(b, v->from.number, host);
	buf_printf(b, ">;reason=%s", reasons[v->reason].word);
	buf_str(b, v->from.hidden ? ";privacy=full" : "");
	if (v->times > 1)
		buf_printf(b, ";counter=%u", v->times);
	buf_str(b, "\r\n");
}

static void enc_history(struct buf *b, const struct party *who, uint16_t cause, unsigned depth, struct slice host)
{
	char mem[320];
	struct buf uri;
	struct sip_history_out o = {.cause = cause, .hidden = who->hidden, .depth = depth, .how = SIP_HISTORY_MP};

	buf_init_fixed(&uri, mem, sizeof(mem));
	enc_uri(&uri, who->number, host);
	if (buf_err(&uri))
		return;
	o.uri = buf_get(&uri);
	o.display = slice_str(who->name);
	buf_str(b, "History-Info: ");
	sip_history_encode(b, &o);
	buf_str(b, "\r\n");
}

void sip_diverted_enc(struct buf *b, const struct diverted *d, size_t n, const char *to, struct slice host,
		      bool trusted)
{
	struct party target = {{0}};
	unsigned depth = 0;

	if (n > d->n)
		n = d->n;
	for (size_t i = n; i-- > 0;)
		if (trusted || !d->v[i].from.hidden)
			enc_diversion(b, &d->v[i], host);
	for (size_t i = 0; i < n; i++)
		if (trusted || !d->v[i].from.hidden)
			enc_history(b, &d->v[i].from, reasons[d->v[i].reason].cause, ++depth, host);
	if (!depth)
		return;
	(void)slice_copy(target.number, sizeof(target.number), slice_str(to));
	enc_history(b, &target, 0, depth + 1, host);
}

/* ------------------------------------------------------------------ circles */

static uint32_t times_diverted(const struct sip_msg *msg)
{
	struct sip_val_iter it = {0};
	struct sip_diversion d;
	struct slice v;
	uint32_t n = 0;

	for (int i = 0; i < READ_MAX && n <= TIMES_MAX && sip_msg_next_val(msg, SIP_HDR_DIVERSION, &it, &v); i++)
		if (!sip_diversion_decode(&d, v))
			n = d.counter > TIMES_MAX ? d.counter : n + d.counter;
	return n;
}

/* How often this number of ours was a target already. */
static unsigned times_here(struct edge *e, const struct sip_msg *msg, const char *dialled)
{
	struct sip_val_iter it = {0};
	struct sip_history h;
	struct slice v;
	char user[64];
	unsigned n = 0;

	for (int i = 0; i < READ_MAX && sip_msg_next_val(msg, SIP_HDR_HISTORY_INFO, &it, &v); i++)
		if (!sip_history_decode(&h, v) && edge_user(user, sizeof(user), &h.addr.uri) &&
		    !strcmp(user, dialled) && edge_is_self(e, msg, &h.addr.uri))
			n++;
	return n;
}

uint16_t sip_diverted_loop(struct edge *e, const struct sip_msg *msg, const char *dialled, const char **words)
{
	if (times_diverted(msg) > TIMES_MAX) {
		*words = "Diverted Too Often";
		return 483;
	}
	if (times_here(e, msg, dialled) > SELF_MAX) {
		*words = "Loop Detected By History-Info";
		return 482;
	}
	if (!sip_msg_hdr(msg, SIP_HDR_REPLACES) && sip_session_known(e, msg, dialled)) {
		*words = "Loop Detected By Session-ID";
		return 482;
	}
	return 0;
}
