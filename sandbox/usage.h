/* SPDX-License-Identifier: Apache-2.0 */
/* usage.h - what the processes of a box use right now, read from /proc (proc(5)). */
#pragma once

#include <stdint.h>
#include <sys/types.h>

struct tree_sample {
    uint64_t cpu_ns;       /* of the living and of those they have waited for */
    uint64_t memory_bytes; /* private memory of all, and the largest shared part: a lower bound */
    uint64_t processes;    /* without pid 1 */
};

/* Walks the children of a box's pid 1. A process that ends meanwhile is left out. */
void tree_read(pid_t init, struct tree_sample *ret);
