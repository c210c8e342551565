/*
 * trace.c - the number that stands for a name in what is captured.
 */
#include "base/hash.h"
#include "base/trace.h"

uint32_t trace_mark(struct slice name)
{
	uint32_t h = hash_bytes(slice_first(name, TRACE_NAME_MAX));

	return h ? h : 1;
}
