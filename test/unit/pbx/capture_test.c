/*
 * capture_test.c - the ring of messages: what is kept and what never is, finding, overwriting, the file.
 */
#include "pbx_fixture.h"
#include "pbx/capture_priv.h"

#define HEAD                                                                                                           \
	"INVITE sip:101@10.0.0.1 SIP/2.0\r\n"                                                                          \
	"Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK1\r\n"                                                           \
	"Call-ID: one@x\r\n"                                                                                           \
	"CSeq: 1 INVITE\r\n"

static struct slice copied(const char *msg)
{
	static char mem[CAPTURE_TEXT_MAX + 1];
	struct capture_text t;

	buf_init_fixed(&t.text, mem, CAPTURE_TEXT_MAX);
	capture_copy(&t, slice_str(msg));
	mem[t.text.l] = '\0';
	return buf_get(&t.text);
}

static void secrets_are_never_shown(void **st)
{
	static const struct {
		const char *in, *out;
	} v[] = {
		{HEAD "Authorization: Digest username=\"100\", response=\"secret\"\r\n\r\n",
		 HEAD "Authorization: Digest (removed)\r\n\r\n"},
		{HEAD "proxy-authorization :Digest username=\"100\",\r\n response=\"secret\"\r\nX: y\r\n\r\n",
		 HEAD "proxy-authorization: Digest (removed)\r\nX: y\r\n\r\n"},
		{HEAD "Authorization: response=\"secret\"\r\n\r\n", HEAD "Authorization: (removed)\r\n\r\n"},
		{HEAD "Authentication-Info: rspauth=\"secret\"\r\n\r\n", HEAD "Authentication-Info: (removed)\r\n\r\n"},
		{HEAD "\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:secret|2^20\r\nA=CRYPTO:2 X INLINE:secret\r\n",
		 HEAD "\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:***********\r\nA=CRYPTO:2 X INLINE:******\r\n"},
		{HEAD "\r\na=crypto:1 secret\r\na=crypto:1 X secret:a secret",
		 HEAD "\r\na=crypto:* ******\r\na=crypto:1 X ******** ******"},
		{HEAD "\r\nk=clear:secret\r\na=ice-pwd:secret\na=ice-ufrag:abcd\na=key-mgmt:mikey secret\r\n",
		 HEAD "\r\nk=************\r\na=ice-pwd:******\na=ice-ufrag:abcd\na=key-mgmt:***** ******\r\n"},
		{HEAD "Contact: <sip:100:secret@10.0.0.9>;x=sip:a:secret@b, <sips:a@b:5061>\r\n\r\n",
		 HEAD "Contact: <sip:100:******@10.0.0.9>;x=sip:a:******@b, <sips:a@b:5061>\r\n\r\n"},
		{HEAD "To: <sip:800*1234@10.0.0.1>, <sip:*43@x>\r\n\r\n",
		 HEAD "To: <sip:800*****@10.0.0.1>, <sip:*43@x>\r\n\r\n"},
		{"INFO sip:a@b SIP/2.0\r\ni: x\r\n\r\nSignal= 5\r\nDuration= 160\r\n",
		 "INFO sip:a@b SIP/2.0\r\ni: x\r\n\r\nSignal= x\r\nDuration= 160\r\n"},
		{"INFO sip:a@b SIP/2.0\r\ni: x\r\n\r\n5", "INFO sip:a@b SIP/2.0\r\ni: x\r\n\r\nx"},
		{HEAD "X: authorization of 5\r\n\r\nSignal=5\r\n", HEAD "X: authorization of 5\r\n\r\nSignal=5\r\n"},
	};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		assert_string_equal(copied(v[i].in).p, v[i].out);
}

static void what_is_of_no_call(void **st)
{
	static const char *const v[] = {
		"REGISTER sip:x SIP/2.0\r\nCall-ID: a\r\n\r\n",
		"OPTIONS sip:x SIP/2.0\r\nCall-ID: a\r\n\r\n",
		"SIP/2.0 200 OK\r\nCall-ID: a\r\nCSeq: 1 REGISTER\r\n\r\n",
		"SIP/2.0 200 OK\r\nCSeq: 1 SUBSCRIBE\r\nCall-ID: a\r\n\r\n",
		"INVITE sip:x SIP/2.0\r\n\r\n",
		"",
		"\r\n\r\n",
		"SIP/2.0 ",
		"INVITE",
	};

	struct slice id;

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		assert_false(capture_glance(slice_str(v[i]), &id));
	assert_true(capture_glance(SLICE("SIP/2.0 200 OK\r\nCall-ID: a\r\nCSeq: 1 BYE\r\n\r\n"), &id));
	assert_true(slice_eqs(id, "a"));
	assert_true(capture_glance(SLICE("BYE sip:a@b SIP/2.0\r\ni : b c\r\n\r\n"), &id));
	assert_true(slice_eqs(id, "b c"));
}

/* Cut at every place: nothing is read beyond it, and no secret comes out. */
static void cut_anywhere(void **st)
{
	static const char msg[] = HEAD "Authorization: Digest secret\r\n\tsecret\r\nX: <sip:a:secret@b>\r\n\r\n"
				       "a=crypto:1 AES inline:secret\r\n";
	char *mem;

	(void)st;
	for (size_t l = 0; l < sizeof(msg); l++) {
		mem = malloc(l + 1);
		memcpy(mem, msg, l);
		mem[l] = '\0';
		struct slice got = copied(mem), id;
		(void)!capture_glance(slice_mem(mem, l), &id);
		if (slice_isset(got) && (!strstr(mem, "sip:a:s") || strstr(mem, "secret@")))
			assert_null(memmem(got.p, got.l, "secret", 6));
		free(mem);
	}
}

/* ------------------------------------------------------------------ the ring */

struct seen {
	size_t n, leg[64];
	char text[64][40];
};

static void see(const struct capture_msg *m, void *arg)
{
	struct seen *s = arg;
	struct buf b;

	if (s->n == 64)
		return;
	buf_init_fixed(&b, s->text[s->n], sizeof(s->text[0]) - 1);
	capture_summary(&b, m);
	s->text[s->n][b.l] = '\0';
	s->leg[s->n++] = m->leg;
}

static void tell(struct capture *c, bool out, uint64_t us, const char *text)
{
	struct sa a, b;

	assert_int_equal(sa_set(&a, SLICE("10.0.0.1"), 5060), 0);
	assert_int_equal(sa_set(&b, SLICE("10.0.0.9"), 5062), 0);
	trace_tell(capture_sink(c),
		   &(struct trace_note){
			   .kind = TRACE_SIP, .out = out, .us = us, .local = &a, .peer = &b, .data = slice_str(text)});
}

static void found_by_call_id(void **st)
{
	struct fixture *f = *st;
	const struct slice id[] = {SLICE("one@x"), SLICE("two@x")};
	const struct sa none = {.u.sa.sa_family = 0};
	struct seen s = {0};
	struct capture *c;

	assert_int_equal(capture_alloc(&c, f->loop, 1000), EINVAL);
	assert_int_equal(capture_alloc(&c, f->loop, 1 << 20), 0);
	uint64_t us = loop_now_us(f->loop);
	tell(c, false, us, HEAD "\r\n");
	tell(c, true, us, "INVITE sip:7@b SIP/2.0\r\nCall-ID: two@x\r\nCSeq: 1 INVITE\r\n\r\n");
	tell(c, true, us, "INVITE sip:8@b SIP/2.0\r\nCall-ID: other@x\r\nCSeq: 1 INVITE\r\n\r\n");
	tell(c, false, us, "SIP/2.0 200 OK\r\nCall-ID: two@x\r\nCSeq: 1 INVITE\r\n\r\n");
	trace_tell(capture_sink(c), &(struct trace_note){.kind = TRACE_RTCP,
							 .mark = trace_mark(id[0]),
							 .us = us,
							 .local = &none,
							 .peer = &none,
							 .data = slice_mem("\x81\xcb\0\1abcd", 8)});
	assert_true(capture_find(c, id, 2, us, 100, see, &s));
	assert_int_equal(s.n, 4);
	assert_string_equal(s.text[0], "INVITE sip:101@10.0.0.1");
	assert_string_equal(s.text[1], "INVITE sip:7@b");
	assert_string_equal(s.text[2], "200 OK (INVITE)");
	assert_string_equal(s.text[3], "RTCP bye");
	assert_int_equal(s.leg[0], 0);
	assert_int_equal(s.leg[1], 1);
	assert_int_equal(s.leg[2], 1);
	assert_int_equal(s.leg[3], 0);
	/* no more than was asked for, and so it says */
	s.n = 0;
	assert_false(capture_find(c, id, 2, us, 3, see, &s));
	assert_int_equal(s.n, 3);
	/* calls from before the capture */
	assert_false(us && capture_find(c, id, 2, us - 1, 100, see, &s));
	mem_deref(c);
}

/* Ten times around: the newest are there, in order, of whatever length. */
static void the_oldest_go(void **st)
{
	struct fixture *f = *st;
	const struct slice id = SLICE("id500");
	char text[4000];
	struct capture *c;
	uint64_t us;

	assert_int_equal(capture_alloc(&c, f->loop, 64 << 10), 0);
	us = loop_now_us(f->loop);
	for (unsigned i = 0; i <= 500; i++) {
		int l = snprintf(text, sizeof(text), "BYE sip:%u@b SIP/2.0\r\nCall-ID: id%u\r\n\r\n", i, i);

		memset(text + l, 'x', i * 7 % 3000);
		text[l + i * 7 % 3000] = '\0';
		tell(c, false, us + i * 1000000, text);
		for (unsigned k = 0; k <= i; k += 25) {
			char name[16];
			struct seen s = {0};

			snprintf(name, sizeof(name), "id%u", k);
			bool all = capture_find(c, &(struct slice){name, strlen(name)}, 1, us + k * 1000000ULL, 9, see,
						&s);
			/* what is said to be all of it is there */
			assert_true(!all || s.n == 1);
			assert_true(s.n <= 1 && (i - k > 10 || s.n == 1));
			assert_true(i - k < 200 || s.n == 0);
		}
	}
	struct seen s = {0};
	assert_true(capture_find(c, &id, 1, us + 500000000ULL, 9, see, &s));
	assert_string_equal(s.text[0], "BYE sip:500@b");
	mem_deref(c);
}

static void memory_is_out(void **st)
{
	struct fixture *f = *st;

	for (long n = 0;; n++) {
		struct capture *c = NULL;

		mem_fail_at(n);
		int err = capture_alloc(&c, f->loop, 1 << 20);
		bool failed = mem_fail_off() > n;
		if (!failed) {
			assert_int_equal(err, 0);
			mem_deref(c);
			break;
		}
		assert_int_equal(err, ENOMEM);
		assert_null(c);
	}
}

/* ------------------------------------------------------------------ the file */

static uint32_t get32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

static uint32_t checksum(const uint8_t *p, size_t l, uint32_t s)
{
	for (size_t i = 0; i < l; i++)
		s += (uint32_t)p[i] << (i % 2 ? 0 : 8);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

/* Blocks end where the next one begins, and headers add up. */
static void a_file_of_packets(void **st)
{
	static const char *const addr[] = {"10.0.0.1", "2001:db8::1"};
	struct buf b;
	struct sa local, peer;
	size_t at = 0, packets = 0;

	(void)st;
	buf_init(&b);
	pcap_begin(&b);
	for (size_t i = 0; i < 4; i++) {
		struct capture_msg m = {.transp = (uint8_t)i, .out = i % 2, .data = slice_first(SLICE("12345"), 5 - i)};

		assert_int_equal(sa_set(&local, slice_str(addr[i % 2]), 5060), 0);
		sa_init(&peer);
		if (i < 3)
			assert_int_equal(sa_set(&peer, slice_str(addr[i % 2]), 6000), 0);
		m.local = local;
		m.peer = peer;
		pcap_add(&b, &m, 1767225600123456);
	}
	assert_int_equal(buf_err(&b), 0);
	while (at < b.l) {
		uint32_t type = get32(b.p + at), l = get32(b.p + at + 4);
		const uint8_t *ip = (const uint8_t *)b.p + at + 28;

		assert_int_equal(l % 4, 0);
		assert_int_equal(get32(b.p + at + l - 4), l);
		if (type == 6) {
			bool six = ip[0] >> 4 == 6;
			size_t udp = six ? 40 : 20, n = (size_t)(ip[udp + 4] << 8 | ip[udp + 5]);
			uint32_t s = 17 + (uint32_t)n;

			assert_int_equal(get32(b.p + at + 20), udp + n);
			assert_int_equal((uint64_t)get32(b.p + at + 12) << 32 | get32(b.p + at + 16), 1767225600123456);
			if (!six)
				assert_int_equal(checksum(ip, 20, 0), 0xffff);
			s = checksum(ip + (six ? 8 : 12), six ? 32 : 8, s);
			assert_int_equal(checksum(ip + udp, n, s), 0xffff);
			packets++;
		}
		at += l;
	}
	assert_int_equal(at, b.l);
	assert_int_equal(packets, 4);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_never_shown),
		cmocka_unit_test(what_is_of_no_call),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test_setup_teardown(found_by_call_id, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(the_oldest_go, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(memory_is_out, fixture_setup, fixture_teardown),
		cmocka_unit_test(a_file_of_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
