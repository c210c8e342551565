/*
 * moves.c - what a call's record says of its transfers: who sent a party where, and how that went. Kept apart, so that
 * the calls that never see one stay small.
 */
#include <stdio.h>
#include <string.h>
#include "call/call_priv.h"

struct moves {
	size_t n;     /* of v; the last one stands for all that did not fit */
	size_t tries; /* transfers begun */
	struct move_record v[RECORD_MOVES];
	char hung_up[64]; /* who ended the call */
};

bool moves_begin(struct call *c, const char *how, const char *by, const char *to)
{
	struct move_record *r;

	if (!c->moves)
		c->moves = mem_zalloc(sizeof(*c->moves), NULL);
	if (!c->moves || c->moves->tries >= MOVES_TRIES)
		return false;
	c->moves->tries++;
	if (c->moves->n < RECORD_MOVES)
		c->moves->n++;
	r = &c->moves->v[c->moves->n - 1];
	memset(r, 0, sizeof(*r));
	r->how = how;
	r->at_ms = loop_wall_ms(c->calls->loop);
	(void)slice_copy(r->by, sizeof(r->by), slice_str(by));
	(void)slice_copy(r->to, sizeof(r->to), call_shown(to));
	return true;
}

void moves_end(struct call *c, uint16_t code)
{
	struct moves *m = c->moves;

	if (m && m->n && !m->v[m->n - 1].code)
		m->v[m->n - 1].code = code;
}

void moves_hung_up(struct call *c, const struct leg *l)
{
	if (c->moves)
		(void)slice_copy(c->moves->hung_up, sizeof(c->moves->hung_up), slice_str(l->party.number));
}

void moves_record(struct call_record *r, const struct call *c)
{
	r->nmoves = c->moves ? c->moves->n : 0;
	for (size_t i = 0; i < r->nmoves; i++)
		r->move[i] = c->moves->v[i];
}

static void one(struct buf *b, const struct move_record *m)
{
	if (!strcmp(m->how, "pickup"))
		buf_printf(b, "%.24s took it from %.24s", m->to, m->by);
	else if (!strcmp(m->how, "recall"))
		buf_printf(b, "%.24s was called back", m->to);
	else
		buf_printf(b, "%s to %.24s by %.24s", m->code == 200 ? "transferred" : "transfer", m->to, m->by);
	if (m->code && m->code != 200)
		buf_printf(b, " failed: %.24s", hangup_words(m->code));
}

bool moves_words(char *dst, size_t size, const struct call *c)
{
	const struct moves *m = c->moves;
	char text[400];
	struct buf b;

	if (!m || !m->n)
		return false;
	buf_init_fixed(&b, text, sizeof(text));
	for (size_t i = m->n > 2 ? m->n - 2 : 0; i < m->n; i++) {
		one(&b, &m->v[i]);
		buf_str(&b, "; ");
	}
	if (m->hung_up[0])
		buf_printf(&b, "%.24s hung up", m->hung_up);
	else if (c->end_text)
		buf_printf(&b, "%.60s", c->end_text);
	else if (c->ended_by)
		buf_str(&b, "the system hung up");
	(void)slice_copy(dst, size, buf_err(&b) ? SLICE("transferred") : buf_get(&b));
	return true;
}
