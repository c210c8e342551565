/*
 * crypt.c - the keys of a stream (RFC 3711, 4568): what is sent is protected last, what arrives is opened first, so
 * that everything between sees plain packets.
 *
 * Contexts are made by the loop thread with the order and belong to the worker from then on. A new receive key waits
 * beside the present one and takes its place with the first packet that it opens; the send key changes at once, and
 * its rollover counter begins at 0, as that of its receiver does. A packet that no key opens is dropped and counted;
 * it moves nothing.
 */
#include <string.h>
#include "media/crypt.h"
#include "media/srtp.h"

static void destroy(void *obj)
{
	struct crypt *c = obj;

	mem_deref(c->tx);
	mem_deref(c->rx);
	mem_deref(c->next);
}

/* ------------------------------------------------------------------ loop thread */

/* What is in force, so that an order that changes nothing changes nothing: no index may begin anew under a key. */
struct mkeys {
	struct srtp_key tx, rx; /**< suite SRTP_NONE: plain */
};

static void keys_destroy(void *obj)
{
	mem_wipe(obj, sizeof(struct mkeys));
}

static bool same(const struct srtp_key *now, const struct srtp_key *k)
{
	return k ? srtp_key_eq(now, k) : now->suite == SRTP_NONE;
}

static int make(struct crypt **cp, const struct srtp_key *tx, const struct srtp_key *rx)
{
	struct crypt *c = mem_zalloc(sizeof(*c), destroy);
	int err = c ? 0 : ENOMEM;

	if (!err && tx)
		err = srtp_tx_alloc(&c->tx, tx);
	if (!err && rx)
		err = srtp_rx_alloc(&c->rx, rx);
	if (err)
		mem_deref(c);
	else
		*cp = c;
	return err;
}

/* `add` goes up in `*cp`. */
static void merge(struct crypt **cp, struct crypt *add)
{
	struct crypt *c = *cp;

	if (!c) {
		*cp = add;
		return;
	}
	if (add->set_tx) {
		mem_deref(c->tx);
		c->tx = add->tx;
		c->top = 0;
		c->begun = false;
		c->set_tx = true;
		add->tx = NULL;
	}
	if (add->set_rx) {
		c->next = mem_deref(c->next);
		if (add->rx && c->rx) {
			c->next = add->rx;
			srtp_rx_follow(c->next, c->rx);
		} else {
			mem_deref(c->rx);
			c->rx = add->rx;
		}
		c->set_rx = true;
		add->rx = NULL;
	}
	mem_deref(add);
}

/* An order that has not left yet: an earlier receive key in it was never in force. */
static void merge_order(struct crypt **cp, struct crypt *add)
{
	if (*cp && add->set_rx)
		(*cp)->rx = mem_deref((*cp)->rx);
	merge(cp, add);
}

int crypt_order(struct mkeys **kp, struct crypt **op, const struct srtp_key *tx, const struct srtp_key *rx)
{
	struct mkeys *k = *kp;
	struct crypt *c;
	bool new_tx, new_rx;
	int err;

	if (!k && !tx && !rx)
		return EALREADY;
	if (!k) {
		k = mem_zalloc(sizeof(*k), keys_destroy);
		if (!k)
			return ENOMEM;
		*kp = k;
	}
	new_tx = !same(&k->tx, tx);
	new_rx = !same(&k->rx, rx);
	if (!new_tx && !new_rx)
		return EALREADY;
	err = make(&c, new_tx ? tx : NULL, new_rx ? rx : NULL);
	if (err)
		return err;
	c->set_tx = new_tx;
	c->set_rx = new_rx;
	merge_order(op, c);
	k->tx = tx ? *tx : (struct srtp_key){0};
	k->rx = rx ? *rx : (struct srtp_key){0};
	return 0;
}

/* ------------------------------------------------------------------ worker */

void crypt_apply(struct crypt **cp, struct crypt *add)
{
	merge(cp, add);
}

/* Highest index that went, and the new one near it: our numbers never jump by half their range. */
static uint64_t index_of(struct crypt *c, const uint8_t *p)
{
	uint16_t seq = (uint16_t)(p[2] << 8 | p[3]);

	if (!c->begun)
		return seq;
	return c->top + (uint64_t)(int64_t)(int16_t)(uint16_t)(seq - (uint16_t)c->top);
}

const uint8_t *crypt_seal_rtp(struct crypt *c, uint8_t *dst, const uint8_t *p, size_t *l)
{
	size_t hdrlen = 12 + 4U * (p[0] & 15);
	uint64_t index;

	if (*l > CRYPT_MAX || *l < hdrlen + 4)
		return NULL;
	if (p[0] & 0x10)
		hdrlen += 4 + 4U * (size_t)(p[hdrlen + 2] << 8 | p[hdrlen + 3]);
	index = index_of(c, p);
	if (srtp_seal_to(c->tx, dst, p, l, hdrlen, index))
		return NULL;
	if (!c->begun || index > c->top)
		c->top = index;
	c->begun = true;
	return dst;
}

const uint8_t *crypt_seal_rtcp(struct crypt *c, uint8_t *dst, const uint8_t *p, size_t *l)
{
	return *l <= CRYPT_MAX && !srtcp_seal_to(c->tx, dst, p, l) ? dst : NULL;
}

bool crypt_open(struct crypt *c, bool rtcp, uint8_t *p, size_t *l)
{
	int (*open)(struct srtp_rx *, uint8_t *, size_t *) = rtcp ? srtcp_open : srtp_open;
	int err = open(c->rx, p, l);

	if (!err)
		return true;
	if (c->next && !open(c->next, p, l)) {
		mem_deref(c->rx);
		c->rx = c->next;
		c->next = NULL;
		return true;
	}
	if (err == EALREADY)
		c->replayed++;
	else
		c->failed++;
	return false;
}
