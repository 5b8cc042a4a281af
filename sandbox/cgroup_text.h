/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_text.h - what the kernel writes about groups, read without touching the host.
 *
 * Shapes: cgroups(7) for /proc/self/cgroup, proc(5) for /proc/self/mountinfo. A
 * `controller` is "memory", "pids", "cpuacct" for the version 1 hierarchy that has it, ""
 * for version 2. What is returned is the caller's; NULL where the text does not hold it.
 */
#pragma once

#include <stdbool.h>

/* A list such as cgroup.controllers has exactly this word. */
bool cgroup_has_word(const char *words, const char *word);

/* Our own group's path in the hierarchy, "/" for its root; NULL also for a group that lies
 * outside our cgroup namespace. */
char *cgroup_own_path(const char *groups, const char *controller);

/* Where the hierarchy is mounted; NULL where only a part of it is. */
char *cgroup_mount_point(const char *mounts, const char *controller);
