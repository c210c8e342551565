/*
 * clock.h - the system's clocks and dates. State machines do not call these:
 * they ask their loop (loop_now_ms), whose clock may be virtual.
 *
 * Thread: any.
 */
#ifndef OFFHOOK_BASE_CLOCK_H
#define OFFHOOK_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/** Monotonic microseconds. */
uint64_t clock_mono_us(void);
/** Wall clock, ms since 1970-01-01 UTC. */
int64_t clock_wall_ms(void);
/** "2026-01-31T12:00:00.123Z"; `dst` of 32 bytes; returns dst. */
char *clock_iso(int64_t wall_ms, char *dst);
/** Local time "2026-01-31 12:00:00"; `dst` of 32 bytes; returns dst. */
char *clock_local(int64_t wall_ms, char *dst);

#endif
