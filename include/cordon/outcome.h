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
    END_REFUSED, /* the policy, or a client's mistake; nothing ran */
    END_FAULT,   /* the box could not be built or run, or the operator's mistake */
    END_COUNT,
};

/* What a failure is called before anything ran, by whose move it is, here and nowhere else. Only
 * a policy refuses the operator at the command line: whatever else is wrong with what he typed
 * is wrong use, 125 like what this host cannot do (contract, section 1). A client is refused its
 * own mistakes too. */
enum end end_of_failure(enum blame blame, bool operator);

/* "exited", "signalled", ... as in a result's `end`. */
const char *end_name(enum end end);

enum usage_source {
    USAGE_CGROUP,  /* CPU and memory from cgroup files */
    USAGE_MIXED,   /* CPU from a cgroup, memory sampled */
    USAGE_SAMPLED, /* CPU from rusage of the reaped tree, memory from samples of /proc */
};

const char *usage_source_name(enum usage_source source); /* "cgroup" "mixed" "sampled" */

/* What not every host, nor every end, can tell: bits of usage.known. A member whose bit is not
 * set means nothing, and a result leaves it out. */
enum usage_known {
    USAGE_CACHE_PEAK = 1,
    USAGE_READ = 2,
    USAGE_WRITTEN = 4,
    USAGE_SWITCHES = 8,
    USAGE_INTERPRETER = 16,
    USAGE_OWN_CPU = 32,
    USAGE_KNOWN_ALL = 63,
};

struct usage {
    uint64_t wall_ns; /* from the payload's start to its end, CLOCK_MONOTONIC */
    uint64_t cpu_user_ns;
    uint64_t cpu_system_ns;
    uint64_t memory_peak_bytes; /* without page cache; nearly, see memory_at_least */
    uint64_t pids_peak;
    uint64_t memory_cache_peak_bytes;   /* with page cache: the control group's own figure */
    uint64_t read_bytes, written_bytes; /* from and to storage, whoever of the box it was */
    uint64_t context_switches;          /* wanted and not */
    uint64_t interpreter_ns;            /* of wall_ns: until the interpreter read the script */
    uint64_t own_cpu_ns;  /* cordon's for this run, supervisor and pid 1: in no other figure */
    unsigned known;       /* bits of enum usage_known */
    bool cpu_at_least;    /* somebody was not waited for, and no group counted: some is missing */
    bool memory_at_least; /* memory_peak_bytes was sampled: it may have been more in between */
    enum usage_source source;
};

/* Limits that were reached and only made calls fail: bits of outcome.reached. Several limits are
 * "disk" to a result; which of them it was, a bit beside REACHED_DISK says. */
enum reached {
    REACHED_PIDS = 1,
    REACHED_DISK = 2,
    REACHED_FILES = 4,
    REACHED_SCRATCH = 8, /* limits.scratch */
    REACHED_INODES = 16, /* limits.inodes */
    REACHED_GROWTH = 32, /* limits.workspace_growth, of an overlay */
};

/* What the box was refused while it ran. Told for the reader's sake: a run that
 * is denied something goes on, and its own error says the same to the script. */
enum denied_what {
    DENIED_SYSCALL, /* name: of the system call */
    DENIED_HOST,    /* name: as the box asked for it, "name" or "name:port" */
    DENIED_FILE,    /* name: its path inside */
    DENIED_KINDS,
};

#define DENIED_MAX      64  /* different ones in one outcome; a stranger chooses the names */
#define DENIED_NAME_MAX 264 /* a host name of 253 bytes with its port */

struct denied {
    enum denied_what what;
    char name[DENIED_NAME_MAX]; /* UTF-8, printable; a longer one is cut with "..." */
    uint64_t count;
};

/* "syscall" "host" "file" */
const char *denied_name(enum denied_what what);

struct outcome {
    enum end end;
    int code; /* exit status or signal: meaning by `end` */
    unsigned reached;
    struct usage usage;
    uint64_t box_ns; /* from all being prepared to the payload's start, no waiting for a slot in it;
                      * 0: it never started */
    struct error error; /* for END_REFUSED and END_FAULT; text may be set for limits too */
    struct denied denied[DENIED_MAX];
    unsigned denied_count;
    uint64_t denied_unlisted; /* refusals of further names, which had no room */
};

/* Adds `count` refusals of one name, to those it has already if it has any. */
void outcome_deny(struct outcome *outcome, enum denied_what what, const char *name, uint64_t count);

/* The exit status of `cordon run` and a result's exit_code (contract, section 1). */
int outcome_exit_code(const struct outcome *outcome);

/* "SIGKILL" for 9; NULL for a number without a name. */
const char *signal_name(int number);
