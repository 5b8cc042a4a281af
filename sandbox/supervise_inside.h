/* SPDX-License-Identifier: Apache-2.0 */
/* supervise_inside.h - what the files of a supervision share: its state.
 *
 * For supervise*.c alone.
 */
#pragma once

#include "clock.h"
#include "life.h"
#include "notify.h"
#include "progress.h"
#include "sample.h"
#include "spent.h"
#include "supervise.h"
#include "usage_end.h"

#define NEVER UINT64_MAX

struct state {
    struct supervision *run;
    enum life life;
    enum end cause; /* END_COUNT until something stopped it */
    bool started, parting, ended, faulted, gone;
    bool lingers;          /* pid 1 stays in its empty box until that is done with */
    struct report report;  /* the last of ENDED or FAULT */
    struct report running; /* RUNNING, or zeros */
    uint64_t started_ns;
    uint64_t wall_deadline, grace_deadline, kill_deadline, next_sample, next_cpu, next_disk,
        next_progress, next_telling, build_deadline;
    uint64_t next_glance;                    /* not before */
    uint64_t disk_counted, progress_counted; /* sampler_ran() */
    struct progress_watch progress;
    struct sampler sampler;
    struct spent spent;
    unsigned scratch_full; /* bits of enum reached */
    size_t fed;
    int listener; /* denied system calls ask here, or -1 */
    struct notify_counts denied;
    bool waiting; /* for its order */
    uint64_t ordered_ns;
    uint64_t counted_before;
    struct cgroup_reading last; /* of its groups, once it was empty */
};

/* NEVER where the sum is beyond all time. */
static inline uint64_t after(uint64_t now, uint64_t ms)
{
    uint64_t ns;
    return __builtin_mul_overflow(ms, NS_PER_MS, &ns) || __builtin_add_overflow(now, ns, &ns)
               ? NEVER
               : ns;
}

/* What a reading of its usage needs to know; `init`: of pid 1 and all it waited for, or NULL while
 * it lives. */
struct usage_facts supervise_facts(struct state *state, const struct rusage *init);

/* One reading of what the script uses, for an owner that asks now and then. */
void supervise_glance(struct state *state, uint64_t now);

/* Once the box is empty: how it ended and what it used ... */
void supervise_judge(struct state *state, struct outcome *ret);
/* ... and which limits only made calls fail, or are to be explained. */
void supervise_reached(const struct state *state, struct outcome *ret);
