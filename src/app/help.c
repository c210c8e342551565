/*
 * help.c - what --help shows: the overview, one verb, a group of verbs; and the nearest verb to a misspelt one.
 */
#include <ctype.h>
#include <string.h>
#include "app/cli.h"
#include "app/out.h"

/* Words broken at `width` columns, later lines indented. */
static void put_wrapped(FILE *f, const char *text, size_t col, size_t indent)
{
	const size_t width = 96;
	bool first = true;

	while (*text) {
		size_t l = strcspn(text, " ");

		if (!first && col + 1 + l > width) {
			fprintf(f, "\n%*s", (int)indent, "");
			col = indent;
		} else if (!first) {
			fputc(' ', f);
			col++;
		}
		fprintf(f, "%.*s", (int)l, text);
		first = false;
		col += l;
		text += l;
		text += strspn(text, " ");
	}
	fputc('\n', f);
}

static const char *style(FILE *f, enum style s)
{
	return f == stdout ? out_style(s) : err_style(s);
}

static void put_verb_line(FILE *f, const struct verb *v)
{
	char head[64];

	snprintf(head, sizeof(head), "%s %s", v->name, v->args);
	fprintf(f, "  %-30s %s\n", head, v->summary);
}

/* Verbs whose names go on after `group`, under a heading unless that is NULL. */
static void put_group(FILE *f, const char *group, const char *heading)
{
	size_t n, l = strlen(group);
	const struct verb *v = cli_verbs(&n);

	for (size_t i = 0; i < n; i++) {
		if (strncmp(v[i].name, group, l) || v[i].name[l] != ' ')
			continue;
		if (heading)
			fprintf(f, "\n%s%s%s\n", style(f, STYLE_BOLD), heading, style(f, STYLE_OFF));
		heading = NULL;
		put_verb_line(f, &v[i]);
	}
}

void help_overview(const struct cli *c, FILE *f)
{
	size_t n;
	const struct verb *v = cli_verbs(&n);
	const char *group = NULL;

	fprintf(f, "%soffhook %s%s: a complete phone system\n\nUsage: %s VERB [ARGUMENTS] [OPTIONS]\n",
		style(f, STYLE_BOLD), OFFHOOK_VERSION, style(f, STYLE_OFF), c->prog);
	for (size_t i = 0; i < n; i++) {
		if (v[i].flags & VERB_HIDDEN)
			continue;
		if (!group || strcmp(group, v[i].group))
			fprintf(f, "\n%s%s%s\n", style(f, STYLE_BOLD), v[i].group, style(f, STYLE_OFF));
		group = v[i].group;
		put_verb_line(f, &v[i]);
	}
	fprintf(f,
		"\nEach verb has --help. Verbs about a server take --data DIR (else OFFHOOK_DATA, ./data if it "
		"exists,\n"
		"/var/lib/offhook) and --json.\n\n"
		"%sExit status%s\n"
		"  0  done                          3  there is no such thing\n"
		"  1  failed                        4  exists already, or later changes are in the way\n"
		"  2  wrong words or values         5  the server does not run\n",
		style(f, STYLE_BOLD), style(f, STYLE_OFF));
}

static void put_option(FILE *f, const struct opt *o)
{
	char head[64];
	struct buf b;

	buf_init(&b);
	snprintf(head, sizeof(head), "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
	buf_str(&b, o->help);
	if (o->def)
		buf_printf(&b, " (default %s)", o->def);
	if (o->env)
		buf_printf(&b, " [%s]", o->env);
	buf_char(&b, '\0');
	if (strlen(head) > 26)
		fprintf(f, "  %s\n%29s", head, "");
	else
		fprintf(f, "  %-26s ", head);
	put_wrapped(f, b.p ? b.p : "", 29, 29);
	buf_free(&b);
}

/* Lines of the table with the program's name in the place of %s. */
static void put_examples(FILE *f, const char *text, const char *prog)
{
	fprintf(f, "\n%sExamples%s\n  ", style(f, STYLE_BOLD), style(f, STYLE_OFF));
	for (; *text; text++) {
		if (text[0] == '%' && text[1] == 's') {
			fputs(prog, f);
			text++;
		} else if (*text == '\n') {
			fputs("\n  ", f);
		} else {
			fputc(*text, f);
		}
	}
	fputc('\n', f);
}

void help_verb(const struct cli *c, FILE *f)
{
	const struct verb *v = c->verb;

	fprintf(f, "Usage: %s %s%s%s%s\n\n", c->prog, v->name, *v->args ? " " : "", v->args,
		c->nopt ? " [OPTIONS]" : "");
	fprintf(f, "%s%c%s.%s\n", style(f, STYLE_BOLD), toupper((unsigned char)v->summary[0]), v->summary + 1,
		style(f, STYLE_OFF));
	if (v->about)
		fprintf(f, "\n%s\n", v->about);
	if (c->nopt)
		fprintf(f, "\n%sOptions%s\n", style(f, STYLE_BOLD), style(f, STYLE_OFF));
	for (size_t i = 0; i < c->nopt; i++) {
		if (!c->opt[i].hidden)
			put_option(f, &c->opt[i]);
	}
	bool hidden = false;
	for (size_t i = 0; i < c->nopt; i++) {
		if (c->opt[i].hidden && !hidden)
			fprintf(f, "\n%sFor benchmarks only%s\n", style(f, STYLE_BOLD), style(f, STYLE_OFF));
		if (c->opt[i].hidden)
			put_option(f, &c->opt[i]);
		hidden |= c->opt[i].hidden;
	}
	if (v->examples)
		put_examples(f, v->examples, c->prog);
	put_group(f, v->name, "More verbs");
}

void help_group(const struct cli *c, const char *group, FILE *f)
{
	fprintf(f, "Usage: %s %s VERB\n\n", c->prog, group);
	put_group(f, group, NULL);
	fprintf(f, "\nEach has --help.\n");
}

const char *help_nearest(const char *word)
{
	static char best[40];
	size_t n, least = strlen(word) > 4 ? 3 : 2;
	const struct verb *v = cli_verbs(&n);

	best[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		char first[40];
		struct slice s = slice_str(v[i].name);

		(void)slice_copy(first, sizeof(first), slice_cut(&s, ' '));
		size_t d = slice_distance(slice_str(word), slice_str(first));
		if (d < least) {
			least = d;
			memcpy(best, first, sizeof(best));
		}
	}
	return best[0] ? best : NULL;
}
