/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/front.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>

#include "str.h"

#define STATE_PART "front"

int front_open(const struct options *options, const struct config *config,
               const struct account *account, char **path, struct error *err)
{
    autofree char *state = NULL;
    int r = state_directory(options->state, config, &state, err);
    if (r < 0)
        return r;
    autoclose int top = open(state, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (top < 0)
        return fail_host(err, "open %s", state);
    *path = path_join(state, STATE_PART);
    bool made = mkdirat(top, STATE_PART, 0700) == 0; /* whatever the umask: */
    if (made ? fchmodat(top, STATE_PART, 0700, 0) < 0 : errno != EEXIST)
        return fail_host(err, "make %s", *path);
    autoclose int part = openat(top, STATE_PART, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (part < 0 || fstat(part, &st) < 0)
        return fail_host(err, "open %s", *path);
    bool give = account->uid != 0 && st.st_uid != account->uid;
    if (give && fchown(part, account->uid, account->gid) < 0)
        return fail_host(err, "hand %s to the front's account", *path);
    if (geteuid() != 0 && st.st_uid != geteuid())
        return fail_host_as(err, EPERM, "%s belongs to user %u, and this is user %u", *path,
                            st.st_uid, geteuid());
    return fd_take(&part);
}

int front_find(const struct options *options, char **path, struct error *err)
{
    struct config config = { 0 };
    struct account account = { 0 };
    int r = config_load(options->config, &config, err);
    if (r < 0)
        return r;
    if (getuid() == 0)
        r = account_find(config.account, &account, err);
    if (r == 0)
        r = front_open(options, &config, &account, path, err);
    config_done(&config);
    return r;
}

int front_enter(int front, struct error *err)
{
    struct stat st;
    if (geteuid() != 0)
        return 0;
    if (fstat(front, &st) < 0)
        return fail_host(err, "look at the front's state");
    /* They fail without a word; with a uid that is none they only tell. The kernel takes the
     * capabilities that override permissions with the identity, and gives them back with it. */
    (void)setfsgid(st.st_gid);
    (void)setfsuid(st.st_uid);
    if (setfsuid((uid_t)-1) != (int)st.st_uid || setfsgid((gid_t)-1) != (int)st.st_gid)
        return fail_host_as(err, EPERM, "act as user %u, whose the front's state is", st.st_uid);
    return 0;
}

void front_leave(void)
{
    (void)setfsuid(geteuid());
    (void)setfsgid(getegid());
}

int front_become(int front, struct error *err)
{
    struct stat st;
    if (fstat(front, &st) < 0 || fchdir(front) < 0)
        return fail_host(err, "enter the front's state");
    if (st.st_uid != 0 && geteuid() == 0) {
        const struct account owner = { st.st_uid, st.st_gid };
        if (confine_possible()) /* a sanitizer looks at its own threads in the end */
            (void)confine_root(front);
        int r = confine_identity(&owner, err);
        if (r < 0)
            return r;
    }
    int r = confine_privileges(err);
    if (r == 0 && confine_possible())
        r = confine_files(front, err);
    return r < 0 ? r : 0;
}
