/*
 * verdict.c - the common faults of sound, each brought about and found in the live view and in the call record; and
 * calls in which nothing is wrong, of which nothing is said.
 */
#include "media/media_priv.h"
#include "media/srtp.h"
#include "pbx/conference.h"
#include "peer.h"

/* What the live view says of the party with that number; "" = nothing. */
static const char *said(struct scene *s, const char *number)
{
	static char text[200];
	json_t *v = pbx_json_calls(s->pbx), *c, *l;
	size_t i, k;

	text[0] = '\0';
	json_array_foreach(v, i, c)
	{
		json_array_foreach(json_object_get(c, "legs"), k, l)
		{
			const char *say = json_string_value(json_object_get(l, "verdict"));

			if (say && !strcmp(json_string_value(json_object_get(l, "number")), number))
				snprintf(text, sizeof(text), "%s", say);
		}
	}
	json_decref(v);
	return text;
}

static void assert_said(struct scene *s, const char *number, const char *words)
{
	const char *is = said(s, number);

	if (*words ? !strstr(is, words) : *is != '\0')
		fail_msg("of %s it says \"%s\", not \"%s\"", number, is, words);
}

/* The record of the last call, by leg. */
static void assert_recorded(struct scene *s, size_t leg, const char *words)
{
	const char *is = json_string_value(json_object_get(cdr_leg(s, 0, leg), "verdict"));

	if (*words ? !is || !strstr(is, words) : is && *is)
		fail_msg("the record says \"%s\" of leg %zu, not \"%s\"", is ? is : "", leg, words);
}

static void over(struct scene *s, const char *of_a, const char *of_b)
{
	end_call(&s->a, &s->b);
	scene_run(s, 200);
	assert_recorded(s, 0, of_a);
	assert_recorded(s, 1, of_b);
}

/* Port of the server to which `a` sends, and where it sends from. */
static struct sa at_server(const struct agent *a, struct sa *from)
{
	struct sa to = a->call->audio->want.r.rtp;

	mstream_local(a->call->audio, from);
	return to;
}

/* `n` packets from `src`, 20 ms apart. */
static void raw(struct scene *s, const struct sa *src, const struct sa *dst, uint8_t pt, const void *pay, size_t l,
		unsigned n)
{
	static uint16_t seq = 1000;
	uint8_t p[400];

	for (unsigned i = 0; i < n; i++, seq++) {
		struct rtp_hdr h = {.pt = pt,
				    .seq = seq,
				    .ts = (uint32_t)vnet_now_ms(s->net) * (l == 1 && pt >= 96 ? 48U : 8U),
				    .ssrc = 0x5151};

		rtp_encode(p, &h);
		memcpy(p + RTP_HDR, pay, l);
		assert_int_equal(vnet_inject(s->net, src, dst, slice_mem(p, RTP_HDR + l)), 0);
		scene_run(s, 20);
	}
}

/* A tone that is no silence, in u-law or anything else. */
static const uint8_t *noise(void)
{
	static uint8_t v[160];

	for (size_t i = 0; i < sizeof(v); i++)
		v[i] = (uint8_t)(i % 8 < 4 ? 0x30 : 0xb0);
	return v;
}

/* ------------------------------------------------------------------ faults */

void verdict_nothing_arrives_any_more(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	mstream_idle(s->a.call->audio);
	scene_run(s, 3000);
	assert_said(s, "100", "");
	scene_run(s, 9500);
	assert_said(s, "100", "nothing arrives from 100 for 1");
	assert_said(s, "100", "one way only");
	assert_said(s, "101", "");
	scene_run(s, 10000);
	assert_said(s, "100", "nothing arrives from 100 for 2");
	over(s, "nothing arrived from 100 in the last 2", "");
}

void verdict_nothing_ever_arrived(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->b.mood = ANSWER;
	agent_call(&s->a, "101");
	agent_wait(&s->a, "answered", 3000);
	mstream_idle(s->a.call->audio);
	agent_wait(&s->b, "answered", 3000);
	mstream_idle(s->b.call->audio);
	log_clear(&s->a);
	log_clear(&s->b);
	scene_run(s, 6000);
	assert_said(s, "101", "nothing has ever arrived from 101 at 10.0.0.12:");
	assert_null(strstr(said(s, "101"), "one way"));
	over(s, "nothing has ever arrived from 100 at 10.0.0.11:", "nothing has ever arrived from 101");
}

void verdict_another_address_than_said(void **state)
{
	struct scene *s = *state;
	struct sa from, to, other = address("10.0.0.77:4000");

	agents_ready(s, 2);
	s->b.mood = ANSWER;
	agent_call(&s->a, "101");
	agent_wait(&s->a, "answered", 3000);
	mstream_idle(s->a.call->audio);
	to = at_server(&s->a, &from);
	log_clear(&s->a);
	log_clear(&s->b);
	raw(s, &other, &to, 0, noise(), 160, 300);
	assert_said(s, "100", "the sound of 100 comes from 10.0.0.77:4000, not from 10.0.0.11:");
	log_clear(&s->b);
	over(s, "the sound of 100 comes from 10.0.0.77:4000", "");
}

/* A call on keys that were changed on one side for a minute and a half: it goes on, and is told. */
void verdict_keys_do_not_match(void **state)
{
	struct scene *s = *state;
	struct srtp_key wrong = {.suite = SRTP_AES_CM_128_HMAC_SHA1_80, .key = "not the key that was told"};

	agents_ready(s, 2);
	s->a.opt.srtp = OH_SRTP_REQUIRED;
	talk(&s->a, &s->b, "101");
	assert_hears(&s->a, &s->b);
	assert_said(s, "100", "");
	assert_int_equal(mstream_set_keys(s->a.call->audio, &wrong, NULL), 0);
	scene_run(s, 90000);
	assert_non_null(s->a.call);
	assert_said(s, "100", "the keys of 100 do not match: 4");
	assert_said(s, "101", "");
	over(s, "the keys of 100 do not match", "");
}

void verdict_codec_never_agreed(void **state)
{
	struct scene *s = *state;
	struct sa from, to;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	to = at_server(&s->a, &from);
	mstream_idle(s->a.call->audio);
	raw(s, &from, &to, 18, noise(), 20, 300);
	assert_said(s, "100", "100 sends G729, which was not agreed on");
	over(s, "100 sends G729", "");
}

void verdict_silent_microphone(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->a.opt.play_tone_hz = 0;
	talk(&s->a, &s->b, "101");
	scene_run(s, 5000);
	assert_said(s, "100", "");
	scene_run(s, 10000);
	assert_said(s, "100", "the microphone of 100 is silent for 1");
	over(s, "the microphone of 100 was silent", "");
}

void verdict_heavy_loss(void **state)
{
	const struct vnet_path bad = {.loss_pm = 80};
	struct scene *s = *state;
	struct sa a = address("10.0.0.11");

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	assert_int_equal(vnet_set_path(s->net, &a, NULL, &bad), 0);
	scene_run(s, 30000);
	assert_int_equal(vnet_set_path(s->net, &a, NULL, &(struct vnet_path){0}), 0);
	assert_said(s, "100", "% of the packets of 100 are lost");
	assert_said(s, "101", "");
	over(s, "of the packets of 100 were lost", "");
}

/* ------------------------------------------------------------------ nothing is wrong */

static void fine(struct scene *s, unsigned ms)
{
	for (unsigned t = 0; t < ms; t += 1000) {
		scene_run(s, 1000);
		assert_said(s, "100", "");
		assert_said(s, "101", "");
	}
}

void no_verdict_of_a_good_call(void **state)
{
	static const char *const codecs[][2] = {{NULL, NULL}, {"OPUS", "OPUS"}, {"G722", "PCMU"}, {"GSM", "OPUS"}};
	struct scene *s = *state;

	agents_ready(s, 2);
	for (size_t i = 0; i < ARRAY_LEN(codecs); i++) {
		s->a.opt.codecs = codecs[i][0];
		s->b.opt.codecs = codecs[i][1];
		s->a.opt.srtp = i & 1 ? OH_SRTP_REQUIRED : OH_SRTP_OFF;
		talk(&s->a, &s->b, "101");
		fine(s, 20000);
		over(s, "", "");
	}
}

/* Who is called much later than the caller was told "ringing", and hangs up at once. */
void no_verdict_of_a_short_call(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->b.mood = RING_ANSWER;
	s->b.answer_ms = 20000;
	agent_call(&s->a, "101");
	for (int i = 0; i < 19; i++) {
		scene_run(s, 1000);
		assert_said(s, "100", "");
		assert_said(s, "101", "");
	}
	agent_wait(&s->a, "answered", 3000);
	scene_run(s, 300);
	log_clear(&s->a);
	log_clear(&s->b);
	over(s, "", "");
}

/* The phone that holds sends nothing, as most do, and the other one neither: that is no fault, and no dead call. */
void no_verdict_of_a_held_call(void **state)
{
	struct scene *s = *state;

	for (int inactive = 0; inactive < 2; inactive++) {
		if (!inactive)
			agents_ready(s, 2);
		s->a.opt.hold_inactive = inactive;
		talk(&s->a, &s->b, "101");
		assert_int_equal(oh_call_hold(s->a.call, true), 0);
		agent_wait(&s->b, "held", 2000);
		mstream_idle(s->a.call->audio);
		fine(s, 100000);
		assert_non_null(s->a.call);
		assert_int_equal(oh_call_hold(s->a.call, false), 0);
		agent_wait(&s->b, "resumed", 2000);
		assert_int_equal(ua_play_start(s->a.call), 0);
		fine(s, 10000);
		log_clear(&s->a);
		log_clear(&s->b);
		over(s, "", "");
		/* hung up while it is held */
		talk(&s->a, &s->b, "101");
		assert_int_equal(oh_call_hold(s->a.call, true), 0);
		agent_wait(&s->b, "held", 2000);
		mstream_idle(s->a.call->audio);
		fine(s, 20000);
		log_clear(&s->a);
		log_clear(&s->b);
		over(s, "", "");
	}
}

/* A member of a conference may be muted, by us or by its phone, and only listen. */
void no_verdict_of_a_listener(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 3);
	row(s, &pbx_conference_resource, "600",
	    "{\"name\": \"Team\", \"announce_count\": false, \"muted_on_entry\": true}");
	s->b.opt.play_tone_hz = 0;
	s->c.opt.codecs = "OPUS";
	s->c.opt.play_tone_hz = 0;
	struct agent *const v[] = {&s->a, &s->b, &s->c};
	for (size_t i = 0; i < 3; i++) {
		agent_call(v[i], "600");
		agent_wait(v[i], "answered", 3000);
	}
	for (int t = 0; t < 30; t++) {
		scene_run(s, 1000);
		assert_said(s, "100", "");
		assert_said(s, "101", "");
		assert_said(s, "102", "");
	}
	for (size_t i = 0; i < 3; i++)
		oh_call_hangup(v[i]->call);
	scene_run(s, 1000);
	for (size_t i = 0; i < 3; i++)
		assert_null(json_object_get(cdr_leg(s, i, 0), "verdict"));
}

/* Silence that a phone announces: by comfort noise in G.711, by Opus itself. */
void no_verdict_of_announced_silence(void **state)
{
	static const char *const codecs[] = {"PCMU", "OPUS"};
	static const uint8_t cn[] = {60}, opus[] = {0x08};
	struct scene *s = *state;
	struct sa from, to;

	agents_ready(s, 2);
	for (size_t i = 0; i < ARRAY_LEN(codecs); i++) {
		s->a.opt.codecs = s->b.opt.codecs = codecs[i];
		talk(&s->a, &s->b, "101");
		to = at_server(&s->a, &from);
		uint8_t pt = i ? s->a.call->audio->want.r.codecs->v[0].pt : 13;
		mstream_idle(s->a.call->audio);
		for (int k = 0; k < 25; k++) {
			raw(s, &from, &to, pt, i ? opus : cn, 1, 1);
			scene_run(s, i ? 380 : 980);
			assert_said(s, "100", "");
		}
		fine(s, 20000);
		over(s, "", "");
	}
}

/* A phone behind a router: sound comes from where its signalling comes from, whatever its description says. */
void no_verdict_of_a_phone_behind_nat(void **state)
{
	struct scene *s = *state;
	struct sa outside = address("203.0.113.5");
	struct sa_net inside;

	assert_int_equal(sa_net_parse(&inside, SLICE("192.168.0.0/16")), 0);
	assert_int_equal(vnet_add_nat(s->net, &inside, &outside), 0);
	agent_open(s, &s->a, "100", "192.168.1.10", OH_UDP);
	agent_open(s, &s->b, "101", "10.0.0.12", OH_UDP);
	agent_register(&s->a);
	agent_register(&s->b);
	tones(s);
	talk(&s->a, &s->b, "101");
	assert_hears(&s->b, &s->a);
	assert_hears(&s->a, &s->b);
	fine(s, 10000);
	over(s, "", "");
}
