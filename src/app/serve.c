/*
 * serve.c - `serve`: start, run until a signal, end politely.
 *
 * First SIGINT or SIGTERM: calls are hung up (BYE, CANCEL) and given up to 3 s; what must be
 * written is written; exit status 0. A second one does not wait for the calls.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <string.h>
#include <unistd.h>
#include "app/serve.h"
#include "base/clock.h"
#include "base/log.h"

enum { DRAIN_MS = 3000 };

static void drained(void *arg)
{
	struct server *s = arg;

	loop_stop(s->loop);
}

static void signalled(int signum, void *arg)
{
	struct server *s = arg;
	size_t n = calls_count(s->calls);

	(void)signum;
	if (s->signals++) {
		log_warn("app", "stopping at once");
		loop_stop(s->loop);
		return;
	}
	if (n)
		log_info("app", "stopping: ending %zu call%s", n, n == 1 ? "" : "s");
	else
		log_info("app", "stopping");
	pbx_lines(s->pbx, false); /* providers are told while there is time */
	calls_drain(s->calls, DRAIN_MS, drained, s);
}

static void run(struct server *s, const struct cli *c)
{
	int err = loop_on_signal(s->loop, signalled, s);

	if (err)
		log_warn("app", "signals cannot be caught: %s", err_str(err));
	if (s->opt->bench_no_auth)
		log_warn("app", "calls need no password (--bench-no-auth): for benchmarks only");
	trim_start(s);
	welcome_print(s, c);
	log_info("app", "ready in %u ms", (unsigned)((clock_mono_us() - c->start_us + 500) / 1000));
	err = loop_run(s->loop);
	if (err)
		log_error("app", "the main loop failed: %s", err_str(err));
	/* from here on a signal ends the process: the third one is meant */
	if (loop_on_signal(s->loop, NULL, NULL))
		log_warn("app", "signals are still caught");
}

/* The terminal is gone: end as politely as at Ctrl-C. */
static void hung_up(int signum)
{
	(void)signum;
	(void)raise(SIGTERM);
}

/* A call takes four sockets: as many files as the system lets this process have. */
static void raise_file_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur == r.rlim_max)
		return;
	r.rlim_cur = r.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &r))
		log_warn("app", "the limit of open files could not be raised: %s", err_str(errno));
}

int verb_serve(struct cli *c)
{
	struct serve_options o;
	struct server s = {.opt = &o, .data = c->data};
	struct buf why;
	int rc = serve_options_read(&o, c);

	if (rc)
		return rc;
	/* what is written may be secret; a client that goes away is no reason to die */
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, hung_up);
	raise_file_limit();
	log_set_level(o.log_level);
	buf_init(&why);
	int err = server_open(&s, &why);
	if (err)
		rc = cli_fail(err == EBUSY ? CLI_CONFLICT : CLI_FAILED, "%.*s", SLICE_FMT(buf_get(&why)));
	buf_free(&why);
	if (rc)
		return rc;
	run(&s, c);
	server_close(&s);
	log_info("app", "stopped");
	return CLI_OK;
}
