/* SPDX-License-Identifier: Apache-2.0 */
/* measure.h - readings of what a box uses, for somebody who wants to see them; limits have
 * readings of their own (sample.h).
 */
#pragma once

#include <sys/types.h>

#include <cordon/measure.h>

#include "cgroup.h"
#include "counters.h"

struct report;

struct measure {
    uint64_t asked_ns; /* between two readings */
    void (*told)(void *context, const struct sample *sample);
    void *context;
    struct counters counters;
    /* The rest is its own, zero at the beginning. */
    int cpu_file, memory_file, kills_file; /* of the group, open from the first reading on; or -1 */
    uint64_t kills, killed_until_ns;
    uint64_t cost_ns, readings, last_at_ns;
    uint64_t next_whole_ns;
    struct usage whole; /* the last whole reading */
    bool several;       /* there was more than one process: from then on each is told */
    int64_t aside;      /* what it does not count of the memory that the group's file tells */
    uint64_t payload_before_ns, before_ns; /* CPU time when the payload began: its own, the box's */
    uint64_t cpu_ns;                       /* the most that was told since then */
    bool has_faults;
    uint64_t faults; /* page faults of the payload */
};

/* The payload runs: what was used before is not its. */
void measure_running(struct measure *measure, const struct report *report,
                     const struct cgroup *cgroup);

/* Tells one reading, `at_ns` after the payload's start; returns how long to wait for the next:
 * as long as was asked, or longer, where that would cost more than a hundredth of the time. A
 * whole one walks the processes; where they are wanted faster than that may be done, those in
 * between look at the group alone. Of a box without a group `seen_ns` is the CPU time that
 * somebody saw, and `counted_ns` the kernel's count of the payload's, or 0. */
uint64_t measure_look(struct measure *measure, pid_t init, const struct cgroup *cgroup,
                      uint64_t at_ns, uint64_t seen_ns, uint64_t counted_ns);

/* What pid 1 knows in the end; may be left out. */
void measure_faults(struct measure *measure, uint64_t before, uint64_t all);

/* What it came to. The box is gone. */
void measure_end(struct measure *measure, struct measured *ret);
