/*
 * fixture.h - a virtual network with a media engine and a few phones that speak
 * bare RTP, for the unit tests of this room.
 */
#ifndef TEST_MEDIA_FIXTURE_H
#define TEST_MEDIA_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/mem.h"
#include "loop/udp.h"
#include "loop/vnet.h"
#include "media/media_priv.h"
#include "media/tone.h"

enum { GOT_MAX = 2048, PKT_MAX = 2000 };

struct got {
	struct rtp_hdr h;
	uint8_t p[PKT_MAX];
	size_t l;
	uint64_t us;
	struct sa src;
};

struct phone {
	struct loop *l;
	struct udp *rtp, *rtcp;
	struct sa addr; /* its RTP address */
	struct sa to;   /* the engine's port */
	uint32_t ssrc, ts;
	uint16_t seq;
	uint8_t pt;
	struct got got[GOT_MAX];
	size_t ngot, nrtcp;
	uint8_t rtcp_p[PKT_MAX];
	size_t rtcp_l;
};

struct fx {
	struct vnet *net;
	struct loop *l, *phones;
	struct media *m;
	struct phone *ph[8];
	size_t nph;
};

static inline struct sa fx_sa(const char *ip, uint16_t port)
{
	struct sa a;

	assert_int_equal(sa_set(&a, slice_str(ip), port), 0);
	return a;
}

static inline void fx_init_cfg(struct fx *f, struct media_cfg cfg)
{
	memset(f, 0, sizeof(*f));
	assert_int_equal(vnet_alloc(&f->net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&f->l, f->net), 0);
	assert_int_equal(loop_alloc_virtual(&f->phones, f->net), 0);
	cfg.loop = f->l;
	if (!cfg.port_lo) {
		cfg.port_lo = 10000;
		cfg.port_hi = 10199;
	}
	if (!cfg.workers)
		cfg.workers = 1;
	assert_int_equal(media_alloc(&f->m, &cfg), 0);
}

static inline void fx_init(struct fx *f)
{
	fx_init_cfg(f, (struct media_cfg){0});
}

static inline void fx_free(struct fx *f)
{
	mem_deref(f->m);
	for (size_t i = 0; i < f->nph; i++) {
		mem_deref(f->ph[i]->rtp);
		mem_deref(f->ph[i]->rtcp);
		mem_deref(f->ph[i]);
	}
	/* what the engine had posted comes back before the loop goes */
	loop_drain(f->l);
	mem_deref(f->l);
	mem_deref(f->phones);
	mem_deref(f->net);
}

static inline void phone_rtp_h(struct udp *u, const struct udp_rx *rx, void *arg)
{
	struct phone *p = arg;

	(void)u;
	if (p->ngot == GOT_MAX)
		return;
	struct got *g = &p->got[p->ngot++];
	g->l = rx->data.l;
	g->us = rx->us;
	g->src = rx->src;
	memcpy(g->p, rx->data.p, g->l < sizeof(g->p) ? g->l : sizeof(g->p));
	assert_int_equal(rtp_decode(&g->h, (const uint8_t *)rx->data.p, rx->data.l), 0);
}

static inline void phone_rtcp_h(struct udp *u, const struct udp_rx *rx, void *arg)
{
	struct phone *p = arg;

	(void)u;
	p->nrtcp++;
	p->rtcp_l = rx->data.l < PKT_MAX ? rx->data.l : PKT_MAX;
	memcpy(p->rtcp_p, rx->data.p, p->rtcp_l);
}

static inline struct phone *fx_phone(struct fx *f, const char *ip, uint16_t port)
{
	struct phone *p = mem_zalloc(sizeof(*p), NULL);
	struct sa a = fx_sa(ip, port);

	assert_non_null(p);
	p->l = f->phones;
	assert_int_equal(udp_open(&p->rtp, p->l, &a, NULL, phone_rtp_h, p), 0);
	p->addr = a;
	sa_set_port(&a, (uint16_t)(port + 1));
	assert_int_equal(udp_open(&p->rtcp, p->l, &a, NULL, phone_rtcp_h, p), 0);
	p->ssrc = 0x1000 + (uint32_t)f->nph;
	p->seq = 100;
	p->ts = 5000;
	f->ph[f->nph++] = p;
	return p;
}

/* One packet with the phone's numbers as they are. */
static inline void phone_raw(struct phone *p, const void *payload, size_t l)
{
	uint8_t b[RTP_HDR + CODEC_PAYLOAD_MAX];
	struct rtp_hdr h = {.pt = p->pt, .seq = p->seq, .ts = p->ts, .ssrc = p->ssrc};

	assert_true(l <= CODEC_PAYLOAD_MAX);
	rtp_encode(b, &h);
	memcpy(b + RTP_HDR, payload, l);
	assert_int_equal(udp_send_now(p->rtp, &p->to, b, RTP_HDR + l), 0);
}

/* `n` packets of sound, 20 ms apart; the network runs on. */
static inline void phone_talk(struct fx *f, struct phone *p, int n)
{
	uint8_t pay[160];

	while (n--) {
		memset(pay, (uint8_t)p->seq, sizeof(pay));
		phone_raw(p, pay, sizeof(pay));
		p->seq++;
		p->ts += 160;
		vnet_run(f->net, 20);
	}
}

static inline struct mstream_remote fx_remote(const struct sa *rtp)
{
	struct mstream_remote r = {.rtp = *rtp, .we_send = true, .we_recv = true, .ncodec = 3};

	r.rtcp = *rtp;
	sa_set_port(&r.rtcp, (uint16_t)(sa_port(rtp) + 1));
	r.codec[0] = (struct mcodec){0, "PCMU", 8000, 1, 0, 0, 0};
	r.codec[1] = (struct mcodec){8, "PCMA", 8000, 1, 0, 0, 0};
	r.codec[2] = (struct mcodec){101, "TELEPHONE-EVENT", 8000, 1, 0, 0, 0};
	return r;
}

/* A stream for a phone: each knows the other's address. */
static inline struct mstream *fx_stream_on(struct fx *f, unsigned worker, struct phone *p, const char *ip,
					   enum mstream_kind kind, const struct mstream_ops *ops, void *arg)
{
	struct mstream *s = NULL;
	struct sa local = fx_sa(ip, 0);

	assert_int_equal(mstream_alloc(&s, f->m, worker, kind, &local, ops, arg), 0);
	mstream_local(s, &p->to);
	struct mstream_remote r = fx_remote(&p->addr);
	mstream_set_remote(s, &r);
	vnet_run(f->net, 10);
	return s;
}

static inline struct mstream *fx_stream(struct fx *f, struct phone *p)
{
	return fx_stream_on(f, 0, p, "10.1.0.1", MSTREAM_AUDIO, NULL, NULL);
}

static inline struct mstream_stats fx_stats(struct fx *f, const struct mstream *s)
{
	struct mstream_stats st;

	vnet_run(f->net, 1100);
	mstream_stats(s, &st);
	return st;
}

/* Sequence numbers of what a phone got go up by one, all of one SSRC; timestamps never go back. */
static inline void phone_assert_continuous(const struct phone *p)
{
	for (size_t i = 1; i < p->ngot; i++) {
		const struct rtp_hdr *a = &p->got[i - 1].h, *b = &p->got[i].h;
		assert_int_equal(b->ssrc, a->ssrc);
		assert_int_equal((uint16_t)(b->seq - a->seq), 1);
		assert_true((int32_t)(b->ts - a->ts) > 0);
	}
}

#endif
