/* SPDX-License-Identifier: Apache-2.0 */
/* job_inside.h - what the files of a job share: its state, and what stands before its box does.
 *
 * For job*.c alone.
 */
#pragma once

#include "audit.h"
#include "command.h"
#include "job.h"
#include "layers.h"
#include "policy.h"
#include "prepare.h"
#include "slots.h"
#include "supervise.h"
#include "tell.h"
#include "workspace.h"

#define BINDS_MAX 80

struct job {
    const struct sandbox *sandbox;
    const struct notify_ear *ear;
    struct launch *launch;
    struct policy *policy;
    struct limits limits;
    struct identity identity;
    char *workspace;
    int workspace_fd;
    char *chart; /* the program of a LAUNCH_CHART, or NULL */
    struct preparation ready;
    struct command command;
    char **env;
    struct egress_order egress;
    struct plan_bind binds[BINDS_MAX];
    size_t bind_count;
    struct verdict verdict;
    struct plan plan;
    struct cgroup cgroup;
    bool planned, grouped;
    struct measure measure;
    struct changes changes;
    struct started started;
    struct audit_entry audited;
    uint64_t arrived_ns, prepared_ns, waited_ns; /* for a slot, until it was prepared */
};

/* Where it may go: the hosts of its policy and, for an operator, of the order. */
int job_find_hosts(struct job *job, struct error *err) must_check;

/* Everything that is decided of its box. Needs an identity and what was prepared. */
int job_make_plan(struct job *job, struct error *err) must_check;

/* Does it say how far it is? Only where it has scratch space to say it in. */
bool job_tells_progress(const struct job *job);
