/*
 * oa_streams_test.c - what streams do after an exchange: numbers that differ, translation, changes of one side, text
 * beside sound and video.
 */
#include "fix.h"

/* The phone's description with these m-lines; %u in it is the port of its sound. */
static void says(struct phone *p, const char *lines)
{
	static unsigned version = 100;
	char ip[SA_STRLEN], part[1000];

	snprintf(part, sizeof(part), lines, sa_port(&p->rtp));
	snprintf(p->sdp_txt, sizeof(p->sdp_txt), "v=0\r\no=- 5%s %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n%s",
		 p->user, version++, sa_ntop(&p->addr, ip), ip, part);
	p->sdp = p->sdp_txt;
}

/* Packets with this number and payload length arrive as number `got` with `len` bytes. */
static void passes(struct phone *a, uint8_t pt, size_t l, struct phone *b, uint8_t got, size_t len)
{
	static uint8_t pkt[12 + 640] = {0x80};
	struct sa to = phone_target(a);
	static uint16_t seq;
	size_t n = b->rtp_n;

	b->rtp_pt = 0xff;
	for (int i = 0; i < 6; i++) {
		pkt[1] = pt;
		pkt[2] = (uint8_t)(++seq >> 8);
		pkt[3] = (uint8_t)seq;
		pkt[6] = (uint8_t)(seq * 160u >> 8);
		pkt[7] = (uint8_t)(seq * 160u);
		memcpy(pkt + 8, a->user, 3);
		memset(pkt + 12, pt == 0 ? 0xff : 0xd5, l);
		assert_int_equal(udp_send_now(a->udp, &to, pkt, 12 + l), 0);
		run(a->f, 20);
	}
	assert_true(b->rtp_n > n);
	assert_int_equal(b->rtp_pt, got);
	assert_int_equal(b->rtp_len, len);
}

/* Each side has numbers of its own for one codec (RFC 3264 5.1). */
static void numbers_differ(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	says(a, "m=audio %u RTP/AVP 110\r\na=rtpmap:110 iLBC/8000\r\na=fmtp:110 mode=20\r\n");
	says(b, "m=audio %u RTP/AVP 98\r\na=rtpmap:98 iLBC/8000\r\na=fmtp:98 mode=20\r\n");
	connect_two(a, b);
	assert_has(b->got, "RTP/AVP 110\r\na=rtpmap:110 iLBC/8000\r\na=fmtp:110 mode=20\r\n");
	assert_has(a->got, "RTP/AVP 110\r\na=rtpmap:110 iLBC/8000\r\na=fmtp:110 mode=20\r\n");
	/* b wants 98, and sends what we named to it */
	passes(a, 110, 38, b, 98, 38);
	passes(b, 110, 38, a, 110, 38);
}

static void translated(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	phone_sdp(a, "sendrecv", "0 101");
	says(b, "m=audio %u RTP/AVP 3\r\na=rtpmap:3 GSM/8000\r\n");
	connect_two(a, b);
	assert_has(a->got, " RTP/AVP 0 101\r\n");
	passes(a, 0, 160, b, 3, 33);
	passes(b, 3, 33, a, 0, 160);
}

/* The caller's offer comes last; the called side gave its codecs first. */
static void delayed_and_translated(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	a->sdp = NULL;
	phone_sdp(b, "sendrecv", "8 101");
	phone_register(b);
	phone_call(a, "101");
	run(f, 50);
	phone_sdp(a, "sendrecv", "0 101");
	run(f, 1000);
	assert_log(a, "ring:180 answered:200");
	assert_has(a->got, " RTP/AVP 8 0 3 9 96 101 97\r\n");
	assert_has(b->got, " RTP/AVP 8 101\r\n");
	passes(a, 0, 160, b, 8, 160);
	passes(b, 8, 160, a, 0, 160);
}

/* One side changes its codec and the other one does not follow: it keeps what it had. */
static void one_side_changes(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	phone_sdp(a, "sendrecv", "0 101");
	phone_sdp(b, "sendrecv", "0 101");
	connect_two(a, b);
	passes(a, 0, 160, b, 0, 160);
	a->refuse_reoffer = 488;
	phone_sdp(b, "sendrecv", "8 101");
	phone_reoffer(b);
	run(f, 500);
	assert_log(b, "reanswered:200");
	assert_log(a, "reoffer");
	assert_has(b->got, " RTP/AVP 8 101\r\n");
	b->refuse_reoffer = 488;
	/* the offer that a refused is not in force */
	phone_sdp(a, "sendrecv", "0 101");
	(void)snprintf(a->got, sizeof(a->got), "%s", b->got);
	LIST_EACH (&f->calls->live, k) {
		const struct call *c = LINK_OBJ(k, struct call, le);

		(void)slice_copy(a->got, sizeof(a->got), rbuf_slice(c->a->local));
	}
	passes(a, 0, 160, b, 8, 160);
	passes(b, 8, 160, a, 0, 160);
	/* holding is more than a codec: that needs the other side, and is refused with it */
	phone_sdp(b, "sendonly", "8 101");
	phone_reoffer(b);
	run(f, 500);
	assert_log(b, "reanswered:488");
}

/* Three kinds at once; the numbers of text and video stay. */
static void three_lines(void **state)
{
	static const char lines[] = "m=audio %u RTP/AVP 0\r\nm=video 4100 RTP/AVPF 99\r\na=rtpmap:99 H264/90000\r\n"
				    "a=rtcp-fb:99 nack pli\r\nm=text 4102 RTP/AVP 100 98\r\na=rtpmap:98 t140/1000\r\n"
				    "a=rtpmap:100 red/1000\r\na=fmtp:100 98/98/98\r\n";
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	struct media_stats ms;

	says(a, lines);
	says(b, lines);
	connect_two(a, b);
	for (int i = 0; i < 2; i++) {
		const char *got = i ? a->got : b->got;

		assert_has(got, " RTP/AVPF 99\r\na=rtpmap:99 H264/90000\r\na=rtcp-fb:99 nack pli\r\n");
		assert_has(got, " RTP/AVP 100 98\r\na=rtpmap:98 t140/1000\r\na=rtpmap:100 red/1000\r\n"
				"a=fmtp:100 98/98/98\r\n");
	}
	media_stats(f->media, &ms);
	assert_int_equal(ms.streams, 6);
	assert_true(sound(a, b) && sound(b, a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, fix_open, fix_close)
		T(numbers_differ), T(translated), T(delayed_and_translated), T(one_side_changes), T(three_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
