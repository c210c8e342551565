/*
 * utf8.c - UTF-8 (RFC 3629 3, 4), decoded strictly: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#include "base/utf8.h"

#include <string.h>

size_t utf8_next(const void *at, size_t l, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const uint8_t *p = at;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
	uint32_t c;

	if (!n || n > l)
		return 0;
	c = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	if (cp)
		*cp = c;
	return n;
}

bool utf8_ok(struct slice s)
{
	size_t n = 1;

	for (size_t i = 0; i < s.l && n; i += n)
		n = utf8_next(s.p + i, s.l - i, NULL);
	return n > 0;
}

void utf8_copy(char *dst, size_t size, struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.l;) {
		size_t k = utf8_next(s.p + i, s.l - i, NULL), put = k ? k : strlen(UTF8_UNKNOWN);

		if (n + put >= size)
			break;
		memcpy(dst + n, k ? s.p + i : UTF8_UNKNOWN, put);
		n += put;
		i += k ? k : 1;
	}
	if (size)
		dst[n] = '\0';
}
