/*
 * out.c - tables that stay in line whatever the names are, colours, times.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "app/out.h"
#include "base/mem.h"

static bool colour[2];
static size_t term_width; /**< 0: not a terminal */

void term_init(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	bool plain = (no && *no) || !term || strcmp(term, "dumb") == 0;
	struct winsize w;

	colour[0] = !plain && isatty(STDOUT_FILENO);
	colour[1] = !plain && isatty(STDERR_FILENO);
	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0)
		term_width = w.ws_col;
}

static const char *const sequence[] = {"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"};

const char *out_style(enum style s)
{
	return colour[0] ? sequence[s] : "";
}

const char *err_style(enum style s)
{
	return colour[1] ? sequence[s] : "";
}

/* ------------------------------------------------------------------ width */

/* Next character; bytes that are not UTF-8 count as one each. */
static uint32_t next_char(const char **s)
{
	const unsigned char *p = (const unsigned char *)*s;
	unsigned n = p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : p[0] >= 0xc0 ? 1 : 0;
	uint32_t c = n == 3 ? p[0] & 7u : n == 2 ? p[0] & 15u : n == 1 ? p[0] & 31u : p[0];

	for (unsigned i = 1; i <= n; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			(*s)++;
			return p[0];
		}
		c = c << 6 | (p[i] & 0x3fu);
	}
	*s += n + 1;
	return c;
}

/* After Unicode's East Asian Width (UAX 11), in rough ranges. */
static size_t char_width(uint32_t c)
{
	static const struct {
		uint32_t lo, hi;
		uint8_t w;
	} v[] = {
		{0x300, 0x36f, 0},     {0x200b, 0x200f, 0},   {0x20d0, 0x20ff, 0},   {0xfe00, 0xfe0f, 0},
		{0x1100, 0x115f, 2},   {0x2e80, 0x303e, 2},   {0x3041, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},
		{0xf900, 0xfaff, 2},   {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},
		{0x1f300, 0x1f64f, 2}, {0x1f680, 0x1f6ff, 2}, {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2},
	};

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		if (c >= v[i].lo && c <= v[i].hi)
			return v[i].w;
	}
	return 1;
}

size_t out_width(const char *s)
{
	size_t w = 0;

	while (*s)
		w += char_width(next_char(&s));
	return w;
}

/* Bytes of `s` that fit into `width` columns. */
static size_t fit(const char *s, size_t width)
{
	const char *p = s;
	size_t w = 0;

	while (*p) {
		const char *q = p;

		w += char_width(next_char(&q));
		if (w > width)
			break;
		p = q;
	}
	return (size_t)(p - s);
}

/* Control characters may move the cursor or change colours: out with them. */
static void defuse(char *s)
{
	for (unsigned char *p = (unsigned char *)s; *p; p++) {
		if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			p[0] = p[1] = '?'; /* U+0080 to U+009F */
		else if (*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
}

/* ------------------------------------------------------------------ tables */

void table_init(struct table *t, const char *const *title, size_t ncol, unsigned right)
{
	memset(t, 0, sizeof(*t));
	t->ncol = ncol < TABLE_COLS ? ncol : TABLE_COLS;
	t->right = right;
	for (size_t i = 0; i < t->ncol; i++)
		t->title[i] = title[i];
}

void table_cell(struct table *t, const char *s)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 64;
		char **v = mem_realloc(t->cell, cap * sizeof(*v));

		if (!v) {
			t->err = ENOMEM;
			return;
		}
		t->cell = v;
		t->cap = cap;
	}
	char *copy = NULL;
	int err = mem_strdup(&copy, s ? s : "");
	if (err) {
		t->err = err;
		return;
	}
	defuse(copy);
	t->cell[t->n++] = copy;
}

void table_cellf(struct table *t, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	table_cell(t, text);
}

static void put_spaces(size_t n)
{
	printf("%*s", (int)n, "");
}

/* `left`: columns already used on the line. */
static void put_cell(const struct table *t, size_t col, const char *s, size_t width, size_t left)
{
	bool last = col + 1 == t->ncol;
	size_t w = out_width(s);

	if (last && !(t->right & 1u << col)) {
		size_t room = term_width > left + 8 ? term_width - left : 0;

		if (room && w > room)
			printf("%.*s…\n", (int)fit(s, room - 1), s);
		else
			puts(s);
		return;
	}
	if (t->right & 1u << col) {
		put_spaces(width - w);
		fputs(s, stdout);
	} else {
		fputs(s, stdout);
		put_spaces(width - w);
	}
	fputs(last ? "\n" : "  ", stdout);
}

void table_print(struct table *t)
{
	size_t width[TABLE_COLS];

	for (size_t i = 0; i < t->ncol; i++)
		width[i] = out_width(t->title[i]);
	for (size_t i = 0; t->ncol && i < t->n; i++) {
		size_t w = out_width(t->cell[i]);

		if (w > width[i % t->ncol])
			width[i % t->ncol] = w;
	}
	fputs(out_style(STYLE_BOLD), stdout);
	for (size_t i = 0, left = 0; i < t->ncol; left += width[i] + 2, i++) {
		if (i + 1 == t->ncol)
			printf("%s%s\n", t->title[i], out_style(STYLE_OFF));
		else
			put_cell(t, i, t->title[i], width[i], left);
	}
	for (size_t r = 0; r + t->ncol <= t->n; r += t->ncol) {
		for (size_t i = 0, left = 0; i < t->ncol; left += width[i] + 2, i++)
			put_cell(t, i, t->cell[r + i], width[i], left);
	}
	for (size_t i = 0; i < t->n; i++)
		mem_deref(t->cell[i]);
	t->cell = mem_deref(t->cell);
	t->n = t->cap = 0;
}

void out_pair(const char *name, size_t width, const char *fmt, ...)
{
	char text[1024];
	size_t w = out_width(name);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	defuse(text);
	printf("  %s%s%s", out_style(STYLE_DIM), name, out_style(STYLE_OFF));
	put_spaces(width > w ? width - w : 1);
	puts(text);
}

/* ------------------------------------------------------------------ JSON and times */

void out_json(const json_t *o)
{
	json_dumpf(o, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_REAL_PRECISION(10));
	fputc('\n', stdout);
}

const char *js(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s ? s : "";
}

int64_t ji(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

char *out_seconds(int64_t s, char *dst)
{
	if (s < 60)
		snprintf(dst, 32, "%lld s", (long long)s);
	else if (s < 3600)
		snprintf(dst, 32, "%d:%02d", (int)(s / 60), (int)(s % 60));
	else
		snprintf(dst, 32, "%lld:%02d:%02d", (long long)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
	return dst;
}

static int put_unit(char *dst, size_t size, int64_t n, const char *unit)
{
	return snprintf(dst, size, "%lld %s%s", (long long)n, unit, n == 1 ? "" : "s");
}

char *out_span(int64_t s, char *dst)
{
	static const struct {
		int64_t s;
		const char *unit;
	} v[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
	size_t i = 0;

	while (i < 3 && s < v[i].s)
		i++;
	int n = put_unit(dst, 32, s / v[i].s, v[i].unit);
	int64_t rest = i < 2 ? s % v[i].s / v[i + 1].s : 0;
	if (rest) {
		dst[n] = ' ';
		put_unit(dst + n + 1, 31, rest, v[i + 1].unit);
	}
	return dst;
}

void out_warnings(const json_t *res)
{
	size_t i;
	json_t *w;

	json_array_foreach(json_object_get(res, "warnings"), i, w) fprintf(
		stderr, "%sWarning:%s %s\n", err_style(STYLE_YELLOW), err_style(STYLE_OFF), json_string_value(w));
}
