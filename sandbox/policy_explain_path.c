/* SPDX-License-Identifier: Apache-2.0 */
/* policy_explain_path.c - `policy explain` for a path: which rule shows it in a box, or that none
 * does. */
#include <errno.h>
#include <string.h>

#include "env.h"
#include "etc.h"
#include "plan.h"
#include "policy_explain.h"
#include "str.h"

static const char *inside(const struct file_rule *rule)
{
    return rule->at ? rule->at : rule->path;
}

/* --- what every box has ------------------------------------------------------- */

static const struct {
    const char *path, *says;
} own[] = {
    { INLINE_SCRIPT, "the script where it is given as code: read-only" },
    { ENVIRONMENT_INSIDE, "the prepared environment of a run that has one: read-only" },
};

static const char *own_place(const char *path)
{
    for (size_t i = 0; i < COUNT(own); i++)
        if (path_within(path, own[i].path))
            return own[i].says;
    switch (etc_whose(path)) {
    case ETC_MADE:
        return "made for each box; the host's own is not seen";
    case ETC_HOSTS:
        return "the host's, read-only, in every box: it names nobody";
    case ETC_NOBODYS:
        break;
    }
    return NULL;
}

/* --- rules -------------------------------------------------------------------- */

/* The rule whose place is the nearest above the path, or NULL. */
static const struct file_rule *rule_above(const struct policy *policy, const char *path)
{
    const struct file_rule *found = NULL;
    for (size_t i = 0; i < policy->file_count; i++) {
        const struct file_rule *rule = &policy->files[i];
        if (path_within(path, inside(rule)) &&
            (!found || strlen(inside(rule)) > strlen(inside(found))))
            found = rule;
    }
    return found;
}

/* Where on the host the path of a rule leads; the caller's. */
static char *host_path(const struct file_rule *rule, const char *path)
{
    return xasprintf("%s%s", rule->path, path + strlen(inside(rule)));
}

static const struct {
    const char *key, *says;
} kinds[] = {
    [FILE_READ] = { "read", "seen read-only" },
    [FILE_WRITE] = { "write", "seen, and may be written" },
    [FILE_SCRATCH] = { "scratch", "in memory: empty at first, may be written, gone at the end" },
    [FILE_PROC] = { "proc",
                    "of the box's own /proc: its processes, nothing of the kernel's settings" },
    [FILE_DEV] = { "dev", "of the box's own /dev" },
    [FILE_DEVICE] = { "device", "a device of the host" },
    [FILE_PROC_FULL] = { "proc", "of a full /proc: the box's processes, and of the kernel what it "
                                 "tells everybody" },
};

static void explain_rule(const struct policy_source *source, const struct file_rule *rule,
                         const char *path)
{
    bool from_host =
        rule->kind == FILE_READ || rule->kind == FILE_WRITE || rule->kind == FILE_DEVICE;
    autofree char *host = from_host ? host_path(rule, path) : NULL;
    bool missing = host && access(host, F_OK) < 0 && errno == ENOENT;
    if (rule->kind == FILE_DEV && !plan_device_name(path))
        printf("%s: not among what the box's own /dev has\n", path);
    else
        printf("%s: %s%s\n", path, kinds[rule->kind].says,
               missing ? ", but this host does not have it" : "");
    autofree char *place =
        xasprintf("files[%td].%s", rule - source->policy->files, kinds[rule->kind].key);
    autofree char *says = xasprintf("%s %s%s%s", kinds[rule->kind].key, rule->path,
                                    rule->at ? " at " : "", rule->at ? rule->at : "");
    explain_line(source, place, says, rule->why);
}

/* A directory that is there for what lies in it. */
static bool explain_above(const struct policy_source *source, const char *path)
{
    const struct policy *policy = source->policy;
    bool root = strcmp(path, "/") == 0,
         any = root || path_within("/etc", path) || path_within("/box", path);
    for (size_t i = 0; i < policy->file_count; i++)
        any = any || path_within(inside(&policy->files[i]), path);
    if (!any)
        return false;
    printf("%s: made for each box, read-only: it has what the rules put into it\n", path);
    for (size_t i = 0; !root && i < policy->file_count; i++) {
        const struct file_rule *rule = &policy->files[i];
        if (!path_within(inside(rule), path))
            continue;
        autofree char *place = xasprintf("files[%zu]", i);
        autofree char *says = xasprintf("%s %s", kinds[rule->kind].key, inside(rule));
        explain_line(source, place, says, rule->why);
    }
    return true;
}

/* A host's file that is seen under another name. */
static void explain_elsewhere(const struct policy_source *source, const char *path)
{
    const struct policy *policy = source->policy;
    for (size_t i = 0; i < policy->file_count; i++) {
        const struct file_rule *rule = &policy->files[i];
        if (!rule->at || !path_within(path, rule->path))
            continue;
        autofree char *place = xasprintf("files[%zu].at", i);
        autofree char *says =
            xasprintf("the host's %s is at %s%s inside", path, rule->at, path + strlen(rule->path));
        explain_line(source, place, says, rule->why);
    }
}

/* Can a caller's directory hold it, or be it? */
static bool workspace_may_hold(const char *path)
{
    struct error ignored;
    autofree char *parent = xstrndup(path, (size_t)(strrchr(path, '/') - path));
    return plan_workspace_place(path, &ignored) == 0 ||
           (*parent && plan_workspace_place(parent, &ignored) == 0);
}

static void explain_workspace(const struct policy_source *source, const char *path)
{
    static const char *const modes[] = {
        [WORKSPACE_NONE] = "no workspace: --directory is refused",
        [WORKSPACE_READ] = "a workspace (--directory) that holds it would show it, read-only",
        [WORKSPACE_WRITE] = "a workspace (--directory) that holds it would show it, to be written",
        [WORKSPACE_OVERLAY_KEEP] = "a workspace (--directory) that holds it would show it; what is "
                                   "written is kept apart, and applied after success",
        [WORKSPACE_OVERLAY_DISCARD] = "a workspace (--directory) that holds it would show it; what "
                                      "is written is thrown away",
    };
    if (!workspace_may_hold(path)) {
        puts("  (no workspace can lie there)");
        return;
    }
    explain_line(source, "workspace.mode", modes[source->policy->workspace], NULL);
    char *const *protect = source->policy->protect;
    if (source->policy->workspace <= WORKSPACE_READ || !protect || !*protect)
        return;
    autostr struct str names = { 0 };
    str_puts(&names, "at its top these stay read-only:");
    for (; *protect; protect++)
        str_printf(&names, " %s", *protect);
    explain_line(source, "workspace.protect", names.data, NULL);
}

/* --- links -------------------------------------------------------------------- */

/* Where /bin and its like lead on this host, as far as they are links; else NULL. */
static char *system_target(const char *path)
{
    const char *name = plan_system_name(path);
    char target[256];
    ssize_t n = name ? readlink(name, target, sizeof(target) - 1) : -1;
    if (n <= 0)
        return NULL;
    target[n] = '\0';
    return xasprintf("%s%s%s", target[0] == '/' ? "" : "/", target, path + strlen(name));
}

void explain_path(const struct policy_source *source, const char *path)
{
    const struct file_rule *rule = rule_above(source->policy, path);
    autofree char *target = rule ? NULL : system_target(path);
    const char *says = own_place(path);
    if (target) {
        printf("%s: %s is a link, as on this host\n", path, plan_system_name(path));
        explain_path(source, target);
    } else if (says) {
        printf("%s: %s\n", path, says);
    } else if (rule) {
        explain_rule(source, rule, path);
    } else if (plan_system_name(path)) {
        printf("%s: the host's, read-only, in every box\n", path);
    } else if (!explain_above(source, path)) {
        printf("%s: no rule shows it: in a box it does not exist\n", path);
        explain_elsewhere(source, path);
        explain_workspace(source, path);
    }
}
