/* SPDX-License-Identifier: Apache-2.0 */
/* protect.c - protected names before and after a run. */
#include "protect.h"

#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>

#include "chain.h"
#include "str.h"

#define CAME_SINCE "such a file can run code for its owner: look at it before you work there"
#define IS_SHUT                                                                                \
    "it cannot be looked at any more, and a file that runs code for its owner may have come: " \
    "make it readable and look before you work there"

struct protect {
    char **paths;
    struct stat *before; /* of each path; st_nlink 0: there was nothing */
};

bool protect_covers(char *const *names, const char *name)
{
    for (size_t i = 0; names && names[i]; i++)
        if (strcasecmp(names[i], name) == 0)
            return true;
    return false;
}

/* False where nobody can say. */
static bool look(int workspace, const char *path, struct stat *ret)
{
    *ret = (struct stat){ 0 };
    struct stat st;
    if (fstatat(workspace, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
    *ret = st;
    return true;
}

struct protect *protect_look(int workspace, const char *path, char *const *names)
{
    struct protect *protect = xcalloc(1, sizeof(*protect));
    protect->paths = chain_paths(workspace, path, names);
    for (size_t i = 0; names && names[i]; i++)
        list_add(&protect->paths, names[i]);
    protect->before = xcalloc(list_len(protect->paths) + 1, sizeof(*protect->before));
    for (size_t i = 0; protect->paths && protect->paths[i]; i++)
        (void)look(workspace, protect->paths[i], &protect->before[i]);
    return protect;
}

void protect_compare(const struct protect *before, int workspace, struct changes *changes)
{
    bool shut = false;
    for (size_t i = 0; before->paths && before->paths[i]; i++) {
        const struct stat *old = &before->before[i];
        struct stat now;
        shut |= !look(workspace, before->paths[i], &now);
        bool other = old->st_nlink == 0 || old->st_ino != now.st_ino || old->st_dev != now.st_dev;
        if (now.st_nlink == 0 || !other)
            continue;
        autofree char *path = xasprintf("%s%s", before->paths[i], S_ISDIR(now.st_mode) ? "/" : "");
        changes_add(changes, path, old->st_nlink == 0 ? CHANGE_ADDED : CHANGE_CHANGED,
                    S_ISDIR(now.st_mode) ? 0 : (uint64_t)now.st_size, CAME_SINCE);
    }
    if (shut)
        changes_add(changes, "./", CHANGE_CHANGED, 0, IS_SHUT);
}

void protect_free(struct protect *protect)
{
    if (!protect)
        return;
    list_free(protect->paths);
    free(protect->before);
    free(protect);
}
