/*
 * sdp.c - fuzz target: session descriptions. What decodes is written and decodes to the same struct.
 */
#include "fuzz.h"
#include "wire/sdp/sdp.h"

static struct sdp one, two;

static void check_media(struct slice s, const struct sdp_media *m)
{
	uint32_t rate;
	uint8_t ch;
	struct slice enc;

	FUZZ_ASSERT(m->nfmt <= SDP_FMT_MAX && m->attr0 + m->nattr <= one.nattr_all);
	FUZZ_ASSERT(fuzz_inside(s, m->type) && fuzz_inside(s, m->proto) && fuzz_inside(s, m->title));
	FUZZ_ASSERT(fuzz_inside(s, m->conn_addr));
	for (size_t i = 0; i < m->nfmt; i++) {
		FUZZ_ASSERT(m->fmt[i].l && fuzz_inside(s, m->fmt[i]));
		if (!sdp_rtpmap(&one, m, m->fmt[i], &enc, &rate, &ch))
			FUZZ_ASSERT(enc.l && rate && ch);
		FUZZ_ASSERT(fuzz_inside(s, sdp_fmtp(&one, m, m->fmt[i])));
	}
	FUZZ_ASSERT(sdp_dir_swap(sdp_dir_swap(m->dir)) == m->dir && sdp_dir_name(m->dir)[0]);
}

static void check_same_media(const struct sdp_media *a, const struct sdp_media *b)
{
	FUZZ_ASSERT(slice_eq(a->type, b->type) && a->port == b->port && a->nports == b->nports &&
		    slice_eq(a->proto, b->proto));
	FUZZ_ASSERT(a->nfmt == b->nfmt && slice_eq(a->title, b->title) && slice_eq(a->conn_addr, b->conn_addr));
	FUZZ_ASSERT(sa_eq(&a->conn, &b->conn) && sa_eq(&a->rtcp, &b->rtcp) && a->rtcp_mux == b->rtcp_mux &&
		    a->dir == b->dir);
	FUZZ_ASSERT(a->nbw == b->nbw && a->attr0 == b->attr0 && a->nattr == b->nattr);
	for (size_t i = 0; i < a->nfmt; i++)
		FUZZ_ASSERT(slice_eq(a->fmt[i], b->fmt[i]));
}

static void check_same(void)
{
	FUZZ_ASSERT(slice_eq(one.o_user, two.o_user) && slice_eq(one.o_addr, two.o_addr) &&
		    slice_eq(one.name, two.name));
	FUZZ_ASSERT(slice_eq(one.conn_addr, two.conn_addr) && one.nbw == two.nbw && one.ntime == two.ntime &&
		    one.dir == two.dir);
	FUZZ_ASSERT(one.nattr == two.nattr && one.nattr_all == two.nattr_all && one.nm == two.nm);
	for (size_t i = 0; i < one.nattr_all; i++) {
		FUZZ_ASSERT(slice_eq(one.attr[i].name, two.attr[i].name));
		FUZZ_ASSERT(slice_eq(one.attr[i].val, two.attr[i].val));
	}
	for (size_t i = 0; i < one.nm; i++)
		check_same_media(&one.m[i], &two.m[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice s = slice_mem(data, size);
	struct buf b;

	/* as a scratch that was used before: nothing may depend on a cleared struct */
	memset(&one, 0xa5, sizeof(one));
	memset(&two, 0x5a, sizeof(two));
	if (sdp_decode(&one, s))
		return 0;
	FUZZ_ASSERT(one.nm <= SDP_MEDIA_MAX && one.nattr_all <= SDP_ATTR_MAX);
	for (size_t i = 0; i < one.nm; i++)
		check_media(s, &one.m[i]);
	buf_init(&b);
	sdp_encode(&b, &one);
	FUZZ_ASSERT(!buf_err(&b) && !sdp_decode(&two, buf_get(&b)));
	check_same();
	buf_free(&b);
	return 0;
}
