/*
 * http.c - fuzz target: what a web client sends: heads, chunks, ranges, entity tags. The first byte chooses.
 *
 * A head is also read in two pieces and must come out the same; its spans must lie within it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/err.h"
#include "http/head.h"

static void inside(const struct http_head *h, struct http_span s)
{
	if (s.at > h->l || s.l > h->l - s.at)
		abort();
}

static void heads(struct slice in)
{
	struct http_head a, b;
	size_t from = 0;
	unsigned rc = http_head_read(&a, in, &from), rc2 = EAGAIN;

	from = 0;
	for (size_t l = in.l / 2; rc2 == EAGAIN; l = in.l) {
		rc2 = http_head_read(&b, slice_first(in, l), &from);
		if (l == in.l)
			break;
	}
	/* what is refused may be refused earlier, for something before the end */
	if (rc == 0 && rc2 != 0)
		abort();
	if (rc)
		return;
	if (a.l > in.l || a.l != b.l || a.nfield != b.nfield || (a.chunked && a.length))
		abort();
	inside(&a, a.method);
	inside(&a, a.path);
	inside(&a, a.query);
	for (uint32_t i = 0; i < a.nfield; i++) {
		inside(&a, a.field[i].name);
		inside(&a, a.field[i].value);
	}
	(void)http_list_has(http_head_field(&a, in.p, "connection"), "upgrade");
}

static void chunks(struct slice in)
{
	struct http_chunk c = {0};
	size_t total = in.l, sum = 0;
	struct slice data;
	int err = EAGAIN;

	while (in.l && err == EAGAIN) {
		size_t before = in.l;

		err = http_chunk_read(&c, &in, &data);
		sum += data.l;
		if (in.l > before || (err == EAGAIN && in.l == before))
			abort();
	}
	if (sum > total)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t l);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t l)
{
	uint64_t off = 0, n = 0;

	if (!l)
		return 0;
	struct slice in = slice_mem(p + 1, l - 1);
	switch (p[0] % 4) {
	case 0:
		heads(in);
		break;
	case 1:
		chunks(in);
		break;
	case 2:
		if (http_range_read(in, 1000, &off, &n) == HTTP_RANGE_PART && (!n || off + n > 1000))
			abort();
		break;
	default:
		(void)http_etag_in(in, SLICE("\"abc\""));
	}
	return 0;
}
