/*
 * auth.c - the server side of digest authentication (RFC 7616, RFC 8760, RFC 3261 22).
 *
 * Unknown users are checked against a false secret, so that time and answers tell nothing.
 */
#include <string.h>
#include "base/hash.h"
#include "base/rand.h"
#include "sip/auth_priv.h"

enum { LIFE_S = 300, MAX_COUNTS = 65536, NC_ONCE = UINT32_MAX };

struct sip_auth {
	struct loop *loop;
	char *realm; /* with backslashes, as it stands between the quotes */
	bool sha256_only;
	struct sip_ha1 nobody; /* secret of users that do not exist */
	struct digest digest;
	struct nonces nonces;
	struct fallback fallback;
};

static void auth_destroy(void *obj)
{
	struct sip_auth *a = obj;

	digest_free(&a->digest);
	nonces_free(&a->nonces);
	mem_deref(a->realm);
	mem_wipe(&a->nobody, sizeof(a->nobody));
}

static int set_realm(struct sip_auth *a, const char *realm)
{
	struct buf b;
	int err;

	buf_init(&b);
	sip_enc_quoted(&b, slice_str(realm));
	err = buf_err(&b);
	if (!err)
		err = slice_dup(&a->realm, slice_mem(b.p + 1, b.l - 2));
	buf_free(&b);
	return err;
}

static void make_nobody(struct sip_auth *a)
{
	uint8_t raw[32];

	rand_bytes(raw, sizeof(raw));
	digest_to_hex(a->nobody.md5, raw, 16);
	rand_bytes(raw, sizeof(raw));
	digest_to_hex(a->nobody.sha256, raw, 32);
}

int sip_auth_alloc(struct sip_auth **ap, const struct sip_auth_cfg *cfg)
{
	struct sip_auth *a = mem_zalloc(sizeof(*a), auth_destroy);
	int err;

	if (!a)
		return ENOMEM;
	a->loop = cfg->loop;
	a->sha256_only = cfg->sha256_only;
	make_nobody(a);
	err = set_realm(a, cfg->realm);
	if (!err)
		err = nonces_init(&a->nonces, cfg->nonce_life_s ? cfg->nonce_life_s : LIFE_S,
				  cfg->max_counts ? cfg->max_counts : MAX_COUNTS, loop_now_ms(a->loop));
	if (err) {
		mem_deref(a);
		return err;
	}
	*ap = a;
	return 0;
}

/* ---- challenge ---- */

static void challenge_line(struct sip_auth *a, bool proxy, bool stale, enum sip_digest_alg alg, const char *nonce,
			   struct buf *b)
{
	buf_str(b, proxy ? "Proxy-Authenticate" : "WWW-Authenticate");
	buf_str(b, ": Digest realm=\"");
	buf_str(b, a->realm);
	buf_str(b, "\", nonce=\"");
	buf_mem(b, nonce, NONCE_LEN);
	buf_str(b, "\", algorithm=");
	buf_str(b, sip_digest_alg_name(alg));
	buf_str(b, stale ? ", qop=\"auth\", stale=true\r\n" : ", qop=\"auth\"\r\n");
}

void sip_auth_challenge(struct sip_auth *a, const struct sip_msg *msg, bool proxy, bool stale, struct buf *b)
{
	uint64_t now = loop_now_ms(a->loop);
	char nonce[NONCE_LEN + 1];

	nonce_make(&a->nonces, now, &msg->src, nonce);
	if (!fallback_active(&a->fallback, msg, now))
		fallback_asked(&a->fallback, msg, now);
	if (a->sha256_only || !fallback_active(&a->fallback, msg, now))
		challenge_line(a, proxy, stale, SIP_DIGEST_SHA256, nonce, b);
	if (!a->sha256_only)
		challenge_line(a, proxy, stale, SIP_DIGEST_MD5, nonce, b);
}

void sip_auth_reply(struct sip_auth *a, struct sip_strans *st, bool proxy, bool stale)
{
	struct buf *b;

	if (!st->sip || !st->msg)
		return;
	sip_strans_brief(st);
	b = &st->sip->lines;
	buf_reset(b);
	sip_auth_challenge(a, st->msg, proxy, stale, b);
	sip_reply_lines(st, proxy ? 407 : 401, b);
}

/* ---- check ---- */

/* The first credentials for our realm with an algorithm we offer. False: none; `malformed` tells why. */
static bool pick(const struct sip_auth *a, const struct sip_msg *msg, bool proxy, struct sip_credentials *c,
		 bool *malformed)
{
	enum sip_hdr_id id = proxy ? SIP_HDR_PROXY_AUTHORIZATION : SIP_HDR_AUTHORIZATION;

	*malformed = false;
	for (size_t i = 0; i < msg->hdrc; i++) {
		enum sip_digest_alg alg;
		int err;

		if (msg->hdrv[i].id != id)
			continue;
		err = sip_credentials_decode(c, msg->hdrv[i].val);
		if (err == ERR_SYNTAX)
			*malformed = true;
		if (err || !slice_eqs(c->realm, a->realm))
			continue;
		alg = sip_digest_alg_find(c->algorithm);
		if (alg == SIP_DIGEST_SHA256 || (alg == SIP_DIGEST_MD5 && !a->sha256_only))
			return true;
	}
	return false;
}

/* RFC 5987: charset'language'percent-encoded. */
static bool ext_user(char *dst, size_t size, struct slice s)
{
	struct slice charset = slice_cut(&s, '\'');

	(void)slice_cut(&s, '\'');
	return slice_ieqs(charset, "UTF-8") && sip_unescape(dst, size, s);
}

/* RFC 7616 3.4: count and client nonce belong to qop=auth; nothing else was offered. */
static bool read_qop(const struct sip_credentials *c, uint32_t *nc)
{
	uint8_t raw[4];

	*nc = NC_ONCE;
	if (!c->qop.l)
		return true;
	if (!slice_ieqs(c->qop, "auth") || !c->cnonce.l || digest_from_hex(raw, 4, c->nc))
		return false;
	*nc = (uint32_t)raw[0] << 24 | (uint32_t)raw[1] << 16 | (uint32_t)raw[2] << 8 | raw[3];
	return *nc > 0;
}

/*
 * Phones and sipp write other ports, hosts or no user into the digest URI; but a captured answer for one number must
 * not open another.
 */
static bool uri_fits(const struct sip_msg *msg, struct slice uri)
{
	char want[128], got[128];
	struct sip_uri u;

	if (slice_eq(uri, msg->ruri))
		return true;
	if (sip_uri_decode(&u, uri) || !u.user.l || !msg->uri.user.l || slice_eq(u.user, msg->uri.user))
		return true;
	return sip_unescape(want, sizeof(want), msg->uri.user) && sip_unescape(got, sizeof(got), u.user) &&
	       !strcmp(want, got);
}

static bool secret_right(struct sip_auth *a, const struct sip_msg *msg, const struct sip_credentials *c,
			 const struct sip_ha1 *h)
{
	enum sip_digest_alg alg = sip_digest_alg_find(c->algorithm);
	size_t l = digest_hex_len(alg);
	const struct digest_in in = {.alg = alg,
				     .ha1 = slice_str(alg == SIP_DIGEST_MD5 ? h->md5 : h->sha256),
				     .nonce = c->nonce,
				     .nc = c->nc,
				     .cnonce = c->cnonce,
				     .qop = c->qop,
				     .method = msg->method,
				     .uri = c->uri};
	uint8_t want[DIGEST_HEX / 2], got[DIGEST_HEX / 2] = {0};
	char hex[DIGEST_HEX + 1];

	if (in.ha1.l != l || digest_response(&a->digest, &in, hex) || digest_from_hex(want, l / 2, slice_mem(hex, l)))
		return false;
	return !digest_from_hex(got, l / 2, c->response) && !CRYPTO_memcmp(want, got, l / 2);
}

/*
 * The secret was right: is the nonce still good for this count? A REGISTER that comes again is the same REGISTER: it
 * leaves no transaction behind that would know it, and to carry it out twice changes nothing.
 */
static enum sip_auth_result use_nonce(struct sip_auth *a, const struct sip_msg *msg, uint64_t id,
				      const struct nonce_use *use)
{
	uint64_t now = loop_now_ms(a->loop);

	if (nonce_expired(&a->nonces, id, now))
		return SIP_AUTH_STALE;
	switch (nonce_use(&a->nonces, id, use, now)) {
	case 0:
		return SIP_AUTH_OK;
	case EALREADY:
		return msg->m == SIP_REGISTER ? SIP_AUTH_OK : SIP_AUTH_BAD;
	case EEXIST:
		return SIP_AUTH_BAD;
	default: /* forgotten, or no memory to remember it: ask again */
		return SIP_AUTH_STALE;
	}
}

static enum sip_auth_result judge(struct sip_auth *a, const struct sip_msg *msg, const struct sip_credentials *c,
				  const struct sip_ha1 *h, struct sip_auth_info *info)
{
	uint64_t now = loop_now_ms(a->loop), id = 0;
	bool ours = nonce_read(&a->nonces, c->nonce, &msg->src, &id);
	bool right = secret_right(a, msg, c, h), sha = sip_digest_alg_find(c->algorithm) == SIP_DIGEST_SHA256;
	enum sip_auth_result res = SIP_AUTH_BAD;
	struct nonce_use use;

	if (!read_qop(c, &use.nc))
		return SIP_AUTH_MALFORMED;
	use.mark = hash_bytes(msg->raw); /* the digest does not cover Contact: only the very same bytes are the same */
	if (ours && right && uri_fits(msg, c->uri))
		res = use_nonce(a, msg, id, &use);
	else
		info->counts = ours && !right;
	if (sha && ours)
		fallback_note(&a->fallback, msg, !right, now);
	else if (ours)
		fallback_md5(&a->fallback, msg, right, now);
	return res;
}

void sip_auth_check(struct sip_auth *a, const struct sip_msg *msg, bool proxy, sip_auth_lookup_h *lookup, void *arg,
		    struct sip_auth_info *info)
{
	struct sip_ha1 h = a->nobody;
	struct sip_credentials c;
	bool malformed;
	int err;

	memset(info, 0, sizeof(*info));
	if (!pick(a, msg, proxy, &c, &malformed)) {
		info->res = malformed ? SIP_AUTH_MALFORMED : SIP_AUTH_CHALLENGE;
		return;
	}
	if (!(c.username_ext ? ext_user : digest_unquote)(info->user, sizeof(info->user), c.username)) {
		info->user[0] = 0;
		info->res = SIP_AUTH_MALFORMED;
		return;
	}
	err = lookup(slice_str(info->user), &h, arg);
	if (err)
		h = a->nobody;
	info->res = judge(a, msg, &c, &h, info);
	if (err && err != ENOENT)
		info->counts = false; /* our trouble, not theirs */
	mem_wipe(&h, sizeof(h));
}
