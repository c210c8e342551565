/*
 * identity_trunk_test.c - who calls over trunks: asserted identities of providers that are trusted and of others, in
 * both directions; callers that hide; calls that were diverted before they came; all of it without memory.
 */
#include "fix.h"
#include "call/trunk_priv.h"
#include "provider.h"

struct net {
	struct fix *f;
	struct provider p;
	struct trunk_cfg cfg;
};

static const struct trunk_ops ops;

static int open_net(void **state)
{
	struct net *n = calloc(1, sizeof(*n));

	(void)fix_open((void **)&n->f);
	provider_open(&n->p, n->f->loop, "10.9.0.1");
	n->cfg = (struct trunk_cfg){.name = SLICE("isp"),
				    .server = {{.host = SLICE("10.9.0.1")}},
				    .nservers = 1,
				    .domain = SLICE("isp.example"),
				    .accepts = true};
	phone_register(&n->f->p[1]);
	*state = n;
	return 0;
}

static int close_net(void **state)
{
	struct net *n = *state;
	void *f = n->f;

	n->f->line = mem_deref(n->f->line);
	run(n->f, 40000);
	provider_close(&n->p);
	(void)fix_close(&f);
	free(n);
	return 0;
}

static void line(struct net *n)
{
	n->f->line = mem_deref(n->f->line);
	assert_int_equal(trunk_alloc(&n->f->line, n->f->calls, &n->cfg, &ops, n), 0);
	run(n->f, 1000);
}

/* A call of the provider to 101, who answers and is hung up on. */
static void call_in(struct net *n, const char *lines)
{
	n->p.lines = lines;
	n->f->p[1].nheard = 0;
	provider_call(&n->p, &n->f->addr, "sip:101@10.0.0.1", "sip:4711@isp.example", "sip:101@isp.example", NULL);
	run(n->f, 2000);
	assert_true(n->p.up);
	sip_inv_hangup(n->p.call, 0, SLICE_NULL);
	run(n->f, 2000);
	n->p.call = mem_deref(n->p.call);
	n->f->p[1].l = 0;
	n->f->p[1].log[0] = 0;
}

#define ASSERTED                                                                                                       \
	"P-Asserted-Identity: \"John\" <sip:+4930123@isp.example>\r\n"                                                 \
	"Diversion: \"Desk\" <sip:900@isp.example>;reason=no-answer\r\n"

static void trusted_provider_is_believed(void **state)
{
	struct net *n = *state;
	const char *heard = n->f->p[1].heard;

	n->cfg.trusted = true;
	line(n);
	call_in(n, ASSERTED);
	assert_has(heard, "From: \"John\" <sip:+4930123@10.0.0.1>;tag=");
	assert_has(heard, "Diversion: \"Desk\" <sip:900@10.0.0.1>;reason=no-answer\r\n");
	assert_has(heard, "History-Info: \"Desk\" <sip:900@10.0.0.1?Reason=SIP%3Bcause%3D408>;index=1\r\n");
	assert_lacks(heard, "sip:4711");
	assert_string_equal(n->f->rec.from, "+4930123");
	assert_string_equal(n->f->rec.from_name, "John");
	assert_string_equal(n->f->rec.diverted, "900 (no answer)");
	assert_false(n->f->rec.leg[0].hidden);
}

static void trusted_provider_hides_its_caller(void **state)
{
	struct net *n = *state;
	const char *heard = n->f->p[1].heard;

	n->cfg.trusted = true;
	line(n);
	call_in(n, ASSERTED "Privacy: id\r\nIdentity: signed\r\n");
	assert_has(heard, "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=");
	assert_has(heard, "Privacy: id\r\n");
	assert_lacks(heard, "+4930123");
	assert_lacks(heard, "John");
	/* a signature would tell as well: from one trusted peer to another only */
	assert_lacks(heard, "Identity: signed");
	assert_string_equal(n->f->rec.from, "+4930123");
	assert_true(n->f->rec.leg[0].hidden);
}

static void other_provider_is_not_believed(void **state)
{
	struct net *n = *state;
	const char *heard = n->f->p[1].heard;

	line(n);
	call_in(n, ASSERTED);
	assert_has(heard, "<sip:4711@10.0.0.1>;tag=");
	assert_lacks(heard, "+4930123");
	assert_lacks(heard, "Diversion");
	assert_string_equal(n->f->rec.from, "4711");
	assert_string_equal(n->f->rec.diverted, "");
	/* what it asks to be hidden is hidden all the same */
	call_in(n, ASSERTED "Privacy: user\r\n");
	assert_has(heard, "<sip:anonymous@anonymous.invalid>;tag=");
	assert_lacks(heard, "sip:4711");
}

/* The same caller, told to providers of each kind. */
static void told_as_the_trunk_says(void **state)
{
	static const struct {
		enum trunk_identity kind;
		bool trusted, hide;
		const char *has[3], *lacks[3];
	} t[] = {
		{TRUNK_ID_FROM, false, false, {"<sip:100@isp.example>;tag="}, {"Asserted", "Preferred", "Privacy"}},
		{TRUNK_ID_PAI,
		 false,
		 false,
		 {"<sip:100@isp.example>;tag=", "P-Asserted-Identity: ", "<sip:100@isp.example>\r\n"},
		 {"Privacy", "Remote-Party-ID"}},
		{TRUNK_ID_PPI, false, false, {"P-Preferred-Identity: "}, {"Asserted"}},
		{TRUNK_ID_RPID,
		 false,
		 false,
		 {"Remote-Party-ID: ", ";party=calling;privacy=off;screen=yes"},
		 {"Asserted"}},
		{TRUNK_ID_PAI,
		 false,
		 true,
		 {"From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=", "Privacy: id\r\n"},
		 {"sip:100@", "Asserted", "Name"}},
		{TRUNK_ID_PAI,
		 true,
		 true,
		 {"From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=", "Privacy: id\r\n",
		  "P-Asserted-Identity: \"Name \\\"A\\\"\" <sip:100@isp.example>\r\n"},
		 {"Contact: <sip:100@"}},
	};
	struct net *n = *state;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		n->cfg.identity = t[i].kind;
		n->cfg.trusted = t[i].trusted;
		line(n);
		phone_call_how(&n->f->p[0], "0123", &(struct how){.hdrs = t[i].hide ? "Privacy: id\r\n" : NULL});
		run(n->f, 2000);
		assert_log(&n->f->p[0], "ring:180 answered:200");
		for (size_t k = 0; k < 3; k++) {
			if (t[i].has[k])
				assert_has(n->p.heard, t[i].has[k]);
			if (t[i].lacks[k])
				assert_lacks(n->p.heard, t[i].lacks[k]);
		}
		phone_hangup(&n->f->p[0]);
		run(n->f, 2000);
		assert_log(&n->f->p[0], "closed:0");
		n->p.call = mem_deref(n->p.call);
	}
}

/* Memory runs out anywhere in a call that was diverted before and is again: nothing is left, nothing falls. */
static void no_memory(void **state)
{
	struct net *n = *state;
	struct fix *f = n->f;

	if (!f->live && !mem_live())
		skip(); /* only the debug build can fail allocations */
	n->cfg.trusted = true;
	line(n);
	f->oom = true;
	f->p[1].final = 302;
	f->p[1].contact = "<sip:102@10.0.0.1>";
	phone_register(&f->p[2]);
	n->p.lines = ASSERTED "Session-ID: 00112233445566778899aabbccddeeff\r\nPrivacy: id\r\n";
	for (int i = 0; i < 120; i++) {
		provider_call(&n->p, &f->addr, "sip:101@10.0.0.1", "sip:4711@isp.example", "sip:101@isp.example", NULL);
		mem_fail_at(i);
		run(f, 3);
		(void)mem_fail_off();
		run(f, 1000);
		if (n->p.call)
			sip_inv_hangup(n->p.call, 0, SLICE_NULL);
		run(f, 80000);
		n->p.call = mem_deref(n->p.call);
		assert_int_equal(calls_count(f->calls), 0);
		assert_int_equal(calls_ending(f->calls), 0);
		for (int k = 0; k < 3; k++) {
			f->p[k].inv = mem_deref(f->p[k].inv);
			f->p[k].l = 0;
			f->p[k].log[0] = 0;
			f->p[k].nheard = 0;
		}
	}
}

int main(void)
{
#define T(t) cmocka_unit_test_setup_teardown(t, open_net, close_net)
	const struct CMUnitTest tests[] = {
		T(trusted_provider_is_believed),
		T(trusted_provider_hides_its_caller),
		T(other_provider_is_not_believed),
		T(told_as_the_trunk_says),
		T(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
