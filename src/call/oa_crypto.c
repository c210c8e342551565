/*
 * oa_crypto.c - keys for SRTP in offers and answers (SDES, RFC 4568; beside plain RTP: RFC 8643).
 *
 * Nothing is kept but the descriptions themselves: the keys in force are those that both name. A send key stays the
 * same from one description to the next; a party that brings a new key begins anew and gets a new one, and what was
 * given up for plain RTP never comes back, so that no number of a stream is protected twice with one key.
 *
 * Order of what we offer: AEAD_AES_256_GCM and AEAD_AES_128_GCM, the strongest, with tags of 128 bits; then
 * AES_CM_128_HMAC_SHA1_80, which every phone has, and which is the fastest here by a little. Tags of 32 bits and
 * AES_256_CM are taken from those who offer nothing else; to name them as well would only make the INVITE longer. Of
 * what a party offers its own order counts (RFC 4568 5.1.2), but for the short tags, which come last.
 */
#include <string.h>
#include "base/rand.h"
#include "call/oa_crypto.h"
#include "media/srtp.h"
#include "wire/sdp/crypto.h"

/* ------------------------------------------------------------------ reading */

/* A line of a description; `m` NULL: there is none. */
struct line {
	const struct sdp *d;
	const struct sdp_media *m;
};

static struct line line_of(const struct rbuf *text, size_t i)
{
	const struct sdp *d;

	if (!text || oa_read(&d, rbuf_slice(text)) || i >= d->nm)
		return (struct line){NULL, NULL};
	return (struct line){d, &d->m[i]};
}

static struct slice proto_of(struct line at)
{
	return at.m ? at.m->proto : SLICE_NULL;
}

static bool is_protected(struct slice proto)
{
	return slice_ieqs(proto, "RTP/SAVP") || slice_ieqs(proto, "RTP/SAVPF");
}

static bool is_rtp(struct slice proto)
{
	return is_protected(proto) || slice_ieqs(proto, "RTP/AVP") || slice_ieqs(proto, "RTP/AVPF");
}

/* A key as it was signalled. */
struct offered {
	uint32_t tag;
	struct srtp_key k;
};

/* Does the attribute say something that we can do? */
static bool usable(struct offered *o, struct slice val)
{
	struct sdp_crypto c;
	enum srtp_suite s;

	if (sdp_crypto_decode(&c, val))
		return false;
	s = srtp_suite_of(c.suite);
	if (s && c.key_len == srtp_suite_key_len(s)) {
		*o = (struct offered){.tag = c.tag, .k = {.suite = (uint8_t)s, .mki_len = c.mki_len}};
		memcpy(o->k.mki, c.mki, sizeof(o->k.mki));
		memcpy(o->k.key, c.key, c.key_len);
	} else {
		s = SRTP_NONE;
	}
	mem_wipe(&c, sizeof(c));
	return s;
}

/* The next usable key among the attributes of a line; `*at` counts them. */
static bool next_key(struct offered *o, struct line l, size_t *at)
{
	while (l.m && *at < l.m->nattr) {
		const struct sdp_attr *a = &l.d->attr[l.m->attr0 + (*at)++];

		if (slice_eqs(a->name, "crypto") && usable(o, a->val))
			return true;
	}
	return false;
}

static bool has_key(struct line l)
{
	struct offered o;
	size_t at = 0;
	bool has = next_key(&o, l, &at);

	if (has)
		mem_wipe(&o, sizeof(o));
	return has;
}

/* What two descriptions agree on. */
struct agreed {
	uint32_t tag;
	struct srtp_key tx, rx;
};

static bool agree(struct agreed *a, struct line theirs, struct line ours, bool it_offered)
{
	struct line offer = it_offered ? theirs : ours, answer = it_offered ? ours : theirs;
	struct offered o, k;
	size_t at_o = 0, at_k = 0;
	bool found = false;

	if (!next_key(&k, answer, &at_k))
		return false;
	while (!found && next_key(&o, offer, &at_o))
		found = o.tag == k.tag && o.k.suite == k.k.suite;
	if (found)
		*a = (struct agreed){k.tag, it_offered ? k.k : o.k, it_offered ? o.k : k.k};
	mem_wipe(&o, sizeof(o));
	mem_wipe(&k, sizeof(k));
	return found;
}

/* The keys that a line has now. */
static bool in_force(struct agreed *a, const struct leg *l, size_t i)
{
	return agree(a, line_of(l->remote ? l->remote : l->offer, i), line_of(l->local, i),
		     !l->remote || l->gave_offer);
}

/* Of an offer: its own order, short tags last. */
static bool choose(struct offered *best, struct line l)
{
	struct offered o;
	bool have = false, strong = false;
	size_t at = 0;

	while (!strong && next_key(&o, l, &at)) {
		strong = o.k.suite != SRTP_AES_CM_128_HMAC_SHA1_32 && o.k.suite != SRTP_AES_256_CM_HMAC_SHA1_32;
		if (!have || strong)
			*best = o;
		have = true;
	}
	if (have)
		mem_wipe(&o, sizeof(o));
	return have;
}

static enum srtp_policy policy_of(const struct leg *l)
{
	struct media_policy mp;

	leg_policy(l, &mp);
	return (enum srtp_policy)mp.srtp;
}

/* ------------------------------------------------------------------ may it be */

bool oa_crypto_usable(const struct sdp *d, const struct sdp_media *m)
{
	return !is_protected(m->proto) || has_key((struct line){d, m});
}

static bool allows(enum srtp_policy p, struct slice proto, bool keys)
{
	if (p == SRTP_OFF)
		return !is_protected(proto);
	return p != SRTP_REQUIRED || (keys && is_rtp(proto));
}

bool oa_crypto_allows(const struct leg *l, const struct sdp *d, size_t i)
{
	const struct sdp_media *m = &d->m[i];

	return allows(policy_of(l), m->proto, has_key((struct line){d, m}));
}

bool oa_crypto_takes(const struct leg *l, struct slice sdp)
{
	enum srtp_policy p = policy_of(l);
	const struct sdp *d;
	bool any = false, ok = p == SRTP_BEST_EFFORT || p == SRTP_OFFERED;

	/* what cannot be read is refused for that */
	if (ok || oa_read(&d, sdp))
		return true;
	for (size_t i = 0; !ok && i < d->nm; i++) {
		const struct sdp_media *m = &d->m[i];

		any |= m->port != 0;
		ok = m->port && allows(p, m->proto, has_key((struct line){d, m}));
	}
	return ok || !any;
}

bool oa_crypto_may_do_without(const struct leg *l)
{
	return is_protected(proto_of(line_of(l->sent, 0))) && policy_of(l) == SRTP_OFFERED;
}

/* ------------------------------------------------------------------ writing */

static bool feedback(struct slice proto)
{
	return proto.l && (proto.p[proto.l - 1] | 0x20) == 'f';
}

enum plan { PLAIN, BESIDE, PROTECTED };

/* Another line of the leg has keys. */
static enum plan like_others(const struct leg *l)
{
	enum plan p = PLAIN;
	struct agreed a;

	for (size_t i = 0; l->local && p == PLAIN && i < LEG_MEDIA_MAX; i++)
		if (in_force(&a, l, i))
			p = is_protected(proto_of(line_of(l->local, i))) ? PROTECTED : BESIDE;
	if (p != PLAIN)
		mem_wipe(&a, sizeof(a));
	return p;
}

/* An offer of ours where nothing is in force yet. */
static enum plan first_plan(const struct leg *l)
{
	switch (policy_of(l)) {
	case SRTP_OFF:
		return PLAIN;
	case SRTP_OFFERED:
		return l->plain ? PLAIN : PROTECTED;
	case SRTP_REQUIRED:
		return PROTECTED;
	default:
		/* keys that everybody on the way can read protect nothing */
		return l->ops->secure && l->ops->secure(l) ? BESIDE : like_others(l);
	}
}

/* What is in force stays as it is. */
static enum plan plan_of(const struct leg *l, size_t i)
{
	struct line ours = line_of(l->local, i);
	struct agreed a;

	if (!ours.m || !ours.m->port || !is_rtp(ours.m->proto))
		return first_plan(l);
	if (!in_force(&a, l, i))
		return policy_of(l) == SRTP_REQUIRED ? PROTECTED : PLAIN;
	mem_wipe(&a, sizeof(a));
	return is_protected(ours.m->proto) ? PROTECTED : BESIDE;
}

struct slice oa_crypto_proto(const struct leg *l, size_t i, struct slice like)
{
	if (!is_rtp(like))
		return like;
	if (plan_of(l, i) == PROTECTED)
		return feedback(like) ? SLICE("RTP/SAVPF") : SLICE("RTP/SAVP");
	return feedback(like) ? SLICE("RTP/AVPF") : SLICE("RTP/AVP");
}

static void put(struct buf *b, uint32_t tag, const struct srtp_key *k)
{
	sdp_crypto_encode(b, tag, srtp_suite_name(k->suite), k->key, srtp_suite_key_len(k->suite));
}

static void put_new(struct buf *b, uint32_t tag, enum srtp_suite s)
{
	struct srtp_key k = {.suite = (uint8_t)s};

	rand_bytes(k.key, srtp_suite_key_len(s));
	put(b, tag, &k);
	mem_wipe(&k, sizeof(k));
}

void oa_crypto_offer(struct buf *b, const struct leg *l, size_t i, struct slice proto)
{
	static const uint8_t suites[] = {SRTP_AEAD_AES_256_GCM, SRTP_AEAD_AES_128_GCM, SRTP_AES_CM_128_HMAC_SHA1_80};
	struct agreed a;

	if (!is_rtp(proto) || plan_of(l, i) == PLAIN)
		return;
	if (in_force(&a, l, i)) {
		put(b, a.tag, &a.tx);
		mem_wipe(&a, sizeof(a));
		return;
	}
	for (uint32_t n = 0; n < ARRAY_LEN(suites); n++)
		put_new(b, n + 1, suites[n]);
}

void oa_crypto_answer(struct buf *b, const struct leg *l, size_t i, const struct sdp *offer)
{
	struct offered o;
	struct agreed a;

	if (!choose(&o, (struct line){offer, &offer->m[i]}))
		return;
	if (policy_of(l) == SRTP_OFF)
		; /* it gets none */
	else if (in_force(&a, l, i) && srtp_key_eq(&a.rx, &o.k) && a.tx.suite == o.k.suite)
		put(b, o.tag, &a.tx);
	else
		put_new(b, o.tag, o.k.suite);
	mem_wipe(&a, sizeof(a));
	mem_wipe(&o, sizeof(o));
}

/* ------------------------------------------------------------------ in force */

bool oa_crypto_apply(struct leg *l, size_t i)
{
	struct line theirs = line_of(l->offer ? l->offer : l->remote, i);
	struct line ours = line_of(l->sent ? l->sent : l->local, i);
	struct agreed a;
	bool keys;
	int err;

	if (!is_rtp(proto_of(ours)))
		return true;
	keys = agree(&a, theirs, ours, l->gave_offer);
	if (!keys && (is_protected(proto_of(theirs)) || policy_of(l) == SRTP_REQUIRED))
		return false;
	err = mstream_set_keys(l->ms[i], keys ? &a.tx : NULL, keys ? &a.rx : NULL);
	if (keys)
		mem_wipe(&a, sizeof(a));
	if (err)
		log_error("call", "%s: no keys for the sound of %s: %s", l->call->id, l->party.number, err_str(err));
	return !err;
}
