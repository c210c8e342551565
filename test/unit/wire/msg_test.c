/*
 * msg_test.c - whole messages: decoding, answers to bad ones, values, writing, memory that runs out.
 */
#include "edge.h"
#include "base/mem.h"
#include "wire/sip/msg.h"

#define VIA    "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
#define FROM   "From: <sip:a@h>;tag=1\r\n"
#define TO     "To: <sip:b@h>\r\n"
#define ID     "Call-ID: x@h\r\n"
#define CSEQ   "CSeq: 1 INVITE\r\n"
#define INVITE "INVITE sip:b@h SIP/2.0\r\n"
#define OK200  "SIP/2.0 200 OK\r\n"

static int decode(struct sip_msg **mp, const char *text, struct sip_msg_err *e)
{
	struct slice s = edge_str(text);

	return sip_msg_decode(mp, s.p, s.l, e);
}

static struct sip_msg *good(const char *text)
{
	struct sip_msg *m;
	int err = decode(&m, text, NULL);

	if (err)
		fail_msg("%s: %s", text, err_str(err));
	return m;
}

static void request_test(void **state)
{
	struct sip_msg *m = good(
		"\r\n\r\nINVITE sip:b@h:5070;x SIP/2.0\r\nv: SIP/2.0/TCP p1;branch=z9hG4bK1, SIP/2.0/UDP p2\r\n"
		"f: \"A\" <sip:a@h>;tag=1\r\nt: <sip:b@h>\r\ni: x@h\r\nCSeq: 7 INVITE\r\nMax-Forwards: 12\r\n"
		"X-Own:  a\r\n\tb  \r\nc: application/sdp\r\nl: 3\r\n\r\nabcdef");

	(void)state;
	assert_true(m->req);
	assert_int_equal(m->m, SIP_INVITE);
	assert_slice(m->method, "INVITE");
	assert_slice(m->ruri, "sip:b@h:5070;x");
	assert_int_equal(m->uri.port, 5070);
	assert_int_equal(m->uri_err, 0);
	assert_slice(m->via.host, "p1");
	assert_slice(m->via.val, "SIP/2.0/TCP p1;branch=z9hG4bK1");
	assert_slice(m->from.tag, "1");
	assert_slice(m->to.auri, "sip:b@h");
	assert_slice(m->callid, "x@h");
	assert_int_equal(m->cseq.num, 7);
	assert_int_equal(m->maxfwd, 12);
	assert_true(m->has_maxfwd);
	assert_slice(m->body, "abc");
	assert_int_equal(m->hdrc, 9);
	assert_int_equal(m->hdrv[6].id, SIP_HDR_OTHER);
	assert_slice(m->hdrv[6].name, "X-Own");
	assert_slice(m->hdrv[6].val, "a  \tb");
	assert_int_equal(m->tp, SIP_TRANSP_NONE);
	mem_deref(m);
}

static void response_test(void **state)
{
	static const struct {
		const char *line;
		uint16_t scode;
		const char *reason;
	} tab[] = {
		{OK200, 200, "OK"},           {"SIP/2.0 100 \r\n", 100, ""},
		{"SIP/2.0 699\r\n", 699, ""}, {"sip/2.0 486 Busy  Here\r\n", 486, "Busy  Here"},
		{"SIP/2.0 99 X\r\n", 0},      {"SIP/2.0 700 X\r\n", 0},
		{"SIP/2.0 2000 X\r\n", 0},    {"SIP/2.0  200 X\r\n", 0},
		{"SIP/3.0 200 X\r\n", 0},     {"SIP/2.0\r\n", 0},
		{"SIP/2.0 20x X\r\n", 0},     {"SIP/2.0 200X\r\n", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		struct sip_msg_err e;
		struct sip_msg *m;
		char text[512];
		int err;

		snprintf(text, sizeof(text), "%s" VIA FROM TO ID CSEQ "\r\n", tab[i].line);
		err = decode(&m, text, &e);
		if (!tab[i].scode) {
			assert_int_equal(err, ERR_SYNTAX);
			assert_null(m);
			assert_int_equal(e.scode, 0);
			continue;
		}
		assert_int_equal(err, 0);
		assert_false(m->req);
		assert_int_equal(m->m, SIP_INVITE);
		assert_int_equal(m->scode, tab[i].scode);
		assert_slice(m->reason, tab[i].reason);
		mem_deref(m);
	}
}

/* What bad messages deserve; 0: silence. */
static void bad_test(void **state)
{
	static const struct {
		const char *text;
		uint16_t scode;
		const char *reason;
	} tab[] = {
		{"", 0},
		{"\r\n\r\n", 0},
		{"x", 0},
		{"\r", 0},
		{INVITE, 0},
		{INVITE "\r\n", 0},
		{"GET / HTTP/1.1\r\n" VIA FROM TO ID CSEQ "\r\n", 0},
		{"INVITE SIP/2.0\r\n" VIA FROM TO ID CSEQ "\r\n", 0},
		{"INVITE sip:b@h\r\n" VIA FROM TO ID CSEQ "\r\n", 0},
		{"INV@ITE sip:b@h SIP/2.0\r\n" VIA FROM TO ID CSEQ "\r\n", 0},
		{" INVITE sip:b@h SIP/2.0\r\n" VIA FROM TO ID CSEQ "\r\n", 0},
		{"INVITE sip:b@h SIP/3.0\r\n" VIA FROM TO ID CSEQ "\r\n", 505, "Version Not Supported"},
		{"INVITE sip:b@h SIP/2.00\r\n" VIA "\r\n", 505, "Version Not Supported"},
		{"INVITE  SIP/2.0\r\n" VIA FROM TO ID CSEQ "\r\n", 400, "Bad Request-URI"},
		{"INVITE b SIP/2.0\r\n" VIA FROM TO ID CSEQ "\r\n", 400, "Bad Request-URI"},
		{"INVITE sip:b@h SIP/2.0 \r\n" VIA FROM TO ID CSEQ "\r\n", 400, "Bad Request Line"},
		{INVITE FROM TO ID CSEQ "\r\n", 0},
		{INVITE "Via: SIP/2.0/UDP\r\n" FROM TO ID CSEQ "\r\n", 0},
		{INVITE "Via: SIP/2.0/UDP h;;\r\n" FROM TO ID CSEQ "\r\n", 400, "Bad Via"},
		{INVITE "Via: SIP/2.0/UDP h,,SIP/2.0/UDP i\r\n" FROM TO ID CSEQ "\r\n", 400, "Bad Via"},
		{INVITE VIA TO ID CSEQ "\r\n", 400, "Missing From"},
		{INVITE VIA FROM ID CSEQ "\r\n", 400, "Missing To"},
		{INVITE VIA FROM TO CSEQ "\r\n", 400, "Missing Call-ID"},
		{INVITE VIA FROM TO ID "\r\n", 400, "Missing CSeq"},
		{INVITE VIA FROM FROM TO ID CSEQ "\r\n", 400, "Header Field Repeated"},
		{INVITE VIA FROM TO TO ID CSEQ "\r\n", 400, "Header Field Repeated"},
		{INVITE VIA FROM TO ID "i: y\r\n" CSEQ "\r\n", 400, "Header Field Repeated"},
		{INVITE VIA FROM TO ID CSEQ CSEQ "\r\n", 400, "Header Field Repeated"},
		{INVITE VIA FROM TO ID CSEQ "l: 0\r\nl: 0\r\n\r\n", 400, "Header Field Repeated"},
		{INVITE VIA "From: \"A <sip:a@h>\r\n" TO ID CSEQ "\r\n", 400, "Bad From"},
		{INVITE VIA FROM "To: \r\n" ID CSEQ "\r\n", 400, "Bad To"},
		{INVITE VIA FROM TO "Call-ID:\r\n" CSEQ "\r\n", 400, "Bad Call-ID"},
		{INVITE VIA FROM TO "Call-ID: a b\r\n" CSEQ "\r\n", 400, "Bad Call-ID"},
		{INVITE VIA FROM TO ID "CSeq: INVITE\r\n\r\n", 400, "Bad CSeq"},
		{INVITE VIA FROM TO ID "CSeq: 1 ACK\r\n\r\n", 400, "CSeq Method Mismatch"},
		{INVITE VIA FROM TO ID "CSeq: 1 invite\r\n\r\n", 400, "CSeq Method Mismatch"},
		{INVITE VIA FROM TO ID CSEQ "Max-Forwards: 256\r\n\r\n", 400, "Bad Max-Forwards"},
		{INVITE VIA FROM TO ID CSEQ "Max-Forwards: x\r\n\r\n", 400, "Bad Max-Forwards"},
		{INVITE VIA FROM TO ID CSEQ "l: -1\r\n\r\n", 400, "Bad Content-Length"},
		{INVITE VIA FROM TO ID CSEQ "l: 4294967296\r\n\r\n", 400, "Bad Content-Length"},
		{INVITE VIA FROM TO ID CSEQ "l: 3\r\n\r\nab", 400, "Content-Length Too Large"},
		{INVITE VIA FROM TO ID CSEQ "no colon\r\n\r\n", 400, "Bad Header Line"},
		{INVITE VIA FROM TO ID CSEQ ": x\r\n\r\n", 400, "Bad Header Line"},
		{INVITE " folded: x\r\n" VIA FROM TO ID CSEQ "\r\n", 400, "Bad Header Line"},
		{INVITE VIA FROM TO ID CSEQ "Subject: cut", 400, "Incomplete Message"},
		/* an ACK is never answered */
		{"ACK sip:b@h SIP/2.0\r\n" VIA FROM TO ID "CSeq: 1 INVITE\r\n\r\n", 0},
		{OK200 VIA FROM TO ID "\r\n", 0},
		{OK200 VIA FROM TO ID CSEQ "l: 1\r\n\r\n", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		struct sip_msg_err e = {1, ""};
		struct sip_msg *m;

		assert_int_equal(decode(&m, tab[i].text, &e), ERR_SYNTAX);
		if (e.scode != tab[i].scode || !m != !tab[i].scode)
			fail_msg("%s: %u %s", tab[i].text, e.scode, e.reason ? e.reason : "");
		if (e.scode)
			assert_string_equal(e.reason, tab[i].reason);
		mem_deref(m);
	}
}

static void lenient_test(void **state)
{
	static const char *const tab[] = {
		/* bare LF, also mixed */
		"INVITE sip:b@h SIP/2.0\nVia: SIP/2.0/UDP h\nFrom: <sip:a@h>\nTo: <sip:b@h>\nCall-ID: x\nCSeq: 1 "
		"INVITE\n\nbody",
		"INVITE sip:b@h sip/2.0\r\nVia: SIP/2.0/UDP h\n" FROM TO ID CSEQ "\n\r\nbody",
		/* the empty line is missing */
		INVITE VIA FROM TO ID CSEQ,
		/* blanks before the colon, no blank behind it, an empty value */
		"INVITE sip:b@h SIP/2.0\r\nVia \t:SIP/2.0/UDP h\r\n" FROM TO ID CSEQ "Subject:\r\n\r\n",
		/* a carriage return alone is a blank */
		INVITE VIA "From: <sip:a@h>\r;tag=1\r\n" TO ID CSEQ "\r\n",
		/* a continuation line of blanks only */
		INVITE VIA FROM TO ID CSEQ "Subject: a\r\n \r\n b\r\n\r\n",
		/* unknown scheme: the server's affair */
		"INVITE urn:service:sos SIP/2.0\r\n" VIA FROM TO ID CSEQ "\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++)
		mem_deref(good(tab[i]));
}

static void limits_test(void **state)
{
	struct sip_msg_err e;
	struct sip_msg *m;
	struct buf b;

	(void)state;
	buf_init(&b);
	buf_str(&b, INVITE VIA FROM TO ID CSEQ);
	for (int i = 0; i < SIP_HDR_LINES_MAX - 5; i++)
		buf_str(&b, "X: y\r\n");
	buf_str(&b, "\r\n");
	assert_int_equal(sip_msg_decode(&m, b.p, b.l, NULL), 0);
	assert_int_equal(m->hdrc, SIP_HDR_LINES_MAX);
	mem_deref(m);
	b.l -= 2;
	buf_str(&b, "X: y\r\n\r\n");
	assert_int_equal(sip_msg_decode(&m, b.p, b.l, &e), ERR_SYNTAX);
	assert_string_equal(e.reason, "Too Many Header Lines");
	assert_int_equal(m->hdrc, SIP_HDR_LINES_MAX);
	mem_deref(m);
	while (b.l <= SIP_MSG_MAX)
		buf_str(&b, "0123456789abcdef");
	assert_int_equal(sip_msg_decode(&m, b.p, SIP_MSG_MAX + 1, &e), ERR_SYNTAX);
	assert_null(m);
	buf_free(&b);
}

/* Hostile lists must cost no more than their length: this test would take minutes otherwise. */
static void hostile_test(void **state)
{
	static const char *const parts[] = {"(,", "<,", "\",", ",,", ";,", "((((", "<<<<", "\\\"", ";a", "a,"};
	struct sip_msg *m;
	struct buf b;

	(void)state;
	buf_init(&b);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		buf_reset(&b);
		buf_str(&b, INVITE VIA FROM TO ID CSEQ "Contact: ");
		while (b.l < SIP_MSG_MAX - 20)
			buf_str(&b, parts[i]);
		buf_str(&b, "\r\n\r\n");
		assert_int_equal(sip_msg_decode(&m, b.p, b.l, NULL), 0);
		for (int k = 0; k < 20; k++)
			sip_msg_count(m, SIP_HDR_CONTACT);
		mem_deref(m);
	}
	buf_free(&b);
}

static void values_test(void **state)
{
	static const char *const want[] = {"\"a,b\" <sip:a@h;x=,>", "<sip:c@h>", "sip:d@h;q=1", "<sip:e@h>"};
	struct sip_msg *m = good(
		INVITE VIA FROM TO ID CSEQ
		"m: \"a,b\" <sip:a@h;x=,>  ,, <sip:c@h>\r\nContact: \r\nContact: sip:d@h;q=1,\r\n <sip:e@h>\r\n"
		"Supported: 100rel, Timer\r\nk: path\r\nAllow:\r\n"
		"WWW-Authenticate: Digest realm=\"a\", nonce=\"b\"\r\nWWW-Authenticate: Digest realm=\"c\", "
		"nonce=\"d\"\r\n"
		"c: Application / SDP ;charset=x\r\nX-Two: 1\r\nx-two: 2\r\n\r\n");
	struct sip_val_iter it = {0};
	struct slice v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_true(sip_msg_next_val(m, SIP_HDR_CONTACT, &it, &v));
		assert_slice(v, want[i]);
	}
	assert_false(sip_msg_next_val(m, SIP_HDR_CONTACT, &it, &v));
	assert_int_equal(sip_msg_count(m, SIP_HDR_CONTACT), 4);
	assert_int_equal(sip_msg_count(m, SIP_HDR_ALLOW), 0);
	assert_int_equal(sip_msg_count(m, SIP_HDR_ROUTE), 0);
	assert_int_equal(sip_msg_count(m, SIP_HDR_WWW_AUTHENTICATE), 2);
	assert_true(sip_msg_has_token(m, SIP_HDR_SUPPORTED, SLICE("timer")));
	assert_true(sip_msg_has_token(m, SIP_HDR_SUPPORTED, SLICE("path")));
	assert_false(sip_msg_has_token(m, SIP_HDR_SUPPORTED, SLICE("time")));
	assert_true(sip_msg_ctype_is(m, "application", "sdp"));
	assert_false(sip_msg_ctype_is(m, "application", "sd"));
	assert_slice(sip_msg_hdr_name(m, SLICE("X-TWO"))->val, "1");
	assert_ptr_equal(sip_msg_hdr_name(m, SLICE("call-id")), sip_msg_hdr(m, SIP_HDR_CALL_ID));
	assert_null(sip_msg_hdr_name(m, SLICE("X-Three")));
	assert_null(sip_msg_hdr(m, SIP_HDR_ROUTE));
	assert_slice(sip_msg_val(m, SIP_HDR_ROUTE), "");
	mem_deref(m);
}

static void encode_test(void **state)
{
	struct sip_msg *m = good(INVITE VIA "v: SIP/2.0/TCP p\r\n" FROM TO ID CSEQ "XX: 1\r\nYY: 2\r\n\r\n");
	struct buf b;

	(void)state;
	buf_init(&b);
	sip_enc_request_line(&b, SLICE("BYE"), SLICE("sip:b@h"));
	sip_enc_copy(&b, m, SIP_HDR_VIA);
	sip_enc_copy(&b, m, SIP_HDR_ROUTE);
	sip_enc_copy(&b, m, SIP_HDR_OTHER);
	/* nobody gets a line of their own into our messages */
	sip_enc_hdr(&b, SIP_HDR_SUBJECT, slice_mem("a\r\nEvil: 1\0\r\n", 13));
	sip_enc_hdr_name(&b, SLICE("Z"), SLICE("\n\nq"));
	sip_enc_hdrf(&b, SIP_HDR_CSEQ, "%u %s", 5u, "BYE\r\nEvil: 2");
	sip_enc_body(&b, SLICE("text/plain"), SLICE("hi"));
	assert_slice(buf_get(&b), "BYE sip:b@h SIP/2.0\r\n" VIA
				  "Via: SIP/2.0/TCP p\r\nXX: 1\r\nYY: 2\r\nSubject: aEvil: 1\r\nZ: q\r\n"
				  "CSeq: 5 BYEEvil: 2\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi");
	buf_reset(&b);
	sip_enc_status_line(&b, 486, SLICE_NULL);
	sip_enc_status_line(&b, 400, SLICE("Bad\r\nVia"));
	sip_enc_body(&b, SLICE_NULL, SLICE_NULL);
	assert_slice(buf_get(&b), "SIP/2.0 486 Busy Here\r\nSIP/2.0 400 BadVia\r\nContent-Length: 0\r\n\r\n");
	buf_free(&b);
	mem_deref(m);
}

/* A buffer that is full takes no harm from the encoders. */
static void full_test(void **state)
{
	char room[24];
	struct buf b;

	(void)state;
	buf_init_fixed(&b, room, sizeof(room));
	for (int i = 0; i < 8; i++)
		sip_enc_hdrf(&b, SIP_HDR_SUBJECT, "%s\r\n%d", "longer than the room that is left", i);
	assert_int_equal(buf_err(&b), ERR_LIMIT);
	assert_true(b.l <= sizeof(room));
}

static unsigned released;
static void release_h(void *flow)
{
	released += *(unsigned *)flow;
}

static void flow_test(void **state)
{
	struct sip_msg *m = good(INVITE VIA FROM TO ID CSEQ "\r\n");
	unsigned flow = 3;

	(void)state;
	m->flow = &flow;
	m->flow_release = release_h;
	mem_ref(m);
	mem_deref(m);
	assert_int_equal(released, 0);
	mem_deref(m);
	assert_int_equal(released, 3);
}

/* Out of memory at the Nth allocation, for N = 0, 1, 2 ...: ENOMEM, nothing left behind, until nothing fails. */
static void oom_test(void **state)
{
	size_t live = mem_live();
	long n = 0, asked;
	int err;

	(void)state;
	do {
		struct sip_msg_err e;
		struct sip_msg *m;

		mem_fail_at(n);
		err = decode(&m, INVITE VIA FROM TO ID CSEQ "l: 2\r\n\r\nab", &e);
		asked = mem_fail_off();
		if (err) {
			assert_int_equal(err, ENOMEM);
			assert_null(m);
			assert_int_equal(e.scode, 0);
			assert_int_equal(asked, n + 1);
		}
		mem_deref(m);
		assert_int_equal(mem_live(), live);
	} while (err && ++n < 10);
	/* one allocation is the rule of this decoder; only the debug build can fail it */
	assert_int_equal(err, 0);
#ifdef OH_DEBUG
	assert_int_equal(n, 1);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_test), cmocka_unit_test(response_test), cmocka_unit_test(bad_test),
		cmocka_unit_test(lenient_test), cmocka_unit_test(limits_test),   cmocka_unit_test(hostile_test),
		cmocka_unit_test(values_test),  cmocka_unit_test(encode_test),   cmocka_unit_test(full_test),
		cmocka_unit_test(flow_test),    cmocka_unit_test(oom_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
