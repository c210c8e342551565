/*
 * rfc4475_test.c - what the decoder makes of the torture messages of RFC 4475, and details of some of them.
 */
#include "edge.h"
#include "base/mem.h"
#include "rfc4475.h"
#include "wire/sdp/sdp.h"
#include "wire/sip/msg.h"

static char file[SIP_MSG_MAX];

static struct slice load(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "test/fuzz/corpus/sip_msg/rfc4475_%s", name);
	return file_read(path, file, sizeof(file));
}

static void table_test(void **state)
{
	(void)state;
	assert_int_equal(RFC4475_COUNT, 49);
	for (size_t i = 0; i < RFC4475_COUNT; i++) {
		const struct rfc4475 *t = &rfc4475[i];
		struct slice text = file_read(t->file, file, sizeof(file));
		struct sip_msg_err e;
		struct sip_msg *m;
		int err;

		text = edge(text.p, text.l);
		err = sip_msg_decode(&m, text.p, text.l, &e);
		if (err != (t->parse == RFC4475_ACCEPT ? 0 : ERR_SYNTAX))
			fail_msg("%s: %s (%s)", t->name, err_str(err), e.reason ? e.reason : "");
		if (t->parse == RFC4475_DROP) {
			assert_null(m);
			assert_int_equal(e.scode, 0);
			continue;
		}
		assert_non_null(m);
		assert_int_equal(m->req, t->is_request);
		if (t->parse == RFC4475_REJECT && e.scode != t->scode)
			fail_msg("%s: %u %s", t->name, e.scode, e.reason);
		mem_deref(m);
	}
}

static struct sip_msg *decode(const char *name)
{
	struct slice text = load(name);
	struct sip_msg *m;

	assert_int_equal(sip_msg_decode(&m, text.p, text.l, NULL), 0);
	return m;
}

static void wsinv_test(void **state)
{
	struct sip_msg *m = decode("wsinv");
	struct sip_val_iter it = {0};
	struct sip_contact c;
	struct sip_via v;
	struct slice val;
	struct sdp *s = malloc(sizeof(*s));
	char name[64];

	(void)state;
	assert_int_equal(m->m, SIP_INVITE);
	assert_slice(m->uri.params, ";unknownparam");
	assert_slice(m->to.auri, "sip:vivekg@chair-dnrc.example.com");
	assert_slice(m->to.tag, "1918181833n");
	assert_slice(m->from.tag, "98asjd8");
	assert_true(sip_unquote(name, sizeof(name), m->from.display));
	assert_string_equal(name, "J Rosenberg \\\"");
	assert_int_equal(m->maxfwd, 68);
	assert_int_equal(m->cseq.num, 9);
	assert_slice(m->via.transp, "UDP");
	assert_slice(m->via.host, "192.0.2.2");
	assert_slice(m->via.branch, "390skdjuw");
	assert_slice(sip_msg_val(m, SIP_HDR_SUBJECT), "");
	assert_non_null(sip_msg_hdr(m, SIP_HDR_SUBJECT));
	assert_int_equal(sip_msg_count(m, SIP_HDR_VIA), 3);
	assert_true(sip_msg_next_val(m, SIP_HDR_VIA, &it, &val));
	assert_true(sip_msg_next_val(m, SIP_HDR_VIA, &it, &val));
	assert_int_equal(sip_via_decode(&v, val), 0);
	assert_slice(v.transp, "TCP");
	assert_slice(v.host, "spindle.example.com");
	assert_slice(v.branch, "z9hG4bK9ikj8");
	assert_true(sip_msg_next_val(m, SIP_HDR_VIA, &it, &val));
	assert_int_equal(sip_via_decode(&v, val), 0);
	assert_slice(v.branch, "z9hG4bK30239");
	assert_false(sip_msg_next_val(m, SIP_HDR_VIA, &it, &val));
	assert_int_equal(sip_contact_decode(&c, sip_msg_val(m, SIP_HDR_CONTACT)), 0);
	assert_int_equal(c.q, 330);
	assert_true(sip_param_get(c.addr.params, "newparam", &val));
	assert_slice(val, "newvalue");
	assert_int_equal(m->body.l, 150);
	assert_int_equal(sdp_decode(s, m->body), 0);
	assert_int_equal(s->nm, 2);
	free(s);
	mem_deref(m);
}

static void intmeth_test(void **state)
{
	struct sip_msg *m = decode("intmeth");

	(void)state;
	assert_int_equal(m->m, SIP_OTHER_METHOD);
	assert_slice(m->method, "!interesting-Method0123456789_*+`.%indeed'~");
	assert_slice(m->uri.user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
	assert_slice(m->uri.password, "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
	assert_slice(m->uri.host, "example.com");
	assert_int_equal(m->to.display.l, 22);
	assert_memory_equal(m->to.display.p, "\"BEL:\\\x07 NUL:\\\0 DEL:\\\x7f\"", 22);
	assert_slice(m->from.display, "token1~` token2'+_ token3*%!.-");
	assert_slice(m->from.tag, "_token~1'+`*%!-.");
	assert_slice(m->callid, "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{");
	assert_int_equal(m->maxfwd, 255);
	mem_deref(m);
}

static void escapes_test(void **state)
{
	struct sip_msg *m = decode("esc01");
	struct sip_contact c;
	char user[64];

	(void)state;
	assert_true(sip_unescape(user, sizeof(user), m->uri.user));
	assert_string_equal(user, "sips:user@example.com");
	assert_slice(m->uri.host, "example.net");
	assert_true(sip_unescape(user, sizeof(user), m->from.uri.user));
	assert_string_equal(user, "I have spaces");
	mem_deref(m);

	m = decode("escnull");
	assert_int_equal(sip_msg_count(m, SIP_HDR_CONTACT), 2);
	assert_false(sip_unescape(user, sizeof(user), m->to.uri.user));
	assert_int_equal(sip_contact_decode(&c, sip_msg_val(m, SIP_HDR_CONTACT)), 0);
	assert_slice(c.addr.uri.user, "%00");
	mem_deref(m);

	m = decode("esc02");
	assert_int_equal(m->m, SIP_OTHER_METHOD);
	assert_int_equal(sip_msg_count(m, SIP_HDR_CONTACT), 2);
	assert_non_null(sip_msg_hdr_name(m, SLICE("c%6fNTACT")));
	mem_deref(m);
}

static void bodies_test(void **state)
{
	struct sip_msg *m = decode("dblreq");

	(void)state;
	assert_int_equal(m->m, SIP_REGISTER);
	assert_int_equal(m->body.l, 0);
	mem_deref(m);
	m = decode("mpart01");
	assert_int_equal(m->body.l, 553);
	assert_true(sip_msg_ctype_is(m, "multipart", "mixed"));
	mem_deref(m);
	m = decode("longreq");
	assert_int_equal(sip_msg_count(m, SIP_HDR_VIA), 34);
	assert_slice(m->via.host, "sip33.example.com");
	mem_deref(m);
	m = decode("inv2543");
	assert_false(m->has_maxfwd);
	assert_int_equal(m->maxfwd, 70);
	assert_false(sip_via_rfc3261(&m->via));
	assert_true(m->body.l > 0);
	mem_deref(m);
	m = decode("badbranch");
	assert_false(sip_via_rfc3261(&m->via));
	mem_deref(m);
}

static void contacts_test(void **state)
{
	struct sip_msg *m = decode("cparam01");
	struct sip_contact c;

	(void)state;
	assert_int_equal(sip_contact_decode(&c, sip_msg_val(m, SIP_HDR_CONTACT)), 0);
	assert_slice(c.addr.params, ";unknownparam");
	assert_slice(c.addr.uri.params, "");
	mem_deref(m);
	m = decode("cparam02");
	assert_int_equal(sip_contact_decode(&c, sip_msg_val(m, SIP_HDR_CONTACT)), 0);
	assert_slice(c.addr.params, "");
	assert_slice(c.addr.uri.params, ";unknownparam");
	mem_deref(m);
	m = decode("regescrt");
	assert_int_equal(sip_contact_decode(&c, sip_msg_val(m, SIP_HDR_CONTACT)), 0);
	assert_slice(c.addr.uri.headers, "Route=%3Csip:sip.example.com%3E");
	mem_deref(m);
	m = decode("regbadct");
	assert_int_equal(sip_contact_decode(&c, sip_msg_val(m, SIP_HDR_CONTACT)), ERR_SYNTAX);
	mem_deref(m);
	m = decode("unksm2");
	assert_slice(m->to.uri.scheme, "isbn");
	assert_slice(m->to.uri.opaque, "2983792873");
	mem_deref(m);
	m = decode("novelsc");
	assert_slice(m->uri.scheme, "soap.beep");
	assert_slice(m->uri.opaque, "//192.0.2.103:3002");
	mem_deref(m);
}

/* An answer to a request without From, To and Call-ID copies what is there. */
static void insuf_test(void **state)
{
	struct slice text = load("insuf");
	struct sip_msg_err e;
	struct sip_msg *m;
	struct buf b;

	(void)state;
	buf_init(&b);
	assert_int_equal(sip_msg_decode(&m, text.p, text.l, &e), ERR_SYNTAX);
	sip_enc_status_line(&b, e.scode, slice_str(e.reason));
	sip_enc_copy(&b, m, SIP_HDR_VIA);
	sip_enc_copy(&b, m, SIP_HDR_FROM);
	sip_enc_copy(&b, m, SIP_HDR_CALL_ID);
	sip_enc_copy(&b, m, SIP_HDR_CSEQ);
	sip_enc_body(&b, SLICE_NULL, SLICE_NULL);
	assert_slice(buf_get(&b), "SIP/2.0 400 Missing From\r\n"
				  "Via: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkdj.insuf\r\n"
				  "CSeq: 193942 INVITE\r\n"
				  "Content-Length: 0\r\n\r\n");
	buf_free(&b);
	mem_deref(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_test),   cmocka_unit_test(wsinv_test),  cmocka_unit_test(intmeth_test),
		cmocka_unit_test(escapes_test), cmocka_unit_test(bodies_test), cmocka_unit_test(contacts_test),
		cmocka_unit_test(insuf_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
