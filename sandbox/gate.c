/* SPDX-License-Identifier: Apache-2.0 */
/* gate.c - frames in, supervisors out. What comes from the socket is hostile. */
#include "gate.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cordon/launch.h>
#include <cordon/log.h>

#include "audit.h"
#include "cgroup.h"
#include "charges.h"
#include "fd.h"
#include "gate_text.h"
#include "job.h"
#include "marks.h"
#include "policy.h"
#include "roots.h"

/* Supervisors that have told their end and are not gone yet: the front counts them no more. */
#define LEAVING_MAX 8

struct gate {
    const struct sandbox *sandbox;
    unsigned running;
    struct charges charges;
    unsigned char frame[LAUNCH_FRAME_MAX];
};

/* Which kind each descriptor must be; anything else could be a way back into us. */
static bool acceptable(enum launch_fd which, int fd)
{
    return which == FD_SCRIPT ? fd_is_sealed(fd) : fd_is_pipe(fd);
}

static const char *const fd_names[FD_COUNT] = {
    [FD_STDIN] = "standard input",  [FD_STDOUT] = "standard output",
    [FD_STDERR] = "standard error", [FD_CONTROL] = "control",
    [FD_NOTES] = "notes",           [FD_SCRIPT] = "script",
    [FD_PROFILE] = "profile",
};

/* Gives the received descriptors to the launch in the order it announces them. */
static int attach_descriptors(struct launch *launch, unsigned present, int *fds, size_t count,
                              struct error *err)
{
    const unsigned needed = 1U << FD_STDOUT | 1U << FD_STDERR | 1U << FD_CONTROL | 1U << FD_NOTES;
    size_t next = 0;
    for (enum launch_fd i = 0; i < FD_COUNT; i++) {
        if (!(present & 1U << i))
            continue;
        if (next == count)
            return fail_caller(err, EBADMSG, "the frame announces more descriptors than came");
        launch->fds[i] = fds[next];
        fds[next++] = -1;
        if (!acceptable(i, launch->fds[i]))
            return fail_caller(err, EBADF, "the descriptor for %s is of the wrong kind",
                               fd_names[i]);
    }
    if (next != count || (present & needed) != needed)
        return fail_caller(err, EBADMSG, "the frame and its descriptors do not match");
    return 0;
}

/* They end up in names of files and in lines of the audit log. */
static int check_names(const struct launch *launch, struct error *err)
{
    if (!principal_name_valid(launch->job) || !principal_name_valid(launch->owner))
        return fail_caller(err, EBADMSG, "a launch whose job or owner has no plain name");
    return 0;
}

/* The front says for whom it asks, and is believed as far as the operator knows that one. */
static int check_owner(const struct sandbox *sandbox, const char *owner, struct error *err)
{
    return principal_find(&sandbox->config.principals, owner)
               ? 0
               : fail_policy(err, EPERM, "the configuration knows no such principal");
}

/* A frame with its descriptors -> a launch that is whole, or nothing. */
static int take_launch(const void *frame, size_t len, int *fds, size_t count, struct launch *ret,
                       struct error *err)
{
    unsigned present = 0;
    launch_init(ret);
    int r = launch_decode(frame, len, ret, &present, err);
    if (r == 0)
        r = attach_descriptors(ret, present, fds, count, err);
    if (r == 0)
        r = check_names(ret, err);
    for (size_t i = 0; i < count; i++)
        own_close(&fds[i]);
    return r;
}

/* As root the slots are what counts, and a supervisor waits for one (slots.h); this keeps a
 * captured front from filling the host with those that wait. */
static bool has_room(const struct gate *gate)
{
    return gate->running < gate->sandbox->config.slot_count + LEAVING_MAX;
}

static void on_launch(struct gate *gate, size_t len, int *fds, size_t count)
{
    struct launch launch;
    struct error err = { 0 };
    marks_begin();
    int r = take_launch(gate->frame, len, fds, count, &launch, &err);
    if (r == 0)
        r = check_owner(gate->sandbox, launch.owner, &err);
    if (r == 0 && !has_room(gate))
        r = fail_host_as(&err, EAGAIN, "%u runs are under way, as many as \"slots\" allows",
                         gate->running);
    pid_t supervisor = r == 0 ? fork() : -1;
    if (r == 0 && supervisor < 0)
        r = fail_host(&err, "fork a supervisor");
    if (r < 0) {
        log_event(LOG_WARN, "launch-refused", KV("reason", err.text));
        if (launch.fds[FD_NOTES] >= 0 && fd_is_pipe(launch.fds[FD_NOTES]))
            job_refuse(gate->sandbox, &launch, &err);
        else
            launch_done(&launch);
        return;
    }
    if (supervisor == 0) {
        mark("gate");
        close(GATE_FD);
        job_run(gate->sandbox, &launch);
        _exit(0);
    }
    gate->running++;
    charges_add(&gate->charges, supervisor, &launch);
    launch_done(&launch);
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
        close(GATE_FD);
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

int gate_serve(const struct sandbox *sandbox)
{
    static struct gate gate;
    gate.sandbox = sandbox;
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    /* Inherited by supervisors, who wait by pidfd, and reset for payloads. */
    if (sigprocmask(SIG_BLOCK, &child, NULL) < 0)
        return 1;
    int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0)
        return 1;
    for (;;) {
        struct pollfd fds[] = { { .fd = GATE_FD, .events = POLLIN },
                                { .fd = signals, .events = POLLIN } };
        if (poll(fds, COUNT(fds), -1) < 0 && errno != EINTR)
            return 1;
        if (fds[1].revents)
            reap(&gate, signals);
        if (fds[0].revents && !on_frame(&gate))
            return 0; /* supervisors see their control pipes end and follow */
    }
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
    if (take_launch(frame, (size_t)n, fds, count, ret, &err) < 0) {
        log_event(LOG_ERROR, "launch-refused", KV("reason", err.text));
        launch_done(ret);
        return 1;
    }
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
