/*
 * cli_test.c - the command line from end to end: the real server in a process of its own, the real verbs in others.
 *
 * Each command runs cli_main() in a child with its output in pipes, so that the sanitizers see all of it. Loopback
 * only, on ports that are free.
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "app/cli.h"
#include "base/sa.h"

enum { OUT_MAX = 65536, ARGS = 24, START_MS = 20000 };

struct fix {
	char dir[64], data[96];
	uint16_t port;
	pid_t server;
	int server_out; /**< standard output and error of the server */
	char out[OUT_MAX], err[OUT_MAX];
};

static struct fix fix;

/* ------------------------------------------------------------------ children */

static void read_all(int fd, char *dst)
{
	size_t n = 0;
	ssize_t r;

	while (n < OUT_MAX - 1 && (r = read(fd, dst + n, OUT_MAX - 1 - n)) > 0)
		n += (size_t)r;
	dst[n] = '\0';
	close(fd);
}

/* Split at spaces; a word in 'quotes' stays whole. */
static int split(char *line, char **argv)
{
	int n = 0;

	argv[n++] = "offhook";
	for (char *p = line; *p && n < ARGS - 1;) {
		char end = *p == '\'' ? '\'' : ' ';

		p += *p == '\'';
		argv[n++] = p;
		while (*p && *p != end)
			p++;
		if (*p)
			*p++ = '\0';
		while (*p == ' ')
			p++;
	}
	argv[n] = NULL;
	return n;
}

static pid_t spawn(const char *line, const char *input, int *out, int *err)
{
	int po[2], pe[2], pi[2];

	assert_int_equal(pipe2(po, O_CLOEXEC) | pipe2(pe, O_CLOEXEC) | pipe2(pi, O_CLOEXEC), 0);
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char *argv[ARGS], copy[1024];

		snprintf(copy, sizeof(copy), "%s", line);
		dup2(pi[0], 0);
		dup2(po[1], 1);
		dup2(err ? pe[1] : po[1], 2);
		close(pi[1]);
		close(po[0]);
		close(pe[0]);
		alarm(60);
		int rc = cli_main(split(copy, argv), argv);
		fflush(NULL);
		exit(rc);
	}
	close(pi[0]);
	close(po[1]);
	close(pe[1]);
	if (input)
		assert_int_equal(write(pi[1], input, strlen(input)), (ssize_t)strlen(input));
	close(pi[1]);
	*out = po[0];
	if (err)
		*err = pe[0];
	else
		close(pe[0]);
	return pid;
}

static int wait_exit(pid_t pid)
{
	int st = 0;

	assert_int_equal(waitpid(pid, &st, 0), pid);
	return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}

/* Run one command; its exit status. Output in fix.out and fix.err. "DATA" becomes --data with the directory. */
static int run_with(const char *cmd, const char *input)
{
	char line[1024];
	const char *d = strstr(cmd, "DATA");
	int out, err;

	if (d)
		snprintf(line, sizeof(line), "%.*s--data %s%s", (int)(d - cmd), cmd, fix.data, d + 4);
	else
		snprintf(line, sizeof(line), "%s", cmd);
	pid_t pid = spawn(line, input, &out, &err);
	read_all(out, fix.out);
	read_all(err, fix.err);
	return wait_exit(pid);
}

static void expect(int line, const char *cmd, int status, const char *out, const char *err)
{
	int rc = run_with(cmd, NULL);

	if (rc != status || (out && !strstr(fix.out, out)) || (err && !strstr(fix.err, err)))
		fail_msg("line %d: %s: exit %d\n--- out\n%s--- err\n%s", line, cmd, rc, fix.out, fix.err);
}
#define EXPECT(cmd, status, out, err) expect(__LINE__, cmd, status, out, err)

/* ------------------------------------------------------------------ server */

/* A port that is free for UDP and TCP on 127.0.0.1, outside of the RTP range below. */
static uint16_t free_port(void)
{
	for (int i = 0; i < 100; i++) {
		struct sockaddr_in in = {.sin_family = AF_INET};
		socklen_t l = sizeof(in);
		int u = socket(AF_INET, SOCK_DGRAM, 0), t = socket(AF_INET, SOCK_STREAM, 0);

		in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		bool ok = bind(u, (struct sockaddr *)&in, sizeof(in)) == 0 &&
			  getsockname(u, (struct sockaddr *)&in, &l) == 0 &&
			  bind(t, (struct sockaddr *)&in, sizeof(in)) == 0;
		close(u);
		close(t);
		uint16_t port = ntohs(in.sin_port);
		if (ok && (port < 21000 || port > 21098))
			return port;
	}
	return 0;
}

static void start_server(const char *more, const char *until)
{
	char line[512], text[OUT_MAX];
	size_t n = 0;

	snprintf(line, sizeof(line),
		 "serve --data %s --listen 127.0.0.1 --sip-port %u --http-port 0 --https-port 0 "
		 "--rtp-ports 21000-21098 %s",
		 fix.data, fix.port, more);
	fix.server = spawn(line, NULL, &fix.server_out, NULL);
	text[0] = '\0';
	while (!strstr(text, until)) {
		struct pollfd pfd = {.fd = fix.server_out, .events = POLLIN};

		if (poll(&pfd, 1, START_MS) != 1)
			fail_msg("the server does not start:\n%s", text);
		ssize_t r = read(fix.server_out, text + n, sizeof(text) - 1 - n);
		if (r <= 0)
			fail_msg("the server has ended:\n%s", text);
		n += (size_t)r;
		text[n] = '\0';
	}
	snprintf(fix.out, sizeof(fix.out), "%s", text);
}

static int stop_server(int signum)
{
	char rest[OUT_MAX];

	kill(fix.server, signum);
	read_all(fix.server_out, rest);
	int rc = wait_exit(fix.server);
	fix.server = 0;
	return rc;
}

static int setup(void **state)
{
	(void)state;
	memset(&fix, 0, sizeof(fix));
	strcpy(fix.dir, "/tmp/offhook-cli-XXXXXX");
	if (!mkdtemp(fix.dir))
		return -1;
	snprintf(fix.data, sizeof(fix.data), "%s/data", fix.dir);
	fix.port = free_port();
	return fix.port ? 0 : -1;
}

static int teardown(void **state)
{
	char cmd[128];

	(void)state;
	if (fix.server) {
		kill(fix.server, SIGKILL);
		(void)wait_exit(fix.server);
		close(fix.server_out);
	}
	snprintf(cmd, sizeof(cmd), "rm -rf %s", fix.dir);
	return system(cmd);
}

/* ------------------------------------------------------------------ tests */

static void test_words(void **state)
{
	(void)state;
	EXPECT("", CLI_USAGE, "Usage: offhook VERB", NULL);
	EXPECT("--help", CLI_OK, "Exit status", NULL);
	EXPECT("--version", CLI_OK, "offhook ", NULL);
	EXPECT("version", CLI_OK, "offhook ", NULL);
	EXPECT("help extension add", CLI_OK, "--ring-seconds N", NULL);
	EXPECT("extension add --help", CLI_OK, "Examples", NULL);
	EXPECT("extension --help", CLI_OK, "extension remove", NULL);
	EXPECT("extension", CLI_USAGE, NULL, "extension remove");
	EXPECT("extension fly", CLI_USAGE, NULL, "no verb \"extension fly\"");
	EXPECT("route out --help", CLI_OK, "Usage: offhook route out VERB", NULL);
	EXPECT("route out", CLI_USAGE, NULL, "route out add");
	EXPECT("route out fly", CLI_USAGE, NULL, "no verb \"route out fly\"");
	EXPECT("help security allow", CLI_OK, "security allow remove", NULL);
	EXPECT("security limit", CLI_USAGE, NULL, "security limit add");
	EXPECT("security --help", CLI_OK, "More verbs", NULL);
	EXPECT("calls fly", CLI_USAGE, NULL, "one word too many");
	EXPECT("stauts", CLI_USAGE, NULL, "Did you mean \"status\"?");
	EXPECT("xyzzy", CLI_USAGE, "", "no verb \"xyzzy\".\n");
	EXPECT("extension add", CLI_USAGE, NULL, "NUMBER is missing");
	EXPECT("extension add 1 2", CLI_USAGE, NULL, "one word too many");
	EXPECT("extension add 102 --colour red", CLI_USAGE, NULL, "no option --colour");
	EXPECT("extension add 102 --name", CLI_USAGE, NULL, "--name needs a value");
	EXPECT("extension list -x", CLI_USAGE, NULL, "no option -x");
	EXPECT("cdr --limit many", CLI_USAGE, NULL, "--limit must be a number");
	EXPECT("serve --sip-port 99999", CLI_USAGE, NULL, "--sip-port");
	EXPECT("phone --user 100", CLI_USAGE, NULL, "--headless");
	EXPECT("hangup DATA", CLI_USAGE, NULL, "--all");
}

static void test_every_verb_has_help(void **state)
{
	size_t n;
	const struct verb *v = cli_verbs(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		char cmd[96];

		snprintf(cmd, sizeof(cmd), "%s --help", v[i].name);
		EXPECT(cmd, CLI_OK, "Usage: offhook", NULL);
		for (const char *p = fix.out; *p; p++)
			assert_false(p[0] == ' ' && p[1] == '\n');
	}
}

static void test_nothing_there(void **state)
{
	(void)state;
	EXPECT("status DATA", CLI_NO_SERVER, "", "no data directory");
	EXPECT("calls DATA", CLI_NO_SERVER, "", "serve --data");
	EXPECT("extension list DATA", CLI_NO_SERVER, "", "no phone system");
	EXPECT("status DATA --json", CLI_NO_SERVER, "no_server", NULL);
	assert_int_equal(access(fix.data, F_OK), -1); /* asking makes nothing */
}

static void test_newcomer(void **state)
{
	char welcome[OUT_MAX], *p, password[32] = "", cmd[128];

	(void)state;
	start_server("", "ready in");
	snprintf(welcome, sizeof(welcome), "%s", fix.out);
	assert_non_null(strstr(welcome, "SIP server   127.0.0.1"));
	assert_non_null(strstr(welcome, "*43"));
	assert_non_null(strstr(welcome, "extension add 102"));
	assert_non_null(strstr(welcome, fix.data));
	p = strstr(welcome, "100      ");
	assert_non_null(p);
	sscanf(p + 4, " %31s", password);
	assert_true(strlen(password) >= 12);

	EXPECT("status DATA", CLI_OK, "is running", NULL);
	snprintf(cmd, sizeof(cmd), "udp 127.0.0.1:%u", fix.port);
	assert_non_null(strstr(fix.out, cmd));
	/* columns that say nothing are left out, until they say something */
	EXPECT("extension list DATA", CLI_OK, "ENABLED  PHONES\n", NULL);
	EXPECT("extension list DATA", CLI_OK, "101", NULL);
	assert_null(strstr(fix.out, password));
	EXPECT("extension show 100 DATA", CLI_OK, "First phone", NULL);
	assert_null(strstr(fix.out, password));
	EXPECT("extension show 100 DATA --password", CLI_OK, password, NULL);
	EXPECT("registrations DATA", CLI_OK, "No phone is registered", NULL);
	EXPECT("calls DATA", CLI_OK, "No calls", NULL);
	EXPECT("cdr DATA", CLI_OK, "No call records", NULL);
	EXPECT("hangup cxyz DATA", CLI_NOT_FOUND, "", "no call cxyz");
	EXPECT("inspect DATA", CLI_OK, "pbx", NULL);
	EXPECT("metrics DATA", CLI_OK, "calls_total", NULL);
	EXPECT("log-level debug DATA", CLI_OK, "debug", NULL);

	/* a second server on the same directory is refused in words */
	snprintf(cmd, sizeof(cmd), "serve DATA --listen 127.0.0.1 --sip-port %u --http-port 0 --https-port 0",
		 free_port());
	EXPECT(cmd, CLI_CONFLICT, "", NULL);
	assert_int_equal(stop_server(SIGINT), 0);

	/* the second start shows no passwords */
	start_server("--log-level warn", "Ctrl-C");
	assert_null(strstr(fix.out, password));
	assert_non_null(strstr(fix.out, "2 extensions"));
	assert_int_equal(stop_server(SIGTERM), 0);
}

/* The same story with the server up and down: answers must not differ. */
/* Users and tokens; as story(), with a server and without. */
static void users(void)
{
	assert_int_equal(run_with("user add maria --role administrator --password - DATA", "blue lamp over the sea\n"),
			 CLI_OK);
	EXPECT("user add tom --extension 102 --password 'tom tom' DATA", CLI_USAGE, "", "at least 10");
	EXPECT("user add tom --extension 102 --password 1234567890 DATA", CLI_USAGE, "", "attackers try first");
	EXPECT("user add tom --extension 102 DATA", CLI_OK, "ready", NULL);
	EXPECT("user list DATA", CLI_OK, "maria", NULL);
	EXPECT("user show maria DATA", CLI_OK, "password      yes", NULL);
	assert_null(strstr(fix.out, "scrypt"));
	EXPECT("user remove maria DATA", CLI_CONFLICT, "", "another administrator first");
	EXPECT("user set maria --role user DATA", CLI_CONFLICT, "", "another administrator first");
	/* an end of input is no wish to have no password */
	assert_int_equal(run_with("user set tom --password - DATA", ""), CLI_USAGE);
	assert_non_null(strstr(fix.err, "nothing was given"));
	assert_int_equal(run_with("user set tom --password - --role administrator DATA", "seven green umbrellas\n"),
			 CLI_OK);
	EXPECT("user remove maria DATA", CLI_OK, "config undo", NULL);
	EXPECT("user remove tom DATA", CLI_CONFLICT, "", "another administrator first");
	EXPECT("token add prom --scopes metrics --expires-ms 2099-01-31 DATA", CLI_OK, "token       oh_", NULL);
	EXPECT("token add bad --scopes metric DATA", CLI_USAGE, "", "is no scope");
	EXPECT("token add bad --expires-ms tomorrow DATA", CLI_USAGE, "", "must be a time");
	EXPECT("token list DATA", CLI_OK, "2099-01-31", NULL);
	assert_null(strstr(fix.out, "oh_"));
	EXPECT("token set prom --enabled false DATA", CLI_OK, "changed", NULL);
	EXPECT("token remove prom DATA", CLI_OK, "removed", NULL);
}

static void story(void)
{
	EXPECT("extension add 102 --name 'Front desk' DATA", CLI_OK, "password", NULL);
	EXPECT("extension add 102 DATA", CLI_CONFLICT, "", "already");
	EXPECT("extension add 103 --password 12345678 DATA", CLI_OK, "ready", "Warning");
	assert_null(strstr(fix.out, "12345678"));
	EXPECT("extension add 104 --password short DATA", CLI_USAGE, "", "8");
	EXPECT("extension add 10x DATA", CLI_USAGE, "", "number");
	EXPECT("extension set 102 --call-limit 4 --enabled false DATA", CLI_OK, "changed", NULL);
	EXPECT("extension set 102 --call-limit 4 DATA", CLI_OK, "already", NULL);
	EXPECT("extension set 102 DATA", CLI_USAGE, "", "what to change");
	EXPECT("extension set 199 --name x DATA", CLI_NOT_FOUND, "", "199");
	EXPECT("extension set 102 --new-password DATA --json", CLI_OK, "\"password\"", NULL);
	EXPECT("extension show 102 DATA --json", CLI_OK, "\"call_limit\": 4", NULL);
	EXPECT("extension list DATA", CLI_OK, "Front desk", NULL);
	assert_int_equal(run_with("extension set 103 --password - DATA", "Wd7-kQp2-xU9z\n"), CLI_OK);
	EXPECT("extension show 103 --password DATA", CLI_OK, "Wd7-kQp2-xU9z", NULL);
	EXPECT("completion extensions DATA", CLI_OK, "102\n103\n", NULL);
	EXPECT("extension remove 102 DATA", CLI_OK, "config undo", NULL);
	EXPECT("extension remove 102 DATA", CLI_NOT_FOUND, "", "102");
	EXPECT("config undo 999 DATA", CLI_NOT_FOUND, "", "999");
	EXPECT("config history DATA", CLI_OK, "removed extension 102", NULL);
	EXPECT("config export DATA", CLI_OK, "\"offhook\": 1", NULL);
	assert_null(strstr(fix.out, "Wd7-kQp2-xU9z"));
	EXPECT("cdr --since whenever DATA", CLI_USAGE, "", "not a time");
	EXPECT("extension remove 103 DATA", CLI_OK, NULL, NULL);

	EXPECT("conference add 800 --name Team --pin 1234 DATA", CLI_OK, "Conference 800 (Team) is ready", NULL);
	EXPECT("conference add 800 DATA", CLI_CONFLICT, "", "already");
	EXPECT("conference add 801 --pin 12 DATA", CLI_USAGE, "", "pin");
	EXPECT("conference add 801 --wait-for-admin true DATA", CLI_USAGE, "", "--admin-pin");
	EXPECT("extension add 800 DATA", CLI_CONFLICT, "", "is a conference");
	EXPECT("conference list DATA", CLI_OK, "Team", NULL);
	assert_null(strstr(fix.out, "1234"));
	EXPECT("conference show 800 DATA", CLI_OK, "Team", NULL);
	assert_null(strstr(fix.out, "1234"));
	EXPECT("conference show 800 --password DATA", CLI_OK, "1234", NULL);
	EXPECT("conference set 800 --record always --max-members 5 DATA", CLI_OK, "changed", NULL);
	EXPECT("conference set 800 --record sometimes DATA", CLI_USAGE, "", "on_demand");
	EXPECT("conference show 800 --json DATA", CLI_OK, "\"record\": \"always\"", NULL);
	EXPECT("completion conferences DATA", CLI_OK, "800\n", NULL);
	EXPECT("conference remove 800 DATA", CLI_OK, "config undo", NULL);
	EXPECT("conference show 800 DATA", CLI_NOT_FOUND, "", "800");
}

static void test_with_server(void **state)
{
	(void)state;
	start_server("", "ready in");
	story();
	users();
	EXPECT("conference add 800 DATA", CLI_OK, "ready", NULL);
	EXPECT("conference members DATA", CLI_OK, "Nobody is in a conference.", NULL);
	EXPECT("conference members 800 DATA", CLI_OK, "Nobody is in the conference.", NULL);
	EXPECT("conference members 801 DATA", CLI_NOT_FOUND, "", "801");
	EXPECT("conference mute 800 100 DATA", CLI_NOT_FOUND, "", "nobody in the conference is 100");
	EXPECT("conference unmute 800 100 DATA", CLI_NOT_FOUND, "", "nobody in the conference is 100");
	EXPECT("conference kick 801 100 DATA", CLI_NOT_FOUND, "", "801");
	EXPECT("conference record 800 start DATA", CLI_CONFLICT, "", "nobody is in it");
	EXPECT("conference record 800 stop DATA", CLI_CONFLICT, "", "is not being recorded");
	EXPECT("conference record 800 begin DATA", CLI_USAGE, "", "start, stop, pause or resume");
	EXPECT("conference record 801 start DATA", CLI_NOT_FOUND, "", "801");
	assert_int_equal(stop_server(SIGINT), 0);
}

static void test_without_server(void **state)
{
	(void)state;
	start_server("", "ready in");
	assert_int_equal(stop_server(SIGINT), 0);
	story();
	users();
	EXPECT("status DATA", CLI_NO_SERVER, "", "not running");
	EXPECT("calls DATA", CLI_NO_SERVER, "", "serve");
	EXPECT("registrations DATA", CLI_NO_SERVER, "", "serve");
	EXPECT("hangup --all DATA", CLI_NO_SERVER, "", "serve");
	EXPECT("conference members DATA", CLI_NO_SERVER, "", "serve");
	EXPECT("conference record 800 start DATA", CLI_NO_SERVER, "", "serve");
}

static void test_export_import(void **state)
{
	char cmd[256];
	struct stat st;

	(void)state;
	start_server("", "ready in");
	snprintf(cmd, sizeof(cmd), "config export --passwords %s/all.json DATA", fix.dir);
	EXPECT(cmd, CLI_OK, "", "all passwords");
	snprintf(cmd, sizeof(cmd), "%s/all.json", fix.dir);
	assert_int_equal(stat(cmd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	EXPECT("extension remove 100 DATA", CLI_OK, NULL, NULL);
	EXPECT("extension set 101 --name Other DATA", CLI_OK, NULL, NULL);
	EXPECT("extension add 150 DATA", CLI_OK, NULL, NULL);
	snprintf(cmd, sizeof(cmd), "config import --dry-run --replace %s/all.json DATA", fix.dir);
	EXPECT(cmd, CLI_OK, "This would be done: 1 added, 1 changed, 1 removed", NULL);
	snprintf(cmd, sizeof(cmd), "config import --replace %s/all.json DATA", fix.dir);
	EXPECT(cmd, CLI_OK, "Done: 1 added, 1 changed, 1 removed", NULL);
	EXPECT("extension list DATA", CLI_OK, "Second phone", NULL);
	assert_null(strstr(fix.out, "150"));
	EXPECT("config import /nonexistent.json DATA", CLI_NOT_FOUND, "", "/nonexistent.json");
	assert_int_equal(run_with("config import - DATA", "{\"offhook\": 1, "), CLI_USAGE);
	assert_int_equal(run_with("config import - DATA", "{\"offhook\": 1, \"extensions\": [{\"number\": \"160\"}]}"),
			 CLI_OK);
	assert_int_equal(stop_server(SIGINT), 0);
}

/* The phone and the server in one room: a call to the echo, and the ways in which a call can fail. */
static void test_phone(void **state)
{
	char cmd[320], file[128];
	struct stat st;

	(void)state;
	start_server("", "ready in");
	EXPECT("extension set 100 --password Wd7-kQp2-xU9z DATA", CLI_OK, NULL, NULL);
	snprintf(file, sizeof(file), "%s/heard.wav", fix.dir);
	snprintf(cmd, sizeof(cmd),
		 "phone --headless --server 127.0.0.1:%u --user 100 --password Wd7-kQp2-xU9z --call *43 --tone 440 "
		 "--expect-tone 440 --seconds 2 --record %s",
		 fix.port, file);
	EXPECT(cmd, CLI_OK, "440 Hz: heard", NULL);
	assert_int_equal(stat(file, &st), 0);
	assert_true(st.st_size > 8000);
	snprintf(
		cmd, sizeof(cmd),
		"phone --headless --server 127.0.0.1:%u --transport tcp --user 100 --password Wd7-kQp2-xU9z --call *43 "
		"--tone 440 --expect-tone 880 --seconds 1",
		fix.port);
	EXPECT(cmd, CLI_FAILED, "880 Hz: not heard", NULL);
	snprintf(cmd, sizeof(cmd),
		 "phone --headless --server 127.0.0.1:%u --user 100 --password Wd7-kQp2-xU9z --call 999", fix.port);
	EXPECT(cmd, CLI_NOT_FOUND, "ended: 404", NULL);
	snprintf(cmd, sizeof(cmd),
		 "phone --headless --server 127.0.0.1:%u --user 100 --password wrong-wrong --call 101", fix.port);
	EXPECT(cmd, CLI_NO_SERVER, "registration failed: 401", NULL);
	EXPECT("cdr DATA", CLI_OK, "answered", NULL);
	EXPECT("cdr --number 999 --legs DATA", CLI_OK, "999", NULL);
	assert_int_equal(stop_server(SIGINT), 0);
}

/* Somebody has removed the socket under a running server. */
static void test_lost_socket(void **state)
{
	char path[128];

	(void)state;
	start_server("", "ready in");
	snprintf(path, sizeof(path), "%s/control.sock", fix.data);
	assert_int_equal(unlink(path), 0);
	EXPECT("status DATA", CLI_NO_SERVER, "", "does not answer on its control socket");
	EXPECT("extension list DATA", CLI_FAILED, "", "in use");
	assert_int_equal(stop_server(SIGINT), 0);
}

/* A port that is taken: a sentence, and the passwords are still shown when the start works. */
static void test_port_in_use(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(fix.port)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char cmd[128];

	(void)state;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	snprintf(cmd, sizeof(cmd),
		 "serve DATA --listen 127.0.0.1 --sip-port %u --http-port 0 --https-port 0 "
		 "--rtp-ports 21000-21098",
		 fix.port);
	EXPECT(cmd, CLI_FAILED, "", "is in use");
	close(fd);
	start_server("", "ready in");
	assert_non_null(strstr(fix.out, "Password"));
	assert_int_equal(stop_server(SIGINT), 0);
	EXPECT("serve DATA --listen 192.0.2.77", CLI_FAILED, "", "no address 192.0.2.77");
}

static void test_completion(void **state)
{
	char name[96];
	FILE *f;

	(void)state;
	EXPECT("completion bash", CLI_OK, "complete -F _offhook offhook", NULL);
	assert_non_null(strstr(fix.out, "'extension add') opts="));
	assert_null(strstr(fix.out, "bench-no-auth"));
	snprintf(name, sizeof(name), "%s/script", fix.dir);
	f = fopen(name, "w");
	assert_non_null(f);
	fprintf(f,
		"%s\nCOMP_WORDS=(offhook extension add --n) COMP_CWORD=3; _offhook; [ \"${COMPREPLY[*]}\" = --name ]\n",
		fix.out);
	fclose(f);
	char line[256];
	snprintf(line, sizeof(line), "bash -n %s && bash %s", name, name);
	assert_int_equal(system(line), 0);
	EXPECT("completion fish", CLI_USAGE, "", "fish");
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_words),       T(test_every_verb_has_help), T(test_nothing_there), T(test_newcomer),
		T(test_with_server), T(test_without_server),      T(test_export_import), T(test_phone),
		T(test_lost_socket), T(test_port_in_use),         T(test_completion),
	};

	unsetenv("OFFHOOK_DATA");
	setenv("NO_COLOR", "1", 1);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
