/* SPDX-License-Identifier: Apache-2.0 */
#include "usage_now.h"

#include "usage.h"

void usage_now(pid_t init, const struct cgroup *cgroup, struct usage *ret)
{
    struct cgroup_reading group;
    struct tree_sample tree;
    cgroup_read(cgroup, &group);
    tree_read(init, UINT64_MAX, group.has_memory ? UINT64_MAX : 0, NULL, &tree);
    *ret = (struct usage){
        .cpu_user_ns = group.has_cpu ? group.cpu_user_ns : tree.cpu_ns,
        .cpu_system_ns = group.has_cpu ? group.cpu_system_ns : 0,
        .memory_peak_bytes = group.has_memory ? group.memory_now : tree.least_bytes,
        .pids_peak = tree.processes,
        .source = group.has_cpu && group.has_memory ? USAGE_CGROUP
                  : group.has_cpu                   ? USAGE_MIXED
                                                    : USAGE_SAMPLED,
    };
}
