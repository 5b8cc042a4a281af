/* SPDX-License-Identifier: Apache-2.0 */
/* job_begin.c - what a job waits for before it runs: an environment that another makes, its turn.
 */
#include <string.h>

#include "clock.h"
#include "mcp/gate.h"
#include "mcp/job_inside.h"
#include "mcp/job_log.h"
#include "mcp/rpc.h"
#include "str.h"

#define PHASE_QUEUED "queued"
#define PHASE_MADE   "waiting for its environment, which another run makes"

int job_launch(struct job *job, struct error *err)
{
    const struct jobs_parts *parts = &job->jobs->parts;
    int r = claim_run(&job->claim, &job->launch, err);
    if (r < 0)
        return r;
    job_log_started(&job->record);
    traced_mark(&job->traced, "await its turn");
    r = run_submit(parts->base, gate_channel(parts->gate), &job->launch, fd_take(&job->input),
                   &job->sink, &job->run, err);
    traced_mark(&job->traced, "send");
    if (r < 0)
        claim_ran(&job->claim, 0);
    return r;
}

static void wait_because(struct job *job, const char *phase)
{
    job->waits_for = phase;
    if (!job->kept.begun)
        job_due(job, KEPT_QUEUED_MS);
}

static void wait_no_more(struct job *job)
{
    if (!job->waits_for)
        return;
    job->waits_for = NULL;
    if (!job->kept.begun)
        job_due(job, KEPT_AFTER_MS);
}

/* With its turn. */
static int job_begin(struct job *job, struct error *err)
{
    if (herd_wait(&job->jobs->herds, &job->member)) {
        turn_leave(job->jobs->parts.turns, &job->turn);
        wait_because(job, PHASE_MADE);
        return 0;
    }
    wait_no_more(job);
    return job_launch(job, err);
}

static void on_turn(struct turn *turn)
{
    struct job *job = (struct job *)((char *)turn - offsetof(struct job, turn));
    struct outcome outcome = { 0 };
    job->queued_ns = now_ns() - job->arrived_ns;
    if (job_begin(job, &outcome.error) == 0)
        return;
    outcome.end = blame_end(outcome.error.blame);
    job_end_early(job, &outcome);
}

static void on_made(struct herd_member *member)
{
    struct job *job = (struct job *)((char *)member - offsetof(struct job, member));
    wait_because(job, PHASE_QUEUED);
    if (turn_ask(job->jobs->parts.turns, &job->turn))
        on_turn(&job->turn);
}

static void on_not_made(struct herd_member *member, const struct outcome *outcome)
{
    struct job *job = (struct job *)((char *)member - offsetof(struct job, member));
    job->queued_ns = now_ns() - job->arrived_ns;
    job_end_early(job, &(const struct outcome){ .end = outcome->end, .error = outcome->error });
}

void job_queue(struct job *job, const struct job_order *order)
{
    job->turn.go = on_turn;
    job->turn.line = &order->owner->line;
    job->turn.rank = order->announced ? TURN_BACKGROUND : TURN_CALL;
    job->member.made = on_made;
    job->member.failed = on_not_made;
    herd_key(&job->member, order->launch);
}

int job_ask(struct job *job, struct error *err)
{
    struct jobs *jobs = job->jobs;
    if (herd_wait(&jobs->herds, &job->member))
        wait_because(job, PHASE_MADE);
    else if (turn_ask(jobs->parts.turns, &job->turn))
        return job_launch(job, err);
    else
        wait_because(job, PHASE_QUEUED);
    return 0;
}
