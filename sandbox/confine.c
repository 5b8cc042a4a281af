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

#include "caps.h"
#include "clock.h"
#include "command_order.h"
#include "cost.h"
#include "fd.h"
#include "kernel.h"
#include "pid1.h"
#include "profile_program.h"
#include "terminal.h"

/* Its steps need a few KiB. */
#define PAYLOAD_STACK (64 * 1024)

static int control_fd, report_fd;
static const struct cgroup *groups;
static const char *step_object = "";
static struct command_order executed; /* the plan's own, or that of an order */
static int64_t clock_shift_s; /* the monotonic clock of the namespace is so far ahead of ours */

static void tell(enum report_kind kind)
{
    const struct report report = { .kind = kind };
    (void)pid1_send(report_fd, &report, sizeof(report), -1); /* or we go with who is gone */
}

static _Noreturn void give_up(const char *step)
{
    pid1_give_up(report_fd, step, step_object);
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
    return pid1_raise_loopback();
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
    return pid1_shift_clocks(0, 0, &clock_shift_s);
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
    struct pollfd supervisor = { .fd = CONTROL_FD, .events = POLLIN };
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        return -1;
    if (poll(&supervisor, 1, 0) > 0 && (supervisor.revents & POLLHUP)) {
        errno = ECANCELED; /* it died before we could follow */
        return -1;
    }
    return 0;
}

static int set_limits(const struct plan *plan)
{
    return pid1_limit(plan->rlimits, plan->rlimit_count, false);
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
    tell(REPORT_STANDING);
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

static int limit_open_files(const struct plan *plan)
{
    return pid1_limit(plan->rlimits, plan->rlimit_count, true);
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
    const struct sock_fprog asking = { plan->asking.length, plan->asking.program },
                            plain = { plan->filter.length, plan->filter.program };
    return pid1_filter(&asking, &plain);
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

static int payload_begin(void *plan)
{
    become_payload(plan);
}

/* May the payload have our memory until it executes? It makes no copy of it then, which would take
 * longer than all of its steps. Before Linux 6.2 nobody who is to come into another time namespace
 * may have it (EINVAL, or its exec does not bring it there). A sanitizer knows one stack only. */
static bool memory_is_lent(void)
{
#ifdef __SANITIZE_ADDRESS__
    return false;
#else
    struct utsname kernel;
    unsigned major, minor;
    return uname(&kernel) == 0 && sscanf(kernel.release, "%u.%u", &major, &minor) == 2 &&
           (major > 6 || (major == 6 && minor >= 2));
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

    sigset_t waiting;
    if (pid1_heed_children(&waiting) < 0)
        give_up("signals");
    tell(REPORT_STARTED);
    struct report report = { .started_ns = now_ns() };
    bool lent = memory_is_lent();
    cost_begin(plan, lent ? 0 : clock_shift_s);
    pid_t payload = payload_start(plan, lent);
    if (payload < 0)
        give_up("fork");
    pid1_tell_running(&report);
    /* The payload's ends of its pipes are its own: ours would keep them open. A terminal is
     * kept open, or its leader would see an end whenever nobody in here happens to have it. */
    (void)kernel_close_range(plan->terminal ? 1 : 0, 2, 0);
    if (plan->profile > 0)
        close(PROFILE_FD);
    pid1_reap(payload, report, &waiting);
}
