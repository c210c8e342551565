/*
 * identity_test.c - the headers of who calls: Privacy, Diversion, History-Info, Remote-Party-ID, Session-ID, Reason.
 */
#include "edge.h"
#include "base/mem.h"
#include "wire/sip/diversion.h"
#include "wire/sip/history_info.h"
#include "wire/sip/privacy.h"
#include "wire/sip/reason_value.h"
#include "wire/sip/remote_party_id.h"
#include "wire/sip/session_id.h"

static char text[1000];

static struct buf *out(void)
{
	static struct buf b;

	buf_init_fixed(&b, text, sizeof(text));
	return &b;
}

static struct sip_msg *message(const char *lines)
{
	static const char head[] = "INVITE sip:101@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKx\r\n"
				   "From: <sip:100@10.0.0.1>;tag=a\r\nTo: <sip:101@10.0.0.1>\r\nCall-ID: c\r\n"
				   "CSeq: 1 INVITE\r\n";
	char mem[2000];
	struct sip_msg *m;
	int n = snprintf(mem, sizeof(mem), "%s%s\r\n", head, lines);

	assert_int_equal(sip_msg_decode(&m, mem, (size_t)n, NULL), 0);
	return m;
}

static void privacy_test(void **state)
{
	static const struct {
		const char *s;
		unsigned bits;
		const char *again;
	} tab[] = {
		{"id", SIP_PRIVACY_ID, "id"},
		{"none", SIP_PRIVACY_NONE, "none"},
		{"ID ; User;critical", SIP_PRIVACY_ID | SIP_PRIVACY_USER | SIP_PRIVACY_CRITICAL, "id;user;critical"},
		{"header, session", SIP_PRIVACY_HEADER | SIP_PRIVACY_SESSION, "header;session"},
		{"history;unheard-of", SIP_PRIVACY_HISTORY, "history"},
		{"", 0, ""},
		{";;,", 0, ""},
		{"identity", 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		struct buf *b = out();

		assert_int_equal(sip_privacy_decode(edge_str(tab[i].s)), tab[i].bits);
		sip_privacy_encode(b, tab[i].bits);
		assert_slice(buf_get(b), tab[i].again);
	}
	assert_true(sip_privacy_hides(SIP_PRIVACY_USER) && sip_privacy_hides(SIP_PRIVACY_ID | SIP_PRIVACY_NONE));
	assert_false(sip_privacy_hides(SIP_PRIVACY_NONE) || sip_privacy_hides(SIP_PRIVACY_HEADER));

	struct sip_msg *m = message("Privacy: id\r\nSubject: x\r\nprivacy: header;critical\r\n");

	assert_int_equal(sip_privacy_get(m), SIP_PRIVACY_ID | SIP_PRIVACY_HEADER | SIP_PRIVACY_CRITICAL);
	mem_deref(m);
}

static void diversion_test(void **state)
{
	static const struct {
		const char *s;
		int err;
		const char *user, *reason;
		uint32_t counter, limit;
		bool hidden;
		const char *again;
	} tab[] = {
		{"<sip:200@pbx.example>;reason=user-busy", 0, "200", "user-busy", 1, 0, false,
		 "<sip:200@pbx.example>;reason=user-busy"},
		{"\"Front, desk\" <sip:200@pbx.example>;reason=\"no-answer\";counter=3;limit=5;privacy=full;screen=no",
		 0, "200", "no-answer", 3, 5, true,
		 "\"Front, desk\" <sip:200@pbx.example>;reason=no-answer;privacy=full;counter=3;limit=5"},
		{"<tel:+4930123>;counter=0", 0, "+4930123", "", 1, 0, false, "<tel:+4930123>"},
		{"<sip:200@x>;counter=99999999999;limit=a;privacy=\"uri\"", 0, "200", "", 1, 0, true,
		 "<sip:200@x>;privacy=uri"},
		{"<sip:200@x>;reason=\"a b\"", 0, "200", "a b", 1, 0, false, "<sip:200@x>;reason=\"a b\""},
		{"", ERR_SYNTAX, "", "", 0, 0, false, ""},
		{"<sip:200@x", ERR_SYNTAX, "", "", 0, 0, false, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		struct sip_diversion d;
		struct buf *b = out();

		assert_int_equal(sip_diversion_decode(&d, edge_str(tab[i].s)), tab[i].err);
		if (tab[i].err)
			continue;
		assert_slice(d.addr.uri.user, tab[i].user);
		assert_slice(d.reason, tab[i].reason);
		assert_int_equal(d.counter, tab[i].counter);
		assert_int_equal(d.limit, tab[i].limit);
		assert_int_equal(sip_diversion_hidden(&d), tab[i].hidden);
		sip_diversion_encode(b, &d);
		assert_slice(buf_get(b), tab[i].again);
	}
}

static void history_test(void **state)
{
	static const struct {
		const char *s;
		int err;
		const char *index;
		enum sip_history_how how;
		const char *from;
		uint16_t cause;
		bool hidden;
	} tab[] = {
		{"<sip:bob@example.com>;index=1", 0, "1", SIP_HISTORY_PLAIN, "", 0, false},
		{"<sip:bob@192.0.2.4?Reason=SIP%3Bcause%3D302>;index=1.1;rc=1", 0, "1.1", SIP_HISTORY_RC, "1", 302,
		 false},
		{"<sip:bob@x?Privacy=history&Reason=SIP%3Bcause%3D486%3Btext%3D%22Busy%20Here%22>;index=1.2.11;mp=1.2",
		 0, "1.2.11", SIP_HISTORY_MP, "1.2", 486, true},
		{"<sip:bob@x?reason=Q.850%3Bcause%3D17%2CSIP%3Bcause%3D600>;np=1;index=1.1", 0, "1.1", SIP_HISTORY_NP,
		 "1", 600, false},
		{"<sip:bob@x?Reason=SIP%3Bcause%3D99999>;index=1", 0, "1", SIP_HISTORY_PLAIN, "", 0, false},
		{"<sip:bob@x?Reason=%>;index=1", ERR_SYNTAX, "", 0, "", 0, false},
		{"<sip:bob@x>", ERR_SYNTAX, "", 0, "", 0, false},
		{"<sip:bob@x>;index=1..2", ERR_SYNTAX, "", 0, "", 0, false},
		{"<sip:bob@x>;index=.1", ERR_SYNTAX, "", 0, "", 0, false},
		{"<sip:bob@x>;index=1.", ERR_SYNTAX, "", 0, "", 0, false},
		{"<sip:bob@x>;index=1.a", ERR_SYNTAX, "", 0, "", 0, false},
	};
	struct sip_history h;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		if (sip_history_decode(&h, edge_str(tab[i].s)) != tab[i].err)
			fail_msg("%s", tab[i].s);
		if (tab[i].err)
			continue;
		assert_slice(h.index, tab[i].index);
		assert_int_equal(h.how, tab[i].how);
		assert_slice(h.from, tab[i].from);
		assert_int_equal(sip_history_cause(&h), tab[i].cause);
		assert_int_equal(sip_history_hidden(&h), tab[i].hidden);
	}
}

static void history_encode_test(void **state)
{
	const struct sip_history_out o[] = {
		{.display = SLICE("A \"b\""),
		 .uri = SLICE("sip:200@h"),
		 .cause = 486,
		 .depth = 1,
		 .how = SIP_HISTORY_MP},
		{.uri = SLICE("sip:201@h"), .cause = 302, .hidden = true, .depth = 2, .how = SIP_HISTORY_MP},
		{.uri = SLICE("sip:202@h"), .hidden = true, .depth = 3, .how = SIP_HISTORY_RC},
		{.uri = SLICE("sip:203@h"), .depth = 2},
	};
	static const char *const want[] = {
		"\"A \\\"b\\\"\" <sip:200@h?Reason=SIP%3Bcause%3D486>;index=1",
		"<sip:201@h?Reason=SIP%3Bcause%3D302&Privacy=history>;index=1.1;mp=1",
		"<sip:202@h?Privacy=history>;index=1.1.1;rc=1.1",
		"<sip:203@h>;index=1.1",
	};
	struct sip_history h;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(o); i++) {
		struct buf *b = out();

		sip_history_encode(b, &o[i]);
		assert_slice(buf_get(b), want[i]);
		assert_int_equal(sip_history_decode(&h, edge(text, b->l)), 0);
		assert_int_equal(sip_history_cause(&h), o[i].cause);
		assert_int_equal(sip_history_hidden(&h), o[i].hidden);
	}
}

static void rpid_test(void **state)
{
	static const struct {
		const char *s;
		int err;
		bool called, screened, hidden;
		const char *again;
	} tab[] = {
		{"\"Bob\" <sip:101@h>;party=called;privacy=off;screen=yes", 0, true, true, false,
		 "\"Bob\" <sip:101@h>;party=called;privacy=off;screen=yes"},
		{"<sip:101@h>", 0, false, false, false, "<sip:101@h>;party=calling;privacy=off;screen=no"},
		{"<sip:101@h>;privacy=full;party=calling", 0, false, false, true,
		 "<sip:101@h>;party=calling;privacy=full;screen=no"},
		{"<sip:101@h>;privacy=\"name;uri-network\";screen=no", 0, false, false, true,
		 "<sip:101@h>;party=calling;privacy=full;screen=no"},
		{"<sip:101@h>;privacy=\"off\"", 0, false, false, false,
		 "<sip:101@h>;party=calling;privacy=off;screen=no"},
		{"nonsense", ERR_SYNTAX, false, false, false, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		struct sip_rpid r;
		struct buf *b = out();

		assert_int_equal(sip_rpid_decode(&r, edge_str(tab[i].s)), tab[i].err);
		if (tab[i].err)
			continue;
		assert_int_equal(r.called, tab[i].called);
		assert_int_equal(r.screened, tab[i].screened);
		assert_int_equal(r.hidden, tab[i].hidden);
		sip_rpid_encode(b, &r);
		assert_slice(buf_get(b), tab[i].again);
	}
}

static void session_id_test(void **state)
{
#define A "00112233445566778899aabbccddeeff"
#define B "ffeeddccbbaa99887766554433221100"
#define N "00000000000000000000000000000000"
	static const struct {
		const char *s;
		int err;
		const char *again;
	} tab[] = {
		{A, 0, A},
		{A ";remote=" B, 0, A ";remote=" B},
		{" " A " ; remote=" N " ;logme ", 0, A ";remote=" N},
		{"00112233445566778899AABBCCDDEEFF", 0, A},
		{A ";other=1", 0, A},
		{"", ERR_SYNTAX, ""},
		{A "0", ERR_SYNTAX, ""},
		{A ";remote=12", ERR_SYNTAX, ""},
		{A ";remote=" B ";remote=" B, ERR_SYNTAX, ""},
		{"0011223344556677-899aabbccddeeff", ERR_SYNTAX, ""},
		{";remote=" B, ERR_SYNTAX, ""},
	};
	struct sip_session_id id;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		struct buf *b = out();

		if (sip_session_id_decode(&id, edge_str(tab[i].s)) != tab[i].err)
			fail_msg("%s", tab[i].s);
		if (tab[i].err) {
			assert_false(sip_uuid_isset(&id.local) || id.has_remote);
			continue;
		}
		sip_session_id_encode(b, &id);
		assert_slice(buf_get(b), tab[i].again);
	}
	struct sip_msg *m = message("Session-ID: " A ";remote=" N "\r\n");

	assert_int_equal(sip_session_id_get(&id, m), 0);
	assert_true(id.has_remote && sip_uuid_isset(&id.local) && !sip_uuid_isset(&id.remote));
	mem_deref(m);
	m = message("");
	assert_int_equal(sip_session_id_get(&id, m), ENOENT);
	mem_deref(m);
}

static void reason_test(void **state)
{
	static const struct {
		const char *s;
		int err;
		const char *protocol;
		bool has_cause;
		uint16_t cause;
		const char *text;
	} tab[] = {
		{"SIP ;cause=200 ;text=\"Call completed elsewhere\"", 0, "SIP", true, 200,
		 "\"Call completed elsewhere\""},
		{"Q.850;cause=16;text=\"Terminated\"", 0, "Q.850", true, 16, "\"Terminated\""},
		{"Preemption;cause=1", 0, "Preemption", true, 1, ""},
		{"SIP", 0, "SIP", false, 0, ""},
		{"SIP;cause=many;text=x", 0, "SIP", false, 0, "x"},
		{"SIP;cause=70000", 0, "SIP", false, 0, ""},
		{"SIP;cause=486;cause=487", 0, "SIP", true, 486, ""},
		{"", ERR_SYNTAX, "", false, 0, ""},
		{";cause=1", ERR_SYNTAX, "", false, 0, ""},
		{"SIP;text=\"open", ERR_SYNTAX, "", false, 0, ""},
		{"SIP cause=1", ERR_SYNTAX, "", false, 0, ""},
	};
	struct sip_reason_causes c;
	struct buf *b = out();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		struct sip_reason_value r;

		if (sip_reason_value_decode(&r, edge_str(tab[i].s)) != tab[i].err)
			fail_msg("%s", tab[i].s);
		assert_slice(r.protocol, tab[i].protocol);
		assert_int_equal(r.has_cause, tab[i].has_cause);
		assert_int_equal(r.cause, tab[i].cause);
		assert_slice(r.text, tab[i].text);
	}
	sip_reason_value_encode(b, "SIP", 480, SLICE("a \"b\"\r\nX: y"));
	assert_slice(buf_get(b), "SIP;cause=480;text=\"a \\\"b\\\"X: y\"");
	struct sip_msg *m = message("Reason: Q.850;cause=34, SIP;cause=503;text=\"x, y\"\r\nReason: SIP;cause=200\r\n"
				    "Reason: Q.850;cause=300\r\n");

	sip_reason_causes(m, &c);
	assert_int_equal(c.sip, 503);
	assert_int_equal(c.q850, 34);
	mem_deref(m);
}

static void q850_test(void **state)
{
	(void)state;
	assert_int_equal(q850_scode(17), 486);
	assert_int_equal(q850_scode(1), 404);
	assert_int_equal(q850_scode(34), 503);
	assert_int_equal(q850_scode(16), 0);
	assert_int_equal(q850_scode(0), 0);
	assert_int_equal(q850_of_scode(486), 17);
	assert_int_equal(q850_of_scode(404), 1);
	assert_int_equal(q850_of_scode(200), 16);
	assert_int_equal(q850_of_scode(699), 31);
	assert_null(q850_words(16));
	assert_null(q850_words(200));
	assert_string_equal(q850_words(17), "busy");
	for (unsigned i = 0; i < 256; i++) {
		uint16_t s = q850_scode((uint8_t)i);

		assert_true(!s || (s >= 400 && s < 700));
		assert_true(!s == !q850_words((uint8_t)i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(privacy_test), cmocka_unit_test(diversion_test),
		cmocka_unit_test(history_test), cmocka_unit_test(history_encode_test),
		cmocka_unit_test(rpid_test),    cmocka_unit_test(session_id_test),
		cmocka_unit_test(reason_test),  cmocka_unit_test(q850_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
