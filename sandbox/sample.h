/* SPDX-License-Identifier: Apache-2.0 */
/* sample.h - what of a box has to be looked at: memory, processes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <cordon/limits.h>
#include <cordon/outcome.h>

#include "cgroup.h"
#include "peak.h"
#include "seen.h"

#define SAMPLE_SPARSE_NS (50 * NS_PER_MS) /* a cgroup holds most limits */
#define SAMPLE_DENSE_NS  (5 * NS_PER_MS)  /* the samples are the limit */

/* As long as nobody of a box has run nothing of it has changed: a thousand boxes that sleep must
 * not keep a host busy. */
#define SAMPLE_STILL_NS (100 * NS_PER_MS)

/* It is looked at again all the same, should the count have stopped: sooner where only that holds
 * its memory. */
#define SAMPLE_STILL_MOST_NS  (2000 * NS_PER_MS)
#define SAMPLE_STILL_DENSE_NS (500 * NS_PER_MS)

struct sampler {
    const struct cgroup *cgroup;
    const struct limits *limits;
    pid_t init;
    const char *scratch_inside;         /* or NULL */
    int scratch;                        /* that directory, as soon as it could be opened, or -1 */
    int upper;                          /* of an overlay workspace's layer, borrowed, or -1 */
    int counter;                        /* of the box's CPU time (counters.h), borrowed, or -1 */
    uint64_t counted_ns, counted_at;    /* the box's CPU time, and when it was read */
    uint64_t looked_ns, looked_counted; /* when all was, and what it was then */
    uint64_t host_shared;               /* bytes of shared memory when the box began */
    struct seen *seen;
    struct peak peak;    /* of the group's memory */
    uint64_t next_exact; /* before it memory is not looked at page by page for a peak alone */
    uint64_t memory_peak, cpu_ns, processes_peak;
    bool pids_full;
    unsigned looks_since_kill; /* by the kernel, of one process for the memory of all; up to 2 */
    bool child_killed;         /* and it was not the script, which lived on */
};

/* Before the box runs: `given` has cgroup, limits, init, scratch_inside, upper and counter,
 * which are borrowed. sampler_end() closes what was opened. */
void sampler_begin(struct sampler *sampler, const struct sampler *given);
void sampler_end(struct sampler *sampler);

/* What the host holds from now on may be the box's, and not what it came to hold before. */
void sampler_rebase(struct sampler *sampler);

/* Has anybody of the box run since this was asked with the same `counted`? Where nobody counts
 * that, yes. */
bool sampler_ran(struct sampler *sampler, uint64_t now, uint64_t *counted);

/* The limit that is reached, or END_COUNT; *next becomes the time to look again. */
enum end sampler_look(struct sampler *sampler, uint64_t now, uint64_t *next);

/* Looking costs time of the supervisor's own, which no limit of the box counts: how long it
 * rests after what it began at `begun` by sample_clock(). */
uint64_t sample_clock(void);
uint64_t sample_rest_ns(uint64_t begun);
