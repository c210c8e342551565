/*
 * reg_test.c - client registrations against a registrar typed by hand, and over TCP against another stack:
 * refresh, 401, wrong password, 423, waiting after failures, unregistering, lost flows (RFC 3261 10.2; RFC 5626 4.5).
 */
#include "inv_fix.h"
#include "sip/reg.h"
#include "sip/trans.h"

#define TEST(name)       cmocka_unit_test_setup_teardown(name, fix_open, fix_close)
#define CHALLENGE(nonce) "WWW-Authenticate: Digest realm=\"r\", nonce=\"" nonce "\", algorithm=MD5, qop=\"auth\"\r\n"

static struct sip_reg *reg;
static bool deref_when_told;

static void reg_h(struct sip_reg *r, int err, uint16_t scode, uint32_t granted, const struct sip_msg *rsp, void *arg)
{
	(void)rsp;
	if (deref_when_told)
		reg = mem_deref(r);
	note(arg, "%s:%u:%u", err ? err_str(err) : "0", scode, granted);
}

static struct sip_reg_cfg cfg_to(const struct sa *registrar, enum sip_transp tp)
{
	struct sip_reg_cfg c = {.registrar = SLICE("sip:example.org"),
				.dest = {.tp = tp, .addr = *registrar},
				.aor = SLICE("sip:100@example.org"),
				.contact_user = SLICE("100"),
				.contact_params = SLICE(";q=0.5"),
				.cred = {.user = SLICE("100"), .password = SLICE("secret")}};

	return c;
}

static void start(struct fix *f, uint32_t expires)
{
	struct sip_reg_cfg c = cfg_to(&f->raw.addr, SIP_TRANSP_UDP);

	deref_when_told = false;
	c.expires = expires;
	assert_int_equal(sip_reg_start(&reg, f->a.sip, &c, reg_h, &f->a), 0);
	run(f, 10);
}

/** The latest REGISTER that came. */
static const struct sip_msg *last(const struct fix *f)
{
	assert_true(f->raw.n > 0);
	assert_int_equal(f->raw.seen[f->raw.n - 1]->m, SIP_REGISTER);
	return f->raw.seen[f->raw.n - 1];
}

static void answer(struct fix *f, const char *status, const char *extra)
{
	raw_reply(f, last(f), status, "reg", extra, NULL);
	run(f, 10);
}

static void stop(struct fix *f)
{
	reg = mem_deref(reg);
	run(f, 10);
	f->a.l = 0;
	f->a.log[0] = 0;
	if (raw_count(f, SIP_REGISTER))
		answer(f, "200 OK", NULL);
}

/** Ms until the next REGISTER comes, at most `max`. */
static uint64_t next_in(struct fix *f, uint64_t max)
{
	uint64_t from = vnet_now_ms(f->net);
	size_t n = f->raw.n;

	while (f->raw.n == n && vnet_now_ms(f->net) - from < max)
		run(f, 100);
	assert_true(f->raw.n > n);
	return vnet_now_ms(f->net) - from;
}

static void registers_and_refreshes(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *first, *again;
	struct slice contact;
	uint64_t ms;

	start(f, 0);
	first = last(f);
	contact = sip_msg_val(first, SIP_HDR_CONTACT);
	assert_true(slice_eqs(first->ruri, "sip:example.org"));
	assert_true(slice_eqs(first->to.auri, "sip:100@example.org"));
	assert_false(slice_isset(first->to.tag));
	assert_true(slice_eqs(contact, "<sip:100@10.0.0.1:5060>;q=0.5;expires=3600"));
	answer(f, "200 OK",
	       "Contact: <sip:100@10.0.0.1>;expires=600, <sip:other@10.1.1.1>;expires=9\r\nExpires: 3000\r\n");
	assert_log(&f->a, "0:200:600"); /* 5060 goes without saying */
	stop(f);
	raw_clear(f);
	start(f, 0);
	answer(f, "200 OK",
	       "Contact: <sip:other@10.1.1.1>;expires=9, <sip:100@10.0.0.1:5060>;expires=600\r\nExpires: 3000\r\n");
	assert_log(&f->a, "0:200:600");
	first = last(f);
	ms = next_in(f, 600000);
	assert_in_range(ms, 480000 - 100, 540000 + 200);
	again = last(f);
	assert_true(slice_eq(again->callid, first->callid));
	assert_true(slice_eq(again->from.tag, first->from.tag));
	assert_int_equal(again->cseq.num, first->cseq.num + 1);
	answer(f, "200 OK", "Expires: 20\r\n");
	assert_log(&f->a, "0:200:20");
	ms = next_in(f, 20000);
	assert_in_range(ms, 14900, 18200);
	answer(f, "200 OK", NULL); /* nothing said: what we asked for */
	assert_log(&f->a, "0:200:3600");
	stop(f);
}

static void unregisters(void **state)
{
	struct fix *f = *state;

	start(f, 100);
	answer(f, "200 OK", NULL);
	sip_reg_stop(reg);
	sip_reg_stop(reg);
	run(f, 10);
	assert_true(slice_eqs(sip_msg_val(last(f), SIP_HDR_EXPIRES), "0"));
	assert_true(slice_eqs(sip_msg_val(last(f), SIP_HDR_CONTACT), "<sip:100@10.0.0.1:5060>;q=0.5;expires=0"));
	answer(f, "200 OK", NULL);
	assert_log(&f->a, "0:200:100 0:200:0");
	raw_clear(f);
	run(f, LONG);
	assert_int_equal(f->raw.n, 0);
	reg = mem_deref(reg);
	run(f, 100);
	assert_int_equal(f->raw.n, 0); /* it was unregistered before */
}

static void deref_unregisters(void **state)
{
	struct fix *f = *state;

	start(f, 100);
	answer(f, "200 OK", NULL);
	reg = mem_deref(reg);
	run(f, 10);
	assert_true(slice_eqs(sip_msg_val(last(f), SIP_HDR_EXPIRES), "0"));
	answer(f, "200 OK", NULL);
	assert_log(&f->a, "0:200:100");
}

static void challenged(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *first;

	start(f, 100);
	first = last(f);
	answer(f, "401 Unauthorized", CHALLENGE("n1"));
	assert_int_equal(last(f)->cseq.num, first->cseq.num + 1);
	assert_non_null(sip_msg_hdr(last(f), SIP_HDR_AUTHORIZATION));
	answer(f, "200 OK", NULL);
	assert_log(&f->a, "0:200:100");
	/* the refresh answers at once; a stale nonce is renewed */
	(void)next_in(f, 100000);
	assert_non_null(sip_msg_hdr(last(f), SIP_HDR_AUTHORIZATION));
	answer(f, "401 Unauthorized",
	       "WWW-Authenticate: Digest realm=\"r\", nonce=\"n2\", stale=true, algorithm=MD5, qop=\"auth\"\r\n");
	assert_true(strstr(sip_msg_val(last(f), SIP_HDR_AUTHORIZATION).p, "n2") != NULL);
	answer(f, "200 OK", NULL);
	assert_log(&f->a, "0:200:100");
	stop(f);
}

static void wrong_password(void **state)
{
	struct fix *f = *state;
	uint64_t ms;

	start(f, 100);
	answer(f, "401 Unauthorized", CHALLENGE("n1"));
	answer(f, "401 Unauthorized", CHALLENGE("n1"));
	assert_int_equal(raw_count(f, SIP_REGISTER), 2);
	assert_log(&f->a, "missing or wrong credentials:401:0");
	ms = next_in(f, 60000);
	assert_in_range(ms, 14900, 30200); /* no hammering */
	stop(f);
}

static void endless_challenges(void **state)
{
	struct fix *f = *state;
	char hdr[200];

	start(f, 100);
	for (int i = 0; i < 20; i++) {
		(void)snprintf(hdr, sizeof(hdr),
			       "WWW-Authenticate: Digest realm=\"r\", nonce=\"n%d\", stale=true, qop=\"auth\"\r\n", i);
		answer(f, "401 Unauthorized", hdr);
	}
	assert_true(raw_count(f, SIP_REGISTER) <= 6);
	stop(f);
}

static void too_brief(void **state)
{
	struct fix *f = *state;

	start(f, 30);
	answer(f, "423 Interval Too Brief", "Min-Expires: 300\r\n");
	assert_log(&f->a, "");
	assert_true(slice_eqs(sip_msg_val(last(f), SIP_HDR_EXPIRES), "300"));
	answer(f, "200 OK", NULL);
	assert_log(&f->a, "0:200:300");
	stop(f);
	raw_clear(f);
	/* one that is never content is not asked for ever */
	start(f, 30);
	answer(f, "423 Interval Too Brief", "Min-Expires: 300\r\n");
	answer(f, "423 Interval Too Brief", "Min-Expires: 600\r\n");
	answer(f, "423 Interval Too Brief", "Min-Expires: 900\r\n");
	assert_int_equal(raw_count(f, SIP_REGISTER), 3);
	assert_log(&f->a, "0:423:0");
	stop(f);
	raw_clear(f);
	start(f, 30);
	answer(f, "423 Interval Too Brief", "Min-Expires: 30\r\n");
	assert_log(&f->a, "0:423:0");
	stop(f);
}

static void waits_longer_each_time(void **state)
{
	struct fix *f = *state;
	uint64_t ms, longest = 0;

	start(f, 100);
	for (int i = 0; i < 12; i++) {
		answer(f, "500 Error", NULL);
		ms = next_in(f, 700000);
		assert_true(ms <= 600200);
		if (ms > longest)
			longest = ms;
	}
	assert_true(longest >= 300000);
	answer(f, "200 OK", NULL);
	f->a.l = 0;
	f->a.log[0] = 0;
	/* success starts the waits anew */
	(void)next_in(f, 100000);
	answer(f, "503 Later", "Retry-After: 20 (maintenance)\r\n");
	assert_log(&f->a, "0:503:0");
	assert_in_range(next_in(f, 100000), 21900, 24300);
	stop(f);
}

static void nobody_there(void **state)
{
	struct fix *f = *state;
	size_t n;

	start(f, 100);
	run(f, 33000);
	assert_log(&f->a, "timed out:0:0");
	n = raw_count(f, SIP_REGISTER);
	run(f, 5000);
	assert_true(raw_count(f, SIP_REGISTER) > n);
	answer(f, "200 OK", NULL);
	assert_log(&f->a, "0:200:100");
	stop(f);
}

static void let_go_in_call_back(void **state)
{
	struct fix *f = *state;
	static const char *const status[] = {"200 OK", "403 No", "503 Later"};

	for (size_t i = 0; i < ARRAY_LEN(status); i++) {
		start(f, 100);
		deref_when_told = true;
		answer(f, status[i], NULL);
		assert_null(reg);
		assert_true(slice_eqs(sip_msg_val(last(f), SIP_HDR_EXPIRES), "0"));
		answer(f, "200 OK", NULL);
	}
	start(f, 100);
	deref_when_told = true;
	run(f, 33000);
	assert_null(reg);
}

static void stack_ends_first(void **state)
{
	struct fix *f = *state;
	struct sip_cfg cfg = {.loop = f->loop};

	start(f, 100);
	mem_deref(f->a.sip);
	sip_reg_stop(reg);
	reg = mem_deref(reg);
	assert_int_equal(sip_alloc(&f->a.sip, &cfg, NULL, NULL), 0);
	run(f, LONG);
	assert_log(&f->a, "");
}

/** Let the raw peer challenge once, then accept whatever comes. */
static void serve(struct fix *f, uint64_t ms)
{
	for (uint64_t t = 0; t < ms; t += 1000) {
		run(f, 1000);
		for (size_t i = 0; i < f->raw.n; i++) {
			const struct sip_msg *m = f->raw.seen[i];
			bool ok = sip_msg_hdr(m, SIP_HDR_AUTHORIZATION) != NULL;

			raw_reply(f, m, ok ? "200 OK" : "401 No", "reg", ok ? NULL : CHALLENGE("n1"), NULL);
		}
		raw_clear(f);
	}
}

/* Memory is out at any one moment, and for a while: the registration comes about afterwards all the same. */
static void out_of_memory(void **state)
{
	(void)state;
	for (long n = 0, asked = 1; n < asked; n++) {
		struct sip_reg_cfg c;
		struct fix *f;
		void *st;
		int err;

		(void)fix_open(&st);
		f = st;
		c = cfg_to(&f->raw.addr, SIP_TRANSP_UDP);
		c.expires = 600;
		deref_when_told = false;
		mem_fail_at(n);
		err = sip_reg_start(&reg, f->a.sip, &c, reg_h, &f->a);
		run(f, 10);
		asked = mem_fail_off();
		if (!err) {
			serve(f, 100000);
			assert_non_null(strstr(f->a.log, "0:200:600"));
			reg = mem_deref(reg);
		}
		serve(f, 3000);
		(void)fix_close(&st);
	}
}

/* ---- over TCP ---- */

static uint64_t server_flow;
static size_t registers;

static void registrar_h(struct sip_strans *st, const struct sip_msg *msg, void *arg)
{
	struct sip_dest d;

	(void)arg;
	sip_dest_from_msg(&d, msg);
	server_flow = d.flow;
	registers++;
	sip_reply_simple(st, 200, NULL);
}

/* The connection is held though idle; when it breaks we register again within a second. */
static void flow_lost(void **state)
{
	static const struct sip_ops ops = {.request = registrar_h};
	struct fix *f = *state;
	struct sip_cfg cfg = {.loop = f->loop};
	struct sa addr = at("10.0.0.3");
	struct sip_reg_cfg c = cfg_to(&addr, SIP_TRANSP_TCP);
	struct sip *server;

	registers = 0;
	deref_when_told = false;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(sip_alloc(&server, &cfg, &ops, NULL), 0);
		assert_int_equal(sip_listen(server, SIP_TRANSP_TCP, &addr), 0);
		if (!i) {
			assert_int_equal(sip_reg_start(&reg, f->a.sip, &c, reg_h, &f->a), 0);
			run(f, 1000);
		} else {
			run(f, 3000);
		}
		assert_int_equal(registers, 1 + i);
		assert_true(server_flow != 0);
		assert_log(&f->a, "0:200:3600");
		if (!i)
			mem_deref(server); /* with all its connections; the next one comes at once */
	}
	reg = mem_deref(reg);
	run(f, 1000);
	assert_int_equal(registers, 3);
	mem_deref(server);
}

static void connection_refused(void **state)
{
	struct fix *f = *state;
	struct sa addr = at("10.0.0.4");
	struct sip_reg_cfg c = cfg_to(&addr, SIP_TRANSP_TCP);
	int err;

	deref_when_told = false;
	err = sip_reg_start(&reg, f->a.sip, &c, reg_h, &f->a);
	if (err)
		return;
	run(f, 60000);
	assert_true(f->a.l > 0);
	assert_null(strstr(f->a.log, "200"));
	reg = mem_deref(reg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(registers_and_refreshes),
		TEST(unregisters),
		TEST(deref_unregisters),
		TEST(challenged),
		TEST(wrong_password),
		TEST(too_brief),
		TEST(endless_challenges),
		TEST(waits_longer_each_time),
		TEST(nobody_there),
		TEST(flow_lost),
		TEST(let_go_in_call_back),
		TEST(stack_ends_first),
		TEST(connection_refused),
		cmocka_unit_test(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
