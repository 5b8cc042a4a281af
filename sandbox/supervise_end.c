/* SPDX-License-Identifier: Apache-2.0 */
/* supervise_end.c - what is said of a box that is empty. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "explain.h"
#include "room.h"
#include "supervise_inside.h"

struct usage_facts supervise_facts(struct state *state, const struct rusage *init)
{
    return (struct usage_facts){ .cgroup = state->run->cgroup,
                                 .sampler = &state->sampler,
                                 .reading = &state->last,
                                 .running = &state->running,
                                 .ended = state->ended ? &state->report : NULL,
                                 .counter = state->run->box->counter,
                                 .counted_before = state->counted_before,
                                 .init = init };
}

static void fill_usage(struct state *state, const struct rusage *init, struct usage *ret)
{
    const struct report *report = &state->report;
    const struct usage_facts facts = supervise_facts(state, init);
    usage_end(&facts, ret);
    /* Sources round differently; what a limit has seen was used. */
    uint64_t told = ret->cpu_user_ns + ret->cpu_system_ns;
    if (told < state->spent.ns)
        ret->cpu_user_ns += state->spent.ns - told;
    if (state->ended || state->parting)
        ret->wall_ns = report->ended_ns - report->started_ns;
    else /* init had no time left to say it */
        ret->wall_ns = now_ns() - state->started_ns;
    if (ret->pids_peak < state->sampler.processes_peak)
        ret->pids_peak = state->sampler.processes_peak;
    if (ret->pids_peak == 0)
        ret->pids_peak = 1; /* it ended before the first sample */
}

static void fault(const struct state *state, struct outcome *ret)
{
    const struct report *report = &state->report;
    ret->end = END_FAULT;
    if (strcmp(report->step, "execve") == 0 &&
        (report->code == ENOENT || report->code == ENOTDIR || report->code == EACCES)) {
        /* What a shell says, and its numbers. */
        ret->code = report->code == EACCES ? 126 : 127;
        (void)fail_caller(&ret->error, report->code, "%s: %s", report->what,
                          report->code == EACCES ? "cannot be executed in the box"
                                                 : "no such command in the box");
        return;
    }
    (void)explain_step(report, &ret->error);
}

static void ended_by_itself(const struct state *state, uint64_t oom_kills, struct outcome *ret)
{
    int status = state->report.status;
    uint64_t cpu_ns = ret->usage.cpu_user_ns + ret->usage.cpu_system_ns;
    if (oom_kills > 0) {
        ret->end = END_MEMORY; /* whichever of its processes the kernel took */
    } else if (WIFEXITED(status)) {
        ret->end = END_EXITED;
        ret->code = WEXITSTATUS(status);
    } else if (WTERMSIG(status) == SIGXCPU && cpu_ns >= after(0, state->run->limits->cpu_ms)) {
        ret->end = END_CPU; /* the resource limit of one process was nearer than our sample */
    } else {
        ret->end = END_SIGNALLED;
        ret->code = WTERMSIG(status);
    }
}

/* Whose end we were late to hear of was not ended by the clock. */
static bool ended_in_time(const struct state *state)
{
    return state->cause == END_WALL && (state->ended || state->parting) &&
           state->report.ended_ns < after(state->report.started_ns, state->run->limits->wall_ms);
}

void supervise_judge(struct state *state, struct outcome *ret)
{
    struct rusage init;
    if (!state->lingers)
        box_reap(state->run->box, &init);
    *ret = (struct outcome){ .end = END_FAULT };
    cgroup_read(state->run->cgroup, &state->last);
    const struct cgroup_reading *reading = &state->last;
    if (state->started)
        fill_usage(state, state->lingers ? NULL : &init, &ret->usage);
    if (state->run->measure && state->ended)
        measure_faults(state->run->measure, state->report.before_faults, state->report.faults);
    if (state->cause != END_COUNT && !ended_in_time(state))
        ret->end = state->cause;
    else if (state->faulted)
        fault(state, ret);
    else if (state->ended || state->parting)
        ended_by_itself(state, reading->oom_kills, ret);
    else if (reading->oom_kills > 0)
        ret->end = END_MEMORY;
    else
        (void)fail_host_as(&ret->error, EIO, "the box: pid 1 died");
}

void supervise_reached(const struct state *state, struct outcome *ret)
{
    if (state->last.pids_refused > 0 || state->sampler.pids_full ||
        state->report.left_behind >= state->run->limits->pids)
        ret->reached |= REACHED_PIDS;
    ret->reached |= state->scratch_full | room_reached(state->sampler.scratch, REACHED_SCRATCH);
    bool script_went_on = (state->ended || state->parting) && WIFEXITED(state->report.status);
    explain_limit(state->run->limits,
                  state->sampler.child_killed || (state->last.oom_kills > 0 && script_went_on),
                  ret);
}
