/*
 * call_crypto.c - SRTP of a user agent's call: keys in its descriptions (SDES, RFC 4568; beside plain RTP: RFC 8643).
 *
 * Our keys stay the same from offer to offer; a far end that begins anew with another key gets a new one of ours. A key
 * that was given up (for another suite, or for plain RTP) is never named again, so that no packet number is protected
 * twice with it.
 */
#include <string.h>
#include "base/rand.h"
#include "media/srtp.h"
#include "ua/ua_priv.h"
#include "wire/sdp/crypto.h"

enum { SUITES = SRTP_SUITE_COUNT - 1 };

struct ua_crypto {
	uint8_t n;                   /**< suites of our offers, in their order: tag 1 is the first */
	struct srtp_key own[SUITES]; /**< the keys of them */
	struct srtp_key tx, rx;      /**< in force, or about to be */
	struct srtp_key used;        /**< what our stream was protected with last; SRTP_NONE: nothing yet */
	uint32_t tag;                /**< of their offer that we take; 0: none */
};

static void wipe_h(void *obj)
{
	mem_wipe(obj, sizeof(struct ua_crypto));
}

static void new_key(struct srtp_key *k, enum srtp_suite s)
{
	*k = (struct srtp_key){.suite = (uint8_t)s};
	rand_bytes(k->key, srtp_suite_key_len(s));
}

static int suites_parse(struct ua_crypto *x, const char *names)
{
	struct slice rest = slice_trim(slice_str(names));

	if (!rest.l)
		rest = SLICE("AEAD_AES_256_GCM AEAD_AES_128_GCM AES_CM_128_HMAC_SHA1_80");
	while (rest.l) {
		enum srtp_suite s = srtp_suite_of(slice_cut(&rest, ' '));

		rest = slice_trim(rest);
		if (!s || x->n == SUITES)
			return ERR_SYNTAX;
		new_key(&x->own[x->n++], s);
	}
	return 0;
}

int ua_crypto_options(struct oh_call *c, const struct oh_call_options *o)
{
	struct ua_crypto *x = NULL;

	/* what was said stays (early media, then the answer) */
	if (c->local)
		return 0;
	if (o->srtp != OH_SRTP_OFF) {
		x = mem_zalloc(sizeof(*x), wipe_h);
		if (!x)
			return ENOMEM;
		if (suites_parse(x, o->srtp_suites)) {
			mem_deref(x);
			return ERR_SYNTAX;
		}
	}
	mem_deref(c->crypto);
	c->crypto = x;
	c->srtp = o->srtp;
	return 0;
}

const char *ua_crypto_proto(const struct oh_call *c)
{
	return c->srtp == OH_SRTP_OFFERED || c->srtp == OH_SRTP_REQUIRED ? "RTP/SAVP" : "RTP/AVP";
}

static bool is_savp(struct slice proto)
{
	return slice_ieqs(proto, "RTP/SAVP") || slice_ieqs(proto, "RTP/SAVPF");
}

bool ua_crypto_proto_ok(const struct oh_call *c, struct slice proto)
{
	if (is_savp(proto))
		return c->crypto;
	return slice_ieqs(proto, "RTP/AVP") || slice_ieqs(proto, "RTP/AVPF");
}

/* The next key of a line that we can use. */
static bool next(const struct sdp *d, const struct sdp_media *m, size_t *at, uint32_t *tag, struct srtp_key *k)
{
	while (*at < m->nattr) {
		const struct sdp_attr *a = &d->attr[m->attr0 + (*at)++];
		struct sdp_crypto c;

		if (!slice_eqs(a->name, "crypto") || sdp_crypto_decode(&c, a->val))
			continue;
		enum srtp_suite s = srtp_suite_of(c.suite);
		if (!s || c.key_len != srtp_suite_key_len(s)) {
			mem_wipe(&c, sizeof(c));
			continue;
		}
		*tag = c.tag;
		*k = (struct srtp_key){.suite = (uint8_t)s, .mki_len = c.mki_len};
		memcpy(k->mki, c.mki, sizeof(k->mki));
		memcpy(k->key, c.key, c.key_len);
		mem_wipe(&c, sizeof(c));
		return true;
	}
	return false;
}

/* No keys: may it be plain? */
static int plain(struct oh_call *c, struct slice proto)
{
	if (is_savp(proto) || c->srtp == OH_SRTP_REQUIRED)
		return ENOTSUP;
	if (c->crypto)
		c->crypto->tx.suite = c->crypto->rx.suite = SRTP_NONE;
	return 0;
}

int ua_crypto_take(struct oh_call *c, const struct sdp *d, size_t i)
{
	const struct sdp_media *m = &d->m[i];
	struct ua_crypto *x = c->crypto;
	struct srtp_key k;
	uint32_t tag;
	size_t at = 0;

	if (x)
		x->tag = 0;
	while (x && next(d, m, &at, &tag, &k)) {
		bool mine = false;

		for (uint8_t s = 0; s < x->n; s++)
			mine |= x->own[s].suite == k.suite;
		if (!mine)
			continue;
		/* another key of theirs begins a new stream: ours too */
		if (!srtp_key_eq(&x->rx, &k))
			new_key(&x->tx, (enum srtp_suite)k.suite);
		x->rx = k;
		x->tag = tag;
		return 0;
	}
	return plain(c, m->proto);
}

int ua_crypto_answered(struct oh_call *c, const struct sdp *d, size_t i)
{
	struct ua_crypto *x = c->crypto;
	struct srtp_key k;
	uint32_t tag;
	size_t at = 0;

	while (x && next(d, &d->m[i], &at, &tag, &k)) {
		if (!tag || tag > x->n || x->own[tag - 1].suite != k.suite)
			continue;
		x->tx = x->own[tag - 1];
		x->rx = k;
		return 0;
	}
	return plain(c, d->m[i].proto);
}

static void put(struct buf *b, uint32_t tag, const struct srtp_key *k)
{
	enum srtp_suite s = (enum srtp_suite)k->suite;

	sdp_crypto_encode(b, tag, srtp_suite_name(s), k->key, srtp_suite_key_len(s));
}

void ua_crypto_write(struct buf *b, const struct oh_call *c, bool answer)
{
	const struct ua_crypto *x = c->crypto;

	if (!x)
		return;
	if (answer) {
		if (x->tag)
			put(b, x->tag, &x->tx);
		return;
	}
	/* what is in force is offered under its own key again */
	for (uint8_t s = 0; s < x->n; s++)
		put(b, s + 1U, x->tx.suite == x->own[s].suite ? &x->tx : &x->own[s]);
}

/* Our key is another one now, or none: the old one is given up. */
static void give_up_used(struct ua_crypto *x)
{
	for (uint8_t s = 0; s < x->n && !srtp_key_eq(&x->used, &x->tx); s++)
		if (x->used.suite && srtp_key_eq(&x->own[s], &x->used))
			new_key(&x->own[s], (enum srtp_suite)x->used.suite);
	if (x->tx.suite)
		x->used = x->tx;
}

int ua_crypto_apply(struct oh_call *c)
{
	struct ua_crypto *x = c->crypto;

	if (!x)
		return 0;
	give_up_used(x);
	/* the next offer says what is in force */
	for (uint8_t s = 0; s < x->n; s++)
		if (x->own[s].suite == x->tx.suite)
			x->own[s] = x->tx;
	return mstream_set_keys(c->audio, x->tx.suite ? &x->tx : NULL, x->rx.suite ? &x->rx : NULL);
}

bool ua_crypto_on(const struct oh_call *c)
{
	return c->crypto && c->crypto->tx.suite && c->crypto->rx.suite;
}
