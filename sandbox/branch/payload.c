/* SPDX-License-Identifier: Apache-2.0 */
/* payload.c - the last steps of the process that becomes the script: those of confine.c's payload,
 * up to the return into Python where that one executes. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "branch.h"
#include "cost.h"
#include "kernel.h"

static const char *bytes_at(const struct branch *branch, uint32_t at)
{
    return branch->order->bytes + at;
}

/* Pid 1, whose copy it is, has hidden; a program that is executed would not be. */
static int show_itself(struct branch *branch)
{
    (void)branch;
    return prctl(PR_SET_DUMPABLE, 1);
}

static int own_session(struct branch *branch)
{
    (void)branch;
    return setsid() < 0 ? -1 : 0;
}

/* What the interpreter had set when it started, as it would have here. */
static int restore_signals(struct branch *branch)
{
    (void)signal(SIGCHLD, SIG_DFL);
    (void)signal(cost_signal(), SIG_DFL);
    for (int i = 1; i < NSIG; i++)
        if (branch->signals[i].sa_handler != SIG_DFL && sigaction(i, &branch->signals[i], NULL) < 0)
            return -1;
    sigset_t none;
    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL);
}

static int limit_open_files(struct branch *branch)
{
    return pid1_limit(branch->order->rlimits, branch->order->rlimit_count, true);
}

static int enter_directory(struct branch *branch)
{
    branch_object = bytes_at(branch, branch->order->cwd);
    int r = chdir(branch_object);
    if (r == 0)
        branch_object = "";
    return r;
}

static int lock_files(struct branch *branch)
{
    struct landlock_rule rules[LANDLOCK_RULES_MAX];
    for (uint32_t i = 0; i < branch->order->rule_count; i++)
        rules[i] =
            (struct landlock_rule){ .path = bytes_at(branch, branch->order->rules[i].path),
                                    .right = (enum landlock_right)branch->order->rules[i].right };
    return landlock_apply(branch->order->landlock, rules, branch->order->rule_count);
}

static int tell_cost(struct branch *branch)
{
    (void)branch;
    return cost_payload(NULL);
}

static struct sock_fprog program(const struct branch *branch, uint32_t at, unsigned short length)
{
    return (struct sock_fprog){ .len = length,
                                .filter = (struct sock_filter *)(uintptr_t)bytes_at(branch, at) };
}

static int filter_syscalls(struct branch *branch)
{
    const struct branch_order *order = branch->order;
    const struct sock_fprog asking = program(branch, order->asking, order->asking_length),
                            plain = program(branch, order->filter, order->filter_length);
    return pid1_filter(&asking, &plain);
}

static const struct branch_step steps[] = {
    { "show itself", show_itself },   { "own session", own_session },
    { "signals", restore_signals },   { "open files", limit_open_files },
    { "directory", enter_directory }, { "landlock", lock_files },
    { "costs", tell_cost },           { "system calls", filter_syscalls }, /* last, as ever */
};

void branch_confine_payload(struct branch *branch)
{
    branch_take(steps, sizeof(steps) / sizeof(*steps), true, branch);
}
