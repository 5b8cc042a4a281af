/* SPDX-License-Identifier: Apache-2.0 */
/* spent.h - the CPU time of a box against its limit.
 *
 * Looked at the oftener the nearer the limit is: never later than all processors together
 * could use up what is left. Never too soon either: what decides has been used.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroup.h"
#include "confine.h"
#include "seen.h"

struct spent {
    const struct cgroup *cgroup;
    const struct report *running; /* RUNNING: what is not the script's */
    int counter;                  /* of the whole tree's time (counters.h), or -1 */
    struct seen *seen;            /* where neither counts: who was seen; borrowed */
    pid_t init;
    uint64_t limit_ns;
    uint64_t counted_before; /* by the counter, before it was the script's */
    uint64_t ns;             /* at the last look */
    uint64_t missed_ns;      /* by the counter */
};

/* When the first look at a script is due that began then: before, all processors together could
 * not have used up what it may. */
uint64_t spent_first(const struct spent *spent, uint64_t began_ns);

/* What the script has used up to now. */
uint64_t spent_now(struct spent *spent);

/* True once the limit is reached; *next is brought forward to when to look again. */
bool spent_look(struct spent *spent, uint64_t now, uint64_t *next);
