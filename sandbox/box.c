/* SPDX-License-Identifier: Apache-2.0 */
/* box.c - clone3, id maps, cgroup, go. */
#include "box.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "branching.h"
#include "counters.h"
#include "explain.h"
#include "fd.h"
#include "kernel.h"
#include "marks.h"
#include "standing.h"

/* A box stands in a few milliseconds; a host this slow cannot run it. */
#define STAND_DEADLINE_MS 30000

#define BOX_NAMESPACES \
    (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)

static void close_pair(int pair[2])
{
    own_close(&pair[0]);
    own_close(&pair[1]);
}

static void command(const struct box *box, const void *bytes, size_t len)
{
    /* pid 1 may be gone already: its end is what counts, and pidfd tells. */
    ssize_t ignored = write(box->control, bytes, len);
    (void)ignored;
}

static int clone_init(const struct plan *plan, const struct cgroup *cgroup,
                      const struct confine_pipes *pipes, struct box *box, struct error *err)
{
    struct clone3_args args = {
        .flags = BOX_NAMESPACES | CLONE_PIDFD,
        .pidfd = (uintptr_t)&box->pidfd,
        .exit_signal = SIGCHLD,
    };
    if (cgroup->v2 >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t)cgroup->v2;
    }
    box->pid = kernel_clone3(&args);
    if (box->pid < 0)
        return explain_namespaces(err);
    if (box->pid == 0)
        confine(plan, cgroup, pipes);
    return 0;
}

struct box box_none(void)
{
    return (struct box){ .pid = -1, .pidfd = -1, .control = -1, .report = -1, .counter = -1 };
}

int box_start(const struct plan *plan, const struct cgroup *cgroup, struct box *ret,
              struct error *err)
{
    struct confine_pipes pipes = { { -1, -1 }, { -1, -1 } };
    *ret = box_none();
    if (pipe2(pipes.control, O_CLOEXEC) < 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pipes.report) < 0) {
        int r = fail_host(err, "pipe");
        close_pair(pipes.control);
        close_pair(pipes.report);
        return r;
    }
    /* First, so that it gets ready while the box is made. */
    int r = plan->egress ? egress_start(plan->egress, &plan->identity, &ret->egress, err) : 0;
    if (plan->egress)
        mark("egress");
    /* Ours, and inherited: nothing of what we do ourselves is counted, because we execute no more,
     * and pid 1 need not wait for it. */
    if (plan->counters)
        counters_open(plan->counters);
    if (!cgroup_has_cpu(cgroup))
        ret->counter = counter_of_time(0);
    if (r == 0)
        r = clone_init(plan, cgroup, &pipes, ret, err);
    mark("clone");
    ret->control = fd_take(&pipes.control[1]);
    ret->report = fd_take(&pipes.report[0]);
    close_pair(pipes.control);
    close_pair(pipes.report);
    const char go = COMMAND_GO;
    /* While it waits for us, and may be looked into. */
    if (r == 0 && plan->standing)
        r = standing_note(plan->standing, ret->pid, err);
    if (r == 0 && !confine_maps_itself(plan)) {
        r = identity_map(&plan->identity, ret->pid, err);
        if (r == 0)
            command(ret, &go, 1);
    }
    mark("id maps");
    if (r == 0 && plan->egress) {
        r = egress_open(&ret->egress, ret->pidfd, err);
        if (r == 0)
            command(ret, &go, 1);
    }
    if (r < 0)
        box_done(ret);
    return r;
}

void box_kill(const struct box *box)
{
    const char kill_all = COMMAND_KILL;
    command(box, &kill_all, 1);
}

void box_signal(const struct box *box, int number)
{
    const unsigned char bytes[2] = { COMMAND_SIGNAL, (unsigned char)number };
    command(box, bytes, sizeof(bytes));
}

void box_dismiss(struct box *box)
{
    own_close(&box->control);
    box->control = -1;
}

void box_destroy(const struct box *box)
{
    if (box->pidfd >= 0)
        (void)kernel_pidfd_send_signal(box->pidfd, SIGKILL);
}

int box_hear(const struct box *box, enum report_kind wanted, struct error *err)
{
    struct report report;
    do {
        int fds[1] = { -1 };
        size_t count = 0;
        struct pollfd socket = { .fd = box->report, .events = POLLIN };
        int n = poll(&socket, 1, STAND_DEADLINE_MS);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail_host_as(err, ETIMEDOUT, "the box does not stand");
        ssize_t len =
            socket_receive(box->report, &report, sizeof(report), fds, COUNT(fds), &count, err);
        if (count > 0)
            close(fds[0]);
        if (len < 0)
            return (int)len;
        if (len != (ssize_t)sizeof(report))
            return fail_host_as(err, EIO, "the box: pid 1 died");
        if (report.kind == REPORT_FAULT)
            return explain_step(&report, err);
    } while (report.kind != wanted);
    return 0;
}

void box_reap(struct box *box, struct rusage *ret)
{
    *ret = (struct rusage){ 0 };
    if (box->stem)
        (void)branch_reap(box->stem, ret); /* a stem that is gone has taken it along */
    else
        while (wait4(box->pid, NULL, 0, ret) < 0 && errno == EINTR)
            ;
    box->pid = -1;
}

void box_done(struct box *box)
{
    egress_end(&box->egress, NULL);
    if (box->pid > 0) {
        struct rusage ignored;
        box_destroy(box);
        box_reap(box, &ignored);
    }
    own_close(&box->pidfd);
    own_close(&box->control);
    own_close(&box->report);
    own_close(&box->counter);
    *box = box_none();
}
