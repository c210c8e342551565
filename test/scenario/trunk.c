/*
 * trunk.c - lines to providers: registered, called out by, called in by, over UDP, TCP and TLS; what goes wrong, in
 * words; servers that die; strangers and forgers.
 */
#include "scenario.h"
#include "../unit/call/provider.h"
#include "loop/dns.h"
#include "pbx/conference.h"
#include "pbx/plan.h"
#include "pbx/trunk.h"

#define OUTSIDE "0301234567"

static struct provider p1, p2;
static bool opened;
static struct sa ours, cut; /* nothing reaches or leaves `cut` */

/* ------------------------------------------------------------------ begin and end */

static bool filter(const struct sa *src, const struct sa *dst, struct slice data, void *arg)
{
	(void)data;
	(void)arg;
	return !sa_isset(&cut) || (!sa_eq_addr(src, &cut) && !sa_eq_addr(dst, &cut));
}

static void row_done(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	struct scene *s = arg;

	(void)row;
	(void)id;
	s->change_err = err;
	if (err)
		print_message("%s\n", why ? why : "");
}

/* A row of any table; `obj` is consumed, NULL removes it. */
static void row(struct scene *s, enum change_op op, const struct resource *r, const char *key, json_t *obj)
{
	struct change_item it = {op, r, key, obj};

	s->change_err = -1;
	pbx_change(s->pbx, &it, 1, "test", NULL, row_done, s);
	scene_run(s, 50);
	json_decref(obj);
	assert_int_equal(s->change_err, 0);
}

static void set(struct scene *s, const char *name, const char *value)
{
	row(s, CHANGE_UPDATE, &pbx_trunk_resource, "isp", json_pack("{s:s}", name, value));
	scene_run(s, 1000);
}

/* Two servers at 10.9.0.1 and 10.9.0.2, the trunk "isp" to `server`, a route for 0..., our number for phone 100. */
static void open_trunk(struct scene *s, const char *server, const char *transport)
{
	ours = address(SERVER4 ":5060");
	if (!opened) {
		provider_open(&p1, s->loop, "10.9.0.1");
		provider_open(&p2, s->loop, "10.9.0.2");
		opened = true;
	}
	row(s, CHANGE_CREATE, &pbx_trunk_resource, "isp",
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name", "isp", "server", server, "transport", transport, "user",
		      "acct", "password", "secret", "domain", "isp.example"));
	row(s, CHANGE_CREATE, &pbx_numbering_resource, "main",
	    json_pack("{s:s, s:s, s:s}", "name", "main", "country", "DE", "area_code", "40"));
	row(s, CHANGE_CREATE, &pbx_route_out_resource, "all",
	    json_pack("{s:s, s:s, s:s}", "name", "all", "pattern", "0", "trunks", "isp"));
	row(s, CHANGE_CREATE, &pbx_did_resource, "+49401234",
	    json_pack("{s:s, s:s}", "number", "+49401234", "target", "100"));
	scene_run(s, 1000);
}

static void close_trunk(struct scene *s)
{
	row(s, CHANGE_DELETE, &pbx_route_out_resource, "all", NULL);
	row(s, CHANGE_DELETE, &pbx_trunk_resource, "isp", NULL);
	scene_run(s, 40000);
	provider_close(&p1);
	provider_close(&p2);
	opened = false;
	scene_run(s, 100);
}

static const char *words(struct scene *s)
{
	static char text[300];
	json_t *t = pbx_json_trunk(s->pbx, SLICE("isp"));

	snprintf(text, sizeof(text), "%s: %s", json_string_value(json_object_get(t, "state")),
		 json_string_value(json_object_get(t, "words")));
	json_decref(t);
	return text;
}

static void assert_words(struct scene *s, const char *want)
{
	if (!strstr(words(s), want))
		print_error("\"%s\", wanted \"%s\"\n", words(s), want);
	assert_non_null(strstr(words(s), want));
}

/* The alarm of the trunk, or "". */
static const char *alarm_text(struct scene *s)
{
	static char text[300];
	json_t *st = pbx_json_status(s->pbx), *a;
	size_t i;

	text[0] = '\0';
	json_array_foreach(json_object_get(st, "alarms"), i, a)
	{
		if (!strcmp(json_string_value(json_object_get(a, "id")), "trunk.isp"))
			snprintf(text, sizeof(text), "%s %s", json_string_value(json_object_get(a, "text")),
				 json_string_value(json_object_get(a, "remedy")));
	}
	json_decref(st);
	return text;
}

static void assert_alarm(struct scene *s, const char *want)
{
	if (want ? !strstr(alarm_text(s), want) : alarm_text(s)[0])
		print_error("alarm \"%s\"\n", alarm_text(s));
	if (want)
		assert_non_null(strstr(alarm_text(s), want));
	else
		assert_string_equal(alarm_text(s), "");
}

/* ------------------------------------------------------------------ calls */

static void out_and_in(struct scene *s)
{
	struct agent *a = &s->a;

	agent_call(a, OUTSIDE);
	agent_wait(a, "answered", 5000);
	scene_run(s, 500);
	assert_true(p1.up);
	oh_call_hangup(a->call);
	scene_run(s, 1000);
	assert_true(p1.over);
	assert_cdr(s, 0, "outcome", "answered");
	log_clear(a);

	a->mood = RING_ANSWER;
	a->answer_ms = 200;
	provider_call(&p1, &ours, p1.contact, "sip:+4917012345@isp.example", "sip:+49401234@isp.example", NULL);
	agent_wait(a, "answered", 5000);
	scene_run(s, 500);
	assert_true(p1.up);
	sip_inv_hangup(p1.call, 0, SLICE_NULL);
	scene_run(s, 1000);
	assert_cdr(s, 0, "to", "+49401234");
	assert_cdr(s, 0, "outcome", "answered");
	log_clear(a);
}

static void dns(struct scene *s, const char *name, enum dns_type type, const char *data)
{
	assert_int_equal(vnet_dns_add(s->net, name, type, data, 300), 0);
}

void trunk_found_by_srv_both_ways(void **state)
{
	struct scene *s = *state;

	dns(s, "_sip._udp.isp.example", DNS_SRV, "10 1 5060 a.isp.example");
	dns(s, "_sip._udp.isp.example", DNS_SRV, "20 1 5060 b.isp.example");
	dns(s, "a.isp.example", DNS_A, "10.9.0.1");
	dns(s, "b.isp.example", DNS_A, "10.9.0.2");
	agents_ready(s, 1);
	open_trunk(s, "isp.example", "auto");
	assert_words(s, "up: registered with isp.example (10.9.0.1, udp) until ");
	out_and_in(s);
	assert_non_null(strstr(p1.heard, "INVITE sip:" OUTSIDE "@isp.example SIP/2.0"));
	assert_alarm(s, NULL);
	close_trunk(s);
}

void trunk_over_tcp(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 1);
	open_trunk(s, "10.9.0.1", "tcp");
	assert_words(s, "up: registered with 10.9.0.1 (tcp) until ");
	out_and_in(s);
	close_trunk(s);
}

/* A certificate for `name`, signed by itself; the server trusts it from its next start on. */
static struct cert *certificate(struct scene *s, const char *name, int64_t not_after, bool trust)
{
	struct cert_make m = {.cn = name, .not_before = 1577836800, .not_after = not_after};
	struct cert *c;
	struct buf why;
	char dir[100];

	buf_init(&why);
	m.dns[m.ndns++] = name;
	assert_int_equal(cert_make(&c, &m), 0);
	snprintf(dir, sizeof(dir), "%s/isp", s->dir);
	assert_int_equal(cert_save(c, dir, &why), 0);
	if (trust)
		snprintf(s->tls_ca, sizeof(s->tls_ca), "%s/cert.pem", dir);
	buf_free(&why);
	return c;
}

static void provider_tls(struct scene *s, struct provider *p, struct cert *c)
{
	struct tls_cfg cfg = {.loop = s->loop, .no_system_ca = true};
	struct buf why;

	buf_init(&why);
	provider_off(p);
	mem_deref(p->tls);
	assert_int_equal(tls_alloc(&p->tls, &cfg, &why), 0);
	assert_int_equal(tls_set_cert(p->tls, c), 0);
	provider_on(p);
	buf_free(&why);
}

/* The server starts anew, with the certificates that it trusts now, and both providers. */
static void restart(struct scene *s)
{
	server_stop(s, true);
	server_start(s);
	provider_open(&p1, s->loop, "10.9.0.1");
	provider_open(&p2, s->loop, "10.9.0.2");
	opened = true;
}

void trunk_over_tls(void **state)
{
	struct scene *s = *state;
	struct cert *c = certificate(s, "sip.isp.example", 4070908800, true);

	dns(s, "sip.isp.example", DNS_A, "10.9.0.1");
	restart(s);
	provider_tls(s, &p1, c);
	agents_ready(s, 1);
	open_trunk(s, "sip.isp.example", "tls");
	assert_words(s, "up: registered with sip.isp.example (10.9.0.1:5061, tls) until ");
	out_and_in(s);
	close_trunk(s);
	mem_deref(c);
}

void trunk_certificates_in_words(void **state)
{
	struct scene *s = *state;
	struct cert *good = certificate(s, "sip.isp.example", 4070908800, true);
	struct cert *old = certificate(s, "sip.isp.example", 1609459200, false), *other;

	dns(s, "sip.isp.example", DNS_A, "10.9.0.1");
	restart(s);
	provider_tls(s, &p1, old);
	open_trunk(s, "sip.isp.example", "tls");
	assert_words(s, "down: sip.isp.example (10.9.0.1:5061, tls) is not connected: the certificate of "
			"sip.isp.example expired on ");
	assert_alarm(s, "expired on ");
	other = certificate(s, "other.example", 4070908800, false);
	provider_tls(s, &p1, other);
	set(s, "from_user", "x1");
	assert_words(s, "is not connected: the certificate");
	/* whoever asks for no proof gets none */
	row(s, CHANGE_UPDATE, &pbx_trunk_resource, "isp", json_pack("{s:b}", "tls_verify", 0));
	scene_run(s, 2000);
	assert_words(s, "up: registered");
	assert_alarm(s, NULL);
	close_trunk(s);
	mem_deref(good);
	mem_deref(old);
	mem_deref(other);
}

/* ------------------------------------------------------------------ what goes wrong */

void trunk_says_what_is_wrong(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 1);
	open_trunk(s, "10.9.0.1", "udp");
	set(s, "password", "guess");
	assert_words(s, "down: 10.9.0.1 (udp) refuses the password of user acct (401 Unauthorized)");
	assert_alarm(s, "Trunk isp: 10.9.0.1 (udp) refuses the password of user acct (401 Unauthorized). Compare");
	agent_call(&s->a, OUTSIDE);
	scene_run(s, 1000);
	assert_true(agent_has(&s->a, "ended:503") || agent_has(&s->a, "ended:480") || agent_has(&s->a, "ended:500"));
	log_clear(&s->a);
	set(s, "password", "secret");
	assert_words(s, "up: registered");
	assert_alarm(s, NULL);
	p1.reg = 403;
	set(s, "from_user", "x1");
	assert_words(s, "has closed the account (403 Forbidden)");
	p1.reg = 200;
	set(s, "server", "nowhere.example");
	assert_words(s, "down: ");
	assert_words(s, "nowhere.example");
	assert_alarm(s, "nowhere.example");
	vnet_dns_fail(s->net, VNET_DNS_SILENT, 0);
	set(s, "server", "silent.example");
	scene_run(s, 20000);
	assert_words(s, "down: ");
	assert_words(s, "silent.example");
	vnet_dns_fail(s->net, VNET_DNS_OK, 0);
	/* a call that is refused says why */
	set(s, "server", "10.9.0.1");
	assert_words(s, "up: ");
	p1.inv = 403;
	agent_call(&s->a, OUTSIDE);
	agent_wait(&s->a, "ended:403", 3000);
	scene_run(s, 2500);
	assert_non_null(strstr(json_string_value(json_object_get(scene_cdr(s, 0), "reason")), "403 Forbidden"));
	close_trunk(s);
}

void trunk_first_server_dies_in_a_call(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	open_trunk(s, "10.9.0.1;priority=1, 10.9.0.2;priority=2", "udp");
	row(s, CHANGE_UPDATE, &pbx_trunk_resource, "isp", json_pack("{s:i}", "check_seconds", 15));
	assert_words(s, "up: ");
	agent_call(&s->a, OUTSIDE);
	agent_wait(&s->a, "answered", 3000);
	log_clear(&s->a);
	/* its network is gone: nothing comes or goes */
	cut = p1.addr;
	vnet_set_filter(s->net, filter, NULL);
	agent_call(&s->b, "0309876543");
	agent_wait(&s->b, "answered", 40000);
	assert_true(p2.up);
	assert_false(agent_has(&s->a, "ended"));
	assert_words(s, "degraded: 10.9.0.1 (udp) does not answer; calls go by 10.9.0.2 (udp)");
	assert_alarm(s, "10.9.0.1 (udp) does not answer; calls go by 10.9.0.2 (udp)");
	scene_run(s, 5000);
	assert_true(p2.contact[0] != '\0'); /* registered there by now */
	oh_call_hangup(s->b.call);
	sa_init(&cut);
	scene_run(s, 20000);
	assert_words(s, "up: ");
	assert_alarm(s, NULL);
	oh_call_hangup(s->a.call);
	scene_run(s, 2000);
	assert_true(p1.over);
	close_trunk(s);
}

/* ------------------------------------------------------------------ who it is not */

void trunk_strangers_are_not_it(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 1);
	open_trunk(s, "10.9.0.1", "udp");
	provider_call(&p2, &ours, "sip:+49401234@10.0.0.1", "sip:+4917012345@isp.example", "sip:x@y", NULL);
	scene_run(s, 2000);
	assert_int_equal(p2.end_code, 407);
	/* with the secret contact in hand, but from elsewhere */
	provider_call(&p2, &ours, p1.contact, "sip:+4917012345@isp.example", "sip:+49401234@y", NULL);
	scene_run(s, 2000);
	assert_int_equal(p2.end_code, 407);
	assert_false(agent_has(&s->a, "incoming"));
	row(s, CHANGE_UPDATE, &pbx_trunk_resource, "isp", json_pack("{s:b}", "incoming", 0));
	provider_call(&p1, &ours, p1.contact, "sip:+4917012345@isp.example", "sip:+49401234@y", NULL);
	scene_run(s, 2000);
	assert_int_equal(p1.end_code, 403);
	close_trunk(s);
}

/* A caller that shows the number of an extension is nobody of ours: it may not call out, and its calls are not 101's.
 */
void trunk_caller_is_no_extension(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 1);
	open_trunk(s, "10.9.0.1", "udp");
	extension_set(s, "101", json_pack("{s:b}", "enabled", 0));
	s->a.mood = RING_ANSWER;
	s->a.answer_ms = 100;
	provider_call(&p1, &ours, p1.contact, "sip:101@isp.example", "sip:+49401234@isp.example", NULL);
	agent_wait(&s->a, "answered", 3000); /* though 101 is switched off */
	oh_call_hangup(s->a.call);
	scene_run(s, 1000);
	provider_call(&p1, &ours, p1.contact, "sip:100@isp.example", "sip:" OUTSIDE "@isp.example", NULL);
	scene_run(s, 2000);
	assert_false(p1.up);
	assert_true(p1.over);
	assert_true(p1.end_code == 403 || p1.end_code == 404);
	provider_call(&p1, &ours, p1.contact, "sip:100@isp.example", "sip:*43@isp.example", NULL);
	scene_run(s, 2000);
	assert_false(p1.up);
	close_trunk(s);
}

/* A call over TLS to our number, with the certificate that the provider has; the code it ends with, 0: it is up. */
static unsigned call_over_tls(struct scene *s, struct provider *p)
{
	struct sip_inv_call c = {.uri = SLICE("sip:+49401234@10.0.0.1;transport=tls"),
				 .dest = {.tp = SIP_TRANSP_TLS, .addr = address(SERVER4 ":5061"), .tls_any = true},
				 .from_uri = SLICE("sip:+4917012345@isp.example"),
				 .to_uri = SLICE("sip:+49401234@isp.example"),
				 .contact_user = SLICE("gw"),
				 .ctype = SLICE("application/sdp")};
	char sdp[400];

	snprintf(sdp, sizeof(sdp), PROVIDER_SDP, p->ip, p->ip, "0 8");
	c.offer = slice_str(sdp);
	p->up = p->over = false;
	p->end_code = 0;
	assert_int_equal(sip_inv_connect(&p->call, p->sip, &c, &provider_inv_ops, p), 0);
	scene_run(s, 3000);
	return p->up ? 0 : p->end_code;
}

/* Both are good signers of certificates of those who connect. */
static void trust_both(struct scene *s, const struct cert *a, const struct cert *b)
{
	const struct cert *v[] = {a, b};
	struct buf why;
	FILE *all;

	buf_init(&why);
	snprintf(s->tls_ca, sizeof(s->tls_ca), "%s/both.pem", s->dir);
	all = fopen(s->tls_ca, "w");
	assert_non_null(all);
	for (size_t i = 0; i < 2; i++) {
		char path[100], text[4000];
		size_t n;
		FILE *one;

		snprintf(path, sizeof(path), "%s/one", s->dir);
		assert_int_equal(cert_save(v[i], path, &why), 0);
		snprintf(path, sizeof(path), "%s/one/cert.pem", s->dir);
		one = fopen(path, "r");
		assert_non_null(one);
		n = fread(text, 1, sizeof(text), one);
		fclose(one);
		assert_int_equal(fwrite(text, 1, n, all), n);
	}
	assert_int_equal(fclose(all), 0);
	s->tls_ask = true;
	buf_free(&why);
}

/* From elsewhere than its servers, but with a certificate for the name of one: it is the trunk, and proven. */
void trunk_known_by_its_certificate(void **state)
{
	struct scene *s = *state;
	struct cert *good = certificate(s, "sip.isp.example", 4070908800, false);
	struct cert *other = certificate(s, "other.example", 4070908800, false);

	trust_both(s, good, other);
	dns(s, "sip.isp.example", DNS_A, "10.9.0.1");
	restart(s);
	provider_tls(s, &p1, good);
	provider_tls(s, &p2, good);
	agents_ready(s, 1);
	open_trunk(s, "sip.isp.example", "tls");
	assert_words(s, "up: registered");
	s->a.mood = RING_ANSWER;
	s->a.answer_ms = 100;
	assert_int_equal(call_over_tls(s, &p2), 0);
	assert_true(agent_has(&s->a, "incoming:+4917012345"));
	sip_inv_hangup(p2.call, 0, SLICE_NULL);
	scene_run(s, 2000);
	assert_cdr(s, 0, "from", "+4917012345");
	p2.call = mem_deref(p2.call);
	log_clear(&s->a);
	/* whose word counts for nothing is a stranger: another name, or a name that nobody has checked */
	row(s, CHANGE_UPDATE, &pbx_trunk_resource, "isp", json_pack("{s:b}", "tls_verify", 0));
	scene_run(s, 2000);
	assert_int_equal(call_over_tls(s, &p2), 407);
	p2.call = mem_deref(p2.call);
	row(s, CHANGE_UPDATE, &pbx_trunk_resource, "isp", json_pack("{s:b}", "tls_verify", 1));
	scene_run(s, 2000);
	assert_int_equal(call_over_tls(s, &p2), 0);
	sip_inv_hangup(p2.call, 0, SLICE_NULL);
	scene_run(s, 2000);
	p2.call = mem_deref(p2.call);
	provider_tls(s, &p2, other);
	log_clear(&s->a);
	assert_int_equal(call_over_tls(s, &p2), 407);
	assert_false(agent_has(&s->a, "incoming"));
	close_trunk(s);
	mem_deref(good);
	mem_deref(other);
}

/* ------------------------------------------------------------------ channels, changes */

void trunk_channels(void **state)
{
	struct scene *s = *state;
	json_t *t;

	agents_ready(s, 2);
	open_trunk(s, "10.9.0.1", "udp");
	row(s, CHANGE_UPDATE, &pbx_trunk_resource, "isp", json_pack("{s:i}", "channels", 1));
	agent_call(&s->a, OUTSIDE);
	agent_wait(&s->a, "answered", 3000);
	agent_call(&s->b, "0309876543");
	scene_run(s, 1000);
	assert_true(agent_has(&s->b, "ended:503"));
	assert_int_equal(p1.ninv, 1);
	t = pbx_json_trunk(s->pbx, SLICE("isp"));
	assert_int_equal(json_integer_value(json_object_get(t, "calls_out")), 1);
	json_decref(t);
	oh_call_hangup(s->a.call);
	scene_run(s, 3000);
	t = pbx_json_trunk(s->pbx, SLICE("isp"));
	assert_int_equal(json_integer_value(json_object_get(t, "calls_out")), 0);
	json_decref(t);
	log_clear(&s->b);
	agent_call(&s->b, "0309876543");
	agent_wait(&s->b, "answered", 3000);
	oh_call_hangup(s->b.call);
	scene_run(s, 1000);
	close_trunk(s);
}

void trunk_goes_in_a_call(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 1);
	open_trunk(s, "10.9.0.1", "udp");
	agent_call(&s->a, OUTSIDE);
	agent_wait(&s->a, "answered", 3000);
	row(s, CHANGE_DELETE, &pbx_route_out_resource, "all", NULL);
	row(s, CHANGE_DELETE, &pbx_trunk_resource, "isp", NULL);
	scene_run(s, 5000);
	assert_false(agent_has(&s->a, "ended"));
	assert_int_equal(p1.nunreg, 1);
	oh_call_hangup(s->a.call);
	scene_run(s, 40000);
	assert_true(p1.over);
	provider_close(&p1);
	provider_close(&p2);
	opened = false;
}

void trunk_outlives_a_restart(void **state)
{
	struct scene *s = *state;

	open_trunk(s, "10.9.0.1", "udp");
	assert_words(s, "up: registered");
	server_stop(s, true);
	server_start(s);
	scene_run(s, 2000);
	assert_words(s, "up: registered");
	close_trunk(s);
}

void trunk_messages_wait(void **state)
{
	struct scene *s = *state;
	json_t *t;
	struct sip_request r = {.m = SIP_NOTIFY,
				.uri = slice_str(p1.contact),
				.dest = {.tp = SIP_TRANSP_UDP},
				.hdrs = SLICE("From: <sip:acct@isp.example>;tag=t\r\nTo: <sip:acct@isp.example>\r\n"
					      "Call-ID: mwi\r\nCSeq: 1 NOTIFY\r\nEvent: message-summary\r\n"
					      "Subscription-State: active\r\nContact: <sip:10.9.0.1>\r\n"),
				.ctype = SLICE("application/simple-message-summary"),
				.body = SLICE("Messages-Waiting: yes\r\nVoice-Message: 3/1 (0/0)\r\n")};

	open_trunk(s, "10.9.0.1", "udp");
	r.uri = slice_str(p1.contact);
	r.dest.addr = ours;
	assert_int_equal(sip_request(NULL, p1.sip, &r, NULL, NULL), 0);
	scene_run(s, 500);
	t = pbx_json_trunk(s->pbx, SLICE("isp"));
	assert_int_equal(json_integer_value(json_object_get(json_object_get(t, "messages"), "new")), 3);
	json_decref(t);
	close_trunk(s);
}

void trunk_peer_with_a_password(void **state)
{
	struct scene *s = *state;
	struct sip_cred good = {.user = SLICE("isp"), .password = SLICE("let-me-in-1")};
	struct sip_cred bad = {.user = SLICE("isp"), .password = SLICE("let-me-in-2")};

	agents_ready(s, 1);
	open_trunk(s, "10.9.0.1", "udp");
	row(s, CHANGE_UPDATE, &pbx_trunk_resource, "isp", json_pack("{s:s}", "password_in", "let-me-in-1"));
	s->a.mood = RING_ANSWER;
	s->a.answer_ms = 100;
	provider_call(&p2, &ours, "sip:+49401234@10.0.0.1", "sip:+4917012345@x.example", "sip:x@y", &bad);
	scene_run(s, 2000);
	assert_int_equal(p2.end_code, 407);
	provider_call(&p2, &ours, "sip:+49401234@10.0.0.1", "sip:+4917012345@x.example", "sip:x@y", &good);
	agent_wait(&s->a, "answered", 3000);
	scene_run(s, 200);
	assert_true(p2.up);
	sip_inv_hangup(p2.call, 0, SLICE_NULL);
	scene_run(s, 1000);
	close_trunk(s);
}

/* A datagram that says it is from the provider, without what only the provider knows, does not get outside. */
void trunk_forged_address_stays_inside(void **state)
{
	struct scene *s = *state;

	open_trunk(s, "10.9.0.1", "udp");
	row(s, CHANGE_UPDATE, &pbx_trunk_resource, "isp", json_pack("{s:b}", "reaches_outside", 1));
	row(s, CHANGE_CREATE, &pbx_route_in_resource, "through",
	    json_pack("{s:s, s:s}", "name", "through", "target", "dialled"));
	provider_call(&p1, &ours, "sip:" OUTSIDE "@10.0.0.1", "sip:+4917012345@isp.example", "sip:x@y", NULL);
	scene_run(s, 2000);
	assert_false(p1.up);
	assert_true(p1.end_code == 403 || p1.end_code == 404);
	assert_int_equal(p1.ninv, 0);
	close_trunk(s);
}

/* ------------------------------------------------------------------ music of lines */

/* A new description of the provider's, with this direction. */
static void redescribe(struct scene *s, const char *dir)
{
	static unsigned version = 1;
	char sdp[400];

	snprintf(sdp, sizeof(sdp),
		 "v=0\r\no=- 1 %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
		 "a=rtpmap:8 PCMA/8000\r\na=%s\r\n",
		 ++version, p1.ip, p1.ip, dir);
	assert_int_equal(sip_inv_reinvite(p1.call, SLICE_NULL, SLICE("application/sdp"), slice_str(sdp)), 0);
	scene_run(s, 1000);
}

static size_t packets_to_agent(struct scene *s)
{
	size_t n;

	tape_start(s);
	scene_run(s, 1000);
	n = tape_rtp(s, SERVER4, "10.0.0.11");
	tape_stop(s);
	return n;
}

/* A line that holds and says that it sends plays its own music: nothing of ours is put into that. */
void trunk_plays_its_own_music(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 1);
	open_trunk(s, "10.9.0.1", "udp");
	scene_sounds(s);
	agent_call(&s->a, OUTSIDE);
	agent_wait(&s->a, "answered", 5000);
	scene_run(s, 500);
	redescribe(s, "sendonly");
	agent_wait(&s->a, "held", 2000);
	assert_int_equal(packets_to_agent(s), 0);
	redescribe(s, "sendrecv");
	assert_int_equal(packets_to_agent(s), 0);
	/* it is silent: ours plays */
	redescribe(s, "inactive");
	assert_true(packets_to_agent(s) > 40);
	redescribe(s, "sendrecv");
	assert_int_equal(packets_to_agent(s), 0);
	oh_call_hangup(s->a.call);
	scene_run(s, 1000);
	close_trunk(s);
	scene_check_idle(s);
}

/* ------------------------------------------------------------------ conferences */

static void type_digits(struct scene *s, const char *digits)
{
	for (; *digits && p1.call; digits++) {
		char body[40];

		snprintf(body, sizeof(body), "Signal=%c\r\nDuration=100\r\n", *digits);
		assert_int_equal(sip_inv_request(p1.call, SIP_INFO, SLICE_NULL, SLICE("application/dtmf-relay"),
						 slice_str(body), NULL, NULL),
				 0);
		scene_run(s, 200);
	}
}

static void ring_up(struct scene *s, const char *number)
{
	char to[80];

	snprintf(to, sizeof(to), "sip:%s@isp.example", number);
	provider_call(&p1, &ours, p1.contact, "sip:+4917012345@isp.example", to, NULL);
	scene_run(s, 1500);
}

static size_t in_conference(struct scene *s)
{
	json_t *v = pbx_json_members(s->pbx, SLICE("800"));
	size_t n = json_array_size(v);

	json_decref(v);
	return n;
}

static bool has_alarm(struct scene *s, const char *id)
{
	json_t *st = pbx_json_status(s->pbx), *a;
	bool yes = false;
	size_t i;

	json_array_foreach(json_object_get(st, "alarms"), i, a)
	{
		yes = yes || !strcmp(json_string_value(json_object_get(a, "id")), id);
	}
	json_decref(st);
	return yes;
}

static void hang_up(struct scene *s)
{
	if (p1.call)
		sip_inv_hangup(p1.call, 0, SLICE_NULL);
	scene_run(s, 1500);
	assert_null(p1.call);
}

/* Callers from outside get in by a number of ours and by a rule; who guesses PINs closes the door for a while. */
void trunk_into_a_conference(void **state)
{
	struct scene *s = *state;
	int calls = 0;

	agents_ready(s, 1);
	open_trunk(s, "10.9.0.1", "udp");
	row(s, CHANGE_CREATE, &pbx_conference_resource, "800",
	    json_pack("{s:s, s:s, s:b}", "number", "800", "pin", "1234", "announce_count", 0));
	row(s, CHANGE_CREATE, &pbx_did_resource, "+4940800",
	    json_pack("{s:s, s:s}", "number", "+4940800", "target", "800"));
	row(s, CHANGE_CREATE, &pbx_route_in_resource, "meet",
	    json_pack("{s:s, s:s, s:s}", "name", "meet", "numbers", "+49409", "target", "800"));
	static const char *const numbers[] = {"+4940800", "+4940999"};
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		ring_up(s, numbers[i]);
		assert_true(p1.up);
		assert_int_equal(in_conference(s), 0);
		type_digits(s, "1234#");
		scene_run(s, 1000);
		assert_int_equal(in_conference(s), 1);
		hang_up(s);
		assert_int_equal(in_conference(s), 0);
		assert_cdr(s, 0, "answered_by", "conference");
	}
	/* three tries a call, twenty in all */
	for (; calls < 20 && !has_alarm(s, "conference.800"); calls++) {
		ring_up(s, numbers[0]);
		for (int i = 0; i < 3 && p1.call; i++) {
			type_digits(s, "99#");
			scene_run(s, 1000);
		}
		hang_up(s);
	}
	assert_int_equal(calls, 7);
	ring_up(s, numbers[1]);
	type_digits(s, "1234#");
	scene_run(s, 1000);
	assert_int_equal(in_conference(s), 0);
	hang_up(s);
	/* those inside are not concerned */
	agent_call(&s->a, "800");
	agent_wait(&s->a, "answered", 2000);
	scene_run(s, 1000);
	assert_int_equal(oh_call_dtmf(s->a.call, "1234#"), 0);
	scene_run(s, 2500);
	assert_int_equal(in_conference(s), 1);
	/* it opens by itself; a new PIN opens it at once */
	scene_run(s, 10 * 60 * 1000);
	assert_false(has_alarm(s, "conference.800"));
	ring_up(s, numbers[0]);
	type_digits(s, "1234#");
	scene_run(s, 1000);
	assert_int_equal(in_conference(s), 2);
	hang_up(s);
	oh_call_hangup(s->a.call);
	scene_run(s, 1000);
	for (calls = 0; calls < 20 && !has_alarm(s, "conference.800"); calls++) {
		ring_up(s, numbers[0]);
		for (int i = 0; i < 3 && p1.call; i++) {
			type_digits(s, "99#");
			scene_run(s, 1000);
		}
		hang_up(s);
	}
	assert_true(has_alarm(s, "conference.800"));
	row(s, CHANGE_UPDATE, &pbx_conference_resource, "800", json_pack("{s:s}", "pin", "77777"));
	assert_false(has_alarm(s, "conference.800"));
	close_trunk(s);
	scene_check_idle(s);
}
