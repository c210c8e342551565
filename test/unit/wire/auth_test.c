/*
 * auth_test.c - digest challenges and credentials.
 */
#include "edge.h"
#include "wire/sip/auth.h"

static void alg_test(void **state)
{
	(void)state;
	assert_int_equal(sip_digest_alg_find(SLICE_NULL), SIP_DIGEST_MD5);
	assert_int_equal(sip_digest_alg_find(SLICE("md5")), SIP_DIGEST_MD5);
	assert_int_equal(sip_digest_alg_find(SLICE("SHA-256")), SIP_DIGEST_SHA256);
	assert_int_equal(sip_digest_alg_find(SLICE("SHA-512-256")), SIP_DIGEST_SHA512_256);
	assert_int_equal(sip_digest_alg_find(SLICE("MD5-sess")), SIP_DIGEST_ALG_UNKNOWN);
	assert_int_equal(sip_digest_alg_find(SLICE("SHA-256x")), SIP_DIGEST_ALG_UNKNOWN);
	for (int a = SIP_DIGEST_MD5; a < SIP_DIGEST_ALG_UNKNOWN; a++)
		assert_int_equal(sip_digest_alg_find(slice_str(sip_digest_alg_name((enum sip_digest_alg)a))), a);
}

static void challenge_test(void **state)
{
	static const struct {
		const char *text;
		int err;
		const char *realm, *nonce, *opaque, *algorithm, *qop;
		bool stale;
	} tab[] = {
		{"Digest realm=\"atlanta.com\", domain=\"sip:boxesbybob.com\", qop=\"auth,auth-int\", nonce=\"f84f\", "
		 "opaque=\"\", "
		 "stale=FALSE, algorithm=MD5",
		 0, "atlanta.com", "f84f", "", "MD5", "auth,auth-int", false},
		{"  digest   nonce = \"n\" ,REALM=\"a \\\" , b\",stale=true,unknown=x", 0, "a \\\" , b", "n", "", "",
		 "", true},
		{"Digest realm=\"a\",nonce=\"b\", Basic realm=\"c\"", 0, "a", "b", "", "", "", false},
		{"Digest realm=\"a\",realm=\"b\",nonce=\"\"", 0, "a", "", "", "", "", false},
		{"Digest ,realm=a,,nonce=b,", 0, "a", "b", "", "", "", false},
		{"Basic realm=\"x\"", ENOTSUP},
		{"NoOneKnowsThisScheme opaque-data=here", ENOTSUP},
		{"", ERR_SYNTAX},
		{"Digest", ERR_SYNTAX},
		{"Digest realm=\"x\"", ERR_SYNTAX},
		{"Digest nonce=\"x\"", ERR_SYNTAX},
		{"Digest realm=\"x, nonce=\"y\"", ERR_SYNTAX},
		{"Digest realm=\"x\" nonce=\"y\"", ERR_SYNTAX},
		{"Digest realm=\"x\",nonce=\"y\",=z", ERR_SYNTAX},
		{"Digest realm=\"x\",nonce=\"y\",z", ERR_SYNTAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		struct sip_challenge c;
		int err = sip_challenge_decode(&c, edge_str(tab[i].text));

		if (err != tab[i].err)
			fail_msg("\"%s\": %s", tab[i].text, err_str(err));
		if (err)
			continue;
		assert_slice(c.realm, tab[i].realm);
		assert_slice(c.nonce, tab[i].nonce);
		assert_slice(c.opaque, tab[i].opaque);
		assert_slice(c.algorithm, tab[i].algorithm);
		assert_slice(c.qop, tab[i].qop);
		assert_int_equal(c.stale, tab[i].stale);
	}
}

static void credentials_test(void **state)
{
	static const char text[] =
		"Digest username=\"bob\", realm=\"biloxi.com\", nonce=\"dcd9\", uri=\"sip:bob@biloxi.com\", "
		"response=\"6629\", algorithm=SHA-256, cnonce=\"0a4f\", opaque=\"5ccc\", qop=auth, nc=00000001";
	static const char *const bad[] = {
		"Digest realm=\"r\", nonce=\"n\", uri=\"u\", response=\"x\"",
		"Digest username=\"u\", nonce=\"n\", uri=\"u\", response=\"x\"",
		"Digest username=\"u\", realm=\"r\", uri=\"u\", response=\"x\"",
		"Digest username=\"u\", realm=\"r\", nonce=\"n\", response=\"x\"",
		"Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"u\"",
		"Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"u\", response=\"x",
	};
	struct sip_credentials c;
	struct buf b;

	(void)state;
	buf_init(&b);
	assert_int_equal(sip_credentials_decode(&c, edge_str(text)), 0);
	assert_slice(c.username, "bob");
	assert_slice(c.uri, "sip:bob@biloxi.com");
	assert_slice(c.response, "6629");
	assert_slice(c.qop, "auth");
	assert_slice(c.nc, "00000001");
	assert_false(c.username_ext);
	sip_credentials_encode(&b, &c);
	assert_slice(buf_get(&b), text);
	/* optional ones stay away; what is no token gets quotes */
	c.opaque = c.cnonce = c.nc = c.algorithm = SLICE_NULL;
	c.qop = SLICE("a b");
	buf_reset(&b);
	sip_credentials_encode(&b, &c);
	assert_slice(buf_get(&b),
		     "Digest username=\"bob\", realm=\"biloxi.com\", nonce=\"dcd9\", uri=\"sip:bob@biloxi.com\", "
		     "response=\"6629\", qop=\"a b\"");
	assert_int_equal(sip_credentials_decode(
				 &c, edge_str("Digest username*=UTF-8''J%C3%A4s, realm=r,nonce=n,uri=/x,response=y")),
			 0);
	assert_true(c.username_ext);
	assert_slice(c.username, "UTF-8''J%C3%A4s");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(sip_credentials_decode(&c, edge_str(bad[i])), ERR_SYNTAX);
	assert_int_equal(sip_credentials_decode(&c, edge_str("NoOneKnowsThisScheme opaque-data=here")), ENOTSUP);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alg_test),
		cmocka_unit_test(challenge_test),
		cmocka_unit_test(credentials_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
