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
    struct standing *standing; /* its interpreter is to wait at this; or NULL */
    bool ahead;                /* a box for any command: which one, an order says */
    char **preload;            /* for one that waits: modules to load ahead, NULL-ended, or NULL */
    bool planned, grouped;
    struct box box; /* empty or dead, until its owner has been told; or none */
    struct measure measure;
    struct changes changes;
    struct started started;
    struct audit_entry audited;
    uint64_t arrived_ns, prepared_ns, waited_ns; /* for a slot, until it was prepared */
};

/* For a supervisor that does this launch and no other: a command line's run goes on when the server
 * ends that took it, and who waits for the end of that server's log waits for nothing of it. */
void job_release_log(const struct sandbox *sandbox, const struct launch *launch);

/* Where it may go: the hosts of its policy and, for an operator, of the order. */
int job_find_hosts(struct job *job, struct error *err) must_check;

/* Its command, variables and what it sees. Needs what was prepared. */
int job_decide(struct job *job, struct error *err) must_check;

/* Where modules of its own lie, with a colon between them; the caller's. */
char *job_own_directories(const struct job *job);

/* Tells it where to say how far it is; needs the plan. */
void job_say_progress_file(struct job *job);

/* Everything that is decided of its box. Needs an identity and what was decided. */
int job_make_plan(struct job *job, struct error *err) must_check;

/* --- the straight line, in its pieces -- */

/* Of a launch without a pipe for notes nobody hears anything. */
int job_begin(struct job *job, const struct sandbox *sandbox, struct launch *launch,
              struct error *err) must_check;
/* Admitted, prepared, decided. `ordered`: it is about to run, which the audit log has to know. */
int job_get_ready(struct job *job, bool ordered, struct error *err) must_check;
/* An identity, a plan, groups. */
int job_take_place(struct job *job, struct error *err) must_check;
void job_leave_place(struct job *job);
/* What its owner hears of all that; `start`: the layer of that name. */
int job_describe(struct job *job, const char *start, struct error *err) must_check;
void job_tell_started(void *context);
/* A supervision of the job's box, and what it has to know of the job. */
void job_supervision(struct job *job, struct box *box, struct supervision *ret);
void job_move_in(struct job *job, struct workspace_watch *workspace, struct supervision *run);
/* After supervise(): what only it knows. */
void job_supervised(const struct job *job, const struct supervision *run, struct outcome *outcome);
/* Ours of the payload's ends: while we hold them their readers see no end. */
void job_let_go(struct launch *launch);
/* From a job that is ready to its outcome, in a fresh box; `why` it is in none that waited. */
int job_spawn(struct job *job, const char *why, struct outcome *outcome,
              struct error *err) must_check;
/* Tells everybody, then lets go what the box was made of. `err`: it did not come to an outcome; or
 * NULL. Ends with job_done(). */
void job_end(struct job *job, const struct error *err, struct outcome *outcome);
void job_done(struct job *job);

/* Does it say how far it is? Only where it has scratch space to say it in. */
bool job_tells_progress(const struct job *job);
