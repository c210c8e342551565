/*
 * hold.c - hold and resume, from either end: directions are passed on, sound stops and comes back.
 */
#include <math.h>
#include <sys/stat.h>
#include "media/tone.h"
#include "scenario.h"

static void hold_and_resume(struct scene *s, struct agent *x, struct agent *y)
{
	assert_int_equal(oh_call_hold(x->call, true), 0);
	agent_wait(x, "changed:200", 2000);
	assert_log(x, "changed:200");
	assert_log(y, "held");
	scene_run(s, 2000);
	assert_hears(y, x); /* who holds may send */
	tape_start(s);
	assert_hears_not(x, y);
	assert_int_equal(tape_rtp(s, SERVER4, x->ip), 0);
	tape_stop(s);
	assert_int_equal(oh_call_hold(x->call, false), 0);
	agent_wait(y, "resumed", 2000);
	scene_run(s, 2000);
	assert_log(x, "changed:200");
	assert_log(y, "resumed");
	assert_hears(x, y);
	assert_hears(y, x);
}

void hold_and_resume_by_caller(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	hold_and_resume(s, &s->a, &s->b);
	end_call(&s->a, &s->b);
}

void hold_and_resume_by_callee(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	hold_and_resume(s, &s->b, &s->a);
	end_call(&s->b, &s->a);
	scene_run(s, 100);
	assert_cdr(s, 0, "ended_by", "callee");
}

/* Held for a long time: nobody sends to us, and that is no reason to end the call. */
void hold_is_not_death(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	assert_int_equal(oh_call_hold(s->a.call, true), 0);
	agent_wait(&s->b, "held", 2000);
	log_clear(&s->b);
	scene_run(s, 8 * 60 * 1000); /* less than the recorder keeps */
	assert_log(&s->b, "");
	assert_log(&s->a, "changed:200");
	assert_non_null(s->a.call);
	/* nonces and NAT bindings are old by now: it can be resumed all the same */
	assert_int_equal(oh_call_hold(s->a.call, false), 0);
	agent_wait(&s->a, "changed:200", 2000);
	assert_log(&s->b, "resumed");
	log_clear(&s->a);
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	end_call(&s->a, &s->b);
}

/* ------------------------------------------------------------------ music */

/* Music of one tone, which nobody else makes. */
static void music(struct scene *s, unsigned hz)
{
	char path[120];
	int16_t pcm[8000];

	for (int i = 0; i < 8000; i++)
		pcm[i] = (int16_t)(8000 * sin(2 * M_PI * hz * i / 8000.0));
	scene_sounds(s);
	snprintf(path, sizeof(path), "%s/sounds", s->dir);
	(void)mkdir(path, 0700);
	strcat(path, "/moh");
	(void)mkdir(path, 0700);
	strcat(path, "/tone.wav");
	assert_int_equal(wav_write(path, pcm, 8000), 0);
}

static double share(struct agent *x, unsigned hz)
{
	size_t n;

	return hear(x, hz, &n);
}

/* `x` holds `y`, which hears music, and has it back; the packets to `y` go on in one stream. */
static void music_and_back(struct scene *s, struct agent *x, struct agent *y)
{
	tape_start(s);
	assert_int_equal(oh_call_hold(x->call, true), 0);
	agent_wait(y, "held", 2000);
	scene_run(s, 1500);
	assert_true(share(y, 1500) > 0.9);
	assert_hears_not(x, y);
	assert_int_equal(oh_call_hold(x->call, false), 0);
	agent_wait(y, "resumed", 2000);
	scene_run(s, 2000);
	assert_true(share(y, 1500) < 0.05);
	assert_hears(x, y);
	assert_hears(y, x);
	log_clear(x);
	log_clear(y);
}

/* Sequence and SSRC of what `to` was sent never jump. */
static void assert_one_stream(struct scene *s, struct agent *to)
{
	uint32_t ssrc = 0;
	uint16_t seq = 0;
	size_t n = 0;

	for (size_t i = 0; i < s->ntape; i++) {
		struct slice d = rbuf_slice(s->tape[i].data);
		const uint8_t *p = (const uint8_t *)d.p;
		char ip[SA_STRLEN];
		uint32_t x;

		if (strcmp(sa_ntop(&s->tape[i].dst, ip), to->ip) || is_sip(d) || d.l < 12 ||
		    (p[1] >= 192 && p[1] <= 223))
			continue;
		x = (uint32_t)p[8] << 24 | (uint32_t)p[9] << 16 | (uint32_t)p[10] << 8 | p[11];
		if (n++) {
			assert_int_equal(x, ssrc);
			assert_int_equal((uint16_t)(p[2] << 8 | p[3]), (uint16_t)(seq + 1));
		}
		ssrc = x;
		seq = (uint16_t)(p[2] << 8 | p[3]);
	}
	assert_true(n > 100);
}

void hold_hears_music(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	music(s, 1500);
	talk(&s->a, &s->b, "101");
	music_and_back(s, &s->a, &s->b);
	assert_one_stream(s, &s->b);
	tape_stop(s);
	music_and_back(s, &s->b, &s->a);
	assert_one_stream(s, &s->a);
	tape_stop(s);
	end_call(&s->a, &s->b);
	scene_check_idle(s);
}

/* A phone that neither sends nor wants to hear: the other one is asked to listen all the same. */
void hold_inactive_hears_music(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	music(s, 1500);
	s->a.opt.hold_inactive = true;
	talk(&s->a, &s->b, "101");
	music_and_back(s, &s->a, &s->b);
	tape_stop(s);
	end_call(&s->a, &s->b);
}

/* The same where all sound is encrypted, and where one side's is. */
void hold_hears_music_encrypted(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	music(s, 1500);
	s->a.opt.srtp = OH_SRTP_REQUIRED;
	for (int both = 0; both < 2; both++) {
		s->b.opt.srtp = both ? OH_SRTP_BEST_EFFORT : OH_SRTP_OFF;
		talk(&s->a, &s->b, "101");
		struct oh_call_stats st;
		oh_call_get_stats(s->a.call, &st);
		assert_true(st.encrypted);
		music_and_back(s, &s->a, &s->b);
		tape_stop(s);
		music_and_back(s, &s->b, &s->a);
		tape_stop(s);
		end_call(&s->a, &s->b);
	}
	scene_check_idle(s);
}

void hold_without_music(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	music(s, 1500);
	assert_int_equal(
		scene_change(s, CHANGE_UPDATE, &pbx_settings_resource, "main", json_pack("{s:b}", "hold_music", 0)), 0);
	talk(&s->a, &s->b, "101");
	log_clear(&s->a);
	log_clear(&s->b);
	hold_and_resume(s, &s->a, &s->b);
	/* and with it again, in the same call */
	assert_int_equal(
		scene_change(s, CHANGE_UPDATE, &pbx_settings_resource, "main", json_pack("{s:b}", "hold_music", 1)), 0);
	music_and_back(s, &s->a, &s->b);
	tape_stop(s);
	end_call(&s->a, &s->b);
}

/* Each holds the other: nobody hears anything, and whoever has been let go first hears music. */
void hold_of_both_sides(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	music(s, 1500);
	talk(&s->a, &s->b, "101");
	assert_int_equal(oh_call_hold(s->a.call, true), 0);
	agent_wait(&s->b, "held", 2000);
	scene_run(s, 500);
	assert_int_equal(oh_call_hold(s->b.call, true), 0);
	agent_wait(&s->b, "changed:200", 2000);
	scene_run(s, 2000);
	assert_true(share(&s->a, 1500) < 0.05);
	assert_true(share(&s->b, 1500) < 0.05);
	assert_int_equal(oh_call_hold(s->b.call, false), 0);
	scene_run(s, 2000);
	assert_true(share(&s->b, 1500) > 0.9);
	assert_true(share(&s->a, 1500) < 0.05);
	assert_int_equal(oh_call_hold(s->a.call, false), 0);
	scene_run(s, 2000);
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
}

/* Who is sent on hears music until somebody rings. */
void hold_then_transfer_hears_music(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 3);
	music(s, 1500);
	talk(&s->a, &s->b, "101");
	assert_int_equal(oh_call_hold(s->a.call, true), 0);
	agent_wait(&s->b, "held", 2000);
	scene_run(s, 1500);
	s->c.mood = RING_ANSWER;
	s->c.answer_ms = 9000;
	assert_int_equal(oh_call_transfer(s->a.call, "102"), 0);
	scene_run(s, 7000);
	/* it rings there: a second of five */
	assert_true(oh_call_heard(s->b.call, 425, 4900) > 0.15);
	assert_true(oh_call_heard(s->b.call, 1500, 4900) < 0.05);
	agent_wait(&s->c, "answered", 10000);
	scene_run(s, 3000);
	assert_hears(&s->b, &s->c);
	assert_hears(&s->c, &s->b);
	log_clear(&s->b);
	log_clear(&s->c);
	end_call(&s->b, &s->c);
}
