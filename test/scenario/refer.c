/*
 * refer.c - the messages of transfers, word by word: REFER in all forms and their answers, NOTIFY, Refer-Sub,
 * Referred-By (RFC 3515, 3892, 4488), INVITE with Replaces (RFC 3891); and what nobody may do with them.
 */
#include "scenario.h"

/* A REFER as somebody else might write it, in a call of an agent; its answer. */
struct answer {
	uint16_t code;
	bool no_sub;
};

static void response_h(struct sip_ctrans *ct, const struct sip_msg *rsp, void *arg)
{
	struct answer *a = arg;

	(void)ct;
	a->code = rsp->scode;
	a->no_sub = slice_eqs(sip_msg_val(rsp, SIP_HDR_REFER_SUB), "false");
}

static struct answer refer(struct oh_call *c, const char *lines)
{
	static const struct sip_ctrans_ops ops = {.response = response_h};
	struct answer a = {0};

	assert_int_equal(sip_inv_request(c->inv, SIP_REFER, slice_str(lines), SLICE_NULL, SLICE_NULL, &ops, &a), 0);
	c->referring = true;
	scene_run(((struct agent *)c->ua->arg)->s, 100);
	assert_int_not_equal(a.code, 0);
	return a;
}

static void up(struct scene *s)
{
	agents_ready(s, 3);
	talk(&s->a, &s->b, "101");
}

static void down(struct scene *s)
{
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
	scene_check_idle(s);
}

void refer_in_forms_that_are_refused(void **state)
{
	static const struct {
		const char *lines;
		uint16_t code;
	} v[] = {
		{"", 400},
		{"Refer-To: <sip:102@" SERVER4 ">\r\nRefer-To: <sip:101@" SERVER4 ">\r\n", 400},
		{"Refer-To: <sip:102@" SERVER4 ">, <sip:101@" SERVER4 ">\r\n", 400},
		{"Refer-To: <>\r\n", 400},
		{"Refer-To: <sip:102@" SERVER4 "?Replaces=x>\r\n", 400},
		{"Refer-To: <sip:102@" SERVER4 "?Replaces=x%3Bto-tag%3D1%3Bto-tag%3D2>\r\n", 400},
		{"Refer-To: <sip:102@" SERVER4 "?Replaces=%3Bto-tag%3D1%3Bfrom-tag%3D2>\r\n", 400},
		{"Refer-To: <sip:102@" SERVER4 ";method=BYE>\r\n", 403},
		{"Refer-To: <http://example.com/>\r\n", 416},
	};
	struct scene *s = *state;

	up(s);
	tape_start(s);
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct answer a = refer(s->b.call, v[i].lines);

		if (a.code != v[i].code)
			fail_msg("%s: %u", v[i].lines, a.code);
	}
	assert_int_equal(tape_count(s, SERVER4, NULL, "NOTIFY"), 0);
	tape_stop(s);
	assert_hears(&s->a, &s->b);
	down(s);
}

void refer_and_its_notifies(void **state)
{
	struct scene *s = *state;
	struct slice first, last;

	up(s);
	tape_start(s);
	assert_int_equal(refer(s->b.call, "Refer-To: sip:4711@" SERVER4 "\r\n").code, 202);
	assert_int_equal(tape_count(s, SERVER4, s->b.ip, "NOTIFY"), 2);
	first = tape_find(s, SERVER4, s->b.ip, "NOTIFY", 0);
	assert_true(contains(first, "\r\nEvent: refer\r\n"));
	assert_true(contains(first, "\r\nSubscription-State: active;expires="));
	assert_true(contains(first, "\r\nContent-Type: message/sipfrag"));
	assert_true(contains(first, "\r\n\r\nSIP/2.0 100 Trying\r\n"));
	last = tape_find(s, SERVER4, s->b.ip, "NOTIFY", 1);
	assert_true(contains(last, "\r\nSubscription-State: terminated;reason=noresource\r\n"));
	assert_true(contains(last, "\r\n\r\nSIP/2.0 404 Not Found\r\n"));
	assert_false(contains(last, ";id="));
	/* the second one of this dialog has a name */
	assert_int_equal(refer(s->b.call, "Refer-To: <sip:4712@" SERVER4 ">\r\n").code, 202);
	assert_true(contains(tape_find(s, SERVER4, s->b.ip, "NOTIFY", 2), "\r\nEvent: refer;id="));
	tape_stop(s);
	scene_run(s, 500);
	assert_hears(&s->a, &s->b);
	down(s);
}

void refer_without_subscription(void **state)
{
	struct scene *s = *state;
	struct answer a;

	up(s);
	s->c.mood = ANSWER;
	tape_start(s);
	a = refer(s->b.call, "Refer-To: <sip:102@" SERVER4 ">\r\nRefer-Sub: false\r\nSupported: norefersub\r\n");
	assert_int_equal(a.code, 202);
	assert_true(a.no_sub);
	agent_wait(&s->b, "ended:200", 5000);
	assert_int_equal(tape_count(s, SERVER4, s->b.ip, "NOTIFY"), 0);
	tape_stop(s);
	scene_run(s, 1500);
	assert_hears(&s->a, &s->c);
	assert_hears(&s->c, &s->a);
	log_clear(&s->a);
	log_clear(&s->c);
	end_call(&s->a, &s->c);
	scene_check_idle(s);
}

/* What a phone says of itself proves nothing, and its header parts go nowhere. */
void refer_says_who_it_is_by(void **state)
{
	struct scene *s = *state;
	struct slice inv;

	up(s);
	s->c.mood = RING;
	tape_start(s);
	assert_int_equal(refer(s->b.call, "Refer-To: <sip:102@" SERVER4 "?Subject=evil&X-Extra=1>\r\n"
					  "Referred-By: <sip:911@example.com>\r\n")
				 .code,
			 202);
	inv = tape_find(s, SERVER4, s->c.ip, "INVITE", 0);
	assert_true(contains(inv, "\r\nReferred-By: <sip:101@" SERVER4));
	assert_false(contains(inv, "sip:911@"));
	assert_false(contains(inv, "Subject"));
	assert_false(contains(inv, "X-Extra"));
	tape_stop(s);
	oh_call_hangup(s->a.call);
	scene_run(s, 1000);
	scene_check_idle(s);
}

void refer_while_one_is_in_progress(void **state)
{
	struct scene *s = *state;

	up(s);
	s->c.mood = RING;
	assert_int_equal(refer(s->b.call, "Refer-To: <sip:102@" SERVER4 ">\r\n").code, 202);
	assert_int_equal(refer(s->b.call, "Refer-To: <sip:102@" SERVER4 ">\r\n").code, 491);
	assert_int_equal(refer(s->a.call, "Refer-To: <sip:102@" SERVER4 ">\r\n").code, 491);
	agent_wait(&s->c, "incoming:100", 1000);
	assert_log(&s->c, "incoming:100");
	oh_call_hangup(s->a.call);
	scene_run(s, 1000);
	scene_check_idle(s);
}

void refer_over_and_over(void **state)
{
	struct scene *s = *state;
	unsigned ok = 0;

	up(s);
	for (unsigned i = 0; i < 60; i++) {
		uint16_t code = refer(s->b.call, "Refer-To: <sip:4711@" SERVER4 ">\r\n").code;

		assert_true(code == 202 || code == 403 || code == 491);
		ok += code == 202;
		scene_run(s, 200);
	}
	assert_true(ok >= 10 && ok <= 40);
	assert_hears(&s->a, &s->b);
	down(s);
}

void refer_both_at_once(void **state)
{
	struct scene *s = *state;

	up(s);
	s->c.mood = ANSWER;
	assert_int_equal(oh_call_transfer(s->a.call, "102"), 0);
	assert_int_equal(oh_call_transfer(s->b.call, "102"), 0);
	scene_run(s, 4000);
	assert_int_equal(calls_count(s->calls), 1);
	assert_true(agent_has(&s->a, "transfer:491") != agent_has(&s->b, "transfer:491"));
	scene_run(s, 1000);
	oh_call_hangup(s->c.call);
	scene_run(s, 1000);
	scene_check_idle(s);
}

void refer_from_a_stranger(void **state)
{
	struct scene *s = *state;
	struct typed t;

	up(s);
	typed_open(s, &t, "10.0.0.66:5060");
	typed_send(&t,
		   "REFER sip:100@" SERVER4 " SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.66;branch=z9hG4bKr1\nMax-Forwards: 70\n"
		   "From: <sip:101@" SERVER4 ">;tag=x\nTo: <sip:100@" SERVER4 ">\nCall-ID: r1\nCSeq: 1 REFER\n"
		   "Contact: <sip:101@10.0.0.66>\nRefer-To: <sip:102@" SERVER4 ">\nContent-Length: 0\n\n");
	scene_run(s, 100);
	assert_string_equal(typed_codes(&t), "403");
	/* the right Call-ID, tags by guess */
	typed_send(&t,
		   "REFER sip:100@" SERVER4 " SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.66;branch=z9hG4bKr2\nMax-Forwards: 70\n"
		   "From: <sip:101@" SERVER4 ">;tag=x\nTo: <sip:100@" SERVER4 ">;tag=y\nCall-ID: %s\nCSeq: 9 REFER\n"
		   "Contact: <sip:101@10.0.0.66>\nRefer-To: <sip:102@" SERVER4 ">\nContent-Length: 0\n\n",
		   oh_call_id(s->b.call));
	scene_run(s, 100);
	assert_string_equal(typed_codes(&t), "403 481");
	typed_close(&t);
	assert_log(&s->c, "");
	assert_hears(&s->a, &s->b);
	down(s);
}

/* Another one's call, though its name is known: who refers must be a party of both. */
void refer_into_a_call_of_others(void **state)
{
	struct scene *s = *state;
	char lines[400];

	up(s);
	s->d.opt.record = true;
	agent_open(s, &s->d, "103", "10.0.0.14", OH_UDP);
	extension_add(s, "103");
	agent_register(&s->d);
	s->c.mood = ANSWER;
	agent_call(&s->d, "102");
	agent_wait(&s->d, "answered", 5000);
	snprintf(lines, sizeof(lines),
		 "Refer-To: <sip:102@" SERVER4 "?Replaces=%s%%3Bto-tag%%3D%.*s%%3Bfrom-tag%%3D%.*s>\r\n",
		 oh_call_id(s->d.call), SLICE_FMT(sip_inv_remote_tag(s->d.call->inv)),
		 SLICE_FMT(sip_inv_local_tag(s->d.call->inv)));
	assert_int_equal(refer(s->b.call, lines).code, 403);
	scene_run(s, 500);
	assert_hears(&s->a, &s->b);
	log_clear(&s->d);
	log_clear(&s->c);
	end_call(&s->d, &s->c);
	down(s);
}

/* ------------------------------------------------------------------ INVITE with Replaces */

/* The name of the server's dialog with an agent, as somebody else sees it. */
static const char *name_of(const struct oh_call *c, const char *more)
{
	static char text[400];
	struct slice theirs = sip_inv_remote_tag(c->inv);

	snprintf(text, sizeof(text), "%.*s;to-tag=%.*s;from-tag=%.*s%s", SLICE_FMT(sip_inv_callid(c->inv)),
		 SLICE_FMT(theirs), SLICE_FMT(sip_inv_local_tag(c->inv)), more);
	return text;
}

static void replace(struct scene *s, const char *name)
{
	s->c.opt.replaces = name;
	agent_call(&s->c, "101");
	s->c.opt.replaces = NULL;
}

void replaces_a_party_who_talks(void **state)
{
	struct scene *s = *state;

	up(s);
	replace(s, name_of(s->b.call, ""));
	agent_wait(&s->c, "answered", 5000);
	agent_wait(&s->b, "ended:200", 5000);
	scene_run(s, 1500);
	assert_hears(&s->a, &s->c);
	assert_hears(&s->c, &s->a);
	assert_int_equal(calls_count(s->calls), 1);
	log_clear(&s->a);
	log_clear(&s->c);
	end_call(&s->a, &s->c);
	scene_run(s, 1000);
	assert_cdr(s, 0, "reason", "102 took it from 101; 100 hung up");
	assert_cdr(s, 0, "answered_by", "102");
	scene_check_idle(s);
}

/* The caller is replaced, by a phone that waits for an offer. */
void replaces_the_caller(void **state)
{
	struct scene *s = *state;

	up(s);
	s->c.opt.delayed_offer = true;
	replace(s, name_of(s->a.call, ""));
	agent_wait(&s->c, "answered", 5000);
	agent_wait(&s->a, "ended:200", 5000);
	scene_run(s, 1500);
	assert_hears(&s->b, &s->c);
	assert_hears(&s->c, &s->b);
	log_clear(&s->b);
	log_clear(&s->c);
	end_call(&s->b, &s->c);
	scene_check_idle(s);
}

void replaces_a_phone_that_rings(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 3);
	s->b.mood = RING;
	agent_call(&s->a, "101");
	agent_wait(&s->b, "incoming:100", 2000);
	scene_run(s, 200);
	replace(s, name_of(s->b.call, ";early-only"));
	agent_wait(&s->c, "answered", 5000);
	agent_wait(&s->a, "answered", 5000);
	agent_wait(&s->b, "ended:487", 5000);
	assert_true(strstr(s->b.text, "cause=200"));
	scene_run(s, 1500);
	assert_hears(&s->a, &s->c);
	assert_hears(&s->c, &s->a);
	log_clear(&s->a);
	log_clear(&s->c);
	end_call(&s->c, &s->a);
	scene_run(s, 1000);
	assert_cdr(s, 0, "outcome", "answered");
	assert_cdr(s, 0, "answered_by", "102");
	assert_cdr(s, 0, "reason", "102 took it from 101; 102 hung up");
	scene_check_idle(s);
}

void replaces_refused(void **state)
{
	static const struct {
		const char *name;
		const char *word;
	} v[] = {
		{"nobody;to-tag=1;from-tag=2", "ended:481"},
		{"nobody;to-tag=1", "ended:400"},
		{";to-tag=1;from-tag=2", "ended:400"},
	};
	struct scene *s = *state;

	up(s);
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		replace(s, v[i].name);
		agent_wait(&s->c, v[i].word, 2000);
		log_clear(&s->c);
	}
	/* it talks, and only a ringing one was wanted */
	replace(s, name_of(s->b.call, ";early-only"));
	agent_wait(&s->c, "ended:486", 2000);
	log_clear(&s->c);
	assert_hears(&s->a, &s->b);
	down(s);
}

void replaces_needs_a_password(void **state)
{
	struct scene *s = *state;
	struct typed t;

	up(s);
	typed_open(s, &t, "10.0.0.66:5060");
	typed_send(&t,
		   "INVITE sip:101@" SERVER4 " SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.66;branch=z9hG4bKi1\nMax-Forwards: 70\n"
		   "From: <sip:102@" SERVER4 ">;tag=x\nTo: <sip:101@" SERVER4 ">\nCall-ID: i1\nCSeq: 1 INVITE\n"
		   "Contact: <sip:102@10.0.0.66>\nReplaces: %s\nContent-Length: 0\n\n",
		   name_of(s->b.call, ""));
	scene_run(s, 100);
	assert_string_equal(typed_codes(&t), "407");
	typed_close(&t);
	assert_hears(&s->a, &s->b);
	down(s);
}
