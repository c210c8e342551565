/*
 * sound.h - what the measurements of sound share: the table of them, the clock, a voice.
 *
 * build/bench/sound is linked with our own rooms and measures them from inside, without network; bench/load knows
 * nothing of them.
 */
#ifndef OFFHOOK_BENCH_SOUND_H
#define OFFHOOK_BENCH_SOUND_H

#include <stddef.h>
#include <stdint.h>

/** One measurement. */
struct sound_cmd {
	const char *name;
	const char *args; /**< for the help */
	const char *what;
	/** argv[0] is its own name. Prints lines of "name=value" pairs; 0 if all went well. */
	int (*run)(int argc, char **argv);
};

/** sound_table.c */
extern const struct sound_cmd sound_table[];
extern const size_t sound_table_n;

/* sound.c */
/** CPU time of this thread, ns. */
uint64_t sound_cpu_ns(void);
/** `seconds` of a voice that never rests, at `rate` samples a second; free() it. Exits when memory is out. */
int16_t *sound_voice(uint32_t rate, unsigned seconds, uint32_t seed);
/** Middle one of `n` values, which it sorts. */
double sound_median(double *v, size_t n);
/** A number of the command line between `min` and `max`, or `dflt` when there is none; exits when it is none. */
unsigned sound_arg(int argc, char **argv, int i, unsigned dflt, unsigned min, unsigned max);

/* The measurements. */
int sound_codec(int argc, char **argv);
int sound_mixer(int argc, char **argv);

#endif
