/*
 * sip_info.c - digits by INFO, both ways: application/dtmf-relay ("Signal=5", "Duration=160") and application/dtmf (the
 * digit alone), as phones have long used them without an Info-Package (RFC 2976, RFC 6086 section 1).
 *
 * They go one after the other, each once the one before is answered: INFO over UDP keeps no order of its own.
 */
#include <string.h>
#include "call/sip_edge_priv.h"

enum { WAIT_MAX = 32 /**< digits that wait for an answer; further ones are dropped */, MS_MAX = 10000 };

struct sip_info {
	size_t n;
	bool busy;    /**< the first one is on its way */
	bool refused; /**< the peer does not want such requests */
	char digit[WAIT_MAX];
	uint16_t ms[WAIT_MAX];
};

/* ------------------------------------------------------------------ to the peer */

static void next(struct sip_leg *sl);

static void taken(struct sip_leg *sl)
{
	struct sip_info *i = sl->info;

	i->busy = false;
	if (i->n) {
		i->n--;
		memmove(i->digit, i->digit + 1, i->n);
		memmove(i->ms, i->ms + 1, i->n * sizeof(i->ms[0]));
	}
	next(sl);
}

static void response_h(struct sip_ctrans *ct, const struct sip_msg *rsp, void *arg)
{
	struct sip_leg *sl = arg;
	struct sip_info *i = sl->info;
	uint16_t code = rsp->scode;

	(void)ct;
	if (code < 200)
		return;
	if (code == 405 || code == 415 || code == 469 || code == 489 || code == 501) {
		/* what waits goes in the sound, as all that follows */
		i->refused = true;
		log_info("call", "%s: %s takes no digits by INFO (%u)", sl->leg->call->id, sl->leg->party.number, code);
		for (size_t k = 0; k < i->n; k++)
			if (leg_send_digits(sl->leg, slice_mem(&i->digit[k], 1), i->ms[k]))
				break;
		i->n = 0;
	}
	taken(sl);
}

static void failed_h(struct sip_ctrans *ct, int err, void *arg)
{
	(void)ct;
	log_debug("call", "a digit by INFO was not answered: %s", err_str(err));
	taken(arg);
}

static const struct sip_ctrans_ops info_ops = {.response = response_h, .failed = failed_h};

static void next(struct sip_leg *sl)
{
	struct sip_info *i = sl->info;
	char body_mem[64];
	struct buf body;

	while (i->n && !i->busy && sl->inv) {
		buf_init_fixed(&body, body_mem, sizeof(body_mem));
		buf_printf(&body, "Signal=%c\r\nDuration=%u\r\n", i->digit[0], i->ms[0]);
		int err = sip_inv_request(sl->inv, SIP_INFO, SLICE_NULL, SLICE("application/dtmf-relay"),
					  buf_get(&body), &info_ops, sl);
		i->busy = !err;
		if (!err)
			return;
		log_debug("call", "%s: a digit could not be sent by INFO: %s", sl->leg->call->id, err_str(err));
		i->n = 0;
	}
}

int sip_info_digit(struct leg *l, char digit, uint32_t ms)
{
	struct sip_leg *sl = l->proto;
	struct sip_info *i = sl->info;

	if (!i)
		i = sl->info = mem_zalloc(sizeof(*i), NULL);
	if (!i)
		return ENOMEM;
	if (i->refused)
		return ENOTSUP;
	if (i->n == WAIT_MAX)
		return ERR_LIMIT;
	i->digit[i->n] = digit;
	i->ms[i->n++] = (uint16_t)(ms < MS_MAX ? ms : MS_MAX);
	next(sl);
	return 0;
}

bool sip_info_takes(const struct leg *l)
{
	const struct sip_leg *sl = l->proto;

	return sl->inv && sip_inv_peer_allows(sl->inv, SIP_INFO) && !(sl->info && sl->info->refused);
}

/* ------------------------------------------------------------------ from the peer */

/* One sign: "5" "*" "a"; phones also number the other two (10 *, 11 #, as RFC 4733 does) up to 15 D. */
static char digit_of(struct slice v)
{
	static const char keys[] = "0123456789*#ABCD";
	uint32_t n;

	if (v.l == 2 && !slice_u32(v, &n) && n < 16)
		return keys[n];
	if (v.l != 1)
		return 0;
	if (v.p[0] >= 'a' && v.p[0] <= 'd')
		return (char)(v.p[0] - 'a' + 'A');
	return v.p[0] && strchr(keys, v.p[0]) ? v.p[0] : 0;
}

static char body_digit(const struct sip_msg *msg, uint32_t *ms)
{
	struct slice rest = msg->body, line, key;
	char digit = 0;

	*ms = 100;
	if (sip_msg_ctype_is(msg, "application", "dtmf"))
		return digit_of(slice_trim(rest));
	while (rest.l) {
		line = slice_cut(&rest, '\n');
		key = slice_trim(slice_cut(&line, '='));
		line = slice_trim(line);
		if (slice_ieqs(key, "Signal"))
			digit = digit_of(line);
		else if (slice_ieqs(key, "Duration") && (slice_u32(line, ms) || !*ms))
			*ms = 100;
	}
	if (*ms > MS_MAX)
		*ms = MS_MAX;
	return digit;
}

/* We have named no package that we take (RFC 6086 4.2.2): the answer says so. */
static void bad_package(struct sip_strans *st)
{
	static const char lines[] = "Recv-Info: nil\r\n";

	if (sip_reply(st, 469, SLICE_NULL, slice_str(lines), SLICE_NULL, SLICE_NULL))
		sip_reply_simple(st, 469, NULL);
}

void sip_info_in(struct sip_leg *sl, struct sip_strans *st, const struct sip_msg *msg)
{
	uint32_t ms;

	if (sip_msg_hdr_name(msg, SLICE("Info-Package"))) {
		bad_package(st);
		return;
	}
	if (!msg->body.l) {
		sip_reply_simple(st, 200, NULL);
		return;
	}
	if (!sip_msg_ctype_is(msg, "application", "dtmf-relay") && !sip_msg_ctype_is(msg, "application", "dtmf")) {
		edge_reply_hdr(st, 415, SIP_HDR_ACCEPT, "application/dtmf-relay, application/dtmf");
		return;
	}
	char digit = body_digit(msg, &ms);
	if (!digit) {
		sip_reply_simple(st, 400, "Bad Digit");
		return;
	}
	sip_reply_simple(st, 200, NULL);
	leg_ev_dtmf(sl->leg, digit, ms);
}
