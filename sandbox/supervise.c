/* SPDX-License-Identifier: Apache-2.0 */
/* supervise.c - waits on pid 1, its reports, the owner's control pipe and the clock. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "ahead.h"
#include "fd.h"
#include "kernel.h"
#include "marks.h"
#include "room.h"
#include "standing.h"
#include "supervise_inside.h"

/* A box stands in a few milliseconds; a host this slow cannot run it. */
#define BUILD_DEADLINE_NS (30 * NS_PER_S)

/* How long pid 1 may take to kill and reap before it is killed itself. Where a
 * cgroup has the figures nothing is lost by impatience; else the tree's CPU is. */
#define PATIENCE_CGROUP_NS  (5 * NS_PER_MS)
#define PATIENCE_SAMPLED_NS (1000 * NS_PER_MS)

#define WAITING_NS (1000 * NS_PER_MS) /* and one that waits, for what it does meanwhile */

#define WAITING_CPU_NS (20 * NS_PER_MS) /* from one look to the next: then it does not wait */

#define PROGRESS_NS (100 * NS_PER_MS) /* how often a script is looked at for its progress */

static void happen(struct state *state, enum life_event event, enum end cause, uint64_t now)
{
    struct life_move move = life_step(state->life, event);
    if (state->life == LIFE_RUNNING && move.next != LIFE_RUNNING && event != EVENT_EXIT &&
        !state->parting)
        state->cause = cause; /* the first cause wins, and the payload's own end is one */
    state->life = move.next;
    switch (move.act) {
    case ACT_NOTHING:
    case ACT_REAP:
        break;
    case ACT_TERM:
        if (state->run->grace_ms == 0 || !state->started) {
            happen(state, EVENT_GRACE, cause, now);
        } else {
            box_signal(state->run->box, SIGTERM);
            state->grace_deadline = after(now, state->run->grace_ms);
        }
        break;
    case ACT_KILL:
        box_kill(state->run->box);
        state->kill_deadline =
            now + (cgroup_has_cpu(state->run->cgroup) ? PATIENCE_CGROUP_NS : PATIENCE_SAMPLED_NS);
        break;
    }
}

/* --- limits that have to be looked at ---------------------------------------------- */

static void take_sample(struct state *state, uint64_t now)
{
    uint64_t cpu_ns = state->sampler.cpu_ns;
    enum end reached = sampler_look(&state->sampler, now, &state->next_sample);
    if (state->waiting) {
        state->next_sample = now + WAITING_NS;
        if (cpu_ns > 0 && state->sampler.cpu_ns - cpu_ns > WAITING_CPU_NS)
            reached = END_CPU;
        if (!state->run->waiting->stays(state->run->waiting->context))
            reached = END_CANCELLED;
    }
    if (reached != END_COUNT)
        happen(state, EVENT_LIMIT, reached, now);
}

static void look_at_cpu(struct state *state, uint64_t now)
{
    if (spent_look(&state->spent, now, &state->next_cpu))
        happen(state, EVENT_LIMIT, END_CPU, now);
}

/* What is full for everybody has a clock of its own. */
static void look_at_disk(struct state *state, uint64_t now)
{
    const struct supervision *run = state->run;
    bool ran = sampler_ran(&state->sampler, now, &state->disk_counted);
    state->next_disk = now + (ran ? SAMPLE_SPARSE_NS : SAMPLE_STILL_NS);
    if (ran && !state->scratch_full && state->sampler.scratch >= 0)
        state->scratch_full = room_reached(state->sampler.scratch, REACHED_SCRATCH);
    if (run->workspace && workspace_look(run->workspace, run->box->pid, now, &state->next_disk))
        happen(state, EVENT_LIMIT, END_DISK, now);
    if (run->written && run->written(run->context, run->box->pid, now, &state->next_disk))
        happen(state, EVENT_LIMIT, END_DISK, now);
}

static void tell_progress(struct state *state)
{
    const struct supervision *run = state->run;
    if (run->progressed && state->sampler.scratch >= 0 &&
        progress_look(&state->progress, state->sampler.scratch))
        run->progressed(run->context, &state->progress.last);
}

static void look_at_progress(struct state *state, uint64_t now)
{
    bool ran = sampler_ran(&state->sampler, now, &state->progress_counted);
    /* With the next sample, so that who sleeps is looked at once and not twice. */
    bool with = !ran && cgroup_has_memory(state->run->cgroup) && state->next_sample > now;
    state->next_progress = with ? state->next_sample : now + PROGRESS_NS;
    if (ran)
        tell_progress(state);
}

/* For who reads figures; limits have readings of their own. */
static void tell_sample(struct state *state, uint64_t now)
{
    const struct supervision *run = state->run;
    state->next_telling = NEVER;
    if (state->life != LIFE_RUNNING || state->parting)
        return; /* what is being killed is not what was measured */
    uint64_t counted = counter_time_ns(run->box->counter);
    uint64_t from = state->started_ns < now ? state->started_ns : now;
    state->next_telling = now + measure_look(run->measure, run->box->pid, run->cgroup, now - from,
                                             state->sampler.cpu_ns, counted);
}

static void look_at_clock(struct state *state)
{
    uint64_t now = now_ns();
    if (now >= state->wall_deadline) {
        state->wall_deadline = NEVER;
        happen(state, EVENT_LIMIT, END_WALL, now);
    }
    if (now >= state->grace_deadline) {
        state->grace_deadline = NEVER;
        happen(state, EVENT_GRACE, END_CANCELLED, now);
    }
    if (now >= state->kill_deadline || now >= state->build_deadline) {
        state->kill_deadline = state->build_deadline = NEVER;
        if (!state->run->box->stem) /* it has the group with it */
            cgroup_kill(state->run->cgroup);
        box_destroy(state->run->box);
    }
    if (!state->started || state->life == LIFE_OVER)
        return;
    if (now >= state->next_sample)
        take_sample(state, now);
    if (now >= state->next_cpu)
        look_at_cpu(state, now);
    if (now >= state->next_disk)
        look_at_disk(state, now);
    if (now >= state->next_progress)
        look_at_progress(state, now);
    if (now >= state->next_telling)
        tell_sample(state, now);
}

static uint64_t next_deadline(const struct state *state)
{
    const uint64_t all[] = { state->wall_deadline,  state->grace_deadline, state->kill_deadline,
                             state->build_deadline, state->next_sample,    state->next_cpu,
                             state->next_disk,      state->next_progress,  state->next_telling };
    uint64_t next = NEVER;
    for (size_t i = 0; i < COUNT(all); i++)
        if (all[i] < next)
            next = all[i];
    return next;
}

/* --- what can be read ----------------------------------------------------------------- */

static void on_started(struct state *state)
{
    mark("await box");
    uint64_t now = now_ns();
    state->started = true;
    state->started_ns = now;
    if (state->waiting)
        return;
    state->next_sample = state->next_disk = now + SAMPLE_DENSE_NS;
    if (state->run->progressed)
        state->next_progress = now + PROGRESS_NS;
    if (state->run->started && !state->run->waiting)
        state->run->started(state->run->context);
    mark("tell it stands");
}

/* From here on its time is the script's. */
static void on_running(struct state *state, const struct report *report)
{
    state->running = *report;
    if (state->waiting)
        return; /* until it says so */
    state->started_ns = state->run->started_ns = report->started_ns;
    state->build_deadline = NEVER;
    state->wall_deadline = after(report->started_ns, state->run->limits->wall_ms);
    state->next_cpu = spent_first(&state->spent, report->started_ns);
    if (state->run->measure) {
        measure_running(state->run->measure, report, state->run->cgroup);
        state->next_telling = now_ns();
    }
}

/* A payload that has waited began with its order. */
static void keep_report(struct state *state, const struct report *report)
{
    state->report = *report;
    if (state->ordered_ns > 0)
        state->report.started_ns = state->ordered_ns;
}

/* An empty box can go when its owner has been told. A terminal's end and an overlay's changes are
 * looked at when it is gone. */
static void leave_pid1(struct state *state)
{
    struct supervision *run = state->run;
    state->lingers = !run->terminal && state->sampler.upper < 0;
    state->gone = state->lingers;
    if (!state->lingers)
        box_dismiss(run->box);
}

static void on_report(struct state *state)
{
    struct report report;
    struct error ignored;
    autoclose int sent = -1;
    size_t count = 0;
    ssize_t n = socket_receive(state->run->box->report, &report, sizeof(report), &sent, 1, &count,
                               &ignored);
    if (count == 0)
        sent = -1;
    if (n != (ssize_t)sizeof(report)) {
        close(state->run->box->report);
        state->run->box->report = -1;
        report.kind = REPORT_KINDS;
    }
    switch (report.kind) {
    case REPORT_TERMINAL:
        if (state->run->terminal)
            terminal_attach(state->run->terminal, fd_take(&sent));
        break;
    case REPORT_SCRIPT:
        if (state->run->waiting)
            state->run->waiting->standing->script = fd_take(&sent);
        break;
    case REPORT_RUNNING:
        on_running(state, &report);
        state->listener = fd_take(&sent);
        break;
    case REPORT_STARTED:
        on_started(state);
        break;
    case REPORT_PARTING:
        state->parting = true;
        if (!state->faulted)
            keep_report(state, &report);
        state->wall_deadline = NEVER;  /* it was the payload's */
        state->next_sample = now_ns(); /* what it leaves behind */
        break;
    case REPORT_FAULT:
        state->faulted = true;
        state->report = report;
        break;
    case REPORT_ENDED:
        mark("await script");
        state->ended = true;
        if (!state->faulted) {
            keep_report(state, &report);
            marks_inside(&state->running, &state->report);
        }
        happen(state, EVENT_EXIT, END_EXITED, now_ns());
        /* The box is empty: nothing is left to limit or to look at. */
        state->wall_deadline = state->grace_deadline = NEVER;
        state->next_sample = state->next_cpu = state->next_disk = NEVER;
        state->next_progress = state->next_telling = NEVER;
        leave_pid1(state);
        break;
    case REPORT_STANDING: /* heard before the order was given */
    case REPORT_KINDS:    /* none */
        break;
    }
}

/* The end of the pipe is the cancel, whatever came before it. */
static void on_control(struct state *state)
{
    unsigned char byte = 0;
    ssize_t n = read(state->run->control, &byte, 1);
    if (n < 0 && errno == EINTR)
        return;
    uint64_t now = now_ns();
    if (n == 1 && byte == CONTROL_SIGNAL) {
        if (read(state->run->control, &byte, 1) == 1 && byte > 0 && byte < NSIG)
            box_signal(state->run->box, byte);
        return;
    }
    if (n == 1 && byte == CONTROL_SCREEN) {
        struct screen size;
        if (read(state->run->control, &size, sizeof(size)) == (ssize_t)sizeof(size) &&
            state->run->terminal)
            terminal_resize(state->run->terminal, size);
        return;
    }
    if (n == 1 && byte == CONTROL_USAGE) {
        supervise_glance(state, now);
        return;
    }
    if (n == 1 && byte == CONTROL_OUTPUT) {
        happen(state, EVENT_LIMIT, END_OUTPUT, now);
        return;
    }
    state->run->control = -1; /* the owner's to close, no longer ours to watch */
    happen(state, n == 1 && byte == CONTROL_KILL ? EVENT_LIMIT : EVENT_CANCEL, END_CANCELLED, now);
}

static void on_drain(struct drain *drain)
{
    char chunk[16384];
    ssize_t n = read(drain->fd, chunk, sizeof(chunk));
    if (n < 0 && errno == EINTR)
        return;
    if (n <= 0) {
        close(drain->fd);
        drain->fd = -1;
        return;
    }
    size_t room = drain->max - drain->into->len;
    str_add(drain->into, chunk, (size_t)n < room ? (size_t)n : room);
}

static void on_feed(struct state *state)
{
    struct supervision *run = state->run;
    ssize_t n =
        write(run->feed, (const char *)run->input + state->fed, run->input_len - state->fed);
    if (n > 0)
        state->fed += (size_t)n;
    if ((n < 0 && errno != EINTR && errno != EAGAIN) || state->fed == run->input_len) {
        close(run->feed);
        run->feed = -1;
    }
}

static void close_listener(struct state *state)
{
    own_close(&state->listener);
    state->listener = -1;
}

static void on_listener(struct state *state)
{
    if (!state->run->filter || !notify_answer(state->listener, state->run->filter, &state->denied))
        close_listener(state);
}

/* --- a payload that waits ------------------------------------------------------------------ */

static struct spent spent_of(struct state *state)
{
    return (struct spent){ .cgroup = state->run->cgroup,
                           .running = &state->running,
                           .counter = state->run->box->counter,
                           .counted_before = state->counted_before,
                           .seen = state->sampler.seen,
                           .init = state->run->box->pid,
                           .limit_ns = after(0, state->run->limits->cpu_ms) };
}

/* Nobody's wish ends one that has its order. */
static void give_up_waiting(struct state *state)
{
    happen(state, EVENT_LIMIT, state->waiting ? END_CANCELLED : END_FAULT, now_ns());
}

static void on_word(struct state *state, enum standing_word word)
{
    struct supervision *run = state->run;
    struct waiting *waiting = run->waiting;
    bool expected = state->build_deadline != NEVER; /* each word once, and in its turn */
    if (state->waiting && expected && word == STANDING_READY) {
        state->build_deadline = NEVER;
        state->next_sample = now_ns() + WAITING_NS;
        waiting->ready(waiting->context);
    } else if (!state->waiting && word == STANDING_TAKEN) {
        waiting->taken = true;
        run->started(run->context);
    } else if (word != STANDING_NOTHING && !waiting->taken) {
        waiting->lost = true;
        waiting->died = state->cause == END_COUNT;
        give_up_waiting(state);
    }
}

static void on_channel(struct state *state)
{
    on_word(state, standing_hear(state->run->waiting->standing));
}

/* What it used until now is not the script's, whose time begins. */
static void begin_order(struct state *state)
{
    struct supervision *run = state->run;
    const struct usage_facts facts = supervise_facts(state, NULL);
    usage_begin(&facts, &state->running);
    state->counted_before = counter_time_ns(run->box->counter);
    state->spent = spent_of(state);
    state->denied = (struct notify_counts){ .ear = run->ear };
    sampler_rebase(&state->sampler);
    state->waiting = false;
    state->ordered_ns = now_ns();
    if (!run->waiting->send(run->waiting->context)) {
        give_up_waiting(state);
        return;
    }
    mark("hand over");
    struct report running = state->running;
    running.started_ns = state->ordered_ns;
    on_started(state);
    on_running(state, &running);
}

/* Once it has its order, or will have none, there is nothing more to hear. */
static int channel_of(const struct waiting *waiting)
{
    return waiting && !waiting->taken && !waiting->lost ? waiting->standing->channel : -1;
}

static void on_orders(struct state *state)
{
    struct waiting *waiting = state->run->waiting;
    switch (waiting->ordered(waiting->context)) {
    case ORDERED_NOTHING:
        break;
    case ORDERED_RUN:
        begin_order(state);
        break;
    case ORDERED_END:
        give_up_waiting(state);
        break;
    }
}

enum watched {
    WATCH_INIT,
    WATCH_REPORT,
    WATCH_CONTROL,
    WATCH_OUT,
    WATCH_ERR,
    WATCH_FEED,
    WATCH_LISTENER,
    WATCH_ORDERS,
    WATCH_CHANNEL,
    WATCH_TERMINAL, /* and what follows: its three */
    WATCHED = WATCH_TERMINAL + TERMINAL_WATCHED
};

static void wait_for_something(struct state *state)
{
    struct supervision *run = state->run;
    struct pollfd fds[WATCHED] = {
        /* pid 1 is waited for last: what it reported before its end counts. */
        [WATCH_INIT] = { .fd = run->box->report < 0 ? run->box->pidfd : -1, .events = POLLIN },
        [WATCH_REPORT] = { .fd = run->box->report, .events = POLLIN },
        [WATCH_CONTROL] = { .fd = run->control, .events = POLLIN },
        [WATCH_OUT] = { .fd = run->drains[0].fd, .events = POLLIN },
        [WATCH_ERR] = { .fd = run->drains[1].fd, .events = POLLIN },
        [WATCH_FEED] = { .fd = run->feed, .events = POLLOUT },
        [WATCH_LISTENER] = { .fd = state->listener, .events = POLLIN },
        [WATCH_ORDERS] = { .fd = state->waiting ? run->waiting->orders : -1, .events = POLLIN },
        [WATCH_CHANNEL] = { .fd = channel_of(run->waiting), .events = POLLIN },
    };
    nfds_t watched = WATCH_TERMINAL;
    if (run->terminal) {
        terminal_watch(run->terminal, &fds[WATCH_TERMINAL]);
        watched = WATCHED;
    }
    uint64_t next = next_deadline(state), now = now_ns();
    uint64_t left = next <= now ? 0 : next - now;
    struct timespec timeout = { .tv_sec = (time_t)(left / NS_PER_S),
                                .tv_nsec = (long)(left % NS_PER_S) };
    int n = ppoll(fds, watched, next == NEVER ? NULL : &timeout, NULL);
    look_at_clock(state);
    if (n <= 0)
        return;
    if (fds[WATCH_OUT].revents)
        on_drain(&run->drains[0]);
    if (fds[WATCH_ERR].revents)
        on_drain(&run->drains[1]);
    if (fds[WATCH_FEED].revents)
        on_feed(state);
    if (run->terminal)
        terminal_pump(run->terminal, &fds[WATCH_TERMINAL]);
    if (fds[WATCH_LISTENER].revents & POLLIN)
        on_listener(state);
    else if (fds[WATCH_LISTENER].revents)
        close_listener(state); /* nobody is left who could ask */
    if (fds[WATCH_CHANNEL].revents)
        on_channel(state); /* before a report: what it has taken it took before its end */
    if (fds[WATCH_REPORT].revents)
        on_report(state);
    if (fds[WATCH_CONTROL].revents)
        on_control(state);
    if (fds[WATCH_ORDERS].revents && state->life == LIFE_RUNNING)
        on_orders(state);
    if (fds[WATCH_INIT].revents)
        state->gone = true;
}

void supervise(struct supervision *run, struct outcome *ret)
{
    struct state state = { .run = run,
                           .listener = -1,
                           .denied = { .ear = run->ear },
                           .cause = END_COUNT,
                           .waiting = run->waiting,
                           .wall_deadline = NEVER,
                           .grace_deadline = NEVER,
                           .kill_deadline = NEVER,
                           .next_sample = NEVER,
                           .next_cpu = NEVER,
                           .next_disk = NEVER,
                           .next_progress = NEVER,
                           .next_telling = NEVER,
                           .build_deadline = now_ns() + BUILD_DEADLINE_NS };
    sampler_begin(&state.sampler,
                  &(struct sampler){ .cgroup = run->cgroup,
                                     .limits = run->limits,
                                     .init = run->box->pid,
                                     .scratch_inside = run->scratch,
                                     .counter = run->box->counter,
                                     .upper = run->workspace ? run->workspace->upper : -1 });
    state.spent = spent_of(&state);
    ahead_begin(0);
    ahead_begin(run->box->pid);
    while (!state.gone)
        wait_for_something(&state);
    ahead_end(0);
    mark("box empty");
    /* The box is empty: what is left in the pipes is all there will be. */
    for (int i = 0; i < 2; i++)
        while (run->drains[i].fd >= 0)
            on_drain(&run->drains[i]);

    supervise_judge(&state, ret);
    tell_progress(&state); /* its last word */
    close_listener(&state);
    notify_tell(&state.denied, ret);
    egress_end(&run->box->egress, ret);
    supervise_reached(&state, ret);
    sampler_end(&state.sampler);
}
