/*
 * srtp_fixture.h - phones with keys, on top of fixture.h.
 */
#ifndef TEST_MEDIA_SRTP_FIXTURE_H
#define TEST_MEDIA_SRTP_FIXTURE_H

#include "fixture.h"
#include "media/srtp.h"

/* A phone with keys: what it sends is protected, what it got is opened on demand. */
struct sphone {
	struct phone *p;
	struct srtp_tx *tx;
	struct srtp_rx *rx;
	uint64_t index;
	uint32_t opened, failed;
};

static inline struct srtp_key key_of(enum srtp_suite suite, uint8_t fill)
{
	struct srtp_key k = {.suite = (uint8_t)suite};

	for (unsigned i = 0; i < SRTP_KEY_MAX; i++)
		k.key[i] = (uint8_t)(fill ^ i * 5);
	return k;
}

static inline void sphone_rtp_h(struct udp *u, const struct udp_rx *rx, void *arg)
{
	struct sphone *s = arg;
	uint8_t b[PKT_MAX];
	size_t l = rx->data.l;

	(void)u;
	memcpy(b, rx->data.p, l);
	if (srtp_open(s->rx, b, &l)) {
		s->failed++;
		return;
	}
	s->opened++;
	if (s->p->ngot == GOT_MAX)
		return;
	struct got *g = &s->p->got[s->p->ngot++];
	g->l = l;
	memcpy(g->p, b, l < sizeof(g->p) ? l : sizeof(g->p));
	assert_int_equal(rtp_decode(&g->h, b, l), 0);
}

static inline void sphone_rtcp_h(struct udp *u, const struct udp_rx *rx, void *arg)
{
	struct sphone *s = arg;

	(void)u;
	s->p->rtcp_l = rx->data.l;
	memcpy(s->p->rtcp_p, rx->data.p, rx->data.l);
	if (srtcp_open(s->rx, s->p->rtcp_p, &s->p->rtcp_l)) {
		s->failed++;
		return;
	}
	s->p->nrtcp++;
}

static inline void sphone_keys(struct sphone *s, const struct srtp_key *mine, const struct srtp_key *theirs)
{
	mem_deref(s->tx);
	mem_deref(s->rx);
	assert_int_equal(srtp_tx_alloc(&s->tx, mine), 0);
	assert_int_equal(srtp_rx_alloc(&s->rx, theirs), 0);
}

static inline void sphone_init(struct sphone *s, struct phone *p, const struct srtp_key *mine,
			       const struct srtp_key *theirs)
{
	*s = (struct sphone){.p = p, .index = 100};
	sphone_keys(s, mine, theirs);
	udp_set_handler(p->rtp, sphone_rtp_h, s);
	udp_set_handler(p->rtcp, sphone_rtcp_h, s);
}

static inline void sphone_free(struct sphone *s)
{
	mem_deref(s->tx);
	mem_deref(s->rx);
}

static inline size_t sphone_packet(struct sphone *s, uint8_t b[PKT_MAX])
{
	struct rtp_hdr h = {.pt = 0, .seq = (uint16_t)s->index, .ts = (uint32_t)s->index * 160, .ssrc = s->p->ssrc};
	size_t l = RTP_HDR + 160;

	rtp_encode(b, &h);
	memset(b + RTP_HDR, (uint8_t)s->index, 160);
	assert_int_equal(srtp_seal(s->tx, b, &l, RTP_HDR, s->index), 0);
	s->index++;
	return l;
}

static inline void sphone_talk(struct fx *f, struct sphone *s, int n)
{
	uint8_t b[PKT_MAX];

	while (n--) {
		size_t l = sphone_packet(s, b);
		assert_int_equal(udp_send_now(s->p->rtp, &s->p->to, b, l), 0);
		vnet_run(f->net, 20);
	}
}

#endif
