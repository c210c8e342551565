/*
 * sdp_test.c - session descriptions: decoding, questions, writing.
 */
#include "edge.h"
#include "wire/sdp/sdp.h"

static struct sdp s;

static const char offer[] =
	"v=0\r\no=jdoe 3724394400 3724394405 IN IP4 198.51.100.1\r\ns=Call to John\r\ni=info\r\n"
	"c=IN IP4 198.51.100.1\r\nb=AS:64\r\nt=0 0\r\na=group:BUNDLE a v\r\na=recvonly\r\n"
	"m=audio 49170 RTP/AVP 0 8 97 101\r\na=rtpmap:97 iLBC/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
	"a=fmtp:101 0-15\r\na=fmtp:97 mode=20 \r\na=sendonly\r\na=ptime:20\r\n"
	"m=video 51372/2 RTP/AVP 31 32\r\ni=screen\r\nc=IN IP6 2001:db8::2\r\nb=AS:128\r\nb=TIAS:1\r\n"
	"a=rtcp:53020\r\na=rtpmap:32 MPV/90000\r\n"
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 host.example.com\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-mux\r\n"
	"m=image 0 udptl t38\r\n";

static const char *addr(const struct sa *a)
{
	static char text[SA_STRLEN];

	return sa_isset(a) ? sa_str(a, text) : "";
}

static void decode_test(void **state)
{
	(void)state;
	memset(&s, 0xa5, sizeof(s));
	assert_int_equal(sdp_decode(&s, edge_str(offer)), 0);
	assert_slice(s.o_user, "jdoe");
	assert_slice(s.o_version, "3724394405");
	assert_slice(s.o_addr, "198.51.100.1");
	assert_slice(s.name, "Call to John");
	assert_slice(s.conn_addr, "198.51.100.1");
	assert_int_equal(s.nbw, 1);
	assert_slice(s.bw[0], "AS:64");
	assert_slice(s.time[0], "0 0");
	assert_int_equal(s.dir, SDP_RECVONLY);
	assert_int_equal(s.nattr, 2);
	assert_int_equal(s.nm, 4);

	assert_slice(s.m[0].type, "audio");
	assert_slice(s.m[0].proto, "RTP/AVP");
	assert_int_equal(s.m[0].nfmt, 4);
	assert_int_equal(s.m[0].nports, 1);
	assert_int_equal(s.m[0].dir, SDP_SENDONLY);
	assert_string_equal(addr(&s.m[0].conn), "198.51.100.1:49170");
	assert_string_equal(addr(&s.m[0].rtcp), "198.51.100.1:49171");

	assert_int_equal(s.m[1].nports, 2);
	assert_int_equal(s.m[1].dir, SDP_RECVONLY);
	assert_slice(s.m[1].title, "screen");
	assert_int_equal(s.m[1].nbw, 2);
	assert_string_equal(addr(&s.m[1].conn), "[2001:db8::2]:51372");
	assert_string_equal(addr(&s.m[1].rtcp), "[2001:db8::2]:53020");

	assert_slice(s.m[2].conn_addr, "host.example.com");
	assert_false(sa_isset(&s.m[2].conn));
	assert_true(s.m[2].rtcp_mux);

	assert_int_equal(s.m[3].port, 0);
	assert_string_equal(addr(&s.m[3].conn), "198.51.100.1:0");
}

static void questions_test(void **state)
{
	struct slice enc;
	uint32_t rate;
	uint8_t ch;

	(void)state;
	assert_int_equal(sdp_decode(&s, edge_str(offer)), 0);
	assert_int_equal(sdp_rtpmap(&s, &s.m[0], SLICE("97"), &enc, &rate, &ch), 0);
	assert_slice(enc, "iLBC");
	assert_int_equal(rate, 8000);
	assert_int_equal(ch, 1);
	assert_int_equal(sdp_rtpmap(&s, &s.m[0], SLICE("8"), &enc, &rate, &ch), 0);
	assert_slice(enc, "PCMA");
	assert_int_equal(sdp_rtpmap(&s, &s.m[2], SLICE("111"), &enc, &rate, &ch), 0);
	assert_slice(enc, "opus");
	assert_int_equal(rate, 48000);
	assert_int_equal(ch, 2);
	/* an rtpmap counts for its own section only */
	assert_int_equal(sdp_rtpmap(&s, &s.m[0], SLICE("111"), &enc, &rate, &ch), ENOENT);
	assert_int_equal(sdp_rtpmap(&s, &s.m[3], SLICE("t38"), &enc, &rate, &ch), ENOENT);
	assert_slice(sdp_fmtp(&s, &s.m[0], SLICE("101")), "0-15");
	assert_slice(sdp_fmtp(&s, &s.m[0], SLICE("97")), "mode=20");
	assert_slice(sdp_fmtp(&s, &s.m[0], SLICE("10")), "");
	assert_slice(sdp_attr_find(&s, NULL, "group")->val, "BUNDLE a v");
	assert_slice(sdp_attr_find(&s, &s.m[0], "ptime")->val, "20");
	assert_null(sdp_attr_find(&s, &s.m[1], "ptime"));
	assert_null(sdp_attr_find(&s, NULL, "ptime"));
}

static void dir_test(void **state)
{
	static const struct {
		enum sdp_dir dir, swap;
		const char *name;
	} tab[] = {
		{SDP_SENDRECV, SDP_SENDRECV, "sendrecv"},
		{SDP_SENDONLY, SDP_RECVONLY, "sendonly"},
		{SDP_RECVONLY, SDP_SENDONLY, "recvonly"},
		{SDP_INACTIVE, SDP_INACTIVE, "inactive"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		char text[128];

		assert_int_equal(sdp_dir_swap(tab[i].dir), tab[i].swap);
		assert_string_equal(sdp_dir_name(tab[i].dir), tab[i].name);
		snprintf(text, sizeof(text), "v=0\nm=audio 1 RTP/AVP 0\nm=audio 2 RTP/AVP 0\na=%s\n", tab[i].name);
		assert_int_equal(sdp_decode(&s, edge_str(text)), 0);
		assert_int_equal(s.m[0].dir, SDP_SENDRECV);
		assert_int_equal(s.m[1].dir, tab[i].dir);
	}
}

static void bad_test(void **state)
{
	static const struct {
		const char *text;
		int err;
	} tab[] = {
		{"", ERR_SYNTAX},
		{"\r\n", ERR_SYNTAX},
		{"s=x\r\n", ERR_SYNTAX},
		{"v=1\r\n", ERR_SYNTAX},
		{"v=0\r\nx\r\n", ERR_SYNTAX},
		{"v=0\r\nm=audio\r\n", ERR_SYNTAX},
		{"v=0\r\nm=audio x RTP/AVP 0\r\n", ERR_SYNTAX},
		{"v=0\r\nm=audio 65536 RTP/AVP 0\r\n", ERR_SYNTAX},
		{"v=0\r\nm=audio 1/x RTP/AVP 0\r\n", ERR_SYNTAX},
		{"v=0\r\nm=audio 1\r\n", ERR_SYNTAX},
		{"v=0\r\nc=IN IP4\r\n", ERR_SYNTAX},
		{"v=0\r\nc=\r\n", ERR_SYNTAX},
		{"v=0\r\nc=XX IP4 1.2.3.4\r\n", ERR_SYNTAX},
		{"v=0\r\ns=a\rb\r\n", ERR_SYNTAX},
		/* what is let through: bare LF, blank lines, unknown lines, no end of line, blanks in a row */
		{"v=0\n\nq=?\nm=audio  1   RTP/AVP  0  \nk=clear:x", 0},
		{"v=0", 0},
		{"v=0\r\no=\r\na=\r\n", 0},
		{"v=0\r\nm=audio 1 RTP/AVP\r\na=rtcp:x\r\na=rtcp:1 IN\r\n", 0},
		{"v=0\r\nc=IN IP4 233.252.0.1/127\r\n", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		int err = sdp_decode(&s, edge_str(tab[i].text));

		if (err != tab[i].err)
			fail_msg("\"%s\": %s", tab[i].text, err_str(err));
	}
	assert_slice(s.conn_addr, "233.252.0.1/127");
	assert_string_equal(addr(&s.conn), "233.252.0.1:0");
}

/* One more of a kind than fits. */
static void limits_test(void **state)
{
	static const struct {
		const char *line;
		unsigned max;
	} tab[] = {{"a=x\n", SDP_ATTR_MAX},
		   {"m=audio 1 RTP/AVP 0\n", SDP_MEDIA_MAX},
		   {"b=AS:1\n", SDP_BW_MAX},
		   {"t=0 0\n", SDP_TIME_MAX}};
	struct buf b;

	(void)state;
	buf_init(&b);
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		buf_reset(&b);
		buf_str(&b, "v=0\n");
		for (unsigned k = 0; k < tab[i].max; k++)
			buf_str(&b, tab[i].line);
		assert_int_equal(sdp_decode(&s, buf_get(&b)), 0);
		buf_str(&b, tab[i].line);
		assert_int_equal(sdp_decode(&s, buf_get(&b)), ERR_LIMIT);
	}
	buf_reset(&b);
	buf_str(&b, "v=0\nm=audio 1 RTP/AVP");
	for (unsigned k = 0; k < SDP_FMT_MAX; k++)
		buf_str(&b, " 0");
	assert_int_equal(sdp_decode(&s, buf_get(&b)), 0);
	buf_str(&b, " 0");
	assert_int_equal(sdp_decode(&s, buf_get(&b)), ERR_LIMIT);
	buf_free(&b);
}

static void round_trip_test(void **state)
{
	struct buf b, c;

	(void)state;
	buf_init(&b);
	buf_init(&c);
	assert_int_equal(sdp_decode(&s, edge_str(offer)), 0);
	sdp_encode(&b, &s);
	assert_int_equal(sdp_decode(&s, buf_get(&b)), 0);
	sdp_encode(&c, &s);
	assert_true(slice_eq(buf_get(&b), buf_get(&c)));
	/* all of it but the session's i= */
	assert_int_equal(b.l, strlen(offer) - strlen("i=info\r\n"));
	buf_free(&b);
	buf_free(&c);
}

static void encode_test(void **state)
{
	const struct slice fmt[] = {SLICE("0"), SLICE("101")};
	struct sa a;
	struct buf b;

	(void)state;
	buf_init(&b);
	assert_int_equal(sa_set(&a, SLICE("192.0.2.1"), 4000), 0);
	sdp_enc_session(&b, 12, 3, &a);
	sdp_enc_media(&b, SLICE("audio"), 4000, SLICE("RTP/AVP"), fmt, 2, NULL);
	sdp_enc_attr(&b, SLICE("rtpmap"), SLICE("101 telephone-event/8000"));
	sdp_enc_attr(&b, SLICE("sendrecv"), SLICE_NULL);
	assert_int_equal(sa_set(&a, SLICE("2001:db8::1"), 4000), 0);
	sdp_enc_media(&b, SLICE("video"), 0, SLICE("RTP/AVP"), fmt, 1, &a);
	assert_slice(buf_get(&b), "v=0\r\no=- 12 3 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
				  "m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
				  "m=video 0 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\n");
	assert_int_equal(sdp_decode(&s, edge(b.p, b.l)), 0);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decode_test), cmocka_unit_test(questions_test), cmocka_unit_test(dir_test),
		cmocka_unit_test(bad_test),    cmocka_unit_test(limits_test),    cmocka_unit_test(round_trip_test),
		cmocka_unit_test(encode_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
