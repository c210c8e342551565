/*
 * attack_forged.c - those who forge: requests from outside a dialog, requests without authentication, headers that
 * carry more than a name, routes to elsewhere, replays, and challenges that would have us show our credentials.
 */
#define ERR_STATE openssl_err_state /* a type of OpenSSL has the name of an error of ours */
#include <openssl/evp.h>
#undef ERR_STATE
#include "scenario.h"
#include "wire/sip/auth.h"

static unsigned serial;

/* Bytes of a text on the wire, where lines end with CRLF. */
static size_t wire_len(const char *text)
{
	size_t l = strlen(text);

	for (const char *p = text; *p; p++)
		l += *p == '\n';
	return l;
}

static void clear(struct typed *t)
{
	while (t->n)
		mem_deref(t->got[--t->n]);
}

/* A request of 10.0.0.66; `uri` is the Request-URI, `to` the To value. */
static void ask(struct typed *t, const char *method, const char *uri, const char *from, const char *to,
		const char *more, const char *body)
{
	serial++;
	typed_send(t,
		   "%s %s SIP/2.0\n"
		   "Via: SIP/2.0/UDP 10.0.0.66:5060;branch=z9hG4bKfrg%u\n"
		   "Max-Forwards: 70\n"
		   "From: %s;tag=forger\n"
		   "To: %s\n"
		   "Call-ID: forged-%u\n"
		   "CSeq: %u %s\n"
		   "Contact: <sip:100@10.0.0.66:5060>\n"
		   "%s"
		   "Content-Length: %zu\n\n%s",
		   method, uri, serial, from, to, serial, serial, method, more, wire_len(body), body);
	vnet_run(t->s->net, 100);
}

static void open_typed(struct scene *s, struct typed *t)
{
	typed_open(s, t, "10.0.0.66:5060");
}

static unsigned code(struct typed *t)
{
	return typed_last(t) ? typed_last(t)->scode : 0;
}

/* ------------------------------------------------------------------ digest by hand */

static void hex_md5(char *dst, const char *text)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n;

	assert_true(EVP_Digest(text, strlen(text), md, &n, EVP_md5(), NULL));
	for (unsigned i = 0; i < n; i++)
		sprintf(dst + 2 * i, "%02x", md[i]);
}

static bool challenge(struct typed *t, struct sip_challenge *c)
{
	struct sip_msg *m = typed_last(t);

	for (size_t i = 0; m && i < m->hdrc; i++) {
		const struct sip_hdr *h = &m->hdrv[i];

		if ((h->id == SIP_HDR_WWW_AUTHENTICATE || h->id == SIP_HDR_PROXY_AUTHENTICATE) &&
		    !sip_challenge_decode(c, h->val) && slice_ieqs(c->algorithm, "MD5"))
			return true;
	}
	return false;
}

/* The line that answers the last challenge as 100. */
static void credentials(struct typed *t, const char *method, const char *uri, char *line, size_t size)
{
	char a1[33], a2[33], rsp[33], text[900];
	struct sip_challenge c;

	assert_true(challenge(t, &c));
	snprintf(text, sizeof(text), "100:%.*s:%s", SLICE_FMT(c.realm), PASSWORD);
	hex_md5(a1, text);
	snprintf(text, sizeof(text), "%s:%s", method, uri);
	hex_md5(a2, text);
	snprintf(text, sizeof(text), "%s:%.*s:00000001:abc:auth:%s", a1, SLICE_FMT(c.nonce), a2);
	hex_md5(rsp, text);
	snprintf(line, size,
		 "%s: Digest username=\"100\", realm=\"%.*s\", nonce=\"%.*s\", uri=\"%s\", response=\"%s\", "
		 "algorithm=MD5, qop=auth, nc=00000001, cnonce=\"abc\"\n",
		 strcmp(method, "REGISTER") ? "Proxy-Authorization" : "Authorization", SLICE_FMT(c.realm),
		 SLICE_FMT(c.nonce), uri, rsp);
}

static const char sdp[] = "v=0\no=- 1 1 IN IP4 10.0.0.66\ns=-\nc=IN IP4 10.0.0.66\nt=0 0\n"
			  "m=audio 4000 RTP/AVP 0\n";

/* An authenticated INVITE of 100, with From and lines as they are given. */
static void invite(struct typed *t, const char *uri, const char *from, const char *more)
{
	char line[3000];
	size_t l;

	clear(t);
	ask(t, "INVITE", uri, from, "<sip:101@" SERVER4 ">", more, "");
	if (code(t) != 407)
		return;
	snprintf(line, sizeof(line), "%sContent-Type: application/sdp\n", more);
	l = strlen(line);
	credentials(t, "INVITE", uri, line + l, sizeof(line) - l);
	clear(t);
	ask(t, "INVITE", uri, from, "<sip:101@" SERVER4 ">", line, sdp);
}

/* ------------------------------------------------------------------ dialogs of others */

struct dialog_text {
	char callid[128], ours[64], theirs[64], contact[200], branch[128];
	unsigned cseq;
};

static void text_of(char *dst, size_t size, struct slice s)
{
	assert_true(s.l && slice_copy(dst, size, s));
}

/* What `a` knows of its call: the ids of its dialog with the server. */
static void look_at(struct agent *a, struct dialog_text *d)
{
	memset(d, 0, sizeof(*d));
	text_of(d->callid, sizeof(d->callid), sip_inv_callid(a->call->inv));
	text_of(d->theirs, sizeof(d->theirs), sip_inv_local_tag(a->call->inv));
	text_of(d->ours, sizeof(d->ours), sip_inv_remote_tag(a->call->inv));
}

static void in_dialog(struct typed *t, const char *method, const struct dialog_text *d, const char *theirs,
		      const char *ours, unsigned cseq)
{
	serial++;
	typed_send(t,
		   "%s sip:" SERVER4 " SIP/2.0\n"
		   "Via: SIP/2.0/UDP 10.0.0.66:5060;branch=z9hG4bKdlg%u\n"
		   "Max-Forwards: 70\n"
		   "From: <sip:100@" SERVER4 ">;tag=%s\n"
		   "To: <sip:101@" SERVER4 ">;tag=%s\n"
		   "Call-ID: %s\n"
		   "CSeq: %u %s\n"
		   "Contact: <sip:100@10.0.0.66:5060>\n"
		   "Content-Length: 0\n\n",
		   method, serial, theirs, ours, d->callid, cseq, method);
	vnet_run(t->s->net, 200);
}

/* Who knows the Call-ID and one tag of a call, or guesses, changes nothing in it. */
void call_is_not_ended_from_outside(void **state)
{
	static const char *const method[] = {"BYE", "INVITE", "UPDATE", "REFER", "INFO", "PRACK", "ACK"};
	struct scene *s = *state;
	struct dialog_text d;
	struct typed t;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	look_at(&s->a, &d);
	open_typed(s, &t);
	for (size_t i = 0; i < ARRAY_LEN(method); i++) {
		in_dialog(&t, method[i], &d, d.theirs, "guess", 1000);
		in_dialog(&t, method[i], &d, "guess", d.ours, 1000);
		in_dialog(&t, method[i], &d, d.ours, d.theirs, 1000);
		in_dialog(&t, method[i], &d, "", "", 1000);
	}
	for (size_t i = 0; i < t.n; i++)
		assert_true(t.got[i]->scode >= 400);
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	assert_log(&s->a, "");
	end_call(&s->a, &s->b);
	clear(&t);
	typed_close(&t);
}

/* A request with an old CSeq in the right dialog is refused (RFC 3261 12.2.2). */
void old_cseq_is_refused(void **state)
{
	struct scene *s = *state;
	struct dialog_text d;
	struct typed t;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	look_at(&s->a, &d);
	open_typed(s, &t);
	in_dialog(&t, "BYE", &d, d.theirs, d.ours, 0);
	assert_true(code(&t) >= 400);
	assert_hears(&s->a, &s->b);
	end_call(&s->a, &s->b);
	clear(&t);
	typed_close(&t);
}

/* A CANCEL must come from where its INVITE came from: the branch alone was seen by more than the caller. */
void call_is_not_cancelled_from_outside(void **state)
{
	struct scene *s = *state;
	char branch[200], callid[200], cseq[64], via[200], from[200];
	struct sip_msg *m = NULL;
	struct sip_msg_err e = {0};
	struct slice raw;
	struct typed t;

	agents_ready(s, 2);
	s->b.mood = RING;
	tape_start(s);
	agent_call(&s->a, "101");
	agent_wait(&s->a, "ringing:180", 3000);
	raw = tape_find(s, s->a.ip, SERVER4, "INVITE", tape_count(s, s->a.ip, SERVER4, "INVITE") - 1);
	assert_int_equal(sip_msg_decode(&m, raw.p, raw.l, &e), 0);
	text_of(branch, sizeof(branch), m->via.branch);
	text_of(callid, sizeof(callid), m->callid);
	text_of(via, sizeof(via), sip_msg_val(m, SIP_HDR_VIA));
	text_of(from, sizeof(from), sip_msg_val(m, SIP_HDR_FROM));
	snprintf(cseq, sizeof(cseq), "%u", m->cseq.num);
	open_typed(s, &t);
	typed_send(&t,
		   "CANCEL %.*s SIP/2.0\nVia: %s\nMax-Forwards: 70\nFrom: %s\nTo: %.*s\nCall-ID: %s\nCSeq: %s CANCEL\n"
		   "Content-Length: 0\n\n",
		   SLICE_FMT(m->ruri), via, from, SLICE_FMT(sip_msg_val(m, SIP_HDR_TO)), callid, cseq);
	scene_run(s, 1000);
	mem_deref(m);
	tape_stop(s);
	assert_false(agent_has(&s->a, "ended:487"));
	assert_non_null(s->a.call);
	assert_int_equal(oh_call_answer(s->b.call, &s->b.opt), 0);
	agent_wait(&s->a, "answered", 3000);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
	clear(&t);
	typed_close(&t);
}

/* ------------------------------------------------------------------ without authentication */

/* Nothing outside of a dialog is done, nor passed on to a phone, for somebody who has not proven who he is. */
void nothing_without_authentication(void **state)
{
	static const char *const method[] = {"INVITE", "MESSAGE", "SUBSCRIBE", "REFER", "PUBLISH", "INFO",
					     "NOTIFY", "UPDATE",  "PRACK",     "BYE",   "DANCE"};
	static const char *const number[] = {"101", "*43", "900", "100"};
	struct scene *s = *state;
	struct typed t;
	char uri[100];

	agents_ready(s, 2);
	open_typed(s, &t);
	tape_start(s);
	for (size_t i = 0; i < ARRAY_LEN(method); i++) {
		for (size_t k = 0; k < ARRAY_LEN(number); k++) {
			clear(&t);
			snprintf(uri, sizeof(uri), "sip:%s@" SERVER4, number[k]);
			ask(&t, method[i], uri, "<sip:100@" SERVER4 ">", "<sip:101@" SERVER4 ">",
			    "Event: dialog\nRefer-To: <sip:900@" SERVER4 ">\nContent-Type: text/plain\n", "hello");
			if (code(&t) < 400)
				fail_msg("%s %s is answered %u", method[i], number[k], code(&t));
		}
	}
	assert_int_equal(tape_count(s, SERVER4, s->a.ip, method[0]), 0);
	for (size_t i = 0; i < ARRAY_LEN(method); i++)
		assert_int_equal(tape_count(s, SERVER4, s->b.ip, method[i]), 0);
	assert_int_equal(calls_count(s->calls), 0);
	tape_stop(s);
	clear(&t);
	typed_close(&t);
}

/* Credentials that were right for one number, address or method open nothing else. */
void credentials_open_nothing_else(void **state)
{
	struct scene *s = *state;
	struct typed t, thief;
	char line[1500];

	agents_ready(s, 2);
	open_typed(s, &t);
	typed_open(s, &thief, "10.0.0.66:6666");
	ask(&t, "INVITE", "sip:101@" SERVER4, "<sip:100@" SERVER4 ">", "<sip:101@" SERVER4 ">", "", "");
	assert_int_equal(code(&t), 407);
	credentials(&t, "INVITE", "sip:101@" SERVER4, line, sizeof(line));
	/* another number by the same answer; another address; another method; as somebody else */
	ask(&t, "INVITE", "sip:900@" SERVER4, "<sip:100@" SERVER4 ">", "<sip:900@" SERVER4 ">", line, "");
	assert_int_equal(code(&t), 407);
	ask(&thief, "INVITE", "sip:101@" SERVER4, "<sip:100@" SERVER4 ">", "<sip:101@" SERVER4 ">", line, "");
	assert_int_equal(thief.n, 0); /* its Via says port 5060: the answer goes there */
	assert_int_equal(code(&t), 407);
	ask(&t, "INVITE", "sip:101@" SERVER4, "<sip:101@" SERVER4 ">", "<sip:101@" SERVER4 ">", line, "");
	assert_true(code(&t) == 403 || code(&t) == 407);
	assert_int_equal(calls_count(s->calls), 0);
	clear(&t);
	clear(&thief);
	typed_close(&t);
	typed_close(&thief);
}

/* ------------------------------------------------------------------ injection */

static void never_to_b(struct scene *s, const char *text)
{
	struct sa b = address("10.0.0.12:0");

	for (size_t i = 0; i < s->ntape; i++) {
		struct slice d = rbuf_slice(s->tape[i].data);

		if (sa_eq_addr(&s->tape[i].dst, &b) && contains(d, text))
			fail_msg("\"%s\" reached the phone:\n%.*s", text, SLICE_FMT(d));
	}
}

/* A name, a number or a header that carries another header, route or body line does not carry it on. */
void headers_are_not_injected(void **state)
{
	static const char *const from[] = {
		"\"a\\\"; <sip:evil@x>\" <sip:100@" SERVER4 ">",
		"\"x\\\r\\\nX-Evil: 1\" <sip:100@" SERVER4 ">",
		"\"x%0d%0aX-Evil: 1\" <sip:100@" SERVER4 ">",
		"\"\x01\x02\x7f\" <sip:100@" SERVER4 ">",
		"\"<sip:evil@x>\" <sip:100@" SERVER4 ";X-Evil=1?X-Evil=1>",
		"<sip:100%0d%0aX-Evil:%201@" SERVER4 ">",
		"<sip:100@" SERVER4 "?X-Evil=1&Route=%3Csip:10.0.0.99%3E>",
	};
	static const char *const uri[] = {
		"sip:101%0d%0aX-Evil:1@" SERVER4,
		"sip:101;X-Evil=1@" SERVER4,
		"sip:101@" SERVER4 "?X-Evil=1&Route=%3Csip:10.0.0.99%3E",
		"sip:101%00@" SERVER4,
		"sip:101@" SERVER4 ";X-Evil=1",
	};
	static const char *const more[] = {
		"Route: <sip:10.0.0.99;lr>\n",
		"Record-Route: <sip:10.0.0.99;lr>\n",
		"Path: <sip:10.0.0.99;lr>\n",
		"Subject: hello\n X-Evil: 1\n",
		"X-Evil: 1\n",
		"P-Asserted-Identity: \"evil\" <sip:evil@10.0.0.99>\n",
		"Remote-Party-ID: <sip:evil@10.0.0.99>\n",
		"Call-Info: <http://10.0.0.99/X-Evil>\n",
		"Alert-Info: <http://10.0.0.99/ring>\r\n\tX-Evil: 1\n",
	};
	struct scene *s = *state;
	struct sa other = address("10.0.0.99:0");
	struct typed t;

	agents_ready(s, 2);
	s->b.mood = REJECT;
	s->b.reject_code = 486;
	open_typed(s, &t);
	tape_start(s);
	for (size_t i = 0; i < ARRAY_LEN(from); i++)
		invite(&t, "sip:101@" SERVER4, from[i], "");
	for (size_t i = 0; i < ARRAY_LEN(uri); i++)
		invite(&t, uri[i], "<sip:100@" SERVER4 ">", "");
	for (size_t i = 0; i < ARRAY_LEN(more); i++)
		invite(&t, "sip:101@" SERVER4, "<sip:100@" SERVER4 ">", more[i]);
	scene_run(s, 2000);
	assert_true(tape_count(s, SERVER4, s->b.ip, "INVITE") > 0);
	never_to_b(s, "\nX-Evil");
	never_to_b(s, "evil@10.0.0.99");
	never_to_b(s, "?X-Evil");
	never_to_b(s, "Route: <sip:10.0.0.99");
	for (size_t i = 0; i < s->ntape; i++)
		assert_false(sa_eq_addr(&s->tape[i].dst, &other));
	tape_stop(s);
	clear(&t);
	typed_close(&t);
}

/* ------------------------------------------------------------------ routes to elsewhere */

/* Neither Route, nor maddr, nor a foreign Request-URI, nor Via makes us send anything to a third party. */
void no_open_relay(void **state)
{
	static const char *const uri[] = {"sip:101@10.0.0.99",  "sip:101@" SERVER4 ";maddr=10.0.0.99",
					  "sip:10.0.0.99",      "sip:101@evil.example",
					  "sips:101@10.0.0.99", "tel:+15551234;phone-context=10.0.0.99",
					  "sip:" SERVER4 ";lr"};
	static const char *const method[] = {"INVITE", "OPTIONS", "MESSAGE", "REGISTER", "BYE", "SUBSCRIBE"};
	struct scene *s = *state;
	struct sa other = address("10.0.0.99:0");
	struct typed t;

	agents_ready(s, 2);
	open_typed(s, &t);
	tape_start(s);
	for (size_t m = 0; m < ARRAY_LEN(method); m++)
		for (size_t i = 0; i < ARRAY_LEN(uri); i++)
			ask(&t, method[m], uri[i], "<sip:100@" SERVER4 ">", "<sip:101@10.0.0.99>",
			    "Route: <sip:10.0.0.99;lr>\n", "");
	/* the proven caller is no better off */
	for (size_t i = 0; i < ARRAY_LEN(uri); i++)
		invite(&t, uri[i], "<sip:100@" SERVER4 ">", "Route: <sip:10.0.0.99;lr>\n");
	scene_run(s, 1000);
	for (size_t i = 0; i < s->ntape; i++)
		assert_false(sa_eq_addr(&s->tape[i].dst, &other));
	tape_stop(s);
	clear(&t);
	typed_close(&t);
}

/* The answer goes to where the request came from, whatever its Via, maddr or Contact names. */
void answers_are_not_reflected(void **state)
{
	static const char *const via[] = {"SIP/2.0/UDP 10.0.0.99:5060;branch=z9hG4bKr1",
					  "SIP/2.0/UDP 10.0.0.66;maddr=10.0.0.99;branch=z9hG4bKr2",
					  "SIP/2.0/UDP 10.0.0.66;received=10.0.0.99;branch=z9hG4bKr3",
					  "SIP/2.0/UDP 10.0.0.66;received=10.0.0.99;rport=5060;branch=z9hG4bKr4",
					  "SIP/2.0/TCP 10.0.0.99;branch=z9hG4bKr5",
					  "SIP/2.0/UDP 10.0.0.99;maddr=224.0.1.75;ttl=16;branch=z9hG4bKr6"};
	static const char *const method[] = {"OPTIONS", "INVITE", "REGISTER"};
	struct scene *s = *state;
	struct sa other = address("10.0.0.99:0"), multi = address("224.0.1.75:0");
	struct typed t;

	open_typed(s, &t);
	tape_start(s);
	for (size_t m = 0; m < ARRAY_LEN(method); m++) {
		for (size_t i = 0; i < ARRAY_LEN(via); i++) {
			serial++;
			typed_send(&t,
				   "%s sip:100@" SERVER4 " SIP/2.0\nVia: %s%u\nMax-Forwards: 70\n"
				   "From: <sip:100@10.0.0.99>;tag=r\nTo: <sip:100@" SERVER4 ">\nCall-ID: refl-%u\n"
				   "CSeq: 1 %s\nContact: <sip:100@10.0.0.99>\nContent-Length: 0\n\n",
				   method[m], via[i], serial, serial, method[m]);
			scene_run(s, 100);
		}
	}
	scene_run(s, 5000);
	for (size_t i = 0; i < s->ntape; i++) {
		assert_false(sa_eq_addr(&s->tape[i].dst, &other));
		assert_false(sa_eq_addr(&s->tape[i].dst, &multi));
	}
	tape_stop(s);
	clear(&t);
	typed_close(&t);
}

/* RFC 5393: contacts that lead back to us do not multiply. */
void forking_does_not_loop(void **state)
{
	struct scene *s = *state;
	char line[3000], contacts[1200];
	size_t l = 0;
	struct typed t;

	agents_ready(s, 2);
	open_typed(s, &t);
	ask(&t, "REGISTER", "sip:" SERVER4, "<sip:100@" SERVER4 ">", "<sip:100@" SERVER4 ">", "", "");
	assert_int_equal(code(&t), 401);
	for (int i = 0; i < 6; i++)
		l += (size_t)snprintf(contacts + l, sizeof(contacts) - l, "Contact: <sip:100@" SERVER4 ";n=%d>\n", i);
	snprintf(line, sizeof(line), "%s", contacts);
	credentials(&t, "REGISTER", "sip:" SERVER4, line + l, sizeof(line) - l);
	ask(&t, "REGISTER", "sip:" SERVER4, "<sip:100@" SERVER4 ">", "<sip:100@" SERVER4 ">", line, "");
	tape_start(s);
	agent_call(&s->b, "100");
	scene_run(s, 40000);
	assert_true(tape_count(s, SERVER4, SERVER4, "INVITE") <= 60);
	tape_stop(s);
	clear(&t);
	typed_close(&t);
}

/* ------------------------------------------------------------------ our own credentials */

/* A phone that challenges what we send it (INVITE, BYE, re-INVITE) learns no digest of ours. */
void no_digest_for_phones(void **state)
{
	static const char ask401[] = "WWW-Authenticate: Digest realm=\"offhook-test\", nonce=\"leak\", algorithm=MD5\n";
	struct scene *s = *state;
	char line[2000], via[300];
	struct typed t;
	bool bye = false;

	agents_ready(s, 2);
	open_typed(s, &t);
	ask(&t, "REGISTER", "sip:" SERVER4, "<sip:100@" SERVER4 ">", "<sip:100@" SERVER4 ">", "", "");
	credentials(&t, "REGISTER", "sip:" SERVER4, line, sizeof(line));
	ask(&t, "REGISTER", "sip:" SERVER4, "<sip:100@" SERVER4 ">", "<sip:100@" SERVER4 ">", line, "");
	assert_int_equal(code(&t), 200);
	assert_int_equal(oh_account_register(s->a.acct, false), 0);
	scene_run(s, 500);
	clear(&t);
	tape_start(s);
	for (int round = 0; round < 2; round++) {
		agent_call(&s->b, "100");
		scene_run(s, 500);
		for (size_t i = 0; i < t.n; i++) {
			struct sip_msg *m = t.got[i];

			if (!m->req || m->m == SIP_ACK)
				continue;
			bye = bye || m->m == SIP_BYE;
			text_of(via, sizeof(via), sip_msg_val(m, SIP_HDR_VIA));
			/* the first INVITE is challenged; the second is answered, and its BYE challenged */
			bool ok = m->m == SIP_INVITE && round;

			typed_send(&t,
				   "SIP/2.0 %s\nVia: %s\nFrom: %.*s\nTo: %.*s%s\nCall-ID: %.*s\nCSeq: %u %.*s\n"
				   "Contact: <sip:100@10.0.0.66:5060>\n%s%sContent-Length: %zu\n\n%s",
				   ok ? "200 OK" : "401 Unauthorized", via, SLICE_FMT(sip_msg_val(m, SIP_HDR_FROM)),
				   SLICE_FMT(sip_msg_val(m, SIP_HDR_TO)), m->to.tag.l ? "" : ";tag=leak",
				   SLICE_FMT(m->callid), m->cseq.num, SLICE_FMT(m->method), ok ? "" : ask401,
				   ok ? "Content-Type: application/sdp\n" : "", ok ? wire_len(sdp) : 0, ok ? sdp : "");
			scene_run(s, 300);
			if (ok && s->b.call) {
				oh_call_hangup(s->b.call);
				scene_run(s, 500);
			}
		}
		scene_run(s, 1000);
		clear(&t);
	}
	struct sa us = address(SERVER4 ":5060");
	for (size_t i = 0; i < s->ntape; i++)
		if (sa_eq(&s->tape[i].src, &us))
			assert_false(contains(rbuf_slice(s->tape[i].data), "uthorization:"));
	assert_true(bye);
	tape_stop(s);
	clear(&t);
	typed_close(&t);
}

/* ------------------------------------------------------------------ tables */

/* More challenges than are kept, by a crowd of addresses: those who were asked before can still answer. */
void challenges_do_not_run_out(void **state)
{
	struct scene *s = *state;
	struct sa src = address("10.9.0.1:5060"), server = address(SERVER4 ":5060");
	char line[1500], text[600];
	struct typed t;

	open_typed(s, &t);
	ask(&t, "REGISTER", "sip:" SERVER4, "<sip:100@" SERVER4 ">", "<sip:100@" SERVER4 ">", "", "");
	credentials(&t, "REGISTER", "sip:" SERVER4, line, sizeof(line));
	for (unsigned i = 0; i < 70000; i++) {
		src.u.in.sin_addr.s_addr = htonl(0x0b000000 + i);
		snprintf(text, sizeof(text),
			 "REGISTER sip:" SERVER4 " SIP/2.0\r\nVia: SIP/2.0/UDP 10.9.0.1:5060;branch=z9hG4bKex%u\r\n"
			 "Max-Forwards: 70\r\nFrom: <sip:100@" SERVER4 ">;tag=f\r\nTo: <sip:100@" SERVER4
			 ">\r\nCall-ID: many-%u\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n",
			 i, i);
		assert_int_equal(vnet_inject(s->net, &src, &server, slice_str(text)), 0);
		if (i % 20 == 19)
			vnet_run(s->net, 1);
	}
	clear(&t);
	ask(&t, "REGISTER", "sip:" SERVER4, "<sip:100@" SERVER4 ">", "<sip:100@" SERVER4 ">", line, "");
	assert_int_equal(code(&t), 200);
	clear(&t);
	typed_close(&t);
}
