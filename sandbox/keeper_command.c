/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_command.c - a keeper whose box stands up to the last steps, and runs any command.
 *
 * Nobody's code runs in it before its order comes: its only process is pid 1, which is ours, so
 * that there is nothing to look at meanwhile.
 */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>

#include <cordon/log.h>

#include "command_order.h"
#include "keeper_inside.h"
#include "marks.h"

static int stand_up(struct keeper *keeper, struct error *err)
{
    struct job *stand = &keeper->stand;
    stand->ahead = true;
    keeper_look_at_files(keeper);
    int r = job_take_place(stand, err);
    if (r == 0)
        r = box_start(&stand->plan, &stand->cgroup, &keeper->box, err);
    if (r == 0)
        r = box_hear(&keeper->box, REPORT_STANDING, err);
    return r;
}

/* From here on it is the order's: what has begun is not tried again. */
static void begin(void *context)
{
    struct keeper *keeper =
        (struct keeper *)(void *)((char *)context - offsetof(struct keeper, job));
    keeper->waiting.taken = true;
    job_tell_started(&keeper->job);
    job_let_go(&keeper->launch);
}

static int send_order(struct keeper *keeper, struct error *err)
{
    struct job *job = &keeper->job;
    const struct launch *launch = job->launch;
    const int stdio[] = { launch->fds[FD_STDIN], launch->fds[FD_STDOUT], launch->fds[FD_STDERR] };
    plan_words(&job->plan, job->command.argv, job->env);
    memcpy(job->plan.stdio, stdio, sizeof(stdio));
    return command_order_send(keeper->box.report, &job->plan, err);
}

static void run(struct keeper *keeper, struct outcome *outcome)
{
    struct error err = { 0 };
    keeper->run.started = begin;
    if (send_order(keeper, &err) < 0) {
        log_event(LOG_WARN, "order-not-sent", KV("reason", err.text));
        return; /* nothing has run: it gets a fresh box */
    }
    mark("hand over");
    supervise(&keeper->run, outcome);
    job_supervised(&keeper->job, &keeper->run, outcome);
}

int keeper_command(struct keeper *keeper, struct outcome *outcome, struct error *err)
{
    int r = stand_up(keeper, err);
    if (r == 0) {
        job_supervision(&keeper->stand, &keeper->box, &keeper->run);
        keeper->run.limits = &keeper->limits;
        keeper_say_ready(keeper);
        if (!keeper_await(keeper, -1))
            r = fail_host_as(err, ECANCELED, "it has ended, or its slot is wanted");
    }
    if (r == 0 && keeper_take_order(keeper) == ORDERED_RUN)
        run(keeper, outcome);
    return r;
}
