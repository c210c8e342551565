/*
 * sip_registrar.c - the protocol part of the registrar (RFC 3261 10.3): for whom, by whom, how long; the location keeps
 * the contacts and watches the order of CSeq.
 */
#include <stdio.h>
#include <time.h>
#include "call/sip_edge_priv.h"

/* A REGISTER that waits for the location. */
struct reg_update {
	struct link le;        /* in edge->updates */
	struct edge *edge;     /* NULL: the edge is gone */
	struct sip_strans *st; /* referenced */
};

/* "07" */
static void put2(struct buf *b, int v)
{
	buf_char(b, (char)('0' + v / 10 % 10));
	buf_char(b, (char)('0' + v % 10));
}

/* RFC 3261 20.17; not strftime, whose names depend on the locale. */
static void enc_date(struct buf *b, int64_t wall_ms)
{
	static const char day[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char mon[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
				      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm;

	if (!gmtime_r(&t, &tm))
		return;
	buf_str(b, "Date: ");
	buf_str(b, day[tm.tm_wday]);
	buf_str(b, ", ");
	put2(b, tm.tm_mday);
	buf_char(b, ' ');
	buf_str(b, mon[tm.tm_mon]);
	buf_char(b, ' ');
	buf_u64(b, (uint64_t)tm.tm_year + 1900);
	buf_char(b, ' ');
	put2(b, tm.tm_hour);
	buf_char(b, ':');
	put2(b, tm.tm_min);
	buf_char(b, ':');
	put2(b, tm.tm_sec);
	buf_str(b, " GMT\r\n");
}

static void enc_contact(struct buf *b, const struct contact *c, int64_t now)
{
	int64_t left = c->expires_ms - now;
	unsigned s = left > 0 ? (unsigned)((left + 999) / 1000) : 0;

	buf_str(b, "Contact: <");
	buf_slice(b, c->uri);
	buf_str(b, ">;expires=");
	buf_u64(b, s);
	if (c->q < 1000) {
		buf_str(b, ";q=0.");
		buf_char(b, (char)('0' + c->q / 100));
		put2(b, c->q % 100);
	}
	buf_str(b, "\r\n");
}

static void reply_ok(struct edge *e, struct sip_strans *st, const struct location *now)
{
	char block[LOCATION_MAX * (CONTACT_URI_MAX + 64) + 128 + 2 * EDGE_PATH_MAX];
	int64_t wall = loop_wall_ms(e->loop);
	struct buf b;

	buf_init_fixed(&b, block, sizeof(block));
	for (size_t i = 0; now && i < now->n; i++) {
		enc_contact(&b, now->v[i], wall);
		edge_flow_hold(e, now->v[i]->flow, now->v[i]->expires_ms);
	}
	edge_path_answer(&b, sip_strans_msg(st));
	enc_date(&b, wall);
	/* if it is lost, the phone asks again, and the same is done again: no transaction need remember it for 32 s */
	sip_strans_brief(st);
	if (sip_reply(st, 200, SLICE_NULL, buf_get(&b), SLICE_NULL, SLICE_NULL))
		log_debug("call", "the answer to a REGISTER could not be sent");
}

/* A registration makes a friend of its address, for as long as it lasts. */
static void befriend(struct edge *e, struct sip_strans *st, const struct location *now)
{
	const struct sip_msg *msg = sip_strans_msg(st);
	int64_t until = 0, wall = loop_wall_ms(e->loop);

	if (!e->guard || !msg)
		return;
	for (size_t i = 0; now && i < now->n; i++)
		if (now->v[i]->expires_ms > until && sa_eq(&now->v[i]->src, &msg->src))
			until = now->v[i]->expires_ms;
	guard_good(e->guard, &msg->src, until > wall ? loop_now_ms(e->loop) + (uint64_t)(until - wall) : 0);
}

static void updated_h(uint16_t scode, const char *err_reason, const struct location *now, void *arg)
{
	struct reg_update *ru = arg;
	struct edge *e = ru->edge;

	if (e && e->sip) {
		list_unlink(&ru->le);
		if (scode == 200) {
			befriend(e, ru->st, now);
			edge_keep_note(e, now);
			reply_ok(e, ru->st, now);
		} else {
			sip_reply_simple(ru->st, scode, err_reason);
		}
	}
	mem_deref(ru->st);
	mem_deref(ru);
}

void edge_registrar_end(struct edge *e)
{
	LIST_EACH (&e->updates, k) {
		LINK_OBJ(k, struct reg_update, le)->edge = NULL;
		list_unlink(k);
	}
}

static void hand_over(struct edge *e, struct sip_strans *st, const struct location_update *u)
{
	struct reg_update *ru = mem_zalloc(sizeof(*ru), NULL);

	if (!ru) {
		sip_reply_simple(st, 500, NULL);
		return;
	}
	ru->edge = e;
	ru->st = mem_ref(st);
	list_append(&e->updates, &ru->le);
	e->location->update(u, updated_h, ru, e->location_arg);
}

/* Whose registration this is, and may the sender change it? Answers if not. */
static bool allowed(struct edge *e, struct sip_strans *st, const struct sip_msg *msg, char aor[128])
{
	char from[128], user[128];

	if (!edge_is_ours(e, msg, &msg->uri) || !edge_is_ours(e, msg, &msg->to.uri)) {
		sip_reply_simple(st, 404, "Not Our Domain");
		return false;
	}
	if (!edge_user(aor, 128, &msg->to.uri)) {
		sip_reply_simple(st, 404, NULL);
		return false;
	}
	if (!edge_auth(e, st, msg, false, user))
		return false;
	if (!edge_user(from, sizeof(from), &msg->from.uri) || !slice_eqs(slice_str(aor), from) ||
	    !slice_eqs(slice_str(aor), user)) {
		sip_reply_simple(st, 403, NULL);
		return false;
	}
	return true;
}

void edge_register(struct edge *e, struct sip_strans *st, const struct sip_msg *msg)
{
	struct contact contacts[LOCATION_MAX];
	struct location_update u = {0};
	const char *why;
	char aor[128], min[16], path[EDGE_PATH_MAX];
	uint16_t code;

	if (!allowed(e, st, msg, aor))
		return;
	u.aor = slice_str(aor);
	code = edge_bindings(e, msg, contacts, &u, &why, path);
	if (code == 423) {
		snprintf(min, sizeof(min), "%u", e->location->min_expires);
		edge_reply_hdr(st, 423, SIP_HDR_MIN_EXPIRES, min);
	} else if (code) {
		sip_reply_simple(st, code, why);
	} else {
		hand_over(e, st, &u);
	}
}
