/*
 * register.c - registrations: transports, digest algorithms, wrong passwords, several contacts, limits, restart.
 */
#define ERR_STATE openssl_err_state /* a type of OpenSSL has the name of an error of ours */
#include <openssl/evp.h>
#undef ERR_STATE
#include "scenario.h"
#include "loop/dns.h"
#include "wire/sip/auth.h"

static size_t registered(struct scene *s)
{
	size_t ext, reg, contacts;

	pbx_counts(s->pbx, &ext, &reg, &contacts);
	return contacts;
}

void register_and_unregister(void **state)
{
	static const struct {
		const char *ip;
		enum oh_transport tp;
	} t[] = {{"10.0.0.11", OH_UDP}, {"10.0.0.11", OH_TCP}, {"fd00::11", OH_UDP}, {"fd00::11", OH_TCP}};
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		agent_open(s, &s->a, "100", t[i].ip, t[i].tp);
		agent_register(&s->a);
		assert_true(oh_account_registered(s->a.acct));
		assert_int_equal(registered(s), 1);
		assert_int_equal(oh_account_register(s->a.acct, false), 0);
		agent_wait(&s->a, "unregistered", 2000);
		assert_int_equal(registered(s), 0);
		assert_false(oh_account_registered(s->a.acct));
		agent_close(&s->a);
		log_clear(&s->a);
	}
}

void register_uses_sha256(void **state)
{
	struct scene *s = *state;
	struct slice msg;

	tape_start(s);
	agent_open(s, &s->a, "100", "10.0.0.11", OH_UDP);
	agent_register(&s->a);
	msg = tape_find(s, SERVER4, NULL, "SIP/2.0 401", 0);
	assert_true(contains(msg, "algorithm=SHA-256"));
	assert_true(contains(msg, "algorithm=MD5"));
	assert_true(memmem(msg.p, msg.l, "SHA-256", 7) < memmem(msg.p, msg.l, "MD5", 3));
	assert_true(contains(tape_find(s, NULL, SERVER4, "REGISTER", 1), "algorithm=SHA-256"));
}

void register_wrong_password(void **state)
{
	const struct oh_account_config ac = {
		.user = "100", .password = "not-the-password", .server = SERVER4, .do_register = true};
	struct scene *s = *state;

	agent_open_with(s, &s->a, "10.0.0.11", &ac);
	agent_wait(&s->a, "regfail:401", 5000);
	assert_int_equal(registered(s), 0);
	assert_false(oh_account_registered(s->a.acct));
}

/* Nobody learns which numbers exist: an unknown user is asked for a password like any other. */
void register_unknown_user(void **state)
{
	const struct oh_account_config ac = {
		.user = "999", .password = PASSWORD, .server = SERVER4, .do_register = true};
	struct scene *s = *state;
	struct slice known, unknown;

	agent_open(s, &s->b, "101", "10.0.0.12", OH_UDP);
	tape_start(s);
	assert_int_equal(oh_account_register(s->b.acct, true), 0);
	agent_wait(&s->b, "registered:3600", 5000);
	agent_open_with(s, &s->a, "10.0.0.11", &ac);
	agent_wait(&s->a, "regfail:401", 5000);
	known = tape_find(s, SERVER4, s->b.ip, "SIP/2.0 401", 0);
	unknown = tape_find(s, SERVER4, s->a.ip, "SIP/2.0 401", 0);
	/* texts of the same length but for addresses and numbers of the same length */
	assert_int_equal(known.l, unknown.l);
}

void invite_wrong_password(void **state)
{
	const struct oh_account_config ac = {.user = "100", .password = "not-the-password", .server = SERVER4};
	struct scene *s = *state;

	agent_open_with(s, &s->a, "10.0.0.11", &ac);
	agent_open(s, &s->b, "101", "10.0.0.12", OH_UDP);
	agent_register(&s->b);
	agent_call(&s->a, "101");
	agent_wait(&s->a, "ended:407", 5000);
	assert_log(&s->b, "");
	scene_check_idle(s);
}

void register_again_before_the_end(void **state)
{
	const struct oh_account_config ac = {
		.user = "100", .password = PASSWORD, .server = SERVER4, .do_register = true, .expires = 120};
	struct scene *s = *state;

	agent_open_with(s, &s->a, "10.0.0.11", &ac);
	agent_wait(&s->a, "registered:120", 5000);
	scene_run(s, 1000 * 1000);
	assert_int_equal(registered(s), 1);
	assert_true(strlen(s->a.log) >= 8 * strlen("registered:120 "));
	assert_false(agent_has(&s->a, "regfail:401"));
	/* it vanishes without a word: the contact ends by itself */
	assert_int_equal(vnet_set_path(s->net, &s->a.ua->ip, NULL, &(struct vnet_path){.loss_pm = 1000}), 0);
	scene_run(s, 130 * 1000);
	assert_int_equal(registered(s), 0);
}

void register_two_phones(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 4); /* b and d are 101 */
	assert_int_equal(registered(s), 4);
	json_t *v = pbx_json_registrations(s->pbx);
	assert_int_equal(json_array_size(v), 4);
	json_decref(v);
	agent_close(&s->d);
	scene_run(s, 1000);
	assert_int_equal(registered(s), 3);
}

void registrations_outlive_a_restart(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	scene_run(s, 2000); /* written behind */
	server_stop(s, false);
	scene_run(s, 5000);
	server_start(s);
	assert_int_equal(registered(s), 2);
	talk(&s->a, &s->b, "101");
	assert_hears(&s->a, &s->b);
	end_call(&s->a, &s->b);
}

/* ------------------------------------------------------------------ typed by hand */

static void hex_md5(char *dst, const char *text)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n;

	assert_true(EVP_Digest(text, strlen(text), md, &n, EVP_md5(), NULL));
	for (unsigned i = 0; i < n; i++)
		sprintf(dst + 2 * i, "%02x", md[i]);
}

static void md5_response(char *dst, const struct sip_challenge *c, const char *password)
{
	char a1[33], a2[33], text[600];

	snprintf(text, sizeof(text), "100:%.*s:%s", SLICE_FMT(c->realm), password);
	hex_md5(a1, text);
	hex_md5(a2, "REGISTER:sip:" SERVER4);
	snprintf(text, sizeof(text), "%s:%.*s:00000001:abc:auth:%s", a1, SLICE_FMT(c->nonce), a2);
	hex_md5(dst, text);
}

static unsigned cseq;

static void send_register(struct typed *t, const char *more)
{
	cseq++;
	typed_send(t,
		   "REGISTER sip:" SERVER4 " SIP/2.0\n"
		   "Via: SIP/2.0/UDP 10.0.0.50:5060;branch=z9hG4bKreg%u\n"
		   "Max-Forwards: 70\n"
		   "From: <sip:100@" SERVER4 ">;tag=typed\n"
		   "To: <sip:100@" SERVER4 ">\n"
		   "Call-ID: typed-register\n"
		   "CSeq: %u REGISTER\n"
		   "%s"
		   "Content-Length: 0\n\n",
		   cseq, cseq, more);
	vnet_run(t->s->net, 100);
}

/* The challenge with this algorithm in the last answer, or false. */
static bool challenge(struct typed *t, struct sip_challenge *c, const char *alg)
{
	for (size_t i = 0; i < typed_last(t)->hdrc; i++) {
		const struct sip_hdr *h = &typed_last(t)->hdrv[i];

		if (h->id == SIP_HDR_WWW_AUTHENTICATE && !sip_challenge_decode(c, h->val) &&
		    slice_ieqs(c->algorithm, alg))
			return true;
	}
	return false;
}

/* Answer the last challenge by MD5 (or with nonsense by SHA-256), with a Contact. */
static void send_answer(struct typed *t, const char *alg, const char *password, const char *more)
{
	char line[1500], response[65] = "0000000000000000000000000000000000000000000000000000000000000000";
	struct sip_challenge c;

	assert_true(challenge(t, &c, alg));
	if (!strcmp(alg, "MD5"))
		md5_response(response, &c, password);
	snprintf(line, sizeof(line),
		 "Authorization: Digest username=\"100\", realm=\"%.*s\", nonce=\"%.*s\", uri=\"sip:" SERVER4
		 "\", response=\"%s\", "
		 "algorithm=%s, qop=auth, nc=00000001, cnonce=\"abc\"%s%.*s%s\n%s",
		 SLICE_FMT(c.realm), SLICE_FMT(c.nonce), response, alg, c.opaque.l ? ", opaque=\"" : "",
		 SLICE_FMT(c.opaque), c.opaque.l ? "\"" : "", more);
	send_register(t, line);
}

void register_by_md5(void **state)
{
	struct scene *s = *state;
	struct typed t;

	typed_open(s, &t, "10.0.0.50:5060");
	send_register(&t, "");
	send_answer(&t, "MD5", PASSWORD, "Contact: <sip:100@10.0.0.50>\n");
	assert_string_equal(typed_codes(&t), "401 200");
	assert_int_equal(registered(s), 1);
	typed_close(&t);
}

/* A phone that takes the first challenge and gets it wrong twice (it cannot do SHA-256) is offered MD5 alone. */
void register_falls_back_to_md5(void **state)
{
	struct scene *s = *state;
	struct sip_challenge c;
	struct typed t;

	typed_open(s, &t, "10.0.0.50:5060");
	send_register(&t, "");
	send_answer(&t, "SHA-256", PASSWORD, "Contact: <sip:100@10.0.0.50>\n");
	send_answer(&t, "SHA-256", PASSWORD, "Contact: <sip:100@10.0.0.50>\n");
	assert_false(challenge(&t, &c, "SHA-256"));
	send_answer(&t, "MD5", PASSWORD, "Contact: <sip:100@10.0.0.50>\n");
	assert_string_equal(typed_codes(&t), "401 401 401 200");
	typed_close(&t);
}

void register_limits_of_expires(void **state)
{
	struct scene *s = *state;
	struct typed t;

	typed_open(s, &t, "10.0.0.50:5060");
	send_register(&t, "");
	send_answer(&t, "MD5", PASSWORD, "Contact: <sip:100@10.0.0.50>\nExpires: 5\n");
	assert_int_equal(typed_last(&t)->scode, 423);
	assert_true(slice_eqs(sip_msg_val(typed_last(&t), SIP_HDR_MIN_EXPIRES), "60"));
	assert_int_equal(registered(s), 0);
	send_register(&t, "");
	send_answer(&t, "MD5", PASSWORD, "Contact: <sip:100@10.0.0.50>;expires=1000000\n");
	assert_int_equal(typed_last(&t)->scode, 200);
	assert_true(contains(sip_msg_val(typed_last(&t), SIP_HDR_CONTACT), "expires=7200"));
	/* asked without a Contact it tells them all */
	send_register(&t, "");
	send_answer(&t, "MD5", PASSWORD, "");
	assert_int_equal(typed_last(&t)->scode, 200);
	assert_int_equal(sip_msg_count(typed_last(&t), SIP_HDR_CONTACT), 1);
	/* and forgets them all at "*" */
	send_register(&t, "");
	send_answer(&t, "MD5", PASSWORD, "Contact: *\nExpires: 0\n");
	assert_int_equal(typed_last(&t)->scode, 200);
	assert_int_equal(registered(s), 0);
	typed_close(&t);
}

/* What somebody overheard is of no use to him: neither the same message, nor the same answer from another address. */
void register_replay_refused(void **state)
{
	struct scene *s = *state;
	struct typed t, thief;

	typed_open(s, &t, "10.0.0.50:5060");
	typed_open(s, &thief, "10.0.0.66:5060");
	send_register(&t, "");
	tape_start(s);
	send_answer(&t, "MD5", PASSWORD, "Contact: <sip:100@10.0.0.50>\n");
	assert_int_equal(typed_last(&t)->scode, 200);
	char copy[4000];
	struct slice m = tape_find(s, NULL, SERVER4, "REGISTER", 0);
	assert_true(m.l < sizeof(copy));
	memcpy(copy, m.p, m.l);
	/* a new transaction with the credentials of the old one */
	char *p = memmem(copy, m.l, "z9hG4bKreg", 10);
	assert_non_null(p);
	memcpy(p, "z9hG4bKrep", 10);
	p = memmem(copy, m.l, "Call-ID: typed", 14);
	assert_non_null(p);
	memcpy(p, "Call-ID: stole", 14);
	size_t l = m.l;
	tape_stop(s);
	typed_send_raw(&thief, slice_mem(copy, l));
	scene_run(s, 200);
	assert_non_null(typed_last(&thief));
	assert_int_equal(typed_last(&thief)->scode, 401);
	memcpy(p, "Call-ID: again", 14);
	p = memmem(copy, l, "z9hG4bKrep", 10);
	memcpy(p, "z9hG4bKagn", 10);
	typed_send_raw(&t, slice_mem(copy, l));
	scene_run(s, 200);
	assert_int_equal(typed_last(&t)->scode, 401);
	typed_close(&t);
	typed_close(&thief);
}

/* The office is a name: two servers by SRV, the first of them dead. */
void register_by_srv(void **state)
{
	const struct oh_account_config ac = {
		.user = "100", .password = PASSWORD, .server = "office.example", .do_register = true};
	struct scene *s = *state;

	assert_int_equal(vnet_dns_add(s->net, "_sip._udp.office.example", DNS_SRV, "10 0 5060 one.office.example", 300),
			 0);
	assert_int_equal(vnet_dns_add(s->net, "_sip._udp.office.example", DNS_SRV, "20 0 5060 two.office.example", 300),
			 0);
	assert_int_equal(vnet_dns_add(s->net, "one.office.example", DNS_A, "10.0.0.99", 300), 0);
	assert_int_equal(vnet_dns_add(s->net, "two.office.example", DNS_A, SERVER4, 300), 0);
	agent_open_with(s, &s->a, "10.0.0.11", &ac);
	agent_wait(&s->a, "registered:3600", 9000);
	assert_int_equal(registered(s), 1);
	agent_open(s, &s->b, "101", "10.0.0.12", OH_UDP);
	agent_register(&s->b);
	log_clear(&s->a);
	log_clear(&s->b);
	tones(s);
	talk(&s->a, &s->b, "101");
	assert_hears(&s->a, &s->b);
	end_call(&s->a, &s->b);
	/* the name servers go away: nobody notices */
	vnet_dns_fail(s->net, VNET_DNS_SILENT, 0);
	scene_run(s, 3 * 3600 * 1000);
	assert_int_equal(registered(s), 2);
}

void register_at_no_such_host(void **state)
{
	const struct oh_account_config ac = {
		.user = "100", .password = PASSWORD, .server = "ofice.example", .do_register = true};
	struct scene *s = *state;

	agent_open_with(s, &s->a, "10.0.0.11", &ac);
	agent_wait(&s->a, "regfail:0", 9000);
}

static size_t empties;

static bool count_empty(const struct sa *src, const struct sa *dst, struct slice data, void *arg)
{
	(void)src;
	(void)arg;
	empties += slice_eqs(data, "\r\n\r\n") && sa_port(dst) != 5060;
	return true;
}

/* The router of a phone forgets it after half a minute of silence: we are never silent for so long. */
void phone_behind_nat_is_kept_alive(void **state)
{
	struct scene *s = *state;
	struct sa_net inside;
	struct sa outside = address("203.0.113.5");

	assert_int_equal(sa_net_parse(&inside, SLICE("192.168.0.0/16")), 0);
	assert_int_equal(vnet_add_nat(s->net, &inside, &outside), 0);
	empties = 0;
	vnet_set_filter(s->net, count_empty, NULL);
	agent_open(s, &s->b, "101", "10.0.0.12", OH_UDP);
	agent_register(&s->b);
	scene_run(s, 100000);
	assert_int_equal(empties, 0);
	s->a.number = "100";
	agent_open(s, &s->a, "100", "192.168.1.10", OH_UDP);
	agent_register(&s->a);
	scene_run(s, 250000);
	assert_in_range(empties, 9, 11);
	assert_int_equal(oh_account_register(s->a.acct, false), 0);
	scene_run(s, 1000);
	empties = 0;
	scene_run(s, 100000);
	assert_int_equal(empties, 0);
	vnet_set_filter(s->net, NULL, NULL);
}
