/*
 * fix.h - fixture of the user agent's tests: an in-memory network, two agents that are each other's server, and logs of
 * what they are told: "incoming answered ended:200".
 */
#ifndef UNIT_UA_FIX_H
#define UNIT_UA_FIX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/rand.h"
#include "loop/udp.h"
#include "loop/vnet.h"
#include "ua/ua_priv.h"

#define UNUSED __attribute__((unused))

enum { LOG_SIZE = 8000 };

struct who {
	struct oh_ua *ua;
	struct oh_account *acct;
	struct loop *loop;
	struct oh_call *call;
	char log[LOG_SIZE];
	size_t l;
	char text[200], peer[200], peer_name[200];
	/* behaviour */
	bool auto_answer;
	bool lenient;      /**< answering may fail */
	bool hang_at_once; /**< hangs up in the event itself */
	bool follow;       /**< goes where it is sent to */
	struct oh_call *followed;
	struct oh_call_options opt;
};

struct fix {
	struct vnet *net;
	struct who a, b;
	size_t live;
};

static UNUSED void note(struct who *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void note(struct who *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(w->log + w->l, LOG_SIZE - w->l, fmt, ap);
	va_end(ap);
	assert_true(n > 0 && (size_t)n + 2 < LOG_SIZE - w->l);
	w->l += (size_t)n;
	w->log[w->l++] = ' ';
	w->log[w->l] = 0;
}

static UNUSED void assert_log(struct who *w, const char *want)
{
	if (w->l)
		w->log[w->l - 1] = 0;
	assert_string_equal(w->log, want);
	w->l = 0;
	w->log[0] = 0;
}

static void incoming(struct who *w, const struct oh_event *ev)
{
	note(w, "incoming");
	w->call = ev->call;
	snprintf(w->peer, sizeof(w->peer), "%s", ev->peer);
	snprintf(w->peer_name, sizeof(w->peer_name), "%s", ev->peer_name);
	if (w->auto_answer) {
		int err = oh_call_answer(ev->call, &w->opt);

		if (err && w->lenient)
			(void)!oh_call_reject(ev->call, 500, NULL);
		else
			assert_int_equal(err, 0);
	}
	if (w->hang_at_once)
		oh_call_hangup(ev->call);
}

static void event_h(struct oh_ua *ua, const struct oh_event *ev, void *arg)
{
	static const char *const words[] = {
		[OH_CALL_HELD] = "held",
		[OH_CALL_RESUMED] = "resumed",
		[OH_CALL_PLAYED] = "played",
		[OH_CALL_ANSWERED] = "answered",
	};
	struct who *w = arg;

	(void)ua;
	assert_non_null(ev->text);
	switch (ev->type) {
	case OH_REGISTERED:
		note(w, "registered:%u", ev->expires);
		break;
	case OH_UNREGISTERED:
		note(w, "unregistered:%u", ev->code);
		break;
	case OH_REGISTER_FAILED:
		note(w, "regfail:%u", ev->code);
		break;
	case OH_CALL_INCOMING:
		incoming(w, ev);
		break;
	case OH_CALL_RINGING:
		note(w, "ringing:%u", ev->code);
		break;
	case OH_CALL_EARLY:
		note(w, "early:%u", ev->code);
		break;
	case OH_CALL_CHANGED:
		note(w, "changed:%u", ev->code);
		break;
	case OH_CALL_DTMF:
		note(w, "dtmf:%c", ev->digit);
		break;
	case OH_CALL_HELD:
	case OH_CALL_RESUMED:
	case OH_CALL_PLAYED:
	case OH_CALL_ANSWERED:
		note(w, "%s", words[ev->type]);
		break;
	case OH_CALL_TRANSFER:
		note(w, "transfer:%u", ev->code);
		break;
	case OH_CALL_REFERRED:
		note(w, "referred:%s", ev->text);
		if (w->follow)
			assert_int_equal(oh_call_follow(ev->call, &w->followed, &w->opt), 0);
		/* once is enough */
		if (w->follow)
			assert_int_equal(oh_call_follow(ev->call, NULL, &w->opt), OH_ERR_STATE);
		break;
	case OH_CALL_ENDED:
		note(w, "ended:%u", ev->code);
		snprintf(w->text, sizeof(w->text), "%s", ev->text);
		if (w->call == ev->call)
			w->call = NULL;
		if (w->followed == ev->call)
			w->followed = NULL;
		break;
	}
}

static UNUSED void who_open(struct fix *f, struct who *w, const char *ip)
{
	struct oh_ua_config cfg = {.listen = ip, .sip_port = 5060, .on_event = event_h, .arg = w};

	assert_int_equal(loop_alloc_virtual(&w->loop, f->net), 0);
	assert_int_equal(ua_new_on(&w->ua, &cfg, w->loop), 0);
}

static UNUSED void who_account(struct who *w, const char *user, const char *server, bool reg)
{
	const struct oh_account_config ac = {.user = user,
					     .password = "secret-word",
					     .display = "Somebody \"S\"",
					     .server = server,
					     .do_register = reg};

	assert_int_equal(oh_account_add(w->ua, &w->acct, &ac), 0);
}

static UNUSED void who_close(struct fix *f, struct who *w)
{
	oh_ua_free(w->ua);
	w->ua = NULL;
	vnet_run(f->net, 10);
	w->loop = mem_deref(w->loop);
}

static UNUSED int fix_open(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));

	log_set_level(LOG_ERROR);
	rand_seed(3);
	f->live = mem_live();
	assert_int_equal(vnet_alloc(&f->net, 1), 0);
	who_open(f, &f->a, "10.0.0.1");
	who_open(f, &f->b, "10.0.0.2");
	who_account(&f->a, "alice", "10.0.0.2", false);
	who_account(&f->b, "bob", "10.0.0.1", false);
	f->a.opt = (struct oh_call_options){.play_tone_hz = 440, .record = true};
	f->b.opt = (struct oh_call_options){.play_tone_hz = 660, .record = true};
	*state = f;
	return 0;
}

static UNUSED int fix_close(void **state)
{
	struct fix *f = *state;

	if (f->a.ua)
		who_close(f, &f->a);
	if (f->b.ua)
		who_close(f, &f->b);
	vnet_run(f->net, 100);
	mem_deref(f->net);
	if (mem_live() != f->live)
		mem_leaks();
	assert_int_equal(mem_live(), f->live);
	rand_seed(0);
	free(f);
	return 0;
}

static UNUSED void run(struct fix *f, uint64_t ms)
{
	vnet_run(f->net, ms);
}

static UNUSED void call(struct fix *f)
{
	assert_int_equal(oh_call_start(f->a.acct, &f->a.call, "bob", &f->a.opt), 0);
	run(f, 100);
}

static UNUSED void talk(struct fix *f)
{
	f->b.auto_answer = true;
	call(f);
	assert_log(&f->a, "answered");
	assert_log(&f->b, "incoming answered");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fix_open, fix_close)

#endif
