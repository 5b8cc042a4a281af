/* SPDX-License-Identifier: Apache-2.0 */
/* job_ask.c - what others ask of the jobs of this server, and want of them. */
#include <errno.h>
#include <string.h>

#include "mcp/job_inside.h"
#include "mcp/owed.h"

size_t jobs_count(const struct jobs *jobs)
{
    return jobs->count;
}

size_t jobs_running(const struct jobs *jobs)
{
    size_t running = 0;
    for (const struct job *job = jobs->first; job; job = job->next)
        running += job->record.status == JOB_RUNNING;
    return running;
}

static const struct record *if_owned(const struct record *record, const char *owner)
{
    return record && strcmp(record->owner, owner) == 0 ? record : NULL;
}

const struct record *jobs_owed(const struct jobs *jobs, const char *owner, const char *id)
{
    return if_owned(owed_find(jobs->owed, id), owner);
}

const struct record *jobs_live(const struct jobs *jobs, const char *owner, const char *id)
{
    const struct job *job = job_find(jobs, id);
    return job && job->kept.begun ? if_owned(&job->record, owner) : NULL;
}

/* A benchmark tells readings by itself, and between two of its runs there is none to ask. */
void jobs_look(const struct jobs *jobs, const char *id)
{
    const struct job *job = job_find(jobs, id);
    if (job && job->run && job->has_started && job->measuring.interval_ns == 0)
        run_look(job->run);
}

bool jobs_now(const struct jobs *jobs, const char *id, struct job_now *ret)
{
    const struct job *job = job_find(jobs, id);
    bool known = job && job->now.wall_ns > 0 && job->has_started;
    if (known)
        *ret = (struct job_now){ &job->now, &job->started.limits };
    return known;
}

unsigned jobs_position(const struct jobs *jobs, const char *id)
{
    const struct job *job = job_find(jobs, id);
    return job ? turn_position(jobs->parts.turns, &job->turn) : 0;
}

const char *jobs_waits_for(const struct jobs *jobs, const char *id)
{
    const struct job *job = job_find(jobs, id);
    return job ? job->waits_for : NULL;
}

int jobs_keep(struct jobs *jobs, const char *id, struct error *err)
{
    struct job *job = job_find(jobs, id);
    if (!job)
        return fail_caller(err, ENOENT, "no such job");
    return kept_begin(&job->kept, &job->record, job->output, err);
}

static void cancel(struct job *job, bool grace)
{
    if (job->run) {
        run_cancel(job->run, grace); /* its outcome ends the job */
        return;
    }
    job->over = true;
    herd_leave(&job->member);
    turn_leave(job->jobs->parts.turns, &job->turn);
    claim_leave(&job->claim);
    job_due(job, 0);
}

bool jobs_cancel(struct jobs *jobs, const char *id, bool grace)
{
    struct job *job = job_find(jobs, id);
    if (!job)
        return false;
    if (!jobs->stopping)
        job->cancelled = true;
    cancel(job, grace);
    return true;
}

void jobs_stopping(struct jobs *jobs, const char *reason)
{
    jobs->stopping = true;
    jobs->stopped_by = reason;
}

void jobs_cancel_all(struct jobs *jobs)
{
    for (struct job *job = jobs->first, *next; job; job = next) {
        next = job->next;
        cancel(job, false);
    }
}
