/*
 * plan_pattern.c - patterns for numbers: prefixes, X Z N . ! [1-5] as telephone people write them, and regular
 * expressions of PCRE2 behind "~".
 *
 * A regular expression may be written so that a match takes for ever. Each is compiled once, and its matching is
 * bounded in steps, depth and memory: what exceeds them does not match. Plain patterns never go back further than one
 * position per character, for numbers of 63 characters at most.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include "base/mem.h"
#include "pbx/plan.h"

enum {
	TEXT_MAX = 200,
	MATCH_STEPS = 20000, /* about half a millisecond */
	MATCH_DEPTH = 200,
	HEAP_KIB = 64
};

struct pattern {
	char *text;
	const char *body; /* in text, behind "=", "~" */
	enum { PREFIX, EXACT, SHAPE, REGEX } kind;
	size_t bar; /* characters before "|" that are not sent, 0 = no bar */
	pcre2_code *re;
	pcre2_match_data *md;
	pcre2_match_context *mc;
};

static void pattern_destroy(void *obj)
{
	struct pattern *p = obj;

	mem_deref(p->text);
	pcre2_match_data_free(p->md);
	pcre2_match_context_free(p->mc);
	pcre2_code_free(p->re);
}

/* ------------------------------------------------------------------ parsing */

static int compile(struct pattern *p, struct buf *why)
{
	int code;
	PCRE2_SIZE at;

	p->re = pcre2_compile((PCRE2_SPTR)p->body, PCRE2_ZERO_TERMINATED, PCRE2_NEVER_UTF | PCRE2_NEVER_BACKSLASH_C,
			      &code, &at, NULL);
	if (!p->re) {
		unsigned char words[128];

		(void)pcre2_get_error_message(code, words, sizeof(words));
		buf_printf(why, "The regular expression %s is not understood: %s (at character %zu).", p->body,
			   (char *)words, (size_t)at + 1);
		return ERR_SYNTAX;
	}
	p->md = pcre2_match_data_create_from_pattern(p->re, NULL);
	p->mc = pcre2_match_context_create(NULL);
	if (!p->md || !p->mc)
		return ENOMEM;
	(void)pcre2_set_match_limit(p->mc, MATCH_STEPS);
	(void)pcre2_set_depth_limit(p->mc, MATCH_DEPTH);
	(void)pcre2_set_heap_limit(p->mc, HEAP_KIB);
	return 0;
}

/* One element of a shape: how many characters of the pattern it takes, 0 = not understood. */
static size_t element_len(const char *s)
{
	if (*s == '[') {
		const char *end = strchr(s, ']');

		if (!end || end == s + 1 || strspn(s + 1, "0123456789-*#") != (size_t)(end - s - 1))
			return 0;
		return (size_t)(end - s) + 1;
	}
	return *s && strchr("0123456789*#+XZNxzn.!|", *s) ? 1 : 0;
}

static bool shape_sound(struct pattern *p)
{
	const char *s = p->body;
	size_t elements = 0;

	while (*s) {
		size_t l = element_len(s);

		/* "." and "!" stand at the end, "+" at the beginning, "|" once */
		if (!l || ((*s == '.' || *s == '!') && s[1]) || (*s == '+' && s != p->body) ||
		    (*s == '|' && (p->bar || !elements)))
			return false;
		if (*s == '|')
			p->bar = elements;
		else
			elements++;
		s += l;
	}
	return elements > 0;
}

static int pattern_parse(struct pattern *p, struct buf *why)
{
	const char *t = p->text;
	bool starred = *t == '_'; /* Asterisk's sign of a pattern */

	p->body = t + (*t == '~' || *t == '=' || starred);
	if (*t == '~') {
		p->kind = REGEX;
		return compile(p, why);
	}
	if (!shape_sound(p)) {
		buf_printf(why,
			   "\"%s\" is not understood as a pattern. Possible are digits (a beginning), =digits (one "
			   "number), X Z N [1-5] . ! for shapes, and ~ before a regular expression.",
			   t);
		return ERR_SYNTAX;
	}
	if (*t == '=')
		p->kind = EXACT;
	else if (p->body[strcspn(p->body, "XZNxzn.![")] || starred)
		p->kind = SHAPE;
	else
		p->kind = PREFIX;
	return 0;
}

static int add(struct pattern_list *l, struct slice text, struct buf *why)
{
	struct pattern *p;
	int err;

	if (l->n == PLAN_PATTERNS || text.l > TEXT_MAX) {
		buf_printf(why, "At most %d patterns of %d characters are possible.", PLAN_PATTERNS, TEXT_MAX);
		return ERR_SYNTAX;
	}
	p = mem_zalloc(sizeof(*p), pattern_destroy);
	if (!p)
		return ENOMEM;
	err = slice_dup(&p->text, text);
	if (!err)
		err = pattern_parse(p, why);
	if (err) {
		mem_deref(p);
		return err;
	}
	l->v[l->n++] = p;
	return 0;
}

int pattern_list_parse(struct pattern_list *l, struct slice text, struct buf *why)
{
	int err = 0;

	memset(l, 0, sizeof(*l));
	while (text.l && !err) {
		struct slice w;

		text = slice_trim(text);
		w = slice_cut(&text, ' ');
		/* a comma may be part of a regular expression */
		if (w.l && w.p[0] == '~') {
			err = add(l, w, why);
			continue;
		}
		while (w.l && !err) {
			struct slice one = slice_cut(&w, ',');

			if (one.l)
				err = add(l, one, why);
		}
	}
	if (err)
		pattern_list_free(l);
	return err;
}

void pattern_list_free(struct pattern_list *l)
{
	while (l->n)
		mem_deref(l->v[--l->n]);
}

bool pattern_list_has_regex(const struct pattern_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i]->kind == REGEX)
			return true;
	return false;
}

/* ------------------------------------------------------------------ matching */

static bool in_set(const char *set, char c)
{
	for (const char *s = set + 1; *s != ']'; s++) {
		if (s[1] == '-' && s[2] != ']') {
			if (c >= s[0] && c <= s[2])
				return true;
			s += 2;
		} else if (*s == c) {
			return true;
		}
	}
	return false;
}

static bool element_takes(const char *s, char c)
{
	switch (*s) {
	case 'X':
	case 'x':
		return c >= '0' && c <= '9';
	case 'Z':
	case 'z':
		return c >= '1' && c <= '9';
	case 'N':
	case 'n':
		return c >= '2' && c <= '9';
	case '[':
		return in_set(s, c);
	default:
		return *s == c;
	}
}

/* Elements take a character each, so there is nothing to try twice. */
static bool shape_match(const struct pattern *p, const char *num)
{
	const char *s = p->body;

	while (*s) {
		if (*s == '!')
			return true;
		if (*s == '.')
			return *num != '\0';
		if (*s != '|') {
			if (!*num || !element_takes(s, *num))
				return false;
			num++;
		}
		s += element_len(s);
	}
	return !*num || p->kind == PREFIX;
}

static bool regex_match(const struct pattern *p, const char *num, bool *gave_up)
{
	int rc = pcre2_match(p->re, (PCRE2_SPTR)num, strlen(num), 0, 0, p->md, p->mc);

	if (rc < 0 && rc != PCRE2_ERROR_NOMATCH)
		*gave_up = true;
	return rc >= 0;
}

static bool pattern_match(const struct pattern *p, const char *dialled, const char *e164, struct pattern_hit *hit)
{
	hit->e164 = false;
	if (p->kind == REGEX) {
		if (regex_match(p, dialled, &hit->gave_up))
			return true;
		hit->e164 = *e164 && regex_match(p, e164, &hit->gave_up);
		return hit->e164;
	}
	if (p->body[0] == '+') {
		hit->e164 = *e164 && shape_match(p, e164);
		return hit->e164;
	}
	return shape_match(p, dialled);
}

bool pattern_list_match(const struct pattern_list *l, const char *dialled, const char *e164, struct pattern_hit *hit)
{
	*hit = (struct pattern_hit){0};
	for (size_t i = 0; i < l->n; i++) {
		if (!pattern_match(l->v[i], dialled, e164, hit))
			continue;
		hit->text = l->v[i]->text;
		hit->strip = l->v[i]->bar;
		hit->p = l->v[i];
		return true;
	}
	return false;
}

bool pattern_replace(const struct pattern_hit *h, const char *number, const char *replace, char *dst, size_t size)
{
	PCRE2_SIZE l = size;

	if (!h->p || h->p->kind != REGEX)
		return false;
	return pcre2_substitute(h->p->re, (PCRE2_SPTR)number, strlen(number), 0, PCRE2_SUBSTITUTE_UNKNOWN_UNSET,
				h->p->md, h->p->mc, (PCRE2_SPTR)replace, PCRE2_ZERO_TERMINATED, (PCRE2_UCHAR *)dst,
				&l) >= 0;
}
