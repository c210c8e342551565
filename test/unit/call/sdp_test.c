/*
 * sdp_test.c - descriptions translated between two legs: what passes, what stays behind, what is refused in its place.
 */
#include "fix.h"

#define HEAD      "v=0\r\no=alice 111 222 IN IP4 10.0.0.10\r\ns=my call\r\nc=IN IP4 10.0.0.10\r\nt=0 0\r\n"
#define AUDIO     "m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
#define V_REFUSED "m=video 0 RTP/AVP 96\r\n"

/* An offer, and what the other side must and must not see in ours; up to four pieces each. */
static void offers(void **state)
{
	static const struct {
		const char *offer, *has[4], *lacks[4];
	} t[] = {
		{HEAD AUDIO,
		 {"m=audio ", " RTP/AVP 0 8 3 9 96 101 97\r\n", "a=fmtp:101 0-15\r\n", "a=sendrecv\r\n"},
		 {"alice", "my call", " 111 ", "10.0.0.10"}},
		{HEAD "a=sendonly\r\n" AUDIO, {"a=sendonly\r\n"}, {"a=sendrecv"}},
		{HEAD "a=sendonly\r\n" AUDIO "a=recvonly\r\n", {"a=recvonly\r\n"}, {"a=sendonly"}},
		{HEAD AUDIO "a=inactive\r\n", {"a=inactive\r\n"}, {"a=sendrecv"}},
		{HEAD AUDIO "a=ptime:30\r\na=maxptime:60\r\nb=AS:64\r\n",
		 {"a=ptime:30\r\n", "a=maxptime:60\r\n"},
		 {NULL}},
		{HEAD "m=audio 4000 RTP/AVP 0\r\nb=AS:64\r\nb=TIAS:64000\r\n",
		 {"b=AS:64\r\n", "b=TIAS:64000\r\n"},
		 {NULL}},
		{HEAD "m=audio 4000 RTP/AVPF 0\r\na=rtcp-fb:* nack\r\na=rtcp-mux\r\na=rtcp-rsize\r\n",
		 {" RTP/AVPF 0 8 3 9 96 101 97\r\n", "a=rtcp-fb:* nack\r\n", "a=rtcp-mux\r\n", "a=rtcp-rsize\r\n"},
		 {NULL}},
		{HEAD "a=group:BUNDLE 0\r\na=ice-ufrag:abc\r\na=fingerprint:sha-256 AA\r\n" AUDIO
		      "a=candidate:1 1 UDP 1 10.0.0.10 4000 typ host\r\na=rtcp:4007 IN IP4 10.0.0.10\r\na=crypto:1 X "
		      "inline:Y\r\na=mid:0\r\n",
		 {"m=audio "},
		 {"group", "candidate", "rtcp:", "crypto"}},
		{HEAD AUDIO "a=ssrc:1 cname:x\r\na=setup:actpass\r\na=msid:x y\r\na=extmap:1 "
			    "urn:x\r\na=ice-pwd:q\r\na=x-me:10.0.0.10\r\n",
		 {"m=audio "},
		 {"ssrc", "setup", "extmap", "x-me"}},
		/* payload types are kept, dynamic ones too */
		{HEAD "m=audio 4000 RTP/AVP 109 9 0\r\na=rtpmap:109 opus/48000/2\r\na=fmtp:109 useinbandfec=1\r\n",
		 {" RTP/AVP 109 9 0 8 3 96 101\r\n", "a=rtpmap:109 opus/48000/2\r\n", "a=fmtp:109 useinbandfec=1\r\n"},
		 {NULL}},
		/* lines that we do not carry keep their place */
		{HEAD "m=audio 4000 RTP/SAVP 0\r\n" AUDIO, {"m=audio 0 RTP/SAVP 0\r\nm=audio 1"}, {NULL}},
		{HEAD "m=image 4000 tcp t38\r\n" AUDIO "m=application 9 DTLS/SCTP 5000\r\n",
		 {"m=image 0 tcp t38\r\nm=audio 1", "m=application 0 DTLS/SCTP 5000\r\n"},
		 {NULL}},
		/* fax, and text */
		{HEAD "m=image 4000 udptl t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\n"
		      "a=T38FaxUdpEC:t38UDPRedundancy\r\na=T38FaxFillBitRemoval\r\na=x-fax:10.0.0.10\r\n",
		 {" udptl t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\n",
		  "a=T38FaxUdpEC:t38UDPRedundancy\r\na=T38FaxFillBitRemoval\r\n"},
		 {"m=image 0", "x-fax"}},
		{HEAD AUDIO "m=text 4006 RTP/AVP 100 98\r\na=rtpmap:98 t140/1000\r\na=rtpmap:100 red/1000\r\n"
			    "a=fmtp:100 98/98/98\r\na=fmtp:98 cps=30\r\n",
		 {"m=text 1", " RTP/AVP 100 98\r\na=rtpmap:98 t140/1000\r\na=rtpmap:100 red/1000\r\n",
		  "a=fmtp:100 98/98/98\r\na=fmtp:98 cps=30\r\n"},
		 {NULL}},
		{HEAD "m=video 0 RTP/AVP 96\r\n" AUDIO, {"m=video 0 RTP/AVP 96\r\nm=audio 1"}, {NULL}},
		{HEAD "m=audio 4000 UDP/TLS/RTP/SAVPF 0\r\n" AUDIO, {"m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n"}, {NULL}},
		/* bare line ends */
		{"v=0\no=a 1 2 IN IP4 10.0.0.10\ns=-\nc=IN IP4 10.0.0.10\nt=0 0\nm=audio 4000 RTP/AVP 0\n",
		 {"m=audio 1", " RTP/AVP 0 8 3 9 96 101 97\r\n"},
		 {NULL}},
		/* an address of its own per line */
		{"v=0\r\no=a 1 2 IN IP4 10.0.0.10\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP4 10.0.0.10\r\n",
		 {"c=IN IP4 10.0.0.1\r\n", "m=audio 1"},
		 {"10.0.0.10"}},
	};
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	b->final = 486;
	phone_register(b);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		a->sdp = t[i].offer;
		b->got[0] = 0;
		phone_call(a, "101");
		run(f, 1000);
		assert_non_null(strstr(b->got, "c=IN IP4 10.0.0.1\r\n"));
		for (size_t k = 0; k < 4; k++) {
			if (t[i].has[k])
				assert_has(b->got, t[i].has[k]);
			if (t[i].lacks[k])
				assert_lacks(b->got, t[i].lacks[k]);
		}
		run(f, 40000);
	}
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, part)); p++)
		n++;
	return n;
}

/* More lines than we carry: the others are there, refused. */
static void many_lines(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	char sdp[SDP_TXT] = HEAD;

	for (int i = 0; i < 12; i++)
		strcat(sdp, "m=audio 4000 RTP/AVP 0\r\n");
	a->sdp = b->sdp = sdp;
	phone_register(b);
	phone_call(a, "101");
	run(f, 1000);
	assert_int_equal(count(b->got, "m=audio "), 12);
	assert_int_equal(count(b->got, "m=audio 0 "), 12 - LEG_MEDIA_MAX);
	assert_int_equal(count(a->got, "m=audio "), 12);
	assert_int_equal(count(a->got, "m=audio 0 "), 12 - LEG_MEDIA_MAX);
}

/* An answer must have the lines of the offer, whatever the other side answers. */
static void answers(void **state)
{
	static const struct {
		const char *answer, *has;
		size_t streams;
	} t[] = {
		{HEAD AUDIO "m=video 4002 RTP/AVP 96\r\n", "m=video 1", 4},
		{HEAD AUDIO V_REFUSED, V_REFUSED, 2},
		{HEAD AUDIO, V_REFUSED, 2},                                        /* too few lines */
		{HEAD AUDIO V_REFUSED "m=audio 4004 RTP/AVP 0\r\n", V_REFUSED, 2}, /* too many */
		{HEAD AUDIO "m=audio 4004 RTP/AVP 0\r\n", V_REFUSED, 2},           /* another type in its place */
		{HEAD "m=audio 0 RTP/AVP 0\r\n"
		      "m=video 4002 RTP/AVP 96\r\n",
		 "m=audio 0 ", 2},
	};
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	struct media_stats ms;

	phone_register(b);
	a->sdp = HEAD AUDIO "m=video 4002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n";
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		b->sdp = t[i].answer;
		phone_call(a, "101");
		run(f, 1000);
		assert_log(a, "ring:180 answered:200");
		assert_has(a->got, t[i].has);
		assert_int_equal(count(a->got, "m="), 2);
		media_stats(f->media, &ms);
		assert_int_equal(ms.streams, t[i].streams);
		phone_hangup(a);
		run(f, 40000);
		a->l = b->l = 0;
	}
}

/* The same answer in 183 and 200 is the same description, version and all. */
static void version_stays(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	char early[SDP_TXT];

	b->ring = 183;
	b->early = true;
	phone_register(b);
	phone_call(a, "101");
	run(f, 50);
	memcpy(early, a->got, sizeof(early));
	a->got[0] = 0;
	run(f, 1000);
	assert_log(a, "early:183 answered:200");
	assert_string_equal(a->got, early);
}

/* What is in force when direction and codecs of both sides are taken together. */
static void remote_descriptions(void **state)
{
	static const struct {
		const char *a, *b;
		bool a_to_b, b_to_a;
	} t[] = {
		{HEAD AUDIO, HEAD AUDIO, true, true},
		{HEAD AUDIO "a=sendonly\r\n", HEAD AUDIO "a=recvonly\r\n", true, false},
		{HEAD AUDIO, HEAD AUDIO "a=sendonly\r\n", false, true},
		{HEAD AUDIO, HEAD AUDIO "a=inactive\r\n", false, false},
	};
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	phone_register(b);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		char answer[SDP_TXT], *p;

		/* its sound goes to its own address */
		snprintf(answer, sizeof(answer), "%s", t[i].b);
		while ((p = strstr(answer, "10.0.0.10")))
			p[8] = '1';
		a->sdp = t[i].a;
		b->sdp = answer;
		phone_call(a, "101");
		run(f, 1000);
		assert_int_equal(sound(a, b), t[i].a_to_b);
		assert_int_equal(sound(b, a), t[i].b_to_a);
		phone_hangup(a);
		run(f, 40000);
		a->l = b->l = 0;
	}
}

/* A phone with IPv6 and one with IPv4: each sees addresses of its own kind. */
static void two_families(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[4];
	struct sa us = at("[2001:db8::1]:5060");
	struct contact c = {
		.q = 1000, .uri = SLICE("sip:dev@[2001:db8::10]:5060"), .src = at("[2001:db8::10]:5060"), .local = us};
	struct sip_cfg cfg = {.loop = f->loop};
	static const struct sip_ops ops = {.request = phone_request_h};
	struct udp_opts o = {0};

	mem_deref(b->sip);
	mem_deref(b->udp);
	b->addr = c.src;
	b->rtp = at("[2001:db8::10]:4000");
	assert_int_equal(sip_alloc(&b->sip, &cfg, &ops, b), 0);
	assert_int_equal(sip_listen(b->sip, SIP_TRANSP_UDP, &b->addr), 0);
	assert_int_equal(udp_open(&b->udp, f->loop, &b->rtp, &o, rtp_h, b), 0);
	assert_int_equal(sip_listen(f->sip, SIP_TRANSP_UDP, &us), 0);
	b->sdp = "v=0\r\no=a 1 2 IN IP6 2001:db8::10\r\ns=-\r\nc=IN IP6 2001:db8::10\r\nt=0 0\r\nm=audio 4000 RTP/AVP "
		 "0\r\n";
	reg_put(f, "104", &c);
	phone_call(a, "104");
	run(f, 1000);
	assert_log(a, "ring:180 answered:200");
	assert_has(b->got, "c=IN IP6 2001:db8::1\r\n");
	assert_has(a->got, "c=IN IP4 10.0.0.1\r\n");
	assert_has(b->heard, "From: \"Name \\\"A\\\"\" <sip:100@[2001:db8::1]>;tag=");
	assert_true(sound(a, b));
	assert_true(sound(b, a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, fix_open, fix_close)
		T(offers), T(many_lines), T(answers), T(version_stays), T(remote_descriptions), T(two_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
