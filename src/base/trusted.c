/* SPDX-License-Identifier: Apache-2.0 */
/* trusted.c - whose files may decide, and where the state lies. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "fd.h"
#include "str.h"

/* What a user without a place in our user namespace looks like, unless the
 * administrator chose another number. */
#define OVERFLOW_UID 65534

/* Written by others? A group that has its owner's own number and nobody else
 * in it is how some distributions set up each user: it counts as the owner. */
static bool others_write(const struct stat *st)
{
    bool own_group = st->st_gid == st->st_uid;
    return (st->st_mode & S_IWOTH) || ((st->st_mode & S_IWGRP) && !own_group);
}

static bool is_ours(const struct stat *st)
{
    return st->st_uid == 0 || st->st_uid == geteuid();
}

int trusted_file(int fd, const char *path, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return fail_host(err, "look at %s", path);
    if (!S_ISREG(st.st_mode))
        return fail_host_as(err, EPERM, "%s is not a regular file", path);
    if (st.st_uid == OVERFLOW_UID && !is_ours(&st))
        return fail_host_as(err, EPERM,
                            "%s belongs to nobody, or to a user whom cordon's user namespace does "
                            "not show: policies are read when cordon starts, a file named later "
                            "must be your own",
                            path);
    if (!is_ours(&st))
        return fail_host_as(err, EPERM,
                            "%s belongs to user %u: only root or the user who runs cordon (%u) may "
                            "say what is permitted",
                            path, st.st_uid, geteuid());
    if (others_write(&st))
        return fail_host_as(err, EPERM, "%s can be written by others (mode %04o): chmod go-w it",
                            path, st.st_mode & 07777);
    return 0;
}

int trusted_read(const char *path, size_t max, char **ret, size_t *len, struct error *err)
{
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int r = fd < 0 ? fail_host(err, "open %s", path) : trusted_file(fd, path, err);
    return r < 0 ? r : fd_read_all(fd, max, ret, len, err);
}

/* --- the state directory ---------------------------------------------------- */

static char *default_state(struct error *err)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (geteuid() == 0)
        return xstrdup("/var/lib/cordon");
    if (state && state[0] == '/')
        return path_join(state, "cordon");
    if (home && home[0] == '/')
        return path_join(home, ".local/state/cordon");
    (void)fail_host_as(err, ENOENT,
                       "no home directory for the state: give --state or CORDON_STATE");
    return NULL;
}

static char *chosen_state(const char *option, const struct config *config, struct error *err)
{
    const char *variable = getenv("CORDON_STATE");
    const char *chosen = option                         ? option
                         : variable && variable[0] != 0 ? variable
                         : config                       ? config->state
                                                        : NULL;
    if (!chosen)
        return default_state(err);
    if (chosen[0] == '/')
        return xstrdup(chosen);
    autofree char *here = getcwd(NULL, 0);
    if (here)
        return path_join(here, chosen);
    (void)fail_host(err, "find the working directory for the state directory %s", chosen);
    return NULL;
}

static int judge_state(const char *path, struct error *err)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return fail_host(err, "look at the state directory %s", path);
    if (!S_ISDIR(st.st_mode))
        return fail_host_as(err, ENOTDIR, "the state directory %s is not a directory", path);
    if (st.st_uid != geteuid())
        return fail_host_as(err, EPERM,
                            "the state directory %s belongs to user %u, not to the user who runs "
                            "cordon (%u)",
                            path, st.st_uid, geteuid());
    if (others_write(&st))
        return fail_host_as(err, EPERM,
                            "the state directory %s can be written by others (mode %04o): chmod "
                            "go-w it",
                            path, st.st_mode & 07777);
    return 0;
}

int state_directory(const char *option, const struct config *config, char **ret, struct error *err)
{
    autofree char *path = chosen_state(option, config, err);
    if (!path)
        return -err->code;
    int r = make_directories(path, 0700, err);
    if (r < 0)
        return fail_within(err, "state directory %s (--state or CORDON_STATE names another)", path);
    autofree char *canonical = realpath(path, NULL);
    if (!canonical)
        return fail_host(err, "find the state directory %s", path);
    r = judge_state(canonical, err);
    if (r < 0)
        return r;
    *ret = TAKE(&canonical);
    return 0;
}

/* --- policies ------------------------------------------------------------------ */

#define SYSTEM_POLICIES "/etc/cordon/policies"

/* Where the shipped ones lie, seen from the program: beside it in a build tree, in share/ of the
 * prefix when installed (bin/ or libexec/cordon/). */
static const char *const shipped_policies[] = { "policies", "../share/cordon/policies",
                                                "../../share/cordon/policies" };

char **policy_directories(const char *option, const char *program)
{
    char **list = NULL;
    if (option)
        list_add(&list, option);
    list_add(&list, SYSTEM_POLICIES);
    const char *slash = program ? strrchr(program, '/') : NULL;
    autofree char *beside = slash ? xstrndup(program, (size_t)(slash - program)) : NULL;
    for (size_t i = 0; beside && i < COUNT(shipped_policies); i++) {
        autofree char *dir = path_join(beside, shipped_policies[i]);
        if (access(dir, R_OK) == 0)
            list_add(&list, dir);
    }
    return list;
}
