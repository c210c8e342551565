/*
 * srtp_peer_test.c - our SRTP against libsrtp2, both ways and for every suite: random packets with CSRCs, extensions
 * and padding, lost, reordered and replayed, past two rollovers; SRTCP; MKI.
 */
#include <srtp2/srtp.h>
#include "fixture.h"
#include "media/srtp.h"

enum { ROOM = 1600, PACKETS = 4500 };

struct peer {
	srtp_t s;
	srtp_policy_t policy;
	srtp_master_key_t master, *masters[1];
	unsigned char key[64];
	unsigned char mki[4];
};

static void set_suite(srtp_policy_t *p, unsigned suite)
{
	switch (suite) {
	case SRTP_AES_CM_128_HMAC_SHA1_80:
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtp);
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtcp);
		break;
	case SRTP_AES_CM_128_HMAC_SHA1_32:
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&p->rtp);
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtcp);
		break;
	case SRTP_AES_256_CM_HMAC_SHA1_80:
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&p->rtp);
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&p->rtcp);
		break;
	case SRTP_AES_256_CM_HMAC_SHA1_32:
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32(&p->rtp);
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&p->rtcp);
		break;
	case SRTP_AEAD_AES_128_GCM:
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&p->rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&p->rtcp);
		break;
	default:
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&p->rtp);
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&p->rtcp);
		break;
	}
}

static void peer_open(struct peer *t, const struct srtp_key *k, bool sends, bool mki)
{
	memset(t, 0, sizeof(*t));
	set_suite(&t->policy, k->suite);
	memcpy(t->key, k->key, sizeof(k->key));
	t->policy.ssrc.type = sends ? ssrc_any_outbound : ssrc_any_inbound;
	t->policy.window_size = 128;
	if (mki) {
		memcpy(t->mki, k->mki, sizeof(t->mki));
		t->master = (srtp_master_key_t){.key = t->key, .mki_id = t->mki, .mki_size = k->mki_len};
		t->masters[0] = &t->master;
		t->policy.keys = t->masters;
		t->policy.num_master_keys = 1;
	} else {
		t->policy.key = t->key;
	}
	assert_int_equal(srtp_create(&t->s, &t->policy), srtp_err_status_ok);
}

static void make_key(struct srtp_key *k, unsigned suite)
{
	*k = (struct srtp_key){.suite = (uint8_t)suite};
	rand_bytes(k->key, sizeof(k->key));
}

/* A packet with everything that a header may have. */
static size_t random_packet(uint8_t *p, size_t *hdrlen, uint16_t seq, uint32_t ssrc)
{
	size_t cc = rand_below(4), n = 12 + cc * 4;
	bool ext = rand_below(3) == 0, pad = rand_below(4) == 0;

	rand_bytes(p, ROOM);
	p[0] = (uint8_t)(0x80 | cc | (ext ? 0x10 : 0) | (pad ? 0x20 : 0));
	p[1] = (uint8_t)(rand_below(2) << 7 | 96);
	p[2] = (uint8_t)(seq >> 8);
	p[3] = (uint8_t)seq;
	p[8] = (uint8_t)(ssrc >> 24);
	p[9] = (uint8_t)(ssrc >> 16);
	p[10] = (uint8_t)(ssrc >> 8);
	p[11] = (uint8_t)ssrc;
	if (ext) {
		size_t words = rand_below(5);

		p[n + 2] = 0;
		p[n + 3] = (uint8_t)words;
		n += 4 + words * 4;
	}
	*hdrlen = n;
	n += rand_below(rand_below(8) ? 200 : 1200);
	if (pad) {
		n += 4;
		p[n - 1] = 4;
	}
	return n;
}

/* The order in which packets arrive: mostly in turn, some lost, some swapped, some twice. */
static uint64_t next_index(uint64_t *at)
{
	uint32_t dice = rand_below(20);

	if (dice == 0 && *at > 200)
		return *at - rand_below(100);
	*at += dice == 1 ? 1 + rand_below(300) : 1 + rand_below(40);
	return *at;
}

static void ours_to_theirs(unsigned suite)
{
	uint8_t plain[ROOM + 64], p[ROOM + 64];
	struct srtp_key k;
	struct srtp_tx *tx;
	struct peer t;
	uint64_t at = rand_below(1000);

	make_key(&k, suite);
	assert_int_equal(srtp_tx_alloc(&tx, &k), 0);
	peer_open(&t, &k, false, false);
	for (unsigned i = 0; i < PACKETS || at < 0x20100; i++) {
		uint64_t index = next_index(&at);
		size_t hdrlen, n = random_packet(plain, &hdrlen, (uint16_t)index, 77), l = n;
		int err, len;

		memcpy(p, plain, n);
		err = srtp_seal(tx, p, &l, hdrlen, index);
		/* an old one may have gone already */
		if (err) {
			assert_int_equal(err, EALREADY);
			assert_true(index <= at);
			continue;
		}
		assert_true(l - n <= SRTP_TAIL_MAX);
		if (rand_below(10) == 0)
			continue;
		len = (int)l;
		assert_int_equal(srtp_unprotect(t.s, p, &len), srtp_err_status_ok);
		assert_int_equal(len, n);
		assert_memory_equal(p, plain, n);
	}
	srtp_dealloc(t.s);
	mem_deref(tx);
}

static void theirs_to_ours(unsigned suite)
{
	uint8_t plain[ROOM + 64], p[ROOM + 64], again[ROOM + 64];
	struct srtp_key k;
	struct srtp_rx *rx;
	struct peer t;
	uint64_t at = rand_below(1000);

	make_key(&k, suite);
	assert_int_equal(srtp_rx_alloc(&rx, &k), 0);
	peer_open(&t, &k, true, false);
	for (unsigned i = 0; i < PACKETS || at < 0x20100; i++) {
		uint64_t index = next_index(&at);
		size_t hdrlen, n = random_packet(plain, &hdrlen, (uint16_t)index, 77), l;
		int len = (int)n;

		memcpy(p, plain, n);
		if (srtp_protect(t.s, p, &len) != srtp_err_status_ok)
			continue;
		memcpy(again, p, (size_t)len);
		if (rand_below(10) == 0)
			continue;
		l = (size_t)len;
		assert_int_equal(srtp_open(rx, p, &l), 0);
		assert_int_equal(l, n);
		assert_memory_equal(p, plain, n);
		l = (size_t)len;
		if (rand_below(5) == 0)
			assert_int_equal(srtp_open(rx, again, &l), EALREADY);
	}
	srtp_dealloc(t.s);
	mem_deref(rx);
}

static size_t random_report(uint8_t *p, uint32_t ssrc)
{
	size_t n = 8 + 4 * (size_t)rand_below(40);

	rand_bytes(p, ROOM);
	p[0] = 0x80;
	p[1] = 201;
	p[2] = 0;
	p[3] = (uint8_t)(n / 4 - 1);
	p[4] = (uint8_t)(ssrc >> 24);
	p[5] = (uint8_t)(ssrc >> 16);
	p[6] = (uint8_t)(ssrc >> 8);
	p[7] = (uint8_t)ssrc;
	return n;
}

static void reports(unsigned suite)
{
	uint8_t plain[ROOM + 64], p[ROOM + 64];
	struct srtp_key k;
	struct srtp_tx *tx;
	struct srtp_rx *rx;
	struct peer in, out;

	make_key(&k, suite);
	assert_int_equal(srtp_tx_alloc(&tx, &k), 0);
	assert_int_equal(srtp_rx_alloc(&rx, &k), 0);
	peer_open(&in, &k, false, false);
	peer_open(&out, &k, true, false);
	for (unsigned i = 0; i < 1000; i++) {
		size_t n = random_report(plain, 99), l = n;
		int len;

		memcpy(p, plain, n);
		assert_int_equal(srtcp_seal(tx, p, &l), 0);
		assert_true(l - n <= SRTP_TAIL_MAX);
		len = (int)l;
		assert_int_equal(srtp_unprotect_rtcp(in.s, p, &len), srtp_err_status_ok);
		assert_int_equal(len, n);
		assert_memory_equal(p, plain, n);

		memcpy(p, plain, n);
		len = (int)n;
		assert_int_equal(srtp_protect_rtcp(out.s, p, &len), srtp_err_status_ok);
		l = (size_t)len;
		assert_int_equal(srtcp_open(rx, p, &l), 0);
		assert_int_equal(l, n);
		assert_memory_equal(p, plain, n);
	}
	srtp_dealloc(in.s);
	srtp_dealloc(out.s);
	mem_deref(tx);
	mem_deref(rx);
}

/* Packets of RTP and RTCP that carry an MKI; another MKI is not ours. */
static void with_mki(unsigned suite)
{
	uint8_t plain[ROOM + 64], p[ROOM + 64];
	struct srtp_key k, o;
	struct srtp_rx *rx, *other;
	struct peer t;

	make_key(&k, suite);
	k.mki_len = 4;
	rand_bytes(k.mki, sizeof(k.mki));
	o = k;
	o.mki[3] ^= 1;
	assert_int_equal(srtp_rx_alloc(&rx, &k), 0);
	assert_int_equal(srtp_rx_alloc(&other, &o), 0);
	peer_open(&t, &k, true, true);
	for (uint16_t i = 1; i < 200; i++) {
		size_t hdrlen, n = random_packet(plain, &hdrlen, i, 5), l;
		int len = (int)n;

		memcpy(p, plain, n);
		assert_int_equal(srtp_protect_mki(t.s, p, &len, 1, 0), srtp_err_status_ok);
		l = (size_t)len;
		assert_int_equal(srtp_open(other, p, &l), EBADMSG);
		assert_int_equal(srtp_open(rx, p, &l), 0);
		assert_int_equal(l, n);
		assert_memory_equal(p, plain, n);

		n = random_report(plain, 5);
		memcpy(p, plain, n);
		len = (int)n;
		assert_int_equal(srtp_protect_rtcp_mki(t.s, p, &len, 1, 0), srtp_err_status_ok);
		l = (size_t)len;
		assert_int_equal(srtcp_open(other, p, &l), EBADMSG);
		assert_int_equal(srtcp_open(rx, p, &l), 0);
		assert_int_equal(l, n);
		assert_memory_equal(p, plain, n);
	}
	srtp_dealloc(t.s);
	mem_deref(rx);
	mem_deref(other);
}

/* Integrity without secrecy (RFC 3711 3.4, E bit 0): the clear ones of a peer are read. */
static void clear_reports(unsigned suite)
{
	uint8_t plain[ROOM + 64], p[ROOM + 64];
	struct srtp_key k;
	struct srtp_rx *rx;
	struct peer t;

	make_key(&k, suite);
	assert_int_equal(srtp_rx_alloc(&rx, &k), 0);
	memset(&t, 0, sizeof(t));
	set_suite(&t.policy, suite);
	memcpy(t.key, k.key, sizeof(k.key));
	t.policy.ssrc.type = ssrc_any_outbound;
	t.policy.key = t.key;
	t.policy.rtcp.sec_serv = sec_serv_auth;
	assert_int_equal(srtp_create(&t.s, &t.policy), srtp_err_status_ok);
	for (unsigned i = 0; i < 50; i++) {
		size_t n = random_report(plain, 5), l;
		int len = (int)n;

		memcpy(p, plain, n);
		assert_int_equal(srtp_protect_rtcp(t.s, p, &len), srtp_err_status_ok);
		assert_memory_equal(p, plain, n);
		l = (size_t)len;
		assert_int_equal(srtcp_open(rx, p, &l), 0);
		assert_int_equal(l, n);
		assert_memory_equal(p, plain, n);
	}
	srtp_dealloc(t.s);
	mem_deref(rx);
}

static void each(void (*fn)(unsigned suite))
{
	for (unsigned i = 1; i < SRTP_SUITE_COUNT; i++)
		fn(i);
}
static void libsrtp_opens_ours(void **state)
{
	(void)state;
	each(ours_to_theirs);
}
static void we_open_libsrtps(void **state)
{
	(void)state;
	each(theirs_to_ours);
}
static void reports_both_ways(void **state)
{
	(void)state;
	each(reports);
}
static void mki_is_read(void **state)
{
	(void)state;
	each(with_mki);
}
static void clear_reports_are_read(void **state)
{
	(void)state;
	each(clear_reports);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libsrtp_opens_ours),     cmocka_unit_test(we_open_libsrtps),
		cmocka_unit_test(reports_both_ways),      cmocka_unit_test(mki_is_read),
		cmocka_unit_test(clear_reports_are_read),
	};

	if (srtp_init() != srtp_err_status_ok)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	srtp_shutdown();
	return failed;
}
