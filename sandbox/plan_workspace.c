/* SPDX-License-Identifier: Apache-2.0 */
/* plan_workspace.c - where the caller's directory stands in a box, and as what. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "chain.h"
#include "fd.h"
#include "kernel.h"
#include "plan_parts.h"
#include "str.h"
#include "upper.h"

/* Of a host with thousands of mounts. */
#define MOUNTINFO_BYTES_MAX (16 * 1024 * 1024)

/* What a run would hide from itself, or what is the kernel's own. */
static const char *const never_covered[] = { "/usr", "/proc", "/dev", "/etc", "/box", "/sys" };
static const char *const never_within[] = { "/proc", "/dev", "/sys", "/box", "/etc" };

int plan_workspace_place(const char *path, struct error *err)
{
    for (size_t i = 0; i < COUNT(never_covered); i++)
        if (path_within(never_covered[i], path))
            return fail_policy(err, EPERM, "directory %s would cover %s inside the box", path,
                               never_covered[i]);
    for (size_t i = 0; i < COUNT(never_within); i++)
        if (path_within(path, never_within[i]))
            return fail_policy(err, EPERM, "directory %s lies in the system directory %s", path,
                               never_within[i]);
    return 0;
}

int plan_shown_place(const char *path, const char *option, struct error *err)
{
    if (strcmp(path, "/") == 0)
        return fail_policy(err, EPERM,
                           "%s / would show all of the host: name the directories that the script "
                           "needs",
                           option);
    if (plan_device_name(path) || path_within(path, "/proc") || path_within(path, "/box"))
        return fail_policy(err, EPERM,
                           "%s %s: each box has its own /dev, /proc and /box; files and "
                           "directories elsewhere can be shown",
                           option, path);
    return 0;
}

static int add_readonly(int at, const char *inside, struct plan *plan, struct error *err)
{
    struct open_tree_request tree = { .host = inside,
                                      .inside = inside,
                                      .why = "protected",
                                      .at = at,
                                      .own = true,
                                      .as_owner = true };
    int r = plan_add_tree(&plan->identity, &plan->root, &tree, err);
    if (r == 0)
        plan->root.mounts[plan->root.mount_count - 1].owned = true;
    return r;
}

struct protection {
    const struct plan_request *request;
    struct plan *plan;
};

/* A directory on the way to something protected may be written, but whoever could rename it
 * would put another in its place. */
static void add_anchor(struct plan *plan, char *inside)
{
    if (plan_mounted(&plan->root, inside))
        free(inside);
    else
        mounts_add(&plan->root, MOUNT_ANCHOR, inside, -1, true, false);
}

static int protect_entry(void *context, const struct chain_entry *entry, struct error *err)
{
    struct protection *protection = context;
    if (entry->kind == CHAIN_MISSING)
        return 0;
    autofree char *inside = path_join(protection->request->workspace, entry->path);
    if (entry->kind != CHAIN_DIRECTORY)
        return add_readonly(entry->at, inside, protection->plan, err);
    add_anchor(protection->plan, TAKE(&inside));
    return 0;
}

/* What later runs code for its owner stays read-only where it is there already; what is a
 * mount point can neither be renamed nor removed, be it a link, or on the way that one leads. */
static int add_protected(const struct plan_request *request, int workspace, struct plan *plan,
                         struct error *err)
{
    struct protection protection = { request, plan };
    char *const *names = request->policy->protect;
    int r = 0;
    for (size_t i = 0; r == 0 && names && names[i]; i++)
        r = chain_walk(workspace, request->workspace, names[i], protect_entry, &protection, err);
    return r;
}

/* mountinfo writes a blank, tab, newline or backslash as three octal digits. */
static void unescape(char *path)
{
    char *out = path;
    for (char code[4] = ""; *path; out++) {
        if (path[0] == '\\' && path[1] && path[2] && path[3]) {
            memcpy(code, path + 1, 3);
            *out = (char)strtol(code, NULL, 8);
            path += 4;
        } else {
            *out = *path++;
        }
    }
    *out = '\0';
}

/* A layer covers one file system: what is mounted beneath the directory would be missing. */
static int no_mounts_beneath(const char *path, struct error *err)
{
    autofree char *table = NULL;
    int r = file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_BYTES_MAX, &table, NULL, err);
    if (r < 0)
        return r;
    char *rest = table;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char *word = NULL;
        for (int field = 0; field < 5; field++) /* the fifth is the mount point (proc(5)) */
            word = strsep(&line, " ");
        if (word)
            unescape(word);
        if (word && strcmp(word, path) != 0 && path_within(word, path))
            return fail_caller(err, EXDEV,
                               "directory %s: %s is mounted beneath it, which an overlay workspace "
                               "would not show: name a directory without mounts",
                               path, word);
    }
    return 0;
}

static int add_layers(const struct plan_request *request, int workspace, struct plan *plan,
                      struct error *err)
{
    int r = no_mounts_beneath(request->workspace, err);
    if (r < 0)
        return r;
    struct open_tree_request lower = { .host = request->workspace,
                                       .why = "directory",
                                       .at = workspace,
                                       .own = true,
                                       .as_owner = true,
                                       .overlay = true };
    r = plan_add_tree(&plan->identity, &plan->root, &lower, err);
    if (r < 0)
        return r;
    struct mount *mount = &plan->root.mounts[plan->root.mount_count - 1];
    return upper_make(&plan->identity, &plan->limits, workspace, &mount->upper, &plan->upper, err);
}

int plan_workspace(const struct plan_request *request, struct plan *plan, struct error *err)
{
    const struct policy *policy = request->policy;
    if (policy->workspace == WORKSPACE_NONE)
        return fail_policy(err, EPERM, "policy %s gives no workspace: run without a directory",
                           policy->name);
    int r = plan_workspace_place(request->workspace, err);
    if (r < 0)
        return r;
    autoclose int opened = -1;
    int at = request->workspace_fd;
    if (at < 0)
        at = opened = open(request->workspace, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return fail_caller(err, errno, "directory %s: %s", request->workspace, strerror(errno));
    if (workspace_is_layered(policy->workspace)) {
        r = add_layers(request, at, plan, err);
    } else {
        struct open_tree_request tree = { .host = request->workspace,
                                          .why = "directory",
                                          .at = at,
                                          .write = policy->workspace == WORKSPACE_WRITE,
                                          .own = true };
        r = plan_add_tree(&plan->identity, &plan->root, &tree, err);
    }
    if (r == 0 && policy->workspace != WORKSPACE_READ)
        r = add_protected(request, at, plan, err);
    return r;
}
