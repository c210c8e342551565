/*
 * stun.c - fuzz target: STUN messages and their attributes.
 *
 * Rules: attributes lie within the message; what is written of what was read reads back the same.
 */
#include "fuzz.h"
#include "wire/stun/attr.h"

static void again(const struct stun_msg *m)
{
	struct stun_attr a, b;
	struct stun_msg n;
	size_t at = 0, bt = 0;
	struct buf buf;

	buf_init(&buf);
	stun_enc_begin(&buf, m->cls, m->method, m->tid);
	while (stun_next(m, &at, &a)) {
		FUZZ_ASSERT(a.val.l <= m->attrs.l && at <= m->attrs.l);
		if (a.type != STUN_ATTR_FINGERPRINT)
			stun_enc_attr(&buf, a.type, a.val);
	}
	stun_enc_fingerprint(&buf);
	if (!stun_enc_end(&buf)) {
		FUZZ_ASSERT(!stun_decode(&n, buf_get(&buf)));
		FUZZ_ASSERT(n.cls == m->cls && n.method == m->method && !memcmp(n.tid, m->tid, STUN_TID));
		at = 0;
		while (stun_next(m, &at, &a)) {
			if (a.type == STUN_ATTR_FINGERPRINT)
				continue;
			FUZZ_ASSERT(stun_next(&n, &bt, &b) && a.type == b.type && slice_eq(a.val, b.val));
		}
	}
	buf_free(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t known[] = {STUN_ATTR_USERNAME};
	struct slice reason, in = slice_mem(data, size);
	struct stun_attr a;
	struct stun_msg m;
	uint16_t v[4], code;
	struct sa addr;

	if (stun_decode(&m, in)) {
		return 0;
	}
	FUZZ_ASSERT(stun_is(in));
	if (!stun_mapped(&addr, &m))
		FUZZ_ASSERT(sa_isset(&addr));
	(void)stun_unknown(&m, known, 1, v, ARRAY_LEN(v));
	if (stun_find(&m, STUN_ATTR_ERROR_CODE, &a) && !stun_error(&code, &reason, &a))
		FUZZ_ASSERT(code >= 300 && code < 700);
	again(&m);
	return 0;
}
