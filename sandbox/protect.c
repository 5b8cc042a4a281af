/* SPDX-License-Identifier: Apache-2.0 */
/* protect.c - protected names before and after a run. */
#include "protect.h"

#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>

#include "chain.h"
#include "str.h"

#define CAME_SINCE "such a file can run code for its owner: look at it before you work there"

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

static struct stat look(int workspace, const char *path)
{
    struct stat st;
    return fstatat(workspace, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ? (struct stat){ 0 } : st;
}

struct protect *protect_look(int workspace, const char *path, char *const *names)
{
    struct protect *protect = xcalloc(1, sizeof(*protect));
    protect->paths = chain_paths(workspace, path, names);
    for (size_t i = 0; names && names[i]; i++)
        list_add(&protect->paths, names[i]);
    protect->before = xcalloc(list_len(protect->paths) + 1, sizeof(*protect->before));
    for (size_t i = 0; protect->paths && protect->paths[i]; i++)
        protect->before[i] = look(workspace, protect->paths[i]);
    return protect;
}

void protect_compare(const struct protect *before, int workspace, struct changes *changes)
{
    for (size_t i = 0; before->paths && before->paths[i]; i++) {
        const struct stat *old = &before->before[i];
        struct stat now = look(workspace, before->paths[i]);
        bool other = old->st_nlink == 0 || old->st_ino != now.st_ino || old->st_dev != now.st_dev;
        if (now.st_nlink == 0 || !other)
            continue;
        autofree char *path = xasprintf("%s%s", before->paths[i], S_ISDIR(now.st_mode) ? "/" : "");
        changes_add(changes, path, old->st_nlink == 0 ? CHANGE_ADDED : CHANGE_CHANGED,
                    S_ISDIR(now.st_mode) ? 0 : (uint64_t)now.st_size, CAME_SINCE);
    }
}

void protect_free(struct protect *protect)
{
    if (!protect)
        return;
    list_free(protect->paths);
    free(protect->before);
    free(protect);
}
