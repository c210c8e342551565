/*
 * digits.c - digits of a call, out and in: by telephone-event (RFC 4733), by INFO (application/dtmf-relay,
 * application/dtmf), as tones in the sound.
 */
#include <string.h>
#include "ua/ua_priv.h"

enum { DIGITS_MAX = 64, DIGIT_MS = 100 };

/** Those that go by INFO, one after the other. */
struct ua_info {
	size_t n;
	bool busy; /**< the first one is on its way */
	char digit[DIGITS_MAX];
};

static bool is_digit(char c)
{
	return c && strchr("0123456789*#ABCDabcd", c);
}

/* ------------------------------------------------------------------ INFO out */

static void next(struct oh_call *c);

static void taken(struct oh_call *c)
{
	struct ua_info *i = c->info;

	i->busy = false;
	i->n--;
	memmove(i->digit, i->digit + 1, i->n);
	next(c);
}

static void response_h(struct sip_ctrans *ct, const struct sip_msg *rsp, void *arg)
{
	(void)ct;
	if (rsp->scode >= 200)
		taken(arg);
}

static void failed_h(struct sip_ctrans *ct, int err, void *arg)
{
	(void)ct;
	(void)err;
	taken(arg);
}

static const struct sip_ctrans_ops info_ops = {.response = response_h, .failed = failed_h};

static void next(struct oh_call *c)
{
	struct ua_info *i = c->info;
	char mem[48];
	struct buf b;

	if (!i->n || i->busy)
		return;
	buf_init_fixed(&b, mem, sizeof(mem));
	buf_printf(&b, "Signal=%c\r\nDuration=%d\r\n", i->digit[0], DIGIT_MS);
	int err = sip_inv_request(c->inv, SIP_INFO, SLICE_NULL, SLICE("application/dtmf-relay"), buf_get(&b), &info_ops,
				  c);
	i->busy = !err;
	if (!err)
		return;
	log_warn("ua", "digits could not be sent: %s", err_str(err));
	i->n = 0;
}

static int info_out(struct oh_call *c, struct slice digits)
{
	if (!c->answered || !c->inv)
		return OH_ERR_STATE;
	for (size_t i = 0; i < digits.l; i++)
		if (!is_digit(digits.p[i]))
			return EINVAL;
	if (!c->info)
		c->info = mem_zalloc(sizeof(*c->info), NULL);
	if (!c->info)
		return ENOMEM;
	if (!digits.l || digits.l > DIGITS_MAX - c->info->n)
		return EINVAL;
	memcpy(c->info->digit + c->info->n, digits.p, digits.l);
	c->info->n += digits.l;
	next(c);
	return 0;
}

/* ------------------------------------------------------------------ out */

static enum oh_dtmf_way best_way(const struct oh_call *c)
{
	if (mstream_takes_events(c->audio))
		return OH_DTMF_EVENT;
	return c->inv && sip_inv_peer_allows(c->inv, SIP_INFO) ? OH_DTMF_INFO : OH_DTMF_SOUND;
}

int oh_call_dtmf_by(struct oh_call *c, const char *digits, enum oh_dtmf_way way)
{
	if (c->ended || !c->audio)
		return OH_ERR_STATE;
	if (way == OH_DTMF_AUTO)
		way = best_way(c);
	if (way == OH_DTMF_INFO)
		return info_out(c, slice_str(digits));
	return mstream_digits(c->audio, slice_str(digits), way == OH_DTMF_EVENT ? MDIGIT_EVENT : MDIGIT_TONES,
			      DIGIT_MS);
}

int oh_call_dtmf(struct oh_call *c, const char *digits)
{
	return oh_call_dtmf_by(c, digits, OH_DTMF_AUTO);
}

/* ------------------------------------------------------------------ INFO in */

/* "Signal=5" of application/dtmf-relay. */
static struct slice signal_of(struct slice body)
{
	while (body.l) {
		struct slice line = slice_cut(&body, '\n');
		struct slice name = slice_trim(slice_cut(&line, '='));

		if (slice_ieqs(name, "Signal"))
			return slice_trim(line);
	}
	return SLICE_NULL;
}

void ua_info_in(struct oh_call *c, struct sip_strans *st, const struct sip_msg *req)
{
	bool relay = sip_msg_ctype_is(req, "application", "dtmf-relay");
	struct slice v;

	if (!req->body.l) {
		sip_reply_simple(st, 200, NULL);
		return;
	}
	if (!relay && !sip_msg_ctype_is(req, "application", "dtmf")) {
		sip_reply_simple(st, 415, NULL);
		return;
	}
	v = relay ? signal_of(req->body) : slice_trim(req->body);
	if (v.l != 1 || !is_digit(v.p[0])) {
		sip_reply_simple(st, 400, "Bad Digit");
		return;
	}
	sip_reply_simple(st, 200, NULL);
	ua_tell_digit(c, v.p[0]);
}
