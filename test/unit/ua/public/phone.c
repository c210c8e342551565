/*
 * phone.c - the smallest program on liboffhook: it calls itself, hears itself, and hangs up.
 *
 * Built by public_test.c with nothing but include/ and liboffhook.a. It is its own server: the account's server is the
 * address that it listens on. Ends with 0 when all went as it should.
 */
#include <offhook/ua.h>
#include <stdio.h>
#include <string.h>

struct phone {
	struct oh_ua *ua;
	struct oh_call *out;
	struct oh_call_options sound;
	int ended, result;
};

static void check(void *arg)
{
	struct phone *p = arg;
	double share = oh_call_heard(p->out, 440, 300);

	printf("440 Hz: %.2f\n", share);
	p->result = share > 0.8 ? 0 : 3;
	oh_call_hangup(p->out);
}

static void event(struct oh_ua *ua, const struct oh_event *ev, void *arg)
{
	struct phone *p = arg;
	int err = 0;

	switch (ev->type) {
	case OH_CALL_INCOMING:
		printf("call from %s\n", ev->peer);
		err = oh_call_answer(ev->call, &p->sound);
		break;
	case OH_CALL_ANSWERED:
		if (ev->call == p->out)
			err = oh_ua_after(ua, 800, check, p);
		break;
	case OH_CALL_ENDED:
		printf("ended: %u %s\n", ev->code, ev->text);
		if (++p->ended == 2)
			oh_ua_stop(ua);
		break;
	default:
		break;
	}
	if (err)
		printf("failed: %s\n", oh_strerror(err));
}

static void give_up(void *arg)
{
	struct phone *p = arg;

	p->result = 4;
	oh_ua_stop(p->ua);
}

int main(void)
{
	struct phone p = {.result = 2, .sound = {.play_tone_hz = 440, .record = true}};
	struct oh_ua_config uc = {
		.listen = "127.0.0.1", .rtp_lo = 28000, .rtp_hi = 28999, .on_event = event, .arg = &p};
	struct oh_account_config ac = {.user = "me"};
	struct oh_account *me;
	char server[32];
	int err = oh_ua_new(&p.ua, &uc);

	if (err) {
		printf("no agent: %s\n", oh_strerror(err));
		return 1;
	}
	snprintf(server, sizeof(server), "127.0.0.1:%u", (unsigned)oh_ua_port(p.ua, OH_UDP));
	ac.server = server;
	err = oh_account_add(p.ua, &me, &ac);
	if (!err)
		err = oh_call_start(me, &p.out, "me", &p.sound);
	if (!err)
		err = oh_ua_after(p.ua, 20000, give_up, &p);
	if (!err)
		err = oh_ua_run(p.ua);
	if (err)
		printf("failed: %s\n", oh_strerror(err));
	oh_ua_free(p.ua);
	if (!strlen(oh_version()))
		return 5;
	return err ? 1 : p.result;
}
