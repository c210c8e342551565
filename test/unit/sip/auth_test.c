/*
 * auth_test.c - digest authentication: published examples, both sides together, old, replayed and foreign nonces,
 * phones without SHA-256, unknown users.
 */
#include "fix.h"
#include "sip/auth_priv.h"

/* ---- published examples ---- */

struct vector {
	enum sip_digest_alg alg;
	const char *user, *realm, *pass, *nonce, *nc, *cnonce, *qop, *response;
};

/* RFC 7616 3.9.1 (MD5 and SHA-256), RFC 2617 3.5, RFC 2069 2.4 with its erratum 749. */
static const struct vector vectors[] = {
	{SIP_DIGEST_MD5, "Mufasa", "http-auth@example.org", "Circle of Life",
	 "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
	 "auth", "8ca523f5e9506fed4657c9700eebdbec"},
	{SIP_DIGEST_SHA256, "Mufasa", "http-auth@example.org", "Circle of Life",
	 "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
	 "auth", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
	{SIP_DIGEST_MD5, "Mufasa", "testrealm@host.com", "Circle Of Life", "dcd98b7102dd2f0e8b11d0f600bfb0c093",
	 "00000001", "0a4f113b", "auth", "6629fae49393a05397450978507c4ef1"},
	{SIP_DIGEST_MD5, "Mufasa", "testrealm@host.com", "CircleOfLife", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "", "",
	 "", "1949323746fe6a43ef61f9606e7febea"},
};

static void published_examples(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct digest d = {{NULL}};
		struct sip_ha1 h;
		struct digest_in in = {.alg = v->alg,
				       .nonce = slice_str(v->nonce),
				       .nc = slice_str(v->nc),
				       .cnonce = slice_str(v->cnonce),
				       .qop = slice_str(v->qop),
				       .method = SLICE("GET"),
				       .uri = SLICE("/dir/index.html")};
		char hex[DIGEST_HEX + 1];

		sip_ha1_make(&h, slice_str(v->user), slice_str(v->realm), slice_str(v->pass));
		in.ha1 = slice_str(v->alg == SIP_DIGEST_MD5 ? h.md5 : h.sha256);
		/* twice: contexts are used again */
		assert_int_equal(digest_response(&d, &in, hex), 0);
		assert_int_equal(digest_response(&d, &in, hex), 0);
		assert_string_equal(hex, v->response);
		digest_free(&d);
	}
}

/* ---- a server and its clients ---- */

struct af {
	struct vnet *net;
	struct loop *loop;
	struct sip_auth *a;
	struct sa src;
	size_t lookups;
};

static void af_open(struct af *f, const struct sip_auth_cfg *base)
{
	struct sip_auth_cfg cfg = base ? *base : (struct sip_auth_cfg){0};

	memset(f, 0, sizeof(*f));
	assert_int_equal(vnet_alloc(&f->net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&f->loop, f->net), 0);
	cfg.loop = f->loop;
	cfg.realm = "off\"hook";
	assert_int_equal(sip_auth_alloc(&f->a, &cfg), 0);
	f->src = fix_sa("10.0.0.2", 5060);
}

static void af_close(struct af *f)
{
	mem_deref(f->a);
	mem_deref(f->loop);
	mem_deref(f->net);
}

static int lookup(struct slice user, struct sip_ha1 *h, void *arg)
{
	struct af *f = arg;

	f->lookups++;
	if (slice_eqs(user, "broken"))
		return EIO;
	if (!slice_eqs(user, "100") && !slice_eqs(user, "a\"b") && !slice_eqs(user, "J\xc3\xa4"))
		return ENOENT;
	sip_ha1_make(h, user, SLICE("off\"hook"), SLICE("secret12"));
	return 0;
}

static struct sip_msg *decode(const struct af *f, const char *txt)
{
	struct sip_msg_err e;
	struct sip_msg *msg;

	assert_int_equal(sip_msg_decode(&msg, txt, strlen(txt), &e), 0);
	msg->src = f->src;
	return msg;
}

static struct sip_msg *request(const struct af *f, const char *lines)
{
	return decode(f, REQ("REGISTER", .uri = "sip:10.0.0.1", .hdrs = lines));
}

static struct sip_auth_info check(struct af *f, const char *lines)
{
	struct sip_msg *msg = request(f, lines);
	struct sip_auth_info info;

	sip_auth_check(f->a, msg, false, lookup, f, &info);
	mem_deref(msg);
	return info;
}

/* Challenge lines as text. */
static char *challenge(struct af *f, bool proxy, bool stale, char dst[1024])
{
	struct sip_msg *msg = request(f, "");
	struct buf b;

	buf_init_fixed(&b, dst, 1023);
	sip_auth_challenge(f->a, msg, proxy, stale, &b);
	assert_int_equal(buf_err(&b), 0);
	dst[b.l] = 0;
	mem_deref(msg);
	return dst;
}

static void nonce_of(struct af *f, char nonce[NONCE_LEN + 1])
{
	char txt[1024], *p = strstr(challenge(f, false, false, txt), "nonce=\"");

	assert_non_null(p);
	memcpy(nonce, p + 7, NONCE_LEN);
	nonce[NONCE_LEN] = 0;
	assert_int_equal(p[7 + NONCE_LEN], '"');
}

/* What a phone answers; NULL members take what user 100 says first. */
struct answer {
	const char *user, *pass, *nonce, *nc, *uri, *alg;
	bool no_qop, sha256;
};

static const char *answer_line(struct answer a)
{
	static char line[1024];
	struct digest d = {{NULL}};
	enum sip_digest_alg alg = a.sha256 ? SIP_DIGEST_SHA256 : SIP_DIGEST_MD5;
	struct sip_ha1 h;
	char hex[DIGEST_HEX + 1], more[128] = "";
	struct digest_in in = {.alg = alg, .nonce = slice_str(a.nonce), .method = SLICE("REGISTER")};

	a.user = a.user ? a.user : "100";
	a.nc = a.nc ? a.nc : "00000001";
	a.uri = a.uri ? a.uri : "sip:10.0.0.1";
	in.uri = slice_str(a.uri);
	sip_ha1_make(&h, slice_str(a.user), SLICE("off\"hook"), slice_str(a.pass ? a.pass : "secret12"));
	in.ha1 = slice_str(a.sha256 ? h.sha256 : h.md5);
	if (!a.no_qop) {
		in.qop = SLICE("auth");
		in.nc = slice_str(a.nc);
		in.cnonce = SLICE("abc");
		snprintf(more, sizeof(more), ", qop=auth, nc=%s, cnonce=\"abc\"", a.nc);
	}
	assert_int_equal(digest_response(&d, &in, hex), 0);
	digest_free(&d);
	snprintf(line, sizeof(line),
		 "Authorization: Digest username=\"%s\", realm=\"off\\\"hook\", nonce=\"%s\", uri=\"%s\", "
		 "response=\"%s\"%s%s%s\r\n",
		 a.user, a.nonce, a.uri, hex, a.sha256 ? ", algorithm=SHA-256" : "", a.alg ? a.alg : "", more);
	return line;
}

#define ANSWER(...) answer_line((struct answer){__VA_ARGS__})

static void assert_check(struct af *f, const char *line, enum sip_auth_result res, bool counts)
{
	struct sip_auth_info info = check(f, line);

	if (info.res != res || info.counts != counts)
		fail_msg("result %d counts %d for %s", (int)info.res, info.counts, line);
}

static void challenge_offers_sha256_first(void **state)
{
	struct af f;
	char txt[1024], *sha, *md5;

	(void)state;
	af_open(&f, NULL);
	challenge(&f, false, false, txt);
	sha = strstr(txt, "WWW-Authenticate: Digest realm=\"off\\\"hook\", nonce=\"");
	assert_ptr_equal(sha, txt);
	assert_non_null(strstr(txt, "algorithm=SHA-256, qop=\"auth\"\r\n"));
	md5 = strstr(txt, "\r\nWWW-Authenticate");
	assert_non_null(md5);
	assert_non_null(strstr(md5, "algorithm=MD5, qop=\"auth\"\r\n"));
	challenge(&f, true, true, txt);
	assert_non_null(strstr(txt, "Proxy-Authenticate: Digest"));
	assert_non_null(strstr(txt, ", stale=true\r\n"));
	af_close(&f);
}

static void sha256_only_is_kept(void **state)
{
	struct sip_auth_cfg cfg = {.sha256_only = true};
	struct af f;
	char txt[1024], nonce[NONCE_LEN + 1];

	(void)state;
	af_open(&f, &cfg);
	assert_null(strstr(challenge(&f, false, false, txt), "=MD5"));
	nonce_of(&f, nonce);
	assert_check(&f, ANSWER(.nonce = nonce), SIP_AUTH_CHALLENGE, false);
	assert_check(&f, ANSWER(.nonce = nonce, .sha256 = true), SIP_AUTH_OK, false);
	af_close(&f);
}

static void right_and_wrong_secrets(void **state)
{
	struct af f;
	char nonce[NONCE_LEN + 1];
	struct sip_auth_info info;

	(void)state;
	af_open(&f, NULL);
	nonce_of(&f, nonce);
	assert_check(&f, "", SIP_AUTH_CHALLENGE, false);
	assert_check(&f, ANSWER(.nonce = nonce, .pass = "wrong123"), SIP_AUTH_BAD, true);
	assert_check(&f, ANSWER(.nonce = nonce, .user = "nobody"), SIP_AUTH_BAD, true);
	assert_check(&f, ANSWER(.nonce = nonce, .user = "broken"), SIP_AUTH_BAD, false);
	info = check(&f, ANSWER(.nonce = nonce));
	assert_int_equal(info.res, SIP_AUTH_OK);
	assert_string_equal(info.user, "100");
	nonce_of(&f, nonce);
	assert_check(&f, ANSWER(.nonce = nonce, .sha256 = true), SIP_AUTH_OK, false);
	/* other schemes and realms are not ours */
	assert_check(&f, "Authorization: Basic abcd\r\n", SIP_AUTH_CHALLENGE, false);
	assert_check(
		&f,
		"Authorization: Digest username=\"100\", realm=\"x\", nonce=\"n\", uri=\"sip:x\", response=\"00\"\r\n",
		SIP_AUTH_CHALLENGE, false);
	assert_check(&f, "Authorization: Digest username=100\r\n", SIP_AUTH_MALFORMED, false);
	af_close(&f);
}

/* Whoever guesses users learns nothing: both answers look alike and both are checked in full. */
static void unknown_users_are_like_known_ones(void **state)
{
	struct af f;
	char nonce[NONCE_LEN + 1];
	struct sip_auth_info known, unknown;

	(void)state;
	af_open(&f, NULL);
	nonce_of(&f, nonce);
	known = check(&f, ANSWER(.nonce = nonce, .pass = "wrong123"));
	unknown = check(&f, ANSWER(.nonce = nonce, .user = "777"));
	assert_int_equal(known.res, unknown.res);
	assert_int_equal(known.counts, unknown.counts);
	assert_int_equal(f.lookups, 2);
	/* no response at all does not match "no secret" */
	assert_check(&f,
		     "Authorization: Digest username=\"777\", realm=\"off\\\"hook\", nonce=\"\", uri=\"sip:x\", "
		     "response=\"\"\r\n",
		     SIP_AUTH_BAD, false);
	af_close(&f);
}

static void counts_must_rise(void **state)
{
	struct af f;
	char nonce[NONCE_LEN + 1];

	(void)state;
	af_open(&f, NULL);
	nonce_of(&f, nonce);
	assert_check(&f, ANSWER(.nonce = nonce, .nc = "00000001"), SIP_AUTH_OK, false);
	/* the very same REGISTER again: its answer was lost */
	assert_check(&f, ANSWER(.nonce = nonce, .nc = "00000001"), SIP_AUTH_OK, false);
	assert_check(&f, ANSWER(.nonce = nonce, .nc = "00000001", .uri = "sip:other.example"), SIP_AUTH_BAD, false);
	assert_check(&f, ANSWER(.nonce = nonce, .nc = "00000005"), SIP_AUTH_OK, false);
	assert_check(&f, ANSWER(.nonce = nonce, .nc = "00000001"), SIP_AUTH_BAD, false);
	assert_check(&f, ANSWER(.nonce = nonce, .nc = "00000004"), SIP_AUTH_BAD, false);
	assert_check(&f, ANSWER(.nonce = nonce, .nc = "0000000a"), SIP_AUTH_OK, false);
	/* a wrong secret does not use up a count */
	assert_check(&f, ANSWER(.nonce = nonce, .nc = "0000000b", .pass = "wrong123"), SIP_AUTH_BAD, true);
	assert_check(&f, ANSWER(.nonce = nonce, .nc = "0000000B"), SIP_AUTH_OK, false);
	assert_check(&f, ANSWER(.nonce = nonce, .nc = "00000000"), SIP_AUTH_MALFORMED, false);
	assert_check(&f, ANSWER(.nonce = nonce, .nc = "1"), SIP_AUTH_MALFORMED, false);
	af_close(&f);
}

static void without_qop_a_nonce_is_good_once(void **state)
{
	struct af f;
	char nonce[NONCE_LEN + 1];

	(void)state;
	af_open(&f, NULL);
	nonce_of(&f, nonce);
	assert_check(&f, ANSWER(.nonce = nonce, .no_qop = true), SIP_AUTH_OK, false);
	assert_check(&f, ANSWER(.nonce = nonce, .no_qop = true), SIP_AUTH_OK, false); /* the same again */
	assert_check(&f, ANSWER(.nonce = nonce, .no_qop = true, .uri = "sip:other.example"), SIP_AUTH_BAD, false);
	assert_check(&f, ANSWER(.nonce = nonce, .nc = "00000002"), SIP_AUTH_BAD, false);
	af_close(&f);
}

static void old_nonces_are_stale(void **state)
{
	struct sip_auth_cfg cfg = {.nonce_life_s = 60};
	struct af f;
	char nonce[NONCE_LEN + 1];

	(void)state;
	af_open(&f, &cfg);
	nonce_of(&f, nonce);
	vnet_run(f.net, 59000);
	assert_check(&f, ANSWER(.nonce = nonce), SIP_AUTH_OK, false);
	vnet_run(f.net, 2000);
	assert_check(&f, ANSWER(.nonce = nonce, .nc = "00000002"), SIP_AUTH_STALE, false);
	/* the secret is judged first */
	assert_check(&f, ANSWER(.nonce = nonce, .nc = "00000003", .pass = "wrong123"), SIP_AUTH_BAD, true);
	af_close(&f);
}

static void a_nonce_is_for_one_address(void **state)
{
	struct af f, g;
	char nonce[NONCE_LEN + 1], forged[NONCE_LEN + 1];

	(void)state;
	af_open(&f, NULL);
	nonce_of(&f, nonce);
	f.src = fix_sa("10.0.0.3", 5060);
	assert_check(&f, ANSWER(.nonce = nonce), SIP_AUTH_BAD, false);
	f.src = fix_sa("10.0.0.2", 5061);
	assert_check(&f, ANSWER(.nonce = nonce), SIP_AUTH_BAD, false);
	f.src = fix_sa("10.0.0.2", 5060);
	/* time and proof belong together */
	memcpy(forged, nonce, sizeof(nonce));
	forged[3] = forged[3] == '0' ? '1' : '0';
	assert_check(&f, ANSWER(.nonce = forged), SIP_AUTH_BAD, false);
	assert_check(&f, ANSWER(.nonce = "00"), SIP_AUTH_BAD, false);
	assert_check(&f, ANSWER(.nonce = nonce), SIP_AUTH_OK, false);
	/* another process did not give it */
	af_open(&g, NULL);
	assert_check(&g, ANSWER(.nonce = nonce, .nc = "00000002"), SIP_AUTH_BAD, false);
	af_close(&g);
	af_close(&f);
}

static void nonces_for_ipv6(void **state)
{
	struct af f;
	char nonce[NONCE_LEN + 1];

	(void)state;
	af_open(&f, NULL);
	f.src = fix_sa("2001:db8::2", 5060);
	nonce_of(&f, nonce);
	assert_check(&f, ANSWER(.nonce = nonce), SIP_AUTH_OK, false);
	f.src = fix_sa("2001:db8::3", 5060);
	assert_check(&f, ANSWER(.nonce = nonce, .nc = "00000002"), SIP_AUTH_BAD, false);
	af_close(&f);
}

static void nonces_are_all_different(void **state)
{
	struct af f;
	char n[64][NONCE_LEN + 1];

	(void)state;
	af_open(&f, NULL);
	for (size_t i = 0; i < 64; i++) {
		nonce_of(&f, n[i]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(n[i], n[k]);
	}
	af_close(&f);
}

/* More nonces in use than are kept: the eldest become stale, none can be replayed, memory is bounded. */
static void forgotten_counts_are_never_replayed(void **state)
{
	enum { KEPT = 128, USED = 1000 };
	struct sip_auth_cfg cfg = {.max_counts = KEPT};
	struct af f;
	char(*n)[NONCE_LEN + 1] = calloc(USED, NONCE_LEN + 1);
	size_t stale = 0, again = 0;

	(void)state;
	assert_non_null(n);
	af_open(&f, &cfg);
	for (size_t i = 0; i < USED; i++) {
		nonce_of(&f, n[i]);
		assert_check(&f, ANSWER(.nonce = n[i]), SIP_AUTH_OK, false);
	}
	for (size_t i = 0; i < USED; i++) {
		struct sip_auth_info info = check(&f, ANSWER(.nonce = n[i]));

		stale += info.res == SIP_AUTH_STALE;
		again += info.res == SIP_AUTH_OK;
	}
	assert_int_equal(stale + again, USED);
	assert_in_range(again, KEPT / 2, KEPT);
	/* the youngest go on */
	assert_check(&f, ANSWER(.nonce = n[USED - 1], .nc = "00000002"), SIP_AUTH_OK, false);
	free(n);
	af_close(&f);
}

static void counts_are_forgotten_after_their_life(void **state)
{
	struct nonces n;
	struct sa peer = fix_sa("10.0.0.2", 5060);
	char txt[NONCE_LEN + 1];
	uint64_t id, now = 1000000;

	(void)state;
	assert_int_equal(nonces_init(&n, 60, 1000, now), 0);
	for (int i = 0; i < 300; i++) {
		nonce_make(&n, now, &peer, txt);
		assert_true(nonce_read(&n, slice_str(txt), &peer, &id));
		assert_int_equal(nonce_use(&n, id, &(struct nonce_use){1, 77}, now), 0);
		assert_int_equal(nonce_use(&n, id, &(struct nonce_use){1, 78}, now), EEXIST);
		assert_int_equal(nonce_use(&n, id, &(struct nonce_use){1, 77}, now), EALREADY);
		now += 1000;
		assert_true(n.cur.n + n.old.n <= 130);
	}
	nonces_free(&n);
}

static void two_failures_with_sha256_give_md5_alone(void **state)
{
	struct af f;
	char nonce[NONCE_LEN + 1], txt[1024];

	(void)state;
	af_open(&f, NULL);
	nonce_of(&f, nonce);
	/* says SHA-256, computes something else */
	assert_check(&f, ANSWER(.nonce = nonce, .sha256 = true, .pass = "x"), SIP_AUTH_BAD, true);
	assert_non_null(strstr(challenge(&f, false, false, txt), "SHA-256"));
	assert_check(&f, ANSWER(.nonce = nonce, .alg = ", algorithm=SHA-256"), SIP_AUTH_BAD, true);
	assert_null(strstr(challenge(&f, false, false, txt), "SHA-256"));
	assert_non_null(strstr(txt, "MD5"));
	/* its neighbour is not touched */
	f.src = fix_sa("10.0.0.3", 5060);
	assert_non_null(strstr(challenge(&f, false, false, txt), "SHA-256"));
	/* it is known by address, not by port */
	f.src = fix_sa("10.0.0.2", 5099);
	assert_null(strstr(challenge(&f, false, false, txt), "SHA-256"));
	vnet_run(f.net, 3700 * 1000);
	assert_non_null(strstr(challenge(&f, false, false, txt), "SHA-256"));
	af_close(&f);
}

static void success_with_sha256_clears_failures(void **state)
{
	struct af f;
	char nonce[NONCE_LEN + 1], txt[1024];

	(void)state;
	af_open(&f, NULL);
	nonce_of(&f, nonce);
	assert_check(&f, ANSWER(.nonce = nonce, .sha256 = true, .pass = "x"), SIP_AUTH_BAD, true);
	assert_check(&f, ANSWER(.nonce = nonce, .sha256 = true), SIP_AUTH_OK, false);
	assert_check(&f, ANSWER(.nonce = nonce, .sha256 = true, .pass = "x"), SIP_AUTH_BAD, true);
	assert_non_null(strstr(challenge(&f, false, false, txt), "SHA-256"));
	/* failures with MD5 say nothing about SHA-256 */
	for (int i = 0; i < 3; i++)
		assert_check(&f, ANSWER(.nonce = nonce, .pass = "x"), SIP_AUTH_BAD, true);
	assert_non_null(strstr(challenge(&f, false, false, txt), "SHA-256"));
	af_close(&f);
}

/* Some phones give up on a challenge with an unknown algorithm and ask again later. */
static void two_silent_challenges_give_md5_alone(void **state)
{
	struct af f;
	char nonce[NONCE_LEN + 1], txt[1024];

	(void)state;
	af_open(&f, NULL);
	for (int i = 0; i < 3; i++) { /* calls at the same time */
		assert_non_null(strstr(challenge(&f, false, false, txt), "SHA-256"));
		vnet_run(f.net, 100);
	}
	nonce_of(&f, nonce);
	assert_check(&f, ANSWER(.nonce = nonce), SIP_AUTH_OK, false);
	vnet_run(f.net, 30 * 1000);
	for (int i = 0; i < 2; i++) {
		assert_non_null(strstr(challenge(&f, false, false, txt), "SHA-256"));
		vnet_run(f.net, 30 * 1000);
	}
	assert_null(strstr(challenge(&f, false, false, txt), "SHA-256"));
	/* success with MD5 keeps it so, for as long as the phone comes back within an hour */
	for (int i = 0; i < 3; i++) {
		nonce_of(&f, nonce);
		assert_check(&f, ANSWER(.nonce = nonce), SIP_AUTH_OK, false);
		vnet_run(f.net, 3000 * 1000);
		assert_null(strstr(challenge(&f, false, false, txt), "SHA-256"));
	}
	vnet_run(f.net, 3700 * 1000);
	assert_non_null(strstr(challenge(&f, false, false, txt), "SHA-256"));
	af_close(&f);
}

static void known_agents_get_md5_alone(void **state)
{
	static const struct {
		const char *agent;
		bool md5;
	} v[] = {{"baresip v1.0.0 (x86_64/linux)", true},
		 {"SIPp", true},
		 {"baresip v2.9.0", false},
		 {"baresip", false},
		 {"", false}};
	struct af f;

	(void)state;
	af_open(&f, NULL);
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		char line[128];
		struct sip_msg *msg;
		struct buf b;

		snprintf(line, sizeof(line), "User-Agent: %s\r\n", v[i].agent);
		msg = request(&f, line);
		buf_init(&b);
		sip_auth_challenge(f.a, msg, false, false, &b);
		assert_true(b.l > 0);
		assert_int_equal(memmem(b.p, b.l, "SHA-256", 7) == NULL, v[i].md5);
		assert_non_null(memmem(b.p, b.l, "MD5", 3));
		buf_free(&b);
		mem_deref(msg);
	}
	af_close(&f);
}

static void fallback_table_is_bounded(void **state)
{
	struct fallback *fb = calloc(1, sizeof(*fb));
	struct af f;

	(void)state;
	af_open(&f, NULL);
	for (unsigned i = 0; i < 5000; i++) {
		char ip[32];
		struct sip_msg *msg;

		snprintf(ip, sizeof(ip), "10.%u.%u.7", i / 250, i % 250);
		f.src = fix_sa(ip, 5060);
		msg = request(&f, "");
		fallback_note(fb, msg, true, 1000 + i);
		fallback_note(fb, msg, true, 1000 + i);
		assert_true(fallback_active(fb, msg, 1000 + i));
		mem_deref(msg);
	}
	free(fb);
	af_close(&f);
}

static void digest_uri_may_differ_but_for_the_user(void **state)
{
	static const struct {
		const char *ruri, *uri;
		bool ok;
	} v[] = {
		{"sip:10.0.0.1", "sip:10.0.0.1:5060", true},
		{"sip:101@10.0.0.1", "sip:10.0.0.1:5060", true},
		{"sip:101@10.0.0.1", "sip:101@offhook;transport=udp", true},
		{"sip:101@10.0.0.1", "sip:%3101@offhook", true},
		{"sip:101@10.0.0.1", "sip:102@10.0.0.1", false},
	};
	struct af f;

	(void)state;
	af_open(&f, NULL);
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		char nonce[NONCE_LEN + 1];
		struct sip_msg *msg;
		struct sip_auth_info info;

		nonce_of(&f, nonce);
		msg = decode(&f, REQ("REGISTER", .uri = v[i].ruri, .hdrs = ANSWER(.nonce = nonce, .uri = v[i].uri)));
		sip_auth_check(f.a, msg, false, lookup, &f, &info);
		assert_int_equal(info.res, v[i].ok ? SIP_AUTH_OK : SIP_AUTH_BAD);
		mem_deref(msg);
	}
	af_close(&f);
}

/* ---- our client against our server ---- */

static const struct sip_cred cred_100 = {.user = {"100", 3}, .password = {"secret12", 8}};

/* Hand a challenge to a client. */
static int hear(const struct af *f, struct sip_client_auth *c, unsigned code, const char *lines)
{
	char txt[2048];
	struct sip_msg *rsp;
	int err;

	snprintf(txt, sizeof(txt),
		 "SIP/2.0 %u X\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKq\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:b>\r\nCall-ID: "
		 "1\r\nCSeq: 1 REGISTER\r\n"
		 "%s\r\n",
		 code, lines);
	rsp = decode(f, txt);
	err = sip_client_auth_challenge(c, rsp);
	mem_deref(rsp);
	return err;
}

static char *answer_of(struct sip_client_auth *c, const struct sip_cred *cred, char dst[1024])
{
	struct buf b;

	buf_init_fixed(&b, dst, 1023);
	assert_int_equal(sip_client_auth_enc(c, &b, cred, SLICE("REGISTER"), SLICE("sip:10.0.0.1")), 0);
	dst[b.l] = 0;
	return dst;
}

static void client_and_server(void **state)
{
	struct af f;
	struct sip_client_auth *c;
	struct sip_msg *msg;
	struct sip_auth_info info;
	char txt[1024], line[1024];

	(void)state;
	af_open(&f, NULL);
	assert_int_equal(sip_client_auth_alloc(&c), 0);
	assert_string_equal(answer_of(c, &cred_100, line), "");
	assert_int_equal(hear(&f, c, 401, challenge(&f, false, false, txt)), 0);
	answer_of(c, &cred_100, line);
	assert_non_null(strstr(line, "algorithm=SHA-256"));
	assert_non_null(strstr(line, "nc=00000001"));
	assert_check(&f, line, SIP_AUTH_OK, false);
	answer_of(c, &cred_100, line);
	assert_non_null(strstr(line, "nc=00000002"));
	assert_check(&f, line, SIP_AUTH_OK, false);
	/* a proxy's challenge beside it */
	assert_int_equal(hear(&f, c, 407, challenge(&f, true, false, txt)), 0);
	answer_of(c, &cred_100, line);
	assert_non_null(strstr(line, "\r\nProxy-Authorization: Digest "));
	msg = request(&f, line);
	sip_auth_check(f.a, msg, true, lookup, &f, &info);
	assert_int_equal(info.res, SIP_AUTH_OK);
	sip_auth_check(f.a, msg, false, lookup, &f, &info);
	assert_int_equal(info.res, SIP_AUTH_OK);
	mem_deref(msg);
	mem_deref(c);
	af_close(&f);
}

static void odd_user_names(void **state)
{
	struct af f;
	struct sip_client_auth *c;
	struct sip_cred cred = {.user = SLICE("a\"b"), .password = SLICE("secret12")};
	struct sip_auth_info info;
	char txt[1024], line[1024];

	(void)state;
	af_open(&f, NULL);
	assert_int_equal(sip_client_auth_alloc(&c), 0);
	assert_int_equal(hear(&f, c, 401, challenge(&f, false, false, txt)), 0);
	info = check(&f, answer_of(c, &cred, line));
	assert_int_equal(info.res, SIP_AUTH_OK);
	assert_string_equal(info.user, "a\"b");
	/* username* (RFC 7616 3.4.1) */
	info = check(
		&f,
		"Authorization: Digest username*=UTF-8''J%C3%A4, realm=\"off\\\"hook\", nonce=\"n\", uri=\"sip:x\", "
		"response=\"00\"\r\n");
	assert_int_equal(info.res, SIP_AUTH_BAD);
	assert_string_equal(info.user, "J\xc3\xa4");
	assert_check(&f,
		     "Authorization: Digest username*=J, realm=\"off\\\"hook\", nonce=\"n\", uri=\"sip:x\", "
		     "response=\"00\"\r\n",
		     SIP_AUTH_MALFORMED, false);
	mem_deref(c);
	af_close(&f);
}

static void client_gives_up_on_a_wrong_secret(void **state)
{
	struct af f;
	struct sip_client_auth *c;
	char txt[1024], line[1024];
	const char *md5 = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\"\r\n";

	(void)state;
	af_open(&f, NULL);
	assert_int_equal(sip_client_auth_alloc(&c), 0);
	/* the same nonce */
	assert_int_equal(hear(&f, c, 401, md5), 0);
	answer_of(c, &cred_100, line);
	assert_null(strstr(line, "qop="));
	assert_null(strstr(line, "algorithm="));
	assert_int_equal(hear(&f, c, 401, md5), ERR_AUTH);
	mem_deref(c);
	/* a new nonce each time */
	assert_int_equal(sip_client_auth_alloc(&c), 0);
	assert_int_equal(hear(&f, c, 401, challenge(&f, false, false, txt)), 0);
	answer_of(c, &cred_100, line);
	assert_int_equal(hear(&f, c, 401, challenge(&f, false, true, txt)), 0); /* stale: again */
	answer_of(c, &cred_100, line);
	assert_int_equal(hear(&f, c, 401, challenge(&f, false, false, txt)), ERR_AUTH);
	mem_deref(c);
	/* one that worked and grew old without being called stale */
	assert_int_equal(sip_client_auth_alloc(&c), 0);
	assert_int_equal(hear(&f, c, 401, challenge(&f, false, false, txt)), 0);
	answer_of(c, &cred_100, line);
	answer_of(c, &cred_100, line);
	assert_int_equal(hear(&f, c, 401, challenge(&f, false, false, txt)), 0);
	mem_deref(c);
	af_close(&f);
}

static void client_takes_the_strongest_it_knows(void **state)
{
	static const struct {
		const char *lines;
		int err;
		const char *has;
	} v[] = {
		{"WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=MD5, qop=\"auth\"\r\n"
		 "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256, qop=\"auth-int,auth\"\r\n",
		 0, "algorithm=SHA-256"},
		{"WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256, qop=\"auth-int\"\r\n"
		 "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=MD5, opaque=\"o\"\r\n",
		 0, "opaque=\"o\""},
		{"WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256, qop=\"auth\"\r\n"
		 "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\"\r\n",
		 0, "algorithm=SHA-512-256"},
		{"WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=NEW-1\r\n", ENOTSUP, NULL},
		{"WWW-Authenticate: Basic realm=\"r\"\r\n", ENOTSUP, NULL},
		{"", ENOTSUP, NULL},
	};
	struct af f;

	(void)state;
	af_open(&f, NULL);
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct sip_client_auth *c;
		char line[1024];

		assert_int_equal(sip_client_auth_alloc(&c), 0);
		assert_int_equal(hear(&f, c, 401, v[i].lines), v[i].err);
		if (v[i].has)
			assert_non_null(strstr(answer_of(c, &cred_100, line), v[i].has));
		mem_deref(c);
	}
	af_close(&f);
}

static void client_keeps_its_secret_from_other_realms(void **state)
{
	struct sip_cred cred = cred_100;
	struct sip_client_auth *c;
	struct af f;
	struct buf b;

	(void)state;
	af_open(&f, NULL);
	cred.realm = SLICE("mine");
	assert_int_equal(sip_client_auth_alloc(&c), 0);
	assert_int_equal(hear(&f, c, 401, "WWW-Authenticate: Digest realm=\"theirs\", nonce=\"n\"\r\n"), 0);
	buf_init(&b);
	assert_int_equal(sip_client_auth_enc(c, &b, &cred, SLICE("REGISTER"), SLICE("sip:x")), ERR_AUTH);
	assert_int_equal(b.l, 0);
	buf_free(&b);
	mem_deref(c);
	af_close(&f);
}

/* The whole way: a REGISTER is challenged over the wire. */
static void reply_carries_the_challenge(void **state)
{
	struct fix f;
	struct sip_auth *a;
	struct sip_auth_cfg cfg = {.realm = "offhook"};

	(void)state;
	fix_open(&f);
	cfg.loop = f.loop;
	assert_int_equal(sip_auth_alloc(&a, &cfg), 0);
	peer_say(&f.a, REQ("REGISTER"));
	sip_auth_reply(a, f.st, false, true);
	sip_auth_reply(a, f.st, false, true); /* answered already: nothing */
	fix_run(&f, 0);
	assert_int_equal(f.a.n, 1);
	assert_code(&f.a, 401);
	assert_has(&f.a.v[0], "WWW-Authenticate: Digest realm=\"offhook\"");
	peer_say(&f.a, REQ("REGISTER", .branch = "z9hG4bK2", .cseq = 2));
	sip_auth_reply(a, f.st, true, false);
	fix_run(&f, 0);
	assert_code(&f.a, 407);
	mem_deref(a);
	fix_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_examples),
		cmocka_unit_test(challenge_offers_sha256_first),
		cmocka_unit_test(sha256_only_is_kept),
		cmocka_unit_test(right_and_wrong_secrets),
		cmocka_unit_test(unknown_users_are_like_known_ones),
		cmocka_unit_test(counts_must_rise),
		cmocka_unit_test(without_qop_a_nonce_is_good_once),
		cmocka_unit_test(old_nonces_are_stale),
		cmocka_unit_test(a_nonce_is_for_one_address),
		cmocka_unit_test(nonces_for_ipv6),
		cmocka_unit_test(nonces_are_all_different),
		cmocka_unit_test(forgotten_counts_are_never_replayed),
		cmocka_unit_test(counts_are_forgotten_after_their_life),
		cmocka_unit_test(two_failures_with_sha256_give_md5_alone),
		cmocka_unit_test(success_with_sha256_clears_failures),
		cmocka_unit_test(two_silent_challenges_give_md5_alone),
		cmocka_unit_test(known_agents_get_md5_alone),
		cmocka_unit_test(fallback_table_is_bounded),
		cmocka_unit_test(digest_uri_may_differ_but_for_the_user),
		cmocka_unit_test(client_and_server),
		cmocka_unit_test(odd_user_names),
		cmocka_unit_test(client_gives_up_on_a_wrong_secret),
		cmocka_unit_test(client_takes_the_strongest_it_knows),
		cmocka_unit_test(client_keeps_its_secret_from_other_realms),
		cmocka_unit_test(reply_carries_the_challenge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
