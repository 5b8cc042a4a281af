/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox.c - start of every cordon-sandbox process: who, where, with what. */
#include "sandbox.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "explain.h"
#include "fd.h"
#include "hatch.h"
#include "identity.h"
#include "ids.h"
#include "kernel.h"
#include "roots.h"
#include "self.h"
#include "str.h"

const char *env_get(char *const *list, const char *name)
{
    size_t len = strlen(name);
    const char *value = NULL; /* the last one wins, as with a shell's assignments */
    for (size_t i = 0; list && list[i]; i++)
        if (strncmp(list[i], name, len) == 0 && list[i][len] == '=')
            value = list[i] + len + 1;
    return value;
}

static void find_policies(struct sandbox *sandbox, const char *option)
{
    autofree char *program = NULL;
    struct error ignored;
    (void)!self_find(&program, &ignored);
    sandbox->policy_dirs = policy_directories(option, program);
}

/* Whom a command line is compared with (hatch.h). */
static void find_footing(struct sandbox *sandbox)
{
    const struct footing_of of = { .program = "/proc/self/exe",
                                   .configuration = sandbox->config.source,
                                   .policy_dirs = sandbox->policy_dirs };
    footing_find(&of, &sandbox->footing);
    sandbox->rights = hatch_rights();
}

static int open_state(struct sandbox *sandbox, const char *option, struct error *err)
{
    autofree char *state = NULL;
    int r = state_directory(option, &sandbox->config, &state, err);
    if (r < 0)
        return r;
    sandbox->state = path_join(state, "gate");
    if (mkdir(sandbox->state, 0700) < 0 && errno != EEXIST)
        return fail_host(err, "make %s", sandbox->state);
    sandbox->state_fd = open(sandbox->state, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (sandbox->state_fd < 0 || fstat(sandbox->state_fd, &st) < 0)
        return fail_host(err, "open %s", sandbox->state);
    if (st.st_uid != geteuid() || (st.st_mode & 022))
        return fail_host_as(err, EPERM, "%s must belong to whoever runs cordon, and to nobody else",
                            sandbox->state);
    return 0;
}

/* Nothing can be kept, and what lies there is not trusted: all that is asked for is found out
 * anew each time, and environments cannot be made. A server serves on; a person is told. */
static int do_without_state(struct sandbox *sandbox, const struct error *err)
{
    bool full = err->code == EROFS || err->code == ENOSPC || err->code == EDQUOT;
    if (sandbox->oneshot && !full)
        return -err->code;
    log_event(LOG_WARN, "state-not-kept", KV("reason", err->text));
    own_close(&sandbox->state_fd);
    sandbox->state_fd = -1;
    free(sandbox->state);
    sandbox->state = xstrdup("/dev/null"); /* nothing is beneath it, and nothing can be made */
    return 0;
}

/* The operator's variables are kept aside and leave our own environment, so that
 * nothing of them can reach a box by inheritance. */
static void capture_environment(struct sandbox *sandbox)
{
    sandbox->settings = list_copy(environ);
    /* uv's own switch; who has set it means us too. */
    const char *offline = env_get(sandbox->settings, "UV_OFFLINE");
    if (offline && *offline && strcmp(offline, "0") != 0 && strcasecmp(offline, "false") != 0)
        sandbox->config.uv_offline = true;
    (void)clearenv();
}

int sandbox_init(const struct sandbox_options *options, struct sandbox *ret, struct error *err)
{
    *ret = (struct sandbox){ .root = geteuid() == 0,
                             .uid = geteuid(),
                             .gid = getegid(),
                             .state_fd = -1,
                             .cgroups = { -1, { -1, -1, -1 } },
                             .oneshot = options->oneshot };
    int r = config_load(options->config, &ret->config, err);
    if (r < 0)
        return r;
    log_set_level(ret->config.log_level);
    if (ret->root && ret->config.slot_first == IDS_SLOT_FIRST)
        ret->config.slot_first = ids_first(IDS_SLOT_FIRST, ret->config.slot_count);
    /* A root without ids to give is a user with a grand name: it maps its own. */
    ret->root = ret->root && ret->config.slot_first != 0;
    r = open_state(ret, options->state, err);
    if (r < 0)
        r = do_without_state(ret, err);
    if (r < 0)
        return r;
    find_policies(ret, options->policies);
    r = options->oneshot ? 0 : roots_find(ret, options->roots, err);
    if (!options->oneshot)
        find_footing(ret);
    cgroup_places_find(ret->root, getenv("CORDON_CGROUP"), &ret->cgroups);
    capture_environment(ret);
    return r;
}

/* Is the mount namespace that we are in one of our own user namespace, with the right to it? */
static bool may_clone_trees(void)
{
    struct stat owner, ours;
    cap_flag_value_t may = CAP_CLEAR;
    autoclose int mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    autoclose int user = mounts < 0 ? -1 : ioctl(mounts, NS_GET_USERNS);
    if (user < 0 || fstat(user, &owner) < 0 || stat("/proc/self/ns/user", &ours) < 0 ||
        owner.st_ino != ours.st_ino)
        return false;
    cap_t all = cap_get_proc();
    (void)(all ? cap_get_flag(all, CAP_SYS_ADMIN, CAP_EFFECTIVE, &may) : 0);
    (void)cap_free(all);
    return may == CAP_SET;
}

int sandbox_enter(const struct sandbox *sandbox, struct error *err)
{
    /* One box attaches nothing but inside itself, and who makes a namespace waits for its end. */
    if (sandbox->root && sandbox->oneshot && may_clone_trees())
        return 0;
    if (sandbox->root) {
        if (unshare(CLONE_NEWNS) < 0)
            return fail_host(err, "make a mount namespace (root without CAP_SYS_ADMIN?)");
    } else {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
            return explain_namespaces(err);
        int r = identity_write_maps("/proc/self", true, sandbox->uid, sandbox->uid, sandbox->gid,
                                    sandbox->gid, err);
        if (r < 0)
            return explain_maps(err);
    }
    /* What the host mounts later still arrives; what we do never leaves. */
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        return explain_mounting(err);
    return 0;
}

void sandbox_done(struct sandbox *sandbox)
{
    config_done(&sandbox->config);
    free(sandbox->state);
    own_close(&sandbox->state_fd);
    cgroup_places_done(&sandbox->cgroups);
    list_free(sandbox->policy_dirs);
    list_free(sandbox->settings);
    list_free(sandbox->roots);
    free(sandbox->rights);
    *sandbox = (struct sandbox){ .state_fd = -1, .cgroups = { -1, { -1, -1, -1 } } };
}
