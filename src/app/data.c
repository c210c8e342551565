/*
 * data.c - where the data directory lies when nobody says.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "app/cli.h"

static const char system_dir[] = "/var/lib/offhook";

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

void data_dir(char *dst, size_t size, const char *given)
{
	const char *env = getenv("OFFHOOK_DATA");

	if (!given && env && *env)
		given = env;
	if (!given)
		given = is_dir("data") ? "./data" : system_dir;
	(void)slice_copy(dst, size, slice_str(given));
}

const char *cli_data_hint(const struct cli *c)
{
	static char hint[1100];
	char found[1024];
	struct stat a, b;

	data_dir(found, sizeof(found), NULL);
	if (strcmp(found, c->data) == 0)
		return "";
	if (stat(found, &a) == 0 && stat(c->data, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return "";
	snprintf(hint, sizeof(hint), strpbrk(c->data, " \t'\"$") ? " --data '%s'" : " --data %s", c->data);
	return hint;
}
