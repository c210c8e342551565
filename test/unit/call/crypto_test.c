/*
 * crypto_test.c - keys for SRTP in descriptions: the four settings, suites, keys that change, offers that come late,
 * and sound that is really protected.
 */
#include "fix.h"
#include "media/srtp.h"
#include "wire/sdp/crypto.h"

/* What a phone has of SRTP. */
struct sphone {
	struct phone *p;
	struct srtp_key mine;
	struct srtp_tx *tx;
	struct srtp_rx *rx;
	uint16_t seq;
	size_t good, bad;
};

static struct srtp_key key_of(enum srtp_suite s, uint8_t fill)
{
	struct srtp_key k = {.suite = (uint8_t)s};

	memset(k.key, fill, srtp_suite_key_len(s));
	return k;
}

/* "v=0 ... RTP/SAVP 0" with the lines given. */
static void say(struct phone *p, const char *proto, const char *lines)
{
	static unsigned version = 100;
	char ip[SA_STRLEN];

	snprintf(p->sdp_txt, sizeof(p->sdp_txt),
		 "v=0\r\no=x 1 %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %u %s 0\r\n%sa=sendrecv\r\n",
		 version++, sa_ntop(&p->addr, ip), ip, sa_port(&p->rtp), proto, lines);
	p->sdp = p->sdp_txt;
}

static const char *line_of(const struct srtp_key *k, uint32_t tag, char text[200])
{
	struct buf b;

	buf_init_fixed(&b, text, 200);
	sdp_crypto_encode(&b, tag, srtp_suite_name(k->suite), k->key, srtp_suite_key_len(k->suite));
	text[buf_get(&b).l] = 0;
	return text;
}

static void say_key(struct sphone *s, const char *proto, uint32_t tag)
{
	char text[200];

	say(s->p, proto, line_of(&s->mine, tag, text));
}

/* The key of that suite in the last description that the phone got. */
static bool their_key(const struct phone *p, enum srtp_suite s, uint32_t tag, struct srtp_key *k)
{
	struct slice text = slice_str(p->got);
	struct sdp_crypto c;

	while (text.l) {
		struct slice line = slice_trim(slice_cut(&text, '\n'));

		if (!slice_starts(line, SLICE("a=crypto:")))
			continue;
		assert_int_equal(sdp_crypto_decode(&c, slice_from(line, 9)), 0);
		if (srtp_suite_of(c.suite) != s || c.tag != tag)
			continue;
		*k = (struct srtp_key){.suite = (uint8_t)s};
		memcpy(k->key, c.key, c.key_len);
		return true;
	}
	return false;
}

static unsigned keys_in(const char *sdp)
{
	unsigned n = 0;

	while ((sdp = strstr(sdp, "a=crypto:"))) {
		n++;
		sdp++;
	}
	return n;
}

static void srtp_h(struct udp *u, const struct udp_rx *rx, void *arg)
{
	struct sphone *s = arg;
	uint8_t b[400];
	size_t l = rx->data.l;

	(void)u;
	memcpy(b, rx->data.p, l);
	if (s->rx && !srtp_open(s->rx, b, &l))
		s->good++;
	else
		s->bad++;
}

/* Both keys are known now. */
static void begin(struct sphone *s, enum srtp_suite suite, uint32_t tag)
{
	struct srtp_key k;

	assert_true(their_key(s->p, suite, tag, &k));
	mem_deref(s->tx);
	mem_deref(s->rx);
	assert_int_equal(srtp_tx_alloc(&s->tx, &s->mine), 0);
	assert_int_equal(srtp_rx_alloc(&s->rx, &k), 0);
	udp_set_handler(s->p->udp, srtp_h, s);
}

static void end(struct sphone *s)
{
	mem_deref(s->tx);
	mem_deref(s->rx);
}

static void talk(struct sphone *s)
{
	struct sa to = phone_target(s->p);

	for (int i = 0; i < 3; i++) {
		uint8_t b[200] = {0x80};
		size_t l = 172;

		s->seq++;
		b[2] = (uint8_t)(s->seq >> 8);
		b[3] = (uint8_t)s->seq;
		b[8] = 9;
		assert_int_equal(srtp_seal(s->tx, b, &l, 12, s->seq), 0);
		assert_int_equal(udp_send_now(s->p->udp, &to, b, l), 0);
		run(s->p->f, 20);
	}
}

/* Does sound go both ways between a phone with SRTP and one without? */
static void both_ways(struct sphone *s, struct phone *plain)
{
	size_t n = plain->rtp_n, good = s->good, bad = s->bad;

	talk(s);
	assert_true(plain->rtp_n > n);
	(void)sound(plain, s->p);
	assert_true(s->good > good);
	assert_int_equal(s->bad, bad);
}

static void call_up(struct fix *f, struct phone *a, struct phone *b)
{
	if (!f->nreg)
		for (unsigned i = 0; i < 2; i++)
			phone_register(&f->p[i]);
	phone_call(a, b->user);
	run(f, 1000);
}

static void protected_calls_plain(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	for (unsigned suite = 1; suite < SRTP_SUITE_COUNT; suite++) {
		struct sphone s = {.p = a, .mine = key_of((enum srtp_suite)suite, 3)};

		say_key(&s, "RTP/SAVP", 7);
		call_up(f, a, b);
		assert_has(b->got, "RTP/AVP 0");
		assert_lacks(b->got, "a=crypto");
		assert_has(a->got, "RTP/SAVP 0");
		assert_int_equal(keys_in(a->got), 1);
		begin(&s, (enum srtp_suite)suite, 7);
		both_ways(&s, b);
		phone_hangup(a);
		run(f, 1000);
		end(&s);
	}
}

/* With feedback (RFC 5124): the answer has the profile of the offer, and the other side is offered AVPF without keys.
 */
static void with_feedback(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	for (unsigned suite = 1; suite < SRTP_SUITE_COUNT; suite++) {
		struct sphone s = {.p = a, .mine = key_of((enum srtp_suite)suite, 5)};

		say_key(&s, "RTP/SAVPF", 2);
		call_up(f, a, b);
		assert_has(b->got, "RTP/AVPF 0");
		assert_lacks(b->got, "a=crypto");
		assert_has(a->got, "RTP/SAVPF 0");
		assert_int_equal(keys_in(a->got), 1);
		begin(&s, (enum srtp_suite)suite, 2);
		both_ways(&s, b);
		phone_hangup(a);
		run(f, 1000);
		end(&s);
	}
}

/* RFC 8643: RTP/AVP with a key is answered so. */
static void beside_rtp(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	struct sphone s = {.p = a, .mine = key_of(SRTP_AES_CM_128_HMAC_SHA1_80, 3)};

	say_key(&s, "RTP/AVP", 1);
	call_up(f, a, b);
	assert_has(a->got, "RTP/AVP 0");
	assert_int_equal(keys_in(a->got), 1);
	/* its signalling can be read by all */
	assert_lacks(b->got, "a=crypto");
	begin(&s, SRTP_AES_CM_128_HMAC_SHA1_80, 1);
	both_ways(&s, b);
	end(&s);
}

static void offered_to_callee(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	struct sphone s = {.p = b, .mine = key_of(SRTP_AEAD_AES_128_GCM, 3)};

	f->mp[1].srtp = SRTP_OFFERED;
	say_key(&s, "RTP/SAVP", 2);
	call_up(f, a, b);
	assert_has(b->got, "RTP/SAVP 0");
	assert_int_equal(keys_in(b->got), 3);
	assert_lacks(a->got, "a=crypto");
	begin(&s, SRTP_AEAD_AES_128_GCM, 2);
	both_ways(&s, a);
	/* hold by the other side: one key now, and it stays */
	phone_sdp(a, "sendonly", "0 101");
	phone_reoffer(a);
	run(f, 500);
	assert_has(b->got, "RTP/SAVP");
	assert_int_equal(keys_in(b->got), 1);
	struct srtp_key k;
	assert_true(their_key(b, SRTP_AEAD_AES_128_GCM, 2, &k));
	phone_sdp(a, "sendrecv", "0 101");
	phone_reoffer(a);
	run(f, 500);
	both_ways(&s, a);
	end(&s);
}

static void offered_and_refused(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	f->mp[1].srtp = SRTP_OFFERED;
	b->refuse_offer = 488;
	call_up(f, a, b);
	assert_log(b, "invite invite");
	assert_has(b->heard, "RTP/SAVP");
	assert_has(b->got, "RTP/AVP");
	assert_lacks(b->got, "a=crypto");
	assert_log(a, "closed:488");
}

static void required(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	struct sphone s = {.p = a, .mine = key_of(SRTP_AES_CM_128_HMAC_SHA1_80, 3)};

	/* a plain offer */
	f->mp[0].srtp = SRTP_REQUIRED;
	call_up(f, a, b);
	assert_log(a, "closed:488");
	assert_log(b, "");
	assert_has(f->rec.words, "encrypted sound (SRTP)");
	/* a plain answer */
	f->mp[0].srtp = SRTP_BEST_EFFORT;
	f->mp[1].srtp = SRTP_REQUIRED;
	call_up(f, a, b);
	assert_has(b->got, "RTP/SAVP");
	assert_log(a, "ring:180 closed:488");
	assert_has(f->rec.words, "encrypted sound (SRTP)");
	b->l = 0;
	/* and one that is right */
	f->mp[0].srtp = SRTP_REQUIRED;
	f->mp[1].srtp = SRTP_BEST_EFFORT;
	say_key(&s, "RTP/SAVP", 1);
	call_up(f, a, b);
	assert_log(a, "ring:180 answered:200");
	begin(&s, SRTP_AES_CM_128_HMAC_SHA1_80, 1);
	both_ways(&s, b);
	/* it may not turn back */
	say(a, "RTP/AVP", "");
	phone_reoffer(a);
	run(f, 500);
	assert_log(a, "reanswered:488");
	both_ways(&s, b);
	end(&s);
}

static void off(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	struct sphone s = {.p = a, .mine = key_of(SRTP_AES_CM_128_HMAC_SHA1_80, 3)};

	f->mp[0].srtp = SRTP_OFF;
	say_key(&s, "RTP/SAVP", 1);
	call_up(f, a, b);
	assert_log(a, "closed:488");
	say_key(&s, "RTP/AVP", 1);
	call_up(f, a, b);
	assert_log(a, "ring:180 answered:200");
	assert_lacks(a->got, "a=crypto");
	assert_true(sound(a, b));
}

#define K30 "inline:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"
/* Which of several is taken: the first that we can do, those with short tags last. */
static void choice(void **state)
{
	static const struct {
		const char *lines, *taken;
	} t[] = {
		{"a=crypto:1 AES_CM_128_HMAC_SHA1_32 " K30 "\r\na=crypto:2 AES_CM_128_HMAC_SHA1_80 " K30 "\r\n",
		 "a=crypto:2 AES_CM_128_HMAC_SHA1_80 "},
		{"a=crypto:5 AES_CM_128_HMAC_SHA1_32 " K30 "|2^20\r\n", "a=crypto:5 AES_CM_128_HMAC_SHA1_32 "},
		{"a=crypto:1 F8_128_HMAC_SHA1_80 " K30 "\r\na=crypto:2 AES_CM_128_HMAC_SHA1_80 " K30
		 " UNENCRYPTED_SRTP\r\na=crypto:3 AES_CM_128_HMAC_SHA1_80 " K30 "|1:4\r\n",
		 "a=crypto:3 AES_CM_128_HMAC_SHA1_80 "},
		{"a=crypto:1 AES_256_CM_HMAC_SHA1_80 " K30 "\r\na=crypto:2 AES_CM_128_HMAC_SHA1_80 " K30 "\r\n",
		 "a=crypto:2 AES_CM_128_HMAC_SHA1_80 "},
		{"a=crypto:1 NULL_HMAC_SHA1_80 " K30 "\r\n", NULL},
		{"", NULL},
	};
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		say(a, "RTP/SAVP", t[i].lines);
		call_up(f, a, b);
		if (!t[i].taken) {
			assert_log(a, "closed:488");
			continue;
		}
		assert_log(a, "ring:180 answered:200");
		assert_has(a->got, t[i].taken);
		assert_int_equal(keys_in(a->got), 1);
		phone_hangup(a);
		run(f, 500);
		a->l = b->l = 0;
	}
}

/* A refresh and a hold leave our key as it is; a new key of the phone brings a new one of ours. */
static void new_key_in_a_call(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	struct sphone s = {.p = a, .mine = key_of(SRTP_AES_CM_128_HMAC_SHA1_80, 3)};
	struct srtp_key first, k;

	say_key(&s, "RTP/SAVP", 1);
	call_up(f, a, b);
	begin(&s, SRTP_AES_CM_128_HMAC_SHA1_80, 1);
	both_ways(&s, b);
	assert_true(their_key(a, SRTP_AES_CM_128_HMAC_SHA1_80, 1, &first));
	say_key(&s, "RTP/SAVP", 1);
	phone_reoffer(a);
	run(f, 500);
	assert_true(their_key(a, SRTP_AES_CM_128_HMAC_SHA1_80, 1, &k));
	assert_true(srtp_key_eq(&first, &k));
	both_ways(&s, b);
	/* another tag for the same key is no new key */
	say_key(&s, "RTP/SAVP", 4);
	phone_reoffer(a);
	run(f, 500);
	assert_true(their_key(a, SRTP_AES_CM_128_HMAC_SHA1_80, 4, &k));
	assert_true(srtp_key_eq(&first, &k));
	both_ways(&s, b);
	s.mine = key_of(SRTP_AES_CM_128_HMAC_SHA1_80, 77);
	say_key(&s, "RTP/SAVP", 1);
	phone_reoffer(a);
	run(f, 500);
	assert_true(their_key(a, SRTP_AES_CM_128_HMAC_SHA1_80, 1, &k));
	assert_false(srtp_key_eq(&first, &k));
	begin(&s, SRTP_AES_CM_128_HMAC_SHA1_80, 1);
	both_ways(&s, b);
	/* to RTP and back: what was given up does not come back */
	first = k;
	udp_set_handler(a->udp, rtp_h, a);
	say(a, "RTP/AVP", "");
	phone_reoffer(a);
	run(f, 500);
	assert_lacks(a->got, "a=crypto");
	assert_true(sound(a, b));
	assert_true(sound(b, a));
	say_key(&s, "RTP/SAVP", 1);
	phone_reoffer(a);
	run(f, 500);
	assert_true(their_key(a, SRTP_AES_CM_128_HMAC_SHA1_80, 1, &k));
	assert_false(srtp_key_eq(&first, &k));
	begin(&s, SRTP_AES_CM_128_HMAC_SHA1_80, 1);
	both_ways(&s, b);
	end(&s);
}

/* It asks for our offer; its answer comes in its ACK. */
static void late_offer(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	struct sphone s = {.p = a, .mine = key_of(SRTP_AEAD_AES_256_GCM, 3)};
	struct how h = {.no_offer = true};

	f->mp[0].srtp = SRTP_OFFERED;
	for (unsigned i = 0; i < 2; i++)
		phone_register(&f->p[i]);
	say_key(&s, "RTP/SAVP", 1);
	phone_call_how(a, "101", &h);
	run(f, 1000);
	assert_has(a->got, "RTP/SAVP");
	assert_int_equal(keys_in(a->got), 3);
	begin(&s, SRTP_AEAD_AES_256_GCM, 1);
	both_ways(&s, b);
	end(&s);
}

/* Memory gone for a while at every point of a call: nothing is left over, and nothing is sent plain. */
static void no_memory(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	struct sphone x = {.p = a, .mine = key_of(SRTP_AEAD_AES_128_GCM, 3)};
	struct sphone y = {.p = b, .mine = key_of(SRTP_AES_CM_128_HMAC_SHA1_80, 4)};
	unsigned up = 0;

	if (!f->live && !mem_live())
		skip(); /* only the debug build can fail allocations */
	f->oom = true;
	f->mp[0].srtp = f->mp[1].srtp = SRTP_REQUIRED;
	b->after_ms = 1;
	for (unsigned i = 0; i < 2; i++)
		phone_register(&f->p[i]);
	for (int n = 0; n < 200; n++) {
		say_key(&x, "RTP/SAVP", 1);
		say_key(&y, "RTP/SAVP", 3);
		phone_call(a, "101");
		mem_fail_at(n);
		run(f, 6);
		(void)mem_fail_off();
		run(f, 1000);
		if (a->inv && strstr(a->log, "answered:200")) {
			assert_int_equal(keys_in(a->got), 1);
			assert_has(b->got, "RTP/SAVP");
			up++;
		}
		if (a->inv)
			phone_hangup(a);
		run(f, 80000);
		assert_int_equal(calls_count(f->calls), 0);
		assert_int_equal(calls_ending(f->calls), 0);
		for (int i = 0; i < 2; i++) {
			f->p[i].inv = mem_deref(f->p[i].inv);
			f->p[i].l = f->p[i].nheard = 0;
			f->p[i].log[0] = 0;
		}
		run(f, 40000);
	}
	assert_true(up > 0);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, fix_open, fix_close)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(protected_calls_plain), T(with_feedback), T(beside_rtp), T(offered_to_callee),
		T(offered_and_refused),   T(required),      T(off),        T(choice),
		T(new_key_in_a_call),     T(late_offer),    T(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
