/* SPDX-License-Identifier: Apache-2.0 */
/* confine.h - what happens inside: the straight line to execve, and pid 1. */
#pragma once

#include "cgroup.h"
#include "plan.h"

/* More than there are, of pid 1 and of the payload together. */
#define REPORT_STEPS_MAX 32

struct report_step {
    char name[20];
    bool inside;      /* of the payload */
    uint64_t done_ns; /* CLOCK_MONOTONIC of the host */
};

/* What the inside says over the report socket; each is one datagram. */
enum report_kind {
    REPORT_TERMINAL, /* carries the leader of the terminal that the payload gets */
    REPORT_SCRIPT,   /* carries the empty file that becomes the script, for writing */
    REPORT_STARTED,  /* the payload is about to be executed */
    REPORT_RUNNING,  /* it has been; carries what denied system calls ask through, or nothing */
    REPORT_PARTING,  /* the payload is reaped; what it leaves behind gets a moment */
    REPORT_FAULT,    /* a step failed; nothing (more) runs */
    REPORT_STANDING, /* of one made ahead: it waits for its order (branching.h, command_order.h) */
    REPORT_ENDED, /* the payload is reaped and the box is empty; pid 1 stays until the pipe ends */
    REPORT_KINDS,
};

struct report {
    enum report_kind kind;
    int code;                /* FAULT: errno */
    char step[24];           /* FAULT */
    char what[104];          /* FAULT: the object, if there is one */
    int status;              /* PARTING, ENDED: raw wait status of the payload */
    uint64_t left_behind;    /* both: it and the processes that were there then */
    uint64_t started_ns;     /* RUNNING on: of its execve; CLOCK_MONOTONIC of the host */
    uint64_t ended_ns;       /* PARTING, ENDED: of the payload */
    uint64_t script_read_ns; /* ENDED: by the interpreter; 0: not known */
    uint64_t empty_ns;       /* ENDED: when nobody was left */
    /* RUNNING: when pid 1 began, when the payload did, and when each step was done, in their order;
     * 0: not known */
    uint64_t init_ns, forked_ns;
    uint32_t step_count;
    struct report_step steps[REPORT_STEPS_MAX];
    /* RUNNING on: until its execve */
    uint64_t before_user_ns, before_system_ns, before_switches, before_faults;
    uint64_t own_user_ns, own_system_ns;     /* RUNNING, ENDED: pid 1 itself so far */
    uint64_t apart_user_ns, apart_system_ns; /* of it, before it joined the groups of version 1 */
    /* ENDED: the whole reaped tree */
    uint64_t user_ns, system_ns, maxrss, switches, faults, read_bytes, written_bytes;
};

/* Commands to pid 1, one byte each; the pipe's end means the same as KILL. */
enum confine_command {
    COMMAND_GO = 'g',     /* maps written; where there is a proxy, again: it is there */
    COMMAND_KILL = 'K',   /* kill everything, reap, report */
    COMMAND_SIGNAL = 's', /* then one byte: send it to the payload's group */
};

/* What connects a supervisor and its pid 1: a pipe down, a seqpacket socket up. */
struct confine_pipes {
    int control[2]; /* commands: we read */
    int report[2];  /* reports: we write */
};

/* The steps of pid 1, then those of the payload, in their order; NULL-ended. */
const char *const *confine_steps(void);

/* Does pid 1 write its own maps, without being told to? Whoever maps its own id alone needs nobody
 * for it (user_namespaces(7)); a standing one waits all the same, to be looked into. */
static inline bool confine_maps_itself(const struct plan *plan)
{
    return !plan->identity.root && !plan->standing;
}

/* The child of clone3. */
_Noreturn void confine(const struct plan *plan, const struct cgroup *cgroup,
                       const struct confine_pipes *pipes);
