/*
 * reinvite_test.c - changes while a call is up, and offers that come late: hold, resume, codec and address changes,
 * refusals, glare, offerless INVITEs of both kinds.
 */
#include "fix.h"

static unsigned version_of(const char *sdp)
{
	unsigned long long id;
	unsigned v;

	assert_int_equal(sscanf(strstr(sdp, "o="), "o=- %llu %u", &id, &v), 2);
	return v;
}

static void hold_and_resume(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	struct call *c;
	unsigned va, vb;

	connect_two(a, b);
	c = LINK_OBJ(f->calls->live.head, struct call, le);
	va = version_of(a->got);
	vb = version_of(b->got);
	phone_sdp(a, "sendonly", "0 8 101");
	phone_sdp(b, "recvonly", "0 8 101");
	phone_reoffer(a);
	run(f, 500);
	assert_log(a, "reanswered:200");
	assert_log(b, "reoffer acked");
	assert_has(b->got, "a=sendonly");
	assert_has(a->got, "a=recvonly");
	assert_int_equal(version_of(a->got), va + 1);
	assert_int_equal(version_of(b->got), vb + 1);
	assert_int_equal(c->a->state, LEG_HELD);
	assert_int_equal(c->b->state, LEG_ANSWERED);
	assert_true(sound(a, b));
	assert_false(sound(b, a));

	phone_sdp(a, "sendrecv", "0 8 101");
	phone_sdp(b, "sendrecv", "0 8 101");
	phone_reoffer(a);
	run(f, 500);
	assert_log(a, "reanswered:200");
	assert_log(b, "reoffer acked");
	assert_has(b->got, "a=sendrecv");
	assert_int_equal(version_of(b->got), vb + 2);
	assert_int_equal(c->a->state, LEG_ANSWERED);
	assert_true(sound(a, b));
	assert_true(sound(b, a));
}

/* The old way: an address of 0.0.0.0 (RFC 3264 8.4). By the callee this time. */
static void hold_by_zero_address(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	connect_two(a, b);
	b->sdp = "v=0\r\no=- 5 6 IN IP4 10.0.0.11\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8 "
		 "101\r\n"
		 "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n";
	phone_sdp(a, "recvonly", "0 8 101");
	phone_reoffer(b);
	run(f, 500);
	assert_log(b, "reanswered:200");
	assert_log(a, "reoffer acked");
	assert_has(a->got, "a=sendonly");
	assert_lacks(a->got, "0.0.0.0");
	assert_false(sound(a, b));
}

static void codec_change(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	connect_two(a, b);
	phone_sdp(b, "sendrecv", "8 101");
	phone_sdp(a, "sendrecv", "8 101");
	phone_reoffer(b);
	run(f, 500);
	assert_log(b, "reanswered:200");
	assert_log(a, "reoffer acked");
	assert_has(a->got, "RTP/AVP 8 0 3 9 96 101 97\r\n");
	assert_has(b->got, "RTP/AVP 8 101\r\n");
}

/* Only its address and port moved, or nothing at all: the other side does not hear of it. */
static void address_change(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	struct udp_opts o = {0};
	struct udp *old = a->udp;
	char before[SDP_TXT];

	connect_two(a, b);
	memcpy(before, a->got, sizeof(before));
	a->rtp = at("10.0.0.10:4500");
	assert_int_equal(udp_open(&a->udp, f->loop, &a->rtp, &o, rtp_h, a), 0);
	phone_sdp(a, "sendrecv", "0 8 101");
	phone_reoffer(a);
	run(f, 500);
	assert_log(a, "reanswered:200");
	assert_log(b, "");
	assert_string_equal(a->got, before);
	mem_deref(old);
	assert_true(sound(a, b));
	assert_true(sound(b, a));
}

static void refused_reoffer(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	struct media_stats ms;
	unsigned vb;

	connect_two(a, b);
	vb = version_of(b->got);
	b->refuse_reoffer = 488;
	a->sdp = "v=0\r\no=- 5 6 IN IP4 10.0.0.10\r\ns=-\r\nc=IN IP4 10.0.0.10\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
		 "m=video 4002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n";
	phone_reoffer(a);
	run(f, 500);
	assert_log(a, "reanswered:488");
	assert_log(b, "reoffer");
	assert_true(sound(a, b));
	assert_true(sound(b, a));
	media_stats(f->media, &ms);
	assert_int_equal(ms.streams, 2);
	/* the same offer accepted later needs a version that was never used for another description */
	b->refuse_reoffer = 0;
	phone_sdp(a, "sendonly", "0 8 101");
	phone_sdp(b, "recvonly", "0 8 101");
	phone_reoffer(a);
	run(f, 500);
	assert_log(a, "reanswered:200");
	assert_int_equal(version_of(b->got), vb + 2);
}

static void video_added(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	struct media_stats ms;

	connect_two(a, b);
	a->sdp = "v=0\r\no=- 5 6 IN IP4 10.0.0.10\r\ns=-\r\nc=IN IP4 10.0.0.10\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
		 "m=video 4002 RTP/AVP 96\r\nb=AS:500\r\na=rtpmap:96 H264/90000\r\na=rtcp-fb:96 nack pli\r\n";
	b->sdp = "v=0\r\no=- 5 6 IN IP4 10.0.0.11\r\ns=-\r\nc=IN IP4 10.0.0.11\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
		 "m=video 4002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n";
	phone_reoffer(a);
	run(f, 500);
	assert_log(a, "reanswered:200");
	assert_has(b->got, "m=video ");
	assert_has(b->got, "b=AS:500");
	assert_has(b->got, "a=rtcp-fb:96 nack pli");
	media_stats(f->media, &ms);
	assert_int_equal(ms.streams, 4);
	/* and taken away again */
	a->sdp = "v=0\r\no=- 5 7 IN IP4 10.0.0.10\r\ns=-\r\nc=IN IP4 10.0.0.10\r\nt=0 0\r\nm=audio 4000 RTP/AVP "
		 "0\r\nm=video 0 RTP/AVP 96\r\n";
	b->sdp = "v=0\r\no=- 5 7 IN IP4 10.0.0.11\r\ns=-\r\nc=IN IP4 10.0.0.11\r\nt=0 0\r\nm=audio 4000 RTP/AVP "
		 "0\r\nm=video 0 RTP/AVP 96\r\n";
	phone_reoffer(a);
	run(f, 500);
	assert_log(a, "reanswered:200");
	assert_has(b->got, "m=video 0 ");
	media_stats(f->media, &ms);
	assert_int_equal(ms.streams, 2);
	assert_true(sound(a, b));
}

/* Both change the call at once: one gets 491 and its stack tries again; both offers come to an end. */
static void glare(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	connect_two(a, b);
	phone_sdp(a, "sendrecv", "8 101");
	phone_sdp(b, "sendrecv", "8 101");
	phone_reoffer(a);
	phone_reoffer(b);
	run(f, 20000);
	assert_has(a->log, "reanswered:200");
	assert_has(b->log, "reanswered:200");
	assert_has(strstr(a->heard, "491") ? a->heard : b->heard, "491 ");
	assert_int_equal(calls_count(f->calls), 1);
	assert_true(sound(a, b));
	assert_true(sound(b, a));
}

/* While b holds a's offer open, b cannot be offered and an offer of a is refused by its own stack: a third way in is
 * 491. */
static void open_exchange(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	struct call *c;

	connect_two(a, b);
	c = LINK_OBJ(f->calls->live.head, struct call, le);
	b->hold_reoffer = true;
	phone_sdp(a, "sendrecv", "8 101");
	phone_reoffer(a);
	run(f, 500);
	assert_log(b, "reoffer");
	assert_true(c->a->offer_open && c->b->offered);
	phone_sdp(b, "sendrecv", "8 101");
	assert_int_equal(sip_inv_reply_answer(b->inv, ct_of(b), sdp_of(b)), 0);
	run(f, 500);
	assert_log(a, "reanswered:200");
	assert_false(c->a->offer_open || c->b->offered);
}

static void hangup_in_exchange(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	connect_two(a, b);
	b->hold_reoffer = true;
	phone_sdp(a, "sendrecv", "8 101");
	phone_reoffer(a);
	run(f, 500);
	phone_hangup(b);
	run(f, 2000);
	assert_null(a->inv);
	assert_null(b->inv);
	assert_int_equal(calls_count(f->calls), 0);
}

/* ---- delayed offers */

static void delayed(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	a->sdp = NULL;
	phone_register(b);
	phone_call(a, "101");
	run(f, 50);
	phone_sdp(a, "sendrecv", "0 101");
	run(f, 1000);
	assert_log(a, "ring:180 answered:200");
	assert_log(b, "invite-empty acked+sdp");
	assert_has(a->got, "RTP/AVP 0 8 3 9 96 101 97\r\n");
	assert_has(b->got, "RTP/AVP 0 101\r\n");
	assert_true(sound(a, b));
	assert_true(sound(b, a));
	phone_hangup(a);
	run(f, 2000);
	assert_log(b, "closed:200");
}

/* The ACK brings no answer: no sound is possible. */
static void delayed_without_answer(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	a->sdp = NULL;
	phone_register(b);
	phone_call(a, "101");
	run(f, 3000);
	assert_null(a->inv);
	assert_null(b->inv);
	assert_int_equal(calls_count(f->calls), 0);
	assert_string_equal(f->rec.ended_by, "system");
}

static void delayed_unreachable(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0];

	a->sdp = NULL;
	f->p[1].final = 486;
	phone_register(&f->p[1]);
	phone_call(a, "101");
	run(f, 1000);
	assert_log(a, "ring:180 closed:486");
}

static void delayed_forked(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0];

	a->sdp = NULL;
	f->p[2].final = 0;
	f->p[1].ring = f->p[2].ring = 183;
	f->p[1].early = f->p[2].early = true;
	phone_register_q(&f->p[1], "500", 1000);
	phone_register_q(&f->p[2], "500", 1000);
	phone_call(a, "500");
	run(f, 50);
	phone_sdp(a, "sendrecv", "0 101");
	run(f, 1000);
	assert_log(a, "ring:180 ring:180 answered:200");
	assert_log(&f->p[2], "invite-empty closed:487");
	assert_true(sound(a, &f->p[1]));
}

/* A re-INVITE that asks for our offer asks the other side for its. */
static void asks_for_offer(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	connect_two(a, b);
	phone_sdp(b, "sendrecv", "8 0 101");
	phone_sdp(a, "sendrecv", "8 101");
	assert_int_equal(sip_inv_reinvite(a->inv, SLICE_NULL, SLICE_NULL, SLICE_NULL), 0);
	run(f, 1000);
	assert_log(a, "reanswered:200");
	assert_log(b, "reask acked+sdp");
	assert_has(a->got, "RTP/AVP 8 0 3 9 96 101 97\r\n");
	assert_has(b->got, "RTP/AVP 8 101\r\n");
	assert_true(sound(a, b));
	assert_true(sound(b, a));
}

static void asks_and_is_refused(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	connect_two(a, b);
	b->refuse_reoffer = 500;
	assert_int_equal(sip_inv_reinvite(a->inv, SLICE_NULL, SLICE_NULL, SLICE_NULL), 0);
	run(f, 1000);
	assert_log(a, "reanswered:488");
	assert_true(sound(a, b));
}

static void bad_reoffers(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	connect_two(a, b);
	a->sdp = "this is no description";
	phone_reoffer(a);
	run(f, 500);
	assert_log(a, "reanswered:400");
	a->sdp = "v=0\r\no=- 5 6 IN IP4 10.0.0.10\r\ns=-\r\nc=IN IP4 10.0.0.10\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 0\r\n";
	phone_reoffer(a);
	run(f, 500);
	assert_log(a, "reanswered:488");
	assert_int_equal(sip_inv_reinvite(a->inv, SLICE_NULL, SLICE("text/plain"), SLICE("hello")), 0);
	run(f, 500);
	assert_log(a, "reanswered:415");
	assert_log(b, "");
	assert_true(sound(a, b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, fix_open, fix_close)
		T(hold_and_resume), T(hold_by_zero_address),   T(codec_change),
		T(address_change),  T(refused_reoffer),        T(video_added),
		T(glare),           T(open_exchange),          T(hangup_in_exchange),
		T(delayed),         T(delayed_without_answer), T(delayed_unreachable),
		T(delayed_forked),  T(asks_for_offer),         T(asks_and_is_refused),
		T(bad_reoffers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
