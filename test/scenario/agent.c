/*
 * agent.c - the agents of the scenarios: a phone made of the user agent library that writes down what happens to it.
 */
#include "scenario.h"

static void note(struct agent *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void note(struct agent *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(a->log + a->l, AGENT_LOG - a->l, fmt, ap);
	va_end(ap);
	assert_true(n > 0 && (size_t)n + 2 < AGENT_LOG - a->l);
	a->l += (size_t)n;
	a->log[a->l++] = ' ';
	a->log[a->l] = 0;
}

/* ------------------------------------------------------------------ behaviour */

struct later {
	struct agent *a;
	struct oh_call *c;
};

/* With the agent's options; without a codec in common the call is refused. */
static void answer(struct agent *a, struct oh_call *c)
{
	int err = oh_call_answer(c, &a->opt);

	assert_true(!err || err == ENOTSUP);
}

static void answer_h(void *arg)
{
	struct later *l = arg;

	if (l->a->call == l->c)
		answer(l->a, l->c);
	free(l);
}

static void answer_later(struct agent *a, struct oh_call *c)
{
	struct later *l = malloc(sizeof(*l));

	*l = (struct later){a, c};
	assert_int_equal(oh_ua_after(a->ua, a->answer_ms, answer_h, l), 0);
}

static void incoming(struct agent *a, struct oh_call *c)
{
	switch (a->mood) {
	case WAIT:
		break;
	case RING:
		assert_int_equal(oh_call_ring(c), 0);
		break;
	case ANSWER:
		answer(a, c);
		break;
	case RING_ANSWER:
		assert_int_equal(oh_call_ring(c), 0);
		answer_later(a, c);
		break;
	case EARLY:
		assert_int_equal(oh_call_early(c, &a->opt), 0);
		if (a->answer_ms)
			answer_later(a, c);
		break;
	case REJECT:
		assert_int_equal(oh_call_reject(c, a->reject_code, a->redirect), 0);
		break;
	}
}

static void user_of(char *dst, size_t size, const char *uri)
{
	const char *p = strchr(uri, ':'), *at = strchr(uri, '@');

	snprintf(dst, size, "%.*s", p && at > p ? (int)(at - p - 1) : 0, p ? p + 1 : "");
}

static void event_h(struct oh_ua *ua, const struct oh_event *ev, void *arg)
{
	struct agent *a = arg;
	char user[64];

	(void)ua;
	switch (ev->type) {
	case OH_REGISTERED:
		note(a, "registered:%u", ev->expires);
		break;
	case OH_UNREGISTERED:
		note(a, "unregistered");
		break;
	case OH_REGISTER_FAILED:
		note(a, "regfail:%u", ev->code);
		snprintf(a->text, sizeof(a->text), "%s", ev->text);
		break;
	case OH_CALL_INCOMING:
		user_of(user, sizeof(user), ev->peer);
		note(a, "incoming:%s", user);
		snprintf(a->peer_name, sizeof(a->peer_name), "%s", ev->peer_name);
		a->call = ev->call;
		incoming(a, ev->call);
		break;
	case OH_CALL_RINGING:
		note(a, "ringing:%u", ev->code);
		break;
	case OH_CALL_EARLY:
		note(a, "early:%u", ev->code);
		break;
	case OH_CALL_ANSWERED:
		note(a, "answered");
		break;
	case OH_CALL_HELD:
		note(a, "held");
		break;
	case OH_CALL_RESUMED:
		note(a, "resumed");
		break;
	case OH_CALL_CHANGED:
		note(a, "changed:%u", ev->code);
		break;
	case OH_CALL_DTMF:
		note(a, "dtmf:%c", ev->digit);
		break;
	case OH_CALL_TRANSFER:
		note(a, "transfer:%u", ev->code);
		break;
	case OH_CALL_REFERRED:
		user_of(user, sizeof(user), ev->text);
		note(a, "referred:%s", user);
		if (a->follow)
			assert_int_equal(oh_call_follow(ev->call, &a->call, &a->opt), 0);
		break;
	case OH_CALL_PLAYED:
		note(a, "played");
		break;
	case OH_CALL_ENDED:
		note(a, "ended:%u", ev->code);
		snprintf(a->text, sizeof(a->text), "%s", ev->text);
		if (a->call == ev->call)
			a->call = NULL;
		break;
	}
}

/* ------------------------------------------------------------------ life */

void agent_open_with(struct scene *s, struct agent *a, const char *ip, const struct oh_account_config *ac)
{
	char ca[100];
	struct oh_ua_config cfg = {.listen = ip, .sip_port = 5060, .tls_ca = ca, .on_event = event_h, .arg = a};

	snprintf(ca, sizeof(ca), "%s/cert.pem", s->tls_dir);

	a->s = s;
	a->number = ac->user;
	snprintf(a->ip, sizeof(a->ip), "%s", ip);
	a->tp = ac->transport;
	assert_int_equal(loop_alloc_virtual(&a->loop, s->net), 0);
	assert_int_equal(ua_new_on(&a->ua, &cfg, a->loop), 0);
	assert_int_equal(oh_account_add(a->ua, &a->acct, ac), 0);
}

void agent_open(struct scene *s, struct agent *a, const char *number, const char *ip, enum oh_transport tp)
{
	const struct oh_account_config ac = {.user = number,
					     .password = PASSWORD,
					     .transport = tp,
					     .server = strchr(ip, ':') ? "[" SERVER6 "]" : SERVER4};

	agent_open_with(s, a, ip, &ac);
}

void agent_register(struct agent *a)
{
	assert_int_equal(oh_account_register(a->acct, true), 0);
	agent_wait(a, "registered:3600", 5000);
	assert_log(a, "registered:3600");
}

enum oh_transport agents_transport = OH_UDP;

void agents_ready(struct scene *s, size_t n)
{
	static const struct {
		const char *number, *ip;
	} who[AGENTS] = {{"100", "10.0.0.11"}, {"101", "10.0.0.12"}, {"102", "10.0.0.13"}, {"101", "10.0.0.14"}};
	struct agent *v[AGENTS] = {&s->a, &s->b, &s->c, &s->d};

	for (size_t i = 0; i < n; i++) {
		agent_open(s, v[i], who[i].number, who[i].ip, agents_transport);
		agent_register(v[i]);
	}
	tones(s);
}

void agent_close(struct agent *a)
{
	if (!a->ua)
		return;
	LIST_EACH (&a->ua->calls, k)
		oh_call_hangup(LINK_OBJ(k, struct oh_call, le));
	vnet_run(a->s->net, 2000);
	oh_ua_free(a->ua);
	a->ua = NULL;
	a->acct = NULL;
	a->call = NULL;
	vnet_run(a->s->net, 100);
	a->loop = mem_deref(a->loop);
}

void agent_call(struct agent *a, const char *to)
{
	assert_int_equal(oh_call_start(a->acct, &a->call, to, &a->opt), 0);
}

/* ------------------------------------------------------------------ its log */

struct waiting {
	struct agent *a;
	const char *word;
};

bool agent_has(const struct agent *a, const char *word)
{
	size_t l = strlen(word);

	for (const char *p = a->log; (p = strstr(p, word)); p++)
		if ((p == a->log || p[-1] == ' ') && p[l] == ' ')
			return true;
	return false;
}

static bool waited(void *arg)
{
	struct waiting *w = arg;

	return agent_has(w->a, w->word);
}

void agent_wait(struct agent *a, const char *word, uint64_t ms)
{
	struct waiting w = {a, word};

	if (!vnet_run_until(a->s->net, waited, &w, ms))
		fail_msg("%s waits for \"%s\" but has \"%s\"", a->number, word, a->log);
}

void assert_log(struct agent *a, const char *want)
{
	if (a->l)
		a->log[a->l - 1] = 0;
	if (strcmp(a->log, want))
		fail_msg("%s has \"%s\", not \"%s\"", a->number, a->log, want);
	log_clear(a);
}

void log_clear(struct agent *a)
{
	a->l = 0;
	a->log[0] = 0;
}

/* ------------------------------------------------------------------ sound */

unsigned tone_of(const struct agent *a)
{
	const struct scene *s = a->s;

	return a == &s->a ? 440 : a == &s->b ? 660 : a == &s->c ? 880 : 1100;
}

void tones(struct scene *s)
{
	struct agent *v[AGENTS] = {&s->a, &s->b, &s->c, &s->d};

	for (size_t i = 0; i < AGENTS; i++) {
		v[i]->s = s;
		v[i]->opt.play_tone_hz = tone_of(v[i]);
		v[i]->opt.record = true;
	}
}

/* Share of a tone in what arrives within the next second; how many samples arrive. */
double hear(struct agent *a, unsigned hz, size_t *n)
{
	assert_non_null(a->call);
	assert_non_null(a->call->rec);
	size_t before = recorder_len(a->call->rec);
	scene_run(a->s, 1000);
	assert_non_null(a->call);
	*n = recorder_len(a->call->rec) - before;
	return *n ? oh_call_heard(a->call, hz, (uint32_t)(*n / 8)) : 0;
}

void assert_hears(struct agent *a, const struct agent *b)
{
	size_t n;
	double share = hear(a, tone_of(b), &n);

	if (share < 0.8 || n < 7000)
		fail_msg("%s hears %.3f of %s (%u Hz) in %zu samples", a->ip, share, b->ip, tone_of(b), n);
}

void assert_hears_not(struct agent *a, const struct agent *b)
{
	size_t n;
	double share = hear(a, tone_of(b), &n);

	if (share > 0.05)
		fail_msg("%s hears %.3f of %s (%u Hz) in %zu samples", a->ip, share, b->ip, tone_of(b), n);
}

void talk(struct agent *a, struct agent *b, const char *to)
{
	if (b->mood == WAIT)
		b->mood = ANSWER;
	agent_call(a, to);
	agent_wait(a, "answered", 30000);
	agent_wait(b, "answered", 30000);
	scene_run(a->s, 1500);
	log_clear(a);
	log_clear(b);
}

void end_call(struct agent *a, struct agent *b)
{
	oh_call_hangup(a->call);
	agent_wait(a, "ended:0", 5000);
	agent_wait(b, "ended:200", 5000);
	assert_log(a, "ended:0");
	assert_log(b, "ended:200");
}
