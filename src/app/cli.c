/*
 * cli.c - from the words of the command line to a verb with its options and arguments.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "app/cli.h"
#include "app/out.h"
#include "base/clock.h"
#include "base/log.h"

enum { OPT_HELP = 900, OPT_FIRST = 1000 };

/* ------------------------------------------------------------------ sentences */

int cli_usage(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "offhook %s: ", c->verb->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nSee '%s %s --help'.\n", c->prog, c->verb->name);
	return CLI_USAGE;
}

int cli_fail(int status, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%soffhook:%s ", err_style(STYLE_RED), err_style(STYLE_OFF));
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return status;
}

/* ------------------------------------------------------------------ options */

static const struct opt common_opts[] = {
	{.name = "data", .arg = "DIR", .env = "OFFHOOK_DATA", .words = "@dir", .help = "data directory of the server"},
	{.name = "json", .help = "answer as JSON"},
};

static void add_opt(struct cli *c, const struct opt *o)
{
	if (c->nopt < CLI_OPTS)
		c->opt[c->nopt++] = *o;
}

/* "ring_seconds" as "ring-seconds", kept for the life of the program. NULL: too many. */
static const char *dashed(const char *name)
{
	static char names[CLI_OPTS][48];
	static size_t used;
	char word[48];
	size_t i = 0;

	(void)slice_copy(word, sizeof(word), slice_str(name));
	for (char *p = word; *p; p++) {
		if (*p == '_')
			*p = '-';
	}
	while (i < used && strcmp(names[i], word))
		i++;
	if (i == CLI_OPTS)
		return NULL;
	if (i == used)
		memcpy(names[used++], word, sizeof(word));
	return names[i];
}

/* A field of the resource as an option. */
static void add_field(struct cli *c, const struct field *f)
{
	static const char *const value[] = {
		[FIELD_TEXT] = "TEXT", [FIELD_INT] = "N",       [FIELD_BOOL] = "true|false", [FIELD_ENUM] = "WORD",
		[FIELD_TIME] = "TIME", [FIELD_SECRET] = "TEXT", [FIELD_PASSWORD] = "TEXT"};
	struct opt o = {.name = dashed(f->name),
			.arg = value[f->type],
			.def = f->def && *f->def ? f->def : NULL,
			.help = f->help};

	if ((f->flags & (FIELD_KEY | FIELD_READONLY)) || !o.name)
		return;
	/* what the system makes can be emptied, not typed */
	if (f->flags & FIELD_SYSTEM && (f->flags & FIELD_GENERATED || !(c->verb->flags & VERB_KEY)))
		return;
	o.words = f->type == FIELD_BOOL ? "true false" : f->choices;
	if (c->verb->flags & VERB_KEY) {
		/* a change has no defaults, and makes nothing by itself */
		o.def = NULL;
		if (f->flags & FIELD_GENERATED)
			o.help = "A new one; - reads it from standard input.";
	}
	add_opt(c, &o);
}

void cli_options(struct cli *c)
{
	const struct verb *v = c->verb;
	const struct opt *own = v->opt;
	size_t n = v->nopt;

	/* the number of these is known to their own files only */
	if (own == serve_opts)
		n = serve_nopts;
	else if (own == phone_opts)
		n = phone_nopts;
	c->nopt = 0;
	if (v->flags & VERB_FIELDS) {
		for (size_t i = 0; i < (*v->r)->nfield; i++)
			add_field(c, &(*v->r)->field[i]);
	}
	for (size_t i = 0; i < n; i++)
		add_opt(c, &own[i]);
	if (v->flags & VERB_CLIENT) {
		for (size_t i = 0; i < ARRAY_LEN(common_opts); i++)
			add_opt(c, &common_opts[i]);
	}
}

const char *cli_opt(const struct cli *c, const char *name)
{
	for (size_t i = c->nset; i-- > 0;) {
		if (strcmp(c->set[i].o->name, name) == 0)
			return c->set[i].value;
	}
	for (size_t i = 0; i < c->nopt; i++) {
		const char *e = strcmp(c->opt[i].name, name) == 0 && c->opt[i].env ? getenv(c->opt[i].env) : NULL;

		if (e && *e)
			return e;
	}
	return NULL;
}

bool cli_flag(const struct cli *c, const char *name)
{
	const char *v = cli_opt(c, name);

	return v && strcmp(v, "0") != 0 && strcmp(v, "false") != 0 && strcmp(v, "no") != 0;
}

bool cli_number(const struct cli *c, const char *name, uint32_t min, uint32_t max, uint32_t *v)
{
	const char *s = cli_opt(c, name);
	uint32_t n;

	if (!s)
		return true;
	if (slice_u32(slice_str(s), &n) == 0 && n >= min && n <= max) {
		*v = n;
		return true;
	}
	cli_usage(c, "--%s must be a number from %u to %u, not \"%s\".", name, min, max, s);
	return false;
}

static int bad_option(struct cli *c, int what, char **argv)
{
	const char *word = argv[optind - 1];

	if (what == ':')
		return cli_usage(c, "%s needs a value.", word);
	if (optopt >= OPT_FIRST || (optopt == 0 && strchr(word, '=')))
		return cli_usage(c, "%s is not right: there is no such option, or it takes no value.", word);
	if (optopt && optopt < 256)
		return cli_usage(c, "there is no option -%c.", optopt);
	return cli_usage(c, "there is no option %s.", word);
}

static int parse_options(struct cli *c, int argc, char **argv)
{
	struct option lo[CLI_OPTS + 2];
	size_t n = 0;
	int o;

	memset(lo, 0, sizeof(lo));
	for (size_t i = 0; i < c->nopt; i++)
		lo[n++] = (struct option){c->opt[i].name, c->opt[i].arg ? required_argument : no_argument, NULL,
					  OPT_FIRST + (int)i};
	lo[n++] = (struct option){"help", no_argument, NULL, OPT_HELP};
	opterr = 0;
	optind = 1;
	while ((o = getopt_long(argc, argv, ":h", lo, NULL)) != -1) {
		if (o == OPT_HELP || o == 'h') {
			help_verb(c, stdout);
			return -1;
		}
		if (o < OPT_FIRST)
			return bad_option(c, o, argv);
		if (c->nset == CLI_SET)
			return cli_usage(c, "too many options.");
		c->set[c->nset].o = &c->opt[o - OPT_FIRST];
		c->set[c->nset++].value = optarg ? optarg : "1";
	}
	for (int i = optind; i < argc; i++) {
		if (c->narg == c->verb->max_args || c->narg == CLI_ARGS)
			return cli_usage(c, "\"%s\" is one word too many.", argv[i]);
		c->arg[c->narg++] = argv[i];
	}
	if (c->narg < c->verb->min_args)
		return cli_usage(c, "%s is missing.", c->verb->args);
	return 0;
}

/* ------------------------------------------------------------------ verbs */

/* Number of words of the verb's name that stand at the beginning of argv, or 0. */
static int matches(const struct verb *v, int argc, char **argv)
{
	struct slice s = slice_str(v->name);
	int n = 0;

	while (s.l) {
		if (n == argc || !slice_eqs(slice_cut(&s, ' '), argv[n]))
			return 0;
		n++;
	}
	return n;
}

static int find_verb(struct cli *c, int argc, char **argv)
{
	size_t n;
	const struct verb *v = cli_verbs(&n);
	int words = 0;

	/* "security ban" before "security" */
	for (size_t i = 0; i < n; i++) {
		int w = matches(&v[i], argc, argv);

		if (w > words) {
			words = w;
			c->verb = &v[i];
		}
	}
	return words;
}

/* The longest "security limit" at the beginning of argv that verbs begin with; returns its words. */
static int find_group(char *dst, size_t size, int argc, char **argv)
{
	size_t n, l = 0;
	const struct verb *v = cli_verbs(&n);
	int words;

	for (words = 0; words < argc; words++) {
		bool found = false;
		size_t more = (size_t)snprintf(dst + l, size - l, "%s%s", words ? " " : "", argv[words]);

		for (size_t i = 0; i < n && l + more < size && !found; i++)
			found = !strncmp(v[i].name, dst, l + more) && v[i].name[l + more] == ' ';
		if (!found)
			break;
		l += more;
	}
	dst[l] = '\0';
	return words;
}

static bool wants_help(int argc, char **argv)
{
	return argc > 0 && (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h"));
}

static int no_verb(struct cli *c, int argc, char **argv)
{
	char group[40];
	int words;

	if (!argc || wants_help(argc, argv)) {
		help_overview(c, stdout);
		return argc ? CLI_OK : CLI_USAGE;
	}
	words = find_group(group, sizeof(group), argc, argv);
	if (words) {
		bool asked = wants_help(argc - words, argv + words);

		if (argc > words && !asked)
			fprintf(stderr, "offhook: there is no verb \"%s %s\".\n\n", group, argv[words]);
		help_group(c, group, asked ? stdout : stderr);
		return asked ? CLI_OK : CLI_USAGE;
	}
	const char *near = help_nearest(argv[0]);
	fprintf(stderr, "offhook: there is no verb \"%s\".", argv[0]);
	if (near)
		fprintf(stderr, " Did you mean \"%s\"?", near);
	fprintf(stderr, "\nSee '%s --help'.\n", c->prog);
	return CLI_USAGE;
}

int verb_version(struct cli *c)
{
	(void)c;
	printf("offhook %s\n", OFFHOOK_VERSION);
	return CLI_OK;
}

int verb_help(struct cli *c)
{
	char *words[3] = {NULL}, group[40];
	int n = c->narg, in_verb, in_group;

	for (int i = 0; i < n; i++)
		words[i] = (char *)(uintptr_t)c->arg[i];
	in_verb = find_verb(c, n, words);
	in_group = find_group(group, sizeof(group), n, words);
	if (!n) {
		help_overview(c, stdout);
	} else if (in_group == n && in_group > in_verb) {
		help_group(c, group, stdout);
	} else if (in_verb < n) {
		return no_verb(c, n, words);
	} else {
		cli_options(c);
		help_verb(c, stdout);
	}
	return CLI_OK;
}

int cli_main(int argc, char **argv)
{
	struct cli c = {.prog = argc ? argv[0] : "offhook", .start_us = clock_mono_us()};

	term_init();
	if (argc > 1 && strcmp(argv[1], "--version") == 0)
		return verb_version(&c);
	char group[40];
	int words = find_verb(&c, argc - 1, argv + 1);
	if (words < find_group(group, sizeof(group), argc - 1, argv + 1) || !words)
		return no_verb(&c, argc - 1, argv + 1);
	cli_options(&c);
	int rc = parse_options(&c, argc - words, argv + words);
	if (rc)
		return rc < 0 ? CLI_OK : rc;
	data_dir(c.data, sizeof(c.data), cli_opt(&c, "data"));
	c.json = cli_flag(&c, "json");
	if (c.verb->flags & VERB_CLIENT)
		log_set_level(LOG_ERROR);
	rc = c.verb->run(&c);
	direct_close(c.direct);
	if (fflush(stdout) && rc == CLI_OK)
		rc = cli_fail(CLI_FAILED, "the output could not be written.");
	return rc;
}
