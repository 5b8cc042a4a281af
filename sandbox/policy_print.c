/* SPDX-License-Identifier: Apache-2.0 */
/* policy_print.c - `policy show`: a policy for people. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "filter.h"
#include "policy_words.h"
#include "str.h"
#include "syscalls.h"

static void print_list(const char *title, char *const *list, const char *none)
{
    printf("  %-18s", title);
    if (!list || !*list)
        printf(" %s", none);
    for (; list && *list; list++)
        printf(" %s", *list);
    putchar('\n');
}

/* The rest of a line, and the reason where there is one. */
static void print_why(const char *before, const char *why)
{
    if (why)
        printf("%s%s)", before, why);
    putchar('\n');
}

static void print_limits(const struct policy *policy)
{
    puts("\nlimits");
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        char text[32];
        uint64_t value = limit_get(&policy->limits, &limit_fields[i]);
        limit_print(value, limit_fields[i].unit, text);
        printf("  %-18s %s\n", limit_fields[i].name, value ? text : "nothing");
    }
    if (policy->grace_ms)
        printf("  %-18s %" PRIu64 " ms after TERM\n", "grace", policy->grace_ms);
    printf("  %-18s %s\n", "more output", policy->output_end ? "ends the run" : "is dropped");
}

static void print_files(const struct policy *policy)
{
    static const char *const kinds[] = {
        [FILE_READ] = "read",
        [FILE_WRITE] = "read and write",
        [FILE_SCRATCH] = "scratch",
        [FILE_PROC] = "own /proc",
        [FILE_DEV] = "made /dev",
        [FILE_DEVICE] = "device",
        [FILE_PROC_FULL] = "full /proc",
    };
    static const char *const modes[] = {
        [WORKSPACE_NONE] = "none",
        [WORKSPACE_READ] = "read",
        [WORKSPACE_WRITE] = "read and write",
        [WORKSPACE_OVERLAY_KEEP] = "changes are kept apart",
        [WORKSPACE_OVERLAY_DISCARD] = "changes are thrown away",
    };
    puts("\nfiles");
    for (size_t i = 0; i < policy->file_count; i++) {
        const struct file_rule *rule = &policy->files[i];
        printf("  %-18s %s", kinds[rule->kind], rule->path);
        if (rule->at)
            printf(" at %s", rule->at);
        print_why("  (", rule->why);
    }
    printf("  %-18s %s\n", "workspace", modes[policy->workspace]);
    if (policy->protect)
        print_list("  of it read-only", policy->protect, "");
}

static void print_network(const struct policy *policy)
{
    puts("\nnetwork");
    if (!policy->hosts_allowed)
        puts("  none");
    for (size_t i = 0; i < policy->host_count; i++) {
        printf("  %s", policy->hosts[i].name);
        if (policy->hosts[i].port)
            printf(":%u", policy->hosts[i].port);
        putchar('\n');
    }
    if (policy->hosts_private)
        puts("  private addresses too");
    if (policy->hosts_why)
        printf("  (%s)\n", policy->hosts_why);
}

static void print_environment(const struct policy *policy)
{
    puts("\nenvironment");
    print_list("set", policy->env_set, "nothing");
    print_list("accepted", policy->env_accept, "nothing");
    print_list("passed on", policy->env_pass, "nothing");
}

static void print_when(const struct syscall_when *when)
{
    printf(" [argument %u", when->argument);
    if (when->mask != UINT32_MAX && when->mask != UINT64_MAX && !when->any)
        printf(" & %#" PRIx64, when->mask);
    if (when->any)
        printf(" has any bit of %#" PRIx64 "]", when->mask);
    for (size_t i = 0; i < when->value_count; i++)
        printf("%s%#" PRIx64, i ? ", " : " is ", when->values[i]);
    if (!when->any)
        putchar(']');
}

static void print_rule(const struct groups *groups, const struct syscall_rule *rule)
{
    printf("  %s", rule->allow ? "allow" : "deny ");
    for (char *const *call = rule->calls; *call; call++)
        printf(" %s", *call);
    for (size_t i = 0; i < rule->when_count; i++)
        print_when(&rule->when[i]);
    if (!rule->allow)
        printf(" with %s", errno_name(rule->error));
    print_why("\n         (", rule->why);
    for (char *const *call = rule->calls; *call; call++) {
        const struct group *group = **call == '@' ? group_find(groups, *call) : NULL;
        if (group)
            printf("         %s: %zu calls, %s\n", group->name, list_len(group->calls),
                   group->help);
    }
}

static int print_syscalls(const struct sandbox *sandbox, const struct policy *policy,
                          struct error *err)
{
    const struct groups *groups = groups_get(sandbox, err);
    int reachable = groups ? filter_reachable(sandbox, policy, err) : -1;
    if (reachable < 0)
        return -err->code;
    printf("\nsystem calls: %d can be reached, all others answer %s\n", reachable,
           errno_name(policy->otherwise));
    for (size_t i = 0; i < policy->syscall_count; i++)
        print_rule(groups, &policy->syscalls[i]);
    return 0;
}

static int print_policy(const struct sandbox *sandbox, const struct policy *policy,
                        struct error *err)
{
    static const char *const starts[] = { "a fresh interpreter", "a started interpreter",
                                          "a forked interpreter" };
    autofree char *path = policy_plain_path(policy->source);
    printf("%s: %s\n%s\n", policy->name, policy->purpose ? policy->purpose : "(no purpose given)",
           path);
    print_limits(policy);
    print_files(policy);
    print_network(policy);
    print_environment(policy);
    puts("\nruns");
    print_list("must be on", policy->require, "nothing");
    printf("  %-18s %s\n", "start", starts[policy->start]);
    print_list("preload", policy->preload, "nothing");
    printf("  %-18s %s\n", "source packages",
           policy->builds_isolated ? "are built in a box" : "are refused");
    printf("  %-18s %s\n", "imports",
           policy->infer_known ? "of known packages are inferred" : "are not looked at");
    return print_syscalls(sandbox, policy, err);
}

static int show_text(const struct policy *policy, struct error *err)
{
    autofree char *text = NULL;
    size_t len;
    int r = policy_text(policy->source, &text, &len, err);
    if (r == 0)
        (void)fwrite(text, 1, len, stdout);
    return r;
}

int policy_show(const struct sandbox *sandbox, int argc, char *const *argv)
{
    bool filter = false, json = false;
    const char *name = NULL;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--filter") == 0)
            filter = true;
        else if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (argv[i][0] == '-' || name)
            return policy_complain(POLICY_HOST,
                                   "usage: cordon policy show [--filter | --json] NAME");
        else
            name = argv[i];
    }
    if (!name || (filter && json))
        return policy_complain(POLICY_HOST, "usage: cordon policy show [--filter | --json] NAME");
    struct error err;
    autopolicy struct policy *policy = NULL;
    int r = policy_named(sandbox, name, &policy, &err);
    if (r == 0)
        r = json     ? show_text(policy, &err)
            : filter ? filter_print(sandbox, policy, stdout, &err)
                     : print_policy(sandbox, policy, &err);
    return r < 0 ? policy_complain(POLICY_HOST, "%s", err.text) : POLICY_GOOD;
}
