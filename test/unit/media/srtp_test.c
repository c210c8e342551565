/*
 * srtp_test.c - SRTP: the vectors of the RFCs, what is refused, replay, rollover, out of memory.
 */
#include "fixture.h"
#include "media/srtp_priv.h"

static size_t unhex(uint8_t *dst, const char *hex)
{
	size_t n = 0;

	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		dst[n++] = (uint8_t)(slice_hex(hex[0]) << 4 | slice_hex(hex[1]));
		hex++;
	}
	return n;
}

static void assert_hex(const uint8_t *p, const char *hex)
{
	uint8_t want[256];
	size_t n = unhex(want, hex);

	assert_memory_equal(p, want, n);
}

/* RFC 3711 B.2, RFC 6188 7.1, 7.2 */
static void keystream(void **state)
{
	static const struct {
		enum srtp_suite suite;
		const char *key, *first, *late;
	} v[] = {
		{SRTP_AES_CM_128_HMAC_SHA1_80, "2B7E151628AED2A6ABF7158809CF4F3C",
		 "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0",
		 "EC8CDF7398607CB0F2D21675EA9EA1E4 362B7C3C6773516318A077D7FC5073AE 6A2CC3787889374FBEB4C81B17BA6C44"},
		{SRTP_AES_256_CM_HMAC_SHA1_80, "57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98",
		 "92bdd28a93c3f52511c677d08b5515a4 9da71b2378a854f67050756ded165bac 63c4868b7096d88421b563b8c94c9a31",
		 "cea518c90fd91ced9cbb18c078a54711 3dbc4814f4da5f00a08772b63c6a046d 6eb246913062a16891433e97dd01a57f"},
	};
	enum { N = 0xff02 * 16 };
	uint8_t key[32], salt[14], auth[20] = {0}, *p = test_malloc(N);

	(void)state;
	unhex(salt, "F0F1F2F3F4F5F6F7F8F9FAFBFCFD");
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct srtp_half h;

		unhex(key, v[i].key);
		assert_int_equal(srtp_half_init(&h, srtp_suite_def(v[i].suite), key, salt, auth, true), 0);
		memset(p, 0, N);
		assert_int_equal(srtp_cm(&h, 0, 0, p, p, N), 0);
		assert_hex(p, v[i].first);
		assert_hex(p + 0xfeff * 16, v[i].late);
		srtp_half_close(&h);
	}
	test_free(p);
}

/* RFC 3711 B.3, RFC 6188 7.3, 7.4 */
static void derivation(void **state)
{
	static const struct {
		const char *key, *salt, *out[3];
	} v[] = {
		{"E1F97A0D3E018BE0D64FA32C06DE4139",
		 "0EC675AD498AFEEBB6960B3AABE6",
		 {"C61E7A93744F39EE10734AFE3FF7A087", "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4",
		  "30CBBC08863D8C85D49DB34A9AE1"}},
		{"f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6",
		 "3b04803de51ee7c96423ab5b78d2",
		 {"5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4",
		  "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05", "fa31791685ca444a9e07c6c64e93"}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		uint8_t key[32], salt[14], out[32], want[32];
		size_t keylen = unhex(key, v[i].key);

		unhex(salt, v[i].salt);
		for (unsigned k = 0; k < 3; k++) {
			size_t n = unhex(want, v[i].out[k]);

			assert_int_equal(srtp_derive(out, n, key, keylen, salt, (enum srtp_label)k), 0);
			assert_memory_equal(out, want, n);
		}
	}
}

/* RFC 7714 16, 17: the vectors begin with session keys. */
static void gcm(void **state)
{
	static const char *const rtp_out[] = {
		"f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4"
		"390cce",
		"32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7"
		"a76c13"};
	static const char *const rtcp_out[] = {
		"63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d"
		"2fc5abf87245d9eade800005d4",
		"d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad1d1eb30c444683"
		"9"
		"f57ff6f6cb26ac3be800005d4"};
	uint8_t key[32], salt[14] = {0}, p[256];

	(void)state;
	unhex(salt, "517569642070726f2071756f");
	for (unsigned i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	for (unsigned i = 0; i < 2; i++) {
		const struct srtp_suite_def *s = srtp_suite_def(i ? SRTP_AEAD_AES_256_GCM : SRTP_AEAD_AES_128_GCM);
		struct srtp_tx t = {.s = s, .rtcp_next = 0x5d4};

		assert_int_equal(srtp_half_init(&t.rtp, s, key, salt, NULL, true), 0);
		assert_int_equal(srtp_half_init(&t.rtcp, s, key, salt, NULL, true), 0);
		size_t l = unhex(p, "8040f17b8041f8d35501a0b2 "
				    "47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573");
		assert_int_equal(srtp_seal(&t, p, &l, 12, 0xf17b), 0);
		assert_int_equal(l, 12 + 38 + 16);
		assert_hex(p + 12, rtp_out[i]);
		l = unhex(p, "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61"
			     "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef");
		assert_int_equal(srtcp_seal(&t, p, &l), 0);
		assert_int_equal(l, 52 + 16 + 4);
		assert_hex(p + 8, rtcp_out[i]);
		srtp_half_close(&t.rtp);
		srtp_half_close(&t.rtcp);
	}
}

static void names(void **state)
{
	(void)state;
	for (unsigned i = 1; i < SRTP_SUITE_COUNT; i++) {
		const char *name = srtp_suite_name((enum srtp_suite)i);

		assert_non_null(name);
		assert_int_equal(srtp_suite_of(slice_str(name)), i);
		assert_in_range(srtp_suite_key_len((enum srtp_suite)i), 28, SRTP_KEY_MAX);
	}
	assert_null(srtp_suite_name(SRTP_NONE));
	assert_null(srtp_suite_name(SRTP_SUITE_COUNT));
	assert_int_equal(srtp_suite_of(SLICE("F8_128_HMAC_SHA1_80")), SRTP_NONE);
	assert_int_equal(srtp_suite_key_len(SRTP_NONE), 0);
}

/* ------------------------------------------------------------------ packets */

static void make_key(struct srtp_key *k, unsigned suite, uint8_t fill)
{
	*k = (struct srtp_key){.suite = (uint8_t)suite};
	for (unsigned i = 0; i < SRTP_KEY_MAX; i++)
		k->key[i] = (uint8_t)(fill + i * 7);
}

struct pair {
	struct srtp_tx *tx;
	struct srtp_rx *rx;
};
static void pair_open(struct pair *d, unsigned suite)
{
	struct srtp_key k;

	make_key(&k, suite, 1);
	assert_int_equal(srtp_tx_alloc(&d->tx, &k), 0);
	assert_int_equal(srtp_rx_alloc(&d->rx, &k), 0);
}
static void pair_close(struct pair *d)
{
	mem_deref(d->tx);
	mem_deref(d->rx);
}

enum { BODY = 160, WHOLE = 12 + BODY };
static size_t packet(uint8_t p[256], struct srtp_tx *tx, uint64_t ext, uint32_t ssrc)
{
	size_t l = WHOLE;

	memset(p, 0x5a, WHOLE);
	p[0] = 0x80;
	p[1] = 0;
	p[2] = (uint8_t)(ext >> 8);
	p[3] = (uint8_t)ext;
	put32(p + 8, ssrc);
	assert_int_equal(srtp_seal(tx, p, &l, 12, ext), 0);
	return l;
}

static void each_suite(void (*fn)(unsigned suite))
{
	for (unsigned i = 1; i < SRTP_SUITE_COUNT; i++)
		fn(i);
}

static void refused(unsigned suite)
{
	uint8_t p[256], was[256];
	struct srtp_key k;
	struct srtp_rx *other;
	struct pair d;

	pair_open(&d, suite);
	make_key(&k, suite, 99);
	assert_int_equal(srtp_rx_alloc(&other, &k), 0);
	size_t whole = packet(p, d.tx, 1000, 7), l;

	memcpy(was, p, sizeof(p));
	/* every bit of it counts */
	for (size_t bit = 0; bit < whole * 8; bit += 13) {
		p[bit / 8] ^= (uint8_t)(1U << bit % 8);
		l = whole;
		assert_int_not_equal(srtp_open(d.rx, p, &l), 0);
		p[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_memory_equal(p, was, whole);
	}
	for (l = 0; l < whole; l++) {
		size_t n = l;
		assert_int_not_equal(srtp_open(d.rx, p, &n), 0);
	}
	l = whole;
	assert_int_equal(srtp_open(other, p, &l), EBADMSG);
	assert_memory_equal(p, was, whole);
	/* none of that left a trace */
	assert_int_equal(srtp_open(d.rx, p, &l), 0);
	assert_int_equal(l, WHOLE);
	memcpy(p, was, sizeof(p));
	l = whole;
	assert_int_equal(srtp_open(d.rx, p, &l), EALREADY);
	mem_deref(other);
	pair_close(&d);
}
static void wrong_packets_are_refused(void **state)
{
	(void)state;
	each_suite(refused);
}

static void replay(unsigned suite)
{
	uint8_t p[256], old[256], first[256];
	struct pair d;
	size_t l, oldl, firstl;

	pair_open(&d, suite);
	firstl = packet(first, d.tx, 1, 7);
	oldl = packet(old, d.tx, 2, 7);
	for (uint64_t i = 3; i <= 129; i++) {
		l = packet(p, d.tx, i, 7);
		assert_int_equal(srtp_open(d.rx, p, &l), 0);
	}
	/* 129 - 127 is the oldest that may come */
	assert_int_equal(srtp_open(d.rx, old, &oldl), 0);
	assert_int_equal(srtp_open(d.rx, first, &firstl), EALREADY);
	pair_close(&d);
}
static void replayed_and_late_packets_are_refused(void **state)
{
	(void)state;
	each_suite(replay);
}

static void no_index_is_used_twice(void **state)
{
	uint8_t p[256];
	struct pair d;
	size_t l = WHOLE;

	(void)state;
	pair_open(&d, SRTP_AEAD_AES_128_GCM);
	packet(p, d.tx, 500, 7);
	assert_int_equal(srtp_seal(d.tx, p, &l, 12, 500), EALREADY);
	packet(p, d.tx, 499, 7);
	packet(p, d.tx, 700, 7);
	assert_int_equal(srtp_seal(d.tx, p, &l, 12, 501), EALREADY);
	assert_int_equal(srtp_seal(d.tx, p, &l, 12, UINT64_C(1) << 48), ERR_LIMIT);
	assert_int_equal(srtp_seal(d.tx, p, &l, 11, 800), EINVAL);
	assert_int_equal(srtp_seal(d.tx, p, &l, l + 1, 800), EINVAL);
	d.tx->rtcp_next = 0x80000000;
	assert_int_equal(srtcp_seal(d.tx, p, &l), ERR_LIMIT);
	pair_close(&d);
}

/* The table of SSRCs is bounded; the one that was silent longest makes room. */
static void many_ssrcs(void **state)
{
	uint8_t p[256];
	struct pair d;

	(void)state;
	pair_open(&d, SRTP_AES_CM_128_HMAC_SHA1_80);
	for (uint32_t i = 0; i < 100; i++) {
		/* a stream of its own for each, or the sender's window would be in the way */
		memset(&d.tx->sent, 0, sizeof(d.tx->sent));
		size_t l = packet(p, d.tx, 1 + i, 1000 + i);
		assert_int_equal(srtp_open(d.rx, p, &l), 0);
	}
	assert_null(srtp_rx_find(d.rx, 1000));
	for (uint32_t i = 100 - SRTP_STREAMS; i < 100; i++)
		assert_non_null(srtp_rx_find(d.rx, 1000 + i));
	pair_close(&d);
}

/* A new key after many rollovers: the sender goes on counting, or begins anew. */
static void new_key_and_rollover(void **state)
{
	static const uint64_t begin[] = {0x3ffff, 7};

	(void)state;
	for (unsigned suite = 1; suite < SRTP_SUITE_COUNT; suite++)
		for (size_t i = 0; i < ARRAY_LEN(begin); i++) {
			struct pair a, b;
			uint8_t p[256];

			pair_open(&a, suite);
			pair_open(&b, suite);
			for (uint64_t n = 1; n < 0x3fff0; n += 30000) {
				size_t l = packet(p, a.tx, n, 7);
				assert_int_equal(srtp_open(a.rx, p, &l), 0);
			}
			srtp_rx_follow(b.rx, a.rx);
			for (unsigned n = 0; n < 5; n++) {
				size_t l = packet(p, b.tx, begin[i] + n, 7);
				assert_int_equal(srtp_open(b.rx, p, &l), 0);
				assert_int_equal(l, WHOLE);
			}
			pair_close(&a);
			pair_close(&b);
		}
}

static void window_edges(void **state)
{
	struct srtp_window w = {0};

	(void)state;
	assert_int_equal(srtp_window_guess(&w, 65535), 65535);
	srtp_window_note(&w, 3);
	/* before the first rollover nothing can be older than 0 */
	assert_int_equal(srtp_window_guess(&w, 65535), 65535);
	w.top = 0xfffe;
	assert_int_equal(srtp_window_guess(&w, 1), 0x10001);
	w.top = 0x10002;
	assert_int_equal(srtp_window_guess(&w, 0xffff), 0xffff);
	assert_int_equal(srtp_window_guess(&w, 0x8002), 0x18002);
	assert_int_equal(srtp_window_guess(&w, 0x8003), 0x8003);
	w = (struct srtp_window){0};
	srtp_window_note(&w, 100);
	srtp_window_note(&w, 164);
	assert_false(srtp_window_new(&w, 100));
	assert_true(srtp_window_new(&w, 101));
	srtp_window_note(&w, 101);
	assert_false(srtp_window_new(&w, 101));
	srtp_window_note(&w, 228);
	assert_false(srtp_window_new(&w, 101));
	assert_false(srtp_window_new(&w, 164));
	assert_true(srtp_window_new(&w, 163));
	srtp_window_note(&w, 229);
	assert_false(srtp_window_new(&w, 101));
	srtp_window_note(&w, 1000);
	assert_true(srtp_window_new(&w, 999));
	assert_false(srtp_window_new(&w, 872));
	assert_true(srtp_window_new(&w, 873));
}

static void without_memory(void **state)
{
	struct srtp_key k;

	(void)state;
	make_key(&k, SRTP_SUITE_COUNT, 1);
	struct srtp_tx *t = NULL;
	struct srtp_rx *r = NULL;
	assert_int_equal(srtp_tx_alloc(&t, &k), EINVAL);
	make_key(&k, SRTP_AEAD_AES_256_GCM, 1);
#ifdef OH_DEBUG
	mem_fail_at(0);
	assert_int_equal(srtp_tx_alloc(&t, &k), ENOMEM);
	mem_fail_off();
	mem_fail_at(0);
	assert_int_equal(srtp_rx_alloc(&r, &k), ENOMEM);
	mem_fail_off();
#endif
	k.mki_len = SRTP_MKI_MAX + 1;
	assert_int_equal(srtp_rx_alloc(&r, &k), EINVAL);
	assert_null(t);
	assert_null(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keystream),
		cmocka_unit_test(derivation),
		cmocka_unit_test(gcm),
		cmocka_unit_test(names),
		cmocka_unit_test(wrong_packets_are_refused),
		cmocka_unit_test(replayed_and_late_packets_are_refused),
		cmocka_unit_test(no_index_is_used_twice),
		cmocka_unit_test(many_ssrcs),
		cmocka_unit_test(new_key_and_rollover),
		cmocka_unit_test(window_edges),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
