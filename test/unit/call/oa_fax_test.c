/*
 * oa_fax_test.c - T.38 (ITU-T T.38 annex D, RFC 3362): a call that changes from sound to fax, both sides or neither.
 */
#include "fix.h"

#define T38                                                                                                            \
	"a=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\na=T38FaxRateManagement:transferredTCF\r\n"                      \
	"a=T38FaxMaxBuffer:200\r\na=T38FaxMaxDatagram:400\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n"

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

#define FAX      "m=image %u udptl t38\r\n" T38
#define FAX_SIDE "m=audio 0 RTP/AVP 0\r\nm=image %u udptl t38\r\n" T38

/* A datagram that is no RTP goes from one to the other, byte by byte. */
static bool fax_data(struct phone *a, struct phone *b, size_t line)
{
	static const uint8_t pkt[] = {0x00, 0x07, 0x03, 0x06, 0x11, 0x22, 0x33, 0x00, 0x00};
	struct sdp *d = oa_scratch(0);
	size_t n = b->raw_n;

	assert_int_equal(sdp_decode(d, slice_str(a->got)), 0);
	assert_true(d->nm > line && d->m[line].port);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(udp_send_now(a->udp, &d->m[line].conn, pkt, sizeof(pkt)), 0);
		run(a->f, 20);
	}
	return b->raw_n == n + 3;
}

static uint16_t port_of(const struct phone *p)
{
	struct sa a = phone_target(p);

	return sa_port(&a);
}

static void both_switch(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	uint16_t pa, pb;

	connect_two(a, b);
	assert_true(sound(a, b) && sound(b, a));
	pa = port_of(a);
	pb = port_of(b);
	says(a, FAX);
	says(b, FAX);
	phone_reoffer(b);
	run(f, 500);
	assert_log(b, "reanswered:200");
	assert_log(a, "reoffer acked");
	assert_has(a->got, " udptl t38\r\n" T38);
	assert_has(b->got, " udptl t38\r\n" T38);
	/* on the port of the sound */
	assert_int_equal(port_of(a), pa);
	assert_int_equal(port_of(b), pb);
	assert_true(fax_data(a, b, 0));
	assert_true(fax_data(b, a, 0));
	/* and back */
	phone_sdp(a, "sendrecv", "0 8 101");
	phone_sdp(b, "sendrecv", "0 8 101");
	phone_reoffer(a);
	run(f, 500);
	assert_log(a, "reanswered:200");
	assert_true(sound(a, b) && sound(b, a));
}

/* One does not fax by T.38: its refusal reaches the other, and the sound goes on. */
static void refused(void **state)
{
	static const uint16_t code[][2] = {{488, 488}, {415, 415}, {606, 606}, {500, 488}};
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	connect_two(a, b);
	for (size_t i = 0; i < ARRAY_LEN(code); i++) {
		char want[40];
		struct sa ta = phone_target(a), tb = phone_target(b);

		a->refuse_reoffer = code[i][0];
		says(b, FAX);
		phone_reoffer(b);
		run(f, 500);
		snprintf(want, sizeof(want), "reanswered:%u", code[i][1]);
		assert_log(b, want);
		assert_log(a, "reoffer");
		/* what they were told before holds */
		snprintf(a->got, sizeof(a->got),
			 "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio %u RTP/AVP "
			 "0\r\n",
			 sa_port(&ta));
		snprintf(b->got, sizeof(b->got),
			 "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio %u RTP/AVP "
			 "0\r\n",
			 sa_port(&tb));
		assert_true(sound(a, b) && sound(b, a));
		phone_sdp(b, "sendrecv", "0 8 101");
	}
}

/* One says yes to the change and no to the line: the other side gets a refusal, and the first its sound back. */
static void half_taken(void **state)
{
	static const char *const answer[] = {"m=image 0 udptl t38\r\n", "m=audio %u RTP/AVP 0\r\n"};
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	connect_two(a, b);
	for (size_t i = 0; i < ARRAY_LEN(answer); i++) {
		struct sa tb = phone_target(b);

		says(b, FAX);
		says(a, answer[i]);
		a->hold_reoffer = true;
		phone_reoffer(b);
		run(f, 50);
		assert_log(a, "reoffer");
		a->hold_reoffer = false;
		assert_int_equal(sip_inv_reply_answer(a->inv, ct_of(a), sdp_of(a)), 0);
		phone_sdp(a, "sendrecv", "0 8 101");
		run(f, 1000);
		assert_log(b, "reanswered:488");
		assert_log(a, "acked reoffer acked");
		assert_has(a->got, "m=audio 1");
		snprintf(b->got, sizeof(b->got),
			 "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio %u RTP/AVP "
			 "0\r\n",
			 sa_port(&tb));
		assert_true(sound(a, b) && sound(b, a));
		phone_sdp(b, "sendrecv", "0 8 101");
	}
}

/* The other shape: a second line for the fax, that of the sound refused. */
static void second_line(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	struct media_stats ms;

	connect_two(a, b);
	says(a, FAX_SIDE);
	says(b, FAX_SIDE);
	phone_reoffer(b);
	run(f, 500);
	assert_log(b, "reanswered:200");
	assert_log(a, "reoffer acked");
	assert_has(a->got, "m=audio 0 RTP/AVP 0\r\nm=image 1");
	assert_has(b->got, "m=audio 0 RTP/AVP 0\r\nm=image 1");
	media_stats(f->media, &ms);
	assert_int_equal(ms.streams, 2);
	assert_true(fax_data(a, b, 1));
	assert_true(fax_data(b, a, 1));
	/* back to sound: the line of the fax is kept, refused */
	says(a, "m=audio %u RTP/AVP 0\r\nm=image 0 udptl t38\r\n");
	says(b, "m=audio %u RTP/AVP 0\r\nm=image 0 udptl t38\r\n");
	phone_reoffer(a);
	run(f, 500);
	assert_log(a, "reanswered:200");
	assert_has(b->got, "m=image 0 udptl t38\r\n");
	assert_true(sound(a, b) && sound(b, a));
}

/* A call that is a fax from the beginning. */
static void from_the_first(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	says(a, FAX);
	says(b, FAX);
	connect_two(a, b);
	assert_has(b->got, " udptl t38\r\n" T38);
	assert_true(fax_data(a, b, 0));
	assert_true(fax_data(b, a, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, fix_open, fix_close)
		T(both_switch), T(refused), T(half_taken), T(second_line), T(from_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
