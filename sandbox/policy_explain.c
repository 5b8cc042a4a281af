/* SPDX-License-Identifier: Apache-2.0 */
/* policy_explain.c - `policy explain`: which rule says so, where it stands, and why. */
#include "policy_explain.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "egress_order.h"
#include "filter_parts.h"
#include "host.h"
#include "str.h"
#include "syscalls.h"

#define USUAL_PORT 443 /* of a rule without one */

void explain_line(const struct policy_source *source, const char *path, const char *says,
                  const char *why)
{
    printf("  line %-4u %s\n", policy_source_line(source, "%s", path), says);
    if (why)
        printf("            %s\n", why);
}

/* --- a system call ---------------------------------------------------------- */

/* The group through which a rule speaks of a call; NULL where it names it. */
static const struct group *group_between(const struct groups *groups,
                                         const struct syscall_rule *rule, int number)
{
    const struct group *found = NULL;
    for (char *const *name = rule->calls; *name; name++) {
        const struct group *group = **name == '@' ? group_find(groups, *name) : NULL;
        if (!group && syscall_number(*name) == number)
            return NULL;
        for (char *const *call = group ? group->calls : NULL; call && *call; call++)
            if (syscall_number(*call) == number)
                found = group;
    }
    return found;
}

void explain_call_rule(const struct policy_source *source, const struct groups *groups,
                       const struct syscall_rule *rule, int number)
{
    autostr struct str says = { 0 };
    autofree char *path = NULL;
    if (!rule) {
        str_printf(&says, "deny with %s: no rule allows it", errno_name(source->policy->otherwise));
        explain_line(source, "syscalls.otherwise", says.data, NULL);
        return;
    }
    path = xasprintf("syscalls.rules[%zu]", policy_source_number(source, rule));
    policy_source_rule(source, rule, &says);
    const struct group *group = group_between(groups, rule, number);
    if (group)
        str_printf(&says, ", as one of %s (%s)", group->name, group->help);
    explain_line(source, path, says.data, rule->why);
}

/* What no rule can say about a call. */
static const struct {
    const char *name, *note;
} notes[] = {
    { "execve", "the filter is on before the program starts: without it nothing runs" },
    { "clone3", "each new thread tries it first; a denial of it is not counted" },
};

static int explain_call(const struct sandbox *sandbox, const struct policy_source *source,
                        const char *name, int number, struct error *err)
{
    const struct groups *groups = groups_get(sandbox, err);
    struct call_table table = { 0 };
    int r = groups ? call_table_make(sandbox, source->policy, &table, err) : -err->code;
    if (r < 0)
        return r;
    const struct syscall_rule *none[] = { NULL };
    const struct call unnamed = { .number = number, .rules = none, .rule_count = 1 };
    const struct call *call = call_table_find(&table, number);
    if (!call)
        call = &unnamed;
    int answer = rule_answer(call->rules[0], table.otherwise);
    if (call->rule_count > 1)
        printf("%s: depends on its arguments: the first of these that holds decides\n", name);
    else if (answer == 0)
        printf("%s: allowed\n", name);
    else
        printf("%s: denied, with %s\n", name, errno_name(answer));
    for (size_t i = 0; i < call->rule_count; i++)
        explain_call_rule(source, groups, call->rules[i], number);
    for (size_t i = 0; i < COUNT(notes); i++)
        if (strcmp(notes[i].name, name) == 0)
            printf("  (%s)\n", notes[i].note);
    call_table_done(&table);
    return 0;
}

/* --- a host ----------------------------------------------------------------- */

/* Without a port the question is whether it can be reached at all. */
static bool permits(const struct host_rule *rule, const struct host *host)
{
    struct host at = *host;
    if (at.port == 0)
        at.port = rule->port ? rule->port : USUAL_PORT;
    return egress_rule_permits(rule, &at);
}

static bool names(const struct host_rule *rule, const struct host *host)
{
    struct host anywhere = *host;
    anywhere.port = 0;
    return permits(rule, &anywhere);
}

static void explain_host_rule(const struct policy_source *source, size_t number)
{
    const struct policy *policy = source->policy;
    const struct host_rule *rule = &policy->hosts[number];
    autofree char *path = xasprintf("network.hosts[%zu]", number);
    autofree char *ports =
        rule->port ? xasprintf("port %u", rule->port) : xstrdup("ports 443 and 80");
    autofree char *says = xasprintf("%s, %s", rule->name, ports);
    explain_line(source, path, says, policy->hosts_why);
}

static void explain_host(const struct policy_source *source, const char *name,
                         const struct host *host)
{
    const struct policy *policy = source->policy;
    size_t found = 0;
    while (found < policy->host_count && !permits(&policy->hosts[found], host))
        found++;
    if (!policy->hosts_allowed) {
        printf("%s: refused\n", name);
        explain_line(source, "network", "network is \"none\"", NULL);
    } else if (found == policy->host_count) {
        printf("%s: refused\n", name);
        explain_line(source, "network.hosts", "no rule names it", NULL);
        for (size_t i = 0; i < policy->host_count; i++)
            if (names(&policy->hosts[i], host))
                explain_host_rule(source, i);
    } else {
        printf("%s: may be reached\n", name);
        for (size_t i = found; i < policy->host_count; i++)
            if (permits(&policy->hosts[i], host))
                explain_host_rule(source, i);
        explain_line(source, "network.private",
                     policy->hosts_private ? "at private and loopback addresses too"
                                           : "at public addresses only",
                     NULL);
    }
}

/* Whatever a policy says, a box has a loopback of its own. */
static bool is_loopback(const struct host *host)
{
    return strcmp(host->name, "localhost") == 0 || strcmp(host->name, "::1") == 0 ||
           (host->kind == HOST_IPV4 && starts_with(host->name, "127."));
}

/* --- which of them ------------------------------------------------------------ */

/* A word without a dot or a port is a host only where it is known for one. */
static bool is_host(const struct policy *policy, const char *name, struct host *ret)
{
    if (!host_parse(name, strlen(name), ret) || ret->kind == HOST_BELOW)
        return false;
    bool known = strpbrk(name, ".:") || strcmp(ret->name, "localhost") == 0;
    for (size_t i = 0; i < policy->host_count; i++)
        known = known || strcmp(policy->hosts[i].name, ret->name) == 0;
    return known;
}

static int explain_what(const struct sandbox *sandbox, const struct policy_source *source,
                        const char *what)
{
    struct error err = { 0 };
    struct host host;
    char shown[120];
    (void)printable(what, shown, sizeof(shown));
    int number = syscall_number(what);
    if (what[0] == '/') {
        autofree char *path = xstrdup(what);
        for (size_t len = strlen(path); len > 1 && path[len - 1] == '/'; len--)
            path[len - 1] = '\0';
        if (!path_is_plain(path))
            return policy_complain(POLICY_HOST,
                                   "%s: a path without \".\", \"..\" and \"//\" is wanted", shown);
        explain_path(source, path);
        return POLICY_GOOD;
    }
    if (number == SYSCALL_ELSEWHERE) {
        printf("%s: a system call of other architectures; calls of those end the process\n", what);
        return POLICY_GOOD;
    }
    if (number >= 0)
        return explain_call(sandbox, source, what, number, &err) < 0
                   ? policy_complain(POLICY_HOST, "%s", err.text)
                   : POLICY_GOOD;
    if (is_host(source->policy, what, &host)) {
        explain_host(source, shown, &host);
        if (is_loopback(&host))
            puts("  (inside, it is the box's own loopback: what the script itself listens on)");
        return POLICY_GOOD;
    }
    return policy_complain(POLICY_HOST,
                           "\"%s\" is no system call, no host (name.org, name.org:443) and no "
                           "absolute path",
                           shown);
}

int policy_explain(const struct sandbox *sandbox, int argc, char *const *argv)
{
    if (argc != 2 || argv[0][0] == '-')
        return policy_complain(POLICY_HOST, "usage: cordon policy explain NAME SYSCALL|PATH|HOST");
    struct error err = { 0 };
    autopolicy struct policy *policy = NULL;
    autosource struct policy_source source = { 0 };
    if (policy_named(sandbox, argv[0], &policy, &err) < 0 ||
        policy_source_open(policy, &source, &err) < 0)
        return policy_complain(POLICY_HOST, "%s", err.text);
    int status = explain_what(sandbox, &source, argv[1]);
    if (status == POLICY_GOOD) {
        autofree char *path = policy_plain_path(policy->source);
        printf("policy %s, %s\n", policy->name, path);
    }
    return status;
}
