/*
 * sound.c - measures sound from inside: links the rooms, unlike load. One
 * sub-command for each subject.
 */
#include <stdio.h>
#include <string.h>
#include "sound.h"

static const struct {
	const char *name, *what;
	int (*fn)(int argc, char **argv);
} cmds[] = {
	{"mixer", "conferences: a party that talks, a thousand that listen", sound_mixer},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++)
		if (argc > 1 && !strcmp(argv[1], cmds[i].name))
			return cmds[i].fn(argc - 1, argv + 1);
	fprintf(stderr, "usage: sound COMMAND\n");
	for (size_t i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++)
		fprintf(stderr, "  %-10s %s\n", cmds[i].name, cmds[i].what);
	return 2;
}
