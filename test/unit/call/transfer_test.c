/*
 * transfer_test.c - transfers message by message: two descriptions brought together (join.c), what each party is told,
 * refusals, lost packets, memory that runs out.
 */
#include "fix.h"

static void refer_how(struct phone *p, const char *uri, const char *more)
{
	char hdrs[600];

	snprintf(hdrs, sizeof(hdrs), "Refer-To: <%s>\r\n%s", uri, more);
	MAY(p->f, sip_inv_request(p->inv, SIP_REFER, slice_str(hdrs), SLICE_NULL, SLICE_NULL, NULL, NULL));
}

static void refer(struct phone *p, const char *number)
{
	char uri[80];

	snprintf(uri, sizeof(uri), "sip:%s@10.0.0.1", number);
	refer_how(p, uri, "");
}

static void forget(struct phone *p)
{
	p->l = p->nheard = 0;
	p->log[0] = p->heard[0] = 0;
}

/* 100 talks to 101. */
static void up(struct fix *f)
{
	for (unsigned i = 1; i < PHONES; i++)
		phone_register(&f->p[i]);
	phone_call(&f->p[0], "101");
	run(f, 1000);
	assert_has(f->p[0].log, "answered:200");
	forget(&f->p[0]);
	forget(&f->p[1]);
}

static void talk_both(struct phone *x, struct phone *y)
{
	assert_true(sound(x, y));
	assert_true(sound(y, x));
}

/* The same codecs: who stays hears nothing of it but the sound. */
static void no_reinvite_without_need(void **state)
{
	struct fix *f = *state;

	up(f);
	refer(&f->p[1], "102");
	run(f, 3000);
	/* one re-INVITE says who it talks to now, and nothing else: these phones know no UPDATE */
	assert_log(&f->p[0], "reoffer acked");
	assert_has(f->p[0].got, "RTP/AVP 0 8 101");
	assert_log(&f->p[1], "request:NOTIFY request:NOTIFY request:NOTIFY closed:200");
	assert_log(&f->p[2], "invite acked reoffer acked");
	talk_both(&f->p[0], &f->p[2]);
	assert_string_equal(f->rec.answered_by, "102");
	assert_int_equal(f->rec.nmoves, 1);
	assert_string_equal(f->rec.move[0].how, "blind");
	assert_string_equal(f->rec.move[0].by, "101");
	assert_string_equal(f->rec.move[0].to, "102");
	assert_int_equal(f->rec.move[0].code, 200);
}

/* A PIN may stand behind a "*" of the number: neither the record nor a display keeps it. */
static void pin_is_not_kept(void **state)
{
	struct fix *f = *state;

	up(f);
	refer(&f->p[1], "0301*4711");
	run(f, 3000);
	phone_hangup(&f->p[0]);
	run(f, 3000);
	assert_int_equal(f->rec.nmoves, 1);
	assert_string_equal(f->rec.move[0].to, "0301");
	assert_null(strstr(f->rec.words, "4711"));
	/* nor does the record of a call that has just begun */
	phone_call(&f->p[0], "0302*4711");
	run(f, 1000);
	assert_string_equal(f->rec_open.to, "0302");
}

/* The new one takes less: who stays must know. */
static void one_reinvite_for_fewer_codecs(void **state)
{
	struct fix *f = *state;

	up(f);
	phone_sdp(&f->p[2], "sendrecv", "8");
	phone_sdp(&f->p[0], "sendrecv", "8");
	refer(&f->p[1], "102");
	run(f, 3000);
	assert_log(&f->p[0], "reoffer acked reoffer acked");
	assert_has(f->p[0].got, "RTP/AVP 8 101\r\n");
	talk_both(&f->p[0], &f->p[2]);
}

/* It does not take that: it is asked what it could do, and the new one is told. */
static void last_means_is_to_ask(void **state)
{
	struct fix *f = *state;

	up(f);
	/* G.729, which we do not translate */
	phone_sdp(&f->p[2], "sendrecv", "18");
	f->p[0].refuse_reoffer = 488;
	refer(&f->p[1], "102");
	run(f, 2000);
	assert_has(f->p[0].log, "reoffer");
	f->p[2].refuse_reoffer = 488;
	run(f, 3000);
	/* it refuses everything: the call cannot go on */
	assert_has(f->p[0].log, "closed:200");
	assert_has(f->p[2].log, "closed:200");
	assert_int_equal(calls_count(f->calls), 0);
}

/* Who stays does not take the codec of the new one: what it has is translated, and nobody hears of it. */
static void other_codec_is_translated(void **state)
{
	struct fix *f = *state;

	up(f);
	phone_sdp(&f->p[0], "sendrecv", "0");
	phone_sdp(&f->p[2], "sendrecv", "8");
	f->p[0].refuse_reoffer = 488;
	refer(&f->p[1], "102");
	run(f, 5000);
	assert_int_equal(calls_count(f->calls), 1);
	assert_string_equal(f->rec.answered_by, "102");
	assert_lacks(f->p[0].log, "closed");
	assert_lacks(f->p[2].log, "closed");
}

/* The new one takes nothing of what the two had agreed on: it says itself what it takes, and who stays is told. */
static void new_one_says_what_it_takes(void **state)
{
	struct fix *f = *state;

	phone_sdp(&f->p[0], "sendrecv", "0");
	phone_sdp(&f->p[1], "sendrecv", "0");
	up(f);
	phone_sdp(&f->p[2], "sendrecv", "8");
	f->p[2].refuse_offer = 488;
	phone_sdp(&f->p[0], "sendrecv", "8");
	refer(&f->p[1], "102");
	run(f, 3000);
	assert_has(f->p[2].log, "invite invite-empty acked");
	assert_has(f->p[0].got, "RTP/AVP 8 0 3 9 96 101 97\r\n");
	talk_both(&f->p[0], &f->p[2]);
	assert_has(f->p[1].log, "closed:200");
	assert_string_equal(f->rec.answered_by, "102");
	assert_int_equal(f->rec.move[0].code, 200);
}

/* Once only, and only 488: the parties talk on. */
static void new_one_takes_nothing(void **state)
{
	static const struct {
		uint16_t offer, bare;
		const char *log;
	} t[] = {
		{488, 488, "invite invite-empty"},
		{488, 486, "invite invite-empty"},
		{486, 200, "invite"},
	};
	struct fix *f = *state;

	up(f);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		f->p[2].refuse_offer = t[i].offer;
		f->p[2].final = t[i].bare;
		forget(&f->p[2]);
		refer(&f->p[1], "102");
		run(f, 3000);
		assert_log(&f->p[2], t[i].log);
		talk_both(&f->p[0], &f->p[1]);
	}
	/* a call that is no transfer gets no second try */
	forget(&f->p[2]);
	f->p[2].refuse_offer = 488;
	phone_call(&f->p[3], "102");
	run(f, 1000);
	assert_log(&f->p[2], "invite");
	assert_has(f->p[3].log, "closed:488");
}

/* The one who stays was held so that it heard nothing: it is told that there is something to hear. */
static void who_hears_nothing_is_woken(void **state)
{
	struct fix *f = *state;

	up(f);
	phone_sdp(&f->p[1], "inactive", "0 8 101");
	phone_sdp(&f->p[0], "inactive", "0 8 101");
	phone_reoffer(&f->p[1]);
	run(f, 1000);
	assert_has(f->p[1].log, "reanswered:200");
	forget(&f->p[0]);
	phone_sdp(&f->p[0], "sendrecv", "0 8 101");
	f->p[2].final = 0;
	refer(&f->p[1], "102");
	run(f, 1000);
	assert_log(&f->p[0], "reoffer acked");
	assert_has(f->p[0].got, "a=sendrecv");
	/* the ring-back tone */
	size_t n = f->p[0].rtp_n;
	run(f, 1000);
	assert_true(f->p[0].rtp_n >= n + 45);
	f->p[2].final = 200;
	phone_hangup(&f->p[0]);
	run(f, 1000);
	assert_has(f->p[2].log, "closed:487");
}

/* Held the old way, with address 0.0.0.0, and not woken by the transfer itself. */
static void hold_of_the_one_who_left_is_over(void **state)
{
	struct fix *f = *state;

	up(f);
	phone_sdp(&f->p[1], "sendonly", "0 8 101");
	phone_sdp(&f->p[0], "recvonly", "0 8 101");
	phone_reoffer(&f->p[1]);
	run(f, 1000);
	phone_sdp(&f->p[0], "sendrecv", "0 8 101");
	refer(&f->p[1], "102");
	run(f, 3000);
	assert_has(f->p[0].got, "a=sendrecv");
	talk_both(&f->p[0], &f->p[2]);
}

/* Who stays holds: the new one is told so, until that ends. */
static void hold_of_the_one_who_stays_goes_on(void **state)
{
	struct fix *f = *state;

	up(f);
	phone_sdp(&f->p[0], "sendonly", "0 8 101");
	phone_sdp(&f->p[1], "recvonly", "0 8 101");
	phone_reoffer(&f->p[0]);
	run(f, 1000);
	refer(&f->p[1], "102");
	phone_sdp(&f->p[2], "sendrecv", "0 8 101");
	run(f, 500);
	phone_sdp(&f->p[2], "recvonly", "0 8 101");
	run(f, 3000);
	assert_has(f->p[2].got, "a=sendonly");
	phone_sdp(&f->p[0], "sendrecv", "0 8 101");
	phone_sdp(&f->p[2], "sendrecv", "0 8 101");
	phone_reoffer(&f->p[0]);
	run(f, 1000);
	talk_both(&f->p[0], &f->p[2]);
}

static void owner_refuses(void **state)
{
	struct fix *f = *state;

	up(f);
	f->refuse_transfer = 403;
	refer(&f->p[1], "102");
	run(f, 1000);
	assert_log(&f->p[1], "");
	f->refuse_transfer = 404;
	refer(&f->p[1], "102");
	run(f, 1000);
	assert_log(&f->p[1], "request:NOTIFY request:NOTIFY");
	assert_has(f->p[1].heard, "SIP/2.0 404 Not Found");
	assert_int_equal(f->ntransfer, 2);
	talk_both(&f->p[0], &f->p[1]);
}

/* The owner tries somebody else; at last it gives up. */
static void owner_dials_again(void **state)
{
	struct fix *f = *state;

	up(f);
	f->forward = "103";
	f->p[2].final = 486;
	refer(&f->p[1], "102");
	run(f, 3000);
	assert_has(f->p[3].log, "acked");
	talk_both(&f->p[0], &f->p[3]);
	assert_string_equal(f->rec.answered_by, "103");
}

static void target_without_description(void **state)
{
	struct fix *f = *state;

	up(f);
	f->p[2].sdp = NULL;
	refer(&f->p[1], "102");
	run(f, 3000);
	assert_has(f->p[1].heard, "SIP/2.0 488");
	talk_both(&f->p[0], &f->p[1]);
	assert_has(f->p[2].log, "closed:200");
}

/* A party that offered nothing at first, and one that answers by an offer. */
static void delayed_call_is_transferred(void **state)
{
	struct fix *f = *state;
	struct how h = {.no_offer = true};

	for (unsigned i = 1; i < PHONES; i++)
		phone_register(&f->p[i]);
	phone_call_how(&f->p[0], "101", &h);
	run(f, 1000);
	forget(&f->p[0]);
	refer(&f->p[1], "102");
	run(f, 3000);
	talk_both(&f->p[0], &f->p[2]);
}

/* ------------------------------------------------------------------ attended */

static const char *replaces_of(const struct phone *p)
{
	static char uri[500];

	snprintf(uri, sizeof(uri), "sip:x@10.0.0.1?Replaces=%.*s%%3Bto-tag%%3D%.*s%%3Bfrom-tag%%3D%.*s",
		 SLICE_FMT(sip_inv_callid(p->inv)), SLICE_FMT(sip_inv_remote_tag(p->inv)),
		 SLICE_FMT(sip_inv_local_tag(p->inv)));
	return uri;
}

/* The dialog is named as the far end sees it, or with its tags the other way round. */
static void dialog_named_in_any_way(void **state)
{
	struct fix *f = *state;
	/* 101 has two phones: one talks to 100, the other to 102 */
	struct phone *b2 = &f->p[3];

	for (int way = 0; way < 3; way++) {
		char uri[500];
		const struct phone *named = way == 1 ? &f->p[2] : b2;
		struct slice to, from;

		for (unsigned i = 1; i < 3; i++)
			phone_register(&f->p[i]);
		phone_call(&f->p[0], "101");
		run(f, 1000);
		b2->user = "101";
		phone_call(b2, "102");
		run(f, 1000);
		to = way == 2 ? sip_inv_local_tag(named->inv) : sip_inv_remote_tag(named->inv);
		from = way == 2 ? sip_inv_remote_tag(named->inv) : sip_inv_local_tag(named->inv);
		snprintf(uri, sizeof(uri), "sip:102@10.0.0.1?Replaces=%.*s%%3Bto-tag%%3D%.*s%%3Bfrom-tag%%3D%.*s",
			 SLICE_FMT(sip_inv_callid(named->inv)), SLICE_FMT(to), SLICE_FMT(from));
		refer_how(&f->p[1], uri, "");
		run(f, 3000);
		assert_has(f->p[1].log, "closed:200");
		assert_has(b2->log, "closed:200");
		assert_int_equal(calls_count(f->calls), 1);
		talk_both(&f->p[0], &f->p[2]);
		phone_hangup(&f->p[0]);
		run(f, 3000);
		assert_int_equal(calls_count(f->calls), 0);
		for (unsigned i = 0; i < 4; i++)
			forget(&f->p[i]);
	}
	b2->user = "103";
}

static void attended_in_one_call(void **state)
{
	struct fix *f = *state;

	up(f);
	/* its own dialog, or the other one of the same call */
	refer_how(&f->p[1], replaces_of(&f->p[1]), "");
	run(f, 1000);
	refer_how(&f->p[1], replaces_of(&f->p[0]), "");
	run(f, 1000);
	assert_log(&f->p[1], "");
	talk_both(&f->p[0], &f->p[1]);
}

/* ------------------------------------------------------------------ a rough world */

/* Everything ends, whatever is lost and wherever memory ran out; fix_close() looks for leftovers. */
static void over(struct fix *f)
{
	for (unsigned i = 0; i < PHONES; i++)
		if (f->p[i].inv)
			sip_inv_hangup(f->p[i].inv, 0, SLICE_NULL);
	run(f, 60000);
	assert_int_equal(calls_count(f->calls) + calls_ending(f->calls), 0);
	for (unsigned i = 0; i < PHONES; i++) {
		f->p[i].inv = mem_deref(f->p[i].inv);
		forget(&f->p[i]);
	}
	run(f, 60000);
}

static void lost_packets(void **state)
{
	struct fix *f = *state;

	for (size_t n = 0; n < 24; n++) {
		up(f);
		f->sip_packets = 0;
		f->lose = n;
		f->lose_n = 1;
		refer(&f->p[1], "102");
		run(f, 20000);
		f->lose_n = 0;
		talk_both(&f->p[0], &f->p[2]);
		assert_null(f->p[1].inv);
		over(f);
	}
}

static void no_memory(void **state)
{
	struct fix *f = *state;

	for (long n = 0; n < 260; n += 1 + n / 60) {
		up(f);
		f->p[2].refuse_offer = n % 2 ? 488 : 0;
		refer(&f->p[1], n % 3 ? "102" : "104");
		f->oom = true;
		mem_fail_at(n);
		run(f, 300);
		mem_fail_off();
		f->oom = false;
		run(f, 3000);
		over(f);
	}
}

/* 101 talks in two calls and wants to leave both; when memory was out, it may ask again. */
static void no_memory_to_join(void **state)
{
	struct fix *f = *state;
	struct phone *b2 = &f->p[3];

	for (long n = 0; n < 120; n++) {
		char uri[500];

		for (unsigned i = 1; i < 3; i++)
			phone_register(&f->p[i]);
		phone_call(&f->p[0], "101");
		run(f, 1000);
		b2->user = "101";
		phone_call(b2, "102");
		run(f, 1000);
		(void)slice_copy(uri, sizeof(uri), slice_str(replaces_of(b2)));
		refer_how(&f->p[1], uri, "");
		f->oom = true;
		mem_fail_at(n);
		run(f, 300);
		mem_fail_off();
		f->oom = false;
		run(f, 3000);
		if (!strstr(f->p[1].log, "closed") && !strstr(b2->log, "closed") && calls_count(f->calls) == 2) {
			refer_how(&f->p[1], uri, "");
			run(f, 3000);
			assert_has(f->p[1].log, "closed:200");
			assert_int_equal(calls_count(f->calls), 1);
		}
		over(f);
		b2->user = "103";
	}
}

static void no_memory_to_replace(void **state)
{
	struct fix *f = *state;

	for (long n = 0; n < 200; n += 1 + n / 40) {
		char hdrs[400];
		struct how h = {.hdrs = hdrs};

		up(f);
		snprintf(hdrs, sizeof(hdrs), "Replaces: %.*s;to-tag=%.*s;from-tag=%.*s\r\n",
			 SLICE_FMT(sip_inv_callid(f->p[1].inv)), SLICE_FMT(sip_inv_remote_tag(f->p[1].inv)),
			 SLICE_FMT(sip_inv_local_tag(f->p[1].inv)));
		phone_call_how(&f->p[2], "101", &h);
		f->oom = true;
		mem_fail_at(n);
		run(f, 300);
		mem_fail_off();
		f->oom = false;
		run(f, 3000);
		over(f);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, fix_open, fix_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(no_reinvite_without_need),
		T(pin_is_not_kept),
		T(one_reinvite_for_fewer_codecs),
		T(last_means_is_to_ask),
		T(other_codec_is_translated),
		T(new_one_says_what_it_takes),
		T(new_one_takes_nothing),
		T(who_hears_nothing_is_woken),
		T(hold_of_the_one_who_left_is_over),
		T(hold_of_the_one_who_stays_goes_on),
		T(owner_refuses),
		T(owner_dials_again),
		T(target_without_description),
		T(delayed_call_is_transferred),
		T(dialog_named_in_any_way),
		T(attended_in_one_call),
		T(lost_packets),
		T(no_memory),
		T(no_memory_to_join),
		T(no_memory_to_replace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
