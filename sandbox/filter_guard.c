/* SPDX-License-Identifier: Apache-2.0 */
/* filter_guard.c - does a policy's filter keep scripts from making setuid and device files?
 *
 * Through an id-mapped mount a box that is mapped to an ordinary id makes
 * files of the workspace's owner on the host's own disk. A setuid file there
 * is the owner's to anyone who runs it, and nosuid of the box's mount does not
 * help: only the filter does.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "filter_parts.h"
#include "str.h"
#include "syscalls.h"

#define MODES   (S_ISUID | S_ISGID)
#define CREATES (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))

/* Calls that give a file its mode. */
static const struct row {
    const char *call;
    unsigned mode;    /* the argument */
    unsigned flags;   /* the argument without whose bits the mode means nothing; 0: none */
    bool makes_nodes; /* may make device files */
} rows[] = {
    { "chmod", 1, 0, false },     { "fchmod", 1, 0, false }, { "fchmodat", 2, 0, false },
    { "fchmodat2", 2, 0, false }, { "mkdir", 1, 0, false },  { "mkdirat", 2, 0, false },
    { "creat", 1, 0, false },     { "open", 2, 1, false },   { "openat", 3, 2, false },
    { "mknod", 1, 0, true },      { "mknodat", 2, 0, true },
};

/* Calls whose mode stands where no filter can look. */
static const char *const unreadable[] = { "openat2", "io_uring_setup" };

static bool has_value(const struct syscall_when *when, uint64_t value)
{
    for (size_t i = 0; i < when->value_count; i++)
        if (when->values[i] == value)
            return true;
    return false;
}

/* Does this rule hold for every call that would set one of the bits? */
static bool covers_modes(const struct syscall_rule *rule, const struct row *row)
{
    for (size_t i = 0; i < rule->when_count; i++) {
        const struct syscall_when *when = &rule->when[i];
        uint64_t needed = when->argument == row->mode                      ? MODES
                          : row->flags > 0 && when->argument == row->flags ? CREATES
                                                                           : 0;
        if (needed == 0 || !when->any || (when->mask & needed) != needed)
            return false;
    }
    return true;
}

static bool covers_nodes(const struct syscall_rule *rule, const struct row *row)
{
    for (size_t i = 0; i < rule->when_count; i++) {
        const struct syscall_when *when = &rule->when[i];
        if (when->argument != row->mode || when->any || when->mask != S_IFMT ||
            !has_value(when, S_IFCHR) || !has_value(when, S_IFBLK))
            return false;
    }
    return true;
}

/* Rules are asked in order: the one that covers must stand before any that allows. */
static bool is_guarded(const struct call *call, const struct row *row,
                       bool (*covers)(const struct syscall_rule *, const struct row *))
{
    for (size_t i = 0; i < call->rule_count; i++) {
        const struct syscall_rule *rule = call->rules[i];
        if (!rule)
            return true;
        if (rule->allow)
            return false;
        if (covers(rule, row))
            return true;
    }
    return false;
}

static bool table_guards(const struct call_table *table)
{
    for (size_t i = 0; i < COUNT(unreadable); i++) {
        const struct call *call = call_table_find(table, syscall_number(unreadable[i]));
        if (call && call_is_reachable(call))
            return false;
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct call *call = call_table_find(table, syscall_number(rows[i].call));
        if (call && !is_guarded(call, &rows[i], covers_modes))
            return false;
        if (call && rows[i].makes_nodes && !is_guarded(call, &rows[i], covers_nodes))
            return false;
    }
    return true;
}

bool filter_guards_modes(const struct sandbox *sandbox, const struct policy *policy)
{
    struct call_table table;
    struct error ignored;
    if (policy->program_length > 0)
        return policy->guards_modes;
    if (call_table_make(sandbox, policy, &table, &ignored) < 0)
        return false;
    bool guards = table_guards(&table);
    call_table_done(&table);
    return guards;
}
