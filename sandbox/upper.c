/* SPDX-License-Identifier: Apache-2.0 */
/* upper.c - makes the writable layer of an overlay workspace. */
#include "upper.h"

#include <stdio.h>
#include <sys/stat.h>

#include "kernel.h"
#include "mounts.h"

/* Its top, the two directories, and what overlayfs makes in the second. */
#define UPPER_OWN_INODES 5
#define UPPER_SIZE_MIN   (64 * 1024) /* 0 would be without limit */

static int make_directory(int top, const char *name, const struct identity *identity, mode_t mode)
{
    if (mkdirat(top, name, 0700) < 0)
        return -1;
    /* As a user the outside id is our own. */
    if (identity->root && fchownat(top, name, identity->uid, identity->gid, 0) < 0)
        return -1;
    return fchmodat(top, name, mode, 0);
}

int upper_make(const struct identity *identity, const struct limits *limits, int workspace,
               int *tree, int *writes, struct error *err)
{
    char size[24], inodes[24];
    uint64_t bytes = limits->workspace_growth_bytes, files = limits->inodes;
    (void)snprintf(size, sizeof(size), "%llu",
                   (unsigned long long)(bytes < UPPER_SIZE_MIN ? UPPER_SIZE_MIN : bytes));
    (void)snprintf(inodes, sizeof(inodes), "%llu", (unsigned long long)files + UPPER_OWN_INODES);
    struct stat st;
    if (fstat(workspace, &st) < 0)
        return fail_host(err, "stat the directory");
    autoclose int probe = kernel_fsopen("overlay");
    if (probe < 0)
        return fail_host_as(err, errno,
                            "overlay workspaces need overlayfs, which this kernel does not have");
    autoclose int top = tmpfs_make(size, inodes, KERNEL_ATTR_NOSUID | KERNEL_ATTR_NODEV);
    if (top < 0)
        return fail_host_as(err, -top, "make the layer for writes: tmpfs of %s bytes", size);
    if (make_directory(top, UPPER_WRITES, identity, st.st_mode & 0777) < 0 ||
        make_directory(top, UPPER_WORK, identity, 0700) < 0)
        return fail_host(err, "make the layer for writes");
    autoclose int dir = openat(top, UPPER_WRITES, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0)
        return fail_host(err, "open the layer for writes");
    *tree = fd_take(&top);
    *writes = fd_take(&dir);
    return 0;
}
