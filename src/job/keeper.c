/* SPDX-License-Identifier: Apache-2.0 */
#include "job/keeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "str.h"

int keeper_enter(int keepers, char name[KEEPER_MAX], int *ret, struct error *err)
{
    uint64_t chance;
    if (getrandom(&chance, sizeof(chance), 0) != (ssize_t)sizeof(chance))
        return fail_host(err, "getrandom");
    /* The process id is for people; in another container it may be somebody else's. */
    (void)snprintf(name, KEEPER_MAX, "%d-%016" PRIx64, (int)getpid(), chance);
    autoclose int fd =
        openat(keepers, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_host(err, "make keepers/%s", name);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
        (void)unlinkat(keepers, name, 0);
        return fail_host(err, "lock keepers/%s", name);
    }
    *ret = fd_take(&fd);
    return 0;
}

/* A name that came from the database: not one that leads elsewhere. */
static bool is_name(const char *name)
{
    return name[0] && !strchr(name, '/') && name[0] != '.';
}

bool keeper_lives(int keepers, const char *name)
{
    if (!is_name(name))
        return false;
    autoclose int fd = openat(keepers, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno != ENOENT && errno != ELOOP; /* not to be seen is not dead */
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    return fcntl(fd, F_OFD_GETLK, &lock) < 0 || lock.l_type != F_UNLCK;
}

void keeper_bury(int keepers, const char *name)
{
    if (is_name(name))
        (void)unlinkat(keepers, name, 0);
}

void keeper_list(int keepers, char ***ret)
{
    autoclose int fd = openat(keepers, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries)
        return;
    fd = -1; /* the stream's */
    for (struct dirent *entry; (entry = readdir(entries));)
        if (is_name(entry->d_name))
            list_add(ret, entry->d_name);
    (void)closedir(entries);
}
