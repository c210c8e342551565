/*
 * call_test.c - two-party calls through the server: both ways, every end, and what the record says of each.
 */
#include "fix.h"

static void assert_record(const struct fix *f, uint16_t code, const char *outcome, const char *by, const char *words)
{
	assert_int_equal(f->nopen, f->nclose);
	assert_int_equal(f->rec.code, code);
	assert_string_equal(f->rec.outcome, outcome);
	assert_string_equal(f->rec.ended_by, by);
	assert_string_equal(f->rec.words, words);
}

static void caller_hangs_up(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	connect_two(a, b);
	assert_int_equal(calls_count(f->calls), 1);
	assert_int_equal(f->nanswer, 1);
	assert_true(sound(a, b));
	assert_true(sound(b, a));
	run(f, 5000);
	phone_hangup(a);
	run(f, 3000);
	assert_log(a, "closed:0");
	assert_log(b, "closed:200");
	assert_record(f, 200, "answered", "caller", "100 hung up");
	assert_string_equal(f->rec.from, "100");
	assert_string_equal(f->rec.from_name, "Name \"A\"");
	assert_string_equal(f->rec.to, "101");
	assert_string_equal(f->rec.answered_by, "101");
	assert_int_equal(f->rec.nlegs, 2);
	assert_string_equal(f->rec.leg[0].number, "100");
	assert_string_equal(f->rec.leg[0].device, "phone-100");
	assert_string_equal(f->rec.leg[1].number, "101");
	assert_string_equal(f->rec.leg[1].device, "phone-101");
	assert_true(f->rec.leg[1].outgoing && !f->rec.leg[0].outgoing);
	assert_int_equal(f->rec.leg[0].code, 200);
	assert_int_equal(f->rec.leg[1].code, 200);
	assert_true(f->rec.leg[0].callid[0] && strcmp(f->rec.leg[0].callid, f->rec.leg[1].callid) != 0);
	assert_true(f->rec.leg[0].has_q && f->rec.leg[1].has_q);
	assert_int_equal(f->rec.leg[0].q.rx_packets, 3);
	assert_string_equal(f->rec.leg[0].codec, "PCMU");
	assert_true(f->rec.talk_ms >= 5000 && f->rec.talk_ms < 7000);
	assert_true(f->rec.duration_ms >= f->rec.talk_ms);
	assert_true(f->rec.end_ms - f->rec.answer_ms == f->rec.talk_ms);
	assert_string_equal(f->rec_open.to, "101");
	assert_string_equal(f->rec_open.outcome, "");
}

static void callee_hangs_up(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[1], *b = &f->p[0];

	connect_two(a, b);
	phone_hangup(b);
	run(f, 3000);
	assert_log(a, "closed:200");
	assert_log(b, "closed:0");
	assert_record(f, 200, "answered", "callee", "100 hung up");
}

static void system_hangs_up(void **state)
{
	struct fix *f = *state;
	struct call *c;

	connect_two(&f->p[0], &f->p[1]);
	c = LINK_OBJ(f->calls->live.head, struct call, le);
	assert_ptr_equal(calls_find(f->calls, slice_str(c->id)), c);
	assert_null(calls_find(f->calls, SLICE("cnone")));
	call_hangup(c, &(struct hangup){.code = 200, .text = "by the administrator"});
	call_hangup(c, &(struct hangup){.code = 500, .text = "twice"});
	run(f, 3000);
	assert_log(&f->p[0], "closed:200");
	assert_log(&f->p[1], "closed:200");
	assert_record(f, 200, "answered", "system", "the system hung up: by the administrator");
}

static void cancel(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	b->final = 0;
	phone_register(b);
	phone_call(a, "101");
	run(f, 2000);
	phone_hangup(a);
	run(f, 2000);
	assert_log(a, "ring:180 closed:0");
	assert_log(b, "invite closed:487");
	assert_record(f, 487, "cancelled", "caller", "100 hung up before anybody answered");
	assert_lacks(b->heard, "completed elsewhere");
	assert_int_equal(f->rec.leg[1].code, 487);
}

/* What a phone answers, what the caller gets, and what the record says. */
static void refusals(void **state)
{
	static const struct {
		uint16_t phone, caller;
		bool rings;
		const char *outcome, *by, *words;
	} t[] = {
		{486, 486, true, "busy", "callee", "101 was busy"},
		{600, 600, false, "busy", "callee", "101 was busy"},
		{603, 603, true, "declined", "callee", "101 declined"},
		{403, 403, false, "declined", "callee", "101 declined"},
		{480, 480, false, "unreachable", "system", "101: not available"},
		{480, 480, true, "no answer", "system", "nobody answered"},
		{404, 404, false, "unreachable", "system", "101: unknown number"},
		{488, 488, false, "failed", "system", "101: no sound in common"},
		{503, 500, false, "failed", "system", "101: internal fault"},
		{401, 480, false, "unreachable", "system", "101: not available"},
		{407, 480, false, "unreachable", "system", "101: not available"},
		{500, 500, false, "failed", "system", "101: internal fault"},
	};
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	char log[80];

	phone_register(b);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		b->ring = t[i].rings ? 180 : 0;
		b->final = t[i].phone;
		phone_call(a, "101");
		run(f, 2000);
		snprintf(log, sizeof(log), "%sclosed:%u", t[i].rings ? "ring:180 " : "", t[i].caller);
		assert_log(a, log);
		assert_record(f, t[i].caller, t[i].outcome, t[i].by, t[i].words);
		b->l = 0;
	}
}

static void no_answer(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	b->final = 0;
	phone_register(b);
	phone_call(a, "101");
	run(f, 29000);
	assert_log(a, "ring:180");
	run(f, 3000);
	assert_log(a, "closed:408");
	assert_log(b, "invite closed:487");
	assert_record(f, 408, "no answer", "system", "nobody answered in 30 s");
}

/* The contact is registered but nothing lives there. */
static void dead_phone(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0];
	struct contact c = {.q = 1000, .uri = SLICE("sip:x@10.0.0.77"), .src = at("10.0.0.77"), .local = f->addr};

	f->ring_ms = 60000;
	reg_put(f, "101", &c);
	phone_call(a, "101");
	run(f, 40000);
	assert_log(a, "closed:408");
	assert_record(f, 408, "unreachable", "system", "101: the phone did not respond");
}

static void not_registered(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0];

	phone_register(&f->p[1]);
	reg_remove(f, "101", NULL);
	phone_call(a, "101");
	run(f, 1000);
	assert_log(a, "closed:480");
	assert_record(f, 480, "unreachable", "system", "101: not registered");
	phone_call(a, "999");
	run(f, 1000);
	assert_log(a, "closed:404");
	assert_record(f, 404, "unreachable", "system", "999: nobody has this number");
}

static void call_limit(void **state)
{
	struct fix *f = *state;

	f->admit = 486;
	phone_register(&f->p[1]);
	phone_call(&f->p[0], "101");
	run(f, 1000);
	assert_log(&f->p[0], "closed:486");
	assert_log(&f->p[1], "");
	assert_string_equal(f->rec.outcome, "busy");
}

/* The owner dials another number after the first failed; one record. */
static void second_dial(void **state)
{
	struct fix *f = *state;

	f->forward = "102";
	f->p[1].final = 486;
	phone_register(&f->p[1]);
	phone_register(&f->p[2]);
	phone_call(&f->p[0], "101");
	run(f, 2000);
	assert_log(&f->p[0], "ring:180 ring:180 answered:200");
	phone_hangup(&f->p[0]);
	run(f, 3000);
	assert_record(f, 200, "answered", "caller", "100 hung up");
	assert_string_equal(f->rec.answered_by, "102");
	assert_int_equal(f->rec.nlegs, 3);
	assert_string_equal(f->rec.leg[1].number, "102");
	assert_string_equal(f->rec.leg[2].number, "101");
	assert_int_equal(f->rec.leg[2].code, 486);
}

/* The callee answers, and the caller's CANCEL crosses the 200. */
static void cancel_crosses_answer(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	b->after_ms = 500;
	phone_register(b);
	phone_call(a, "101");
	for (int i = 0; i < 600; i++) {
		run(f, 1);
		if (strstr(b->heard, "ACK sip:"))
			break;
	}
	phone_hangup(a);
	run(f, 5000);
	assert_has(b->heard, "BYE ");
	assert_null(a->inv);
	assert_null(b->inv);
	assert_int_equal(calls_count(f->calls), 0);
}

/* No sound at all from a phone that should send some. */
static void dead_sound(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	connect_two(a, b);
	for (int i = 0; i < 100 && calls_count(f->calls); i++) {
		(void)sound(a, b);
		run(f, 940);
	}
	assert_int_equal(calls_count(f->calls), 0);
	run(f, 3000);
	assert_log(a, "closed:200");
	assert_log(b, "closed:200");
	assert_record(f, 200, "answered", "system", "the system hung up: no sound arrived for too long");
}

/* The callee vanished: the call and its record end at once, only its BYE goes on for a while. */
static void dead_peer_at_end(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	connect_two(a, b);
	b->sip = mem_deref(b->sip); /* before its session, which would say BYE */
	b->inv = mem_deref(b->inv);
	phone_hangup(a);
	run(f, 3000);
	assert_log(a, "closed:0");
	assert_int_equal(calls_count(f->calls), 0);
	assert_int_equal(calls_ending(f->calls), 1);
	assert_record(f, 200, "answered", "caller", "100 hung up");
	run(f, 40000);
	assert_int_equal(calls_ending(f->calls), 0);
}

/* The connection to the callee's phone is refused at once. */
static void refused_connection(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0];
	struct contact c = {.q = 1000,
			    .uri = SLICE("sip:x@10.0.0.77;transport=tcp"),
			    .src = at("10.0.0.77:4444"),
			    .local = f->addr,
			    .transp = SIP_TRANSP_TCP,
			    .flow = 12345};

	reg_put(f, "101", &c);
	phone_call(a, "101");
	run(f, 30000);
	assert_log(a, "closed:480");
	assert_record(f, 480, "unreachable", "system", "101: the phone did not respond");
}

/* All ports are taken or rest. */
static void no_ports(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0];
	struct mstream *ms[250];
	size_t n = 0;

	while (n < ARRAY_LEN(ms) && !mstream_alloc(&ms[n], f->media, 0, MSTREAM_AUDIO, &f->addr, NULL, NULL))
		n++;
	assert_true(n < ARRAY_LEN(ms));
	phone_register(&f->p[1]);
	phone_call(a, "101");
	run(f, 1000);
	assert_log(a, "closed:500");
	run(f, 2000);
	assert_record(f, 500, "failed", "system", "101: no free port for its sound");
	while (n)
		mstream_close(ms[--n], NULL, NULL);
}

static void over_tcp(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	struct how h = {.tcp = true};

	phone_register(b);
	phone_call_how(a, "101", &h);
	run(f, 1000);
	assert_log(a, "ring:180 answered:200");
	assert_true(sound(a, b));
	phone_hangup(b);
	run(f, 1000);
	assert_log(a, "closed:200");
}

static void drain(void **state)
{
	struct fix *f = *state;

	connect_two(&f->p[0], &f->p[1]);
	f->p[3].final = 0;
	phone_register(&f->p[3]);
	phone_call(&f->p[2], "103");
	run(f, 500);
	calls_drain(f->calls, 5000, drained_h, f);
	run(f, 1000);
	assert_true(f->drained);
	assert_log(&f->p[0], "closed:200");
	assert_log(&f->p[1], "closed:200");
	assert_log(&f->p[2], "ring:180 closed:503");
	assert_log(&f->p[3], "invite closed:487");
	phone_call(&f->p[0], "101");
	run(f, 1000);
	assert_log(&f->p[0], "closed:503");
	f->drained = false;
}

static void full(void **state)
{
	struct fix *f = *state;

	f->calls->max = 1;
	connect_two(&f->p[0], &f->p[1]);
	phone_call(&f->p[2], "101");
	run(f, 1000);
	assert_log(&f->p[2], "closed:503");
	assert_has(f->p[2].heard, "Retry-After: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, fix_open, fix_close)
		T(caller_hangs_up),
		T(callee_hangs_up),
		T(system_hangs_up),
		T(cancel),
		T(refusals),
		T(no_answer),
		T(dead_phone),
		T(not_registered),
		T(call_limit),
		T(second_dial),
		T(cancel_crosses_answer),
		T(dead_sound),
		T(dead_peer_at_end),
		T(no_ports),
		T(refused_connection),
		T(over_tcp),
		T(drain),
		T(full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
