/*
 * oa_codecs_test.c - which codecs offers and answers name: lines of offers and policies, and what comes out.
 */
#include "call/oa_priv.h"
#include "fix.h"

/* A line of sound as a list; `sdp` must live as long. */
static void list_of(struct oa_list *l, const char *m, char sdp[SDP_TXT], struct sdp *d)
{
	snprintf(sdp, SDP_TXT,
		 "v=0\r\no=a 1 2 IN IP4 10.0.0.10\r\ns=-\r\nc=IN IP4 10.0.0.10\r\nt=0 0\r\nm=audio 4000 RTP/AVP %s", m);
	assert_int_equal(sdp_decode(d, slice_str(sdp)), 0);
	oa_list_read(l, d, &d->m[0]);
}

static void policy_of(struct oa_policy *p, const char *codecs)
{
	memset(p, 0, sizeof(*p));
	snprintf(p->mp.codecs, sizeof(p->mp.codecs), "%s", codecs);
	p->n = oa_prefs(p->v, p->mp.codecs);
}

/* "0 PCMU/8000 101 telephone-event/8000{0-15}" */
static const char *text_of(const struct oa_list *l)
{
	static char text[2000];
	size_t n = 0;

	text[0] = 0;
	for (size_t i = 0; i < l->n; i++) {
		const struct oa_codec *c = &l->v[i];

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%u %.*s/%u", i ? " " : "", c->pt,
				      SLICE_FMT(c->name), c->clock);
		if (c->ch > 1)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "/%u", c->ch);
		if (c->fmtp.l)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "{%.*s}", SLICE_FMT(c->fmtp));
	}
	return text;
}

#define TEV8    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
#define OPUS(n) "a=rtpmap:" #n " opus/48000/2\r\na=fmtp:" #n " useinbandfec=1;maxaveragebitrate=30000\r\n"
#define G726    "a=rtpmap:97 G726-32/8000\r\n"
#define SPX16   "a=rtpmap:98 speex/16000\r\n"
#define AMR     "a=rtpmap:99 AMR/8000\r\na=fmtp:99 octet-align=1\r\n"

/* What goes on to the called side. */
static void offers(void **state)
{
	static const struct {
		const char *in, *of_caller, *of_callee, *had, *out;
	} t[] = {
		/* the caller's own first, then what can be translated; narrowband for narrowband first */
		{"0 8 101\r\n" TEV8, "", "", NULL,
		 "0 PCMU/8000 8 PCMA/8000 3 GSM/8000 9 G722/8000 96 opus/48000/2{useinbandfec=1} "
		 "101 telephone-event/8000{0-15} 97 telephone-event/48000{0-15}"},
		{"9\r\n", "", "", NULL,
		 "9 G722/8000 96 opus/48000/2{useinbandfec=1} 0 PCMU/8000 8 PCMA/8000 3 GSM/8000 "
		 "101 telephone-event/8000{0-16} 97 telephone-event/48000{0-16}"},
		/* the caller's numbers stay, and ours keep out of their way; its parameters, too */
		{"96 101\r\n" OPUS(96) TEV8, "", "", NULL,
		 "96 opus/48000/2{useinbandfec=1;maxaveragebitrate=30000} 9 G722/8000 0 PCMU/8000 8 PCMA/8000 3 "
		 "GSM/8000 "
		 "97 telephone-event/48000{0-15} 101 telephone-event/8000{0-15}"},
		/* the called side's order, and nothing else */
		{"0 8 9 101\r\n" TEV8, "", "g722,alaw", NULL, "9 G722/8000 8 PCMA/8000 101 telephone-event/8000{0-15}"},
		{"0 101\r\n" TEV8, "", "opus", NULL, "96 opus/48000/2{useinbandfec=1} 97 telephone-event/48000{0-15}"},
		{"0\r\n", "", "speex/16000, G726-32", NULL,
		 "96 speex/16000 97 G726-32/8000 98 telephone-event/16000{0-16} 101 telephone-event/8000{0-16}"},
		/* the caller's policy counts for what it may use, not for the callee */
		{"0 8 9\r\n", "g722", "ulaw", NULL, "0 PCMU/8000 101 telephone-event/8000{0-16}"},
		{"0 8 9\r\n", "g722", "", NULL,
		 "9 G722/8000 96 opus/48000/2{useinbandfec=1} 0 PCMU/8000 8 PCMA/8000 3 GSM/8000 "
		 "101 telephone-event/8000{0-16} 97 telephone-event/48000{0-16}"},
		/* nothing that we code: passed on alone */
		{"18 4\r\n", "", "", NULL, "18 G729/8000 4 G723/8000"},
		{"99 18\r\n" AMR, "", "g729,amr", NULL, "18 G729/8000 99 AMR/8000{octet-align=1}"},
		{"18\r\n", "", "opus", NULL, ""},
		/* noise and redundancy follow codecs of their clock */
		{"0 13\r\n", "", "pcmu", NULL, "0 PCMU/8000 101 telephone-event/8000{0-16} 13 CN/8000"},
		{"96 13\r\n" OPUS(96), "", "opus", NULL,
		 "96 opus/48000/2{useinbandfec=1;maxaveragebitrate=30000} 97 telephone-event/48000{0-16}"},
		/* numbers that mean something already are not bound anew (RFC 3264 8.3.2) */
		{"96\r\n" OPUS(96), "", "opus", "96 97\r\na=rtpmap:96 speex/16000\r\n" OPUS(97),
		 "97 opus/48000/2{useinbandfec=1;maxaveragebitrate=30000} 98 telephone-event/48000{0-16}"},
		{"98\r\n" OPUS(98), "", "opus", "98\r\n" SPX16,
		 "96 opus/48000/2{useinbandfec=1;maxaveragebitrate=30000} 97 telephone-event/48000{0-16}"},
		/* an unknown codec passes */
		{"100 0\r\na=rtpmap:100 MAGIC/8000\r\n", "", "", NULL,
		 "100 MAGIC/8000 0 PCMU/8000 8 PCMA/8000 3 GSM/8000 9 G722/8000 96 opus/48000/2{useinbandfec=1} "
		 "101 telephone-event/8000{0-16} 97 telephone-event/48000{0-16}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		char text[SDP_TXT], had_text[SDP_TXT];
		struct oa_list in, had, out;
		struct oa_policy px, py;

		list_of(&in, t[i].in, text, oa_scratch(0));
		if (t[i].had)
			list_of(&had, t[i].had, had_text, oa_scratch(1));
		policy_of(&px, t[i].of_caller);
		policy_of(&py, t[i].of_callee);
		oa_choose_offer(&out,
				&(struct oa_offer){.in = &in, .px = &px, .py = &py, .had = t[i].had ? &had : NULL});
		assert_string_equal(text_of(&out), t[i].out);
	}
}

/* What the caller is answered. */
static void answers(void **state)
{
	static const struct {
		const char *offer, *of_caller, *answer, *out;
		bool coded;
	} t[] = {
		/* only what both have, as the called side wants it; numbers of the offer, parameters of the answer */
		{"0 8 101\r\n" TEV8, "", "8 101\r\n" TEV8, "8 PCMA/8000 101 telephone-event/8000{0-15}", false},
		{"0 8 9 101\r\n" TEV8, "", "9 0 101\r\n" TEV8, "9 G722/8000 0 PCMU/8000 101 telephone-event/8000{0-15}",
		 false},
		{"109 0\r\n" OPUS(109), "", "96 3\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 stereo=0\r\n",
		 "109 opus/48000/2{stereo=0}", false},
		/* digits are understood by us, whatever the other side knows */
		{"0 101\r\n" TEV8, "", "0\r\n", "0 PCMU/8000 101 telephone-event/8000{0-15}", false},
		{"96 101\r\n" OPUS(96) TEV8, "", "96\r\n" OPUS(96),
		 "96 opus/48000/2{useinbandfec=1;maxaveragebitrate=30000} 101 telephone-event/8000{0-15}", false},
		/* nothing in common: all that we translate, as the caller wants it */
		{"0 8 101\r\n" TEV8, "", "9\r\n", "0 PCMU/8000 8 PCMA/8000 101 telephone-event/8000{0-15}", true},
		{"0 8\r\n", "alaw,ulaw", "9\r\n", "8 PCMA/8000 0 PCMU/8000", true},
		{"18 97\r\n" G726, "", "0\r\n", "97 G726-32/8000", true},
		/* what its policy does not name is not common */
		{"0 9\r\n", "g722", "0\r\n", "9 G722/8000", true},
		/* neither in common nor to be translated */
		{"18\r\n", "", "0\r\n", "", false},
		{"0\r\n", "", "18\r\n", "", false},
		{"0 8\r\n", "g722", "0\r\n", "", false},
		/* comfort noise needs both */
		{"0 13\r\n", "", "0 13\r\n", "0 PCMU/8000 13 CN/8000", false},
		{"0 13\r\n", "", "0\r\n", "0 PCMU/8000", false},
		{"0 13\r\n", "", "8 13\r\n", "0 PCMU/8000", true},
		{"99 18\r\n" AMR, "", "18 99\r\n" AMR, "18 G729/8000 99 AMR/8000{octet-align=1}", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		char text[SDP_TXT], answer_text[SDP_TXT];
		struct oa_list offer, in, out;
		struct oa_policy px;

		list_of(&offer, t[i].offer, text, oa_scratch(0));
		list_of(&in, t[i].answer, answer_text, oa_scratch(1));
		policy_of(&px, t[i].of_caller);
		oa_choose_answer(&out, &offer, &px, &in);
		assert_string_equal(text_of(&out), t[i].out);
		assert_int_equal(out.n && out.coded, t[i].coded);
	}
}

/* Translated: the parameters are our own answer to those of the offer. */
static void own_parameters(void **state)
{
	char text[SDP_TXT], answer_text[SDP_TXT];
	struct oa_list offer, in, out;
	struct oa_policy px;

	(void)state;
	list_of(&offer, "96\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 maxplaybackrate=16000;stereo=1\r\n", text,
		oa_scratch(0));
	list_of(&in, "0\r\n", answer_text, oa_scratch(1));
	policy_of(&px, "");
	oa_choose_answer(&out, &offer, &px, &in);
	assert_int_equal(out.n, 1);
	assert_true(out.coded);
	assert_non_null(strstr(text_of(&out), "useinbandfec=1"));
	assert_null(strstr(text_of(&out), "stereo=1"));
}

/* Parties that talk to us alone. */
static void inside(void **state)
{
	static const struct {
		const char *offer, *policy, *out;
	} t[] = {
		{"0 8 101\r\n" TEV8, "", "0 PCMU/8000 8 PCMA/8000 101 telephone-event/8000{0-15}"},
		/* wideband first, unless the policy says otherwise */
		{"0 9 18 101\r\n" TEV8, "", "9 G722/8000 0 PCMU/8000 101 telephone-event/8000{0-15}"},
		{"9 0\r\n", "ulaw,g722", "0 PCMU/8000 9 G722/8000"},
		{"9 0\r\n", "ulaw", "0 PCMU/8000"},
		/* an echo needs no decoder */
		{"18 4\r\n", "", "18 G729/8000 4 G723/8000"},
		{"18\r\n", "opus", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		char text[SDP_TXT];
		struct oa_list offer, out;
		struct oa_policy p;

		list_of(&offer, t[i].offer, text, oa_scratch(0));
		policy_of(&p, t[i].policy);
		oa_choose_inside(&out, &offer, &p);
		assert_string_equal(text_of(&out), t[i].out);
	}
}

/* A line with as many formats as can be, all with long parameters: bounded, and every number once. */
static void crowded(void **state)
{
	static char text[40000];
	struct oa_list in, out;
	struct oa_policy none;
	struct sdp *d = oa_scratch(0);
	bool seen[128] = {false};
	size_t n;

	(void)state;
	policy_of(&none, "");
	n = (size_t)snprintf(text, sizeof(text),
			     "v=0\r\no=a 1 2 IN IP4 10.0.0.10\r\ns=-\r\nc=IN IP4 "
			     "10.0.0.10\r\nt=0 0\r\nm=audio 4000 RTP/AVP");
	for (int i = 64; i < 128; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %d", i);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "\r\n");
	for (int i = 64; i < 128; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "a=rtpmap:%d opus/48000/2\r\na=fmtp:%d maxplaybackrate=%d;x=%0100d\r\n", i, i, i,
				      i);
	assert_int_equal(sdp_decode(d, slice_str(text)), 0);
	oa_list_read(&in, d, &d->m[0]);
	assert_int_equal(in.n, OA_LIST_MAX);
	oa_choose_offer(&out, &(struct oa_offer){.in = &in, .px = &none, .py = &none});
	for (size_t i = 0; i < out.n; i++) {
		assert_true(out.v[i].pt < 128);
		assert_false(seen[out.v[i].pt]);
		seen[out.v[i].pt] = true;
	}
	oa_choose_inside(&out, &in, &none);
	assert_in_range(out.n, 1, OA_LIST_MAX);
	assert_true(out.used <= OA_TEXT_MAX);
}

/* Names as people write them. */
static void names(void **state)
{
	static const struct {
		const char *name;
		uint8_t id;
		uint32_t clock;
	} t[] = {
		{"opus", CODEC_OPUS, 0},       {"OPUS/48000/2", CODEC_OPUS, 48000},
		{"alaw", CODEC_PCMA, 0},       {"pcma/8000", CODEC_PCMA, 8000},
		{"ulaw", CODEC_PCMU, 0},       {"g711u", CODEC_PCMU, 0},
		{"G722/16000", CODEC_G722, 0}, {"g726-32", CODEC_G726_32, 0},
		{"g726", CODEC_G726_32, 0},    {"speex/16000", CODEC_SPEEX, 16000},
		{"l16", CODEC_L16, 0},         {"gsm", CODEC_GSM, 0},
		{"amr-wb", CODEC_AMRWB, 0},    {" ilbc ", CODEC_ILBC, 0},
	};
	static const char *const bad[] = {"mp3", "", "opus/", "opus/x", "telephone-event", "cn", "opus/48000/99"};
	struct buf why;
	struct oa_pref p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_true(oa_pref_read(&p, slice_str(t[i].name)));
		assert_int_equal(p.id, t[i].id);
		assert_int_equal(p.clock, t[i].clock);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (strcmp(bad[i], "opus/"))
			assert_false(oa_pref_read(&p, slice_str(bad[i])));
	buf_init(&why);
	assert_int_equal(call_codecs_check(SLICE("opus, g722 ,alaw"), &why), 0);
	assert_int_equal(call_codecs_check(SLICE(""), &why), 0);
	assert_int_equal(call_codecs_check(SLICE("opus,mp3"), &why), ERR_SYNTAX);
	buf_char(&why, 0);
	assert_non_null(strstr(why.p, "\"mp3\" is not a codec known here. Known are "));
	assert_non_null(strstr(why.p, "G722"));
	buf_free(&why);
}

static int scratches_open(void **state)
{
	(void)state;
	return oa_scratch_open();
}

static int scratches_close(void **state)
{
	(void)state;
	oa_scratch_close();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offers), cmocka_unit_test(answers), cmocka_unit_test(own_parameters),
		cmocka_unit_test(inside), cmocka_unit_test(crowded), cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, scratches_open, scratches_close);
}
