/*
 * inv_chance_test.c - what nobody thought of: random acts of both users, and of a peer typed by chance, on a bad
 * network. After each run everybody has been told the end at most once and as the last thing, and nothing is left.
 */
#include "inv_fix.h"

enum { RUNS = 400, STEPS = 60 };

static uint64_t seed;

/** Repeatable in every build: xorshift. */
static uint32_t chance(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 11) % n;
}

/** The end is told once, and nothing after it. */
static void check_log(struct party *p, int n)
{
	const char *end = strstr(p->log, "closed:");
	int l = 0;

	if (end)
		(void)sscanf(end, "closed:%*[^:]:%*u %n", &l);
	if (end && end[l] && strncmp(end + l, "invite", 6) != 0)
		fail_msg("run %d: something after the end: %s", n, p->log);
}

/** A party begins a new life. */
static void reset(struct party *p, int n)
{
	p->inv = mem_deref(p->inv);
	check_log(p, n);
	p->l = 0;
	p->log[0] = 0;
}

static void act(struct fix *f, struct party *p, int n)
{
	const char *sdp = chance(3) ? "some-sdp" : NULL;

	if (p->l > LOG_MAX / 2 || !p->inv) {
		if (p == &f->a && !p->inv) {
			reset(p, n);
			a_calls(f, sdp);
		}
		return;
	}
	switch (chance(12)) {
	case 0:
	case 1:
		(void)!sip_inv_reinvite(p->inv, SLICE_NULL, sdp_type(sdp), text(sdp));
		break;
	case 2:
		(void)!sip_inv_ack_answer(p->inv, sdp_type(sdp), text(sdp));
		break;
	case 3:
		(void)!sip_inv_progress(p->inv, (uint16_t)(180 + chance(4)), SLICE_NULL, sdp_type(sdp), text(sdp));
		break;
	case 4:
	case 5:
		(void)!sip_inv_answer(p->inv, SLICE_NULL, sdp_type(sdp), text(sdp));
		break;
	case 6:
		(void)!sip_inv_reply_answer(p->inv, sdp_type(sdp), text(sdp));
		break;
	case 7:
		(void)!sip_inv_reply_reject(p->inv, (uint16_t)(chance(2) ? 488 : 491), SLICE_NULL);
		break;
	case 8:
		if (chance(3))
			(void)!sip_inv_update(p->inv, SLICE_NULL);
		else if (chance(2))
			sip_inv_set_timer(p->inv, &(struct sip_inv_timer){.expires_s = 90, .prefer_peer = chance(2)});
		(void)!sip_inv_request(p->inv, chance(2) ? SIP_INFO : SIP_UPDATE, SLICE_NULL, SLICE_NULL, SLICE_NULL,
				       NULL, NULL);
		break;
	case 9:
		if (!chance(3))
			sip_inv_hangup(p->inv, (uint16_t)chance(700), SLICE("SIP;cause=16"));
		break;
	case 10:
		if (!chance(3))
			(void)!sip_inv_reject(p->inv, (uint16_t)(chance(5) * 100 + 200), SLICE_NULL, SLICE_NULL);
		break;
	default:
		if (!chance(4))
			reset(p, n);
		break;
	}
}

/** Behaviour and network of one run. */
static void set_up(struct fix *f)
{
	struct vnet_path path = {.delay_ms = chance(100),
				 .jitter_ms = chance(2) ? 0 : chance(300),
				 .loss_pm = (uint16_t)(chance(3) ? 0 : chance(500)),
				 .dup_pm = (uint16_t)chance(300),
				 .reorder_pm = (uint16_t)chance(300)};
	struct party *v[] = {&f->a, &f->b};
	static const char *const words[] = {"", "", "", "progress", "answered", "reoffer", "acked", "closed", "invite"};

	assert_int_equal(vnet_set_path(f->net, &(struct sa){0}, &(struct sa){0}, &path), 0);
	if (chance(4))
		support(f);
	f->tolerant = true; /* acts meet states in which they are refused */
	for (int i = 0; i < 2; i++) {
		v[i]->auto_reanswer = chance(2);
		v[i]->auto_ack = chance(2);
		v[i]->renew = chance(2);
		(void)snprintf(v[i]->deref_at, sizeof(v[i]->deref_at), "%s", words[chance(ARRAY_LEN(words))]);
	}
	f->b.auto_ring = chance(2);
	f->b.auto_answer = chance(2);
}

static void two_users(void **state)
{
	(void)state;
	for (int n = 0; n < RUNS; n++) {
		struct fix *f;
		void *st;

		seed = 0x9e3779b97f4a7c15ULL * (unsigned)(n + 1);
		(void)fix_open(&st);
		f = st;
		set_up(f);
		for (int i = 0; i < STEPS; i++) {
			act(f, chance(2) ? &f->a : &f->b, n);
			run(f, chance(2) ? chance(50) : chance(3000));
			if (strstr(f->a.log, "closed:"))
				reset(&f->a, n);
			if (strstr(f->b.log, "closed:"))
				reset(&f->b, n);
		}
		reset(&f->a, n);
		reset(&f->b, n);
		(void)fix_close(&st);
	}
}

/* ---- a peer that answers and asks by chance ---- */

static void answer_by_chance(struct fix *f, const struct sip_msg *req)
{
	static const char *const status[] = {"100 Trying", "180 Ringing",   "183 Progress", "200 OK",    "202 Accepted",
					     "302 Moved",  "401 Auth",      "407 Auth",     "408 Late",  "481 Gone",
					     "486 Busy",   "487 Cancelled", "491 Glare",    "500 Sorry", "503 Later",
					     "606 No",     "200 OK",        "200 OK"};
	static const char *const tag[] = {"t1", "t2", "t3", ""};
	static const char *const extra[] = {
		"Contact: <sip:x@10.0.0.9>\r\n",
		"",
		"Contact: <sip:y@192.168.3.3>\r\nRecord-Route: <sip:10.0.0.9;lr>\r\n",
		"Record-Route: <<>\r\n",
		"WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\"\r\n",
		"Proxy-Authenticate: Digest realm=\"r\", nonce=\"n2\", qop=\"auth\"\r\nRetry-After: 1\r\n",
		"Contact: *\r\n",
		"Contact: <tel:+1>\r\nServer: odd\r\n",
		"Contact: <sip:x@10.0.0.9>\r\nRequire: 100rel\r\nRSeq: 1\r\nAllow: UPDATE, PRACK\r\n",
		"Contact: <sip:x@10.0.0.9>\r\nRequire: 100rel\r\nRSeq: 2\r\nAllow: UPDATE\r\n",
		"Require: 100rel\r\nRSeq: x\r\nContact: <sip:x@10.0.0.9>\r\n",
		"Contact: <sip:x@10.0.0.9>\r\nSession-Expires: 90;refresher=uac\r\nAllow: UPDATE\r\n",
		"Contact: <sip:x@10.0.0.9>\r\nSession-Expires: 1;refresher=uas\r\nSupported: timer, 100rel\r\n",
		"Min-SE: 200\r\nContact: <sip:x@10.0.0.9>\r\n",
	};
	const char *t = tag[chance(ARRAY_LEN(tag))];

	raw_reply(f, req, status[chance(ARRAY_LEN(status))], *t ? t : NULL, extra[chance(ARRAY_LEN(extra))],
		  chance(2) ? "sdp" : NULL);
}

static void ask_by_chance(struct fix *f, const struct sip_msg *inv)
{
	static const char *const method[] = {"INVITE",  "ACK",    "BYE",   "INFO",   "UPDATE",
					     "OPTIONS", "CANCEL", "PRACK", "INVITE", "ACK"};
	static const char *const tag[] = {"t1", "t2", "t1", "", "nobody"};
	const char *m = method[chance(ARRAY_LEN(method))];

	raw_send(f, &f->a.addr,
		 "%s sip:a@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKc%u\r\nMax-Forwards: 70\r\n"
		 "From: <sip:raw@10.0.0.9>;tag=%s\r\nTo: <sip:a@example.org>;tag=%.*s\r\nCall-ID: %.*s\r\nCSeq: %u "
		 "%s\r\n%s"
		 "Content-Length: %d\r\n\r\n%s",
		 m, chance(6), tag[chance(ARRAY_LEN(tag))], SLICE_FMT(inv->from.tag), SLICE_FMT(inv->callid),
		 chance(3) ? chance(20) : inv->cseq.num, m, chance(2) ? "Contact: <sip:z@10.0.0.9:5061>\r\n" : "",
		 chance(2) ? 3 : 0, "sdp");
}

static void odd_peer(void **state)
{
	static const struct sip_cred cred = {.user = {"u", 1}, .password = {"p", 1}};

	(void)state;
	for (int n = 0; n < RUNS; n++) {
		struct sip_inv_call c;
		struct fix *f;
		void *st;

		seed = 0xd1342543de82ef95ULL * (unsigned)(n + 1);
		(void)fix_open(&st);
		f = st;
		set_up(f);
		assert_int_equal(vnet_set_path(f->net, &(struct sa){0}, &(struct sa){0}, &(struct vnet_path){0}), 0);
		c = call_of(&f->raw.addr, chance(2) ? "offer" : NULL);
		c.cred = chance(2) ? &cred : NULL;
		c.follow_dest = chance(2);
		c.timer.expires_s = chance(2) ? 90 : 0;
		c.answer_ms = chance(3) ? 0 : 200;
		assert_int_equal(sip_inv_connect(&f->a.inv, f->a.sip, &c, &party_ops, &f->a), 0);
		run(f, 1);
		for (int i = 0; i < STEPS && f->raw.n < SEEN_MAX - 40; i++) {
			const struct sip_msg *m = f->raw.seen[chance((uint32_t)f->raw.n)];

			if (m->req && m->m != SIP_ACK && chance(3))
				answer_by_chance(f, m);
			else if (chance(2))
				ask_by_chance(f, f->raw.seen[0]);
			else if (f->a.inv && chance(2))
				act(f, &f->a, n);
			run(f, chance(100));
		}
		vnet_set_filter(f->net, NULL, NULL);
		udp_set_handler(f->raw.u, NULL, NULL);
		reset(&f->a, n);
		(void)fix_close(&st);
	}
}

/** A message of the caller within or beside its call to b. */
static void caller_by_chance(struct fix *f)
{
	static const char *const method[] = {"INVITE", "ACK",    "BYE",   "INFO", "UPDATE",
					     "CANCEL", "INVITE", "PRACK", "ACK"};
	static const char *const can[] = {"Supported: 100rel, timer\r\nAllow: UPDATE\r\n",
					  "Require: 100rel\r\nRAck: 1 1 INVITE\r\nContact: <sip:z@10.0.0.9>\r\n",
					  "Contact: <sip:z@10.0.0.9>\r\nSupported: 100rel\r\n",
					  "Contact: <sip:z@10.0.0.9>\r\n"};
	static const char *const from[] = {"rt", "rt", "rt", "rx", ""};
	static char tag[64];
	const char *m = method[chance(ARRAY_LEN(method))];
	bool in_dialog = chance(4);

	if (f->b.inv)
		(void)slice_copy(tag, sizeof(tag), sip_inv_local_tag(f->b.inv));
	raw_send(
		f, &f->b.addr,
		"%s sip:b@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;rport;branch=z9hG4bKd%u\r\nMax-Forwards: 70\r\n"
		"From: <sip:raw@10.0.0.9>;tag=%s\r\nTo: <sip:b@10.0.0.2>%s%s\r\nCall-ID: odd\r\nCSeq: %u %s\r\n%s%s"
		"Content-Length: %d\r\n\r\n%s",
		m, chance(8), from[chance(ARRAY_LEN(from))], in_dialog && *tag ? ";tag=" : "", in_dialog ? tag : "",
		1 + chance(12), m, can[chance(ARRAY_LEN(can))], chance(8) ? "" : "Expires: 3\r\n", chance(2) ? 3 : 0,
		"sdp");
}

static void odd_caller(void **state)
{
	(void)state;
	for (int n = 0; n < RUNS; n++) {
		struct fix *f;
		void *st;

		seed = 0xbf58476d1ce4e5b9ULL * (unsigned)(n + 1);
		(void)fix_open(&st);
		f = st;
		set_up(f);
		udp_set_handler(f->raw.u, NULL, NULL);
		for (int i = 0; i < 4 * STEPS; i++) {
			if (chance(4))
				caller_by_chance(f);
			else
				act(f, &f->b, n);
			run(f, chance(3) ? chance(100) : chance(9000));
			if (strstr(f->b.log, "closed:") || !f->b.inv)
				reset(&f->b, n);
		}
		reset(&f->b, n);
		(void)fix_close(&st);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_users),
		cmocka_unit_test(odd_peer),
		cmocka_unit_test(odd_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
