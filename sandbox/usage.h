/* SPDX-License-Identifier: Apache-2.0 */
/* usage.h - what the processes of a box use right now, read from /proc (proc(5)). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "seen.h"

struct tree_sample {
    uint64_t cpu_ns;       /* of the living and of those they have waited for, or of those seen */
    uint64_t memory_bytes; /* nearly, unless memory_exact */
    bool memory_exact;     /* what several share is counted once */
    uint64_t least_bytes;  /* never more than they have: what a peak is told from */
    uint64_t shmem_bytes;  /* of it, mapped shared memory and files of a tmpfs; as exact */
    uint64_t processes;    /* without pid 1 */
    pid_t one;             /* a thread of any of those that still runs, or 0 */
    uint64_t tasks;        /* with every thread, pid 1's too: what RLIMIT_NPROC counts */
};

/* Walks the children of a box's pid 1. A process that ends meanwhile is left out. Memory is
 * looked at exactly, page by page, only where it could be more than `worth_bytes`, or that of
 * several, which may share some, more than `several_bytes`. `seen` is
 * what was seen of the box so far, or NULL: of two figures that are both no more than the
 * truth, the larger one is told. */
void tree_read(pid_t init, uint64_t worth_bytes, uint64_t several_bytes, struct seen *seen,
               struct tree_sample *ret);

/* Its CPU time alone. */
uint64_t tree_cpu_ns(pid_t init, struct seen *seen);

/* Pid 1 and all below it, at least one; theirs until the next call. */
size_t tree_pids(pid_t init, const pid_t **pids);

/* A thread that shows the memory of this process (its first one may have ended), or 0. */
pid_t tree_shown_by(pid_t pid);

/* Has it memory, and nobody has sent it a SIGKILL? On a busy host one who was killed keeps its
 * memory until it gets a processor to die on. */
bool tree_lives(pid_t pid);
