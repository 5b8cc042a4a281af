/* SPDX-License-Identifier: Apache-2.0 */
/* tree_size.c - one walk. */
#include "tree_size.h"

#include <fcntl.h>

#include "walk.h"

/* A level costs up to WALK_LEVEL_BYTES. */
#define DEPTH_MAX 4096

void tree_size_at(int directory, struct tree_size *ret)
{
    struct walk_entry entry;
    *ret = (struct tree_size){ 0 };
    autowalk struct walk *walk = walk_new(directory, 0);
    while (walk_next(walk, &entry) > 0) {
        if (entry.left)
            continue;
        ret->bytes +=
            (uint64_t)entry.st.st_blocks * 512 / (entry.st.st_nlink ? entry.st.st_nlink : 1);
        ret->files++;
        if (S_ISDIR(entry.st.st_mode) && entry.depth < DEPTH_MAX)
            (void)!walk_enter(walk);
    }
}

void tree_size(const char *path, struct tree_size *ret)
{
    autoclose int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    *ret = (struct tree_size){ 0 };
    if (fd >= 0)
        tree_size_at(fd, ret);
}
