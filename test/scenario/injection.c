/*
 * injection.c - sound of strangers is not heard, and strangers hear nothing (RTP injection and RTP bleed).
 */
#include "scenario.h"

/* Port at the server to which `a` sends its sound. */
static struct sa media_port(const struct scene *s, const struct agent *a)
{
	struct sa from = address(a->ip), to = address(SERVER4);

	for (size_t i = s->ntape; i-- > 0;) {
		struct slice d = rbuf_slice(s->tape[i].data);

		if (d.l == 172 && sa_eq_addr(&from, &s->tape[i].src) && sa_eq_addr(&to, &s->tape[i].dst))
			return s->tape[i].dst;
	}
	fail_msg("no sound from %s", a->ip);
	return to;
}

static void send_noise(struct scene *s, const struct sa *src, const struct sa *dst, unsigned n)
{
	uint8_t p[172];

	memset(p, 0, sizeof(p));
	p[0] = 0x80;
	for (unsigned i = 0; i < n; i++) {
		p[2] = (uint8_t)(i >> 8);
		p[3] = (uint8_t)i;
		p[6] = (uint8_t)(i * 160 >> 8);
		p[7] = (uint8_t)(i * 160);
		p[8] = 0x66;
		for (size_t k = 12; k < sizeof(p); k++)
			p[k] = (uint8_t)(k % 8 < 4 ? 0x10 : 0x90); /* 1000 Hz, loud */
		assert_int_equal(vnet_inject(s->net, src, dst, slice_mem(p, sizeof(p))), 0);
		vnet_run(s->net, 20);
	}
}

void injection_is_not_heard(void **state)
{
	struct scene *s = *state;
	struct sa stranger = address("10.0.0.66:4000"), same_host = address("10.0.0.11:4000"), port;
	struct oh_call_stats st;

	agents_ready(s, 2);
	tape_start(s);
	talk(&s->a, &s->b, "101");
	port = media_port(s, &s->a);
	tape_start(s);
	oh_call_get_stats(s->b.call, &st);
	send_noise(s, &stranger, &port, 200);
	send_noise(s, &same_host, &port, 50);
	assert_hears(&s->b, &s->a);
	assert_true(oh_call_heard(s->b.call, 1000, 1000) < 0.02);
	/* and nothing goes to him */
	assert_int_equal(tape_rtp(s, SERVER4, "10.0.0.66"), 0);
	tape_stop(s);
	end_call(&s->a, &s->b);
}

/* From the first packet: the stranger is quicker than the phone, but the address in the SDP wins. */
void stranger_first_does_not_win(void **state)
{
	struct scene *s = *state;
	struct sa stranger = address("10.0.0.66:4000"), port;

	agents_ready(s, 2);
	s->b.mood = RING;
	agent_call(&s->a, "101");
	agent_wait(&s->b, "incoming:100", 2000);
	/* spray all ports of the server, as an attacker does who knows nothing */
	tape_start(s);
	for (unsigned p = 10000; p < 10100; p += 2) {
		port = address(SERVER4);
		sa_set_port(&port, (uint16_t)p);
		send_noise(s, &stranger, &port, 1);
	}
	assert_int_equal(oh_call_answer(s->b.call, &s->b.opt), 0);
	agent_wait(&s->a, "answered", 2000);
	for (unsigned p = 10000; p < 10100; p += 2) {
		port = address(SERVER4);
		sa_set_port(&port, (uint16_t)p);
		send_noise(s, &stranger, &port, 1);
	}
	scene_run(s, 500);
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	/* he may have been taken for the phone for a moment before it spoke, never after */
	tape_start(s);
	scene_run(s, 1000);
	assert_int_equal(tape_rtp(s, SERVER4, "10.0.0.66"), 0);
	tape_stop(s);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
}

/* The next call on the same ports does not hear the last one's party, who goes on sending. */
void next_call_does_not_hear_the_last(void **state)
{
	struct scene *s = *state;
	struct sa a_old = address("10.0.0.11:20000"), port;

	agents_ready(s, 3);
	tape_start(s);
	talk(&s->a, &s->b, "101");
	port = media_port(s, &s->a);
	tape_stop(s);
	end_call(&s->a, &s->b);
	talk(&s->c, &s->b, "101");
	send_noise(s, &a_old, &port, 100);
	assert_hears(&s->b, &s->c);
	assert_true(oh_call_heard(s->b.call, 1000, 1000) < 0.02);
	end_call(&s->c, &s->b);
}
