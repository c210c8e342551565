/*
 * video.c - a video line beside the sound is relayed as it is; a phone without a camera refuses it.
 */
#include "scenario.h"

/* Somebody must begin: a packet as if from a's camera. */
static void film(struct scene *s, unsigned n)
{
	struct sa local, to;
	uint8_t p[600];

	mstream_local(s->a.call->video, &local);
	struct slice sdp = rbuf_slice(s->a.call->local);
	(void)sdp;
	/* where the server wants a's video: the second m-line of its answer, seen on the tape */
	struct slice ok = tape_find(s, SERVER4, s->a.ip, "SIP/2.0 200", 0);
	const char *m = memmem(ok.p, ok.l, "m=video ", 8);
	assert_non_null(m);
	to = address(SERVER4);
	sa_set_port(&to, (uint16_t)atoi(m + 8));
	assert_int_not_equal(sa_port(&to), 0);
	memset(p, 0x5a, sizeof(p));
	p[0] = 0x80;
	for (unsigned i = 0; i < n; i++) {
		p[1] = UA_H264_PT;
		p[2] = 0;
		p[3] = (uint8_t)i;
		assert_int_equal(vnet_inject(s->net, &local, &to, slice_mem(p, sizeof(p))), 0);
		vnet_run(s->net, 40);
	}
}

void video_is_relayed(void **state)
{
	struct scene *s = *state;
	struct oh_call_stats st;

	agents_ready(s, 2);
	s->a.opt.video = s->b.opt.video = true;
	tape_start(s);
	talk(&s->a, &s->b, "101");
	film(s, 20);
	tape_stop(s);
	scene_run(s, 1500);
	oh_call_get_stats(s->b.call, &st);
	assert_true(st.video_received >= 20);
	/* b sends it back, a sends that back ...: it goes round */
	oh_call_get_stats(s->a.call, &st);
	assert_true(st.video_received >= 20);
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	end_call(&s->a, &s->b);
}

void video_refused_by_phone(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->a.opt.video = true;
	tape_start(s);
	talk(&s->a, &s->b, "101");
	assert_true(contains(tape_find(s, SERVER4, s->a.ip, "SIP/2.0 200", 0), "m=video 0 "));
	tape_stop(s);
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	end_call(&s->a, &s->b);
}
