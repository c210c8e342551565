/*
 * identity_test.c - who calls: read from INVITEs of trusted and other peers, written into ours, hidden where it was
 * asked for; the way a diverted call came; Session-ID; reasons; the connected line; nothing injected by names.
 */
#include "fix.h"
#include "call/sip_identity.h"
#include "wire/sip/reason_value.h"

/* ------------------------------------------------------------------ reading */

static struct sip_msg *invite(const char *lines)
{
	char mem[4000];
	struct sip_msg *m;
	int n = snprintf(mem, sizeof(mem),
			 "INVITE sip:101@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKx\r\n"
			 "To: <sip:101@10.0.0.1>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n%s\r\n",
			 lines);

	assert_true(n > 0 && (size_t)n < sizeof(mem));
	assert_int_equal(sip_msg_decode(&m, mem, (size_t)n, NULL), 0);
	return m;
}

#define FROM    "From: \"Smith\" <sip:4711@sbc.example>;tag=x\r\n"
#define FROM_NO "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=x\r\n"
#define PAI     "P-Asserted-Identity: \"John\" <sip:+4930123456@sbc.example;user=phone>\r\n"
#define RPID(p) "Remote-Party-ID: \"Jane\" <sip:0301@sbc.example>" p "\r\n"

static void callers(void **state)
{
	static const struct {
		const char *lines;
		bool trusted;
		const char *number, *name;
		bool hidden;
	} t[] = {
		{FROM, false, "4711", "Smith", false},
		{FROM, true, "4711", "Smith", false},
		{FROM PAI, false, "4711", "Smith", false},
		{FROM PAI, true, "+4930123456", "John", false},
		{FROM RPID(";party=calling;screen=yes"), false, "4711", "Smith", false},
		{FROM RPID(";party=calling;screen=yes"), true, "0301", "Jane", false},
		{FROM RPID(";party=called"), true, "4711", "Smith", false},
		{FROM RPID(";privacy=full"), true, "0301", "Jane", true},
		{FROM PAI RPID(""), true, "+4930123456", "John", false},
		{FROM PAI "Privacy: id\r\n", true, "+4930123456", "John", true},
		{FROM PAI "Privacy: none\r\n", true, "+4930123456", "John", false},
		{FROM "Privacy: user;critical\r\n", false, "4711", "Smith", true},
		{FROM "Privacy: header\r\n", false, "4711", "Smith", false},
		{FROM_NO PAI, true, "+4930123456", "John", true},
		{FROM_NO PAI, false, "anonymous", "", true},
		{FROM_NO, true, "anonymous", "", true},
		{"From: <sip:Anonymous@x.example>;tag=x\r\n", false, "anonymous", "", true},
		{FROM "P-Asserted-Identity: <sip:a@b>, <tel:+49-30-(1)23.4>\r\n", true, "a", "Smith", false},
		{FROM "P-Asserted-Identity: \"T\" <tel:+49-30-(1)23.4;phone-context=x>\r\n", true, "+49301234", "T",
		 false},
		{FROM "P-Asserted-Identity: <sip:+49%2030-1;npdi@b;user=phone>\r\n", true, "+49301", "Smith", false},
		{FROM "P-Asserted-Identity: <sip:a-b.c@b>\r\n", true, "a-b.c", "Smith", false},
		{FROM "P-Asserted-Identity: <sip:@b>, nonsense\r\n", true, "4711", "Smith", false},
		{FROM "P-Asserted-Identity: <sip:1%0d%0a2@b>\r\n", true, "4711", "Smith", false},
		{FROM "P-Asserted-Identity: <sip:1%ff2@b>\r\n", true, "4711", "Smith", false},
		{"From: <sip:%c3@b>;tag=x\r\n", false, "anonymous", "", false},
		{FROM "P-Asserted-Identity: <sip:b.example>\r\n", true, "4711", "Smith", false},
		{FROM "P-Asserted-Identity: "
		      "<sip:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b>\r\n",
		 true, "4711", "Smith", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct sip_msg *m = invite(t[i].lines);
		struct party p;

		sip_identity_caller(&p, m, t[i].trusted);
		if (strcmp(p.number, t[i].number) || strcmp(p.name, t[i].name) || p.hidden != t[i].hidden)
			fail_msg("%s%d: %s \"%s\" %d", t[i].lines, t[i].trusted, p.number, p.name, p.hidden);
		mem_deref(m);
	}
}

static void names(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{"\"Alice\"", "Alice"},
		{"Alice in Town", "Alice in Town"},
		{"\"a \\\"b\\\" c\"", "a \"b\" c"},
		{"\"  padded \"", "padded"},
		{"\"M\xc3\xbcller\"", "M\xc3\xbcller"},
		{"\"a\xff\xc3(b\xe2\x82\"", "a(b"},
		{"\"\xed\xa0\x80x\xc0\xafy\xf4\x90\x80\x80z\"", "xyz"},
		{"\"a\x01\x1b[31m\x7f\xc2\x85z\"", "a[31mz"},
		{"\"a\xe2\x80\xae"
		 "b\xe2\x81\xa6\"",
		 "ab"},
		{"\"\xe4\xbd\xa0\xe5\xa5\xbd\"", "\xe4\xbd\xa0\xe5\xa5\xbd"},
		{"", ""},
	};
	char out[96], in[400], small[6];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		sip_identity_text(out, sizeof(out), slice_str(t[i].in));
		assert_string_equal(out, t[i].out);
	}
	/* cut between characters, not within one */
	sip_identity_text(small, sizeof(small), SLICE("abc\xc3\xbc\xc3\xbc"));
	assert_string_equal(small, "abc\xc3\xbc");
	sip_identity_text(small, sizeof(small), SLICE("abcd\xc3\xbc"));
	assert_string_equal(small, "abcd");
	memset(in, 'x', sizeof(in));
	sip_identity_text(out, sizeof(out), slice_mem(in, sizeof(in)));
	assert_int_equal(strlen(out), sizeof(out) - 1);
}

/* ------------------------------------------------------------------ writing */

static void identities(void **state)
{
	static const struct {
		enum trunk_identity kind;
		bool hidden, trusted, called;
		const char *from, *lines;
	} t[] = {
		{TRUNK_ID_FROM, false, false, false, "N \"q\"|sip:1%3C00@h:5062", ""},
		{TRUNK_ID_PAI, false, false, false, "N \"q\"|sip:1%3C00@h:5062",
		 "P-Asserted-Identity: \"N \\\"q\\\"\" <sip:1%3C00@h:5062>\r\n"},
		{TRUNK_ID_PPI, false, true, false, "N \"q\"|sip:1%3C00@h:5062",
		 "P-Preferred-Identity: \"N \\\"q\\\"\" <sip:1%3C00@h:5062>\r\n"},
		{TRUNK_ID_RPID, false, false, true, "N \"q\"|sip:1%3C00@h:5062",
		 "Remote-Party-ID: \"N \\\"q\\\"\" <sip:1%3C00@h:5062>;party=called;privacy=off;screen=yes\r\n"},
		{TRUNK_ID_FROM, true, true, false, "Anonymous|sip:anonymous@anonymous.invalid", "Privacy: id\r\n"},
		{TRUNK_ID_PAI, true, false, false, "Anonymous|sip:anonymous@anonymous.invalid", "Privacy: id\r\n"},
		{TRUNK_ID_PAI, true, true, false, "Anonymous|sip:anonymous@anonymous.invalid",
		 "P-Asserted-Identity: \"N \\\"q\\\"\" <sip:1%3C00@h:5062>\r\nPrivacy: id\r\n"},
		{TRUNK_ID_RPID, true, true, false, "Anonymous|sip:anonymous@anonymous.invalid",
		 "Remote-Party-ID: \"N \\\"q\\\"\" <sip:1%3C00@h:5062>;party=calling;privacy=full;screen=yes\r\n"
		 "Privacy: id\r\n"},
	};
	char from[200], lines[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct party p = {.number = "1<00", .name = "N \"q\"", .hidden = t[i].hidden};
		struct sip_identity_out o = {.who = &p,
					     .host = SLICE("h:5062"),
					     .kind = t[i].kind,
					     .trusted = t[i].trusted,
					     .called = t[i].called};
		struct slice display;
		struct buf uri, b;
		char both[400];

		buf_init_fixed(&uri, from, sizeof(from));
		buf_init_fixed(&b, lines, sizeof(lines));
		assert_int_equal(sip_identity_from(&uri, &display, &o), 0);
		assert_int_equal(sip_identity_enc(&b, &o), 0);
		snprintf(both, sizeof(both), "%.*s|%.*s", SLICE_FMT(display), SLICE_FMT(buf_get(&uri)));
		assert_string_equal(both, t[i].from);
		snprintf(both, sizeof(both), "%.*s", SLICE_FMT(buf_get(&b)));
		assert_string_equal(both, t[i].lines);
	}
}

/* Nobody's number is nobody's identity. */
static void nobody(void **state)
{
	struct party p = {.number = "anonymous"};
	struct sip_identity_out o = {.who = &p, .host = SLICE("h"), .kind = TRUNK_ID_PAI, .trusted = true};
	struct slice display;
	struct buf b;

	(void)state;
	buf_init(&b);
	assert_int_equal(sip_identity_enc(&b, &o), 0);
	assert_int_equal(b.l, 0);
	assert_int_equal(sip_identity_from(&b, &display, &o), 0);
	assert_true(slice_eqs(buf_get(&b), "sip:anonymous@anonymous.invalid"));
	assert_true(slice_eqs(sip_identity_contact_user(&p), "anonymous"));
	buf_free(&b);
}

/* ------------------------------------------------------------------ callers that hide */

static const char *first(const struct phone *p, const char *word)
{
	const char *s = strstr(p->heard, word);

	assert_non_null(s);
	return s;
}

/* What the phone heard, up to the end of the message that begins with `word`, cut off after its headers. */
static const char *headers_of(const struct phone *p, const char *word)
{
	static char text[4000];
	const char *s = first(p, word), *e = strstr(s, "\r\n\r\n");

	assert_non_null(e);
	snprintf(text, sizeof(text), "%.*s", (int)(e - s) + 2, s);
	return text;
}

static void hidden(struct fix *f, const struct how *h)
{
	struct phone *b = &f->p[1];
	const char *text;

	b->nheard = 0;
	phone_register(b);
	phone_call_how(&f->p[0], "101", h);
	run(f, 1000);
	assert_log(&f->p[0], "ring:180 answered:200");
	text = headers_of(b, "INVITE ");
	assert_has(text, "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=");
	assert_has(text, "Contact: <sip:anonymous@10.0.0.1");
	assert_has(text, "Privacy: id\r\n");
	assert_lacks(text, "P-Asserted-Identity");
	assert_lacks(text, "Remote-Party-ID");
	assert_lacks(b->heard, "sip:100@");
	assert_lacks(b->heard, "Name");
	/* recorded truly */
	assert_string_equal(f->rec_open.from, "100");
	assert_true(f->rec_open.leg[0].hidden);
	phone_hangup(&f->p[0]);
	run(f, 1000);
	assert_log(&f->p[0], "closed:0");
	assert_log(b, "invite acked closed:200");
}

static void privacy_of_a_phone(void **state)
{
	hidden(*state, &(struct how){.hdrs = "Privacy: id\r\n"});
	hidden(*state, &(struct how){.hdrs = "Privacy: user;header;critical\r\n"});
	hidden(*state, &(struct how){.from = "anonymous", .display = "Anonymous"});
	hidden(*state, &(struct how){.from = "anonymous", .display = "Anonymous", .hdrs = "Privacy: id\r\n" PAI});
}

/* An anonymous From is not a way round the password. */
static void anonymous_needs_the_password(void **state)
{
	struct fix *f = *state;
	struct how h = {.from = "anonymous", .password = "guess"};

	phone_register(&f->p[1]);
	phone_call_how(&f->p[0], "101", &h);
	run(f, 1000);
	assert_log(&f->p[0], "closed:407");
	assert_log(&f->p[1], "");
}

/* What a phone asserts of itself is not believed and not passed. */
static void assertions_of_a_phone(void **state)
{
	struct fix *f = *state;
	struct how h = {.hdrs = "P-Asserted-Identity: \"Boss\" <sip:666@x>\r\nP-Preferred-Identity: <sip:666@x>\r\n"
				"Remote-Party-ID: <sip:666@x>;screen=yes\r\nDiversion: <sip:666@x>;reason=unknown\r\n"
				"History-Info: <sip:666@x?Reason=SIP%3Bcause%3D302>;index=1\r\nIdentity: 666\r\n"
				"Subject: passes\r\n"};

	phone_register(&f->p[1]);
	phone_call_how(&f->p[0], "101", &h);
	run(f, 1000);
	assert_lacks(f->p[1].heard, "sip:666");
	assert_lacks(f->p[1].heard, "Identity: 666");
	assert_has(f->p[1].heard, "Subject: passes\r\n");
	assert_has(headers_of(&f->p[1], "INVITE "), "<sip:100@10.0.0.1>");
	assert_string_equal(f->rec_open.from, "100");
	assert_string_equal(f->rec_open.diverted, "");
}

/* ------------------------------------------------------------------ connected line */

static struct leg *leg_at(struct fix *f, const char *number)
{
	struct call *c = LINK_OBJ(f->calls->live.head, struct call, le);

	LIST_EACH (&c->legs, k) {
		struct leg *l = LINK_OBJ(k, struct leg, le);

		if (!strcmp(l->party.number, number))
			return l;
	}
	fail_msg("no leg of %s", number);
	return NULL;
}

static void who_answers(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0];
	const char *text;

	phone_register_q(&f->p[1], "500", 1000);
	phone_call(a, "500");
	run(f, 1000);
	text = headers_of(a, "SIP/2.0 180");
	assert_has(text, "P-Asserted-Identity: <sip:500@10.0.0.1>\r\n");
	text = headers_of(a, "SIP/2.0 200");
	assert_has(text, "P-Asserted-Identity: <sip:500@10.0.0.1>\r\n");
	assert_has(text, "Remote-Party-ID: <sip:500@10.0.0.1>;party=called;privacy=off;screen=yes\r\n");
	/* and nothing of that towards the one who answered */
	assert_lacks(f->p[1].heard, "P-Asserted-Identity");
}

static void connected_line_changes(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	struct party p = {.number = "102", .name = "Carol \"C\""};

	phone_register(b);
	phone_call(a, "101");
	run(f, 1000);
	a->nheard = b->nheard = 0;
	leg_ev_party(leg_at(f, "101"), &p);
	run(f, 1000);
	assert_has(a->heard, "P-Asserted-Identity: \"Carol \\\"C\\\"\" <sip:102@10.0.0.1>\r\n");
	assert_has(a->heard, ";party=called;privacy=off;screen=yes\r\n");
	assert_int_equal(b->nheard, 0);
	/* the same again is no news */
	a->nheard = 0;
	leg_ev_party(leg_at(f, "102"), &p);
	run(f, 1000);
	assert_int_equal(a->nheard, 0);
	/* somebody hidden takes the old name off the display */
	p = (struct party){.number = "103", .name = "Dave", .hidden = true};
	leg_ev_party(leg_at(f, "102"), &p);
	run(f, 1000);
	assert_lacks(a->heard, "sip:103");
	assert_lacks(a->heard, "Dave");
	assert_has(a->heard, "Remote-Party-ID: \"Anonymous\" <sip:anonymous@anonymous.invalid>;party=called;");
	assert_true(sound(a, b));
	assert_true(sound(b, a));
	phone_hangup(a);
	run(f, 1000);
	assert_int_equal(calls_count(f->calls), 0);
}

/* With UPDATE the sound is not touched, and From changes for those who know that it may (RFC 4916). */
static void connected_line_by_update(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	struct party p = {.number = "102", .name = "Carol"};
	const char *text;

	sip_allow(a->sip, SIP_UPDATE);
	sip_support(a->sip, "from-change");
	phone_register(b);
	phone_call(a, "101");
	run(f, 1000);
	a->nheard = 0;
	leg_ev_party(leg_at(f, "101"), &p);
	run(f, 1000);
	text = headers_of(a, "UPDATE ");
	assert_has(text, "From: \"Carol\" <sip:102@10.0.0.1>;tag=");
	assert_has(text, "P-Asserted-Identity: \"Carol\" <sip:102@10.0.0.1>\r\n");
	assert_has(text, "Remote-Party-ID: \"Carol\" <sip:102@10.0.0.1>;party=called;");
	assert_has(text, "Content-Length: 0\r\n");
	assert_has(text, "Session-ID: ");
	assert_lacks(a->heard, "INVITE sip:");
	/* the call goes on under the new name */
	a->nheard = 0;
	sip_inv_hangup(b->inv, 0, SLICE_NULL);
	run(f, 1000);
	assert_has(headers_of(a, "BYE "), "From: \"Carol\" <sip:102@10.0.0.1>;tag=");
}

/* A trusted peer's UPDATE says who it is now; that of a phone says nothing. */
static void update_of_a_peer(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	sip_allow(a->sip, SIP_UPDATE);
	sip_allow(b->sip, SIP_UPDATE);
	phone_register(b);
	phone_call(a, "101");
	run(f, 1000);
	a->nheard = 0;
	assert_int_equal(sip_inv_update(b->inv, SLICE("P-Asserted-Identity: \"Eve\" <sip:199@x>\r\n")), 0);
	run(f, 1000);
	assert_int_equal(a->nheard, 0);
	leg_at(f, "101")->trusted = true;
	assert_int_equal(sip_inv_update(b->inv, SLICE("P-Asserted-Identity: \"Eve\" <sip:199@x>\r\n")), 0);
	run(f, 1000);
	assert_has(headers_of(a, "UPDATE "), "P-Asserted-Identity: \"Eve\" <sip:199@10.0.0.1>\r\n");
	assert_string_equal(leg_at(f, "199")->party.name, "Eve");
}

/* A trusted peer says in its answer who took the call: the caller sees that one. */
static void trusted_answer_tells_who(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	phone_register(b);
	b->hdrs = "P-Asserted-Identity: \"Desk 9\" <tel:+49-30-9>\r\n";
	b->after_ms = 500;
	phone_call(a, "101");
	run(f, 200);
	leg_at(f, "101")->trusted = true;
	run(f, 1000);
	assert_has(headers_of(a, "SIP/2.0 200"), "P-Asserted-Identity: \"Desk 9\" <sip:+49309@10.0.0.1>\r\n");
	phone_hangup(a);
	run(f, 1000);
	assert_string_equal(f->rec.leg[1].number, "+49309");
}

static void untrusted_answer_tells_nothing(void **state)
{
	struct fix *f = *state;

	phone_register(&f->p[1]);
	f->p[1].hdrs = "P-Asserted-Identity: \"Desk 9\" <sip:666@x>\r\n";
	phone_call(&f->p[0], "101");
	run(f, 1000);
	assert_lacks(f->p[0].heard, "sip:666");
	assert_has(f->p[0].heard, "P-Asserted-Identity: <sip:101@10.0.0.1>\r\n");
}

/* ------------------------------------------------------------------ diverted */

static void diverted_by_a_phone(void **state)
{
	struct fix *f = *state;
	struct phone *c = &f->p[2];
	const char *text;

	f->p[1].final = 302;
	f->p[1].contact = "<sip:102@10.0.0.1>";
	f->p[1].hdrs = "Diversion: <sip:101@10.0.0.11>;reason=user-busy\r\n";
	phone_register(&f->p[1]);
	phone_register(c);
	phone_call(&f->p[0], "101");
	run(f, 2000);
	assert_log(&f->p[0], "ring:180 ring:180 answered:200");
	assert_lacks(f->p[1].heard, "Diversion");
	text = headers_of(c, "INVITE ");
	assert_has(text, "Diversion: <sip:101@10.0.0.1>;reason=user-busy\r\n");
	assert_has(text, "History-Info: <sip:101@10.0.0.1?Reason=SIP%3Bcause%3D486>;index=1\r\n");
	assert_has(text, "History-Info: <sip:102@10.0.0.1>;index=1.1;mp=1\r\n");
	phone_hangup(&f->p[0]);
	run(f, 2000);
	assert_string_equal(f->rec.diverted, "101 (busy)");
}

/* What others that ring at the same time are told stays as it was. */
static void diverted_beside_another(void **state)
{
	struct fix *f = *state;

	f->p[1].final = 302;
	f->p[1].after_ms = 0;
	f->p[1].contact = "<sip:103@10.0.0.1>";
	f->p[2].final = 486;
	f->p[2].after_ms = 1000;
	f->p[3].final = 0;
	f->q_parallel = 0;
	phone_register_q(&f->p[1], "500", 1000);
	phone_register_q(&f->p[2], "500", 500);
	phone_register(&f->p[3]);
	f->ring_ms = 4000;
	phone_call(&f->p[0], "500");
	run(f, 8000);
	assert_has(f->p[3].heard, "Diversion: <sip:500@10.0.0.1>;reason=unconditional\r\n");
	assert_lacks(f->p[2].heard, "Diversion");
}

static void read_back(const char *lines, const char *want)
{
	struct call c = {.id = "c"};
	struct sip_msg *m;
	char text[500];
	size_t l = 0;

	m = invite(lines);
	sip_diverted_read(&c, m);
	text[0] = '\0';
	for (size_t i = 0; c.diverted && i < c.diverted->n; i++) {
		const struct diversion *v = &c.diverted->v[i];

		l += (size_t)snprintf(text + l, sizeof(text) - l, "%s%s:%s:%s:%u%s", i ? " " : "", v->from.number,
				      v->from.name, divert_words(v->reason), v->times, v->from.hidden ? ":h" : "");
	}
	assert_string_equal(text, want);
	mem_deref(c.diverted);
	mem_deref(m);
}

static void diversions_are_read(void **state)
{
	char many[2000] = FROM "Diversion: <sip:0@x>";
	size_t l = strlen(many);

	(void)state;
	read_back(FROM, "");
	read_back(FROM "Diversion: \"B\" <sip:201@x>;reason=no-answer;counter=2\r\n"
		       "Diversion: <tel:+49>;reason=\"user-busy\";privacy=full, broken\r\n",
		  "+49::busy:1:h 201:B:no answer:2");
	read_back(FROM "History-Info: <sip:200@x?Reason=SIP%3Bcause%3D408>;index=1, <sip:201@x>;index=1.1, "
		       "<sip:202@x?Reason=SIP%3Bcause%3D302&Privacy=history>;index=1.2;mp=1\r\n"
		       "History-Info: <sip:203@x>;index=1.3\r\n",
		  "200::no answer:1 202::always:1:h");
	for (unsigned i = 1; i < 20; i++)
		l += (size_t)snprintf(many + l, sizeof(many) - l, ", <sip:%u@x>;reason=away", i);
	strcpy(many + l, "\r\n");
	read_back(many, "7::not available:1 6::not available:1 5::not available:1 4::not available:1 3::not "
			"available:1 2::not available:1 1::not available:1 0::reason not known:1");
}

static void diversions_past_the_limit(void **state)
{
	struct call c = {.id = "c"};
	char number[16];

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		snprintf(number, sizeof(number), "%u", i);
		assert_int_equal(call_divert(&c, number, NULL, DIVERT_ALWAYS), 0);
	}
	assert_int_equal(c.diverted->n, DIVERTED_MAX);
	assert_string_equal(c.diverted->v[0].from.number, "0");
	assert_string_equal(c.diverted->v[1].from.number, "13");
	assert_string_equal(c.diverted->v[7].from.number, "19");
	mem_deref(c.diverted);
}

/* ------------------------------------------------------------------ circles */

static void circles(void **state)
{
#define SELF(i) "History-Info: <sip:101@10.0.0.1?Reason=SIP%3Bcause%3D302>;index=1." i "\r\n"
	static const struct {
		const char *hdrs, *want;
	} t[] = {
		{"Diversion: <sip:9@x>;counter=10\r\n", "ring:180 answered:200"},
		{"Diversion: <sip:9@x>;counter=6, <sip:8@x>;counter=5\r\n", "closed:483"},
		{"Diversion: <sip:9@x>;counter=4000000000\r\nDiversion: <sip:9@x>;counter=4000000000\r\n",
		 "closed:483"},
		{SELF("1") SELF("2") SELF("3") SELF("4") SELF("5"), "ring:180 answered:200"},
		{SELF("1") SELF("2") SELF("3") SELF("4") SELF("5") SELF("6"), "closed:482"},
	};
	struct fix *f = *state;

	phone_register(&f->p[1]);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		phone_call_how(&f->p[0], "101", &(struct how){.hdrs = t[i].hdrs});
		run(f, 1000);
		assert_log(&f->p[0], t[i].want);
		if (f->p[0].inv)
			phone_hangup(&f->p[0]);
		run(f, 1000);
		f->p[0].l = 0;
		f->p[0].log[0] = 0;
	}
}

/* ------------------------------------------------------------------ Session-ID */

#define UUID "00112233445566778899aabbccddeeff"

static void session_id(const char *text, char local[33], char remote[33])
{
	const char *p = strstr(text, "Session-ID: ");

	assert_non_null(p);
	assert_int_equal(sscanf(p, "Session-ID: %32[0-9a-f];remote=%32[0-9a-f]", local, remote), 2);
	assert_int_equal(strlen(local), 32);
	assert_int_equal(strlen(remote), 32);
}

static void session_id_goes_through(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	char l[33], r[33], l2[33], r2[33];

	b->hdrs = "Session-ID: ffeeddccbbaa99887766554433221100;remote=" UUID "\r\n";
	phone_register(b);
	phone_call_how(a, "101",
		       &(struct how){.hdrs = "Session-ID: " UUID ";remote="
					     "00000000000000000000000000000000\r\n"});
	run(f, 1000);
	session_id(first(b, "INVITE "), l, r);
	assert_string_equal(l, UUID);
	assert_string_equal(r, "00000000000000000000000000000000");
	session_id(first(a, "SIP/2.0 200"), l, r);
	assert_string_equal(l, "ffeeddccbbaa99887766554433221100");
	assert_string_equal(r, UUID);
	session_id(first(b, "ACK "), l, r);
	assert_string_equal(l, UUID);
	assert_string_equal(r, "ffeeddccbbaa99887766554433221100");
	a->nheard = b->nheard = 0;
	sip_inv_hangup(b->inv, 0, SLICE_NULL);
	run(f, 1000);
	session_id(first(a, "BYE "), l2, r2);
	assert_string_equal(l2, "ffeeddccbbaa99887766554433221100");
	assert_string_equal(r2, UUID);
}

/* Phones that know nothing of it get one each, the same in all messages. */
static void session_id_is_made(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	char l[33], r[33], la[33], ra[33];

	b->final = 0;
	phone_register(b);
	phone_call(a, "101");
	run(f, 1000);
	session_id(first(b, "INVITE "), l, r);
	assert_string_equal(r, "00000000000000000000000000000000");
	assert_string_not_equal(l, r);
	session_id(first(a, "SIP/2.0 180"), la, ra);
	assert_string_equal(ra, l);
	assert_string_not_equal(la, l);
	phone_hangup(a);
	run(f, 1000);
	session_id(first(b, "CANCEL "), l, r);
	assert_string_equal(l, ra);
	session_id(first(a, "SIP/2.0 487"), l, r);
	assert_string_equal(r, ra);
}

/* The call comes back for the same number while it is there: it went round. For another one it may. */
static void session_id_finds_circles(void **state)
{
	struct fix *f = *state;
	struct how h = {.hdrs = "Session-ID: " UUID "\r\n"};

	f->p[1].final = 0;
	f->p[2].final = 0;
	phone_register(&f->p[1]);
	phone_register(&f->p[2]);
	phone_call_how(&f->p[0], "101", &h);
	run(f, 1000);
	assert_log(&f->p[0], "ring:180");
	phone_call_how(&f->p[3], "101", &h);
	run(f, 1000);
	assert_log(&f->p[3], "closed:482");
	phone_call_how(&f->p[3], "102", &h);
	run(f, 1000);
	assert_log(&f->p[3], "ring:180");
	phone_hangup(&f->p[0]);
	phone_hangup(&f->p[3]);
	run(f, 1000);
	phone_call_how(&f->p[0], "101", &h);
	run(f, 1000);
	assert_log(&f->p[0], "closed:0 ring:180");
}

/* ------------------------------------------------------------------ reasons */

static void reasons_are_read(void **state)
{
	static const struct {
		const char *line;
		uint16_t code;
		bool elsewhere;
		uint16_t cause;
		uint8_t q850;
		const char *text, *bye, *rsp;
	} t[] = {
		{"", 200, false, 0, 0, NULL, "", ""},
		{"Reason: Q.850;cause=16;text=\"x\"\r\n", 200, false, 0, 16, NULL, "Q.850;cause=16", "Q.850;cause=16"},
		{"Reason: Q.850;cause=34\r\n", 503, false, 0, 34, "all lines of the other network are busy",
		 "SIP;cause=503;text=\"all lines of the other network are busy\", Q.850;cause=34;text=\"all lines of "
		 "the "
		 "other network are busy\"",
		 "Q.850;cause=34;text=\"all lines of the other network are busy\""},
		{"Reason: SIP;cause=503;text=\"evil\\\"\"\r\n", 200, false, 503, 0, "overloaded or shutting down",
		 "SIP;cause=503;text=\"Service Unavailable\"", ""},
		{"Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n", 200, false, 0, 0, NULL, "", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		char mem[500];
		struct hangup h = {.code = t[i].code};
		struct sip_msg *m;
		struct buf b;

		snprintf(mem, sizeof(mem), FROM "%s", t[i].line);
		m = invite(mem);
		sip_reason_read(&h, m);
		mem_deref(m);
		assert_int_equal(h.elsewhere, t[i].elsewhere);
		assert_int_equal(h.cause, t[i].cause);
		assert_int_equal(h.q850, t[i].q850);
		assert_true(!h.text == !t[i].text && (!h.text || !strcmp(h.text, t[i].text)));
		buf_init_fixed(&b, mem, sizeof(mem));
		sip_reason_enc(&b, &h, false);
		assert_true(slice_eqs(buf_get(&b), t[i].bye));
		buf_reset(&b);
		sip_reason_enc(&b, &h, true);
		assert_true(slice_eqs(buf_get(&b), t[i].rsp));
	}
}

static void reason_of_bye_passes(void **state)
{
	struct fix *f = *state;

	phone_register(&f->p[1]);
	phone_call(&f->p[0], "101");
	run(f, 1000);
	sip_inv_hangup(f->p[1].inv, 0, SLICE("Q.850;cause=41;text=\"mine\""));
	run(f, 1000);
	assert_has(f->p[0].heard, "Reason: Q.850;cause=41;text=\"the other network has a temporary failure\"\r\n");
	assert_lacks(f->p[0].heard, "\"mine\"");
	assert_string_equal(f->rec.words, "101 hung up: the other network has a temporary failure");
}

static void reason_of_cancel_passes(void **state)
{
	struct fix *f = *state;

	f->p[1].final = 0;
	phone_register(&f->p[1]);
	phone_call(&f->p[0], "101");
	run(f, 1000);
	sip_inv_hangup(f->p[0].inv, 0, SLICE("SIP;cause=200;text=\"Call completed elsewhere\""));
	run(f, 1000);
	assert_has(headers_of(&f->p[1], "CANCEL "), "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n");
	assert_int_equal(f->rec.code, 487);
}

static void reason_of_a_refusal_passes(void **state)
{
	struct fix *f = *state;

	f->p[1].final = 503;
	f->p[1].hdrs = "Reason: Q.850;cause=34\r\n";
	phone_register(&f->p[1]);
	phone_call(&f->p[0], "101");
	run(f, 1000);
	assert_log(&f->p[0], "ring:180 closed:500");
	assert_has(headers_of(&f->p[0], "SIP/2.0 500"), "Reason: Q.850;cause=34;");
	assert_string_equal(f->rec.words, "101: all lines of the other network are busy");
}

/* ------------------------------------------------------------------ injection, INFO, memory */

static void names_inject_nothing(void **state)
{
	static const char *const evil[] = {
		"A\r\nX-Evil: 1",
		"A\" <sip:666@evil>;x=\"",
		"A\nVia: SIP/2.0/UDP evil",
		"\xff\xfe<evil>\xc3",
		"A\\",
		"\\\"\\",
		">;tag=evil",
		",<sip:evil@evil>",
	};
	struct fix *f = *state;
	char longest[900];

	phone_register(&f->p[1]);
	memset(longest, '"', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i <= ARRAY_LEN(evil); i++) {
		struct sip_msg *m;
		char name[1000];
		f->p[1].nheard = 0;
		phone_call_how(&f->p[0], "101", &(struct how){.display = i < ARRAY_LEN(evil) ? evil[i] : longest});
		run(f, 1000);
		assert_int_equal(
			sip_msg_decode(&m, first(&f->p[1], "INVITE "), strlen(first(&f->p[1], "INVITE ")), NULL), 0);
		assert_true(slice_eqs(m->from.uri.user, "100"));
		assert_null(sip_msg_hdr_name(m, SLICE("X-Evil")));
		assert_int_equal(sip_msg_count(m, SIP_HDR_VIA), 1);
		assert_true(sip_unquote(name, sizeof(name), m->from.display));
		assert_true(strlen(name) < 96);
		assert_string_equal(f->rec_open.from, "100");
		mem_deref(m);
		phone_hangup(&f->p[0]);
		run(f, 1000);
	}
}

static void info_rsp_h(struct sip_ctrans *ct, const struct sip_msg *rsp, void *arg)
{
	(void)ct;
	note(arg, "rsp:%u", rsp->scode);
}

static void info_packages(void **state)
{
	static const struct sip_ctrans_ops ops = {info_rsp_h, NULL};
	struct fix *f = *state;
	struct phone *a = &f->p[0];

	phone_register(&f->p[1]);
	phone_call(a, "101");
	run(f, 1000);
	a->l = 0;
	a->log[0] = 0;
	assert_int_equal(sip_inv_request(a->inv, SIP_INFO, SLICE("Info-Package: nicephone\r\n"), SLICE("text/plain"),
					 SLICE("x"), &ops, a),
			 0);
	run(f, 1000);
	assert_log(a, "rsp:469");
	assert_has(a->heard, "\r\nRecv-Info: nil\r\n");
	assert_int_equal(sip_inv_request(a->inv, SIP_INFO, SLICE_NULL, SLICE("text/plain"), SLICE("x"), &ops, a), 0);
	run(f, 1000);
	assert_log(a, "rsp:415");
	assert_has(a->heard, "Accept: application/dtmf-relay, application/dtmf\r\n");
	assert_int_equal(calls_count(f->calls), 1);
}

int main(void)
{
#define T(t) cmocka_unit_test_setup_teardown(t, fix_open, fix_close)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(callers),
		cmocka_unit_test(names),
		cmocka_unit_test(identities),
		cmocka_unit_test(nobody),
		cmocka_unit_test(diversions_are_read),
		cmocka_unit_test(diversions_past_the_limit),
		cmocka_unit_test(reasons_are_read),
		T(privacy_of_a_phone),
		T(anonymous_needs_the_password),
		T(assertions_of_a_phone),
		T(who_answers),
		T(connected_line_changes),
		T(connected_line_by_update),
		T(update_of_a_peer),
		T(trusted_answer_tells_who),
		T(untrusted_answer_tells_nothing),
		T(diverted_by_a_phone),
		T(diverted_beside_another),
		T(circles),
		T(session_id_goes_through),
		T(session_id_is_made),
		T(session_id_finds_circles),
		T(reason_of_bye_passes),
		T(reason_of_cancel_passes),
		T(reason_of_a_refusal_passes),
		T(names_inject_nothing),
		T(info_packages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
