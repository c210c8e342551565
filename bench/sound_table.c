/*
 * sound_table.c - the measurements of build/bench/sound. To add one: write it in a file sound_NAME.c, declare it in
 * sound.h, add its line here.
 */
#include "sound.h"

const struct sound_cmd sound_table[] = {
	{"codec", "[SECONDS]", "CPU of each codec for a second of sound; Opus beside its bare library", sound_codec},
	{"mixer", "[SECONDS [TALKERS [LISTENERS]]]", "conferences: a party that talks, a thousand that listen",
	 sound_mixer},
};
const size_t sound_table_n = sizeof(sound_table) / sizeof(sound_table[0]);
