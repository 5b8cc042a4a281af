/* SPDX-License-Identifier: Apache-2.0 */
/* trail.c - openat2 downwards, ".." and a look at who that is upwards. */
#include "trail.h"

#include <sys/stat.h>

#include "kernel.h"
#include "str.h"

static int open_directory(int dir, const char *name)
{
    struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
                                       RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV };
    int fd = kernel_openat2(dir, name, &how);
    return fd < 0 ? -errno : fd;
}

int trail_begin(struct trail *trail, int top)
{
    *trail = (struct trail){ .dir = open_directory(top, ".") };
    return trail->dir < 0 ? trail->dir : 0;
}

int trail_down(struct trail *trail, const char *name)
{
    struct stat st;
    autoclose int below = open_directory(trail->dir, name);
    if (below < 0)
        return below;
    if (fstat(trail->dir, &st) < 0)
        return -errno;
    if (trail->depth == trail->room) {
        trail->room = trail->room ? trail->room * 2 : 16;
        trail->above = xrealloc(trail->above, trail->room * sizeof(*trail->above));
    }
    trail->above[trail->depth++] = (struct directory_id){ .device = st.st_dev, .inode = st.st_ino };
    close(trail->dir);
    trail->dir = fd_take(&below);
    return 0;
}

int trail_up(struct trail *trail)
{
    const struct directory_id *left = &trail->above[trail->depth - 1];
    struct stat st;
    autoclose int dir = openat(trail->dir, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0 || fstat(dir, &st) < 0)
        return -errno;
    if (st.st_dev != left->device || st.st_ino != left->inode)
        return -ESTALE;
    trail->depth--;
    close(trail->dir);
    trail->dir = fd_take(&dir);
    return 0;
}

void trail_end(struct trail *trail)
{
    own_close(&trail->dir);
    free(trail->above);
    *trail = (struct trail){ .dir = -1 };
}
