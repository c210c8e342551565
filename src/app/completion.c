/*
 * completion.c - `completion bash`: the script is made from the table of verbs, so it never lags behind.
 */
#include <string.h>
#include "app/cli.h"
#include "app/out.h"

static void put_words(const struct cli *c)
{
	for (size_t i = 0; i < c->nopt; i++) {
		if (!c->opt[i].hidden)
			printf(" --%s", c->opt[i].name);
	}
	printf(" --help");
}

/* Values of options: one branch per option that has words of its own. */
static void put_values(const struct cli *c, const char *verb)
{
	for (size_t i = 0; i < c->nopt; i++) {
		const struct opt *o = &c->opt[i];

		if (!o->arg)
			continue;
		printf("\t'%s --%s') ", verb, o->name);
		if (o->words && strcmp(o->words, "@dir") == 0)
			printf("COMPREPLY=($(compgen -d -- \"$cur\"))");
		else if (o->words && strcmp(o->words, "@file") == 0)
			printf("COMPREPLY=($(compgen -f -- \"$cur\"))");
		else if (o->words)
			printf("COMPREPLY=($(compgen -W '%s' -- \"$cur\"))", o->words);
		else
			printf(":");
		printf("; return ;;\n");
	}
}

static void put_tables(struct cli *c, const struct verb *v, size_t n)
{
	const struct verb *self = c->verb;

	printf("\tcase \"$verb $prev\" in\n");
	for (size_t i = 0; i < n; i++) {
		c->verb = &v[i];
		cli_options(c);
		put_values(c, v[i].name);
	}
	printf("\tesac\n\tcase \"$verb\" in\n");
	for (size_t i = 0; i < n; i++) {
		c->verb = &v[i];
		cli_options(c);
		printf("\t'%s') opts='", v[i].name);
		put_words(c);
		printf("'");
		if (v[i].flags & VERB_KEY)
			printf("; words=$(\"${COMP_WORDS[0]}\" completion %s \"${data[@]}\" 2>/dev/null)",
			       (*v[i].r)->plural);
		else if (strstr(v[i].args, "FILE"))
			printf("; files=1");
		else if (strcmp(v[i].name, "completion") == 0)
			printf("; words=bash");
		else if (strcmp(v[i].name, "log-level") == 0)
			printf("; words='error warn info debug'");
		printf(" ;;\n");
	}
	printf("\tesac\n");
	c->verb = self;
}

static int bash(struct cli *c)
{
	size_t n;
	const struct verb *v = cli_verbs(&n);

	printf("# bash completion for offhook, made by `offhook completion bash`\n"
	       "_offhook() {\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb='' opts='' words='' "
	       "files='' first second i\n"
	       "\tlocal -a data=()\n"
	       "\tfirst=${COMP_WORDS[1]} second=${COMP_WORDS[2]}\n"
	       "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	       "\t\t[ \"${COMP_WORDS[i]}\" = --data ] && data=(--data \"${COMP_WORDS[i+1]}\")\n"
	       "\tdone\n"
	       "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	       "\t\tCOMPREPLY=($(compgen -W '");
	for (size_t i = 0; i < n; i++) {
		int l = (int)strcspn(v[i].name, " ");

		if (!i || strncmp(v[i].name, v[i - 1].name, (size_t)l + 1))
			printf("%s%.*s", i ? " " : "", l, v[i].name);
	}
	printf("' -- \"$cur\"))\n\t\treturn\n\tfi\n\tcase \"$first\" in\n");
	for (size_t i = 0; i < n; i++) {
		const char *space = strchr(v[i].name, ' ');
		int l = (int)strcspn(v[i].name, " ");

		if (!space || (i && strncmp(v[i].name, v[i - 1].name, (size_t)l + 1) == 0))
			continue;
		printf("\t%.*s)\n\t\tif [ \"$COMP_CWORD\" -eq 2 ]; then COMPREPLY=($(compgen -W '", l, v[i].name);
		for (size_t k = i; k < n && strncmp(v[k].name, v[i].name, (size_t)l + 1) == 0; k++)
			printf("%s%s", k > i ? " " : "", v[k].name + l + 1);
		printf("' -- \"$cur\")); return; fi\n\t\tverb=\"$first $second\" ;;\n");
	}
	printf("\t*) verb=$first ;;\n\tesac\n");
	put_tables(c, v, n);
	printf("\tif [[ $cur == -* ]]; then COMPREPLY=($(compgen -W \"$opts\" -- \"$cur\"))\n"
	       "\telif [ -n \"$files\" ]; then COMPREPLY=($(compgen -f -- \"$cur\"))\n"
	       "\telse COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")); fi\n"
	       "}\n"
	       "complete -F _offhook offhook\n");
	return CLI_OK;
}

/* Keys of a resource, one a line: what the script offers after `extension show`. */
static int keys(struct cli *c, const struct resource *r)
{
	json_t *o = NULL, *row;
	char path[80];
	size_t i;

	snprintf(path, sizeof(path), "/%s?limit=1000", r->plural);
	int rc = client_call(c, "GET", path, NULL, &o);
	if (rc)
		return rc;
	json_array_foreach(json_object_get(o, "items"), i, row) puts(js(row, resource_key(r)->name));
	json_decref(o);
	return CLI_OK;
}

int verb_completion(struct cli *c)
{
	size_t n;
	const struct resource *const *v = pbx_resources(&n);

	if (strcmp(c->arg[0], "bash") == 0)
		return bash(c);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i]->plural, c->arg[0]) == 0)
			return keys(c, v[i]);
	}
	return cli_usage(c, "only bash is known, not \"%s\".", c->arg[0]);
}
