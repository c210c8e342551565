/*
 * stun_test.c - STUN messages: the vectors of RFC 5769 2.1 to 2.3, round trips, broken input.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "wire/stun/attr.h"

/* RFC 5769 2.1 */
static const uint8_t request[] = {
	0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87,
	0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 'S',  'T',  'U',  'N',  ' ',  't',  'e',  's',  't',  ' ',  'c',  'l',
	'i',  'e',  'n',  't',  0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff, 0x80, 0x29, 0x00, 0x08, 0x93, 0x2f,
	0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09, 'e',  'v',  't',  'j',  ':',  'h',  '6',  'v',
	'Y',  0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e,
	0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf};
/* RFC 5769 2.2 */
static const uint8_t answer4[] = {0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
				  0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 't',  'e',  's',  't',
				  ' ',  'v',  'e',  'c',  't',  'o',  'r',  0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01,
				  0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43, 0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99,
				  0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9, 0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b,
				  0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96};
/* RFC 5769 2.3 */
static const uint8_t answer6[] = {0x01, 0x01, 0x00, 0x48, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
				  0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 't',  'e',  's',  't',
				  ' ',  'v',  'e',  'c',  't',  'o',  'r',  0x20, 0x00, 0x20, 0x00, 0x14, 0x00, 0x02,
				  0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5,
				  0xbe, 0xd2, 0xb9, 0xd9, 0x00, 0x08, 0x00, 0x14, 0xa3, 0x82, 0x95, 0x4e, 0x4b, 0xe6,
				  0x7b, 0xf1, 0x17, 0x84, 0xc9, 0x7c, 0x82, 0x92, 0xc2, 0x75, 0xbf, 0xe3, 0xed, 0x41,
				  0x80, 0x28, 0x00, 0x04, 0xc8, 0xfb, 0x0b, 0x4c};

static struct sa addr(const char *s)
{
	struct sa a;

	assert_int_equal(sa_parse(&a, slice_str(s), 0), 0);
	return a;
}

static void test_rfc5769_request(void **state)
{
	struct stun_attr a;
	struct stun_msg m;

	(void)state;
	assert_int_equal(stun_decode(&m, slice_mem(request, sizeof(request))), 0);
	assert_int_equal(m.cls, STUN_REQUEST);
	assert_int_equal(m.method, STUN_BINDING);
	assert_true(stun_find(&m, STUN_ATTR_SOFTWARE, &a));
	assert_true(slice_eqs(a.val, "STUN test client"));
	assert_true(stun_find(&m, STUN_ATTR_USERNAME, &a));
	assert_true(slice_eqs(a.val, "evtj:h6vY"));
	assert_false(stun_find(&m, STUN_ATTR_REALM, &a));
}

static void test_rfc5769_answers(void **state)
{
	const struct {
		struct slice data;
		const char *want;
	} t[] = {{slice_mem(answer4, sizeof(answer4)), "192.0.2.1:32853"},
		 {slice_mem(answer6, sizeof(answer6)), "[2001:db8:1234:5678:11:2233:4455:6677]:32853"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct sa want = addr(t[i].want), got;
		struct stun_msg m;

		assert_int_equal(stun_decode(&m, t[i].data), 0);
		assert_int_equal(m.cls, STUN_SUCCESS);
		assert_int_equal(stun_mapped(&got, &m), 0);
		assert_true(sa_eq(&got, &want));
	}
}

/* Any byte changed: the fingerprint tells. Any cut: not a message. */
static void test_broken(void **state)
{
	uint8_t b[sizeof(request)];
	struct stun_msg m;

	(void)state;
	for (size_t i = 0; i < sizeof(request); i++) {
		uint8_t *tight = malloc(i ? i : 1);

		memcpy(b, request, sizeof(b));
		b[i] ^= 0x10;
		/* but in the type of the fingerprint itself, which makes it another attribute */
		if (i != sizeof(b) - 8 && i != sizeof(b) - 7)
			assert_int_equal(stun_decode(&m, slice_mem(b, sizeof(b))), ERR_SYNTAX);
		memcpy(tight, request, i);
		assert_int_equal(stun_decode(&m, slice_mem(tight, i)), ERR_SYNTAX);
		free(tight);
	}
}

static void test_round_trip(void **state)
{
	static const char *const addrs[] = {"10.0.0.1:5060", "255.255.255.255:65535", "[::1]:1", "[2001:db8::2]:9"};
	static const uint8_t tid[STUN_TID] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(addrs); i++) {
		for (int cls = 0; cls < 4; cls++) {
			struct sa a = addr(addrs[i]), got;
			struct stun_msg m;
			struct buf b;

			buf_init(&b);
			stun_enc_begin(&b, (enum stun_class)cls, 0x0FE, tid);
			stun_enc_attr(&b, STUN_ATTR_SOFTWARE, SLICE("odd"));
			stun_enc_xor_addr(&b, STUN_ATTR_XOR_MAPPED_ADDRESS, &a, tid);
			if (cls & 1)
				stun_enc_fingerprint(&b);
			assert_int_equal(stun_enc_end(&b), 0);
			assert_int_equal(stun_decode(&m, buf_get(&b)), 0);
			assert_int_equal(m.cls, cls);
			assert_int_equal(m.method, 0x0FE);
			assert_memory_equal(m.tid, tid, STUN_TID);
			assert_int_equal(stun_mapped(&got, &m), 0);
			assert_true(sa_eq(&got, &a));
			buf_free(&b);
		}
	}
}

static void test_error(void **state)
{
	static const uint8_t tid[STUN_TID];
	static const uint16_t known[] = {STUN_ATTR_USERNAME};
	uint16_t v[2], code;
	struct slice reason;
	struct stun_attr a;
	struct stun_msg m;
	struct buf b;

	(void)state;
	buf_init(&b);
	stun_enc_begin(&b, STUN_ERROR, STUN_BINDING, tid);
	stun_enc_error(&b, 420, "Unknown Attribute");
	stun_enc_unknown(&b, (const uint16_t[]){0x24, 0x25}, 2);
	assert_int_equal(stun_enc_end(&b), 0);
	assert_int_equal(stun_decode(&m, buf_get(&b)), 0);
	assert_true(stun_find(&m, STUN_ATTR_ERROR_CODE, &a));
	assert_int_equal(stun_error(&code, &reason, &a), 0);
	assert_int_equal(code, 420);
	assert_true(slice_eqs(reason, "Unknown Attribute"));
	assert_true(stun_find(&m, STUN_ATTR_UNKNOWN_ATTRIBUTES, &a));
	assert_int_equal(a.val.l, 4);
	buf_free(&b);
	/* PRIORITY and MESSAGE-INTEGRITY of the request are not among what is known here */
	assert_int_equal(stun_decode(&m, slice_mem(request, sizeof(request))), 0);
	assert_int_equal(stun_unknown(&m, known, 1, v, 2), 2);
	assert_int_equal(v[0], 0x24);
	assert_int_equal(v[1], STUN_ATTR_MESSAGE_INTEGRITY);
	assert_int_equal(stun_unknown(&m, known, 1, v, 0), 2);
}

/* SIP never looks like STUN, and old STUN without the cookie is not taken for it. */
static void test_apart(void **state)
{
	uint8_t b[sizeof(answer4)];

	(void)state;
	assert_false(stun_is(SLICE("OPTIONS sip:a SIP/2.0\r\n\r\n")));
	assert_false(stun_is(SLICE("\r\n\r\n")));
	assert_false(stun_is(SLICE_NULL));
	assert_true(stun_is(slice_mem(answer4, sizeof(answer4))));
	memcpy(b, answer4, sizeof(b));
	b[4] ^= 1;
	assert_false(stun_is(slice_mem(b, sizeof(b))));
	memcpy(b, answer4, sizeof(b));
	b[0] = 0x40;
	assert_false(stun_is(slice_mem(b, sizeof(b))));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc5769_request), cmocka_unit_test(test_rfc5769_answers),
		cmocka_unit_test(test_broken),          cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_error),           cmocka_unit_test(test_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
