/* SPDX-License-Identifier: Apache-2.0 */
/* room.c - a look through /proc/PID/root, and statfs. */
#include "room.h"

#include <stdio.h>
#include <sys/statvfs.h>

#include <cordon/outcome.h>
#include <cordon/own.h>

#include "kernel.h"

int room_open(pid_t process, const char *inside)
{
    char path[40];
    (void)snprintf(path, sizeof(path), "/proc/%d/root", (int)process);
    autoclose int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                            .resolve =
                                RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
    return root < 0 ? -1 : kernel_openat2(root, inside + 1, &how);
}

unsigned room_reached(int directory, unsigned bytes)
{
    struct statvfs fs;
    if (directory < 0 || fstatvfs(directory, &fs) < 0 || fs.f_blocks == 0)
        return 0;
    unsigned full = (fs.f_bfree == 0 ? bytes : 0) | (fs.f_ffree == 0 ? REACHED_INODES : 0);
    return full ? REACHED_DISK | full : 0;
}

uint64_t room_used_bytes(int directory)
{
    struct statvfs fs;
    return directory >= 0 && fstatvfs(directory, &fs) == 0
               ? (uint64_t)(fs.f_blocks - fs.f_bfree) * fs.f_frsize
               : 0;
}
