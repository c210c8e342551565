/*
 * sip_trunk_reg.c - the registration of a trunk (RFC 3261 10.2): at the best server, and at the next one when that one
 * does not answer. Refreshing, waiting and challenges are sip/reg.c's.
 */
#include <stdio.h>
#include <string.h>
#include "call/sip_trunk_priv.h"

static void reg_h(struct sip_reg *r, int err, uint16_t scode, uint32_t expires, const struct sip_msg *rsp, void *arg);

/* The best server now; referenced. NULL: none is known. */
static struct strunk_target *best(struct strunk *st)
{
	struct strunk_target *v[SIP_TARGETS_MAX], *g;
	size_t n = strunk_order(st, v);

	g = n ? v[0] : NULL;
	for (size_t i = 1; i < n; i++)
		mem_deref(v[i]);
	return g;
}

static int enc_uris(struct strunk *st, struct buf *registrar, struct buf *aor)
{
	struct slice user = st->cfg.user;

	buf_str(registrar, "sip:");
	strunk_enc_domain(st, st->reg_at, registrar);
	buf_str(aor, "sip:");
	if (user.l) {
		sip_enc_user(aor, user);
		buf_char(aor, '@');
	}
	strunk_enc_domain(st, st->reg_at, aor);
	return registrar->err ? registrar->err : aor->err;
}

static void failed_to_start(struct strunk *st, int err)
{
	snprintf(st->reg_why, sizeof(st->reg_why), "registering is not possible: %s", err_str(err));
	st->reg_failed = true;
	st->reg_busy = false;
	strunk_judge(st);
}

static void begin(struct strunk *st)
{
	char registrar_mem[300], aor_mem[400];
	struct sip_reg_cfg c = {.contact_user = slice_str(st->token), .expires = st->cfg.expires_s};
	struct buf registrar, aor;
	int err;

	st->reg_at = best(st);
	if (!st->reg_at)
		return;
	buf_init_fixed(&registrar, registrar_mem, sizeof(registrar_mem));
	buf_init_fixed(&aor, aor_mem, sizeof(aor_mem));
	err = enc_uris(st, &registrar, &aor);
	c.registrar = buf_get(&registrar);
	c.aor = buf_get(&aor);
	c.dest = st->reg_at->dest;
	strunk_cred(st, &c.cred);
	st->reg_busy = true;
	st->reg_sent_ms = loop_now_ms(st->edge->loop);
	if (!err)
		err = sip_reg_start(&st->reg, st->edge->sip, &c, reg_h, st);
	if (err) {
		st->reg_at = mem_deref(st->reg_at);
		failed_to_start(st, err);
	}
	strunk_judge(st);
}

/* Somewhere else, at once: the old place gets nothing more. */
static void move_to(struct strunk *st, struct strunk_target *g)
{
	mem_deref(st->reg_at);
	st->reg_at = mem_ref(g);
	st->reg_busy = true;
	st->reg_sent_ms = loop_now_ms(st->edge->loop);
	sip_reg_move(st->reg, &g->dest);
}

/* The server does not answer: the next one that may. False: all were tried, the wait before the next try runs. */
static bool next_server(struct strunk *st)
{
	struct strunk_target *g;
	bool moved = false;

	if (++st->reg_moves >= st->targets.n)
		return false;
	g = best(st);
	if (g && g != st->reg_at && g->health != ST_DEAD) {
		move_to(st, g);
		moved = true;
	}
	mem_deref(g);
	return moved;
}

static void registered(struct strunk *st, uint32_t expires, const struct sip_msg *rsp)
{
	char where[80], text[160];
	uint64_t ms = loop_now_ms(st->edge->loop) - st->reg_sent_ms;

	st->reg_failed = false;
	st->reg_moves = 0;
	st->reg_until = loop_wall_ms(st->edge->loop) + 1000 * (int64_t)expires;
	if (st->reg_at) {
		/* a refresh is timed by sip/reg.c: only a first answer tells the round trip */
		st->reg_at->rtt_ms = st->reg_busy ? (ms ? (uint32_t)ms : 1) : st->reg_at->rtt_ms;
		snprintf(text, sizeof(text), "registered with %s for %u s",
			 strunk_where_words(st->reg_at, where, sizeof(where)), expires);
		strunk_note(st, "register", rsp->scode, st->reg_at->rtt_ms, text);
		strunk_target_alive(st->reg_at);
	}
	st->reg_busy = false;
}

static void refused(struct strunk *st, int err, uint16_t scode, const struct sip_msg *rsp)
{
	struct strunk_target *g = st->reg_at;
	char why[200];

	st->reg_busy = false;
	strunk_reg_words(st, err, scode, rsp, why, sizeof(why));
	if (!st->reg_failed || strcmp(why, st->reg_why))
		log_warn("trunk", "%.*s: %s", SLICE_FMT(st->cfg.name), why);
	memcpy(st->reg_why, why, sizeof(why));
	strunk_note(st, "register", scode, 0, why);
	st->reg_failed = true;
	if (scode && scode != 503) {
		st->reg_until = 0;
		if (g)
			strunk_target_alive(g); /* it answers, though not as we wish */
		return;
	}
	if (st->reg_until <= loop_wall_ms(st->edge->loop))
		st->reg_until = 0;
	if (g)
		strunk_target_dead(g, scode ? "says that it cannot work now (503)" : strunk_fail_words(g, err),
				   scode == 503);
	if (st->reg_at == g)
		(void)next_server(st);
}

static void reg_h(struct sip_reg *r, int err, uint16_t scode, uint32_t expires, const struct sip_msg *rsp, void *arg)
{
	struct strunk *st = arg;

	(void)r;
	if (scode >= 200 && scode < 300 && expires) {
		registered(st, expires, rsp);
	} else if (scode >= 200 && scode < 300) {
		st->reg_until = 0;
		st->reg_busy = false;
		st->reg_failed = true;
		snprintf(st->reg_why, sizeof(st->reg_why), "the registration was accepted but not kept (%u)", scode);
	} else {
		refused(st, err, scode, rsp);
	}
	strunk_judge(st);
}

void strunk_reg_start(struct strunk *st)
{
	st->reg_failed = false;
	st->reg_until = 0;
	st->reg_moves = 0;
	strunk_reg_look(st);
}

void strunk_reg_stop(struct strunk *st)
{
	timer_stop(&st->reg_timer);
	/* only what is registered need be taken back, and a dead server would not hear it */
	if (st->reg && st->reg_until > loop_wall_ms(st->edge->loop))
		sip_reg_leave(st->reg);
	else
		mem_deref(st->reg);
	st->reg = NULL;
	st->reg_at = mem_deref(st->reg_at);
	st->reg_until = 0;
	st->reg_busy = false;
}

void strunk_reg_now(struct strunk *st)
{
	if (!st->reg) {
		strunk_reg_look(st);
		return;
	}
	if (st->reg_busy || !st->reg_at || !st->reg_at->st)
		return;
	st->reg_busy = true;
	st->reg_sent_ms = loop_now_ms(st->edge->loop);
	sip_reg_move(st->reg, &st->reg_at->dest);
	strunk_judge(st);
}

void strunk_reg_look(struct strunk *st)
{
	struct strunk_target *g;

	if (!st->cfg.registers || !st->edge)
		return;
	if (!st->reg) {
		begin(st);
		return;
	}
	if (st->reg_at && st->reg_at->st && st->reg_at->health != ST_DEAD)
		return;
	/* its server is gone or dead: where another one lives, go there */
	g = best(st);
	if (g && g != st->reg_at && g->health != ST_DEAD)
		move_to(st, g);
	mem_deref(g);
}
