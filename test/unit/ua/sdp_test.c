/*
 * sdp_test.c - answers to offers of every kind, and offers after them (RFC 3264, RFC 6337): tables.
 */
#include "fix.h"

#define HEAD "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\n"

static struct oh_call *new_call(struct fix *f, const struct oh_call_options *o)
{
	struct oh_call *c;

	assert_int_equal(ua_call_alloc(&c, f->a.acct, o), 0);
	assert_int_equal(sa_set(&c->ip, SLICE("10.0.0.1"), 0), 0);
	return c;
}

/* Our description from the first m= on, with our ports as P. */
static const char *lines_of(const struct oh_call *c)
{
	static char text[3000];
	struct slice s = rbuf_slice(c->local);
	size_t l = 0;

	while (s.l && !slice_starts(s, SLICE("m=")))
		(void)slice_cut(&s, '\n');
	for (size_t i = 0; i < s.l && l < sizeof(text) - 1; i++) {
		if (s.p[i] == '\r')
			continue;
		if (s.p[i] == '2' && s.l - i > 5 && s.p[i - 1] == ' ' && s.p[i + 5] == ' ') {
			text[l++] = 'P'; /* 20000 ... 29999 */
			i += 4;
			continue;
		}
		text[l++] = s.p[i];
	}
	text[l] = 0;
	return text;
}

#define TEV  "a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\n"
#define PCMU "a=rtpmap:0 PCMU/8000\n"
#define PCMA "a=rtpmap:8 PCMA/8000\n"

static const struct {
	const char *what, *offer;
	int err;
	const char *answer;
	bool send, recv, held;
} answers[] = {
	{"static codec without rtpmap", HEAD "m=audio 4000 RTP/AVP 8\r\n", 0,
	 "m=audio P RTP/AVP 8\n" PCMA "a=sendrecv\n", true, true},
	{"order and numbers of the offer",
	 HEAD "m=audio 4000 RTP/AVP 18 8 0 96\r\na=rtpmap:18 G729/8000\r\na=rtpmap:96 telephone-event/8000\r\n", 0,
	 "m=audio P RTP/AVP 8 0 96\n" PCMA PCMU "a=rtpmap:96 telephone-event/8000\na=fmtp:96 0-15\na=sendrecv\n", true,
	 true},
	{"codec by another number", HEAD "m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 PCMU/8000\r\n", 0,
	 "m=audio P RTP/AVP 97\na=rtpmap:97 PCMU/8000\na=sendrecv\n", true, true},
	{"sendonly", HEAD "m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n", 0, "m=audio P RTP/AVP 0\n" PCMU "a=recvonly\n",
	 false, true, true},
	{"recvonly", HEAD "m=audio 4000 RTP/AVP 0\r\na=recvonly\r\n", 0, "m=audio P RTP/AVP 0\n" PCMU "a=sendonly\n",
	 true, false, false},
	{"inactive for the whole session",
	 "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\na=inactive\r\nm=audio 4000 RTP/AVP "
	 "0\r\n",
	 0, "m=audio P RTP/AVP 0\n" PCMU "a=inactive\n", false, false, true},
	{"held in the old way",
	 "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n", 0,
	 "m=audio P RTP/AVP 0\n" PCMU "a=recvonly\n", false, true, true},
	{"second line is the good one", HEAD "m=audio 0 RTP/AVP 0\r\nm=audio 4002 RTP/AVP 0\r\n", 0,
	 "m=audio 0 RTP/AVP 0\nm=audio P RTP/AVP 0\n" PCMU "a=sendrecv\n", true, true},
	{"only one of two sounds", HEAD "m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/AVP 8\r\n", 0,
	 "m=audio P RTP/AVP 0\n" PCMU "a=sendrecv\nm=audio 0 RTP/AVP 8\n", true, true},
	{"lines that nobody knows",
	 HEAD "m=application 9 TCP/BFCP *\r\nm=audio 4000 RTP/AVP 0\r\nm=image 4004 udptl t38\r\n", 0,
	 "m=application 0 TCP/BFCP *\nm=audio P RTP/AVP 0\n" PCMU "a=sendrecv\nm=image 0 udptl t38\n", true, true},
	{"video not wanted", HEAD "m=audio 4000 RTP/AVP 0\r\nm=video 4002 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n", 0,
	 "m=audio P RTP/AVP 0\n" PCMU "a=sendrecv\nm=video 0 RTP/AVP 99\n", true, true},
	{"profile with feedback", HEAD "m=audio 4000 RTP/AVPF 0\r\n", 0, "m=audio P RTP/AVPF 0\n" PCMU "a=sendrecv\n",
	 true, true},
	{"encrypted only", HEAD "m=audio 4000 RTP/SAVP 0\r\n", ENOTSUP, NULL},
	{"no codec of ours", HEAD "m=audio 4000 RTP/AVP 18\r\n", ENOTSUP, NULL},
	{"digits are no sound", HEAD "m=audio 4000 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\n", ENOTSUP,
	 NULL},
	{"same number, other codec", HEAD "m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 G729/8000\r\n", ENOTSUP, NULL},
	{"wide band of the same name", HEAD "m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 PCMU/16000\r\n", ENOTSUP, NULL},
	{"no line at all", HEAD, ENOTSUP, NULL},
	{"no description", "hello", ERR_SYNTAX, NULL},
};

static void answers_table(void **state)
{
	struct fix *f = *state;
	struct mstream_remote r;
	struct sdp *d = malloc(sizeof(*d));

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct oh_call *c = new_call(f, NULL);
		int check = ua_media_check(slice_str(answers[i].offer)),
		    err = ua_media_answer(c, slice_str(answers[i].offer));

		/* other options might fit what these do not */
		if (err != answers[i].err || (check && check != err))
			fail_msg("%s: %d %d", answers[i].what, check, err);
		if (!err && strcmp(lines_of(c), answers[i].answer))
			fail_msg("%s:\n%s", answers[i].what, lines_of(c));
		if (!err) {
			assert_int_equal(sdp_decode(d, slice_str(answers[i].offer)), 0);
			ua_sdp_remote(&r, c, d, (size_t)c->audio_line, c->dir);
			if (r.we_send != answers[i].send || r.we_recv != answers[i].recv || c->held != answers[i].held)
				fail_msg("%s: send %d recv %d held %d", answers[i].what, r.we_send, r.we_recv, c->held);
		}
		ua_call_abort(c);
		run(f, 10);
	}
	free(d);
	f->a.l = 0;
}

static uint64_t version_of(const struct oh_call *c)
{
	struct sdp *d = malloc(sizeof(*d));
	uint64_t v = 0;

	assert_int_equal(sdp_decode(d, rbuf_slice(c->local)), 0);
	assert_int_equal(slice_u64(d->o_version, &v), 0);
	free(d);
	return v;
}

/* After an answer our own offers keep its lines, numbers and refusals; the version counts only changes. */
static void offer_after_answer(void **state)
{
	struct fix *f = *state;
	struct oh_call *c = new_call(f, NULL);

	assert_int_equal(ua_media_answer(c, slice_str(HEAD "m=image 4004 udptl t38\r\nm=audio 4000 RTP/AVP 0 96\r\n"
							   "a=rtpmap:96 telephone-event/8000\r\n")),
			 0);
	assert_int_equal(version_of(c), 1);
	assert_int_equal(ua_media_offer(c), 0);
	assert_string_equal(lines_of(c), "m=image 0 udptl t38\nm=audio P RTP/AVP 0 8 96\n" PCMU PCMA
					 "a=rtpmap:96 telephone-event/8000\na=fmtp:96 0-15\na=sendrecv\n");
	assert_int_equal(version_of(c), 2);
	assert_int_equal(ua_media_offer(c), 0);
	assert_int_equal(version_of(c), 2);
	c->change = UA_CHANGE_HOLD;
	c->new_hold = true;
	assert_int_equal(ua_media_offer(c), 0);
	assert_int_equal(version_of(c), 3);
	assert_non_null(strstr(lines_of(c), "a=sendonly"));
	ua_call_abort(c);
}

/* The far end moves, adds and takes away lines: the streams follow, ours stay where they are. */
static void offers_in_a_row(void **state)
{
	struct fix *f = *state;
	struct oh_call_options o = {.video = true};
	struct oh_call *c = new_call(f, &o);
	struct mstream *first;

	assert_int_equal(ua_media_answer(c, slice_str(HEAD "m=audio 4000 RTP/AVP 0\r\n")), 0);
	first = c->audio;
	assert_non_null(first);
	assert_null(c->video);
	assert_int_equal(
		ua_media_answer(
			c,
			slice_str(HEAD "m=audio 4000 RTP/AVP 8\r\nm=video 4002 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n"
				       "a=fmtp:99 profile-level-id=42e01f\r\n")),
		0);
	assert_ptr_equal(c->audio, first);
	assert_non_null(c->video);
	assert_string_equal(lines_of(c),
			    "m=audio P RTP/AVP 8\n" PCMA "a=sendrecv\nm=video P RTP/AVP 99\na=rtpmap:99 H264/90000\n"
			    "a=fmtp:99 profile-level-id=42e01f\na=sendrecv\n");
	assert_string_equal(c->codec, "PCMA");
	/* video goes, its line stays */
	assert_int_equal(
		ua_media_answer(c, slice_str("v=0\r\no=- 1 2 IN IP4 10.0.0.10\r\ns=-\r\nc=IN IP4 10.0.0.10\r\nt=0 0\r\n"
					     "m=audio 5000 RTP/AVP 8\r\nm=video 0 RTP/AVP 99\r\n")),
		0);
	assert_string_equal(lines_of(c), "m=audio P RTP/AVP 8\n" PCMA "a=sendrecv\nm=video 0 RTP/AVP 99\n");
	assert_ptr_equal(c->audio, first);
	assert_int_equal(ua_media_offer(c), 0);
	assert_non_null(strstr(lines_of(c), "m=video 0 RTP/AVP 99\n"));
	/* an offer that cannot be taken changes nothing */
	assert_int_equal(ua_media_answer(c, slice_str(HEAD "m=audio 4000 RTP/AVP 18\r\n")), ENOTSUP);
	assert_int_equal(c->nline, 2);
	ua_call_abort(c);
	f->a.l = 0;
}

static void first_offers(void **state)
{
	static const struct {
		struct oh_call_options o;
		const char *want;
	} t[] = {
		{{0}, "m=audio P RTP/AVP 0 8 101\n" PCMU PCMA TEV "a=sendrecv\n"},
		{{.codecs = "PCMA PCMU"}, "m=audio P RTP/AVP 8 0 101\n" PCMA PCMU TEV "a=sendrecv\n"},
		{{.codecs = " pcma  "}, "m=audio P RTP/AVP 8 101\n" PCMA TEV "a=sendrecv\n"},
		{{.ptime_ms = 30}, "m=audio P RTP/AVP 0 8 101\n" PCMU PCMA TEV "a=ptime:30\na=sendrecv\n"},
		{{.video = true},
		 "m=audio P RTP/AVP 0 8 101\n" PCMU PCMA TEV
		 "a=sendrecv\nm=video P RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 "
		 "packetization-mode=1\na=sendrecv\n"},
	};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct oh_call *c = new_call(f, &t[i].o);

		assert_int_equal(ua_media_offer(c), 0);
		assert_string_equal(lines_of(c), t[i].want);
		ua_call_abort(c);
		run(f, 10);
	}
}

static void answers_to_us(void **state)
{
	static const struct {
		const char *what, *answer;
		int err;
		const char *codec;
	} t[] = {
		{"one codec", HEAD "m=audio 4000 RTP/AVP 8\r\n", 0, "PCMA"},
		{"their order", HEAD "m=audio 4000 RTP/AVP 101 8 0\r\na=rtpmap:101 telephone-event/8000\r\n", 0,
		 "PCMA"},
		{"refused", HEAD "m=audio 0 RTP/AVP 0\r\n", ENOTSUP, ""},
		{"no line", HEAD, ENOTSUP, ""},
		{"noise", "x", ERR_SYNTAX, ""},
	};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct oh_call *c = new_call(f, NULL);

		assert_int_equal(ua_media_offer(c), 0);
		if (ua_media_answered(c, slice_str(t[i].answer)) != t[i].err)
			fail_msg("%s", t[i].what);
		assert_string_equal(c->codec, t[i].codec);
		ua_call_abort(c);
		run(f, 10);
	}
}

/* As many lines as fit, and more: the answer has them all, or the offer is refused as a whole. */
static void many_lines(void **state)
{
	struct fix *f = *state;
	char text[3000];

	for (int n = SDP_MEDIA_MAX; n <= SDP_MEDIA_MAX + 1; n++) {
		size_t l = (size_t)snprintf(text, sizeof(text), "%s", HEAD);
		struct oh_call *c = new_call(f, NULL);

		for (int i = 0; i < n; i++)
			l += (size_t)snprintf(text + l, sizeof(text) - l, "m=audio %d RTP/AVP 0\r\n", 4000 + 2 * i);
		int err = ua_media_answer(c, slice_str(text));
		assert_int_equal(err, n > SDP_MEDIA_MAX ? ERR_SYNTAX : 0);
		if (!err)
			assert_int_equal(c->nline, n);
		ua_call_abort(c);
		run(f, 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_table), TEST(offer_after_answer), TEST(offers_in_a_row),
		TEST(first_offers),  TEST(answers_to_us),      TEST(many_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
