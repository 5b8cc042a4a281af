/* SPDX-License-Identifier: Apache-2.0 */
/* policy_learn_run.c - a command in a box like any other run's, whose denials are all heard of. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cordon/note.h>

#include "fd.h"
#include "job.h"
#include "policy_learn.h"

/* Of both sides: the run is another process, and what crosses is what crosses for any run. */
struct ends {
    int notes[2], output[2], control[2];
    sigset_t mask; /* as it was: while we work, SIGINT waits */
};

static int ends_make(struct ends *ends, struct error *err)
{
    *ends = (struct ends){ .notes = { -1, -1 }, .output = { -1, -1 }, .control = { -1, -1 } };
    if (pipe2(ends->notes, O_CLOEXEC) < 0 || pipe2(ends->output, O_CLOEXEC) < 0 ||
        pipe2(ends->control, O_CLOEXEC) < 0)
        return fail_host(err, "pipe");
    return 0;
}

static void ends_done(struct ends *ends)
{
    int *all[] = { ends->notes, ends->output, ends->control };
    for (size_t i = 0; i < COUNT(all); i++) {
        own_close(&all[i][0]);
        own_close(&all[i][1]);
    }
}

/* --- the run ------------------------------------------------------------------- */

static void hear(void *context, const struct seccomp_data *call)
{
    uint64_t arguments[ARGUMENTS];
    for (size_t i = 0; i < ARGUMENTS; i++)
        arguments[i] = call->args[i];
    denials_add(context, call->nr, arguments);
}

static _Noreturn void run(const struct sandbox *sandbox, const struct learning *learning,
                          struct denials *denials, struct ends *ends)
{
    struct launch launch;
    struct error err = { 0 };
    /* Ctrl-C is for the one that waits: it cancels, and still says what was learnt. */
    (void)signal(SIGINT, SIG_IGN);
    (void)sigprocmask(SIG_SETMASK, &ends->mask, NULL);
    launch_init(&launch);
    launch.what = LAUNCH_COMMAND;
    (void)snprintf(launch.job, sizeof(launch.job), "learn");
    (void)snprintf(launch.owner, sizeof(launch.owner), "local");
    (void)snprintf(launch.tool, sizeof(launch.tool), "cordon policy learn");
    (void)snprintf(launch.policy, sizeof(launch.policy), "%s",
                   learning->policy ? learning->policy : "");
    launch.policy_file = learning->policy_file ? xstrdup(learning->policy_file) : NULL;
    launch.workspace = learning->directory ? xstrdup(learning->directory) : NULL;
    launch.argv = list_copy(learning->argv);
    const char *zone = env_get(sandbox->settings, "TZ");
    launch.by_person = true;
    launch.zone = zone ? xstrdup(zone) : NULL;
    launch.fds[FD_NOTES] = ends->notes[1];
    launch.fds[FD_STDOUT] = ends->output[1];
    launch.fds[FD_STDERR] = fcntl(ends->output[1], F_DUPFD_CLOEXEC, 0);
    launch.fds[FD_CONTROL] = ends->control[0];
    close(ends->notes[0]);
    close(ends->output[0]);
    close(ends->control[1]);
    const struct notify_ear ear = { .hear = hear, .context = denials };
    job_remember(sandbox, &launch);
    if (sandbox_enter(sandbox, &err) < 0)
        job_refuse(sandbox, &launch, &err);
    else
        job_run_heard(sandbox, &launch, &ear);
    _exit(0);
}

/* --- the one that waits ----------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* What there is to be read; false at the end. */
static bool take(int fd, struct str *into, int onto)
{
    char chunk[4096];
    ssize_t n = read(fd, chunk, sizeof(chunk));
    if (n < 0 && errno == EINTR)
        return true;
    if (n > 0 && into)
        str_add(into, chunk, (size_t)n);
    struct error ignored;
    if (n > 0 && !into && fd_write_all(onto, chunk, (size_t)n, &ignored) < 0)
        return true; /* nobody reads it: the command is none the wiser */
    return n > 0;
}

/* Both pipes to their ends. */
static void wait_for(struct ends *ends, struct str *notes)
{
    struct pollfd fds[] = { { .fd = ends->notes[0], .events = POLLIN },
                            { .fd = ends->output[0], .events = POLLIN } };
    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        int n = ppoll(fds, COUNT(fds), NULL, &ends->mask);
        if (interrupted && ends->control[1] >= 0) {
            close(ends->control[1]);
            ends->control[1] = -1;
        }
        if (n < 0)
            continue;
        if (fds[0].revents && !take(fds[0].fd, notes, -1))
            fds[0].fd = -1;
        if (fds[1].revents && !take(fds[1].fd, NULL, STDERR_FILENO))
            fds[1].fd = -1;
    }
}

/* The last note is the outcome. */
static int find_outcome(const struct str *notes, struct outcome *ret, struct error *err)
{
    bool found = false;
    for (size_t at = 0; at + sizeof(uint32_t) <= notes->len;) {
        uint32_t len;
        struct note note = { 0 };
        memcpy(&len, notes->data + at, sizeof(len));
        at += sizeof(len);
        if (len > notes->len - at || note_decode(notes->data + at, len, &note, err) < 0)
            break;
        at += len;
        found = note.kind == NOTE_OUTCOME;
        if (found)
            *ret = note.outcome;
        note_done(&note);
    }
    return found ? 0 : fail_host_as(err, EIO, "the supervisor of the run died");
}

int learn_run(const struct sandbox *sandbox, const struct learning *learning,
              struct denials *denials, struct outcome *outcome, struct error *err)
{
    struct ends ends;
    autostr struct str notes = { 0 };
    sigset_t block;
    sigemptyset(&block);
    sigaddset(&block, SIGINT);
    int r = ends_make(&ends, err);
    if (sigprocmask(SIG_BLOCK, &block, &ends.mask) < 0)
        return fail_host(err, "sigprocmask");
    pid_t child = r == 0 ? fork() : -1;
    if (r == 0 && child < 0)
        r = fail_host(err, "fork");
    if (r < 0) {
        ends_done(&ends);
        return r;
    }
    if (child == 0)
        run(sandbox, learning, denials, &ends);
    int *theirs[] = { &ends.notes[1], &ends.output[1], &ends.control[0] };
    for (size_t i = 0; i < COUNT(theirs); i++) {
        close(*theirs[i]);
        *theirs[i] = -1;
    }
    struct sigaction before, action = { .sa_handler = on_interrupt };
    (void)sigaction(SIGINT, &action, &before);
    wait_for(&ends, &notes);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    (void)sigaction(SIGINT, &before, NULL);
    (void)sigprocmask(SIG_SETMASK, &ends.mask, NULL);
    ends_done(&ends);
    return find_outcome(&notes, outcome, err);
}
