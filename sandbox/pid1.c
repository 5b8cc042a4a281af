/* SPDX-License-Identifier: Apache-2.0 */
/* pid1.c - what pid 1 does whoever made its box. */
#include "pid1.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "cost.h"

/* Where the boot-time and monotonic clocks of a box begin. */
#define CLOCK_START_S 1

/* What the payload leaves behind may still hold some of its output (`... > >(tee log)`): so
 * long it gets to end by itself. Long for that, and short for whoever waits for the result. */
#define PARTING_NS (250 * NS_PER_MS)

/* --- telling ------------------------------------------------------------------ */

int pid1_send(int sock, const void *bytes, size_t len, int fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } room;
    struct iovec part = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    if (fd >= 0) {
        message.msg_control = &room;
        message.msg_controllen = sizeof(room);
        room.header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
                                        .cmsg_type = SCM_RIGHTS,
                                        .cmsg_len = CMSG_LEN(sizeof(int)) };
        memcpy(CMSG_DATA(&room.header), &fd, sizeof(int));
    }
    ssize_t sent;
    do
        sent = sendmsg(sock, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -1 : 0;
}

/* A supervisor that is gone takes us along. */
static void tell(const struct report *report)
{
    (void)pid1_send(REPORT_FD, report, sizeof(*report), -1);
}

_Noreturn void pid1_give_up(int report_fd, const char *step, const char *what)
{
    struct report report = { .kind = REPORT_FAULT, .code = errno };
    (void)snprintf(report.step, sizeof(report.step), "%s", step);
    (void)snprintf(report.what, sizeof(report.what), "%s", what);
    (void)pid1_send(report_fd, &report, sizeof(report), -1);
    _exit(125);
}

/* --- steps -------------------------------------------------------------------- */

int pid1_raise_loopback(void)
{
    int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
    if (sock < 0)
        return 0;
    /* Nothing is protected by it, and a kernel that forbids it must not forbid the box. */
    (void)ioctl(sock, SIOCSIFFLAGS, &request);
    return close(sock);
}

int pid1_shift_clocks(int64_t monotonic_s, int64_t boot_s, int64_t *ret)
{
    /* Only children enter the new namespace; offsets can be set until one does. */
    if (unshare(CLONE_NEWTIME) < 0)
        return errno == EINVAL ? 0 : -1; /* a kernel before 5.6 has none: plan says so in layers */
    char text[96];
    struct timespec boot, monotonic;
    (void)clock_gettime(CLOCK_BOOTTIME, &boot);
    (void)clock_gettime(CLOCK_MONOTONIC, &monotonic);
    int64_t shift_s = CLOCK_START_S - (monotonic.tv_sec - monotonic_s);
    int len = snprintf(text, sizeof(text), "monotonic %lld 0\nboottime %lld 0\n",
                       (long long)shift_s, (long long)(CLOCK_START_S - (boot.tv_sec - boot_s)));
    int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : write(fd, text, (size_t)len);
    int code = errno;
    if (fd >= 0)
        close(fd);
    errno = code;
    if (n < 0)
        return -1;
    *ret = shift_s;
    return 0;
}

static int set_limit(const struct plan_rlimit *wanted)
{
    struct rlimit limit = { wanted->value, wanted->value };
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)wanted->resource, &now) == 0 &&
        now.rlim_max < limit.rlim_max)
        limit.rlim_max = limit.rlim_cur = now.rlim_max;
    return setrlimit((__rlimit_resource_t)wanted->resource, &limit);
}

int pid1_limit(const struct plan_rlimit *limits, size_t count, bool open_files)
{
    for (size_t i = 0; i < count; i++)
        if ((limits[i].resource == RLIMIT_NOFILE) == open_files && set_limit(&limits[i]) < 0)
            return -1;
    return 0;
}

int pid1_filter(const struct sock_fprog *asking, const struct sock_fprog *plain)
{
    if (asking->len > 0 && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                   SECCOMP_FILTER_FLAG_NEW_LISTENER, asking) >= 0)
        return 0;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, plain, 0, 0);
}

/* --- commands and children ---------------------------------------------------- */

static void on_child(int number)
{
    (void)number; /* only to interrupt ppoll */
}

int pid1_heed_children(sigset_t *waiting)
{
    /* Blocked but for the wait in ppoll, so that no child's end is missed. */
    sigset_t block;
    sigemptyset(&block);
    sigaddset(&block, SIGCHLD);
    sigaddset(&block, cost_signal());
    struct sigaction action = { .sa_handler = on_child };
    if (sigprocmask(SIG_BLOCK, &block, waiting) < 0 || sigaction(SIGCHLD, &action, NULL) < 0)
        return -1;
    sigdelset(waiting, SIGCHLD);
    sigdelset(waiting, cost_signal());
    return 0;
}

static void kill_everyone(void)
{
    /* Atomic against fork: a process with a pending SIGKILL cannot make another. */
    (void)kill(-1, SIGKILL);
}

void pid1_tell_running(struct report *report)
{
    int listener = fcntl(LISTENER_FD, F_GETFD) < 0 ? -1 : LISTENER_FD;
    report->kind = REPORT_RUNNING;
    cost_running(report);
    if (pid1_send(REPORT_FD, report, sizeof(*report), listener) < 0)
        kill_everyone();
    if (listener >= 0)
        close(listener);
}

/* One command; false when there will be no more. */
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

/* Everybody in here descends from us, and orphans become our own: without a child there is nobody
 * to look for among all processes of the host. */
static _Noreturn void farewell(struct report report, bool left)
{
    if (left)
        kill_everyone();
    pid_t pid;
    while (left && ((pid = wait(NULL)) > 0 || errno == EINTR))
        report.left_behind += pid > 0;
    cost_end(&report);
    tell(&report);
    /* Its readings are taken while we use nothing, and its owner is told before our namespaces go.
     */
    char byte;
    while (read(CONTROL_FD, &byte, 1) > 0 || errno == EINTR)
        errno = 0;
    _exit(0);
}

/* Everybody who has ended. False when nobody is left. */
static bool reap(pid_t payload, struct report *report)
{
    int status;
    pid_t pid;
    uint64_t ended = 0;
    for (; (pid = waitpid(-1, &status, WNOHANG)) > 0; ended++)
        if (pid == payload) {
            report->status = status;
            report->ended_ns = cost_now();
        }
    /* Those it has never waited for became ours in the moment of its end. */
    if (report->ended_ns > 0)
        report->left_behind += ended;
    return pid == 0;
}

_Noreturn void pid1_reap(pid_t payload, struct report report, const sigset_t *waiting)
{
    struct pollfd control = { .fd = CONTROL_FD, .events = POLLIN };
    bool parting = false;
    report.kind = REPORT_ENDED;
    for (;;) {
        bool left = reap(payload, &report);
        uint64_t now = cost_now(), until = report.ended_ns + PARTING_NS;
        /* A payload that was killed (for its memory, say) has ended for all of them. */
        if (report.ended_ns > 0 && (!left || now >= until || !WIFEXITED(report.status)))
            farewell(report, left);
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
