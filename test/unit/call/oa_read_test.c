/*
 * oa_read_test.c - descriptions that are kept decoded: the same bytes are found again, others never taken for them.
 */
#include <stdio.h>
#include "base/rbuf.h"
#include "call/oa_priv.h"
#include "fix.h"

enum { LONG = 3000 };

static struct rbuf *text_of(unsigned port, const char *more)
{
	char t[LONG + 200];
	struct rbuf *b;
	int n = snprintf(t, sizeof(t),
			 "v=0\r\no=a 1 2 IN IP4 10.0.0.10\r\ns=-\r\nc=IN IP4 10.0.0.10\r\nt=0 0\r\n"
			 "m=audio %u RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n%s",
			 port, more);

	assert_true(n > 0 && (size_t)n < sizeof(t));
	assert_int_equal(rbuf_alloc(&b, t, (size_t)n), 0);
	return b;
}

static void same_bytes_are_read_once(void **state)
{
	struct rbuf *a = text_of(4000, ""), *copy = text_of(4000, "");
	const struct oa_list *l;
	const struct sdp *d, *e;
	struct oa_list room;

	(void)state;
	assert_int_equal(oa_read(&d, rbuf_slice(a)), 0);
	l = oa_formats(&room, d, 0);
	assert_ptr_not_equal(l, &room);
	assert_int_equal(l->n, 3);
	/* what was read does not lean on the bytes it came from */
	mem_deref(a);
	assert_int_equal(oa_read(&e, rbuf_slice(copy)), 0);
	assert_ptr_equal(d, e);
	assert_ptr_equal(oa_formats(&room, e, 0), l);
	assert_true(slice_eqs(l->v[2].name, "telephone-event"));
	assert_true(slice_eqs(e->m[0].type, "audio"));
	mem_deref(copy);
}

/* A block that was freed and given out again, with another description of the same length. */
static void other_bytes_in_the_same_place(void **state)
{
	struct rbuf *a = text_of(4000, "");
	const struct sdp *d;

	(void)state;
	for (uint16_t port = 4001; port < 4200; port++) {
		struct rbuf *b = text_of(port, "");

		assert_int_equal(a->l, b->l);
		memcpy(a->data, b->data, b->l);
		assert_int_equal(oa_read(&d, rbuf_slice(a)), 0);
		assert_int_equal(d->m[0].port, port);
		mem_deref(b);
	}
	mem_deref(a);
}

static void lives_until_so_many_others(void **state)
{
	struct rbuf *a = text_of(5000, ""), *b[OA_READ_MAX];
	const struct sdp *d, *e;

	(void)state;
	assert_int_equal(oa_read(&d, rbuf_slice(a)), 0);
	for (unsigned i = 0; i < OA_READ_MAX; i++) {
		assert_int_equal(d->m[0].port, 5000);
		b[i] = text_of(5001 + i, "");
		assert_int_equal(oa_read(&e, rbuf_slice(b[i])), 0);
		assert_int_equal(e->m[0].port, 5001 + i);
	}
	for (unsigned i = 0; i < OA_READ_MAX; i++) {
		assert_int_equal(oa_read(&e, rbuf_slice(b[i])), 0);
		assert_int_equal(e->m[0].port, 5001 + i);
		mem_deref(b[i]);
	}
	assert_int_equal(oa_read(&d, rbuf_slice(a)), 0);
	assert_int_equal(d->m[0].port, 5000);
	mem_deref(a);
}

static void long_ones_are_read_in_place(void **state)
{
	char more[LONG];
	const struct sdp *d;
	struct oa_list room;

	(void)state;
	memset(more, 'x', sizeof(more));
	memcpy(more, "a=x:", 4);
	more[sizeof(more) - 1] = '\0';
	for (uint16_t port = 6000; port < 6020; port++) {
		struct rbuf *a = text_of(port, more);

		assert_int_equal(oa_read(&d, rbuf_slice(a)), 0);
		assert_int_equal(d->m[0].port, port);
		assert_int_equal(oa_formats(&room, d, 0)->n, 3);
		mem_deref(a);
	}
}

static void broken_ones_are_not_kept(void **state)
{
	const struct sdp *d;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_not_equal(oa_read(&d, SLICE("v=0\r\nm=audio\r\n")), 0);
		assert_int_not_equal(oa_read(&d, SLICE_NULL), 0);
		assert_int_not_equal(oa_read(&d, SLICE("")), 0);
	}
}

/* Formats of a description that was changed are read anew, and of each line its own. */
static void formats_of_their_line(void **state)
{
	struct rbuf *a = text_of(7000, "m=audio 7002 RTP/AVP 9 96\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 x=1\r\n");
	struct sdp *own = oa_scratch(0);
	const struct oa_list *l;
	const struct sdp *d;
	struct oa_list room;

	(void)state;
	assert_int_equal(oa_read(&d, rbuf_slice(a)), 0);
	assert_int_equal(oa_formats(&room, d, 0)->n, 3);
	l = oa_formats(&room, d, 1);
	assert_int_equal(l->n, 2);
	assert_int_equal(l->v[1].id, CODEC_OPUS);
	assert_true(slice_eqs(l->v[1].fmtp, "x=1"));
	assert_int_equal(sdp_decode(own, rbuf_slice(a)), 0);
	assert_ptr_equal(oa_formats(&room, own, 0), &room);
	assert_int_equal(room.n, 3);
	mem_deref(a);
}

/* What the attributes of a line say of its formats: the first counts, what makes no sense makes a format unknown. */
static void attributes_of_formats(void **state)
{
	const struct oa_list *l;
	const struct sdp *d;
	struct oa_list room;

	(void)state;
	assert_int_equal(oa_read(&d, SLICE("v=0\r\no=a 1 2 IN IP4 10.0.0.10\r\ns=-\r\nt=0 0\r\n"
					   "m=audio 4000 RTP/AVP 0 96 97 98 300 x 8 96\r\na=rtpmap:96 GSM/8000\r\n"
					   "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 a=1\r\na=fmtp:96 b=2\r\n"
					   "a=rtpmap:97 PCMU/0\r\na=fmtp:97 c=3\r\na=rtpmap:8 L16/16000/2\r\n"
					   "a=rtpmap:x y/1\r\na=fmtp:\r\n")),
			 0);
	l = oa_formats(&room, d, 0);
	assert_int_equal(l->n, 6);
	assert_true(l->v[0].id == CODEC_PCMU && !l->v[0].map);
	assert_true(l->v[1].id == CODEC_GSM && l->v[1].map && slice_eqs(l->v[1].fmtp, "a=1"));
	/* a broken one, one without any */
	assert_true(l->v[2].id == CODEC_OTHER && !l->v[2].map && slice_eqs(l->v[2].name, "97") && !l->v[2].fmtp.l);
	assert_true(l->v[3].id == CODEC_OTHER && !l->v[3].map && slice_eqs(l->v[3].name, "98") && l->v[3].ch == 1);
	/* what is said goes before what the number means */
	assert_true(l->v[4].id == CODEC_L16 && l->v[4].clock == 16000 && l->v[4].ch == 2);
	assert_true(l->v[5].id == CODEC_GSM && l->v[5].pt == 96);
}

static int open_h(void **state)
{
	(void)state;
	return oa_scratch_open();
}

static int close_h(void **state)
{
	(void)state;
	oa_scratch_close();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_bytes_are_read_once),   cmocka_unit_test(other_bytes_in_the_same_place),
		cmocka_unit_test(lives_until_so_many_others), cmocka_unit_test(long_ones_are_read_in_place),
		cmocka_unit_test(broken_ones_are_not_kept),   cmocka_unit_test(formats_of_their_line),
		cmocka_unit_test(attributes_of_formats),
	};

	return cmocka_run_group_tests(tests, open_h, close_h);
}
