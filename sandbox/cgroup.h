/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.h - one group per box, in whatever hierarchies this host lets us use.
 *
 * v2 gives killing and CPU without any controller; memory and processes come from
 * its controllers where they are delegated, else from v1, else from nowhere: then
 * the supervisor samples. Which it is, is said per limit (cgroup_verdict()).
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include <cordon/error.h>
#include <cordon/limits.h>

#include "cgroup_place.h"
#include "sandbox.h"

struct cgroup {
    const struct cgroup_places *places; /* the sandbox's */
    char name[64];
    int v2;                  /* directory of our v2 group, or -1 */
    int v1[V1_COUNT];        /* the same per v1 hierarchy */
    bool memory_v2, pids_v2; /* the v2 group has the controller */
    uint64_t sockets_bytes;  /* the bound of network sockets, apart from other memory; or 0 */
    const struct cgroup_base *base; /* readings tell what has come since; NULL: since the start */
};

struct cgroup_reading {
    bool has_cpu, has_memory;
    uint64_t cpu_user_ns, cpu_system_ns;
    uint64_t memory_now, memory_peak; /* bytes, page cache included; a peak of 0 is not known */
    uint64_t sockets_now;             /* what lies in network sockets, where that is apart */
    uint64_t pids_peak;               /* 0: not known */
    uint64_t oom_kills, pids_refused;
};

/* What a group held before the run that it is read for: one whose interpreter forks. */
struct cgroup_base {
    struct cgroup_reading reading;
    uint64_t page_cache;
    int peak; /* version 2: where the peak is read that was begun anew; 0: nowhere */
};

/* From here on readings tell of what comes now. `base` is the caller's, and is to live as long;
 * zeroed before its first use. */
void cgroup_begin(struct cgroup *cgroup, struct cgroup_base *base);

/* For what shares the group for good: the limits hold beyond what is used now, and beyond that
 * number of processes. */
int cgroup_widen(const struct cgroup *cgroup, const struct limits *limits, uint64_t processes,
                 struct error *err) must_check;

/* Makes the groups and sets the limits. A hierarchy that cannot be used is left out
 * (-1); only a limit that was set up and then refused is an error. */
int cgroup_make(const struct sandbox *sandbox, const struct limits *limits, struct cgroup *ret,
                struct error *err) must_check;

/* The caller, of one thread, joins the groups of version 1; that of version 2 it was cloned into.
 * NULL, or errno and the name of the hierarchy. In `tasks` and as 0 it moves nobody who could
 * fork or end meanwhile, and the kernel (5.5) takes no lock of all processes for it: with
 * cgroup.procs the same takes some 10 ms after an idle moment. */
const char *cgroup_join(const struct cgroup *cgroup) must_check;
void cgroup_read(const struct cgroup *cgroup, struct cgroup_reading *ret);

/* Page cache: of memory_now, what only files on a device need. */
uint64_t cgroup_page_cache(const struct cgroup *cgroup);

/* Only its CPU time, which is asked for often. */
void cgroup_read_cpu(const struct cgroup *cgroup, struct cgroup_reading *ret);

void cgroup_kill(const struct cgroup *cgroup); /* v2 only; nothing elsewhere */
void cgroup_remove(struct cgroup *cgroup);

/* Removes the groups of supervisors that were killed, as soon as their boxes are empty. */
void cgroup_sweep(const struct cgroup_places *places);

static inline bool cgroup_has_memory(const struct cgroup *cgroup)
{
    return cgroup->memory_v2 || cgroup->v1[V1_MEMORY] >= 0;
}

static inline bool cgroup_has_pids(const struct cgroup *cgroup)
{
    return cgroup->pids_v2 || cgroup->v1[V1_PIDS] >= 0;
}

static inline bool cgroup_has_cpu(const struct cgroup *cgroup)
{
    return cgroup->v2 >= 0 || cgroup->v1[V1_CPUACCT] >= 0;
}
