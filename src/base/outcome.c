/* SPDX-License-Identifier: Apache-2.0 */
/* outcome.c - names and numbers of how a run ended. */
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include <cordon/outcome.h>

#include "str.h"

static const char *const end_names[END_COUNT] = {
    [END_EXITED] = "exited", [END_SIGNALLED] = "signalled", [END_WALL] = "wall",
    [END_CPU] = "cpu",       [END_MEMORY] = "memory",       [END_OUTPUT] = "output",
    [END_DISK] = "disk",     [END_CANCELLED] = "cancelled", [END_REFUSED] = "refused",
    [END_FAULT] = "fault",
};

static const char *const source_names[] = {
    [USAGE_CGROUP] = "cgroup",
    [USAGE_MIXED] = "mixed",
    [USAGE_SAMPLED] = "sampled",
};

static const char *const denied_names[DENIED_KINDS] = {
    [DENIED_SYSCALL] = "syscall",
    [DENIED_HOST] = "host",
    [DENIED_FILE] = "file",
};

/* strsignal() speaks prose; results carry the macro's name. */
static const char *const signal_names[] = {
    [SIGHUP] = "SIGHUP",       [SIGINT] = "SIGINT",       [SIGQUIT] = "SIGQUIT",
    [SIGILL] = "SIGILL",       [SIGTRAP] = "SIGTRAP",     [SIGABRT] = "SIGABRT",
    [SIGBUS] = "SIGBUS",       [SIGFPE] = "SIGFPE",       [SIGKILL] = "SIGKILL",
    [SIGUSR1] = "SIGUSR1",     [SIGSEGV] = "SIGSEGV",     [SIGUSR2] = "SIGUSR2",
    [SIGPIPE] = "SIGPIPE",     [SIGALRM] = "SIGALRM",     [SIGTERM] = "SIGTERM",
    [SIGSTKFLT] = "SIGSTKFLT", [SIGCHLD] = "SIGCHLD",     [SIGCONT] = "SIGCONT",
    [SIGSTOP] = "SIGSTOP",     [SIGTSTP] = "SIGTSTP",     [SIGTTIN] = "SIGTTIN",
    [SIGTTOU] = "SIGTTOU",     [SIGURG] = "SIGURG",       [SIGXCPU] = "SIGXCPU",
    [SIGXFSZ] = "SIGXFSZ",     [SIGVTALRM] = "SIGVTALRM", [SIGPROF] = "SIGPROF",
    [SIGWINCH] = "SIGWINCH",   [SIGIO] = "SIGIO",         [SIGPWR] = "SIGPWR",
    [SIGSYS] = "SIGSYS",
};

const char *end_name(enum end end)
{
    return end < END_COUNT ? end_names[end] : "unknown";
}

const char *usage_source_name(enum usage_source source)
{
    return source <= USAGE_SAMPLED ? source_names[source] : "unknown";
}

const char *signal_name(int number)
{
    return number > 0 && number < (int)COUNT(signal_names) ? signal_names[number] : NULL;
}

const char *denied_name(enum denied_what what)
{
    return what < DENIED_KINDS ? denied_names[what] : "unknown";
}

void outcome_deny(struct outcome *outcome, enum denied_what what, const char *name, uint64_t count)
{
    char plain[DENIED_NAME_MAX] = "";
    (void)printable(name, plain, sizeof(plain)); /* whatever a stranger called a thing */
    for (unsigned i = 0; i < outcome->denied_count; i++) {
        struct denied *known = &outcome->denied[i];
        if (known->what == what && strcmp(known->name, plain) == 0) {
            known->count += count;
            return;
        }
    }
    if (outcome->denied_count == DENIED_MAX) {
        outcome->denied_unlisted += count;
        return;
    }
    struct denied *added = &outcome->denied[outcome->denied_count++];
    added->what = what;
    added->count = count;
    memcpy(added->name, plain, sizeof(added->name));
}

enum end end_of_failure(enum blame blame, bool operator)
{
    return blame == BLAME_POLICY || (blame == BLAME_CALLER && !operator) ? END_REFUSED : END_FAULT;
}

int outcome_exit_code(const struct outcome *outcome)
{
    switch (outcome->end) {
    case END_EXITED:
        return outcome->code;
    case END_SIGNALLED:
        return 128 + outcome->code;
    case END_WALL:
    case END_CPU:
    case END_OUTPUT:
    case END_DISK:
        return 124;
    case END_MEMORY:
        return 137;
    case END_CANCELLED:
        return 130;
    case END_REFUSED:
        return 126;
    case END_FAULT:
    case END_COUNT:
        break;
    }
    return 125;
}
