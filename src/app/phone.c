/*
 * phone.c - `phone --headless`: a phone without sound devices, built on liboffhook's public interface.
 *
 * It registers, calls or answers, plays a file or a tone, and says in plain lines what happened and
 * what it heard. Its exit status makes it a test of a line: 0 only if all went as asked.
 */
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include "app/cli.h"
#include "base/log.h"
#include "offhook/ua.h"

const struct opt phone_opts[] = {
	{.name = "headless", .help = "without sound devices (needed)"},
	{.name = "user", .arg = "NUMBER", .help = "number to register as (needed)"},
	{.name = "password",
	 .arg = "TEXT",
	 .env = "OFFHOOK_PHONE_PASSWORD",
	 .help = "its SIP password; - reads it from standard input"},
	{.name = "server",
	 .arg = "HOST[:PORT]",
	 .def = "127.0.0.1, port 5060 or 5061 (TLS)",
	 .help = "SIP server, an address or name"},
	{.name = "transport", .arg = "udp|tcp|tls", .def = "udp", .words = "udp tcp tls", .help = "how to reach it"},
	{.name = "tls-ca",
	 .arg = "FILE",
	 .words = "@file",
	 .help = "PEM file of certificates to trust beside the system's"},
	{.name = "tls-name",
	 .arg = "NAME",
	 .help = "name that the server's certificate must prove; default: its address"},
	{.name = "tls-any", .help = "take any certificate: encrypted, but who knows by whom"},
	{.name = "name", .arg = "TEXT", .help = "name shown to the other party"},
	{.name = "call", .arg = "NUMBER", .help = "call this number"},
	{.name = "answer", .help = "answer calls; ends after the first"},
	{.name = "play", .arg = "FILE.wav", .words = "@file", .help = "send this file, over and over"},
	{.name = "tone", .arg = "HZ", .help = "send a tone"},
	{.name = "record", .arg = "FILE.wav", .words = "@file", .help = "keep what is heard"},
	{.name = "expect-tone", .arg = "HZ", .help = "fail unless this tone is heard"},
	{.name = "codecs",
	 .arg = "LIST",
	 .def = "PCMU,PCMA",
	 .help = "codecs by preference: opus,g722,pcma,pcmu,gsm,speex,g726-32,l16/16000 ..."},
	{.name = "srtp",
	 .arg = "HOW",
	 .def = "best_effort with --transport tls, else off",
	 .words = "off best_effort offered required",
	 .help = "encrypt the sound: off, best_effort, offered or required"},
	{.name = "srtp-suites",
	 .arg = "LIST",
	 .help = "its suites by preference: AEAD_AES_128_GCM,AES_CM_128_HMAC_SHA1_80 ..."},
	{.name = "dtmf", .arg = "DIGITS", .help = "press these keys once the call is answered"},
	{.name = "seconds",
	 .arg = "N",
	 .help = "hang up N seconds after the answer (default 10 with --call; with --answer the other party decides)"},
	{.name = "hold-after", .arg = "N", .help = "hold the call N seconds after the answer, for 2 seconds"},
	{.name = "wait",
	 .arg = "N",
	 .def = "60",
	 .help = "give up when there is no call, or no answer, after N seconds"},
	{.name = "listen", .arg = "ADDR", .help = "own address, else any"},
};
const size_t phone_nopts = ARRAY_LEN(phone_opts);

enum { TICK_MS = 100, HOLD_MS = 2000, HEARD_MS = 1000 };

enum phase { PHASE_REGISTER, PHASE_WAIT, PHASE_CALL, PHASE_TALK, PHASE_OVER };
struct phone {
	struct oh_ua *ua;
	struct oh_account *account;
	struct oh_call *call;
	struct oh_call_options how;
	char codecs[128], suites[192];
	const char *target, *record, *dtmf, *user, *server;
	bool answer;
	uint32_t expect_hz, seconds, hold_after, wait;
	enum phase phase;
	uint64_t ticks; /**< since the phase began */
	bool held, resumed, dtmf_sent, hanging_up;
	double heard;  /**< best share of the expected tone */
	unsigned code; /**< how the call ended */
	char text[96];
	bool answered;
	int status; /**< exit status so far */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int signum)
{
	(void)signum;
	interrupted = 1;
}

static void say(const char *fmt, ...) PRINTF_LIKE(1, 2);
static void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	(void)fflush(stdout);
}

static void set_phase(struct phone *p, enum phase ph)
{
	p->phase = ph;
	p->ticks = 0;
}

static void finish(struct phone *p, int status)
{
	if (p->phase == PHASE_OVER)
		return;
	set_phase(p, PHASE_OVER);
	p->status = status;
	oh_ua_stop(p->ua);
}

/* ------------------------------------------------------------------ the call */

static void start_call(struct phone *p)
{
	int err = oh_call_start(p->account, &p->call, p->target, &p->how);

	if (err) {
		say("calling %s failed: %s", p->target, oh_strerror(err));
		finish(p, CLI_FAILED);
		return;
	}
	say("calling %s", p->target);
	set_phase(p, PHASE_CALL);
}

static void registered(struct phone *p, const struct oh_event *ev)
{
	if (p->phase != PHASE_REGISTER)
		return; /* a refresh */
	say("registered as %s at %s for %u s", p->user, p->server, ev->expires);
	if (p->target) {
		start_call(p);
	} else {
		say("waiting for calls");
		set_phase(p, PHASE_WAIT);
	}
}

static void incoming(struct phone *p, const struct oh_event *ev)
{
	say("call from %s%s%s", ev->peer ? ev->peer : "?", ev->peer_name && *ev->peer_name ? " " : "",
	    ev->peer_name ? ev->peer_name : "");
	if (p->call || !p->answer) {
		(void)oh_call_reject(ev->call, 486, NULL);
		return;
	}
	p->call = ev->call;
	int err = oh_call_answer(ev->call, &p->how);
	if (err) {
		say("answering failed: %s", oh_strerror(err));
		finish(p, CLI_FAILED);
	}
}

static void talk(struct phone *p)
{
	p->answered = true;
	say("answered");
	set_phase(p, PHASE_TALK);
}

/* Remember how well the expected tone was heard at its best: silence at hold or before the end does not count against
 * it. */
static void listen_in(struct phone *p)
{
	if (!p->expect_hz || !p->call)
		return;
	double share = oh_call_heard(p->call, p->expect_hz, HEARD_MS);
	if (share > p->heard)
		p->heard = share;
}

static void report_sound(struct phone *p, const struct oh_call *call)
{
	struct oh_call_stats st;

	oh_call_get_stats(call, &st);
	say("sound: %llu packets sent, %llu received, %llu lost, jitter %.1f ms%s%s%s", (unsigned long long)st.sent,
	    (unsigned long long)st.received, (unsigned long long)st.lost, st.jitter_us / 1000.0, *st.codec ? ", " : "",
	    st.codec, st.encrypted ? ", encrypted" : "");
	if (st.mos > 0)
		say("quality: MOS %.2f", st.mos);
	if (p->record) {
		int err = oh_call_save(call, p->record);

		if (err)
			say("%s could not be written: %s", p->record, oh_strerror(err));
		else
			say("what was heard is in %s", p->record);
		if (err)
			p->status = CLI_FAILED;
	}
}

static void ended(struct phone *p, const struct oh_event *ev)
{
	int status = CLI_OK;

	if (ev->call != p->call)
		return;
	listen_in(p);
	p->code = ev->code;
	(void)slice_copy(p->text, sizeof(p->text), slice_str(ev->text));
	if (p->hanging_up && p->answered)
		say("ended by us");
	else
		say("ended: %u%s%s", ev->code, *p->text ? " " : "", p->text);
	if (p->answered)
		report_sound(p, ev->call);
	if (!p->answered)
		status = ev->code == 404 ? CLI_NOT_FOUND : CLI_FAILED;
	if (p->expect_hz) {
		bool ok = p->heard >= 0.5;

		say("%u Hz: %s (%.0f %% of the sound)", p->expect_hz, ok ? "heard" : "not heard", p->heard * 100);
		if (!ok)
			status = CLI_FAILED;
	}
	p->call = NULL;
	finish(p, status ? status : p->status);
}

/* ------------------------------------------------------------------ events and time */

static void on_event(struct oh_ua *ua, const struct oh_event *ev, void *arg)
{
	struct phone *p = arg;

	(void)ua;
	switch (ev->type) {
	case OH_REGISTERED:
		registered(p, ev);
		break;
	case OH_REGISTER_FAILED:
		say("registration failed: %u %s", ev->code, ev->text ? ev->text : "");
		if (p->phase == PHASE_REGISTER)
			finish(p, CLI_NO_SERVER);
		break;
	case OH_CALL_INCOMING:
		incoming(p, ev);
		break;
	case OH_CALL_RINGING:
		say("ringing (%u)", ev->code);
		break;
	case OH_CALL_EARLY:
		say("early sound (%u)", ev->code);
		break;
	case OH_CALL_ANSWERED:
		talk(p);
		break;
	case OH_CALL_HELD:
		say("the other party holds the call");
		break;
	case OH_CALL_RESUMED:
		say("the other party resumes the call");
		break;
	case OH_CALL_CHANGED:
		say("change of the call: %u %s", ev->code, ev->text ? ev->text : "");
		break;
	case OH_CALL_DTMF:
		say("key %c", ev->digit);
		break;
	case OH_CALL_ENDED:
		ended(p, ev);
		break;
	case OH_UNREGISTERED:
	case OH_CALL_PLAYED:
	case OH_CALL_TRANSFER:
	case OH_CALL_REFERRED:
		break;
	}
}

static void hang_up(struct phone *p, const char *why)
{
	if (p->hanging_up)
		return;
	p->hanging_up = true;
	say("hanging up%s%s", *why ? ": " : "", why);
	listen_in(p);
	if (p->call)
		oh_call_hangup(p->call);
}

/* Hold, resume, keys, end: by the clock since the answer. */
static void talk_tick(struct phone *p)
{
	uint64_t ms = p->ticks * TICK_MS;

	listen_in(p);
	if (p->dtmf && !p->dtmf_sent && ms >= 500) {
		p->dtmf_sent = true;
		if (oh_call_dtmf(p->call, p->dtmf))
			say("the other party takes no keys");
	}
	if (p->hold_after && !p->held && ms >= p->hold_after * 1000ull) {
		p->held = true;
		say("holding");
		(void)oh_call_hold(p->call, true);
	} else if (p->held && !p->resumed && ms >= p->hold_after * 1000ull + HOLD_MS) {
		p->resumed = true;
		say("resuming");
		(void)oh_call_hold(p->call, false);
	}
	if (p->seconds && ms >= p->seconds * 1000ull)
		hang_up(p, "");
}

static void tick(void *arg)
{
	struct phone *p = arg;

	p->ticks++;
	uint64_t s = p->ticks * TICK_MS / 1000;
	if (p->phase == PHASE_OVER)
		return;
	if (interrupted) {
		interrupted = 0;
		if (!p->call || p->hanging_up) {
			finish(p, p->answer || !p->target ? CLI_OK : CLI_FAILED);
			return;
		}
		hang_up(p, "interrupted");
	} else if (p->phase == PHASE_REGISTER && s >= (p->wait < 35 ? p->wait : 35)) {
		say("no answer from %s", p->server);
		finish(p, CLI_NO_SERVER);
		return;
	} else if (p->phase == PHASE_WAIT && p->answer && s >= p->wait) {
		say("no call in %u s", p->wait);
		finish(p, CLI_FAILED);
		return;
	} else if (p->phase == PHASE_WAIT && !p->answer && p->seconds && s >= p->seconds) {
		finish(p, CLI_OK);
		return;
	} else if (p->phase == PHASE_CALL && s >= p->wait && !p->hanging_up) {
		hang_up(p, "no answer");
	} else if (p->phase == PHASE_TALK && p->call) {
		talk_tick(p);
	}
	if (p->phase != PHASE_OVER && oh_ua_after(p->ua, TICK_MS, tick, p))
		finish(p, CLI_FAILED);
}

/* ------------------------------------------------------------------ options */

/* A list with commas, as the library wants it. False: too long. */
static bool read_list(const struct cli *c, const char *name, char *dst, size_t size, const char **to)
{
	const char *v = cli_opt(c, name);

	if (!v)
		return true;
	if (!slice_copy(dst, size, slice_str(v))) {
		(void)cli_usage(c, "--%s is too long.", name);
		return false;
	}
	for (char *s = dst; *s; s++) {
		if (*s == ',')
			*s = ' ';
	}
	*to = dst;
	return true;
}

static int read_srtp(struct phone *p, const struct cli *c)
{
	static const char *const words[] = {"off", "best_effort", "offered", "required"};
	const char *v = cli_opt(c, "srtp"), *tp = cli_opt(c, "transport");

	p->how.srtp = tp && !strcmp(tp, "tls") ? OH_SRTP_BEST_EFFORT : OH_SRTP_OFF;
	for (size_t i = 0; v && i < ARRAY_LEN(words); i++) {
		if (!strcmp(v, words[i])) {
			p->how.srtp = (enum oh_srtp)i;
			return CLI_OK;
		}
	}
	return v ? cli_usage(c, "--srtp is off, best_effort, offered or required.") : CLI_OK;
}

static int read_sound(struct phone *p, const struct cli *c)
{
	uint32_t tone = 0;

	p->how.play_file = cli_opt(c, "play");
	p->record = cli_opt(c, "record");
	if (!cli_number(c, "tone", 20, 3900, &tone) || !cli_number(c, "expect-tone", 20, 3900, &p->expect_hz))
		return CLI_USAGE;
	if (tone && p->how.play_file)
		return cli_usage(c, "--play or --tone, not both.");
	p->how.play_tone_hz = tone;
	p->how.record = p->record || p->expect_hz;
	if (!read_list(c, "codecs", p->codecs, sizeof(p->codecs), &p->how.codecs) ||
	    !read_list(c, "srtp-suites", p->suites, sizeof(p->suites), &p->how.srtp_suites))
		return CLI_USAGE;
	return read_srtp(p, c);
}

static int read_options(struct phone *p, const struct cli *c)
{
	const char *tp = cli_opt(c, "transport");

	if (!cli_flag(c, "headless"))
		return cli_usage(c, "this phone works without sound devices only: give --headless.");
	p->user = cli_opt(c, "user");
	p->server = cli_opt(c, "server") ? cli_opt(c, "server") : "127.0.0.1";
	p->target = cli_opt(c, "call");
	p->answer = cli_flag(c, "answer");
	p->dtmf = cli_opt(c, "dtmf");
	p->wait = 60;
	p->seconds = p->target ? 10 : 0;
	if (!p->user)
		return cli_usage(c, "--user is missing.");
	if (p->target && p->answer)
		return cli_usage(c, "--call or --answer, not both.");
	if (tp && strcmp(tp, "udp") && strcmp(tp, "tcp") && strcmp(tp, "tls"))
		return cli_usage(c, "--transport is udp, tcp or tls.");
	if (!cli_number(c, "seconds", 1, 86400, &p->seconds) ||
	    !cli_number(c, "hold-after", 1, 86400, &p->hold_after) || !cli_number(c, "wait", 1, 86400, &p->wait))
		return CLI_USAGE;
	return read_sound(p, c);
}

static const char *read_password(const struct cli *c)
{
	static char line[256];
	const char *v = cli_opt(c, "password");

	if (!v || strcmp(v, "-"))
		return v ? v : "";
	if (!fgets(line, sizeof(line), stdin))
		return "";
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

static int start(struct phone *p, const struct cli *c)
{
	const char *tp = cli_opt(c, "transport");
	bool tls = tp && strcmp(tp, "tls") == 0;
	struct oh_ua_config uc = {
		.listen = cli_opt(c, "listen"), .tls_ca = cli_opt(c, "tls-ca"), .on_event = on_event, .arg = p};
	struct oh_account_config ac = {.user = p->user,
				       .password = read_password(c),
				       .display = cli_opt(c, "name"),
				       .server = p->server,
				       .transport = tls                            ? OH_TLS
						    : tp && strcmp(tp, "tcp") == 0 ? OH_TCP
										   : OH_UDP,
				       .tls_name = cli_opt(c, "tls-name"),
				       .tls_any = cli_flag(c, "tls-any"),
				       .do_register = true};
	int err = oh_ua_new(&p->ua, &uc);

	if (err)
		return cli_fail(CLI_FAILED, "the phone could not be started: %s.", oh_strerror(err));
	err = oh_account_add(p->ua, &p->account, &ac);
	if (err == OH_ERR_SYNTAX)
		return cli_usage(c, "--server: \"%s\" is not an address or name with an optional port.", p->server);
	if (err == EINVAL && tls)
		return cli_usage(c, "--tls-ca: the file cannot be read, or there is no certificate in it.");
	if (!err)
		err = oh_ua_after(p->ua, TICK_MS, tick, p);
	if (err)
		return cli_fail(CLI_FAILED, "the phone could not be started: %s.", oh_strerror(err));
	return CLI_OK;
}

int verb_phone(struct cli *c)
{
	struct phone p = {0};
	int rc = read_options(&p, c);

	if (rc)
		return rc;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, SIG_IGN);
	log_set_level(LOG_WARN);
	rc = start(&p, c);
	if (!rc) {
		int err = oh_ua_run(p.ua);

		rc = err ? cli_fail(CLI_FAILED, "the phone failed: %s.", oh_strerror(err)) : p.status;
	}
	if (p.ua)
		oh_ua_free(p.ua);
	return rc;
}
