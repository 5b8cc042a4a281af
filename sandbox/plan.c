/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - policy + request -> plan. Every decision is here. */
#include "plan.h"

#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "etc.h"
#include "fd.h"
#include "kernel.h"
#include "notify.h"
#include "plan_parts.h"
#include "profile_program.h"
#include "standing.h"
#include "str.h"

/* --- trees of the host ------------------------------------------------------ */

/* Trees that the host may have as links into /usr, or as directories of their own. */
static const char *const system_names[] = {
    "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"
};

const char *plan_system_name(const char *path)
{
    for (size_t i = 0; i < COUNT(system_names); i++)
        if (path_within(path, system_names[i]))
            return system_names[i];
    return NULL;
}

static const char *const device_nodes[] = { "/dev/null",   "/dev/zero",    "/dev/full",
                                            "/dev/random", "/dev/urandom", "/dev/tty" };

static const struct made_link dev_links[] = {
    { "/dev/fd", "/proc/self/fd" },       { "/dev/stdin", "/proc/self/fd/0" },
    { "/dev/stdout", "/proc/self/fd/1" }, { "/dev/stderr", "/proc/self/fd/2" },
    { "/dev/ptmx", "pts/ptmx" },
};

bool plan_device_name(const char *path)
{
    bool found = strcmp(path, "/dev") == 0 || path_within(path, "/dev/pts");
    for (size_t i = 0; i < COUNT(device_nodes); i++)
        found = found || strcmp(path, device_nodes[i]) == 0;
    for (size_t i = 0; i < COUNT(dev_links); i++)
        found = found || path_within(path, dev_links[i].path);
    return found;
}

static void link_add(struct root_plan *root, const char *path, const char *target)
{
    root->links[root->link_count++] = (struct made_link){ .path = path, .target = target };
}

bool plan_mounted(const struct root_plan *root, const char *inside)
{
    for (size_t i = 0; i < root->mount_count; i++)
        if (strcmp(root->mounts[i].inside, inside) == 0)
            return true;
    return false;
}

int plan_add_tree(const struct identity *identity, struct root_plan *root,
                  const struct open_tree_request *wanted, struct error *err)
{
    autoclose int tree = tree_clone(wanted->at, wanted->host);
    struct stat st;
    if (wanted->optional && tree == -ENOENT)
        return 0;
    if (tree < 0 || fstat(tree, &st) < 0)
        return fail_host(err, "%s %s", wanted->why, wanted->host);

    autoclose int idmap = -1;
    bool foreign = identity->root && wanted->own && st.st_uid != identity->uid;
    bool as_owner = wanted->write || wanted->as_owner || (st.st_mode & 05) != 05;
    if (foreign && as_owner) {
        idmap = identity_idmap(identity, st.st_uid, st.st_gid, err);
        if (idmap < 0)
            return idmap;
    }
    struct tree_options options = { .write = wanted->write,
                                    .no_execution = wanted->no_execution,
                                    .device = wanted->device,
                                    .idmap = idmap };
    int r = tree_confine(tree, &options, wanted->host, err);
    if (r < 0)
        return fail_within(err, "%s", wanted->why);
    mounts_add(root, wanted->overlay ? MOUNT_OVERLAY : MOUNT_TREE,
               xstrdup(wanted->inside ? wanted->inside : wanted->host), fd_take(&tree),
               S_ISDIR(st.st_mode), wanted->write || wanted->overlay);
    return 0;
}

/* /bin and its like as the host has them: a link stays a link. */
static int add_system_names(const struct identity *identity, struct root_plan *root,
                            struct error *err)
{
    static char targets[COUNT(system_names)][64];
    for (size_t i = 0; i < COUNT(system_names); i++) {
        const char *name = system_names[i];
        struct stat st;
        if (lstat(name, &st) < 0)
            continue;
        if (S_ISLNK(st.st_mode)) {
            ssize_t n = readlink(name, targets[i], sizeof(targets[i]) - 1);
            if (n <= 0)
                return fail_host(err, "read the link %s", name);
            targets[i][n] = '\0';
            link_add(root, name, targets[i]);
            continue;
        }
        struct open_tree_request tree = { .host = name, .why = "system directory", .at = -1 };
        int r = plan_add_tree(identity, root, &tree, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int add_dev(const struct identity *identity, struct root_plan *root, struct error *err)
{
    for (size_t i = 0; i < COUNT(device_nodes); i++) {
        struct open_tree_request tree = {
            .host = device_nodes[i], .why = "device", .at = -1, .device = true
        };
        int r = plan_add_tree(identity, root, &tree, err);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < COUNT(dev_links); i++)
        link_add(root, dev_links[i].path, dev_links[i].target);
    mounts_add(root, MOUNT_PTS, xstrdup("/dev/pts"), -1, true, false);
    return 0;
}

static int add_rule(const struct identity *identity, struct root_plan *root,
                    const struct file_rule *rule, struct error *err)
{
    const char *inside = rule->at ? rule->at : rule->path;
    switch (rule->kind) {
    case FILE_SCRATCH:
        if (!plan_mounted(root, inside))
            mounts_add(root, MOUNT_SCRATCH, xstrdup(inside), -1, true, true);
        return 0;
    case FILE_PROC:
        mounts_add(root, MOUNT_PROC, xstrdup(inside), -1, true, false);
        return 0;
    case FILE_PROC_FULL:
        mounts_add(root, MOUNT_PROC_FULL, xstrdup(inside), -1, true, false);
        return 0;
    case FILE_DEV:
        return add_dev(identity, root, err);
    case FILE_READ:
    case FILE_WRITE:
    case FILE_DEVICE:
        break;
    }
    /* To see less than is permitted harms nobody, and not every host has all of it. */
    struct open_tree_request tree = { .host = rule->path,
                                      .inside = inside,
                                      .why = "the policy's file",
                                      .at = -1,
                                      .optional = rule->kind == FILE_READ,
                                      .write = rule->kind == FILE_WRITE,
                                      .own = rule->kind == FILE_WRITE,
                                      .device = rule->kind == FILE_DEVICE };
    return plan_add_tree(identity, root, &tree, err);
}

/* --- the whole tree ---------------------------------------------------------- */

/* Absolute, and without a part that would lead up or nowhere. */
static int canonical(const char *path, const char *what, struct error *err)
{
    bool good = *path == '/' && path[1] != '\0' && !strstr(path, "//") && !ends_with(path, "/");
    for (const char *part = path; good && (part = strchr(part, '/')); part++) {
        size_t len = strcspn(part + 1, "/");
        good = !(len == 1 && part[1] == '.') && !(len == 2 && part[1] == '.' && part[2] == '.');
    }
    char shown[160];
    return good ? 0
                : fail_caller(err, EINVAL, "%s %s is not an absolute path without . and ..", what,
                              printable(path, shown, sizeof(shown)));
}

static int check_places(const struct root_plan *root, const struct plan_request *request,
                        struct error *err)
{
    int r = request->script_at ? canonical(request->script_at, "script", err) : 0;
    for (size_t i = 0; r == 0 && i < root->mount_count; i++)
        r = canonical(root->mounts[i].inside, "mount", err);
    return r;
}

static int by_path(const void *a, const void *b)
{
    /* A parent sorts before what lies beneath it. */
    return strcmp(((const struct mount *)a)->inside, ((const struct mount *)b)->inside);
}

static int add_binds(const struct identity *identity, struct root_plan *root,
                     const struct plan_request *request, struct error *err)
{
    for (size_t i = 0; i < request->bind_count; i++) {
        const struct plan_bind *bind = &request->binds[i];
        const char *inside = bind->inside ? bind->inside : bind->host;
        if (plan_mounted(root, inside))
            continue;
        struct open_tree_request tree = { .host = bind->host,
                                          .inside = inside,
                                          .why = bind->why,
                                          .at = -1,
                                          .write = bind->write,
                                          .no_execution = bind->no_execution,
                                          .own = bind->own };
        int r = bind->own && !bind->inside ? plan_shown_place(inside, bind->why, err) : 0;
        if (r == 0)
            r = plan_add_tree(identity, root, &tree, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Of a client nothing is shown, and no script of a client's covers what the box has made. */
static bool shown_by_operator(const struct plan_request *request, const char *path)
{
    for (size_t i = 0; path && i < request->bind_count; i++) {
        const struct plan_bind *bind = &request->binds[i];
        if (bind->own && !bind->inside && path_within(path, bind->host))
            return true;
    }
    return false;
}

static int plan_root(const struct plan_request *request, struct plan *plan, struct error *err)
{
    const struct identity *identity = &plan->identity;
    struct root_plan *root = &plan->root;
    /* The workspace first: a scratch directory of the same path gives way to it. */
    int r = request->workspace ? plan_workspace(request, plan, err) : 0;
    if (r == 0)
        r = add_binds(identity, root, request, err);
    for (size_t i = 0; r == 0 && i < request->policy->file_count; i++)
        r = add_rule(identity, root, &request->policy->files[i], err);
    if (r == 0)
        r = add_system_names(identity, root, err);
    if (r == 0)
        r = etc_add(root, err);
    if (r == 0)
        r = check_places(root, request, err);
    if (r < 0)
        return r;
    if (request->profile > 0)
        root->files[root->file_count++] = (struct made_file){ .path = PROFILE_FILE,
                                                              .text = xstrdup(profile_program),
                                                              .len = strlen(profile_program) };
    if (request->standing)
        root->files[root->file_count++] = (struct made_file){ .path = STANDING_FILE,
                                                              .text = xstrdup(standing_program),
                                                              .len = standing_program_len };
    qsort(root->mounts, root->mount_count, sizeof(*root->mounts), by_path);
    root->script = request->standing ? -1 : request->script;
    root->script_later = request->standing && request->script_at;
    root->script_at = request->script_at;
    root->script_covers = shown_by_operator(request, request->script_at);
    root->scratch_bytes = plan->limits.scratch_bytes;
    root->scratch_inodes = plan->limits.inodes;
    return 0;
}

/* --- Landlock, resource limits ------------------------------------------------ */

static int landlock_rule_add(struct plan *plan, const char *path, enum landlock_right right,
                             struct error *err)
{
    if (plan->rule_count == LANDLOCK_RULES_MAX)
        return fail_caller(err, E2BIG, "more than %d files in one box", LANDLOCK_RULES_MAX);
    plan->rules[plan->rule_count++] = (struct landlock_rule){ .path = path, .right = right };
    return 0;
}

static int plan_landlock(struct plan *plan, struct error *err)
{
    plan->landlock = landlock_abi();
    int r = landlock_rule_add(plan, "/", LANDLOCK_READ, err);
    if (r == 0)
        r = landlock_rule_add(plan, "/dev", LANDLOCK_DEVICE, err);
    for (size_t i = 0; r == 0 && i < plan->root.mount_count; i++)
        if (plan->root.mounts[i].write)
            r = landlock_rule_add(plan, plan->root.mounts[i].inside, LANDLOCK_WRITE, err);
    return r;
}

static void rlimit_add(struct plan *plan, int resource, uint64_t value)
{
    plan->rlimits[plan->rlimit_count++] =
        (struct plan_rlimit){ .resource = resource, .value = value };
}

void plan_leave_processes(struct plan *plan)
{
    for (size_t i = 0; i < plan->rlimit_count; i++)
        if (plan->rlimits[i].resource == RLIMIT_NPROC)
            plan->rlimits[i].value++;
}

rlim_t plan_cpu_seconds(const struct limits *limits)
{
    return (limits->cpu_ms + 999) / 1000 + 1;
}

static void plan_rlimits(struct plan *plan)
{
    const struct limits *limits = &plan->limits;
    rlimit_add(plan, RLIMIT_NOFILE, limits->open_files);
    /* Counted in the box's own user namespace alone; pid 1 is one of them. */
    rlimit_add(plan, RLIMIT_NPROC, limits->pids + 1);
    rlimit_add(plan, RLIMIT_FSIZE, limits->file_bytes);
    /* 1, not 0: 0 does not stop a core_pattern that pipes to a program of the host (core(5)). */
    rlimit_add(plan, RLIMIT_CORE, 1);
    /* The supervisor is exact; this holds if it should die. Per process, whole seconds. */
    rlimit_add(plan, RLIMIT_CPU, plan_cpu_seconds(limits));
    rlimit_add(plan, RLIMIT_MEMLOCK, 64 * 1024);
    rlimit_add(plan, RLIMIT_MSGQUEUE, 64 * 1024);
    rlimit_add(plan, RLIMIT_RTPRIO, 0);
    rlimit_add(plan, RLIMIT_NICE, 0);
    rlimit_add(plan, RLIMIT_SIGPENDING, 1024);
}

/* --- what is executed --------------------------------------------------------- */

/* execvp()'s search, decided here: the child only tries. */
static void plan_path(struct plan *plan)
{
    const char *name = plan->argv[0];
    if (strchr(name, '/')) {
        list_add(&plan->path, name);
        return;
    }
    const char *path = env_get(plan->env, "PATH");
    autofree char *copy = xstrdup(path ? path : "/usr/bin:/bin");
    char *rest = copy;
    for (char *dir; (dir = strsep(&rest, ":"));)
        list_add_owned(&plan->path, path_join(*dir ? dir : ".", name));
}

void plan_words(struct plan *plan, char *const *argv, char *const *env)
{
    plan->argv = argv;
    plan->env = env;
    list_free(plan->path);
    plan->path = NULL;
    plan_path(plan);
}

/* As root a writable tree is its owner's through an id-mapped mount. */
static int judge_writable(const struct sandbox *sandbox, const struct policy *policy,
                          const struct root_plan *root, struct error *err)
{
    for (size_t i = 0; i < root->mount_count; i++) {
        const struct mount *mount = &root->mounts[i];
        if (mount->kind == MOUNT_TREE && mount->write && !filter_guards_modes(sandbox, policy))
            return fail_policy(err, EPERM,
                               "policy %s lets scripts make setuid or device files, so that %s "
                               "cannot be writable",
                               policy->name, mount->inside);
    }
    return 0;
}

/* It is made from the box's own devpts, so that no terminal of the host is ever inside. */
static int plan_terminal(const struct plan_request *request, struct plan *plan, struct error *err)
{
    if (!request->terminal)
        return 0;
    plan->terminal = true;
    plan->screen = *request->terminal;
    for (size_t i = 0; i < plan->root.mount_count; i++)
        if (plan->root.mounts[i].kind == MOUNT_PTS)
            return 0;
    return fail_policy(err, ENXIO, "policy %s has no \"dev\" among its files, and so no terminals",
                       request->policy->name);
}

int plan_make(const struct sandbox *sandbox, const struct plan_request *request,
              const struct identity *identity, struct plan *ret, struct error *err)
{
    *ret = (struct plan){
        .identity = *identity,
        .limits = request->limits,
        .cwd = request->cwd ? request->cwd : SCRATCH_HOME,
        .egress = request->egress,
    };
    ret->root.script = ret->upper = -1;
    ret->standing = request->standing;
    ret->ahead = request->ahead;
    ret->profile = request->standing ? request->standing->theirs : request->profile;
    memcpy(ret->stdio, request->stdio, sizeof(ret->stdio));
    int r = filter_for(sandbox, request->policy, &ret->filter, err);
    if (r == 0 && request->count_denied)
        r = notify_variant(&ret->filter, &ret->asking, err);
    if (r == 0)
        r = plan_root(request, ret, err);
    if (r == 0)
        r = plan_terminal(request, ret, err);
    if (r == 0 && identity->root)
        r = judge_writable(sandbox, request->policy, &ret->root, err);
    if (r == 0)
        r = plan_landlock(ret, err);
    if (r < 0) {
        plan_done(ret);
        return r;
    }
    plan_rlimits(ret);
    if (!request->ahead)
        plan_words(ret, request->argv, request->env);
    return 0;
}

void plan_done(struct plan *plan)
{
    root_plan_done(&plan->root);
    own_close(&plan->upper);
    plan->upper = -1;
    filter_done(&plan->filter);
    filter_done(&plan->asking);
    list_free(plan->path);
    plan->path = NULL;
}

const char *plan_scratch(const struct plan *plan)
{
    for (size_t i = 0; i < plan->root.mount_count; i++)
        if (plan->root.mounts[i].kind == MOUNT_SCRATCH)
            return plan->root.mounts[i].inside;
    return NULL;
}
