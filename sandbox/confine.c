/* SPDX-License-Identifier: Apache-2.0 */
/* confine.c - the straight line from clone3 to execve, and pid 1.
 *
 * Nothing here decides anything: plan.c did. Each step is one attempt; the
 * first that fails is named in the report and nothing runs. The order is the
 * design, and where it matters the table says why.
 */
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#include "caps.h"
#include "clock.h"
#include "command_order.h"
#include "cost.h"
#include "fd.h"
#include "kernel.h"
#include "profile_program.h"
#include "terminal.h"

#define CONTROL_FD  3
#define REPORT_FD   4
#define LISTENER_FD 5

/* Where the boot-time and monotonic clocks of a box begin. */
#define CLOCK_START_S 1

/* What the payload leaves behind may still hold some of its output (`... > >(tee log)`): so
 * long it gets to end by itself. Long for that, and short for whoever waits for the result. */
#define PARTING_NS (250 * NS_PER_MS)

/* Its steps need a few KiB. */
#define PAYLOAD_STACK (64 * 1024)

static int control_fd, report_fd;
static const struct cgroup *groups;
static const char *step_object = "";
static struct command_order executed; /* the plan's own, or that of an order */
static int64_t clock_shift_s; /* the monotonic clock of the namespace is so far ahead of ours */

static void tell(const struct report *report)
{
    ssize_t ignored = write(report_fd, report, sizeof(*report));
    (void)ignored; /* a supervisor that is gone takes us along */
}

static _Noreturn void give_up(const char *step)
{
    struct report report = { .kind = REPORT_FAULT, .code = errno };
    (void)snprintf(report.step, sizeof(report.step), "%s", step);
    (void)snprintf(report.what, sizeof(report.what), "%s", step_object);
    tell(&report);
    _exit(125);
}

/* --- the steps of pid 1 ------------------------------------------------------- */

static int await_go(const struct plan *plan)
{
    (void)plan;
    char byte = 0;
    ssize_t n;
    do
        n = read(control_fd, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n == 1 && byte == COMMAND_GO)
        return 0;
    if (n >= 0)
        errno = ECANCELED;
    return -1;
}

static int await_proxy(const struct plan *plan)
{
    return plan->egress ? await_go(plan) : 0;
}

static int await_maps(const struct plan *plan)
{
    struct error err;
    if (!confine_maps_itself(plan))
        return await_go(plan);
    if (identity_map(&plan->identity, 0, &err) == 0)
        return 0;
    errno = err.code;
    return -1;
}

static int join_groups(const struct plan *plan)
{
    (void)plan;
    const char *refused = cgroup_join(groups);
    cost_joined();
    if (refused)
        step_object = refused;
    return refused ? -1 : 0;
}

static int take_identity(const struct plan *plan)
{
    /* A change of ids makes us undumpable, and our own /proc files root's; the
     * clocks are set through one of them. There is no payload yet to hide from. */
    return identity_assume(&plan->identity) < 0 ? -1 : prctl(PR_SET_DUMPABLE, 1);
}

static int new_session(const struct plan *plan)
{
    (void)plan;
    return setsid() < 0 ? -1 : 0;
}

static int name_host(const struct plan *plan)
{
    (void)plan;
    return sethostname("box", 3) < 0 || setdomainname("", 0) < 0 ? -1 : 0;
}

static int raise_loopback(const struct plan *plan)
{
    (void)plan;
    int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
    int r = sock < 0 ? -1 : ioctl(sock, SIOCSIFFLAGS, &request);
    own_close(&sock);
    /* Nothing is protected by it, and a kernel that forbids it must not forbid the box. */
    (void)r;
    return 0;
}

/* To the supervisor; ours is closed. */
static int hand_out(enum report_kind kind, int *fd)
{
    struct report report = { .kind = kind };
    struct error ignored;
    int r = socket_send(report_fd, &report, sizeof(report), fd, 1, &ignored);
    own_close(fd);
    return r < 0 ? -1 : 0;
}

static int build_root(const struct plan *plan)
{
    int script;
    int r = root_build(&plan->root, &script, &step_object);
    if (r < 0) {
        errno = -r;
        return -1;
    }
    step_object = "";
    return script < 0 ? 0 : hand_out(REPORT_SCRIPT, &script);
}

static int shift_clocks(const struct plan *plan)
{
    (void)plan;
    /* Only children enter the new namespace; offsets can be set until one does. */
    if (unshare(CLONE_NEWTIME) < 0)
        return errno == EINVAL ? 0 : -1; /* a kernel before 5.6 has none: plan says so in layers */
    char text[96];
    struct timespec boot, monotonic;
    (void)clock_gettime(CLOCK_BOOTTIME, &boot);
    (void)clock_gettime(CLOCK_MONOTONIC, &monotonic);
    int len = snprintf(text, sizeof(text), "monotonic %lld 0\nboottime %lld 0\n",
                       CLOCK_START_S - (long long)monotonic.tv_sec,
                       CLOCK_START_S - (long long)boot.tv_sec);
    int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : write(fd, text, (size_t)len);
    own_close(&fd);
    if (n < 0)
        return -1;
    clock_shift_s = CLOCK_START_S - (int64_t)monotonic.tv_sec;
    return 0;
}

static int close_the_rest(const struct plan *plan)
{
    /* pid 1 never execs, so close-on-exec would not save it: it closes. */
    int control = fcntl(control_fd, F_DUPFD_CLOEXEC, REPORT_FD + 1);
    int report = fcntl(report_fd, F_DUPFD_CLOEXEC, REPORT_FD + 1);
    int profile = plan->profile <= 0 ? -1 : fcntl(plan->profile, F_DUPFD_CLOEXEC, PROFILE_FD + 1);
    if (control < 0 || report < 0 || dup3(control, CONTROL_FD, O_CLOEXEC) < 0 ||
        dup3(report, REPORT_FD, O_CLOEXEC) < 0)
        return -1;
    control_fd = CONTROL_FD;
    report_fd = REPORT_FD;
    if (plan->profile <= 0)
        return kernel_close_range(REPORT_FD + 1, ~0U, 0);
    /* The one descriptor more that the payload is to have. */
    if (profile < 0 || dup2(profile, PROFILE_FD) < 0 ||
        kernel_close_range(REPORT_FD + 1, PROFILE_FD - 1, 0) < 0)
        return -1;
    return kernel_close_range(PROFILE_FD + 1, ~0U, 0);
}

/* Its leader is the supervisor's. */
static int take_terminal(const struct plan *plan)
{
    step_object = "/dev/ptmx";
    int leader = terminal_make(plan->screen);
    if (leader < 0 || hand_out(REPORT_TERMINAL, &leader) < 0)
        return -1;
    step_object = "";
    return 0;
}

static int take_descriptors(const struct plan *plan)
{
    if (plan->terminal)
        return take_terminal(plan);
    for (int i = 0; i < 3; i++)
        if (dup2(plan->stdio[i], i) < 0)
            return -1;
    return 0;
}

static int enter_cgroup_view(const struct plan *plan)
{
    (void)plan;
    return unshare(CLONE_NEWCGROUP);
}

static int die_with_launcher(const struct plan *plan)
{
    (void)plan;
    return prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static int set_limit(const struct plan_rlimit *wanted)
{
    struct rlimit limit = { wanted->value, wanted->value };
    struct rlimit now;
    /* As a user a hard limit below the policy's stays: lowering is all that is possible. */
    if (getrlimit((__rlimit_resource_t)wanted->resource, &now) == 0 &&
        now.rlim_max < limit.rlim_max)
        limit.rlim_max = limit.rlim_cur = now.rlim_max;
    return setrlimit((__rlimit_resource_t)wanted->resource, &limit);
}

static int set_limits(const struct plan *plan)
{
    for (size_t i = 0; i < plan->rlimit_count; i++)
        if (plan->rlimits[i].resource != RLIMIT_NOFILE && set_limit(&plan->rlimits[i]) < 0)
            return -1;
    return 0;
}

static int forgo_privileges(const struct plan *plan)
{
    (void)plan;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int drop_capabilities(const struct plan *plan)
{
    (void)plan;
    return caps_drop_all();
}

static int hide_from_payload(const struct plan *plan)
{
    (void)plan;
    /* Or the payload would reach our pipes through /proc/1/fd, or trace us. */
    return prctl(PR_SET_DUMPABLE, 0);
}

/* The last: what is made ahead of it is as it would be without. */
static int await_order(const struct plan *plan)
{
    if (!plan->ahead)
        return 0;
    tell(&(struct report){ .kind = REPORT_STANDING });
    return command_order_take(report_fd, &executed);
}

/* --- the steps of the payload -------------------------------------------------- */

static int own_session(const struct plan *plan)
{
    if (setsid() < 0)
        return -1;
    return plan->terminal ? ioctl(STDIN_FILENO, TIOCSCTTY, 0) : 0;
}

static int reset_signals(const struct plan *plan)
{
    (void)plan;
    /* Ignored signals survive exec; the kernel refuses KILL, STOP and libc's own. */
    for (int i = 1; i < NSIG; i++)
        (void)signal(i, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL);
}

/* pid 1 keeps what it inherited: it sends a descriptor, which a payload of another box of
 * the same user could else forbid (fd_limit_raise says how). */
static int limit_open_files(const struct plan *plan)
{
    for (size_t i = 0; i < plan->rlimit_count; i++)
        if (plan->rlimits[i].resource == RLIMIT_NOFILE && set_limit(&plan->rlimits[i]) < 0)
            return -1;
    return 0;
}

static int enter_directory(const struct plan *plan)
{
    step_object = plan->cwd;
    int r = chdir(plan->cwd);
    if (r == 0)
        step_object = "";
    return r;
}

static int lock_files(const struct plan *plan)
{
    return landlock_apply(plan->landlock, plan->rules, plan->rule_count);
}

static int filter_syscalls(const struct plan *plan)
{
    struct sock_fprog asking = { .len = plan->asking.length, .filter = plan->asking.program };
    /* The listener becomes LISTENER_FD, the lowest that is free; pid 1 finds it there. An
     * older kernel, or a box around us that listens already, makes it the plain filter. */
    if (asking.len > 0 && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                  SECCOMP_FILTER_FLAG_NEW_LISTENER, &asking) >= 0)
        return 0;
    struct sock_fprog program = { .len = plan->filter.length, .filter = plan->filter.program };
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

struct step {
    const char *name;
    int (*take)(const struct plan *plan);
};

static const struct step init_steps[] = {
    { "await id maps", await_maps },
    { "join groups", join_groups }, /* as whoever made them */
    { "identity", take_identity },  /* before the root: tmpfs refuses an unmapped owner */
    { "new session", new_session },
    { "host name", name_host },
    { "loopback", raise_loopback },
    { "build root", build_root },
    { "clocks", shift_clocks }, /* after /proc stands: the offsets are written there */
    { "descriptors", take_descriptors },
    { "close the rest", close_the_rest }, /* after the root: it is built from descriptors */
    { "await proxy", await_proxy },
    { "cgroup view", enter_cgroup_view },       /* after joining, or the path shows */
    { "die with launcher", die_with_launcher }, /* after identity, which would clear it */
    { "limits", set_limits },
    { "no new privileges", forgo_privileges },
    { "capabilities", drop_capabilities },
    { "hide from payload", hide_from_payload },
    { "await order", await_order },
};

/* Only on the payload: pid 1 must go on reaping and killing whatever the policy allows. */
static const struct step payload_steps[] = {
    { "own session", own_session },      { "signals", reset_signals },
    { "open files", limit_open_files },  { "directory", enter_directory },
    { "landlock", lock_files },          { "costs", cost_payload },
    { "system calls", filter_syscalls }, /* last: the steps above need what it forbids */
};

static int take(const struct step *step, const struct plan *plan)
{
    if (!plan->broken_step || strcmp(plan->broken_step, step->name) != 0)
        return step->take(plan);
    errno = EIO;
    return -1;
}

static void take_steps(const struct step *steps, size_t count, bool inside, const struct plan *plan)
{
    for (size_t i = 0; i < count; i++) {
        if (take(&steps[i], plan) < 0)
            give_up(steps[i].name);
        cost_step(steps[i].name, inside);
    }
}

const char *const *confine_steps(void)
{
    static const char *names[COUNT(init_steps) + COUNT(payload_steps) + 1];
    size_t n = 0;
    for (size_t i = 0; i < COUNT(init_steps); i++)
        names[n++] = init_steps[i].name;
    for (size_t i = 0; i < COUNT(payload_steps); i++)
        names[n++] = payload_steps[i].name;
    return names;
}

static _Noreturn void become_payload(const struct plan *plan)
{
    cost_forked();
    take_steps(payload_steps, COUNT(payload_steps), true, plan);
    int worst = ENOENT;
    cost_execute();
    for (char *const *path = executed.path; *path; path++) {
        (void)execve(*path, executed.argv, executed.env);
        if (errno != ENOENT && errno != ENOTDIR)
            worst = errno;
    }
    errno = worst;
    step_object = executed.argv[0];
    give_up("execve");
}

/* --- pid 1 ------------------------------------------------------------------- */

static void on_child(int number)
{
    (void)number; /* only to interrupt ppoll */
}

static void kill_everyone(void)
{
    /* Atomic against fork: a process with a pending SIGKILL cannot make another. */
    (void)kill(-1, SIGKILL);
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
            report->ended_ns = now_ns();
        }
    /* Those it has never waited for became ours in the moment of its end. */
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
        uint64_t now = now_ns(), until = report.ended_ns + PARTING_NS;
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

static int payload_begin(void *plan)
{
    become_payload(plan);
}

/* May the payload have our memory until it executes? It makes no copy of it then, which would take
 * longer than all of its steps. Before Linux 6.1 who has another's memory does not come into the
 * time namespace by its exec either; and a sanitizer knows of one stack only. */
static bool memory_is_lent(void)
{
#ifdef __SANITIZE_ADDRESS__
    return false;
#else
    struct utsname kernel;
    unsigned major, minor;
    return uname(&kernel) == 0 && sscanf(kernel.release, "%u.%u", &major, &minor) == 2 &&
           (major > 6 || (major == 6 && minor >= 1));
#endif
}

/* Until it executes, the payload shares our descriptors and we stand still: so the
 * listener that its filter makes is ours as well, and its filter need not allow a
 * single call for handing it over. */
static pid_t payload_start(const struct plan *plan, bool lent)
{
    static _Alignas(16) char stack[PAYLOAD_STACK];
    const int flags = CLONE_FILES | CLONE_VFORK | SIGCHLD;
    if (lent)
        return clone(payload_begin, stack + sizeof(stack), CLONE_VM | flags,
                     (void *)(uintptr_t)plan);
    pid_t pid = (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);
    if (pid == 0)
        become_payload(plan);
    return pid;
}

/* Says what the box has cost until now, and lets the listener go. */
static void tell_running(struct report *report)
{
    struct error ignored;
    int listener = fcntl(LISTENER_FD, F_GETFD) < 0 ? -1 : LISTENER_FD;
    report->kind = REPORT_RUNNING;
    cost_running(report);
    /* A supervisor that is gone takes us along. */
    if (socket_send(REPORT_FD, report, sizeof(*report), &listener, 1, &ignored) < 0)
        kill_everyone();
    own_close(&listener);
}

_Noreturn void confine(const struct plan *plan, const struct cgroup *cgroup,
                       const struct confine_pipes *pipes)
{
    cost_init(0);
    groups = cgroup;
    control_fd = pipes->control[0];
    report_fd = pipes->report[1];
    executed = (struct command_order){ .argv = plan->argv, .env = plan->env, .path = plan->path };
    /* Our copies of the supervisor's ends would hide its death from us. */
    close(pipes->control[1]);
    close(pipes->report[0]);
    take_steps(init_steps, COUNT(init_steps), false, plan);

    /* Blocked but for the wait in ppoll, so that no child's end is missed. */
    sigset_t block, waiting;
    sigemptyset(&block);
    sigaddset(&block, SIGCHLD);
    sigaddset(&block, cost_signal());
    struct sigaction action = { .sa_handler = on_child };
    if (sigprocmask(SIG_BLOCK, &block, &waiting) < 0 || sigaction(SIGCHLD, &action, NULL) < 0)
        give_up("signals");
    sigdelset(&waiting, SIGCHLD);
    sigdelset(&waiting, cost_signal());

    tell(&(struct report){ .kind = REPORT_STARTED });
    struct report report = { .started_ns = now_ns() };
    bool lent = memory_is_lent();
    cost_begin(plan, lent ? 0 : clock_shift_s);
    pid_t payload = payload_start(plan, lent);
    if (payload < 0)
        give_up("fork");
    tell_running(&report);
    /* The payload's ends of its pipes are its own: ours would keep them open. A terminal is
     * kept open, or its leader would see an end whenever nobody in here happens to have it. */
    (void)kernel_close_range(plan->terminal ? 1 : 0, 2, 0);
    if (plan->profile > 0)
        close(PROFILE_FD);
    report.kind = REPORT_ENDED;
    reap_until(payload, report, &waiting);
}
