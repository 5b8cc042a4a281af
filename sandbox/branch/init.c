/* SPDX-License-Identifier: Apache-2.0 */
/* init.c - pid 1 of a branch: waits for its order, makes the payload, reaps. It takes the same
 * commands and tells the same reports as confine.c's (pid1.h). */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "branch.h"
#include "caps.h"
#include "cost.h"
#include "kernel.h"

/* What stays open beside control and report, until there is a payload. */
#define KEPT_FD 16

const char *branch_object = "";

static int ready[2];
static int64_t payload_shift_s;
/* --- telling ------------------------------------------------------------------------------ */

static void tell(enum report_kind kind)
{
    const struct report report = { .kind = kind };
    if (pid1_send(REPORT_FD, &report, sizeof(report), -1) < 0)
        _exit(125); /* a keeper that is gone takes us along */
}

_Noreturn void branch_give_up(const char *step)
{
    pid1_give_up(REPORT_FD, step, branch_object);
}

void branch_take(const struct branch_step *steps, unsigned count, bool inside,
                 struct branch *branch)
{
    for (unsigned i = 0; i < count; i++) {
        if (steps[i].take(branch) < 0)
            branch_give_up(steps[i].name);
        cost_step(steps[i].name, inside);
    }
}

/* --- standing ------------------------------------------------------------------------------ */

static int keep(int *fd)
{
    if (*fd < 0)
        return 0;
    int high = fcntl(*fd, F_DUPFD_CLOEXEC, KEPT_FD);
    if (high < 0)
        return -1;
    close(*fd);
    *fd = high;
    return 0;
}

/* Whatever the interpreter had open is none of a branch's business. */
static int close_the_rest(struct branch *branch)
{
    /* Those that have a high number already keep it no longer. */
    if (kernel_close_range(KEPT_FD, ~0U, 0) < 0)
        return -1;
    if (keep(&branch->top) < 0 || keep(&branch->script) < 0 || keep(&branch->script_directory) < 0)
        return -1;
    return kernel_close_range(REPORT_FD + 1, KEPT_FD - 1, 0);
}

/* --- the order ------------------------------------------------------------------------------ */

static int fds[BRANCH_FDS];

static int receive_order(struct branch *branch)
{
    (void)branch;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(fds))];
    } room;
    char byte;
    struct iovec part = { .iov_base = &byte, .iov_len = 1 };
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &room, .msg_controllen = sizeof(room)
    };
    ssize_t n;
    do
        n = recvmsg(REPORT_FD, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        _exit(0); /* nobody wants it any more */
    struct cmsghdr *header = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (!header || header->cmsg_len < CMSG_LEN(BRANCH_SCRIPT * sizeof(int))) {
        errno = n < 0 ? errno : EBADMSG;
        return -1;
    }
    memset(fds, -1, sizeof(fds));
    memcpy(fds, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
    return 0;
}

static int read_order(struct branch *branch)
{
    struct stat st;
    if (fstat(fds[BRANCH_ORDER], &st) < 0)
        return -1;
    void *bytes =
        mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fds[BRANCH_ORDER], 0);
    if (bytes == MAP_FAILED)
        return -1;
    branch->order = bytes;
    return 0;
}

static int copy_script(struct branch *branch)
{
    return branch_place_script(branch, fds[BRANCH_SCRIPT]);
}

static int shift_clocks(struct branch *branch)
{
    return pid1_shift_clocks(branch->clock_shift_s, branch->boot_shift_s, &payload_shift_s);
}

static int take_descriptors(struct branch *branch)
{
    (void)branch;
    for (int i = 0; i < 3; i++)
        if (dup2(fds[i], i) < 0)
            return -1;
    return kernel_close_range(REPORT_FD + 1, KEPT_FD - 1, 0);
}

static int set_limits(struct branch *branch)
{
    return pid1_limit(branch->order->rlimits, branch->order->rlimit_count, false);
}

static int drop_capabilities(struct branch *branch)
{
    (void)branch;
    return caps_drop_all();
}

static int forgo_privileges(struct branch *branch)
{
    (void)branch;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int hide_from_payload(struct branch *branch)
{
    (void)branch;
    return prctl(PR_SET_DUMPABLE, 0);
}

static const struct branch_step order_steps[] = {
    { "order", read_order },
    { "script", copy_script },
    { "size of scratch", branch_limit_scratch },
    { "clocks", shift_clocks },
    { "descriptors", take_descriptors },
    { "limits", set_limits },
    { "no new privileges", forgo_privileges },
    { "capabilities", drop_capabilities },
    { "hide from payload", hide_from_payload },
};

/* --- the payload's start --------------------------------------------------------------------- */

static void on_read(int number)
{
    (void)number;
    cost_script_read();
}

/* Whoever reads in the script's own directory is the interpreter (cost.c). */
static void watch_script(const struct branch *branch)
{
    if (branch->script_directory >= 0)
        (void)fcntl(branch->script_directory, F_NOTIFY, DN_ACCESS);
}

/* Shares our descriptors until it has loaded its filter, so that the listener is ours as well:
 * the filter need not allow anything for handing it over. libc's own fork would not share. */
static pid_t fork_sharing_files(const struct branch *branch)
{
    struct clone3_args args = { .flags = CLONE_FILES | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID,
                                .child_tid = (uintptr_t)branch->thread_id,
                                .exit_signal = SIGCHLD };
    return kernel_clone3(&args);
}

static int make_ready_pipe(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        ready[i] = fcntl(ends[i], F_DUPFD_CLOEXEC, LISTENER_FD + 1);
        if (ready[i] < 0)
            return -1;
    }
    return kernel_close_range(LISTENER_FD, LISTENER_FD, 0) < 0 ||
                   (ends[1] != LISTENER_FD && ends[1] != ready[0] && ends[1] != ready[1] &&
                    close(ends[1]) < 0)
               ? -1
               : 0;
}

/* Until it has its filter, or has failed. */
static bool await_ready(const sigset_t *waiting)
{
    struct pollfd wanted = { .fd = ready[0], .events = POLLIN };
    siginfo_t ended = { 0 };
    while (ppoll(&wanted, 1, NULL, waiting) <= 0)
        if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid > 0)
            return false;
    return true;
}

/* --- all of it -------------------------------------------------------------------------------- */

static void become_payload(struct branch *branch)
{
    const char byte = 'r';
    cost_forked();
    branch_confine_payload(branch);
    cost_execute();
    cost_forget();
    if (write(ready[1], &byte, 1) != 1 ||
        kernel_close_range(CONTROL_FD, ~0U, 1U << 1 /* CLOSE_RANGE_UNSHARE */) < 0)
        _exit(125);
}

void branch_init(struct branch *branch)
{
    static const struct plan watched_here = { .root = { .script = -1 } };
    branch_build(branch);
    if (close_the_rest(branch) < 0)
        branch_give_up("close the rest");
    tell(REPORT_STANDING);
    if (receive_order(branch) < 0)
        branch_give_up("await order");
    cost_joined();                    /* what was used until now was not on the order's account */
    cost_init(branch->clock_shift_s); /* nor its time */
    branch_take(order_steps, sizeof(order_steps) / sizeof(*order_steps), false, branch);

    sigset_t waiting;
    struct sigaction read_script = { .sa_handler = on_read, .sa_flags = SA_RESTART };
    if (pid1_heed_children(&waiting) < 0 || sigaction(cost_signal(), &read_script, NULL) < 0 ||
        make_ready_pipe() < 0)
        branch_give_up("signals");
    tell(REPORT_STARTED);
    struct report report = { .started_ns = cost_now() };
    cost_begin(&watched_here, payload_shift_s);
    watch_script(branch);
    pid_t payload = fork_sharing_files(branch);
    if (payload < 0)
        branch_give_up("fork");
    if (payload == 0) {
        become_payload(branch);
        return;
    }
    if (await_ready(&waiting)) {
        /* It takes leave of our descriptors at the same time: whoever comes second keeps them. */
        (void)unshare(CLONE_FILES);
        watch_script(branch); /* that ended with the leave, if it was first */
        pid1_tell_running(&report);
    }
    (void)kernel_close_range(0, 2, 0);
    (void)kernel_close_range(LISTENER_FD, KEPT_FD - 1, 0);
    pid1_reap(payload, report, &waiting);
}
