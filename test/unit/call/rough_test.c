/*
 * rough_test.c - a rough world: each SIP packet of a call lost in turn, also two and three in a row; and thousands of
 * INVITEs and REGISTERs with bytes changed at random.
 */
#include "fix.h"

static int open_without_auth(void **state)
{
	return fix_open_auth(state, false);
}

/* A call with a hold in it, packets lost from the n-th on. Both sides end, and the record is right. */
static void one_call(struct fix *f, size_t n, size_t lost)
{
	struct phone *a = &f->p[0], *b = &f->p[1];

	f->sip_packets = 0;
	f->lose = n;
	f->lose_n = lost;
	phone_sdp(a, "sendrecv", "0 8 101");
	phone_sdp(b, "sendrecv", "0 8 101");
	phone_call(a, "101");
	run(f, 20000);
	assert_has(a->log, "answered:200");
	assert_has(b->log, "acked");
	phone_sdp(a, "sendonly", "0 8 101");
	phone_sdp(b, "recvonly", "0 8 101");
	phone_reoffer(a);
	run(f, 20000);
	assert_has(a->log, "reanswered:200");
	phone_hangup(a);
	run(f, 40000);
	assert_has(b->log, "closed:200");
	assert_int_equal(calls_count(f->calls) + calls_ending(f->calls), 0);
	assert_string_equal(f->rec.outcome, "answered");
	assert_string_equal(f->rec.ended_by, "caller");
	f->lose_n = 0;
	a->l = b->l = a->nheard = b->nheard = 0;
	a->log[0] = b->log[0] = 0;
}

static void lost_packets(void **state)
{
	struct fix *f = *state;

	phone_register(&f->p[1]);
	for (size_t lost = 1; lost <= 3; lost++)
		for (size_t n = 0; n < 28; n++)
			one_call(f, n, lost);
	assert_int_equal(f->nclose, 3 * 28);
}

static size_t mutate(char *txt, size_t l)
{
	unsigned n = 1 + rand_below(3);
	size_t gone;

	while (n--) {
		size_t at_byte = rand_below((uint32_t)l);

		switch (rand_below(5)) {
		case 0:
			txt[at_byte] = (char)rand_below(256);
			break;
		case 1:
			txt[at_byte] ^= (char)(1 << rand_below(8));
			break;
		case 2: /* a piece is gone */
			gone = (l - at_byte) / 64;
			memmove(txt + at_byte, txt + at_byte + gone, l - at_byte - gone);
			l -= gone;
			break;
		case 3: /* cut short */
			if (l > 400)
				l -= rand_below(4);
			break;
		default:
			txt[at_byte] = "\r\n;,:=<>\"@%0 "[rand_below(13)];
			break;
		}
	}
	return l;
}

static void mutated(void **state)
{
	static const char *const methods[] = {"INVITE sip:101@10.0.0.1", "REGISTER sip:10.0.0.1",
					      "INVITE sip:*43@10.0.0.1"};
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	struct sa from = at("10.0.0.66");
	char txt[4000];

	f->calls->max = 10000;
	b->final = 486;
	phone_register(b);
	rand_seed(7);
	for (unsigned i = 0; i < 6000; i++) {
		const char *m = methods[i % 3];
		int n = snprintf(
			txt, sizeof(txt),
			"%s SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.66:5060;branch=z9hG4bK%u;rport\r\nMax-Forwards: 70\r\n"
			"From: \"x\" <sip:100@10.0.0.1>;tag=f%u\r\nTo: <sip:101@10.0.0.1>\r\nCall-ID: m%u\r\n"
			"CSeq: 1 %.*s\r\nContact: <sip:me@10.0.0.66>;q=0.5;expires=300\r\nSubject: hi\r\n"
			"Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
			m, i, i, i, (int)strcspn(m, " "), m, strlen(a->sdp), a->sdp);
		size_t l = mutate(txt, (size_t)n);

		assert_int_equal(vnet_inject(f->net, &from, &f->addr, slice_mem(txt, l)), 0);
		run(f, 20);
		b->l = b->nheard = 0;
	}
	rand_seed(0);
	assert_true(f->nopen > 500); /* most are still calls */
	run(f, 100000);
	b->final = 200;
	b->l = 0;
	phone_call(a, "101");
	run(f, 1000);
	assert_log(a, "ring:180 answered:200");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lost_packets, fix_open, fix_close),
		cmocka_unit_test_setup_teardown(mutated, open_without_auth, fix_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
