/* SPDX-License-Identifier: Apache-2.0 */
/* older_libc.c - three functions that a C library before 2.33 only had as inline text.
 *
 * An interpreter loads cordon-branch.so into the C library of its own host, which may be years
 * older than the one it was linked with. These are all that would tie it to a newer one. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* On 64-bit machines the kernel's struct stat is the C library's. */
_Static_assert(sizeof(long) == 8, "struct stat is passed to the kernel as it is");

int stat(const char *restrict path, struct stat *restrict ret)
{
    return (int)syscall(SYS_newfstatat, AT_FDCWD, path, ret, 0);
}

int fstat(int fd, struct stat *ret)
{
    return (int)syscall(SYS_newfstatat, fd, "", ret, AT_EMPTY_PATH);
}

int mknod(const char *path, mode_t mode, dev_t device)
{
    return (int)syscall(SYS_mknodat, AT_FDCWD, path, mode, (unsigned)device);
}
