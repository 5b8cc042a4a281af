/* SPDX-License-Identifier: Apache-2.0 */
/* job.c - the runs of this server.
 *
 *     order -> (its turn) -> run -> notes and output -> outcome -> result
 */
#include "mcp/job.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>

#include <cordon/runner.h>

#include "clock.h"
#include "mcp/gate.h"
#include "mcp/job_inside.h"
#include "mcp/job_log.h"
#include "mcp/kept.h"
#include "mcp/measuring.h"
#include "mcp/metrics.h"
#include "mcp/owed.h"
#include "mcp/owner.h"
#include "mcp/rpc.h"
#include "mcp/turns.h"
#include "run/result.h"
#include "str.h"

/* --- the table --------------------------------------------------------------------- */

struct job *job_find(const struct jobs *jobs, const char *id)
{
    for (struct job *job = jobs->first; job; job = job->next)
        if (strcmp(job->record.id, id) == 0)
            return job;
    return NULL;
}

static void job_link(struct jobs *jobs, struct job *job)
{
    job->next = jobs->first;
    job->link = &jobs->first;
    if (job->next)
        job->next->link = &job->next;
    jobs->first = job;
    jobs->count++;
}

static void job_free(struct job *job)
{
    struct jobs *jobs = job->jobs;
    *job->link = job->next;
    if (job->next)
        job->next->link = job->link;
    jobs->count--;
    herd_leave(&job->member);
    claim_leave(&job->claim);
    turn_leave(jobs->parts.turns, &job->turn);
    while (job->watches)
        job_unwatch(job->watches);
    event_free(job->due);
    traced_end(&job->traced, job->record.label ? job->record.label : job->record.tool);
    kept_done(&job->kept);
    launch_done(&job->launch);
    own_close(&job->input);
    record_done(&job->record);
    started_done(&job->started);
    changes_done(&job->changes);
    measuring_done(&job->measuring);
    capture_done(&job->output[0]);
    capture_done(&job->output[1]);
    free(job);
    if (jobs->count == 0)
        jobs->parts.idle(jobs->parts.context);
}

/* --- watchers ------------------------------------------------------------------------ */

static void watch_link(struct job *job, struct job_watch *watch)
{
    memcpy(watch->id, job->record.id, sizeof(watch->id));
    watch->next = job->watches;
    watch->link = &job->watches;
    if (watch->next)
        watch->next->link = &watch->next;
    job->watches = watch;
}

void job_unwatch(struct job_watch *watch)
{
    if (!watch->link)
        return;
    *watch->link = watch->next;
    if (watch->next)
        watch->next->link = watch->link;
    watch->next = NULL;
    watch->link = NULL;
}

bool jobs_watch(struct jobs *jobs, const char *id, struct job_watch *watch)
{
    struct job *job = job_find(jobs, id);
    if (job)
        watch_link(job, watch);
    return job;
}

void job_due(struct job *job, unsigned ms)
{
    const struct timeval wait = { .tv_usec = (suseconds_t)ms * 1000 };
    if (evtimer_add(job->due, &wait) < 0)
        abort(); /* out of memory */
}

static void tell_progress(struct job *job)
{
    if (kept_progress(&job->kept, &job->record) && !evtimer_pending(job->due, NULL))
        job_due(job, KEPT_PROGRESS_MS);
    for (struct job_watch *watch = job->watches, *next; watch; watch = next) {
        next = watch->next;
        if (watch->progress)
            watch->progress(watch, &job->record.progress);
    }
}

/* --- the end --------------------------------------------------------------------------- */

static void count_end(const struct job *job, const struct outcome *outcome,
                      const uint64_t dropped[2])
{
    const struct metrics_run run = {
        .tool = job->record.tool,
        .policy = job->record.policy,
        .outcome = outcome,
        .started = job->has_started ? &job->started : NULL,
        .queue_ns = job->has_started ? job->started.queue_ns : job->queued_ns,
        .bytes = { job->output[0].bytes, job->output[1].bytes },
        .dropped = { dropped[0], dropped[1] },
    };
    metrics_run(job->jobs->parts.metrics, &run);
}

/* Cancelled though nobody asked: this server ends, or the gate died and what was left
 * of the run was ended for that. */
static struct outcome true_outcome(const struct job *job, const struct outcome *outcome)
{
    struct outcome ret = *outcome;
    if (outcome->end == END_CANCELLED && !job->cancelled) {
        const struct jobs *jobs = job->jobs;
        const char *lost = jobs->stopped_by ? jobs->stopped_by : job_lost(job->record.status);
        ret.end = END_FAULT;
        (void)fail_host_as(&ret.error, EPIPE, "%s", jobs->stopping ? lost : "the gate died");
    }
    return ret;
}

static struct json_object *job_result(const struct job *job, const struct outcome *outcome,
                                      const uint64_t dropped[2])
{
    autofree char *rest = xasprintf("job-stream://%s", job->record.id);
    struct benchmark_last last;
    struct result_input input = {
        .job = job->record.id,
        .started = job->has_started ? &job->started : NULL,
        .outcome = outcome,
        .output = { &job->output[0], &job->output[1] },
        .dropped = { dropped[0], dropped[1] },
        .changes = &job->changes,
        .changes_room = REPLY_CHANGES_ROOM,
        .elapsed_ns = now_ns() - job->arrived_ns,
        .policy = job->record.policy,
        .use_uv = job->use_uv,
        .asker = ASKER_CLIENT,
        .rest = kept_whole(&job->kept) ? rest : NULL,
    };
    measuring_result(&job->measuring, outcome, &last, &input);
    return result_build(&input);
}

/* What the record says for good. */
static void record_end(struct job *job, const struct outcome *outcome, struct json_object *result)
{
    struct record *record = &job->record;
    size_t len;
    const char *text = result_text(result, &len);
    record->status = (enum job_status)job_status_find(result_status(outcome));
    record->completed_ms = now_epoch_ms();
    record->error =
        result_error(outcome, job->has_started ? &job->started.limits : NULL, ASKER_CLIENT);
    record->result = xstrndup(text, len);
    if (job->has_phase) { /* ours, and it is over; the script's own last word stays */
        free(TAKE(&record->progress.message));
        job->kept.behind = true;
    }
    for (int i = 0; i < 2; i++)
        record->bytes[i] = job->output[i].bytes;
    kept_end(&job->kept, record, job->output);
}

static void job_end(struct job *job, const struct outcome *reported, const uint64_t dropped[2])
{
    const struct outcome outcome = true_outcome(job, reported);
    job_log_ended(&job->record, &outcome);
    count_end(job, &outcome, dropped);
    if (job->kept.behind || job->output[0].bytes + job->output[1].bytes > KEPT_SHOWN_BYTES)
        kept_try(&job->kept, &job->record, job->output);
    struct json_object *result = job_result(job, &outcome, dropped);
    traced_mark(&job->traced, "result");
    /* Before anybody can ask for it; of one that nobody knows the caller hears first. */
    bool known = job->kept.begun;
    if (known) {
        record_end(job, &outcome, result);
        traced_mark(&job->traced, "record");
    }
    bool fault = outcome.end == END_REFUSED || outcome.end == END_FAULT;
    while (job->watches) {
        struct job_watch *watch = job->watches;
        job_unwatch(watch);
        watch->ended(watch, result, fault);
    }
    traced_mark(&job->traced, "reply");
    if (!known) {
        record_end(job, &outcome, result);
        traced_mark(&job->traced, "record");
    }
    json_object_put(result);
    job_free(job);
}

void job_end_early(struct job *job, const struct outcome *outcome)
{
    job_end(job, outcome, (const uint64_t[2]){ 0, 0 });
}

/* --- while it runs ------------------------------------------------------------------------ */

static void take_phase(struct job *job, const char *phase)
{
    free(job->record.progress.message);
    job->record.progress.message = xstrdup(phase);
    job->has_phase = true;
    tell_progress(job);
}

static void take_started(struct job *job, struct started *started)
{
    if (job->has_started)
        return;
    job->started = *started;
    job->started.queue_ns += job->queued_ns;
    job->has_started = true;
    *started = (struct started){ 0 };
    if (job->has_phase)
        take_phase(job, "running");
}

static void take_progress(struct job *job, const struct progress_note *note)
{
    struct progress *progress = &job->record.progress;
    free(progress->message);
    progress->current = note->current;
    progress->total = note->total;
    progress->message = note->message[0] ? xstrdup(note->message) : NULL;
    job->has_phase = false;
    tell_progress(job);
}

/* Until then it is pending, also where the whole host has no place for it. */
static void take_beginning(struct job *job)
{
    if (job->record.status != JOB_PENDING)
        return;
    job->record.status = JOB_RUNNING;
    job->record.started_ms = now_epoch_ms();
    kept_started(&job->kept, &job->record);
}

/* Whichever it is, the run now waits for others: for a slot, or for uv. */
static void take_phase_note(struct job *job, const char *phase)
{
    if (strcmp(phase, PHASE_WAITING) != 0) {
        take_beginning(job);
        herd_make(&job->jobs->herds, &job->member);
    }
    turn_begun(job->jobs->parts.turns, &job->turn);
    take_phase(job, phase);
}

static void on_note(struct run_sink *sink, struct note *note)
{
    struct job *job = (struct job *)sink;
    switch (note->kind) {
    case NOTE_PHASE:
        take_phase_note(job, note->phase);
        break;
    case NOTE_STARTED:
        take_beginning(job);
        herd_end(&job->member, NULL);
        take_started(job, &note->started);
        break;
    case NOTE_PROGRESS:
        take_progress(job, &note->progress);
        break;
    case NOTE_CHANGES:
        changes_join(&job->changes, &note->changes);
        break;
    case NOTE_SAMPLE:
        job->now = note->sample.usage;
        if (job->measuring.interval_ns > 0)
            samples_take(&job->measuring.samples, &note->sample);
        break;
    case NOTE_MEASURED:
        job->measuring.measured = note->measured;
        break;
    case NOTE_SPANS:
        traced_take(&job->traced, &note->spans);
        break;
    case NOTE_OUTCOME:
        break;
    }
}

static void on_output(struct run_sink *sink, int stream, const void *bytes, size_t len)
{
    struct job *job = (struct job *)sink;
    struct capture *capture = &job->output[stream - 1];
    if (!measuring_first(&job->measuring))
        return; /* the same once more */
    /* What is kept later begins with what the capture's head holds. */
    if (capture->bytes + len > CAPTURE_END_BYTES)
        kept_try(&job->kept, &job->record, job->output);
    kept_output(&job->kept, &job->record, stream, bytes, len);
    capture_add(capture, bytes, len);
}

/* --- one run after the other --------------------------------------------------------------- */

static void tell_runs(struct job *job)
{
    const struct progress_note note = { job->measuring.begun, measuring_total(&job->measuring),
                                        "runs of a benchmark" };
    take_progress(job, &note);
}

/* Of a benchmark one run follows the other, and the job ends with the last. */
static void on_ended(struct run_sink *sink, const struct outcome *outcome,
                     const uint64_t dropped[2])
{
    struct job *job = (struct job *)sink;
    struct outcome last = *outcome;
    job->run = NULL;
    traced_mark(&job->traced, "await the end");
    bool failed = outcome->end == END_FAULT || outcome->end == END_REFUSED;
    herd_end(&job->member, failed && !job->cancelled && !job->jobs->stopping ? outcome : NULL);
    claim_ran(&job->claim, outcome->usage.cpu_user_ns + outcome->usage.cpu_system_ns);
    while (measuring_next(&job->measuring, job->record.id, &last, dropped, &job->launch,
                          &job->input)) {
        if (job_launch(job, &last.error) == 0) {
            tell_runs(job);
            return;
        }
        last.end = blame_end(last.error.blame);
    }
    if (job->measuring.begun > 1 && last.end == END_EXITED && last.code == 0)
        tell_runs(job);
    job_end(job, &last, job->measuring.dropped);
}

/* --- the beginning ------------------------------------------------------------------------- */

static void keep(struct job *job)
{
    kept_try(&job->kept, &job->record, job->output);
    if (job->kept.behind)
        (void)kept_progress(&job->kept, &job->record);
}

static void on_due(evutil_socket_t fd, short what, void *context)
{
    struct job *job = context;
    (void)fd;
    (void)what;
    if (job->over)
        job_end_early(job, &(const struct outcome){ .end = END_CANCELLED });
    else
        keep(job);
}

/* Takes the claim and the order. */
static struct job *job_new(struct jobs *jobs, const struct claim *claim, struct job_order *order)
{
    struct job *job = xcalloc(1, sizeof(*job));
    job->sink = (struct run_sink){ on_note, on_output, on_ended };
    job->jobs = jobs;
    job->claim = *claim;
    job_queue(job, order);
    job->arrived_ns = order->arrived_ns;
    job->use_uv = order->launch->use_uv;
    struct record *record = &job->record;
    memcpy(record->id, order->launch->job, sizeof(record->id));
    memcpy(record->owner, order->launch->owner, sizeof(record->owner));
    memcpy(record->policy, order->launch->policy, sizeof(record->policy));
    record->tool = xstrdup(order->tool);
    record->label = order->label ? xstrdup(order->label) : NULL;
    record->created_ms = now_epoch_ms();
    job->launch = *order->launch;
    (void)snprintf(job->launch.tool, sizeof(job->launch.tool), "%s", order->tool);
    if (order->trace)
        memcpy(record->traceparent, order->trace, sizeof(record->traceparent));
    memcpy(job->launch.trace, record->traceparent, sizeof(job->launch.trace));
    launch_init(order->launch);
    traced_begin(&job->traced, jobs->parts.tracer, &job->launch, order->arrived_ns);
    job->input = fd_take(&order->input);
    job->due = evtimer_new(jobs->parts.base, on_due, job);
    if (!job->due)
        abort(); /* out of memory */
    job->kept.store = jobs->parts.store;
    job->kept.owed = jobs->owed;
    job->kept.outputs = jobs->parts.outputs;
    job_link(jobs, job);
    return job;
}

static int check_room(const struct jobs *jobs, const struct job_order *order, struct error *err)
{
    if (!order->owner)
        return fail_host_as(err, EINVAL, "an order without an owner");
    if (jobs->stopping)
        return fail_host_as(err, ESHUTDOWN, "%s",
                            jobs->stopped_by ? jobs->stopped_by : "the server stops");
    size_t most = jobs->parts.most, of_one = most - most / 4;
    if (jobs->count >= most)
        return fail_policy(err, EBUSY, "too many jobs at once; at most %zu run or wait", most);
    if (order->owner->jobs >= of_one)
        return fail_policy(err, EBUSY, "too many jobs of %s at once; at most %zu run or wait",
                           order->owner->name, of_one);
    return 0;
}

/* It could not be started, and nobody knows its id: whoever asked hears of the failure. */
static void job_drop(struct job *job, const struct error *err)
{
    job->record.status = JOB_FAILED;
    job->record.completed_ms = now_epoch_ms();
    job->record.error = xstrdup(err->text);
    if (job->kept.begun)
        kept_end(&job->kept, &job->record, job->output);
    job_free(job);
}

int jobs_start(struct jobs *jobs, struct job_order *order, struct job_watch *watch,
               struct error *err)
{
    struct measuring measuring = { 0 };
    struct claim claim = { 0 };
    int r = check_room(jobs, order, err);
    if (r == 0)
        r = claim_take(&claim, order->owner, measuring_times(order), order->launch, err);
    if (r == 0)
        r = measuring_begin(&measuring, order, err);
    if (r < 0) {
        claim_leave(&claim);
        launch_done(order->launch);
        own_close(&order->input);
        return r;
    }
    struct job *job = job_new(jobs, &claim, order);
    job->measuring = measuring;
    if (order->announced)
        r = kept_begin(&job->kept, &job->record, job->output, err);
    else
        job_due(job, KEPT_AFTER_MS);
    if (r == 0)
        r = job_ask(job, err);
    if (r < 0)
        job_drop(job, err);
    else
        watch_link(job, watch);
    return r;
}

/* --- life ------------------------------------------------------------------------------------- */

struct jobs *jobs_new(const struct jobs_parts *parts)
{
    struct jobs *jobs = xcalloc(1, sizeof(*jobs));
    jobs->parts = *parts;
    if (jobs->parts.most == 0)
        jobs->parts.most = JOBS_MAX;
    jobs->owed = owed_new(parts->base, parts->store);
    return jobs;
}

void jobs_free(struct jobs *jobs)
{
    if (!jobs)
        return;
    owed_free(jobs->owed);
    free(jobs);
}
