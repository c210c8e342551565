/*
 * sip_trunk_check.c - are the servers there? OPTIONS to each address at intervals (RFC 3261 11). Any answer but 503 is
 * a sign of life; its delay is the round trip.
 */
#include <stdio.h>
#include "base/rand.h"
#include "call/sip_trunk_priv.h"
#include "sip/dialog.h"

static void drop(struct strunk_target *g)
{
	if (g->ct)
		sip_ctrans_detach(g->ct);
	g->ct = mem_deref(g->ct);
	timer_stop(&g->patience);
}

void strunk_target_idle(struct strunk_target *g)
{
	if (g->ct)
		drop(g);
}

static void no_answer(struct strunk_target *g, int err)
{
	const char *why = strunk_fail_words(g, err);
	struct strunk *st = g->st;
	char where[80], text[280];

	drop(g);
	snprintf(text, sizeof(text), "%s %s", strunk_where_words(g, where, sizeof(where)), why);
	strunk_note(st, "options", 0, 0, text);
	strunk_target_dead(g, why, false);
	strunk_judge(st);
}

static void late(void *arg)
{
	no_answer(arg, ETIMEDOUT);
}

static void failed_h(struct sip_ctrans *ct, int err, void *arg)
{
	(void)ct;
	no_answer(arg, err);
}

static void response_h(struct sip_ctrans *ct, const struct sip_msg *rsp, void *arg)
{
	struct strunk_target *g = arg;
	struct strunk *st = g->st;
	char where[80], code[64], text[240];
	uint64_t ms;

	(void)ct;
	if (rsp->scode < 200)
		return;
	ms = loop_now_ms(st->edge->loop) - g->sent_ms;
	drop(g);
	g->rtt_ms = ms ? (uint32_t)ms : 1;
	strunk_code_words(rsp->scode, rsp, code, sizeof(code));
	snprintf(text, sizeof(text), "%s answers %s", strunk_where_words(g, where, sizeof(where)), code);
	strunk_note(st, "options", rsp->scode, g->rtt_ms, text);
	if (rsp->scode == 503) {
		snprintf(text, sizeof(text), "says that it cannot work now (%s)", code);
		strunk_target_dead(g, text, false);
	} else {
		strunk_target_alive(g);
	}
	strunk_judge(st);
}

static int enc_headers(struct buf *b, struct strunk_target *g)
{
	struct strunk *st = g->st;
	char tag[SIP_TAG_LEN + 1], id[23];
	int err;

	sip_make_tag(tag);
	buf_str(b, "From: <sip:");
	if (strunk_from_user(st).l) {
		sip_enc_user(b, strunk_from_user(st));
		buf_char(b, '@');
	}
	strunk_enc_domain(st, g, b);
	buf_printf(b, ">;tag=%s\r\nTo: <sip:", tag);
	strunk_enc_domain(st, g, b);
	buf_printf(b, ">\r\nCall-ID: %s\r\nCSeq: 1 OPTIONS\r\nContact: ", rand_text(id, sizeof(id) - 1));
	err = sip_enc_contact(b, st->edge->sip, &g->dest, strunk_from_user(st));
	buf_str(b, "\r\nAccept: application/sdp\r\n");
	return err ? err : buf_err(b);
}

static int ask(struct strunk_target *g)
{
	static const struct sip_ctrans_ops ops = {.response = response_h, .failed = failed_h};
	struct strunk *st = g->st;
	struct sip_request q = {.m = SIP_OPTIONS, .dest = g->dest};
	char uri_mem[300];
	struct buf b, uri;
	int err;

	buf_init(&b);
	buf_init_fixed(&uri, uri_mem, sizeof(uri_mem));
	buf_str(&uri, "sip:");
	strunk_enc_domain(st, g, &uri);
	err = enc_headers(&b, g);
	q.uri = buf_get(&uri);
	q.hdrs = buf_get(&b);
	if (!err)
		err = sip_request(&g->ct, st->edge->sip, &q, &ops, g);
	buf_free(&b);
	if (err)
		return err;
	g->sent_ms = loop_now_ms(st->edge->loop);
	timer_start(&g->patience, st->edge->loop, st->cfg.answer_ms ? st->cfg.answer_ms : STRUNK_ANSWER_MS, late, g);
	return 0;
}

static void ask_all(struct strunk *st)
{
	LIST_EACH (&st->targets, k) {
		struct strunk_target *g = LINK_OBJ(k, struct strunk_target, le);
		int err = g->ct ? 0 : ask(g);

		if (err)
			strunk_target_dead(g, strunk_fail_words(g, err), false);
	}
	strunk_judge(st);
}

/* A tenth of the interval by chance, lest all trunks ask at once. */
static void arm(struct strunk *st);

static void due(void *arg)
{
	struct strunk *st = arg;

	ask_all(st);
	arm(st);
}

static void arm(struct strunk *st)
{
	uint32_t ms = st->cfg.check_s * 1000;

	if (ms)
		timer_start(&st->check, st->edge->loop, ms - rand_below(ms / 10 + 1), due, st);
}

void strunk_check_start(struct strunk *st)
{
	LIST_EACH (&st->targets, k)
		strunk_target_unchecked(LINK_OBJ(k, struct strunk_target, le));
	arm(st);
}

void strunk_check_stop(struct strunk *st)
{
	timer_stop(&st->check);
	LIST_EACH (&st->targets, k)
		strunk_target_idle(LINK_OBJ(k, struct strunk_target, le));
}

void strunk_check_now(struct strunk *st)
{
	if (!st->cfg.check_s)
		return;
	ask_all(st);
}
