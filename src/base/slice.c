/*
 * slice.c - compare, cut and read pieces of bytes.
 *
 * slice_ieq() is on the path of every header and parameter name, so it works on
 * eight bytes at a time.
 */
#include <string.h>
#include "base/base_priv.h"
#include "base/mem.h"
#include "base/slice.h"

static inline uint64_t load8(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t load4(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

bool slice_ieq(struct slice a, struct slice b)
{
	size_t i;

	if (a.l != b.l)
		return false;
	/* the last block overlaps the one before it, so that no odd bytes are left over */
	if (a.l >= 8) {
		for (i = 0; i + 8 < a.l; i += 8) {
			if (fold8(load8(a.p + i)) != fold8(load8(b.p + i)))
				return false;
		}
		return fold8(load8(a.p + a.l - 8)) == fold8(load8(b.p + a.l - 8));
	}
	if (a.l >= 4) {
		uint64_t x = (uint64_t)load4(a.p) << 32 | load4(a.p + a.l - 4);
		uint64_t y = (uint64_t)load4(b.p) << 32 | load4(b.p + a.l - 4);

		return fold8(x) == fold8(y);
	}
	for (i = 0; i < a.l; i++) {
		if (fold1((unsigned char)a.p[i]) != fold1((unsigned char)b.p[i]))
			return false;
	}
	return true;
}

int slice_cmp(struct slice a, struct slice b)
{
	size_t n = a.l < b.l ? a.l : b.l;
	int r = n ? memcmp(a.p, b.p, n) : 0;

	if (r)
		return r;
	return (a.l > b.l) - (a.l < b.l);
}

static inline bool is_ws(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice s)
{
	while (s.l && is_ws(s.p[0])) {
		s.p++;
		s.l--;
	}
	while (s.l && is_ws(s.p[s.l - 1]))
		s.l--;
	return s;
}

/* Every byte is looked at even after an overflow: "99999999999x" is no number, not a large one. */
static int parse_dec(struct slice s, uint64_t max, uint64_t *v)
{
	/* what `n` may be before another digit is added */
	const uint64_t tenth = max / 10, last = max % 10;
	uint64_t n = 0;
	bool over = false;

	if (s.l == 0)
		return ERR_SYNTAX;
	for (size_t i = 0; i < s.l; i++) {
		unsigned d = (unsigned)(unsigned char)s.p[i] - '0';

		if (d > 9)
			return ERR_SYNTAX;
		if (over || n > tenth || (n == tenth && d > last))
			over = true;
		else
			n = n * 10 + d;
	}
	if (over)
		return ERANGE;
	*v = n;
	return 0;
}

int slice_u32(struct slice s, uint32_t *v)
{
	uint64_t n = 0;
	int err = parse_dec(s, UINT32_MAX, &n);

	if (err)
		return err;
	*v = (uint32_t)n;
	return 0;
}

int slice_u64(struct slice s, uint64_t *v)
{
	return parse_dec(s, UINT64_MAX, v);
}

bool slice_copy(char *dst, size_t size, struct slice s)
{
	size_t n;

	if (size == 0)
		return false;
	n = s.l < size ? s.l : size - 1;
	if (n)
		memcpy(dst, s.p, n);
	dst[n] = '\0';
	return n == s.l;
}

int slice_dup(char **sp, struct slice s)
{
	char *d = s.l < SIZE_MAX ? mem_alloc(s.l + 1, NULL) : NULL;

	if (!d)
		return ENOMEM;
	slice_copy(d, s.l + 1, s);
	*sp = d;
	return 0;
}

uint32_t slice_fnv(struct slice s)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < s.l; i++)
		h = (h ^ (unsigned char)s.p[i]) * 16777619U;
	return h;
}

int slice_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

size_t slice_distance(struct slice a, struct slice b)
{
	enum { LONGEST = 38 };
	size_t row[LONGEST + 1];

	if (a.l > LONGEST || b.l > LONGEST)
		return 99;
	for (size_t j = 0; j <= b.l; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.l; i++) {
		size_t diag = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.l; j++) {
			size_t best = diag + (a.p[i - 1] != b.p[j - 1]);

			diag = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b.l];
}
