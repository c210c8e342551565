/*
 * replay.c - main for a fuzz target without libFuzzer: feeds every file of the directories given, each in a process of
 * its own so that a crash is one failure, and ends with "N passed, N failed".
 */
#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fuzz.h"

enum { FILE_MAX = 1 << 20, SECONDS_MAX = 20 };

static void feed(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *all = malloc(FILE_MAX);
	uint8_t *p;
	size_t n;

	if (!f || !all) {
		perror(path);
		_exit(2);
	}
	n = fread(all, 1, FILE_MAX, f);
	fclose(f);
	/* the exact size, so that a byte too many is seen */
	p = malloc(n ? n : 1);
	if (!p)
		_exit(2);
	memcpy(p, all, n);
	free(all);
	LLVMFuzzerTestOneInput(p, n);
	free(p);
}

static bool passes(const char *path)
{
	int status = 0;
	pid_t pid = fork();

	if (pid < 0) {
		perror("fork");
		return false;
	}
	if (!pid) {
		alarm(SECONDS_MAX);
		feed(path);
		exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status) {
		fprintf(stderr, "FAILED %s (status %#x)\n", path, (unsigned)status);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	unsigned pass = 0, fail = 0;

	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		struct dirent *d;

		if (!dir) {
			perror(argv[i]);
			fail++;
			continue;
		}
		while ((d = readdir(dir))) {
			char path[1024];
			struct stat st;

			snprintf(path, sizeof(path), "%s/%s", argv[i], d->d_name);
			if (stat(path, &st) || !S_ISREG(st.st_mode))
				continue;
			if (passes(path))
				pass++;
			else
				fail++;
		}
		closedir(dir);
	}
	printf("%u passed, %u failed\n", pass, fail);
	return fail || !pass;
}
