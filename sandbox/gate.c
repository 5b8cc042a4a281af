/* SPDX-License-Identifier: Apache-2.0 */
/* gate.c - frames in, supervisors out. What comes from the socket is hostile. */
#include "gate.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cordon/launch.h>
#include <cordon/log.h>

#include "audit.h"
#include "cgroup.h"
#include "charges.h"
#include "clock.h"
#include "fd.h"
#include "gate_take.h"
#include "gate_text.h"
#include "hatch.h"
#include "interpreter.h"
#include "job.h"
#include "marks.h"
#include "policy.h"
#include "pool.h"
#include "roots.h"

/* Supervisors that have told their end and are not gone yet: the front counts them no more. */
#define LEAVING_MAX 8

/* So long a gate waits for what is left of its boxes once it is told to end. */
#define FOLLOWERS_NS (1 * NS_PER_S)

/* Of the slots the part that a front leaves to others: command lines never take its own. */
#define GUESTS_OF(slots) ((slots) / 4)

struct gate {
    const struct sandbox *sandbox;
    unsigned running;
    struct hatch hatch;
    struct pool *pool;
    struct charges charges;
    unsigned char frame[LAUNCH_FRAME_MAX];
};

/* The front says for whom it asks, and is believed as far as the operator knows that one. */
static int check_owner(const struct sandbox *sandbox, const char *owner, struct error *err)
{
    return principal_find(&sandbox->config.principals, owner)
               ? 0
               : fail_policy(err, EPERM, "the configuration knows no such principal");
}

/* As root the slots are what counts, and a supervisor waits for one (slots.h); this keeps a
 * captured front from filling the host with those that wait. */
static bool has_room(const struct gate *gate)
{
    return gate->running < gate->sandbox->config.slot_count + LEAVING_MAX;
}

/* In a child: what is the gate's alone. */
static void leave(void *context)
{
    struct gate *gate = context;
    close(GATE_FD);
    pool_leave(gate->pool);
    hatch_leave(&gate->hatch);
}

/* What a person's words and zone change, no client's request may. */
static int check_front(const struct launch *launch, struct error *err)
{
    return launch->by_person || launch->zone
               ? fail_policy(err, EPERM, "only a command line speaks as a person")
               : 0;
}

static void refuse_launch(struct gate *gate, struct launch *launch, const struct error *err)
{
    log_event(LOG_WARN, "launch-refused", KV("reason", err->text));
    if (launch->fds[FD_NOTES] >= 0 && fd_is_pipe(launch->fds[FD_NOTES]))
        job_refuse(gate->sandbox, launch, err);
    else
        launch_done(launch);
}

/* Takes the launch, whose frame is the last that came: from here on it has an outcome. */
static void begin(struct gate *gate, struct launch *launch, size_t len)
{
    struct error err = { 0 };
    pid_t supervisor = pool_give(gate->pool, launch, gate->frame, len);
    const bool found = supervisor > 0;
    if (supervisor == 0)
        supervisor = fork();
    if (supervisor < 0) {
        (void)fail_host(&err, "fork a supervisor");
        refuse_launch(gate, launch, &err);
        return;
    }
    if (supervisor == 0) {
        mark("gate");
        leave(gate);
        job_run(gate->sandbox, launch);
        _exit(0);
    }
    gate->running++;
    charges_add(&gate->charges, supervisor, launch);
    pool_learn(gate->pool, launch, found);
    launch_done(launch);
}

static void on_launch(struct gate *gate, size_t len, int *fds, size_t count)
{
    struct launch launch;
    struct error err = { 0 };
    marks_begin();
    int r = gate_take_launch(gate->frame, len, fds, count, &launch, &err);
    if (r == 0)
        r = check_front(&launch, &err);
    if (r == 0)
        r = check_owner(gate->sandbox, launch.owner, &err);
    if (r == 0 && !has_room(gate))
        r = fail_host_as(&err, EAGAIN, "%u runs are under way, as many as \"slots\" allows",
                         gate->running);
    if (r < 0)
        refuse_launch(gate, &launch, &err);
    else
        begin(gate, &launch, len);
}

/* --- from command lines ----------------------------------------------------------------------- */

static bool has_room_for_guest(void *context)
{
    const struct gate *gate = context;
    return gate->running < GUESTS_OF(gate->sandbox->config.slot_count);
}

/* Its frame goes on to others (pool.h) as it came, and so says itself whose it is. */
static int check_guest(struct gate *gate, const struct launch *launch, struct error *err)
{
    if (strcmp(launch->owner, OWNER_LOCAL) != 0 || !launch->by_person)
        return fail_policy(err, EPERM, "a command line speaks for nobody but its user");
    return has_room_for_guest(gate) ? 0 : fail_host_as(err, EAGAIN, "there is no room");
}

/* Whatever is wrong before it is taken, its caller hears by the end of the connection, and starts
 * a box of its own. */
static void on_guest(void *context, int caller, size_t len, int *fds, size_t count)
{
    struct gate *gate = context;
    struct launch launch;
    struct error err = { 0 };
    marks_begin();
    int r = gate_take_launch(gate->frame, len, fds, count, &launch, &err);
    if (r == 0)
        r = check_guest(gate, &launch, &err);
    if (r < 0)
        log_event(LOG_WARN, "guest-refused", KV("reason", err.text));
    if (r < 0 || !hatch_taken(caller))
        launch_done(&launch);
    else
        begin(gate, &launch, len);
}

static void send_answer(struct gate *gate, struct resolved *answer, int file)
{
    struct error err = { 0 };
    size_t out = 0;
    if (resolved_encode(answer, gate->frame, &out, &err) < 0 ||
        socket_send(GATE_FD, gate->frame, out, &file, 1, &err) < 0)
        log_event(LOG_WARN, "answer-not-sent", KV("reason", err.text));
    own_close(&file);
    resolved_done(answer);
}

static void answer_file(struct gate *gate, const struct resolve *question)
{
    struct resolved answer = { 0 };
    int file = -1;
    roots_resolve(gate->sandbox, question, &answer, &file);
    send_answer(gate, &answer, file);
}

/* In a process of its own, which takes the room of a run: a box may be tried for it. */
static void answer_text(struct gate *gate, const struct resolve *question)
{
    struct resolved answer = { .id = question->id };
    int file = -1;
    pid_t child = has_room(gate) ? fork() : -1;
    if (child > 0) {
        gate->running++;
        return;
    }
    if (child == 0) {
        pool_leave(gate->pool);
        hatch_leave(&gate->hatch);
    }
    if (child < 0) {
        (void)fail_host_as(&answer.error, EAGAIN, "too much is under way");
        answer.code = EAGAIN;
    } else {
        gate_text(gate->sandbox, question, &answer, &file);
    }
    send_answer(gate, &answer, file);
    if (child == 0)
        _exit(0);
}

static void on_resolve(struct gate *gate, size_t len)
{
    struct resolve question = { 0 };
    struct error err = { 0 };
    if (resolve_decode(gate->frame, len, &question, &err) < 0 ||
        check_owner(gate->sandbox, question.owner, &err) < 0)
        log_event(LOG_WARN, "question-refused", KV("reason", err.text));
    else if (question.what == RESOLVE_FILE)
        answer_file(gate, &question);
    else
        answer_text(gate, &question);
    resolve_done(&question);
}

/* False when the front is gone. */
static bool on_frame(struct gate *gate)
{
    int fds[FD_COUNT];
    size_t count = 0;
    struct error err = { 0 };
    ssize_t n =
        socket_receive(GATE_FD, gate->frame, sizeof(gate->frame), fds, FD_COUNT, &count, &err);
    if (n <= 0 && (n == 0 || err.code == ECONNRESET))
        return false;
    if (n < 0) {
        log_event(LOG_WARN, "frame-refused", KV("reason", err.text));
        return true;
    }
    if (gate->frame[0] == FRAME_LAUNCH) {
        on_launch(gate, (size_t)n, fds, count);
        return true;
    }
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
    if (gate->frame[0] == FRAME_RESOLVE)
        on_resolve(gate, (size_t)n);
    else
        log_event(LOG_WARN, "frame-refused", KV("reason", "neither launch nor resolve"));
    return true;
}

/* In a process of its own: what is left of a killed supervisor takes a moment to go. */
static void sweep_after(struct gate *gate)
{
    pid_t child = fork();
    if (child == 0) {
        leave(gate);
        cgroup_sweep(&gate->sandbox->cgroups);
        _exit(0);
    }
    gate->running += child > 0;
}

/* It could write nothing down any more. */
static void tell_of_death(const struct sandbox *sandbox, const struct launch *launch)
{
    struct outcome outcome = { .end = END_FAULT };
    (void)fail_host_as(&outcome.error, EPIPE, "the supervisor died");
    audit_unrun(sandbox, launch, &outcome);
}

static void reap(struct gate *gate, int signals)
{
    struct signalfd_siginfo info;
    ssize_t ignored = read(signals, &info, sizeof(info));
    (void)ignored;
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        struct launch launch;
        bool supervisor = charges_take(&gate->charges, pid, &launch);
        if (!pool_ended(gate->pool, pid))
            gate->running--;
        if (WIFSIGNALED(status)) {
            sweep_after(gate);
            log_event(LOG_ERROR, "supervisor-died", KV_U64("pid", (uint64_t)pid),
                      KV_U64("signal", (uint64_t)WTERMSIG(status)));
        }
        if (WIFSIGNALED(status) && supervisor)
            tell_of_death(gate->sandbox, &launch);
        if (supervisor)
            launch_done(&launch);
    }
}

/* A keeper that goes on has done one launch. */
static void on_launch_over(void *context, pid_t keeper)
{
    struct gate *gate = context;
    struct launch launch;
    gate->running--;
    if (charges_take(&gate->charges, keeper, &launch))
        launch_done(&launch);
}

static int serve(struct gate *gate, int signals)
{
    for (;;) {
        struct pollfd fds[2 + HATCH_POLLS + POOL_MAX] = { { .fd = GATE_FD, .events = POLLIN },
                                                          { .fd = signals, .events = POLLIN } };
        int wait_ms;
        size_t guests = hatch_watch(&gate->hatch, fds + 2);
        pool_fill(gate->pool);
        size_t keepers = pool_watch(gate->pool, fds + 2 + guests, &wait_ms);
        int n = poll(fds, 2 + guests + keepers, wait_ms);
        if (n < 0 && errno != EINTR)
            return 1;
        if (n <= 0)
            continue;
        if (fds[1].revents)
            reap(gate, signals);
        pool_hear(gate->pool, fds + 2 + guests, keepers);
        if (fds[0].revents && !on_frame(gate))
            return 0; /* supervisors see their control pipes end and follow */
        hatch_serve(&gate->hatch, fds + 2, guests);
    }
}

static bool has_children(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

/* Who is left ends by itself, in milliseconds, but for a run of the command line's, which goes on.
 * Our own group can be given back when nobody else is in it. */
static void await_followers(struct gate *gate, int signals)
{
    const uint64_t until = now_ns() + FOLLOWERS_NS;
    pool_leave(gate->pool);
    for (uint64_t now = now_ns(); now < until && has_children(); now = now_ns()) {
        struct pollfd ended = { .fd = signals, .events = POLLIN };
        (void)poll(&ended, 1, (int)((until - now) / NS_PER_MS) + 1);
        reap(gate, signals);
    }
}

/* What every supervisor would read for itself is read once, before it is forked. */
static void read_ahead(const struct sandbox *sandbox)
{
    struct pythons pythons;
    tzset();
    if (table_recall(sandbox, &pythons))
        pythons_done(&pythons);
}

int gate_serve(const struct sandbox *sandbox)
{
    static struct gate gate;
    gate.sandbox = sandbox;
    read_ahead(sandbox);
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    /* Inherited by supervisors, who wait by pidfd, and reset for payloads. */
    if (sigprocmask(SIG_BLOCK, &child, NULL) < 0)
        return 1;
    int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0)
        return 1;
    const struct pool_events events = { on_launch_over, leave, &gate };
    gate.pool = pool_new(sandbox, &events);
    gate.hatch = (struct hatch){ .sandbox = sandbox,
                                 .frame = gate.frame,
                                 .has_room = has_room_for_guest,
                                 .launched = on_guest,
                                 .context = &gate };
    hatch_open(&gate.hatch);
    int status = serve(&gate, signals);
    hatch_close(&gate.hatch);
    await_followers(&gate, signals);
    return status;
}

/* The one launch of `cordon-sandbox run`; 0, or the exit status where there is none. */
static int receive_one(struct launch *ret)
{
    static unsigned char frame[LAUNCH_FRAME_MAX];
    int fds[FD_COUNT];
    size_t count = 0;
    struct error err = { 0 };
    launch_init(ret);
    ssize_t n = socket_receive(GATE_FD, frame, sizeof(frame), fds, FD_COUNT, &count, &err);
    if (n <= 0)
        return 1;
    close(GATE_FD);
    if (gate_take_launch(frame, (size_t)n, fds, count, ret, &err) < 0) {
        log_event(LOG_ERROR, "launch-refused", KV("reason", err.text));
        launch_done(ret);
        return 1;
    }
    ret->by_person = true; /* who started us */
    return 0;
}

static int take_one(const struct sandbox *sandbox,
                    void (*act)(const struct sandbox *sandbox, struct launch *launch))
{
    struct launch launch;
    struct error err = { 0 };
    int status = receive_one(&launch);
    if (status)
        return status;
    mark("take the order");
    job_remember(sandbox, &launch);
    mark("remember policies");
    int r = sandbox_enter(sandbox, &err);
    mark("enter");
    if (r < 0)
        job_refuse(sandbox, &launch, &err);
    else
        act(sandbox, &launch);
    return 0;
}

int gate_run_one(const struct sandbox *sandbox)
{
    return take_one(sandbox, job_run);
}

int gate_prepare_one(const struct sandbox *sandbox)
{
    return take_one(sandbox, job_prepare);
}

void gate_audit_death(const struct sandbox *sandbox)
{
    static unsigned char frame[LAUNCH_FRAME_MAX];
    int fds[FD_COUNT];
    size_t count = 0;
    unsigned present = 0;
    struct launch launch;
    struct error err = { 0 };
    launch_init(&launch);
    ssize_t n = socket_receive(GATE_FD, frame, sizeof(frame), fds, FD_COUNT, &count, &err);
    bool told = n > 0 && launch_decode(frame, (size_t)n, &launch, &present, &err) == 0;
    launch.by_person = true;
    if (told && count == 1 && present == 1U << FD_SCRIPT && fd_is_sealed(fds[0]))
        launch.fds[FD_SCRIPT] = fd_take(&fds[0]);
    for (size_t i = 0; i < count; i++)
        own_close(&fds[i]);
    if (told)
        tell_of_death(sandbox, &launch);
    launch_done(&launch);
}

int gate_refuse_one(const struct sandbox *sandbox, const struct error *why)
{
    struct launch launch;
    struct error ours = *why;
    ours.blame = BLAME_HOST; /* whatever is wrong, it is not the request */
    int status = receive_one(&launch);
    if (status == 0)
        job_refuse(sandbox, &launch, &ours);
    return status;
}
