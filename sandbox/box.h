/* SPDX-License-Identifier: Apache-2.0 */
/* box.h - from a plan to a running pid 1. */
#pragma once

#include <sys/resource.h>

#include "cgroup.h"
#include "confine.h"
#include "egress.h"

struct box {
    pid_t pid;   /* of pid 1, seen from here */
    int pidfd;   /* readable when pid 1 has ended */
    int control; /* commands, write end */
    struct egress egress;
    int report;        /* struct report, read end */
    int counter;       /* of CPU time, where no group counts it and the kernel allows one, or -1 */
    struct stem *stem; /* whose child pid 1 is, where it was forked (branching.h); NULL: ours */
};

/* Clones pid 1, writes its maps, puts it into the cgroup and lets it go on. What
 * fails inside from then on comes back as REPORT_FAULT. */
int box_start(const struct plan *plan, const struct cgroup *cgroup, struct box *ret,
              struct error *err) must_check;

/* Asks pid 1 to kill everything and report. */
void box_kill(const struct box *box);

/* Lets pid 1 go, which has reported that the box is empty. */
void box_dismiss(struct box *box);

/* SIGKILL to pid 1, and with it to all: the reaped tree's figures are lost. */
void box_destroy(const struct box *box);

void box_signal(const struct box *box, int number);

/* None: to be ended like any. */
struct box box_none(void);

/* Reads its reports until this one has come, and throws away what came with the others. A fault
 * is an error. */
int box_hear(const struct box *box, enum report_kind wanted, struct error *err) must_check;

/* Waits for pid 1, which has ended or is about to: what it and all it waited for have used. */
void box_reap(struct box *box, struct rusage *ret);

/* Waits for pid 1 (killed by now, or about to end) and closes what is open. */
void box_done(struct box *box);
