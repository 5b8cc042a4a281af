/* SPDX-License-Identifier: Apache-2.0 */
/* counters.h - what the processor counts of a box (perf_event_open(2)): user mode only, of
 * every process it ever has, from the first execve(2) on. The descriptors stay with the
 * supervisor; the box learns nothing and can ask for nothing.
 */
#pragma once

#include <sys/types.h>

#include <cordon/measure.h>

struct counters {
    int fds[COUNTER_PROCESSOR]; /* -1: not there */
    char missing[sizeof(((struct measured *)0)->missing)];
};

/* Of all whom this process starts from now on, once they execute; it must not execute anything
 * itself. What cannot be counted is left out and said in `missing`. */
void counters_open(struct counters *counters);

/* What they have come to; the box may be gone. */
void counters_read(const struct counters *counters, struct measured *ret);
void counters_close(struct counters *counters);

/* The same for CPU time alone, kernel mode included, however they end and whoever waits for them;
 * with a `pid` above 0 of all whom that process starts, which must be dumpable still.
 * The descriptor is the caller's; -1 where there is none. */
int counter_of_time(pid_t pid);
uint64_t counter_time_ns(int counter); /* 0 without one */
