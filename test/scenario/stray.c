/*
 * stray.c - requests that lead nowhere: Max-Forwards, OPTIONS, methods and extensions we do not have, too much, too
 * little.
 */
#include "scenario.h"

static void request(struct typed *t, const char *method, const char *uri, const char *hdrs, const char *branch)
{
	typed_send(t,
		   "%s %s SIP/2.0\n"
		   "Via: SIP/2.0/UDP 10.0.0.50:5060;branch=z9hG4bK%s\n"
		   "From: <sip:100@" SERVER4 ">;tag=stray\n"
		   "To: <%s>\n"
		   "Call-ID: stray-%s\n"
		   "CSeq: 1 %s\n"
		   "Contact: <sip:100@10.0.0.50>\n"
		   "%s"
		   "Content-Length: 0\n\n",
		   method, uri, branch, uri, branch, method, hdrs);
	vnet_run(t->s->net, 100);
}

static void expect(struct typed *t, unsigned code)
{
	struct sip_msg *m = typed_last(t);

	assert_non_null(m);
	assert_int_equal(m->scode, code);
}

static void open_typed(void **state, struct typed *t)
{
	typed_open(*state, t, "10.0.0.50:5060");
}

void options_to_the_server(void **state)
{
	struct typed t;

	open_typed(state, &t);
	request(&t, "OPTIONS", "sip:" SERVER4, "Max-Forwards: 70\n", "opt1");
	expect(&t, 200);
	assert_true(sip_msg_has_token(typed_last(&t), SIP_HDR_ALLOW, SLICE("INVITE")));
	typed_close(&t);
}

void max_forwards_used_up(void **state)
{
	struct typed t;

	open_typed(state, &t);
	request(&t, "INVITE", "sip:101@" SERVER4, "Max-Forwards: 0\n", "mf1");
	expect(&t, 483);
	typed_close(&t);
}

void unknown_method(void **state)
{
	struct typed t;

	open_typed(state, &t);
	request(&t, "DANCE", "sip:101@" SERVER4, "Max-Forwards: 70\n", "um1");
	expect(&t, 501);
	assert_true(sip_msg_hdr(typed_last(&t), SIP_HDR_ALLOW));
	request(&t, "SUBSCRIBE", "sip:101@" SERVER4, "Max-Forwards: 70\nEvent: dialog\n", "um2");
	expect(&t, 405);
	typed_close(&t);
}

void required_extension_unknown(void **state)
{
	struct typed t;

	open_typed(state, &t);
	request(&t, "INVITE", "sip:101@" SERVER4, "Max-Forwards: 70\nRequire: time-travel\n", "rq1");
	expect(&t, 420);
	assert_true(slice_eqs(sip_msg_val(typed_last(&t), SIP_HDR_UNSUPPORTED), "time-travel"));
	typed_close(&t);
}

void foreign_domain(void **state)
{
	struct typed t;

	open_typed(state, &t);
	request(&t, "INVITE", "sip:101@198.51.100.7", "Max-Forwards: 70\n", "fd1");
	assert_non_null(typed_last(&t));
	assert_true(typed_last(&t)->scode >= 400); /* never relayed: this is no open relay */
	typed_close(&t);
}

void merged_request(void **state)
{
	struct typed t;

	open_typed(state, &t);
	for (int i = 0; i < 2; i++) {
		typed_send(&t,
			   "OPTIONS sip:101@" SERVER4 " SIP/2.0\n"
			   "Via: SIP/2.0/UDP 10.0.0.50:5060;branch=z9hG4bKmerge%d\n"
			   "Max-Forwards: 70\n"
			   "From: <sip:100@" SERVER4 ">;tag=m\n"
			   "To: <sip:101@" SERVER4 ">\n"
			   "Call-ID: merged\n"
			   "CSeq: 1 OPTIONS\n"
			   "Content-Length: 0\n\n",
			   i);
		scene_run(*state, 50);
	}
	expect(&t, 482);
	typed_close(&t);
}

void request_outside_of_any_call(void **state)
{
	struct typed t;

	open_typed(state, &t);
	typed_send(&t, "BYE sip:101@" SERVER4 " SIP/2.0\n"
		       "Via: SIP/2.0/UDP 10.0.0.50:5060;branch=z9hG4bKbye1\n"
		       "Max-Forwards: 70\n"
		       "From: <sip:100@" SERVER4 ">;tag=x\n"
		       "To: <sip:101@" SERVER4 ">;tag=y\n"
		       "Call-ID: nobody\n"
		       "CSeq: 2 BYE\n"
		       "Content-Length: 0\n\n");
	scene_run(*state, 100);
	expect(&t, 481);
	typed_close(&t);
}

/* Noise of every length, then a question: it answers. */
void noise_then_options(void **state)
{
	struct scene *s = *state;
	uint8_t p[1500];
	struct typed t;

	open_typed(state, &t);
	for (unsigned i = 0; i < 500; i++) {
		rand_bytes(p, sizeof(p));
		typed_send_raw(&t, slice_mem(p, 1 + rand_below(sizeof(p) - 1)));
	}
	scene_run(s, 100);
	assert_int_equal(t.n, 0);
	request(&t, "OPTIONS", "sip:" SERVER4, "Max-Forwards: 70\n", "noise");
	expect(&t, 200);
	typed_close(&t);
}
