/* SPDX-License-Identifier: Apache-2.0 */
/* outcome.h - how a run ended and what it cost. Plain data, safe to copy. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <cordon/error.h>

enum end {
    END_EXITED,    /* code = exit status */
    END_SIGNALLED, /* code = signal number */
    END_WALL,
    END_CPU,
    END_MEMORY,
    END_OUTPUT,
    END_DISK,
    END_CANCELLED,
    END_REFUSED, /* policy or caller's mistake; nothing ran */
    END_FAULT,   /* the box could not be built or run */
    END_COUNT,
};

/* "exited", "signalled", ... as in a result's `end`. */
const char *end_name(enum end end);

enum usage_source {
    USAGE_CGROUP,  /* CPU and memory from cgroup files */
    USAGE_MIXED,   /* CPU from a cgroup, memory sampled */
    USAGE_SAMPLED, /* CPU from rusage of the reaped tree, memory from samples of /proc */
};

const char *usage_source_name(enum usage_source source); /* "cgroup" "mixed" "sampled" */

struct usage {
    uint64_t wall_ns; /* from the payload's start to its end, CLOCK_MONOTONIC */
    uint64_t cpu_user_ns;
    uint64_t cpu_system_ns;
    uint64_t memory_peak_bytes; /* without page cache where the source can tell */
    uint64_t pids_peak;
    enum usage_source source;
};

/* Limits that were reached and only made calls fail: bits of outcome.reached. */
enum reached { REACHED_PIDS = 1, REACHED_DISK = 2, REACHED_FILES = 4 };

struct outcome {
    enum end end;
    int code; /* exit status or signal: meaning by `end` */
    unsigned reached;
    struct usage usage;
    struct error error; /* for END_REFUSED and END_FAULT; text may be set for limits too */
};

/* The exit status of `cordon run` and a result's exit_code (contract, section 1). */
int outcome_exit_code(const struct outcome *outcome);

/* "SIGKILL" for 9; NULL for a number without a name. */
const char *signal_name(int number);
