/* SPDX-License-Identifier: Apache-2.0 */
/* measure.h - what a measured run tells beside its outcome. Plain data, safe to copy. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <cordon/outcome.h>

/* Of a reading, more processes than this are counted and not listed. */
#define SAMPLE_PROCESSES_MAX 16

/* One process of several. */
struct sample_process {
    uint32_t pid;  /* as the box numbers it */
    char name[16]; /* its own choice (prctl(2), PR_SET_NAME): any bytes, NUL-ended */
    uint64_t cpu_ns;
    uint64_t memory_bytes; /* its anonymous and shared memory; several may share some */
};

struct sample {
    struct usage usage; /* so far; its memory_peak and pids_peak are what is there now */
    uint32_t each_count;
    struct sample_process each[SAMPLE_PROCESSES_MAX];
};

/* Of the whole tree: what the processor counts in user mode (perf_event_open(2)), and then the
 * kernel, which counts anyway: another counter of it would slow the script down. */
enum counter {
    COUNTER_INSTRUCTIONS,
    COUNTER_CYCLES,
    COUNTER_BRANCH_MISSES,
    COUNTER_CACHE_MISSES,
    COUNTER_PROCESSOR,                       /* so many are its */
    COUNTER_PAGE_FAULTS = COUNTER_PROCESSOR, /* of all that was waited for */
    COUNTER_COUNT,
};

const char *counter_name(enum counter counter); /* "instructions", "branch_misses", ... */

struct measured {
    uint64_t interval_ns;     /* between two readings, as it was in the end */
    uint64_t sampling_cpu_ns; /* what the readings cost, outside the box */
    uint32_t counted;         /* a bit per counter that is there */
    uint64_t counters[COUNTER_COUNT];
    char missing[160]; /* why others are not; "" where all are */
};
