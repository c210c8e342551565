/*
 * sounds_speak.c - speech by a program of its own (flite): started by the reader thread, ended when it takes too long,
 * its output bounded.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/log.h"
#include "call/sounds_priv.h"

enum {
	SPEAK_MS = 10000,
	STEP_MS = 5,
	OUTPUT_MAX = 8 << 20, /* bytes: four minutes of 16 kHz */
	FD_MAX = 4096
};

/* In the child: only what may be called after fork() in a program with threads. */
static void child(const char *program, const char *text, const char *path)
{
	struct rlimit size = {OUTPUT_MAX, OUTPUT_MAX}, cpu = {SPEAK_MS / 1000, SPEAK_MS / 1000};
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	(void)setrlimit(RLIMIT_FSIZE, &size);
	(void)setrlimit(RLIMIT_CPU, &cpu);
	if (null >= 0) {
		(void)dup2(null, 0);
		(void)dup2(null, 1);
		(void)dup2(null, 2);
	}
	for (int fd = 3; fd < FD_MAX; fd++)
		(void)close(fd);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execlp(program, program, "-voice", "slt", "-t", text, "-o", path, (char *)NULL);
	_exit(127);
}

/* True: it ended well, in time. */
static bool await(pid_t pid)
{
	const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
	int st = 0;

	for (int ms = 0; ms < SPEAK_MS; ms += STEP_MS) {
		pid_t r = waitpid(pid, &st, WNOHANG);

		if (r == pid)
			return WIFEXITED(st) && !WEXITSTATUS(st);
		if (r < 0 && errno != EINTR)
			return false;
		(void)nanosleep(&step, NULL);
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &st, 0);
	log_warn("call", "speech took longer than %d s and was given up", SPEAK_MS / 1000);
	return false;
}

int sound_speak(struct sound **sp, const char *program, const char *text)
{
	const char *dir = getenv("TMPDIR");
	char path[512];
	pid_t pid;
	int fd, err;

	snprintf(path, sizeof(path), "%s/offhook-speech-XXXXXX", dir && *dir ? dir : "/tmp");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return errno;
	(void)close(fd);
	pid = fork();
	if (!pid)
		child(program, text, path);
	if (pid < 0)
		err = errno;
	else
		err = await(pid) ? sound_read_at(sp, path, SOUNDS_RATE) : ENOENT;
	(void)unlink(path);
	return err;
}
