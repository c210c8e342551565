/*
 * sound.h - measurements of the sound rooms from inside: sub-commands of build/bench/sound.
 */
#ifndef BENCH_SOUND_H
#define BENCH_SOUND_H

int sound_mixer(int argc, char **argv);

#endif
