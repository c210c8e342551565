/*
 * auth_client.c - answers to the challenges we get (RFC 7616 3.4, RFC 8760 2.4, RFC 3261 22).
 */
#include <stdio.h>
#include <string.h>
#include "base/rand.h"
#include "sip/auth_priv.h"

enum { CNONCE_LEN = 16, TEXT_MAX = 256 };

/* The last challenge of one kind. */
struct chal {
	char *realm, *nonce, *opaque; /* with backslashes, as received; opaque may be NULL */
	enum sip_digest_alg alg;
	bool has_alg; /* the algorithm was named: name it too */
	bool qop;
	uint32_t nc;
};

struct sip_client_auth {
	struct chal www, proxy;
	struct digest digest;
};

static void chal_clear(struct chal *ch)
{
	mem_deref(ch->realm);
	mem_deref(ch->nonce);
	mem_deref(ch->opaque);
	memset(ch, 0, sizeof(*ch));
}

static void client_destroy(void *obj)
{
	struct sip_client_auth *c = obj;

	chal_clear(&c->www);
	chal_clear(&c->proxy);
	digest_free(&c->digest);
}

int sip_client_auth_alloc(struct sip_client_auth **cp)
{
	*cp = mem_zalloc(sizeof(**cp), client_destroy);
	return *cp ? 0 : ENOMEM;
}

/* 0 = cannot be used. */
static int strength(const struct sip_challenge *c)
{
	struct slice qop = c->qop, one;
	bool auth = !qop.l;

	while (qop.l) {
		one = slice_trim(slice_cut(&qop, ','));
		auth = auth || slice_ieqs(one, "auth");
	}
	if (!auth)
		return 0;
	switch (sip_digest_alg_find(c->algorithm)) {
	case SIP_DIGEST_MD5:
		return 1;
	case SIP_DIGEST_SHA256:
		return 2;
	case SIP_DIGEST_SHA512_256:
		return 3;
	default:
		return 0;
	}
}

/* The strongest usable challenge. */
static bool best_of(const struct sip_msg *rsp, enum sip_hdr_id id, struct sip_challenge *best)
{
	struct sip_challenge c;
	int most = 0;

	for (size_t i = 0; i < rsp->hdrc; i++) {
		int now;

		if (rsp->hdrv[i].id != id || sip_challenge_decode(&c, rsp->hdrv[i].val))
			continue;
		now = strength(&c);
		if (now > most) {
			most = now;
			*best = c;
		}
	}
	return most > 0;
}

static int chal_set(struct chal *ch, const struct sip_challenge *c)
{
	struct chal fresh = {
		.alg = sip_digest_alg_find(c->algorithm), .has_alg = c->algorithm.l > 0, .qop = c->qop.l > 0};
	int err = slice_dup(&fresh.realm, c->realm);

	if (!err)
		err = slice_dup(&fresh.nonce, c->nonce);
	if (!err && c->opaque.p)
		err = slice_dup(&fresh.opaque, c->opaque);
	if (err) {
		chal_clear(&fresh);
		return err;
	}
	chal_clear(ch);
	*ch = fresh;
	return 0;
}

int sip_client_auth_challenge(struct sip_client_auth *c, const struct sip_msg *rsp)
{
	bool proxy = rsp->scode == 407;
	struct chal *ch = proxy ? &c->proxy : &c->www;
	struct sip_challenge best;

	if (rsp->scode != 401 && rsp->scode != 407)
		return EINVAL;
	if (!best_of(rsp, proxy ? SIP_HDR_PROXY_AUTHENTICATE : SIP_HDR_WWW_AUTHENTICATE, &best))
		return ENOTSUP;
	/*
	 * A nonce refused at its first use without "stale" means a wrong secret, whether the server repeats it or sends
	 * a new one; a nonce that has worked before may just have aged.
	 */
	if (ch->nonce && ch->nc > 0 && !best.stale && (ch->nc == 1 || slice_eqs(best.nonce, ch->nonce)) &&
	    slice_eqs(best.realm, ch->realm))
		return ERR_AUTH;
	return chal_set(ch, &best);
}

static int make_ha1(struct sip_client_auth *c, const struct chal *ch, const struct sip_cred *cred,
		    char ha1[DIGEST_HEX + 1])
{
	char realm[TEXT_MAX];

	if (!digest_unquote(realm, sizeof(realm), slice_str(ch->realm)))
		return ERR_LIMIT;
	if (cred->realm.l && !slice_eqs(cred->realm, realm))
		return ERR_AUTH;
	const struct slice v[] = {cred->user, slice_str(realm), cred->password};

	return digest_hex(&c->digest, ch->alg, v, ARRAY_LEN(v), ha1);
}

/* The user as it stands between quotes. */
static int quote_user(char *dst, size_t size, struct slice user, struct slice *out)
{
	struct buf b;

	buf_init_fixed(&b, dst, size);
	sip_enc_quoted(&b, user);
	if (buf_err(&b))
		return buf_err(&b);
	*out = slice_mem(b.p + 1, b.l - 2);
	return 0;
}

static int enc_one(struct sip_client_auth *c, struct chal *ch, bool proxy, struct buf *b, const struct sip_cred *cred,
		   struct digest_in in)
{
	char ha1[DIGEST_HEX + 1], response[DIGEST_HEX + 1], cnonce[CNONCE_LEN + 1], nc[9], user[TEXT_MAX];
	struct sip_credentials out = {.realm = slice_str(ch->realm), .nonce = slice_str(ch->nonce), .uri = in.uri};
	int err = make_ha1(c, ch, cred, ha1);

	if (!err)
		err = quote_user(user, sizeof(user), cred->user, &out.username);
	if (err)
		return err;
	(void)snprintf(nc, sizeof(nc), "%08x", ++ch->nc);
	in.alg = ch->alg;
	in.ha1 = slice_str(ha1);
	in.nonce = out.nonce;
	if (ch->qop) {
		in.qop = out.qop = SLICE("auth");
		in.nc = out.nc = slice_str(nc);
		in.cnonce = out.cnonce = slice_str(rand_text(cnonce, CNONCE_LEN));
	}
	err = digest_response(&c->digest, &in, response);
	mem_wipe(ha1, sizeof(ha1));
	if (err)
		return err;
	out.response = slice_str(response);
	out.algorithm = ch->has_alg ? slice_str(sip_digest_alg_name(ch->alg)) : SLICE_NULL;
	out.opaque = ch->opaque ? slice_str(ch->opaque) : SLICE_NULL;
	buf_str(b, proxy ? "Proxy-Authorization: " : "Authorization: ");
	sip_credentials_encode(b, &out);
	buf_str(b, "\r\n");
	return buf_err(b);
}

int sip_client_auth_enc(struct sip_client_auth *c, struct buf *b, const struct sip_cred *cred, struct slice method,
			struct slice uri)
{
	const struct digest_in in = {.method = method, .uri = uri};
	int err = 0;

	if (c->www.nonce)
		err = enc_one(c, &c->www, false, b, cred, in);
	if (!err && c->proxy.nonce)
		err = enc_one(c, &c->proxy, true, b, cred, in);
	return err;
}
