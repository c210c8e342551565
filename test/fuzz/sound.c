/*
 * sound.c - sound files: the first byte says what the file is called, the rest is the file.
 */
#include "fuzz.h"
#include "base/mem.h"
#include "media/sound.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t l)
{
	static const char *const names[] = {"x.wav", "x.opus", "x.gsm", "x.g722", "x.ulaw", "x.sln16", "x"};
	static const uint32_t rates[] = {0, 8000, 16000, 48000};
	struct sound *s;

	if (l < 2)
		return 0;
	if (!sound_decode(&s, names[p[0] % ARRAY_LEN(names)], p + 1, l - 1, rates[p[0] / 16 % ARRAY_LEN(rates)]))
		mem_deref(s);
	return 0;
}
