/*
 * cli.h - the command line: a table of verbs drives parsing, help and completion.
 *
 * Every verb but `serve`, `phone` and a few without data is a client of /api/v1 on the
 * control socket of the running server; with the server down, verbs on configuration
 * take the data directory's lock and ask the same API in this process.
 * Thread: main. Ownership: struct cli lives as long as the verb runs.
 */
#ifndef OFFHOOK_APP_CLI_H
#define OFFHOOK_APP_CLI_H

#include <stdio.h>
#include "api/api.h"
#include "base/mem.h"

/** What the program's exit status says. Documented in `offhook --help`. */
enum {
	CLI_OK = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2, /**< wrong words, options or values */
	CLI_NOT_FOUND = 3,
	CLI_CONFLICT = 4, /**< exists already, or later changes are in the way */
	CLI_NO_SERVER = 5 /**< the server does not run, or does not answer */
};

/** An option. */
struct opt {
	const char *name;  /**< without "--" */
	const char *arg;   /**< what stands for the value in help; NULL: a switch */
	const char *env;   /**< environment variable that says the same, or NULL */
	const char *def;   /**< default as shown in help, or NULL */
	const char *words; /**< for completion: words, "@file" or "@dir"; NULL */
	const char *help;
	bool hidden; /**< not in the overview of options, for measuring and tests */
};

struct cli;
enum verb_flag {
	VERB_CLIENT = 1, /**< takes --data and --json */
	VERB_LIVE = 2,   /**< only a running server knows */
	VERB_FIELDS = 4, /**< fields of the resource are options */
	VERB_HIDDEN = 8, /**< works, but is not listed */
	VERB_KEY = 16    /**< first argument is a key of the resource: completion offers them */
};
struct verb {
	const char *name; /**< "extension add" */
	const char *args; /**< "NUMBER", "[FILE]" or "" */
	int min_args, max_args;
	unsigned flags;
	const char *group;    /**< heading in the overview */
	const char *summary;  /**< one line */
	const char *about;    /**< paragraph, or NULL */
	const char *examples; /**< lines, or NULL */
	const struct opt *opt;
	size_t nopt;
	const struct resource *const
		*r;                /**< resource it is about (address, because tables live in another room), or NULL */
	int (*run)(struct cli *c); /**< returns an exit status */
};
/** All verbs, in the order of the overview. */
const struct verb *cli_verbs(size_t *n);

enum { CLI_OPTS = 64, CLI_ARGS = 16, CLI_SET = 128 };
struct direct;
struct cli {
	const char *prog; /**< as typed: "build/offhook" */
	const struct verb *verb;
	struct opt opt[CLI_OPTS]; /**< all options of the verb, those of the resource included */
	size_t nopt;
	const char *arg[CLI_ARGS];
	int narg;
	struct {
		const struct opt *o;
		const char *value;
	} set[CLI_SET];
	size_t nset;
	bool json;
	char data[1024];       /**< data directory */
	struct direct *direct; /**< the API in this process, once it is needed */
	bool live;             /**< the server answered the last call */
	uint64_t start_us;     /**< when the program began */
};
/** Parse and run; returns the exit status. */
int cli_main(int argc, char **argv);
/** Value of an option as given, else of its environment variable, else NULL. The last one counts. */
const char *cli_opt(const struct cli *c, const char *name);
/** A switch is given. */
bool cli_flag(const struct cli *c, const char *name);
/** Number option within limits; false: a sentence was printed (return CLI_USAGE). Not given: *v stays. */
bool cli_number(const struct cli *c, const char *name, uint32_t min, uint32_t max, uint32_t *v);
/** Print "offhook VERB: sentence" and where help is; returns CLI_USAGE. */
int cli_usage(const struct cli *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/** Print "offhook: sentence" on stderr; returns `status`. */
int cli_fail(int status, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* help.c */
void help_overview(const struct cli *c, FILE *f);
void help_verb(const struct cli *c, FILE *f);
void help_group(const struct cli *c, const char *group, FILE *f);
/** The verb whose name is nearest to `word`, if near enough. */
const char *help_nearest(const char *word);
/** Fill c->opt: the verb's own options, those of its resource, --data and --json. */
void cli_options(struct cli *c);

/* client.c */
/**
 * Ask the API: the running server, or this process where the verb allows it. `path` below /api/v1 ("/status").
 * Returns an exit status; unless it is CLI_OK the reason was printed. `*res` is a new reference (NULL for an empty
 * answer).
 */
int client_call(struct cli *c, const char *method, const char *path, json_t *body, json_t **res);
/** GET `path`. With --json the answer is printed, and *res is NULL; otherwise it is the caller's. Exit status. */
int client_show(struct cli *c, const char *path, json_t **res);
/** GET all pages of a list: {"items": [...]}. */
int client_list(struct cli *c, const char *path, json_t **res);
/** GET `path` of the running server, whose answer is no JSON. Exit status; unless it is CLI_OK the reason was printed.
 */
int client_bytes(struct cli *c, const char *path, struct buf *out);
/** As client_call to a running server, but silent: for additions to an answer that can do without. */
int client_try(struct cli *c, const char *path, json_t **res);
/** "/extensions/" and the like with a percent-escaped tail: new string, mem_deref; NULL when memory is out. */
char *client_path(const char *dir, const char *name);
/** Append "?name=value" or "&name=value", escaped; nothing when value is NULL. */
void client_param(struct buf *b, const char *name, const char *value);
/** " --data DIR" when the directory would not be found without it, else "". */
const char *cli_data_hint(const struct cli *c);

/** A secret option: "-" asks for it on the terminal, without showing it and `twice` over, or takes the first line of
 * standard input. NULL: the two are not the same. */
const char *cli_secret(const char *v, const char *what, bool twice);

/* direct.c */
/** Open the data directory in this process. 0 or an exit status; the reason was printed. */
int direct_open(struct direct **dp, const struct cli *c);
void direct_close(struct direct *d);
/** One request, answered before it returns. 0 or errno. */
int direct_call(struct direct *d, const char *method, const char *path, const char *query, json_t *body,
		unsigned *status, json_t **res);
/** "name via command line". */
void cli_author(char *dst, size_t size);

/* data.c */
/** The rule: given, OFFHOOK_DATA, ./data if it is a directory, /var/lib/offhook. */
void data_dir(char *dst, size_t size, const char *given);

/* The verbs. */
int verb_serve(struct cli *c);
int verb_status(struct cli *c);
int verb_resource_add(struct cli *c);
int verb_resource_list(struct cli *c);
int verb_resource_show(struct cli *c);
int verb_resource_set(struct cli *c);
int verb_resource_remove(struct cli *c);
int verb_only_show(struct cli *c);
int verb_only_set(struct cli *c);
int verb_route_explain(struct cli *c);
int verb_brakes_use(struct cli *c);
int verb_registrations(struct cli *c);
int verb_calls(struct cli *c);
int verb_hangup(struct cli *c);
int verb_transfer(struct cli *c);
int verb_call(struct cli *c);
int verb_hold(struct cli *c);
int verb_resume(struct cli *c);
int verb_calls_trace(struct cli *c);
int verb_calls_pcap(struct cli *c);
/** The one of the calls whose id begins with `word`; NULL: none, or several: `*rc` says so, as the user was told. */
const char *calls_match(const json_t *items, const char *word, int *rc);
/** `calls --sound` and `calls --watch` (verb_sound.c). */
int calls_sound(struct cli *c);
/** What is wrong with the sound of calls (the list of the API), a line for each party, if anything is. */
void calls_verdicts(const json_t *items);
int verb_record(struct cli *c);
int verb_conference_record(struct cli *c);
int verb_recordings(struct cli *c);
int verb_recording_show(struct cli *c);
int verb_recording_remove(struct cli *c);
int verb_recording_export(struct cli *c);
int verb_cdr(struct cli *c);
int verb_config_export(struct cli *c);
int verb_config_import(struct cli *c);
int verb_config_history(struct cli *c);
int verb_config_undo(struct cli *c);
int verb_network_show(struct cli *c);
int verb_network_set(struct cli *c);
int verb_network_confirm(struct cli *c);
int verb_backup(struct cli *c);
int verb_restore(struct cli *c);
int verb_certificate_show(struct cli *c);
int verb_certificate_set(struct cli *c);
int verb_log_level(struct cli *c);
int verb_inspect(struct cli *c);
int verb_metrics(struct cli *c);
int verb_completion(struct cli *c);
int verb_version(struct cli *c);
int verb_help(struct cli *c);
int verb_phone(struct cli *c);
int verb_trunk_add(struct cli *c);
int verb_trunk_list(struct cli *c);
int verb_trunk_status(struct cli *c);
int verb_trunk_history(struct cli *c);
int verb_trunk_test(struct cli *c);
int verb_conference_members(struct cli *c);
int verb_conference_mute(struct cli *c);
int verb_conference_unmute(struct cli *c);
int verb_conference_kick(struct cli *c);
int verb_security(struct cli *c);
int verb_ban(struct cli *c);
int verb_lift(struct cli *c);

/** Options of `serve` and `phone`, beside their code. */
extern const struct opt serve_opts[];
extern const size_t serve_nopts;
extern const struct opt phone_opts[];
extern const size_t phone_nopts;

#endif
