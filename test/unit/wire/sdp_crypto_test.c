/*
 * sdp_crypto_test.c - a=crypto: what is read, what is refused, and that what is written is read again.
 */
#include "edge.h"
#include "wire/sdp/crypto.h"

/* RFC 4568 5.1, 6.1 and more */
#define KEY "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"

static const struct {
	const char *val;
	int err;
	uint32_t tag;
	const char *suite;
	size_t key_len;
	uint64_t lifetime;
	uint8_t mki_len, mki_low;
	uint16_t window;
} table[] = {
	{"1 AES_CM_128_HMAC_SHA1_80 inline:" KEY, 0, 1, "AES_CM_128_HMAC_SHA1_80", 30, 0, 0, 0, 0},
	{"1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "|2^20|1:4", 0, 1, "AES_CM_128_HMAC_SHA1_80", 30, 1 << 20, 4, 1, 0},
	{"2 X inline:" KEY "|1066:4", 0, 2, "X", 30, 0, 4, 42, 0},
	{"3 X inline:" KEY "|65536", 0, 3, "X", 30, 65536, 0, 0, 0},
	{"999999999 X INLINE:" KEY "|2^48|7:128", 0, 999999999, "X", 30, UINT64_C(1) << 48, 128, 0, 0},
	{"1 X inline:" KEY "|281474976710656", 0, 1, "X", 30, UINT64_C(1) << 48, 0, 0, 0},
	{"1 X inline:" KEY "|281474976710657", ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"1  X   inline:" KEY "  WSH=128 -FOO=1 ", 0, 1, "X", 30, 0, 0, 0, 128},
	{"1 X inline:QUJD", 0, 1, "X", 3, 0, 0, 0, 0},
	{"1 X inline:QUI=", 0, 1, "X", 2, 0, 0, 0, 0},
	{"1 X inline:QQ==", 0, 1, "X", 1, 0, 0, 0, 0},
	{"1 X inline:QQ", 0, 1, "X", 1, 0, 0, 0, 0},
	{"1 X inline:" KEY " KDR=1", ENOTSUP, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:" KEY " KDR=25", ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:" KEY " UNENCRYPTED_SRTP", ENOTSUP, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:" KEY " UNENCRYPTED_SRTCP", ENOTSUP, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:" KEY " UNAUTHENTICATED_SRTP", ENOTSUP, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:" KEY " FEC_ORDER=FEC_SRTP", ENOTSUP, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:" KEY " SOMETHING", ENOTSUP, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:" KEY " WSH=63", ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:" KEY "|2^20|1:4;inline:" KEY "|2^20|2:4", ENOTSUP, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X uri:https://example.com/key", ENOTSUP, 0, NULL, 0, 0, 0, 0, 0},
	{"", ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"1", ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X", ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"a X inline:" KEY, ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"1000000000 X inline:" KEY, ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:", ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline", ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:A", ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:QU-D", ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:Q=UD", ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:" KEY "|2^49", ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:" KEY "|0", ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:" KEY "|1:0", ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:" KEY "|1:129", ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:" KEY "|256:1", ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:" KEY "|x:1", ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:" KEY "|1:4|2^20", ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:" KEY "|2^20|1:4|3", ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
	{"1 X inline:" KEY KEY KEY, ERR_SYNTAX, 0, NULL, 0, 0, 0, 0, 0},
};

static void decode_test(void **state)
{
	struct sdp_crypto c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		int err = sdp_crypto_decode(&c, edge_str(table[i].val));

		if (err != table[i].err)
			fail_msg("%s: %d", table[i].val, err);
		if (err)
			continue;
		assert_int_equal(c.tag, table[i].tag);
		assert_slice(c.suite, table[i].suite);
		assert_int_equal(c.key_len, table[i].key_len);
		assert_true(c.lifetime == table[i].lifetime);
		assert_int_equal(c.mki_len, table[i].mki_len);
		assert_int_equal(c.mki[3], table[i].mki_low);
		assert_int_equal(c.window, table[i].window);
	}
	assert_int_equal(sdp_crypto_decode(&c, SLICE("1 X inline:QUJD")), 0);
	assert_memory_equal(c.key, "ABC", 3);
}

static void encode_test(void **state)
{
	uint8_t key[46];
	struct sdp_crypto c;
	char text[256];
	struct buf b;

	(void)state;
	for (unsigned i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 37 + 200);
	for (size_t l = 1; l <= sizeof(key); l++) {
		buf_init_fixed(&b, text, sizeof(text));
		sdp_crypto_encode(&b, 7, "AEAD_AES_256_GCM", key, l);
		assert_int_equal(buf_err(&b), 0);
		struct slice s = buf_get(&b);
		assert_true(slice_starts(s, SLICE("a=crypto:7 AEAD_AES_256_GCM inline:")));
		s = slice_trim(s);
		assert_int_equal(sdp_crypto_decode(&c, slice_from(s, 9)), 0);
		assert_int_equal(c.key_len, l);
		assert_memory_equal(c.key, key, l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decode_test),
		cmocka_unit_test(encode_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
