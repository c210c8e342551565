/*
 * text.c - finding things in SIP text, as little as a load generator needs.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "load.h"

static char compact(const char *name)
{
	switch (name[0]) {
	case 'V':
		return 'v';
	case 'F':
		return 'f';
	case 'T':
		return 't';
	case 'M':
		return 'm';
	default:
		return strcasecmp(name, "Call-ID") ? (strcasecmp(name, "Contact") ? 0 : 'm') : 'i';
	}
}

int hdr(const char *msg, size_t l, const char *name, unsigned nth, char *out, size_t size)
{
	size_t nl = strlen(name);
	const char *p = memchr(msg, '\n', l), *end = msg + l;

	while (p && ++p < end && *p != '\r' && *p != '\n') {
		const char *eol = memchr(p, '\n', (size_t)(end - p)), *v = NULL;

		if (!eol)
			break;
		if (!strncasecmp(p, name, nl) && p[nl] == ':')
			v = p + nl + 1;
		else if (compact(name) && p[0] == compact(name) && p[1] == ':')
			v = p + 2;
		if (v && nth-- == 0) {
			size_t n;

			while (v < eol && *v == ' ')
				v++;
			n = (size_t)(eol - v);
			while (n && (v[n - 1] == '\r' || v[n - 1] == ' '))
				n--;
			if (n >= size)
				n = size - 1;
			memcpy(out, v, n);
			out[n] = '\0';
			return (int)n;
		}
		p = eol;
	}
	out[0] = '\0';
	return -1;
}

bool param(const char *val, const char *name, char *out, size_t size)
{
	size_t nl = strlen(name), n;
	const char *p = val;

	while ((p = strcasestr(p, name))) {
		if (p[nl] == '=' && (p == val || strchr(" ,;", p[-1])))
			break;
		p += nl;
	}
	if (!p)
		return false;
	p += nl + 1;
	n = *p == '"' ? strcspn(++p, "\"") : strcspn(p, ",; \r\n>");
	if (n >= size)
		n = size - 1;
	memcpy(out, p, n);
	out[n] = '\0';
	return true;
}

unsigned status(const char *msg, size_t l)
{
	return l > 12 && !memcmp(msg, "SIP/2.0 ", 8) ? (unsigned)atoi(msg + 8) : 0;
}

unsigned sdp_port(const char *msg, size_t l, const char *media)
{
	char key[32] = "\nm=";
	const char *p;

	(void)l;
	strncat(key, media, 20);
	p = strstr(msg, key);
	return p ? (unsigned)atoi(p + strlen(key) + 1) : 0;
}
