/* SPDX-License-Identifier: Apache-2.0 */
/* policy_diff.c - `policy diff`: what one policy permits and another does not.
 *
 * Each policy is told as lines in sections; a difference is a line that only
 * one of them has. So nothing that is told can be left out of the comparison.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "filter_parts.h"
#include "policy_source.h"
#include "policy_words.h"
#include "str.h"
#include "syscalls.h"

enum section { LIMITS, FILES, NETWORK, ENVIRONMENT, WORKSPACE, REQUIRE, RUNS, CALLS, SECTIONS };

static const char *const titles[SECTIONS] = {
    [LIMITS] = "limits",       [FILES] = "files",
    [NETWORK] = "network",     [ENVIRONMENT] = "environment",
    [WORKSPACE] = "workspace", [REQUIRE] = "must be on",
    [RUNS] = "runs",           [CALLS] = "system calls",
};

struct told {
    char **lines[SECTIONS]; /* for people */
    char **keys[SECTIONS];  /* beside each: what it comes to, however a file writes it */
    int reachable;
};

static void told_done(struct told *told)
{
    for (size_t i = 0; i < SECTIONS; i++) {
        list_free(told->lines[i]);
        list_free(told->keys[i]);
    }
}

static void tell(struct told *told, enum section section, const char *fmt, ...) printf_like(3, 4);

static void tell(struct told *told, enum section section, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *line;
    if (vasprintf(&line, fmt, args) < 0)
        abort();
    va_end(args);
    list_add(&told->keys[section], line);
    list_add_owned(&told->lines[section], line);
}

static void tell_list(struct told *told, enum section section, const char *what, char *const *list)
{
    for (; list && *list; list++)
        tell(told, section, "%s%s", what, *list);
}

/* --- everything but system calls ---------------------------------------------- */

static void tell_limits(const struct policy *policy, struct told *told)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        char text[32];
        uint64_t value = limit_get(&policy->limits, &limit_fields[i]);
        limit_print(value, limit_fields[i].unit, text);
        tell(told, LIMITS, "%-18s %s", limit_fields[i].name, value ? text : "nothing");
    }
    tell(told, LIMITS, "%-18s %" PRIu64 " ms", "grace", policy->grace_ms);
    tell(told, LIMITS, "%-18s %s", "more output",
         policy->output_end ? "ends the run" : "is dropped");
}

static void tell_files(const struct policy *policy, struct told *told)
{
    static const char *const kinds[] = {
        [FILE_READ] = "read",      [FILE_WRITE] = "write", [FILE_SCRATCH] = "scratch",
        [FILE_PROC] = "proc",      [FILE_DEV] = "dev",     [FILE_DEVICE] = "device",
        [FILE_PROC_FULL] = "full",
    };
    for (size_t i = 0; i < policy->file_count; i++) {
        const struct file_rule *rule = &policy->files[i];
        bool moved = rule->at && strcmp(rule->at, rule->path) != 0;
        tell(told, FILES, "%-8s %s%s%s", kinds[rule->kind], rule->path, moved ? " at " : "",
             moved ? rule->at : "");
    }
}

static void tell_network(const struct policy *policy, struct told *told)
{
    if (!policy->hosts_allowed)
        tell(told, NETWORK, "none");
    for (size_t i = 0; i < policy->host_count; i++) {
        const struct host_rule *rule = &policy->hosts[i];
        if (rule->port)
            tell(told, NETWORK, "%s, port %u", rule->name, rule->port);
        else
            tell(told, NETWORK, "%s, ports 443 and 80", rule->name);
    }
    if (policy->hosts_private)
        tell(told, NETWORK, "private addresses too");
}

static void tell_runs(const struct policy *policy, struct told *told)
{
    static const char *const modes[] = {
        [WORKSPACE_NONE] = "none",
        [WORKSPACE_READ] = "ro",
        [WORKSPACE_WRITE] = "rw",
        [WORKSPACE_OVERLAY_KEEP] = "overlay-keep",
        [WORKSPACE_OVERLAY_DISCARD] = "overlay-discard",
    };
    static const char *const starts[] = {
        [START_SPAWN] = "spawn", [START_POOL] = "pool", [START_FORK] = "fork"
    };
    tell(told, WORKSPACE, "mode     %s", modes[policy->workspace]);
    tell_list(told, WORKSPACE, "protect  ", policy->protect);
    tell_list(told, ENVIRONMENT, "set     ", policy->env_set);
    tell_list(told, ENVIRONMENT, "accept  ", policy->env_accept);
    tell_list(told, ENVIRONMENT, "pass    ", policy->env_pass);
    tell_list(told, REQUIRE, "", policy->require);
    tell(told, RUNS, "builds   %s", policy->builds_isolated ? "isolated" : "none");
    tell(told, RUNS, "infer    %s", policy->infer_known ? "known" : "off");
    tell(told, RUNS, "start    %s", starts[policy->start]);
    tell_list(told, RUNS, "preload  ", policy->preload);
}

/* --- system calls --------------------------------------------------------------- */

static int order_values(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return *a < *b ? -1 : *a > *b;
}

/* Conditions by number, their values in order. */
static void add_key(struct str *key, const struct syscall_rule *rule, int otherwise)
{
    str_printf(key, " %d", rule_answer(rule, otherwise));
    for (unsigned argument = 0; argument < 6; argument++) {
        for (size_t i = 0; rule && i < rule->when_count; i++) {
            const struct syscall_when *when = &rule->when[i];
            if (when->argument != argument)
                continue;
            str_printf(key, "[%u%s%" PRIx64, argument, when->any ? "~" : "&", when->mask);
            autofree uint64_t *values = xcalloc(when->value_count + 1, sizeof(*values));
            for (size_t k = 0; k < when->value_count; k++)
                values[k] = when->values[k];
            qsort(values, when->value_count, sizeof(*values), order_values);
            for (size_t k = 0; k < when->value_count; k++)
                str_printf(key, " %" PRIx64, values[k]);
        }
    }
}

/* "socket: allow where argument 0 is AF_UNIX; else deny with EAFNOSUPPORT". A call that
 * is simply allowed is its name, and one that is answered as all others are is not told. */
static void tell_call(const struct policy_source *source, const struct call_table *table,
                      const struct call *call, struct told *told)
{
    int last = rule_answer(call->rules[call->rule_count - 1], table->otherwise);
    if (call->rule_count == 1 && last == table->otherwise)
        return;
    autofree char *name = syscall_name(call->number);
    struct str key = { 0 }, line = { 0 };
    str_puts(&key, name);
    str_puts(&line, name);
    for (size_t i = 0; i < call->rule_count; i++) {
        bool conditional = i + 1 < call->rule_count;
        add_key(&key, call->rules[i], table->otherwise);
        if (call->rule_count > 1 || last != 0)
            str_puts(&line, i == 0 ? ": " : conditional ? "; " : "; else ");
        if (conditional)
            policy_source_rule(source, call->rules[i], &line);
        else if (last != 0)
            str_printf(&line, "deny with %s", errno_name(last));
        else if (call->rule_count > 1)
            str_puts(&line, "allow");
    }
    list_add_owned(&told->keys[CALLS], str_take(&key));
    list_add_owned(&told->lines[CALLS], str_take(&line));
}

static int tell_calls(const struct sandbox *sandbox, const struct policy *policy, struct told *told,
                      struct error *err)
{
    autosource struct policy_source source = { 0 };
    struct call_table table = { 0 };
    int r = policy_source_open(policy, &source, err);
    if (r == 0)
        r = call_table_make(sandbox, policy, &table, err);
    if (r < 0)
        return r;
    tell(told, CALLS, "all others: deny with %s", errno_name(table.otherwise));
    for (size_t i = 0; i < table.count; i++) {
        tell_call(&source, &table, &table.calls[i], told);
        told->reachable += call_is_reachable(&table.calls[i]);
    }
    call_table_done(&table);
    return 0;
}

static int tell_policy(const struct sandbox *sandbox, const struct policy *policy,
                       struct told *told, struct error *err)
{
    tell_limits(policy, told);
    tell_files(policy, told);
    tell_network(policy, told);
    tell_runs(policy, told);
    return tell_calls(sandbox, policy, told, err);
}

/* --- the difference --------------------------------------------------------------- */

#define WIDTH        96
#define LIMIT_COLUMN 19 /* where the value stands in a line of a limit */

/* The names of what is simply allowed in one and not so in the other, side by side. */
static void print_words(char sign, const struct told *told, const struct told *other,
                        size_t section)
{
    size_t column = 0;
    char *const *line = told->lines[section], *const *key = told->keys[section];
    for (; line && *line; line++, key++) {
        if (strchr(*line, ' ') || list_has(other->keys[section], *key))
            continue;
        if (column > 0 && column + 1 + strlen(*line) > WIDTH) {
            putchar('\n');
            column = 0;
        }
        column += (size_t)(column > 0 ? printf(" %s", *line) : printf("%c %s", sign, *line));
    }
    if (column > 0)
        putchar('\n');
}

static void print_lines(char sign, const struct told *told, const struct told *other,
                        size_t section)
{
    char *const *line = told->lines[section], *const *key = told->keys[section];
    for (; line && *line; line++, key++)
        if (strchr(*line, ' ') && !list_has(other->keys[section], *key))
            printf("%c %s\n", sign, *line);
}

/* Both have each of them. */
static void print_limits(char *const *a, char *const *b)
{
    for (; a && b && *a && *b; a++, b++)
        if (strcmp(*a, *b) != 0)
            printf("  %s -> %s\n", *a, *b + LIMIT_COLUMN);
}

static bool same_section(const struct told told[2], size_t section)
{
    if (list_len(told[0].keys[section]) != list_len(told[1].keys[section]))
        return false;
    for (char *const *key = told[0].keys[section]; key && *key; key++)
        if (!list_has(told[1].keys[section], *key))
            return false;
    return true;
}

static int print_difference(const struct policy *const pair[2], const struct told told[2])
{
    int status = POLICY_GOOD;
    for (size_t section = 0; section < SECTIONS; section++) {
        if (same_section(told, section))
            continue;
        for (size_t i = 0; status == POLICY_GOOD && i < 2; i++) {
            autofree char *path = policy_plain_path(pair[i]->source);
            printf("%s %s, %s\n", i == 0 ? "---" : "+++", pair[i]->name, path);
        }
        status = POLICY_BAD;
        printf("\n%s", titles[section]);
        if (section == CALLS)
            printf(": %d can be reached, then %d", told[0].reachable, told[1].reachable);
        putchar('\n');
        if (section == LIMITS) {
            print_limits(told[0].lines[section], told[1].lines[section]);
            continue;
        }
        for (size_t i = 0; i < 2; i++) {
            print_words("-+"[i], &told[i], &told[1 - i], section);
            print_lines("-+"[i], &told[i], &told[1 - i], section);
        }
    }
    return status;
}

int policy_diff(const struct sandbox *sandbox, int argc, char *const *argv)
{
    if (argc != 2 || argv[0][0] == '-' || argv[1][0] == '-')
        return policy_complain(POLICY_HOST, "usage: cordon policy diff A B (names or files)");
    struct error err = { 0 };
    struct told told[2] = { 0 };
    autopolicy struct policy *a = NULL, *b = NULL;
    int r = policy_named(sandbox, argv[0], &a, &err);
    if (r == 0)
        r = policy_named(sandbox, argv[1], &b, &err);
    if (r == 0)
        r = tell_policy(sandbox, a, &told[0], &err);
    if (r == 0)
        r = tell_policy(sandbox, b, &told[1], &err);
    assert(r < 0 || (a && b));
    int status = r < 0 ? policy_complain(POLICY_HOST, "%s", err.text)
                       : print_difference((const struct policy *const[]){ a, b }, told);
    told_done(&told[0]);
    told_done(&told[1]);
    return status;
}
