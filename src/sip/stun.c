/*
 * stun.c - STUN on the SIP port (RFC 8489 6; RFC 5626 4.4.2, 8).
 *
 * Answers are made without any state, go where the request came from, and are hardly longer than it was: nothing to
 * gain for somebody who forges his address.
 */
#include "sip/stun.h"

#include "base/rand.h"
#include "sip/sip_priv.h"
#include "wire/stun/attr.h"

enum {
	RTO_MS = 500, /* RFC 8489 6.2.1 */
	SENDS = 7,
	LAST_WAIT = 16, /* times RTO, after the last one */
	UNKNOWN_MAX = 4
};

struct sip_stun {
	struct link le; /* in sip.stuns */
	struct sip *sip;
	struct sip_dest dest;
	struct rbuf *req;
	struct timer tmr;
	uint8_t tid[STUN_TID];
	unsigned sent;
	sip_stun_h *h;
	void *arg;
};

/* ---- answering ---- */

static void enc_answer(struct buf *b, const struct stun_msg *m, const struct sa *src)
{
	uint16_t unknown[UNKNOWN_MAX];
	size_t n = stun_unknown(m, NULL, 0, unknown, UNKNOWN_MAX);
	struct stun_attr a;

	stun_enc_begin(b, n ? STUN_ERROR : STUN_SUCCESS, m->method, m->tid);
	if (n) {
		stun_enc_error(b, 420, "");
		stun_enc_unknown(b, unknown, n < UNKNOWN_MAX ? n : UNKNOWN_MAX);
	} else {
		stun_enc_xor_addr(b, STUN_ATTR_XOR_MAPPED_ADDRESS, src, m->tid);
	}
	if (stun_find(m, STUN_ATTR_FINGERPRINT, &a))
		stun_enc_fingerprint(b);
}

static void answer(struct sip_listener *ln, const struct udp_rx *rx, const struct stun_msg *m)
{
	struct sip *s = ln->sip;
	uint8_t mem[128];
	struct rbuf *r;
	struct buf b;

	if (m->method != STUN_BINDING || (s->ops.admit && !s->ops.admit(SIP_TRANSP_UDP, &rx->src, s->arg))) {
		s->st.dropped++;
		return;
	}
	buf_init_fixed(&b, mem, sizeof(mem));
	enc_answer(&b, m, &rx->src);
	if (stun_enc_end(&b) || buf_rbuf(&b, &r))
		return;
	if (udp_send(ln->udp, ln->any ? &rx->dst : NULL, &rx->src, r))
		s->st.dropped++;
	mem_deref(r);
}

/* ---- asking ---- */

static void finish(struct sip_stun *x, int err, const struct sa *mapped)
{
	list_unlink(&x->le);
	timer_stop(&x->tmr);
	/* the last touch: its owner may free it */
	x->h(err, mapped, x->arg);
}

static void hear(struct sip *s, const struct udp_rx *rx, const struct stun_msg *m)
{
	struct sa mapped;

	LIST_EACH (&s->stuns, k) {
		struct sip_stun *x = LINK_OBJ(k, struct sip_stun, le);
		int err;

		if (memcmp(x->tid, m->tid, STUN_TID) != 0 || !sa_eq(&x->dest.addr, &rx->src))
			continue;
		err = m->cls == STUN_SUCCESS ? stun_mapped(&mapped, m) : ERR_SYNTAX;
		finish(x, err ? ERR_SYNTAX : 0, err ? NULL : &mapped);
		return;
	}
	s->st.dropped++;
}

void sip_stun_recv(struct sip_listener *ln, const struct udp_rx *rx)
{
	struct stun_msg m;

	if (stun_decode(&m, rx->data))
		ln->sip->st.dropped++;
	else if (m.cls == STUN_REQUEST)
		answer(ln, rx, &m);
	else if (m.cls != STUN_INDICATION)
		hear(ln->sip, rx, &m);
}

static int send_one(struct sip_stun *x)
{
	struct sa src;
	struct sip_listener *ln = sip_listener_for(x->sip, &x->dest, &src);

	if (!ln)
		return EADDRNOTAVAIL;
	return udp_send(ln->udp, sa_isset(&src) ? &src : NULL, &x->dest.addr, x->req);
}

static void on_timer(void *arg)
{
	struct sip_stun *x = arg;

	if (x->sent == SENDS || send_one(x)) {
		finish(x, ETIMEDOUT, NULL);
		return;
	}
	x->sent++;
	timer_start(&x->tmr, x->sip->loop, x->sent == SENDS ? LAST_WAIT * RTO_MS : RTO_MS << (x->sent - 1), on_timer,
		    x);
}

static void stun_destroy(void *obj)
{
	struct sip_stun *x = obj;

	list_unlink(&x->le);
	timer_stop(&x->tmr);
	mem_deref(x->req);
}

int sip_stun_ask(struct sip_stun **xp, struct sip *s, const struct sip_dest *d, sip_stun_h *h, void *arg)
{
	struct sip_stun *x = mem_zalloc(sizeof(*x), stun_destroy);
	uint8_t mem[64];
	struct buf b;
	int err;

	if (!x)
		return ENOMEM;
	rand_bytes(x->tid, STUN_TID);
	buf_init_fixed(&b, mem, sizeof(mem));
	stun_enc_begin(&b, STUN_REQUEST, STUN_BINDING, x->tid);
	err = stun_enc_end(&b);
	if (!err)
		err = buf_rbuf(&b, &x->req);
	x->sip = s;
	x->dest = *d;
	if (!err)
		err = send_one(x);
	if (err) {
		mem_deref(x);
		return err;
	}
	x->sent = 1;
	x->h = h;
	x->arg = arg;
	list_append(&s->stuns, &x->le);
	timer_start(&x->tmr, s->loop, RTO_MS, on_timer, x);
	*xp = x;
	return 0;
}
