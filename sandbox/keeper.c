/* SPDX-License-Identifier: Apache-2.0 */
/* keeper.c - one box that waits for its order. */
#include "keeper.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cordon/log.h>

#include "clock.h"
#include "fd.h"
#include "frame.h"
#include "gate_take.h"
#include "keeper_inside.h"
#include "kernel.h"
#include "marks.h"
#include "usage.h"

/* How often one that has nothing to do looks whether its slot is wanted. */
#define LOOK_MS 1000

/* --- words ---------------------------------------------------------------------------- */

void keeper_say(const struct keeper *keeper, enum keeper_word word, const void *bytes, size_t len)
{
    autostr struct str text = { 0 };
    struct error err = { 0 };
    frame_put_u8(&text, (uint8_t)word);
    str_add(&text, bytes, len);
    if (text.len > KEEPER_WORD_MAX ||
        socket_send(keeper->orders, text.data, text.len, NULL, 0, &err) < 0)
        log_event(LOG_DEBUG, "keeper-unheard", KV("reason", err.text));
}

int keeper_ready_decode(const void *bytes, size_t len, struct keeper_ready *ret, struct error *err)
{
    struct frame_reader reader = frame_read(bytes, len);
    *ret = (struct keeper_ready){ .own = frame_text(&reader) };
    ret->memory_bytes = frame_u64(&reader);
    ret->stays = frame_u8(&reader);
    if (frame_end(&reader) && ret->own)
        return 0;
    keeper_ready_done(ret);
    return fail_host_as(err, EBADMSG, "a keeper's word cannot be read");
}

void keeper_ready_done(struct keeper_ready *ready)
{
    free(ready->own);
    *ready = (struct keeper_ready){ 0 };
}

void keeper_say_ready(void *context)
{
    struct keeper *keeper = context;
    struct cgroup_reading reading;
    struct tree_sample sample;
    autostr struct str word = { 0 };
    cgroup_read(&keeper->stand.cgroup, &reading);
    tree_read(keeper->box.pid, UINT64_MAX, UINT64_MAX, NULL, &sample);
    const struct python *python = keeper->stand.ready.python; /* a command has none */
    frame_put_text(&word, python ? python->modules : "");
    frame_put_u64(&word, reading.has_memory ? reading.memory_now : sample.memory_bytes);
    frame_put_u8(&word, keeper->stays);
    keeper_say(keeper, KEEPER_READY, word.data, word.len);
}

/* --- the order ---------------------------------------------------------------------------- */

static int lower_cpu(const struct keeper *keeper, struct error *err)
{
    const struct job *job = &keeper->job;
    const rlim_t seconds = plan_cpu_seconds(&job->limits);
    struct rlimit limit = { seconds, seconds };
    if (job->limits.cpu_ms == keeper->stand.limits.cpu_ms)
        return 0;
    return prlimit(keeper->payload, RLIMIT_CPU, &limit, NULL) < 0
               ? fail_host(err, "lower the limit of CPU time")
               : 0;
}

/* The job has what the template had: the caller's to end now. */
static int take_over(struct keeper *keeper, struct error *err)
{
    struct job *stand = &keeper->stand, *job = &keeper->job;
    job->identity = stand->identity;
    stand->identity.lock = -1;
    job->plan = stand->plan;
    job->planned = true;
    stand->planned = false;
    job->cgroup = stand->cgroup;
    job->grouped = true;
    stand->grouped = false;
    job->plan.env = job->env;
    job->plan.limits = job->limits;
    job_say_progress_file(job);
    autofree char *start =
        keeper->lesser ? xasprintf("off: a fresh interpreter that waited: %s", keeper->lesser)
                       : xstrdup("on");
    return job_describe(job, start, err);
}

/* That its interpreter's box is as it was made. In a command's nobody can have changed it. */
static int look_at_box(struct keeper *keeper, struct error *err)
{
    if (!keeper->stand.ahead)
        return standing_look(&keeper->standing, keeper->box.pid, &keeper->payload, err);
    keeper->payload = keeper->box.pid; /* which makes it, and hands its limits on */
    return 0;
}

static const char *unfit(struct keeper *keeper)
{
    struct error err = { 0 };
    const char *why = keeper_difference(keeper);
    if (why)
        return why;
    if (look_at_box(keeper, &err) == 0 && lower_cpu(keeper, &err) == 0)
        return NULL;
    log_event(LOG_WARN, "standing-box-unfit", KV("reason", err.text));
    return "the box that waited was not as it should be";
}

static enum ordered move_in(struct keeper *keeper)
{
    const char *why = unfit(keeper);
    if (why) {
        keeper->why = xstrdup(why);
        return ORDERED_END;
    }
    keeper->moved = true;
    if (take_over(keeper, &keeper->error) < 0)
        return ORDERED_END;
    keeper->limits = keeper->job.limits;
    job_move_in(&keeper->job, &keeper->workspace, &keeper->run);
    mark("move in");
    return ORDERED_RUN;
}

/* 1: a launch has come; 0: none will. */
int keeper_receive(struct keeper *keeper)
{
    struct error err = { 0 };
    int r = gate_receive(keeper->orders, &keeper->launch, &err);
    if (r < 0) {
        log_event(LOG_WARN, "order-refused", KV("reason", err.text));
        launch_done(&keeper->launch);
        return 0;
    }
    return r;
}

enum ordered keeper_take_order(struct keeper *keeper)
{
    marks_begin();
    if (keeper_receive(keeper) == 0)
        return ORDERED_END;
    mark("gate");
    keeper->ordered = true;
    job_release_log(keeper->sandbox, &keeper->launch);
    if (job_begin(&keeper->job, keeper->sandbox, &keeper->launch, &keeper->error) < 0 ||
        job_get_ready(&keeper->job, true, &keeper->error) < 0)
        return ORDERED_END;
    return move_in(keeper);
}

static enum ordered on_order(void *context)
{
    return keeper_take_order(context);
}

static bool send_order(void *context)
{
    struct keeper *keeper = context;
    struct job *job = &keeper->job;
    const int stdio[] = { job->launch->fds[FD_STDIN], job->launch->fds[FD_STDOUT],
                          job->launch->fds[FD_STDERR] };
    const struct standing_order order = { .argv = job->command.argv,
                                          .arguments = list_len(job->launch->argv),
                                          .env = job->env,
                                          .script = job->command.script_at
                                                        ? job->launch->fds[FD_SCRIPT]
                                                        : -1,
                                          .stdio = stdio };
    struct error err = { 0 };
    int r = standing_send(&keeper->standing, &order, &err);
    if (r < 0)
        log_event(LOG_WARN, "order-not-sent", KV("reason", err.text));
    return r == 0;
}

bool keeper_await(const struct keeper *keeper, int also)
{
    for (;;) {
        struct pollfd fds[] = { { .fd = keeper->orders, .events = POLLIN },
                                { .fd = keeper->box.pidfd, .events = POLLIN },
                                { .fd = also, .events = POLLIN } };
        int n = poll(fds, COUNT(fds), LOOK_MS);
        if (fds[0].revents)
            return true;
        if (n > 0 || (n == 0 && keeper->sandbox->root && slots_wanted()))
            return false;
    }
}

/* Whoever waits for a slot goes before who might come. */
static bool stays(void *context)
{
    const struct keeper *keeper = context;
    return !keeper->sandbox->root || !slots_wanted();
}

/* --- its life ------------------------------------------------------------------------------- */

/* What the script imports that is not the interpreter's own: an environment's, or a neighbour's. */
void keeper_choose_preload(struct job *job)
{
    const struct python *python = job->ready.python;
    autofree char *own = xasprintf(" %s ", python->modules);
    for (size_t i = 0; job->launch->imports && job->launch->imports[i]; i++) {
        autofree char *padded = xasprintf(" %s ", job->launch->imports[i]);
        if (!strstr(own, padded))
            list_add(&job->preload, job->launch->imports[i]);
    }
    for (size_t i = 0; job->policy->preload && job->policy->preload[i]; i++)
        list_add(&job->preload, job->policy->preload[i]);
}

/* Packages run code before there is a run whose limits it counts against, and whose result tells
 * what came into the workspace. */
static int has_strangers_outside(const struct job *stand, struct error *err)
{
    if (!stand->ready.environment.path || stand->workspace_fd < 0 ||
        stand->policy->workspace == WORKSPACE_READ)
        return 0;
    return fail_policy(err, ENOTSUP, "packages could write in the workspace before their run");
}

static int stand_up(struct keeper *keeper, struct error *err)
{
    struct job *stand = &keeper->stand;
    int refused = has_strangers_outside(stand, err);
    if (refused < 0)
        return refused;
    keeper_choose_preload(stand);
    keeper_look_at_files(keeper);
    int r = standing_make(&keeper->standing, err);
    stand->standing = &keeper->standing;
    if (r == 0)
        r = job_take_place(stand, err);
    if (r == 0)
        r = box_start(&stand->plan, &stand->cgroup, &keeper->box, err);
    standing_let_go(&keeper->standing);
    return r;
}

static int keep(struct keeper *keeper, struct outcome *outcome, struct error *err)
{
    int r = stand_up(keeper, err);
    if (r < 0)
        return r;
    keeper->limits = keeper->stand.limits;
    job_supervision(&keeper->stand, &keeper->box, &keeper->run);
    keeper->run.limits = &keeper->limits;
    keeper->waiting = (struct waiting){ .standing = &keeper->standing,
                                        .orders = keeper->orders,
                                        .ready = keeper_say_ready,
                                        .stays = stays,
                                        .ordered = on_order,
                                        .send = send_order,
                                        .context = keeper };
    keeper->run.waiting = &keeper->waiting;
    supervise(&keeper->run, outcome);
    if (keeper->moved)
        job_supervised(&keeper->job, &keeper->run, outcome);
    return 0;
}

/* The box has died before it took its order: what it was given is of no use. */
static void move_out(struct keeper *keeper)
{
    struct outcome nothing = { .end = END_FAULT };
    workspace_end(&keeper->workspace, &keeper->job.changes, &nothing);
    started_done(&keeper->job.started);
    keeper->moved = false;
    keeper->why = xstrdup("the box that waited has died");
}

/* And was not ended by its owner or a limit. */
static bool died(enum end end)
{
    return end == END_EXITED || end == END_SIGNALLED || end == END_MEMORY || end == END_FAULT;
}

/* It has its owner, and no box. */
static void spawn(struct keeper *keeper, struct outcome *outcome)
{
    struct error err = keeper->error;
    job_leave_place(&keeper->job);
    int r = err.code ? -err.code : job_spawn(&keeper->job, keeper->why, outcome, &err);
    job_end(&keeper->job, r < 0 ? &err : NULL, outcome);
}

static void go_without(struct keeper *keeper, const struct error *err)
{
    keeper_say(keeper, KEEPER_GONE, err->text, strlen(err->text));
    struct error ours = { 0 };
    struct outcome outcome = { .end = END_FAULT };
    if (!keeper->ordered) {
        if (keeper_receive(keeper) == 0)
            return;
        job_release_log(keeper->sandbox, &keeper->launch);
        if (job_begin(&keeper->job, keeper->sandbox, &keeper->launch, &ours) < 0 ||
            job_get_ready(&keeper->job, true, &ours) < 0)
            keeper->error = ours;
        keeper->why = xasprintf("the box that waited is gone: %s", err->text);
    }
    spawn(keeper, &outcome);
}

/* In the box that waited. */
static void end_there(struct keeper *keeper, struct outcome *outcome)
{
    bool failed = keeper->error.code != 0;
    if (!failed && !keeper->waiting.taken)
        job_tell_started(&keeper->job); /* its owner knows nothing of it yet */
    if (!failed)
        workspace_end(&keeper->workspace, &keeper->job.changes, outcome);
    job_end(&keeper->job, failed ? &keeper->error : NULL, outcome);
}

void keeper_run(const struct sandbox *sandbox, struct launch *template, int orders)
{
    static struct keeper keeper;
    struct outcome outcome = { .end = END_FAULT };
    struct error err = { 0 };
    keeper.sandbox = sandbox;
    keeper.orders = orders;
    keeper.box = box_none();
    launch_init(&keeper.launch);
    standing_init(&keeper.standing);
    int r = job_begin(&keeper.stand, sandbox, template, &err);
    if (r == 0)
        r = job_get_ready(&keeper.stand, false, &err);
    const bool command = template->what == LAUNCH_COMMAND;
    if (r == 0 && !command && keeper.stand.policy->start == START_FORK) {
        if (keeper_branch(&keeper, &err) == 0) {
            job_done(&keeper.stand);
            return;
        }
        keeper.lesser = xstrdup(err.text);
    }
    if (r == 0)
        r = command ? keeper_command(&keeper, &outcome, &err) : keep(&keeper, &outcome, &err);
    bool lost = keeper.waiting.died || died(outcome.end);
    if (keeper.moved && !keeper.waiting.taken && !keeper.error.code && lost)
        move_out(&keeper);
    standing_done(&keeper.standing);
    (keeper.moved ? &keeper.job : &keeper.stand)->box = keeper.box;
    if (!keeper.moved)
        job_done(&keeper.stand);
    if (keeper.moved)
        end_there(&keeper, &outcome);
    else if (keeper.ordered)
        spawn(&keeper, &outcome);
    else
        go_without(&keeper, r < 0 ? &err : &outcome.error);
    own_close(&keeper.orders);
}
