/*
 * head_test.c - heads of requests, chunks, ranges and entity tags: what is taken and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/err.h"
#include "http/head.h"

/* A copy that ends at a page nobody may read: looking too far crashes. */
static char *guarded(struct slice s)
{
	static char *area;
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = 20 * page;

	if (!area) {
		area = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_true(area != MAP_FAILED);
		assert_int_equal(mprotect(area + room, page, PROT_NONE), 0);
	}
	memcpy(area + room - s.l, s.p, s.l);
	return area + room - s.l;
}

static unsigned read_head(struct http_head *h, struct slice s)
{
	size_t from = 0;

	return http_head_read(h, (struct slice){guarded(s), s.l}, &from);
}

static void test_heads(void **state)
{
	static const struct {
		const char *text;
		unsigned rc;
	} v[] = {
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"\r\n", EAGAIN},
		{"\r", EAGAIN},
		{"", EAGAIN},
		{"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET / HTTP/1.0\r\n\r\n", 0},
		{"GET / HTTP/1.1\r\n\r\n", 400}, /* whose? */
		{"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
		{"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
		{"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET /\r\nHost: a\r\n\r\n", 400},
		{"GET / http/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"GET ftp://b/x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET /\x80 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		{"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
		{"G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"\x16\x03\x01", 400},
		{"GET / HTTP/1.1\nHost: a\n\n", EAGAIN}, /* no line has ended yet */
		{"GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\r\nX:\r\n\r\n", 0},
		{"GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa9\tb\r\n\r\n", 0},
		{"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", 0},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 0},
		{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
		{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n", 400},
		{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n", 0},
		{"POST / HTTP/1.1\r\nHost: a\r\nExpect: coffee\r\n\r\n", 417},
		{"GET / HTTP/1.1\r\nHost: a\r\nCookie: a=1\r\nCookie: a=2\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\r\n", EAGAIN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct http_head h;
		unsigned rc = read_head(&h, slice_str(v[i].text));

		if (rc != v[i].rc)
			fail_msg("%u, not %u: %s", rc, v[i].rc, v[i].text);
	}
}

static void test_parts(void **state)
{
	static const char text[] =
		"POST https://pbx.example/a%20b/*43?x=1&y HTTP/1.1\r\nHOST: pbx\r\nX-A:  one two \r\n"
		"Connection: Keep-Alive, Close\r\nContent-Length: 007\r\n\r\nbody";
	struct http_head h;
	size_t from = 0;

	(void)state;
	assert_int_equal(http_head_read(&h, slice_str(text), &from), 0);
	assert_int_equal(h.l, strlen(text) - 4);
	assert_true(slice_eqs(http_span_of(text, h.method), "POST"));
	assert_true(slice_eqs(http_span_of(text, h.path), "/a%20b/*43"));
	assert_true(slice_eqs(http_span_of(text, h.query), "x=1&y"));
	assert_true(slice_eqs(http_head_field(&h, text, "host"), "pbx"));
	assert_true(slice_eqs(http_head_field(&h, text, "x-a"), "one two"));
	assert_false(slice_isset(http_head_field(&h, text, "x-b")));
	assert_true(h.close);
	assert_int_equal(h.length, 7);
}

/* Wherever the bytes are cut, nothing is taken before its time, and the end is found. */
static void test_pieces(void **state)
{
	static const char text[] = "\r\nGET /x?y HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n";
	struct http_head h;

	(void)state;
	for (size_t step = 1; step < sizeof(text) - 1; step++) {
		size_t from = 0, l = step;

		for (; l < sizeof(text) - 1; l += step)
			assert_int_equal(http_head_read(&h, (struct slice){text, l}, &from), EAGAIN);
		assert_int_equal(http_head_read(&h, slice_str(text), &from), 0);
		assert_int_equal(h.nfield, 2);
	}
}

static void test_too_much(void **state)
{
	struct http_head h;
	char *text = malloc(HTTP_HEAD_MAX + 100);
	size_t from = 0, l;

	(void)state;
	l = (size_t)sprintf(text, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
	memset(text + l, 'x', HTTP_HEAD_MAX - l);
	assert_int_equal(http_head_read(&h, (struct slice){text, HTTP_HEAD_MAX - 1}, &from), EAGAIN);
	assert_int_equal(http_head_read(&h, (struct slice){text, HTTP_HEAD_MAX}, &from), 431);
	from = 0;
	l = (size_t)sprintf(text, "GET /");
	memset(text + l, 'x', HTTP_TARGET_MAX);
	strcpy(text + l + HTTP_TARGET_MAX, " HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(http_head_read(&h, slice_str(text), &from), 414);
	from = 0;
	l = (size_t)sprintf(text, "GET / HTTP/1.1\r\nHost: a\r\n");
	for (int i = 0; i < HTTP_FIELDS_MAX; i++)
		l += (size_t)sprintf(text + l, "X: %d\r\n", i);
	strcpy(text + l, "\r\n");
	assert_int_equal(http_head_read(&h, slice_str(text), &from), 431);
	free(text);
}

/* All at once, and byte by byte. */
static void test_chunks(void **state)
{
	static const struct {
		const char *text, *body;
		int rc;
		size_t left; /**< bytes behind it */
	} v[] = {
		{"3\r\nabc\r\n0\r\n\r\n", "abc", 0, 0},
		{"3;x=\"y\"\r\nabc\r\n0A\r\n0123456789\r\n000\r\nTrailer: x\r\nB: c\r\n\r\nGET", "abc0123456789", 0, 3},
		{"0\r\n\r\n", "", 0, 0},
		{"\r\n", "", ERR_SYNTAX, 0},
		{"x\r\n", "", ERR_SYNTAX, 0},
		{"-1\r\n", "", ERR_SYNTAX, 0},
		{"3\nabc", "", ERR_SYNTAX, 0},
		{"3\r\nabcd\r\n", "abc", ERR_SYNTAX, 0},
		{"3\r\nabc\n0", "abc", ERR_SYNTAX, 0},
		{"1000000000000000\r\n", "", ERR_SYNTAX, 0},
		{"0\r\nA: b\nC: d\r\n\r\n", "", ERR_SYNTAX, 0},
		{"3\r\nab", "ab", EAGAIN, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		for (size_t step = 1; step <= strlen(v[i].text); step += strlen(v[i].text) - 1) {
			struct http_chunk c = {0};
			char body[64] = "";
			struct slice all = slice_str(v[i].text), in, data;
			size_t left = 0;
			int rc = EAGAIN;

			while (all.l && rc == EAGAIN) {
				in = slice_first(all, step);
				all = slice_from(all, in.l);
				while (in.l && rc == EAGAIN) {
					rc = http_chunk_read(&c, &in, &data);
					strncat(body, data.p ? data.p : "", data.l);
				}
				left = in.l + all.l;
			}
			if (rc != v[i].rc || strcmp(body, v[i].body) || (!rc && left != v[i].left))
				fail_msg("%d \"%s\" %zu: %s", rc, body, left, v[i].text);
			if (strlen(v[i].text) == 1)
				break;
		}
	}
}

static void test_ranges(void **state)
{
	static const struct {
		const char *text;
		uint64_t size;
		enum http_range r;
		uint64_t off, l;
	} v[] = {
		{"bytes=0-0", 100, HTTP_RANGE_PART, 0, 1},
		{"bytes=0-99", 100, HTTP_RANGE_PART, 0, 100},
		{"bytes=10-", 100, HTTP_RANGE_PART, 10, 90},
		{"bytes=90-200", 100, HTTP_RANGE_PART, 90, 10},
		{"bytes=99-18446744073709551615", 100, HTTP_RANGE_PART, 99, 1},
		{"bytes=-1", 100, HTTP_RANGE_PART, 99, 1},
		{"bytes=-200", 100, HTTP_RANGE_PART, 0, 100},
		{"Bytes= 5-6", 100, HTTP_RANGE_PART, 5, 2},
		{"bytes=100-", 100, HTTP_RANGE_NONE, 0, 0},
		{"bytes=-0", 100, HTTP_RANGE_NONE, 0, 0},
		{"bytes=0-", 0, HTTP_RANGE_NONE, 0, 0},
		{"bytes=-5", 0, HTTP_RANGE_NONE, 0, 0},
		{"bytes=6-5", 100, HTTP_RANGE_ALL, 0, 0},
		{"bytes=0-1,5-6", 100, HTTP_RANGE_ALL, 0, 0},
		{"bytes=", 100, HTTP_RANGE_ALL, 0, 0},
		{"bytes=-", 100, HTTP_RANGE_ALL, 0, 0},
		{"bytes=a-b", 100, HTTP_RANGE_ALL, 0, 0},
		{"bytes=1-2-3", 100, HTTP_RANGE_ALL, 0, 0},
		{"bytes=99999999999999999999-", 100, HTTP_RANGE_ALL, 0, 0},
		{"lines=0-5", 100, HTTP_RANGE_ALL, 0, 0},
		{"", 100, HTTP_RANGE_ALL, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		uint64_t off = 0, l = 0;
		enum http_range r = http_range_read(slice_str(v[i].text), v[i].size, &off, &l);

		if (r != v[i].r || (r == HTTP_RANGE_PART && (off != v[i].off || l != v[i].l)))
			fail_msg("%s: %d %llu %llu", v[i].text, r, (unsigned long long)off, (unsigned long long)l);
	}
}

static void test_etags(void **state)
{
	(void)state;
	assert_true(http_etag_in(SLICE("\"a\""), SLICE("\"a\"")));
	assert_true(http_etag_in(SLICE("W/\"a\""), SLICE("\"a\"")));
	assert_true(http_etag_in(SLICE("\"b\", W/\"a\""), SLICE("W/\"a\"")));
	assert_true(http_etag_in(SLICE(" * "), SLICE("\"a\"")));
	assert_false(http_etag_in(SLICE("\"b\""), SLICE("\"a\"")));
	assert_false(http_etag_in(SLICE_NULL, SLICE("\"a\"")));
	assert_false(http_etag_in(SLICE("*"), SLICE_NULL));
}

static void test_lists(void **state)
{
	(void)state;
	assert_true(http_list_has(SLICE("keep-alive, Upgrade"), "upgrade"));
	assert_true(http_list_has(SLICE("gzip;q=0.5,br"), "gzip"));
	assert_false(http_list_has(SLICE("upgrades"), "upgrade"));
	assert_false(http_list_has(SLICE_NULL, "upgrade"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads),    cmocka_unit_test(test_parts),  cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_too_much), cmocka_unit_test(test_chunks), cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_etags),    cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
