/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_place.h - where on this host the groups of boxes can be made.
 *
 * Found once per process and inherited by supervisors: cgroups(7) version 2 for
 * killing and CPU time, with memory and processes where those controllers can
 * be had; version 1 for what version 2 does not give.
 */
#pragma once

#include <stdbool.h>

/* Of the name of every group that cordon makes inside a place. */
#define CGROUP_PREFIX "cordon-"

enum cgroup_v1 { V1_MEMORY, V1_PIDS, V1_CPUACCT, V1_COUNT };

/* Directories in which we may make groups; -1 where there is none. */
struct cgroup_places {
    int v2;
    int v1[V1_COUNT];
};

/* `given` is a directory delegated to us (CORDON_CGROUP), or NULL. Where a group of
 * ours holds nobody but cordon itself, cordon moves into a leaf of it, because a group
 * with processes cannot hand its controllers on; ..._done() moves it back. A given one
 * that cannot be used is logged and left alone. */
void cgroup_places_find(bool root, const char *given, struct cgroup_places *ret);
void cgroup_places_done(struct cgroup_places *places);

/* The hierarchy's controller: "memory", "pids", "cpuacct". */
const char *cgroup_v1_name(enum cgroup_v1 hierarchy);

/* Writes a word into a file of a group; false with errno. */
bool cgroup_put(int dir, const char *file, const char *text);

/* Reads a whole small file; false with errno. */
bool cgroup_get(int dir, const char *file, char *out, unsigned room);
