/* SPDX-License-Identifier: Apache-2.0 */
/* job_inside.h - the inside of the table of jobs, for its own files alone. */
#pragma once

#include <cordon/runner.h>

#include "mcp/herd.h"
#include "mcp/job.h"
#include "mcp/kept.h"
#include "mcp/measuring.h"
#include "mcp/owner.h"
#include "mcp/tracer.h"
#include "mcp/turns.h"
#include "run/capture.h"

struct owed;
struct run;

struct job {
    struct run_sink sink; /* first: the runner knows a job by it */
    struct jobs *jobs;
    struct job *next, **link;
    struct job_watch *watches;
    struct record record;
    struct kept kept;
    struct event *due; /* there is something to write down, or it ends unstarted */
    uint64_t arrived_ns;
    uint64_t queued_ns;    /* how long it waited for its turn */
    struct launch launch;  /* until it runs */
    int input;             /* until it runs, or -1 */
    struct claim claim;    /* of its owner's quotas */
    const char *waits_for; /* before it runs; NULL: for nothing */
    struct turn turn;
    struct herd_member member;
    struct run *run; /* NULL before and after */
    bool use_uv, cancelled;
    bool over;      /* ended before it began: watchers are about to hear of it */
    bool has_phase; /* its progress is a phase of ours, and no word of the script's */
    struct started started;
    bool has_started;
    struct usage now; /* of the last reading, where there are any */
    struct changes changes;
    struct measuring measuring;
    struct traced traced;
    struct capture output[2];
};

struct jobs {
    struct jobs_parts parts;
    struct job *first; /* newest first */
    size_t count;
    struct owed *owed;
    struct herds herds;
    bool stopping;
    const char *stopped_by; /* why; NULL: the server is ended */
};

struct job *job_find(const struct jobs *jobs, const char *id);

/* There is something to write down, or it ends unstarted. */
void job_due(struct job *job, unsigned ms);

/* Whose it is, what it needs and for whom it is: before it asks for its turn. */
void job_queue(struct job *job, const struct job_order *order);

/* Runs, or says what it waits for; then its turn comes from the loop. */
int job_ask(struct job *job, struct error *err) must_check;

int job_launch(struct job *job, struct error *err) must_check;

/* Before anything of it ran. The job is gone then. */
void job_end_early(struct job *job, const struct outcome *outcome);
