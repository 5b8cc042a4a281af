/* SPDX-License-Identifier: Apache-2.0 */
/* usage_end.h - what a run has used, once its box is empty. */
#pragma once

#include <sys/resource.h>

#include <cordon/outcome.h>

#include "cgroup.h"
#include "confine.h"
#include "sample.h"

struct usage_facts {
    const struct cgroup *cgroup;          /* still there */
    const struct cgroup_reading *reading; /* of it, once the box was empty */
    struct sampler *sampler;
    const struct report *running; /* RUNNING, or zeros */
    const struct report *ended;   /* ENDED; NULL: pid 1 had no time left to say it */
    int counter;                  /* CPU time of all (counters.h), or -1 */
    uint64_t counted_before;      /* by it, before it was the script's */
    const struct rusage
        *init; /* of pid 1 and of those it waited for (wait4(2)); NULL: it is there */
};

/* Of a box whose payload has waited: what it has used so far is not the script's. */
void usage_begin(const struct usage_facts *facts, struct report *running);

/* A supervisor that has run one goes on with another: its own time begins anew. */
void usage_again(void);

/* Everything but the wall clock and the peak of processes. */
void usage_end(const struct usage_facts *facts, struct usage *ret);
