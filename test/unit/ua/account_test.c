/*
 * account_test.c - accounts: what a server may be, and registrations with a registrar typed by hand.
 */
#include "fix.h"

/** A registrar that answers each REGISTER with the next code of its list. */
struct registrar {
	struct loop *loop;
	struct udp *u;
	const char *const *lines; /**< status line and headers of each answer; the last one stays */
	size_t n, seen;
	char contact[200];
	uint32_t expires;
};

static void recv_h(struct udp *u, const struct udp_rx *rx, void *arg)
{
	struct registrar *r = arg;
	struct sip_msg *m;
	struct buf b;

	if (sip_msg_decode(&m, rx->data.p, rx->data.l, NULL))
		return;
	const char *line = r->lines[r->seen < r->n ? r->seen : r->n - 1];
	r->seen++;
	(void)slice_copy(r->contact, sizeof(r->contact), sip_msg_val(m, SIP_HDR_CONTACT));
	assert_int_equal(slice_u32(sip_msg_val(m, SIP_HDR_EXPIRES), &r->expires), 0);
	buf_init(&b);
	buf_printf(&b, "SIP/2.0 %.*s\r\n", (int)strcspn(line, "\n"), line);
	sip_enc_copy(&b, m, SIP_HDR_VIA);
	sip_enc_copy(&b, m, SIP_HDR_FROM);
	sip_enc_copy(&b, m, SIP_HDR_TO);
	sip_enc_copy(&b, m, SIP_HDR_CALL_ID);
	sip_enc_copy(&b, m, SIP_HDR_CSEQ);
	if (strchr(line, '\n'))
		buf_printf(&b, "%s\r\n", strchr(line, '\n') + 1);
	if (line[0] == '2')
		buf_printf(&b, "Contact: %s\r\n", r->contact);
	buf_str(&b, "Content-Length: 0\r\n\r\n");
	assert_int_equal(udp_send_now(u, &rx->src, b.p, b.l), 0);
	buf_free(&b);
	mem_deref(m);
}

static void registrar_open(struct fix *f, struct registrar *r, const char *const *lines, size_t n)
{
	struct sa a;

	*r = (struct registrar){.lines = lines, .n = n};
	assert_int_equal(sa_set(&a, SLICE("10.0.0.7"), 5060), 0);
	assert_int_equal(loop_alloc_virtual(&r->loop, f->net), 0);
	assert_int_equal(udp_open(&r->u, r->loop, &a, NULL, recv_h, r), 0);
}

static void registrar_close(struct fix *f, struct registrar *r)
{
	run(f, 100);
	r->u = mem_deref(r->u);
	run(f, 1);
	r->loop = mem_deref(r->loop);
}

static void add(struct fix *f, const char *user)
{
	const struct oh_account_config ac = {.user = user,
					     .password = "secret-word",
					     .server = "10.0.0.7",
					     .do_register = true,
					     .contact_params = ";q=0.5",
					     .expires = 600};

	if (f->a.acct)
		oh_account_remove(f->a.acct);
	assert_int_equal(oh_account_add(f->a.ua, &f->a.acct, &ac), 0);
	run(f, 100);
}

static void accepted(void **state)
{
	static const char *const lines[] = {"200 OK"};
	struct fix *f = *state;
	struct registrar r;

	registrar_open(f, &r, lines, 1);
	assert_int_equal(r.seen, 0);
	add(f, "carol");
	assert_log(&f->a, "registered:600");
	assert_string_equal(r.contact, "<sip:carol@10.0.0.1:5060>;q=0.5;expires=600");
	assert_int_equal(r.expires, 600);
	assert_true(oh_account_registered(f->a.acct));
	assert_int_equal(oh_account_register(f->a.acct, false), 0);
	assert_int_equal(oh_account_register(f->a.acct, false), 0); /* under way already */
	run(f, 100);
	assert_int_equal(r.expires, 0);
	assert_log(&f->a, "unregistered:200");
	assert_false(oh_account_registered(f->a.acct));
	assert_int_equal(oh_account_register(f->a.acct, true), 0);
	run(f, 100);
	assert_log(&f->a, "registered:600");
	run(f, 600 * 1000); /* in time before it ends */
	assert_log(&f->a, "registered:600");
	/* the agent goes: one try to unregister */
	r.expires = 1;
	who_close(f, &f->a);
	run(f, 100);
	assert_int_equal(r.expires, 0);
	registrar_close(f, &r);
}

static void refused(void **state)
{
	static const char *const forbidden[] = {"403 Forbidden"},
				 *const later[] = {"503 Later\nRetry-After: 10", "200 OK"},
				 *const brief[] = {"423 Too Brief\nMin-Expires: 900", "200 OK"},
				 *const wrong[] = {
					 "401 Who\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", qop=\"auth\"",
					 "401 Who\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n2\", qop=\"auth\""};
	static const struct {
		const char *const *lines;
		size_t n;
		uint64_t ms;
		const char *log;
	} t[] = {
		{forbidden, 1, 1000, "regfail:403"},
		{later, 2, 60000, "regfail:503 registered:600"},
		{brief, 2, 1000, "registered:900"},
		{wrong, 2, 1000, "regfail:401"},
	};
	struct fix *f = *state;
	struct registrar r;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		/* the account before this one says good-bye to nobody */
		if (f->a.acct)
			oh_account_remove(f->a.acct);
		f->a.acct = NULL;
		run(f, 40000);
		registrar_open(f, &r, t[i].lines, t[i].n);
		add(f, "carol");
		run(f, t[i].ms);
		assert_log(&f->a, t[i].log);
		registrar_close(f, &r);
	}
}

static void no_answer(void **state)
{
	struct fix *f = *state;

	add(f, "carol");
	run(f, 33000);
	assert_log(&f->a, "regfail:0");
	assert_false(oh_account_registered(f->a.acct));
}

static void servers(void **state)
{
	static const struct {
		const char *user, *server;
		int err;
		const char *domain;
	} t[] = {
		{"x", "10.0.0.7", 0, "10.0.0.7"},
		{"x", "10.0.0.7:5060", 0, "10.0.0.7"},
		{"x", "10.0.0.7:5080", 0, "10.0.0.7:5080"},
		{"x", "[fd00::7]", 0, "[fd00::7]"},
		{"x", "fd00::7", 0, "[fd00::7]"},
		{"x", "[fd00::7]:5080", 0, "[fd00::7]:5080"},
		{"x", "pbx.example.org", 0, "pbx.example.org"},
		{"x", "pbx:5080", 0, "pbx:5080"},
		{"x", "pbx example", OH_ERR_SYNTAX, NULL},
		{"x", "me@pbx.example.org", OH_ERR_SYNTAX, NULL},
		{"x", "", OH_ERR_SYNTAX, NULL},
		{"x", NULL, EINVAL, NULL},
		{"", "10.0.0.7", EINVAL, NULL},
		{NULL, "10.0.0.7", EINVAL, NULL},
	};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const struct oh_account_config ac = {.user = t[i].user, .server = t[i].server};
		struct oh_account *a = NULL;

		assert_int_equal(oh_account_add(f->a.ua, &a, &ac), t[i].err);
		if (t[i].err) {
			assert_null(a);
			continue;
		}
		assert_string_equal(a->domain, t[i].domain);
		oh_account_remove(a);
	}
}

static void bad_configurations(void **state)
{
	struct fix *f = *state;
	struct oh_ua_config cfg = {.listen = "nowhere", .on_event = event_h, .arg = &f->a};
	struct oh_ua *ua = NULL;

	assert_int_equal(ua_new_on(&ua, &cfg, f->a.loop), OH_ERR_SYNTAX);
	cfg.listen = "10.0.0.1";
	cfg.sip_port = 5060;
	assert_int_equal(ua_new_on(&ua, &cfg, f->b.loop), EADDRINUSE);
	cfg.listen = "10.0.0.5";
	cfg.rtp_lo = 30000;
	cfg.rtp_hi = 20000;
	assert_int_equal(ua_new_on(&ua, &cfg, f->b.loop), EINVAL);
	assert_null(ua);
	run(f, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(accepted), TEST(refused), TEST(no_answer), TEST(servers), TEST(bad_configurations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
