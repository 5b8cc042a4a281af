/* SPDX-License-Identifier: Apache-2.0 */
/* init.c - pid 1 of a branch: waits for its order, makes the payload, reaps. It takes the same
 * commands and tells the same reports as confine.c's. */
#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
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
#include "clock.h"
#include "cost.h"
#include "kernel.h"

/* What stays open beside control and report, until there is a payload. */
#define KEPT_FD 16

/* As in confine.c. */
#define CLOCK_START_S 1
#define PARTING_NS    (250 * NS_PER_MS)

#define SECURE_BITS                                                                          \
    (SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |                         \
     SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | \
     SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

const char *branch_object = "";

static int ready[2];
static int64_t payload_shift_s;
static int64_t stem_shift_ns;
static volatile uint64_t script_read_ns;

/* --- telling ------------------------------------------------------------------------------ */

static uint64_t host_ns(void)
{
    return now_ns() - (uint64_t)stem_shift_ns;
}

static void tell_with(const struct report *report, int fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } room;
    struct iovec part = { .iov_base = (void *)(uintptr_t)report, .iov_len = sizeof(*report) };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    if (fd >= 0) {
        message.msg_control = &room;
        message.msg_controllen = sizeof(room);
        room.header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
                                        .cmsg_type = SCM_RIGHTS,
                                        .cmsg_len = CMSG_LEN(sizeof(int)) };
        memcpy(CMSG_DATA(&room.header), &fd, sizeof(int));
    }
    if (sendmsg(REPORT_FD, &message, MSG_NOSIGNAL) < 0)
        _exit(125); /* a keeper that is gone takes us along */
}

static void tell(const struct report *report)
{
    tell_with(report, -1);
}

_Noreturn void branch_give_up(const char *step)
{
    struct report report = { .kind = REPORT_FAULT, .code = errno };
    (void)snprintf(report.step, sizeof(report.step), "%s", step);
    (void)snprintf(report.what, sizeof(report.what), "%s", branch_object);
    tell(&report);
    _exit(125);
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

/* As in confine.c, but for the shift that the stem's clocks have already. */
static int shift_clocks(struct branch *branch)
{
    if (unshare(CLONE_NEWTIME) < 0)
        return errno == EINVAL ? 0 : -1;
    char text[96];
    struct timespec boot, monotonic;
    (void)clock_gettime(CLOCK_BOOTTIME, &boot);
    (void)clock_gettime(CLOCK_MONOTONIC, &monotonic);
    payload_shift_s = CLOCK_START_S - (monotonic.tv_sec - branch->clock_shift_s);
    int len = snprintf(text, sizeof(text), "monotonic %lld 0\nboottime %lld 0\n",
                       (long long)payload_shift_s,
                       (long long)(CLOCK_START_S - (boot.tv_sec - branch->boot_shift_s)));
    int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : write(fd, text, (size_t)len);
    if (fd >= 0)
        close(fd);
    return n < 0 ? -1 : 0;
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
    for (uint32_t i = 0; i < branch->order->rlimit_count; i++) {
        const struct plan_rlimit *wanted = &branch->order->rlimits[i];
        struct rlimit limit = { wanted->value, wanted->value }, now;
        if (wanted->resource == RLIMIT_NOFILE)
            continue;
        if (getrlimit((__rlimit_resource_t)wanted->resource, &now) == 0 &&
            now.rlim_max < limit.rlim_max)
            limit.rlim_max = limit.rlim_cur = now.rlim_max;
        if (setrlimit((__rlimit_resource_t)wanted->resource, &limit) < 0)
            return -1;
    }
    return 0;
}

static int drop_capabilities(struct branch *branch)
{
    (void)branch;
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[2] = { 0 };
    unsigned long cap = 0;
    while (prctl(PR_CAPBSET_DROP, cap) == 0)
        cap++;
    if (errno != EINVAL) /* what the kernel has no more of */
        return -1;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECUREBITS, SECURE_BITS) < 0)
        return -1;
    return (int)syscall(SYS_capset, &header, none);
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

static void on_child(int number)
{
    (void)number;
}

static void on_read(int number)
{
    (void)number;
    if (script_read_ns == 0)
        script_read_ns = host_ns();
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

static void tell_running(struct report *report)
{
    int listener = fcntl(LISTENER_FD, F_GETFD) < 0 ? -1 : LISTENER_FD;
    report->kind = REPORT_RUNNING;
    cost_running(report);
    tell_with(report, listener);
}

/* --- reaping: as in confine.c -------------------------------------------------------------- */

static void kill_everyone(void)
{
    (void)kill(-1, SIGKILL);
}

static bool obey(pid_t payload)
{
    unsigned char byte = 0;
    ssize_t n = read(CONTROL_FD, &byte, 1);
    if (n == 1 && byte == COMMAND_SIGNAL && read(CONTROL_FD, &byte, 1) == 1) {
        (void)kill(-payload, byte);
        return true;
    }
    if (n < 0 && errno == EINTR)
        return true;
    kill_everyone();
    return false;
}

static _Noreturn void farewell(struct report report)
{
    kill_everyone();
    pid_t pid;
    while ((pid = wait(NULL)) > 0 || errno == EINTR)
        report.left_behind += pid > 0;
    cost_end(&report);
    report.script_read_ns = script_read_ns;
    tell(&report);
    _exit(0);
}

static bool reap(pid_t payload, struct report *report)
{
    int status;
    pid_t pid;
    uint64_t ended = 0;
    for (; (pid = waitpid(-1, &status, WNOHANG)) > 0; ended++)
        if (pid == payload) {
            report->status = status;
            report->ended_ns = host_ns();
        }
    if (report->ended_ns > 0)
        report->left_behind += ended;
    return pid == 0;
}

static _Noreturn void reap_until(pid_t payload, struct report report, const sigset_t *waiting)
{
    struct pollfd control = { .fd = CONTROL_FD, .events = POLLIN };
    bool parting = false;
    for (;;) {
        bool left = reap(payload, &report);
        uint64_t now = host_ns(), until = report.ended_ns + PARTING_NS;
        if (report.ended_ns > 0 && (!left || now >= until || !WIFEXITED(report.status)))
            farewell(report);
        if (report.ended_ns > 0 && !parting) {
            struct report first = report;
            first.kind = REPORT_PARTING;
            tell(&first);
            parting = true;
        }
        struct timespec rest = { .tv_nsec = parting ? (long)(until - now) : 0 };
        if (ppoll(&control, 1, parting ? &rest : NULL, waiting) > 0 && !obey(payload))
            control.fd = -1;
    }
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
    stem_shift_ns = branch->clock_shift_s * (int64_t)NS_PER_S;
    branch_build(branch);
    if (close_the_rest(branch) < 0)
        branch_give_up("close the rest");
    tell(&(struct report){ .kind = REPORT_STANDING });
    if (receive_order(branch) < 0)
        branch_give_up("await order");
    cost_joined();                    /* what was used until now was not on the order's account */
    cost_init(branch->clock_shift_s); /* nor its time */
    branch_take(order_steps, sizeof(order_steps) / sizeof(*order_steps), false, branch);

    sigset_t block, waiting;
    sigemptyset(&block);
    sigaddset(&block, SIGCHLD);
    sigaddset(&block, cost_signal());
    struct sigaction child = { .sa_handler = on_child },
                     read_script = { .sa_handler = on_read, .sa_flags = SA_RESTART };
    if (sigprocmask(SIG_BLOCK, &block, &waiting) < 0 || sigaction(SIGCHLD, &child, NULL) < 0 ||
        sigaction(cost_signal(), &read_script, NULL) < 0 || make_ready_pipe() < 0)
        branch_give_up("signals");
    sigdelset(&waiting, SIGCHLD);
    sigdelset(&waiting, cost_signal());

    tell(&(struct report){ .kind = REPORT_STARTED });
    struct report report = { .started_ns = host_ns() };
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
        tell_running(&report);
    }
    (void)kernel_close_range(0, 2, 0);
    (void)kernel_close_range(LISTENER_FD, KEPT_FD - 1, 0);
    report.kind = REPORT_ENDED;
    reap_until(payload, report, &waiting);
}
