/* SPDX-License-Identifier: Apache-2.0 */
#include "job/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cordon/own.h>

struct place {
    int directory;
    const char *name; /* "." for the directory itself */
};

/* "/7/jobs.db" */
static struct place place_of(const char *path)
{
    char *end = NULL;
    long number = path[0] == '/' ? strtol(path + 1, &end, 10) : -1;
    if (!end || end == path + 1 || number < 0 || (*end != '/' && *end != '\0'))
        return (struct place){ -1, "" }; /* EBADF, and nothing else */
    return (struct place){ (int)number, *end == '/' && end[1] ? end + 1 : "." };
}

/* Who opens the database has looked at its files; what came there since does not make us wait. */
static int beneath_open(const char *path, int flags, int mode)
{
    struct stat st;
    struct place place = place_of(path);
    const int always = O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
    int fd = openat(place.directory, place.name, flags | always, mode);
    if (fd < 0 || (fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))))
        return fd;
    (void)close(fd);
    errno = EPERM;
    return -1;
}

static int beneath_access(const char *path, int mode)
{
    struct place place = place_of(path);
    /* SQLite asks what is there (F_OK) and whether it could write; the open tells that. */
    struct stat st;
    (void)mode;
    return fstatat(place.directory, place.name, &st, AT_SYMLINK_NOFOLLOW);
}

static int beneath_stat(const char *path, struct stat *ret)
{
    struct place place = place_of(path);
    return fstatat(place.directory, place.name, ret, AT_SYMLINK_NOFOLLOW);
}

static int beneath_unlink(const char *path)
{
    struct place place = place_of(path);
    return unlinkat(place.directory, place.name, 0);
}

static ssize_t beneath_readlink(const char *path, char *out, size_t room)
{
    (void)path;
    (void)out;
    (void)room;
    errno = EINVAL; /* it is no link */
    return -1;
}

/* SQLite reads /dev/urandom for this, which a cage does not show. */
static int beneath_randomness(sqlite3_vfs *vfs, int len, char *out)
{
    (void)vfs;
    ssize_t n = getrandom(out, (size_t)len, 0);
    return n < 0 ? 0 : (int)n;
}

static void install(void)
{
    static const struct {
        const char *name;
        sqlite3_syscall_ptr call;
    } calls[] = {
        { "open", (sqlite3_syscall_ptr)beneath_open },
        { "access", (sqlite3_syscall_ptr)beneath_access },
        { "stat", (sqlite3_syscall_ptr)beneath_stat },
        { "lstat", (sqlite3_syscall_ptr)beneath_stat },
        { "unlink", (sqlite3_syscall_ptr)beneath_unlink },
        { "readlink", (sqlite3_syscall_ptr)beneath_readlink },
    };
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* a lock per allocation, for a statistic */
    sqlite3_vfs *vfs = sqlite3_vfs_find("unix");      /* initializes the library */
    if (!vfs || vfs->iVersion < 3)
        abort();
    vfs->xRandomness = beneath_randomness;
    for (size_t i = 0; i < COUNT(calls); i++)
        if (vfs->xSetSystemCall(vfs, calls[i].name, calls[i].call) != SQLITE_OK)
            abort(); /* it would open what it likes */
}

void beneath_install(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, install);
}

void beneath_name(int directory, const char *name, char out[BENEATH_MAX])
{
    (void)snprintf(out, BENEATH_MAX, "/%d/%s", directory, name);
}
