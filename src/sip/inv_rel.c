/*
 * inv_rel.c - our provisional answers that must not get lost (RFC 3262 3): numbered, repeated until the PRACK, one
 * after the other; a 2xx waits for those that carry a description.
 */
#include "sip/inv_priv.h"

#include "base/rand.h"

/** An answer that waits for the PRACK of the one before. */
struct item {
	struct link le;
	char *keep;
	struct slice hdrs, ctype, body;
	uint16_t scode;
};

struct inv_rel {
	struct list q;
	struct rbuf *cur; /**< in flight */
	struct timer tm;
	uint64_t deadline; /**< ms */
	uint32_t interval; /**< ms until it is repeated */
	uint32_t rseq;     /**< last one used */
	bool sdp;          /**< the one in flight has a description */
	bool offer;        /**< ... which is an offer */
};

static void item_free(struct item *it)
{
	list_unlink(&it->le);
	mem_deref(it->keep);
	mem_deref(it);
}

static void rel_destroy(void *obj)
{
	struct inv_rel *r = obj;

	timer_stop(&r->tm);
	LIST_EACH (&r->q, k)
		item_free(LINK_OBJ(k, struct item, le));
	mem_deref(r->cur);
}

void sx_rel_free(struct inv_sx *sx)
{
	sx->rel = mem_deref(sx->rel);
}

bool sx_rel_busy(const struct inv_sx *sx)
{
	return sx->rel && sx->rel->cur;
}

static int rel_make(struct inv_sx *sx)
{
	if (sx->rel)
		return 0;
	sx->rel = mem_zalloc(sizeof(*sx->rel), rel_destroy);
	if (!sx->rel)
		return ENOMEM;
	sx->rel->rseq = rand_below(0x7fffff00); /* RFC 3262 3: the first is below 2^31 */
	return 0;
}

static int line_up(struct inv_sx *sx, uint16_t scode, struct slice hdrs, struct slice ctype, struct slice body)
{
	struct item *it;
	int err;

	if (sx->rel->q.n >= INV_RELIABLE_MAX)
		return ERR_LIMIT;
	it = mem_zalloc(sizeof(*it), NULL);
	if (!it)
		return ENOMEM;
	*it = (struct item){.scode = scode, .hdrs = hdrs, .ctype = ctype, .body = body};
	err = inv_keep(&it->keep, &it->hdrs, &it->ctype, &it->body);
	if (err)
		mem_deref(it);
	else
		list_append(&sx->rel->q, &it->le);
	return err;
}

/* ---- in flight ---- */

static void again_h(void *arg)
{
	struct inv_sx *sx = arg;
	struct inv *in = sx->in;
	struct inv_rel *r = sx->rel;
	uint64_t now = loop_now_ms(inv_sip(in)->loop), left;
	int err;

	if (now >= r->deadline) { /* RFC 3262 3: 5xx */
		mem_ref(in);
		log_debug("sip", "no PRACK for a reliable answer");
		sx_refuse(sx, 504, SLICE_NULL, SLICE_NULL);
		inv_end(in, ETIMEDOUT, 408, NULL);
		mem_deref(in);
		return;
	}
	err = sip_resend(inv_sip(in), &sx->st->dest, r->cur);
	if (err)
		log_debug("sip", "a reliable answer is not repeated: %s", err_str(err));
	r->interval *= 2;
	left = r->deadline - now;
	timer_start(&r->tm, inv_sip(in)->loop, r->interval < left ? r->interval : left, again_h, sx);
}

static int send_reliably(struct inv_sx *sx, uint16_t scode, struct slice hdrs, struct slice ctype, struct slice body)
{
	struct sip *s = inv_sip(sx->in);
	struct inv_rel *r = sx->rel;
	struct buf b;
	int err;

	buf_init(&b);
	buf_str(&b, "Require: 100rel\r\nRSeq: ");
	buf_u64(&b, r->rseq + 1);
	buf_str(&b, "\r\n");
	sip_enc_allow(&b, s); /* UPDATE may be of use from now on (RFC 3311 5.1) */
	buf_slice(&b, hdrs);
	err = buf_err(&b);
	if (!err)
		err = sx_reply(sx, scode, buf_get(&b), ctype, body);
	buf_free(&b);
	if (err)
		return err;
	r->rseq++;
	r->cur = mem_ref(sx->st->last);
	r->sdp = slice_isset(body);
	r->offer = r->sdp && sx->offered;
	sx->rel_offer |= r->offer;
	if (r->sdp && !sx->offered)
		sx->settled = true;
	r->interval = s->t1;
	r->deadline = loop_now_ms(s->loop) + 64ULL * s->t1;
	timer_start(&r->tm, s->loop, r->interval, again_h, sx);
	return 0;
}

/* ---- orders ---- */

int sx_progress(struct inv_sx *sx, uint16_t scode, struct slice hdrs, struct slice ctype, struct slice body)
{
	bool sdp;
	int err;

	if (sx->described) /* an answer is given once; an offer, too */
		ctype = body = SLICE_NULL;
	sdp = slice_isset(body);
	/* their INVITE asked for an offer: the first reliable answer would have to carry it (RFC 3262 5) */
	if (sx->rel_must && sx->offered && !sx->described && !sdp)
		return 0;
	if (!sx->rel_must && !(sx->rel_can && sdp))
		return sx_reply(sx, scode, hdrs, ctype, body);
	err = rel_make(sx);
	if (err)
		return err;
	if (sx->rel->cur)
		err = line_up(sx, scode, hdrs, ctype, body);
	else
		err = send_reliably(sx, scode, hdrs, ctype, body);
	if (!err && sdp)
		sx->described = true;
	return err;
}

/** Is there something that a 2xx must wait for: a description not acknowledged yet? */
static bool sdp_waits(const struct inv_rel *r)
{
	if (r->cur && r->sdp)
		return true;
	LIST_EACH (&r->q, k)
		if (slice_isset(LINK_OBJ(k, struct item, le)->body))
			return true;
	return false;
}

static int answer_now(struct inv_sx *sx, struct slice hdrs, struct slice ctype, struct slice body)
{
	struct inv_rel *r = sx->rel;
	int err;

	if (sx->rel_offer && sx->settled) /* and is answered: nothing is left to say */
		ctype = body = SLICE_NULL;
	err = sx_reply(sx, 200, hdrs, ctype, body);
	if (err)
		return err;
	sx->in->state = SIP_INV_CONNECTED;
	if (!r)
		return 0;
	timer_stop(&r->tm); /* its PRACK may still come */
	LIST_EACH (&r->q, k)
		item_free(LINK_OBJ(k, struct item, le));
	return 0;
}

int sx_answer(struct inv_sx *sx, struct slice hdrs, struct slice ctype, struct slice body)
{
	int err;

	if (!sx->rel || !sdp_waits(sx->rel))
		return answer_now(sx, hdrs, ctype, body);
	err = line_up(sx, 200, hdrs, ctype, body);
	if (!err)
		sx->held = true;
	return err;
}

/* ---- PRACK ---- */

struct inv_sx *sx_of_rack(const struct inv *in, uint32_t rseq, uint32_t cseq)
{
	LIST_EACH (&in->sxl, k) {
		struct inv_sx *sx = LINK_OBJ(k, struct inv_sx, le);

		if (sx_rel_busy(sx) && sx->rel->rseq == rseq && sx->cseq == cseq)
			return sx;
	}
	return NULL;
}

bool sx_rel_offered(const struct inv_sx *sx)
{
	return sx->rel->offer && !sx->settled;
}

void sx_rel_acked(struct inv_sx *sx)
{
	struct inv_rel *r = sx->rel;

	if (r->offer) {
		sx->settled = true;
		sx->offered = false;
	}
	timer_stop(&r->tm);
	r->cur = mem_deref(r->cur);
}

void sx_rel_next(struct inv_sx *sx)
{
	struct inv *in = sx->in;
	struct inv_rel *r = sx->rel;
	struct item *it;
	int err;

	if (!in || !r || r->cur || !r->q.head || sx->answered)
		return;
	/* a 2xx makes those before it needless, but for descriptions */
	it = sx->held && !sdp_waits(r) ? LINK_OBJ(r->q.tail, struct item, le) : NULL;
	if (!it || it->scode < 200)
		it = LINK_OBJ(r->q.head, struct item, le);
	list_unlink(&it->le);
	if (it->scode < 200) {
		err = send_reliably(sx, it->scode, it->hdrs, it->ctype, it->body);
	} else {
		sx->held = false;
		err = answer_now(sx, it->hdrs, it->ctype, it->body);
	}
	item_free(it);
	if (!err)
		return;
	mem_ref(in);
	sx_refuse(sx, 500, SLICE_NULL, SLICE_NULL);
	inv_end(in, err, 500, NULL);
	mem_deref(in);
}
